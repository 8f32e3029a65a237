//! What the readers have found so far.
//!
//! Apart, so that readers can add to one test from several places of the output (its line, its
//! section, the summary), and so that no line is read twice.

use std::collections::HashMap;
use std::ops::Range;

use tenfold_domain::TestName;

use super::{FailedTest, Frame, Problem, pairs};

/// A message keeps at most so many lines.
const MESSAGE_LINES: usize = 24;
/// More tests than these are counted, not kept.
const MOST_TESTS: usize = 2_000;
/// More frames of one trace than these are left out, in its middle: a recursion without end.
const MOST_FRAMES: usize = 64;

/// A test or problem, with the lines that tell about it.
#[derive(Debug, Default)]
pub(super) struct Case {
    pub(super) name: Option<String>,
    pub(super) message: String,
    pub(super) frames: Vec<Frame>,
    pub(super) pair: Option<(String, String)>,
    pub(super) lines: Option<Range<usize>>,
}

#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) cases: Vec<Case>,
    pub(super) passed: Option<u32>,
    pub(super) failed: Option<u32>,
    by_name: HashMap<String, usize>,
    taken: Vec<bool>,
}

impl Found {
    pub(super) fn new(lines: usize) -> Self {
        Self { taken: vec![false; lines], ..Self::default() }
    }

    /// The test of that name, made if there is none yet.
    pub(super) fn test(&mut self, name: &str) -> &mut Case {
        if let Some(&index) = self.by_name.get(name) {
            return &mut self.cases[index];
        }
        // Beyond the bound all further tests share one case, which is dropped in the end.
        let name = if self.by_name.len() < MOST_TESTS { name } else { "" };
        let index = match self.by_name.get(name) {
            Some(&index) => index,
            None => {
                self.by_name.insert(name.to_owned(), self.cases.len());
                self.cases.push(Case { name: Some(name.to_owned()), ..Case::default() });
                self.cases.len() - 1
            }
        };
        &mut self.cases[index]
    }

    pub(super) fn problem(&mut self, message: String, frames: Vec<Frame>, lines: Range<usize>) {
        let known = self
            .cases
            .iter()
            .any(|case| case.name.is_none() && case.message == message && case.frames == frames);
        if !known && self.cases.len() < 2 * MOST_TESTS {
            let lines = Some(lines);
            self.cases.push(Case { message, frames, lines, ..Case::default() });
        }
    }

    pub(super) fn take(&mut self, lines: Range<usize>) {
        let end = lines.end.min(self.taken.len());
        self.taken[lines.start.min(end)..end].fill(true);
    }

    pub(super) fn is_taken(&self, line: usize) -> bool {
        self.taken.get(line).copied().unwrap_or(true)
    }

    pub(super) fn add_passed(&mut self, count: u32) {
        self.passed = Some(self.passed.unwrap_or(0).saturating_add(count));
    }

    pub(super) fn add_failed(&mut self, count: u32) {
        self.failed = Some(self.failed.unwrap_or(0).saturating_add(count));
    }

    /// Brings messages, traces and pairs into their final form.
    pub(super) fn finish(&mut self) {
        self.cases.retain(|case| case.name.as_deref() != Some(""));
        for case in &mut self.cases {
            case.frames.dedup();
            if case.frames.len() > MOST_FRAMES {
                case.frames.drain(MOST_FRAMES / 2..case.frames.len() - MOST_FRAMES / 2);
            }
            if case.pair.is_none() {
                case.pair = pairs::find(&case.message);
            }
            let lines: Vec<&str> = case.message.trim().lines().take(MESSAGE_LINES).collect();
            case.message = lines.join("\n").trim_end().to_owned();
        }
        let tests = self.cases.iter().filter(|case| case.name.is_some()).count();
        if tests > 0 {
            self.failed = self.failed.max(Some(tests as u32));
        }
    }

    pub(super) fn tests(&self) -> Vec<FailedTest> {
        let named = self.cases.iter().filter_map(|case| {
            Some(FailedTest {
                name: TestName(case.name.clone()?),
                message: case.message.clone(),
                frames: case.frames.clone(),
                expected_actual: case.pair.clone(),
            })
        });
        named.collect()
    }

    pub(super) fn problems(&self) -> Vec<Problem> {
        let unnamed = self.cases.iter().filter(|case| case.name.is_none());
        let problem =
            |case: &Case| Problem { message: case.message.clone(), frames: case.frames.clone() };
        unnamed.map(problem).collect()
    }
}

impl Case {
    /// Adds the text of a section of the output, unless one has been added before.
    pub(super) fn tell(&mut self, message: &str, frames: Vec<Frame>, lines: Range<usize>) {
        if self.message.is_empty() || self.lines.is_none() {
            self.message = message.to_owned();
        }
        if self.frames.is_empty() {
            self.frames = frames;
        }
        if self.lines.is_none() {
            self.lines = Some(lines);
        }
    }
}

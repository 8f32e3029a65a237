//! What a traced check wrote: which lines each test executed, and how suspect that makes them.
//!
//! Apart from the choice of suspects, because this is arithmetic over tests, and knows nothing
//! of functions.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};
use tenfold_domain::TestName;

use crate::{CodeError, Frame};

/// How a traced test ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It passed.
    Passed,
    /// It failed, or was cut off.
    Failed,
    /// It was skipped, or expected to fail.
    Skipped,
}

/// A test and what it executed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// Its name, as the runner gives it.
    pub name: String,
    /// How it ended.
    pub outcome: Outcome,
    /// The lines that it executed: indices into the files and the sets of the spectrum.
    lines: Vec<(usize, usize)>,
    /// Where it was when it was cut off; innermost last. Empty if it ended by itself.
    stack: Vec<(usize, u32)>,
    /// How long it took, if that is known; tracing makes it longer.
    pub seconds: Option<f64>,
}

/// Which lines the tests executed. Lines count from one here, as the tracer counts them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Spectrum {
    /// The files, relative to the top of the workspace.
    pub files: Vec<String>,
    /// The tests, in the order in which they ran.
    pub tests: Vec<Run>,
    sets: Vec<Vec<u32>>,
    outside: Vec<(usize, usize)>,
}

/// A test in the trace: its name, its outcome, its lines, where it was cut off, its seconds.
type Row = (String, Outcome, Vec<(usize, usize)>, Vec<(usize, u32)>, f64);

/// The form of the trace.
#[derive(Deserialize)]
struct Trace {
    version: u32,
    files: Vec<String>,
    sets: Vec<String>,
    tests: Vec<Row>,
    outside: Vec<(usize, usize)>,
}

/// A line number above this is no line of a program, but an attempt to fill the memory.
const HIGHEST_LINE: u32 = 1_000_000;
/// The most lines in all sets together.
const MOST_LINES: usize = 8_000_000;

/// Reads what a traced check wrote. `failing` are the tests that failed by what it said: probes
/// don't know how a test ended; where the trace itself says it, they are not looked at.
///
/// # Errors
///
/// If it is not a whole trace, or there is no test in it.
pub fn read(trace: &str, failing: &[TestName]) -> Result<Spectrum, CodeError> {
    if trace.starts_with('{') { traced(trace) } else { probed(trace, failing) }
}

/// What `tracer.py` writes.
fn traced(trace: &str) -> Result<Spectrum, CodeError> {
    let wrong = |why: &str| CodeError::Trace(why.to_owned());
    let trace: Trace = serde_json::from_str(trace).map_err(|why| wrong(&why.to_string()))?;
    if trace.version != 1 {
        return Err(wrong("it is of another release"));
    }
    let mut total = 0;
    let sets: Option<Vec<Vec<u32>>> =
        trace.sets.iter().map(|set| numbers(set, &mut total)).collect();
    let sets = sets.ok_or_else(|| wrong("a set of lines is none"))?;
    let fits = |(file, set): &(usize, usize)| *file < trace.files.len() && *set < sets.len();
    let all = trace.tests.iter().flat_map(|test| &test.2).chain(&trace.outside);
    let stacks = trace.tests.iter().flat_map(|test| &test.3);
    if !all.into_iter().all(fits) || !stacks.into_iter().all(|(file, _)| *file < trace.files.len())
    {
        return Err(wrong("it names a file or a set that is not there"));
    }
    // A line that one test executes counts once.
    let once = |lines: &[(usize, usize)]| lines.windows(2).all(|pair| pair[0].0 < pair[1].0);
    if !trace.tests.iter().all(|test| once(&test.2)) {
        return Err(wrong("it names a file twice for one test"));
    }
    let run = |(name, outcome, lines, stack, seconds)| {
        let seconds = Some(seconds);
        Run { name, outcome, lines, stack, seconds }
    };
    Ok(Spectrum {
        tests: trace.tests.into_iter().map(run).collect(),
        files: trace.files,
        sets,
        outside: trace.outside,
    })
}

/// What probes in Rust sources write: lines of a test's program, its name, a file and a line,
/// parted by tabs.
fn probed(trace: &str, failing: &[TestName]) -> Result<Spectrum, CodeError> {
    let mut tests: BTreeMap<(&str, &str), BTreeMap<&str, Vec<u32>>> = BTreeMap::new();
    for row in trace.lines() {
        let mut parts = row.split('\t');
        let (Some(program), Some(test), Some(path), Some(line), None) =
            (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
        else {
            continue;
        };
        let Some(line) = line.parse().ok().filter(|line| *line <= HIGHEST_LINE) else { continue };
        tests.entry((program, test)).or_default().entry(path).or_default().push(line);
    }
    if tests.is_empty() {
        return Err(CodeError::Trace("no test is in it".to_owned()));
    }
    let mut spectrum = Spectrum::default();
    let mut files: HashMap<&str, usize> = HashMap::new();
    for ((program, test), places) in tests {
        let failed = failing.iter().any(|name| is_called(&name.0, program, test));
        let mut lines = Vec::with_capacity(places.len());
        for (path, mut set) in places {
            let file = *files.entry(path).or_insert_with(|| {
                spectrum.files.push(path.to_owned());
                spectrum.files.len() - 1
            });
            // A line that several threads came to is there several times.
            set.sort_unstable();
            set.dedup();
            lines.push((file, spectrum.sets.len()));
            spectrum.sets.push(set);
        }
        let outcome = if failed { Outcome::Failed } else { Outcome::Passed };
        let (name, stack) = (format!("{program} {test}").trim_start().to_owned(), Vec::new());
        spectrum.tests.push(Run { name, outcome, lines, stack, seconds: None });
    }
    Ok(spectrum)
}

/// Whether a runner calls a test so: by its name alone in the program that is the library or
/// the binary itself (which has no name here), else behind the name of its program.
fn is_called(name: &str, program: &str, test: &str) -> bool {
    let (head, tail) = name.rsplit_once(' ').unwrap_or(("", name));
    let of = head.rsplit_once("::").map_or("", |(_, last)| last);
    // cargo says `program`, nextest `package::program`, or `package` for the library.
    let fits = if program.is_empty() { of.is_empty() } else { of == program || head == program };
    tail == test && fits
}

/// `1-3,7` as numbers, each greater than the one before it.
fn numbers(set: &str, total: &mut usize) -> Option<Vec<u32>> {
    let mut numbers: Vec<u32> = Vec::new();
    for part in set.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last): (u32, u32) = (first.parse().ok()?, last.parse().ok()?);
        *total += (last.checked_sub(first)? + 1) as usize;
        let after = numbers.last().is_none_or(|before| *before < first);
        if !after || last > HIGHEST_LINE || *total > MOST_LINES {
            return None;
        }
        numbers.extend(first..=last);
    }
    Some(numbers)
}

/// A line that a failing test executed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Coverage<'s> {
    /// The file, relative to the top of the workspace.
    pub path: &'s str,
    /// The line, from one.
    pub line: u32,
    /// How many failing tests executed it.
    pub failed: u32,
    /// How many passing tests executed it.
    pub passed: u32,
    /// Its suspicion in `(0, 1]`.
    pub score: f64,
}

/// For so many reasons tests are taken to fail, at the most.
const REASONS: usize = 3;
/// What makes a line suspect to tests that fail for another reason counts so much.
const ANOTHER: f64 = 0.8;

/// How often a line was executed by tests of either outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Counts {
    failed: u32,
    passed: u32,
}

/// The suspicion of what `failed` of all failing and `passed` passing tests execute: the
/// coefficient of Ochiai, weighted by the share of the failing tests squared. That Ochiai's
/// locates faults better than the others known is the finding of R. Abreu, P. Zoeteweij and
/// A. J. C. van Gemund, "On the accuracy of spectrum-based fault localization", TAIC PART 2007.
/// The weight is for what it leaves out: most often all tests fail for one reason, which then
/// all of them execute.
fn suspicion(counts: Counts, all_failed: u32) -> f64 {
    let product = f64::from(all_failed) * f64::from(counts.failed + counts.passed);
    if product <= 0.0 {
        return 0.0;
    }
    let share = f64::from(counts.failed) / f64::from(all_failed.max(1));
    share * share * f64::from(counts.failed) / product.sqrt()
}

/// The suspicion of all that one of `failed` tests executes.
fn scores(counts: &HashMap<(usize, u32), Counts>, failed: usize) -> HashMap<(usize, u32), f64> {
    let executed = counts.iter().filter(|(_, counts)| counts.failed > 0);
    executed.map(|(at, counts)| (*at, suspicion(*counts, failed as u32))).collect()
}

impl Spectrum {
    /// How many tests failed and how many passed.
    pub fn outcomes(&self) -> (usize, usize) {
        (self.of(Outcome::Failed).count(), self.of(Outcome::Passed).count())
    }

    /// What a test executed outside of the files of these tests: how many lines, and something
    /// that is equal for tests which executed the same ones.
    pub fn reach(&self, test: &Run, tests: &[TestName]) -> (usize, Vec<(usize, usize)>) {
        let is_of_tests = |file: usize| {
            let path = self.files[file].as_str();
            tests.iter().any(|test| test.0.split("::").next() == Some(path))
        };
        let own = test.lines.iter().filter(|(file, _)| !is_of_tests(*file)).copied();
        let own: Vec<(usize, usize)> = own.collect();
        (own.iter().map(|(_, set)| self.sets[*set].len()).sum(), own)
    }

    /// Every line that a failing test executed, the most suspect first; lines of equal
    /// suspicion in the order of files and lines. Where some tests don't execute the most suspect
    /// line, they and the others may fail for reasons of their own: what is suspect to either
    /// alone is nearly as suspect.
    pub fn coverage(&self) -> Vec<Coverage<'_>> {
        let mut failing: Vec<&Run> = self.of(Outcome::Failed).collect();
        let counts = self.counts(&failing);
        let mut scores = scores(&counts, failing.len());
        let (mut told, mut worth) = (scores.clone(), 1.0);
        for _ in 1..REASONS {
            let first = told.iter().max_by(|a, b| a.1.total_cmp(b.1).then(b.0.cmp(a.0)));
            let Some((&first, _)) = first else { break };
            let (own, others): (Vec<&Run>, Vec<&Run>) =
                failing.into_iter().partition(|test| self.executes(test, first));
            if others.is_empty() {
                break;
            }
            worth *= ANOTHER;
            for tests in [&own, &others] {
                told = self::scores(&self.counts(tests), tests.len());
                for (at, score) in &told {
                    let known = scores.entry(*at).or_default();
                    *known = known.max(worth * score);
                }
            }
            failing = others;
        }
        let line = |((file, line), score)| {
            let Counts { failed, passed } = counts[&(file, line)];
            Coverage { path: self.files[file].as_str(), line, failed, passed, score }
        };
        let mut lines: Vec<Coverage<'_>> = scores.into_iter().map(line).collect();
        lines.sort_by(|a, b| {
            b.score.total_cmp(&a.score).then_with(|| (a.path, a.line).cmp(&(b.path, b.line)))
        });
        lines
    }

    fn of(&self, outcome: Outcome) -> impl Iterator<Item = &Run> {
        self.tests.iter().filter(move |test| test.outcome == outcome)
    }

    fn executes(&self, test: &Run, (file, line): (usize, u32)) -> bool {
        let mut sets = test.lines.iter().filter(|(of, _)| *of == file);
        sets.any(|(_, set)| self.sets[*set].binary_search(&line).is_ok())
    }

    /// The same as path, line and suspicion in `(0, 1]` alone.
    pub fn suspicion(&self) -> Vec<(&str, u32, f64)> {
        self.coverage().into_iter().map(|line| (line.path, line.line, line.score)).collect()
    }

    /// How often these failing tests and all that passed executed each line.
    fn counts(&self, failing: &[&Run]) -> HashMap<(usize, u32), Counts> {
        let mut counts: HashMap<(usize, u32), Counts> = HashMap::new();
        // Many tests share a set, so that sets are counted before lines.
        let mut sets: HashMap<(usize, usize), Counts> = HashMap::new();
        for lines in failing.iter().flat_map(|test| &test.lines) {
            sets.entry(*lines).or_default().failed += 1;
        }
        for lines in self.of(Outcome::Passed).flat_map(|test| &test.lines) {
            sets.entry(*lines).or_default().passed += 1;
        }
        for ((file, set), of_set) in sets {
            for line in &self.sets[set] {
                let counts = counts.entry((file, *line)).or_default();
                counts.failed += of_set.failed;
                counts.passed += of_set.passed;
            }
        }
        counts
    }

    /// The lines that ran when modules were imported, outside of any test.
    pub fn outside(&self) -> impl Iterator<Item = (&str, u32)> {
        self.outside.iter().flat_map(|(file, set)| {
            self.sets[*set].iter().map(|line| (self.files[*file].as_str(), *line))
        })
    }

    /// Where each test that was cut off was at that moment; innermost frame last.
    pub fn cut(&self) -> Vec<Vec<Frame>> {
        let cut = self.tests.iter().filter(|test| !test.stack.is_empty());
        let frame = |(file, line): &(usize, u32)| Frame {
            path: self.files[*file].clone(),
            line: *line,
            function: None,
        };
        cut.map(|test| test.stack.iter().map(frame).collect()).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TRACE: &str = r#"{"version":1,"files":["a.py","b.py"],"sets":["1-3,7","2"],
        "tests":[["t1","failed",[[0,0],[1,1]],[[0,3]],0.5],["t2","passed",[[0,1]],[],0],
        ["t3","skipped",[[1,0]],[],0]],"outside":[[1,0]],"whole":true}"#;

    #[test]
    fn a_line_is_as_suspect_as_few_passing_tests_execute_it() {
        let spectrum = read(TRACE, &[]).unwrap();
        assert_eq!(spectrum.outcomes(), (1, 1));
        assert_eq!(spectrum.tests[0].seconds, Some(0.5));
        let half = 1.0 / 2.0_f64.sqrt();
        assert_eq!(
            spectrum.suspicion(),
            [
                ("a.py", 1, 1.0),
                ("a.py", 3, 1.0),
                ("a.py", 7, 1.0),
                ("b.py", 2, 1.0),
                ("a.py", 2, half),
            ]
        );
        assert_eq!(spectrum.outside().count(), 4);
        assert_eq!(spectrum.cut()[0][0].line, 3);
    }

    #[test]
    fn tests_that_fail_for_another_reason_have_suspects_of_their_own() {
        let trace = r#"{"version":1,"files":["a.py","b.py"],"sets":["1,5","2","1"],
            "tests":[["t1","failed",[[0,0]],[],0],["t2","failed",[[0,0]],[],0],
            ["t3","failed",[[1,1]],[],0],["t4","passed",[[0,2]],[],0]],
            "outside":[],"whole":true}"#;
        let passing_too = ANOTHER * (2.0 / 6.0_f64.sqrt());
        assert_eq!(
            read(trace, &[]).unwrap().suspicion(),
            [("a.py", 5, ANOTHER), ("b.py", 2, ANOTHER), ("a.py", 1, passing_too)]
        );
        // If all execute the most suspect line, that is the reason.
        let trace = trace.replace("[[1,1]]", "[[0,0],[1,1]]");
        let b = 1.0 / 9.0 / 3.0_f64.sqrt();
        let told = read(&trace, &[]).unwrap();
        assert_eq!(told.suspicion()[0], ("a.py", 5, 1.0));
        assert_eq!(told.suspicion()[2], ("b.py", 2, b));
    }

    #[test]
    fn what_is_no_trace_is_refused() {
        for (from, to) in [
            ("\"version\":1", "\"version\":2"),
            ("[[0,0],[1,1]]", "[[0,0],[1,9]]"),
            ("1-3,7", "3-1"),
            ("1-3,7", "1-3,3"),
            ("[[0,0],[1,1]]", "[[0,0],[0,1]]"),
            ("1-3,7", "1-4000000000"),
            ("[[0,3]]", "[[5,3]]"),
            ("true}", ""),
        ] {
            let wrong = TRACE.replacen(from, to, 1);
            assert!(matches!(read(&wrong, &[]), Err(CodeError::Trace(_))), "{to}");
        }
    }

    #[test]
    fn probes_tell_lines_by_test_and_the_check_tells_what_failed() {
        let trace = "\ttests::a\tsrc/lib.rs\t4\n\ttests::a\tsrc/lib.rs\t7\nmore\tb\tsrc/lib.rs\t4\n\
                     more\tb\tsrc/x.rs\t1\nmore\tb\tsrc/x.rs\t1\n\ttests::cut";
        let read = |failing: &[&str]| {
            let failing: Vec<_> = failing.iter().map(|name| TestName((*name).to_owned())).collect();
            read(trace, &failing).unwrap()
        };
        let half = 1.0 / 2.0_f64.sqrt();
        let unit = [("src/lib.rs", 7, 1.0), ("src/lib.rs", 4, half)];
        assert_eq!(read(&["tests::a"]).suspicion(), unit);
        assert_eq!(read(&["pack tests::a"]).suspicion(), unit);
        let integration = [("src/x.rs", 1, 1.0), ("src/lib.rs", 4, half)];
        assert_eq!(read(&["more b"]).suspicion(), integration);
        assert_eq!(read(&["pack::more b"]).suspicion(), integration);
        assert_eq!(read(&["b", "other b"]).outcomes(), (0, 2));
        assert!(super::read("", &[]).is_err());
    }

    proptest! {
        #[test]
        fn no_trace_panics(text in "\\PC{0,40}") {
            let _ = read(&text, &[]);
            let _ = read(&text.replace(' ', "\t"), &[]);
            let _ = read(&TRACE.replace("1-3,7", &text), &[]);
        }
    }
}

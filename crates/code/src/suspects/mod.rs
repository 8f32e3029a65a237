//! Which functions are likely to be at fault, and which of their lines.
//!
//! Apart, because here all evidence meets: traces, coverage, what the failing tests name, and
//! the words of the task. Never reads the repository: it is handed the texts.

mod evidence;
mod places;
mod reach;
mod words;

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::{Failure, Spectrum};
use evidence::Evidence;
use places::{Places, Unit};

/// A file of the repository.
#[derive(Debug, Clone, Copy)]
pub struct Source<'s> {
    /// Its path, relative to the top of the workspace, with slashes.
    pub path: &'s str,
    /// Its text.
    pub text: &'s str,
}

/// What is known about a failure.
#[derive(Debug, Clone, Copy)]
pub struct Question<'s> {
    /// The source files, tests too: what these name is evidence. Files in languages that are
    /// not read are passed over.
    pub files: &'s [Source<'s>],
    /// Test files that may be suspects. All others are not.
    pub editable_tests: &'s [&'s str],
    /// What the check said.
    pub failure: &'s Failure,
    /// What the tests executed, if it was traced.
    pub spectrum: Option<&'s Spectrum>,
    /// The words of the task; may be empty.
    pub task: &'s str,
}

/// A function that may be at fault, or the code of a file outside of its functions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Suspect {
    /// The file, as it is called in the question.
    pub path: String,
    /// The function's index in what [`crate::Syntax::functions`] gives for the file; none for
    /// the code outside of functions.
    pub function: Option<usize>,
    /// The function's qualified name; empty for the code outside of functions.
    pub qualified: String,
    /// Its lines, from zero, with what belongs to it; for the code outside, those of the file.
    pub range: Range<u32>,
    /// How suspect it is, the most suspect 1.0; to be compared within one answer only.
    pub score: f64,
    /// The first line, from zero, of each of its statements (without those of functions inside
    /// it), with its suspicion in `[0, 1]`, the most suspect first. Signatures are left out.
    pub lines: Vec<(u32, f64)>,
    /// Why, for people: `executed by 2 of 2 failing and 1 of 40 passing tests; in the trace`.
    pub why: String,
}

/// No more suspects than these are named.
const MOST: usize = 60;

/// The suspects, the most suspect first. Takes time linear in the files and the evidence.
pub fn rank(question: &Question<'_>) -> Vec<Suspect> {
    let places = Places::new(question);
    let evidence = Evidence::gather(question, &places);
    let mut ranked: Vec<(f64, &Unit)> = places
        .units
        .iter()
        .enumerate()
        .filter(|(_, unit)| unit.suspectable)
        .map(|(index, unit)| (evidence.score(index, unit), unit))
        .filter(|(score, _)| *score > 0.0)
        .collect();
    // Of two that are equally suspect the shorter one says more.
    let size = |unit: &Unit| unit.range.end - unit.range.start;
    ranked.sort_by(|a, b| {
        let order = b.0.total_cmp(&a.0).then(size(a.1).cmp(&size(b.1)));
        order.then_with(|| a.1.key().cmp(&b.1.key()))
    });
    ranked.truncate(MOST);
    let top = ranked.first().map_or(1.0, |(score, _)| *score);
    let suspect = |(score, unit): (f64, &Unit)| Suspect {
        path: question.files[unit.file].path.to_owned(),
        function: unit.function,
        qualified: unit.qualified.clone(),
        range: unit.range.clone(),
        score: score / top,
        lines: evidence.lines(&places, unit),
        why: evidence.why(unit.index),
    };
    ranked.into_iter().map(suspect).collect()
}

#[cfg(test)]
mod tests;

//! Drawing the tasks of a seed: which breaks become tasks, and which of their tests are
//! hidden.
//!
//! Kinds take turns, a function is broken once, and a break counts only if the library's
//! own tests notice it. Nothing here knows Tenfold.

use std::collections::BTreeSet;

use serde::Serialize;
use tenfold_domain::{Draws, Seed};

use super::corpus::Language;
use super::ground::Ground;
use super::hide::{Files, Index, Place};
use super::mutate::{Break, Kind, breaks};
use super::suite::{Test, Verdict};
use super::trial::Trial;
use crate::trouble::Trouble;

/// How many breaks of one kind are tried before the next kind has its turn.
const TRIES: usize = 5;

/// How many second places are tried for a first.
const PARTNERS: usize = 8;

/// One place that was broken.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Broken {
    pub(super) kind: Kind,
    pub(super) file: String,
    pub(super) function: String,
    pub(super) line: usize,
}

/// A broken library to repair.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct Task {
    /// The library's name and a number, as in `boltons-3`.
    pub(super) id: String,
    pub(super) library: String,
    pub(super) language: Language,
    /// One place, or two.
    pub(super) broken: Vec<Broken>,
    /// Every test that fails, hidden or not.
    pub(super) failing: BTreeSet<Test>,
    /// Those of them that the repair does not get to see.
    pub(super) hidden: BTreeSet<Test>,
    /// The changed files with all tests, and as they are given to the repair.
    #[serde(skip)]
    pub(super) whole: Files,
    #[serde(skip)]
    pub(super) given: Files,
}

/// A break in a file that may be drawn.
type Candidate = (String, Break);

/// Draws the tasks of one library, one after the other.
pub(super) struct Drawing<'a> {
    trial: Trial<'a>,
    /// Where the library's tests are written.
    index: Index,
    draws: Draws,
    /// What is left to draw, by kind, each in its drawn order.
    pools: Vec<(Kind, Vec<Candidate>)>,
    turn: usize,
    used: BTreeSet<(String, (String, usize))>,
    made: usize,
    double_share: f64,
    /// The part of a double task that is due.
    due: f64,
}

impl<'a> Drawing<'a> {
    /// `turn` says which kind has the first turn; `double_share` is the share of tasks that
    /// are broken in two places, 0 to 1.
    pub(super) fn new(trial: Trial<'a>, seed: Seed, turn: usize, double_share: f64) -> Self {
        let name = &trial.ground.library.name;
        let own = name.bytes().fold(0, |n: u64, byte| n.wrapping_mul(31).wrapping_add(byte.into()));
        let mut draws = seed.child(own).draws();
        let mut all = Vec::new();
        for (path, text) in &trial.ground.files {
            if trial.ground.library.is_source(path) {
                let found = breaks(trial.ground.library.language, text, &mut draws);
                all.extend(found.into_iter().map(|found| (path.clone(), found)));
            }
        }
        shuffle(&mut all, &mut draws);
        // One order of kinds for all libraries, in which each goes on where the one before
        // it ends, gives every kind its share of the whole.
        let mut kinds = Kind::ALL;
        shuffle(&mut kinds, &mut seed.draws());
        let mut pools: Vec<_> = kinds.map(|kind| (kind, Vec::new())).into();
        for candidate in all {
            let pool = pools.iter_mut().find(|(kind, _)| *kind == candidate.1.kind);
            pool.expect("there is a pool for every kind").1.push(candidate);
        }
        let due = draws.unit();
        let used = BTreeSet::new();
        let index = Index::of(trial.ground.library.language, indexed(trial.ground));
        Self { trial, index, draws, pools, turn, used, made: 0, double_share, due }
    }

    /// The next task, or none if nothing more is found.
    pub(super) fn next(&mut self) -> Result<Option<Task>, Trouble> {
        let double = self.due + self.double_share >= 1.0;
        // Twice round, for a kind may come to nothing the first time.
        for _ in 0..2 * self.pools.len() {
            let turn = self.turn % self.pools.len();
            self.turn += 1;
            for _ in 0..TRIES {
                let Some(candidate) = self.pools[turn].1.pop() else { break };
                if let Some(task) = self.task(candidate, double)? {
                    self.due = (self.due + self.double_share).fract();
                    return Ok(Some(task));
                }
            }
        }
        Ok(None)
    }

    fn task(&mut self, first: Candidate, double: bool) -> Result<Option<Task>, Trouble> {
        if self.used.contains(&function_of(&first)) {
            return Ok(None);
        }
        let Some((whole, failing)) = self.failing(&[&first])? else { return Ok(None) };
        if !double {
            return self.finish(&[first], whole, failing.clone(), &[failing]);
        }
        for second in self.partners(&first) {
            let Some((_, alone)) = self.failing(&[&second])? else { continue };
            let Some((whole, both)) = self.failing(&[&first, &second])? else { continue };
            // Each place must show: repairing one alone must leave a test that fails.
            if let Some(task) =
                self.finish(&[first.clone(), second], whole, both, &[failing.clone(), alone])?
            {
                return Ok(Some(task));
            }
        }
        Ok(None)
    }

    /// Other places of the same file, of the same function as often as not.
    fn partners(&mut self, first: &Candidate) -> Vec<Candidate> {
        let text = &self.trial.ground.files[&first.0];
        let same = self.draws.unit() < 0.5;
        let fits = |other: &&Candidate| {
            let (one, two) = (&other.1.range, &first.1.range);
            let between = one.end.min(two.end)..one.start.max(two.start);
            other.0 == first.0
                && (other.1.function == first.1.function) == same
                && between.start <= between.end
                && text[between].contains('\n')
                && !self.used.contains(&function_of(other))
        };
        let all = self.pools.iter().flat_map(|(_, pool)| pool.iter().rev());
        let mut fitting: Vec<Candidate> = all.filter(fits).cloned().collect();
        shuffle(&mut fitting, &mut self.draws);
        fitting.truncate(PARTNERS);
        fitting
    }

    /// The changed file and the tests that fail by these breaks; none if the tests don't
    /// notice, or can't be run to their end.
    fn failing(
        &mut self,
        places: &[&Candidate],
    ) -> Result<Option<(Files, BTreeSet<Test>)>, Trouble> {
        let file = &places[0].0;
        let mut text = self.trial.ground.files[file].clone();
        let mut ordered: Vec<&Break> = places.iter().map(|(_, found)| found).collect();
        ordered.sort_by_key(|found| std::cmp::Reverse(found.range.start));
        for found in ordered {
            text = found.apply(&text);
        }
        let changed = Files::from([(file.clone(), text)]);
        // The tests that are named after the file first: they are likely to tell at once.
        let likely = likely_tests(&self.trial, file);
        if !likely.is_empty()
            && !matches!(self.trial.verdict(&changed, &likely)?, Verdict::Failed(_))
        {
            return Ok(None);
        }
        match self.trial.verdict(&changed, &[])? {
            Verdict::Failed(tests) => Ok(Some((changed, tests))),
            _ => Ok(None),
        }
    }

    /// Hides half of the failing tests, and makes sure that the rest still fails for each
    /// of the places, whose own failing tests are `alone`.
    fn finish(
        &mut self,
        places: &[Candidate],
        whole: Files,
        failing: BTreeSet<Test>,
        alone: &[BTreeSet<Test>],
    ) -> Result<Option<Task>, Trouble> {
        let ground = self.trial.ground;
        let language = ground.library.language;
        // Where tests stand beside the code, breaking the code may have moved them.
        let moved = whole.keys().any(|file| self.index.holds(file));
        let fresh = moved.then(|| {
            let mut files = indexed(ground);
            files.extend(whole.clone());
            Index::of(language, files)
        });
        let index = fresh.as_ref().unwrap_or(&self.index);
        let located: Vec<(Option<Place>, &Test)> =
            failing.iter().map(|test| (index.locate(test), test)).collect();
        let (hidden, places_of_hidden) = half(&located, alone, &mut self.draws);
        let mut given = whole.clone();
        given.extend(index.without(&places_of_hidden));
        match self.trial.verdict(&given, &[])? {
            // One more that fails needs what is hidden, and would with any repair.
            Verdict::Failed(seen) if seen.is_disjoint(&hidden) && seen.is_subset(&failing) => {}
            _ => return Ok(None),
        }
        self.made += 1;
        let broken = places.iter().map(|(file, found)| Broken {
            kind: found.kind,
            file: file.clone(),
            function: found.function.0.clone(),
            line: found.line(&ground.files[file]),
        });
        let broken = broken.collect();
        self.used.extend(places.iter().map(function_of));
        let library = ground.library.name.clone();
        let id = format!("{library}-{}", self.made);
        Ok(Some(Task { id, library, language, broken, failing, hidden, whole, given }))
    }
}

/// Half of the failing test functions, drawn, and where they are written.
///
/// A test that can't be located stays, and counts in the half. Each set of `alone` keeps a
/// test that fails.
fn half(
    located: &[(Option<Place>, &Test)],
    alone: &[BTreeSet<Test>],
    draws: &mut Draws,
) -> (BTreeSet<Test>, Vec<Place>) {
    let places: BTreeSet<&Place> = located.iter().filter_map(|(at, _)| at.as_ref()).collect();
    let unknown = located.iter().filter(|(place, _)| place.is_none()).count();
    let wanted = (places.len() + unknown) / 2;
    let mut places: Vec<&Place> = places.into_iter().collect();
    shuffle(&mut places, draws);
    let (mut hidden, mut chosen) = (BTreeSet::new(), Vec::new());
    for place in places {
        if chosen.len() == wanted {
            break;
        }
        let here = located.iter().filter(|(at, _)| at.as_ref() == Some(place));
        let mut with: BTreeSet<Test> = hidden.clone();
        with.extend(here.map(|(_, test)| (*test).clone()));
        let seen = |test: &Test| !with.contains(test) && located.iter().any(|(_, t)| *t == test);
        if alone.iter().all(|tests| tests.iter().any(seen)) {
            hidden = with;
            chosen.push(place.clone());
        }
    }
    (hidden, chosen)
}

/// The files in which tests may be written.
fn indexed(ground: &Ground) -> Files {
    let files = ground.files.iter();
    let may =
        |path: &str| ground.library.language == Language::Rust || ground.library.is_test(path);
    files.filter(|(path, _)| may(path)).map(|(path, text)| (path.clone(), text.clone())).collect()
}

fn function_of(candidate: &Candidate) -> (String, (String, usize)) {
    (candidate.0.clone(), candidate.1.function.clone())
}

/// The Python test files that carry the name of a source file.
fn likely_tests(trial: &Trial<'_>, file: &str) -> Vec<String> {
    let library = &trial.ground.library;
    let stem = file.rsplit('/').next().and_then(|name| name.split('.').next()).unwrap_or_default();
    if library.language != Language::Python || stem == "__init__" {
        return Vec::new();
    }
    let tests = trial.ground.files.keys().filter(|path| library.is_test(path));
    let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    tests
        .filter(|path| name(path).starts_with("test_") && name(path).contains(stem))
        .cloned()
        .collect()
}

/// Fisher and Yates.
fn shuffle<T>(items: &mut [T], draws: &mut Draws) {
    for at in (1..items.len()).rev() {
        items.swap(at, draws.below(at + 1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tests(names: &[&str]) -> BTreeSet<Test> {
        names.iter().map(|name| format!("t.py::{name}")).collect()
    }

    /// What of these failing tests is hidden, over many draws.
    fn hidden(failing: &BTreeSet<Test>, alone: &[BTreeSet<Test>]) -> BTreeSet<BTreeSet<Test>> {
        let text = "def a():\n    f()\n\ndef b():\n    f()\n\ndef c():\n    f()\n";
        let files = Files::from([("t.py".to_owned(), text.to_owned())]);
        let index = Index::of(Language::Python, files);
        let located: Vec<_> = failing.iter().map(|test| (index.locate(test), test)).collect();
        (0..50).map(|seed| half(&located, alone, &mut Seed(seed).draws()).0).collect()
    }

    #[test]
    fn half_is_hidden_and_a_single_test_is_not() {
        let three = tests(&["a", "b", "c"]);
        let each = [tests(&["a"]), tests(&["b"]), tests(&["c"])];
        assert_eq!(hidden(&three, std::slice::from_ref(&three)), BTreeSet::from(each));
        let one = tests(&["a"]);
        assert_eq!(hidden(&one, std::slice::from_ref(&one)), BTreeSet::from([tests(&[])]));
    }

    #[test]
    fn a_test_without_a_source_stays() {
        let failing = tests(&["a", "made_by_a_macro"]);
        assert_eq!(
            hidden(&failing, std::slice::from_ref(&failing)),
            BTreeSet::from([tests(&["a"])])
        );
    }

    #[test]
    fn each_place_keeps_a_test_that_shows_it() {
        let alone = [tests(&["a"]), tests(&["b", "c"])];
        let seen = hidden(&tests(&["a", "b", "c"]), &alone);
        assert_eq!(seen, BTreeSet::from([tests(&["b"]), tests(&["c"])]));
    }

    #[test]
    fn a_shuffle_depends_on_the_seed_alone() {
        let drawn = |seed| {
            let mut items: Vec<u32> = (0..20).collect();
            shuffle(&mut items, &mut Seed(seed).draws());
            items
        };
        assert_eq!(drawn(3), drawn(3));
        assert_ne!(drawn(3), drawn(4));
    }
}

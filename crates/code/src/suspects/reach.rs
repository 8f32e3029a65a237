//! What the failing tests reach, told from names alone.
//!
//! Apart, because it is the evidence of last resort: it needs neither a trace nor coverage, and
//! is wrong where names are not unique. Reach is followed for three steps, and weighs less with
//! each. What the passing tests reach as well is less suspect: the coefficient of Ochiai (see
//! `coverage`), with weights in the place of counts.

use std::collections::HashMap;

use super::Question;
use super::places::{Places, Unit};
use crate::Language;

/// How much a name weighs that is used by a test, by what the test uses, and so on.
const STEPS: [f64; 3] = [1.0, 0.5, 0.25];
/// A name with more definitions than these says nothing.
const MOST_DEFINITIONS: usize = 8;
/// No more passing tests than these are followed.
const MOST_PASSING: usize = 300;

struct Names<'p, 's> {
    places: &'p Places<'s>,
    defined: HashMap<&'p str, Vec<usize>>,
    /// What a unit uses, found when it is asked for.
    used: HashMap<usize, Vec<(usize, f64)>>,
}

/// How suspect each unit is by what the tests reach, in `[0, 1]`, and the failing tests' units.
pub(super) fn suspicion(question: &Question<'_>, places: &Places<'_>) -> (Vec<f64>, Vec<usize>) {
    let failing = failing(question, places);
    let mut names = Names::new(places);
    let files: Vec<usize> = failing.iter().map(|unit| places.units[*unit].file).collect();
    let mut passing: Vec<&Unit> =
        places.units.iter().filter(|unit| unit.marked && !failing.contains(&unit.index)).collect();
    passing.sort_by_key(|unit| !files.contains(&unit.file));
    passing.truncate(MOST_PASSING);
    let mut weights = vec![(0.0, 0.0); places.units.len()];
    for unit in &failing {
        names.reached(*unit).into_iter().for_each(|(unit, weight)| weights[unit].0 += weight);
    }
    for unit in passing {
        names.reached(unit.index).into_iter().for_each(|(unit, weight)| weights[unit].1 += weight);
    }
    let all = failing.len() as f64;
    let ochiai = |(failed, passed): &(f64, f64)| {
        if *failed > 0.0 { failed / (all * (failed + passed)).sqrt() } else { 0.0 }
    };
    (weights.iter().map(ochiai).collect(), failing)
}

/// Functions that prepare every test of their class.
const PREPARING: [&str; 5] = ["setUp", "setUpClass", "setup_method", "setup_class", "asyncSetUp"];

/// The units of the failing tests: those of their names, and those that their traces begin in.
fn failing(question: &Question<'_>, places: &Places<'_>) -> Vec<usize> {
    let mut by_name: HashMap<&str, Vec<&Unit>> = HashMap::new();
    for unit in places.units.iter().filter(|unit| unit.is_test && unit.function.is_some()) {
        by_name.entry(&unit.name).or_default().push(unit);
    }
    let mut failing = Vec::new();
    for test in &question.failure.tests {
        let name = plain_name(&test.name.0);
        let units = by_name.get(name).map_or(&[][..], Vec::as_slice);
        // Several tests may have one name: the one whose file and class are named wins.
        let fits = |unit: &&&Unit| {
            let path = question.files[unit.file].path;
            let stem = path.rsplit('/').next().unwrap_or(path).split('.').next().unwrap_or(path);
            let class = unit.qualified.rsplit(['.', ':']).nth(1).unwrap_or("");
            usize::from(test.name.0.contains(stem)) + usize::from(test.name.0.contains(class))
        };
        failing.extend(units.iter().max_by_key(fits).map(|unit| unit.index));
    }
    for frame in &question.failure.frames {
        let unit = places
            .file(&frame.path)
            .and_then(|file| places.unit(file, frame.line.saturating_sub(1)));
        failing.extend(unit.filter(|unit| places.units[*unit].is_test));
    }
    failing.sort_unstable();
    failing.dedup();
    failing
}

/// `tests/a.py::C::test_x[1]`, `mod::test_x`, `pkg TestX/sub`, `C#x`, `file > group > x`.
pub(super) fn plain_name(test: &str) -> &str {
    if let Some((_, title)) = test.rsplit_once(" > ") {
        return title;
    }
    let name = test.split(['[', '(']).next().unwrap_or(test).trim();
    let name = name.rsplit(' ').next().unwrap_or(name);
    let name = name.split('/').next_back().filter(|n| !n.contains('.')).unwrap_or(name);
    name.rsplit([':', '.', '#']).next().unwrap_or(name)
}

impl<'p, 's> Names<'p, 's> {
    fn new(places: &'p Places<'s>) -> Self {
        let mut defined: HashMap<&str, Vec<usize>> = HashMap::new();
        for unit in places.units.iter().filter(|unit| unit.function.is_some()) {
            // Tests reach the code through helpers and fixtures of their own, but not through
            // other tests.
            if !unit.suspectable && unit.marked {
                continue;
            }
            defined.entry(&unit.name).or_default().push(unit.index);
            // Whoever names a type makes one.
            let makes =
                matches!(unit.name.as_str(), "__init__" | "new" | "constructor" | "__new__");
            if let Some(class) = unit.qualified.rsplit(['.', ':']).find(|p| *p != unit.name)
                && makes
                && !class.is_empty()
            {
                defined.entry(class).or_default().push(unit.index);
            }
        }
        defined.retain(|_, units| units.len() <= MOST_DEFINITIONS);
        Self { places, defined, used: HashMap::new() }
    }

    fn reached(&mut self, from: usize) -> HashMap<usize, f64> {
        let mut reached: HashMap<usize, f64> = HashMap::new();
        let mut edge = vec![(from, 1.0)];
        for step in STEPS {
            let mut next = Vec::new();
            for (unit, share) in edge {
                for (used, part) in self.used(unit).clone() {
                    let weight = step * share * part;
                    let known = reached.entry(used).or_insert(0.0);
                    if *known == 0.0 {
                        next.push((used, share * part));
                    }
                    *known = known.max(weight);
                }
            }
            edge = next;
        }
        reached.remove(&from);
        reached
    }

    fn used(&mut self, index: usize) -> &Vec<(usize, f64)> {
        let (places, defined) = (self.places, &self.defined);
        self.used.entry(index).or_insert_with(|| {
            let unit = &places.units[index];
            let Some(syntax) = &places.syntaxes[unit.file] else { return Vec::new() };
            let family = |language: Language| match language {
                Language::TypeScript | Language::Tsx => Language::JavaScript,
                other => other,
            };
            let mut used = Vec::new();
            if unit.is_test {
                let class = |unit: &Unit| unit.qualified.rfind('.').map_or(0, |at| at);
                let beside = places.units.iter().filter(|other| {
                    other.file == unit.file
                        && PREPARING.contains(&other.name.as_str())
                        && other.qualified[..class(other)] == unit.qualified[..class(unit)]
                });
                used.extend(beside.map(|other| (other.index, 1.0)));
            }
            // The signature of a test names its fixtures.
            let lines = if unit.is_test { &unit.range } else { &unit.body };
            for name in syntax.names(lines.clone()) {
                let units = defined.get(name).map_or(&[][..], Vec::as_slice);
                let own = units.iter().filter(|unit| {
                    let theirs = places.syntaxes[places.units[**unit].file].as_ref();
                    theirs.is_some_and(|s| family(s.language()) == family(syntax.language()))
                });
                used.extend(own.map(|unit| (*unit, 1.0 / units.len() as f64)));
            }
            used
        })
    }
}

//! All evidence about each unit and line, and how it is weighed.
//!
//! Apart, so that the weights stand in one place.

use std::collections::HashMap;

use super::places::{Places, Unit};
use super::{Question, reach, words};
use crate::Spectrum;
use crate::coverage::Coverage;
use crate::failure::MissingKind;

/// What each kind of evidence counts for. Coverage and the trace are facts, the others are
/// guesses from names.
const COVERAGE: f64 = 1.0;
const TRACE: f64 = 0.35;
const REACH: f64 = 0.3;
const WORDS: f64 = 0.2;
const STUB: f64 = 0.6;
const MISSING: f64 = 0.9;
/// How much less a frame says than the one inside it.
const OUTWARD: f64 = 0.6;
/// With coverage, names only break ties.
const NAMES_BESIDE_COVERAGE: f64 = 0.35;

/// Of lines that are equally suspect, one with many operands has more that can be wrong.
const FORM: f64 = 0.08;

/// How much can be wrong in a statement with so many expressions, in `[0, 1]`.
fn form(expressions: usize) -> f64 {
    expressions.min(12) as f64 / 12.0
}

/// What is known about one unit, each in `[0, 1]`.
#[derive(Debug, Clone, Default)]
struct About {
    coverage: f64,
    covered: Option<(u32, u32)>,
    trace: f64,
    reach: f64,
    words: f64,
    missing: f64,
}

pub(super) struct Evidence {
    about: Vec<About>,
    /// Of each file's lines, from zero: how suspect it is by coverage, and by the traces.
    lines: HashMap<(usize, u32), (f64, f64)>,
    outcomes: Option<(usize, usize)>,
    stubs: Vec<bool>,
}

impl Evidence {
    pub(super) fn gather(question: &Question<'_>, places: &Places<'_>) -> Self {
        let mut evidence = Self {
            about: vec![About::default(); places.units.len()],
            lines: HashMap::new(),
            outcomes: None,
            stubs: places.units.iter().map(|unit| unit.stub).collect(),
        };
        if let Some(spectrum) = question.spectrum.filter(|spectrum| spectrum.outcomes().0 > 0) {
            evidence.coverage(spectrum, places);
        }
        evidence.traces(question, places);
        let (reached, failing) = reach::suspicion(question, places);
        let spoken = words::spoken_of(question, places);
        for (about, (reach, words)) in
            evidence.about.iter_mut().zip(reached.into_iter().zip(spoken))
        {
            (about.reach, about.words) = (reach, words);
        }
        evidence.missing(question, places, &failing);
        evidence
    }

    fn coverage(&mut self, spectrum: &Spectrum, places: &Places<'_>) {
        self.outcomes = Some(spectrum.outcomes());
        let mut files: HashMap<&str, Option<usize>> = HashMap::new();
        for Coverage { path, line, failed, passed, score } in spectrum.coverage() {
            let file = *files.entry(path).or_insert_with(|| places.file(path));
            let (Some(file), line) = (file, line.saturating_sub(1)) else { continue };
            self.lines.entry((file, line)).or_default().0 = score;
            let Some(unit) = places.unit(file, line) else { continue };
            let about = &mut self.about[unit];
            if score > about.coverage {
                about.coverage = score;
                about.covered = Some((failed, passed));
            }
        }
        self.imported(spectrum, places, &mut files);
    }

    /// What runs when modules are imported was executed, as it were, by every test. Hardly any
    /// fault lies there, and every file has some of it: it comes behind what the tests run.
    fn imported<'s>(
        &mut self,
        spectrum: &'s Spectrum,
        places: &Places<'_>,
        files: &mut HashMap<&'s str, Option<usize>>,
    ) {
        let (failed, passed) = spectrum.outcomes();
        let share = (failed as f64 / (failed + passed) as f64).sqrt();
        for (path, line) in spectrum.outside() {
            let file = *files.entry(path).or_insert_with(|| places.file(path));
            let (Some(file), line) = (file, line.saturating_sub(1)) else { continue };
            let Some(unit) = places.unit(file, line) else { continue };
            // Importing a module executes the signatures of its functions, but not more.
            if !places.units[unit].body.contains(&line) {
                continue;
            }
            let known = self.lines.entry((file, line)).or_default();
            known.0 = known.0.max(share);
            let about = &mut self.about[unit];
            about.coverage = about.coverage.max(0.5 * share);
        }
    }

    /// The frames of tests and problems, and where tests were cut off.
    fn traces(&mut self, question: &Question<'_>, places: &Places<'_>) {
        let failure = question.failure;
        let tests = failure.tests.iter().map(|test| test.frames.clone());
        let problems = failure.problems.iter().map(|problem| problem.frames.clone());
        let cut = question.spectrum.map(Spectrum::cut).unwrap_or_default();
        let traces: Vec<_> = tests.chain(problems).chain(cut).collect();
        let mut told = 0;
        let mut sums: HashMap<usize, f64> = HashMap::new();
        for trace in &traces {
            let mut weight = 1.0;
            let mut seen: Vec<usize> = Vec::new();
            for frame in trace.iter().rev() {
                let Some(file) = places.file(&frame.path) else { continue };
                let line = frame.line.saturating_sub(1);
                let Some(unit) = places.unit(file, line) else { continue };
                if !places.units[unit].suspectable {
                    continue;
                }
                let known = self.lines.entry((file, line)).or_default();
                known.1 = known.1.max(weight);
                if !seen.contains(&unit) {
                    *sums.entry(unit).or_default() += weight;
                    seen.push(unit);
                }
                weight *= OUTWARD;
            }
            told += usize::from(!seen.is_empty());
        }
        for (unit, sum) in sums {
            self.about[unit].trace = sum / told.max(1) as f64;
        }
    }

    /// Where names that are missing should be written: in the module that the message names,
    /// else in the modules that the failing tests import.
    fn missing(&mut self, question: &Question<'_>, places: &Places<'_>, failing: &[usize]) {
        // A variable that is not set yet belongs in its function.
        let missing = &question.failure.missing;
        if missing.iter().all(|missing| missing.kind == MissingKind::Local) {
            return;
        }
        let tests = question.failure.tests.iter().map(|test| &test.message);
        let problems = question.failure.problems.iter().map(|problem| &problem.message);
        let mut found = false;
        for message in tests.chain(problems) {
            for file in named_modules(message).filter_map(|path| module(places, path)) {
                found |= self.point_at(places, file, 1.0);
            }
        }
        if found {
            return;
        }
        let mut files: Vec<usize> = failing.iter().map(|unit| places.units[*unit].file).collect();
        let frames = question.failure.frames.iter();
        files.extend(frames.filter_map(|frame| places.file(&frame.path)));
        files.sort_unstable();
        files.dedup();
        for file in files {
            let Some(syntax) = &places.syntaxes[file] else { continue };
            for lines in syntax.imports() {
                for name in syntax.names(lines) {
                    if let Some(file) = module(places, name) {
                        self.point_at(places, file, 0.6);
                    }
                }
            }
        }
    }

    fn point_at(&mut self, places: &Places<'_>, file: usize, weight: f64) -> bool {
        let unit = places.outside(file).filter(|unit| places.units[*unit].suspectable);
        if let Some(unit) = unit {
            self.about[unit].missing = self.about[unit].missing.max(weight);
        }
        unit.is_some()
    }

    pub(super) fn score(&self, index: usize, unit: &Unit) -> f64 {
        let about = &self.about[index];
        let names = REACH * about.reach + WORDS * about.words;
        let names = if self.outcomes.is_some() { NAMES_BESIDE_COVERAGE * names } else { names };
        let mut score = COVERAGE * about.coverage + TRACE * about.trace + MISSING * about.missing;
        // Names alone say nothing about a function that no failing test executed.
        let executed = about.coverage > 0.0 || about.trace > 0.0;
        if self.outcomes.is_none() || executed || about.missing > 0.0 {
            score += names;
            // Many a function does nothing on purpose: a stub counts as much as it is meant.
            let meant = about.reach.max(about.words).max(about.trace).max(about.coverage);
            score += if unit.stub { STUB * meant } else { 0.0 };
        } else {
            score += 0.1 * names;
        }
        score
    }

    pub(super) fn lines(&self, places: &Places<'_>, unit: &Unit) -> Vec<(u32, f64)> {
        let Some(syntax) = &places.syntaxes[unit.file] else { return Vec::new() };
        let own = |line: u32| places.unit(unit.file, line) == Some(unit.index);
        let about = |line: u32| self.lines.get(&(unit.file, line)).copied().unwrap_or_default();
        let statements = syntax.statements(unit.body.clone());
        let mut lines: Vec<(u32, f64)> = statements
            .into_iter()
            .filter(|statement| own(statement.start))
            .map(|statement| {
                let best = statement.clone().map(about).fold((0.0_f64, 0.0_f64), |best, line| {
                    (best.0.max(line.0), best.1.max(line.1))
                });
                let base = if self.outcomes.is_some() { 0.02 } else { 0.2 };
                let chances = statement.clone().map(|line| syntax.expressions(line).len()).sum();
                let score = base + 0.7 * best.0 + 0.18 * best.1 + FORM * form(chances);
                (statement.start, score.min(1.0))
            })
            .collect();
        // Outside of functions nearly everything is executed by everyone: only what is told.
        if unit.function.is_none() {
            lines.retain(|(_, score)| *score > 0.2 + FORM);
        }
        lines.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        lines
    }

    pub(super) fn why(&self, index: usize) -> String {
        let about = &self.about[index];
        let mut why = Vec::new();
        if let (Some((failed, passed)), Some((all_failed, all_passed))) =
            (about.covered, self.outcomes)
        {
            why.push(format!(
                "executed by {failed} of {all_failed} failing and {passed} of {all_passed} \
                 passing tests"
            ));
        }
        let imported = about.covered.is_none() && about.coverage > 0.0;
        let told = [
            (imported, "executed when the file is imported"),
            (about.trace >= 0.5, "where the trace ends"),
            (about.trace > 0.0 && about.trace < 0.5, "in the trace"),
            (about.missing > 0.0, "where a missing name belongs"),
            (self.stubs[index], "not written yet"),
            (about.reach > 0.0, "used by the failing tests"),
            (about.words >= 0.3, "spoken of in the task or in a test's name"),
        ];
        why.extend(told.iter().filter(|(is, _)| *is).map(|(_, text)| (*text).to_owned()));
        why.join("; ")
    }
}

/// The modules that a message names: `from 'pkg.mod' (/path/mod.py)`, `module 'pkg.mod' has`.
fn named_modules(message: &str) -> impl Iterator<Item = &str> {
    let after = ["from '", "module '"]
        .into_iter()
        .flat_map(|front| message.split(front).skip(1).filter_map(|rest| rest.split('\'').next()));
    let paths = message.split(" (").skip(1).filter_map(|rest| rest.split(')').next());
    after.chain(paths)
}

/// The file of a module: a path, a dotted name, or the stem of a file.
fn module(places: &Places<'_>, name: &str) -> Option<usize> {
    if name.contains('/') && name.contains('.') && !name.starts_with('.') {
        return places.file(name);
    }
    let path = name.trim_start_matches(['.', '/']).replace('.', "/");
    let tries = ["{}.py", "{}/__init__.py", "{}.rs", "{}/mod.rs", "{}.js", "{}.ts", "{}.java"];
    tries.iter().find_map(|form| places.file(&form.replace("{}", &path)))
}

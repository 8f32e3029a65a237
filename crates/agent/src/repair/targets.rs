//! Where the fault may be: functions, and in them the units that are replaced as one.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use serde::{Deserialize, Serialize};
use tenfold_code::failure::{Failure, MissingKind};
use tenfold_code::suspects::{self, Suspect};
use tenfold_code::{Function, Language, Syntax, coverage};

use super::mistakes;
use super::prompts::lines;
use super::windows;
use crate::effect::Source;

/// Places that are looked at; those behind them hold the fault in few cases.
const MOST: usize = 8;
/// How often the evidence points elsewhere: so much of the chance all places share alike.
const ELSEWHERE: f64 = 0.1;
/// What is not written yet is as suspect as if it had so many statements.
const UNWRITTEN: usize = 20;
/// A signature with defaults is as suspect as so much of its function's likeliest statement.
const DEFAULTS: f64 = 0.5;
/// More names than these that a function does not use tell nothing of it.
const IDLE: usize = 2;
/// Lines shown around a suspect line outside of functions.
const OUTSIDE: u32 = 15;
/// Lines of a failing test that are shown to the model.
const TEST_LINES: usize = 14;

/// What kind of work a place needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TargetKind {
    /// A function that may hold the fault.
    Function,
    /// A function that is not written yet.
    Stub,
    /// A name that is missing from a file, and is to be written at its end.
    Missing,
}

/// A place that may hold the fault.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Target {
    /// The file.
    pub path: String,
    /// The function, with what it stands in; or the missing name.
    pub name: String,
    /// What it needs.
    pub kind: TargetKind,
    /// Its lines, from zero; for a long function one part of them.
    pub lines: Range<u32>,
    /// The lines of the function's signature.
    pub head: Range<u32>,
    /// The lines below it that are the function's own, without a closing brace; empty where
    /// they share a line with the signature, and outside of functions.
    pub body: Range<u32>,
    /// The line of the class or block that it stands in, if any.
    pub holder: Option<u32>,
    /// How likely the fault is here, against the other places; all add up to one.
    pub mass: f64,
    /// Its statements, in order.
    pub units: Vec<Unit>,
    /// Names that the function takes or sets and does not use.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub idle: Vec<String>,
    /// Names in it that the check says are not there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
    /// Why it is suspect, in a few words.
    pub why: String,
}

impl Target {
    /// Whether a unit is the function's signature.
    pub(super) fn is_signature(&self, unit: &Unit) -> bool {
        unit.lines.start < self.head.end
    }
}

/// A statement, or the header of a compound one or of the function.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Unit {
    /// Its lines, from zero.
    pub lines: Range<u32>,
    /// How likely the fault is here, against the target's other units, in `[0, 1]`.
    pub suspicion: f64,
    /// Whether nothing stands here where something might; its lines may be an empty range.
    pub hole: bool,
    /// How what is missing here has to begin, as far as that is known: `name =` before the
    /// first statement that uses a name which nothing sets. Its indentation is with it.
    pub opening: String,
}

impl Unit {
    pub(super) fn of(lines: Range<u32>, suspicion: f64) -> Self {
        Self { lines, suspicion, hole: false, opening: String::new() }
    }

    /// How likely it holds the fault, against others of the same function, as far as what
    /// was executed tells.
    pub(super) fn weight(&self) -> f64 {
        self.suspicion * self.suspicion + 0.01
    }
}

/// What prompts need beside the places.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// The texts of the files that hold the places.
    pub texts: BTreeMap<String, String>,
    /// The source of a failing test, cut to a few lines.
    pub test: String,
    /// What it said.
    pub message: String,
}

/// Finds the places.
pub(super) fn find(
    text: &str,
    sources: &[Source],
    failure: &Failure,
    trace: Option<&str>,
) -> (Vec<Target>, Facts) {
    let failing = failure.names();
    let spectrum = trace.and_then(|trace| coverage::read(trace, &failing).ok());
    let files: Vec<suspects::Source<'_>> = sources
        .iter()
        .map(|source| suspects::Source { path: &source.path, text: &source.text })
        .collect();
    let editable: Vec<&str> =
        sources.iter().filter(|source| source.editable).map(|source| &*source.path).collect();
    let ranked = suspects::rank(&suspects::Question {
        files: &files,
        editable_tests: &editable,
        failure,
        spectrum: spectrum.as_ref(),
        task: text,
    });
    let by_path: BTreeMap<&str, &Source> = sources.iter().map(|s| (s.path.as_str(), s)).collect();
    let mut targets = unwritten(sources, failure);
    targets.extend(
        ranked
            .iter()
            .filter_map(|suspect| {
                let source = by_path.get(suspect.path.as_str()).filter(|s| s.editable)?;
                target(suspect, &source.text)
            })
            .take(MOST),
    );
    for target in targets.iter_mut().filter(|target| target.kind == TargetKind::Function) {
        if let Some(source) = by_path.get(target.path.as_str()) {
            target.missing = missing(failure, |_| true).map(|n| unmangled(n).to_owned()).collect();
            let of = |kind| matches!(kind, MissingKind::Name | MissingKind::Local);
            missing(failure, of).for_each(|name| unset(target, &source.text, name));
            missing(failure, |kind| kind == MissingKind::Attribute)
                .for_each(|name| unset_attribute(target, &source.text, name));
        }
    }
    // Ranks are sharper than their scores: a place with half the score is a quarter as likely.
    // And the more statements stand in a place, the more can be wrong in it. The exponents are
    // near those under which the places of 77 seeded faults were likeliest.
    let weigh = |target: &Target| {
        let size = match target.kind {
            TargetKind::Function => target.units.len().max(1),
            TargetKind::Stub | TargetKind::Missing => UNWRITTEN,
        };
        let idle = if target.idle.is_empty() { 1.0 } else { mistakes::IDLE_PLACE };
        target.mass.powi(2) * (size as f64).powf(0.75) * idle
    };
    let total: f64 = targets.iter().map(weigh).sum();
    let even = 1.0 / targets.len().max(1) as f64;
    for target in &mut targets {
        let told = if total > 0.0 { weigh(target) / total } else { even };
        target.mass = (1.0 - ELSEWHERE) * told + ELSEWHERE * even;
    }
    let targets: Vec<Target> = targets.into_iter().flat_map(windows::cut).collect();
    let texts = targets
        .iter()
        .filter_map(|t| Some((t.path.clone(), by_path.get(t.path.as_str())?.text.clone())))
        .collect();
    let (test, message) = failing_test(sources, failure);
    (targets, Facts { texts, test, message })
}

/// The names that the check misses, each with the file that should have it: the one whose
/// name the failure says most often.
fn unwritten(sources: &[Source], failure: &Failure) -> Vec<Target> {
    let mut said = failure.excerpt.clone();
    for problem in &failure.problems {
        said.push_str(&problem.message);
    }
    for test in &failure.tests {
        said.push_str(&test.message);
    }
    let place = |name: &str| {
        let times = |source: &Source| {
            let stem = Path::new(&source.path).file_stem().and_then(|stem| stem.to_str());
            let stem = stem.map_or(0, |stem| said.matches(stem).count());
            stem + 2 * said.matches(&source.path).count()
        };
        let likely = sources.iter().filter(|source| source.editable && times(source) > 0);
        let source = likely.max_by_key(|source| times(source))?;
        let defined = Language::of(Path::new(&source.path)).is_some_and(|language| {
            let functions = Syntax::read(language, &source.text).functions();
            functions.iter().any(|function| function.name == name)
        });
        let end = source.text.lines().count() as u32;
        // A name that the code itself uses may be misspelt there, or not set before.
        let own = || sources.iter().filter(|source| source.editable);
        let calls = |text: &str| words(text, name).any(|end| text[end..].starts_with('('));
        let mass = if own().any(|source| calls(&source.text)) {
            0.2
        } else if own().any(|source| has_word(&source.text, name)) {
            0.05
        } else {
            2.0
        };
        (!defined).then(|| Target {
            path: source.path.clone(),
            name: name.to_owned(),
            kind: TargetKind::Missing,
            lines: end..end,
            head: end..end,
            body: end..end,
            holder: None,
            mass,
            units: Vec::new(),
            idle: Vec::new(),
            missing: Vec::new(),
            why: "the check misses it".to_owned(),
        })
    };
    missing(failure, |kind| kind == MissingKind::Name).filter_map(place).collect()
}

/// The first two names that the check misses, of these kinds.
fn missing(failure: &Failure, of: impl Fn(MissingKind) -> bool) -> impl Iterator<Item = &str> {
    let names = failure.missing.iter().filter(move |missing| of(missing.kind));
    names.map(|missing| missing.name.as_str()).take(2)
}

/// Adds a hole before the first statement that uses a name which is called missing: what sets
/// it may be missing.
fn unset(target: &mut Target, text: &str, name: &str) {
    let opening = match Language::of(Path::new(&target.path)) {
        Some(Language::Python) => format!("{name} ="),
        Some(Language::Rust) => format!("let {name} ="),
        Some(Language::JavaScript | Language::TypeScript | Language::Tsx) => {
            format!("const {name} =")
        }
        Some(Language::Go) => format!("{name} :="),
        _ => return,
    };
    let lines: Vec<&str> = text.lines().collect();
    let uses = |unit: &Unit| {
        let mut own = unit.lines.clone().filter_map(|line| lines.get(line as usize));
        own.any(|line| has_word(line, name))
    };
    let own = |unit: &Unit| !target.is_signature(unit) && uses(unit);
    let Some(first) = target.units.iter().position(own) else { return };
    let at = target.units[first].lines.start;
    let line = lines[at as usize];
    let indent = &line[..line.len() - line.trim_start().len()];
    let opening = format!("{indent}{opening}");
    target.units.insert(first, Unit { hole: true, opening, ..Unit::of(at..at, 1.0) });
}

/// A name with two underscores as it is written: Python says `_Class__name` of it.
fn unmangled(name: &str) -> &str {
    let class = name.strip_prefix('_').filter(|rest| rest.starts_with(char::is_alphabetic));
    class.and_then(|class| class.find("__")).map_or(name, |at| &name[at + 1..])
}

/// Adds a hole at the end of the function that makes objects, if it doesn't set an attribute that
/// one of them lacks: what sets it may be missing there. What the file names once is misspelt there.
fn unset_attribute(target: &mut Target, text: &str, name: &str) {
    let name = unmangled(name);
    if target.name.rsplit('.').next() != Some("__init__") || words(text, name).count() < 2 {
        return;
    }
    let opening = format!("self.{name} =");
    let lines: Vec<&str> = text.lines().collect();
    let own = |unit: &&Unit| !target.is_signature(unit) && !unit.hole;
    let (Some(first), Some(last)) =
        (target.units.iter().find(own), target.units.iter().rev().find(own))
    else {
        return;
    };
    let body = first.lines.start as usize..last.lines.end as usize;
    let Some(body) = lines.get(body).filter(|body| !body.iter().any(|l| l.contains(&opening)))
    else {
        return;
    };
    let indent = body.first().map_or("", |line| &line[..line.len() - line.trim_start().len()]);
    let (opening, at) = (format!("{indent}{opening}"), last.lines.end);
    target.units.push(Unit { hole: true, opening, ..Unit::of(at..at, 1.0) });
}

fn has_word(text: &str, word: &str) -> bool {
    words(text, word).next().is_some()
}

/// Where each whole occurrence of a word ends.
fn words<'t>(text: &'t str, word: &'t str) -> impl Iterator<Item = usize> + 't {
    let joins = |c: char| c.is_alphanumeric() || c == '_';
    let ends = text.match_indices(word).filter(move |(at, _)| !text[..*at].ends_with(joins));
    ends.map(|(at, word)| at + word.len()).filter(move |end| !text[*end..].starts_with(joins))
}

fn target(suspect: &Suspect, text: &str) -> Option<Target> {
    let language = Language::of(Path::new(&suspect.path))?;
    if let Some(index) = suspect.function {
        let functions = Syntax::read(language, text).functions();
        let function = functions.get(index)?;
        return build(&suspect.path, text, function, &suspect.lines, suspect.score, &suspect.why);
    }
    let (line, _) = suspect.lines.iter().copied().max_by(|a, b| a.1.total_cmp(&b.1))?;
    let end = text.lines().count() as u32;
    let lines = line.saturating_sub(OUTSIDE)..(line + OUTSIDE).min(end);
    let units = Syntax::read(language, text)
        .statements(lines.clone())
        .into_iter()
        .filter_map(|range| {
            let known = suspect.lines.iter().find(|(line, _)| range.contains(line));
            known.map(|(_, suspicion)| Unit::of(range, *suspicion))
        })
        .collect();
    Some(Target {
        path: suspect.path.clone(),
        name: "the code outside of functions".to_owned(),
        kind: TargetKind::Function,
        head: lines.start..lines.start,
        body: lines.start..lines.start,
        holder: None,
        lines,
        // What is outside of functions runs in every test, and is mostly definitions.
        mass: 0.5 * suspect.score,
        units,
        idle: Vec::new(),
        missing: Vec::new(),
        why: suspect.why.clone(),
    })
}

fn build(
    path: &str,
    text: &str,
    function: &Function,
    suspicions: &[(u32, f64)],
    mass: f64,
    why: &str,
) -> Option<Target> {
    let language = Language::of(Path::new(path))?;
    let syntax = Syntax::read(language, text);
    let body = function.doc.as_ref().map_or(function.body.start, |doc| doc.end);
    let apart = function.body.start >= function.header.end;
    let known: BTreeMap<u32, f64> = suspicions.iter().copied().collect();
    let own = body..function.body.end;
    let mut units: Vec<Unit> = syntax
        .statements(own.clone())
        .into_iter()
        .map(|range| {
            let of = |line: &u32| known.get(line).copied();
            let suspicion = range.clone().filter_map(|line| of(&line)).fold(0.0, f64::max);
            let suspicion = if known.is_empty() { 0.5 } else { suspicion };
            Unit::of(range, suspicion)
        })
        .collect();
    for hole in syntax.holes(own.clone()) {
        // An empty block is as suspect as the statement that it belongs to, which is above it.
        let after = units.partition_point(|unit| unit.lines.start < hole.end.max(hole.start + 1));
        match after.checked_sub(1).map(|above| &mut units[above]) {
            Some(above) if above.lines == hole => above.hole = true,
            Some(above) => {
                let suspicion = above.suspicion;
                units.insert(after, Unit { hole: true, ..Unit::of(hole, suspicion) });
            }
            None => {}
        }
    }
    // What parameters are by default is wrong now and then, and is executed by no test.
    if lines(text, &function.header).contains('=') && language.has_defaults() {
        let most = units.iter().map(|unit| unit.suspicion).fold(0.0, f64::max);
        units.insert(0, Unit::of(function.header.clone(), DEFAULTS * most));
    }
    Some(Target {
        path: path.to_owned(),
        name: function.qualified.clone(),
        kind: if function.stub { TargetKind::Stub } else { TargetKind::Function },
        head: function.header.clone(),
        body: if apart { own } else { body..body },
        holder: holder(&syntax.functions(), text, function),
        lines: function.lines.clone(),
        mass,
        units,
        idle: idle(&syntax, function),
        missing: Vec::new(),
        why: why.to_owned(),
    })
}

/// The names that a function takes or sets and does not use. Where there are several it has the
/// form that others want of it, and that tells nothing.
fn idle(syntax: &Syntax<'_>, function: &Function) -> Vec<String> {
    let mut idle = syntax.idle(function.lines.clone());
    idle.retain(|name| *name != function.name);
    if idle.len() > IDLE || function.stub {
        idle.clear();
    }
    idle.into_iter().map(str::to_owned).collect()
}

/// The line that opens the class or block around a method: the nearest line above it that is
/// indented less. A line inside of a function above is none.
fn holder(functions: &[Function], text: &str, function: &Function) -> Option<u32> {
    let lines: Vec<&str> = text.lines().collect();
    let indent = |line: &str| line.len() - line.trim_start().len();
    let own = indent(lines.get(function.header.start as usize)?);
    if own == 0 {
        return None;
    }
    let mut above = (0..function.lines.start).rev().filter(|line| {
        let text = lines[*line as usize];
        !text.trim().is_empty() && indent(text) < own
    });
    above.find(|line| {
        let outside = |f: &Function| !f.body.contains(line);
        functions.iter().all(outside) && !lines[*line as usize].trim_start().starts_with('#')
    })
}

/// The source of the first failing test whose source can be found, and what it said.
fn failing_test(sources: &[Source], failure: &Failure) -> (String, String) {
    for test in &failure.tests {
        let name = test.name.0.rsplit(['.', ':', '#', '/', ' ', '>']).next().unwrap_or_default();
        let name = name.split('[').next().unwrap_or_default();
        for source in sources {
            if name.len() < 3 || !source.text.contains(name) {
                continue;
            }
            let Some(language) = Language::of(Path::new(&source.path)) else { continue };
            let functions = Syntax::read(language, &source.text).functions();
            if let Some(function) = functions.iter().find(|f| f.name == name) {
                let failed_at = test.frames.iter().rev().find_map(|frame| {
                    let line = frame.line.checked_sub(1)?;
                    (source.path.ends_with(&frame.path) && function.lines.contains(&line))
                        .then_some(line)
                });
                return (excerpt(&source.text, &function.lines, failed_at), test.message.clone());
            }
        }
    }
    let message = failure.tests.first().map(|test| test.message.clone()).unwrap_or_default();
    (String::new(), message)
}

/// A function's lines up to where it failed, with its end left out if it is long.
fn excerpt(text: &str, lines: &Range<u32>, failed_at: Option<u32>) -> String {
    let end = failed_at.map_or(lines.end, |line| line + 1) as usize;
    let all: Vec<&str> = text.lines().collect();
    let (start, end) = (lines.start as usize, end.min(all.len()));
    let shown = &all[start.min(end)..end];
    if shown.len() <= TEST_LINES {
        return shown.join("\n");
    }
    let tail = &shown[shown.len() - (TEST_LINES - 2)..];
    format!("{}\n    ...\n{}", shown[0], tail.join("\n"))
}

#[cfg(test)]
mod tests {
    use tenfold_code::failure;

    use super::*;

    #[test]
    fn only_what_python_puts_the_class_before_is_cut() {
        assert_eq!(unmangled("_Timed__timer"), "__timer");
        for name in ["timer", "_timer", "__timer", "__len__", "read__once"] {
            assert_eq!(unmangled(name), name);
        }
    }

    #[test]
    fn an_attribute_that_is_set_nowhere_is_missing_where_objects_are_made() {
        let said = "Traceback (most recent call last):\n  File \"box.py\", line 8, in <module>\n    \
                    Box(1).area()\n  File \"box.py\", line 6, in area\n    return self.high * \
                    self.wide\nAttributeError: 'Box' object has no attribute 'high'\n";
        let openings = |text: &str| -> Vec<(String, u32, String)> {
            let source =
                Source { path: "box.py".to_owned(), text: text.to_owned(), editable: true };
            let trace = r#"{"version":1,"files":["box.py"],"sets":["3,6"],
                "tests":[["t","failed",[[0,0]],[],0]],"outside":[],"whole":true}"#;
            let failure = failure::read(said, Some(1));
            let (targets, _) = find("", &[source], &failure, Some(trace));
            let holes = targets.iter().flat_map(|target| {
                let named = target.units.iter().filter(|unit| !unit.opening.is_empty());
                named.map(|unit| (target.name.clone(), unit.lines.start, unit.opening.clone()))
            });
            holes.collect()
        };
        let text = "class Box:\n    def __init__(self, wide):\n        self.wide = wide\n\n    \
                    def area(self):\n        return self.high * self.wide\n\n    def tall(self):\n\
                    \x20       return self.high > 9\n";
        let hole = ("Box.__init__".to_owned(), 3, "        self.high =".to_owned());
        assert_eq!(openings(text), [hole]);
        // It is set, and once it is misspelt.
        let set = text.replace("self.wide = wide", "self.high = self.wide = wide");
        assert_eq!(openings(&set), []);
        assert_eq!(openings(&text.replace("self.high > 9", "self.wide > 9")), []);
    }
}

//! From what the model said to changes that are worth a check.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

use serde::{Deserialize, Serialize};
use tenfold_code::{Edit, Function, Language, Syntax, edit, reply};
use tenfold_domain::{Answer, Sample, TokenScore};

use super::mistakes;
use super::moves::{self, Generator, Move};
use super::names;
use super::prompts::{expression, lines, offset, opening, own, span};
use super::state::{Repair, Standing};
use super::swaps;
use super::targets::Target;
use super::twins;

/// A change that may mend the fault.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// Its number within the attempt, from one.
    pub id: u32,
    /// What made it.
    pub generator: Generator,
    /// Where.
    pub target: usize,
    /// The statement there that it changes, if it is one.
    #[serde(default)]
    pub unit: Option<usize>,
    /// The edits from the attempt's base.
    pub edits: Vec<Edit>,
    /// The chance that it mends the fault, before it is checked; its natural logarithm.
    pub merit: f64,
    /// Equal for candidates that differ in comments and layout only.
    pub key: u64,
}

/// Texts of several lines whose lines are candidates by themselves, of one answer at the most.
const SEVERAL: usize = 2;
/// How much likelier a change of a token is that makes a line which stands elsewhere in the file, a
/// natural logarithm: of 26 that mended a fault 3 were such, of 1,265 others 25. What the model writes
/// by itself is so too often. (Barr and others, "The Plastic Surgery Hypothesis", FSE 2014.)
const REPEATED: f64 = 1.5;
/// How long a line is that says something, in bytes.
const SAYING: usize = 8;
/// Candidates that are carried over to a part at the most.
const CARRIED: usize = 150;

/// Turns answers into candidates. Returns those worth a check, and how many were not: they
/// don't parse, repeat what was there or was tried, touch comments only, or put a statement there
/// that does nothing: a test that only wants something gone would pass with it.
pub(super) fn gather(
    state: &Repair,
    moves: &[Move],
    answers: &[Option<Answer>],
) -> (Vec<Candidate>, u32) {
    let mut sieve = Sieve::new(state);
    for (made, answer) in moves.iter().zip(answers) {
        let (Some(answer), Some(target)) = (answer, state.here.targets.get(made.target)) else {
            continue;
        };
        let Some(file) = File::of(state, target) else { continue };
        let syntax = Syntax::read(file.language, &file.text);
        let texts = ideas(target, &file.text, &syntax, made, answer);
        let from = sieve.found.len();
        let generator = made.generator;
        let unit = generator.changes_a_unit().then_some(made.unit);
        // Of what is read off a score that is in the rank.
        let idle = if generator == Generator::Token { &[][..] } else { &target.idle };
        let each = texts.into_iter().map(|(text, told)| {
            let merit = told + mistakes::taken_up(idle, &file.text, &text);
            Idea { text, generator, unit, merit }
        });
        sieve.sift(made.target, &file, &syntax, each);
        let chance = moves::chance(state, made) * moves::place(state, made);
        for (rank, candidate) in (0..).zip(&mut sieve.found[from..]) {
            candidate.merit += (chance * share(rank)).max(1e-12).ln();
        }
    }
    (sieve.found, sieve.dropped)
}

/// What was thought of where the search stands on fewer parts, put on top of those that it
/// stands on here: the other of two faults may be among it, and to find it there costs no
/// question.
pub(super) fn carried(state: &Repair) -> Option<(Vec<Candidate>, u32)> {
    let mut sieve = Sieve::new(state);
    let here = &state.here;
    let below = state.others.iter().filter(|other| other.is_below(here));
    let known = below.flat_map(|before| {
        let all = before.pool.iter().chain(&before.checked);
        all.filter(|candidate| candidate.id > here.carried).map(move |known| (before, known))
    });
    let mut known: Vec<(&Standing, &Candidate)> = known.collect();
    known.sort_by(|a, b| b.1.merit.total_cmp(&a.1.merit));
    known.truncate(CARRIED);
    if known.is_empty() {
        return None;
    }
    for (index, target) in here.targets.iter().enumerate() {
        let Some(file) = File::of(state, target) else { continue };
        let syntax = Syntax::read(file.language, &file.text);
        let ideas = known.iter().filter_map(|(before, candidate)| {
            let old = before.targets.get(candidate.target)?;
            let fresh = |edit: &&Edit| !before.base.contains(edit) && !here.base.contains(edit);
            let own: Vec<&Edit> = candidate.edits.iter().filter(fresh).collect();
            if window(here, old, own.first()?) != Some(index) {
                return None;
            }
            let base = here.base.iter().filter(|edit| edit.path == target.path);
            let edits: Vec<Edit> = base.chain(own).cloned().collect();
            // What touches the part itself can't be put on top of it.
            let text = edit::apply(file.original, &edits).ok()?;
            // It is as likely as it was, but for where the rest of the fault is now.
            let (now, then) = (mass(here, old), mass(before, old));
            let merit = candidate.merit + (now / then.max(1e-12)).max(1e-12).ln();
            Some(Idea { text, generator: candidate.generator, unit: None, merit })
        });
        sieve.sift(index, &file, &syntax, ideas);
    }
    Some((sieve.found, sieve.dropped))
}

/// The target here that is of the same function as one elsewhere: of several windows the one
/// with this edit in it.
fn window(here: &Standing, of: &Target, edit: &Edit) -> Option<usize> {
    let same = |target: &Target| (&target.path, &target.name) == (&of.path, &of.name);
    let holds = |target: &Target| same(target) && target.lines.contains(&edit.lines.start);
    let holding = here.targets.iter().position(holds);
    holding.or_else(|| here.targets.iter().position(same))
}

/// The chance that the fault is in a target's function, all of its windows together.
pub(super) fn mass(standing: &Standing, of: &Target) -> f64 {
    let same = |target: &&Target| (&target.path, &target.name) == (&of.path, &of.name);
    standing.targets.iter().filter(same).map(|target| target.mass).sum()
}

/// A text of a file that may be a candidate.
pub(super) struct Idea {
    pub(super) text: String,
    pub(super) generator: Generator,
    /// The statement that it changes, if it is one.
    pub(super) unit: Option<usize>,
    pub(super) merit: f64,
}

/// The file that a target is in.
pub(super) struct File<'s> {
    path: &'s str,
    pub(super) language: Language,
    /// As it was when the attempt began.
    pub(super) original: &'s str,
    /// With what is mended so far.
    pub(super) text: String,
}

impl<'s> File<'s> {
    pub(super) fn of(state: &'s Repair, target: &'s Target) -> Option<Self> {
        let language = Language::of(Path::new(&target.path))?;
        let original = state.here.facts.texts.get(&target.path)?;
        let text = state.text(&target.path)?;
        Some(Self { path: &target.path, language, original, text })
    }
}

/// Lets through what is worth a check.
pub(super) struct Sieve<'s> {
    state: &'s Repair,
    seen: BTreeSet<u64>,
    pub(super) found: Vec<Candidate>,
    pub(super) dropped: u32,
}

impl<'s> Sieve<'s> {
    pub(super) fn new(state: &'s Repair) -> Self {
        Self { state, seen: state.keys.clone(), found: Vec::new(), dropped: 0 }
    }

    pub(super) fn sift(
        &mut self,
        index: usize,
        file: &File<'_>,
        whole: &Syntax<'_>,
        ideas: impl Iterator<Item = Idea>,
    ) {
        let stretch = Stretch::around(&self.state.here.targets[index], file, whole);
        let own = stretch.of(&file.text);
        let syntax = Syntax::read(file.language, &own);
        let (errors, canonical) = (syntax.errors(), syntax.canonical());
        let pointless = syntax.pointless();
        for Idea { text, generator, unit, merit } in ideas {
            let other = stretch.of(&text);
            let changed = syntax.changed(&other);
            let now = changed.canonical();
            let key = stretch.key(self.state, file.path, now);
            let worse = || changed.errors() > errors || changed.pointless() > pointless;
            if now == canonical || worse() || !self.seen.insert(key) {
                self.dropped += 1;
                if let Some(known) = self.found.iter_mut().find(|candidate| candidate.key == key) {
                    // What the model says twice it means more.
                    known.merit += 0.5;
                }
                continue;
            }
            let others = self.state.here.base.iter().filter(|edit| edit.path != file.path);
            let here = edit::between(file.path, file.original, &text);
            let edits = others.cloned().chain(here).collect();
            let id = self.state.candidates + self.found.len() as u32 + 1;
            let target = index;
            self.found.push(Candidate { id, generator, target, unit, edits, merit, key });
        }
    }
}

/// The share of a generator's successes that its candidate of this rank has, from zero. Of 43
/// faults that were among the candidates of their statement's score 27 were the first, 34 among
/// the first four; the others thin out slowly.
fn share(rank: u32) -> f64 {
    if rank == 0 { 0.6 } else { 0.13 * f64::from(rank).powf(-1.2) }
}

/// The part of a file that is looked at to tell changes of it apart: the outermost function
/// around a place, where the language lets one stand by itself, else all of it. In a long file
/// that is a hundredth of the time.
struct Stretch {
    /// Bytes of the file before it, and after it.
    before: usize,
    after: usize,
    /// What is put in front, so that it parses.
    front: &'static str,
}

impl Stretch {
    fn around(target: &Target, place: &File<'_>, file: &Syntax<'_>) -> Self {
        let (language, text) = (place.language, place.text.as_str());
        let alone = matches!(language, Language::Python | Language::Rust | Language::Go);
        let functions = if alone { file.functions() } else { Vec::new() };
        let covers = |function: &&Function| {
            function.lines.start <= target.lines.start && target.lines.end <= function.lines.end
        };
        let outermost = functions.iter().filter(covers).max_by_key(|function| function.lines.len());
        let Some(function) = outermost else { return Self { before: 0, after: 0, front: "" } };
        let before = offset(text, function.lines.start);
        let after = text.len() - offset(text, function.lines.end);
        let indented = text[before..].starts_with([' ', '\t']);
        let front = if indented && language == Language::Python { "if 1:\n" } else { "" };
        Self { before, after, front }
    }

    /// The part in the file's text, or in one that differs from it inside of the part.
    fn of(&self, text: &str) -> String {
        let own = text.get(self.before..text.len().saturating_sub(self.after)).unwrap_or(text);
        format!("{}{own}", self.front)
    }

    /// Equal for changes that differ in comments and layout only.
    fn key(&self, state: &Repair, path: &str, canonical: u64) -> u64 {
        // The hasher of the standard library with fixed keys: the same in every process.
        let mut hasher = DefaultHasher::new();
        (path, &state.here.base, self.before, canonical).hash(&mut hasher);
        hasher.finish()
    }
}

/// A text of the file, and what tells more than its rank how likely it is: a natural logarithm.
type Told = (String, f64);

/// The texts of the file that an answer gives, the likeliest first.
fn ideas(
    target: &Target,
    text: &str,
    file: &Syntax<'_>,
    made: &Move,
    answer: &Answer,
) -> Vec<Told> {
    match answer {
        Answer::Infilled { alternatives, .. } => infilled(target, text, file, made, alternatives),
        Answer::Generated { samples } => {
            let each = |sample: &Sample| sample.log_probability / f64::from(sample.tokens.max(1));
            let mut samples: Vec<&Sample> = samples.iter().collect();
            samples.sort_by(|a, b| each(b).total_cmp(&each(a)));
            let texts = samples.iter().filter_map(|said| replace(target, text, made, &said.text));
            texts.map(|text| (text, 0.0)).collect()
        }
        Answer::Scored { tokens, .. } => {
            swapped(target, text, file, made, tokens).unwrap_or_default()
        }
        Answer::Turned { .. } => Vec::new(),
    }
}

/// The texts with what the model would write in a place.
fn infilled(
    target: &Target,
    text: &str,
    file: &Syntax<'_>,
    made: &Move,
    alternatives: &[Sample],
) -> Vec<Told> {
    let uses = file.uses();
    let replaced = made.generator == Generator::Line;
    let stands = span(target, made).filter(|_| replaced).map(|span| lines(text, &span));
    let told = |other: &Sample| {
        let stands = stands.as_deref().unwrap_or_default();
        mistakes::without(&target.missing, stands, &other.text)
            + names::invented(&uses, &other.text)
    };
    let mut others: Vec<(&str, f64, f64)> = alternatives
        .iter()
        .map(|other| (other.text.as_str(), told(other), other.log_probability))
        .collect();
    others.sort_by(|a, b| (b.1 + b.2).total_cmp(&(a.1 + a.2)));
    let mut several = 0;
    let each = others.into_iter().flat_map(|(other, told, _)| {
        let alone = alone(other);
        several += usize::from(!alone.is_empty());
        let alone = if several > SEVERAL { Vec::new() } else { alone };
        std::iter::once(other).chain(alone).map(move |text| (text, told))
    });
    each.filter_map(|(other, told)| Some((fill(target, text, made, other)?, told))).collect()
}

/// Each line of a text that has several, one below the other: a small model says more than is
/// missing, most often, and some of it is right.
fn alone(text: &str) -> Vec<&str> {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let lines: Vec<&str> = text.split_inclusive('\n').filter(|l| !l.trim().is_empty()).collect();
    let [first, _, ..] = lines[..] else { return Vec::new() };
    if lines.iter().all(|line| indent(line) == indent(first)) { lines } else { Vec::new() }
}

/// The texts that the score of a statement suggests. The first of them need not be likely: where
/// a name is strange, others of its rank were right and it was not.
fn swapped(
    target: &Target,
    text: &str,
    file: &Syntax<'_>,
    made: &Move,
    tokens: &[TokenScore],
) -> Option<Vec<Told>> {
    let span = span(target, made)?;
    let first = offset(text, span.start);
    let statement = lines(text, &span);
    let (around, uses) = (file.names(target.lines.clone()), file.uses());
    let comment = file.language().comment_prefix();
    let (idle, missing) = (&target.idle, &target.missing);
    let names = swaps::Names { around: &around, uses: &uses, idle, missing, comment };
    let twins = if span.len() == 1 { twins::of(text, span.start) } else { Vec::new() };
    let swaps = swaps::read(&statement, own(target, text, made, tokens), names, &twins);
    let known: BTreeSet<&str> =
        text.lines().map(str::trim).filter(|line| line.len() >= SAYING).collect();
    let with = |text: &str, from: usize, swap: &swaps::Swap| {
        let (before, after) = (text.get(..from + swap.range.start)?, from + swap.range.end);
        Some(format!("{before}{}{}", swap.with, text.get(after..)?))
    };
    let changed = swaps.iter().filter_map(|swap| {
        let repeats = known.contains(with(&statement, 0, swap)?.trim());
        let told = swap.told + if repeats { REPEATED } else { 0.0 };
        Some((with(text, first, swap)?, told))
    });
    Some(changed.collect())
}

/// The file's text with an infill in its place.
fn fill(target: &Target, text: &str, made: &Move, with: &str) -> Option<String> {
    let (from, to) = if made.generator == Generator::Expression {
        let (_, range) = expression(target, text, made)?;
        (range.start, range.end)
    } else {
        let span = span(target, made)?;
        (offset(text, span.start), offset(text, span.end))
    };
    let whole_lines = made.generator != Generator::Expression;
    let mut filled = text.get(..from)?.to_owned();
    filled.push_str(opening(target, made));
    filled.push_str(if whole_lines { with } else { with.trim_end() });
    if whole_lines && !with.is_empty() && !with.ends_with('\n') {
        filled.push('\n');
    }
    filled.push_str(text.get(to..)?);
    Some(filled)
}

/// The file's text with a function that the model wrote in its place.
fn replace(target: &Target, text: &str, made: &Move, said: &str) -> Option<String> {
    let code = code_of(said);
    if code.trim().is_empty() {
        return None;
    }
    match made.generator {
        Generator::Body => {
            let mut body = code.trim_end().to_owned();
            body.push('\n');
            Some(splice(text, target.body.start, target.body.end, &body))
        }
        Generator::Patch => patch(target, text, &code),
        Generator::Write => {
            let mut grown = text.trim_end().to_owned();
            grown.push_str("\n\n\n");
            grown.push_str(code.trim());
            grown.push('\n');
            Some(grown)
        }
        _ => {
            let old = lines(text, &target.lines);
            let own = function_of(target, &code)?;
            let mut body = reply::reindent(&own, &old);
            if !body.ends_with('\n') {
                body.push('\n');
            }
            Some(splice(text, target.lines.start, target.lines.end, &body))
        }
    }
}

fn code_of(said: &str) -> String {
    let blocks = reply::code_blocks(said);
    // The question opens a block that the stop text has closed, so most often there is none.
    blocks.into_iter().next().map_or_else(|| said.to_owned(), |block| block.text)
}

/// The function itself, out of an answer that may hold its class or its neighbours too.
fn function_of(target: &Target, code: &str) -> Option<String> {
    let language = Language::of(Path::new(&target.path))?;
    let name = target.name.rsplit(['.', ':']).next()?;
    let functions = Syntax::read(language, code).functions();
    let function = functions.iter().find(|function| function.name == name)?;
    Some(lines(code, &function.lines))
}

/// Takes `wrong lines ===== right lines` and puts the ones in place of the others.
fn patch(target: &Target, text: &str, said: &str) -> Option<String> {
    let (wrong, right) = said.split_once("=====")?;
    let wrong: Vec<&str> = wrong.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let first = wrong.first()?;
    let own: Vec<&str> = text.lines().collect();
    let end = (target.lines.end as usize).min(own.len());
    let starts = (target.lines.start as usize..end).filter(|line| own[*line].trim() == *first);
    let matching: Vec<usize> = starts
        .filter(|line| {
            wrong.iter().enumerate().all(|(i, w)| own.get(line + i).is_some_and(|o| o.trim() == *w))
        })
        .collect();
    let [line] = matching[..] else { return None };
    let right: Vec<&str> = right.lines().filter(|line| !line.trim().is_empty()).collect();
    let mut with = reply::reindent(&right.join("\n"), own[line]);
    if !with.is_empty() && !with.ends_with('\n') {
        with.push('\n');
    }
    Some(splice(text, line as u32, (line + wrong.len()) as u32, &with))
}

fn splice(text: &str, start: u32, end: u32, with: &str) -> String {
    let (from, to) = (offset(text, start), offset(text, end));
    format!("{}{with}{}", &text[..from], &text[to..])
}

#[cfg(test)]
mod tests {
    use tenfold_domain::OtherToken;

    use super::*;
    use crate::repair::{TargetKind, Unit};

    const TEXT: &str = "\
class Box:
    size = 1

    @property
    def area(self):
        def twice(x):
            return 2 * x
        return twice(self.size)


def last():
    return 3
";

    /// A function on these lines whose one statement is on the first of them.
    fn target(lines: std::ops::Range<u32>) -> Target {
        let (head, body) = (lines.start..lines.start, lines.start..lines.start);
        Target {
            path: "a.py".to_owned(),
            name: String::new(),
            kind: TargetKind::Function,
            units: vec![Unit::of(lines.start..lines.start + 1, 1.0)],
            lines,
            head,
            body,
            holder: None,
            mass: 1.0,
            idle: Vec::new(),
            missing: Vec::new(),
            why: String::new(),
        }
    }

    fn part(lines: std::ops::Range<u32>) -> Stretch {
        let target = target(lines);
        let (language, text) = (Language::Python, TEXT.to_owned());
        let place = File { path: "a.py", language, original: TEXT, text };
        Stretch::around(&target, &place, &Syntax::read(language, TEXT))
    }

    #[test]
    fn of_several_lines_each_may_be_what_is_missing() {
        assert_eq!(alone("    a += 1\n    b(a)\n"), ["    a += 1\n", "    b(a)\n"]);
        // Of a block no line stands by itself, and one line is one already.
        assert!(alone("    if a:\n        b(a)\n").is_empty() && alone("    a += 1\n").is_empty());
    }

    #[test]
    fn a_line_that_stands_elsewhere_is_likelier() {
        let text = "area = high * high\narea = high * wide\nsize = high, wide, deep\n";
        let made = Move { generator: Generator::Token, target: 0, unit: 0, depth: 0 };
        let other = |text: &str| OtherToken { text: text.to_owned(), log_probability: -0.5 };
        let token = |start, others: &[&str]| TokenScore {
            start,
            log_probability: -6.0,
            others: others.iter().copied().map(other).collect(),
        };
        let tokens = [token(0, &[]), token(13, &[" wide", " deep"]), token(18, &[])];
        let syntax = Syntax::read(Language::Python, text);
        let texts = swapped(&target(0..1), text, &syntax, &made, &tokens).unwrap();
        let told = |line: &str| texts.iter().find(|(text, _)| text.starts_with(line)).unwrap().1;
        assert_eq!(told("area = high * wide\n"), REPEATED);
        assert_eq!(told("area = high * deep\n"), 0.0);
    }

    #[test]
    fn a_line_from_between_the_same_lines_is_among_the_changes() {
        let text = "def a():\n    x = 0\n    go(x)\ndef b():\n    x = 0\n    y = cut(x)\n    go(x)\n\
                    def c():\n    x = 0\n    y = made(x, 1)\n    go(x)\n";
        let made = Move { generator: Generator::Token, target: 0, unit: 0, depth: 0 };
        let other = OtherToken { text: " made".to_owned(), log_probability: -3.0 };
        let token = |start, others: &[OtherToken]| TokenScore {
            start,
            log_probability: -1.0,
            others: others.to_vec(),
        };
        let tokens = [token(0, &[]), token(7, &[other]), token(11, &[])];
        let syntax = Syntax::read(Language::Python, text);
        let texts = swapped(&target(5..6), text, &syntax, &made, &tokens).unwrap();
        let (first, told) = &texts[0];
        assert_eq!((first.lines().nth(5), *told), (Some("    y = made(x, 1)"), REPEATED));
    }

    #[test]
    fn a_change_is_told_from_its_outermost_function_alone() {
        let method = part(5..7);
        let own = method.of(TEXT);
        assert!(own.starts_with("if 1:\n    @property\n    def area") && own.ends_with("size)\n"));
        assert_eq!(Syntax::read(Language::Python, &own).errors(), 0);
        let changed = TEXT.replace("2 * x", "2 * x * x  # more\n            ");
        assert!(
            method.of(&changed).contains("x * x  # more") && !method.of(&changed).contains("last")
        );
        // What is written at the end of a file belongs to the last function's part.
        assert!(part(12..12).of(&format!("{TEXT}\n\ndef new(): pass\n")).contains("def new"));
        // Outside of functions it is the whole file.
        assert_eq!(part(0..8).of(TEXT), TEXT);
    }
}

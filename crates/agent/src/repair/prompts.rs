//! What the model is asked: a move turned into a question.
//!
//! All questions about one place begin alike, to the letter: the task as a comment, what the
//! function stands in, the function's own lines. So the model's cache holds most of each
//! question before it is asked.

use std::fmt::Write;
use std::ops::Range;
use std::path::Path;

use tenfold_code::{Language, Syntax};
use tenfold_domain::{Ask, Generate, Infill, Message, Prompt, Score, Seed, Speaker, TokenScore};

use super::moves::{Generator, Move};
use super::state::Repair;
use super::targets::{Target, TargetKind};

/// Lines after a gap that the model sees: with seven no more faults were found than with two, at
/// fifty-four seeded ones, and they cost more than the line that is looked at.
const AFTER: u32 = 2;
/// Lines of the person's words that the model sees when it fills gaps.
const SAID: usize = 4;
/// Lines of what a test said that it sees then. The test's own text is left out: it costs
/// three times as many tokens as the function, and with it no more faults are found.
const MESSAGE: usize = 2;
/// Of a statement over more lines than these no other text is found that is worth its tokens.
pub(super) const LONG: u32 = 4;
/// Lines of the file above a function that is not written yet that the model sees.
const ABOVE: u32 = 40;
/// A function of so many lines is short, its docstring included.
const SHORT: u32 = 20;
/// Signatures of other functions that are shown with a short one.
const BESIDE: usize = 10;
/// A line of a comment is cut after this many characters.
const WIDTH: usize = 110;

/// The question that makes a move; `None` where there is nothing to ask.
pub(super) fn ask(state: &Repair, next: &Move, seed: Seed) -> Option<Ask> {
    let target = state.here.targets.get(next.target)?;
    let text = state.text(&target.path)?;
    match next.generator {
        Generator::Token => {
            let span = scored(target, &text, next)?;
            Some(Ask::Score(Score {
                prefix: before(state, target, &text, span.start),
                suffix: after(target, &text, span.end),
                text: lines(&text, &span),
            }))
        }
        Generator::Line | Generator::Gap | Generator::Hunk => fill(state, target, &text, next),
        Generator::Expression => {
            let (span, range) = expression(target, &text, next)?;
            let start = offset(&text, span.start);
            let end = offset(&text, span.end);
            let rest = after(target, &text, span.end);
            let names = beside(target, &text);
            let before = before(state, target, &text, span.start);
            Some(Ask::Infill(Infill {
                prefix: format!("{names}{before}{}", text.get(start..range.start)?),
                suffix: format!("{}{rest}", text.get(range.end..end)?),
                original: text.get(range)?.to_owned(),
                alternatives: 4,
                margin: -4.0,
                hints: target.idle.clone(),
                max_tokens: 24,
                max_lines: 1,
            }))
        }
        Generator::Body => body(state, target, &text, next, seed),
        Generator::Rewrite | Generator::Patch | Generator::Write => {
            Some(in_words(state, target, &text, next, seed))
        }
    }
}

/// The lines that are scored for a statement: its own, and those that close the blocks it is the
/// last of. Something missing before the next statement is missing behind these.
fn scored(target: &Target, text: &str, next: &Move) -> Option<Range<u32>> {
    let own = span(target, next)?;
    let Some(below) = target.units.get(next.unit + 1) else { return Some(own) };
    let between = lines(text, &(own.end..below.lines.start));
    let closes = |line: &str| line.trim().chars().all(|c| "})];,".contains(c));
    let is_closed = !between.trim().is_empty() && between.lines().all(closes);
    Some(own.start..if is_closed { below.lines.start } else { own.end })
}

/// The tokens of a scored statement that are its own.
pub(super) fn own<'t>(
    target: &Target,
    text: &str,
    made: &Move,
    tokens: &'t [TokenScore],
) -> &'t [TokenScore] {
    let length = span(target, made).map_or(0, |span| lines(text, &span).len());
    &tokens[..tokens.partition_point(|token| (token.start as usize) < length)]
}

/// Other texts for one statement, for two, or for none.
fn fill(state: &Repair, target: &Target, text: &str, next: &Move) -> Option<Ask> {
    let span = span(target, next)?;
    let unit = target.units.get(next.unit);
    let hole = unit.is_some_and(|unit| unit.hole);
    let (alternatives, margin) = match (next.generator, next.depth) {
        (Generator::Line, 0) if hole => (6, -4.0),
        (Generator::Line, 0) => (4, -1.0),
        (Generator::Line, _) if hole => (6, -9.0),
        (Generator::Line, _) => (8, -7.0),
        (Generator::Gap, 0) => (3, -4.0),
        (Generator::Gap, 1) => (6, -9.0),
        (Generator::Gap, _) => (12, -14.0),
        _ => (4, -3.0),
    };
    let height = span.end - span.start;
    let more = u32::from(next.generator != Generator::Line || next.depth > 0 || hole);
    Some(Ask::Infill(Infill {
        prefix: beside(target, text)
            + &before(state, target, text, span.start)
            + opening(target, next),
        suffix: after(target, text, span.end),
        original: lines(text, &span),
        alternatives,
        margin,
        hints: target.idle.clone(),
        max_tokens: 32 + 24 * height.min(LONG),
        max_lines: (height + more).max(1),
    }))
}

/// How what fills a gap has to begin.
pub(super) fn opening<'t>(target: &'t Target, next: &Move) -> &'t str {
    let unit = target.units.get(next.unit).filter(|_| next.generator == Generator::Line);
    unit.map_or("", |unit| &unit.opening)
}

/// Other texts for all that is below a signature.
fn body(state: &Repair, target: &Target, text: &str, next: &Move, seed: Seed) -> Option<Ask> {
    let span = span(target, next)?;
    // Most functions are short; what does not end in time is given more the next time.
    let (samples, room, temperature) = if next.depth == 0 { (4, 100, 0.6) } else { (6, 200, 0.9) };
    Some(Ask::Generate(Generate {
        prompt: Prompt::Fill {
            prefix: before(state, target, text, span.start),
            suffix: lines(text, &(span.end..span.end + AFTER)),
        },
        samples,
        max_tokens: room + 12 * (span.end - span.start).min(40),
        temperature,
        top_p: 0.95,
        seed,
        stop: stops(text, target),
        grammar: None,
    }))
}

/// The lines that a move replaces.
pub(super) fn span(target: &Target, next: &Move) -> Option<Range<u32>> {
    let unit = target.units.get(next.unit);
    match next.generator {
        Generator::Token | Generator::Line | Generator::Expression => {
            unit.map(|unit| unit.lines.clone())
        }
        Generator::Gap => {
            let last = target.units.last()?.lines.end;
            let at = unit.map_or(last, |unit| unit.lines.start);
            Some(at..at)
        }
        Generator::Hunk => {
            let (first, second) = (unit?, target.units.get(next.unit + 1)?);
            Some(first.lines.start..second.lines.end)
        }
        Generator::Body => (!target.body.is_empty()).then(|| target.body.clone()),
        Generator::Rewrite | Generator::Patch | Generator::Write => Some(target.lines.clone()),
    }
}

/// The lines and the bytes of the expression that a move replaces: the larger first, the
/// deeper the smaller.
pub(super) fn expression(
    target: &Target,
    text: &str,
    next: &Move,
) -> Option<(Range<u32>, Range<usize>)> {
    let span = target.units.get(next.unit)?.lines.clone();
    let language = Language::of(Path::new(&target.path))?;
    let expressions = Syntax::read(language, text).expressions(span.start);
    Some((span, expressions.get(usize::from(next.depth))?.clone()))
}

/// Where a line begins, in bytes.
pub(super) fn offset(text: &str, line: u32) -> usize {
    text.split_inclusive('\n').take(line as usize).map(str::len).sum()
}

/// Some lines of a text, as they stand.
pub(super) fn lines(text: &str, range: &Range<u32>) -> String {
    let count = range.end.saturating_sub(range.start) as usize;
    text.split_inclusive('\n').skip(range.start as usize).take(count).collect()
}

/// What the model sees before a line of a target.
fn before(state: &Repair, target: &Target, text: &str, line: u32) -> String {
    let context = context(state, target, text);
    // A part of a long function is shown below the function's signature.
    let part = target.head.end <= target.lines.start.min(line);
    let head = if part { lines(text, &target.head) } else { String::new() };
    format!("{context}{head}{}", lines(text, &(target.lines.start..line)))
}

/// What the model sees after a line of a target.
fn after(target: &Target, text: &str, line: u32) -> String {
    lines(text, &(line..(line + AFTER).min(target.lines.end)))
}

/// What comes before a target's own lines: the task as a comment, and what it stands in. What
/// is not written yet is shown below the code above it, whose names it will use, and the test
/// says what it should do; that it is not there says nothing, and would only be repeated.
fn context(state: &Repair, target: &Target, text: &str) -> String {
    let stub = target.kind == TargetKind::Stub;
    let mut context = if stub { above(target, text) } else { String::new() };
    let mark = Language::of(Path::new(&target.path)).map_or("#", Language::comment_prefix);
    let mut comment = |line: &str| {
        let line: String = line.chars().take(WIDTH).collect();
        // Writing to a string does not fail.
        let _ = writeln!(context, "{mark} {line}");
    };
    for line in state.setup.text.lines().take(SAID) {
        comment(line);
    }
    let facts = &state.here.facts;
    if stub {
        facts.test.lines().for_each(&mut comment);
        return context;
    }
    facts.message.lines().take(MESSAGE).for_each(&mut comment);
    context.push('\n');
    if let Some(holder) = target.holder {
        context.push_str(&lines(text, &(holder..holder + 1)));
    }
    context
}

/// The signatures of the functions around a short one, as comments: what is written anew in it
/// may call them, and there is little else to tell that they are there.
fn beside(target: &Target, text: &str) -> String {
    let mut names = String::new();
    let height = target.lines.end - target.head.start;
    let Some(language) = Language::of(Path::new(&target.path)) else { return names };
    if target.kind != TargetKind::Function || height > SHORT {
        return names;
    }
    let mut others = Syntax::read(language, text).functions();
    others.retain(|other| !other.is_test && other.lines != target.lines);
    others.sort_by_key(|other| other.lines.start.abs_diff(target.lines.start));
    others.truncate(BESIDE);
    others.sort_by_key(|other| other.lines.start);
    for other in others {
        let line = lines(text, &(other.header.start..other.header.start + 1));
        let line: String =
            line.trim().trim_end_matches(['{', ':', ' ']).chars().take(WIDTH).collect();
        let _ = writeln!(names, "{} {line}", language.comment_prefix());
    }
    names
}

/// The lines of the file above a target.
fn above(target: &Target, text: &str) -> String {
    let start = target.lines.start;
    let first = start.saturating_sub(ABOVE);
    let holder = target.holder.filter(|holder| *holder < first);
    let holder = holder.map_or_else(String::new, |holder| lines(text, &(holder..holder + 1)));
    format!("{holder}{}", lines(text, &(first..start)))
}

/// What ends a body: the next thing at the function's own level.
fn stops(text: &str, target: &Target) -> Vec<String> {
    let header = lines(text, &(target.head.start..target.head.start + 1));
    let indent: String = header.chars().take_while(|c| c.is_whitespace() && *c != '\n').collect();
    match Language::of(Path::new(&target.path)) {
        Some(Language::Python) => ["def ", "class ", "@", "if __name__", "# ", "print("]
            .iter()
            .map(|word| format!("\n{indent}{word}"))
            .collect(),
        _ => vec![format!("\n{indent}}}")],
    }
}

fn in_words(state: &Repair, target: &Target, text: &str, next: &Move, seed: Seed) -> Ask {
    let height = target.lines.end - target.lines.start;
    let code = lines(text, &target.lines);
    let fence = Language::of(Path::new(&target.path)).map_or("", Language::name).to_lowercase();
    let failure = failure(state);
    let path = &target.path;
    let task = if state.setup.text.is_empty() {
        String::new()
    } else {
        format!("The task: {}\n\n", state.setup.text)
    };
    let wanted = match (next.generator, target.kind) {
        (Generator::Write, _) => format!(
            "`{}` is missing from {path}. Write it. Reply with one code block that holds only \
             the new code, imports it needs first.",
            target.name
        ),
        (Generator::Patch, _) => format!(
            "Code from {path}:\n```{fence}\n{code}```\nIt has a mistake in one line or two. \
             Reply with one code block that holds only the wrong lines, then a line `=====`, \
             then the corrected lines."
        ),
        (_, TargetKind::Stub) => format!(
            "From {path}:\n```{fence}\n{}{code}```\n`{}` is not written yet. Write it. Reply \
             with one code block that holds this function and no other.",
            above(target, text),
            target.name
        ),
        _ => format!(
            "A function of {path}:\n```{fence}\n{code}```\nIt has a mistake. Reply with one \
             code block that holds the whole corrected function, and change nothing else."
        ),
    };
    let content = format!("{task}{failure}{wanted}");
    let system = "You are a careful programmer. You answer with code only.".to_owned();
    let (samples, max_tokens) = match next.generator {
        Generator::Patch => (6, 90),
        Generator::Write => (4, 320),
        _ if target.kind == TargetKind::Stub => (4, 240),
        _ => (4, 60 + 14 * height),
    };
    Ask::Generate(Generate {
        prompt: Prompt::Chat {
            messages: vec![
                Message { role: Speaker::System, content: system },
                Message { role: Speaker::User, content },
            ],
            opening: format!("```{fence}\n"),
        },
        samples,
        max_tokens,
        temperature: if next.depth == 0 { 0.5 } else { 0.9 },
        top_p: 0.95,
        seed,
        stop: vec!["\n```".to_owned()],
        grammar: None,
    })
}

fn failure(state: &Repair) -> String {
    let mut text = String::new();
    if !state.here.facts.test.is_empty() {
        let _ = write!(text, "This test fails:\n```\n{}\n```\n", state.here.facts.test);
    }
    let message: Vec<&str> = state.here.facts.message.lines().take(12).collect();
    if !message.is_empty() {
        let _ = write!(text, "It says:\n```\n{}\n```\n", message.join("\n"));
    } else if let Some(seen) = &state.here.seen {
        let excerpt: Vec<&str> = seen.excerpt.lines().take(20).collect();
        let _ = write!(text, "The check says:\n```\n{}\n```\n", excerpt.join("\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repair::targets::Unit;

    const CODE: &str = "\
fn f(x: u32) -> u32 {
    if x > 1 {
        return x;
    }

    let y = x + 1;
    y
}
";

    #[test]
    fn a_statement_is_scored_with_what_closes_its_block() {
        let units = [1..2, 2..3, 5..6, 6..7].map(|lines| Unit::of(lines, 1.0)).to_vec();
        let target = Target {
            path: "f.rs".to_owned(),
            name: "f".to_owned(),
            kind: TargetKind::Function,
            lines: 0..8,
            head: 0..1,
            body: 1..7,
            holder: None,
            mass: 1.0,
            units,
            idle: Vec::new(),
            missing: Vec::new(),
            why: String::new(),
        };
        let made = |unit| Move { generator: Generator::Token, target: 0, unit, depth: 0 };
        let spans = [0, 1, 2, 3].map(|unit| scored(&target, CODE, &made(unit)).unwrap());
        assert_eq!(spans, [1..2, 2..5, 5..6, 6..7]);
        let token = |start| TokenScore { start, log_probability: -1.0, others: Vec::new() };
        let tokens = [token(0), token(8), token(17), token(18), token(23)];
        assert_eq!(own(&target, CODE, &made(1), &tokens).len(), 3);
    }
}

//! What node itself prints: its test runner, in both of its forms, and uncaught errors.

use super::Frame;
use super::found::Found;
use super::lines::{group, number, pattern};
use super::python::trimmed;

pattern! {
    // The line of a stack: `at f (path:1:2)`, `at path:1:2`, vitest's `❯ f path:1:2`.
    AT = r"^\s*(?:at |❯ )(?:async )?(?:(.+?) \(|(?:(\S+) )??)((?:file://)?[^\s()]+?):(\d+):\d+\)?,?(?: \{)?$";
    TAP_STACK = r"^\s+(?:async )?(?:(.+?) \()?((?:file://)?/[^\s()]+?):(\d+):\d+\)?$";
    NOT_OK = r"^( *)not ok \d+ - (.+?)(?: # .*)?$";
    OK = r"^ *ok \d+ - ";
    SUBTEST = r"^( *)# Subtest: (.+)$";
    TAP_TOTAL = r"^(?:# |ℹ )(pass|fail|cancelled) (\d+)$";
    KEY = r"^ *(error|expected|actual|stack|failureType|type): ?(.*)$";
    SPEC_FAILED = r"^( *)✖ (.+?) \([\d.]+ms\)(?: # .*)?$";
    SPEC_GROUP = r"^( *)▶ (.+?)(?: \([\d.]+ms\))?$";
    THROWN = r"^((?:file://)?/?[^\s:]+\.[cm]?[jt]sx?):(\d+)$";
    ERROR = r"^(?:Uncaught )?(?:[A-Z]\w*)?(?:Error|Exception)\b(?: \[\w+\])?(?:: .*)?$";
}

pub(super) fn frame(path: &str, line: u32, function: &str) -> Frame {
    let path = path.strip_prefix("file://").unwrap_or(path);
    let path = path.strip_prefix("./").unwrap_or(path).to_owned();
    let named = !function.is_empty() && !function.contains("<anonymous>");
    let function = function.strip_prefix("async ").unwrap_or(function);
    let function = function.split(" [as").next().unwrap_or(function);
    Frame { path, line, function: named.then(|| function.to_owned()) }
}

/// The frames on these lines, innermost last: node prints it first.
pub(super) fn frames(lines: &[&str]) -> Vec<Frame> {
    stack(lines.iter().filter_map(|line| AT.captures(line)).map(|at| {
        let function = if at.get(1).is_some() { group(&at, 1) } else { group(&at, 2) };
        frame(group(&at, 3), number(&at, 4), function)
    }))
}

fn stack(frames: impl Iterator<Item = Frame>) -> Vec<Frame> {
    let own = frames.filter(|frame| {
        let path = &frame.path;
        !path.starts_with("node:") && !path.starts_with('[') && !path.contains("node_modules/")
    });
    let mut frames: Vec<Frame> = own.collect();
    frames.reverse();
    frames
}

/// The lines before the stack and before the excerpt of the source.
pub(super) fn message(lines: &[&str]) -> String {
    let source = |line: &str| {
        let line = line.trim_start().trim_start_matches("> ").trim_start();
        let digits = line.len() - line.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        digits > 0 && line[digits..].trim_start().starts_with('|')
    };
    let told = lines.iter().take_while(|line| !AT.is_match(line) && !source(line));
    let told: Vec<&str> = told.map(|line| line.trim_end()).collect();
    let indent = |line: &&str| line.len() - line.trim_start_matches(' ').len();
    let least = told.iter().filter(|line| !line.is_empty()).map(indent).min().unwrap_or(0);
    let told: Vec<&str> = told.iter().map(|line| line.get(least..).unwrap_or("")).collect();
    told.join("\n").trim().to_owned()
}

/// `node --test`.
pub(super) fn read(lines: &[&str], found: &mut Found) {
    let totals = lines.iter().filter_map(|line| TAP_TOTAL.captures(line));
    let totals: Vec<(bool, u32)> =
        totals.map(|total| (group(&total, 1) == "pass", number(&total, 2))).collect();
    let tap = lines.iter().any(|line| line.starts_with("TAP version"));
    if totals.is_empty() && !tap {
        return;
    }
    for (passed, count) in totals {
        if passed { found.add_passed(count) } else { found.add_failed(count) }
    }
    if tap {
        self::tap(lines, found);
    } else {
        spec(lines, found);
    }
}

fn tap(lines: &[&str], found: &mut Found) {
    // The groups that are open, with their indentation.
    let mut open: Vec<(usize, &str)> = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        if let Some(subtest) = SUBTEST.captures(lines[at]) {
            let indent = group(&subtest, 1).len();
            open.retain(|(outer, _)| *outer < indent);
            open.push((indent, group(&subtest, 2)));
        }
        let Some(failed) = NOT_OK.captures(lines[at]) else {
            found.take(at..at + usize::from(OK.is_match(lines[at])));
            at += 1;
            continue;
        };
        let indent = group(&failed, 1).len();
        let ends = |line: &&str| line.trim() == "...";
        let end = lines[at + 1..].iter().position(ends).map_or(lines.len(), |n| at + 1 + n);
        let outer = open.iter().filter(|(outer, _)| *outer < indent).map(|(_, name)| *name);
        let name: Vec<&str> = outer.chain([group(&failed, 2)]).collect();
        if lines.get(at + 1).is_some_and(|line| line.trim() == "---") {
            yaml(lines, at + 2..end, &name.join(" > "), found);
        } else {
            found.test(&name.join(" > "));
        }
        found.take(at..end);
        at = end;
    }
}

/// The block of facts below a failed TAP test.
fn yaml(lines: &[&str], block: std::ops::Range<usize>, name: &str, found: &mut Found) {
    let (mut key, mut error) = ("", Vec::new());
    let (mut expected, mut actual) = (None, None);
    for line in &lines[block.clone()] {
        let indent = line.len() - line.trim_start().len();
        let least = lines[block.start].len() - lines[block.start].trim_start().len();
        if let Some(found) = KEY.captures(line).filter(|_| indent <= least) {
            let value = group(&found, 2).trim_matches(['\'', '"']);
            key = found.get(1).map_or("", |key| key.as_str());
            match key {
                "failureType" | "type" if value == "subtestsFailed" || value == "suite" => return,
                "error" if !value.starts_with('|') => error.push(value),
                "expected" => expected = Some(value.to_owned()),
                "actual" => actual = Some(value.to_owned()),
                _ => {}
            }
        } else if indent <= least {
            key = "";
        } else if key == "error" {
            error.push(line.trim());
        }
    }
    let frames = lines[block.clone()].iter().filter_map(|line| TAP_STACK.captures(line));
    let frames = stack(frames.map(|f| frame(group(&f, 2), number(&f, 3), group(&f, 1))));
    let case = found.test(name);
    case.tell(error.join("\n").trim(), frames, block);
    if let (Some(expected), Some(actual)) = (expected, actual)
        && !expected.is_empty()
        && !actual.is_empty()
    {
        case.pair = Some((expected, actual));
    }
}

fn spec(lines: &[&str], found: &mut Found) {
    // What follows the list of failing tests says everything once more, without the groups.
    let last = lines.iter().position(|line| line.starts_with("✖ failing tests"));
    let last = last.unwrap_or(lines.len());
    found.take(last..lines.len());
    let mut open: Vec<(usize, &str)> = Vec::new();
    for at in 0..last {
        if let Some(suite) = SPEC_GROUP.captures(lines[at]) {
            let indent = group(&suite, 1).len();
            open.retain(|(outer, _)| *outer < indent);
            open.push((indent, group(&suite, 2)));
        }
        let Some(failed) = SPEC_FAILED.captures(lines[at]) else { continue };
        let indent = group(&failed, 1).len();
        let name = group(&failed, 2);
        if open.last() == Some(&(indent, name)) {
            // A group that ends, and fails because of what is in it.
            open.pop();
            continue;
        }
        open.retain(|(outer, _)| *outer < indent);
        let inside = |line: &&str| line.is_empty() || line.starts_with(&" ".repeat(indent + 1));
        let length = lines[at + 1..last]
            .iter()
            .take_while(|line| inside(line) && !SPEC_FAILED.is_match(line));
        let stretch = trimmed(lines, at + 1..at + 1 + length.count());
        let part = &lines[stretch.clone()];
        let full: Vec<&str> = open.iter().map(|(_, name)| *name).chain([name]).collect();
        found.test(&full.join(" > ")).tell(&message(part), frames(part), stretch);
    }
}

/// An error that ended a program.
pub(super) fn uncaught(lines: &[&str], found: &mut Found) {
    for at in 0..lines.len() {
        if found.is_taken(at) || !ERROR.is_match(lines[at]) {
            continue;
        }
        let stack = lines[at + 1..].iter().take_while(|line| AT.is_match(line)).count();
        if stack == 0 {
            continue;
        }
        let end = at + 1 + stack;
        let mut frames = frames(&lines[at + 1..end]);
        let thrown = lines[at.saturating_sub(6)..at].iter().rev();
        if let Some(place) = thrown.filter_map(|line| THROWN.captures(line)).next()
            && frames.is_empty()
        {
            frames.push(frame(group(&place, 1), number(&place, 2), ""));
        }
        found.problem(lines[at].to_owned(), frames, at..end);
        found.take(at..end);
    }
}

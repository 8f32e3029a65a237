//! What `go test` and the Go compiler print.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use serde_json::Value;

use super::Frame;
use super::found::Found;
use super::lines::{group, number, pattern};
use super::python::trimmed;

pattern! {
    RESULT = r"^( *)--- (FAIL|PASS|SKIP): (\S+) \([\d.]+s\)$";
    RUNNING = r"^=== (?:RUN|NAME|CONT) +(\S+)$";
    PACKAGE = r"^(FAIL|ok|---)\s+(\S+)\s+(?:[\d.]+s|\(cached\)|\[.*\])";
    PLACE = r"^\s+(\S+\.go):(\d+): ?(.*)$";
    COMPILE = r"^(?:vet: )?(\S+\.go):(\d+):\d+: (.+)$";
    STACK_PLACE = r"^\t(\S+\.go):(\d+)(?: \+0x[0-9a-f]+)?$";
    STACK_FUNCTION = r"^(\S+?)\([^()]*\)$|^created by (\S+)";
    PANIC = r"^(?:panic|fatal error): (.+)$";
    PANICKED = r"^--- FAIL: (\S+)";
}

/// Turns the lines of `go test -json` into those that plain `go test` would have printed, the
/// output of each test together.
pub(super) fn unpacked(output: &str) -> Cow<'_, str> {
    if !output.lines().any(|line| line.starts_with("{\"Time\":") || line.contains("\"Action\":\""))
    {
        return Cow::Borrowed(output);
    }
    let mut order: Vec<(String, String)> = Vec::new();
    let mut texts: HashMap<(String, String), String> = HashMap::new();
    for line in output.lines() {
        let value: Option<Value> = serde_json::from_str(line).ok();
        let text = |key: &str| {
            let value = value.as_ref().and_then(|value| value.get(key)?.as_str());
            value.unwrap_or("").to_owned()
        };
        let (package, test) = (text("Package"), text("Test"));
        let said = if value.is_some() { text("Output") } else { format!("{line}\n") };
        // The output of a test comes before that of its package, as its verdict does.
        let top = test.split('/').next().unwrap_or("").to_owned();
        let key = (package, if top.is_empty() { "\u{10FFFF}".to_owned() } else { top });
        if !texts.contains_key(&key) {
            order.push(key.clone());
        }
        texts.entry(key).or_default().push_str(&said);
    }
    order.sort_by_key(|(package, test)| (package.clone(), test == "\u{10FFFF}"));
    Cow::Owned(order.iter().map(|key| texts[key].as_str()).collect())
}

pub(super) fn read(lines: &[&str], found: &mut Found) {
    let go = lines
        .iter()
        .any(|line| RESULT.is_match(line) || PACKAGE.is_match(line) || line.starts_with("# "));
    if !go {
        return;
    }
    let packages = packages(lines);
    let said = said_before(lines, &packages);
    let mut open: Vec<usize> = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        if let Some(error) = COMPILE.captures(line) {
            let frame = frame(group(&error, 1), number(&error, 2), None);
            found.problem(group(&error, 3).to_owned(), vec![frame], at..at + 1);
            found.take(at..at + 1);
        }
        let Some(result) = RESULT.captures(line) else { continue };
        match group(&result, 2) {
            "PASS" if !group(&result, 3).contains('/') => found.add_passed(1),
            "FAIL" => open.push(at),
            _ => {}
        }
    }
    for (index, &at) in open.iter().enumerate() {
        let next = open.get(index + 1).copied().unwrap_or(lines.len());
        section(lines, at..next, &packages, &said, found);
    }
}

/// For each line the package whose verdict comes after it.
fn packages<'t>(lines: &[&'t str]) -> Vec<&'t str> {
    let mut packages = vec![""; lines.len()];
    let mut package = "";
    for at in (0..lines.len()).rev() {
        if let Some(found) = PACKAGE.captures(lines[at]) {
            package = group(&found, 2);
        }
        packages[at] = package;
    }
    packages
}

fn section(
    lines: &[&str],
    Range { start: at, end: next }: Range<usize>,
    packages: &[&str],
    said: &HashMap<(&str, &str), Range<usize>>,
    found: &mut Found,
) {
    let Some(result) = RESULT.captures(lines[at]) else { return };
    let name = group(&result, 3);
    let full = match packages[at] {
        "" => name.to_owned(),
        package => format!("{package} {name}"),
    };
    let end = section_end(lines, at, next);
    let stretch = match said.get(&(packages[at], name)) {
        Some(said) if end == at + 1 => said.clone(),
        _ => trimmed(lines, at + 1..end),
    };
    let (message, frames) = told(&lines[stretch.clone()]);
    // A group fails because of its subtests: it is told only if it says something itself.
    let group_of_others = message.is_empty()
        && lines
            .get(end)
            .and_then(|line| RESULT.captures(line))
            .is_some_and(|inner| group(&inner, 3).starts_with(&format!("{name}/")));
    if !group_of_others {
        found.test(&full).tell(&message, frames, stretch.clone());
    }
    found.take(at..end);
}

/// What a failed test said comes below its verdict, further in; a panic to the end of the
/// package.
fn section_end(lines: &[&str], at: usize, next: usize) -> usize {
    let package = |line: &usize| PACKAGE.is_match(lines[*line]);
    if lines.get(at + 1).is_some_and(|line| PANIC.is_match(line)) {
        return (at + 1..next).find(package).unwrap_or(next);
    }
    let indent = |line: &str| line.len() - line.trim_start().len();
    let own = indent(lines[at]);
    let ends = |line: &usize| {
        let text = lines[*line];
        !text.is_empty() && indent(text) <= own || RESULT.is_match(text)
    };
    (at + 1..next).find(ends).unwrap_or(next)
}

/// With `-v` and `-json` what a test said comes before its verdict, below its name.
fn said_before<'t>(
    lines: &[&'t str],
    packages: &[&'t str],
) -> HashMap<(&'t str, &'t str), Range<usize>> {
    let mut said = HashMap::new();
    let mut at = 0;
    while at < lines.len() {
        let Some(running) = RUNNING.captures(lines[at]) else {
            at += 1;
            continue;
        };
        let ends = |line: &&str| line.starts_with("=== ") || line.trim_start().starts_with("--- ");
        let end = lines[at + 1..].iter().position(ends).map_or(lines.len(), |n| at + 1 + n);
        let stretch = trimmed(lines, at + 1..end);
        if !stretch.is_empty() {
            said.insert((packages[at], group(&running, 1)), stretch);
        }
        at = end;
    }
    said
}

fn told(part: &[&str]) -> (String, Vec<Frame>) {
    let (mut message, mut frames, mut stack) = (Vec::new(), Vec::new(), Vec::new());
    let mut function = None;
    for line in part {
        if let Some(place) = STACK_PLACE.captures(line) {
            let path = group(&place, 1);
            if !path.contains("/src/runtime/") && !path.contains("/src/testing/") {
                stack.push(frame(path, number(&place, 2), function.take()));
            }
        } else if let Some(place) = PLACE.captures(line) {
            message.push(group(&place, 3));
            frames.push(frame(group(&place, 1), number(&place, 2), None));
        } else if let Some(panic) = PANIC.captures(line) {
            message.push(group(&panic, 1));
        } else if let Some(found) = STACK_FUNCTION.captures(line) {
            function = found.get(1).or(found.get(2)).map(|name| name.as_str().to_owned());
        } else if line.starts_with("        ") && !PANICKED.is_match(line) {
            message.push(line.trim());
        }
    }
    // A stack is printed innermost first.
    stack.reverse();
    frames.extend(stack);
    (message.join("\n").trim().to_owned(), frames)
}

fn frame(path: &str, line: u32, function: Option<String>) -> Frame {
    Frame { path: path.strip_prefix("./").unwrap_or(path).to_owned(), line, function }
}

//! What unittest prints, and what doctest prints by itself.

use super::found::Found;
use super::lines::{group, number, pattern};
use super::python;

pattern! {
    RULE = r"^={70}$";
    THIN = r"^-{70}$";
    TITLE = r"^(?:FAIL|ERROR|UNEXPECTED SUCCESS): (.+)$";
    NAME = r"^(\S+) \(([^)]+)\)";
    RAN = r"^Ran (\d+) tests? in ";
    COUNTS = r"(failures|errors|unexpected successes)=(\d+)";
    SKIPPED = r"(?:skipped|expected failures)=(\d+)";
    STARS = r"^\*{10,}$";
    EXAMPLE = r#"^File "([^"]+)", line (\d+), in (\S+)$"#;
}

pub(super) fn read(lines: &[&str], found: &mut Found) {
    let mut at = 0;
    while at + 1 < lines.len() {
        if RULE.is_match(lines[at])
            && let Some(title) = TITLE.captures(lines[at + 1])
        {
            let rule = |line: &&str| RULE.is_match(line) || RAN.is_match(line);
            let end = lines[at + 2..].iter().position(rule).map_or(lines.len(), |n| at + 2 + n);
            section(lines, group(&title, 1), at + 1..end, found);
            at = end;
            continue;
        }
        at += 1;
    }
    totals(lines, found);
}

fn section(lines: &[&str], title: &str, whole: std::ops::Range<usize>, found: &mut Found) {
    found.take(whole.clone());
    let mut stretch = python::trimmed(lines, whole);
    if THIN.is_match(lines[stretch.end - 1]) {
        stretch = python::trimmed(lines, stretch.start..stretch.end - 1);
    }
    let part = &lines[stretch.clone()];
    let captured = part.iter().position(|line| matches!(*line, "Stdout:" | "Stderr:"));
    let part = &part[..captured.unwrap_or(part.len())];
    let mut message = python::message(part);
    if message.is_empty() {
        message = part.last().map_or(String::new(), |line| (*line).to_owned());
    }
    found.test(&dotted(title)).tell(&message, python::frames(part), stretch);
}

/// `test_a (pkg.module.Class)` and `test_a (pkg.module.Class.test_a)` are both called
/// `pkg.module.Class.test_a` on the command line.
fn dotted(title: &str) -> String {
    let Some(name) = NAME.captures(title) else { return title.to_owned() };
    let (method, place) = (group(&name, 1), group(&name, 2));
    if let Some(module) = place.strip_prefix("unittest.loader._FailedTest") {
        return module.strip_prefix('.').unwrap_or(method).to_owned();
    }
    if matches!(method, "setUpClass" | "tearDownClass" | "setUpModule" | "tearDownModule") {
        return place.to_owned();
    }
    if place.rsplit('.').next() == Some(method) {
        return place.to_owned();
    }
    format!("{place}.{method}")
}

fn totals(lines: &[&str], found: &mut Found) {
    for (at, line) in lines.iter().enumerate() {
        let Some(ran) = RAN.captures(line) else { continue };
        let end = (at + 4).min(lines.len());
        let Some(verdict) = lines[at..end].iter().find(|line| line.starts_with("FAILED (")) else {
            if lines[at..end].iter().any(|line| line.starts_with("OK")) {
                found.add_passed(number(&ran, 1));
            }
            continue;
        };
        let sum = |pattern: &regex::Regex, index| -> u32 {
            pattern.captures_iter(verdict).map(|count| number(&count, index)).sum()
        };
        let failed = sum(&COUNTS, 2);
        found.add_failed(failed);
        let skipped = sum(&SKIPPED, 1);
        found.add_passed(number(&ran, 1).saturating_sub(failed).saturating_sub(skipped));
        found.take(at..end);
    }
}

/// The failed examples that doctest prints by itself.
pub(super) fn doctests(lines: &[&str], found: &mut Found) {
    for at in 0..lines.len() {
        if !STARS.is_match(lines[at]) || at + 2 >= lines.len() || found.is_taken(at) {
            continue;
        }
        let Some(example) = EXAMPLE.captures(lines[at + 1]) else { continue };
        if lines[at + 2] != "Failed example:" {
            continue;
        }
        let stars = |line: &&str| STARS.is_match(line);
        let end = lines[at + 1..].iter().position(stars).map_or(lines.len(), |n| at + 1 + n);
        let part = &lines[at + 1..end];
        let told = part
            .iter()
            .position(|line| line.starts_with("Expected") || line.starts_with("Exception raised"));
        let message = part[told.unwrap_or(0)..].join("\n");
        let frame = python::frame(group(&example, 1), number(&example, 2), group(&example, 3));
        let mut frames = vec![frame];
        let deeper = python::frames(&part[1..]);
        frames.extend(deeper.into_iter().filter(|frame| !frame.path.ends_with("/doctest.py")));
        found.test(group(&example, 3)).tell(&message, frames, at + 1..end);
        found.take(at..end);
    }
}

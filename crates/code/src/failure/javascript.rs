//! What jest, vitest, mocha and the TypeScript compiler print.

use std::ops::Range;

use super::found::Found;
use super::lines::{group, number, pattern};
use super::node;
use super::python::trimmed;

pattern! {
    JEST_FILE = r"^ ?(?:FAIL|PASS) +(?:\S+ )??(\S+\.[cm]?[jt]sx?)(?: \(.*\))?$";
    JEST_TEST = r"^ +● (.+)$";
    JEST_TOTAL = r"^Tests: +(?:(\d+) failed, )?.*?(?:(\d+) passed, )?\d+ total$";
    VITEST_TEST = r"^ ?FAIL +(?:\|[^|]*\| )?(\S+\.[cm]?[jt]sx?)((?: > .+)?)(?: \[ .* \])?$";
    VITEST_TOTAL = r"^ +Tests +(?:(\d+) failed)?(?: \| )?(?:(\d+) passed)?";
    VITEST_RULE = r"^⎯+(?:\[\d+/\d+\]⎯*)?$";
    MOCHA_PASSING = r"^ +(\d+) passing(?: \(.*\))?$";
    MOCHA_FAILING = r"^ +(\d+) failing$";
    MOCHA_TEST = r"^( +)\d+\) (\S.*?):?$";
    TSC = r"^(\S[^(:]*\.[cm]?tsx?)[(:](\d+)[,:](\d+)\)?(?::| -) error (TS\d+: .+)$";
}

pub(super) fn read(lines: &[&str], found: &mut Found) {
    let jest = lines.iter().any(|line| JEST_TEST.is_match(line))
        && lines.iter().any(|line| JEST_FILE.is_match(line));
    if jest {
        self::jest(lines, found);
    }
    if lines.iter().any(|line| VITEST_RULE.is_match(line)) {
        vitest(lines, found);
    }
    if let Some(at) = lines.iter().position(|line| MOCHA_FAILING.is_match(line)) {
        mocha(lines, at, found);
    }
    tsc(lines, found);
}

fn jest(lines: &[&str], found: &mut Found) {
    let (mut file, mut at) = (String::new(), 0);
    while at < lines.len() {
        if let Some(path) = JEST_FILE.captures(lines[at]) {
            file = plain_path(group(&path, 1));
        } else if let Some(total) = JEST_TOTAL.captures(lines[at]) {
            found.add_failed(number(&total, 1));
            found.add_passed(number(&total, 2));
        } else if lines[at].starts_with("Summary of all failing tests") {
            // What follows repeats what was said.
            found.take(at..lines.len());
        } else if let Some(title) = JEST_TEST.captures(lines[at])
            && !found.is_taken(at)
        {
            let ends = |line: &&str| {
                JEST_TEST.is_match(line) || !line.is_empty() && !line.starts_with("  ")
            };
            let end = lines[at + 1..].iter().position(ends).map_or(lines.len(), |n| at + 1 + n);
            let title = group(&title, 1);
            let name = if title.starts_with("Test suite failed to run") {
                file.clone()
            } else {
                format!("{file} > {}", title.replace(" › ", " > "))
            };
            if title != "Console" {
                tell(lines, at + 1..end, &name, found);
            }
            found.take(at..end);
            at = end;
            continue;
        }
        at += 1;
    }
}

fn vitest(lines: &[&str], found: &mut Found) {
    let mut at = 0;
    while at < lines.len() {
        if let Some(total) = VITEST_TOTAL.captures(lines[at]) {
            found.add_failed(number(&total, 1));
            found.add_passed(number(&total, 2));
        }
        let Some(test) = VITEST_TEST.captures(lines[at]).filter(|_| !found.is_taken(at)) else {
            at += 1;
            continue;
        };
        let ends = |line: &&str| VITEST_RULE.is_match(line);
        let end = lines[at + 1..].iter().position(ends).map_or(lines.len(), |n| at + 1 + n);
        // Tests that failed in the same way are listed above one another.
        let more = lines[at + 1..end].iter().take_while(|line| VITEST_TEST.is_match(line)).count();
        let name = format!("{}{}", group(&test, 1), group(&test, 2));
        tell(lines, at + 1 + more..end, name.trim(), found);
        found.take(if more > 0 { at..at + 1 } else { at..end });
        at = if more > 0 { at + 1 } else { end };
    }
}

/// The failures of mocha's spec reporter: a number, then the groups, one further in each time.
fn mocha(lines: &[&str], total: usize, found: &mut Found) {
    let failing = MOCHA_FAILING.captures(lines[total]).map_or(0, |count| number(&count, 1));
    found.add_failed(failing);
    let passing = lines.iter().find_map(|line| MOCHA_PASSING.captures(line));
    found.add_passed(passing.map_or(0, |count| number(&count, 1)));
    let mut at = total + 1;
    while at < lines.len() {
        let Some(first) = MOCHA_TEST.captures(lines[at]).filter(|test| group(test, 1).len() == 2)
        else {
            at += 1;
            continue;
        };
        let next = |line: &&str| MOCHA_TEST.captures(line).is_some_and(|t| group(&t, 1).len() == 2);
        let end = lines[at + 1..].iter().position(next).map_or(lines.len(), |n| at + 1 + n);
        let mut names = vec![group(&first, 2)];
        let mut body = at + 1;
        while !lines[body - 1].ends_with(':') && body < end && !lines[body].is_empty() {
            names.push(lines[body].trim().trim_end_matches(':'));
            body += 1;
        }
        tell(lines, body..end, &names.join(" > "), found);
        found.take(at..end);
        at = end;
    }
}

/// Adds what a stretch of lines says about a test.
fn tell(lines: &[&str], stretch: Range<usize>, name: &str, found: &mut Found) {
    let stretch = trimmed(lines, stretch);
    let part = &lines[stretch.clone()];
    let message = node::message(part);
    found.test(name).tell(&message, node::frames(part), stretch);
}

fn tsc(lines: &[&str], found: &mut Found) {
    for (at, line) in lines.iter().enumerate() {
        if let Some(error) = TSC.captures(line) {
            let frame = node::frame(group(&error, 1), number(&error, 2), "");
            found.take(at..at + 1);
            found.problem(group(&error, 4).to_owned(), vec![frame], at..at + 1);
        }
    }
}

fn plain_path(path: &str) -> String {
    path.strip_prefix("./").unwrap_or(path).to_owned()
}

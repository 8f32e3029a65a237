//! What javac, and JUnit through Maven's surefire and Gradle, print.

use std::ops::Range;

use super::Frame;
use super::found::Found;
use super::lines::{group, number, pattern};
use super::python::trimmed;

pattern! {
    AT = r"^\s*at (?:\S+//?)?((?:[\w$]+\.)*)([\w$]+)\.([\w$<>]+)\(([\w$]+\.(?:java|kt|groovy|scala)):(\d+)\)$";
    SUREFIRE = r"^(?:\[ERROR\] )?(?:Test )?(\S+?)(?:\(\))?(?:\[\d+\])?(?:\(([\w.$]+)\))?(?: --)? +Time elapsed: .* <<< (?:FAILURE|ERROR)!.*$";
    CLASS = r"<<< (?:FAILURE|ERROR)!.*(?: -- | - | )in (\S+)$";
    TOTAL = r"^(?:\[\w+\] )?Tests run: (\d+), Failures: (\d+), Errors: (\d+), Skipped: (\d+)$";
    LISTED = r"^\[ERROR\] +(?:[\w$]+\.)*?([\w$]+)\.([\w$]+):(?:[\w$>.]*?:?)?(\d+)(?:->.*)? (.*)$";
    GRADLE = r"^([\w.$]+) > (?:(.+) > )?([\w$]+)(?:\(.*\))?(?:\[.*\])? FAILED$";
    GRADLE_AT = r"^ +\S+ at (\S+\.(?:java|kt|groovy)):(\d+)$";
    GRADLE_TOTAL = r"^(\d+) tests? completed, (\d+) failed";
    MAVEN_COMPILE = r"^\[ERROR\] (\S+\.(?:java|kt)):\[(\d+),\d+\] (?:error: )?(.+)$";
    JAVAC = r"^(\S+\.java):(\d+): error: (.+)$";
    EXCEPTION = r#"^(?:Exception in thread "[^"]*" )?((?:[\w$]+\.)+[A-Z][\w$]*(?:: .*)?)$"#;
}

pub(super) fn read(lines: &[&str], found: &mut Found) {
    compiler(lines, found);
    surefire(lines, found);
    gradle(lines, found);
    uncaught(lines, found);
}

/// The frames on these lines, innermost last: Java prints it first. Frames of the JDK and of
/// the runners are left out.
fn frames(lines: &[&str]) -> Vec<Frame> {
    let mut frames: Vec<Frame> = lines
        .iter()
        .filter_map(|line| AT.captures(line))
        .filter(|at| !is_foreign(group(at, 1)))
        .map(|at| {
            let folder = group(&at, 1).replace('.', "/");
            let class = group(&at, 2);
            Frame {
                path: format!("{folder}{}", group(&at, 4)),
                line: number(&at, 5),
                function: Some(format!("{class}.{}", group(&at, 3))),
            }
        })
        .collect();
    frames.reverse();
    frames
}

fn is_foreign(package: &str) -> bool {
    const FOREIGN: [&str; 9] = [
        "java.",
        "javax.",
        "jdk.",
        "sun.",
        "org.junit.",
        "org.opentest4j.",
        "org.gradle.",
        "org.apache.maven.",
        "org.hamcrest.",
    ];
    FOREIGN.iter().any(|foreign| package.starts_with(foreign))
}

fn surefire(lines: &[&str], found: &mut Found) {
    let mut class = "";
    let mut last_total = None;
    let mut at = 0;
    while at < lines.len() {
        if let Some(total) = TOTAL.captures(lines[at]) {
            let failed = number(&total, 2) + number(&total, 3);
            let passed = number(&total, 1).saturating_sub(failed + number(&total, 4));
            last_total = Some((passed, failed));
        } else if let Some(named) = CLASS.captures(lines[at]) {
            class = named.get(1).map_or("", |name| name.as_str());
        }
        let Some(test) = SUREFIRE.captures(lines[at]).filter(|_| !lines[at].contains("Tests run:"))
        else {
            at += 1;
            continue;
        };
        let ends = |line: &&str| {
            SUREFIRE.is_match(line) || line.starts_with('[') || line.starts_with("Results")
        };
        let end = lines[at + 1..].iter().position(ends).map_or(lines.len(), |n| at + 1 + n);
        let (name, of) = (group(&test, 1), group(&test, 2));
        let name = match (of, name.rsplit_once('.')) {
            ("", Some((class, method))) => format!("{class}#{method}"),
            ("", None) => format!("{class}#{name}"),
            (class, _) => format!("{class}#{name}"),
        };
        tell(lines, at + 1..end, &name, found);
        found.take(at..end);
        at = end;
    }
    if let Some((passed, failed)) = last_total {
        found.add_passed(passed);
        found.add_failed(failed);
        listed(lines, found);
    }
}

/// The list at the end, which is all there is in some settings.
fn listed(lines: &[&str], found: &mut Found) {
    if !found.cases.is_empty() {
        return;
    }
    for (at, line) in lines.iter().enumerate() {
        if let Some(test) = LISTED.captures(line) {
            let (class, method) = (group(&test, 1), group(&test, 2));
            let frame = Frame {
                path: format!("{class}.java"),
                line: number(&test, 3),
                function: Some(format!("{class}.{method}")),
            };
            found.test(&format!("{class}#{method}")).tell(group(&test, 4), vec![frame], at..at + 1);
        }
    }
}

fn gradle(lines: &[&str], found: &mut Found) {
    let mut at = 0;
    while at < lines.len() {
        if let Some(total) = GRADLE_TOTAL.captures(lines[at]) {
            found.add_passed(number(&total, 1).saturating_sub(number(&total, 2)));
            found.add_failed(number(&total, 2));
        }
        let Some(test) = GRADLE.captures(lines[at]) else {
            at += 1;
            continue;
        };
        let ends = |line: &&str| !line.is_empty() && !line.starts_with(' ');
        let end = lines[at + 1..].iter().position(ends).map_or(lines.len(), |n| at + 1 + n);
        let name = format!("{}#{}", group(&test, 1), group(&test, 3));
        tell(lines, at + 1..end, &name, found);
        found.take(at..end);
        at = end;
    }
}

/// Adds what a stretch of lines says about a test: a message, then a stack, or (Gradle) one
/// place for each exception.
fn tell(lines: &[&str], stretch: Range<usize>, name: &str, found: &mut Found) {
    let stretch = trimmed(lines, stretch);
    let part = &lines[stretch.clone()];
    let stacked = |line: &&&str| {
        let line = line.trim_start();
        !line.starts_with("at ") && !line.starts_with("... ")
    };
    let message: Vec<&str> = part.iter().take_while(stacked).map(|line| line.trim()).collect();
    let mut frames = frames(part);
    if frames.is_empty() {
        let places = part.iter().filter_map(|line| GRADLE_AT.captures(line));
        frames.extend(places.map(|place| Frame {
            path: group(&place, 1).to_owned(),
            line: number(&place, 2),
            function: None,
        }));
    }
    found.test(name).tell(message.join("\n").trim(), frames, stretch);
}

fn compiler(lines: &[&str], found: &mut Found) {
    for (at, line) in lines.iter().enumerate() {
        let Some(error) = MAVEN_COMPILE.captures(line).or_else(|| JAVAC.captures(line)) else {
            continue;
        };
        let more = lines[at + 1..].iter().take_while(|line| line.starts_with(' ')).count().min(4);
        let mut message = vec![group(&error, 3)];
        let symbols = lines[at + 1..at + 1 + more].iter().map(|line| line.trim());
        message.extend(symbols.filter(|line| line.starts_with("symbol")));
        let frame =
            Frame { path: group(&error, 1).to_owned(), line: number(&error, 2), function: None };
        found.problem(message.join("\n"), vec![frame], at..at + 1 + more);
        found.take(at..at + 1 + more);
    }
}

/// An exception that ended a program.
fn uncaught(lines: &[&str], found: &mut Found) {
    for at in 0..lines.len() {
        if found.is_taken(at) {
            continue;
        }
        let Some(exception) = EXCEPTION.captures(lines[at]) else { continue };
        let stack = lines[at + 1..].iter().take_while(|line| {
            let line = line.trim_start();
            line.starts_with("at ") || line.starts_with("... ") || line.starts_with("Caused by")
        });
        let end = at + 1 + stack.count();
        let frames = frames(&lines[at + 1..end]);
        if !frames.is_empty() {
            found.problem(group(&exception, 1).to_owned(), frames, at..end);
            found.take(at..end);
        }
    }
}

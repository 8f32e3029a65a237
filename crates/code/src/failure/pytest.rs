//! What pytest prints, in each of its styles of traces.

use std::collections::{HashMap, VecDeque};
use std::ops::Range;

use super::found::Found;
use super::lines::{group, number, pattern};
use super::python;

pattern! {
    BIG = r"^=+ (.+?) =+$";
    HEADER = r"^_+ (.+?) _+$";
    CAPTURED = r"^-+ Captured .+ -+$";
    SUMMARY = r"^(?:\[gw\d+\] \[ *\d+%\] )?(FAILED|ERROR|SUBFAIL(?:ED)?(?:[(\[].*[)\]])?) (\S.*)$";
    VERBOSE = r"^(\S+\.pyx?::.+?) (?:FAILED|ERROR) +\[ *\d+%\]$";
    TEST_FILE = r"^[^:]*\.(?:pyx?|pyi|txt|rst|md|ya?ml)(?:::|$)";
    TOTAL = r"^(?:=+ )?(?:no tests ran|(?:, )?\d+ (?:passed|failed|errors?|skipped|deselected|xfailed|xpassed|warnings?|rerun|subtests? passed|subtests? failed).*) in [\d.:hms ()]+(?: =+)?$";
    COUNT = r"(\d+) (passed|failed|errors?)\b";
    PLACE = r"^([^\s:][^:]*\.pyx?):(\d+): (.+)$";
    LINE_ERROR = r"^E   \S";
}

/// A test as the summary names it.
struct Entry {
    id: String,
    message: String,
}

pub(super) fn read(lines: &[&str], found: &mut Found) {
    let totals: Vec<usize> = (0..lines.len()).filter(|&at| TOTAL.is_match(lines[at])).collect();
    let entries = entries(lines);
    let ours = !totals.is_empty()
        || !entries.is_empty()
        || lines.iter().any(|line| HEADER.is_match(line) && line.contains("ERROR collecting"));
    if !ours {
        return;
    }
    for entry in &entries {
        let case = found.test(&entry.id);
        if case.message.is_empty() {
            case.message.clone_from(&entry.message);
        }
    }
    sections(lines, &entries, found);
    for at in totals {
        found.add_passed(0);
        found.add_failed(0);
        for count in COUNT.captures_iter(lines[at]) {
            let add =
                if group(&count, 2) == "passed" { Found::add_passed } else { Found::add_failed };
            add(found, number(&count, 1));
        }
        found.take(at..at + 1);
    }
}

/// The tests that the summary names, or the list of verbose mode.
fn entries(lines: &[&str]) -> Vec<Entry> {
    let entry = |line: &&str| {
        if let Some(verbose) = VERBOSE.captures(line) {
            return Some(Entry { id: group(&verbose, 1).to_owned(), message: String::new() });
        }
        let summary = SUMMARY.captures(line)?;
        let (id, message) = split_id(group(&summary, 2));
        TEST_FILE.is_match(id).then(|| Entry { id: id.to_owned(), message: message.to_owned() })
    };
    lines.iter().filter_map(entry).collect()
}

/// A node id may hold anything between its brackets, ` - ` too.
fn split_id(text: &str) -> (&str, &str) {
    let plain = text.find(" - ").unwrap_or(text.len());
    let end = match text[..plain].find('[') {
        Some(_) => text.find("] - ").map_or(plain, |at| at + 1),
        None => plain,
    };
    let end = if text.ends_with(']') && end == plain && text[..plain].contains('[') {
        text.len()
    } else {
        end
    };
    (&text[..end], text.get(end + 3..).unwrap_or(""))
}

/// The title that the section of a test has.
fn title(id: &str) -> String {
    id.split_once("::").map_or(id, |(_, name)| name).replace("::", ".")
}

fn sections(lines: &[&str], entries: &[Entry], found: &mut Found) {
    let mut waiting: HashMap<String, VecDeque<&Entry>> = HashMap::new();
    for entry in entries {
        waiting.entry(title(&entry.id)).or_default().push_back(entry);
    }
    let (mut inside, mut at) = (false, 0);
    while at < lines.len() {
        if let Some(big) = BIG.captures(lines[at]) {
            inside = matches!(group(&big, 1), "FAILURES" | "ERRORS");
        } else if inside && let Some(header) = header(lines[at]) {
            let end = section_end(lines, at + 1);
            section(lines, header, at..end, &mut waiting, found);
            found.take(at..end);
            at = end;
            continue;
        }
        at += 1;
    }
    one_line_each(lines, entries, found);
}

fn header(line: &str) -> Option<&str> {
    let divider = line.bytes().all(|b| b == b'_' || b == b' ');
    let title = HEADER.captures(line).map(|found| group(&found, 1));
    title.filter(|_| !divider)
}

fn section_end(lines: &[&str], from: usize) -> usize {
    let ends = |at: &usize| {
        header(lines[*at]).is_some() || BIG.is_match(lines[*at]) || lines[*at].starts_with("!!!!!")
    };
    (from..lines.len()).find(ends).unwrap_or(lines.len())
}

fn section(
    lines: &[&str],
    header: &str,
    whole: Range<usize>,
    waiting: &mut HashMap<String, VecDeque<&Entry>>,
    found: &mut Found,
) {
    let end = whole.clone().find(|&at| CAPTURED.is_match(lines[at])).unwrap_or(whole.end);
    let stretch = python::trimmed(lines, whole.start..end);
    let part = &lines[stretch.clone()];
    let mut frames = python::frames(part);
    let mut message = marked(part);
    if message.is_empty() {
        message = python::message(part);
    }
    if let Some(doctest) = part.iter().rposition(|line| *line == "Expected:") {
        let got: Vec<&str> = part[doctest..].to_vec();
        message = got.join("\n");
        let place = part.iter().rev().find_map(|line| PLACE.captures(line));
        frames.extend(place.map(|p| python::frame(group(&p, 1), number(&p, 2), "")));
    }
    let plain = ["ERROR at setup of ", "ERROR at teardown of ", "ERROR collecting ", "[doctest] "];
    let plain = plain.iter().find_map(|front| header.strip_prefix(front)).unwrap_or(header);
    let bare = plain.split(" (").next().unwrap_or(plain).split(" [").next().unwrap_or(plain);
    let known = [plain, bare].into_iter().find_map(|title| {
        let entries = waiting.get_mut(title)?;
        // The last one stays: each subtest of a test has a section of its own.
        if entries.len() > 1 { entries.pop_front() } else { entries.front().copied() }
    });
    let id = match known {
        Some(entry) => entry.id.clone(),
        None => invented(plain, &frames),
    };
    found.test(&id).tell(&message, frames, stretch);
}

/// The node id of a test whose summary line is missing: the file is that of the first frame.
fn invented(title: &str, frames: &[super::Frame]) -> String {
    match frames.first() {
        Some(frame) if !title.contains(".py") => {
            format!("{}::{}", frame.path, title.replace('.', "::"))
        }
        _ => title.to_owned(),
    }
}

/// The lines that pytest marks with an `E`.
fn marked(part: &[&str]) -> String {
    let marked = part.iter().filter_map(|line| line.strip_prefix('E'));
    let text: Vec<&str> = marked.filter(|line| line.is_empty() || line.starts_with(' ')).collect();
    let indent = |line: &&str| line.len() - line.trim_start().len();
    let least = text.iter().filter(|line| !line.trim().is_empty()).map(indent).min().unwrap_or(0);
    let text: Vec<&str> = text.iter().map(|line| line.get(least..).unwrap_or("")).collect();
    text.join("\n")
}

/// With `--tb=line` there are no sections, but one place per failure, in the summary's order.
fn one_line_each(lines: &[&str], entries: &[Entry], found: &mut Found) {
    let (mut inside, mut places) = (false, Vec::new());
    for (at, line) in lines.iter().enumerate() {
        if let Some(big) = BIG.captures(line) {
            inside = group(&big, 1) == "FAILURES";
        } else if inside
            && !found.is_taken(at)
            && let Some(place) = PLACE.captures(line)
        {
            places.push((at, place));
        } else if inside && LINE_ERROR.is_match(line) {
            found.take(at..at + 1);
        }
    }
    let failed: Vec<&Entry> = entries.iter().take(places.len()).collect();
    if places.is_empty() || failed.len() != places.len() {
        return;
    }
    for (entry, (at, place)) in failed.into_iter().zip(places) {
        let path = group(&place, 1);
        let frames = if python::is_foreign(path) {
            Vec::new()
        } else {
            vec![python::frame(path, number(&place, 2), "")]
        };
        found.test(&entry.id).tell(group(&place, 3), frames, at..at + 1);
    }
}

//! The lines of the output that tell a model most.
//!
//! Apart, because what goes into a prompt is paid by the token: the first failures in full, no
//! decoration, no frames of the runner, and the end of the output if nothing else is known.

use super::found::Found;
use super::lines::pattern;

/// At most so many lines, and so many bytes of each.
const LINES: usize = 40;
const WIDTH: usize = 200;
/// So many failures at the most share them.
const CASES: usize = 3;

pattern! {
    NOISE = r"^\s*$|^[\s_=~^*⎯─|-]+$|^_+ .+ _+$|^---- .+ ----$|^(?:self|cls) = <|^\s+at .*\(?(?:node:|native|/rustc/)|^\s*at (?:async Promise|new Promise)|^\s+\d+: (?:<?fn\(|core|std|__rustc|test|alloc)|\{\{closure\}\}|/rustc/|^note: (?:run with|Some details)|site-packages/_pytest/|site-packages/pluggy/|generatedMessage|^\s+(?:code|operator): '|^stack backtrace|\bjdk\.internal\b|\bjava\.base/|org\.junit\.|^\s*\.\.\. \d+ more";
    TELLING = r"(?i)error|fail|panic|exception|assert|expected|undefined|not found|cannot|can't|denied|no such|traceback";
}

pub(super) fn choose(lines: &[&str], found: &Found) -> String {
    let told: Vec<_> = found.cases.iter().filter(|case| case.lines.is_some()).collect();
    // A compile error explains more than the tests that it keeps from running.
    let problems = told.iter().filter(|case| case.name.is_none());
    let tests = told.iter().filter(|case| case.name.is_some());
    let chosen: Vec<_> = problems.chain(tests).take(CASES).collect();
    if chosen.is_empty() {
        return otherwise(lines);
    }
    let mut excerpt: Vec<String> = Vec::new();
    for (index, case) in chosen.iter().enumerate() {
        let Some(stretch) = case.lines.clone() else { continue };
        let room = (LINES - excerpt.len()) / (chosen.len() - index);
        let mut block: Vec<String> = case.name.iter().map(|name| format!("{name}:")).collect();
        let stretch = &lines[stretch.start.min(lines.len())..stretch.end.min(lines.len())];
        block.extend(stretch.iter().filter(|line| !NOISE.is_match(line)).map(|line| cut(line)));
        excerpt.extend(fitted(block, room));
    }
    excerpt.truncate(LINES);
    excerpt.join("\n")
}

/// The beginning and the end of a block: it says at its beginning what was done, and at its
/// end what went wrong.
fn fitted(mut block: Vec<String>, room: usize) -> Vec<String> {
    if block.len() > room {
        let head = room / 3;
        let tail = block.split_off(block.len() - (room - head).min(block.len()));
        block.truncate(head);
        block.extend(tail);
    }
    block
}

/// Nothing is known: the lines that sound like a failure, with the one after each, or the end.
fn otherwise(lines: &[&str]) -> String {
    let said: Vec<&&str> = lines.iter().filter(|line| !NOISE.is_match(line)).collect();
    let telling: Vec<usize> = (0..said.len()).filter(|&at| TELLING.is_match(said[at])).collect();
    let mut chosen: Vec<usize> = telling.iter().flat_map(|&at| [at, at + 1]).collect();
    chosen.extend(said.len().saturating_sub(LINES / 2)..said.len());
    chosen.sort_unstable();
    chosen.dedup();
    chosen.retain(|&at| at < said.len());
    let from = chosen.len().saturating_sub(LINES);
    chosen[from..].iter().map(|&at| cut(said[at])).collect::<Vec<_>>().join("\n")
}

fn cut(line: &str) -> String {
    match line.char_indices().nth(WIDTH) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line.to_owned(),
    }
}

//! `run`: its arguments, and what a model reads of a command that has run.
//!
//! The engine runs it, since a command of a repository runs in the sandbox alone. Nothing
//! here starts anything.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tenfold_domain::Millis;
use tenfold_redact::{Kind, Redactor};

use crate::call::{Call, Tool};
use crate::{secret, shown};

/// The most that is said of a command's output, in bytes; what was left out is said besides.
pub const MAX_OUTPUT_BYTES: usize = 6_000;

/// How much of a long output is its beginning, in bytes; errors stand at the end.
const HEAD_BYTES: usize = 2_000;
/// How many changed files are named.
const MAX_CHANGED: usize = 20;

/// Runs a command with `sh -c` in a sandbox, without network or with a proxy to the hosts that
/// the person allows. The first one begins at the top of the workspace; a later one begins in the
/// directory where the last one ended, with the variables that it exported, but without its
/// functions and aliases. The paths of other tools count from the top all the same. Files that it
/// changes are kept. Use it to run tests, and for what no other tool does. It can't be asked
/// anything while it runs, and what it leaves running is ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// The command, such as `python -m pytest -x tests/test_a.py`.
    pub command: String,
    /// After how many seconds it is ended; a usual limit holds if left out.
    pub timeout_s: Option<u32>,
    /// true: it runs while you go on, for what takes minutes; `output` reads what it writes,
    /// `kill` ends it. It sees the files as they are now, and what it changes or exports is not
    /// kept. A server in it is reached by nothing outside of it: start what speaks to it in the
    /// same command. It is ended when you finish, and when the person is asked something.
    pub background: Option<bool>,
}

impl Tool for Run {
    const NAME: &'static str = "run";

    fn call(self) -> Call {
        Call::Run(self)
    }
}

impl Run {
    /// Whether it runs beside the calls that follow.
    pub fn is_in_background(&self) -> bool {
        self.background == Some(true)
    }

    /// Holds that the command is meant as it is written.
    ///
    /// # Errors
    /// A text for the model.
    pub(crate) fn is_meant(&self) -> Result<(), String> {
        match Kind::marked_anew("", &self.command) {
            Some(kind) => Err(format!("it was not run: {}", secret::in_new(kind))),
            None => Ok(()),
        }
    }
}

/// What a model reads of a command that has run.
///
/// `exit` is how it ended, in words: "exit code 1", "killed after 60 s". `output` is what it
/// wrote, `wall` how long it took, `changed` the files that it changed, from the top. At most
/// about 11,000 bytes come of it: [`MAX_OUTPUT_BYTES`] of output, and the names.
pub fn report(
    command: &str,
    exit: &str,
    output: &str,
    wall: Millis,
    changed: &[String],
    redactor: &Redactor,
) -> String {
    let mut text = format!(
        "$ {}\n{}, after {}",
        shown::name(command.trim()),
        shown::name(exit),
        seconds(wall)
    );
    let output = shown::output(output);
    // Before it is cut, since half a secret is not known for one.
    let output = redactor.text(&output);
    match output.trim() {
        "" => text.push_str("; it wrote nothing"),
        _ => {
            text.push_str("; it wrote:\n");
            text.push_str(&head_and_tail(output.trim_end()));
        }
    }
    if !changed.is_empty() {
        let names: Vec<_> =
            changed.iter().take(MAX_CHANGED).map(|name| shown::name(name)).collect();
        let more = match changed.len() - names.len() {
            0 => String::new(),
            more => format!(", and {more} more"),
        };
        let many = shown::count(changed.len(), "file", "files");
        text.push_str(&format!("\n{many} changed: {}{more}", names.join(", ")));
    }
    text
}

/// Why it is not known what a command did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    /// It was ended before it came to its own end.
    CutOff,
    /// The person stopped the work, and it with that.
    Stopped,
    /// The time of the work was over, and its own with that.
    OutOfTime,
    /// Nobody has seen its end.
    Unknown,
}

/// What a model reads of a command that was begun before the work was interrupted, and is not
/// run again. `tree` says which files there are now.
pub fn lost(command: &str, how: Lost, tree: &str) -> String {
    let how = match how {
        Lost::CutOff => "the work was interrupted; it was ended by that before it was done",
        Lost::Stopped => "the person stopped the work; that ended it, if it was not just done",
        Lost::OutOfTime => "the work's time was over; that ended it, if it was not just done",
        Lost::Unknown => {
            "the work was interrupted; outcome unknown: whether it was done, and how it ended, \
             nobody saw"
        }
    };
    format!(
        "$ {}\nIt was begun, and then {how}. It was not run again. \
         Nothing that it wrote is kept: the files are as they were before it. If it does \
         anything outside of them, find out what it did before you run it again.\n\n{tree}",
        shown::name(command.trim())
    )
}

/// "2.3 s".
pub(crate) fn seconds(wall: Millis) -> String {
    format!("{}.{} s", wall.0 / 1_000, wall.0 % 1_000 / 100)
}

/// The output, or its two ends if it is too long, cut between lines where that can be.
fn head_and_tail(output: &str) -> String {
    if output.len() <= MAX_OUTPUT_BYTES {
        return output.to_owned();
    }
    let head = &output[..output.floor_char_boundary(HEAD_BYTES)];
    let head =
        head.rfind('\n').filter(|end| *end > head.len() / 2).map_or(head, |end| &head[..end]);
    let tail = output.len() - (MAX_OUTPUT_BYTES - HEAD_BYTES);
    let tail = &output[output.ceil_char_boundary(tail)..];
    let tail =
        tail.find('\n').filter(|end| *end < tail.len() / 2).map_or(tail, |end| &tail[end + 1..]);
    let left_out = output.len() - head.len() - tail.len();
    format!("{head}\n… ({left_out} bytes left out) …\n{tail}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(command: &str, exit: &str, output: &str, wall: Millis, changed: &[String]) -> String {
        super::report(command, exit, output, wall, changed, &Redactor::new([]))
    }

    #[test]
    fn a_report_says_how_it_ended_what_it_wrote_and_what_it_changed() {
        let changed = ["out/a.txt".to_owned(), "b".to_owned()];
        assert_eq!(
            report(
                "make\n",
                "exit code 2",
                "\u{1b}[31mno rule\u{1b}[0m\r\n",
                Millis(2_345),
                &changed
            ),
            "$ make\nexit code 2, after 2.3 s; it wrote:\nno rule\n2 files changed: out/a.txt, b"
        );
        assert_eq!(
            report("true", "exit code 0", "\n", Millis(40), &[]),
            "$ true\nexit code 0, after 0.0 s; it wrote nothing"
        );
    }

    #[test]
    fn a_long_output_keeps_its_beginning_and_its_end() {
        let output: String = (0..5_000).map(|n| format!("line {n}\n")).collect();
        let changed: Vec<_> = (0..50).map(|n| format!("file{n}")).collect();
        let text = report("x", "exit code 0", &output, Millis(1_000), &changed);
        assert!(text.len() < MAX_OUTPUT_BYTES + 1_000, "{}", text.len());
        assert!(text.contains("it wrote:\nline 0\nline 1\n"), "{text}");
        assert!(text.contains("\nline 4999\n50 files changed: file0, "), "{text}");
        assert!(text.contains("file19, and 30 more") && !text.contains("file20"), "{text}");
        let shown: usize =
            text.lines().filter(|line| line.starts_with("line ")).map(|line| line.len() + 1).sum();
        let said = text.split(" bytes left out").next().unwrap().rsplit('(').next().unwrap();
        let left_out: usize = said.parse().unwrap();
        assert!((shown + left_out).abs_diff(output.len()) <= 2, "{shown} + {left_out}");
    }

    #[test]
    fn one_endless_line_is_cut_inside() {
        let text = report("x", "exit code 0", &"ü".repeat(50_000), Millis(0), &[]);
        assert!(text.len() < MAX_OUTPUT_BYTES + 200 && text.contains("bytes left out"));
    }
}

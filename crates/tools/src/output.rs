//! `output`: its arguments, and what a model reads of a command in the background.
//!
//! The engine has the command, and waits for it. Nothing here reads or waits.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tenfold_domain::{Millis, StepId};

use crate::call::{Call, Tool};
use crate::stream::Stream;
use crate::{run, shown};

/// The longest that one call waits, in seconds.
pub const MAX_WAIT_SECONDS: u32 = 300;

/// Reads what a command in the background has written since it was last read, some 6,000 bytes at
/// a time, and whether it still runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Output {
    /// The number of the command, as `run` said it.
    pub id: u32,
    /// How many seconds it is waited for at most, up to 300: until it has written something and
    /// pauses, or ends. Wait rather than call again and again.
    pub wait_s: Option<u32>,
}

impl Tool for Output {
    const NAME: &'static str = "output";

    fn call(self) -> Call {
        Call::Output(self)
    }
}

/// How a command in the background stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State<'s> {
    /// It runs.
    Runs,
    /// It has ended, in these words: "exit code 1".
    Ended(&'s str),
}

/// What a model reads of a command that begins in the background.
pub fn started(id: StepId, command: &str) -> String {
    format!(
        "Command {id} (`{}`) runs in the background. output {{\"id\": {id}}} reads what it \
         writes, kill {{\"id\": {id}}} ends it.",
        shown::name(command.trim())
    )
}

/// What a model reads of one that does not begin, because these run already.
pub fn too_many(running: &[(StepId, &str)]) -> String {
    let named: Vec<_> = running
        .iter()
        .map(|(id, command)| format!("{id} (`{}`)", shown::name(command.trim())))
        .collect();
    format!(
        "Not started: as many commands as may run in the background do already: {}. Kill one, or \
         wait for its end by output, first.",
        named.join(", ")
    )
}

/// What a model reads of a command in the background: how it stands after so long, and the next
/// piece of what it wrote.
pub fn report(
    (id, command): (StepId, &str),
    state: State<'_>,
    wall: Millis,
    stream: &mut Stream,
) -> String {
    let stands = match state {
        State::Runs => "runs".to_owned(),
        State::Ended(how) => format!("has ended: {}", shown::name(how)),
    };
    let (command, seconds) = (shown::name(command.trim()), run::seconds(wall));
    let mut text = format!("Command {id} (`{command}`) {stands}, after {seconds}");
    let piece = stream.piece();
    match piece.trim() {
        "" => text.push_str("; it wrote nothing more"),
        _ => {
            text.push_str("; it wrote:\n");
            text.push_str(piece.trim_end_matches('\n'));
        }
    }
    match (stream.ready(), stream.held()) {
        (0, 0) => {}
        (0, held) => text.push_str(&format!(
            "\n({held} bytes more are held back, until it is sure what they belong to)"
        )),
        (more, _) => {
            text.push_str(&format!("\n({more} bytes more are there: call output once more)"));
        }
    }
    text
}

/// What a model reads of a command of which nothing is there; `command` is what it was to be
/// begun with, if there was one, and `others` are there.
pub fn gone(id: StepId, command: Option<&str>, others: &[StepId]) -> String {
    let what = match command {
        Some(command) => format!(
            "Command {id} (`{}`) is gone, and how it ended is not known: it was ended when this \
             work was interrupted, or its end is too long ago. What it wrote since it was last \
             read is gone, too. Start it again if you need it.",
            shown::name(command.trim())
        ),
        None => format!("No command {id} was started in the background."),
    };
    let others: Vec<_> = others.iter().map(ToString::to_string).collect();
    match others.is_empty() {
        true => what,
        false => format!("{what} There is: {}.", others.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use tenfold_redact::Redactor;

    use super::*;

    const SEVEN: (StepId, &str) = (StepId(7), "make\n");

    #[test]
    fn a_report_says_how_it_stands_what_it_wrote_and_what_is_left() {
        let (mut stream, redactor) = (Stream::default(), Redactor::new([]));
        let report =
            |state, stream: &mut Stream| super::report(SEVEN, state, Millis(2_345), stream);
        let told = report(State::Runs, &mut stream);
        assert_eq!(told, "Command 7 (`make`) runs, after 2.3 s; it wrote nothing more");
        stream.push(0, b"\x1b[31mone\x1b[0m\n\ntwo\nthr", &redactor);
        let told = report(State::Runs, &mut stream);
        let held = "\n(3 bytes more are held back, until it is sure what they belong to)";
        let expected = "Command 7 (`make`) runs, after 2.3 s; it wrote:\none\n\ntwo";
        assert_eq!(told, format!("{expected}{held}"));
        stream.push(0, "line\n".repeat(2_000).as_bytes(), &redactor);
        stream.end(&redactor);
        let told = report(State::Ended("exit code 2"), &mut stream);
        assert!(told.starts_with("Command 7 (`make`) has ended: exit code 2, after"), "{told}");
        assert!(told.ends_with("(4005 bytes more are there: call output once more)"), "{told}");
    }

    #[test]
    fn what_is_not_there_is_told_with_what_is() {
        let told = gone(StepId(7), Some("make"), &[StepId(9)]);
        assert!(told.contains("`make`) is gone") && told.ends_with("There is: 9."), "{told}");
        let told = gone(StepId(7), None, &[]);
        assert_eq!(told, "No command 7 was started in the background.");
    }
}

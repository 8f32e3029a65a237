//! What happened in an attempt, in words: one row for each thing that can happen. What the model
//! and the repository wrote stays as it is; titles are of one line.

use std::collections::BTreeMap;

use tenfold_domain::{
    CheckReport, CheckVerdict, EgressEvent, ProposalEvent, Said as Spoken, ToolCall,
};
use tenfold_engine::{Change, CheckedFor, Happening, in_words};

use super::questions;
use super::steps::Phase;

/// The longest title, in characters.
const TITLE_CHARS: usize = 160;

/// Something that happened, in words.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) phase: Phase,
    pub(super) kind: &'static str,
    pub(super) title: String,
    pub(super) text: Option<String>,
    pub(super) detail: Option<String>,
    pub(super) output: Option<String>,
    pub(super) ok: Option<bool>,
}

impl Said {
    pub(super) fn new(phase: Phase, kind: &'static str, title: impl AsRef<str>) -> Self {
        let title = one_line(title.as_ref());
        Self { phase, kind, title, text: None, detail: None, output: None, ok: None }
    }

    /// With what somebody said.
    fn text(self, text: &str) -> Self {
        Self { text: given(text), ..self }
    }

    fn detail(self, detail: String) -> Self {
        Self { detail: given(&detail), ..self }
    }

    fn output(self, output: &str) -> Self {
        Self { output: given(output), ..self }
    }

    fn ok(self, ok: bool) -> Self {
        Self { ok: Some(ok), ..self }
    }
}

fn given(text: &str) -> Option<String> {
    (!text.trim().is_empty()).then(|| text.to_owned())
}

/// What is known of what happened before: what the calls were that results are of.
#[derive(Debug, Default)]
pub(super) struct Moments {
    calls: BTreeMap<String, ToolCall>,
    turns: u32,
}

impl Moments {
    /// The next thing that happened.
    pub(super) fn take(&mut self, what: &Happening) -> Said {
        match what {
            Happening::SetUp { command, report } => set_up(command, report.as_ref()),
            Happening::Said(spoken) => self.spoken(spoken),
            Happening::Asked { what, asked } => Said::new(Phase::Think, "asked", what)
                .detail(questions::asked(asked))
                .output(&questions::answers(asked)),
            Happening::Checked { purpose, changes, report } => checked(*purpose, changes, report),
            Happening::Unjudged => {
                Said::new(Phase::Check, "unjudged", "No check has judged this: UNVERIFIED")
            }
            Happening::Failed { what, why } => failed(what, why),
            Happening::Egress(event) => egress(event),
            Happening::Chosen(choice) => {
                Said::new(Phase::Setup, "chosen", format!("Chosen: {}", choice.why))
                    .text(&choice.why)
            }
            Happening::Foreseen(forecast) => foreseen(forecast),
            Happening::Forked { from, step } => {
                let up_to = step.map_or_else(String::new, |step| format!(", up to step {step}"));
                let title = format!("Goes on from attempt {from}{up_to}");
                Said::new(Phase::Setup, "forked", title)
            }
            Happening::Paused => Said::new(Phase::Person, "paused", "Paused"),
            Happening::Resumed => Said::new(Phase::Person, "resumed", "Going on"),
            Happening::Proposal(event) => proposal(event),
            Happening::Ended { outcome, note } => {
                Said::new(Phase::End, "ended", format!("The end: {outcome}")).text(note)
            }
            Happening::StepsDropped { events, file } => {
                let title = format!(
                    "Its steps ({events} events) were taken out of the journal: they are in \
                     dropped/{file}"
                );
                Said::new(Phase::End, "steps-dropped", title)
            }
        }
    }

    /// Passes over what is not told, and keeps what later things are understood by.
    pub(super) fn pass(&mut self, what: &Happening) {
        if let Happening::Said(spoken) = what
            && let Spoken::Model { calls, .. } = &**spoken
        {
            self.hear(calls);
        }
    }

    fn hear(&mut self, calls: &[ToolCall]) {
        self.turns += 1;
        self.calls.extend(calls.iter().map(|call| (call.id.clone(), call.clone())));
    }

    fn spoken(&mut self, spoken: &Spoken) -> Said {
        match spoken {
            Spoken::Person { text } => Said::new(Phase::Person, "told", first(text)).text(text),
            Spoken::Model { text, calls } => {
                self.hear(calls);
                let title = match (first(text), calls.as_slice()) {
                    ("", []) => format!("Turn {}", self.turns),
                    ("", calls) => {
                        let names: Vec<&str> = calls.iter().map(|call| &*call.name).collect();
                        format!("Calls {}", names.join(", "))
                    }
                    (words, _) => words.to_owned(),
                };
                let called: Vec<String> = calls.iter().map(written).collect();
                Said::new(Phase::Think, "turn", title).text(text).detail(called.join("\n\n"))
            }
            Spoken::Tool { call, text } => match self.calls.get(call) {
                Some(call) => called(call).output(text),
                None => Said::new(Phase::Tool, "tool", "What came of a call").output(text),
            },
        }
    }
}

fn set_up(command: &str, report: Option<&CheckReport>) -> Said {
    let Some(report) = report else {
        return Said::new(Phase::Setup, "set-up-again", format!("Setup is reused: `{command}`"))
            .ok(true);
    };
    let title = format!("Setup {}: `{command}`", ending(&report.verdict));
    Said::new(Phase::Setup, "set-up", title).output(&report.output).ok(report.passed())
}

/// A call of a tool, of which the result follows.
fn called(call: &ToolCall) -> Said {
    let argument = |name: &str| call.arguments.get(name).and_then(|value| value.as_str());
    let about = |what: &str, name: &str| match argument(name) {
        Some(value) => format!("{what} {value}"),
        None => in_words(call),
    };
    let said = match call.name.as_str() {
        "list" => Said::new(Phase::Read, "list", about("List", "path")),
        "search" => Said::new(Phase::Read, "search", about("Search for", "pattern")),
        "read" => Said::new(Phase::Read, "read", about("Read", "path")),
        "recall" | "skill" => Said::new(Phase::Read, "recall", in_words(call)),
        "plan" | "finish" => Said::new(Phase::Think, "plan", in_words(call)),
        "edit" => Said::new(Phase::Tool, "edit", about("Edit", "path")),
        "write" => Said::new(Phase::Tool, "write", about("Write", "path")),
        "run" => Said::new(Phase::Command, "run", about("Run", "command")),
        "output" => Said::new(Phase::Command, "output", in_words(call)),
        "kill" => Said::new(Phase::Command, "kill", in_words(call)),
        "propose_check" => Said::new(Phase::Check, "propose-check", about("Proposes", "command")),
        "ask" => Said::new(Phase::Person, "asks-you", about("Asks you:", "question")),
        _ => Said::new(Phase::Tool, "tool", in_words(call)),
    };
    said.detail(arguments(call))
}

/// A call with its arguments.
fn written(call: &ToolCall) -> String {
    format!("{} {}", call.name, arguments(call))
}

fn arguments(call: &ToolCall) -> String {
    serde_json::to_string_pretty(&call.arguments).unwrap_or_default()
}

fn checked(purpose: CheckedFor, changes: &[Change], report: &CheckReport) -> Said {
    let (kind, what) = match purpose {
        CheckedFor::Baseline => ("baseline", "The check, before anything is done"),
        CheckedFor::Trace => ("trace", "The failing tests once more, traced"),
        CheckedFor::Candidate => ("candidate", "A candidate"),
        CheckedFor::Part => ("part", "What mends a part, on the whole check"),
        CheckedFor::Proposed => ("proposed-check", "The check that it proposes"),
        CheckedFor::Judge => ("judge", "The whole check on the diff alone"),
    };
    let title = format!("{what}: {}", ending(&report.verdict));
    let changes: Vec<String> = changes.iter().map(change).collect();
    let said = Said::new(Phase::Check, kind, title).detail(changes.join("\n"));
    said.output(&report.output).ok(report.passed())
}

/// Lines of a file that others are put in place of.
fn change(Change { path, line, lines, with }: &Change) -> String {
    let last = line.saturating_add(lines.saturating_sub(1));
    let place = match (lines, with.is_empty()) {
        (0, _) => format!("before line {line} of {path}:"),
        (_, true) => format!("lines {line} to {last} of {path} go"),
        (1, false) => format!("in place of line {line} of {path}:"),
        (_, false) => format!("in place of lines {line} to {last} of {path}:"),
    };
    format!("{place}\n{with}")
}

fn ending(verdict: &CheckVerdict) -> String {
    match verdict {
        CheckVerdict::Passed => "passed".to_owned(),
        CheckVerdict::Failed => "failed".to_owned(),
        CheckVerdict::TimedOut => "stopped at its time limit".to_owned(),
        CheckVerdict::Broken(why) => format!("could not judge ({why})"),
    }
}

/// The words for what was tried are the trajectory's; what is none of these was asked of a model or
/// is a call of its.
fn failed(what: &str, why: &str) -> Said {
    let phase = match what {
        "setting up" => Phase::Setup,
        "reading the code" => Phase::Read,
        "asking the person" => Phase::Person,
        "running the check" | "running the whole check" | "trying the check that it proposes" => {
            Phase::Check
        }
        what if what.starts_with("starting MCP servers") => Phase::Tool,
        _ => Phase::Think,
    };
    Said::new(phase, "failed", format!("Failed while {what}: {}", first(why))).output(why).ok(false)
}

fn egress(event: &EgressEvent) -> Said {
    let said = |kind, title: String| Said::new(Phase::Egress, kind, title);
    match event {
        EgressEvent::Allowed { to, rule: Some(rule) } => {
            said("allowed", format!("{to}: allowed by rule '{rule}'")).ok(true)
        }
        EgressEvent::Allowed { to, rule: None } => {
            said("allowed", format!("{to}: allowed by default")).ok(true)
        }
        EgressEvent::Refused { to, why } => {
            said("refused", format!("{to}: refused: {why}")).ok(false)
        }
        EgressEvent::Carried { to, times, sent, received } => {
            said("carried", format!("{to}: {times} times, {sent} sent, {received} received"))
        }
        EgressEvent::Overrun { refused } => {
            let title = format!("{refused} more requests refused, to more hosts than are listed");
            said("overrun", title).ok(false)
        }
    }
}

fn foreseen(forecast: &tenfold_domain::Forecast) -> Said {
    let percent = |chance: f64| format!("{:.0} %", chance * 100.0);
    let title = match forecast.odds.last() {
        None => "Nothing was foreseen".to_owned(),
        Some(odds) => format!(
            "Foreseen: solved by {} with {} ({} to {})",
            odds.by,
            percent(odds.likely),
            percent(odds.low),
            percent(odds.high)
        ),
    };
    let stands = format!("by {}, on {} attempts", forecast.method, forecast.attempts);
    Said::new(Phase::Setup, "foreseen", title).detail(stands)
}

fn proposal(event: &ProposalEvent) -> Said {
    let said = |kind, title: String| Said::new(Phase::Proposal, kind, title);
    let name = |branch: &str| branch.strip_prefix("refs/heads/").unwrap_or(branch).to_owned();
    match event {
        ProposalEvent::Made { evidence, .. } => {
            let verified = evidence.as_ref().is_some_and(CheckReport::passed);
            let words = if verified { "verified" } else { "UNVERIFIED" };
            said("made", format!("Proposed, {words}")).ok(verified)
        }
        ProposalEvent::Branching { branch, .. } => {
            said("branching", format!("Being made into {}", name(branch)))
        }
        ProposalEvent::AcceptedAsBranch { branch, .. } => {
            said("accepted-as-branch", format!("Accepted as {}", name(branch))).ok(true)
        }
        ProposalEvent::Applying { .. } => {
            said("applying", "Being written into the files".to_owned())
        }
        ProposalEvent::AcceptedInPlace { .. } => {
            said("accepted-in-place", "Accepted into the files".to_owned()).ok(true)
        }
        ProposalEvent::Earned { bound, .. } => {
            let bound = bound * 100.0;
            let title = format!("Accepted unseen: work of this kind is right over {bound:.1} %");
            said("earned", title)
        }
        ProposalEvent::Preferred { others } => {
            said("preferred", format!("Preferred to {others} more"))
        }
        ProposalEvent::Commented { place, text } => {
            said("commented", format!("Comment on {place}")).text(text)
        }
        ProposalEvent::Rejected { reason } => {
            said("rejected", "Rejected".to_owned()).text(reason).ok(false)
        }
        ProposalEvent::TakingBack => said("taking-back", "Being taken back".to_owned()),
        ProposalEvent::Undone => said("undone", "Taken back".to_owned()),
    }
}

/// The first line of a text that says anything.
fn first(text: &str) -> &str {
    text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default()
}

/// A title: on one line, and not too long. What can't be seen in it is for who lays it out.
fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let line = words.join(" ");
    match line.char_indices().nth(TITLE_CHARS) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

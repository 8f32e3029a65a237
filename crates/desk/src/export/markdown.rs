//! A page to read: what was asked, each turn, call and check, how it ended, what it cost and
//! what is proposed. All that is not ours stands in fences (see [`fence`](super::fence)).

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::Value;
use tenfold_domain::{
    Answer, Ask, AttemptId, CheckReport, CheckVerdict, ProposalEvent, Said, TaskSpec, Timestamp,
    ToolCall,
};
use tenfold_engine::{Change, CheckedFor, Effort, Happening, Moment, Trajectory};
use tenfold_store::TaskRow;

use super::fence::{block, span, whole};
use super::{Proposed, leaving};
use crate::plain::one_line;
use crate::task::questions;
use crate::words;

/// Tests that are listed by name; of more only the number is said.
const TESTS_SHOWN: usize = 12;
/// The longest argument of a call that is told in a line.
const SHORT: usize = 100;

/// A page that is being written.
pub(super) struct Page {
    text: String,
    turns: u32,
    /// Which tool each call of a conversation is of.
    calls: BTreeMap<String, String>,
}

impl Page {
    /// Begins with what was asked.
    pub(super) fn new(row: &TaskRow, spec: &TaskSpec, attempt: Option<AttemptId>) -> Self {
        let mut page = Self { text: String::new(), turns: 0, calls: BTreeMap::new() };
        let title = match attempt {
            None => format!("Tenfold task {}", row.id),
            Some(id) => format!("Tenfold task {}, attempt {id}", row.id),
        };
        page.line(&format!("# {title}"));
        let text = if spec.text.is_empty() { "make the check pass" } else { &spec.text };
        page.put(&whole("text", text));
        let folder = spec.workspace.file_name().unwrap_or(spec.workspace.as_os_str());
        let mut facts = vec![
            format!("asked: {}", moment(row.asked_at)),
            format!("in: {}", span(&folder.to_string_lossy())),
        ];
        match &spec.check {
            Some(check) => facts.push(format!("check: {}", span(check))),
            None => facts.push("check: none, so whatever comes of it is UNVERIFIED".to_owned()),
        }
        facts.extend(spec.setup.as_deref().map(|setup| format!("setup: {}", span(setup))));
        facts.push(format!("stands: {}", words::standing(row)));
        facts.push(format!("at most: {}", words::limits(&spec.budget)));
        facts.push(format!("spent: {}, {}", words::money(row.spent), row.wall));
        page.list(&facts);
        page
    }

    /// Adds an attempt.
    pub(super) fn attempt(&mut self, trajectory: &Trajectory) {
        let row = &trajectory.attempt;
        self.turns = 0;
        self.calls.clear();
        self.line(&format!("## Attempt {}", row.id));
        let mut facts = vec![
            format!("strategy: {}", row.strategy),
            format!("model: {}", span(&row.model)),
            format!("began: {}", moment(row.started_at)),
            format!("work: {}, {} steps, {} checks", row.wall, row.steps, row.checks),
            format!("calls of a model: {}", trajectory.calls),
            format!("tokens: {}", words::tokens(row.usage)),
            format!("cost: {}", words::money(row.cost)),
        ];
        match &row.ended {
            Some(ended) => facts.push(format!("outcome: **{}**", ended.outcome)),
            None => facts.push("outcome: none yet".to_owned()),
        }
        self.list(&facts);
        if let Some(told) = &trajectory.told {
            let whose = match told.is_verbatim {
                true => "",
                false => " (in this release's words: the ones that were sent were others)",
            };
            self.line(&format!("### What the model was told{whose}"));
            self.put(&block("text", &told.instructions));
            let tools: Vec<String> = told.tools.iter().map(|tool| span(&tool.name)).collect();
            self.line(&format!("Tools: {}", tools.join(", ")));
        }
        for moment in &trajectory.moments {
            self.moment(moment);
        }
    }

    /// Adds what an attempt proposes.
    pub(super) fn change(&mut self, change: &Proposed) {
        self.line(&format!("### The change of {}", change.row.attempt));
        match &change.patch {
            Some(patch) => self.put(&whole("diff", &String::from_utf8_lossy(patch))),
            None => self.line("It can't be read any more."),
        }
    }

    pub(super) fn finish(self) -> String {
        self.text.trim_end().to_owned() + "\n"
    }

    /// A line of our own, or a whole block, and an empty line after it.
    fn line(&mut self, line: &str) {
        let _ = write!(self.text, "{line}\n\n");
    }

    fn put(&mut self, block: &str) {
        let _ = writeln!(self.text, "{block}");
    }

    fn list(&mut self, facts: &[String]) {
        for fact in facts {
            let _ = writeln!(self.text, "- {fact}");
        }
        self.text.push('\n');
    }

    fn head(&mut self, words: &str, effort: Option<Effort>) {
        self.line(&format!("### {words}{}", effort.map(used).unwrap_or_default()));
    }

    fn moment(&mut self, moment: &Moment) {
        let effort = moment.effort;
        match &moment.what {
            Happening::SetUp { command, report: None } => {
                self.head(&format!("Setup is reused: {}", span(command)), effort);
            }
            Happening::SetUp { command, report: Some(report) } => {
                let words = format!("Setup, {}: {}", span(command), verdict(report));
                self.head(&words, effort);
                self.put(&block("text", &report.output));
            }
            Happening::Said(said) => self.said(said, effort),
            Happening::Asked { what, asked } => self.asked(what, asked, effort),
            Happening::Checked { purpose, changes, report } => {
                self.checked(*purpose, changes, report, effort);
            }
            Happening::Unjudged => self.head("No check: UNVERIFIED", effort),
            Happening::Failed { what, why } => {
                self.head("Failed", effort);
                self.line(&format!("While {}:", span(what)));
                self.put(&block("text", why));
            }
            Happening::Egress(event) => self.line(&span(&words::egress(event))),
            Happening::Chosen(choice) => self.line(&format!("Chosen: {}", span(&choice.why))),
            Happening::Foreseen(forecast) => self.line(&words::foreseen(forecast)),
            Happening::Forked { from, .. } => {
                self.head(&format!("Goes on from attempt {from}"), None);
            }
            Happening::Paused => self.head("Paused", None),
            Happening::Resumed => self.head("Going on", None),
            Happening::Proposal(event) => self.proposal(event, moment.at),
            Happening::StepsDropped { events, file } => {
                self.head(&words::steps_dropped(*events, file), None);
            }
            Happening::Ended { outcome, note } => {
                self.head(&format!("The end: {outcome}"), None);
                self.put(&block("text", note));
            }
        }
    }

    fn said(&mut self, said: &Said, effort: Option<Effort>) {
        match said {
            Said::Person { text } => {
                self.head("To the model", effort);
                self.put(&block("text", text));
            }
            Said::Model { text, calls } => {
                self.turns += 1;
                self.head(&format!("Turn {}", self.turns), effort);
                if !text.trim().is_empty() {
                    self.put(&block("text", text));
                }
                for call in calls {
                    self.called(call);
                }
            }
            Said::Tool { call, text } => {
                let tool = self.calls.get(call).map_or("a call", String::as_str);
                let words = format!("#### Result of {}", span(tool));
                self.line(&format!("{words}{}", effort.map(used).unwrap_or_default()));
                self.put(&block("text", text));
            }
        }
    }

    fn called(&mut self, call: &ToolCall) {
        self.calls.insert(call.id.clone(), call.name.clone());
        self.line(&format!("Calls {}:", span(&call.name)));
        let Value::Object(arguments) = &call.arguments else {
            return self.put(&block("json", &call.arguments.to_string()));
        };
        for (name, value) in arguments {
            match value {
                Value::String(text) if one_line(text, SHORT) == *text => {
                    self.line(&format!("{}: {}", span(name), span(text)));
                }
                Value::String(text) => {
                    self.line(&format!("{}:", span(name)));
                    self.put(&whole("text", text));
                }
                Value::Array(_) | Value::Object(_) => {
                    self.line(&format!("{}:", span(name)));
                    let pretty = serde_json::to_string_pretty(value).unwrap_or_default();
                    self.put(&whole("json", &pretty));
                }
                other => self.line(&format!("{}: {}", span(name), span(&other.to_string()))),
            }
        }
    }

    fn asked(&mut self, what: &str, asked: &[(Ask, Option<Answer>)], effort: Option<Effort>) {
        self.head(&format!("Asked the model: {}", span(what)), effort);
        for (ask, answer) in asked {
            let (kind, about) = (questions::kind(ask), questions::about(ask));
            let answered = questions::answered(answer.as_ref());
            if !questions::has_texts(answer.as_ref()) {
                self.line(&format!("{}, {}: {answered}", capital(kind), span(about)));
                continue;
            }
            self.line(&format!("{}:", capital(kind)));
            self.put(&block("text", about));
            self.line("Answered:");
            self.put(&block("text", &answered));
        }
    }

    fn checked(
        &mut self,
        purpose: CheckedFor,
        changes: &[Change],
        report: &CheckReport,
        effort: Option<Effort>,
    ) {
        let what = match purpose {
            CheckedFor::Baseline => "The check, before anything is done",
            CheckedFor::Trace => "The failing tests once more, traced",
            CheckedFor::Candidate => "A candidate",
            CheckedFor::Part => "What mends a part, on the whole check",
            CheckedFor::Proposed => "The check that it proposes, on the files as they were",
            CheckedFor::Judge => "The judge: the whole check on the diff alone",
        };
        self.head(&format!("{what}: {}", verdict(report)), effort);
        for change in changes {
            self.line(&place(change));
            self.put(&whole("text", &change.with));
        }
        if !report.failing.is_empty() {
            let shown = report.failing.iter().take(TESTS_SHOWN);
            let mut names: Vec<String> = shown.map(|test| span(&test.0)).collect();
            if report.failing.len() > TESTS_SHOWN {
                names.push(format!("{} more", report.failing.len() - TESTS_SHOWN));
            }
            self.line(&format!("Failing: {}", names.join(", ")));
        }
        // Of a candidate, which tests fail is all that counts.
        let is_told =
            matches!(purpose, CheckedFor::Baseline | CheckedFor::Proposed | CheckedFor::Judge);
        if is_told && !report.output.trim().is_empty() {
            self.line(&format!("{} said:", span(&report.command)));
            self.put(&block("text", &report.output));
        }
    }

    fn proposal(&mut self, event: &ProposalEvent, at: Timestamp) {
        let at = moment(at);
        match event {
            ProposalEvent::Made { evidence, .. } => {
                let judged = evidence.as_ref().is_some_and(CheckReport::passed);
                let words = if judged { "verified" } else { "UNVERIFIED" };
                self.head(&format!("Proposed, {words} ({at})"), None);
            }
            ProposalEvent::AcceptedAsBranch { branch, .. } => {
                self.head(&format!("Accepted as {} ({at})", span(branch)), None);
            }
            ProposalEvent::Earned { bound, .. } => {
                let bound = bound * 100.0;
                self.head(&format!("Accepted unseen: right over {bound:.1} % ({at})"), None);
            }
            ProposalEvent::Preferred { others } => {
                self.head(&format!("Preferred to {others} more ({at})"), None);
            }
            ProposalEvent::Commented { place, text } => {
                self.head(&format!("Comment on {} ({at})", span(&place.to_string())), None);
                self.put(&block("text", text));
            }
            ProposalEvent::AcceptedInPlace { .. } => {
                self.head(&format!("Accepted into the files ({at})"), None);
            }
            ProposalEvent::Rejected { reason } => {
                self.head(&format!("Rejected ({at})"), None);
                if !reason.is_empty() {
                    self.put(&block("text", reason));
                }
            }
            // What came of it follows.
            ProposalEvent::Applying { .. }
            | ProposalEvent::Branching { .. }
            | ProposalEvent::TakingBack => {}
            ProposalEvent::Undone => self.head(&format!("Taken back ({at})"), None),
        }
    }
}

/// What a step took, in brackets.
fn used(effort: Effort) -> String {
    let mut used = format!("step {}, {}", effort.step, effort.wall);
    if effort.usage.total().0 > 0 {
        let _ = write!(used, ", {}", words::tokens(effort.usage));
    }
    if effort.cost.0 > 0 {
        let _ = write!(used, ", {}", words::money(effort.cost));
    }
    format!(" ({used})")
}

fn verdict(report: &CheckReport) -> String {
    match &report.verdict {
        CheckVerdict::Passed => "passed".to_owned(),
        CheckVerdict::Failed => "failed".to_owned(),
        CheckVerdict::TimedOut => "stopped at its time limit".to_owned(),
        CheckVerdict::Broken(why) => format!("could not judge ({})", span(why)),
    }
}

fn place(change: &Change) -> String {
    let path = span(&change.path);
    let (first, last) = (change.line, change.line + change.lines.saturating_sub(1));
    match (change.lines, change.with.is_empty()) {
        (0, _) => format!("Before line {first} of {path}:"),
        (_, true) => format!("Lines {first} to {last} of {path} go:"),
        (1, false) => format!("In place of line {first} of {path}:"),
        (_, false) => format!("In place of lines {first} to {last} of {path}:"),
    }
}

fn capital(words: &str) -> String {
    let mut characters = words.chars();
    characters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

/// In UTC, since a page is read elsewhere.
fn moment(at: Timestamp) -> String {
    let at = leaving::moment(at);
    match (at.get(..10), at.get(11..16)) {
        (Some(day), Some(time)) => format!("{day} {time} UTC"),
        _ => "an unknown time".to_owned(),
    }
}

//! `tenfold log`: the steps of a task's attempts as they were recorded.

use std::collections::BTreeMap;

use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tenfold_desk::{DeskError, words};
use tenfold_domain::{
    AttemptEvent, AttemptId, EffectKind, Event, Fact, PolicyEvent, ProposalEvent, StepEvent,
    StepId, TaskEvent, Timestamp, ToolCall, Verdict,
};
use tenfold_engine::ReplayReport;
use tenfold_store::{About, View};

use crate::arguments::{Named, named};
use crate::context::{self, Context};
use crate::exit::Exit;
use crate::report;
use crate::terminal::{self, BOLD, DIM, one_line, styled, visible};
use crate::trouble::Trouble;

/// The widest text of a step.
const WIDTH: usize = 100;

/// Show every step of a task's attempts
#[derive(Debug, Args)]
pub(crate) struct LogArgs {
    /// The task, or one attempt at it (3.1)
    #[arg(value_name = "TASK[.ATTEMPT]", value_parser = named)]
    task: Named,
    /// Run each attempt again over its recorded replies, and say whether it decides the same
    #[arg(long)]
    replay: bool,
    /// The events as they were recorded, one JSON object a line; with --replay, an object
    /// for each attempt
    #[arg(long)]
    json: bool,
}

/// How an attempt went over its recorded replies.
#[derive(Serialize)]
struct ReplayJson<'r> {
    attempt: String,
    #[serde(flatten)]
    report: &'r ReplayReport,
}

/// Performs the command.
pub(crate) fn run(context: &Context, args: &LogArgs) -> Result<Exit, Trouble> {
    let view = context.view(args.task.task)?;
    context::task(&view, args.task.task)?;
    let about = match args.task.attempt {
        None => About::Task(args.task.task),
        Some(attempt) => {
            view.attempt(attempt)?.ok_or_else(|| DeskError::no_attempt(attempt))?;
            About::Attempt(attempt)
        }
    };
    if args.replay {
        return replayed(context, &view, args);
    }
    if args.json {
        for event in view.each_event(about.into()) {
            terminal::print_json(&event?)?;
        }
    } else {
        steps(&view, about)?;
    }
    Ok(Exit::Done)
}

/// Nothing is asked of a model, and no check runs: what came back then is read from the
/// journal.
fn replayed(context: &Context, view: &View, args: &LogArgs) -> Result<Exit, Trouble> {
    let attempts = match args.task.attempt {
        Some(attempt) => vec![attempt],
        None => view.attempts(args.task.task)?.iter().map(|attempt| attempt.id).collect(),
    };
    let mut all_agree = true;
    for attempt in attempts {
        let report = tenfold_engine::replay(view, &context.house.places, attempt)?;
        all_agree &= report.agrees();
        if args.json {
            terminal::print_json(&ReplayJson { attempt: attempt.to_string(), report: &report })?;
            continue;
        }
        let (replies, same) = (report.replies, report.same);
        let said = match &report.difference {
            None => "decides the same".to_owned(),
            Some(difference) => format!("DIFFERS: {}", one_line(difference, 400)),
        };
        terminal::print(&format!(
            "attempt {attempt}: {replies} recorded replies, {same} of {} events the same: {said}",
            report.recorded
        ))?;
    }
    Ok(if all_agree { Exit::Done } else { Exit::NotSolved })
}

/// What a line of the log knows of the lines before it.
#[derive(Default)]
struct Reading {
    began: Timestamp,
    attempt: Option<AttemptId>,
    /// What the machine wanted of the steps that have not ended: the effect, and of what.
    wanted: BTreeMap<StepId, (&'static str, String)>,
    kinds: BTreeMap<StepId, EffectKind>,
}

fn steps(view: &View, about: About) -> Result<(), Trouble> {
    let mut reading = Reading::default();
    for event in view.each_event(about.into()) {
        if let Some(line) = reading.line(&event?) {
            terminal::print(&line)?;
        }
    }
    Ok(())
}

/// What happened to the task itself.
fn of_task(event: &TaskEvent) -> String {
    match event {
        TaskEvent::Asked(spec) => {
            let text = if spec.text.is_empty() { "make the check pass" } else { &spec.text };
            format!("asked: {}", one_line(text, WIDTH))
        }
        TaskEvent::Budgeted { budget } => {
            format!("from now on at most {}", report::limits(budget))
        }
        TaskEvent::Steered { text } => format!("you said: {}", one_line(text, 200)),
        TaskEvent::CheckApproved(check) => {
            format!("the check is `{}` from now on", one_line(&check.command, WIDTH))
        }
        TaskEvent::Parked(parked) => format!("parked {parked}"),
        TaskEvent::LeftOff { why } => format!("no further attempt: {}", one_line(why, 300)),
        TaskEvent::Surveyed(survey) => {
            let code = survey
                .language
                .as_deref()
                .map_or(String::new(), |name| format!(", most of the code in {name}"));
            format!("its files: {}{code}", survey.files)
        }
        TaskEvent::Woken => "woken: what it waited for may be there".to_owned(),
    }
}

impl Reading {
    /// The line of an event; none if another line says it.
    fn line(&mut self, event: &Event) -> Option<String> {
        let at = event.at;
        match &event.fact {
            Fact::Task { event, .. } => Some(format!("{} {}", report::moment(at), of_task(event))),
            Fact::Attempt { attempt, event } => self.attempt(*attempt, event, at),
            Fact::Step { step, event, .. } => self.step(*step, event, at),
            Fact::Policy { step, event, .. } => {
                Some(self.at(at, &format!("{step:>4} {}", denied(event)?)))
            }
            Fact::Egress { step, event, .. } => {
                Some(self.at(at, &format!("{step:>4} {}", words::egress(event))))
            }
            Fact::Proposal { event, .. } => Some(self.at(at, &proposal(event))),
            Fact::Ledger { .. }
            | Fact::Journal { .. }
            | Fact::Repository { .. }
            | Fact::People { .. }
            | Fact::Deed { .. } => None,
        }
    }

    /// A line with the time since the attempt began.
    fn at(&self, at: Timestamp, text: &str) -> String {
        let since = format!("+{}", at.since(self.began));
        format!("{} {text}", styled(DIM, format_args!("{since:>12}")))
    }

    fn attempt(&mut self, id: AttemptId, event: &AttemptEvent, at: Timestamp) -> Option<String> {
        match event {
            AttemptEvent::Started { strategy, model, seed, base } => {
                self.began = at;
                self.attempt = Some(id);
                let head = styled(BOLD, format_args!("attempt {id}"));
                let (model, seed, base) = (one_line(model, 80), seed.0, base.short());
                Some(format!(
                    "{} {head}: {strategy} with {model}, seed {seed}, on {base}",
                    report::moment(at)
                ))
            }
            // The machine's own notes; --json has them all.
            AttemptEvent::Advanced { change } => {
                let step = change.get("step").and_then(Value::as_u64);
                if let (Some(step), Some(effect)) = (step, change.get("effect")) {
                    let step = StepId(u32::try_from(step).unwrap_or(u32::MAX));
                    // A loop writes what it wants into the change itself.
                    let effect = if effect.is_string() { change } else { effect };
                    self.wanted.insert(step, (unannounced(effect), summary(effect)));
                }
                None
            }
            AttemptEvent::Asked { question, .. } => {
                Some(self.at(at, &format!("asks you: {}", one_line(question, 200))))
            }
            AttemptEvent::Answered { text, .. } => {
                Some(self.at(at, &format!("you answered: {}", one_line(text, 200))))
            }
            AttemptEvent::Chosen(choice) => {
                Some(self.at(at, &format!("chosen: {}", one_line(&choice.why, 300))))
            }
            AttemptEvent::Foreseen(forecast) => Some(self.at(at, &report::foreseen(forecast))),
            AttemptEvent::Confined { tier } => (tier != "A").then(|| {
                let text = format!("a weaker SANDBOX, of tier {}", one_line(tier, 20));
                self.at(at, &text)
            }),
            AttemptEvent::Forked { from, step, .. } => {
                let up_to = step.map_or_else(String::new, |step| format!(", up to step {step}"));
                Some(self.at(at, &format!("goes on from attempt {from}{up_to}")))
            }
            AttemptEvent::Paused => Some(self.at(at, "paused")),
            AttemptEvent::Resumed => Some(self.at(at, "going on")),
            AttemptEvent::Ended { outcome, note } => {
                Some(self.at(at, &format!("{outcome}: {}", visible(note.trim_end()))))
            }
            AttemptEvent::FilesRemoved => Some(self.at(at, "its files were removed to make room")),
            AttemptEvent::StepsDropped { events, export, .. } => {
                Some(self.at(at, &report::steps_dropped(*events, &export.name)))
            }
        }
    }

    fn step(&mut self, step: StepId, event: &StepEvent, at: Timestamp) -> Option<String> {
        match event {
            StepEvent::Intent { kind, .. } => {
                self.kinds.insert(step, *kind);
                None
            }
            StepEvent::Result { reply, usage, cost, wall, .. } => {
                let (mut kind, mut asked) = self.close(step);
                if let Some(command) = reply.get("setup").and(reply.get("command")) {
                    // It is nothing that the machine wanted, and so says itself what it is.
                    kind = "setup";
                    asked = format!("`{}`", one_line(command.as_str().unwrap_or_default(), WIDTH));
                }
                let mut text = format!("{step:>4} {kind:<6} {asked}");
                if let Some(said) = said(reply) {
                    text = format!("{text} → {said}");
                }
                let mut used = wall.to_string();
                if usage.total().0 > 0 {
                    used = format!("{used}, {}", report::tokens(*usage));
                }
                if cost.0 > 0 {
                    used = format!("{used}, {}", report::money(*cost));
                }
                Some(self.at(at, &format!("{text} {}", styled(DIM, format_args!("({used})")))))
            }
            StepEvent::Failed { why, cost } => {
                // A request that was turned away is sent again.
                let is_request = self.kinds.get(&step) == Some(&EffectKind::Model);
                let again = self.wanted.get(&step).filter(|_| is_request).cloned();
                let (kind, asked) = self.close(step);
                self.wanted.extend(again.map(|wanted| (step, wanted)));
                let (why, cost) = (one_line(why, 200), report::money(*cost));
                Some(self.at(at, &format!("{step:>4} {kind:<6} {asked} FAILED: {why} ({cost})")))
            }
        }
    }

    /// What was asked in the step that ends now.
    fn close(&mut self, step: StepId) -> (&'static str, String) {
        let (kind, asked) = self.wanted.remove(&step).unwrap_or_default();
        (self.kinds.remove(&step).map_or(kind, name), asked)
    }
}

/// What an effect is called that was recorded without an intent: it costs nothing and changes
/// nothing.
fn unannounced(effect: &Value) -> &'static str {
    match effect.get("effect").and_then(Value::as_str) {
        Some("judge" | "submit") => "judge",
        Some("tool") => "tool",
        _ => "read",
    }
}

fn name(kind: EffectKind) -> &'static str {
    match kind {
        EffectKind::Model => "model",
        EffectKind::Check => "check",
        EffectKind::Setup => "setup",
        EffectKind::Read => "read",
        EffectKind::Tool => "tool",
    }
}

/// What the policy has denied. What it asks, the attempt asks; what it allows, is done.
fn denied(event: &PolicyEvent) -> Option<String> {
    let PolicyEvent::Decided { verdict, rule, on, why } = event;
    let rule = match rule {
        Some(rule) => format!("rule '{}'", one_line(rule, 80)),
        None => "a default".to_owned(),
    };
    let (on, why) = (one_line(on, WIDTH), one_line(why, WIDTH));
    (*verdict == Verdict::Deny).then(|| format!("policy {on} DENIED by {rule}: {why}"))
}

fn proposal(event: &ProposalEvent) -> String {
    match event {
        ProposalEvent::Made { commit, evidence } => {
            let proof = crate::evidence::line(evidence.as_ref());
            format!("proposed {}: {proof}", commit.short())
        }
        ProposalEvent::Branching { branch, .. } => {
            format!("being made into {}", one_line(branch, 200))
        }
        ProposalEvent::AcceptedAsBranch { branch, .. } => {
            format!("accepted as {}", one_line(branch, 200))
        }
        ProposalEvent::Earned { bound, over } => format!(
            "accepted unseen, by your policy: work of this kind is right more than {:.1} % of the \
             time (it asks for {:.1} %)",
            bound * 100.0,
            over * 100.0
        ),
        ProposalEvent::Preferred { others } => match others {
            1 => "preferred to another proposal: the smaller change".to_owned(),
            others => format!("preferred to {others} other proposals: the smallest change"),
        },
        ProposalEvent::Commented { place, text } => {
            let place = one_line(&place.to_string(), 200);
            format!("you commented on {place}: {}", one_line(text, 200))
        }
        ProposalEvent::Applying { .. } => "being written into the files".to_owned(),
        ProposalEvent::AcceptedInPlace { .. } => "accepted into the files".to_owned(),
        ProposalEvent::TakingBack => "being taken back".to_owned(),
        ProposalEvent::Rejected { reason } => format!("rejected: {}", one_line(reason, 200)),
        ProposalEvent::Undone => "taken back".to_owned(),
    }
}

/// An effect in a few words. Its form is the strategy's own, so only what is usual is looked
/// for: a command, the edits it is run with, the questions that are asked.
fn summary(effect: &Value) -> String {
    let list = |name: &str| effect.get(name).and_then(Value::as_array).into_iter().flatten();
    let mut words = Vec::new();
    match effect.get("effect").and_then(Value::as_str) {
        Some("judge" | "submit") => words.push("the diff alone".to_owned()),
        Some("baseline") => words.push("before anything is done".to_owned()),
        Some("turn") => words.push("a turn".to_owned()),
        _ => {}
    }
    let call = effect.get("call").filter(|call| call.is_object());
    if let Some(call) = call.and_then(|call| ToolCall::deserialize(call).ok()) {
        words.push(tenfold_engine::in_words(&call));
    }
    if let Some(command) = effect.get("command").and_then(Value::as_str) {
        words.push(format!("`{}`", one_line(command, WIDTH)));
    }
    let mut kinds: BTreeMap<&str, u32> = BTreeMap::new();
    for ask in list("asks") {
        let kind = ask.get("ask").and_then(Value::as_str).unwrap_or("question");
        *kinds.entry(kind).or_default() += 1;
    }
    words.extend(kinds.iter().map(|(kind, count)| format!("{count} {kind}")));
    match list("edits").count() {
        0 => {}
        1 => words.push("with one edit".to_owned()),
        count => words.push(format!("with {count} edits")),
    }
    one_line(&words.join(" "), WIDTH)
}

/// What a reply comes to, where that is a word: how a check ended.
fn said(reply: &Value) -> Option<String> {
    if reply.get("reply").and_then(Value::as_str) == Some("unjudged") {
        return Some("UNVERIFIED: there is no check".to_owned());
    }
    if reply.get("setup").and_then(Value::as_str) == Some("reused") {
        return Some("reused".to_owned());
    }
    let verdict = reply.get("report")?.get("verdict")?;
    Some(one_line(verdict.as_str().unwrap_or("broken"), 40))
}

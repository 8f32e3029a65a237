//! One attempt in the form of mini-SWE-agent's trajectories (`mini-swe-agent-1.1`): `info` and
//! `messages`, as its `DefaultAgent.serialize` writes them and its inspector reads them. What
//! has no place in that form is under `info.tenfold` and in the messages' `extra`.

use serde_json::{Map, Value, json};
use tenfold_domain::{Answer, Ask, AttemptOutcome, NanoUsd, Said, Strategy, TaskSpec, ToolCall};
use tenfold_engine::{CheckedFor, Effort, Happening, Moment, Trajectory};

use super::{Proposed, leaving};
use crate::task::questions;

const FORMAT: &str = "mini-swe-agent-1.1";
/// In the place of that program's version.
const VERSION: &str = concat!("tenfold ", env!("CARGO_PKG_VERSION"));

/// An attempt in this form.
pub(super) fn of(spec: &TaskSpec, trajectory: &Trajectory, change: Option<&Proposed>) -> Value {
    let patch = change.and_then(|change| change.patch.as_deref()).unwrap_or_default();
    let submission = String::from_utf8_lossy(patch);
    let mut messages = opening(spec, trajectory);
    for moment in &trajectory.moments {
        messages.extend(said(trajectory.attempt.strategy, moment));
    }
    messages.extend(ending(trajectory, &submission));
    json!({
        "info": info(spec, trajectory, change, &submission),
        "messages": messages,
        "trajectory_format": FORMAT,
    })
}

fn info(
    spec: &TaskSpec,
    trajectory: &Trajectory,
    change: Option<&Proposed>,
    submission: &str,
) -> Value {
    let attempt = &trajectory.attempt;
    let ended = attempt.ended.as_ref();
    let is_exact = change.is_none_or(|change| {
        change.patch.as_deref().is_some_and(|patch| std::str::from_utf8(patch).is_ok())
    });
    json!({
        "model_stats": {
            "instance_cost": dollars(attempt.cost),
            "api_calls": trajectory.calls,
        },
        "config": {
            "agent": {
                "cost_limit": dollars(spec.budget.money),
                "wall_time_limit_seconds": spec.budget.time.0 / 1_000,
            },
            "agent_type": format!("tenfold.{}", attempt.strategy),
            "model": { "model_name": attempt.model },
            "model_type": "tenfold",
            "environment": { "cwd": spec.workspace },
            "environment_type": "tenfold",
        },
        "mini_version": VERSION,
        "exit_status": ended.map_or("", |ended| exit_status(ended.outcome)),
        "submission": submission,
        "tenfold": {
            "attempt": attempt.id.to_string(),
            "task": spec.text,
            "check": spec.check,
            "outcome": ended.map(|ended| ended.outcome),
            "note": ended.map(|ended| &ended.note),
            "verified": change.is_some_and(|change| change.row.verified),
            "submission_is_exact": is_exact,
            "base": attempt.base,
            "seed": attempt.seed,
            "cost_nano_usd": attempt.cost.0,
            "wall_ms": attempt.wall.0,
            "usage": attempt.usage,
        },
    })
}

/// The names that mini-SWE-agent gives to what both of them know; its others are names of
/// exceptions, and ours are written in the same manner.
fn exit_status(outcome: AttemptOutcome) -> &'static str {
    match outcome {
        AttemptOutcome::Finished => "Submitted",
        AttemptOutcome::LimitSteps | AttemptOutcome::LimitMoney | AttemptOutcome::LimitShare => {
            "LimitsExceeded"
        }
        AttemptOutcome::LimitTime => "TimeExceeded",
        AttemptOutcome::LimitQuota => "QuotaExceeded",
        AttemptOutcome::Stopped => "UserInterruption",
        AttemptOutcome::GaveUp => "GaveUp",
        AttemptOutcome::Stuck => "Stuck",
        AttemptOutcome::ProviderFailed => "ProviderFailed",
        AttemptOutcome::NothingToDo => "NothingToDo",
        AttemptOutcome::CheckBroken => "CheckBroken",
        AttemptOutcome::CheckFlaky => "CheckFlaky",
    }
}

/// That form has money in dollars, as a float.
fn dollars(amount: NanoUsd) -> f64 {
    amount.0 as f64 / 1e9
}

/// What was told before all else; of a strategy that talks with nobody, the task.
fn opening(spec: &TaskSpec, trajectory: &Trajectory) -> Vec<Value> {
    match (&trajectory.told, trajectory.attempt.strategy) {
        (Some(told), _) => vec![json!({
            "role": "system",
            "content": told.instructions,
            "extra": { "tools": told.tools, "is_verbatim": told.is_verbatim },
        })],
        (None, Strategy::Loop) => Vec::new(),
        (None, Strategy::Repair) => {
            let text = if spec.text.is_empty() { "make the check pass" } else { &spec.text };
            vec![json!({ "role": "user", "content": text, "extra": { "check": spec.check } })]
        }
    }
}

/// What was said by it. In a conversation only what the model was told, or said itself, is a
/// message: the check's words reach it in the tool's.
fn said(strategy: Strategy, moment: &Moment) -> Vec<Value> {
    match &moment.what {
        Happening::Said(said) => vec![spoken(said, moment)],
        Happening::Asked { what, asked } => asked_and_answered(what, asked, moment),
        Happening::Checked { purpose, changes, report } if strategy == Strategy::Repair => {
            let mut more = extra(moment);
            more.insert("purpose".into(), purpose_name(*purpose).into());
            more.insert("command".into(), report.command.clone().into());
            more.insert("returncode".into(), json!(report.exit_code));
            more.insert("raw_output".into(), report.output.clone().into());
            more.insert("verdict".into(), json!(report.verdict));
            let changes = changes.iter().map(|change| {
                json!({
                    "path": change.path, "line": change.line, "lines": change.lines,
                    "with": change.with,
                })
            });
            more.insert("changes".into(), changes.collect());
            let content = json!({ "returncode": report.exit_code, "output": report.output });
            vec![message("user", &content.to_string(), more)]
        }
        Happening::Checked { .. }
        | Happening::SetUp { .. }
        | Happening::Unjudged
        | Happening::Failed { .. }
        | Happening::Egress(_)
        | Happening::Chosen(_)
        | Happening::Foreseen(_)
        | Happening::Forked { .. }
        | Happening::Paused
        | Happening::Resumed
        | Happening::Proposal(_)
        | Happening::Ended { .. }
        | Happening::StepsDropped { .. } => Vec::new(),
    }
}

fn spoken(said: &Said, moment: &Moment) -> Value {
    let mut more = extra(moment);
    match said {
        Said::Person { text } => message("user", text, more),
        Said::Tool { call, text } => {
            more.insert("raw_output".into(), text.clone().into());
            let mut message = message("tool", text, more);
            message["tool_call_id"] = call.clone().into();
            message
        }
        Said::Model { text, calls } => {
            more.insert("actions".into(), calls.iter().map(action).collect());
            let mut message = message("assistant", text, more);
            if !calls.is_empty() {
                message["tool_calls"] = calls.iter().map(tool_call).collect();
            }
            message
        }
    }
}

/// As a model's API has it: the arguments are a text that holds JSON.
fn tool_call(call: &ToolCall) -> Value {
    json!({
        "id": call.id,
        "type": "function",
        "function": { "name": call.name, "arguments": call.arguments.to_string() },
    })
}

/// That form knows one tool, a shell's command that is waited for. Of the others it has the whole
/// call.
fn action(call: &ToolCall) -> Value {
    let command = call.arguments.get("command").and_then(Value::as_str);
    let is_waited_for = call.arguments.get("background") != Some(&Value::Bool(true));
    let command = match command.filter(|_| call.name == "run" && is_waited_for) {
        Some(command) => command.to_owned(),
        None => format!("{} {}", call.name, call.arguments),
    };
    json!({ "command": command, "tool_call_id": call.id })
}

fn asked_and_answered(what: &str, asked: &[(Ask, Option<Answer>)], moment: &Moment) -> Vec<Value> {
    let mut question = vec![what.to_owned()];
    let mut answers = Vec::new();
    for (ask, answer) in asked {
        question.push(format!("{}:\n{}", questions::kind(ask), questions::about(ask)));
        answers.push(questions::answered(answer.as_ref()));
    }
    let asks: Vec<&Ask> = asked.iter().map(|(ask, _)| ask).collect();
    let given: Vec<&Option<Answer>> = asked.iter().map(|(_, answer)| answer).collect();
    let mut of_question = Map::from_iter([("asks".to_owned(), json!(asks))]);
    of_question.insert("step".into(), json!(moment.effort.map(|effort| effort.step)));
    let mut of_answer = extra(moment);
    of_answer.insert("answers".into(), json!(given));
    vec![
        message("user", &question.join("\n\n"), of_question),
        message("assistant", &answers.join("\n\n"), of_answer),
    ]
}

fn ending(trajectory: &Trajectory, submission: &str) -> Option<Value> {
    let ended = trajectory.attempt.ended.as_ref()?;
    Some(json!({
        "role": "exit",
        "content": ended.note,
        "extra": {
            "exit_status": exit_status(ended.outcome),
            "submission": submission,
            "timestamp": seconds(ended.at.0),
        },
    }))
}

fn message(role: &str, content: &str, extra: Map<String, Value>) -> Value {
    json!({ "role": role, "content": content, "extra": extra })
}

fn extra(moment: &Moment) -> Map<String, Value> {
    let mut extra = Map::new();
    extra.insert("timestamp".into(), seconds(moment.at.0).into());
    extra.insert("time".into(), leaving::moment(moment.at).into());
    if let Some(Effort { step, usage, cost, wall }) = moment.effort {
        extra.insert("step".into(), json!(step));
        extra.insert("usage".into(), json!(usage));
        extra.insert("cost".into(), dollars(cost).into());
        extra.insert("wall_ms".into(), wall.0.into());
    }
    extra
}

/// That form has moments in seconds, as a float.
fn seconds(milliseconds: u64) -> f64 {
    milliseconds as f64 / 1e3
}

fn purpose_name(purpose: CheckedFor) -> &'static str {
    match purpose {
        CheckedFor::Baseline => "baseline",
        CheckedFor::Trace => "trace",
        CheckedFor::Candidate => "candidate",
        CheckedFor::Part => "part",
        CheckedFor::Proposed => "proposed",
        CheckedFor::Judge => "judge",
    }
}

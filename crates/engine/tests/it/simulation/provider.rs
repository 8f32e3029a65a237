//! The provider: it answers by chance, loses answers, turns requests away, and keeps a bill of
//! its own, which is what the accounts are held against.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tenfold_domain::{Answer, Ask, Millis, Said, Tokens, ToolCall, Turn, Usage};
use tenfold_models::{Answers, Hosted, Model, ProviderError, StandIn, Turned};

use super::commands::COMMAND;
use super::life::Life;
use super::world::{FILE, RIGHT, State};

/// Answers in the place of a provider.
pub(super) struct Far(pub(super) Arc<Life>);

/// After how long a client gives up a provider that says nothing.
const SILENCE: Duration = Duration::from_secs(300);

/// What becomes of a request.
enum Becomes {
    /// It is answered after so many milliseconds.
    Answered(u64),
    /// It is turned away, for so many seconds if that is said.
    Away {
        after: Option<u64>,
        is_too_much: bool,
    },
    /// What may be used is used up.
    Quota(Option<u64>),
    /// It costs, and its answer never comes, or breaks off.
    Lost {
        at_once: bool,
    },
    /// It costs, and there is no answer.
    Refused,
    Failed,
}

impl StandIn for Far {
    fn turn<'a>(&'a self, hosted: &'a Hosted, turn: &'a Turn) -> Answers<'a> {
        Box::pin(self.asked(hosted, turn))
    }
}

impl Far {
    async fn asked(&self, hosted: &Hosted, turn: &Turn) -> Result<Turned, ProviderError> {
        let life = &self.0;
        life.moment("a request leaves").await;
        let request = hash(turn);
        let lived = life.lived_ms();
        let is_out = life.fate.outage.is_some_and(|(from, to)| (from..to).contains(&lived));
        let (becomes, usage) = {
            let mut state = life.world.state();
            let becomes = state.becomes(is_out);
            let usage = state.usage(turn);
            let billed = state.bill.entry(request.clone()).or_default();
            billed.got += 1;
            if !matches!(becomes, Becomes::Away { .. } | Becomes::Quota(_) | Becomes::Failed) {
                let cost = Model::Hosted(Box::new(hosted.clone())).cost(usage, Millis(0));
                billed.billed += 1;
                billed.cost += cost;
            }
            (becomes, usage)
        };
        life.tell(|| format!("request {} {}", &request[..8], becomes.name()));
        life.moment("a request is with the provider").await;
        let why = || "simulated".to_owned();
        let after = |seconds: Option<u64>| seconds.map(Duration::from_secs);
        match becomes {
            Becomes::Answered(latency) => {
                tokio::time::sleep(Duration::from_millis(latency)).await;
                life.moment("an answer is there").await;
                let answer = life.world.state().answer(turn);
                life.tell(|| format!("answer {}: {}", &request[..8], said(&answer)));
                Ok(Turned { answer, usage })
            }
            Becomes::Away { after: seconds, is_too_much } => {
                tokio::time::sleep(Duration::from_millis(30)).await;
                Err(ProviderError::Away { why: why(), after: after(seconds), is_too_much })
            }
            Becomes::Quota(seconds) => {
                Err(ProviderError::Quota { why: why(), after: after(seconds) })
            }
            Becomes::Lost { at_once } => {
                if !at_once {
                    tokio::time::sleep(SILENCE).await;
                }
                Err(ProviderError::Cut { why: why() })
            }
            Becomes::Refused => Err(ProviderError::Refused { why: why(), usage }),
            Becomes::Failed => Err(ProviderError::Failed { why: why() }),
        }
    }
}

impl Becomes {
    fn name(&self) -> &'static str {
        match self {
            Self::Answered(_) => "is answered",
            Self::Away { .. } => "is turned away",
            Self::Quota(_) => "finds its quota used up",
            Self::Lost { .. } => "is lost",
            Self::Refused => "is refused",
            Self::Failed => "fails",
        }
    }
}

impl State {
    fn becomes(&mut self, is_out: bool) -> Becomes {
        if self.is_calm {
            return Becomes::Answered(self.within(50..3_000));
        }
        if is_out {
            return match self.draws.below(3) {
                0 => Becomes::Lost { at_once: false },
                _ => Becomes::Away { after: None, is_too_much: false },
            };
        }
        match self.draws.below(40) {
            0 => Becomes::Away { after: Some(self.within(1..30)), is_too_much: true },
            1 => Becomes::Away { after: Some(self.within(60..400)), is_too_much: true },
            2 => Becomes::Away { after: None, is_too_much: false },
            3 => Becomes::Quota(self.one_in(2).then_some(3_600)),
            4 => Becomes::Lost { at_once: true },
            5 => Becomes::Lost { at_once: false },
            6 => Becomes::Refused,
            7 if self.one_in(3) => Becomes::Failed,
            8 | 9 => Becomes::Answered(self.within(30_000..400_000)),
            _ => Becomes::Answered(self.within(50..9_000)),
        }
    }

    /// What a request uses: now and then as much as it can.
    fn usage(&mut self, turn: &Turn) -> Usage {
        let bytes = serde_json::to_string(turn).unwrap().len() as u64;
        let most = self.one_in(10);
        let prompt = if most { bytes } else { bytes / 4 };
        let output = if most { u64::from(turn.max_tokens) } else { self.within(1..200) };
        Usage { prompt: Tokens(prompt), output: Tokens(output), ..Usage::default() }
    }

    fn answer(&mut self, turn: &Turn) -> Answer {
        let turns = turn.said.iter().filter(|said| matches!(&***said, Said::Model { .. })).count();
        let count = if self.is_calm { 1 } else { self.draws.below(3) + usize::from(turns == 0) };
        let calls = (0..count).map(|at| self.call(turn, turns, at)).collect();
        Answer::Turned { text: "thinking".to_owned(), calls, ended: true }
    }

    /// The number of a command in the background, or another one.
    fn aside(&mut self, turn: &Turn) -> u64 {
        let number = |said: &Arc<Said>| match &**said {
            Said::Tool { text, .. } if text.contains("background") => {
                let words = text.split(|c: char| !c.is_ascii_digit());
                words.filter_map(|word| word.parse().ok()).find(|number| *number < 200)
            }
            _ => None,
        };
        turn.said.iter().rev().find_map(number).unwrap_or_else(|| self.within(1..20))
    }

    fn call(&mut self, turn: &Turn, turns: usize, at: usize) -> ToolCall {
        let may_ask = turn.tools.iter().any(|tool| tool.name == "ask");
        let last = turn.said.iter().rev().find_map(|said| match &**said {
            Said::Model { calls, .. } => Some(calls),
            _ => None,
        });
        let is_right = last.is_some_and(|calls| {
            calls.iter().any(|call| call.name == "write" && call.arguments["text"] == RIGHT)
        });
        let drawn = match self.is_calm {
            true if is_right => 9,
            true => 1,
            false => self.draws.below(15),
        };
        let number = self.within(0..1_000);
        let (name, arguments) = match drawn {
            0 => ("write", json!({ "path": FILE, "text": format!("wrong {number}\n") })),
            1 => ("write", json!({ "path": FILE, "text": RIGHT })),
            2 => ("read", json!({ "path": FILE })),
            3 => ("run", json!({ "command": format!("{COMMAND}mend-{number}") })),
            4 => ("run", json!({ "command": format!("{COMMAND}break-{number}") })),
            5 => ("run", json!({ "command": format!("{COMMAND}idle-{number}"), "timeout_s": 30 })),
            6 if may_ask => ("ask", json!({ "question": format!("what of {number}?") })),
            6 => ("plan", json!({ "plan": format!("{number}") })),
            7 => ("list", json!({ "path": "." })),
            8 => ("nothing", json!({ "number": number })),
            11 | 12 => {
                let command = format!("{COMMAND}aside-{number}");
                ("run", json!({ "command": command, "background": true, "timeout_s": 200 }))
            }
            13 => ("output", json!({ "id": self.aside(turn), "wait_s": number % 40 })),
            14 => ("kill", json!({ "id": self.aside(turn) })),
            _ => {
                ("finish", json!({ "summary": "done", "solved": self.is_calm || !self.one_in(8) }))
            }
        };
        let id = format!("call-{turns}-{at}");
        ToolCall { id, name: name.to_owned(), arguments, signatures: Vec::new() }
    }
}

/// A request as the journal knows it.
fn hash(turn: &Turn) -> String {
    let name = tenfold_engine::request_name(&[Ask::Turn(turn.clone())]);
    name["sha256"].as_str().unwrap_or_default().to_owned()
}

fn said(answer: &Answer) -> String {
    let Answer::Turned { calls, .. } = answer else { return String::new() };
    let one = |call: &ToolCall| format!("{} {}", call.name, Value::to_string(&call.arguments));
    calls.iter().map(one).collect::<Vec<_>>().join("; ")
}

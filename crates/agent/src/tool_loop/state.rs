//! The loop's state: a fold of its events.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tenfold_domain::{
    AttemptOutcome, CommitId, Guidance, Millis, NanoUsd, OfferedTool, Said, Seed, Shell, StepId,
    ToolCall, ToolSpec, Turn,
};

use super::event::{Event, Wish};
use super::{own, words};
use crate::effect::{CheckAsk, Effect, Ending, Purpose};

/// How far the model strays from its likeliest words,
const TEMPERATURE: f32 = 0.3;
/// and how far when these have led it round in a circle.
const STRAYING: f32 = 1.0;

/// All that an attempt starts from; recorded in its first event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Setup {
    /// What to do, in the person's words; empty: make the check pass.
    pub text: String,
    /// The top of the files, as absolute paths in calls begin; empty if that is not known.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub root: String,
    /// The check; empty if there is none, and then nothing can be verified.
    pub check: String,
    /// The longest that one run of the check may take.
    pub check_timeout: Millis,
    /// Files that are put back before the check, so that changing them is of no use: kinds of
    /// files, and patterns as in `.gitignore`.
    pub protected: Vec<String>,
    /// Patterns of those that may be changed after all.
    pub may_edit: Vec<String>,
    /// The files at the start.
    pub base: CommitId,
    /// The files to go on from, if work was done before; it changes the base into them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<CommitId>,
    /// What stands at their top, as the model is told of it; may be empty.
    pub overview: String,
    /// How its role goes about the work; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub role: String,
    /// What the repository asks of who works in it, as the person approved it; may be empty.
    #[serde(default)]
    pub instructions: String,
    /// What it asks of who works in its folders, and the skills that it offers.
    #[serde(default, skip_serializing_if = "Guidance::is_empty")]
    pub guidance: Guidance,
    /// The MCP servers whose tools it may use, as the person calls them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub servers: Vec<String>,
    /// Whether the person may be asked something.
    #[serde(default)]
    pub questions: bool,
    /// From which all random choices come.
    pub seed: Seed,
    /// When to stop, counted from the start of the attempt.
    pub time: Millis,
    /// The most turns of the model.
    pub turns: u32,
    /// The most tokens of one of them.
    pub turn_tokens: u32,
    /// The most that the model is told in one turn, in bytes of text.
    pub memory: usize,
    /// The tools that work on files, beside the loop's own.
    pub tools: Vec<Arc<ToolSpec>>,
}

/// An attempt of the loop strategy.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolLoop {
    pub(super) setup: Arc<Setup>,
    pub(super) elapsed: Millis,
    /// How much money it may still use, if that is known.
    pub(super) left: Option<NanoUsd>,
    pub(super) last_step: u32,
    pub(super) wanted: Option<(StepId, Wish)>,
    pub(super) said: Vec<Arc<Said>>,
    /// Calls of the model's last turn that were not performed yet.
    pub(super) calls: VecDeque<ToolCall>,
    pub(super) turns: u32,
    pub(super) forgot: usize,
    /// The files of folders that the model was told of, each with the place in what was said.
    pub(super) guided: BTreeMap<String, usize>,
    /// The tools of MCP servers, and what of them can't be used.
    pub(super) offered: Vec<OfferedTool>,
    pub(super) missing: Vec<String>,
    pub(super) plan: String,
    pub(super) work: CommitId,
    /// What the next command begins with.
    pub(super) shell: Shell,
    pub(super) summary: String,
    pub(super) submitted: u32,
    /// Whether the check failed before anything was done.
    pub(super) failing: bool,
    /// What was before the judge last.
    pub(super) judged: Option<CommitId>,
    /// How it ends unless the judge is content.
    pub(super) would_end: Option<(AttemptOutcome, String)>,
    /// How often the model proposed a check.
    pub(super) proposed: u32,
    /// Whether the answer to the last turn broke off.
    pub(super) lost: bool,
    /// How often the person said something.
    pub(super) steered: u32,
    /// What they said and the model has not been told yet.
    pub(super) unheard: Vec<String>,
    pub(super) ending: Option<Ending>,
}

impl ToolLoop {
    /// The state after an attempt's first event, which is [`Event::Began`].
    pub fn new(setup: Setup) -> Self {
        Self {
            elapsed: Millis(0),
            last_step: 0,
            left: None,
            wanted: None,
            said: Vec::new(),
            calls: VecDeque::new(),
            turns: 0,
            forgot: 0,
            guided: BTreeMap::new(),
            offered: Vec::new(),
            missing: Vec::new(),
            plan: String::new(),
            work: setup.start.clone().unwrap_or_else(|| setup.base.clone()),
            shell: Shell::default(),
            summary: String::new(),
            submitted: 0,
            failing: false,
            judged: None,
            would_end: None,
            proposed: 0,
            lost: false,
            steered: 0,
            unheard: Vec::new(),
            ending: None,
            setup: Arc::new(setup),
        }
    }

    /// Time since the attempt began, interruptions left out, at its last settled effect.
    pub fn elapsed(&self) -> Millis {
        self.elapsed
    }

    /// How long the attempt may take.
    pub fn time(&self) -> Millis {
        self.setup.time
    }

    /// How it ended, if it has.
    pub fn ending(&self) -> Option<&Ending> {
        self.ending.as_ref()
    }

    /// The files as they are now.
    pub fn work(&self) -> &CommitId {
        &self.work
    }

    /// How often the work went before the judge.
    pub fn submitted(&self) -> u32 {
        self.submitted
    }

    /// The tools of MCP servers that it was offered.
    pub fn offered(&self) -> &[OfferedTool] {
        &self.offered
    }

    /// How often the person has said something while it was at work.
    pub fn steered(&self) -> u32 {
        self.steered
    }

    /// Whether there is none, and somebody who could approve one.
    pub(super) fn may_propose_check(&self) -> bool {
        self.setup.check.is_empty() && self.setup.questions
    }

    pub(super) fn fold(&mut self, event: &Event) {
        match event {
            Event::Began { .. } => {}
            Event::Wanted { step, wish } => {
                self.last_step = step.0;
                match wish {
                    Wish::Turn => self.turns += 1,
                    Wish::Submit { .. } => {
                        self.submitted += 1;
                        self.judged = Some(self.work.clone());
                    }
                    Wish::TryCheck { .. } => self.proposed += 1,
                    Wish::Offer
                    | Wish::Baseline
                    | Wish::Tool { .. }
                    | Wish::Ask { .. }
                    | Wish::AskCheck { .. } => {}
                }
                self.wanted = Some((*step, wish.clone()));
            }
            Event::Settled { elapsed, left, .. } => {
                self.wanted = None;
                self.elapsed = *elapsed;
                self.left = *left;
            }
            Event::Said { said } => {
                match &**said {
                    Said::Model { calls, .. } => {
                        self.calls = calls.iter().cloned().collect();
                        self.lost = false;
                    }
                    Said::Tool { call, .. } => {
                        let place = self.calls.iter().position(|known| known.id == *call);
                        self.calls.remove(place.unwrap_or(self.calls.len()));
                    }
                    Said::Person { .. } => {}
                }
                self.said.push(Arc::clone(said));
            }
            Event::Steered { text, .. } => {
                self.steered += 1;
                self.would_end = None;
                self.unheard.push(text.clone());
            }
            Event::Heard => self.unheard.clear(),
            Event::Lost => self.lost = true,
            Event::Changed { work } => self.work.clone_from(work),
            Event::Carried { shell } => self.shell.clone_from(shell),
            Event::Offered { tools, missing } => {
                self.offered.clone_from(tools);
                self.missing.clone_from(missing);
            }
            Event::Planned { plan } => self.plan.clone_from(plan),
            Event::Forgot { until } => self.forgot = *until,
            Event::Guided { files } => {
                let place = self.said.len();
                self.guided.extend(files.iter().map(|file| (file.clone(), place)));
            }
            Event::Failing => self.failing = true,
            Event::Approved { check } => {
                Arc::make_mut(&mut self.setup).check.clone_from(&check.command);
                self.failing = true;
            }
            Event::Finished { summary } => self.summary.clone_from(summary),
            Event::Ending { outcome, why } => self.would_end = Some((*outcome, why.clone())),
            Event::Ended { outcome, note } => {
                self.wanted = None;
                self.ending = Some(Ending { outcome: *outcome, note: note.clone() });
            }
        }
    }

    /// The effect of a wish.
    pub(super) fn effect(&self, wish: &Wish) -> Effect {
        match wish {
            Wish::Offer => {
                Effect::Offer { servers: self.setup.servers.clone(), at: self.work.clone() }
            }
            Wish::Baseline => Effect::Check(CheckAsk {
                purpose: Purpose::Baseline,
                command: self.setup.check.clone(),
                edits: Vec::new(),
                timeout: self.setup.check_timeout,
                plugin: None,
            }),
            Wish::Turn => {
                let asks = vec![tenfold_domain::Ask::Turn(self.turn())];
                Effect::Infer { asks, what: format!("thinking, turn {}", self.turns) }
            }
            Wish::Tool { call } => Effect::Tool {
                call: call.clone(),
                at: self.work.clone(),
                shell: self.shell.clone(),
            },
            Wish::Ask { question, .. } | Wish::AskCheck { question, .. } => {
                Effect::Ask { question: question.clone() }
            }
            Wish::TryCheck { call } => {
                Effect::TryCheck { call: call.clone(), at: self.work.clone() }
            }
            Wish::Submit { .. } => Effect::Submit { work: self.work.clone() },
        }
    }

    fn turn(&self) -> Turn {
        let mut tools = self.setup.tools.clone();
        tools.extend(self.offered.iter().map(|tool| Arc::new(tool.spec.clone())));
        tools.extend(own::tools(self));
        let is_astray = self.repeated() > 1;
        if is_astray && let Some((call, _)) = self.lone_calls().next() {
            // It has come to nothing twice: something else, for once.
            tools.retain(|tool| tool.name != call.name);
        }
        Turn {
            instructions: words::instructions(&self.setup),
            said: self.told(),
            tools,
            max_tokens: self.setup.turn_tokens,
            temperature: if is_astray { STRAYING } else { TEMPERATURE },
            seed: self.setup.seed.child(u64::from(self.turns)),
        }
    }

    /// What was said, as the model is told of it: turns of long ago are left out, what the person
    /// said is not.
    pub(super) fn told(&self) -> Vec<Arc<Said>> {
        let (long_ago, lately) = self.remembered();
        let mut told: Vec<_> = long_ago.cloned().collect();
        told.extend(self.left_out().map(|text| Arc::new(Said::Person { text })));
        told.extend(lately.iter().cloned());
        told
    }

    /// What the model is still told of turns of long ago, and all that was said lately.
    fn remembered(&self) -> (impl Iterator<Item = &Arc<Said>>, &[Arc<Said>]) {
        let (long_ago, lately) = self.said.split_at(self.forgot.min(self.said.len()));
        (long_ago.iter().filter(|said| matches!(***said, Said::Person { .. })), lately)
    }

    /// What the model is told in place of the turns that are left out, if there are any.
    fn left_out(&self) -> Option<String> {
        (self.forgot > 0).then(|| words::left_out(&self.plan))
    }

    /// How many of the last turns, in a row, are the same call of one tool with the same result.
    pub(super) fn repeated(&self) -> usize {
        let told = |said: &Said| match said {
            Said::Tool { text, .. } => words::without_limits(text).to_owned(),
            _ => String::new(),
        };
        in_a_row(
            self.lone_calls().map(|(call, result)| ((&call.name, &call.arguments), told(result))),
        )
    }

    /// How many of them are the same call, whatever came of it.
    pub(super) fn same_calls(&self) -> usize {
        in_a_row(self.lone_calls().map(|(call, _)| (&call.name, &call.arguments)))
    }

    /// The calls that were the only ones of their turns, each with its result, the last first.
    fn lone_calls(&self) -> impl Iterator<Item = (&ToolCall, &Said)> {
        self.said.windows(2).rev().filter_map(|pair| match (&*pair[0], &*pair[1]) {
            (Said::Model { calls, .. }, result @ Said::Tool { .. }) if calls.len() == 1 => {
                Some((&calls[0], result))
            }
            _ => None,
        })
    }

    /// How much of the memory is left beside the offered tools, in bytes.
    pub(super) fn memory(&self) -> usize {
        let offered: usize = self.offered.iter().map(spec_size).sum();
        self.setup.memory.saturating_sub(offered)
    }

    /// How much the model is told in its next turn, in bytes of text.
    pub(super) fn size(&self) -> usize {
        let (long_ago, lately) = self.remembered();
        let said: usize = long_ago.chain(lately).map(|said| size(said)).sum();
        said + self.left_out().map_or(0, |text| text.len())
    }
}

/// The bytes by which a model is told of a tool.
pub(super) fn spec_size(tool: &OfferedTool) -> usize {
    let ToolSpec { name, about, parameters } = &tool.spec;
    name.len() + about.len() + parameters.to_string().len()
}

/// How many of the first are the same.
fn in_a_row<T: PartialEq>(mut each: impl Iterator<Item = T>) -> usize {
    let Some(first) = each.next() else { return 0 };
    1 + each.take_while(|next| *next == first).count()
}

/// The bytes of something that was said.
pub(super) fn size(said: &Said) -> usize {
    match said {
        Said::Person { text } | Said::Tool { text, .. } => text.len(),
        Said::Model { text, calls } => {
            let arguments = calls.iter().map(|call| call.arguments.to_string().len());
            text.len() + arguments.sum::<usize>()
        }
    }
}

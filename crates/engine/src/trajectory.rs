//! An attempt as it went: what was asked and said, called and checked, in the order in which it
//! was recorded, and in the same words for every strategy. It is read from the journal for who
//! lays it out; nothing here decides anything or is shown to anybody.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;
use tenfold_agent::effect::{Effect, Purpose, Reply};
use tenfold_agent::{self as agent, Agent, Machine, repair, tool_loop};
use tenfold_domain::{
    Answer, Ask, AttemptEvent, AttemptId, AttemptOutcome, CheckReport, Choice, EgressEvent, Event,
    Fact, Forecast, Millis, NanoUsd, ProposalEvent, Said, StepEvent, StepId, Timestamp, ToolSpec,
    Turn, Usage,
};
use tenfold_store::{About, AttemptRow, View};

use crate::EngineError;
use crate::kept::{Folded, Kept, Read};
use crate::recovery::{read, read_event};

/// An attempt as it went.
#[derive(Debug, Clone, PartialEq)]
pub struct Trajectory {
    /// The attempt as it stands.
    pub attempt: AttemptRow,
    /// What the model was told before all else, if it was talked with.
    pub told: Option<Told>,
    /// What happened, in the order of recording.
    pub moments: Vec<Moment>,
    /// How often a model was called, also in vain.
    pub calls: u32,
}

/// The attempts that were read last.
pub type Trajectories = Kept<Went>;

/// What a model is told before a conversation.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// Who it is, and what holds throughout.
    pub instructions: String,
    /// What it may call.
    pub tools: Vec<Arc<ToolSpec>>,
    /// Whether these are the very words. They are not recorded but made again, and this release
    /// may make others than the one that worked; the recorded hash of the first call tells.
    pub is_verbatim: bool,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub struct Moment {
    /// When it was recorded.
    pub at: Timestamp,
    /// The step that it came of, if it came of one.
    pub effort: Option<Effort>,
    /// What.
    pub what: Happening,
}

/// What a step took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effort {
    /// Which step.
    pub step: StepId,
    /// What the model used.
    pub usage: Usage,
    /// The bill.
    pub cost: NanoUsd,
    /// How long it took.
    pub wall: Millis,
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Happening {
    /// The setup command ran, or what it had made before was reused.
    SetUp {
        /// The command.
        command: String,
        /// What it said; none if it did not run again.
        report: Option<CheckReport>,
    },
    /// Something was said in a conversation.
    Said(Arc<Said>),
    /// A model was asked outside of a conversation.
    Asked {
        /// What for, in a few words.
        what: String,
        /// The questions, each with its answer; none where the model refused.
        asked: Vec<(Ask, Option<Answer>)>,
    },
    /// The check, or a part of it, was run.
    Checked {
        /// What for.
        purpose: CheckedFor,
        /// What was changed before it ran, as far as it is not the agent's files themselves.
        changes: Vec<Change>,
        /// What it said.
        report: CheckReport,
    },
    /// There was no check to judge the work with.
    Unjudged,
    /// A step failed.
    Failed {
        /// What it was to do.
        what: String,
        /// Why, for people.
        why: String,
    },
    /// The broker decided on what a command wanted to say to another machine, or summed it up.
    Egress(EgressEvent),
    /// The cascade chose it.
    Chosen(Choice),
    /// What was likely to come of it was said.
    Foreseen(Forecast),
    /// The attempt goes on from another one; what follows is taken over.
    Forked {
        /// From which.
        from: AttemptId,
        /// The last step that counts; none: all of them do.
        step: Option<StepId>,
    },
    /// The person had the attempt leave off.
    Paused,
    /// The attempt went on after that or an interruption, or with more than it had.
    Resumed,
    /// Something became of the proposal, its making included.
    Proposal(ProposalEvent),
    /// The attempt ended.
    Ended {
        /// How.
        outcome: AttemptOutcome,
        /// What a person should know.
        note: String,
    },
    /// Its steps were taken out of the journal, so none is told here.
    StepsDropped {
        /// How many events that was.
        events: u64,
        /// The name of the file that has them.
        file: String,
    },
}

/// What a check was run for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckedFor {
    /// To see what fails before anything is done.
    Baseline,
    /// To see what fails once more, and which lines are run.
    Trace,
    /// To try a candidate.
    Candidate,
    /// To see whether a candidate that mends a part breaks nothing else.
    Part,
    /// To see whether one that is proposed says anything.
    Proposed,
    /// To judge the work.
    Judge,
}

/// Lines of a file that others were put in place of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The file, relative to the top of the workspace.
    pub path: String,
    /// The first of the lines that go, counted from one.
    pub line: u32,
    /// How many go.
    pub lines: u32,
    /// What comes in their place.
    pub with: String,
}

/// Reads an attempt from the journal.
///
/// # Errors
/// When the attempt is not there, or its records can't be read.
pub fn trajectory(view: &View, attempt: AttemptId) -> Result<Trajectory, EngineError> {
    let mut read = Read::<Went>::begun(view, attempt)?;
    read.go_on(view)?;
    Ok(read.folded.trajectory)
}

/// An attempt as far as it was read, and what reading on from there needs.
pub struct Went {
    trajectory: Trajectory,
    /// Of a conversation: what its next turn holds is a fold of all before.
    machine: Option<Agent>,
    /// The effects that have no result yet.
    wanted: BTreeMap<StepId, Effect>,
    /// The step whose result is said next.
    effort: Option<Effort>,
    /// How long the events are that are in, as JSON.
    bytes: usize,
}

impl Folded for Went {
    type Of = AttemptId;

    fn begun(view: &View, attempt: AttemptId) -> Result<Self, EngineError> {
        let row = view.attempt(attempt)?.ok_or(EngineError::NoTask(attempt.task))?;
        Ok(Self {
            trajectory: Trajectory { attempt: row, told: None, moments: Vec::new(), calls: 0 },
            machine: None,
            wanted: BTreeMap::new(),
            effort: None,
            bytes: 0,
        })
    }

    fn about(attempt: AttemptId) -> About {
        About::Attempt(attempt)
    }

    fn take(&mut self, _: &View, event: Event) -> Result<(), EngineError> {
        self.bytes += json_bytes(&event);
        self.happened(event)
    }

    fn settle(&mut self, view: &View) -> Result<(), EngineError> {
        let attempt = self.trajectory.attempt.id;
        let row = view.attempt(attempt)?;
        self.trajectory.attempt = row.ok_or(EngineError::NoTask(attempt.task))?;
        Ok(())
    }

    fn bytes(&self) -> usize {
        self.bytes
    }
}

impl Went {
    /// The attempt as far as it was read.
    pub fn trajectory(&self) -> &Trajectory {
        &self.trajectory
    }
}

/// How long an event is, as JSON.
pub fn json_bytes(event: &Event) -> usize {
    struct Counted(usize);
    impl std::io::Write for Counted {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut counted = Counted(0);
    // Counting does not fail, and what was read as JSON can be written as such.
    let _ = serde_json::to_writer(&mut counted, event);
    counted.0
}

impl Went {
    fn happened(&mut self, Event { at, fact, .. }: Event) -> Result<(), EngineError> {
        match fact {
            Fact::Attempt { event: AttemptEvent::Advanced { change }, .. } => {
                let id = self.trajectory.attempt.id;
                let event = read_event(id, self.trajectory.attempt.strategy, change)?;
                self.advance(at, event);
            }
            Fact::Attempt { event: AttemptEvent::Forked { from, step, .. }, .. } => {
                self.push(at, None, Happening::Forked { from, step });
            }
            Fact::Attempt { event: AttemptEvent::Chosen(choice), .. } => {
                self.push(at, None, Happening::Chosen(choice));
            }
            Fact::Attempt { event: AttemptEvent::Foreseen(forecast), .. } => {
                self.push(at, None, Happening::Foreseen(forecast));
            }
            Fact::Attempt { event: AttemptEvent::Paused, .. } => {
                self.push(at, None, Happening::Paused);
            }
            Fact::Attempt { event: AttemptEvent::Resumed, .. } => {
                self.push(at, None, Happening::Resumed);
            }
            Fact::Attempt { event: AttemptEvent::Ended { outcome, note }, .. } => {
                self.push(at, None, Happening::Ended { outcome, note });
            }
            Fact::Attempt { event: AttemptEvent::StepsDropped { events, export, .. }, .. } => {
                self.push(at, None, Happening::StepsDropped { events, file: export.name });
            }
            Fact::Step { step, event, .. } => self.step(at, step, event)?,
            Fact::Egress { event, .. } => self.push(at, None, Happening::Egress(event)),
            Fact::Proposal { event, .. } => self.push(at, None, Happening::Proposal(event)),
            // What was asked is a call of the model's, and its answer is said by the machine.
            Fact::Attempt {
                event:
                    AttemptEvent::Started { .. }
                    | AttemptEvent::Confined { .. }
                    | AttemptEvent::Asked { .. }
                    | AttemptEvent::Answered { .. }
                    | AttemptEvent::FilesRemoved,
                ..
            }
            // What it denies is said in the call's reply.
            | Fact::Policy { .. }
            | Fact::Task { .. }
            | Fact::Ledger { .. }
            | Fact::Journal { .. }
            | Fact::Repository { .. }
            | Fact::People { .. }
            | Fact::Deed { .. } => {}
        }
        Ok(())
    }

    fn push(&mut self, at: Timestamp, effort: Option<Effort>, what: Happening) {
        self.trajectory.moments.push(Moment { at, effort, what });
    }

    /// The machine's own notes: what is wanted, and what was said.
    fn advance(&mut self, at: Timestamp, event: agent::Event) {
        match &event {
            agent::Event::Repair(repair::Event::Wanted { step, effect }) => {
                self.wanted.insert(*step, effect.clone());
            }
            agent::Event::Repair(repair::Event::Steered { text, .. }) => {
                let said = Said::Person { text: text.clone() };
                self.push(at, None, Happening::Said(Arc::new(said)));
            }
            agent::Event::Loop(tool_loop::Event::Said { said }) => {
                let effort = match **said {
                    Said::Model { .. } | Said::Tool { .. } => self.effort.take(),
                    Said::Person { .. } => None,
                };
                self.push(at, effort, Happening::Said(Arc::clone(said)));
            }
            agent::Event::Repair(_) | agent::Event::Loop(_) => {}
        }
        let agent::Event::Loop(_) = &event else { return };
        match &mut self.machine {
            None => self.machine = event.setup().map(Agent::new),
            // It ended at a limit, and may have been given more.
            Some(_) if event.ends() => {}
            Some(machine) => {
                machine.evolve(&event);
                if let agent::Event::Loop(tool_loop::Event::Wanted { .. }) = event {
                    self.wanted.extend(machine.wants());
                }
            }
        }
    }

    fn step(&mut self, at: Timestamp, step: StepId, event: StepEvent) -> Result<(), EngineError> {
        match event {
            StepEvent::Intent { request, .. } => self.intended(step, &request),
            StepEvent::Failed { why, cost } => {
                // After an interruption the same step may be wanted, and fail, once more.
                let effect = self.wanted.get(&step);
                self.trajectory.calls += u32::from(matches!(effect, Some(Effect::Infer { .. })));
                let what = effect.map_or_else(|| "setting up".to_owned(), described);
                let (usage, wall) = (Usage::default(), Millis(0));
                let effort = Effort { step, usage, cost, wall };
                self.push(at, Some(effort), Happening::Failed { what, why });
            }
            StepEvent::Result { reply, usage, cost, wall, .. } => {
                let effort = Effort { step, usage, cost, wall };
                match self.wanted.remove(&step) {
                    Some(effect) => self.replied(at, effort, effect, reply)?,
                    None => self.set_up(at, effort, reply)?,
                }
            }
        }
        Ok(())
    }

    /// The first turn is what the model was told before all else, in the very words if their
    /// hash is the recorded one.
    fn intended(&mut self, step: StepId, request: &Value) {
        if self.trajectory.told.is_some() {
            return;
        }
        let Some(Effect::Infer { asks, .. }) = self.wanted.get(&step) else { return };
        let [Ask::Turn(Turn { instructions, tools, .. })] = asks.as_slice() else { return };
        // An earlier release took the hash of the whole effect.
        let effect = Effect::Infer { asks: asks.clone(), what: String::new() };
        let hashes = [crate::asking::request_name(asks), crate::effects::hash(&effect)];
        self.trajectory.told = Some(Told {
            instructions: instructions.clone(),
            tools: tools.clone(),
            is_verbatim: hashes.contains(request),
        });
    }

    fn set_up(&mut self, at: Timestamp, effort: Effort, reply: Value) -> Result<(), EngineError> {
        let Some(command) = reply.get("command").and_then(Value::as_str) else { return Ok(()) };
        let command = command.to_owned();
        let report = match reply.get("report") {
            Some(report) => Some(read(self.trajectory.attempt.id, report.clone())?),
            None => None,
        };
        self.push(at, Some(effort), Happening::SetUp { command, report });
        Ok(())
    }

    fn replied(
        &mut self,
        at: Timestamp,
        effort: Effort,
        effect: Effect,
        reply: Value,
    ) -> Result<(), EngineError> {
        self.effort = None;
        self.trajectory.calls += u32::from(matches!(effect, Effect::Infer { .. }));
        if let Some(why) = reply.get("why").and_then(Value::as_str) {
            let what = described(&effect);
            self.push(at, Some(effort), Happening::Failed { what, why: why.to_owned() });
            return Ok(());
        }
        // What was only read is left out of the record, and out of this.
        if let Effect::Read = effect {
            return Ok(());
        }
        let what = described(&effect);
        let happening = match (effect, read(self.trajectory.attempt.id, reply)?) {
            (Effect::Infer { asks, .. }, Reply::Inferred { answers, .. }) => {
                match (asks.as_slice(), answers.as_slice()) {
                    ([Ask::Turn(_)], [Some(_)]) => {
                        self.effort = Some(effort);
                        return Ok(());
                    }
                    ([Ask::Turn(_)], _) => {
                        let why = "the model refused".to_owned();
                        Happening::Failed { what, why }
                    }
                    _ => {
                        let answers = answers.into_iter().chain(std::iter::repeat(None));
                        Happening::Asked { what, asked: asks.into_iter().zip(answers).collect() }
                    }
                }
            }
            (effect, Reply::Checked { report, .. }) => {
                let (purpose, changes) = checked(&effect);
                Happening::Checked { purpose, changes, report }
            }
            (_, Reply::Tried { report, .. }) => {
                let (purpose, changes) = (CheckedFor::Proposed, Vec::new());
                Happening::Checked { purpose, changes, report }
            }
            (_, Reply::Unjudged) => Happening::Unjudged,
            // What came of it is said to the model.
            _ => {
                self.effort = Some(effort);
                return Ok(());
            }
        };
        self.push(at, Some(effort), happening);
        Ok(())
    }
}

fn described(effect: &Effect) -> String {
    match effect {
        Effect::Check(_) => "running the check".to_owned(),
        Effect::Read => "reading the code".to_owned(),
        Effect::Infer { what, .. } => what.clone(),
        Effect::Judge { .. } | Effect::Submit { .. } => "running the whole check".to_owned(),
        Effect::Offer { servers, .. } => format!("starting MCP servers: {}", servers.join(", ")),
        Effect::Ask { .. } => "asking the person".to_owned(),
        Effect::TryCheck { .. } => "trying the check that it proposes".to_owned(),
        Effect::Tool { call, .. } => tenfold_tools::in_words(call),
    }
}

fn checked(effect: &Effect) -> (CheckedFor, Vec<Change>) {
    let (purpose, edits) = match effect {
        Effect::Check(ask) => {
            let purpose = match ask.purpose {
                Purpose::Baseline => CheckedFor::Baseline,
                Purpose::Trace => CheckedFor::Trace,
                Purpose::Candidate => CheckedFor::Candidate,
                Purpose::Part => CheckedFor::Part,
            };
            (purpose, ask.edits.as_slice())
        }
        Effect::Judge { edits } => (CheckedFor::Judge, edits.as_slice()),
        _ => (CheckedFor::Judge, [].as_slice()),
    };
    let change = |edit: &tenfold_code::Edit| Change {
        path: edit.path.clone(),
        line: edit.lines.start + 1,
        lines: edit.lines.end.saturating_sub(edit.lines.start),
        with: edit.with.clone(),
    };
    (purpose, edits.iter().map(change).collect())
}

//! An attempt's machine, whichever strategy it follows: what the engine holds, so that it
//! need not know which.

use serde::Serialize;
use serde_json::Value;
use tenfold_domain::{
    ApprovedCheck, CommitId, Millis, NanoUsd, OfferedTool, Seed, StepId, Strategy,
};

use crate::Machine;
use crate::effect::{Effect, Ending, Input, Reply};
use crate::repair::{self, Repair};
use crate::tool_loop::{self, ToolLoop};

/// A machine of one of the strategies.
#[derive(Debug, Clone, PartialEq)]
pub enum Agent {
    /// Localise, sample many short candidates, verify.
    Repair(Box<Repair>),
    /// A model that calls tools.
    Loop(Box<ToolLoop>),
}

/// What an attempt starts from.
#[derive(Debug, Clone, PartialEq)]
pub enum Setup {
    /// Of [`Agent::Repair`].
    Repair(repair::Setup),
    /// Of [`Agent::Loop`].
    Loop(Box<tool_loop::Setup>),
}

/// A fact about an attempt, in its strategy's own form.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Event {
    /// Of [`Agent::Repair`].
    Repair(repair::Event),
    /// Of [`Agent::Loop`].
    Loop(tool_loop::Event),
}

impl Event {
    /// Reads what was recorded of an attempt.
    ///
    /// # Errors
    /// If it is no event of this strategy.
    pub fn read(strategy: Strategy, value: Value) -> Result<Self, serde_json::Error> {
        Ok(match strategy {
            Strategy::Repair => Self::Repair(serde_json::from_value(value)?),
            Strategy::Loop => Self::Loop(serde_json::from_value(value)?),
        })
    }

    /// What the attempt starts from, if this is its first event.
    pub fn setup(&self) -> Option<Setup> {
        match self {
            Self::Repair(repair::Event::Began { setup }) => Some(Setup::Repair(setup.clone())),
            Self::Loop(tool_loop::Event::Began { setup }) => Some(Setup::Loop(setup.clone())),
            Self::Repair(_) | Self::Loop(_) => None,
        }
    }

    /// Draws what is random from another number, if this is an attempt's first event.
    pub fn reseed(&mut self, seed: Seed) {
        match self {
            Self::Repair(repair::Event::Began { setup }) => setup.seed = seed,
            Self::Loop(tool_loop::Event::Began { setup }) => setup.seed = seed,
            Self::Repair(_) | Self::Loop(_) => {}
        }
    }

    /// Whether the attempt ends with it.
    pub fn ends(&self) -> bool {
        matches!(
            self,
            Self::Repair(repair::Event::Ended { .. }) | Self::Loop(tool_loop::Event::Ended { .. })
        )
    }

    /// What came from the person, if that is what it records.
    pub fn steered(&self) -> Option<Reply> {
        match self {
            Self::Repair(repair::Event::Steered { text, begun })
            | Self::Loop(tool_loop::Event::Steered { text, begun }) => {
                Some(Reply::Steered { text: text.clone(), begun: *begun })
            }
            Self::Repair(_) | Self::Loop(_) => None,
        }
    }

    /// The check that the person approved by it.
    pub fn approved(&self) -> Option<&ApprovedCheck> {
        match self {
            Self::Loop(tool_loop::Event::Approved { check }) => Some(check),
            Self::Repair(_) | Self::Loop(_) => None,
        }
    }

    /// Which effect has its result by it, the time since the attempt began, and the money that is
    /// left, as far as the machine was told it.
    pub fn settled(&self) -> Option<(StepId, Millis, Option<NanoUsd>)> {
        match self {
            Self::Repair(repair::Event::Settled { step, elapsed }) => Some((*step, *elapsed, None)),
            Self::Loop(tool_loop::Event::Settled { step, elapsed, left }) => {
                Some((*step, *elapsed, *left))
            }
            Self::Repair(_) | Self::Loop(_) => None,
        }
    }
}

impl Agent {
    /// The machine after its first event.
    pub fn new(setup: Setup) -> Self {
        match setup {
            Setup::Repair(setup) => Self::Repair(Box::new(Repair::new(setup))),
            Setup::Loop(setup) => Self::Loop(Box::new(ToolLoop::new(*setup))),
        }
    }

    /// The events that begin an attempt.
    pub fn begin(setup: Setup) -> Vec<Event> {
        match setup {
            Setup::Repair(setup) => Repair::begin(setup).into_iter().map(Event::Repair).collect(),
            Setup::Loop(setup) => ToolLoop::begin(*setup).into_iter().map(Event::Loop).collect(),
        }
    }

    /// Time since the attempt began, interruptions left out, at its last settled effect.
    pub fn elapsed(&self) -> Millis {
        match self {
            Self::Repair(machine) => machine.elapsed(),
            Self::Loop(machine) => machine.elapsed(),
        }
    }

    /// How long the attempt may take.
    pub fn time(&self) -> Millis {
        match self {
            Self::Repair(machine) => machine.time(),
            Self::Loop(machine) => machine.time(),
        }
    }

    /// The files as a loop has left them.
    pub fn work(&self) -> Option<&CommitId> {
        match self {
            Self::Repair(_) => None,
            Self::Loop(machine) => Some(machine.work()),
        }
    }

    /// The tools of MCP servers that it was offered.
    pub fn offered(&self) -> &[OfferedTool] {
        match self {
            Self::Repair(_) => &[],
            Self::Loop(machine) => machine.offered(),
        }
    }

    /// How often the person has said something while it was at work.
    pub fn steered(&self) -> u32 {
        match self {
            Self::Repair(machine) => machine.steered(),
            Self::Loop(machine) => machine.steered(),
        }
    }

    /// How it ended, if it has.
    pub fn ending(&self) -> Option<&Ending> {
        match self {
            Self::Repair(machine) => machine.ending(),
            Self::Loop(machine) => machine.ending(),
        }
    }

    /// How many candidates were worth a check; of a loop, how often its work was.
    pub fn candidates(&self) -> u32 {
        match self {
            Self::Repair(machine) => machine.counts().0,
            Self::Loop(machine) => machine.submitted(),
        }
    }

    /// What made the candidate that is proposed, if a repair proposes one.
    pub fn winner(&self) -> Option<repair::Generator> {
        match self {
            Self::Repair(machine) => machine.winner().map(|winner| winner.generator),
            Self::Loop(_) => None,
        }
    }
}

impl Machine for Agent {
    type Input = Input;
    type Event = Event;
    type Effect = Effect;

    fn decide(&self, input: Input) -> Vec<Event> {
        match self {
            Self::Repair(machine) => machine.decide(input).into_iter().map(Event::Repair).collect(),
            Self::Loop(machine) => machine.decide(input).into_iter().map(Event::Loop).collect(),
        }
    }

    /// An event of another strategy says nothing.
    fn evolve(&mut self, event: &Event) {
        match (self, event) {
            (Self::Repair(machine), Event::Repair(event)) => machine.evolve(event),
            (Self::Loop(machine), Event::Loop(event)) => machine.evolve(event),
            (Self::Repair(_) | Self::Loop(_), _) => {}
        }
    }

    fn wants(&self) -> Vec<(StepId, Effect)> {
        match self {
            Self::Repair(machine) => machine.wants(),
            Self::Loop(machine) => machine.wants(),
        }
    }
}

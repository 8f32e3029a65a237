//! Attempts that go on from another one: from one of its steps, or from what it proposed, with
//! what the person says about it. The journal of the new one begins with what is taken over, so
//! that it can be read without the other.

use tenfold_agent::{Agent, Machine, Setup};
use tenfold_domain::{AttemptEvent, AttemptId, Fact, Seed, StepId, Strategy, TaskId, TaskState};
use tenfold_store::{About, AttemptRow, AttemptStart, ProposalState, View};

use crate::attempt::said;
use crate::engine::{Engine, blocking};
use crate::recovery::{advanced, has_steps, read_event};
use crate::{EngineError, proposed, tooling};

/// From where a new attempt goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fork {
    /// The attempt.
    pub of: AttemptId,
    /// The last of its steps that counts; none: all of them do.
    pub step: Option<StepId>,
    /// What the person says to the new one.
    pub text: Option<String>,
    /// From which its further random choices come; else from the clock.
    pub seed: Option<Seed>,
}

impl Engine {
    /// Makes an attempt that goes on from a step of another one; [`Engine::resume`] works it.
    ///
    /// # Errors
    /// [`EngineError::NoStep`] if there is no such step; [`EngineError::NothingLeft`] if the
    /// other one ended with it and nothing is said; [`EngineError::FilesRemoved`]; if the task was
    /// accepted or is at work.
    pub async fn fork(&self, fork: Fork) -> Result<AttemptId, EngineError> {
        let Fork { of, step, text, seed } = fork;
        // No files of it are removed meanwhile.
        let _writing = self.writing.lock().await;
        self.open_to_more(of.task).await?;
        self.has_files(of, "go on from")?;
        has_steps(&self.store.view()?, of, "go on from")?;
        let row = self.store.view()?.attempt(of)?.ok_or(EngineError::NoAttempt(of))?;
        let seed = seed.unwrap_or_else(|| self.around.seed());
        let (events, machine) = taken_over(&self.store.view()?, &row, step, seed)?;
        if machine.wants().is_empty() && (text.is_none() || row.strategy == Strategy::Repair) {
            return Err(EngineError::NothingLeft { attempt: of });
        }
        if let Some(text) = text {
            self.say(of.task, text).await?;
        }
        let start = AttemptStart { strategy: row.strategy, model: row.model, seed, base: row.base };
        let changes = u32::try_from(events.len()).unwrap_or(u32::MAX);
        let forked = AttemptEvent::Forked { from: of, step, changes };
        self.take_over(of.task, start, Some(forked), events, machine).await
    }

    /// Makes an attempt that goes on from a task's proposal with what the person has said about
    /// it; [`Engine::resume`] works it. A conversation goes on; a repair, which has none, is
    /// gone on with by one.
    ///
    /// # Errors
    /// If there is no proposal that waits for review; [`EngineError::NothingLeft`] if nothing is
    /// said about it.
    pub async fn revise(&self, task: TaskId) -> Result<AttemptId, EngineError> {
        let _writing = self.writing.lock().await;
        let (spec, proposal, base) = self.proposal(task, "revise").await?;
        if proposal.state != ProposalState::ToReview {
            return Err(crate::review::wrong_state(task, "revise", &proposal));
        }
        let of = proposal.attempt;
        let row = self.store.view()?.attempt(of)?.ok_or(EngineError::NoAttempt(of))?;
        let seed = self.around.seed();
        if row.strategy == Strategy::Loop {
            let (events, machine) = taken_over(&self.store.view()?, &row, None, seed)?;
            let said = said(&self.store.view()?, task)?;
            if machine.wants().is_empty() && said.len() <= machine.steered() as usize {
                return Err(EngineError::NothingLeft { attempt: of });
            }
            let start = AttemptStart { strategy: row.strategy, model: row.model, seed, base };
            let changes = u32::try_from(events.len()).unwrap_or(u32::MAX);
            let forked = AttemptEvent::Forked { from: of, step: None, changes };
            return self.take_over(task, start, Some(forked), events, machine).await;
        }
        let workspace = self.workspace(&spec).await?;
        let time = spec.budget.time;
        let mut setup = self.loop_setup(&spec, (seed, time), &base, &workspace)?;
        let files = spec.check_files.as_ref();
        setup.start = Some(proposed::with_check_files(&workspace, &proposal.commit, files)?);
        let setup = Setup::Loop(Box::new(setup));
        let (events, machine) = (Agent::begin(setup.clone()), Agent::new(setup));
        let start = AttemptStart { strategy: Strategy::Loop, model: spec.model, seed, base };
        self.take_over(task, start, None, events, machine).await
    }

    /// Records an attempt that begins with these events, and keeps its files.
    async fn take_over(
        &self,
        task: TaskId,
        start: AttemptStart,
        forked: Option<AttemptEvent>,
        events: Vec<tenfold_agent::Event>,
        machine: Agent,
    ) -> Result<AttemptId, EngineError> {
        for number in self.row(task)?.running {
            self.set_aside(AttemptId { task, number }).await?;
        }
        let spec = self.store.view()?.spec(task)?.ok_or(EngineError::NoTask(task))?;
        let workspace = self.workspace(&spec).await?;
        let facts = move |attempt| {
            let forked = forked.map(|event| Fact::Attempt { attempt, event });
            forked.into_iter().chain(advanced(attempt, &events)).collect()
        };
        let attempt = self.store.new_attempt_async(task, start, facts).await?;
        if let Some(work) = machine.work().cloned() {
            let name = tooling::work_name(attempt);
            blocking(move || workspace.keep(&name, &work)).await?;
        }
        Ok(attempt)
    }

    /// Whether a new attempt can be made.
    async fn open_to_more(&self, task: TaskId) -> Result<(), EngineError> {
        self.at_rest(task).await?;
        let row = self.row(task)?;
        match row.state {
            TaskState::Accepted => Err(EngineError::NotOpen { task, state: row.state.to_string() }),
            _ => Ok(()),
        }
    }
}

/// What an attempt's journal says up to a step, with another seed, and the machine by then.
fn taken_over(
    view: &View,
    row: &AttemptRow,
    step: Option<StepId>,
    seed: Seed,
) -> Result<(Vec<tenfold_agent::Event>, Agent), EngineError> {
    let mut events: Vec<tenfold_agent::Event> = Vec::new();
    let mut found = step.is_none();
    for event in view.each_event(About::Attempt(row.id).into()) {
        let Fact::Attempt { event: AttemptEvent::Advanced { change }, .. } = event?.fact else {
            continue;
        };
        let event = read_event(row.id, row.strategy, change)?;
        let settled = event.settled().map(|(step, ..)| step);
        if found && step.is_some() && settled.is_some() {
            break;
        }
        found |= step.is_some() && settled == step;
        if !event.ends() {
            events.push(event);
        }
    }
    let missing = || EngineError::NoStep { attempt: row.id, step: step.unwrap_or(StepId(0)) };
    let first = events.first_mut().filter(|_| found).ok_or_else(missing)?;
    first.reseed(seed);
    let setup = first.setup().ok_or_else(missing)?;
    let mut machine = Agent::new(setup);
    events.iter().skip(1).for_each(|event| machine.evolve(event));
    Ok((events, machine))
}

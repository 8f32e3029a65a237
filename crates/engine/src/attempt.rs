//! One attempt at work: a closed loop around a strategy's machine. What it wants is started,
//! what comes back is recorded together with what follows from it, and so on to the end.
//!
//! [`Wake`] lists all that can wake the loop.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tenfold_agent::effect::{Effect, Input, Purpose, Reply};
use tenfold_agent::{Agent, Machine};
use tenfold_domain::{
    AttemptEvent, AttemptId, AttemptOutcome, CommitId, Fact, Millis, NanoUsd, ProposalEvent,
    ReservationId, StepEvent, StepId, TaskSpec, Usage,
};
use tenfold_models::Model;
use tenfold_workspace::Workspace;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::checks::Checks;
use crate::effects::{Done, Judged, Open};
use crate::engine::{Engine, Outcome};
use crate::meter::{Meter, Used};
use crate::recovery::{advanced, value};
use crate::setup::SetUp;
use crate::{EngineError, Progress, Totals};

/// How long a stopped attempt's effects are waited for.
const STOP_TIME: Duration = Duration::from_millis(1_500);

/// All that can wake an attempt.
enum Wake {
    /// An effect came to its end.
    Done(Box<Done>),
    /// What the check needs is there, or can't be had.
    SetUp(Box<Result<SetUp, EngineError>>),
    /// The model has used more.
    Used(Used),
    /// The attempt's time is over.
    Deadline,
    /// The person interrupts.
    Stop,
}

/// An attempt at work.
pub(crate) struct Running<'e> {
    pub(crate) engine: &'e Engine,
    pub(crate) attempt: AttemptId,
    pub(crate) spec: TaskSpec,
    pub(crate) checks: Arc<Checks>,
    pub(crate) workspace: Arc<Workspace>,
    pub(crate) base: CommitId,
    pub(crate) machine: Agent,
    pub(crate) effects: JoinSet<Done>,
    /// The setup command, as long as it runs.
    pub(crate) setup: JoinSet<Result<SetUp, EngineError>>,
    /// The effects that have begun and not come back.
    pub(crate) open: BTreeMap<StepId, Open>,
    pub(crate) cancel: watch::Sender<bool>,
    pub(crate) used: mpsc::UnboundedSender<Used>,
    /// When this engine began to work on it, its preparation included.
    pub(crate) began: Instant,
    /// How long it had been worked on before.
    pub(crate) before: Millis,
    /// When it ends, solved or not, on the clock of [`Running::elapsed`].
    pub(crate) limit: Millis,
    /// How long the last run took that passed: the whole check takes no less.
    pub(crate) passed_in: Millis,
    /// The model, being loaded while the check runs for the first time. Dropping it ends that.
    pub(crate) loading: JoinSet<()>,
    pub(crate) meter: Meter,
    pub(crate) watch: mpsc::UnboundedSender<Progress>,
    pub(crate) judged: Option<Judged>,
    /// The question that it waits with, for a person who may take days.
    pub(crate) parked: Option<String>,
}

impl Running<'_> {
    pub(crate) async fn run(
        mut self,
        stop: &mut watch::Receiver<bool>,
    ) -> Result<Outcome, EngineError> {
        let (send, mut used) = mpsc::unbounded_channel();
        self.used = send;
        let result = self.turn(stop, &mut used).await;
        // Whatever happened, nothing of this attempt is left running.
        self.loading.abort_all();
        let _ = self.cancel.send(true);
        let (effects, setup) = (&mut self.effects, &mut self.setup);
        let drained = async {
            while effects.join_next().await.is_some() {}
            while setup.join_next().await.is_some() {}
        };
        let _ = tokio::time::timeout(STOP_TIME, drained).await;
        self.effects.shutdown().await;
        self.setup.shutdown().await;
        let cleared = self.checks.clear().await;
        let outcome = result?;
        cleared?;
        Ok(outcome)
    }

    async fn turn(
        &mut self,
        stop: &mut watch::Receiver<bool>,
        used: &mut mpsc::UnboundedReceiver<Used>,
    ) -> Result<Outcome, EngineError> {
        self.begin_setup();
        while self.machine.ending().is_none() {
            if self.left() == Millis(0) {
                self.out_of_time().await?;
                break;
            }
            if !self.is_setting_up() {
                self.start_wanted().await?;
            }
            if self.parked.is_some() {
                return self.interrupted();
            }
            if self.machine.ending().is_some() {
                // There is not the money for it, or not the time.
                break;
            }
            match self.wait(stop, used).await {
                Wake::Done(done) => self.take(*done).await?,
                Wake::SetUp(set_up) => self.take_setup((*set_up)?).await?,
                Wake::Used(used) => {
                    self.meter.hear(&used);
                    self.tell_totals();
                }
                Wake::Deadline => self.out_of_time().await?,
                Wake::Stop => return self.interrupted(),
            }
        }
        self.outcome()
    }

    async fn wait(
        &mut self,
        stop: &mut watch::Receiver<bool>,
        used: &mut mpsc::UnboundedReceiver<Used>,
    ) -> Wake {
        let left = self.left();
        tokio::select! {
            biased;
            () = stopped(stop) => Wake::Stop,
            Some(done) = self.effects.join_next() => match done {
                Ok(done) => Wake::Done(Box::new(done)),
                Err(_) => Wake::Stop,
            },
            Some(set_up) = self.setup.join_next() => match set_up {
                Ok(set_up) => Wake::SetUp(Box::new(set_up)),
                Err(_) => Wake::Stop,
            },
            Some(used) = used.recv() => Wake::Used(used),
            () = tokio::time::sleep(left.into()) => Wake::Deadline,
        }
    }

    fn elapsed(&self) -> Millis {
        self.before + Millis::from(self.began.elapsed())
    }

    pub(crate) fn left(&self) -> Millis {
        self.limit.saturating_sub(self.elapsed())
    }

    /// Records what an effect left, together with all that follows from it.
    async fn take(&mut self, done: Done) -> Result<(), EngineError> {
        // The clock is the engine's. A machine is never shown that its time is over, so that
        // an attempt can go on when it is given more.
        let elapsed = self.elapsed().min(self.machine.time().saturating_sub(Millis(1)));
        self.open.remove(&done.step);
        let (attempt, step) = (self.attempt, done.step);
        let (reply, event, cost) = match done.result {
            Ok(finished) => {
                self.meter.end(step, finished.usage);
                self.meter.settled.checks +=
                    u32::from(matches!(finished.reply, Reply::Checked { .. }));
                if let Reply::Checked { report, .. } = &finished.reply
                    && report.passed()
                {
                    self.passed_in = report.wall;
                }
                self.judged = finished.judged.or_else(|| self.judged.take());
                let (usage, cost, wall) = (finished.usage, finished.cost, finished.wall);
                let recorded = recorded(&finished.reply, &self.base);
                (finished.reply, StepEvent::Result { reply: recorded, usage, cost, wall }, cost)
            }
            Err(EngineError::Llama(why)) => {
                let why = why.to_string();
                self.meter.end(step, Usage::default());
                // It may have been working when it died, so what was set aside is spent.
                let cost = self.engine.reserved(done.reservation).await;
                let reply = Reply::Failed { model: true, why: why.clone() };
                (reply, StepEvent::Failed { why, cost }, cost)
            }
            Err(e) => return Err(e),
        };
        self.meter.settled.cost += cost;
        let events = self.machine.decide(Input { step, elapsed, reply });
        let mut facts = vec![Fact::Step { attempt, step, event }];
        facts.extend(advanced(attempt, &events));
        events.iter().for_each(|event| self.machine.evolve(event));
        let mut bills: Vec<_> = done.reservation.map(|id| (id, cost)).into_iter().collect();
        self.close(&mut facts, &mut bills)?;
        self.engine.settle(bills, facts).await?;
        self.meter.settled.candidates = self.machine.candidates();
        self.tell_totals();
        Ok(())
    }

    /// Ends the attempt from outside of its machine.
    pub(crate) async fn end(
        &mut self,
        outcome: AttemptOutcome,
        why: String,
    ) -> Result<(), EngineError> {
        let elapsed = self.elapsed();
        let reply = Reply::Stop { outcome, why };
        let events = self.machine.decide(Input { step: StepId(0), elapsed, reply });
        events.iter().for_each(|event| self.machine.evolve(event));
        let (mut facts, mut bills) = (advanced(self.attempt, &events), Vec::new());
        self.close(&mut facts, &mut bills)?;
        self.engine.settle(bills, facts).await
    }

    /// The attempt's time is over, or too short for what it wants next.
    pub(crate) async fn out_of_time(&mut self) -> Result<(), EngineError> {
        let wants = self.machine.wants();
        let judging = wants.iter().any(|(_, effect)| matches!(effect, Effect::Judge { .. }));
        let submitted = wants.iter().any(|(_, effect)| matches!(effect, Effect::Submit { .. }));
        let why = if self.is_setting_up() {
            format!(
                "The setup command (`{}`) did not end within {}; if it needs longer, give it more \
                 with --time-limit.",
                self.spec.setup.as_deref().unwrap_or_default(),
                self.limit
            )
        } else if submitted {
            format!(
                "The model says that it is done, but of {} there was no time left for the check; \
                 more of it (--time-limit) may be all that is missing.",
                self.limit
            )
        } else if judging {
            format!(
                "A candidate mends the failing tests, but of {} there was no time left for the \
                 whole check on it; more of it (--time-limit) may be all that is missing.",
                self.limit
            )
        } else {
            format!("Not solved within {}.", self.limit)
        };
        self.end(AttemptOutcome::LimitTime, why).await
    }

    /// Adds the facts that end the attempt, once its machine has: what is cut off by that,
    /// the proposal, and the end.
    fn close(
        &mut self,
        facts: &mut Vec<Fact>,
        bills: &mut Vec<(ReservationId, NanoUsd)>,
    ) -> Result<(), EngineError> {
        let attempt = self.attempt;
        let Some(ending) = self.machine.ending() else { return Ok(()) };
        for (step, open) in std::mem::take(&mut self.open) {
            if !open.announced {
                continue;
            }
            let mut cost = NanoUsd::ZERO;
            if let Some((reservation, reserved)) = open.reservation {
                let model = self.engine.model(&self.spec.model)?;
                cost = match &model {
                    // It is cut off at once, so it has cost what it was heard to use.
                    Model::Embedded(_) => {
                        model.cost(self.meter.heard(step), open.began.elapsed().into())
                    }
                    // The bill of a request that was sent is never seen then.
                    Model::Hosted(_) => reserved,
                };
                bills.push((reservation, cost));
            }
            self.meter.end(step, Usage::default());
            self.meter.settled.cost += cost;
            let why = format!("cut off, because the attempt ended: {}", ending.outcome);
            facts.push(Fact::Step { attempt, step, event: StepEvent::Failed { why, cost } });
        }
        if ending.outcome == AttemptOutcome::Finished
            && let Some(Judged { commit, report }) = &self.judged
        {
            let event = ProposalEvent::Made { commit: commit.clone(), evidence: report.clone() };
            facts.push(Fact::Proposal { attempt, event });
        }
        let (outcome, note) = (ending.outcome, ending.note.clone());
        facts.push(Fact::Attempt { attempt, event: AttemptEvent::Ended { outcome, note } });
        Ok(())
    }

    fn outcome(&mut self) -> Result<Outcome, EngineError> {
        let attempt = self.attempt;
        let Some(ending) = self.machine.ending().cloned() else { return self.interrupted() };
        let (outcome, note) = (ending.outcome, ending.note.clone());
        let _ = self.watch.send(Progress::Ended { attempt, outcome, note });
        let row = self.engine.store.view()?.task(attempt.task)?;
        let proposal = row.and_then(|row| row.proposal().cloned());
        Ok(Outcome {
            task: attempt.task,
            attempt,
            outcome: ending.outcome,
            note: ending.note,
            asks: false,
            proposal: proposal.filter(|_| ending.outcome == AttemptOutcome::Finished),
            totals: self.totals(),
            winner: self.machine.winner(),
            tried: self.machine.tried_by(),
        })
    }

    fn interrupted(&mut self) -> Result<Outcome, EngineError> {
        let (attempt, task) = (self.attempt, self.attempt.task);
        Ok(Outcome {
            task,
            attempt,
            outcome: AttemptOutcome::Stopped,
            note: match &self.parked {
                Some(question) => question.clone(),
                None => format!("Interrupted; `tenfold continue {task}` goes on from here."),
            },
            asks: self.parked.is_some(),
            proposal: None,
            totals: self.totals(),
            winner: None,
            tried: Vec::new(),
        })
    }

    pub(crate) fn tell_doing(&self, effect: &Effect) {
        let what = match effect {
            Effect::Read => "reading the code".to_owned(),
            Effect::Infer { what, .. } => what.clone(),
            Effect::Judge { .. } => "running the whole check on a candidate".to_owned(),
            Effect::Submit { .. } => "running the whole check on the work".to_owned(),
            Effect::Ask { .. } => "asking you".to_owned(),
            Effect::Tool { call, .. } => format!("{} {}", call.name, call.arguments),
            Effect::Check(ask) => match ask.purpose {
                Purpose::Baseline => "running the check".to_owned(),
                Purpose::Trace => "tracing what fails".to_owned(),
                Purpose::Part => "seeing what a part leaves".to_owned(),
                Purpose::Candidate => return,
            },
        };
        let _ = self.watch.send(Progress::Doing { attempt: self.attempt, what });
    }

    fn totals(&self) -> Totals {
        Totals { wall: self.elapsed(), ..self.meter.totals() }
    }

    fn tell_totals(&self) {
        let _ = self.watch.send(Progress::Totals(self.totals()));
    }
}

/// Waits until the person stops; for ever if nobody can.
pub(crate) async fn stopped(stop: &mut watch::Receiver<bool>) {
    if stop.wait_for(|stop| *stop).await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// A reply as it is recorded: what was only read is in the base commit already.
fn recorded(reply: &Reply, base: &CommitId) -> Value {
    match reply {
        Reply::Sources { .. } => json!({ "reply": "sources", "base": base }),
        _ => value(reply),
    }
}

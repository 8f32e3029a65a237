//! One attempt at work: a closed loop around a strategy's machine. What it wants is started,
//! what comes back is recorded together with what follows from it, and so on to the end.
//!
//! [`Wake`] lists all that can wake the loop.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tenfold_agent::effect::{Effect, Input, Purpose, Reply};
use tenfold_agent::{Agent, Machine};
use tenfold_code::Edit;
use tenfold_domain::{
    AttemptEvent, AttemptId, AttemptOutcome, Basis, CommitId, Energy, Fact, Millis, NanoUsd,
    Outcome, Parked, Progress, ProposalEvent, Spend, StepEvent, StepId, TaskEvent, TaskId,
    TaskSpec, Totals, Usage, Waits,
};
use tenfold_models::Model;
use tenfold_policy::Policy;
use tenfold_store::{About, View};
use tenfold_workspace::Workspace;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::asking::Asking;
use crate::background::Background;
use crate::checks::Checks;
use crate::effects::{Done, Judged, Open};
use crate::engine::Engine;
use crate::floor::{Hand, Teller, Will};
use crate::gate::{InLine, Shut};
use crate::inference::Bill;
use crate::meter::{Meter, Used};
use crate::recovery::{advanced, value};
use crate::servers::Servers;
use crate::setup::SetUp;
use crate::{EngineError, redaction};

/// How long a stopped attempt's effects are waited for.
const STOP_TIME: Duration = Duration::from_millis(1_500);

/// All that can wake an attempt.
enum Wake {
    /// An effect came to its end.
    Done(Box<Done>),
    /// A command in the background came to its end.
    Aside(StepId),
    /// A request may leave, or its turn will not come for long.
    Turn(Result<(), Shut>),
    /// What the check needs is there, or can't be had.
    SetUp(Box<Result<SetUp, EngineError>>),
    /// The attempt's time is over.
    Deadline,
    /// The person wants something else of it, or has said something.
    Hand,
    /// Something of it broke.
    Broke,
}

/// An attempt at work.
pub(crate) struct Running<'e> {
    pub(crate) engine: &'e Engine,
    pub(crate) attempt: AttemptId,
    pub(crate) spec: TaskSpec,
    pub(crate) checks: Arc<Checks>,
    /// The MCP servers that it may use; they run only as long as it does.
    pub(crate) servers: Arc<Servers>,
    pub(crate) workspace: Arc<Workspace>,
    pub(crate) base: CommitId,
    pub(crate) machine: Agent,
    /// What was wanted when this engine took it up, and may have begun before.
    pub(crate) inherited: BTreeSet<StepId>,
    pub(crate) effects: JoinSet<Done>,
    /// What is known of its last request to a model.
    pub(crate) asking: Asking,
    /// Its requests that wait for their turn at a provider.
    pub(crate) in_line: InLine,
    /// How often requests of steps were turned away.
    pub(crate) times_away: BTreeMap<StepId, u32>,
    /// The setup command, as long as it runs.
    pub(crate) setup: JoinSet<Result<SetUp, EngineError>>,
    /// Commands that run beside its effects.
    pub(crate) background: Background,
    /// The effects that have begun and not come back.
    pub(crate) open: BTreeMap<StepId, Open>,
    pub(crate) cancel: watch::Sender<bool>,
    /// Changes when the person wants something, so that nobody waits for what may take long.
    pub(crate) hurry: watch::Sender<()>,
    pub(crate) used: mpsc::UnboundedSender<Used>,
    /// When this engine began to work on it, its preparation included.
    pub(crate) began: Instant,
    /// How long it had been worked on before.
    pub(crate) before: Millis,
    /// When it ends, solved or not, on the clock of [`Running::elapsed`].
    pub(crate) limit: Millis,
    /// What it may cost before the cascade would rather spend elsewhere; none: what the task may.
    pub(crate) most: Option<NanoUsd>,
    /// How much money it may still use, as was seen when it asked a model last.
    pub(crate) left: Option<NanoUsd>,
    /// How long the last run took that passed: the whole check takes no less.
    pub(crate) passed_in: Millis,
    /// The model, being loaded while the check runs for the first time. Dropping it ends that.
    pub(crate) loading: JoinSet<()>,
    pub(crate) meter: Meter,
    pub(crate) teller: Teller,
    /// Whether the person may have said something that the machine does not know.
    pub(crate) unheard: bool,
    pub(crate) judged: Option<Judged>,
    /// What has to be there before it is gone on with; recorded with its end.
    pub(crate) parked: Option<Parked>,
    /// What it waits with, for a person who may take days: what for, and what they are told.
    pub(crate) waits: Option<(Waits, String)>,
}

impl Running<'_> {
    /// What it may do: what the person's policy says now, as it is for its role.
    pub(crate) fn policy(&self) -> Arc<Policy> {
        self.engine.policy_of(&self.spec)
    }

    pub(crate) async fn run(mut self, hand: &mut Hand) -> Result<Outcome, EngineError> {
        let (send, mut used) = mpsc::unbounded_channel();
        self.used = send;
        let result = self.turn(hand, &mut used).await;
        // Whatever happened, nothing of this attempt is left running.
        self.loading.abort_all();
        let _ = self.cancel.send(true);
        let (effects, setup) = (&mut self.effects, &mut self.setup);
        let (background, servers) = (&mut self.background, &self.servers);
        let drained = async {
            while effects.join_next().await.is_some() {}
            while setup.join_next().await.is_some() {}
            background.drain().await;
            servers.end().await;
        };
        let _ = tokio::time::timeout(STOP_TIME, drained).await;
        self.effects.shutdown().await;
        self.setup.shutdown().await;
        self.background.shutdown().await;
        let cleared = match self.machine.ending() {
            Some(_) => self.engine.end_outlived(self.attempt).await,
            None => self.checks.leave().await,
        };
        let outcome = result?;
        cleared?;
        Ok(outcome)
    }

    async fn turn(
        &mut self,
        hand: &mut Hand,
        used: &mut mpsc::UnboundedReceiver<Used>,
    ) -> Result<Outcome, EngineError> {
        self.record_tier().await?;
        self.begin_setup();
        while self.machine.ending().is_none() {
            if self.left() == Millis(0) {
                self.out_of_time().await?;
                break;
            }
            let will = *hand.will.borrow_and_update();
            if will != Will::GoOn {
                self.in_line.keep(|_| false);
            }
            match will {
                Will::Leave => return self.interrupted(),
                Will::Stop => {
                    self.stop().await?;
                    break;
                }
                Will::Park => {
                    self.overrun().await?;
                    break;
                }
                Will::Pause if self.is_at_rest() => self.pause().await?,
                Will::Pause => {}
                Will::GoOn => {
                    self.hear().await?;
                    if !self.is_setting_up() {
                        self.start_wanted().await?;
                    }
                }
            }
            if self.waits.is_some() {
                return self.interrupted();
            }
            if self.machine.ending().is_some() {
                // There is not the money for it, or not the time.
                break;
            }
            match self.wait(hand, used).await {
                Wake::Done(done) => self.take(*done).await?,
                Wake::Aside(id) => self.note_end(id),
                Wake::Turn(Ok(())) => {}
                Wake::Turn(Err(shut)) => self.shut_out(shut).await?,
                Wake::SetUp(set_up) => self.take_setup((*set_up)?).await?,
                Wake::Deadline => self.out_of_time().await?,
                Wake::Hand => {
                    self.unheard = true;
                    self.hurry.send_replace(());
                }
                Wake::Broke => return self.interrupted(),
            }
        }
        self.outcome()
    }

    async fn wait(&mut self, hand: &mut Hand, used: &mut mpsc::UnboundedReceiver<Used>) -> Wake {
        let deadline = tokio::time::sleep(self.left().into());
        tokio::pin!(deadline);
        loop {
            tokio::select! {
                biased;
                // The hand is held by the floor, which outlives the work.
                Ok(()) = hand.will.changed() => return Wake::Hand,
                () = hand.said.notified() => return Wake::Hand,
                Some(done) = self.effects.join_next() => return match done {
                    Ok(done) => Wake::Done(Box::new(done)),
                    Err(_) => Wake::Broke,
                },
                Some(turn) = self.in_line.next() => return Wake::Turn(turn),
                Some(set_up) = self.setup.join_next() => return match set_up {
                    Ok(set_up) => Wake::SetUp(Box::new(set_up)),
                    Err(_) => Wake::Broke,
                },
                Some(ended) = self.background.next_end() => return match ended {
                    Ok(id) => Wake::Aside(id),
                    Err(_) => Wake::Broke,
                },
                // That the model has used more is for those who watch, and wakes nobody.
                Some(used) = used.recv() => {
                    self.meter.hear(&used);
                    self.tell_totals();
                }
                () = &mut deadline => return Wake::Deadline,
            }
        }
    }

    fn elapsed(&self) -> Millis {
        self.before + Millis::from(self.began.elapsed())
    }

    pub(crate) fn left(&self) -> Millis {
        self.limit.saturating_sub(self.elapsed())
    }

    /// Whether nothing of it runs but what goes on beside its effects, and ends with them.
    fn is_at_rest(&self) -> bool {
        self.effects.is_empty() && self.setup.is_empty()
    }

    /// The machine is told what the person has said since it last was.
    async fn hear(&mut self) -> Result<(), EngineError> {
        if !std::mem::take(&mut self.unheard) {
            return Ok(());
        }
        let said = said(&self.engine.store.view()?, self.attempt.task)?;
        for text in said.into_iter().skip(self.machine.steered() as usize) {
            let begun = !self.open.is_empty();
            self.put(Reply::Steered { text, begun }).await?;
        }
        Ok(())
    }

    /// Leaves off, until the person resumes it.
    async fn pause(&mut self) -> Result<(), EngineError> {
        let (attempt, task) = (self.attempt, self.attempt.task);
        let event = AttemptEvent::Paused;
        self.engine.store.append_async(vec![Fact::Attempt { attempt, event }]).await?;
        let told = format!("Paused; `tenfold resume {task}` goes on from here.");
        self.waits = Some((Waits::Resume, told));
        Ok(())
    }

    async fn stop(&mut self) -> Result<(), EngineError> {
        let task = self.attempt.task;
        let why = format!("Stopped by the person; `tenfold continue {task}` goes on from here.");
        self.end(AttemptOutcome::Stopped, why).await
    }

    /// Ends, because the account has spent more than it may, and waits until it may again.
    async fn overrun(&mut self) -> Result<(), EngineError> {
        let amount = Spend { requests: 1, ..Spend::NONE };
        let why = "A bill was higher than what was set aside for it, and the account has spent \
                   more than it may: all that it pays for was cut off.";
        self.park_task(Parked::Money { amount, renews: None }, why.to_owned()).await
    }

    /// Ends, because nothing can be done for now, and waits until something can.
    pub(crate) async fn park_task(
        &mut self,
        parked: Parked,
        why: String,
    ) -> Result<(), EngineError> {
        self.parked = Some(parked);
        let outcome = match parked {
            Parked::Money { .. } => AttemptOutcome::LimitMoney,
            Parked::Quota { .. } => AttemptOutcome::LimitQuota,
        };
        self.end(outcome, why).await
    }

    /// Ends, because the next dollar is better spent otherwise, as the cascade sees it.
    pub(crate) async fn took_its_share(&mut self) -> Result<(), EngineError> {
        let why = format!(
            "It took {}: more is better spent on another attempt, as far as the past tells.",
            self.meter.settled.cost
        );
        self.end(AttemptOutcome::LimitShare, why).await
    }

    /// Records what an effect left, together with all that follows from it.
    async fn take(&mut self, done: Done) -> Result<(), EngineError> {
        // The clock is the engine's. A machine is never shown that its time is over, so that
        // an attempt can go on when it is given more.
        let elapsed = self.elapsed().min(self.machine.time().saturating_sub(Millis(1)));
        let open = self.open.remove(&done.step);
        let requests = open.and_then(|open| open.reservation).map_or(0, |(_, all)| all.requests);
        let (attempt, step) = (self.attempt, done.step);
        if let Err(EngineError::TurnedAway { why, cause, .. }) = done.result {
            return self.turned_away(step, done.reservation, (why, cause)).await;
        }
        self.times_away.remove(&step);
        // What broke off costs all that was set aside for it.
        let is_told = matches!(&done.result, Ok(done) if !matches!(done.reply, Reply::Lost { .. }));
        let basis = if is_told { Basis::Told } else { Basis::Bound };
        let energy = done.result.as_ref().map_or(Energy::NONE, |finished| finished.energy);
        let (reply, event, spend) = match done.result {
            Ok(mut finished) => {
                let redactor = &self.engine.redactor();
                let lines = redaction::in_sources(redactor, &finished.reply);
                finished.reply = redaction::reply(redactor, finished.reply, &lines);
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
                let recorded = recorded(&finished.reply, &self.base, &lines);
                let spend = Spend { money: cost, tokens: usage.total(), requests };
                (
                    finished.reply,
                    StepEvent::Result { reply: recorded, usage, cost, wall, energy },
                    spend,
                )
            }
            Err(EngineError::Llama(why)) => {
                let why = redaction::text_of(&self.engine.redactor(), why.to_string());
                self.meter.end(step, Usage::default());
                // It may have been working when it died, so what was set aside is spent.
                let spend = self.engine.reserved(done.reservation).await;
                let reply = Reply::Failed { model: true, why: why.clone() };
                (reply, StepEvent::Failed { why, cost: spend.money }, spend)
            }
            Err(e) => return Err(e),
        };
        self.meter.settled.cost += spend.money;
        self.left = self.left.map(|left| left.saturating_sub(spend.money));
        let events = self.machine.decide(Input { step, elapsed, left: self.left, reply });
        let mut facts = vec![Fact::Step { attempt, step, event }];
        facts.extend(advanced(attempt, &events));
        events.iter().for_each(|event| self.machine.evolve(event));
        if let Some(check) = events.iter().find_map(tenfold_agent::Event::approved) {
            facts.push(self.approve(check));
        }
        let bill = done.reservation.map(|reservation| Bill { reservation, spend, basis, energy });
        let mut bills: Vec<_> = bill.into_iter().collect();
        self.close(&mut facts, &mut bills)?;
        self.engine.settle(&self.spec.model, bills, facts).await?;
        self.checks.forget(step).await?;
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
        self.put(Reply::Stop { outcome, why }).await
    }

    /// Hands the machine what is no effect's result.
    async fn put(&mut self, reply: Reply) -> Result<(), EngineError> {
        let elapsed = self.elapsed();
        let reply = redaction::reply(&self.engine.redactor(), reply, &[]);
        let events =
            self.machine.decide(Input { step: StepId(0), elapsed, left: self.left, reply });
        events.iter().for_each(|event| self.machine.evolve(event));
        let (mut facts, mut bills) = (advanced(self.attempt, &events), Vec::new());
        self.close(&mut facts, &mut bills)?;
        self.engine.settle(&self.spec.model, bills, facts).await
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
    fn close(&mut self, facts: &mut Vec<Fact>, bills: &mut Vec<Bill>) -> Result<(), EngineError> {
        let attempt = self.attempt;
        let Some(ending) = self.machine.ending() else { return Ok(()) };
        for (step, open) in std::mem::take(&mut self.open) {
            if !open.announced {
                continue;
            }
            let mut cost = NanoUsd::ZERO;
            if let Some((reservation, reserved)) = open.reservation {
                let model = self.engine.model(&self.spec.model)?;
                let (spend, basis) = match &model {
                    // It is cut off at once, so it has cost what it was heard to use.
                    Model::Embedded(_) => {
                        let heard = self.meter.heard(step);
                        let money = model.cost(heard, open.began.elapsed().into());
                        (Spend { money, tokens: heard.total(), ..reserved }, Basis::Counted)
                    }
                    // The bill of a request that was sent is never seen then.
                    Model::Hosted(_) => (reserved, Basis::Bound),
                };
                cost = spend.money;
                bills.push(Bill::cut((spend, basis), reservation));
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
        let parked = self.parked.take().map(TaskEvent::Parked);
        facts.extend(parked.map(|event| Fact::Task { task: attempt.task, event }));
        Ok(())
    }

    fn outcome(&mut self) -> Result<Outcome, EngineError> {
        let attempt = self.attempt;
        let Some(ending) = self.machine.ending().cloned() else { return self.interrupted() };
        let (outcome, note) = (ending.outcome, ending.note.clone());
        self.teller.tell(Progress::Ended { attempt, outcome, note });
        Ok(Outcome {
            attempt,
            outcome: ending.outcome,
            note: ending.note,
            waits: None,
            totals: self.totals(),
            generator: self.machine.winner().map(|generator| generator.name().to_owned()),
        })
    }

    fn interrupted(&mut self) -> Result<Outcome, EngineError> {
        let (attempt, task) = (self.attempt, self.attempt.task);
        Ok(Outcome {
            attempt,
            outcome: AttemptOutcome::Stopped,
            note: match &self.waits {
                Some((_, told)) => told.clone(),
                None => format!("Interrupted; `tenfold continue {task}` goes on from here."),
            },
            waits: self.waits.as_ref().map(|(waits, _)| *waits),
            totals: self.totals(),
            generator: None,
        })
    }

    pub(crate) fn tell_doing(&self, effect: &Effect) {
        let what = match effect {
            Effect::Read => "reading the code".to_owned(),
            Effect::Infer { what, .. } => what.clone(),
            Effect::Judge { .. } => "running the whole check on a candidate".to_owned(),
            Effect::Submit { .. } => "running the whole check on the work".to_owned(),
            Effect::Offer { servers, .. } => {
                format!("starting MCP servers: {}", servers.join(", "))
            }
            Effect::Ask { .. } => "asking you".to_owned(),
            Effect::TryCheck { .. } => "trying the check that it proposes".to_owned(),
            Effect::Tool { call, .. } => tenfold_tools::in_words(call),
            Effect::Check(ask) => match ask.purpose {
                Purpose::Baseline => "running the check".to_owned(),
                Purpose::Trace => "tracing what fails".to_owned(),
                Purpose::Part => "seeing what a part leaves".to_owned(),
                Purpose::Candidate => return,
            },
        };
        self.teller.tell(Progress::Doing { attempt: self.attempt, what });
    }

    fn totals(&self) -> Totals {
        Totals { wall: self.elapsed(), ..self.meter.totals() }
    }

    fn tell_totals(&self) {
        self.teller.tell(Progress::Totals(self.totals()));
    }
}

/// All that the person has said about a task.
pub(crate) fn said(view: &View, task: TaskId) -> Result<Vec<String>, EngineError> {
    let mut said = Vec::new();
    for event in view.each_event(About::Task(task).into()) {
        if let Fact::Task { event: TaskEvent::Steered { text }, .. } = event?.fact {
            said.push(text);
        }
    }
    Ok(said)
}

/// Waits until the person stops; for ever if nobody can.
pub(crate) async fn stopped(stop: &mut watch::Receiver<bool>) {
    if stop.wait_for(|stop| *stop).await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// A reply as it is recorded: what was only read is in the base commit already, but for the
/// lines that were redacted.
fn recorded(reply: &Reply, base: &CommitId, redacted: &[Edit]) -> Value {
    match reply {
        Reply::Sources { .. } if redacted.is_empty() => json!({ "reply": "sources", "base": base }),
        Reply::Sources { .. } => {
            json!({ "reply": "sources", "base": base, "redacted": redacted })
        }
        _ => value(reply),
    }
}

//! One attempt at work: a closed loop around a strategy's machine. What it wants is started,
//! what comes back is recorded together with what follows from it, and so on to the end.
//!
//! [`Wake`] lists all that can wake the loop.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tenfold_agent::Machine;
use tenfold_agent::repair::{self, CheckAsk, Effect, Input, Repair, Reply, Setup};
use tenfold_domain::{
    AttemptEvent, AttemptId, AttemptOutcome, CheckReport, CommitId, EffectKind, Fact, Millis,
    NanoUsd, ProposalEvent, ReservationId, Seed, StepEvent, StepId, TaskId, TaskSpec, TaskState,
    Usage,
};
use tenfold_store::{About, AttemptStart, EventQuery, Store};
use tenfold_workspace::Workspace;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::checks::{Checks, Ran};
use crate::engine::{Engine, Outcome, WinnerRow, WorkOptions, blocking};
use crate::meter::{Meter, Used};
use crate::reading::{self, Rules};
use crate::{EngineError, Progress, Totals};

/// The most candidates that one attempt checks.
const CANDIDATES: u32 = 600;
/// How long a stopped attempt's effects are waited for.
const STOP_TIME: Duration = Duration::from_millis(1_500);

/// All that can wake an attempt.
enum Wake {
    /// An effect came to its end.
    Done(Box<Done>),
    /// The model has used more.
    Used(Used),
    /// The attempt's time is over.
    Deadline,
    /// The person interrupts.
    Stop,
}

/// The end of an effect.
struct Done {
    step: StepId,
    reservation: Option<ReservationId>,
    result: Result<Finished, EngineError>,
}

/// What an effect left.
struct Finished {
    reply: Reply,
    usage: Usage,
    cost: NanoUsd,
    wall: Millis,
    judged: Option<Judged>,
}

/// What was before the judge.
struct Judged {
    commit: CommitId,
    /// What the whole check said of it; none if the task has no check.
    report: Option<CheckReport>,
}

/// An attempt at work.
struct Running<'e> {
    engine: &'e Engine,
    attempt: AttemptId,
    spec: TaskSpec,
    checks: Arc<Checks>,
    workspace: Arc<Workspace>,
    base: CommitId,
    machine: Repair,
    effects: JoinSet<Done>,
    started: HashSet<StepId>,
    cancel: watch::Sender<bool>,
    used: mpsc::UnboundedSender<Used>,
    began: Instant,
    before: Millis,
    meter: Meter,
    watch: mpsc::UnboundedSender<Progress>,
    judged: Option<Judged>,
}

impl Engine {
    /// Works on a task: goes on with an attempt that was interrupted, or begins one; when an
    /// attempt gives up and the budget allows, begins the next.
    ///
    /// # Errors
    /// When the task is not there or can't be worked on, or the store, the workspace or the
    /// sandbox fails. That the task is not solved is no error.
    pub async fn work(
        &self,
        task: TaskId,
        mut options: WorkOptions,
    ) -> Result<Outcome, EngineError> {
        let view = self.store.view()?;
        let row = view.task(task)?.ok_or(EngineError::NoTask(task))?;
        let spec = view.spec(task)?.ok_or(EngineError::NoTask(task))?;
        let interrupted = view.running()?.into_iter().find(|attempt| attempt.id.task == task);
        drop(view);
        if matches!(row.state, TaskState::Accepted | TaskState::Rejected) {
            return Err(EngineError::NotOpen { task, state: row.state.to_string() });
        }
        let mut seed = options.seed.unwrap_or_else(seed_of_now);
        let mut left = spec.budget.time;
        let mut next = interrupted.map(|attempt| (attempt.id, attempt.base));
        for turn in 0.. {
            let workspace = Arc::new(self.workspace(&spec).await?);
            let (attempt, base, resumed) = match next.take() {
                Some((attempt, base)) => (attempt, base, true),
                None => {
                    let base = self.snapshot(&workspace, task, &options.watch).await?;
                    let start = AttemptStart {
                        strategy: spec.strategy,
                        model: spec.model.clone(),
                        seed,
                        base: base.clone(),
                    };
                    (self.store.new_attempt_async(task, start).await?, base, false)
                }
            };
            let running = self.prepare(
                attempt,
                spec.clone(),
                workspace,
                base,
                &options,
                (seed, left, resumed),
            );
            let outcome = running.await?.run(&mut options.stop).await?;
            left = left.saturating_sub(outcome.totals.wall);
            let again = outcome.outcome == AttemptOutcome::GaveUp
                && turn + 1 < spec.budget.attempts
                && left > Millis(0);
            if !again {
                return Ok(outcome);
            }
            seed = seed.child(u64::from(turn) + 1);
        }
        unreachable!("the loop above only ends by returning")
    }

    async fn snapshot(
        &self,
        workspace: &Arc<Workspace>,
        task: TaskId,
        watch: &mpsc::UnboundedSender<Progress>,
    ) -> Result<CommitId, EngineError> {
        let taken = Arc::clone(workspace);
        let name = format!("base/{task}");
        let (snapshot, notes) = blocking(move || -> Result<_, EngineError> {
            let snapshot = taken.snapshot()?;
            taken.keep(&name, &snapshot.commit)?;
            Ok((snapshot, taken.notes()))
        })
        .await?;
        for text in notes.into_iter().chain(snapshot.notes) {
            let _ = watch.send(Progress::Note { task, text });
        }
        Ok(snapshot.commit)
    }

    async fn prepare(
        &self,
        attempt: AttemptId,
        spec: TaskSpec,
        workspace: Arc<Workspace>,
        base: CommitId,
        options: &WorkOptions,
        (seed, time, resumed): (Seed, Millis, bool),
    ) -> Result<Running<'_>, EngineError> {
        let dir = self.config.places.runtime.join(format!("{attempt}"));
        let sandbox = Arc::clone(&self.sandbox);
        let checks = Checks::prepare(Arc::clone(&workspace), sandbox, base.clone(), dir).await?;
        let machine = if resumed {
            self.resume(attempt).await?
        } else {
            self.begin(attempt, &spec, (seed, time), &workspace).await?
        };
        let before = machine.elapsed();
        let totals = Totals {
            attempt,
            candidates: 0,
            checks: 0,
            usage: Usage::default(),
            cost: self.spent(attempt)?,
            wall: before,
        };
        Ok(Running {
            engine: self,
            attempt,
            spec,
            checks: Arc::new(checks),
            workspace,
            base,
            machine,
            effects: JoinSet::new(),
            started: HashSet::new(),
            cancel: watch::channel(false).0,
            used: mpsc::unbounded_channel().0,
            began: Instant::now(),
            before,
            meter: Meter::new(totals),
            watch: options.watch.clone(),
            judged: None,
        })
    }

    async fn begin(
        &self,
        attempt: AttemptId,
        spec: &TaskSpec,
        (seed, time): (Seed, Millis),
        workspace: &Workspace,
    ) -> Result<Repair, EngineError> {
        let entry = self.entry(&spec.model)?;
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let setup = Setup {
            text: spec.text.clone(),
            root: workspace.root().to_string_lossy().into_owned(),
            check: spec.check.clone().unwrap_or_default(),
            check_timeout: spec.check_timeout,
            seed,
            time,
            candidates: CANDIDATES,
            parallel: cores as u32,
            infill: entry.infill,
            chat: entry.chat_template,
            record: Vec::new(),
        };
        let events = Repair::begin(setup.clone());
        let mut machine = Repair::new(setup);
        self.store.append_async(advanced(attempt, &events)).await?;
        events.iter().for_each(|event| machine.evolve(event));
        Ok(machine)
    }

    /// The machine as its recorded events leave it. Calls that were under way when the engine
    /// died may have been made, so their reservations count as spent.
    async fn resume(&self, attempt: AttemptId) -> Result<Repair, EngineError> {
        let machine = fold(&self.store, attempt)?;
        let mut open = Vec::new();
        for event in self.store.view()?.each_event(EventQuery::from(About::Attempt(attempt))) {
            match event?.fact {
                Fact::Step { step, event: StepEvent::Intent { reservation, .. }, .. } => {
                    open.push((step, reservation));
                }
                Fact::Step { step, .. } => open.retain(|(known, _)| *known != step),
                _ => {}
            }
        }
        for (step, reservation) in open {
            let cost = self.reserved(reservation).await;
            let why = "interrupted; what it may have cost is counted as spent".to_owned();
            let event = StepEvent::Failed { why, cost };
            let fact = Fact::Step { attempt, step, event };
            match reservation {
                Some(reservation) => self.settle(reservation, cost, vec![fact]).await?,
                None => {
                    self.store.append_async(vec![fact]).await?;
                }
            }
        }
        let event = AttemptEvent::Resumed;
        self.store.append_async(vec![Fact::Attempt { attempt, event }]).await?;
        Ok(machine)
    }
}

/// Folds an attempt's recorded events.
pub(crate) fn fold(store: &Store, attempt: AttemptId) -> Result<Repair, EngineError> {
    let mut machine: Option<Repair> = None;
    for event in store.view()?.each_event(EventQuery::from(About::Attempt(attempt))) {
        if let Fact::Attempt { event: AttemptEvent::Advanced { change }, .. } = event?.fact {
            let change = read(attempt, change)?;
            match (&mut machine, &change) {
                (None, repair::Event::Began { setup }) => {
                    machine = Some(Repair::new(setup.clone()));
                }
                (Some(machine), change) => machine.evolve(change),
                (None, _) => {}
            }
        }
    }
    machine.ok_or_else(|| EngineError::Record {
        attempt: attempt.to_string(),
        why: "its first event is missing".to_owned(),
    })
}

pub(crate) fn read<T: serde::de::DeserializeOwned>(
    attempt: AttemptId,
    value: Value,
) -> Result<T, EngineError> {
    serde_json::from_value(value)
        .map_err(|e| EngineError::Record { attempt: attempt.to_string(), why: e.to_string() })
}

fn advanced(attempt: AttemptId, events: &[repair::Event]) -> Vec<Fact> {
    events
        .iter()
        .map(|event| Fact::Attempt {
            attempt,
            event: AttemptEvent::Advanced { change: value(event) },
        })
        .collect()
}

/// The JSON of what is ours to serialise: its maps have text keys, so it never fails.
fn value(of: &impl serde::Serialize) -> Value {
    serde_json::to_value(of).unwrap_or(Value::Null)
}

fn hash(effect: &Effect) -> Value {
    let bytes = serde_json::to_vec(effect).unwrap_or_default();
    let digest = Sha256::digest(&bytes);
    let text: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    json!({ "sha256": text })
}

fn seed_of_now() -> Seed {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    Seed(now.map_or(0, |now| u64::try_from(now.as_nanos()).unwrap_or(u64::MAX))).child(0)
}

impl Running<'_> {
    async fn run(mut self, stop: &mut watch::Receiver<bool>) -> Result<Outcome, EngineError> {
        let (send, mut used) = mpsc::unbounded_channel();
        self.used = send;
        let result = self.turn(stop, &mut used).await;
        // Whatever happened, nothing of this attempt is left running.
        let _ = self.cancel.send(true);
        let effects = &mut self.effects;
        let drained = async { while effects.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(STOP_TIME, drained).await;
        self.effects.shutdown().await;
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
        while self.machine.ending().is_none() {
            self.start_wanted().await?;
            match self.wait(stop, used).await {
                Wake::Done(done) => self.take(*done).await?,
                Wake::Used(used) => {
                    self.meter.hear(&used);
                    self.tell_totals();
                }
                Wake::Deadline => {
                    let why = format!("Not solved within {}.", self.machine.time());
                    self.end(AttemptOutcome::LimitTime, why).await?;
                }
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
        let left = self.machine.time().saturating_sub(self.elapsed());
        tokio::select! {
            biased;
            () = stopped(stop) => Wake::Stop,
            Some(done) = self.effects.join_next() => match done {
                Ok(done) => Wake::Done(Box::new(done)),
                Err(_) => Wake::Stop,
            },
            Some(used) = used.recv() => Wake::Used(used),
            () = tokio::time::sleep(left.into()) => Wake::Deadline,
        }
    }

    fn elapsed(&self) -> Millis {
        self.before + Millis::from(self.began.elapsed())
    }

    /// Starts every effect that is wanted and does not run yet.
    async fn start_wanted(&mut self) -> Result<(), EngineError> {
        for (step, effect) in self.machine.wants() {
            if !self.started.insert(step) {
                continue;
            }
            self.tell_doing(&effect);
            match effect {
                Effect::Read => self.start_read(step).await?,
                Effect::Infer { asks, .. } => self.start_infer(step, asks).await?,
                Effect::Check(ask) => self.start_check(step, ask).await?,
                Effect::Judge { edits } => self.start_judge(step, edits).await?,
            }
        }
        Ok(())
    }

    async fn intend(
        &self,
        step: StepId,
        kind: EffectKind,
        request: Value,
    ) -> Result<(), EngineError> {
        let event = StepEvent::Intent { kind, request, reservation: None };
        let fact = Fact::Step { attempt: self.attempt, step, event };
        self.engine.store.append_async(vec![fact]).await?;
        Ok(())
    }

    async fn start_read(&mut self, step: StepId) -> Result<(), EngineError> {
        let (workspace, base) = (Arc::clone(&self.workspace), self.base.clone());
        let rules = Rules::of(&self.spec)?;
        self.effects.spawn(async move {
            let began = Instant::now();
            let read = blocking(move || reading::sources(&workspace, &base, &rules)).await;
            let result = read.map(|files| Finished {
                reply: Reply::Sources { files },
                usage: Usage::default(),
                cost: NanoUsd::ZERO,
                wall: began.elapsed().into(),
                judged: None,
            });
            Done { step, reservation: None, result }
        });
        Ok(())
    }

    async fn start_infer(
        &mut self,
        step: StepId,
        asks: Vec<tenfold_domain::Ask>,
    ) -> Result<(), EngineError> {
        let (engine, model) = (self.engine, self.spec.model.clone());
        let request = hash(&Effect::Infer { asks: asks.clone(), what: String::new() });
        let intended = engine.intend_model(self.attempt, step, &model, &asks, request).await;
        let reservation = match intended {
            Ok(reservation) => reservation,
            Err(EngineError::Money(refusal)) => {
                let why = format!("Out of money: {refusal}.");
                return self.end(AttemptOutcome::LimitMoney, why).await;
            }
            Err(e) => return Err(e),
        };
        let entry = engine.entry(&model)?;
        let llama = engine.llama(&entry).await;
        let used = self.used.clone();
        self.meter.begin(step, asks.len());
        self.effects.spawn(async move {
            let asked = crate::inference::infer(&entry, &llama, step, asks, used).await;
            let result = asked.map(|asked| Finished {
                reply: asked.reply,
                usage: asked.usage,
                cost: asked.cost,
                wall: asked.wall,
                judged: None,
            });
            Done { step, reservation: Some(reservation), result }
        });
        Ok(())
    }

    async fn start_check(&mut self, step: StepId, ask: CheckAsk) -> Result<(), EngineError> {
        self.intend(step, EffectKind::Check, hash(&Effect::Check(ask.clone()))).await?;
        let (checks, cancel) = (Arc::clone(&self.checks), self.cancel.subscribe());
        self.effects.spawn(async move {
            let result = checks.run(&ask, &cancel).await.map(|ran| checked(ran, None));
            Done { step, reservation: None, result }
        });
        Ok(())
    }

    async fn start_judge(
        &mut self,
        step: StepId,
        edits: Vec<tenfold_code::Edit>,
    ) -> Result<(), EngineError> {
        // Without a check nothing is run, so there is nothing to announce.
        if self.spec.check.is_some() {
            let request = hash(&Effect::Judge { edits: edits.clone() });
            self.intend(step, EffectKind::Check, request).await?;
        }
        let (checks, cancel) = (Arc::clone(&self.checks), self.cancel.subscribe());
        let (workspace, base) = (Arc::clone(&self.workspace), self.base.clone());
        let (spec, rules) = (self.spec.clone(), Rules::of(&self.spec)?);
        let message = message(&self.spec, self.attempt);
        let name = format!("attempt/{}", self.attempt);
        self.effects.spawn(async move {
            let judge = async {
                let began = Instant::now();
                let work = checks.commit(&edits, message).await?;
                let commit = blocking(move || -> Result<_, EngineError> {
                    let (protected, may_edit) = (&rules.protected, &rules.may_edit);
                    let (commit, _) = workspace.put_back(&base, &work, protected, may_edit)?;
                    workspace.keep(&name, &commit)?;
                    Ok(commit)
                })
                .await?;
                let Some(check) = &spec.check else {
                    return Ok(Finished {
                        reply: Reply::Unjudged,
                        usage: Usage::default(),
                        cost: NanoUsd::ZERO,
                        wall: began.elapsed().into(),
                        judged: Some(Judged { commit, report: None }),
                    });
                };
                let ran = checks.judge(&commit, check, spec.check_timeout, &cancel).await?;
                Ok(checked(ran, Some(commit)))
            };
            Done { step, reservation: None, result: judge.await }
        });
        Ok(())
    }

    /// Records what an effect left, together with all that follows from it.
    async fn take(&mut self, done: Done) -> Result<(), EngineError> {
        let elapsed = self.elapsed();
        let (attempt, step) = (self.attempt, done.step);
        let (reply, event, cost) = match done.result {
            Ok(finished) => {
                self.meter.end(step, finished.usage);
                self.meter.settled.checks +=
                    u32::from(matches!(finished.reply, Reply::Checked { .. }));
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
        facts.extend(self.ended());
        match done.reservation {
            Some(reservation) => self.engine.settle(reservation, cost, facts).await?,
            None => {
                self.engine.store.append_async(facts).await?;
            }
        }
        self.meter.settled.candidates = self.machine.counts().0;
        self.tell_totals();
        Ok(())
    }

    /// Ends the attempt from outside of its machine.
    async fn end(&mut self, outcome: AttemptOutcome, why: String) -> Result<(), EngineError> {
        let elapsed = self.elapsed();
        let reply = Reply::Stop { outcome, why };
        let events = self.machine.decide(Input { step: StepId(0), elapsed, reply });
        events.iter().for_each(|event| self.machine.evolve(event));
        let mut facts = advanced(self.attempt, &events);
        facts.extend(self.ended());
        self.engine.store.append_async(facts).await?;
        Ok(())
    }

    /// The facts that end the attempt, once its machine has: the proposal, and the end.
    fn ended(&self) -> Vec<Fact> {
        let Some(ending) = self.machine.ending() else { return Vec::new() };
        let attempt = self.attempt;
        let mut facts = Vec::new();
        if ending.outcome == AttemptOutcome::Finished
            && let Some(Judged { commit, report }) = &self.judged
        {
            let event = ProposalEvent::Made { commit: commit.clone(), evidence: report.clone() };
            facts.push(Fact::Proposal { attempt, event });
        }
        let (outcome, note) = (ending.outcome, ending.note.clone());
        facts.push(Fact::Attempt { attempt, event: AttemptEvent::Ended { outcome, note } });
        facts
    }

    fn outcome(&mut self) -> Result<Outcome, EngineError> {
        let attempt = self.attempt;
        let Some(ending) = self.machine.ending().cloned() else { return self.interrupted() };
        let (outcome, note) = (ending.outcome, ending.note.clone());
        let _ = self.watch.send(Progress::Ended { attempt, outcome, note });
        let row = self.engine.store.view()?.task(attempt.task)?;
        let proposal = row.and_then(|row| row.proposal().cloned());
        let winner = self
            .machine
            .winner()
            .map(|winner| WinnerRow { generator: winner.generator, by_model: true });
        Ok(Outcome {
            task: attempt.task,
            attempt,
            outcome: ending.outcome,
            note: ending.note,
            proposal: proposal.filter(|_| ending.outcome == AttemptOutcome::Finished),
            totals: self.totals(),
            winner,
            tried: self.machine.tried_by().iter().map(|(g, n)| (*g, *n)).collect(),
        })
    }

    fn interrupted(&mut self) -> Result<Outcome, EngineError> {
        let (attempt, task) = (self.attempt, self.attempt.task);
        Ok(Outcome {
            task,
            attempt,
            outcome: AttemptOutcome::Stopped,
            note: format!("Interrupted; `tenfold continue {task}` goes on from here."),
            proposal: None,
            totals: self.totals(),
            winner: None,
            tried: Vec::new(),
        })
    }

    fn tell_doing(&self, effect: &Effect) {
        let what = match effect {
            Effect::Read => "reading the code".to_owned(),
            Effect::Infer { what, .. } => what.clone(),
            Effect::Judge { .. } => "running the whole check on a candidate".to_owned(),
            Effect::Check(ask) => match ask.purpose {
                repair::Purpose::Baseline => "running the check".to_owned(),
                repair::Purpose::Trace => "tracing what fails".to_owned(),
                repair::Purpose::Candidate => return,
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
async fn stopped(stop: &mut watch::Receiver<bool>) {
    if stop.wait_for(|stop| *stop).await.is_err() {
        std::future::pending::<()>().await;
    }
}

fn checked(ran: Ran, commit: Option<CommitId>) -> Finished {
    let wall = ran.report.wall;
    let judged = commit.map(|commit| Judged { commit, report: Some(ran.report.clone()) });
    let reply = if ran.cancelled {
        let why = "cancelled".to_owned();
        Reply::Stop { outcome: AttemptOutcome::Stopped, why }
    } else {
        Reply::Checked { report: ran.report, output: ran.output }
    };
    Finished { reply, usage: Usage::default(), cost: NanoUsd::ZERO, wall, judged }
}

/// A reply as it is recorded: what was only read is in the base commit already.
fn recorded(reply: &Reply, base: &CommitId) -> Value {
    match reply {
        Reply::Sources { .. } => json!({ "reply": "sources", "base": base }),
        _ => value(reply),
    }
}

fn message(spec: &TaskSpec, attempt: AttemptId) -> String {
    let subject = spec.text.lines().next().filter(|line| !line.trim().is_empty());
    let subject = subject.unwrap_or("Make the check pass");
    format!("{subject}\n\nTenfold task {}, attempt {attempt}.\n", attempt.task)
}

//! A task's attempts, one after another: which one is gone on with, what a new one starts
//! from, and whether there is another. What happens in one is in `attempt`.

use std::collections::BTreeMap;
use std::sync::Arc;

use tenfold_agent::{Agent, Machine, Setup, repair, tool_loop};
use tenfold_domain::{
    AttemptEvent, AttemptId, AttemptOutcome, Budget, Choice, CommitId, Fact, Millis, NanoUsd,
    Outcome, Progress, Role, Seed, Strategy, TaskEvent, TaskId, TaskSpec, ToolSpec, Totals, Usage,
};
use tenfold_models::Model;
use tenfold_policy::Policy;
use tenfold_redact::Redactor;
use tenfold_store::{AttemptStart, TaskRow};
use tenfold_tools::list::List;
use tenfold_tools::{FileCall, Tree};
use tenfold_workspace::{Workspace, check_file_groups};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::EngineError;
use crate::asking::Asking;
use crate::attempt::Running;
use crate::background::Background;
use crate::checks::Checks;
use crate::choosing::Next;
use crate::engine::{Engine, blocking};
use crate::floor::Hand;
use crate::gate::InLine;
use crate::inference::Asked;
use crate::meter::Meter;
use crate::proposed;
use crate::recovery::{advanced, agent, fold};
use crate::servers::Servers;
use crate::supervise::How;
use crate::{survey, tooling};

/// The most candidates that one attempt checks.
const CANDIDATES: u32 = 600;
/// The most that it is told of the files at first, in characters.
const OVERVIEW: usize = 1_500;

impl Engine {
    /// Sets other limits for a task, in place of those it had.
    ///
    /// # Errors
    /// What the store says.
    pub async fn set_budget(&self, task: TaskId, budget: Budget) -> Result<(), EngineError> {
        // Whoever sets money aside has seen the old limits, and has handed that in, or sees these.
        let _limits = self.limits.write().await;
        let event = TaskEvent::Budgeted { budget };
        self.store.append_async(vec![Fact::Task { task, event }]).await?;
        Ok(())
    }

    /// Works on a task: goes on with an attempt that was interrupted or that ended at a limit
    /// of time or money, or begins one; when an attempt gives up and the budget allows, begins
    /// the next.
    ///
    /// # Errors
    /// When the task is not there, or the store, the workspace or the sandbox fails. That the
    /// task is not solved is no error.
    pub(crate) async fn work(
        &self,
        task: TaskId,
        how: How,
        mut hand: Hand,
    ) -> Result<Outcome, EngineError> {
        self.house.is_left_alone().await;
        let row = self.row(task)?;
        let spec = self.store.view()?.spec(task)?.ok_or(EngineError::NoTask(task))?;
        let mut unfinished = unfinished(&row, how);
        // What is known has its attempts already.
        if row.attempts > 0 {
            self.learned.mark_stale();
        }
        for number in row.running.iter().filter(|_| how.from_scratch) {
            self.set_aside(AttemptId { task, number: *number }).await?;
        }
        let clock = Instant::now();
        let seed = how.seed.unwrap_or_else(|| self.around.seed());
        let mut round = Round::of(&spec);
        let mut outcomes: Vec<Outcome> = Vec::new();
        for turn in 0.. {
            // What is prepared takes of the person's time, too.
            let began = Instant::now();
            let left = round.share(turn, spec.budget.time.saturating_sub(clock.elapsed().into()));
            let goes_on = unfinished.is_some();
            let Some(next) = self.next(task, &spec, &round, (turn, goes_on)).await? else { break };
            let Next { model, strategy, choice } = next;
            let spec = TaskSpec { model, strategy, ..spec.clone() };
            let seed = if turn == 0 { seed } else { seed.child(u64::from(turn)) };
            let workspace = self.workspace(&spec).await?;
            let (attempt, from) = match unfinished.take() {
                Some(Unfinished { attempt, was: Was::Interrupted { anew: false } }) => {
                    (attempt, Origin::Interruption { left })
                }
                Some(Unfinished { attempt, was: Was::Interrupted { anew: true } }) => {
                    (attempt, Origin::Limit { left })
                }
                Some(Unfinished { attempt, was: Was::AtLimit }) => {
                    self.parked(attempt, &workspace, &spec, (seed, left)).await?
                }
                None => {
                    let base = self.snapshot(&workspace, task).await?;
                    let drawn = (seed, left);
                    let who = (&spec, choice);
                    let new = self.new_attempt(task, who, drawn, base, &workspace).await?;
                    (new, Origin::Start)
                }
            };
            let prepared = self.prepare(attempt, spec.clone(), workspace, (from, began)).await?;
            let model = prepared.spec.model.clone();
            let outcome = prepared.run(&mut hand).await?;
            let time = spec.budget.time > clock.elapsed().into();
            let goes_on = time && round.goes_on(turn, (&model, outcome.outcome));
            outcomes.push(outcome);
            if !goes_on {
                break;
            }
        }
        self.take_up_all(task).await?;
        let outcome = self.best(&spec, outcomes).await?;
        self.accept_unseen(task).await?;
        Ok(outcome)
    }

    /// Who makes the attempt of a turn; `None` if there is no further one.
    async fn next(
        &self,
        task: TaskId,
        spec: &TaskSpec,
        round: &Round,
        (turn, goes_on): (u32, bool),
    ) -> Result<Option<Next>, EngineError> {
        if spec.cascade.is_some() && !goes_on {
            return self.choose(task, spec, &round.silent, turn).await;
        }
        let (model, strategy) = (spec.model.clone(), round.strategy(turn));
        Ok(Some(Next { model, strategy, choice: None }))
    }

    /// Records a new attempt with the first events of its machine.
    async fn new_attempt(
        &self,
        task: TaskId,
        (spec, choice): (&TaskSpec, Option<Choice>),
        (seed, time): (Seed, Millis),
        base: CommitId,
        workspace: &Arc<Workspace>,
    ) -> Result<AttemptId, EngineError> {
        let setup = match spec.strategy {
            Strategy::Repair => Setup::Repair(self.repair_setup(spec, (seed, time), workspace)?),
            Strategy::Loop => {
                Setup::Loop(Box::new(self.loop_setup(spec, (seed, time), &base, workspace)?))
            }
        };
        // The base is kept for the task.
        let files = Agent::new(setup.clone()).work().filter(|files| **files != base).cloned();
        let events = Agent::begin(setup);
        let (strategy, model) = (spec.strategy, spec.model.clone());
        let survey = {
            let (workspace, base) = (Arc::clone(workspace), base.clone());
            blocking(move || survey::of(&workspace, &base)).await?
        };
        let row = TaskRow { survey: Some(survey.clone()), ..self.row(task)? };
        let foreseen = self.foresee(row, (model.clone(), strategy)).await?;
        let start = AttemptStart { strategy, model, seed, base };
        let facts = move |attempt| {
            let said = [choice.map(AttemptEvent::Chosen), foreseen.map(AttemptEvent::Foreseen)];
            let said = said.into_iter().flatten().map(|event| Fact::Attempt { attempt, event });
            let surveyed = Fact::Task { task, event: TaskEvent::Surveyed(survey) };
            said.chain(advanced(attempt, &events)).chain([surveyed]).collect()
        };
        let attempt = self.store.new_attempt_async(task, start, facts).await?;
        if let Some(files) = files {
            workspace.keep(&tooling::work_name(attempt), &files)?;
        }
        Ok(attempt)
    }

    /// An attempt that ended at a limit goes on if the person's files are what it was about;
    /// else there is a new one.
    async fn parked(
        &self,
        attempt: AttemptId,
        workspace: &Arc<Workspace>,
        spec: &TaskSpec,
        (seed, left): (Seed, Millis),
    ) -> Result<(AttemptId, Origin), EngineError> {
        let before = self.base(attempt)?;
        let now = self.snapshot(workspace, attempt.task).await?;
        let (held, base) = (Arc::clone(workspace), now.clone());
        let name = base_name(attempt.task);
        let is_same = blocking(move || -> Result<_, EngineError> {
            let is_same = held.changed(&before, &base)?.is_empty();
            if is_same {
                // The snapshot has taken its place, and is of no use.
                held.keep(&name, &before)?;
            }
            Ok(is_same)
        });
        if is_same.await? {
            return Ok((attempt, Origin::Limit { left }));
        }
        let new =
            self.new_attempt(attempt.task, (spec, None), (seed, left), now, workspace).await?;
        Ok((new, Origin::Start))
    }

    /// The commit that an attempt is about.
    pub(crate) fn base(&self, attempt: AttemptId) -> Result<CommitId, EngineError> {
        let row = self.store.view()?.attempt(attempt)?;
        row.map(|row| row.base).ok_or(EngineError::NoTask(attempt.task))
    }

    async fn snapshot(
        &self,
        workspace: &Arc<Workspace>,
        task: TaskId,
    ) -> Result<CommitId, EngineError> {
        let snapshot = self.snapshots.take(workspace, base_name(task)).await?;
        for text in workspace.notes().into_iter().chain(snapshot.notes) {
            self.floor.teller().tell(Progress::Note { task, text });
        }
        Ok(snapshot.commit)
    }

    async fn prepare(
        &self,
        attempt: AttemptId,
        mut spec: TaskSpec,
        workspace: Arc<Workspace>,
        (from, began): (Origin, Instant),
    ) -> Result<Running<'_>, EngineError> {
        // It goes on in its own way, whichever the next one's would be.
        (spec.model, spec.strategy) = agent(&self.store.view()?, attempt)?;
        let loading = self.load(&spec.model).await?;
        let base = self.base(attempt)?;
        let folders = crate::outlived::folders(&self.config.places.runtime, attempt)?;
        let sandbox = Arc::clone(&self.sandbox);
        let given = (Arc::clone(&workspace), sandbox, self.redactor());
        let here = (Arc::clone(&self.rooms), Arc::clone(&self.around.variables));
        let checks = Checks::prepare(given, base.clone(), folders, here).await?;
        let machine = match from {
            Origin::Start => fold(&self.store, attempt)?,
            Origin::Interruption { .. } | Origin::Limit { .. } => self.recover(attempt).await?,
        };
        let before = machine.elapsed();
        let limit = match from {
            Origin::Limit { left } => before + left,
            // If it was given more time once, what is left of that is not recorded.
            Origin::Interruption { left } if machine.time() <= before => before + left,
            Origin::Start | Origin::Interruption { .. } => machine.time(),
        };
        let row = self.store.view()?.attempt(attempt)?;
        let totals = Totals {
            attempt,
            candidates: machine.candidates(),
            checks: row.as_ref().map_or(0, |row| u32::try_from(row.checks).unwrap_or(u32::MAX)),
            usage: row.map_or(Usage::default(), |row| row.usage),
            cost: self.spent(attempt)?,
            wall: before,
        };
        let most = match from {
            // A person who has it go on means it.
            Origin::Limit { .. } => None,
            Origin::Start | Origin::Interruption { .. } => self.most(attempt)?,
        };
        let (checks, cancel) = (Arc::new(checks), watch::channel(false).0);
        let given = (Arc::clone(&checks), self.redactor(), cancel.subscribe());
        let servers = Servers::new(&spec.servers, given, limit.saturating_sub(before));
        Ok(Running {
            engine: self,
            attempt,
            spec,
            checks,
            servers: Arc::new(servers),
            workspace,
            base,
            inherited: machine.wants().into_iter().map(|(step, _)| step).collect(),
            machine,
            effects: JoinSet::new(),
            asking: Asking::default(),
            in_line: InLine::default(),
            times_away: BTreeMap::new(),
            setup: JoinSet::new(),
            background: Background::default(),
            open: BTreeMap::new(),
            cancel,
            hurry: watch::channel(()).0,
            used: mpsc::unbounded_channel().0,
            began,
            before,
            limit,
            most,
            left: None,
            passed_in: Millis(0),
            loading,
            meter: Meter::new(totals),
            teller: self.floor.teller(),
            unheard: true,
            judged: None,
            parked: None,
            waits: None,
        })
    }

    /// What an attempt may cost before the cascade would rather spend elsewhere. One that has gone
    /// on beyond it once does not stop at it again.
    fn most(&self, attempt: AttemptId) -> Result<Option<NanoUsd>, EngineError> {
        let row = self.store.view()?.attempt(attempt)?;
        let most = row.and_then(|row| row.choice?.most);
        let spent = self.spent(attempt)?;
        Ok(most.filter(|most| *most > spent))
    }

    /// What the person's policy says now, as it is for a task's role.
    pub(crate) fn policy_of(&self, spec: &TaskSpec) -> Arc<Policy> {
        match &spec.role {
            Some(role) => Arc::new((*self.policy()).clone().for_role(&role.name)),
            None => self.policy(),
        }
    }

    /// Loads the model while other things are done, so that the first question does not wait
    /// for it. A failure is told to that question, which tries once more.
    async fn load(&self, model: &str) -> Result<JoinSet<()>, EngineError> {
        let mut loading = JoinSet::new();
        let Asked::Here(llama) = self.asked(&self.model(model)?).await? else {
            return Ok(loading);
        };
        loading.spawn(async move {
            if let Err(why) = llama.info().await {
                tracing::debug!("the model could not be loaded ahead: {why}");
            }
        });
        Ok(loading)
    }

    fn repair_setup(
        &self,
        spec: &TaskSpec,
        (seed, time): (Seed, Millis),
        workspace: &Workspace,
    ) -> Result<repair::Setup, EngineError> {
        let catalogue = self.catalogue()?;
        let entry = catalogue.get(&spec.model)?;
        Ok(repair::Setup {
            text: spec.text.clone(),
            root: workspace.root().to_string_lossy().into_owned(),
            check: spec.check.clone().unwrap_or_default(),
            check_timeout: spec.check_timeout,
            seed,
            time,
            candidates: CANDIDATES,
            parallel: self.around.cores as u32,
            infill: entry.infill,
            chat: entry.chat_template,
        })
    }

    pub(crate) fn loop_setup(
        &self,
        spec: &TaskSpec,
        (seed, time): (Seed, Millis),
        base: &CommitId,
        workspace: &Workspace,
    ) -> Result<tool_loop::Setup, EngineError> {
        let model = self.model(&spec.model)?;
        let limits = LoopLimits::of(&model);
        // It sees the files of its check from the start; they are no part of what it proposes.
        let base = &proposed::with_check_files(workspace, base, spec.check_files.as_ref())?;
        let groups = check_file_groups().into_iter().map(|group| group.name);
        Ok(tool_loop::Setup {
            text: spec.text.clone(),
            root: workspace.root().to_string_lossy().into_owned(),
            check: spec.check.clone().unwrap_or_default(),
            check_timeout: spec.check_timeout,
            protected: groups.chain(spec.protect.iter().cloned()).collect(),
            may_edit: spec.may_edit.clone(),
            base: base.clone(),
            start: None,
            overview: overview(workspace, base, &self.redactor())?,
            role: spec.role.as_ref().map_or_else(String::new, |role| role.instructions.clone()),
            instructions: spec.instructions.clone(),
            guidance: spec.guidance.clone(),
            servers: spec.servers.iter().map(|server| server.name.clone()).collect(),
            questions: spec.questions && matches!(model, Model::Hosted(_)),
            seed,
            time,
            turns: limits.turns,
            turn_tokens: limits.turn_tokens,
            memory: limits.memory,
            tools: tools(spec.role.as_ref()),
        })
    }
}

/// The tools of a role, of those that work on files.
fn tools(role: Option<&Role>) -> Vec<Arc<ToolSpec>> {
    let named = role.map_or(&[][..], |role| &role.tools);
    let mut tools = tenfold_tools::specs();
    tools.retain(|tool| named.is_empty() || named.contains(&tool.name));
    tools
}

/// What stands at the top of the files, shortened to what a model can be told beside its task.
fn overview(
    workspace: &Workspace,
    base: &CommitId,
    redactor: &Redactor,
) -> Result<String, EngineError> {
    let top = FileCall::List(List { path: ".".to_owned(), depth: Some(1) });
    let text = top.perform(&Tree { workspace, at: base.clone(), redactor })?.text;
    let text = redactor.text(&text);
    let end = text.char_indices().map(|(at, _)| at).nth(OVERVIEW).unwrap_or(text.len());
    Ok(text[..end].to_owned())
}

/// How far a model that calls tools goes in one attempt.
struct LoopLimits {
    /// The most turns.
    turns: u32,
    /// The most tokens of one of them.
    turn_tokens: u32,
    /// The most that it is told in one of them, in bytes.
    memory: usize,
}

impl LoopLimits {
    /// An embedded model's are what its child's context takes, with the tools and its own
    /// answer beside it. A hosted one is told no more bytes than its context has tokens, and no
    /// more than is worth paying for again with each turn.
    fn of(model: &Model) -> Self {
        match model {
            Model::Embedded(_) => Self { turns: 60, turn_tokens: 800, memory: 14_000 },
            Model::Hosted(hosted) => {
                let context = usize::try_from(hosted.context.0).unwrap_or(usize::MAX);
                let turn_tokens = u32::try_from(context / 8).map_or(8_192, |most| most.min(8_192));
                Self { turns: 250, turn_tokens, memory: context.min(160_000) }
            }
        }
    }
}

/// The attempts that are made in one go: which there are, and when they are enough.
struct Round {
    strategies: Vec<Strategy>,
    /// How many are made even if one succeeds.
    best_of: u32,
    /// The most that are made.
    most: u32,
    /// Whether each is chosen by what the ones before it came to.
    is_chosen: bool,
    /// The models that did not answer, once for each attempt.
    silent: Vec<String>,
}

impl Round {
    fn of(spec: &TaskSpec) -> Self {
        Self {
            strategies: spec.strategies(),
            best_of: spec.best_of,
            most: spec.budget.attempts,
            is_chosen: spec.cascade.is_some(),
            silent: Vec::new(),
        }
    }

    /// How the attempt of a turn works.
    fn strategy(&self, turn: u32) -> Strategy {
        self.strategies[turn as usize % self.strategies.len()]
    }

    /// The time of the attempt of a turn: each that is sure to be made has as much.
    fn share(&self, turn: u32, left: Millis) -> Millis {
        let strategies = u32::try_from(self.strategies.len()).unwrap_or(u32::MAX);
        let sure = self.best_of.max(strategies).min(self.most).saturating_sub(turn).max(1);
        Millis(left.0 / u64::from(sure))
    }

    /// Whether there is another attempt after one that a model ended so, if there is time.
    fn goes_on(&mut self, turn: u32, (model, outcome): (&str, AttemptOutcome)) -> bool {
        use AttemptOutcome::{
            Finished, GaveUp, LimitShare, LimitSteps, LimitTime, ProviderFailed, Stuck,
        };
        if outcome == ProviderFailed {
            self.silent.push(model.to_owned());
        }
        let made = turn + 1;
        made < self.most
            && match outcome {
                Finished => made < self.best_of,
                // Its share of the time was not all of it.
                LimitTime | LimitShare | GaveUp | LimitSteps | Stuck => true,
                // Another model may answer.
                ProviderFailed => self.is_chosen,
                _ => false,
            }
    }
}

/// What an attempt is worked on from.
enum Origin {
    /// From its start.
    Start,
    /// From an interruption, with what was left of its time then; if that is nothing, with so
    /// much more.
    Interruption { left: Millis },
    /// From the limit that it ended at, with so much more time.
    Limit { left: Millis },
}

/// An attempt that can be gone on with.
struct Unfinished {
    attempt: AttemptId,
    was: Was,
}

/// How it came to rest.
enum Was {
    /// It was interrupted, paused or stopped; its time may count anew.
    Interrupted { anew: bool },
    /// It ended for want of something, and goes on only if the person's files are the same.
    AtLimit,
}

/// The attempt to go on with: one that was interrupted, else one that ended where it can go on.
/// A seed is for a new attempt.
fn unfinished(row: &TaskRow, how: How) -> Option<Unfinished> {
    if how.from_scratch {
        return None;
    }
    let interrupted = Was::Interrupted { anew: how.time_anew };
    if let Some(number) = row.running.first() {
        let attempt = AttemptId { task: row.id, number: *number };
        return Some(Unfinished { attempt, was: interrupted });
    }
    let open = row.is_open() && how.seed.is_none();
    let last = row.last.as_ref().filter(|last| open && last.outcome.goes_on());
    last.map(|last| match last.outcome {
        AttemptOutcome::Stopped => Unfinished { attempt: last.attempt, was: interrupted },
        _ => Unfinished { attempt: last.attempt, was: Was::AtLimit },
    })
}

/// The name that keeps the files which a task is about.
fn base_name(task: TaskId) -> String {
    format!("base/{task}")
}

//! Accepting what goes together. A proposal that passed alone may fail beside another one, so it
//! is checked again on top of those that were accepted before it. Of several, all are checked
//! together first, and if that fails, their halves: a merge queue that bisects.
//!
//! What is checked is a commit of ours on top of the person's files as they are now; nothing of
//! theirs is written here.

use std::sync::Arc;

use tenfold_domain::{
    AcceptAs, AcceptTogether, AcceptedOrNot, AttemptId, CheckFiles, CheckReport, CheckVerdict,
    CommitId, Millis, TaskId, TaskSpec, TaskState,
};
use tenfold_sandbox::CancelSignal;
use tenfold_store::{ProposalState, TaskQuery, TaskRow, View};
use tenfold_workspace::{Workspace, WorkspaceError};
use tokio::sync::watch;

use crate::checks::Checks;
use crate::engine::blocking;
use crate::{Engine, EngineError};

/// So many of the last accepted proposals are looked at.
const LOOK_BACK: u32 = 20;
/// So many failing tests are named.
const NAMED: usize = 5;
/// The last characters of what a check said, where it names no test.
const LAST_CHARS: usize = 300;
/// The folder of the checks, in that of work in progress.
const FOLDER: &str = "together";

/// A proposal that may be accepted.
#[derive(Debug, Clone)]
pub(crate) struct Candidate {
    pub(crate) task: TaskId,
    pub(crate) attempt: AttemptId,
    pub(crate) spec: TaskSpec,
    pub(crate) base: CommitId,
    pub(crate) commit: CommitId,
}

/// A check that all that goes together has to pass.
#[derive(Debug, Clone, PartialEq)]
struct Held {
    command: String,
    files: Option<CheckFiles>,
    setup: Option<String>,
    timeout: Millis,
    /// The longest that setup may take.
    longest: Millis,
    /// Whose way out setup has.
    of: AttemptId,
}

impl Held {
    fn of(spec: &TaskSpec, attempt: AttemptId) -> Option<Self> {
        Some(Self {
            command: spec.check.clone()?,
            files: spec.check_files.clone(),
            setup: spec.setup.clone(),
            timeout: spec.check_timeout,
            longest: spec.budget.time,
            of: attempt,
        })
    }

    fn is_as(&self, other: &Self) -> bool {
        (&self.command, &self.files, &self.setup) == (&other.command, &other.files, &other.setup)
    }
}

/// Which batch is to be checked next, and what its failure means.
#[derive(Debug)]
struct Bisection<T> {
    todo: Vec<Vec<T>>,
}

impl<T> Bisection<T> {
    fn of(all: Vec<T>) -> Self {
        Self { todo: vec![all] }
    }

    fn next(&mut self) -> Option<Vec<T>> {
        while let Some(batch) = self.todo.pop() {
            if !batch.is_empty() {
                return Some(batch);
            }
        }
        None
    }

    /// What is looked at when the batch at hand is done with.
    fn later(&mut self, batch: Vec<T>) {
        self.todo.push(batch);
    }

    /// A batch fails on top of all that passed so far. Returns the one that is to blame, if it is
    /// known by that.
    fn failed(&mut self, mut batch: Vec<T>) -> Option<T> {
        if batch.len() < 2 {
            return batch.pop();
        }
        let second = batch.split_off(batch.len() / 2);
        self.todo.push(second);
        self.todo.push(batch);
        None
    }
}

/// What goes together with what was accepted before.
struct Queue<'e> {
    engine: &'e Engine,
    workspace: Arc<Workspace>,
    /// The person's files.
    files: CommitId,
    /// With all on top that was accepted.
    top: CommitId,
    /// What all of that has to pass.
    held: Vec<Held>,
    cancel: CancelSignal,
}

impl Engine {
    /// Accepts those of several proposals that pass their checks together, on top of the person's
    /// files and of what was accepted before; says of the others why they were left out.
    ///
    /// # Errors
    /// If one of them can't be accepted as things stand, or they are not of one workspace; what
    /// the workspace, the sandbox or the store says. Nothing is written then.
    pub async fn accept_together(
        &self,
        asked: AcceptTogether,
    ) -> Result<Vec<AcceptedOrNot>, EngineError> {
        let _writing = self.writing.lock().await;
        let (mut batch, mut left_out): (Vec<Candidate>, Vec<(TaskId, String)>) = Default::default();
        for task in asked.tasks {
            if batch.iter().any(|known| known.task == task) {
                continue;
            }
            let candidate = self.candidate(task).await?;
            if let Some(first) = batch.first()
                && first.spec.workspace != candidate.spec.workspace
            {
                return Err(EngineError::Apart(first.task, task));
            }
            match self.may_be_taken(&candidate, asked.with_secrets).await {
                Ok(()) => batch.push(candidate),
                Err(why @ EngineError::AddsSecrets { .. }) => {
                    left_out.push((task, why.to_string()))
                }
                Err(error) => return Err(error),
            }
        }
        let (_stay, cancel) = watch::channel(false);
        let mut taken = Vec::new();
        if let Some(first) = batch.first() {
            let (mut queue, _) = Queue::open(self, first, cancel).await?;
            let (fitting, others) = queue.settle(batch).await?;
            left_out.extend(others);
            let how = match asked.in_place {
                true => AcceptAs::InPlace,
                false => AcceptAs::Branch { name: None },
            };
            for candidate in fitting {
                let task = candidate.task;
                match self.take(candidate, how.clone()).await {
                    Ok(accepted) => {
                        taken.push(AcceptedOrNot {
                            task,
                            accepted: Some(accepted),
                            left_out: None,
                        });
                    }
                    Err(why) => left_out.push((task, why.to_string())),
                }
            }
        }
        taken.extend(left_out.into_iter().map(|(task, why)| AcceptedOrNot {
            task,
            accepted: None,
            left_out: Some(why),
        }));
        Ok(taken)
    }

    /// Holds that a proposal passes its check together with what was accepted since its attempt
    /// began, if anything was.
    pub(crate) async fn goes_together(&self, candidate: &Candidate) -> Result<(), EngineError> {
        if candidate.spec.check.is_none() {
            return Ok(());
        }
        let (_stay, cancel) = watch::channel(false);
        let (mut queue, with) = Queue::open(self, candidate, cancel).await?;
        if with.is_empty() {
            return Ok(());
        }
        let (_, left_out) = queue.settle(vec![candidate.clone()]).await?;
        match left_out.into_iter().next() {
            None => Ok(()),
            Some((task, why)) => {
                let names: Vec<String> = with.iter().map(|task| format!("task {task}")).collect();
                Err(EngineError::NotTogether { task, with: names.join(", "), why })
            }
        }
    }
}

impl<'e> Queue<'e> {
    /// The person's files with all that was accepted on top, and whose proposals a candidate was
    /// not made on.
    async fn open(
        engine: &'e Engine,
        of: &Candidate,
        cancel: CancelSignal,
    ) -> Result<(Self, Vec<TaskId>), EngineError> {
        let workspace = engine.workspace(&of.spec).await?;
        let taken = Arc::clone(&workspace);
        let files = blocking(move || taken.snapshot()).await?.commit;
        let (top, held) = (files.clone(), Vec::new());
        let mut queue = Self { engine, workspace, files, top, held, cancel };
        let view = engine.store.view()?;
        let began = view.attempt(of.attempt)?.map(|row| row.started_at);
        let mut with = Vec::new();
        let query = TaskQuery {
            states: vec![TaskState::Accepted],
            workspace: Some(of.spec.workspace.clone()),
            limit: LOOK_BACK,
            ..TaskQuery::default()
        };
        let mut rows = view.tasks(&query)?;
        rows.sort_by_key(|row| row.proposal().map(|proposal| proposal.since));
        for row in rows {
            let Some((before, is_branch)) = accepted(&view, &row)? else { continue };
            let since = row.proposal().map(|proposal| proposal.since) > began;
            let top = queue.top.clone();
            if is_branch && let Ok(now) = queue.on_top(&top, &before).await? {
                queue.top = now;
            }
            if since || queue.top != top {
                queue.hold(&before);
                with.push(row.id);
            }
        }
        Ok((queue, with))
    }

    fn hold(&mut self, candidate: &Candidate) {
        let held = Held::of(&candidate.spec, candidate.attempt);
        if let Some(held) = held.filter(|held| !self.held.iter().any(|known| known.is_as(held))) {
            self.held.push(held);
        }
    }

    /// A proposal on top of others; or why it does not fit there.
    async fn on_top(
        &self,
        top: &CommitId,
        candidate: &Candidate,
    ) -> Result<Result<CommitId, String>, EngineError> {
        let workspace = Arc::clone(&self.workspace);
        let (top, base, commit) = (top.clone(), candidate.base.clone(), candidate.commit.clone());
        match blocking(move || workspace.on_top(&top, &base, &commit)).await {
            Ok(commit) => Ok(Ok(commit)),
            Err(why @ WorkspaceError::Conflicts(_)) => Ok(Err(why.to_string())),
            Err(error) => Err(error.into()),
        }
    }

    /// Which of these go together, in their order, and why the others do not.
    async fn settle(
        &mut self,
        batch: Vec<Candidate>,
    ) -> Result<(Vec<Candidate>, Vec<(TaskId, String)>), EngineError> {
        let (mut fitting, mut left_out) = (Vec::new(), Vec::new());
        let mut bisection = Bisection::of(batch);
        while let Some(batch) = bisection.next() {
            let (mut top, mut fits, mut later) = (self.top.clone(), Vec::new(), Vec::new());
            for candidate in batch {
                match self.on_top(&top, &candidate).await? {
                    Ok(now) => {
                        top = now;
                        fits.push(candidate);
                    }
                    // Another one is in its way, which may be left out itself.
                    Err(_) if !fits.is_empty() => later.push(candidate),
                    Err(why) => left_out.push((candidate.task, why)),
                }
            }
            bisection.later(later);
            if fits.is_empty() {
                continue;
            }
            let before = self.held.clone();
            fits.iter().for_each(|candidate| self.hold(candidate));
            match self.check(&top).await? {
                None => {
                    self.top = top;
                    fitting.extend(fits);
                }
                Some(why) => {
                    self.held = before;
                    let blamed = bisection.failed(fits);
                    left_out.extend(blamed.map(|candidate| (candidate.task, why)));
                }
            }
        }
        Ok((fitting, left_out))
    }

    /// Runs all checks on a commit. Returns what fails, in words.
    async fn check(&self, top: &CommitId) -> Result<Option<String>, EngineError> {
        for held in &self.held {
            let dir = self.engine.config.places.runtime.join(FOLDER);
            let sandbox = Arc::clone(&self.engine.sandbox);
            let given = (Arc::clone(&self.workspace), sandbox, self.engine.redactor());
            let variables = Arc::clone(&self.engine.around.variables);
            let here = (Arc::clone(&self.engine.rooms), variables);
            let prepared =
                Checks::prepare(given, self.files.clone(), (dir, Vec::new()), here).await?;
            let checks = Arc::new(prepared);
            let failed = self.run(held, top, &checks).await;
            checks.clear().await?;
            if let Some(why) = failed? {
                return Ok(Some(why));
            }
        }
        Ok(None)
    }

    async fn run(
        &self,
        held: &Held,
        top: &CommitId,
        checks: &Arc<Checks>,
    ) -> Result<Option<String>, EngineError> {
        if let Some(setup) = &held.setup {
            let of = (held.of, held.longest);
            if let Some(why) = self.engine.lay_setup(setup, of, checks, &self.cancel).await? {
                return Ok(Some(why));
            }
        }
        let asked = (held.command.as_str(), held.timeout);
        let ran = checks.judge(top, asked, held.files.as_ref(), &self.cancel).await?;
        Ok((!ran.report.passed()).then(|| failure(&ran.report)))
    }
}

/// The accepted proposal of a task, and whether it is a branch of its own.
fn accepted(view: &View, row: &TaskRow) -> Result<Option<(Candidate, bool)>, EngineError> {
    let Some(proposal) = row.proposal().filter(|proposal| proposal.state.is_accepted()) else {
        return Ok(None);
    };
    let is_branch = matches!(proposal.state, ProposalState::AcceptedAsBranch { .. });
    let (attempt, commit) = (proposal.attempt, proposal.commit.clone());
    let (spec, begun) = (view.spec(row.id)?, view.attempt(attempt)?);
    // What was accepted so long ago that its files are gone is taken to be in the person's.
    let begun = begun.filter(|begun| begun.files_removed_at.is_none());
    let Some((spec, begun)) = spec.zip(begun) else { return Ok(None) };
    let candidate = Candidate { task: row.id, attempt, spec, base: begun.base, commit };
    Ok(Some((candidate, is_branch)))
}

/// What fails, in a line or two.
fn failure(report: &CheckReport) -> String {
    let command = &report.command;
    match &report.verdict {
        CheckVerdict::TimedOut => format!("`{command}` does not end in time"),
        CheckVerdict::Broken(why) => format!("`{command}` can't be run: {why}"),
        _ if report.failing.is_empty() => {
            let said = report.output.trim_end();
            let from = said.floor_char_boundary(said.len().saturating_sub(LAST_CHARS));
            format!("`{command}` fails: {}", &said[from..])
        }
        _ => {
            let names: Vec<&str> =
                report.failing.iter().take(NAMED).map(|test| test.0.as_str()).collect();
            let more = match report.failing.len() - names.len() {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            format!("`{command}` fails: {}{more}", names.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Each of the bad ones fails whatever it is with.
        #[test]
        fn the_good_ones_are_found_with_few_checks(
            all in 1_usize..40,
            bad in prop::collection::btree_set(0_usize..40, 0..5),
        ) {
            let bad: BTreeSet<usize> = bad.into_iter().filter(|one| *one < all).collect();
            let mut bisection = Bisection::of((0..all).collect());
            let (mut good, mut blamed, mut checks) = (Vec::new(), BTreeSet::new(), 0);
            while let Some(batch) = bisection.next() {
                checks += 1;
                match batch.iter().any(|one| bad.contains(one)) {
                    false => good.extend(batch),
                    true => blamed.extend(bisection.failed(batch)),
                }
            }
            let expected: Vec<usize> = (0..all).filter(|one| !bad.contains(one)).collect();
            prop_assert_eq!(good, expected, "in their order");
            prop_assert_eq!(&blamed, &bad);
            let halvings = all.next_power_of_two().ilog2() as usize;
            prop_assert!(checks <= 1 + 2 * halvings * bad.len(), "{} checks", checks);
        }
    }
}

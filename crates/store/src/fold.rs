//! What an event does to the rows that people list. Pure, and apart from the SQL that keeps
//! them, so that the kept rows and those built anew come from the same lines.

use std::collections::{BTreeMap, BTreeSet};

use tenfold_domain::{
    AttemptEvent, AttemptId, CommitId, EffectKind, Energy, Event, Fact, Millis, NanoUsd,
    ProposalEvent, Seed, StepEvent, Strategy, TaskEvent, TaskId, TaskSpec, TaskState, Timestamp,
    Tokens, Usage, Worked,
};

use crate::rows::{AttemptRow, Ending, ProposalRow, ProposalState, Question, TaskRow};

/// One task with those of its attempts that an event may change.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct TaskFold {
    /// The task; none before it is asked for.
    pub(crate) task: Option<TaskRow>,
    /// Attempts by number.
    pub(crate) attempts: BTreeMap<u32, AttemptRow>,
}

impl TaskFold {
    /// Changes the rows by an event. An event of a task that nobody asked for, or of an
    /// attempt that did not start, changes nothing.
    pub(crate) fn evolve(&mut self, event: &Event) {
        match &event.fact {
            Fact::Task { task, event: TaskEvent::Asked(spec) } => {
                self.task.get_or_insert_with(|| asked(*task, spec, event.at));
            }
            Fact::Task { event: TaskEvent::Budgeted { budget }, .. } => {
                if let Some(task) = &mut self.task {
                    task.budget = *budget;
                }
            }
            Fact::Task { event: TaskEvent::Steered { .. }, .. } => {}
            Fact::Task { event: TaskEvent::Parked(parked), .. } => {
                if let Some(task) = &mut self.task {
                    (task.parked, task.woken) = (Some(*parked), false);
                }
            }
            Fact::Task { event: TaskEvent::Woken, .. } => {
                if let Some(task) = &mut self.task {
                    task.woken = task.parked.take().is_some();
                }
            }
            Fact::Task { event: TaskEvent::LeftOff { why }, .. } => {
                if let Some(task) = &mut self.task {
                    task.left_off = Some(why.clone());
                }
            }
            Fact::Task { event: TaskEvent::Surveyed(survey), .. } => {
                if let Some(task) = &mut self.task {
                    task.survey = Some(survey.clone());
                }
            }
            Fact::Task { event: TaskEvent::CheckApproved(check), .. } => {
                if let Some(task) = &mut self.task {
                    task.check = Some(check.clone());
                }
            }
            Fact::Attempt { attempt, event: change } => {
                self.evolve_attempt(*attempt, change, event.at);
            }
            Fact::Step { attempt, event: change, .. } => {
                if let Some((task, row)) = self.rows(*attempt) {
                    worked(task, row, event.at);
                    stepped(task, row, change);
                }
            }
            Fact::Proposal { attempt, event: change } => {
                if let Some((task, row)) = self.rows(*attempt) {
                    worked(task, row, event.at);
                    proposed(task, *attempt, change, event.at);
                }
            }
            Fact::Policy { attempt, .. } | Fact::Egress { attempt, .. } => {
                if let Some((task, row)) = self.rows(*attempt) {
                    worked(task, row, event.at);
                }
            }
            Fact::Ledger { .. }
            | Fact::Journal { .. }
            | Fact::Repository { .. }
            | Fact::People { .. }
            | Fact::Deed { .. } => {}
        }
        if let Some(task) = &mut self.task {
            task.state = state(task);
        }
    }

    fn rows(&mut self, attempt: AttemptId) -> Option<(&mut TaskRow, &mut AttemptRow)> {
        Some((self.task.as_mut()?, self.attempts.get_mut(&attempt.number)?))
    }

    fn evolve_attempt(&mut self, id: AttemptId, event: &AttemptEvent, at: Timestamp) {
        if let AttemptEvent::Started { strategy, model, seed, base } = event {
            self.start(started(id, *strategy, model, *seed, base, at));
            return;
        }
        let Some((task, row)) = self.rows(id) else { return };
        match event {
            AttemptEvent::Started { .. }
            | AttemptEvent::Confined { .. }
            | AttemptEvent::Advanced { .. } => worked(task, row, at),
            AttemptEvent::Forked { .. } => {
                worked(task, row, at);
                row.forked = true;
            }
            AttemptEvent::Chosen(choice) => row.choice = Some(choice.clone()),
            AttemptEvent::Foreseen(forecast) => row.foreseen = Some(forecast.clone()),
            AttemptEvent::Paused => {
                worked(task, row, at);
                task.paused = true;
            }
            AttemptEvent::Resumed => {
                row.seen_at = at;
                goes_on(task);
                row.ended = None;
                task.running.insert(id.number);
            }
            AttemptEvent::Asked { step, question, call } => {
                worked(task, row, at);
                let (text, call) = (question.clone(), call.clone());
                let question = Question { attempt: id, step: *step, text, call, asked_at: at };
                task.question = Some(question);
            }
            AttemptEvent::Answered { .. } => {
                // The time that the person took is not the attempt's.
                row.seen_at = at;
                task.question = None;
            }
            AttemptEvent::Ended { outcome, note } => {
                worked(task, row, at);
                task.question = None;
                task.paused = false;
                let ending = Ending { attempt: id, at, outcome: *outcome, note: note.clone() };
                row.ended = Some(ending.clone());
                task.last = Some(ending);
                task.running.remove(&id.number);
            }
            AttemptEvent::FilesRemoved => row.files_removed_at = Some(at),
            AttemptEvent::StepsDropped { export, was, .. } => {
                came_to(task, row, was);
                row.steps_dropped = Some(export.clone());
            }
        }
    }

    fn start(&mut self, row: AttemptRow) {
        let Some(task) = &mut self.task else { return };
        let number = row.id.number;
        if let std::collections::btree_map::Entry::Vacant(entry) = self.attempts.entry(number) {
            entry.insert(row);
            task.attempts += 1;
            goes_on(task);
            task.running.insert(number);
        }
    }
}

fn asked(id: TaskId, spec: &TaskSpec, at: Timestamp) -> TaskRow {
    TaskRow {
        id,
        text: spec.text.clone(),
        workspace: spec.workspace.clone(),
        account: spec.account,
        role: spec.role.as_ref().map(|role| role.name.clone()),
        model: spec.model.clone(),
        state: TaskState::Queued,
        budget: spec.budget,
        check: None,
        standing: spec.standing.clone(),
        attempts: 0,
        running: BTreeSet::new(),
        spent: NanoUsd::ZERO,
        tokens: Tokens(0),
        steps: 0,
        wall: Millis(0),
        energy: Energy::NONE,
        asked_at: at,
        paused: false,
        parked: None,
        woken: false,
        left_off: None,
        survey: None,
        question: None,
        last: None,
        proposals: Vec::new(),
    }
}

fn started(
    id: AttemptId,
    strategy: Strategy,
    model: &str,
    seed: Seed,
    base: &CommitId,
    at: Timestamp,
) -> AttemptRow {
    AttemptRow {
        id,
        strategy,
        model: model.to_owned(),
        seed,
        base: base.clone(),
        started_at: at,
        seen_at: at,
        choice: None,
        foreseen: None,
        ended: None,
        forked: false,
        usage: Usage::default(),
        cost: NanoUsd::ZERO,
        wall: Millis(0),
        energy: Energy::NONE,
        steps: 0,
        checks: 0,
        files_removed_at: None,
        steps_dropped: None,
    }
}

/// An attempt begins or goes on: whatever the task waited for is over.
fn goes_on(task: &mut TaskRow) {
    task.paused = false;
    task.left_off = None;
    task.parked = None;
    task.woken = false;
}

/// Counts what an attempt came to, of which some may be counted already.
fn came_to(task: &mut TaskRow, row: &mut AttemptRow, was: &Worked) {
    let Worked { usage, cost, wall, energy, seen_at, steps, checks } = *was;
    task.tokens += Tokens(usage.total().0.saturating_sub(row.usage.total().0));
    task.spent += cost.saturating_sub(row.cost);
    task.wall += wall.saturating_sub(row.wall);
    task.steps += steps.saturating_sub(row.steps);
    let mj = energy.mj.saturating_sub(row.energy.mj);
    task.energy += Energy { mj, ..energy };
    (row.usage, row.cost, row.wall, row.energy) = (usage, cost, wall, energy);
    (row.seen_at, row.steps, row.checks) = (seen_at, steps, checks);
}

/// Counts the time since the attempt was last heard of, unless it has ended: what a person
/// does with a proposal afterwards is not the attempt's work.
fn worked(task: &mut TaskRow, row: &mut AttemptRow, at: Timestamp) {
    if row.ended.is_none() {
        let since = at.since(row.seen_at);
        row.wall += since;
        task.wall += since;
        row.seen_at = at;
    }
}

fn stepped(task: &mut TaskRow, row: &mut AttemptRow, event: &StepEvent) {
    let (usage, cost, energy) = match event {
        StepEvent::Intent { kind, .. } => {
            row.checks += u64::from(*kind == EffectKind::Check);
            return;
        }
        StepEvent::Result { usage, cost, energy, .. } => (*usage, *cost, *energy),
        StepEvent::Failed { cost, .. } => (Usage::default(), *cost, Energy::NONE),
    };
    row.usage += usage;
    row.cost += cost;
    row.energy += energy;
    row.steps += 1;
    task.tokens += usage.total();
    task.spent += cost;
    task.energy += energy;
    task.steps += 1;
}

fn proposed(task: &mut TaskRow, attempt: AttemptId, event: &ProposalEvent, at: Timestamp) {
    if let ProposalEvent::Made { commit, evidence } = event {
        task.proposals.retain(|proposal| proposal.attempt != attempt);
        task.proposals.push(ProposalRow {
            attempt,
            commit: commit.clone(),
            verified: evidence.as_ref().is_some_and(|report| report.passed()),
            made_at: at,
            state: ProposalState::ToReview,
            unseen: false,
            taken_back: false,
            since: at,
        });
        return;
    }
    let Some(place) = task.proposals.iter().position(|proposal| proposal.attempt == attempt) else {
        return;
    };
    if let ProposalEvent::Preferred { .. } = event {
        let preferred = task.proposals.remove(place);
        return task.proposals.push(preferred);
    }
    let row = &mut task.proposals[place];
    // What was never taken in whole, or was rejected before, says nothing against the work.
    let was_accepted = row.state.is_accepted() && !row.state.is_under_way();
    let goes = matches!(event, ProposalEvent::TakingBack | ProposalEvent::Undone);
    row.taken_back |= was_accepted && goes;
    row.unseen &= !goes;
    // Who accepts it again has thought better of it.
    row.taken_back &= !matches!(
        event,
        ProposalEvent::AcceptedAsBranch { .. } | ProposalEvent::AcceptedInPlace { .. }
    );
    row.state = match event {
        ProposalEvent::Commented { .. } | ProposalEvent::Preferred { .. } => return,
        ProposalEvent::Earned { .. } => {
            row.unseen = true;
            return;
        }
        ProposalEvent::Made { .. } | ProposalEvent::Undone => ProposalState::ToReview,
        ProposalEvent::Branching { branch, commit } => {
            ProposalState::Branching { branch: branch.clone(), commit: commit.clone() }
        }
        ProposalEvent::AcceptedAsBranch { branch, commit } => {
            ProposalState::AcceptedAsBranch { branch: branch.clone(), commit: commit.clone() }
        }
        ProposalEvent::Applying { before, after } => {
            ProposalState::Applying { before: before.clone(), after: after.clone() }
        }
        ProposalEvent::TakingBack => {
            match std::mem::replace(&mut row.state, ProposalState::ToReview) {
                ProposalState::AcceptedInPlace { before, after }
                | ProposalState::Applying { before, after } => {
                    ProposalState::TakingBack { before, after }
                }
                ProposalState::AcceptedAsBranch { branch, commit }
                | ProposalState::Branching { branch, commit } => {
                    ProposalState::RemovingBranch { branch, commit }
                }
                other => other,
            }
        }
        ProposalEvent::AcceptedInPlace { before, after } => {
            ProposalState::AcceptedInPlace { before: before.clone(), after: after.clone() }
        }
        ProposalEvent::Rejected { reason } => ProposalState::Rejected { reason: reason.clone() },
    };
    row.since = at;
}

/// Where a task stands: a question that is open comes first, then a pause, then work that is
/// going on, then money that it waits for, then what became of the proposal that counts. A
/// rejected proposal is the last word only until a later attempt ends without one.
fn state(task: &TaskRow) -> TaskState {
    if task.question.is_some() {
        return TaskState::NeedsYou;
    }
    if task.paused {
        return TaskState::Paused;
    }
    if !task.running.is_empty() {
        return TaskState::Working;
    }
    if task.parked.is_some() {
        return TaskState::Parked;
    }
    let Some(last) = task.last.as_ref().filter(|_| !task.woken) else { return TaskState::Queued };
    match task.proposal() {
        None => TaskState::NeedsYou,
        Some(proposal) => match proposal.state {
            ProposalState::ToReview => TaskState::ToReview,
            ProposalState::Rejected { .. } if proposal.attempt.number < last.attempt.number => {
                TaskState::NeedsYou
            }
            ProposalState::Rejected { .. } => TaskState::Rejected,
            ProposalState::Applying { .. }
            | ProposalState::TakingBack { .. }
            | ProposalState::Branching { .. }
            | ProposalState::RemovingBranch { .. } => TaskState::NeedsYou,
            ProposalState::AcceptedAsBranch { .. } | ProposalState::AcceptedInPlace { .. } => {
                TaskState::Accepted
            }
        },
    }
}

#[cfg(test)]
mod tests;

//! What is told of tasks: lists, the board, one of them, what its attempts did and propose.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use tenfold_desk::task::{
    self, Board, BoardColumn, Card, Cards, Column, Dial, DialUnit, Diff, Instead, Output, Proof,
    Steps, TaskList, TaskPage,
};
use tenfold_desk::{DeskError, Sight};
use tenfold_domain::{Access, AccountId, AttemptId, Strategy, TaskId, TaskState};
use tenfold_store::{TaskQuery, TaskRow, View};
use utoipa::IntoParams;

use super::calls::{Asked, Calls, Needs};
use super::exports::{Kept, kept};
use super::house::House;
use crate::door::Caller;
use crate::problem::Refusal;
use crate::routes::task as task_of;

type Answer<T> = Result<Json<T>, Refusal>;

/// How many tasks are told at most in one answer.
const PAGE_MAX: u32 = 1_000;
const PAGE: u32 = 100;

/// Adds all that is told of tasks.
pub(super) fn calls(calls: Calls<Arc<House>>) -> Calls<Arc<House>> {
    let by = Needs::Only(Access::Viewer);
    let steps = by.call("steps", "What an attempt did, step by step.");
    let output = by.call("output", "The whole output of a step, up to a mebibyte.");
    let diff = by.call("diff", "What an attempt proposes, line by line.");
    let patch = by.call("patch", "The same as a file that `git apply` takes.");
    let proof = by.call("proof", "The run of the whole check on what an attempt proposes.");
    calls
        .get("/api/v1/board", by.call("board", "The first tasks of each column."), board)
        .get("/api/v1/tasks", by.call("tasks", "Tasks, the newest first."), list)
        .get("/api/v1/tasks/{task}", by.call("task", "All of a task but its steps."), one)
        .get(
            "/api/v1/tasks/{task}/dial",
            by.call("dial", "What more of a task's budget is likely to buy."),
            dial,
        )
        .get("/api/v1/tasks/{task}/attempts/{number}/steps", steps, self::steps)
        .get("/api/v1/tasks/{task}/attempts/{number}/output", output, self::output)
        .get("/api/v1/tasks/{task}/attempts/{number}/diff", diff, self::diff)
        .get("/api/v1/tasks/{task}/attempts/{number}/patch", patch, self::patch)
        .get("/api/v1/tasks/{task}/attempts/{number}/proof", proof, self::proof)
}

/// Which tasks.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
struct Which {
    /// Those in this column; the board has them all.
    column: Option<String>,
    /// Some of what was asked for.
    q: Option<String>,
    /// Whose account pays.
    account: Option<u32>,
    role: Option<String>,
    label: Option<String>,
    workspace: Option<String>,
    /// Those after this one, as they are listed.
    #[param(value_type = Option<u64>)]
    past: Option<TaskId>,
    /// At most so many; of the board with 0 only how many there are is told.
    limit: Option<u32>,
}

impl Which {
    /// As the store is asked, by somebody who sees so much.
    fn query(&self, sight: &Sight) -> TaskQuery {
        let said = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let account = self.account.map(AccountId);
        let accounts = match account {
            // Who asks for what they don't see finds nothing.
            Some(account) => Some(sight.of(account).then_some(account).into_iter().collect()),
            None => sight.accounts(),
        };
        TaskQuery {
            accounts,
            workspace: said(&self.workspace).map(Into::into),
            role: said(&self.role),
            label: said(&self.label),
            text: said(&self.q),
            past: self.past,
            limit: self.limit.unwrap_or(PAGE).clamp(1, PAGE_MAX),
            ..TaskQuery::default()
        }
    }
}

/// A page of rows, and what the next one is past.
fn page(view: &View, mut query: TaskQuery) -> Result<(Vec<TaskRow>, Option<u64>), DeskError> {
    let limit = query.limit as usize;
    query.limit += 1;
    let mut rows = view.tasks(&query)?;
    let is_more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| is_more).map(|row| row.id.number());
    Ok((rows, next))
}

impl House {
    /// Why those of these tasks wait that are queued, as far as the engine says.
    pub(super) async fn waiting(&self, rows: &[TaskRow]) -> BTreeMap<TaskId, String> {
        let queued = rows.iter().filter(|row| row.state == TaskState::Queued);
        let queued: Vec<TaskId> = queued.map(|row| row.id).collect();
        if queued.is_empty() {
            return BTreeMap::new();
        }
        self.engine.why_waiting(queued).await.into_iter().collect()
    }

    /// Tasks as they are listed.
    async fn cards(self: &Arc<Self>, rows: Vec<TaskRow>) -> Result<Vec<Card>, Refusal> {
        let (waiting, paths) = (self.waiting(&rows).await, self.paths(&rows).await?);
        self.read(move |house, view| {
            let now = house.engine.now();
            Cards { view, paths: &paths, waiting: &waiting, now }.all(&rows)
        })
        .await
    }
}

/// `GET /board`
async fn board(
    State(house): State<Arc<House>>,
    caller: Caller,
    Asked(which): Asked<Which>,
) -> Answer<Board> {
    let query = which.query(&house.sight(&caller).await?);
    let is_counted = which.limit == Some(0);
    let (seq, found) = house
        .read(move |_, view| {
            let counts = view.count(&TaskQuery { past: None, ..query.clone() })?;
            let mut found = Vec::new();
            for column in Column::ALL {
                let states = column.states().to_vec();
                let count = states.iter().filter_map(|state| counts.get(state)).sum();
                let (rows, next) = match is_counted {
                    true => (Vec::new(), None),
                    false => page(view, TaskQuery { states, ..query.clone() })?,
                };
                found.push((column, count, rows, next));
            }
            Ok((view.newest()?.0, found))
        })
        .await?;
    // All of them at once: each time that the store is read anew takes a while.
    let mut rows = Vec::new();
    let mut columns = Vec::new();
    for (column, count, some, next) in found {
        columns.push((BoardColumn { column, count, tasks: Vec::new(), next }, some.len()));
        rows.extend(some);
    }
    let mut cards = house.cards(rows).await?.into_iter();
    let filled = columns.into_iter().map(|(column, its)| {
        let tasks = cards.by_ref().take(its).collect();
        BoardColumn { tasks, ..column }
    });
    Ok(Json(Board { columns: filled.collect(), seq }))
}

/// `GET /tasks`
async fn list(
    State(house): State<Arc<House>>,
    caller: Caller,
    Asked(which): Asked<Which>,
) -> Answer<TaskList> {
    let mut query = which.query(&house.sight(&caller).await?);
    if let Some(column) = &which.column {
        query.states = column.parse::<Column>().map_err(Refusal::usage)?.states().to_vec();
    }
    let read = move |_: &House, view: &View| Ok((view.newest()?.0, page(view, query)?));
    let (seq, (rows, next)) = house.read(read).await?;
    Ok(Json(TaskList { tasks: house.cards(rows).await?, next, seq }))
}

/// `GET /tasks/{task}`
async fn one(
    State(house): State<Arc<House>>,
    caller: Caller,
    Path(number): Path<String>,
) -> Answer<TaskPage> {
    let task = task_of(&number)?;
    house.sees(&caller, &[task]).await?;
    let row = house.read(move |_, view| Ok(view.task(task)?)).await?;
    let waiting = house.waiting(row.as_slice()).await;
    let paths = house.paths(row.as_slice()).await?;
    let told = house.read(move |house, view| {
        let cards = Cards { view, paths: &paths, waiting: &waiting, now: house.engine.now() };
        let at_work = house.engine.at_work().contains(&task);
        task::page(&house.desk, &cards, task, (at_work, &house.heards))
    });
    Ok(Json(told.await?))
}

/// An attempt by the numbers in a path.
fn attempt_of(task: &str, number: &str) -> Result<AttemptId, Refusal> {
    let no_number = |_| Refusal::not_found("an attempt is called by its number, as in 1");
    Ok(AttemptId { task: task_of(task)?, number: number.parse().map_err(no_number)? })
}

/// Which of many steps.
#[derive(Debug, Clone, Copy, Default, Deserialize, IntoParams)]
struct Part {
    /// Those after this one, by its index.
    past: Option<usize>,
    /// At most so many.
    limit: Option<usize>,
}

/// Which step.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
struct OfStep {
    /// Its index.
    index: usize,
}

/// `GET /tasks/{task}/attempts/{number}/steps`
async fn steps(
    State(house): State<Arc<House>>,
    caller: Caller,
    Path((task, number)): Path<(String, String)>,
    Asked(part): Asked<Part>,
) -> Answer<Steps> {
    let attempt = attempt_of(&task, &number)?;
    house.sees(&caller, &[attempt.task]).await?;
    let Part { past, limit } = part;
    let read = move |house: &House, view: &View| {
        task::steps((view, &house.trajectories), attempt, past, limit.unwrap_or(task::STEPS))
    };
    Ok(Json(house.read(read).await?))
}

/// `GET /tasks/{task}/attempts/{number}/output`
async fn output(
    State(house): State<Arc<House>>,
    caller: Caller,
    Path((task, number)): Path<(String, String)>,
    Asked(OfStep { index }): Asked<OfStep>,
) -> Answer<Output> {
    let attempt = attempt_of(&task, &number)?;
    house.sees(&caller, &[attempt.task]).await?;
    let read =
        move |house: &House, view: &View| task::output((view, &house.trajectories), attempt, index);
    Ok(Json(house.read(read).await?))
}

/// With what a change is compared.
#[derive(Debug, Clone, Copy, Default, Deserialize, IntoParams)]
struct With {
    /// With what this attempt of the same task proposes, by its number; else with the files as they
    /// were.
    against: Option<u32>,
}

/// `GET /tasks/{task}/attempts/{number}/diff`
async fn diff(
    State(house): State<Arc<House>>,
    caller: Caller,
    Path((task, number)): Path<(String, String)>,
    Asked(With { against }): Asked<With>,
) -> Answer<Diff> {
    let attempt = attempt_of(&task, &number)?;
    let against = against.map(|number| AttemptId { number, ..attempt });
    house.sees(&caller, &[attempt.task]).await?;
    let told = house.read(move |house, view| {
        let row = view.task(attempt.task)?.ok_or_else(|| DeskError::no_task(attempt.task))?;
        task::diff(&house.desk, view, &row, (Some(attempt), against))
    });
    Ok(Json(told.await?))
}

/// `GET /tasks/{task}/attempts/{number}/patch`
async fn patch(
    State(house): State<Arc<House>>,
    caller: Caller,
    Path((task, number)): Path<(String, String)>,
) -> Result<Kept, Refusal> {
    let attempt = attempt_of(&task, &number)?;
    house.sees(&caller, &[attempt.task]).await?;
    let read = house.read(move |house, view| {
        let row = view.task(attempt.task)?.ok_or_else(|| DeskError::no_task(attempt.task))?;
        let proposal = task::proposal(&row, Some(attempt))?;
        task::patch(&house.desk, view, &row, proposal)
    });
    Ok(kept(&format!("tenfold-{attempt}.patch"), read.await?))
}

/// `GET /tasks/{task}/attempts/{number}/proof`
async fn proof(
    State(house): State<Arc<House>>,
    caller: Caller,
    Path((task, number)): Path<(String, String)>,
) -> Answer<Proof> {
    let attempt = attempt_of(&task, &number)?;
    house.sees(&caller, &[attempt.task]).await?;
    let read = move |house: &House, view: &View| task::proof((view, &house.heards), attempt);
    Ok(Json(house.read(read).await?))
}

/// For whom the dial is.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
struct Turn {
    /// Another model than its own.
    model: Option<String>,
    /// Another strategy than its own.
    #[param(inline)]
    strategy: Option<Strategy>,
    #[param(inline)]
    unit: Option<DialUnit>,
}

/// `GET /tasks/{task}/dial`
async fn dial(
    State(house): State<Arc<House>>,
    caller: Caller,
    Path(number): Path<String>,
    Asked(turn): Asked<Turn>,
) -> Answer<Dial> {
    let task = task_of(&number)?;
    house.sees(&caller, &[task]).await?;
    let Turn { model, strategy, unit } = turn;
    let of = move |view: &View| -> Result<_, DeskError> {
        let row = view.task(task)?.ok_or_else(|| DeskError::no_task(task))?;
        Ok((row, view.spec(task)?.ok_or_else(|| DeskError::no_task(task))?))
    };
    let told = move |house: &House, view: &View| {
        let (row, spec) = of(view)?;
        let instead = Instead { model, strategy };
        let unit = unit.unwrap_or(DialUnit::Dollars);
        task::dial(
            (view, house.engine.pasts()),
            &house.desk.catalogue()?,
            (&row, &spec),
            instead,
            unit,
        )
    };
    // Only the cascade reads all that came of attempts each time.
    let has_cascade = house.read(move |_, view| Ok(of(view)?.1.cascade.is_some())).await?;
    Ok(Json(if has_cascade { house.read_long(told).await? } else { house.read(told).await? }))
}

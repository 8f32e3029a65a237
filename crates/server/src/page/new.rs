//! New work: what a task would be and is likely to cost, before it is asked for, and asking for it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path as FilePath;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::Uri;

use serde::{Deserialize, Serialize};
use tenfold_desk::asking::{NewTask, Resolved, ToApprove, resolve};
use tenfold_desk::import::{self, Form, Kinds};
use tenfold_desk::task::{Quote, QuoteSums, quote};
use tenfold_desk::{DeskError, House as Desk, Interval, Sight};
use tenfold_domain::{
    Access, AccountId, NanoUsd, Priority, Problem, RepositoryEvent, TaskId, TaskSpec,
};
use tenfold_engine::How;
use tenfold_store::{TaskQuery, View};
use utoipa::ToSchema;

use super::calls::{Calls, Needs};
use super::house::{House, Wanted};
use crate::door::Caller;
use crate::problem::Refusal;

type Said<T> = Result<Json<T>, JsonRejection>;
type Answer<T> = Result<Json<T>, Refusal>;

/// Adds the calls for new work.
pub(super) fn calls(calls: Calls<Arc<House>>) -> Calls<Arc<House>> {
    let by = Needs::Only(Access::Operator);
    let quote = by.call("quote", "What a task would be, and is likely to take; changes nothing.");
    let seen = by.call("look_at_tasks", "The tasks that a text holds; changes nothing.");
    calls
        .post("/api/v1/quote", quote, ask_quote)
        .post("/api/v1/tasks", by.call("ask", "Asks for a task."), one)
        .post("/api/v1/tasks/many", by.call("ask_many", "Asks for all tasks of a text."), many)
        .post("/api/v1/tasks/many/look", seen, look)
}

/// What a task would be, and is likely to take.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Quoted {
    #[serde(flatten)]
    quote: Quote,
    /// What the person has to approve first, or may.
    needs_approval: Vec<ToApprove>,
    /// The models that have to be fetched first.
    models_missing: Vec<String>,
    notes: Vec<String>,
}

/// A task that was asked for.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct New {
    task: u64,
    /// Why it was not begun, though it was to be: it waits in the backlog.
    not_begun: Option<Problem>,
}

/// Several tasks in a text.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct Many {
    /// How they are written.
    format: Form,
    text: String,
    /// What holds for all of them.
    task: NewTask,
}

/// One of them, before it is asked for.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Seen {
    text: String,
    labels: Vec<String>,
    check: Option<String>,
    role: Option<String>,
    repo: Option<String>,
    priority: Option<Priority>,
    value_nano_usd: Option<NanoUsd>,
    /// The line of the text that it begins on.
    line: usize,
    /// The chance that one attempt solves it, as far as that can be told.
    odds: Option<Interval>,
    /// What an attempt like it has cost, in the mean.
    cost_nano_usd: Option<u64>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SeenMany {
    tasks: Vec<Seen>,
    /// What all of them are likely to come to; none where it is not yet clear what they would be.
    sums: Option<QuoteSums>,
    /// Why that is not clear.
    unclear: Option<Problem>,
    /// What the person has to approve first, or may; of several repositories, with the whole path.
    needs_approval: Vec<ToApprove>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct NewMany {
    tasks: Vec<u64>,
}

/// What somebody may ask for: who does not see all accounts pays from those that they see, and
/// works in repositories that have tasks of theirs already. Else they could read any folder of
/// this machine.
struct Bounds {
    sight: Sight,
    own: AccountId,
}

impl House {
    async fn bounds(&self, caller: &Caller) -> Result<Bounds, Refusal> {
        Ok(Bounds { sight: self.sight(caller).await?, own: caller.account })
    }
}

impl Bounds {
    /// The task, paid for by the person's own account where nothing was said. Who does not see all
    /// accounts names one among those that they see: of others nothing is told, not even their
    /// names.
    fn of(&self, desk: &Desk, mut task: NewTask) -> Result<NewTask, DeskError> {
        let named = match &task.account {
            None => self.own,
            Some(_) if self.sight.is_all() => return Ok(task),
            Some(name) => {
                let ledger = desk.ledger()?;
                let is_meant = |account: &AccountId| {
                    let path = ledger.shown(*account);
                    let own = path.rsplit('/').next();
                    format!("#{account}") == *name || path == *name || own == Some(name)
                };
                let seen = self.sight.accounts().unwrap_or_default();
                let mut meant = seen.into_iter().filter(is_meant);
                match (meant.next(), meant.next()) {
                    (Some(one), None) => one,
                    _ => return Err(no_account()),
                }
            }
        };
        task.account = Some(format!("#{named}"));
        Ok(task)
    }

    fn allow(&self, desk: &Desk, spec: &TaskSpec) -> Result<(), DeskError> {
        if self.sight.is_all() {
            return Ok(());
        }
        if !self.sight.of(spec.account) {
            return Err(no_account());
        }
        for before in &spec.standing.after {
            let row = desk.view(*before)?.task(*before)?;
            let seen = row.filter(|row| self.sight.of(row.account));
            seen.ok_or_else(|| DeskError::no_task(*before))?;
        }
        self.allow_folder(desk, &spec.workspace)
    }

    fn allow_folder(&self, desk: &Desk, folder: &FilePath) -> Result<(), DeskError> {
        if self.sight.is_all() {
            return Ok(());
        }
        let known = match desk.reader()? {
            Some(reader) => {
                let query = TaskQuery {
                    workspace: Some(folder.to_owned()),
                    accounts: self.sight.accounts(),
                    limit: 1,
                    ..TaskQuery::default()
                };
                !reader.view()?.tasks(&query)?.is_empty()
            }
            None => false,
        };
        match known {
            true => Ok(()),
            false => Err(DeskError::refused(
                "you may hand out work in repositories only that have tasks of your accounts",
            )
            .advise("ask somebody who sees all accounts for the first one")),
        }
    }
}

fn no_account() -> DeskError {
    DeskError::not_found("there is no such account among those that you see")
}

/// On a thread that may wait: a task made whole, within the bounds.
async fn whole(
    house: &Arc<House>,
    bounds: Arc<Bounds>,
    task: NewTask,
) -> Result<Resolved, Refusal> {
    let desk = house.desk.clone();
    let has_stand_in = house.engine.has_stand_in();
    let made = tokio::task::spawn_blocking(move || {
        // Before anything in the folder is read.
        bounds.allow_folder(&desk, &task.workspace)?;
        let resolved = resolve(&desk, bounds.of(&desk, task)?, has_stand_in)?;
        bounds.allow(&desk, &resolved.spec)?;
        Ok::<_, DeskError>(resolved)
    });
    Ok(made.await.map_err(Refusal::internal)??)
}

/// `POST /quote`: changes nothing.
async fn ask_quote(
    State(house): State<Arc<House>>,
    caller: Caller,
    said: Said<NewTask>,
) -> Answer<Quoted> {
    let Json(task) = said?;
    caller.needs(Access::Operator)?;
    let bounds = Arc::new(house.bounds(&caller).await?);
    let Resolved { spec, needs_approval, models_missing, notes, .. } =
        whole(&house, bounds, task).await?;
    let sight = house.sight(&caller).await?;
    let quote =
        house.read(move |house, view| quote((view, house.engine.pasts()), &spec, &sight)).await?;
    Ok(Json(Quoted { quote, needs_approval, models_missing, notes }))
}

/// `POST /tasks`
async fn one(
    State(house): State<Arc<House>>,
    caller: Caller,
    uri: Uri,
    said: Said<NewTask>,
) -> Answer<New> {
    let Json(task) = said?;
    let call = format!("POST {}", uri.path());
    let wanted = Wanted { needs: Access::Operator, call: &call, tasks: &[] };
    house.let_do(&caller, wanted).await?;
    let begin = task.begin;
    let bounds = Arc::new(house.bounds(&caller).await?);
    let resolved = whole(&house, bounds, task).await?;
    approve(&house, &caller, &resolved).await?;
    let spec = resolved.agreed()?;
    let task = house.engine.ask(spec).await?;
    let begun = if begin { house.engine.begin(task, How::default()) } else { Ok(()) };
    let not_begun = begun.err().map(|why| why.problem());
    Ok(Json(New { task: task.number(), not_begun }))
}

/// Records what somebody approves of a repository, as only they may who see everything.
async fn approve(house: &House, caller: &Caller, resolved: &Resolved) -> Result<(), Refusal> {
    if resolved.approvals.is_empty() {
        return Ok(());
    }
    caller.needs_everything(Access::Operator)?;
    for event in &resolved.approvals {
        let event: RepositoryEvent = event.clone();
        house.engine.approve(resolved.root.clone(), event).await?;
    }
    Ok(())
}

/// The most tasks of one import: more are for the terminal, which hands them over in parts.
const MANY_MAX: usize = 2_000;

/// The tasks in a text, read on a thread that may take its time.
async fn items(format: Form, text: String) -> Result<Vec<import::Item>, Refusal> {
    let reading = tokio::task::spawn_blocking(move || import::read(format, &text));
    let items = reading.await.map_err(Refusal::internal)?;
    let items = items.map_err(|wrong| Refusal::usage(wrong.join("\n")))?;
    if items.len() > MANY_MAX {
        let many = items.len();
        return Err(Refusal::usage(format!(
            "that is {many} tasks, and the page takes {MANY_MAX} at once: `tenfold import` takes \
             all of them"
        )));
    }
    Ok(items)
}

/// `POST /tasks/many/look`: changes nothing.
async fn look(
    State(house): State<Arc<House>>,
    caller: Caller,
    said: Said<Many>,
) -> Answer<SeenMany> {
    let Json(many) = said?;
    caller.needs(Access::Operator)?;
    let items = items(many.format, many.text).await?;
    let mut tasks: Vec<Seen> = items.iter().map(Seen::of).collect();
    match quotes(&house, &caller, &items, &many.task).await {
        Ok((quotes, needs_approval)) => {
            let mut sums = QuoteSums::default();
            for (seen, quote) in tasks.iter_mut().zip(quotes) {
                sums.add(&quote);
                (seen.odds, seen.cost_nano_usd) = (quote.odds, quote.cost_nano_usd);
            }
            Ok(Json(SeenMany { tasks, sums: Some(sums), unclear: None, needs_approval }))
        }
        // What they would be may need what was not said yet; what they are does not.
        Err(Refusal::Problem(why)) => {
            let (unclear, needs_approval) = (Some(why), Vec::new());
            Ok(Json(SeenMany { tasks, sums: None, unclear, needs_approval }))
        }
        Err(turned) => Err(turned),
    }
}

impl Seen {
    fn of(item: &import::Item) -> Self {
        Self {
            text: item.text.clone(),
            labels: item.labels.clone(),
            check: item.check.clone(),
            role: item.role.clone(),
            repo: item.repo.as_ref().map(|repo| repo.to_string_lossy().into_owned()),
            priority: item.priority,
            value_nano_usd: item.value,
            line: item.line,
            odds: None,
            cost_nano_usd: None,
        }
    }
}

/// The quotes of a backlog, task by task, and what is to be approved for it.
async fn quotes(
    house: &Arc<House>,
    caller: &Caller,
    items: &[import::Item],
    usual: &NewTask,
) -> Result<(Vec<Quote>, Vec<ToApprove>), Refusal> {
    let bounds = Arc::new(house.bounds(caller).await?);
    let kinds = Kinds::among(items, usual);
    let (mut whole_kinds, mut wanted) = (Vec::new(), BTreeMap::new());
    for task in &kinds.tasks {
        let resolved = whole(house, Arc::clone(&bounds), task.clone()).await?;
        for file in resolved.needs_approval {
            wanted.insert((resolved.root.clone(), file.file.clone()), file);
        }
        whole_kinds.push((resolved.root, resolved.spec));
    }
    let roots: BTreeSet<_> = whole_kinds.iter().map(|(root, _)| root.clone()).collect();
    let files = wanted.into_iter().map(|((root, file), wanted)| match roots.len() {
        1 => wanted,
        _ => ToApprove { file: root.join(file).to_string_lossy().into_owned(), ..wanted },
    });
    let files = files.collect();
    let specs: Vec<TaskSpec> = whole_kinds.into_iter().map(|(_, spec)| spec).collect();
    let specs = kinds.specs(items, &specs);
    let sight = house.sight(caller).await?;
    let read = move |house: &House, view: &View| {
        specs.iter().map(|spec| quote((view, house.engine.pasts()), spec, &sight)).collect()
    };
    Ok((house.read_long(read).await?, files))
}

/// `POST /tasks/many`
async fn many(
    State(house): State<Arc<House>>,
    caller: Caller,
    uri: Uri,
    said: Said<Many>,
) -> Answer<NewMany> {
    let Json(many) = said?;
    let call = format!("POST {}", uri.path());
    let wanted = Wanted { needs: Access::Operator, call: &call, tasks: &[] };
    house.let_do(&caller, wanted).await?;
    let items = items(many.format, many.text).await?;
    let bounds = Arc::new(house.bounds(&caller).await?);
    let kinds = Kinds::among(&items, &many.task);
    let mut whole_kinds = Vec::new();
    for task in &kinds.tasks {
        let resolved = whole(&house, Arc::clone(&bounds), task.clone()).await?;
        approve(&house, &caller, &resolved).await?;
        whole_kinds.push(resolved.agreed()?);
    }
    let specs = kinds.specs(&items, &whole_kinds).into_iter();
    let tasks = house.engine.ask_many(specs.zip(import::before(&items)).collect()).await?;
    Ok(Json(NewMany { tasks: tasks.into_iter().map(TaskId::number).collect() }))
}

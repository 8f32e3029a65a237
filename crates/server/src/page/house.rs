//! What all calls of the page share, and what each asks of it first: who may see and do what.

use std::sync::Arc;

use tenfold_desk::task::{Card, Cards};
use tenfold_desk::{DeskError, House as Desk};
use tenfold_domain::{Access, Deed, DeedEvent, Problem, ProblemKind, TaskId};
use tenfold_engine::Engine;
use tenfold_store::{TaskRow, View};

use super::news::News;
use super::sight::Sight;
use crate::door::Signed;
use crate::problem::Refusal;

/// What all calls share.
pub(super) struct House {
    pub(super) engine: Arc<Engine>,
    pub(super) desk: Desk,
    pub(super) news: News,
}

/// What somebody wants to do, before it is known whether they may.
pub(super) struct Wanted<'a> {
    /// What they have to be allowed for it.
    pub(super) needs: Access,
    /// The call, as in `POST /api/v1/tasks/3/accept`.
    pub(super) call: &'a str,
    /// The tasks that it is about; others than they may see are not there for them.
    pub(super) tasks: &'a [TaskId],
}

impl House {
    pub(super) fn new(engine: Arc<Engine>, desk: Desk) -> Self {
        Self { engine, desk, news: News::new() }
    }

    /// Reads from the store as it is now, on a thread that may wait.
    pub(super) async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        read: impl FnOnce(&Self, &View) -> Result<T, DeskError> + Send + 'static,
    ) -> Result<T, Refusal> {
        let house = Arc::clone(self);
        let reading = move || read(&house, &house.engine.store().view()?);
        Ok(tokio::task::spawn_blocking(reading).await.map_err(Refusal::internal)??)
    }

    /// A task as it is listed.
    pub(super) fn card(&self, view: &View, row: &TaskRow) -> Result<Card, DeskError> {
        let ledger = view.ledger()?;
        Cards::new(view, &ledger).card(row)
    }

    /// What somebody may see.
    pub(super) async fn sight(&self, signed: &Signed) -> Result<Sight, Refusal> {
        let account = signed.account;
        let sight = |sheet: &tenfold_store::Sheet| Sight::from(sheet.ledger(), account);
        Ok(self.engine.books().look(sight).await.map_err(Refusal::internal)?)
    }

    /// Who is signed in, as they are known now; none if they are not any more.
    pub(super) async fn still(&self, signed: &Signed) -> Option<Signed> {
        self.engine.still_signed(signed).await
    }

    /// Whether somebody may see a task; where not, it is as if there were none.
    pub(super) async fn sees(
        self: &Arc<Self>,
        signed: &Signed,
        tasks: &[TaskId],
    ) -> Result<(), Refusal> {
        if tasks.is_empty() {
            return Ok(());
        }
        let (sight, tasks) = (self.sight(signed).await?, tasks.to_vec());
        self.read(move |_, view| {
            for task in tasks {
                let row = view.task(task)?.filter(|row| sight.of(row.account));
                row.ok_or_else(|| DeskError::no_task(task))?;
            }
            Ok(())
        })
        .await
    }

    /// Lets somebody do something, and records that they do, before they do it; or that they tried.
    pub(super) async fn let_do(
        self: &Arc<Self>,
        signed: &Signed,
        wanted: Wanted<'_>,
    ) -> Result<(), Refusal> {
        self.sees(signed, wanted.tasks).await?;
        let may = signed.access >= wanted.needs;
        let deed = |task| Deed {
            person: signed.person,
            name: signed.name.clone(),
            call: wanted.call.to_owned(),
            task,
        };
        let event = |task| match may {
            true => DeedEvent::Did(deed(task)),
            false => DeedEvent::Refused(deed(task)),
        };
        let events = match wanted.tasks {
            [] => vec![event(None)],
            tasks => tasks.iter().map(|task| event(Some(*task))).collect(),
        };
        self.engine.record_deeds(events).await?;
        if may {
            return Ok(());
        }
        let needs = wanted.needs;
        let what = format!("{} is a {}, and this takes a {needs}", signed.name, signed.access);
        let to_do = Some("ask an admin, who can change that in the settings".to_owned());
        Err(Problem { to_do, ..Problem::new(ProblemKind::Refused, what) }.into())
    }
}

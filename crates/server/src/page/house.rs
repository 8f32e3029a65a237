//! What all calls of the page share, and what each asks of it first: who may see and do what.

use std::collections::BTreeMap;
use std::sync::Arc;

use tenfold_desk::doctor::Machine;
use tenfold_desk::{DeskError, House as Desk, Sight, task};
use tenfold_domain::{Access, AccountId, Deed, DeedEvent, TaskId};
use tenfold_engine::{Engine, Trajectories};
use tenfold_store::{TaskRow, View};
use tokio::sync::{Mutex, Semaphore};

use super::hooks::Hooks;
use super::models::Pulls;
use super::news::News;
use super::session::SignIn;
use crate::door::{Caller, Tls, Who};
use crate::problem::Refusal;

/// Accounts in words, by number.
pub(super) type Paths = BTreeMap<AccountId, String>;

/// How many may read all of the past at once.
const LONG: usize = 2;

/// What all calls share.
pub(super) struct House {
    pub(super) engine: Arc<Engine>,
    pub(super) desk: Desk,
    pub(super) news: News,
    pub(super) who: Arc<dyn Who>,
    pub(super) hooks: Hooks,
    pub(super) pulls: Pulls,
    /// Held while the policy's file is changed: one after another.
    pub(super) policy: Mutex<()>,
    /// The attempts that somebody looks at.
    pub(super) trajectories: Trajectories,
    /// What people said of the tasks that somebody looks at.
    pub(super) heards: task::Heards,
    pub(super) sign_in: SignIn,
    pub(super) tls: Option<Tls>,
    /// Those who read much at once: as many as there are cores to spare, and more wait.
    long: Semaphore,
    /// What the program knows of itself.
    pub(super) machine: Machine,
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
    pub(super) fn new(
        engine: Arc<Engine>,
        desk: Desk,
        machine: Machine,
        who: Arc<dyn Who>,
        sign_in: SignIn,
        tls: Option<Tls>,
    ) -> Self {
        let hooks = Hooks::at(&desk.places.config);
        let (news, long) = (News::new(), Semaphore::new(LONG));
        let (trajectories, heards) = (Trajectories::default(), task::Heards::default());
        let (policy, pulls) = (Mutex::default(), Pulls::default());
        Self {
            engine,
            desk,
            news,
            who,
            hooks,
            pulls,
            policy,
            trajectories,
            heards,
            sign_in,
            tls,
            long,
            machine,
        }
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

    /// The same for what reads all attempts of the past, or about as much: only a few at once.
    pub(super) async fn read_long<T: Send + 'static>(
        self: &Arc<Self>,
        read: impl FnOnce(&Self, &View) -> Result<T, DeskError> + Send + 'static,
    ) -> Result<T, Refusal> {
        let _turn = self.long.acquire().await.map_err(Refusal::internal)?;
        self.read(read).await
    }

    /// What needs no view of one moment, on a thread that may wait.
    pub(super) async fn ask_desk<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&Desk) -> Result<T, DeskError> + Send + 'static,
    ) -> Result<T, Refusal> {
        let desk = self.desk.clone();
        let asking = tokio::task::spawn_blocking(move || ask(&desk));
        Ok(asking.await.map_err(Refusal::internal)??)
    }

    /// The same for what reads all attempts of the past, or about as much.
    pub(super) async fn ask_desk_long<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&Desk) -> Result<T, DeskError> + Send + 'static,
    ) -> Result<T, Refusal> {
        let _turn = self.long.acquire().await.map_err(Refusal::internal)?;
        self.ask_desk(ask).await
    }

    /// What somebody may see.
    pub(super) async fn sight(&self, caller: &Caller) -> Result<Sight, Refusal> {
        let account = caller.account;
        let sight = |sheet: &tenfold_store::Sheet| Sight::from(sheet.ledger(), account);
        self.engine.books().look(sight).await.map_err(Refusal::internal)
    }

    /// Who pays for tasks, in words.
    pub(super) async fn paths(&self, rows: &[TaskRow]) -> Result<Paths, Refusal> {
        let paths = |sheet: &tenfold_store::Sheet| task::paths(sheet.ledger(), rows);
        self.engine.books().look(paths).await.map_err(Refusal::internal)
    }

    /// Whether somebody may see a task; where not, it is as if there were none.
    pub(super) async fn sees(
        self: &Arc<Self>,
        caller: &Caller,
        tasks: &[TaskId],
    ) -> Result<(), Refusal> {
        if tasks.is_empty() {
            return Ok(());
        }
        let (sight, tasks) = (self.sight(caller).await?, tasks.to_vec());
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
        caller: &Caller,
        wanted: Wanted<'_>,
    ) -> Result<(), Refusal> {
        self.sees(caller, wanted.tasks).await?;
        let may = caller.access >= wanted.needs;
        let event = |task| match may {
            true => DeedEvent::Did(deed(caller, wanted.call, task)),
            false => DeedEvent::Refused(deed(caller, wanted.call, task)),
        };
        let events = match wanted.tasks {
            [] => vec![event(None)],
            tasks => tasks.iter().map(|task| event(Some(*task))).collect(),
        };
        self.engine.record_deeds(events).await?;
        Ok(caller.needs(wanted.needs)?)
    }

    /// The same with what concerns all accounts: only an admin who sees all of them may.
    pub(super) async fn let_do_on_all(&self, caller: &Caller, call: &str) -> Result<(), Refusal> {
        let may = caller.needs_everything(Access::Admin);
        let deed = deed(caller, call, None);
        let event = if may.is_ok() { DeedEvent::Did(deed) } else { DeedEvent::Refused(deed) };
        self.engine.record_deeds(vec![event]).await?;
        Ok(may?)
    }
}

/// What somebody does, as it is recorded.
pub(super) fn deed(caller: &Caller, call: &str, task: Option<TaskId>) -> Deed {
    Deed { person: caller.person(), name: caller.name.clone(), call: call.to_owned(), task }
}

//! Web hooks: an address is told when a task needs somebody, with the task's number and what has
//! happened, and nothing of what the task holds. They are in `hooks.toml` in the configuration
//! folder, and an admin changes them on the page.

use std::collections::HashMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::Uri;
use serde::{Deserialize, Serialize};
use tenfold_desk::write_whole;
use tenfold_domain::{AttemptEvent, Event, Fact, ProposalEvent, Seq, TaskEvent, TaskId};
use tenfold_store::EventQuery;
use tokio::sync::mpsc;
use utoipa::ToSchema;

use super::calls::List;
use super::house::House;
use crate::door::Caller;
use crate::problem::Refusal;

/// The file, in the configuration folder.
const FILE: &str = "hooks.toml";
/// The most hooks.
const HOOKS_MAX: usize = 32;
/// What an address may be behind.
const WAITING_MAX: usize = 256;
/// How long more events are waited for.
const MOMENT: Duration = Duration::from_millis(200);
/// How long an address may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// After how long an address that did not answer well is told once more, and again.
const AGAIN: [Duration; 2] = [Duration::from_secs(2), Duration::from_secs(20)];

/// What a hook is told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Occasion {
    /// A task asks something.
    NeedsYou,
    /// A proposal waits for review.
    ToReview,
    /// A task waits for money, or for its model's provider.
    Parked,
    /// An attempt has ended.
    Ended,
}

/// An address, and what it is told of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Hook {
    address: String,
    on: Vec<Occasion>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default, rename = "hook", skip_serializing_if = "Vec::is_empty")]
    hooks: Vec<Hook>,
}

/// How an address answered last.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
struct Last {
    at_ms: u64,
    /// The status of HTTP; none if there was no answer.
    status: Option<u16>,
}

/// A hook as it is listed.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct HookCard {
    /// Its place, from one.
    hook: usize,
    address: String,
    on: Vec<Occasion>,
    last: Option<Last>,
}

/// What an admin wants.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(tag = "want", rename_all = "kebab-case")]
pub(super) enum HookChange {
    Add { address: String, on: Vec<Occasion> },
    Remove { hook: usize },
}

/// What an address is told.
#[derive(Debug, Clone, Serialize)]
struct Told {
    task: TaskId,
    what: Occasion,
    at_ms: u64,
    /// Where the page shows the task.
    page: Option<String>,
}

/// The hooks, as the file had them when the page was opened and as they were changed since; and
/// what each address has yet to be told. How an address answered last only this process knows.
pub(super) struct Hooks {
    file: PathBuf,
    /// What is wrong with the file, if it could not be read.
    broken: Option<String>,
    all: Mutex<Vec<Hook>>,
    answers: Mutex<HashMap<String, Last>>,
    tellers: Mutex<HashMap<String, mpsc::Sender<Told>>>,
}

impl Hooks {
    /// Those of a configuration folder.
    pub(super) fn at(config: &Path) -> Self {
        let file = config.join(FILE);
        let (all, broken) = match read(&file) {
            Ok(all) => (all, None),
            Err(why) => (Vec::new(), Some(format!("{}: {why}", file.display()))),
        };
        let (answers, tellers) = (Mutex::default(), Mutex::default());
        Self { file, broken, all: Mutex::new(all), answers, tellers }
    }

    fn all(&self) -> MutexGuard<'_, Vec<Hook>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tellers(&self) -> MutexGuard<'_, HashMap<String, mpsc::Sender<Told>>> {
        self.tellers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answers(&self) -> MutexGuard<'_, HashMap<String, Last>> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A file that can't be read is left to the person who wrote it.
    fn is_whole(&self) -> Result<(), Refusal> {
        match &self.broken {
            Some(why) => Err(Refusal::usage(format!("{why}; correct it, and open the page again"))),
            None => Ok(()),
        }
    }

    fn cards(&self) -> Result<Vec<HookCard>, Refusal> {
        self.is_whole()?;
        let (all, answers) = (self.all(), self.answers());
        let cards = all.iter().enumerate().map(|(place, Hook { address, on })| {
            let last = answers.get(address).copied();
            HookCard { hook: place + 1, address: address.clone(), on: on.clone(), last }
        });
        Ok(cards.collect())
    }

    /// Changes them, in the file too; the file is read by this user alone, since an address may be
    /// a secret.
    fn change(&self, change: HookChange) -> Result<(), Refusal> {
        self.is_whole()?;
        let mut all = self.all();
        let mut changed = all.clone();
        match change {
            HookChange::Add { address, on } => {
                let is_address = address.starts_with("https://") || address.starts_with("http://");
                if !is_address || address.parse::<Uri>().is_err() {
                    return Err(Refusal::usage("that is no address: it begins with https://"));
                }
                if on.is_empty() {
                    return Err(Refusal::usage("say what it is to be told of"));
                }
                if changed.len() >= HOOKS_MAX {
                    return Err(Refusal::usage(format!("there are {HOOKS_MAX} hooks already")));
                }
                changed.push(Hook { address, on });
            }
            HookChange::Remove { hook } => {
                if hook == 0 || hook > changed.len() {
                    return Err(Refusal::not_found("there is no such hook"));
                }
                changed.remove(hook - 1);
            }
        }
        let kept = keep(&self.file, &changed);
        kept.map_err(|error| Refusal::internal(format!("{}: {error}", self.file.display())))?;
        *all = changed;
        drop(all);
        self.forget();
        Ok(())
    }

    /// Tells nothing more to addresses that are no hook's, nor what they have yet to be told.
    fn forget(&self) {
        let all = self.all();
        let is_left = |address: &String| all.iter().any(|hook| hook.address == *address);
        self.tellers().retain(|address, _| is_left(address));
        self.answers().retain(|address, _| is_left(address));
    }

    /// Hands something to whoever tells an address, who is begun with it. What an address can't
    /// keep up with is lost to it.
    fn hand(&self, house: &Arc<House>, address: &str, told: Told) {
        let mut tellers = self.tellers();
        let teller = tellers.entry(address.to_owned()).or_insert_with(|| {
            let (sender, told) = mpsc::channel(WAITING_MAX);
            drop(tokio::spawn(tell(Arc::downgrade(house), address.to_owned(), told)));
            sender
        });
        if teller.try_send(told).is_err() {
            tracing::warn!("a web hook does not keep up, and is not told of all");
        }
    }
}

fn read(file: &Path) -> Result<Vec<Hook>, String> {
    let text = match fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error.to_string()),
    };
    let file: File = toml::from_str(&text).map_err(|error| error.to_string())?;
    Ok(file.hooks)
}

fn keep(file: &Path, hooks: &[Hook]) -> std::io::Result<()> {
    let text = toml::to_string(&File { hooks: hooks.to_vec() }).map_err(std::io::Error::other)?;
    write_whole(file, &text)
}

/// `GET /hooks`
pub(super) async fn list(
    State(house): State<Arc<House>>,
    _caller: Caller,
) -> Result<Json<List<HookCard>>, Refusal> {
    Ok(Json(List(house.hooks.cards()?)))
}

/// `POST /hooks`
pub(super) async fn change(
    State(house): State<Arc<House>>,
    caller: Caller,
    uri: Uri,
    said: Result<Json<HookChange>, JsonRejection>,
) -> Result<Json<List<HookCard>>, Refusal> {
    let Json(change) = said?;
    house.let_do_on_all(&caller, &format!("POST {}", uri.path())).await?;
    let changing = move || {
        house.hooks.change(change)?;
        house.hooks.cards()
    };
    let changed = tokio::task::spawn_blocking(changing).await.map_err(Refusal::internal)?;
    Ok(Json(List(changed?)))
}

/// What an event is an occasion for.
fn occasion(fact: &Fact) -> Option<(TaskId, Occasion)> {
    let what = match fact {
        Fact::Task { event: TaskEvent::Parked(_), .. } => Occasion::Parked,
        Fact::Attempt { event: AttemptEvent::Asked { .. }, .. } => Occasion::NeedsYou,
        Fact::Attempt { event: AttemptEvent::Ended { .. }, .. } => Occasion::Ended,
        Fact::Proposal { event: ProposalEvent::Made { .. }, .. } => Occasion::ToReview,
        _ => return None,
    };
    Some((fact.task()?, what))
}

/// Tells the addresses of what is recorded from now on, without an end.
pub(super) async fn follow(house: Arc<House>) {
    let mut newest = house.engine.store().newest();
    let mut seen = *newest.borrow_and_update();
    while newest.changed().await.is_ok() {
        // What comes close together is read together.
        tokio::time::sleep(MOMENT).await;
        let until = *newest.borrow_and_update();
        if house.hooks.all().is_empty() {
            seen = until;
            continue;
        }
        match house.read(move |_, view| Ok(occasions(view, seen)?)).await {
            Ok((events, upto)) => {
                seen = upto;
                events.iter().for_each(|event| hand_out(&house, event));
            }
            Err(why) => tracing::warn!("what hooks are told of can't be read: {why}"),
        }
    }
}

/// A page of events after a place that are an occasion for something, and the last place of it.
fn occasions(
    view: &tenfold_store::View,
    after: Seq,
) -> Result<(Vec<Event>, Seq), tenfold_store::StoreError> {
    let (mut events, mut upto) = (Vec::new(), after);
    for event in view.each_event(EventQuery { after, ..EventQuery::default() }) {
        let event = event?;
        upto = event.seq;
        if occasion(&event.fact).is_some() {
            events.push(event);
        }
    }
    Ok((events, upto))
}

fn hand_out(house: &Arc<House>, event: &Event) {
    let Some((task, what)) = occasion(&event.fact) else { return };
    let page = house.engine.page().map(|page| format!("{page}/tasks/{task}"));
    let told = Told { task, what, at_ms: event.at.0, page };
    let hooks = house.hooks.all().clone();
    for hook in hooks.iter().filter(|hook| hook.on.contains(&what)) {
        house.hooks.hand(house, &hook.address, told.clone());
    }
}

/// Tells an address one thing after another, each once more and again if it is not answered well.
async fn tell(house: Weak<House>, address: String, mut all: mpsc::Receiver<Told>) {
    while let Some(told) = all.recv().await {
        let mut waits = AGAIN.iter();
        loop {
            let (to, what) = (address.clone(), told.clone());
            let asked = tokio::task::spawn_blocking(move || status(&to, &what)).await;
            let status = asked.ok().flatten();
            let Some(house) = house.upgrade() else { return };
            // It is no hook's any more.
            if all.is_closed() {
                return;
            }
            let last = Last { at_ms: house.engine.now().0, status };
            house.hooks.answers().insert(address.clone(), last);
            let is_well = status.is_some_and(|status| (200..300).contains(&status));
            match waits.next() {
                Some(wait) if !is_well => tokio::time::sleep(*wait).await,
                _ => break,
            }
        }
    }
}

/// What an address answers.
fn status(address: &str, told: &Told) -> Option<u16> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_global(Some(PATIENCE))
        .max_redirects(0)
        .http_status_as_error(false)
        .build()
        .into();
    let answer = agent.post(address).send_json(told).ok()?;
    Some(answer.status().as_u16())
}

//! Web hooks: an address is told when a task needs somebody, with the task's number and what has
//! happened, and nothing of what the task holds. They are in `hooks.toml` in the configuration
//! folder, and an admin changes them on the page.

use std::collections::HashMap;
use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::Uri;
use serde::{Deserialize, Serialize};
use tenfold_domain::{Access, AttemptEvent, Event, Fact, ProposalEvent, Seq, TaskEvent, TaskId};
use tenfold_store::EventQuery;
use utoipa::ToSchema;

use super::house::House;
use crate::door::Caller;
use crate::problem::Refusal;

/// The file, in the configuration folder.
const FILE: &str = "hooks.toml";
/// The most hooks.
const HOOKS_MAX: usize = 32;
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
    /// A task waits for money.
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

/// How each address answered last; only this process knows.
#[derive(Debug, Default)]
pub(super) struct Answers(Mutex<HashMap<String, Last>>);

impl Answers {
    fn of(&self, address: &str) -> Option<Last> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(address).copied()
    }

    fn keep(&self, address: &str, last: Last) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(address.to_owned(), last);
    }
}

impl House {
    fn hooks_file(&self) -> PathBuf {
        self.desk.places.config.join(FILE)
    }

    fn hooks(&self) -> Result<Vec<Hook>, Refusal> {
        let path = self.hooks_file();
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(Refusal::usage(format!("{}: {error}", path.display()))),
        };
        let file: File = toml::from_str(&text)
            .map_err(|error| Refusal::usage(format!("{}: {error}", path.display())))?;
        Ok(file.hooks)
    }

    /// Keeps hooks, whole or not at all.
    fn keep_hooks(&self, hooks: Vec<Hook>) -> Result<(), Refusal> {
        let text = toml::to_string(&File { hooks }).map_err(Refusal::internal)?;
        let (path, beside) = (self.hooks_file(), self.desk.places.config.join("hooks.toml.new"));
        let kept = fs::create_dir_all(&self.desk.places.config)
            .and_then(|()| fs::write(&beside, text))
            .and_then(|()| fs::rename(&beside, &path));
        kept.map_err(|error| Refusal::internal(format!("{}: {error}", path.display())))
    }

    fn hook_cards(&self) -> Result<Vec<HookCard>, Refusal> {
        let cards = self.hooks()?.into_iter().enumerate().map(|(place, Hook { address, on })| {
            let last = self.answers.of(&address);
            HookCard { hook: place + 1, address, on, last }
        });
        Ok(cards.collect())
    }
}

/// `GET /hooks`
pub(super) async fn list(
    State(house): State<Arc<House>>,
    caller: Caller,
) -> Result<Json<Vec<HookCard>>, Refusal> {
    caller.needs_everything(Access::Admin)?;
    Ok(Json(house.hook_cards()?))
}

/// `POST /hooks`
pub(super) async fn change(
    State(house): State<Arc<House>>,
    caller: Caller,
    uri: Uri,
    said: Result<Json<HookChange>, JsonRejection>,
) -> Result<Json<Vec<HookCard>>, Refusal> {
    let Json(change) = said?;
    house.let_do_on_all(&caller, &format!("POST {}", uri.path())).await?;
    let mut hooks = house.hooks()?;
    match change {
        HookChange::Add { address, on } => {
            let is_address = address.starts_with("https://") || address.starts_with("http://");
            if !is_address || address.parse::<Uri>().is_err() {
                return Err(Refusal::usage("that is no address: it begins with https://"));
            }
            if hooks.len() >= HOOKS_MAX {
                return Err(Refusal::usage(format!("there are {HOOKS_MAX} hooks already")));
            }
            hooks.push(Hook { address, on });
        }
        HookChange::Remove { hook } => {
            if hook == 0 || hook > hooks.len() {
                return Err(Refusal::not_found("there is no such hook"));
            }
            hooks.remove(hook - 1);
        }
    }
    house.keep_hooks(hooks)?;
    Ok(Json(house.hook_cards()?))
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
        newest.borrow_and_update();
        let hooks = match house.hooks() {
            Ok(hooks) => hooks,
            Err(why) => {
                tracing::warn!("nobody is told: {why}");
                Vec::new()
            }
        };
        if hooks.is_empty() {
            seen = *newest.borrow();
            continue;
        }
        match house.read(move |_, view| Ok(occasions(view, seen)?)).await {
            Ok((events, upto)) => {
                seen = upto;
                events.iter().for_each(|event| tell_all(&house, &hooks, event));
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

fn tell_all(house: &Arc<House>, hooks: &[Hook], event: &Event) {
    let Some((task, what)) = occasion(&event.fact) else { return };
    let page = house.engine.page().map(|page| format!("{page}/tasks/{task}"));
    let told = Told { task, what, at_ms: event.at.0, page };
    for hook in hooks.iter().filter(|hook| hook.on.contains(&what)) {
        drop(tokio::spawn(tell(Arc::clone(house), hook.address.clone(), told.clone())));
    }
}

/// Tells an address, once more and again if it does not answer well.
async fn tell(house: Arc<House>, address: String, told: Told) {
    let mut waits = AGAIN.iter();
    loop {
        let (to, what) = (address.clone(), told.clone());
        let asked = tokio::task::spawn_blocking(move || status(&to, &what)).await;
        let status = asked.ok().flatten();
        house.answers.keep(&address, Last { at_ms: house.engine.now().0, status });
        let is_well = status.is_some_and(|status| (200..300).contains(&status));
        match waits.next() {
            Some(wait) if !is_well => tokio::time::sleep(*wait).await,
            _ => return,
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

//! What is told of the house itself, and decided of it: coworkers, models and their keys, the
//! policy, repositories, people, and what they did.

use std::path::Path;
use std::sync::Arc;

use axum::extract::rejection::JsonRejection;
use axum::extract::{Query, State};
use axum::http::Uri;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tenfold_desk::doctor::{self, DoctorLine};
use tenfold_desk::models::{self, ModelCard};
use tenfold_desk::people::{self, Deeds, PersonView};
use tenfold_desk::policy::{self, Decided, PolicyAsked};
use tenfold_desk::role::{self, Coworker};
use tenfold_domain::{Access, AccountId, DeedEvent, PeopleChange, PeopleEvent};
use tenfold_models::set_key;
use tenfold_people::Signed;
use utoipa::ToSchema;

use super::hooks;
use super::house::{House, deed};
use crate::door::{By, Caller};
use crate::problem::Refusal;

type Routes = Router<Arc<House>>;
type Said<T> = Result<Json<T>, JsonRejection>;
type Answer<T> = Result<Json<T>, Refusal>;

/// How many deeds are told at most in one answer.
const DEEDS_MAX: u32 = 1_000;
const DEEDS: u32 = 100;

/// Adds what is told and decided of the house.
pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .route("/api/v1/roles", get(roles))
        .route("/api/v1/models", get(all_models))
        .route("/api/v1/keys", post(keep_key))
        .route("/api/v1/policy", get(show_policy))
        .route("/api/v1/policy/test", post(test_policy))
        .route("/api/v1/repositories", get(repositories))
        .route("/api/v1/people", get(list_people).post(change_people))
        .route("/api/v1/deeds", get(deeds))
        .route("/api/v1/doctor", get(look_around))
        .route("/api/v1/hooks", get(hooks::list).post(hooks::change))
}

/// `GET /roles`
async fn roles(State(house): State<Arc<House>>, _caller: Caller) -> Answer<Vec<Coworker>> {
    Ok(Json(house.ask_desk(role::all).await?))
}

/// `GET /models`
async fn all_models(State(house): State<Arc<House>>, _caller: Caller) -> Answer<Vec<ModelCard>> {
    Ok(Json(house.ask_desk(models::models).await?))
}

/// A provider's key. It is never told again.
#[derive(Deserialize, ToSchema)]
pub(super) struct Key {
    /// The variable that names it.
    name: String,
    value: String,
}

/// `POST /keys`
async fn keep_key(
    State(house): State<Arc<House>>,
    caller: Caller,
    uri: Uri,
    said: Said<Key>,
) -> Answer<()> {
    let Json(Key { name, value }) = said?;
    house.let_do_on_all(&caller, &format!("POST {}", uri.path())).await?;
    let known = house.ask_desk(models::models).await?;
    let is_known = known.iter().filter_map(ModelCard::key_variable).any(|known| known == name);
    if !is_known || value.trim().is_empty() {
        return Err(Refusal::usage("no model here has a key of that name, or the key is empty"));
    }
    let keep = move || set_key(&name, value.trim());
    let kept = tokio::task::spawn_blocking(keep).await.map_err(Refusal::internal)?;
    kept.map_err(tenfold_desk::DeskError::from)?;
    Ok(Json(()))
}

/// `GET /policy`
async fn show_policy(State(house): State<Arc<House>>, caller: Caller) -> Answer<Value> {
    caller.needs_everything(Access::Viewer)?;
    let told = house.ask_desk(|desk| {
        let (policy, file) = desk.policy_of(None)?;
        // A policy has a form in JSON, since its keys are texts.
        let mut told = serde_json::to_value(&policy).unwrap_or_default();
        told["file"] = json!(file.map(|file| file.to_string_lossy().into_owned()));
        told["text"] = policy.to_toml().into();
        Ok(told)
    });
    Ok(Json(told.await?))
}

/// `POST /policy/test`: changes nothing.
async fn test_policy(
    State(house): State<Arc<House>>,
    caller: Caller,
    said: Said<PolicyAsked>,
) -> Answer<Decided> {
    let Json(asked) = said?;
    caller.needs_everything(Access::Viewer)?;
    Ok(Json(house.ask_desk(move |desk| policy::decide(desk, asked)).await?))
}

/// A repository or folder that there are tasks in, or of which something was approved.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Repository {
    workspace: String,
    /// The last part of it.
    name: String,
    approved: Vec<Approved>,
    /// How many tasks it has.
    tasks: u64,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Approved {
    file: String,
    hash: String,
}

/// `GET /repositories`
async fn repositories(State(house): State<Arc<House>>, caller: Caller) -> Answer<Vec<Repository>> {
    let sight = house.sight(&caller).await?;
    let sees_all = caller.account == AccountId::DEFAULT;
    let told = house.read(move |_, view| {
        let mut all = Vec::new();
        for (workspace, tasks) in view.workspaces()? {
            let query = tenfold_store::TaskQuery {
                workspace: Some(workspace.clone()),
                accounts: sight.accounts(),
                ..tenfold_store::TaskQuery::default()
            };
            let tasks = if sees_all { tasks } else { view.count(&query)?.values().sum() };
            if tasks == 0 && !sees_all {
                continue;
            }
            let approved = view.all_approved(&workspace)?;
            all.push(Repository {
                name: name_of(&workspace),
                workspace: workspace.to_string_lossy().into_owned(),
                approved: approved
                    .into_iter()
                    .map(|(file, hash)| Approved { file, hash })
                    .collect(),
                tasks,
            });
        }
        Ok(all)
    });
    Ok(Json(told.await?))
}

fn name_of(workspace: &Path) -> String {
    workspace.file_name().unwrap_or(workspace.as_os_str()).to_string_lossy().into_owned()
}

/// `GET /people`: those whose account one sees.
async fn list_people(State(house): State<Arc<House>>, caller: Caller) -> Answer<Vec<PersonView>> {
    let sight = house.sight(&caller).await?;
    let known = house.engine.people().await?;
    let told = house.ask_desk(move |desk| {
        let ledger = desk.ledger()?;
        let seen = known.all().filter(|one| sight.of(one.account));
        Ok(seen.map(|one| people::person(one, &ledger)).collect())
    });
    Ok(Json(told.await?))
}

/// `POST /people`
async fn change_people(
    State(house): State<Arc<House>>,
    caller: Caller,
    uri: Uri,
    said: Said<PeopleChange>,
) -> Answer<Vec<PeopleEvent>> {
    let Json(change) = said?;
    let By::Person(person) = caller.by else {
        return Err(caller
            .needs(Access::Admin)
            .err()
            .map_or_else(|| Refusal::usage("a program decides of nobody"), Refusal::from));
    };
    let call = format!("POST {}", uri.path());
    house.engine.record_deeds(vec![DeedEvent::Did(deed(&caller, &call, None))]).await?;
    let Caller { name, access, account, .. } = caller;
    let signed = Signed { person, name, access, account };
    let mut events = house.engine.change_people_as(signed, change).await?;
    // Nobody needs to know it, hash or not.
    for event in &mut events {
        if let PeopleEvent::PasswordSet { hash, .. } = event {
            hash.clear();
        }
    }
    Ok(Json(events))
}

/// `GET /doctor`
async fn look_around(State(house): State<Arc<House>>, caller: Caller) -> Answer<Vec<DoctorLine>> {
    caller.needs_everything(Access::Admin)?;
    let (machine, now) = (house.machine.clone(), house.engine.now());
    Ok(Json(house.ask_desk(move |desk| Ok(doctor::doctor(desk, &machine, now))).await?))
}

#[derive(Debug, Default, Deserialize)]
struct Part {
    past: Option<u64>,
    limit: Option<u32>,
}

/// `GET /deeds`
async fn deeds(
    State(house): State<Arc<House>>,
    caller: Caller,
    Query(part): Query<Part>,
) -> Answer<Deeds> {
    caller.needs_everything(Access::Admin)?;
    let limit = part.limit.unwrap_or(DEEDS).clamp(1, DEEDS_MAX);
    Ok(Json(house.read(move |_, view| people::deeds(view, part.past, limit)).await?))
}

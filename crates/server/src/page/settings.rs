//! What is told of the house itself, and decided of it: coworkers, the policy, repositories,
//! people, and what they did.

use std::path::Path as FilePath;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::Uri;

use serde::Serialize;
use serde_json::Value;
use tenfold_desk::House as Desk;
use tenfold_desk::doctor::{self, DoctorLine};
use tenfold_desk::people::{self, Deeds, PersonView};
use tenfold_desk::policy::{self, Decided, NewPolicy, OwnPolicy, PolicyAsked, TriedPolicy};
use tenfold_desk::role::{self, Coworker};
use tenfold_domain::{Access, DeedEvent, PeopleChange, PeopleEvent};
use tenfold_engine::POLICY_FILE;
use tenfold_people::{Person, Signed};
use utoipa::ToSchema;

use super::calls::{Asked, Calls, List, Needs};
use super::hooks;
use super::house::{House, deed};
use super::parts::Part;
use crate::door::{By, Caller, Turned};
use crate::problem::Refusal;

type Said<T> = Result<Json<T>, JsonRejection>;
type Answer<T> = Result<Json<T>, Refusal>;

/// Adds what is told and decided of the house.
pub(super) fn calls(calls: Calls<Arc<House>>) -> Calls<Arc<House>> {
    of_people(of_rules(calls))
}

fn of_rules(calls: Calls<Arc<House>>) -> Calls<Arc<House>> {
    let by = Needs::Only(Access::Viewer);
    let (all, admin) = (Needs::Everything(Access::Viewer), Needs::Everything(Access::Admin));
    let tested = all.call("test_policy", "What the policy says of one thing; changes nothing.");
    let known = by.call("repositories", "Folders that there are tasks in.");
    let saved = admin.call("save_policy", "Puts another text in the place of one's own policy.");
    let tried = admin.call("try_policy", "What would come of another text; changes nothing.");
    calls
        .get("/api/v1/roles", by.call("roles", "Coworkers, and what each is for."), roles)
        .get("/api/v1/policy", all.call("policy", "The policy that holds."), show_policy)
        .post("/api/v1/policy", saved, save_policy)
        .post("/api/v1/policy/try", tried, try_policy)
        .post("/api/v1/policy/test", tested, test_policy)
        .get("/api/v1/repositories", known, repositories)
}

fn of_people(calls: Calls<Arc<House>>) -> Calls<Arc<House>> {
    let by = Needs::Only(Access::Viewer);
    let admin = Needs::Everything(Access::Admin);
    let change = Needs::Only(Access::Viewer)
        .call("change_people", "Changes who may sign in: an admin, or what is one's own.");
    let looked = admin.call("doctor", "What this machine has and lacks.");
    let hook = admin.call("change_hooks", "Adds or removes an address that is told.");
    calls
        .get("/api/v1/people", by.call("people", "Who may sign in."), list_people)
        .post("/api/v1/people", change, change_people)
        .get("/api/v1/deeds", admin.call("deeds", "What people did, the newest first."), deeds)
        .get("/api/v1/doctor", looked, look_around)
        .get("/api/v1/hooks", admin.call("hooks", "Which addresses are told."), hooks::list)
        .post("/api/v1/hooks", hook, hooks::change)
}

/// `GET /roles`
async fn roles(State(house): State<Arc<House>>, _caller: Caller) -> Answer<List<Coworker>> {
    Ok(Json(List(house.ask_desk(role::all).await?)))
}

/// `POST /policy/try`: changes nothing.
async fn try_policy(
    State(house): State<Arc<House>>,
    caller: Caller,
    said: Said<NewPolicy>,
) -> Answer<TriedPolicy> {
    let Json(new) = said?;
    caller.needs_everything(Access::Admin)?;
    Ok(Json(house.ask_desk(move |desk| policy::tried(desk, &new.text)).await?))
}

/// `POST /policy`
async fn save_policy(
    State(house): State<Arc<House>>,
    caller: Caller,
    uri: Uri,
    said: Said<NewPolicy>,
) -> Answer<OwnPolicy> {
    let Json(new) = said?;
    // The journal says which one holds from then on.
    let hash = tenfold_people::hash(&new.text);
    house.let_do_on_all(&caller, &format!("POST {} (sha256 {hash})", uri.path())).await?;
    let _one = house.policy.lock().await;
    Ok(Json(house.ask_desk(move |desk| policy::save(desk, &new)).await?))
}

/// The policy that holds.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Policy)]
pub(super) struct PolicyTold {
    /// The person's own file; none: only what ships holds.
    file: Option<String>,
    /// What that file says, to be edited.
    own: OwnPolicy,
    /// All of it, as such a file is written.
    text: String,
    /// The same, field by field.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    policy: Value,
}

/// `GET /policy`
async fn show_policy(State(house): State<Arc<House>>, _caller: Caller) -> Answer<PolicyTold> {
    // The one that work goes by: what does not read is not taken up.
    let policy = house.engine.policy();
    let own = house.ask_desk(policy::own).await?;
    let file = house.desk.places.config.join(POLICY_FILE);
    let file = file.exists().then(|| file.to_string_lossy().into_owned());
    // A policy has a form in JSON, since its keys are texts.
    let rules = serde_json::to_value(&*policy).unwrap_or_default();
    Ok(Json(PolicyTold { file, own, text: policy.to_toml(), policy: rules }))
}

/// `POST /policy/test`: changes nothing.
async fn test_policy(
    State(house): State<Arc<House>>,
    caller: Caller,
    said: Said<PolicyAsked>,
) -> Answer<Decided> {
    let Json(asked) = said?;
    caller.needs_everything(Access::Viewer)?;
    Ok(Json(policy::decide((*house.engine.policy()).clone(), asked)?))
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
async fn repositories(State(house): State<Arc<House>>, caller: Caller) -> Answer<List<Repository>> {
    let sight = house.sight(&caller).await?;
    let told = house.read(move |_, view| {
        let mut all = Vec::new();
        for (workspace, tasks) in view.workspaces()? {
            let query = tenfold_store::TaskQuery {
                workspace: Some(workspace.clone()),
                accounts: sight.accounts(),
                ..tenfold_store::TaskQuery::default()
            };
            let tasks = if sight.is_all() { tasks } else { view.count(&query)?.values().sum() };
            if tasks == 0 && !sight.is_all() {
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
    Ok(Json(List(told.await?)))
}

fn name_of(workspace: &FilePath) -> String {
    workspace.file_name().unwrap_or(workspace.as_os_str()).to_string_lossy().into_owned()
}

/// A part of those who may sign in, by their numbers.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PeopleList {
    people: Vec<PersonView>,
    /// What the next part is past; none if this is the last.
    next: Option<u64>,
}

/// `GET /people`: those whose account one sees.
async fn list_people(
    State(house): State<Arc<House>>,
    caller: Caller,
    Asked(part): Asked<Part>,
) -> Answer<PeopleList> {
    let sight = house.sight(&caller).await?;
    let known = house.engine.people().await?;
    let told = house.ask_desk(move |desk| {
        let ledger = desk.ledger()?;
        let is_past = |one: &Person| part.past.is_none_or(|past| u64::from(one.person.0) > past);
        let seen = known.all().filter(|one| sight.of(one.account)).filter(is_past);
        let (some, next) = part.of(seen, |one| one.person.0.into());
        let people = some.into_iter().map(|one| people::person(one, &ledger)).collect();
        Ok(PeopleList { people, next })
    });
    Ok(Json(told.await?))
}

/// `POST /people`
async fn change_people(
    State(house): State<Arc<House>>,
    caller: Caller,
    uri: Uri,
    said: Said<PeopleChange>,
) -> Answer<List<PeopleEvent>> {
    let Json(change) = said?;
    let deed = deed(&caller, &format!("POST {}", uri.path()), None);
    let By::Person(person) = caller.by else {
        house.engine.record_deeds(vec![DeedEvent::Refused(deed)]).await?;
        return Err(Turned::forbidden("a program decides of nobody").into());
    };
    let Caller { name, access, account, .. } = caller;
    let signed = Signed { person, name, access, account };
    let mut events = house.engine.change_people_as(signed, change, deed).await?;
    // Nobody needs to know it, hash or not.
    for event in &mut events {
        if let PeopleEvent::PasswordSet { hash, .. } = event {
            hash.clear();
        }
    }
    Ok(Json(List(events)))
}

/// `GET /doctor`
async fn look_around(State(house): State<Arc<House>>, _caller: Caller) -> Answer<List<DoctorLine>> {
    let (machine, now) = (house.machine.clone(), house.engine.now());
    let looked = move |desk: &Desk| Ok(doctor::doctor(desk, &machine, now));
    Ok(Json(List(house.ask_desk_long(looked).await?)))
}

/// `GET /deeds`
async fn deeds(
    State(house): State<Arc<House>>,
    _caller: Caller,
    Asked(part): Asked<Part>,
) -> Answer<Deeds> {
    let (past, limit) = (part.past, part.limit());
    Ok(Json(house.read(move |_, view| people::deeds(view, past, limit)).await?))
}

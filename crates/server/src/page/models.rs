//! Models and the keys of their providers: which there are, adding and removing them, what they
//! cost, and getting a model's file, which goes on when nobody looks.

use std::collections::BTreeMap;
use std::path::Path as FilePath;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::Uri;

use serde::{Deserialize, Serialize};
use tenfold_desk::models::{self, ModelCard, NewHosted, NewPrice};
use tenfold_desk::{DeskError, House as Desk};
use tenfold_domain::{Access, Bytes};
use tenfold_models::{Cancel, Progress, PullOptions, set_key};
use utoipa::ToSchema;

use super::calls::{Calls, List, Needs};
use super::house::House;
use crate::door::Caller;
use crate::problem::Refusal;

type Said<T> = Result<Json<T>, JsonRejection>;
type Answer<T> = Result<Json<T>, Refusal>;

/// Adds what is told and decided of models.
pub(super) fn calls(calls: Calls<Arc<House>>) -> Calls<Arc<House>> {
    let by = Needs::Only(Access::Viewer);
    let admin = Needs::Everything(Access::Admin);
    let forgotten = admin.call("forget_key", "Takes a provider's key out of the keyring.");
    let removed =
        admin.call("remove_model", "Forgets a model, and deletes what was fetched of it.");
    let priced = admin.call("price_model", "Says what a model of one's own catalogue costs.");
    let begun = admin.call("pull_model", "Gets a model's file; goes on where it stopped.");
    let left = admin.call("leave_pull", "Stops getting it; what is here stays.");
    let under_way = admin.call("pulls", "The files that are being got, or could not be.");
    calls
        .get("/api/v1/models", by.call("models", "Models, here and at providers."), all_models)
        .post("/api/v1/models", admin.call("add_model", "Adds a model."), add_model)
        .delete("/api/v1/models/{name}", removed, remove)
        .post("/api/v1/models/{name}/price", priced, price)
        .post("/api/v1/models/{name}/pull", begun, pull)
        .delete("/api/v1/models/{name}/pull", left, leave)
        .get("/api/v1/pulls", under_way, pulls)
        .post("/api/v1/keys", admin.call("keep_key", "Keeps a provider's key."), keep_key)
        .delete("/api/v1/keys/{variable}", forgotten, forget_key)
}

/// `GET /models`
async fn all_models(State(house): State<Arc<House>>, _caller: Caller) -> Answer<List<ModelCard>> {
    Ok(Json(List(house.ask_desk(models::models).await?)))
}

/// A provider's key. It is never told again.
#[derive(Deserialize, ToSchema)]
#[schema(as = ProviderKey)]
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
    known_key(&house, &name).await?;
    if value.trim().is_empty() {
        return Err(Refusal::usage("the key is empty, and nothing was changed"));
    }
    let keep = move || set_key(&name, value.trim());
    let kept = tokio::task::spawn_blocking(keep).await.map_err(Refusal::internal)?;
    kept.map_err(DeskError::from)?;
    Ok(Json(()))
}

/// Of a provider's key.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Forgotten {
    /// Whether it was in the keyring.
    was_there: bool,
}

/// `DELETE /keys/{variable}`
async fn forget_key(
    State(house): State<Arc<House>>,
    caller: Caller,
    uri: Uri,
    Path(variable): Path<String>,
) -> Answer<Forgotten> {
    house.let_do_on_all(&caller, &format!("DELETE {}", uri.path())).await?;
    known_key(&house, &variable).await?;
    let forgotten = tokio::task::spawn_blocking(move || tenfold_models::forget_key(&variable));
    let forgotten = forgotten.await.map_err(Refusal::internal)?;
    Ok(Json(Forgotten { was_there: forgotten.map_err(DeskError::from)? }))
}

/// Nothing else of the keyring is touched than the keys of models that there are.
async fn known_key(house: &House, name: &str) -> Result<(), Refusal> {
    let known = house.ask_desk(models::models).await?;
    match known.iter().filter_map(ModelCard::key_variable).any(|known| known == name) {
        true => Ok(()),
        false => Err(Refusal::not_found("no model here has a key of that name")),
    }
}

/// A model that is to be added.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum NewModel {
    /// One at a provider.
    Hosted {
        /// What it is.
        #[serde(flatten)]
        model: NewHosted,
        /// Its key, if it is to be kept. It is never told again.
        #[serde(default)]
        key: Option<String>,
    },
    /// One of which the file is on this machine.
    File {
        /// Where it is, from the root of the machine.
        path: String,
        /// How to call it; as the file is called, if nothing is said.
        #[serde(default)]
        name: Option<String>,
    },
}

/// A model that was added.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AddedModel {
    /// How it is called.
    name: String,
    /// Why it can't be asked yet, and what to do.
    note: Option<String>,
}

/// `POST /models`
async fn add_model(
    State(house): State<Arc<House>>,
    caller: Caller,
    uri: Uri,
    said: Said<NewModel>,
) -> Answer<AddedModel> {
    let Json(new) = said?;
    let what = match &new {
        NewModel::Hosted { model, .. } => &model.name,
        NewModel::File { path, .. } => path,
    };
    house.let_do_on_all(&caller, &format!("POST {} ({what})", uri.path())).await?;
    let added = move |desk: &Desk| match new {
        NewModel::File { path, name } => {
            let name = models::add(desk, FilePath::new(&path), name.as_deref())?;
            Ok(AddedModel { name, note: None })
        }
        NewModel::Hosted { model, key } => {
            let (hosted, unpriced) = models::connect(desk, model)?;
            let mut note = unpriced.map(|why| why.to_string());
            let key = key.as_deref().map(str::trim).filter(|key| !key.is_empty());
            if let (Some(variable), Some(key)) = (&hosted.key, key)
                && let Err(why) = set_key(variable, key)
            {
                // The model is there all the same.
                note = Some(format!("it is added, but its key is not kept: {why}"));
            }
            Ok(AddedModel { name: hosted.name, note })
        }
    };
    Ok(Json(house.ask_desk(added).await?))
}

/// A model that is gone.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RemovedModel {
    /// Whether it is in the catalogue no more; of one that ships with Tenfold only the files go.
    forgotten: bool,
    /// What was freed on the disk.
    bytes: Bytes,
}

/// `DELETE /models/{name}`
async fn remove(
    State(house): State<Arc<House>>,
    caller: Caller,
    uri: Uri,
    Path(name): Path<String>,
) -> Answer<RemovedModel> {
    house.let_do_on_all(&caller, &format!("DELETE {}", uri.path())).await?;
    let removing = move |desk: &Desk| Ok(tenfold_models::remove(&desk.model_dirs, &name)?);
    let removed = house.ask_desk(removing).await?;
    Ok(Json(RemovedModel { forgotten: removed.forgotten, bytes: removed.freed }))
}

/// `POST /models/{name}/price`
async fn price(
    State(house): State<Arc<House>>,
    caller: Caller,
    uri: Uri,
    Path(name): Path<String>,
    said: Said<NewPrice>,
) -> Answer<()> {
    let Json(price) = said?;
    house.let_do_on_all(&caller, &format!("POST {}", uri.path())).await?;
    let pricing =
        move |desk: &Desk| Ok(tenfold_models::set_price(&desk.model_dirs, &name, &price.price())?);
    Ok(Json(house.ask_desk(pricing).await?))
}

/// Getting the file of a model, as far as it is.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct PullCard {
    /// The model.
    model: String,
    /// What is done, in words.
    doing: String,
    /// How much of the file is here.
    done: Bytes,
    /// How large it is.
    bytes: Bytes,
    /// Why it could not be got; then nothing is done any more.
    problem: Option<String>,
}

impl PullCard {
    fn show(&mut self, progress: Progress) {
        match progress {
            Progress::Waiting => "another process gets it".clone_into(&mut self.doing),
            Progress::Trying { source } => self.doing = format!("asking {source}"),
            Progress::GoingOn { from, why, next } => {
                self.doing = format!("{from} failed ({why}); going on with {next}");
            }
            Progress::StartingOver { why } => self.doing = format!("starting over: {why}"),
            Progress::Received { done, total } => {
                "receiving".clone_into(&mut self.doing);
                (self.done, self.bytes) = (done, total);
            }
            Progress::Hashed { done, total } => {
                "checking".clone_into(&mut self.doing);
                (self.done, self.bytes) = (done, total);
            }
        }
    }
}

/// The files of models that are being got, by the model, and those that could not be.
#[derive(Debug, Default)]
pub(super) struct Pulls(Mutex<BTreeMap<String, (Cancel, PullCard)>>);

impl Pulls {
    fn all(&self) -> MutexGuard<'_, BTreeMap<String, (Cancel, PullCard)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins with one, unless it is under way.
    fn begin(&self, model: &str, bytes: Bytes) -> Option<Cancel> {
        let mut all = self.all();
        if all.get(model).is_some_and(|(_, known)| known.problem.is_none()) {
            return None;
        }
        let (cancel, doing) = (Cancel::new(), "beginning".to_owned());
        let card =
            PullCard { model: model.to_owned(), doing, done: Bytes(0), bytes, problem: None };
        all.insert(model.to_owned(), (cancel.clone(), card));
        Some(cancel)
    }

    fn show(&self, model: &str, progress: Progress) {
        if let Some((_, card)) = self.all().get_mut(model) {
            card.show(progress);
        }
    }

    /// One has ended by itself: well, or for a reason that is kept.
    fn ended(&self, model: &str, problem: Option<String>) {
        let mut all = self.all();
        match problem {
            None => drop(all.remove(model)),
            Some(why) => {
                if let Some((_, card)) = all.get_mut(model) {
                    card.problem = Some(why);
                }
            }
        }
    }

    /// Leaves one off, or forgets why it could not be.
    fn leave(&self, model: &str) {
        if let Some((cancel, _)) = self.all().remove(model) {
            cancel.cancel();
        }
    }

    /// Leaves all of them off.
    pub(super) fn end(&self) {
        std::mem::take(&mut *self.all()).into_values().for_each(|(cancel, _)| cancel.cancel());
    }
}

/// `POST /models/{name}/pull`
async fn pull(
    State(house): State<Arc<House>>,
    caller: Caller,
    uri: Uri,
    Path(name): Path<String>,
) -> Answer<()> {
    house.let_do_on_all(&caller, &format!("POST {}", uri.path())).await?;
    let named = name.clone();
    let entry = house.ask_desk(move |desk| Ok(desk.catalogue()?.get(&named)?.clone())).await?;
    if let Some(cancel) = house.pulls.begin(&name, entry.bytes) {
        let (house, name) = (Arc::clone(&house), name.clone());
        drop(tokio::task::spawn_blocking(move || {
            let show = &mut |progress| house.pulls.show(&name, progress);
            let dirs = &house.desk.model_dirs;
            let pulled = tenfold_models::pull(&entry, dirs, &PullOptions::default(), show, &cancel);
            if !cancel.is_cancelled() {
                house.pulls.ended(&name, pulled.err().map(|why| why.to_string()));
            }
        }));
    }
    Ok(Json(()))
}

/// `DELETE /models/{name}/pull`
async fn leave(
    State(house): State<Arc<House>>,
    caller: Caller,
    uri: Uri,
    Path(name): Path<String>,
) -> Answer<()> {
    house.let_do_on_all(&caller, &format!("DELETE {}", uri.path())).await?;
    house.pulls.leave(&name);
    Ok(Json(()))
}

/// `GET /pulls`
async fn pulls(State(house): State<Arc<House>>, _caller: Caller) -> Answer<List<PullCard>> {
    let all = house.pulls.all();
    Ok(Json(List(all.values().map(|(_, card)| card.clone()).collect())))
}

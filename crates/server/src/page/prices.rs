//! What models cost: the book of prices, what a quality costs, and taking in the prices of others.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::Uri;
use serde::{Deserialize, Serialize};
use tenfold_desk::prices::import::{self, ImportCard, ImportTerms};
use tenfold_desk::prices::level::{self, LevelAnswer, LevelTerms};
use tenfold_desk::prices::{self, DatedPrice, Filter};
use tenfold_desk::{DeskError, House as Desk};
use tenfold_domain::{Access, NanoUsd, Timestamp};
use tenfold_models::{Cancel, ImportSource};
use utoipa::{IntoParams, ToSchema};

use super::calls::{Asked, Calls, List, Needs};
use super::house::House;
use super::parts::{Called, Part};
use crate::door::Caller;
use crate::problem::Refusal;

type Answer<T> = Result<Json<T>, Refusal>;

/// So many changes are told one by one; of more, the number.
const CHANGES_TOLD: usize = 200;

/// Adds what is told of prices, and what is decided of them.
pub(super) fn calls(calls: Calls<Arc<House>>) -> Calls<Arc<House>> {
    let by = Needs::Only(Access::Viewer);
    let dated = by.call("price_history", "What models cost, from when on.");
    let level = Needs::Everything(Access::Viewer)
        .call("price_level", "What a quality costs, has cost and is likely to.");
    let taken = Needs::Everything(Access::Admin).call(
        "import_prices",
        "Says what the prices of others would change, and takes in what was seen.",
    );
    calls
        .get("/api/v1/prices", by.call("prices", "What models cost now, or have cost."), prices)
        .get("/api/v1/prices/history", dated, price_history)
        .get("/api/v1/prices/level", level, price_level)
        .post("/api/v1/prices/import", taken, import_prices)
}

/// Which prices.
#[derive(Debug, Default, Deserialize, IntoParams)]
struct PricesAsked {
    /// Only those of this model.
    model: Option<String>,
    /// What was known at this moment to hold then, in Unix milliseconds; now, if it is not said.
    at_ms: Option<u64>,
    /// The cheapest first, by their output; else by name.
    #[serde(default)]
    #[param(required = false)]
    cheapest: bool,
}

/// A part of the prices.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PriceList {
    prices: Vec<DatedPrice>,
    /// What the next part is past: after so many; none if this is the last.
    next: Option<u64>,
}

/// `GET /prices`: what holds now, or held then.
async fn prices(
    State(house): State<Arc<House>>,
    _caller: Caller,
    Asked(asked): Asked<PricesAsked>,
    Asked(called): Asked<Called>,
    Asked(part): Asked<Part>,
) -> Answer<PriceList> {
    let at = asked.at_ms.map_or_else(|| house.engine.now(), Timestamp);
    let filter = Filter { words: called.words(), cheapest: asked.cheapest, ..Filter::default() };
    let held = move |desk: &Desk| {
        let book = desk.prices()?;
        let held = match &asked.model {
            Some(model) => prices::held_of(&book, model, at)?,
            None => prices::held(&book, at, &filter),
        };
        let past = usize::try_from(part.past.unwrap_or(0)).unwrap_or(usize::MAX);
        let rows = (1..).zip(held).skip(past);
        let (some, next) = part.of(rows, |(place, _)| *place);
        let some: Vec<_> = some.into_iter().map(|(_, held)| held).collect();
        Ok(PriceList { prices: prices::cards(&some), next })
    };
    Ok(Json(house.ask_desk(held).await?))
}

/// Of which models.
#[derive(Debug, Default, Deserialize, IntoParams)]
struct OfModel {
    /// Models, with commas between.
    model: Option<String>,
}

/// `GET /prices/history`
async fn price_history(
    State(house): State<Arc<House>>,
    _caller: Caller,
    Asked(asked): Asked<OfModel>,
) -> Answer<List<DatedPrice>> {
    let models: Vec<String> =
        asked.model.unwrap_or_default().split(',').map(str::to_owned).collect();
    let history = move |desk: &Desk| {
        let book = desk.prices()?;
        Ok(prices::history(&book, &prices::of_history(&book, &models)?))
    };
    Ok(Json(List(house.ask_desk(history).await?)))
}

#[derive(Debug, Deserialize, IntoParams)]
struct LevelAsked {
    /// The share of tasks that is solved, from 0 to 1.
    bar: f64,
    /// What a task would cost now, to see whether waiting pays.
    #[param(value_type = Option<u64>)]
    task_nano_usd: Option<NanoUsd>,
    /// What it is worth to have it done a month earlier.
    #[param(value_type = Option<u64>)]
    month_nano_usd: Option<NanoUsd>,
}

/// `GET /prices/level`
async fn price_level(
    State(house): State<Arc<House>>,
    _caller: Caller,
    Asked(asked): Asked<LevelAsked>,
) -> Answer<LevelAnswer> {
    let now = house.engine.now();
    let terms = LevelTerms {
        task: asked.task_nano_usd,
        month: asked.month_nano_usd.unwrap_or_default(),
        ..LevelTerms::of(asked.bar)
    };
    let seen = move |desk: &Desk| level::level(desk, &terms, now).map(|level| level.answer());
    Ok(Json(house.ask_desk_long(seen).await.map_err(Refusal::into_conflict)?))
}

/// Prices of others that are to be looked at, or taken in.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct PriceImport {
    #[serde(flatten)]
    terms: ImportTerms,
    /// What was seen, as the call said it without this; then it is taken in, if it is so still.
    #[serde(default)]
    seen: Option<String>,
}

/// `POST /prices/import`
async fn import_prices(
    State(house): State<Arc<House>>,
    caller: Caller,
    uri: Uri,
    said: Result<Json<PriceImport>, JsonRejection>,
) -> Answer<ImportCard> {
    let Json(PriceImport { terms, seen }) = said?;
    let (from, done) =
        (ImportSource::shown(&terms.from), if seen.is_some() { "taken" } else { "seen" });
    house.let_do_on_all(&caller, &format!("POST {} ({from}, {done})", uri.path())).await?;
    let at = house.engine.now();
    let importing = move |desk: &Desk| {
        let import = import::compare(&desk.prices()?, &terms, at, &mut |_| (), &Cancel::new())?;
        let is_wanted = seen.is_some();
        let mut card = ImportCard::of(&import, is_wanted);
        if seen.is_some_and(|seen| seen != card.seen) {
            return Err(DeskError::refused("what it says is no longer what you saw")
                .advise("nothing was taken in; look at it again"));
        }
        if is_wanted {
            import::take_in(desk, &terms, &import, at)?;
        }
        card.changes.truncate(CHANGES_TOLD);
        Ok(card)
    };
    Ok(Json(house.ask_desk(importing).await?))
}

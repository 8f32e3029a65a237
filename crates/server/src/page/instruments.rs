//! What is told of money, plans and forecasts.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::routing::get;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use tenfold_desk::House as Desk;
use tenfold_desk::account::{self, AccountCard, Decided, TokenCard};
use tenfold_desk::audit::{self, AuditAnswer, AuditTerms};
use tenfold_desk::plan::{self, PlanAnswer, PlanTerms};
use tenfold_desk::prices::level::{self, LevelAnswer, LevelTerms};
use tenfold_desk::prices::{self, DatedPrice, Filter};
use tenfold_desk::record::{self, RecordRow};
use tenfold_desk::score::{self, ScoreRow};
use tenfold_desk::spending::{self, SpendingRow, SpendingTerms};
use tenfold_domain::{Access, AccountId, BacklogOutcome, NanoUsd};
use utoipa::ToSchema;

use super::house::House;
use crate::door::Caller;
use crate::problem::Refusal;

type Routes = Router<Arc<House>>;
type Answer<T> = Result<Json<T>, Refusal>;

/// Adds all that is told of money, plans and forecasts.
pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .route("/api/v1/backlog", get(backlog))
        .route("/api/v1/plan", get(plan))
        .route("/api/v1/record", get(record))
        .route("/api/v1/score", get(score))
        .route("/api/v1/audit", get(audit))
        .route("/api/v1/accounts", get(accounts))
        .route("/api/v1/accounts/{account}/history", get(history))
        .route("/api/v1/tokens", get(tokens))
        .route("/api/v1/spending", get(spending))
        .route("/api/v1/prices", get(prices))
        .route("/api/v1/prices/history", get(price_history))
        .route("/api/v1/prices/level", get(price_level))
}

/// Words with commas between them, each as the desk reads it.
fn words<T: std::str::FromStr<Err = String>>(
    text: Option<&str>,
    usual: &[T],
) -> Result<Vec<T>, Refusal>
where
    T: Copy,
{
    match text.filter(|text| !text.is_empty()) {
        Some(text) => {
            text.split(',').map(str::parse).collect::<Result<_, _>>().map_err(Refusal::usage)
        }
        None => Ok(usual.to_vec()),
    }
}

/// `GET /backlog`
async fn backlog(State(house): State<Arc<House>>, caller: Caller) -> Answer<BacklogOutcome> {
    caller.needs_everything(Access::Viewer)?;
    Ok(Json(house.engine.backlog()))
}

#[derive(Debug, Deserialize)]
struct PlanAsked {
    budget_nano_usd: NanoUsd,
    #[serde(default)]
    solved: bool,
    hour_nano_usd: Option<NanoUsd>,
    value_nano_usd: Option<NanoUsd>,
    exponent: Option<f64>,
}

/// `GET /plan`
async fn plan(
    State(house): State<Arc<House>>,
    caller: Caller,
    Query(asked): Query<PlanAsked>,
) -> Answer<PlanAnswer> {
    let sight = house.sight(&caller).await?;
    let usual = PlanTerms::of(asked.budget_nano_usd);
    let terms = PlanTerms {
        solved: asked.solved,
        hour: asked.hour_nano_usd,
        value: asked.value_nano_usd.unwrap_or(usual.value),
        exponent: asked.exponent.unwrap_or(usual.exponent),
        what_if: vec![2, 10],
        sight,
        ..usual
    };
    Ok(Json(house.ask_desk_long(move |desk| plan::plan(desk, &terms)).await?))
}

#[derive(Debug, Default, Deserialize)]
struct ByWhat {
    by: Option<String>,
}

/// `GET /record`
async fn record(
    State(house): State<Arc<House>>,
    caller: Caller,
    Query(asked): Query<ByWhat>,
) -> Answer<Vec<RecordRow>> {
    let sight = house.sight(&caller).await?;
    let usual = [record::By::Role, record::By::Area, record::By::Model];
    let by = words(asked.by.as_deref(), &usual)?;
    Ok(Json(house.ask_desk_long(move |desk| record::record(desk, &by, &sight)).await?))
}

/// `GET /score`
async fn score(State(house): State<Arc<House>>, caller: Caller) -> Answer<Vec<ScoreRow>> {
    let sight = house.sight(&caller).await?;
    Ok(Json(house.ask_desk_long(move |desk| score::score(desk, &sight)).await?))
}

/// `GET /audit`
async fn audit(State(house): State<Arc<House>>, caller: Caller) -> Answer<AuditAnswer> {
    caller.needs_everything(Access::Viewer)?;
    let audit = |desk: &Desk| {
        audit::audit(desk, &AuditTerms::default()).map(|audit| AuditAnswer::from(&audit))
    };
    Ok(Json(house.ask_desk_long(audit).await?))
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Accounts {
    accounts: Vec<AccountCard>,
}

/// `GET /accounts`
async fn accounts(State(house): State<Arc<House>>, caller: Caller) -> Answer<Accounts> {
    let (top, now) = (caller.account, house.engine.now());
    let accounts = move |desk: &Desk| Ok(account::cards(&desk.ledger()?, top, now));
    Ok(Json(Accounts { accounts: house.ask_desk(accounts).await? }))
}

/// `GET /accounts/{account}/history`
async fn history(
    State(house): State<Arc<House>>,
    caller: Caller,
    Path(number): Path<u32>,
) -> Answer<Vec<Decided>> {
    let account = AccountId(number);
    if !house.sight(&caller).await?.of(account) {
        return Err(Refusal::not_found("there is no such account"));
    }
    let history = move |desk: &Desk| account::history(desk, &desk.ledger()?, account);
    Ok(Json(house.ask_desk(history).await?))
}

/// `GET /tokens`
async fn tokens(State(house): State<Arc<House>>, caller: Caller) -> Answer<Vec<TokenCard>> {
    let sight = house.sight(&caller).await?;
    let mut all = house.ask_desk(|desk| Ok(account::tokens(&desk.ledger()?))).await?;
    all.retain(|token| sight.of(token.account));
    Ok(Json(all))
}

/// `GET /spending`
async fn spending(
    State(house): State<Arc<House>>,
    caller: Caller,
    Query(asked): Query<ByWhat>,
) -> Answer<Vec<SpendingRow>> {
    let by = words(asked.by.as_deref(), &[spending::By::Account, spending::By::Model])?;
    let terms = SpendingTerms { by, under: Some(caller.account), ..SpendingTerms::default() };
    let spending = move |desk: &Desk| spending::spending(desk, &desk.ledger()?, &terms);
    Ok(Json(house.ask_desk(spending).await?))
}

#[derive(Debug, Default, Deserialize)]
struct OfModel {
    model: Option<String>,
}

/// `GET /prices`: what holds now.
async fn prices(
    State(house): State<Arc<House>>,
    _caller: Caller,
    Query(asked): Query<OfModel>,
) -> Answer<Vec<DatedPrice>> {
    let now = house.engine.now();
    let held = move |desk: &Desk| {
        let book = desk.prices()?;
        match &asked.model {
            Some(model) => Ok(prices::cards(&prices::held_of(&book, model, now)?)),
            None => Ok(prices::cards(&prices::held(&book, now, &Filter::default()))),
        }
    };
    Ok(Json(house.ask_desk(held).await?))
}

/// `GET /prices/history`
async fn price_history(
    State(house): State<Arc<House>>,
    _caller: Caller,
    Query(asked): Query<OfModel>,
) -> Answer<Vec<DatedPrice>> {
    let models: Vec<String> =
        asked.model.unwrap_or_default().split(',').map(str::to_owned).collect();
    let history = move |desk: &Desk| {
        let book = desk.prices()?;
        Ok(prices::history(&book, &prices::of_history(&book, &models)?))
    };
    Ok(Json(house.ask_desk(history).await?))
}

#[derive(Debug, Deserialize)]
struct LevelAsked {
    /// The share of tasks that is solved, from 0 to 1.
    bar: f64,
    /// What a task would cost now, to see whether waiting pays.
    task_nano_usd: Option<NanoUsd>,
    /// What it is worth to have it done a month earlier.
    month_nano_usd: Option<NanoUsd>,
}

/// `GET /prices/level`
async fn price_level(
    State(house): State<Arc<House>>,
    caller: Caller,
    Query(asked): Query<LevelAsked>,
) -> Answer<LevelAnswer> {
    caller.needs_everything(Access::Viewer)?;
    let now = house.engine.now();
    let terms = LevelTerms {
        task: asked.task_nano_usd,
        month: asked.month_nano_usd.unwrap_or_default(),
        ..LevelTerms::of(asked.bar)
    };
    let seen = move |desk: &Desk| level::level(desk, &terms, now).map(|level| level.answer());
    Ok(Json(house.ask_desk_long(seen).await?))
}

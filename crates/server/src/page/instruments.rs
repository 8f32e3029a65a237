//! What is told of money, plans and forecasts.

use std::cmp::Reverse;
use std::str::FromStr;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use tenfold_desk::House as Desk;
use tenfold_desk::account::{self, AccountCard, Decided, TokenCard};
use tenfold_desk::audit::{self, AuditAnswer, AuditTerms};
use tenfold_desk::plan::{self, PlanAnswer, PlanTerms};
use tenfold_desk::record::{self, RecordRow};
use tenfold_desk::score::{self, ScoreRow};
use tenfold_desk::spending::{self, SpendingRow, SpendingTerms};
use tenfold_domain::{Access, AccountId, BacklogOutcome, NanoUsd};
use utoipa::{IntoParams, ToSchema};

use super::calls::{Asked, Calls, List, Needs};
use super::house::House;
use super::parts::{Called, Part};
use crate::door::Caller;
use crate::problem::Refusal;

type Answer<T> = Result<Json<T>, Refusal>;

/// Adds all that is told of money, plans and forecasts.
pub(super) fn calls(calls: Calls<Arc<House>>) -> Calls<Arc<House>> {
    forecasts(money(calls))
}

fn money(calls: Calls<Arc<House>>) -> Calls<Arc<House>> {
    let by = Needs::Only(Access::Viewer);
    let history = by.call("account_history", "What was decided of an account.");
    calls
        .get("/api/v1/accounts", by.call("accounts", "Accounts, and what is left."), accounts)
        .get("/api/v1/accounts/{account}/history", history, self::history)
        .get("/api/v1/tokens", by.call("tokens", "Access tokens, without secrets."), tokens)
        .get("/api/v1/spending", by.call("spending", "Where the money went."), spending)
}

fn forecasts(calls: Calls<Arc<House>>) -> Calls<Arc<House>> {
    let (by, all) = (Needs::Only(Access::Viewer), Needs::Everything(Access::Viewer));
    let at_work = all.call("backlog", "How the work on the backlog goes, or how it went.");
    let claims = all.call("audit", "Whether what is claimed of models holds in the data.");
    calls
        .get("/api/v1/backlog", at_work, backlog)
        .get("/api/v1/plan", by.call("plan", "How a budget is best spread over tasks."), plan)
        .get("/api/v1/record", by.call("record", "What was right, of whose work."), record)
        .get("/api/v1/score", by.call("score", "How good forecasts have been."), score)
        .get("/api/v1/audit", claims, audit)
}

/// Words with commas between them, each as the desk reads it.
fn words<T: FromStr<Err = String> + Copy>(
    text: Option<&str>,
    usual: &[T],
) -> Result<Vec<T>, Refusal> {
    match text.filter(|text| !text.is_empty()) {
        Some(text) => {
            text.split(',').map(str::parse).collect::<Result<_, _>>().map_err(Refusal::usage)
        }
        None => Ok(usual.to_vec()),
    }
}

/// `GET /backlog`
async fn backlog(State(house): State<Arc<House>>, _caller: Caller) -> Answer<BacklogOutcome> {
    Ok(Json(house.engine.backlog()))
}

#[derive(Debug, Deserialize, IntoParams)]
struct PlanAsked {
    /// How much there is.
    #[param(value_type = u64)]
    budget_nano_usd: NanoUsd,
    /// Whether as many tasks as can be are to be solved, whatever each is worth.
    #[serde(default)]
    #[param(required = false)]
    solved: bool,
    /// What an hour of a person is worth, for tasks that have no value of their own.
    #[param(value_type = Option<u64>)]
    hour_nano_usd: Option<NanoUsd>,
    /// What a task is worth that says nothing.
    #[param(value_type = Option<u64>)]
    value_nano_usd: Option<NanoUsd>,
    exponent: Option<f64>,
    /// What tasks with a label are worth that have no value, in dollars, as in `bug=20,docs=5`; the
    /// first that fits.
    labels: Option<String>,
}

/// `GET /plan`
async fn plan(
    State(house): State<Arc<House>>,
    caller: Caller,
    Asked(asked): Asked<PlanAsked>,
) -> Answer<PlanAnswer> {
    let sight = house.sight(&caller).await?;
    let labels = asked.labels.as_deref().unwrap_or_default().split(',');
    let labels = labels.filter(|pair| !pair.trim().is_empty()).map(plan::label_value);
    let label_values = labels.collect::<Result<_, _>>().map_err(Refusal::usage)?;
    let usual = PlanTerms::of(asked.budget_nano_usd);
    let terms = PlanTerms {
        solved: asked.solved,
        hour: asked.hour_nano_usd,
        value: asked.value_nano_usd.unwrap_or(usual.value),
        exponent: asked.exponent.unwrap_or(usual.exponent),
        label_values,
        what_if: vec![2, 10],
        sight,
        ..usual
    };
    let pasts = Arc::clone(house.engine.pasts());
    Ok(Json(house.ask_desk_long(move |desk| plan::plan(desk, &pasts, &terms)).await?))
}

#[derive(Debug, Default, Deserialize, IntoParams)]
struct ByWhat {
    /// By what, with commas between; the first is the coarsest.
    by: Option<String>,
}

/// `GET /record`
async fn record(
    State(house): State<Arc<House>>,
    caller: Caller,
    Asked(asked): Asked<ByWhat>,
) -> Answer<List<RecordRow>> {
    let sight = house.sight(&caller).await?;
    let usual = [record::By::Role, record::By::Area, record::By::Model];
    let by = words(asked.by.as_deref(), &usual)?;
    let record = move |desk: &Desk| record::record(desk, &by, &sight);
    Ok(Json(List(house.ask_desk_long(record).await?)))
}

/// `GET /score`
async fn score(State(house): State<Arc<House>>, caller: Caller) -> Answer<List<ScoreRow>> {
    let sight = house.sight(&caller).await?;
    Ok(Json(List(house.ask_desk_long(move |desk| score::score(desk, &sight)).await?)))
}

/// `GET /audit`
async fn audit(State(house): State<Arc<House>>, _caller: Caller) -> Answer<AuditAnswer> {
    let audit = |desk: &Desk| {
        audit::audit(desk, &AuditTerms::default()).map(|audit| AuditAnswer::from(&audit))
    };
    Ok(Json(house.ask_desk_long(audit).await?))
}

/// A part of the accounts, each below the one above it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AccountList {
    accounts: Vec<AccountCard>,
    /// What the next part is past; none if this is the last.
    next: Option<u64>,
}

/// `GET /accounts`
async fn accounts(
    State(house): State<Arc<House>>,
    caller: Caller,
    Asked(called): Asked<Called>,
    Asked(part): Asked<Part>,
) -> Answer<AccountList> {
    let (top, now, words) = (caller.account, house.engine.now(), called.words());
    let accounts = move |desk: &Desk| {
        let known = desk.ledger()?;
        // What is no account's number is the number of none.
        let after = part.past.map(|past| AccountId(past.try_into().unwrap_or(u32::MAX)));
        let most = part.limit() as usize;
        let account::Part { accounts, more } = account::part(&known, top, &words, (after, most))?;
        let next = accounts.last().filter(|_| more > 0).map(|(last, _)| last.0.into());
        let cards = accounts.into_iter().filter_map(|(one, _)| account::card(&known, one, now));
        Ok(AccountList { accounts: cards.collect(), next })
    };
    Ok(Json(house.ask_desk(accounts).await?))
}

/// `GET /accounts/{account}/history`
async fn history(
    State(house): State<Arc<House>>,
    caller: Caller,
    Path(number): Path<String>,
) -> Answer<List<Decided>> {
    let no_number = |_| Refusal::not_found("an account is called by its number, as in 1");
    let account = AccountId(number.parse().map_err(no_number)?);
    if !house.sight(&caller).await?.of(account) {
        return Err(Refusal::not_found("there is no such account"));
    }
    let history = move |desk: &Desk| account::history(desk, &desk.ledger()?, account);
    Ok(Json(List(house.ask_desk(history).await?)))
}

/// A part of the access tokens, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TokenList {
    tokens: Vec<TokenCard>,
    /// What the next part is past; none if this is the last.
    next: Option<u64>,
}

/// `GET /tokens`
async fn tokens(
    State(house): State<Arc<House>>,
    caller: Caller,
    Asked(part): Asked<Part>,
) -> Answer<TokenList> {
    let sight = house.sight(&caller).await?;
    let mut all = house.ask_desk(|desk| Ok(account::tokens(&desk.ledger()?))).await?;
    all.sort_by_key(|token| Reverse(token.token));
    let is_past = |token: &TokenCard| part.past.is_none_or(|past| u64::from(token.token.0) < past);
    let seen = all.into_iter().filter(|token| sight.of(token.account)).filter(is_past);
    let (tokens, next) = part.of(seen, |token| token.token.0.into());
    Ok(Json(TokenList { tokens, next }))
}

/// What spending is asked for.
#[derive(Debug, Default, Deserialize, IntoParams)]
struct SpendingAsked {
    /// By what, with commas between; the first is the coarsest.
    by: Option<String>,
    /// Only of this account and those below it, by its number.
    account: Option<u32>,
    /// Only from this day on, in UTC, as in 2026-11-30.
    from: Option<String>,
    /// Only up to this day, it too.
    to: Option<String>,
}

/// `GET /spending`
async fn spending(
    State(house): State<Arc<House>>,
    caller: Caller,
    Asked(asked): Asked<SpendingAsked>,
) -> Answer<List<SpendingRow>> {
    let by = words(asked.by.as_deref(), &[spending::By::Account, spending::By::Model])?;
    let under = asked.account.map_or(caller.account, AccountId);
    if !house.sight(&caller).await?.of(under) {
        return Err(Refusal::not_found("there is no such account among those that you see"));
    }
    let terms = SpendingTerms { by, under: Some(under), ..SpendingTerms::default() };
    let terms = terms.between(asked.from.as_deref(), asked.to.as_deref())?;
    let spending = move |desk: &Desk| spending::spending(desk, &desk.ledger()?, &terms);
    Ok(Json(List(house.ask_desk(spending).await?)))
}

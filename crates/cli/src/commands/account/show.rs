//! `tenfold account show`: what one account may use, and has used.

use serde_json::{Value, json};
use tenfold_domain::{AccountId, Measure, Spend, Timestamp};
use tenfold_ledger::{Ledger, Statement, Use};

use super::{OfOne, ledger, named, now};
use crate::arguments::Format;
use crate::context::Context;
use crate::report::field;
use crate::terminal::{self, one_line};
use crate::trouble::Trouble;

/// Show what an account may use, and has used
#[derive(Debug, clap::Args)]
pub(crate) struct ShowArgs {
    #[command(flatten)]
    of: OfOne,
}

/// Performs the command.
pub(crate) fn run(context: &Context, args: &ShowArgs) -> Result<(), Trouble> {
    let known = ledger(context)?;
    let account = named(&known, &args.of.account)?;
    terminal::print(&shown(&known, account, args.of.format)?)
}

/// The account for people, or as JSON.
pub(super) fn shown(known: &Ledger, account: AccountId, format: Format) -> Result<String, Trouble> {
    let at = now();
    if format.json {
        return Ok(serde_json::to_string_pretty(&as_json(known, account, at))?);
    }
    let Some(statement) = known.statement(account, at) else { return Ok(String::new()) };
    let left = known.left(account, at).unwrap_or_default();
    let head = one_line(&known.shown(account), 200);
    let mut text = format!("{head} ({}, #{account})\n", statement.kind);
    field(&mut text, "spent", &spend(statement.spent));
    if statement.held != Spend::NONE {
        field(&mut text, "set aside", &spend(statement.held));
    }
    for one in &statement.allowances {
        field(&mut text, "may use", &allowance(known, account, one));
    }
    if statement.gifts != Spend::NONE {
        let gifts = Measure::ALL.map(|measure| measure.quantity(statement.gifts.of(measure)));
        let left = gifts.iter().filter(|gift| gift.amount() > 0).map(ToString::to_string);
        let left = left.collect::<Vec<_>>().join(", ");
        field(&mut text, "given", &format!("{left} left, for when limits here are used up"));
    }
    for each in &statement.each {
        field(&mut text, "each", &each.terms.to_string());
    }
    if let Some(models) = &statement.models {
        field(&mut text, "models", &one_line(&models.join(", "), 200));
    }
    let money = left.money.map_or("no limit here or above".to_owned(), |money| {
        let renews = left.renews.map_or(String::new(), |at| format!(", begins anew {at}"));
        format!("{money}, with all limits above{renews}")
    });
    field(&mut text, "left now", &money);
    Ok(text.trim_end().to_owned())
}

/// `$5.00 a month: $1.20 used, $0.30 set aside, $3.50 left until 2026-12-01 00:00 UTC`
fn allowance(known: &Ledger, account: AccountId, one: &Use) -> String {
    let amount = |amount| one.terms.most.measure().quantity(amount);
    let mut text = format!("{}: {} used", one.terms, amount(one.used));
    if one.held > 0 {
        text += &format!(", {} set aside", amount(one.held));
    }
    text += &format!(", {} left", amount(one.left));
    if let Some(renews) = one.renews {
        text += &format!(" until {renews}");
    }
    if one.of != account {
        text += &format!(" (of {})", one_line(&known.shown(one.of), 100));
    }
    text
}

/// `$1.20, 34.5k tokens, 12 requests`
pub(crate) fn spend(spend: Spend) -> String {
    let parts = Measure::ALL.map(|measure| measure.quantity(spend.of(measure)));
    parts.map(|part| part.to_string()).join(", ")
}

/// An account for programs.
pub(super) fn as_json(known: &Ledger, account: AccountId, at: Timestamp) -> Option<Value> {
    let Statement { parent, name, kind, spent, held, gifts, models, allowances, each } =
        known.statement(account, at)?;
    let left = known.left(account, at).unwrap_or_default();
    let allowances = allowances.iter().map(|one| {
        json!({
            "allowance": one.allowance,
            "of": one.of,
            "terms": one.terms,
            "used": one.used,
            "held": one.held,
            "left": one.left,
            "renews_at_ms": one.renews,
        })
    });
    Some(json!({
        "account": account,
        "path": known.shown(account),
        "parent": parent,
        "name": name,
        "kind": kind,
        "spent": in_full(spent),
        "held": in_full(held),
        "gifts": in_full(gifts),
        "models": models,
        "allowances": allowances.collect::<Vec<_>>(),
        "each": each,
        "left": {
            "nano_usd": left.money,
            "tokens": left.tokens,
            "requests": left.requests,
            "renews_at_ms": left.renews,
        },
    }))
}

/// With the unit in each name.
pub(crate) fn in_full(spend: Spend) -> Value {
    json!({ "nano_usd": spend.money, "tokens": spend.tokens, "requests": spend.requests })
}

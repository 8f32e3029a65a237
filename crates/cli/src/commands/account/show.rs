//! `tenfold account show`: what one account may use, and has used.

use tenfold_desk::account::{self, AllowanceUse};
use tenfold_domain::{AccountId, Measure, Spend};
use tenfold_ledger::Ledger;

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
    let card = account::card(known, account, at);
    if format.json {
        return Ok(serde_json::to_string_pretty(&card)?);
    }
    let Some(card) = card else { return Ok(String::new()) };
    let head = one_line(&card.path, 200);
    let mut text = format!("{head} ({}, #{account})\n", card.kind);
    if card.closed {
        text.push_str("  closed: nothing is paid from it any more\n");
    }
    field(&mut text, "spent", &spend(card.spent.into()));
    let (held, gifts) = (Spend::from(card.held), Spend::from(card.gifts));
    if held != Spend::NONE {
        field(&mut text, "set aside", &spend(held));
    }
    for one in &card.allowances {
        field(&mut text, "may use", &allowance(known, account, one));
    }
    if gifts != Spend::NONE {
        let gifts = Measure::ALL.map(|measure| measure.quantity(gifts.of(measure)));
        let left = gifts.iter().filter(|gift| gift.amount() > 0).map(ToString::to_string);
        let left = left.collect::<Vec<_>>().join(", ");
        field(&mut text, "given", &format!("{left} left, for when limits here are used up"));
    }
    for each in &card.each {
        field(&mut text, "each", &each.terms.to_string());
    }
    if let Some(models) = &card.models {
        field(&mut text, "models", &one_line(&models.join(", "), 200));
    }
    let money = card.left.nano_usd.map_or("no limit here or above".to_owned(), |money| {
        let renews = card.left.renews.map_or(String::new(), |at| format!(", begins anew {at}"));
        format!("{money}, with all limits above{renews}")
    });
    field(&mut text, "left now", &money);
    Ok(text.trim_end().to_owned())
}

/// `$5.00 a month: $1.20 used, $0.30 set aside, $3.50 left until 2026-12-01 00:00 UTC`
fn allowance(known: &Ledger, account: AccountId, one: &AllowanceUse) -> String {
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

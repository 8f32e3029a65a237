//! `tenfold account history`: what was decided of an account, by whom and when.

use serde_json::json;
use tenfold_domain::{AccountId, Event, Fact, LedgerEvent};
use tenfold_ledger::Ledger;
use tenfold_store::About;

use super::{OfOne, ledger, named};
use crate::context::Context;
use crate::terminal::{self, one_line};
use crate::trouble::Trouble;

/// Show what was decided of an account, by whom and when
#[derive(Debug, clap::Args)]
pub(crate) struct HistoryArgs {
    #[command(flatten)]
    of: OfOne,
}

/// Performs the command.
pub(crate) fn run(context: &Context, args: &HistoryArgs) -> Result<(), Trouble> {
    let known = ledger(context)?;
    let account = named(&known, &args.of.account)?;
    let Some(reader) = context.reader()? else { return terminal::print("") };
    let view = reader.view()?;
    // As it was when each was decided: a limit that was lifted is not there any more.
    let mut then = Ledger::default();
    let (mut lines, mut found) = (Vec::new(), Vec::new());
    for event in view.each_event(About::Accounts.into()) {
        let Event { at, fact, .. } = event?;
        let Fact::Ledger { event } = fact else { continue };
        if concerns(&then, &event, account) {
            match args.of.format.json {
                true => found.push(json!({ "at_ms": at, "change": event })),
                false => lines.push(format!("{at}  {}", told(&known, &then, &event))),
            }
        }
        then.evolve(&event);
    }
    match args.of.format.json {
        true => terminal::print_json(&found),
        false => terminal::print(&lines.join("\n")),
    }
}

/// Whether an event is about an account itself.
fn concerns(then: &Ledger, event: &LedgerEvent, it: AccountId) -> bool {
    match event {
        LedgerEvent::Opened { account, .. }
        | LedgerEvent::Granted { account, .. }
        | LedgerEvent::Permitted { account, .. } => *account == it,
        LedgerEvent::Withdrawn { allowance, .. } => {
            then.allowance(*allowance).is_some_and(|granted| granted.account == it)
        }
        LedgerEvent::Given { from, to, .. } => *to == it || *from == Some(it),
        LedgerEvent::Issued(token) => token.account == it,
        LedgerEvent::Revoked { token, .. } => {
            then.tokens().get(*token).is_some_and(|token| token.account == it)
        }
        LedgerEvent::Reserved(_)
        | LedgerEvent::Settled { .. }
        | LedgerEvent::Released { .. }
        | LedgerEvent::Balanced(_) => false,
    }
}

/// An event in words.
fn told(known: &Ledger, then: &Ledger, event: &LedgerEvent) -> String {
    let name = |account: AccountId| one_line(&known.shown(account), 100);
    let (what, by) = match event {
        LedgerEvent::Opened { name, kind, by, .. } => {
            (format!("opened: {kind} '{}'", one_line(name, 64)), by)
        }
        LedgerEvent::Granted { terms, by, .. } => (format!("may use {terms}"), by),
        LedgerEvent::Withdrawn { allowance, by } => {
            let terms = then.allowance(*allowance).map(|granted| granted.terms.to_string());
            (format!("no longer limited to {}", terms.unwrap_or_default()), by)
        }
        LedgerEvent::Given { from: None, to, amount, by, .. } => {
            (format!("{amount} given to {}", name(*to)), by)
        }
        LedgerEvent::Given { from: Some(from), to, amount, by, .. } => {
            (format!("{amount} given by {} to {}", name(*from), name(*to)), by)
        }
        LedgerEvent::Permitted { models: Some(models), by, .. } => {
            (format!("may ask {}", one_line(&models.join(", "), 200)), by)
        }
        LedgerEvent::Permitted { models: None, by, .. } => ("may ask any model".to_owned(), by),
        LedgerEvent::Issued(token) => (
            format!("access token {} issued: {}", token.token, one_line(&token.label, 64)),
            &token.by,
        ),
        LedgerEvent::Revoked { token, by } => (format!("access token {token} revoked"), by),
        LedgerEvent::Reserved(_)
        | LedgerEvent::Settled { .. }
        | LedgerEvent::Released { .. }
        | LedgerEvent::Balanced(_) => return String::new(),
    };
    match by.is_empty() {
        true => what,
        false => format!("{what}, by {}", one_line(by, 64)),
    }
}

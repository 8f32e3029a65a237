//! What was decided of an account, by whom and when.

use serde::Serialize;
use tenfold_domain::{AccountId, Event, Fact, LedgerEvent, Scope, Timestamp};
use tenfold_ledger::Ledger;
use tenfold_store::About;
use utoipa::ToSchema;

use crate::plain::one_line;
use crate::{DeskError, House};

/// Something that was decided of an account.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Decided {
    /// When.
    #[serde(rename = "at_ms")]
    pub at: Timestamp,
    /// By whom; empty if that was not recorded.
    pub by: String,
    /// What, in words.
    pub text: String,
    /// What, as it was recorded.
    pub change: LedgerEvent,
}

/// What was decided of an account, in the order of time.
///
/// # Errors
/// If the store is there and can't be read.
pub fn history(
    house: &House,
    known: &Ledger,
    account: AccountId,
) -> Result<Vec<Decided>, DeskError> {
    let Some(reader) = house.reader()? else { return Ok(Vec::new()) };
    let view = reader.view()?;
    // As it was when each was decided: a limit that was lifted is not there any more.
    let (mut then, mut found) = (Ledger::default(), Vec::new());
    for event in view.each_event(About::Accounts.into()) {
        let Event { at, fact, .. } = event?;
        let Fact::Ledger { event } = fact else { continue };
        if concerns(&then, &event, account) {
            let (text, by) = told(known, &then, &event);
            found.push(Decided { at, by, text, change: event.clone() });
        }
        then.evolve(&event);
    }
    Ok(found)
}

/// Whether an event is about an account itself.
fn concerns(then: &Ledger, event: &LedgerEvent, it: AccountId) -> bool {
    match event {
        LedgerEvent::Opened { account, .. }
        | LedgerEvent::Granted { account, .. }
        | LedgerEvent::Permitted { account, .. }
        | LedgerEvent::Renamed { account, .. }
        | LedgerEvent::Closed { account, .. } => *account == it,
        LedgerEvent::Moved { account, parent, .. } => *account == it || *parent == it,
        LedgerEvent::Withdrawn { allowance, .. } => {
            then.allowance(*allowance).is_some_and(|granted| granted.account == it)
        }
        LedgerEvent::Given { from, to, .. } => *to == it || *from == Some(it),
        LedgerEvent::Issued(token) => token.account == it,
        LedgerEvent::Revoked { token, .. } => {
            then.tokens().get(*token).is_some_and(|token| token.account == it)
        }
        LedgerEvent::ClockPutRight { .. } => it == AccountId::DEFAULT,
        LedgerEvent::Reserved(_)
        | LedgerEvent::Settled { .. }
        | LedgerEvent::Released { .. }
        | LedgerEvent::Balanced(_) => false,
    }
}

/// An event in words, and who decided it; both empty for what nobody decides.
fn told(known: &Ledger, then: &Ledger, event: &LedgerEvent) -> (String, String) {
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
        LedgerEvent::Renamed { account, name: new, by } => {
            (format!("'{}' is now called '{}'", then_called(then, *account), one_line(new, 64)), by)
        }
        LedgerEvent::Moved { account, parent, by } => {
            let from = one_line(&then.shown(*account), 100);
            let to = one_line(&then.shown(*parent), 100);
            (format!("{from} moved below {to}"), by)
        }
        LedgerEvent::Closed { by, .. } => ("closed".to_owned(), by),
        LedgerEvent::Issued(token) => {
            let (id, label) = (token.token, one_line(&token.label, 64));
            let scopes: Vec<&str> = token.scopes().into_iter().map(Scope::name).collect();
            let scopes = scopes.join(", ");
            (format!("access token {id} issued, to {scopes}: {label}"), &token.by)
        }
        LedgerEvent::Revoked { token, by } => (format!("access token {token} revoked"), by),
        LedgerEvent::ClockPutRight { at, by } => {
            (format!("the clock was put right: it was {at}"), by)
        }
        LedgerEvent::Reserved(_)
        | LedgerEvent::Settled { .. }
        | LedgerEvent::Released { .. }
        | LedgerEvent::Balanced(_) => return Default::default(),
    };
    (what, by.clone())
}

/// An account's name as it was.
fn then_called(then: &Ledger, account: AccountId) -> String {
    one_line(then.shown(account).rsplit('/').next().unwrap_or_default(), 64)
}

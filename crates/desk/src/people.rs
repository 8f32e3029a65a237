//! Who may sign in, and what people did on the page, as they are told.

use serde::{Deserialize, Serialize};
use tenfold_domain::{Access, DeedEvent, Event, Fact, Seq};
use tenfold_ledger::Ledger;
use tenfold_people::Person;
use tenfold_store::View;
use utoipa::ToSchema;

use crate::DeskError;

/// Somebody who may sign in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PersonView {
    /// Their number.
    pub person: u32,
    /// What they are called.
    pub name: String,
    /// What they may do.
    pub access: Access,
    /// The account whose tasks and money they see, with all below it.
    pub account: u32,
    /// The same in words.
    pub account_path: String,
    /// Whether they can sign in by a password.
    pub has_password: bool,
    /// By how many passkeys they can.
    pub passkeys: usize,
}

/// Something that somebody did, or was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeedView {
    /// Its place in the journal.
    pub seq: u64,
    /// When.
    pub at_ms: u64,
    /// Who: what they were called; a program, `token 'LABEL'`; in the terminal, the machine's user.
    pub person: String,
    /// The call: below `/api` on the page, and below `/v1` in the terminal.
    pub what: String,
    /// The task that it was about.
    pub task: Option<u64>,
    /// Whether they may not do such things.
    pub refused: bool,
}

/// One page of them, the newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Deeds {
    /// The deeds.
    pub deeds: Vec<DeedView>,
    /// What the next page is past; none if this is the last.
    pub next: Option<u64>,
}

/// Somebody as they are told.
pub fn person(person: Person, ledger: &Ledger) -> PersonView {
    let Person { person, name, access, account, has_password, passkeys } = person;
    let account_path = ledger.shown(account);
    let (person, account) = (person.0, account.0);
    PersonView { person, name, access, account, account_path, has_password, passkeys }
}

/// What people did, before this place in the journal or up to now: the newest first.
///
/// # Errors
/// What the store says.
pub fn deeds(view: &View, past: Option<u64>, limit: u32) -> Result<Deeds, DeskError> {
    let before = past.map_or(Seq(u64::MAX), Seq);
    let mut events = view.deeds_before(before, limit.saturating_add(1))?;
    let is_more = events.len() as u64 > u64::from(limit);
    events.truncate(limit as usize);
    let next = events.last().filter(|_| is_more).map(|event| event.seq.0);
    Ok(Deeds { deeds: events.into_iter().filter_map(deed).collect(), next })
}

fn deed(event: Event) -> Option<DeedView> {
    let Fact::Deed { event: deed } = event.fact else { return None };
    let refused = matches!(deed, DeedEvent::Refused(_));
    let what = deed.deed();
    Some(DeedView {
        seq: event.seq.0,
        at_ms: event.at.0,
        person: what.name.clone(),
        what: what.call.clone(),
        task: what.task.map(|task| task.number()),
        refused,
    })
}

//! Accounts: who may spend how much, and what became of it.

mod card;
mod history;
mod tokens;

use std::collections::BTreeMap;

use serde::Serialize;
use tenfold_domain::{AccountId, NanoUsd, Spend, Tokens};
use tenfold_ledger::Ledger;
use utoipa::ToSchema;

use crate::{DeskError, House};

pub use card::{AccountCard, AllowanceUse, LeftNow, card, cards};
pub use history::{Decided, history};
pub use tokens::{TokenCard, tokens};

impl House {
    /// The ledger as it is, with the default account if nothing was ever asked for.
    ///
    /// # Errors
    /// If the store is there and can't be read.
    pub fn ledger(&self) -> Result<Ledger, DeskError> {
        let mut ledger = match self.reader()? {
            Some(reader) => reader.view()?.ledger()?,
            None => Ledger::default(),
        };
        if let Some(opened) = ledger.open_default() {
            ledger.evolve(&opened);
        }
        Ok(ledger)
    }
}

/// The account that is called so: by its name, its path as in `team/ada`, or its number as in `#3`.
///
/// # Errors
/// If none is, or several are.
pub fn named(ledger: &Ledger, name: &str) -> Result<AccountId, DeskError> {
    ledger.find(name).map_err(|unclear| none(&unclear.to_string()))
}

/// There is none, and what to do.
pub(crate) fn none(what: &str) -> DeskError {
    DeskError::not_found(what)
        .advise("`tenfold account list` shows those there are, `tenfold account add` opens one")
}

/// Some of the accounts from one downwards, each below the one above it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The accounts, and how far below the topmost each is.
    pub accounts: Vec<(AccountId, usize)>,
    /// How many come behind them.
    pub more: usize,
}

/// The accounts from `top` downwards with all of these words, in small letters, in their path:
/// those that come behind `after`, `most` of them.
///
/// # Errors
/// If `after` is not below `top`.
pub fn part(
    known: &Ledger,
    top: AccountId,
    words: &[String],
    (after, most): (Option<AccountId>, usize),
) -> Result<Part, DeskError> {
    let mut all = tree(known, top);
    if let Some(after) = after {
        let place = all.iter().position(|(account, _)| *account == after).ok_or_else(|| {
            let what = format!("there is no account #{} in this list", after.0);
            DeskError::not_found(what).advise("go on behind the last one that was shown")
        })?;
        all.drain(..=place);
    }
    if !words.is_empty() {
        all.retain(|(account, _)| {
            let path = known.shown(*account).to_lowercase();
            words.iter().all(|word| path.contains(word))
        });
    }
    let more = all.len().saturating_sub(most);
    all.truncate(most);
    Ok(Part { accounts: all, more })
}

/// The accounts from one downwards, each below the one above it, and how far below `top` each is.
fn tree(known: &Ledger, top: AccountId) -> Vec<(AccountId, usize)> {
    let mut below: BTreeMap<AccountId, Vec<AccountId>> = BTreeMap::new();
    for account in known.accounts() {
        if let Some(parent) = known.path(account).get(1) {
            below.entry(*parent).or_default().push(account);
        }
    }
    let (mut open, mut all) = (vec![(top, 0)], Vec::new());
    while let Some((account, depth)) = open.pop() {
        all.push((account, depth));
        let below = below.get(&account).into_iter().flatten().rev();
        open.extend(below.map(|account| (*account, depth + 1)));
    }
    all
}

/// What was used, with the unit in each name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Spent {
    /// Money.
    pub nano_usd: NanoUsd,
    /// Tokens.
    pub tokens: Tokens,
    /// Requests.
    pub requests: u64,
}

impl From<Spend> for Spent {
    fn from(spend: Spend) -> Self {
        Self { nano_usd: spend.money, tokens: spend.tokens, requests: spend.requests }
    }
}

impl From<Spent> for Spend {
    fn from(spent: Spent) -> Self {
        Self { money: spent.nano_usd, tokens: spent.tokens, requests: spent.requests }
    }
}

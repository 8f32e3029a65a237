//! Accounts: who may spend how much, and what became of it.

use tenfold_domain::AccountId;
use tenfold_ledger::Ledger;

use crate::{DeskError, House};

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
    ledger.find(name).map_err(|unclear| {
        DeskError::not_found(unclear.to_string())
            .advise("`tenfold account list` shows those there are, `tenfold account add` opens one")
    })
}

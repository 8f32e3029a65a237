//! What a person may see: what their account and all below it pay for, and no other.

use std::collections::BTreeSet;

use tenfold_domain::AccountId;
use tenfold_ledger::Ledger;

/// The accounts that somebody may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sight {
    /// None for all of them.
    accounts: Option<BTreeSet<AccountId>>,
}

impl Sight {
    /// All that there is: the terminal's, whose person owns it.
    pub const ALL: Self = Self { accounts: None };

    /// That of who belongs to an account.
    pub fn from(ledger: &Ledger, account: AccountId) -> Self {
        if account == AccountId::DEFAULT {
            return Self::ALL;
        }
        let below = ledger.accounts().filter(|one| ledger.path(*one).contains(&account));
        Self { accounts: Some(below.collect()) }
    }

    /// Whether an account is among them.
    pub fn of(&self, account: AccountId) -> bool {
        self.accounts.as_ref().is_none_or(|accounts| accounts.contains(&account))
    }

    /// Whether nothing is left out.
    pub fn is_all(&self) -> bool {
        self.accounts.is_none()
    }

    /// As a query names them.
    pub fn accounts(&self) -> Option<Vec<AccountId>> {
        Some(self.accounts.as_ref()?.iter().copied().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tenfold_domain::{AccountKind, LedgerEvent};

    fn opened(account: u32, parent: Option<u32>) -> LedgerEvent {
        LedgerEvent::Opened {
            account: AccountId(account),
            parent: parent.map(AccountId),
            name: format!("a{account}"),
            kind: AccountKind::Team,
            by: "me".into(),
        }
    }

    #[test]
    fn one_sees_ones_own_account_and_those_below_it_and_no_other() {
        let tree = [opened(1, None), opened(2, Some(1)), opened(3, Some(2)), opened(4, Some(1))];
        let ledger = Ledger::replay(&tree);
        let of = |account| {
            let sight = Sight::from(&ledger, AccountId(account));
            (1..=5).filter(|one| sight.of(AccountId(*one))).collect::<Vec<u32>>()
        };
        assert_eq!(of(2), [2, 3]);
        assert_eq!(of(4), [4]);
        assert_eq!(of(9), [0; 0], "an account that is not there has none below it");
        assert_eq!(of(1), [1, 2, 3, 4, 5]);
        assert_eq!(
            Sight::from(&ledger, AccountId(2)).accounts(),
            Some(vec![AccountId(2), AccountId(3)])
        );
    }
}

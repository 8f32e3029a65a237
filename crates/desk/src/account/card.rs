//! What accounts may use, and have used.

use serde::Serialize;
use tenfold_domain::{
    AccountId, AccountKind, Allowance, AllowanceId, Granted, NanoUsd, Period, Quantity, Timestamp,
    Tokens,
};
use tenfold_ledger::{Ledger, Statement, Use};
use utoipa::ToSchema;

use super::{Spent, tree};

/// An account, with what it may use and has used.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct AccountCard {
    /// Its number.
    pub account: AccountId,
    /// Its name with those above it, as in `team/ada`.
    pub path: String,
    /// The account above it; none for the topmost.
    pub parent: Option<AccountId>,
    /// Its name.
    pub name: String,
    /// What it stands for.
    pub kind: AccountKind,
    /// Whether it, or one above it, was closed, so that nothing is paid from it any more.
    pub closed: bool,
    /// What it and all below it have used.
    pub spent: Spent,
    /// What is set aside for calls that have not been billed yet.
    pub held: Spent,
    /// What is left of what it was given.
    pub gifts: Spent,
    /// The models that it may ask, as far as it says itself; none for all.
    pub models: Option<Vec<String>>,
    /// What holds for it, its own first.
    pub allowances: Vec<AllowanceUse>,
    /// What each person below it may use.
    pub each: Vec<Granted>,
    /// What it may still use now, by its own limits and those above.
    pub left: LeftNow,
}

/// How far an allowance is used. Amounts are in the unit of what it limits.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct AllowanceUse {
    /// Its number.
    pub allowance: AllowanceId,
    /// Who granted it: the account itself, or one above that grants it to each.
    pub of: AccountId,
    /// What it says, as it was granted.
    pub terms: Allowance,
    /// The most that may be used in a period: `{"money": N}`, `{"tokens": N}` or `{"requests": N}`.
    pub most: Quantity,
    /// How long a period is.
    pub per: Period,
    /// Whether it is one for each person below the account that granted it.
    pub each: bool,
    /// How many periods' worth of what was not used is carried over at the most.
    pub carry: u32,
    /// What was used of it in the present period.
    pub used: u64,
    /// What of it is set aside.
    pub held: u64,
    /// What is left.
    pub left: u64,
    /// When it begins anew, if ever.
    #[serde(rename = "renews_at_ms")]
    pub renews: Option<Timestamp>,
}

/// What may still be used now; none for as much as there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct LeftNow {
    /// Money.
    pub nano_usd: Option<NanoUsd>,
    /// Tokens.
    pub tokens: Option<Tokens>,
    /// Requests.
    pub requests: Option<u64>,
    /// When the tightest limit of money begins anew, if ever.
    #[serde(rename = "renews_at_ms")]
    pub renews: Option<Timestamp>,
}

/// One account at a moment; none if there is no such account.
pub fn card(known: &Ledger, account: AccountId, at: Timestamp) -> Option<AccountCard> {
    let Statement { parent, name, kind, closed, spent, held, gifts, models, allowances, each } =
        known.statement(account, at)?;
    let left = known.left(account, at).unwrap_or_default();
    Some(AccountCard {
        account,
        path: known.shown(account),
        parent,
        name,
        kind,
        closed,
        spent: spent.into(),
        held: held.into(),
        gifts: gifts.into(),
        models,
        allowances: allowances.iter().map(AllowanceUse::from).collect(),
        each,
        left: LeftNow {
            nano_usd: left.money,
            tokens: left.tokens,
            requests: left.requests,
            renews: left.renews,
        },
    })
}

/// An account and all below it, each after the one above it.
pub fn cards(known: &Ledger, top: AccountId, at: Timestamp) -> Vec<AccountCard> {
    tree(known, top).iter().filter_map(|(account, _)| card(known, *account, at)).collect()
}

impl From<&Use> for AllowanceUse {
    fn from(one: &Use) -> Self {
        let Allowance { most, per, carry, each } = one.terms;
        Self {
            allowance: one.allowance,
            of: one.of,
            terms: one.terms,
            most,
            per,
            each,
            carry,
            used: one.used,
            held: one.held,
            left: one.left,
            renews: one.renews,
        }
    }
}

#[cfg(test)]
mod tests {
    use tenfold_domain::LedgerEvent;

    use super::super::{Part, part};
    use super::*;

    /// The default account with a team below it, each member of which may use so much a month.
    fn ledger() -> Ledger {
        let mut ledger = Ledger::default();
        let opened = ledger.open_default().unwrap();
        ledger.evolve(&opened);
        let terms = Allowance {
            most: Quantity::Money(NanoUsd(5)),
            per: Period::Month,
            carry: 1,
            each: true,
        };
        let (team, by) = (AccountId(2), String::new());
        let (parent, kind) = (Some(AccountId::DEFAULT), AccountKind::Team);
        let name = "team".to_owned();
        ledger.evolve(&LedgerEvent::Opened { account: team, parent, name, kind, by: by.clone() });
        let allowance = AllowanceId(1);
        ledger.evolve(&LedgerEvent::Granted { allowance, account: team, terms, by: by.clone() });
        let (account, parent, kind) = (AccountId(3), Some(team), AccountKind::Person);
        let name = "ada".to_owned();
        ledger.evolve(&LedgerEvent::Opened { account, parent, name, kind, by });
        ledger
    }

    #[test]
    fn accounts_come_below_one_another_with_what_holds_for_them() {
        let known = ledger();
        let cards = cards(&known, AccountId::DEFAULT, Timestamp(0));
        let paths: Vec<&str> = cards.iter().map(|card| card.path.as_str()).collect();
        assert_eq!(paths, ["default", "team", "team/ada"]);
        assert_eq!((cards[1].allowances.len(), cards[1].each.len()), (0, 1));
        let json = serde_json::to_value(&cards[2]).unwrap();
        let one = &json["allowances"][0];
        assert_eq!((one["of"].as_u64(), one["most"]["money"].as_u64()), (Some(2), Some(5)));
        assert_eq!((one["per"].as_str(), one["carry"].as_u64()), (Some("month"), Some(1)));
        assert_eq!(one["terms"]["most"], one["most"]);
        assert_eq!(json["left"]["nano_usd"].as_u64(), Some(5));
        assert!(json["left"]["tokens"].is_null() && json["models"].is_null());
        assert_eq!(card(&known, AccountId(9), Timestamp(0)), None);
    }

    #[test]
    fn parts_of_the_tree_go_on_where_the_one_before_ended() {
        let mut known = ledger();
        let (parent, kind) = (Some(AccountId::DEFAULT), AccountKind::Person);
        let (name, by) = ("zoe".to_owned(), String::new());
        known.evolve(&LedgerEvent::Opened { account: AccountId(4), parent, name, kind, by });
        let part = |top, after, most| part(&known, AccountId(top), &[], (after, most));
        let ids = |part: &Part| part.accounts.iter().map(|(id, _)| id.0).collect::<Vec<_>>();
        let first = part(1, None, 2).unwrap();
        assert_eq!((ids(&first), first.more), (vec![1, 2], 2));
        let rest = part(1, Some(AccountId(2)), 9).unwrap();
        assert_eq!(
            (&rest.accounts[..], rest.more),
            (&[(AccountId(3), 2), (AccountId(4), 1)][..], 0)
        );
        assert_eq!(ids(&part(1, Some(AccountId(4)), 9).unwrap()), [0; 0]);
        let outside = part(2, Some(AccountId(4)), 9).unwrap_err();
        assert!(outside.to_string().contains("no account #4"), "{outside}");
    }
}

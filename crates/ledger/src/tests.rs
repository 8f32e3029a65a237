//! What the ledger promises, tried by hand and by random operations.

use std::collections::HashMap;

use proptest::prelude::*;
use tenfold_domain::{
    AccessToken, AccountBalance, AccountId, AccountKind, Allowance, Balances, Charge, Denied, Held,
    LedgerEvent, Measure, NanoUsd, Period, Quantity, Refusal, ReservationId, Spend, Timestamp,
    TokenId, Tokens, Unclear,
};

use crate::{Ledger, Wanted};

const ROOT: AccountId = AccountId::DEFAULT;
const TEAM: AccountId = AccountId(2);
const PERSON: AccountId = AccountId(3);
const OTHER: AccountId = AccountId(4);
const HOUR: u64 = 3_600_000;

/// A default account, a team below it, two people below that, and a clock.
struct House {
    ledger: Ledger,
    events: Vec<LedgerEvent>,
    now: Timestamp,
}

fn money(nanos: u64) -> Quantity {
    Quantity::Money(NanoUsd(nanos))
}

fn once(nanos: u64) -> Allowance {
    Allowance::once(money(nanos))
}

fn an_hour(nanos: u64) -> Allowance {
    Allowance { per: Period::Hour, ..once(nanos) }
}

fn bill(nanos: u64) -> Vec<Charge> {
    vec![Charge { model: "m".into(), spend: Spend::of_money(NanoUsd(nanos)) }]
}

impl House {
    fn new() -> Self {
        let now = Timestamp(1_000 * HOUR);
        let mut house = Self { ledger: Ledger::default(), events: Vec::new(), now };
        house.record(house.ledger.open_default().unwrap());
        for (parent, name, kind) in [
            (ROOT, "team", AccountKind::Team),
            (TEAM, "person", AccountKind::Person),
            (TEAM, "other", AccountKind::Person),
        ] {
            house.record(house.ledger.open(parent, (name, kind), "me").unwrap().1);
        }
        house
    }

    fn record(&mut self, event: LedgerEvent) {
        self.ledger.evolve(&event);
        self.events.push(event);
    }

    fn grant(&mut self, account: AccountId, terms: Allowance) {
        self.record(self.ledger.grant(account, terms, "me").unwrap().1);
    }

    fn wanted(&self, account: AccountId, amount: Spend) -> Wanted<'static> {
        Wanted { account, amount, model: None, spender: None, at: self.now }
    }

    fn reserve(&mut self, account: AccountId, nanos: u64) -> Result<ReservationId, Refusal> {
        let wanted = self.wanted(account, Spend::of_money(NanoUsd(nanos)));
        let (reservation, event) = self.ledger.reserve(&wanted)?;
        self.record(event);
        Ok(reservation)
    }

    fn settle(&mut self, reservation: ReservationId, nanos: u64) {
        self.record(self.ledger.settle(reservation, bill(nanos), self.now).unwrap());
    }

    fn give(&mut self, from: Option<AccountId>, to: AccountId, nanos: u64) -> Result<(), Refusal> {
        let event = self.ledger.give((from, to), money(nanos), ("me", self.now))?;
        self.record(event);
        Ok(())
    }

    fn sums(&self, account: AccountId) -> (u64, u64) {
        let statement = self.ledger.statement(account, self.now).unwrap();
        (statement.spent.money.0, statement.held.money.0)
    }

    fn left(&self, account: AccountId) -> Option<u64> {
        self.ledger.left(account, self.now).unwrap().money.map(|money| money.0)
    }
}

/// All that is recorded of a ledger at one moment.
fn balances(ledger: &Ledger) -> Option<Balances> {
    let accounts: Option<Vec<AccountBalance>> =
        ledger.accounts().map(|account| ledger.balance(account)).collect();
    Some(Balances { accounts: accounts?, common: ledger.common(), spending: Vec::new() })
}

#[test]
fn the_default_account_is_opened_once_and_has_no_limit() {
    let house = House::new();
    assert_eq!(house.ledger.open_default(), None);
    assert_eq!(house.ledger.shown(ROOT), "default");
    assert_eq!(house.left(ROOT), None);
}

#[test]
fn accounts_are_found_by_name_by_path_and_by_number() {
    let mut house = House::new();
    for name in ["person", "team/person", "#3"] {
        assert_eq!(house.ledger.find(name), Ok(PERSON), "{name}");
    }
    assert_eq!(house.ledger.find("default"), Ok(ROOT));
    assert_eq!(house.ledger.shown(PERSON), "team/person");
    let twice = house.ledger.open(ROOT, ("lab", AccountKind::Team), "me").unwrap();
    house.record(twice.1);
    let person = house.ledger.open(twice.0, ("person", AccountKind::Person), "me").unwrap().1;
    house.record(person);
    let Err(Unclear::Several { paths, .. }) = house.ledger.find("person") else { panic!() };
    assert_eq!(paths, ["team/person", "lab/person"]);
    for name in ["nobody", "team/nobody", "#99", "#x", ""] {
        assert_eq!(house.ledger.find(name), Err(Unclear::None(name.into())));
    }
}

#[test]
fn names_that_would_be_mistaken_for_something_else_are_refused() {
    let house = House::new();
    for name in ["", " a", "a/b", "#3", "a\u{7}", "person", &"x".repeat(65)] {
        let opened = house.ledger.open(TEAM, (name, AccountKind::Person), "me");
        assert!(matches!(opened, Err(Refusal::BadName { .. })), "{name:?}");
    }
}

#[test]
fn money_is_set_aside_in_every_account_above() {
    let mut house = House::new();
    let reservation = house.reserve(PERSON, 10).unwrap();
    for account in [PERSON, TEAM, ROOT] {
        assert_eq!(house.sums(account), (0, 10));
    }
    assert_eq!(house.sums(OTHER), (0, 0));
    house.settle(reservation, 4);
    for account in [PERSON, TEAM, ROOT] {
        assert_eq!(house.sums(account), (4, 0));
    }
}

#[test]
fn the_allowance_of_any_account_above_refuses_and_names_itself() {
    let mut house = House::new();
    house.grant(TEAM, once(10));
    house.reserve(OTHER, 7).unwrap();
    let Err(Refusal::Short(short)) = house.reserve(PERSON, 4) else { panic!() };
    assert_eq!((short.account, short.left, short.asked), (TEAM, money(3), money(4)));
    assert_eq!(
        Refusal::Short(short).to_string(),
        "account 'team' may use $0.00000001 in all, of which $0.000000003 is left: that does not \
         cover $0.000000004"
    );
    assert_eq!(house.sums(PERSON), (0, 0));
    assert_eq!(house.left(PERSON), Some(3));
    house.reserve(PERSON, 3).unwrap();
}

#[test]
fn tokens_and_requests_are_limited_like_money() {
    let mut house = House::new();
    house.grant(PERSON, Allowance::once(Quantity::Tokens(Tokens(100))));
    house.grant(TEAM, Allowance { per: Period::Hour, ..Allowance::once(Quantity::Requests(2)) });
    let ask = |tokens, requests| Spend { money: NanoUsd(9), tokens: Tokens(tokens), requests };
    let reserve = |house: &House, spend| house.ledger.reserve(&house.wanted(PERSON, spend));
    let Err(Refusal::Short(short)) = reserve(&house, ask(101, 1)) else { panic!() };
    assert_eq!((short.account, short.renews), (PERSON, None));
    let Err(Refusal::Short(short)) = reserve(&house, ask(1, 3)) else { panic!() };
    assert_eq!((short.account, short.renews), (TEAM, None), "a whole hour's would not do either");
    let event = reserve(&house, ask(60, 2)).unwrap().1;
    house.record(event);
    let Err(Refusal::Short(short)) = reserve(&house, ask(1, 1)) else { panic!() };
    assert_eq!((short.account, short.renews), (TEAM, Some(Timestamp(1_001 * HOUR))));
}

#[test]
fn an_allowance_begins_anew_and_what_was_not_used_is_gone_or_carried_over() {
    for (carry, then) in [(0, [10, 10, 10]), (2, [13, 20, 30])] {
        let mut house = House::new();
        house.grant(PERSON, Allowance { carry, ..an_hour(10) });
        house.reserve(PERSON, 7).unwrap();
        assert_eq!(house.left(PERSON), Some(3));
        let mut hours_later = |hours: u64| {
            house.now = Timestamp((1_000 + hours) * HOUR);
            house.left(PERSON).unwrap()
        };
        assert_eq!([hours_later(1), hours_later(2).min(20), hours_later(9)], then, "{carry}");
    }
}

#[test]
fn what_was_set_aside_before_midnight_stays_with_that_day() {
    for (carry, left) in [(0, 10), (1, 11)] {
        let mut house = House::new();
        house.grant(PERSON, Allowance { carry, ..an_hour(10) });
        let reservation = house.reserve(PERSON, 9).unwrap();
        house.now = Timestamp(1_001 * HOUR);
        house.reserve(PERSON, 0).unwrap();
        house.settle(reservation, 2);
        assert_eq!(house.left(PERSON), Some(left), "carry {carry}");
    }
}

#[test]
fn a_clock_that_goes_back_gives_nothing_twice() {
    let mut house = House::new();
    house.grant(PERSON, an_hour(10));
    house.now = Timestamp(1_001 * HOUR);
    house.reserve(PERSON, 10).unwrap();
    house.now = Timestamp(1_000 * HOUR);
    assert!(house.reserve(PERSON, 1).is_err());
}

#[test]
fn one_line_grants_to_everyone_below_newcomers_too() {
    let mut house = House::new();
    house.grant(ROOT, Allowance { each: true, ..an_hour(10) });
    house.reserve(PERSON, 10).unwrap();
    assert!(house.reserve(PERSON, 1).is_err());
    house.reserve(OTHER, 10).unwrap();
    let (new, event) = house.ledger.open(TEAM, ("new", AccountKind::Person), "me").unwrap();
    house.record(event);
    assert_eq!(house.left(new), Some(10));
    assert_eq!(house.left(TEAM), None, "a team is no person");
    // Each has the same again in the next hour.
    house.now = Timestamp(1_001 * HOUR);
    assert_eq!(house.left(PERSON), Some(10));
}

#[test]
fn an_allowance_that_is_changed_keeps_what_was_used() {
    let mut house = House::new();
    house.grant(PERSON, an_hour(10));
    house.reserve(PERSON, 8).unwrap();
    house.grant(PERSON, an_hour(5));
    assert!(house.reserve(PERSON, 0).is_err(), "more is used than it may");
    house.grant(PERSON, an_hour(12));
    assert_eq!(house.left(PERSON), Some(4));
    let allowance = house.ledger.statement(PERSON, house.now).unwrap().allowances[0].allowance;
    house.record(house.ledger.withdraw(allowance, "me").unwrap());
    assert_eq!(house.left(PERSON), None);
    assert_eq!(house.ledger.withdraw(allowance, "me"), Err(Refusal::NoAllowance(allowance)));
}

#[test]
fn an_allowance_counts_from_when_it_was_granted() {
    let mut house = House::new();
    let before = house.reserve(PERSON, 1_000).unwrap();
    house.grant(PERSON, once(10));
    house.settle(before, 900);
    assert_eq!(house.left(PERSON), Some(10));
}

#[test]
fn a_gift_is_used_once_allowances_are() {
    let mut house = House::new();
    house.grant(PERSON, an_hour(10));
    house.give(None, PERSON, 5).unwrap();
    assert_eq!(house.left(PERSON), Some(15));
    let reservation = house.reserve(PERSON, 14).unwrap();
    assert!(house.reserve(PERSON, 2).is_err());
    house.settle(reservation, 11);
    let statement = house.ledger.statement(PERSON, house.now).unwrap();
    assert_eq!(statement.gifts.money, NanoUsd(4), "ten were the allowance's");
    house.now = Timestamp(1_001 * HOUR);
    assert_eq!(house.left(PERSON), Some(14), "what is left of a gift stays");
}

#[test]
fn a_gift_does_not_pass_an_allowance_further_up() {
    let mut house = House::new();
    house.grant(TEAM, once(3));
    house.give(None, PERSON, 5).unwrap();
    assert_eq!(house.left(PERSON), Some(3));
}

#[test]
fn what_is_given_to_another_is_taken_from_the_giver() {
    let mut house = House::new();
    let (lab, event) = house.ledger.open(ROOT, ("lab", AccountKind::Team), "me").unwrap();
    house.record(event);
    for account in [lab, TEAM, PERSON] {
        house.grant(account, once(10));
    }
    house.grant(ROOT, once(20));
    house.give(Some(PERSON), lab, 4).unwrap();
    assert_eq!(
        [PERSON, TEAM, lab].map(|account| house.left(account)),
        [Some(6), Some(6), Some(14)]
    );
    let refused = house.give(Some(PERSON), lab, 7);
    assert!(matches!(refused, Err(Refusal::Short(short)) if short.account == PERSON));
    house.reserve(lab, 14).unwrap();
    assert_eq!(house.left(PERSON), Some(6), "the root has twenty");
    let itself = house.give(Some(PERSON), PERSON, 1);
    assert!(matches!(itself, Err(Refusal::ToItself(_))));
}

#[test]
fn a_bill_above_its_reservation_is_booked_in_full_and_stops_the_account() {
    let mut house = House::new();
    house.grant(PERSON, once(10));
    let reservation = house.reserve(PERSON, 5).unwrap();
    house.settle(reservation, 12);
    assert_eq!(house.sums(PERSON), (12, 0));
    assert!(matches!(house.reserve(PERSON, 0), Err(Refusal::Short(_))));
    assert!(house.reserve(OTHER, 5).is_ok());
    house.give(None, PERSON, 5).unwrap();
    assert_eq!(house.left(PERSON), Some(3), "two of them are for what was too much");
    house.reserve(PERSON, 3).unwrap();
    assert!(house.reserve(PERSON, 1).is_err());
}

#[test]
fn models_are_allowed_by_all_accounts_above() {
    let mut house = House::new();
    house.record(house.ledger.permit(TEAM, Some(vec!["small*".into()]), "me").unwrap());
    house.record(
        house.ledger.permit(PERSON, Some(vec!["small-1".into(), "big".into()]), "me").unwrap(),
    );
    let ask = |model| {
        let wanted = Wanted { model: Some(model), ..house.wanted(PERSON, Spend::NONE) };
        house.ledger.reserve(&wanted).map(|_| ()).map_err(|refusal| refusal.to_string())
    };
    assert_eq!(ask("small-1"), Ok(()));
    let no = "account 'team' may not ask the model 'big': it may ask small*";
    assert_eq!(ask("big"), Err(no.into()));
    assert!(ask("small-2").is_err());
    assert!(house.ledger.may_ask(OTHER, "small-2").is_ok());
}

#[test]
fn access_tokens_hold_until_they_expire_or_are_revoked() {
    let mut house = House::new();
    let token = |hash: &str, expires| AccessToken {
        token: TokenId(0),
        account: PERSON,
        label: "ci".into(),
        hash: hash.into(),
        expires,
        models: None,
        by: "me".into(),
    };
    let expires = Timestamp(house.now.0 + HOUR);
    let (one, event) = house.ledger.issue(token("aa", None)).unwrap();
    house.record(event);
    house.record(house.ledger.issue(token("bb", Some(expires))).unwrap().1);
    assert_eq!(house.ledger.tokens().admit("aa", house.now).unwrap().account, PERSON);
    assert_eq!(house.ledger.tokens().admit("cc", house.now), Err(Denied::Unknown));
    assert!(house.ledger.tokens().admit("bb", Timestamp(expires.0 - 1)).is_ok());
    assert_eq!(house.ledger.tokens().admit("bb", expires), Err(Denied::Expired(expires)));
    house.record(house.ledger.revoke(one, "me").unwrap());
    assert_eq!(house.ledger.tokens().admit("aa", house.now), Err(Denied::Revoked));
    assert_eq!(house.ledger.revoke(one, "me"), Err(Refusal::NoToken(one)));
}

#[test]
fn a_reservation_ends_once() {
    let mut house = House::new();
    let reservation = house.reserve(PERSON, 1).unwrap();
    house.record(house.ledger.release(reservation, house.now).unwrap());
    let gone = Err(Refusal::NoReservation(reservation));
    assert_eq!(house.ledger.release(reservation, house.now), gone);
    assert_eq!(house.ledger.settle(reservation, bill(1), house.now), gone);
    let next = house.reserve(PERSON, 1).unwrap();
    assert_ne!(next, reservation, "a number is never used again");
}

#[test]
fn unknown_accounts_are_refused() {
    let house = House::new();
    let nobody = AccountId(77);
    let no = Refusal::NoAccount(nobody);
    let wanted = house.wanted(nobody, Spend::NONE);
    assert_eq!(house.ledger.reserve(&wanted), Err(no.clone()));
    assert_eq!(house.ledger.grant(nobody, once(1), "me"), Err(no.clone()));
    assert_eq!(house.ledger.open(nobody, ("x", AccountKind::Team), "me"), Err(no.clone()));
    assert_eq!(house.ledger.give((None, nobody), money(1), ("me", house.now)), Err(no));
    assert_eq!(house.ledger.statement(nobody, house.now), None);
    assert_eq!(house.ledger.left(nobody, house.now), None);
    assert_eq!(house.ledger.path(AccountId(0)), []);
}

#[test]
fn without_a_limit_even_the_largest_amounts_come_back_exactly() {
    let mut house = House::new();
    let large = house.reserve(PERSON, u64::MAX).unwrap();
    let small = house.reserve(PERSON, 5).unwrap();
    house.record(house.ledger.release(large, house.now).unwrap());
    assert_eq!(house.sums(ROOT), (0, 5));
    house.record(house.ledger.release(small, house.now).unwrap());
    assert_eq!(house.sums(ROOT), (0, 0));
}

#[test]
fn open_reservations_are_listed_oldest_first() {
    let mut house = House::new();
    let first = house.reserve(PERSON, 1).unwrap();
    let second = house.reserve(OTHER, 2).unwrap();
    let third = house.reserve(TEAM, 3).unwrap();
    house.record(house.ledger.release(second, house.now).unwrap());
    let holds = house.ledger.holds().into_iter().map(|held| (held.reservation, held.account));
    assert_eq!(holds.collect::<Vec<_>>(), [(first, PERSON), (third, TEAM)]);
}

#[test]
fn events_that_do_not_fit_change_nothing() {
    let mut house = House::new();
    house.reserve(PERSON, 5).unwrap();
    let before = house.ledger.clone();
    let opened = |account, parent, name: &str| LedgerEvent::Opened {
        account: AccountId(account),
        parent: Some(AccountId(parent)),
        name: name.into(),
        kind: AccountKind::Team,
        by: String::new(),
    };
    let reserved = |reservation, account| {
        let (amount, at) = (Spend::of_money(NanoUsd(1)), house.now);
        let (reservation, account) = (ReservationId(reservation), AccountId(account));
        let held = Held { reservation, account, amount, at, spender: None, gifts: Vec::new() };
        LedgerEvent::Reserved(held)
    };
    let (allowance, by) = (tenfold_domain::AllowanceId(9), String::new());
    let reservation = ReservationId(99);
    for event in [
        opened(2, 1, "x"),
        opened(9, 1, "x"),
        opened(5, 8, "x"),
        opened(5, 5, "x"),
        opened(5, 2, "person"),
        LedgerEvent::Granted { allowance, account: AccountId(8), terms: once(1), by: by.clone() },
        LedgerEvent::Withdrawn { allowance, by: by.clone() },
        LedgerEvent::Permitted { account: AccountId(8), models: None, by: by.clone() },
        LedgerEvent::Revoked { token: TokenId(1), by },
        reserved(9, 0),
        reserved(1, 3),
        LedgerEvent::Settled { reservation, bill: bill(1), at: house.now },
        LedgerEvent::Released { reservation, at: house.now },
    ] {
        house.ledger.evolve(&event);
        assert_eq!(house.ledger, before, "{event:?}");
    }
}

/// One operation of someone who knows nothing of the ledger's state: accounts and
/// reservations are picked by number among those there are.
#[derive(Debug, Clone)]
enum Operation {
    Open { parent: usize, kind: usize },
    Grant { account: usize, nanos: u64, per: usize, carry: u32, each: bool },
    Withdraw { allowance: usize },
    Give { from: Option<usize>, to: usize, nanos: u64 },
    Reserve { account: usize, nanos: u64 },
    Settle { hold: usize, share: u8 },
    Release { hold: usize },
    Wait { minutes: u64 },
}

fn operations() -> impl Strategy<Value = Vec<Operation>> {
    let nanos = || prop_oneof![4 => 0..2_000u64, 1 => any::<u64>()];
    let pick = any::<usize>;
    let one = prop_oneof![
        1 => (pick(), pick()).prop_map(|(parent, kind)| Operation::Open { parent, kind }),
        1 => (pick(), nanos(), pick(), 0..3u32, any::<bool>()).prop_map(
            |(account, nanos, per, carry, each)| Operation::Grant { account, nanos, per, carry, each }
        ),
        1 => pick().prop_map(|allowance| Operation::Withdraw { allowance }),
        1 => (prop::option::of(pick()), pick(), 0..500u64)
            .prop_map(|(from, to, nanos)| Operation::Give { from, to, nanos }),
        6 => (pick(), nanos()).prop_map(|(account, nanos)| Operation::Reserve { account, nanos }),
        3 => (pick(), any::<u8>()).prop_map(|(hold, share)| Operation::Settle { hold, share }),
        1 => pick().prop_map(|hold| Operation::Release { hold }),
        1 => (0..90u64).prop_map(|minutes| Operation::Wait { minutes }),
    ];
    prop::collection::vec(one, 0..120)
}

/// Decides one operation; `None` if the ledger refuses or there is nothing to do it with.
fn decide(house: &mut House, operation: &Operation) -> Option<LedgerEvent> {
    let ledger = &house.ledger;
    let accounts: Vec<_> = ledger.accounts().collect();
    let account = |n: &usize| accounts[n % accounts.len()];
    let holds = ledger.holds();
    let hold = |n: &usize| holds.get(n.checked_rem(holds.len())?).copied();
    match operation {
        Operation::Open { parent, kind } => {
            let (name, kind) = (format!("a{}", accounts.len()), AccountKind::ALL[kind % 3]);
            ledger.open(account(parent), (&name, kind), "").ok().map(|(_, event)| event)
        }
        Operation::Grant { account: n, nanos, per, carry, each } => {
            let (most, per) = (money(*nanos), Period::ALL[per % 5]);
            let terms = Allowance { most, per, carry: *carry, each: *each };
            ledger.grant(account(n), terms, "").ok().map(|(_, event)| event)
        }
        Operation::Withdraw { allowance } => {
            let all: Vec<_> = ledger.allowances.keys().copied().collect();
            ledger.withdraw(*all.get(allowance.checked_rem(all.len())?)?, "").ok()
        }
        Operation::Give { from, to, nanos } => {
            let from = from.as_ref().map(account);
            ledger.give((from, account(to)), money(*nanos), ("", house.now)).ok()
        }
        Operation::Reserve { account: n, nanos } => {
            let wanted = house.wanted(account(n), Spend::of_money(NanoUsd(*nanos)));
            ledger.reserve(&wanted).ok().map(|(_, event)| event)
        }
        Operation::Settle { hold: n, share } => {
            let held = hold(n)?;
            let cost = held.amount.money.per(255, u64::from(*share));
            ledger.settle(held.reservation, bill(cost.0), house.now).ok()
        }
        Operation::Release { hold: n } => ledger.release(hold(n)?.reservation, house.now).ok(),
        Operation::Wait { minutes } => {
            house.now = Timestamp(house.now.0 + minutes * 60_000);
            None
        }
    }
}

fn lived_through(operations: &[Operation]) -> House {
    let mut house = House::new();
    for operation in operations {
        if let Some(event) = decide(&mut house, operation) {
            house.record(event);
        }
    }
    house
}

/// What an account may have used and set aside since it was granted an allowance once: that and
/// all it was given. Added up from the events alone, the slow way.
struct Audit {
    most: u128,
    used: u128,
}

/// Audits an allowance for once that an account had from the beginning, against all events.
fn audit(ledger: &Ledger, events: &[LedgerEvent], account: AccountId, most: u64) -> Audit {
    let mut audit = Audit { most: u128::from(most), used: 0 };
    let mut open = HashMap::new();
    for event in events {
        match event {
            LedgerEvent::Reserved(held) if ledger.path(held.account).contains(&account) => {
                let amount = u128::from(held.amount.money.0);
                audit.used += amount;
                open.insert(held.reservation, amount);
            }
            LedgerEvent::Settled { reservation, bill, .. } => {
                if let Some(amount) = open.remove(reservation) {
                    audit.used -= amount;
                    audit.used += bill.iter().map(|c| u128::from(c.spend.money.0)).sum::<u128>();
                }
            }
            LedgerEvent::Released { reservation, .. } => {
                audit.used -= open.remove(reservation).unwrap_or(0);
            }
            LedgerEvent::Given { from, to, amount, .. } => {
                let (from, to) = ledger.apart(*from, *to);
                let amount = u128::from(amount.amount());
                audit.used += if from.contains(&account) { amount } else { 0 };
                audit.most += if to.contains(&account) { amount } else { 0 };
            }
            _ => {}
        }
    }
    audit
}

proptest! {
    #[test]
    fn not_one_nano_dollar_over_any_limit(operations in operations()) {
        let mut house = House::new();
        let most = [(ROOT, 10_000), (TEAM, 7_000), (PERSON, 3_000)];
        for (account, most) in most {
            house.grant(account, once(most));
        }
        for operation in &operations {
            // Those allowances are looked at as they are.
            let is_other = match operation {
                Operation::Grant { per, .. } => Period::ALL[per % 5] != Period::Once,
                Operation::Withdraw { .. } => false,
                _ => true,
            };
            if let Some(event) = is_other.then(|| decide(&mut house, operation)).flatten() {
                house.record(event);
            }
            for (account, most) in most {
                let Audit { most, used } = audit(&house.ledger, &house.events, account, most);
                prop_assert!(used <= most, "{account}: {used} of {most}");
            }
        }
    }

    #[test]
    fn what_is_used_in_each_hour_is_within_its_allowance(operations in operations()) {
        let mut house = House::new();
        house.grant(TEAM, an_hour(3_000));
        for operation in &operations {
            // Only what is used is looked at.
            let other = matches!(
                operation,
                Operation::Grant { .. } | Operation::Withdraw { .. } | Operation::Give { .. }
            );
            if let Some(event) = (!other).then(|| decide(&mut house, operation)).flatten() {
                house.record(event);
            }
        }
        let mut of_hour: HashMap<u64, u64> = HashMap::new();
        let mut billed = HashMap::new();
        for event in &house.events {
            match event {
                LedgerEvent::Settled { reservation, bill, .. } => {
                    billed.insert(*reservation, bill.iter().map(|c| c.spend.money.0).sum::<u64>());
                }
                LedgerEvent::Released { reservation, .. } => {
                    billed.insert(*reservation, 0);
                }
                _ => {}
            }
        }
        for event in &house.events {
            let LedgerEvent::Reserved(held) = event else { continue };
            if house.ledger.path(held.account).contains(&TEAM) {
                let cost = billed.get(&held.reservation).copied().unwrap_or(held.amount.money.0);
                *of_hour.entry(held.at.0 / HOUR).or_default() += cost;
            }
        }
        prop_assert!(of_hour.values().all(|used| *used <= 3_000), "{of_hour:?}");
    }

    #[test]
    fn replaying_gives_the_same_ledger(operations in operations()) {
        let house = lived_through(&operations);
        prop_assert_eq!(&Ledger::replay(&house.events), &house.ledger);
        // Whatever was recorded before, the balances stand for all of it.
        if let Some(balances) = balances(&house.ledger) {
            let text = serde_json::to_string(&LedgerEvent::Balanced(Box::new(balances))).unwrap();
            let event: LedgerEvent = serde_json::from_str(&text).unwrap();
            let some = house.events[house.events.len() / 2..].iter().chain([&event]);
            prop_assert_eq!(&Ledger::replay(some), &house.ledger);
        }
    }

    #[test]
    fn what_is_given_back_late_comes_to_the_same(operations in operations()) {
        // As those who write the journal see it: what takes away is taken up at once, what gives
        // back a little after it was recorded, and decided is on what was taken up.
        let (mut house, mut journal) = (House::new(), Ledger::default());
        journal.clone_from(&house.ledger);
        let mut late: Vec<LedgerEvent> = Vec::new();
        for operation in &operations {
            if matches!(operation, Operation::Wait { .. }) {
                late.drain(..).for_each(|event| house.ledger.evolve(&event));
            }
            let Some(event) = decide(&mut house, operation) else { continue };
            let ended = |event: &LedgerEvent| match event {
                LedgerEvent::Settled { reservation, .. } | LedgerEvent::Released { reservation, .. } => {
                    Some(*reservation)
                }
                _ => None,
            };
            match ended(&event) {
                None => house.ledger.evolve(&event),
                Some(id) if late.iter().any(|event| ended(event) == Some(id)) => continue,
                Some(_) => late.push(event.clone()),
            }
            journal.evolve(&event);
        }
        late.iter().for_each(|event| house.ledger.evolve(event));
        prop_assert_eq!(&journal, &house.ledger);
    }

    #[test]
    fn what_is_left_is_granted_and_one_more_is_not(operations in operations(), pick: usize) {
        let mut house = lived_through(&operations);
        house.grant(ROOT, once(10_000));
        let accounts: Vec<_> = house.ledger.accounts().collect();
        let account = accounts[pick % accounts.len()];
        let left = house.left(account).unwrap();
        let takes = |nanos| {
            let wanted = house.wanted(account, Spend::of_money(NanoUsd(nanos)));
            house.ledger.reserve(&wanted).is_ok()
        };
        // Where nothing is left there may be a debt, and then not even nothing is granted.
        prop_assert!(left == 0 || takes(left));
        prop_assert!(!takes(left + 1));
    }

    #[test]
    fn reserving_and_releasing_leaves_every_sum_as_it_was(
        operations in operations(),
        pick: usize,
        nanos: u64,
    ) {
        let mut house = lived_through(&operations);
        let accounts: Vec<_> = house.ledger.accounts().collect();
        let sums = |house: &House| -> Vec<_> {
            accounts.iter().map(|account| house.ledger.statement(*account, house.now)).collect()
        };
        let before = sums(&house);
        if let Ok(reservation) = house.reserve(accounts[pick % accounts.len()], nanos) {
            house.record(house.ledger.release(reservation, house.now).unwrap());
        }
        prop_assert_eq!(sums(&house), before);
    }

    #[test]
    fn sums_add_up(operations in operations()) {
        let house = lived_through(&operations);
        let mut open = HashMap::new();
        let mut sums: HashMap<AccountId, (u128, u128)> = HashMap::new();
        for event in &house.events {
            let (account, amount, cost) = match event {
                LedgerEvent::Reserved(held) => {
                    open.insert(held.reservation, held.clone());
                    (held.account, i128::from(held.amount.money.0), 0)
                }
                LedgerEvent::Settled { reservation, bill, .. } => {
                    let held: Held = open.remove(reservation).unwrap();
                    let cost: u64 = bill.iter().map(|charge| charge.spend.of(Measure::Money)).sum();
                    (held.account, -i128::from(held.amount.money.0), cost)
                }
                LedgerEvent::Released { reservation, .. } => {
                    let held = open.remove(reservation).unwrap();
                    (held.account, -i128::from(held.amount.money.0), 0)
                }
                _ => continue,
            };
            for account in house.ledger.path(account) {
                let (spent, held) = sums.entry(account).or_default();
                *spent += u128::from(cost);
                *held = held.checked_add_signed(amount).unwrap();
            }
        }
        for account in house.ledger.accounts() {
            let (spent, held) = sums.get(&account).copied().unwrap_or_default();
            let amount = |sum: u128| u64::try_from(sum).unwrap_or(u64::MAX);
            prop_assert_eq!(house.sums(account), (amount(spent), amount(held)));
        }
    }
}

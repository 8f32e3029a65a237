//! What the ledger promises, tried by hand and by random operations.

use proptest::prelude::*;

use super::*;

/// A default account, a team below it and a person below that.
struct House {
    ledger: Ledger,
    events: Vec<LedgerEvent>,
}

const TEAM: AccountId = AccountId(2);
const PERSON: AccountId = AccountId(3);
const OTHER: AccountId = AccountId(4);

impl House {
    fn new() -> Self {
        let mut house = Self { ledger: Ledger::default(), events: Vec::new() };
        house.record(house.ledger.open_default().unwrap());
        house.record(house.ledger.open(DEFAULT_ACCOUNT, "team").unwrap().1);
        house.record(house.ledger.open(TEAM, "person").unwrap().1);
        house.record(house.ledger.open(TEAM, "other").unwrap().1);
        house
    }

    fn record(&mut self, event: LedgerEvent) {
        self.ledger.evolve(&event);
        self.events.push(event);
    }

    fn limit(&mut self, account: AccountId, limit: u64) {
        self.record(self.ledger.limit(account, NanoUsd(limit)).unwrap());
    }

    fn reserve(&mut self, account: AccountId, amount: u64) -> Result<ReservationId, Refusal> {
        let (reservation, event) = self.ledger.reserve(account, NanoUsd(amount))?;
        self.record(event);
        Ok(reservation)
    }

    fn sums(&self, account: AccountId) -> (u64, u64) {
        let balance = self.ledger.balance(account).unwrap();
        (balance.spent.0, balance.reserved.0)
    }
}

#[test]
fn the_default_account_is_opened_once() {
    let house = House::new();
    assert_eq!(house.ledger.open_default(), None);
    assert_eq!(house.ledger.name(DEFAULT_ACCOUNT), Some("default"));
    assert_eq!(house.ledger.balance(DEFAULT_ACCOUNT).unwrap().free(), NanoUsd::MAX);
}

#[test]
fn a_path_leads_from_the_account_to_the_root() {
    let house = House::new();
    assert_eq!(house.ledger.path(PERSON), [PERSON, TEAM, DEFAULT_ACCOUNT]);
    assert_eq!(house.ledger.path(AccountId(9)), []);
    assert_eq!(house.ledger.path(AccountId(0)), []);
}

#[test]
fn money_is_set_aside_in_every_account_above() {
    let mut house = House::new();
    let reservation = house.reserve(PERSON, 10).unwrap();
    for account in [PERSON, TEAM, DEFAULT_ACCOUNT] {
        assert_eq!(house.sums(account), (0, 10));
    }
    assert_eq!(house.sums(OTHER), (0, 0));
    house.record(house.ledger.settle(reservation, NanoUsd(4)).unwrap());
    for account in [PERSON, TEAM, DEFAULT_ACCOUNT] {
        assert_eq!(house.sums(account), (4, 0));
    }
}

#[test]
fn the_limit_of_any_account_above_refuses_and_names_itself() {
    let mut house = House::new();
    house.limit(TEAM, 10);
    house.reserve(OTHER, 7).unwrap();
    let refusal = house.reserve(PERSON, 4).unwrap_err();
    assert_eq!(
        refusal,
        Refusal::OverLimit {
            account: TEAM,
            name: "team".into(),
            limit: NanoUsd(10),
            spent: NanoUsd(0),
            reserved: NanoUsd(7),
            asked: NanoUsd(4),
        }
    );
    assert_eq!(house.sums(PERSON), (0, 0));
    assert_eq!(house.ledger.free(PERSON), Some(NanoUsd(3)));
    house.reserve(PERSON, 3).unwrap();
}

#[test]
fn a_bill_above_its_reservation_is_booked_in_full_and_stops_the_account() {
    let mut house = House::new();
    house.limit(PERSON, 10);
    let reservation = house.reserve(PERSON, 5).unwrap();
    house.record(house.ledger.settle(reservation, NanoUsd(12)).unwrap());
    assert_eq!(house.sums(PERSON), (12, 0));
    assert!(matches!(house.reserve(PERSON, 0), Err(Refusal::OverLimit { .. })));
    assert!(house.reserve(OTHER, 5).is_ok());
}

#[test]
fn a_limit_below_what_is_spent_stops_and_a_raised_one_frees() {
    let mut house = House::new();
    let reservation = house.reserve(PERSON, 8).unwrap();
    house.limit(PERSON, 3);
    assert!(house.reserve(PERSON, 1).is_err());
    house.record(house.ledger.settle(reservation, NanoUsd(2)).unwrap());
    assert!(house.reserve(PERSON, 1).is_ok());
    house.limit(PERSON, 100);
    assert!(house.reserve(PERSON, 97).is_ok());
}

#[test]
fn a_reservation_ends_once() {
    let mut house = House::new();
    let reservation = house.reserve(PERSON, 1).unwrap();
    house.record(house.ledger.release(reservation).unwrap());
    let gone = Err(Refusal::NoReservation(reservation));
    assert_eq!(house.ledger.release(reservation), gone);
    assert_eq!(house.ledger.settle(reservation, NanoUsd(1)), gone);
    let next = house.reserve(PERSON, 1).unwrap();
    assert_ne!(next, reservation, "a number is never used again");
}

#[test]
fn unknown_accounts_are_refused() {
    let house = House::new();
    let nobody = AccountId(77);
    assert_eq!(house.ledger.reserve(nobody, NanoUsd(1)), Err(Refusal::NoAccount(nobody)));
    assert_eq!(house.ledger.limit(nobody, NanoUsd(1)), Err(Refusal::NoAccount(nobody)));
    assert_eq!(house.ledger.open(nobody, "x"), Err(Refusal::NoAccount(nobody)));
    assert_eq!(house.ledger.balance(nobody), None);
    assert_eq!(house.ledger.free(nobody), None);
}

#[test]
fn without_a_limit_even_the_largest_amounts_come_back_exactly() {
    let mut house = House::new();
    let large = house.reserve(PERSON, u64::MAX).unwrap();
    let small = house.reserve(PERSON, 5).unwrap();
    house.record(house.ledger.release(large).unwrap());
    assert_eq!(house.sums(DEFAULT_ACCOUNT), (0, 5));
    house.record(house.ledger.release(small).unwrap());
    assert_eq!(house.sums(DEFAULT_ACCOUNT), (0, 0));
}

#[test]
fn open_reservations_are_listed_oldest_first() {
    let mut house = House::new();
    let first = house.reserve(PERSON, 1).unwrap();
    let second = house.reserve(OTHER, 2).unwrap();
    let third = house.reserve(TEAM, 3).unwrap();
    house.record(house.ledger.release(second).unwrap());
    assert_eq!(
        house.ledger.holds(),
        [
            (first, Hold { account: PERSON, amount: NanoUsd(1) }),
            (third, Hold { account: TEAM, amount: NanoUsd(3) }),
        ]
    );
}

#[test]
fn events_that_do_not_fit_change_nothing() {
    let mut house = House::new();
    house.reserve(PERSON, 5).unwrap();
    let before = house.ledger.clone();
    let opened = |account, parent| LedgerEvent::Opened {
        account: AccountId(account),
        parent: Some(AccountId(parent)),
        name: "x".into(),
    };
    let reservation = ReservationId(99);
    for event in [
        opened(2, 1),
        opened(9, 1),
        opened(5, 8),
        opened(5, 5),
        LedgerEvent::Limited { account: AccountId(8), limit: NanoUsd(1) },
        LedgerEvent::Reserved { reservation, account: AccountId(0), amount: NanoUsd(1) },
        LedgerEvent::Reserved {
            reservation: ReservationId(1),
            account: PERSON,
            amount: NanoUsd(1),
        },
        LedgerEvent::Settled { reservation, cost: NanoUsd(1) },
        LedgerEvent::Released { reservation },
    ] {
        house.ledger.evolve(&event);
        assert_eq!(house.ledger, before, "{event:?}");
    }
}

/// One operation of someone who knows nothing of the ledger's state: accounts and
/// reservations are picked by number among those there are.
#[derive(Debug, Clone)]
enum Operation {
    Open { parent: usize },
    Limit { account: usize, limit: u64 },
    Reserve { account: usize, amount: u64 },
    Settle { hold: usize, share: u8 },
    Release { hold: usize },
}

fn operations() -> impl Strategy<Value = Vec<Operation>> {
    let amount = || prop_oneof![4 => 0..2_000u64, 1 => any::<u64>()];
    let one = prop_oneof![
        1 => any::<usize>().prop_map(|parent| Operation::Open { parent }),
        1 => (any::<usize>(), amount())
            .prop_map(|(account, limit)| Operation::Limit { account, limit }),
        4 => (any::<usize>(), amount())
            .prop_map(|(account, amount)| Operation::Reserve { account, amount }),
        2 => (any::<usize>(), any::<u8>())
            .prop_map(|(hold, share)| Operation::Settle { hold, share }),
        1 => any::<usize>().prop_map(|hold| Operation::Release { hold }),
    ];
    prop::collection::vec(one, 0..120)
}

/// Decides one operation; `None` if the ledger refuses or there is nothing to do it with.
/// Limits are never put below what is spent and set aside, and bills never exceed what was
/// set aside: under these two conditions no limit may ever be passed.
fn decide(ledger: &Ledger, operation: &Operation) -> Option<LedgerEvent> {
    let accounts: Vec<_> = ledger.accounts().collect();
    let account = |n: &usize| accounts[n % accounts.len()];
    let holds = ledger.holds();
    let hold = |n: &usize| holds.get(n.checked_rem(holds.len())?).copied();
    match operation {
        Operation::Open { parent } => ledger.open(account(parent), "a").ok().map(|(_, e)| e),
        Operation::Limit { account: n, limit } => {
            let balance = ledger.balance(account(n))?;
            let least = balance.spent + balance.reserved;
            ledger.limit(account(n), NanoUsd(*limit).max(least)).ok()
        }
        Operation::Reserve { account: n, amount } => {
            ledger.reserve(account(n), NanoUsd(*amount)).ok().map(|(_, event)| event)
        }
        Operation::Settle { hold: n, share } => {
            let (reservation, hold) = hold(n)?;
            ledger.settle(reservation, hold.amount.per(255, u64::from(*share))).ok()
        }
        Operation::Release { hold: n } => ledger.release(hold(n)?.0).ok(),
    }
}

/// What every account has spent and reserved, added up from the events alone, the slow way.
fn add_up(ledger: &Ledger, events: &[LedgerEvent], account: AccountId) -> (u128, u128) {
    let mut open = HashMap::new();
    let (mut spent, mut reserved) = (0, 0);
    for event in events {
        match event {
            LedgerEvent::Reserved { reservation, account: payer, amount }
                if ledger.path(*payer).contains(&account) =>
            {
                reserved += u128::from(amount.0);
                open.insert(*reservation, u128::from(amount.0));
            }
            LedgerEvent::Settled { reservation, cost } => {
                if let Some(amount) = open.remove(reservation) {
                    reserved -= amount;
                    spent += u128::from(cost.0);
                }
            }
            LedgerEvent::Released { reservation } => {
                reserved -= open.remove(reservation).unwrap_or(0);
            }
            _ => {}
        }
    }
    (spent, reserved)
}

proptest! {
    #[test]
    fn no_account_ever_passes_its_limit(operations in operations()) {
        let mut house = House::new();
        house.limit(DEFAULT_ACCOUNT, 10_000);
        for operation in &operations {
            let Some(event) = decide(&house.ledger, operation) else { continue };
            house.record(event);
            for account in house.ledger.accounts() {
                let balance = house.ledger.balance(account).unwrap();
                prop_assert!(balance.spent + balance.reserved <= balance.limit, "{balance:?}");
            }
        }
    }

    #[test]
    fn replaying_gives_the_same_ledger_and_the_sums_add_up(operations in operations()) {
        let mut house = House::new();
        for operation in &operations {
            if let Some(event) = decide(&house.ledger, operation) {
                house.record(event);
            }
        }
        prop_assert_eq!(&Ledger::replay(&house.events), &house.ledger);
        // Whatever was recorded before, the balances stand for all of it.
        if let Some(balances) = house.ledger.balances() {
            let balances = LedgerEvent::Balanced(balances);
            let rest = house.events.len() / 2;
            let some = house.events[rest..].iter().chain([&balances]);
            prop_assert_eq!(&Ledger::replay(some), &house.ledger);
        }
        for account in house.ledger.accounts() {
            let (spent, reserved) = add_up(&house.ledger, &house.events, account);
            let amount = |sum: u128| u64::try_from(sum).unwrap_or(u64::MAX);
            prop_assert_eq!(house.sums(account), (amount(spent), amount(reserved)));
        }
    }

    #[test]
    fn what_is_free_is_granted_and_one_more_is_not(operations in operations(), pick: usize) {
        let mut house = House::new();
        house.limit(DEFAULT_ACCOUNT, 10_000);
        for operation in &operations {
            if let Some(event) = decide(&house.ledger, operation) {
                house.record(event);
            }
        }
        let accounts: Vec<_> = house.ledger.accounts().collect();
        let account = accounts[pick % accounts.len()];
        let free = house.ledger.free(account).unwrap();
        prop_assert!(house.ledger.reserve(account, free).is_ok());
        prop_assert!(house.ledger.reserve(account, free + NanoUsd(1)).is_err());
    }

    #[test]
    fn reserving_and_releasing_leaves_every_balance_as_it_was(
        operations in operations(),
        pick: usize,
        amount: u64,
    ) {
        let mut house = House::new();
        for operation in &operations {
            if let Some(event) = decide(&house.ledger, operation) {
                house.record(event);
            }
        }
        let accounts: Vec<_> = house.ledger.accounts().collect();
        let before = (house.ledger.tree.clone(), house.ledger.holds());
        if let Ok(reservation) = house.reserve(accounts[pick % accounts.len()], amount) {
            house.record(house.ledger.release(reservation).unwrap());
        }
        prop_assert_eq!((house.ledger.tree.clone(), house.ledger.holds()), before);
    }
}

//! What the ledger promises, whatever is done in whatever order.

use std::collections::HashMap;

use proptest::prelude::*;

use tenfold_domain::{Held, Measure};

use super::*;

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
    Rename { account: usize },
    Move { account: usize, to: usize },
    Close { account: usize },
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
        1 => pick().prop_map(|account| Operation::Rename { account }),
        2 => (pick(), pick()).prop_map(|(account, to)| Operation::Move { account, to }),
        1 => pick().prop_map(|account| Operation::Close { account }),
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
        Operation::Rename { account: n } => {
            let name = format!("r{}", house.events.len());
            ledger.rename(account(n), &name, "").ok()
        }
        Operation::Move { account: n, to } => ledger.move_below(account(n), account(to), "").ok(),
        // Seldom, so that something is left.
        Operation::Close { account: n } if n % 5 > 0 => None,
        Operation::Close { account: n } => ledger.close(account(n), "").ok()?.into_iter().next(),
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
fn audit(events: &[LedgerEvent], account: AccountId, most: u64) -> Audit {
    let mut audit = Audit { most: u128::from(most), used: 0 };
    // The tree as it was at each.
    let (mut open, mut then) = (HashMap::new(), Ledger::default());
    for event in events {
        match event {
            LedgerEvent::Reserved(held) if then.path(held.account).contains(&account) => {
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
                let (from, to) = then.apart(*from, *to);
                let amount = u128::from(amount.amount());
                audit.used += if from.contains(&account) { amount } else { 0 };
                audit.most += if to.contains(&account) { amount } else { 0 };
            }
            _ => {}
        }
        then.evolve(event);
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
                let Audit { most, used } = audit(&house.events, account, most);
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
        let mut then = Ledger::default();
        for event in &house.events {
            then.evolve(event);
            let LedgerEvent::Reserved(held) = event else { continue };
            if then.path(held.account).contains(&TEAM) {
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
        let mut then = Ledger::default();
        for event in &house.events {
            then.evolve(event);
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
            for account in then.path(account) {
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

    #[test]
    fn nothing_is_paid_from_what_is_closed_and_the_tree_stays_one(operations in operations()) {
        let mut house = House::new();
        let mut closed = std::collections::HashSet::new();
        for operation in &operations {
            let Some(event) = decide(&mut house, operation) else { continue };
            if let LedgerEvent::Closed { account, .. } = &event {
                closed.insert(*account);
            }
            if let LedgerEvent::Reserved(held) = &event {
                let path = house.ledger.path(held.account);
                prop_assert!(!path.iter().any(|account| closed.contains(account)));
            }
            house.record(event);
            for account in house.ledger.accounts() {
                let path = house.ledger.path(account);
                prop_assert_eq!(path.last(), Some(&ROOT), "a circle");
            }
        }
        for account in closed {
            prop_assert_eq!(house.left(account), Some(0));
        }
    }
}

//! What the ledger promises: one promise at a time, and whatever is done in whatever order. Here is
//! the house in which both are tried.

mod by_chance;
mod by_hand;

use tenfold_domain::{
    AccountBalance, AccountId, AccountKind, Allowance, Balances, Basis, Charge, Energy,
    LedgerEvent, NanoUsd, Period, Quantity, Refusal, ReservationId, Spend, Timestamp,
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
    vec![Charge {
        model: "m".into(),
        spend: Spend::of_money(NanoUsd(nanos)),
        basis: Basis::Told,
        energy: Energy::NONE,
    }]
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

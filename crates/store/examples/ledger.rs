//! What `cargo xtask bench ledger` measures: reservations in memory and on the disk, and an
//! allowance for everybody. Whether any limit was passed is added up here by itself, from what was
//! decided alone.

use std::error::Error;
use std::io::Write;
use std::sync::Arc;
use std::time::Instant;

use serde_json::{Value, json};
use tenfold_domain::{
    AccountId, AccountKind, Allowance, Basis, Charge, Draws, Energy, LedgerEvent, NanoUsd, Period,
    Quantity, ReservationId, Seed, Spend, Timestamp, Tokens,
};
use tenfold_ledger::{Ledger, Wanted};
use tenfold_store::{Books, SETTINGS, Sheet, Store};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// How deep the tree is, with its root.
const DEEP: usize = 5;
/// How many decide at the same time where it is made durable.
const AT_ONCE: u64 = 256;

fn main() -> Outcome<()> {
    let number = |text: Option<String>, usual| text.map_or(Ok(usual), |text| text.parse::<u64>());
    let mut words = std::env::args().skip(1);
    let seed = Seed(number(words.next(), 1)?);
    let accounts = number(words.next(), 10_000)?;
    let reservations = number(words.next(), 1_000_000)?;
    let people = number(words.next(), 1_000_000)?;
    let durable = number(words.next(), 50_000)?;
    let told = json!({
        "seed": seed.0,
        "in_memory": in_memory(seed, accounts, reservations)?,
        "everybody": everybody(seed, people)?,
        "durable": on_the_disk(durable)?,
        "settings": settings(),
    });
    writeln!(std::io::stdout(), "{told}")?;
    Ok(())
}

fn wanted(account: AccountId, nanos: u64) -> Wanted<'static> {
    let amount = Spend { money: NanoUsd(nanos), tokens: Tokens(nanos / 1_000), requests: 1 };
    Wanted { account, amount, model: Some("m"), spender: None, at: Timestamp(1) }
}

fn bill(nanos: u64) -> Vec<Charge> {
    let spend = Spend { money: NanoUsd(nanos), tokens: Tokens(1), requests: 1 };
    vec![Charge { model: "m".into(), spend, basis: Basis::Told, energy: Energy::NONE }]
}

/// Who counts beside the ledger what each account has used and set aside.
struct Auditor {
    parents: Vec<usize>,
    limits: Vec<u64>,
    used: Vec<u128>,
}

impl Auditor {
    fn add(&mut self, account: AccountId, change: i128) {
        let mut place = account.0 as usize;
        while place > 0 {
            self.used[place] = self.used[place].saturating_add_signed(change);
            place = self.parents[place];
        }
    }

    fn passed(&self) -> usize {
        let passed = |(used, limit): (&u128, &u64)| *used > u128::from(*limit);
        self.used.iter().zip(&self.limits).filter(|pair| passed(*pair)).count()
    }
}

/// A tree of so many accounts, of which most have a limit.
fn tree(draws: &mut Draws, accounts: u64) -> Outcome<(Ledger, Auditor)> {
    let mut ledger = Ledger::default();
    if let Some(opened) = ledger.open_default() {
        ledger.evolve(&opened);
    }
    let mut depths = vec![0, 1];
    let mut auditor = Auditor { parents: vec![0, 0], limits: vec![u64::MAX; 2], used: vec![0, 0] };
    while depths.len() <= accounts as usize {
        let parent = 1 + draws.below(depths.len() - 1);
        if depths[parent] >= DEEP {
            continue;
        }
        let (name, kind) = (format!("a{}", depths.len()), AccountKind::Team);
        let (account, opened) = ledger.open(AccountId(parent as u32), (&name, kind), "")?;
        ledger.evolve(&opened);
        let limit = match draws.below(4) {
            0 => u64::MAX,
            _ => 1_000_000 + draws.below(200_000_000) as u64,
        };
        if limit < u64::MAX {
            let terms = Allowance::once(Quantity::Money(NanoUsd(limit)));
            ledger.evolve(&ledger.grant(account, terms, "")?.1);
        }
        depths.push(depths[parent] + 1);
        auditor.parents.push(parent);
        auditor.limits.push(limit);
        auditor.used.push(0);
    }
    Ok((ledger, auditor))
}

/// All that many are set aside at the same time, then billed, released or left as they are.
fn in_memory(seed: Seed, accounts: u64, reservations: u64) -> Outcome<Value> {
    let mut draws = seed.draws();
    let (mut ledger, mut auditor) = tree(&mut draws, accounts)?;
    let (mut open, mut refused) = (Vec::new(), 0_u64);
    let began = Instant::now();
    while (open.len() as u64) < reservations {
        let account = AccountId(1 + draws.below(accounts as usize) as u32);
        let nanos = 1_000 + draws.below(100_000) as u64;
        match ledger.reserve(&wanted(account, nanos)) {
            Ok((id, event)) => {
                ledger.evolve(&event);
                open.push((id, account, nanos));
            }
            Err(_) => refused += 1,
        }
    }
    let asked = reservations + refused;
    let decided = began.elapsed().as_secs_f64();
    for (_, account, nanos) in &open {
        auditor.add(*account, i128::from(*nanos));
    }
    let mut passed = auditor.passed();
    let ends: Vec<(ReservationId, AccountId, u64, u64)> = open
        .iter()
        .map(|(id, account, nanos)| {
            (*id, *account, *nanos, draws.below(*nanos as usize + 1) as u64)
        })
        .collect();
    let began = Instant::now();
    for (place, (id, _, _, cost)) in ends.iter().enumerate() {
        let event = match place % 10 {
            0 => ledger.release(*id, Timestamp(2))?,
            _ => ledger.settle(*id, bill(*cost), Timestamp(2))?,
        };
        ledger.evolve(&event);
    }
    let settled = began.elapsed().as_secs_f64();
    for (place, (_, account, nanos, cost)) in ends.iter().enumerate() {
        let cost = if place % 10 == 0 { 0 } else { *cost };
        auditor.add(*account, i128::from(cost) - i128::from(*nanos));
    }
    passed += auditor.passed();
    let wrong = (1..=accounts as u32)
        .filter(|id| {
            let spent = ledger.statement(AccountId(*id), Timestamp(2)).map(|of| of.spent.money.0);
            spent.map(u128::from) != Some(auditor.used[*id as usize])
        })
        .count();
    Ok(json!({
        "accounts": accounts,
        "deep": DEEP,
        "asked": asked,
        "at_the_same_time": open.len(),
        "refused": refused,
        "limits_passed": passed,
        "accounts_that_do_not_add_up": wrong,
        "ask_us": decided * 1e6 / asked as f64,
        "settle_us": settled * 1e6 / open.len().max(1) as f64,
        // Refusals are among what was asked, and cost as much.
        "pairs_per_s": 1.0 / (decided / asked as f64 + settled / open.len().max(1) as f64),
    }))
}

/// One line gives each of so many people an allowance.
fn everybody(seed: Seed, people: u64) -> Outcome<Value> {
    let mut draws = seed.draws();
    let before = resident_kb();
    let mut ledger = Ledger::default();
    if let Some(opened) = ledger.open_default() {
        ledger.evolve(&opened);
    }
    let began = Instant::now();
    for number in 0..people {
        let name = format!("p{number}");
        let who = (name.as_str(), AccountKind::Person);
        ledger.evolve(&ledger.open(AccountId::DEFAULT, who, "")?.1);
    }
    let opened = began.elapsed().as_secs_f64();
    let began = Instant::now();
    let most = Quantity::Money(NanoUsd(1_000));
    let terms = Allowance { per: Period::Day, each: true, ..Allowance::once(most) };
    ledger.evolve(&ledger.grant(AccountId::DEFAULT, terms, "")?.1);
    let granted = began.elapsed().as_secs_f64();
    let (began, mut passed) = (Instant::now(), 0_u64);
    for _ in 0..people {
        let person = AccountId(2 + draws.below(people as usize) as u32);
        if let Ok((_, event)) = ledger.reserve(&wanted(person, 600)) {
            ledger.evolve(&event);
        }
        // Twice is too much.
        let used = ledger.statement(person, Timestamp(1)).map_or(0, |of| of.held.money.0);
        passed += u64::from(used > 1_000);
    }
    Ok(json!({
        "people": people,
        "open_us": opened * 1e6 / people.max(1) as f64,
        "grant_us": granted * 1e6,
        "reserve_and_look_us": began.elapsed().as_secs_f64() * 1e6 / people.max(1) as f64,
        "allowances_passed": passed,
        "bytes_each": (resident_kb() - before) * 1_024 / people.max(1),
    }))
}

/// The same in the journal: each reservation is on the disk before its bill is decided.
fn on_the_disk(pairs: u64) -> Outcome<Value> {
    let folder = tempfile::tempdir()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let store = Arc::new(Store::open(&folder.path().join("ledger.db"))?);
        let books = Arc::new(Books::open(Arc::clone(&store)).await?);
        let (began, before) = (Instant::now(), store.transactions());
        let mut all = tokio::task::JoinSet::new();
        for _ in 0..AT_ONCE {
            let books = Arc::clone(&books);
            all.spawn(async move {
                for _ in 0..pairs / AT_ONCE {
                    pair(&books).await?;
                }
                Ok::<_, tenfold_store::BooksError>(())
            });
        }
        while let Some(done) = all.join_next().await {
            done??;
        }
        let (took, done) = (began.elapsed().as_secs_f64(), pairs / AT_ONCE * AT_ONCE);
        Ok(json!({
            "pairs": done,
            "at_once": AT_ONCE,
            "pairs_per_s": done as f64 / took,
            "commits": store.transactions() - before,
        }))
    })
}

async fn pair(books: &Books) -> Result<(), tenfold_store::BooksError> {
    let reserve = |sheet: &Sheet| {
        let (id, event) = sheet.ledger().reserve(&wanted(AccountId::DEFAULT, 5))?;
        Ok((id, vec![event]))
    };
    let id = books.record(reserve, |_| Vec::new()).await?;
    let settle = |sheet: &Sheet| {
        let event: LedgerEvent = sheet.ledger().settle(id, bill(4), Timestamp(2))?;
        Ok(((), vec![event]))
    };
    books.record(settle, |()| Vec::new()).await
}

fn settings() -> String {
    let settings = SETTINGS.map(|(pragma, value)| format!("{pragma} {value}"));
    format!("journal_mode wal, {}", settings.join(", "))
}

fn resident_kb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok()).unwrap_or(0)
}

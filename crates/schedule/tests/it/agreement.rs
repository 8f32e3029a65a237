//! The scheduler and the plain one agree on every decision, whatever happens.

use std::path::PathBuf;

use proptest::prelude::*;
use tenfold_domain::{AccountId, Bytes, Millis, NanoUsd, Priority, Standing, TaskId, Timestamp};
use tenfold_schedule::{Entry, Expected, Host, Limits, Needs, Scheduler, Used, Why};

use crate::made_up::{HOUR, MINUTE, task};
use crate::plain::Plain;

#[derive(Debug, Clone)]
enum Op {
    Admit(Entry),
    Next,
    End(usize, Used),
    Withdraw(usize),
    LimitProvider(usize, u32),
    Weigh(u32, u32),
    Later(u64),
}

const PROVIDERS: [&str; 3] = ["acme", "embedded", "other"];

fn limits() -> impl Strategy<Value = Limits> {
    (1..6u32, 1..4u32, 1..3u32, 1..4u64, 0..3u64).prop_map(|(at_once, acme, repo, large, more)| {
        let host = |name: &str, cores: u64, gib: u64| Host {
            name: name.to_owned(),
            millicores: cores * 1_000,
            memory: Bytes(gib << 30),
        };
        Limits {
            at_once,
            provider: 2,
            providers: [("acme".to_owned(), acme)].into(),
            repository: repo,
            hosts: vec![host("large", large, 3), host("more", more, 2)],
            half_life: Millis(HOUR),
            core_hour: NanoUsd(50_000_000),
            reach: Millis(8 * HOUR),
            patience: Millis(20 * MINUTE),
        }
    })
}

fn an_entry() -> impl Strategy<Value = Entry> {
    let who = (1..12u64, 1..5u32, 0..10 * HOUR, 0..5usize);
    let wish = (
        proptest::option::of(0..20 * HOUR),
        proptest::option::of(0..10_000u64),
        (0..20u64, 0..3 * HOUR),
    );
    let what = (0..3usize, 0..3u32, 0..4u64, 0..3u64);
    (who, wish, what).prop_map(|(who, (deadline, value, (cost, wall)), what)| Entry {
        task: task(who.0),
        account: AccountId(who.1),
        arrived: Timestamp(who.2),
        standing: Standing {
            priority: Priority::ALL[who.3],
            deadline: deadline.map(Timestamp),
            value: value.map(NanoUsd),
            ..Standing::default()
        },
        expected: Expected { cost: NanoUsd(cost), wall: Millis(wall) },
        needs: Needs {
            provider: PROVIDERS[what.0].to_owned(),
            repository: PathBuf::from(format!("/src/{}", what.1)),
            millicores: what.2 * 750,
            memory: Bytes(what.3 << 30),
        },
    })
}

fn op() -> impl Strategy<Value = Op> {
    let used = (0..30u64, 0..2 * HOUR, 0..3_000u64).prop_map(|(cost, wall, millicores)| Used {
        cost: NanoUsd(cost),
        wall: Millis(wall),
        millicores,
    });
    prop_oneof![
        8 => an_entry().prop_map(Op::Admit),
        8 => Just(Op::Next),
        4 => (any::<usize>(), used).prop_map(|(at, used)| Op::End(at, used)),
        1 => any::<usize>().prop_map(Op::Withdraw),
        1 => (0..3usize, 0..4u32).prop_map(|(p, limit)| Op::LimitProvider(p, limit)),
        1 => (1..5u32, 0..4u32).prop_map(|(account, weight)| Op::Weigh(account, weight)),
        3 => (0..30 * MINUTE).prop_map(Op::Later),
    ]
}

fn pick(of: &[TaskId], at: usize) -> Option<TaskId> {
    (!of.is_empty()).then(|| of[at % of.len()])
}

/// Does one thing to both, and asserts that both say the same.
fn both(scheduler: &mut Scheduler, plain: &mut Plain, op: Op, now: &mut Timestamp) {
    match op {
        Op::Admit(entry) => {
            let admitted = scheduler.admit(&entry, *now);
            assert_eq!(admitted.is_ok(), plain.admit(&entry, *now), "{admitted:?}");
        }
        Op::Next => {
            let next = scheduler.next(*now);
            assert_eq!(next, plain.next(*now));
            if next.is_none() {
                let later = Timestamp(now.0 + 100 * HOUR);
                assert_eq!(scheduler.clone().next(later), None, "time alone starts something");
                let idle = |id: &TaskId| scheduler.why_waiting(*id) == Some(Why::Next);
                assert_eq!(plain.all().iter().find(|id| idle(id)), None, "could go, and does not");
            }
        }
        Op::End(at, used) => {
            if let Some(id) = pick(&plain.working(), at) {
                scheduler.ended(id, used, *now);
                plain.ended(id, used, *now);
            }
        }
        Op::Withdraw(at) => {
            if let Some(id) = pick(&plain.all(), at) {
                scheduler.withdraw(id, *now);
                plain.withdraw(id, *now);
            }
        }
        Op::LimitProvider(provider, limit) => {
            scheduler.limit_provider(PROVIDERS[provider], limit);
            plain.limit_provider(PROVIDERS[provider], limit);
        }
        Op::Weigh(account, weight) => {
            scheduler.weigh(AccountId(account), weight);
            plain.weigh(AccountId(account), weight);
        }
        Op::Later(ms) => now.0 += ms,
    }
    let working = plain.working();
    assert_eq!(scheduler.at_work() as usize, working.len());
    assert_eq!(scheduler.waiting(), plain.all().len() - working.len());
    let is_at_work = |id: TaskId| scheduler.host_of(id).is_some();
    assert!(plain.all().into_iter().all(|id| is_at_work(id) == working.contains(&id)));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn on_every_decision(limits in limits(), ops in proptest::collection::vec(op(), 1..120)) {
        let mut scheduler = Scheduler::new(limits.clone());
        let mut plain = Plain::new(limits);
        let mut now = Timestamp(10 * HOUR);
        for op in ops {
            both(&mut scheduler, &mut plain, op, &mut now);
        }
    }
}

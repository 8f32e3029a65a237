//! The gate before a provider: its limits, its turns, and how it gives way.

use std::collections::VecDeque;

use proptest::prelude::*;
use tenfold_domain::{AccountId, Millis, Timestamp, Tokens};
use tenfold_schedule::{Pass, RateGate, Rates, Reply, Ticket};

const ME: AccountId = AccountId(1);
const OTHER: AccountId = AccountId(2);
const START: u64 = 1_000_000;

/// A gate and its clock.
struct Door {
    gate: RateGate,
    now: u64,
}

impl Door {
    fn new(requests_per_minute: u32, tokens_per_minute: u64, at_once: u32) -> Self {
        let tokens_per_minute = Tokens(tokens_per_minute);
        let gate = RateGate::new(Rates { requests_per_minute, tokens_per_minute, at_once });
        Self { gate, now: START }
    }

    fn ask(&mut self, account: AccountId, tokens: u64) -> Pass {
        self.gate.ask(account, Tokens(tokens), Timestamp(self.now))
    }

    /// Asks for somebody who may go.
    fn go(&mut self, account: AccountId, tokens: u64) -> Ticket {
        match self.ask(account, tokens) {
            Pass::Go(ticket) => ticket,
            wait => panic!("{account} has to wait: {wait:?}"),
        }
    }

    fn answered(&mut self, ticket: Ticket, tokens: u64) {
        let reply = Reply::Answered { tokens: Tokens(tokens) };
        self.gate.ended(ticket, reply, Timestamp(self.now));
    }

    fn broke(&mut self, ticket: Ticket) {
        self.gate.ended(ticket, Reply::Broke, Timestamp(self.now));
    }

    fn refused(&mut self, ticket: Ticket, retry_after: Option<Millis>) {
        self.gate.ended(ticket, Reply::Refused { retry_after }, Timestamp(self.now));
    }
}

/// Not before so many milliseconds after the start.
fn not_before(ms: u64) -> Pass {
    Pass::NotBefore(Timestamp(START + ms))
}

#[test]
fn requests_and_tokens_are_counted_over_any_minute() {
    let mut door = Door::new(2, 100, 9);
    door.go(ME, 10);
    door.now += 20_000;
    door.go(ME, 10);
    assert_eq!(door.ask(ME, 10), not_before(60_000));
    door.now = START + 60_000;
    door.go(ME, 85);
    // The request of 85 is in the minute until 120 s, that of 10 until 80 s.
    door.now = START + 80_000;
    assert_eq!(door.ask(ME, 20), not_before(120_000));
    door.go(ME, 15);
}

#[test]
fn tokens_that_were_not_taken_are_given_back() {
    let mut door = Door::new(9, 100, 9);
    let ticket = door.go(ME, 90);
    assert_eq!(door.ask(ME, 20), not_before(60_000));
    door.answered(ticket, 30);
    door.go(ME, 70);
}

#[test]
fn a_request_that_is_larger_than_a_minute_goes_alone() {
    let mut door = Door::new(9, 100, 9);
    door.go(ME, 10);
    assert_eq!(door.ask(ME, 500), not_before(60_000));
    door.now += 60_000;
    door.go(ME, 500);
    assert_eq!(door.ask(ME, 1), not_before(120_000));
}

#[test]
fn at_once_there_are_no_more_than_may_be() {
    let mut door = Door::new(99, 1_000, 1);
    let ticket = door.go(ME, 1);
    assert_eq!(door.ask(ME, 1), Pass::Later);
    door.gate.ended(ticket, Reply::TakenBack, Timestamp(door.now));
    door.go(ME, 1);
    // A ticket counts once.
    door.gate.ended(ticket, Reply::TakenBack, Timestamp(door.now));
    assert_eq!(door.gate.under_way(), 1);
}

#[test]
fn who_waits_is_not_overtaken_and_the_one_that_had_less_goes_first() {
    let mut door = Door::new(99, 1_000, 1);
    let ticket = door.go(ME, 500);
    assert_eq!(door.ask(ME, 1), Pass::Later);
    assert_eq!(door.ask(OTHER, 100), Pass::Later);
    door.answered(ticket, 500);
    assert_eq!(door.ask(ME, 1), not_before(10_000), "the other had less");
    let ticket = door.go(OTHER, 100);
    assert_eq!(door.ask(ME, 1), Pass::Later);
    door.answered(ticket, 100);
    door.go(ME, 1);
}

#[test]
fn a_large_request_is_not_held_up_by_small_ones() {
    let mut door = Door::new(99, 100, 9);
    door.go(ME, 60);
    assert_eq!(door.ask(OTHER, 80), not_before(60_000));
    assert_eq!(door.ask(ME, 10), not_before(60_000), "else the minute would never be free");
    door.now += 60_000;
    assert_eq!(door.ask(ME, 10), not_before(70_000), "who is before has yet to ask again");
    door.go(OTHER, 80);
    door.go(ME, 10);
}

#[test]
fn who_went_away_holds_nobody_up() {
    for says_so in [true, false] {
        let mut door = Door::new(99, 1_000, 1);
        let ticket = door.go(ME, 500);
        assert_eq!(door.ask(OTHER, 100), Pass::Later);
        door.answered(ticket, 500);
        if says_so {
            door.gate.forget(OTHER);
        } else {
            assert_eq!(door.ask(ME, 1), not_before(10_000));
            door.now += 10_000;
        }
        door.go(ME, 1);
    }
}

#[test]
fn a_refusal_shuts_the_gate_and_halves_what_is_under_way() {
    let mut door = Door::new(99, 1_000, 8);
    let tickets: Vec<_> = (0..8).map(|_| door.go(ME, 1)).collect();
    // All that left together are one piece of news.
    for ticket in tickets {
        door.refused(ticket, Some(Millis(7_000)));
    }
    assert_eq!(door.gate.at_once(), 4);
    assert_eq!(door.ask(ME, 1), not_before(7_000));
    door.now += 7_000;
    let mut tickets: VecDeque<_> = (0..4).map(|_| door.go(ME, 1)).collect();
    assert_eq!(door.ask(ME, 1), Pass::Later);
    // One more takes a little more than as many answers as there are at once.
    for at_once in [4, 4, 4, 4, 5] {
        let ticket = tickets.pop_front().unwrap();
        door.answered(ticket, 1);
        assert_eq!(door.gate.at_once(), at_once);
        tickets.push_back(door.go(ME, 1));
    }
    // What is not used to the full does not grow.
    let (last, rest) = tickets.make_contiguous().split_last().unwrap();
    rest.iter().for_each(|ticket| door.gate.ended(*ticket, Reply::TakenBack, Timestamp(door.now)));
    door.answered(*last, 1);
    (0..20).for_each(|_| {
        let ticket = door.go(ME, 1);
        door.answered(ticket, 1);
    });
    assert_eq!(door.gate.at_once(), 5);
}

#[test]
fn without_a_word_on_how_long_each_refusal_shuts_it_for_twice_as_long() {
    let mut door = Door::new(99, 1_000, 4);
    for pause in [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000] {
        let ticket = door.go(ME, 1);
        door.refused(ticket, None);
        assert_eq!(door.ask(ME, 1), Pass::NotBefore(Timestamp(door.now + pause)));
        door.now += pause;
    }
    assert_eq!(door.gate.at_once(), 1, "one at the least, so that somebody finds out");
    let ticket = door.go(ME, 1);
    door.answered(ticket, 1);
    let ticket = door.go(ME, 1);
    door.refused(ticket, None);
    assert_eq!(door.ask(ME, 1), Pass::NotBefore(Timestamp(door.now + 1_000)));
}

#[test]
fn a_refusal_counts_from_what_was_under_way_and_shuts_for_a_second_at_the_least() {
    let mut door = Door::new(u32::MAX, u64::MAX, u32::MAX);
    let tickets: Vec<_> = (0..6).map(|_| door.go(ME, 1)).collect();
    door.refused(tickets[0], Some(Millis(0)));
    assert_eq!(door.gate.at_once(), 3);
    tickets
        .iter()
        .for_each(|ticket| door.gate.ended(*ticket, Reply::TakenBack, Timestamp(door.now)));
    assert_eq!(door.ask(ME, 1), not_before(1_000));
}

#[test]
fn limits_that_change_hold_at_once() {
    let mut door = Door::new(9, 1_000, 4);
    door.go(ME, 1);
    door.go(ME, 1);
    let rates = |at_once, requests_per_minute| Rates {
        requests_per_minute,
        tokens_per_minute: Tokens(1_000),
        at_once,
    };
    door.gate.limit(rates(2, 9));
    assert_eq!(door.ask(ME, 1), Pass::Later);
    door.gate.limit(rates(3, 9));
    door.go(ME, 1);
    door.gate.limit(rates(9, 3));
    assert_eq!(door.ask(ME, 1), not_before(60_000));
}

#[test]
fn a_provider_that_answers_nothing_is_tried_with_one_request_at_a_time() {
    let mut door = Door::new(99, 1_000, 16);
    // What left together has failed once.
    let together: Vec<Ticket> = (0..8).map(|_| door.go(ME, 1)).collect();
    together.into_iter().for_each(|ticket| door.broke(ticket));
    let second = door.go(ME, 1);
    door.broke(second);
    let third = door.go(ME, 1);
    door.broke(third);
    assert_eq!(door.ask(ME, 1), not_before(4_000));
    door.now += 4_000;
    let alone = door.go(ME, 1);
    assert_eq!(door.ask(ME, 1), Pass::Later);
    door.broke(alone);
    assert_eq!(door.ask(ME, 1), not_before(12_000));
    door.now += 8_000;
    let alone = door.go(ME, 1);
    assert_eq!(door.ask(ME, 1), Pass::Later);
    door.answered(alone, 1);
    // None was refused for being too many.
    for _ in 0..16 {
        door.go(ME, 1);
    }
    assert_eq!(door.ask(ME, 1), Pass::Later);
}

#[test]
fn answers_that_break_off_now_and_then_hold_nobody_up() {
    let mut door = Door::new(99, 1_000, 16);
    for _ in 0..5 {
        for _ in 0..2 {
            let ticket = door.go(ME, 1);
            door.broke(ticket);
        }
        let ticket = door.go(ME, 1);
        door.answered(ticket, 1);
    }
}

#[derive(Debug, Clone)]
enum Op {
    Ask(u32, u64),
    End(usize, Reply),
    Later(u64),
}

fn op() -> impl Strategy<Value = Op> {
    let answered = (0..40u64).prop_map(|tokens| Reply::Answered { tokens: Tokens(tokens) });
    let refused = proptest::option::of(0..30_000u64)
        .prop_map(|ms| Reply::Refused { retry_after: ms.map(Millis) });
    let reply = prop_oneof![4 => answered, 1 => refused, 1 => Just(Reply::Broke), 1 => Just(Reply::TakenBack)];
    prop_oneof![
        4 => (0..4u32, 1..40u64).prop_map(|(account, tokens)| Op::Ask(account, tokens)),
        2 => (any::<usize>(), reply).prop_map(|(at, reply)| Op::End(at, reply)),
        2 => (0..40_000u64).prop_map(Op::Later),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever comes: no limit is passed, no answer points into the past, and who asks as it
    /// was told gets through.
    #[test]
    fn no_limit_is_passed_and_everybody_gets_through(ops in proptest::collection::vec(op(), 1..150)) {
        let (requests, tokens, at_once) = (6, 100, 4);
        let mut door = Door::new(requests, tokens, at_once);
        let mut open: Vec<(Ticket, u64)> = Vec::new();
        let mut sent: VecDeque<(u64, Ticket, u64)> = VecDeque::new();
        for op in ops {
            match op {
                Op::Ask(account, tokens) => match door.ask(AccountId(account), tokens) {
                    Pass::Go(ticket) => {
                        open.push((ticket, tokens));
                        sent.push_back((door.now, ticket, tokens));
                        let from = door.now;
                        let minute: Vec<_> = sent.iter().filter(|sent| sent.0 + 60_000 > from).collect();
                        prop_assert!(minute.len() <= requests as usize);
                        prop_assert!(minute.iter().map(|sent| sent.2).sum::<u64>() <= 100);
                        prop_assert!(open.len() <= at_once as usize);
                    }
                    Pass::NotBefore(at) => prop_assert!(at.0 > door.now),
                    Pass::Later => prop_assert!(!open.is_empty()),
                },
                Op::End(at, reply) if !open.is_empty() => {
                    let (ticket, set_aside) = open.swap_remove(at % open.len());
                    // It never takes more than was asked for.
                    let reply = match reply {
                        Reply::Answered { tokens } => {
                            let tokens = Tokens(tokens.0.min(set_aside));
                            sent.iter_mut().filter(|s| s.1 == ticket).for_each(|s| s.2 = tokens.0);
                            Reply::Answered { tokens }
                        }
                        other => other,
                    };
                    door.gate.ended(ticket, reply, Timestamp(door.now));
                }
                Op::End(..) => {}
                Op::Later(ms) => door.now += ms,
            }
        }
        for (ticket, _) in open {
            door.gate.ended(ticket, Reply::TakenBack, Timestamp(door.now));
        }
        for _ in 0..20 {
            match door.ask(AccountId(9), 100) {
                Pass::Go(_) => return Ok(()),
                Pass::NotBefore(at) => door.now = at.0,
                Pass::Later => prop_assert!(false, "nothing is under way"),
            }
        }
        prop_assert!(false, "asked twenty times, and waited as told");
    }
}

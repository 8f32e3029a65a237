//! Blocks: never more than was leased, whatever happens in whichever order.

use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use tenfold_domain::{NanoUsd, Tokens};
use tenfold_gateway::{Basis, BlockTerms, Blocks, Hold, Refused, Spend};

use crate::bank::{ADA, ADAS, Books};

fn spend(money: u64) -> Spend {
    Spend { money: NanoUsd(money), tokens: Tokens(money / 10), requests: 1 }
}

#[tokio::test]
async fn many_requests_are_paid_of_few_leases() {
    let books = Books::of_ada(NanoUsd(1_000_000));
    let blocks = Blocks::new(books.clone(), BlockTerms::default());
    for _ in 0..500 {
        let hold = blocks.hold(ADAS, "m", spend(1_000)).await.unwrap();
        hold.settle(spend(700), Basis::Told);
        tokio::task::yield_now().await;
    }
    assert!(books.leases() < 60, "{} leases", books.leases());
    blocks.close().await;
    assert_eq!(books.spent(ADA), Spend { requests: 500, ..spend(700).times(500) });
    assert_eq!(books.open_leases(), 0);
}

#[tokio::test]
async fn the_last_of_an_account_can_be_spent_by_any_model() {
    let books = Books::of_ada(NanoUsd(1_000));
    let blocks = Blocks::new(books.clone(), BlockTerms::default());
    // The block of one model holds all that there is, and nobody uses it.
    blocks.hold(ADAS, "a", spend(60)).await.unwrap().settle(spend(10), Basis::Told);
    blocks.hold(ADAS, "b", spend(900)).await.unwrap().settle(spend(900), Basis::Told);
    let refused = blocks.hold(ADAS, "a", spend(91)).await.unwrap_err();
    let Refused::OverLimit { left, .. } = refused else { panic!("{refused}") };
    assert_eq!(left.money, Some(NanoUsd(90)));
    blocks.close().await;
    assert_eq!(books.spent(ADA).money, NanoUsd(910));
}

#[tokio::test]
async fn what_is_dropped_counts_in_full_and_what_is_over_is_said() {
    let books = Books::of_ada(NanoUsd(2_000));
    let terms = BlockTerms { requests: 1, ..BlockTerms::default() };
    let blocks = Blocks::new(books.clone(), terms);
    drop(blocks.hold(ADAS, "m", spend(1_000)).await.unwrap());
    let hold = blocks.hold(ADAS, "m", spend(1_000)).await.unwrap();
    let settled = hold.settle(spend(1_500), Basis::Told);
    assert_eq!((settled.spent.money, settled.over.money), (NanoUsd(1_000), NanoUsd(500)));
    blocks.close().await;
    let spent = books.spent_by(ADA);
    let known = |basis| spent.each().find(|(known, _, _)| *known == basis).unwrap().1.money;
    assert_eq!((known(Basis::Bound), known(Basis::Told)), (NanoUsd(1_000), NanoUsd(1_500)));
}

#[tokio::test]
async fn what_is_over_is_billed_at_once_and_tried_again_if_it_cant_be() {
    let books = Books::of_ada(NanoUsd(10_000));
    let blocks = Blocks::new(books.clone(), BlockTerms { requests: 2, ..BlockTerms::default() });
    let other = blocks.hold(ADAS, "m", spend(1_000)).await.unwrap();
    let hold = blocks.hold(ADAS, "m", spend(1_000)).await.unwrap();
    books.break_down();
    hold.settle(spend(20_000), Basis::Told);
    tokio::task::yield_now().await;
    assert_eq!(books.spent(ADA).money, NanoUsd(0));
    books.mend();
    blocks.sweep().await;
    assert_eq!(books.spent(ADA).money, NanoUsd(19_000), "though the block is held by another");
    assert!(blocks.hold(ADAS, "m", spend(1)).await.is_err(), "no block is begun with any more");
    other.settle(spend(1_000), Basis::Told);
    blocks.close().await;
    assert_eq!(books.spent(ADA).money, NanoUsd(21_000), "once");
}

#[tokio::test]
async fn a_limit_that_is_lowered_holds_for_the_next_request() {
    let books = Books::of_ada(NanoUsd(1_000_000));
    let blocks = Blocks::new(books.clone(), BlockTerms::default());
    let held = blocks.hold(ADAS, "m", spend(1_000)).await.unwrap();
    blocks.hold(ADAS, "m", spend(1_000)).await.unwrap().settle(spend(700), Basis::Told);
    assert_eq!(books.leases(), 1, "there is a block with room for more");
    books.lower(ADA, NanoUsd(17_000));
    assert!(blocks.hold(ADAS, "m", spend(1_001)).await.is_err(), "the block is no more used");
    held.settle(spend(1_000), Basis::Told);
    // What nobody holds of it any more is there for the next.
    blocks.hold(ADAS, "m", spend(1_001)).await.unwrap().settle(spend(1_001), Basis::Told);
    books.lower(ADA, NanoUsd(2_701));
    assert!(blocks.hold(ADAS, "m", spend(1)).await.is_err());
    blocks.sweep().await;
    assert_eq!(books.open_leases(), 0, "and nothing waits until it was idle for long");
    assert_eq!(books.spent(ADA).money, NanoUsd(2_701));
}

#[tokio::test]
async fn who_goes_away_while_a_block_is_leased_takes_nothing_with_it() {
    let books = Books::of_ada(NanoUsd(100_000));
    let blocks = Blocks::new(books.clone(), BlockTerms::default());
    {
        let mut holding = Box::pin(blocks.hold(ADAS, "m", spend(1_000)));
        // The bank has been asked when it waits for the first time.
        let waits = std::future::poll_fn(|context| {
            assert!(holding.as_mut().poll(context).is_pending());
            std::task::Poll::Ready(())
        });
        waits.await;
    }
    while books.leases() == 0 {
        tokio::task::yield_now().await;
    }
    tokio::task::yield_now().await;
    blocks.close().await;
    assert_eq!((books.open_leases(), books.spent(ADA)), (0, Spend::NONE));
}

#[tokio::test(start_paused = true)]
async fn a_block_that_nobody_uses_is_given_back() {
    let books = Books::of_ada(NanoUsd(100_000));
    let blocks = Blocks::new(books.clone(), BlockTerms::default());
    let held = blocks.hold(ADAS, "m", spend(1_000)).await.unwrap();
    tokio::time::advance(Duration::from_secs(60)).await;
    blocks.sweep().await;
    assert_eq!(books.open_leases(), 1, "it is held");
    held.settle(spend(400), Basis::Told);
    blocks.sweep().await;
    assert_eq!(books.open_leases(), 1, "it was used just now");
    tokio::time::advance(Duration::from_secs(60)).await;
    blocks.sweep().await;
    assert_eq!((books.open_leases(), books.spent(ADA).money), (0, NanoUsd(400)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_crowd_on_little_money_never_spends_more() {
    let books = Books::of_ada(NanoUsd(300_000));
    let terms = BlockTerms { requests: 4, money_max: NanoUsd(9_000), ..BlockTerms::default() };
    let blocks = Arc::new(Blocks::new(books.clone(), terms));
    let crowd = (0..2_000u64).map(|number| {
        let blocks = Arc::clone(&blocks);
        tokio::spawn(async move {
            let model = ["a", "b", "c"][(number % 3) as usize];
            let Ok(hold) = blocks.hold(ADAS, model, spend(500 + number % 700)).await else {
                return 0;
            };
            tokio::task::yield_now().await;
            match number % 5 {
                0 => hold.amount().money.0,
                1 => {
                    hold.release();
                    0
                }
                _ => hold.settle(spend(number % 500), Basis::Told).spent.money.0,
            }
        })
    });
    let crowd: Vec<_> = crowd.collect();
    let mut spent = 0;
    for one in crowd {
        spent += one.await.unwrap();
    }
    // What is leased ahead by the last of them comes in before all is given back.
    while books.open_leases() > 0 {
        blocks.close().await;
        tokio::task::yield_now().await;
    }
    assert_eq!(books.spent(ADA).money.0, spent);
    assert!(spent <= 300_000 && spent > 200_000, "{spent}");
}

/// What befalls a gateway.
#[derive(Debug, Clone)]
enum Step {
    Hold { model: bool, money: u64 },
    Settle { which: usize, money: u64 },
    Drop { which: usize },
    Sweep,
    Wait { ms: u64 },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (any::<bool>(), 0..3_000u64).prop_map(|(model, money)| Step::Hold { model, money }),
        3 => (0..9usize, 0..4_000u64).prop_map(|(which, money)| Step::Settle { which, money }),
        1 => (0..9usize).prop_map(|which| Step::Drop { which }),
        1 => Just(Step::Sweep),
        1 => (0..7_200_000u64).prop_map(|ms| Step::Wait { ms }),
    ]
}

/// Does the steps, and returns the most that may have been spent by what was said, and what bills
/// came to beyond what was leased.
async fn walk(books: &Arc<Books>, steps: Vec<Step>, terms: BlockTerms) -> (u64, u64) {
    let blocks = Blocks::new(books.clone(), terms);
    let (mut holds, mut spent, mut over): (Vec<Hold>, u64, u64) = (Vec::new(), 0, 0);
    for step in steps {
        match step {
            Step::Hold { model, money } => {
                let model = if model { "a" } else { "b" };
                holds.extend(blocks.hold(ADAS, model, spend(money)).await.ok());
            }
            Step::Settle { which, money } if which < holds.len() => {
                let settled = holds.swap_remove(which).settle(spend(money), Basis::Told);
                assert_eq!(settled.spent.money.0 + settled.over.money.0, money);
                spent += settled.spent.money.0;
                over += settled.over.money.0;
            }
            Step::Drop { which } if which < holds.len() => {
                spent += holds[which].amount().money.0;
                drop(holds.swap_remove(which));
            }
            Step::Settle { .. } | Step::Drop { .. } => {}
            Step::Sweep => blocks.sweep().await,
            Step::Wait { ms } => tokio::time::advance(Duration::from_millis(ms)).await,
        }
        tokio::task::yield_now().await;
        let after_crash = books.spent_after_crash(ADA).money.0;
        assert!(after_crash >= spent, "a crash now would forget some of {spent}");
    }
    for hold in holds {
        spent += hold.amount().money.0;
    }
    // What is leased ahead just now comes in before all is given back.
    tokio::time::advance(Duration::from_millis(1)).await;
    for _ in 0..9 {
        tokio::task::yield_now().await;
    }
    blocks.close().await;
    (spent, over)
}

proptest! {
    // The bank itself panics if more is leased than there is, or more settled than leased.
    #[test]
    fn never_a_nano_dollar_over(
        steps in prop::collection::vec(step(), 0..80), limit in 0..40_000u64,
        requests in 1..20u64, money_max in 1..9_000u64,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let books = Books::of_ada(NanoUsd(limit));
            let money_max = NanoUsd(money_max);
            let terms = BlockTerms { requests, money_max, ..BlockTerms::default() };
            let (spent, over) = walk(&books, steps, terms).await;
            assert_eq!(books.open_leases(), 0, "all is given back");
            let billed = books.spent(ADA).money.0;
            assert_eq!(billed, spent + over, "all that was spent is billed, once");
            assert!(spent <= limit, "but for what was over, no limit is passed");
        });
    }
}

//! Many who append at once, and those who read meanwhile.

use std::pin::Pin;
use std::sync::mpsc;
use std::task::{Context, Waker};
use std::thread;

use tenfold_domain::{Seq, TaskId, Timestamp};
use tenfold_store::{EVENT_BYTES_MAX, EventQuery, Store, StoreError, Surroundings, TaskQuery};

use crate::facts::*;

#[test]
fn appends_of_many_threads_follow_one_another_without_gaps() {
    let (_folder, path) = place();
    let store = open(&path);
    let (threads, appends) = (8, 25);
    let mut places: Vec<u64> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|n| {
                let store = &store;
                scope.spawn(move || {
                    let append = |i| store.append(vec![small(n), small(i)]).unwrap().first.0;
                    let mine: Vec<u64> = (0..appends).map(append).collect();
                    assert!(mine.is_sorted(), "one thread's appends stay in order");
                    mine
                })
            })
            .collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    places.sort_unstable();
    let expected: Vec<u64> = (0..threads * appends).map(|n| 2 * n + 1).collect();
    assert_eq!(places, expected);
    assert_eq!(store.view().unwrap().newest().unwrap(), Seq(2 * threads * appends));
}

/// A store whose clock stops its writer within the first append, until it is let go.
struct Stopped {
    store: Store,
    reached: mpsc::Receiver<()>,
    go: mpsc::Sender<()>,
}

impl Stopped {
    fn at(path: &std::path::Path) -> Self {
        let (tell, reached) = mpsc::channel();
        let (go, wait) = mpsc::channel::<()>();
        let clock = move || {
            // Both channels are used once; later calls find them closed and go on.
            let _ = tell.send(());
            let _ = wait.recv();
            Timestamp(1)
        };
        Self {
            store: Store::open_in(path, Surroundings::default().with_clock(clock)).unwrap(),
            reached,
            go,
        }
    }
}

type Waiting<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + 'a>>;

/// Hands the work in, without waiting for it.
fn begin<T>(mut future: Waiting<'_, T>) -> Waiting<'_, T> {
    assert!(future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    future
}

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

#[test]
fn what_queues_up_while_a_transaction_syncs_shares_the_next() {
    let (_folder, path) = place();
    let Stopped { store, reached, go } = Stopped::at(&path);
    let before = store.transactions();
    let first = begin(Box::pin(store.append_async(vec![small(0)])));
    reached.recv().unwrap();
    let others: Vec<_> =
        (1..=600).map(|n| begin(Box::pin(store.append_async(vec![small(n)])))).collect();
    drop((go, reached));
    assert_eq!(block_on(first).unwrap().first, Seq(1));
    for (n, other) in (2..).zip(others) {
        assert_eq!(block_on(other).unwrap().first, Seq(n));
    }
    // One for the first, and the others in batches of at most 256.
    assert_eq!(store.transactions() - before, 4);
}

#[test]
fn one_that_fails_takes_nobody_along_and_leaves_no_gap() {
    let (_folder, path) = place();
    let Stopped { store, reached, go } = Stopped::at(&path);
    let first = begin(Box::pin(store.append_async(vec![small(0)])));
    reached.recv().unwrap();
    let good = begin(Box::pin(store.new_task_async(spec("one"))));
    let nobodys = TaskId::new(7).unwrap();
    let bad = begin(Box::pin(store.new_attempt_async(nobodys, start(), |_| vec![small(2)])));
    let last = begin(Box::pin(store.append_async(vec![small(3)])));
    drop((go, reached));
    assert_eq!(block_on(first).unwrap().first, Seq(1));
    let task = block_on(good).unwrap();
    assert!(matches!(block_on(bad), Err(StoreError::NoTask(task)) if task == nobodys));
    assert_eq!(block_on(last).unwrap().first, Seq(3));
    assert_eq!(store.view().unwrap().events(&EventQuery::default()).unwrap().len(), 3);
    assert_eq!(store.view().unwrap().task(task).unwrap().unwrap().text, "one");
}

#[test]
fn what_can_not_be_written_down_is_refused_before_it_waits() {
    let (_folder, path) = place();
    let store = open(&path);
    let large = advanced("1.1".parse().unwrap(), "x".repeat(EVENT_BYTES_MAX).into());
    let bad = store.append(vec![small(2), large]);
    assert!(matches!(bad, Err(StoreError::TooLarge { .. })));
    assert_eq!(store.append(vec![small(3)]).unwrap().first, Seq(1));
}

#[test]
fn whoever_stops_waiting_loses_nothing_that_was_handed_in() {
    let (_folder, path) = place();
    let Stopped { store, reached, go } = Stopped::at(&path);
    drop(begin(Box::pin(store.append_async(vec![small(0)]))));
    reached.recv().unwrap();
    drop(begin(Box::pin(store.append_async(vec![small(1)]))));
    drop((go, reached));
    drop(store);
    assert_eq!(open(&path).view().unwrap().newest().unwrap(), Seq(2));
}

#[test]
fn the_blocking_form_works_on_a_runtimes_own_thread() {
    let (_folder, path) = place();
    let store = open(&path);
    block_on(async {
        // More than the runtime lets one task do without yielding.
        for n in 1..=300 {
            assert_eq!(store.append(vec![small(n)]).unwrap().first, Seq(n));
        }
    });
}

#[test]
fn a_view_stays_at_its_moment_while_others_write() {
    let (_folder, path) = place();
    let store = open(&path);
    store.new_task(spec("one")).unwrap();
    let reader = Store::read_only(&path).unwrap();
    for view in [reader.view().unwrap(), store.view().unwrap()] {
        let tasks = view.tasks(&TaskQuery::default()).unwrap();
        let newest = view.newest().unwrap();
        store.new_task(spec("another")).unwrap();
        assert_eq!(view.tasks(&TaskQuery::default()).unwrap(), tasks);
        assert_eq!(view.newest().unwrap(), newest);
    }
    let now = reader.view().unwrap();
    assert_eq!(now.tasks(&TaskQuery::default()).unwrap().len(), 3);
}

#[test]
fn every_moment_that_a_reader_sees_holds_together() {
    let (_folder, path) = place();
    let store = open(&path);
    let reader = Store::read_only(&path).unwrap();
    thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for n in 0..100 {
                store.new_task(spec(&n.to_string())).unwrap();
            }
        });
        while !writer.is_finished() {
            let view = reader.view().unwrap();
            let tasks = view.tasks(&TaskQuery { limit: 1_000, ..TaskQuery::default() }).unwrap();
            assert_eq!(view.newest().unwrap(), Seq(tasks.len() as u64));
        }
    });
}

//! At most one engine.

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};

use tenfold_store::{EngineLock, StoreError};

use crate::facts::place;

#[test]
fn there_is_one_engine_at_a_time_and_the_next_takes_over() {
    let (folder, path) = place();
    let home = path.parent().unwrap();
    assert_eq!(EngineLock::holder(home).unwrap(), None);
    let lock = EngineLock::acquire(home).unwrap();
    let Err(StoreError::Held { pid, since }) = EngineLock::acquire(home) else {
        panic!("two engines")
    };
    assert_eq!(pid, Some(std::process::id()));
    assert!(since.is_some());
    let elsewhere = EngineLock::acquire(folder.path()).unwrap();
    drop(lock);
    assert_eq!(EngineLock::holder(home).unwrap(), None);
    let lock = EngineLock::acquire(home).unwrap();
    drop((lock, elsewhere));
}

#[test]
fn looking_who_the_engine_is_does_not_keep_one_from_starting() {
    let (folder, _) = place();
    drop(EngineLock::acquire(folder.path()).unwrap());
    let (begun, done) = (Barrier::new(2), AtomicBool::new(false));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            begun.wait();
            while !done.load(Ordering::Relaxed) {
                let _ = EngineLock::holder(folder.path());
            }
        });
        begun.wait();
        let failed = (0..1_000).find_map(|_| EngineLock::acquire(folder.path()).err());
        done.store(true, Ordering::Relaxed);
        assert!(failed.is_none(), "{failed:?}");
    });
}

//! At most one engine.

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
    std::thread::scope(|scope| {
        let looking = scope.spawn(|| {
            for _ in 0..200 {
                EngineLock::holder(folder.path()).unwrap();
            }
        });
        while !looking.is_finished() {
            EngineLock::acquire(folder.path()).unwrap();
        }
    });
}

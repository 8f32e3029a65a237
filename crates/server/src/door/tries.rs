//! Tries to sign in: five for each address and name, or way without one, twenty for each address,
//! then waits that double up to a quarter of an hour. A try counts before the password is looked
//! at, so that many at once are no way round. A name alone is not counted: by that, anybody could
//! lock anybody out.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::http::StatusCode;
use tenfold_domain::ProblemKind;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::{Peer, Turned};

/// Tries of one address and name, and of one address, without a wait.
const FREE: u32 = 5;
const FREE_OF_ADDRESS: u32 = 20;
const FIRST_WAIT: Duration = Duration::from_secs(60);
const LONGEST_WAIT: Duration = Duration::from_secs(15 * 60);
/// After so long without a try, all are forgotten.
const QUIET: Duration = Duration::from_secs(3_600);
const KEYS_MAX: usize = 10_000;
/// Passwords that are looked at together: each takes a core and 19 MiB.
const AT_ONCE: usize = 2;
/// How long somebody waits for that.
const TURN: Duration = Duration::from_secs(10);
/// The longest name that is told from others, in bytes.
const NAME_BYTES_MAX: usize = 256;

/// By what somebody wants to sign in.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Way {
    /// The password of somebody of this name.
    Password(String),
    /// A link.
    Link,
    /// A passkey.
    Passkey,
    /// A provider.
    Provider,
}

/// An address, with a way or for itself.
type Key = (Peer, Option<Way>);

#[derive(Debug, Clone, Copy)]
struct Failed {
    count: u32,
    last: Instant,
}

type All = Arc<Mutex<HashMap<Key, Failed>>>;

/// All that failed lately.
pub(crate) struct Tries {
    all: All,
    turns: Arc<Semaphore>,
}

/// One try, which counts as failed unless it [succeeded](Self::succeeded).
pub struct Try {
    keys: [Key; 2],
    all: All,
    _turn: Option<OwnedSemaphorePermit>,
}

impl Default for Tries {
    fn default() -> Self {
        Self { all: All::default(), turns: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

impl Tries {
    pub(crate) async fn begin(&self, peer: Peer, way: Way) -> Result<Try, Turned> {
        let way = match way {
            Way::Password(name) => {
                Way::Password(name.to_lowercase().chars().take(NAME_BYTES_MAX / 4).collect())
            }
            way => way,
        };
        let is_costly = matches!(way, Way::Password(_));
        let keys = [(peer, Some(way)), (peer, None)];
        count(&mut lock(&self.all), &keys)?;
        let turn = if is_costly { Some(self.turn().await?) } else { None };
        Ok(Try { keys, all: Arc::clone(&self.all), _turn: turn })
    }

    async fn turn(&self) -> Result<OwnedSemaphorePermit, Turned> {
        let turn = Arc::clone(&self.turns).acquire_owned();
        let busy = || {
            let what = "too many want to sign in just now";
            Turned::new(StatusCode::SERVICE_UNAVAILABLE, ProblemKind::Busy, what)
        };
        tokio::time::timeout(TURN, turn).await.ok().and_then(Result::ok).ok_or_else(busy)
    }
}

impl Try {
    /// It was them: earlier failures under this name are forgotten.
    pub fn succeeded(self) {
        let mut all = lock(&self.all);
        let [of_name, of_address] = &self.keys;
        all.remove(of_name);
        if let Some(failed) = all.get_mut(of_address) {
            failed.count = failed.count.saturating_sub(1);
        }
    }
}

/// Counts a try, unless it comes too early.
fn count(all: &mut HashMap<Key, Failed>, keys: &[Key; 2]) -> Result<(), Turned> {
    let now = Instant::now();
    let waits = keys.iter().filter_map(|key| {
        let failed = all.get(key)?;
        let free = if key.1.is_some() { FREE } else { FREE_OF_ADDRESS };
        (failed.last + wait(failed.count, free)).checked_duration_since(now)
    });
    if let Some(wait) = waits.max().filter(|wait| !wait.is_zero()) {
        return Err(Turned::too_often("there were too many tries to sign in", wait));
    }
    for key in keys {
        make_room(all, key, now);
        let failed = all.entry(key.clone()).or_insert(Failed { count: 0, last: now });
        let count = if now - failed.last >= QUIET { 0 } else { failed.count };
        *failed = Failed { count: count.saturating_add(1), last: now };
    }
    Ok(())
}

/// How long after so many failures the next try has to wait.
fn wait(failures: u32, free: u32) -> Duration {
    match failures.checked_sub(free) {
        None => Duration::ZERO,
        Some(more) => FIRST_WAIT.saturating_mul(1 << more.min(10)).min(LONGEST_WAIT),
    }
}

fn make_room(all: &mut HashMap<Key, Failed>, key: &Key, now: Instant) {
    if all.len() < KEYS_MAX || all.contains_key(key) {
        return;
    }
    all.retain(|_, failed| now - failed.last < QUIET);
    if all.len() >= KEYS_MAX {
        let first = all.iter().min_by_key(|(_, failed)| failed.last).map(|(key, _)| key.clone());
        first.and_then(|first| all.remove(&first));
    }
}

fn lock(all: &All) -> MutexGuard<'_, HashMap<Key, Failed>> {
    all.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Peer = Peer::UNKNOWN;

    fn there() -> Peer {
        Peer::new([10, 0, 0, 1].into())
    }

    fn named(name: &str) -> Way {
        Way::Password(name.to_owned())
    }

    async fn fail(tries: &Tries, name: &str) -> Result<(), Turned> {
        tries.begin(HERE, named(name)).await.map(drop)
    }

    #[tokio::test(start_paused = true)]
    async fn after_five_tries_waits_begin_and_grow() {
        let tries = Tries::default();
        for _ in 0..5 {
            fail(&tries, "ada").await.unwrap();
        }
        for minutes in [1, 2, 4, 8, 15, 15] {
            let wait = Duration::from_secs(60 * minutes);
            tokio::time::advance(wait - Duration::from_millis(1)).await;
            let turned = fail(&tries, "Ada").await.unwrap_err();
            assert_eq!(turned.status(), StatusCode::TOO_MANY_REQUESTS);
            tokio::time::advance(Duration::from_millis(1)).await;
            fail(&tries, "ada").await.unwrap();
        }
        fail(&tries, "bea").await.unwrap();
        tries.begin(there(), named("ada")).await.map(drop).unwrap();
        tokio::time::advance(QUIET).await;
        for _ in 0..5 {
            fail(&tries, "ada").await.unwrap();
        }
    }

    #[tokio::test(start_paused = true)]
    async fn many_names_from_one_address_are_counted_together() {
        let tries = Tries::default();
        for number in 0..20 {
            fail(&tries, &format!("name {number}")).await.unwrap();
        }
        assert!(fail(&tries, "another").await.is_err());
        tries.begin(there(), named("another")).await.map(drop).unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn who_succeeds_begins_anew() {
        let tries = Tries::default();
        for _ in 0..50 {
            for _ in 0..4 {
                tries.begin(HERE, named("ada")).await.unwrap().succeeded();
            }
        }
        for _ in 0..5 {
            fail(&tries, "ada").await.unwrap();
        }
        assert!(fail(&tries, "ada").await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn only_some_passwords_are_looked_at_together() {
        let tries = Tries::default();
        let _first = tries.begin(HERE, named("a")).await.unwrap();
        let second = tries.begin(HERE, named("b")).await.unwrap();
        let turned = tries.begin(HERE, named("c")).await.map(drop).unwrap_err();
        assert_eq!(turned.status(), StatusCode::SERVICE_UNAVAILABLE);
        drop(second);
        tries.begin(HERE, named("c")).await.map(drop).unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn who_comes_without_a_password_waits_for_none_and_is_counted_apart() {
        let tries = Tries::default();
        let _first = tries.begin(HERE, named("a")).await.unwrap();
        let _second = tries.begin(HERE, named("b")).await.unwrap();
        for way in [Way::Link, Way::Passkey, Way::Provider] {
            for _ in 0..5 {
                tries.begin(HERE, way.clone()).await.map(drop).unwrap();
            }
            assert!(tries.begin(HERE, way).await.is_err());
        }
    }
}

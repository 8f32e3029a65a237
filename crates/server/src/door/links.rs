//! Links by which somebody signs in once, soon: the first person at the first start, and
//! everybody whom an admin hands one. They are kept hashed, in memory, and gone with the process.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tenfold_domain::PersonId;
use tokio::time::Instant;

use super::{Secret, Turned};

/// The most at the same time; with another, the oldest is gone.
const MOST: usize = 256;

/// All that were handed out and not used.
pub struct Links {
    time: Duration,
    all: Mutex<HashMap<String, Link>>,
}

#[derive(Debug, Clone, Copy)]
struct Link {
    person: PersonId,
    since: Instant,
}

impl Links {
    pub(crate) fn new(time: Duration) -> Self {
        Self { time, all: Mutex::default() }
    }

    /// A link for somebody; its secret goes behind `/#link=`.
    ///
    /// # Errors
    /// [`Turned`] with 500 if the system has no chance to give.
    pub fn make(&self, person: PersonId) -> Result<Secret, Turned> {
        let secret = Secret::new()?;
        let mut all = self.good();
        if all.len() >= MOST {
            let oldest = all.iter().min_by_key(|(_, link)| link.since);
            let oldest = oldest.map(|(hash, _)| hash.clone());
            oldest.and_then(|oldest| all.remove(&oldest));
        }
        all.insert(secret.hash(), Link { person, since: Instant::now() });
        Ok(secret)
    }

    /// Whose link this is. It is used up by this, whatever comes of it.
    pub fn take(&self, secret: &str) -> Option<PersonId> {
        self.good().remove(&tenfold_people::hash(secret)).map(|link| link.person)
    }

    /// Takes back all of somebody's: they are gone, or have another password.
    pub fn take_back(&self, person: PersonId) {
        self.good().retain(|_, link| link.person != person);
    }

    fn good(&self) -> MutexGuard<'_, HashMap<String, Link>> {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, link| link.since.elapsed() < self.time);
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTES: Duration = Duration::from_secs(600);
    const ADA: PersonId = PersonId(2);

    #[tokio::test(start_paused = true)]
    async fn a_link_is_good_once_and_for_ten_minutes() {
        let links = Links::new(MINUTES);
        let (one, two) = (links.make(ADA).unwrap(), links.make(ADA).unwrap());
        assert_ne!(one.text(), two.text());
        assert_eq!(links.take(&one.hash()), None, "the hash opens nothing");
        assert_eq!(links.take(one.text()), Some(ADA));
        assert_eq!(links.take(one.text()), None);
        tokio::time::advance(MINUTES - Duration::from_millis(1)).await;
        let three = links.make(ADA).unwrap();
        tokio::time::advance(Duration::from_millis(1)).await;
        assert_eq!(links.take(two.text()), None);
        links.take_back(ADA);
        assert_eq!(links.take(three.text()), None);
    }

    #[tokio::test(start_paused = true)]
    async fn there_are_so_many_and_secrets_are_not_among_what_is_kept() {
        let links = Links::new(MINUTES);
        let first = links.make(ADA).unwrap();
        tokio::time::advance(Duration::from_millis(1)).await;
        for _ in 0..MOST {
            links.make(ADA).unwrap();
        }
        assert_eq!(links.take(first.text()), None);
        let all = links.all.lock().unwrap();
        assert_eq!(all.len(), MOST);
        assert!(!all.contains_key(first.text()));
    }
}

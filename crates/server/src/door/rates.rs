//! How often somebody may ask: a bucket that fills with time, and that each request takes from.

use std::collections::HashMap;
use std::convert::Infallible;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use tokio::time::Instant;

/// The most that are remembered; more than ever come, unless somebody makes up addresses.
const KEYS_MAX: usize = 10_000;

/// So often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// In the long run.
    pub per_second: u32,
    /// At once, after a pause.
    pub burst: u32,
}

/// Where somebody comes from. A network of IPv6 that one machine may have for itself (64 bits)
/// counts as one address. Behind a proxy that is not [believed](super::Terms::proxies) everybody
/// comes from the proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Peer(IpAddr);

impl Peer {
    /// From this address.
    #[must_use]
    pub fn new(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(address) => {
                IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)))
            }
            address @ IpAddr::V4(_) => address,
        })
    }

    /// From nobody knows where: all of them together.
    pub(crate) const UNKNOWN: Self = Self(IpAddr::V6(Ipv6Addr::UNSPECIFIED));
}

impl<S: Sync> FromRequestParts<S> for Peer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get().copied().unwrap_or(Self::UNKNOWN))
    }
}

/// What is left of somebody's rate.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    left: f64,
    at: Instant,
}

/// Everybody's.
pub(crate) struct Rates<K> {
    rate: Rate,
    all: Mutex<HashMap<K, Bucket>>,
}

impl<K: Copy + Eq + Hash> Rates<K> {
    pub(crate) fn new(rate: Rate) -> Self {
        Self { rate, all: Mutex::default() }
    }

    /// Takes one; if there is none, says when there will be.
    pub(crate) fn take(&self, key: K) -> Result<(), Duration> {
        let now = Instant::now();
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= KEYS_MAX && !all.contains_key(&key) {
            self.make_room(&mut all, now);
        }
        let full = Bucket { left: f64::from(self.rate.burst), at: now };
        let bucket = all.entry(key).or_insert(full);
        *bucket = self.filled(*bucket, now);
        if bucket.left < 1.0 {
            let lacks = (1.0 - bucket.left) / f64::from(self.rate.per_second.max(1));
            return Err(Duration::from_secs_f64(lacks));
        }
        bucket.left -= 1.0;
        Ok(())
    }

    fn filled(&self, bucket: Bucket, now: Instant) -> Bucket {
        let new = now.duration_since(bucket.at).as_secs_f64() * f64::from(self.rate.per_second);
        Bucket { left: (bucket.left + new).min(f64::from(self.rate.burst)), at: now }
    }

    /// Forgets whose bucket is full, which is as if they had never come; if that is not enough,
    /// the half that came longest ago, so that this is seldom.
    fn make_room(&self, all: &mut HashMap<K, Bucket>, now: Instant) {
        let full = f64::from(self.rate.burst);
        all.retain(|_, bucket| self.filled(*bucket, now).left < full);
        if all.len() >= KEYS_MAX {
            let mut times: Vec<_> = all.values().map(|bucket| bucket.at).collect();
            let (_, middle, _) = times.select_nth_unstable(KEYS_MAX / 2);
            let middle = *middle;
            // All may have come in the same moment.
            let mut to_go = KEYS_MAX / 2;
            all.retain(|_, bucket| {
                let goes = to_go > 0 && bucket.at <= middle;
                to_go -= usize::from(goes);
                !goes
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_burst_then_so_many_a_second_for_each() {
        let rates = Rates::new(Rate { per_second: 2, burst: 3 });
        for _ in 0..3 {
            rates.take("ada").unwrap();
        }
        let wait = rates.take("ada").unwrap_err();
        assert_eq!(wait, Duration::from_millis(500));
        rates.take("bea").unwrap();
        tokio::time::advance(wait).await;
        rates.take("ada").unwrap();
        assert!(rates.take("ada").is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn made_up_addresses_take_no_room_without_end() {
        let rates = Rates::new(Rate { per_second: 1, burst: 2 });
        for key in 0..2 * KEYS_MAX {
            rates.take(key).unwrap();
            assert!(rates.all.lock().unwrap().len() <= KEYS_MAX);
        }
        rates.take(2 * KEYS_MAX - 1).unwrap();
        assert!(rates.take(2 * KEYS_MAX - 1).is_err(), "who came last is remembered");
    }

    #[test]
    fn one_machine_is_one_peer_however_many_addresses_it_has() {
        let peer = |text: &str| Peer::new(text.parse().unwrap());
        assert_eq!(peer("2001:db8::1"), peer("2001:db8::ffff:1"));
        assert_ne!(peer("2001:db8::1"), peer("2001:db8:0:1::1"));
        assert_eq!(peer("::ffff:10.0.0.1"), peer("10.0.0.1"));
        assert_ne!(peer("10.0.0.1"), peer("10.0.0.2"));
    }
}

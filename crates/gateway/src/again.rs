//! Answers that are kept for who asks again with the same `Idempotency-Key`: the same key is
//! billed once. Whoever comes while the first is under way waits for its answer.
//!
//! It is apart because it is the only memory of what was said, and so is bounded in bytes and in
//! time. An answer that was not whole is not kept: who asks again then asks anew.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode};
use bytes::Bytes;
use tenfold_domain::AccountId;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::{Terms, Wire};

/// Says that an answer is another's.
const JOINED: &str = "x-tenfold-joined";
/// The longest key that is taken, in bytes.
pub(crate) const KEY_BYTES_MAX: usize = 256;

/// Which request this is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Name {
    pub(crate) account: AccountId,
    pub(crate) wire: Wire,
    pub(crate) key: String,
}

/// A whole answer.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// How far the first has come.
#[derive(Debug, Clone)]
enum State {
    UnderWay,
    Whole(Arc<Answer>),
    /// It broke off, or its answer was too large to be kept.
    Gone,
}

/// What there is for a key.
#[derive(Debug)]
struct Entry {
    /// Of the body: another body with the same key is another request.
    body: u64,
    state: watch::Receiver<State>,
    /// Tells this entry from a later one with the same key.
    number: u64,
}

#[derive(Debug, Default)]
struct All {
    entries: HashMap<Name, Entry>,
    /// Whole answers, oldest first, with when each came.
    whole: VecDeque<(Name, u64, Instant, usize)>,
    bytes: usize,
    number: u64,
}

/// All that is kept.
pub(crate) struct Kept {
    all: Arc<Mutex<All>>,
    hasher: RandomState,
    bytes_max: usize,
    answer_bytes_max: usize,
    time: Duration,
}

/// What to do with a request that has a key.
pub(crate) enum Turn {
    /// It is the first: it is to be asked, and its answer copied.
    First(Copy),
    /// Here is its answer.
    Known(Response<Body>),
    /// The key belongs to another request.
    Another,
}

impl Kept {
    pub(crate) fn new(terms: &Terms) -> Self {
        Self {
            all: Arc::default(),
            hasher: RandomState::new(),
            bytes_max: terms.kept_bytes_max,
            answer_bytes_max: terms.kept_answer_bytes_max,
            time: terms.kept,
        }
    }

    /// Says whose turn it is; waits for one that is under way.
    pub(crate) async fn turn(&self, name: Name, body: &Bytes) -> Turn {
        let body = self.hasher.hash_one(body);
        loop {
            let mut state = match self.first_or_state(&name, body) {
                Ok(turn) => return turn,
                Err(state) => state,
            };
            let state = state.wait_for(|state| !matches!(state, State::UnderWay)).await;
            let whole = match state.as_deref() {
                Ok(State::Whole(answer)) => Some(Arc::clone(answer)),
                _ => None,
            };
            drop(state);
            if let Some(answer) = whole {
                return Turn::Known(answer.response());
            }
            self.forget(&name);
        }
    }

    fn first_or_state(&self, name: &Name, body: u64) -> Result<Turn, watch::Receiver<State>> {
        let mut all = lock(&self.all);
        all.forget_old(self.time);
        if let Some(entry) = all.entries.get(name) {
            if entry.body != body {
                return Ok(Turn::Another);
            }
            return Err(entry.state.clone());
        }
        let (send, state) = watch::channel(State::UnderWay);
        all.number += 1;
        let number = all.number;
        all.entries.insert(name.clone(), Entry { body, state, number });
        Ok(Turn::First(Copy {
            name: name.clone(),
            number,
            all: Arc::clone(&self.all),
            send,
            head: None,
            body: Vec::new(),
            bytes_max: self.bytes_max,
            answer_bytes_max: self.answer_bytes_max,
            ended: false,
        }))
    }

    /// Forgets one that is gone, unless it is under way again.
    fn forget(&self, name: &Name) {
        let mut all = lock(&self.all);
        let is_gone = |entry: &Entry| matches!(&*entry.state.borrow(), State::Gone);
        if all.entries.get(name).is_some_and(is_gone) {
            all.entries.remove(name);
        }
    }
}

impl All {
    fn forget_old(&mut self, time: Duration) {
        while self.whole.front().is_some_and(|(_, _, came, _)| came.elapsed() >= time) {
            self.forget_first();
        }
    }

    fn forget_first(&mut self) {
        let Some((name, number, _, bytes)) = self.whole.pop_front() else { return };
        self.bytes = self.bytes.saturating_sub(bytes);
        if self.entries.get(&name).is_some_and(|entry| entry.number == number) {
            self.entries.remove(&name);
        }
    }
}

impl Answer {
    fn response(&self) -> Response<Body> {
        let mut response = Response::new(Body::from(self.body.clone()));
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers.clone();
        response.headers_mut().insert(JOINED, HeaderValue::from_static("true"));
        response
    }
}

/// Copies an answer as it goes out.
pub(crate) struct Copy {
    name: Name,
    number: u64,
    all: Arc<Mutex<All>>,
    send: watch::Sender<State>,
    head: Option<(StatusCode, HeaderMap)>,
    body: Vec<u8>,
    bytes_max: usize,
    answer_bytes_max: usize,
    ended: bool,
}

impl Copy {
    /// The answer begins like this.
    pub(crate) fn begin(&mut self, status: StatusCode, headers: &HeaderMap) {
        self.head = Some((status, headers.clone()));
    }

    /// More of its body.
    pub(crate) fn more(&mut self, bytes: &[u8]) {
        if self.body.len() + bytes.len() > self.answer_bytes_max {
            self.head = None;
            self.body = Vec::new();
        }
        if self.head.is_some() {
            self.body.extend_from_slice(bytes);
        }
    }

    /// Whether it may still be kept: it has begun, and is not too large.
    pub(crate) fn is_kept(&self) -> bool {
        self.head.is_some()
    }

    /// That was all; or it broke off.
    pub(crate) fn end(mut self, whole: bool) {
        self.finish(whole);
    }

    fn finish(&mut self, whole: bool) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        let head = self.head.take().filter(|_| whole);
        let Some((status, headers)) = head else {
            let mut all = lock(&self.all);
            if all.entries.get(&self.name).is_some_and(|entry| entry.number == self.number) {
                all.entries.remove(&self.name);
            }
            self.send.send_replace(State::Gone);
            return;
        };
        let body = Bytes::from(std::mem::take(&mut self.body));
        let bytes = body.len() + self.name.key.len();
        let mut all = lock(&self.all);
        all.whole.push_back((self.name.clone(), self.number, Instant::now(), bytes));
        all.bytes += bytes;
        while all.bytes > self.bytes_max {
            all.forget_first();
        }
        self.send.send_replace(State::Whole(Arc::new(Answer { status, headers, body })));
    }
}

/// The first is gone without an answer.
impl Drop for Copy {
    fn drop(&mut self) {
        self.finish(false);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

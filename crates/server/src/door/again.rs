//! Answers that are kept for who asks again with the same `Idempotency-Key`: what the key stands
//! for is done once. Whoever comes while the first is under way waits for its answer; the first
//! goes on when its client goes away.
//!
//! It is apart because it remembers what was said, and so is bounded in number, bytes and time.

use std::collections::{HashMap, VecDeque};
use std::future::Future;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http_body_util::BodyExt;
use tenfold_domain::ProblemKind;
use tokio::sync::watch;
use tokio::time::Instant;

use super::{By, Terms, Turned};

/// Says that an answer is that of an earlier request.
const JOINED: &str = "x-tenfold-joined";
/// The longest key that is taken, in bytes.
const KEY_BYTES_MAX: usize = 256;

/// A whole answer.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

/// How far the first has come.
#[derive(Clone)]
enum State {
    UnderWay,
    Whole(Arc<Answer>),
    /// It was done, and its answer was too large to be kept.
    TooLarge,
    /// Nothing was done: the next who asks is the first.
    Gone,
}

struct Entry {
    /// Of what was asked: something else with the same key is refused.
    call: u64,
    state: watch::Receiver<State>,
    since: Instant,
    /// Tells it from a later one with the same key.
    number: u64,
    bytes: usize,
}

/// All that is kept for one person or program.
#[derive(Default)]
struct Theirs {
    entries: HashMap<String, Entry>,
    /// The keys, oldest first.
    order: VecDeque<(String, u64)>,
    bytes: usize,
    number: u64,
}

type All = Mutex<HashMap<By, Theirs>>;

/// All that is kept.
pub(crate) struct Kept {
    all: Arc<All>,
    hasher: RandomState,
    bounds: Bounds,
}

/// How much is kept of one person or program, and how long.
#[derive(Clone, Copy)]
struct Bounds {
    time: Duration,
    answers: usize,
    bytes: usize,
    answer_bytes: usize,
}

enum Turn {
    First(Slot),
    After(watch::Receiver<State>),
    Another,
}

/// Where the first puts its answer.
struct Slot {
    by: By,
    key: String,
    number: u64,
    all: Arc<All>,
    send: watch::Sender<State>,
    bounds: Bounds,
}

/// The key of a request, if it has one.
///
/// # Errors
/// [`Turned`] with 400.
pub(crate) fn key(headers: &HeaderMap) -> Result<Option<String>, Turned> {
    let Some(key) = headers.get("idempotency-key") else { return Ok(None) };
    match key.to_str().ok().filter(|key| (1..=KEY_BYTES_MAX).contains(&key.len())) {
        Some(key) => Ok(Some(key.to_owned())),
        None => {
            let what = "an Idempotency-Key is 1 to 256 printable characters of ASCII";
            Err(Turned::new(StatusCode::BAD_REQUEST, ProblemKind::Usage, what))
        }
    }
}

impl Kept {
    pub(crate) fn new(terms: &Terms) -> Self {
        let bounds = Bounds {
            time: terms.kept,
            answers: terms.kept_each,
            bytes: terms.kept_bytes_each,
            answer_bytes: terms.kept_answer_bytes_max,
        };
        Self { all: Arc::default(), hasher: RandomState::new(), bounds }
    }

    /// Answers what `call` says: by `run`, or as it was answered before.
    pub(crate) async fn once(
        &self,
        (by, key): (By, String),
        call: impl Hash,
        run: impl Future<Output = Response> + Send + 'static,
    ) -> Response {
        let call = self.hasher.hash_one(call);
        loop {
            let mut state = match self.turn(by, &key, call) {
                Turn::First(slot) => {
                    let whole = tokio::spawn(async move { slot.fill(run.await).await });
                    return whole.await.unwrap_or_else(|_| broken().into_response());
                }
                Turn::After(state) => state,
                Turn::Another => return another().into_response(),
            };
            let state = state.wait_for(|state| !matches!(state, State::UnderWay)).await;
            match state.as_deref() {
                Ok(State::Whole(answer)) => return answer.response(),
                Ok(State::TooLarge) => return too_large().into_response(),
                _ => {}
            }
        }
    }

    fn turn(&self, by: By, key: &str, call: u64) -> Turn {
        let mut all = lock(&self.all);
        for theirs in all.values_mut() {
            theirs.forget_old(self.bounds.time);
        }
        all.retain(|_, theirs| !theirs.entries.is_empty());
        let theirs = all.entry(by).or_default();
        if let Some(entry) = theirs.entries.get(key) {
            return match entry.call == call {
                true => Turn::After(entry.state.clone()),
                false => Turn::Another,
            };
        }
        if theirs.entries.len() >= self.bounds.answers {
            theirs.forget_first();
        }
        let (send, state) = watch::channel(State::UnderWay);
        theirs.number += 1;
        let number = theirs.number;
        let entry = Entry { call, state, since: Instant::now(), number, bytes: 0 };
        theirs.entries.insert(key.to_owned(), entry);
        theirs.order.push_back((key.to_owned(), number));
        let (all, bounds) = (Arc::clone(&self.all), self.bounds);
        Turn::First(Slot { by, key: key.to_owned(), number, all, send, bounds })
    }
}

impl Theirs {
    /// Forgets what is over, and the places of what is gone already.
    fn forget_old(&mut self, time: Duration) {
        while let Some((key, number)) = self.order.front() {
            let entry = self.entries.get(key).filter(|entry| entry.number == *number);
            if entry.is_some_and(|entry| entry.since.elapsed() < time) {
                return;
            }
            self.forget_first();
        }
    }

    fn forget_first(&mut self) {
        if let Some((key, number)) = self.order.pop_front() {
            self.forget(&key, number);
        }
    }

    fn forget(&mut self, key: &str, number: u64) {
        if self.entries.get(key).is_some_and(|entry| entry.number == number)
            && let Some(entry) = self.entries.remove(key)
        {
            self.bytes = self.bytes.saturating_sub(entry.bytes);
        }
    }
}

impl Slot {
    /// Keeps an answer, and hands it on. What our own fault kept from being done, and what came
    /// too often, is asked anew.
    async fn fill(self, response: Response) -> Response {
        let (head, body) = response.into_parts();
        let Ok(body) = body.collect().await else { return broken().into_response() };
        let body = body.to_bytes();
        let answer = Answer { status: head.status, headers: head.headers, body };
        let is_done =
            !answer.status.is_server_error() && answer.status != StatusCode::TOO_MANY_REQUESTS;
        let response = answer.response();
        if is_done {
            self.keep(answer);
        }
        response
    }

    fn keep(&self, answer: Answer) {
        let bytes = answer.body.len();
        if bytes > self.bounds.answer_bytes {
            self.send.send_replace(State::TooLarge);
            return;
        }
        self.send.send_replace(State::Whole(Arc::new(answer.joined())));
        let mut all = lock(&self.all);
        let Some(theirs) = all.get_mut(&self.by) else { return };
        let entry = theirs.entries.get_mut(&self.key).filter(|entry| entry.number == self.number);
        if let Some(entry) = entry {
            entry.bytes = bytes;
            theirs.bytes += bytes;
        }
        while theirs.bytes > self.bounds.bytes {
            theirs.forget_first();
        }
    }
}

/// Nothing was kept: it broke off, or is to be asked anew.
impl Drop for Slot {
    fn drop(&mut self) {
        if !matches!(*self.send.borrow(), State::UnderWay) {
            return;
        }
        if let Some(theirs) = lock(&self.all).get_mut(&self.by) {
            theirs.forget(&self.key, self.number);
        }
        self.send.send_replace(State::Gone);
    }
}

impl Answer {
    fn response(&self) -> Response {
        let mut response = Response::new(Body::from(self.body.clone()));
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers.clone();
        response
    }

    fn joined(mut self) -> Self {
        self.headers.insert(JOINED, HeaderValue::from_static("true"));
        self
    }
}

pub(super) fn broken() -> Turned {
    let what = "this broke off, and it is not known how far it came";
    Turned::new(StatusCode::INTERNAL_SERVER_ERROR, ProblemKind::Internal, what)
        .advise("look whether it was done before you ask again")
}

fn another() -> Turned {
    let what = "this Idempotency-Key was used for another request; give each its own";
    Turned::new(StatusCode::CONFLICT, ProblemKind::Conflict, what)
}

fn too_large() -> Turned {
    let what = "this was done already, and its answer was too large to be kept";
    Turned::new(StatusCode::CONFLICT, ProblemKind::Conflict, what)
        .advise("look what came of it instead of asking again")
}

fn lock(all: &All) -> MutexGuard<'_, HashMap<By, Theirs>> {
    all.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tenfold_domain::PersonId;

    use super::*;

    const ADA: By = By::Person(PersonId(1));
    const BEA: By = By::Person(PersonId(2));

    struct House {
        kept: Arc<Kept>,
        done: Arc<AtomicUsize>,
    }

    impl House {
        fn new() -> Self {
            let terms = Terms { kept_each: 3, kept_answer_bytes_max: 10, ..Terms::at(1) };
            Self { kept: Arc::new(Kept::new(&terms)), done: Arc::default() }
        }

        /// Does it, if it has to be; says the status, and how often anything was done until then.
        async fn ask(&self, by: By, key: &str, call: &str, answer: impl IntoResponse) -> String {
            let (done, answer) = (Arc::clone(&self.done), answer.into_response());
            let run = async move {
                tokio::time::sleep(Duration::from_secs(1)).await;
                done.fetch_add(1, Ordering::Relaxed);
                answer
            };
            let answer = self.kept.once((by, key.to_owned()), call, run).await;
            format!("{} {}", answer.status().as_u16(), self.done.load(Ordering::Relaxed))
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_same_key_is_done_once_for_each_and_for_ten_minutes() {
        let house = House::new();
        assert_eq!(house.ask(ADA, "k", "a", "yes").await, "200 1");
        assert_eq!(house.ask(ADA, "k", "a", "yes").await, "200 1");
        assert_eq!(house.ask(ADA, "k", "b", "yes").await, "409 1");
        assert_eq!(house.ask(BEA, "k", "b", "yes").await, "200 2");
        tokio::time::advance(Duration::from_secs(600)).await;
        assert_eq!(house.ask(ADA, "k", "a", "yes").await, "200 3");
    }

    #[tokio::test(start_paused = true)]
    async fn who_comes_meanwhile_waits_and_a_client_that_goes_undoes_nothing() {
        let house = House::new();
        let first = house.ask(ADA, "k", "a", "yes");
        let gone = tokio::time::timeout(Duration::from_millis(1), first).await;
        assert!(gone.is_err());
        let (one, two) =
            tokio::join!(house.ask(ADA, "k", "a", "yes"), house.ask(ADA, "k", "a", "yes"));
        assert_eq!((one.as_str(), two.as_str()), ("200 1", "200 1"));
    }

    #[tokio::test(start_paused = true)]
    async fn what_failed_by_our_fault_is_done_anew_and_a_refusal_stays() {
        let house = House::new();
        assert_eq!(house.ask(ADA, "k", "a", StatusCode::BAD_GATEWAY).await, "502 1");
        assert_eq!(house.ask(ADA, "k", "a", StatusCode::FORBIDDEN).await, "403 2");
        assert_eq!(house.ask(ADA, "k", "a", "yes").await, "403 2");
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_bounded_in_number_and_bytes() {
        let house = House::new();
        assert_eq!(house.ask(ADA, "large", "a", "x".repeat(11)).await, "200 1");
        assert_eq!(house.ask(ADA, "large", "a", "yes").await, "409 1", "done, and not again");
        for key in ["1", "2", "3"] {
            house.ask(ADA, key, "a", "yes").await;
        }
        assert_eq!(house.ask(ADA, "2", "a", "yes").await, "200 4");
        assert_eq!(house.ask(ADA, "large", "a", "yes").await, "200 5", "the oldest is forgotten");
        assert_eq!(lock(&house.kept.all)[&ADA].entries.len(), 3);
    }
}

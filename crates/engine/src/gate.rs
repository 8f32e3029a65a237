//! The gate before a provider: the requests of all tasks that ask it wait there for their turn,
//! in the order in which they came. When one may leave is decided in `tenfold_schedule`; the
//! clock and the waiting are here. Who waits has set no money aside and has written nothing
//! down, so that it can go away at any moment.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tenfold_domain::{AccountId, Millis, StepId, Timestamp, Tokens};
use tenfold_models::{Hosted, RequestLimits};
use tenfold_schedule::{Pass, RateGate, Rates, Reply, Ticket};
use tokio::sync::Notify;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::Instant;

/// Requests under way at once to a provider of which nobody said how many may be.
const AT_ONCE: u32 = 32;
/// A gate that stays shut for longer than this is not waited for.
const PATIENCE: Millis = Millis(120_000);

/// An address, and the variable of the key that is sent there.
type Place = (String, Option<String>);

/// A gate for each place where models are asked.
#[derive(Debug, Default)]
pub(crate) struct Gates(Mutex<HashMap<Place, Arc<Gate>>>);

impl Gates {
    /// The gate before a model's provider, which holds these limits from now on.
    pub(crate) fn before(&self, hosted: &Hosted, limits: RequestLimits) -> Arc<Gate> {
        let place = (hosted.place().to_owned(), hosted.key.clone());
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let gate = all.entry(place).or_insert_with(|| Arc::new(Gate::new(rates(limits))));
        gate.rates().limit(rates(limits));
        gate.stirred.notify_one();
        Arc::clone(gate)
    }
}

fn rates(limits: RequestLimits) -> Rates {
    Rates {
        requests_per_minute: limits.requests_per_minute.unwrap_or(u32::MAX),
        tokens_per_minute: limits.tokens_per_minute.unwrap_or(Tokens(u64::MAX)),
        at_once: limits.at_once.unwrap_or(AT_ONCE),
    }
}

/// The provider wants to be left alone for longer than anybody waits: for so long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shut(pub(crate) Millis);

/// The gate before one provider.
#[derive(Debug)]
pub(crate) struct Gate {
    /// Held by who is first of those that wait; the others have it in their order.
    line: tokio::sync::Mutex<()>,
    rates: Mutex<RateGate>,
    /// Tells who is first that it may have become its turn.
    stirred: Notify,
    began: Instant,
}

impl Gate {
    fn new(rates: Rates) -> Self {
        Self {
            line: tokio::sync::Mutex::new(()),
            rates: Mutex::new(RateGate::new(rates)),
            stirred: Notify::new(),
            began: Instant::now(),
        }
    }

    /// Leave for a request of at most so many tokens, if nobody and nothing is before it.
    pub(crate) fn pass(self: &Arc<Self>, tokens: Tokens) -> Result<Option<Leave>, Shut> {
        let Ok(_first) = self.line.try_lock() else { return Ok(None) };
        match self.ask(tokens)? {
            Pass::Go(ticket) => Ok(Some(Leave::new(self, ticket))),
            Pass::NotBefore(_) | Pass::Later => Ok(None),
        }
    }

    /// Waits for leave. Who no longer wants it drops the future, and is in nobody's way.
    pub(crate) async fn wait(self: Arc<Self>, tokens: Tokens) -> Result<Leave, Shut> {
        let _first = self.line.lock().await;
        loop {
            match self.ask(tokens)? {
                Pass::Go(ticket) => return Ok(Leave::new(&self, ticket)),
                Pass::Later => self.stirred.notified().await,
                Pass::NotBefore(at) => {
                    let left = at.since(self.now()).into();
                    let _ = tokio::time::timeout(left, self.stirred.notified()).await;
                }
            }
        }
    }

    fn ask(&self, tokens: Tokens) -> Result<Pass, Shut> {
        let now = self.now();
        // All are one account's; those who wait for it do so in the line.
        match self.rates().ask(AccountId::DEFAULT, tokens, now) {
            Pass::NotBefore(at) if at.since(now) > PATIENCE => Err(Shut(at.since(now))),
            pass => Ok(pass),
        }
    }

    /// A clock that nobody sets.
    fn now(&self) -> Timestamp {
        Timestamp(Millis::from(self.began.elapsed()).0)
    }

    fn rates(&self) -> MutexGuard<'_, RateGate> {
        self.rates.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Leave to send one request. Dropped, the request counts as taken back.
#[derive(Debug)]
pub(crate) struct Leave {
    gate: Arc<Gate>,
    ticket: Ticket,
    reply: Reply,
}

impl Leave {
    fn new(gate: &Arc<Gate>, ticket: Ticket) -> Self {
        Self { gate: Arc::clone(gate), ticket, reply: Reply::Failed }
    }

    /// The request was answered, and took so many tokens.
    pub(crate) fn answered(mut self, tokens: Tokens) {
        self.reply = Reply::Answered { tokens };
    }

    /// The provider would not, for now; nobody asks it before it wants to be asked.
    pub(crate) fn refused(mut self, retry_after: Option<Duration>) {
        self.reply = Reply::Refused { retry_after: retry_after.map(Millis::from) };
    }
}

impl Drop for Leave {
    fn drop(&mut self) {
        let now = self.gate.now();
        self.gate.rates().ended(self.ticket, self.reply, now);
        self.gate.stirred.notify_one();
    }
}

/// An attempt's requests that have not left: those that wait at the gate, and those that were let
/// through.
#[derive(Debug, Default)]
pub(crate) struct InLine {
    waiting: JoinSet<(StepId, Result<Leave, Shut>)>,
    steps: BTreeMap<StepId, AbortHandle>,
    leaves: BTreeMap<StepId, Leave>,
}

impl InLine {
    /// Has a step's request wait.
    pub(crate) fn join(&mut self, step: StepId, gate: Arc<Gate>, tokens: Tokens) {
        let wait = async move { (step, gate.wait(tokens).await) };
        self.steps.insert(step, self.waiting.spawn(wait));
    }

    /// Whether a step's request waits.
    pub(crate) fn has(&self, step: StepId) -> bool {
        self.steps.contains_key(&step)
    }

    /// The next that was let through, or is waited for in vain; `None` if none waits.
    pub(crate) async fn next(&mut self) -> Option<Result<(), Shut>> {
        loop {
            // What was let through in the moment in which it was given up gives its leave back.
            let Ok((step, leave)) = self.waiting.join_next().await? else { continue };
            if self.steps.remove(&step).is_none() {
                continue;
            }
            return Some(leave.map(|leave| drop(self.leaves.insert(step, leave))));
        }
    }

    /// The leave of a step whose turn it is.
    pub(crate) fn take(&mut self, step: StepId) -> Option<Leave> {
        self.leaves.remove(&step)
    }

    /// Gives up what is not wanted any more.
    pub(crate) fn keep(&mut self, is_wanted: impl Fn(StepId) -> bool) {
        self.leaves.retain(|step, _| is_wanted(*step));
        self.steps.retain(|step, wait| {
            let is_wanted = is_wanted(*step);
            if !is_wanted {
                wait.abort();
            }
            is_wanted
        });
    }
}

#[cfg(test)]
mod tests {
    use std::pin::{Pin, pin};
    use std::task::{Context, Poll, Waker};

    use super::*;

    fn hosted(address: &str, key: Option<&str>) -> Hosted {
        let toml = format!(
            "[[hosted]]\nname = 'far'\nprotocol = 'openai'\nmodel = 'far'\n\
             context_tokens = 8192\naddress = '{address}'\n{}\n[hosted.price]\n\
             usd_per_million_prompt = '0'\nusd_per_million_cached = '0'\n\
             usd_per_million_output = '0'\n",
            key.map_or_else(String::new, |key| format!("key_variable = '{key}'")),
        );
        let own = Some((std::path::Path::new("models.toml"), toml.as_str()));
        let all = tenfold_models::Catalogue::parse(tenfold_models::SHIPPED, own).unwrap();
        all.hosted()[0].clone()
    }

    fn of(at_once: u32) -> Arc<Gate> {
        let limits = RequestLimits { at_once: Some(at_once), ..RequestLimits::default() };
        Gates::default().before(&hosted("http://there/", None), limits)
    }

    fn go(gate: &Arc<Gate>) -> Leave {
        gate.pass(Tokens(1)).unwrap().unwrap()
    }

    fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn there_is_one_gate_for_an_address_and_a_key_and_its_limits_may_change() {
        let (gates, limits) = (Gates::default(), RequestLimits::default());
        let one = gates.before(&hosted("http://there/v1", Some("KEY")), limits);
        let less = RequestLimits { at_once: Some(1), ..limits };
        let same = gates.before(&hosted("http://there/v1/", Some("KEY")), less);
        let others = [("http://there/v1", Some("OTHER")), ("http://there/v2", Some("KEY"))];
        let _leave = go(&one);
        assert!(same.pass(Tokens(1)).unwrap().is_none(), "it is the same gate");
        for (address, key) in others {
            go(&gates.before(&hosted(address, key), less));
        }
    }

    #[tokio::test]
    async fn who_waits_goes_in_its_order_and_who_goes_away_is_in_nobodys_way() {
        let gate = of(1);
        let leave = go(&gate);
        let mut first = Box::pin(Arc::clone(&gate).wait(Tokens(9)));
        let mut second = Box::pin(Arc::clone(&gate).wait(Tokens(1)));
        let mut third = pin!(Arc::clone(&gate).wait(Tokens(1)));
        assert!(poll(first.as_mut()).is_pending());
        assert!(poll(second.as_mut()).is_pending());
        assert!(poll(third.as_mut()).is_pending());
        leave.answered(Tokens(5));
        assert!(gate.pass(Tokens(1)).unwrap().is_none(), "nobody goes past those who wait");
        assert!(poll(second.as_mut()).is_pending());
        let leave = first.await.unwrap();
        assert!(poll(second.as_mut()).is_pending());
        drop(second);
        drop(leave);
        third.await.unwrap();
    }

    #[tokio::test]
    async fn a_gate_that_stays_shut_for_long_is_not_waited_for() {
        let gate = of(2);
        let (one, other) = (go(&gate), go(&gate));
        let mut waits = pin!(Arc::clone(&gate).wait(Tokens(1)));
        assert!(poll(waits.as_mut()).is_pending());
        one.refused(Some(Duration::from_secs(60)));
        assert!(poll(waits.as_mut()).is_pending());
        other.refused(Some(Duration::from_secs(3_600)));
        let Shut(left) = waits.await.unwrap_err();
        assert!(left > PATIENCE && left <= Millis(3_600_000), "{left}");
        assert!(gate.pass(Tokens(1)).is_err());
    }

    #[tokio::test]
    async fn what_an_attempt_gives_up_gives_its_leave_back() {
        let gate = of(1);
        let (mut line, step) = (InLine::default(), StepId(1));
        let leave = go(&gate);
        line.join(step, Arc::clone(&gate), Tokens(1));
        assert!(line.has(step));
        drop(leave);
        assert_eq!(line.next().await, Some(Ok(())));
        assert!(!line.has(step) && gate.pass(Tokens(1)).unwrap().is_none());
        line.keep(|_| false);
        let leave = go(&gate);
        line.join(step, Arc::clone(&gate), Tokens(1));
        line.keep(|_| false);
        assert_eq!(line.next().await, None);
        drop(leave);
        go(&gate);
    }
}

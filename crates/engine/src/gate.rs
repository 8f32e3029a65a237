//! The gate before a provider: the requests of all tasks that ask it, and of whoever else asks by
//! this engine, wait there for their turn: those of one account in the order in which they came,
//! the accounts with a fair share each. When one may leave is decided in `tenfold_schedule`; the
//! clock and the waiting are here. Who waits has set no money aside and has written nothing
//! down, so that it can go away at any moment.

use std::collections::{BTreeMap, HashMap};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tenfold_domain::{AccountId, Millis, StepId, Timestamp, Tokens};
use tenfold_models::{Hosted, RequestLimits};
use tenfold_schedule::{Pass, RateGate, Rates, Reply, Ticket};
use tokio::sync::Notify;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::Instant;

/// Requests under way at once to a provider of which nobody said what it takes.
const AT_ONCE: u32 = 32;
/// A gate that stays shut for longer than this is not waited for by tasks.
pub(crate) const PATIENCE: Millis = Millis(120_000);

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
        gate.stirred.notify_waiters();
        Arc::clone(gate)
    }
}

fn rates(limits: RequestLimits) -> Rates {
    let usual = if limits == RequestLimits::default() { AT_ONCE } else { u32::MAX };
    Rates {
        requests_per_minute: limits.requests_per_minute.unwrap_or(u32::MAX),
        tokens_per_minute: limits.tokens_per_minute.unwrap_or(Tokens(u64::MAX)),
        at_once: limits.at_once.unwrap_or(usual),
    }
}

/// The provider wants to be left alone for longer than anybody waits: for so long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shut(pub Millis);

type Line = Arc<tokio::sync::Mutex<()>>;

/// The gate before one provider.
#[derive(Debug)]
pub(crate) struct Gate {
    /// A line for each account: held by who is first in it; the others have it in their order.
    lines: Mutex<HashMap<AccountId, Line>>,
    rates: Mutex<RateGate>,
    /// Tells those who are first that it may have become their turn.
    stirred: Notify,
    began: Instant,
}

impl Gate {
    fn new(rates: Rates) -> Self {
        Self {
            lines: Mutex::default(),
            rates: Mutex::new(RateGate::new(rates)),
            stirred: Notify::new(),
            began: Instant::now(),
        }
    }

    /// Leave for a request of at most so many tokens, if nobody and nothing is before it.
    pub(crate) fn pass(
        self: &Arc<Self>,
        account: AccountId,
        tokens: Tokens,
    ) -> Result<Option<Leave>, Shut> {
        let line = self.line(account);
        let Ok(_first) = line.try_lock() else { return Ok(None) };
        let mut asking = Asking { gate: self, account };
        asking.ask(tokens, PATIENCE).map(|pass| match pass {
            Pass::Go(ticket) => Some(Leave::new(self, ticket)),
            Pass::NotBefore(_) | Pass::Later => None,
        })
    }

    /// Waits for leave, unless it is known that it will not be there within `patience`. Who no
    /// longer wants it drops the future, and is in nobody's way.
    pub(crate) async fn wait(
        self: Arc<Self>,
        (account, tokens): (AccountId, Tokens),
        patience: Millis,
    ) -> Result<Leave, Shut> {
        let line = self.line(account);
        let _first = line.lock().await;
        let mut asking = Asking { gate: &self, account };
        loop {
            let mut stirred = pin!(self.stirred.notified());
            // From now on it hears, so that nothing is missed between the question and the waiting.
            stirred.as_mut().enable();
            match asking.ask(tokens, patience)? {
                Pass::Go(ticket) => return Ok(Leave::new(&self, ticket)),
                Pass::Later => stirred.await,
                Pass::NotBefore(at) => {
                    let left = at.since(self.now()).into();
                    let _ = tokio::time::timeout(left, stirred).await;
                }
            }
        }
    }

    fn line(&self, account: AccountId) -> Line {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.retain(|_, line| Arc::strong_count(line) > 1);
        Arc::clone(lines.entry(account).or_default())
    }

    /// A clock that nobody sets.
    fn now(&self) -> Timestamp {
        Timestamp(Millis::from(self.began.elapsed()).0)
    }

    fn rates(&self) -> MutexGuard<'_, RateGate> {
        self.rates.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Who is first in an account's line, and asks. Gone, whether let through or not, the account's
/// turn is kept no longer.
struct Asking<'a> {
    gate: &'a Gate,
    account: AccountId,
}

impl Asking<'_> {
    fn ask(&mut self, tokens: Tokens, patience: Millis) -> Result<Pass, Shut> {
        let now = self.gate.now();
        match self.gate.rates().ask(self.account, tokens, now) {
            Pass::NotBefore(at) if at.since(now) > patience => Err(Shut(at.since(now))),
            pass => Ok(pass),
        }
    }
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        self.gate.rates().forget(self.account);
        self.gate.stirred.notify_waiters();
    }
}

/// Leave to send one request. Dropped, the request counts as taken back.
#[derive(Debug)]
pub struct Leave {
    gate: Arc<Gate>,
    ticket: Ticket,
    reply: Reply,
}

impl Leave {
    fn new(gate: &Arc<Gate>, ticket: Ticket) -> Self {
        Self { gate: Arc::clone(gate), ticket, reply: Reply::TakenBack }
    }

    /// The request was answered, and took so many tokens.
    pub fn answered(mut self, tokens: Tokens) {
        self.reply = Reply::Answered { tokens };
    }

    /// The answer broke off.
    pub fn broke_off(mut self) {
        self.reply = Reply::Broke;
    }

    /// The provider would not, for now; nobody asks it before it wants to be asked.
    pub fn refused(mut self, retry_after: Option<Duration>) {
        self.reply = Reply::Refused { retry_after: retry_after.map(Millis::from) };
    }
}

impl Drop for Leave {
    fn drop(&mut self) {
        let now = self.gate.now();
        self.gate.rates().ended(self.ticket, self.reply, now);
        self.gate.stirred.notify_waiters();
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
    /// Has a step's request wait, which an account pays.
    pub(crate) fn join(&mut self, step: StepId, gate: Arc<Gate>, of: (AccountId, Tokens)) {
        let wait = async move { (step, gate.wait(of, PATIENCE).await) };
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
    use std::pin::Pin;
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
        gate.pass(ADA, Tokens(1)).unwrap().unwrap()
    }

    const ADA: AccountId = AccountId(1);
    const BOB: AccountId = AccountId(2);

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
        assert!(same.pass(ADA, Tokens(1)).unwrap().is_none(), "it is the same gate");
        for (address, key) in others {
            go(&gates.before(&hosted(address, key), less));
        }
    }

    #[tokio::test]
    async fn who_waits_goes_in_its_order_and_who_goes_away_is_in_nobodys_way() {
        let gate = of(1);
        let leave = go(&gate);
        let mut first = Box::pin(Arc::clone(&gate).wait((ADA, Tokens(9)), PATIENCE));
        let mut second = Box::pin(Arc::clone(&gate).wait((ADA, Tokens(1)), PATIENCE));
        let mut third = pin!(Arc::clone(&gate).wait((ADA, Tokens(1)), PATIENCE));
        assert!(poll(first.as_mut()).is_pending());
        assert!(poll(second.as_mut()).is_pending());
        assert!(poll(third.as_mut()).is_pending());
        leave.answered(Tokens(5));
        assert!(gate.pass(ADA, Tokens(1)).unwrap().is_none(), "nobody goes past those who wait");
        assert!(poll(second.as_mut()).is_pending());
        let leave = first.await.unwrap();
        assert!(poll(second.as_mut()).is_pending());
        drop(second);
        drop(leave);
        third.await.unwrap();
    }

    #[tokio::test]
    async fn an_account_with_a_long_line_leaves_the_others_their_share() {
        let gate = of(1);
        let leave = go(&gate);
        let mut adas: Vec<_> =
            (0..9).map(|_| Box::pin(Arc::clone(&gate).wait((ADA, Tokens(10)), PATIENCE))).collect();
        for wait in &mut adas {
            assert!(poll(wait.as_mut()).is_pending());
        }
        let mut bobs = Box::pin(Arc::clone(&gate).wait((BOB, Tokens(10)), PATIENCE));
        assert!(poll(bobs.as_mut()).is_pending());
        leave.answered(Tokens(10));
        assert!(poll(adas[0].as_mut()).is_pending(), "she has had a turn, and he none");
        let Poll::Ready(Ok(leave)) = poll(bobs.as_mut()) else { panic!("it is his turn") };
        assert!(poll(adas[0].as_mut()).is_pending());
        leave.answered(Tokens(10));
        let Poll::Ready(Ok(_leave)) = poll(adas[0].as_mut()) else { panic!("it is hers") };
        assert!(poll(adas[1].as_mut()).is_pending(), "one at once");
    }

    #[tokio::test]
    async fn a_gate_that_stays_shut_for_long_is_not_waited_for() {
        let gate = of(2);
        let (one, other) = (go(&gate), go(&gate));
        let mut waits = pin!(Arc::clone(&gate).wait((ADA, Tokens(1)), PATIENCE));
        assert!(poll(waits.as_mut()).is_pending());
        one.refused(Some(Duration::from_secs(60)));
        assert!(poll(waits.as_mut()).is_pending());
        other.refused(Some(Duration::from_secs(3_600)));
        let Shut(left) = waits.await.unwrap_err();
        assert!(left > PATIENCE && left <= Millis(3_600_000), "{left}");
        assert!(gate.pass(ADA, Tokens(1)).is_err());
    }

    #[tokio::test]
    async fn what_an_attempt_gives_up_gives_its_leave_back() {
        let gate = of(1);
        let (mut line, step) = (InLine::default(), StepId(1));
        let leave = go(&gate);
        line.join(step, Arc::clone(&gate), (ADA, Tokens(1)));
        assert!(line.has(step));
        drop(leave);
        assert_eq!(line.next().await, Some(Ok(())));
        assert!(!line.has(step) && gate.pass(ADA, Tokens(1)).unwrap().is_none());
        line.keep(|_| false);
        let leave = go(&gate);
        line.join(step, Arc::clone(&gate), (ADA, Tokens(1)));
        line.keep(|_| false);
        assert_eq!(line.next().await, None);
        drop(leave);
        go(&gate);
    }
}

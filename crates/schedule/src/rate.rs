//! A gate before one provider: when a single request may leave. Apart from the scheduler of
//! tasks, because a task makes many requests and holds no place while it waits for one. It
//! never sends anything, and reads no clock.

use std::collections::{BTreeSet, HashMap, VecDeque};

use tenfold_domain::{AccountId, Millis, Timestamp, Tokens};

/// The time over which requests and tokens are counted.
const MINUTE: Millis = Millis(60_000);
/// How long somebody's turn is kept who may ask again and doesn't.
const ATTENTION: Millis = Millis(10_000);
/// How long the gate is shut after the first refusal that doesn't say for how long; twice as
/// long after each further one, up to a minute. No refusal shuts it for less.
const FIRST_PAUSE: Millis = Millis(1_000);
/// What is left of the concurrency after a refusal.
const AFTER_REFUSAL: f64 = 0.5;
/// After so many failures in a row it is tried with one request at a time.
const TRIPS: u32 = 3;

/// A request that was let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(u64);

/// The answer to somebody who wants to send a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pass {
    /// It may leave now, and has to be reported when it has [ended](RateGate::ended).
    Go(Ticket),
    /// Not before this moment. Ask again then, or when another was let through or has ended.
    NotBefore(Timestamp),
    /// Not before another has ended. Ask again then, or when one was let through.
    Later,
}

/// What came of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    /// There was an answer.
    Answered {
        /// All the tokens that it took.
        tokens: Tokens,
    },
    /// The provider would not, for now: too many requests, or overloaded.
    Refused {
        /// How long it wants to be left alone, if it says so.
        retry_after: Option<Millis>,
    },
    /// The answer broke off.
    Broke,
    /// It was taken back, or nobody knows; that says nothing of the provider.
    TakenBack,
}

/// How much may go to a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rates {
    /// The most requests in any minute; zero counts as one.
    pub requests_per_minute: u32,
    /// The most tokens in any minute.
    pub tokens_per_minute: Tokens,
    /// The most requests under way at once; zero counts as one.
    pub at_once: u32,
}

/// A request that left within the last minute.
#[derive(Debug, Clone, Copy)]
struct Sent {
    at: Timestamp,
    tokens: Tokens,
}

/// An account that was told to wait.
#[derive(Debug, Clone, Copy)]
struct Asker {
    tag: u64,
    /// From when on its turn is no longer kept; none as long as it can only wait.
    until: Option<Timestamp>,
    /// How many requests had ended when it asked.
    ended: u64,
}

/// The gate before one provider.
///
/// In no minute it lets more requests or tokens through than may be; a request that is
/// larger than a minute's tokens goes when none other left for a minute. How many are under
/// way at once is found out: one more after as many answers as there are at once, half as
/// many as were under way at a refusal (additive increase, multiplicative decrease: Jacobson,
/// "Congestion avoidance and control", 1988; Chiu and Jain, 1989). Accounts that wait go by the
/// tokens that they were let through (start-time fair queuing: Goyal, Vin and Cheng, 1996), and
/// who waits is not overtaken: a large request is not held up for ever by small ones.
///
/// After three refusals or answers that broke off, in a row, the provider is tried with one request
/// at a time until it answers one, and left alone for longer and longer in between (a circuit
/// breaker, open and half open: Nygard, "Release It!", 2007).
#[derive(Debug, Clone)]
pub struct RateGate {
    rates: Rates,
    now: Timestamp,
    /// What left within the last minute, oldest first.
    minute: VecDeque<Sent>,
    tokens: Tokens,
    /// The number of the first in `minute`.
    first: u64,
    under_way: HashMap<u64, Tokens>,
    ended: u64,
    /// How many may be under way, at least one; the fraction is on its way to the next.
    at_once: f64,
    /// A reply to a request before this one says nothing new: it left before the last failure.
    news_from: u64,
    /// Failures in a row.
    failures: u32,
    shut_until: Timestamp,
    /// The tag of whoever was let through last, and for each account where its next begins.
    tag: u64,
    tags: HashMap<AccountId, u64>,
    askers: HashMap<AccountId, Asker>,
    order: BTreeSet<(u64, AccountId)>,
}

impl RateGate {
    /// A gate that nothing has passed. It begins with all that may be under way.
    pub fn new(rates: Rates) -> Self {
        Self {
            rates,
            now: Timestamp(0),
            minute: VecDeque::new(),
            tokens: Tokens(0),
            first: 0,
            under_way: HashMap::new(),
            ended: 0,
            at_once: f64::from(rates.at_once.max(1)),
            news_from: 0,
            failures: 0,
            shut_until: Timestamp(0),
            tag: 0,
            tags: HashMap::new(),
            askers: HashMap::new(),
            order: BTreeSet::new(),
        }
    }

    /// Whether a request of at most this many tokens may leave now. Who has to wait asks
    /// again as the answer says; if it doesn't, its turn is lost after ten seconds.
    pub fn ask(&mut self, account: AccountId, tokens: Tokens, now: Timestamp) -> Pass {
        self.now = self.now.max(now);
        self.forget_old();
        let next = self.tags.get(&account).copied().unwrap_or(0).max(self.tag);
        let tag = self.askers.get(&account).map_or(next, |asker| asker.tag);
        let wait = self.behind(account, tag).or_else(|| self.held_up(tokens));
        self.forget(account);
        if let Some(pass) = wait {
            let until = match pass {
                Pass::NotBefore(at) => Some(after(at, ATTENTION)),
                _ => None,
            };
            self.askers.insert(account, Asker { tag, until, ended: self.ended });
            self.order.insert((tag, account));
            return pass;
        }
        self.tag = self.tag.max(tag);
        self.tags.insert(account, tag.saturating_add(tokens.0.max(1)));
        Pass::Go(self.let_through(tokens))
    }

    /// A request has ended.
    pub fn ended(&mut self, ticket: Ticket, reply: Reply, now: Timestamp) {
        self.now = self.now.max(now);
        let Some(reserved) = self.under_way.remove(&ticket.0) else { return };
        let was_full = self.under_way.len() + 1 >= self.at_once() as usize;
        self.ended += 1;
        match reply {
            Reply::TakenBack => {}
            Reply::Refused { retry_after } => self.refused(ticket, retry_after),
            Reply::Broke => self.broke(ticket),
            Reply::Answered { tokens } => {
                self.failures = 0;
                self.correct(ticket, reserved, tokens);
                if was_full {
                    let most = f64::from(self.rates.at_once.max(1));
                    self.at_once = (self.at_once + 1.0 / self.at_once).min(most);
                }
            }
        }
    }

    /// How much may go from now on. If another number may be under way at once than before, it
    /// begins with all of them again.
    pub fn limit(&mut self, rates: Rates) {
        if rates.at_once != self.rates.at_once {
            self.at_once = f64::from(rates.at_once.max(1));
        }
        self.rates = rates;
    }

    /// An account no longer wants to send what it asked for.
    pub fn forget(&mut self, account: AccountId) {
        if let Some(asker) = self.askers.remove(&account) {
            self.order.remove(&(asker.tag, account));
        }
    }

    /// How many requests may be under way at once, for now.
    pub fn at_once(&self) -> u32 {
        self.at_once as u32
    }

    /// How many requests are under way.
    pub fn under_way(&self) -> usize {
        self.under_way.len()
    }

    fn forget_old(&mut self) {
        while let Some(sent) = self.minute.front()
            && self.now.since(sent.at) >= MINUTE
        {
            self.tokens = self.tokens.saturating_sub(sent.tokens);
            self.minute.pop_front();
            self.first += 1;
        }
    }

    /// What somebody has to wait for whose turn is not yet. Whoever is first and could have
    /// asked again, and has not, is forgotten.
    fn behind(&mut self, account: AccountId, tag: u64) -> Option<Pass> {
        while let Some(first) = self.order.first().copied() {
            if first.1 == account || first >= (tag, account) {
                return None;
            }
            let asker = self.askers.get_mut(&first.1)?;
            if asker.until.is_none() && asker.ended < self.ended {
                asker.until = Some(after(self.now, ATTENTION));
            }
            match asker.until {
                None => return Some(Pass::Later),
                // Once whoever is before may go, it is known more.
                Some(until) if until > self.now => {
                    let may_go = Timestamp(until.0.saturating_sub(ATTENTION.0));
                    return Some(Pass::NotBefore(if may_go > self.now { may_go } else { until }));
                }
                Some(_) => self.forget(first.1),
            }
        }
        None
    }

    /// What holds up a request whose turn it is.
    fn held_up(&self, tokens: Tokens) -> Option<Pass> {
        if self.shut_until > self.now {
            return Some(Pass::NotBefore(self.shut_until));
        }
        let at_once = if self.failures < TRIPS { self.at_once() as usize } else { 1 };
        if self.under_way.len() >= at_once {
            return Some(Pass::Later);
        }
        let too_many =
            (self.minute.len() + 1).saturating_sub(self.rates.requests_per_minute.max(1) as usize);
        let mut left = self.tokens + tokens;
        let mut wait_for = None;
        for (index, sent) in self.minute.iter().enumerate() {
            if index >= too_many && left <= self.rates.tokens_per_minute {
                break;
            }
            left = left.saturating_sub(sent.tokens);
            wait_for = Some(sent.at);
        }
        wait_for.map(|at| Pass::NotBefore(after(at, MINUTE)))
    }

    fn let_through(&mut self, tokens: Tokens) -> Ticket {
        let ticket = self.first + self.minute.len() as u64;
        self.minute.push_back(Sent { at: self.now, tokens });
        self.tokens += tokens;
        self.under_way.insert(ticket, tokens);
        Ticket(ticket)
    }

    /// Counts the tokens that a request took in the place of those that were set aside.
    fn correct(&mut self, ticket: Ticket, reserved: Tokens, tokens: Tokens) {
        let index = ticket.0.checked_sub(self.first).and_then(|index| usize::try_from(index).ok());
        if let Some(sent) = index.and_then(|index| self.minute.get_mut(index)) {
            sent.tokens = tokens;
            self.tokens = self.tokens.saturating_sub(reserved) + tokens;
        }
    }

    fn refused(&mut self, ticket: Ticket, retry_after: Option<Millis>) {
        if self.is_news(ticket) {
            // As many were too many, however many more might have been.
            let under_way = self.under_way.len() as f64 + 1.0;
            self.at_once = (self.at_once.min(under_way) * AFTER_REFUSAL).max(1.0);
        }
        self.shut(retry_after);
    }

    /// One answer may break off by chance.
    fn broke(&mut self, ticket: Ticket) {
        if self.is_news(ticket) && self.failures >= TRIPS {
            self.shut(None);
        }
    }

    /// Counts a failure, once for all requests that left before it.
    fn is_news(&mut self, ticket: Ticket) -> bool {
        let is_news = ticket.0 >= self.news_from;
        if is_news {
            self.news_from = self.first + self.minute.len() as u64;
            self.failures = self.failures.saturating_add(1);
        }
        is_news
    }

    fn shut(&mut self, retry_after: Option<Millis>) {
        let doublings = self.failures.saturating_sub(1).min(6);
        let pause = Millis(FIRST_PAUSE.0 << doublings).min(MINUTE);
        let pause = retry_after.map_or(pause, |asked| asked.max(FIRST_PAUSE));
        self.shut_until = self.shut_until.max(after(self.now, pause));
    }
}

fn after(at: Timestamp, time: Millis) -> Timestamp {
    Timestamp(at.0.saturating_add(time.0))
}

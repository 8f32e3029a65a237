//! The track record: how often work of one kind (a role, an area, a model) came right, and what
//! may be accepted unseen because of it.
//!
//! Right is what was accepted and stayed so; only what a person reviewed says so. What a check
//! says is counted beside it, because a check can be wrong, and from reviews it is known how
//! often. The odds are those of a binomial share with Jeffreys' prior, Beta(½, ½) (Brown, Cai and
//! DasGupta, "Interval estimation for a binomial proportion", 2001).

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use statrs::distribution::{Beta, ContinuousCDF};

use crate::{Interval, Refusal};

/// From here up a chance that was told is near certainty, and below what is left of it, too.
const SURE: f64 = 0.95;
/// How much all that was seen before a surprise counts after it. A surprise says that something
/// has changed, or was never understood, so that what is older is from another time; at a half,
/// as much again has to be seen to be as sure as before. Evidence is discounted as a whole, as in
/// a power prior (Ibrahim and Chen, "Power prior distributions for regression models", 2000).
const KEPT: f64 = 0.5;
/// What is believed of a check before any review: that one in twelve passes wrongly, as firmly as
/// six reviews would. Of patches that a well-known benchmark counts as right, 7.8 % fail the whole
/// tests of their projects (Wang, Pradel and Liu, "Are 'solved issues' in SWE-bench really solved
/// correctly?", 2025).
const CHECK: (f64, f64) = (0.5, 5.5);
/// Jeffreys' prior.
const JEFFREYS: (f64, f64) = (0.5, 0.5);

/// What a person decided on a piece of work in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Review {
    /// It was accepted, and stayed so.
    Accepted,
    /// It was rejected.
    Rejected,
    /// It was accepted, and later taken back.
    Reverted,
}

/// One piece of work, as it stands today: one that is taken back after it was counted is counted
/// anew, in a record that is made anew.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Work {
    /// The chance to come right that was told beforehand, if one was.
    pub told: Option<f64>,
    /// Whether its check passed, if one ran.
    pub passed: Option<bool>,
    /// What a person decided, if one has.
    pub review: Option<Review>,
}

/// What came otherwise than it had been told for near certain.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Surprise {
    /// The chance that was told.
    pub told: f64,
    /// Whether it came right.
    pub right: bool,
}

/// How much speaks for work being right, and how much for its being wrong.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Evidence {
    right: f64,
    wrong: f64,
}

impl Evidence {
    fn add(&mut self, right: bool) {
        *(if right { &mut self.right } else { &mut self.wrong }) += 1.0;
    }

    fn fade(&mut self) {
        self.right *= KEPT;
        self.wrong *= KEPT;
    }
}

/// What is known of work of one kind.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Record {
    /// Reviewed work whose check passed, and all other reviewed work.
    passed: Evidence,
    other: Evidence,
    /// All work that passed its check or failed it, reviewed or not; of the failed only what
    /// nobody accepted.
    passes: f64,
    fails: f64,
    reviews: usize,
    reverted: usize,
    surprises: Vec<Surprise>,
}

/// How often a check is wrong.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CheckError {
    /// Of the work that passed, the share that was wrong.
    pub passed_wrong: Interval,
    /// Of the work that was wrong, the share that passed, taking what failed the check for wrong
    /// unless a person accepted it.
    pub wrong_passed: Interval,
}

impl Record {
    /// Adds a piece of work, in the order in which it was decided on; tells if it was a surprise.
    ///
    /// # Errors
    ///
    /// Refuses a chance that is none; nothing is added then.
    pub fn add(&mut self, work: Work) -> Result<Option<Surprise>, Refusal> {
        if let Some(number) = work.told.filter(|told| !(0.0..=1.0).contains(told)) {
            return Err(Refusal::Nonsense { what: "the chance that was told", number });
        }
        let right = work.review.map(|review| review == Review::Accepted);
        match work.passed {
            Some(true) => self.passes += 1.0,
            Some(false) if right != Some(true) => self.fails += 1.0,
            _ => {}
        }
        let Some(right) = right else { return Ok(None) };
        let surprise =
            work.told.filter(|told| if right { *told <= 1.0 - SURE } else { *told >= SURE });
        let surprise = surprise.map(|told| Surprise { told, right });
        if let Some(surprise) = surprise {
            self.passed.fade();
            self.other.fade();
            self.surprises.push(surprise);
        }
        let evidence = if work.passed == Some(true) { &mut self.passed } else { &mut self.other };
        evidence.add(right);
        self.reviews += 1;
        self.reverted += usize::from(work.review == Some(Review::Reverted));
        Ok(surprise)
    }

    /// How many pieces of work were reviewed.
    pub fn reviews(&self) -> usize {
        self.reviews
    }

    /// How many of those were accepted and later taken back.
    pub fn reverted(&self) -> usize {
        self.reverted
    }

    /// What came otherwise than told for near certain, oldest first.
    pub fn surprises(&self) -> &[Surprise] {
        &self.surprises
    }

    /// The chance of work of this kind to be right, whatever its check says.
    pub fn odds(&self) -> Interval {
        let (right, wrong) =
            (self.passed.right + self.other.right, self.passed.wrong + self.other.wrong);
        share(JEFFREYS, right, wrong)
    }

    /// The chance of work of this kind to be right once its check has passed. The lower end is the
    /// bound that lies below it with 95 % certainty.
    pub fn odds_if_passed(&self) -> Interval {
        share(JEFFREYS, self.passed.right, self.passed.wrong)
    }

    /// Whether work of this kind may be accepted unseen: its check passed, and the lower 95 %
    /// bound of its being right then is over what a person asks for.
    pub fn earns(&self, over: f64, passed: bool) -> bool {
        passed && self.odds_if_passed().low > over
    }

    /// How often the check of this kind of work is wrong. It is known from reviews of what passed,
    /// and taken for the same where nobody looked.
    pub fn check_error(&self) -> CheckError {
        let passed_wrong = share(CHECK, self.passed.wrong, self.passed.right);
        let wrong = |share: f64| self::share(CHECK, share * self.passes, self.fails);
        // How much wrong work passed is itself unsure: each end of the interval takes the end of
        // that which is worse for it.
        let (low, high) = (wrong(passed_wrong.low).low, wrong(passed_wrong.high).high);
        let wrong_passed = Interval::new(low, wrong(passed_wrong.likely).likely, high);
        CheckError { passed_wrong, wrong_passed }
    }
}

/// The records of all kinds of work there are, by whatever tells kinds apart.
#[derive(Debug, Clone, PartialEq)]
pub struct Records<K>(BTreeMap<K, Record>);

impl<K> Default for Records<K> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<K: Ord> Records<K> {
    /// Adds a piece of work to its kind, as [`Record::add`] does.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn add(&mut self, kind: K, work: Work) -> Result<Option<Surprise>, Refusal> {
        self.0.entry(kind).or_default().add(work)
    }

    /// What is known of one kind; nothing yet is a record too, and earns nothing.
    pub fn of(&self, kind: &K) -> Record {
        self.0.get(kind).cloned().unwrap_or_default()
    }

    /// All kinds, in their order.
    pub fn all(&self) -> impl Iterator<Item = (&K, &Record)> {
        self.0.iter()
    }
}

/// The chance that what came right so often and wrong so often comes right again.
pub fn odds(right: f64, wrong: f64) -> Interval {
    let sound = |number: f64| if number.is_finite() { number.max(0.0) } else { 0.0 };
    share(JEFFREYS, sound(right), sound(wrong))
}

/// A share of which so much speaks for and so much against, with its prior.
fn share(prior: (f64, f64), yes: f64, no: f64) -> Interval {
    let (yes, no) = (prior.0 + yes, prior.1 + no);
    let likely = yes / (yes + no);
    // Both are above zero and finite, so that there is such a distribution.
    let Ok(beta) = Beta::new(yes, no) else {
        return Interval { low: 0.0, likely, high: 1.0 };
    };
    Interval::new(beta.inverse_cdf(0.05), likely, beta.inverse_cdf(0.95)).chance()
}

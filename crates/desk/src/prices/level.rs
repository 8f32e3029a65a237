//! What a quality costs, how fast that falls, and whether to wait.

use jiff::civil::Date;
use serde::Serialize;
use tenfold_domain::{NanoUsd, Problem, ProblemKind, Timestamp};
use tenfold_engine::dollars;
use tenfold_forecast::level::{
    BackTest, Level, Offer, Prior, Wait, Waiting, after_the_run, back_test, of_benchmark, of_runs,
};
use tenfold_forecast::read::benchmark::Entry;
use tenfold_forecast::read::runs::Run;
use utoipa::ToSchema;

use crate::audit::{day, list_prices, own_runs};
use crate::{DeskError, House, Interval};

/// Models with fewer runs are left out of one's own ledger: a mean of few says little.
const LEAST_RUNS: usize = 20;
/// How far ahead is looked, in months.
pub const MONTHS: [u32; 3] = [3, 6, 12];

/// By what a level is seen.
#[derive(Debug, Clone)]
pub enum Seen {
    /// One's own attempts.
    Own,
    /// These runs.
    Runs(Vec<Run>),
    /// These dated results of a benchmark.
    Benchmark(Vec<Entry>),
}

/// What is asked.
#[derive(Debug, Clone)]
pub struct LevelTerms {
    /// The quality: the share of tasks that is solved.
    pub bar: f64,
    /// By what it is seen.
    pub seen: Seen,
    /// What a task would cost now, to see whether waiting pays.
    pub task: Option<NanoUsd>,
    /// What it is worth to have that task done a month earlier.
    pub month: NanoUsd,
    /// How much less a dollar is worth in a year, as a share.
    pub discount: f64,
}

impl LevelTerms {
    /// A quality, by one's own attempts.
    pub fn of(bar: f64) -> Self {
        Self { bar, seen: Seen::Own, task: None, month: NanoUsd::ZERO, discount: 0.05 }
    }
}

/// What can be said of a level.
#[derive(Debug)]
pub struct LevelSeen {
    /// Its record lows, and how fast they fall.
    pub level: Level,
    /// How wrong it would have been before.
    pub tests: Vec<BackTest>,
    /// Whether waiting pays, if that was asked.
    pub waiting: Option<Waiting>,
    /// The day, in UTC.
    pub today: Date,
}

/// What can be said of a level, as it is told.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct LevelAnswer {
    /// The share of tasks that is solved.
    pub bar: f64,
    /// What that costs now, for a task.
    pub dollars: f64,
    /// How many times cheaper it gets in a year.
    pub times_cheaper_a_year: Interval,
    /// The prices that were lower than all before.
    pub record_lows: Vec<RecordLow>,
    /// What it is likely to cost later.
    #[serde(rename = "in")]
    pub ahead: Vec<LaterPrice>,
    /// How wrong this would have been before.
    pub back_test: Vec<BackTested>,
    /// Whether waiting pays, if that was asked.
    pub waiting: Option<WaitingAnswer>,
}

/// A price that was lower than all before.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct RecordLow {
    /// From which day on.
    pub from: String,
    /// What a task cost.
    pub dollars: f64,
    /// By which model.
    pub model: String,
}

/// What a level is likely to cost later.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct LaterPrice {
    /// In how many months.
    pub months: u32,
    /// What a task costs then.
    pub dollars: Interval,
}

/// How wrong it would have been before, in powers of ten; none where nothing could be asked.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct BackTested {
    /// How far ahead.
    pub months: u32,
    /// How often it was asked.
    pub asked: usize,
    /// How wrong it would have been.
    pub error_log10: Option<f64>,
    /// How wrong it is to say that nothing changes.
    pub error_of_no_change_log10: Option<f64>,
    /// How wrong it is to say tenfold a year.
    pub error_of_tenfold_log10: Option<f64>,
    /// The share of what came that was within the range.
    pub covered: Option<f64>,
}

/// Whether waiting pays.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct WaitingAnswer {
    /// How many months to wait; 0 is to do it now.
    pub months: u32,
    /// What is gained by that, in dollars of now.
    pub gained: Interval,
    /// What is expected to be gained.
    pub expected: f64,
    /// What a month earlier has to be worth for waiting never to pay.
    pub break_even_per_month: f64,
}

/// What can be said of a level.
///
/// # Errors
/// If too little is known; if a file can't be read, or the terms can't be meant.
pub fn level(house: &House, terms: &LevelTerms, now: Timestamp) -> Result<LevelSeen, DeskError> {
    let offers = offers(house, &terms.seen)?;
    let today = day(now).unwrap_or(Date::MAX);
    let refused = |why: tenfold_forecast::Refusal| {
        let what = format!("nothing can be said of this level: {why}");
        DeskError::from(Problem::new(ProblemKind::Refused, what))
            .advise("a lower --bar, or a file with more dated results")
    };
    let level = Level::seen(&offers, terms.bar, today, Prior::TENFOLD).map_err(refused)?;
    let end = offers.iter().map(|offer| offer.date).max().unwrap_or(today).min(today);
    let tests =
        MONTHS.map(|months| back_test(&offers, terms.bar, months, end, Prior::TENFOLD)).to_vec();
    let wait = terms.task.map(|task| Wait {
        dollars: dollars(task),
        dollars_per_month: dollars(terms.month),
        discount_per_year: terms.discount,
    });
    let waiting = wait.map(|wait| wait.best(&level)).transpose();
    let waiting = waiting.map_err(|why| DeskError::usage(why.to_string()))?;
    Ok(LevelSeen { level, tests, waiting, today })
}

fn offers(house: &House, seen: &Seen) -> Result<Vec<Offer>, DeskError> {
    Ok(match seen {
        Seen::Own => of_runs(&own_runs(house)?, LEAST_RUNS),
        Seen::Runs(runs) => of_runs(runs, LEAST_RUNS),
        Seen::Benchmark(entries) => {
            let prices = list_prices(&house.prices()?);
            let mut offers = of_benchmark(entries);
            offers.extend(after_the_run(entries, &prices));
            offers
        }
    })
}

impl LevelSeen {
    /// As it is told.
    pub fn answer(&self) -> LevelAnswer {
        let level = &self.level;
        let lows = level.lows.iter().map(|low| RecordLow {
            from: low.date.to_string(),
            dollars: low.dollars,
            model: low.model.clone(),
        });
        let tests = self.tests.iter().map(|test| BackTested {
            months: test.months,
            asked: test.ahead.len(),
            error_log10: test.error(),
            error_of_no_change_log10: test.error_of_no_change(),
            error_of_tenfold_log10: test.error_of_tenfold(),
            covered: test.covered(),
        });
        let ahead = MONTHS.map(|months| LaterPrice {
            months,
            dollars: level.dollars_in(f64::from(months)).into(),
        });
        LevelAnswer {
            bar: level.bar,
            dollars: level.dollars(),
            times_cheaper_a_year: level.fall.times_per_year().into(),
            record_lows: lows.collect(),
            ahead: ahead.to_vec(),
            back_test: tests.collect(),
            waiting: self.waiting.as_ref().map(|waiting| WaitingAnswer {
                months: waiting.months,
                gained: waiting.gained.into(),
                expected: waiting.expected,
                break_even_per_month: waiting.break_even,
            }),
        }
    }
}

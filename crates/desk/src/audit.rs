//! Are the three observations true of one's own ledger, or of runs that a file tells of?

use jiff::civil::Date;
use serde::Serialize;
use tenfold_domain::Timestamp;
use tenfold_engine::{REMEMBERED, dollars, end};
use tenfold_forecast::End;
use tenfold_forecast::audit::{self, Audit, Finding, Known, Observation};
use tenfold_forecast::level::{ListPrice, of_benchmark};
use tenfold_forecast::read::benchmark::Entry;
use tenfold_forecast::read::runs::{Noted, Run};
use tenfold_models::{ModelName, Price, PriceBook, written};
use tenfold_store::{AttemptRow, TaskRow};
use utoipa::ToSchema;

use crate::{DeskError, House, Interval};

/// What is asked.
#[derive(Debug, Clone, Default)]
pub struct AuditTerms {
    /// Runs; one's own attempts, if none are given.
    pub runs: Option<Vec<Run>>,
    /// Dated results of a benchmark, whose price is followed in place of that of the runs.
    pub benchmark: Option<Vec<Entry>>,
    /// The level whose price is followed, as the share of tasks solved; that of the runs, if not
    /// given.
    pub bar: Option<f64>,
}

/// Asks whether the three observations hold.
///
/// # Errors
/// If the store or the prices can't be read.
pub fn audit(house: &House, terms: &AuditTerms) -> Result<Audit, DeskError> {
    let own = match &terms.runs {
        Some(_) => Vec::new(),
        None => own_runs(house)?,
    };
    let runs = terms.runs.as_ref().unwrap_or(&own);
    let prices = list_prices(&house.prices()?);
    let offers = terms.benchmark.as_deref().map(of_benchmark).unwrap_or_default();
    Ok(audit::audit(Known { runs, offers: &offers, prices: &prices, bar: terms.bar }))
}

/// One's own attempts. What was cut off is left out: it would look like a failure.
pub(crate) fn own_runs(house: &House) -> Result<Vec<Run>, DeskError> {
    let mut runs = Vec::new();
    if let Some(reader) = house.reader()? {
        reader.view()?.newest_attempts(REMEMBERED, |task, attempts| {
            runs.extend(attempts.iter().filter_map(|attempt| own_run(task, attempt)));
        })?;
    }
    Ok(runs)
}

fn own_run(task: &TaskRow, attempt: &AttemptRow) -> Option<Run> {
    let solved = match end(task, attempt)? {
        End::Solved => true,
        End::Failed => false,
        End::Cut => return None,
    };
    let noted = Noted {
        value: task.standing.value.map(dollars),
        human_minutes: task.standing.minutes.map(f64::from),
        ..Noted::default()
    };
    Some(Run {
        date: day(attempt.started_at)?,
        model: attempt.model.clone(),
        task: task.id.to_string(),
        solved,
        dollars: Some(dollars(attempt.cost)).filter(|cost| *cost > 0.0),
        steps: Some(attempt.steps as f64),
        noted,
    })
}

/// The day of a moment, in UTC.
pub(crate) fn day(at: Timestamp) -> Option<Date> {
    written(at).get(..10)?.parse().ok()
}

/// All list prices of the price book, as far as they are by the token.
pub(crate) fn list_prices(book: &PriceBook) -> Vec<ListPrice> {
    let of = |name: &ModelName| {
        let dated = book.history(name).iter();
        dated
            .filter_map(|dated| {
                let Price::Listed(list) = &dated.price else { return None };
                let (input, output) = (list.usual.base.prompt, list.usual.base.output);
                Some(ListPrice {
                    date: day(dated.from)?,
                    model: name.model.clone(),
                    provider: name.provider.clone(),
                    input: dollars(input),
                    output: dollars(output),
                })
            })
            .filter(|price| price.input > 0.0 && price.output > 0.0)
            .collect::<Vec<_>>()
    };
    book.models().flat_map(of).collect()
}

/// The three observations, as they are told.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct AuditAnswer {
    /// Each with what was found.
    pub observations: Vec<ObservationCard>,
    /// What holds of all of it.
    pub caveats: Vec<String>,
    /// Where the observations are from.
    pub sources: Vec<String>,
}

/// An observation.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ObservationCard {
    /// What it says.
    pub claim: String,
    /// Whether it holds, in words.
    pub verdict: String,
    /// What was asked of it.
    pub findings: Vec<FindingCard>,
}

/// What was asked of an observation, and what came.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct FindingCard {
    /// What was asked.
    pub question: String,
    /// The answer, in words.
    pub verdict: String,
    /// Why it is that.
    pub why: String,
    /// On what it stands.
    pub data: String,
    /// How fits are scored.
    pub scored: String,
    /// What was fitted.
    pub fits: Vec<FitCard>,
    /// What was measured.
    pub figures: Vec<FigureCard>,
    /// By what rule the answer is given.
    pub rule: String,
    /// What would change it.
    pub would_change: String,
    /// What there is to draw.
    pub plot: Option<PlotCard>,
}

/// A curve that was fitted.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct FitCard {
    /// What it is called.
    pub name: String,
    /// How it goes.
    pub formula: String,
    /// How wrong it is.
    pub error: f64,
    /// How much more than the best.
    pub behind: f64,
    /// How sure that is.
    pub standard_error: f64,
}

/// Something that was measured.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct FigureCard {
    /// What.
    pub name: String,
    /// How much.
    pub interval: Interval,
}

/// What there is to draw.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PlotCard {
    /// What goes to the right.
    pub x: String,
    /// What goes up.
    pub y: String,
    /// Whether the first is told by its ratios.
    pub log_x: bool,
    /// Whether the second is.
    pub log_y: bool,
    /// What is drawn.
    pub series: Vec<SeriesCard>,
}

/// Points that belong together.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct SeriesCard {
    /// What they are.
    pub name: String,
    /// Whether they are a curve that was fitted.
    pub fitted: bool,
    /// Pairs of numbers.
    pub points: Vec<(f64, f64)>,
}

impl From<&Audit> for AuditAnswer {
    fn from(found: &Audit) -> Self {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        Self {
            observations: found.observations.iter().map(observation).collect(),
            caveats: owned(found.caveats),
            sources: owned(found.sources),
        }
    }
}

fn observation(one: &Observation) -> ObservationCard {
    ObservationCard {
        claim: one.claim.to_owned(),
        verdict: one.verdict().words().to_owned(),
        findings: one.findings.iter().map(finding).collect(),
    }
}

fn finding(one: &Finding) -> FindingCard {
    let fits = one.fits.iter().map(|fit| FitCard {
        name: fit.name.to_owned(),
        formula: fit.formula.to_owned(),
        error: fit.error,
        behind: fit.behind,
        standard_error: fit.standard_error,
    });
    let figures = one
        .figures
        .iter()
        .map(|figure| FigureCard { name: figure.name.clone(), interval: figure.interval.into() });
    FindingCard {
        question: one.asked.question.to_owned(),
        verdict: one.verdict.words().to_owned(),
        why: one.why.clone(),
        data: one.data.clone(),
        scored: one.asked.scored.to_owned(),
        fits: fits.collect(),
        figures: figures.collect(),
        rule: one.asked.rule.to_owned(),
        would_change: one.asked.would_change.to_owned(),
        plot: one.plot.as_ref().map(plot),
    }
}

fn plot(plot: &audit::Plot) -> PlotCard {
    let series = plot.series.iter().map(|series| SeriesCard {
        name: series.name.clone(),
        fitted: series.fitted,
        points: series.points.clone(),
    });
    PlotCard {
        x: plot.x.to_owned(),
        y: plot.y.to_owned(),
        log_x: plot.log_x,
        log_y: plot.log_y,
        series: series.collect(),
    }
}

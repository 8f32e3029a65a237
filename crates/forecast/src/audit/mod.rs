//! The audit: are the three observations true of these runs?
//!
//! Altman's "Three observations" (2025) claims that intelligence is roughly the logarithm of the
//! resources behind it, that the price of a given level falls about tenfold a year and lower
//! prices lead to much more use, and that the value of linearly more intelligence is
//! super-exponential. Each is asked of a ledger or a file, by a rule that is stated before the data
//! are looked at, beside rivals that are given the same chance; "not supported" and "not enough
//! data" are answers like any other. What is rendered, and how, is elsewhere: here are numbers, the
//! series to plot, and the sentences that belong beside them.

mod case;
mod finding;
mod growth;
mod price;
mod shape;
mod spend;
pub mod synthetic;
mod training;
mod value;

pub use finding::{Asked, Audit, Figure, Finding, Fit, Observation, Plot, Series, Verdict};

use crate::level::{ListPrice, Offer, of_runs};
use crate::read::runs::Run;

/// The fewest runs of a model whose mean cost and share solved are taken for its price and level.
const LEAST_RUNS: usize = 20;

const CAVEATS: &[&str] = &[
    "The data are chosen, not random: these are the models, tasks and days that somebody happened \
     to run and to keep. An interval says how far chance alone could have moved a number, and \
     nothing of what that choice did.",
    "No cause is shown. A model that costs more differs from another in more than its cost, and a \
     month in which prices fell differs from others in more than its prices.",
    "'Supported' means that these data agree with the claim, would have shown it if they didn't, \
     and that no rival tried here does better. It doesn't mean that the claim is true elsewhere.",
    "'Intelligence' is read as the share of tasks solved, on its own scale. On another scale \
     another curve would be straight.",
    "A share by budget is how the costs of solved runs are spread. That it is straight says that \
     they lie evenly over powers of ten, and nothing of what a run would have come to with more.",
    "Runs of a file that were stopped by a budget or a person look like failures: leave them out \
     where there are many. Of one's own attempts they are left out already.",
];

const SOURCES: &[&str] = &[
    "The claims, and the case of GPT-4 and GPT-4o: Altman, \"Three observations\", 2025.",
    "Training as six times model size and tokens: Kaplan et al., \"Scaling laws for neural language \
     models\", 2020.",
    "Prices of a level, measured elsewhere: Cottier et al., \"LLM inference prices have fallen \
     rapidly but unequally across tasks\", Epoch AI, 2025.",
    "The pace as a gamma process: Moran, \"The theory of storage\", 1959; van Noortwijk, \"A survey \
     of the application of gamma processes in maintenance\", 2009. Its long-run variance: Newey and \
     West, \"A simple, positive semi-definite, heteroskedasticity and autocorrelation consistent \
     covariance matrix\", 1987.",
    "The interval of the elasticity: MacKinnon and White, \"Some heteroskedasticity-consistent \
     covariance matrix estimators\", 1985. That of what tenfold the spend adds, the jackknife: \
     Tukey, \"Bias and confidence in not quite large samples\", 1958.",
    "Scores on what was left out: Stone, \"Cross-validatory choice and assessment of statistical \
     predictions\", 1974.",
];

/// A number that somebody can have measured. What is negative, not finite, or beyond all that is
/// counted here (a training takes some 10²⁷ operations) would drown the rest.
fn measured(number: Option<f64>) -> Option<f64> {
    number.filter(|number| *number == 0.0 || (1e-30..=1e30).contains(number))
}

/// What an audit is made of.
#[derive(Debug, Clone, Copy, Default)]
pub struct Known<'a> {
    /// The runs of a ledger or a file. Those of the future are the caller's to leave out.
    pub runs: &'a [Run],
    /// Dated results of a benchmark. Where there are any, the price that is followed is that of
    /// its levels; otherwise it is that of a task of the runs.
    pub offers: &'a [Offer],
    /// Dated list prices, for the essay's own case.
    pub prices: &'a [ListPrice],
    /// The level whose price is followed, as a share of tasks solved; the runs' own if `None`.
    pub bar: Option<f64>,
}

/// Asks the three observations of what is known. The order of the runs doesn't matter. What isn't
/// known is said in the finding that lacks it.
pub fn audit(known: Known<'_>) -> Audit {
    let own = if known.offers.is_empty() { of_runs(known.runs, LEAST_RUNS) } else { Vec::new() };
    let offers = if known.offers.is_empty() { &own } else { known.offers };
    let bar = known.bar.filter(|bar| bar.is_finite());
    let observations = vec![
        Observation {
            claim: "The intelligence of a model roughly equals the log of the resources used to \
                    train and run it.",
            findings: vec![spend::finding(known.runs), training::finding(known.runs)],
        },
        Observation {
            claim: "The cost to use a given level of AI falls about ten times every twelve months, \
                    and lower prices lead to much more use.",
            findings: vec![
                price::finding(offers, bar),
                growth::finding(known.runs, offers, bar),
                case::finding(known.prices),
            ],
        },
        Observation {
            claim: "The socioeconomic value of linearly increasing intelligence is \
                    super-exponential in nature.",
            findings: vec![value::finding(known.runs)],
        },
    ];
    Audit { observations, caveats: CAVEATS, sources: SOURCES }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::synthetic::{Planted, Subject, ledger};
    use super::*;
    use crate::read::runs::Noted;

    fn of(runs: &[Run]) -> Audit {
        audit(Known { runs, ..Known::default() })
    }

    fn verdicts(audit: &Audit) -> Vec<Verdict> {
        audit.observations.iter().flat_map(|one| &one.findings).map(|one| one.verdict).collect()
    }

    #[test]
    fn of_nothing_nothing_is_known() {
        assert_eq!(verdicts(&of(&[])), [Verdict::NotEnough; 6]);
        let all = of(&[]);
        assert!(all.observations.iter().all(|one| one.verdict() == Verdict::NotEnough));
        assert!(all.caveats[0].contains("chosen, not random"));
    }

    #[test]
    fn what_is_all_alike_says_nothing() {
        for solved in [true, false] {
            let mut runs = ledger(Subject::Spend, Planted::True, 1);
            runs.iter_mut().for_each(|run| run.solved = solved);
            assert_eq!(of(&runs).observations[0].verdict(), Verdict::NotEnough);
        }
        let mut runs = ledger(Subject::Spend, Planted::True, 2);
        runs.iter_mut().filter(|run| run.solved).for_each(|run| run.dollars = Some(0.01));
        assert_eq!(of(&runs).observations[0].verdict(), Verdict::NotEnough);
        runs.iter_mut().for_each(|run| run.dollars = Some(0.0));
        assert_eq!(verdicts(&of(&runs)), [Verdict::NotEnough; 6]);
    }

    #[test]
    fn the_order_of_runs_says_nothing() {
        for subject in Subject::ALL {
            let runs = ledger(subject, Planted::True, 3);
            let turned: Vec<Run> = runs.iter().rev().cloned().collect();
            assert_eq!(verdicts(&of(&runs)), verdicts(&of(&turned)), "{subject:?}");
        }
    }

    #[test]
    fn what_tasks_took_is_not_read_as_chosen() {
        // Dear runs are those at hard tasks: read as chosen, paying more would harm.
        let runs = ledger(Subject::Spend, Planted::True, 2);
        let finding = &of(&runs).observations[0].findings[0];
        assert!(finding.data.contains("by budget"), "{}", finding.data);
        assert!(finding.figures[0].interval.low > 0.0, "{:?}", finding.figures);
        let chosen = ledger(Subject::Spend, Planted::True, 4);
        assert!(of(&chosen).observations[0].findings[0].data.contains("as chosen"));
    }

    #[test]
    fn a_file_dated_by_model_says_nothing_of_use() {
        let mut runs = ledger(Subject::Growth, Planted::True, 5);
        runs.iter_mut().for_each(|run| run.date = date(2024, 1, 1));
        assert!(of(&runs).observations[1].findings[1].why.contains("dates are those of models"));
    }

    #[test]
    fn the_essay_is_judged_by_list_prices() {
        let price = |model: &str, date, input, output| ListPrice {
            date,
            model: model.to_owned(),
            provider: "openai".to_owned(),
            input,
            output,
        };
        let mut prices = vec![
            price("gpt-4o", date(2024, 10, 2), 2.5, 10.0),
            price("gpt-4o", date(2024, 5, 13), 5.0, 15.0),
            price("gpt-4", date(2023, 3, 14), 30.0, 60.0),
            price("gpt-4o-mini", date(2024, 7, 18), 0.15, 0.6),
        ];
        let case = |prices: &[ListPrice]| {
            let known = Known { prices, ..Known::default() };
            audit(known).observations[1].findings[2].clone()
        };
        let told = case(&prices);
        let times: Vec<f64> = told.figures.iter().map(|one| one.interval.likely).collect();
        assert_eq!((told.verdict, times), (Verdict::NotSupported, vec![6.0, 4.0, 5.0]));
        assert!(told.why.contains("another model, gpt-4o-mini, at 200 times"), "{}", told.why);
        prices[1].input = 0.2;
        assert_eq!(case(&prices).verdict, Verdict::Supported);
        assert_eq!(case(&prices[..2]).verdict, Verdict::NotEnough);
    }

    fn any_run() -> impl Strategy<Value = Run> {
        let number = || {
            prop_oneof![
                5 => (-9.0..9.0_f64).prop_map(|log| Some(10_f64.powf(log))),
                1 => Just(None),
                1 => proptest::num::f64::ANY.prop_map(Some),
            ]
        };
        let noted = (number(), number(), number(), number());
        (0..1200_i64, 0..4_usize, 0..60_usize, any::<bool>(), number(), noted).prop_map(
            |(day, model, task, solved, dollars, (value, minutes, capability, flop))| Run {
                date: crate::level::later(date(2023, 1, 1), day),
                model: format!("model {model}"),
                task: format!("task {task}"),
                solved,
                dollars,
                steps: None,
                noted: Noted { value, human_minutes: minutes, capability, training_flop: flop },
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn whatever_the_runs_an_audit_has_finite_figures(
            runs in proptest::collection::vec(any_run(), 0..600),
        ) {
            for finding in of(&runs).observations.iter().flat_map(|one| &one.findings) {
                for figure in &finding.figures {
                    let of = figure.interval;
                    prop_assert!(of.low <= of.likely && of.likely <= of.high, "{:?}", figure);
                    prop_assert!(of.low.is_finite() && of.high.is_finite(), "{:?}", figure);
                }
                prop_assert!(!finding.why.contains("NaN"), "{}", finding.why);
            }
        }
    }
}

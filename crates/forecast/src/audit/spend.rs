//! The first observation: is success linear in the logarithm of what it cost to run?
//!
//! Costs can be read in two ways, and the wrong one misleads. Where spend was chosen, as with
//! budgets or numbers of samples, the share solved at a spend is what it buys. Where a run ends by
//! itself, its cost is what its task took: dear runs are those at hard tasks, and the share solved
//! of dear runs says that paying more harms. There, what a budget buys is the share of all runs
//! that were solved for no more than it. Which of the two it is can be seen: more spend that was
//! chosen doesn't lower the chance of success, so that failures are not dearer than successes.

use std::collections::{BTreeMap, HashMap};

use super::finding::{Asked, Figure, Finding, Fit, Plot, Series, Verdict};
use super::measured;
use super::shape::{Cell, Shape, Tried, tried};
use crate::Interval;
use crate::read::runs::Run;

/// With fewer runs, or fewer of either outcome, a model says too little of a curve.
const LEAST_RUNS: usize = 40;
const LEAST_OF_EACH: usize = 8;
/// With fewer runs in all, shapes can't be told apart.
const LEAST_IN_ALL: usize = 250;
/// With spends less far apart than this, from the tenth to the ninetieth of a hundred, of all runs
/// and of the solved, all shapes look alike.
const LEAST_SPREAD: f64 = 3.0;
/// Into how many parts tasks are divided, each left out once.
const FOLDS: usize = 20;
/// How many budgets a curve is looked at.
const BUDGETS: usize = 16;
/// A rival is better that is so by four points of chance, squared, and none is where seven can be
/// ruled out.
const BETTER: f64 = 0.04 * 0.04;
const RULED_OUT: f64 = 0.07 * 0.07;
/// Spend doesn't matter that moves the share by less, as a root mean square over the runs.
const MATTERS: f64 = 0.08;
/// How many standard errors failures must be dearer by to say that spend wasn't chosen.
const DEARER: f64 = 3.0;
/// How many standard errors make a one-sided statement of 95 % confidence, and half of an interval
/// of 90 %.
const SURE: f64 = 1.645;
/// The most models that are drawn.
const DRAWN: usize = 12;

const ASKED: Asked = Asked {
    question: "Is the share of tasks solved, for each model, a straight line over the logarithm of \
               the dollars it cost to run? A share is of all runs of the model: of those that cost \
               about as much, where spend was chosen; of all those solved for no more than a \
               budget, where runs ended by themselves.",
    scored: "Tasks are left out a twentieth at a time; the error is the squared distance of the \
             share from whether it was solved, over all runs, or runs and budgets.",
    rule: "All with 95 % confidence. Supported: it beats 'flat', and no rival is better by seven \
           points of chance, squared. Not supported: a rival is better, and by four points or more; \
           or it doesn't beat 'flat', and spend moves the share by less than eight points, as a \
           root mean square over the runs. Otherwise there is not enough data.",
    would_change: "Runs of the same tasks at budgets that are ten or a hundred times apart and \
                   chosen beforehand; a share that bends away from the line where spend is largest \
                   speaks against it.",
};

/// How costs are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reading {
    ByRun,
    ByBudget,
}

/// The runs of one model whose cost is known, as (task's fold, ln dollars, solved).
struct Model<'a> {
    name: &'a str,
    runs: Vec<(usize, f64, bool)>,
}

impl Model<'_> {
    fn says_enough(&self) -> bool {
        let all = sorted(self.runs.iter().map(|run| run.1));
        let solved = sorted(self.runs.iter().filter(|run| run.2).map(|run| run.1));
        let apart = |logs: &[f64]| at(logs, 0.9) - at(logs, 0.1) >= LEAST_SPREAD.ln();
        all.len() >= LEAST_RUNS
            && solved.len().min(all.len() - solved.len()) >= LEAST_OF_EACH
            && apart(&all)
            && apart(&solved)
    }
}

/// What the runs say of the first observation, on its inference half.
pub(super) fn finding(runs: &[Run]) -> Finding {
    let (models, left_out) = models(runs);
    let all: usize = models.iter().map(|model| model.runs.len()).sum();
    if all < LEAST_IN_ALL {
        let data = format!("{all} of {} runs; {left_out} models left out", runs.len());
        let why = format!(
            "it takes {LEAST_IN_ALL} runs, of models with {LEAST_RUNS} runs of known cost each, \
             {LEAST_OF_EACH} of them solved and as many not, whose costs are {LEAST_SPREAD} times \
             apart"
        );
        return Finding::nothing(&ASKED, data, why);
    }
    let dearer = failures_dearer(&models);
    let reading = if dearer > DEARER { Reading::ByBudget } else { Reading::ByRun };
    let cells = match reading {
        Reading::ByRun => by_run(&models),
        Reading::ByBudget => by_budget(&models),
    };
    let fits = Shape::ALL.map(|shape| tried(shape, &cells));
    let (verdict, why) = judge(&fits, &cells);
    let read_as = match reading {
        Reading::ByRun => "as chosen",
        Reading::ByBudget => "as what tasks took, so that shares are by budget",
    };
    Finding {
        asked: &ASKED,
        data: format!(
            "{all} runs of {} models; {left_out} models with too few runs, outcomes or costs left \
             out. Failures cost more than successes by {dearer:.1} standard errors: spend is read \
             {read_as}.",
            models.len()
        ),
        figures: vec![per_tenfold(&fits[0], &cells)],
        fits: compared(&fits),
        verdict,
        why,
        plot: Some(plot(&models, &cells, &fits[0])),
    }
}

/// Models that say enough, in order of their names, and how many don't.
fn models(runs: &[Run]) -> (Vec<Model<'_>>, usize) {
    let known = |run: &&Run| measured(run.dollars).is_some_and(|dollars| dollars > 0.0);
    let mut tasks: Vec<&str> = runs.iter().filter(known).map(|run| run.task.as_str()).collect();
    tasks.sort_unstable();
    tasks.dedup();
    let few = tasks.len() < 2 * FOLDS;
    let folds: HashMap<&str, usize> =
        tasks.iter().enumerate().map(|(place, task)| (*task, place % FOLDS)).collect();
    let mut models: BTreeMap<&str, Vec<(usize, f64, bool)>> = BTreeMap::new();
    for run in runs.iter().filter(known) {
        let cost = run.dollars.unwrap_or(1.0).ln();
        let fold = folds.get(run.task.as_str()).copied().unwrap_or(0);
        models.entry(&run.model).or_default().push((fold, cost, run.solved));
    }
    let all = models.len();
    let mut kept: Vec<Model<'_>> = models
        .into_iter()
        .map(|(name, runs)| Model { name, runs })
        .filter(Model::says_enough)
        .collect();
    for model in &mut kept {
        model.runs.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.2.cmp(&b.2)).then(a.0.cmp(&b.0)));
        if few {
            // The same few tasks again and again: runs are left out, not tasks.
            model.runs.iter_mut().enumerate().for_each(|(place, run)| run.0 = place % FOLDS);
        }
    }
    let left_out = all - kept.len();
    (kept, left_out)
}

/// By how many standard errors failures are dearer than successes of the same model.
fn failures_dearer(models: &[Model<'_>]) -> f64 {
    let (mut sum, mut weight) = (0.0, 0.0);
    for model in models {
        let of = |solved: bool| {
            let logs: Vec<f64> =
                model.runs.iter().filter(|run| run.2 == solved).map(|run| run.1).collect();
            let n = logs.len() as f64;
            let mean = logs.iter().sum::<f64>() / n;
            let variance = logs.iter().map(|log| (log - mean).powi(2)).sum::<f64>() / (n - 1.0);
            (mean, variance / n)
        };
        let ((solved, a), (failed, b)) = (of(true), of(false));
        let precision = 1.0 / (a + b).max(1e-12);
        sum += precision * (failed - solved);
        weight += precision;
    }
    sum / weight.sqrt()
}

fn by_run(models: &[Model<'_>]) -> Vec<Cell> {
    let of = |(group, model): (usize, &Model<'_>)| {
        let cell = move |run: &(usize, f64, bool)| {
            Cell::one(group, run.0, run.1.exp(), f64::from(u8::from(run.2)))
        };
        model.runs.iter().map(cell).collect::<Vec<Cell>>()
    };
    models.iter().enumerate().flat_map(of).collect()
}

/// Of each model and budget and fold, how many were solved for no more. Budgets lie evenly on the
/// logarithm, between what the cheapest and the dearest two in a hundred of the solved cost.
fn by_budget(models: &[Model<'_>]) -> Vec<Cell> {
    let mut cells = Vec::new();
    for (group, model) in models.iter().enumerate() {
        let solved = sorted(model.runs.iter().filter(|run| run.2).map(|run| run.1));
        let (low, high) = (at(&solved, 0.02), at(&solved, 0.98));
        for step in 0..BUDGETS {
            let budget = low + (high - low) * step as f64 / (BUDGETS - 1) as f64;
            let mut folds = [(0.0, 0.0); FOLDS];
            for &(fold, cost, solved) in &model.runs {
                folds[fold].0 += 1.0;
                folds[fold].1 += f64::from(u8::from(solved && cost <= budget));
            }
            let spend = budget.exp();
            let some = folds.iter().enumerate().filter(|(_, fold)| fold.0 > 0.0);
            cells.extend(some.map(|(fold, &(count, sum))| Cell {
                group,
                fold,
                spend,
                count,
                sum,
                squares: sum,
            }));
        }
    }
    cells
}

/// The verdict by the rule, of fits in the order of [`Shape::ALL`], and the numbers behind it.
pub(super) fn judge(fits: &[Tried], cells: &[Cell]) -> (Verdict, String) {
    let [claim, flat, rivals @ ..] = fits else {
        return (Verdict::NotEnough, String::new());
    };
    let (gain, gain_error) = flat.behind(claim);
    let best = rivals.iter().min_by(|a, b| a.error().total_cmp(&b.error()));
    let (behind, behind_error, name) = best.map_or((0.0, 0.0, ""), |best| {
        let (behind, error) = claim.behind(best);
        (behind, error, best.shape.words().0)
    });
    let slope = per_tenfold(claim, cells).interval;
    let at_most = slope.low.abs().max(slope.high.abs()) * spread(cells);
    let tells = gain > SURE * gain_error;
    let beaten = behind > BETTER && behind > SURE * behind_error;
    let verdict = if beaten || (!tells && at_most < MATTERS) {
        Verdict::NotSupported
    } else if tells && behind + SURE * behind_error < RULED_OUT {
        Verdict::Supported
    } else {
        Verdict::NotEnough
    };
    let why = format!(
        "it is better than 'flat' by {gain:.4} (standard error {gain_error:.4}), and {} the best \
         rival, '{name}', by {:.4} ({behind_error:.4}), where four points squared are {BETTER:.4} \
         and seven {:.4}; spend moves the share by {:.0} points at most",
        if behind > 0.0 { "worse than" } else { "better than" },
        behind.abs(),
        RULED_OUT,
        at_most * 100.0,
    );
    (verdict, why)
}

/// How far the spends of a group lie from their middle, in powers of ten, as a root mean square.
fn spread(cells: &[Cell]) -> f64 {
    let groups = cells.iter().map(|cell| cell.group + 1).max().unwrap_or(0);
    let mut sums = vec![(0.0, 0.0, 0.0); groups];
    for cell in cells {
        let (sum, log) = (&mut sums[cell.group], cell.spend.log10());
        *sum = (sum.0 + cell.count, sum.1 + cell.count * log, sum.2 + cell.count * log * log);
    }
    let all: f64 = sums.iter().map(|sum| sum.0).sum();
    let off: f64 = sums.iter().map(|(n, log, squares)| squares - log * log / n.max(1.0)).sum();
    (off.max(0.0) / all.max(1.0)).sqrt()
}

/// The fits as a finding tells them, the claim's first.
pub(super) fn compared(fits: &[Tried]) -> Vec<Fit> {
    let of = |fit: &Tried| {
        let (name, formula) = fit.shape.words();
        let (behind, standard_error) = fit.behind(&fits[0]);
        Fit { name, formula, error: fit.error(), behind, standard_error }
    };
    fits.iter().map(of).collect()
}

/// What tenfold the spend adds to the share, over all models by their runs; its interval is the
/// jackknife's over folds (Tukey, "Bias and confidence in not quite large samples", 1958).
pub(super) fn per_tenfold(fit: &Tried, cells: &[Cell]) -> Figure {
    let mut weights = vec![0.0; fit.curves.len()];
    cells.iter().for_each(|cell| weights[cell.group] += cell.count);
    let all: f64 = weights.iter().sum();
    let slope = |curves: &[super::shape::Curve]| {
        let sum: f64 = curves.iter().zip(&weights).map(|(curve, weight)| curve.b * weight).sum();
        sum / all * std::f64::consts::LN_10
    };
    let without: Vec<f64> = fit.without.iter().map(|curves| slope(curves)).collect();
    let n = without.len() as f64;
    let mean = without.iter().sum::<f64>() / n;
    let off: f64 = without.iter().map(|one| (one - mean).powi(2)).sum();
    let half = SURE * (off * (n - 1.0) / n).sqrt();
    let likely = slope(&fit.curves);
    Figure {
        name: "share solved that tenfold the spend adds".to_owned(),
        interval: Interval::new(likely - half, likely, likely + half),
    }
}

/// Of each model what was observed, at eight spends, and the line.
fn plot(models: &[Model<'_>], cells: &[Cell], line: &Tried) -> Plot {
    let mut series = Vec::new();
    for (group, model) in models.iter().enumerate().take(DRAWN) {
        let mut of: Vec<&Cell> = cells.iter().filter(|cell| cell.group == group).collect();
        of.sort_by(|a, b| a.spend.total_cmp(&b.spend));
        let share = |part: &[&Cell]| {
            let count: f64 = part.iter().map(|cell| cell.count).sum();
            let log: f64 = part.iter().map(|cell| cell.count * cell.spend.ln()).sum();
            ((log / count).exp(), part.iter().map(|cell| cell.sum).sum::<f64>() / count)
        };
        let observed: Vec<(f64, f64)> = of.chunks(of.len().div_ceil(8).max(1)).map(share).collect();
        let fitted = observed.iter().map(|(spend, _)| (*spend, line.curves[group].at(*spend)));
        let fitted = fitted.collect();
        let name = model.name.to_owned();
        series.push(Series { name: name.clone(), fitted: false, points: observed });
        series.push(Series { name, fitted: true, points: fitted });
    }
    Plot { x: "dollars", y: "share of tasks solved", log_x: true, log_y: false, series }
}

fn sorted(numbers: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut all: Vec<f64> = numbers.collect();
    all.sort_by(f64::total_cmp);
    all
}

/// What so large a share of the sorted numbers doesn't pass.
fn at(sorted: &[f64], share: f64) -> f64 {
    let place = (share * sorted.len().saturating_sub(1) as f64).round() as usize;
    sorted.get(place).copied().unwrap_or(0.0)
}

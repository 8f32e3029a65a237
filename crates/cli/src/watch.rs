//! What a person sees while a task is worked: a live display on a terminal, lines where there
//! is none and they were asked for, else only what they have to know. It shows what it is
//! told; what really happened is in the journal.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use tenfold_domain::{Progress, TaskId, Totals};

use crate::terminal::{self, DIM, one_line, styled, visible};

/// The widest line of progress.
const LINE: usize = 160;

/// Shows how it goes with tasks.
#[derive(Debug)]
pub(crate) enum Watcher {
    /// On a terminal: two lines a task, that change.
    Live(Live),
    /// A line a step.
    Lines,
    /// Only notes.
    Quiet,
}

/// The lines of a live display.
#[derive(Debug)]
pub(crate) struct Live {
    bars: MultiProgress,
    tasks: Mutex<BTreeMap<TaskId, Pair>>,
}

/// The lines of a task.
#[derive(Debug)]
struct Pair {
    doing: ProgressBar,
    totals: ProgressBar,
}

impl Watcher {
    /// As fits where standard error goes; who asked for lines gets them anywhere else.
    pub(crate) fn new(lines: bool) -> Self {
        if terminal::is_watched() {
            return Self::Live(Live::new());
        }
        if lines { Self::Lines } else { Self::Quiet }
    }

    /// Shows what is told.
    pub(crate) fn show(&self, progress: &Progress) {
        match self {
            Self::Live(live) => live.show(progress),
            Self::Lines => lines(progress),
            Self::Quiet => quiet(progress),
        }
    }

    /// Takes away what changes on the screen.
    pub(crate) fn end(self) {
        if let Self::Live(live) = self {
            // Failing to draw is no reason to stop the work.
            let _ = live.bars.clear();
        }
    }
}

impl Live {
    fn new() -> Self {
        Self { bars: MultiProgress::new(), tasks: Mutex::new(BTreeMap::new()) }
    }

    fn show(&self, progress: &Progress) {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        let task = progress.task();
        match progress {
            Progress::Note { text, .. } => {
                let _ = self.bars.println(visible(text));
            }
            Progress::Doing { what, .. } => {
                let pair = tasks.entry(task).or_insert_with(|| Pair::new(&self.bars, task));
                pair.doing.set_message(one_line(what, LINE));
            }
            Progress::Totals(totals) => {
                let pair = tasks.entry(task).or_insert_with(|| Pair::new(&self.bars, task));
                pair.totals.set_message(line(totals));
            }
            Progress::Ended { .. } | Progress::Worked(_) | Progress::Failed { .. } => {
                if let Some(pair) = tasks.remove(&task) {
                    pair.doing.finish_and_clear();
                    pair.totals.finish_and_clear();
                }
            }
        }
    }
}

impl Pair {
    fn new(bars: &MultiProgress, task: TaskId) -> Self {
        let style = |template: &str| {
            ProgressStyle::with_template(template).expect("the templates here are sound")
        };
        let doing = bars.add(ProgressBar::new_spinner());
        doing.set_style(style("{spinner:.cyan} task {prefix} {elapsed:>4} {wide_msg}"));
        doing.set_prefix(task.to_string());
        doing.set_message("beginning");
        doing.enable_steady_tick(Duration::from_millis(100));
        let totals = bars.add(ProgressBar::new_spinner());
        totals.set_style(style("  {wide_msg:.dim}"));
        Self { doing, totals }
    }
}

fn lines(progress: &Progress) {
    match progress {
        Progress::Doing { attempt, what } => {
            terminal::note(&format!("{attempt} {}", one_line(what, LINE)));
        }
        Progress::Totals(totals) => {
            let line = format!("{} {}", totals.attempt, line(totals));
            terminal::note(&styled(DIM, line));
        }
        Progress::Note { text, .. } => terminal::note(&visible(text)),
        Progress::Ended { attempt, outcome, .. } => terminal::note(&format!("{attempt} {outcome}")),
        Progress::Worked(_) | Progress::Failed { .. } => {}
    }
}

fn quiet(progress: &Progress) {
    if let Progress::Note { text, .. } = progress {
        terminal::note(&visible(text));
    }
}

/// The totals so far in one line.
pub(crate) fn line(totals: &Totals) -> String {
    let Totals { candidates, checks, usage, cost, .. } = totals;
    format!(
        "{candidates} candidates · {checks} checks · {} tokens · {} out · {}",
        usage.prompt + usage.cached,
        usage.output,
        crate::report::money(*cost)
    )
}

//! What a person sees while a task is worked: a live display on a terminal, lines where there
//! is none and they were asked for, else only what they have to know. It shows what it is
//! told; what really happened is in the journal.

use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use tenfold_domain::TaskId;
use tenfold_engine::{Progress, Totals};
use tokio::sync::mpsc::UnboundedReceiver;

use crate::terminal::{self, DIM, one_line, styled, visible};

/// The widest line of progress.
const LINE: usize = 160;

/// Shows the progress of one task.
#[derive(Debug)]
pub(crate) enum Watcher {
    /// On a terminal: two lines that change.
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
    doing: ProgressBar,
    totals: ProgressBar,
}

impl Watcher {
    /// As fits where standard error goes.
    pub(crate) fn new(task: TaskId, verbose: bool) -> Self {
        if terminal::is_watched() {
            return Self::Live(Live::new(task));
        }
        if verbose { Self::Lines } else { Self::Quiet }
    }

    /// Shows all that comes, until the engine has no more to say.
    pub(crate) async fn watch(self, mut progress: UnboundedReceiver<Progress>) {
        while let Some(progress) = progress.recv().await {
            match &self {
                Self::Live(live) => live.show(&progress),
                Self::Lines => lines(&progress),
                Self::Quiet => quiet(&progress),
            }
        }
        if let Self::Live(live) = self {
            let _ = live.bars.clear();
        }
    }
}

impl Live {
    fn new(task: TaskId) -> Self {
        let bars = MultiProgress::new();
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
        Self { bars, doing, totals }
    }

    fn show(&self, progress: &Progress) {
        match progress {
            Progress::Doing { what, .. } => self.doing.set_message(one_line(what, LINE)),
            Progress::Totals(totals) => self.totals.set_message(line(totals)),
            Progress::Note { text, .. } => {
                // Failing to draw is no reason to stop the work.
                let _ = self.bars.println(visible(text));
            }
            Progress::Ended { .. } => {}
        }
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

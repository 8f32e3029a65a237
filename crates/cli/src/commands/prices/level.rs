//! `tenfold prices level`: what a quality costs, how fast that falls, and whether to wait.

use std::path::PathBuf;

use clap::Args;
use comfy_table::Cell;
use jiff::civil::Date;
use tenfold_desk::prices::level::{self, LevelSeen, LevelTerms, MONTHS, Seen};
use tenfold_domain::NanoUsd;
use tenfold_forecast::Interval;
use tenfold_forecast::level::{Level, Low, Waiting};

use super::now;
use crate::arguments::Format;
use crate::commands::audit;
use crate::context::Context;
use crate::exit::Exit;
use crate::plot::{Axis, Line, Plot, Scale, Shape, chart, file, price};
use crate::report::estimate;
use crate::table::table;
use crate::terminal::{self, one_line};
use crate::trouble::Trouble;

/// Show what a quality costs, how fast its price falls, and whether waiting pays
#[derive(Debug, Args)]
pub(super) struct LevelArgs {
    /// The quality: the share of tasks that is solved, as in 0.6
    #[arg(long, value_name = "SHARE", value_parser = share)]
    bar: f64,
    /// Dated results of a benchmark, in YAML: date, model, pass_rate_2, total_cost
    #[arg(long, value_name = "FILE", conflicts_with = "runs")]
    benchmark: Option<PathBuf>,
    /// Runs in CSV: date, model, instance, resolved, cost_usd; your own attempts, if neither is
    /// given
    #[arg(long, value_name = "FILE")]
    runs: Option<PathBuf>,
    /// What a task would cost now, in dollars, to see whether waiting pays
    #[arg(long, value_name = "DOLLARS")]
    task: Option<NanoUsd>,
    /// What it is worth to have that task done a month earlier, in dollars
    #[arg(long, value_name = "DOLLARS", default_value = "0", requires = "task")]
    month: NanoUsd,
    /// How much less a dollar is worth in a year, as a share
    #[arg(long, value_name = "SHARE", default_value_t = 0.05, requires = "task")]
    discount: f64,
    /// Write a picture of it, in SVG
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    #[command(flatten)]
    format: Format,
}

pub(crate) fn share(text: &str) -> Result<f64, String> {
    let share = text.parse::<f64>().ok().filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| format!("'{text}' is no share from 0 to 1"))
}

/// Performs the command.
pub(super) fn run(context: &Context, args: &LevelArgs) -> Result<Exit, Trouble> {
    let seen = level::level(&context.house, &args.terms()?, now())?;
    match args.format.json {
        true => terminal::print_json(&seen.answer())?,
        false => terminal::print(&shown(&seen))?,
    }
    if let Some(file) = &args.svg {
        file::write(file, &plot(&seen))?;
    }
    Ok(Exit::Done)
}

impl LevelArgs {
    fn terms(&self) -> Result<LevelTerms, Trouble> {
        let seen = match (&self.benchmark, &self.runs) {
            (Some(file), _) => Seen::Benchmark(audit::results(file)?),
            (None, Some(file)) => Seen::Runs(audit::of_file(file)?),
            (None, None) => Seen::Own,
        };
        let (task, month, discount) = (self.task, self.month, self.discount);
        Ok(LevelTerms { bar: self.bar, seen, task, month, discount })
    }
}

fn shown(seen: &LevelSeen) -> String {
    let Level { bar, lows, fall } = &seen.level;
    let row = |low: &Low| {
        let model = one_line(&low.model, 60);
        [low.date.to_string(), estimate(low.dollars), model].map(Cell::new).to_vec()
    };
    let mut text = format!("{}\n", table(&["from", "lowest price", "model"], lows.iter().map(row)));
    let Interval { low, likely, high } = fall.times_per_year();
    text += &format!(
        "{:.0} % costs {} now; it gets {likely:.1} times cheaper a year, nine times in ten \
         between {low:.1} and {high:.0}\n",
        bar * 100.0,
        estimate(seen.level.dollars()),
    );
    for months in MONTHS {
        let in_months = seen.level.dollars_in(f64::from(months));
        text += &format!(
            "in {months:>2} months: {}, between {} and {}\n",
            estimate(in_months.likely),
            estimate(in_months.low),
            estimate(in_months.high)
        );
    }
    text += &tested(seen);
    if let Some(waiting) = &seen.waiting {
        text += &format!("\n{}", waits(waiting));
    }
    if terminal::is_watched() {
        text += &format!("\n\n{}", chart(&plot(seen), terminal::width()));
    }
    text.trim_end().to_owned()
}

/// How wrong this would have been before, beside who asks for nothing.
fn tested(seen: &LevelSeen) -> String {
    let mut text = String::new();
    for test in &seen.tests {
        let errors = [test.error(), test.error_of_no_change(), test.error_of_tenfold()];
        let [Some(own), Some(none), Some(tenfold)] = errors else { continue };
        let times = |error: f64| format!("{:.2} times", 10_f64.powf(error));
        text += &format!(
            "asked {} times before, {} months ahead: off by {}; \"no change\" by {}, \"tenfold \
             a year\" by {}\n",
            test.ahead.len(),
            test.months,
            times(own),
            times(none),
            times(tenfold)
        );
    }
    if text.is_empty() {
        text = "too little is known to say how right this would have been before; tenfold a \
                year is all that it goes by at first\n"
            .to_owned();
    }
    text
}

/// The record lows, and what is likely to follow.
fn plot(seen: &LevelSeen) -> Plot {
    let days = |date: Date| f64::from((date - Date::constant(1970, 1, 1)).get_days());
    let ms = |days: f64| days * 86_400_000.0;
    let today = days(seen.today);
    let ahead = |of: fn(Interval) -> f64| -> Vec<(f64, f64)> {
        let months = (0..=12).map(|month| (f64::from(month), f64::from(month) * 30.4375));
        months.map(|(n, later)| (ms(today + later), of(seen.level.dollars_in(n)))).collect()
    };
    let lows = seen.level.lows.iter().map(|low| (ms(days(low.date)), low.dollars));
    // It is known until today.
    let so_far = lows.chain([(ms(today), f64::NAN)]).collect();
    let line = |name: &str, points, shape, is_faint| Line {
        name: name.to_owned(),
        points,
        shape,
        is_faint,
    };
    Plot {
        title: format!("the price of solving {:.0} %", seen.level.bar * 100.0),
        x: Axis { scale: Scale::Even, reach: None, shown: price::day },
        y: Axis { scale: Scale::Ratios, reach: None, shown: estimate },
        lines: vec![
            line("lowest price so far", so_far, Shape::Steps, false),
            line("likely", ahead(|price| price.likely), Shape::Straight, false),
            line("19 times in 20 above this", ahead(|price| price.low), Shape::Straight, true),
            line("19 times in 20 below this", ahead(|price| price.high), Shape::Straight, true),
        ],
        marks: Vec::new(),
    }
}

fn waits(waiting: &Waiting) -> String {
    let even = estimate(waiting.break_even);
    match waiting.months {
        0 => format!(
            "waiting does not pay: it would if a month earlier were worth less than {even}\n"
        ),
        months => format!(
            "waiting {months} months pays: {} is expected to be gained (between {} and {}); it \
             would not if a month earlier were worth {even} or more\n",
            estimate(waiting.expected),
            estimate(waiting.gained.low),
            estimate(waiting.gained.high),
        ),
    }
}

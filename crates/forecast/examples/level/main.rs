//! How wrong forecasts of a level's price are: from each month on, with what was known then, beside
//! "no change" and "tenfold a year". `--data DIR` takes `aider_polyglot*.yml`, `price_events*.csv`
//! and `agent_runs*.csv`; without it, made-up markets are drawn from `--seed`.

#![allow(clippy::print_stdout)]

#[path = "../shared/asked.rs"]
mod asked;
mod market;
#[path = "../shared/parts.rs"]
mod parts;
mod table;

use std::error::Error;
use std::path::Path;

use asked::{Asked, texts};
use serde_json::{Value as Json, json};
use tenfold_forecast::level::{self, BackTest, Level, Offer, Prior, back_test};
use tenfold_forecast::read::{Unreadable, benchmark, price_events, runs};

/// The months ahead.
const AHEAD: [u32; 3] = [3, 6, 12];
/// The fewest runs of a model from which its quality and its cost are taken.
const LEAST_RUNS: usize = 20;

/// Offers that are all the price of one thing, and the bars to follow.
pub(crate) struct Series {
    name: String,
    offers: Vec<Offer>,
    bars: Vec<f64>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let asked = Asked::read()?;
    let (series, notes) = match &asked.data {
        Some(folder) => given(folder)?,
        None => (market::made_up(asked.seed), vec!["no --data: made-up markets".to_owned()]),
    };
    let measured: Vec<Json> = series.iter().map(measure).collect();
    let report = json!({ "seed": asked.seed, "notes": notes, "series": measured });
    if asked.json {
        println!("{report}")
    } else {
        print!("{}", table::of(&report))
    }
    Ok(())
}

/// What a folder has, and what it hasn't.
fn given(folder: &Path) -> Result<(Vec<Series>, Vec<String>), Box<dyn Error>> {
    let (mut series, mut notes) = (Vec::new(), Vec::new());
    let mut entries = Vec::new();
    let benchmarks = texts(folder, "aider_polyglot", ".yml")?;
    for (name, text) in &benchmarks {
        entries.extend(benchmark::read(text).map_err(|error| named(name, &error))?);
    }
    let mut prices = Vec::new();
    for (name, text) in texts(folder, "price_events", ".csv")? {
        prices.extend(price_events::read(&text).map_err(|error| named(&name, &error))?);
    }
    let bars = vec![0.3, 0.4, 0.5, 0.6, 0.7, 0.8];
    let mut add = |name: &str, offers: Vec<Offer>, bars: &[f64], from: &str| {
        if offers.is_empty() {
            notes.push(format!("skipped, since there is no {from}: {name}"));
        } else {
            series.push(Series { name: name.to_owned(), offers, bars: bars.to_vec() });
        }
    };
    let run = level::of_benchmark(&entries);
    let cut = level::after_the_run(&entries, &prices);
    let followed = if run.is_empty() { Vec::new() } else { [run.clone(), cut].concat() };
    add("the whole benchmark, as run", run, &bars, "aider_polyglot*.yml");
    add("the same, list prices followed", followed, &bars, "aider_polyglot*.yml");
    let listed = level::at_list_price(&entries, &prices);
    add("a million tokens at list price", listed, &bars, "model both in a benchmark and a list");
    let mut ran = Vec::new();
    for (name, text) in texts(folder, "agent_runs", ".csv")? {
        ran.extend(runs::read(&text).map_err(|error| named(&name, &error))?);
    }
    let offers = level::of_runs(&ran, LEAST_RUNS);
    add("a task of coding agents", offers, &[0.2, 0.3, 0.4, 0.5, 0.6], "agent_runs*.csv");
    Ok((series, notes))
}

fn named(name: &str, error: &Unreadable) -> String {
    format!("{name}, {error}")
}

/// The back-tests of a series, and what is known of each bar at its end.
fn measure(series: &Series) -> Json {
    let Some(end) = series.offers.iter().map(|offer| offer.date).max() else { return Json::Null };
    let mut all: Vec<BackTest> = Vec::new();
    let mut levels = Vec::new();
    for &bar in &series.bars {
        all.extend(AHEAD.map(|months| back_test(&series.offers, bar, months, end, Prior::TENFOLD)));
        match Level::seen(&series.offers, bar, end, Prior::TENFOLD) {
            Ok(level) => levels.push(known(&level)),
            Err(refusal) => levels.push(json!({ "bar": bar, "refused": refusal.to_string() })),
        }
    }
    let pooled = AHEAD.map(|months| {
        let of = all.iter().filter(|test| test.months == months);
        let ahead = of.flat_map(|test| test.ahead.iter().copied()).collect();
        errors("all", &BackTest { bar: f64::NAN, months, ahead })
    });
    let each = all.iter().map(|test| errors(&format!("{:.0} %", test.bar * 100.0), test));
    let tests: Vec<Json> = each.chain(pooled).collect();
    json!({ "name": series.name, "end": end.to_string(), "levels": levels, "tests": tests })
}

fn errors(bar: &str, test: &BackTest) -> Json {
    json!({
        "bar": bar,
        "months": test.months,
        "origins": test.ahead.len(),
        "error": test.error(),
        "no_change": test.error_of_no_change(),
        "tenfold": test.error_of_tenfold(),
        "covered": test.covered(),
    })
}

fn known(level: &Level) -> Json {
    let pace = level.fall.times_per_year();
    let lows = level.lows.iter().map(|low| json!([low.date.to_string(), low.dollars, low.model]));
    let ahead = AHEAD.map(|months| {
        let dollars = level.dollars_in(f64::from(months));
        json!([months, dollars.low, dollars.likely, dollars.high])
    });
    json!({
        "bar": level.bar,
        "lows": lows.collect::<Vec<_>>(),
        "dollars": level.dollars(),
        "times_per_year": [pace.low, pace.likely, pace.high],
        "ahead": ahead,
    })
}

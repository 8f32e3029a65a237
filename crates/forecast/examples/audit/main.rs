//! Whether an audit finds what was planted, in 120 made-up ledgers of each case, drawn from
//! `--seed`; and, with `--data DIR`, what it says of `agent_runs*.csv`, with the list prices of
//! `price_events*.csv`, of `human_minutes*.jsonl`, and of the prices in `aider_polyglot*.yml`.

#![allow(clippy::print_stdout)]

#[path = "../shared/asked.rs"]
mod asked;
mod minutes;
#[path = "../shared/parts.rs"]
mod parts;
mod table;

use std::error::Error;
use std::path::Path;

use asked::{Asked, texts};
use jiff::civil::date;
use serde_json::{Value as Json, json};
use tenfold_forecast::audit::synthetic::{Planted, Subject, ledger};
use tenfold_forecast::audit::{Audit, Finding, Known, Verdict, audit};
use tenfold_forecast::level::{ListPrice, of_benchmark};
use tenfold_forecast::read::{benchmark, price_events, runs};

/// How many ledgers of each case.
const LEDGERS: u64 = 120;

fn main() -> Result<(), Box<dyn Error>> {
    let asked = Asked::read()?;
    let (given, notes) = match &asked.data {
        Some(folder) => given(folder)?,
        None => (Vec::new(), vec!["no --data: made-up ledgers alone".to_owned()]),
    };
    let announced = announced();
    let case = audit(Known { prices: &announced, ..Known::default() });
    let report = json!({
        "seed": asked.seed,
        "ledgers": LEDGERS,
        "planted": planted(asked.seed),
        "notes": notes,
        "given": given,
        "case": told(&case.observations[1].findings[2]),
    });
    if asked.json {
        println!("{report}");
    } else {
        print!("{}", table::of(&report));
    }
    Ok(())
}

/// How often each verdict came of each case.
fn planted(seed: u64) -> Vec<Json> {
    let mut rows = Vec::new();
    for subject in Subject::ALL {
        for planted in Planted::ALL {
            let (observation, finding) = subject.place();
            let mut came = [0_u64; 3];
            for n in 0..LEDGERS {
                let runs = ledger(subject, planted, seed * 1_000_003 + n);
                let audit = audit(Known { runs: &runs, ..Known::default() });
                let verdict = audit.observations[observation].findings[finding].verdict;
                came[verdict as usize] += 1;
            }
            let right = came[planted.verdict() as usize] as f64 / LEDGERS as f64;
            rows.push(json!({
                "subject": format!("{subject:?}"),
                "planted": format!("{planted:?}"),
                "supported": came[Verdict::Supported as usize],
                "not_supported": came[Verdict::NotSupported as usize],
                "not_enough": came[Verdict::NotEnough as usize],
                "right": right,
            }));
        }
    }
    rows
}

/// OpenAI's list prices, as announced with each model.
fn announced() -> Vec<ListPrice> {
    let price = |model: &str, day, input, output| ListPrice {
        date: day,
        model: model.to_owned(),
        provider: "openai".to_owned(),
        input,
        output,
    };
    vec![
        price("gpt-4", date(2023, 3, 14), 30.0, 60.0),
        price("gpt-4-1106-preview", date(2023, 11, 6), 10.0, 30.0),
        price("gpt-4o", date(2024, 5, 13), 5.0, 15.0),
        price("gpt-4o-mini", date(2024, 7, 18), 0.15, 0.6),
        price("gpt-4o-2024-08-06", date(2024, 8, 6), 2.5, 10.0),
    ]
}

fn given(folder: &Path) -> Result<(Vec<Json>, Vec<String>), Box<dyn Error>> {
    let (mut given, mut notes) = (Vec::new(), Vec::new());
    let mut prices = Vec::new();
    for (name, text) in texts(folder, "price_events", ".csv")? {
        prices.extend(price_events::read(&text).map_err(|error| format!("{name}, {error}"))?);
    }
    let mut files = Vec::new();
    for (name, text) in texts(folder, "agent_runs", ".csv")? {
        files.push((runs::read(&text).map_err(|error| format!("{name}, {error}"))?, name));
    }
    for (name, text) in texts(folder, "human_minutes", ".jsonl")? {
        files.push((minutes::read(&text)?, name));
    }
    for (runs, name) in files {
        let audit = audit(Known { runs: &runs, prices: &prices, ..Known::default() });
        given.push(json!({ "file": name, "findings": findings(&audit) }));
    }
    for (name, text) in texts(folder, "aider_polyglot", ".yml")? {
        let entries = benchmark::read(&text).map_err(|error| format!("{name}, {error}"))?;
        let audit = audit(Known { offers: &of_benchmark(&entries), ..Known::default() });
        given.push(json!({ "file": name, "findings": [told(&audit.observations[1].findings[0])] }));
    }
    if given.is_empty() {
        let files = "agent_runs*.csv, human_minutes*.jsonl, aider_polyglot*.yml";
        notes.push(format!("skipped, since none of them is there: {files}"));
    }
    Ok((given, notes))
}

fn findings(audit: &Audit) -> Vec<Json> {
    audit.observations.iter().flat_map(|one| one.findings.iter().map(told)).collect()
}

fn told(finding: &Finding) -> Json {
    let fit = |fit: &tenfold_forecast::audit::Fit| {
        json!({
            "name": fit.name,
            "error": fit.error,
            "behind": fit.behind,
            "standard_error": fit.standard_error,
        })
    };
    let figure = |figure: &tenfold_forecast::audit::Figure| {
        let of = figure.interval;
        json!({ "name": figure.name, "low": of.low, "likely": of.likely, "high": of.high })
    };
    json!({
        "question": finding.asked.question,
        "data": finding.data,
        "verdict": finding.verdict.words(),
        "why": finding.why,
        "fits": finding.fits.iter().map(fit).collect::<Vec<_>>(),
        "figures": finding.figures.iter().map(figure).collect::<Vec<_>>(),
    })
}

//! `cargo xtask bench cascade`: what the cascade solves and costs, on each day on which a model
//! appears, beside each single model, cheapest-first, random, and the best capped sequence that can
//! be found by somebody who knows how everything ends.

#![allow(clippy::print_stdout)]

mod hindsight;
mod measure;
mod play;
mod report;
mod table;

use std::path::PathBuf;

use tenfold_domain::Seed;

use table::Table;

const HELP: &str = "\
usage: cascade [OPTIONS]

  --data DIR        takes agent_runs*.csv from there; without it, a table drawn from the seed
  --seed N          of everything that is drawn                                    [1]
  --seeds N         in so many orders each day's tasks come                        [5]
  --leaks A,B       shares of wrong work that the check lets pass       [0,0.05,0.1,0.2]
  --models N        only so many of the models, drawn from the seed
  --redate          deals the models' dates anew
  --json            one JSON object, in place of the tables
";

/// What was asked for.
struct Options {
    data: Option<PathBuf>,
    seed: u64,
    seeds: u64,
    leaks: Vec<f64>,
    models: Option<usize>,
    redate: bool,
    json: bool,
}

fn options() -> Result<Option<Options>, Box<dyn std::error::Error>> {
    use lexopt::prelude::*;
    let mut options = Options {
        data: None,
        seed: 1,
        seeds: 5,
        leaks: vec![0.0, 0.05, 0.1, 0.2],
        models: None,
        redate: false,
        json: false,
    };
    let mut parser = lexopt::Parser::from_env();
    while let Some(word) = parser.next()? {
        match word {
            Long("data") => options.data = Some(parser.value()?.into()),
            Long("seed") => options.seed = parser.value()?.parse()?,
            Long("seeds") => options.seeds = parser.value()?.parse::<u64>()?.max(1),
            Long("leaks") => {
                let shares = parser.value()?.string()?;
                options.leaks = shares.split(',').map(str::parse).collect::<Result<_, _>>()?;
            }
            Long("models") => options.models = Some(parser.value()?.parse()?),
            Long("redate") => options.redate = true,
            Long("json") => options.json = true,
            Long("help") | Short('h') => return Ok(None),
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(Some(options))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let Some(options) = options()? else {
        print!("{HELP}");
        return Ok(());
    };
    let seed = Seed(options.seed);
    let table = match &options.data {
        Some(dir) => Table::read(dir)?,
        None => Some(Table::synthetic(seed.child(1))),
    };
    let Some(mut table) = table.filter(|table| table.tasks > 0) else {
        println!(
            "there is no agent_runs*.csv with tasks that all of its models were given: skipped"
        );
        return Ok(());
    };
    if let Some(count) = options.models {
        table = table.thinned(count, seed.child(2));
    }
    if options.redate {
        table = table.redated(seed.child(3));
    }
    let measured = options
        .leaks
        .iter()
        .map(|&leak| measure::measure(&table, leak, seed.child(4), options.seeds))
        .collect::<Result<Vec<_>, _>>()?;
    if options.json {
        println!("{}", report::json(&table, &measured));
    } else {
        print!("{}", report::tables(&table, &measured));
    }
    Ok(())
}

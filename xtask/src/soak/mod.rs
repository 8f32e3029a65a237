//! `cargo xtask soak`: works a backlog with the real program, real records and real sandboxes,
//! kills what works it at random moments, and audits what is left at the end.
//!
//! It is a stranger to the product: it types commands, reads what they say, looks at processes and
//! files, and asks the scripted models what they were asked. What it does is drawn in `plan`, what
//! has to hold is in `audit` and `outside`.

mod audit;
mod compacted;
mod home;
mod journal;
mod options;
mod outside;
mod plan;
mod processes;
mod report;
mod rounds;
mod script;
mod settle;
mod typed;
mod watcher;

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::time::Instant;

use tenfold_domain::Seed;

use crate::command::{cargo, output, run};
use crate::trouble::{Tried, Trouble};
use crate::{Chore, house};
use home::{Home, Listed, Programs};
use journal::Account;
use options::Options;
use plan::Work;
use report::Totals;
use rounds::Soak;

pub(crate) const CHORE: Chore = Chore {
    name: "soak",
    usage: "[--minutes N] [--seed N]",
    about: "kill the program at random moments, again and again, and see that nothing is lost",
    run: main,
};

fn main(words: Vec<String>) -> Result<ExitCode, Trouble> {
    let options = Options::read(words)?;
    if options.help {
        print!("{}", options::HELP);
        return Ok(ExitCode::SUCCESS);
    }
    Ok(if reported(&options)? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Soaks, and prints what came of it; true if nothing is wrong.
fn reported(options: &Options) -> Result<bool, Trouble> {
    let programs = programs(options)?;
    let dir = tempfile::Builder::new()
        .prefix("tenfold-soak-")
        .tempdir()
        .tried(|| "could not make a home".to_owned())?;
    let (soak, totals) = soak(dir.path(), programs, options)?;
    if options.json {
        println!("{}", report::object(options.seed, &soak.counts, &totals, &soak.wrong));
    } else {
        print!("{}", report::table(options.seed, &soak.counts, &totals, &soak.wrong));
    }
    let is_well = soak.wrong.is_empty();
    drop(soak.home);
    if options.keep || !is_well {
        eprintln!("seed {}, the home is kept: {}", options.seed, dir.keep().display());
    }
    Ok(is_well)
}

fn soak(
    dir: &std::path::Path,
    programs: Programs,
    options: &Options,
) -> Result<(Soak, Totals), Trouble> {
    let seed = Seed(options.seed);
    let mut soak = Soak::new(Home::make(dir, programs, seed)?);
    let began = Instant::now();
    let is_watched = std::io::stderr().is_terminal();
    let mut number = 0;
    while began.elapsed() < options.time {
        let known = soak.wrong.len();
        soak.round(number)?;
        for wrong in &soak.wrong[known..] {
            eprintln!("seed {}, round {number}: {wrong}", options.seed);
        }
        number += 1;
        if is_watched {
            let (tasks, left) =
                (soak.asked_for.len(), options.time.saturating_sub(began.elapsed()));
            eprint!("\r\x1b[Kround {number}, {tasks} tasks, {} s left", left.as_secs());
            let _ = std::io::stderr().flush();
        }
    }
    if is_watched {
        eprintln!("\r\x1b[Kround {number} was the last; all comes to its end");
    }
    let known = soak.wrong.len();
    soak.settle()?;
    let totals = audited(&mut soak)?;
    for wrong in &soak.wrong[known..] {
        eprintln!("seed {}, after round {number}: {wrong}", options.seed);
    }
    Ok((soak, totals))
}

/// Adds all up, and notes what is wrong.
fn audited(soak: &mut Soak) -> Result<Totals, Trouble> {
    let listed = soak.home.list()?;
    let asked_far = soak.home.asked_far()?;
    let mut totals = Totals {
        asked: soak.home.asked(),
        asked_far: asked_far.values().sum(),
        ..Totals::default()
    };
    let naps = soak.home.watcher.naps();
    totals.seen = naps.values().sum();
    let mut announced = BTreeMap::new();
    let mut wrong = listed_once(soak, &listed);
    for task in &listed {
        let number = script::marked(&task.text).unwrap_or_default();
        let account = Account::of(&soak.home.log(task.task)?);
        totals.add(&task.state, &account);
        let found = found(soak, task, &listed, asked_far.get(&number).copied().unwrap_or(0))?;
        wrong.extend(audit::task(&found, &account));
        announced.extend(account.naps);
    }
    wrong.extend(audit::seen(&naps, &announced));
    if totals.asked > totals.questions {
        let (asked, questions) = (totals.asked, totals.questions);
        wrong.push(format!("the model was asked {asked} times, and {questions} are recorded"));
    }
    wrong.extend(outside::audit(&soak.home, &listed)?);
    let (of_compaction, killed) = compacted::audit(&soak.home)?;
    wrong.extend(of_compaction);
    totals.compactions_killed = killed;
    soak.wrong.extend(wrong);
    Ok(totals)
}

/// Each task that was asked for is listed, once; one whose asking was killed at most once.
fn listed_once(soak: &Soak, listed: &[Listed]) -> Vec<String> {
    let mut wrong = Vec::new();
    for (number, is_sure) in &soak.asked_for {
        let is_it = |task: &&Listed| script::marked(&task.text) == Some(*number);
        let times = listed.iter().filter(is_it).count();
        if times > 1 || *is_sure && times == 0 {
            wrong.push(format!("what was asked for as {number} is listed {times} times"));
        }
    }
    let marked = |task: &&Listed| script::marked(&task.text);
    let unasked = listed
        .iter()
        .filter(|task| marked(task).is_none_or(|number| !soak.asked_for.contains_key(&number)));
    wrong.extend(unasked.map(|task| format!("nobody asked for task {}", task.task)));
    wrong
}

fn found(
    soak: &Soak,
    task: &Listed,
    listed: &[Listed],
    asked_far: u64,
) -> Result<audit::Task, Trouble> {
    let job = plan::job(soak.home.seed, script::marked(&task.text).unwrap_or_default());
    let tags = match (&task.proposal, job.work) {
        (Some(proposal), Work::Loop { .. }) => {
            let diff = output(&mut soak.home.command(0, &["diff", &task.task.to_string()]))?;
            let line = format!("+{}-", job.number);
            let tags = diff.lines().filter(|text| text.starts_with(&line));
            let attempt = proposal.attempt.parse();
            let attempt = attempt.tried(|| format!("no attempt is '{}'", proposal.attempt))?;
            Some((attempt, tags.map(|tag| tag[1..].to_owned()).collect()))
        }
        _ => None,
    };
    let dollars = if job.is_poor { plan::LITTLE } else { plan::ENOUGH };
    let budget = dollars.parse::<f64>().unwrap_or_default() * 1e9;
    Ok(audit::Task {
        task: task.task,
        state: task.state.clone(),
        spent: task.cost_nano_usd,
        budget: budget as u64,
        asked_far,
        tags,
        may_begin: task.state != "queued" || soak.may_begin(task, listed)?,
    })
}

/// The programs, built now; but for the one that was named.
fn programs(options: &Options) -> Result<Programs, Trouble> {
    let mut build = cargo(["build", "--quiet", "--package", "tenfold"]);
    build.args(["--example", "fake-model", "--example", "fake-provider"]);
    if options.tenfold.is_none() {
        build.args(["--bin", "tenfold"]);
    }
    run(build.current_dir(house::root()))?;
    let built = house::target().join("debug");
    let tenfold = match &options.tenfold {
        Some(named) => {
            named.canonicalize().tried(|| format!("could not find {}", named.display()))?
        }
        None => built.join("tenfold"),
    };
    let example = |name| built.join("examples").join(name);
    Ok(Programs { tenfold, model: example("fake-model"), provider: example("fake-provider") })
}

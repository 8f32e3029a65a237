//! `cargo xtask bench repair`: real libraries, broken on purpose, repaired by Tenfold.
//!
//! The way of a task: `corpus` names the libraries, `fetch` gets and `ground` lays them out,
//! `mutate` breaks functions, `trial` and `suite` find which tests notice, `draw` picks the
//! tasks and `hide` takes tests away; `solve` hands a task to Tenfold, `judge` runs all the
//! tests on the outcome, `report` counts. This file only leads from one to the next.

mod confine;
mod corpus;
mod draw;
mod fetch;
mod ground;
mod hide;
mod judge;
mod mutate;
mod options;
mod report;
mod solve;
mod stats;
mod suite;
mod syntax;
mod trial;

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tenfold_domain::Seed;

use crate::command::{cargo, command, output, run};
use crate::house;
use crate::python::Environment;
use crate::trouble::{Tried, Trouble};

use draw::{Drawing, Task};
use ground::Ground;
use options::Options;
use report::{Machine, Outcome};
use trial::Trial;

/// Runs the bench.
pub(super) fn main(words: Vec<String>) -> Result<ExitCode, Trouble> {
    let options = Options::read(words)?;
    if options.help {
        print!("{}", options::HELP);
        return Ok(ExitCode::SUCCESS);
    }
    confine::ready()?;
    let python = Environment::of_this_house()?;
    if !python.is_there() {
        eprintln!("making a Python environment with pytest in {}", python.dir().display());
        python.make()?;
    }
    let scratch = tempfile::tempdir().tried(|| "could not make a folder".to_owned())?;
    let grounds = grounds(&options, &python, scratch.path())?;
    let drawn = tasks(&grounds, &options, &python)?;
    let wanted =
        |drawn: &&Drawn<'_>| options.only.is_empty() || options.only.contains(&drawn.task.id);
    let chosen: Vec<&Drawn<'_>> = drawn.iter().filter(wanted).collect();
    if options.list {
        return list(&chosen).map(|()| ExitCode::SUCCESS);
    }
    let tenfold = program(&options)?;
    let machine = machine(&tenfold);
    let mut outcomes = Vec::new();
    for (at, drawn) in chosen.iter().enumerate() {
        // A fault of the bench costs one task and not the hours of all.
        let outcome = one(drawn, &tenfold, &options, &python)
            .unwrap_or_else(|trouble| Outcome::fault(&drawn.task, &trouble.to_string()));
        eprintln!("[{}/{}] {}", at + 1, chosen.len(), outcome.line());
        outcomes.push(outcome);
    }
    if options.json {
        println!("{}", report::object(&outcomes, &options, &machine));
    } else {
        print!("{}", report::tables(&outcomes, &options, &machine));
    }
    Ok(ExitCode::SUCCESS)
}

/// A task with the library it comes from, and what a run of that library's tests may take.
struct Drawn<'a> {
    task: Task,
    ground: &'a Ground,
    limit: Duration,
}

fn grounds(options: &Options, python: &Environment, dir: &Path) -> Result<Vec<Ground>, Trouble> {
    let lay_out = |library: corpus::Library| {
        let archive = fetch::archive(&library, python)?;
        ground::lay_out(&library, &archive, dir.join(&library.name))
    };
    corpus::libraries(&options.libraries)?.into_iter().map(lay_out).collect()
}

/// Draws the tasks, an even share from each library, as many libraries at once as there
/// are cores. What one library lacks, the others make up.
fn tasks<'a>(
    grounds: &'a [Ground],
    options: &Options,
    python: &'a Environment,
) -> Result<Vec<Drawn<'a>>, Trouble> {
    let count = grounds.len();
    let share = |at: usize| options.tasks * at / count..options.tasks * (at + 1) / count;
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::new());
    let work = || {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(ground) = grounds.get(at) else { break };
            let drawn = from_one(ground, share(at), options, python);
            done.lock().expect("no worker panics while it holds the lock").push((at, drawn));
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..cores() {
            scope.spawn(work);
        }
    });
    let mut done = done.into_inner().expect("no worker panicked while it held the lock");
    done.sort_by_key(|(at, _)| *at);
    let (mut drawings, mut all) = (Vec::new(), Vec::new());
    for (at, drawn) in done {
        let (drawing, limit, tasks) = drawn?;
        let ground = &grounds[at];
        all.extend(tasks.into_iter().map(|task| Drawn { task, ground, limit }));
        drawings.push((at, limit, drawing));
    }
    let mut rich = drawings.len();
    while all.len() < options.tasks && rich > 0 {
        rich = 0;
        for (at, limit, drawing) in &mut drawings {
            if all.len() < options.tasks
                && let Some(task) = drawing.next()?
            {
                rich += 1;
                all.push(Drawn { task, ground: &grounds[*at], limit: *limit });
            }
        }
    }
    eprintln!("{} tasks drawn from {count} libraries", all.len());
    Ok(all)
}

type FromOne<'a> = (Drawing<'a>, Duration, Vec<Task>);

fn from_one<'a>(
    ground: &'a Ground,
    share: Range<usize>,
    options: &Options,
    python: &'a Environment,
) -> Result<FromOne<'a>, Trouble> {
    let trial = Trial::new(ground, python)?;
    let limit = trial.limit;
    let seed = Seed(options.seed);
    let mut drawing = Drawing::new(trial, seed, share.start, options.double_share);
    let mut tasks = Vec::new();
    while tasks.len() < share.len() {
        let Some(task) = drawing.next()? else { break };
        tasks.push(task);
    }
    eprintln!("{}: {} of {} tasks", ground.library.name, tasks.len(), share.len());
    Ok((drawing, limit, tasks))
}

/// Gives one task to Tenfold and judges what comes back.
fn one(
    drawn: &Drawn<'_>,
    tenfold: &Path,
    options: &Options,
    python: &Environment,
) -> Result<Outcome, Trouble> {
    let Drawn { task, ground, limit } = drawn;
    let dir = tempfile::Builder::new()
        .prefix(&format!("{}-", task.id))
        .tempdir()
        .tried(|| "could not make a folder".to_owned())?;
    let attempted = solve::attempt(ground, task, dir.path(), tenfold, options, python)?;
    let said = attempted.said;
    let judged = judge::judge(ground, task, &attempted.repo, &said.diff, *limit, python)?;
    let outcome = Outcome {
        task: task.clone(),
        solved: judged.passes,
        verified: said.proposal.is_some_and(|proposal| proposal.verified),
        as_before: judged.as_before,
        why: judged.why,
        state: said.state,
        outcome: said.outcome,
        note: said.note,
        generator: said.generator,
        wall_ms: attempted.wall_ms,
        usage: said.usage,
        cost_nano_usd: said.cost_nano_usd,
        checks: said.checks,
        candidates: said.candidates,
        touched: attempted.touched,
        diff: said.diff,
    };
    if options.keep {
        let text = serde_json::to_string_pretty(&outcome);
        let text = text.tried(|| "could not write down an outcome".to_owned())?;
        ground::write(dir.path(), "outcome.json", &text)?;
        eprintln!("kept: {}", dir.keep().display());
    }
    Ok(outcome)
}

/// Prints what each task breaks, as a diff from the library as its authors left it.
fn list(chosen: &[&Drawn<'_>]) -> Result<(), Trouble> {
    let dir = tempfile::tempdir().tried(|| "could not make a folder".to_owned())?;
    for Drawn { task, ground, .. } in chosen {
        let kinds: Vec<&str> = task.broken.iter().map(|place| place.kind.name()).collect();
        let (failing, hidden) = (task.failing.len(), task.hidden.len());
        println!("{}: {}, {failing} tests fail, {hidden} hidden", task.id, kinds.join(" and "));
        for place in &task.broken {
            println!(
                "  {} in {}, {}:{}",
                place.kind.name(),
                place.function,
                place.file,
                place.line
            );
        }
        for (path, text) in &task.whole {
            let (before, after) = (dir.path().join("before"), dir.path().join("after"));
            std::fs::write(&before, &ground.files[path])
                .and_then(|()| std::fs::write(&after, text))
                .tried(|| "could not write a file to compare".to_owned())?;
            let mut diff = command("git", ["diff", "--no-index", "--no-color", "-U2"]);
            let ran = confine::run(diff.arg(before).arg(after), Duration::from_secs(10))?;
            let hunks = ran.stdout.find("@@").map_or("", |at| &ran.stdout[at..]);
            println!("{hunks}");
        }
    }
    Ok(())
}

/// The program to measure, built now unless one was named.
fn program(options: &Options) -> Result<PathBuf, Trouble> {
    if let Some(named) = &options.tenfold {
        return named.canonicalize().tried(|| format!("could not find {}", named.display()));
    }
    eprintln!("building tenfold");
    run(cargo(["build", "--release", "--package", "tenfold"]).current_dir(house::root()))?;
    Ok(house::target().join("release/tenfold"))
}

fn machine(tenfold: &Path) -> Machine {
    let about = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let named = about.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let said = |program: &Path, arg| output(&mut command(program, [arg])).unwrap_or_default();
    Machine {
        processor: named.map_or("unknown processor", |(_, name)| name).to_owned(),
        cores: cores(),
        date: said(Path::new("date"), "+%F").trim().to_owned(),
        tenfold: said(tenfold, "--version").trim().to_owned(),
    }
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

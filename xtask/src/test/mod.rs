//! `cargo xtask test`: everything that must hold before a change goes in.
//!
//! One step after the other, all of them even if one fails, and a summary at the end. What
//! compiles is compiled first, with the network; what runs the tests runs without it, where
//! the machine allows that. Nothing here decides what a test means.

mod network;

use std::process::{Command, ExitCode};
use std::time::Instant;

use lexopt::prelude::*;

use crate::command::{cargo, command, on_path, run};
use crate::python::Environment;
use crate::setup::{self, Purpose};
use crate::trouble::Trouble;
use crate::{Chore, demo, house, tidy, web};

pub(crate) const CHORE: Chore = Chore {
    name: "test",
    usage: "[--list] [STEP ...]",
    about: "all tests, the lints and the rules of the house; or only the steps named",
    run: |args| {
        let steps = parse(args)?;
        Ok(all(&steps))
    },
};

/// One thing that must hold.
struct Step {
    name: &'static str,
    run: fn() -> Result<Outcome, Trouble>,
}

/// How a step that did not fail ended.
enum Outcome {
    Passed,
    /// Not done, and why: this is said in the summary, never passed over.
    Skipped(&'static str),
}

/// The quick ones first, so that a slip is said early.
const STEPS: &[Step] = &[
    Step { name: "setup", run: || done(setup::bring(Purpose::Test)) },
    Step { name: "format", run: || done(run(&mut at_root(cargo(["fmt", "--all", "--check"])))) },
    Step { name: "tidy", run: || done(tidy::run()) },
    Step { name: "clippy", run: clippy },
    Step { name: "build", run: || done(run(&mut tests(&["--no-run"]))) },
    Step { name: "tests", run: || done(without_network(&mut tests(&[]))) },
    Step { name: "clients", run: clients },
    Step { name: "page", run: page },
    Step { name: "simulation", run: || done(without_network(&mut simulation())) },
    Step { name: "doctests", run: || done(without_network(&mut doctests())) },
    Step { name: "docs", run: docs },
    Step { name: "sample", run: || done(demo::selftest()) },
    Step { name: "licences", run: licences },
];

/// Worlds that the engine is simulated in.
const WORLDS: &str = "600";

fn parse(args: Vec<String>) -> Result<Vec<&'static Step>, Trouble> {
    let mut steps = Vec::new();
    let mut parser = lexopt::Parser::from_args(args);
    while let Some(arg) = parser.next()? {
        match arg {
            Long("list") => {
                STEPS.iter().for_each(|step| println!("{}", step.name));
                return Ok(steps);
            }
            Value(name) => {
                let name = name.string()?;
                let step = STEPS.iter().find(|step| step.name == name);
                steps.push(step.ok_or_else(|| {
                    Trouble::usage(format!("there is no step '{name}'; --list names them"))
                })?);
            }
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(if steps.is_empty() { STEPS.iter().collect() } else { steps })
}

fn all(steps: &[&Step]) -> ExitCode {
    let started = Instant::now();
    let mut lines = Vec::new();
    let mut failed = Vec::new();
    for step in steps {
        println!("── {}", step.name);
        let step_started = Instant::now();
        let said = match (step.run)() {
            Ok(Outcome::Passed) => "passed".to_owned(),
            Ok(Outcome::Skipped(why)) => format!("skipped: {why}"),
            Err(trouble) => {
                eprintln!("error: {trouble}");
                failed.push(step.name);
                "FAILED".to_owned()
            }
        };
        let seconds = step_started.elapsed().as_secs_f64();
        lines.push(format!("{:<10} {seconds:>7.1} s  {said}", step.name));
    }
    println!("──\n{}", lines.join("\n"));
    let seconds = started.elapsed().as_secs_f64();
    let (count, all) = (steps.len() - failed.len(), steps.len());
    if failed.is_empty() {
        println!("test: all {all} steps are well, {seconds:.0} s");
        return ExitCode::SUCCESS;
    }
    println!("test: FAILED: {}; {count} of {all} are well, {seconds:.0} s", failed.join(", "));
    ExitCode::FAILURE
}

fn done(result: Result<(), Trouble>) -> Result<Outcome, Trouble> {
    result.map(|()| Outcome::Passed)
}

fn at_root(mut command: Command) -> Command {
    command.current_dir(house::root());
    command
}

fn clippy() -> Result<Outcome, Trouble> {
    let words = ["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"];
    done(run(&mut at_root(cargo(words))))
}

/// The workspace's tests, by nextest where it is installed: it runs each in a process of its
/// own and ends one that hangs.
fn tests(more: &[&str]) -> Command {
    let mut command = if on_path("cargo-nextest").is_some() {
        cargo(["nextest", "run", "--workspace", "--locked"])
    } else {
        cargo(["test", "--workspace", "--all-targets", "--locked"])
    };
    command.args(more);
    at_root(command)
}

/// The gateway with the packages that programs use, which setup brings. They are ignored among the
/// tests, since without the packages nothing is tried.
fn clients() -> Result<Outcome, Trouble> {
    if !setup::BRINGS_CLIENTS {
        return Ok(Outcome::Skipped("the clients are pinned for Linux on x86-64 only"));
    }
    let clients = Environment::of_clients()?;
    if !clients.is_there() {
        let what = "the clients that the gateway is tried with are not here: run `cargo xtask setup \
                    --for test`";
        return Err(Trouble::missing(what));
    }
    let mut tests = match on_path("cargo-nextest") {
        Some(_) => tests(&["--run-ignored", "only", "clients::"]),
        None => tests(&["clients::", "--", "--ignored"]),
    };
    tests.env("TENFOLD_CLIENTS_PYTHON", clients.python());
    done(without_network(&mut tests))
}

/// The page in a browser, against the program that the step `build` made.
fn page() -> Result<Outcome, Trouble> {
    web::check()?;
    let mut tests = command("npm", ["--prefix", "web", "run", "--silent", "e2e"]);
    tests.env("TENFOLD", house::target().join("debug/tenfold")).env("CI", "1");
    done(without_network(&mut at_root(tests)))
}

/// The engine in more made-up worlds than its own tests try: as many as take a few minutes.
fn simulation() -> Command {
    let mut command = tests(&["whatever_befalls"]);
    // Those before are among the tests.
    command.env("TENFOLD_SIMULATION_FIRST", "40").env("TENFOLD_SIMULATION_SEEDS", WORLDS);
    command
}

fn doctests() -> Command {
    at_root(cargo(["test", "--workspace", "--doc", "--locked", "--quiet"]))
}

/// Runs a program with the pinned Python first on its path, and, where that is possible,
/// without a network.
fn without_network(inner: &mut Command) -> Result<(), Trouble> {
    let mut command = match network::cut(inner) {
        Ok(cut) => cut,
        Err(why) => {
            println!("test: the network is not cut: {why}");
            let mut same = Command::new(inner.get_program());
            same.args(inner.get_args());
            at_root(same)
        }
    };
    for (name, value) in inner.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    Environment::of_this_house()?.activate(&mut command);
    run(command.env("CARGO_NET_OFFLINE", "true"))
}

fn docs() -> Result<Outcome, Trouble> {
    let mut docs = at_root(cargo(["doc", "--workspace", "--no-deps", "--locked", "--quiet"]));
    done(run(docs.env("RUSTDOCFLAGS", "-D warnings")))
}

/// Licences, sources and doubled crates by cargo-deny. Advisories are left out: their
/// database is fetched from the network each time, and a test must not depend on that.
fn licences() -> Result<Outcome, Trouble> {
    if on_path("cargo-deny").is_none() {
        return Ok(Outcome::Skipped("cargo-deny is not installed (CONTRIBUTING.md says how)"));
    }
    let words = ["deny", "--offline", "check", "licenses", "bans", "sources"];
    done(run(&mut at_root(cargo(words))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_picked_by_name_and_all_without_one() {
        let names = |words: &[&str]| {
            let steps = parse(words.iter().map(ToString::to_string).collect());
            steps.map(|steps| steps.iter().map(|step| step.name).collect::<Vec<_>>())
        };
        assert_eq!(names(&[]).unwrap().len(), STEPS.len());
        assert_eq!(names(&["tidy", "format"]).unwrap(), ["tidy", "format"]);
        assert!(names(&["everything"]).is_err());
    }
}

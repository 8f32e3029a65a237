//! `cargo xtask setup`: brings what building, testing and the demo need.
//!
//! Each step looks first whether its thing is there, so that a second run changes nothing
//! and is quick. Packages of the system are installed only as root; a person is handed the
//! line to type instead, and exit code 3. No step ever asks a question.

mod model;
mod packages;

use std::process::ExitCode;

use crate::command::{cargo, command, run, succeeds};
use crate::python::Environment;
use crate::trouble::Trouble;
use crate::{Chore, house, web};
use lexopt::prelude::*;

pub(crate) const CHORE: Chore = Chore {
    name: "setup",
    usage: "[--for demo|test]",
    about: "install what is missing; does nothing the second time",
    run: |args| {
        bring(parse(args)?)?;
        Ok(ExitCode::SUCCESS)
    },
};

/// What the machine is being made ready for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Building, and nothing that is large.
    Build,
    /// The demo: the 1.5B model.
    Demo,
    /// The tests: the 0.5B model, and the lints.
    Test,
}

/// Whether the clients that the gateway is tried with can be brought: of what is compiled in them
/// only such wheels are pinned.
pub(crate) const BRINGS_CLIENTS: bool = cfg!(all(target_os = "linux", target_arch = "x86_64"));

/// One thing to bring: how to see that it is there, and how to bring it.
struct Step {
    what: &'static str,
    wanted: fn(Purpose) -> bool,
    there: fn(Purpose) -> Result<bool, Trouble>,
    bring: fn(Purpose) -> Result<(), Trouble>,
}

/// In this order: a later step may use what an earlier one brought.
const STEPS: &[Step] = &[
    Step {
        what: "packages of the system",
        wanted: |_| true,
        there: |_| Ok(packages::missing(packages::HOUSE).is_empty()),
        bring: |_| packages::install(packages::HOUSE),
    },
    Step {
        what: "rustfmt and clippy",
        wanted: |purpose| purpose == Purpose::Test,
        // rustup puts both on the path whether or not they are installed, so they are asked.
        there: |_| Ok(["fmt", "clippy"].iter().all(|c| succeeds(&mut cargo([c, "--version"])))),
        bring: |_| run(&mut command("rustup", ["component", "add", "rustfmt", "clippy"])),
    },
    Step {
        what: "the crates in Cargo.lock",
        wanted: |_| true,
        there: |_| Ok(succeeds(fetch().arg("--offline"))),
        bring: |_| run(&mut fetch()),
    },
    Step {
        what: "Chromium, in which the page is tried",
        wanted: |purpose| purpose == Purpose::Test,
        there: |_| Ok(packages::missing(packages::PAGE).is_empty()),
        bring: |_| packages::install(packages::PAGE),
    },
    Step {
        what: "the packages that the page is built with",
        wanted: |purpose| purpose == Purpose::Test,
        there: |_| Ok(web::has_packages()),
        bring: |_| web::packages(),
    },
    Step {
        what: "the page",
        wanted: |purpose| match purpose {
            Purpose::Build => false,
            // It is worth having there, and not worth installing Node for.
            Purpose::Demo => web::has_node(),
            Purpose::Test => true,
        },
        there: |_| Ok(web::is_built()),
        bring: |_| web::build(),
    },
    Step {
        what: "a Python environment with pytest",
        wanted: |purpose| purpose != Purpose::Build,
        there: |_| Ok(Environment::of_this_house()?.is_there()),
        bring: |_| Environment::of_this_house()?.make(),
    },
    Step {
        what: "a Python environment with the gateway's clients",
        wanted: |purpose| purpose == Purpose::Test && BRINGS_CLIENTS,
        there: |_| Ok(Environment::of_clients()?.is_there()),
        bring: |_| Environment::of_clients()?.make(),
    },
    Step {
        what: "the model",
        wanted: |purpose| purpose != Purpose::Build,
        there: model::is_there,
        bring: model::pull,
    },
];

fn parse(args: Vec<String>) -> Result<Purpose, Trouble> {
    let mut purpose = Purpose::Build;
    let mut parser = lexopt::Parser::from_args(args);
    while let Some(arg) = parser.next()? {
        purpose = match arg {
            Long("for") => match parser.value()?.string()?.as_str() {
                "demo" => Purpose::Demo,
                "test" => Purpose::Test,
                other => {
                    return Err(Trouble::usage(format!("--for is demo or test, not '{other}'")));
                }
            },
            other => return Err(other.unexpected().into()),
        };
    }
    Ok(purpose)
}

/// Brings what is missing, and says of each thing whether it was.
pub(crate) fn bring(purpose: Purpose) -> Result<(), Trouble> {
    for step in STEPS.iter().filter(|step| (step.wanted)(purpose)) {
        if (step.there)(purpose)? {
            println!("setup: {}: there", step.what);
            continue;
        }
        println!("setup: {}: missing, fetching", step.what);
        (step.bring)(purpose).map_err(|trouble| trouble.during("setup"))?;
        if !(step.there)(purpose)? {
            return Err(Trouble::failed(format!(
                "setup: {} should be there now, and is not; the lines above say what was tried",
                step.what
            )));
        }
    }
    Ok(())
}

/// Brings only the Python environment.
pub(crate) fn python() -> Result<(), Trouble> {
    let environment = Environment::of_this_house()?;
    if environment.is_there() { Ok(()) } else { environment.make() }
}

/// Brings only what the bench beside Temporal needs.
pub(crate) fn temporal() -> Result<(), Trouble> {
    if !packages::missing(packages::TEMPORAL).is_empty() {
        packages::install(packages::TEMPORAL)?;
    }
    let environment = Environment::of_temporal()?;
    if environment.is_there() { Ok(()) } else { environment.make() }
}

/// Brings only what the bench beside LiteLLM needs.
pub(crate) fn litellm() -> Result<(), Trouble> {
    let environment = Environment::of_litellm()?;
    if environment.is_there() { Ok(()) } else { environment.make() }
}

fn fetch() -> std::process::Command {
    let mut fetch = cargo(["fetch", "--locked", "--quiet"]);
    fetch.current_dir(house::root());
    fetch
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_purpose_is_read_and_nothing_else() {
        let parse = |words: &[&str]| parse(words.iter().map(ToString::to_string).collect());
        assert_eq!(parse(&[]).unwrap(), Purpose::Build);
        assert_eq!(parse(&["--for", "demo"]).unwrap(), Purpose::Demo);
        assert_eq!(parse(&["--for=test"]).unwrap(), Purpose::Test);
        assert!(parse(&["--for", "fun"]).is_err());
        assert!(parse(&["now"]).is_err());
    }
}

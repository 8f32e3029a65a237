//! The chores of the house, one file each: `cargo xtask NAME`.
//!
//! This file is the registry and nothing else. A chore reads its own arguments, says on the
//! terminal what it does, and ends in a [`Trouble`] that carries its exit code. No crate of
//! the product depends on anything here.

// Chores talk to the person who typed them; the lint is meant for libraries.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod bench;
mod command;
mod demo;
mod dist;
mod fuzz;
mod house;
mod outcome;
mod prices;
mod python;
mod setup;
mod soak;
mod test;
mod tidy;
mod trouble;
mod web;

use std::process::ExitCode;

use trouble::Trouble;

/// One chore: what is typed after `cargo xtask`, and what it does.
struct Chore {
    name: &'static str,
    usage: &'static str,
    about: &'static str,
    run: fn(Vec<String>) -> Result<ExitCode, Trouble>,
}

/// Every chore there is, in the order in which a newcomer meets them.
const CHORES: &[Chore] = &[
    demo::CHORE,
    test::CHORE,
    setup::CHORE,
    tidy::CHORE,
    fuzz::CHORE,
    soak::CHORE,
    prices::CHORE,
    web::CHORE,
    dist::CHORE,
    Chore {
        name: "bench",
        usage: "NAME [OPTIONS]",
        about: "measure; `cargo xtask bench --help` names the benches",
        run: |args| Ok(bench::main(args)),
    },
];

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let name = args.next().unwrap_or_default();
    let rest: Vec<String> = args.collect();
    if matches!(name.as_str(), "" | "help" | "--help" | "-h") {
        print!("{}", overview());
        return ExitCode::SUCCESS;
    }
    let Some(chore) = CHORES.iter().find(|chore| chore.name == name) else {
        return report(&Trouble::usage(format!("there is no chore '{name}'\n\n{}", overview())));
    };
    // A bench and the soak print a help of their own; the others have little enough for one line.
    if !["bench", "soak"].contains(&chore.name)
        && rest.iter().any(|arg| arg == "--help" || arg == "-h")
    {
        println!("cargo xtask {} {}\n\n{}", chore.name, chore.usage, chore.about);
        return ExitCode::SUCCESS;
    }
    (chore.run)(rest).unwrap_or_else(|trouble| report(&trouble))
}

fn report(trouble: &Trouble) -> ExitCode {
    eprintln!("error: {trouble}");
    trouble.exit_code()
}

fn overview() -> String {
    let mut text = String::from("usage: cargo xtask CHORE [OPTIONS]\n\n");
    for chore in CHORES {
        text += &format!("  {} {}\n      {}\n", chore.name, chore.usage, chore.about);
    }
    text += "\nexit codes: 0 done, 1 failed, 2 wrong usage, 3 something must be installed first\n";
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_chore_has_a_name_of_its_own_and_is_in_the_overview() {
        let text = overview();
        for (i, chore) in CHORES.iter().enumerate() {
            assert!(CHORES[i + 1..].iter().all(|other| other.name != chore.name));
            assert!(text.contains(&format!("  {} ", chore.name)));
        }
    }
}

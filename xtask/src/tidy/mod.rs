//! `cargo xtask tidy`: the rules of the house, each in a function of its own.
//!
//! This file is the registry of rules and prints what they find. A rule reads the files and
//! packages that it is handed and returns what breaks it; it never reads the disk, so that
//! each is tested on a small made-up house.

mod arrows;
mod crate_map;
mod decisions;
mod docs;
mod house;
mod licences;
mod rust_files;
mod strangers;
mod test_files;
mod threats;
mod words;

use std::process::ExitCode;

use crate::Chore;
use crate::trouble::Trouble;
use house::House;

pub(crate) const CHORE: Chore = Chore {
    name: "tidy",
    usage: "",
    about: "hold the files and the crates to the rules of the house",
    run: |args| {
        if let Some(arg) = args.first() {
            return Err(Trouble::usage(format!("tidy takes no '{arg}'")));
        }
        run()?;
        Ok(ExitCode::SUCCESS)
    },
};

/// One rule, and the reason that is printed with what breaks it.
struct Rule {
    name: &'static str,
    reason: &'static str,
    broken: fn(&House) -> Vec<Violation>,
}

/// Where a rule is broken, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Violation {
    place: String,
    how: String,
}

impl Violation {
    fn new(place: impl Into<String>, how: impl Into<String>) -> Self {
        Self { place: place.into(), how: how.into() }
    }
}

const RULES: &[Rule] = &[
    Rule {
        name: "arrows",
        reason: "crates depend on each other one way only (xtask/src/tidy/arrows.rs has the table)",
        broken: arrows::between_crates,
    },
    Rule {
        name: "purity",
        reason: "the pure crates are tested, replayed and simulated without IO",
        broken: arrows::purity,
    },
    Rule {
        name: "one SQL",
        reason: "a second writer of SQL is a second owner of the data",
        broken: arrows::sql_only_in_store,
    },
    Rule {
        name: "one unsafe",
        reason: "only llama talks to C; everything else is held by the compiler",
        broken: rust_files::unsafe_only_in_llama,
    },
    Rule {
        name: "lints",
        reason: "a crate that does not take the workspace's lints has none",
        broken: rust_files::lints_are_taken,
    },
    Rule {
        name: "heads",
        reason: "the first thing a reader meets is what lives here and what never does",
        broken: rust_files::heads,
    },
    Rule {
        name: "names",
        reason: "a name that fits everything gathers everything",
        broken: rust_files::module_names,
    },
    Rule {
        name: "screens",
        reason: "a function fits a screen; what can't says why",
        broken: rust_files::long_functions_have_reasons,
    },
    Rule {
        name: "crate map",
        reason: "a map that names crates long gone is worse than none",
        broken: crate_map::matches,
    },
    Rule {
        name: "dependencies",
        reason: "a dependency is chosen: docs/decisions says what it does and what was turned down",
        broken: decisions::name_dependencies,
    },
    Rule {
        name: "decisions",
        reason: "a decision that nobody finds is made again",
        broken: decisions::are_listed,
    },
    Rule {
        name: "one test binary",
        reason: "a test file that nobody lists is never run; a second binary is a second link",
        broken: test_files::listed,
    },
    Rule {
        name: "threats",
        reason: "what is not tried is not held, and what is skipped in silence is forgotten",
        broken: threats::are_tried,
    },
    Rule {
        name: "commands in docs",
        reason: "a command that nothing runs stops working unseen",
        broken: docs::commands_are_marked,
    },
    Rule {
        name: "registry hosts",
        reason: "package managers know where their registries are; a mirror must work too",
        broken: words::registry_hosts,
    },
    Rule {
        name: "home paths",
        reason: "a path of one person's machine is no use to another",
        broken: words::home_paths,
    },
    Rule {
        name: "licences",
        reason: "Tenfold is Apache-2.0, and so must be able to carry what it is built from",
        broken: licences::allowed,
    },
    Rule {
        name: "strangers",
        reason: "what is copied in or generated is not ours to read, and hides what is",
        broken: strangers::vendored,
    },
    Rule { name: "size", reason: "every clone carries it for ever", broken: strangers::large },
];

/// Holds this repository to every rule.
pub(crate) fn run() -> Result<(), Trouble> {
    let house = House::read(&crate::house::root())?;
    let mut count = 0;
    for rule in RULES {
        let broken = (rule.broken)(&house);
        for violation in &broken {
            eprintln!("{}: {}", violation.place, violation.how);
        }
        if !broken.is_empty() {
            eprintln!("  ^ {}: {}\n", rule.name, rule.reason);
        }
        count += broken.len();
    }
    if count > 0 {
        return Err(Trouble::failed(format!("tidy: {count} places break a rule")));
    }
    println!("tidy: {} files hold all {} rules", house.files.len(), RULES.len());
    Ok(())
}

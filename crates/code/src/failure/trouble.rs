//! Reasons for which a check fails that no repair of the code explains.
//!
//! Apart, as one table: a further reason is one more row. A row only counts where no test
//! failed and no error in the code was found, for a test may print anything.

use std::sync::LazyLock;

use regex::Regex;
use serde::{Deserialize, Serialize};

use super::found::Found;

/// Why a check can't do its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TroubleKind {
    /// A program is not installed, or not on the path.
    NoCommand,
    /// The test runner is not installed for this interpreter.
    NoRunner,
    /// A package that the code imports is not there. If the repository itself should have a
    /// module of that name, this is no trouble but the task.
    NoPackage,
    /// The runner found no test to run.
    NoTests,
    /// The command is written wrongly: an unknown option, a path that is not there.
    Usage,
    /// There is no C compiler or linker.
    NoLinker,
    /// The network is needed.
    Network,
    /// A file can't be read, written or run.
    Permission,
    /// The lock file does not fit the manifest.
    LockFile,
    /// The disk, or the sandbox's share of it, is full.
    DiskFull,
    /// Memory ran out.
    Memory,
}

/// Why a check failed, if no repair of the code explains it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// Of which kind it is.
    pub kind: TroubleKind,
    /// What is missing or wrong, by name where it has one.
    pub what: String,
    /// What a person can do.
    pub fix: String,
}

struct Row {
    kind: TroubleKind,
    form: &'static str,
    fix: &'static str,
}

use TroubleKind as Kind;

const ON_THE_PATH: &str = "install it, or name it by its whole path in the check";
const FROM_NETWORK: &str = "the check runs without a network: fetch what it needs beforehand \
                            (pip install, cargo fetch, npm ci, mvn dependency:go-offline), or \
                            in a setup command, for hosts that your policy allows";

const ROWS: [Row; 29] = [
    Row {
        kind: Kind::DiskFull,
        form: r"(No space left on device|ENOSPC)",
        fix: "make room on the disk, or give the sandbox a larger limit",
    },
    Row {
        kind: Kind::NoRunner,
        form: r"No module named '?(pytest|unittest2|nose2?|tox|nox|coverage|xdist)(?:\.__main__)?'?$",
        fix: "install it for the interpreter of the check, or name the virtual environment's \
              own interpreter in the check (.venv/bin/python -m pytest)",
    },
    Row {
        kind: Kind::NoRunner,
        form: r"no such (?:sub)?command: `(nextest|[\w-]+)`",
        fix: "install this cargo command, or use `cargo test` as the check",
    },
    Row {
        kind: Kind::NoCommand,
        form: r"^(?:\S*sh: )?(?:line )?(?:\d+: )?([^\s:]+): (?:command )?not found$",
        fix: ON_THE_PATH,
    },
    Row {
        kind: Kind::NoCommand,
        form: r"^env: [‘']?([^’':]+)[’']?: No such file or directory",
        fix: ON_THE_PATH,
    },
    Row {
        kind: Kind::NoCommand,
        form: r"^(?:\S*sh: )?(?:line )?(?:\d+: )?([^\s:]+): (?:No such file or directory|cannot execute: required file not found)$",
        fix: ON_THE_PATH,
    },
    Row {
        kind: Kind::NoCommand,
        form: r"pyenv: (?:version `([^']+)' is not installed|([^\s:]+): command not found)",
        fix: "install that version, or choose one that there is (pyenv versions)",
    },
    Row {
        kind: Kind::NoCommand,
        form: r"make: (\S+): No such file or directory",
        fix: ON_THE_PATH,
    },
    Row {
        kind: Kind::NoLinker,
        form: r"linker `([^`]+)` not found",
        fix: "install a C compiler (Debian: apt install build-essential)",
    },
    Row {
        kind: Kind::NoLinker,
        form: r"[Ff]ailed to find tool\. Is `([^`]+)` installed",
        fix: "install a C compiler (Debian: apt install build-essential)",
    },
    Row {
        kind: Kind::LockFile,
        form: r"(lock file .* needs to be updated but --(?:locked|frozen) was passed|cannot update the lock file)",
        fix: "bring the lock file up to date (cargo update --workspace) and commit it",
    },
    Row {
        kind: Kind::LockFile,
        form: r"(npm (?:error|ERR!) .*`npm ci` can only install|ERR_PNPM_OUTDATED_LOCKFILE|Your lockfile needs to be updated)",
        fix: "bring the lock file up to date (npm install) and commit it",
    },
    Row {
        kind: Kind::LockFile,
        form: r"(go: updates to go\.(?:mod|sum) needed|missing go\.sum entry)",
        fix: "run `go mod tidy` and commit go.mod and go.sum",
    },
    Row {
        kind: Kind::Network,
        form: r"(?:Could not resolve host|Couldn't resolve host(?: name)?|Unknown host|getaddrinfo (?:ENOTFOUND|EAI_AGAIN)|dial tcp: lookup):? '?([\w.-]+)?",
        fix: FROM_NETWORK,
    },
    Row {
        kind: Kind::Network,
        form: r"(Temporary failure in name resolution|Name or service not known|Network is unreachable|failed to resolve address|no matching package named `[^`]+` found|attempting to make an HTTP request, but --offline was specified|failed to download|Could not find a version that satisfies)",
        fix: FROM_NETWORK,
    },
    Row {
        kind: Kind::Network,
        form: r"(?:in offline mode|offline mode and the artifact) .*?(\S+:\S+:\S+)",
        fix: FROM_NETWORK,
    },
    Row {
        kind: Kind::Usage,
        form: r"error: (unrecognized arguments: .+|unexpected argument .+ found|argument .+: .+)",
        fix: "correct the command of the check",
    },
    Row {
        kind: Kind::Usage,
        form: r"^ERROR: (file or directory not found: .+|not found: .+)$",
        fix: "correct the path in the check; it counts from the top of the repository",
    },
    Row {
        kind: Kind::Usage,
        form: r"can't open file '?([^':]+)'?: \[Errno 2\]",
        fix: "correct the path in the check; it counts from the top of the repository",
    },
    Row {
        kind: Kind::Usage,
        form: r"(could not find `Cargo\.toml` in|no test target named|Missing script: .+|no Go files in|go\.mod file not found|there is no POM in this directory|No rule to make target [^.]+|error: package ID specification .+)",
        fix: "correct the check: it runs at the top of the repository (put `cd folder && ` in \
              front to run it elsewhere)",
    },
    Row {
        kind: Kind::Usage,
        form: r"^Error: Cannot find module '(/[^']+)'$",
        fix: "correct the path in the check; it counts from the top of the repository",
    },
    Row {
        kind: Kind::NoTests,
        form: r"^(?:=+ )?(no tests ran|collected 0 items|Ran 0 tests|NO TESTS RAN)\b",
        fix: "name the tests in the check (python -m pytest tests)",
    },
    Row {
        kind: Kind::NoTests,
        form: r"(No tests found, exiting with code 1|No test files found|no tests to run|No tests were executed|There are no tests to run)",
        fix: "name the tests in the check",
    },
    Row {
        kind: Kind::Memory,
        form: r"(memory allocation of \d+ bytes failed|JavaScript heap out of memory|java\.lang\.OutOfMemoryError|Cannot allocate memory|std::bad_alloc)",
        fix: "give the sandbox a larger limit of memory",
    },
    Row {
        kind: Kind::Permission,
        form: r"(?:^|: )([^\s:]+): Permission denied$",
        fix: "make it executable (chmod +x), or readable for everyone: the check runs as \
              another user",
    },
    Row {
        kind: Kind::Permission,
        form: r"(?:PermissionError|EACCES|Permission denied \(os error 13\)|Read-only file system)(.*)",
        fix: "let the check write below the repository or in a temporary folder only",
    },
    Row {
        kind: Kind::NoPackage,
        form: r"ModuleNotFoundError: No module named '([^']+)'",
        fix: "install the package for the interpreter of the check",
    },
    Row {
        kind: Kind::NoPackage,
        form: r"Cannot find (?:module|package) '([^'./][^']*)'",
        fix: "install the packages of the project (npm ci)",
    },
    Row {
        kind: Kind::NoPackage,
        form: r"(?:no required module provides package|package \S+ is not in std|error: package) ([\w./-]+)",
        fix: "fetch the packages of the project beforehand",
    },
];

static FORMS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    let compile =
        |row: &Row| Regex::new(row.form).expect("a constant pattern, compiled by the tests");
    ROWS.iter().map(compile).collect()
});

pub(super) fn find(lines: &[&str], found: &Found, exit_code: Option<i32>) -> Option<Trouble> {
    let explained = found.passed.unwrap_or(0) > 0
        || found.cases.iter().any(|case| !is_about_packages(&case.message));
    for (row, form) in ROWS.iter().zip(FORMS.iter()) {
        if explained && row.kind != Kind::DiskFull {
            break;
        }
        let captures = lines.iter().find_map(|line| form.captures(line));
        if let Some(captures) = captures {
            let named = captures.iter().skip(1).flatten().next();
            let what = named.map_or(captures[0].trim(), |name| name.as_str().trim());
            let what = if what.is_empty() { captures[0].trim() } else { what };
            return Some(trouble(row.kind, what, row.fix));
        }
    }
    by_exit_code(exit_code, explained)
}

/// What the shell and pytest say by their exit code alone.
fn by_exit_code(exit_code: Option<i32>, explained: bool) -> Option<Trouble> {
    match exit_code {
        Some(127) if !explained => Some(trouble(Kind::NoCommand, "a command", ON_THE_PATH)),
        Some(126) if !explained => {
            Some(trouble(Kind::Permission, "a command", "make it executable (chmod +x)"))
        }
        _ => None,
    }
}

fn is_about_packages(message: &str) -> bool {
    let about = ["No module named", "Cannot find module", "Cannot find package"];
    about.iter().any(|text| message.contains(text))
}

fn trouble(kind: TroubleKind, what: &str, fix: &str) -> Trouble {
    Trouble { kind, what: what.to_owned(), fix: fix.to_owned() }
}

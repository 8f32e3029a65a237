//! The options of the runners: which of them take a value, and which a narrowed run leaves out.
//!
//! Apart, as one table, because without it a value can't be told from the path of a test.

use super::Runner;
use super::shell::Word;

pub(super) struct Table {
    /// Options whose value is the next word.
    pub(super) valued: &'static [&'static str],
    /// Options that say which tests to run, or how to go on after a failure, or cost time: a
    /// narrowed run says these itself.
    pub(super) dropped: &'static [&'static str],
}

impl Runner {
    pub(super) fn options(self) -> &'static Table {
        match self {
            Self::Pytest => &PYTEST,
            Self::Unittest => &UNITTEST,
            Self::Cargo | Self::Nextest => &CARGO,
            Self::Jest | Self::Vitest => &JEST,
            Self::Mocha => &MOCHA,
            Self::Node => &NODE,
            Self::Go => &GO,
            Self::Maven | Self::Gradle | Self::Python => &NONE,
        }
    }
}

const PYTEST: Table = Table {
    valued: &[
        "-k",
        "-m",
        "-p",
        "-c",
        "-n",
        "-o",
        "-W",
        "-r",
        "--maxfail",
        "--tb",
        "--rootdir",
        "--confcutdir",
        "--junitxml",
        "--junit-xml",
        "--durations",
        "--cov-report",
        "--cov-config",
        "--cov-fail-under",
        "--numprocesses",
        "--dist",
        "--timeout",
        "--ignore",
        "--ignore-glob",
        "--deselect",
        "--import-mode",
        "--basetemp",
        "--log-level",
        "--color",
        "--capture",
        "--override-ini",
        "--config-file",
        "--reruns",
    ],
    dropped: &[
        "-x",
        "--exitfirst",
        "--maxfail",
        "--lf",
        "--last-failed",
        "--ff",
        "--failed-first",
        "--nf",
        "--new-first",
        "--sw",
        "--stepwise",
        "-n",
        "--numprocesses",
        "--dist",
        "--cov",
        "--cov-report",
        "--cov-config",
        "--cov-fail-under",
        "--cov-branch",
        "--no-cov",
        "-q",
        "--quiet",
        "-v",
        "--verbose",
        "-vv",
        "-vvv",
        "-qq",
        "--junitxml",
        "--junit-xml",
        "--no-header",
        "--durations",
        "--cache-clear",
    ],
};

const UNITTEST: Table = Table {
    valued: &["-k", "-s", "--start-directory", "-p", "--pattern", "-t", "--top-level-directory"],
    dropped: &["-k", "-f", "--failfast"],
};

const CARGO: Table = Table {
    valued: &[
        "-p",
        "--package",
        "--exclude",
        "-j",
        "--jobs",
        "--features",
        "-F",
        "--target",
        "--target-dir",
        "--manifest-path",
        "--profile",
        "--color",
        "--message-format",
        "--config",
        "-Z",
        "--bin",
        "--test",
        "--example",
        "--bench",
        "-E",
        "--filterset",
        "--cargo-profile",
        "-P",
        "--retries",
        "--skip",
        "--test-threads",
        "--format",
        "--max-fail",
    ],
    dropped: &[
        "--no-fail-fast",
        "--nff",
        "--fail-fast",
        "--ff",
        "--max-fail",
        "-E",
        "--filterset",
        "--exact",
    ],
};

const JEST: Table = Table {
    valued: &[
        "-t",
        "--testNamePattern",
        "-c",
        "--config",
        "-w",
        "--maxWorkers",
        "--reporters",
        "--reporter",
        "--testPathPattern",
        "--testPathPatterns",
        "--rootDir",
        "--root",
        "-r",
        "--selectProjects",
        "--project",
        "--env",
        "--environment",
        "--dir",
        "--pool",
    ],
    dropped: &[
        "-t",
        "--testNamePattern",
        "--testPathPattern",
        "--testPathPatterns",
        "--bail",
        "--watch",
        "--watchAll",
        "--coverage",
        "--onlyChanged",
        "-o",
        "--onlyFailures",
        "-f",
    ],
};

const MOCHA: Table = Table {
    valued: &[
        "-r",
        "--require",
        "-g",
        "--grep",
        "-f",
        "--fgrep",
        "-R",
        "--reporter",
        "-t",
        "--timeout",
        "--config",
        "--spec",
        "--ignore",
        "--extension",
        "-u",
        "--ui",
        "-j",
        "--jobs",
        "--loader",
        "--import",
        "--retries",
    ],
    dropped: &["-g", "--grep", "-f", "--fgrep", "-b", "--bail", "-w", "--watch", "-i", "--invert"],
};

const NODE: Table = Table {
    valued: &["-r", "--require", "--import", "--loader"],
    dropped: &["--test-name-pattern", "--test-skip-pattern", "--watch", "--test-only"],
};

const GO: Table = Table {
    valued: &[
        "-run",
        "-skip",
        "-count",
        "-timeout",
        "-tags",
        "-bench",
        "-benchtime",
        "-cpu",
        "-parallel",
        "-coverprofile",
        "-coverpkg",
        "-covermode",
        "-ldflags",
        "-gcflags",
        "-mod",
        "-p",
        "-o",
        "-exec",
        "-shuffle",
        "-vet",
        "-C",
        "-fuzz",
        "-fuzztime",
    ],
    dropped: &[
        "-run",
        "-skip",
        "-failfast",
        "-cover",
        "-coverprofile",
        "-coverpkg",
        "-covermode",
        "-bench",
        "-benchtime",
    ],
};

const NONE: Table = Table { valued: &[], dropped: &[] };

/// The arguments of a runner, sorted.
#[derive(Debug, Default)]
pub(super) struct Arguments<'l> {
    /// Options with their values, without those that are left out.
    pub(super) options: Vec<&'l str>,
    pub(super) positional: Vec<&'l str>,
    /// What stands after `--`.
    pub(super) rest: &'l [Word],
}

/// Sorts arguments. `None` if a word can't be told: the shell decides what it is.
pub(super) fn sort<'l>(words: &'l [Word], table: &Table) -> Option<Arguments<'l>> {
    let mut sorted = Arguments::default();
    let mut at = 0;
    while let Some(word) = words.get(at) {
        let text = word.value.as_deref()?;
        at += 1;
        if text == "--" {
            sorted.rest = &words[at..];
            break;
        }
        if !text.starts_with('-') || text == "-" {
            sorted.positional.push(&word.raw);
            continue;
        }
        let (name, inline) = text.split_once('=').map_or((text, false), |(name, _)| (name, true));
        let value = (!inline && table.valued.contains(&name)).then(|| words.get(at)).flatten();
        at += usize::from(value.is_some());
        if !table.dropped.contains(&name) {
            sorted.options.push(&word.raw);
            sorted.options.extend(value.map(|value| value.raw.as_str()));
        }
    }
    Some(sorted)
}

//! The check as a command: which runner it starts, and how to run a part of it.
//!
//! Apart, because a check that is narrowed to the tests that failed costs a hundredth of the
//! whole, and because it may never become another check by this. What is not understood is
//! answered with `None`: then the whole check is run.

mod narrow;
mod options;
mod shell;
mod traced;

use tenfold_domain::TestName;

use shell::{Line, Word};
pub use traced::{Place, Traced};

/// A program that runs tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Runner {
    /// `pytest`, `python -m pytest`.
    Pytest,
    /// `python -m unittest`.
    Unittest,
    /// Any other Python program: it can be traced, but not narrowed.
    Python,
    /// `cargo test`.
    Cargo,
    /// `cargo nextest run`.
    Nextest,
    /// jest.
    Jest,
    /// vitest.
    Vitest,
    /// mocha.
    Mocha,
    /// `node --test`.
    Node,
    /// `go test`.
    Go,
    /// Maven with surefire.
    Maven,
    /// Gradle.
    Gradle,
}

/// Longer commands are not made: the kernel limits the length of an argument list.
const LONGEST: usize = 100_000;

impl Runner {
    /// The runner that a shell command starts last, behind `cd …`, settings of the
    /// environment and launchers such as `poetry run`. `None` if there is none that is known,
    /// if several run, or if the command has pipes or redirections.
    pub fn detect(command: &str) -> Option<Self> {
        let line = shell::parse(command)?;
        let (runner, _) = find(&line.words)?;
        let others = line.before.iter().filter_map(|command| shell::parse(command));
        let several = others.filter_map(|line| find(&line.words)).any(|(r, _)| r != Self::Python);
        (!several).then_some(runner)
    }

    /// The command that runs only these tests, as the whole would run them: all of them, also
    /// after one has failed, since it is worth knowing what a change mends in part.
    pub fn narrow(self, command: &str, tests: &[TestName]) -> Option<String> {
        let (line, head) = self.parts(command)?;
        if tests.is_empty() {
            return None;
        }
        let names: Vec<&str> = tests.iter().map(|test| test.0.as_str()).collect();
        let arguments = narrow::only(self, &line.words[head..], &names)?;
        rebuilt(&line, head, &arguments)
    }

    /// The same command, so that it goes on to the end when a test has failed; `None` if it
    /// does so by itself. cargo stops behind the first program of tests that fails.
    pub fn to_the_end(self, command: &str) -> Option<String> {
        let (line, head) = self.parts(command)?;
        let arguments = narrow::to_the_end(self, &line.words[head..])?;
        rebuilt(&line, head, &arguments)
    }

    /// The same command, so that it writes which lines each test executes (Python and Rust).
    /// Those of `tests` are run first where the runner lets choose.
    pub fn traced(self, command: &str, tests: &[TestName], place: &Place<'_>) -> Option<Traced> {
        let (line, head) = self.parts(command)?;
        traced::traced(self, &line, head, tests, place)
    }

    /// Whether a compiler runs before the tests.
    pub fn compiles(self) -> bool {
        use Runner::{Cargo, Go, Gradle, Maven, Nextest};
        matches!(self, Cargo | Nextest | Go | Maven | Gradle)
    }

    /// The command taken apart, and where the runner's own arguments begin in it.
    fn parts(self, command: &str) -> Option<(Line, usize)> {
        if Self::detect(command) != Some(self) {
            return None;
        }
        let line = shell::parse(command)?;
        let (_, head) = find(&line.words)?;
        Some((line, head))
    }
}

fn rebuilt(line: &Line, head: usize, arguments: &[String]) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    if !line.front.is_empty() {
        parts.push(&line.front);
    }
    parts.extend(line.settings.iter().map(|word| word.raw.as_str()));
    parts.extend(line.words[..head].iter().map(|word| word.raw.as_str()));
    parts.extend(arguments.iter().map(String::as_str));
    let command = format!("{}{}", parts.join(" "), line.tail);
    (command.len() <= LONGEST).then_some(command)
}

/// The runner in these words, and the index of the first word that is for it.
fn find(words: &[Word]) -> Option<(Runner, usize)> {
    let at = launched(words);
    let program = words.get(at)?;
    let next = |offset: usize| words.get(at + offset).map_or("", Word::text);
    match program.base() {
        "pytest" | "py.test" => Some((Runner::Pytest, at + 1)),
        "jest" => Some((Runner::Jest, at + 1)),
        "vitest" => Some((Runner::Vitest, at + 1)),
        "mocha" | "_mocha" => Some((Runner::Mocha, at + 1)),
        "mvn" | "mvnw" | "mvnd" => goal(words, at, &["test", "verify", "package"], Runner::Maven),
        "gradle" | "gradlew" => goal(words, at, &["test", "check", "build"], Runner::Gradle),
        "node" => {
            words[at..].iter().any(|w| w.text() == "--test").then_some((Runner::Node, at + 1))
        }
        "coverage" if next(1) == "run" => covered(words, at + 2),
        "go" if next(1) == "test" => Some((Runner::Go, at + 2)),
        "cargo" => {
            let skipped = usize::from(next(1).starts_with('+'));
            match (next(1 + skipped), next(2 + skipped)) {
                ("test" | "t", _) => Some((Runner::Cargo, at + 2 + skipped)),
                ("nextest", "run" | "r") => Some((Runner::Nextest, at + 3 + skipped)),
                _ => None,
            }
        }
        name if name.starts_with("python") || name.starts_with("pypy") => python(words, at + 1),
        _ => None,
    }
}

fn goal(words: &[Word], at: usize, goals: &[&str], runner: Runner) -> Option<(Runner, usize)> {
    let last = |word: &Word| word.text().rsplit(':').next().is_some_and(|w| goals.contains(&w));
    words[at + 1..].iter().any(last).then_some((runner, at + 1))
}

/// What the interpreter runs.
fn python(words: &[Word], mut at: usize) -> Option<(Runner, usize)> {
    while let Some(word) = words.get(at) {
        match word.text() {
            "-m" => {
                let runner = match words.get(at + 1)?.text() {
                    "pytest" | "py.test" => Runner::Pytest,
                    "unittest" => Runner::Unittest,
                    "coverage" => return covered(words, at + 2),
                    _ => Runner::Python,
                };
                return Some((runner, at + 2));
            }
            "-W" | "-X" => at += 2,
            "-c" => return Some((Runner::Python, at)),
            text if text.starts_with('-') => at += 1,
            _ => return Some((Runner::Python, at)),
        }
    }
    None
}

/// `coverage run -m pytest`.
fn covered(words: &[Word], at: usize) -> Option<(Runner, usize)> {
    let module = words[at..].iter().position(|word| word.text() == "-m")?;
    python(words, at + module)
}

/// The index of the program behind those that only start another.
fn launched(words: &[Word]) -> usize {
    let mut at = 0;
    while let Some(word) = words.get(at) {
        let next = words.get(at + 1).map_or("", Word::text);
        at += match (word.base(), next) {
            ("poetry" | "uv" | "pipenv" | "pdm" | "hatch" | "rye", "run")
            | ("pnpm" | "npm" | "yarn" | "bundle", "exec") => 2,
            ("timeout", _) => {
                let options = words[at + 1..].iter().take_while(|w| w.text().starts_with('-'));
                2 + options.count()
            }
            ("npx" | "bunx" | "pnpx" | "time" | "nice" | "exec" | "command" | "xvfb-run", _) => 1,
            ("yarn" | "pnpm", "jest" | "vitest" | "mocha") => 1,
            ("env", _) => {
                let settings = words[at + 1..].iter();
                1 + settings.take_while(|word| shell::is_setting(&word.raw)).count()
            }
            ("--", _) => 1,
            _ => return at,
        };
    }
    at
}

#[cfg(test)]
mod tests;

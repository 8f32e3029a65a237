//! What a failing check says: which tests failed, where, and why.
//!
//! Apart, one file per family of runners, because each writes in a way of its own and changes
//! it between releases; all of them fill in the same [`Failure`]. Never judges whether a
//! repair is possible, but for [`Trouble`], which no repair of the code explains.

mod excerpt;
mod found;
mod go;
mod java;
mod javascript;
mod lines;
mod missing;
mod node;
mod pairs;
mod pytest;
mod python;
mod rust;
mod trouble;
mod unittest;

use serde::{Deserialize, Serialize};
use tenfold_domain::TestName;

use found::Found;
pub use missing::{Missing, MissingKind};
pub use trouble::{Trouble, TroubleKind};

/// A place in the code that a failure went through.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Frame {
    /// The file as it was printed: relative, absolute, or (Go, Java) only the end of a path.
    pub path: String,
    /// The line, from one.
    pub line: u32,
    /// The function, as it was printed.
    pub function: Option<String>,
}

/// A test that failed, or a file of tests that could not be loaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedTest {
    /// Its name. pytest: the node id. unittest: `module.Class.method`. cargo: the path of the
    /// function, with the name of an integration test in front (`target path::test`), and with
    /// nextest that of every binary. JavaScript: `file > group > test`, without the file where
    /// the runner does not print it. Go: `package Test/sub`. Java: `package.Class#method`.
    pub name: TestName,
    /// What it said, without the trace; several lines at the most. May be empty.
    pub message: String,
    /// The trace, innermost frame last. Frames of the runner's own code are left out where
    /// they can be told.
    pub frames: Vec<Frame>,
    /// What was expected, and what there was, where the message says both.
    pub expected_actual: Option<(String, String)>,
}

/// Something that went wrong outside of any test: a compile error, an uncaught exception.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// What was said.
    pub message: String,
    /// Where, innermost frame last.
    pub frames: Vec<Frame>,
}

/// All that a failing check said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The tests that failed, in the order in which they were printed, each name once.
    pub tests: Vec<FailedTest>,
    /// What went wrong outside of any test.
    pub problems: Vec<Problem>,
    /// The frames of all tests and problems; each trace's innermost frame is its last.
    pub frames: Vec<Frame>,
    /// How many tests passed, where the output says so.
    pub passed: Option<u32>,
    /// How many tests failed, where the output says so.
    pub failed: Option<u32>,
    /// What the output calls undefined, each name once.
    pub missing: Vec<Missing>,
    /// Why the check failed, if no repair of the code explains it.
    pub trouble: Option<Trouble>,
    /// The most telling lines, 40 at the most: what goes into a prompt.
    pub excerpt: String,
}

impl Failure {
    /// The names of the failed tests.
    pub fn names(&self) -> Vec<TestName> {
        self.tests.iter().map(|test| test.name.clone()).collect()
    }
}

/// One family of runners: reads from the lines what it knows, and leaves the rest.
type Reader = fn(&[&str], &mut Found);

/// In this order, because a reader takes the lines it knows away from those after it.
const READERS: [Reader; 10] = [
    pytest::read,
    unittest::read,
    rust::read,
    node::read,
    javascript::read,
    go::read,
    java::read,
    unittest::doctests,
    python::tracebacks,
    node::uncaught,
];

/// An output without terminal codes.
pub fn plain(output: &str) -> std::borrow::Cow<'_, str> {
    lines::without_terminal_codes(output)
}

/// Reads the output of a check that failed: standard output and error together. The exit code
/// tells what the output does not say. Output of several runners may follow one another.
pub fn read(output: &str, exit_code: Option<i32>) -> Failure {
    let clean = lines::without_terminal_codes(output);
    let text = go::unpacked(&clean);
    let lines = lines::split(&text);
    let mut found = Found::new(lines.len());
    for reader in READERS {
        reader(&lines, &mut found);
    }
    found.finish();
    let missing = missing::read(&lines);
    let trouble = trouble::find(&lines, &found, exit_code);
    let excerpt = excerpt::choose(&lines, &found);
    let (tests, problems) = (found.tests(), found.problems());
    let mut frames: Vec<Frame> = Vec::new();
    let traces = tests.iter().map(|test| &test.frames);
    for trace in traces.chain(problems.iter().map(|problem| &problem.frames)) {
        frames.extend(trace.iter().cloned());
    }
    Failure {
        tests,
        problems,
        frames,
        passed: found.passed,
        failed: found.failed,
        missing,
        trouble,
        excerpt,
    }
}

#[cfg(test)]
mod tests;

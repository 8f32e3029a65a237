//! What a library's test-suite says, one name per failed test function.
//!
//! Each test runner's words are read in one function. Nothing here runs anything: the
//! output is handed in.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::confine::Ran;
use super::corpus::{Language, Library};

/// A test function: its file and its path within it, as in `tests/test_a.py::TestB::test_c`.
/// The cases of one parametrised function are one test, for they share their source.
pub(super) type Test = String;

/// How a run of a test-suite ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Verdict {
    Passed,
    Failed(BTreeSet<Test>),
    /// The tests could not be collected or compiled, or the runner itself fell over.
    Broken,
    TimedOut,
}

/// The shell line that runs a library's check, or only the test files in `only`, and names
/// the tests that fail.
pub(super) fn line(library: &Library, only: &[String]) -> String {
    let check = match (library.language, library.check.rsplit_once(' ')) {
        // The last word of a Python check says where the tests are.
        (Language::Python, Some((start, _))) if !only.is_empty() => {
            format!("{start} {}", only.join(" "))
        }
        _ => library.check.clone(),
    };
    match library.language {
        Language::Python => format!("{check} --tb=no -rfE --color=no -p no:cacheprovider"),
        Language::Rust => format!("{check} --no-fail-fast"),
    }
}

/// Reads what [`line()`] wrote.
pub(super) fn verdict(language: Language, ran: &Ran) -> Verdict {
    if ran.timed_out {
        return Verdict::TimedOut;
    }
    match language {
        Language::Python => pytest(ran),
        Language::Rust => libtest(ran),
    }
}

/// pytest's short summary: `FAILED file::Class::test[case] - why`. It ends with 1 if tests
/// failed and with other numbers if it could not run them.
fn pytest(ran: &Ran) -> Verdict {
    let mut failed = BTreeSet::new();
    for line in ran.stdout.lines() {
        let Some((word, rest)) = line.split_once(' ') else { continue };
        if !(word == "FAILED" || word == "ERROR" || word.starts_with("SUBFAILED")) {
            continue;
        }
        // The name of a subtest may contain spaces, so the test is where its file begins.
        let rest = if word.starts_with("SUBFAILED") {
            line.split_once(".py::").map_or(rest, |(head, _)| {
                &line[head.rfind([' ', ']', ')']).map_or(0, |at| at + 1)..]
            })
        } else {
            rest
        };
        let name = rest.split(" - ").next().unwrap_or(rest);
        let name = name.split('[').next().unwrap_or(name).trim();
        if !name.contains("::") {
            return Verdict::Broken;
        }
        failed.insert(name.to_owned());
    }
    match ran.code {
        Some(0) => Verdict::Passed,
        Some(1) if !failed.is_empty() => Verdict::Failed(failed),
        _ => Verdict::Broken,
    }
}

/// cargo's `Running unittests src/lib.rs (…)`, and libtest's `test a::b ... FAILED` below it.
fn libtest(ran: &Ran) -> Verdict {
    let mut failed = BTreeSet::new();
    let mut file = "";
    for line in ran.stdout.lines().map(str::trim) {
        if let Some(rest) = line.strip_prefix("Running ") {
            let rest = rest.strip_prefix("unittests ").unwrap_or(rest);
            file = rest.split(" (").next().unwrap_or(rest);
        } else if let Some(rest) = line.strip_prefix("test ")
            && let Some(name) = rest.strip_suffix(" ... FAILED")
        {
            let name = name.strip_suffix(" - should panic").unwrap_or(name);
            failed.insert(format!("{file}::{name}"));
        }
    }
    match ran.code {
        Some(0) => Verdict::Passed,
        // A test that takes its whole binary along hides what the others would have said.
        _ if ran.stdout.contains("(signal: ") => Verdict::Broken,
        Some(101) if !failed.is_empty() => Verdict::Failed(failed),
        _ => Verdict::Broken,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn ran(code: i32, stdout: &str) -> Ran {
        let (stdout, stderr) = (stdout.to_owned(), String::new());
        Ran { code: Some(code), timed_out: false, stdout, stderr, wall: Duration::ZERO }
    }

    fn failed(tests: &[&str]) -> Verdict {
        Verdict::Failed(tests.iter().map(|test| (*test).to_owned()).collect())
    }

    #[test]
    fn the_cases_of_a_function_are_one_test() {
        let output = "..F\nFAILED tests/test_a.py::test_b[x - y] - assert 1\n\
                      FAILED tests/test_a.py::test_b[z] - assert 1\n\
                      ERROR tests/test_a.py::TestC::test_d - E\n\
                      SUBFAILED[i = 1] tests/test_a.py::TestC::test_e - assert 0\n2 failed\n";
        let tests = [
            "tests/test_a.py::test_b",
            "tests/test_a.py::TestC::test_d",
            "tests/test_a.py::TestC::test_e",
        ];
        assert_eq!(verdict(Language::Python, &ran(1, output)), failed(&tests));
    }

    #[test]
    fn what_can_not_be_collected_is_broken_and_not_failed() {
        let output = "ERROR tests/test_a.py - ImportError: no\n1 error\n";
        assert_eq!(verdict(Language::Python, &ran(2, output)), Verdict::Broken);
        for output in [
            "error[E0308]: mismatched types\n",
            "test a ... FAILED\nprocess didn't exit successfully: `t` (signal: 24, SIGXCPU)\n",
        ] {
            assert_eq!(verdict(Language::Rust, &ran(101, output)), Verdict::Broken);
        }
    }

    #[test]
    fn a_rust_test_is_named_with_the_file_of_its_binary() {
        let output = "     Running unittests src/lib.rs (target/debug/deps/x-1)\n\
                      test tests::a ... FAILED\ntest tests::b ... ok\n\
                      \x20    Running tests/lib.rs (target/debug/deps/lib-1)\n\
                      test c - should panic ... FAILED\n";
        let tests = ["src/lib.rs::tests::a", "tests/lib.rs::c"];
        assert_eq!(verdict(Language::Rust, &ran(101, output)), failed(&tests));
    }
}

//! The check of some of the failing tests alone: what a candidate has to pass first.

use std::collections::{BTreeSet, HashMap};

use serde::{Deserialize, Serialize};
use tenfold_code::coverage::Run;
use tenfold_code::{Runner, Spectrum};
use tenfold_domain::TestName;

/// Failing tests that a candidate is checked with, at the most; the whole check comes after.
pub(super) const MOST: usize = 12;
/// Tests are added for as long as all together take no more than the quickest so many times
const TIMES: f64 = 3.0;
/// or than this many seconds of a traced run: without the trace it is about what it takes to
/// start most runners.
const SECONDS: f64 = 0.6;

/// A check of some tests alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Narrowed {
    /// The command.
    pub command: String,
    /// What it runs.
    pub tests: Vec<TestName>,
}

/// The check, so that it goes on when a test has failed: only then is it known what fails,
/// and what a candidate mends or breaks. Whether all pass it says as the check itself does.
pub(super) fn whole(check: &str) -> String {
    let to_the_end = Runner::detect(check).and_then(|runner| runner.to_the_end(check));
    to_the_end.unwrap_or_else(|| check.to_owned())
}

impl Narrowed {
    /// The check of the first of these tests, where its runner can be told so.
    pub(super) fn to(check: &str, failing: &[TestName]) -> Option<Self> {
        let tests = failing[..failing.len().min(MOST)].to_vec();
        let command = Runner::detect(check)?.narrow(check, &tests)?;
        Some(Self { command, tests })
    }

    /// The check of a few of these tests, as far as a traced run says what they do: the quickest
    /// of each way through the code, the shortest way first, since it meets the fewest faults;
    /// then the quickest of the others. `None` if it says too little, or if all are as good.
    pub(super) fn quick(check: &str, failing: &[TestName], trace: &Spectrum) -> Option<Self> {
        let runs: HashMap<&str, &Run> =
            trace.tests.iter().map(|run| (run.name.as_str(), run)).collect();
        let known = |test: &TestName| {
            let run = runs.get(test.0.as_str())?;
            Some((run.seconds?, trace.reach(run, failing), test.clone()))
        };
        let mut known: Vec<_> = failing.iter().filter_map(known).collect();
        known.sort_by(|a, b| a.0.total_cmp(&b.0));
        let bound = SECONDS.max(TIMES * known.first()?.0);
        let mut ways = BTreeSet::new();
        let (mut first, others): (Vec<_>, Vec<_>) =
            known.into_iter().partition(|(_, (_, way), _)| ways.insert(way.clone()));
        first.sort_by_key(|(_, (lines, _), _)| *lines);
        let mut sum = 0.0;
        let fits = |(seconds, ..): &(f64, (usize, _), TestName)| {
            let fits = sum + seconds <= bound;
            sum += if fits { *seconds } else { 0.0 };
            fits
        };
        let chosen = first.into_iter().chain(others).filter(fits).take(MOST);
        let tests: Vec<TestName> = chosen.map(|(.., test)| test).collect();
        (tests.len() < failing.len()).then(|| Self::to(check, &tests))?
    }
}

#[cfg(test)]
mod tests {
    use tenfold_code::coverage;

    use super::*;

    /// Of tests that take so long and execute these lines of the code.
    fn quick(tests: &[(f64, &str)]) -> Option<String> {
        let mut sets: Vec<&str> = tests.iter().map(|(_, lines)| *lines).collect();
        sets.sort_unstable();
        sets.dedup();
        let rows: Vec<String> = (0..)
            .zip(tests)
            .map(|(n, (seconds, lines))| {
                let set = sets.binary_search(lines).unwrap();
                format!(r#"["t.py::t{n}","failed",[[0,{set}]],[],{seconds}]"#)
            })
            .collect();
        let trace = format!(
            r#"{{"version":1,"files":["a.py"],"sets":{sets:?},"tests":[{}],"outside":[]}}"#,
            rows.join(",")
        );
        let failing: Vec<TestName> =
            (0..tests.len()).map(|n| TestName(format!("t.py::t{n}"))).collect();
        let narrowed = Narrowed::quick("pytest", &failing, &coverage::read(&trace, &[]).unwrap())?;
        let names = narrowed.tests.iter().map(|test| test.0.trim_start_matches("t.py::"));
        Some(names.collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn slow_tests_are_left_to_the_judge() {
        let alike = |seconds: &[f64]| {
            let tests: Vec<(f64, &str)> = seconds.iter().map(|seconds| (*seconds, "1")).collect();
            quick(&tests)
        };
        assert_eq!(alike(&[1.9, 0.1, 2.0, 0.02]).as_deref(), Some("t3 t1"));
        assert_eq!(alike(&[5.0, 4.0, 9.0, 4.5]).as_deref(), Some("t1 t3"));
        assert_eq!(alike(&[0.1, 0.1]), None);
        assert_eq!(alike(&[]), None);
    }

    #[test]
    fn each_way_through_the_code_is_tried_the_shortest_first() {
        let tests = [(0.01, "1-9"), (0.02, "1-9"), (0.03, "1-3"), (0.04, "1-3,7"), (0.9, "1")];
        assert_eq!(quick(&tests).as_deref(), Some("t2 t3 t0 t1"));
        // No more of them than can be run together; of ways that are many those that fit.
        let tests = [(0.2, "1-9"), (0.5, "1-3"), (0.3, "1-5"), (0.1, "1-5")];
        assert_eq!(quick(&tests).as_deref(), Some("t1 t3"));
    }
}

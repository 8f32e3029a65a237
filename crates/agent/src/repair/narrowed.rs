//! The check of some of the failing tests alone: what a candidate has to pass first.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use tenfold_code::{Runner, Spectrum};
use tenfold_domain::TestName;

/// Failing tests that a candidate is checked with, at the most; the whole check comes after.
pub(super) const MOST: usize = 12;
/// Tests are added for as long as all together take no more than the quickest so many times
const TIMES: f64 = 3.0;
/// or than this many seconds, which is what it takes to start most runners.
const SECONDS: f64 = 0.3;

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

    /// The check of the quickest of these tests, as far as a traced run says how long they
    /// take. `None` if it says too little, or if they are all as quick.
    pub(super) fn quick(check: &str, failing: &[TestName], trace: &Spectrum) -> Option<Self> {
        let seconds: HashMap<&str, f64> =
            trace.tests.iter().filter_map(|run| Some((run.name.as_str(), run.seconds?))).collect();
        let known = |test: &TestName| Some((*seconds.get(test.0.as_str())?, test.clone()));
        let mut known: Vec<(f64, TestName)> = failing.iter().filter_map(known).collect();
        known.sort_by(|a, b| a.0.total_cmp(&b.0));
        let bound = SECONDS.max(TIMES * known.first()?.0);
        let mut sum = 0.0;
        let fits = |(seconds, _): &(f64, TestName)| {
            sum += seconds;
            sum <= bound
        };
        let tests: Vec<TestName> =
            known.into_iter().take_while(fits).map(|(_, test)| test).collect();
        (tests.len() < failing.len().min(MOST)).then(|| Self::to(check, &tests))?
    }
}

#[cfg(test)]
mod tests {
    use tenfold_code::coverage;

    use super::*;

    fn quick(seconds: &[f64]) -> Option<String> {
        let rows: Vec<String> = (0..)
            .zip(seconds)
            .map(|(n, s)| format!(r#"["t.py::t{n}","failed",[],[],{s}]"#))
            .collect();
        let trace = format!(
            r#"{{"version":1,"files":[],"sets":[],"tests":[{}],"outside":[]}}"#,
            rows.join(",")
        );
        let failing: Vec<TestName> =
            (0..seconds.len()).map(|n| TestName(format!("t.py::t{n}"))).collect();
        let narrowed = Narrowed::quick("pytest", &failing, &coverage::read(&trace, &[]).unwrap())?;
        let names = narrowed.tests.iter().map(|test| test.0.trim_start_matches("t.py::"));
        Some(names.collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn slow_tests_are_left_to_the_judge() {
        assert_eq!(quick(&[1.9, 0.1, 2.0, 0.02]).as_deref(), Some("t3 t1"));
        assert_eq!(quick(&[5.0, 4.0, 9.0, 4.5]).as_deref(), Some("t1 t3"));
        assert_eq!(quick(&[0.1, 0.1]), None);
        assert_eq!(quick(&[]), None);
    }
}

//! How far a failing test gets: of two faults on its way the first hides the second.
//!
//! Apart from parts, because it reads what a check printed. A test that is right up to a later
//! line than before still fails, and yet something on its way is mended.

use std::collections::BTreeMap;

use tenfold_code::failure::{FailedTest, Failure};

/// The place in a test's own code at which it failed.
fn place(test: &FailedTest) -> Option<(&str, u32)> {
    test.frames.first().map(|frame| (frame.path.as_str(), frame.line))
}

/// Whether a test fails at a later line of its own than before, and none at an earlier one.
pub(super) fn made(before: &Failure, now: &Failure) -> bool {
    let before: BTreeMap<&str, (&str, u32)> =
        before.tests.iter().filter_map(|test| Some((test.name.0.as_str(), place(test)?))).collect();
    let moved = now.tests.iter().filter_map(|test| {
        let (path, line) = place(test)?;
        let (known, stood) = before.get(test.name.0.as_str())?;
        (*known == path).then_some(line.cmp(stood))
    });
    let moved: Vec<_> = moved.collect();
    moved.iter().any(|moved| moved.is_gt()) && moved.iter().all(|moved| moved.is_ge())
}

#[cfg(test)]
mod tests {
    use tenfold_code::failure::Frame;
    use tenfold_domain::TestName;

    use super::*;

    fn failure(tests: &[(&str, &str, u32)]) -> Failure {
        let test = |(name, path, line): &(&str, &str, u32)| FailedTest {
            name: TestName((*name).to_owned()),
            message: String::new(),
            frames: vec![
                Frame { path: (*path).to_owned(), line: *line, function: None },
                Frame { path: "lib.py".to_owned(), line: 1, function: None },
            ],
            expected_actual: None,
        };
        Failure { tests: tests.iter().map(test).collect(), ..Failure::default() }
    }

    #[test]
    fn headway_is_a_later_line_and_no_earlier_one() {
        let before = failure(&[("a", "t.py", 10), ("b", "t.py", 20)]);
        assert!(made(&before, &failure(&[("a", "t.py", 12), ("b", "t.py", 20)])));
        assert!(made(&before, &failure(&[("a", "t.py", 12)])));
        assert!(!made(&before, &failure(&[("a", "t.py", 12), ("b", "t.py", 19)])));
        assert!(!made(&before, &failure(&[("a", "t.py", 10), ("b", "t.py", 20)])));
        // A test that was not seen before, or that fails in another file, tells nothing.
        assert!(!made(&before, &failure(&[("c", "t.py", 90), ("a", "u.py", 90)])));
        assert!(!made(&before, &failure(&[])));
    }
}

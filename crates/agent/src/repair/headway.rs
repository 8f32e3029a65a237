//! How far a failing test gets: of two faults on its way the first hides the second.
//!
//! Apart from parts, because it reads what a check printed. A test that is right up to a later
//! line than before still fails, and yet something on its way is mended; and so is one that
//! comes to compare what it got, where nothing came back to it before.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use tenfold_code::failure::{FailedTest, Failure};
use tenfold_domain::TestName;

/// What became of a test at the line of its own at which it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Got {
    /// What it called broke off.
    Nothing,
    /// It could not go on with what came back.
    Unusable,
    /// Something else than it expects.
    Other,
}

/// How far a test got.
#[derive(Debug, Clone, Copy)]
struct Reached<'t> {
    path: &'t str,
    line: u32,
    got: Got,
}

impl<'t> Reached<'t> {
    fn of(test: &'t FailedTest) -> Option<Self> {
        let frame = test.frames.first()?;
        let says = |begins: &str| test.message.trim_start().starts_with(begins);
        let compared = says("assert") || says("AssertionError") || test.expected_actual.is_some();
        let got = match test.frames.len() {
            _ if compared => Got::Other,
            1 => Got::Unusable,
            _ => Got::Nothing,
        };
        Some(Self { path: &frame.path, line: frame.line, got })
    }

    /// Whether this is further than before; `None` where that can't be told.
    fn against(self, before: Self) -> Option<Ordering> {
        if self.path == before.path {
            return Some(self.line.cmp(&before.line).then(self.got.cmp(&before.got)));
        }
        // Where only the innermost place is told, it was in the code, and is in the test now.
        (self.got == Got::Other && before.got < Got::Other).then_some(Ordering::Greater)
    }
}

/// Whether a test gets further than before, and none less far.
pub(super) fn made(before: &Failure, now: &Failure) -> bool {
    let moved = both(before, now).filter_map(|(before, now)| now.against(before));
    let moved: Vec<Ordering> = moved.collect();
    moved.iter().any(|moved| moved.is_gt()) && moved.iter().all(|moved| moved.is_ge())
}

/// By how many lines of its own the test gets further that gets furthest; 0 if none does.
pub(super) fn lines(before: &Failure, now: &Failure) -> u32 {
    let same = both(before, now).filter(|(before, now)| before.path == now.path);
    same.map(|(before, now)| now.line.saturating_sub(before.line)).max().unwrap_or(0)
}

/// The tests that failed before and fail now, and how far they got then and now.
fn both<'t>(
    before: &'t Failure,
    now: &'t Failure,
) -> impl Iterator<Item = (Reached<'t>, Reached<'t>)> {
    let reached = before.tests.iter().filter_map(|test| Some((&test.name, Reached::of(test)?)));
    let reached: BTreeMap<&TestName, Reached<'t>> = reached.collect();
    let now = now.tests.iter();
    now.filter_map(move |test| Some((*reached.get(&test.name)?, Reached::of(test)?)))
}

#[cfg(test)]
mod tests {
    use tenfold_code::failure::Frame;

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
    fn headway_is_something_to_compare_where_nothing_came_back() {
        let with = |says: &str, frames: &[(&str, u32)]| {
            let frame = |(path, line): &(&str, u32)| Frame {
                path: (*path).to_owned(),
                line: *line,
                function: None,
            };
            let mut failure = failure(&[("a", "t.py", 10)]);
            failure.tests[0].message = says.to_owned();
            failure.tests[0].frames = frames.iter().map(frame).collect();
            failure
        };
        let raised = with("TypeError: no number", &[("t.py", 10), ("lib.py", 3)]);
        let unusable = with("TypeError: no list", &[("t.py", 10)]);
        let other = with("assert () == (1,)", &[("t.py", 10)]);
        assert!(made(&raised, &unusable) && made(&raised, &other) && made(&unusable, &other));
        assert!(!made(&other, &raised) && !made(&raised, &raised));
        // An earlier line is an earlier line.
        assert!(!made(&raised, &with("assert () == (1,)", &[("t.py", 9)])));
        // Some runners tell the innermost place alone.
        let panicked = with("attempt to subtract with overflow", &[("src/lib.rs", 3)]);
        assert!(made(&panicked, &with("assertion failed", &[("tests/t.rs", 10)])));
        assert!(!made(&panicked, &with("index out of bounds", &[("src/lib.rs", 2)])));
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
        assert_eq!(lines(&before, &failure(&[("a", "t.py", 12), ("b", "t.py", 25)])), 5);
        assert_eq!(lines(&before, &failure(&[("a", "t.py", 9), ("b", "u.py", 90)])), 0);
    }
}

//! What a failing check says, in the words of any runner.

use std::collections::HashSet;

use tenfold_code::failure;

use crate::input;

/// Each test is named once, every frame belongs to a trace, the excerpt has its bound, and
/// terminal codes make no difference.
pub(super) fn run(bytes: &[u8]) {
    let output = input::text(bytes);
    let read = failure::read(&output, bytes.first().map(|byte| i32::from(*byte)));
    let names: HashSet<_> = read.names().into_iter().collect();
    assert_eq!(names.len(), read.tests.len(), "a name twice: {:?}", read.names());
    let traces = read.tests.iter().map(|test| &test.frames);
    let traces = traces.chain(read.problems.iter().map(|problem| &problem.frames)).flatten();
    assert!(traces.eq(&read.frames));
    assert!(read.excerpt.lines().count() <= 40, "{}", read.excerpt);
    let missing: HashSet<_> = read.missing.iter().collect();
    assert_eq!(missing.len(), read.missing.len(), "{:?}", read.missing);
    let plain = failure::plain(&output);
    assert_eq!(failure::plain(&plain), plain, "plain is plain");
    let text = serde_json::to_string(&read).expect("it can be written");
    assert_eq!(serde_json::from_str::<failure::Failure>(&text).expect("and read"), read);
}

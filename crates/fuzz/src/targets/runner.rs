//! The check as a command, and parts of it.

use tenfold_code::Runner;
use tenfold_code::runner::Place;
use tenfold_domain::TestName;

use crate::input;

/// A check that is made narrower, longer or talkative is run by the same runner, whatever the
/// tests are called; and one that is not known is left alone.
pub(super) fn run(bytes: &[u8]) {
    let [command, names] = input::texts(bytes);
    let tests: Vec<TestName> = names.lines().map(|name| TestName(name.to_owned())).collect();
    let Some(runner) = Runner::detect(&command) else { return };
    if let Some(narrow) = runner.narrow(&command, &tests) {
        assert_eq!(Runner::detect(&narrow), Some(runner), "{narrow}");
    }
    if let Some(whole) = runner.to_the_end(&command) {
        assert_eq!(Runner::detect(&whole), Some(runner), "{whole}");
        assert_eq!(runner.to_the_end(&whole), None, "it goes to the end already: {whole}");
    }
    let place = Place {
        folder: "/t",
        root: "/w",
        test_seconds: 10,
        total_seconds: 60,
        whole: names.len() % 2 == 0,
    };
    if let Some(traced) = runner.traced(&command, &tests, &place) {
        assert_eq!(Runner::detect(&traced.command), Some(runner), "{}", traced.command);
        assert!(traced.trace.starts_with("/t/"));
    }
}

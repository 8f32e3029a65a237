//! The person's file of rules.

use tenfold_policy::{Policy, Request};

use crate::input;

/// A policy that reads is written as a file that says the same, and a file that does not read
/// is refused in words.
pub(super) fn run(bytes: &[u8]) {
    let policy = match Policy::with_own(bytes) {
        Ok(policy) => policy,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    policy.run_tests();
    let written = policy.to_toml();
    let again = Policy::with_own(written.as_bytes()).expect("what it writes it reads");
    // The same lines make good questions: what is named in a rule is asked about.
    for line in input::text(bytes).lines().take(20) {
        let request = Request::Command { line: line.to_owned() };
        let (was, is) = (policy.decide(&request), again.decide(&request));
        assert_eq!(was.verdict, is.verdict, "{line}\n{written}");
    }
}

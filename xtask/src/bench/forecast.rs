//! The benches of the instruments, against data that they were not fitted on. What is measured is in
//! the examples of `crates/forecast` of the same names; this builds one, hands it the arguments
//! and lets it tell for itself.

use std::process::{ExitCode, Stdio};

use crate::command::{cargo, run};
use crate::trouble::Trouble;

/// Runs the bench of that name.
pub(crate) fn main(name: &'static str, args: Vec<String>) -> Result<ExitCode, Trouble> {
    let mut measuring = cargo(["run", "--release", "--quiet", "--package", "tenfold-forecast"]);
    measuring.args(["--example", name, "--"]).args(args);
    run(measuring.stdin(Stdio::null()))?;
    Ok(ExitCode::SUCCESS)
}

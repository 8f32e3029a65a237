//! The benches. There is none yet.

use std::process::ExitCode;

/// Runs the bench that is named first.
pub(crate) fn main(args: Vec<String>) -> ExitCode {
    eprintln!("error: there is no bench '{}'", args.first().map_or("", String::as_str));
    ExitCode::from(2)
}

//! The proof of a proposal in words: the run of the whole check on the diff alone.

use tenfold_domain::{CheckReport, CheckVerdict};

use crate::terminal::one_line;

/// It in one line.
pub(crate) fn line(evidence: Option<&CheckReport>) -> String {
    let Some(report) = evidence else {
        return "UNVERIFIED: no check has judged this".to_owned();
    };
    let tests = match report.passed {
        Some(1) => ", 1 test".to_owned(),
        Some(count) => format!(", {count} tests"),
        None => String::new(),
    };
    let command = one_line(&report.command, 100);
    let verdict = verdict(&report.verdict);
    format!("`{command}` {verdict} on the diff alone, in a fresh sandbox ({}{tests})", report.wall)
}

/// How a check ended, in a word or a few.
pub(crate) fn verdict(verdict: &CheckVerdict) -> String {
    match verdict {
        CheckVerdict::Passed => "passed".to_owned(),
        CheckVerdict::Failed => "failed".to_owned(),
        CheckVerdict::TimedOut => "was stopped at its time limit".to_owned(),
        CheckVerdict::Broken(why) => format!("could not judge ({})", one_line(why, 200)),
    }
}

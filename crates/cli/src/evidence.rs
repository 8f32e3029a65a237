//! The proof of a proposal, read from the journal: the run of the whole check on the diff
//! alone.

use tenfold_domain::{AttemptId, CheckReport, CheckVerdict, Event, Fact, ProposalEvent};
use tenfold_store::{About, View};

use crate::terminal::one_line;
use crate::trouble::Trouble;

/// The evidence of the attempt's newest proposal; none if it made none, or none was needed.
pub(crate) fn of(view: &View, attempt: AttemptId) -> Result<Option<CheckReport>, Trouble> {
    let mut newest = None;
    for event in view.each_event(About::Attempt(attempt).into()) {
        let Event { fact, .. } = event?;
        if let Fact::Proposal { event: ProposalEvent::Made { evidence, .. }, .. } = fact {
            newest = evidence;
        }
    }
    Ok(newest)
}

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

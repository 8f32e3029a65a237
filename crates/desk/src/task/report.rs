//! A run of a check as it is told.

use serde::{Deserialize, Serialize};
use tenfold_domain::{AttemptId, CheckReport, CheckVerdict};
use tenfold_store::View;
use utoipa::ToSchema;

use super::cut::{OUTPUT_BYTES, cut};
use super::words::Heards;
use crate::DeskError;

/// What a run of a check said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CheckReportView {
    /// The command.
    pub command: String,
    /// How it ended.
    pub verdict: VerdictView,
    /// Why it could not judge.
    pub why: Option<String>,
    /// How long it took.
    pub wall_ms: u64,
    /// How many tests passed, where the output says so.
    pub passed: Option<u32>,
    /// The tests that failed, as far as the output names them.
    pub failing: Vec<String>,
    /// What it wrote, or the first MiB of it.
    pub output: String,
    /// How many bytes it wrote, as far as they were kept.
    pub output_bytes: usize,
}

/// The proof of an attempt's newest proposal: the run of the whole check on it alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Proof {
    /// The run; none if the attempt has proposed nothing, or if there is no check.
    pub report: Option<CheckReportView>,
}

/// The proof of an attempt's newest proposal, for who looks at several of them.
///
/// # Errors
/// If there is no such attempt; what the store says.
pub fn proof((view, heards): (&View, &Heards), attempt: AttemptId) -> Result<Proof, DeskError> {
    if view.attempt(attempt)?.is_none() {
        return Err(DeskError::no_attempt(attempt));
    }
    let report = heards
        .ask(view, attempt.task, |heard| heard.evidence.get(&attempt).map(CheckReportView::of))?;
    Ok(Proof { report })
}

/// How a run of a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum VerdictView {
    /// Well.
    Passed,
    /// It found fault.
    Failed,
    /// It was stopped at its time limit.
    TimedOut,
    /// It could not judge.
    Broken,
}

impl CheckReportView {
    /// That of a report.
    pub fn of(report: &CheckReport) -> Self {
        let (verdict, why) = match &report.verdict {
            CheckVerdict::Passed => (VerdictView::Passed, None),
            CheckVerdict::Failed => (VerdictView::Failed, None),
            CheckVerdict::TimedOut => (VerdictView::TimedOut, None),
            CheckVerdict::Broken(why) => (VerdictView::Broken, Some(why.clone())),
        };
        Self {
            command: report.command.clone(),
            verdict,
            why,
            wall_ms: report.wall.0,
            passed: report.passed,
            failing: report.failing.iter().map(|test| test.0.clone()).collect(),
            output: cut(&report.output, OUTPUT_BYTES).to_owned(),
            output_bytes: report.output.len(),
        }
    }
}

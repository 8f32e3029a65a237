//! What an audit says: claims, findings, the fits behind them, and verdicts; with series to plot.

use crate::Interval;

/// What a claim came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// The data agree with it, and would have shown it if they didn't.
    Supported,
    /// The data speak against it.
    NotSupported,
    /// They can't tell.
    NotEnough,
}

impl Verdict {
    /// As people read it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Supported => "supported",
            Self::NotSupported => "not supported",
            Self::NotEnough => "not enough data",
        }
    }
}

/// One way to explain the data, and how well it told what it wasn't shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// Its name.
    pub name: &'static str,
    /// Its formula.
    pub formula: &'static str,
    /// Its mean squared error on what was left out of the fit; the finding says of what.
    pub error: f64,
    /// By how much that is more than the claim's own; below zero, this one is the better.
    pub behind: f64,
    /// The standard error of `behind`.
    pub standard_error: f64,
}

/// A number that was measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// What it is, with its unit.
    pub name: String,
    /// The number.
    pub interval: Interval,
}

/// Points, in order of their first number.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Its name.
    pub name: String,
    /// Whether it is a fitted line; otherwise it is what was observed.
    pub fitted: bool,
    /// The points.
    pub points: Vec<(f64, f64)>,
}

/// Something to draw.
#[derive(Debug, Clone, PartialEq)]
pub struct Plot {
    /// What runs to the right, with its unit; as a power of ten where `log_x`.
    pub x: &'static str,
    /// What runs upwards, with its unit.
    pub y: &'static str,
    /// Whether the axis to the right is logarithmic.
    pub log_x: bool,
    /// Whether the upward axis is.
    pub log_y: bool,
    /// What is drawn.
    pub series: Vec<Series>,
}

/// One question, and what the data say to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The question, with its terms defined.
    pub question: &'static str,
    /// Which data were used, how many, and what was left out.
    pub data: String,
    /// What is left out of a fit to score it, and what the errors are errors of.
    pub scored: &'static str,
    /// The fits: the claim's first, then its rivals'. Empty where there was nothing to fit.
    pub fits: Vec<Fit>,
    /// What was measured.
    pub figures: Vec<Figure>,
    /// The verdict.
    pub verdict: Verdict,
    /// How the rule came to it, in numbers.
    pub why: String,
    /// The rule.
    pub rule: &'static str,
    /// What would change the verdict.
    pub would_change: &'static str,
    /// What to draw.
    pub plot: Option<Plot>,
}

impl Finding {
    /// A finding that there is nothing to find.
    pub(super) fn nothing(text: &Text, data: String, why: String) -> Self {
        Self {
            question: text.question,
            data,
            scored: text.scored,
            fits: Vec::new(),
            figures: Vec::new(),
            verdict: Verdict::NotEnough,
            why,
            rule: text.rule,
            would_change: text.would_change,
            plot: None,
        }
    }
}

/// What is said of a finding whatever the data say.
pub(super) struct Text {
    pub(super) question: &'static str,
    pub(super) scored: &'static str,
    pub(super) rule: &'static str,
    pub(super) would_change: &'static str,
}

/// One of the three observations.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    /// The claim, in the words of Altman, "Three observations", 2025, shortened.
    pub claim: &'static str,
    /// What was asked of the data. The first decides.
    pub findings: Vec<Finding>,
}

impl Observation {
    /// The verdict of the finding that decides.
    pub fn verdict(&self) -> Verdict {
        self.findings.first().map_or(Verdict::NotEnough, |finding| finding.verdict)
    }
}

/// All of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Audit {
    /// The three observations, in their order.
    pub observations: Vec<Observation>,
    /// What holds of all of it, and belongs beside it wherever it is shown.
    pub caveats: &'static [&'static str],
}

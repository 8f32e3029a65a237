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

/// What is asked, and by which rule it is answered: whatever the data, as people read it.
#[derive(Debug, PartialEq, Eq)]
pub struct Asked {
    /// The question, with its terms defined.
    pub question: &'static str,
    /// What is left out of a fit to score it, and what the errors are errors of.
    pub scored: &'static str,
    /// The rule of the verdict.
    pub rule: &'static str,
    /// What would change the verdict.
    pub would_change: &'static str,
}

/// One question, and what the data say to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// What was asked.
    pub asked: &'static Asked,
    /// Which data were used, how many, and what was left out.
    pub data: String,
    /// The fits: the claim's first, then its rivals'. Empty where there was nothing to fit.
    pub fits: Vec<Fit>,
    /// What was measured.
    pub figures: Vec<Figure>,
    /// The verdict.
    pub verdict: Verdict,
    /// How the rule came to it, in numbers.
    pub why: String,
    /// What to draw.
    pub plot: Option<Plot>,
}

impl Finding {
    /// A finding that there is too little to look at.
    pub(super) fn nothing(asked: &'static Asked, data: String, why: String) -> Self {
        let (fits, figures) = (Vec::new(), Vec::new());
        Self { asked, data, fits, figures, verdict: Verdict::NotEnough, why, plot: None }
    }
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
    /// Where the claims and the methods come from.
    pub sources: &'static [&'static str],
}

//! Why a rung is tried, or none: as data that a trajectory keeps, and in words for people.

use std::fmt;

/// What is thought of a rung at this task, given what failed.
#[derive(Debug, Clone, PartialEq)]
pub struct Hope {
    /// Its name.
    pub rung: String,
    /// The chance that it passes the check and is right, within its cap.
    pub chance: f64,
    /// What it is expected to cost within its cap, in dollars.
    pub dollars: f64,
    /// How many attempts of it that is known from.
    pub attempts: u64,
}

/// Why something is tried or nothing is.
#[derive(Debug, Clone, PartialEq)]
pub enum Why {
    /// It comes first in the sequence that is worth most.
    Best {
        /// What is tried.
        hope: Hope,
        /// What comes after it in that sequence, with its chance if this fails.
        then: Option<Hope>,
        /// What a solved task is worth in dollars.
        value: f64,
    },
    /// It may be the best there is, and nobody knows it well enough.
    Scout(Hope),
    /// No rung that can be had and was not tried is worth what it costs.
    NotWorth {
        /// The one that comes nearest.
        hope: Hope,
        /// What a solved task is worth in dollars.
        value: f64,
    },
    /// Every rung that can be had was tried.
    AllTried,
    /// There is no money left.
    NoMoney,
    /// It passed the check.
    Passed,
}

impl fmt::Display for Hope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rung, chance, dollars, attempts } = self;
        write!(f, "{rung} solves {:.0} % of such tasks for ", 100.0 * chance)?;
        write!(f, "{} an attempt", Dollars(*dollars))?;
        match attempts {
            0 => f.write_str(", as far as can be guessed"),
            1 => f.write_str(" (known from 1 attempt)"),
            _ => write!(f, " (known from {attempts} attempts)"),
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Best { hope, then, value } => {
                write!(f, "{hope}, where a solved one is worth {}", Dollars(*value))?;
                if let Some(Hope { rung, chance, .. }) = then {
                    write!(f, "; what it fails {rung} solves {:.0} % of", 100.0 * chance)?;
                }
                Ok(())
            }
            Self::Scout(hope) => write!(f, "{hope}, and may be the best there is: it is tried out"),
            Self::NotWorth { hope, value } => {
                let worth = Dollars(value * hope.chance);
                write!(f, "{hope}, which is worth {worth}: nothing is worth what it costs")
            }
            Self::AllTried => f.write_str("all that can be had was tried"),
            Self::NoMoney => f.write_str("there is no money left"),
            Self::Passed => f.write_str("it passed the check"),
        }
    }
}

/// Dollars with as many digits as say something.
pub(super) struct Dollars(pub(super) f64);

impl fmt::Display for Dollars {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = if self.0 < 0.01 { 4 } else { 2 };
        write!(f, "${:.digits$}", self.0)
    }
}

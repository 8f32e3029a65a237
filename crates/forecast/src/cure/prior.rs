//! What is likely of a shape before its trials are looked at: what other agents' shapes say, and
//! where there are none, a wide guess.

use nalgebra::Cholesky;

use super::{Matrix, PARAMETERS, Vector, WHEN};

/// How many agents the shipped prior is worth against those that are known.
const WORTH: f64 = 2.0;

/// The shipped mean. The log odds of success are those of the second try in the published runs of
/// Aider's polyglot benchmark (69 models, mean −0.16, standard deviation 1.24; Apache-2.0). The
/// rest is assumed: that a task's ease and demand count as they are, that what is given up takes
/// one and a half times as long as what is solved, and that either is spread by about two to one.
/// Nothing is assumed of how much anything takes.
const SHIPPED: [f64; PARAMETERS] = [-0.16, 1.0, 0.0, 1.0, -0.3, 0.4, -0.1];

/// The shipped variances; the third is in log spend, and says that twenty times as much, or a
/// twentieth, surprises nobody.
const VARIANCES: [f64; PARAMETERS] = [1.5, 0.3, 9.0, 0.3, 0.3, 0.3, 0.3];

/// A normal distribution over shapes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Prior {
    pub mean: Vector,
    pub spread: Matrix,
    /// The inverse of `spread`.
    pub precision: Matrix,
}

impl Prior {
    /// The shipped one, for log spends around that.
    pub(crate) fn shipped(when: f64) -> Self {
        let mut mean = Vector::from(SHIPPED);
        mean[WHEN] = when;
        Self::of(mean, Matrix::from_diagonal(&Vector::from(VARIANCES)))
    }

    /// What these shapes of other agents say of one more, together with the shipped prior: the
    /// mean and scatter of a normal-inverse-Wishart posterior (Gelman and others, "Bayesian Data
    /// Analysis", 3rd edition, 2013, section 3.6). `when` is used where there are no shapes.
    pub(crate) fn pooled(shapes: &[Vector], when: f64) -> Self {
        let count = shapes.len() as f64;
        let shipped = Self::shipped(when);
        if shapes.is_empty() {
            return shipped;
        }
        let sum: Vector = shapes.iter().sum();
        let mut mean = (shipped.mean * WORTH + sum) / (WORTH + count);
        mean[WHEN] = sum[WHEN] / count;
        let scatter: Matrix =
            shapes.iter().map(|shape| (shape - mean) * (shape - mean).transpose()).sum();
        let spread = (shipped.spread * WORTH + scatter) / (WORTH + count) * (1.0 + 1.0 / count);
        Self::of(mean, spread)
    }

    fn of(mean: Vector, spread: Matrix) -> Self {
        // The shipped variances are in the sum, so that it always has an inverse.
        let precision = Cholesky::new(spread).map_or_else(Matrix::identity, |root| root.inverse());
        Self { mean, spread, precision }
    }
}

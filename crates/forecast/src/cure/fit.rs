//! The shape that an agent's trials and the prior make likeliest, and how far off it may be.

use nalgebra::Cholesky;

use super::prior::Prior;
use super::{Matrix, Row, Shape, Vector, WHEN};
use crate::End;

/// It is over after so many steps, or when one improves less than [`SETTLED`].
const STEPS: usize = 60;
const SETTLED: f64 = 1e-4;
/// No number of the shape is moved further than this in one step.
const STRIDE: f64 = 1.0;

/// A shape, and how far off it may be.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Fitted {
    pub shape: Shape,
    /// The variances of its numbers and what they share.
    pub spread: Matrix,
}

impl Fitted {
    /// Of an agent of which nothing is known.
    pub(crate) fn unseen(prior: &Prior) -> Self {
        Self { shape: Shape(prior.mean), spread: prior.spread }
    }

    /// The likeliest shape, where each row counts `weight` against the prior: by Newton's method
    /// with the outer product of the slopes for the curvature (Berndt, Hall, Hall and Hausman,
    /// "Estimation and inference in nonlinear structural models", 1974), damped where it
    /// overshoots (Marquardt, "An algorithm for least-squares estimation of nonlinear
    /// parameters", 1963).
    pub(crate) fn of(rows: &[Row], prior: &Prior, weight: f64) -> Self {
        let climbed = |place| Hill::climbed(rows, prior, weight, place);
        let mut at = climbed(start(rows, prior));
        let mut damping = 1e-3;
        for _ in 0..STEPS {
            let Some(next) = at.step(damping).map(climbed) else { break };
            // Not "lower": what is not a number is no improvement either.
            if next.height >= at.height {
                let gained = next.height - at.height;
                at = next;
                damping /= 5.0;
                if gained < SETTLED {
                    break;
                }
            } else {
                damping = (damping * 8.0).max(1e-2);
            }
        }
        let spread = Cholesky::new(at.curvature).map_or(prior.spread, |root| root.inverse());
        Self { shape: Shape(at.place), spread }
    }
}

/// Where the search begins: the prior's mean, moved to where these trials ended.
fn start(rows: &[Row], prior: &Prior) -> Vector {
    let ended = rows.iter().filter(|row| row.end != End::Cut).map(|row| row.log_spend);
    let mut place = prior.mean;
    place[WHEN] = crate::score::mean(ended).unwrap_or(place[WHEN]);
    place
}

/// The logarithm of likelihood and prior at one place, its slope and curvature.
struct Hill {
    place: Vector,
    height: f64,
    slope: Vector,
    curvature: Matrix,
}

impl Hill {
    fn climbed(rows: &[Row], prior: &Prior, weight: f64, place: Vector) -> Self {
        let shape = Shape(place);
        let away = place - prior.mean;
        let pull = prior.precision * away;
        let mut hill = Self {
            place,
            height: -0.5 * away.dot(&pull),
            slope: -pull,
            curvature: prior.precision,
        };
        for row in rows {
            let score = shape.score(row);
            let slopes = score.slopes(row.effect);
            hill.height += weight * score.log_likelihood;
            hill.slope += slopes * weight;
            hill.curvature.ger(weight, &slopes, &slopes, 1.0);
        }
        hill
    }

    /// Where to look next; nowhere if the curvature isn't one.
    fn step(&self, damping: f64) -> Option<Vector> {
        let damped = self.curvature + Matrix::from_diagonal(&(self.curvature.diagonal() * damping));
        let step = Cholesky::new(damped)?.solve(&self.slope);
        let step = step.map(|one| one.clamp(-STRIDE, STRIDE));
        step.iter().all(|one| one.is_finite()).then(|| self.place + step)
    }
}

#[cfg(test)]
mod tests {
    use statrs::function::erf::erf_inv;

    use super::*;
    use crate::cure::{ABILITY, Effect, SPREAD};

    fn row(log_spend: f64, end: End) -> Row {
        Row { log_spend, end, effect: Effect::default() }
    }

    #[test]
    fn slopes_are_those_of_the_likelihood() {
        let shape = Shape(Vector::from([0.3, 1.2, -1.0, 0.8, -0.3, 0.4, -0.1]));
        let effect = Effect { ease: 0.7, demand: -0.4, known: 1.0 };
        for end in [End::Solved, End::Failed, End::Cut] {
            let row = Row { log_spend: -0.2, end, effect };
            let slopes = shape.score(&row).slopes(effect);
            for number in 0..crate::cure::PARAMETERS {
                let mut moved = shape;
                moved.0[number] += 1e-6;
                let gained = moved.score(&row).log_likelihood - shape.score(&row).log_likelihood;
                assert!((gained / 1e-6 - slopes[number]).abs() < 1e-4, "{end:?}, {number}");
            }
        }
    }

    #[test]
    fn a_shape_is_found_again() {
        // 600 solved around e⁰, 400 given up around e¹, both as evenly spread as a normal is.
        let spread = |count: usize, mean: f64, end| {
            (0..count).map(move |i| {
                let below = (i as f64 + 0.5) / count as f64;
                let z = std::f64::consts::SQRT_2 * erf_inv(2.0 * below - 1.0);
                row(mean + 0.5 * z, end)
            })
        };
        let rows: Vec<Row> =
            spread(600, 0.0, End::Solved).chain(spread(400, 1.0, End::Failed)).collect();
        let fitted = Fitted::of(&rows, &Prior::shipped(0.0), 1.0);
        assert!((fitted.shape.0[ABILITY] - 1.5_f64.ln()).abs() < 0.05);
        assert!((fitted.shape.0[WHEN]).abs() < 0.05);
        assert!((fitted.shape.0[SPREAD].exp() - 0.5).abs() < 0.05);
    }

    #[test]
    fn it_is_looked_for_where_trials_ended() {
        let rows: Vec<Row> =
            (0..100).map(|i| row(500.0 + f64::from(i) / 100.0, End::Solved)).collect();
        let fitted = Fitted::of(&rows, &Prior::shipped(0.0), 1.0);
        assert!((fitted.shape.0[WHEN] - 500.5).abs() < 1.0, "{:?}", fitted.shape);
    }

    #[test]
    fn nothing_known_leaves_the_prior() {
        let prior = Prior::shipped(2.0);
        assert_eq!(Fitted::of(&[], &prior, 1.0).shape.0, prior.mean);
    }
}

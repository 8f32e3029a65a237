//! How a share may grow with what is spent: five shapes, fitted by least squares and scored on
//! what was left out.
//!
//! Shares are fitted on their own scale, and not on that of the logit: on that, a share in
//! proportion to the spend, where it is small, is as straight a line over the logarithm of the
//! spend as can be, so that the claim and its rival would be one.

/// A shape: `share = a + b·g(spend)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// The claim: the logarithm.
    Log,
    /// It doesn't matter.
    Flat,
    /// In proportion, and something before.
    Linear,
    /// A power, from nothing.
    Power,
    /// It approaches a ceiling, from nothing: each further dollar finds a share of what is left.
    Saturating,
}

impl Shape {
    pub(super) const ALL: [Self; 5] =
        [Self::Log, Self::Flat, Self::Linear, Self::Power, Self::Saturating];

    /// What it is called, and its formula, of the spend s.
    pub(super) fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Log => ("logarithm", "a + b·log s"),
            Self::Flat => ("flat", "a"),
            Self::Linear => ("linear", "a + b·s"),
            Self::Power => ("power", "b·s^c"),
            Self::Saturating => ("saturating", "b·(1 − exp(−s/c))"),
        }
    }

    /// What its third number may be, of a spend whose middle is one.
    fn bends(self) -> Vec<f64> {
        match self {
            Self::Log | Self::Flat | Self::Linear => vec![1.0],
            Self::Power => (1..=30).map(|tenth| f64::from(tenth) / 10.0).collect(),
            Self::Saturating => (-8..=8).map(|step| 10_f64.powf(f64::from(step) / 4.0)).collect(),
        }
    }

    fn value(self, spend: f64, bend: f64) -> f64 {
        match self {
            Self::Log => spend.ln(),
            Self::Flat => 0.0,
            Self::Linear => spend,
            Self::Power => spend.powf(bend),
            Self::Saturating => -(-spend / bend).exp_m1(),
        }
    }

    fn starts_at_nothing(self) -> bool {
        matches!(self, Self::Power | Self::Saturating)
    }
}

/// Outcomes at one spend.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cell {
    /// What they are of: a model. From 0 up.
    pub(super) group: usize,
    /// With what they are left out together. From 0 up.
    pub(super) fold: usize,
    /// The spend, above zero.
    pub(super) spend: f64,
    /// How many outcomes.
    pub(super) count: f64,
    /// Their sum.
    pub(super) sum: f64,
    /// The sum of their squares.
    pub(super) squares: f64,
}

impl Cell {
    pub(super) fn one(group: usize, fold: usize, spend: f64, outcome: f64) -> Self {
        Self { group, fold, spend, count: 1.0, sum: outcome, squares: outcome * outcome }
    }

    fn loss(&self, chance: f64) -> f64 {
        self.squares - 2.0 * chance * self.sum + self.count * chance * chance
    }
}

/// A fitted shape.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Curve {
    shape: Shape,
    scale: f64,
    bend: f64,
    pub(super) a: f64,
    pub(super) b: f64,
}

impl Curve {
    /// The share at a spend, within 0 and 1.
    pub(super) fn at(&self, spend: f64) -> f64 {
        (self.a + self.b * self.shape.value(spend / self.scale, self.bend)).clamp(0.0, 1.0)
    }
}

/// What a least-squares fit of one regressor needs to know of some cells.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    n: f64,
    g: f64,
    gg: f64,
    y: f64,
    gy: f64,
    yy: f64,
}

impl Sums {
    fn add(&mut self, cell: &Cell, g: f64) {
        self.n += cell.count;
        self.g += cell.count * g;
        self.gg += cell.count * g * g;
        self.y += cell.sum;
        self.gy += cell.sum * g;
        self.yy += cell.squares;
    }

    fn combine(self, other: Self, sign: f64) -> Self {
        Self {
            n: self.n + sign * other.n,
            g: self.g + sign * other.g,
            gg: self.gg + sign * other.gg,
            y: self.y + sign * other.y,
            gy: self.gy + sign * other.gy,
            yy: self.yy + sign * other.yy,
        }
    }

    /// a, b, and what they leave unexplained.
    fn fit(&self, from_nothing: bool) -> (f64, f64, f64) {
        let n = self.n.max(1.0);
        let (a, b) = if from_nothing {
            (0.0, if self.gg > 0.0 { self.gy / self.gg } else { 0.0 })
        } else {
            let spread = self.gg - self.g * self.g / n;
            let b = (self.gy - self.g * self.y / n) / spread;
            let b = if spread > 1e-9 * self.gg.max(1e-300) { b } else { 0.0 };
            ((self.y - b * self.g) / n, b)
        };
        (a, b, self.yy - a * self.y - b * self.gy)
    }
}

/// A shape that was tried on cells.
#[derive(Debug, Clone)]
pub(super) struct Tried {
    pub(super) shape: Shape,
    /// Of each group, fitted to all of it.
    pub(super) curves: Vec<Curve>,
    /// Of each fold, of each group, fitted to all but the fold.
    pub(super) without: Vec<Vec<Curve>>,
    /// The squared errors of each fold, added up, by the fits without it.
    losses: Vec<f64>,
    /// The outcomes of each fold.
    counts: Vec<f64>,
}

impl Tried {
    /// The mean squared error on what was left out.
    pub(super) fn error(&self) -> f64 {
        self.losses.iter().sum::<f64>() / self.counts.iter().sum::<f64>().max(1.0)
    }

    /// By how much its error is more than another's, and the standard error of that: folds are
    /// taken to be independent.
    pub(super) fn behind(&self, other: &Self) -> (f64, f64) {
        let all = self.counts.iter().sum::<f64>().max(1.0);
        let mean = self.error() - other.error();
        let folds = self.counts.iter().filter(|count| **count > 0.0).count() as f64;
        let off = self.losses.iter().zip(&other.losses).zip(&self.counts);
        let off = off.map(|((mine, its), count)| (mine - its - mean * count).powi(2)).sum::<f64>();
        (mean, (off * folds / (folds - 1.0).max(1.0)).sqrt() / all)
    }
}

/// Fits a shape to each group, with all folds and without each, and scores it.
pub(super) fn tried(shape: Shape, cells: &[Cell]) -> Tried {
    let groups = cells.iter().map(|cell| cell.group + 1).max().unwrap_or(0);
    let folds = cells.iter().map(|cell| cell.fold + 1).max().unwrap_or(0);
    let scales = scales(cells, groups);
    // Of each group the best fit so far and its loss: of all, and then without each fold.
    let mut best: Vec<Vec<(f64, Curve)>> = Vec::new();
    for bend in shape.bends() {
        let mut sums = vec![vec![Sums::default(); folds]; groups];
        for cell in cells {
            let g = shape.value(cell.spend / scales[cell.group], bend);
            sums[cell.group][cell.fold].add(cell, g);
        }
        let fits: Vec<Vec<(f64, Curve)>> = (0..groups)
            .map(|group| {
                let of = &sums[group];
                let all = of.iter().fold(Sums::default(), |all, one| all.combine(*one, 1.0));
                let each = of.iter().map(|one| all.combine(*one, -1.0));
                let curve = |sums: Sums| {
                    let (a, b, loss) = sums.fit(shape.starts_at_nothing());
                    (loss, Curve { shape, scale: scales[group], bend, a, b })
                };
                [all].into_iter().chain(each).map(curve).collect()
            })
            .collect();
        if best.is_empty() {
            best = fits;
        } else {
            let pairs = best.iter_mut().flatten().zip(fits.into_iter().flatten());
            for (best, fit) in pairs {
                if fit.0 < best.0 {
                    *best = fit;
                }
            }
        }
    }
    let (mut losses, mut counts) = (vec![0.0; folds], vec![0.0; folds]);
    for cell in cells {
        losses[cell.fold] += cell.loss(best[cell.group][cell.fold + 1].1.at(cell.spend));
        counts[cell.fold] += cell.count;
    }
    let curves = |place: usize| best.iter().map(|fits| fits[place].1).collect::<Vec<Curve>>();
    Tried { shape, curves: curves(0), without: (1..=folds).map(curves).collect(), losses, counts }
}

/// The middle spend of each group, on the scale of its logarithm.
fn scales(cells: &[Cell], groups: usize) -> Vec<f64> {
    let mut sums = vec![(0.0, 0.0); groups];
    for cell in cells {
        sums[cell.group].0 += cell.count * cell.spend.ln();
        sums[cell.group].1 += cell.count;
    }
    sums.into_iter().map(|(sum, count)| (sum / f64::max(count, 1.0)).exp()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn best_of(truth: impl Fn(f64) -> f64) -> Shape {
        let spends = (0..200).map(|step| 0.01 * 10_f64.powf(f64::from(step) / 100.0));
        let cells: Vec<Cell> = spends
            .enumerate()
            .map(|(place, spend)| Cell::one(0, place % 10, spend, truth(spend)))
            .collect();
        let tried = Shape::ALL.map(|shape| tried(shape, &cells));
        let best = tried.iter().min_by(|a, b| a.error().total_cmp(&b.error())).unwrap();
        // A ceiling is sought in steps.
        assert!(best.error() < 1e-3, "{:?} {}", best.shape, best.error());
        best.shape
    }

    #[test]
    fn each_shape_is_best_at_its_own() {
        assert_eq!(best_of(|spend| 0.5 + 0.1 * spend.ln()), Shape::Log);
        assert_eq!(best_of(|spend| 0.1 + 0.8 * spend), Shape::Linear);
        assert_eq!(best_of(|spend| 0.9 * spend.powf(0.5)), Shape::Power);
        assert_eq!(best_of(|spend| 0.8 * (1.0 - (-spend / 0.05).exp())), Shape::Saturating);
    }

    #[test]
    fn of_what_does_not_matter_no_shape_is_much_better_than_flat() {
        let outcome = |place: usize| if place.is_multiple_of(2) { 1.0 } else { 0.0 };
        let cells: Vec<Cell> = (0..400)
            .map(|place| Cell::one(0, place / 2 % 20, 1.0 + (place / 2) as f64, outcome(place)))
            .collect();
        let flat = tried(Shape::Flat, &cells);
        for shape in Shape::ALL {
            let (behind, standard_error) = tried(shape, &cells).behind(&flat);
            assert!(behind.abs() < 0.02 && standard_error < 0.02, "{shape:?} {behind}");
        }
    }

    #[test]
    fn of_no_cells_there_is_no_curve() {
        let none = tried(Shape::Log, &[]);
        assert!(none.curves.is_empty() && none.error() == 0.0);
    }
}

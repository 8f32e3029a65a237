//! The slope of the log likelihood and its curvature, with families and tasks apart from what is
//! common: a task touches the one family it is of, and families do not touch each other. So each
//! is solved for by itself and gone, tasks first, and a fit grows no faster than their number.

use nalgebra::{Cholesky, DMatrix, DVector, Dyn};

use super::cells::{COMMON, Cell, Cells};

/// How the log likelihood changes with one family's offset, or one task's.
#[derive(Clone)]
pub(super) struct Own {
    pub(super) slope: f64,
    pub(super) bend: f64,
    /// Its curvature with the common coefficients.
    ties: DVector<f64>,
}

/// How an offset hangs together with the common coefficients, and its own variance given those.
#[derive(Debug, Clone)]
pub(super) struct Tie {
    pub(super) weights: DVector<f64>,
    pub(super) own: f64,
}

/// The slope and the curvature in all coefficients.
pub(super) struct Curvature<'a> {
    /// The place of each task's family.
    family_of: &'a [usize],
    pub(super) gradient: DVector<f64>,
    pub(super) matrix: DMatrix<f64>,
    pub(super) families: Vec<Own>,
    pub(super) tasks: Vec<Own>,
    /// The curvature of each task with its family.
    between: Vec<f64>,
}

/// One number for each coefficient, such as how far it is to go.
pub(super) struct Each {
    pub(super) common: DVector<f64>,
    pub(super) families: Vec<f64>,
    pub(super) tasks: Vec<f64>,
}

/// What is left to solve once tasks and families are gone.
pub(super) struct Reduced<'a> {
    from: Curvature<'a>,
    matrix: Cholesky<f64, Dyn>,
}

impl<'a> Curvature<'a> {
    pub(super) fn of_nothing(cells: &'a Cells) -> Self {
        let size = COMMON + cells.models.len();
        let own = Own { slope: 0.0, bend: 0.0, ties: DVector::zeros(size) };
        Self {
            family_of: &cells.family_of,
            gradient: DVector::zeros(size),
            matrix: DMatrix::zeros(size, size),
            families: vec![own.clone(); cells.families.len()],
            tasks: vec![own; cells.family_of.len()],
            between: vec![0.0; cells.family_of.len()],
        }
    }

    /// Adds a cell's runs, of which so many more were solved than was told, and so much curvature.
    pub(super) fn add(&mut self, cell: &Cell, off: f64, bend: f64) {
        let touched = [(0, 1.0), (1, cell.length)];
        let own = cell.model.map(|model| (COMMON + model, 1.0));
        let family = &mut self.families[self.family_of[cell.task]];
        let task = &mut self.tasks[cell.task];
        for (i, x) in touched.into_iter().chain(own) {
            self.gradient[i] += off * x;
            for (j, y) in touched.into_iter().chain(own) {
                self.matrix[(i, j)] += bend * x * y;
            }
            family.ties[i] += bend * x;
            task.ties[i] += bend * x;
        }
        for one in [family, task] {
            one.slope += off;
            one.bend += bend;
        }
        self.between[cell.task] += bend;
    }

    /// Solves for the tasks and then the families, given the common coefficients.
    pub(super) fn reduced(mut self) -> Option<Reduced<'a>> {
        for ((task, family), between) in self.tasks.iter().zip(self.family_of).zip(&self.between) {
            task.leave(&mut self.gradient, &mut self.matrix);
            let family = &mut self.families[*family];
            family.slope -= between * task.slope / task.bend;
            family.bend -= between * between / task.bend;
            family.ties.axpy(-between / task.bend, &task.ties, 1.0);
        }
        for family in &self.families {
            family.leave(&mut self.gradient, &mut self.matrix);
        }
        let matrix = Cholesky::new(self.matrix.clone())?;
        Some(Reduced { from: self, matrix })
    }
}

impl Own {
    /// Takes the offset out of the common coefficients' slope and curvature.
    fn leave(&self, gradient: &mut DVector<f64>, matrix: &mut DMatrix<f64>) {
        // A task was tried by some of the models only, so that most of its ties are none.
        let ties = || self.ties.iter().enumerate().filter(|(_, tie)| **tie != 0.0);
        for (i, x) in ties() {
            let part = x / self.bend;
            gradient[i] -= part * self.slope;
            ties().for_each(|(j, y)| matrix[(j, i)] -= part * y);
        }
    }
}

impl Reduced<'_> {
    /// How far each coefficient is from where the slope would be zero, by the curvature here.
    pub(super) fn step(&self) -> Each {
        let common = self.matrix.solve(&self.from.gradient);
        let rest = |own: &Own| own.slope - own.ties.dot(&common);
        let families: Vec<f64> =
            self.from.families.iter().map(|family| rest(family) / family.bend).collect();
        let tasks = self
            .tasks()
            .map(|(task, family, between)| (rest(task) - between * families[family]) / task.bend);
        let tasks = tasks.collect();
        Each { common, families, tasks }
    }

    /// The covariance of the common coefficients.
    pub(super) fn covariance(&self) -> DMatrix<f64> {
        self.matrix.inverse()
    }

    /// How unsure the offsets of families are, and those of tasks.
    pub(super) fn ties(&self) -> [Vec<Tie>; 2] {
        let families = self.from.families.iter();
        let families: Vec<Tie> = families
            .map(|own| Tie { weights: &own.ties / -own.bend, own: 1.0 / own.bend })
            .collect();
        let tasks = self.tasks().map(|(task, family, between)| {
            let (part, family) = (between / task.bend, &families[family]);
            Tie {
                weights: &task.ties / -task.bend - part * &family.weights,
                own: 1.0 / task.bend + part * part * family.own,
            }
        });
        let tasks = tasks.collect();
        [families, tasks]
    }

    /// Each task, its family's place, and its curvature with that.
    fn tasks(&self) -> impl Iterator<Item = (&Own, usize, f64)> {
        let from = &self.from;
        let families = from.family_of.iter().zip(&from.between);
        from.tasks.iter().zip(families).map(|(task, (family, between))| (task, *family, *between))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::minutes::TimedRun;

    /// Two families of two and three tasks, each tried by two models, with curvatures of no
    /// particular pattern.
    fn cells() -> Cells {
        let mut runs = Vec::new();
        for (task, family) in ["a", "a", "b", "b", "b"].into_iter().enumerate() {
            for model in ["one", "other"] {
                runs.push(TimedRun {
                    model: model.to_owned(),
                    task: task.to_string(),
                    family: family.to_owned(),
                    minutes: 3.0 + task as f64,
                    solved: true,
                });
            }
        }
        Cells::of(&runs)
    }

    fn curvature(cells: &Cells) -> Curvature<'_> {
        let mut all = Curvature::of_nothing(cells);
        for (cell, by) in cells.cells.iter().zip(1_u8..) {
            all.add(cell, f64::from(by).sin(), 1.0 + f64::from(by).cos().abs());
        }
        (0..all.gradient.len()).for_each(|place| all.matrix[(place, place)] += 0.3);
        all.families.iter_mut().chain(&mut all.tasks).for_each(|own| own.bend += 0.5);
        all
    }

    /// The same slope and curvature with no part of them apart.
    fn whole(all: &Curvature<'_>) -> (DVector<f64>, DMatrix<f64>) {
        let (common, families) = (all.gradient.len(), all.families.len());
        let size = common + families + all.tasks.len();
        let (mut gradient, mut matrix) = (DVector::zeros(size), DMatrix::zeros(size, size));
        gradient.rows_mut(0, common).copy_from(&all.gradient);
        matrix.view_mut((0, 0), (common, common)).copy_from(&all.matrix);
        for (own, place) in all.families.iter().chain(&all.tasks).zip(common..) {
            gradient[place] = own.slope;
            matrix[(place, place)] = own.bend;
            matrix.view_mut((0, place), (common, 1)).copy_from(&own.ties);
            matrix.view_mut((place, 0), (1, common)).copy_from(&own.ties.transpose());
        }
        for (task, (family, between)) in all.family_of.iter().zip(&all.between).enumerate() {
            let (task, family) = (common + families + task, common + family);
            (matrix[(task, family)], matrix[(family, task)]) = (*between, *between);
        }
        (gradient, matrix)
    }

    #[test]
    fn solving_in_parts_is_solving_the_whole() {
        let cells = cells();
        let (gradient, matrix) = whole(&curvature(&cells));
        let inverse = matrix.try_inverse().unwrap();
        let reduced = curvature(&cells).reduced().unwrap();
        let step = reduced.step();
        let parts: Vec<f64> =
            step.common.iter().chain(&step.families).chain(&step.tasks).copied().collect();
        assert!((DVector::from_vec(parts) - &inverse * gradient).norm() < 1e-9);
        let (common, covariance) = (step.common.len(), reduced.covariance());
        assert!((&covariance - inverse.view((0, 0), (common, common))).norm() < 1e-9);
        for (place, tie) in (common..).zip(reduced.ties().into_iter().flatten()) {
            let variance = tie.own + tie.weights.dot(&(&covariance * &tie.weights));
            assert!((variance - inverse[(place, place)]).abs() < 1e-9, "coefficient {place}");
        }
    }
}

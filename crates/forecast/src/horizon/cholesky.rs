//! Symmetric positive definite matrices, small and dense: all that Newton's method asks of them.

/// The lower triangle L of a matrix L·Lᵀ.
pub(super) struct Cholesky {
    size: usize,
    lower: Vec<f64>,
}

impl Cholesky {
    /// Of a matrix row by row, of which the lower triangle is looked at; `None` if it is not
    /// positive definite.
    pub(super) fn of(matrix: &[f64], size: usize) -> Option<Self> {
        let mut lower = vec![0.0; size * size];
        for row in 0..size {
            for column in 0..=row {
                let before = (0..column).map(|k| lower[row * size + k] * lower[column * size + k]);
                let rest = matrix[row * size + column] - before.sum::<f64>();
                lower[row * size + column] = if column < row {
                    rest / lower[column * size + column]
                } else if rest > 0.0 {
                    rest.sqrt()
                } else {
                    return None;
                };
            }
        }
        Some(Self { size, lower })
    }

    /// What the matrix times makes the right side.
    pub(super) fn solve(&self, right: &[f64]) -> Vec<f64> {
        let (size, lower) = (self.size, &self.lower);
        let mut x = right.to_vec();
        for row in 0..size {
            let before: f64 = (0..row).map(|k| lower[row * size + k] * x[k]).sum();
            x[row] = (x[row] - before) / lower[row * size + row];
        }
        for row in (0..size).rev() {
            let after: f64 = (row + 1..size).map(|k| lower[k * size + row] * x[k]).sum();
            x[row] = (x[row] - after) / lower[row * size + row];
        }
        x
    }

    /// The matrix that undoes it, row by row.
    pub(super) fn inverse(&self) -> Vec<f64> {
        let one = |place: usize| {
            let mut unit = vec![0.0; self.size];
            unit[place] = 1.0;
            self.solve(&unit)
        };
        (0..self.size).flat_map(one).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_solves_multiplies_back() {
        let matrix = [4.0, 2.0, 0.6, 2.0, 5.0, 1.0, 0.6, 1.0, 3.0];
        let inverse = Cholesky::of(&matrix, 3).unwrap().inverse();
        for row in 0..3 {
            for column in 0..3 {
                let sum: f64 = (0..3).map(|k| matrix[row * 3 + k] * inverse[k * 3 + column]).sum();
                let one = if row == column { 1.0 } else { 0.0 };
                assert!((sum - one).abs() < 1e-12);
            }
        }
        assert!(Cholesky::of(&[1.0, 2.0, 2.0, 1.0], 2).is_none(), "not positive definite");
    }
}

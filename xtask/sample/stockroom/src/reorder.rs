//! When to order, and how much.

/// What is known about an article's sales and its supplier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Demand {
    /// Pieces sold in each of the last weeks.
    pub weekly: Vec<u32>,
    /// Days from the order to the delivery.
    pub lead_days: u32,
    /// The supplier sells whole cartons of this many.
    pub carton: u32,
}

impl Demand {
    /// Pieces that are sold in so many days, rounded up to a whole piece.
    pub fn expected(&self, days: u32) -> u32 {
        let weeks = self.weekly.len() as u32;
        if weeks == 0 {
            return 0;
        }
        let sold: u32 = self.weekly.iter().sum();
        (sold * days).div_ceil(weeks * 7)
    }

    /// Pieces to keep for bad weeks: what the best week sold above the mean, rounded down.
    pub fn safety(&self) -> u32 {
        let best = self.weekly.iter().copied().max().unwrap_or(0);
        best - self.weekly.iter().sum::<u32>() / self.weekly.len().max(1) as u32
    }

    /// Order when no more than this is left.
    pub fn reorder_point(&self) -> u32 {
        self.expected(self.lead_days) + self.safety()
    }

    /// How many pieces to order now, in whole cartons, to last for `days` after the delivery.
    pub fn order(&self, available: u32, days: u32) -> u32 {
        if available > self.reorder_point() {
            return 0;
        }
        let target = self.reorder_point() + self.expected(days);
        (target - available).div_ceil(self.carton) * self.carton
    }
}

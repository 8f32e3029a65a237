//! Prices over time, drawn: in characters for a terminal, and as a picture. Steps, since a price
//! holds until the next one, on a scale of powers of ten, since prices fall by them.
//!
//! Apart from the commands, since it knows nothing of models. It draws what it is handed and
//! reads no clock. Numbers become floats here and nowhere before: a place on a picture is no
//! money.

mod chart;
mod svg;

pub(crate) use chart::chart;
pub(crate) use svg::svg;

use tenfold_domain::{NanoUsd, Timestamp};

/// A price that changes in steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Series {
    /// What it is, for people.
    pub(crate) name: String,
    /// From when which amount holds, the oldest first. Nothing is drawn of one that is zero.
    pub(crate) points: Vec<(Timestamp, NanoUsd)>,
}

impl Series {
    /// What holds at a moment.
    fn at(&self, at: Timestamp) -> Option<NanoUsd> {
        let begun = self.points.iter().rev().find(|(from, _)| *from <= at);
        begun.map(|(_, price)| *price).filter(|price| *price > NanoUsd::ZERO)
    }
}

/// The lowest that anything drawn has cost until each moment at which something changed.
fn cheapest_so_far(series: &[Series]) -> Series {
    let mut points: Vec<(Timestamp, NanoUsd)> =
        series.iter().flat_map(|series| series.points.iter().copied()).collect();
    points.retain(|(_, price)| *price > NanoUsd::ZERO);
    points.sort_unstable();
    let mut lowest: Vec<(Timestamp, NanoUsd)> = Vec::new();
    for (from, price) in points {
        if lowest.last().is_none_or(|(_, least)| price < *least) {
            lowest.push((from, price));
        }
    }
    Series { name: "cheapest so far".to_owned(), points: lowest }
}

/// The cheapest so far, if it says something that the others don't: where there are several to
/// compare, or the one has become dearer again.
fn record_of(series: &[Series]) -> Option<Series> {
    let kinds = |series: &Series| series.name.ends_with("out") || series.name.starts_with("out");
    let compared: Vec<Series> = series.iter().filter(|series| kinds(series)).cloned().collect();
    let rises = |series: &Series| series.points.windows(2).any(|two| two[1].1 > two[0].1);
    let helps = compared.len() > 1 || compared.iter().any(rises);
    helps.then(|| cheapest_so_far(&compared)).filter(|record| !record.points.is_empty())
}

/// What the picture reaches over: the first moment and the last, the least and the most.
struct Frame {
    from: Timestamp,
    to: Timestamp,
    least: NanoUsd,
    most: NanoUsd,
}

impl Frame {
    /// Around all that is drawn; none if there is nothing.
    fn around(series: &[Series], until: Timestamp) -> Option<Self> {
        let points = || {
            let all = series.iter().flat_map(|series| series.points.iter());
            all.filter(|(_, price)| *price > NanoUsd::ZERO)
        };
        let from = points().map(|(from, _)| *from).min()?;
        let least = points().map(|(_, price)| *price).min()?;
        let most = points().map(|(_, price)| *price).max()?;
        let to = Timestamp(until.0.max(from.0 + 1));
        Some(Self { from, to, least, most })
    }

    /// How far up a price stands: 0 for the least, 1 for the most.
    #[allow(clippy::cast_precision_loss, reason = "a place on a picture")]
    fn height(&self, price: NanoUsd) -> f64 {
        let log = |price: NanoUsd| (price.0.max(1) as f64).ln();
        let reach = log(self.most) - log(self.least);
        match reach > 0.0 {
            true => ((log(price) - log(self.least)) / reach).clamp(0.0, 1.0),
            false => 0.5,
        }
    }

    /// How far along a moment lies: 0 for the first, 1 for the last.
    #[allow(clippy::cast_precision_loss, reason = "a place on a picture")]
    fn along(&self, at: Timestamp) -> f64 {
        let reach = (self.to.0 - self.from.0).max(1) as f64;
        (at.0.saturating_sub(self.from.0) as f64 / reach).clamp(0.0, 1.0)
    }

    /// The moment of a column of so many.
    fn moment(&self, column: usize, columns: usize) -> Timestamp {
        let reach = u128::from(self.to.0 - self.from.0);
        let last = columns.saturating_sub(1).max(1) as u128;
        let along = reach * column as u128 / last;
        Timestamp(self.from.0.saturating_add(u64::try_from(along).unwrap_or(u64::MAX)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(name: &str, points: &[(u64, u64)]) -> Series {
        let points = points.iter().map(|(at, price)| (Timestamp(*at), NanoUsd::dollars(*price)));
        Series { name: name.to_owned(), points: points.collect() }
    }

    #[test]
    fn the_cheapest_so_far_never_rises_and_is_drawn_where_it_helps() {
        let falling = series("a, out", &[(0, 10), (5, 2)]);
        let rising = series("b, out", &[(2, 4), (8, 9)]);
        assert_eq!(record_of(std::slice::from_ref(&falling)), None);
        let record = record_of(&[falling, rising.clone()]).unwrap();
        assert_eq!(record.points, series("", &[(0, 10), (2, 4), (5, 2)]).points);
        assert_eq!(record_of(&[rising]).unwrap().points, series("", &[(2, 4)]).points);
    }

    #[test]
    fn a_series_holds_from_its_points_and_what_is_free_is_not_drawn() {
        let one = series("a", &[(5, 3), (9, 0)]);
        assert_eq!(one.at(Timestamp(4)), None);
        assert_eq!(one.at(Timestamp(8)), Some(NanoUsd::dollars(3)));
        assert_eq!(one.at(Timestamp(9)), None);
        assert!(Frame::around(&[series("a", &[(1, 0)])], Timestamp(9)).is_none());
    }
}

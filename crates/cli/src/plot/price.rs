//! Prices over time as a plot: steps, since a price holds until the next one, on a scale of
//! ratios, since prices fall by them.

use tenfold_domain::{NanoUsd, Timestamp};
use tenfold_models::written;

use super::{Axis, Line, Plot, Scale, Shape};

/// A price that changes in steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Series {
    /// What it is, for people.
    pub(crate) name: String,
    /// From when which amount holds, the oldest first. Nothing is drawn of one that is zero.
    pub(crate) points: Vec<(Timestamp, NanoUsd)>,
}

/// Series until a moment, and the cheapest so far where that says something more.
pub(crate) fn plot(title: &str, series: &[Series], until: Timestamp) -> Plot {
    let line = |series: &Series, is_faint| Line {
        name: series.name.clone(),
        points: series.points.iter().map(|(from, price)| (moment(*from), amount(*price))).collect(),
        shape: Shape::Steps,
        is_faint,
    };
    let mut lines: Vec<Line> = series.iter().map(|series| line(series, false)).collect();
    lines.extend(record_of(series).map(|record| line(&record, true)));
    let first = lines.iter().filter_map(|line| line.points.first()).map(|point| point.0);
    let first = first.fold(moment(until), f64::min);
    let x = Axis {
        scale: Scale::Even,
        reach: Some((first, moment(until).max(first + 1.0))),
        shown: day,
    };
    let y = Axis { scale: Scale::Ratios, reach: None, shown: |price| nano(price).to_string() };
    Plot { title: title.to_owned(), x, y, lines, marks: Vec::new() }
}

#[allow(clippy::cast_precision_loss, reason = "a place on a picture")]
fn moment(at: Timestamp) -> f64 {
    at.0 as f64
}

#[allow(clippy::cast_precision_loss, reason = "a place on a picture")]
fn amount(price: NanoUsd) -> f64 {
    price.0 as f64
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it was one before")]
fn nano(price: f64) -> NanoUsd {
    NanoUsd(price.round() as u64)
}

/// A moment as `2025-08-07`.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it was one before")]
pub(crate) fn day(at: f64) -> String {
    written(Timestamp(at as u64)).chars().take("2025-08-07".len()).collect()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::{chart, svg};

    const DAY: u64 = 86_400_000;

    fn series(name: &str, points: &[(u64, u64)]) -> Series {
        let points =
            points.iter().map(|(at, price)| (Timestamp(at * DAY), NanoUsd::dollars(*price)));
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
    fn steps_are_drawn_with_their_scale_their_days_and_their_names() {
        let all = [series("out", &[(0, 100), (50, 10)]), series("in", &[(0, 1)])];
        let text = chart(&plot("p", &all, Timestamp(100 * DAY)), 40);
        let text = anstream::adapter::strip_str(&text).to_string();
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].starts_with("     $100.00 ┤━━━━━━━━━━"), "{text}");
        assert!(lines[11].starts_with("       $1.00 ┤──────────"), "{text}");
        assert_eq!(lines[0].chars().filter(|c| *c == '━').count(), 13, "{text}");
        assert!(lines[13].contains("1970-01-01") && lines[13].ends_with("1970-04-11"), "{text}");
        assert!(text.contains("━ out\n") && text.contains("─ in\n"), "{text}");
        assert!(!text.contains("cheapest"), "{text}");
    }

    #[test]
    fn a_picture_has_its_steps_and_what_is_free_leaves_a_gap() {
        let mut one = series("<script>, out", &[(0, 100), (50, 1), (75, 10)]);
        let text = svg(&plot("a & b", std::slice::from_ref(&one), Timestamp(100 * DAY)));
        assert!(text.contains("M90.0 40.0H435.0V380.0H607.5V210.0H780.0"), "{text}");
        assert!(text.contains("a &amp; b") && text.contains("&lt;script&gt;"), "{text}");
        assert!(text.contains("cheapest so far") && text.contains("stroke-dasharray"), "{text}");
        assert!(!text.contains("<script"), "{text}");
        one.points[1].1 = NanoUsd::ZERO;
        let text = svg(&plot("a", &[one], Timestamp(100 * DAY)));
        assert!(text.contains("H435.0M607.5"), "{text}");
        assert!(svg(&plot("none", &[], Timestamp(9))).ends_with("none</text>\n</svg>\n"));
    }

    #[test]
    fn one_price_is_a_line_and_none_is_nothing() {
        let text = chart(&plot("p", &[series("out", &[(0, 2)])], Timestamp(0)), 0);
        assert_eq!(text.matches("$2.00").count(), 1, "{text}");
        assert_eq!(chart(&plot("p", &[series("out", &[])], Timestamp(DAY)), 80), "");
    }
}

//! The plot in characters.

use tenfold_domain::{NanoUsd, Timestamp};
use tenfold_models::written;

use super::{Frame, Series, record_of};
use crate::terminal::{CYAN, DIM, GREEN, RED, YELLOW, one_line, styled};

/// How many lines a plot has, without its axis.
const HEIGHT: usize = 12;
/// The least and the most columns of a plot, without its scale.
const WIDTHS: std::ops::RangeInclusive<usize> = 20..=100;
/// How wide the scale at the left is.
const SCALE: usize = 12;

/// What each line is drawn with: along, and down.
const LINES: [(char, char); 8] = [
    ('━', '┃'),
    ('─', '│'),
    ('═', '║'),
    ('╌', '╎'),
    ('┅', '┇'),
    ('┄', '┆'),
    ('╍', '╏'),
    ('┈', '┊'),
];
const STYLES: [anstyle::Style; 4] = [GREEN, CYAN, YELLOW, RED];
/// What the cheapest so far is drawn with, where nothing else is.
const RECORD: char = '·';

/// Series until a moment, in as many columns. Empty if there is nothing to draw.
pub(crate) fn chart(series: &[Series], until: Timestamp, columns: usize) -> String {
    let Some(frame) = Frame::around(series, until) else { return String::new() };
    let width = columns.saturating_sub(SCALE + 2).clamp(*WIDTHS.start(), *WIDTHS.end());
    let mut grid = Grid { width, cells: vec![None; width * HEIGHT] };
    // The first is drawn last, and so over the others.
    for (index, series) in series.iter().enumerate().rev() {
        draw(&mut grid, &frame, series, index);
    }
    let record = record_of(series);
    if let Some(record) = &record {
        for column in 0..width {
            let Some(price) = record.at(frame.moment(column, width)) else { continue };
            let cell = grid.at(row_of(&frame, price), column);
            if cell.is_none() {
                *cell = Some((RECORD, DIM));
            }
        }
    }
    let mut text = String::new();
    for (row, cells) in grid.cells.chunks(width).enumerate() {
        let label = scale(&frame, row).map_or_else(String::new, |price| price.to_string());
        text += &format!("{label:>SCALE$} ┤");
        let drawn = cells.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
        for cell in &cells[..drawn] {
            text += &cell.map_or_else(|| " ".to_owned(), |(mark, style)| styled(style, mark));
        }
        text.push('\n');
    }
    text += &axis(&frame, width);
    for (index, series) in series.iter().enumerate() {
        let (mark, name) = (LINES[index % LINES.len()].0, one_line(&series.name, 100));
        text += &format!("{:>SCALE$}   {} {name}\n", "", styled(style(index), mark));
    }
    if record.is_some() {
        text += &format!("{:>SCALE$}   {} cheapest so far\n", "", styled(DIM, RECORD));
    }
    text
}

/// What stands in each place, line by line.
struct Grid {
    width: usize,
    cells: Vec<Option<(char, anstyle::Style)>>,
}

impl Grid {
    fn at(&mut self, row: usize, column: usize) -> &mut Option<(char, anstyle::Style)> {
        &mut self.cells[row * self.width + column]
    }
}

fn style(index: usize) -> anstyle::Style {
    STYLES[index % STYLES.len()]
}

fn draw(grid: &mut Grid, frame: &Frame, series: &Series, index: usize) {
    let width = grid.width;
    let (along, down) = LINES[index % LINES.len()];
    let mut before: Option<usize> = None;
    for column in 0..width {
        let Some(price) = series.at(frame.moment(column, width)) else {
            before = None;
            continue;
        };
        let row = row_of(frame, price);
        if let Some(before) = before.filter(|before| *before != row) {
            for between in before.min(row)..=before.max(row) {
                *grid.at(between, column) = Some((down, style(index)));
            }
        } else {
            *grid.at(row, column) = Some((along, style(index)));
        }
        before = Some(row);
    }
}

/// The line on which a price stands, counted from above.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "between nothing and the height"
)]
fn row_of(frame: &Frame, price: NanoUsd) -> usize {
    let up = (frame.height(price) * (HEIGHT - 1) as f64).round() as usize;
    HEIGHT - 1 - up.min(HEIGHT - 1)
}

/// What stands at the left of a line: the most, the least, and what is half way between.
fn scale(frame: &Frame, row: usize) -> Option<NanoUsd> {
    if frame.least == frame.most {
        return (row == row_of(frame, frame.most)).then_some(frame.most);
    }
    match row {
        0 => Some(frame.most),
        row if row == HEIGHT - 1 => Some(frame.least),
        _ => None,
    }
}

fn axis(frame: &Frame, width: usize) -> String {
    let (from, to) = (day(frame.from), day(frame.to));
    let line = "─".repeat(width);
    let gap = width.saturating_sub(from.len() + to.len()).max(1);
    format!("{:>SCALE$} └{line}\n{:>SCALE$}  {from}{:gap$}{to}\n", "", "", "")
}

fn day(at: Timestamp) -> String {
    written(at).chars().take("2025-08-07".len()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = 86_400_000;

    fn plain(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    #[test]
    fn steps_are_drawn_with_their_scale_their_days_and_their_names() {
        let series = |name: &str, points: &[(u64, u64)]| Series {
            name: name.into(),
            points: points
                .iter()
                .map(|(day, price)| (Timestamp(day * DAY), NanoUsd::dollars(*price)))
                .collect(),
        };
        let all = [series("out", &[(0, 100), (50, 10)]), series("in", &[(0, 1)])];
        let text = plain(&chart(&all, Timestamp(100 * DAY), 40));
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].starts_with("     $100.00 ┤━━━━━━━━━━"), "{text}");
        assert!(lines[11].starts_with("       $1.00 ┤──────────"), "{text}");
        assert_eq!(lines[0].chars().filter(|c| *c == '━').count(), 13, "{text}");
        assert!(lines[13].contains("1970-01-01") && lines[13].ends_with("1970-04-11"), "{text}");
        assert!(text.contains("━ out\n") && text.contains("─ in\n"), "{text}");
        assert!(!text.contains("cheapest"), "{text}");
    }

    #[test]
    fn one_price_is_a_line_and_none_is_nothing() {
        let one = Series { name: "out".into(), points: vec![(Timestamp(0), NanoUsd::dollars(2))] };
        let text = plain(&chart(&[one], Timestamp(0), 0));
        assert_eq!(text.matches("$2.00").count(), 1, "{text}");
        let none = Series { name: "out".into(), points: Vec::new() };
        assert_eq!(chart(&[none], Timestamp(DAY), 80), "");
    }
}

//! The plot in characters.

use super::{Frame, Line, Plot, Shape};
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
/// What stands behind is drawn with, where nothing else is.
const FAINT: char = '·';
/// What single points are drawn with.
const DOT: char = '•';
/// What a mark is drawn with, from top to bottom.
const MARK: char = '╎';

/// A plot in as many columns. Empty if there is nothing to draw.
pub(crate) fn chart(plot: &Plot, columns: usize) -> String {
    let Some(frame) = Frame::around(plot) else { return String::new() };
    let width = columns.saturating_sub(SCALE + 2).clamp(*WIDTHS.start(), *WIDTHS.end());
    let mut grid = Grid { width, cells: vec![None; width * HEIGHT] };
    for mark in &plot.marks {
        if let Some(along) = frame.along(mark.at) {
            let column = cell(along, width);
            (0..HEIGHT).for_each(|row| *grid.at(row, column) = Some((MARK, DIM)));
        }
    }
    // The first is drawn last, and so over the others.
    let order = plot.lines.iter().enumerate().rev();
    let (faint, plain): (Vec<_>, Vec<_>) = order.partition(|(_, line)| line.is_faint);
    for (index, line) in faint.into_iter().chain(plain) {
        draw(&mut grid, &frame, line, index);
    }
    let mut text = String::new();
    for (row, cells) in grid.cells.chunks(width).enumerate() {
        let label = scale(&frame, row).map_or_else(String::new, |y| (plot.y.shown)(y));
        text += &format!("{label:>SCALE$} ┤");
        let drawn = cells.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
        for cell in &cells[..drawn] {
            text += &cell.map_or_else(|| " ".to_owned(), |(mark, style)| styled(style, mark));
        }
        text.push('\n');
    }
    text + &axis(plot, &frame, width) + &legend(plot)
}

/// What each line and each mark is.
fn legend(plot: &Plot) -> String {
    let mut text = String::new();
    for (index, line) in plot.lines.iter().enumerate() {
        let (mark, style) = look(line, index);
        let name = one_line(&line.name, 100);
        text += &format!("{:>SCALE$}   {} {name}\n", "", styled(style, mark));
    }
    for mark in &plot.marks {
        let (at, name) = ((plot.x.shown)(mark.at), one_line(&mark.name, 100));
        text += &format!("{:>SCALE$}   {} {at}: {name}\n", "", styled(DIM, MARK));
    }
    text
}

fn look(line: &Line, index: usize) -> (char, anstyle::Style) {
    match line.shape {
        _ if line.is_faint => (FAINT, DIM),
        Shape::Dots => (DOT, STYLES[index % STYLES.len()]),
        _ => (LINES[index % LINES.len()].0, STYLES[index % STYLES.len()]),
    }
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

fn draw(grid: &mut Grid, frame: &Frame, line: &Line, index: usize) {
    let (along, style) = look(line, index);
    let down = if line.is_faint { FAINT } else { LINES[index % LINES.len()].1 };
    let width = grid.width;
    if line.shape == Shape::Dots {
        for &(x, y) in &line.points {
            let places = (frame.along(x), frame.scales.1.place(y));
            if let (Some(x), Some(y)) = places {
                *grid.at(row_of(frame, y), cell(x, width)) = Some((along, style));
            }
        }
        return;
    }
    let mut before: Option<usize> = None;
    for column in 0..width {
        let x = frame.number(column as f64 / (width - 1) as f64);
        let Some(place) = line.at(x, frame.scales) else {
            before = None;
            continue;
        };
        let row = row_of(frame, place);
        match before.filter(|before| *before != row) {
            // A slope takes a step in each column, a fall all of them in one.
            Some(before) if line.shape == Shape::Steps || before.abs_diff(row) > 1 => {
                for between in before.min(row)..=before.max(row) {
                    *grid.at(between, column) = Some((down, style));
                }
            }
            _ => *grid.at(row, column) = Some((along, style)),
        }
        before = Some(row);
    }
}

/// The place of a share, of so many.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is one of them")]
fn cell(share: f64, places: usize) -> usize {
    ((share * (places - 1) as f64).round() as usize).min(places - 1)
}

/// The line on which a place of the scale is, counted from above.
fn row_of(frame: &Frame, place: f64) -> usize {
    HEIGHT - 1 - cell(frame.height(place), HEIGHT)
}

/// What stands at the left of a line: the most and the least; both once, if they are the same.
fn scale(frame: &Frame, row: usize) -> Option<f64> {
    let (least, most) = frame.y;
    let place = |y: f64| frame.scales.1.place(y).map(|place| row_of(frame, place));
    [most, least].into_iter().find(|y| place(*y) == Some(row))
}

fn axis(plot: &Plot, frame: &Frame, width: usize) -> String {
    let (from, to) = ((plot.x.shown)(frame.x.0), (plot.x.shown)(frame.x.1));
    let line = "─".repeat(width);
    let gap = width.saturating_sub(from.chars().count() + to.chars().count()).max(1);
    format!("{:>SCALE$} └{line}\n{:>SCALE$}  {from}{:gap$}{to}\n", "", "", "")
}

//! The plot as a picture, in SVG: no script, no font of its own, nothing from elsewhere.

use std::fmt::Write as _;

use super::{Frame, Line, Plot, Shape};

const WIDTH: f64 = 800.0;
const HEIGHT: f64 = 420.0;
/// What is left free at each side, for what is written there.
const LEFT: f64 = 90.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 40.0;
const BELOW: f64 = 40.0;
/// How high a line of the legend is.
const LEGEND: f64 = 18.0;

/// Told apart also by who doesn't see every colour.
const COLOURS: [&str; 8] =
    ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000", "#7f7f7f"];
/// Of what stands behind.
const FAINT: &str = "#888";

/// A plot. A picture with nothing in it but its title, if there is nothing to draw.
pub(crate) fn svg(plot: &Plot) -> String {
    let rows = plot.lines.len() + plot.marks.len();
    let height = HEIGHT + LEGEND * rows as f64;
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" \
         font-family=\"sans-serif\" font-size=\"13\">\n<title>{0}</title>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n\
         <text x=\"{LEFT}\" y=\"24\" font-size=\"16\">{0}</text>\n",
        escaped(&plot.title)
    );
    if let Some(frame) = Frame::around(plot) {
        text += &scale(plot, &frame);
        for (index, line) in plot.lines.iter().enumerate() {
            text += &drawn(&frame, line, index);
        }
        text += &marks(plot, &frame);
    }
    text + "</svg>\n"
}

fn x(along: f64) -> f64 {
    LEFT + along * (WIDTH - LEFT - RIGHT)
}

fn y(frame: &Frame, place: f64) -> f64 {
    HEIGHT - BELOW - frame.height(place) * (HEIGHT - TOP - BELOW)
}

/// The axes, with the most and the least, the first and the last.
fn scale(plot: &Plot, frame: &Frame) -> String {
    let (left, right, top, below) = (LEFT, WIDTH - RIGHT, TOP, HEIGHT - BELOW);
    let mut text =
        format!("<path d=\"M{left} {top}V{below}H{right}\" fill=\"none\" stroke=\"{FAINT}\"/>\n");
    for number in [frame.y.1, frame.y.0] {
        let Some(place) = frame.scales.1.place(number) else { continue };
        let (x, y, shown) = (left - 6.0, y(frame, place) + 4.0, escaped(&(plot.y.shown)(number)));
        let _ = writeln!(text, "<text x=\"{x}\" y=\"{y:.1}\" text-anchor=\"end\">{shown}</text>");
    }
    for (number, x, anchor) in [(frame.x.0, left, "start"), (frame.x.1, right, "end")] {
        let (shown, y) = (escaped(&(plot.x.shown)(number)), below + 18.0);
        let _ = writeln!(text, "<text x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\">{shown}</text>");
    }
    text
}

/// One line, and what it is in the legend.
fn drawn(frame: &Frame, line: &Line, index: usize) -> String {
    let colour = if line.is_faint { FAINT } else { COLOURS[index % COLOURS.len()] };
    let dashes = if line.is_faint { " stroke-dasharray=\"2 4\"" } else { "" };
    let (down, name) = (HEIGHT + LEGEND * index as f64, escaped(&line.name));
    let shown = match line.shape {
        Shape::Dots => dots(frame, line, colour),
        _ => format!(
            "<path d=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"{dashes}/>\n",
            path(frame, line)
        ),
    };
    format!(
        "{shown}<path d=\"M{LEFT} {0}h24\" stroke=\"{colour}\" stroke-width=\"2\"{dashes}/>\n\
         <text x=\"{1}\" y=\"{down}\">{name}</text>\n",
        down - 4.0,
        LEFT + 32.0
    )
}

fn dots(frame: &Frame, line: &Line, colour: &str) -> String {
    let place = |&(along, up): &(f64, f64)| {
        Some((x(frame.along(along)?), y(frame, frame.scales.1.place(up)?)))
    };
    let dot = |(x, y)| format!("<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"{colour}\"/>\n");
    line.points.iter().filter_map(place).map(dot).collect()
}

fn path(frame: &Frame, line: &Line) -> String {
    let mut path = String::new();
    let mut is_begun = false;
    for &(along, up) in &line.points {
        let Some(along) = frame.along(along).map(x) else { continue };
        let place = frame.scales.1.place(up).map(|place| y(frame, place));
        let _ = match (place, line.shape) {
            // What holds does so until here.
            (None, Shape::Steps) if is_begun => write!(path, "H{along:.1}"),
            (None, _) => Ok(()),
            (Some(up), _) if !is_begun => write!(path, "M{along:.1} {up:.1}"),
            (Some(up), Shape::Steps) => write!(path, "H{along:.1}V{up:.1}"),
            (Some(up), _) => write!(path, "L{along:.1} {up:.1}"),
        };
        is_begun = place.is_some();
    }
    if is_begun && line.shape == Shape::Steps {
        let _ = write!(path, "H{:.1}", WIDTH - RIGHT);
    }
    path
}

/// The marks, each a line from top to bottom with its word in the legend.
fn marks(plot: &Plot, frame: &Frame) -> String {
    let mut text = String::new();
    for (index, mark) in plot.marks.iter().enumerate() {
        let Some(along) = frame.along(mark.at).map(x) else { continue };
        let down = HEIGHT + LEGEND * (plot.lines.len() + index) as f64;
        let (at, name) = (escaped(&(plot.x.shown)(mark.at)), escaped(&mark.name));
        let _ = write!(
            text,
            "<path d=\"M{along:.1} {TOP}V{0}\" stroke=\"#000\" stroke-dasharray=\"6 3\"/>\n\
             <path d=\"M{LEFT} {1}h24\" stroke=\"#000\" stroke-dasharray=\"6 3\"/>\n\
             <text x=\"{2}\" y=\"{down}\">{at}: {name}</text>\n",
            HEIGHT - BELOW,
            down - 4.0,
            LEFT + 32.0
        );
    }
    text
}

/// Text that can't be taken for marks of the picture's.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => safe += "&lt;",
            '>' => safe += "&gt;",
            '&' => safe += "&amp;",
            '"' => safe += "&quot;",
            '\0'..='\x1f' | '\x7f' => safe.push('\u{fffd}'),
            _ => safe.push(c),
        }
    }
    safe
}

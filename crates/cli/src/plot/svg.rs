//! The plot as a picture, in SVG: no script, no font of its own, nothing from elsewhere.

use std::fmt::Write as _;

use tenfold_domain::{NanoUsd, Timestamp};
use tenfold_models::written;

use super::{Frame, Series, record_of};

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

/// Series until a moment. A picture with nothing in it but its title, if there is nothing to
/// draw.
pub(crate) fn svg(title: &str, series: &[Series], until: Timestamp) -> String {
    let mut all = series.to_vec();
    all.extend(record_of(series));
    #[allow(clippy::cast_precision_loss, reason = "a handful of lines")]
    let height = HEIGHT + LEGEND * all.len() as f64;
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" \
         font-family=\"sans-serif\" font-size=\"13\">\n<title>{0}</title>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n\
         <text x=\"{LEFT}\" y=\"24\" font-size=\"16\">{0}</text>\n",
        escaped(title)
    );
    if let Some(frame) = Frame::around(series, until) {
        text += &scale(&frame);
        for (index, line) in all.iter().enumerate() {
            text += &drawn(&frame, line, index, index >= series.len());
        }
    }
    text + "</svg>\n"
}

fn x(frame: &Frame, at: Timestamp) -> f64 {
    LEFT + frame.along(at) * (WIDTH - LEFT - RIGHT)
}

fn y(frame: &Frame, price: NanoUsd) -> f64 {
    HEIGHT - BELOW - frame.height(price) * (HEIGHT - TOP - BELOW)
}

/// The axes, with the most and the least, the first day and the last.
fn scale(frame: &Frame) -> String {
    let (left, right, top, below) = (LEFT, WIDTH - RIGHT, TOP, HEIGHT - BELOW);
    let mut text =
        format!("<path d=\"M{left} {top}V{below}H{right}\" fill=\"none\" stroke=\"#888\"/>\n");
    for price in [frame.most, frame.least] {
        let (x, y) = (left - 6.0, y(frame, price) + 4.0);
        let _ = writeln!(text, "<text x=\"{x}\" y=\"{y:.1}\" text-anchor=\"end\">{price}</text>");
    }
    for (at, x, anchor) in [(frame.from, left, "start"), (frame.to, right, "end")] {
        let (day, y): (String, f64) = (written(at).chars().take(10).collect(), below + 18.0);
        let _ = writeln!(text, "<text x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\">{day}</text>");
    }
    text
}

/// One series, and its line of the legend.
#[allow(clippy::cast_precision_loss, reason = "a handful of lines")]
fn drawn(frame: &Frame, series: &Series, index: usize, is_record: bool) -> String {
    let colour = if is_record { "#888" } else { COLOURS[index % COLOURS.len()] };
    let dashes = if is_record { " stroke-dasharray=\"2 4\"" } else { "" };
    let mut path = String::new();
    let mut is_begun = false;
    for (from, price) in &series.points {
        let x = x(frame, *from);
        // What is free stands on no scale of powers of ten.
        if *price == NanoUsd::ZERO {
            if is_begun {
                let _ = write!(path, "H{x:.1}");
            }
            is_begun = false;
            continue;
        }
        let y = y(frame, *price);
        let _ = match is_begun {
            true => write!(path, "H{x:.1}V{y:.1}"),
            false => write!(path, "M{x:.1} {y:.1}"),
        };
        is_begun = true;
    }
    if is_begun {
        let _ = write!(path, "H{:.1}", WIDTH - RIGHT);
    }
    let (y, name) = (HEIGHT + LEGEND * index as f64, escaped(&series.name));
    format!(
        "<path d=\"{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"{dashes}/>\n\
         <path d=\"M{LEFT} {0}h24\" stroke=\"{colour}\" stroke-width=\"2\"{dashes}/>\n\
         <text x=\"{1}\" y=\"{y}\">{name}</text>\n",
        y - 4.0,
        LEFT + 32.0
    )
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_has_its_steps_and_no_marks_of_others() {
        let point = |at, price| (Timestamp(at), NanoUsd::dollars(price));
        let series = Series {
            name: "<script>, out".into(),
            points: vec![point(0, 100), point(50, 1), point(75, 10)],
        };
        let text = svg("a & b", &[series], Timestamp(100));
        assert!(text.contains("M90.0 40.0H435.0V380.0H607.5V210.0H780.0"), "{text}");
        assert!(text.contains("a &amp; b") && text.contains("&lt;script&gt;"), "{text}");
        assert!(text.contains("cheapest so far") && text.contains("stroke-dasharray"), "{text}");
        assert!(!text.contains("<script"), "{text}");
        assert!(svg("none", &[], Timestamp(9)).ends_with("none</text>\n</svg>\n"));
    }
}

//! What was measured, as people read it.

use std::fmt::Write as _;

use serde_json::Value as Json;

use crate::parts::{list, number, words};

/// The report as a text.
pub(crate) fn of(report: &Json) -> String {
    let mut text = String::new();
    for note in list(&report["notes"]) {
        _ = writeln!(text, "{}", words(note));
    }
    for series in list(&report["series"]) {
        _ = writeln!(text, "\n{}, until {}", words(&series["name"]), words(&series["end"]));
        _ = writeln!(text, "  bar     now        a year      in 3, 6, 12 months (90 %)");
        for level in list(&series["levels"]) {
            _ = writeln!(text, "  {}", line_of_level(level));
        }
        _ = writeln!(
            text,
            "  bar   months  origins    error  no change  tenfold  covered   (powers of ten)"
        );
        for test in list(&series["tests"]).iter().filter(|test| test["origins"] != 0) {
            _ = writeln!(
                text,
                "  {:<5} {:>6} {:>8} {:>8.3} {:>10.3} {:>8.3} {:>7.0} %",
                words(&test["bar"]),
                test["months"].to_string(),
                test["origins"].to_string(),
                number(&test["error"]),
                number(&test["no_change"]),
                number(&test["tenfold"]),
                number(&test["covered"]) * 100.0,
            );
        }
    }
    text
}

fn line_of_level(level: &Json) -> String {
    let bar = number(&level["bar"]) * 100.0;
    if let Some(refused) = level["refused"].as_str() {
        return format!("{bar:>3.0} %  {refused}");
    }
    let pace = &level["times_per_year"];
    let mut text = format!(
        "{bar:>3.0} %  ${:<8.4} {:.1}x ({:.1} to {:.1})",
        number(&level["dollars"]),
        number(&pace[1]),
        number(&pace[0]),
        number(&pace[2]),
    );
    for ahead in list(&level["ahead"]) {
        _ = write!(
            text,
            "  ${:.3} ({:.3} to {:.3})",
            number(&ahead[2]),
            number(&ahead[1]),
            number(&ahead[3]),
        );
    }
    text
}

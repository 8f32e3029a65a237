//! What was found, as people read it.

use std::fmt::Write as _;

use serde_json::Value as Json;

use crate::parts::{list, number, words};

/// The report as a text.
pub(crate) fn of(report: &Json) -> String {
    let mut text = String::new();
    _ = writeln!(text, "{} ledgers of each case, seed {}", report["ledgers"], report["seed"]);
    _ = writeln!(text, "observation  planted    supported  not  too little  right");
    for row in list(&report["planted"]) {
        _ = writeln!(
            text,
            "{:<12} {:<10} {:>9} {:>4} {:>11} {:>5.1} %",
            words(&row["subject"]),
            words(&row["planted"]),
            row["supported"].to_string(),
            row["not_supported"].to_string(),
            row["not_enough"].to_string(),
            number(&row["right"]) * 100.0,
        );
    }
    for note in list(&report["notes"]) {
        _ = writeln!(text, "{}", words(note));
    }
    _ = writeln!(text, "\nThe essay's own case, by announced list prices");
    add(&mut text, &report["case"]);
    for file in list(&report["given"]) {
        _ = writeln!(text, "\n{}", words(&file["file"]));
        list(&file["findings"]).iter().for_each(|finding| add(&mut text, finding));
    }
    text
}

fn add(text: &mut String, finding: &Json) {
    _ = writeln!(text, "- {}", words(&finding["question"]));
    _ = writeln!(text, "  {}: {}", words(&finding["verdict"]), words(&finding["why"]));
    _ = writeln!(text, "  from {}", words(&finding["data"]));
    for figure in list(&finding["figures"]) {
        let [low, likely, high] = ["low", "likely", "high"].map(|name| number(&figure[name]));
        _ = writeln!(text, "  {}: {likely:.3} ({low:.3} to {high:.3})", words(&figure["name"]));
    }
    for fit in list(&finding["fits"]) {
        _ = writeln!(
            text,
            "  {:<18} error {:.4}, behind {:+.4} (se {:.4})",
            words(&fit["name"]),
            number(&fit["error"]),
            number(&fit["behind"]),
            number(&fit["standard_error"]),
        );
    }
}

//! `cargo xtask bench sandbox`: what it costs to start a command in tier A, beside bubblewrap
//! alone in the same run. What is measured is in the example `start` of `crates/sandbox`; this
//! builds it, runs it and prints what it says.

use std::process::ExitCode;

use serde_json::Value as Json;

use crate::command::cargo;
use crate::trouble::Trouble;

const HELP: &str = "\
usage: cargo xtask bench sandbox [OPTIONS]

  --runs N          starts for each row                                 [200]
  --together LIST   how many at a time                                  [1,8]
  --pause MS        measured again with this pause before each start, as
                    between the commands of an agent                    [100]
  --helper FILE     the program that confines, such as target/release/tenfold;
                    by default a small one that does nothing else
  --json            one JSON object on stdout, in place of the table
";

/// Runs the bench.
pub(crate) fn main(args: Vec<String>) -> Result<ExitCode, Trouble> {
    use lexopt::prelude::*;
    let (mut runs, mut together) = ("200".to_owned(), "1,8".to_owned());
    let (mut helper, mut pause, mut json) = ("-".to_owned(), "100".to_owned(), false);
    let mut parser = lexopt::Parser::from_args(args);
    while let Some(word) = parser.next()? {
        match word {
            Long("runs") => runs = parser.value()?.string()?,
            Long("together") => together = parser.value()?.string()?,
            Long("pause") => pause = parser.value()?.parse::<u32>()?.to_string(),
            Long("helper") => helper = absolute(&parser.value()?.string()?)?,
            Long("json") => json = true,
            Long("help") | Short('h') => {
                print!("{HELP}");
                return Ok(ExitCode::SUCCESS);
            }
            other => return Err(other.unexpected().into()),
        }
    }
    let together = sizes(&runs, &together)?;
    let mut start = cargo(["run", "--release", "--package", "tenfold-sandbox"]);
    start.args(["--example", "start", "--", &helper, &runs, &pause]).args(together);
    super::tell(&mut start, json, table)
}

/// The chore itself runs elsewhere than the person stands.
fn absolute(helper: &str) -> Result<String, Trouble> {
    let path = std::path::absolute(helper)
        .map_err(|e| Trouble::usage(format!("--helper names no file: {e}")))?;
    Ok(path.to_string_lossy().into_owned())
}

/// The list of how many at a time, held to be numbers from one up, as `runs` is.
fn sizes(runs: &str, together: &str) -> Result<Vec<String>, Trouble> {
    let list: Vec<String> = together.split(',').map(|word| word.trim().to_owned()).collect();
    for word in list.iter().map(String::as_str).chain([runs]) {
        if word.parse::<usize>().map_or(true, |number| number == 0) {
            return Err(Trouble::usage(format!("'{word}' is no number from 1 up")));
        }
    }
    Ok(list)
}

fn table(measured: &Json) -> String {
    let (runs, load) = (&measured["runs"], measured["load"].as_f64().unwrap_or(0.0));
    let mut text =
        format!("milliseconds to start /bin/true and have its end; {runs} starts a row\n");
    text += &format!("the machine's load in the last minute: {load:.1}\n");
    text += &format!(
        "{:>10} {:>10} {:>22} {:>22} {:>16}\n",
        "at a time", "after ms", "bubblewrap p50, p90", "tier A p50, p90", "against it, p50"
    );
    for row in measured["rows"].as_array().map_or(&[][..], Vec::as_slice) {
        let ms = |who: &str, what: &str| row[who][what].as_f64().unwrap_or(0.0);
        let pair = |who| format!("{:.1}, {:.1}", ms(who, "p50_ms"), ms(who, "p90_ms"));
        text += &format!(
            "{:>10} {:>10} {:>22} {:>22} {:>15.2}x\n",
            row["together"].as_u64().unwrap_or(0),
            row["pause_ms"].as_u64().unwrap_or(0),
            pair("bubblewrap"),
            pair("tier_a"),
            row["ratio_p50"].as_f64().unwrap_or(0.0),
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_no_size_is_refused_before_anything_is_built() {
        assert_eq!(sizes("10", "1, 8").unwrap(), ["1", "8"]);
        for (runs, together) in [("0", "1"), ("10", "1,x"), ("10", ""), ("-1", "1")] {
            assert!(sizes(runs, together).is_err(), "{runs} {together}");
        }
    }

    #[test]
    fn the_table_has_a_row_for_each_size() {
        let side = |ms: f64| json!({"p50_ms": ms, "p90_ms": 2.0 * ms});
        let row = json!({"together": 8, "pause_ms": 50, "bubblewrap": side(4.0), "tier_a": side(6.0),
                         "ratio_p50": 1.5});
        let text = table(&json!({"runs": 5, "load": 0.25, "rows": [row]}));
        let last = text.lines().last().unwrap_or_default();
        let words: Vec<_> = last.split_whitespace().collect();
        assert_eq!(words, ["8", "50", "4.0,", "8.0", "6.0,", "12.0", "1.50x"]);
    }
}

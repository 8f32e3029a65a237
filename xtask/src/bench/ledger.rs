//! `cargo xtask bench ledger`: what reserving and settling costs, in memory and on the disk, and
//! an allowance for everybody. What is measured is in the example `ledger` of `crates/store`; this
//! builds it, runs it and prints what it says.

use std::process::ExitCode;

use serde_json::Value as Json;

use crate::command::cargo;
use crate::trouble::Trouble;

const HELP: &str = "\
usage: cargo xtask bench ledger [OPTIONS]

  --seed N          from which accounts, limits and amounts are drawn   [1]
  --accounts N      in trees five deep                                  [10000]
  --reservations N  open at the same time                               [1000000]
  --people N        who get an allowance by one line                    [1000000]
  --durable N       pairs of reserving and settling in the journal      [50000]
  --json            one JSON object on stdout, in place of the table
";

/// Runs the bench.
pub(crate) fn main(args: Vec<String>) -> Result<ExitCode, Trouble> {
    use lexopt::prelude::*;
    let mut sizes = ["1", "10000", "1000000", "1000000", "50000"].map(str::to_owned);
    let mut json = false;
    let mut parser = lexopt::Parser::from_args(args);
    while let Some(word) = parser.next()? {
        let place = match word {
            Long("seed") => 0,
            Long("accounts") => 1,
            Long("reservations") => 2,
            Long("people") => 3,
            Long("durable") => 4,
            Long("json") => {
                json = true;
                continue;
            }
            Long("help") | Short('h') => {
                print!("{HELP}");
                return Ok(ExitCode::SUCCESS);
            }
            other => return Err(other.unexpected().into()),
        };
        let size = parser.value()?.string()?;
        if size.parse::<u32>().map_or(true, |number| number == 0) {
            return Err(Trouble::usage(format!("'{size}' is no number from 1 up")));
        }
        sizes[place] = size;
    }
    let mut ledger = cargo(["run", "--release", "--package", "tenfold-store"]);
    ledger.args(["--example", "ledger", "--"]).args(&sizes);
    super::tell(&mut ledger, json, table)
}

fn table(measured: &Json) -> String {
    let (memory, everybody, durable) =
        (&measured["in_memory"], &measured["everybody"], &measured["durable"]);
    let float = |value: &Json| value.as_f64().unwrap_or(f64::NAN);
    let rows = [
        ("accounts, five deep", memory["accounts"].to_string()),
        ("set aside at the same time", memory["at_the_same_time"].to_string()),
        ("refused by a limit", memory["refused"].to_string()),
        ("limits passed", memory["limits_passed"].to_string()),
        ("accounts that don't add up", memory["accounts_that_do_not_add_up"].to_string()),
        ("in memory, pairs/s", format!("{:.0}", float(&memory["pairs_per_s"]))),
        ("ask, settle (us)", {
            format!("{:.2}, {:.2}", float(&memory["ask_us"]), float(&memory["settle_us"]))
        }),
        ("on the disk, pairs/s", format!("{:.0}", float(&durable["pairs_per_s"]))),
        ("commits for them", format!("{} for {}", durable["commits"], durable["pairs"])),
        ("people with one line", everybody["people"].to_string()),
        ("the line (us)", format!("{:.1}", float(&everybody["grant_us"]))),
        ("memory for each (bytes)", everybody["bytes_each"].to_string()),
        ("their allowances passed", everybody["allowances_passed"].to_string()),
    ];
    let row = |(name, value): &(&str, String)| format!("{name:<28} {value:>16}\n");
    let text: String = rows.iter().map(row).collect();
    format!("{text}durable: {}\n", measured["settings"].as_str().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_measured_is_in_the_table() {
        let measured = serde_json::json!({
            "in_memory": { "limits_passed": 0, "pairs_per_s": 123_456.7 },
            "everybody": { "people": 1_000_000 },
            "durable": { "commits": 7, "pairs": 500 },
        });
        let table = table(&measured);
        for word in ["123457", "1000000", "7 for 500"] {
            assert!(table.contains(word), "{table}");
        }
    }
}

//! How many of the samples of each problem were right, one problem of one model a line: CSV with
//! the columns `model`, `problem`, `n` for the samples drawn and `c` for the right ones, and
//! `bench` for what the problem is of, which may be missing; others are passed over.

use serde::Deserialize;

use super::Unreadable;
use crate::sampling::Tally;

/// What came of one model's samples of one problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sampled {
    /// The model's name.
    pub model: String,
    /// What the problem is of; empty if nobody wrote that down.
    pub bench: String,
    /// The problem's name.
    pub problem: String,
    /// The samples drawn, and the right ones.
    pub tally: Tally,
}

#[derive(Deserialize)]
struct Row {
    model: String,
    #[serde(default)]
    bench: String,
    problem: String,
    n: u64,
    c: u64,
}

/// Reads them.
///
/// # Errors
///
/// Refuses a text without the columns, and a line whose numbers can't be: none drawn, more right
/// than drawn, or no whole numbers.
pub fn read(text: &str) -> Result<Vec<Sampled>, Unreadable> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
    let mut all = Vec::new();
    for row in reader.deserialize() {
        let row: Row = row.map_err(|error| Unreadable {
            line: error.position().map_or(1, csv::Position::line),
            why: error.to_string(),
        })?;
        let tally = Tally { drawn: row.n, right: row.c };
        if tally.drawn == 0 || tally.right > tally.drawn {
            let why = format!("{} right of {} drawn can't be", tally.right, tally.drawn);
            // One line for the heads, and one for each row before it.
            return Err(Unreadable { line: all.len() as u64 + 2, why });
        }
        all.push(Sampled { model: row.model, bench: row.bench, problem: row.problem, tally });
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_problem() {
        let all = read("model,note,problem,n,c\nA,x,7,100,3\nB,,8,50,0\n").unwrap();
        assert_eq!(all[0].tally, Tally { drawn: 100, right: 3 });
        assert_eq!((all[1].model.as_str(), all[1].problem.as_str()), ("B", "8"));
        assert_eq!(all[1].bench, "");
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        let wrong = |text: &str| read(text).unwrap_err().to_string();
        let head = "model,bench,problem,n,c\n";
        assert_eq!(
            wrong(&format!("{head}A,M,1,9,3\nA,M,2,9,10\n")),
            "line 3: 10 right of 9 drawn can't be"
        );
        assert!(wrong(&format!("{head}A,M,1,-9,3\n")).starts_with("line 2: "));
        assert!(wrong("model,problem,n\nA,1,9\n").contains("missing field `c`"));
    }
}

//! docs/threats.md names every row of the threat model and the tests that try it.
//!
//! It is apart because the page's form is defined here: a row of a table begins with the row's
//! number; its third cell names tests as `` `FILE`: `TEST`, `TEST` ``, one file after another
//! with `;` between them; its fourth says what is not tried, and must where there is no test. The
//! rows of other tables have no number: their second cell names tests, their third what is not
//! tried.

use std::collections::BTreeMap;

use super::Violation;
use super::house::House;

const PAGE: &str = "docs/threats.md";
const ROWS: u8 = 45;

pub(super) fn are_tried(house: &House) -> Vec<Violation> {
    let Some(page) = house.text(PAGE) else {
        return vec![Violation::new(PAGE, "there is no such page, or it is not text")];
    };
    let rows = rows(page);
    let mut broken = Vec::new();
    for number in 1..=ROWS {
        match rows.get(&number).map(Vec::as_slice) {
            None | Some([]) => broken.push(format!("has no row {number}")),
            Some([row]) => broken.extend(wrong_in(house, &format!("row {number}"), row)),
            Some(_) => broken.push(format!("has row {number} more than once")),
        }
    }
    for row in without_number(page) {
        broken.extend(wrong_in(house, row.what, &row));
    }
    let page = broken.into_iter().map(|how| Violation::new(PAGE, how));
    page.chain(unnamed(house, &rows)).collect()
}

struct Row<'p> {
    what: &'p str,
    tests: Vec<(&'p str, &'p str)>,
    not_tried: &'p str,
}

fn rows(page: &str) -> BTreeMap<u8, Vec<Row<'_>>> {
    let mut rows: BTreeMap<u8, Vec<Row<'_>>> = BTreeMap::new();
    for line in page.lines() {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [number, what, tests, not_tried] = cells[..] else { continue };
        if let Ok(number) = number.parse() {
            rows.entry(number).or_default().push(Row { what, tests: named(tests), not_tried });
        }
    }
    rows
}

/// The rows of tables without numbers; their heads name no test.
fn without_number(page: &str) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    for line in page.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [what, tests, not_tried] = cells[..] else { continue };
        if tests.is_empty() || tests.starts_with('`') {
            rows.push(Row { what, tests: named(tests), not_tried });
        }
    }
    rows
}

/// The files and tests that a cell names.
fn named(cell: &str) -> Vec<(&str, &str)> {
    let mut tests = Vec::new();
    for part in cell.split(';') {
        let mut words = part.split('`').skip(1).step_by(2);
        if let Some(file) = words.next() {
            tests.extend(words.map(|test| (file, test)));
        }
    }
    tests
}

fn wrong_in(house: &House, name: &str, row: &Row<'_>) -> Vec<String> {
    if row.tests.is_empty() && row.not_tried.is_empty() {
        return vec![format!("says of {name} neither where it is tried nor why it is not")];
    }
    let missing = row.tests.iter().filter(|(file, test)| {
        let text = house.text(file).unwrap_or_default();
        !text.lines().any(|line| defines(line) == Some(test))
    });
    missing.map(|(file, test)| format!("names {test} for {name}, not in {file}")).collect()
}

/// The tests of the suite that no row names.
fn unnamed(house: &House, rows: &BTreeMap<u8, Vec<Row<'_>>>) -> Vec<Violation> {
    let mut broken = Vec::new();
    for (path, text) in house.texts(".rs").filter(|(path, _)| path.starts_with("crates/")) {
        for test in text.lines().filter_map(defines) {
            let Some(number) = row_of(test) else { continue };
            let row = rows.get(&number).into_iter().flatten();
            if !row.flat_map(|row| &row.tests).any(|named| *named == (path, test)) {
                broken.push(Violation::new(path, format!("{PAGE} does not name {test}")));
            }
        }
    }
    broken
}

/// The function that a line begins to define.
fn defines(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let rest = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ")?;
    rest.split(['(', '<']).next()
}

/// The row that a test is named for: `r07_…`.
fn row_of(test: &str) -> Option<u8> {
    let (number, _) = test.strip_prefix('r')?.split_once('_')?;
    (number.len() == 2).then(|| number.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TESTS: &str = "//! x\n#[test]\nfn r01_links() {}\nasync fn r02_magic() {}\n";

    /// A page with all rows, where the first has this cell of tests.
    fn page(first: &str) -> String {
        let mut page = "| row | a | b | c |\n|---|---|---|---|\n".to_owned();
        page += &format!("| 1 | links | {first} | |\n");
        page += "| 2 | magic | `crates/a/tests/it/x.rs`: `r02_magic` | |\n";
        for number in 3..=ROWS {
            page += &format!("| {number} | x | | not yet: y |\n");
        }
        page
    }

    fn hows(page: &str) -> Vec<String> {
        let house = House::of_files(&[(PAGE, page), ("crates/a/tests/it/x.rs", TESTS)]);
        are_tried(&house).into_iter().map(|violation| violation.how).collect()
    }

    #[test]
    fn a_page_that_names_all_is_well() {
        assert_eq!(hows(&page("`crates/a/tests/it/x.rs`: `r01_links`")), [""; 0]);
    }

    #[test]
    fn a_row_a_test_and_a_reason_that_are_missing_are_found() {
        let whole = page("`crates/a/tests/it/x.rs`: `r01_links`");
        let without = whole.replace("| 44 | x | | not yet: y |\n", "");
        assert_eq!(hows(&without), ["has no row 44"]);
        let silent = whole.replace("| 44 | x | | not yet: y |", "| 44 | x | | |");
        assert_eq!(hows(&silent), ["says of row 44 neither where it is tried nor why it is not"]);
        let gone = page("`crates/a/tests/it/x.rs`: `r01_links`, `r01_gone`");
        assert_eq!(hows(&gone), ["names r01_gone for row 1, not in crates/a/tests/it/x.rs"]);
        let twice = format!("{whole}| 44 | x | | y |\n");
        assert_eq!(hows(&twice), ["has row 44 more than once"]);
    }

    #[test]
    fn rows_of_other_tables_name_tests_that_there_are() {
        let table = |row: &str| {
            let whole = page("`crates/a/tests/it/x.rs`: `r01_links`");
            format!("{whole}\n| what | where | not |\n|---|---|---|\n{row}\n")
        };
        assert_eq!(hows(&table("| guessing | `crates/a/tests/it/x.rs`: `r02_magic` | |")), [""; 0]);
        let gone = table("| guessing | `crates/a/tests/it/x.rs`: `gone` | |");
        assert_eq!(hows(&gone), ["names gone for guessing, not in crates/a/tests/it/x.rs"]);
        let silent = table("| guessing | | |");
        let says = "says of guessing neither where it is tried nor why it is not";
        assert_eq!(hows(&silent), [says]);
    }

    #[test]
    fn a_test_that_the_page_does_not_name_is_found() {
        let mut unnamed = page("");
        unnamed = unnamed.replace("| 1 | links |  | |", "| 1 | links | | not here |");
        assert_eq!(hows(&unnamed), ["docs/threats.md does not name r01_links"]);
    }
}

//! ARCHITECTURE.md names exactly the crates that exist.
//!
//! It is apart because the page's form is defined here: a crate is named as `crates/NAME` in
//! a heading or in the first cell of a table's row. Prose may mention any crate.

use std::collections::BTreeSet;

use super::Violation;
use super::house::House;

const PAGE: &str = "ARCHITECTURE.md";

pub(super) fn matches(house: &House) -> Vec<Violation> {
    let Some(page) = house.text(PAGE) else {
        return vec![Violation::new(PAGE, "there is no such page, or it is not text")];
    };
    let named = named(page);
    let there = house.crate_names();
    let gone = named.iter().filter(|name| !there.contains(*name));
    let gone = gone.map(|name| format!("names crates/{name}, which does not exist"));
    let unnamed = there.iter().filter(|name| !named.contains(*name));
    let unnamed = unnamed.map(|name| format!("does not name crates/{name}"));
    gone.chain(unnamed).map(|how| Violation::new(PAGE, how)).collect()
}

/// The crates that the page names in a heading or in the first cell of a row.
fn named(page: &str) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    for line in page.lines() {
        let place = match line.strip_prefix('|') {
            Some(row) => row.split('|').next().unwrap_or_default(),
            None if line.starts_with('#') => line,
            None => continue,
        };
        for part in place.split("crates/").skip(1) {
            let end = part.find(|c: char| !c.is_ascii_alphanumeric() && c != '-');
            names.insert(&part[..end.unwrap_or(part.len())]);
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn house(page: &str) -> House {
        House::of_files(&[
            (PAGE, page),
            ("crates/domain/Cargo.toml", ""),
            ("crates/test-support/src/lib.rs", "//! x"),
            ("crates/README.md", ""),
        ])
    }

    #[test]
    fn a_page_that_names_all_is_well() {
        let page = "# Map\n## `crates/domain`\n| `crates/test-support` | see crates/gone |\n\
                    crates/nothing in prose\n";
        assert_eq!(matches(&house(page)), []);
    }

    #[test]
    fn a_crate_too_many_and_one_too_few_are_found() {
        let broken = matches(&house("| `crates/domain` | x |\n| `crates/attic` | y |\n"));
        let hows: Vec<_> = broken.iter().map(|violation| violation.how.as_str()).collect();
        assert_eq!(
            hows,
            ["names crates/attic, which does not exist", "does not name crates/test-support"]
        );
    }

    #[test]
    fn no_page_is_a_violation() {
        assert_eq!(matches(&House::default()).len(), 1);
    }
}

//! Probes in Rust sources, compiled by the real compiler in each edition, and run.

use std::fs;
use std::process::Command;

use tenfold_code::failure;
use tenfold_code::{Language, Syntax, coverage};

/// A library that makes it hard: no standard library, warnings denied, constants.
const LIBRARY: &str = r"#![no_std]
#![forbid(unsafe_code)]
#![deny(warnings, missing_docs)]
//! A library.

/// Not changed: the compiler runs it.
pub const fn next(x: u32) -> u32 {
    let y = x;
    y + 1
}

/// Two numbers.
pub static PAIR: [u32; 2] = [next(1), next(2)];

/// Sorts.
pub fn kind<T: Copy + PartialOrd>(value: T, low: T, high: T) -> u32 {
    match value {
        value if value < low => inner::below(),
        _ => {
            if value > high {
                return 2;
            }
            1
        }
    }
}

mod inner {
    pub fn below() -> u32 {
        0
    }

    pub fn pick<'a>(from: &'a Option<u32>, other: &'a u32) -> &'a u32 {
        if *other > 9 {
            other
        } else if let Some(found) = from.as_ref().filter(|found| **found > 1) {
            found
        } else if *other == 7 {
            other
        } else {
            &0
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn low() {
        super::inner::pick(&None, &7);
        assert_eq!(super::kind(1, 2, 3), 9);
    }

    #[test]
    fn high() {
        assert_eq!(super::kind(4, 2, 3), 2);
    }
}
";

#[test]
fn the_lines_that_each_test_executes_are_told_in_every_edition() {
    for edition in ["2015", "2018", "2021", "2024"] {
        let folder = tempfile::tempdir().unwrap();
        let probed = Syntax::read(Language::Rust, LIBRARY).probed("lib.rs").unwrap();
        fs::write(folder.path().join("lib.rs"), probed).unwrap();
        let built = Command::new("rustc")
            .args(["--test", "--edition", edition, "lib.rs", "-o", "tests"])
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        let run = Command::new(folder.path().join("tests"))
            .env("TENFOLD_TRACE", folder.path().join("trace"))
            .env("RUST_TEST_THREADS", "2")
            .output()
            .unwrap();
        let said = failure::read(&String::from_utf8_lossy(&run.stdout), run.status.code());
        let trace = fs::read_to_string(folder.path().join("trace")).unwrap();
        let spectrum = coverage::read(&trace, &said.names()).unwrap();
        assert_eq!(spectrum.outcomes(), (1, 1), "{edition}");
        let lines: Vec<(u32, u32, u32)> =
            spectrum.coverage().iter().map(|line| (line.line, line.failed, line.passed)).collect();
        // The failing test's own line comes with those that only it executes.
        let only = [18, 30, 34, 36, 38, 39, 50, 51].map(|line| (line, 1, 0));
        let both = [(17, 1, 1)];
        assert_eq!(lines, [&only[..], &both].concat(), "{edition}");
    }
}

//! Rules that read Rust files and manifests one at a time.
//!
//! They look at text, not at syntax: each is written so that a false alarm is rare and easy
//! to put right. What the compiler or clippy can hold is left to them.

use super::Violation;
use super::house::House;

/// The lint group, spelled so that this file does not match its own rule.
const UNSAFE_LINT: &str = concat!("unsafe", "_code");
const LENGTH_LINT: &str = concat!("clippy::too_many", "_lines");

const NAMES: &[&str] = &["utils", "util", "common", "helpers", "helper", "manager", "service"];

/// The lines of a function that fit a screen.
const SCREEN_LINES: u32 = 70;

/// Only `llama` may lift the ban on `unsafe`.
pub(super) fn unsafe_only_in_llama(house: &House) -> Vec<Violation> {
    let mut broken = Vec::new();
    let ours = |path: &&str| !path.starts_with("crates/llama/");
    for (path, text) in house.texts(".rs").filter(|(path, _)| ours(path)) {
        for (number, line) in text.lines().enumerate() {
            let lifts = ["allow(", "expect(", "warn("].iter().any(|word| line.contains(word));
            if lifts && line.contains(UNSAFE_LINT) {
                let place = format!("{path}:{}", number + 1);
                broken.push(Violation::new(place, "lifts the ban on unsafe code"));
            }
        }
    }
    broken
}

/// Every manifest of a member takes the workspace's lints as they are.
pub(super) fn lints_are_taken(house: &House) -> Vec<Violation> {
    let manifest = |path: &str| {
        let parts: Vec<_> = path.split('/').collect();
        matches!(parts[..], ["crates", _, "Cargo.toml"] | ["xtask", "Cargo.toml"])
    };
    let mut broken = Vec::new();
    for (path, text) in house.texts("Cargo.toml").filter(|(path, _)| manifest(path)) {
        let takes = toml::from_str::<toml::Table>(text)
            .ok()
            .and_then(|table| table.get("lints")?.get("workspace")?.as_bool());
        if takes != Some(true) {
            broken.push(Violation::new(path, "has no `[lints] workspace = true`"));
        }
    }
    broken
}

/// Every Rust file opens with `//!`.
pub(super) fn heads(house: &House) -> Vec<Violation> {
    let headless = house.texts(".rs").filter(|(_, text)| !text.starts_with("//! "));
    headless.map(|(path, _)| Violation::new(path, "does not open with `//!`")).collect()
}

/// No module has a name that fits everything.
pub(super) fn module_names(house: &House) -> Vec<Violation> {
    let mut broken = Vec::new();
    for (path, text) in house.texts(".rs") {
        let parts = path.trim_end_matches(".rs").split('/');
        for name in parts.filter(|part| NAMES.contains(part)) {
            broken.push(Violation::new(path, format!("a module named {name}")));
        }
        for (number, line) in text.lines().enumerate() {
            let Some(name) = module_opened(line).filter(|name| NAMES.contains(name)) else {
                continue;
            };
            let place = format!("{path}:{}", number + 1);
            broken.push(Violation::new(place, format!("a module named {name}")));
        }
    }
    broken
}

/// The name in `mod name {` or `pub mod name {`; a module in a file is found by its file.
fn module_opened(line: &str) -> Option<&str> {
    let inline = line.trim().strip_suffix('{')?.trim_end();
    let (before, name) = inline.rsplit_once(' ')?;
    (before == "mod" || before.ends_with(" mod")).then_some(name)
}

/// Clippy counts the lines of a function; where it is told not to, a reason is given.
pub(super) fn long_functions_have_reasons(house: &House) -> Vec<Violation> {
    let mut broken = Vec::new();
    let limit = house.text("clippy.toml").and_then(|text| text.parse::<toml::Table>().ok());
    let limit = limit.and_then(|table| table.get("too-many-lines-threshold")?.as_integer());
    if limit != Some(SCREEN_LINES.into()) {
        let how = format!("too-many-lines-threshold is not {SCREEN_LINES}");
        broken.push(Violation::new("clippy.toml", how));
    }
    for (path, text) in house.texts(".rs") {
        for (place, _) in text.match_indices(LENGTH_LINT) {
            let attribute = text[place..].split(']').next().unwrap_or_default();
            if !attribute.contains("reason") {
                let line = text[..place].matches('\n').count() + 1;
                let how = "a function longer than a screen, without `reason = \"…\"`";
                broken.push(Violation::new(format!("{path}:{line}"), how));
            }
        }
    }
    broken
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(rule: fn(&House) -> Vec<Violation>, files: &[(&str, &str)]) -> Vec<String> {
        rule(&House::of_files(files)).into_iter().map(|violation| violation.place).collect()
    }

    #[test]
    fn unsafe_outside_llama_is_found() {
        let lifted = format!("//! x\n#![allow({UNSAFE_LINT})]\n");
        let files = [("crates/llama/src/lib.rs", &*lifted), ("crates/agent/src/lib.rs", &lifted)];
        assert_eq!(places(unsafe_only_in_llama, &files), ["crates/agent/src/lib.rs:2"]);
    }

    #[test]
    fn a_member_without_the_lints_is_found() {
        let files = [
            ("crates/agent/Cargo.toml", "[lints]\nworkspace = true\n"),
            ("crates/code/Cargo.toml", "[lints.rust]\nmissing_docs = 'allow'\n"),
            ("xtask/sample/stockroom/Cargo.toml", "[package]\n"),
        ];
        assert_eq!(places(lints_are_taken, &files), ["crates/code/Cargo.toml"]);
    }

    #[test]
    fn a_file_without_a_head_is_found() {
        let files = [("a.rs", "//! Says what it is.\n"), ("b.rs", "use std::fs;\n"), ("c.rs", "")];
        assert_eq!(places(heads, &files), ["b.rs", "c.rs"]);
    }

    #[test]
    fn names_that_fit_everything_are_found_as_files_folders_and_inline() {
        let files = [
            ("crates/a/src/helpers.rs", "//! x"),
            ("crates/a/src/common/mod.rs", "//! x"),
            ("crates/a/src/lib.rs", "//! x\npub(crate) mod utils {\n}\nmod tests {\n}\n"),
            ("crates/a/src/commonplace.rs", "//! x\n// a service for mod utils\n"),
        ];
        assert_eq!(
            places(module_names, &files),
            ["crates/a/src/common/mod.rs", "crates/a/src/helpers.rs", "crates/a/src/lib.rs:2"]
        );
    }

    #[test]
    fn a_long_function_needs_a_reason_and_the_limit_stays() {
        let good = format!("//! x\n#[allow({LENGTH_LINT}, reason = \"a table\")]\n");
        let bad = format!("//! x\n#[allow({LENGTH_LINT})] // no reason\n");
        let limit = "too-many-lines-threshold = 70\n";
        let files = [("clippy.toml", limit), ("a.rs", &*good), ("b.rs", &*bad)];
        assert_eq!(places(long_functions_have_reasons, &files), ["b.rs:2"]);
        let files = [("clippy.toml", "too-many-lines-threshold = 700\n")];
        assert_eq!(places(long_functions_have_reasons, &files), ["clippy.toml"]);
    }
}

//! Each crate's integration tests are one binary, `tests/it/main.rs`, that lists every file.
//!
//! It is apart because it is the one rule that knows how cargo finds tests.

use super::Violation;
use super::house::House;

pub(super) fn listed(house: &House) -> Vec<Violation> {
    house.texts(".rs").filter_map(|(path, _)| unlisted(house, path)).collect()
}

/// What is wrong with the file, if it is an integration test that nobody lists.
fn unlisted(house: &House, path: &str) -> Option<Violation> {
    let (folder, rest) = path.split_once("/tests/")?;
    // Only the members of the workspace: the sample project has its own ways.
    if !(folder.starts_with("crates/") && folder.matches('/').count() == 1 || folder == "xtask") {
        return None;
    }
    let violation = |how: String| Some(Violation::new(path, how));
    let Some(inner) = rest.strip_prefix("it/") else {
        // A program that the tests start is declared as a program.
        let declared = format!("path = \"tests/{rest}\"");
        let manifest = house.text(&format!("{folder}/Cargo.toml")).unwrap_or_default();
        if manifest.lines().any(|line| line == declared) {
            return None;
        }
        let is_binary = !rest.contains('/') || rest.ends_with("/main.rs");
        let how = "is a test binary of its own: move it into tests/it and list it in main.rs";
        return is_binary.then(|| Violation::new(path, how));
    };
    let name = inner.trim_end_matches("/mod.rs").trim_end_matches(".rs");
    if name == "main" {
        return None;
    }
    // A file in a folder is listed by the module that the folder belongs to.
    let (parents, module) = match name.rsplit_once('/') {
        None => (vec![format!("{folder}/tests/it/main.rs")], name),
        Some((parent, module)) => (
            vec![
                format!("{folder}/tests/it/{parent}.rs"),
                format!("{folder}/tests/it/{parent}/mod.rs"),
            ],
            module,
        ),
    };
    let lists = |parent: &String| {
        let text = house.text(parent).unwrap_or_default();
        text.lines().any(|line| {
            let line = line.trim();
            line == format!("mod {module};") || line.ends_with(&format!(" mod {module};"))
        })
    };
    match parents.iter().any(lists) {
        true => None,
        false => violation(format!("is not listed in {}, so it never runs", parents.join(" or "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forgotten_file_and_a_second_binary_are_found() {
        let house = House::of_files(&[
            ("crates/a/tests/it/main.rs", "//! x\nmod run;\n#[cfg(unix)]\nmod deep;\n"),
            ("crates/a/tests/it/run.rs", "//! x"),
            ("crates/a/tests/it/forgotten.rs", "//! x"),
            ("crates/a/tests/it/deep/mod.rs", "//! x\nmod down;"),
            ("crates/a/tests/it/deep/down.rs", "//! x"),
            ("crates/a/tests/it/deep/lost.rs", "//! x"),
            ("crates/a/tests/second.rs", "//! x"),
            ("crates/a/tests/fixtures/broken.rs", "not rust"),
            ("crates/a/tests/stand_in/main.rs", "//! x"),
            ("crates/a/Cargo.toml", "[[bin]]\npath = \"tests/stand_in/main.rs\"\n"),
            ("xtask/sample/stockroom/tests/pack.rs", "//! x"),
        ]);
        let places: Vec<_> = listed(&house).into_iter().map(|violation| violation.place).collect();
        assert_eq!(
            places,
            [
                "crates/a/tests/it/deep/lost.rs",
                "crates/a/tests/it/forgotten.rs",
                "crates/a/tests/second.rs"
            ]
        );
    }
}

//! Every dependency of the workspace is named in docs/decisions, and README.md there lists
//! every decision.
//!
//! It is apart because it defines how a page names a dependency: in backticks, anywhere in a
//! decision. Whether the reason is a good one is for a reviewer to say.

use super::Violation;
use super::house::House;

const FOLDER: &str = "docs/decisions/";
const INDEX: &str = "docs/decisions/README.md";

/// The dependencies in the root manifest, our own crates left out, that no decision names.
pub(super) fn name_dependencies(house: &House) -> Vec<Violation> {
    let Some(names) = house.text("Cargo.toml").and_then(dependencies) else {
        return vec![Violation::new("Cargo.toml", "has no [workspace.dependencies]")];
    };
    let pages: Vec<&str> = decisions(house).map(|(_, text)| text).collect();
    let unnamed = names.into_iter().filter(|name| {
        let quoted = format!("`{name}`");
        !name.starts_with("tenfold-") && !pages.iter().any(|page| page.contains(&quoted))
    });
    unnamed
        .map(|name| Violation::new("Cargo.toml", format!("no decision names `{name}`")))
        .collect()
}

/// The decisions that the index does not link to.
pub(super) fn are_listed(house: &House) -> Vec<Violation> {
    let index = house.text(INDEX).unwrap_or_default();
    let file = |path: &str| path[FOLDER.len()..].to_owned();
    let unlisted =
        decisions(house).filter(|(path, _)| !index.contains(&format!("({})", file(path))));
    unlisted.map(|(path, _)| Violation::new(path, format!("is not listed in {INDEX}"))).collect()
}

fn decisions(house: &House) -> impl Iterator<Item = (&str, &str)> {
    house.texts(".md").filter(|(path, _)| path.starts_with(FOLDER) && *path != INDEX)
}

fn dependencies(manifest: &str) -> Option<Vec<String>> {
    let table = manifest.parse::<toml::Table>().ok()?;
    let dependencies = table.get("workspace")?.get("dependencies")?.as_table()?;
    Some(dependencies.keys().cloned().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = "[workspace.dependencies]\ntenfold-domain = { path = \"x\" }\nserde = \"1\"\nleft-pad = \"1\"\n";

    #[test]
    fn a_dependency_without_a_decision_is_found() {
        let house = House::of_files(&[
            ("Cargo.toml", MANIFEST),
            ("docs/decisions/0001-data.md", "`serde`: data. Not left-pad.\n"),
            (INDEX, "`left-pad` is only mentioned\n"),
        ]);
        let hows: Vec<_> = name_dependencies(&house).into_iter().map(|v| v.how).collect();
        assert_eq!(hows, ["no decision names `left-pad`"]);
    }

    #[test]
    fn a_decision_that_nobody_links_to_is_found() {
        let house = House::of_files(&[
            ("docs/decisions/0001-data.md", ""),
            ("docs/decisions/0002-lost.md", ""),
            (INDEX, "1. [Data](0001-data.md)\n"),
        ]);
        let places: Vec<_> = are_listed(&house).into_iter().map(|v| v.place).collect();
        assert_eq!(places, ["docs/decisions/0002-lost.md"]);
    }
}

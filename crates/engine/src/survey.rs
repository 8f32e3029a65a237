//! What the files of a task are: which language most of the code is in, and how many there are.
//! Tasks that are alike in this are learned from together.

use std::collections::BTreeMap;
use std::path::Path;

use tenfold_domain::{CommitId, Survey};
use tenfold_workspace::Workspace;

use crate::EngineError;
use crate::reading::LARGEST_FILE;

/// Languages that work is done in, by how their files' names end. What is written in for other
/// things (data, text, markup) is none.
const LANGUAGES: [(&str, &[&str]); 27] = [
    ("C", &["c", "h"]),
    ("C#", &["cs"]),
    ("C++", &["cc", "cpp", "cxx", "hh", "hpp"]),
    ("Clojure", &["clj", "cljs"]),
    ("Dart", &["dart"]),
    ("Elixir", &["ex", "exs"]),
    ("Erlang", &["erl", "hrl"]),
    ("Go", &["go"]),
    ("Haskell", &["hs"]),
    ("Java", &["java"]),
    ("JavaScript", &["js", "jsx", "mjs", "cjs"]),
    ("Julia", &["jl"]),
    ("Kotlin", &["kt", "kts"]),
    ("Lua", &["lua"]),
    ("OCaml", &["ml", "mli"]),
    ("Perl", &["pl", "pm"]),
    ("PHP", &["php"]),
    ("Python", &["py", "pyi"]),
    ("R", &["r", "R"]),
    ("Ruby", &["rb"]),
    ("Rust", &["rs"]),
    ("Scala", &["scala"]),
    ("Shell", &["sh", "bash"]),
    ("SQL", &["sql"]),
    ("Swift", &["swift"]),
    ("TypeScript", &["ts", "tsx", "mts", "cts"]),
    ("Zig", &["zig"]),
];

/// What the files of a commit are.
pub(crate) fn of(workspace: &Workspace, commit: &CommitId) -> Result<Survey, EngineError> {
    let files = workspace.files(commit)?;
    let sizes = files.iter().map(|file| (file.path.as_path(), file.bytes.0));
    Ok(Survey { language: language(sizes).map(str::to_owned), files: files.len() as u64 })
}

/// The language with most bytes; of equals, the first by name.
fn language<'a>(files: impl Iterator<Item = (&'a Path, u64)>) -> Option<&'static str> {
    let mut bytes: BTreeMap<&str, u64> = BTreeMap::new();
    for (path, size) in files {
        let ending = path.extension().and_then(|ending| ending.to_str());
        let known =
            LANGUAGES.iter().find(|(_, endings)| ending.is_some_and(|e| endings.contains(&e)));
        // What is larger was not written by a person.
        if let Some((name, _)) = known.filter(|_| size <= LARGEST_FILE) {
            *bytes.entry(name).or_default() += size;
        }
    }
    bytes.into_iter().rev().max_by_key(|(_, size)| *size).map(|(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn most(files: &[(&str, u64)]) -> Option<&'static str> {
        language(files.iter().map(|(path, size)| (Path::new(*path), *size)))
    }

    #[test]
    fn the_language_is_that_of_most_of_what_people_wrote() {
        let made = LARGEST_FILE + 1;
        let files = [("a.py", 300), ("b/c.rs", 200), ("b/d.rs", 200), ("made.go", made)];
        assert_eq!(most(&files), Some("Rust"));
        assert_eq!(most(&[("README.md", 900), ("data.json", 50)]), None);
        assert_eq!(
            most(&[("b.rs", 5), ("a.py", 5)]),
            Some("Python"),
            "of equals the first by name"
        );
    }
}

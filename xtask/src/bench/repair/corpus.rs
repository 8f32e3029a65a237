//! The libraries that the bench breaks, read from `corpus.toml`.
//!
//! The data are apart from the code so that a library is added without touching any of it.
//! Nothing here fetches or runs anything.

use serde::{Deserialize, Serialize};

use crate::trouble::{Tried, Trouble};

const CORPUS: &str = include_str!("corpus.toml");

/// What a library is written in.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub(super) enum Language {
    #[default]
    Python,
    Rust,
}

impl Language {
    /// As it stands in tables and in the JSON report.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Python => "python",
            Self::Rust => "rust",
        }
    }

    /// The ending of its source files, without the dot.
    pub(super) fn extension(self) -> &'static str {
        match self {
            Self::Python => "py",
            Self::Rust => "rs",
        }
    }
}

/// One library, pinned. The head of `corpus.toml` says what each field means.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Library {
    pub(super) name: String,
    pub(super) language: Language,
    pub(super) version: String,
    pub(super) sha256: String,
    pub(super) source: Vec<String>,
    pub(super) tests: Vec<String>,
    pub(super) check: String,
    #[serde(default)]
    pub(super) drop: Vec<String>,
    #[serde(default)]
    pub(super) skip: Vec<String>,
}

impl Library {
    /// Whether a file, named by its path in the library, holds tests and nothing else.
    pub(super) fn is_test(&self, path: &str) -> bool {
        self.tests.iter().any(|place| is_within(path, place))
    }

    /// Whether the functions of a file may be broken.
    pub(super) fn is_source(&self, path: &str) -> bool {
        path.ends_with(&format!(".{}", self.language.extension()))
            && self.source.iter().any(|place| is_within(path, place))
            && !self.is_test(path)
            && !self.skip.iter().any(|place| is_within(path, place))
    }
}

/// Whether `path` is `place` or lies in it.
fn is_within(path: &str, place: &str) -> bool {
    path.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[derive(Deserialize)]
struct Corpus {
    library: Vec<Library>,
}

/// The libraries named in `wanted`, or all of them if it is empty, in the corpus's order.
pub(super) fn libraries(wanted: &[String]) -> Result<Vec<Library>, Trouble> {
    let all = toml::from_str::<Corpus>(CORPUS)
        .tried(|| "could not read the bench's corpus.toml".to_owned())?
        .library;
    if let Some(unknown) = wanted.iter().find(|name| all.iter().all(|lib| lib.name != **name)) {
        let names: Vec<_> = all.iter().map(|lib| lib.name.as_str()).collect();
        let names = names.join(", ");
        return Err(Trouble::usage(format!("no library '{unknown}'; there are: {names}")));
    }
    Ok(all.into_iter().filter(|lib| wanted.is_empty() || wanted.contains(&lib.name)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_corpus_is_wide_enough_and_pinned() {
        let all = libraries(&[]).unwrap();
        let count = |language| all.iter().filter(|lib| lib.language == language).count();
        assert!(count(Language::Python) >= 3 && count(Language::Rust) >= 2);
        assert!(all.iter().all(|lib| lib.sha256.len() == 64));
    }

    #[test]
    fn tests_are_never_broken() {
        let toolz = libraries(&["toolz".to_owned()]).unwrap().remove(0);
        assert!(toolz.is_source("toolz/itertoolz.py"));
        assert!(!toolz.is_source("toolz/tests/test_itertoolz.py"));
        assert!(!toolz.is_source("toolz/_signatures.py"));
        assert!(!toolz.is_source("toolz_other/x.py"));
    }
}

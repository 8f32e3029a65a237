//! Backlogs in files as people and programs have them: Markdown lists, CSV, JSON lines, and the
//! instances of SWE-bench. Each format has a file of its own that reads it into [`Item`]s; what
//! can be said of a task, and how it is written, is said once, in `item`. Nothing here does IO.

mod csv;
mod item;
mod json;
mod markdown;
mod order;
mod swe_bench;
mod whole;

use std::path::Path;

use serde::Deserialize;
use utoipa::ToSchema;

pub use item::{Item, MINUTES_MAX, moment};
use order::in_order;
pub use whole::{Kinds, before, read};

/// The most tasks of one file.
pub const ITEMS_MAX: usize = 1_000_000;

/// How a backlog is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// A list: each item a task, a checked one done.
    Markdown,
    /// A table whose first row names the columns.
    Csv,
    /// An object a line, or an array of them.
    #[serde(alias = "json")]
    Jsonl,
    /// SWE-bench's instances: an array of objects, or an object a line.
    SweBench,
}

impl Form {
    /// By the name of the file; SWE-bench's instances are known by what is in them.
    pub fn of(path: &Path, text: &str) -> Option<Self> {
        let ending = path.extension()?.to_str()?.to_ascii_lowercase();
        match ending.as_str() {
            "md" | "markdown" | "txt" => Some(Self::Markdown),
            "csv" | "tsv" => Some(Self::Csv),
            "json" | "jsonl" | "ndjson" if swe_bench::is_one(text) => Some(Self::SweBench),
            "json" | "jsonl" | "ndjson" => Some(Self::Jsonl),
            _ => None,
        }
    }

    /// The tasks in a text, in its order.
    ///
    /// # Errors
    /// Everything that is wrong with it, each with the line that it is on.
    pub fn read(self, text: &str) -> Result<Vec<Item>, Vec<String>> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let read = match self {
            Self::Markdown => markdown::read(text),
            Self::Csv => csv::read(text),
            Self::Jsonl => json::read(text),
            Self::SweBench => swe_bench::read(text),
        };
        let (mut items, mut wrong) = (Vec::new(), Vec::new());
        for item in read {
            match item {
                Ok(item) => items.push(item),
                Err(error) => wrong.push(error),
            }
        }
        if items.len() > ITEMS_MAX {
            wrong.push(format!("there are more than {ITEMS_MAX} tasks in it"));
        }
        wrong.extend(item::unknown_ids(&items));
        if wrong.is_empty() { Ok(items) } else { Err(wrong) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_form_is_known_by_the_name_and_by_what_is_in_it() {
        let of = |name: &str, text| Form::of(Path::new(name), text);
        assert_eq!(of("todo.md", ""), Some(Form::Markdown));
        assert_eq!(of("a.CSV", ""), Some(Form::Csv));
        assert_eq!(of("a.json", "[{\"text\": \"x\"}]"), Some(Form::Jsonl));
        let swe = "[{\"instance_id\": \"x\", \"problem_statement\": \"y\"}]";
        assert_eq!(of("a.json", swe), Some(Form::SweBench));
        assert_eq!(of("a.xlsx", ""), None);
    }

    proptest! {
        #[test]
        fn whatever_is_read_is_understood_or_said_to_be_wrong(text in "(?s).{0,400}") {
            for form in [Form::Markdown, Form::Csv, Form::Jsonl, Form::SweBench] {
                match form.read(&text) {
                    Ok(items) => prop_assert!(items.iter().all(|item| !item.text.is_empty())),
                    Err(wrong) => prop_assert!(!wrong.is_empty()),
                }
            }
        }
    }
}

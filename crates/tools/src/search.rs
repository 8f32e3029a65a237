//! `search`: lines that match a regular expression.

use std::path::Path;

use grep_regex::{RegexMatcher, RegexMatcherBuilder};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tenfold_workspace::TreeFile;

use crate::call::{Call, FileCall, Tool};
use crate::hits::Hits;
use crate::read::is_binary;
use crate::scope::{self, Scope};
use crate::shown;
use crate::tree::{Done, NotDone, Tree};

/// Files above this are not searched, in bytes.
const MAX_FILE_BYTES: u64 = 1_000_000;
/// How much is read before it is searched, in bytes, so that a large workspace is not in
/// memory as a whole.
const BATCH_BYTES: u64 = 32_000_000;
/// How many lines around a match are shown at most.
const MAX_CONTEXT: usize = 10;
/// How many of the files that were too large are named.
const MAX_NAMED: usize = 3;

/// Searches files for lines that match a regular expression, and shows them as
/// `path:line: text`. Use it to find where a name is defined and used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Search {
    /// The regular expression, as ripgrep takes it. Upper and lower case are alike unless
    /// there is an upper-case letter in it. A match lies within one line.
    pub pattern: String,
    /// Where: a file, a folder, or a glob such as `src/**/*.py`; everywhere if left out.
    pub path: Option<String>,
    /// How many lines to show before and after each match; none if left out.
    pub context: Option<u32>,
}

impl Tool for Search {
    const NAME: &'static str = "search";

    fn call(self) -> Call {
        Call::Files(FileCall::Search(self))
    }
}

impl Search {
    pub(crate) fn perform(&self, tree: &Tree<'_>) -> Result<Done, NotDone> {
        let matcher = matcher(&self.pattern)?;
        let place = tree.place(self.path.as_deref().unwrap_or_default())?;
        let files = tree.files()?;
        let scope = scope::find(&files, &place)?;
        let context = self.context.map_or(0, |lines| lines as usize).min(MAX_CONTEXT);
        let mut hits = Hits::new(&matcher, context);
        let mut binary = 0;
        let (fit, large): (Vec<_>, Vec<_>) =
            scope.files.iter().copied().partition(|file| file.bytes.0 <= MAX_FILE_BYTES);
        for batch in batches(&fit) {
            let paths: Vec<&Path> = batch.iter().map(|file| file.path.as_path()).collect();
            let contents = tree.workspace.read_many(&tree.at, &paths)?;
            for (path, content) in paths.into_iter().zip(contents) {
                match is_binary(&content) {
                    true => binary += 1,
                    false => hits.search(path, &tree.without_secrets(&content))?,
                }
            }
            if hits.is_full() {
                break;
            }
        }
        let skipped = skipped(&large, binary);
        let told = hits.told(&skipped);
        let told = told.unwrap_or_else(|| self.nothing(&scope, fit.len() - binary, &skipped));
        Ok(Done::unchanged(tree, told))
    }

    fn nothing(&self, scope: &Scope<'_>, files: usize, skipped: &str) -> String {
        let files = shown::count(files, "file", "files");
        let apart = if skipped.is_empty() { "" } else { "\n" };
        let pattern = shown::name(&self.pattern);
        format!("nothing matches {pattern} in {files} {}{apart}{skipped}", scope.name)
    }
}

fn matcher(pattern: &str) -> Result<RegexMatcher, String> {
    if pattern.is_empty() {
        return Err("`pattern` is empty: give a regular expression".to_owned());
    }
    let mut builder = RegexMatcherBuilder::new();
    builder.multi_line(true).crlf(true).case_smart(true);
    builder.build(pattern).map_err(|error| {
        let error = error.to_string();
        let short = error.lines().last().unwrap_or_default();
        let short = shown::name(short.trim_start_matches("error: "));
        let shown = shown::name(pattern);
        format!(
            "can't search for {shown}: {short}. To find characters such as ( [ {{ . * + ? as \
             they are, put a backslash before each; a match can't go over a line's end"
        )
    })
}

/// The files in groups that are small enough to be read at once.
fn batches<'s, 'f>(files: &'s [&'f TreeFile]) -> Vec<&'s [&'f TreeFile]> {
    let mut batches = Vec::new();
    let (mut start, mut bytes) = (0, 0);
    for (place, file) in files.iter().enumerate() {
        if bytes + file.bytes.0 > BATCH_BYTES {
            batches.push(&files[start..place]);
            (start, bytes) = (place, 0);
        }
        bytes += file.bytes.0;
    }
    if start < files.len() {
        batches.push(&files[start..]);
    }
    batches
}

fn skipped(large: &[&TreeFile], binary: usize) -> String {
    let mut parts = Vec::new();
    if !large.is_empty() {
        let names: Vec<_> =
            large.iter().take(MAX_NAMED).map(|file| shown::path(&file.path)).collect();
        let dots = if large.len() > MAX_NAMED { ", …" } else { "" };
        let many = shown::count(large.len(), "file", "files");
        parts.push(format!("{many} above 1 MB ({}{dots})", names.join(", ")));
    }
    if binary > 0 {
        parts.push(shown::count(binary, "binary file", "binary files"));
    }
    match parts.is_empty() {
        true => String::new(),
        false => format!("not searched: {}", parts.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ground::Ground;
    use crate::reply::MAX_REPLY_BYTES;

    fn search(ground: &Ground, pattern: &str, path: &str, context: u32) -> String {
        let path = Some(path).filter(|path| !path.is_empty()).map(str::to_owned);
        let context = Some(context).filter(|lines| *lines > 0);
        let search = Search { pattern: pattern.into(), path, context };
        ground.read_only(FileCall::Search(search))
    }

    fn project() -> Ground {
        Ground::with(&[
            ("README.md", "# Total\nsee total\n"),
            ("src/a.py", "def total(x):\n    return x\n\nprint(total(1))\n"),
            ("src/deep/b.py", "from a import total\r\n"),
            ("src/c.rs", "fn sum() {}\n"),
        ])
    }

    #[test]
    fn matches_are_shown_with_their_places() {
        assert_eq!(
            search(&project(), r"def \w+", "", 0),
            "1 match in 1 file:\nsrc/a.py:1: def total(x):"
        );
        let ends = search(&project(), "total$", "", 0);
        assert!(ends.contains("src/deep/b.py:1: from a import total"), "CRLF: {ends}");
    }

    #[test]
    fn an_upper_case_letter_makes_case_matter() {
        assert!(search(&project(), "total", "README.md", 0).starts_with("2 matches in 1 file"));
        assert!(search(&project(), "Total", "README.md", 0).starts_with("1 match in 1 file"));
    }

    #[test]
    fn a_place_is_a_file_a_folder_or_a_glob() {
        let ground = project();
        for (path, matches) in [
            ("", 5),
            (".", 5),
            ("src", 3),
            ("./src/", 3),
            ("src/a.py", 2),
            ("src/*.py", 2),
            ("src/**/*.py", 3),
            ("*.py", 3),
            ("**/*.{py,md}", 5),
        ] {
            let text = search(&ground, "total", path, 0);
            assert!(text.starts_with(&format!("{matches} matches")), "{path}: {text}");
        }
        assert!(search(&ground, "total", "lib", 0).contains("no file or folder lib"));
        assert!(search(&ground, "total", "lib/*.py", 0).contains("no file matches the glob"));
        assert!(search(&ground, "total", "src/{a", 0).contains("can't be understood"));
        assert!(search(&ground, "nowhere", "src", 0).contains("in 3 files below src"));
    }

    #[test]
    fn lines_around_a_match_are_shown_apart() {
        let ground = Ground::with(&[("a", "1\n2\nX\n4\n5\n6\nX\n8\n"), ("b", "X\n")]);
        assert_eq!(
            search(&ground, "X", "", 1),
            "3 matches in 2 files:\na-2- 2\na:3: X\na-4- 4\n--\na-6- 6\na:7: X\na-8- 8\n--\nb:1: X"
        );
    }

    #[test]
    fn a_bad_pattern_is_explained_in_short() {
        for (pattern, why) in
            [("total(", "unclosed group"), ("a\\nb", "line's end"), ("", "empty"), ("[", "class")]
        {
            let told = search(&project(), pattern, "", 0);
            assert!(told.contains(why) && told.lines().count() == 1, "{told}");
        }
    }

    #[test]
    fn what_is_not_searched_is_said() {
        let large = "needle\n".repeat(200_000);
        let files: [(&str, &[u8]); 3] =
            [("large.csv", large.as_bytes()), ("bin", b"needle\0"), ("a", b"needle")];
        let ground = Ground::new(&files, &[("link", "a")]);
        let text = search(&ground, "needle", "", 0);
        assert_eq!(
            text,
            "1 match in 1 file:\na:1: needle\nnot searched: 1 file above 1 MB (large.csv), 1 \
             binary file"
        );
        assert!(search(&ground, "pin", "", 0).contains("in 1 file "));
    }

    #[test]
    fn many_matches_and_long_lines_are_bounded() {
        let many = "x\n".repeat(150);
        let text = search(&Ground::with(&[("a", &many)]), "x", "", 0);
        assert!(text.starts_with("the first 100 matches, there are more"), "{text}");
        assert_eq!(text.lines().count(), 101);

        let wide = format!("{}needle{}\n", "ä".repeat(3_000), "b".repeat(3_000)).repeat(60);
        let text = search(&Ground::with(&[("a", &wide)]), "needle", "", 0);
        assert!(text.len() <= MAX_REPLY_BYTES, "{}", text.len());
        let shown = text.lines().filter(|line| line.contains("needle")).count();
        assert!(text.starts_with(&format!("the first {shown} matches")), "{text}");

        let exact = "x\n".repeat(100);
        let text = search(&Ground::with(&[("a", &exact)]), "x", "", 0);
        assert!(text.starts_with("100 matches in 1 file:"), "{text}");
    }
}

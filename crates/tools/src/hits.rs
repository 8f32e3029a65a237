//! The matches of a search, as they are shown.
//!
//! Apart, because it is the end of ripgrep's searcher that is ours: it hands over lines, and
//! stops when it is told that there is no more room.

use std::io;
use std::path::Path;

use grep_matcher::{LineTerminator, Matcher};
use grep_regex::RegexMatcher;
use grep_searcher::{Searcher, SearcherBuilder, Sink, SinkContext, SinkMatch};

use crate::reply::Lines;
use crate::shown;

/// How many matches are shown at most.
const MAX_MATCHES: usize = 100;
/// How much of a line is shown, in characters.
const MAX_LINE_CHARS: usize = 250;
/// How much of a line around a match is shown, in characters.
const MAX_CONTEXT_CHARS: usize = 120;
/// How much of a long line is shown before the match, in characters.
const BEFORE_MATCH_CHARS: usize = 60;

/// What was found so far.
pub(crate) struct Hits<'m> {
    matcher: &'m RegexMatcher,
    searcher: Searcher,
    found: Found<'m>,
}

struct Found<'m> {
    matcher: &'m RegexMatcher,
    lines: Lines,
    matches: usize,
    files: usize,
    /// Whether there is a match that is not shown.
    full: bool,
    path: String,
    /// Whether a line of this file was shown.
    begun: bool,
    /// Whether a match in this file was shown.
    counted: bool,
    has_context: bool,
}

impl<'m> Hits<'m> {
    /// With so many lines around each match.
    pub(crate) fn new(matcher: &'m RegexMatcher, context: usize) -> Self {
        let searcher = SearcherBuilder::new()
            .line_terminator(LineTerminator::crlf())
            .line_number(true)
            .before_context(context)
            .after_context(context)
            .build();
        let found = Found {
            matcher,
            lines: Lines::default(),
            matches: 0,
            files: 0,
            full: false,
            path: String::new(),
            begun: false,
            counted: false,
            has_context: context > 0,
        };
        Self { matcher, searcher, found }
    }

    /// Searches a file.
    ///
    /// # Errors
    /// A text for the model.
    pub(crate) fn search(&mut self, path: &Path, content: &[u8]) -> Result<(), String> {
        if self.found.full {
            return Ok(());
        }
        self.found.path = shown::path(path);
        (self.found.begun, self.found.counted) = (false, false);
        self.searcher
            .search_slice(self.matcher, content, &mut self.found)
            .map_err(|error| format!("could not search {}: {error}", self.found.path))
    }

    /// Whether there is a match that is not shown, so that searching on is no use.
    pub(crate) fn is_full(&self) -> bool {
        self.found.full
    }

    /// All that was found, and what is said behind it. Nothing if there is no match.
    pub(crate) fn told(self, tail: &str) -> Option<String> {
        let Found { lines, matches, files, full, .. } = self.found;
        let many = shown::count(matches, "match", "matches");
        let head = match full {
            true => {
                format!("the first {many}, there are more: narrow the `pattern`, or give a `path`")
            }
            false => format!("{many} in {}:", shown::count(files, "file", "files")),
        };
        (!lines.is_empty()).then(|| lines.between(&head, tail))
    }
}

impl Found<'_> {
    fn add(&mut self, line: &str) -> bool {
        self.full |= !self.lines.add(line);
        !self.full
    }

    /// Sets a file's first lines apart from those of the file before.
    fn begin(&mut self) -> bool {
        let first = !std::mem::replace(&mut self.begun, true);
        !(first && self.has_context && !self.lines.is_empty()) || self.add("--")
    }
}

/// A line that is shown in part: a little before where the match starts, in bytes, and on.
fn part(line: &[u8], start: usize, max_chars: usize) -> String {
    let before = String::from_utf8_lossy(&line[..start.min(line.len())]).chars().count();
    let line = String::from_utf8_lossy(line);
    let line = line.trim_end_matches(['\n', '\r']);
    let skipped = match line.chars().count() > max_chars {
        true => before.saturating_sub(BEFORE_MATCH_CHARS),
        false => 0,
    };
    let rest: String = line.chars().skip(skipped).collect();
    let dots = if skipped > 0 { "… " } else { "" };
    format!("{dots}{}", shown::cut(&shown::visible(&rest), max_chars))
}

impl Sink for Found<'_> {
    type Error = io::Error;

    fn matched(&mut self, _: &Searcher, found: &SinkMatch<'_>) -> Result<bool, io::Error> {
        if self.matches == MAX_MATCHES {
            self.full = true;
            return Ok(false);
        }
        if !self.begin() {
            return Ok(false);
        }
        let start = self.matcher.find(found.bytes()).ok().flatten().map_or(0, |it| it.start());
        let text = part(found.bytes(), start, MAX_LINE_CHARS);
        let line = format!("{}:{}: {text}", self.path, found.line_number().unwrap_or(0));
        let added = self.add(&line);
        if added {
            self.matches += 1;
            self.files += usize::from(!std::mem::replace(&mut self.counted, true));
        }
        Ok(added)
    }

    fn context(&mut self, _: &Searcher, around: &SinkContext<'_>) -> Result<bool, io::Error> {
        if self.matches == MAX_MATCHES || !self.begin() {
            return Ok(!self.full);
        }
        let text = part(around.bytes(), 0, MAX_CONTEXT_CHARS);
        let line = format!("{}-{}- {text}", self.path, around.line_number().unwrap_or(0));
        Ok(self.add(&line))
    }

    fn context_break(&mut self, _: &Searcher) -> Result<bool, io::Error> {
        Ok(self.matches == MAX_MATCHES || self.add("--"))
    }
}

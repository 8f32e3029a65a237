//! The files as a list of units: functions, and the code outside of them.
//!
//! Apart, so that evidence, which comes as printed paths and lines, is turned into units in
//! one place.

use std::collections::HashMap;
use std::ops::Range;
use std::path::Path;

use super::Question;
use crate::{Language, Syntax};

/// A function, or what lies outside of a file's functions.
pub(super) struct Unit {
    pub(super) index: usize,
    pub(super) file: usize,
    pub(super) function: Option<usize>,
    pub(super) name: String,
    pub(super) qualified: String,
    /// From zero.
    pub(super) range: Range<u32>,
    /// The lines below the signature, from zero.
    pub(super) body: Range<u32>,
    pub(super) stub: bool,
    /// Whether it is a test, or stands among tests.
    pub(super) is_test: bool,
    /// Whether its own text says that it is a test.
    pub(super) marked: bool,
    pub(super) suspectable: bool,
}

impl Unit {
    pub(super) fn key(&self) -> (usize, u32) {
        (self.file, self.range.start)
    }
}

pub(super) struct Places<'s> {
    pub(super) units: Vec<Unit>,
    pub(super) syntaxes: Vec<Option<Syntax<'s>>>,
    /// For each file the innermost unit of each line.
    owners: Vec<Vec<usize>>,
    by_base: HashMap<&'s str, Vec<usize>>,
    paths: Vec<&'s str>,
}

impl<'s> Places<'s> {
    pub(super) fn new(question: &Question<'s>) -> Self {
        let mut places = Self {
            units: Vec::new(),
            syntaxes: Vec::new(),
            owners: Vec::new(),
            by_base: HashMap::new(),
            paths: question.files.iter().map(|file| file.path).collect(),
        };
        for (index, file) in question.files.iter().enumerate() {
            let base = file.path.rsplit('/').next().unwrap_or(file.path);
            places.by_base.entry(base).or_default().push(index);
            let language = Language::of(Path::new(file.path));
            let syntax = language.map(|language| Syntax::read(language, file.text));
            let tests = is_test_path(file.path);
            let closed = tests && !question.editable_tests.contains(&file.path);
            let owners = match &syntax {
                Some(syntax) => places.add(index, syntax, file.text, tests, closed),
                None => Vec::new(),
            };
            places.owners.push(owners);
            places.syntaxes.push(syntax);
        }
        places
    }

    /// Adds the units of a file, and says which one each of its lines belongs to.
    fn add(
        &mut self,
        file: usize,
        syntax: &Syntax<'s>,
        text: &str,
        tests: bool,
        closed: bool,
    ) -> Vec<usize> {
        let count = text.lines().count();
        let outside = self.units.len();
        let mut owners = vec![outside; count];
        self.units.push(Unit {
            index: outside,
            file,
            function: None,
            name: String::new(),
            qualified: String::new(),
            range: 0..count as u32,
            body: 0..count as u32,
            stub: false,
            is_test: tests,
            marked: false,
            suspectable: !closed,
        });
        for (number, function) in syntax.functions().into_iter().enumerate() {
            let index = self.units.len();
            let end = (function.lines.end as usize).min(count);
            let start = (function.lines.start as usize).min(end);
            owners[start..end].fill(index);
            // Rust keeps its unit tests, and what helps them, in the file that they test.
            let parts = function.qualified.split("::");
            let inner = syntax.language() == Language::Rust && parts.clone().any(|p| p == "tests");
            self.units.push(Unit {
                index,
                file,
                function: Some(number),
                is_test: tests || function.is_test || inner,
                marked: function.is_test,
                suspectable: !closed && !inner && (tests || !function.is_test),
                name: function.name,
                qualified: function.qualified,
                range: function.lines,
                body: function.body,
                stub: function.stub,
            });
        }
        owners
    }

    /// The file that a printed path means: the path itself, or the one that shares the longest
    /// end with it.
    pub(super) fn file(&self, printed: &str) -> Option<usize> {
        let printed = printed.strip_prefix("./").unwrap_or(printed);
        let base = printed.rsplit('/').next()?;
        let shared = |index: &usize| {
            let theirs = self.paths[*index].rsplit('/');
            theirs.zip(printed.rsplit('/')).take_while(|(a, b)| a == b).count()
        };
        let fits = |index: &&usize| {
            let path = self.paths[**index];
            ends_with(printed, path) || ends_with(path, printed)
        };
        self.by_base.get(base)?.iter().filter(fits).max_by_key(|index| shared(index)).copied()
    }

    /// The innermost unit on a line, from zero.
    pub(super) fn unit(&self, file: usize, line: u32) -> Option<usize> {
        self.owners.get(file)?.get(line as usize).copied()
    }

    /// The unit of the code outside of a file's functions.
    pub(super) fn outside(&self, file: usize) -> Option<usize> {
        self.units.iter().position(|unit| unit.file == file && unit.function.is_none())
    }
}

/// Whether a path ends with the other, at the border of a folder.
fn ends_with(path: &str, end: &str) -> bool {
    let rest = path.strip_suffix(end);
    rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('/') || end.starts_with('/'))
}

/// Whether a path is, by the customs of its language, that of a test.
pub(super) fn is_test_path(path: &str) -> bool {
    const FOLDERS: [&str; 6] = ["test", "tests", "__tests__", "spec", "specs", "testdata"];
    let mut parts = path.split('/').rev();
    let base = parts.next().unwrap_or("");
    let stem = base.split('.').next().unwrap_or("");
    parts.any(|folder| FOLDERS.contains(&folder))
        || base == "conftest.py"
        || base == "tests.py"
        || stem.starts_with("test_")
        || stem.ends_with("_test")
        || base.contains(".test.")
        || base.contains(".spec.")
        || (base.ends_with(".java") && (stem.ends_with("Test") || stem.ends_with("Tests")))
}

//! Finding the source of a test and taking it out, so that a repair can't be made to fit it.
//!
//! It is apart from the breaking because it edits tests, which breaking never does. It
//! knows syntax only: which tests to hide is decided elsewhere.

use std::collections::BTreeMap;
use std::ops::Range;

use tree_sitter::Node;

use super::corpus::Language;
use super::mutate::attributes;
use super::syntax::{ancestors, descendants, parse, parts, text_of};

/// The text of files by their path in a library.
pub(super) type Files = BTreeMap<String, String>;

/// Where a test function is written. Several tests may be written in one place: a mixin
/// class brings its tests into each class that takes it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Place {
    pub(super) file: String,
    /// The class or the modules around it, joined with `::`; empty if there are none.
    around: String,
    name: String,
}

/// What a class holds besides its functions.
#[derive(Debug)]
struct Class {
    bases: Vec<String>,
    statements: usize,
}

/// Every test function of some files, read once.
#[derive(Debug)]
pub(super) struct Index {
    language: Language,
    files: Files,
    /// The lines of each function with its decorators or attributes. Of two functions of
    /// one name, the later one counts.
    functions: BTreeMap<Place, Range<usize>>,
    /// By file and name.
    classes: BTreeMap<(String, String), Class>,
}

impl Index {
    pub(super) fn of(language: Language, files: Files) -> Self {
        let (functions, classes) = (BTreeMap::new(), BTreeMap::new());
        let mut index = Self { language, files: Files::new(), functions, classes };
        for (file, text) in &files {
            let Some(tree) = parse(language, text) else { continue };
            match language {
                Language::Python => index.read_python(file, text, tree.root_node()),
                Language::Rust => index.read_rust(file, text, tree.root_node()),
            }
        }
        Self { files, ..index }
    }

    /// Whether a file is one of those that were read.
    pub(super) fn holds(&self, file: &str) -> bool {
        self.files.contains_key(file)
    }

    /// Where a test is written; `None` if that can't be told, as with tests made by macros.
    pub(super) fn locate(&self, test: &str) -> Option<Place> {
        let (file, path) = test.split_once("::")?;
        let (around, name) = path.rsplit_once("::").unwrap_or(("", path));
        match self.language {
            Language::Python => self.in_class(file, around, name, 0),
            Language::Rust => self.in_modules(file, around, name),
        }
    }

    /// The class itself, or the first of its bases that has the method, in this file or
    /// another.
    fn in_class(&self, file: &str, class: &str, name: &str, depth: u8) -> Option<Place> {
        let here = place(file, class, name);
        if self.functions.contains_key(&here) {
            return Some(here);
        }
        let bases = &self.classes.get(&(file.to_owned(), class.to_owned()))?.bases;
        // Deeper than this no test-suite goes; a class that inherits from itself does.
        bases.iter().filter(|_| depth < 8).find_map(|base| {
            let others = self.files.keys().map(String::as_str).filter(|other| *other != file);
            std::iter::once(file)
                .chain(others)
                .find_map(|file| self.in_class(file, base, name, depth + 1))
        })
    }

    /// In the file that the test runner names, or in the one other file that has such a test.
    fn in_modules(&self, file: &str, around: &str, name: &str) -> Option<Place> {
        let has = |file: &str| {
            // The modules of a file that is itself a module are not written in it.
            let inner = around.rsplit("::").next().unwrap_or_default();
            let mut places =
                [around, inner, ""].into_iter().map(|around| place(file, around, name));
            places.find(|place| self.functions.contains_key(place))
        };
        has(file).or_else(|| {
            let mut others = self.files.keys().filter_map(|file| has(file));
            others.next().filter(|_| others.next().is_none())
        })
    }

    /// The files that change when the test functions at these places are taken out.
    pub(super) fn without(&self, places: &[Place]) -> Files {
        let mut ordered: Vec<(&Place, &Range<usize>)> =
            places.iter().filter_map(|place| self.functions.get_key_value(place)).collect();
        // From the end of each file, so that what is left to take out stays where it was.
        ordered.sort_by_key(|(_, range)| std::cmp::Reverse(range.start));
        let mut changed = Files::new();
        let mut left: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        for (place, range) in ordered {
            let text = changed
                .entry(place.file.clone())
                .or_insert_with(|| self.files[&place.file].clone());
            let class = self.classes.get(&(place.file.clone(), place.around.clone()));
            let left = left
                .entry((&place.file, &place.around))
                .or_insert_with(|| class.map_or(usize::MAX, |class| class.statements));
            *left -= 1;
            // A Python class can't be left empty.
            let filler = if *left == 0 {
                format!("{}pass\n", indent_of(text, range.start))
            } else {
                String::new()
            };
            text.replace_range(range.clone(), &filler);
        }
        changed
    }

    fn read_python(&mut self, file: &str, text: &str, root: Node<'_>) {
        self.read_block(file, text, "", root);
        for node in descendants(root).into_iter().filter(|node| node.kind() == "class_definition") {
            let (Some(name), Some(body)) =
                (node.child_by_field_name("name"), node.child_by_field_name("body"))
            else {
                continue;
            };
            let name = text_of(name, text);
            let bases = node.child_by_field_name("superclasses").map(parts).unwrap_or_default();
            let last = |base: &Node<'_>| {
                text_of(*base, text).rsplit('.').next().unwrap_or_default().to_owned()
            };
            let class =
                Class { bases: bases.iter().map(last).collect(), statements: parts(body).len() };
            self.classes.insert((file.to_owned(), name.to_owned()), class);
            self.read_block(file, text, name, body);
        }
    }

    fn read_block(&mut self, file: &str, text: &str, around: &str, block: Node<'_>) {
        for node in parts(block) {
            if let Some(name) = function_name(node, text) {
                let range = lines(text, node.start_byte(), node.end_byte());
                self.functions.insert(place(file, around, name), range);
            }
        }
    }

    fn read_rust(&mut self, file: &str, text: &str, root: Node<'_>) {
        for node in descendants(root).into_iter().filter(|node| node.kind() == "function_item") {
            if let Some(name) = node.child_by_field_name("name")
                && attributes(node, text).any(|text| text.contains("test"))
            {
                let range = lines(text, first_attribute(node).start_byte(), node.end_byte());
                let place = place(file, &modules(node, text), text_of(name, text));
                self.functions.insert(place, range);
            }
        }
    }
}

fn place(file: &str, around: &str, name: &str) -> Place {
    Place { file: file.to_owned(), around: around.to_owned(), name: name.to_owned() }
}

fn indent_of(text: &str, line: usize) -> &str {
    let rest = &text[line..];
    &rest[..rest.len() - rest.trim_start_matches([' ', '\t']).len()]
}

/// The whole lines from one byte to another.
fn lines(text: &str, start: usize, end: usize) -> Range<usize> {
    let start = text[..start].rfind('\n').map_or(0, |at| at + 1);
    start..text[end..].find('\n').map_or(text.len(), |at| end + at + 1)
}

/// The name of a Python function, decorated or not.
fn function_name<'t>(node: Node<'_>, text: &'t str) -> Option<&'t str> {
    let inner = match node.kind() {
        "decorated_definition" => node.child_by_field_name("definition")?,
        _ => node,
    };
    let is_function = inner.kind() == "function_definition";
    inner.child_by_field_name("name").filter(|_| is_function).map(|name| text_of(name, text))
}

/// The names of the modules of a file that an item is in, joined with `::`.
fn modules(item: Node<'_>, text: &str) -> String {
    let mut names: Vec<&str> = ancestors(item)
        .filter(|node| node.kind() == "mod_item")
        .filter_map(|node| node.child_by_field_name("name").map(|name| text_of(name, text)))
        .collect();
    names.reverse();
    names.join("::")
}

fn first_attribute(item: Node<'_>) -> Node<'_> {
    std::iter::successors(Some(item), |node| node.prev_sibling())
        .take_while(|node| *node == item || node.kind() == "attribute_item" || node.is_extra())
        .filter(|node| !node.is_extra())
        .last()
        .unwrap_or(item)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(texts: &[(&str, &str)]) -> Files {
        texts.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()
    }

    #[test]
    fn a_test_goes_with_its_decorators_and_leaves_a_class_that_parses() {
        let text = "class A:\n    @mark(1)\n    def test_a(self):\n        f()\n\ndef test_b():\n    g()\n";
        let files = files(&[("t.py", text)]);
        let index = Index::of(Language::Python, files);
        let left = index.without(&[index.locate("t.py::A::test_a").unwrap()]);
        assert_eq!(left["t.py"], "class A:\n    pass\n\ndef test_b():\n    g()\n");
    }

    #[test]
    fn several_tests_go_at_once_and_the_rest_stays_as_it_was() {
        let text = "class A:\n    def a(self):\n        f()\n\n    def b(self):\n        g()\n\n\ndef c():\n    h()\n\ndef d():\n    i()\n";
        let index = Index::of(Language::Python, files(&[("t.py", text)]));
        let places =
            ["t.py::A::a", "t.py::c", "t.py::A::b"].map(|test| index.locate(test).unwrap());
        let left = index.without(&places);
        assert_eq!(left["t.py"], "class A:\n    pass\n\n\n\n\ndef d():\n    i()\n");
    }

    #[test]
    fn an_inherited_test_is_found_where_it_is_written() {
        let files = files(&[
            ("tests/__init__.py", "class Mixin:\n    def test_a(self):\n        f()\n    x = 1\n"),
            (
                "tests/test_b.py",
                "from . import Mixin\n\nclass B(unittest.TestCase, Mixin):\n    y = 1\n",
            ),
        ]);
        let index = Index::of(Language::Python, files);
        let place = index.locate("tests/test_b.py::B::test_a").unwrap();
        assert_eq!(place.file, "tests/__init__.py");
        let left = index.without(&[place]);
        assert_eq!(left["tests/__init__.py"], "class Mixin:\n    x = 1\n");
        assert_eq!(index.locate("tests/test_b.py::B::test_c"), None);
    }

    #[test]
    fn a_rust_test_goes_with_its_attributes() {
        let text = "fn a() {}\n#[cfg(test)]\nmod tests {\n    #[test]\n    #[should_panic]\n    \
                    fn a() {}\n    #[test]\n    fn b() {}\n}\n";
        let files = files(&[("src/x.rs", text), ("src/lib.rs", "mod x;\n")]);
        let index = Index::of(Language::Rust, files);
        let left = index.without(&[index.locate("src/lib.rs::x::tests::a").unwrap()]);
        let expected = "fn a() {}\n#[cfg(test)]\nmod tests {\n    #[test]\n    fn b() {}\n}\n";
        assert_eq!(left["src/x.rs"], expected);
    }
}

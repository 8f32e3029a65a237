//! Finding the source of a test and taking it out, so that a repair can't be made to fit it.
//!
//! It is apart from the breaking because it edits tests, which breaking never does. It
//! knows syntax only: which tests to hide is decided elsewhere.

use std::collections::BTreeMap;
use std::ops::Range;

use tree_sitter::Node;

use super::corpus::Language;
use super::mutate::attributes;
use super::syntax::{descendants, parse, parts, text_of};

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

/// Where a test is written; `None` if that can't be told, as with tests made by macros.
pub(super) fn locate(language: Language, files: &Files, test: &str) -> Option<Place> {
    let (file, path) = test.split_once("::")?;
    let (around, name) = path.rsplit_once("::").unwrap_or(("", path));
    match language {
        Language::Python if around.is_empty() => {
            let place = place(file, "", name);
            span(language, files.get(file)?, &place).map(|_| place)
        }
        Language::Python => locate_method(files, file, around, name, 0),
        Language::Rust => locate_rust(files, file, around, name),
    }
}

fn place(file: &str, around: &str, name: &str) -> Place {
    Place { file: file.to_owned(), around: around.to_owned(), name: name.to_owned() }
}

/// The class itself, or the first of its bases that has the method, in this file or another.
fn locate_method(files: &Files, file: &str, class: &str, name: &str, depth: u8) -> Option<Place> {
    let text = files.get(file)?;
    let here = place(file, class, name);
    if span(Language::Python, text, &here).is_some() {
        return Some(here);
    }
    let tree = parse(Language::Python, text)?;
    let node = find_class(tree.root_node(), text, class)?;
    let bases = node.child_by_field_name("superclasses").map(parts).unwrap_or_default();
    // Deeper than this no test-suite goes; a class that inherits from itself does.
    let bases = bases.into_iter().filter(|_| depth < 8);
    bases.map(|base| text_of(base, text).rsplit('.').next().unwrap_or_default()).find_map(|base| {
        let others = files.keys().filter(|other| other.as_str() != file);
        std::iter::once(file)
            .chain(others.map(String::as_str))
            .find_map(|file| locate_method(files, file, base, name, depth + 1))
    })
}

/// In the file that the test runner names, or in the one other file that has such a test.
fn locate_rust(files: &Files, file: &str, around: &str, name: &str) -> Option<Place> {
    let has = |file: &str, text: &str| {
        // The modules of a file that is itself a module are not written in it.
        let inner = around.rsplit("::").next().unwrap_or_default();
        [around, inner, ""]
            .into_iter()
            .map(|around| place(file, around, name))
            .find(|place| span(Language::Rust, text, place).is_some())
    };
    if let Some(found) = files.get(file).and_then(|text| has(file, text)) {
        return Some(found);
    }
    let mut others = files.iter().filter_map(|(file, text)| has(file, text));
    others.next().filter(|_| others.next().is_none())
}

/// The files without the test functions at these places.
pub(super) fn remove(language: Language, files: &Files, places: &[Place]) -> Files {
    let mut changed = Files::new();
    for place in places {
        let Some(text) = changed.get(&place.file).or_else(|| files.get(&place.file)) else {
            continue;
        };
        if let Some((range, last)) = span(language, text, place) {
            let filler = if last { "pass\n" } else { "" };
            let indent = if last { indent_of(text, range.start) } else { "" };
            let text = format!("{}{indent}{filler}{}", &text[..range.start], &text[range.end..]);
            changed.insert(place.file.clone(), text);
        }
    }
    changed
}

fn indent_of(text: &str, line: usize) -> &str {
    let rest = &text[line..];
    &rest[..rest.len() - rest.trim_start_matches([' ', '\t']).len()]
}

/// The lines of the function with its decorators or attributes, and whether it is the only
/// statement of a Python class, which can't be left empty.
fn span(language: Language, text: &str, place: &Place) -> Option<(Range<usize>, bool)> {
    let tree = parse(language, text)?;
    let root = tree.root_node();
    let (start, end, last) = match language {
        Language::Python => {
            let block = match place.around.as_str() {
                "" => root,
                class => find_class(root, text, class)?.child_by_field_name("body")?,
            };
            let statements = parts(block);
            let named = |node: &&Node<'_>| function_name(**node, text) == Some(&place.name);
            // Of two functions of one name, the later one counts.
            let node = statements.iter().rfind(named)?;
            let only = statements.len() == 1 && !place.around.is_empty();
            (node.start_byte(), node.end_byte(), only)
        }
        Language::Rust => {
            let node =
                descendants(root).into_iter().find(|node| is_rust_test(*node, text, place))?;
            (first_attribute(node).start_byte(), node.end_byte(), false)
        }
    };
    let start = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let end = text[end..].find('\n').map_or(text.len(), |at| end + at + 1);
    Some((start..end, last))
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

fn find_class<'t>(root: Node<'t>, text: &str, name: &str) -> Option<Node<'t>> {
    descendants(root).into_iter().find(|node| {
        node.kind() == "class_definition"
            && node.child_by_field_name("name").is_some_and(|found| text_of(found, text) == name)
    })
}

fn is_rust_test(node: Node<'_>, text: &str, place: &Place) -> bool {
    let named = |node: Node<'_>| node.child_by_field_name("name").map(|name| text_of(name, text));
    if node.kind() != "function_item" || named(node) != Some(&place.name) {
        return false;
    }
    let mut modules: Vec<&str> = std::iter::successors(node.parent(), |node| node.parent())
        .filter(|node| node.kind() == "mod_item")
        .filter_map(named)
        .collect();
    modules.reverse();
    let modules = modules.join("::");
    modules == place.around && attributes(node, text).any(|text| text.contains("test"))
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
        let place = locate(Language::Python, &files, "t.py::A::test_a").unwrap();
        let left = remove(Language::Python, &files, &[place]);
        assert_eq!(left["t.py"], "class A:\n    pass\n\ndef test_b():\n    g()\n");
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
        let place = locate(Language::Python, &files, "tests/test_b.py::B::test_a").unwrap();
        assert_eq!(place.file, "tests/__init__.py");
        let left = remove(Language::Python, &files, &[place]);
        assert_eq!(left["tests/__init__.py"], "class Mixin:\n    x = 1\n");
        assert_eq!(locate(Language::Python, &files, "tests/test_b.py::B::test_c"), None);
    }

    #[test]
    fn a_rust_test_goes_with_its_attributes() {
        let text = "fn a() {}\n#[cfg(test)]\nmod tests {\n    #[test]\n    #[should_panic]\n    \
                    fn a() {}\n    #[test]\n    fn b() {}\n}\n";
        let files = files(&[("src/x.rs", text), ("src/lib.rs", "mod x;\n")]);
        let place = locate(Language::Rust, &files, "src/lib.rs::x::tests::a").unwrap();
        let left = remove(Language::Rust, &files, &[place]);
        let expected = "fn a() {}\n#[cfg(test)]\nmod tests {\n    #[test]\n    fn b() {}\n}\n";
        assert_eq!(left["src/x.rs"], expected);
    }
}

//! The languages that are read here, and all that differs between them as one table.
//!
//! Apart, so that a further language is one more row: the code that reads trees names no
//! node kind of any grammar itself. Never reads a file: a language is told from a path's name.

use std::path::Path;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

/// A programming language that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Language {
    /// Python 3.
    Python,
    /// Rust.
    Rust,
    /// JavaScript, with JSX.
    JavaScript,
    /// TypeScript.
    TypeScript,
    /// TypeScript with JSX.
    Tsx,
    /// Go.
    Go,
    /// Java.
    Java,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Python,
        Self::Rust,
        Self::JavaScript,
        Self::TypeScript,
        Self::Tsx,
        Self::Go,
        Self::Java,
    ];

    /// The language of a file, told by the end of its name.
    pub fn of(path: &Path) -> Option<Self> {
        let ending = path.extension()?.to_str()?;
        Self::ALL.into_iter().find(|language| language.words().endings.contains(&ending))
    }

    /// Its name, as it is written after the three back-quotes of a code block.
    pub fn name(self) -> &'static str {
        self.words().name
    }

    /// What a comment to the end of the line starts with.
    pub fn comment_prefix(self) -> &'static str {
        match self {
            Self::Python => "#",
            _ => "//",
        }
    }

    /// Whether parameters may have defaults.
    pub fn has_defaults(self) -> bool {
        matches!(self, Self::Python | Self::JavaScript | Self::TypeScript | Self::Tsx)
    }

    pub(crate) fn words(self) -> &'static Words {
        match self {
            Self::Python => &PYTHON,
            Self::Rust => &RUST,
            Self::JavaScript => &JAVASCRIPT,
            Self::TypeScript => &TYPESCRIPT,
            Self::Tsx => &TSX,
            Self::Go => &GO,
            Self::Java => &JAVA,
        }
    }

    pub(crate) fn grammar(self) -> &'static tree_sitter::Language {
        static GRAMMARS: LazyLock<[tree_sitter::Language; 7]> = LazyLock::new(|| {
            [
                tree_sitter_python::LANGUAGE.into(),
                tree_sitter_rust::LANGUAGE.into(),
                tree_sitter_javascript::LANGUAGE.into(),
                tree_sitter_typescript::LANGUAGE_TYPESCRIPT.into(),
                tree_sitter_typescript::LANGUAGE_TSX.into(),
                tree_sitter_go::LANGUAGE.into(),
                tree_sitter_java::LANGUAGE.into(),
            ]
        });
        &GRAMMARS[self as usize]
    }
}

/// What a grammar calls the things that are looked for.
pub(crate) struct Words {
    pub(crate) name: &'static str,
    pub(crate) endings: &'static [&'static str],
    /// Nodes that are functions by themselves, with a `body`.
    pub(crate) functions: &'static [&'static str],
    /// Function values, which get their name from where they stand.
    pub(crate) lambdas: &'static [&'static str],
    /// Where a function value gets its name: the node and the field that holds the name.
    pub(crate) holders: &'static [(&'static str, &'static str)],
    /// Nodes whose name qualifies the functions in them, with the field of that name.
    pub(crate) containers: &'static [(&'static str, &'static str)],
    /// Nodes that add something in front of a function and hold it as a child.
    pub(crate) wrappers: &'static [&'static str],
    /// Nodes that belong to the function that follows them.
    pub(crate) prefixes: &'static [&'static str],
    pub(crate) comments: &'static [&'static str],
    /// Nodes whose direct children are statements.
    pub(crate) blocks: &'static [&'static str],
    pub(crate) imports: &'static [&'static str],
    pub(crate) identifiers: &'static [&'static str],
    /// Nodes that are one token though the grammar splits them.
    pub(crate) atoms: &'static [&'static str],
    /// Fields that hold an expression worth replacing by another.
    pub(crate) slots: &'static [&'static str],
    /// Nodes whose named children are expressions worth replacing.
    pub(crate) lists: &'static [&'static str],
    /// Nodes with an operator among their unnamed children.
    pub(crate) operations: &'static [&'static str],
    /// Values that do nothing when they are computed, unless something in them does.
    pub(crate) values: &'static [&'static str],
    /// A body that is nothing but one statement, beginning so, is not written yet.
    pub(crate) stubs: &'static [&'static str],
}

const PYTHON: Words = Words {
    name: "python",
    endings: &["py", "pyi", "pyw"],
    functions: &["function_definition"],
    lambdas: &[],
    holders: &[],
    containers: &[("class_definition", "name"), ("function_definition", "name")],
    wrappers: &["decorated_definition"],
    prefixes: &[],
    comments: &["comment"],
    blocks: &["block", "module"],
    imports: &["import_statement", "import_from_statement", "future_import_statement"],
    identifiers: &["identifier"],
    atoms: &["string_content"],
    slots: &[
        "condition",
        "right",
        "value",
        "left",
        "argument",
        "subscript",
        "body",
        "function",
        "attribute",
    ],
    lists: &[
        "argument_list",
        "return_statement",
        "assert_statement",
        "raise_statement",
        "comparison_operator",
        "conditional_expression",
        "not_operator",
        "parenthesized_expression",
        "expression_list",
        "list",
        "tuple",
        "set",
        "slice",
        "if_clause",
        "yield",
        "await",
        "interpolation",
    ],
    operations: &[
        "binary_operator",
        "comparison_operator",
        "boolean_operator",
        "augmented_assignment",
        "unary_operator",
        "not_operator",
    ],
    values: &[
        "attribute",
        "binary_operator",
        "boolean_operator",
        "comparison_operator",
        "false",
        "float",
        "integer",
        "none",
        "not_operator",
        "parenthesized_expression",
        "subscript",
        "true",
        "tuple",
        "unary_operator",
    ],
    // Who means to give nothing back writes nothing.
    stubs: &["pass", "...", "raise NotImplementedError", "return None"],
};

const RUST: Words = Words {
    name: "rust",
    endings: &["rs"],
    functions: &["function_item"],
    lambdas: &[],
    holders: &[],
    containers: &[("impl_item", "type"), ("trait_item", "name"), ("mod_item", "name")],
    wrappers: &[],
    prefixes: &["attribute_item", "line_comment", "block_comment"],
    comments: &["line_comment", "block_comment"],
    blocks: &["block", "source_file", "declaration_list", "match_block", "field_declaration_list"],
    imports: &["use_declaration", "extern_crate_declaration"],
    identifiers: &["identifier", "field_identifier", "primitive_type", "self", "type_identifier"],
    atoms: &["string_literal", "raw_string_literal", "char_literal"],
    slots: &["condition", "right", "value", "left", "body", "index", "function", "field"],
    lists: &[
        "arguments",
        "return_expression",
        "parenthesized_expression",
        "range_expression",
        "unary_expression",
        "index_expression",
        "reference_expression",
        "array_expression",
        "tuple_expression",
        "try_expression",
        "token_tree",
    ],
    operations: &[
        "binary_expression",
        "compound_assignment_expr",
        "unary_expression",
        "range_expression",
        "let_chain",
    ],
    values: &[
        "binary_expression",
        "boolean_literal",
        "field_expression",
        "float_literal",
        "integer_literal",
        "parenthesized_expression",
        "reference_expression",
        "tuple_expression",
        "unary_expression",
    ],
    stubs: &["todo!", "unimplemented!", "panic!(\"not implemented", "panic!(\"not yet implemented"],
};

const JAVASCRIPT: Words = Words {
    name: "javascript",
    endings: &["js", "mjs", "cjs", "jsx"],
    functions: &["function_declaration", "generator_function_declaration", "method_definition"],
    lambdas: &["arrow_function", "function_expression", "generator_function"],
    holders: &[
        ("variable_declarator", "name"),
        ("assignment_expression", "left"),
        ("pair", "key"),
        ("field_definition", "property"),
        ("public_field_definition", "name"),
        ("call_expression", "arguments"),
    ],
    containers: &[
        ("class_declaration", "name"),
        ("class", "name"),
        ("abstract_class_declaration", "name"),
        ("internal_module", "name"),
        ("function_declaration", "name"),
        ("method_definition", "name"),
    ],
    wrappers: &["export_statement", "lexical_declaration", "variable_declaration"],
    prefixes: &["decorator", "comment"],
    comments: &["comment", "html_comment", "hash_bang_line"],
    blocks: &["statement_block", "program", "class_body", "switch_body", "switch_case"],
    imports: &["import_statement"],
    identifiers: &[
        "identifier",
        "property_identifier",
        "private_property_identifier",
        "shorthand_property_identifier",
        "this",
    ],
    atoms: &["string", "template_string", "regex", "jsx_text"],
    slots: &[
        "condition",
        "right",
        "value",
        "left",
        "index",
        "body",
        "consequence",
        "alternative",
        "function",
        "property",
    ],
    lists: &[
        "arguments",
        "return_statement",
        "throw_statement",
        "parenthesized_expression",
        "ternary_expression",
        "array",
        "unary_expression",
        "await_expression",
        "template_substitution",
        "spread_element",
    ],
    operations: &[
        "binary_expression",
        "augmented_assignment_expression",
        "unary_expression",
        "update_expression",
    ],
    values: &[
        "binary_expression",
        "false",
        "member_expression",
        "null",
        "number",
        "parenthesized_expression",
        "true",
    ],
    stubs: &[
        "throw new Error(\"not implemented",
        "throw new Error('not implemented",
        "throw new Error(`not implemented",
        "throw new Error(\"todo",
        "throw new Error('todo",
        "throw new Error(\"unimplemented",
        "throw new Error('unimplemented",
    ],
};

const TYPESCRIPT: Words = Words {
    name: "typescript",
    endings: &["ts", "mts", "cts"],
    blocks: &[
        "statement_block",
        "program",
        "class_body",
        "switch_body",
        "switch_case",
        "interface_body",
    ],
    identifiers: &[
        "identifier",
        "property_identifier",
        "private_property_identifier",
        "shorthand_property_identifier",
        "this",
        "type_identifier",
    ],
    ..JAVASCRIPT
};

const TSX: Words = Words { name: "tsx", endings: &["tsx"], ..TYPESCRIPT };

const GO: Words = Words {
    name: "go",
    endings: &["go"],
    functions: &["function_declaration", "method_declaration"],
    lambdas: &["func_literal"],
    holders: &[],
    containers: &[],
    wrappers: &[],
    prefixes: &["comment"],
    comments: &["comment"],
    blocks: &[
        "statement_list",
        "source_file",
        "field_declaration_list",
        "expression_switch_statement",
        "type_switch_statement",
        "select_statement",
    ],
    imports: &["import_declaration"],
    identifiers: &["identifier", "field_identifier", "type_identifier", "package_identifier"],
    atoms: &["interpreted_string_literal", "raw_string_literal", "rune_literal"],
    slots: &[
        "condition",
        "right",
        "value",
        "left",
        "index",
        "operand",
        "start",
        "end",
        "function",
        "field",
    ],
    lists: &[
        "argument_list",
        "return_statement",
        "parenthesized_expression",
        "expression_list",
        "unary_expression",
        "literal_value",
    ],
    operations: &[
        "binary_expression",
        "unary_expression",
        "assignment_statement",
        "inc_statement",
        "dec_statement",
    ],
    values: &[
        "binary_expression",
        "false",
        "float_literal",
        "int_literal",
        "nil",
        "parenthesized_expression",
        "selector_expression",
        "true",
    ],
    stubs: &[
        "panic(\"not implemented",
        "panic(\"not yet implemented",
        "panic(\"todo",
        "panic(\"unimplemented",
        "panic(\"implement me",
    ],
};

const JAVA: Words = Words {
    name: "java",
    endings: &["java"],
    functions: &[
        "method_declaration",
        "constructor_declaration",
        "compact_constructor_declaration",
    ],
    lambdas: &[],
    holders: &[],
    containers: &[
        ("class_declaration", "name"),
        ("interface_declaration", "name"),
        ("enum_declaration", "name"),
        ("record_declaration", "name"),
        ("annotation_type_declaration", "name"),
    ],
    wrappers: &[],
    prefixes: &["block_comment", "line_comment"],
    comments: &["line_comment", "block_comment"],
    blocks: &[
        "block",
        "program",
        "class_body",
        "interface_body",
        "enum_body_declarations",
        "constructor_body",
        "switch_block",
        "switch_block_statement_group",
    ],
    imports: &["import_declaration"],
    identifiers: &["identifier", "this", "type_identifier"],
    atoms: &["string_literal", "character_literal"],
    slots: &[
        "condition",
        "right",
        "value",
        "left",
        "index",
        "body",
        "consequence",
        "alternative",
        "field",
    ],
    lists: &[
        "argument_list",
        "return_statement",
        "throw_statement",
        "parenthesized_expression",
        "ternary_expression",
        "unary_expression",
        "array_initializer",
        "array_access",
        "yield_statement",
    ],
    operations: &[
        "binary_expression",
        "assignment_expression",
        "unary_expression",
        "update_expression",
    ],
    values: &[
        "binary_expression",
        "decimal_integer_literal",
        "false",
        "field_access",
        "null_literal",
        "parenthesized_expression",
        "true",
    ],
    stubs: &[
        "throw new UnsupportedOperationException",
        "throw new RuntimeException(\"not implemented",
        "throw new IllegalStateException(\"not implemented",
        "throw new NotImplementedException",
    ],
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_told_from_the_name_of_a_file() {
        for (path, language) in [
            ("a/b.py", Some(Language::Python)),
            ("lib.rs", Some(Language::Rust)),
            ("x.test.mjs", Some(Language::JavaScript)),
            ("x.d.ts", Some(Language::TypeScript)),
            ("App.tsx", Some(Language::Tsx)),
            ("main.go", Some(Language::Go)),
            ("A.java", Some(Language::Java)),
            ("Makefile", None),
            (".py", None),
            ("", None),
        ] {
            assert_eq!(Language::of(Path::new(path)), language, "{path}");
        }
    }

    #[test]
    fn every_word_of_the_table_is_a_word_of_its_grammar() {
        for language in Language::ALL {
            let words = language.words();
            let kinds = words.functions.iter().chain(words.lambdas).chain(words.wrappers);
            let kinds = kinds.chain(words.comments).chain(words.blocks).chain(words.imports);
            let kinds = kinds.chain(words.identifiers).chain(words.atoms).chain(words.lists);
            let kinds = kinds.chain(words.operations).chain(words.prefixes).chain(words.values);
            for kind in kinds {
                let id = language.grammar().id_for_node_kind(kind, true);
                assert!(id != 0, "{} has no {kind}", words.name);
            }
        }
    }
}

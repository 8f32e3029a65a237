//! A Rust text that says which of its lines are executed: a call in front of each statement,
//! and at the end of the file the module that is called.
//!
//! Apart, because it is coverage for a language whose own tools can't be taken for installed:
//! the person's compiler and runner do the work, and all that is added is source. Lines stay
//! where they are, so that what a panic says still holds.

use std::fmt::Write;

use super::Syntax;
use crate::Language;

/// What is called. Threads have the name of the test that they run; each writes each line once,
/// when it first comes there, so that what is cut off has said how far it came. Works without
/// the standard prelude, in every edition.
const MODULE: &str = r#"
#[allow(warnings, clippy::all)]
mod __tenfold_probe {
    extern crate std as __std;
    use self::__std::cell::RefCell;
    use self::__std::io::Write;
    use self::__std::prelude::v1::*;
    use self::__std::{env, fs, thread};

    struct Seen {
        lines: Vec<bool>,
        out: Option<(fs::File, String)>,
    }

    __std::thread_local! {
        static SEEN: RefCell<Seen> = RefCell::new(Seen { lines: Vec::new(), out: open() });
    }

    fn open() -> Option<(fs::File, String)> {
        let path = env::var_os("TENFOLD_TRACE")?;
        let thread = thread::current();
        let test = thread.name().filter(|name| *name != "main")?;
        let program = env::current_exe().ok()?;
        let program = program.file_stem()?.to_str()?.rsplitn(2, '-').last()?;
        let program = if cfg!(test) { "" } else { program };
        let out = fs::OpenOptions::new().append(true).create(true).open(path).ok()?;
        Some((out, __std::format!("{}\t{}\t{}", program, test, PATH)))
    }

    pub(super) fn hit(line: usize) {
        let _ = SEEN.try_with(|seen| {
            let mut seen = match seen.try_borrow_mut() {
                Ok(seen) => seen,
                Err(_) => return,
            };
            if seen.lines.len() <= line {
                seen.lines.resize(line + 1, false);
            }
            if !__std::mem::replace(&mut seen.lines[line], true) {
                if let Some((out, front)) = seen.out.as_mut() {
                    let _ = out.write_all(__std::format!("{}\t{}\n", front, line).as_bytes());
                }
            }
        });
    }
"#;

/// What holds code that the compiler runs, where nothing can be called.
const CONSTANT: [&str; 6] =
    ["const_item", "static_item", "const_block", "type_arguments", "array_type", "enum_variant"];

/// What is put into the text.
struct Piece {
    at: usize,
    opens: bool,
    text: String,
}

impl Piece {
    /// A call that says that the line of a node is executed.
    fn call(syntax: &Syntax<'_>, at: usize, of: usize) -> Self {
        Self { at, opens: true, text: hit(syntax, of) }
    }
}

/// An expression in a block of its own, with a call in front that says that its line is executed.
fn wrapped(syntax: &Syntax<'_>, expression: usize) -> [Piece; 2] {
    let text = format!("{{{}", hit(syntax, expression));
    let end = syntax.nodes[expression].stop as usize;
    [
        Piece { at: start(syntax, expression), opens: true, text },
        Piece { at: end, opens: false, text: "}".to_owned() },
    ]
}

/// What says that an arm is taken.
fn arm(syntax: &Syntax<'_>, index: usize, pieces: &mut Vec<Piece>) {
    let Some(value) = syntax.field(index, "value") else { return };
    let kind = syntax.nodes[value].kind;
    if kind == "block" {
        let inside = syntax.children(value).nth(1);
        if inside.is_some_and(|first| syntax.nodes[first].kind != "inner_attribute_item") {
            pieces.push(Piece::call(syntax, start(syntax, value) + 1, index));
        }
    } else if !kind.ends_with("block") && kind != "reference_expression" {
        // What is borrowed in a block does not outlive it.
        pieces.extend(wrapped(syntax, value));
    }
}

/// Whether an `if` comes after an `else`, and so is no statement of its own.
fn follows_else(syntax: &Syntax<'_>, index: usize) -> bool {
    syntax.nodes[syntax.nodes[index].parent].kind == "else_clause"
}

/// The text with probes; `None` if it is no Rust, or has nothing to probe.
pub(super) fn insert(syntax: &Syntax<'_>, path: &str) -> Option<String> {
    if syntax.language != Language::Rust {
        return None;
    }
    let mut pieces: Vec<Piece> = Vec::new();
    for index in 0..syntax.nodes.len() {
        match syntax.nodes[index].kind {
            "block" if runs(syntax, index) => {
                let statements = statements(syntax, index);
                pieces.extend(statements.map(|at| Piece::call(syntax, start(syntax, at), at)));
            }
            "match_arm" if runs(syntax, index) => arm(syntax, index, &mut pieces),
            "if_expression" if follows_else(syntax, index) && runs(syntax, index) => {
                pieces.extend(wrapped(syntax, index));
            }
            _ => {}
        }
    }
    if pieces.is_empty() {
        return None;
    }
    // What ends at a place comes before what begins there; and what opens an arm before what is
    // called in it.
    pieces.sort_by_key(|piece| (piece.at, piece.opens));
    let mut text = String::with_capacity(syntax.text.len() * 2);
    let mut done = 0;
    for Piece { at, text: piece, .. } in pieces {
        text.push_str(syntax.text.get(done..at)?);
        text.push_str(&piece);
        done = at;
    }
    text.push_str(syntax.text.get(done..)?);
    text.push_str(MODULE);
    // Writing to a string does not fail.
    let _ = writeln!(text, "    const PATH: &'static str = {path:?};\n}}");
    Some(text)
}

/// The statements of a block, in order.
fn statements<'a>(syntax: &'a Syntax<'_>, block: usize) -> impl Iterator<Item = usize> + 'a {
    let mut after_attribute = false;
    syntax.children(block).filter(move |&child| {
        let node = &syntax.nodes[child];
        if !node.named || node.kind.ends_with("comment") {
            return false;
        }
        let declares = node.kind.ends_with("_item")
            || matches!(
                node.kind,
                "use_declaration"
                    | "extern_crate_declaration"
                    | "macro_definition"
                    | "empty_statement"
                    | "label"
            );
        // An attribute belongs to what follows it at once.
        let taken = std::mem::replace(&mut after_attribute, node.kind == "attribute_item");
        !declares && !taken
    })
}

/// Whether code is run by the program, rather than by the compiler.
fn runs(syntax: &Syntax<'_>, index: usize) -> bool {
    for above in syntax.above(index) {
        let kind = syntax.nodes[above].kind;
        if CONSTANT.contains(&kind) {
            return false;
        }
        if kind == "function_item" {
            let modifiers = syntax
                .children(above)
                .find(|&child| syntax.nodes[child].kind == "function_modifiers");
            let words = modifiers.map_or("", |modifiers| syntax.node_text(modifiers));
            return !words.split_whitespace().any(|word| word == "const");
        }
    }
    false
}

fn start(syntax: &Syntax<'_>, index: usize) -> usize {
    syntax.nodes[index].start as usize
}

/// The call in front of a node; lines count from one in it. The module stands at the end of
/// the file, outside of the modules that the node is in.
fn hit(syntax: &Syntax<'_>, index: usize) -> String {
    let inside = syntax.above(index).filter(|&above| syntax.nodes[above].kind == "mod_item");
    let outwards = "super::".repeat(inside.count());
    format!("{outwards}__tenfold_probe::hit({});", syntax.nodes[index].line + 1)
}

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

/// The text with probes; `None` if it is no Rust, or has nothing to probe.
pub(super) fn insert(syntax: &Syntax<'_>, path: &str) -> Option<String> {
    if syntax.language != Language::Rust {
        return None;
    }
    let mut pieces: Vec<(usize, String)> = Vec::new();
    for index in 0..syntax.nodes.len() {
        let kind = syntax.nodes[index].kind;
        if kind == "block" && runs(syntax, index) {
            let statements = statements(syntax, index);
            pieces.extend(statements.map(|at| (start(syntax, at), hit(syntax, at))));
        } else if kind == "match_arm" && runs(syntax, index) {
            let value = syntax.field(index, "value");
            let plain = |value: &usize| {
                let kind = syntax.nodes[*value].kind;
                // What is borrowed in a block does not outlive it.
                !kind.ends_with("block") && kind != "reference_expression"
            };
            if let Some(value) = value.filter(plain) {
                pieces.push((start(syntax, value), format!("{{{}", hit(syntax, value))));
                pieces.push((syntax.nodes[value].stop as usize, "}".to_owned()));
            }
        }
    }
    if pieces.is_empty() {
        return None;
    }
    // What opens an arm comes before what is called in it, and closes after it.
    pieces.sort_by_key(|(at, _)| *at);
    let mut text = String::with_capacity(syntax.text.len() * 2);
    let mut done = 0;
    for (at, piece) in pieces {
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

//! Text as a model is shown it: no control characters, no broken UTF-8, no endless lines.
//!
//! Apart, because everything that is shown goes through it: files and outputs are written by
//! anybody, and what is shown is kept, and may come before a person on a terminal.

use std::path::Path;

/// How much of a path or name is shown, in characters.
const MAX_NAME_CHARS: usize = 200;

/// The text with control characters written out, line breaks and tabs left.
pub(crate) fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\t' => shown.push(c),
            c if is_hidden(c) => shown.extend(c.escape_default()),
            c => shown.push(c),
        }
    }
    shown
}

/// A path or name, on one line.
pub(crate) fn name(name: &str) -> String {
    let escaped = visible(name).replace('\n', "\\n").replace('\t', "\\t");
    cut(&escaped, MAX_NAME_CHARS)
}

/// A path of a commit, which may be any bytes.
pub(crate) fn path(path: &Path) -> String {
    name(&path.to_string_lossy())
}

/// A line with at most `max_chars` of it, and how much was cut off.
pub(crate) fn cut(line: &str, max_chars: usize) -> String {
    match line.char_indices().nth(max_chars) {
        None => line.to_owned(),
        Some((end, _)) => {
            let more = line[end..].chars().count();
            format!("{} … ({} more)", &line[..end], count(more, "character", "characters"))
        }
    }
}

/// What a command wrote, as a terminal would leave it: without colours, and a line that was
/// written over (as progress bars do) as it was last.
pub(crate) fn output(output: &str) -> String {
    let text = without_escapes(output);
    let lines: Vec<_> = text
        .split('\n')
        .map(|line| {
            let line = line.trim_end_matches('\r');
            line.rsplit('\r').next().unwrap_or(line)
        })
        .collect();
    visible(&lines.join("\n"))
}

/// "1 line", "2 lines".
pub(crate) fn count(n: usize, one: &str, many: &str) -> String {
    match n {
        1 => format!("1 {one}"),
        n => format!("{n} {many}"),
    }
}

/// What a person would not see, and the tags, by which words can be written that only a model
/// reads.
fn is_hidden(c: char) -> bool {
    tenfold_workspace::is_hidden(c) || matches!(c, '\u{e0000}'..='\u{e007f}')
}

/// Takes out `ESC [ … letter`, by which colours are set and the cursor is moved.
fn without_escapes(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.trim_start_matches(|c: char| matches!(c, ' '..='?'));
        let rest = rest.strip_prefix(|c: char| matches!(c, '@'..='~')).unwrap_or(rest);
        plain.push_str(rest);
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_act_on_a_terminal_is_written_out() {
        assert_eq!(visible("a\u{1b}[2Jb\u{202e}\tü\n"), "a\\u{1b}[2Jb\\u{202e}\tü\n");
        assert_eq!(visible("\u{61c}\u{2028}\u{e0041}"), "\\u{61c}\\u{2028}\\u{e0041}");
        assert_eq!(name("a\nb"), "a\\nb");
    }

    #[test]
    fn a_long_line_says_how_much_is_left_out() {
        assert_eq!(cut("äöü", 3), "äöü");
        assert_eq!(cut("äöüx", 3), "äöü … (1 character more)");
    }

    #[test]
    fn output_is_as_a_terminal_would_leave_it() {
        assert_eq!(output("\u{1b}[1;31mred\u{1b}[0m\r\n10%\r100%\nü\u{1b}[K"), "red\n100%\nü");
        assert_eq!(output("cut \u{1b}[3"), "cut ");
        assert_eq!(output("bell\u{7}"), "bell\\u{7}");
    }
}

//! Taking code out of a model's answer, and fitting it to its place.
//!
//! Apart, because models wrap code in Markdown and lose its indentation, each in its own way.
//! Never judges the code.

use serde::{Deserialize, Serialize};

/// A block of code in an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// The word after the opening fence, lower-case; empty if there is none.
    pub lang: String,
    /// The lines between the fences, each ended by `\n`.
    pub text: String,
}

/// The fenced blocks of an answer, in their order. A block that is not closed reaches to the
/// end (the answer was cut off, or stopped at the fence). An answer without a fence has none.
pub fn code_blocks(markdown: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut open: Option<(char, usize, usize)> = None;
    for line in markdown.lines() {
        let trimmed = line.trim_start();
        let indent = line.len() - trimmed.len();
        match (open, fence(trimmed)) {
            (None, Some((mark, length, info))) => {
                let lang = info.split([' ', ',', '{', ':']).next().unwrap_or("");
                blocks.push(Block { lang: lang.to_ascii_lowercase(), text: String::new() });
                open = Some((mark, length, indent));
            }
            (Some((mark, length, _)), Some((other, longer, "")))
                if other == mark && longer >= length =>
            {
                open = None;
            }
            (Some((_, _, indent)), _) => {
                let blank = line.len() - trimmed.len();
                let line = line.get(indent.min(blank)..).unwrap_or(line);
                if let Some(block) = blocks.last_mut() {
                    block.text.push_str(line);
                    block.text.push('\n');
                }
            }
            (None, None) => {}
        }
    }
    blocks
}

/// The mark of a fence, its length, and what is written after it.
fn fence(line: &str) -> Option<(char, usize, &str)> {
    let mark = line.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let length = line.len() - line.trim_start_matches(mark).len();
    let info = line[length..].trim();
    (length >= 3 && !info.contains('`')).then_some((mark, length, info))
}

/// The text with the indentation that `like` has: the blank at the start of its first line
/// that is not blank is exchanged on every line. Lines that are indented less than the first
/// are moved by the same width as far as they can be. Tabs and spaces are taken over from
/// `like`'s own first line, but not converted within lines.
pub fn reindent(text: &str, like: &str) -> String {
    let (from, to) = (indent_of(text), indent_of(like));
    let mut result = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let content = line.trim_end_matches(['\r', '\n']);
        if content.trim().is_empty() {
            result.push_str(&line[content.len()..]);
        } else if let Some(rest) = line.strip_prefix(from) {
            result.push_str(to);
            result.push_str(rest);
        } else {
            let blank = content.len() - content.trim_start().len();
            let lost = from.len().saturating_sub(blank);
            let kept = to.char_indices().rev().nth(lost.saturating_sub(1)).map_or(0, |(at, _)| at);
            let kept = if lost == 0 { to.len() } else { kept };
            result.push_str(&to[..kept]);
            result.push_str(line.trim_start_matches([' ', '\t']));
        }
    }
    result
}

/// The blank at the start of the first line that is not blank.
fn indent_of(text: &str) -> &str {
    let line = text.lines().find(|line| !line.trim().is_empty()).unwrap_or("");
    &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn blocks(markdown: &str) -> Vec<(String, String)> {
        code_blocks(markdown).into_iter().map(|block| (block.lang, block.text)).collect()
    }

    fn pair(lang: &str, text: &str) -> (String, String) {
        (lang.to_owned(), text.to_owned())
    }

    #[test]
    fn code_is_taken_out_of_an_answer() {
        let answer = "Sure:\n```python\ndef f():\n    pass\n```\nand\n~~~\nx\n~~~\n";
        assert_eq!(blocks(answer), [pair("python", "def f():\n    pass\n"), pair("", "x\n")]);
    }

    #[test]
    fn a_block_that_is_cut_off_reaches_to_the_end() {
        assert_eq!(blocks("```Rust,ignore\nfn f() {"), [pair("rust", "fn f() {\n")]);
    }

    #[test]
    fn a_fence_in_a_longer_fence_is_text() {
        assert_eq!(blocks("````md\n```\nx\n```\n````\n"), [pair("md", "```\nx\n```\n")]);
    }

    #[test]
    fn a_block_in_a_list_loses_the_indentation_of_the_list() {
        assert_eq!(blocks("- so:\n  ```py\n  a\n    b\n  ```"), [pair("py", "a\n  b\n")]);
    }

    #[test]
    fn no_fence_is_no_block() {
        assert!(code_blocks("def f(): pass\n`x`").is_empty());
    }

    #[test]
    fn a_function_is_fitted_back_to_its_place() {
        let place = "    def f(self):\n        return 1\n";
        let text = "def f(self):\n    x = 1\n\n    return x\n";
        let fitted = "    def f(self):\n        x = 1\n\n        return x\n";
        assert_eq!(reindent(text, place), fitted);
        assert_eq!(reindent(fitted, "def f():"), text);
        assert_eq!(reindent("\tx\n\t\ty\n", "  a"), "  x\n  \ty\n");
        assert_eq!(reindent("    x\ny\n", "        a"), "        x\n    y\n");
    }

    proptest! {
        #[test]
        fn no_answer_panics(text in "(.|\n|```|~~~|    |\t){0,60}", like in "[ \tä]{0,6}x?") {
            code_blocks(&text);
            reindent(&text, &like);
        }
    }
}

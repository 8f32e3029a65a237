//! Text of others in Markdown, where it can neither begin anything nor end what it stands in: a
//! block or a span of code that is fenced longer than any fence within. HTML is dead there, and
//! so are links and pictures.

use anstream::adapter::strip_str;

use super::leaving;
use crate::plain::{one_line, visible};

/// The most lines of one block, and the most characters. Of more, the middle is left out.
const LINES: usize = 240;
const CHARACTERS: usize = 24_000;

/// A block of what a program or a model said. Terminal codes mean nothing on a page, and are
/// left out.
pub(super) fn block(kind: &str, text: &str) -> String {
    fenced(kind, &shortened(&strip_str(&leaving::text(text)).to_string()))
}

/// A block of what somebody is to judge: nothing in it is left out, and what would not be seen
/// is made visible.
pub(super) fn whole(kind: &str, text: &str) -> String {
    fenced(kind, &leaving::text(text))
}

/// A few words in a line.
pub(super) fn span(text: &str) -> String {
    let text = one_line(&leaving::text(text), 200);
    if text.is_empty() {
        return "(empty)".to_owned();
    }
    let fence = "`".repeat(longest_run(&text) + 1);
    let room = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{room}{text}{room}{fence}")
}

fn fenced(kind: &str, text: &str) -> String {
    let text = visible(text);
    let fence = "`".repeat(longest_run(&text).saturating_add(1).max(3));
    let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    format!("{fence}{kind}\n{text}{end}{fence}\n")
}

fn longest_run(text: &str) -> usize {
    text.split(|character| character != '`').map(str::len).max().unwrap_or(0)
}

/// The beginning and the end of a long text; the whole of any other.
fn shortened(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let mut kept = text.to_owned();
    if lines.len() > LINES {
        let (head, tail) = (&lines[..LINES / 2], &lines[lines.len() - LINES / 2..]);
        let left_out = lines.len() - LINES;
        kept = format!("{}\n[… {left_out} lines …]\n{}", head.join("\n"), tail.join("\n"));
    }
    let count = kept.chars().count();
    if count <= CHARACTERS {
        return kept;
    }
    let head: String = kept.chars().take(CHARACTERS / 2).collect();
    let tail: String = kept.chars().skip(count - CHARACTERS / 2).collect();
    format!("{head}\n[… {} characters …]\n{tail}", count - CHARACTERS)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether the first line opens a fence that only the last one closes, as CommonMark has it.
    fn is_closed_by_its_last_line_only(block: &str) -> bool {
        let lines: Vec<&str> = block.lines().collect();
        let fence = lines[0].chars().take_while(|c| *c == '`').count();
        let closes = |line: &str| {
            let bare = line.trim_start_matches(' ');
            let indent = line.len() - bare.len();
            let run = bare.chars().take_while(|c| *c == '`').count();
            indent < 4 && run >= fence && bare[run..].trim().is_empty()
        };
        let first = lines.iter().skip(1).position(|line| closes(line));
        fence >= 3 && first == Some(lines.len() - 2)
    }

    #[test]
    fn no_text_ends_the_block_that_it_stands_in() {
        for text in [
            "",
            "plain",
            "```",
            "```\n# a heading\n<script>alert(1)</script>",
            "   ````   \n~~~\n`````\n",
            "a\r```\rb",
            "\u{2028}```\u{85}```",
            "``` \x1b[31m```",
        ] {
            for block in [block("text", text), whole("diff", text)] {
                assert!(is_closed_by_its_last_line_only(&block), "{text:?}:\n{block}");
            }
        }
    }

    #[test]
    fn codes_are_left_out_of_output_and_shown_in_what_is_judged() {
        assert_eq!(block("text", "\x1b[31mred\x1b[0m\x1b]0;title\x07"), "```text\nred\n```\n");
        assert_eq!(whole("diff", "+\x1b[8mhidden"), "```diff\n+␛[8mhidden\n```\n");
        assert!(!block("text", "\u{202e}\u{9b}2J").contains(['\u{202e}', '\u{9b}']));
    }

    #[test]
    fn a_span_is_one_line_and_ends_where_it_should() {
        assert_eq!(span("a\n# b"), "`a # b`");
        assert_eq!(span("`x`"), "`` `x` ``");
        assert_eq!(span("a``b"), "```a``b```");
        assert_eq!(span(" \n"), "(empty)");
    }

    #[test]
    fn of_a_long_text_the_middle_is_left_out_and_said() {
        let long: String = (0..LINES + 7).map(|line| format!("{line}\n")).collect();
        let block = block("text", &long);
        assert!(block.contains("[… 7 lines …]") && block.contains("\n246\n"), "{block}");
        let wide = "x".repeat(CHARACTERS + 5);
        assert!(fenced("text", &shortened(&wide)).contains("[… 5 characters …]"));
        assert!(whole("diff", &long).contains("\n123\n"), "a change is never cut");
    }
}

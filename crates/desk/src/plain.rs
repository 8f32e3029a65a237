//! Text of others made harmless: what a terminal would obey, or what would hide something from
//! whoever reads, is made visible. What is asked of a person passes through here before they see
//! it, wherever they see it.

use std::fmt::Write as _;

/// Text of others with everything that a terminal would obey, or that would hide what is
/// there, made visible. Line ends and tabs stay.
pub fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' | '\t' => shown.push(character),
            // Unicode has a picture for each of the first control characters.
            '\0'..='\x1f' => shown.extend(char::from_u32(0x2400 + u32::from(character))),
            '\x7f' => shown.push('\u{2421}'),
            hidden if is_hidden(hidden) => {
                let _ = write!(shown, "<U+{:04X}>", u32::from(hidden));
            }
            _ => shown.push(character),
        }
    }
    shown
}

/// Whether this is a character that a terminal obeys, or that hides what is there.
pub fn is_hidden(character: char) -> bool {
    matches!(
        character,
        '\0'..='\x1f'
            | '\x7f'..='\u{9f}'
            | '\u{ad}'
            | '\u{61c}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

/// As [`visible`], in one line of at most so many characters.
pub fn one_line(text: &str, longest: usize) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let line = visible(&words.join(" "));
    if line.chars().count() <= longest {
        return line;
    }
    let cut: String = line.chars().take(longest.saturating_sub(1)).collect();
    cut.trim_end().to_owned() + "…"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_shown_instead() {
        assert_eq!(visible("a\tb\nc"), "a\tb\nc");
        assert_eq!(visible("\x1b]52;c;x\x07\r\x7f"), "␛]52;c;x␇␍␡");
        assert_eq!(visible("\u{9b}31m\u{202e}\u{200b}"), "<U+009B>31m<U+202E><U+200B>");
        assert_eq!(visible("naïve 日本 ✓"), "naïve 日本 ✓");
    }

    #[test]
    fn one_line_is_one_line_and_not_too_long() {
        assert_eq!(one_line("fix\n  the\tmedian", 80), "fix the median");
        assert_eq!(one_line("abcdefgh", 5), "abcd…");
    }
}

//! The terminal: what goes out, with colour only where a person sees it, and text of others
//! made harmless.
//!
//! Standard output is data; standard error is for whoever waits. Text that comes from a
//! repository, a model or a check passes through [`visible`] or [`one_line`] before it gets
//! here, because a terminal obeys what it is shown.

use std::fmt::Write as _;
use std::io::{IsTerminal, Write};

use anstyle::{AnsiColor, Style};
use serde::Serialize;
use tracing_subscriber::EnvFilter;

use crate::environment;
use crate::secrets::Log;
use crate::trouble::Trouble;

/// For heads and names.
pub(crate) const BOLD: Style = Style::new().bold();
/// For what is beside the point.
pub(crate) const DIM: Style = Style::new().dimmed();
/// For what is well.
pub(crate) const GREEN: Style = colour(AnsiColor::Green);
/// For what is not.
pub(crate) const RED: Style = colour(AnsiColor::Red);
/// For what waits for a person.
pub(crate) const YELLOW: Style = colour(AnsiColor::Yellow);
/// For places.
pub(crate) const CYAN: Style = colour(AnsiColor::Cyan);

const fn colour(colour: AnsiColor) -> Style {
    Style::new().fg_color(Some(anstyle::Color::Ansi(colour)))
}

/// A text in a style.
pub(crate) fn styled(style: Style, text: impl std::fmt::Display) -> String {
    format!("{style}{text}{style:#}")
}

/// Writes data to standard output, with a line end if it has none.
pub(crate) fn print(text: &str) -> Result<(), Trouble> {
    let mut out = anstream::stdout().lock();
    out.write_all(text.as_bytes())?;
    if !text.is_empty() && !text.ends_with('\n') {
        out.write_all(b"\n")?;
    }
    Ok(out.flush()?)
}

/// Writes one value as one line of JSON.
pub(crate) fn print_json(value: &impl Serialize) -> Result<(), Trouble> {
    let mut out = std::io::stdout().lock();
    serde_json::to_writer(&mut out, value)?;
    out.write_all(b"\n")?;
    Ok(out.flush()?)
}

/// Tells whoever waits. If nobody listens any more, nothing is lost.
pub(crate) fn note(text: &str) {
    let _ = writeln!(anstream::stderr().lock(), "{text}");
}

/// How many columns whoever sees standard output has; what is usual, if nobody does.
pub(crate) fn width() -> usize {
    let usual = 80;
    if !std::io::stdout().is_terminal() {
        return usual;
    }
    // The table knows how to ask.
    comfy_table::Table::new().width().map_or(usual, usize::from)
}

/// Whether a person sees standard error.
pub(crate) fn is_watched() -> bool {
    std::io::stderr().is_terminal()
}

/// Whether a person can be asked: they see the question and can answer it.
pub(crate) fn can_ask() -> bool {
    std::io::stdin().is_terminal() && is_watched()
}

/// Sends the log to standard error, as far as it is asked for.
pub(crate) fn log_to_stderr(verbose: bool) {
    // What providers say of a failure is told by the engine, in a line and without the key.
    // What MCP servers say is, too, and without what acts on a terminal.
    let usual = if verbose { "warn" } else { "error" };
    let usual = format!("{usual},genai=off,rmcp=off");
    let filter =
        EnvFilter::try_from_env(environment::LOG).unwrap_or_else(|_| EnvFilter::new(usual));
    // A second log in one process, as in tests, is refused, and the first one stays.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(|| Log)
        .with_ansi(is_watched() && std::env::var_os("NO_COLOR").is_none())
        .try_init();
}

/// Text of others with everything that a terminal would obey, or that would hide what is
/// there, made visible. Line ends and tabs stay.
pub(crate) fn visible(text: &str) -> String {
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
pub(crate) fn is_hidden(character: char) -> bool {
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
pub(crate) fn one_line(text: &str, longest: usize) -> String {
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

//! The terminal: what goes out, with colour only where a person sees it, and text of others
//! made harmless.
//!
//! Standard output is data; standard error is for whoever waits. Text that comes from a
//! repository, a model or a check passes through [`visible`] or [`one_line`] before it gets
//! here, because a terminal obeys what it is shown.

use std::io::{IsTerminal, Write};

use anstyle::{AnsiColor, Style};
use serde::Serialize;
use tenfold_telemetry::Telemetry;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

pub(crate) use tenfold_desk::plain::{one_line, visible};

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

/// Sends the log to standard error, as far as it is asked for, and calls of models to a collector
/// if there is one.
pub(crate) fn log(verbose: bool, telemetry: Option<&Telemetry>) {
    // What providers say of a failure is told by the engine, in a line and without the key.
    // What MCP servers say is, too, and without what acts on a terminal.
    let usual = if verbose { "warn" } else { "error" };
    let usual = format!("{usual},genai=off,rmcp=off");
    let filter =
        EnvFilter::try_from_env(environment::LOG).unwrap_or_else(|_| EnvFilter::new(usual));
    // A second log in one process, as in tests, is refused, and the first one stays.
    let to_stderr = tracing_subscriber::fmt::layer()
        .with_writer(|| Log)
        .with_ansi(is_watched() && std::env::var_os("NO_COLOR").is_none())
        .with_filter(filter);
    let _ = tracing_subscriber::registry()
        .with(to_stderr)
        .with(telemetry.map(Telemetry::layer))
        .try_init();
}

//! Questions to the person. There is none where nobody can answer.

use std::io::{BufRead, Write};

use crate::stop::Stop;
use crate::terminal;
use crate::trouble::Trouble;

/// Asks; only an answer that begins with "y" is a yes. No answer (Ctrl-D) is a no.
pub(crate) async fn agrees(question: &str, stop: &Stop) -> Result<bool, Trouble> {
    let _ = write!(anstream::stderr().lock(), "{question} [y/N] ");
    let answer = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line).map(|_| line)
    });
    tokio::select! {
        answer = answer => {
            let answer = answer.ok().and_then(Result::ok).unwrap_or_default();
            Ok(answer.trim().to_ascii_lowercase().starts_with('y'))
        }
        () = stop.stopped() => {
            terminal::note("");
            Err(Stop::trouble())
        }
    }
}

//! What the command line says where no engine is at work, without what looks like a secret: what
//! is exported, and what is logged. Keys that are known are taken out before anything is recorded.

use std::borrow::Cow;
use std::io::{self, Write};
use std::sync::LazyLock;

use tenfold_redact::Redactor;

/// A text without what looks like a secret.
pub(crate) fn without(text: &str) -> Cow<'_, str> {
    static REDACTOR: LazyLock<Redactor> = LazyLock::new(|| Redactor::new([]));
    REDACTOR.text(text)
}

/// Standard error, as the log writes to it: what happened is handed over whole.
pub(crate) struct Log;

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let line = String::from_utf8_lossy(bytes);
        io::stderr().lock().write_all(without(&line).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().lock().flush()
    }
}

//! Secrets that are handed out, and chance for whoever needs some. What is kept is the hash.

use std::fmt::Write;

use axum::http::StatusCode;
use tenfold_domain::ProblemKind;

use super::Turned;

/// The secret of a session or of a link: 256 bits that nobody can guess.
pub struct Secret {
    text: String,
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self { text }
    }
}

impl Secret {
    /// A new one.
    ///
    /// # Errors
    /// [`Turned`] with 500 if the system has no chance to give.
    pub fn new() -> Result<Self, Turned> {
        let mut text = String::with_capacity(64);
        for byte in random::<32>()? {
            let _ = write!(text, "{byte:02x}");
        }
        Ok(Self { text })
    }

    /// As it is handed out, and nowhere kept.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What is kept of it.
    #[must_use]
    pub fn hash(&self) -> String {
        tenfold_people::hash(&self.text)
    }
}

/// Salt for a password.
///
/// # Errors
/// [`Turned`] with 500 if the system has no chance to give.
pub fn salt() -> Result<[u8; 16], Turned> {
    random()
}

fn random<const BYTES: usize>() -> Result<[u8; BYTES], Turned> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes).map_err(|error| {
        let what = format!("the system has no random bytes to give: {error}");
        Turned::new(StatusCode::INTERNAL_SERVER_ERROR, ProblemKind::Internal, what)
    })?;
    Ok(bytes)
}

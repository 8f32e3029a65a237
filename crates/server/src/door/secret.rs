//! The secret that a session is known by, on its way to the browser that keeps it.

/// The secret of a session.
pub struct Secret {
    text: String,
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self { text }
    }
}

impl Secret {
    /// As it is handed out, and nowhere kept.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

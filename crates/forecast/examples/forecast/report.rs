//! What a part tells: to a person and to a program.

/// What a part measured, told twice.
pub(crate) struct Report {
    /// A heading and tables, as they are printed.
    pub(crate) text: String,
    /// The same figures.
    pub(crate) figures: serde_json::Value,
}

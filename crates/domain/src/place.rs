//! What of a change is spoken of: one of its lines, or a file as a whole.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A line of a change, or one of its files as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Place {
    /// The file, relative to the top of the workspace.
    pub path: String,
    /// The line, from one, as it is numbered on its side; none: the file as a whole.
    #[serde(default)]
    pub line: Option<u32>,
    /// The side that the line is of.
    #[serde(default)]
    pub side: Side,
}

/// A side of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// As it is proposed: the lines that are added, and those around them that stay.
    #[default]
    Proposed,
    /// As it was before: the lines that are removed.
    Before,
}

/// `stats.py:14`, `stats.py:14 (removed)`, or `stats.py`.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, line, side } = self;
        match (line, side) {
            (None, _) => f.write_str(path),
            (Some(line), Side::Proposed) => write!(f, "{path}:{line}"),
            (Some(line), Side::Before) => write!(f, "{path}:{line} (removed)"),
        }
    }
}

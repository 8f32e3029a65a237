//! What the files of a repository ask of who works in it, as the person approved it. It has
//! less authority than what the person says.

use serde::{Deserialize, Serialize};

/// All of it, but for what the `AGENTS.md` at the top says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guidance {
    /// The `AGENTS.md` files of folders below the top.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub folders: Vec<FolderInstructions>,
    /// The skills that it offers, each with a name of its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skills: Vec<Skill>,
}

impl Guidance {
    /// Whether nothing is asked and nothing is offered.
    pub fn is_empty(&self) -> bool {
        self.folders.is_empty() && self.skills.is_empty()
    }
}

/// What is asked of who works in one folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FolderInstructions {
    /// The file that asks it, from the top of the workspace: `src/AGENTS.md`.
    pub path: String,
    /// All that it says.
    pub text: String,
}

impl FolderInstructions {
    /// The folder that it is about, from the top of the workspace.
    pub fn folder(&self) -> &str {
        self.path.rsplit_once('/').map_or("", |(folder, _)| folder)
    }
}

/// How to do something: a text that is read when it is needed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skill {
    /// What it is called by.
    pub name: String,
    /// What it is good for and when, in one line.
    pub description: String,
    /// The file that holds it, from the top of the workspace: `skills/NAME/SKILL.md`.
    pub path: String,
    /// How to do it.
    pub text: String,
}

//! The room that Tenfold's files take on the disk, and making some.

use serde::{Deserialize, Serialize};

use crate::{Bytes, Millis, TaskId};

/// Make room: files of tasks that were reviewed, layers of setup commands that are not used,
/// and what nothing refers to any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct MakeRoom {
    /// What was reviewed, or used last, less long ago than this stays.
    pub keep: Millis,
    /// Only until no more than this is taken, the oldest first; without it, all that may go.
    #[serde(default)]
    pub most: Option<Bytes>,
}

/// What Tenfold's files take on the disk.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    /// The journal.
    pub journal: Bytes,
    /// The git directories, with the files of all tasks.
    pub workspaces: Bytes,
    /// Work in progress.
    pub work: Bytes,
    /// Layers that setup commands have made.
    pub setups: Bytes,
    /// What else there is in the data and cache folders, such as what was put away by a restore.
    pub other: Bytes,
    /// The files of models, which are not counted with the rest.
    pub models: Bytes,
}

impl Taken {
    /// All of it but the models.
    pub fn total(&self) -> Bytes {
        self.journal + self.workspaces + self.work + self.setups + self.other
    }
}

/// What was removed to make room, or would be.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomMade {
    /// The tasks whose files went; all of them were reviewed.
    pub tasks: Vec<TaskId>,
    /// How many layers of setup commands went.
    pub setups: u64,
    /// How much less is taken now; where nothing was removed yet, about how much it would be.
    pub freed: Bytes,
    /// What is taken now.
    pub taken: Taken,
    /// What could not be made smaller, and why not, for people.
    pub failed: Vec<String>,
}

//! The columns of the board: where a task stands, as far as it matters to who looks at all of them.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use tenfold_domain::TaskState;
use utoipa::ToSchema;

/// A column of the board.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Column {
    /// Not begun.
    Queued,
    /// At work, paused, or waiting for money.
    Working,
    /// Nothing goes on before a person has said something.
    NeedsYou,
    /// A proposal waits for review.
    ToReview,
    /// Accepted or rejected.
    Done,
}

impl Column {
    /// All of them, from left to right.
    pub const ALL: [Self; 5] =
        [Self::Queued, Self::Working, Self::NeedsYou, Self::ToReview, Self::Done];

    /// As it is written in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Working => "working",
            Self::NeedsYou => "needs-you",
            Self::ToReview => "to-review",
            Self::Done => "done",
        }
    }

    /// The one that a task in this state is in.
    pub const fn of(state: TaskState) -> Self {
        match state {
            TaskState::Queued => Self::Queued,
            TaskState::Working | TaskState::Paused | TaskState::Parked => Self::Working,
            TaskState::NeedsYou => Self::NeedsYou,
            TaskState::ToReview => Self::ToReview,
            TaskState::Accepted | TaskState::Rejected => Self::Done,
        }
    }

    /// The states of the tasks in it.
    pub const fn states(self) -> &'static [TaskState] {
        match self {
            Self::Queued => &[TaskState::Queued],
            Self::Working => &[TaskState::Working, TaskState::Paused, TaskState::Parked],
            Self::NeedsYou => &[TaskState::NeedsYou],
            Self::ToReview => &[TaskState::ToReview],
            Self::Done => &[TaskState::Accepted, TaskState::Rejected],
        }
    }
}

impl FromStr for Column {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|column| column.name() == text).ok_or_else(|| {
            let known = Self::ALL.map(Self::name).join(", ");
            format!("'{text}' is no column: there are {known}")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_is_in_the_column_that_lists_it() {
        for column in Column::ALL {
            for state in column.states() {
                assert_eq!(Column::of(*state), column);
            }
            assert_eq!(column.name().parse(), Ok(column));
            assert_eq!(serde_json::to_value(column).unwrap(), column.name());
        }
        let states: usize = Column::ALL.iter().map(|column| column.states().len()).sum();
        assert_eq!(states, 8);
        assert!("doing".parse::<Column>().unwrap_err().contains("needs-you"));
    }
}

//! People who use the page, what each may do, and what they did.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{AccountId, TaskId, Timestamp};

/// Someone who may sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct PersonId(pub u32);

impl fmt::Display for PersonId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a person may do, each with all before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Access {
    /// Look.
    Viewer,
    /// Judge what was made: accept, reject, take back, comment, answer.
    Reviewer,
    /// Hand out work, steer it, stop it, and say what it may cost.
    Operator,
    /// Decide of people, accounts, models, keys and rules.
    Admin,
}

impl Access {
    /// All of them, the least first.
    pub const ALL: [Self; 4] = [Self::Viewer, Self::Reviewer, Self::Operator, Self::Admin];

    /// As it is written on the command line and in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Reviewer => "reviewer",
            Self::Operator => "operator",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Access {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|access| access.name() == text).ok_or_else(|| {
            let known = Self::ALL.map(Self::name).join(", ");
            format!("'{text}' is no access: there are {known}")
        })
    }
}

/// A passkey of somebody's, as it is kept: what is needed to know it again, and nothing by which
/// anybody could sign in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Passkey {
    /// What its authenticator calls it, in base64url.
    pub id: String,
    /// What its authenticator calls the person, in base64url: drawn with their first one, the same
    /// in all of theirs, and nobody else's.
    pub handle: String,
    /// Its public key, in base64url, as the library writes it that reads it (docs/decisions/0053).
    pub key: String,
    /// What the person calls it.
    pub name: String,
    /// How often its authenticator says that it has signed; 0 if it does not count.
    pub counter: u32,
    /// Whether it may be on several devices, which share it by a service.
    pub is_synced: bool,
    /// Since when it lets them in.
    pub added_at: Timestamp,
    /// Whether there is a copy of it, as its counts have told, so that it lets nobody in.
    #[serde(default)]
    pub is_copied: bool,
}

/// A passkey that was just used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PasskeyUse {
    /// Its [id](Passkey::id).
    pub passkey: String,
    /// How often its authenticator says that it has signed by now.
    pub counter: u32,
}

/// A change of who may sign in. Who is known, and who is signed in, is a fold of these.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum PeopleEvent {
    /// Someone may sign in, once they have a password or are handed a link.
    Added {
        /// Their number.
        person: PersonId,
        /// What they are called; nobody else is.
        name: String,
        /// What they may do.
        access: Access,
        /// Whose tasks and money they see, with all accounts below it.
        account: AccountId,
        /// Who wanted so.
        by: String,
    },
    /// Someone may do something else, or sees something else, from now on.
    Changed {
        /// Who.
        person: PersonId,
        /// What they may do.
        access: Access,
        /// What they see.
        account: AccountId,
        /// Who wanted so.
        by: String,
    },
    /// Someone has a password, in place of the one before. All their sessions have ended by this.
    PasswordSet {
        /// Who.
        person: PersonId,
        /// The password's hash by Argon2id, in the PHC string format.
        hash: String,
        /// Who wanted so.
        by: String,
    },
    /// Someone can sign in by a passkey.
    PasskeyAdded {
        /// Who.
        person: PersonId,
        /// By what.
        passkey: Passkey,
        /// Who wanted so.
        by: String,
    },
    /// A passkey is called otherwise.
    PasskeyRenamed {
        /// Whose.
        person: PersonId,
        /// Its [id](Passkey::id).
        passkey: String,
        /// Its name from now on.
        name: String,
        /// Who wanted so.
        by: String,
    },
    /// A passkey's authenticator has counted no further than when it signed before, so that there
    /// is a copy of it: it lets nobody in any more. The sessions that it opened have ended by this.
    PasskeyCopied {
        /// Whose.
        person: PersonId,
        /// Its [id](Passkey::id).
        passkey: String,
    },
    /// A passkey lets nobody in any more. The sessions that it opened have ended by this.
    PasskeyRemoved {
        /// Whose.
        person: PersonId,
        /// Its [id](Passkey::id).
        passkey: String,
        /// Who wanted so.
        by: String,
    },
    /// Someone keeps a view of the board, in place of theirs of the same name.
    ViewKept {
        /// Who.
        person: PersonId,
        /// The view.
        view: BoardView,
    },
    /// Someone has a view of the board no more.
    ViewForgotten {
        /// Who.
        person: PersonId,
        /// Its name.
        name: String,
    },
    /// Someone may not sign in any more, and is signed out.
    Removed {
        /// Who.
        person: PersonId,
        /// Who wanted so.
        by: String,
    },
    /// Someone signed in.
    SignedIn {
        /// Who.
        person: PersonId,
        /// SHA-256 of the session's secret, in hexadecimal.
        session: String,
        /// Until when that holds.
        until: Timestamp,
        /// The passkey that they showed, if it was one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        passkey: Option<PasskeyUse>,
    },
    /// A session has ended before its time.
    SignedOut {
        /// As [`PeopleEvent::SignedIn`] has it.
        session: String,
    },
}

/// A set of filters of the board, which a person has kept under a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct BoardView {
    /// Its name.
    pub name: String,
    /// The filters, as the query of the board's address has them: `role=fixer&q=even`.
    pub query: String,
}

/// What people want of each other's access.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(tag = "want", rename_all = "kebab-case")]
pub enum PeopleChange {
    /// Someone new.
    Add {
        /// What they are called.
        name: String,
        /// What they may do.
        access: Access,
        /// What they see.
        account: AccountId,
    },
    /// Something else that someone may do, or sees.
    Change {
        /// Who.
        person: PersonId,
        /// What they may do.
        access: Access,
        /// What they see.
        account: AccountId,
    },
    /// A password, in its own words. It is nowhere recorded.
    Password {
        /// Whose.
        person: PersonId,
        /// The password.
        password: String,
    },
    /// Another name for a passkey.
    RenamePasskey {
        /// Whose.
        person: PersonId,
        /// Its [id](Passkey::id).
        passkey: String,
        /// Its name from now on.
        name: String,
    },
    /// A passkey less.
    RemovePasskey {
        /// Whose.
        person: PersonId,
        /// Its [id](Passkey::id).
        passkey: String,
    },
    /// A view of the board, in place of one's own of the same name.
    KeepView {
        /// Whose: one's own.
        person: PersonId,
        /// The view.
        view: BoardView,
    },
    /// A view of the board less.
    ForgetView {
        /// Whose: one's own.
        person: PersonId,
        /// Its name.
        name: String,
    },
    /// Someone less.
    Remove {
        /// Who.
        person: PersonId,
    },
}

/// Something that a person did, or tried to, through the page, its API or the terminal. It is
/// recorded before it is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum DeedEvent {
    /// It was let through; what came of it is what the journal says next of its task.
    Did(Deed),
    /// It was refused: the person may not do such things.
    Refused(Deed),
}

impl DeedEvent {
    /// What was done, or tried.
    pub fn deed(&self) -> &Deed {
        match self {
            Self::Did(deed) | Self::Refused(deed) => deed,
        }
    }
}

/// What a person wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deed {
    /// Who; 0 for programs with a token and for the user of the machine in their terminal.
    pub person: PersonId,
    /// What they were called; in the terminal, what the machine calls its user.
    pub name: String,
    /// The call, as in `POST /api/v1/tasks/3/accept`; in the terminal, `POST /v1/tasks/3/accept`.
    pub call: String,
    /// The task that it was about, if it was about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<TaskId>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_more_comes_after_who_may_less() {
        assert!(Access::ALL.is_sorted());
        assert_eq!("reviewer".parse(), Ok(Access::Reviewer));
        assert!("root".parse::<Access>().unwrap_err().contains("viewer, reviewer"));
    }
}

//! Why something is not done, in words for who wanted it.

use tenfold_domain::{AccountId, PersonId, ProblemKind};

/// Why nothing comes of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Nobody has this number, or they are not the business of who asks.
    #[error("there is no person {0}")]
    NoPerson(PersonId),
    /// Nobody has this name.
    #[error("there is nobody called '{0}'; `tenfold people list` shows who there is")]
    Nobody(String),
    /// A link that was used, is too old, or never was.
    #[error("this link does not let anybody in any more; `tenfold people link` makes a new one")]
    NoLink,
    /// A name that nobody can have.
    #[error("a person can't be called '{name}': {why}")]
    BadName {
        /// The name, without what can't be printed.
        name: String,
        /// Why not.
        why: &'static str,
    },
    /// A password that is none.
    #[error("this is no password: {0}")]
    BadPassword(&'static str),
    /// A passkey that can't be added, or called so.
    #[error("this can't be a passkey of yours: {0}")]
    BadPasskey(&'static str),
    /// A view of the board that can't be kept.
    #[error("this can't be a view of yours: {0}")]
    BadView(&'static str),
    /// Nobody's passkey, or nobody's who may say so.
    #[error("this passkey lets nobody in here: it was removed, or is of another Tenfold")]
    UnknownPasskey,
    /// Its authenticator signed before and has counted no further: there are two of it.
    #[error(
        "there seems to be a copy of the passkey '{0}', so nobody is let in by it: sign in \
         otherwise, remove it under Settings, and add a new one"
    )]
    CopiedPasskey(String),
    /// Nobody would be left to decide of people.
    #[error(
        "'{0}' is the last admin who sees all accounts: make somebody else one first, or nobody \
         could decide of people any more"
    )]
    LastAdmin(String),
    /// Only an admin decides so.
    #[error("only an admin decides of other people")]
    NotAdmin,
    /// An admin of some accounts decides of those only.
    #[error("you do not see account {0}, so you can't let anybody see it")]
    NotYours(AccountId),
    /// The name or the password is wrong. It is not said which.
    #[error("nobody has this name and this password")]
    WrongPassword,
}

impl Refusal {
    /// What kind of trouble it is.
    #[must_use]
    pub fn kind(&self) -> ProblemKind {
        match self {
            Self::NoPerson(_) | Self::Nobody(_) => ProblemKind::NotFound,
            Self::BadName { .. }
            | Self::BadPassword(_)
            | Self::BadPasskey(_)
            | Self::BadView(_) => ProblemKind::Usage,
            Self::LastAdmin(_) => ProblemKind::Conflict,
            Self::NotAdmin
            | Self::NotYours(_)
            | Self::WrongPassword
            | Self::NoLink
            | Self::UnknownPasskey
            | Self::CopiedPasskey(_) => ProblemKind::Refused,
        }
    }
}

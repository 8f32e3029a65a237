//! Who asks, once they have shown who they are: a person by their session, or a program by an
//! access token.
//!
//! A token to ask with is a right to spend from an account, so a program may hand out work there
//! and judge it: it has the access of an operator, for its account and those below. One to look
//! with has that of a viewer. None ever decides of people, accounts, models, keys or rules, whoever
//! it was given to.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use tenfold_domain::{Access, AccountId, PersonId, TokenId};
use tenfold_people::Signed;

use super::Turned;

/// Knows who is signed in. It is asked at each request, so that who is signed out or removed is
/// gone at once: it reads memory, and never waits.
pub trait Who: Send + Sync + 'static {
    /// Who has a session now, by the [hash](tenfold_people::hash) of its secret.
    fn session(&self, hash: &str) -> Option<Signed>;

    /// Whose access token this is, by the same hash of it; nobody's if it has expired, was revoked,
    /// or is for neither asking nor looking.
    fn token(&self, hash: &str) -> Option<Holder>;
}

/// A program, as its access token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The token.
    pub token: TokenId,
    /// What people call it.
    pub label: String,
    /// Whose money it spends.
    pub account: AccountId,
    /// Whether it is for spending that, or to look only.
    pub spends: bool,
}

/// What somebody is known by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum By {
    /// By their session.
    Person(PersonId),
    /// By an access token.
    Token(TokenId),
}

/// Who asks. A handler that takes one is never reached by anybody else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// What they are known by.
    pub by: By,
    /// What they are called; a program, `token 'LABEL'`.
    pub name: String,
    /// What they may do.
    pub access: Access,
    /// What they see, with all below it.
    pub account: AccountId,
    /// Of what they have shown.
    pub(crate) hash: String,
}

impl Caller {
    pub(crate) fn of_session(who: &dyn Who, secret: &str) -> Option<Self> {
        Self::of_session_hash(who, tenfold_people::hash(secret))
    }

    fn of_session_hash(who: &dyn Who, hash: String) -> Option<Self> {
        let Signed { person, name, access, account } = who.session(&hash)?;
        Some(Self { by: By::Person(person), name, access, account, hash })
    }

    pub(crate) fn of_token(who: &dyn Who, secret: &str) -> Option<Self> {
        Self::of_token_hash(who, tenfold_people::hash(secret))
    }

    fn of_token_hash(who: &dyn Who, hash: String) -> Option<Self> {
        let Holder { token, label, account, spends } = who.token(&hash)?;
        let name = format!("token '{label}'");
        let access = if spends { Access::Operator } else { Access::Viewer };
        Some(Self { by: By::Token(token), name, access, account, hash })
    }

    /// Whether they are still who they were, and may and see the same.
    pub(crate) fn is_still(&self, who: &dyn Who) -> bool {
        let hash = self.hash.clone();
        let now = match self.by {
            By::Person(_) => Self::of_session_hash(who, hash),
            By::Token(_) => Self::of_token_hash(who, hash),
        };
        now.as_ref() == Some(self)
    }

    /// The person; of a program nobody, whose number is 0, since people are numbered from one.
    #[must_use]
    pub fn person(&self) -> PersonId {
        match self.by {
            By::Person(person) => person,
            By::Token(_) => PersonId(0),
        }
    }

    /// The hash of their session, to end it; none if they came by a token.
    #[must_use]
    pub fn session(&self) -> Option<&str> {
        matches!(self.by, By::Person(_)).then_some(self.hash.as_str())
    }

    /// Whether they may do what takes this access.
    ///
    /// # Errors
    /// [`Turned`] with 403.
    pub fn needs(&self, access: Access) -> Result<(), Turned> {
        match self.access >= access {
            true => Ok(()),
            false => {
                let what = format!("this is for who is {access}, and you are {}", self.access);
                Err(Turned::forbidden(what).advise("ask an admin to let you"))
            }
        }
    }

    /// Whether they may, and see everything: what concerns all accounts.
    ///
    /// # Errors
    /// [`Turned`] with 403.
    pub fn needs_everything(&self, access: Access) -> Result<(), Turned> {
        self.needs(access)?;
        match self.account == AccountId::DEFAULT {
            true => Ok(()),
            false => Err(Turned::forbidden("this is of all accounts, and you see some")),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Turned;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Turned> {
        parts.extensions.get::<Self>().cloned().ok_or_else(Turned::not_signed_in)
    }
}

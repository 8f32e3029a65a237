//! Signing in and out. Looking at a password is slow, so it is apart from looking at the people:
//! [`Claim::prove`] needs no hold of them.

use sha2::{Digest, Sha256};
use tenfold_domain::{Millis, PasskeyUse, PeopleEvent, PersonId, Timestamp, hex};

use crate::people::People;
use crate::{Refusal, password};

/// How long a session holds, whether it is used or not.
pub const SESSION: Millis = Millis(14 * 24 * 3_600_000);

/// SHA-256 of a session's secret, in hexadecimal: what is kept of it.
pub fn hash(secret: &str) -> String {
    hex(&Sha256::digest(secret.as_bytes()))
}

/// Somebody says who they are. Nothing tells whether there is such a person.
#[derive(Clone)]
pub struct Claim {
    person: Option<PersonId>,
    /// Their password's, or one that nobody's password has.
    hash: String,
}

/// Somebody has shown who they are.
#[derive(Clone)]
pub struct Proof {
    person: PersonId,
    /// What their password was looked at with.
    hash: String,
}

impl Claim {
    /// Looks at the password. It takes some hundredths of a second and 19 MiB, and as much where
    /// nobody has the name.
    ///
    /// # Errors
    /// [`Refusal::WrongPassword`].
    pub fn prove(self, password: &str) -> Result<Proof, Refusal> {
        // No password is so long, whoever's.
        let is_theirs =
            password.len() <= password::BYTES_MAX && password::is_of(password, &self.hash);
        match self.person {
            Some(person) if is_theirs => Ok(Proof { person, hash: self.hash }),
            _ => Err(Refusal::WrongPassword),
        }
    }
}

impl People {
    /// Somebody says that this is their name.
    pub fn claim(&self, name: &str) -> Claim {
        let person = self.named(name);
        let known = person.and_then(|person| self.known.get(&person));
        match known.and_then(|known| known.hash.clone()) {
            Some(hash) => Claim { person, hash },
            None => Claim { person: None, hash: password::DECOY.to_owned() },
        }
    }

    /// Signs in whoever has shown who they are, by a session with this secret.
    ///
    /// # Errors
    /// [`Refusal::WrongPassword`] if they are gone or have another password meanwhile.
    pub fn admit(
        &self,
        proof: &Proof,
        secret: &str,
        now: Timestamp,
    ) -> Result<PeopleEvent, Refusal> {
        let known = self.known.get(&proof.person);
        match known.is_some_and(|known| known.hash.as_deref() == Some(&proof.hash)) {
            true => Ok(signed_in(proof.person, secret, None, now)),
            false => Err(Refusal::WrongPassword),
        }
    }

    /// Signs in somebody of whom the caller knows that it is them: by a link that they were handed,
    /// or because a provider says so.
    ///
    /// # Errors
    /// [`Refusal::NoPerson`].
    pub fn sign_in_as(
        &self,
        person: PersonId,
        secret: &str,
        now: Timestamp,
    ) -> Result<PeopleEvent, Refusal> {
        self.known(person)?;
        Ok(signed_in(person, secret, None, now))
    }

    /// Signs in whoever has a passkey, whose signature the caller has looked at.
    ///
    /// # Errors
    /// [`Refusal::UnknownPasskey`]; [`Refusal::CopiedPasskey`] if there is [a copy of
    /// it](People::copied), or it was known before that there is.
    pub fn sign_in_by_passkey(
        &self,
        used: PasskeyUse,
        secret: &str,
        now: Timestamp,
    ) -> Result<PeopleEvent, Refusal> {
        let (person, kept) = self.passkey(&used.passkey).ok_or(Refusal::UnknownPasskey)?;
        if kept.is_copied || self.copied(&used).is_some() {
            return Err(Refusal::CopiedPasskey(kept.name.clone()));
        }
        Ok(signed_in(person, secret, Some(used), now))
    }

    /// What is to be recorded of a passkey whose authenticator has counted no further since it
    /// signed last, which only a copy of it could have done; `None` if there is none, or that is
    /// recorded already.
    pub fn copied(&self, used: &PasskeyUse) -> Option<PeopleEvent> {
        let (person, kept) = self.passkey(&used.passkey)?;
        let is_new = kept.counter != 0 && used.counter <= kept.counter && !kept.is_copied;
        is_new.then(|| PeopleEvent::PasskeyCopied { person, passkey: used.passkey.clone() })
    }

    /// Ends the session of this [hash]; `None` if there is none.
    pub fn sign_out(&self, hash: &str, now: Timestamp) -> Option<PeopleEvent> {
        self.session(hash, now)?;
        Some(PeopleEvent::SignedOut { session: hash.to_owned() })
    }
}

fn signed_in(
    person: PersonId,
    secret: &str,
    passkey: Option<PasskeyUse>,
    now: Timestamp,
) -> PeopleEvent {
    let until = Timestamp(now.0.saturating_add(SESSION.0));
    PeopleEvent::SignedIn { person, session: hash(secret), until, passkey }
}

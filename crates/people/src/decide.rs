//! What may be decided of people: each looks at them and says which events come of it, or why
//! none does. Nothing here changes anything.

use tenfold_domain::{Access, AccountId, PeopleChange, PeopleEvent, PersonId};

use crate::people::{Known, People, Signed};
use crate::{Refusal, name, passkey, password};

/// What the first person is called.
const FIRST: &str = "owner";

impl People {
    /// Adds the first person, an admin who sees everything; `None` if there is somebody already.
    pub fn begin(&self) -> Option<PeopleEvent> {
        self.known.is_empty().then(|| PeopleEvent::Added {
            person: self.next(),
            name: FIRST.to_owned(),
            access: Access::Admin,
            account: AccountId::DEFAULT,
            by: String::new(),
        })
    }

    /// The events by which what a person wants comes about; none if it is so already. Hashing a
    /// password takes some hundredths of a second. Whether `by` [may](Self::may) want so is asked
    /// apart.
    ///
    /// # Errors
    /// [`Refusal`]: for a bad name or password, for somebody whom there is not, and if nobody
    /// would be left to decide.
    pub fn change(
        &self,
        change: &PeopleChange,
        by: &str,
        salt: [u8; 16],
    ) -> Result<Vec<PeopleEvent>, Refusal> {
        let by = by.to_owned();
        Ok(vec![match change {
            PeopleChange::Add { name, access, account } => {
                self.fits(name)?;
                let (person, name) = (self.next(), name.clone());
                PeopleEvent::Added { person, name, access: *access, account: *account, by }
            }
            PeopleChange::Change { person, access, account } => {
                let known = self.known(*person)?;
                let (person, access, account) = (*person, *access, *account);
                if (known.access, known.account) == (access, account) {
                    return Ok(Vec::new());
                }
                let stays = access == Access::Admin && account == AccountId::DEFAULT;
                self.somebody_decides(person, stays)?;
                PeopleEvent::Changed { person, access, account, by }
            }
            PeopleChange::Password { person, password } => {
                self.known(*person)?;
                let hash = password::hash(password, salt)?;
                PeopleEvent::PasswordSet { person: *person, hash, by }
            }
            PeopleChange::RenamePasskey { person, passkey, name } => {
                let kept = self.passkey_of(*person, passkey)?;
                passkey::fits(name)?;
                if kept.name == *name {
                    return Ok(Vec::new());
                }
                let (passkey, name) = (passkey.clone(), name.clone());
                PeopleEvent::PasskeyRenamed { person: *person, passkey, name, by }
            }
            PeopleChange::RemovePasskey { person, passkey } => {
                self.passkey_of(*person, passkey)?;
                PeopleEvent::PasskeyRemoved { person: *person, passkey: passkey.clone(), by }
            }
            PeopleChange::Remove { person } => {
                self.known(*person)?;
                self.somebody_decides(*person, false)?;
                PeopleEvent::Removed { person: *person, by }
            }
        }])
    }

    /// Whether somebody may want such a change: an admin of the accounts that they see, of which
    /// `holds(theirs, other)` says whether `other` is `theirs` or below it. Their own password is
    /// everybody's to choose, and passkeys are nobody else's business.
    ///
    /// # Errors
    /// [`Refusal::NotAdmin`]; [`Refusal::NotYours`]; [`Refusal::UnknownPasskey`];
    /// [`Refusal::NoPerson`], also of somebody who sees what the one who asks does not.
    pub fn may(
        &self,
        by: &Signed,
        change: &PeopleChange,
        holds: impl Fn(AccountId, AccountId) -> bool,
    ) -> Result<(), Refusal> {
        let (whom, account) = match change {
            PeopleChange::Password { person, .. } if *person == by.person => return Ok(()),
            PeopleChange::RenamePasskey { person, .. }
            | PeopleChange::RemovePasskey { person, .. } => {
                let is_own = *person == by.person;
                return is_own.then_some(()).ok_or(Refusal::UnknownPasskey);
            }
            PeopleChange::Add { account, .. } => (None, Some(*account)),
            PeopleChange::Change { person, account, .. } => (Some(*person), Some(*account)),
            PeopleChange::Password { person, .. } | PeopleChange::Remove { person } => {
                (Some(*person), None)
            }
        };
        if by.access != Access::Admin {
            return Err(Refusal::NotAdmin);
        }
        if let Some(person) = whom
            && !holds(by.account, self.known(person)?.account)
        {
            return Err(Refusal::NoPerson(person));
        }
        match account.filter(|account| !holds(by.account, *account)) {
            Some(account) => Err(Refusal::NotYours(account)),
            None => Ok(()),
        }
    }

    fn next(&self) -> PersonId {
        PersonId(self.last.saturating_add(1))
    }

    pub(crate) fn known(&self, person: PersonId) -> Result<&Known, Refusal> {
        self.known.get(&person).ok_or(Refusal::NoPerson(person))
    }

    fn fits(&self, name: &str) -> Result<(), Refusal> {
        name::fits(name)?;
        match self.named(name) {
            None => Ok(()),
            Some(_) => {
                let why = "somebody is called so already";
                Err(Refusal::BadName { name: name.to_owned(), why })
            }
        }
    }

    /// Whether there is an admin of everything if this one stays one or not.
    fn somebody_decides(&self, person: PersonId, stays: bool) -> Result<(), Refusal> {
        let known = self.known(person)?;
        let mut others = self.known.iter().filter(|(id, _)| **id != person);
        let is_left = stays || others.any(|(_, known)| Self::is_house_admin(known));
        match is_left || !Self::is_house_admin(known) {
            true => Ok(()),
            false => Err(Refusal::LastAdmin(known.name.clone())),
        }
    }
}

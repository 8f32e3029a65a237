//! What may be decided of people: each looks at them and says which events come of it, or why
//! none does. Nothing here changes anything.

use tenfold_domain::{Access, AccountId, PeopleChange, PeopleEvent, PersonId};

use crate::people::{Known, People, Signed};
use crate::{Refusal, name, passkey, password};

/// What the first person is called.
const FIRST: &str = "owner";

/// Who wants a change.
#[derive(Debug, Clone, Copy)]
pub enum By<'a> {
    /// Somebody who is signed in.
    Person(&'a Signed),
    /// The user of the machine, by what it calls them: no person, even of the same name.
    Machine(&'a str),
}

impl By<'_> {
    fn name(self) -> String {
        match self {
            Self::Person(signed) => signed.name.clone(),
            Self::Machine(name) => name.to_owned(),
        }
    }

    fn is(self, person: PersonId) -> bool {
        matches!(self, Self::Person(signed) if signed.person == person)
    }
}

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
    /// password takes some hundredths of a second. A password that somebody else chose for a person
    /// takes the place of their passkeys, too: it is how an account is had back that a thief has put
    /// a passkey of their own to. Whether `by` [may](Self::may) want so is asked apart.
    ///
    /// # Errors
    /// [`Refusal`]: for a bad name or password, for somebody whom there is not, and if nobody
    /// would be left to decide.
    pub fn change(
        &self,
        change: &PeopleChange,
        by: By<'_>,
        salt: [u8; 16],
    ) -> Result<Vec<PeopleEvent>, Refusal> {
        let (who, by) = (by, by.name());
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
            PeopleChange::Password { person, password } => {
                return self.password(*person, password, who, salt);
            }
            PeopleChange::KeepView { person, view } => {
                return Ok(self.keep_view(*person, view)?.into_iter().collect());
            }
            PeopleChange::ForgetView { person, name } => {
                return Ok(self.forget_view(*person, name)?.into_iter().collect());
            }
            PeopleChange::Remove { person } => {
                self.known(*person)?;
                self.somebody_decides(*person, false)?;
                PeopleEvent::Removed { person: *person, by }
            }
        }])
    }

    fn password(
        &self,
        person: PersonId,
        password: &str,
        by: By<'_>,
        salt: [u8; 16],
    ) -> Result<Vec<PeopleEvent>, Refusal> {
        let known = self.known(person)?;
        let hash = password::hash(password, salt)?;
        let passkeys = known.passkeys.iter().filter(|_| !by.is(person));
        let removed = passkeys.map(|kept| {
            let (passkey, by) = (kept.id.clone(), by.name());
            PeopleEvent::PasskeyRemoved { person, passkey, by }
        });
        let set = PeopleEvent::PasswordSet { person, hash, by: by.name() };
        Ok(removed.chain([set]).collect())
    }

    /// Whether somebody may want such a change: an admin of the accounts that they see, of which
    /// `holds(theirs, other)` says whether `other` is `theirs` or below it. Their own password is
    /// everybody's to choose, and so are their own passkeys, which an admin may remove, and only
    /// that; views of the board are their owner's alone.
    ///
    /// # Errors
    /// [`Refusal::NotAdmin`]; [`Refusal::NotYours`]; [`Refusal::UnknownPasskey`];
    /// [`Refusal::BadView`];
    /// [`Refusal::NoPerson`], also of somebody who sees what the one who asks does not.
    pub fn may(
        &self,
        by: &Signed,
        change: &PeopleChange,
        holds: impl Fn(AccountId, AccountId) -> bool,
    ) -> Result<(), Refusal> {
        let (whom, account) = match change {
            PeopleChange::Password { person, .. } if *person == by.person => return Ok(()),
            PeopleChange::RemovePasskey { person, .. } if *person == by.person => return Ok(()),
            PeopleChange::RenamePasskey { person, .. } => {
                let is_own = *person == by.person;
                return is_own.then_some(()).ok_or(Refusal::UnknownPasskey);
            }
            PeopleChange::KeepView { person, .. } | PeopleChange::ForgetView { person, .. } => {
                let is_own = *person == by.person;
                return is_own.then_some(()).ok_or(Refusal::BadView("it is somebody else's"));
            }
            PeopleChange::Add { account, .. } => (None, Some(*account)),
            PeopleChange::Change { person, account, .. } => (Some(*person), Some(*account)),
            PeopleChange::Password { person, .. }
            | PeopleChange::RemovePasskey { person, .. }
            | PeopleChange::Remove { person } => (Some(*person), None),
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

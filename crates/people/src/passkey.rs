//! Passkeys: what is kept of them, and by what name. Whether a signature is one of theirs is looked
//! at by who speaks to browsers; here it is known whose they are.

use tenfold_domain::{Passkey, PeopleEvent, PersonId};

use crate::people::People;
use crate::{Refusal, name};

/// The most passkeys of one person.
const PASSKEYS_MAX: usize = 32;

/// Whether a passkey can be called so.
///
/// # Errors
/// [`Refusal::BadPasskey`].
pub(crate) fn fits(text: &str) -> Result<(), Refusal> {
    match name::wrong(text) {
        None => Ok(()),
        Some(why) => Err(Refusal::BadPasskey(why)),
    }
}

impl People {
    /// The passkeys of somebody, in the order in which they were added.
    pub fn passkeys(&self, person: PersonId) -> &[Passkey] {
        self.known.get(&person).map_or(&[], |known| &known.passkeys)
    }

    /// Whose passkey has this [id](Passkey::id), and what is kept of it.
    pub fn passkey(&self, id: &str) -> Option<(PersonId, &Passkey)> {
        let all = self.known.iter();
        let mut all =
            all.flat_map(|(person, known)| known.passkeys.iter().map(|one| (*person, one)));
        all.find(|(_, kept)| kept.id == id)
    }

    /// Lets somebody in by a passkey from now on, which the caller has looked at.
    ///
    /// # Errors
    /// [`Refusal::NoPerson`]; [`Refusal::BadPasskey`] for its name, if it is somebody's already, if
    /// it calls the person otherwise than the ones before, and if there are too many.
    pub fn add_passkey(
        &self,
        person: PersonId,
        passkey: Passkey,
        by: &str,
    ) -> Result<PeopleEvent, Refusal> {
        let known = self.known(person)?;
        fits(&passkey.name)?;
        if self.passkey(&passkey.id).is_some() {
            return Err(Refusal::BadPasskey("it is somebody's already"));
        }
        if known.passkeys.len() >= PASSKEYS_MAX {
            return Err(Refusal::BadPasskey("you have 32 already, so remove one first"));
        }
        let others = self.known.iter().filter(|(whose, _)| **whose != person);
        let mut others = others.flat_map(|(_, known)| &known.passkeys);
        if known.passkeys.iter().any(|kept| kept.handle != passkey.handle)
            || others.any(|kept| kept.handle == passkey.handle)
        {
            return Err(Refusal::BadPasskey("another was added meanwhile, so try once more"));
        }
        Ok(PeopleEvent::PasskeyAdded { person, passkey, by: by.to_owned() })
    }

    pub(crate) fn passkey_of(&self, person: PersonId, id: &str) -> Result<&Passkey, Refusal> {
        let kept = self.passkey(id).filter(|(whose, _)| *whose == person);
        kept.map(|(_, kept)| kept).ok_or(Refusal::UnknownPasskey)
    }
}

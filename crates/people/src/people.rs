//! Who there is and who is signed in, and what an event changes of that. Apart from what is
//! decided; it never fails and never forgets that a number was given.

use std::collections::{BTreeMap, HashMap};

use tenfold_domain::{Access, AccountId, BoardView, Passkey, PeopleEvent, PersonId, Timestamp};

use crate::name;
use crate::sign_in::SESSION;

/// The most sessions of one person: with another, the one that ends first is ended.
const SESSIONS_MAX: usize = 64;

/// Everybody who may sign in, and every session.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct People {
    pub(crate) known: BTreeMap<PersonId, Known>,
    /// By the hash of the session's secret.
    sessions: HashMap<String, Session>,
    /// The last number that was given to somebody, who may be gone.
    pub(crate) last: u32,
}

/// What is known of somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) name: String,
    pub(crate) access: Access,
    pub(crate) account: AccountId,
    /// Their password's, if they have one.
    pub(crate) hash: Option<String>,
    /// In the order in which they were added.
    pub(crate) passkeys: Vec<Passkey>,
    /// The views of the board that they keep, in the order in which they were kept first.
    pub(crate) views: Vec<BoardView>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Session {
    person: PersonId,
    until: Timestamp,
    /// What opened it, if it was a passkey.
    passkey: Option<String>,
}

/// Somebody who may sign in, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Their number.
    pub person: PersonId,
    /// What they are called.
    pub name: String,
    /// What they may do.
    pub access: Access,
    /// What they see, with all below it.
    pub account: AccountId,
    /// Whether they can sign in by a password.
    pub has_password: bool,
    /// By how many passkeys they can.
    pub passkeys: usize,
}

/// Somebody who is signed in, as they are now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// Their number.
    pub person: PersonId,
    /// What they are called.
    pub name: String,
    /// What they may do.
    pub access: Access,
    /// What they see, with all below it.
    pub account: AccountId,
}

impl People {
    /// The people after these events, in their order.
    pub fn replay<'a>(events: impl IntoIterator<Item = &'a PeopleEvent>) -> Self {
        let mut people = Self::default();
        for event in events {
            people.evolve(event);
        }
        people
    }

    /// Changes the people by what was recorded. It never fails: what was recorded has happened.
    /// An event of somebody whom there is not changes nothing.
    pub fn evolve(&mut self, event: &PeopleEvent) {
        match event {
            PeopleEvent::Added { person, name, access, account, .. } => {
                let (name, access, account) = (name.clone(), *access, *account);
                let (hash, passkeys, views) = (None, Vec::new(), Vec::new());
                self.known.insert(*person, Known { name, access, account, hash, passkeys, views });
                self.last = self.last.max(person.0);
            }
            PeopleEvent::Changed { person, access, account, .. } => {
                if let Some(known) = self.known.get_mut(person) {
                    (known.access, known.account) = (*access, *account);
                }
            }
            PeopleEvent::PasswordSet { person, hash, .. } => {
                if let Some(known) = self.known.get_mut(person) {
                    known.hash = Some(hash.clone());
                    self.sign_out_everywhere(*person);
                }
            }
            PeopleEvent::PasskeyAdded { person, passkey, .. } => {
                if let Some(known) = self.known.get_mut(person) {
                    known.passkeys.push(passkey.clone());
                }
            }
            PeopleEvent::PasskeyRenamed { passkey, name, .. } => {
                if let Some(kept) = self.passkey_mut(passkey) {
                    kept.name.clone_from(name);
                }
            }
            PeopleEvent::PasskeyCopied { passkey, .. } => {
                if let Some(kept) = self.passkey_mut(passkey) {
                    kept.is_copied = true;
                    self.sessions.retain(|_, one| one.passkey.as_ref() != Some(passkey));
                }
            }
            PeopleEvent::PasskeyRemoved { person, passkey, .. } => {
                if let Some(known) = self.known.get_mut(person) {
                    known.passkeys.retain(|kept| kept.id != *passkey);
                    self.sessions.retain(|_, one| one.passkey.as_ref() != Some(passkey));
                }
            }
            PeopleEvent::ViewKept { person, view } => self.view_kept(*person, view),
            PeopleEvent::ViewForgotten { person, name } => self.view_forgotten(*person, name),
            PeopleEvent::Removed { person, .. } => {
                self.known.remove(person);
                self.sign_out_everywhere(*person);
            }
            PeopleEvent::SignedIn { person, session, until, passkey } => {
                if let Some(used) = passkey
                    && let Some(kept) = self.passkey_mut(&used.passkey)
                {
                    kept.counter = used.counter;
                }
                let opened_by = passkey.as_ref().map(|used| used.passkey.clone());
                let session_of = Session { person: *person, until: *until, passkey: opened_by };
                self.signed_in(session, session_of);
            }
            PeopleEvent::SignedOut { session } => {
                self.sessions.remove(session);
            }
        }
    }

    /// A session began its whole time before it ends. What had ended by then is forgotten, so
    /// that old sessions do not pile up.
    fn signed_in(&mut self, hash: &str, session: Session) {
        let Session { person, until, .. } = session;
        if !self.known.contains_key(&person) {
            return;
        }
        let began = Timestamp(until.0.saturating_sub(SESSION.0));
        self.sessions.retain(|_, session| session.until > began);
        let theirs = |(_, session): &(&String, &Session)| session.person == person;
        if self.sessions.iter().filter(theirs).count() >= SESSIONS_MAX {
            let first = self.sessions.iter().filter(theirs);
            let first = first.min_by_key(|(hash, session)| (session.until, hash.as_str()));
            if let Some(first) = first.map(|(hash, _)| hash.clone()) {
                self.sessions.remove(&first);
            }
        }
        self.sessions.insert(hash.to_owned(), session);
    }

    fn passkey_mut(&mut self, id: &str) -> Option<&mut Passkey> {
        self.known.values_mut().flat_map(|known| &mut known.passkeys).find(|kept| kept.id == id)
    }

    fn sign_out_everywhere(&mut self, person: PersonId) {
        self.sessions.retain(|_, session| session.person != person);
    }

    /// Who has the session of this [hash](crate::hash) now, with what they may do now.
    pub fn session(&self, hash: &str, now: Timestamp) -> Option<Signed> {
        let session = self.sessions.get(hash).filter(|session| now < session.until)?;
        let Known { name, access, account, .. } = self.known.get(&session.person)?;
        let (person, name) = (session.person, name.clone());
        Some(Signed { person, name, access: *access, account: *account })
    }

    /// Everybody, by their numbers.
    pub fn all(&self) -> impl Iterator<Item = Person> {
        self.known.iter().map(|(person, known)| Person {
            person: *person,
            name: known.name.clone(),
            access: known.access,
            account: known.account,
            has_password: known.hash.is_some(),
            passkeys: known.passkeys.len(),
        })
    }

    /// The one with this name, however it is capitalised.
    pub fn named(&self, name: &str) -> Option<PersonId> {
        let key = name::key(name);
        self.known.iter().find(|(_, known)| name::key(&known.name) == key).map(|(id, _)| *id)
    }

    /// Whoever may decide of everything and everybody.
    pub(crate) fn is_house_admin(known: &Known) -> bool {
        known.access == Access::Admin && known.account == AccountId::DEFAULT
    }
}

//! Who may sign in, as this engine keeps it: what people decide of each other is recorded here,
//! and who comes in, and what they do. The rules are in `crates/people`.
//!
//! Whoever looks never waits for whoever decides: decisions are made one after another, and what
//! is seen is as it was after the last one that is on the disk.

use std::collections::HashMap;
use std::sync::{Arc, MutexGuard, OnceLock, PoisonError, RwLock};

use tenfold_domain::{
    Access, AccountId, Deed, DeedEvent, Fact, Millis, Passkey, PasskeyUse, PeopleChange,
    PeopleEvent, PersonId, Timestamp, hex,
};
use tenfold_people::{By, People, Refusal, Signed, hash};
use tenfold_store::{About, View};
use tokio::sync::Mutex;

use crate::EngineError;
use crate::engine::{Engine, blocking};

/// How long a link lets somebody in.
const LINK: Millis = Millis(10 * 60_000);
/// Links that are open at the same time; with another, the oldest ends.
const LINKS_MAX: usize = 100;

/// Who may sign in.
#[derive(Debug, Default)]
pub(crate) struct Register {
    /// As they are after all that was recorded; none until somebody asked.
    known: RwLock<Option<Arc<People>>>,
    /// Held by whoever decides.
    deciding: Mutex<()>,
    /// By the hash of its secret, whom a link lets in and until when. Nobody but this process
    /// knows of them.
    links: std::sync::Mutex<HashMap<String, (PersonId, Timestamp)>>,
    page: OnceLock<String>,
}

/// What lets somebody in, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The secret, which is said to them alone.
    pub secret: String,
    /// Whom.
    pub name: String,
    /// Until when.
    pub until: Timestamp,
}

impl Engine {
    /// Where the page of this engine is, once it has one.
    pub fn page(&self) -> Option<&str> {
        self.register.page.get().map(String::as_str)
    }

    /// Lets it be known where the page is. What was said first holds.
    pub fn page_is_at(&self, address: String) {
        let _ = self.register.page.set(address);
    }

    /// The people after all that was recorded.
    ///
    /// # Errors
    /// What the store says.
    pub async fn people(&self) -> Result<Arc<People>, EngineError> {
        if let Some(known) = self.known_people() {
            return Ok(known);
        }
        let _deciding = self.register.deciding.lock().await;
        self.read_people().await
    }

    /// As [`Engine::people`] while deciding is held.
    async fn read_people(&self) -> Result<Arc<People>, EngineError> {
        if let Some(known) = self.known_people() {
            return Ok(known);
        }
        let store = Arc::clone(&self.store);
        let people = Arc::new(blocking(move || people(&store.view()?)).await?);
        self.keep_people(Arc::clone(&people));
        Ok(people)
    }

    fn known_people(&self) -> Option<Arc<People>> {
        self.register.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The links that are open.
    fn links(&self) -> MutexGuard<'_, HashMap<String, (PersonId, Timestamp)>> {
        self.register.links.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep_people(&self, people: Arc<People>) {
        *self.register.known.write().unwrap_or_else(PoisonError::into_inner) = Some(people);
    }

    /// Records what is decided of the people as they are, with other facts of the same moment;
    /// returns what was decided. It comes to its end though whoever asked has gone: what is seen
    /// may not be older than the journal.
    async fn decide_of_people(
        self: &Arc<Self>,
        also: Vec<Fact>,
        decide: impl FnOnce(&People, Timestamp) -> Result<Vec<PeopleEvent>, Refusal> + Send + 'static,
    ) -> Result<Vec<PeopleEvent>, EngineError> {
        let engine = Arc::clone(self);
        let deciding = tokio::spawn(async move { engine.decided_of_people(also, decide).await });
        deciding.await.map_err(|why| EngineError::io("deciding", std::io::Error::other(why)))?
    }

    async fn decided_of_people(
        &self,
        also: Vec<Fact>,
        decide: impl FnOnce(&People, Timestamp) -> Result<Vec<PeopleEvent>, Refusal> + Send + 'static,
    ) -> Result<Vec<PeopleEvent>, EngineError> {
        let _deciding = self.register.deciding.lock().await;
        let (people, now) = (self.read_people().await?, self.around.now());
        let seen = Arc::clone(&people);
        // Hashing a password takes a while.
        let events = blocking(move || decide(&seen, now)).await?;
        let decided = events.iter().map(|event| Fact::People { event: event.clone() });
        self.store.append_async(also.into_iter().chain(decided).collect()).await?;
        let mut people = Arc::unwrap_or_clone(people);
        for event in &events {
            people.evolve(event);
            if let PeopleEvent::Removed { person, .. } | PeopleEvent::PasswordSet { person, .. } =
                event
            {
                self.links().retain(|_, (whom, _)| whom != person);
            }
        }
        self.keep_people(Arc::new(people));
        Ok(events)
    }

    /// Changes who may sign in, as `by` wants; returns what was recorded. Nobody is asked whether
    /// they may want so.
    ///
    /// # Errors
    /// [`EngineError::People`] says why not; what the store says.
    pub async fn change_people(
        self: &Arc<Self>,
        change: PeopleChange,
        by: String,
    ) -> Result<Vec<PeopleEvent>, EngineError> {
        let salt = random()?;
        self.decide_of_people(Vec::new(), move |people, _| {
            people.change(&change, By::Machine(&by), salt)
        })
        .await
    }

    /// The same for somebody who is signed in, if they may want so. Either way their deed is
    /// recorded.
    ///
    /// # Errors
    /// As for [`Engine::change_people`].
    pub async fn change_people_as(
        self: &Arc<Self>,
        signed: Signed,
        change: PeopleChange,
        deed: Deed,
    ) -> Result<Vec<PeopleEvent>, EngineError> {
        let salt = random()?;
        let tree = |sheet: &tenfold_store::Sheet| {
            let ledger = sheet.ledger();
            let below = ledger.accounts().filter(|one| ledger.path(*one).contains(&signed.account));
            below.collect::<Vec<AccountId>>()
        };
        let theirs = self.books.look(tree).await?;
        let did = Fact::Deed { event: DeedEvent::Did(deed.clone()) };
        let decided = self.decide_of_people(vec![did], move |people, _| {
            let holds = |top, other| top == signed.account && theirs.contains(&other);
            people.may(&signed, &change, holds)?;
            people.change(&change, By::Person(&signed), salt)
        });
        let decided = decided.await;
        if matches!(decided, Err(EngineError::People(_))) {
            self.record_deeds(vec![DeedEvent::Refused(deed)]).await?;
        }
        decided
    }

    /// Makes a link that lets somebody in once, within ten minutes; without a name the first
    /// person, whom there is from then on.
    ///
    /// # Errors
    /// [`EngineError::People`] if there is nobody of that name; what the store says.
    pub async fn make_link(self: &Arc<Self>, name: Option<String>) -> Result<Link, EngineError> {
        if self.people().await?.all().next().is_none() {
            self.decide_of_people(Vec::new(), |people, _| Ok(people.begin().into_iter().collect()))
                .await?;
        }
        let people = self.people().await?;
        let mut all = people.all();
        let found = match &name {
            Some(name) => {
                let id = people.named(name).ok_or_else(|| Refusal::Nobody(name.clone()))?;
                all.find(|person| person.person == id)
            }
            None => all.find(|person| {
                person.account == AccountId::DEFAULT && person.access == Access::Admin
            }),
        };
        let person = found.ok_or_else(|| Refusal::Nobody(name.unwrap_or_default()))?;
        let secret = secret()?;
        let now = self.around.now();
        let until = Timestamp(now.0.saturating_add(LINK.0));
        let mut links = self.links();
        links.retain(|_, (_, until)| now < *until);
        if links.len() >= LINKS_MAX
            && let Some(oldest) =
                links.iter().min_by_key(|(_, (_, until))| *until).map(|(hash, _)| hash.clone())
        {
            links.remove(&oldest);
        }
        links.insert(hash(&secret), (person.person, until));
        Ok(Link { secret, name: person.name, until })
    }

    /// Signs in whoever has the secret of a link, which is used up by that; returns the secret of
    /// the session.
    ///
    /// # Errors
    /// [`EngineError::People`] if there is no such link any more; what the store says.
    pub async fn sign_in_by_link(self: &Arc<Self>, link: &str) -> Result<String, EngineError> {
        let key = hash(link);
        let used = self.links().remove(&key);
        let now = self.around.now();
        let (person, _) = used.filter(|(_, until)| now < *until).ok_or(Refusal::NoLink)?;
        self.sign_in_as(person).await
    }

    /// Signs in somebody of whom the caller knows that it is them; returns the secret of the
    /// session.
    ///
    /// # Errors
    /// [`EngineError::People`] if they may not sign in any more; what the store says.
    pub async fn sign_in_as(self: &Arc<Self>, person: PersonId) -> Result<String, EngineError> {
        self.open_session(move |people, secret, now| people.sign_in_as(person, secret, now)).await
    }

    /// Signs in whoever has a passkey, whose signature the caller has looked at; returns the secret
    /// of the session. If there is a copy of it, that is recorded, so that it lets nobody in any
    /// more, and that its person was refused this `call`.
    ///
    /// # Errors
    /// [`EngineError::People`] if nobody is let in by it; what the store says.
    pub async fn sign_in_by_passkey(
        self: &Arc<Self>,
        used: PasskeyUse,
        call: String,
    ) -> Result<String, EngineError> {
        let by = used.clone();
        let signing = self
            .open_session(move |people, secret, now| people.sign_in_by_passkey(by, secret, now));
        let signed = signing.await;
        if let Err(EngineError::People(Refusal::CopiedPasskey(_))) = &signed {
            self.note_copy(used, call).await?;
        }
        signed
    }

    async fn note_copy(
        self: &Arc<Self>,
        used: PasskeyUse,
        call: String,
    ) -> Result<(), EngineError> {
        let people = self.people().await?;
        let whose = people.passkey(&used.passkey).map(|(person, _)| person);
        let known = people.all().find(|one| Some(one.person) == whose);
        let refused = known.map(|known| {
            let deed = Deed { person: known.person, name: known.name, call, task: None };
            Fact::Deed { event: DeedEvent::Refused(deed) }
        });
        let decide =
            move |people: &People, _: Timestamp| Ok(people.copied(&used).into_iter().collect());
        self.decide_of_people(refused.into_iter().collect(), decide).await?;
        Ok(())
    }

    /// Opens a session, and returns its secret.
    async fn open_session(
        self: &Arc<Self>,
        decide: impl FnOnce(&People, &str, Timestamp) -> Result<PeopleEvent, Refusal> + Send + 'static,
    ) -> Result<String, EngineError> {
        let session = secret()?;
        let told = session.clone();
        let decide = move |people: &People, now| Ok(vec![decide(people, &told, now)?]);
        self.decide_of_people(Vec::new(), decide).await?;
        Ok(session)
    }

    /// Lets whoever does this deed in by a passkey from now on, which the caller has looked at.
    ///
    /// # Errors
    /// [`EngineError::People`] says why not; what the store says.
    pub async fn add_passkey(
        self: &Arc<Self>,
        passkey: Passkey,
        deed: Deed,
    ) -> Result<(), EngineError> {
        let did = Fact::Deed { event: DeedEvent::Did(deed.clone()) };
        self.decide_of_people(vec![did], move |people, _| {
            Ok(vec![people.add_passkey(deed.person, passkey, &deed.name)?])
        })
        .await?;
        Ok(())
    }

    /// Signs in whoever has a name and its password; returns the secret of the session.
    ///
    /// # Errors
    /// [`EngineError::People`] if they have not; what the store says.
    pub async fn sign_in(
        self: &Arc<Self>,
        name: String,
        password: String,
    ) -> Result<String, EngineError> {
        let claim = self.people().await?.claim(&name);
        // It is slow, so that nobody waits for it who decides something.
        let proof = blocking(move || claim.prove(&password)).await?;
        self.open_session(move |people, secret, now| people.admit(&proof, secret, now)).await
    }

    /// Ends the session with this hash of its secret.
    ///
    /// # Errors
    /// What the store says.
    pub async fn sign_out(self: &Arc<Self>, hash: &str) -> Result<(), EngineError> {
        let key = hash.to_owned();
        self.decide_of_people(Vec::new(), move |people, now| {
            Ok(people.sign_out(&key, now).into_iter().collect())
        })
        .await?;
        Ok(())
    }

    /// Who has the session with this hash of its secret now; nobody before somebody has asked for
    /// the [people](Engine::people). Never waits.
    pub fn session(&self, hash: &str) -> Option<Signed> {
        self.known_people()?.session(hash, self.around.now())
    }

    /// Records what people are about to do, or were refused.
    ///
    /// # Errors
    /// What the store says; then it is not to be done.
    pub async fn record_deeds(&self, deeds: Vec<DeedEvent>) -> Result<(), EngineError> {
        let facts = deeds.into_iter().map(|event| Fact::Deed { event });
        self.store.append_async(facts.collect()).await?;
        Ok(())
    }
}

/// The people as the journal knows them.
///
/// # Errors
/// What the store says.
pub fn people(view: &View) -> Result<People, EngineError> {
    let mut people = People::default();
    for event in view.each_event(About::People.into()) {
        if let Fact::People { event } = event?.fact {
            people.evolve(&event);
        }
    }
    Ok(people)
}

/// A secret that nobody guesses.
fn secret() -> Result<String, EngineError> {
    let bytes: [u8; 32] = random()?;
    Ok(hex(&bytes))
}

fn random<const N: usize>() -> Result<[u8; N], EngineError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)
        .map_err(|why| EngineError::io("drawing a secret", std::io::Error::other(why)))?;
    Ok(bytes)
}

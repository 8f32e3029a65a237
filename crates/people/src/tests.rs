//! What is promised of people, whatever is done in whatever order.

use std::collections::HashSet;

use proptest::prelude::*;
use tenfold_domain::{
    Access, AccountId, BoardView, Passkey, PasskeyUse, PeopleChange, PeopleEvent, PersonId,
    Timestamp,
};

use super::*;

const NOW: Timestamp = Timestamp(1_800_000_000_000);
const SALT: [u8; 16] = [3; 16];
const OWNER: PersonId = PersonId(1);
const TEAM: AccountId = AccountId(2);
const PASSWORD: &str = "a quiet morning";

fn begun() -> People {
    People::replay(&People::default().begin())
}

fn decide(people: &mut People, change: PeopleChange) -> Result<(), Refusal> {
    people
        .change(&change, By::Machine("owner"), SALT)?
        .iter()
        .for_each(|event| people.evolve(event));
    Ok(())
}

fn add(people: &mut People, name: &str, access: Access, account: AccountId) -> PersonId {
    decide(people, PeopleChange::Add { name: name.to_owned(), access, account }).unwrap();
    people.named(name).unwrap()
}

fn set_password(people: &mut People, person: PersonId, password: &str) {
    decide(people, PeopleChange::Password { person, password: password.to_owned() }).unwrap();
}

/// All of it at once: whose name this is, the password, and a session with this secret.
fn sign_in(
    people: &People,
    name: &str,
    password: &str,
    secret: &str,
    now: Timestamp,
) -> Result<PeopleEvent, Refusal> {
    people.admit(&people.claim(name).prove(password)?, secret, now)
}

#[test]
fn the_first_person_may_everything_and_begins_once() {
    let people = begun();
    let all: Vec<_> = people.all().collect();
    let [Person { person, name, access, account, has_password, passkeys }] = &all[..] else {
        panic!()
    };
    assert_eq!((*person, name.as_str()), (OWNER, "owner"));
    assert_eq!((*has_password, *passkeys), (false, 0));
    assert_eq!((*access, *account), (Access::Admin, AccountId::DEFAULT));
    assert_eq!(people.begin(), None);
}

#[test]
fn who_has_the_password_is_signed_in_until_the_session_ends() {
    let mut people = begun();
    assert_eq!(sign_in(&people, "owner", PASSWORD, "s", NOW), Err(Refusal::WrongPassword));
    set_password(&mut people, OWNER, PASSWORD);
    assert_eq!(sign_in(&people, "owner", "a quiet evening", "s", NOW), Err(Refusal::WrongPassword));
    assert_eq!(sign_in(&people, "nobody", PASSWORD, "s", NOW), Err(Refusal::WrongPassword));

    let event = sign_in(&people, "Owner", PASSWORD, "s", NOW).unwrap();
    let PeopleEvent::SignedIn { session, until, .. } = &event else { panic!("{event:?}") };
    assert_eq!(session.len(), 64);
    people.evolve(&event);
    let signed = people.session(&hash("s"), NOW).unwrap();
    assert_eq!((signed.person, signed.access), (OWNER, Access::Admin));
    assert!(people.session("s", NOW).is_none(), "the hash is looked up, not the secret");
    assert!(people.session(&hash("s"), Timestamp(until.0 - 1)).is_some());
    assert!(people.session(&hash("s"), *until).is_none());
}

#[test]
fn the_words_of_a_password_are_in_no_event() {
    let people = begun();
    let change = PeopleChange::Password { person: OWNER, password: PASSWORD.to_owned() };
    let events = people.change(&change, By::Machine("owner"), SALT).unwrap();
    assert!(!format!("{events:?}").contains(PASSWORD));
}

#[test]
fn a_password_that_changed_while_it_was_looked_at_signs_nobody_in() {
    let mut people = begun();
    set_password(&mut people, OWNER, PASSWORD);
    let proof = people.claim("owner").prove(PASSWORD).unwrap();
    let salt = [9; 16];
    let change = PeopleChange::Password { person: OWNER, password: PASSWORD.to_owned() };
    let events = people.change(&change, By::Machine("owner"), salt).unwrap();
    events.iter().for_each(|event| people.evolve(event));
    assert_eq!(people.admit(&proof, "s", NOW), Err(Refusal::WrongPassword));
}

#[test]
fn a_new_password_and_a_removal_end_sessions_and_signing_out_ends_one() {
    let mut people = begun();
    let ada = add(&mut people, "ada", Access::Viewer, TEAM);
    for secret in ["one", "two"] {
        let event = people.sign_in_as(ada, secret, NOW).unwrap();
        people.evolve(&event);
    }
    let event = people.sign_out(&hash("one"), NOW).unwrap();
    people.evolve(&event);
    assert!(people.session(&hash("one"), NOW).is_none());
    assert_eq!(people.sign_out(&hash("one"), NOW), None);
    assert!(people.session(&hash("two"), NOW).is_some());
    set_password(&mut people, ada, PASSWORD);
    assert!(people.session(&hash("two"), NOW).is_none());

    let event = sign_in(&people, "ada", PASSWORD, "three", NOW).unwrap();
    people.evolve(&event);
    decide(&mut people, PeopleChange::Remove { person: ada }).unwrap();
    assert!(people.session(&hash("three"), NOW).is_none());
    assert_eq!(sign_in(&people, "ada", PASSWORD, "four", NOW), Err(Refusal::WrongPassword));
    assert_eq!(people.sign_in_as(ada, "four", NOW), Err(Refusal::NoPerson(ada)));
    let again = add(&mut people, "ada", Access::Viewer, TEAM);
    assert_ne!(again, ada, "a number is given once");
}

#[test]
fn what_somebody_may_changes_within_their_session() {
    let mut people = begun();
    let ada = add(&mut people, "ada", Access::Operator, TEAM);
    let event = people.sign_in_as(ada, "s", NOW).unwrap();
    people.evolve(&event);
    let change = PeopleChange::Change { person: ada, access: Access::Viewer, account: TEAM };
    decide(&mut people, change.clone()).unwrap();
    assert_eq!(people.session(&hash("s"), NOW).unwrap().access, Access::Viewer);
    assert_eq!(
        people.change(&change, By::Machine("owner"), SALT),
        Ok(Vec::new()),
        "it is so already"
    );
}

#[test]
fn no_two_people_are_called_the_same() {
    let mut people = begun();
    for name in ["owner", "OWNER", "own\u{200b}er", ""] {
        let add = PeopleChange::Add {
            name: name.to_owned(),
            access: Access::Viewer,
            account: AccountId::DEFAULT,
        };
        assert!(matches!(decide(&mut people, add), Err(Refusal::BadName { .. })), "{name}");
    }
}

#[test]
fn the_last_who_decides_of_everything_stays() {
    let mut people = begun();
    add(&mut people, "ada", Access::Admin, TEAM);
    let last = Err(Refusal::LastAdmin("owner".to_owned()));
    let demote = PeopleChange::Change {
        person: OWNER,
        access: Access::Operator,
        account: AccountId::DEFAULT,
    };
    let move_down = PeopleChange::Change { person: OWNER, access: Access::Admin, account: TEAM };
    let remove = PeopleChange::Remove { person: OWNER };
    for change in [&demote, &move_down, &remove] {
        assert_eq!(decide(&mut people, change.clone()), last);
    }
    add(&mut people, "bea", Access::Admin, AccountId::DEFAULT);
    decide(&mut people, remove).unwrap();
}

#[test]
fn an_admin_of_a_team_decides_of_that_team_only() {
    let mut people = begun();
    let ada = add(&mut people, "ada", Access::Admin, TEAM);
    let bea = add(&mut people, "bea", Access::Operator, TEAM);
    let signed = |people: &mut People, person| {
        let event = people.sign_in_as(person, "s", NOW).unwrap();
        people.evolve(&event);
        people.session(&hash("s"), NOW).unwrap()
    };
    let holds = |above: AccountId, other: AccountId| above == AccountId::DEFAULT || above == other;
    let password = |person| PeopleChange::Password { person, password: PASSWORD.to_owned() };
    let access = Access::Admin;
    let everything = AccountId::DEFAULT;

    let team = signed(&mut people, ada);
    assert_eq!(people.may(&team, &password(bea), holds), Ok(()));
    assert_eq!(people.may(&team, &PeopleChange::Remove { person: bea }, holds), Ok(()));
    let no_owner = Err(Refusal::NoPerson(OWNER));
    assert_eq!(people.may(&team, &password(OWNER), holds), no_owner);
    assert_eq!(people.may(&team, &PeopleChange::Remove { person: OWNER }, holds), no_owner);
    let up = PeopleChange::Change { person: ada, access, account: everything };
    assert_eq!(people.may(&team, &up, holds), Err(Refusal::NotYours(everything)));
    let add = PeopleChange::Add { name: "eve".to_owned(), access, account: everything };
    assert_eq!(people.may(&team, &add, holds), Err(Refusal::NotYours(everything)));

    let operator = signed(&mut people, bea);
    assert_eq!(people.may(&operator, &password(bea), holds), Ok(()));
    assert_eq!(people.may(&operator, &password(ada), holds), Err(Refusal::NotAdmin));
    let owner = signed(&mut people, OWNER);
    assert_eq!(people.may(&owner, &password(ada), holds), Ok(()));
}

fn passkey(id: &str, person: PersonId, counter: u32) -> Passkey {
    Passkey {
        id: id.to_owned(),
        handle: format!("handle {person}"),
        key: String::new(),
        name: id.to_owned(),
        counter,
        is_synced: false,
        added_at: NOW,
        is_copied: false,
    }
}

fn used(id: &str, counter: u32) -> PasskeyUse {
    PasskeyUse { passkey: id.to_owned(), counter }
}

#[test]
fn a_passkey_lets_its_person_in_until_it_is_removed_with_what_it_opened() {
    let mut people = begun();
    let ada = add(&mut people, "ada", Access::Viewer, TEAM);
    for id in ["phone", "key"] {
        let event = people.add_passkey(ada, passkey(id, ada, 0), "ada").unwrap();
        people.evolve(&event);
        let event = people.sign_in_by_passkey(used(id, 0), id, NOW).unwrap();
        people.evolve(&event);
    }
    let event = people.sign_in_as(ada, "link", NOW).unwrap();
    people.evolve(&event);
    let who = |people: &People, secret| people.session(&hash(secret), NOW).map(|one| one.person);
    for secret in ["phone", "key", "link"] {
        assert_eq!(who(&people, secret), Some(ada), "{secret}");
    }
    let remove = PeopleChange::RemovePasskey { person: ada, passkey: "phone".to_owned() };
    decide(&mut people, remove.clone()).unwrap();
    assert_eq!(who(&people, "phone"), None);
    assert_eq!((who(&people, "key"), who(&people, "link")), (Some(ada), Some(ada)));
    let gone = people.sign_in_by_passkey(used("phone", 9), "s", NOW);
    assert_eq!(gone, Err(Refusal::UnknownPasskey));
    assert_eq!(decide(&mut people, remove), Err(Refusal::UnknownPasskey));
    assert_eq!(people.all().last().unwrap().passkeys, 1);
    decide(&mut people, PeopleChange::Remove { person: ada }).unwrap();
    let gone = people.sign_in_by_passkey(used("key", 9), "s", NOW);
    assert_eq!(gone, Err(Refusal::UnknownPasskey));
}

#[test]
fn a_password_that_another_chose_takes_the_place_of_passkeys() {
    let mut people = begun();
    let ada = add(&mut people, "ada", Access::Viewer, TEAM);
    let event = people.add_passkey(ada, passkey("phone", ada, 0), "ada").unwrap();
    people.evolve(&event);
    let event = people.sign_in_by_passkey(used("phone", 0), "s", NOW).unwrap();
    people.evolve(&event);
    let signed = people.session(&hash("s"), NOW).unwrap();
    let password = "correct horse battery".to_owned();
    let change = PeopleChange::Password { person: ada, password };
    // Their own passkeys let them in beside their own password.
    for event in people.change(&change, By::Person(&signed), SALT).unwrap() {
        people.evolve(&event);
    }
    assert_eq!(people.passkeys(ada).len(), 1);
    assert!(people.sign_in_by_passkey(used("phone", 0), "t", NOW).is_ok());
    // Whoever had got hold of the account has no way in any more. It is not theirs who is called
    // so on the machine.
    for event in people.change(&change, By::Machine("ada"), SALT).unwrap() {
        people.evolve(&event);
    }
    assert_eq!(people.passkeys(ada).len(), 0);
    let refused = people.sign_in_by_passkey(used("phone", 0), "u", NOW);
    assert_eq!(refused, Err(Refusal::UnknownPasskey));
}

#[test]
fn a_copy_of_a_passkey_lets_nobody_in() {
    let mut people = begun();
    let event = people.add_passkey(OWNER, passkey("key", OWNER, 5), "owner").unwrap();
    people.evolve(&event);
    let event = people.sign_in_by_passkey(used("key", 6), "s", NOW).unwrap();
    people.evolve(&event);
    let copied = Err(Refusal::CopiedPasskey("key".to_owned()));
    for counter in [0, 5, 6] {
        assert_eq!(people.sign_in_by_passkey(used("key", counter), "t", NOW), copied);
    }
    assert_eq!(people.copied(&used("key", 7)), None);
    let event = people.copied(&used("key", 6)).unwrap();
    people.evolve(&event);
    // Whichever of both counts further, it is not known which one is the person's.
    for counter in [6, 7, 100] {
        assert_eq!(people.sign_in_by_passkey(used("key", counter), "t", NOW), copied);
    }
    assert_eq!(people.copied(&used("key", 6)), None);
    assert_eq!(people.session(&hash("s"), NOW), None);
}

#[test]
fn passkeys_are_added_once_and_are_nobody_elses_business() {
    let mut people = begun();
    let ada = add(&mut people, "ada", Access::Viewer, TEAM);
    let event = people.add_passkey(ada, passkey("key", ada, 0), "ada").unwrap();
    people.evolve(&event);
    let bad = |result: Result<PeopleEvent, Refusal>| {
        assert!(matches!(result, Err(Refusal::BadPasskey(_))), "{result:?}");
    };
    bad(people.add_passkey(ada, passkey("key", ada, 0), "ada"));
    bad(people.add_passkey(OWNER, passkey("key", OWNER, 0), "owner"));
    bad(people.add_passkey(OWNER, passkey("other", ada, 0), "owner"));
    bad(people.add_passkey(ada, passkey("other", OWNER, 0), "ada"));
    bad(people.add_passkey(
        ada,
        Passkey { name: String::new(), ..passkey("other", ada, 0) },
        "ada",
    ));
    let rename = |person, name: &str| PeopleChange::RenamePasskey {
        person,
        passkey: "key".to_owned(),
        name: name.to_owned(),
    };
    decide(&mut people, rename(ada, "the blue one")).unwrap();
    assert_eq!(people.passkeys(ada)[0].name, "the blue one");
    assert!(matches!(decide(&mut people, rename(ada, " ")), Err(Refusal::BadPasskey(_))));
    assert_eq!(decide(&mut people, rename(OWNER, "mine")), Err(Refusal::UnknownPasskey));
    let event = people.sign_in_as(OWNER, "s", NOW).unwrap();
    people.evolve(&event);
    let owner = people.session(&hash("s"), NOW).unwrap();
    let refused = people.may(&owner, &rename(ada, "mine"), |_, _| true);
    assert_eq!(refused, Err(Refusal::UnknownPasskey));
    for number in 1..32 {
        let more = passkey(&format!("key {number}"), ada, 0);
        let event = people.add_passkey(ada, more, "ada").unwrap();
        people.evolve(&event);
    }
    bad(people.add_passkey(ada, passkey("too many", ada, 0), "ada"));
}

#[test]
fn a_person_keeps_views_of_the_board_that_are_nobody_elses() {
    let mut people = begun();
    let ada = add(&mut people, "ada", Access::Viewer, TEAM);
    let view = |name: &str, query: &str| BoardView { name: name.into(), query: query.into() };
    let keep = |person, name: &str, query: &str| PeopleChange::KeepView {
        person,
        view: view(name, query),
    };
    for (name, query) in [("mine", "q=a"), ("theirs", "q=b"), ("mine", "q=c")] {
        decide(&mut people, keep(ada, name, query)).unwrap();
    }
    assert_eq!(people.views(ada), [view("mine", "q=c"), view("theirs", "q=b")]);
    let same = people.change(&keep(ada, "mine", "q=c"), By::Machine("ada"), SALT);
    assert_eq!(same, Ok(Vec::new()), "nothing is recorded twice");
    decide(&mut people, PeopleChange::ForgetView { person: ada, name: "mine".into() }).unwrap();
    assert_eq!(people.views(ada), [view("theirs", "q=b")]);
    assert_eq!(people.views(OWNER), []);

    let event = people.sign_in_as(ada, "s", NOW).unwrap();
    people.evolve(&event);
    let signed = people.session(&hash("s"), NOW).unwrap();
    assert_eq!(people.may(&signed, &keep(ada, "x", ""), |_, _| false), Ok(()), "a viewer, too");
    let event = people.sign_in_as(OWNER, "o", NOW).unwrap();
    people.evolve(&event);
    let owner = people.session(&hash("o"), NOW).unwrap();
    let others = people.may(&owner, &keep(ada, "x", ""), |_, _| true);
    assert!(matches!(others, Err(Refusal::BadView(_))), "{others:?}");

    for (name, query) in [("", "q=a"), ("a\u{202e}b", ""), ("long", "x".repeat(2_001).as_str())] {
        let refused = decide(&mut people, keep(ada, name, query));
        assert!(matches!(refused, Err(Refusal::BadView(_))), "{name:?}: {refused:?}");
    }
    for number in 1..64 {
        decide(&mut people, keep(ada, &number.to_string(), "")).unwrap();
    }
    assert!(matches!(decide(&mut people, keep(ada, "64", "")), Err(Refusal::BadView(_))));
    decide(&mut people, keep(ada, "63", "q=other")).unwrap();
    decide(&mut people, PeopleChange::Remove { person: ada }).unwrap();
    assert_eq!(people.views(ada), []);
}

#[test]
fn sessions_that_were_opened_before_there_were_passkeys_are_read() {
    let old = r#"{"event":"signed-in","person":1,"session":"5e","until":1}"#;
    let read: PeopleEvent = serde_json::from_str(old).unwrap();
    assert!(matches!(&read, PeopleEvent::SignedIn { passkey: None, .. }));
    assert_eq!(serde_json::to_string(&read).unwrap(), old);
}

#[test]
fn old_sessions_and_too_many_are_forgotten() {
    let mut people = begun();
    for number in 0..70 {
        let at = Timestamp(NOW.0 + number);
        let event = people.sign_in_as(OWNER, &format!("s{number}"), at).unwrap();
        people.evolve(&event);
    }
    let holds = |people: &People, number| people.session(&hash(&format!("s{number}")), NOW);
    assert!(holds(&people, 5).is_none());
    assert!(holds(&people, 6).is_some());
    let later = Timestamp(NOW.0 + SESSION.0 + 1_000);
    let event = people.sign_in_as(OWNER, "later", later).unwrap();
    people.evolve(&event);
    assert!(holds(&people, 69).is_none(), "it is not only over, it is gone");
}

/// What somebody does who knows nothing of the state: people are picked by number.
#[derive(Debug, Clone)]
enum Operation {
    Add { name: usize, access: usize, account: u32 },
    Change { person: u32, access: usize, account: u32 },
    Password { person: u32 },
    Remove { person: u32 },
    SignIn { person: u32 },
    AddPasskey { person: u32, passkey: usize },
    RemovePasskey { person: u32, passkey: usize },
    SignInByPasskey { passkey: usize, counter: u32 },
    SignOut { session: usize },
    Wait { hours: u64 },
}

fn operations() -> impl Strategy<Value = Vec<Operation>> {
    let person = || 0..8u32;
    let one = prop_oneof![
        4 => (0..6usize, 0..4usize, 1..3u32)
            .prop_map(|(name, access, account)| Operation::Add { name, access, account }),
        4 => (person(), 0..4usize, 1..3u32)
            .prop_map(|(person, access, account)| Operation::Change { person, access, account }),
        2 => person().prop_map(|person| Operation::Password { person }),
        3 => person().prop_map(|person| Operation::Remove { person }),
        8 => person().prop_map(|person| Operation::SignIn { person }),
        4 => (person(), 0..3usize)
            .prop_map(|(person, passkey)| Operation::AddPasskey { person, passkey }),
        2 => (person(), 0..3usize)
            .prop_map(|(person, passkey)| Operation::RemovePasskey { person, passkey }),
        6 => (0..3usize, 0..9u32)
            .prop_map(|(passkey, counter)| Operation::SignInByPasskey { passkey, counter }),
        3 => any::<usize>().prop_map(|session| Operation::SignOut { session }),
        2 => (0..200u64).prop_map(|hours| Operation::Wait { hours }),
    ];
    prop::collection::vec(one, 0..60)
}

/// The people, all that was recorded, and who ought to be signed in, kept apart from them.
struct House {
    people: People,
    events: Vec<PeopleEvent>,
    now: Timestamp,
    secrets: Vec<String>,
    open: Vec<(String, PersonId, Timestamp)>,
    /// What opened each of them, if it was a passkey.
    opened_by: Vec<(String, String)>,
    /// How far each passkey has counted, and whose it is.
    passkeys: Vec<(String, PersonId, u32)>,
}

impl House {
    fn perform(&mut self, operation: &Operation) {
        let events = self.events_of(operation).unwrap_or_default();
        for event in events {
            self.people.evolve(&event);
            match &event {
                PeopleEvent::PasswordSet { person, .. } | PeopleEvent::Removed { person, .. } => {
                    self.open.retain(|(_, whose, _)| whose != person);
                    if matches!(event, PeopleEvent::Removed { .. }) {
                        self.passkeys.retain(|(_, whose, _)| whose != person);
                    }
                }
                PeopleEvent::PasskeyAdded { person, passkey, .. } => {
                    self.passkeys.push((passkey.id.clone(), *person, passkey.counter));
                }
                PeopleEvent::PasskeyRemoved { passkey, .. }
                | PeopleEvent::PasskeyCopied { passkey, .. } => {
                    if matches!(event, PeopleEvent::PasskeyRemoved { .. }) {
                        self.passkeys.retain(|(id, ..)| id != passkey);
                    }
                    let closed = |session: &String| {
                        self.opened_by.iter().any(|(open, by)| open == session && by == passkey)
                    };
                    self.open.retain(|(open, ..)| !closed(open));
                }
                PeopleEvent::SignedIn { person, session, until, passkey } => {
                    if let Some(used) = passkey {
                        let kept = self.passkeys.iter_mut().find(|(id, ..)| *id == used.passkey);
                        let (_, whose, counter) = kept.expect("it is somebody's");
                        assert!(whose == person && (*counter == 0 || used.counter > *counter));
                        *counter = used.counter;
                        self.opened_by.push((session.clone(), used.passkey.clone()));
                    }
                    self.open.push((session.clone(), *person, *until));
                }
                PeopleEvent::SignedOut { session } => {
                    self.open.retain(|(open, ..)| open != session)
                }
                _ => {}
            }
            self.events.push(event);
        }
    }

    fn events_of(&mut self, operation: &Operation) -> Option<Vec<PeopleEvent>> {
        let change = match operation {
            Operation::Add { name, access, account } => PeopleChange::Add {
                name: format!("p{name}"),
                access: Access::ALL[*access],
                account: AccountId(*account),
            },
            Operation::Change { person, access, account } => PeopleChange::Change {
                person: PersonId(*person),
                access: Access::ALL[*access],
                account: AccountId(*account),
            },
            // Hashing is slow, and is tried above.
            Operation::Password { person } => {
                let person = PersonId(*person);
                self.people.known(person).ok()?;
                let (hash, by) = (password::DECOY.to_owned(), String::new());
                return Some(vec![PeopleEvent::PasswordSet { person, hash, by }]);
            }
            Operation::Remove { person } => PeopleChange::Remove { person: PersonId(*person) },
            Operation::SignIn { person } => {
                let secret = format!("secret {}", self.secrets.len());
                let event = self.people.sign_in_as(PersonId(*person), &secret, self.now);
                self.secrets.push(secret);
                return event.ok().map(|event| vec![event]);
            }
            Operation::AddPasskey { person, passkey: number } => {
                let person = PersonId(*person);
                let added = passkey(&format!("key {number}"), person, u32::from(*number == 0));
                return self.people.add_passkey(person, added, "").ok().map(|event| vec![event]);
            }
            Operation::RemovePasskey { person, passkey } => PeopleChange::RemovePasskey {
                person: PersonId(*person),
                passkey: format!("key {passkey}"),
            },
            Operation::SignInByPasskey { passkey, counter } => {
                let secret = format!("secret {}", self.secrets.len());
                let used = used(&format!("key {passkey}"), *counter);
                let copied = self.people.copied(&used);
                let event = self.people.sign_in_by_passkey(used, &secret, self.now);
                self.secrets.push(secret);
                return event.ok().or(copied).map(|event| vec![event]);
            }
            Operation::SignOut { session } => {
                let secret = self.secrets.get(session.checked_rem(self.secrets.len())?)?;
                return self.people.sign_out(&hash(secret), self.now).map(|event| vec![event]);
            }
            Operation::Wait { hours } => {
                self.now = Timestamp(self.now.0 + hours * 3_600_000);
                return None;
            }
        };
        self.people.change(&change, By::Machine("somebody"), SALT).ok()
    }

    fn holds(&self) {
        let all: Vec<_> = self.people.all().collect();
        let decides = |p: &Person| p.access == Access::Admin && p.account == AccountId::DEFAULT;
        assert!(all.iter().any(decides), "nobody decides");
        let names: HashSet<_> = all.iter().map(|person| person.name.to_lowercase()).collect();
        assert_eq!(names.len(), all.len(), "two of one name");
        for secret in &self.secrets {
            let session = hash(secret);
            let open =
                self.open.iter().find(|(open, _, until)| *open == session && self.now < *until);
            let signed = self.people.session(&session, self.now);
            assert_eq!(signed.map(|signed| signed.person), open.map(|(_, person, _)| *person));
        }
    }
}

proptest! {
    #[test]
    fn whatever_is_done_somebody_decides_and_only_who_ought_to_be_is_signed_in(
        operations in operations(),
    ) {
        let first = People::default().begin().unwrap();
        let mut house = House {
            people: People::replay([&first]),
            events: vec![first],
            now: NOW,
            secrets: Vec::new(),
            open: Vec::new(),
            opened_by: Vec::new(),
            passkeys: Vec::new(),
        };
        for operation in &operations {
            house.perform(operation);
            house.holds();
        }
        prop_assert_eq!(People::replay(&house.events), house.people);
    }
}

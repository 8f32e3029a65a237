//! What is asked of an authenticator, and whether its answer is one: WebAuthn, by `webauthn_rp`.
//! A challenge is good once and for two minutes, and only this process knows it.
//!
//! It knows nobody and records nothing: what it is told of passkeys is handed in.

use std::num::NonZeroU32;
use std::sync::{Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tenfold_domain::{Passkey, PasskeyUse, Problem, ProblemKind, Timestamp};
use webauthn_rp::bin::{Decode, Encode};
use webauthn_rp::request::auth::{AuthenticationVerificationOptions, SignatureCounterEnforcement};
use webauthn_rp::request::register::{
    CredProtect, Nickname, PublicKeyCredentialUserEntity, RegistrationVerificationOptions,
    UserHandle64, Username,
};
use webauthn_rp::request::{
    AsciiDomain, FixedCapHashSet, InsertResult, PublicKeyCredentialDescriptor, RpId,
};
use webauthn_rp::response::register::{DynamicState, StaticState};
use webauthn_rp::response::{AuthTransports, AuthenticatorAttachment, Backup, CredentialId};
use webauthn_rp::{
    AuthenticatedCredential, DiscoverableAuthentication64, DiscoverableAuthenticationServerState,
    DiscoverableCredentialRequestOptions, PublicKeyCredentialCreationOptions, Registration,
    RegistrationServerState,
};

/// How long an answer is waited for.
const PATIENCE_MS: NonZeroU32 = NonZeroU32::new(120_000).expect("it is not zero");
/// The most challenges that are open. With another all are dropped, and whoever was about to answer
/// begins anew: so many at once, only somebody asks for who wants none of them.
const OPEN_MAX: usize = 10_000;

type Adding = FixedCapHashSet<RegistrationServerState<64>>;
type SigningIn = FixedCapHashSet<DiscoverableAuthenticationServerState>;

/// Where passkeys are of use, and the challenges that are open there.
pub(in crate::page) struct Ceremonies {
    place: Result<Place, String>,
    adding: Mutex<Adding>,
    signing_in: Mutex<SigningIn>,
}

/// The one address whose pages may use them: browsers bind a passkey to its name.
struct Place {
    origin: String,
    rp: RpId,
}

/// Somebody who adds a passkey.
pub(super) struct Adder<'a> {
    /// What they are called.
    pub(super) name: &'a str,
    /// Those that they have.
    pub(super) passkeys: &'a [Passkey],
}

impl Place {
    /// The place at the address by which browsers reach the page. What is at an address of loopback
    /// is at `localhost`, too, which is a name.
    fn at(address: &str) -> Result<Self, String> {
        let (scheme, host) = address.split_once("://").unwrap_or(("http", address));
        let (name, port) = match host.rsplit_once(':') {
            Some((name, port)) if !port.contains(']') => (name, format!(":{port}")),
            _ => (host, String::new()),
        };
        let ip = name.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
        let name = match ip {
            Ok(ip) if ip.to_canonical().is_loopback() => "localhost".to_owned(),
            Ok(_) => {
                return Err(format!(
                    "a passkey belongs to a name, and {address} has none: give the page one with \
                     --host when it is started"
                ));
            }
            Err(_) => name.to_ascii_lowercase(),
        };
        let is_here = name == "localhost" || name.ends_with(".localhost");
        if scheme != "https" && !is_here {
            return Err(format!(
                "browsers use passkeys only over https, and this is {address}: give it a \
                 certificate, or say --address https://… when a proxy before it has one"
            ));
        }
        let rp = AsciiDomain::try_from(name.clone());
        let rp = rp.map_err(|_| format!("{name} is no name that a passkey can belong to"))?;
        Ok(Self { origin: format!("{scheme}://{name}{port}"), rp: RpId::Domain(rp) })
    }
}

impl Ceremonies {
    /// Those of the page that browsers reach by this address.
    pub(in crate::page) fn at(address: &str) -> Self {
        Self {
            place: Place::at(address),
            adding: Mutex::new(FixedCapHashSet::new(OPEN_MAX)),
            signing_in: Mutex::new(FixedCapHashSet::new(OPEN_MAX)),
        }
    }

    /// Where they are of use; or why nowhere.
    pub(in crate::page) fn origin(&self) -> Result<&str, &str> {
        match &self.place {
            Ok(place) => Ok(&place.origin),
            Err(why) => Err(why),
        }
    }

    fn place(&self) -> Result<&Place, Problem> {
        self.place.as_ref().map_err(|why| Problem::new(ProblemKind::Refused, why.clone()))
    }

    /// What a browser is asked for that is to make one.
    pub(super) fn begin_adding(&self, adder: &Adder<'_>) -> Result<Value, Problem> {
        let place = self.place()?;
        let handle: UserHandle64 = match adder.passkeys.first() {
            Some(passkey) => read(&passkey.handle)?,
            None => UserHandle64::new(),
        };
        let known = adder.passkeys.iter().map(|passkey| {
            let id: CredentialId<Vec<u8>> = read(&passkey.id)?;
            Ok(PublicKeyCredentialDescriptor { id, transports: AuthTransports::NONE })
        });
        let known = known.collect::<Result<_, Problem>>()?;
        // Its name has no spaces; what it shows has.
        let short: String = adder.name.split_whitespace().collect::<Vec<_>>().join("-");
        let name = Username::try_from(short).or_else(|_| Username::try_from("somebody"));
        let user = PublicKeyCredentialUserEntity {
            name: name.map_err(internal)?,
            id: &handle,
            display_name: Nickname::try_from(adder.name).ok(),
        };
        let mut asked = PublicKeyCredentialCreationOptions::passkey(&place.rp, user, known);
        asked.timeout = PATIENCE_MS;
        // Many devices can't promise it, and it is looked at each time whether they saw who it is.
        asked.extensions.cred_protect = CredProtect::None;
        let (kept, asked) = asked.start_ceremony().map_err(internal)?;
        let mut open = lock(&self.adding);
        if matches!(open.insert_or_replace_all_expired(kept), InsertResult::CapacityFull) {
            open.clear();
            return Err(crowd());
        }
        written(&asked)
    }

    /// The passkey that a browser has made.
    pub(super) fn finish_adding(
        &self,
        made: &Value,
        name: String,
        now: Timestamp,
    ) -> Result<Passkey, Problem> {
        let place = self.place()?;
        let made = Registration::from_json_relaxed(made.to_string().as_bytes()).map_err(garbled)?;
        let challenge = made.challenge_relaxed().map_err(garbled)?;
        let open = lock(&self.adding).take(&challenge).ok_or_else(late)?;
        let terms = RegistrationVerificationOptions::<&str, &str> {
            allowed_origins: &[&place.origin],
            error_on_unsolicited_extensions: false,
            ..RegistrationVerificationOptions::default()
        };
        let made = open.verify(&place.rp, &made, &terms).map_err(wrong)?;
        let key = made.static_state().encode().map_err(internal)?;
        let state = made.dynamic_state();
        Ok(Passkey {
            id: text(&made.id())?,
            handle: text(made.user_id())?,
            key: URL_SAFE_NO_PAD.encode(key),
            name,
            counter: state.sign_count,
            is_synced: !matches!(state.backup, Backup::NotEligible),
            added_at: now,
            is_copied: false,
        })
    }

    /// What a browser is asked for whose person wants to sign in.
    pub(super) fn begin_signing_in(&self) -> Result<Value, Problem> {
        let place = self.place()?;
        let mut asked = DiscoverableCredentialRequestOptions::passkey(&place.rp);
        asked.0.timeout = PATIENCE_MS;
        let (kept, asked) = asked.start_ceremony().map_err(internal)?;
        let mut open = lock(&self.signing_in);
        if matches!(open.insert_or_replace_all_expired(kept), InsertResult::CapacityFull) {
            open.clear();
            return Err(crowd());
        }
        written(&asked)
    }

    /// The passkey that a browser has shown, among those that `find` finds by their ids; `None` if
    /// it finds none. Whether its counter is right is not looked at here.
    pub(super) fn finish_signing_in(
        &self,
        shown: &Value,
        find: impl FnOnce(&str) -> Option<Passkey>,
    ) -> Result<Option<PasskeyUse>, Problem> {
        let place = self.place()?;
        let shown = shown.to_string();
        let shown =
            DiscoverableAuthentication64::from_json_relaxed(shown.as_bytes()).map_err(garbled)?;
        let challenge = shown.challenge_relaxed().map_err(garbled)?;
        let open = lock(&self.signing_in).take(&challenge).ok_or_else(late)?;
        let Some(passkey) = find(&text(&shown.raw_id())?) else { return Ok(None) };
        let handle: UserHandle64 = read(&passkey.handle)?;
        let key = URL_SAFE_NO_PAD.decode(&passkey.key).map_err(internal)?;
        let key = StaticState::decode(key.as_slice()).map_err(internal)?;
        let state = DynamicState {
            user_verified: true,
            backup: if passkey.is_synced { Backup::Eligible } else { Backup::NotEligible },
            sign_count: passkey.counter,
            authenticator_attachment: AuthenticatorAttachment::None,
        };
        let known = AuthenticatedCredential::new(shown.raw_id(), &handle, key, state);
        let mut known = known.map_err(internal)?;
        let terms = AuthenticationVerificationOptions::<&str, &str> {
            allowed_origins: &[&place.origin],
            error_on_unsolicited_extensions: false,
            sig_counter_enforcement: SignatureCounterEnforcement::Update,
            ..AuthenticationVerificationOptions::default()
        };
        open.verify(&place.rp, &shown, &mut known, &terms).map_err(wrong)?;
        Ok(Some(PasskeyUse { passkey: passkey.id, counter: known.dynamic_state().sign_count }))
    }
}

/// A text of ours as the library has it.
fn read<T: DeserializeOwned>(text: &str) -> Result<T, Problem> {
    serde_json::from_value(Value::from(text)).map_err(internal)
}

/// The same the other way round.
fn text(what: &impl Serialize) -> Result<String, Problem> {
    let text = written(what)?;
    text.as_str().map(str::to_owned).ok_or_else(|| internal("it is no text"))
}

fn written(what: &impl Serialize) -> Result<Value, Problem> {
    serde_json::to_value(what).map_err(internal)
}

fn lock<T>(open: &Mutex<T>) -> MutexGuard<'_, T> {
    open.lock().unwrap_or_else(PoisonError::into_inner)
}

fn internal(why: impl std::fmt::Display) -> Problem {
    Problem::new(ProblemKind::Internal, format!("passkeys can't be used just now: {why}"))
}

fn garbled(why: impl std::fmt::Display) -> Problem {
    Problem::new(ProblemKind::Usage, format!("this is no answer about a passkey: {why}"))
}

fn late() -> Problem {
    let what = "this was not asked for, or more than two minutes ago, or is answered already";
    Problem { to_do: Some("try once more".to_owned()), ..Problem::new(ProblemKind::Refused, what) }
}

fn wrong(why: impl std::fmt::Display) -> Problem {
    Problem::new(ProblemKind::Refused, format!("this passkey did not answer as it has to: {why}"))
}

fn crowd() -> Problem {
    let what = "too many want to use passkeys just now";
    let to_do = Some("try again in a moment".to_owned());
    Problem { to_do, ..Problem::new(ProblemKind::Busy, what) }
}

#[cfg(test)]
mod tests {
    use tenfold_test_support::authenticator::Authenticator;

    use super::*;

    const ADDRESS: &str = "http://127.0.0.1:8480";
    const ORIGIN: &str = "http://localhost:8480";
    const NOW: Timestamp = Timestamp(7);

    /// Where a passkey is used, one, and what is kept of it.
    struct House {
        ceremonies: Ceremonies,
        device: Authenticator,
        passkey: Passkey,
    }

    impl House {
        fn new(set: impl FnOnce(&mut Authenticator)) -> Self {
            let ceremonies = Ceremonies::at(ADDRESS);
            let mut device = Authenticator::new(ORIGIN, "localhost");
            set(&mut device);
            let adder = Adder { name: "Ada Lovelace", passkeys: &[] };
            let made = device.make(&ceremonies.begin_adding(&adder).unwrap());
            let passkey = ceremonies.finish_adding(&made, "phone".to_owned(), NOW).unwrap();
            Self { ceremonies, device, passkey }
        }

        fn sign_in(&mut self) -> Result<Option<PasskeyUse>, Problem> {
            let shown = self.device.show(&self.ceremonies.begin_signing_in().unwrap());
            self.shows(&shown)
        }

        fn shows(&self, shown: &Value) -> Result<Option<PasskeyUse>, Problem> {
            let found = |id: &str| (id == self.passkey.id).then(|| self.passkey.clone());
            self.ceremonies.finish_signing_in(shown, found)
        }
    }

    #[test]
    fn a_passkey_that_was_added_is_known_again() {
        let mut house = House::new(|device| device.counter = 4);
        assert_eq!((house.passkey.name.as_str(), house.passkey.counter), ("phone", 4));
        assert!(!house.passkey.is_synced);
        let used = house.sign_in().unwrap().unwrap();
        assert_eq!(used, PasskeyUse { passkey: house.passkey.id.clone(), counter: 5 });
        let mut synced = House::new(|device| device.is_synced = true);
        assert!(synced.passkey.is_synced);
        assert_eq!(synced.sign_in().unwrap().unwrap().counter, 0);
    }

    #[test]
    fn a_counter_that_goes_back_is_told_as_it_is() {
        let mut house = House::new(|device| device.counter = 40);
        for (counter, told) in [(39, 40), (29, 30)] {
            house.device.counter = counter;
            assert_eq!(house.sign_in().unwrap().unwrap().counter, told);
        }
        house.device.counter = 0;
        assert_eq!(house.sign_in().unwrap().unwrap().counter, 40, "it is not reset by stopping");
    }

    #[test]
    fn a_challenge_is_answered_once_and_only_if_it_was_asked() {
        let mut house = House::new(|_| {});
        let shown = house.device.show(&house.ceremonies.begin_signing_in().unwrap());
        assert!(house.shows(&shown).unwrap().is_some());
        let again = house.shows(&shown).unwrap_err();
        assert_eq!(again.kind, ProblemKind::Refused);
        assert!(again.what.contains("answered already"), "{again}");
        let elsewhere = Ceremonies::at(ADDRESS).begin_signing_in().unwrap();
        assert!(house.shows(&house.device.copy().show(&elsewhere)).is_err());
        // What was asked to make one is no way in, nor the other way round.
        let adder = Adder { name: "ada", passkeys: &[] };
        let asked = house.ceremonies.begin_adding(&adder).unwrap();
        assert!(house.shows(&house.device.copy().show(&asked)).is_err());
        let asked = house.ceremonies.begin_signing_in().unwrap();
        let made = house.device.copy().make(&asked);
        assert!(house.ceremonies.finish_adding(&made, "x".to_owned(), NOW).is_err());
    }

    #[test]
    fn who_lies_is_not_let_in() {
        type Lie = fn(&mut Authenticator);
        let lies: [(&str, Lie); 5] = [
            ("another page", |device| device.origin = "http://localhost:8481".to_owned()),
            ("another scheme", |device| device.origin = "https://localhost:8480".to_owned()),
            ("another name", |device| device.rp = "example.com".to_owned()),
            ("nobody looked who it is", |device| device.verifies = false),
            ("it moved", |device| device.is_synced = true),
        ];
        for (lie, lying) in lies {
            let mut house = House::new(|_| {});
            lying(&mut house.device);
            let refused = house.sign_in().unwrap_err();
            assert_eq!(refused.kind, ProblemKind::Refused, "{lie}: {refused}");
            if lie == "it moved" {
                continue;
            }
            let adder = Adder { name: "ada", passkeys: &[] };
            let made = house.device.make(&house.ceremonies.begin_adding(&adder).unwrap());
            let refused = house.ceremonies.finish_adding(&made, "x".to_owned(), NOW);
            assert_eq!(refused.unwrap_err().kind, ProblemKind::Refused, "{lie}");
        }
        // Another key of the same id.
        let mut house = House::new(|_| {});
        let other = House::new(|_| {});
        house.passkey.key.clone_from(&other.passkey.key);
        assert!(house.sign_in().is_err());
        // One of somebody else's.
        let mut house = House::new(|_| {});
        house.passkey.handle.clone_from(&other.passkey.handle);
        assert!(house.sign_in().is_err());
        // One that nobody knows.
        house.passkey.id.clear();
        assert_eq!(house.sign_in(), Ok(None));
        assert!(house.shows(&Value::from("x")).is_err());
    }

    #[test]
    fn another_passkey_of_theirs_calls_them_the_same_and_is_not_made_on_the_same_device() {
        let house = House::new(|_| {});
        let adder = Adder { name: "ada", passkeys: std::slice::from_ref(&house.passkey) };
        let asked = house.ceremonies.begin_adding(&adder).unwrap();
        assert_eq!(asked["user"]["id"], house.passkey.handle.as_str());
        let excluded = &asked["excludeCredentials"];
        assert_eq!(excluded[0]["id"], house.passkey.id.as_str());
        let stranger = Adder { name: "ada", passkeys: &[] };
        let asked = house.ceremonies.begin_adding(&stranger).unwrap();
        assert_ne!(asked["user"]["id"], house.passkey.handle.as_str());
    }

    #[test]
    fn a_crowd_makes_others_begin_anew_and_takes_no_room_without_end() {
        let house = House::new(|_| {});
        let asked =
            (0..2 * OPEN_MAX + 100).filter(|_| house.ceremonies.begin_signing_in().is_err());
        assert!(asked.count() <= 2);
        let open = lock(&house.ceremonies.signing_in);
        assert!(open.len() <= open.capacity());
    }

    #[test]
    fn a_passkey_belongs_to_a_name_that_browsers_trust() {
        for (address, origin) in [
            ("http://127.0.0.1:8480", "http://localhost:8480"),
            ("http://[::1]:8480", "http://localhost:8480"),
            ("https://127.0.0.1:8480", "https://localhost:8480"),
            ("http://localhost:1", "http://localhost:1"),
            ("https://Tenfold.example.com", "https://tenfold.example.com"),
            ("https://tenfold.example.com:8443", "https://tenfold.example.com:8443"),
        ] {
            assert_eq!(Ceremonies::at(address).origin(), Ok(origin), "{address}");
        }
        for (address, to_do) in [
            ("http://tenfold.example.com", "certificate"),
            ("https://192.168.1.2:8480", "--host"),
            ("https://[2001:db8::1]", "--host"),
        ] {
            let why = Ceremonies::at(address).origin().unwrap_err().to_owned();
            assert!(why.contains(to_do), "{address}: {why}");
            assert!(Ceremonies::at(address).begin_signing_in().is_err());
        }
    }
}

//! Who a provider says that somebody is: OpenID Connect, by `openidconnect`, with the code flow,
//! PKCE and a nonce. What is asked is good once, for ten minutes, and for the browser that asked;
//! only this process knows it.
//!
//! It waits for the provider, so it is called on threads that may wait. It knows no people.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreClientAuthMethod, CoreIdToken, CoreIdTokenClaims,
    CoreJwsSigningAlgorithm, CoreProviderMetadata,
};
use openidconnect::{
    AuthType, AuthorizationCode, ClaimsVerificationError, CsrfToken, EndpointMaybeSet,
    EndpointNotSet, EndpointSet, HttpRequest, HttpResponse, Nonce, PkceCodeChallenge,
    PkceCodeVerifier, Scope, SignatureVerificationError, TokenResponse,
};
use tenfold_domain::{Problem, ProblemKind};

use super::terms::{Claim, Terms};

/// How long a provider may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// The longest that it may answer, in bytes.
const ANSWER_BYTES_MAX: u64 = 1 << 20;
/// The most who are there at the same time. With another all begin anew: so many at once, only
/// somebody sends who wants to sign in as none of them.
const OPEN_MAX: usize = 10_000;
/// By which signatures a token is believed. None by a secret that both know, and never none.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

type Client = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// How long what holds.
struct Bounds {
    /// What somebody takes to the provider, and back.
    open: Duration,
    /// What a provider says of itself, and its keys,
    known: Duration,
    /// and how long at least, even if a token is signed by a key that is not among them: anybody
    /// can make up such a token.
    known_at_least: Duration,
    /// How long it is not asked about itself once it did not answer, of whom nothing is known.
    silent: Duration,
}

const BOUNDS: Bounds = Bounds {
    open: Duration::from_secs(600),
    known: Duration::from_secs(3_600),
    known_at_least: Duration::from_secs(60),
    silent: Duration::from_secs(5),
};

/// The provider that people sign in at.
pub(super) struct Provider {
    pub(super) terms: Terms,
    bounds: Bounds,
    agent: ureq::Agent,
    known: Mutex<Option<Known>>,
    /// Until when it is not asked about itself again, of whom nothing is known, and why.
    silent: Mutex<Option<(Instant, Problem)>>,
    /// By what the provider hands back.
    open: Mutex<HashMap<String, Open>>,
}

/// What a provider says of itself, with its keys.
struct Known {
    metadata: CoreProviderMetadata,
    read_at: Instant,
    /// When it was asked in vain since.
    failed_at: Option<Instant>,
}

impl Known {
    /// Whether it is to be used as it is, being no older than this, or because the provider has
    /// just not answered.
    fn holds(&self, age_max: Duration, again: Duration) -> bool {
        let failed = self.failed_at.is_some_and(|at| at.elapsed() < again);
        failed || self.read_at.elapsed() < age_max
    }
}

/// Somebody who is at the provider.
struct Open {
    /// The hash of the secret that their browser keeps meanwhile.
    browser: String,
    nonce: Nonce,
    verifier: PkceCodeVerifier,
    since: Instant,
}

impl Provider {
    pub(super) fn new(terms: Terms) -> Self {
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(PATIENCE))
            .build()
            .into();
        let (known, silent, open) = (Mutex::default(), Mutex::default(), Mutex::default());
        Self { terms, bounds: BOUNDS, agent, known, silent, open }
    }

    /// The address at the provider to which a browser goes, which keeps a secret with this hash.
    pub(super) fn begin(&self, browser: String) -> Result<String, Problem> {
        let client = self.client(self.metadata(self.bounds.known)?);
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let flow = CoreAuthenticationFlow::AuthorizationCode;
        let mut asked = client
            .authorize_url(flow, CsrfToken::new_random, Nonce::new_random)
            .set_pkce_challenge(challenge);
        if self.terms.claim == Claim::Email {
            asked = asked.add_scope(Scope::new("email".to_owned()));
        }
        let (address, state, nonce) = asked.url();
        let mut open = lock(&self.open);
        open.retain(|_, one| one.since.elapsed() < self.bounds.open);
        if open.len() >= OPEN_MAX {
            open.clear();
        }
        let since = Instant::now();
        open.insert(state.into_secret(), Open { browser, nonce, verifier, since });
        Ok(address.into())
    }

    /// Who it is that comes back, as the provider names them: to the browser that went there, with
    /// what the provider handed it.
    pub(super) fn finish(
        &self,
        code: String,
        state: &str,
        browser: &str,
    ) -> Result<String, Problem> {
        let open = lock(&self.open).remove(state);
        let fits = |open: &Open| open.since.elapsed() < self.bounds.open && open.browser == browser;
        let Open { nonce, verifier, .. } = open.filter(fits).ok_or_else(stale)?;
        let client = self.client(self.metadata(self.bounds.known)?);
        let http = |request| self.ask(request);
        let answer = client
            .exchange_code(AuthorizationCode::new(code))
            .map_err(|why| self.failed("takes no codes", &why))?
            .set_pkce_verifier(verifier)
            .request(&http)
            .map_err(|why| self.failed("did not take the code", &why))?;
        let token = answer.id_token().ok_or_else(|| self.wrong("it does not say who it is"))?;
        match claims(&client, token, &nonce) {
            Ok(claims) => self.named_by(claims),
            // It may have new keys since they were read, of which one may be called as an old one,
            // or not at all.
            Err(ClaimsVerificationError::SignatureVerification(
                SignatureVerificationError::NoMatchingKey
                | SignatureVerificationError::CryptoError(_)
                | SignatureVerificationError::AmbiguousKeyId(_),
            )) => {
                let client = self.client(self.metadata(self.bounds.known_at_least)?);
                let claims = claims(&client, token, &nonce);
                self.named_by(claims.map_err(|why| self.failed("says what can't be", &why))?)
            }
            Err(why) => Err(self.failed("says what can't be", &why)),
        }
    }

    /// How the provider names somebody, by the claim that was chosen.
    fn named_by(&self, claims: &CoreIdTokenClaims) -> Result<String, Problem> {
        let name = match self.terms.claim {
            Claim::Sub => claims.subject().as_str(),
            Claim::Email if claims.email_verified() != Some(true) => {
                let why = self.wrong("it does not say that it has verified the e-mail address");
                let to_do = "have the provider say so (email_verified), or go by `claim = \"sub\"`";
                return Err(Problem { to_do: Some(to_do.to_owned()), ..why });
            }
            Claim::Email => claims.email().map_or("", |email| email.as_str()),
        };
        match name.is_empty() {
            false => Ok(name.to_owned()),
            true => Err(self.wrong("it does not name them")),
        }
    }

    fn client(&self, metadata: CoreProviderMetadata) -> Client {
        let ways = metadata.token_endpoint_auth_methods_supported();
        let takes = |way| ways.is_some_and(|ways| ways.contains(&way));
        let in_body = takes(CoreClientAuthMethod::ClientSecretPost)
            && !takes(CoreClientAuthMethod::ClientSecretBasic);
        let (id, secret) = (self.terms.client_id.clone(), self.terms.secret.clone());
        CoreClient::from_provider_metadata(metadata, id, secret)
            .set_auth_type(if in_body { AuthType::RequestBody } else { AuthType::BasicAuth })
            .set_redirect_uri(self.terms.back_to.clone())
    }

    /// What the provider says of itself, not older than this if it can be asked. Nobody waits for
    /// who asks it just now; so some may ask at once.
    fn metadata(&self, age_max: Duration) -> Result<CoreProviderMetadata, Problem> {
        let holds = |known: &&Known| known.holds(age_max, self.bounds.known_at_least);
        if let Some(known) = lock(&self.known).as_ref().filter(holds) {
            return Ok(known.metadata.clone());
        }
        let silent = lock(&self.silent).clone();
        if let Some((_, why)) = silent.filter(|(until, _)| Instant::now() < *until) {
            return Err(why);
        }
        let http = |request| self.ask(request);
        let told = CoreProviderMetadata::discover(&self.terms.issuer, &http);
        let mut known = lock(&self.known);
        match (told, known.as_mut()) {
            (Ok(metadata), _) => {
                let read_at = Instant::now();
                *known = Some(Known { metadata: metadata.clone(), read_at, failed_at: None });
                Ok(metadata)
            }
            (Err(why), Some(known)) => {
                known.failed_at = Some(Instant::now());
                tracing::warn!("{} is used as it was: {why}", *self.terms.issuer);
                Ok(known.metadata.clone())
            }
            // Each who asks would wait for it as long.
            (Err(why), None) => {
                let why = self.failed("can't be asked about itself", &why);
                let until = Instant::now() + self.bounds.silent;
                *lock(&self.silent) = Some((until, why.clone()));
                Err(why)
            }
        }
    }

    fn ask(&self, request: HttpRequest) -> Result<HttpResponse, ureq::Error> {
        let (head, body) = request.into_parts();
        let mut answer = match body.is_empty() {
            true => self.agent.run(ureq::http::Request::from_parts(head, ()))?,
            false => self.agent.run(ureq::http::Request::from_parts(head, body))?,
        };
        let body = answer.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_vec()?;
        Ok(answer.map(|_| body))
    }

    fn wrong(&self, why: &str) -> Problem {
        let what = format!("{} let nobody in: {why}", self.terms.name);
        Problem::new(ProblemKind::Refused, what)
    }

    /// The same with its causes.
    fn failed(&self, what: &str, why: &dyn std::error::Error) -> Problem {
        let causes = std::iter::successors(Some(why), |why| why.source());
        let why: Vec<_> = causes.map(ToString::to_string).collect();
        self.wrong(&format!("it {what}: {}", why.join(": ")))
    }
}

fn claims<'t>(
    client: &Client,
    token: &'t CoreIdToken,
    nonce: &Nonce,
) -> Result<&'t CoreIdTokenClaims, ClaimsVerificationError> {
    token.claims(&client.id_token_verifier().set_allowed_algs(ALGORITHMS), nonce)
}

fn lock<T>(what: &Mutex<T>) -> MutexGuard<'_, T> {
    what.lock().unwrap_or_else(PoisonError::into_inner)
}

fn stale() -> Problem {
    let what = "this was begun in another browser or tab, or more than ten minutes ago, or is over \
                already";
    Problem { to_do: Some("sign in anew".to_owned()), ..Problem::new(ProblemKind::Refused, what) }
}

#[cfg(test)]
mod tests {
    use tenfold_test_support::oidc::{Lie, OidcProvider};

    use super::*;

    const BROWSER: &str = "the hash of a secret";
    const ABOUT: &str = "/.well-known/openid-configuration";

    /// A provider that tells the truth until it is told to lie, and the one who asks it.
    fn both(more: &str) -> (OidcProvider, Provider) {
        let there = OidcProvider::start();
        let here = asking(there.issuer(), &there.secret(), more);
        (there, here)
    }

    fn asking(issuer: &str, secret: &str, more: &str) -> Provider {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("secret"), format!("{secret}\n")).unwrap();
        let text = format!(
            "[oidc]\nname = \"Example\"\nissuer = \"{issuer}\"\nclient-id = \"tenfold\"\n\
             secret-file = \"secret\"\n{more}"
        );
        std::fs::write(folder.path().join("sign-in.toml"), text).unwrap();
        let terms = Terms::read(folder.path(), "https://tenfold.example.com").unwrap().unwrap();
        Provider::new(terms)
    }

    /// Somebody goes there and comes back.
    fn sign_in(there: &OidcProvider, here: &Provider) -> Result<String, Problem> {
        let (code, state) = there.consent(&here.begin(BROWSER.to_owned())?);
        here.finish(code, &state, BROWSER)
    }

    fn refused<T: std::fmt::Debug>(result: Result<T, Problem>) -> String {
        let problem = result.unwrap_err();
        assert_eq!(problem.kind, ProblemKind::Refused, "{problem}");
        problem.what
    }

    #[test]
    fn who_comes_back_is_who_the_provider_says_that_they_are() {
        let (there, here) = both("");
        assert_eq!(sign_in(&there, &here).unwrap(), "ada@example.com");
        assert_eq!(sign_in(&there, &here).unwrap(), "ada@example.com");
        assert_eq!((there.asked(ABOUT), there.asked("/keys")), (1, 1), "it is asked once");
        let (there, here) = both("claim = \"sub\"");
        assert_eq!(sign_in(&there, &here).unwrap(), "7");
    }

    #[test]
    fn who_never_answered_is_not_waited_for_by_each_who_asks() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let mut here = asking(&format!("http://{}", listener.local_addr().unwrap()), "x", "");
        // Who comes is sent away, and counted.
        let came = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let counting = std::sync::Arc::clone(&came);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                counting.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                drop(stream);
            }
        });
        let came = || came.load(std::sync::atomic::Ordering::SeqCst);
        let first = here.begin(BROWSER.to_owned()).unwrap_err();
        let once = came();
        assert!(once > 0);
        assert_eq!(here.begin(BROWSER.to_owned()).unwrap_err(), first);
        assert_eq!(came(), once);
        here.silent = Mutex::default();
        here.begin(BROWSER.to_owned()).unwrap_err();
        assert!(came() > once, "after a while it is asked again");
    }

    #[test]
    fn no_lie_lets_anybody_in() {
        for (lie, why) in [
            (Lie::Nonce, "nonce"),
            (Lie::NoNonce, "nonce"),
            (Lie::Issuer, "issuer"),
            (Lie::Audience, "audience"),
            (Lie::MoreAudiences, "audience"),
            (Lie::Expired, "expired"),
            (Lie::Unsigned, "signature"),
            (Lie::Symmetric, "signature algorithm"),
            (Lie::OtherKey, "crypto"),
            (Lie::UnknownKey, "no matching key"),
            (Lie::Changed, "crypto"),
            (Lie::Unverified, "does not say that it has verified"),
            (Lie::NotSaidVerified, "does not say that it has verified"),
            (Lie::NoEmail, "does not name them"),
            (Lie::NoToken, "does not say who"),
        ] {
            let (there, here) = both("");
            there.lies(lie);
            let what = refused(sign_in(&there, &here)).to_lowercase();
            assert!(
                what.starts_with("example let nobody in") && what.contains(why),
                "{lie:?}: {what}"
            );
            there.lies(Lie::None);
            assert!(sign_in(&there, &here).is_ok(), "{lie:?}");
        }
        // By its own name of them, whether it knows an address is nobody's business.
        let (there, here) = both("claim = \"sub\"");
        there.lies(Lie::Unverified);
        assert!(sign_in(&there, &here).is_ok());
    }

    #[test]
    fn what_was_asked_is_answered_once_and_to_the_browser_that_asked() {
        let (there, here) = both("");
        let (code, state) = there.consent(&here.begin(BROWSER.to_owned()).unwrap());
        assert!(refused(here.finish(code.clone(), &state, "another")).contains("another browser"));
        // Whoever came with it, it is over.
        refused(here.finish(code, &state, BROWSER));
        let (code, state) = there.consent(&here.begin(BROWSER.to_owned()).unwrap());
        assert!(here.finish(code.clone(), &state, BROWSER).is_ok());
        refused(here.finish(code, &state, BROWSER));
        refused(here.finish("x".to_owned(), "of nobody", BROWSER));
        // A code of one who asked is none for another, who can't prove to have asked.
        let (code, _) = there.consent(&here.begin(BROWSER.to_owned()).unwrap());
        let (_, state) = there.consent(&here.begin(BROWSER.to_owned()).unwrap());
        assert!(refused(here.finish(code, &state, BROWSER)).contains("did not take the code"));
    }

    #[test]
    fn new_keys_are_asked_for_when_they_are_needed_and_not_for_every_lie() {
        let (there, mut here) = both("");
        assert!(sign_in(&there, &here).is_ok());
        there.rotate();
        // It was asked a moment ago: whoever makes up keys does not have it asked again and again.
        assert!(refused(sign_in(&there, &here)).contains("No matching key"));
        assert_eq!(there.asked("/keys"), 1);
        here.bounds.known_at_least = Duration::ZERO;
        assert!(sign_in(&there, &here).is_ok());
        assert_eq!(there.asked("/keys"), 2);
        here.bounds.known = Duration::ZERO;
        assert!(sign_in(&there, &here).is_ok());
        assert!(there.asked("/keys") > 2, "after its time, whatever it says");
    }

    #[test]
    fn a_provider_that_does_not_answer_is_used_as_it_was_and_not_asked_by_everybody() {
        let (there, mut here) = both("");
        assert!(sign_in(&there, &here).is_ok());
        here.terms.issuer = openidconnect::IssuerUrl::new("http://127.0.0.1:1".to_owned()).unwrap();
        here.bounds.known = Duration::ZERO;
        let failed_at = || lock(&here.known).as_ref().and_then(|known| known.failed_at);
        here.begin(BROWSER.to_owned()).unwrap();
        let first = failed_at();
        assert!(first.is_some());
        here.begin(BROWSER.to_owned()).unwrap();
        assert_eq!(failed_at(), first);
    }

    #[test]
    fn too_long_at_the_provider_is_begun_anew_and_too_many_take_no_room() {
        let (there, mut here) = both("");
        let (code, state) = there.consent(&here.begin(BROWSER.to_owned()).unwrap());
        here.bounds.open = Duration::ZERO;
        assert!(refused(here.finish(code, &state, BROWSER)).contains("ten minutes"));
        here.bounds.open = BOUNDS.open;
        let (_, verifier) = PkceCodeChallenge::new_random_sha256();
        let verifier = || PkceCodeVerifier::new(verifier.secret().clone());
        let (nonce, since) = (Nonce::new("x".to_owned()), Instant::now());
        let one =
            || Open { browser: String::new(), nonce: nonce.clone(), verifier: verifier(), since };
        lock(&here.open).extend((0..OPEN_MAX).map(|number| (number.to_string(), one())));
        assert!(sign_in(&there, &here).is_ok());
        assert_eq!(lock(&here.open).len(), 0, "the others begin anew");
    }

    #[test]
    fn a_provider_that_is_not_there_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let text = "[oidc]\nname = \"Gone\"\nissuer = \"http://127.0.0.1:1\"\nclient-id = \"x\"\n";
        std::fs::write(folder.path().join("sign-in.toml"), text).unwrap();
        let terms = Terms::read(folder.path(), "http://127.0.0.1:8480").unwrap().unwrap();
        let what = refused(Provider::new(terms).begin(BROWSER.to_owned()));
        assert!(what.contains("Gone") && what.contains("can't be asked"), "{what}");
    }
}

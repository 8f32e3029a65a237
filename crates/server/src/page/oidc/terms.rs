//! The provider as a person has written it down, in `sign-in.toml` in the configuration folder.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use openidconnect::{ClientId, ClientSecret, IssuerUrl, RedirectUrl};
use serde::Deserialize;
use tenfold_domain::{Problem, ProblemKind};

/// The file, in the configuration folder.
const FILE: &str = "sign-in.toml";

/// As it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    oidc: Option<Raw>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Raw {
    name: String,
    issuer: String,
    client_id: String,
    secret_file: Option<PathBuf>,
    secret_variable: Option<String>,
    #[serde(default)]
    claim: Claim,
    #[serde(default)]
    people: BTreeMap<String, String>,
}

/// By what a provider names a person. Not by what they may choose there for themselves, as
/// `preferred_username`: anybody could choose somebody else's.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Claim {
    /// The e-mail address, which the provider has to have verified.
    #[default]
    Email,
    /// The provider's own name of them, which it gives to nobody else.
    Sub,
}

impl Claim {
    /// Whether somebody of this name is meant by one that the provider gives: to the letter, or of
    /// an address but for the case of ASCII letters. Others that are folded together elsewhere
    /// may be of different mailboxes.
    pub(super) fn means(self, name: &str, given: &str) -> bool {
        match self {
            Self::Email => name.eq_ignore_ascii_case(given),
            Self::Sub => name == given,
        }
    }
}

/// The same, as it is used.
#[derive(Debug)]
pub(super) struct Terms {
    /// What people call the provider.
    pub(super) name: String,
    pub(super) issuer: IssuerUrl,
    pub(super) client_id: ClientId,
    pub(super) secret: Option<ClientSecret>,
    pub(super) claim: Claim,
    /// Who is called otherwise here than there, by their name there.
    people: BTreeMap<String, String>,
    /// Where the provider sends browsers back to.
    pub(super) back_to: RedirectUrl,
}

impl Terms {
    /// What stands in a configuration folder; `None` if nothing does. `address` is the one by which
    /// browsers reach the page.
    pub(super) fn read(config: &Path, address: &str) -> Result<Option<Self>, Problem> {
        let file = config.join(FILE);
        let wrong = |why: String| {
            Problem::new(ProblemKind::Usage, format!("{}: {}", file.display(), why.trim_end()))
        };
        let text = match std::fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(wrong(error.to_string())),
        };
        let read: File = toml::from_str(&text).map_err(|why| wrong(why.to_string()))?;
        let resolved = read.oidc.map(|raw| raw.resolved(config, address));
        resolved.transpose().map_err(|why| wrong(format!("[oidc]: {why}")))
    }

    /// What somebody is called here whom the provider names so.
    pub(super) fn here<'a>(&'a self, named: &'a str) -> &'a str {
        self.people.get(named).map_or(named, String::as_str)
    }
}

impl Raw {
    fn resolved(self, config: &Path, address: &str) -> Result<Terms, String> {
        let issuer = IssuerUrl::new(self.issuer).map_err(|why| format!("the issuer: {why}"))?;
        let host = issuer.url().host_str().unwrap_or_default();
        if issuer.url().scheme() != "https" && !is_here(host) {
            return Err(format!("the issuer {} has to begin with https://", *issuer));
        }
        let secret = match (self.secret_file, self.secret_variable) {
            (None, None) => None,
            (Some(_), Some(_)) => {
                return Err("say secret-file or secret-variable, and not both".to_owned());
            }
            (Some(file), None) => {
                let file = config.join(file);
                let read = std::fs::read_to_string(&file);
                let why = |why| format!("the secret can't be read from {}: {why}", file.display());
                Some(read.map_err(why)?.trim().to_owned())
            }
            (None, Some(name)) => {
                let set = std::env::var(&name);
                Some(set.map_err(|_| format!("the variable {name} is not set to the secret"))?)
            }
        };
        if secret.as_ref().is_some_and(String::is_empty) {
            return Err("the secret is empty".to_owned());
        }
        let back_to = RedirectUrl::new(format!("{address}/sign-in"));
        Ok(Terms {
            name: self.name,
            issuer,
            client_id: ClientId::new(self.client_id),
            secret: secret.map(ClientSecret::new),
            claim: self.claim,
            people: self.people,
            back_to: back_to.map_err(|why| format!("the page's own address {address}: {why}"))?,
        })
    }
}

/// Whether a host is this machine, to which nobody listens on the way.
fn is_here(host: &str) -> bool {
    let ip = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
    host == "localhost" || ip.is_ok_and(|ip| ip.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = "name = \"Example\"\nissuer = \"https://login.example.com\"\n\
        client-id = \"tenfold\"\n";

    fn read(text: &str) -> Result<Option<Terms>, Problem> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("secret"), "s3cret\n").unwrap();
        std::fs::write(folder.path().join("empty"), "\n").unwrap();
        std::fs::write(folder.path().join(FILE), text).unwrap();
        Terms::read(folder.path(), "https://tenfold.example.com")
    }

    #[test]
    fn what_is_written_is_what_is_used() {
        let text = "secret-file = \"secret\"\nclaim = \"sub\"\n[oidc.people]\n\"7\" = \"ada\"\n";
        let terms = read(&format!("[oidc]\n{WHOLE}{text}")).unwrap().unwrap();
        assert_eq!(terms.secret.as_ref().unwrap().secret(), "s3cret");
        assert_eq!((terms.claim, terms.name.as_str()), (Claim::Sub, "Example"));
        assert_eq!(terms.back_to.as_str(), "https://tenfold.example.com/sign-in");
        assert_eq!((terms.here("7"), terms.here("8")), ("ada", "8"));
        assert!(!format!("{terms:?}").contains("s3cret"));
        let terms = read(&format!("[oidc]\n{WHOLE}")).unwrap().unwrap();
        assert!(terms.secret.is_none() && terms.claim == Claim::Email);
        assert!(read("").unwrap().is_none());
        let none = tempfile::tempdir().unwrap();
        assert!(Terms::read(none.path(), "http://127.0.0.1:1").unwrap().is_none());
    }

    #[test]
    fn names_that_are_not_the_same_there_are_not_the_same_here() {
        assert!(Claim::Email.means("Ada@example.com", "ada@Example.com"));
        assert!(!Claim::Email.means("mike@example.com", "mi\u{212a}e@example.com"));
        assert!(Claim::Sub.means("aBc", "aBc"));
        assert!(!Claim::Sub.means("aBc", "abc"));
    }

    #[test]
    fn what_is_wrong_with_it_is_said_with_the_file() {
        let whole = format!("[oidc]\n{WHOLE}");
        for (text, why) in [
            ("[oidc".to_owned(), "sign-in.toml"),
            ("[saml]\n".to_owned(), "saml"),
            ("[oidc]\nname = \"x\"\n".to_owned(), "missing field"),
            (format!("{whole}clam = \"sub\"\n"), "clam"),
            (format!("{whole}claim = \"preferred_username\"\n"), "preferred_username"),
            (whole.replace("https", "http"), "https://"),
            (whole.replace("https://login.example.com", "login"), "issuer"),
            (format!("{whole}secret-file = \"nowhere\"\n"), "nowhere"),
            (format!("{whole}secret-file = \"empty\"\n"), "empty"),
            (format!("{whole}secret-variable = \"TENFOLD_NOT_SET\"\n"), "TENFOLD_NOT_SET"),
            (format!("{whole}secret-file = \"secret\"\nsecret-variable = \"PATH\"\n"), "not both"),
        ] {
            let problem = read(&text).unwrap_err();
            assert_eq!(problem.kind, ProblemKind::Usage);
            let what = problem.what;
            assert!(what.contains(FILE) && what.contains(why), "{text}: {what}");
        }
    }
}

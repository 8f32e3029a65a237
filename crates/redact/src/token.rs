//! Secrets that are known by how they look: a table of what they begin with and are made of, as
//! their issuers have made it public, and a few that are told by what stands before them.
//!
//! A finding depends on what stands in it and right before it alone, so that nothing that is put
//! in the place of another can make one. What is only made of letters, or repeats a few
//! of them, is no secret but an example of one.

use std::ops::Range;

use aho_corasick::{AhoCorasick, Input, MatchKind};

use crate::{Kind, Span};

/// How much of a secret is looked at to tell it from a word, in bytes.
const LOOKED_AT: usize = 128;
/// How many different bytes it has at the least.
const DIFFERENT: usize = 6;
/// What is said to be an example in so many letters.
const EXAMPLE: &[u8] = b"EXAMPLE";
const DASHES: &[u8] = b"----";
/// What may stand between a name and its value, in bytes.
const GAP: usize = 8;
/// The longest name and the longest password in an address, in bytes.
const MOST_OF_NAME: usize = 128;
const MOST_OF_PASSWORD: usize = 256;
/// The shortest password in an address that is no word for one.
const LEAST_OF_PASSWORD: usize = 6;
/// Passwords that everybody knows, which are those of examples and of tests.
const NO_PASSWORDS: [&str; 10] = [
    "password",
    "passwd",
    "secret",
    "postgres",
    "mysecretpassword",
    "changeme",
    "example",
    "hunter2",
    "foobar",
    "your-password",
];

/// What a secret is made of.
type Made = fn(u8) -> bool;

const UPPER: Made = |b| b.is_ascii_uppercase() || b.is_ascii_digit();
const WORD: Made = |b| b.is_ascii_alphanumeric();
const NAME: Made = |b| WORD(b) || matches!(b, b'_' | b'-');
const DOTTED: Made = |b| NAME(b) || b == b'.';
const BASE64: Made = |b| WORD(b) || matches!(b, b'+' | b'/' | b'=');
const ANY_TOKEN: Made = |b| DOTTED(b) || matches!(b, b'~' | b'+' | b'/' | b'=');

/// One look of a secret.
struct Look {
    kind: Kind,
    /// What it begins with, or what stands before it.
    head: &'static str,
    how: How,
    of: Made,
    /// How many bytes follow at the least,
    least: usize,
    /// and at the most. There is such a bound only for what is made of letters and digits: what
    /// ends there could begin nothing else.
    most: usize,
}

#[derive(PartialEq)]
enum How {
    /// The head is a part of it, and no letter or digit stands before it.
    Begins,
    /// The head stands before it, maybe with blanks, quotes and the like between.
    Follows,
}

const fn begins(kind: Kind, head: &'static str, of: Made, least: usize) -> Look {
    Look { kind, head, how: How::Begins, of, least, most: usize::MAX }
}

const fn exactly(kind: Kind, head: &'static str, of: Made, length: usize) -> Look {
    Look { kind, head, how: How::Begins, of, least: length, most: length }
}

const fn follows(kind: Kind, head: &'static str, of: Made, least: usize) -> Look {
    Look { kind, head, how: How::Follows, of, least, most: usize::MAX }
}

/// The longest head that fits a text is the one that counts.
const LOOKS: &[Look] = &[
    exactly(Kind::AwsAccessKey, "AKIA", UPPER, 16),
    exactly(Kind::AwsAccessKey, "ASIA", UPPER, 16),
    follows(Kind::AwsSecretKey, "SECRET_ACCESS_KEY", BASE64, 40),
    follows(Kind::AwsSecretKey, "secret_access_key", BASE64, 40),
    follows(Kind::AwsSecretKey, "SecretAccessKey", BASE64, 40),
    follows(Kind::AwsSecretKey, "secretAccessKey", BASE64, 40),
    begins(Kind::GithubToken, "ghp_", WORD, 36),
    begins(Kind::GithubToken, "gho_", WORD, 36),
    begins(Kind::GithubToken, "ghu_", WORD, 36),
    begins(Kind::GithubToken, "ghs_", WORD, 36),
    begins(Kind::GithubToken, "ghr_", WORD, 36),
    begins(Kind::GithubToken, "github_pat_", NAME, 36),
    begins(Kind::GitlabToken, "glpat-", DOTTED, 20),
    begins(Kind::GitlabToken, "gldt-", DOTTED, 20),
    begins(Kind::GitlabToken, "glrt-", DOTTED, 20),
    begins(Kind::GitlabToken, "glcbt-", DOTTED, 20),
    begins(Kind::GitlabToken, "glptt-", DOTTED, 20),
    begins(Kind::SlackToken, "xoxb-", NAME, 20),
    begins(Kind::SlackToken, "xoxp-", NAME, 20),
    begins(Kind::SlackToken, "xoxa-", NAME, 20),
    begins(Kind::SlackToken, "xoxr-", NAME, 20),
    begins(Kind::SlackToken, "xoxs-", NAME, 20),
    begins(Kind::SlackToken, "xapp-", NAME, 20),
    follows(Kind::SlackToken, "hooks.slack.com/services/", BASE64, 30),
    begins(Kind::StripeKey, "sk_live_", WORD, 24),
    begins(Kind::StripeKey, "rk_live_", WORD, 24),
    begins(Kind::StripeKey, "sk_test_", WORD, 24),
    begins(Kind::StripeKey, "rk_test_", WORD, 24),
    begins(Kind::StripeKey, "whsec_", BASE64, 32),
    begins(Kind::OpenaiKey, "sk-proj-", NAME, 32),
    begins(Kind::OpenaiKey, "sk-svcacct-", NAME, 32),
    begins(Kind::OpenaiKey, "sk-admin-", NAME, 32),
    begins(Kind::AnthropicKey, "sk-ant-", NAME, 32),
    begins(Kind::ApiKey, "sk-or-v1-", WORD, 32),
    begins(Kind::ApiKey, "sk-", WORD, 32),
    begins(Kind::GoogleKey, "AIza", NAME, 35),
    begins(Kind::GoogleKey, "GOCSPX-", NAME, 28),
    begins(Kind::GoogleKey, "ya29.", DOTTED, 40),
    exactly(Kind::NpmToken, "npm_", WORD, 36),
    follows(Kind::NpmToken, "_authToken", ANY_TOKEN, 20),
    begins(Kind::PypiToken, "pypi-AgE", NAME, 50),
    begins(Kind::HuggingFaceToken, "hf_", WORD, 34),
    begins(Kind::ApiKey, "gsk_", WORD, 40),
    begins(Kind::ApiKey, "xai-", WORD, 40),
    begins(Kind::ApiKey, "dop_v1_", WORD, 64),
    begins(Kind::ApiKey, "dckr_pat_", NAME, 24),
    begins(Kind::ApiKey, "hvs.", NAME, 24),
    follows(Kind::ApiKey, "x-api-key", ANY_TOKEN, 20),
    follows(Kind::ApiKey, "X-Api-Key", ANY_TOKEN, 20),
    follows(Kind::ApiKey, "X-API-Key", ANY_TOKEN, 20),
    follows(Kind::Credentials, "Bearer ", ANY_TOKEN, 20),
    follows(Kind::Credentials, "bearer ", ANY_TOKEN, 20),
    follows(Kind::Credentials, "uthorization: Basic ", BASE64, 16),
    follows(Kind::Credentials, "uthorization: basic ", BASE64, 16),
    follows(Kind::Credentials, "uthorization: token ", ANY_TOKEN, 20),
];

const WEB_TOKEN: &str = "eyJ";
const ADDRESS: &str = "://";

/// All looks, ready to be looked for.
pub(crate) struct Tokens {
    heads: Option<AhoCorasick>,
}

impl Tokens {
    pub(crate) fn new() -> Self {
        let heads = LOOKS.iter().map(|look| look.head).chain([WEB_TOKEN, ADDRESS]);
        let built = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(heads);
        // It fails for more heads than memory holds; there are these few.
        Self { heads: built.ok() }
    }

    /// Where they are, in order and apart. From each head so many bytes at most are looked at,
    /// and what was found is not looked at again.
    pub(crate) fn find(&self, text: &str) -> Vec<Span> {
        let (bytes, mut spans, mut from) = (text.as_bytes(), Vec::<Span>::new(), 0);
        let Some(heads) = &self.heads else { return spans };
        while let Some(head) = heads.find(Input::new(bytes).span(from..bytes.len())) {
            let ended = spans.last().map_or(0, |last| last.at.end);
            let place = Place { bytes, ended, start: head.start(), end: head.end() };
            match place.find(LOOKS.get(head.pattern().as_usize())) {
                Some(span) => {
                    from = span.at.end;
                    spans.push(span);
                }
                None => from = head.start() + 1,
            }
        }
        spans
    }
}

/// Where a head stands in a text.
struct Place<'t> {
    bytes: &'t [u8],
    /// Where the finding before it ended.
    ended: usize,
    start: usize,
    end: usize,
}

impl Place<'_> {
    fn find(&self, look: Option<&Look>) -> Option<Span> {
        match look {
            Some(look) => self.look(look),
            None if self.bytes[self.start..].starts_with(ADDRESS.as_bytes()) => self.password(),
            None => self.web_token(),
        }
    }

    fn look(&self, look: &Look) -> Option<Span> {
        let begin = match look.how {
            How::Begins => self.end,
            How::Follows => self.end + run(&self.bytes[self.end..], is_gap, GAP),
        };
        if look.how == How::Begins && !self.is_apart() {
            return None;
        }
        let body = &self.bytes[begin..];
        // Most that begins like a secret ends at once; only what is one is read to its end.
        let looked_at = &body[..run(body, look.of, LOOKED_AT)];
        if looked_at.len() < look.least || !is_drawn(looked_at) {
            return None;
        }
        let length = run(body, look.of, usize::MAX);
        let start = if look.how == How::Begins { self.start } else { begin };
        (length <= look.most).then_some(Span { at: start..begin + length, kind: look.kind })
    }

    /// Three parts with dots between them, the first two the base64 of JSON.
    fn web_token(&self) -> Option<Span> {
        // Each run is looked at from its beginning only, so that none is looked at twice.
        if self.start > self.ended && NAME(self.bytes[self.start - 1]) && !self.is_apart() {
            return None;
        }
        let mut end = self.start;
        for (part, least) in [(WEB_TOKEN, 16), (WEB_TOKEN, 8), ("", 20)] {
            let rest = &self.bytes[end..];
            let length = run(rest, NAME, usize::MAX);
            let dot = part.is_empty() || rest.get(length) == Some(&b'.');
            if length < least || !dot || !rest.starts_with(part.as_bytes()) {
                return None;
            }
            end += length + usize::from(!part.is_empty());
        }
        Some(Span { at: self.start..end, kind: Kind::WebToken })
    }

    /// `://name:password@`, where the password is neither one that everybody knows, nor a sign
    /// for one.
    fn password(&self) -> Option<Span> {
        let name = &self.bytes[self.end..];
        let name = &name[..run(name, is_of_address, MOST_OF_NAME)];
        let start = self.end + name.len() + 1;
        let is_named = self.bytes.get(start - 1) == Some(&b':');
        let rest = self.bytes.get(start..).filter(|_| is_named)?;
        let length = run(rest, |b| is_of_address(b) || b == b':', MOST_OF_PASSWORD);
        let password = &rest[..length];
        let known =
            NO_PASSWORDS.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(password));
        let is_one = length >= LEAST_OF_PASSWORD && !known && password != name;
        let is_one = is_one && rest.get(length) == Some(&b'@') && kinds_of(password) > 2;
        is_one.then_some(Span { at: start..start + length, kind: Kind::UrlPassword })
    }

    /// Whether no word runs into the head. A letter may be the end of `\n` or of `%3D`.
    fn is_apart(&self) -> bool {
        if self.start == self.ended {
            return true;
        }
        let before: Range<usize> = self.ended.max(self.start.saturating_sub(3))..self.start;
        match &self.bytes[before] {
            [.., b'\\', b'n' | b'r' | b't'] => true,
            [b'%', a, b] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit() => true,
            [.., last] => !WORD(*last),
            [] => true,
        }
    }
}

/// How many bytes of this kind a text begins with, up to a bound. Dashes in a row are of no
/// secret: they may be the line that ends a private key.
fn run(bytes: &[u8], of: Made, most: usize) -> usize {
    let goes_on = |(at, b): &(usize, &u8)| of(**b) && !bytes[*at..].starts_with(DASHES);
    bytes.iter().take(most).enumerate().take_while(goes_on).count()
}

fn is_gap(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'"' | b'\'' | b'\\' | b'=' | b':' | b'>')
}

/// What a name or a password in an address is made of; not what stands for one in a template.
fn is_of_address(byte: u8) -> bool {
    byte.is_ascii_graphic() && !br#"/:@"'`\<>[]{}()$?#|^,;"#.contains(&byte)
}

/// Whether bytes look as if they had been drawn by lot: there is a digit among them, and they
/// don't repeat. An example is not.
fn is_drawn(bytes: &[u8]) -> bool {
    bytes.iter().any(u8::is_ascii_digit)
        && kinds_of(bytes) >= DIFFERENT
        && !bytes.windows(EXAMPLE.len()).any(|part| part == EXAMPLE)
}

/// How many different bytes there are.
fn kinds_of(bytes: &[u8]) -> usize {
    let mut seen = [false; 256];
    bytes.iter().for_each(|b| seen[usize::from(*b)] = true);
    seen.into_iter().filter(|seen| *seen).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes that are obviously no secret, and look drawn by lot to who only counts.
    fn fake(length: usize) -> String {
        "N0tARealOne".chars().cycle().take(length).collect()
    }

    fn left(text: &str) -> String {
        crate::replaced(text, &Tokens::new().find(text))
    }

    #[test]
    fn every_look_of_the_table_is_found_wherever_it_stands() {
        for look in LOOKS {
            let body = fake(look.least).to_ascii_uppercase();
            let secret = format!("{}{body}", look.head);
            let gone = match look.how {
                How::Begins => look.kind.marker(),
                How::Follows => format!("{}{}", look.head, look.kind.marker()),
            };
            for (before, after) in
                [("", ""), ("x=", "\n"), ("{\"k\": \"", "\"}"), ("a\\n", "\\n"), ("?k%3D", "&b")]
            {
                let text = format!("{before}{secret}{after}");
                assert_eq!(left(&text), format!("{before}{gone}{after}"), "{}", look.head);
            }
            let short = format!("{}{}", look.head, &body[1..]);
            assert_eq!(left(&short), short, "too short");
            if look.how == How::Begins {
                let in_a_word = format!("x{secret}");
                assert_eq!(left(&in_a_word), in_a_word);
            }
            let repeats = format!("{}{}", look.head, "x".repeat(look.least));
            assert_eq!(left(&repeats), repeats, "stands for one");
        }
    }

    #[test]
    fn names_and_their_values_may_be_apart() {
        let (value, marker) = (fake(40), Kind::AwsSecretKey.marker());
        for (before, after) in
            [("aws_secret_access_key = ", "\n"), ("\"SecretAccessKey\": \"", "\",")]
        {
            assert_eq!(
                left(&format!("{before}{value}{after}")),
                format!("{before}{marker}{after}")
            );
        }
        let header = format!("-H 'Authorization: Bearer {}'", fake(30));
        assert_eq!(left(&header), "-H 'Authorization: Bearer [redacted: credentials of a header]'");
    }

    #[test]
    fn a_web_token_has_three_parts() {
        let part = format!("{WEB_TOKEN}{}", fake(20));
        let token = format!("{part}.{part}.{}", fake(43));
        assert_eq!(left(&format!("t={token};")), "t=[redacted: JSON web token];");
        for text in [part.clone(), format!("{part}.{part}"), format!("{part}.{part}.short")] {
            assert_eq!(left(&text), text);
        }
    }

    #[test]
    fn a_password_in_an_address_goes_and_the_rest_stays() {
        let pass = fake(9);
        for scheme in ["postgres", "https", "amqp+ssl"] {
            let text = format!("{scheme}://app:{pass}@db.internal:5432/x?y=1");
            let gone =
                format!("{scheme}://app:[redacted: password in a URL]@db.internal:5432/x?y=1");
            assert_eq!(left(&text), gone);
        }
        for text in [
            "postgres://postgres:postgres@localhost/test",
            "redis://:secret@localhost",
            "mysql://root:root@127.0.0.1",
            "https://user:password@example.org",
            "https://USERNAME:PASSWORD@example.org",
            "https://$USER:$PASSWORD@example.org",
            "https://{user}:{password}@example.org",
            "https://<user>:<password>@example.org",
            "https://user:******@example.org",
            "http://localhost:8080/a@b",
            "see http://a:b and mail me@example.org",
            "git@example.org:owner/name.git",
            "ssh://git@example.org:22/owner/name.git",
        ] {
            assert_eq!(left(text), text);
        }
    }

    #[test]
    fn ordinary_code_hashes_and_examples_stay() {
        let hash = "da39a3ee5e6b4b0d3255bfef95601890afd80709";
        let own = format!("AKIA{}{}", "IOSFODNN7", "EXAMPLE");
        for text in [
            hash,
            &format!("sha256:{hash}{}", &hash[..24]),
            "123e4567-e89b-12d3-a456-426614174000",
            "sha512-1a2B3c4D5e6F7a8B9c0D1e2F3a4B5c6D7e8F9a0B1c2D3e4F5a6B7c8D==",
            "password = \"x\"; api_key = os.environ[\"API_KEY\"]; token: str = None",
            "task-force risk-based-analysis-of-2026-and-beyond-with-many-words-1",
            "sk-learn-contrib-and-other-long-names-in-python-3-packages",
            "class=\"sk-folding-cube-0123456789-and-so-on-and-so-on\"",
            "ASIAPACIFICHEADQUARTERS",
            "headers = {\"Authorization\": f\"Bearer {token}\"}",
            "Bearer authentication-with-a-long-hyphenated-word",
            "npm_config_registry npm_lifecycle_event",
            "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ",
            own.as_str(),
        ] {
            assert_eq!(left(text), text);
        }
    }
}

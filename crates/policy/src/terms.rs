//! How a host is spoken to that may be: encrypted by the broker, with a credential that the
//! command never sees. Here it is only said which; who puts it in reads the variable.

use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use tenfold_domain::Verdict;

use crate::decision::Decision;
use crate::policy::Policy;
use crate::request::{Request, Thing};
use crate::rule::Rule;

/// The usual ports.
const HTTP: u16 = 80;
const HTTPS: u16 = 443;

/// How a host may be spoken to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostTerms {
    /// What is said in the clear is sent encrypted, to this port.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<u16>,
    /// What is put into each request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credential: Option<Credential>,
}

/// A header with the value of a variable of the person's environment in it:
/// `Authorization: Bearer $TOKEN`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credential {
    /// The header's name.
    pub header: String,
    /// The variable's name.
    pub variable: String,
    before: String,
    after: String,
}

/// Headers that say how a request is sent, not who sends it.
const FRAMING: &[&str] =
    &["connection", "content-length", "expect", "host", "te", "transfer-encoding", "upgrade"];

impl Credential {
    /// From the text in a rule, or what to write there.
    pub(crate) fn new(text: &str) -> Result<Self, String> {
        const FORM: &str = "write a header with one variable in it, as in \
                            credential = \"Authorization: Bearer $TOKEN\"";
        let (header, value) = text.split_once(": ").ok_or(FORM)?;
        let is_token = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
        if header.is_empty() || !header.chars().all(is_token) {
            return Err(FORM.to_owned());
        }
        if FRAMING.iter().any(|framing| header.eq_ignore_ascii_case(framing)) {
            return Err(format!("'{header}' says how a request is sent, and is no credential"));
        }
        let (before, rest) = value.split_once('$').ok_or(FORM)?;
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let end = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
        let (variable, after) = rest.split_at(end);
        let is_plain = |text: &str| text.chars().all(|c| c == ' ' || c.is_ascii_graphic());
        let is_odd = variable.is_empty() || variable.starts_with(|c: char| c.is_ascii_digit());
        if is_odd || after.contains('$') || !is_plain(before) || !is_plain(after) {
            return Err(FORM.to_owned());
        }
        let [header, variable, before, after] =
            [header, variable, before, after].map(ToOwned::to_owned);
        Ok(Self { header, variable, before, after })
    }

    /// The header's value, with the variable's value in its place.
    pub fn filled(&self, value: &str) -> String {
        format!("{}{value}{}", self.before, self.after)
    }
}

impl fmt::Display for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { header, variable, before, after } = self;
        write!(f, "{header}: {before}${variable}{after}")
    }
}

/// What a policy says of an address that a host's name led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AddressSaid {
    /// Nothing.
    Nothing,
    /// A rule allows this very address.
    Named,
    /// A rule is against it.
    Against(Decision),
}

impl Policy {
    /// The variables that hold its credentials, whichever role they are for.
    pub fn credential_variables(&self) -> impl Iterator<Item = &str> {
        let credentials = self.rules.iter().filter_map(|rule| rule.credential.as_ref());
        credentials.map(|credential| credential.variable.as_str())
    }

    /// Whether there is any host that it allows: if not, nothing needs a network.
    pub fn allows_hosts(&self) -> bool {
        self.default_for_hosts() == Verdict::Allow
            || self.in_force().any(|rule| rule.is_about_hosts() && rule.allows())
    }

    /// Whether a host may be spoken to, and how. Where that is by another port than was asked
    /// for, both have to be allowed.
    pub fn decide_host(
        &self,
        host: &str,
        port: u16,
        method: Option<&str>,
    ) -> (Decision, HostTerms) {
        let asked = request(host, port, method);
        let decision = self.decide(&asked);
        let things = Thing::all_of(&asked);
        let is_met = |rule: &Rule| rule.allows() && things.iter().all(|thing| rule.matches(thing));
        let matching = || self.in_force().filter(|rule| is_met(rule));
        // What can't be seen can't be made anything else.
        if method.is_none() || !matching().any(|rule| rule.raw.tls) {
            return (decision, HostTerms::default());
        }
        let tls = if port == HTTP { HTTPS } else { port };
        let credential = matching().find_map(|rule| rule.credential.clone());
        let sent = self.decide(&request(host, tls, method));
        (decision.and(sent), HostTerms { tls: Some(tls), credential })
    }

    /// What is said of an address to which a host's name led. No default is: those are about
    /// names.
    pub fn said_of_address(&self, address: IpAddr, port: u16, method: Option<&str>) -> AddressSaid {
        let request = request(&address.to_canonical().to_string(), port, method);
        let decision = self.decide(&request);
        let things = Thing::all_of(&request);
        let names = |rule: &Rule| rule.allows() && things.iter().all(|thing| rule.names(thing));
        match (decision.verdict, &decision.rule) {
            (Verdict::Allow, _) if self.in_force().any(names) => AddressSaid::Named,
            (Verdict::Allow, _) | (_, None) => AddressSaid::Nothing,
            _ => AddressSaid::Against(decision),
        }
    }
}

fn request(host: &str, port: u16, method: Option<&str>) -> Request {
    let method = method.map(ToOwned::to_owned);
    Request::Host { name: host.to_owned(), port: Some(port), method }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(text: &str) -> Policy {
        Policy::with_own(format!("version = 1\n{text}").as_bytes()).unwrap()
    }

    const RULES: &str = r#"
[[rule]]
name = "tracker"
host = "tracker.test"
methods = "GET"
tls = true
credential = "Authorization: Bearer $TRACKER_TOKEN"
decide = "allow"
[[rule]]
name = "mirror"
host = ["*.mirror.test", "10.0.0.5", "[::1]:8080"]
decide = "allow"
[[rule]]
name = "a bad neighbour"
host = "192.0.2.7"
decide = "deny"
why = "it was taken over"
"#;

    #[test]
    fn a_policy_knows_whether_it_lets_anything_out() {
        assert!(!Policy::built_in().allows_hosts());
        assert!(policy(RULES).allows_hosts());
        assert_eq!(policy(RULES).credential_variables().collect::<Vec<_>>(), ["TRACKER_TOKEN"]);
        assert!(policy("[default]\nhost = 'allow'").allows_hosts());
        let deny = "[[rule]]\nname = 'a'\nhost = '*'\ndecide = 'deny'";
        assert!(!policy(deny).allows_hosts());
        let one = "[[rule]]\nname = 'a'\nrole = 'writer'\nhost = '*'\ndecide = 'allow'";
        assert!(!policy(one).allows_hosts());
        assert!(policy(one).for_role("writer").allows_hosts());
    }

    #[test]
    fn terms_come_with_what_can_be_seen() {
        let policy = policy(RULES);
        let (decision, terms) = policy.decide_host("tracker.test", 80, Some("GET"));
        assert_eq!(decision.verdict, Verdict::Allow);
        assert_eq!(terms.tls, Some(443));
        let credential = terms.credential.unwrap();
        assert_eq!(credential.variable, "TRACKER_TOKEN");
        assert_eq!(credential.filled("x"), "Bearer x");
        assert_eq!(credential.to_string(), "Authorization: Bearer $TRACKER_TOKEN");
        let (decision, terms) = policy.decide_host("tracker.test", 443, None);
        assert_eq!((decision.verdict, terms), (Verdict::Deny, HostTerms::default()));
        // By another port it goes there; by the usual one, where encryption usually is.
        assert_eq!(policy.decide_host("tracker.test", 8080, Some("GET")).1.tls, Some(8080));
        let only = "[[rule]]\nname = 'a'\nhost = 'a.test:80'\ntls = true\ndecide = 'allow'";
        let (decision, _) = super::tests::policy(only).decide_host("a.test", 80, Some("GET"));
        assert_eq!(decision.verdict, Verdict::Deny, "nothing is said of port 443");
        let (decision, terms) = policy.decide_host("a.mirror.test", 443, None);
        assert_eq!((decision.verdict, terms), (Verdict::Allow, HostTerms::default()));
    }

    #[test]
    fn an_address_is_named_only_as_itself() {
        let policy = policy(&format!("[default]\nhost = 'allow'\n{RULES}"));
        let said =
            |address: &str, port| policy.said_of_address(address.parse().unwrap(), port, None);
        assert_eq!(said("10.0.0.5", 443), AddressSaid::Named);
        assert_eq!(said("::ffff:10.0.0.5", 443), AddressSaid::Named);
        assert_eq!(said("::1", 8080), AddressSaid::Named);
        assert_eq!(said("::1", 8081), AddressSaid::Nothing);
        assert_eq!(said("10.0.0.6", 443), AddressSaid::Nothing);
        let AddressSaid::Against(decision) = said("192.0.2.7", 80) else { panic!() };
        assert_eq!(decision.why, "it was taken over");
        let all = "[[rule]]\nname = 'a'\nhost = '*'\ndecide = 'allow'";
        let all = super::tests::policy(all);
        assert_eq!(
            all.said_of_address("127.0.0.1".parse().unwrap(), 80, None),
            AddressSaid::Nothing
        );
    }

    #[test]
    fn a_credential_is_a_header_with_a_variable() {
        for text in ["X-Key: $A", "Cookie: a=$_b1; path", "Authorization: token $T"] {
            assert_eq!(Credential::new(text).unwrap().to_string(), text);
        }
        for text in [
            "",
            "X-Key",
            "X-Key: secret",
            "X-Key:$A",
            ": $A",
            "X Key: $A",
            "X-Key: $",
            "X-Key: $1",
            "X-Key: $A$B",
            "X-Key: \r\n$A",
            "Host: $A",
            "transfer-encoding: $A",
        ] {
            assert!(Credential::new(text).is_err(), "{text}");
        }
    }
}

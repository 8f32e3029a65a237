//! A rule: what it is about, with its patterns checked, and what it says.

use tenfold_domain::{NanoUsd, Verdict};

use crate::command::CommandPattern;
use crate::host::HostPattern;
use crate::path::PathPatterns;
use crate::policy::{MAX_PATTERN_BYTES, MAX_PATTERNS, Origin};
use crate::raw::{RawRule, Texts};
use crate::request::{Access, Thing};
use crate::terms::Credential;
use crate::wildcard::Wildcard;

/// A rule that is in order.
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    pub(crate) raw: RawRule,
    pub(crate) origin: Origin,
    pub(crate) credential: Option<Credential>,
    about: About,
}

#[derive(Debug, Clone)]
enum About {
    Tool(Vec<Wildcard>),
    Command(Vec<CommandPattern>),
    Read(PathPatterns),
    /// What is made, too.
    Write(PathPatterns),
    Create(PathPatterns),
    Host(Vec<HostPattern>),
    CostOver(NanoUsd),
}

impl Rule {
    /// From a rule as it is written, or why not.
    pub(crate) fn new(raw: &RawRule, origin: Origin) -> Result<Self, String> {
        let said = |why: String| match raw.name.trim() {
            "" => "a rule needs a name".to_owned(),
            name => format!("rule '{name}': {why}"),
        };
        if raw.name.trim().is_empty() {
            return Err(said(String::new()));
        }
        check_bounds(raw).map_err(said)?;
        let about = about(raw).map_err(said)?;
        let credential = credential(raw, &about).map_err(said)?;
        let mut raw = raw.clone();
        raw.methods.0.iter_mut().for_each(|method| method.make_ascii_uppercase());
        Ok(Self { raw, origin, credential, about })
    }

    pub(crate) fn is_for(&self, role: Option<&str>) -> bool {
        self.raw.role.is_empty()
            || role.is_some_and(|role| self.raw.role.0.iter().any(|name| name == role))
    }

    pub(crate) fn allows(&self) -> bool {
        self.raw.decide == Verdict::Allow
    }

    pub(crate) fn is_about_hosts(&self) -> bool {
        matches!(self.about, About::Host(_))
    }

    /// Whether it is about this one host, and not about all that are like it.
    pub(crate) fn names(&self, thing: &Thing) -> bool {
        match (&self.about, thing) {
            (About::Host(patterns), Thing::Host(peer)) => {
                self.matches(thing) && patterns.iter().any(|pattern| pattern.names(peer))
            }
            _ => false,
        }
    }

    pub(crate) fn matches(&self, thing: &Thing) -> bool {
        let generous = is_generous(self.raw.decide);
        match (&self.about, thing) {
            (About::Tool(patterns), Thing::Tool(name)) => {
                patterns.iter().any(|pattern| pattern.matches(name))
            }
            (About::Command(patterns), Thing::Command(part)) => patterns.iter().any(|pattern| {
                if generous { pattern.could_mean(part) } else { pattern.is_start_of(part) }
            }),
            (About::Read(patterns), Thing::Path(Access::Read, place))
            | (About::Write(patterns), Thing::Path(Access::Write | Access::Create, place))
            | (About::Create(patterns), Thing::Path(Access::Create, place)) => {
                patterns.matches(place, generous)
            }
            (About::Host(patterns), Thing::Host(peer)) => {
                peer.has_method(&self.raw.methods.0, generous)
                    && patterns.iter().any(|pattern| pattern.matches(peer, generous))
            }
            (About::CostOver(most), Thing::Cost(amount)) => amount > most,
            _ => false,
        }
    }
}

/// Where it can't be told whether something is meant, rules that hold back match, and rules
/// that let go do not.
fn is_generous(verdict: Verdict) -> bool {
    verdict != Verdict::Allow
}

fn check_bounds(raw: &RawRule) -> Result<(), String> {
    let lists = [
        &raw.role,
        &raw.tool,
        &raw.command,
        &raw.read,
        &raw.write,
        &raw.create,
        &raw.host,
        &raw.methods,
    ];
    for Texts(texts) in lists {
        if texts.len() > MAX_PATTERNS {
            return Err(format!(
                "{} patterns in one list; {MAX_PATTERNS} are the most",
                texts.len()
            ));
        }
        if let Some(text) = texts.iter().find(|text| text.len() > MAX_PATTERN_BYTES) {
            let length = text.len();
            return Err(format!("a pattern of {length} bytes; {MAX_PATTERN_BYTES} are the most"));
        }
        if texts.iter().any(|text| text.trim().is_empty()) {
            return Err("an empty pattern matches nothing; write *, or leave it out".to_owned());
        }
    }
    Ok(())
}

/// What is put into requests, if a rule may say so.
fn credential(raw: &RawRule, about: &About) -> Result<Option<Credential>, String> {
    if !raw.tls && raw.credential.is_none() {
        return Ok(None);
    }
    let About::Host(hosts) = about else {
        return Err(
            "tls and credential belong to a host; take them out, or add the host".to_owned()
        );
    };
    if raw.decide != Verdict::Allow {
        return Err("tls and credential are for hosts that it allows".to_owned());
    }
    let Some(text) = &raw.credential else { return Ok(None) };
    if !raw.tls {
        return Err(
            "a credential that is sent in the clear is everybody's; add tls = true".to_owned()
        );
    }
    if hosts.iter().any(HostPattern::is_all) {
        return Err("a credential is for certain hosts; name them in place of *".to_owned());
    }
    Credential::new(text).map(Some)
}

fn about(raw: &RawRule) -> Result<About, String> {
    const SUBJECTS: &str = "tool, command, read, write, create, host, cost-over";
    let generous = is_generous(raw.decide);
    let paths = |texts: &Texts| PathPatterns::new(&texts.0, generous);
    let lists = [&raw.tool, &raw.command, &raw.read, &raw.write, &raw.create, &raw.host];
    let given = lists.iter().filter(|list| !list.is_empty()).count();
    if given + usize::from(raw.cost_over.is_some()) != 1 {
        return Err(format!("it has to be about one thing: one of {SUBJECTS}"));
    }
    if !raw.methods.is_empty() && raw.host.is_empty() {
        return Err("methods belong to a host; take them out, or add the host".to_owned());
    }
    if let Some(most) = raw.cost_over {
        if raw.decide == Verdict::Allow {
            return Err("it would allow what is dear and not what is cheap; set cost = \"allow\" \
                        in [default]"
                .to_owned());
        }
        return Ok(About::CostOver(most.0));
    }
    if !raw.tool.is_empty() {
        return Ok(About::Tool(raw.tool.0.iter().map(|text| Wildcard::new(text)).collect()));
    }
    if !raw.command.is_empty() {
        let patterns = raw.command.0.iter().filter_map(|text| CommandPattern::new(text));
        return Ok(About::Command(patterns.collect()));
    }
    if !raw.host.is_empty() {
        let pattern = |text: &String| {
            HostPattern::new(text).map_err(|why| format!("'{text}' is not a host: {why}"))
        };
        return Ok(About::Host(raw.host.0.iter().map(pattern).collect::<Result<_, _>>()?));
    }
    Ok(match (&raw.read, &raw.write) {
        (read, _) if !read.is_empty() => About::Read(paths(read)?),
        (_, write) if !write.is_empty() => About::Write(paths(write)?),
        _ => About::Create(paths(&raw.create)?),
    })
}

//! How an event that an earlier release recorded becomes today's: small steps over its JSON,
//! one version at a time, when it is read. What is stored is never rewritten. This file knows
//! no SQL and no state.

use std::sync::Arc;

use serde_json::{Map, Value};
use tenfold_domain::{Fact, Seq};

use crate::StoreError;

/// One step, from one version of one kind of event to the next.
#[derive(Debug)]
pub(crate) struct Upcaster {
    /// The noun that the event was recorded under.
    pub(crate) noun: &'static str,
    /// The name that it was recorded under.
    pub(crate) event: &'static str,
    /// The version that this step starts from, from one.
    pub(crate) from: u32,
    /// The step. It may rename the event too.
    pub(crate) step: fn(&mut Map<String, Value>),
}

/// Every step there is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Upcasters(pub(crate) &'static [Upcaster]);

/// The steps of this release: none yet. To change the form of an event, change it in
/// `domain` and add the step from its old form here.
pub(crate) const UPCASTERS: Upcasters = Upcasters(&[]);

/// An event as it lies in the journal.
pub(crate) struct Recorded<'a> {
    pub(crate) seq: Seq,
    pub(crate) noun: &'a str,
    pub(crate) event: &'a str,
    pub(crate) version: u32,
    pub(crate) body: &'a str,
}

impl Upcasters {
    /// The version in which events of this kind are written today.
    pub(crate) fn version(self, noun: &str, event: &str) -> u32 {
        self.of(noun, event).map(|step| step.from + 1).max().unwrap_or(1)
    }

    /// The fact in today's form.
    pub(crate) fn read(self, recorded: &Recorded<'_>) -> Result<Fact, StoreError> {
        let Recorded { noun, event, version, body, .. } = *recorded;
        let today = self.version(noun, event);
        if version > today {
            return Err(StoreError::NewerEvent {
                seq: recorded.seq,
                noun: noun.to_owned(),
                event: event.to_owned(),
                version,
            });
        }
        let fact = match version == today {
            true => serde_json::from_str(body),
            false => serde_json::from_str(body).and_then(|mut fields: Map<String, Value>| {
                for version in version..today {
                    self.of(noun, event)
                        .filter(|step| step.from == version)
                        .for_each(|step| (step.step)(&mut fields));
                }
                serde_json::from_value(Value::Object(fields))
            }),
        };
        fact.map_err(|source| StoreError::Unreadable {
            seq: recorded.seq,
            noun: noun.to_owned(),
            event: event.to_owned(),
            source: Arc::new(source),
        })
    }

    fn of(self, noun: &str, event: &str) -> impl Iterator<Item = &'static Upcaster> {
        self.0.iter().filter(move |step| step.noun == noun && step.event == event)
    }
}

#[cfg(test)]
mod tests {
    use tenfold_domain::{ProposalEvent, RepositoryEvent};

    use super::*;

    /// Once an approval had a `digest`, and before that it was written in upper case.
    const FAKE: Upcasters = Upcasters(&[
        Upcaster {
            noun: "repository",
            event: "config-approved",
            from: 2,
            step: |fields| {
                let digest = fields.remove("digest").unwrap_or_default();
                fields.insert("hash".into(), digest);
            },
        },
        Upcaster {
            noun: "repository",
            event: "config-approved",
            from: 1,
            step: |fields| {
                let digest = fields["digest"].as_str().unwrap_or_default().to_lowercase();
                fields.insert("digest".into(), digest.into());
            },
        },
        Upcaster {
            noun: "proposal",
            event: "denied",
            from: 1,
            step: |fields| {
                fields.insert("event".into(), "rejected".into());
            },
        },
    ]);

    fn read(version: u32, event: &str, noun: &str, fields: &str) -> Result<Fact, StoreError> {
        let body = format!(r#"{{"noun":"{noun}","event":"{event}",{fields}}}"#);
        FAKE.read(&Recorded { seq: Seq(7), noun, event, version, body: &body })
    }

    #[test]
    fn an_old_event_takes_every_step_in_order() {
        let today = Fact::Repository {
            workspace: "/w".into(),
            event: RepositoryEvent::ConfigApproved { hash: "ab".into() },
        };
        for (version, field) in
            [(1, r#""digest":"AB""#), (2, r#""digest":"ab""#), (3, r#""hash":"ab""#)]
        {
            let fields = format!(r#""workspace":"/w",{field}"#);
            let fact = read(version, "config-approved", "repository", &fields).unwrap();
            assert_eq!(fact, today, "version {version}");
        }
        assert_eq!(FAKE.version("repository", "config-approved"), 3);
        assert_eq!(FAKE.version("task", "asked"), 1);
    }

    #[test]
    fn an_event_may_be_renamed() {
        let fields = r#""attempt":{"task":1,"number":1},"reason":"no""#;
        let fact = read(1, "denied", "proposal", fields).unwrap();
        assert!(matches!(
            fact,
            Fact::Proposal { event: ProposalEvent::Rejected { ref reason }, .. } if reason == "no"
        ));
    }

    #[test]
    fn a_later_version_and_a_damaged_body_are_told_apart() {
        let newer = read(4, "config-approved", "repository", r#""workspace":"/w""#);
        assert!(matches!(newer, Err(StoreError::NewerEvent { seq: Seq(7), version: 4, .. })));
        let damaged = read(3, "config-approved", "repository", r#""workspace":"/w""#);
        let Err(error @ StoreError::Unreadable { .. }) = damaged else { panic!("{damaged:?}") };
        assert!(error.to_string().contains("event 7 (repository config-approved)"), "{error}");
    }
}

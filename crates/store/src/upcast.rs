//! How an event that an earlier release recorded becomes today's: small steps over its JSON,
//! one version at a time, when it is read. What is stored is never rewritten. This file knows
//! no SQL and no state.

use std::sync::Arc;

use serde_json::{Map, Value, json};
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

/// The steps there are. To change the form of an event, change it in `domain` and add the step
/// from its old form here.
pub(crate) const UPCASTERS: Upcasters = Upcasters(&[
    // Accounts had neither kinds nor anybody who opened them.
    Upcaster {
        noun: "ledger",
        event: "opened",
        from: 1,
        step: |fields| {
            let is_root = fields.get("parent").is_none_or(Value::is_null);
            let kind = if is_root { "organisation" } else { "person" };
            fields.insert("kind".into(), kind.into());
            fields.insert("by".into(), "".into());
        },
    },
    // Only money was counted, and no time.
    Upcaster {
        noun: "ledger",
        event: "reserved",
        from: 1,
        step: |fields| {
            let money = fields.remove("amount").unwrap_or_default();
            fields.insert("amount".into(), json!({ "money": money }));
            fields.insert("at".into(), 0.into());
        },
    },
    Upcaster {
        noun: "ledger",
        event: "settled",
        from: 1,
        step: |fields| {
            let money = fields.remove("cost").unwrap_or_default();
            let charge = json!({ "model": "", "spend": { "money": money } });
            fields.insert("bill".into(), json!([charge]));
            fields.insert("at".into(), 0.into());
        },
    },
    Upcaster {
        noun: "ledger",
        event: "released",
        from: 1,
        step: |fields| {
            fields.insert("at".into(), 0.into());
        },
    },
    Upcaster { noun: "ledger", event: "balanced", from: 1, step: balanced },
]);

/// Money alone was known of accounts and reservations.
fn balanced(fields: &mut Map<String, Value>) {
    let all = |value: Option<&mut Value>, name: &str| {
        for one in value.and_then(Value::as_array_mut).into_iter().flatten() {
            if let Some(money) = one.get_mut(name) {
                *money = json!({ "money": money.take() });
            }
            one["at"] = 0.into();
        }
    };
    all(fields.get_mut("accounts"), "spent");
    all(fields.get_mut("holds"), "amount");
}

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
    use tenfold_domain::{
        AccountId, AccountKind, NanoUsd, ProposalEvent, RepositoryEvent, Timestamp,
    };
    use tenfold_ledger::Ledger;

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

    #[test]
    fn ledgers_of_before_read_as_they_were_meant() {
        let read = |event: &str, fields: &str| {
            let body = format!(r#"{{"noun":"ledger","event":"{event}",{fields}}}"#);
            let (seq, noun, body) = (Seq(1), "ledger", body.as_str());
            let fact = UPCASTERS.read(&Recorded { seq, noun, event, version: 1, body }).unwrap();
            let Fact::Ledger { event } = fact else { panic!("{fact:?}") };
            event
        };
        let events = [
            read("opened", r#""account":1,"parent":null,"name":"default""#),
            read("opened", r#""account":2,"parent":1,"name":"ada""#),
            read("reserved", r#""reservation":1,"account":2,"amount":9"#),
            read("settled", r#""reservation":1,"cost":4"#),
            read("reserved", r#""reservation":2,"account":2,"amount":7"#),
            read("released", r#""reservation":2"#),
            read("reserved", r#""reservation":3,"account":1,"amount":5"#),
        ];
        let ledger = Ledger::replay(&events);
        let statement = |number| ledger.statement(AccountId(number), Timestamp(0)).unwrap();
        assert_eq!(statement(1).kind, AccountKind::Organisation);
        assert_eq!((statement(1).spent.money, statement(1).held.money), (NanoUsd(4), NanoUsd(5)));
        let balanced = read(
            "balanced",
            r#""accounts":[{"account":1,"parent":null,"name":"default","limit":18446744073709551615,
                "spent":4}],"holds":[{"reservation":3,"account":1,"amount":5}],"last_reservation":3"#,
        );
        let ledger = Ledger::replay(&[balanced]);
        let statement = ledger.statement(AccountId(1), Timestamp(0)).unwrap();
        assert_eq!((statement.spent.money, statement.held.money), (NanoUsd(4), NanoUsd(5)));
    }
}

//! Commands with a way out: the broker asks here, the person's policy answers, and the journal
//! knows of it before a byte leaves.
//!
//! Of one command the first request to each host, port and method is recorded, and how much was
//! carried when it has ended. Nothing here speaks to anybody.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use tenfold_domain::{AttemptId, EgressEvent, Fact, Peer, StepId};
use tenfold_policy::{AddressSaid, Decision, Policy, Verdict};
use tenfold_redact::Redactor;
use tenfold_sandbox::{
    About, Broker, CancelSignal, Credential, Exit, Job, Line, Recorded, Rules, Ruling, Sandbox,
    SandboxError, Talk, Tally, Terms,
};
use tenfold_store::Store;
use tokio::sync::{Mutex, oneshot};

use crate::EngineError;
use crate::engine::Engine;

/// The most different hosts, ports and methods that one command may want.
const MOST_PEERS: usize = 200;

/// Said where there is none, though the policy wants one.
const TOO_WEAK: &str = "Not let out of the sandbox: anything at all. The policy allows some hosts, \
                        but a sandbox below tier A has no network of its own\n";

/// The way out of one command.
pub(crate) struct Egress {
    policy: Policy,
    store: Arc<Store>,
    redactor: Arc<Redactor>,
    attempt: AttemptId,
    step: StepId,
    seen: Mutex<Seen>,
}

/// What a command wanted so far.
#[derive(Default)]
struct Seen {
    /// What became of each wish: why it was refused, if it was.
    peers: BTreeMap<(Peer, Option<String>), Met>,
    overrun: u64,
}

#[derive(Default)]
struct Met {
    times: u64,
    tally: Arc<Tally>,
}

/// How a command ended, and for whom it was not let out.
pub(crate) struct Ended {
    pub(crate) exit: Exit,
    /// In words for whoever reads its output; empty if nothing was refused.
    pub(crate) refused: String,
}

impl Engine {
    /// The way out for a command of an attempt; none if its policy allows no host.
    pub(crate) fn way_out(
        &self,
        policy: &Policy,
        attempt: AttemptId,
        step: StepId,
    ) -> Option<Arc<Egress>> {
        policy.allows_hosts().then(|| {
            let (policy, store) = (policy.clone(), Arc::clone(&self.store));
            let (redactor, seen) = (self.redactor(), Mutex::default());
            Arc::new(Egress { policy, store, redactor, attempt, step, seen })
        })
    }
}

/// Runs a command, with a way out if it is given one.
pub(crate) async fn run(
    sandbox: &Sandbox,
    job: &Job,
    egress: Option<&Arc<Egress>>,
    cancel: &CancelSignal,
) -> Result<Ended, EngineError> {
    let Some(egress) = egress else {
        let exit = sandbox.run(job, cancel).await?;
        return Ok(Ended { exit, refused: String::new() });
    };
    if !sandbox.has_own_network() {
        let exit = sandbox.run(job, cancel).await?;
        return Ok(Ended { exit, refused: TOO_WEAK.to_owned() });
    }
    let broker = Broker::new(Arc::clone(egress) as Arc<dyn Rules>);
    let ran: Result<Exit, SandboxError> = sandbox.run_brokered(job, &broker, cancel).await;
    let refused = egress.close().await?;
    Ok(Ended { exit: ran?, refused })
}

/// Runs a command that is spoken with, with a way out if it is given one.
pub(crate) async fn run_spoken_with(
    sandbox: &Sandbox,
    job: &Job,
    egress: Option<&Arc<Egress>>,
    talk: (Talk, oneshot::Sender<Line>),
    cancel: &CancelSignal,
) -> Result<Ended, EngineError> {
    let broker = egress.map(|egress| Broker::new(Arc::clone(egress) as Arc<dyn Rules>));
    let ran = sandbox.run_spoken_with(job, broker.as_ref(), talk, cancel).await;
    let refused = match egress {
        Some(egress) => egress.close().await?,
        None => String::new(),
    };
    Ok(Ended { exit: ran?, refused })
}

impl Rules for Egress {
    fn decide(&self, wanted: &Peer) -> Ruling {
        let Peer { host, port, method } = wanted;
        let (decision, terms) = self.policy.decide_host(host, *port, method.as_deref());
        let deny = |why| Ruling::Deny { why };
        match decision.verdict {
            Verdict::Allow => {}
            Verdict::Deny => return deny(said(&decision) + &self.other_way(wanted)),
            // A connection does not wait for days.
            Verdict::Ask => {
                return deny(format!("{}; a command that runs can't wait for it", said(&decision)));
            }
        }
        let credential = match terms.credential {
            None => None,
            Some(credential) => match std::env::var(&credential.variable) {
                Ok(value) => Some(Credential {
                    value: credential.filled(value.trim_end()),
                    header: credential.header,
                }),
                Err(_) => {
                    let variable = &credential.variable;
                    return deny(format!("its credential is in {variable}, which is not set"));
                }
            },
        };
        Ruling::Allow(Terms { tls: terms.tls, credential })
    }

    fn address(&self, wanted: &Peer, address: SocketAddr) -> About {
        let (ip, port, method) = (address.ip(), address.port(), wanted.method.as_deref());
        match self.policy.said_of_address(ip, port, method) {
            AddressSaid::Nothing => About::Nothing,
            AddressSaid::Named => About::Named,
            AddressSaid::Against(decision) => About::Denied { why: said(&decision) },
        }
    }

    fn record<'a>(&'a self, wanted: &'a Peer, refused: Option<&'a str>) -> Recorded<'a> {
        Box::pin(self.take_down(wanted, refused))
    }
}

impl Egress {
    /// Where a host may be spoken to if it can be seen how: what to ask for instead.
    fn other_way(&self, wanted: &Peer) -> String {
        let Peer { host, port, method: None } = wanted else { return String::new() };
        let seen = |plain| self.policy.decide_host(host, plain, Some("GET"));
        let by = [80, *port].into_iter().find(|plain| {
            let (decision, terms) = seen(*plain);
            decision.verdict == Verdict::Allow && terms.tls == Some(*port)
        });
        match by {
            Some(80) => format!("; it may be asked for as http://{host}/"),
            Some(port) => format!("; it may be asked for as http://{host}:{port}/"),
            None => String::new(),
        }
    }

    async fn take_down(&self, wanted: &Peer, refused: Option<&str>) -> Result<Arc<Tally>, String> {
        // A command may put what it likes into a name.
        let text = |text: &str| self.redactor.text(text).into_owned();
        let Peer { host, port, method } = wanted;
        let to = Peer { host: text(host), port: *port, method: method.as_deref().map(text) };
        let refused = refused.map(text);
        let key = (to.clone(), refused.clone());
        // Held until it is durable: who asks for the same meanwhile waits for that too.
        let mut seen = self.seen.lock().await;
        if let Some(met) = seen.peers.get_mut(&key) {
            met.times += 1;
            return Ok(Arc::clone(&met.tally));
        }
        if seen.peers.len() >= MOST_PEERS {
            seen.overrun += 1;
            return Err(format!("one command may want {MOST_PEERS} different ones"));
        }
        let event = match refused {
            None => {
                let (decision, _) = self.policy.decide_host(host, *port, method.as_deref());
                EgressEvent::Allowed { to, rule: decision.rule }
            }
            Some(why) => EgressEvent::Refused { to, why },
        };
        self.append(vec![event]).await.map_err(|error| error.to_string())?;
        let met = Met { times: 1, tally: Arc::default() };
        let tally = Arc::clone(&met.tally);
        seen.peers.insert(key, met);
        Ok(tally)
    }

    /// Records what was carried, when the command has ended, and says what was not.
    async fn close(&self) -> Result<String, EngineError> {
        let Seen { peers, overrun } = std::mem::take(&mut *self.seen.lock().await);
        let mut events = Vec::new();
        let mut said = String::new();
        for ((to, refused), Met { times, tally }) in peers {
            match refused {
                Some(why) => said += &format!("Not let out of the sandbox: {to}: {why}\n"),
                None => {
                    let (sent, received) = (tally.sent(), tally.received());
                    events.push(EgressEvent::Carried { to, times, sent, received });
                }
            }
        }
        if overrun > 0 {
            said += &format!("Not let out of the sandbox: {overrun} more requests\n");
            events.push(EgressEvent::Overrun { refused: overrun });
        }
        self.append(events).await?;
        Ok(said)
    }

    async fn append(&self, events: Vec<EgressEvent>) -> Result<(), EngineError> {
        let Self { attempt, step, .. } = *self;
        let fact = |event| Fact::Egress { attempt, step, event };
        self.store.append_async(events.into_iter().map(fact).collect()).await?;
        Ok(())
    }
}

/// Why, and by which rule.
fn said(decision: &Decision) -> String {
    match &decision.rule {
        Some(rule) => format!("{} (rule '{rule}' of the policy)", decision.why),
        None => decision.why.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: &str = r#"version = 1
[[rule]]
name = "tracker"
host = "tracker.test"
methods = "GET"
tls = true
decide = "allow"
[[rule]]
name = "secret"
host = "secret.test"
tls = true
credential = "X-Key: $TENFOLD_TEST_OF_A_VARIABLE_THAT_NOBODY_SETS"
decide = "allow"
[[rule]]
name = "forge"
host = "forge.test"
decide = "ask"
why = "others see it"
[[rule]]
name = "open"
host = ["open.test", "10.0.0.5"]
decide = "allow"
"#;

    fn egress(dir: &tempfile::TempDir) -> Egress {
        let store = Arc::new(Store::open(&dir.path().join("store.db")).unwrap());
        let policy = Policy::with_own(RULES.as_bytes()).unwrap();
        let attempt = "1.1".parse().unwrap();
        let redactor = Arc::new(Redactor::new(["c4nary-of-the-tests"]));
        Egress { policy, store, redactor, attempt, step: StepId(3), seen: Mutex::default() }
    }

    fn wanted(host: &str, port: u16, method: Option<&str>) -> Peer {
        Peer { host: host.to_owned(), port, method: method.map(ToOwned::to_owned) }
    }

    #[test]
    fn the_policy_is_the_one_that_decides() {
        let dir = tempfile::tempdir().unwrap();
        let egress = egress(&dir);
        let why = |host, port, method| match egress.decide(&wanted(host, port, method)) {
            Ruling::Deny { why } => why,
            Ruling::Allow(terms) => format!("{terms:?}"),
        };
        assert!(why("tracker.test", 80, Some("GET")).contains("tls: Some(443)"));
        assert!(why("tracker.test", 443, None).ends_with("as http://tracker.test/"));
        assert!(why("tracker.test", 8443, None).ends_with("as http://tracker.test:8443/"));
        assert!(why("other.test", 443, None).ends_with("the default for host is deny"));
        assert!(why("secret.test", 80, Some("GET")).ends_with("NOBODY_SETS, which is not set"));
        assert!(why("forge.test", 443, None).starts_with("others see it (rule 'forge'"));
        let at =
            |text: &str| egress.address(&wanted("open.test", 443, None), text.parse().unwrap());
        assert_eq!(at("10.0.0.5:443"), About::Named);
        assert_eq!(at("10.0.0.6:443"), About::Nothing);
    }

    #[tokio::test]
    async fn each_is_recorded_once_and_summed_up_at_the_end() {
        let dir = tempfile::tempdir().unwrap();
        let egress = egress(&dir);
        let open = wanted("open.test", 443, None);
        let first = egress.take_down(&open, None).await.unwrap();
        let again = egress.take_down(&open, None).await.unwrap();
        assert!(Arc::ptr_eq(&first, &again));
        egress.take_down(&wanted("a.test", 80, Some("GET")), Some("no")).await.unwrap();
        let telling = wanted("c4nary-of-the-tests.a.test", 80, Some("GET"));
        egress
            .take_down(&telling, Some("c4nary-of-the-tests.a.test has no address"))
            .await
            .unwrap();
        for port in 0..MOST_PEERS {
            let many = wanted("many.test", u16::try_from(port).unwrap(), None);
            let taken = egress.take_down(&many, Some("no")).await;
            assert_eq!(taken.is_ok(), port + 3 < MOST_PEERS);
        }
        assert!(egress.take_down(&open, None).await.is_ok(), "it is known");
        let refused = egress.close().await.unwrap();
        assert!(refused.contains("Not let out of the sandbox: GET a.test:80: no\n"));
        assert!(refused.ends_with("3 more requests\n"));
        assert!(!refused.contains("c4nary"), "{refused}");
        let about = tenfold_store::About::Attempt(egress.attempt);
        let view = egress.store.view().unwrap();
        let facts: Vec<Fact> = view.each_event(about.into()).map(|e| e.unwrap().fact).collect();
        assert_eq!(facts.len(), MOST_PEERS + 2);
        let Fact::Egress { event: EgressEvent::Allowed { rule, .. }, .. } = &facts[0] else {
            panic!("{:?}", facts[0])
        };
        assert_eq!(rule.as_deref(), Some("open"));
        let [.., carried, overrun] = facts.as_slice() else { panic!() };
        assert!(matches!(
            carried,
            Fact::Egress { event: EgressEvent::Carried { times: 3, .. }, step: StepId(3), .. }
        ));
        assert!(matches!(overrun, Fact::Egress { event: EgressEvent::Overrun { refused: 3 }, .. }));
    }
}

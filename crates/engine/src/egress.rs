//! Commands with a way out: the broker asks here, the person's policy answers, and the journal
//! knows of it before a byte leaves.
//!
//! Of one command the first request to each host, port and method is recorded, and how much was
//! carried when it has ended. Nothing here speaks to anybody.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use tenfold_domain::{AttemptId, EgressEvent, Fact, Peer, StepId};
use tenfold_policy::{AddressSaid, Decision, Policy, Verdict};
use tenfold_sandbox::{
    About, Broker, CancelSignal, Credential, Exit, Job, Recorded, Rules, Ruling, Sandbox,
    SandboxError, Tally, Terms, Wanted,
};
use tenfold_store::Store;
use tokio::sync::Mutex;

use crate::EngineError;
use crate::engine::Engine;

/// The most different hosts, ports and methods that one command may want.
const MOST_PEERS: usize = 200;

/// The way out of one command.
pub(crate) struct Egress {
    policy: Policy,
    store: Arc<Store>,
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
    /// The way out for a command of an attempt. None if the policy allows no host, and where
    /// the sandbox has no network of its own to put one in.
    pub(crate) fn way_out(&self, attempt: AttemptId, step: StepId) -> Option<Arc<Egress>> {
        let has_one = self.policy.allows_hosts() && self.sandbox.has_own_network();
        has_one.then(|| {
            let (policy, store) = (self.policy.clone(), Arc::clone(&self.store));
            Arc::new(Egress { policy, store, attempt, step, seen: Mutex::default() })
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
    let broker = Broker::new(Arc::clone(egress) as Arc<dyn Rules>);
    let ran: Result<Exit, SandboxError> = sandbox.run_brokered(job, &broker, cancel).await;
    let refused = egress.close().await?;
    Ok(Ended { exit: ran?, refused })
}

impl Rules for Egress {
    fn decide(&self, wanted: &Wanted) -> Ruling {
        let Wanted { host, port, method } = wanted;
        let (decision, terms) = self.policy.decide_host(host, *port, method.as_deref());
        let deny = |why| Ruling::Deny { why };
        match decision.verdict {
            Verdict::Allow => {}
            Verdict::Deny => return deny(said(&decision)),
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

    fn address(&self, wanted: &Wanted, address: IpAddr) -> About {
        let Wanted { port, method, .. } = wanted;
        match self.policy.said_of_address(address, *port, method.as_deref()) {
            AddressSaid::Nothing => About::Nothing,
            AddressSaid::Named => About::Named,
            AddressSaid::Against(decision) => About::Denied { why: said(&decision) },
        }
    }

    fn record<'a>(&'a self, wanted: &'a Wanted, refused: Option<&'a str>) -> Recorded<'a> {
        Box::pin(self.take_down(wanted, refused))
    }
}

impl Egress {
    async fn take_down(
        &self,
        wanted: &Wanted,
        refused: Option<&str>,
    ) -> Result<Arc<Tally>, String> {
        let Wanted { host, port, method } = wanted.clone();
        let to = Peer { host, port, method };
        let key = (to.clone(), refused.map(ToOwned::to_owned));
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
                let (host, method) = (&wanted.host, wanted.method.as_deref());
                let (decision, _) = self.policy.decide_host(host, wanted.port, method);
                EgressEvent::Allowed { to, rule: decision.rule }
            }
            Some(why) => EgressEvent::Refused { to, why: why.to_owned() },
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

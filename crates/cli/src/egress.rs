//! What a command said to other machines, in one line.

use indicatif::HumanBytes;
use tenfold_domain::EgressEvent;

use crate::terminal::one_line;

/// The widest name of a peer, and the longest reason.
const WIDTH: usize = 120;

/// What the broker decided, or carried.
pub(crate) fn line(event: &EgressEvent) -> String {
    match event {
        EgressEvent::Allowed { to, rule } => {
            let rule = match rule {
                Some(rule) => format!("by rule '{}'", one_line(rule, 80)),
                None => "by default".to_owned(),
            };
            format!("network {}: allowed {rule}", one_line(&to.to_string(), WIDTH))
        }
        EgressEvent::Refused { to, why } => {
            let (to, why) = (one_line(&to.to_string(), WIDTH), one_line(why, WIDTH));
            format!("network {to}: REFUSED: {why}")
        }
        EgressEvent::Carried { to, times, sent, received } => {
            let to = one_line(&to.to_string(), WIDTH);
            let times = if *times == 1 { "once".to_owned() } else { format!("{times} times") };
            let (sent, received) = (HumanBytes(sent.0), HumanBytes(received.0));
            format!("network {to}: {times}, {sent} sent, {received} received")
        }
        EgressEvent::Overrun { refused } => {
            format!("network: {refused} more requests REFUSED, to more hosts than are listed")
        }
    }
}

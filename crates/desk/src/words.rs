//! What is said of work in a few words, in the same ones wherever it is said: in the terminal, and in
//! what is exported.

use tenfold_domain::{Budget, EgressEvent, Forecast, NanoUsd, TaskState, Usage};
use tenfold_store::TaskRow;

use crate::plain::one_line;

/// The widest name of a peer, and the longest reason.
const WIDTH: usize = 120;

/// Money as people read it: to a millionth of a dollar, rounded up, without trailing zeros.
pub fn money(amount: NanoUsd) -> String {
    NanoUsd(amount.0.div_ceil(1_000).saturating_mul(1_000)).to_string()
}

/// Where work on a task stops.
pub fn limits(budget: &Budget) -> String {
    format!("{}, {}, {} attempts", money(budget.money), budget.time, budget.attempts)
}

/// Tokens in and out.
pub fn tokens(usage: Usage) -> String {
    format!(
        "{} in ({} from the cache), {} out",
        usage.prompt + usage.cached,
        usage.cached,
        usage.output
    )
}

/// Where a task stands.
pub fn standing(row: &TaskRow) -> String {
    let unverified = row.proposal().is_some_and(|proposal| !proposal.verified);
    let words = match row.state {
        TaskState::ToReview if unverified => "to review, UNVERIFIED",
        TaskState::ToReview => "to review, verified",
        TaskState::Accepted if unverified => "accepted, UNVERIFIED",
        TaskState::Accepted => "accepted",
        TaskState::NeedsYou if row.question.is_some() => "asks you",
        TaskState::NeedsYou => "needs you",
        TaskState::Queued
        | TaskState::Working
        | TaskState::Paused
        | TaskState::Parked
        | TaskState::Rejected => return row.state.to_string(),
    };
    words.to_owned()
}

/// What was likely to come of an attempt, in a line.
pub fn foreseen(forecast: &Forecast) -> String {
    let Some(odds) = forecast.odds.last() else { return "nothing was foreseen".to_owned() };
    let percent = |chance: f64| format!("{:.0} %", chance * 100.0);
    format!(
        "foreseen: solved by {} with {} ({} to {}), by {}, on {} attempts",
        money(odds.by),
        percent(odds.likely),
        percent(odds.low),
        percent(odds.high),
        one_line(&forecast.method, 60),
        forecast.attempts
    )
}

/// What became of an attempt's steps that are not in the journal any more.
pub fn steps_dropped(events: u64, file: &str) -> String {
    let file = one_line(file, 100);
    format!("its steps ({events} events) were taken out of the journal: they are in dropped/{file}")
}

/// What a command said to other machines: what the broker decided, or carried.
pub fn egress(event: &EgressEvent) -> String {
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
            format!("network {to}: {times}, {sent} sent, {received} received")
        }
        EgressEvent::Overrun { refused } => {
            format!("network: {refused} more requests REFUSED, to more hosts than are listed")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_rounded_up_to_a_millionth() {
        assert_eq!(money(NanoUsd(1)), "$0.000001");
        assert_eq!(money(NanoUsd(120_500_000)), "$0.1205");
        assert_eq!(money(NanoUsd::ZERO), "$0.00");
    }
}

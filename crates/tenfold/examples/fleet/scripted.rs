//! The model of the bench: it reads a file, a few lines at a time, and then gives up, or asks the
//! person and does what passes the check. It computes nothing, and takes note of when it is asked
//! again.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::json;
use tenfold_domain::{Answer, Said, Seed, Tokens, ToolCall, Turn, Usage};
use tenfold_models::{Answers, Hosted, StandIn, Turned};

use crate::ground::{FILE, WANTED};

/// Lines of the file that a read shows: 1 kB and more.
const SHOWN: usize = 30;

/// How long the model takes to answer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Latency {
    /// No time at all: what is measured is the engine alone.
    None,
    /// Log-normal, with this median and a shape of one half.
    Median(Duration),
}

impl Latency {
    /// How long this answer takes.
    fn draw(self, seed: Seed) -> Duration {
        let Self::Median(median) = self else { return Duration::ZERO };
        let mut draws = seed.child(1).draws();
        let mut unit = || (draws.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
        // Box and Muller, "A note on the generation of random normal deviates", 1958.
        let normal = (-2.0 * (1.0 - unit()).ln()).sqrt() * (std::f64::consts::TAU * unit()).cos();
        median.mul_f64((normal / 2.0).exp())
    }
}

/// What the model does once it has read enough.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Then {
    /// It gives up.
    GivesUp,
    /// It asks the person something, and then makes the file that the check wants.
    Asks,
}

/// The model, for all that ask it.
pub(crate) struct Scripted {
    turns: usize,
    then: Then,
    latency: Latency,
    heard: Mutex<Heard>,
}

/// When it was asked, and by whom.
#[derive(Default)]
struct Heard {
    /// When each conversation was last answered.
    answered: HashMap<String, Instant>,
    /// How long it took each time until it was asked again, in microseconds.
    between: Vec<u32>,
}

impl Scripted {
    pub(crate) fn new(turns: usize, then: Then, latency: Latency) -> Self {
        Self { turns, then, latency, heard: Mutex::default() }
    }

    /// How long the engine took from each answer to the next request of the same attempt, in
    /// microseconds, shortest first: the answer, its bill, the call and what came of it, and the
    /// next intent are in the journal then.
    pub(crate) fn between(&self) -> Vec<u32> {
        let mut between = std::mem::take(&mut self.heard().between);
        between.sort_unstable();
        between
    }

    fn heard(&self) -> std::sync::MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, turn: &Turn) -> Answer {
        let last = turn.said.iter().rev().find_map(|said| match &**said {
            Said::Model { calls, .. } => calls.first(),
            _ => None,
        });
        let called = last.map_or("", |call| call.name.as_str());
        // Its own last words say which lines it read.
        let read = last.and_then(|call| call.arguments.get("from")?.as_u64()).unwrap_or(0);
        let (name, arguments) = match (called, self.then) {
            ("" | "read", _) if read < self.turns as u64 => {
                ("read", json!({ "path": FILE, "from": read + 1, "lines": SHOWN }))
            }
            ("" | "read", Then::Asks) => ("ask", json!({ "question": "Is that the file?" })),
            ("ask", _) => ("write", json!({ "path": WANTED, "text": "as you said" })),
            ("write", _) => ("finish", json!({ "summary": "made", "solved": true })),
            _ => ("finish", json!({ "summary": "read", "solved": false })),
        };
        let (id, name) = (format!("{}-{name}", turn.said.len()), name.to_owned());
        let call = ToolCall { id, name, arguments, signatures: Vec::new() };
        Answer::Turned { text: "Let me see.".to_owned(), calls: vec![call], ended: true }
    }
}

impl StandIn for Scripted {
    fn turn<'a>(&'a self, _: &'a Hosted, turn: &'a Turn) -> Answers<'a> {
        let now = Instant::now();
        Box::pin(async move {
            let who = match turn.said.first().map(|said| &**said) {
                Some(Said::Person { text }) => text.clone(),
                _ => String::new(),
            };
            {
                let mut heard = self.heard();
                if let Some(before) = heard.answered.remove(&who) {
                    heard
                        .between
                        .push(u32::try_from((now - before).as_micros()).unwrap_or(u32::MAX));
                }
            }
            let latency = self.latency.draw(turn.seed);
            if !latency.is_zero() {
                tokio::time::sleep(latency).await;
            }
            let answer = self.answer(turn);
            let prompt = Tokens(turn.said.len() as u64 * 100);
            let usage = Usage { prompt, output: Tokens(40), ..Usage::default() };
            self.heard().answered.insert(who, Instant::now());
            Ok(Turned { answer, usage })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_the_answers_take_longer_than_the_median() {
        let latency = Latency::Median(Duration::from_millis(100));
        let draws = (0..2_000).map(|n| latency.draw(Seed(n)));
        let longer = draws.filter(|drawn| *drawn > Duration::from_millis(100)).count();
        assert!((900..1_100).contains(&longer), "{longer} of 2000");
        assert_eq!(Latency::None.draw(Seed(1)), Duration::ZERO);
    }
}

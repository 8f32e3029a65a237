//! The end of a soak: what asks is answered, what waits is gone on with, and the backlog is worked
//! until nothing more can be done.

use super::home::Listed;
use super::rounds::{self, Soak};
use super::script;
use crate::trouble::Trouble;

/// How often it is tried until it is said that it does not come to its end.
const TRIES: u32 = 30;

impl Soak {
    /// Lets all come to its end.
    pub(super) fn settle(&mut self) -> Result<(), Trouble> {
        let last = self.asked_for.keys().next_back().copied().unwrap_or_default();
        self.home.new_script(last)?;
        for _ in 0..TRIES {
            if !self.go_on()? {
                return Ok(());
            }
            self.say(&["start", "--jobs", "4"])?;
        }
        self.wrong.push(format!("it is not at its end after {TRIES} times of going on"));
        Ok(())
    }

    /// Does for each task what lets it go on; false if there was none.
    fn go_on(&mut self) -> Result<bool, Trouble> {
        let listed = self.home.list()?;
        let mut is_to_go_on = false;
        for task in &listed {
            let id = task.task.to_string();
            let number = script::marked(&task.text).unwrap_or_default();
            match task.state.as_str() {
                "working" | "paused" | "needs-you" if rounds::asks(&self.home.log(task.task)?) => {
                    self.say(&["answer", &id, &script::yes(number), "--later"])?;
                }
                "paused" => drop(self.say(&["resume", &id])?),
                "needs-you" if goes_on(task) => drop(self.say(&["continue", &id])?),
                "working" => {}
                "queued" if self.may_begin(task, &listed)? => {}
                "to-review" if self.is_waited_for(number, &listed) => {
                    self.say(&["accept", &id, "--in-place"])?;
                }
                _ => continue,
            }
            is_to_go_on = true;
        }
        Ok(is_to_go_on)
    }

    /// Whether what a task comes after was accepted.
    pub(super) fn may_begin(&self, task: &Listed, listed: &[Listed]) -> Result<bool, Trouble> {
        let shown = crate::command::output(
            &mut self.home.command(0, &["show", &task.task.to_string(), "--json"]),
        )?;
        let shown: serde_json::Value = serde_json::from_str(&shown).unwrap_or_default();
        let after = shown["asked"]["standing"]["after"].as_array().cloned().unwrap_or_default();
        let accepted = |id: &serde_json::Value| {
            let is_it = |other: &&Listed| Some(other.task) == id.as_u64();
            listed.iter().find(is_it).is_some_and(|other| other.state == "accepted")
        };
        Ok(after.iter().all(accepted))
    }

    fn is_waited_for(&self, number: u32, listed: &[Listed]) -> bool {
        listed.iter().any(|task| {
            let other = script::marked(&task.text).unwrap_or_default();
            task.state == "queued" && super::plan::job(self.home.seed, other).after == Some(number)
        })
    }
}

/// Whether a task that needs the person goes on by itself if they say so: not what has no money
/// left.
fn goes_on(task: &Listed) -> bool {
    let outcome = task.outcome.as_deref().unwrap_or_default();
    ["stopped", "provider-failed", "limit-time", "limit-quota"].contains(&outcome)
}

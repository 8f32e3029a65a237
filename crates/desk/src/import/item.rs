//! What a backlog can say of a task, whichever form it is written in.

use std::collections::BTreeSet;
use std::path::PathBuf;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use tenfold_domain::{Cascade, Millis, NanoUsd, Priority, Standing, TaskSpec, Timestamp};

use crate::asking::Attempts;
use crate::duration;

/// A task of a backlog, as far as the backlog says anything of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Item {
    /// Where it begins, from one.
    pub line: usize,
    /// What others of the backlog call it.
    pub id: Option<String>,
    /// What to do; not empty.
    pub text: String,
    /// The repository or folder, from the one of all tasks.
    pub repo: Option<PathBuf>,
    /// The shell command that judges the work.
    pub check: Option<String>,
    /// How much it is wanted before others.
    pub priority: Option<Priority>,
    /// When it is to be done.
    pub deadline: Option<Timestamp>,
    /// What it is worth to have it done.
    pub value: Option<NanoUsd>,
    /// How many minutes it would take a person.
    pub minutes: Option<u32>,
    /// The most money to spend.
    pub budget: Option<NanoUsd>,
    /// The longest that all attempts together may take.
    pub time_limit: Option<Millis>,
    /// How many attempts are made.
    pub attempts: Option<Attempts>,
    /// The models, with commas between them.
    pub model: Option<String>,
    /// The kind of coworker.
    pub role: Option<String>,
    /// Words of the person that it belongs to.
    pub labels: Vec<String>,
    /// Those of the backlog that come before it, by their ids.
    pub after: Vec<String>,
}

/// The most minutes that a task may be said to take a person: ten years of work.
pub const MINUTES_MAX: i64 = 10 * 250 * 8 * 60;

/// What [`Item::set`] knows, for who has to be told.
pub(super) const KEYS: &str = "id, text, repo, check, priority, deadline, value, minutes, budget, \
                               time-limit, attempts, model, role, labels, after";

impl Item {
    /// Begins one, on a line.
    pub fn on(line: usize) -> Self {
        Self { line, ..Self::default() }
    }

    /// Says something of it. Lists are separated by commas; an empty value says nothing.
    ///
    /// # Errors
    /// If there is nothing of this name, or it can't be said so.
    pub fn set(&mut self, key: &str, value: &str) -> Result<(), String> {
        let value = value.trim();
        let names = || {
            let each = value.split(',').map(str::trim).filter(|name| !name.is_empty());
            each.map(str::to_owned)
        };
        let some = || (!value.is_empty()).then(|| value.to_owned());
        match key.trim().to_ascii_lowercase().replace(['_', ' '], "-").as_str() {
            "id" => self.id = some(),
            "text" | "title" | "task" => self.text = joined(value, &self.text),
            "body" | "description" => self.text = joined(&self.text, value),
            "repo" => self.repo = some().map(PathBuf::from),
            "check" => self.check = some(),
            "model" => self.model = some(),
            "role" => self.role = some(),
            "labels" | "label" => self.labels.extend(names()),
            "after" | "depends-on" => self.after.extend(names()),
            _ if value.is_empty() && is_known(key) => {}
            "priority" => self.priority = Some(value.parse()?),
            "deadline" | "due" => self.deadline = Some(moment(value)?),
            "value" => self.value = Some(value.parse::<NanoUsd>().map_err(|e| e.to_string())?),
            "budget" => self.budget = Some(value.parse::<NanoUsd>().map_err(|e| e.to_string())?),
            "minutes" => {
                let wrong =
                    || format!("'{value}' is not a number of minutes: write 1 to {MINUTES_MAX}");
                let number = value.parse().ok();
                let number =
                    number.filter(|number| (1..=MINUTES_MAX).contains(&i64::from(*number)));
                self.minutes = Some(number.ok_or_else(wrong)?);
            }
            "time-limit" => self.time_limit = Some(duration::parse(value)?),
            "attempts" => self.attempts = Some(value.parse()?),
            _ => return Err(format!("nothing is called '{}': there are {KEYS}", key.trim())),
        }
        Ok(())
    }

    /// As [`Item::set`], with a list whose parts are known, whatever is in them.
    ///
    /// # Errors
    /// As for [`Item::set`].
    pub fn set_list(&mut self, key: &str, values: Vec<String>) -> Result<(), String> {
        let list = match key.trim().to_ascii_lowercase().as_str() {
            "labels" | "label" => &mut self.labels,
            _ => return self.set(key, &values.join(",")),
        };
        let parts = values.iter().map(|value| value.trim()).filter(|value| !value.is_empty());
        list.extend(parts.map(str::to_owned));
        Ok(())
    }

    /// Says of a task what this one says.
    pub fn fill(&self, spec: &mut TaskSpec) {
        spec.text.clone_from(&self.text);
        if let Some(check) = &self.check {
            spec.check = Some(check.clone());
        }
        let budget = &mut spec.budget;
        budget.money = self.budget.unwrap_or(budget.money);
        budget.time = self.time_limit.unwrap_or(budget.time);
        match self.attempts {
            Some(Attempts::AtMost(most)) => (budget.attempts, spec.cascade) = (most, None),
            Some(Attempts::Auto) if spec.cascade.is_none() => {
                spec.cascade = Some(Cascade { models: vec![spec.model.clone()] });
            }
            Some(Attempts::Auto) | None => {}
        }
        spec.standing = Standing {
            priority: self.priority.unwrap_or_default(),
            deadline: self.deadline,
            value: self.value,
            minutes: self.minutes,
            labels: self.labels.clone(),
            after: Vec::new(),
        };
    }

    /// It as a whole.
    ///
    /// # Errors
    /// If it says nothing of what to do.
    pub fn whole(mut self) -> Result<Self, String> {
        self.text = self.text.trim().to_owned();
        match self.text.is_empty() {
            true => Err(format!("line {}: this task has no text", self.line)),
            false => Ok(self),
        }
    }
}

fn is_known(key: &str) -> bool {
    let key = key.trim().to_ascii_lowercase().replace(['_', ' '], "-");
    key == "due" || KEYS.split(", ").any(|known| known == key)
}

fn joined(first: &str, then: &str) -> String {
    match (first.is_empty(), then.is_empty()) {
        (true, _) => then.to_owned(),
        (_, true) => first.to_owned(),
        _ => format!("{first}\n\n{then}"),
    }
}

/// A moment as people write it: `2026-12-24`, which is its end, `2026-12-24 18:00`, both on this
/// machine's clock, or one with its own offset, as in `2026-12-24T18:00:00Z`.
pub fn moment(text: &str) -> Result<Timestamp, String> {
    let wrong = || {
        format!("'{text}' is not a moment: write 2026-12-24, 2026-12-24 18:00 or an RFC 3339 time")
    };
    let here = |at: DateTime| TimeZone::system().to_timestamp(at);
    let at = match text.parse::<jiff::Timestamp>() {
        Ok(at) => at,
        Err(_) => match text.parse::<Date>() {
            Ok(day) if !text.contains(':') => here(day.at(23, 59, 59, 0)),
            _ => text.parse::<DateTime>().and_then(here),
        }
        .map_err(|_| wrong())?,
    };
    u64::try_from(at.as_millisecond()).map(Timestamp).map_err(|_| wrong())
}

/// What is wrong with what tasks say of one another: an id that is there twice, or not at all.
pub(super) fn unknown_ids(items: &[Item]) -> Vec<String> {
    let mut known = BTreeSet::new();
    let mut wrong = Vec::new();
    for item in items {
        if let Some(id) = &item.id
            && !known.insert(id.as_str())
        {
            wrong.push(format!("line {}: the id '{id}' is there twice", item.line));
        }
    }
    for item in items {
        for id in item.after.iter().filter(|id| !known.contains(id.as_str())) {
            wrong.push(format!("line {}: it comes after '{id}', which is not there", item.line));
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_thing_is_said_in_its_own_words() {
        let mut item = Item::on(3);
        for (key, value) in [
            ("Text", "mend it"),
            ("description", "The sum is off."),
            ("priority", "high"),
            ("value", "12.5"),
            ("time_limit", "1h"),
            ("labels", "a, b"),
            ("label", "c"),
            ("deadline", "2026-12-24T18:00:00Z"),
            ("budget", ""),
            ("Due", ""),
        ] {
            item.set(key, value).unwrap();
        }
        assert_eq!(item.text, "mend it\n\nThe sum is off.");
        assert_eq!(item.value, Some(NanoUsd(12_500_000_000)));
        assert_eq!(item.time_limit, Some(Millis(3_600_000)));
        assert_eq!(item.labels, ["a", "b", "c"]);
        assert_eq!(item.deadline, Some(Timestamp(1_798_135_200_000)));
        assert_eq!(item.budget, None);
        for (key, value) in [
            ("colour", "red"),
            ("priority", "urgent-ish"),
            ("deadline", "soon"),
            ("attempts", "0"),
            ("budget", "much"),
            ("time-limit", "never"),
        ] {
            assert!(item.set(key, value).is_err(), "{key}: {value}");
        }
    }

    #[test]
    fn a_day_ends_with_its_last_second() {
        let (day, next) = (moment("2026-12-24").unwrap(), moment("2026-12-25 00:00").unwrap());
        assert_eq!(next.0 - day.0, 1_000);
    }

    #[test]
    fn ids_that_are_twice_there_or_not_at_all_are_named() {
        let item = |line, id: &str, after: &str| Item {
            id: Some(id.to_owned()),
            after: vec![after.to_owned()],
            ..Item::on(line)
        };
        let wrong = unknown_ids(&[item(1, "a", "b"), item(2, "b", "a"), item(3, "a", "c")]);
        assert_eq!(
            wrong,
            ["line 3: the id 'a' is there twice", "line 3: it comes after 'c', which is not there"]
        );
    }
}

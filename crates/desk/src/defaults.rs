//! The values used where nobody says anything: `defaults.toml`, which people can read, turned
//! into types once.

use serde::{Deserialize, Deserializer};
use tenfold_domain::{Bytes, Millis, NanoUsd, Strategy};

use crate::{duration, size};

const TEXT: &str = include_str!("../defaults.toml");

/// All defaults.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Defaults {
    /// Of tasks.
    pub task: TaskDefaults,
    /// Of MCP servers.
    pub mcp: McpDefaults,
    /// Of lists.
    pub list: ListDefaults,
    /// Of the disk.
    pub disk: DiskDefaults,
}

/// Of a task.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct TaskDefaults {
    /// The most money that a task may spend.
    #[serde(deserialize_with = "money")]
    pub budget: NanoUsd,
    /// The longest that all attempts at it may take together.
    #[serde(deserialize_with = "time")]
    pub time_limit: Millis,
    /// The most attempts that one model makes alone.
    pub attempts: u32,
    /// The most where the cascade decides about each.
    pub attempts_auto: u32,
    /// The longest that one run of the check may take.
    #[serde(deserialize_with = "time")]
    pub check_timeout: Millis,
    /// How an attempt works.
    pub strategy: Strategy,
}

/// Of MCP servers.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct McpDefaults {
    /// The longest that one may take to say what it offers.
    #[serde(deserialize_with = "time")]
    pub start_timeout: Millis,
    /// The longest that one call of a tool may take.
    #[serde(deserialize_with = "time")]
    pub call_timeout: Millis,
}

/// Of the list.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListDefaults {
    /// How many tasks a list shows.
    pub tasks: u32,
}

/// Of what may lie on the disk.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct DiskDefaults {
    /// The most that files may take, models apart.
    #[serde(deserialize_with = "bytes")]
    pub most: Bytes,
    /// What was used less long ago than this stays.
    #[serde(deserialize_with = "time")]
    pub keep: Millis,
    /// What `tenfold gc` leaves where nothing is said about it.
    #[serde(deserialize_with = "time")]
    pub gc_keep: Millis,
}

impl Defaults {
    /// Those that ship with Tenfold.
    pub fn shipped() -> Self {
        toml::from_str(TEXT).expect("the shipped defaults read, which a test holds")
    }
}

/// A length of time in a TOML file.
pub fn time<'de, D: Deserializer<'de>>(from: D) -> Result<Millis, D::Error> {
    let text = String::deserialize(from)?;
    duration::parse(&text).map_err(serde::de::Error::custom)
}

/// One that may be left out.
pub fn some_time<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Millis>, D::Error> {
    time(from).map(Some)
}

fn bytes<'de, D: Deserializer<'de>>(from: D) -> Result<Bytes, D::Error> {
    size::parse(&String::deserialize(from)?).map_err(serde::de::Error::custom)
}

fn money<'de, D: Deserializer<'de>>(from: D) -> Result<NanoUsd, D::Error> {
    String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_defaults_read() {
        let defaults = Defaults::shipped();
        assert!(defaults.task.budget > NanoUsd::ZERO && defaults.task.attempts > 0);
        assert!(defaults.task.check_timeout <= defaults.task.time_limit);
    }
}

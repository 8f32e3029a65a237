//! The values used where nobody says anything: `defaults.toml`, which people can read, turned
//! into types once.

use serde::{Deserialize, Deserializer};
use tenfold_domain::{Bytes, Millis, NanoUsd, Strategy};

use crate::{duration, size};

const TEXT: &str = include_str!("../defaults.toml");

/// All defaults.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Defaults {
    pub(crate) task: TaskDefaults,
    pub(crate) mcp: McpDefaults,
    pub(crate) list: ListDefaults,
    pub(crate) disk: DiskDefaults,
}

/// Of a task.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct TaskDefaults {
    #[serde(deserialize_with = "money")]
    pub(crate) budget: NanoUsd,
    #[serde(deserialize_with = "time")]
    pub(crate) time_limit: Millis,
    pub(crate) attempts: u32,
    pub(crate) attempts_auto: u32,
    #[serde(deserialize_with = "time")]
    pub(crate) check_timeout: Millis,
    pub(crate) strategy: Strategy,
}

/// Of MCP servers.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct McpDefaults {
    #[serde(deserialize_with = "time")]
    pub(crate) start_timeout: Millis,
    #[serde(deserialize_with = "time")]
    pub(crate) call_timeout: Millis,
}

/// Of the list.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListDefaults {
    pub(crate) tasks: u32,
}

/// Of what may lie on the disk.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct DiskDefaults {
    #[serde(deserialize_with = "bytes")]
    pub(crate) most: Bytes,
    #[serde(deserialize_with = "time")]
    pub(crate) keep: Millis,
    #[serde(deserialize_with = "time")]
    pub(crate) gc_keep: Millis,
}

impl Defaults {
    /// Those that ship with Tenfold.
    pub(crate) fn shipped() -> Self {
        toml::from_str(TEXT).expect("the shipped defaults read, which a test holds")
    }
}

/// A length of time in a TOML file.
pub(crate) fn time<'de, D: Deserializer<'de>>(from: D) -> Result<Millis, D::Error> {
    let text = String::deserialize(from)?;
    duration::parse(&text).map_err(serde::de::Error::custom)
}

/// One that may be left out.
pub(crate) fn some_time<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Millis>, D::Error> {
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

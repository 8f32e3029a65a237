//! Every environment variable that Tenfold reads, in one table. Help and the guide are made
//! from it; a variable that is not here is not read by the command line.

use std::fmt::Write;

/// An environment variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// What it does, for people.
    pub what: &'static str,
}

/// The weaker sandbox is allowed.
pub(crate) const ALLOW_TIER_B: &str = "TENFOLD_ALLOW_TIER_B";
/// A stand-in for the embedded model's process.
pub(crate) const MODEL_PROGRAM: &str = "TENFOLD_MODEL_PROGRAM";
/// What is logged.
pub(crate) const LOG: &str = "TENFOLD_LOG";

/// How much may lie on the disk.
pub(crate) const DISK_MAX: &str = "TENFOLD_DISK_MAX";

/// Who pays where nobody else is named.
pub(crate) const ACCOUNT: &str = "TENFOLD_ACCOUNT";

/// All of them.
pub const VARIABLES: &[Variable] = &[
    variable(
        "TENFOLD_DATA_DIR",
        "where tasks, attempts and snapshots are kept (`$XDG_DATA_HOME/tenfold`, else \
         `~/.local/share/tenfold`)",
    ),
    variable(
        "TENFOLD_CACHE_DIR",
        "where what can be made again is kept (`$XDG_CACHE_HOME/tenfold`, else \
         `~/.cache/tenfold`)",
    ),
    variable(
        "TENFOLD_CONFIG_DIR",
        "where your own `models.toml`, `prices.toml`, `policy.toml`, `mcp.toml` and `sign-in.toml` are \
         (`$XDG_CONFIG_HOME/tenfold`, else `~/.config/tenfold`)",
    ),
    variable(
        DISK_MAX,
        "the most that Tenfold's files may take, models apart, as in `50GB` (`20GB`); `0`: as much \
         as there is",
    ),
    variable(ACCOUNT, "the account that pays, as --account says (the topmost)"),
    variable(
        ALLOW_TIER_B,
        "`1` allows the weaker sandbox, as --allow-tier-b does, where tier A can't be had",
    ),
    variable(LOG, "what is logged to standard error, as in `tenfold_engine=debug` (`error`)"),
    variable(
        MODEL_PROGRAM,
        "a program that is started in place of the embedded model's process and speaks its \
         protocol; for tests",
    ),
    variable("NO_COLOR", "anything: no colour, even on a terminal"),
    variable(
        tenfold_telemetry::ENDPOINT,
        "the collector that is told of each call of a model, by OpenTelemetry's protocol over HTTP; \
         its other variables are read, too (nobody is told)",
    ),
    variable(
        tenfold_telemetry::MESSAGES,
        "`true`: that collector is told what programs say to models through the gateway, too",
    ),
    variable("HTTPS_PROXY", "the proxy through which model files are fetched"),
];

const fn variable(name: &'static str, what: &'static str) -> Variable {
    Variable { name, what }
}

/// The table, as help shows it.
pub(crate) fn table() -> String {
    let widest = VARIABLES.iter().map(|variable| variable.name.len()).max().unwrap_or(0);
    VARIABLES.iter().fold(String::new(), |mut table, Variable { name, what }| {
        let _ = writeln!(table, "  {name:<widest$}  {what}");
        table
    })
}

/// Whether a switch is on: set to anything but nothing, `0`, `no` or `false`.
pub(crate) fn is_on(name: &str) -> bool {
    std::env::var(name).is_ok_and(|value| !matches!(value.trim(), "" | "0" | "no" | "false"))
}

//! Start, confine, limit and kill commands.
//!
//! A [`Sandbox`] is found by probes that run real commands and try real attacks; it runs one
//! shell command at a time on a copy-on-write view of some directories, with no network, an
//! empty environment but for what is given, and limits on time, memory, processes, disk and
//! output. When [`Sandbox::run`] returns, no process of the command is left. What it writes can be
//! read while it runs, by a [`Log`].
//!
//! Between the engine and the command stand two steps of a helper executable. The *shim*
//! ([`shim_main`]) is single-threaded; it builds the view, starts bubblewrap, keeps the limits
//! and the deadline, and ends everything when the engine cancels or dies. The *inner* step
//! ([`inner_main`]) already runs confined; it adds Landlock and becomes the shell.
//!
//! A command can be let out to some hosts by a [`Broker`], which decides nothing itself, and can
//! be spoken with while it runs ([`Talk`]).
//!
//! Nothing here knows a task, a policy or a model: what may be run is decided elsewhere.

#[cfg_attr(
    not(target_os = "linux"),
    allow(dead_code, reason = "without a sandbox there is nothing to be let out of")
)]
mod broker;
mod bytes_path;
mod error;
mod job;
mod log;
mod spec;
mod toolchains;

#[cfg(not(target_os = "linux"))]
mod elsewhere;
#[cfg(target_os = "linux")]
mod linux;

pub use broker::{
    About, Broker, BrokerLimits, Credential, Names, Recorded, Rules, Ruling, Tally, Terms, Trust,
};
#[cfg(not(target_os = "linux"))]
pub use elsewhere::{Dialer, Sandbox, inner_main, shim_main};
pub use error::SandboxError;
pub use job::{
    Bind, CancelSignal, End, Exit, Found, HOME, Job, Limits, Line, Part, ProbeLine, ProbeOptions,
    TEMP, Talk, Tier,
};
#[cfg(target_os = "linux")]
pub use linux::{Comes, Dialer, Sandbox, StandIn, inner_main, shim_main};
pub use log::{Log, Logged};
pub use toolchains::Toolchains;

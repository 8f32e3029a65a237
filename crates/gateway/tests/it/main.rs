//! The gateway, spoken to over HTTP, with scripted models behind it and a bank in memory.

mod bank;
mod blocks;
mod passing;
mod paying;
mod place;
mod refusing;

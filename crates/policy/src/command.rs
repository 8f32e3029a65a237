//! Commands: a line of shell as the simple commands in it, and patterns that match those.
//!
//! The strictness is here. A pattern that asks or denies is *generous*: it matches wherever it
//! could, in any part, behind any program that runs another, under any name for a word that is
//! not known. A pattern that allows is *narrow*: it matches the first words of a part exactly.
//! Nothing here knows what a command does, and a list of commands is no boundary.

mod part;
mod pattern;
mod runners;
mod scan;
mod word;

pub(crate) use part::Part;
pub(crate) use pattern::CommandPattern;
pub(crate) use scan::split;

#[cfg(test)]
mod tests;

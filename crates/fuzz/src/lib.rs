//! What parses, given whatever bytes there are: one target per file, and what has to hold.
//!
//! Apart from the crates that it tries, because a target knows only what others know of them.
//! A target is an ordinary function that panics when what it holds is broken; it knows no
//! fuzzer, draws nothing, reads no file. The tests of this crate give each target its seeds
//! and what is like them; `cargo xtask fuzz` looks for more (docs/decisions/0030).

mod input;
mod targets;

pub use targets::TARGETS;

/// Something that parses, and what holds whatever it is given.
#[derive(Debug)]
pub struct Target {
    /// What it is called; `seeds/NAME` is the folder of inputs to begin with.
    pub name: &'static str,
    /// Gives it an input. Panics if something does not hold.
    pub run: fn(&[u8]),
}

impl Target {
    /// The target of a name.
    pub fn named(name: &str) -> Option<&'static Self> {
        TARGETS.iter().find(|target| target.name == name)
    }
}

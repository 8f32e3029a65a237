//! What the server promises whoever connects to it, and what it refuses.

// A function that tests share may unwrap as they do: clippy knows tests by their attribute.
#![allow(clippy::unwrap_used)]

mod door;
mod meanwhile;

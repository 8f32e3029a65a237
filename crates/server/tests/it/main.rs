//! What the server promises whoever connects to it, and what it refuses.

mod door;

//! The model server from the outside, asked by `genai`, the client that the product uses: what
//! each wire format says, how each failure looks to a caller, and that the server ends.

// A function that tests share may unwrap as they do: clippy knows tests by their attribute.
#![allow(clippy::unwrap_used)]

mod answers;
mod asking;
mod failures;
mod requests;
mod serving;
mod surprises;

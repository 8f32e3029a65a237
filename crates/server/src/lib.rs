//! Listens to what is said to the engine at work: HTTP on a Unix socket that only its user can
//! reach, and the page, which people reach from their browsers. Each call is handed to the engine
//! and its answer back; no rule of a task is here.

pub mod door;
mod listen;
mod page;
mod person;
mod problem;
mod routes;

pub use listen::{listen, serve};
pub use page::{Meanwhile, Page, PageTerms};

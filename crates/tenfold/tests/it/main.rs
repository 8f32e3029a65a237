//! The wiring, end to end: the real program, the real sandbox and store, and a model that says
//! what a script tells it to. What each part does is tested where it lives.
#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

mod accounts;
mod approval;
mod background;
mod backlog;
mod bad_input;
mod calls;
mod children;
mod crash;
mod egress;
mod export;
mod forecast;
mod gate;
mod gateway;
mod gc;
mod ground;
mod hooks;
mod hosted;
mod in_place;
mod interruption;
mod life;
mod limits;
mod mcp;
mod page;
mod pages;
mod policy;
mod prices;
mod proposed;
mod pulls;
mod queue;
#[cfg(feature = "embedded")]
mod real_model;
mod records;
mod roles;
mod rust;
mod secrets;
mod setup;
mod shell;
mod sign_in;
mod stream;
mod supervision;
mod tool_loop;
mod verbs;

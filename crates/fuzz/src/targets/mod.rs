//! Every target there is. A new one is a file and a line here, and a folder of seeds.

mod answer;
mod bill;
mod call;
mod catalogue;
mod coverage;
mod decision;
mod edit;
mod event;
mod failure;
mod gguf;
mod passed;
mod policy;
mod price_import;
mod prices;
mod published;
mod redact;
mod replace;
mod reply;
mod runner;
mod stream;
mod suspects;
mod syntax;
mod wire;

use crate::Target;

/// All of them, in the order of their names.
pub const TARGETS: &[Target] = &[
    Target { name: "answer", run: answer::run },
    Target { name: "bill", run: bill::run },
    Target { name: "call", run: call::run },
    Target { name: "catalogue", run: catalogue::run },
    Target { name: "coverage", run: coverage::run },
    Target { name: "decision", run: decision::run },
    Target { name: "edit", run: edit::run },
    Target { name: "event", run: event::run },
    Target { name: "failure", run: failure::run },
    Target { name: "gguf", run: gguf::run },
    Target { name: "passed", run: passed::run },
    Target { name: "policy", run: policy::run },
    Target { name: "price_import", run: price_import::run },
    Target { name: "prices", run: prices::run },
    Target { name: "published", run: published::run },
    Target { name: "redact", run: redact::run },
    Target { name: "replace", run: replace::run },
    Target { name: "reply", run: reply::run },
    Target { name: "runner", run: runner::run },
    Target { name: "stream", run: stream::run },
    Target { name: "suspects", run: suspects::run },
    Target { name: "syntax", run: syntax::run },
    Target { name: "wire", run: wire::run },
];

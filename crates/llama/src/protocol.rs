//! What the engine asks of the child that owns a model, and what the child answers: one
//! JSON object a line, requests on the child's standard input, answers on its output.
//!
//! Plain data only. Text is UTF-8; where a model's token ends inside a character, text that is told
//! in pieces waits for the rest of it, and at the end the broken bytes are replaced, as
//! `String::from_utf8_lossy` does.

use serde::{Deserialize, Serialize};
use tenfold_domain::{Answer, Ask, Bytes, Tokens, Usage, Written};

/// Tells requests to one child apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RequestId(pub u64);

/// A line from the engine to the child.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "line", rename_all = "kebab-case")]
pub enum ToChild {
    /// Do this.
    Ask {
        /// Answered with this id.
        id: RequestId,
        /// What to do.
        ask: Ask,
        /// Whether text is told as it is written: of a generation of one sample that ends where
        /// the model ends it.
        #[serde(default)]
        in_pieces: bool,
    },
    /// Say how many tokens this would read. Answered at once, whatever else is under way.
    Count {
        /// Answered with this id.
        id: RequestId,
        /// What would be asked.
        ask: Ask,
    },
    /// Leave this request; it is not answered any more.
    Cancel {
        /// Which.
        id: RequestId,
    },
}

/// A line from the child to the engine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "line", rename_all = "kebab-case")]
pub enum FromChild {
    /// The model is loaded; said once, first.
    Ready(ModelInfo),
    /// The model can't be loaded; the child exits after it.
    Unusable {
        /// Why, for people.
        why: String,
    },
    /// Some more of a request is done. The texts of these are how the answer's text begins.
    Progress {
        /// Which request.
        id: RequestId,
        /// What was written, and used so far.
        written: Written,
    },
    /// A request is done.
    Answer {
        /// Which request.
        id: RequestId,
        /// Its answer.
        answer: Answer,
        /// What it used.
        usage: Usage,
    },
    /// What a question would read.
    Counted {
        /// Which request.
        id: RequestId,
        /// Its tokens, those that a cache may have included.
        tokens: Tokens,
    },
    /// A request can't be done; others go on.
    Refused {
        /// Which request.
        id: RequestId,
        /// Why, for people.
        why: String,
    },
}

/// What a loaded model is and can do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelInfo {
    /// The name in its file.
    pub name: String,
    /// Its number of weights.
    pub weights: u64,
    /// Tokens that all sequences together may hold at a time.
    pub context: u32,
    /// Threads used for computing.
    pub threads: u32,
    /// The most memory that the child will use: weights, cache and working space.
    pub memory_bound: Bytes,
    /// Whether it brings a chat template.
    pub chat: bool,
    /// Whether it has fill-in-the-middle tokens.
    pub infill: bool,
}

//! The bounds of the gateway, each with its unit. They are handed in; the edge reads them from
//! wherever a person wrote them.

use std::time::Duration;

use tenfold_domain::Tokens;

use crate::blocks::BlockTerms;

/// How much, how long, how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// The largest body of a request, in bytes.
    pub body_bytes_max: usize,
    /// All bodies of requests at the same time, in bytes, of which no account has more than a
    /// quarter; more wait.
    pub bodies_bytes_max: usize,
    /// The longest that a body may take to come.
    pub body_time: Duration,
    /// The largest answer in one piece, in bytes.
    pub answer_bytes_max: usize,
    /// The longest that a connection to a provider may take to be there.
    pub connect: Duration,
    /// The longest that a request waits because its provider takes no more for now.
    pub gate: Duration,
    /// The longest that a provider may say nothing within a stream.
    pub silence: Duration,
    /// The longest that a client may take to read what is written to it.
    pub reading: Duration,
    /// Connections at the same time; more wait until one is closed.
    pub connections_max: usize,
    /// The limit of an answer's tokens where a request has none; put into the request, and said.
    pub output_max: Tokens,
    /// Whether tools that the provider runs, and bills by its own rules, may be asked for.
    pub hosted_tools: bool,
    /// Whether bodies of requests are told to the log. They hold what people asked.
    pub logs_bodies: bool,
    /// Whether what is said is told to who traces.
    pub traces_messages: bool,
    /// Answers that are kept for who asks again with the same key: how many bytes in all,
    pub kept_bytes_max: usize,
    /// how many bytes each,
    pub kept_answer_bytes_max: usize,
    /// and how long.
    pub kept: Duration,
    /// How blocks are cut.
    pub blocks: BlockTerms,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            body_bytes_max: 32 << 20,
            bodies_bytes_max: 512 << 20,
            body_time: Duration::from_secs(60),
            answer_bytes_max: 64 << 20,
            connect: Duration::from_secs(20),
            gate: Duration::from_secs(30),
            silence: Duration::from_secs(300),
            reading: Duration::from_secs(120),
            connections_max: 8_192,
            output_max: Tokens(8_192),
            hosted_tools: false,
            logs_bodies: false,
            traces_messages: false,
            kept_bytes_max: 64 << 20,
            kept_answer_bytes_max: 1 << 20,
            kept: Duration::from_secs(600),
            blocks: BlockTerms::default(),
        }
    }
}

//! The embedded model, as the gateway sees it. The program puts tenfold-llama's child behind this;
//! a test a script. Nothing here knows how a model is run.

use tenfold_domain::{Answer, Tokens, Turn, Usage};

use crate::bank::Later;

/// Answers turns of a conversation.
pub trait Embedded: Send + Sync + 'static {
    /// The model's next words. Dropping the future ends the work on it. `tell` hears what was used
    /// so far, now and then, and pieces of the answer if the model has them before the whole.
    fn turn<'a>(&'a self, turn: Turn, tell: &'a Tell) -> Later<'a, Result<Turned, Failed>>;

    /// The tokens that a turn reads, by the model's own tokenizer; `None` if it can't be asked for
    /// them.
    fn tokens(&self, turn: Turn) -> Later<'_, Option<Tokens>>;
}

/// Where an embedded model tells what it has used so far.
pub type Tell = dyn Fn(Usage) + Send + Sync;

/// A whole answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Turned {
    /// [`Answer::Turned`].
    pub answer: Answer,
    /// What it used.
    pub usage: Usage,
}

/// Why the embedded model has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failed {
    /// It refuses the request, and would again.
    #[error("the embedded model refused the request: {0}")]
    Refused(String),
    /// It does not run.
    #[error("the embedded model does not run: {0}")]
    Down(String),
}

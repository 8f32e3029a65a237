//! The embedded model, as the gateway sees it. The program puts tenfold-llama's child behind this;
//! a test a script. Nothing here knows how a model is run.

use tenfold_domain::{Answer, Energy, Tokens, Turn, Usage, Written};
use tokio::sync::mpsc;

use crate::bank::Later;

/// Answers turns of a conversation.
pub trait Embedded: Send + Sync + 'static {
    /// The model's next words. Dropping the future ends the work on it. `tell` hears what was used
    /// so far, now and then; `in_pieces` has it hear the words as well, as they are written, where
    /// there are no tools. The answer has them all once more.
    fn turn(&self, turn: Turn, in_pieces: bool, tell: Tell) -> Later<'_, Result<Turned, Failed>>;

    /// Begins to count the energy of a turn.
    fn meter(&self) -> Meter;

    /// The tokens that a turn reads, by the model's own tokenizer; `None` if it can't be asked for
    /// them.
    fn tokens(&self, turn: Turn) -> Later<'_, Option<Tokens>>;
}

/// Where an embedded model tells what it has written and used so far.
pub type Tell = mpsc::UnboundedSender<Written>;

/// Says what a turn has taken of this machine's energy up to then; dropped, it is counted to nobody.
pub type Meter = Box<dyn FnOnce() -> Energy + Send>;

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

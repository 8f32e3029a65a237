//! What is asked of a model and what it answers, in words that fit every provider.
//!
//! Not every model can do all of it: infilling and scoring need a model whose probabilities
//! can be seen, which the embedded one is.

use serde::{Deserialize, Serialize};

use crate::{Seed, ToolCall, Turn, Usage};

/// Something to do with the model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "kebab-case")]
pub enum Ask {
    /// Sample completions.
    Generate(Generate),
    /// Find the likeliest texts for a gap, other than the one that stands there.
    Infill(Infill),
    /// Say how likely a text is, token by token.
    Score(Score),
    /// Go on with a conversation, in words or by calling tools.
    Turn(Turn),
}

/// Who speaks in a chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Speaker {
    /// The instructions.
    System,
    /// The person.
    User,
    /// The model.
    Assistant,
}

/// One turn of a chat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Who speaks.
    pub role: Speaker,
    /// What is said.
    pub content: String,
}

/// What comes before the text that a model generates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "prompt", rename_all = "kebab-case")]
pub enum Prompt {
    /// A text to go on with.
    Text {
        /// The text; special tokens in it are not recognised.
        text: String,
    },
    /// A gap between two texts, to be filled.
    Fill {
        /// The text before the gap.
        prefix: String,
        /// The text after it.
        suffix: String,
    },
    /// A chat, laid out by the model's own template.
    Chat {
        /// The turns so far.
        messages: Vec<Message>,
        /// How the model's answer begins; may be empty.
        opening: String,
    },
}

/// Sample completions of one prompt, which is computed once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Generate {
    /// What comes before.
    pub prompt: Prompt,
    /// How many completions.
    pub samples: u32,
    /// The most tokens of one completion.
    pub max_tokens: u32,
    /// 0 takes the likeliest token each time; 1 samples as the model was trained.
    pub temperature: f32,
    /// Sample only among the likeliest tokens that together have this probability.
    pub top_p: f32,
    /// From which all choices come.
    pub seed: Seed,
    /// A completion ends before any of these.
    pub stop: Vec<String>,
    /// A GBNF grammar that every completion follows.
    pub grammar: Option<String>,
}

/// Find the likeliest texts between a prefix and a suffix, other than the one that stands
/// there now: a best-first search over the model's own probabilities, without chance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Infill {
    /// The text before the gap.
    pub prefix: String,
    /// The text after the gap.
    pub suffix: String,
    /// The text that stands in the gap; may be empty.
    pub original: String,
    /// How many others to find, at the most.
    pub alternatives: u32,
    /// Only those at least this likely, against the text that stands there: the difference
    /// of the natural logarithms. 0 wants them likelier than it, -3 down to a twentieth.
    pub margin: f64,
    /// Names that one of them is likely to use, for what the model can't know. A text that does is
    /// told as that much likelier than the model has it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hints: Vec<String>,
    /// The most tokens of one of them.
    pub max_tokens: u32,
    /// The most lines of one of them; a text that would go on is taken up to there.
    pub max_lines: u32,
}

/// Say how likely each token of a text is, between two others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Score {
    /// The text before; computed but not scored.
    pub prefix: String,
    /// The text after; may be empty.
    pub suffix: String,
    /// The text to score.
    pub text: String,
}

/// What came of an [`Ask`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "kebab-case")]
pub enum Answer {
    /// Of [`Generate`], in no particular order.
    Generated {
        /// One for each sample.
        samples: Vec<Sample>,
    },
    /// Of [`Infill`].
    Infilled {
        /// The natural logarithm of the probability of what stands there.
        original_log_probability: f64,
        /// The others, likeliest first, each once.
        alternatives: Vec<Sample>,
    },
    /// Of [`Score`].
    Scored {
        /// The text's tokens, in order.
        tokens: Vec<TokenScore>,
        /// How much likelier the model is to write more before what comes after than to end
        /// there: the natural logarithm of the odds. `None` if it was not asked.
        #[serde(default)]
        more: Option<f32>,
    },
    /// Of [`Turn`].
    Turned {
        /// What the model says; may be empty.
        text: String,
        /// The tools that it calls, in order.
        calls: Vec<ToolCall>,
        /// Whether the model ended it; else its limit of tokens did.
        ended: bool,
    },
}

/// Some more of an answer, told before it is whole.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    /// What was used so far.
    pub usage: Usage,
    /// What was written since this was told last, in whole characters; empty if nobody wants to
    /// read it yet.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
}

/// A text that the model made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// The text.
    pub text: String,
    /// The natural logarithm of its probability.
    pub log_probability: f64,
    /// Its length in tokens.
    pub tokens: u32,
    /// Whether the model ended it; else a limit or a stop text did.
    pub ended: bool,
}

/// How likely one token of a scored text is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TokenScore {
    /// Where it starts in the text, in bytes.
    pub start: u32,
    /// The natural logarithm of its probability.
    pub log_probability: f32,
    /// The likeliest tokens that could stand in its place, likeliest first.
    pub others: Vec<OtherToken>,
}

impl TokenScore {
    /// How much likelier another token is in its place, as a natural logarithm; 0 where it
    /// is the likeliest itself.
    pub fn surprise(&self) -> f32 {
        let best = self.others.first().map_or(f32::NEG_INFINITY, |other| other.log_probability);
        (best - self.log_probability).max(0.0)
    }
}

/// A token that could stand in the place of a scored one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OtherToken {
    /// Its text.
    pub text: String,
    /// The natural logarithm of its probability.
    pub log_probability: f32,
}

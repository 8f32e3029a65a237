//! A conversation with a model that calls tools, in words that fit every provider.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Seed;

/// Ask for a model's next words in a conversation, and for the tools that it calls.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Turn {
    /// What comes before all else: who the model is, and what holds throughout.
    pub instructions: String,
    /// What was said so far, oldest first.
    pub said: Vec<Arc<Said>>,
    /// The tools that may be called.
    pub tools: Vec<Arc<ToolSpec>>,
    /// The most tokens of the answer.
    pub max_tokens: u32,
    /// 0 takes the likeliest token each time; 1 samples as the model was trained.
    pub temperature: f32,
    /// From which all choices come, where the model lets them be chosen.
    pub seed: Seed,
}

/// One thing said in a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "kebab-case")]
pub enum Said {
    /// By the person, or by Tenfold in the person's name.
    Person {
        /// What.
        text: String,
    },
    /// By the model.
    Model {
        /// What it says; may be empty.
        text: String,
        /// The tools that it calls, in order.
        calls: Vec<ToolCall>,
    },
    /// By a tool that was called.
    Tool {
        /// [`ToolCall::id`].
        call: String,
        /// What came of it.
        text: String,
    },
}

/// A tool as a model is told of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolSpec {
    /// Its name: lower-case letters and `_`.
    pub name: String,
    /// What it does and when to use it.
    pub about: String,
    /// The JSON schema of its arguments: an object, nothing in it by reference.
    pub parameters: Value,
}

/// A call that waits for a person's leave, whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct WaitingCall {
    /// Which tool.
    pub name: String,
    /// With which arguments.
    pub arguments: Value,
}

/// A call of a tool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolCall {
    /// Tells it from the other calls of its conversation.
    pub id: String,
    /// Which tool; there may be none of this name.
    pub name: String,
    /// With which arguments; they may be any that a model can make up.
    pub arguments: Value,
    /// What its provider wants to see again with the call, as it gave it; often nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signatures: Vec<String>,
}

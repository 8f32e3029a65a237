//! What becomes of each member of a request that is translated: it is carried over, it changes
//! nothing about the answer and is passed over, or it is refused by its name. One table for each
//! protocol; a member that is in none is refused, since nobody knows what it asks for.

use serde_json::Value;

use super::Untranslatable;
use super::talk::cant;
use crate::Wire;

/// The members of a protocol's requests.
struct Members {
    /// What is carried over, or refused where it is read.
    read: &'static [&'static str],
    /// What is for the provider that the client had in mind: who asks, what it is to keep or to
    /// cache, what it is to say besides the answer. The answer is the same without.
    passed_over: &'static [&'static str],
}

const CHAT: Members = Members {
    read: &[
        "max_completion_tokens",
        "max_tokens",
        "messages",
        "model",
        "n",
        "parallel_tool_calls",
        "reasoning_effort",
        "response_format",
        "stop",
        "stream",
        "stream_options",
        "temperature",
        "tool_choice",
        "tools",
        "top_p",
    ],
    passed_over: &[
        "metadata",
        "prompt_cache_key",
        "prompt_cache_retention",
        "safety_identifier",
        "service_tier",
        "store",
        "user",
        "verbosity",
    ],
};
const RESPONSES: Members = Members {
    read: &[
        "conversation",
        "input",
        "instructions",
        "max_output_tokens",
        "model",
        "parallel_tool_calls",
        "previous_response_id",
        "prompt",
        "reasoning",
        "stream",
        "temperature",
        "text",
        "tool_choice",
        "tools",
        "top_p",
    ],
    passed_over: &[
        "client_metadata",
        "include",
        "metadata",
        "prompt_cache_key",
        "prompt_cache_retention",
        "safety_identifier",
        "service_tier",
        "store",
        "stream_options",
        "truncation",
        "user",
    ],
};
const MESSAGES: Members = Members {
    read: &[
        "max_tokens",
        "messages",
        "model",
        "output_config",
        "output_format",
        "stop_sequences",
        "stream",
        "system",
        "temperature",
        "thinking",
        "tool_choice",
        "tools",
        "top_p",
    ],
    passed_over: &["cache_control", "context_management", "metadata", "service_tier"],
};

/// Refuses a request that asks for what is not carried over. A member that says nothing, or what
/// holds without it, asks for nothing.
pub(super) fn known(wire: Wire, body: &Value) -> Result<(), Untranslatable> {
    let members = match wire {
        Wire::Chat | Wire::Embeddings => CHAT,
        Wire::Responses => RESPONSES,
        Wire::Messages | Wire::CountTokens => MESSAGES,
    };
    let is_known = |name: &str| members.read.contains(&name) || members.passed_over.contains(&name);
    let all = body.as_object().into_iter().flatten();
    let unknown = all.filter(|(name, value)| !is_known(name) && !says_nothing(name, value));
    match unknown.map(|(name, _)| name).next() {
        Some(name) => Err(cant(&format!("'{name}'"))),
        None => Ok(()),
    }
}

fn says_nothing(name: &str, value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Number(number) => {
            let is_none = number.as_f64() == Some(0.0);
            is_none && matches!(name, "frequency_penalty" | "presence_penalty" | "top_logprobs")
        }
        Value::Array(items) => {
            items.is_empty() || name == "modalities" && **items == [Value::from("text")]
        }
        Value::Object(members) => members.is_empty(),
        Value::Bool(true) | Value::String(_) => false,
    }
}

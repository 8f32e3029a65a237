//! The client of MCP servers: what they offer as tools for an agent, and what comes of a call.
//!
//! Apart from the other tools, because what a server says of itself is nobody's word but its
//! own: everything that comes from it is bounded here, made visible, and shown as what the
//! server says. Nothing here starts a server, or knows where it runs; the engine hands in a line
//! to it.

mod client;
mod offer;
mod told;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tenfold_domain::{OfferedTool, ToolCall};

use crate::{arguments, secret, shown};

/// A tool as a server describes it.
pub use rmcp::model::Tool;

pub use client::{Client, McpError, Reach};
pub use offer::{MAX_TOOLS, Offer, PREFIX, offer};
pub use told::{excerpt, plain, told};

/// A call of a server's tool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct McpCall {
    /// Whose tool.
    pub server: String,
    /// What the server calls it.
    pub tool: String,
    /// With which arguments; whether they fit is for the server to say.
    pub arguments: Map<String, Value>,
    /// Whether the server says that it changes nothing.
    pub reads: bool,
}

/// What a call of an offered tool means.
///
/// # Errors
/// A text for the model.
pub(crate) fn understand(call: &ToolCall, offered: &OfferedTool) -> Result<McpCall, String> {
    let OfferedTool { server, tool, reads, .. } = offered;
    let Value::Object(arguments) = arguments::object(&call.arguments) else {
        let name = shown::name(&call.name);
        return Err(format!("`{name}` takes its arguments as one JSON object."));
    };
    if let Some(kind) = tenfold_redact::Kind::marked_anew("", &call.arguments.to_string()) {
        return Err(format!("it was not called: {}", secret::in_new(kind)));
    }
    Ok(McpCall { server: server.clone(), tool: tool.clone(), arguments, reads: *reads })
}

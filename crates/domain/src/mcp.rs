//! MCP servers: what a task says of one that its agent may use, and what such a server says of
//! its tools.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::{Millis, ToolSpec};

/// A server that speaks the Model Context Protocol. It is started in the sandbox, like a command
/// of the agent's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct McpServer {
    /// How the person calls it: small letters, digits and `-`.
    pub name: String,
    /// The shell command that starts it, run at the top of the workspace.
    pub command: String,
    /// How it is spoken with.
    #[serde(default)]
    pub talk: McpTalk,
    /// Files and folders of this machine that it sees besides, read-only, absolute.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub visible: Vec<PathBuf>,
    /// The tools that are offered, as the server calls them; empty: all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<String>,
    /// The longest that it may take to say what it offers.
    pub start_timeout: Millis,
    /// The longest that one call may take.
    pub call_timeout: Millis,
}

/// How a server is spoken with.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "kebab-case")]
pub enum McpTalk {
    /// By its standard input and output.
    #[default]
    Stdio,
    /// By HTTP, on the loopback of its own sandbox.
    Http {
        /// The port that it listens on.
        port: u16,
        /// The path of its endpoint, with the slash.
        path: String,
    },
}

/// A tool that a server offers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferedTool {
    /// As a model is told of it, bounded and made simple.
    pub spec: ToolSpec,
    /// Whose it is: [`McpServer::name`].
    pub server: String,
    /// What the server calls it.
    pub tool: String,
    /// Whether the server says that it changes nothing.
    #[serde(default)]
    pub reads: bool,
}

//! Speaking with a server, by `rmcp`, within bounds.
//!
//! Apart, because this is all that knows the protocol's own client. What it hands on is what the
//! server said, as it said it.

use std::path::PathBuf;
use std::time::Duration;

use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ClientCapabilities, ClientConfig,
    Implementation, PaginatedRequestParams, Tool,
};
use rmcp::service::{RunningService, ServiceError};
use rmcp::transport::async_rw::AsyncRwTransport;
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::transport::{StreamableHttpClientTransport, UnixSocketHttpClient};
use rmcp::{RoleClient, serve_client};
use serde_json::{Map, Value};
use tenfold_domain::Millis;
use tokio::net::UnixStream;

use super::offer::MAX_TOOLS;

/// The longest message that is taken from a server, in bytes; a longer one is dropped.
const MAX_MESSAGE_BYTES: usize = 4 << 20;
/// The most pages of a list that are asked for.
const MAX_PAGES: usize = 20;

/// How a server is reached.
#[derive(Debug)]
pub enum Reach {
    /// By what it reads and writes.
    Stdio(UnixStream),
    /// By HTTP.
    Http {
        /// The socket on which it is spoken to.
        socket: PathBuf,
        /// The address of its endpoint, as it knows it.
        address: String,
    },
}

/// Why a server gave no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum McpError {
    /// It said nothing, or nothing that could be read.
    #[error("it gave no answer that could be read within {0}")]
    Silent(Millis),
    /// It ended, or closed the line.
    #[error("it closed the line")]
    Closed,
    /// It refused, in its own words.
    #[error("it says: {0}")]
    Refused(String),
    /// It wants what is not given to it.
    #[error("it wants {0}, which is not given to it here")]
    Wants(&'static str),
    /// What it said is not of the protocol.
    #[error("it does not keep to the protocol: {0}")]
    Odd(String),
}

/// A connection to a server.
#[derive(Debug)]
pub struct Client {
    service: RunningService<RoleClient, ClientConfig>,
}

impl Client {
    /// Shakes hands with a server.
    ///
    /// # Errors
    /// [`McpError`] if it does not, within `longest`.
    pub async fn open(reach: Reach, longest: Millis) -> Result<Self, McpError> {
        let us = Implementation::new("tenfold", env!("CARGO_PKG_VERSION"));
        let config = ClientConfig::new(ClientCapabilities::default(), us);
        let opened = async {
            match reach {
                Reach::Stdio(stream) => {
                    let (read, write) = stream.into_split();
                    let line = AsyncRwTransport::new_client(read, write);
                    serve_client(config, line.with_max_line_length(MAX_MESSAGE_BYTES)).await
                }
                Reach::Http { socket, address } => {
                    let http = UnixSocketHttpClient::new(&socket.to_string_lossy(), &address);
                    let mut bounds = StreamableHttpClientTransportConfig::with_uri(address);
                    bounds.max_sse_event_size = MAX_MESSAGE_BYTES;
                    bounds.max_json_response_size = MAX_MESSAGE_BYTES;
                    let line = StreamableHttpClientTransport::with_client(http, bounds);
                    serve_client(config, line).await
                }
            }
        };
        match tokio::time::timeout(Duration::from(longest), opened).await {
            Ok(Ok(service)) => Ok(Self { service }),
            Ok(Err(rmcp::service::ClientInitializeError::ConnectionClosed(_))) => {
                Err(McpError::Closed)
            }
            Ok(Err(error)) => Err(McpError::Odd(error.to_string())),
            Err(_) => Err(McpError::Silent(longest)),
        }
    }

    /// What it offers, as far as that is of use: as many pages as have [`MAX_TOOLS`] tools, and
    /// one tool more if there are more.
    ///
    /// # Errors
    /// [`McpError`] if it does not say, within `longest`.
    pub async fn tools(&self, longest: Millis) -> Result<Vec<Tool>, McpError> {
        let listed = async {
            let mut tools = Vec::new();
            let mut cursor = None;
            for _ in 0..MAX_PAGES {
                let page = PaginatedRequestParams::default().with_cursor(cursor);
                let page = self.service.peer().list_tools(Some(page)).await?;
                tools.extend(page.tools);
                cursor = page.next_cursor;
                if cursor.is_none() || tools.len() > MAX_TOOLS {
                    break;
                }
            }
            tools.truncate(MAX_TOOLS + 1);
            Ok(tools)
        };
        within(longest, listed).await
    }

    /// Calls one of its tools.
    ///
    /// # Errors
    /// [`McpError`] if there is no answer within `longest`. That the tool itself failed is none.
    pub async fn call(
        &self,
        tool: &str,
        arguments: Map<String, Value>,
        longest: Millis,
    ) -> Result<CallToolResult, McpError> {
        let asked = CallToolRequestParams::new(tool.to_owned()).with_arguments(arguments);
        match within(longest, self.service.peer().call_tool_once(asked)).await? {
            CallToolResponse::Complete(result) => Ok(result),
            CallToolResponse::InputRequired(_) => Err(McpError::Wants("an answer by a person")),
            CallToolResponse::Task(_) => Err(McpError::Wants("to answer later")),
            _ => Err(McpError::Odd("an answer of an unknown kind".to_owned())),
        }
    }

    /// Whether the line is closed.
    pub fn is_closed(&self) -> bool {
        self.service.is_closed() || self.service.peer().is_transport_closed()
    }
}

async fn within<T>(
    longest: Millis,
    asked: impl Future<Output = Result<T, ServiceError>>,
) -> Result<T, McpError> {
    match tokio::time::timeout(Duration::from(longest), asked).await {
        Err(_) => Err(McpError::Silent(longest)),
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(ServiceError::McpError(said))) => Err(McpError::Refused(said.message.into_owned())),
        Ok(Err(ServiceError::TransportClosed | ServiceError::Cancelled { .. })) => {
            Err(McpError::Closed)
        }
        Ok(Err(error)) => Err(McpError::Odd(error.to_string())),
    }
}

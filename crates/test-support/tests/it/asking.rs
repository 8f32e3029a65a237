//! A `genai` client that asks a scripted server in each wire format, and what came of it in
//! one line.

use std::sync::LazyLock;

use futures_util::StreamExt;
use genai::adapter::AdapterKind;
use genai::chat::{ChatOptions, ChatRequest, ChatStreamEvent, MessageContent, StopReason, Usage};
use genai::resolver::{AuthData, Endpoint};
use genai::{Client, Error, ModelIden, ServiceTarget};
use tenfold_test_support::http::HttpModel;

/// The formats as `genai` calls them, each with a model's name of its kind.
pub(crate) const FORMATS: [(AdapterKind, &str); 4] = [
    (AdapterKind::OpenAI, "gpt-4o"),
    (AdapterKind::OpenAIResp, "gpt-4o"),
    (AdapterKind::Anthropic, "claude-sonnet-4-5"),
    (AdapterKind::Gemini, "gemini-2.5-flash"),
];

pub(crate) const KEY: &str = "sk-right";

/// What it takes to ask one server in one format.
pub(crate) struct Asker {
    client: Client,
    target: ServiceTarget,
}

impl Asker {
    pub(crate) fn new(server: &HttpModel, format: AdapterKind, model: &str, key: &str) -> Self {
        // With the slash at its end: `genai` appends to it, or replaces what is after the last.
        let base = match format {
            AdapterKind::Gemini => format!("{}/v1beta/", server.url()),
            _ => format!("{}/v1/", server.url()),
        };
        let target = ServiceTarget {
            endpoint: Endpoint::from_owned(base),
            auth: AuthData::from_single(key),
            model: ModelIden::new(format, model),
        };
        Self { client: client(), target }
    }

    pub(crate) async fn whole(&self, request: ChatRequest, options: &ChatOptions) -> Outcome {
        let answer = self.client.exec_chat(self.target.clone(), request, Some(options)).await;
        match answer {
            Ok(answer) => Outcome {
                said: answer.content.joined_texts().unwrap_or_default(),
                ended: Some(End {
                    content: answer.content,
                    stop: answer.stop_reason,
                    usage: Some(answer.usage),
                }),
                error: None,
            },
            Err(error) => Outcome { said: String::new(), ended: None, error: Some(error) },
        }
    }

    pub(crate) async fn streamed(&self, request: ChatRequest, options: &ChatOptions) -> Outcome {
        let mut outcome = Outcome { said: String::new(), ended: None, error: None };
        let stream =
            self.client.exec_chat_stream(self.target.clone(), request, Some(options)).await;
        let mut stream = match stream {
            Ok(stream) => stream.stream,
            Err(error) => panic!("a stream fails when it is read, and not before: {error}"),
        };
        while let Some(event) = stream.next().await {
            match event {
                Ok(ChatStreamEvent::Chunk(chunk)) => outcome.said.push_str(&chunk.content),
                Ok(ChatStreamEvent::End(end)) => {
                    outcome.ended = Some(End {
                        content: end.captured_content.unwrap_or_default(),
                        stop: end.captured_stop_reason,
                        usage: end.captured_usage,
                    });
                }
                Ok(_) => {}
                Err(error) => {
                    outcome.error = Some(error);
                    break;
                }
            }
        }
        outcome
    }

    pub(crate) async fn ask(
        &self,
        streamed: bool,
        request: ChatRequest,
        options: &ChatOptions,
    ) -> Outcome {
        match streamed {
            true => self.streamed(request, options).await,
            false => self.whole(request, options).await,
        }
    }
}

/// A client, the same for all: to make one is to read every certificate that the system trusts.
pub(crate) fn client() -> Client {
    static CLIENT: LazyLock<Client> = LazyLock::new(|| Client::builder().build().unwrap());
    CLIENT.clone()
}

/// All that a caller learns.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// The text, as it came.
    pub(crate) said: String,
    /// What is known at the end; none if the client was told of no end.
    pub(crate) ended: Option<End>,
    pub(crate) error: Option<Error>,
}

#[derive(Debug)]
pub(crate) struct End {
    pub(crate) content: MessageContent,
    pub(crate) stop: Option<StopReason>,
    pub(crate) usage: Option<Usage>,
}

/// What asks for everything that there is to know.
pub(crate) fn options() -> ChatOptions {
    ChatOptions::default()
        .with_max_tokens(500)
        .with_temperature(0.0)
        .with_capture_usage(true)
        .with_capture_content(true)
        .with_capture_tool_calls(true)
        .with_capture_reasoning_content(true)
}

impl Outcome {
    /// The outcome in a line: what was said, how it ended, what went wrong.
    pub(crate) fn line(&self) -> String {
        let mut parts = Vec::new();
        if !self.said.is_empty() {
            parts.push(format!("{:?}", start(&self.said)));
        }
        if let Some(end) = &self.ended {
            for call in end.content.tool_calls() {
                parts.push(format!("{}({})", call.fn_name, call.fn_arguments));
            }
            parts.push(format!(
                "ends {}",
                end.stop.as_ref().map_or("for no reason".to_owned(), stop)
            ));
        }
        if let Some(error) = &self.error {
            parts.push(describe(error));
        }
        if self.ended.is_none() && self.error.is_none() {
            parts.push("no end, no error".to_owned());
        }
        parts.join("; ")
    }
}

fn stop(stop: &StopReason) -> String {
    format!("{stop:?}")
}

/// Which error it is, as far as a caller can tell, and what it finds in it.
fn describe(error: &Error) -> String {
    match error {
        Error::WebModelCall { webc_error, .. } => {
            let kind = match webc_error {
                genai::webc::Error::ResponseFailedStatus { body, .. } => {
                    format!("ResponseFailedStatus {:?}", message(body))
                }
                genai::webc::Error::Reqwest(error) => format!("Reqwest {}", transport(error)),
                genai::webc::Error::ResponseFailedInvalidJson { .. } => {
                    "ResponseFailedInvalidJson".to_owned()
                }
                error => format!("{error:?}"),
            };
            format!("WebModelCall{} > {kind}", facts(error))
        }
        Error::WebStream { error: inner, .. } => {
            let kind = match inner.downcast_ref::<Error>() {
                Some(inner @ Error::HttpError { body, .. }) => {
                    format!("HttpError{} {:?}", facts(inner), message(body))
                }
                Some(inner) => format!("{inner:?}"),
                None => transport(&**inner),
            };
            format!("WebStream{} > {kind}", facts(error))
        }
        Error::ChatResponse { body, .. } => format!("ChatResponse {body}"),
        Error::StreamParse { serde_error, .. } => format!("StreamParse {serde_error}"),
        Error::ChatResponseGeneration { cause, .. } => {
            format!("ChatResponseGeneration {:?}", start(cause))
        }
        error => format!("{error:?}"),
    }
}

/// What the error itself says of status and wait.
fn facts(error: &Error) -> String {
    let status = error.status().map_or("-".to_owned(), |status| status.as_u16().to_string());
    let wait = error.headers().and_then(|headers| headers.get("retry-after"));
    let wait = wait.map_or("-", |wait| wait.to_str().unwrap());
    format!(" status {status} retry-after {wait}")
}

/// The innermost cause, which is the one that says what happened.
fn transport(error: &(dyn std::error::Error + 'static)) -> String {
    let mut causes = vec![error.to_string()];
    let mut next = error.source();
    while let Some(cause) = next {
        causes.push(cause.to_string());
        next = cause.source();
    }
    causes.last().cloned().unwrap_or_default()
}

fn message(body: &str) -> String {
    let json: serde_json::Value = serde_json::from_str(body).unwrap_or_default();
    start(json["error"]["message"].as_str().unwrap_or(body))
}

fn start(text: &str) -> String {
    text.chars().take(40).collect()
}

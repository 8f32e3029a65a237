//! Asking a model at a provider: one request, in the provider's own protocol, and what came of
//! it. Nothing is asked again here, and nobody waits: whoever pays and whoever holds the gate
//! before the provider decide that.

mod failure;
mod stand_in;
mod words;

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use genai::adapter::AdapterKind;
use genai::chat::{ChatOptions, ChatStreamEvent, ReasoningEffort, StreamEnd};
use genai::resolver::{AuthData, Endpoint};
use genai::{Client, ModelIden, ServiceTarget, WebConfig};
use tenfold_domain::{Answer, Tokens, Turn, Usage};

use crate::{Hosted, ModelsError, Price, Protocol};
pub use failure::ProviderError;
pub use stand_in::{Answers, StandIn};

/// How long a connection may take,
const CONNECT: Duration = Duration::from_secs(20);
/// and how long a provider may say nothing: reasoning models think before they speak.
const SILENCE: Duration = Duration::from_secs(300);
/// Ends of names that `genai` takes for an effort.
const EFFORTS: [&str; 8] =
    ["-max", "-high", "-medium", "-low", "-minimal", "-xhigh", "-zero", "-none"];
/// Bytes of text to a token, for what is shown while an answer comes.
const BYTES_PER_TOKEN: u64 = 4;

/// A model at its provider, shared by all that ask it.
pub struct Provider {
    hosted: Hosted,
    way: Way,
}

/// How it is asked.
enum Way {
    Far(Box<Far>),
    StandIn(Arc<dyn StandIn>),
}

/// Where it is, and what is shown there.
struct Far {
    key: String,
    target: ServiceTarget,
    client: Client,
}

/// A whole answer, and what it used.
#[derive(Debug, Clone, PartialEq)]
pub struct Turned {
    /// What the model said.
    pub answer: Answer,
    /// The bill's figures; a bound where the provider gave none.
    pub usage: Usage,
}

/// Never with its key.
impl std::fmt::Debug for Provider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Provider").field("hosted", &self.hosted).finish_non_exhaustive()
    }
}

impl Provider {
    /// A provider, with the key that `variable` gives for the name of a variable. Nothing is
    /// sent yet.
    ///
    /// # Errors
    /// [`ModelsError::NoKey`] if a key is wanted and not there.
    pub fn new(
        hosted: &Hosted,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, ModelsError> {
        let key = match &hosted.key {
            // Providers that want no key get one all the same: the header is always there.
            None => "none".to_owned(),
            Some(name) => variable(name).filter(|key| !key.trim().is_empty()).ok_or_else(|| {
                ModelsError::NoKey { name: hosted.name.clone(), variable: name.clone() }
            })?,
        };
        let kind = match hosted.protocol {
            Protocol::Openai => AdapterKind::OpenAI,
            Protocol::OpenaiResponses => AdapterKind::OpenAIResp,
            Protocol::Anthropic => AdapterKind::Anthropic,
            Protocol::Gemini => AdapterKind::Gemini,
        };
        let web = WebConfig::default().with_connect_timeout(CONNECT);
        let client = Client::builder().with_web_config(web).build().map_err(|e| {
            ModelsError::Unreachable { name: hosted.name.clone(), why: e.to_string() }
        })?;
        let target = ServiceTarget {
            endpoint: Endpoint::from_owned(hosted.place().to_owned()),
            auth: AuthData::from_single(key.trim()),
            model: ModelIden::new(kind, hosted.model.clone()),
        };
        let far = Far { key: key.trim().to_owned(), target, client };
        Ok(Self { hosted: hosted.clone(), way: Way::Far(Box::new(far)) })
    }

    /// What the catalogue says of it.
    pub fn hosted(&self) -> &Hosted {
        &self.hosted
    }

    /// The model's next words in a conversation. `tell` hears about how much has come so far.
    /// Dropping the future ends the request.
    ///
    /// # Errors
    /// [`ProviderError`] says what can be done; only [`ProviderError::Cut`] may cost money.
    pub async fn turn(&self, turn: &Turn, tell: impl Fn(Usage)) -> Result<Turned, ProviderError> {
        match &self.way {
            Way::StandIn(stand_in) => stand_in.turn(&self.hosted, turn).await,
            Way::Far(far) => self.turn_at(far, turn, tell).await,
        }
    }

    async fn turn_at(
        &self,
        far: &Far,
        turn: &Turn,
        tell: impl Fn(Usage),
    ) -> Result<Turned, ProviderError> {
        let request = words::request(turn, self.hosted.protocol);
        let options = self.options(turn.max_tokens);
        let asked = far.client.exec_chat_stream(far.target.clone(), request, Some(&options));
        let failed = |error| failure::read(&error, &self.hosted, &far.key);
        let mut stream = asked.await.map_err(failed)?.stream;
        let (mut bytes, mut began) = (0, false);
        while let Some(event) = stream.next().await {
            let event = match event {
                Ok(event) => event,
                // The request itself is only sent when the stream is first looked at.
                Err(e) if !began => return Err(failed(e)),
                Err(e) => {
                    return Err(ProviderError::Cut { why: failure::plain(&e, &far.key) });
                }
            };
            match event {
                ChatStreamEvent::Start | ChatStreamEvent::Heartbeat => {}
                ChatStreamEvent::Chunk(chunk) | ChatStreamEvent::ReasoningChunk(chunk) => {
                    began = true;
                    bytes += chunk.content.len() as u64;
                    let output = Tokens(bytes / BYTES_PER_TOKEN);
                    tell(Usage { output, ..Usage::default() });
                }
                ChatStreamEvent::ToolCallChunk(_) | ChatStreamEvent::ThoughtSignatureChunk(_) => {
                    began = true;
                }
                ChatStreamEvent::End(end) => return self.ended(end, turn),
            }
        }
        let why = "the answer broke off".to_owned();
        Err(ProviderError::Cut { why })
    }

    fn options(&self, max_tokens: u32) -> ChatOptions {
        let options = ChatOptions::default()
            .with_max_tokens(max_tokens)
            .with_capture_usage(true)
            .with_capture_content(true)
            .with_capture_tool_calls(true)
            .with_stream_header_timeout(SILENCE)
            .with_stream_read_timeout(SILENCE);
        let is_openai =
            matches!(self.hosted.protocol, Protocol::Openai | Protocol::OpenaiResponses);
        // Without a word on it, `genai` turns the cache of newer models of OpenAI's own off;
        // others who speak its protocol may not know the word.
        let options = match is_openai && self.hosted.address.is_none() {
            true => options.with_prompt_cache_key("tenfold"),
            false => options,
        };
        // `genai` takes the end of such a name for an effort, unless there is one already: this
        // one says nothing.
        let model = &self.hosted.model;
        match is_openai && EFFORTS.iter().any(|effort| model.ends_with(effort)) {
            true => options.with_reasoning_effort(ReasoningEffort::Budget(0)),
            false => options,
        }
    }

    fn ended(&self, end: StreamEnd, turn: &Turn) -> Result<Turned, ProviderError> {
        let is_apart = self.hosted.price.as_ref().is_some_and(Price::is_reasoning_apart);
        let usage = words::usage(&end, is_apart).filter(|_| end.captured_stop_reason.is_some());
        let Some(usage) = usage else {
            // Some providers end their stream without a word when they break down.
            let why = "the answer ended without saying why, or what it used".to_owned();
            return Err(ProviderError::Cut { why });
        };
        match words::answer(end, turn, self.hosted.protocol) {
            Ok(answer) => Ok(Turned { answer, usage }),
            Err(why) => Err(ProviderError::Refused { why, usage }),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::{Catalogue, SHIPPED};

    fn cache_key(protocol: &str, address: &str) -> Option<String> {
        let toml = format!(
            "[[hosted]]\nname = 'far'\nprotocol = '{protocol}'\nmodel = 'far-1'\n\
             context_tokens = 8192\nkey_variable = 'KEY'\nprice = 'free'\n{address}"
        );
        let all = Catalogue::parse(SHIPPED, Some((Path::new("models.toml"), &toml))).unwrap();
        let provider = Provider::new(&all.hosted()[0], |_| Some("key".to_owned())).unwrap();
        provider.options(100).prompt_cache_key
    }

    #[test]
    fn openai_is_asked_to_keep_prompts_and_who_may_not_know_the_word_is_not() {
        for protocol in ["openai", "openai-responses"] {
            assert_eq!(cache_key(protocol, "").as_deref(), Some("tenfold"));
            assert_eq!(cache_key(protocol, "address = 'http://127.0.0.1:8000/v1'"), None);
        }
        // Its own marks are in the request.
        assert_eq!(cache_key("anthropic", ""), None);
    }
}

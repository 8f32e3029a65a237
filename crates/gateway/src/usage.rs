//! What an answer says that it used, in each protocol, and how much of it there was to see.
//!
//! It is apart because it is all that is ever read of an answer that passes unchanged. Nothing
//! here knows prices, and nothing keeps a word of what was said.

use serde::Deserialize;
use tenfold_domain::{Energy, Tokens, Usage};
use tenfold_models::Service;

use crate::sse;
use crate::{Wire, scan, tier};

/// The longest word of an answer's that is kept, in bytes,
const WORD_MAX: usize = 200;
/// and how many reasons to end, one for each answer.
const REASONS_MAX: usize = 16;

/// Who says to have answered, for who traces.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answered {
    /// The model, as its provider calls it.
    pub model: Option<String>,
    /// The answer's number there.
    pub id: Option<String>,
    /// Why each answer ended, in the provider's words.
    pub reasons: Vec<String>,
}

impl Answered {
    fn by(&mut self, model: Option<&Text<'_>>, id: Option<&Text<'_>>) {
        self.model = word(model).or(self.model.take());
        self.id = word(id).or(self.id.take());
    }

    fn ended(&mut self, reason: Option<&Text<'_>>) {
        if self.reasons.len() < REASONS_MAX {
            self.reasons.extend(word(reason));
        }
    }
}

/// What was seen of an answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// What it says that it used; `None` if it says nothing that can be read.
    pub usage: Option<Usage>,
    /// Whether that is what was used until now, and nothing more is under way: so it is with the
    /// embedded model.
    pub is_exact: bool,
    /// What it took of this machine's energy, where it was made here.
    pub energy: Energy,
    /// Of the output, the tokens that were thought and not said, where that is told.
    pub reasoning: Tokens,
    /// Who says to have answered, where that is told and has a price of its own.
    pub service: Option<Service>,
    /// Whether what was kept of the prompt is kept for half a day, where that is told.
    pub keeps_long: Option<bool>,
    /// Who says to have answered, and why it ended.
    pub answered: Answered,
    /// Bytes of text, thoughts and arguments.
    pub bytes: u64,
    /// Whether it came to its end.
    pub ended: bool,
    /// Whether it says that it failed.
    pub failed: bool,
    /// Events that can't be read.
    pub broken: u64,
}

impl Seen {
    /// Takes in an event of a stream. True if it is one of OpenAI's chat completions that only
    /// says what was used.
    pub fn event(&mut self, wire: Wire, event: &[u8]) -> bool {
        let data = sse::data(event);
        let data = data.as_deref().unwrap_or_default().trim_ascii();
        if data.is_empty() {
            return false;
        }
        if data == b"[DONE]" {
            self.ended = true;
            return false;
        }
        let read = match wire {
            Wire::Messages | Wire::CountTokens => self.message_event(data).map(|()| false),
            Wire::Responses => self.response_event(data).map(|()| false),
            Wire::Chat | Wire::Embeddings => self.chunk(data),
        };
        self.broken += u64::from(read.is_none());
        read.unwrap_or(false)
    }

    /// Takes in an answer in one piece.
    pub fn whole(&mut self, wire: Wire, body: &[u8]) {
        let read = match wire {
            Wire::CountTokens => Some(()),
            Wire::Messages => serde_json::from_slice::<Message<'_>>(body).ok().map(|whole| {
                self.anthropics(whole.usage);
                self.answered.by(whole.model.as_ref(), whole.id.as_ref());
                self.answered.ended(whole.stop_reason.as_ref());
                self.bytes += whole.content.iter().map(Block::bytes).sum::<u64>();
            }),
            Wire::Responses => {
                let said = serde_json::from_slice::<Response<'_>>(body).ok();
                let reached = serde_json::from_slice::<Reached<'_>>(body).ok();
                said.zip(reached).map(|(said, reached)| {
                    self.response(&reached);
                    self.bytes += said.output.iter().map(Item::bytes).sum::<u64>();
                })
            }
            Wire::Chat | Wire::Embeddings => self.chunk(body).map(drop),
        };
        self.ended = read.is_some();
        self.broken += u64::from(read.is_none());
    }

    fn chunk(&mut self, data: &[u8]) -> Option<bool> {
        let chunk: Chunk<'_> = serde_json::from_slice(data).ok()?;
        let only_usage = chunk.choices.is_empty() && chunk.usage.is_some();
        self.failed |= chunk.error.is_some();
        self.openais(chunk.usage);
        self.served(chunk.service_tier.as_ref());
        self.answered.by(chunk.model.as_ref(), chunk.id.as_ref());
        for choice in &chunk.choices {
            self.ended |= choice.finish_reason.is_some();
            self.answered.ended(choice.finish_reason.as_ref());
            for said in choice.delta.iter().chain(&choice.message) {
                self.bytes += said.bytes();
            }
        }
        Some(only_usage)
    }

    fn message_event(&mut self, data: &[u8]) -> Option<()> {
        let event: MessageEvent<'_> = serde_json::from_slice(data).ok()?;
        match &*event.kind {
            "message_start" => {
                if let Some(message) = event.message {
                    self.answered.by(message.model.as_ref(), message.id.as_ref());
                    self.anthropics(message.usage);
                }
            }
            "message_delta" => {
                let stopped = event.delta.as_ref().and_then(|delta| delta.stop_reason.as_ref());
                self.answered.ended(stopped);
                self.anthropics(event.usage);
            }
            "message_stop" => self.ended = true,
            "error" => self.failed = true,
            _ => {}
        }
        self.bytes += event.delta.iter().map(Block::bytes).sum::<u64>();
        Some(())
    }

    fn response_event(&mut self, data: &[u8]) -> Option<()> {
        let event: ResponseEvent<'_> = serde_json::from_slice(data).ok()?;
        match &*event.kind {
            "response.completed" | "response.incomplete" => self.ended = true,
            "response.failed" | "error" => self.failed = true,
            _ => {}
        }
        if let Some(reached) = &event.response {
            self.response(reached);
        }
        if event.kind.ends_with(".delta") {
            self.bytes += length(event.delta.as_ref());
        }
        Some(())
    }

    fn response(&mut self, reached: &Reached<'_>) {
        let Reached { id, model, status, incomplete_details, .. } = reached;
        self.openais(reached.usage);
        self.served(reached.service_tier.as_ref());
        self.answered.by(model.as_ref(), id.as_ref());
        if let Some(Text::Plain(kept)) = &reached.prompt_cache_retention {
            self.keeps_long = Some(scan::is_long(kept));
        }
        // A response under way has no end yet.
        let status = status.as_ref().filter(|_| reached.usage.is_some());
        let why = incomplete_details.as_ref().and_then(|details| details.reason.as_ref());
        self.answered.ended(why.or(status));
    }

    /// Each later word on usage replaces what was said of the same before, never with less.
    fn anthropics(&mut self, said: Option<AnthropicUsage>) {
        let Some(said) = said else { return };
        let hour = said.cache_creation.map_or(0, |written| written.ephemeral_1h_input_tokens);
        let mut usage = self.usage.unwrap_or_default();
        let raise = |tokens: &mut Tokens, to: Option<u64>| {
            *tokens = (*tokens).max(Tokens(to.unwrap_or(0)));
        };
        raise(&mut usage.prompt, said.input_tokens);
        raise(&mut usage.cached, said.cache_read_input_tokens);
        raise(&mut usage.written_hour, Some(hour));
        raise(
            &mut usage.written,
            said.cache_creation_input_tokens.map(|written| written.saturating_sub(hour)),
        );
        raise(&mut usage.output, said.output_tokens);
        self.usage = Some(usage);
    }

    /// Anthropic's word for it is not read: what it calls priority is paid for ahead, and has no
    /// price by the token beside the usual one.
    fn served(&mut self, said: Option<&Text<'_>>) {
        if let Some(Text::Plain(word)) = said {
            self.service = tier::answered(word).or(self.service);
        }
    }

    fn openais(&mut self, said: Option<OpenaiUsage>) {
        let Some(said) = said else { return };
        let read = said.prompt_tokens.or(said.input_tokens).unwrap_or(0);
        let written = said.completion_tokens.or(said.output_tokens).unwrap_or(0);
        let of_read = said.prompt_tokens_details.or(said.input_tokens_details).unwrap_or_default();
        let of_written =
            said.completion_tokens_details.or(said.output_tokens_details).unwrap_or_default();
        let cached = of_read.cached_tokens.unwrap_or(0).min(read);
        let kept = of_read.cache_write_tokens.unwrap_or(0).min(read - cached);
        // Some count what was thought beside what was said, and only in the total.
        let thought = said.total_tokens.unwrap_or(0).saturating_sub(read);
        self.reasoning = Tokens(of_written.reasoning_tokens.unwrap_or(0));
        self.usage = Some(Usage {
            prompt: Tokens(read - cached - kept),
            cached: Tokens(cached),
            written: Tokens(kept),
            output: Tokens(written.max(thought)),
            ..Usage::default()
        });
    }
}

/// A text whose length matters and nothing else. Anything but a text has none.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Text<'a> {
    #[serde(borrow)]
    Plain(std::borrow::Cow<'a, str>),
    Other(serde::de::IgnoredAny),
}

/// A short text.
fn word(text: Option<&Text<'_>>) -> Option<String> {
    match text {
        Some(Text::Plain(text)) if text.len() <= WORD_MAX => Some(text.clone().into_owned()),
        _ => None,
    }
}

fn length(text: Option<&Text<'_>>) -> u64 {
    match text {
        Some(Text::Plain(text)) => text.len() as u64,
        Some(Text::Other(_)) | None => 0,
    }
}

#[derive(Debug, Deserialize)]
struct Chunk<'a> {
    #[serde(borrow, default)]
    choices: Vec<Choice<'a>>,
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow)]
    model: Option<Text<'a>>,
    #[serde(borrow)]
    service_tier: Option<Text<'a>>,
    usage: Option<OpenaiUsage>,
    error: Option<serde::de::IgnoredAny>,
}

#[derive(Debug, Deserialize)]
struct Choice<'a> {
    #[serde(borrow)]
    delta: Option<SaidBy<'a>>,
    #[serde(borrow)]
    message: Option<SaidBy<'a>>,
    #[serde(borrow)]
    finish_reason: Option<Text<'a>>,
}

#[derive(Debug, Deserialize)]
struct SaidBy<'a> {
    #[serde(borrow)]
    content: Option<Text<'a>>,
    #[serde(borrow)]
    refusal: Option<Text<'a>>,
    #[serde(borrow)]
    reasoning: Option<Text<'a>>,
    #[serde(borrow)]
    reasoning_content: Option<Text<'a>>,
    #[serde(borrow)]
    tool_calls: Option<Vec<Called<'a>>>,
}

impl SaidBy<'_> {
    fn bytes(&self) -> u64 {
        let texts = [&self.content, &self.refusal, &self.reasoning, &self.reasoning_content];
        let calls = self.tool_calls.iter().flatten().filter_map(|call| call.function.as_ref());
        let calls = calls.map(|call| length(call.name.as_ref()) + length(call.arguments.as_ref()));
        texts.iter().map(|text| length(text.as_ref())).sum::<u64>() + calls.sum::<u64>()
    }
}

#[derive(Debug, Deserialize)]
struct Called<'a> {
    #[serde(borrow)]
    function: Option<Function<'a>>,
}

#[derive(Debug, Deserialize)]
struct Function<'a> {
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    arguments: Option<Text<'a>>,
}

#[derive(Debug, Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow)]
    model: Option<Text<'a>>,
    #[serde(borrow, default)]
    content: Vec<Block<'a>>,
    #[serde(borrow)]
    stop_reason: Option<Text<'a>>,
    usage: Option<AnthropicUsage>,
}

#[derive(Debug, Deserialize)]
struct MessageEvent<'a> {
    #[serde(rename = "type", borrow)]
    kind: std::borrow::Cow<'a, str>,
    #[serde(borrow)]
    message: Option<Message<'a>>,
    #[serde(borrow)]
    delta: Option<Block<'a>>,
    usage: Option<AnthropicUsage>,
}

/// A block of a message, or what is new of one.
#[derive(Debug, Deserialize)]
struct Block<'a> {
    #[serde(borrow)]
    text: Option<Text<'a>>,
    #[serde(borrow)]
    thinking: Option<Text<'a>>,
    #[serde(borrow)]
    partial_json: Option<Text<'a>>,
    #[serde(borrow)]
    stop_reason: Option<Text<'a>>,
    #[serde(borrow)]
    name: Option<Text<'a>>,
}

impl Block<'_> {
    fn bytes(&self) -> u64 {
        let texts = [&self.text, &self.thinking, &self.partial_json, &self.name];
        texts.iter().map(|text| length(text.as_ref())).sum()
    }
}

#[derive(Debug, Deserialize)]
struct Response<'a> {
    #[serde(borrow, default)]
    output: Vec<Item<'a>>,
}

#[derive(Debug, Deserialize)]
struct ResponseEvent<'a> {
    #[serde(rename = "type", borrow)]
    kind: std::borrow::Cow<'a, str>,
    #[serde(borrow)]
    response: Option<Reached<'a>>,
    #[serde(borrow)]
    delta: Option<Text<'a>>,
}

#[derive(Debug, Deserialize)]
struct Reached<'a> {
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow)]
    model: Option<Text<'a>>,
    #[serde(borrow)]
    status: Option<Text<'a>>,
    #[serde(borrow)]
    incomplete_details: Option<Incomplete<'a>>,
    #[serde(borrow)]
    service_tier: Option<Text<'a>>,
    #[serde(borrow)]
    prompt_cache_retention: Option<Text<'a>>,
    usage: Option<OpenaiUsage>,
}

#[derive(Debug, Deserialize)]
struct Incomplete<'a> {
    #[serde(borrow)]
    reason: Option<Text<'a>>,
}

/// An item of a response's output.
#[derive(Debug, Deserialize)]
struct Item<'a> {
    #[serde(borrow, default)]
    content: Option<Vec<Block<'a>>>,
    #[serde(borrow)]
    arguments: Option<Text<'a>>,
}

impl Item<'_> {
    fn bytes(&self) -> u64 {
        let content = self.content.iter().flatten().map(Block::bytes).sum::<u64>();
        content + length(self.arguments.as_ref())
    }
}

#[derive(Debug, Default, Deserialize)]
struct AnthropicUsage {
    input_tokens: Option<u64>,
    cache_creation_input_tokens: Option<u64>,
    cache_read_input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    cache_creation: Option<CacheCreation>,
}

#[derive(Debug, Default, Deserialize)]
struct CacheCreation {
    #[serde(default)]
    ephemeral_1h_input_tokens: u64,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
struct OpenaiUsage {
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    total_tokens: Option<u64>,
    prompt_tokens_details: Option<ReadDetails>,
    input_tokens_details: Option<ReadDetails>,
    completion_tokens_details: Option<WrittenDetails>,
    output_tokens_details: Option<WrittenDetails>,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
struct ReadDetails {
    cached_tokens: Option<u64>,
    cache_write_tokens: Option<u64>,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
struct WrittenDetails {
    reasoning_tokens: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(prompt: u64, cached: u64, written: u64, output: u64) -> Option<Usage> {
        Some(Usage {
            prompt: Tokens(prompt),
            cached: Tokens(cached),
            written: Tokens(written),
            output: Tokens(output),
            ..Usage::default()
        })
    }

    fn whole(wire: Wire, body: &str) -> Seen {
        let mut seen = Seen::default();
        seen.whole(wire, body.as_bytes());
        seen
    }

    #[test]
    fn what_was_cached_or_thought_is_told_apart() {
        let seen = whole(
            Wire::Chat,
            r#"{"choices":[{"message":{"content":"hé\n"}}],"usage":{"prompt_tokens":100,
                "completion_tokens":20,"total_tokens":120,
                "prompt_tokens_details":{"cached_tokens":60},
                "completion_tokens_details":{"reasoning_tokens":15}}}"#,
        );
        assert_eq!((seen.usage, seen.reasoning), (usage(40, 60, 0, 20), Tokens(15)));
        assert_eq!((seen.bytes, seen.ended), (4, true));
        let seen = whole(
            Wire::Chat,
            r#"{"usage":{"prompt_tokens":10,"completion_tokens":2,"total_tokens":42}}"#,
        );
        assert_eq!(seen.usage, usage(10, 0, 0, 32));
        let seen = whole(
            Wire::Messages,
            r#"{"content":[{"type":"text","text":"hi"},{"type":"tool_use","name":"x","input":{}}],
                "usage":{"input_tokens":3,"cache_creation_input_tokens":10,
                "cache_creation":{"ephemeral_1h_input_tokens":10},
                "cache_read_input_tokens":7,"output_tokens":5}}"#,
        );
        let hour = Usage { written_hour: Tokens(10), ..usage(3, 7, 0, 5).unwrap() };
        assert_eq!((seen.usage, seen.bytes), (Some(hour), 3));
    }

    #[test]
    fn a_stream_says_what_it_used_where_its_protocol_says_it() {
        let mut seen = Seen::default();
        for event in [
            r#"{"type":"message_start","message":{"usage":{"input_tokens":9,"output_tokens":1}}}"#,
            r#"{"type":"content_block_delta","delta":{"type":"text_delta","text":"abc"}}"#,
            r#"{"type":"message_delta","delta":{},"usage":{"output_tokens":4}}"#,
            r#"{"type":"message_stop"}"#,
        ] {
            assert!(!seen.ended);
            seen.event(Wire::Messages, format!("event: e\ndata: {event}\n\n").as_bytes());
        }
        assert_eq!((seen.usage, seen.bytes, seen.ended), (usage(9, 0, 0, 4), 3, true));
        let mut seen = Seen::default();
        seen.event(Wire::Chat, b"data: {\"choices\":[{\"delta\":{\"content\":\"ab\"}}]}\n\n");
        seen.event(Wire::Chat, b"data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1}}\n\n");
        seen.event(Wire::Chat, b"data: [DONE]\n\n");
        assert_eq!((seen.usage, seen.bytes, seen.ended), (usage(1, 0, 0, 0), 2, true));
    }

    #[test]
    fn who_has_answered_is_read_where_openais_protocols_say_it() {
        let chat = r#"{"choices":[],"service_tier":"flex","usage":{"prompt_tokens":1}}"#;
        assert_eq!(whole(Wire::Chat, chat).service, Some(Service::Flex));
        let response = r#"{"output":[],"service_tier":"priority","usage":{"input_tokens":1}}"#;
        assert_eq!(whole(Wire::Responses, response).service, Some(Service::Priority));
        let mut seen = Seen::default();
        for data in [
            r#"{"type":"response.created","response":{"service_tier":"auto"}}"#,
            r#"{"type":"response.completed","response":{"service_tier":"priority"}}"#,
        ] {
            seen.event(Wire::Responses, format!("data: {data}\n\n").as_bytes());
        }
        assert_eq!((seen.service, seen.broken), (Some(Service::Priority), 0));
        let message = r#"{"content":[],"usage":{"input_tokens":1,"service_tier":"priority"}}"#;
        assert_eq!(whole(Wire::Messages, message).service, None);
    }

    #[test]
    fn who_has_answered_and_why_it_ended_is_read_in_each_protocol() {
        let answered = |seen: Seen| {
            let Answered { model, id, reasons } = seen.answered;
            assert_eq!(seen.broken, 0);
            (model.unwrap_or_default(), id.unwrap_or_default(), reasons.join(" "))
        };
        let expected = |reason: &str| ("m-1".to_owned(), "x1".to_owned(), reason.to_owned());
        let chat = r#"{"id":"x1","model":"m-1","choices":[{"finish_reason":"stop"},
            {"finish_reason":"length"}]}"#;
        assert_eq!(answered(whole(Wire::Chat, chat)), expected("stop length"));
        let message = r#"{"id":"x1","model":"m-1","content":[],"stop_reason":"end_turn"}"#;
        assert_eq!(answered(whole(Wire::Messages, message)), expected("end_turn"));
        let response = r#"{"id":"x1","model":"m-1","status":"incomplete","output":[],
            "incomplete_details":{"reason":"max_output_tokens"},
            "prompt_cache_retention":"24h","usage":{"input_tokens":1}}"#;
        let seen = whole(Wire::Responses, response);
        assert_eq!(seen.keeps_long, Some(true));
        assert_eq!(answered(seen), expected("max_output_tokens"));
        let streamed = |wire, events: &[&str]| {
            let mut seen = Seen::default();
            for event in events {
                seen.event(wire, format!("data: {event}\n\n").as_bytes());
            }
            answered(seen)
        };
        let said = streamed(
            Wire::Chat,
            &[
                r#"{"id":"x1","model":"m-1","choices":[{"delta":{},"finish_reason":null}]}"#,
                r#"{"id":"x1","model":"m-1","choices":[{"delta":{},"finish_reason":"stop"}]}"#,
            ],
        );
        assert_eq!(said, expected("stop"));
        let said = streamed(
            Wire::Messages,
            &[
                r#"{"type":"message_start","message":{"id":"x1","model":"m-1","stop_reason":null}}"#,
                r#"{"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{}}"#,
            ],
        );
        assert_eq!(said, expected("tool_use"));
        let said = streamed(
            Wire::Responses,
            &[
                r#"{"type":"response.created","response":{"id":"x1","status":"in_progress"}}"#,
                r#"{"type":"response.completed","response":{"id":"x1","model":"m-1","status":"completed","usage":{"input_tokens":1}}}"#,
            ],
        );
        assert_eq!(said, expected("completed"));
    }

    #[test]
    fn what_is_broken_is_counted_and_not_believed() {
        let mut seen = Seen::default();
        for data in
            ["{", "{\"usage\":{\"prompt_tokens\":-5}}", "{\"usage\":{\"prompt_tokens\":1e99}}"]
        {
            seen.event(Wire::Chat, format!("data: {data}\n\n").as_bytes());
        }
        assert_eq!((seen.broken, seen.usage), (3, None));
    }
}

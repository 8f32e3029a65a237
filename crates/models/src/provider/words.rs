//! A conversation in the form that `genai` puts into each provider's own, and back.

use genai::chat::{
    CacheControl, ChatMessage, ChatRequest, ContentPart, MessageContent, MessageOptions,
    StopReason, StreamEnd, Tool, ToolResponse,
};
use tenfold_domain::{Answer, Said, Tokens, ToolCall, ToolSpec, Turn, Usage};

use crate::Protocol;

/// What stands for the result of a call that has none: providers want one for each.
const NOT_PERFORMED: &str = "not performed";

/// The conversation. Providers want the results of calls right behind them and the first word
/// to be a person's; what was said in between comes after the results.
pub(super) fn request(turn: &Turn, protocol: Protocol) -> ChatRequest {
    let mut messages = vec![ChatMessage::system(turn.instructions.clone())];
    let mut said = turn.said.iter().map(|said| &**said).peekable();
    while let Some(next) = said.next() {
        match next {
            Said::Person { text } => messages.push(ChatMessage::user(text.clone())),
            // The call that it belongs to was left out.
            Said::Tool { .. } => {}
            Said::Model { text, calls } => {
                messages.push(ChatMessage::assistant(spoken(text, calls)));
                let (mut results, mut remarks) = (Vec::new(), Vec::new());
                while let Some(next) = said.next_if(|next| !matches!(next, Said::Model { .. })) {
                    match next {
                        Said::Tool { call, text } => results.push((call.as_str(), text.as_str())),
                        Said::Person { text } => remarks.push(ChatMessage::user(text.clone())),
                        Said::Model { .. } => {}
                    }
                }
                messages.extend(calls.iter().map(|call| {
                    let result = results.iter().find(|(id, _)| *id == call.id);
                    let text = result.map_or(NOT_PERFORMED, |(_, text)| text);
                    let response = ToolResponse::new(call.id.clone(), text);
                    ChatMessage::from(response.with_fn_name(call.name.clone()))
                }));
                messages.extend(remarks);
            }
        }
    }
    // Others find the beginning of a conversation again by themselves.
    if protocol == Protocol::Anthropic {
        let last = messages.len() - 1;
        for index in [0, last] {
            let mark = MessageOptions::default().with_cache_control(CacheControl::Ephemeral);
            messages[index].options = Some(mark);
        }
    }
    let request = ChatRequest::new(messages);
    // An empty list is refused by some.
    match turn.tools.is_empty() {
        true => request,
        false => request.with_tools(turn.tools.iter().map(|spec| tool(spec))),
    }
}

fn spoken(text: &str, calls: &[ToolCall]) -> MessageContent {
    let text = (!text.is_empty() || calls.is_empty()).then(|| {
        // An empty text is refused by some.
        ContentPart::from_text(if text.is_empty() { "…" } else { text })
    });
    let calls = calls.iter().map(|call| {
        ContentPart::ToolCall(genai::chat::ToolCall {
            call_id: call.id.clone(),
            fn_name: call.name.clone(),
            // Arguments that are no object are refused by some.
            fn_arguments: match &call.arguments {
                object @ serde_json::Value::Object(_) => object.clone(),
                other => serde_json::json!({ "arguments": other }),
            },
            thought_signatures: (!call.signatures.is_empty()).then(|| call.signatures.clone()),
        })
    });
    MessageContent::from_parts(text.into_iter().chain(calls).collect::<Vec<_>>())
}

fn tool(spec: &ToolSpec) -> Tool {
    Tool::new(spec.name.clone())
        .with_description(spec.about.clone())
        .with_schema(spec.parameters.clone())
}

/// The bill's figures, if the provider gave any. Reasoning is told apart only if it has a price
/// of its own.
pub(super) fn usage(end: &StreamEnd, is_reasoning_apart: bool) -> Option<Usage> {
    let usage = end.captured_usage.as_ref()?;
    let tokens = |count: Option<i32>| count.and_then(|count| u64::try_from(count).ok());
    let all = tokens(usage.prompt_tokens)?;
    let details = usage.prompt_tokens_details.as_ref();
    let cached = details.and_then(|details| tokens(details.cached_tokens)).unwrap_or(0);
    let written = details.and_then(|details| tokens(details.cache_creation_tokens)).unwrap_or(0);
    let kept = details.and_then(|details| details.cache_creation_details.as_ref());
    let hour = kept.and_then(|kept| tokens(kept.ephemeral_1h_tokens)).unwrap_or(0).min(written);
    let said = tokens(usage.completion_tokens).unwrap_or(0);
    let of_it = usage.completion_tokens_details.as_ref();
    let reasoning = of_it.and_then(|details| tokens(details.reasoning_tokens)).unwrap_or(0);
    let reasoning = if is_reasoning_apart { reasoning.min(said) } else { 0 };
    Some(Usage {
        prompt: Tokens(all.saturating_sub(cached + written)),
        cached: Tokens(cached),
        written: Tokens(written - hour),
        written_hour: Tokens(hour),
        output: Tokens(said - reasoning),
        reasoning: Tokens(reasoning),
        ..Usage::default()
    })
}

/// What the model said to a turn; an error if it, or a filter before it, does not want to.
pub(super) fn answer(end: StreamEnd, turn: &Turn, protocol: Protocol) -> Result<Answer, String> {
    let reason = end.captured_stop_reason;
    let content = end.captured_content.unwrap_or_default();
    let text = content.texts().join("");
    if let Some(StopReason::ContentFilter(why)) = &reason {
        return Err(format!("the model does not answer this ({why}): {text}"));
    }
    let ended = !matches!(reason, Some(StopReason::MaxTokens(_)));
    // Gemini's word for a call that is not one.
    if matches!(&reason, Some(StopReason::Other(why)) if why == "MALFORMED_FUNCTION_CALL") {
        let text = "(a call that was malformed)".to_owned();
        return Ok(Answer::Turned { text, calls: Vec::new(), ended });
    }
    let calls: Vec<ToolCall> = content
        .into_tool_calls()
        .into_iter()
        .enumerate()
        .map(|(index, call)| ToolCall {
            id: id(call.call_id, &call.fn_name, turn.said.len() * 1_000 + index, protocol),
            name: call.fn_name,
            arguments: call.fn_arguments,
            signatures: call.thought_signatures.unwrap_or_default(),
        })
        .collect();
    // A call that was cut off has half its arguments.
    let calls = if ended { calls } else { Vec::new() };
    // So it looks when OpenAI's models refuse.
    if ended && calls.is_empty() && text.trim().is_empty() {
        return Err("the model said nothing".to_owned());
    }
    Ok(Answer::Turned { text, calls, ended })
}

/// An id for a call that no other of the conversation has. Gemini's protocol has none, and what
/// stands for them in `genai` repeats; in this form it is known to be made up, and not sent.
fn id(given: String, name: &str, number: usize, protocol: Protocol) -> String {
    match protocol {
        Protocol::Gemini => format!("call#{name}#{number}"),
        // Some who speak OpenAI's leave it out.
        _ if given.is_empty() => format!("call-{number}"),
        _ => given,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use genai::chat::ChatRole;
    use serde_json::json;
    use tenfold_domain::Seed;

    fn call(id: &str) -> ToolCall {
        let name = "read".to_owned();
        ToolCall { id: id.into(), name, arguments: json!({"path": "a"}), signatures: Vec::new() }
    }

    fn turn(said: Vec<Said>) -> Turn {
        let instructions = "You mend programs.".to_owned();
        let said = said.into_iter().map(Arc::new).collect();
        Turn { instructions, said, tools: vec![], max_tokens: 9, temperature: 0.2, seed: Seed(1) }
    }

    #[test]
    fn every_call_is_followed_by_its_result_and_remarks_come_after() {
        let person = |text: &str| Said::Person { text: text.into() };
        let result = |id: &str| Said::Tool { call: id.into(), text: format!("of {id}") };
        let calls = vec![call("1"), call("2"), call("3")];
        let model = Said::Model { text: String::new(), calls };
        let said = vec![
            person("mend it"),
            model,
            result("2"),
            person("too many"),
            result("1"),
            result("9"),
        ];
        let request = request(&turn(said), Protocol::Anthropic);
        let roles: Vec<&ChatRole> = request.messages.iter().map(|message| &message.role).collect();
        use ChatRole::{Assistant, System, Tool, User};
        assert_eq!(roles, [&System, &User, &Assistant, &Tool, &Tool, &Tool, &User]);
        let told: Vec<String> = request.messages[3..6]
            .iter()
            .flat_map(|message| message.content.tool_responses())
            .map(|response| format!("{}: {:?}", response.call_id, response.content))
            .collect();
        assert!(told[0].contains("1: ") && told[0].contains("of 1"), "{told:?}");
        assert!(told[1].contains("of 2") && told[2].contains(NOT_PERFORMED), "{told:?}");
        let marked = request.messages.iter().map(|message| message.options.is_some());
        assert_eq!(marked.collect::<Vec<_>>(), [true, false, false, false, false, false, true]);
    }

    #[test]
    fn cached_and_written_tokens_are_not_billed_twice() {
        let captured_usage = serde_json::from_value(json!({
            "prompt_tokens": 100, "completion_tokens": 7,
            "prompt_tokens_details": { "cached_tokens": 60, "cache_creation_tokens": 30,
                "cache_creation_details": { "ephemeral_1h_tokens": 10 } },
            "completion_tokens_details": { "reasoning_tokens": 5 },
        }));
        let end = StreamEnd { captured_usage: captured_usage.unwrap(), ..StreamEnd::default() };
        for (is_reasoning_apart, output, reasoning) in [(false, 7, 0), (true, 2, 5)] {
            let usage = usage(&end, is_reasoning_apart).unwrap();
            let read = [usage.prompt, usage.cached, usage.written, usage.written_hour];
            assert_eq!(read, [10, 60, 20, 10].map(Tokens));
            assert_eq!((usage.output, usage.reasoning), (Tokens(output), Tokens(reasoning)));
        }
    }

    #[test]
    fn half_a_call_is_no_call_and_a_refusal_no_answer() {
        let end = |reason: &str| StreamEnd {
            captured_stop_reason: Some(StopReason::from(reason.to_owned())),
            captured_content: Some(MessageContent::from_tool_calls(vec![genai::chat::ToolCall {
                call_id: String::new(),
                fn_name: "write".into(),
                fn_arguments: json!({}),
                thought_signatures: None,
            }])),
            ..StreamEnd::default()
        };
        let said = |end| answer(end, &turn(Vec::new()), Protocol::Gemini);
        let count = |answer| match answer {
            Ok(Answer::Turned { calls, ended, .. }) => (calls.len(), ended),
            other => panic!("{other:?}"),
        };
        assert_eq!(count(said(end("tool_use"))), (1, true));
        assert_eq!(count(said(end("length"))), (0, false));
        assert!(said(StreamEnd::default()).unwrap_err().contains("nothing"));
        assert!(said(end("refusal")).unwrap_err().contains("refusal"));
    }
}

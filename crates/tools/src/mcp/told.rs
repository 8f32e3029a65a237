//! What a model reads of an answer: the server's words as its words, bounded, without what acts
//! on a terminal and without secrets; what is no text in words.
//!
//! Apart, because an answer is as strange as a description is, and far longer.

use rmcp::model::{CallToolResult, ContentBlock, ResourceContents};
use tenfold_redact::Redactor;

use crate::{reply, shown};

/// The most parts of an answer that are shown.
const MAX_PARTS: usize = 100;
/// Said of a part that this release knows no words for.
const UNKNOWN: &str = "(a part of an unknown kind; it can't be shown here)";
/// How much of what a server wrote to its errors is shown, in bytes.
const MAX_EXCERPT_BYTES: usize = 1_000;

/// What a tool answered, at most [`MAX_REPLY_BYTES`](crate::MAX_REPLY_BYTES).
pub fn told(server: &str, result: &CallToolResult, redactor: &Redactor) -> String {
    let failed = result.is_error == Some(true);
    let mut parts: Vec<String> = result.content.iter().take(MAX_PARTS).map(part).collect();
    if result.content.len() > MAX_PARTS {
        parts.push(format!("({} more parts)", result.content.len() - MAX_PARTS));
    }
    // What is structured stands in a text as well, as a rule.
    let has_text = result.content.iter().any(|part| matches!(part, ContentBlock::Text(_)));
    if let Some(structured) = result.structured_content.as_ref().filter(|_| !has_text) {
        parts.push(structured.to_string());
    }
    let text = shown::output(&parts.join("\n"));
    // Before it is cut, since half a secret is not known for one.
    let text = redactor.text(&text);
    let head = match (failed, text.trim().is_empty()) {
        (false, false) => format!("The MCP server {server} answers:\n"),
        (false, true) => format!("The MCP server {server} answers with nothing."),
        (true, false) => format!("The MCP server {server} says that it failed:\n"),
        (true, true) => format!("The MCP server {server} says that it failed, and not why."),
    };
    reply::bounded(head + text.trim_end())
}

fn part(part: &ContentBlock) -> String {
    match part {
        ContentBlock::Text(text) => text.text.clone(),
        ContentBlock::Image(image) => unseen("an image", Some(&image.mime_type), &image.data),
        ContentBlock::Audio(audio) => unseen("a sound", Some(&audio.mime_type), &audio.data),
        ContentBlock::ResourceLink(link) => {
            let about = link.description.as_deref().unwrap_or(&link.name);
            format!("(a link to {}: {})", shown::name(&link.uri), shown::name(about))
        }
        ContentBlock::Resource(resource) => match &resource.resource {
            ResourceContents::TextResourceContents { uri, text, .. } => {
                format!("{}:\n{text}", shown::name(uri))
            }
            ResourceContents::BlobResourceContents { uri, mime_type, blob, .. } => {
                let what = format!("a file, {}", shown::name(uri));
                unseen(&what, mime_type.as_deref(), blob)
            }
            _ => UNKNOWN.to_owned(),
        },
        _ => UNKNOWN.to_owned(),
    }
}

/// What can't be shown, in words. It came in base64, which has four letters for three bytes.
fn unseen(what: &str, kind: Option<&str>, data: &str) -> String {
    let kind = kind.map_or(String::new(), |kind| format!(", {}", shown::name(kind)));
    let bytes = shown::count(data.len() / 4 * 3, "byte", "bytes");
    format!("({what}{kind}, about {bytes}; it can't be shown here)")
}

/// What somebody says of a server, on a line.
pub fn plain(text: &str, redactor: &Redactor) -> String {
    let text = redactor.text(&shown::output(text)).replace('\n', " ");
    shown::cut(text.trim_end(), MAX_EXCERPT_BYTES)
}

/// The end of what a server wrote beside the protocol, for who wonders why it ended.
pub fn excerpt(output: &[u8], redactor: &Redactor) -> String {
    let text = shown::output(&String::from_utf8_lossy(output));
    let text = redactor.text(text.trim());
    let from = text.ceil_char_boundary(text.len().saturating_sub(MAX_EXCERPT_BYTES));
    match (text.is_empty(), from) {
        (true, _) => String::new(),
        (false, 0) => format!("; it wrote: {text}"),
        (false, from) => format!("; it wrote: … {}", &text[from..]),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::MAX_REPLY_BYTES;

    fn answer(of: Value) -> String {
        let result: CallToolResult = serde_json::from_value(of).unwrap();
        told("docs", &result, &Redactor::new(["s3cret-of-the-tests"]))
    }

    #[test]
    fn what_is_no_text_is_said_in_words() {
        let told = answer(json!({ "content": [
            { "type": "text", "text": "one \u{1b}[31mred\u{1b}[0m\u{7}" },
            { "type": "image", "data": "AAAA", "mimeType": "image/png" },
            { "type": "resource", "resource": { "uri": "file:///a", "text": "s3cret-of-the-tests" } },
            { "type": "resource", "resource": { "uri": "file:///b", "blob": "AAAAAAAA" } },
            { "type": "resource_link", "uri": "file:///c", "name": "see" },
        ]}));
        let expected = "The MCP server docs answers:\none red\\u{7}\n\
            (an image, image/png, about 3 bytes; it can't be shown here)\n\
            file:///a:\n[redacted: provider key]\n\
            (a file, file:///b, about 6 bytes; it can't be shown here)\n\
            (a link to file:///c: see)";
        assert_eq!(told, expected);
    }

    #[test]
    fn a_failure_is_the_servers_and_what_is_structured_is_not_lost() {
        let failed =
            answer(json!({ "content": [{ "type": "text", "text": "no" }], "isError": true }));
        assert_eq!(failed, "The MCP server docs says that it failed:\nno");
        let structured = answer(json!({ "content": [], "structuredContent": { "a": 1 } }));
        assert_eq!(structured, "The MCP server docs answers:\n{\"a\":1}");
        assert!(answer(json!({ "content": [] })).ends_with("with nothing."));
    }

    #[test]
    fn an_answer_is_bounded_and_no_secret_is_cut_in_two() {
        let long = "x".repeat(MAX_REPLY_BYTES - 40) + " s3cret-of-the-tests" + &"y".repeat(90_000);
        let told = answer(json!({ "content": [{ "type": "text", "text": long }] }));
        assert!(told.len() <= MAX_REPLY_BYTES && told.ends_with("(cut)"), "{}", told.len());
        assert!(!told.contains("s3cret"));
        let parts: Vec<Value> = (0..200).map(|_| json!({ "type": "text", "text": "p" })).collect();
        assert!(answer(json!({ "content": parts })).ends_with("(100 more parts)"));
        let said = excerpt("\u{1b}[31m".repeat(9_000).as_bytes(), &Redactor::new([]));
        assert_eq!(said, "");
        let said = excerpt("end\n".repeat(9_000).as_bytes(), &Redactor::new([]));
        assert!(said.starts_with("; it wrote: … ") && said.len() < 1_100);
    }
}

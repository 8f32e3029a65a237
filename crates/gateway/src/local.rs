//! The embedded model is asked, in whichever protocol: a request becomes a turn, and the turn's
//! answer an answer. It comes in one piece, since that is how the model's process says it; in a
//! stream, comments keep the connection open until then.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use bytes::Bytes;
use hyper::body::Frame;
use serde_json::json;
use tenfold_domain::{Answer, Said, Seed, Tokens, ToolCall, ToolSpec, Turn, Usage};
use tokio::time::{Instant, Sleep};

use crate::again::Copy;
use crate::ask::{Asked, Failed, Way};
use crate::bank::Later;
use crate::bill::{Bill, End};
use crate::embedded::{self, Embedded, Turned};
use crate::ticket::Ticket;
use crate::translate::{self, Call, Choice, Form, Part, Stop, Talk, Telling, Untranslatable, Used};
use crate::trouble::Trouble;
use crate::usage::Seen;
use crate::{Wire, headers};

/// How often a stream that has nothing to say says so.
const COMMENT: Duration = Duration::from_secs(10);

/// Asks the embedded model.
pub(crate) async fn ask(
    asked: &Asked,
    way: &Way,
    model: &Arc<dyn Embedded>,
    ticket: Ticket,
    mut own: HeaderMap,
    copy: &mut Option<Copy>,
) -> Result<Response<Body>, Failed> {
    let put_in = way.put_in;
    let talk = translate::read(asked.wire, &asked.body);
    let turn = talk.and_then(|talk| turn(talk, put_in, way.bound.output));
    let turn = match turn {
        Ok(turn) => turn,
        Err(why) => {
            ticket.free(StatusCode::BAD_REQUEST.as_u16());
            return Err(Failed::Next(Trouble::Malformed(why.to_string())));
        }
    };
    if asked.wire == Wire::CountTokens {
        return Ok(count(asked, model, ticket, own).await);
    }
    let work = Work { model: Arc::clone(model), turn, ticket };
    let kind = if asked.sketch.streamed { "text/event-stream" } else { "application/json" };
    own.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    if asked.sketch.streamed {
        return Ok(stream(asked, work, own, copy.take()));
    }
    let (turned, bill) = work.done().await.map_err(|why| Failed::End(trouble(&why)))?;
    headers::bill(&mut own, &bill);
    let head = translate::head(asked.wire, &asked.name);
    let used = Used { usage: turned.usage, reasoning: Tokens(0) };
    let body = translate::write_answer(asked.wire, &answer(turned.answer), &used, &head);
    if let Some(mut copy) = copy.take() {
        copy.begin(StatusCode::OK, &own);
        copy.more(&body);
        copy.end(true);
    }
    let mut response = Response::new(Body::from(body));
    *response.headers_mut() = own;
    Ok(response)
}

fn trouble(why: &embedded::Failed) -> Trouble {
    let status = match why {
        embedded::Failed::Refused(_) => 400,
        embedded::Failed::Down(_) => 503,
    };
    Trouble::Provider { status, why: why.to_string() }
}

/// The tokens of a request: those of the model's tokenizer, or the bound.
async fn count(
    asked: &Asked,
    model: &Arc<dyn Embedded>,
    ticket: Ticket,
    own: HeaderMap,
) -> Response<Body> {
    ticket.free(StatusCode::OK.as_u16());
    let text = String::from_utf8_lossy(&asked.body);
    let tokens = model.tokens(&text).await.unwrap_or(asked.body.len() as u64);
    let mut response = Response::new(Body::from(json!({ "input_tokens": tokens }).to_string()));
    *response.headers_mut() = own;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}

/// The embedded model can only call where there are tools: this is how it answers all the same.
const IN_WORDS: &str = "answer_in_words";

fn in_words() -> ToolSpec {
    ToolSpec {
        name: IN_WORDS.to_owned(),
        about: "Answers in words, if no other tool is needed any more.".to_owned(),
        parameters: json!({
            "type": "object",
            "properties": { "text": { "type": "string", "description": "The whole answer." } },
            "required": ["text"],
        }),
    }
}

/// A request as a turn.
fn turn(talk: Talk, put_in: Option<u64>, bound: Tokens) -> Result<Turn, Untranslatable> {
    let limit = talk.output_max.or(put_in).unwrap_or(bound.0);
    let mut tools = talk.tools;
    match &talk.choice {
        Choice::None => tools.clear(),
        Choice::One(name) => tools.retain(|tool| tool.name == *name),
        Choice::Free | Choice::Any => {}
    }
    let mut tools: Vec<Arc<ToolSpec>> = tools
        .into_iter()
        .map(|tool| ToolSpec { name: tool.name, about: tool.about, parameters: tool.parameters })
        .map(Arc::new)
        .collect();
    if talk.choice == Choice::Free && !tools.is_empty() {
        tools.push(Arc::new(in_words()));
    }
    let mut instructions = talk.instructions;
    let form = match &talk.form {
        Form::Free => String::new(),
        Form::Json => "Answer with one JSON object and nothing else.".to_owned(),
        Form::Schema { schema, .. } => {
            format!("Answer with one JSON object of this schema and nothing else: {schema}")
        }
    };
    if !form.is_empty() {
        instructions = [instructions.as_str(), &form].join("\n\n").trim().to_owned();
    }
    // Chance, where it has any, is between zero and one here; nothing is paid by it.
    let temperature = talk.temperature.and_then(|t| t.as_f64()).unwrap_or(0.7);
    Ok(Turn {
        instructions,
        said: talk.said.into_iter().map(said).collect::<Result<_, _>>()?,
        tools,
        max_tokens: u32::try_from(limit).unwrap_or(u32::MAX),
        temperature: temperature as f32,
        seed: Seed(0),
    })
}

fn said(said: translate::Said) -> Result<Arc<Said>, Untranslatable> {
    Ok(Arc::new(match said {
        translate::Said::Person(parts) => Said::Person { text: text(&parts)? },
        translate::Said::Tool { call, parts, failed: _ } => {
            Said::Tool { call, text: text(&parts)? }
        }
        translate::Said::Model { text, calls } => {
            let calls = calls.into_iter().map(|call| ToolCall {
                arguments: translate::arguments(&call.arguments),
                id: call.id,
                name: call.name,
                signatures: Vec::new(),
            });
            Said::Model { text, calls: calls.collect() }
        }
    }))
}

fn text(parts: &[Part]) -> Result<String, Untranslatable> {
    let texts = parts.iter().map(|part| match part {
        Part::Text(text) => Ok(text.as_str()),
        Part::Picture(_) | Part::Image { .. } => {
            Err(Untranslatable("an image, which it can't see".to_owned()))
        }
    });
    Ok(texts.collect::<Result<Vec<_>, _>>()?.join("\n"))
}

/// What the model said, in words of no protocol.
fn answer(answer: Answer) -> translate::Answer {
    let Answer::Turned { mut text, mut calls, ended } = answer else {
        return translate::Answer::default();
    };
    if let Some(place) = calls.iter().position(|call| call.name == IN_WORDS) {
        let call = calls.remove(place);
        text = call.arguments["text"].as_str().unwrap_or_default().to_owned();
    }
    let stop = match (ended, calls.is_empty()) {
        (false, _) => Stop::Length,
        (true, true) => Stop::Done,
        (true, false) => Stop::Calls,
    };
    let calls = calls.into_iter().map(|call| Call {
        id: call.id,
        name: call.name,
        arguments: call.arguments.to_string(),
    });
    translate::Answer { thought: String::new(), text, calls: calls.collect(), stop }
}

/// A turn that is paid for.
struct Work {
    model: Arc<dyn Embedded>,
    turn: Turn,
    ticket: Ticket,
}

/// Bills what was used so far if nobody waits for the answer any more.
struct Counting {
    ticket: Option<Ticket>,
    used: Arc<Mutex<Usage>>,
}

impl Drop for Counting {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket.take() {
            let usage = *self.used.lock().unwrap_or_else(PoisonError::into_inner);
            ticket.close(&Seen { usage: Some(usage), ..Seen::default() }, End::Left);
        }
    }
}

impl Work {
    /// The answer and its bill.
    async fn done(self) -> Result<(Turned, Bill), embedded::Failed> {
        let used: Arc<Mutex<Usage>> = Arc::default();
        let mut counting = Counting { ticket: Some(self.ticket), used: Arc::clone(&used) };
        let tell = move |usage| *used.lock().unwrap_or_else(PoisonError::into_inner) = usage;
        let turned = self.model.turn(self.turn, &tell).await;
        let Some(ticket) = counting.ticket.take() else {
            return Err(embedded::Failed::Down("it was asked twice".to_owned()));
        };
        match turned {
            Ok(turned) => {
                let usage = Some(turned.usage);
                let seen = Seen { usage, ended: true, ..Seen::default() };
                let bill = ticket.close(&seen, End::Whole);
                Ok((turned, bill))
            }
            Err(why) => {
                ticket.free(trouble(&why).status(Wire::Chat).as_u16());
                Err(why)
            }
        }
    }
}

/// A stream that says nothing until all is there.
fn stream(asked: &Asked, work: Work, own: HeaderMap, mut copy: Option<Copy>) -> Response<Body> {
    let head = translate::head(asked.wire, &asked.name);
    let says_usage = asked.sketch.says_usage == Some(true);
    let mut telling = Telling::new(asked.wire, head, says_usage);
    let begin = telling.begin();
    if let Some(copy) = &mut copy {
        copy.begin(StatusCode::OK, &own);
        copy.more(begin.as_bytes());
    }
    let rest: Later<'static, Bytes> = Box::pin(async move {
        let (text, is_whole) = match work.done().await {
            Ok((turned, _)) => {
                let used = Used { usage: turned.usage, reasoning: Tokens(0) };
                (telling.whole(answer(turned.answer), &used), true)
            }
            Err(why) => (telling.failed(&why.to_string()), false),
        };
        if let Some(mut copy) = copy {
            copy.more(text.as_bytes());
            copy.end(is_whole);
        }
        text.into()
    });
    let comment = Box::pin(tokio::time::sleep(COMMENT));
    let told = Told { begin: Some(begin.into()), rest: Some(rest), comment };
    let mut response = Response::new(Body::new(told));
    *response.headers_mut() = own;
    response
}

/// The body of such a stream.
struct Told {
    begin: Option<Bytes>,
    rest: Option<Later<'static, Bytes>>,
    comment: Pin<Box<Sleep>>,
}

impl HttpBody for Told {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if let Some(begin) = self.begin.take() {
            return Poll::Ready(Some(Ok(Frame::data(begin))));
        }
        let Some(rest) = &mut self.rest else { return Poll::Ready(None) };
        if let Poll::Ready(rest) = rest.as_mut().poll(context) {
            self.rest = None;
            return Poll::Ready(Some(Ok(Frame::data(rest))));
        }
        if self.comment.as_mut().poll(context).is_ready() {
            self.comment.as_mut().reset(Instant::now() + COMMENT);
            let comment = Bytes::from_static(b": the model is at work\n\n");
            return Poll::Ready(Some(Ok(Frame::data(comment))));
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_answered_by_a_tool_of_ours_is_an_answer_in_words() {
        let called = |name: &str| {
            let call = ToolCall {
                id: "1".to_owned(),
                name: name.to_owned(),
                arguments: json!({ "text": "four" }),
                signatures: Vec::new(),
            };
            answer(Answer::Turned { text: "why".to_owned(), calls: vec![call], ended: true })
        };
        let words = called(IN_WORDS);
        assert_eq!((&*words.text, words.calls.len()), ("four", 0));
        let call = called("add");
        assert_eq!((&*call.text, call.calls.len()), ("why", 1));
    }

    #[test]
    fn words_are_offered_beside_tools_unless_one_has_to_be_called() {
        let offered = |choice: &str| {
            let body = format!(
                r#"{{"model":"m","messages":[{{"role":"user","content":"hi"}}],"tools":[
                    {{"type":"function","function":{{"name":"add","parameters":{{}}}}}}]{choice}}}"#
            );
            let talk = translate::read(Wire::Chat, body.as_bytes()).unwrap();
            let turn = turn(talk, None, Tokens(9)).unwrap();
            turn.tools.iter().map(|tool| tool.name.clone()).collect::<Vec<_>>()
        };
        assert_eq!(offered(""), ["add", IN_WORDS]);
        assert_eq!(offered(r#","tool_choice":"required""#), ["add"]);
        assert_eq!(offered(r#","tool_choice":"none""#), [""; 0]);
    }
}

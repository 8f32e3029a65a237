//! The embedded model is asked, in whichever protocol: a request becomes a turn, and the turn's
//! answer an answer. Its words are told as it writes them, in a stream; where it is offered tools it
//! can only call, so the call, or the words that come by one, is told whole.

mod stream;
mod words;

use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use serde_json::json;
use tenfold_domain::{
    Answer, Energy, Said, Seed, Tokens, ToolCall, ToolSpec, Turn, Usage, Written,
};
use tokio::sync::mpsc;

use crate::again::Copy;
use crate::ask::{Asked, Failed, Way};
use crate::bill::{Bill, End};
use crate::embedded::{self, Embedded, Meter, Turned};
use crate::ticket::Ticket;
use crate::translate::{self, Call, Choice, Form, Part, Stop, Talk, Untranslatable, Used};
use crate::trouble::Trouble;
use crate::usage::Seen;
use crate::{Wire, headers};
use words::Words;

/// A request as the embedded model is asked.
pub(crate) struct Question {
    model: Arc<dyn Embedded>,
    turn: Turn,
    /// The name of the tool by which it answers in words, if it has that.
    in_words: Option<String>,
    /// Texts at which its answer ends.
    stop: Vec<String>,
    /// What it reads, by its own tokenizer, if that is known.
    pub(crate) tokens: Option<Tokens>,
}

/// Reads a request for the embedded model.
pub(crate) async fn question(
    asked: &Asked,
    way: &Way,
    model: &Arc<dyn Embedded>,
) -> Result<Question, Failed> {
    let refused = |why: Untranslatable| Failed::Next(Trouble::Malformed(why.to_string()));
    let mut talk = translate::read(asked.wire, &asked.body).map_err(refused)?;
    let stop = std::mem::take(&mut talk.stop);
    let (turn, in_words) = turn(talk, way.put_in, way.bound.output).map_err(refused)?;
    let tokens = model.tokens(turn.clone()).await;
    Ok(Question { model: Arc::clone(model), turn, in_words, stop, tokens })
}

/// Asks the embedded model.
pub(crate) async fn ask(
    asked: &Asked,
    question: Question,
    ticket: Ticket,
    mut own: HeaderMap,
    copy: &mut Option<Copy>,
) -> Result<Response<Body>, Failed> {
    if asked.wire == Wire::CountTokens {
        return Ok(count(asked, question.tokens, ticket, own));
    }
    let work = Work { question, ticket, is_streamed: asked.sketch.streamed };
    let kind = if asked.sketch.streamed { "text/event-stream" } else { "application/json" };
    own.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    if asked.sketch.streamed {
        return Ok(stream::stream(asked, work, own, copy.take()));
    }
    let mut text = String::new();
    let done = work.done(|more| text.push_str(&more)).await;
    let (mut answer, usage, bill) = done.map_err(|why| Failed::End(trouble(&why)))?;
    answer.text.insert_str(0, &text);
    headers::bill(&mut own, &bill);
    let head = asked.head();
    let used = Used { usage, reasoning: Tokens(0) };
    let body = translate::write_answer(asked.wire, &answer, &used, &head);
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
fn count(asked: &Asked, tokens: Option<Tokens>, ticket: Ticket, own: HeaderMap) -> Response<Body> {
    ticket.free(StatusCode::OK.as_u16());
    let tokens = tokens.map_or(asked.body.len() as u64, |tokens| tokens.0);
    let mut response = Response::new(Body::from(json!({ "input_tokens": tokens }).to_string()));
    *response.headers_mut() = own;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}

/// The embedded model can only call where there are tools: this is how it answers all the same.
const IN_WORDS: &str = "answer_in_words";

/// A tool for an answer in words, called as none of the client's is.
fn in_words(tools: &[Arc<ToolSpec>]) -> ToolSpec {
    let mut name = IN_WORDS.to_owned();
    while tools.iter().any(|tool| tool.name == name) {
        name.push('_');
    }
    ToolSpec {
        name,
        about: "Answers in words, if no other tool is needed any more.".to_owned(),
        parameters: json!({
            "type": "object",
            "properties": { "text": { "type": "string", "description": "The whole answer." } },
            "required": ["text"],
        }),
    }
}

/// A request as a turn, and the name of the tool by which it is answered in words, if that may be.
fn turn(
    talk: Talk,
    put_in: Option<u64>,
    bound: Tokens,
) -> Result<(Turn, Option<String>), Untranslatable> {
    if talk.top_p.is_some_and(|top_p| top_p.as_f64() != Some(1.0)) {
        return Err(Untranslatable("'top_p', which it does not know".to_owned()));
    }
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
    let mut words = None;
    if talk.choice == Choice::Free && !tools.is_empty() {
        let tool = in_words(&tools);
        words = Some(tool.name.clone());
        tools.push(Arc::new(tool));
    }
    let mut instructions = talk.instructions;
    let form = match &talk.form {
        Form::Free => String::new(),
        Form::Json => translate::JSON_IN_WORDS.to_owned(),
        Form::Schema { schema, .. } => {
            format!("Answer with one JSON object of this schema and nothing else: {schema}")
        }
    };
    if !form.is_empty() {
        instructions = [instructions.as_str(), &form].join("\n\n").trim().to_owned();
    }
    // Chance, where it has any, is between zero and one here; nothing is paid by it.
    let temperature = talk.temperature.and_then(|t| t.as_f64()).unwrap_or(0.7);
    let turn = Turn {
        instructions,
        said: talk.said.into_iter().map(said).collect::<Result<_, _>>()?,
        tools,
        max_tokens: u32::try_from(limit).unwrap_or(u32::MAX),
        temperature: temperature as f32,
        seed: Seed(0),
    };
    Ok((turn, words))
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

/// What the model said, in words of no protocol, up to where it was to stop, but for the words that
/// were handed on already.
fn rest(answer: Answer, in_words: Option<&str>, mut words: Words) -> translate::Answer {
    let Answer::Turned { mut text, mut calls, ended } = answer else {
        return translate::Answer::default();
    };
    if let Some(place) = calls.iter().position(|call| Some(&*call.name) == in_words) {
        let call = calls.remove(place);
        text = call.arguments["text"].as_str().unwrap_or_default().to_owned();
    }
    let text = words.last(&text);
    let stop = match (ended || words.have_stopped(), calls.is_empty()) {
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
    question: Question,
    ticket: Ticket,
    is_streamed: bool,
}

/// Bills what was used so far if nobody waits for the answer any more.
struct Counting {
    ticket: Option<Ticket>,
    used: Option<Usage>,
    meter: Option<Meter>,
}

impl Counting {
    /// What was used, now that it is over.
    fn seen(&mut self) -> Seen {
        let energy = self.meter.take().map_or(Energy::NONE, |meter| meter());
        Seen { usage: self.used, is_exact: true, energy, ..Seen::default() }
    }
}

impl Drop for Counting {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket.take() {
            let seen = self.seen();
            ticket.close(&seen, End::Left);
        }
    }
}

impl Work {
    /// Has words said as they come, if somebody reads them or they may be enough before the model
    /// is done; returns the rest of the answer, what it took, and its bill.
    async fn done(
        self,
        mut say: impl FnMut(String),
    ) -> Result<(translate::Answer, Usage, Bill), embedded::Failed> {
        let Question { model, turn, in_words, stop, .. } = self.question;
        let (ticket, meter) = (Some(self.ticket), Some(model.meter()));
        let mut counting = Counting { ticket, used: None, meter };
        let mut words = Words::until(stop);
        let (tell, mut told) = mpsc::unbounded_channel::<Written>();
        let mut turning = model.turn(turn, self.is_streamed || words.may_stop(), tell);
        let turned = loop {
            tokio::select! {
                biased;
                Some(written) = told.recv() => {
                    counting.used = Some(written.usage);
                    let text = words.more(&written.text);
                    if !text.is_empty() {
                        say(text);
                    }
                    if words.have_stopped() {
                        break Ok(None);
                    }
                }
                turned = &mut turning => break turned.map(Some),
            }
        };
        drop(turning);
        let Some(ticket) = counting.ticket.take() else {
            return Err(embedded::Failed::Down("it was asked twice".to_owned()));
        };
        let said = match turned {
            Ok(None) => Answer::Turned { text: String::new(), calls: Vec::new(), ended: true },
            Ok(Some(Turned { answer, usage })) => {
                counting.used = Some(usage);
                answer
            }
            Err(why) if self.is_streamed && words.have_begun() => {
                ticket.close(&counting.seen(), End::Cut);
                return Err(why);
            }
            Err(why) => {
                ticket.free(trouble(&why).status(Wire::Chat).as_u16());
                return Err(why);
            }
        };
        let seen = Seen { ended: true, ..counting.seen() };
        let bill = ticket.close(&seen, End::Whole);
        Ok((rest(said, in_words.as_deref(), words), counting.used.unwrap_or_default(), bill))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tools that are offered where the client has one, and the one for an answer in words.
    fn asked(tool: &str, choice: &str) -> (Vec<String>, Option<String>) {
        let body = format!(
            r#"{{"model":"m","messages":[{{"role":"user","content":"hi"}}],"tools":[
                {{"type":"function","function":{{"name":"{tool}","parameters":{{}}}}}}]{choice}}}"#
        );
        let talk = translate::read(Wire::Chat, body.as_bytes()).unwrap();
        let (turn, in_words) = turn(talk, None, Tokens(9)).unwrap();
        (turn.tools.iter().map(|tool| tool.name.clone()).collect(), in_words)
    }

    #[test]
    fn what_is_answered_by_a_tool_of_ours_is_an_answer_in_words() {
        let called = |name: &str| {
            let call = ToolCall {
                id: "1".to_owned(),
                name: name.to_owned(),
                arguments: json!({ "text": "four" }),
                signatures: Vec::new(),
            };
            let said = Answer::Turned { text: "why".to_owned(), calls: vec![call], ended: true };
            rest(said, Some(IN_WORDS), Words::until(Vec::new()))
        };
        let words = called(IN_WORDS);
        assert_eq!((&*words.text, words.calls.len()), ("four", 0));
        let call = called("add");
        assert_eq!((&*call.text, call.calls.len()), ("why", 1));
    }

    #[test]
    fn an_answer_ends_at_the_first_text_at_which_it_was_to_stop() {
        let said =
            |text: &str| Answer::Turned { text: text.to_owned(), calls: Vec::new(), ended: false };
        let words = || Words::until(vec!["END".to_owned(), "\n\n".to_owned()]);
        let cut = rest(said("a\n\nb END c"), None, words());
        assert_eq!((&*cut.text, cut.stop), ("a", Stop::Done));
        assert_eq!(rest(said("a b"), None, words()).stop, Stop::Length);
    }

    #[test]
    fn words_are_offered_beside_tools_unless_one_has_to_be_called() {
        let offered = |choice: &str| asked("add", choice).0;
        assert_eq!(offered(""), ["add", IN_WORDS]);
        assert_eq!(offered(r#","tool_choice":"required""#), ["add"]);
        assert_eq!(offered(r#","tool_choice":"none""#), [""; 0]);
    }

    #[test]
    fn a_tool_of_the_clients_is_called_whatever_its_name() {
        let called = |in_words: Option<String>| {
            let call = ToolCall {
                id: "1".to_owned(),
                name: IN_WORDS.to_owned(),
                arguments: json!({ "text": "four" }),
                signatures: Vec::new(),
            };
            let said = Answer::Turned { text: String::new(), calls: vec![call], ended: true };
            rest(said, in_words.as_deref(), Words::until(Vec::new())).calls.len()
        };
        let (tools, in_words) = asked(IN_WORDS, "");
        assert_eq!(tools, [IN_WORDS, "answer_in_words_"]);
        assert_eq!(called(in_words), 1);
        let (tools, in_words) = asked(IN_WORDS, r#","tool_choice":"required""#);
        assert_eq!(tools, [IN_WORDS]);
        assert_eq!(called(in_words), 1);
    }
}

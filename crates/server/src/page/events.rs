//! The one stream of events of a browser: what has changed since it last heard, and then what
//! changes, of the tasks that its person may see.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::{Stream, stream};
use serde::Deserialize;
use tenfold_desk::Sight;
use tenfold_desk::events::Changed;
use tenfold_domain::Seq;
use tokio::sync::broadcast::{self, error::RecvError};
use utoipa::IntoParams;

use super::calls::Asked;
use super::house::House;
use super::news::{self, Message, Moment};
use crate::door::Caller;
use crate::problem::Refusal;

/// After so long without a message, one is sent that says nothing.
const ALIVE: Duration = Duration::from_secs(15);

/// Where the browser wants to go on.
#[derive(Debug, Default, Deserialize, IntoParams)]
pub(super) struct From {
    /// The last place in the journal that it has heard of.
    past: Option<u64>,
}

/// A browser that listens.
struct Listener {
    house: Arc<House>,
    caller: Caller,
    sight: Sight,
    live: broadcast::Receiver<Moment>,
    /// All before this has been told.
    told: Seq,
    waiting: VecDeque<Message>,
    /// What is told next of it.
    events: VecDeque<Event>,
}

/// `GET /events`
pub(super) async fn events(
    State(house): State<Arc<House>>,
    caller: Caller,
    Asked(from): Asked<From>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Refusal> {
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok());
    // What comes meanwhile is told after what came before.
    let live = house.news.listen();
    let sight = house.sight(&caller).await?;
    let (waiting, told) = match last.or(from.past).map(Seq) {
        Some(after) => news::changes(&house, after).await?,
        None => {
            let seq = house.read(|_, view| Ok(view.newest()?)).await?;
            (vec![Message::Upto { seq, ledger: false, people: false }], seq)
        }
    };
    let waiting = waiting.into();
    let events = VecDeque::new();
    let listener = Listener { house, caller, sight, live, told, waiting, events };
    let told = stream::unfold(listener, async |mut listener| {
        let event = listener.next().await?;
        Some((Ok(event), listener))
    });
    let told = Box::pin(told);
    Ok(Sse::new(told).keep_alive(KeepAlive::new().interval(ALIVE)))
}

impl Listener {
    /// The next event; none once nobody tells any more.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Some(event);
            }
            let message = match self.waiting.pop_front() {
                Some(message) => message,
                None => match self.live.recv().await {
                    Ok(moment) => {
                        self.waiting.extend(moment.iter().cloned());
                        continue;
                    }
                    Err(RecvError::Lagged(_)) => Message::Reset { seq: self.told },
                    Err(RecvError::Closed) => return None,
                },
            };
            self.hear(message).await?;
        }
    }

    /// Makes events of a message, as far as this person is told of it.
    async fn hear(&mut self, message: Message) -> Option<()> {
        match message {
            Message::Task { account, text } if self.sight.of(account) => {
                self.events.push_back(Event::default().event("task").data(&*text));
            }
            Message::Progress(all) => {
                let seen = all.iter().filter(|(account, _)| self.sight.of(*account));
                let seen: Vec<&str> = seen.map(|(_, text)| &**text).collect();
                if !seen.is_empty() {
                    let all = format!("[{}]", seen.join(","));
                    self.events.push_back(Event::default().event("progress").data(all));
                }
            }
            Message::Reset { seq } => {
                self.told = seq;
                self.sight = self.house.sight(&self.caller).await.ok()?;
                self.events.push_back(numbered("reset", seq));
            }
            Message::Upto { seq, ledger, people } if seq >= self.told => {
                self.told = seq;
                if ledger {
                    // Other accounts may be below theirs now.
                    self.sight = self.house.sight(&self.caller).await.ok()?;
                }
                let told = [("people", people), ("ledger", ledger), ("upto", true)];
                let told = told.into_iter().filter(|(_, is_told)| *is_told);
                self.events.extend(told.map(|(name, _)| numbered(name, seq)));
            }
            Message::Task { .. } | Message::Upto { .. } => {}
        }
        Some(())
    }
}

fn numbered(name: &str, seq: Seq) -> Event {
    let event = Event::default().event(name).id(seq.0.to_string());
    // It has a form in JSON: one number.
    event.json_data(Changed { seq: seq.0 }).unwrap_or_default()
}

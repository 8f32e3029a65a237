//! The way of a request: who pays, what is asked, of which model, at what worst case; then it is
//! sent, and its answer goes back.
//!
//! It is apart because it is where all parts meet. It knows no protocol's words, and nothing is
//! sent from here before money is set aside.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::http::{HeaderMap, Response, header};
use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tenfold_domain::{AccountId, Tokens};

use crate::again::{self, Copy, KEY_BYTES_MAX, Name};
use crate::bank::{Denied, Payer, Refused};
use crate::bill::Bound;
use crate::house::House;
use crate::offered::Place;
use crate::room::{Bounds, Part};
use crate::scan::{Sketch, sketch};
use crate::ticket::Ticket;
use crate::trouble::Trouble;
use crate::{
    Candidate, Chosen, Offered, Scope, Tier, Wire, gate, headers, hosted, local, translate,
};

/// A request, read as far as it has to be.
pub(crate) struct Asked {
    pub(crate) payer: Arc<Payer>,
    pub(crate) wire: Wire,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) sketch: Sketch,
    /// The name that was asked for.
    pub(crate) name: String,
    /// The body's part of the room for all bodies.
    _room: Part,
}

impl Asked {
    /// What an answer that is written here is about.
    pub(crate) fn head(&self) -> translate::Head {
        translate::head(self.wire, &self.name, &self.body)
    }
}

/// What is decided before a model is asked.
pub(crate) struct Way {
    pub(crate) model: Arc<Offered>,
    pub(crate) bound: Bound,
    /// The limit of each answer's tokens.
    pub(crate) output: Tokens,
    /// How quickly the model's provider is asked to answer.
    pub(crate) tier: Tier,
    /// The limit of output tokens that the gateway puts in.
    pub(crate) put_in: Option<u64>,
    /// Why its model was chosen, if it was.
    pub(crate) chosen: Option<Arc<str>>,
    /// Whether what is kept of the prompt is kept for half a day.
    pub(crate) keeps_long: bool,
    /// Whether another model is asked if this one turns the request away.
    pub(crate) has_next: bool,
}

/// What an answer is taken to have at the least, in tokens, when a model is chosen.
const USUALLY_WRITTEN: u64 = 500;

/// Why a model has no answer.
pub(crate) enum Failed {
    /// Another may have one: it was turned away before it began, and costs nothing.
    Next(Trouble),
    /// That is the answer.
    End(Trouble),
}

/// Answers a request.
pub(crate) async fn answer(house: Arc<House>, wire: Wire, request: Request) -> Response<Body> {
    match take(&house, wire, request).await {
        Ok(response) => response,
        Err(trouble) => {
            if matches!(trouble, Trouble::Unpaid { .. }) {
                house.metrics.refused();
            }
            tracing::debug!(path = wire.path(), "not answered: {trouble}");
            trouble.response(wire)
        }
    }
}

async fn take(house: &Arc<House>, wire: Wire, request: Request) -> Result<Response<Body>, Trouble> {
    let (parts, body) = request.into_parts();
    let payer = payer(house, &parts.headers, Scope::Ask)?;
    let (body, room) = read(house, payer.account, &parts.headers, body).await?;
    if house.terms().logs_bodies {
        let account = payer.account.0;
        tracing::info!(account, path = wire.path(), body = %String::from_utf8_lossy(&body));
    }
    let sketch = sketch(&body).map_err(|why| Trouble::Malformed(why.to_string()))?;
    let Some((name, _)) = &sketch.model else {
        let why = "the request names no model: give 'model'".to_owned();
        return Err(Trouble::Malformed(why));
    };
    let name = name.clone();
    let key = key(&parts.headers)?;
    let asked = Asked { payer, wire, headers: parts.headers, body, sketch, name, _room: room };
    match key {
        Some(key) => once(house, asked, key).await,
        None => ask(house, &asked, None).await,
    }
}

/// The key by which a request is asked once. One that can't be kept is refused, since who sends it
/// counts on that.
fn key(headers: &HeaderMap) -> Result<Option<String>, Trouble> {
    let Some(key) = headers.get("idempotency-key") else { return Ok(None) };
    let key = key.to_str().ok().filter(|key| (1..=KEY_BYTES_MAX).contains(&key.len()));
    let wrong = || {
        let why = "an Idempotency-Key is plain text of 1 to";
        Trouble::Malformed(format!("{why} {KEY_BYTES_MAX} bytes; send a shorter one"))
    };
    key.map(|key| Some(key.to_owned())).ok_or_else(wrong)
}

/// Who pays.
pub(crate) fn payer(
    house: &House,
    headers: &HeaderMap,
    scope: Scope,
) -> Result<Arc<Payer>, Trouble> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let bearer = text(header::AUTHORIZATION).and_then(|value| {
        let (scheme, secret) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(secret)
    });
    let secret = bearer.or(headers.get("x-api-key").and_then(|value| value.to_str().ok()));
    let secret = secret.map(str::trim).filter(|secret| !secret.is_empty());
    let secret = secret.ok_or(Trouble::Denied(Denied::Missing))?;
    let payer = house.bank.payer(secret).map_err(Trouble::Denied)?;
    if !payer.may(scope) {
        let what = match scope {
            Scope::Ask => "asking models",
            Scope::Look => "seeing which models there are",
            Scope::Metrics => "reading metrics",
        };
        return Err(Trouble::NotAllowed(what.to_owned()));
    }
    Ok(payer)
}

/// The whole body, in its bounds, and its part of the room for all.
async fn read(
    house: &House,
    account: AccountId,
    headers: &HeaderMap,
    body: Body,
) -> Result<(Bytes, Part), Trouble> {
    let terms = &house.terms();
    let bytes_max = terms.body_bytes_max;
    let length = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    if length.and_then(|length| length.parse().ok()).is_some_and(|length: usize| length > bytes_max)
    {
        return Err(Trouble::TooLarge { bytes_max });
    }
    let part = house.room.begin(account);
    let whole = whole(Limited::new(body, bytes_max), &part, Bounds::of(terms));
    match tokio::time::timeout(terms.body_time, whole).await {
        Ok(Ok(whole)) => {
            part.is_whole();
            Ok((whole, part))
        }
        Ok(Err(why)) if why.is::<LengthLimitError>() => Err(Trouble::TooLarge { bytes_max }),
        Ok(Err(why)) => Err(Trouble::Malformed(format!("the request's body broke off: {why}"))),
        Err(_) => Err(Trouble::Slow { seconds: terms.body_time.as_secs() }),
    }
}

/// Reads a body, and takes room for it as it comes.
async fn whole(
    mut body: Limited<Body>,
    part: &Part,
    bounds: Bounds,
) -> Result<Bytes, Box<dyn Error + Send + Sync>> {
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(bytes) = frame?.into_data() else { continue };
        part.take(bytes.len(), bounds).await;
        if whole.is_empty() && body.is_end_stream() {
            return Ok(bytes);
        }
        // Copied, since a part that comes alone keeps all of the connection's buffer.
        whole.extend_from_slice(&bytes);
    }
    Ok(whole.freeze())
}

/// A request with a key, which is asked once. It goes on when its client goes away: who asks again
/// gets the answer that was paid for.
async fn once(house: &Arc<House>, asked: Asked, key: String) -> Result<Response<Body>, Trouble> {
    let name = Name { account: asked.payer.account, wire: asked.wire, key };
    let copy = match house.kept.turn(name, &asked.body).await {
        again::Turn::First(copy) => copy,
        again::Turn::Known(response) => {
            house.metrics.joined();
            return Ok(response);
        }
        again::Turn::Another => {
            return Err(Trouble::Conflict(
                "this Idempotency-Key was used for another request; give each its own",
            ));
        }
    };
    let there = Arc::clone(house);
    let asking = tokio::spawn(async move { ask(&there, &asked, Some(copy)).await });
    let failed = |_| Trouble::Unreachable("the request was ended with the gateway".to_owned());
    asking.await.map_err(failed)?
}

/// Asks the models that the name stands for, one after another.
async fn ask(
    house: &Arc<House>,
    asked: &Asked,
    mut copy: Option<Copy>,
) -> Result<Response<Body>, Trouble> {
    let mut last = Trouble::NotAllowed(format!("asking '{}'", asked.name));
    let names = house.names();
    let order = match names.order(&asked.name) {
        // Why a model is held back is for who might ask it.
        Err(Trouble::Withheld(model)) if !asked.payer.may_ask(&model.name) => return Err(last),
        order => order?,
    };
    let may = |model: &&Arc<Offered>| asked.payer.may_ask(model.name());
    let mut order: Vec<Arc<Offered>> = order.iter().filter(may).cloned().collect();
    let mut chosen = None;
    if names.is_chosen(&asked.name) {
        (order, chosen) = choose(house, asked, order);
    }
    let mut order = order.into_iter().peekable();
    while let Some(model) = order.next() {
        let has_next = order.peek().is_some();
        let way = match way(house, asked, &model, has_next) {
            Ok(way) => Way { chosen: chosen.clone(), ..way },
            Err(trouble) => {
                last = trouble;
                continue;
            }
        };
        match set_aside(house, asked, way, &mut copy).await {
            Ok(response) => return Ok(response),
            Err(Failed::Next(trouble)) => last = trouble,
            Err(Failed::End(trouble)) => return Err(trouble),
        }
    }
    Err(last)
}

/// The models that can take a request, in the order of what they are likely to be worth for it, and
/// why. If none can, all of them: each says why not.
fn choose(
    house: &House,
    asked: &Asked,
    models: Vec<Arc<Offered>>,
) -> (Vec<Arc<Offered>>, Option<Arc<str>>) {
    let can = |model: &&Arc<Offered>| way(house, asked, model, true).is_ok();
    let able: Vec<&Arc<Offered>> = models.iter().filter(can).collect();
    if able.is_empty() {
        return (models, None);
    }
    let bytes = asked.body.len() as u64;
    // A token has about four bytes, and a call reads about three times as much as it writes.
    let (read, limit) = (Tokens(bytes / 4), asked.sketch.limits.of(asked.wire));
    let written = Tokens(limit.unwrap_or(u64::MAX).min(USUALLY_WRITTEN.max(read.0 / 3)));
    let cost = |model: &Offered| model.likely_cost(read, written);
    let candidates: Vec<Candidate<'_>> =
        able.iter().map(|model| Candidate { name: model.name(), cost: cost(model) }).collect();
    let Chosen { order, why } = house.chooser.order(bytes, &candidates);
    let order = order.into_iter().filter_map(|place| able.get(place).copied().cloned()).collect();
    (order, Some(why.into()))
}

/// How a model would be asked.
fn way(house: &House, asked: &Asked, model: &Arc<Offered>, has_next: bool) -> Result<Way, Trouble> {
    let (wire, sketch) = (asked.wire, &asked.sketch);
    let can = match &model.place {
        Place::Hosted(far) => wire.at(&far.hosted).is_some(),
        Place::Embedded(_) => wire.writes() || wire == Wire::CountTokens,
    };
    if !can {
        let why = format!("model '{}' has no {}; ask another", model.name, wire.path());
        return Err(Trouble::Malformed(why));
    }
    if let Some(what) = &sketch.unpriced {
        return Err(Trouble::Unpriced(what.clone()));
    }
    let passes = matches!(&model.place, Place::Hosted(far) if wire.at(&far.hosted) == Some(wire));
    // A word of one protocol's on that does not go into another.
    let tier = if passes { sketch.tier } else { Tier::Any };
    if !model.tariff.has(tier) {
        return Err(Trouble::Unpriced("service_tier priority".to_owned()));
    }
    if let Some(tool) =
        sketch.hosted_tool.as_ref().filter(|_| passes && !house.terms().hosted_tools)
    {
        return Err(Trouble::Unpriced(tool.clone()));
    }
    let usual = house.terms().output_max.min(model.output_max.unwrap_or(model.tariff.context));
    let usual = usual.min(model.tariff.context);
    let (output, put_in) = match (wire.writes(), sketch.limits.of(wire)) {
        (false, _) => (Tokens(0), None),
        (true, Some(limit)) => (Tokens(limit), None),
        (true, None) => (usual, Some(usual.0)),
    };
    // A token has three bytes or more in most texts: what is longer by that is for the next.
    let is_longer = asked.body.len() as u64 / 3 + output.0 > model.tariff.context.0;
    if has_next && is_longer {
        let why = format!("the request is longer than model '{}' takes", model.name);
        return Err(Trouble::Malformed(why));
    }
    let bound = match wire {
        // Providers count for nothing.
        Wire::CountTokens => Bound { spend: FREE, ..Bound::default() },
        _ => model.tariff.bound(Tokens(asked.body.len() as u64), (sketch, tier), output),
    };
    let (model, chosen) = (Arc::clone(model), None);
    let keeps_long = passes && sketch.keeps_long;
    Ok(Way { model, bound, output, tier, put_in, chosen, keeps_long, has_next })
}

/// Leave to ask a provider; `None` where none is wanted. Money is set aside once it is there. Where
/// another model may answer, nobody waits for this one.
async fn leave(
    house: &House,
    asked: &Asked,
    way: &Way,
) -> Result<Option<Box<dyn gate::Leave>>, Trouble> {
    let Place::Hosted(far) = &way.model.place else { return Ok(None) };
    let patience = if way.has_next { Duration::ZERO } else { house.terms().gate };
    let of = (asked.payer.account, way.bound.prompt + way.bound.output);
    gate::leave(&*house.gate, &far.hosted, of, patience).await.map(Some)
}

/// The bound of a request, by the model's own tokenizer where there is one: it is closer than bytes.
async fn counted(asked: &Asked, way: &Way, question: Option<&local::Question>) -> Bound {
    let (tariff, of) = (&way.model.tariff, (&asked.sketch, way.tier));
    if asked.wire == Wire::CountTokens {
        return way.bound;
    }
    if let Some(tokens) = question.and_then(|question| question.tokens) {
        return tariff.counted(tokens, of, way.output);
    }
    let Place::Hosted(far) = &way.model.place else { return way.bound };
    let Some(tokenizer) = far.tokenizer else { return way.bound };
    let body = asked.body.clone();
    // A long body takes a while, in which others are answered.
    let tokens = tokio::task::spawn_blocking(move || tokenizer.most(&body)).await;
    tokens.map_or(way.bound, |tokens| tariff.bound(tokens, of, way.output))
}

const FREE: crate::Spend = crate::Spend { requests: 1, ..crate::Spend::NONE };

/// Sets the worst case aside, and asks.
async fn set_aside(
    house: &Arc<House>,
    asked: &Asked,
    mut way: Way,
    copy: &mut Option<Copy>,
) -> Result<Response<Body>, Failed> {
    let question = match &way.model.place {
        Place::Hosted(_) => None,
        Place::Embedded(model) => Some(local::question(asked, &way, model).await?),
    };
    let keeps_long = way.keeps_long;
    way.bound = Bound { keeps_long, ..counted(asked, &way, question.as_ref()).await };
    let (buyer, bound) = (asked.payer.buyer(), way.bound);
    let leave = leave(house, asked, &way).await.map_err(Failed::Next)?;
    let hold = house.blocks.hold(buyer, &way.model.name, bound.spend).await;
    let hold = hold.map_err(|refused| {
        let is_for_all = matches!(refused, Refused::Closed { .. } | Refused::NotRecorded { .. });
        let trouble = Trouble::Unpaid { refused, bound: Box::new(bound) };
        if is_for_all { Failed::End(trouble) } else { Failed::Next(trouble) }
    })?;
    let ticket = Ticket::new(house, &way.model, asked.wire, (bound, hold, leave));
    if let Some(trace) = headers::trace(&asked.headers) {
        house.traces.adopt(ticket.span(), &trace);
    }
    if house.terms().traces_messages
        && let Ok(talk) = translate::read(asked.wire, &asked.body)
    {
        ticket.said(&translate::told(&talk));
    }
    let mut own = HeaderMap::new();
    headers::asked(&mut own, &way.model.name, bound.spend.money, way.put_in);
    headers::left(&mut own, &house.blocks.left(buyer.account));
    if let Some(why) = &way.chosen {
        headers::chosen(&mut own, why);
        ticket.chosen(why);
    }
    match (&way.model.place, question) {
        (Place::Hosted(far), _) => hosted::ask(asked, &way, far, ticket, own, copy).await,
        (Place::Embedded(_), Some(question)) => {
            local::ask(asked, question, ticket, own, copy).await
        }
        (Place::Embedded(_), None) => Err(Failed::End(Trouble::Nowhere)),
    }
}

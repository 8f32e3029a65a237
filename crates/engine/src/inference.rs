//! Asking a model: money is set aside first, durably, then the questions go out together,
//! then the bill is settled.

use std::pin::pin;
use std::sync::Arc;

use serde_json::Value;
use tenfold_agent::effect::Reply;
use tenfold_domain::{
    Answer, Ask, AttemptId, AttemptOutcome, Basis, Charge, EffectKind, Energy, Fact, LedgerEvent,
    Millis, NanoUsd, Prompt, Refusal, ReservationId, Spend, Spender, StepEvent, StepId, Tokens,
    Usage,
};
use tenfold_ledger::Wanted;
use tenfold_llama::{Llama, LlamaError, Reply as Answered};
use tenfold_models::{Call, Ended, Model, Of, Power, Provider, ProviderError, Turned, traced};
use tenfold_store::Sheet;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::EngineError;
use crate::engine::Engine;
use crate::error::TurnedAway;
use crate::gate::Leave;
use crate::meter::Used;

/// Tokens that a chat's template adds to each turn, at the most.
const TEMPLATE_TOKENS: u64 = 64;
/// Paths that a search follows for one alternative, at the most.
const PATHS: u64 = 2;

/// A model as it is asked.
#[derive(Clone)]
pub(crate) enum Asked {
    /// On this machine.
    Here(Arc<Llama>),
    /// At its provider.
    There(Arc<Provider>),
}

/// What came of asking.
pub(crate) struct Inferred {
    pub(crate) reply: Reply,
    pub(crate) usage: Usage,
    pub(crate) cost: NanoUsd,
    pub(crate) wall: Millis,
    pub(crate) energy: Energy,
}

impl Inferred {
    /// Of a model elsewhere, whose energy is not seen here.
    fn of(reply: Reply, usage: Usage, (cost, wall): (NanoUsd, Millis)) -> Self {
        Self { reply, usage, cost, wall, energy: Energy::NONE }
    }

    /// Nobody waits for the answers any more.
    pub(crate) fn cancelled() -> Self {
        let (outcome, why) = (AttemptOutcome::Stopped, "cancelled".to_owned());
        let reply = Reply::Stop { outcome, why };
        Self::of(reply, Usage::default(), (NanoUsd::ZERO, Millis(0)))
    }
}

/// What calls came to that something was set aside for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bill {
    pub(crate) reservation: ReservationId,
    pub(crate) spend: Spend,
    /// How that is known.
    pub(crate) basis: Basis,
    /// What it took of this machine's.
    pub(crate) energy: Energy,
}

impl Bill {
    /// What came to no end that tells what it took.
    pub(crate) fn cut((spend, basis): (Spend, Basis), reservation: ReservationId) -> Self {
        Self { reservation, spend, basis, energy: Energy::NONE }
    }
}

impl Engine {
    /// Sets so much aside for a batch of questions and records the intent, in one commit. Returns
    /// with it how much money the task may still use, of which that is a part.
    ///
    /// # Errors
    /// [`EngineError::Money`] when a limit would be passed.
    pub(crate) async fn intend_model(
        &self,
        (attempt, step): (AttemptId, StepId),
        model: &str,
        amount: Spend,
        request: Value,
    ) -> Result<(ReservationId, NanoUsd), EngineError> {
        // As long as this is held, the person sets no other limits.
        let _limits = self.limits.read().await;
        let row = self.row(attempt.task)?;
        let (spent, limit) = (row.spent, row.budget.money);
        let wanted = Wanted {
            account: row.account,
            amount,
            model: Some(model),
            spender: Some(Spender::Task(attempt.task)),
            at: self.around.now(),
        };
        let reserved = self
            .books
            .record(
                |sheet| {
                    let (gone, asked) = (spent + sheet.held_for(attempt.task), amount.money);
                    if gone + asked > limit {
                        let (task, left) = (attempt.task, limit.saturating_sub(gone));
                        return Err(Refusal::OverBudget { task, limit, left, asked });
                    }
                    let (reservation, event) = sheet.ledger().reserve(&wanted)?;
                    let of_account = sheet.ledger().left(row.account, wanted.at);
                    let left = of_account.and_then(|left| left.money);
                    let left = left.into_iter().fold(limit.saturating_sub(gone), NanoUsd::min);
                    Ok(((reservation, left), vec![event]))
                },
                |(reservation, _)| {
                    let kind = EffectKind::Model;
                    let reservation = Some(*reservation);
                    let event = StepEvent::Intent { kind, request, reservation };
                    vec![Fact::Step { attempt, step, event }]
                },
            )
            .await;
        Ok(reserved?)
    }

    /// The most prompt and output tokens that questions can use together, which are `told` as so
    /// many tokens at the most. An embedded model counts those of its prompts itself, once it is
    /// loaded.
    pub(crate) async fn most_tokens(
        &self,
        model: &Model,
        asks: &[Ask],
        told: Tokens,
    ) -> Result<(Tokens, Tokens), EngineError> {
        let (bound, output) = worst_of_all(asks, told, model);
        let Model::Embedded(_) = model else { return Ok((bound, output)) };
        let Asked::Here(llama) = self.asked(model).await? else { return Ok((bound, output)) };
        let mut counted = Tokens(0);
        for ask in asks {
            let Some(tokens) = llama.count(ask).await else { return Ok((bound, output)) };
            counted += tokens;
        }
        Ok((counted, output))
    }

    /// What the attempt's task has spent so far.
    pub(crate) fn spent(&self, attempt: AttemptId) -> Result<NanoUsd, EngineError> {
        let row = self.store.view()?.task(attempt.task)?;
        Ok(row.map_or(NanoUsd::ZERO, |row| row.spent))
    }

    /// What is set aside in a reservation that is open.
    pub(crate) async fn reserved(&self, reservation: Option<ReservationId>) -> Spend {
        match reservation {
            Some(id) => self.books.held(id).await,
            None => Spend::NONE,
        }
    }

    /// Settles reservations for calls of a model, if there are any, and records what belongs to
    /// them in the same commit. If that fails, the bills are remembered.
    pub(crate) async fn settle(
        &self,
        model: &str,
        bills: Vec<Bill>,
        facts: Vec<Fact>,
    ) -> Result<(), EngineError> {
        if bills.is_empty() {
            self.store.append_async(facts).await?;
            return Ok(());
        }
        let now = self.around.now();
        let settle = |sheet: &Sheet| {
            let settle = |&Bill { reservation, spend, basis, energy }: &Bill| {
                let charge = Charge { model: model.to_owned(), spend, basis, energy };
                sheet.ledger().settle(reservation, vec![charge], now)
            };
            let events: Vec<LedgerEvent> = bills.iter().map(settle).collect::<Result<_, _>>()?;
            Ok(((), events))
        };
        let mut is_more = false;
        for bill in &bills {
            is_more |= !bill.spend.fits(self.books.held(bill.reservation).await);
        }
        let settled = self.books.record(settle, |()| facts).await;
        match settled {
            Err(_) => {
                let owed = |bill: Bill| (bill.reservation, (bill.spend, bill.basis));
                self.books.owe(bills.into_iter().map(owed)).await;
            }
            Ok(()) if is_more => self.stop_overrun().await?,
            Ok(()) => {}
        }
        Ok(settled?)
    }
}

/// Asks all questions of a step together and waits for the answers. `power` tells the energy of
/// work on this machine, `reserved` is what was set aside for them; a provider is asked with its
/// gate's leave.
pub(crate) async fn infer(
    (model, power): (&Model, &Power),
    asked: Asked,
    step: StepId,
    asks: Vec<Ask>,
    (leave, progress, reserved): (Option<Leave>, mpsc::UnboundedSender<Used>, NanoUsd),
) -> Result<Inferred, EngineError> {
    let mut call = Call::begin(called(model, &asks), worst_of_all(&asks, Tokens(0), model).1);
    let inferred = match asked {
        Asked::Here(llama) => {
            // Nobody else can answer. Who answers at a provider is not told with what is asked here.
            call.answered(Some(model.name()), None, &[]);
            infer_here((model, power), &llama, step, asks, progress).await
        }
        Asked::There(provider) => {
            infer_there(model, &provider, step, asks, (leave, progress, reserved)).await
        }
    };
    call.end(&match &inferred {
        Ok(inferred) => {
            let error = (!matches!(inferred.reply, Reply::Inferred { .. })).then_some("no_answer");
            Ended { status: None, error, usage: inferred.usage, cost: inferred.cost }
        }
        Err(EngineError::TurnedAway { .. }) => {
            Ended { error: Some("turned_away"), ..Ended::default() }
        }
        Err(_) => Ended { error: Some("failed"), ..Ended::default() },
    });
    inferred
}

/// What is asked, as it is called where calls are traced.
fn called(model: &Model, asks: &[Ask]) -> Of {
    let provider = match model {
        Model::Embedded(_) => None,
        Model::Hosted(hosted) => Some(hosted.protocol),
    };
    let is_talk = asks.iter().all(|ask| matches!(ask, Ask::Turn(_)));
    let operation = if is_talk { "chat" } else { "text_completion" };
    Of { operation, provider: traced(provider), model: model.name().into() }
}

async fn infer_here(
    (model, power): (&Model, &Power),
    llama: &Arc<Llama>,
    step: StepId,
    asks: Vec<Ask>,
    progress: mpsc::UnboundedSender<Used>,
) -> Result<Inferred, EngineError> {
    // Loading is not billed: it is paid once, by whoever comes first.
    llama.info().await?;
    let (began, meter) = (Instant::now(), power.begin());
    let mut waiting = JoinSet::new();
    let mut answers: Vec<Option<Answer>> = vec![None; asks.len()];
    for (index, ask) in asks.into_iter().enumerate() {
        let (llama, tell) = (Arc::clone(llama), teller(step, index, progress.clone()));
        waiting.spawn(async move { (index, ask_one(&llama, ask, tell).await) });
    }
    let mut usage = Usage::default();
    while let Some(done) = waiting.join_next().await {
        let Ok((index, reply)) = done else { continue };
        match reply {
            Ok(reply) => {
                usage += reply.usage;
                answers[index] = Some(reply.answer);
            }
            Err(LlamaError::Refused(why)) => {
                tracing::warn!("the model refused a question: {why}");
            }
            Err(e) => return Err(e.into()),
        }
    }
    // What has begun of a millisecond counts, so that nothing that was computed is free.
    let wall = Millis::from(began.elapsed()).max(Millis(1));
    let cost = model.cost(usage, wall);
    let energy = meter.end();
    Ok(Inferred { reply: Reply::Inferred { answers, usage, wall }, usage, cost, wall, energy })
}

/// Asks a provider for a turn. A step asks for one: strategies that ask for several at a time live
/// by what only an embedded model tells.
async fn infer_there(
    model: &Model,
    provider: &Provider,
    step: StepId,
    asks: Vec<Ask>,
    (leave, progress, reserved): (Option<Leave>, mpsc::UnboundedSender<Used>, NanoUsd),
) -> Result<Inferred, EngineError> {
    let [Ask::Turn(turn)] = asks.as_slice() else {
        let answers = vec![None; asks.len()];
        let (usage, wall) = (Usage::default(), Millis(0));
        let reply = Reply::Inferred { answers, usage, wall };
        return Ok(Inferred::of(reply, usage, (NanoUsd::ZERO, wall)));
    };
    let began = Instant::now();
    let turned = provider.turn(turn, teller(step, 0, progress)).await;
    if let Some(leave) = leave {
        tell_gate(leave, &turned);
    }
    let wall = Millis::from(began.elapsed());
    let (answer, usage) = match turned {
        Ok(turned) => (Some(turned.answer), turned.usage),
        Err(ProviderError::Refused { why, usage }) => {
            tracing::warn!("the model refused a turn: {why}");
            (None, usage)
        }
        Err(ProviderError::TooLong { why }) => {
            tracing::info!("the conversation is too long: {why}");
            (None, Usage::default())
        }
        Err(ProviderError::Cut { why }) => {
            // What it may have cost is counted as spent.
            let (reply, usage) = (Reply::Lost { why }, Usage::default());
            return Ok(Inferred::of(reply, usage, (reserved, wall)));
        }
        Err(ProviderError::Away { why, is_too_much, .. }) => {
            let provider = provider.hosted().name.clone();
            let cause = if is_too_much { TurnedAway::TooMuch } else { TurnedAway::Failure };
            return Err(EngineError::TurnedAway { provider, why, cause });
        }
        Err(ProviderError::Quota { why, after }) => {
            let cause = TurnedAway::UsedUp { after: after.map(Millis::from) };
            let provider = provider.hosted().name.clone();
            return Err(EngineError::TurnedAway { provider, why, cause });
        }
        Err(error) => {
            let why = format!("{} can't be asked: {error}.", provider.hosted().name);
            let reply = Reply::Stop { outcome: AttemptOutcome::ProviderFailed, why };
            return Ok(Inferred::of(reply, Usage::default(), (NanoUsd::ZERO, wall)));
        }
    };
    let (cost, answers) = (model.cost(usage, wall), vec![answer]);
    Ok(Inferred::of(Reply::Inferred { answers, usage, wall }, usage, (cost, wall)))
}

/// Lets the gate know what came of a request: one that was turned away, or a quota that lifts at
/// some time, shuts it for all.
fn tell_gate(leave: Leave, turned: &Result<Turned, ProviderError>) {
    match turned {
        Ok(Turned { usage, .. }) | Err(ProviderError::Refused { usage, .. }) => {
            leave.answered(usage.total());
        }
        Err(ProviderError::Away { after, .. }) => leave.refused(*after),
        Err(ProviderError::Quota { after: Some(after), .. }) => leave.refused(Some(*after)),
        Err(ProviderError::Cut { .. }) => leave.broke_off(),
        Err(_) => drop(leave),
    }
}

/// Tells how far a question has come; nobody has to listen.
fn teller(step: StepId, question: usize, progress: mpsc::UnboundedSender<Used>) -> impl Fn(Usage) {
    move |usage| {
        let _ = progress.send(Used { step, question, usage });
    }
}

/// Asks one question, and tells how far it has come.
async fn ask_one(llama: &Llama, ask: Ask, tell: impl Fn(Usage)) -> Result<Answered, LlamaError> {
    let (send, mut used) = mpsc::unbounded_channel();
    let mut asking = pin!(llama.ask(ask, Some(send)));
    loop {
        tokio::select! {
            biased;
            answered = &mut asking => return answered,
            Some(written) = used.recv() => tell(written.usage),
        }
    }
}

/// The most prompt and output tokens that questions can use together, by what they are told as.
fn worst_of_all(asks: &[Ask], told: Tokens, model: &Model) -> (Tokens, Tokens) {
    let add = |a: (u64, u64), b: (u64, u64)| (a.0.saturating_add(b.0), a.1.saturating_add(b.1));
    let worst = |ask| worst(ask, told, model);
    let (prompt, output) = asks.iter().map(worst).fold((0, 0), add);
    (Tokens(prompt), Tokens(output))
}

/// The most prompt and output tokens that a question can use. A token is a byte of text at
/// the least, so a text has no more tokens than bytes.
fn worst(ask: &Ask, told: Tokens, model: &Model) -> (u64, u64) {
    match ask {
        Ask::Generate(ask) => {
            let prompt = match &ask.prompt {
                Prompt::Text { text } => text.len() as u64,
                Prompt::Fill { prefix, suffix } => (prefix.len() + suffix.len()) as u64 + 3,
                Prompt::Chat { messages, opening } => {
                    let turns = messages.iter().map(|m| m.content.len() as u64 + TEMPLATE_TOKENS);
                    turns.sum::<u64>() + opening.len() as u64
                }
            };
            (prompt, u64::from(ask.samples) * u64::from(ask.max_tokens))
        }
        Ask::Infill(ask) => {
            let prompt = ask.prefix.len() + ask.suffix.len() + ask.original.len() + 3;
            (prompt as u64, u64::from(ask.alternatives) * PATHS * u64::from(ask.max_tokens))
        }
        Ask::Turn(turn) => {
            // Its texts and schemas once in JSON, which only adds to them; an embedded model is
            // told of the tools once more, in a list and in a grammar.
            let times = if matches!(model, Model::Embedded(_)) { 2 } else { 1 };
            (
                times * told.0 + TEMPLATE_TOKENS * (turn.said.len() as u64 + 1),
                u64::from(turn.max_tokens),
            )
        }
        Ask::Score(ask) => ((ask.prefix.len() + ask.suffix.len() + ask.text.len()) as u64 + 1, 0),
    }
}

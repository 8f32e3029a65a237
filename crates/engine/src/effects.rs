//! The effects of an attempt: each is announced in the journal, begun beside the others, and
//! comes back as a [`Done`]. What follows from it is for the loop in `attempt` to find out.

use std::sync::Arc;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tenfold_agent::Machine;
use tenfold_agent::effect::{CheckAsk, Effect, Reply};
use tenfold_domain::{
    AttemptId, AttemptOutcome, Basis, CheckReport, CommitId, EffectKind, Energy, Fact, Millis,
    NanoUsd, Parked, Progress, Refusal, ReservationId, Spend, StepEvent, StepId, TaskSpec, Tokens,
    Usage, hex,
};
use tenfold_models::{Hosted, Model, Tokenizer};
use tokio::time::Instant;

use crate::EngineError;
use crate::attempt::{Running, stopped};
use crate::checks::Ran;
use crate::engine::blocking;
use crate::error::TurnedAway;
use crate::gate::{Leave, Shut};
use crate::inference::{Bill, Inferred, infer};
use crate::reading::{self, Rules};
use crate::recovery::paid_in_vain;
use crate::redaction::text_of;

/// Requests that one question may lead to.
const TRIES: u32 = 8;
/// When a provider is asked again that lets nothing through and doesn't say for how long.
const ANOTHER_TRY: Millis = Millis(30 * 60_000);
/// How often a request may be paid for in vain before the person is asked.
const PAID_IN_VAIN: u32 = 2;

/// The end of an effect.
pub(crate) struct Done {
    pub(crate) step: StepId,
    pub(crate) reservation: Option<ReservationId>,
    pub(crate) result: Result<Finished, EngineError>,
}

/// What an effect left.
pub(crate) struct Finished {
    pub(crate) reply: Reply,
    pub(crate) usage: Usage,
    pub(crate) cost: NanoUsd,
    pub(crate) wall: Millis,
    pub(crate) energy: Energy,
    pub(crate) judged: Option<Judged>,
}

impl Finished {
    /// Of an effect that asks no model.
    pub(crate) fn free(reply: Reply, wall: Millis, judged: Option<Judged>) -> Self {
        let (usage, energy) = (Usage::default(), Energy::NONE);
        Self { reply, usage, cost: NanoUsd::ZERO, wall, energy, judged }
    }
}

/// What was before the judge.
pub(crate) struct Judged {
    pub(crate) commit: CommitId,
    /// What the whole check said of it; none if the task has no check.
    pub(crate) report: Option<CheckReport>,
}

/// An effect that has begun and not come back.
pub(crate) struct Open {
    pub(crate) began: Instant,
    /// Whether the journal knows that it has begun.
    pub(crate) announced: bool,
    /// The money set aside for it, and how much that is.
    pub(crate) reservation: Option<(ReservationId, Spend)>,
}

impl Open {
    pub(crate) fn new(announced: bool, reservation: Option<(ReservationId, Spend)>) -> Self {
        Self { began: Instant::now(), announced, reservation }
    }
}

impl Running<'_> {
    /// Starts every effect that is wanted and does not run yet.
    pub(crate) async fn start_wanted(&mut self) -> Result<(), EngineError> {
        let wants = self.machine.wants();
        // What was wanted before the person spoke may not be any more.
        self.in_line.keep(|step| wants.iter().any(|(wanted, _)| *wanted == step));
        for (step, effect) in wants {
            if self.machine.ending().is_some() {
                break;
            }
            if self.open.contains_key(&step) || self.in_line.has(step) {
                continue;
            }
            self.tell_doing(&effect);
            match effect {
                Effect::Read => self.start_read(step).await?,
                Effect::Infer { asks, .. } => self.start_infer(step, asks).await?,
                Effect::Check(ask) => self.start_check(step, ask).await?,
                Effect::Tool { call, at, shell } => {
                    self.start_tool(step, call, (at, shell)).await?;
                }
                Effect::TryCheck { call, at } => self.start_try(step, call, at).await?,
                Effect::Offer { servers, at } => self.start_servers(step, servers, at).await?,
                Effect::Ask { question } => self.start_question(step, question).await?,
                effect if self.comes_too_late(&effect) => self.out_of_time().await?,
                Effect::Judge { .. } | Effect::Submit { .. } => {
                    self.start_judge(step, effect).await?;
                }
            }
        }
        Ok(())
    }

    /// Whether this effect is only begun when there is time for it.
    pub(crate) fn comes_too_late(&self, effect: &Effect) -> bool {
        effect.is_judgement() && self.left() < self.passed_in
    }

    pub(crate) async fn intend(
        &mut self,
        step: StepId,
        kind: EffectKind,
        request: Value,
    ) -> Result<(), EngineError> {
        let event = StepEvent::Intent { kind, request, reservation: None };
        let fact = Fact::Step { attempt: self.attempt, step, event };
        self.engine.store.append_async(vec![fact]).await?;
        self.open.insert(step, Open::new(true, None));
        Ok(())
    }

    async fn start_read(&mut self, step: StepId) -> Result<(), EngineError> {
        let (workspace, base) = (Arc::clone(&self.workspace), self.base.clone());
        let rules = Rules::of(&self.spec)?;
        self.open.insert(step, Open::new(false, None));
        self.effects.spawn(async move {
            let began = Instant::now();
            let read = blocking(move || reading::sources(&workspace, &base, &rules)).await;
            let wall = began.elapsed().into();
            let result = read.map(|files| Finished::free(Reply::Sources { files }, wall, None));
            Done { step, reservation: None, result }
        });
        Ok(())
    }

    async fn start_infer(
        &mut self,
        step: StepId,
        asks: Vec<tenfold_domain::Ask>,
    ) -> Result<(), EngineError> {
        let engine = self.engine;
        let model = engine.model(&self.spec.model)?;
        let tokenizer = match &model {
            Model::Hosted(hosted) => Tokenizer::of(hosted),
            Model::Embedded(_) => None,
        };
        let asked = self.asking.of(&asks, tokenizer);
        let (prompt, output) = engine.most_tokens(&model, &asks, asked.tokens).await?;
        let leave = match &model {
            Model::Embedded(_) => None,
            Model::Hosted(_) if self.is_paid_in_vain(step)? => return self.end_in_vain().await,
            Model::Hosted(hosted) => match self.turn_at(hosted, step, prompt + output).await? {
                Some(leave) => Some(leave),
                None => return Ok(()),
            },
        };
        let money = model.worst_case(prompt, output);
        let reserved = Spend { money, tokens: prompt + output, requests: asks.len() as u64 };
        let (of, name) = ((self.attempt, step), model.name());
        if self.most.is_some_and(|most| self.meter.settled.cost >= most) {
            return self.took_its_share().await;
        }
        let intended = engine.intend_model(of, name, reserved, asked.name).await;
        let reservation = match intended {
            Ok((reservation, left)) => {
                let share = self.most.map(|most| most.saturating_sub(self.meter.settled.cost));
                self.left = share.into_iter().chain([left]).min();
                reservation
            }
            Err(EngineError::Money(Refusal::Short(short))) => {
                let why = format!("Out of money: {short}.");
                let parked = Parked::Money { amount: reserved, renews: short.renews };
                return self.park_task(parked, why).await;
            }
            Err(EngineError::Money(refusal @ Refusal::NotPermitted { .. })) => {
                let why = format!("The model can't be asked: {refusal}.");
                return self.end(AttemptOutcome::ProviderFailed, why).await;
            }
            Err(EngineError::Money(refusal)) => {
                let why = format!("Out of money: {refusal}.");
                return self.end(AttemptOutcome::LimitMoney, why).await;
            }
            Err(e) => return Err(e),
        };
        let asked = engine.asked(&model).await?;
        self.open.insert(step, Open::new(true, Some((reservation, reserved))));
        let mut cancel = self.cancel.subscribe();
        let given = (leave, self.used.clone(), money);
        let power = engine.power()?;
        self.meter.begin(step, asks.len());
        self.effects.spawn(async move {
            let inferred = tokio::select! {
                biased;
                inferred = infer((&model, &power), asked, step, asks, given) => inferred,
                () = stopped(&mut cancel) => Ok(Inferred::cancelled()),
            };
            let result = inferred.map(|inferred| Finished {
                reply: inferred.reply,
                usage: inferred.usage,
                cost: inferred.cost,
                wall: inferred.wall,
                energy: inferred.energy,
                judged: None,
            });
            Done { step, reservation: Some(reservation), result }
        });
        Ok(())
    }

    /// Ends the attempt, since the person is to say whether a request is paid for once more.
    async fn end_in_vain(&mut self) -> Result<(), EngineError> {
        let why = format!(
            "The model was asked twice, and both times the work was interrupted before its answer \
             was there, so both may have been paid for; `tenfold continue {}` asks once more.",
            self.attempt.task
        );
        self.end(AttemptOutcome::ProviderFailed, why).await
    }

    /// Whether a request that engines before have made is not to be made once more by itself.
    fn is_paid_in_vain(&self, step: StepId) -> Result<bool, EngineError> {
        if !self.inherited.contains(&step) {
            return Ok(false);
        }
        Ok(paid_in_vain(&self.engine.store.view()?, self.attempt, step)? >= PAID_IN_VAIN)
    }

    /// Leave to ask a provider for so many tokens at the most. If it isn't there, the step waits
    /// for its turn, or the attempt has ended because that won't come for long.
    async fn turn_at(
        &mut self,
        hosted: &Hosted,
        step: StepId,
        tokens: Tokens,
    ) -> Result<Option<Leave>, EngineError> {
        if let Some(leave) = self.in_line.take(step) {
            return Ok(Some(leave));
        }
        let gate = self.engine.gate(hosted)?;
        let account = self.engine.row(self.attempt.task)?.account;
        match gate.pass(account, tokens) {
            Ok(None) => {
                let what = format!("waiting for its turn at {}", hosted.name);
                self.teller.tell(Progress::Doing { attempt: self.attempt, what });
                self.in_line.join(step, gate, (account, tokens));
                Ok(None)
            }
            Ok(leave) => Ok(leave),
            Err(shut) => {
                self.shut_out(shut).await?;
                Ok(None)
            }
        }
    }

    /// Ends the attempt: its provider lets nothing through for longer than it waits.
    pub(crate) async fn shut_out(&mut self, Shut(left): Shut) -> Result<(), EngineError> {
        self.out_of_quota("", Some(left)).await
    }

    /// Parks the task, since its provider lets nothing through for longer than it waits: until it
    /// does, if it said when that is.
    async fn out_of_quota(&mut self, said: &str, after: Option<Millis>) -> Result<(), EngineError> {
        let until = self.engine.around.now().after(after.unwrap_or(ANOTHER_TRY));
        let parked = Parked::Quota { until, is_told: after.is_some() };
        let when = match after {
            Some(after) => format!("It lifts in {after}, at {until}"),
            None => format!("It is asked again at {until}"),
        };
        let why = format!("The provider lets nothing through for now{said}. {when}.");
        self.park_task(parked, why).await
    }

    /// A request was turned away, and has cost nothing. It waits for its turn again, as long as
    /// it was not turned away too often, and something may still be used of the provider.
    pub(crate) async fn turned_away(
        &mut self,
        step: StepId,
        reservation: Option<ReservationId>,
        (why, cause): (String, TurnedAway),
    ) -> Result<(), EngineError> {
        self.meter.end(step, Usage::default());
        let cost = NanoUsd::ZERO;
        let why = text_of(&self.engine.redactor(), why);
        let event = StepEvent::Failed { why: format!("turned away: {why}"), cost };
        let bill =
            reservation.map(|reservation| Bill::cut((Spend::NONE, Basis::Told), reservation));
        let bills = bill.into_iter().collect();
        let fact = Fact::Step { attempt: self.attempt, step, event };
        self.engine.settle(&self.spec.model, bills, vec![fact]).await?;
        if let TurnedAway::UsedUp { after } = cause {
            return self.out_of_quota(&format!(": {why}"), after).await;
        }
        let times = self.times_away.entry(step).or_default();
        *times += 1;
        if *times < TRIES {
            return Ok(());
        }
        if cause == TurnedAway::TooMuch {
            return self.out_of_quota(&format!(": {why}; asked {TRIES} times"), None).await;
        }
        let why = format!("{} can't be asked: {why}; asked {TRIES} times.", self.spec.model);
        self.end(AttemptOutcome::ProviderFailed, why).await
    }

    async fn start_check(&mut self, step: StepId, ask: CheckAsk) -> Result<(), EngineError> {
        self.intend(step, EffectKind::Check, hash(&Effect::Check(ask.clone()))).await?;
        let (checks, cancel) = (Arc::clone(&self.checks), self.cancel.subscribe());
        let rules = Rules::of(&self.spec)?;
        self.effects.spawn(async move {
            let result = checks.run(&ask, &rules, &cancel).await.map(|ran| checked(ran, None));
            Done { step, reservation: None, result }
        });
        Ok(())
    }

    async fn start_judge(&mut self, step: StepId, effect: Effect) -> Result<(), EngineError> {
        // Without a check nothing is run, so there is nothing to announce.
        if self.spec.check.is_some() {
            self.intend(step, EffectKind::Check, hash(&effect)).await?;
        } else {
            self.open.insert(step, Open::new(false, None));
        }
        let (checks, cancel) = (Arc::clone(&self.checks), self.cancel.subscribe());
        let (workspace, base) = (Arc::clone(&self.workspace), self.base.clone());
        let (spec, rules) = (self.spec.clone(), Rules::of(&self.spec)?);
        let message = text_of(&self.engine.redactor(), message(&self.spec, self.attempt));
        let name = format!("attempt/{}", self.attempt);
        self.effects.spawn(async move {
            let judge = async {
                let began = Instant::now();
                let is_submitted = matches!(effect, Effect::Submit { .. });
                let edited = match &effect {
                    Effect::Judge { edits } => Some(checks.commit(edits, message.clone()).await?),
                    _ => None,
                };
                let (commit, is_empty) = blocking(move || -> Result<_, EngineError> {
                    let work = match (edited, effect) {
                        (None, Effect::Submit { work }) => {
                            workspace.squash(&base, &work, &message)?
                        }
                        (edited, _) => edited.unwrap_or_else(|| base.clone()),
                    };
                    let (commit, _) =
                        workspace.put_back(&base, &work, |path| !rules.editable(path))?;
                    workspace.keep(&name, &commit)?;
                    let is_empty = workspace.changed(&base, &commit)?.is_empty();
                    Ok((commit, is_empty))
                })
                .await?;
                if is_empty && is_submitted {
                    return Ok(Finished::free(Reply::Nothing, began.elapsed().into(), None));
                }
                let Some(check) = &spec.check else {
                    let judged = Judged { commit, report: None };
                    let wall = began.elapsed().into();
                    return Ok(Finished::free(Reply::Unjudged, wall, Some(judged)));
                };
                let asked = (check.as_str(), spec.check_timeout);
                let files = spec.check_files.as_ref();
                let ran = checks.judge(&commit, asked, files, &cancel).await?;
                Ok(checked(ran, Some(commit)))
            };
            Done { step, reservation: None, result: judge.await }
        });
        Ok(())
    }
}

/// What was asked for, as the journal names it: whoever holds the same can tell that it is.
pub(crate) fn hash(asked: &impl serde::Serialize) -> Value {
    named(&serde_json::to_vec(asked).unwrap_or_default())
}

/// The same of its JSON.
pub(crate) fn named(written: &[u8]) -> Value {
    json!({ "sha256": hex(&Sha256::digest(written)) })
}

pub(crate) fn checked(ran: Ran, commit: Option<CommitId>) -> Finished {
    let wall = ran.report.wall;
    let judged = commit.map(|commit| Judged { commit, report: Some(ran.report.clone()) });
    let reply = if ran.cancelled {
        let why = "cancelled".to_owned();
        Reply::Stop { outcome: AttemptOutcome::Stopped, why }
    } else {
        Reply::Checked { report: ran.report, output: ran.output }
    };
    Finished::free(reply, wall, judged)
}

/// What the commit of an attempt's work says.
pub(crate) fn message(spec: &TaskSpec, attempt: AttemptId) -> String {
    let subject = spec.text.lines().next().filter(|line| !line.trim().is_empty());
    let subject = subject.unwrap_or("Make the check pass");
    format!("{subject}\n\nTenfold task {}, attempt {attempt}.\n", attempt.task)
}

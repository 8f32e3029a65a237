//! Who makes the next attempt at a task, and whether there is one: as the person said, or by the
//! cascade. How the cascade chooses is in `crates/forecast`; here is what it may choose from, what
//! it is told of the past, and what becomes of its choice.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::civil::Date;
use tenfold_domain::{
    AttemptOutcome, Choice, Fact, Millis, NanoUsd, Progress, Strategy, TaskEvent, TaskId, TaskSpec,
    Tokens, Usage,
};
use tenfold_forecast::cascade::{self, Answerer, Bought, Cascade, Goal, Hope, Rung, Why};
use tenfold_forecast::record::Review;
use tenfold_forecast::{About, End, Past, Trial};
use tenfold_models::{Catalogue, Model};
use tenfold_store::{AttemptRow, TaskRow, View};

use crate::EngineError;
use crate::engine::{Engine, blocking};
use crate::learned::{dollars, nano_usd, work};

/// How often one model works a task in one way: after that another seed is no other try.
const TIMES: usize = 3;
/// What an attempt is guessed to take of a model that nobody has tried: five minutes here, or a
/// conversation of some turns elsewhere.
const GUESS: (Millis, Usage) = (
    Millis(300_000),
    Usage {
        prompt: Tokens(40_000),
        cached: Tokens(160_000),
        output: Tokens(8_000),
        reasoning: Tokens(0),
        written: Tokens(0),
        written_hour: Tokens(0),
        written_half_day: Tokens(0),
    },
);
/// All rungs can be had: what is not at hand, or has no price yet, is not offered.
const ANY_DAY: Date = Date::constant(2000, 1, 1);

/// In which order models are asked for an answer that nobody checks, and why: by what is known of
/// them from tasks, and what the answer is likely to cost with each. The request has so many bytes.
#[must_use]
pub fn for_one_answer(
    past: Option<&Past>,
    bytes: u64,
    models: &[(&str, NanoUsd)],
) -> (Vec<usize>, String) {
    let answerers: Vec<Answerer> =
        models.iter().map(|(model, cost)| answerer(past, bytes, model, *cost)).collect();
    cascade::once(&answerers)
}

/// What is known of a model, in the way to work that it was seen in most; a conversation with tools
/// is the nearest to what programs do.
fn answerer(past: Option<&Past>, bytes: u64, model: &str, cost: NanoUsd) -> Answerer {
    let seen = |way: Strategy| {
        let way = way.to_string();
        let text_bytes = Some(bytes);
        let about = About { model, strategy: &way, text_bytes, ..About::default() };
        let told = past?.forecast(&about, &[]).ok()?;
        let chance = told.curve().last()?.1.likely;
        Some((chance, told.grounds().by_agent))
    };
    let ways = [Strategy::Repair, Strategy::Loop];
    let known = ways.into_iter().filter_map(seen).max_by_key(|(_, attempts)| *attempts);
    let (chance, attempts) = known.map_or((None, 0), |(chance, n)| (Some(chance), n));
    Answerer { name: model.to_owned(), chance, attempts, dollars: dollars(cost) }
}

/// An attempt that can be made.
#[derive(Debug, Clone, PartialEq)]
pub struct Next {
    /// By this model.
    pub model: String,
    /// In this way.
    pub strategy: Strategy,
    /// Why, if the cascade says so.
    pub choice: Option<Choice>,
}

/// A model with a way to work.
type Agent = (String, Strategy);

/// What the cascade says of a task.
#[derive(Debug, Clone, PartialEq)]
pub enum Judged {
    /// Another attempt is worth its cost.
    Worth(Next),
    /// None is.
    Stop {
        /// Why, for people.
        why: String,
        /// What comes nearest, if anything is left to be tried.
        nearest: Option<Next>,
    },
}

/// What the cascade would say of a task now, from what is recorded. Nothing is begun.
///
/// # Errors
/// What the store says.
pub fn judged(
    view: &View,
    catalogue: &Catalogue,
    task: &TaskRow,
    spec: &TaskSpec,
) -> Result<Judged, EngineError> {
    let mut known = crate::learned::known(view, &[task.id])?;
    Ok(judge(&mut known, &agents(catalogue, spec), (task, spec), &view.attempts(task.id)?))
}

fn judge(
    cascade: &mut Cascade,
    agents: &[(Agent, f64)],
    (task, spec): (&TaskRow, &TaskSpec),
    attempts: &[AttemptRow],
) -> Judged {
    let worth = dollars(spec.standing.value.unwrap_or(task.budget.money));
    let left = dollars(task.budget.money.saturating_sub(task.spent));
    // An amount of money is a value that can be wanted.
    let _ = cascade.aim_at(Goal::Value(worth));
    let tried = bought(task, attempts);
    let offered = offered(agents, &tried);
    let rungs: Vec<Rung> = offered.iter().map(|(rung, _)| rung.clone()).collect();
    match cascade.next(&tried, &rungs, ANY_DAY, Some(left)) {
        cascade::Choice::Try { rung, cap, why } => {
            // A cap at all that is left is the budget.
            let cap = cap.filter(|cap| *cap < left);
            match by(offered, &rung, choice(&why, cap)) {
                Some(next) => Judged::Worth(next),
                None => Judged::Stop { why: why.to_string(), nearest: None },
            }
        }
        cascade::Choice::Stop { why } => {
            let nearest = match &why {
                Why::NotWorth { hope, .. } => by(offered, &hope.rung, choice(&why, None)),
                _ => None,
            };
            Judged::Stop { why: why.to_string(), nearest }
        }
    }
}

fn by(offered: Vec<(Rung, Agent)>, rung: &str, choice: Choice) -> Option<Next> {
    let (_, (model, strategy)) = offered.into_iter().find(|(offer, _)| offer.name == rung)?;
    Some(Next { model, strategy, choice: Some(choice) })
}

/// Between whom there is a choice, each with what an attempt is guessed to cost. A model that is
/// not in the catalogue any more, or has no price, is none.
fn agents(catalogue: &Catalogue, spec: &TaskSpec) -> Vec<(Agent, f64)> {
    let mut agents = Vec::new();
    for name in spec.cascade.iter().flat_map(|cascade| &cascade.models) {
        let Ok(model) = catalogue.model(name) else { continue };
        if model.price().is_none() {
            continue;
        }
        let guess = dollars(model.cost(GUESS.1, GUESS.0));
        let strategies = match &model {
            // Others can't be looked into, which repair lives by.
            Model::Hosted(_) => vec![Strategy::Loop],
            Model::Embedded(_) => spec.strategies(),
        };
        agents.extend(strategies.into_iter().map(|way| ((name.clone(), way), guess)));
    }
    agents
}

impl Engine {
    /// Who makes the attempt of a turn, by the cascade; `None` if there is none, which is recorded
    /// with its reason. Of the models that did not answer in this round none is asked again. One
    /// attempt of a round is made in any case, since the person asked for it.
    pub(crate) async fn choose(
        &self,
        task: TaskId,
        spec: &TaskSpec,
        silent: &[String],
        turn: u32,
    ) -> Result<Option<Next>, EngineError> {
        let catalogue = self.catalogue()?;
        let is_first = silent.len() == turn as usize;
        let (mut agents, spec) = (agents(&catalogue, spec), spec.clone());
        agents.retain(|((model, _), _)| !silent.contains(model));
        let own = (spec.model.clone(), spec.strategy);
        let own_answers = !silent.contains(&own.0);
        if agents.is_empty() && !own_answers {
            return self.leave_off(task, "no model that may be chosen answers".to_owned()).await;
        }
        let row = self.row(task)?;
        let (learned, store) = (Arc::clone(&self.learned), Arc::clone(&self.store));
        let at_work = self.floor.at_work();
        let judged = blocking(move || -> Result<_, EngineError> {
            let attempts = store.view()?.attempts(task)?;
            let mut held = learned.held(&store, &at_work)?;
            Ok(judge(held.cascade(), &agents, (&row, &spec), &attempts))
        });
        match judged.await? {
            Judged::Worth(next) => Ok(Some(next)),
            Judged::Stop { nearest: Some(mut nearest), .. } if is_first => {
                if let Some(choice) = &mut nearest.choice {
                    choice.why += "; it is made because you asked for it";
                }
                Ok(Some(nearest))
            }
            Judged::Stop { .. } if is_first && own_answers => {
                let (model, strategy) = own;
                Ok(Some(Next { model, strategy, choice: None }))
            }
            Judged::Stop { why, .. } => self.leave_off(task, why).await,
        }
    }

    /// Records that there is no further attempt, and why.
    async fn leave_off(&self, task: TaskId, why: String) -> Result<Option<Next>, EngineError> {
        let event = TaskEvent::LeftOff { why: why.clone() };
        self.store.append_async(vec![Fact::Task { task, event }]).await?;
        let text = format!("no further attempt: {why}");
        self.floor.teller().tell(Progress::Note { task, text });
        Ok(None)
    }
}

fn choice(why: &Why, cap: Option<f64>) -> Choice {
    let (chance, cost) = match why {
        Why::Best { hope, .. } | Why::Scout(hope) | Why::NotWorth { hope, .. } => {
            let Hope { chance, dollars, .. } = hope;
            (*chance, nano_usd(*dollars))
        }
        Why::AllTried | Why::NoMoney | Why::Passed => (0.0, nano_usd(0.0)),
    };
    Choice { why: why.to_string(), chance, cost, most: cap.map(nano_usd) }
}

/// What each agent's next attempt at a task is called.
fn offered(agents: &[(Agent, f64)], tried: &[Bought]) -> Vec<(Rung, Agent)> {
    let next = |((agent, guess), place): (&(Agent, f64), usize)| {
        let name = rung(agent, place);
        (Rung { name, date: ANY_DAY, dollars: Some(*guess) }, agent.clone())
    };
    let times = |agent: &Agent| {
        (0..TIMES).find(|place| tried.iter().all(|bought| bought.rung != rung(agent, *place)))
    };
    agents.iter().filter_map(|agent| Some(next((agent, times(&agent.0)?)))).collect()
}

/// The name of an agent's attempt, the first, second or third at one task: each is a rung of its
/// own, since what failed once is likelier to fail again.
fn rung((model, strategy): &Agent, place: usize) -> String {
    let again = ["", ", again", ", a third time"].get(place).copied().unwrap_or(", once more");
    format!("{model} with {strategy}{again}")
}

/// A task's attempts as the cascade learns from them. One whose model did not answer was no try.
pub(crate) fn bought(task: &TaskRow, attempts: &[AttemptRow]) -> Vec<Bought> {
    let mut times: HashMap<String, usize> = HashMap::new();
    let mut all = Vec::new();
    for attempt in attempts {
        let is_try = !attempt.forked && !did_not_answer(attempt);
        let Some(end) = passed(task, attempt).filter(|_| is_try) else { continue };
        let agent = (attempt.model.clone(), attempt.strategy);
        let place = times.entry(rung(&agent, 0)).or_default();
        all.push(Bought {
            rung: rung(&agent, *place),
            trial: Trial { spend: dollars(attempt.cost), end },
            right: right(task, attempt),
        });
        *place += 1;
    }
    all
}

fn did_not_answer(attempt: &AttemptRow) -> bool {
    attempt.ended.as_ref().is_some_and(|ended| ended.outcome == AttemptOutcome::ProviderFailed)
}

/// How an attempt ended by its check, whatever a person said since.
fn passed(task: &TaskRow, attempt: &AttemptRow) -> Option<End> {
    match attempt.ended.as_ref()?.outcome {
        AttemptOutcome::Finished => {
            let proposal = task.proposals.iter().find(|row| row.attempt == attempt.id)?;
            proposal.verified.then_some(End::Solved)
        }
        _ => crate::learned::end(task, attempt),
    }
}

/// Whether it was right, if a person has said so.
fn right(task: &TaskRow, attempt: &AttemptRow) -> Option<bool> {
    Some(work(task, attempt)?.review? == Review::Accepted)
}

#[cfg(test)]
mod tests {
    use tenfold_forecast::Unit;

    use super::*;

    #[test]
    fn a_model_that_fails_tasks_is_not_asked_first_for_being_cheap() {
        let models = [("weak", NanoUsd(1_000)), ("strong", NanoUsd(900_000))];
        let order = |past: Option<&Past>| for_one_answer(past, 900, &models);
        let (places, why) = order(None);
        assert_eq!(places, [0, 1], "the cheapest, as long as nothing is known: {why}");
        let mut past = Past::new(Unit::Dollars);
        for task in 0..40 {
            let name = task.to_string();
            for (model, end) in [("weak", End::Failed), ("strong", End::Solved)] {
                let about = About { task: &name, model, strategy: "loop", ..About::default() };
                past.add(&about, Trial { spend: 0.01, end }).unwrap();
            }
        }
        past.refit();
        let (places, why) = order(Some(&past));
        assert_eq!(places, [1, 0], "{why}");
        assert!(why.starts_with("worth most: strong is right in 9"), "{why}");
        assert!(why.contains("(known from 40 attempts)"), "{why}");
    }
}

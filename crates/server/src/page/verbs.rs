//! What people do on the page: each call is handed to the engine, once it is known that they may.

use std::future::Future;
use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::Uri;
use serde::{Deserialize, Serialize};
use tenfold_api::{
    Answer, Begin, Call, Comment, Fork, NewAttempt, Pause, Reject, Resume, Revise, Steer, Steered,
    Stop, StopBacklog, Undo,
};
use tenfold_domain::{
    Accept, AcceptTogether, Access, AccountChange, AttemptId, BacklogTerms, Budget, Problem, TaskId,
};
use tenfold_engine::{Engine, EngineError, How};
use utoipa::ToSchema;

use super::calls::{Calls, List, Needs, Words};
use super::house::{House, Wanted};
use crate::door::Caller;
use crate::problem::Refusal;
use crate::routes::task;

type Verbs = Calls<Arc<House>>;
type Said<C> = Result<Json<C>, JsonRejection>;

/// The most tasks that one call does something with.
const BULK_MAX: usize = 1_000;

/// Adds all that people can do.
pub(super) fn calls(calls: Verbs) -> Verbs {
    let by = Needs::Only(Access::Reviewer);
    let many = by.call(
        "bulk",
        "One thing, with several tasks, each for itself; what needs an \
        operator alone, needs one here.",
    );
    of_house(judging(working(calls))).post("/api/v1/bulk", many, bulk)
}

/// What is said about the work on a task.
fn working(calls: Verbs) -> Verbs {
    let by = Needs::Only(Access::Operator);
    let calls = of_task(
        calls,
        by.call("begin", "Begins to work on a task."),
        |engine, task, begin: Begin| async move {
            let Begin { seed, time_anew, from_scratch } = begin;
            engine.begin(task, How { seed, time_anew, from_scratch })
        },
    );
    let calls = of_task(
        calls,
        by.call("set_budget", "Sets other limits, in place of those it had."),
        |engine, task, budget: Budget| async move { engine.set_budget(task, budget).await },
    );
    let calls = of_task(
        calls,
        by.call("steer", "Says something about a task, for those who work on it."),
        |engine, task, steer: Steer| async move {
            Ok(Steered { at_work: engine.steer(task, steer.text).await? })
        },
    );
    let calls = of_task(
        calls,
        by.call("pause", "Leaves off when what is under way has ended."),
        |engine, task, _: Pause| async move { engine.pause(task) },
    );
    let calls = of_task(
        calls,
        by.call("resume", "Goes on with what was paused, stopped or interrupted."),
        |engine, task, _: Resume| async move { engine.resume(task) },
    );
    let calls = of_task(
        calls,
        by.call("stop", "Ends the attempt at work at once."),
        |engine, task, _: Stop| async move { engine.stop(task) },
    );
    of_task(
        calls,
        by.call("fork", "Makes an attempt that goes on from a step of another one."),
        |engine, task, fork: Fork| async move {
            let Fork { attempt, step, text, seed } = fork;
            let of = AttemptId { task, number: attempt };
            let fork = tenfold_engine::Fork { of, step, text, seed };
            Ok(NewAttempt { attempt: engine.fork(fork).await? })
        },
    )
}

/// What is said about what was made.
fn judging(calls: Verbs) -> Verbs {
    let by = Needs::Only(Access::Reviewer);
    // The work goes on by an answer, as it does in the terminal.
    let calls = of_task(
        calls,
        by.call("answer", "Answers what a task asks, and goes on with it."),
        |engine, task, answer: Answer| async move {
            let to = answer.attempt.zip(answer.step);
            engine.answer_and_go_on(task, answer.text, to).await
        },
    );
    let calls = of_task(
        calls,
        by.call("comment", "Says something about a line of a proposal, or about a file of it."),
        |engine, task, comment: Comment| async move {
            let Comment { place, text } = comment;
            engine.comment(task, place, text).await
        },
    );
    let calls = of_task(
        calls,
        by.call("revise", "Goes on from a proposal, with all that was said about it."),
        |engine, task, _: Revise| async move {
            let attempt = engine.revise(task).await?;
            engine.begin(task, How { time_anew: true, ..How::default() })?;
            Ok(NewAttempt { attempt })
        },
    );
    let calls = of_task(
        calls,
        by.call("accept", "Accepts a proposal."),
        |engine, task, accept: Accept| async move { engine.accept(task, accept).await },
    );
    let calls = of_task(
        calls,
        by.call("reject", "Sends a proposal away."),
        |engine, task, reject: Reject| async move { engine.reject(task, reject.reason).await },
    );
    of_task(
        calls,
        by.call("undo", "Takes an acceptance or a rejection back."),
        |engine, task, _: Undo| async move { engine.undo(task).await },
    )
}

/// What is said about no single task.
fn of_house(calls: Verbs) -> Verbs {
    let together = async |State(house): State<Arc<House>>,
                          caller: Caller,
                          uri: Uri,
                          said: Said<AcceptTogether>| {
        let Json(together) = said?;
        let call = format!("POST {}", uri.path());
        let tasks = &together.tasks;
        let wanted = Wanted { needs: Access::Reviewer, call: &call, tasks };
        house.let_do(&caller, wanted).await?;
        Ok::<_, Refusal>(Json(List(house.engine.accept_together(together).await?)))
    };
    let words = Needs::Only(Access::Reviewer)
        .call("accept_together", "Accepts those of several proposals that go together.");
    let calls = calls.post(&path::<AcceptTogether>(), words, together);
    let name = ("start_backlog", "Begins to work the backlog.");
    let calls =
        on_all(calls, name, |engine, _, terms: BacklogTerms| async move { engine.start(terms) });
    let name = ("stop_backlog", "Begins no more tasks, and interrupts those at work.");
    let calls = on_all(calls, name, |engine, _, _: StopBacklog| async move {
        engine.stop_backlog();
        Ok(())
    });
    let name = ("change_accounts", "Changes accounts; answered with what was recorded.");
    on_all(calls, name, |engine, caller, change: AccountChange| async move {
        engine.change_accounts(&change, &caller.name).await.map(List)
    })
}

fn path<C: Call>() -> String {
    format!("/api{}", C::PATH)
}

/// Adds a call that is about a task.
fn of_task<C: Call + ToSchema, F>(
    calls: Verbs,
    words: Words,
    act: impl Fn(Arc<Engine>, TaskId, C) -> F + Clone + Send + Sync + 'static,
) -> Verbs
where
    C::Answer: ToSchema,
    F: Future<Output = Result<C::Answer, EngineError>> + Send,
{
    let needs = words.needs.access();
    let act = async move |State(house): State<Arc<House>>,
                          caller: Caller,
                          uri: Uri,
                          Path(number): Path<String>,
                          said: Said<C>| {
        let task = task(&number)?;
        let Json(call) = said?;
        let told = format!("POST {}", uri.path());
        house.let_do(&caller, Wanted { needs, call: &told, tasks: &[task] }).await?;
        Ok::<_, Refusal>(Json(act(Arc::clone(&house.engine), task, call).await?))
    };
    calls.post(&path::<C>(), words, act)
}

/// Adds a call that is about all that there is, so that only who sees all of it may say it, and
/// only an admin.
fn on_all<C: Call + ToSchema, A, F>(
    calls: Verbs,
    (name, what): (&'static str, &'static str),
    act: impl Fn(Arc<Engine>, Caller, C) -> F + Clone + Send + Sync + 'static,
) -> Verbs
where
    A: Serialize + ToSchema + Send + 'static,
    F: Future<Output = Result<A, EngineError>> + Send,
{
    let act =
        async move |State(house): State<Arc<House>>, caller: Caller, uri: Uri, said: Said<C>| {
            let Json(call) = said?;
            let told = format!("POST {}", uri.path());
            house.let_do_on_all(&caller, &told).await?;
            Ok::<_, Refusal>(Json(act(Arc::clone(&house.engine), caller, call).await?))
        };
    calls.post(&path::<C>(), Needs::Everything(Access::Admin).call(name, what), act)
}

/// The same with several tasks.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = BulkVerb)]
#[serde(tag = "verb", content = "body", rename_all = "kebab-case")]
pub(super) enum Verb {
    Begin(Begin),
    Pause(Pause),
    Resume(Resume),
    Stop(Stop),
    Accept(Accept),
    Reject(Reject),
    Undo(Undo),
}

#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct Bulk {
    tasks: Vec<TaskId>,
    #[serde(flatten)]
    verb: Verb,
}

/// What came of one of them.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Came {
    task: TaskId,
    problem: Option<Problem>,
}

impl Verb {
    fn needs(&self) -> Access {
        match self {
            Self::Begin(_) | Self::Pause(_) | Self::Resume(_) | Self::Stop(_) => Access::Operator,
            Self::Accept(_) | Self::Reject(_) | Self::Undo(_) => Access::Reviewer,
        }
    }

    async fn act(&self, engine: &Arc<Engine>, task: TaskId) -> Result<(), EngineError> {
        match self {
            Self::Begin(Begin { seed, time_anew, from_scratch }) => {
                let (seed, time_anew, from_scratch) = (*seed, *time_anew, *from_scratch);
                engine.begin(task, How { seed, time_anew, from_scratch })
            }
            Self::Pause(_) => engine.pause(task),
            Self::Resume(_) => engine.resume(task),
            Self::Stop(_) => engine.stop(task),
            Self::Accept(accept) => engine.accept(task, accept.clone()).await.map(|_| ()),
            Self::Reject(reject) => engine.reject(task, reject.reason.clone()).await,
            Self::Undo(_) => engine.undo(task).await.map(|_| ()),
        }
    }
}

/// `POST /bulk`: one thing, to several tasks, each for itself.
async fn bulk(
    State(house): State<Arc<House>>,
    caller: Caller,
    said: Said<Bulk>,
) -> Result<Json<List<Came>>, Refusal> {
    let Json(Bulk { tasks, verb }) = said?;
    if tasks.len() > BULK_MAX {
        return Err(Refusal::usage(format!("that is more than {BULK_MAX} tasks at once")));
    }
    let call = format!("POST /api/v1/bulk ({})", verb.name());
    house.let_do(&caller, Wanted { needs: verb.needs(), call: &call, tasks: &tasks }).await?;
    let mut all = Vec::new();
    for task in tasks {
        let problem = verb.act(&house.engine, task).await.err().map(|error| error.problem());
        all.push(Came { task, problem });
    }
    Ok(Json(List(all)))
}

impl Verb {
    fn name(&self) -> &'static str {
        match self {
            Self::Begin(_) => "begin",
            Self::Pause(_) => "pause",
            Self::Resume(_) => "resume",
            Self::Stop(_) => "stop",
            Self::Accept(_) => "accept",
            Self::Reject(_) => "reject",
            Self::Undo(_) => "undo",
        }
    }
}

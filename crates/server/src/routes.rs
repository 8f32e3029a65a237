//! Which call goes to what in the engine: one line each.

use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;

use axum::extract::rejection::JsonRejection;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::routing::{get, post};
use axum::{Json, Router};
use futures_util::{Stream, stream};
use tenfold_api::{
    Answer, Approve, BODY_BYTES_MAX, Begin, Call, Comment, Fork, Import, Imported, Look,
    LookAtBacklog, MakeLink, New, NewAttempt, NewLink, PROGRESS, Pause, Reject, Resume, Revise,
    Steer, Steered, Stop, StopBacklog, TASK_PROGRESS, Undo, Waiting, WhyWaiting, path,
};
use tenfold_domain::{
    Accept, AcceptTogether, AccountChange, AttemptId, BacklogTerms, Budget, Deed, DeedEvent,
    MakeRoom, PeopleChange, PersonId, TaskId, TaskSpec,
};
use tenfold_engine::{Engine, EngineError, How, Link, Watching};

use crate::problem::Refusal;

type House = Arc<Engine>;
type Routes = Router<House>;
type Said<C> = Result<Json<C>, JsonRejection>;

/// All that can be said to this engine.
pub(crate) fn router(engine: House) -> Router {
    let routes = Router::new()
        .route(Look::PATH, get(look))
        .route(PROGRESS, get(progress))
        .route(TASK_PROGRESS, get(task_progress))
        .fallback(async || Refusal::not_found("there is no such call"));
    let routes = proposals(tasks(routes));
    routes.layer(DefaultBodyLimit::max(BODY_BYTES_MAX)).with_state(engine)
}

/// What is said about tasks and the work on them.
fn tasks(routes: Routes) -> Routes {
    let routes = on_house(routes, |engine, spec: TaskSpec| async move {
        Ok(New { task: engine.ask(spec).await? })
    });
    let routes = on_house(routes, |engine, import: Import| async move {
        let tasks = import.tasks.into_iter().map(|Imported { spec, after }| (spec, after));
        engine.ask_many(tasks.collect()).await
    });
    let routes = on_house(routes, |engine, terms: BacklogTerms| async move { engine.start(terms) });
    let routes = on_house(routes, |engine, _: StopBacklog| async move {
        engine.stop_backlog();
        Ok(())
    });
    let routes = asked(routes, |engine, _: LookAtBacklog| async move { Ok(engine.backlog()) });
    let routes = asked(routes, |engine, asked: WhyWaiting| async move {
        let told = engine.why_waiting(asked.tasks).await;
        Ok(told.into_iter().map(|(task, why)| Waiting { task, why }).collect())
    });
    let routes = on_house(routes, |engine, approve: Approve| async move {
        engine.approve(approve.workspace, approve.event).await
    });
    let routes =
        on_house(routes, |engine, terms: MakeRoom| async move { engine.make_room(terms).await });
    let routes = on_house(routes, |engine, change: AccountChange| async move {
        engine.change_accounts(&change, &crate::person::name()).await
    });
    let routes = on_house(routes, |engine, change: PeopleChange| async move {
        engine.change_people(change, crate::person::name()).await
    });
    let routes = on_house(routes, |engine, make: MakeLink| async move {
        let Link { secret, name, until } = engine.make_link(make.name).await?;
        Ok(NewLink { name, secret, until })
    });
    let routes = on_task(routes, |engine, task, begin: Begin| async move {
        let Begin { seed, time_anew, from_scratch } = begin;
        engine.begin(task, How { seed, time_anew, from_scratch })
    });
    let routes = on_task(routes, |engine, task, budget: Budget| async move {
        engine.set_budget(task, budget).await
    });
    let routes = on_task(routes, |engine, task, steer: Steer| async move {
        Ok(Steered { at_work: engine.steer(task, steer.text).await? })
    });
    let routes = on_task(routes, |engine, task, answer: Answer| async move {
        engine.answer(task, answer.text, answer.attempt.zip(answer.step)).await
    });
    let routes = on_task(routes, |engine, task, _: Pause| async move { engine.pause(task) });
    let routes = on_task(routes, |engine, task, _: Resume| async move { engine.resume(task) });
    on_task(routes, |engine, task, _: Stop| async move { engine.stop(task) })
}

/// What is said about proposals, and about going on from what was done.
fn proposals(routes: Routes) -> Routes {
    let routes = on_task(routes, |engine, task, fork: Fork| async move {
        let Fork { attempt, step, text, seed } = fork;
        let of = AttemptId { task, number: attempt };
        let fork = tenfold_engine::Fork { of, step, text, seed };
        Ok(NewAttempt { attempt: engine.fork(fork).await? })
    });
    let routes = on_task(routes, |engine, task, comment: Comment| async move {
        let Comment { place, text } = comment;
        engine.comment(task, place, text).await
    });
    let routes = on_task(routes, |engine, task, _: Revise| async move {
        Ok(NewAttempt { attempt: engine.revise(task).await? })
    });
    let routes =
        on_task(
            routes,
            |engine, task, accept: Accept| async move { engine.accept(task, accept).await },
        );
    let routes = on_house(routes, |engine, together: AcceptTogether| async move {
        engine.accept_together(together).await
    });
    let routes = on_task(routes, |engine, task, reject: Reject| async move {
        engine.reject(task, reject.reason).await
    });
    on_task(routes, |engine, task, _: Undo| async move { engine.undo(task).await })
}

/// Adds a call that changes nothing, so that it is no deed.
fn asked<C: Call, F>(
    routes: Routes,
    act: impl Fn(House, C) -> F + Clone + Send + Sync + 'static,
) -> Routes
where
    F: Future<Output = Result<C::Answer, EngineError>> + Send,
{
    let act = async move |State(engine): State<House>, said: Said<C>| {
        let Json(call) = said?;
        Ok::<_, Refusal>(Json(act(engine, call).await?))
    };
    routes.route(C::PATH, post(act))
}

/// Adds a call that is about no task.
fn on_house<C: Call, F>(
    routes: Routes,
    act: impl Fn(House, C) -> F + Clone + Send + Sync + 'static,
) -> Routes
where
    F: Future<Output = Result<C::Answer, EngineError>> + Send,
{
    let noted = move |engine: House, call: C| {
        let act = act.clone();
        async move {
            note::<C>(&engine, None).await;
            act(engine, call).await
        }
    };
    asked(routes, noted)
}

/// Adds a call that is about a task.
fn on_task<C: Call, F>(
    routes: Routes,
    act: impl Fn(House, TaskId, C) -> F + Clone + Send + Sync + 'static,
) -> Routes
where
    F: Future<Output = Result<C::Answer, EngineError>> + Send,
{
    let act = move |State(engine): State<House>, Path(number): Path<String>, said: Said<C>| {
        let act = act.clone();
        async move {
            let task = task(&number)?;
            let Json(call) = said?;
            note::<C>(&engine, Some(task)).await;
            Ok::<_, Refusal>(Json(act(engine, task, call).await?))
        }
    };
    routes.route(C::PATH, post(act))
}

/// Records what the user is about to do. They are free to do it on their own machine, so that it
/// is done even where it can't be recorded: a full disk keeps nobody from stopping what fills it.
async fn note<C: Call>(engine: &Engine, task: Option<TaskId>) {
    let call = format!("POST {}", path(C::PATH, task));
    // Nobody of the page has this number.
    let deed = Deed { person: PersonId(0), name: crate::person::name(), call, task };
    if let Err(why) = engine.record_deeds(vec![DeedEvent::Did(deed)]).await {
        tracing::warn!("what was done in the terminal could not be recorded: {why}");
    }
}

pub(crate) fn task(number: &str) -> Result<TaskId, Refusal> {
    number.parse().map_err(|_| Refusal::not_found("a task is called by its number, as in 3"))
}

async fn look(State(engine): State<House>) -> Json<tenfold_api::Engine> {
    Json(tenfold_api::Engine {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        process: std::process::id(),
        at_work: engine.at_work(),
        page: engine.page().map(str::to_owned),
    })
}

async fn progress(State(engine): State<House>) -> Sse<impl Stream<Item = Told>> {
    told(engine.watch(None))
}

async fn task_progress(
    State(engine): State<House>,
    Path(number): Path<String>,
) -> Result<Sse<impl Stream<Item = Told>>, Refusal> {
    let task = task(&number)?;
    Ok(told(engine.watch(Some(task))))
}

type Told = Result<Event, Infallible>;

fn told(watching: Watching) -> Sse<impl Stream<Item = Told>> {
    let events = stream::unfold(watching, async |mut watching| {
        let progress = watching.next().await?;
        // Its maps have text keys, so that it always has a form in JSON.
        let event = Event::default().json_data(&progress).unwrap_or_default();
        Some((Ok(event), watching))
    });
    Sse::new(events).keep_alive(KeepAlive::default())
}

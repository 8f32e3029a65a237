//! What is counted, as Prometheus reads it.

use std::fmt::Write;
use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderName;
use axum::http::header::CONTENT_TYPE;
use tenfold_domain::{AccountId, TaskState};
use tenfold_store::TaskQuery;

use super::house::House;
use crate::door::Caller;
use crate::problem::Refusal;

const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// `GET /metrics`
pub(super) async fn metrics(
    State(house): State<Arc<House>>,
    _caller: Caller,
) -> Result<([(HeaderName, &'static str); 1], String), Refusal> {
    let (counts, events) =
        house.read(|_, view| Ok((view.count(&TaskQuery::default())?, view.newest()?))).await?;
    let (books, now) = (house.engine.books(), house.engine.now());
    let spent = books.look(|sheet| {
        let root = sheet.ledger().statement(AccountId::DEFAULT, now);
        root.map_or(0, |root| root.spent.money.0)
    });
    let spent = spent.await.map_err(Refusal::internal)?;
    let mut text = String::from("# TYPE tenfold_tasks gauge\n");
    for state in TaskState::ALL {
        let tasks = counts.get(&state).copied().unwrap_or(0);
        let _ = writeln!(text, "tenfold_tasks{{state=\"{state}\"}} {tasks}");
    }
    let numbers = [
        ("tenfold_tasks_at_work", "gauge", house.engine.at_work().len() as u64),
        ("tenfold_events_total", "counter", events.0),
        ("tenfold_transactions_total", "counter", house.engine.store().transactions()),
        ("tenfold_spent_nano_dollars_total", "counter", spent),
        (
            "tenfold_events_read_total",
            "counter",
            house.trajectories.events_read() + house.heards.events_read(),
        ),
        ("tenfold_attempts_read_total", "counter", house.engine.pasts().attempts_read()),
        ("tenfold_browsers", "gauge", house.news.listeners() as u64),
    ];
    for (name, kind, number) in numbers {
        let _ = writeln!(text, "# TYPE {name} {kind}\n{name} {number}");
    }
    Ok(([(CONTENT_TYPE, TEXT)], text))
}

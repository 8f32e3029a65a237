//! What leaves the house as a file: the record of a task, and the backlog. Each is made of what the
//! desk exports, and kept by a browser, which makes nothing of it. What an export leaves out stands
//! in it: nobody reads notes beside a file.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::HeaderName;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use serde::Deserialize;
use tenfold_desk::DeskError;
use tenfold_desk::export::{Chosen, Export};
use tenfold_domain::{Access, AttemptId};
use utoipa::{IntoParams, ToSchema};

use super::calls::{Asked, Calls, Needs};
use super::house::House;
use crate::door::Caller;
use crate::problem::Refusal;
use crate::routes::task as task_of;

/// The most that is made of one for a browser, which waits for all of it: the terminal has no bound.
const BYTES_MAX: usize = 64 << 20;

/// A file that is kept.
pub(super) type Kept = ([(HeaderName, String); 2], Vec<u8>);

/// Adds all that leaves as a file.
pub(super) fn calls(calls: Calls<Arc<House>>) -> Calls<Arc<House>> {
    let by = Needs::Only(Access::Viewer);
    let of_task = by.call("export_task", "What was done for a task, for programs or people.");
    let backlog = by.call("export_backlog", "Queued tasks, as a backlog that is imported.");
    calls.get("/api/v1/tasks/{task}/export", of_task, task).get(
        "/api/v1/backlog/export",
        backlog,
        self::backlog,
    )
}

/// A file of this name.
pub(super) fn kept(name: &str, bytes: Vec<u8>) -> Kept {
    let name = format!("attachment; filename=\"{name}\"");
    let kind = "application/octet-stream".to_owned();
    ([(CONTENT_TYPE, kind), (CONTENT_DISPOSITION, name)], bytes)
}

/// In which form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum Form {
    /// A page to read.
    #[default]
    Markdown,
    /// Every event as it was recorded, one JSON object a line.
    Jsonl,
    /// One attempt as a trajectory of mini-SWE-agent.
    Traj,
    /// The proposal as a prediction of SWE-bench.
    Preds,
}

impl Form {
    /// How its files are called in the end.
    fn ending(self) -> &'static str {
        match self {
            Self::Markdown => "md",
            Self::Jsonl => "jsonl",
            Self::Traj => "traj.json",
            Self::Preds => "preds.json",
        }
    }
}

#[derive(Debug, Clone, Copy, Default, Deserialize, IntoParams)]
struct Wanted {
    /// In which form; a page to read, if it is not said.
    #[serde(default)]
    #[param(inline, required = false)]
    format: Form,
    /// Only of this attempt, by its number.
    attempt: Option<u32>,
}

/// `GET /tasks/{task}/export`
async fn task(
    State(house): State<Arc<House>>,
    caller: Caller,
    Path(number): Path<String>,
    Asked(Wanted { format, attempt }): Asked<Wanted>,
) -> Result<Kept, Refusal> {
    let task = task_of(&number)?;
    house.sees(&caller, &[task]).await?;
    let attempt = attempt.map(|number| AttemptId { task, number });
    let chosen = Chosen { task, attempt };
    let made = house.read_long(move |house, view| {
        let export = &mut Export { house: &house.desk, view, note: &mut |_: &str| {} };
        match format {
            Form::Markdown => bounded(export.markdown(chosen)?),
            Form::Traj => bounded(export.traj(chosen)?),
            Form::Preds => bounded(export.preds(&[chosen], None)?),
            Form::Jsonl => lines(|put| export.jsonl(chosen, put)),
        }
    });
    let name = attempt.map_or_else(|| task.to_string(), |attempt| attempt.to_string());
    Ok(kept(&format!("tenfold-{name}.{}", format.ending()), made.await?))
}

/// `GET /backlog/export`
async fn backlog(State(house): State<Arc<House>>, caller: Caller) -> Result<Kept, Refusal> {
    let sight = house.sight(&caller).await?;
    let made = house.read_long(move |house, view| {
        let export = &mut Export { house: &house.desk, view, note: &mut |_: &str| {} };
        lines(|put| export.backlog(&BTreeSet::new(), &sight, put))
    });
    Ok(kept("tenfold-backlog.jsonl", made.await?))
}

/// What comes line by line, as one file.
fn lines(
    tell: impl FnOnce(&mut dyn FnMut(String) -> Result<(), DeskError>) -> Result<(), DeskError>,
) -> Result<Vec<u8>, DeskError> {
    let mut file = Vec::new();
    tell(&mut |line| {
        file.extend(line.into_bytes());
        file.push(b'\n');
        fits(file.len())
    })?;
    Ok(file)
}

fn bounded(text: String) -> Result<Vec<u8>, DeskError> {
    fits(text.len())?;
    Ok(text.into_bytes())
}

fn fits(bytes: usize) -> Result<(), DeskError> {
    match bytes <= BYTES_MAX {
        true => Ok(()),
        false => Err(DeskError::refused("this is more than the 64 MiB that a browser is given")
            .advise("`tenfold export` in the terminal writes all of it")),
    }
}

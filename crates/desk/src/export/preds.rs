//! Predictions as SWE-bench's evaluation reads them: for each instance the model and its patch.

use std::collections::BTreeMap;

use serde::Serialize;
use tenfold_domain::{AttemptId, TaskState};
use tenfold_store::{ProposalRow, TaskQuery, TaskRow, View};

use super::{Chosen, Export, found, nothing_yet, spec};
use crate::plain::one_line;
use crate::{DeskError, task};

/// How many tasks are read at a time.
const PAGE: u32 = 500;

#[derive(Debug, Serialize)]
pub(super) struct Prediction {
    model_name_or_path: String,
    instance_id: String,
    model_patch: String,
}

/// By instance, as `mini-extra swebench` writes them.
pub(super) type Predictions = BTreeMap<String, Prediction>;

/// The predictions of these tasks; of all, if none is named.
pub(super) fn find(
    export: &mut Export<'_>,
    chosen: &[Chosen],
    instance: Option<&str>,
) -> Result<Predictions, DeskError> {
    let mut predictions = Predictions::new();
    let mut unverified = 0;
    let all = chosen.is_empty();
    let rows = if all { all_tasks(export.view)? } else { tasks(export.view, chosen)? };
    for (row, attempt) in rows {
        let proposal = match attempt {
            Some(id) => row.proposals.iter().find(|proposal| proposal.attempt == id),
            None => row.proposal(),
        };
        if proposal.is_none() && matches!(row.state, TaskState::Queued | TaskState::Working) {
            if !all {
                return Err(nothing_yet(&row));
            }
            (export.note)(&format!("left out: nothing has come of task {} yet", row.id));
            continue;
        }
        let id = instance.map_or_else(|| instance_of(&row), str::to_owned);
        if predictions.contains_key(&id) {
            let id = one_line(&id, 80);
            (export.note)(&format!("left out: task {}, as another is for {id} too", row.id));
            continue;
        }
        unverified += u32::from(proposal.is_some_and(|proposal| !proposal.verified));
        let prediction = predicted(export, &row, attempt, proposal, &id)?;
        predictions.insert(id, prediction);
    }
    if unverified > 0 {
        (export.note)(&format!("UNVERIFIED: no check has judged {unverified} of these"));
    }
    Ok(predictions)
}

/// Of a task without a proposal the patch is empty, which is how nothing is predicted.
fn predicted(
    Export { house, view, .. }: &Export<'_>,
    row: &TaskRow,
    attempt: Option<AttemptId>,
    proposal: Option<&ProposalRow>,
    instance: &str,
) -> Result<Prediction, DeskError> {
    let model_patch = match proposal {
        None => String::new(),
        Some(proposal) => {
            String::from_utf8(task::patch(house, view, row, proposal)?).map_err(|_| {
                let what =
                    format!("the change of task {} is no UTF-8, which JSON can't hold", row.id);
                DeskError::usage(what).advise(format!("`tenfold diff {} --raw` has it", row.id))
            })?
        }
    };
    let by = match proposal.map(|proposal| proposal.attempt).or(attempt) {
        Some(id) => view.attempt(id)?,
        None => view.attempts(row.id)?.pop(),
    };
    let model = match by {
        Some(attempt) => attempt.model,
        None => spec(view, row)?.model,
    };
    let instance_id = instance.to_owned();
    Ok(Prediction { model_name_or_path: model, instance_id, model_patch })
}

type Found = (TaskRow, Option<AttemptId>);

fn tasks(view: &View, chosen: &[Chosen]) -> Result<Vec<Found>, DeskError> {
    chosen.iter().map(|one| Ok((found(view, *one)?, one.attempt))).collect()
}

/// The newest first: of two tasks for one instance it is the newer that counts.
fn all_tasks(view: &View) -> Result<Vec<Found>, DeskError> {
    let mut query = TaskQuery { limit: PAGE, ..TaskQuery::default() };
    let mut rows = Vec::new();
    loop {
        let page = view.tasks(&query)?;
        let is_last = page.len() < PAGE as usize;
        query.past = page.last().map(|row| row.id);
        rows.extend(page.into_iter().map(|row| (row, None)));
        if is_last {
            return Ok(rows);
        }
    }
}

/// The folder's name where that is an instance's (`owner__repository-123`), as it is for those
/// who check each out into a folder of its own; else with the task's number, to be unique.
fn instance_of(row: &TaskRow) -> String {
    let folder = row.workspace.file_name().unwrap_or(row.workspace.as_os_str()).to_string_lossy();
    match is_instance(&folder) {
        true => folder.into_owned(),
        false => format!("{folder}-{}", row.id),
    }
}

fn is_instance(name: &str) -> bool {
    let Some((owner, rest)) = name.split_once("__") else { return false };
    let Some((repository, number)) = rest.rsplit_once('-') else { return false };
    let is_name = |text: &str| !text.is_empty() && !text.contains(char::is_whitespace);
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    is_name(owner) && is_name(repository) && is_number
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_is_told_from_other_folders() {
        for name in ["django__django-11099", "scikit-learn__scikit-learn-25570", "a__b-c__d-1"] {
            assert!(is_instance(name), "{name}");
        }
        for name in ["django", "a__b", "a__b-", "a__b-1x", "__b-1", "a__-1", "a b__c-1"] {
            assert!(!is_instance(name), "{name}");
        }
    }
}

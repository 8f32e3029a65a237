//! Which tasks are listed, and how many there are of them: questions become SQL here, so that
//! where an index answers, it does.

use std::collections::BTreeMap;
use std::path::PathBuf;

use rusqlite::types::ToSqlOutput;
use rusqlite::{Connection, ToSql};
use tenfold_domain::{AccountId, TaskId, TaskState};

use crate::StoreError;
use crate::columns::{self, word};
use crate::journal::integer;
use crate::project::rows;
use crate::rows::TaskRow;

/// Which tasks to list. The default is the first page of all of them, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskQuery {
    /// In one of these states; empty: in any.
    pub states: Vec<TaskState>,
    /// Paid for by one of these accounts; `None`: by any.
    pub accounts: Option<Vec<AccountId>>,
    /// Of this workspace only.
    pub workspace: Option<PathBuf>,
    /// For this role only.
    pub role: Option<String>,
    /// With this label only.
    pub label: Option<String>,
    /// With this in what was asked for, in small or capital letters; every such task is read.
    pub text: Option<String>,
    /// Whether the newest come first.
    pub newest_first: bool,
    /// Only tasks that come after this one, in the order asked for.
    pub past: Option<TaskId>,
    /// At most this many.
    pub limit: u32,
}

impl Default for TaskQuery {
    fn default() -> Self {
        Self {
            states: Vec::new(),
            accounts: None,
            workspace: None,
            role: None,
            label: None,
            text: None,
            newest_first: true,
            past: None,
            limit: 100,
        }
    }
}

/// Conditions, each with its parameter.
#[derive(Default)]
struct Conditions {
    sql: Vec<String>,
    parameters: Vec<Box<dyn ToSql>>,
}

impl Conditions {
    /// Adds one; `?` stands for the parameter.
    fn add(&mut self, sql: &str, parameter: impl ToSql + 'static) {
        self.parameters.push(Box::new(parameter));
        let place = format!("?{}", self.parameters.len());
        self.sql.push(sql.replace('?', &place));
    }

    fn parameters(&self) -> Vec<&dyn ToSql> {
        self.parameters.iter().map(AsRef::as_ref).collect()
    }
}

impl TaskQuery {
    /// What every row has to be, but for its state, its account and its place; `None` if no row
    /// can be so.
    fn conditions(
        &self,
        state: Option<TaskState>,
        account: Option<AccountId>,
    ) -> Option<Conditions> {
        let mut all = Conditions::default();
        if let Some(account) = account {
            all.add("account = ?", i64::from(account.0));
        }
        if let Some(state) = state {
            all.add("state = ?", word(state));
        }
        if let Some(workspace) = &self.workspace {
            all.add("workspace = ?", workspace.to_str()?.to_owned());
        }
        if let Some(role) = &self.role {
            all.add("json_extract(body, '$.role') = ?", role.clone());
        }
        if let Some(label) = &self.label {
            let sql = "EXISTS (SELECT 1 FROM json_each(body, '$.standing.labels') \
                       WHERE value = ?)";
            all.add(sql, label.clone());
        }
        if let Some(text) = &self.text {
            all.add(r"json_extract(body, '$.text') LIKE ? ESCAPE '\'", Contains(text.clone()));
        }
        Some(all)
    }

    /// Each state and account that is asked for is a query of its own, so that each is found by
    /// its index in the order that was asked for.
    fn parts(&self) -> Vec<(Option<TaskState>, Option<AccountId>)> {
        let states: Vec<_> = match self.states.as_slice() {
            [] => vec![None],
            states => states.iter().copied().map(Some).collect(),
        };
        let accounts: Vec<_> = match &self.accounts {
            None => vec![None],
            Some(accounts) => accounts.iter().copied().map(Some).collect(),
        };
        let of = |state| accounts.iter().map(move |account| (state, *account));
        states.into_iter().flat_map(of).collect()
    }
}

/// As `LIKE` finds a text within another.
struct Contains(String);

impl ToSql for Contains {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let mut pattern = String::from("%");
        for letter in self.0.chars() {
            if matches!(letter, '%' | '_' | '\\') {
                pattern.push('\\');
            }
            pattern.push(letter);
        }
        pattern.push('%');
        Ok(pattern.into())
    }
}

/// As [`View::tasks`](crate::View::tasks).
pub(crate) fn tasks(
    connection: &Connection,
    query: &TaskQuery,
) -> Result<Vec<TaskRow>, StoreError> {
    let mut found = Vec::new();
    for (state, account) in query.parts() {
        let Some(conditions) = query.conditions(state, account) else { return Ok(Vec::new()) };
        let (sql, conditions) = page(query, conditions);
        found.extend(rows::<TaskRow>(connection, &sql, &conditions.parameters())?);
    }
    found.sort_unstable_by_key(|row| row.id);
    found.dedup_by_key(|row| row.id);
    if query.newest_first {
        found.reverse();
    }
    found.truncate(query.limit as usize);
    Ok(found)
}

/// The SQL of a page of tasks.
fn page(query: &TaskQuery, mut conditions: Conditions) -> (String, Conditions) {
    let (beyond, order) = if query.newest_first { ("<", "DESC") } else { (">", "ASC") };
    let past = match query.past {
        Some(id) => integer(id.number()),
        None if query.newest_first => i64::MAX,
        None => 0,
    };
    conditions.add(&format!("id {beyond} ?"), past);
    let all = conditions.sql.join(" AND ");
    let limit = query.limit;
    (format!("SELECT body FROM task_row WHERE {all} ORDER BY id {order} LIMIT {limit}"), conditions)
}

/// As [`View::count`](crate::View::count).
pub(crate) fn count(
    connection: &Connection,
    query: &TaskQuery,
) -> Result<BTreeMap<TaskState, u64>, StoreError> {
    let is_counted = query.accounts.is_none()
        && query.role.is_none()
        && query.label.is_none()
        && query.text.is_none();
    let mut counts = BTreeMap::new();
    if is_counted {
        counts = columns::how_many(connection, query.workspace.as_deref())?;
    } else {
        let all = TaskQuery { states: Vec::new(), ..query.clone() };
        for (_, account) in all.parts() {
            let Some(conditions) = query.conditions(None, account) else { return Ok(counts) };
            let (sql, parameters) = (counting(&conditions), conditions.parameters());
            for (state, tasks) in columns::states(connection, &sql, &parameters)? {
                *counts.entry(state).or_default() += tasks;
            }
        }
    }
    if !query.states.is_empty() {
        counts.retain(|state, _| query.states.contains(state));
    }
    Ok(counts)
}

/// The SQL that counts by state.
fn counting(conditions: &Conditions) -> String {
    let all = match conditions.sql.is_empty() {
        true => "TRUE".to_owned(),
        false => conditions.sql.join(" AND "),
    };
    format!("SELECT state, count(*) FROM task_row WHERE {all} GROUP BY state")
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The SQL of pages of all kinds that an index is to answer, each with the index.
    pub(crate) fn pages() -> Vec<(String, &'static str)> {
        let (state, account) = (Some(TaskState::Queued), Some(AccountId(2)));
        let workspace = || Some(PathBuf::from("/w"));
        let mut pages = Vec::new();
        for newest_first in [true, false] {
            for (state, account, workspace, index) in [
                (None, None, None, "PRIMARY KEY"),
                (state, None, None, "task_by_state"),
                (None, None, workspace(), "task_by_workspace"),
                (state, None, workspace(), "task_by_workspace_and_state"),
                (None, account, None, "task_by_account"),
                (state, account, None, "task_by_account_and_state"),
            ] {
                let query = TaskQuery { newest_first, workspace, ..TaskQuery::default() };
                let conditions = query.conditions(state, account).unwrap();
                pages.push((page(&query, conditions).0, index));
            }
        }
        let query = TaskQuery::default();
        let conditions = query.conditions(None, account).unwrap();
        pages.push((counting(&conditions), "task_by_account_and_state"));
        pages
    }

    #[test]
    fn what_is_looked_for_is_no_pattern() {
        let contains = Contains(r"100_% \ ".to_owned());
        assert_eq!(contains.to_sql().unwrap(), r"%100\_\% \\ %".to_owned().into());
    }
}

//! Making room: what Tenfold keeps on the disk is bounded, and what goes first is what nobody
//! will miss.
//!
//! The files of a task go when a person has accepted or rejected it, and not before; the journal
//! never does. That they go is recorded first, and done with nobody else writing to the git directory
//! that they are in. What is still referred to by a task that stays is given a name before anything
//! that has none goes.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use serde_json::Value;
use tenfold_domain::{
    AttemptEvent, Bytes, CommitId, Fact, MakeRoom, Progress, RoomMade, TaskId, Timestamp,
};
use tenfold_store::{About, Store, View};
use tenfold_workspace::{Own, WorkspaceError};

use crate::engine::blocking;
use crate::floor::Will;
use crate::layers::Layers;
use crate::setup::{discard, reference};
use crate::{Engine, EngineError, Places};

mod choice;
mod taken;

pub(crate) use choice::reviewed_at;
use choice::{Candidate, For, What, fewest, is_old, names_of, purpose};
pub use taken::taken;

/// Less than this is not worth packing a git directory anew.
const LEAST: Bytes = Bytes(1_000_000);

/// The names of commits that only the journal refers to begin so.
const HELD: &str = "held";

/// A git directory as it was looked at.
struct Looked {
    dir: PathBuf,
    kept: BTreeMap<String, CommitId>,
    /// What tasks refer to without a name, as far as their rows say it.
    referred: BTreeSet<CommitId>,
    all: Bytes,
}

/// What may go, the oldest first, and where it is.
struct Plan {
    looked: Vec<Looked>,
    /// The git directories that can't be looked at, and why not.
    failures: Vec<String>,
    candidates: Vec<Candidate>,
    /// What each number of leaving names of a git directory leaves there.
    measured: HashMap<(PathBuf, BTreeSet<String>), Bytes>,
}

/// What would go on these terms, and about how much would be free then. Nothing is changed.
///
/// # Errors
/// What the store or git says.
pub fn would_make_room(
    view: &View,
    places: &Places,
    terms: &MakeRoom,
    now: Timestamp,
) -> Result<RoomMade, EngineError> {
    let taken = taken(places);
    let mut plan = Plan::of(view, places, terms, now)?;
    let count = plan.count(view, taken.total(), terms)?;
    let freed = plan.freed(view, count)?;
    Ok(RoomMade { freed, taken, ..plan.named(count) })
}

impl Engine {
    /// Makes room on these terms. Files of tasks that are not reviewed stay, and so does the
    /// journal.
    ///
    /// # Errors
    /// What the store or git says. What went by then is recorded.
    pub async fn make_room(&self, terms: MakeRoom) -> Result<RoomMade, EngineError> {
        let _writing = self.writing.lock().await;
        let (store, sandbox) = (Arc::clone(&self.store), Arc::clone(&self.sandbox));
        let places = self.config.places.clone();
        let (floor, now) = (Arc::clone(&self.floor), self.around.now());
        let making = move || {
            let discard = |dir: &Path| discard(&sandbox, dir);
            let is_at_work = |task| floor.wanted(task).is_some();
            let (store, discard, is_at_work) = (&*store, &discard, &is_at_work);
            Making { store, discard, places: &places, terms, now, is_at_work }.make()
        };
        blocking(making).await
    }

    /// Leaves the workspace of a task that is not at work any more.
    async fn leave_workspace(&self, task: TaskId) -> Result<(), EngineError> {
        let Some(spec) = self.store.view()?.spec(task)? else { return Ok(()) };
        let workspace = self.workspace(&spec).await?;
        // As long as others work in it, what they write is in use.
        let Some(workspace) = Arc::into_inner(workspace) else { return Ok(()) };
        Ok(blocking(move || workspace.leave()).await?)
    }

    /// Tidies up after the work on a task.
    pub(crate) async fn tidy_up(&self, task: TaskId) {
        // Who wants an end does not want to wait for it.
        if matches!(self.floor.wanted(task), Some(Will::Stop | Will::Leave | Will::Park)) {
            return;
        }
        if let Err(why) = self.leave_workspace(task).await {
            tracing::warn!("what was written for task {task} could not be tidied up: {why}");
        }
        self.stay_within(Some(task)).await;
    }

    /// Makes room if more is taken than the person allows, which is measured now and then. Who
    /// watches the task is told.
    pub(crate) async fn stay_within(&self, task: Option<TaskId>) {
        let Some(terms) = self.config.room else { return };
        let Some(most) = terms.most else { return };
        if !self.house.is_to_measure() {
            return;
        }
        let places = self.config.places.clone();
        if blocking(move || taken(&places)).await.total() <= most {
            return;
        }
        let text = match self.make_room(terms).await {
            Ok(made) if made.taken.total() <= most => made_room(&made, most),
            Ok(made) if !self.house.is_too_full.swap(true, Ordering::Relaxed) => {
                too_full(&made, most)
            }
            Ok(_) => return,
            Err(why) => format!("no room could be made on the disk: {why}"),
        };
        match task {
            Some(task) => self.floor.teller().tell(Progress::Note { task, text }),
            None => tracing::warn!("{text}"),
        }
    }
}

fn made_room(made: &RoomMade, most: Bytes) -> String {
    let RoomMade { tasks, setups, freed, .. } = made;
    format!(
        "Tenfold's files took more than {most}: {freed} are free again (the files of {} reviewed \
         tasks, {setups} layers of setup commands)",
        tasks.len()
    )
}

fn too_full(made: &RoomMade, most: Bytes) -> String {
    let (taken, freed) = (made.taken.total(), made.freed);
    format!(
        "Tenfold's files take {taken}, more than the {most} that they may, and no more can go \
         ({freed} just went): what is left is the journal (`tenfold store compact`), work that you \
         have not reviewed, and what was used or reviewed lately. Review tasks (`tenfold list`), \
         or set TENFOLD_DISK_MAX; `tenfold doctor` says what takes how much"
    )
}

/// What could not be done with a git directory, for the person.
fn failed(dir: &Path, why: &WorkspaceError) -> String {
    format!("{}: {why}", dir.display())
}

impl Looked {
    /// Looks at a git directory; and what may go of it.
    fn at(
        dir: &Path,
        view: &View,
        is_old: impl Fn(Timestamp) -> bool,
    ) -> Result<(Self, Vec<Candidate>), EngineError> {
        let own = Own::open(dir)?;
        let (kept, all) = (own.kept()?, own.all_bytes()?);
        let (mut referred, mut candidates) = (BTreeSet::new(), Vec::new());
        for task in tasks_of(&kept) {
            let Some(row) = view.task(task)? else { continue };
            let since = reviewed_at(&row).filter(|since| is_old(*since));
            match since.filter(|_| !names_of(&row, &kept).is_empty()) {
                Some(since) => candidates.push(Candidate { since, what: What::Files(task) }),
                None => referred.extend(bases(view, task)?),
            }
        }
        Ok((Self { dir: dir.to_owned(), kept, referred, all }, candidates))
    }
}

impl Plan {
    fn of(
        view: &View,
        places: &Places,
        terms: &MakeRoom,
        now: Timestamp,
    ) -> Result<Self, EngineError> {
        let (mut looked, mut failures) = (Vec::new(), Vec::new());
        let mut candidates = BTreeSet::new();
        for dir in Own::all(&places.workspaces())? {
            match Looked::at(&dir, view, |since| is_old(since, now, terms.keep)) {
                Ok((found, tasks)) => {
                    looked.push(found);
                    candidates.extend(tasks);
                }
                // One that is broken does not keep the others from being made smaller.
                Err(EngineError::Workspace(why)) => failures.push(failed(&dir, &why)),
                Err(why) => return Err(why),
            }
        }
        for layers in Layers::all(&places.setups()) {
            for (used, key) in layers.kept() {
                let (since, folder) = (used, layers.place(""));
                if is_old(since, now, terms.keep) {
                    candidates.insert(Candidate { since, what: What::Setup(folder, key) });
                }
            }
        }
        let candidates = candidates.into_iter().collect();
        Ok(Self { looked, failures, candidates, measured: HashMap::new() })
    }

    /// How many of the oldest go.
    fn count(&mut self, view: &View, now: Bytes, terms: &MakeRoom) -> Result<usize, EngineError> {
        let all = self.candidates.len();
        match terms.most {
            None => Ok(all),
            Some(most) => fewest(all, now.saturating_sub(most), |count| self.freed(view, count)),
        }
    }

    /// About how much is free once so many of the oldest have gone.
    fn freed(&mut self, view: &View, count: usize) -> Result<Bytes, EngineError> {
        let gone = &self.candidates[..count];
        let mut freed = Bytes(0);
        for Candidate { what, .. } in gone {
            if let What::Setup(folder, key) = what {
                freed += taken::below(&folder.join(key), &[]);
            }
        }
        let mut tasks = Vec::new();
        for Candidate { what, .. } in gone {
            if let What::Files(task) = what {
                tasks.extend(view.task(*task)?);
            }
        }
        for Looked { dir, kept, referred, all } in &self.looked {
            let leaving: BTreeSet<String> =
                tasks.iter().flat_map(|row| names_of(row, kept)).collect();
            let place = (dir.clone(), leaving);
            let stays = match self.measured.get(&place) {
                Some(stays) => *stays,
                None => {
                    let named = kept.iter().filter(|(name, _)| !place.1.contains(*name));
                    let commits = named.map(|(_, commit)| commit).chain(referred);
                    let stays = Own::open(dir)?.bytes_of(commits)?;
                    self.measured.insert(place, stays);
                    stays
                }
            };
            freed += all.saturating_sub(stays);
        }
        Ok(freed)
    }

    /// The oldest, by their names.
    fn named(&self, count: usize) -> RoomMade {
        let mut made = RoomMade { failed: self.failures.clone(), ..RoomMade::default() };
        for Candidate { what, .. } in &self.candidates[..count] {
            match what {
                What::Files(task) => made.tasks.push(*task),
                What::Setup(..) => made.setups += 1,
            }
        }
        made
    }
}

fn tasks_of(kept: &BTreeMap<String, CommitId>) -> BTreeSet<TaskId> {
    let task = |name: &String| match purpose(name) {
        For::Task(task) => Some(task),
        For::Setup(_) | For::Unknown => None,
    };
    kept.keys().filter_map(task).collect()
}

/// What the attempts of a task began with.
fn bases(view: &View, task: TaskId) -> Result<Vec<CommitId>, EngineError> {
    let attempts = view.attempts(task)?.into_iter();
    Ok(attempts.filter(|row| row.files_removed_at.is_none()).map(|row| row.base).collect())
}

/// Every commit that the journal names for a task, but for attempts whose files are gone.
fn referred(view: &View, task: TaskId) -> Result<BTreeSet<CommitId>, EngineError> {
    let mut found = BTreeSet::new();
    for attempt in view.attempts(task)? {
        if attempt.files_removed_at.is_some() {
            continue;
        }
        for event in view.each_event(About::Attempt(attempt.id).into()) {
            let fact = serde_json::to_value(event?.fact).unwrap_or_default();
            name_commits(&fact, &mut found);
        }
    }
    Ok(found)
}

/// Whatever looks like the name of a commit.
fn name_commits(value: &Value, found: &mut BTreeSet<CommitId>) {
    match value {
        Value::String(text) => found.extend(text.parse::<CommitId>().ok()),
        Value::Array(values) => values.iter().for_each(|value| name_commits(value, found)),
        Value::Object(fields) => fields.values().for_each(|value| name_commits(value, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// All that making room needs to know.
struct Making<'m> {
    store: &'m Store,
    /// Removes a folder that commands have written to.
    discard: &'m dyn Fn(&Path),
    places: &'m Places,
    terms: MakeRoom,
    /// When it is made: what was reviewed or used long before may go.
    now: Timestamp,
    /// Whether a task is at work now.
    is_at_work: &'m dyn Fn(TaskId) -> bool,
}

impl Making<'_> {
    fn make(&self) -> Result<RoomMade, EngineError> {
        let before = taken(self.places).total();
        let view = self.store.view()?;
        let mut plan = Plan::of(&view, self.places, &self.terms, self.now)?;
        let count = plan.count(&view, before, &self.terms)?;
        drop(view);
        let failed_before = std::mem::take(&mut plan.failures);
        let mut made = RoomMade { failed: failed_before, ..RoomMade::default() };
        let mut tasks = BTreeSet::new();
        for Candidate { what, .. } in plan.candidates.drain(..count) {
            match what {
                What::Files(task) => drop(tasks.insert(task)),
                What::Setup(folder, key) => {
                    made.setups += u64::from(Layers::new(folder).remove(&key, self.discard));
                }
            }
        }
        let mut gone = BTreeSet::new();
        for Looked { dir, .. } in &plan.looked {
            match self.make_in(dir, &tasks) {
                Ok(tasks) => gone.extend(tasks),
                Err(EngineError::Workspace(why)) => made.failed.push(failed(dir, &why)),
                Err(why) => return Err(why),
            }
        }
        made.tasks = gone.into_iter().collect();
        made.taken = taken(self.places);
        made.freed = before.saturating_sub(made.taken.total());
        Ok(made)
    }

    /// Makes room in a git directory, with nobody else writing to it. Returns the tasks whose files went.
    fn make_in(&self, dir: &Path, tasks: &BTreeSet<TaskId>) -> Result<Vec<TaskId>, EngineError> {
        let own = Own::alone(dir)?;
        let kept = own.own().kept()?;
        let view = self.store.view()?;
        let (mut names, mut gone, mut facts) = (BTreeSet::new(), Vec::new(), Vec::new());
        for task in tasks_of(&kept) {
            let Some(row) = view.task(task)? else { continue };
            // It was looked at before this directory was ours alone.
            let may_go = tasks.contains(&task) && !(self.is_at_work)(task);
            let since = reviewed_at(&row).filter(|_| may_go);
            if since.is_none_or(|since| !is_old(since, self.now, self.terms.keep)) {
                own.hold(&format!("{HELD}/{task}"), &referred(&view, task)?)?;
                continue;
            }
            let there = view.attempts(task)?.into_iter();
            facts.extend(
                there.filter(|row| row.files_removed_at.is_none()).map(|row| Fact::Attempt {
                    attempt: row.id,
                    event: AttemptEvent::FilesRemoved,
                }),
            );
            names.extend(names_of(&row, &kept));
            gone.push(task);
        }
        drop(view);
        let setups = self.setups();
        let is_left = |name: &&String| match purpose(name) {
            // One that is just being made has its name first.
            For::Setup(key) => own.is_unused() && !setups.contains(&reference(&key)),
            For::Task(_) | For::Unknown => false,
        };
        names.extend(kept.keys().filter(is_left).cloned());
        if !facts.is_empty() {
            self.store.append(facts)?;
        }
        if !names.is_empty() || own.unnamed_bytes()? >= LEAST {
            own.remove(&names.into_iter().collect::<Vec<_>>())?;
        }
        Ok(gone)
    }

    /// The names that layers which are there keep their files by.
    fn setups(&self) -> BTreeSet<String> {
        let layers = Layers::all(&self.places.setups()).into_iter();
        layers.flat_map(|layers| layers.kept()).map(|(_, key)| reference(&key)).collect()
    }
}

#[cfg(test)]
mod tests;

//! Stories of tasks, on a real store and real git directories: whatever happened to them, what a
//! person has not reviewed is there afterwards, in every byte.

use std::fs;

use proptest::prelude::*;
use proptest::test_runner::Config;
use tempfile::TempDir;
use tenfold_domain::{
    ApprovedCheck, AttemptId, AttemptOutcome, Budget, CheckFiles, Millis, NanoUsd, ProposalEvent,
    Seed, StepId, Strategy as Way, TaskEvent, TaskSpec, TaskState,
};
use tenfold_store::{AttemptStart, Surroundings};
use tenfold_workspace::{FileChange, Workspace};

use super::*;

/// What happens to a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deed {
    /// An attempt begins, on files as they are then.
    Begin,
    /// The last attempt makes a commit that only the journal names.
    Work,
    Propose,
    Ask,
    Pause,
    GoOn,
    End(AttemptOutcome),
    /// The last attempt's check is approved.
    ApproveCheck,
    Accept,
    AcceptInPlace,
    /// It is cut short while it is written into the files.
    Apply,
    Reject,
    Undo,
    /// Room is made, of all that may go.
    MakeRoom,
}

/// A folder of the person's, the store, and all commits that tasks have come to.
struct Story {
    dir: TempDir,
    store: Store,
    made: u32,
    at_work: Option<TaskId>,
    /// Of which attempt, and what its one file holds.
    commits: Vec<(AttemptId, CommitId, Vec<u8>)>,
}

fn places(dir: &Path) -> Places {
    let [data, cache, config] = ["data", "cache", "config"].map(|name| dir.join(name));
    let (runtime, models) = (data.join("work"), cache.join("models"));
    Places { data, cache, config, runtime, models }
}

impl Story {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("folder")).unwrap();
        // Each thing happens at a time of its own.
        let times = std::sync::atomic::AtomicU64::new(1);
        let clock = move || Timestamp(times.fetch_add(1, Ordering::Relaxed));
        let around = Surroundings::default().with_clock(clock);
        let store = Store::open_in(&places(dir.path()).store_file(), around).unwrap();
        Self { dir, store, made: 0, at_work: None, commits: Vec::new() }
    }

    fn places(&self) -> Places {
        places(self.dir.path())
    }

    fn workspace(&self) -> Workspace {
        Workspace::open(&self.dir.path().join("folder"), &self.places().workspaces()).unwrap()
    }

    fn view(&self) -> View {
        self.store.view().unwrap()
    }

    fn row(&self, task: TaskId) -> tenfold_store::TaskRow {
        self.view().task(task).unwrap().unwrap()
    }

    fn ask(&self) -> TaskId {
        self.store.new_task(spec(&self.dir.path().join("folder"))).unwrap()
    }

    fn say(&self, attempt: AttemptId, event: AttemptEvent) {
        self.store.append(vec![Fact::Attempt { attempt, event }]).unwrap();
    }

    fn propose(&self, attempt: AttemptId, event: ProposalEvent) {
        self.store.append(vec![Fact::Proposal { attempt, event }]).unwrap();
    }

    /// A commit that nobody else has made.
    fn commit(&mut self, attempt: AttemptId, on: &CommitId) -> CommitId {
        self.made += 1;
        let content = format!("{} of {attempt}\n", self.made).into_bytes();
        let change = FileChange { path: "a".into(), content: Some(content.clone()) };
        let commit = self.workspace().commit(on, &[change], "m").unwrap();
        self.commits.push((attempt, commit.clone(), content));
        commit
    }

    fn begin(&mut self, task: TaskId) {
        self.made += 1;
        let content = format!("{} of the person\n", self.made).into_bytes();
        fs::write(self.dir.path().join("folder/a"), &content).unwrap();
        let workspace = self.workspace();
        let base = workspace.snapshot().unwrap().commit;
        workspace.keep(&format!("base/{task}"), &base).unwrap();
        let (model, seed) = ("m".to_owned(), Seed(1));
        let start = AttemptStart { strategy: Way::Repair, model, seed, base: base.clone() };
        let attempt = self.store.new_attempt(task, start).unwrap();
        self.commits.push((attempt, base, content));
    }

    fn tell(&mut self, task: TaskId, deed: Deed) {
        let row = self.row(task);
        let last = AttemptId { task, number: row.attempts };
        let (before, after) = ("a".repeat(40).parse().unwrap(), "b".repeat(40).parse().unwrap());
        match deed {
            // The engine refuses it where the files of its check are gone.
            Deed::Begin if !self.has_check_files(&row) => return,
            Deed::Begin => return self.begin(task),
            Deed::MakeRoom => return drop(self.make_room(None)),
            _ if row.attempts == 0 => return,
            _ => {}
        }
        let base = self.view().attempt(last).unwrap().unwrap().base;
        let is_there = self.view().attempt(last).unwrap().unwrap().files_removed_at.is_none();
        match deed {
            Deed::Begin | Deed::MakeRoom => {}
            Deed::Work if is_there => {
                let commit = self.commit(last, &base);
                self.say(
                    last,
                    AttemptEvent::Advanced { change: serde_json::json!([{ "at": commit }]) },
                );
            }
            Deed::Propose if is_there => {
                let commit = self.commit(last, &base);
                self.workspace().keep(&format!("attempt/{last}"), &commit).unwrap();
                self.propose(last, ProposalEvent::Made { commit, evidence: None });
            }
            Deed::ApproveCheck if is_there => {
                let commit = self.commit(last, &base);
                self.workspace().keep(&format!("check/{last}.1"), &commit).unwrap();
                let files = CheckFiles { commit, paths: vec!["a".into()] };
                let event = TaskEvent::CheckApproved(ApprovedCheck { command: "c".into(), files });
                self.store.append(vec![Fact::Task { task, event }]).unwrap();
            }
            Deed::Work | Deed::Propose | Deed::ApproveCheck => {}
            Deed::Ask => {
                self.say(
                    last,
                    AttemptEvent::Asked { step: StepId(1), question: "?".into(), call: None },
                );
            }
            Deed::Pause => self.say(last, AttemptEvent::Paused),
            Deed::GoOn => self.say(last, AttemptEvent::Resumed),
            Deed::End(outcome) => {
                self.say(last, AttemptEvent::Ended { outcome, note: String::new() })
            }
            // The engine refuses these where the files are gone.
            Deed::Accept | Deed::AcceptInPlace | Deed::Apply | Deed::Reject | Deed::Undo
                if !is_there => {}
            Deed::Accept => self.propose(
                last,
                ProposalEvent::AcceptedAsBranch { branch: "b".into(), commit: "c".into() },
            ),
            Deed::AcceptInPlace => {
                self.propose(last, ProposalEvent::AcceptedInPlace { before, after });
            }
            Deed::Apply => self.propose(last, ProposalEvent::Applying { before, after }),
            Deed::Reject => self.propose(last, ProposalEvent::Rejected { reason: String::new() }),
            Deed::Undo => self.propose(last, ProposalEvent::Undone),
        }
    }

    fn has_check_files(&self, row: &tenfold_store::TaskRow) -> bool {
        row.check.iter().all(|check| self.workspace().files(&check.files.commit).is_ok())
    }

    /// Makes room of all that was reviewed, however lately.
    fn make_room(&self, most: Option<Bytes>) -> RoomMade {
        let (places, terms) = (self.places(), MakeRoom { keep: Millis(0), most });
        let discard = |dir: &Path| fs::remove_dir_all(dir).unwrap();
        let is_at_work = |task| self.at_work == Some(task);
        let (store, discard, is_at_work) = (&self.store, &discard, &is_at_work);
        // After all that has happened.
        let now = Timestamp(u64::MAX);
        Making { store, discard, places: &places, terms, now, is_at_work }.make().unwrap()
    }

    /// Whether a commit is there, with what it held.
    fn is_there(&self, commit: &CommitId, content: &[u8]) -> bool {
        self.workspace().read(commit, Path::new("a")).is_ok_and(|found| found == content)
    }

    /// Holds each commit that an attempt has come to to be there, but for attempts of which the
    /// journal says that they are not; and those to be of reviewed tasks at the time.
    fn holds(&self) {
        for (attempt, commit, content) in &self.commits {
            let row = self.view().attempt(*attempt).unwrap().unwrap();
            let check = self.row(attempt.task).check.filter(|check| check.files.commit == *commit);
            let is_tried = check.is_some() && self.row(attempt.task).state != TaskState::Accepted;
            if row.files_removed_at.is_none() || is_tried {
                assert!(self.is_there(commit, content), "{commit} of {attempt} is gone");
            }
        }
    }
}

fn spec(workspace: &Path) -> TaskSpec {
    TaskSpec::new("t", workspace, "m", Budget { money: NanoUsd(1), time: Millis(1), attempts: 1 })
}

const FINISH: [Deed; 3] = [Deed::Begin, Deed::Propose, Deed::End(AttemptOutcome::Finished)];

fn any_deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        4 => Just(Deed::Begin),
        3 => Just(Deed::Work),
        4 => Just(Deed::Propose),
        1 => Just(Deed::Ask),
        1 => Just(Deed::Pause),
        1 => Just(Deed::GoOn),
        4 => prop::sample::select(vec![
            AttemptOutcome::Finished,
            AttemptOutcome::GaveUp,
            AttemptOutcome::Stopped,
        ])
        .prop_map(Deed::End),
        1 => Just(Deed::ApproveCheck),
        2 => Just(Deed::Accept),
        2 => Just(Deed::AcceptInPlace),
        1 => Just(Deed::Apply),
        3 => Just(Deed::Reject),
        1 => Just(Deed::Undo),
        1 => Just(Deed::MakeRoom),
    ]
}

proptest! {
    // Each case is some dozens of git's processes.
    #![proptest_config(Config { cases: 12, max_shrink_iters: 40, ..Config::default() })]
    #[test]
    fn whatever_happened_what_is_not_reviewed_is_there_afterwards(
        told in prop::collection::vec((0..2_usize, any_deed()), 0..16),
    ) {
        let mut story = Story::new();
        let tasks = [story.ask(), story.ask()];
        for task in tasks {
            FINISH.iter().for_each(|deed| story.tell(task, *deed));
        }
        told.iter().for_each(|(task, deed)| story.tell(tasks[*task], *deed));
        let before = tasks.map(|task| (task, story.row(task), story.view().attempts(task).unwrap()));
        let made = story.make_room(None);
        story.holds();
        for (task, row, attempts) in before {
            let is_reviewed = matches!(row.state, TaskState::Accepted | TaskState::Rejected);
            let after = story.view().attempts(task).unwrap();
            prop_assert!(is_reviewed || after == attempts, "{} went: {row:?}", task);
            prop_assert!(is_reviewed || !made.tasks.contains(&task));
            if is_reviewed {
                prop_assert!(after.iter().all(|row| row.files_removed_at.is_some()), "{row:?}");
            }
            prop_assert_eq!(&story.row(task), &row, "a task stands as it did");
        }
        prop_assert_eq!(story.make_room(None).tasks, Vec::new(), "what is gone goes once");
    }
}

#[test]
fn the_oldest_go_first_and_no_more_than_have_to() {
    let mut story = Story::new();
    let tasks: Vec<TaskId> = (0..4).map(|_| story.ask()).collect();
    for task in &tasks {
        FINISH.iter().for_each(|deed| story.tell(*task, *deed));
    }
    // Reviewed in another order than they were asked for; the last one is not.
    for index in [2, 0, 1] {
        story.tell(tasks[index], Deed::Reject);
    }
    assert!(story.make_room(Some(Bytes(u64::MAX))).tasks.is_empty());
    let total = taken(&story.places()).total();
    let made = story.make_room(Some(total.saturating_sub(Bytes(1))));
    assert_eq!(made.tasks, [tasks[2]]);
    let made = story.make_room(Some(Bytes(0)));
    assert_eq!(made.tasks, [tasks[0], tasks[1]]);
    assert!(made.taken.total() > Bytes(0), "the journal and what is to review stay");
    story.holds();
}

#[test]
fn what_was_reviewed_goes_though_somebody_is_there_but_not_if_it_is_at_work() {
    let mut story = Story::new();
    let (task, other) = (story.ask(), story.ask());
    for task in [task, other] {
        FINISH.iter().for_each(|deed| story.tell(task, *deed));
        story.tell(task, Deed::Reject);
    }
    let workspace = story.workspace();
    // It is tried once more, and the journal does not know yet.
    story.at_work = Some(other);
    assert_eq!(story.make_room(None).tasks, [task]);
    story.holds();
    drop(workspace);
    story.at_work = None;
    assert_eq!(story.make_room(None).tasks, [other]);
    assert!(story.commits.iter().all(|(_, commit, content)| !story.is_there(commit, content)));
}

#[test]
fn a_git_directory_that_is_broken_keeps_nobody_from_making_room() {
    let mut story = Story::new();
    let task = story.ask();
    FINISH.iter().for_each(|deed| story.tell(task, *deed));
    story.tell(task, Deed::Accept);
    let dir = story.places().workspaces().join("workspaces/broken-0123456789abcdef");
    fs::create_dir_all(&dir).unwrap();
    fs::write(dir.join("HEAD"), "nonsense").unwrap();
    let made = story.make_room(None);
    assert_eq!(made.tasks, [task]);
    assert!(made.failed[0].contains("broken-0123456789abcdef"), "{:?}", made.failed);
}

/// The journal says that they go before they do.
#[test]
fn what_an_engine_that_died_has_left_goes_the_next_time() {
    let mut story = Story::new();
    let task = story.ask();
    FINISH.iter().for_each(|deed| story.tell(task, *deed));
    story.tell(task, Deed::Accept);
    story.say(AttemptId { task, number: 1 }, AttemptEvent::FilesRemoved);
    assert_eq!(story.make_room(None).tasks, [task]);
    assert!(story.commits.iter().all(|(_, commit, content)| !story.is_there(commit, content)));
}

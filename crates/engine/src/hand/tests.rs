//! An engine that is killed while it writes the person's files or makes a branch, after each step
//! that it leaves for good, in the journal and on the disk; and what the next one makes of it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;
use tenfold_domain::{
    AttemptEvent, AttemptOutcome, Budget, Millis, NanoUsd, Seed, Strategy, TaskSpec,
};
use tenfold_store::{AttemptStart, ProposalRow};
use tenfold_workspace::FileChange;

use super::*;

/// What a child is told: where, what to do, and after which step to die.
const TOLD: &str = "TENFOLD_TEST_KILLED_HAND";

/// How many steps are more than there are.
const MORE_THAN_ALL: usize = 40;

/// A folder of the person's, and a task in it with a proposal.
struct Ground {
    dir: TempDir,
}

fn places(dir: &Path) -> Places {
    let [data, cache, config] = ["data", "cache", "config"].map(|name| dir.join(name));
    let (runtime, models) = (cache.join("run"), cache.join("models"));
    Places { data, cache, config, runtime, models }
}

fn open(dir: &Path) -> (Store, Workspace) {
    let places = places(dir);
    let store = Store::open(&places.store_file()).unwrap();
    (store, Workspace::open(&dir.join("work"), &places.workspaces()).unwrap())
}

fn attempt() -> AttemptId {
    "1.1".parse().unwrap()
}

fn proposal(store: &Store) -> ProposalRow {
    let row = store.view().unwrap().task(attempt().task).unwrap().unwrap();
    row.proposal().unwrap().clone()
}

impl Ground {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let work = dir.path().join("work");
        fs::create_dir_all(work.join("old")).unwrap();
        fs::write(work.join("a"), "1\n2\n3\n").unwrap();
        fs::write(work.join("old/gone"), "1\n").unwrap();
        let (store, workspace) = open(dir.path());
        let base = workspace.snapshot().unwrap().commit;
        let edit = |path: &str, content: &str| FileChange {
            path: path.into(),
            content: Some(content.into()),
        };
        let changes = [
            edit("a", "1\n2\nnew\n"),
            edit("new/b", "1\n"),
            FileChange { path: "old/gone".into(), content: None },
        ];
        let commit = workspace.commit(&base, &changes, "m").unwrap();
        let task = store.new_task(spec(&work)).unwrap();
        let start =
            AttemptStart { strategy: Strategy::Repair, model: "m".into(), seed: Seed(1), base };
        let attempt = store.new_attempt(task, start).unwrap();
        let (outcome, note) = (AttemptOutcome::Finished, String::new());
        let made = ProposalEvent::Made { commit, evidence: None };
        store
            .append(vec![
                Fact::Proposal { attempt, event: made },
                Fact::Attempt { attempt, event: AttemptEvent::Ended { outcome, note } },
            ])
            .unwrap();
        Self { dir }
    }

    /// Every file below the person's folder.
    fn files(&self) -> BTreeMap<String, String> {
        fn collect(dir: &Path, found: &mut BTreeMap<String, String>) {
            for entry in fs::read_dir(dir).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    collect(&path, found);
                } else {
                    let text = fs::read_to_string(&path).unwrap();
                    found.insert(path.to_string_lossy().into_owned(), text);
                }
            }
        }
        let mut found = BTreeMap::new();
        collect(&self.dir.path().join("work"), &mut found);
        found
    }

    /// Another process does it, and dies after so many steps; `true` if it came to its end.
    fn ends(&self, what: &str, steps: usize) -> bool {
        let told = format!("{}|{what}|{steps}", self.dir.path().display());
        let status = Command::new(std::env::current_exe().unwrap())
            .args(["hand::tests::child_that_is_killed", "--exact", "--ignored"])
            .env(TOLD, told)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        status.unwrap().success()
    }

    /// The same folder as a repository, with its files in a commit.
    fn repository() -> Self {
        let ground = Self::new();
        ground.git(&["init", "-q", "-b", "main"]);
        ground.git(&["add", "-A"]);
        ground.git(&["-c", "user.name=A", "-c", "user.email=a@b.c", "commit", "-qm", "first"]);
        ground
    }

    /// What git says in the person's folder.
    fn git(&self, words: &[&str]) -> String {
        let mut git = Command::new("git");
        let said = git.arg("-C").arg(self.dir.path().join("work")).args(words).output().unwrap();
        String::from_utf8(said.stdout).unwrap()
    }

    /// The files that the branch has otherwise; none without the branch.
    fn on_the_branch(&self) -> Option<String> {
        let there = self.git(&["for-each-ref", "refs/heads/mend"]);
        let changed = || self.git(&["diff", "--name-status", "--no-renames", "main", "mend"]);
        (!there.is_empty()).then(changed)
    }

    fn settled(&self) -> (Vec<String>, ProposalState) {
        let (store, _) = open(self.dir.path());
        let told = settle_all(&store, &places(self.dir.path())).unwrap();
        (told, proposal(&store).state)
    }

    fn accept(&self) {
        assert!(self.ends("accept", usize::MAX));
    }
}

fn spec(work: &Path) -> TaskSpec {
    TaskSpec::new("fix it", work, "m", Budget { money: NanoUsd(1), time: Millis(1), attempts: 1 })
}

#[test]
#[ignore = "the killed process of the tests below"]
fn child_that_is_killed() {
    let Ok(told) = std::env::var(TOLD) else { return };
    let [dir, what, steps] = told.split('|').collect::<Vec<_>>()[..] else { panic!("{told}") };
    let mut left: usize = steps.parse().unwrap();
    let (store, workspace) = open(dir.as_ref());
    let hand = Hand { store: &store, workspace: &workspace, attempt: attempt() };
    let ProposalRow { commit, state, .. } = proposal(&store);
    let base = store.view().unwrap().attempt(attempt()).unwrap().unwrap().base;
    let mut hear = || {
        left = left.checked_sub(1).unwrap_or_else(|| std::process::abort());
    };
    let done = match (what, state) {
        ("accept", _) => hand.accept(&base, &commit, &mut hear).map(drop),
        ("branch", _) => hand.branch_off((&base, &commit), "mend", &mut hear).map(drop),
        (_, ProposalState::AcceptedInPlace { before, after }) => {
            hand.undo((&before, &after), &mut hear).map(drop)
        }
        (_, ProposalState::AcceptedAsBranch { branch, commit }) => {
            hand.remove_branch(&AcceptedBranch { branch, commit }, true, &mut hear)
        }
        (what, state) => panic!("{what}: {state:?}"),
    };
    done.unwrap();
}

#[test]
fn an_engine_that_is_killed_while_it_accepts_has_done_all_or_nothing_for_the_next() {
    let accepted = {
        let ground = Ground::new();
        ground.accept();
        ground.files()
    };
    let texts = |files: &BTreeMap<String, String>| files.values().cloned().collect::<Vec<_>>();
    let (mut taken_back, mut made_whole) = (0, 0);
    for steps in 0..MORE_THAN_ALL {
        let ground = Ground::new();
        let untouched = ground.files();
        let ended = ground.ends("accept", steps);
        let (told, state) = ground.settled();
        match state {
            ProposalState::ToReview => {
                assert!(told[0].contains("killed while it wrote its proposal"), "{told:?}");
                assert!(told[0].contains("waits for your review again"), "{told:?}");
                assert_eq!(ground.files(), untouched, "after {steps}");
                taken_back += 1;
            }
            ProposalState::AcceptedInPlace { .. } => {
                assert_eq!(texts(&ground.files()), texts(&accepted), "after {steps}");
                made_whole += usize::from(!told.is_empty());
            }
            state => panic!("after {steps}: {state:?}"),
        }
        assert_eq!(ground.settled().0, [""; 0], "it is settled once");
        if ended {
            // The intent, a folder, three on their way, and two of three in their places.
            assert!(taken_back >= 7 && made_whole >= 1, "{taken_back}, {made_whole}");
            return;
        }
    }
    panic!("it does not come to its end");
}

#[test]
fn an_engine_that_is_killed_while_it_takes_back_has_it_taken_back_by_the_next() {
    for steps in 0..MORE_THAN_ALL {
        let ground = Ground::new();
        let untouched = ground.files();
        ground.accept();
        let ended = ground.ends("undo", steps);
        let (told, state) = ground.settled();
        assert_eq!(state, ProposalState::ToReview, "after {steps}");
        assert_eq!(ground.files(), untouched, "after {steps}");
        if ended {
            assert_eq!(told, [""; 0]);
            return;
        }
        // The last step is that it is said to be done.
        let done = told.is_empty() || told[0].contains("killed while it took its proposal out");
        assert!(done, "{told:?}");
    }
    panic!("it does not come to its end");
}

#[test]
fn what_can_not_be_taken_back_is_told_and_stays_as_it_is() {
    let ground = Ground::new();
    // A folder, three on their way, and the first in its place.
    assert!(!ground.ends("accept", 6));
    let file = ground.dir.path().join("work/a");
    assert_eq!(fs::read_to_string(&file).unwrap(), "1\n2\nnew\n");
    fs::write(&file, "1\n2\nmine\n").unwrap();
    let (told, state) = ground.settled();
    assert!(matches!(state, ProposalState::Applying { .. }), "{state:?}");
    assert!(told[0].contains("can't be taken back"), "{told:?}");
    assert!(told[0].contains("a: the same lines") && told[0].contains("`tenfold undo 1`"));
    assert_eq!(fs::read_to_string(&file).unwrap(), "1\n2\nmine\n", "it is the person's");
    // Once there is nothing in the way any more, it goes.
    fs::write(&file, "1\n2\n3\n").unwrap();
    assert_eq!(ground.settled().1, ProposalState::ToReview);
    assert_eq!(ground.files().len(), 2);
}

/// What the branch of [`Ground::repository`] changes.
const MENDED: &str = "M\ta\nA\tnew/b\nD\told/gone\n";

#[test]
fn a_branch_that_was_to_be_made_is_there_and_recorded_whenever_its_engine_is_killed() {
    for steps in 0..MORE_THAN_ALL {
        let ground = Ground::repository();
        let ended = ground.ends("branch", steps);
        let (told, state) = ground.settled();
        let ProposalState::AcceptedAsBranch { branch, commit } = state else {
            panic!("after {steps}: {state:?}")
        };
        assert_eq!(branch, "refs/heads/mend");
        assert_eq!(ground.git(&["rev-parse", "mend"]).trim(), commit, "after {steps}");
        assert_eq!(ground.on_the_branch().unwrap(), MENDED, "after {steps}");
        assert_eq!(ground.settled().0, [""; 0], "it is settled once");
        // The intent, the branch, and that it is there.
        assert_eq!(told.len(), usize::from(steps < 2), "after {steps}: {told:?}");
        if ended {
            assert_eq!(steps, 3);
            return;
        }
    }
    panic!("it does not come to its end");
}

#[test]
fn a_branch_that_was_to_be_removed_is_gone_and_taken_back_whenever_its_engine_is_killed() {
    for steps in 0..MORE_THAN_ALL {
        let ground = Ground::repository();
        assert!(ground.ends("branch", usize::MAX));
        let ended = ground.ends("undo", steps);
        let (told, state) = ground.settled();
        assert_eq!((state, ground.on_the_branch()), (ProposalState::ToReview, None));
        assert_eq!(told.len(), usize::from(steps < 2), "after {steps}: {told:?}");
        if ended {
            return;
        }
    }
    panic!("it does not come to its end");
}

#[test]
fn what_the_person_did_with_a_branch_in_between_is_left_alone() {
    // It was made, and they have gone on from it.
    let ground = Ground::repository();
    assert!(!ground.ends("branch", 1));
    let of_mine = ["-c", "user.name=A", "-c", "user.email=a@b.c", "commit-tree", "-p", "mend"];
    let of_mine = [&of_mine[..], &["-m", "mine", "mend^{tree}"]].concat();
    let mine = ground.git(&of_mine).trim().to_owned();
    ground.git(&["update-ref", "refs/heads/mend", &mine]);
    let (_, state) = ground.settled();
    assert!(matches!(state, ProposalState::AcceptedAsBranch { .. }), "{state:?}");
    assert_eq!(ground.git(&["rev-parse", "mend"]).trim(), mine);

    // It was not, and they have made another one of that name.
    let ground = Ground::repository();
    assert!(!ground.ends("branch", 0));
    ground.git(&["branch", "mend", "main"]);
    let (told, state) = ground.settled();
    assert_eq!(state, ProposalState::ToReview);
    assert!(told[0].contains("can't be made"), "{told:?}");
    assert_eq!(ground.git(&["rev-parse", "mend"]), ground.git(&["rev-parse", "main"]));
}

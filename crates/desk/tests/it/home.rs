//! A house in a folder that goes away with the test, and the plainest facts about tasks in it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use tenfold_desk::House;
use tenfold_desk::task::{Card, Cards, paths};
use tenfold_domain::{
    AttemptEvent, AttemptId, AttemptOutcome, Budget, CheckReport, CheckVerdict, CommitId, Fact,
    Millis, NanoUsd, ProposalEvent, Seed, Strategy, TaskEvent, TaskId, TaskSpec, Timestamp,
};
use tenfold_engine::Places;
use tenfold_store::{AttemptStart, Store, View};

use crate::schema::fits;

/// A house with a store and a folder to work in.
pub(crate) struct Home {
    pub(crate) house: House,
    pub(crate) store: Store,
    pub(crate) folder: PathBuf,
    _all: TempDir,
}

impl Home {
    pub(crate) fn new() -> Self {
        let all = tempfile::tempdir().unwrap();
        let within = |name: &str| all.path().join(name);
        let (data, cache, config) = (within("data"), within("cache"), within("config"));
        let (models, runtime) = (within("models"), within("work"));
        let house = House::new(Places { data, cache, models, config, runtime });
        let folder = within("shop");
        std::fs::create_dir(&folder).unwrap();
        let store = Store::open(&house.places.store_file()).unwrap();
        Self { house, store, folder, _all: all }
    }

    pub(crate) fn spec(&self, text: &str) -> TaskSpec {
        let budget = Budget { money: NanoUsd(5_000), time: Millis(60_000), attempts: 3 };
        TaskSpec {
            check: Some("make test".to_owned()),
            ..TaskSpec::new(text, &self.folder, "m", budget)
        }
    }

    pub(crate) fn task(&self, text: &str) -> TaskId {
        self.store.new_task(self.spec(text)).unwrap()
    }

    pub(crate) fn begin(&self, task: TaskId) -> AttemptId {
        self.begin_on(task, commit('b'))
    }

    pub(crate) fn begin_on(&self, task: TaskId, base: CommitId) -> AttemptId {
        let (strategy, model, seed) = (Strategy::Loop, "big".to_owned(), Seed(u64::MAX));
        self.store.new_attempt(task, AttemptStart { strategy, model, seed, base }).unwrap()
    }

    pub(crate) fn record(&self, facts: Vec<Fact>) {
        self.store.append(facts).unwrap();
    }

    pub(crate) fn view(&self) -> View {
        self.store.view().unwrap()
    }

    pub(crate) fn card(&self, task: TaskId) -> Card {
        let view = self.view();
        let row = view.task(task).unwrap().unwrap();
        let paths = paths(&view.ledger().unwrap(), [&row]);
        let waiting = BTreeMap::new();
        let cards = Cards { view: &view, paths: &paths, waiting: &waiting, now: Timestamp(0) };
        let card = cards.of(&row).unwrap();
        fits("Card", &card);
        card
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::write(Path::new(&self.folder).join(name), bytes).unwrap();
    }
}

pub(crate) fn commit(digit: char) -> CommitId {
    digit.to_string().repeat(40).parse().unwrap()
}

pub(crate) fn of_task(task: TaskId, event: TaskEvent) -> Fact {
    Fact::Task { task, event }
}

pub(crate) fn of(attempt: AttemptId, event: AttemptEvent) -> Fact {
    Fact::Attempt { attempt, event }
}

pub(crate) fn ended(attempt: AttemptId, outcome: AttemptOutcome) -> Fact {
    of(attempt, AttemptEvent::Ended { outcome, note: "so it ended".to_owned() })
}

pub(crate) fn became(attempt: AttemptId, event: ProposalEvent) -> Fact {
    Fact::Proposal { attempt, event }
}

pub(crate) fn made(attempt: AttemptId, commit: CommitId) -> Fact {
    became(attempt, ProposalEvent::Made { commit, evidence: Some(report("ok")) })
}

pub(crate) fn report(output: &str) -> CheckReport {
    CheckReport {
        command: "make test".to_owned(),
        verdict: CheckVerdict::Passed,
        exit_code: Some(0),
        failing: Vec::new(),
        passed: Some(3),
        output: output.to_owned(),
        wall: Millis(1_500),
    }
}

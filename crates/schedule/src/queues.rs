//! Who waits, in order: accounts by their share, tasks by their turn, grouped by what can hold
//! them up, so that a look at the first of each group is enough. Apart from the limits: it is
//! told which repositories are open. It never starts anything.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use tenfold_domain::{AccountId, Millis, Timestamp};

use crate::room::{Lane, Place};
use crate::turn::Turn;
use crate::usage::{Share, Usage};

/// An account, and all of its tasks that could begin.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) usage: Usage,
    pub(crate) weight: u32,
    share: Share,
    waiting: BTreeSet<Turn>,
    /// Since when its first task waits, or those before it: since the account had its turn.
    since: Timestamp,
}

/// The tasks of one lane.
#[derive(Debug, Clone, Default)]
struct Queue {
    /// The accounts that have a task on an open repository, by share.
    accounts: BTreeSet<(Share, AccountId)>,
    of_account: HashMap<AccountId, OfAccount>,
}

/// The tasks of one account in one lane.
#[derive(Debug, Clone, Default)]
struct OfAccount {
    /// The first task of each open repository.
    open: BTreeSet<(Turn, usize)>,
    /// All tasks, by repository.
    groups: HashMap<usize, BTreeSet<Turn>>,
}

/// The best task of a lane; the least goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Candidate {
    share: Share,
    pub(crate) account: AccountId,
    pub(crate) turn: Turn,
}

/// All tasks that wait for nothing but their turn and room.
#[derive(Debug, Clone, Default)]
pub(crate) struct Queues {
    lanes: BTreeMap<Lane, Queue>,
    pub(crate) accounts: HashMap<AccountId, Account>,
    /// For each repository, who has tasks waiting for it.
    at_repository: HashMap<usize, HashSet<(Lane, AccountId)>>,
    closed: HashSet<usize>,
    /// The accounts that have tasks waiting, by how long.
    by_patience: BTreeSet<(Timestamp, AccountId)>,
    /// How many lanes and groups were looked at or changed, ever.
    pub(crate) looks: u64,
}

impl Queues {
    /// The account, which is new if it was not heard of.
    pub(crate) fn account(&mut self, id: AccountId) -> &mut Account {
        self.accounts.entry(id).or_insert_with(|| Account {
            usage: Usage::default(),
            weight: 1,
            share: Usage::default().share(1, Millis(1)),
            waiting: BTreeSet::new(),
            since: Timestamp(0),
        })
    }

    /// Lets a task wait.
    pub(crate) fn insert(&mut self, id: AccountId, turn: Turn, place: Place, now: Timestamp) {
        let account = self.account(id);
        if account.waiting.is_empty() {
            account.since = now;
            self.by_patience.insert((now, id));
        }
        let account = self.account(id);
        account.waiting.insert(turn);
        self.regroup(id, place, |group| {
            group.insert(turn);
        });
    }

    /// Takes a task out.
    pub(crate) fn remove(&mut self, id: AccountId, turn: Turn, place: Place) {
        let account = self.account(id);
        account.waiting.remove(&turn);
        if account.waiting.is_empty() {
            let since = account.since;
            self.by_patience.remove(&(since, id));
        }
        self.regroup(id, place, |group| {
            group.remove(&turn);
        });
    }

    /// Changes one group, and all that is known of its first task.
    fn regroup(&mut self, id: AccountId, place: Place, change: impl FnOnce(&mut BTreeSet<Turn>)) {
        self.looks += 1;
        let share = self.account(id).share;
        let is_open = !self.closed.contains(&place.repository);
        let queue = self.lanes.entry(place.lane).or_default();
        let mine = queue.of_account.entry(id).or_default();
        let group = mine.groups.entry(place.repository).or_default();
        let before = group.first().copied();
        change(group);
        let after = group.first().copied();
        if after.is_none() {
            mine.groups.remove(&place.repository);
        }
        if before.is_none() != after.is_none() {
            let waiting = self.at_repository.entry(place.repository).or_default();
            match after {
                Some(_) => waiting.insert((place.lane, id)),
                None => waiting.remove(&(place.lane, id)),
            };
        }
        if is_open && before != after {
            queue.replace(id, share, place.repository, before, after);
        }
        self.tidy_up(id, place);
    }

    /// Forgets what is empty, so that what was once there costs nothing.
    fn tidy_up(&mut self, id: AccountId, place: Place) {
        if self.at_repository.get(&place.repository).is_some_and(HashSet::is_empty) {
            self.at_repository.remove(&place.repository);
        }
        let Some(queue) = self.lanes.get_mut(&place.lane) else { return };
        if queue.of_account.get(&id).is_some_and(|mine| mine.groups.is_empty()) {
            queue.of_account.remove(&id);
        }
        if queue.of_account.is_empty() {
            self.lanes.remove(&place.lane);
        }
    }

    /// Opens or closes a repository for those who wait for it.
    pub(crate) fn set_open(&mut self, repository: usize, open: bool) {
        let changed = match open {
            true => self.closed.remove(&repository),
            false => self.closed.insert(repository),
        };
        if !changed {
            return;
        }
        for (lane, id) in self.at_repository.get(&repository).into_iter().flatten() {
            self.looks += 1;
            let Some(queue) = self.lanes.get_mut(lane) else { continue };
            let first = queue.of_account.get(id).and_then(|mine| mine.groups.get(&repository));
            let Some(first) = first.and_then(|group| group.first().copied()) else { continue };
            let share = self.accounts[id].share;
            let (before, after) = if open { (None, Some(first)) } else { (Some(first), None) };
            queue.replace(*id, share, repository, before, after);
        }
    }

    /// Puts an account where it belongs after its usage or its weight has changed.
    pub(crate) fn reorder(&mut self, id: AccountId, half_life: Millis) {
        let account = self.account(id);
        let before = account.share;
        account.share = account.usage.share(account.weight, half_life);
        let after = account.share;
        for queue in self.lanes.values_mut() {
            self.looks += 1;
            if queue.accounts.remove(&(before, id)) {
                queue.accounts.insert((after, id));
            }
        }
    }

    /// The task that goes first among those on open repositories in open lanes.
    pub(crate) fn best(&self, is_open: impl Fn(Lane) -> bool) -> Option<Candidate> {
        let open = self.lanes.iter().filter(|(lane, _)| is_open(**lane));
        open.filter_map(|(_, queue)| queue.best()).min()
    }

    /// How many lanes there are: what [`Queues::best`] looks at.
    pub(crate) fn lane_count(&self) -> usize {
        self.lanes.len()
    }

    /// The first task of an account, held up or not.
    pub(crate) fn first_of(&self, id: AccountId) -> Option<Turn> {
        self.accounts.get(&id)?.waiting.first().copied()
    }

    /// The account that has waited longest for its turn, and since when.
    pub(crate) fn most_patient(&self) -> Option<(Timestamp, AccountId)> {
        self.by_patience.first().copied()
    }

    /// The account has had its turn.
    pub(crate) fn had_turn(&mut self, id: AccountId, now: Timestamp) {
        let account = self.account(id);
        let before = (account.since, id);
        account.since = now;
        if self.by_patience.remove(&before) {
            self.by_patience.insert((now, id));
        }
    }
}

impl Queue {
    /// Puts another first task of a group in the place of the one before.
    fn replace(
        &mut self,
        id: AccountId,
        share: Share,
        repository: usize,
        before: Option<Turn>,
        after: Option<Turn>,
    ) {
        let open = &mut self.of_account.entry(id).or_default().open;
        if let Some(before) = before {
            open.remove(&(before, repository));
        }
        if let Some(after) = after {
            open.insert((after, repository));
        }
        match open.is_empty() {
            true => self.accounts.remove(&(share, id)),
            false => self.accounts.insert((share, id)),
        };
    }

    fn best(&self) -> Option<Candidate> {
        let (share, account) = *self.accounts.first()?;
        let (turn, _) = *self.of_account.get(&account)?.open.first()?;
        Some(Candidate { share, account, turn })
    }
}

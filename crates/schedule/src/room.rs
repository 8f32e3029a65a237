//! What is held by the tasks at work, and what is kept for the one that has waited too long.
//! Apart, because every limit is held here and nowhere else. It never says who goes first.

use std::borrow::Borrow;
use std::cmp::Reverse;
use std::collections::HashMap;
use std::hash::Hash;
use std::path::{Path, PathBuf};

use tenfold_domain::Bytes;

use crate::limits::{Host, Limits};

/// An amount of a host.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Size {
    pub(crate) millicores: u64,
    pub(crate) memory: Bytes,
}

impl Size {
    /// Whether this and `other` together are within `all`.
    fn with_is_within(self, other: Self, all: Self) -> bool {
        self.millicores.saturating_add(other.millicores) <= all.millicores
            && self.memory + other.memory <= all.memory
    }
}

/// The part of a task's needs that few tasks differ in: who answers, and how much of a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Lane {
    pub(crate) provider: usize,
    pub(crate) size: Size,
}

/// What a task holds while it is at work; providers and repositories by their numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) lane: Lane,
    pub(crate) repository: usize,
}

/// Places of which each task takes one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Slots {
    pub(crate) used: u32,
    pub(crate) limit: u32,
}

impl Slots {
    fn new(limit: u32) -> Self {
        Self { used: 0, limit: limit.max(1) }
    }

    fn has_room(self, kept: bool) -> bool {
        self.used.saturating_add(u32::from(kept)) < self.limit
    }
}

#[derive(Debug, Clone)]
struct HostRoom {
    all: Size,
    held: Size,
}

/// What is kept free for one task. It grows in this order as what comes before is there, so
/// that no provider and no host idles while the task waits for its repository.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) repository: Option<usize>,
    pub(crate) provider: Option<usize>,
    pub(crate) host: Option<(usize, Size)>,
}

/// Numbers for names, so that a million tasks don't hold a million paths.
#[derive(Debug, Clone)]
struct Numbers<K> {
    numbers: HashMap<K, usize>,
    names: Vec<K>,
}

impl<K: Eq + Hash> Numbers<K> {
    fn new() -> Self {
        Self { numbers: HashMap::new(), names: Vec::new() }
    }

    fn of<Name>(&mut self, name: &Name) -> usize
    where
        K: Borrow<Name>,
        Name: Eq + Hash + ToOwned<Owned = K> + ?Sized,
    {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        self.names.push(name.to_owned());
        self.numbers.insert(name.to_owned(), self.names.len() - 1);
        self.names.len() - 1
    }
}

/// All limits, and what is held of each.
#[derive(Debug, Clone)]
pub(crate) struct Room {
    provider_numbers: Numbers<String>,
    repository_numbers: Numbers<PathBuf>,
    pub(crate) at_once: Slots,
    providers: Vec<Slots>,
    repositories: Vec<Slots>,
    hosts: Vec<HostRoom>,
    kept: Kept,
}

impl Room {
    pub(crate) fn new(limits: &Limits) -> Self {
        let host = |host: &Host| HostRoom {
            all: Size { millicores: host.millicores, memory: host.memory },
            held: Size::default(),
        };
        Self {
            provider_numbers: Numbers::new(),
            repository_numbers: Numbers::new(),
            at_once: Slots::new(limits.at_once),
            providers: Vec::new(),
            repositories: Vec::new(),
            hosts: limits.hosts.iter().map(host).collect(),
            kept: Kept::default(),
        }
    }

    /// The number of a provider, which is new if it was not heard of.
    pub(crate) fn provider_number(&mut self, name: &str, limits: &Limits) -> usize {
        let number = self.provider_numbers.of(name);
        if number == self.providers.len() {
            let limit = limits.providers.get(name).copied().unwrap_or(limits.provider);
            self.providers.push(Slots::new(limit));
        }
        number
    }

    /// The number of a repository, which is new if it was not heard of.
    pub(crate) fn repository_number(&mut self, path: &Path, limits: &Limits) -> usize {
        let number = self.repository_numbers.of(path);
        if number == self.repositories.len() {
            self.repositories.push(Slots::new(limits.repository));
        }
        number
    }

    pub(crate) fn provider(&self, number: usize) -> (&str, Slots) {
        (&self.provider_numbers.names[number], self.providers[number])
    }

    pub(crate) fn repository(&self, number: usize) -> (&Path, Slots) {
        (&self.repository_numbers.names[number], self.repositories[number])
    }

    /// Changes how many may be at work with a provider, one at the least.
    pub(crate) fn limit_provider(&mut self, number: usize, limit: u32) {
        self.providers[number].limit = limit.max(1);
    }

    /// Whether any host could run this if nothing else ran there.
    pub(crate) fn could_hold(&self, size: Size) -> bool {
        self.hosts.iter().any(|host| size.with_is_within(Size::default(), host.all))
    }

    /// Whether a task that nothing is kept for may start on this repository.
    pub(crate) fn repository_is_open(&self, number: usize) -> bool {
        self.repositories[number].has_room(self.kept.repository == Some(number))
    }

    /// Whether a task of this lane that nothing is kept for may start.
    pub(crate) fn lane_is_open(&self, lane: Lane) -> bool {
        self.lane_has_room(lane, &self.kept)
    }

    /// Whether what this task needs is free, whoever it is kept for.
    pub(crate) fn is_free(&self, place: Place) -> bool {
        self.repositories[place.repository].has_room(false)
            && self.lane_has_room(place.lane, &Kept::default())
    }

    fn lane_has_room(&self, lane: Lane, kept: &Kept) -> bool {
        self.at_once.has_room(kept.provider.is_some())
            && self.providers[lane.provider].has_room(kept.provider == Some(lane.provider))
            && self.host_for(lane.size, kept).is_some()
    }

    /// Whether a host has this much free, whoever it is kept for.
    pub(crate) fn has_host_for(&self, size: Size) -> bool {
        self.host_for(size, &Kept::default()).is_some()
    }

    /// The first host with room. The first and not the emptiest, so that large tasks find
    /// the later ones empty.
    fn host_for(&self, size: Size, kept: &Kept) -> Option<usize> {
        self.hosts.iter().enumerate().position(|(number, host)| {
            let (cores, memory) = match kept.host {
                Some((at, kept)) if at == number => (kept.millicores, kept.memory),
                _ => (0, Bytes(0)),
            };
            let held = Size {
                millicores: host.held.millicores.saturating_add(cores),
                memory: host.held.memory + memory,
            };
            size.with_is_within(held, host.all)
        })
    }

    /// Takes what a task needs; the number of the host that it is on. Nothing must be kept
    /// for the task itself any more, and there must be room.
    pub(crate) fn take(&mut self, place: Place) -> Option<usize> {
        let number = self.host_for(place.lane.size, &self.kept)?;
        let host = &mut self.hosts[number];
        host.held.millicores += place.lane.size.millicores;
        host.held.memory += place.lane.size.memory;
        self.at_once.used += 1;
        self.providers[place.lane.provider].used += 1;
        self.repositories[place.repository].used += 1;
        Some(number)
    }

    /// Gives back what a task held.
    pub(crate) fn give_back(&mut self, place: Place, host: usize) {
        let host = &mut self.hosts[host];
        host.held.millicores -= place.lane.size.millicores;
        host.held.memory = host.held.memory.saturating_sub(place.lane.size.memory);
        self.at_once.used -= 1;
        self.providers[place.lane.provider].used -= 1;
        self.repositories[place.repository].used -= 1;
    }

    /// Keeps for this task what it waits for, and lets go of what was kept for another;
    /// returns what was kept before and what is now.
    pub(crate) fn keep(&mut self, task: Option<Place>, is_the_same: bool) -> (Kept, Kept) {
        let before = self.kept;
        let host = before.host.filter(|_| is_the_same);
        self.kept = task.map_or_else(Kept::default, |place| self.to_keep(place, host));
        (before, self.kept)
    }

    fn to_keep(&self, place: Place, host: Option<(usize, Size)>) -> Kept {
        let mut kept = Kept { repository: Some(place.repository), ..Kept::default() };
        if !self.repositories[place.repository].has_room(false) {
            return kept;
        }
        kept.provider = Some(place.lane.provider);
        if !self.at_once.has_room(false) || !self.providers[place.lane.provider].has_room(false) {
            return kept;
        }
        kept.host = host.or_else(|| Some((self.emptiest(place.lane.size)?, place.lane.size)));
        kept
    }

    /// The host with the most free cores among those that could hold this.
    fn emptiest(&self, size: Size) -> Option<usize> {
        let fits = |host: &HostRoom| size.with_is_within(Size::default(), host.all);
        let candidates = self.hosts.iter().enumerate().filter(|(_, host)| fits(host));
        let free = |host: &HostRoom| host.all.millicores - host.held.millicores;
        candidates.max_by_key(|(number, host)| (free(host), Reverse(*number))).map(|(n, _)| n)
    }
}

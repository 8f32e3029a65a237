//! What was drawn of one problem, and how many tallies are kept as few.

use crate::Refusal;

/// How many different tallies are told apart. More are put together with their likes, so that
/// what a fit takes does not grow with the past.
const KINDS: usize = 256;

/// More samples of one problem than that nobody draws, and logarithms of their numbers of
/// combinations would be too coarse.
const MOST: u64 = 1_000_000_000;

/// How many samples of one problem were drawn, and how many of them were right.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tally {
    /// How many samples were drawn.
    pub drawn: u64,
    /// How many of them were right.
    pub right: u64,
}

impl Tally {
    /// The same, if it can be.
    pub(super) fn checked(self) -> Result<Self, Refusal> {
        let nonsense = |what, number: u64| Err(Refusal::Nonsense { what, number: number as f64 });
        if self.drawn > MOST {
            return nonsense("the number of samples", self.drawn);
        }
        if self.right > self.drawn {
            return nonsense("the number of right samples", self.right);
        }
        if self.drawn == 0 {
            return Err(Refusal::TooFew { of: "samples of a problem", have: 0, need: 1 });
        }
        Ok(self)
    }
}

/// A tally, and how many problems have it; thinned samples make that a fraction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Counted {
    pub(super) tally: Tally,
    pub(super) problems: f64,
}

/// The different tallies in rising order, each with the number of its problems; alike ones put
/// together until there are few enough.
pub(super) fn counted(tallies: &[Tally]) -> Result<Vec<Counted>, Refusal> {
    if tallies.is_empty() {
        return Err(Refusal::TooFew { of: "problems", have: 0, need: 1 });
    }
    let mut sorted: Vec<Tally> =
        tallies.iter().map(|tally| tally.checked()).collect::<Result<_, _>>()?;
    sorted.sort_unstable();
    let alike = sorted.chunk_by(|a, b| a == b);
    let counted =
        alike.map(|same| Counted { tally: same[0], problems: same.len() as f64 }).collect();
    Ok(put_together(counted))
}

/// Merges neighbours by the share that was right, so that no more than [`KINDS`] are left: each
/// group stands as the tally in its middle. Those without a right sample are no neighbours of
/// those with one, for that difference is what the far end of a curve hangs on.
pub(super) fn put_together(mut counted: Vec<Counted>) -> Vec<Counted> {
    if counted.len() <= KINDS {
        return counted;
    }
    let share = |one: &Counted| one.tally.right as f64 / one.tally.drawn as f64;
    counted.sort_by(|a, b| share(a).total_cmp(&share(b)).then(a.tally.cmp(&b.tally)));
    let without = counted.partition_point(|one| one.tally.right == 0);
    let (without, with) = counted.split_at(without);
    let size = counted.len().div_ceil(KINDS - 1);
    let groups = without.chunks(size).chain(with.chunks(size));
    let merged = groups.map(|group| Counted {
        tally: group[group.len() / 2].tally,
        problems: group.iter().map(|one| one.problems).sum(),
    });
    merged.collect()
}

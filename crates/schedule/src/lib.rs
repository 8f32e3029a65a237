//! Who works next, on what: fair share between accounts, value and deadlines within one, and
//! limits of providers, repositories and hosts. Besides, a gate for single requests to one
//! provider.
//!
//! Apart and pure, so that days of a million tasks are simulated in a test. It does no IO,
//! reads no clock, draws no random number, and knows none of the other pure crates.
//!
//! # The order
//!
//! *Between accounts*, who has used less goes first. Usage is money, and the time of cores at a
//! price; half of it is forgotten after each half-life, and it is divided by the account's
//! weight. So decayed usage has been compared since the Fair Share scheduler (Kay and Lauder,
//! "A fair share scheduler", 1988) and is in batch systems today (Slurm's multifactor
//! plugin). Since all usage decays by the same factor in the same time, the order of two
//! accounts changes only when one of them uses something (as in the forward decay of Cormode,
//! Shkapenyuk, Srivastava and Xu, 2009): nothing is ever sorted anew because time goes by. An
//! account is charged when a task starts for what it expects, and when it ends for what it
//! used instead; like start-time fair queuing (Goyal, Vin and Cheng, 1996), which decides at the
//! start, so that many tasks can't begin before the first is paid for.
//!
//! *Within an account*, a task's *turn* is the moment at which it came, moved back by what
//! speaks for it: priority, value by cost, a near deadline; together by no more than the
//! *reach*. All tasks age alike, so a turn never changes.
//!
//! *Room is kept.* The task that goes first among those for which there is room starts: nothing
//! idles while something can run, with one exception. When an account's first task, or those
//! before it in its place, has waited for longer than the *patience*, room is kept for it,
//! for one task at a time: first the next place on its repository, then also the next place
//! with its provider, then also room on a host (as backfilling keeps it for the head of a
//! queue: Lifka, "The ANL/IBM SP scheduling system", 1995). Others start beside it only
//! where they take nothing of that.
//!
//! # What is promised
//!
//! **No limit is passed**, as long as none is lowered; then nothing starts until there is room.
//!
//! **Who was idle catches up and can't hoard.** Of what others have used while it was idle, no
//! more counts than decayed usage holds. Let one account of equal weight have all the room; its
//! usage halves in a half-life while that of the one that comes grows from nothing to the
//! other half. So, up to the size of the tasks, it has the room to itself for no longer than a
//! half-life; against several others for less, since each has less to be caught up with.
//!
//! **Nothing starves.** Assume that each task ends, or waits for a person and so holds nothing,
//! at most `W` after it started, and that no more than `A` accounts have tasks waiting at the
//! same time. Let `m` be the number of tasks of the account whose turn is before a task's own;
//! that is those that came before it, those that came at most the reach after it, and, if room
//! was kept for another of its account when it came, that one. Then it starts within
//! `(m + 1) × (patience + 3 × A × W)` after it was admitted, provided that [`Scheduler::next`]
//! is asked, until it says "nobody", whenever a task was admitted or has ended.
//!
//! Proof. Call it a *round* when an account's first task, or the one for which room is kept,
//! starts or leaves. An account is owed from the patience after its last round on.
//!
//! 1. Room that is kept is found within `3 × W`. The repository's: at most `W` after it began to
//!    be kept, all that were at work there have ended, and none that came may take the last
//!    place. From then on a place is free and stays so. The same holds for the provider's
//!    place and the place in all, together, and then for the host, which stays the same one;
//!    each task fits on the host when nothing else is there, or was refused.
//! 2. Room is kept for the account that has waited longest since its last round, until it has a
//!    round. After it, that account's wait begins anew, behind all others that wait. So of
//!    the accounts that are owed, at most `A − 1` come before another, each once, and each round
//!    takes at most `3 × W`: an account that has a task waiting has a round at most
//!    `patience + 3 × A × W` after its last, or after it began to have one.
//! 3. What takes a round of the task's account was the account's first at some time. If that
//!    was while the task was waiting, its turn is before the task's own, or it is the task
//!    itself; else room was kept for it already when the task came. There are `m` of those
//!    others, so the task has round `m + 1` at the latest. ∎
//!
//! Between two calls of [`Scheduler::next`] nothing starts, so it does not matter that room
//! begins to be kept in the call and not in the moment.
//!
//! The bound is for the worst of all cases. What is usual is the share.
//!
//! # The price
//!
//! Ordered sets all the way: admitting, starting and ending cost a few steps in each, and a
//! look at each *lane*, which is a provider and a size of which tasks wait. When a repository
//! gets full or free, the first task of each account that waits for it is taken out of the
//! order or put back. Nothing looks at all tasks. So sizes are few: whoever admits rounds
//! them. [`Scheduler::looks`] counts, and a test with a million tasks holds it.
//!
//! What is remembered for ever is small: a path for each repository, and a number for each
//! account.

mod entry;
mod limits;
mod queues;
mod rate;
mod room;
mod scheduler;
mod turn;
mod usage;
mod why;

pub use entry::{Entry, Expected, Needs, Used};
pub use limits::{Host, Limits, REACH};
pub use rate::{Pass, RateGate, Rates, Reply, Ticket};
pub use scheduler::Scheduler;
pub use turn::Turn;
pub use why::{Refused, Why};

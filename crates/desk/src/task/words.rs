//! What people said about a task, in the order of saying: read from the journal in one go with
//! the proof of the proposal, since both take all of a task's events.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use tenfold_domain::{
    AttemptEvent, AttemptId, CheckReport, DeedEvent, Event, Fact, Place, ProposalEvent, Seq,
    TaskEvent, TaskId, Timestamp,
};
use tenfold_engine::{EngineError, Folded, Kept, json_bytes, spoken_of};
use tenfold_store::{About, View};
use utoipa::ToSchema;

use crate::DeskError;

/// How what coworkers are told in nobody's name begins.
const OWN: &str = "(From Tenfold, not from the person.)";

/// Among so many deeds before a word is the one that said it: others may do something meanwhile.
const DEEDS: u32 = 32;
/// What a deed has said is recorded no later than this.
const LATE_MS: u64 = 10_000;

/// Something that a person said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Word {
    /// When.
    pub at_ms: u64,
    /// Who, where that is recorded.
    pub by: Option<String>,
    /// On what occasion.
    pub kind: WordKind,
    /// In their words.
    pub text: String,
    /// What of a proposal it is about, if it is a comment.
    pub place: Option<Place>,
}

/// On what occasion something was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WordKind {
    /// The task was asked for.
    Asked,
    /// For the attempt at work, and those to come.
    Steered,
    /// A question was answered.
    Answered,
    /// About a line of the proposal, or a file of it.
    Commented,
    /// The proposal was rejected.
    Rejected,
}

impl WordKind {
    /// The call by which it is said on the page about a task that is there.
    fn verb(self) -> Option<&'static str> {
        match self {
            Self::Asked => None,
            Self::Steered => Some("steer"),
            Self::Answered => Some("answer"),
            Self::Commented => Some("comment"),
            Self::Rejected => Some("reject"),
        }
    }
}

/// What people said about tasks: those that were asked for last.
pub type Heards = Kept<Heard>;

/// What people said about a task, and the proofs of its proposals.
#[derive(Debug)]
pub struct Heard {
    task: TaskId,
    pub(super) words: Vec<Word>,
    /// The deeds that have said one of them.
    taken: BTreeSet<Seq>,
    /// Of each attempt the run of the whole check on its newest proposal.
    pub(super) evidence: BTreeMap<AttemptId, CheckReport>,
    /// From which attempt an attempt goes on.
    pub(super) forks: BTreeMap<AttemptId, AttemptId>,
    bytes: usize,
}

impl Folded for Heard {
    type Of = TaskId;

    fn begun(_: &View, task: TaskId) -> Result<Self, EngineError> {
        Ok(Self {
            task,
            words: Vec::new(),
            taken: BTreeSet::new(),
            evidence: BTreeMap::new(),
            forks: BTreeMap::new(),
            bytes: 0,
        })
    }

    fn about(task: TaskId) -> About {
        About::Task(task)
    }

    fn take(&mut self, view: &View, event: Event) -> Result<(), EngineError> {
        let (known, seq) = (self.words.len(), event.seq);
        self.hear(event);
        if self.words.len() > known {
            self.attribute(view, seq)?;
        }
        Ok(())
    }

    fn bytes(&self) -> usize {
        self.bytes
    }
}

/// The proof of an attempt's newest proposal; none if it made none, or none was needed.
///
/// # Errors
/// What the store says.
pub fn evidence(view: &View, attempt: AttemptId) -> Result<Option<CheckReport>, DeskError> {
    let mut newest = None;
    for event in view.each_event(About::Attempt(attempt).into()) {
        if let Fact::Proposal { event: ProposalEvent::Made { evidence, .. }, .. } = event?.fact {
            newest = evidence;
        }
    }
    Ok(newest)
}

impl Heard {
    /// Finds who said the last word: a deed of theirs comes right before it. Stores have none of what
    /// was said in the terminal before it was recorded there.
    fn attribute(&mut self, view: &View, place: Seq) -> Result<(), EngineError> {
        let Some(word) = self.words.last_mut() else { return Ok(()) };
        let Some(verb) = word.kind.verb() else { return Ok(()) };
        for event in view.deeds_before(place, DEEDS)? {
            let Fact::Deed { event: DeedEvent::Did(deed) } = event.fact else { continue };
            let is_it = deed.task == Some(self.task)
                && (deed.call.ends_with(&format!("/{verb}"))
                    || deed.call.ends_with(&format!("/bulk ({verb})")));
            if is_it && word.at_ms.saturating_sub(event.at.0) <= LATE_MS {
                // One that has said another word says nothing of this one.
                word.by = self.taken.insert(event.seq).then_some(deed.name);
                break;
            }
        }
        Ok(())
    }

    fn hear(&mut self, event: Event) {
        let (at, bytes) = (event.at, json_bytes(&event));
        let words = self.words.len();
        match event.fact {
            Fact::Task { event: TaskEvent::Asked(spec), .. } => {
                self.say(at, WordKind::Asked, spec.text);
            }
            Fact::Task { event: TaskEvent::Steered { text }, .. } => self.steered(at, text),
            Fact::Attempt { event: AttemptEvent::Answered { text, .. }, .. } => {
                self.say(at, WordKind::Answered, text);
            }
            Fact::Attempt { attempt, event: AttemptEvent::Forked { from, .. } } => {
                self.forks.insert(attempt, from);
            }
            Fact::Proposal { event: ProposalEvent::Commented { place, text }, .. } => {
                self.say(at, WordKind::Commented, text);
                if let Some(word) = self.words.last_mut() {
                    word.place = Some(place);
                }
            }
            Fact::Proposal { event: ProposalEvent::Rejected { reason }, .. } => {
                self.say(at, WordKind::Rejected, reason);
            }
            Fact::Proposal { attempt, event: ProposalEvent::Made { evidence, .. } } => {
                self.bytes += bytes;
                match evidence {
                    Some(report) => self.evidence.insert(attempt, report),
                    None => self.evidence.remove(&attempt),
                };
            }
            _ => {}
        }
        if self.words.len() > words {
            self.bytes += bytes;
        }
    }

    /// What the coworker is told of a comment is recorded behind it, and is not said twice.
    fn steered(&mut self, at: Timestamp, text: String) {
        let repeats = self.words.last().is_some_and(|last| {
            let about = last.place.as_ref().map(spoken_of);
            about.is_some_and(|about| text.starts_with(&about) && text.ends_with(&last.text))
        });
        if !repeats && !text.starts_with(OWN) {
            self.say(at, WordKind::Steered, text);
        }
    }

    fn say(&mut self, at: Timestamp, kind: WordKind, text: String) {
        self.words.push(Word { at_ms: at.0, by: None, kind, text, place: None });
    }
}

//! The state of a repair: a fold of its events.

use std::collections::{BTreeMap, BTreeSet};

use tenfold_code::Edit;
use tenfold_domain::{Millis, StepId, TestName, Usage};

use super::bandit::Arm;
use super::candidates::Candidate;
use super::event::Event;
use super::moves::{self, Generator, Move};
use super::narrowed::Narrowed;
use super::parts::{self, Partial};
use super::setup::Setup;
use super::targets::{Facts, Target, Unit};
use crate::effect::{Effect, Ending, Purpose};

/// The candidate that is proposed: the judge has passed it, or there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Winner {
    /// The diff.
    pub edits: Vec<Edit>,
    /// What made it.
    pub generator: Generator,
    /// Which candidate it was.
    pub candidate: u32,
}

/// How fast the model is here, in tokens per second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Speed {
    pub(super) prompt: f64,
    pub(super) output: f64,
}

/// What is known of what fails.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Seen {
    pub(super) failing: Vec<TestName>,
    pub(super) excerpt: String,
    pub(super) narrowed: Option<Narrowed>,
    pub(super) whole: Millis,
    pub(super) part: Millis,
    pub(super) coverage: Option<String>,
    pub(super) output: String,
}

impl Seen {
    /// The failing tests that a candidate is checked with.
    pub(super) fn checked(&self) -> &[TestName] {
        self.narrowed.as_ref().map_or(&self.failing, |narrowed| &narrowed.tests)
    }
}

/// Where a search stands: from which files it goes on, and what is known of them.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Standing {
    /// The chance that the way to the end leads on from here, and not from another.
    pub(super) credence: f64,
    /// What the best question was worth when the search was last here: a chance per second.
    pub(super) worth: f64,
    /// How many parts it stands on.
    pub(super) parts: usize,
    /// The edits that mend a part, from which the search goes on.
    pub(super) base: Vec<Edit>,
    pub(super) seen: Option<Seen>,
    pub(super) facts: Facts,
    pub(super) targets: Vec<Target>,
    /// How surprising the units are that were scored, by target and unit.
    pub(super) surprise: BTreeMap<(usize, usize), f32>,
    /// How much likelier something more follows them than that they end there, in the same way.
    pub(super) more: BTreeMap<(usize, usize), f32>,
    /// How much likelier a unit is at fault for what changes of it mend, in the same way.
    pub(super) told: BTreeMap<(usize, usize), f64>,
    pub(super) made: BTreeSet<Move>,
    /// Candidates up to this one were looked at for its parts, if it has any.
    pub(super) carried: u32,
    /// Candidates up to this one were looked at for pairs.
    pub(super) paired: u32,
    /// Candidates that are pairs.
    pub(super) pairs: BTreeSet<u32>,
    /// Candidates that have not been checked, the best last.
    pub(super) pool: Vec<Candidate>,
    /// Candidates that were checked and did not pass, but for those with which nothing ran.
    pub(super) checked: Vec<Candidate>,
    /// Those of them that mend a part which no proven one mends.
    pub(super) partial: Vec<Partial>,
    /// How many parts the whole check was run on.
    pub(super) proofs: u32,
    /// What each part that was gone on from leaves failing, of the tests it was tried with.
    pub(super) proven: Vec<Vec<TestName>>,
}

impl Standing {
    /// Puts the best candidate last.
    fn sort(&mut self) {
        self.pool.sort_by(|a, b| a.merit.total_cmp(&b.merit).then(b.id.cmp(&a.id)));
    }

    /// A file's text with what is mended here, from its text as it was.
    pub(super) fn mended(&self, path: &str, original: &str) -> Option<String> {
        let edits: Vec<Edit> = self.base.iter().filter(|e| e.path == path).cloned().collect();
        tenfold_code::edit::apply(original, &edits).ok()
    }
}

/// How surprising a statement is of which that says nothing,
const USUAL: f64 = 5.2;
/// and how much each nat more says. (A logistic fit to 152 statements that were scored, of which
/// 23 were at fault. What is not at fault is half as surprising: so to have been scored speaks
/// against a statement, more often than not, and for those that were not.)
const TELLS: f64 = 0.4;
/// The least and the most that surprise says.
const LEAST: f64 = 0.15;
const MOST: f64 = 12.0;
/// How much likelier a statement is at fault once a change of it mends half of the failing tests or
/// more, some of them, or all of them and breaks others. (Mutation-based fault localisation: Moon
/// and others, "Ask the Mutants", ICST 2014. Of what was tried first on 34 seeded faults, 10 of 15
/// changes that mended half were of a statement at fault, 2 of 8 that mended some and 2 of 9 that
/// broke others; of 830 that mended none, 28.)
const MENDS_HALF: f64 = 20.0;
const MENDS_SOME: f64 = 5.0;
const MENDS_AND_BREAKS: f64 = 5.0;
/// The same of a gap, from the odds that the model would write something in it: where statements
/// were taken out of functions of published code, and elsewhere in these (AUC 0.85).
const USUAL_MORE: f64 = 2.6;
const TELLS_MORE: f64 = 0.55;
const LEAST_MORE: f64 = 0.2;
const MOST_MORE: f64 = 40.0;
/// How much likelier a fault is where nothing stands: a person seldom leaves a block empty.
const HOLE: f64 = 6.0;

/// An attempt of the repair strategy.
#[derive(Debug, Clone, PartialEq)]
pub struct Repair {
    pub(super) setup: Setup,
    pub(super) elapsed: Millis,
    pub(super) last_step: u32,
    pub(super) wanted: BTreeMap<StepId, Effect>,
    pub(super) arms: Vec<(Generator, Arm)>,
    pub(super) moving: BTreeMap<StepId, Vec<Move>>,
    pub(super) rounds: u32,
    pub(super) trying: BTreeMap<StepId, Candidate>,
    pub(super) proving: Option<Partial>,
    pub(super) judging: Option<(StepId, Candidate)>,
    /// What is tried once is not tried again.
    pub(super) keys: BTreeSet<u64>,
    pub(super) candidates: u32,
    pub(super) dropped: u32,
    pub(super) tried: u32,
    pub(super) refused_by_judge: u32,
    pub(super) tried_by: BTreeMap<Generator, u32>,
    pub(super) here: Standing,
    /// Where else it has stood: it goes on from wherever that is worth most.
    pub(super) others: Vec<Standing>,
    /// Candidates that passed all they were checked with, before they go to the judge.
    pub(super) passing: Vec<Candidate>,
    pub(super) usage: Usage,
    pub(super) speed: Speed,
    pub(super) winner: Option<Winner>,
    /// How often the person said something.
    pub(super) steered: u32,
    pub(super) ending: Option<Ending>,
}

impl Repair {
    /// The state after an attempt's first event, which is [`Event::Began`].
    pub fn new(setup: Setup) -> Self {
        Self {
            elapsed: Millis(0),
            last_step: 0,
            wanted: BTreeMap::new(),
            arms: moves::arms(),
            moving: BTreeMap::new(),
            rounds: 0,
            trying: BTreeMap::new(),
            proving: None,
            judging: None,
            keys: BTreeSet::new(),
            candidates: 0,
            dropped: 0,
            tried: 0,
            refused_by_judge: 0,
            tried_by: BTreeMap::new(),
            here: Standing { credence: 1.0, ..Standing::default() },
            others: Vec::new(),
            passing: Vec::new(),
            usage: Usage::default(),
            speed: Speed { prompt: 60.0, output: 25.0 },
            winner: None,
            steered: 0,
            ending: None,
            setup,
        }
    }

    /// Time since the attempt began, interruptions left out, at its last settled effect.
    pub fn elapsed(&self) -> Millis {
        self.elapsed
    }

    /// How long the attempt may take.
    pub fn time(&self) -> Millis {
        self.setup.time
    }

    /// How it ended, if it has.
    pub fn ending(&self) -> Option<&Ending> {
        self.ending.as_ref()
    }

    /// How often the person has said something while it was at work.
    pub fn steered(&self) -> u32 {
        self.steered
    }

    /// What is known of the failure.
    fn fold_failure(&mut self, event: &Event) {
        match event {
            Event::Seen { failing, excerpt, narrowed, wall, part } => {
                self.here.seen = Some(Seen {
                    failing: failing.clone(),
                    excerpt: excerpt.clone(),
                    narrowed: narrowed.clone(),
                    whole: *wall,
                    part: *part,
                    coverage: None,
                    output: String::new(),
                });
            }
            Event::Retraced { wall, narrowed, coverage, output } => {
                if let Some(seen) = &mut self.here.seen {
                    // Tracing slows the run down, so that a plain one takes no longer.
                    seen.part = if coverage.is_none() { *wall } else { seen.part.min(*wall) };
                    if narrowed.is_some() {
                        seen.narrowed.clone_from(narrowed);
                    }
                    seen.coverage.clone_from(coverage);
                    seen.output.clone_from(output);
                }
            }
            _ => {}
        }
    }

    /// What the person says is told with the task from now on.
    fn hear(&mut self, text: &str) {
        self.steered += 1;
        let said = std::mem::take(&mut self.setup.text);
        self.setup.text = format!("{said}\n{text}").trim().to_owned();
    }

    /// The candidate that is proposed, if one is.
    pub fn winner(&self) -> Option<&Winner> {
        self.winner.as_ref()
    }

    /// How many candidates were worth a check, and how many of them were checked.
    pub fn counts(&self) -> (u32, u32) {
        (self.candidates, self.tried)
    }

    /// How many candidates each generator had checked.
    pub fn tried_by(&self) -> &BTreeMap<Generator, u32> {
        &self.tried_by
    }

    /// The text of a file with what is mended so far.
    pub(super) fn text(&self, path: &str) -> Option<String> {
        self.mended(path, self.here.facts.texts.get(path)?)
    }

    /// The same, from the file's text as it was.
    pub(super) fn mended(&self, path: &str, original: &str) -> Option<String> {
        self.here.mended(path, original)
    }

    /// The chance that a generator mends a fault that it is pointed at.
    pub(super) fn chance(&self, generator: Generator) -> f64 {
        let arm = self.arms.iter().find(|(known, _)| *known == generator);
        arm.map_or(0.0, |(_, arm)| arm.mean())
    }

    /// The chance that the fault is in a unit, given its suspicion, its surprise and what changes
    /// of it mend. Before
    /// anything is scored, all units of all targets add up to one.
    pub(super) fn at(&self, target: usize, unit: usize) -> f64 {
        let surprise = self.here.surprise.get(&(target, unit)).map_or(1.0, |surprise| {
            (TELLS * (f64::from(*surprise) - USUAL)).exp().clamp(LEAST, MOST)
        });
        let mends = self.here.told.get(&(target, unit)).copied().unwrap_or(1.0);
        updated(self.suspicion(target, unit), surprise * mends)
    }

    /// The chance that the fault is in a unit, given its suspicion alone.
    fn suspicion(&self, target: usize, unit: usize) -> f64 {
        let known = &self.here.targets[target];
        let weight = |unit: &Unit| unit.weight() * if unit.hole { HOLE } else { 1.0 };
        let total: f64 = known.units.iter().map(weight).sum();
        if total <= 0.0 { 0.0 } else { known.mass * weight(&known.units[unit]) / total }
    }

    /// The chance that something is missing before a unit, or at the end where there is none:
    /// as suspect as what it stands between, and more so if the model would write on there. Where
    /// a function begins nobody asked the model, and much that is missing was to be set there.
    pub(super) fn missing_before(&self, target: usize, unit: usize) -> f64 {
        let units = self.here.targets[target].units.len();
        let after = if unit < units { self.suspicion(target, unit) } else { 0.0 };
        let Some(above) = unit.checked_sub(1) else { return after };
        let told = self.here.more.get(&(target, above)).map_or(1.0, |more| {
            (TELLS_MORE * (f64::from(*more) - USUAL_MORE)).exp().clamp(LEAST_MORE, MOST_MORE)
        });
        updated(0.5 * (self.suspicion(target, above) + after), told)
    }

    /// Whether something runs on whose end it depends what comes next.
    pub(super) fn is_waiting(&self) -> bool {
        self.wanted.values().any(|effect| match effect {
            Effect::Check(ask) => ask.purpose != Purpose::Candidate,
            Effect::Read | Effect::Judge { .. } => true,
            Effect::Infer { .. }
            | Effect::Ask { .. }
            | Effect::Tool { .. }
            | Effect::TryCheck { .. }
            | Effect::Offer { .. }
            | Effect::Submit { .. } => false,
        })
    }

    /// Of the candidates that may go to the judge the one that most likely mends the fault.
    pub(super) fn likeliest_passing(&self) -> Option<&Candidate> {
        self.passing.iter().max_by(|a, b| a.merit.total_cmp(&b.merit).then(b.id.cmp(&a.id)))
    }

    /// The longest that a run may take which took so long before.
    pub(super) fn at_most(&self, before: Millis) -> Millis {
        Millis((before.0 * 5 + 4_000).min(self.setup.check_timeout.0))
    }

    /// What one check of a candidate takes, in seconds of waiting.
    pub(super) fn check_seconds(&self) -> f64 {
        let part = self.here.seen.as_ref().map_or(1_000, |seen| seen.part.0.max(200));
        part as f64 / 1_000.0 / f64::from(self.setup.parallel.max(1))
    }

    pub(super) fn fold(&mut self, event: &Event) {
        match event {
            Event::Began { setup } => *self = Self::new(setup.clone()),
            Event::Wanted { step, effect } => {
                self.last_step = step.0;
                self.wanted.insert(*step, effect.clone());
            }
            Event::Settled { step, elapsed } => self.settle(*step, *elapsed),
            Event::Steered { text, .. } => self.hear(text),
            Event::Seen { .. } | Event::Retraced { .. } => self.fold_failure(event),
            Event::Understood { targets, facts } => {
                self.here.targets.clone_from(targets);
                self.here.facts = facts.clone();
                self.remember();
            }
            Event::Scored { target, unit, surprise, more } => {
                self.here.surprise.insert((*target, *unit), *surprise);
                if let Some(more) = more {
                    self.here.more.insert((*target, *unit), *more);
                }
            }
            Event::Moved { step, moves } => {
                self.moving.insert(*step, moves.clone());
            }
            Event::Gathered { moves, candidates, dropped, usage, wall } => {
                self.gather(moves, candidates, *dropped);
                self.used(*usage, *wall);
            }
            Event::Paired { candidates, dropped, until } => {
                self.here.pairs.extend(candidates.iter().map(|candidate| candidate.id));
                self.here.paired = *until;
                self.admit(candidates, *dropped);
            }
            Event::Trying { step, candidate } => self.take_up(*step, *candidate),
            Event::Tried { candidate, failing, passed, headway, broken, wall } => {
                let left = failing.as_deref().map(|left| (left, *headway));
                let end = match (*passed, *broken) {
                    (true, _) => End::Passed,
                    (false, true) => End::Broken,
                    (false, false) => End::Failed(left),
                };
                self.count_try(*candidate, end, *wall);
            }
            Event::Proving { .. }
            | Event::Refuted { .. }
            | Event::Rebased { .. }
            | Event::Carried { .. }
            | Event::Turned { .. } => self.fold_part(event),
            Event::Judging { step, candidate } => {
                let known = [&mut self.passing, &mut self.here.pool].into_iter().find_map(|list| {
                    let index = list.iter().position(|c| c.id == *candidate)?;
                    Some(list.remove(index))
                });
                self.judging = known.map(|candidate| (*step, candidate));
            }
            Event::Judged { passed, part, .. } => self.count_judgement(*passed, *part),
            // Nothing spoke against it.
            Event::Unjudged { .. } => self.count_judgement(true, false),
            Event::Ended { outcome, note } => {
                self.wanted.clear();
                self.ending = Some(Ending { outcome: *outcome, note: note.clone() });
            }
        }
    }

    fn settle(&mut self, step: StepId, elapsed: Millis) {
        self.elapsed = self.elapsed.max(elapsed);
        self.wanted.remove(&step);
        self.moving.remove(&step);
    }

    /// Learns how fast the model is, from what a batch used. Prompt tokens are some three
    /// times cheaper than generated ones.
    fn used(&mut self, usage: Usage, wall: Millis) {
        self.usage += usage;
        let work = usage.prompt.0 as f64 + 2.5 * usage.output.0 as f64;
        if wall.0 > 200 && work > 50.0 {
            let prompt = (work / (wall.0 as f64 / 1_000.0)).clamp(2.0, 5_000.0);
            self.speed.prompt = 0.5 * self.speed.prompt + 0.5 * prompt;
            self.speed.output = self.speed.prompt / 2.5;
        }
    }

    fn gather(&mut self, moves: &[Move], candidates: &[Candidate], dropped: u32) {
        self.here.made.extend(moves.iter().copied());
        self.rounds += 1;
        self.admit(candidates, dropped);
        for made in moves {
            if let Some((_, arm)) = self.arms.iter_mut().find(|(g, _)| *g == made.generator) {
                // Little is lost: most places do not hold the fault.
                arm.observe(0.0, 0.1);
            }
        }
    }

    pub(super) fn admit(&mut self, candidates: &[Candidate], dropped: u32) {
        self.candidates += candidates.len() as u32;
        self.dropped += dropped;
        self.keys.extend(candidates.iter().map(|candidate| candidate.key));
        self.here.pool.extend(candidates.iter().cloned());
        self.here.sort();
    }

    fn take_up(&mut self, step: StepId, candidate: u32) {
        if let Some(index) = self.here.pool.iter().position(|c| c.id == candidate) {
            let candidate = self.here.pool.remove(index);
            self.trying.insert(step, candidate);
        }
    }

    /// Counts a try.
    fn count_try(&mut self, id: u32, end: End<'_>, wall: Millis) {
        let Some(step) = self.trying.iter().find(|(_, c)| c.id == id).map(|(step, _)| *step) else {
            return;
        };
        let Some(candidate) = self.trying.remove(&step) else { return };
        self.tried += 1;
        *self.tried_by.entry(candidate.generator).or_default() += 1;
        let before = self.here.seen.as_ref().map_or(0, |seen| seen.checked().len());
        let left = if let End::Failed(left) = end { left } else { None };
        let fewer = left.is_some_and(|(left, _)| left.len() < before);
        if let Some(seen) = &mut self.here.seen {
            seen.part = Millis((seen.part.0 + wall.0) / 2);
        }
        let passed = matches!(end, End::Passed);
        let arm = self.arms.iter_mut().find(|(g, _)| *g == candidate.generator);
        if let Some((_, arm)) = arm
            && (passed || fewer)
        {
            arm.observe(1.0, 0.0);
        }
        if passed {
            self.passing.push(candidate);
            return;
        }
        // The search may have gone on from a part while it was being checked.
        if !self.here.base.iter().all(|edit| candidate.edits.contains(edit)) {
            return;
        }
        // What does not compile does not compile on top of a part or beside another, either.
        if !matches!(end, End::Broken) {
            self.here.checked.push(candidate.clone());
        }
        if let Some((left, _)) = left.filter(|(_, headway)| fewer || *headway) {
            let mended = before.saturating_sub(left.len());
            if fewer {
                let told = if 2 * mended >= before { MENDS_HALF } else { MENDS_SOME };
                self.point_at(&candidate, told);
            }
            let partial = Partial { candidate, mended, left: left.to_vec() };
            if !self.here.proven.iter().any(|left| partial.mends_less_than(left)) {
                self.here.partial.push(partial);
            }
        }
    }

    /// Takes a statement to be so many times likelier at fault, for what a change of it mends; and
    /// so are the other changes of it.
    fn point_at(&mut self, candidate: &Candidate, told: f64) {
        let (target, Some(unit)) = (candidate.target, candidate.unit) else { return };
        if !self.here.base.iter().all(|edit| candidate.edits.contains(edit)) {
            return;
        }
        let before = self.at(target, unit);
        let known = self.here.told.entry((target, unit)).or_insert(1.0);
        *known = known.max(told);
        let more = (self.at(target, unit) / before.max(1e-12)).ln();
        let same = |other: &&mut Candidate| (other.target, other.unit) == (target, Some(unit));
        self.here.pool.iter_mut().filter(same).for_each(|other| other.merit += more);
        self.here.sort();
    }

    fn count_judgement(&mut self, passed: bool, part: bool) {
        let Some((_, candidate)) = self.judging.take() else { return };
        if passed {
            self.winner = Some(Winner {
                edits: candidate.edits,
                generator: candidate.generator,
                candidate: candidate.id,
            });
        } else {
            self.refused_by_judge += 1;
            self.point_at(&candidate, MENDS_AND_BREAKS);
            let mended = self.here.seen.as_ref().map_or(0, |seen| seen.checked().len());
            // What mends all that failed may be one half of what mends it and breaks nothing.
            let merit = candidate.merit.max(parts::ALL.ln());
            self.here.checked.push(Candidate { merit, ..candidate.clone() });
            if part {
                self.here.partial.push(Partial { candidate, mended, left: Vec::new() });
            }
        }
    }
}

/// How the check of a candidate ended.
enum End<'e> {
    /// All that it was checked with passed.
    Passed,
    /// Some failed; the tests that did, if they are known, and whether one of them gets further
    /// than before.
    Failed(Option<(&'e [TestName], bool)>),
    /// No test could be run.
    Broken,
}

/// A chance, after something was seen that is so many times likelier if it is so.
pub(super) fn updated(chance: f64, told: f64) -> f64 {
    chance * told / (1.0 - chance + chance * told)
}

//! Candidates that mend a part of what fails: one of two faults, or nothing that is real.
//!
//! Apart from the search, because it is about what to search from. A wrong change lets a
//! failing test pass now and then, but most often it breaks another; what is right in one of
//! two places seldom does. So the whole check is run on a part before the search goes on from
//! it, and it says what is left. Even then it may be none; so the search keeps standing where
//! it stood, too, and each round is played where it is worth most.

use std::ops::Range;

use tenfold_code::Edit;
use tenfold_code::coverage::{self, Coverage};
use tenfold_domain::{CheckReport, CheckVerdict, Millis, TestName};

use super::candidates::{self, Candidate};
use super::decide::Draft;
use super::event::Event;
use super::moves::{self, Move};
use super::narrowed::Narrowed;
use super::prompts::lines;
use super::state::{Repair, Standing, updated};
use super::targets::{Target, Unit};
use crate::effect::{CheckAsk, Effect, Purpose};

/// The chance that a part is real and the rest is found then.
const PART: f64 = 0.05;
/// The same, of what mends no test and lets one of them get further.
const HEADWAY: f64 = 0.08;
/// The same, of what mends half of the tests or more.
const HALF: f64 = 0.12;
/// The same, of what mends all that it was tried with.
pub(super) const ALL: f64 = 0.4;
/// How much less likely further parts are after each that was looked at.
const LOOKED_AT: f64 = 0.5;
/// Parts that the search stands on at a time: faults are found one after the other.
const PARTS: usize = 2;
/// The chance that a part is right that breaks nothing of what other tests execute,
const PROVEN: f64 = 0.35;
/// the same where no trace says what is executed,
const UNKNOWN: f64 = 0.25;
/// and where only failing tests come to what it changes, so that it could not break anything.
const UNPROVEN: f64 = 0.08;
/// The chance of one that breaks something, and mends more: of two faults the second may show
/// only when the first is mended.
const BREAKING: f64 = 0.08;
/// So many times as many tests it mends as it breaks, or it is none.
const OUTWEIGHED: usize = 2;
/// Each test that a part mends makes it so many times likelier, up to this many;
const MANY: usize = 4;
/// and so much likelier if it mends more than it leaves.
const MOST_OF_ALL: f64 = 2.0;
/// Each line by which a failing test gets further makes a part so many times likelier, up to so
/// many lines. (A test compares something every second or third line, and what is wrong passes
/// that once in three or four times.)
const LATER: f64 = 1.5;
const FAR: u32 = 6;
/// What a place is worth where only candidates are left to be checked.
const LEFT: f64 = 1e-12;

/// A candidate that mends a part of what it was checked with.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Partial {
    pub(super) candidate: Candidate,
    /// How many tests pass with it that failed.
    pub(super) mended: usize,
    /// Which still fail.
    pub(super) left: Vec<TestName>,
}

impl Partial {
    /// Whether all that one mends which leaves these failing is all that this mends.
    pub(super) fn mends_less_than(&self, left: &[TestName]) -> bool {
        left.iter().all(|test| self.left.contains(test))
    }

    fn chance(&self) -> f64 {
        if self.left.is_empty() {
            return ALL;
        }
        if self.mended == 0 {
            return HEADWAY;
        }
        if self.mended > 1 && self.mended >= self.left.len() { HALF } else { PART }
    }
}

impl Standing {
    /// Whether this stands on fewer parts, all of which another stands on.
    pub(super) fn is_below(&self, other: &Self) -> bool {
        self.parts < other.parts && self.base.iter().all(|edit| other.base.contains(edit))
    }

    /// The target here that shows the same text as one elsewhere, with the same statements in it.
    fn alike(&self, elsewhere: &Self, place: &Target) -> Option<usize> {
        let shown = |standing: &Self, target: &Target| {
            let original = standing.facts.texts.get(&target.path)?;
            Some(lines(&standing.mended(&target.path, original)?, &target.lines))
        };
        let units = |target: &Target| -> Vec<(u32, u32, bool)> {
            let from = target.lines.start;
            let within = |line: u32| line.wrapping_sub(from);
            let unit = |unit: &Unit| (within(unit.lines.start), within(unit.lines.end), unit.hole);
            target.units.iter().map(unit).collect()
        };
        self.targets.iter().position(|target| {
            (&target.path, &target.name, target.kind) == (&place.path, &place.name, place.kind)
                && units(target) == units(place)
                && shown(self, target).is_some_and(|text| shown(elsewhere, place) == Some(text))
        })
    }

    fn take_over(&mut self, new: usize, before: &Self, old: usize) {
        let own = before.made.iter().filter(|made| made.target == old);
        self.made.extend(own.map(|made| Move { target: new, ..*made }));
        for (told, before) in
            [(&mut self.surprise, &before.surprise), (&mut self.more, &before.more)]
        {
            let own = before.iter().filter(|((target, _), _)| *target == old);
            told.extend(own.map(|((_, unit), nats)| ((new, *unit), *nats)));
        }
    }
}

impl Repair {
    /// Folds the events about parts, and about where the search stands.
    pub(super) fn fold_part(&mut self, event: &Event) {
        match event {
            Event::Proving { candidate, .. } => self.take_for_proof(*candidate),
            Event::Refuted { .. } => self.proving = None,
            Event::Rebased { edits, failing, narrowed, credence, .. } => {
                if let Some(Partial { left, .. }) = self.proving.take() {
                    // What mends no more than this mends the same, most often.
                    self.here.partial.retain(|other| !other.mends_less_than(&left));
                    self.here.proven.push(left);
                }
                self.stand_on(edits, failing, narrowed.as_ref(), *credence);
            }
            Event::Carried { candidates, dropped, until } => {
                self.admit(candidates, *dropped);
                self.here.carried = *until;
            }
            Event::Turned { to } => self.turn(*to),
            _ => {}
        }
    }

    fn take_for_proof(&mut self, candidate: u32) {
        let known = self.here.partial.iter().position(|partial| partial.candidate.id == candidate);
        self.proving = known.map(|index| self.here.partial.remove(index));
        self.here.proofs += 1;
    }

    fn stand_on(
        &mut self,
        edits: &[Edit],
        failing: &[TestName],
        narrowed: Option<&Narrowed>,
        credence: f64,
    ) {
        let mut seen = self.here.seen.clone();
        if let Some(seen) = &mut seen {
            seen.failing = failing.to_vec();
            seen.narrowed = narrowed.cloned();
        }
        let next = Standing {
            credence: self.here.credence * credence,
            parts: self.here.parts + 1,
            base: edits.to_vec(),
            seen,
            facts: self.here.facts.clone(),
            targets: self.here.targets.clone(),
            ..Standing::default()
        };
        self.here.credence *= 1.0 - credence;
        self.here.worth = moves::best(self);
        self.others.push(std::mem::replace(&mut self.here, next));
    }

    /// What was asked of a place before a part was found is not asked again, where the part left
    /// that place as it was: what came of it holds here too.
    pub(super) fn remember(&mut self) {
        let Self { here, others, .. } = self;
        let below: Vec<&Standing> = others.iter().filter(|other| other.is_below(here)).collect();
        for before in below {
            for (old, place) in before.targets.iter().enumerate() {
                if let Some(new) = here.alike(before, place) {
                    here.take_over(new, before, old);
                }
            }
        }
    }

    fn turn(&mut self, to: usize) {
        self.here.worth = moves::best(self);
        if let Some(other) = self.others.get_mut(to) {
            std::mem::swap(&mut self.here, other);
        }
    }

    /// Where else to go on, if that is worth more than here.
    pub(super) fn better_elsewhere(&self) -> Option<usize> {
        if self.others.is_empty() {
            return None;
        }
        let left = |standing: &Standing| if standing.pool.is_empty() { 0.0 } else { LEFT };
        let worth = |standing: &Standing| standing.credence * standing.worth.max(left(standing));
        let here = self.here.credence * moves::best(self).max(left(&self.here));
        let others = self.others.iter().map(worth).enumerate();
        let best = others.max_by(|a, b| a.1.total_cmp(&b.1));
        best.filter(|(_, worth)| *worth > here).map(|(index, _)| index)
    }

    /// The chance that a part is right on which the whole check broke nothing, and with which
    /// these tests still fail, one of them so many lines later. What mends many tests at once does
    /// so by chance less often, and what is wrong seldom gets a test past what it compares next.
    pub(super) fn credence(&self, part: &Partial, left: &[TestName], later: u32) -> f64 {
        let all = self.here.seen.as_ref().map_or(0, |seen| seen.failing.len());
        let mended = all.saturating_sub(left.len());
        let told = mended.clamp(1, MANY) as f64 * if 2 * mended > all { MOST_OF_ALL } else { 1.0 };
        let told = told * LATER.powi(later.min(FAR) as i32);
        let chance = if self.subset(left) { self.refutable(&part.candidate) } else { BREAKING };
        updated(chance, told) / self.rivals(part) as f64
    }

    /// How many changes in one place mend the same, this part included. One of them is right at
    /// the most; and the more they are, the likelier is it that the place is at fault and none of
    /// them is what it takes.
    fn rivals(&self, part: &Partial) -> usize {
        let own = |candidate: &Candidate| -> Option<(String, Range<u32>)> {
            let edit = candidate.edits.iter().find(|edit| !self.here.base.contains(edit))?;
            Some((edit.path.clone(), edit.lines.start..edit.lines.end.max(edit.lines.start + 1)))
        };
        let Some((path, lines)) = own(&part.candidate) else { return 1 };
        let is_rival = |other: &&Partial| {
            other.left == part.left
                && own(&other.candidate).is_some_and(|(of, there)| {
                    of == path && there.start < lines.end && lines.start < there.end
                })
        };
        1 + self.here.partial.iter().filter(is_rival).count()
    }

    /// Whether all these tests failed before, too.
    pub(super) fn subset(&self, failing: &[TestName]) -> bool {
        let before = self.here.seen.as_ref().map(|seen| &seen.failing);
        before.is_some_and(|before| failing.iter().all(|test| before.contains(test)))
    }

    /// Whether with these tests failing, some of which did not fail before, far more is mended
    /// than broken.
    fn outweighs(&self, failing: &[TestName]) -> bool {
        let Some(seen) = &self.here.seen else { return false };
        let broken = failing.iter().filter(|test| !seen.failing.contains(test)).count();
        let mended = seen.failing.iter().filter(|test| !failing.contains(test)).count();
        mended > OUTWEIGHED * broken
    }

    /// The same, by whether other tests could have spoken against it.
    fn refutable(&self, part: &Candidate) -> f64 {
        let seen = self.here.seen.as_ref();
        let trace =
            seen.and_then(|seen| coverage::read(seen.coverage.as_deref()?, &seen.failing).ok());
        let Some(trace) = trace else { return UNKNOWN };
        // Edits and traces both count lines from the files as they are here, most often.
        let touches = |line: &Coverage<'_>| {
            let own = part.edits.iter().filter(|edit| !self.here.base.contains(edit));
            let mut own = own.filter(|edit| edit.path == line.path);
            own.any(|edit| {
                edit.lines.start < line.line
                    && line.line <= edit.lines.end.max(edit.lines.start + 1)
            })
        };
        let passing = trace.coverage().iter().any(|line| line.passed > 0 && touches(line));
        if passing { PROVEN } else { UNPROVEN }
    }

    /// The likeliest part, with the chance for each second of proving it that it leads to
    /// the end.
    fn likeliest_part(&self) -> Option<(f64, &Candidate)> {
        let seconds = self.here.seen.as_ref()?.whole.0.max(100) as f64 / 1_000.0;
        let doubt = LOOKED_AT.powi(self.here.proofs as i32);
        let worth = |partial: &Partial| partial.chance() * doubt / seconds;
        let best = self.here.partial.iter().max_by(|a, b| {
            let by_merit = a.candidate.merit.total_cmp(&b.candidate.merit);
            a.chance().total_cmp(&b.chance()).then(b.left.len().cmp(&a.left.len())).then(by_merit)
        });
        best.map(|partial| (worth(partial), &partial.candidate))
    }
}

impl Draft {
    /// Runs the whole check on a part, if that is worth more than the best question.
    pub(super) fn prove(&mut self) -> bool {
        let state = &self.state;
        if state.here.parts >= PARTS {
            return false;
        }
        let Some((worth, candidate)) = state.likeliest_part() else { return false };
        if worth < moves::best(state) {
            return false;
        }
        let whole = state.here.seen.as_ref().map_or(Millis(0), |seen| seen.whole);
        let (edits, timeout) = (candidate.edits.clone(), state.at_most(whole));
        let candidate = candidate.id;
        let ask = CheckAsk { edits, timeout, ..self.whole(Purpose::Part) };
        let step = self.want(Effect::Check(ask));
        self.record(Event::Proving { step, candidate });
        true
    }

    /// Puts on top of the parts that the search stands on what was thought of elsewhere.
    pub(super) fn carry(&mut self) {
        if let Some((candidates, dropped)) = candidates::carried(&self.state) {
            let until = self.state.candidates;
            self.record(Event::Carried { candidates, dropped, until });
        }
    }

    /// Takes what the whole check says of a part.
    pub(super) fn proved(&mut self, report: &CheckReport) {
        let Some(partial) = self.state.proving.clone() else { return self.plan() };
        if self.is_part(report) {
            return self.rebase(&partial, report);
        }
        self.record(Event::Refuted { candidate: partial.candidate.id });
        self.plan();
    }

    /// Whether a run of the whole check says that something is mended, and nothing broken, or
    /// little for all that is mended.
    pub(super) fn is_part(&self, report: &CheckReport) -> bool {
        let (state, failing) = (&self.state, &report.failing);
        let before = state.here.seen.as_ref().map_or(0, |seen| seen.failing.len());
        if report.verdict != CheckVerdict::Failed || failing.is_empty() {
            return false;
        }
        match state.subset(failing) {
            true => failing.len() < before || self.makes_headway(report),
            false => state.outweighs(failing),
        }
    }

    /// Goes on from a part: the failing tests are traced anew, and what was thought of before
    /// is put on top of it.
    fn rebase(&mut self, part: &Partial, report: &CheckReport) {
        let failing = report.failing.clone();
        let narrowed = Narrowed::to(&self.state.setup.check, &failing);
        let credence = self.state.credence(part, &failing, self.later(report));
        let (candidate, edits) = (part.candidate.id, part.candidate.edits.clone());
        self.record(Event::Rebased { candidate, edits, failing, narrowed, credence });
        let ask = self.trace();
        self.want(Effect::Check(ask));
    }
}

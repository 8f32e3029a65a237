//! What follows from what: one function for each kind of result, and one that plans on.

use tenfold_code::failure::{self, Failure};
use tenfold_code::runner::{Place, Runner};
use tenfold_code::{Edit, coverage};
use tenfold_domain::{
    Answer, AttemptOutcome, CheckReport, CheckVerdict, Millis, StepId, TokenScore, Usage,
};

use super::candidates::{self, Candidate};
use super::event::Event;
use super::headway;
use super::moves;
use super::narrowed::{self, Narrowed};
use super::note;
use super::pairs;
use super::prompts;
use super::state::Repair;
use super::targets;
use crate::Machine;
use crate::effect::{CheckAsk, Effect, Input, Plugin, Purpose, Reply, Source};

/// The folder below the top of the workspace that a plugin is put into.
const PLUGIN: &str = ".tenfold-plugin";
/// A traced test that takes longer is cut off, and counts as failed.
const TRACE_TEST_SECONDS: u32 = 4;
/// After so long no further test is traced.
const TRACE_SECONDS: u32 = 6;
/// Of a check that takes longer only the files of the failing tests are traced.
const LONG_CHECK: Millis = Millis(3_000);
/// How much more surprise is to be expected of e times as many tokens, against so few.
const BY_CHANCE: f32 = 1.2;
const FEW_TOKENS: f32 = 8.0;
/// What it takes to start a check's program.
const START: Millis = Millis(300);

impl Machine for Repair {
    type Input = Input;
    type Event = Event;
    type Effect = Effect;

    fn decide(&self, input: Input) -> Vec<Event> {
        let mut draft = Draft { state: self.clone(), events: Vec::new() };
        draft.take(input);
        draft.events
    }

    fn evolve(&mut self, event: &Event) {
        self.fold(event);
    }

    fn wants(&self) -> Vec<(StepId, Effect)> {
        self.wanted.iter().map(|(step, effect)| (*step, effect.clone())).collect()
    }
}

impl Repair {
    /// The events that begin an attempt.
    pub fn begin(setup: super::Setup) -> Vec<Event> {
        let began = Event::Began { setup: setup.clone() };
        let mut draft = Draft { state: Self::new(setup), events: vec![began] };
        if draft.state.setup.check.is_empty() {
            draft.want(Effect::Read);
        } else {
            let ask = draft.whole(Purpose::Baseline);
            draft.want(Effect::Check(ask));
        }
        draft.events
    }
}

/// A state that moves on while its events are written down.
pub(super) struct Draft {
    pub(super) state: Repair,
    events: Vec<Event>,
}

impl Draft {
    pub(super) fn record(&mut self, event: Event) {
        self.state.fold(&event);
        self.events.push(event);
    }

    pub(super) fn want(&mut self, effect: Effect) -> StepId {
        let step = StepId(self.state.last_step + 1);
        self.record(Event::Wanted { step, effect });
        step
    }

    fn end(&mut self, outcome: AttemptOutcome, note: String) {
        self.record(Event::Ended { outcome, note });
    }

    fn take(&mut self, input: Input) {
        if self.state.ending.is_some() {
            return;
        }
        if let Reply::Stop { outcome, why } = input.reply {
            let note = note::stopped(&self.state, &why);
            return self.end(outcome, note);
        }
        if let Reply::Steered { text, begun } = input.reply {
            return self.record(Event::Steered { text, begun });
        }
        let Some(effect) = self.state.wanted.get(&input.step).cloned() else { return };
        // What it was asked is still wanted when the attempt is gone on with.
        if let Reply::Failed { model: true, why } = input.reply {
            return self.end(AttemptOutcome::ProviderFailed, why);
        }
        let moving = self.state.moving.get(&input.step).cloned();
        self.record(Event::Settled { step: input.step, elapsed: input.elapsed });
        match (effect, input.reply) {
            (_, Reply::Failed { why, .. }) => self.end(AttemptOutcome::CheckBroken, why),
            (Effect::Check(ask), Reply::Checked { report, output }) => match ask.purpose {
                Purpose::Baseline => self.baseline(&ask.command, &report),
                Purpose::Trace => self.retraced(ask.plugin.is_some(), &report, output),
                Purpose::Candidate => self.tried(input.step, &report),
                Purpose::Part => self.proved(&report),
            },
            (Effect::Read, Reply::Sources { files }) => self.understand(&files),
            (Effect::Infer { .. }, Reply::Inferred { answers, usage, wall }) => {
                if let Some(moves) = moving {
                    self.score(&moves, &answers);
                    let (candidates, dropped) = candidates::gather(&self.state, &moves, &answers);
                    self.record(Event::Gathered { moves, candidates, dropped, usage, wall });
                }
                self.plan();
            }
            (Effect::Judge { .. }, Reply::Checked { report, .. }) => self.judged(&report),
            (Effect::Judge { .. }, Reply::Unjudged) => self.unjudged(),
            // A reply of another kind than was asked for says nothing.
            _ => self.plan(),
        }
    }

    pub(super) fn whole(&self, purpose: Purpose) -> CheckAsk {
        CheckAsk {
            purpose,
            command: narrowed::whole(&self.state.setup.check),
            edits: Vec::new(),
            timeout: self.state.setup.check_timeout,
            plugin: None,
        }
    }

    fn baseline(&mut self, command: &str, report: &CheckReport) {
        match &report.verdict {
            CheckVerdict::TimedOut if command != self.state.setup.check => {
                // As the person gave it, it stops at the first failure, and may be quick.
                let command = self.state.setup.check.clone();
                let ask = CheckAsk { command, ..self.whole(Purpose::Baseline) };
                self.want(Effect::Check(ask));
            }
            CheckVerdict::Passed => {
                // Once more: a check that passes now and fails then is worth knowing about.
                let ask = self.whole(Purpose::Trace);
                self.want(Effect::Check(ask));
            }
            CheckVerdict::TimedOut => {
                let note = note::timed_out(&self.state, report);
                self.end(AttemptOutcome::CheckBroken, note);
            }
            CheckVerdict::Broken(why) => self.end(AttemptOutcome::CheckBroken, why.clone()),
            CheckVerdict::Failed => {
                let failure = failure::read(&report.output, report.exit_code);
                let failing = failure.names();
                let narrowed = Narrowed::to(&self.state.setup.check, &failing);
                let excerpt = failure.excerpt.clone();
                let wall = report.wall;
                // Where a compiler runs first, a few tests take as long as all.
                let runner = Runner::detect(&self.state.setup.check);
                let shared = narrowed.is_none() || runner.is_some_and(Runner::compiles);
                let part =
                    if shared { wall } else { part(report, failing.len().min(narrowed::MOST)) };
                self.record(Event::Seen { failing, excerpt, narrowed, wall, part });
                let ask = self.trace();
                self.want(Effect::Check(ask));
            }
        }
    }

    /// One more run, of the failing tests and their neighbours, with line coverage where the
    /// language gives it cheaply.
    pub(super) fn trace(&self) -> CheckAsk {
        let mut ask = self.once_more();
        let Some(seen) = &self.state.here.seen else { return ask };
        let check = &self.state.setup.check;
        let root = &self.state.setup.root;
        let folder = format!("{root}/{PLUGIN}");
        let place = Place {
            folder: &folder,
            root,
            test_seconds: TRACE_TEST_SECONDS,
            total_seconds: TRACE_SECONDS,
            whole: seen.whole <= LONG_CHECK,
        };
        let traced = Runner::detect(check)
            .and_then(|runner| runner.traced(check, &seen.failing, &place))
            .filter(|traced| traced.trace.starts_with(&folder));
        let Some(traced) = traced else { return ask };
        let output = traced.trace[root.len() + 1..].to_owned();
        let (files, env, folder) = (traced.files, traced.env, PLUGIN.to_owned());
        ask.command = traced.command;
        ask.plugin = Some(Plugin { files, folder, env, output, probes: traced.probes });
        ask
    }

    /// A plain run of what fails, to see whether it does so again.
    fn once_more(&self) -> CheckAsk {
        self.failing(Purpose::Trace, &self.state.here.base, self.state.setup.check_timeout)
    }

    /// A run of what fails alone, as far as that can be told to the runner.
    fn failing(&self, purpose: Purpose, edits: &[Edit], timeout: Millis) -> CheckAsk {
        let mut ask = CheckAsk { edits: edits.to_vec(), timeout, ..self.whole(purpose) };
        let seen = self.state.here.seen.as_ref();
        if let Some(narrowed) = seen.and_then(|seen| seen.narrowed.as_ref()) {
            ask.command.clone_from(&narrowed.command);
        }
        ask
    }

    fn retraced(&mut self, traced: bool, report: &CheckReport, coverage: Option<String>) {
        let told = coverage.is_some() && !report.failing.is_empty();
        if traced && !told && report.verdict != CheckVerdict::Passed {
            // What traces the check may have broken it.
            let ask = self.once_more();
            self.want(Effect::Check(ask));
            return;
        }
        let failed_before = self.state.here.seen.is_some();
        let flaky = match (failed_before, &report.verdict) {
            (false, CheckVerdict::Failed) => true,
            (true, CheckVerdict::Passed) => self.state.here.base.is_empty(),
            _ => false,
        };
        if flaky {
            let note = note::flaky(&self.state, report);
            self.end(AttemptOutcome::CheckFlaky, note);
        } else if failed_before {
            let (wall, output) = (report.wall, report.output.clone());
            let narrowed = self.quick(coverage.as_deref());
            self.record(Event::Retraced { wall, narrowed, coverage, output });
            self.want(Effect::Read);
        } else {
            let note = note::nothing_to_do(&self.state);
            self.end(AttemptOutcome::NothingToDo, note);
        }
    }

    /// A check of the quickest of the failing tests.
    fn quick(&self, coverage: Option<&str>) -> Option<Narrowed> {
        let seen = self.state.here.seen.as_ref()?;
        let spectrum = coverage::read(coverage?, &seen.failing).ok()?;
        Narrowed::quick(&self.state.setup.check, &seen.failing, &spectrum)
    }

    fn understand(&mut self, sources: &[Source]) {
        let seen = self.state.here.seen.clone().unwrap_or_default();
        let mut failure = failure::read(&seen.output, None);
        if failure.tests.is_empty() && failure.problems.is_empty() {
            failure = Failure { excerpt: seen.excerpt.clone(), ..failure };
        }
        // What is mended so far stays mended while the rest is looked for.
        let mended: Vec<Source> = sources
            .iter()
            .map(|source| {
                let text = self.state.mended(&source.path, &source.text);
                Source { text: text.unwrap_or_else(|| source.text.clone()), ..source.clone() }
            })
            .collect();
        let text = &self.state.setup.text;
        let (targets, mut facts) = targets::find(text, &mended, &failure, seen.coverage.as_deref());
        for source in sources {
            if let Some(text) = facts.texts.get_mut(&source.path) {
                text.clone_from(&source.text);
            }
        }
        if targets.is_empty() && self.state.others.is_empty() {
            let note = note::no_place(&self.state);
            return self.end(AttemptOutcome::GaveUp, note);
        }
        self.record(Event::Understood { targets, facts });
        self.carry();
        self.plan();
    }

    /// Records what a score says about the places that were scored.
    fn score(&mut self, moves: &[moves::Move], answers: &[Option<Answer>]) {
        for (made, answer) in moves.iter().zip(answers) {
            let target = &self.state.here.targets[made.target];
            let text = self.state.text(&target.path);
            if let (Some(Answer::Scored { tokens, more }), Some(text)) = (answer, text) {
                let tokens = prompts::own(target, &text, made, tokens);
                let most = tokens.iter().map(TokenScore::surprise).fold(0.0, f32::max);
                // The more tokens, the more surprising is the most surprising of them by chance.
                let surprise = most - BY_CHANCE * (tokens.len().max(1) as f32 / FEW_TOKENS).ln();
                let (target, unit, more) = (made.target, made.unit, *more);
                self.record(Event::Scored { target, unit, surprise, more });
            }
        }
    }

    fn tried(&mut self, step: StepId, report: &CheckReport) {
        let Some(candidate) = self.state.trying.get(&step).cloned() else { return self.plan() };
        let passed = report.passed();
        let failing = match report.verdict {
            CheckVerdict::Failed if !report.failing.is_empty() => {
                self.state.subset(&report.failing).then(|| report.failing.clone())
            }
            _ => None,
        };
        let headway = failing.is_some() && self.makes_headway(report);
        let named = self.state.here.seen.as_ref().is_some_and(|seen| !seen.failing.is_empty());
        let broken = named && !passed && report.failing.is_empty();
        let (candidate, wall) = (candidate.id, report.wall);
        self.record(Event::Tried { candidate, failing, passed, headway, broken, wall });
        self.plan();
    }

    /// Whether a test that still fails gets further than without the candidate.
    pub(super) fn makes_headway(&self, report: &CheckReport) -> bool {
        self.before().is_some_and(|before| headway::made(&before, &now(report)))
    }

    /// By how many lines of its own.
    pub(super) fn later(&self, report: &CheckReport) -> u32 {
        self.before().map_or(0, |before| headway::lines(&before, &now(report)))
    }

    /// What failed, as it failed without the candidate.
    fn before(&self) -> Option<Failure> {
        self.state.here.seen.as_ref().map(|seen| failure::read(&seen.output, None))
    }

    fn judged(&mut self, report: &CheckReport) {
        let Some((_, candidate)) = self.state.judging.clone() else { return self.plan() };
        let passed = report.passed();
        // What mends all that it was tried with may be a part of what mends all that fails.
        let part = !passed && self.is_part(report);
        self.record(Event::Judged { candidate: candidate.id, passed, part });
        if passed {
            let note = note::finished(&self.state, report);
            self.end(AttemptOutcome::Finished, note);
        } else {
            self.plan();
        }
    }

    /// Nothing says whether the candidate is right, so it is proposed as it is.
    fn unjudged(&mut self) {
        let Some((_, candidate)) = self.state.judging.clone() else { return self.plan() };
        self.record(Event::Unjudged { candidate: candidate.id });
        let note = note::unverified(&self.state);
        self.end(AttemptOutcome::Finished, note);
    }

    /// Asks for what comes next, if nothing that runs has to be waited for.
    pub(super) fn plan(&mut self) {
        let state = &self.state;
        if state.is_waiting() || state.ending.is_some() {
            return;
        }
        if let Some(candidate) = state.likeliest_passing().cloned() {
            // Of several that pass the likeliest is proposed, and not the one that ran fastest.
            let likelier = |other: &Candidate| other.merit > candidate.merit;
            if !state.trying.values().any(likelier) {
                self.judge(&candidate);
            }
            return;
        }
        if state.setup.check.is_empty()
            && let Some(candidate) = state.here.pool.last().cloned()
        {
            // Without a check nothing tells candidates apart but how likely they are.
            return self.judge(&candidate);
        }
        if state.elapsed >= state.setup.time {
            let note = note::out_of_time(state);
            return self.end(AttemptOutcome::LimitTime, note);
        }
        if state.tried >= state.setup.candidates {
            let note = note::out_of_candidates(state);
            return self.end(AttemptOutcome::LimitSteps, note);
        }
        // A candidate is checked as long as that buys more than asking for others would.
        let worth = moves::best(state);
        while self.try_next(worth) {}
        if self.state.trying.is_empty() && self.state.moving.is_empty() {
            self.make_more();
        }
    }

    fn judge(&mut self, candidate: &Candidate) {
        let step = self.want(Effect::Judge { edits: candidate.edits.clone() });
        self.record(Event::Judging { step, candidate: candidate.id });
    }

    /// Checks the best candidate of the pool, if it is worth that much for each second that
    /// its check takes, and there is room for one more.
    fn try_next(&mut self, worth: f64) -> bool {
        let state = &self.state;
        let seconds = state.check_seconds();
        let next =
            state.here.pool.last().filter(|candidate| candidate.merit.exp() / seconds >= worth);
        let room = state.trying.len() < state.setup.parallel.max(1) as usize;
        let Some(next) = next.filter(|_| room).cloned() else { return false };
        let seen = state.here.seen.as_ref();
        let part = seen.map_or(Millis(0), |seen| seen.part);
        let ask = self.failing(Purpose::Candidate, &next.edits, state.at_most(part));
        let step = self.want(Effect::Check(ask));
        self.record(Event::Trying { step, candidate: next.id });
        true
    }

    /// Asks the model for candidates. If nothing is left to ask, what is left of the pool is
    /// checked.
    fn make_more(&mut self) {
        if self.prove() {
            return;
        }
        if let Some(to) = self.state.better_elsewhere() {
            self.record(Event::Turned { to });
            self.carry();
            return self.plan();
        }
        if let Some(paired) = pairs::made(&self.state) {
            self.record(paired);
            return self.plan();
        }
        let mut draws = self.state.setup.seed.child(u64::from(self.state.rounds)).draws();
        let moves = moves::choose(&self.state, &mut draws);
        if !moves.is_empty() {
            return self.ask(&moves);
        }
        if self.try_next(0.0) {
            return;
        }
        let note = note::gave_up(&self.state);
        self.end(AttemptOutcome::GaveUp, note);
    }

    fn ask(&mut self, moves: &[moves::Move]) {
        let seed = self.state.setup.seed.child(1_000_000 + u64::from(self.state.rounds));
        let asked: Vec<(moves::Move, tenfold_domain::Ask)> = moves
            .iter()
            .enumerate()
            .filter_map(|(i, next)| {
                Some((*next, prompts::ask(&self.state, next, seed.child(i as u64))?))
            })
            .collect();
        if asked.is_empty() {
            // There is nothing to ask about these places; they count as done.
            let (moves, usage) = (moves.to_vec(), Usage::default());
            let wall = Millis(0);
            let candidates = Vec::new();
            self.record(Event::Gathered { moves, candidates, dropped: 0, usage, wall });
            return self.plan();
        }
        let what = note::asking(&self.state, moves);
        let (moves, asks) = asked.into_iter().unzip();
        let step = self.want(Effect::Infer { asks, what });
        self.record(Event::Moved { step, moves });
    }
}

/// What a report says of what fails.
fn now(report: &CheckReport) -> Failure {
    failure::read(&report.output, report.exit_code)
}

/// What some tests take by themselves, of a check that ran all: their share, and what it takes
/// to start.
fn part(report: &CheckReport, some: usize) -> Millis {
    let all = report.passed.unwrap_or(0) as usize + report.failing.len();
    let share = some as f64 / all.max(1) as f64;
    Millis(START.0 + (report.wall.0 as f64 * share) as u64)
}

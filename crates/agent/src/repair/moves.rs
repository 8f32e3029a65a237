//! What can be tried next, and which of it is worth most.
//!
//! A move points a generator at a place. Its worth is the chance that it mends the fault,
//! by the seconds it is expected to take: the generator's chance (an arm of the bandit)
//! times the chance that the fault is at that place. The chances of the generators are shares
//! of one whole: each is for faults that those before it in the list don't mend. So what was
//! tried at a place takes nothing from what was not.

use serde::{Deserialize, Serialize};
use tenfold_domain::Draws;

use super::bandit::Arm;
use super::mistakes;
use super::prompts::LONG;
use super::state::{Repair, updated};
use super::targets::{Target, TargetKind};

/// Questions in one batch; more would keep the checks waiting.
const BATCH: usize = 3;
/// The same, where each is a search: together they take little longer than one of them.
const SEARCHES: usize = 6;
/// Moves that are taken to share what the first of them computes, at the most.
const SHARING: usize = 16;
/// A move shares the batch of another if it is worth this part of the best move anywhere: one
/// batch for both is somewhat quicker than one for each,
const WORTH_SHARING: f64 = 0.6;
/// and much quicker if both are searches, whose paths are followed together.
const WORTH_SEARCHING: f64 = 0.4;

/// How many observations the guess of a generator's chance is worth. With few, a draw now and
/// then gives a generator that takes long several times its chance, and a sixth of the time to
/// it.
const OBSERVED: f64 = 60.0;

/// A way to make candidates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Generator {
    /// Another token in the place of one, read off the scores of what stands there.
    Token,
    /// Another text for one statement, by infill.
    Line,
    /// A statement between two others, by infill.
    Gap,
    /// Another text for two statements, by infill.
    Hunk,
    /// Another expression inside a statement, by infill.
    Expression,
    /// Another body for the function, by infill.
    Body,
    /// The whole function, asked for in words, with the failure.
    Rewrite,
    /// The corrected lines only, asked for in words, with the failure.
    Patch,
    /// A function that is missing, asked for in words.
    Write,
}

impl Generator {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Token,
        Self::Line,
        Self::Gap,
        Self::Hunk,
        Self::Expression,
        Self::Body,
        Self::Rewrite,
        Self::Patch,
        Self::Write,
    ];

    /// Its name, as people and files write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Line => "line",
            Self::Gap => "gap",
            Self::Hunk => "hunk",
            Self::Expression => "expression",
            Self::Body => "body",
            Self::Rewrite => "rewrite",
            Self::Patch => "patch",
            Self::Write => "write",
        }
    }

    /// The chance that it mends a fault that it is pointed at, before anything is known.
    fn guess(self) -> Arm {
        // Of 84 faults that were mended in three runs of the bench, 73 were by a token, 7 by a
        // line, 3 by a gap and 1 by an expression, none in words. Faults that people make are
        // wider than those, so that the others are left a part.
        let chance = match self {
            Self::Token => 0.72,
            Self::Line => 0.09,
            Self::Gap => 0.06,
            Self::Hunk => 0.03,
            Self::Expression => 0.03,
            Self::Body => 0.30,
            Self::Rewrite => 0.03,
            Self::Patch => 0.01,
            Self::Write => 0.40,
        };
        Arm::guess(chance, OBSERVED)
    }

    /// Whether it follows many paths.
    fn is_search(self) -> bool {
        self.is_infill() && self != Self::Token
    }

    /// Whether what it makes is another text for the statement that it is pointed at.
    pub(super) fn changes_a_unit(self) -> bool {
        matches!(self, Self::Token | Self::Line | Self::Expression)
    }

    /// Whether it looks at a gap between two texts.
    pub(super) fn is_infill(self) -> bool {
        matches!(self, Self::Token | Self::Line | Self::Gap | Self::Hunk | Self::Expression)
    }
}

/// One generator pointed at one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Move {
    /// How.
    pub generator: Generator,
    /// Where: which target.
    pub target: usize,
    /// Where in it: which unit; 0 where the whole target is meant.
    pub unit: usize,
    /// How deep: 0 looks at what is likely only, each step further down.
    pub depth: u8,
}

/// The bandit's arms before the first move.
pub(super) fn arms() -> Vec<(Generator, Arm)> {
    Generator::ALL.map(|generator| (generator, generator.guess())).to_vec()
}

/// What the best move is worth, at the mean of each arm: a chance for each second.
pub(super) fn best(state: &Repair) -> f64 {
    worth(state, &|generator| state.chance(generator)).first().map_or(0.0, |(worth, _)| *worth)
}

/// The next batch of moves: the best one, and those at the same place that can share its
/// prompt; empty when there is nothing left to try. `draws` is where chance comes from.
pub(super) fn choose(state: &Repair, draws: &mut Draws) -> Vec<Move> {
    let chances: Vec<(Generator, f64)> =
        state.arms.iter().map(|(generator, arm)| (*generator, arm.draw(draws))).collect();
    let chance = |generator: Generator| {
        chances.iter().find(|(known, _)| *known == generator).map_or(0.0, |(_, chance)| *chance)
    };
    // Each is chosen as if those before it had been made.
    let mut after = state.clone();
    let mut chosen: Vec<Move> = Vec::new();
    loop {
        let first = chosen.first().copied();
        let searching = first.is_some_and(|first: Move| first.generator.is_search());
        let (most, part) =
            if searching { (SEARCHES, WORTH_SEARCHING) } else { (BATCH, WORTH_SHARING) };
        if chosen.len() == most {
            break;
        }
        let ranked = worth(&after, &chance);
        let best = ranked.first().map_or(0.0, |(worth, _)| *worth);
        let next = ranked.into_iter().find(|(_, next)| {
            first.is_none_or(|first| {
                next.target == first.target
                    && next.generator.is_infill()
                    && next.generator.is_search() == searching
            })
        });
        let next = next.filter(|(worth, _)| *worth >= best * part);
        let Some((_, next)) = next else { break };
        chosen.push(next);
        if !next.generator.is_infill() {
            break;
        }
        after.here.made.insert(next);
    }
    chosen
}

/// All possible moves with what they are worth, the best first.
fn worth(state: &Repair, chance: &dyn Fn(Generator) -> f64) -> Vec<(f64, Move)> {
    let mut worth: Vec<(f64, Move)> = possible(state)
        .into_iter()
        .map(|next| (chance(arm(state, &next)) * place(state, &next) / seconds(state, &next), next))
        .filter(|(worth, _)| *worth > 0.0)
        .collect();
    worth.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    worth
}

/// The chance that a move mends a fault that is where it points, at the mean of its arm.
pub(super) fn chance(state: &Repair, next: &Move) -> f64 {
    state.chance(arm(state, next))
}

/// Whose chance a move has. What is not written yet is written in answer to words about as
/// often as in its place.
fn arm(state: &Repair, next: &Move) -> Generator {
    match (state.here.targets[next.target].kind, next.generator) {
        (TargetKind::Stub, Generator::Rewrite) => Generator::Body,
        (_, generator) => generator,
    }
}

/// All moves that have not been made and can be made now.
fn possible(state: &Repair) -> Vec<Move> {
    let mut moves = Vec::new();
    for (index, target) in state.here.targets.iter().enumerate() {
        for &generator in generators(state, target) {
            let units = match generator {
                Generator::Gap => target.units.len() + 1,
                _ if generator.is_infill() => target.units.len(),
                _ => 1,
            };
            for unit in (0..units).filter(|unit| fits(generator, target, *unit)) {
                let depth = state
                    .here
                    .made
                    .iter()
                    .filter(|m| m.generator == generator && m.target == index && m.unit == unit)
                    .count() as u8;
                if depth < depths(generator) {
                    moves.push(Move { generator, target: index, unit, depth });
                }
            }
        }
    }
    moves
}

/// Whether a generator can do something with a unit: a long statement is not worth the tokens
/// of another text, where nothing stands nothing can be exchanged, and a part of a function is
/// no function to be rewritten.
fn fits(generator: Generator, target: &Target, unit: usize) -> bool {
    if generator == Generator::Rewrite && target.lines.start > target.head.start {
        return false;
    }
    let Some(unit) = target.units.get(unit) else { return true };
    match generator {
        Generator::Line | Generator::Gap | Generator::Hunk if target.is_signature(unit) => false,
        Generator::Line | Generator::Hunk => unit.lines.end - unit.lines.start <= LONG,
        Generator::Token | Generator::Expression => !unit.hole,
        _ => true,
    }
}

fn generators(state: &Repair, target: &Target) -> &'static [Generator] {
    use Generator::{Body, Expression, Gap, Hunk, Line, Patch, Rewrite, Token, Write};
    match (target.kind, state.setup.infill, state.setup.chat) {
        (TargetKind::Missing, _, true) => &[Write],
        (TargetKind::Missing, ..) => &[],
        (TargetKind::Stub, true, true) => &[Body, Rewrite],
        (TargetKind::Stub, true, false) => &[Body],
        (TargetKind::Stub | TargetKind::Function, false, true) => &[Rewrite, Patch],
        (TargetKind::Function, true, true) => &[Token, Line, Gap, Hunk, Expression, Rewrite, Patch],
        (TargetKind::Function, true, false) => &[Token, Line, Gap, Hunk, Expression],
        (_, false, false) => &[],
    }
}

/// How often a generator is pointed at the same place, deeper each time.
fn depths(generator: Generator) -> u8 {
    match generator {
        Generator::Token | Generator::Hunk | Generator::Patch => 1,
        Generator::Line | Generator::Expression => 2,
        Generator::Gap | Generator::Rewrite => 3,
        Generator::Body | Generator::Write => 4,
    }
}

/// The chance that the fault is where a move points.
pub(super) fn place(state: &Repair, next: &Move) -> f64 {
    let target = &state.here.targets[next.target];
    // What a deeper look finds was not likely enough for the one before it.
    let deeper = 0.45_f64.powi(i32::from(next.depth));
    let at = |unit: usize| state.at(next.target, unit);
    let units = target.units.len();
    match next.generator {
        Generator::Token | Generator::Line | Generator::Expression => at(next.unit) * deeper,
        Generator::Gap => {
            let idle = if target.idle.is_empty() { 1.0 } else { mistakes::IDLE_GAP };
            updated(state.missing_before(next.target, next.unit), idle) * deeper
        }
        Generator::Hunk => {
            let second = if next.unit + 1 < units { at(next.unit + 1) } else { 0.0 };
            if next.unit + 1 < units { at(next.unit).max(second) * deeper } else { 0.0 }
        }
        Generator::Rewrite | Generator::Patch => {
            let sum: f64 = (0..units).map(at).sum();
            let sum = if units == 0 { target.mass } else { sum };
            // A small model loses its way in a long function.
            let length = f64::from(target.lines.end - target.lines.start);
            sum * deeper * (25.0 / length.max(25.0))
        }
        Generator::Body | Generator::Write => target.mass * deeper,
    }
}

/// How many tokens the other texts of a statement are expected to have together.
fn line_tokens(target: &Target, next: &Move) -> f64 {
    let first = match target.units.get(next.unit) {
        Some(unit) if unit.hole => 110.0,
        Some(unit) => 30.0 + 20.0 * f64::from(unit.lines.end - unit.lines.start),
        None => 50.0,
    };
    first * (1.0 + 0.8 * f64::from(next.depth))
}

/// What a move is expected to take, in seconds, its checks included.
fn seconds(state: &Repair, next: &Move) -> f64 {
    let target = &state.here.targets[next.target];
    let lines = f64::from(target.lines.end - target.lines.start);
    let check = state.check_seconds();
    let (prompt, output, checks) = match next.generator {
        Generator::Token => (42.0, 0.0, 1.0),
        Generator::Line => (50.0, line_tokens(target, next), 2.0),
        Generator::Gap => (55.0, 37.0 + 35.0 * f64::from(next.depth), 1.5),
        Generator::Expression => (55.0, 50.0, 2.0),
        Generator::Hunk => (50.0, 110.0, 2.5),
        Generator::Body => (100.0, 4.0 * 60.0, 4.0),
        Generator::Rewrite => (300.0 + 12.0 * lines, 4.0 * 12.0 * lines.max(6.0), 3.0),
        Generator::Patch => (300.0 + 12.0 * lines, 6.0 * 75.0, 3.0),
        Generator::Write => (400.0, 4.0 * 160.0, 3.0),
    };
    // The first move at a place computes what all others there share, which is worth it for
    // them too.
    let fresh = !state.here.made.iter().any(|made| made.target == next.target);
    let sharing = target.units.len().clamp(1, SHARING) as f64;
    let shared = if fresh { (60.0 + 6.0 * lines) / sharing } else { 0.0 };
    let batch = if next.generator == Generator::Token { 0.15 } else { 0.5 };
    (shared + prompt) / state.speed.prompt + output / state.speed.output + checks * check + batch
}

//! Two candidates at once, for faults that hide each other.
//!
//! Apart from parts, which show by a test that passes: of two faults in one function neither
//! may show when it is mended alone. There are too many pairs to ask for them; but the
//! candidates are there, each with its chance, and to check a pair costs no question.

use std::collections::BTreeMap;

use tenfold_code::{Edit, Syntax, edit};

use super::candidates::{Candidate, File, Idea, Sieve, mass};
use super::event::Event;
use super::state::Repair;

/// Candidates of one statement that are paired,
const EACH: usize = 2;
/// and of one function.
const MOST: usize = 14;
/// Pairs that are made at a time.
const PAIRS: usize = 40;
/// The chance that a function with a fault has another one; its natural logarithm.
const ANOTHER: f64 = -2.3;

/// The likeliest pairs of candidates of which one was not paired yet; `None` if there is none.
pub(super) fn made(state: &Repair) -> Option<Event> {
    let mut sieve = Sieve::new(state);
    let mut functions: BTreeMap<(&str, &str), Vec<&Candidate>> = BTreeMap::new();
    let here = &state.here;
    let single = |candidate: &&Candidate| !here.pairs.contains(&candidate.id);
    for candidate in here.checked.iter().chain(&here.pool).filter(single) {
        if let Some(target) = here.targets.get(candidate.target) {
            functions.entry((&target.path, &target.name)).or_default().push(candidate);
        }
    }
    let mut pairs: Vec<(f64, &Candidate, Vec<Edit>)> = Vec::new();
    for candidates in functions.values_mut() {
        candidates.sort_by(|a, b| b.merit.total_cmp(&a.merit));
        let likely = likeliest(state, candidates);
        for (index, (one, own)) in likely.iter().enumerate() {
            for (other, others) in &likely[index + 1..] {
                if one.id.max(other.id) > here.paired {
                    let apart = mass(here, &here.targets[one.target]).max(1e-12).ln();
                    let merit = one.merit + other.merit + ANOTHER - apart;
                    let edits = own.iter().chain(others).map(|edit| (*edit).clone()).collect();
                    pairs.push((merit, other, edits));
                }
            }
        }
    }
    pairs.sort_by(|a, b| b.0.total_cmp(&a.0));
    pairs.truncate(PAIRS);
    if pairs.is_empty() {
        return None;
    }
    for (index, target) in here.targets.iter().enumerate() {
        let Some(file) = File::of(state, target) else { continue };
        let syntax = Syntax::read(file.language, &file.text);
        let own = pairs.iter().filter(|(_, candidate, _)| candidate.target == index);
        let ideas = own.filter_map(|(merit, candidate, edits)| {
            let base = here.base.iter().filter(|edit| edit.path == target.path);
            let edits: Vec<Edit> = base.chain(edits).cloned().collect();
            let text = edit::apply(file.original, &edits).ok()?;
            Some(Idea { text, generator: candidate.generator, unit: None, merit: *merit })
        });
        sieve.sift(index, &file, &syntax, ideas);
    }
    let (candidates, dropped) = (sieve.found, sieve.dropped);
    Some(Event::Paired { candidates, dropped, until: state.candidates })
}

/// The likeliest candidates of a function, few of each statement, with their own edits.
fn likeliest<'s>(
    state: &Repair,
    candidates: &[&'s Candidate],
) -> Vec<(&'s Candidate, Vec<&'s Edit>)> {
    let mut of: BTreeMap<u32, usize> = BTreeMap::new();
    let own = candidates.iter().filter_map(|candidate| {
        let fresh = |edit: &&Edit| !state.here.base.contains(edit);
        let edits: Vec<&Edit> = candidate.edits.iter().filter(fresh).collect();
        let count = of.entry(edits.first()?.lines.start).or_default();
        *count += 1;
        (*count <= EACH).then_some((*candidate, edits))
    });
    own.take(MOST).collect()
}

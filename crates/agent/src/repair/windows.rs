//! A long function, cut into parts of a length that a small model can look at.
//!
//! Apart from finding the places, because what is suspect is known of whole functions; what is
//! too long depends on the reader.

use super::targets::{Target, TargetKind, Unit};

/// Lines of a function that are shown to the model at a time.
const WINDOW: u32 = 48;
/// Lines of the part before it that are shown with a part.
const BEFORE: u32 = 8;
/// Lines of the part after it.
const AFTER: u32 = 2;

/// The target itself, or its parts: each with the statements that begin in it, and with its
/// share of the mass. Parts without a suspect statement are left out if others have one.
pub(super) fn cut(target: Target) -> Vec<Target> {
    let mut own = target.units.iter().filter(|unit| !target.is_signature(unit));
    let Some(first) = own.next().map(|unit| unit.lines.start) else { return vec![target] };
    let whole = target.lines.clone();
    if target.kind != TargetKind::Function || whole.end - whole.start <= WINDOW {
        return vec![target];
    }
    let length = whole.end.saturating_sub(first).max(1);
    let height = length.div_ceil(length.div_ceil(WINDOW));
    // The signature is with the first part.
    let part = |unit: &Unit| unit.lines.start.saturating_sub(first) / height;
    let suspect = target.units.iter().any(|unit| unit.suspicion > 0.0);
    let total: f64 = target.units.iter().map(Unit::weight).sum();
    target
        .units
        .chunk_by(|a, b| part(a) == part(b))
        .filter(|units| !suspect || units.iter().any(|unit| unit.suspicion > 0.0))
        .map(|units| {
            let start = units.first().map_or(first, |unit| unit.lines.start);
            let end = units.iter().map(|unit| unit.lines.end).max().unwrap_or(start);
            let share = units.iter().map(Unit::weight).sum::<f64>() / total;
            Target {
                lines: start.saturating_sub(BEFORE).max(first)..(end + AFTER).min(whole.end),
                mass: target.mass * share,
                units: units.to_vec(),
                ..target.clone()
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(lines: u32, suspicions: &[(u32, f64)]) -> Target {
        Target {
            path: "a.py".to_owned(),
            name: "f".to_owned(),
            kind: TargetKind::Function,
            lines: 10..10 + lines,
            head: 10..11,
            body: 20..10 + lines,
            holder: None,
            mass: 0.5,
            units: suspicions
                .iter()
                .map(|(line, known)| Unit::of(*line..line + 1, *known))
                .collect(),
            idle: Vec::new(),
            missing: Vec::new(),
            why: String::new(),
        }
    }

    #[test]
    fn every_suspect_statement_is_in_one_part() {
        let long = target(140, &[(20, 0.5), (60, 0.9), (66, 0.0), (110, 0.0), (149, 0.3)]);
        let parts = cut(long.clone());
        let lines: Vec<_> = parts.iter().map(|part| part.lines.clone()).collect();
        assert_eq!(lines, [20..63, 102..150]);
        let mass: f64 = parts.iter().map(|part| part.mass).sum();
        assert!(parts[0].mass > parts[1].mass && (0.48..0.5).contains(&mass));
        // Where nothing is known of statements, all are looked at.
        let unknown = target(140, &[(20, 0.0), (70, 0.0), (110, 0.0)]);
        assert_eq!(cut(unknown).len(), 3);
    }

    #[test]
    fn a_short_function_stays_whole() {
        let short = target(48, &[(20, 0.5), (57, 0.9)]);
        assert_eq!(cut(short.clone()), [short]);
    }
}

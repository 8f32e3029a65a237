//! From the model's scores to probabilities, and to choices.

use tenfold_domain::Draws;

/// A token by its place in the vocabulary.
pub(super) type Token = i32;

/// The logarithm of the sum of the exponentials of all scores: what a score has to lose to
/// become the logarithm of a probability.
pub(super) fn normaliser(scores: &[f32]) -> f32 {
    let largest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f32 = scores.iter().map(|score| (score - largest).exp()).sum();
    largest + sum.ln()
}

/// The `count` likeliest tokens, likeliest first, with the logarithms of their
/// probabilities.
pub(super) fn likeliest(scores: &[f32], normaliser: f32, count: usize) -> Vec<(Token, f32)> {
    let mut best: Vec<(Token, f32)> = Vec::with_capacity(count + 1);
    let mut least = f32::NEG_INFINITY;
    for (token, &score) in scores.iter().enumerate() {
        if score <= least && best.len() == count {
            continue;
        }
        let place = best.partition_point(|(_, other)| *other >= score);
        best.insert(place, (token as Token, score));
        best.truncate(count);
        least = best.last().map_or(f32::NEG_INFINITY, |(_, score)| *score);
    }
    for (_, score) in &mut best {
        *score -= normaliser;
    }
    best
}

/// Draws a token at a temperature among the likeliest that together have `top_p`.
/// Returns it with the logarithm of its probability under the model as it is.
pub(super) fn draw(
    scores: &[f32],
    temperature: f32,
    top_p: f32,
    draws: &mut Draws,
) -> (Token, f32) {
    /// Far more than a nucleus ever holds; it bounds the sort.
    const MOST: usize = 64;
    let normaliser = normaliser(scores);
    let candidates = likeliest(scores, normaliser, MOST);
    if temperature <= 0.0 {
        return candidates.first().copied().unwrap_or((0, 0.0));
    }
    let weight = |log: f32| f64::from((log - candidates[0].1) / temperature).exp();
    let mut kept = Vec::with_capacity(candidates.len());
    let mut share = 0.0;
    for &(token, log) in &candidates {
        kept.push((token, log, weight(log)));
        share += log.exp();
        if share >= top_p {
            break;
        }
    }
    let total: f64 = kept.iter().map(|(_, _, weight)| weight).sum();
    let mut point = draws.unit() * total;
    for &(token, log, weight) in &kept {
        point -= weight;
        if point < 0.0 {
            return (token, log);
        }
    }
    let &(token, log, _) = kept.last().unwrap_or(&(0, 0.0, 0.0));
    (token, log)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tenfold_domain::Seed;

    #[test]
    fn the_likeliest_come_first_and_add_up() {
        let scores = [1.0, 3.0, 2.0, 3.0, -1.0];
        let norm = normaliser(&scores);
        let all = likeliest(&scores, norm, 5);
        assert_eq!(all.iter().map(|(t, _)| *t).collect::<Vec<_>>(), [1, 3, 2, 0, 4]);
        let sum: f32 = all.iter().map(|(_, log)| log.exp()).sum();
        assert!((sum - 1.0).abs() < 1e-5);
        assert_eq!(likeliest(&scores, norm, 2).len(), 2);
    }

    #[test]
    fn draws_follow_the_temperature_and_the_seed() {
        let scores = [0.0, 2.0, 1.0];
        let mut draws = Seed(1).draws();
        assert_eq!(draw(&scores, 0.0, 1.0, &mut draws).0, 1);
        let mut seen = [0; 3];
        for _ in 0..1_000 {
            seen[draw(&scores, 1.0, 1.0, &mut draws).0 as usize] += 1;
        }
        assert!(seen[1] > seen[2] && seen[2] > seen[0] && seen[0] > 0);
        assert_eq!(draw(&scores, 5.0, 0.1, &mut draws).0, 1);
    }
}

//! How right chances were that were given beforehand.
//!
//! All of these take pairs of the chance that was given and whether it came so. None of them says
//! anything of no pairs: they are `None` then.

/// A chance that was given, and what came of it.
pub type Told = (f64, bool);

/// The mean squared distance of the chance from what came (Brier, "Verification of forecasts
/// expressed in terms of probability", 1950). 0 is best; 0.25 is what one half always gets.
pub fn brier(told: &[Told]) -> Option<f64> {
    mean(told.iter().map(|&(chance, came)| (chance - f64::from(u8::from(came))).powi(2)))
}

/// The mean of −ln of the chance that was given to what came (Good, "Rational decisions", 1952),
/// in nats. Chances are held one in a million away from certainty, so that one sure mistake
/// doesn't hide all else.
pub fn log_loss(told: &[Told]) -> Option<f64> {
    const SURE: f64 = 1e-6;
    mean(told.iter().map(|&(chance, came)| {
        let chance = chance.clamp(SURE, 1.0 - SURE);
        -(if came { chance } else { 1.0 - chance }).ln()
    }))
}

/// How often what came true had been given the higher chance, of all pairs of one that did and one
/// that didn't (the area under the curve of Hanley and McNeil, 1982); ties count half. `None` too
/// if all came alike. Takes as long as sorting.
pub fn auc(told: &[Told]) -> Option<f64> {
    let mut told: Vec<Told> = told.to_vec();
    told.sort_by(|a, b| a.0.total_cmp(&b.0));
    let came = told.iter().filter(|one| one.1).count() as f64;
    let not = told.len() as f64 - came;
    if came == 0.0 || not == 0.0 {
        return None;
    }
    let (mut below, mut won) = (0.0, 0.0);
    for alike in told.chunk_by(|a, b| a.0 == b.0) {
        let yes = alike.iter().filter(|one| one.1).count() as f64;
        let no = alike.len() as f64 - yes;
        won += yes * (below + no / 2.0);
        below += no;
    }
    Some(won / (came * not))
}

/// The chances in as many equal bins as are asked for; of each bin that has any the mean chance,
/// the share that came true, and how many there are.
pub fn calibration(told: &[Told], bins: usize) -> Vec<(f64, f64, usize)> {
    let bins = bins.max(1);
    let mut sums = vec![(0.0, 0.0, 0_usize); bins];
    for &(chance, came) in told {
        let bin = ((chance * bins as f64) as usize).min(bins - 1);
        sums[bin].0 += chance;
        sums[bin].1 += f64::from(u8::from(came));
        sums[bin].2 += 1;
    }
    let some = sums.into_iter().filter(|bin| bin.2 > 0);
    some.map(|(chance, came, n)| (chance / n as f64, came / n as f64, n)).collect()
}

/// The mean of what there is.
pub fn mean(numbers: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = numbers.fold((0.0, 0_usize), |(sum, count), one| (sum + one, count + 1));
    (count > 0).then(|| sum / count as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_those_of_their_definitions() {
        let told = [(0.9, true), (0.6, false), (0.6, true), (0.1, false)];
        assert!((brier(&told).unwrap() - (0.01 + 0.36 + 0.16 + 0.01) / 4.0).abs() < 1e-12);
        let log = -(0.9_f64.ln() + 0.4_f64.ln() + 0.6_f64.ln() + 0.9_f64.ln()) / 4.0;
        assert!((log_loss(&told).unwrap() - log).abs() < 1e-12);
        // Of four pairs three are in order, and one is a tie.
        assert_eq!(auc(&told), Some(3.5 / 4.0));
        let bins = calibration(&told, 2);
        assert_eq!(bins.iter().map(|bin| bin.2).collect::<Vec<_>>(), [1, 3]);
        assert_eq!(bins[0].1, 0.0);
    }

    #[test]
    fn of_nothing_there_is_no_score() {
        assert_eq!((brier(&[]), log_loss(&[]), auc(&[])), (None, None, None));
        assert_eq!(auc(&[(0.3, true), (0.7, true)]), None, "all came alike");
        assert!(calibration(&[], 10).is_empty());
    }

    #[test]
    fn a_sure_mistake_costs_much_and_not_everything() {
        assert!(log_loss(&[(0.0, true)]).unwrap().is_finite());
    }
}

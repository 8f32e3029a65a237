//! What others publish, and a person may hand to the instruments: runs, samples, benchmarks, list
//! prices and minutes.

use tenfold_forecast::audit::{Known, audit};
use tenfold_forecast::level::{Level, Prior, of_benchmark, of_runs};
use tenfold_forecast::read::{Unreadable, benchmark, minutes, price_events, runs, samples};

/// Each text is read by each reader. What can't be read names one of its lines; of what can, the
/// audit and the price of a level are asked, and answer or refuse.
pub(super) fn run(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let lines = text.lines().count().max(1) as u64 + 1;
    let named = |why: Unreadable| assert!(why.line <= lines, "{why} of {lines} lines");
    let runs = runs::read(&text).map_err(named).unwrap_or_default();
    let prices = price_events::read(&text).map_err(named).unwrap_or_default();
    let entries = benchmark::read(&text).map_err(named).unwrap_or_default();
    let _ = samples::read(&text).map_err(named);
    let _ = minutes::read(&text).map_err(named);
    for run in &runs {
        let numbers = [run.dollars, run.steps];
        assert!(numbers.into_iter().flatten().all(|number| number.is_finite() && number >= 0.0));
    }
    let mut offers = of_benchmark(&entries);
    let told = audit(Known { runs: &runs, offers: &offers, prices: &prices, bar: None });
    assert_eq!(told.observations.len(), 3);
    offers.extend(of_runs(&runs, 1));
    for offer in &offers {
        if let Ok(level) = Level::seen(&offers, 0.5, offer.date, Prior::TENFOLD) {
            assert!(level.dollars() > 0.0 && level.dollars_in(12.0).likely <= level.dollars());
        }
    }
}

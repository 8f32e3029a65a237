//! Made-up markets, whose prices fall by a pace that is drawn.

use jiff::{Span, civil::date};
use tenfold_domain::Seed;
use tenfold_forecast::level::Offer;

use super::Series;

/// Six markets of two years: a new model every nine days, whose price at a given quality falls by
/// 2 to 100 times a year, and is dearer by up to a hundred times than it need be.
pub(crate) fn made_up(seed: u64) -> Vec<Series> {
    let market = |n: u64| {
        let mut draws = Seed(seed).child(n).draws();
        let times = 2.0 * 50_f64.powf(draws.unit());
        let offers = (0..80_i32).map(|model| {
            let years = f64::from(model) * 9.0 / 365.25;
            let quality = (0.15 + 0.25 * years + 0.4 * draws.unit()).min(1.0);
            let frontier = 3.0 * (quality - 0.4) - times.log10() * years;
            Offer {
                date: date(2024, 1, 1).saturating_add(Span::new().days(model * 9)),
                model: format!("model {model}"),
                quality,
                dollars: 10_f64.powf(frontier + 2.0 * draws.unit()),
            }
        });
        let name = format!("a market that falls {times:.1} times a year");
        Series { name, offers: offers.collect(), bars: vec![0.3, 0.4, 0.5, 0.6, 0.7] }
    };
    (1..=6).map(market).collect()
}

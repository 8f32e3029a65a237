//! The case that the essay gives for its second observation: from GPT-4 in early 2023 to GPT-4o in
//! the middle of 2024 a token is said to have become about 150 times cheaper.

use jiff::civil::{Date, date};

use super::finding::{Asked, Figure, Finding, Plot, Series, Verdict};
use crate::Interval;
use crate::level::ListPrice;

/// What is claimed.
const TIMES: f64 = 150.0;
/// "About" is within a factor of two.
const ABOUT: f64 = 2.0;
/// Until when a price is one of the middle of 2024.
const UNTIL: Date = date(2024, 8, 31);

const ASKED: Asked = Asked {
    question: "Did a token fall to about a 150th of its price between GPT-4 in early 2023 and \
               GPT-4o in the middle of 2024? Prices are those of the list, of prompts, of output, \
               and of three tokens of prompts for one of output.",
    scored: "Nothing is fitted: two list prices are divided.",
    rule: "Supported: of prompts, of output or of the blend, GPT-4o is 75 to 300 times cheaper. \
           Not supported: it is less or more than that, in all three. Without both prices there is \
           not enough data.",
    would_change: "Another model in GPT-4o's place: whether GPT-4o mini is at GPT-4's level is a \
                   question of what is measured. Or what a token cost its provider, which nobody \
                   has published.",
};

/// What the list prices say of it.
pub(super) fn finding(prices: &[ListPrice]) -> Finding {
    let named = |price: &&ListPrice, name: &str| {
        let bare = price.model.rsplit('/').next().unwrap_or_default();
        bare == name && price.provider.starts_with("openai")
    };
    let first = |name: &'static str| {
        prices.iter().filter(move |price| named(price, name)).min_by_key(|price| price.date)
    };
    let (Some(old), Some(new)) = (
        first("gpt-4").filter(|price| price.date < date(2023, 7, 1)),
        first("gpt-4o").filter(|price| price.date <= UNTIL),
    ) else {
        let data = format!("{} list prices", prices.len());
        let why = "gpt-4 of early 2023 or gpt-4o of the middle of 2024 is not among them";
        return Finding::nothing(&ASKED, data, why.to_owned());
    };
    let times = ratios(old, new);
    let about = |ratio: &f64| (TIMES / ABOUT..=TIMES * ABOUT).contains(ratio);
    let verdict = if times.iter().any(about) { Verdict::Supported } else { Verdict::NotSupported };
    let mut others = others(prices, old, new);
    others.retain(|(_, ratios)| ratios.iter().any(about));
    let reached = match others.split_first() {
        None => "no model of the same maker, listed by then, comes near it".to_owned(),
        Some(((model, ratios), _)) => format!(
            "what comes near it is another model, {model}, at {:.0} times for prompts, {:.0} for \
             output and {:.0} for the blend",
            ratios[0], ratios[1], ratios[2]
        ),
    };
    let names = ["of prompts", "of output", "of three of prompts for one of output"];
    let figure = |(name, ratio): (&str, f64)| Figure {
        name: format!("times cheaper, {name}, {} to {}", old.date, new.date),
        interval: Interval::new(ratio, ratio, ratio),
    };
    Finding {
        asked: &ASKED,
        data: format!(
            "gpt-4 on {} at ${} and ${} for a million tokens of prompts and of output; gpt-4o on \
             {} at ${} and ${}",
            old.date, old.input, old.output, new.date, new.input, new.output
        ),
        fits: Vec::new(),
        figures: names.into_iter().zip(times).map(figure).collect(),
        verdict,
        why: format!(
            "tokens became {:.1} times cheaper for prompts, {:.1} for output and {:.1} for the \
             blend; {reached}",
            times[0], times[1], times[2]
        ),
        plot: Some(plot(prices)),
    }
}

/// How many times cheaper: of prompts, of output, and blended.
fn ratios(old: &ListPrice, new: &ListPrice) -> [f64; 3] {
    [old.input / new.input, old.output / new.output, old.blended(3.0) / new.blended(3.0)]
}

/// The other models of the same provider that were listed by the middle of 2024, the cheapest
/// last, each at its first price.
fn others<'a>(
    prices: &'a [ListPrice],
    old: &ListPrice,
    new: &ListPrice,
) -> Vec<(&'a str, [f64; 3])> {
    let mut all: Vec<&ListPrice> = prices
        .iter()
        .filter(|price| price.provider == old.provider && price.model != new.model)
        .filter(|price| (old.date..=UNTIL).contains(&price.date))
        .collect();
    all.sort_by(|a, b| a.date.cmp(&b.date).then_with(|| a.model.cmp(&b.model)));
    all.into_iter().map(|price| (price.model.as_str(), ratios(old, price))).collect()
}

/// The blended prices of the family, by the year.
fn plot(prices: &[ListPrice]) -> Plot {
    let mut of: Vec<&ListPrice> = prices
        .iter()
        .filter(|price| price.model.contains("gpt-4") && price.date <= UNTIL)
        .collect();
    of.sort_by(|a, b| a.date.cmp(&b.date).then_with(|| a.model.cmp(&b.model)));
    let year = |date: Date| f64::from(date.year()) + f64::from(date.day_of_year()) / 366.0;
    let point = |price: &&ListPrice| (year(price.date), price.blended(3.0));
    Plot {
        x: "year",
        y: "dollars for a million tokens, three of prompts for one of output",
        log_x: false,
        log_y: true,
        series: vec![Series {
            name: "list prices".to_owned(),
            fitted: false,
            points: of.iter().map(point).collect(),
        }],
    }
}

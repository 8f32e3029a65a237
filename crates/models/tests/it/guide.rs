//! The guide's examples are what the program reads.

use std::path::Path;

use tenfold_domain::Tokens;
use tenfold_models::{Catalogue, Price, SHIPPED};

const GUIDE: &str = include_str!("../../../../docs/models.md");

#[test]
fn the_examples_of_the_guide_are_a_catalogue() {
    let blocks: Vec<&str> =
        GUIDE.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    let [electricity, model, source, price, hosted] = blocks[..] else { panic!("{blocks:?}") };
    // Keys that belong to no table come first in a file, whatever their place in the guide.
    let text = [model, source, price, hosted, electricity].concat();
    let own = Some((Path::new("models.toml"), text.as_str()));
    let catalogue = Catalogue::parse(SHIPPED, own).unwrap();
    let model = catalogue.get(catalogue.default_name()).unwrap();
    assert_eq!((model.name.as_str(), model.sources.len()), ("coder-3b", 1));
    assert!(matches!(model.price, Price::Listed(_)));
    let limits = catalogue.hosted()[0].limits;
    let all = (limits.at_once, limits.requests_per_minute, limits.tokens_per_minute);
    assert_eq!(all, (Some(4), Some(50), Some(Tokens(50_000))));
    let shipped = catalogue.get("qwen2.5-coder-1.5b").unwrap();
    assert!(matches!(shipped.price, Price::Electricity(power) if power.watts == 90));
}

#[test]
fn the_guide_names_the_shipped_models_and_their_price() {
    let catalogue = Catalogue::parse(SHIPPED, None).unwrap();
    for entry in catalogue.entries() {
        assert!(GUIDE.contains(&format!("| `{}`", entry.name)), "{}", entry.name);
    }
    let Price::Electricity(power) = catalogue.get(catalogue.default_name()).unwrap().price else {
        panic!()
    };
    let words = format!("{} W and {}, on the high side", power.watts, power.per_kwh);
    assert!(GUIDE.contains(&words), "{words}");
}

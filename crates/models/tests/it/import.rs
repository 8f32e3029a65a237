//! Prices from an address: what comes, what is too slow or too much, and who sends one elsewhere.

use std::time::Duration;

use tenfold_domain::Timestamp;
use tenfold_models::{
    Cancel, Fetching, Import, ImportSource, Importer, ModelsError, PriceBook, Wanted,
};

use crate::server::{Manners, Server, deserted};

const LIST: &str = r#"{"acme/one":{"litellm_provider":"acme","input_cost_per_token":1e-6,
    "output_cost_per_token":4e-6}}"#;

fn import(url: &str, bounds: Fetching) -> Result<Import, ModelsError> {
    let book = PriceBook::default();
    let wanted = Wanted { all: true, ..Wanted::default() };
    let importer = Importer::new(&book, Timestamp(1 << 42), wanted);
    let source = ImportSource::open_within(url, bounds)?;
    source.import(importer, &mut |_| {}, &Cancel::new())
}

fn why(url: &str, bounds: Fetching) -> String {
    import(url, bounds).unwrap_err().to_string()
}

#[test]
fn a_list_at_an_address_is_read_as_a_file_is() {
    let server = Server::start(LIST.as_bytes(), Manners::default());
    let import = import(&server.url(), Fetching::default()).unwrap();
    assert_eq!((import.rows, import.changes.len()), (1, 1));
    assert_eq!(import.changes[0].name.to_string(), "acme/one");
}

#[test]
fn what_is_not_there_too_slow_too_large_or_cut_off_is_said() {
    let usual = Fetching::default();
    let server = |manners| Server::start(LIST.as_bytes(), manners);
    let gone = server(Manners { status: 404, ..Manners::default() });
    let refused = why(&gone.url(), usual);
    assert!(refused.contains("404") && !refused.contains("download=true"), "{refused}");
    assert!(!why(&deserted(), usual).is_empty());
    let short = Fetching { whole: Duration::from_millis(300), ..usual };
    for slow in [
        Manners { hang_after: Some(9), ..Manners::default() },
        Manners { mute: true, ..Manners::default() },
    ] {
        let refused = why(&server(slow).url(), short);
        assert!(refused.contains("timeout"), "{refused}");
    }
    let large = why(&server(Manners::default()).url(), Fetching { bytes_max: 20, ..usual });
    assert!(large.contains("20"), "{large}");
    assert_eq!(large.matches("limit").count(), 1, "{large}");
    let cut = Manners { cut_after: Some(20), ..Manners::default() };
    assert!(!why(&server(cut).url(), usual).is_empty());
}

#[test]
fn who_is_sent_on_goes_there_a_few_times() {
    let there = Server::start(LIST.as_bytes(), Manners::default());
    let sends = |to: String| {
        let manners = Manners { status: 302, location: Some(to), ..Manners::default() };
        Server::start(b"", manners)
    };
    let here = sends(there.url());
    assert_eq!(import(&here.url(), Fetching::default()).unwrap().rows, 1);
    let round = sends(String::new());
    let manners = Manners { status: 302, location: Some(round.url()), ..Manners::default() };
    round.change(b"", manners);
    let refused = why(&round.url(), Fetching::default());
    assert!(refused.contains("redirect"), "{refused}");
    assert_eq!(round.ranges().len(), 6, "and then no more");
}

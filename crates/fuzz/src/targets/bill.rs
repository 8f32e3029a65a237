//! Bills of what is asked through the gateway: a request's body, and what is answered.

use tenfold_domain::{Millis, NanoUsd, Tokens};
use tenfold_gateway::{Basis, Bill, Bound, End, Seen, Tariff, Wire, plain};
use tenfold_models::{PriceList, Rates, TokenPrices};

use crate::input;

const ALL: [Wire; 3] = [Wire::Chat, Wire::Responses, Wire::Messages];
const ENDS: [End; 3] = [End::Whole, End::Cut, End::Left];

/// Whatever is asked and answered, no more is billed than was set aside, but of who says to have
/// used more; a bill is told, counted or the bound, as what was seen allows; and what is told twice,
/// or in pieces, is billed once.
pub(super) fn run(bytes: &[u8]) {
    let [ask, said] = input::texts::<2>(bytes);
    let Ok((sketch, _)) = plain::passed(ask.as_bytes(), "there", 100) else { return };
    let tariff = tariff();
    for wire in ALL {
        let output = Tokens(sketch.limits.of(wire).unwrap_or(100));
        let body = Tokens(ask.len() as u64);
        let bound = tariff.bound(body, (&sketch, sketch.tier), output);
        let streamed = stream(wire, &[&said]);
        told_once(wire, &said, &streamed);
        for seen in [plain::seen(wire, said.as_bytes()), streamed] {
            for end in ENDS {
                holds(&bound, &seen, end, &tariff.bill(&bound, &seen, end, Millis(9)));
            }
        }
    }
}

/// What is seen of a stream that comes in such pieces.
fn stream(wire: Wire, pieces: &[&str]) -> Seen {
    let pieces: Vec<&[u8]> = pieces.iter().map(|piece| piece.as_bytes()).collect();
    plain::translated_stream(wire, wire, &pieces).1
}

/// However a stream comes, and however often it says what was used, that is billed once.
fn told_once(wire: Wire, said: &str, seen: &Seen) {
    let middle = said.floor_char_boundary(said.len() / 2);
    let (first, second) = said.split_at(middle);
    assert_eq!(&stream(wire, &[first, second]), seen, "where it was cut changes the bill");
    let once = stream(wire, &[said, "\n\n"]);
    let twice = stream(wire, &[said, "\n\n", said, "\n\n"]);
    assert_eq!((twice.usage, twice.reasoning), (once.usage, once.reasoning), "it is added up");
}

fn holds(bound: &Bound, seen: &Seen, end: End, bill: &Bill) {
    let told = seen.usage.unwrap_or_default();
    match bill.basis {
        Basis::Bound => assert_eq!(bill.spend, bound.spend),
        Basis::Told => {
            assert!(end == End::Whole && seen.broken == 0 && seen.usage.is_some());
            assert_eq!(bill.usage.total(), told.total());
        }
        Basis::Counted => {
            assert!(end != End::Cut && seen.broken == 0);
            assert!(bill.usage.read() >= told.read());
        }
    }
    assert_eq!(bill.spend.requests, 1);
    let written = bill.usage.output + bill.usage.reasoning;
    if bill.usage.read() <= bound.prompt && written <= bound.output {
        assert!(bill.spend.fits(bound.spend), "{bill:?} is more than {bound:?}");
    }
}

/// With prices of everything that has one: what is kept, for how long, what is thought, long
/// prompts, who answers sooner or later.
fn tariff() -> Tariff {
    let prices = |times: u64| TokenPrices {
        cached: NanoUsd(times * 100_000_000),
        written: NanoUsd(times * 1_250_000_000),
        written_hour: NanoUsd(times * 2_000_000_000),
        written_half_day: NanoUsd(times * 3_000_000_000),
        reasoning: NanoUsd(times * 7_000_000_000),
        ..TokenPrices::of(NanoUsd(times * 1_000_000_000), NanoUsd(times * 4_000_000_000))
    };
    let list = PriceList {
        usual: Rates::flat(prices(2)),
        flex: Some(Rates::flat(prices(1))),
        priority: Some(Rates::flat(prices(5))),
        per_request: NanoUsd(1_000),
        ..PriceList::default()
    };
    Tariff { price: list.into(), slowest: None, context: Tokens(10_000) }
}

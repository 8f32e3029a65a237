//! Invoices.

use stockroom::invoice::{percent_of, Discounts, Invoice, Line};

fn discounts() -> Discounts {
    Discounts { steps: vec![(10, 5), (50, 10), (100, 15)] }
}

fn line(quantity: u32, unit_price_cents: u64) -> Line {
    Line { article: "AB-000042-0".into(), quantity, unit_price_cents }
}

#[test]
fn below_the_first_step_there_is_nothing_off() {
    assert_eq!(discounts().percent(0), 0);
    assert_eq!(discounts().percent(9), 0);
    assert_eq!(Discounts::default().percent(1000), 0);
}

#[test]
fn a_step_counts_from_its_own_quantity() {
    assert_eq!(discounts().percent(10), 5);
    assert_eq!(discounts().percent(50), 10);
}

#[test]
fn the_highest_step_reached_counts() {
    assert_eq!(discounts().percent(99), 10);
    assert_eq!(discounts().percent(5000), 15);
}

#[test]
fn half_a_cent_is_rounded_up() {
    assert_eq!(percent_of(50, 5), 3);
    assert_eq!(percent_of(49, 5), 2);
}

#[test]
fn totals() {
    let invoice = Invoice {
        lines: vec![line(2, 999), line(10, 100)],
        discounts: discounts(),
        tax_percent: 19,
    };
    assert_eq!(invoice.net_cents(), 1998 + 950);
    assert_eq!(invoice.total_cents(), 2948 + 560);
}

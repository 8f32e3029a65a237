//! Lots on a shelf.

use stockroom::stock::{Lot, Shelf, Short};

fn lot(delivered_day: u32, quantity: u32, unit_cost_cents: u64) -> Lot {
    Lot { delivered_day, quantity, unit_cost_cents }
}

fn shelf() -> Shelf {
    let mut shelf = Shelf::default();
    shelf.receive(lot(20, 5, 300));
    shelf.receive(lot(10, 3, 200));
    shelf
}

#[test]
fn the_oldest_lot_goes_first() {
    assert_eq!(shelf().take(2), Ok(400));
    assert_eq!(shelf().take(4), Ok(3 * 200 + 300));
}

#[test]
fn what_was_taken_is_gone() {
    let mut shelf = shelf();
    shelf.take(4).unwrap();
    assert_eq!(shelf.on_hand(), 4);
    assert_eq!(shelf.lot_count(), 1);
    assert_eq!(shelf.oldest_age_days(25), Some(5));
}

#[test]
fn taking_a_whole_lot_leaves_the_next() {
    let mut shelf = shelf();
    shelf.take(3).unwrap();
    assert_eq!(shelf.lot_count(), 1);
    assert_eq!(shelf.take(1), Ok(300));
}

#[test]
fn a_shelf_can_be_emptied() {
    let mut shelf = shelf();
    shelf.take(8).unwrap();
    assert_eq!((shelf.on_hand(), shelf.lot_count()), (0, 0));
    assert_eq!(shelf.oldest_age_days(25), None);
}

#[test]
fn more_than_there_is_takes_nothing() {
    let mut shelf = shelf();
    assert_eq!(shelf.take(9), Err(Short { asked: 9, available: 8 }));
    assert_eq!(shelf.on_hand(), 8);
}

#[test]
fn promised_goods_are_not_available() {
    let mut shelf = shelf();
    shelf.reserve(6).unwrap();
    assert_eq!(shelf.available(), 2);
    assert_eq!(shelf.take(3), Err(Short { asked: 3, available: 2 }));
    shelf.release(2);
    assert_eq!(shelf.available(), 4);
}

#[test]
fn a_promise_is_kept_once() {
    let mut shelf = shelf();
    shelf.reserve(6).unwrap();
    assert_eq!(shelf.fulfil(6), Ok(3 * 200 + 3 * 300));
    assert_eq!(shelf.fulfil(1), Err(Short { asked: 1, available: 0 }));
    assert_eq!(shelf.available(), 2);
}

#[test]
fn an_empty_delivery_is_no_lot() {
    let mut shelf = shelf();
    shelf.receive(lot(30, 0, 100));
    assert_eq!(shelf.lot_count(), 2);
}

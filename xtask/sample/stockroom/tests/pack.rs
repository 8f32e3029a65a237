//! Boxes.

use stockroom::pack::{filled_percent, pack, Parcel};

fn contents(items: &[u32]) -> Vec<Vec<u32>> {
    pack(items, 10).unwrap().into_iter().map(|parcel| parcel.items).collect()
}

#[test]
fn the_largest_go_first() {
    assert_eq!(contents(&[2, 7, 5]), [vec![7, 2], vec![5]]);
}

#[test]
fn a_box_may_be_full_to_the_brim() {
    assert_eq!(contents(&[4, 6]), [vec![6, 4]]);
    assert_eq!(contents(&[10]), [vec![10]]);
    assert!(Parcel { capacity: 3, items: vec![1] }.fits(2));
}

#[test]
fn nothing_needs_no_box() {
    assert!(contents(&[]).is_empty());
}

#[test]
fn what_is_larger_than_any_box_is_named() {
    assert_eq!(pack(&[3, 11], 10), Err(11));
}

#[test]
fn filled_share() {
    assert_eq!(filled_percent(&pack(&[5, 7, 2], 10).unwrap()), 70);
    assert_eq!(filled_percent(&[]), 0);
}

//! The way through the aisles.

use stockroom::aisle::{Place, Room};

const ROOM: Room = Room { aisle_length_m: 20, aisle_gap_m: 3 };

fn place(aisle: u32, metre: u32) -> Place {
    Place { aisle, metre }
}

#[test]
fn up_the_even_aisles_and_down_the_odd_ones() {
    let places = [place(1, 5), place(0, 12), place(1, 15), place(0, 2), place(2, 1)];
    let walk = ROOM.walk(&places);
    assert_eq!(walk, [place(0, 2), place(0, 12), place(1, 15), place(1, 5), place(2, 1)]);
}

#[test]
fn within_an_aisle_it_is_straight() {
    assert_eq!(ROOM.distance_m(place(3, 4), place(3, 9)), 5);
}

#[test]
fn the_nearer_end_is_taken() {
    assert_eq!(ROOM.distance_m(place(0, 2), place(1, 3)), 3 + 5);
    assert_eq!(ROOM.distance_m(place(0, 18), place(2, 17)), 6 + 5);
}

#[test]
fn the_whole_way() {
    assert_eq!(ROOM.total_m(&[place(0, 2), place(0, 18), place(1, 17)]), 16 + 3 + 5);
    assert_eq!(ROOM.total_m(&[]), 0);
}

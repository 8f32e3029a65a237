//! Orders.

use stockroom::reorder::Demand;

fn demand() -> Demand {
    Demand { weekly: vec![10, 12, 8, 10], lead_days: 14, carton: 6 }
}

#[test]
fn a_fortnight_sells_two_weeks() {
    assert_eq!(demand().expected(14), 20);
}

#[test]
fn part_of_a_piece_is_a_whole_one() {
    // 40 pieces in 28 days are 1.43 a day.
    assert_eq!(demand().expected(1), 2);
    assert_eq!(demand().expected(3), 5);
}

#[test]
fn nothing_known_is_nothing_expected() {
    let unknown = Demand { weekly: vec![], ..demand() };
    assert_eq!((unknown.expected(30), unknown.safety()), (0, 0));
}

#[test]
fn the_reorder_point_covers_the_lead_time_and_a_bad_week() {
    assert_eq!(demand().safety(), 2);
    assert_eq!(demand().reorder_point(), 22);
}

#[test]
fn enough_is_left() {
    assert_eq!(demand().order(23, 28), 0);
}

#[test]
fn orders_are_whole_cartons() {
    assert_eq!(demand().order(22, 28), 42);
    assert_eq!(demand().order(0, 7), 36);
}

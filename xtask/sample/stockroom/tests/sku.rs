//! Article numbers.

use stockroom::sku::{Sku, SkuError};

fn sku(number: u32) -> Sku {
    Sku::new(['A', 'B'], number).unwrap()
}

#[test]
fn check_digits_by_hand() {
    // 6*3 + 5*1 + 4*3 + 3*1 + 2*3 + 1*1 = 45, and 5 more make 50.
    assert_eq!(sku(123_456).check_digit(), 5);
    assert_eq!(sku(1).check_digit(), 7);
    assert_eq!(sku(10).check_digit(), 9);
    assert_eq!(sku(0).check_digit(), 0);
}

#[test]
fn numbers_read_back() {
    for number in [0, 7, 123_456, 999_999] {
        let sku = sku(number);
        assert_eq!(sku.to_string().parse(), Ok(sku));
    }
    assert_eq!(sku(42).to_string(), "AB-000042-0");
}

#[test]
fn a_wrong_digit_is_noticed() {
    let expected = SkuError::WrongCheckDigit { expected: 2, found: 5 };
    assert_eq!("AB-123457-5".parse::<Sku>(), Err(expected));
}

#[test]
fn what_looks_different_is_refused() {
    for text in ["", "AB-123456", "A-123456-5", "AB-12345-5", "ab-123456-5", "AB-12345x-5"] {
        assert_eq!(text.parse::<Sku>(), Err(SkuError::Malformed), "{text}");
    }
    assert_eq!(Sku::new(['A', 'B'], 1_000_000), None);
}

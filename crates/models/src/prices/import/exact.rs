//! Decimal numbers as others write them, turned into nano-dollars without a float on the way.

use tenfold_domain::NanoUsd;

use super::json::is_number;

/// An exponent beyond this is no price's.
const EXPONENT_MAX: i64 = 400;
/// How many powers of ten lie between dollars and nano-dollars.
const NANOS: i64 = 9;

/// Dollars for `ten_to_the` power of tokens (or 0: for one of something), given as dollars for
/// one: in nano-dollars, and to the nearest of these, since some write what a float has made of
/// a price.
///
/// # Errors
/// If it is no number, is below zero, or is more money than there is.
pub(crate) fn nanos(text: &str, ten_to_the: i64) -> Result<NanoUsd, String> {
    if !is_number(text) {
        return Err(format!("'{text}' is no number"));
    }
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{whole}{fraction}");
    let digits = all.trim_start_matches(['-', '0']);
    if digits.is_empty() {
        return Ok(NanoUsd::ZERO);
    }
    if text.starts_with('-') {
        return Err(format!("'{text}' is below zero"));
    }
    let beyond = || format!("'{text}' is no price of anything");
    let exponent: i64 = exponent.parse().map_err(|_| beyond())?;
    if exponent.abs() > EXPONENT_MAX {
        return Err(beyond());
    }
    let shift = exponent - fraction.len() as i64 + NANOS + ten_to_the;
    let places = digits.len() as i64 + shift;
    if places < 0 {
        return Ok(NanoUsd::ZERO);
    }
    // Twenty digits may just fit; more never do.
    if places > 20 {
        return Err(beyond());
    }
    let places = usize::try_from(places).map_err(|_| beyond())?;
    let kept: String = digits.chars().chain(std::iter::repeat('0')).take(places).collect();
    let rounds_up = digits.as_bytes().get(places).is_some_and(|digit| *digit >= b'5');
    let nanos: u64 = format!("0{kept}").parse().map_err(|_| beyond())?;
    nanos.checked_add(u64::from(rounds_up)).map(NanoUsd).ok_or_else(beyond)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn prices_of_a_token_become_prices_of_a_million() {
        for (text, nanos_of_a_million) in [
            ("2.5e-06", 2_500_000_000),
            ("0.0000025", 2_500_000_000),
            ("3E-5", 30_000_000_000),
            ("0", 0),
            ("-0.0", 0),
            ("0e999999999999", 0),
            ("1.2000000000000002e-06", 1_200_000_000),
            ("7.4999999999999e-07", 750_000_000),
            ("1e-15", 1),
            ("5e-16", 1),
            ("4.9e-16", 0),
            ("1e-99", 0),
        ] {
            assert_eq!(nanos(text, 6), Ok(NanoUsd(nanos_of_a_million)), "{text}");
        }
        assert_eq!(nanos("2.50", 0), Ok(NanoUsd(2_500_000_000)));
    }

    #[test]
    fn what_is_no_price_is_refused() {
        for (text, why) in [
            ("-1e-6", "below zero"),
            ("NaN", "no number"),
            ("Infinity", "no number"),
            ("1e30", "no price"),
            ("1e999999", "no price"),
            ("1e99999999999999999999", "no price"),
            ("99999999999", "no price"),
            ("", "no number"),
        ] {
            let error = nanos(text, 0).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }

    proptest! {
        #[test]
        fn every_amount_reads_back(amount: u64, ten_to_the in 0..7i64) {
            let text = format!("{amount}e-{}", NANOS + ten_to_the);
            prop_assert_eq!(nanos(&text, ten_to_the), Ok(NanoUsd(amount)));
        }
    }
}

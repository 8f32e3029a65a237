//! Lengths of time as people type them: `90s`, `10m`, `1h30m`, `500ms`; a bare number is
//! seconds.

use tenfold_domain::Millis;

const UNITS: &[(&str, u64)] =
    &[("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

/// Reads a length of time.
pub fn parse(text: &str) -> Result<Millis, String> {
    let wrong =
        || format!("'{text}' is not a length of time: write 90s, 10m, 1h30m; a number is seconds");
    let mut rest = text.trim();
    if let Ok(seconds) = rest.parse::<u64>() {
        return seconds.checked_mul(1_000).filter(|ms| *ms > 0).map(Millis).ok_or_else(wrong);
    }
    let mut total = 0_u64;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let (number, after) = rest.split_at(digits);
        let letters = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        let (unit, next) = after.split_at(letters);
        let (_, ms) = UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(wrong)?;
        let number: u64 = number.parse().map_err(|_| wrong())?;
        total = number.checked_mul(*ms).and_then(|n| total.checked_add(n)).ok_or_else(wrong)?;
        rest = next.trim_start();
    }
    if total == 0 { Err(wrong()) } else { Ok(Millis(total)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_read_as_people_write_them() {
        for (text, ms) in [
            ("120s", 120_000),
            ("10m", 600_000),
            ("1h30m", 5_400_000),
            ("45", 45_000),
            ("500ms", 500),
            ("1m 5s", 65_000),
            ("14d", 1_209_600_000),
        ] {
            assert_eq!(parse(text), Ok(Millis(ms)), "{text}");
        }
    }

    #[test]
    fn what_is_no_length_is_refused() {
        for text in ["", "0", "0s", "m", "10 parsecs", "-3s", "1.5h", "99999999999999999999h"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}

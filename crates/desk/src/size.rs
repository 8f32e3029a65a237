//! Sizes as people type them: `20GB`, `500 MB`, `1.5GB`; a bare number is bytes.

use tenfold_domain::Bytes;

const UNITS: &[(&str, u64)] = &[
    ("", 1),
    ("b", 1),
    ("kb", 1_000),
    ("mb", 1_000_000),
    ("gb", 1_000_000_000),
    ("tb", 1_000_000_000_000),
];

/// Reads a size.
pub fn parse(text: &str) -> Result<Bytes, String> {
    let wrong = || format!("'{text}' is not a size: write 500MB, 20GB; a number is bytes");
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let unit = unit.trim().to_ascii_lowercase();
    let (_, unit) = UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(wrong)?;
    let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
    let whole: u64 = whole.parse().map_err(|_| wrong())?;
    // Below a thousandth of its unit nobody means anything.
    let is_part = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let part: u64 = format!("{part:0<3.3}").parse().ok().filter(|_| is_part).ok_or_else(wrong)?;
    let bytes = whole.checked_mul(*unit).and_then(|bytes| bytes.checked_add(unit / 1_000 * part));
    bytes.map(Bytes).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_as_people_write_them() {
        for (text, bytes) in [
            ("20GB", 20_000_000_000),
            ("1.5 gb", 1_500_000_000),
            ("1.25MB", 1_250_000),
            ("500kB", 500_000),
            ("12", 12),
            ("0", 0),
        ] {
            assert_eq!(parse(text), Ok(Bytes(bytes)), "{text}");
        }
    }

    #[test]
    fn what_is_no_size_is_refused() {
        for text in ["", "GB", "-1GB", "20 parsecs", "1.GB", ".5GB", "1.2.3GB", "99999999999TB"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}

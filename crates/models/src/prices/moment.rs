//! Days and moments as a price book writes them. Apart, so that a day means the same
//! everywhere: its first moment, in UTC.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use tenfold_domain::Timestamp;

/// Reads a day, as in `2025-08-07`, or a moment, as in `2025-08-07T16:00:00Z`.
///
/// # Errors
/// A sentence, if it is neither, or before 1970.
pub fn moment(text: &str) -> Result<Timestamp, String> {
    let text = text.trim();
    let no = || format!("'{text}' is not a day, as in 2025-08-07, or a moment with its time zone");
    let at = match text.parse::<jiff::Timestamp>() {
        Ok(at) => at,
        Err(_) if text.len() > "2025-08-07".len() => return Err(no()),
        Err(_) => {
            let date: Date = text.parse().map_err(|_| no())?;
            let first = date.at(0, 0, 0, 0);
            TimeZone::UTC.to_timestamp(first).map_err(|_| no())?
        }
    };
    u64::try_from(at.as_millisecond()).map(Timestamp).map_err(|_| no())
}

/// A moment as [`moment`] reads it: a day, if it is the first moment of one.
pub fn written(at: Timestamp) -> String {
    let known = i64::try_from(at.0).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    // What is past the calendar's end is as far off as can be written.
    let text = known.unwrap_or(jiff::Timestamp::MAX).to_string();
    text.strip_suffix("T00:00:00Z").map(str::to_owned).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_day_is_its_first_moment() {
        assert_eq!(moment("1970-01-02"), Ok(Timestamp(86_400_000)));
        assert_eq!(moment("1970-01-02T01:00:00+01:00"), Ok(Timestamp(86_400_000)));
        for bad in ["", "yesterday", "2025-13-01", "1969-12-31", "2025-08-07 10:00", "07.08.2025"] {
            assert!(moment(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn moments_read_back(ms in 0..4_000_000_000_000u64) {
            prop_assert_eq!(moment(&written(Timestamp(ms))), Ok(Timestamp(ms)));
        }
    }
}

//! Where the periods of the calendar begin and end, in UTC: numbers without gaps, so that what
//! lies between two of them can be counted. It reads no clock.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use tenfold_domain::{Period, Timestamp};

const HOUR_MS: u64 = 3_600_000;
const DAY_MS: u64 = 24 * HOUR_MS;
const WEEK_MS: u64 = 7 * DAY_MS;
/// 1970-01-01 was a Thursday, so that three days of its week were over.
const BEFORE_1970_MS: u64 = 3 * DAY_MS;

/// The number of the period in which a moment lies, counted from the one with 1970-01-01.
pub(crate) fn number(period: Period, at: Timestamp) -> u64 {
    match period {
        Period::Hour => at.0 / HOUR_MS,
        Period::Day => at.0 / DAY_MS,
        Period::Week => at.0.saturating_add(BEFORE_1970_MS) / WEEK_MS,
        Period::Month => month(at),
        Period::Once => 0,
    }
}

/// When the period with this number begins; `None` if that is never.
pub(crate) fn begins(period: Period, number: u64) -> Option<Timestamp> {
    match period {
        Period::Hour => number.checked_mul(HOUR_MS).map(Timestamp),
        Period::Day => number.checked_mul(DAY_MS).map(Timestamp),
        Period::Week => {
            number.checked_mul(WEEK_MS).map(|ms| Timestamp(ms.saturating_sub(BEFORE_1970_MS)))
        }
        Period::Month => first_of(number),
        Period::Once => (number == 0).then_some(Timestamp(0)),
    }
}

/// The day of a moment, counted from 1970-01-01.
pub fn day(at: Timestamp) -> u32 {
    u32::try_from(at.0 / DAY_MS).unwrap_or(u32::MAX)
}

/// What is beyond the calendar is its last month.
fn month(at: Timestamp) -> u64 {
    let ms = i64::try_from(at.0).unwrap_or(i64::MAX);
    let moment = jiff::Timestamp::from_millisecond(ms).unwrap_or(jiff::Timestamp::MAX);
    let date = TimeZone::UTC.to_datetime(moment);
    let years = u64::try_from(i32::from(date.year()) - 1970).unwrap_or_default();
    years * 12 + u64::from(date.month().unsigned_abs()) - 1
}

fn first_of(month: u64) -> Option<Timestamp> {
    let year = i16::try_from(1970 + month / 12).ok()?;
    let date = Date::new(year, i8::try_from(month % 12 + 1).ok()?, 1).ok()?;
    let moment = TimeZone::UTC.to_timestamp(date.at(0, 0, 0, 0)).ok()?;
    u64::try_from(moment.as_millisecond()).ok().map(Timestamp)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// 2026-11-29 13:44:08 UTC, a Sunday.
    const SUNDAY: Timestamp = Timestamp(1_795_959_848_000);

    fn next(period: Period) -> String {
        begins(period, number(period, SUNDAY) + 1).map_or_else(String::new, |at| at.to_string())
    }

    #[test]
    fn periods_end_where_the_calendar_says() {
        assert_eq!(SUNDAY.to_string(), "2026-11-29 13:44 UTC");
        assert_eq!(next(Period::Hour), "2026-11-29 14:00 UTC");
        assert_eq!(next(Period::Day), "2026-11-30 00:00 UTC");
        assert_eq!(next(Period::Week), "2026-11-30 00:00 UTC", "a Monday");
        assert_eq!(next(Period::Month), "2026-12-01 00:00 UTC");
        assert_eq!(next(Period::Once), "", "it never begins anew");
        let january = begins(Period::Month, number(Period::Month, SUNDAY) + 2);
        assert_eq!(january.unwrap().to_string(), "2027-01-01 00:00 UTC");
    }

    proptest! {
        #[test]
        fn every_moment_lies_in_one_period(ms in 0..253_000_000_000_000u64) {
            let at = Timestamp(ms);
            for period in Period::ALL {
                let number = number(period, at);
                prop_assert!(begins(period, number).unwrap() <= at, "{period:?}");
                if let Some(next) = begins(period, number + 1) {
                    prop_assert!(at < next, "{period:?}");
                }
            }
        }

        #[test]
        fn no_moment_and_no_number_panics(ms: u64, count: u64) {
            for period in Period::ALL {
                number(period, Timestamp(ms));
                begins(period, count);
            }
        }
    }
}

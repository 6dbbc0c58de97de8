//! Days of the calendar, in UTC: as people write them in forms, and as times stand on the wire of the seeds' APIs.

use crate::Micros;

const DAY: Micros = 86_400_000_000;

/// The date on which a moment falls: year, month, day.
pub fn civil(at: Micros) -> (i64, i64, i64) {
    // Howard Hinnant's `civil_from_days`.
    let shifted = at.div_euclid(DAY) + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

/// `2026-11-21`
pub fn iso_date(at: Micros) -> String {
    let (year, month, day) = civil(at);
    format!("{year:04}-{month:02}-{day:02}")
}

/// `2026-11-21T16:49:28.000123Z`: ISO 8601 in UTC, to the microsecond.
pub fn iso(at: Micros) -> String {
    let within = at.rem_euclid(DAY);
    let (seconds, micros) = (within / 1_000_000, within % 1_000_000);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z", iso_date(at))
}

/// The beginning of a day written like `2026-11-21`; `None` for what is no date.
pub fn parse_date(text: &str) -> Option<Micros> {
    let parts: Vec<&str> = text.split('-').collect();
    let &[year, month, day] = parts.as_slice() else { return None };
    let number = |text: &str, digits: usize| {
        let good = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
        good.then(|| text.parse::<i64>().ok()).flatten()
    };
    let (year, month, day) = (number(year, 4)?, number(month, 2)?, number(day, 2)?);
    // Howard Hinnant's `days_from_civil`.
    let shifted = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (shifted.div_euclid(400), shifted.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    let at = (era * 146_097 + day_of_era - 719_468) * DAY;
    // A month 13 or a 30th of February would be another day.
    (civil(at) == (year, month, day)).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_in_utc() {
        assert_eq!(iso(1_795_279_768_000_123), "2026-11-21T16:49:28.000123Z");
        assert_eq!(iso(-1), "1969-12-31T23:59:59.999999Z");
        assert_eq!(civil(11_016 * DAY), (2000, 2, 29));
    }

    #[test]
    fn dates_go_there_and_back() {
        for day in (-800_000..800_000).step_by(37) {
            let at = day * DAY;
            if (0..=9999).contains(&civil(at).0) {
                assert_eq!(parse_date(&iso_date(at)), Some(at), "{}", iso_date(at));
            }
        }
        for bad in [
            "",
            "2026-13-01",
            "2026-02-30",
            "2025-02-29",
            "2026-1-1",
            "+026-01-01",
            "2026-01-01T00",
            "2026-00-10",
            "2026-01-00",
        ] {
            assert_eq!(parse_date(bad), None, "{bad}");
        }
    }
}

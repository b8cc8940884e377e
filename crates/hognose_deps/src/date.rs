//! A day of the calendar, which is as exact as advisories and release schedules are.

use std::fmt;

/// A day, counted from 1970-01-01. Days before it are not represented: nothing here is that old.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(u32);

/// Days in 400 years of the Gregorian calendar, after which it repeats.
const DAYS_PER_ERA: u32 = 146_097;
/// Days from 0000-03-01, where the count below begins its years, to 1970-01-01.
const EPOCH: u32 = 719_468;
/// The last year that is read: four digits are what the formats have.
const MAX_YEAR: u32 = 9999;

impl Date {
    /// The day that a text begins with: `2024-10-08`, or an RFC 3339 time on that day.
    pub fn parse(text: &str) -> Option<Self> {
        let day = text.get(..10)?;
        let mut parts = day.split('-');
        let mut number = |digits: usize| {
            let part = parts.next()?;
            let plain = part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit());
            if plain {
                part.parse::<u32>().ok()
            } else {
                None
            }
        };
        let (year, month, day) = (number(4)?, number(2)?, number(2)?);
        let ends_there = text
            .as_bytes()
            .get(10)
            .is_none_or(|byte| matches!(byte, b'T' | b't' | b' '));
        let date = Self::from_calendar(year, month, day)?;
        // The count is exact, so a day that does not exist comes back as another one.
        (ends_there && date.calendar() == (year, month, day)).then_some(date)
    }

    /// The day that many days after 1970-01-01. None beyond the year 9999.
    pub fn from_days(days: u32) -> Option<Self> {
        let date = Self(days);
        (days < (MAX_YEAR - 1969) * 366 && date.calendar().0 <= MAX_YEAR).then_some(date)
    }

    /// Days since 1970-01-01.
    pub fn days(self) -> u32 {
        self.0
    }

    /// Days from `earlier` to this day, none if it is after this day.
    pub fn days_since(self, earlier: Self) -> Option<u32> {
        self.0.checked_sub(earlier.0)
    }

    fn from_calendar(year: u32, month: u32, day: u32) -> Option<Self> {
        if !(1..=12).contains(&month) || !(1..=31).contains(&day) || year > MAX_YEAR {
            return None;
        }
        // Years begin in March, so that the leap day is the last of its year.
        let year = (year + u32::from(month > 2)).checked_sub(1)?;
        let months = (month + 9) % 12;
        let days_in_year = (153 * months + 2) / 5 + day - 1;
        let of_era = year % 400;
        let days =
            (year / 400) * DAYS_PER_ERA + of_era * 365 + of_era / 4 - of_era / 100 + days_in_year;
        days.checked_sub(EPOCH).map(Self)
    }

    /// Year, month and day.
    pub fn calendar(self) -> (u32, u32, u32) {
        let days = self.0 + EPOCH;
        let of_era = days % DAYS_PER_ERA;
        let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let day_of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let months = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * months + 2) / 5 + 1;
        let month = if months < 10 { months + 3 } else { months - 9 };
        let year = year_of_era + (days / DAYS_PER_ERA) * 400 + u32::from(month <= 2);
        (year, month, day)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.calendar();
        write!(out, "{year:04}-{month:02}-{day:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::Date;

    #[test]
    fn every_day_of_two_centuries_comes_back() {
        for days in 0..73_000 {
            let date = Date::from_days(days).unwrap();
            assert_eq!(Date::parse(&date.to_string()), Some(date));
        }
        assert_eq!(Date::parse("1970-01-01").map(Date::days), Some(0));
        assert_eq!(Date::parse("2000-03-01").map(Date::days), Some(11_017));
    }

    #[test]
    fn only_days_that_exist_are_read() {
        assert!(Date::parse("2024-02-29T23:59:59.5Z").is_some());
        for no_day in [
            "2023-02-29",
            "2024-13-01",
            "2024-00-01",
            "2024-1-01",
            "1969-12-31",
            "2024-10-08x",
            "+024-10-08",
            "2024-10",
            "٢٠٢٤-10-08",
        ] {
            assert_eq!(Date::parse(no_day), None, "{no_day}");
        }
        assert_eq!(Date::from_days(u32::MAX), None);
    }
}

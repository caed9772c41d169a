//! Calendar dates: days, the orders in which files write them, and the epoch of SAS.

use super::error::CellReason;
use std::fmt;

/// A day of the (proleptic) Gregorian calendar, from year 1 to 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    /// Days since 1970-01-01.
    pub days: i32,
}

/// Days from 1960-01-01, where SAS counts from, to 1970-01-01.
pub const SAS_EPOCH: i32 = -3653;

impl Date {
    /// The day with these numbers, if there is one.
    pub fn new(year: i32, month: u32, day: u32) -> Option<Self> {
        let in_range = (1..=9999).contains(&year) && (1..=12).contains(&month);
        if !in_range || day < 1 || day > days_in_month(year, month) {
            return None;
        }
        // Days from civil (H. Hinnant, "chrono-compatible low-level date algorithms"): years start in March.
        let (month, day) = (i32::try_from(month).ok()?, i32::try_from(day).ok()?);
        let y = if month <= 2 { year - 1 } else { year };
        let era = y.div_euclid(400);
        let year_of_era = y.rem_euclid(400);
        let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        Some(Self { days: era * 146_097 + day_of_era - 719_468 })
    }

    /// The day `days` after 1970-01-01, if its year is within 1 to 9999.
    pub fn from_days(days: i32) -> Option<Self> {
        let (first, last) = (Self::new(1, 1, 1)?, Self::new(9999, 12, 31)?);
        (first.days..=last.days).contains(&days).then_some(Self { days })
    }

    /// Year, month and day.
    pub fn parts(self) -> (i32, u32, u32) {
        let z = self.days + 719_468;
        let era = z.div_euclid(146_097);
        let day_of_era = z.rem_euclid(146_097);
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted + 2) / 5 + 1;
        let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
        let year = year_of_era + era * 400 + i32::from(month <= 2);
        (year, month.unsigned_abs(), day.unsigned_abs())
    }

    /// Reads `cell` in one order of its parts.
    pub fn parse(cell: &str, order: DateOrder) -> Option<Self> {
        let cell = cell.trim();
        let (year, month, day) = match order {
            DateOrder::Iso => {
                let day = cell.split(['T', ' ']).next()?;
                split3(day, '-', [4, 2, 2])?
            }
            DateOrder::YearSlash => split3(cell, '/', [4, 0, 0])?,
            DateOrder::Kanji => split3(&cell.strip_suffix('日')?.replace(['年', '月'], "/"), '/', [4, 0, 0])?,
            DateOrder::Sas => {
                let compact: String = cell.chars().filter(|c| *c != '-' && *c != ' ').collect();
                let letters = compact.find(|c: char| c.is_ascii_alphabetic())?;
                let name = compact.get(letters..letters + 3)?.to_ascii_uppercase();
                let month = MONTHS.iter().position(|known| *known == name)?;
                (
                    digits(compact.get(letters + 3..)?, 4)?,
                    u32::try_from(month + 1).ok()?,
                    digits(compact.get(..letters)?, 0)?,
                )
            }
            DateOrder::DayDots => flip(split3_end(cell, '.')?),
            DateOrder::DaySlash => flip(split3_end(cell, '/')?),
            DateOrder::MonthSlash => {
                let (month, day, year) = split3_end(cell, '/')?;
                (year, month, day)
            }
        };
        Self::new(year, month, day)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.parts();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];

fn days_in_month(year: i32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// A run of at most four digits, exactly `width` of them unless that is 0.
fn digits<T: std::str::FromStr>(text: &str, width: usize) -> Option<T> {
    let sound = !text.is_empty() && text.len() <= 4 && text.bytes().all(|b| b.is_ascii_digit());
    if !sound || (width > 0 && text.len() != width) {
        return None;
    }
    text.parse().ok()
}

fn split3(text: &str, sign: char, widths: [usize; 3]) -> Option<(i32, u32, u32)> {
    let mut parts = text.split(sign);
    let date =
        (digits(parts.next()?, widths[0])?, digits(parts.next()?, widths[1])?, digits(parts.next()?, widths[2])?);
    parts.next().is_none().then_some(date)
}

/// Two short parts and a year of four digits.
fn split3_end(text: &str, sign: char) -> Option<(u32, u32, i32)> {
    let mut parts = text.split(sign);
    let date = (digits(parts.next()?, 0)?, digits(parts.next()?, 0)?, digits(parts.next()?, 4)?);
    parts.next().is_none().then_some(date)
}

fn flip((day, month, year): (u32, u32, i32)) -> (i32, u32, u32) {
    (year, month, day)
}

/// An order in which files write the parts of a date. Years always have four digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateOrder {
    /// `2024-03-09`, also with a time behind it, which is dropped.
    Iso,
    /// `2024/3/9`.
    YearSlash,
    /// `2024年3月9日`.
    Kanji,
    /// `09MAR2024`, `9-Mar-2024`.
    Sas,
    /// `09.03.2024`.
    DayDots,
    /// `09/03/2024` for the ninth of March.
    DaySlash,
    /// `03/09/2024` for the ninth of March.
    MonthSlash,
}

impl DateOrder {
    /// Every order.
    pub const ALL: [DateOrder; 7] =
        [Self::Iso, Self::YearSlash, Self::Kanji, Self::Sas, Self::DayDots, Self::DaySlash, Self::MonthSlash];
}

/// Reads a column of dates, which must all be written in one order. Of day/month and month/day the one is taken that
/// fits every cell; where both fit and differ the column is ambiguous.
///
/// # Errors
/// The indices of the cells that do not fit the order most cells have, or of all cells where the order is ambiguous.
pub fn parse_column(cells: &[Option<String>]) -> Result<Vec<Option<Date>>, Vec<(usize, CellReason)>> {
    let read = |order| -> Vec<Option<Date>> {
        cells.iter().map(|cell| cell.as_deref().and_then(|text| Date::parse(text, order))).collect()
    };
    let readings: Vec<Vec<Option<Date>>> = DateOrder::ALL.into_iter().map(read).collect();
    let counts = |reading: &Vec<Option<Date>>| reading.iter().flatten().count();
    let wanted = cells.iter().flatten().count();
    let complete: Vec<&Vec<Option<Date>>> = readings.iter().filter(|reading| counts(reading) == wanted).collect();
    match complete.as_slice() {
        [first, rest @ ..] if rest.iter().all(|other| other == first) => Ok(first.to_vec()),
        [_, _, ..] => Err(indices(cells, |_| true, CellReason::AmbiguousDate)),
        _ => {
            // The first order that reads the most cells.
            let best = readings.iter().rev().max_by_key(|reading| counts(reading));
            let unread = |at: usize| best.and_then(|reading| reading.get(at)).is_none_or(Option::is_none);
            Err(indices(cells, unread, CellReason::NotADate))
        }
    }
}

/// The order in which all of `cells` are days, where there is one: of several that fit, all must read the same days.
pub fn order_of(cells: &[String]) -> Option<DateOrder> {
    let read = |order| -> Option<Vec<Date>> { cells.iter().map(|cell| Date::parse(cell, order)).collect() };
    let fitting: Vec<(DateOrder, Vec<Date>)> =
        DateOrder::ALL.into_iter().filter_map(|order| Some((order, read(order)?))).collect();
    let (first, days) = fitting.first()?;
    fitting.iter().all(|(_, other)| other == days).then_some(*first)
}

/// Whether a text is a day with a year of two digits, `01/10/24`, as Excel writes it where nothing else is declared.
pub fn two_digit_year(cell: &str) -> bool {
    let parts: Vec<&str> = cell.trim().split(['/', '.', '-']).collect();
    let [first, second, third] = parts.as_slice() else { return false };
    let short = |part: &str| (1..=2).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    let month = |part: &str| short(part) || (part.len() == 3 && part.bytes().all(|byte| byte.is_ascii_alphabetic()));
    short(first) && month(second) && short(third) && third.len() == 2
}

fn indices(cells: &[Option<String>], keep: impl Fn(usize) -> bool, reason: CellReason) -> Vec<(usize, CellReason)> {
    cells.iter().enumerate().filter(|(at, cell)| cell.is_some() && keep(*at)).map(|(at, _)| (at, reason)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(cells: &[&str]) -> Vec<Option<String>> {
        cells.iter().map(|cell| Some(cell.to_string())).collect()
    }

    #[test]
    fn days_are_counted_from_1970() {
        assert_eq!(Date::new(1970, 1, 1).unwrap().days, 0);
        assert_eq!(Date::new(1960, 1, 1).unwrap().days, SAS_EPOCH);
        // Python: datetime.date(2024, 2, 29).toordinal() - datetime.date(1970, 1, 1).toordinal()
        assert_eq!(Date::new(2024, 2, 29).unwrap().days, 19_782);
        assert_eq!(Date::new(2023, 2, 29), None);
        for days in (-719_162..2_932_897).step_by(997) {
            let (year, month, day) = Date::from_days(days).unwrap().parts();
            assert_eq!(Date::new(year, month, day).unwrap().days, days);
        }
    }

    #[test]
    fn one_column_has_one_order() {
        let march = Date::new(2024, 3, 9);
        for cell in
            ["2024-03-09", "2024-03-09T10:00", "2024/3/9", "2024年3月9日", "09MAR2024", "9-Mar-2024", "09.03.2024"]
        {
            assert_eq!(parse_column(&column(&[cell])).unwrap(), [march], "{cell}");
        }
        assert_eq!(parse_column(&column(&["09/03/2024", "25/03/2024"])).unwrap()[0], march);
        assert_eq!(parse_column(&column(&["03/09/2024", "03/25/2024"])).unwrap()[0], march);
        let ambiguous = parse_column(&column(&["09/03/2024", "01/02/2024"])).unwrap_err();
        assert_eq!(ambiguous, [(0, CellReason::AmbiguousDate), (1, CellReason::AmbiguousDate)]);
        let mixed = parse_column(&column(&["2024-03-09", "09.03.2024", "2024-03-10", "30 Feb 2024"])).unwrap_err();
        assert_eq!(mixed, [(1, CellReason::NotADate), (3, CellReason::NotADate)]);
    }
}

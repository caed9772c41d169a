//! Numbers that look like codes for missing, by where they stand among the other values.

/// The codes that people write, each also with the codes of its kind (97, 98, 99: refused, not known, not asked).
pub const CODES: [f64; 28] = [
    -1.0, -7.0, -8.0, -9.0, -66.0, -77.0, -88.0, -97.0, -98.0, -99.0, -777.0, -888.0, -998.0, -999.0, -9999.0, 9.0,
    66.0, 77.0, 88.0, 97.0, 98.0, 99.0, 777.0, 888.0, 998.0, 999.0, 9998.0, 9999.0,
];

/// Fewest cells of one value that can be a heap on a code for missing.
const HEAPED: usize = 4;

/// Fewest other values from which a nought stands apart.
const NOUGHTS: usize = 10;

/// A value that looks like a code for missing.
#[derive(Debug, Clone, PartialEq)]
pub struct Suspect {
    /// The value.
    pub code: f64,
    /// What is said of it: `is -99 in 3 cells, apart from all other values (0 to 87)`.
    pub said: String,
}

/// The values that are far from all others; written several times, beyond a gap; or, within the scale, written far more
/// often than all the values around them. `range` is the declared scale; a grade has few levels.
pub fn suspects(values: &[f64], range: Option<(f64, f64)>, grades: bool) -> Vec<Suspect> {
    // One pass for a million values: how often each code is there, and where all other values end.
    let mut counts = [0_usize; CODES.len()];
    let mut rest: Option<(f64, f64)> = None;
    for &value in values {
        match CODES.iter().position(|code| *code == value).and_then(|place| counts.get_mut(place)) {
            Some(count) => *count += 1,
            None => rest = Some(rest.map_or((value, value), |(low, high)| (low.min(value), high.max(value)))),
        }
    }
    let mut found = Vec::new();
    for (code, cells) in CODES.into_iter().zip(counts).filter(|(_, cells)| *cells > 0) {
        // A code that is itself far from the values is none of them.
        let far = |other: f64| other > 0.0 && rest.is_some_and(|(_, high)| high < other / 5.0);
        let others =
            CODES.into_iter().zip(counts).filter(|(other, count)| *count > 0 && !akin(*other, code) && !far(*other));
        let ends = others.fold(rest, |ends, (other, _)| {
            Some(ends.map_or((other, other), |(low, high)| (low.min(other), high.max(other))))
        });
        let Some((lowest, highest)) = ends else { continue };
        // The top of a scale that people reach is no code.
        let top = range.is_some_and(|(_, high)| high == code);
        let gap = code - highest;
        let apart = match code < 0.0 {
            true => lowest >= 0.0 && range.is_none_or(|(low, _)| low >= 0.0),
            false => highest < code / 5.0 || (cells > 1 && !top && gap > 0.0 && gap >= 0.1 * (highest - lowest)),
        };
        if !apart && code > 9.0 && !top && cells >= HEAPED {
            let near = (0.05 * (highest - lowest)).round();
            let around = values.iter().filter(|value| **value != code && (**value - code).abs() <= near).count();
            if cells > 2 * around {
                let said = format!("is {code} in {cells} cells, and within {near} of it in {around} others");
                found.push(Suspect { code, said });
            }
        }
        // A single 9 beside small numbers is a number.
        if apart && (code.abs() > 9.0 || cells > 1 || grades || code < 0.0) {
            let cells = if cells == 1 { "1 cell".to_owned() } else { format!("{cells} cells") };
            let said = format!("is {code} in {cells}, apart from all other values ({lowest} to {highest})");
            found.push(Suspect { code, said });
        }
    }
    found
}

/// Nought written for missing: several cells of 0 where all other values are far above it, on a scale that reaches down to 0.
pub fn noughts(values: &[f64], range: Option<(f64, f64)>) -> Option<Suspect> {
    let cells = values.iter().filter(|value| **value == 0.0).count();
    if cells < 2 {
        return None;
    }
    let others = || values.iter().copied().filter(|value| *value != 0.0);
    let (lowest, highest) =
        others().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
    let many = values.len() - cells;
    let wide = range.map_or(highest, |(low, high)| high - low);
    let apart = many >= NOUGHTS && lowest > 0.0 && lowest >= 0.3 * highest && lowest >= 0.15 * wide;
    apart.then(|| Suspect {
        code: 0.0,
        said: format!("is 0 in {cells} cells, apart from all other values ({lowest} to {highest})"),
    })
}

/// Whether `other` may be a further code of a column with `code`, apart from the values and not from it: any negative one
/// beside a negative one, a larger one, and a neighbour (98 and 99).
pub fn akin(other: f64, code: f64) -> bool {
    match code < 0.0 {
        true => other < 0.0,
        false => other >= code || (other > 9.0 && code - other < 3.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(values: &[f64]) -> Vec<f64> {
        suspects(values, None, false).into_iter().map(|suspect| suspect.code).collect()
    }

    #[test]
    fn noughts_far_below_all_values_are_codes() {
        let scores = |noughts: usize| [vec![0.0; noughts], (31..60).map(f64::from).collect()].concat();
        let said = noughts(&scores(3), Some((0.0, 100.0))).unwrap().said;
        assert_eq!(said, "is 0 in 3 cells, apart from all other values (31 to 59)");
        assert_eq!(noughts(&scores(1), Some((0.0, 100.0))), None);
        // A floor that values reach.
        assert_eq!(noughts(&[scores(3), vec![4.0, 11.0]].concat(), Some((0.0, 100.0))), None);
    }

    #[test]
    fn several_codes_of_one_column_are_all_seen() {
        assert_eq!(codes(&[12.0, 40.0, 7.0, -99.0, -999.0]), [-99.0, -999.0]);
        assert_eq!(codes(&[1.0, 3.0, 2.0, 98.0, 99.0]), [98.0, 99.0]);
        assert_eq!(codes(&[51.0, 60.0, 888.0, 999.0]), [888.0, 999.0]);
        assert_eq!(codes(&[-3.0, 4.0, -9.0]), [] as [f64; 0]);
        assert_eq!(codes(&[7.0, 8.0, 9.0, 5.0]), [] as [f64; 0]);
        assert_eq!(codes(&[80.0, 92.0, 97.0, 98.0, 99.0, 95.0]), [] as [f64; 0]);
    }
}

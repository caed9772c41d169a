//! The order of categories where a structure depends on it: `ar1` over visits in alphabetical order (Month 12, Month 3,
//! Month 6) is another model than the one meant.

use super::error::CliError;
use crate::model::formula::StructureKind;
use crate::model::{Column, Columns, Formula};

/// Refuses a structure of ordered cells over a factor whose order nobody declared, unless the alphabetical order is that of
/// the numbers in the levels; `declared` are the factors whose levels are listed.
///
/// # Errors
/// The factor, with the order to declare.
pub fn check(formula: &Formula, table: &Columns, declared: &[&str]) -> Result<(), CliError> {
    use StructureKind::{Ad, Adh, Ar1, Ar1h, Cs, Csh, Pair, Toep, Toeph, Us};
    for factor in formula.covariance.iter().flat_map(|term| &term.factors) {
        match factor.kind {
            Ar1 | Ar1h | Toep | Toeph | Ad | Adh => {}
            Us | Cs | Csh | Pair => continue,
            #[allow(unreachable_patterns, reason = "structures over actual times carry their order")]
            _ => continue,
        }
        for name in factor.cells.iter().filter(|name| !declared.contains(&name.as_str())) {
            let Ok(Column::Categorical { levels, .. }) = table.column(name) else { continue };
            let ordered = in_order(levels);
            if levels.len() > 2 && ordered.as_ref() != Some(levels) {
                let found = levels.join(", ");
                let wanted = ordered.unwrap_or_else(|| levels.clone()).join(",");
                return Err(CliError::Refused(format!(
                    "`{}` depends on the order of `{name}`, which is not declared; by letter it is {found}\n  help: list the \
                     levels in order of time: --factor '{name}={wanted}'",
                    factor.kind.name()
                )));
            }
        }
    }
    Ok(())
}

/// The levels by the numbers in them, a baseline before all and a screening before that; `None` where a level has neither.
fn in_order(levels: &[String]) -> Option<Vec<String>> {
    let mut keyed: Vec<(f64, &String)> =
        levels.iter().map(|level| Some((key(level)?, level))).collect::<Option<_>>()?;
    keyed.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    let distinct = keyed.windows(2).all(|pair| matches!(pair, [(a, _), (b, _)] if a < b));
    distinct.then(|| keyed.into_iter().map(|(_, level)| level.clone()).collect())
}

fn key(level: &str) -> Option<f64> {
    let lower = level.to_lowercase();
    if lower.starts_with("screen") {
        return Some(-2.0);
    }
    if ["baseline", "base", "bl", "pre", "ベースライン", "投与前"].iter().any(|word| lower.starts_with(word)) {
        return Some(-1.0);
    }
    let start = lower.find(|c: char| c.is_ascii_digit())?;
    let rest = lower.get(start..)?;
    let end = rest.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(rest.len());
    rest.get(..end)?.trim_end_matches('.').parse().ok()
}

#[cfg(test)]
mod tests {
    use super::in_order;

    fn ordered(levels: &[&str]) -> Option<Vec<String>> {
        in_order(&levels.iter().map(|level| (*level).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn levels_are_ordered_by_their_numbers() {
        let visits = ["Baseline", "Week 4", "Week 12"].map(str::to_owned).to_vec();
        assert_eq!(ordered(&["Baseline", "Week 12", "Week 4"]), Some(visits));
        assert_eq!(ordered(&["early", "late", "middle"]), None);
        assert_eq!(ordered(&["Month 1 a", "Month 1 b"]), None);
    }
}

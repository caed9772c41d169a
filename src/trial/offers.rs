//! What a plan could declare where data hold codes or words that it does not explain: the line to write into it.

use super::design::{ACTIVE, Endpoint, Kind, PLACEBO};
use super::findings::{Findings, place};
use super::rows::shorten;
use crate::data::{CellError, CellReason, Table};
use std::collections::BTreeMap;

/// Most different words of an endpoint that are taken for its levels.
const MOST: usize = 12;

/// The levels of an endpoint as their codes and labels are written.
pub fn names_of_levels(endpoint: &Endpoint) -> String {
    let name = |level: &super::codes::Level| {
        let codes = level.codes.join("`, `");
        match level.label.is_empty() || level.codes.contains(&level.label) {
            true => format!("`{codes}`"),
            false => format!("`{codes}` ({})", level.label),
        }
    };
    endpoint.levels.iter().map(name).collect::<Vec<_>>().join(", ")
}

/// SK201, once for a column that holds a few words instead of numbers; whether it was reported so.
pub fn words_for_numbers(
    endpoint: &Endpoint,
    file: &str,
    table: &Table,
    column: &str,
    errors: &[CellError],
    findings: &mut Findings,
) -> bool {
    let mut words: BTreeMap<&str, usize> = BTreeMap::new();
    for error in errors {
        let found = error.found.trim();
        let digits = found.chars().any(|c| c.is_ascii_digit());
        if !matches!(error.reason, CellReason::NotANumber) || found.starts_with(['<', '>', '≤', '≥']) || digits {
            return false;
        }
        *words.entry(found).or_default() += 1;
    }
    let filled = table.text(column).map_or(0, |cells| cells.iter().flatten().count());
    let repeated = errors.len() > words.len();
    if words.is_empty() || words.len() > MOST || !endpoint.levels.is_empty() || 2 * errors.len() < filled || !repeated {
        return false;
    }
    let row = errors.first().map(|error| error.row);
    let listed: Vec<String> = words.keys().map(|word| format!("`{}`", shorten(word))).collect();
    let quoted: Vec<String> =
        in_likely_order(words.keys().copied().collect()).iter().map(|word| format!("{word:?}")).collect();
    let levels = format!("`levels = [{}]`", quoted.join(", "));
    let remedy = match endpoint.kind {
        Kind::Binary => format!("declare in the endpoint what they mean, no before yes: {levels}"),
        Kind::Ordinal => {
            format!("declare the grades in the endpoint, the lowest first: {levels}, or the order that is right")
        }
        Kind::Survival => "times are numbers: correct the cells, or list a code in `data.missing`".to_owned(),
        Kind::Continuous | Kind::Count if words.len() == 2 => {
            format!("an endpoint of two answers is `kind = \"binary\"` with, no before yes, {levels}")
        }
        Kind::Continuous | Kind::Count => {
            format!(
                "an endpoint of grades is `kind = \"ordinal\"` with, the lowest first, {levels}, or the order that is right"
            )
        }
    };
    let message = format!(
        "{} holds words where numbers are expected, in {} of {filled} cells: {}",
        endpoint.name,
        errors.len(),
        listed.join(", ")
    );
    findings.add("SK201", place(file, row, Some(column)), message, remedy);
    true
}

/// How to declare a code of an arm or visit, where the data have codes throughout: no name of the plan occurs in them.
/// Which code is which arm nobody but the trial knows, so that none is offered for either; `known` are the names as the
/// design numbers them.
pub fn code_of(what: &str, code: &str, known: &[&str], levels: &[String]) -> Option<String> {
    let named = levels.iter().any(|level| known.contains(&level.as_str()));
    let short = |level: &String| level.chars().count() <= 3 || level.parse::<f64>().is_ok();
    if named || !levels.iter().all(short) {
        return None;
    }
    // The visit whose name has the code's number: 3 and `Month 3`.
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let likely = known.iter().find(|name| !digits(code).is_empty() && digits(name) == digits(code));
    let label = likely.or(known.first()).copied().unwrap_or_default();
    let shown = || levels.iter().take(MOST).map(String::as_str).collect::<Vec<_>>().join(", ");
    if let ("arm", Some(active), Some(placebo)) = (what, known.get(ACTIVE), known.get(PLACEBO)) {
        return Some(format!(
            "if the data hold codes ({}), declare which of them is which, as the trial's list of codes says: `[arms] active = \
             {{ code = \"…\", label = \"{active}\" }}` and `placebo = {{ code = \"…\", label = \"{placebo}\" }}`; exchanged, they \
             turn every result round",
            shown()
        ));
    }
    let place = format!("`[visits] order = [{{ code = \"{code}\", label = \"{label}\" }}, …]`");
    Some(format!(
        "if the data hold codes, declare what each means, for instance {place}; the plan has: {}, the data: {}",
        known.join(", "),
        shown()
    ))
}

/// Words of grades in the order they usually have; others by letter.
fn in_likely_order(mut words: Vec<&str>) -> Vec<&str> {
    const USUAL: [&[&str]; 6] = [
        &["no", "n", "none", "normal", "absent", "negative", "nil", "なし", "正常", "無", "陰性"],
        &["trace", "minimal", "doubtful", "possible", "slight", "疑い", "軽微"],
        &["mild", "軽度", "軽症"],
        &["moderate", "中等度", "中等症"],
        &["severe", "marked", "高度", "重度", "重症"],
        &["yes", "y", "abnormal", "present", "positive", "あり", "異常", "有", "陽性"],
    ];
    let rank = |word: &str| {
        let word = word.to_lowercase();
        USUAL.iter().position(|usual| usual.contains(&word.as_str())).unwrap_or(USUAL.len())
    };
    words.sort_by_key(|word| rank(word));
    words
}

#[cfg(test)]
mod tests {
    use super::in_likely_order;

    #[test]
    fn grades_are_offered_in_their_usual_order() {
        assert_eq!(
            in_likely_order(vec!["Mild", "Moderate", "Normal", "Severe"]),
            ["Normal", "Mild", "Moderate", "Severe"]
        );
        assert_eq!(in_likely_order(vec!["ABNORMAL", "NORMAL"]), ["NORMAL", "ABNORMAL"]);
        assert_eq!(in_likely_order(vec!["高度", "なし", "軽度"]), ["なし", "軽度", "高度"]);
    }
}

//! A second opinion on the deciding record, `<endpoint>.<visit>.second-opinion`.
//!
//! Its numbers are those of the deciding analysis by another route ([`second_routes`]): `agrees` says whether estimate,
//! standard error, degrees of freedom, statistic and p-value are the same to rounding; where they are not, the notes
//! `route_…` say in what and why. Without another route its numbers are those of the paired t-test.
//!
//! Beside it, for scores, the paired t-test on the complete pairs at the visit, by its formula and by the mixed-model
//! engine (`paired_t`, `engine_agrees`): a disagreement beyond rounding would show an error in the engine, in the pairing of
//! the knees or in the order of the rows. Where the deciding record is another analysis than the paired t-test
//! (`paired_agrees` false), the notes `second_…` say by how much the two differ and why: another method, knees without a
//! partner, other visits, the baseline, a variance on its boundary, or the covariance that the model assumes.

use super::Context;
use super::notes::remark;
use super::record::Record;
use super::second_routes::{self, Route};
use super::{mixed, second_routes::pair_model};
use crate::model::TTest;
use crate::note::Note;
use crate::paired::{Alternative, Field, Options, TestResult, paired_t};
use crate::trial::{Kind, PairedDifferences, Role};
use serde_json::json;

/// Largest relative disagreement that counts as rounding.
const ROUNDING: f64 = 1e-6;

/// The second opinion on the deciding record; `None` where there is neither another route nor a paired t-test. `models` keeps
/// what was found for the visits of one model.
pub fn check(context: &Context, deciding: &Record, models: &mut mixed::SecondRoutes) -> Option<Record> {
    let (endpoint, visit) = (deciding.endpoint?, deciding.visit?);
    let about = &context.trial.design.endpoints[endpoint];
    let scores = matches!(about.kind, Kind::Continuous | Kind::Count) && !about.rated;
    let paired = context.trial.paired(endpoint, visit, deciding.measure, context.set);
    let route = second_routes::of(context, deciding, &paired, models);
    if !scores && route.is_none() {
        return None;
    }
    let options = Options { alternative: deciding.result.alternative, ..context.options() };
    let mut result = TestResult::new("second-opinion", paired.pairs.len(), &options);
    result.n_dropped = paired.dropped.len();
    let decides = &deciding.result;
    result.extra.extend([
        ("of", Field::Text(deciding.id.clone())),
        ("route", Field::Text(route.map_or("paired-t", |route| route.name).to_owned())),
        ("deciding_estimate", Field::Number(decides.estimate)),
        ("deciding_std_error", Field::Number(decides.std_error)),
        ("deciding_df", Field::Number(decides.df)),
        ("deciding_p_value", Field::Number(decides.p_value)),
    ]);
    if let Some(route) = route {
        by_route(&mut result, deciding, &route, &options, about.logarithm.is_some());
    }
    if scores {
        by_pairs(&mut result, context, deciding, &paired, route.is_none());
    }
    let id = format!("{}.second-opinion", context.stem(endpoint, visit));
    let rows = context.paired_rows(endpoint, visit, &paired);
    let mut record = context.record(id, endpoint, visit, deciding.measure, Role::Descriptive, result, rows);
    record.reference = "Student 1908 against REML with Kenward & Roger 1997 on the same pairs";
    Some(record)
}

/// The numbers of the other route, and whether they are those of the deciding record.
fn by_route(result: &mut TestResult, deciding: &Record, route: &Route, options: &Options, logarithm: bool) {
    match &route.test {
        Some(test) => mixed::fill(result, test, options),
        None => {
            (result.estimate, result.statistic) = (route.estimate, route.statistic);
            result.p_value = route.p_value.filter(|_| options.alternative == Alternative::TwoSided);
        }
    }
    let decides = &deciding.result;
    let scale = result.std_error.or(decides.std_error);
    let said: [fn(String, String) -> Note; 5] = [
        |other, own| remark!(route_estimate, other = other, own = own),
        |other, own| remark!(route_error, other = other, own = own),
        |other, own| remark!(route_df, other = other, own = own),
        |other, own| remark!(route_statistic, other = other, own = own),
        |other, own| remark!(route_p, other = other, own = own),
    ];
    let statistic = result.statistic.filter(|_| route.test.is_none());
    let quantities = [
        (result.estimate, decides.estimate, scale),
        (result.std_error, decides.std_error, None),
        (result.df, decides.df, None),
        (statistic, decides.statistic, None),
        (result.p_value, decides.p_value, None),
    ];
    let mut apart: Vec<Note> = Vec::new();
    for (say, (own, other, scale)) in said.iter().zip(quantities) {
        if let (Some(own), Some(other)) = (own, other)
            && (own - other).abs() > ROUNDING * scale.unwrap_or(own.abs().max(other.abs())) + 1e-12
        {
            apart.push(say(four_digits(other), four_digits(own)));
        }
    }
    result.extra.push(("agrees", Field::Json(apart.is_empty().into())));
    if apart.is_empty() {
        return;
    }
    result.notes.push(remark!(route_differs));
    if logarithm {
        result.notes.push(remark!(route_logarithms));
    }
    result.notes.extend(apart);
    result.notes.push(if singular(deciding) { remark!(route_boundary) } else { remark!(route_unexplained) });
}

/// The paired t-test by its formula and by the engine, beside the deciding record; its numbers are the record's own where
/// there is no other route.
fn by_pairs(result: &mut TestResult, context: &Context, deciding: &Record, paired: &PairedDifferences, alone: bool) {
    let options = context.options();
    let closed = match paired_t::paired_t(&paired.active(), &paired.placebo(), &options) {
        Ok(closed) => closed,
        Err(refusal) => return result.notes.push(remark!(no_paired_t, reason = refusal.0)),
    };
    if alone {
        result.alternative = options.alternative;
        (result.estimate, result.std_error) = (closed.estimate, closed.std_error);
        (result.statistic, result.df, result.p_value) = (closed.statistic, closed.df, closed.p_value);
        (result.conf_low, result.conf_high) = (closed.conf_low, closed.conf_high);
    }
    let numbers = json!({
        "estimate": closed.estimate,
        "std_error": closed.std_error,
        "df": closed.df,
        "p_value": closed.p_value,
        "conf_low": closed.conf_low,
        "conf_high": closed.conf_high,
    });
    result.extra.push(("paired_t", Field::Json(numbers)));
    let engine = match pair_model(context, paired, &options) {
        Ok(engine) => compare(result, &closed, &engine),
        Err(error) => {
            result.notes.push(remark!(no_pair_model, reason = error.note()));
            false
        }
    };
    let logarithm = deciding.endpoint.is_some_and(|at| context.trial.design.endpoints[at].logarithm.is_some());
    against_deciding(result, deciding, &closed, engine, logarithm);
}

/// The engine's numbers beside those of the formula; whether they agree to rounding.
fn compare(result: &mut TestResult, closed: &TestResult, engine: &TTest) -> bool {
    let scale = engine.std_error.max(f64::MIN_POSITIVE);
    let apart = [
        closed.estimate.map(|estimate| (estimate - engine.estimate).abs() / scale),
        closed.std_error.map(|error| (error - engine.std_error).abs() / scale),
        closed.df.zip(engine.df).map(|(closed, engine)| (closed - engine).abs() / closed),
    ];
    let largest = apart.into_iter().flatten().fold(0.0, f64::max);
    result.extra.extend([
        (
            "model",
            Field::Json(json!({
                "estimate": engine.estimate,
                "std_error": engine.std_error,
                "df": engine.df,
                "p_value": engine.p_value,
            })),
        ),
        ("largest_disagreement", Field::Number(Some(largest))),
        ("engine_agrees", Field::Json((largest <= ROUNDING).into())),
    ]);
    if largest > ROUNDING {
        result.notes.push(remark!(disagree));
    }
    largest <= ROUNDING
}

/// Sets the deciding record beside the paired t-test `closed`: whether they agree, and where they do not, in what and why.
fn against_deciding(result: &mut TestResult, deciding: &Record, closed: &TestResult, engine: bool, logarithm: bool) {
    let decides = &deciding.result;
    let (Some(estimate), Some(error), Some(df)) = (closed.estimate, closed.std_error, closed.df) else { return };
    let mut apart = Vec::new();
    let said: [fn(String, String) -> Note; 3] = [
        |other, own| remark!(second_estimate, other = other, own = own),
        |other, own| remark!(second_error, other = other, own = own),
        |other, own| remark!(second_df, other = other, own = own),
    ];
    for (say, own, other, scale) in [
        (said[0], estimate, decides.estimate, error),
        (said[1], error, decides.std_error, error),
        (said[2], df, decides.df, df),
    ] {
        match other {
            Some(other) if (own - other).abs() <= ROUNDING * scale => {}
            other => {
                let other = other.map_or_else(|| "–".to_owned(), four_digits);
                apart.push(say(other, four_digits(own)));
            }
        }
    }
    let agrees = engine && apart.is_empty();
    result.extra.push(("paired_agrees", Field::Json(agrees.into())));
    if result.field("agrees").is_none() {
        result.extra.push(("agrees", Field::Json(agrees.into())));
    }
    if apart.is_empty() {
        return;
    }
    result.notes.push(remark!(second_differs));
    if logarithm {
        result.notes.push(remark!(second_logarithms));
    }
    result.notes.extend(apart);
    result.notes.extend(reasons(deciding, result.n_pairs));
}

/// Whether a variance of the deciding model is on its boundary.
fn singular(deciding: &Record) -> bool {
    matches!(deciding.result.field("singular"), Some(Field::Json(singular)) if *singular == true)
}

/// Why the deciding record is not the paired t-test on the complete pairs.
fn reasons(deciding: &Record, pairs: usize) -> Vec<Note> {
    let result = &deciding.result;
    let text = |name: &str| match result.field(name) {
        Some(Field::Text(text)) => text.as_str(),
        _ => "",
    };
    let formula = text("formula");
    if formula.is_empty() {
        return vec![remark!(second_other_method, method = result.method)];
    }
    let mut reasons = Vec::new();
    let mean = formula.split('(').next().unwrap_or_default();
    if mean.contains("visit") {
        reasons.push(remark!(second_visits));
    } else if let Some(rows) = result.number("n_obs").filter(|rows| *rows > 2.0 * pairs as f64) {
        reasons.push(remark!(second_single, n = rows as usize - 2 * pairs));
    }
    if mean.contains("base") {
        reasons.push(remark!(second_baseline));
    }
    if singular(deciding) {
        reasons.push(remark!(second_boundary));
    }
    if reasons.is_empty() || text("structure") == "random" {
        reasons.push(remark!(second_covariance));
    }
    reasons
}

/// A number to four significant digits.
fn four_digits(value: f64) -> String {
    let digits = 3 - value.abs().max(f64::MIN_POSITIVE).log10().floor() as i32;
    format!("{value:.*}", digits.clamp(0, 12) as usize).replace('-', "\u{2212}")
}

#[cfg(test)]
mod tests {
    use super::four_digits;

    #[test]
    fn numbers_keep_four_digits() {
        assert_eq!(four_digits(6.2523), "6.252");
        assert_eq!(four_digits(18.0), "18.00");
        assert_eq!(four_digits(-0.012_345), "\u{2212}0.01235");
    }
}

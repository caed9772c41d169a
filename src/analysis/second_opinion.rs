//! A second computation of the treatment effect by other code: the paired t-test by its formula against the mixed-model
//! engine on the same complete pairs.
//!
//! On complete pairs at one visit the model `value ~ treatment + us(treatment | patient)` is the paired t-test: estimate,
//! standard error and degrees of freedom agree whatever the knees' variances and correlation. A disagreement beyond
//! rounding (`engine_agrees`) would show an error in the engine, in the pairing of the knees or in the order of the rows.
//!
//! `agrees` is about the deciding record itself: whether its estimate, standard error and degrees of freedom are those of
//! the paired t-test. Where they are not, the record says by how much and why: another method, knees without a partner,
//! other visits, the baseline, a variance on its boundary, or the covariance that the model assumes.

use super::Context;
use super::notes::remark;
use super::record::Record;
use crate::model::{self, Columns, Ddf, FitOptions, Formula, Information, LsMeansSpec, ModelError, TTest};
use crate::note::Note;
use crate::paired::{Field, Options, TestResult, paired_t};
use crate::trial::{Kind, PairedDifferences, Role};
use serde_json::json;

/// Largest relative disagreement that counts as rounding.
const ROUNDING: f64 = 1e-6;

/// The second opinion on the deciding record of a score or measurement, `<endpoint>.<visit>.second-opinion`.
pub fn check(context: &Context, deciding: &Record) -> Option<Record> {
    let (endpoint, visit) = (deciding.endpoint?, deciding.visit?);
    let about = &context.trial.design.endpoints[endpoint];
    if !matches!(about.kind, Kind::Continuous | Kind::Count) {
        return None;
    }
    let options = context.options();
    let paired = context.trial.paired(endpoint, visit, deciding.measure, context.set);
    let mut result = TestResult::new("second-opinion", paired.pairs.len(), &options);
    result.n_dropped = paired.dropped.len();
    result.extra.push(("of", Field::Text(deciding.id.clone())));
    result.extra.push(("deciding_estimate", Field::Number(deciding.result.estimate)));
    result.extra.push(("deciding_std_error", Field::Number(deciding.result.std_error)));
    match (paired_t::paired_t(&paired.active(), &paired.placebo(), &options), by_model(context, &paired, &options)) {
        (Ok(closed), Ok(engine)) => compare(&mut result, &closed, &engine),
        (Err(refusal), _) => result.notes.push(remark!(no_paired_t, reason = refusal.0)),
        (_, Err(error)) => result.notes.push(remark!(no_pair_model, reason = error.note())),
    }
    against_deciding(&mut result, deciding);
    let id = format!("{}.second-opinion", context.stem(endpoint, visit));
    let rows = context.paired_rows(endpoint, visit, &paired);
    let mut record = context.record(id, endpoint, visit, deciding.measure, Role::Descriptive, result, rows);
    record.reference = "Student 1908 against REML with Kenward & Roger 1997 on the same pairs";
    Some(record)
}

/// The comparison by the mixed-model engine.
fn by_model(context: &Context, paired: &PairedDifferences, options: &Options) -> Result<TTest, ModelError> {
    let mut columns = Columns::new();
    let pairs = &paired.pairs;
    columns.add_numeric("value", pairs.iter().flat_map(|pair| [pair.placebo, pair.active]).collect())?;
    let arms = ["placebo", "active"];
    columns.add_categorical("treatment", pairs.iter().flat_map(|_| arms.map(Some)))?;
    columns.set_levels("treatment", &arms)?;
    let id = |patient: usize| Some(context.trial.patients[patient].id.as_str());
    columns.add_categorical("patient", pairs.iter().flat_map(|pair| [id(pair.patient); 2]))?;
    let formula = Formula::parse("value ~ treatment + us(treatment|patient)")?;
    let fit = model::fit(&columns, &formula, &FitOptions::default())?;
    let inference = fit.inference(Ddf::KenwardRoger, Information::Observed, options.conf_level)?;
    let difference = inference.ls_differences(&LsMeansSpec::parse("treatment"))?.into_iter().next();
    difference.and_then(|difference| difference.test).ok_or(ModelError::NoVariation)
}

/// Estimate, standard error, df and p-value of both, and how far they are apart.
fn compare(result: &mut TestResult, closed: &TestResult, engine: &TTest) {
    result.estimate = closed.estimate;
    result.std_error = closed.std_error;
    result.statistic = closed.statistic;
    result.df = closed.df;
    result.p_value = closed.p_value;
    (result.conf_low, result.conf_high) = (closed.conf_low, closed.conf_high);
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
}

/// Sets the deciding record beside the paired t-test in `result`: whether they agree, and where they do not, in what and
/// why.
fn against_deciding(result: &mut TestResult, deciding: &Record) {
    let decides = &deciding.result;
    result.extra.push(("deciding_df", Field::Number(decides.df)));
    let (Some(estimate), Some(error), Some(df)) = (result.estimate, result.std_error, result.df) else { return };
    let engine = matches!(result.field("engine_agrees"), Some(Field::Json(agrees)) if *agrees == true);
    let mut apart = Vec::new();
    for (quantity, own, other, scale) in [
        ("estimate", estimate, decides.estimate, error),
        ("standard error", error, decides.std_error, error),
        ("degrees of freedom", df, decides.df, df),
    ] {
        match other {
            Some(other) if (own - other).abs() <= ROUNDING * scale => {}
            other => {
                let other = other.map_or_else(|| "–".to_owned(), four_digits);
                apart.push(remark!(second_quantity, other = other, own = four_digits(own), quantity = quantity));
            }
        }
    }
    result.extra.push(("agrees", Field::Json((engine && apart.is_empty()).into())));
    if apart.is_empty() {
        return;
    }
    result.notes.push(remark!(second_differs));
    result.notes.extend(apart);
    result.notes.extend(reasons(deciding, result.n_pairs));
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
    if matches!(result.field("singular"), Some(Field::Json(singular)) if *singular == true) {
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
    format!("{value:.*}", digits.clamp(0, 12) as usize)
}

#[cfg(test)]
mod tests {
    use super::four_digits;

    #[test]
    fn numbers_keep_four_digits() {
        assert_eq!(four_digits(6.2523), "6.252");
        assert_eq!(four_digits(18.0), "18.00");
        assert_eq!(four_digits(-0.012_345), "-0.01235");
    }
}

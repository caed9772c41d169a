//! What an endpoint on logarithms adds to its records: the scale, and estimate, limits and means carried back.
//!
//! The estimate is a difference of mean logarithms, ln(GM₁/GM₀); exp of it and of its limits is the ratio of geometric means
//! with its interval, and the p-value is that of the logarithms. `ratio_std_error` is the delta method's, ratio × SE(ln): it is
//! shown and makes no limit. Keene 1995 (Statistics in Medicine 14:811); Bland & Altman 1996 (BMJ 312:1153).

use super::Context;
use super::contrasts;
use super::record::Record;
use super::scale::{Ratio, Scale};
use crate::math::descriptive::mean;
use crate::paired::{Field, TestResult};

/// Further records that compare the arms without a verdict: their numbers are logarithms of ratios, too.
const FURTHER: [&str; 5] = ["complete-pairs", "second-opinion", "carry-across", "side-effect", "meta-analysis"];

/// What describes the differences of a visit, and its name carried back.
const SPREAD: [(&str, &str); 5] =
    [("min", "ratio_min"), ("q1", "ratio_q1"), ("median", "ratio_median"), ("q3", "ratio_q3"), ("max", "ratio_max")];

/// exp of a logarithm, where there is a finite one.
fn back(value: Option<f64>) -> Field {
    Field::Number(value.map(f64::exp).filter(|value| value.is_finite()))
}

/// The ratio of geometric means and its limits, from a comparison of logarithms.
pub fn ratio(result: &TestResult) -> [(&'static str, Field); 3] {
    [("ratio", back(result.estimate)), ("ratio_low", back(result.conf_low)), ("ratio_high", back(result.conf_high))]
}

/// The geometric means of the two sides, from their logarithms.
pub fn geometric_means(treated: &[f64], control: &[f64]) -> [(&'static str, Field); 2] {
    [("geometric_mean_treated", back(mean(treated))), ("geometric_mean_control", back(mean(control)))]
}

/// A geometric mean with its limits, from a mean of logarithms.
pub fn described(logs: &TestResult) -> [(&'static str, Field); 3] {
    [
        ("geometric_mean", back(logs.estimate)),
        ("geometric_mean_low", back(logs.conf_low)),
        ("geometric_mean_high", back(logs.conf_high)),
    ]
}

/// Gives every record of an endpoint on logarithms its scale and its numbers carried back.
pub fn mark(context: &Context, records: &mut [Record]) {
    let endpoints = &context.trial.design.endpoints;
    let on_logs = |record: &Record| record.endpoint.is_some_and(|endpoint| endpoints[endpoint].logarithm.is_some());
    for record in records.iter_mut().filter(|record| on_logs(record)) {
        let result = &mut record.result;
        if result.method == "ls-mean" {
            let means = described(result);
            result.extra.extend(means);
            continue;
        }
        let described = result.method == "descriptive" && record.arm.is_none();
        let compares = Scale::of(result) == Some(Scale::Difference) || FURTHER.contains(&result.method);
        if !(compares || described) {
            continue;
        }
        let error = result.estimate.map(f64::exp).zip(result.std_error).map(|(ratio, error)| ratio * error);
        let ratio = ratio(result);
        let (scale, name) = Scale::Log(Ratio::Means).field();
        // Some methods name their scale themselves.
        result.extra.retain(|(field, _)| *field != scale);
        result.extra.push((scale, name));
        result.extra.extend(ratio);
        result.extra.push(("ratio_std_error", Field::Number(error.filter(|error| error.is_finite()))));
        if described {
            for (name, carried) in SPREAD {
                let carried_back = back(result.number(name));
                result.extra.push((carried, carried_back));
            }
        }
        if result.method == contrasts::METHOD {
            let low = back(result.number("conf_low_adjusted"));
            let high = back(result.number("conf_high_adjusted"));
            result.extra.extend([("ratio_low_adjusted", low), ("ratio_high_adjusted", high)]);
        }
    }
}

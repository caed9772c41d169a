//! The deciding record by another route: the same analysis with none of the code that made it.
//!
//! | decided by | other route |
//! |---|---|
//! | mixed model, MMRM, MMRM of differences, cLDA with a covariance linear in its parameters | `linear-reml`: restricted likelihood over the covariances themselves, variances free below 0 ([`crate::model::second_route`]) |
//! | paired t-test | `regression`: REML with `us(treatment\|patient)` on the knees of the pairs |
//! | ANCOVA | `regression`: least squares of the differences by the mixed-model engine |
//! | Wilcoxon, sign-flip permutation | `enumeration`: Walsh averages counted one by one, up to 2 000 differences; all 2ⁿ signs, up to 16 differences |
//! | sign test, McNemar (mid-p), win odds | `counting`: knees counted again from their scores, probabilities added up term by term |
//!
//! Other methods (Kronecker and autoregressive covariances, estimating equations, bootstrap …) have none here.

use super::Context;
use super::record::Record;
use super::{ancova, mixed};
use crate::math::decimal::Grid;
use crate::model::{self, Columns, Ddf, FitOptions, Formula, Information, LsMeansSpec, ModelError, TTest};
use crate::paired::{Field, Options};
use crate::trial::{Better, Pair, PairedDifferences};

/// Most differences whose signs are enumerated.
const SIGNS: usize = 16;

/// Most differences whose Walsh averages are listed: two million of them.
const WALSH: usize = 2_000;

/// What the other route found; `None` for what it does not give.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Route {
    /// Its name: `linear-reml`, `regression`, `enumeration`, `counting`.
    pub name: &'static str,
    /// A t-test.
    pub test: Option<TTest>,
    /// The estimate of another test.
    pub estimate: Option<f64>,
    /// Its statistic.
    pub statistic: Option<f64>,
    /// Its two-sided p-value.
    pub p_value: Option<f64>,
}

impl Route {
    fn of_test(name: &'static str, test: TTest) -> Self {
        Self { name, test: Some(test), ..Self::default() }
    }
}

/// The deciding record by another route; `None` where there is none or the record has no numbers. `models` keeps what was
/// found for the visits of one model.
pub fn of(
    context: &Context,
    deciding: &Record,
    paired: &PairedDifferences,
    models: &mut mixed::SecondRoutes,
) -> Option<Route> {
    let result = &deciding.result;
    result.estimate?;
    let endpoint = deciding.endpoint?;
    let differences: Vec<f64> = paired.pairs.iter().map(Pair::difference).collect();
    match result.method {
        "mixed-model" | "mmrm" | "mmrm-difference" | "clda" => {
            models.of(context, deciding).map(|test| Route::of_test("linear-reml", test))
        }
        "paired-t" => Some(Route::of_test("regression", pair_model(context, paired, &context.options()).ok()?)),
        "ancova" => Some(Route::of_test("regression", least_squares(context, endpoint, deciding.visit?).ok()?)),
        // Zeros that keep their ranks (Pratt) are another test.
        "wilcoxon" if !matches!(result.field("zeros"), Some(Field::Text(zeros)) if zeros == "pratt") => {
            signed_ranks(&differences)
        }
        "permutation" => Some(sign_flips(&differences)),
        "sign" => {
            let above = differences.iter().filter(|d| **d > 0.0).count();
            let below = differences.iter().filter(|d| **d < 0.0).count();
            let p = (2.0 * binomial_tail(above.min(below), above + below)).min(1.0);
            Some(Route { name: "counting", p_value: Some(p), ..Route::default() })
        }
        "mcnemar" => {
            let at = |active: bool| {
                paired.pairs.iter().filter(move |p| p.active != p.placebo && (p.active > p.placebo) == active)
            };
            let (b, c) = (at(true).count(), at(false).count());
            let (low, n) = (b.min(c), b + c);
            let p = 2.0 * binomial_tail(low, n) - binomial(low, n);
            Some(Route {
                name: "counting",
                estimate: Some((b as f64 - c as f64) / paired.pairs.len() as f64),
                p_value: Some(if b == c { 1.0 } else { p.min(1.0) }),
                ..Route::default()
            })
        }
        "win-odds" => {
            let lower = context.trial.design.endpoints[endpoint].better == Better::Lower;
            let wins = paired.pairs.iter().filter(|p| if lower { p.active < p.placebo } else { p.active > p.placebo });
            let equal = paired.pairs.iter().filter(|p| p.active == p.placebo).count() as f64;
            let (wins, n) = (wins.count() as f64, paired.pairs.len() as f64);
            let losses = n - wins - equal;
            Some(Route {
                name: "counting",
                estimate: Some((wins + 0.5 * equal) / (losses + 0.5 * equal)),
                statistic: Some(wins),
                ..Route::default()
            })
        }
        _ => None,
    }
}

/// The paired comparison by the mixed-model engine: REML with a free covariance of the two knees.
pub fn pair_model(context: &Context, paired: &PairedDifferences, options: &Options) -> Result<TTest, ModelError> {
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

/// The regression of the differences on the pair's baseline mean and difference, at the average mean and no difference.
fn least_squares(context: &Context, endpoint: usize, visit: usize) -> Result<TTest, ModelError> {
    let [active, placebo, base_active, base_placebo] = ancova::pairs(context, endpoint, visit).0;
    let mut columns = Columns::new();
    let both = |a: &[f64], b: &[f64], of: fn(f64, f64) -> f64| a.iter().zip(b).map(|(a, b)| of(*a, *b)).collect();
    let mut mean: Vec<f64> = both(&base_active, &base_placebo, |a, b| 0.5 * (a + b));
    let centre = mean.iter().sum::<f64>() / mean.len().max(1) as f64;
    mean.iter_mut().for_each(|value| *value -= centre);
    columns.add_numeric("difference", both(&active, &placebo, |a, b| a - b))?;
    columns.add_numeric("mean", mean)?;
    columns.add_numeric("imbalance", both(&base_active, &base_placebo, |a, b| a - b))?;
    let ids: Vec<String> = (0..active.len()).map(|i| i.to_string()).collect();
    columns.add_categorical("patient", ids.iter().map(|id| Some(id.as_str())))?;
    let fit = model::fit(&columns, &Formula::parse("difference ~ mean + imbalance")?, &FitOptions::default())?;
    let inference = fit.inference(Ddf::Residual, Information::Observed, context.options().conf_level)?;
    let mut intercept = vec![0.0; fit.coefficient_names().len()];
    *intercept.first_mut().ok_or(ModelError::NoVariation)? = 1.0;
    inference.contrast(&intercept)
}

/// V as the number of positive Walsh averages, the estimate as their median; p over all signs. `None` where there are too
/// many to list: they grow with the square of the differences.
fn signed_ranks(differences: &[f64]) -> Option<Route> {
    let used: Vec<f64> = differences.iter().copied().filter(|d| *d != 0.0).collect();
    if used.len() > WALSH {
        return None;
    }
    let (mut walsh, mut positive) = (Vec::new(), 0.0);
    let grid = Grid::of(used.iter().copied())?;
    let whole: Vec<f64> = used.iter().map(|d| grid.whole(*d)).collect();
    for (i, a) in whole.iter().enumerate() {
        for b in &whole[i..] {
            let sum = a + b;
            positive += if sum > 0.0 {
                1.0
            } else if sum == 0.0 {
                0.5
            } else {
                0.0
            };
            walsh.push(sum);
        }
    }
    walsh.sort_by(f64::total_cmp);
    let n = walsh.len();
    let middle = if n == 0 { return None } else { 0.5 * (walsh[(n - 1) / 2] + walsh[n / 2]) };
    // Mid-ranks, doubled: a difference is above every smaller one and shares with its equals.
    let rank =
        |a: &f64| whole.iter().map(|b| i64::from(b.abs() < a.abs()) + i64::from(b.abs() <= a.abs())).sum::<i64>() + 1;
    let ranks: Vec<i64> = whole.iter().map(rank).collect();
    Some(Route {
        name: "enumeration",
        estimate: Some(grid.value(middle) / 2.0),
        statistic: Some(positive),
        p_value: all_signs(&ranks, &whole),
        ..Route::default()
    })
}

/// The mean and the share of all signs that give so large a sum.
fn sign_flips(differences: &[f64]) -> Route {
    let whole = Grid::of(differences.iter().copied())
        .map(|grid| differences.iter().map(|d| grid.whole(*d) as i64).collect::<Vec<i64>>());
    let used = whole.map(|whole| whole.into_iter().filter(|d| *d != 0).collect::<Vec<i64>>());
    let p_value = used.and_then(|used| {
        let sizes: Vec<i64> = used.iter().map(|d| d.abs()).collect();
        all_signs(&sizes, &used.iter().map(|d| *d as f64).collect::<Vec<f64>>())
    });
    let mean = differences.iter().sum::<f64>() / differences.len().max(1) as f64;
    Route { name: "enumeration", estimate: Some(mean), p_value, ..Route::default() }
}

/// Among all signs of `sizes` the share whose sum is as far from 0 as with the signs of `observed`; `None` where there are
/// too many.
fn all_signs(sizes: &[i64], observed: &[f64]) -> Option<f64> {
    if sizes.is_empty() || sizes.len() > SIGNS {
        return None;
    }
    let signed = |size: &i64, up: bool| if up { *size } else { -*size };
    let reached = sizes.iter().zip(observed).map(|(size, value)| signed(size, *value > 0.0)).sum::<i64>().abs();
    let far = |signs: &u32| {
        sizes.iter().enumerate().map(|(i, size)| signed(size, signs >> i & 1 == 1)).sum::<i64>().abs() >= reached
    };
    let all = 1_u32 << sizes.len();
    Some((0..all).filter(far).count() as f64 / f64::from(all))
}

/// n over k, divided by 2ⁿ.
fn binomial(k: usize, n: usize) -> f64 {
    let ways: f64 = (0..k).map(|i| ((n - i) as f64 / (i + 1) as f64).ln()).sum();
    (ways - n as f64 * std::f64::consts::LN_2).exp()
}

/// P(X ≤ k) for n fair coins.
fn binomial_tail(k: usize, n: usize) -> f64 {
    (0..=k).map(|i| binomial(i, n)).sum()
}

#[cfg(test)]
mod tests {
    use super::{binomial, binomial_tail, sign_flips, signed_ranks};

    #[test]
    fn ranks_signs_and_coins_by_hand() {
        // Differences 1, 2, −3: V = 3; |V − 3| ≥ 0 always.
        let found = signed_ranks(&[1.0, 2.0, -3.0, 0.0]).unwrap();
        assert_eq!((found.statistic, found.p_value), (Some(3.0), Some(1.0)));
        // Walsh averages −3, −1, −0.5, 1, 1.5, 2.
        assert_eq!(found.estimate, Some(0.25));
        // 0.1, 0.2, 0.3 of one sign: 2 of 8.
        let found = sign_flips(&[0.1, 0.2, 0.3]);
        assert_eq!(found.p_value, Some(0.25));
        // As many averages as fit in 40 GB are not listed.
        assert!(signed_ranks(&vec![1.0; 100_000]).is_none());
        assert!((binomial(2, 4) - 6.0 / 16.0).abs() < 1e-15 && (binomial_tail(1, 4) - 5.0 / 16.0).abs() < 1e-15);
    }
}

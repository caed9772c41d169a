//! Questions asked of a fitted model: linear combinations, comparisons of models, profile intervals, tests of terms whose
//! margins are not in the model, robust inference, diagnostics.

use splitknee::model::robust::RobustKind;
use splitknee::model::{
    AnovaType, Columns, Ddf, Fit, FitOptions, Formula, Information, LinearHypothesis, LinearRecord, Method, ModelError,
    ReportOptions, Weights, compare, fit,
};

use crate::reference_cases::{Case, Csv, Load, number};

fn fitted(table: &Columns, formula: &str, method: Method) -> Fit {
    try_fit(table, formula, method).unwrap_or_else(|e| panic!("{formula}: {e}"))
}

fn try_fit(table: &Columns, formula: &str, method: Method) -> Result<Fit, ModelError> {
    fit(table, &Formula::parse(formula).unwrap(), &FitOptions { method, ..FitOptions::default() })
}

fn near(ours: f64, expected: f64, tolerance: f64, what: &str) {
    assert!((ours - expected).abs() <= tolerance * expected.abs().max(1e-300), "{what}: {ours}, expected {expected}");
}

/// Trial A of the references: change of the VAS from the knee's baseline.
fn trial() -> (Columns, Case) {
    let case = Case::load("r", "lmm_simA").unwrap();
    (change(&case.data), case)
}

fn change(csv: &Csv) -> Columns {
    let (id, side, arm) = (csv.text("usubjid"), csv.text("laterality"), csv.text("treatment"));
    let (month, value) = (csv.numbers("month"), csv.numbers("vas"));
    let at_baseline = |row: usize| {
        (0..id.len()).find(|&other| (id[other], side[other], month[other]) == (id[row], side[row], Some(0.0)))
    };
    let rows: Vec<usize> = (0..id.len()).filter(|&row| month[row] != Some(0.0)).collect();
    let baseline: Vec<f64> = rows.iter().map(|&r| at_baseline(r).and_then(|b| value[b]).unwrap_or(f64::NAN)).collect();
    let y = rows.iter().zip(&baseline).map(|(&r, b)| value[r].unwrap_or(f64::NAN) - b).collect();
    let mut table = Columns::new();
    table.add_numeric("change", y).unwrap();
    table.add_numeric("baseline", baseline).unwrap();
    table.add_categorical("usubjid", rows.iter().map(|&r| Some(id[r]))).unwrap();
    table.add_categorical("laterality", rows.iter().map(|&r| Some(side[r]))).unwrap();
    table.add_categorical("treatment", rows.iter().map(|&r| Some(arm[r]))).unwrap();
    table.set_levels("treatment", &["PLACEBO", "EV"]).unwrap();
    table.add_categorical("visit", rows.iter().map(|&r| month[r].map(|m| format!("M{m}")))).unwrap();
    table
}

const NESTED: &str = "change ~ treatment*visit + baseline + (1|usubjid) + (1|usubjid:laterality)";

fn ask(model: &Fit, text: &str) -> Result<LinearRecord, ModelError> {
    let inference = model.inference(Ddf::KenwardRoger, Information::Expected, 0.95).unwrap();
    LinearHypothesis::parse(text, model, Weights::Equal)?.test(&inference)
}

/// emmeans 1.8.4-1 with pbkrtest 0.5.2: the contrasts at the visits and over them, written by coefficients and by LS means.
#[test]
fn linear_combinations_give_the_contrasts_of_emmeans() {
    let (table, case) = trial();
    let model = fitted(&table, NESTED, Method::Reml);
    let month_six = case.result("m1.reml/contrast.by_visit.kenward-roger").values.as_array().unwrap();
    let month_six = month_six.iter().find(|row| row["visit"] == "M6").unwrap();
    let overall = &case.result("m1.reml/contrast.overall.kenward-roger").values.as_array().unwrap()[0];
    let cases = [
        ("month 6: treatmentEV + treatmentEV:visitM6", month_six),
        ("treatmentEV+1*treatmentEV:visitM6", month_six),
        ("[treatment=EV, visit=M6] - [visit=M6, treatment=PLACEBO]", month_six),
        ("all: treatmentEV + (treatmentEV:visitM3 + treatmentEV:visitM6)/3", overall),
        ("[treatment=EV] - [treatment=PLACEBO]", overall),
        (
            "-(2*[treatment=PLACEBO] - 2*`treatmentEV` - 2*[treatment=PLACEBO] - 2/3*treatmentEV:visitM3
           - treatmentEV:visitM6*2/3)/2",
            overall,
        ),
    ];
    for (text, expected) in cases {
        let found = ask(&model, text).unwrap_or_else(|e| panic!("{text}: {e}"));
        for (key, ours) in [("estimate", found.estimate), ("se", found.std_error), ("df", found.df)] {
            near(ours.unwrap(), number(&expected[key]).unwrap(), 1e-5, text);
        }
        near(found.conf_low.unwrap(), number(&expected["conf_low"]).unwrap(), 1e-5, text);
    }
    assert_eq!(ask(&model, cases[0].0).unwrap().label, "month 6");
    assert_eq!(ask(&model, cases[1].0).unwrap().label, cases[1].0);
}

/// Both coefficients of the interaction at once are its test in the anova table (lmerTest 3.1-3, pbkrtest).
#[test]
fn rows_tested_together_are_the_f_test_of_the_term() {
    let (table, case) = trial();
    let model = fitted(&table, NESTED, Method::Reml);
    let expected = case.result("m1.reml/anova.typeIII.kenward_roger").values.as_array().unwrap();
    let expected = expected.iter().find(|row| row["term"] == "treatment:visit").unwrap();
    let found = ask(&model, "no interaction: treatmentEV:visitM3; treatmentEV:visitM6").unwrap();
    assert_eq!((found.num_df, found.rows.len(), found.estimate), (Some(2), 2, None));
    near(found.statistic.unwrap(), number(&expected["F"]).unwrap(), 3e-6, "F");
    near(found.df.unwrap(), number(&expected["den_df"]).unwrap(), 1e-4, "df");
}

#[test]
fn a_combination_is_tested_against_the_value_named() {
    let (table, _) = trial();
    let model = fitted(&table, NESTED, Method::Reml);
    let (zero, other) = (ask(&model, "treatmentEV").unwrap(), ask(&model, "treatmentEV = -2.5*4").unwrap());
    assert_eq!((zero.estimate, zero.conf_low, zero.df), (other.estimate, other.conf_low, other.df));
    near(other.statistic.unwrap(), (zero.estimate.unwrap() + 10.0) / zero.std_error.unwrap(), 1e-12, "t");
    assert_eq!(other.null, -10.0);
}

#[test]
fn a_wrong_combination_points_at_the_place() {
    let (table, _) = trial();
    let model = fitted(&table, "change ~ treatment*visit + baseline + I(2*baseline) + (1|usubjid)", Method::Reml);
    let cases = [
        ("label: treatmentEV + nonsense", 21, "no coefficient `nonsense`"),
        ("treatmentEV + 3", 14, "cannot be added"),
        ("treatmentEV * baseline", 22, "not linear"),
        ("treatmentEV / 0", 15, "other than zero"),
        ("(treatmentEV", 12, "`)` is missing"),
        ("3", 0, "needs a coefficient"),
        ("treatmentEV - treatmentEV", 25, "every weight"),
        ("[treatment=EV", 1, "`]` is missing"),
        ("[treatment=NONE]", 1, "no cell"),
        ("[treatment]", 1, "[factor=level"),
        ("treatmentEV; baseline = 3", 25, "against 0"),
        ("treatmentEV baseline", 12, "expected"),
        ("I(2 * baseline)", 0, "dropped"),
        ("", 0, "missing"),
        ("treatmentEV = baseline", 22, "a number"),
    ];
    for (text, place, words) in cases {
        match LinearHypothesis::parse(text, &model, Weights::Equal) {
            Err(ModelError::LinearCombination { message, span, .. }) => {
                assert!(message.contains(words), "{text}: {message}");
                assert_eq!(span.start, place, "{text}: {message}");
            }
            other => panic!("{text}: {other:?}"),
        }
    }
    let deep = format!("{}treatmentEV{}", "(".repeat(100_000), ")".repeat(100_000));
    assert!(LinearHypothesis::parse(&deep, &model, Weights::Equal).is_err());
    let unknown = LinearHypothesis::parse("[arm=EV]", &model, Weights::Equal).unwrap_err();
    assert_eq!(unknown.code(), "model-unknown-factor");
}

/// lmerTest 3.1-3 on lme4 1.1-31 (bobyqa, rhoend 1e-12), `anova(lmer(formula, d), type = 3, ddf = ...)`: terms that stand
/// for their missing margins as well. `visit` beside `visit:laterality` from the same model written `visit*laterality`,
/// because lmerTest does not see the containment without the main effect.
#[test]
fn type_iii_of_terms_without_their_margins() {
    let (table, _) = trial();
    // Formula, term, numerator df; F and denominator df by Satterthwaite and by Kenward-Roger.
    let cases = [
        (
            "0 + treatment:visit + baseline",
            "treatment:visit",
            6,
            [18.9781221926, 182.371197965, 18.8635108584, 208.791621927],
        ),
        (
            "treatment + visit + visit:laterality",
            "visit:laterality",
            3,
            [1.56233874815, 190.185643932, 1.561214155340, 192.764719556],
        ),
        (
            "treatment + visit + visit:laterality",
            "visit",
            2,
            [3.41758950920, 194.494524071, 3.41179367707, 196.873924892],
        ),
        (
            "visit + treatment + visit:baseline",
            "visit:baseline",
            3,
            [24.182339531131, 188.985752075, 23.539649906158, 213.350235730],
        ),
        (
            "treatment:visit + baseline",
            "treatment:visit",
            5,
            [14.2581652213, 189.432738864, 14.2371731604, 194.449091207],
        ),
        ("treatment:visit + baseline", "baseline", 1, [72.4330648848, 183.044976973, 70.5705510113, 188.611195424]),
    ];
    for (formula, term, num_df, expected) in cases {
        let model = fitted(&table, &format!("change ~ {formula} + (1|usubjid)"), Method::Reml);
        for (offset, ddf, information) in
            [(0, Ddf::Satterthwaite, Information::Observed), (2, Ddf::KenwardRoger, Information::Expected)]
        {
            let rows = model.inference(ddf, information, 0.95).unwrap().anova(AnovaType::III).unwrap();
            let row = rows.iter().find(|row| row.term == term).unwrap();
            let test = row.test.unwrap();
            let what = format!("{formula}: {term} {}", ddf.name());
            assert_eq!(test.num_df, num_df, "{what}");
            near(test.statistic.unwrap(), expected[offset], 1e-5, &what);
            near(test.den_df.unwrap(), expected[offset + 1], 1e-4, &what);
        }
    }
}

/// A treatment without an intercept beside another factor: its hypothesis is the difference, as SAS has it (lmerTest tests
/// the cell means at the first visit instead, 2 df): the same as with an intercept.
#[test]
fn a_factor_that_takes_the_place_of_the_intercept_is_tested_by_its_differences() {
    let (table, _) = trial();
    let of = |formula: &str| {
        let model = fitted(&table, formula, Method::Reml);
        let inference = model.inference(Ddf::Satterthwaite, Information::Observed, 0.95).unwrap();
        inference.anova(AnovaType::III).unwrap()[0].test.unwrap()
    };
    let (without, with) =
        (of("change ~ 0 + treatment + visit + (1|usubjid)"), of("change ~ treatment + visit + (1|usubjid)"));
    assert_eq!((without.num_df, with.num_df), (1, 1));
    near(without.statistic.unwrap(), with.statistic.unwrap(), 1e-9, "F");
}

/// Complete pairs with a strong or a negative correlation.
fn pairs(n: usize, correlation: f64) -> (Columns, [Vec<f64>; 2]) {
    let wave = |i: usize, k: f64| ((i as f64 + 1.0) * k).sin() * 1.7;
    let first: Vec<f64> = (0..n).map(|i| 10.0 + 2.0 * wave(i, 12.9898)).collect();
    let second: Vec<f64> = (0..n).map(|i| 7.0 + correlation * wave(i, 12.9898) + wave(i, 78.233)).collect();
    let mut table = Columns::new();
    table.add_numeric("y", first.iter().zip(&second).flat_map(|(a, b)| [*a, *b]).collect()).unwrap();
    table.add_categorical("arm", (0..2 * n).map(|i| Some(["A", "B"][i % 2]))).unwrap();
    table.add_categorical("id", (0..2 * n).map(|i| Some((i / 2).to_string()))).unwrap();
    (table, [first, second])
}

fn sum_of_products(a: &[f64], b: &[f64]) -> f64 {
    let n = a.len() as f64;
    let (mean_a, mean_b) = (a.iter().sum::<f64>() / n, b.iter().sum::<f64>() / n);
    a.iter().zip(b).map(|(x, y)| (x - mean_a) * (y - mean_b)).sum()
}

/// Intercepts and slopes of twelve patients that vary together, with noise.
fn slopes() -> (Vec<f64>, Vec<f64>, Vec<String>) {
    let wave = |i: u32, k: f64| (f64::from(i) * k).sin();
    let (mut y, mut month, mut id) = (vec![], vec![], vec![]);
    for patient in 1..=12_u32 {
        for (visit, time) in [1.0, 3.0, 6.0].into_iter().enumerate() {
            let common = wave(patient, 12.9898);
            let noise = wave(patient * 7 + visit as u32 * 3, 78.233);
            y.push(10.0 + 4.0 * common + (0.6 * common + 0.3 * wave(patient, 4.1)) * time + 2.5 * noise);
            month.push(time);
            id.push(format!("P{patient:02}"));
        }
    }
    (y, month, id)
}

/// χ²(0.95; 1).
const CUT: f64 = 3.841458820694124;

/// The profile deviances of a bivariate normal sample with free means have closed forms: for the correlation ν log
/// (1 − rρ)²/((1 − ρ²)(1 − r²)), for a standard deviation ν (log σ²/s² + s²/σ² − 1), ν = n for ML and n − 1 for REML.
#[test]
fn profile_limits_of_a_bivariate_normal_lie_on_the_cut() {
    for correlation in [1.5, -0.9, 0.05] {
        let n = 14;
        let (table, [a, b]) = pairs(n, correlation);
        let (aa, bb, ab) = (sum_of_products(&a, &a), sum_of_products(&b, &b), sum_of_products(&a, &b));
        let r = ab / (aa * bb).sqrt();
        for (method, nu) in [(Method::Ml, n as f64), (Method::Reml, n as f64 - 1.0)] {
            for term in ["us(arm|id)", "csh(arm|id)", "ar1h(arm|id)", "toeph(arm|id)", "adh(arm|id)"] {
                let model = fitted(&table, &format!("y ~ arm + {term}"), method);
                let profile = model.profile_intervals(method, 0.95).unwrap();
                assert_eq!((profile.method, profile.intervals.len()), (method.name(), 3), "{term}");
                for (interval, sum) in profile.intervals.iter().zip([aa, bb]) {
                    let s = (sum / nu).sqrt();
                    near(interval.estimate.unwrap(), s, 1e-8, term);
                    for limit in [interval.conf_low, interval.conf_high] {
                        let ratio = (s / limit.unwrap()).powi(2);
                        near(nu * (ratio - 1.0 - ratio.ln()), CUT, 1e-6, &format!("{term} {}", interval.name));
                    }
                    assert!(interval.conf_low.unwrap() < s && interval.conf_high.unwrap() > s);
                }
                let interval = &profile.intervals[2];
                near(interval.estimate.unwrap(), r, 1e-7, term);
                for limit in [interval.conf_low, interval.conf_high] {
                    let rho = limit.unwrap();
                    let deviance = nu * ((1.0 - r * rho).powi(2) / ((1.0 - rho * rho) * (1.0 - r * r))).ln();
                    near(deviance, CUT, 1e-6, &format!("{term} {}", interval.name));
                }
                assert!(interval.conf_low.unwrap() < r && interval.conf_high.unwrap() > r);
            }
        }
    }
}

/// The profile deviance of the correlation of intercept and slope, on numbers where it is flat towards 1 and steep towards
/// −1: lme4 1.1-31's deviance function minimised over the two standard deviations at fixed correlations (Nelder-Mead to
/// 1e-14) crosses the cut there and stays below it up to 1, the estimate.
#[test]
fn the_profile_of_a_correlation_does_not_slip_to_the_other_sign() {
    let (y, month, id) = slopes();
    let mut table = Columns::new();
    table.add_numeric("y", y).unwrap();
    table.add_numeric("month", month).unwrap();
    table.add_categorical("id", id.into_iter().map(Some)).unwrap();
    let model = fitted(&table, "y ~ month + (1+month|id)", Method::Ml);
    let profile = model.profile_intervals(Method::Ml, 0.95).unwrap();
    let correlation = profile.intervals.iter().find(|i| i.name.contains("correlation")).unwrap();
    near(correlation.conf_low.unwrap(), -0.2317099150, 1e-5, "low");
    assert_eq!(correlation.conf_high, Some(1.0));
}

/// The residual of a model without random terms: (n − p)(log σ²/s² + s²/σ² − 1).
#[test]
fn profile_limits_of_a_residual_lie_on_the_cut() {
    let (table, _) = pairs(12, 0.4);
    let model = fitted(&table, "y ~ arm", Method::Reml);
    let profile = model.profile_intervals(Method::Reml, 0.95).unwrap();
    let [interval] = profile.intervals.as_slice() else { panic!("{profile:?}") };
    for limit in [interval.conf_low, interval.conf_high] {
        let ratio = (interval.estimate.unwrap() / limit.unwrap()).powi(2);
        near(22.0 * (ratio - 1.0 - ratio.ln()), CUT, 1e-6, &interval.name);
    }
}

/// With two cells `cs`, `ar1`, `toep` and `ad` are one model; a positive covariance makes it a random intercept too.
#[test]
fn structures_that_are_one_model_have_one_profile() {
    let (table, _) = pairs(16, 1.2);
    let profile = |term: &str| {
        let model = fitted(&table, &format!("y ~ arm + {term}"), Method::Reml);
        model.profile_intervals(Method::Reml, 0.9).unwrap().intervals
    };
    let expected = profile("cs(arm|id)");
    assert!(expected[1].conf_low.unwrap() > -1.0 && expected[1].conf_high.unwrap() < 1.0);
    for term in ["ar1(arm|id)", "toep(arm|id)", "ad(arm|id)"] {
        for (one, other) in profile(term).iter().zip(&expected) {
            near(one.estimate.unwrap(), other.estimate.unwrap(), 1e-7, term);
            near(one.conf_low.unwrap(), other.conf_low.unwrap(), 1e-6, term);
            near(one.conf_high.unwrap(), other.conf_high.unwrap(), 1e-6, term);
        }
    }
}

/// Of a product only what does not depend on its scale has an interval; with two visits `ar1` and `cs` are one factor.
#[test]
fn a_kronecker_product_has_profiles_of_its_first_factor() {
    let (table, _) = trial();
    let intervals = |second: &str| {
        let formula = format!("change ~ treatment*visit + baseline + kron(us(treatment), {second}(visit) | usubjid)");
        fitted(&table, &formula, Method::Reml).profile_intervals(Method::Reml, 0.95).unwrap()
    };
    let (autoregressive, unstructured) = (intervals("ar1"), intervals("us"));
    let names: Vec<&str> = autoregressive.intervals.iter().map(|i| i.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "usubjid: standard deviation of PLACEBO:M1",
            "usubjid: standard deviation of EV:M1",
            "usubjid: correlation of PLACEBO:M1 and EV:M1",
            "usubjid: second factor: correlation of neighbours"
        ]
    );
    assert_eq!((autoregressive.left_out.len(), unstructured.left_out.len(), unstructured.intervals.len()), (0, 1, 3));
    for interval in autoregressive.intervals.iter().chain(&unstructured.intervals) {
        let (low, high) = (interval.conf_low.unwrap(), interval.conf_high.unwrap());
        assert!(low < interval.estimate.unwrap() && interval.estimate.unwrap() < high, "{interval:?}");
    }
}

/// lme4 1.1-31 `anova(m1, m0)` of ML fits: the interaction; whichever model is named first.
#[test]
fn models_are_compared_in_order_of_size() {
    let (table, case) = trial();
    let larger = fitted(&table, NESTED, Method::Ml);
    let smaller = fitted(&table, &NESTED.replace('*', "+"), Method::Ml);
    let (one, other) = (compare(&smaller, &larger).unwrap(), compare(&larger, &smaller).unwrap());
    assert_eq!(one, other);
    let expected = &case.result("m1.lrt_interaction").values[1];
    near(one.test.statistic, number(&expected["chisq"]).unwrap(), 1e-5, "χ²");
    near(one.test.p_value, number(&expected["p"]).unwrap(), 1e-5, "p");
    near(one.aic_all_larger, number(&expected["AIC"]).unwrap(), 1e-8, "AIC");
    assert_eq!((one.test.df, one.n_parameters_larger - one.n_parameters_smaller), (2, 2));
    assert_eq!((one.smaller.contains('*'), one.larger.contains('*')), (false, true));
}

#[test]
fn models_that_are_not_nested_are_not_compared() {
    let (table, _) = trial();
    let model = |formula: &str| fitted(&table, formula, Method::Ml);
    let one = model("change ~ treatment + (1|usubjid)");
    let cases = [
        (model("change ~ visit + (1|usubjid)"), "`treatmentEV`"),
        (model("change ~ visit + (1|usubjid) + (1|usubjid:laterality)"), "`treatmentEV`"),
        (model("change ~ visit*laterality + (1|usubjid)"), "`treatmentEV`"),
    ];
    for (other, words) in cases {
        let error = compare(&one, &other).unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
    }
    assert!(compare(&one, &one).unwrap_err().to_string().contains("more parameters"));
    // A larger model with the lower likelihood: knees left out of it.
    let more = model("change ~ treatment + visit + (1|usubjid) + (1|usubjid:visit)");
    let fewer = model("change ~ treatment + visit + (1|usubjid:laterality)");
    assert!(compare(&more, &fewer).unwrap_err().to_string().contains("higher log-likelihood"));
    let reml = fitted(&table, "change ~ treatment + (1|usubjid)", Method::Reml);
    assert!(compare(&one, &reml).unwrap_err().to_string().contains("same method"));
    let fixed = fitted(&table, "change ~ treatment + visit + (1|usubjid)", Method::Reml);
    assert!(compare(&fixed, &reml).unwrap_err().to_string().contains("--ml"));
    let mut holes = table.clone();
    let partly = (0..table.n_rows()).map(|row| if row == 0 { f64::NAN } else { (row % 7) as f64 }).collect();
    holes.add_numeric("partly", partly).unwrap();
    let missing = fitted(&holes, "change ~ treatment + partly + (1|usubjid)", Method::Ml);
    assert!(compare(&one, &missing).unwrap_err().to_string().contains("same rows"));
}

#[test]
fn one_unit_is_refused_by_name() {
    let (table, _) = trial();
    let rows: Vec<usize> = (0..6).collect();
    let one = table.select_rows(&rows);
    for term in ["(1|usubjid)", "(1|usubjid) + (1|usubjid:laterality)", "cs(visit|usubjid:laterality) + (1|usubjid)"] {
        let error = try_fit(&one, &format!("change ~ treatment + {term}"), Method::Reml).unwrap_err();
        assert_eq!(error.code(), "model-one-unit", "{term}: {error}");
        assert!(error.to_string().contains("usubjid"), "{error}");
    }
    // Without such terms every row is its own unit.
    assert!(try_fit(&one, "change ~ treatment", Method::Reml).is_ok());
}

#[test]
fn a_robust_covariance_takes_the_place_of_the_models_own() {
    let (table, _) = trial();
    let model = fitted(&table, NESTED, Method::Reml);
    let report = |ddf: Ddf, robust: Option<RobustKind>| {
        model.report(&ReportOptions {
            ddf,
            robust,
            linear: vec![LinearHypothesis::parse("treatmentEV", &model, Weights::Equal).unwrap()],
            ..ReportOptions::default()
        })
    };
    let (own, robust) =
        (report(Ddf::Satterthwaite, None).unwrap(), report(Ddf::Satterthwaite, Some(RobustKind::Cr2)).unwrap());
    assert_eq!((own.robust, robust.robust), (None, Some("cr2")));
    for (a, b) in own.coefficients.iter().zip(&robust.coefficients) {
        assert_eq!((a.test.estimate, Some(a.test.std_error)), (b.test.estimate, b.std_error_naive));
        assert!(a.test.std_error != b.test.std_error && a.std_error_naive.is_none());
    }
    assert_eq!(robust.linear[0].std_error, Some(robust.coefficients[1].test.std_error));
    let normal = report(Ddf::Asymptotic, Some(RobustKind::Cr0)).unwrap();
    assert_eq!(normal.coefficients[1].test.df, None);
    assert!(normal.coefficients[1].test.p_value.is_some());
    for refused in [Ddf::KenwardRoger, Ddf::KenwardRogerLinear] {
        assert_eq!(report(refused, Some(RobustKind::Cr2)).unwrap_err().code(), "model-unsupported");
    }
    let inference = model.inference(Ddf::Satterthwaite, Information::Observed, 0.95).unwrap();
    let error = inference.with_robust(RobustKind::Cr3).unwrap().anova(AnovaType::III).unwrap_err();
    assert_eq!(error.code(), "model-unsupported");
}

#[test]
fn diagnostics_are_given_for_every_comparison_asked_for_and_in_words() {
    let (table, _) = trial();
    let model = fitted(&table, NESTED, Method::Reml);
    let options = ReportOptions {
        contrasts: vec![splitknee::model::LsMeansSpec::parse("treatment|visit")],
        linear: vec![LinearHypothesis::parse("slope: baseline", &model, Weights::Equal).unwrap()],
        r_squared: true,
        pairs: Some((table.column("treatment").unwrap().clone(), table.column("visit").unwrap().clone())),
        diagnostics: true,
        ..ReportOptions::default()
    };
    let report = model.report(&options).unwrap();
    let found = report.diagnostics.unwrap();
    assert_eq!((found.comparisons.len(), found.residuals.len()), (4, report.n_obs));
    assert_eq!(found.patients.len(), report.n_patients);
    // The change of a contrast is the contrast of the changes.
    let slope = &found.comparisons[3];
    let least = found.patients.iter().map(|p| p.change[4]).fold(f64::INFINITY, f64::min);
    near(slope.influence.lowest.0, slope.influence.estimate + least, 1e-9, "slope");
    assert!(found.words.iter().any(|w| w.contains("EV - PLACEBO, M6")), "{:?}", found.words);
    // Nested intercepts: the correlation between the knees is the patient's share.
    let explained = report.explained.unwrap();
    assert_eq!(explained.icc_by_group.len(), 2);
    near(explained.icc_by_group.iter().map(|g| g.icc).sum(), explained.icc.unwrap(), 1e-10, "ICC");
    let visits: Vec<&str> = report.pair_correlations.iter().map(|p| p.visit.as_str()).collect();
    assert_eq!(visits, ["M1", "M3", "M6"]);
    near(report.pair_correlations[0].correlation, explained.icc_by_group[0].icc, 1e-10, "pair");
}

#[test]
fn a_random_effect_that_the_fixed_effects_absorb_is_refused() {
    let (table, _) = trial();
    for formula in ["change ~ treatment + (1|treatment)", "change ~ laterality + visit + (1|laterality)"] {
        let error = try_fit(&table, formula, Method::Reml).unwrap_err();
        assert_eq!(error.code(), "model-not-estimable", "{formula}: {error}");
    }
}

#[test]
fn a_factor_of_one_level_and_a_covariance_of_many_parameters_are_remarked_on() {
    let (table, _) = trial();
    let arm = table.column("treatment").unwrap().clone();
    let splitknee::model::Column::Categorical { codes, .. } = arm else { panic!("categorical") };
    let active: Vec<usize> = (0..codes.len()).filter(|&row| codes[row] == Some(1)).collect();
    let model = fitted(&table.select_rows(&active), "change ~ treatment*visit + (1|usubjid)", Method::Reml);
    assert!(model.notes.iter().any(|note| note.text().contains("`treatment` has one level (EV)")), "{:?}", model.notes);
    // 21 parameters over six cells: from 45 patients without a remark, from the first 20 with one.
    let us = "change ~ treatment*visit + us(treatment:visit|usubjid)";
    assert!(fitted(&table, us, Method::Reml).notes.is_empty());
    let ids = table.column("usubjid").unwrap().to_categorical();
    let splitknee::model::Column::Categorical { codes, .. } = ids else { panic!("categorical") };
    let few: Vec<usize> = (0..codes.len()).filter(|&row| codes[row].is_some_and(|code| code < 20)).collect();
    let model = fitted(&table.select_rows(&few), us, Method::Reml);
    assert!(model.notes.iter().any(|note| note.text().contains("21 parameters for")), "{:?}", model.notes);
}

/// An empty cell (EV, month 6, left knee): lmerTest 3.1-3 on lme4 1.1-31, `anova(lmer(change ~ treatment * visit * laterality +
/// (1 | usubjid), d), type = 3)` by Satterthwaite; F and denominator df.
#[test]
fn type_iii_with_an_empty_cell_is_that_of_lmer_test() {
    let (table, _) = trial();
    let text = |name: &str| match table.column(name).unwrap() {
        splitknee::model::Column::Categorical { levels, codes } => {
            codes.iter().map(|code| levels[code.unwrap() as usize].clone()).collect::<Vec<_>>()
        }
        splitknee::model::Column::Numeric(_) => panic!("{name} is numeric"),
    };
    let (arm, visit, side) = (text("treatment"), text("visit"), text("laterality"));
    let kept: Vec<usize> = (0..arm.len())
        .filter(|&i| (arm[i].as_str(), visit[i].as_str(), side[i].as_str()) != ("EV", "M6", "LEFT"))
        .collect();
    let model = fitted(&table.select_rows(&kept), "change ~ treatment*visit*laterality + (1|usubjid)", Method::Reml);
    assert_eq!(model.design.aliased.len(), 1);
    let inference = model.inference(Ddf::Satterthwaite, Information::Observed, 0.95).unwrap();
    let expected = [
        ("treatment", 1, 47.714026768908, 177.176687651),
        ("visit", 2, 2.677563458758, 175.647070467),
        ("laterality", 1, 0.305004550626, 177.794826467),
        ("treatment:visit", 2, 0.527158197651, 172.920079831),
        ("treatment:laterality", 1, 0.194553108061, 54.506790874),
        ("visit:laterality", 2, 1.749272407312, 173.362425130),
        ("treatment:visit:laterality", 1, 0.107186236823, 175.757017382),
    ];
    for (row, (term, num_df, f, df)) in inference.anova(AnovaType::III).unwrap().iter().zip(expected) {
        let test = row.test.unwrap();
        assert_eq!((row.term.as_str(), test.num_df), (term, num_df));
        near(test.statistic.unwrap(), f, 1e-5, term);
        near(test.den_df.unwrap(), df, 1e-4, term);
    }
    let report = model.report(&ReportOptions { anova: Some(AnovaType::III), ..ReportOptions::default() }).unwrap();
    assert!(
        report.notes.iter().any(|note| note.text().starts_with("treatment: cells are empty")),
        "{:?}",
        report.notes
    );
}

/// R 4.2.2 `colnames(model.matrix(formula, d))`: without an intercept the first factor has all its levels, no other.
#[test]
fn coefficients_without_an_intercept_have_the_names_of_r() {
    let (table, _) = trial();
    let cases: [(&str, &[&str]); 4] = [
        ("0 + treatment + visit", &["treatmentPLACEBO", "treatmentEV", "visitM3", "visitM6"]),
        (
            "0 + treatment*visit",
            &["treatmentPLACEBO", "treatmentEV", "visitM3", "visitM6", "treatmentEV:visitM3", "treatmentEV:visitM6"],
        ),
        (
            "0 + baseline:treatment + visit",
            &["visitM1", "visitM3", "visitM6", "baseline:treatmentPLACEBO", "baseline:treatmentEV"],
        ),
        ("0 + baseline*treatment", &["baseline", "treatmentPLACEBO", "treatmentEV", "baseline:treatmentEV"]),
    ];
    for (formula, names) in cases {
        let model = fitted(&table, &format!("change ~ {formula} + (1|usubjid)"), Method::Reml);
        assert_eq!(model.coefficient_names(), names, "{formula}");
        assert!(model.design.aliased.is_empty(), "{formula}");
    }
}

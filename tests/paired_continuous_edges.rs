//! Paired tests of measurements that the reference cases do not hold, against R or published figures, and the edges:
//! every input gives a defined answer or a refusal, never NaN and never a panic.

use proptest::prelude::*;
use splitknee::paired::{Alternative, Better, Field, Options, Refusal, TestResult};
use splitknee::paired::{
    ancova, bland_altman, bootstrap, correlation, effect_size, icc, paired_t, pairs, permutation, pitman_morgan, power,
    shapiro_wilk, sign, tost, trimmed_t, wilcoxon,
};

use crate::reference_cases::{Case, Csv, Load};

fn near(got: Option<f64>, expected: f64, tolerance: f64) {
    let got = got.unwrap_or(f64::NAN);
    assert!((got - expected).abs() <= tolerance * expected.abs(), "expected {expected}, got {got}");
}

fn two_columns(name: &str) -> (Vec<f64>, Vec<f64>) {
    let case = Case::load("r", name).expect("in the tree");
    let column = |name: &str| case.data.numbers(name).into_iter().flatten().collect::<Vec<f64>>();
    (column("treated"), column("control"))
}

#[test]
fn yuen_matches_the_formula_in_r() {
    // R 4.2.2, yuend() written out from Wilcox (2017) §5.9.5; the first agrees with the WRS2 vignette (t 3.829 on 10 df,
    // p .00332, difference 8.56364, 3.5804 to 13.5469).
    let (x, y) = two_columns("paired_anorexia_ft");
    let result = trimmed_t::trimmed_t(&x, &y, 0.2, &Options::default()).expect("regular data");
    near(result.estimate, 8.563_636_363_636_363, 1e-12);
    near(result.std_error, 2.236_496_017_993_923_5, 1e-12);
    near(result.statistic, 3.829_041_632_418_247_2, 1e-12);
    near(result.df, 10.0, 0.0);
    near(result.p_value, 0.003_324_062_269_611_053, 1e-10);
    near(result.conf_low, 3.580_412_693_631_508_6, 1e-10);
    near(result.conf_high, 13.546_860_033_641_216, 1e-10);
    let (x, y) = two_columns("paired_shoes");
    let result = trimmed_t::trimmed_t(&x, &y, 0.1, &Options::default()).expect("regular data");
    near(result.p_value, 0.001_008_821_473_812_068_8, 1e-9);
    near(result.conf_low, -0.790_855_291_526_706_9, 1e-10);
    // Nothing trimmed: the paired t test.
    let plain = paired_t::paired_t(&x, &y, &Options::default()).expect("regular data");
    let untrimmed = trimmed_t::trimmed_t(&x, &y, 0.0, &Options::default()).expect("regular data");
    near(untrimmed.p_value, plain.p_value.unwrap_or(f64::NAN), 1e-11);
}

fn at(data: &Csv, month: &str, treatment: &str) -> Vec<(String, f64)> {
    let table = data.filter("month", month).filter("treatment", treatment);
    let ids = table.text("usubjid").into_iter().map(str::to_owned);
    ids.zip(table.numbers("vas")).filter_map(|(id, value)| Some((id, value?))).collect()
}

#[test]
fn ancova_matches_lm() {
    // R 4.2.2: lm(d ~ I(m - mean(m)) + b), d = VAS at month 6, EV - PLACEBO; m, b = mean and difference at baseline.
    let case = Case::load("r", "paired_simA").expect("in the tree");
    let columns = [("6", "EV"), ("6", "PLACEBO"), ("0", "EV"), ("0", "PLACEBO")];
    let found: Vec<Vec<(String, f64)>> = columns.iter().map(|(m, t)| at(&case.data, m, t)).collect();
    let mut sides: [Vec<f64>; 4] = Default::default();
    for (id, _) in &found[0] {
        let row: Option<Vec<f64>> =
            found.iter().map(|column| column.iter().find(|(other, _)| other == id).map(|(_, v)| *v)).collect();
        if let Some(row) = row {
            sides.iter_mut().zip(row).for_each(|(side, value)| side.push(value));
        }
    }
    let [x, y, bx, by] = sides;
    let result = ancova::ancova(&x, &y, &bx, &by, &Options::default()).expect("regular data");
    near(result.estimate, -9.168_383_827_585_588, 1e-10);
    near(result.std_error, 2.042_268_982_766_529, 1e-10);
    near(result.df, 31.0, 0.0);
    near(result.p_value, 0.000_092_278_769_960_128_6, 1e-9);
    near(result.conf_low, -13.333_618_879_096_235, 1e-10);
    near(result.number("residual_sd"), 11.190_400_515_372_382, 1e-10);
    let slope = |name: &str, key: &str| match result.field(name) {
        Some(Field::Json(value)) => value[key].as_f64(),
        _ => None,
    };
    near(slope("baseline_mean_slope", "estimate"), 0.303_936_578_230_545_1, 1e-10);
    near(slope("baseline_mean_slope", "p_value"), 0.067_529_818_033_195_77, 1e-9);
    near(slope("baseline_difference_slope", "estimate"), 0.508_712_374_433_889_4, 1e-10);
    near(slope("baseline_difference_slope", "conf_high"), 0.753_308_149_312_745_8, 1e-10);
    // No baseline variation: the paired t test.
    let flat = vec![50.0; x.len()];
    let bare = ancova::ancova(&x, &y, &flat, &flat, &Options::default()).expect("regular data");
    let plain = paired_t::paired_t(&x, &y, &Options::default()).expect("regular data");
    near(bare.p_value, plain.p_value.unwrap_or(f64::NAN), 1e-11);
    assert_eq!(bare.notes.len(), 3);
}

#[test]
fn bca_matches_boot_within_its_own_error() {
    // R 4.2.2, boot 1.3-28: boot.ci(boot(d, mean, 200000), type = "bca") gives 3.865 to 10.447 with seed 1; acceleration in
    // closed form. At 20 000 resamples the limits carry an error of about 0.05.
    let (x, y) = two_columns("paired_anorexia_ft");
    let d = pairs::differences(&x, &y).expect("finite");
    let settings = bootstrap::Settings { resamples: 20_000, ..Default::default() };
    let result = bootstrap::bootstrap(&d, settings, &Options::default()).expect("regular data");
    near(result.number("acceleration"), -0.007_730_157_496_660_21, 1e-10);
    assert!((result.conf_low.unwrap_or(f64::NAN) - 3.865).abs() < 0.15);
    assert!((result.conf_high.unwrap_or(f64::NAN) - 10.447).abs() < 0.15);
    // The same seed gives the same answer, another one another.
    assert_eq!(bootstrap::bootstrap(&d, settings, &Options::default()), Ok(result.clone()));
    let other = bootstrap::bootstrap(&d, bootstrap::Settings { seed: 1, ..settings }, &Options::default());
    assert_ne!(other.map(|r| r.conf_low), Ok(result.conf_low));
}

#[test]
fn dz_limits_match_the_noncentral_t() {
    // R 4.2.2: uniroot(function(n) pt(4.062127683382037, 9, n) - p, tol = 1e-13)/sqrt(10), p = .975 and .025; R's
    // noncentral t is good to about 1e-11. The published reference (effectsize) stops at 1e-4.
    let (x, y) = two_columns("paired_sleep");
    let result = effect_size::effect_size(&x, &y, &Options::default()).expect("regular data");
    near(result.conf_low, 0.414_627_756_380_143_9, 1e-9);
    near(result.conf_high, 2.118_016_513_977_067_5, 1e-9);
}

#[test]
fn blood_pressure_example_of_sas() {
    // CAMIS, 12 pairs, SAS PROC TTEST and R: t -1.089648, p .2992, difference -1.8333 (-5.5365 to 1.8698).
    let before = [120.0, 124.0, 130.0, 118.0, 140.0, 128.0, 140.0, 135.0, 126.0, 130.0, 126.0, 127.0];
    let after = [128.0, 131.0, 131.0, 127.0, 132.0, 125.0, 141.0, 137.0, 118.0, 132.0, 129.0, 135.0];
    let result = paired_t::paired_t(&before, &after, &Options::default()).expect("regular data");
    near(result.statistic, -1.089_648, 1e-6);
    near(result.p_value, 0.2992, 2e-4);
    near(result.conf_low, -5.5365, 1e-5);
    near(result.conf_high, 1.8698, 1e-4);
}

#[test]
fn non_inferiority_is_one_side_of_tost() {
    let (x, y) = two_columns("paired_shoes");
    let options = Options::default();
    let both = tost::tost(&x, &y, -1.0, 1.0, &options).expect("regular data");
    let higher = tost::non_inferiority(&x, &y, 1.0, Better::Higher, &options).expect("regular data");
    let lower = tost::non_inferiority(&x, &y, 1.0, Better::Lower, &options).expect("regular data");
    assert_eq!(higher.p_value, both.number("p_lower"));
    assert_eq!(lower.p_value, both.number("p_upper"));
    assert!(tost::non_inferiority(&x, &y, 0.0, Better::Lower, &options).is_err());
}

#[test]
fn monte_carlo_agrees_with_the_exact_test_within_its_standard_error() {
    let (x, y) = two_columns("paired_anorexia_ft");
    // A shift that makes p moderate.
    let d: Vec<f64> = pairs::differences(&x, &y).expect("finite").iter().map(|d| d - 5.0).collect();
    let options = Options::default();
    let exact = permutation::permutation(&d, Default::default(), &options).expect("regular data");
    let settings =
        permutation::Settings { method: permutation::Method::MonteCarlo, samples: 20_000, ..Default::default() };
    let random = permutation::permutation(&d, settings, &options).expect("regular data");
    let error = random.number("p_std_error").expect("Monte Carlo");
    let gap = exact.p_value.zip(random.p_value).map(|(a, b)| (a - b).abs());
    assert!(gap.is_some_and(|gap| gap < 5.0 * error), "{gap:?} against {error}");
    let limits = exact.conf_low.zip(random.conf_low).map(|(a, b)| (a - b).abs());
    assert!(limits.is_some_and(|gap| gap < 0.25), "{limits:?}");
}

#[test]
fn intervals_hold_exactly_the_null_values_that_are_not_rejected() {
    // Values on no decimal grid, without ties.
    let d: Vec<f64> = (1..=16).map(|i| (f64::from(i) * 1.7).sin() * 3.0 + 0.9).collect();
    let at = |mu: f64| Options { mu, ..Options::default() };
    let flips = |mu: f64| permutation::permutation(&d, Default::default(), &at(mu)).expect("regular data");
    let ranks = |mu: f64| wilcoxon::wilcoxon(&d, Default::default(), &at(mu)).expect("regular data");
    let tests: [&dyn Fn(f64) -> TestResult; 2] = [&flips, &ranks];
    for test in tests {
        let result = test(0.0);
        let (low, high) = (result.conf_low.expect("exists"), result.conf_high.expect("exists"));
        for (inside, outside) in [(low + 1e-9, low - 1e-9), (high - 1e-9, high + 1e-9)] {
            let (kept, rejected) = (test(inside).p_value, test(outside).p_value);
            assert!(kept.is_some_and(|p| p > 0.05), "{}: {kept:?} inside", result.method);
            assert!(rejected.is_some_and(|p| p <= 0.05), "{}: {rejected:?} outside", result.method);
        }
        // A null value shifts the data, not the estimate.
        let moved = test(0.7);
        near(moved.estimate, result.estimate.unwrap_or(f64::NAN), 1e-12);
        near(moved.conf_low, low, 1e-12);
    }
}

/// Every test of measurements on one pair of samples.
fn all_tests(x: &[f64], y: &[f64], alternative: Alternative) -> Vec<(&'static str, Result<TestResult, Refusal>)> {
    let options = Options { alternative, ..Options::default() };
    let mut answers = vec![
        ("paired-t", paired_t::paired_t(x, y, &options)),
        ("trimmed-t", trimmed_t::trimmed_t(x, y, 0.2, &options)),
        ("pitman-morgan", pitman_morgan::pitman_morgan(x, y, &options)),
        ("effect-size", effect_size::effect_size(x, y, &options)),
        ("tost", tost::tost(x, y, -1.0, 1.0, &options)),
        ("bland-altman", bland_altman::bland_altman(x, y, Default::default(), &options)),
        ("concordance", icc::concordance(x, y, &options)),
        ("ancova", ancova::ancova(x, y, y, x, &options)),
    ];
    for kind in [icc::Kind::Agreement, icc::Kind::Consistency, icc::Kind::OneWay] {
        answers.push(("icc", icc::icc(x, y, kind, &options)));
    }
    for kind in [correlation::Kind::Pearson, correlation::Kind::Spearman, correlation::Kind::Kendall] {
        answers.push(("correlation", correlation::correlation(x, y, kind, &options)));
    }
    match pairs::differences(x, y) {
        Err(refusal) => answers.push(("differences", Err(refusal))),
        Ok(d) => {
            for zeros in [wilcoxon::Zeros::Wilcoxon, wilcoxon::Zeros::Pratt] {
                for p in [wilcoxon::PValue::Auto, wilcoxon::PValue::Asymptotic] {
                    let settings = wilcoxon::Settings { zeros, p, continuity: true };
                    answers.push(("wilcoxon", wilcoxon::wilcoxon(&d, settings, &options)));
                }
            }
            answers.push(("sign", sign::sign(&d, &options)));
            answers.push(("shapiro-wilk", shapiro_wilk::shapiro_wilk(&d, &options)));
            let settings = permutation::Settings { samples: 200, ..Default::default() };
            answers.push(("permutation", permutation::permutation(&d, settings, &options)));
            let settings = bootstrap::Settings { resamples: 100, ..Default::default() };
            answers.push(("bootstrap", bootstrap::bootstrap(&d, settings, &options)));
        }
    }
    answers
}

/// No NaN anywhere, the p-value in [0, 1], the limits in order.
fn sound(name: &str, answer: &Result<TestResult, Refusal>) -> Result<(), String> {
    let result = match answer {
        Err(refusal) if refusal.to_string().is_empty() => return Err(format!("{name}: an empty refusal")),
        Err(_) => return Ok(()),
        Ok(result) => result,
    };
    let fields = [
        result.estimate,
        result.std_error,
        result.statistic,
        result.df,
        result.p_value,
        result.conf_low,
        result.conf_high,
    ];
    let extra = result.extra.iter().filter_map(|(_, field)| match field {
        Field::Number(number) => *number,
        _ => None,
    });
    if fields.into_iter().flatten().chain(extra).any(f64::is_nan) {
        return Err(format!("{name}: NaN in {result:?}"));
    }
    if result.estimate.is_some_and(f64::is_infinite) {
        return Err(format!("{name}: infinite estimate in {result:?}"));
    }
    if result.p_value.is_some_and(|p| !(0.0..=1.0).contains(&p)) {
        return Err(format!("{name}: p outside [0, 1] in {result:?}"));
    }
    if result.conf_low.zip(result.conf_high).is_some_and(|(low, high)| low > high) {
        return Err(format!("{name}: limits out of order in {result:?}"));
    }
    Ok(())
}

fn check_all(x: &[f64], y: &[f64]) {
    for alternative in [Alternative::TwoSided, Alternative::Less, Alternative::Greater] {
        for (name, answer) in all_tests(x, y, alternative) {
            sound(name, &answer).unwrap_or_else(|why| panic!("{why}\nx = {x:?}\ny = {y:?}"));
        }
    }
}

#[test]
fn edges_give_an_answer_or_a_refusal() {
    let zeros = [0.0; 6];
    let samples: Vec<(Vec<f64>, Vec<f64>)> = vec![
        (vec![], vec![]),
        (vec![3.0], vec![1.0]),
        (vec![3.0], vec![3.0]),
        (vec![3.0, 4.0], vec![1.0, 7.0]),
        (vec![3.0, 4.0], vec![1.0, 2.0]),
        (zeros.to_vec(), zeros.to_vec()),
        (vec![5.0; 6], zeros.to_vec()),
        (vec![0.0, 0.0, 4.0, 0.0], vec![0.0; 4]),
        (vec![-1.0, -2.0, -3.0, -4.0, -5.0], vec![0.0; 5]),
        ((1..=30).map(|i| 1e-300 * f64::from(i)).collect(), vec![0.0; 30]),
        ((1..=30).map(|i| 1e300 * f64::from(i)).collect(), (1..=30).map(|i| -1e299 * f64::from(i * i)).collect()),
        (vec![1e300, -1e300, 2e300], vec![1.0, 2.0, 3.0]),
        (vec![f64::MAX, -f64::MAX, f64::MAX], vec![0.0, 0.0, 1.0]),
        (vec![f64::MIN_POSITIVE, 0.0, 5e-324], vec![0.0, 5e-324, 0.0]),
        (vec![1e16 + 2.0, 1e16, 1e16 + 4.0, 1e16], vec![1e16; 4]),
        ((0..60).map(|i| f64::from(i % 2)).collect(), (0..60).map(|i| f64::from((i / 2) % 2)).collect()),
    ];
    for (x, y) in &samples {
        check_all(x, y);
    }
}

#[test]
fn tiny_and_huge_differences_give_the_statistics_of_ordinary_ones() {
    let (x, y) = two_columns("paired_sleep");
    // A power of two, so that scaling does not round.
    for scale in [(-990.0_f64).exp2(), 990.0_f64.exp2()] {
        let scaled = |values: &[f64]| values.iter().map(|value| value * scale).collect::<Vec<f64>>();
        let ordinary = all_tests(&x, &y, Alternative::TwoSided);
        for ((name, a), (_, b)) in ordinary.iter().zip(all_tests(&scaled(&x), &scaled(&y), Alternative::TwoSided)) {
            if *name == "tost" || *name == "ancova" {
                continue; // their margins and slopes do not scale along
            }
            let (a, b) = (a.as_ref().expect("regular data"), b.unwrap_or_else(|why| panic!("{name}: {why}")));
            match (a.p_value, b.p_value) {
                (Some(p), q) => near(q, p, 1e-11),
                (None, q) => assert_eq!(q, None),
            }
        }
    }
}

#[test]
fn missing_and_infinite_values_are_refused() {
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let (x, y) = (vec![1.0, bad, 3.0, 4.0], vec![0.0, 1.0, 1.0, 2.5]);
        for (name, answer) in all_tests(&x, &y, Alternative::TwoSided) {
            assert!(answer.is_err(), "{name} accepted {bad}");
        }
    }
    let short = paired_t::paired_t(&[1.0, 2.0], &[1.0], &Options::default());
    assert!(short.is_err_and(|refusal| refusal.to_string().contains("different lengths")));
    for conf_level in [0.0, 1.0, f64::NAN, -0.5] {
        let options = Options { conf_level, ..Options::default() };
        assert!(paired_t::paired_t(&[1.0, 2.0], &[0.0, 3.0], &options).is_err());
    }
}

#[test]
fn a_hundred_thousand_pairs() {
    let x: Vec<f64> = (0..100_000).map(|i| f64::from(i % 101) + 0.5 * f64::from(i % 7)).collect();
    let y: Vec<f64> = (0..100_000).map(|i| f64::from(i % 97)).collect();
    for (name, answer) in all_tests(&x, &y, Alternative::TwoSided) {
        if name == "shapiro-wilk" {
            assert!(answer.is_err());
            continue;
        }
        assert!(answer.is_ok(), "{name}: {answer:?}");
        sound(name, &answer).unwrap_or_else(|why| panic!("{why}"));
    }
}

#[test]
fn power_refuses_what_cannot_be_planned() {
    let design = power::Design { delta: 0.5, sd_diff: 1.0, alpha: 0.05, alternative: Alternative::TwoSided };
    assert!(design.power(1.0).is_err());
    assert!(power::Design { sd_diff: 0.0, ..design }.power(10.0).is_err());
    assert!(power::Design { delta: 0.0, ..design }.pairs_for(0.8).is_err());
    assert!(power::Design { alternative: Alternative::Less, ..design }.pairs_for(0.8).is_err());
    assert!(design.pairs_for(1.0).is_err());
    // The SD of a difference of two knees correlated 0.5 is that of one knee.
    assert_eq!(power::sd_of_difference(20.0, 0.5), Ok(20.0));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn whole_scores_are_sound(pairs in prop::collection::vec((0_i32..=20, 0_i32..=20), 0..25)) {
        let (x, y): (Vec<f64>, Vec<f64>) = pairs.into_iter().map(|(a, b)| (f64::from(a), f64::from(b))).unzip();
        for (name, answer) in all_tests(&x, &y, Alternative::TwoSided) {
            sound(name, &answer).map_err(TestCaseError::fail)?;
        }
    }

    #[test]
    fn any_doubles_are_sound(pairs in prop::collection::vec((any::<f64>(), any::<f64>()), 0..9)) {
        let (x, y): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
        for (name, answer) in all_tests(&x, &y, Alternative::Greater) {
            sound(name, &answer).map_err(TestCaseError::fail)?;
        }
    }

    #[test]
    fn exchanging_the_sides_mirrors_the_signed_rank_and_sign_flip_tests(
        d in prop::collection::vec(-30_i32..=30, 1..22),
    ) {
        let d: Vec<f64> = d.into_iter().map(|d| f64::from(d) * 0.5).collect();
        let mirrored: Vec<f64> = d.iter().map(|d| -d).collect();
        let less = Options { alternative: Alternative::Less, ..Options::default() };
        let greater = Options { alternative: Alternative::Greater, ..Options::default() };
        let both = |one: Option<TestResult>, other: Option<TestResult>| match (one, other) {
            (Some(one), Some(other)) => {
                one.p_value.zip(other.p_value).is_some_and(|(p, q)| (p - q).abs() < 1e-13)
                    && one.estimate.zip(other.estimate).is_some_and(|(a, b)| (a + b).abs() < 1e-12)
            }
            (one, other) => one.is_none() && other.is_none(),
        };
        let ranks = |d: &[f64], options: &Options| wilcoxon::wilcoxon(d, Default::default(), options).ok();
        prop_assert!(both(ranks(&d, &less), ranks(&mirrored, &greater)));
        let flips = |d: &[f64], options: &Options| permutation::permutation(d, Default::default(), options).ok();
        prop_assert!(both(flips(&d, &less), flips(&mirrored, &greater)));
    }
}

#[test]
fn too_few_ranked_differences_have_no_interval_of_the_level_asked_for() {
    let of = |d: &[f64], settings: wilcoxon::Settings, alternative, conf_level| {
        let options = Options { alternative, conf_level, mu: 0.0 };
        wilcoxon::wilcoxon(d, settings, &options).expect("differences to rank")
    };
    let exact = wilcoxon::Settings::default();
    let pratt = wilcoxon::Settings { zeros: wilcoxon::Zeros::Pratt, ..exact };
    let asymptotic = wilcoxon::Settings { p: wilcoxon::PValue::Asymptotic, ..exact };
    let (two_sided, less) = (Alternative::TwoSided, Alternative::Less);
    let untied = [-8.0, -7.0, -5.0, -4.0, -3.5];
    let tied = [-8.0, -8.0, -5.0, -4.0, -4.0];
    // P(V = 0) = 2⁻ⁿ (R 4.2.2 psignrank(0, 4) = 0.0625, psignrank(0, 5) = 0.03125) exceeds the tail.
    for (d, settings, alternative, conf_level) in [
        (&untied[..1], exact, two_sided, 0.95),
        (&untied[..4], exact, two_sided, 0.95),
        (&untied[..4], exact, two_sided, 0.88),
        (&untied[..4], exact, less, 0.95),
        (&untied[..], exact, two_sided, 0.95),
        (&untied[..], exact, two_sided, 0.938),
        (&tied[..4], exact, two_sided, 0.95),
        (&tied[..], exact, two_sided, 0.95),
        (&[0.0, -8.0, -8.0, -5.0, -4.0][..], pratt, two_sided, 0.95),
        // R 4.2.2 pnorm(-5 / sqrt(7.5)) = 0.034 at V = 0.
        (&untied[..4], asymptotic, two_sided, 0.95),
    ] {
        let result = of(d, settings, alternative, conf_level);
        assert_eq!((result.conf_low, result.conf_high), (None, None), "{d:?} at {conf_level}");
        assert!(result.notes.iter().any(|note| note.text().contains("interval")), "{:?}", result.notes);
        assert!(result.estimate.is_some() && result.p_value.is_some());
    }
    // R 4.2.2 wilcox.test(c(-8, -7, -5, -4), conf.int = TRUE): V = 0, p = 0.125, estimate -6.
    let four = of(&untied[..4], exact, two_sided, 0.95);
    near(four.p_value, 0.125, 1e-15);
    near(four.estimate, -6.0, 1e-15);
    assert_eq!(four.statistic.map(f64::to_bits), Some(0.0_f64.to_bits()), "no negative zero");
    // Levels that the outermost averages reach exactly, 1 − 2¹⁻ⁿ, or one-sided 1 − 2⁻ⁿ.
    for (d, alternative, conf_level, limits) in [
        (&untied[..4], two_sided, 0.875, (-8.0, -4.0)),
        (&untied[..], two_sided, 0.9375, (-8.0, -3.5)),
        (&tied[..], two_sided, 0.9375, (-8.0, -4.0)),
        (&untied[..], less, 0.95, (f64::NEG_INFINITY, -3.5)),
        (&[-8.0, -7.0, -5.0, -4.0, -3.5, -1.0][..], two_sided, 0.95, (-8.0, -1.0)),
    ] {
        let result = of(d, exact, alternative, conf_level);
        assert_eq!(result.conf_low.zip(result.conf_high), Some(limits), "{d:?} at {conf_level}");
    }
}

#[test]
fn the_acceleration_of_trimmed_mean_and_median_is_that_of_the_whole_jackknife() {
    // R 4.2.2: t <- sapply(seq_along(x), function(i) mean(x[-i], trim = 0.2)) (or median); u <- mean(t) - t;
    // sum(u^3)/(6*sum(u^2)^1.5).
    let cubes = |count: u32| (1..=count).map(|i| (f64::from(i) / 5000.0).powi(3)).collect::<Vec<f64>>();
    let uneven = [1.0, 4.0, 9.0, 11.0, 12.0].map(|i| (i / 2501.0_f64).powi(3)).to_vec();
    let (trimmed, median) = (bootstrap::Location::Trimmed(0.2), bootstrap::Location::Median);
    for (d, location, expected) in [
        (cubes(5000), trimmed, 0.001_222_590_000_046_483_4),
        (cubes(7), trimmed, 0.028_017_335_027_738_16),
        (uneven, median, -0.002_483_116_405_772_292_6),
    ] {
        let settings = bootstrap::Settings { location, resamples: 100, seed: 1 };
        let result = bootstrap::bootstrap(&d, settings, &Options::default()).expect("regular data");
        near(result.number("acceleration"), expected, 1e-9);
    }
}

#[test]
fn methods_without_direction_or_null_value_say_so() {
    let (x, y) = ([3.0, 5.0, 4.0, 8.0, 6.5, 7.0], [2.0, 4.5, 5.0, 6.0, 6.0, 3.0]);
    let d = pairs::differences(&x, &y).expect("finite");
    let asked = Options { alternative: Alternative::Less, mu: 1.0, ..Options::default() };
    let kind = icc::Kind::Agreement;
    for (directed, plain) in [
        (shapiro_wilk::shapiro_wilk(&d, &asked), shapiro_wilk::shapiro_wilk(&d, &Options::default())),
        (icc::icc(&x, &y, kind, &asked), icc::icc(&x, &y, kind, &Options::default())),
    ] {
        let (mut directed, plain) = (directed.expect("regular data"), plain.expect("regular data"));
        assert_eq!(directed.alternative, Alternative::TwoSided);
        assert_eq!(directed.notes.len(), plain.notes.len() + 2, "{:?}", directed.notes);
        directed.notes = plain.notes.clone();
        assert_eq!(directed, plain);
    }
    let settings = bootstrap::Settings { resamples: 100, ..Default::default() };
    let shifted = bootstrap::bootstrap(&d, settings, &asked).expect("regular data");
    assert!(shifted.notes.iter().any(|note| note.text().contains("null value")), "{:?}", shifted.notes);
}

//! Categorical tests where data run out: small, empty, one-sided and very large tables; win odds, responders, shifts.

use crate::paired_categorical::{directed, test, two_sided};
use splitknee::paired::bowker::bowker;
use splitknee::paired::friedman::friedman;
use splitknee::paired::kappa::{Weights, kappa};
use splitknee::paired::marginal_homogeneity::{bhapkar, mean_ranks, mean_scores, stuart_maxwell};
use splitknee::paired::mcnemar::{McNemarOptions, PValue, mcnemar};
use splitknee::paired::pair_table::PairTable;
use splitknee::paired::pool::pool;
use splitknee::paired::proportion::Tails;
use splitknee::paired::responder::{Threshold, compare_responders, cumulative_curve, responders};
use splitknee::paired::rm_anova::effects;
use splitknee::paired::shift_table::shift_table;
use splitknee::paired::square_table::SquareTable;
use splitknee::paired::wilcoxon::PValue as ScoreP;
use splitknee::paired::win_odds::win_odds;
use splitknee::paired::within::{Factor, WithinTable};
use splitknee::paired::{
    Alternative, Better, Options, TestResult, cochran_q, conditional_odds_ratio as odds, risk_difference as difference,
    risk_ratio as ratio,
};

/// Win odds are the net benefit of the paired table in other clothes: Bentur et al. 2009 as 1 win, 7 losses, 13 ties,
/// with Tango's limits as Fagerland, Lydersen and Laake (2014) print them.
#[test]
fn win_odds_of_a_published_table() {
    let treated: Vec<f64> = [vec![1.0; 1], vec![2.0; 7], vec![0.0; 13]].concat();
    let control: Vec<f64> = [vec![2.0; 1], vec![1.0; 7], vec![0.0; 13]].concat();
    let ours = win_odds(&treated, &control, Better::Lower, &two_sided()).expect("pairs");
    assert_eq!(
        (ours.number("n_better"), ours.number("n_equal"), ours.number("n_worse")),
        (Some(1.0), Some(13.0), Some(7.0))
    );
    let rounded = |name| format!("{:.4}", ours.number(name).expect("a figure"));
    assert_eq!((rounded("tango_low").as_str(), rounded("tango_high").as_str()), ("-0.5172", "-0.0260"));
    // (B + E/2)/(W + E/2) = 7.5/13.5, and the sign test 2·(1 + 8)/2⁸.
    assert!((ours.estimate.expect("win odds") - 7.5 / 13.5).abs() < 1e-14);
    assert!((ours.number("p_sign").expect("a p-value") - 18.0 / 256.0).abs() < 1e-14);
    // Test and limits are one method: 1 is excluded exactly where p is at most 5 %.
    let excludes = ours.conf_high.is_some_and(|high| high < 1.0);
    assert_eq!(excludes, ours.p_value.expect("a p-value") <= 0.05);
    assert!((ours.number("win_ratio").expect("a ratio") - 1.0 / 7.0).abs() < 1e-14);
    // Turning the scale round turns the odds over.
    let other = win_odds(&treated, &control, Better::Higher, &two_sided()).expect("pairs");
    for (one, two) in
        [(ours.estimate, other.estimate), (ours.conf_low, other.conf_high), (ours.conf_high, other.conf_low)]
    {
        assert!((one.expect("odds") * two.expect("odds") - 1.0).abs() < 1e-8);
    }
    let all_better = win_odds(&[1.0; 5], &[2.0; 5], Better::Lower, &two_sided()).expect("pairs");
    assert_eq!(all_better.estimate, Some(f64::INFINITY));
    // Five of five: 2 × (1/2)⁵ = 0.0625.
    assert!((all_better.p_value.expect("a p-value") - 0.0625).abs() < 1e-12);
    assert!(all_better.conf_low.is_some_and(|low| low < 1.0 && low > 0.0));
    let all_equal = win_odds(&[1.0; 5], &[1.0; 5], Better::Lower, &two_sided()).expect("pairs");
    assert_eq!((all_equal.estimate, all_equal.p_value, all_equal.number("win_ratio")), (Some(1.0), Some(1.0), None));
}

/// Every figure of a result is absent, finite or an infinite limit; p-values are probabilities, limits in order.
fn sound(result: &TestResult) {
    for value in [result.estimate, result.std_error, result.statistic, result.df, result.p_value].into_iter().flatten()
    {
        assert!(!value.is_nan(), "{result:?}");
    }
    assert!(result.p_value.is_none_or(|p| (0.0..=1.0).contains(&p)), "{result:?}");
    if let (Some(low), Some(high)) = (result.conf_low, result.conf_high) {
        assert!(low <= high, "{result:?}");
    }
    for (name, _) in &result.extra {
        assert!(result.number(name).is_none_or(|value| !value.is_nan()), "{name}: {result:?}");
    }
}

#[test]
fn every_small_table_has_a_sound_answer() {
    for a in 0..4 {
        for b in 0..4 {
            for c in 0..4 {
                for d in 0..4 {
                    let table = PairTable { a, b, c, d };
                    for alternative in [Alternative::TwoSided, Alternative::Less, Alternative::Greater] {
                        for p in [PValue::Exact, PValue::MidP, PValue::Asymptotic] {
                            let answer =
                                mcnemar(&table, &directed(alternative), &McNemarOptions { p, continuity: true });
                            assert_eq!(answer.is_err(), table.n() == 0);
                            answer.iter().for_each(sound);
                        }
                    }
                    let tails = Tails::two_sided(0.95).expect("a level");
                    let limits = [
                        difference::wald_corrected(&table, tails),
                        difference::agresti_min(&table, tails),
                        difference::bonett_price(&table, tails),
                        difference::newcombe_unadjusted(&table, tails),
                        ratio::wald(&table, tails),
                        ratio::tang(&table, tails),
                        ratio::bonett_price(&table, tails),
                        ratio::mover(&table, tails),
                        odds::mid_p(&table, tails),
                        odds::wilson_score(&table, tails),
                        Some(odds::exact(&table, tails)),
                    ];
                    for (low, high) in limits.into_iter().flatten() {
                        assert!(low <= high, "{table:?}: {limits:?}");
                    }
                    if table.n() > 0 {
                        let square = SquareTable::from_counts(vec![vec![a, b, 0], vec![c, d, 0], vec![0, 0, 0]]);
                        let square = square.expect("a table");
                        sound(&stuart_maxwell(&square, &two_sided()).expect("an answer"));
                        sound(&bowker(&square, &two_sided()).expect("an answer"));
                        bhapkar(&square, &two_sided()).iter().for_each(sound);
                        kappa(&square, Weights::Linear, &two_sided()).iter().for_each(sound);
                        mean_ranks(&square, &two_sided()).iter().for_each(sound);
                        mean_scores(&square, &[0.0, 1.0, 2.0], ScoreP::Auto, &two_sided()).iter().for_each(sound);
                    }
                }
            }
        }
    }
}

#[test]
fn degenerate_input_is_refused_or_answered() {
    let options = two_sided();
    assert!(SquareTable::from_counts(vec![vec![3]]).is_err());
    assert!(SquareTable::from_counts(vec![vec![0; 2]; 2]).is_err());
    assert!(SquareTable::from_counts(vec![vec![1, 2], vec![3]]).is_err());
    assert!(SquareTable::from_grades(&[0.0], &[7.0], &[0.0, 1.0]).is_err());
    assert!(SquareTable::from_grades(&[0.0], &[1.0], &[0.0, 0.0]).is_err());
    assert!(PairTable::from_codes(&[0.0, 2.0], &[1.0, 1.0]).is_err());
    assert!(PairTable::from_codes(&[f64::NAN], &[1.0]).is_err());
    assert!(PairTable::from_pairs(&[true], &[]).is_err());
    assert!(win_odds(&[], &[], Better::Lower, &options).is_err());
    assert!(win_odds(&[f64::INFINITY], &[1.0], Better::Lower, &options).is_err());
    sound(&win_odds(&[1.0], &[2.0], Better::Lower, &options).expect("one pair"));
    assert!(friedman(&[], &options).is_err());
    assert!(friedman(&[vec![1.0]], &options).is_err());
    assert!(friedman(&[vec![1.0, f64::NAN]], &options).is_err());
    assert_eq!(friedman(&[vec![1.0, 1.0]], &options).expect("an answer").p_value, Some(1.0));
    assert!(cochran_q::cochran_q(&[], &options).is_err());
    assert_eq!(cochran_q::cochran_q(&[vec![true, true]], &options).expect("an answer").statistic, None);
    assert!(
        mcnemar(
            &PairTable { b: 1, ..PairTable::default() },
            &Options { conf_level: 1.0, ..options },
            &McNemarOptions::default()
        )
        .is_err()
    );
    assert!(pool(&[1.0], &[1.0], None, &options).is_err());
    assert!(pool(&[1.0, 1.0], &[0.0, 0.0], None, &options).is_err());
    assert!(pool(&[1.0, f64::NAN], &[1.0, 1.0], None, &options).is_err());
    // Between-imputation variance only: Barnard and Rubin leave no degrees of freedom.
    assert_eq!(pool(&[1.0, 2.0], &[0.0, 0.0], Some(20.0), &options).expect("an answer").p_value, None);

    let two_by_two = |rows: Vec<Vec<f64>>| WithinTable {
        factors: ["a", "b"].map(|name| Factor { name: name.into(), levels: vec!["1".into(), "2".into()] }).to_vec(),
        ids: (0..rows.len()).map(|i| i.to_string()).collect(),
        rows,
        n_dropped: 0,
    };
    assert!(effects(&two_by_two(vec![])).is_err());
    assert!(effects(&two_by_two(vec![vec![1.0; 4]])).is_err());
    assert!(effects(&two_by_two(vec![vec![1.0; 3]; 4])).is_err());
    assert!(effects(&two_by_two(vec![vec![1.0; 4]; 5])).expect("an answer").iter().all(|effect| effect.f.is_none()));
    for scale in [1e-300, 1.0, 1e300] {
        let rows = [[1.0, 2.0, 3.0, 4.5], [2.0, 1.0, 4.0, 3.0], [0.5, 2.5, 2.0, 1.0]];
        let rows = rows.map(|row| row.map(|value: f64| value * scale).to_vec()).to_vec();
        let scaled = effects(&two_by_two(rows)).expect("three patients");
        // One degree of freedom each: the square of the paired t of the contrast, here a: (7.5 − 3, 7 − 3, 3 − 3)/2.
        let expected = {
            let d = [4.5, 4.0, 0.0_f64];
            let mean = d.iter().sum::<f64>() / 3.0;
            let variance = d.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / 2.0;
            mean * mean / (variance / 3.0)
        };
        assert!((scaled[0].f.expect("F") / expected - 1.0).abs() < 1e-12);
        assert_eq!((scaled[0].epsilon_gg, scaled[0].epsilon_hf, scaled[0].mauchly_w), (Some(1.0), Some(1.0), None));
    }
    // Two patients, four levels: the scatter has rank one, so that ε is at its lower bound and Huynh–Feldt's is 0/0.
    let two = WithinTable {
        factors: vec![Factor { name: "visit".into(), levels: (0..4).map(|i| i.to_string()).collect() }],
        ids: vec!["1".into(), "2".into()],
        rows: vec![vec![1.0, 2.0, 4.0, 3.0], vec![2.0, 2.5, 3.0, 7.0]],
        n_dropped: 0,
    };
    let two = &effects(&two).expect("two patients")[0];
    assert!((two.epsilon_gg.expect("ε") - 1.0 / 3.0).abs() < 1e-12);
    assert_eq!((two.epsilon_hf, two.p_hf, two.mauchly_w), (None, None, None));
    let long = WithinTable::from_long(
        &["p".into(), "p".into()],
        &[Some(1.0), Some(2.0)],
        &[(Factor { name: "visit".into(), levels: vec![] }, vec!["1".into(), "1".into()])],
    );
    assert!(long.is_err_and(|refusal| refusal.to_string().contains("two values")));
}

#[test]
fn a_hundred_thousand_pairs() {
    let n = 100_000_u64;
    // Exact binomial far out in the tail; R 4.2.2: 2 * pbinom(24500, 50000, 0.5).
    let table = PairTable { a: 25_000, b: 24_500, c: 25_500, d: 25_000 };
    let ours = test(&table, PValue::Exact, false, Alternative::TwoSided);
    sound(&ours);
    assert_eq!(ours.n_pairs as u64, n);
    assert!((ours.p_value.expect("p") / 7.902628543393223e-06 - 1.0).abs() < 1e-9, "{:?}", ours.p_value);
    let square = SquareTable::from_counts(vec![
        vec![20_000, 15_000, 5_000],
        vec![14_000, 20_000, 6_000],
        vec![5_500, 5_500, 9_000],
    ]);
    let square = square.expect("a table");
    sound(&stuart_maxwell(&square, &two_sided()).expect("an answer"));
    let scores = mean_scores(&square, &[0.0, 1.0, 2.0], ScoreP::Auto, &two_sided()).expect("an answer");
    sound(&scores);
    // Too many discordant pairs for the exact distribution: absent, with a note, not slow.
    assert!(scores.number("p_exact").is_none() && !scores.notes.is_empty());
    let treated: Vec<f64> = (0..n).map(|i| (i % 7) as f64).collect();
    let control: Vec<f64> = (0..n).map(|i| (i % 5) as f64).collect();
    sound(&win_odds(&treated, &control, Better::Lower, &two_sided()).expect("pairs"));
    let curve = cumulative_curve(&treated, &control, 0.95).expect("pairs");
    assert_eq!(curve.len(), 7);
    assert_eq!((curve[0].treated, curve[0].control), (1.0, 1.0));
}

#[test]
fn the_cumulative_curve_counts_knees_at_or_above_each_threshold() {
    let curve = cumulative_curve(&[10.0, 20.0, -5.0, 20.0], &[0.0, 20.0, 10.0, -5.0], 0.95).expect("pairs");
    let shares: Vec<(f64, f64, f64)> =
        curve.iter().map(|point| (point.threshold, point.treated, point.control)).collect();
    assert_eq!(shares, [(-5.0, 1.0, 1.0), (0.0, 0.75, 0.75), (10.0, 0.75, 0.5), (20.0, 0.5, 0.25)]);
    // At 10: pairs yes/no twice, no/yes once: Newcombe as in the table.
    let table = PairTable { a: 1, b: 2, c: 1, d: 0 };
    let limits = difference::newcombe(&table, Tails::two_sided(0.95).expect("a level")).expect("pairs");
    assert_eq!((curve[2].difference_low, curve[2].difference_high), limits);
    assert!(cumulative_curve(&[], &[], 0.95).is_err());
    assert!(cumulative_curve(&[f64::NAN], &[1.0], 0.95).is_err());
}

#[test]
fn responders_at_the_threshold_and_without_a_baseline() {
    let before = [Some(55.0), Some(0.0), None, Some(60.0), Some(60.0)];
    let after = [Some(44.0), Some(0.0), Some(1.0), None, Some(30.0)];
    let relative = responders(&before, &after, Better::Lower, Threshold::Relative(0.2)).expect("equal length");
    assert_eq!(relative, [Some(true), None, None, None, Some(true)]);
    let absolute = responders(&before, &after, Better::Lower, Threshold::Absolute(20.0)).expect("equal length");
    assert_eq!(absolute, [Some(false), Some(false), None, None, Some(true)]);
    let compared = compare_responders(&relative, &absolute, &two_sided(), &McNemarOptions::default()).expect("pairs");
    assert_eq!((compared.n_pairs, compared.n_dropped, compared.number("b")), (2, 3, Some(1.0)));
    assert!(responders(&before, &after, Better::Lower, Threshold::Absolute(0.0)).is_err());
    assert!(compare_responders(&[None], &[Some(true)], &two_sided(), &McNemarOptions::default()).is_err());
}

#[test]
fn shifts_are_counted_with_what_is_missing() {
    let before = [Some(1.0), Some(2.0), Some(2.0), None, Some(3.0), None];
    let after = [Some(1.0), Some(1.0), Some(3.0), Some(0.0), None, None];
    let table = shift_table(&before, &after, &[0.0, 1.0, 2.0, 3.0], Better::Lower).expect("grades 0 to 3");
    assert_eq!((table.improved, table.unchanged, table.worsened, table.missing_both), (1, 1, 1, 1));
    assert_eq!((table.counts[2][1], table.missing_at_visit[3], table.missing_at_baseline[0]), (1, 1, 1));
    assert!(shift_table(&before, &after, &[0.0, 1.0], Better::Lower).is_err());
}

#[test]
fn omnibus_tests_have_no_direction_and_fixed_null_values_are_said() {
    let asked = Options { alternative: Alternative::Less, mu: 2.0, ..Options::default() };
    let square = SquareTable::from_counts(vec![vec![5, 2, 1], vec![4, 6, 2], vec![1, 3, 7]]).expect("three grades");
    let rows = [vec![1.0, 2.0, 4.0], vec![2.0, 1.0, 5.0], vec![3.0, 4.0, 2.0]];
    let answers = vec![false, true, true];
    let without_direction = |options: &Options| {
        [
            bowker(&square, options),
            stuart_maxwell(&square, options),
            bhapkar(&square, options),
            kappa(&square, Weights::Unweighted, options),
            friedman(&rows, options),
            cochran_q::cochran_q(std::slice::from_ref(&answers), options),
        ]
        .map(|result| result.expect("regular data"))
    };
    for (mut ours, plain) in without_direction(&asked).into_iter().zip(without_direction(&Options::default())) {
        assert_eq!(ours.alternative, Alternative::TwoSided, "{}", ours.method);
        let added: Vec<&splitknee::note::Note> = ours.notes.iter().filter(|note| !plain.notes.contains(note)).collect();
        assert_eq!(added.len(), 2, "{}: {added:?}", ours.method);
        ours.notes = plain.notes.clone();
        assert_eq!(ours, plain);
    }
    let table = PairTable { a: 1, b: 1, c: 7, d: 12 };
    let mcnemar = mcnemar(&table, &asked, &McNemarOptions::default());
    let odds = win_odds(&[1.0, 2.0, 2.0], &[2.0, 3.0, 1.0], Better::Lower, &asked);
    for result in [mcnemar, odds] {
        let result = result.expect("regular data");
        assert_eq!(result.alternative, Alternative::Less);
        assert!(result.notes.iter().any(|note| note.text().contains("null value")), "{:?}", result.notes);
    }
}

//! What a plan concludes without being told, end to end on small trials written here: the unit of a score changes nothing,
//! grades are concluded by the method that tests them, alternatives are towards benefit, methods that reject too often do
//! not decide, and the second opinion is about the record that it names.

use crate::analysis::find;
use serde_json::Value;
use splitknee::analysis::run::Run;
use splitknee::analysis::{Claim, Conclusion, Outcomes, Record, Withheld};
use splitknee::paired::Field;
use splitknee::pipeline;
use splitknee::report::options::Options;
use splitknee::report::{compose, markdown};

/// Whole numbers that look random.
struct Noise(u64);

impl Noise {
    /// From −`reach` to `reach`, bell-shaped.
    fn next(&mut self, reach: i64) -> i64 {
        let mut uniform = || {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 33) as i64 % (reach + 1)
        };
        uniform() - uniform()
    }
}

/// `tenths` with `places` decimals fewer than it has: 73 is "73", "7.3" or "0.73".
fn decimal(tenths: i64, places: usize) -> String {
    let digits = format!("{:0width$}", tenths.abs(), width = places + 1);
    let (whole, rest) = digits.split_at(digits.len() - places);
    format!("{}{whole}{}{rest}", if tenths < 0 { "-" } else { "" }, if places > 0 { "." } else { "" })
}

/// Two scores with many ties and zeros, grades and answers of `n` patients at three visits; some values are missing.
fn knees(n: usize, seed: u64, places: usize) -> String {
    let mut noise = Noise(seed);
    let mut out = "id,side,arm,visit,vas,func,grade,eff\n".to_owned();
    for patient in 0..n {
        let (own, first, leaves) = (noise.next(10), noise.next(1) > 0, noise.next(9) > 7);
        for knee in 0..2 {
            let active = (knee == 0) == first;
            let base = 60 + own + noise.next(8);
            for visit in 0..3_i64 {
                let benefit = i64::from(active) * visit;
                let vas = (base - 8 * visit - 3 * benefit + noise.next(4 + 4 * visit)).clamp(0, 100);
                let func = (100 - base + 8 * visit + noise.next(8)).clamp(0, 100);
                let grade = (2 - visit / 2 - benefit / 2 + noise.next(1)).clamp(0, 3);
                let answer = i64::from(noise.next(5) + 2 - visit - benefit > 0);
                if leaves && visit == 2 || noise.next(30) > 27 {
                    continue;
                }
                out.push_str(&format!(
                    "P{patient:02},{},{},{},{},{},{grade},{answer}\n",
                    ["LEFT", "RIGHT"][knee],
                    if active { "EV" } else { "SAL" },
                    ["Baseline", "Month 1", "Month 6"][visit as usize],
                    decimal(vas, places),
                    decimal(func, places)
                ));
            }
        }
    }
    out
}

/// A plan over [`knees`] with every limit in the unit of the scores.
fn plan(places: usize, declared: bool, analysis: &str) -> String {
    let unit = |tenths| decimal(tenths, places);
    let decimals = if declared { format!("decimals = {places}\n") } else { String::new() };
    format!(
        "[trial]\nid = \"U\"\ntitle = \"t\"\nsynthetic = true\n[data]\npath = \"k.csv\"\n\
         columns = {{ patient = \"id\", knee = \"side\", arm = \"arm\", visit = \"visit\" }}\n\
         [arms]\nactive = \"EV\"\nplacebo = \"SAL\"\n[visits]\norder = [\"Baseline\", \"Month 1\", \"Month 6\"]\n\
         baseline = \"Baseline\"\nprimary = \"Month 6\"\n\
         [[endpoint]]\nname = \"VAS\"\ncolumn = \"vas\"\nrange = [0, {top}]\nbetter = \"lower\"\nunit = \"pt\"\nrole = \"primary\"\n{decimals}\
         mcid = {mcid}\nmcid_relative = 0.3\nmargin = {margin}\nnon_inferiority_margin = {lesser}\ndomain = \"pain\"\n\
         tests = [\"paired-t\", \"wilcoxon\", \"sign\", \"permutation\", \"trimmed-t\", \"tost\", \"non-inferiority\", \
         \"win-odds\", \"correlation\", \"friedman\", \"rm-anova\", \"bootstrap\", \"shapiro-wilk\", \"pitman-morgan\", \
         \"bland-altman\", \"icc\"]\n\
         [[endpoint]]\nname = \"Function\"\ncolumn = \"func\"\nrange = [0, {top}]\nbetter = \"higher\"\nrole = \"secondary\"\n\
         {decimals}mcid = {mcid}\ndomain = \"function\"\n\
         [[endpoint]]\nname = \"Grade\"\ncolumn = \"grade\"\nkind = \"ordinal\"\nrange = [0, 3]\nbetter = \"lower\"\n\
         role = \"secondary\"\n\
         [[endpoint]]\nname = \"Effusion\"\ncolumn = \"eff\"\nkind = \"binary\"\nrange = [0, 1]\nbetter = \"lower\"\n\
         role = \"secondary\"\n[analysis]\nbootstrap_samples = 200\n{analysis}\n\
         [multiplicity]\nmethod = \"holm\"\nfamily = [\"func\", \"grade\", \"eff\"]\n",
        top = unit(100),
        mcid = unit(19),
        margin = unit(10),
        lesser = unit(7),
    )
}

fn run(plan: &str, csv: &str) -> Run {
    let inputs =
        pipeline::read_from(plan, "plan.toml", |_| Ok(csv.as_bytes().to_vec())).unwrap_or_else(|f| panic!("{f:?}"));
    pipeline::analyse(inputs).unwrap_or_else(|f| panic!("{f:?}"))
}

/// The report as text.
fn report(run: &Run) -> String {
    let words = compose::words(&run.plan);
    let document = compose::document_with(run, &words, &compose::style(&run.plan), &Options::default()).unwrap();
    markdown::render(&document, &words)
}

/// What a run says, without its numbers.
fn words(run: &Run) -> String {
    let report = report(run);
    let findings: String = run.findings.iter().map(|finding| finding.message.as_str()).collect();
    // Identifiers of files are no words.
    report
        .lines()
        .filter(|line| !line.contains("SHA"))
        .chain([findings.as_str()])
        .flat_map(str::chars)
        .filter(|c| c.is_alphabetic())
        .collect()
}

/// Fields that stand for the search or the constant of a likelihood, not for the trial.
const OF_THE_SEARCH: [&str; 11] = [
    "log_lik",
    "deviance",
    "aic",
    "bic",
    "iterations",
    "gradient_max",
    "largest_disagreement",
    "certificate",
    "statistic_reml",
    "newton_decrement",
    "smallest_eigenvalue",
];

/// Every number of `b` is that of `a` in another unit (`factor`, its square, its inverse) or the same; everything else is
/// the same.
fn same(a: &Value, b: &Value, factor: f64, path: &str) {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            assert!(a.keys().eq(b.keys()), "{path}");
            for (key, value) in a.iter().filter(|(key, _)| !OF_THE_SEARCH.contains(&key.as_str())) {
                same(value, &b[key], factor, &format!("{path}/{key}"));
            }
        }
        (Value::Array(a), Value::Array(b)) => {
            assert_eq!(a.len(), b.len(), "{path}");
            a.iter().zip(b).enumerate().for_each(|(i, (a, b))| same(a, b, factor, &format!("{path}[{i}]")));
        }
        (Value::Number(_), Value::Number(_)) => {
            let (x, y) = (a.as_f64().unwrap(), b.as_f64().unwrap());
            let near = |x: f64| (x - y).abs() <= 1e-6 * x.abs().max(y.abs()) || x.abs() < 1e-9 && y.abs() < 1e-8;
            let whole = path.ends_with("/n_zero") || path.ends_with("/p_value") || path.ends_with("/df");
            let units: &[f64] = if whole { &[1.0] } else { &[1.0, factor, factor * factor, 1.0 / factor] };
            assert!(units.iter().any(|unit| near(x * unit)), "{path}: {x} and {y}");
        }
        (Value::String(a), Value::String(b)) => {
            let letters = |text: &str| text.chars().filter(|c| c.is_alphabetic()).collect::<String>();
            assert_eq!(letters(a), letters(b), "{path}");
        }
        _ => assert_eq!(a, b, "{path}"),
    }
}

/// The same trial in centimetres, millimetres and decimetres: every record and every word.
#[test]
fn the_unit_of_a_score_changes_no_record_and_no_word() {
    let cases = [
        (14, 1, true, ""),
        (9, 2, false, "measure = \"change\"\nsensitivity = [\"wilcoxon\", \"ancova\", \"mmrm\"]"),
        (16, 3, false, "primary = \"wilcoxon\"\nmeasure = \"change\"\nsensitivity = [\"mmrm_difference\", \"clda\"]"),
        (12, 4, true, "structure = \"random\"\nsensitivity = [\"permutation\", \"sign\"]"),
    ];
    for (n, seed, declared, analysis) in cases {
        let of = |places| run(&plan(places, declared, analysis), &knees(n, seed, places));
        let whole = of(0);
        let said = words(&whole);
        for (places, factor) in [(1, 0.1), (2, 0.01)] {
            let other = of(places);
            assert_eq!(whole.outcomes.records.len(), other.outcomes.records.len());
            for (a, b) in whole.outcomes.records.iter().zip(&other.outcomes.records) {
                assert_eq!(a.id, b.id);
                let [x, y] = [a, b].map(|record| serde_json::to_value(record).unwrap());
                same(&x, &y, factor, &a.id);
            }
            let again = words(&other);
            let differ = said.chars().zip(again.chars()).position(|(a, b)| a != b);
            let near = |text: &str, at: usize| text.chars().skip(at.saturating_sub(60)).take(120).collect::<String>();
            if let Some(at) = differ {
                panic!("n {n}, {places} decimals: …{}… and …{}…", near(&said, at), near(&again, at));
            }
            assert_eq!(said.len(), again.len());
        }
    }
}

/// A single-visit trial of one endpoint; `rows` are active and placebo.
fn single(kind: &str, range: &str, better: &str, rest: &str, rows: &[(&str, &str)]) -> Run {
    let mut csv = "id,side,arm,v\n".to_owned();
    for (i, (active, placebo)) in rows.iter().enumerate() {
        csv.push_str(&format!("P{i:02},L,EV,{active}\nP{i:02},R,SAL,{placebo}\n"));
    }
    let plan = format!(
        "[trial]\nid = \"X\"\ntitle = \"t\"\nsynthetic = true\n[data]\npath = \"k.csv\"\n\
         columns = {{ patient = \"id\", knee = \"side\", arm = \"arm\" }}\n[arms]\nactive = \"EV\"\nplacebo = \"SAL\"\n\
         [[endpoint]]\nname = \"V\"\ncolumn = \"v\"\nkind = \"{kind}\"\nrange = {range}\nbetter = \"{better}\"\n{rest}\n"
    );
    run(&plan, &csv)
}

fn deciding(run: &Run) -> &Record {
    run.outcomes.deciding(0, 0).expect("a deciding record")
}

fn flag(outcomes: &Outcomes, id: &str, field: &str) -> bool {
    find(outcomes, id).result.field(field) == Some(&Field::Json(true.into()))
}

/// 15 better, 3 worse, 22 equal: grades are tested, estimated and concluded by the win odds.
#[test]
fn grades_are_concluded_by_the_method_that_tests_them() {
    let mut rows = vec![("0", "1"); 15];
    rows.extend(vec![("1", "0"); 3]);
    rows.extend(vec![("1", "1"); 22]);
    let found = single("ordinal", "[0, 3]", "lower", "", &rows);
    let record = deciding(&found);
    assert_eq!((record.result.method, record.conclusion()), ("win-odds", Conclusion::Superior));
    // (15 + 11) / (3 + 11).
    assert!((record.result.estimate.unwrap() - 26.0 / 14.0).abs() < 1e-12);
    assert!(record.result.p_value.unwrap() < 0.05 && record.result.conf_low.unwrap() > 1.0);
    assert!(flag(&found.outcomes, "v.single.second-opinion", "agrees"));
}

/// Benefit of a higher-is-better endpoint under a one-sided plan, by the model, ANCOVA's paired t-test and ranks; harm is
/// not rejected.
#[test]
fn one_sided_alternatives_are_towards_benefit() {
    let benefit: Vec<(String, String)> =
        (0..12).map(|i| ((50 + 3 * i + i % 4).to_string(), (44 + 3 * i - i % 3).to_string())).collect();
    let rows: Vec<(&str, &str)> = benefit.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    let swapped: Vec<(&str, &str)> = rows.iter().map(|(a, b)| (*b, *a)).collect();
    for method in ["mixed_model", "paired_t", "wilcoxon", "permutation", "trimmed_t", "sign"] {
        let rest = format!("[analysis]\nalternative = \"towards-benefit\"\nprimary = \"{method}\"\nsensitivity = []");
        for (better, rows, claimed) in [("higher", &rows, true), ("higher", &swapped, false), ("lower", &swapped, true)]
        {
            let found = single("continuous", "[0, 200]", better, &rest, rows);
            let record = deciding(&found);
            let p = record.result.p_value.unwrap();
            assert!(if claimed { p < 0.01 } else { p > 0.99 }, "{method} {better}: {p}");
            assert_eq!(record.conclusion() == Conclusion::Superior, claimed, "{method} {better}");
            // One side has a limit; the other reaches as far as it can.
            assert!(
                record.result.conf_low.is_none_or(f64::is_finite) != record.result.conf_high.is_none_or(f64::is_finite),
                "{method} {better}"
            );
        }
    }
}

/// ANCOVA and the models of several visits too: half of the two-sided p-value on the side of benefit.
#[test]
fn models_follow_a_one_sided_plan() {
    let csv = knees(16, 5, 0);
    for method in ["mixed_model", "mmrm_difference", "clda", "ancova"] {
        let of = |alternative: &str| {
            let analysis = format!("primary = \"{method}\"\nsensitivity = []\nalternative = \"{alternative}\"");
            let found = run(&plan(0, true, &analysis), &csv).outcomes;
            [(0, true), (1, false)]
                .map(|(endpoint, lower)| (found.deciding(endpoint, 2).unwrap().result.clone(), lower))
        };
        for ((two, lower), (one, _)) in of("two-sided").into_iter().zip(of("towards-benefit")) {
            let half = 0.5 * two.p_value.unwrap();
            let benefit = (two.estimate.unwrap() < 0.0) == lower;
            let expected = if benefit { half } else { 1.0 - half };
            assert!((one.p_value.unwrap() - expected).abs() < 1e-9, "{method} {lower}: {:?} {expected}", one.p_value);
        }
    }
}

/// The bootstrap does not decide with few pairs, says so, and names its neighbours.
#[test]
fn a_method_that_rejects_too_often_does_not_decide() {
    let rows = [("1", "3"), ("2", "3"), ("2.6", "3"), ("4", "6.5"), ("3", "5"), ("1", "4")];
    let found = single("continuous", "[0, 10]", "lower", "[analysis]\nprimary = \"bootstrap\"", &rows);
    let record = deciding(&found);
    assert_eq!((record.conclusion(), record.result.conf_low), (Conclusion::NotAssessed, None));
    let said: Vec<&str> = record.result.notes.iter().map(|note| note.code()).collect();
    assert!(said.contains(&"small_refused") && said.contains(&"small_sample"), "{said:?}");
}

/// Equal changes are equal, whatever binary subtraction makes of them: nothing to test, nobody better or worse.
#[test]
fn differences_that_are_equal_as_decimals_are_equal() {
    let mut csv = "id,side,arm,visit,v\n".to_owned();
    for (i, (a, b)) in
        [(73, 52), (61, 88), (47, 93), (82, 41), (95, 64), (58, 77), (66, 49), (91, 36)].iter().enumerate()
    {
        for (arm, side, base) in [("EV", "L", a), ("SAL", "R", b)] {
            for (visit, value) in [("Baseline", *base), ("Month 6", base - 20)] {
                csv.push_str(&format!("P{i},{side},{arm},{visit},{}\n", decimal(value, 1)));
            }
        }
    }
    let plan = "[trial]\nid = \"X\"\ntitle = \"t\"\nsynthetic = true\n[data]\npath = \"k.csv\"\n\
         columns = { patient = \"id\", knee = \"side\", arm = \"arm\", visit = \"visit\" }\n\
         [arms]\nactive = \"EV\"\nplacebo = \"SAL\"\n[visits]\norder = [\"Baseline\", \"Month 6\"]\nbaseline = \"Baseline\"\n\
         [[endpoint]]\nname = \"V\"\ncolumn = \"v\"\nrange = [0, 10]\nbetter = \"lower\"\ntests = [\"wilcoxon\", \"win-odds\"]\n\
         [analysis]\nprimary = \"wilcoxon\"\nmeasure = \"change\"\n";
    let found = run(plan, &csv);
    let record = found.outcomes.deciding(0, 1).unwrap();
    assert_eq!((record.result.p_value, record.conclusion()), (None, Conclusion::NotAssessed));
    let odds = &find(&found.outcomes, "v.m6.sensitivity.win-odds").result;
    assert_eq!((odds.estimate, odds.p_value), (Some(1.0), Some(1.0)));
}

/// One level for a test against a margin and for the interval: TOST at half the two-sided level on each side, and the
/// verdict follows the interval. The differences have mean 1 and standard error 0.5, 24 degrees of freedom: the margin 1.9
/// lies inside the two one-sided tests at 5 % (limit 1.86), but not inside the 95 % interval (limit 2.03).
#[test]
fn a_margin_is_judged_at_one_level_by_test_and_verdict() {
    let values: Vec<(String, String)> = (0..25)
        .map(|i| (["48.5", "53.5", "51.0"][if i == 24 { 2 } else { i % 2 }].to_owned(), "50.0".to_owned()))
        .collect();
    let rows: Vec<(&str, &str)> = values.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    let of = |margin: f64| {
        let rest = format!("margin = {margin}\ntests = [\"tost\"]\n[analysis]\nprimary = \"paired_t\"");
        single("continuous", "[0, 100]", "lower", &rest, &rows)
    };
    for (margin, equivalent) in [(1.9, false), (2.1, true)] {
        let found = of(margin);
        let record = deciding(&found);
        let tost = found.outcomes.records.iter().find(|record| record.result.method == "tost").expect("TOST");
        assert!((record.result.std_error.unwrap() - 0.5).abs() < 1e-12, "{:?}", record.result.std_error);
        assert_eq!(record.conclusion() == Conclusion::Equivalent, equivalent, "{margin}");
        assert_eq!(tost.result.field("equivalent"), Some(&Field::Json(equivalent.into())), "{margin}");
        let p = tost.result.p_value.unwrap();
        assert_eq!(p <= 0.025, equivalent, "{margin}: {p}");
        assert!(p < 0.05, "{margin}: {p}");
    }
}

/// 25 pairs whose differences have this mean and standard error 0.5 in every endpoint: the 95 % limits lie 1.03 beside it.
/// The endpoints are name, mean of the differences (lower is better), and further keys.
fn shifted(endpoints: &[(&str, f64, &str)], rest: &str) -> Run {
    let header: String = endpoints.iter().map(|(name, ..)| format!(",{}", name.to_lowercase())).collect();
    let mut csv = format!("id,side,arm{header}\n");
    for i in 0..25 {
        let noise = [-2.5, 2.5, 0.0][if i == 24 { 2 } else { i % 2 }];
        let active: String = endpoints.iter().map(|(_, mean, _)| format!(",{:.1}", 50.0 + mean + noise)).collect();
        csv.push_str(&format!("P{i:02},L,EV{active}\nP{i:02},R,SAL{}\n", ",50.0".repeat(endpoints.len())));
    }
    let mut plan = "[trial]\nid = \"X\"\ntitle = \"t\"\nsynthetic = true\n[data]\npath = \"k.csv\"\n\
         columns = { patient = \"id\", knee = \"side\", arm = \"arm\" }\n[arms]\nactive = \"EV\"\nplacebo = \"SAL\"\n\
         [analysis]\nprimary = \"paired_t\"\n"
        .to_owned();
    for (name, _, keys) in endpoints {
        let column = name.to_lowercase();
        plan.push_str(&format!(
            "[[endpoint]]\nname = \"{name}\"\ncolumn = \"{column}\"\nrange = [0, 100]\nbetter = \"lower\"\n{keys}\n"
        ));
    }
    run(&(plan + rest), &csv)
}

/// Claim and reason of every endpoint.
fn claims(run: &Run) -> Vec<(Claim, Option<Withheld>)> {
    let verdict = |endpoint| run.outcomes.deciding(endpoint, 0).and_then(|record| record.verdict).expect("a verdict");
    (0..run.trial.design.endpoints.len()).map(|at| (verdict(at).claim, verdict(at).withheld)).collect()
}

const PRIMARY: &str = "role = \"primary\"\n";

/// Margins go through the procedure of several primaries like differences do: with their own p-value, in their own place.
#[test]
fn margins_are_claimed_by_the_procedure_that_the_plan_has() {
    let ni = |margin: f64| format!("{PRIMARY}objective = \"non-inferiority\"\nnon_inferiority_margin = {margin}");
    let eq = |margin: f64| format!("{PRIMARY}objective = \"equivalence\"\nmargin = {margin}");
    let of = |first: (f64, &str), second: (f64, &str), procedure: &str| {
        let found = shifted(
            &[("Pain", first.0, first.1), ("Func", second.0, second.1)],
            &format!("[multiplicity]\nprimary = \"{procedure}\"\n"),
        );
        claims(&found)
    };
    let shown = (Claim::NonInferior, None);
    let kept = (Claim::None, Some(Withheld::Family));
    // The interval lies against active; the endpoint's hypothesis is another.
    let against = (Claim::None, Some(Withheld::Objective));
    // A sequence ends at the first that fails: 1.5 + 1.03 lies beyond 2.
    assert_eq!(of((1.5, &ni(2.0)), (0.0, &ni(9.0)), "fixed-sequence"), [against, kept]);
    assert_eq!(of((0.5, &ni(2.0)), (0.0, &ni(9.0)), "fixed-sequence"), [shown, shown]);
    assert_eq!(of((1.5, &eq(2.0)), (0.0, &eq(9.0)), "fixed-sequence"), [against, kept]);
    // t = 2.2 on 24 df: one-sided p 0.019, twice that is below 0.05 alone, and beyond it by Holm beside one that fails.
    assert_eq!(of((0.0, &ni(1.1)), (0.0, &ni(0.2)), "holm"), [kept, (Claim::None, None)]);
    assert_eq!(of((0.0, &ni(1.1)), (0.0, &ni(3.0)), "holm"), [shown, shown]);
    let found = shifted(&[("Pain", 0.0, &ni(1.1)), ("Func", 0.0, &ni(0.2))], "[multiplicity]\nprimary = \"holm\"\n");
    let p = find(&found.outcomes, "multiplicity.pain").result.p_value.unwrap();
    // R 4.2.2: 2 * pt(2.2, 24, lower.tail = FALSE)
    assert!((p - 0.037_676_816_218).abs() < 1e-8, "{p}");
    // Superior in one and not inferior in the other is each endpoint's own objective.
    let superior = (Claim::Superior, None);
    assert_eq!(of((-2.0, PRIMARY), (0.5, &ni(3.0)), "co-primary"), [superior, shown]);
    // Worse in one: neither is claimed.
    let found = of((2.0, PRIMARY), (0.5, &ni(3.0)), "co-primary");
    assert_eq!(found, [(Claim::None, Some(Withheld::Family)), kept]);
    // Without an objective the hypothesis is superiority, and a margin that holds claims nothing.
    let margin = format!("{PRIMARY}non_inferiority_margin = 9");
    let other = (Claim::None, Some(Withheld::Objective));
    assert_eq!(of((0.0, &margin), (0.0, &margin), "co-primary"), [other, other]);
}

/// Tests without a t, too, enter the procedure with their own p-value against the margin: the test on the differences less
/// the margin.
#[test]
fn rank_and_sign_tests_enter_with_their_p_against_the_margin() {
    let pain = [-1.3, 0.4, 2.1, -0.7, 1.2, 0.9, -2.2, 0.1, 1.6, -0.5, 0.3, 1.9, -1.1, 0.6];
    let func = [0.2, -0.9, 1.4, -1.8, 0.7, 2.4, -0.3, 1.1, -2.6, 0.5, -1.2, 1.7, 0.8, -0.1];
    let of = |method: &str, keys: &str| {
        let mut csv = "id,side,arm,pain,func\n".to_owned();
        for (i, (a, b)) in pain.iter().zip(func).enumerate() {
            csv.push_str(&format!("P{i},L,EV,{:.1},{:.1}\nP{i},R,SAL,50.0,50.0\n", 50.0 + a, 50.0 + b));
        }
        let endpoint = |name: &str| {
            format!(
                "[[endpoint]]\nname = \"{name}\"\ncolumn = \"{}\"\nrange = [0, 100]\nbetter = \"lower\"\n{PRIMARY}{keys}\n",
                name.to_lowercase()
            )
        };
        let plan = "[trial]\nid = \"X\"\ntitle = \"t\"\nsynthetic = true\n[data]\npath = \"k.csv\"\n\
             columns = { patient = \"id\", knee = \"side\", arm = \"arm\" }\n[arms]\nactive = \"EV\"\nplacebo = \"SAL\"\n";
        let rest = format!("[analysis]\nprimary = \"{method}\"\n[multiplicity]\nprimary = \"holm\"\n");
        run(&format!("{plan}{}{}{rest}", endpoint("Pain"), endpoint("Func")), &csv)
    };
    let entered = |run: &Run| {
        ["pain", "func"].map(|name| find(&run.outcomes, &format!("multiplicity.{name}")).result.p_value.unwrap())
    };
    let close = |found: f64, expected: f64| assert!((found - expected).abs() < 1e-12, "{found} against {expected}");
    let margin = "objective = \"non-inferiority\"\nnon_inferiority_margin = 1.73";
    let shown = (Claim::NonInferior, None);
    // R 4.2.2: 2 * wilcox.test(d, mu = 1.73, alternative = "less", exact = TRUE)$p.value
    let wilcoxon = of("wilcoxon", margin);
    entered(&wilcoxon)
        .into_iter()
        .zip([0.001_220_703_125, 0.000_854_492_187_5])
        .for_each(|(found, expected)| close(found, expected));
    assert_eq!(claims(&wilcoxon), [shown, shown]);
    // R 4.2.2: 2 * binom.test(sum(d < 1.73), 14, alternative = "greater")$p.value
    let sign = of("sign", margin);
    entered(&sign)
        .into_iter()
        .zip([0.012_939_453_125, 0.001_831_054_687_5])
        .for_each(|(found, expected)| close(found, expected));
    assert_eq!(claims(&of("permutation", margin)), [shown, shown]);
    // R 4.2.2: twice the larger of wilcox.test(d, mu = 1.73, alternative = "less") and wilcox.test(d, mu = -1.73, "greater")
    let equivalent = of("wilcoxon", "objective = \"equivalence\"\nmargin = 1.73");
    close(entered(&equivalent)[0], 0.001_220_703_125);
}

/// The objective that is met is the claim, whether or not other endpoints are listed, and the words say on which side of
/// zero the whole interval lies.
#[test]
fn an_objective_met_on_the_wrong_side_of_zero_is_said_with_its_side() {
    let objective = format!("{PRIMARY}objective = \"non-inferiority\"\nnon_inferiority_margin = 9");
    let secondary = ("Stiff", -2.0, "role = \"secondary\"");
    let alone = shifted(&[("Pain", 3.0, &objective)], "");
    let listed = shifted(&[("Pain", 3.0, &objective), secondary], "[multiplicity]\nmethod = \"holm\"\n");
    for run in [&alone, &listed] {
        assert_eq!(claims(run)[0], (Claim::NonInferior, None));
        let text = report(run);
        assert!(text.contains("EV was non-inferior within that margin."), "{text}");
        assert!(text.contains("The whole interval lies to the disadvantage of EV."), "{text}");
    }
}

/// What waits for the primary objective waits for what the plan says it is; the level is spent once.
#[test]
fn the_gate_opens_on_the_objective_of_the_plan() {
    let secondary = ("Stiff", -2.0, "role = \"secondary\"");
    let family = "[multiplicity]\nmethod = \"holm\"\n";
    let of = |mean: f64, keys: &str| claims(&shifted(&[("Pain", mean, keys), secondary], family));
    let margin = format!("{PRIMARY}non_inferiority_margin = 9");
    let objective = format!("{margin}\nobjective = \"non-inferiority\"");
    let (superior, shown) = ((Claim::Superior, None), (Claim::NonInferior, None));
    let waits = (Claim::None, Some(Withheld::Gate));
    // Superiority is the objective: non-inferiority alone opens nothing, superiority does.
    assert_eq!(of(0.5, &margin), [shown, waits]);
    assert_eq!(of(-2.0, &margin), [superior, superior]);
    // Non-inferiority is: it opens the gate, and superiority of the primary is no second way to spend the level.
    assert_eq!(of(0.5, &objective), [shown, superior]);
    assert_eq!(of(-2.0, &objective), [shown, superior]);
    assert_eq!(of(9.5, &objective), [(Claim::None, Some(Withheld::Objective)), waits]);
    // The only hypothesis of the trial claims all that its interval allows.
    let alone = |mean: f64| claims(&shifted(&[("Pain", mean, &objective)], ""));
    assert_eq!(alone(-2.0), [superior]);
    // A secondary endpoint is not inferior through the family, with its own hypothesis.
    let other = ("Func", 0.5, "role = \"secondary\"\nobjective = \"non-inferiority\"\nnon_inferiority_margin = 9");
    let plain = ("Func", 0.5, "role = \"secondary\"\nnon_inferiority_margin = 9");
    assert_eq!(claims(&shifted(&[("Pain", -2.0, PRIMARY), other], family)), [superior, shown]);
    let unclaimed = (Claim::None, Some(Withheld::Objective));
    assert_eq!(claims(&shifted(&[("Pain", -2.0, PRIMARY), plain], family)), [superior, unclaimed]);
    assert_eq!(claims(&shifted(&[("Pain", 0.0, PRIMARY), other], family)), [(Claim::None, None), waits]);
}

/// The margins of the plan are held against the interval in words, met or not; other objectives and procedures are said.
#[test]
fn margins_and_objectives_are_said() {
    let said = |endpoints: &[(&str, f64, &str)], rest: &str| report(&shifted(endpoints, rest));
    let missed = said(&[("Pain", 0.5, "margin = 1.2")], "");
    assert!(missed.contains("The interval does not lie within ±1.2, the equivalence margin"), "{missed}");
    let both = said(&[("Pain", -2.0, "margin = 5")], "");
    assert!(both.contains("The interval also lies within ±5,"), "{both}");
    let ni = "role = \"secondary\"\nnon_inferiority_margin = 9";
    let beside = said(&[("Pain", -2.0, PRIMARY), ("Func", 0.5, ni)], "[multiplicity]\nmethod = \"holm\"\n");
    assert!(beside.contains("excludes a disadvantage of EV of 9"), "{beside}");
    assert!(beside.contains("the hypothesis of this endpoint in the plan is superiority"), "{beside}");
    let found =
        said(&[("Pain", -2.0, PRIMARY), ("Func", -2.0, "role = \"secondary\"")], "[multiplicity]\nmethod = \"bh\"\n");
    assert!(
        found.contains("controls the false discovery rate") && found.contains("This claim is exploratory"),
        "{found}"
    );
}

/// The end of a range that is no binary fraction: 0.1 to 5.4 rescaled to 0 to 100 makes 100.00000000000001 of 5.4.
#[test]
fn a_value_at_the_end_of_its_range_is_a_response_like_any_other() {
    let mut csv = "id,side,arm,visit,pain,func\n".to_owned();
    for i in 0..12 {
        for (side, arm, last) in [("L", "EV", "0.9"), ("R", "SAL", if i % 3 == 0 { "1.1" } else { "5.1" })] {
            csv.push_str(&format!("P{i:02},{side},{arm},Baseline,5.4,60\nP{i:02},{side},{arm},Month 6,{last},20\n"));
        }
    }
    let endpoint = |name: &str, column: &str, range: &str, domain: &str, role: &str| {
        format!(
            "[[endpoint]]\nname = \"{name}\"\ncolumn = \"{column}\"\nrange = {range}\nbetter = \"lower\"\ndomain = \"{domain}\"\nrole = \"{role}\"\n"
        )
    };
    let plan = "[trial]\nid = \"X\"\ntitle = \"t\"\nsynthetic = true\n[data]\npath = \"k.csv\"\n\
         columns = { patient = \"id\", knee = \"side\", arm = \"arm\", visit = \"visit\" }\n\
         [arms]\nactive = \"EV\"\nplacebo = \"SAL\"\n[visits]\norder = [\"Baseline\", \"Month 6\"]\nbaseline = \"Baseline\"\n"
        .to_owned()
        + &endpoint("Pain", "pain", "[0.1, 5.4]", "pain", "primary")
        + &endpoint("Function", "func", "[0, 68]", "function", "secondary");
    let found = run(&plan, &csv);
    let record = found.outcomes.records.iter().find(|record| record.result.method == "omeract-oarsi").unwrap();
    // Every pair is judged: pain falls by more than half of its range in all active knees and in four placebo knees.
    assert_eq!((record.result.n_pairs, record.result.n_dropped), (12, 0), "{record:?}");
}

/// A local event at both knees counts in each: a concordant pair, no systemic event.
#[test]
fn an_event_at_both_knees_counts_in_each() {
    let counts = |side: &str| {
        let mut small = crate::small_trial::SmallTrial::new();
        small.set("events.csv", 2, "knee", side);
        let (plan, _) = small.read().unwrap();
        let (trial, _) = small.build().unwrap();
        let found = splitknee::analysis::analyse(&plan, &trial);
        ["safety.knee.ev", "safety.knee.saline", "safety.systemic"]
            .map(|id| find(&found, id).result.number("patients_with_event"))
    };
    // The left knee of P01 is the active one; the headache of P02 is systemic.
    assert_eq!(counts("LEFT"), [Some(1.0), Some(0.0), Some(1.0)]);
    assert_eq!(counts("BOTH"), [Some(1.0), Some(1.0), Some(1.0)]);
}

/// Two primary endpoints need a rule.
#[test]
fn two_primaries_without_a_rule_are_refused() {
    let text = plan(0, true, "").replacen("role = \"secondary\"", "role = \"primary\"", 1);
    let text = text.replace("[multiplicity]\nmethod = \"holm\"\nfamily = [\"func\", \"grade\", \"eff\"]\n", "");
    let csv = knees(12, 1, 0);
    let read = |text: &str| pipeline::read_from(text, "plan.toml", |_| Ok(csv.clone().into_bytes())).map(|_| ());
    let found = format!("{:?}", read(&text).unwrap_err());
    assert!(found.contains("SK017"), "{found}");
    assert!(read(&format!("{text}[multiplicity]\nprimary = \"co-primary\"\n")).is_ok());
}

/// The second opinion has the numbers of the record it names by another route, or says in what it differs: every deciding
/// method, and a variance on its boundary.
#[test]
fn the_second_opinion_is_of_the_record_that_it_names() {
    let csv = knees(16, 5, 0);
    for (analysis, route) in [
        ("", "linear-reml"),
        ("primary = \"mmrm\"", "linear-reml"),
        ("primary = \"mmrm_difference\"", "linear-reml"),
        ("primary = \"clda\"", "linear-reml"),
        ("primary = \"ancova\"", "regression"),
        ("primary = \"paired_t\"\nmeasure = \"change\"", "regression"),
        ("primary = \"wilcoxon\"\nmeasure = \"change\"", "enumeration"),
        ("primary = \"permutation\"\nmeasure = \"change\"", "enumeration"),
        ("primary = \"sign\"", "counting"),
    ] {
        let found = run(&plan(0, true, &format!("{analysis}\nsensitivity = []")), &csv);
        let record = find(&found.outcomes, "vas.m6.second-opinion");
        let text = |name: &str| match record.result.field(name) {
            Some(Field::Text(text)) => text.clone(),
            other => panic!("{analysis}: {other:?}"),
        };
        assert_eq!(text("route"), route, "{analysis}: {:?}", record.result.notes);
        assert!(flag(&found.outcomes, &record.id, "agrees"), "{analysis}: {:?}", record.result.notes);
        let named = &find(&found.outcomes, &text("of")).result;
        for (own, other) in [(record.result.estimate, named.estimate), (record.result.std_error, named.std_error)] {
            if let (Some(own), Some(other)) = (own, other) {
                assert!((own - other).abs() <= 1e-6 * other.abs(), "{analysis}: {own} {other}");
            }
        }
        assert!(flag(&found.outcomes, "grade.m6.second-opinion", "agrees"));
        assert!(flag(&found.outcomes, "eff.m6.second-opinion", "agrees"));
    }
    // Knees that move against each other: the random intercept stops at 0, and says so.
    let rows = [
        ("9", "1"),
        ("5", "4"),
        ("2", "8"),
        ("7", "3"),
        ("5", "6"),
        ("1", "9"),
        ("8", "2"),
        ("4", "5"),
        ("6", "5"),
        ("3", "8"),
    ];
    let found = single("continuous", "[0, 10]", "lower", "[analysis]\nstructure = \"random\"", &rows);
    let record = find(&found.outcomes, "v.single.second-opinion");
    let paired = find(&found.outcomes, "v.single.sensitivity.paired-t").result.std_error.unwrap();
    assert!(!flag(&found.outcomes, &record.id, "agrees"));
    assert!((record.result.std_error.unwrap() / paired - 1.0).abs() < 1e-6);
    assert!(record.result.notes.iter().any(|note| note.code() == "route_boundary"));
    assert!(!record.result.notes.iter().any(|note| note.code() == "route_unexplained"));
}

//! Planning against figures of other software; the files say which, and how close they must be.

use serde_json::Value;
use splitknee_stats::planning::assurance::{Assurance, Over};
use splitknee_stats::planning::equivalence::Equivalence;
use splitknee_stats::planning::group_sequential::{Design, Plan};
use splitknee_stats::planning::mcnemar::{Form, McNemar, discordance, phi_bounds};
use splitknee_stats::planning::one_knee::{Analysis, OneKnee};
use splitknee_stats::planning::paired_t::PairedT;
use splitknee_stats::planning::precision::Precision;
use splitknee_stats::planning::reestimate::{Planned, reestimate};
use splitknee_stats::planning::signed_rank::{Formula, Shape, SignedRank, exact_size};
use splitknee_stats::planning::spending::Boundary;
use splitknee_stats::planning::{Alternative, patients, variance};
use std::path::PathBuf;

struct Case {
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
    expected: Value,
}

impl Case {
    fn read(name: &str) -> Self {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/reference").join(name);
        let text = std::fs::read_to_string(folder.join("data.csv")).expect("data.csv");
        let mut lines = text.lines().map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>());
        let columns = lines.next().expect("header");
        let rows = lines.filter(|row| row.len() > 1).collect();
        let json = std::fs::read_to_string(folder.join("expected.json")).expect("expected.json");
        Self { columns, rows, expected: serde_json::from_str(&json).expect("JSON") }
    }

    fn number(&self, row: usize, column: &str) -> f64 {
        self.text(row, column).parse().expect("a number")
    }

    fn text(&self, row: usize, column: &str) -> &str {
        let at = self.columns.iter().position(|name| name == column).expect("column");
        &self.rows[row][at]
    }

    fn values(&self, id: &str) -> &Value {
        let found = self.expected["results"].as_array().expect("results").iter().find(|result| result["id"] == id);
        &found.unwrap_or_else(|| panic!("no {id}"))["values"]
    }

    fn list(&self, id: &str, field: &str) -> Vec<Option<f64>> {
        self.values(id)[field].as_array().unwrap_or_else(|| panic!("{id} {field}")).iter().map(Value::as_f64).collect()
    }
}

fn floats(value: &Value) -> Vec<f64> {
    value.as_array().expect("a list").iter().map(|item| item.as_f64().expect("a number")).collect()
}

#[track_caller]
fn close(found: f64, expected: f64, relative: f64, absolute: f64, what: &str) {
    let gap = (found - expected).abs();
    assert!(gap <= absolute.max(relative * expected.abs()), "{what}: {found} against {expected}");
}

fn sides(word: &str) -> Alternative {
    match word {
        "two" => Alternative::TwoSided,
        "lower" => Alternative::Less,
        _ => Alternative::Greater,
    }
}

#[test]
fn paired_t_and_precision() {
    let case = Case::read("power_t");
    let power = case.list("power", "power");
    let (needed, whole) = (case.list("pairs_needed", "pairs_needed"), case.list("pairs_needed", "pairs"));
    let lost = case.list("pairs_needed", "patients_if_10_percent_lost");
    let of_whole = case.list("pairs_needed", "power_of_pairs");
    let shift = case.list("detectable_difference", "shift");
    let sds = case.list("sd_diff", "sd_diff");
    let unconditional = case.list("precision", "unconditional");
    let conditional = case.list("precision", "conditional_on_coverage");
    let expected = case.list("precision", "expected_halfwidth");
    assert_eq!(case.rows.len(), 130);
    for row in 0..case.rows.len() {
        let get = |column: &str| case.number(row, column);
        let (n, target, alpha) = (get("n"), get("power_target"), get("alpha"));
        let sd_diff = variance::of_difference(get("sd_active"), get("sd_placebo"), get("rho")).expect("an SD");
        close(sd_diff, sds[row].expect("an SD"), 1e-14, 0.0, "sd_diff");
        let test = PairedT { shift: get("delta") - get("null"), sd_diff, alpha, sides: sides(case.text(row, "sides")) };
        close(test.power(n).expect("power"), power[row].expect("power"), 1e-8, 1e-12, &format!("power of row {row}"));
        match (needed[row], test.pairs(target)) {
            (Some(root), Ok((found, pairs))) => {
                close(found, root, 1e-6, 0.0, &format!("pairs of row {row}"));
                assert_eq!(Some(pairs as f64), whole[row], "pairs of row {row}");
                assert_eq!(patients(pairs, 0.1).map(|n| n as f64).ok(), lost[row], "patients of row {row}");
                close(test.power(pairs as f64).expect("power"), of_whole[row].expect("power"), 1e-8, 1e-12, "of pairs");
            }
            (None, Err(_)) => {}
            (root, found) => panic!("row {row}: {found:?} against {root:?}"),
        }
        close(test.detectable(n, target).expect("shift"), shift[row].expect("shift"), 1e-7, 0.0, "detectable");
        let half_width = get("halfwidth");
        let interval = Precision { half_width, sd_diff, conf_level: 1.0 - alpha, given_coverage: false };
        close(interval.probability(n).expect("p"), unconditional[row].expect("p"), 1e-7, 1e-12, "unconditional");
        close(interval.expected_half_width(n), expected[row].expect("width"), 1e-7, 0.0, "expected half-width");
        let given = Precision { given_coverage: true, ..interval };
        close(given.probability(n).expect("p"), conditional[row].expect("p"), 1e-7, 1e-12, "given coverage");
        let (_, pairs) = given.pairs(Some(0.8)).expect("pairs");
        assert!(given.probability(pairs as f64).expect("p") >= 0.8);
        assert!(pairs == 2 || given.probability(pairs as f64 - 1.0).expect("p") < 0.8);
    }
}

#[test]
fn equivalence_by_owens_q() {
    let case = Case::read("power_tost");
    let powers = [case.list("power", "power"), case.list("power.PowerTOST.exact", "power")];
    let pairs = [(0.8, case.list("pairs_for_0.8", "pairs")), (0.9, case.list("pairs_for_0.9", "pairs"))];
    for row in 0..case.rows.len() {
        let get = |column: &str| case.number(row, column);
        let test = Equivalence {
            delta: get("delta"),
            low: get("lower"),
            high: get("upper"),
            sd_diff: get("sd_diff"),
            alpha: get("alpha"),
        };
        let found = test.power(get("n")).expect("power");
        for expected in &powers {
            let expected = expected[row].expect("power");
            let relative = if expected > 1e-8 { 1e-7 } else { 0.0 };
            close(found, expected, relative, 1e-10, &format!("row {row}"));
        }
        for (target, expected) in &pairs {
            let found = test.pairs(*target).ok().map(|(_, pairs)| pairs as f64);
            assert_eq!(found, expected[row], "pairs of row {row} for {target}");
        }
    }
}

#[test]
fn mcnemar_by_enumeration() {
    let case = Case::read("power_mcnemar");
    let forms = [
        ("power.exact", Form::Exact, "two"),
        ("power.midp", Form::MidP, "two"),
        ("power.asymptotic", Form::Asymptotic, "two"),
        ("power.corrected", Form::AsymptoticCorrected, "two"),
        ("power.exact.upper", Form::Exact, "upper"),
        ("power.midp.upper", Form::MidP, "upper"),
    ];
    for (id, form, way) in forms {
        for (row, expected) in case.list(id, "power").into_iter().enumerate() {
            let get = |column: &str| case.number(row, column);
            let test = McNemar { p10: get("p10"), p01: get("p01"), form, alpha: get("alpha"), sides: sides(way) };
            let found = test.power(get("n") as usize).expect("power");
            close(found, expected.expect("power"), 1e-9, 1e-15, &format!("{id} row {row}"));
        }
    }
    for (word, form) in [("exact", Form::Exact), ("midp", Form::MidP), ("asymptotic", Form::Asymptotic)] {
        for target in [0.8, 0.9] {
            let id = format!("pairs.{word}.{target}");
            let [p10, p01, alpha, first, stays, approximation] =
                ["p10", "p01", "alpha", "first", "stays", "normal_approximation"].map(|field| case.list(&id, field));
            for row in 0..p10.len() {
                let [p10, p01, alpha] = [&p10, &p01, &alpha].map(|list| list[row].expect("a number"));
                let test = McNemar { p10, p01, form, alpha, sides: Alternative::TwoSided };
                let Some(expected) = first[row] else { continue };
                let found = test.pairs(target).expect("pairs");
                assert_eq!((found.first as f64, Some(found.stays as f64)), (expected, stays[row]), "{id} row {row}");
                close(found.approximation, approximation[row].expect("a number"), 1e-9, 0.0, "approximation");
            }
        }
    }
    let id = "discordance_from_margins";
    let [active, placebo, phi, p10, p01, most, least] =
        ["p_active", "p_placebo", "phi", "p10", "p01", "phi_max", "phi_min"].map(|field| case.list(id, field));
    let mut refused = 0;
    for row in 0..active.len() {
        let [active, placebo, phi] = [&active, &placebo, &phi].map(|list| list[row].expect("a number"));
        let bounds = phi_bounds(active, placebo);
        close(bounds.0, least[row].expect("a bound"), 1e-9, 0.0, "phi_min");
        close(bounds.1, most[row].expect("a bound"), 1e-9, 0.0, "phi_max");
        match (p10[row], discordance(active, placebo, phi)) {
            (Some(expected), Ok(found)) => {
                close(found.0, expected, 1e-9, 1e-12, "p10");
                close(found.1, p01[row].expect("p01"), 1e-9, 1e-12, "p01");
            }
            (None, Err(error)) => {
                refused += 1;
                assert!(error.to_string().contains(&format!("{:.4}", bounds.1)), "{error}");
            }
            (expected, found) => panic!("row {row}: {found:?} against {expected:?}"),
        }
    }
    assert!(refused < active.len());
}

#[test]
fn mcnemar_detectable_difference_is_the_inverse_of_its_power() {
    let test = McNemar { p10: 0.25, p01: 0.05, form: Form::MidP, alpha: 0.05, sides: Alternative::TwoSided };
    let p10 = test.detectable(60, 0.9).expect("p10");
    close(McNemar { p10, ..test }.power(60).expect("power"), 0.9, 1e-8, 0.0, "power at the detectable difference");
}

#[test]
fn signed_rank_by_three_formulas() {
    let case = Case::read("power_signed_rank");
    let of = |row: usize, formula: Formula| {
        let shape = Shape::ALL.into_iter().find(|shape| shape.name() == case.text(row, "distribution")).expect("shape");
        let (delta, sd_diff) = (case.number(row, "delta"), case.number(row, "sd"));
        SignedRank { delta, sd_diff, shape, alpha: case.number(row, "alpha"), formula }
    };
    let [p1, p2, p3, mean, spread] = ["p1", "p2", "p3", "mean", "variance"].map(|field| case.list("moments", field));
    let formulas = [("lehmann", Formula::Lehmann), ("noether", Formula::Noether), ("are", Formula::Are)];
    let powers = formulas.map(|(word, _)| case.list(&format!("power.{word}"), "power"));
    let sizes = case.list("power.simulated", "exact_size");
    let (simulated, errors) = (case.list("power.simulated", "power"), case.list("power.simulated", "mcse"));
    for row in 0..case.rows.len() {
        let n = case.number(row, "n");
        let moments = of(row, Formula::Lehmann).moments();
        let (m, v) = moments.of_sum(n);
        let found = [moments.p1, moments.p2, moments.p3, m, v];
        for (found, expected) in found.into_iter().zip([&p1, &p2, &p3, &mean, &spread]) {
            close(found, expected[row].expect("a moment"), 1e-9, 1e-9, &format!("moments of row {row}"));
        }
        for ((_, formula), expected) in formulas.iter().zip(&powers) {
            let found = of(row, *formula).power(n).expect("power");
            close(found, expected[row].expect("power"), 1e-9, 1e-9, &format!("{formula:?} of row {row}"));
        }
        close(exact_size(n as usize, 0.05).expect("size"), sizes[row].expect("size"), 1e-9, 0.0, "exact size");
        let (share, error) = of(row, Formula::Are).simulate(n as usize, 20_000, 20_261_128).expect("a simulation");
        let reach = 4.0 * error.hypot(errors[row].expect("an error")).max(1e-4);
        close(share, simulated[row].expect("power"), 0.0, reach, &format!("simulated power of row {row}"));
    }
    let rows = case.list("pairs", "rows");
    for (word, formula) in [("noether", Formula::Noether), ("are", Formula::Are)] {
        for target in [0.8, 0.9] {
            for (expected, row) in case.list("pairs", &format!("{word}_{target}")).into_iter().zip(&rows) {
                let row = row.expect("a row") as usize - 1;
                let (found, whole) = of(row, formula).pairs(target).expect("pairs");
                close(found, expected.expect("pairs"), 1e-9, 1e-6, &format!("{word} row {row}"));
                assert!(whole as f64 + 1e-5 >= found, "{whole} for {found}");
            }
        }
    }
}

/// The t law with 5 degrees of freedom is no shape of the files: ∫f² = Γ(3)² Γ(11/2) / (√(5π) Γ(5/2)² Γ(6)) by hand.
#[test]
fn efficiency_under_t5() {
    let gamma = |halves: f64| libm_gamma(halves);
    let integral =
        gamma(3.0).powi(2) * gamma(5.5) / ((5.0 * std::f64::consts::PI).sqrt() * gamma(2.5).powi(2) * gamma(6.0));
    let expected = 12.0 * (5.0 / 3.0) * integral * integral;
    close(Shape::T5.relative_efficiency(), expected, 1e-9, 0.0, "ARE of t5");
    for shape in [Shape::Normal, Shape::Logistic, Shape::Laplace, Shape::Uniform, Shape::T5] {
        let at_null = SignedRank { delta: 0.0, sd_diff: 2.0, shape, alpha: 0.05, formula: Formula::Lehmann }.moments();
        close(at_null.p2, 0.5, 1e-10, 0.0, "p2 under the null");
        close(at_null.p3, 1.0 / 3.0, 1e-10, 0.0, "p3 under the null");
    }
}

fn libm_gamma(x: f64) -> f64 {
    // Γ(x) for multiples of one half.
    if x == 0.5 {
        std::f64::consts::PI.sqrt()
    } else if x == 1.0 {
        1.0
    } else {
        (x - 1.0) * libm_gamma(x - 1.0)
    }
}

#[test]
fn one_knee() {
    let case = Case::read("power_one_knee");
    let analyses = [
        ("exchangeable", Analysis::Exchangeable),
        ("independence", Analysis::Independence),
        ("complete_pairs", Analysis::CompletePairs),
    ];
    let lost = case.list("complete_pairs", "lost");
    for (id, analysis) in analyses {
        let (variances, powers) = (case.list(id, "variance"), case.list(id, "power"));
        for row in 0..case.rows.len() {
            let get = |column: &str| case.number(row, column);
            let trial = OneKnee {
                pairs: get("pairs"),
                single_active: get("single_active"),
                single_placebo: get("single_placebo"),
                sd: get("sd"),
                rho: get("rho"),
                delta: get("delta"),
                alpha: get("alpha"),
                analysis,
            };
            if trial.pairs == 0.0 {
                // Nobody has both knees: nothing to compare the complete pairs with.
                assert!(trial.lost_without_singles().is_err());
                if analysis == Analysis::CompletePairs {
                    assert!(trial.variance().is_err());
                    continue;
                }
            } else {
                close(trial.lost_without_singles().expect("lost"), lost[row].expect("lost"), 1e-10, 1e-10, "lost");
            }
            close(trial.variance().expect("variance"), variances[row].expect("variance"), 1e-10, 0.0, id);
            close(trial.power().expect("power"), powers[row].expect("power"), 1e-10, 0.0, id);
            if analysis != Analysis::CompletePairs {
                let expected = case.list(id, "design_effect")[row].expect("design effect");
                close(trial.design_effect().expect("effect"), expected, 1e-10, 0.0, id);
            }
        }
    }
    let needed = case.values("patients_needed");
    let (shares, rhos) = (floats(&needed["share_one_knee"]), floats(&needed["rho"]));
    for (row, (share, rho)) in shares.into_iter().zip(rhos).enumerate() {
        let trial = OneKnee {
            pairs: 1.0 - share,
            single_active: 0.5 * share,
            single_placebo: 0.5 * share,
            sd: 20.0,
            rho,
            delta: 10.0,
            alpha: 0.05,
            analysis: Analysis::Exchangeable,
        };
        for target in [0.8, 0.9] {
            let expected = floats(&needed[format!("patients_{target}")])[row];
            close(trial.patients(target).expect("patients"), expected, 1e-10, 0.0, "patients needed");
        }
    }
}

#[test]
fn assurance() {
    let case = Case::read("power_assurance");
    let at = |row: usize, over: Over| {
        let get = |column: &str| case.number(row, column);
        Assurance { delta: get("delta"), sd: get("sd"), rho: get("rho"), alpha: get("alpha"), over }
    };
    for row in 0..case.rows.len() {
        let (n, pilot) = (case.number(row, "n"), case.number(row, "pilot") as usize);
        let kinds = [
            ("assurance_correlation", Over::Correlation(pilot)),
            ("assurance_sd", Over::Sd(pilot)),
            ("assurance_delta", Over::Delta(0.5 * case.number(row, "delta"))),
        ];
        for (id, over) in kinds {
            let expected = case.list(id, "assurance")[row].expect("assurance");
            close(at(row, over).assurance(n).expect("assurance"), expected, 1e-7, 0.0, &format!("{id} row {row}"));
        }
        let power = case.list("power_at_assumption", "power")[row].expect("power");
        close(at(row, Over::Correlation(pilot)).power(n).expect("power"), power, 1e-8, 0.0, "power");
    }
    let rows = case.list("pairs_for_assurance_0.8", "rows");
    for (row, expected) in rows.into_iter().zip(case.list("pairs_for_assurance_0.8", "pairs")) {
        let row = row.expect("a row") as usize - 1;
        let pilot = case.number(row, "pilot") as usize;
        let found = at(row, Over::Correlation(pilot)).pairs(0.8).ok().map(|(_, pairs)| pairs as f64);
        assert_eq!(found, expected, "row {row}");
    }
    let by = case.values("pairs_by_correlation");
    for (row, delta) in floats(&by["delta"]).into_iter().enumerate() {
        for (rho, expected) in floats(&by["rho"]).into_iter().zip(floats(&by["pairs"][row])) {
            let sd_diff = variance::of_difference(20.0, 20.0, rho).expect("SD");
            let test = PairedT { shift: delta, sd_diff, alpha: 0.05, sides: Alternative::TwoSided };
            assert_eq!(test.pairs(0.8).expect("pairs").1 as f64, expected, "rho {rho}");
        }
    }
}

#[test]
fn blinded_reestimation() {
    let case = Case::read("power_reestimation");
    let differences: Vec<f64> = (0..case.rows.len()).map(|row| case.number(row, "right_minus_left")).collect();
    let planned = Planned { delta: 10.0, power: 0.9, alpha: 0.05, pairs: 32, pairs_max: 90 };
    let found = reestimate(&differences, &planned).expect("a number");
    let expected = case.values("blinded");
    let fields = [
        ("variance_about_mean", found.variance_about_mean),
        ("variance_about_zero", found.variance_about_zero),
        ("adjusted_about_mean", found.adjusted_about_mean),
        ("adjusted_about_zero", found.adjusted_about_zero),
    ];
    for (name, value) in fields {
        close(value, expected[name].as_f64().expect(name), 1e-10, 0.0, name);
    }
    let pairs = case.values("pairs");
    let fields = [
        ("unadjusted", found.n_unadjusted),
        ("adjusted", found.n_adjusted),
        ("unadjusted_restricted", found.n_unadjusted_restricted),
        ("adjusted_restricted", found.n_adjusted_restricted),
    ];
    for (name, value) in fields {
        assert_eq!(Some(value as u64), pairs[name].as_u64(), "{name}");
    }
    let contradicted = Planned { delta: 40.0, ..planned };
    assert!(reestimate(&differences, &contradicted).expect_err("refused").to_string().contains("contradict"));
}

fn boundary(kind: &str, parameter: Option<f64>) -> Boundary {
    match kind {
        "OF" => Boundary::ShapeOBrienFleming,
        "P" => Boundary::ShapePocock,
        "asOF" => Boundary::SpendingOBrienFleming,
        "asP" => Boundary::SpendingPocock,
        "asHSD" => Boundary::HwangShihDeCani(parameter.expect("gamma")),
        _ => Boundary::KimDeMets(parameter.expect("rho")),
    }
}

#[test]
fn group_sequential_bounds() {
    let case = Case::read("gsd_boundaries");
    let mut designs = 0;
    for result in case.expected["results"].as_array().expect("results") {
        let (values, id) = (&result["values"], result["id"].as_str().expect("id"));
        let Some(kind) = values["type"].as_str() else { continue };
        designs += 1;
        let plan = Plan {
            information: floats(&values["information"]),
            boundary: boundary(kind, values["parameter"].as_f64()),
            alpha: values["alpha"].as_f64().expect("alpha"),
            two_sided: values["sides"] == 2,
        };
        let design = plan.design().expect("bounds");
        let lists = [
            ("bounds", &design.bounds, 1e-7),
            ("nominal_one_sided_p", &design.nominal_one_sided_p(), 1e-8),
            ("cumulative_alpha", &design.cumulative_alpha, 1e-8),
        ];
        for (name, found, tolerance) in lists {
            for (found, expected) in found.iter().zip(floats(&values[name])) {
                close(*found, expected, 0.0, tolerance, &format!("{id} {name}"));
            }
        }
        if let Some(constant) = values["constant"].as_f64() {
            close(design.constant.expect("a constant"), constant, 1e-7, 0.0, id);
        }
        for power in values["power"].as_array().expect("powers") {
            let get = |name: &str| power[name].as_f64().expect("a number");
            let target = get("power");
            let drift = design.drift(target).expect("drift");
            close(drift, get("drift"), 1e-7, 0.0, &format!("{id} drift"));
            close(design.inflation(target).expect("inflation"), get("inflation"), 1e-7, 0.0, id);
            let both = design.inflation_both_tails(target).expect("inflation");
            close(both, get("inflation_both_tails"), 1e-7, 0.0, id);
            for (name, drift) in [("stop_h1", drift), ("stop_h0", 0.0)] {
                for (found, expected) in design.stop(drift).into_iter().zip(floats(&power[name])) {
                    close(found, expected, 0.0, 1e-8, &format!("{id} {name}"));
                }
            }
            for (name, drift) in [("h1", drift), ("half", 0.5 * drift), ("h0", 0.0)] {
                let expected = get(&format!("expected_information_{name}"));
                close(design.expected_information(drift), expected, 0.0, 1e-8, &format!("{id} {name}"));
            }
        }
        let rpact = format!("{id}.rpact");
        if case.expected["results"].as_array().expect("results").iter().any(|result| result["id"] == rpact.as_str()) {
            for (found, expected) in design.bounds.iter().zip(floats(&case.values(&rpact)["bounds"])) {
                close(*found, expected, 0.0, 1e-7, &rpact);
            }
        }
    }
    assert_eq!(designs, 11);
}

/// Jennison and Turnbull (2000), tables 2.1 to 2.4.
#[test]
fn constants_of_jennison_and_turnbull() {
    let case = Case::read("gsd_boundaries");
    let values = case.values("jennison_turnbull");
    let column = |name: &str| floats(&values[name]);
    for (row, looks) in column("K").into_iter().enumerate() {
        let information: Vec<f64> = (1..=looks as usize).map(|k| k as f64 / looks).collect();
        for (alpha, digits) in [(0.05, "0.05"), (0.01, "0.01")] {
            for (letter, boundary) in [("P", Boundary::ShapePocock), ("B", Boundary::ShapeOBrienFleming)] {
                let plan = Plan { information: information.clone(), boundary, alpha, two_sided: true };
                let design = plan.design().expect("bounds");
                let expected = column(&format!("C_{letter}_{digits}"))[row];
                close(design.constant.expect("constant"), expected, 1e-7, 0.0, letter);
                if alpha == 0.05 {
                    for power in [0.8, 0.9] {
                        let expected = column(&format!("R_{letter}_{power}"))[row];
                        close(design.inflation(power).expect("inflation"), expected, 1e-7, 0.0, letter);
                    }
                }
            }
        }
    }
}

fn interim_design() -> Design {
    let information = vec![1.0 / 3.0, 2.0 / 3.0, 1.0];
    let plan = Plan { information, boundary: Boundary::SpendingOBrienFleming, alpha: 0.05, two_sided: true };
    plan.design().expect("bounds")
}

#[test]
fn a_design_through_its_life() {
    let case = Case::read("gsd_interim");
    let expected = case.values("design");
    let design = interim_design();
    for (found, expected) in design.bounds.iter().zip(floats(&expected["bounds_z"])) {
        close(*found, expected, 1e-7, 0.0, "bounds");
    }
    let drift = design.drift(0.9).expect("drift");
    close(drift, expected["drift"].as_f64().expect("drift"), 1e-7, 0.0, "drift");
    let inflation = design.inflation(0.9).expect("inflation");
    close(inflation, expected["inflation"].as_f64().expect("inflation"), 1e-7, 0.0, "inflation");
    let fixed = PairedT { shift: 10.0, sd_diff: 20.0, alpha: 0.05, sides: Alternative::TwoSided };
    let (root, _) = fixed.pairs(0.9).expect("pairs");
    close(root, expected["pairs_fixed_t"].as_f64().expect("pairs"), 1e-7, 0.0, "fixed pairs");
    let pairs = (root * inflation).ceil() as usize;
    assert_eq!(Some(pairs as u64), expected["pairs_max"].as_u64());
    let looks = design.pairs_at_looks(pairs);
    assert_eq!(looks.iter().map(|n| *n as f64).collect::<Vec<_>>(), floats(&expected["pairs_at_looks"]));
    for (found, expected) in design.t_bounds(&looks).into_iter().zip(floats(&expected["bounds_t"])) {
        close(found.expect("a bound"), expected, 1e-7, 0.0, "t bounds");
    }
    let id = "conditional_power";
    let [look, z, planned, trend, null, predictive] =
        ["look", "z", "planned_effect", "current_trend", "null", "predictive_flat_prior"]
            .map(|field| case.list(id, field));
    for row in 0..look.len() {
        let outlook = design.outlook(look[row].expect("look") as usize, z[row].expect("z"), drift).expect("outlook");
        close(outlook.planned, planned[row].expect("p"), 1e-7, 1e-9, "planned");
        close(outlook.trend, trend[row].expect("p"), 1e-7, 1e-9, "trend");
        close(outlook.null, null[row].expect("p"), 1e-7, 1e-9, "null");
        close(outlook.predictive, predictive[row].expect("p"), 1e-7, 1e-9, "predictive");
    }
    for row in case.values("after_stopping").as_array().expect("rows") {
        let get = |name: &str| row[name].as_f64().expect("a number");
        let found = design.stopped(get("look") as usize, get("z")).expect("stopped");
        close(found.p_one_sided, get("p_one_sided"), 1e-7, 0.0, "p");
        let effects = [
            ("median_unbiased", found.median_unbiased),
            ("low", found.low),
            ("high", found.high),
            ("naive", found.naive),
            ("repeated_low", found.repeated_low),
            ("repeated_high", found.repeated_high),
        ];
        for (name, value) in effects {
            close(value / drift, get(name), 1e-7, 1e-7, name);
        }
    }
}

/// A trial that stops below is the mirror image of one that stops above.
#[test]
fn stopping_below_mirrors_stopping_above() {
    let design = interim_design();
    let (up, down) = (design.stopped(2, 2.9).expect("above"), design.stopped(2, -2.9).expect("below"));
    close(down.median_unbiased, -up.median_unbiased, 1e-9, 0.0, "estimate");
    close(down.low, -up.high, 1e-9, 0.0, "limit");
    close(down.p_one_sided, 1.0 - up.p_one_sided, 1e-9, 0.0, "p");
    assert!(design.stopped(1, 1.0).is_err(), "the trial goes on");
}

#[test]
fn designs_outside_their_domain_are_refused() {
    let plan = |information: &[f64]| Plan {
        information: information.to_vec(),
        boundary: Boundary::SpendingPocock,
        alpha: 0.05,
        two_sided: true,
    };
    assert!(plan(&[]).design().is_err());
    assert!(plan(&[0.5, 0.4, 1.0]).design().is_err());
    assert!(plan(&[0.5, 0.9]).design().is_err());
    assert!(plan(&[0.0, 1.0]).design().is_err());
    assert!(Plan { boundary: Boundary::KimDeMets(-1.0), ..plan(&[0.5, 1.0]) }.design().is_err());
    let one_look = plan(&[1.0]).design().expect("a fixed design");
    close(one_look.bounds[0], 1.959_963_984_540_054, 1e-12, 0.0, "one look is the fixed test");
}

/// Morris, White and Crowther (2019), table 6; their model SE is the root mean square.
#[test]
fn performance_measures() {
    use splitknee_stats::planning::performance::{Replicate, measures, relative_precision, share};
    let case = Case::read("simulation_performance");
    let expected = case.values("measures");
    let (truth, level) = (case.expected["true_value"].as_f64().expect("truth"), case.expected["level"].as_f64());
    let (mut replicates, mut pairs, mut rejected) = (Vec::new(), Vec::new(), 0);
    for row in 0..case.rows.len() {
        let Ok(estimate) = case.text(row, "estimate").parse::<f64>() else { continue };
        let (se, df) = (case.number(row, "se"), case.number(row, "df"));
        let half = splitknee_stats::math::dist::student_t::quantile(0.5 + 0.5 * level.expect("level"), df) * se;
        let limits = (estimate - half, estimate + half);
        rejected += usize::from(limits.0 > 0.0 || limits.1 < 0.0);
        replicates.push(Replicate { estimate, std_error: Some(se), limits: Some(limits) });
        if let Ok(other) = case.text(row, "estimate_b").parse() {
            pairs.push((estimate, other));
        }
    }
    assert_eq!(Some(replicates.len() as u64), expected["converged"].as_u64());
    let found = measures(&replicates, Some(truth));
    let names = [
        ("bias", "bias"),
        ("empirical_se", "empirical_se"),
        ("mse", "mse"),
        ("model_se_rms", "model_se"),
        ("relative_error_model_se_percent", "relative_error_model_se_percent"),
        ("coverage", "coverage"),
        ("coverage_bias_eliminated", "bias_eliminated_coverage"),
    ];
    for (name, theirs) in names {
        let (_, measured) = found.iter().find(|(known, _)| *known == name).expect(name);
        close(measured.value, expected[theirs].as_f64().expect(theirs), 1e-10, 0.0, name);
        let error = expected[format!("{theirs}_mcse")].as_f64().expect(theirs);
        close(measured.mcse, error, 1e-10, 0.0, &format!("error of {name}"));
    }
    let rejection = share(rejected, replicates.len()).expect("a share");
    close(rejection.value, expected["rejection"].as_f64().expect("rejection"), 1e-10, 0.0, "rejection");
    close(rejection.mcse, expected["rejection_mcse"].as_f64().expect("rejection"), 1e-10, 0.0, "rejection");
    let gain = relative_precision(&pairs).expect("a gain");
    close(gain.value, expected["relative_precision_of_b_percent"].as_f64().expect("gain"), 1e-10, 0.0, "gain");
    close(gain.mcse, expected["relative_precision_of_b_percent_mcse"].as_f64().expect("gain"), 1e-10, 0.0, "gain");
}

/// What bounds that need not be followed owe, in gsDesign's default design (its bounds: the case gsd_futility below): the
/// power asked for where they are followed, the whole error where they are not.
#[test]
fn bounds_of_futility_that_need_not_be_followed_keep_error_and_power() {
    use splitknee_stats::planning::futility::Futility;
    let plan = Plan {
        information: vec![1.0 / 3.0, 2.0 / 3.0, 1.0],
        boundary: Boundary::HwangShihDeCani(-4.0),
        alpha: 0.025,
        two_sided: false,
    };
    let rule = Futility::Spending { boundary: Boundary::HwangShihDeCani(-2.0), binding: false };
    let found = plan.with_futility(rule, 0.9).expect("bounds");
    close(found.rejection(found.drift), 0.9, 0.0, 1e-9, "power");
    assert!(found.rejection(0.0) < 0.025, "non-binding bounds only lower the error");
    close(found.design.power(0.0), 0.025, 0.0, 1e-9, "not followed, the error is kept");
}

/// Multivariate normal probabilities of R's mvtnorm under a root finder, in the place of the recursion.
#[test]
fn futility_bounds_by_multivariate_normal_probabilities() {
    use splitknee_stats::planning::futility::{Futility, Under};
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/reference/gsd_futility/expected.json");
    let expected: Value = serde_json::from_str(&std::fs::read_to_string(path).expect("the file")).expect("JSON");
    let family = |kind: &Value, parameter: &Value| {
        let kind = match kind.as_str().expect("a word") {
            "of" => "asOF",
            "pocock" => "asP",
            "hsd" => "asHSD",
            _ => "asKD",
        };
        boundary(kind, parameter.as_f64())
    };
    let results = expected["results"].as_array().expect("results");
    assert_eq!(results.len(), 6);
    for result in results {
        let (values, id) = (&result["values"], result["id"].as_str().expect("id"));
        let number = |name: &str| values[name].as_f64().expect("a number");
        let plan = Plan {
            information: floats(&values["information"]),
            boundary: family(&values["spending"], &values["parameter"]),
            alpha: number("alpha"),
            two_sided: values["sides"] == 2,
        };
        let rule = &values["rule"];
        let rule = if rule["kind"] == "cp" {
            let under = if rule["under"] == "planned" { Under::Planned } else { Under::Trend };
            Futility::ConditionalPower { threshold: rule["threshold"].as_f64().expect("a number"), under }
        } else {
            Futility::Spending { boundary: family(&rule["f"], &rule["par"]), binding: rule["binding"] == true }
        };
        let found = plan.with_futility(rule, number("power")).expect("bounds");
        close(found.drift, number("drift"), 1e-7, 0.0, &format!("{id} drift"));
        close(found.inflation(), number("inflation"), 1e-7, 0.0, &format!("{id} inflation"));
        let list = |name: &str| match &values[name] {
            Value::Array(_) => floats(&values[name]),
            one => vec![one.as_f64().expect("a number")],
        };
        let (planned, null) = (found.ends(found.drift), found.ends(0.0));
        for (name, found) in [
            ("efficacy", &found.design.bounds),
            ("futility", &found.futility),
            ("stop_efficacy_h1", &planned.upper),
            ("stop_futility_h1", &planned.futile),
            ("stop_efficacy_h0", &null.upper),
            ("stop_futility_h0", &null.futile),
        ] {
            let expected = list(name);
            assert_eq!(found.len(), expected.len(), "{id} {name}");
            for (found, expected) in found.iter().zip(expected) {
                close(*found, expected, 0.0, 1e-7, &format!("{id} {name}"));
            }
        }
        close(found.rejection(0.0), number("rejection_h0"), 0.0, 1e-8, &format!("{id} error"));
        // At the looks as planned the bounds are the planned ones again.
        assert_eq!(plan.futility_at(rule, found.drift, found.power).expect("bounds").futility, found.futility);
    }
}

#[test]
fn futility_outside_its_domain_is_refused() {
    use splitknee_stats::planning::futility::{Futility, Under};
    let plan =
        |two_sided: bool, boundary: Boundary| Plan { information: vec![0.5, 1.0], boundary, alpha: 0.05, two_sided };
    let spending = |boundary: Boundary, binding: bool| Futility::Spending { boundary, binding };
    let usual = Boundary::SpendingOBrienFleming;
    for (plan, rule, power) in [
        (plan(true, usual), spending(usual, true), 0.9),
        (plan(false, Boundary::ShapePocock), spending(usual, true), 0.9),
        (plan(false, usual), spending(Boundary::ShapePocock, false), 0.9),
        (plan(false, usual), spending(Boundary::KimDeMets(-1.0), false), 0.9),
        (plan(false, usual), spending(usual, false), 1.0),
        (plan(true, usual), Futility::ConditionalPower { threshold: 0.95, under: Under::Planned }, 0.9),
        (plan(true, usual), Futility::ConditionalPower { threshold: 0.0, under: Under::Trend }, 0.9),
    ] {
        assert!(plan.with_futility(rule, power).is_err(), "{rule:?}");
    }
}

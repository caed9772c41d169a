//! `splitknee simulate` against the reference cases `tests/reference/r/simulation_*`: truths exact, performance within four
//! Monte Carlo errors (of both, where the reference is simulated too).
//!
//! `SPLITKNEE_LONG=1` makes them sharper (docs/reliability.md). `simulation_performance`, a fixed table of replicates, is in
//! `crates/splitknee-stats/tests/planning.rs`.

use crate::cli_model::run;
use crate::skip::long;
use rayon::prelude::*;
use serde_json::Value;
use splitknee::paired::mcnemar::{self, McNemarOptions};
use splitknee::paired::pair_table::PairTable;
use splitknee::paired::{Options, sign, wilcoxon};
use splitknee::plan;
use splitknee::simulate::generate::World;
use splitknee::simulate::scenario;
use std::path::Path;

/// Replicates of tests that cost next to nothing.
fn replicates() -> u64 {
    if long() { 20_000 } else { 2500 }
}

/// Replicates of tests that fit a model to each.
fn fitted() -> u64 {
    if long() { 10_000 } else { 500 }
}

/// The figures of a case, by the id of the result.
struct Case(Value);

impl Case {
    fn read(name: &str) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/r").join(name).join("expected.json");
        Self(serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap())
    }

    fn of(&self, id: &str) -> &Value {
        let found = self.0["results"].as_array().unwrap().iter().find(|result| result["id"] == id);
        &found.unwrap_or_else(|| panic!("no {id}"))["values"]
    }

    fn exact(&self, name: &str) -> f64 {
        self.of("exact")[name].as_f64().unwrap_or_else(|| panic!("no {name}"))
    }
}

/// A figure with its Monte Carlo error: an exact one has none.
fn figure(value: &Value) -> (f64, f64) {
    match value {
        Value::Object(_) => (value["value"].as_f64().unwrap(), value["mcse"].as_f64().unwrap()),
        exact => (exact.as_f64().unwrap(), 0.0),
    }
}

const HEAD: &str = "[trial]\nid = \"SIM\"\ntitle = \"A simulated trial\"\nsynthetic = true\n[data]\npath = \"none.csv\"\n\
    columns = { patient = \"id\", knee = \"side\", arm = \"arm\", visit = \"visit\" }\n\
    [arms]\nactive = \"A\"\nplacebo = \"P\"\n";

fn plan_text(visits: &str, endpoint: &str, analysis: &str) -> String {
    format!(
        "{HEAD}[visits]\n{visits}\n[[endpoint]]\nname = \"Score\"\nid = \"score\"\ncolumn = \"score\"\nbetter = \"lower\"\n\
         role = \"primary\"\n{endpoint}\n[analysis]\n{analysis}\n"
    )
}

/// What `splitknee simulate` writes about a plan and a scenario.
struct Table(Vec<Value>);

impl Table {
    fn of(plan: &str, scenario: &str, replicates: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("plan.toml"), plan).unwrap();
        let file = folder.path().join("scenario.toml");
        std::fs::write(&file, format!("plan = \"plan.toml\"\nseed = 20261128\n{scenario}")).unwrap();
        let (out, n) = (folder.path().join("out"), replicates.to_string());
        let words = ["simulate", file.to_str().unwrap(), "--out", out.to_str().unwrap(), "--replicates", &n];
        let (code, _, err) = run(&words);
        assert_eq!(code, 0, "{err}");
        let text = std::fs::read_to_string(out.join("performance.json")).unwrap();
        Self(serde_json::from_str(&text).unwrap())
    }

    fn row(&self, scenario: &str, analysis: &str, measure: &str) -> &Value {
        let here =
            |row: &&Value| row["scenario"] == scenario && row["analysis"] == analysis && row["measure"] == measure;
        self.0.iter().find(here).unwrap_or_else(|| {
            let known: Vec<String> =
                self.0.iter().map(|row| format!("{} {}", row["analysis"], row["measure"])).collect();
            panic!("no {scenario}, {analysis}, {measure}: {known:?}")
        })
    }

    /// Within four Monte Carlo errors of both.
    #[track_caller]
    fn agrees(&self, scenario: &str, analysis: &str, measure: &str, expected: (f64, f64)) {
        let row = self.row(scenario, analysis, measure);
        let (value, mcse) = (row["value"].as_f64().unwrap(), row["mcse"].as_f64().unwrap());
        let allowed = 4.0 * mcse.hypot(expected.1);
        let (wanted, _) = expected;
        assert!((value - wanted).abs() <= allowed, "{measure} of {analysis}: {value} against {wanted} ± {allowed}");
    }

    fn truth(&self, name: &str) -> &Value {
        &self.0[0]["truth"][name]
    }
}

const VISITS: &str =
    "order = [\"Baseline\", \"Month 1\", \"Month 3\", \"Month 6\"]\nbaseline = \"Baseline\"\nprimary = \"Month 6\"";

#[test]
fn complete_normal_data_of_two_knees_and_visits() {
    let analysis = "primary = \"paired_t\"\nmeasure = \"change\"\nsensitivity = [\"wilcoxon\"]";
    let plan = plan_text(VISITS, "kind = \"continuous\"", analysis);
    let shape = "patients = 24\n[scenario.endpoint.score]\nplacebo = [60, 51, 48, 47]\nsd = [16, 18, 20, 20]\n\
        knee_correlation = 0.55\nvisit = { kind = \"ar1\", value = 0.7 }\n";
    let scenario = format!(
        "analyses = \"all\"\n[[scenario]]\nname = \"effect\"\n{shape}active = [60, 48, 40, 36]\n\
         [[scenario]]\nname = \"null\"\n{shape}null = true\n"
    );
    let table = Table::of(&plan, &scenario, replicates());
    for (scenario, name) in [("effect", "simulation_normal"), ("null", "simulation_normal_null")] {
        let case = Case::read(name);
        let truth = table.row(scenario, "paired-t", "bias")["truth"]["difference"].as_f64().unwrap();
        assert!((truth - case.exact("true_difference")).abs() < 1e-9, "{truth}");
        for (ours, theirs) in [
            ("bias", "bias"),
            ("empirical_se", "empirical_se"),
            ("model_se", "model_se_mean"),
            ("model_se_rms", "model_se_rms"),
            ("coverage", "coverage"),
            ("rejection", "rejection"),
        ] {
            table.agrees(scenario, "paired-t", ours, (case.exact(theirs), 0.0));
        }
        let simulated = case.of("simulated");
        table.agrees(scenario, "paired-t", "rejection", figure(&simulated["rejection_paired_t"]));
        table.agrees(scenario, "wilcoxon", "rejection", figure(&simulated["rejection_exact_signed_rank"]));
        // On the same normal data the pseudomedian has 3/π of the precision of the mean, in small samples a little more.
        table.agrees(
            scenario,
            "wilcoxon",
            "relative_precision_percent",
            (100.0 * (3.0 / std::f64::consts::PI - 1.0), 1.0),
        );
        assert!(
            !table.0.iter().any(|row| row["analysis"] == "paired-t" && row["measure"] == "relative_precision_percent")
        );
    }
}

/// Looks at 15, 30 and 45 pairs, a difference of half an SD of the differences: the shares that cross a bound and the
/// pairs at the end are those of the same design simulated in R (case gsd_interim), and a futility bound ends trials that
/// would have gone on.
#[test]
fn a_plan_with_looks_stops_as_its_design_says() {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/splitknee-stats/tests/reference/gsd_interim/expected.json");
    let case = Case(serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap());
    let plan = plan_text(
        "order = [\"Month 6\"]\nprimary = \"Month 6\"",
        "kind = \"continuous\"",
        "primary = \"paired_t\"\nsensitivity = []\n[interim]\npairs = [15, 30, 45]\npower = 0.9",
    );
    let shape = "patients = 45\n[scenario.endpoint.score]\nplacebo = [50]\nsd = [20]\nknee_correlation = 0.5\n";
    let scenario = format!(
        "[[scenario]]\nname = \"null\"\n{shape}null = true\n[[scenario]]\nname = \"effect\"\n{shape}active = [40]\n"
    );
    let table = Table::of(&plan, &scenario, fitted());
    for (name, id) in [("null", "type_I"), ("effect", "power")] {
        let expected = &case.of("simulated")[id];
        let (rejected, mcse) = (expected["reject"].as_f64().unwrap(), expected["mcse"].as_f64().unwrap());
        table.agrees(name, "paired-t", "rejection", (rejected, mcse));
        // The pairs of the reference are a mean of 200 000 trials and more.
        table.agrees(name, "paired-t", "mean_pairs", (expected["mean_pairs"].as_f64().unwrap(), 0.0));
    }
    let claims =
        ["claim_for", "claim_against"].map(|measure| table.row("effect", "paired-t", measure)["value"].as_f64());
    let rejected = table.row("effect", "paired-t", "rejection")["value"].as_f64();
    assert_eq!((claims[0], claims[1]), (rejected, Some(0.0)), "what crosses is claimed, in the right direction");
    let futile = format!("{plan}futility = {{ conditional_power = 0.2 }}\n");
    let null = scenario.split("[[scenario]]\nname = \"effect\"").next().unwrap();
    let stopped = Table::of(&futile, null, fitted());
    let pairs = |table: &Table| table.row("null", "paired-t", "mean_pairs")["value"].as_f64().unwrap();
    assert!(pairs(&stopped) < 0.9 * pairs(&table), "{} against {}", pairs(&stopped), pairs(&table));
    let level = stopped.row("null", "paired-t", "rejection")["value"].as_f64().unwrap();
    assert!(level <= table.row("null", "paired-t", "rejection")["value"].as_f64().unwrap(), "{level}");
}

/// The planned mixed model with Kenward–Roger keeps its level where nothing is true.
#[test]
fn the_planned_mixed_model_keeps_its_level() {
    let plan = plan_text(VISITS, "kind = \"continuous\"", "sensitivity = []");
    let scenario = "[[scenario]]\nname = \"null\"\npatients = 24\n[scenario.endpoint.score]\nplacebo = [60, 51, 48, 47]\n\
        null = true\nsd = [16, 18, 20, 20]\nknee_correlation = 0.55\nvisit = { kind = \"ar1\", value = 0.7 }\n";
    let table = Table::of(&plan, scenario, fitted());
    let analysis = table.0[0]["analysis"].as_str().unwrap().to_owned();
    let level = table.row("null", &analysis, "rejection")["value"].as_f64().unwrap();
    println!("rejection of {analysis}: {level}");
    if long() {
        // Three Monte Carlo errors of 10 000 replicates.
        assert!((0.0435..=0.0565).contains(&level), "{level}");
    }
    table.agrees("null", &analysis, "rejection", (0.05, 0.0));
    table.agrees("null", &analysis, "coverage", (0.95, 0.0));
}

#[test]
fn a_scale_with_floor_and_ceiling() {
    let case = Case::read("simulation_bounded");
    let plan = plan_text(
        "order = [\"Month 6\"]\nprimary = \"Month 6\"",
        "kind = \"continuous\"",
        "primary = \"paired_t\"\nsensitivity = []",
    );
    let scenario = "[[scenario]]\nname = \"one\"\npatients = 30\n[scenario.endpoint.score]\nactive = [12]\nplacebo = [22]\n\
        sd = [20]\nknee_correlation = 0.5\nround = 1\nlimits = [0, 100]\n";
    let table = Table::of(&plan, scenario, replicates());
    for (ours, theirs) in
        [("mean_active", "true_mean_active"), ("mean_placebo", "true_mean_placebo"), ("difference", "true_difference")]
    {
        let found = table.truth(ours).as_f64().unwrap();
        assert!((found - case.exact(theirs)).abs() < 1e-8, "{ours}: {found}");
    }
    table.agrees("one", "paired-t", "bias", (0.0, 0.0));
    let simulated = case.of("simulated");
    for (ours, theirs) in
        [("empirical_se", "empirical_se"), ("coverage", "coverage_of_true_difference"), ("rejection", "rejection")]
    {
        table.agrees("one", "paired-t", ours, figure(&simulated[theirs]));
    }
}

#[test]
fn skewed_values_by_a_copula() {
    let case = Case::read("simulation_skew");
    let analysis = "primary = \"paired_t\"\nsensitivity = [\"wilcoxon\"]";
    let plan = plan_text("order = [\"Month 6\"]\nprimary = \"Month 6\"", "kind = \"continuous\"", analysis);
    let shape = "patients = 20\n[scenario.endpoint.score]\nplacebo = [0]\nsd = [15]\nknee_correlation = 0.6\n\
        margin = { kind = \"lognormal\", tau = 0.8 }\n";
    let scenario = format!(
        "analyses = \"all\"\n[[scenario]]\nname = \"alternative\"\n{shape}active = [-7]\n\
         [[scenario]]\nname = \"null\"\n{shape}null = true\n"
    );
    let table = Table::of(&plan, &scenario, replicates());
    let simulated = case.of("simulated");
    for name in ["alternative", "null"] {
        table.agrees(name, "paired-t", "bias", (0.0, 0.0));
        table.agrees(name, "paired-t", "rejection", figure(&simulated[name]["paired_t"]));
        table.agrees(name, "wilcoxon", "rejection", figure(&simulated[name]["signed_rank"]));
        // The correlation of the values is that of the lognormal, not the latent one: it is in the SD of the differences. The
        // Monte Carlo error of an SD is larger in a law with such tails: half as much again covers it.
        let row = table.row(name, "paired-t", "empirical_se");
        let (value, mcse) = (row["value"].as_f64().unwrap(), row["mcse"].as_f64().unwrap());
        let wanted = case.exact("sd_of_difference") / 20_f64.sqrt();
        assert!((value - wanted).abs() <= 6.0 * mcse, "{value} against {wanted} ± {}", 6.0 * mcse);
    }
    // Exchangeable knees: the signed-rank test has its exact size.
    table.agrees("null", "wilcoxon", "rejection", (case.exact("rejection_signed_rank_null"), 0.0));
}

#[test]
fn knees_missing_at_random_and_not_at_random() {
    let one_visit = "order = [\"Month 6\"]\nprimary = \"Month 6\"";
    let complete = plan_text(one_visit, "kind = \"continuous\"", "primary = \"paired_t\"\nsensitivity = []");
    let case = Case::read("simulation_knee_mcar");
    let scenario = "[[scenario]]\nname = \"one\"\npatients = 40\n[scenario.endpoint.score]\nactive = [-9]\nplacebo = [0]\n\
        sd = [18]\nknee_correlation = 0.5\n[[scenario.missing]]\nlevel = \"knee\"\nmechanism = \"MCAR\"\nprobability = 0.12\n";
    let table = Table::of(&complete, scenario, replicates());
    let exact = case.of("exact.paired_t");
    for measure in ["mean_pairs", "rejection", "empirical_se", "coverage", "bias"] {
        table.agrees("one", "paired-t", measure, figure(&exact[measure]));
    }
    // All knees by a mixed model with an intercept of the patient.
    let analysis = "primary = \"mixed_model\"\nstructure = \"random\"\nbaseline = \"none\"\nsensitivity = []";
    let mixed = plan_text(one_visit, "kind = \"continuous\"", analysis);
    let table = Table::of(&mixed, scenario, fitted());
    let simulated = case.of("simulated.mixed_model");
    for measure in ["bias", "empirical_se", "model_se_rms"] {
        table.agrees("one", "mixed-model", measure, figure(&simulated[measure]));
    }
    table.agrees("one", "mixed-model", "coverage", (0.95, 0.0));

    let case = Case::read("simulation_knee_mnar");
    let scenario = "[[scenario]]\nname = \"one\"\npatients = 60\n[scenario.endpoint.score]\nactive = [-8]\nplacebo = [0]\n\
        sd = [20]\nknee_correlation = 0.5\n[[scenario.missing]]\nlevel = \"knee\"\narm = \"active\"\nmechanism = \"MNAR\"\n\
        probit = { a = 1.0, b = 0.8 }\n";
    let table = Table::of(&complete, scenario, replicates());
    table.agrees("one", "paired-t", "mean_pairs", (case.exact("mean_pairs"), 0.0));
    table.agrees("one", "paired-t", "bias", (case.exact("bias"), 0.0));
    for measure in ["bias", "empirical_se", "coverage", "rejection"] {
        table.agrees("one", "paired-t", measure, figure(&case.of("simulated")[measure]));
    }
}

#[test]
fn dropout_at_random_biases_complete_pairs_and_not_the_model() {
    let case = Case::read("simulation_dropout_mar");
    let visits = "order = [\"Month 1\", \"Month 3\", \"Month 6\"]\nprimary = \"Month 6\"";
    let scenario = "[[scenario]]\nname = \"one\"\npatients = 50\n[scenario.endpoint.score]\nactive = [-10, -18, -22]\n\
        placebo = [-8, -11, -12]\nsd = [18, 18, 18]\nknee_correlation = 0.5\nvisit = { kind = \"ar1\", value = 0.75 }\n\
        [[scenario.missing]]\nlevel = \"patient\"\nmechanism = \"MAR\"\ndropout = true\n\
        logit = { intercept = -1.6, active_previous = 1.1 }\n";
    let complete = plan_text(visits, "kind = \"continuous\"", "primary = \"paired_t\"\nsensitivity = []");
    let table = Table::of(&complete, scenario, replicates());
    let simulated = case.of("simulated.complete_pairs");
    for measure in ["mean_pairs", "bias", "empirical_se", "coverage", "rejection"] {
        table.agrees("one", "paired-t", measure, figure(&simulated[measure]));
    }
    let analysis =
        "primary = \"mmrm_difference\"\ndifference_structure = [\"us\"]\nbaseline = \"none\"\nsensitivity = []";
    let model = plan_text(visits, "kind = \"continuous\"", analysis);
    let table = Table::of(&model, scenario, fitted());
    for (id, measures) in
        [("simulated.likelihood", &["bias", "empirical_se"][..]), ("simulated.mmrm", &["bias", "empirical_se"])]
    {
        for measure in measures {
            table.agrees("one", "mmrm-difference", measure, figure(&case.of(id)[*measure]));
        }
    }
    // What nlme leaves out: Kenward–Roger keeps the level where one patient in three is gone.
    table.agrees("one", "mmrm-difference", "coverage", (0.95, 0.0));
}

/// A world of one endpoint at one visit.
fn world(kind: &str, body: &str) -> World {
    let analysis = if kind == "binary" { "primary = \"mcnemar\"" } else { "" };
    let plan = plan_text("order = [\"Month 6\"]\nprimary = \"Month 6\"", &format!("kind = \"{kind}\""), analysis);
    let plan = plan::parse(&plan, "plan.toml").unwrap_or_else(|found| panic!("{found:?}"));
    let text = format!("plan = \"plan.toml\"\nseed = 20261128\n[[scenario]]\nname = \"one\"\n{body}");
    let file = scenario::parse(&text, "scenario.toml").unwrap();
    World::new(&plan, &file.scenarios[0], file.seed).unwrap()
}

/// The share of trials in which a test of the pairs (active, placebo) rejects is the expected one.
fn rejects(world: &World, expected: (f64, f64), what: &str, p: impl Fn(&[(f64, f64)]) -> f64 + Sync) {
    let n = replicates();
    let rejected = |k: u64| {
        let trial = world.trial(k);
        let pairs: Vec<(f64, f64)> = trial
            .patients
            .iter()
            .map(|patient| patient.pair().unwrap())
            .map(|(active, placebo)| (active.values[0][0].unwrap(), placebo.values[0][0].unwrap()))
            .collect();
        p(&pairs) <= 0.05
    };
    let share = (1..=n).into_par_iter().filter(|k| rejected(*k)).count() as f64 / n as f64;
    let mcse = (share * (1.0 - share) / n as f64).sqrt();
    let allowed = 4.0 * mcse.hypot(expected.1);
    assert!((share - expected.0).abs() <= allowed, "{what}: {share} against {} ± {allowed}", expected.0);
}

#[test]
fn responders_by_latent_normals() {
    let case = Case::read("simulation_binary");
    let body = "patients = 44\n[scenario.endpoint.score]\n\
        responder = { p_active = 0.6, p_placebo = 0.35, latent_correlation = 0.5 }\n";
    let plan = plan_text(
        "order = [\"Month 6\"]\nprimary = \"Month 6\"",
        "kind = \"binary\"",
        "primary = \"mcnemar\"\nsensitivity = []",
    );
    let table = Table::of(&plan, &format!("[[scenario]]\nname = \"one\"\n{body}"), replicates());
    for name in ["p10", "p01"] {
        let found = table.truth(name).as_f64().unwrap();
        assert!((found - case.exact(name)).abs() < 1e-9, "{name}: {found}");
    }
    let difference = table.truth("difference").as_f64().unwrap();
    assert!((difference - case.exact("risk_difference")).abs() < 1e-9);
    table.agrees("one", "mcnemar", "bias", (0.0, 0.0));
    table.agrees("one", "mcnemar", "empirical_se", (case.exact("empirical_se_of_risk_difference"), 0.0));
    table.agrees("one", "mcnemar", "rejection", (case.exact("rejection_midp"), 0.0));
    let world = world("binary", body);
    for (name, p) in [
        ("rejection_exact", mcnemar::PValue::Exact),
        ("rejection_midp", mcnemar::PValue::MidP),
        ("rejection_asymptotic", mcnemar::PValue::Asymptotic),
    ] {
        rejects(&world, (case.exact(name), 0.0), name, |pairs| {
            let (active, placebo): (Vec<bool>, Vec<bool>) = pairs.iter().map(|(a, b)| (*a > 0.5, *b > 0.5)).unzip();
            let counts = PairTable::from_pairs(&active, &placebo).unwrap();
            let method = McNemarOptions { p, continuity: false };
            mcnemar::mcnemar(&counts, &Options::default(), &method).unwrap().p_value.unwrap_or(1.0)
        });
    }
}

#[test]
fn grades_by_latent_normals() {
    let case = Case::read("simulation_ordinal");
    let body = "patients = 36\n[scenario.endpoint.score]\nthresholds = [-0.8, 0.2, 1.1]\nshift = -0.55\nlatent_correlation = 0.6\n";
    let plan = plan_text("order = [\"Month 6\"]\nprimary = \"Month 6\"", "kind = \"ordinal\"", "sensitivity = []");
    let table = Table::of(&plan, &format!("[[scenario]]\nname = \"one\"\n{body}"), 10);
    let cells = table.truth("cells").as_array().unwrap();
    for (row, expected) in cells.iter().zip(case.of("exact")["cells"].as_array().unwrap()) {
        for (cell, expected) in row.as_array().unwrap().iter().zip(expected.as_array().unwrap()) {
            assert!((cell.as_f64().unwrap() - expected.as_f64().unwrap()).abs() < 1e-8, "{cell} against {expected}");
        }
    }
    for name in ["p_active_higher", "p_active_lower"] {
        assert!((table.truth(name).as_f64().unwrap() - case.exact(name)).abs() < 1e-8, "{name}");
    }
    let world = world("ordinal", body);
    let differences = |pairs: &[(f64, f64)]| pairs.iter().map(|(a, b)| a - b).collect::<Vec<f64>>();
    rejects(&world, (case.exact("rejection_sign_test"), 0.0), "sign", |pairs| {
        sign::sign(&differences(pairs), &Options::default()).ok().and_then(|result| result.p_value).unwrap_or(1.0)
    });
    let settings =
        wilcoxon::Settings { zeros: wilcoxon::Zeros::Pratt, p: wilcoxon::PValue::Asymptotic, continuity: false };
    rejects(&world, figure(&case.of("simulated")["rejection_pratt_asymptotic"]), "Pratt", |pairs| {
        let result = wilcoxon::wilcoxon(&differences(pairs), settings, &Options::default());
        result.ok().and_then(|result| result.p_value).unwrap_or(1.0)
    });
}

/// What a replicate looks at is what a run of the plan finds: the same deciding records, number for number.
#[test]
fn a_replicate_has_the_deciding_records_of_a_run() {
    let folder = format!("{}/datasets/ev-knee-synthetic", env!("CARGO_MANIFEST_DIR"));
    let load = |name: &str| std::fs::read(format!("{folder}/{name}"));
    let plan = std::fs::read_to_string(format!("{folder}/plan.toml")).unwrap();
    let inputs = splitknee::pipeline::read_from(&plan, "plan.toml", load).unwrap();
    let run = splitknee::pipeline::analyse(inputs).unwrap();
    let alone = splitknee::analysis::deciding::records(&run.plan, &run.trial, false);
    let deciding = alone.iter().filter(|record| record.endpoint.is_some());
    let mut seen = 0;
    for record in deciding {
        let of_run = run.outcomes.records.iter().find(|other| other.id == record.id);
        let of_run = of_run.unwrap_or_else(|| panic!("the run has no {}", record.id));
        assert_eq!(record.result, of_run.result, "{}", record.id);
        seen += 1;
    }
    assert!(seen >= run.trial.design.endpoints.len(), "{seen} records");
}

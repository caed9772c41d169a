//! Looks of a group-sequential trial in a plan: bounds, power at a look, estimates after stopping, the seal, and who sees it.
//!
//! The figures are those of the case `gsd_interim` (R 4.2.2, own recursion; rpact's bounds): 15, 30 and 45 pairs, Lan–DeMets
//! O'Brien–Fleming, two-sided 0.05, power 0.9. The data are made so that the paired t-test has the p-value of its Z.

use crate::analysis::{find, near};
use splitknee::analysis::{Claim, Outcomes, Withheld};
use splitknee::math::dist::{normal, student_t};
use splitknee::{pipeline, plan};
use std::path::Path;
use std::process::{Command, Output};

const PLAN: &str = "[trial]\nid = \"G\"\ntitle = \"Looks\"\nsynthetic = true\n\
    [data]\npath = \"d.csv\"\ncolumns = { patient = \"id\", knee = \"side\", arm = \"arm\" }\n\
    [arms]\nactive = \"EV\"\nplacebo = \"SALINE\"\n\
    [[endpoint]]\nname = \"Pain\"\ncolumn = \"value\"\nbetter = \"lower\"\nrole = \"primary\"\n\
    [analysis]\nprimary = \"paired_t\"\n[interim]\npairs = [15, 30, 45]\npower = 0.9\n";

/// `n` pairs whose paired t-test has the two-sided p-value of `z`, towards benefit where it is positive.
fn data(n: usize, z: f64) -> String {
    let t = student_t::upper_quantile(normal::sf(z.abs()), n as f64 - 1.0) * z.signum();
    let half = n / 2;
    // `half` differences up and down by 1; an odd one at the mean.
    let sd = (2.0 * half as f64 / (n as f64 - 1.0)).sqrt();
    let mean = -t * sd / (n as f64).sqrt();
    let mut csv = "id,side,arm,value\n".to_owned();
    for patient in 0..n {
        let step = if patient >= 2 * half {
            0.0
        } else if patient % 2 == 0 {
            1.0
        } else {
            -1.0
        };
        csv.push_str(&format!("P{patient},L,EV,{}\nP{patient},R,SALINE,0\n", mean + step));
    }
    csv
}

fn analysed(n: usize, z: f64, look: Option<usize>, earlier: &[usize]) -> Result<Outcomes, String> {
    let csv = data(n, z);
    let mut inputs = pipeline::read_from(PLAN, "plan.toml", |_| Ok(csv.clone().into_bytes())).unwrap();
    inputs.plan = inputs.plan.at_look(look, earlier).map_err(|findings| format!("{findings:?}"))?;
    pipeline::analyse(inputs).map(|run| run.outcomes).map_err(|findings| format!("{findings:?}"))
}

#[test]
fn power_at_a_look_is_that_of_the_reference() {
    let outcomes = analysed(30, 2.3, Some(2), &[15]).unwrap();
    let look = find(&outcomes, "value.single.interim");
    let number = |name: &str| look.result.number(name);
    for (name, expected) in [
        ("z", 2.3),
        ("bound", 2.511427481269542),
        ("conditional_planned", 0.9538298193650268),
        ("conditional_trend", 0.9232067806667503),
        ("conditional_null", 0.4209873279519776),
        ("predictive", 0.8780152106190086),
    ] {
        near(name, number(name), expected, 1e-6);
    }
    assert_eq!(number("p_stagewise"), None, "the trial goes on");
    // p = 0.021 would be claimed at 0.05, and is not at this look.
    let primary = find(&outcomes, "value.single.primary.paired-t").verdict.unwrap();
    assert_eq!((primary.claim, primary.withheld, primary.family), (Claim::None, Some(Withheld::Family), Some("looks")));
}

#[test]
fn estimates_after_stopping_are_those_of_the_reference() {
    for (n, z, look, earlier, p, median, naive, low, repeated) in [
        (
            30,
            2.861427481269542,
            Some(2),
            &[15][..],
            0.0021644495501307896,
            1.073796983727184,
            1.0747853783871435,
            0.33664094502956304,
            0.13146406291890408,
        ),
        (
            45,
            2.1930474776107336,
            None,
            &[15, 30][..],
            0.016758959562299187,
            0.6621593735146469,
            0.6725760682670157,
            0.05216980097953737,
            0.061337118793230054,
        ),
    ] {
        let outcomes = analysed(n, z, look, earlier).unwrap();
        let found = find(&outcomes, "value.single.interim");
        let primary = find(&outcomes, "value.single.primary.paired-t");
        let estimate = primary.result.estimate.unwrap();
        near("p", found.result.number("p_stagewise"), 2.0 * p, 1e-6);
        near("median", found.result.number("median_unbiased"), estimate * median / naive, 1e-6);
        // Lower is better: the limit nearest to no difference is the upper one.
        near("limit", found.result.number("stagewise_high"), estimate * low / naive, 1e-6);
        near("repeated", found.result.number("repeated_high"), estimate * repeated / naive, 1e-6);
        assert_eq!(primary.verdict.unwrap().claim, Claim::Superior);
        assert_eq!(primary.p_adjusted, found.result.number("p_stagewise"));
    }
}

#[test]
fn the_final_analysis_is_held_against_its_bound() {
    // Z = 1.98: p = 0.048, and the final bound is 1.993.
    let outcomes = analysed(45, 1.98, None, &[15, 30]).unwrap();
    let primary = find(&outcomes, "value.single.primary.paired-t");
    assert!(primary.result.p_value.unwrap() < 0.05);
    let verdict = primary.verdict.unwrap();
    assert_eq!((verdict.claim, verdict.withheld), (Claim::None, Some(Withheld::Family)));
    // Harm is found as benefit is.
    let harm = analysed(45, -2.4, None, &[15, 30]).unwrap();
    assert_eq!(find(&harm, "value.single.primary.paired-t").verdict.unwrap().claim, Claim::Inferior);
}

#[test]
fn a_cut_is_not_taken_for_the_end() {
    let refused = analysed(30, 2.3, None, &[]).unwrap_err();
    assert!(refused.contains("interim cut") && refused.contains("--look"), "{refused}");
    assert!(analysed(30, 2.3, Some(2), &[15, 20]).is_err(), "two numbers for one earlier look");
    assert!(analysed(30, 2.3, Some(4), &[]).is_err(), "there is no fourth look");
    for (from, to, rule) in [
        ("[15, 30, 45]", "[30, 15]", "SK010"),
        ("[15, 30, 45]", "[45]", "SK010"),
        ("power = 0.9", "power = 1.0", "SK010"),
        ("power = 0.9", "spending = \"hsd\"", "SK012"),
        ("power = 0.9", "parameter = 2", "SK017"),
        ("power = 0.9", "spending = \"kd\"\nparameter = -1", "SK010"),
    ] {
        let findings = plan::parse(&PLAN.replace(from, to), "plan.toml").unwrap_err();
        assert!(
            findings.iter().any(|finding| finding.rule == rule && !finding.remedy.is_empty()),
            "{to}: {findings:?}"
        );
    }
}

fn splitknee(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_splitknee")).args(args).current_dir(folder).output().unwrap()
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.starts_with('.'))
        .collect();
    names.sort();
    names
}

#[test]
fn a_look_needs_the_seal_and_writes_for_the_committee_alone() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    std::fs::write(folder.join("plan.toml"), PLAN).unwrap();
    std::fs::write(folder.join("d.csv"), data(15, 1.9)).unwrap();
    let unsealed = splitknee(folder, &["run", "plan.toml", "--look", "1"]);
    let said = String::from_utf8(unsealed.stderr).unwrap();
    assert!(!unsealed.status.success() && said.contains("splitknee lock"), "{said}");
    assert_eq!(names(folder), ["d.csv", "plan.toml"], "nothing half written");
    assert!(splitknee(folder, &["lock", "plan.toml", "--date", "2026-01-31"]).status.success());
    let look = splitknee(folder, &["run", "plan.toml", "--look", "1"]);
    let out = String::from_utf8(look.stdout).unwrap();
    assert!(look.status.success(), "{}", String::from_utf8_lossy(&look.stderr));
    assert!(out.contains("dmc-report.html") && !out.contains("1.9"), "the terminal says nothing of the result: {out}");
    assert_eq!(names(&folder.join("dmc-look-1")), ["dmc-report.html", "dmc-results.json", "manifest.json"]);
    assert!(!folder.join("results").exists());
    let page = std::fs::read_to_string(folder.join("dmc-look-1/dmc-report.html")).unwrap();
    // Case gsd_interim: conditional power at look 1 with z = 1.9 under the planned difference, and the bound.
    assert!(page.contains("0.945") && page.contains("3.710"), "conditional power and bound");
    let blinded = splitknee(folder, &["run", "plan.toml", "--blinded"]);
    assert!(blinded.status.success(), "{}", String::from_utf8_lossy(&blinded.stderr));
    let results = std::fs::read_to_string(folder.join("results/results.json")).unwrap();
    assert!(!results.contains("conditional_planned"), "the blinded team sees no interim result");
    let both = splitknee(folder, &["run", "plan.toml", "--blinded", "--look", "1"]);
    assert!(!both.status.success());
    // The plan without its looks is another plan, and has none.
    std::fs::write(folder.join("plan.toml"), PLAN.split("[interim]").next().unwrap()).unwrap();
    let without = splitknee(folder, &["run", "plan.toml", "--look", "1"]);
    assert!(String::from_utf8(without.stderr).unwrap().contains("no interim looks"));
}

/// The plan with futility bounds, and `analysed` under it.
fn futile(rule: &str, alternative: &str, z: f64) -> Result<Outcomes, String> {
    let plan =
        PLAN.replace("primary = \"paired_t\"", &format!("primary = \"paired_t\"\nalternative = \"{alternative}\""));
    let plan = format!("{plan}futility = {{ {rule} }}\n");
    let csv = data(30, z);
    let mut inputs = pipeline::read_from(&plan, "plan.toml", |_| Ok(csv.clone().into_bytes()))
        .map_err(|findings| format!("{findings:?}"))?;
    inputs.plan = inputs.plan.at_look(Some(2), &[15]).map_err(|findings| format!("{findings:?}"))?;
    pipeline::analyse(inputs).map(|run| run.outcomes).map_err(|findings| format!("{findings:?}"))
}

/// Case gsd_futility (multivariate normal probabilities of R's mvtnorm 1.1-3): conditional power 0.2 under the planned
/// difference has its bound at 0.510696 at look 2, and the bounds of efficacy are those without it.
#[test]
fn a_futility_bound_crossed_is_advice_and_no_claim() {
    for (z, crossed) in [(0.50, true), (0.52, false)] {
        let outcomes = futile("conditional_power = 0.2", "two-sided", z).unwrap();
        let look = find(&outcomes, "value.single.interim");
        near("futility bound", look.result.number("futility_bound"), 0.510_696_483_288_954, 1e-7);
        near("bound", look.result.number("bound"), 2.511_427_481_269_542, 1e-7);
        assert_eq!(serde_json::to_value(look.result.field("futile")).unwrap(), serde_json::json!(crossed), "Z = {z}");
        // The drift allows for the trials that futility stops.
        assert!(look.result.number("conditional_planned").unwrap() > 0.0);
        let primary = find(&outcomes, "value.single.primary.paired-t").verdict.unwrap();
        assert_eq!(primary.claim, Claim::None);
    }
    // Harm is beyond the futility bound too, and is the stronger statement.
    let harm = futile("conditional_power = 0.2", "two-sided", -2.6).unwrap();
    let look = find(&harm, "value.single.interim");
    assert_eq!(serde_json::to_value(look.result.field("futile")).unwrap(), false);
    assert_eq!(find(&harm, "value.single.primary.paired-t").verdict.unwrap().claim, Claim::Inferior);
}

/// Binding bounds lower the later bounds of efficacy; R's mvtnorm, case gsd_futility, has the same design at other spending.
#[test]
fn binding_futility_lowers_the_bounds_of_efficacy() {
    let bound = |rule: &str| {
        let outcomes = futile(rule, "towards-benefit", 1.0).unwrap();
        find(&outcomes, "value.single.interim").result.number("bound").unwrap()
    };
    let advice = bound("spending = \"pocock\"");
    let binding = bound("spending = \"pocock\", binding = true");
    assert!(binding < advice - 1e-4, "{binding} against {advice}");
    for (rule, alternative, code) in [
        ("spending = \"pocock\", binding = true", "two-sided", "SK017"),
        ("conditional_power = 0.2, binding = true", "towards-benefit", "SK017"),
        ("conditional_power = 0.2, spending = \"pocock\"", "two-sided", "SK017"),
        ("binding = false", "two-sided", "SK012"),
        ("conditional_power = 0.7", "two-sided", "SK010"),
        ("spending = \"hsd\"", "two-sided", "SK012"),
        ("spending = \"pocock\", under = \"trend\"", "two-sided", "SK017"),
    ] {
        let refused = futile(rule, alternative, 1.0).unwrap_err();
        assert!(refused.contains(code), "{rule}: {refused}");
    }
}

/// No pairs, one pair, differences all alike, a p-value that underflows: an answer or a reason, never NaN and no panic.
#[test]
fn the_edges_of_a_look_have_an_answer_or_a_reason() {
    let plan = PLAN.replace("[15, 30, 45]", "[3, 30, 45]");
    let run = |plan: &str, csv: String, look: Option<usize>| {
        let mut inputs = pipeline::read_from(plan, "plan.toml", |_| Ok(csv.clone().into_bytes())).unwrap();
        inputs.plan = inputs.plan.at_look(look, &[]).unwrap();
        pipeline::analyse(inputs).map(|run| run.outcomes)
    };
    let csv = |differences: &[Option<f64>]| {
        let mut csv = "id,side,arm,value\n".to_owned();
        for (patient, difference) in differences.iter().enumerate() {
            let value = difference.map_or(String::new(), |value| value.to_string());
            csv.push_str(&format!("P{patient},L,EV,{value}\nP{patient},R,SALINE,0\n"));
        }
        csv
    };
    for (what, differences) in [
        ("no pairs", vec![None; 3]),
        ("one pair", vec![Some(2.0), None, None]),
        ("constant", vec![Some(2.0); 3]),
        ("all zero", vec![Some(0.0); 3]),
    ] {
        let outcomes = match run(&plan, csv(&differences), Some(1)) {
            Ok(outcomes) => outcomes,
            // Data without a single value are refused as a whole, with what to do.
            Err(findings) => {
                assert_eq!(what, "no pairs");
                assert!(findings.iter().all(|finding| !finding.remedy.is_empty()), "{findings:?}");
                continue;
            }
        };
        let look = find(&outcomes, "value.single.interim");
        assert_eq!(look.result.number("z"), None, "{what}");
        let reason = look.result.notes.reason().unwrap_or_else(|| panic!("{what}: no reason")).text();
        assert!(!reason.is_empty() && !reason.contains("NaN"), "{what}: {reason}");
        let text = serde_json::to_string(&look).unwrap();
        assert!(!text.contains("NaN") && !text.contains("inf\""), "{what}: {text}");
        let primary = find(&outcomes, "value.single.primary.paired-t").verdict.unwrap();
        assert_eq!(primary.claim, Claim::None, "{what}");
    }
    // 300 pairs, t beyond 1000: p is below the smallest number there is.
    let far: Vec<Option<f64>> = (0..300).map(|k| Some(-1000.0 - f64::from(k % 2))).collect();
    let plan = PLAN.replace("[15, 30, 45]", "[300, 600]");
    let outcomes = run(&plan, csv(&far), Some(1)).unwrap();
    let primary = find(&outcomes, "value.single.primary.paired-t");
    assert_eq!((primary.result.p_value, primary.verdict.unwrap().claim), (Some(0.0), Claim::Superior));
    let look = find(&outcomes, "value.single.interim");
    for name in
        ["z", "p_stagewise", "median_unbiased", "stagewise_low", "stagewise_high", "repeated_low", "repeated_high"]
    {
        assert!(look.result.number(name).is_some_and(f64::is_finite), "{name}: {:?}", look.result.number(name));
    }
    let median = look.result.number("median_unbiased").unwrap();
    assert!((median + 1000.5).abs() < 1.0, "{median}");
}

#[test]
fn the_committee_reads_that_futility_is_advice() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for (language, advice) in [("en", "advice to the committee"), ("ja", "委員会への助言")] {
        let plan = format!("{PLAN}futility = {{ conditional_power = 0.2 }}\n[report]\nlanguage = \"{language}\"\n");
        std::fs::write(folder.join("plan.toml"), plan).unwrap();
        std::fs::write(folder.join("d.csv"), data(30, 0.3)).unwrap();
        assert!(splitknee(folder, &["lock", "plan.toml", "--date", "2026-01-31"]).status.success());
        let out = format!("look-{language}");
        let look = splitknee(folder, &["run", "plan.toml", "--look", "2", "--out", &out]);
        assert!(look.status.success(), "{}", String::from_utf8_lossy(&look.stderr));
        let page = std::fs::read_to_string(folder.join(&out).join("dmc-report.html")).unwrap();
        assert!(page.contains(advice) && page.contains("0.511"), "{language}");
        std::fs::remove_file(folder.join("plan.lock")).ok();
        // The trial that stopped there says so in its own report.
        let ended = splitknee(folder, &["run", "plan.toml", "--stopped-at", "2", "--out", &format!("end-{language}")]);
        assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
        let page = std::fs::read_to_string(folder.join(format!("end-{language}/report.html"))).unwrap();
        let said = if language == "en" { "The trial ended at look 2 of 3" } else { "で終了した" };
        assert!(page.contains(said) && !page.contains(advice), "{language}");
    }
}

/// A secondary endpoint that is tested when a look stops the trial has bounds of its own (Glimm, Maurer & Bretz 2010): its
/// p-value enters the procedure as the repeated one, the level at which the bound of the look would be the p-value. At the
/// level of the plan the nominal level of the look is its fixed point.
#[test]
fn a_secondary_endpoint_has_the_bounds_of_the_look() {
    let secondary = "[[endpoint]]\nname = \"Function\"\ncolumn = \"other\"\nbetter = \"lower\"\nrole = \"secondary\"\n";
    let plan = PLAN.replace("[analysis]", &format!("{secondary}[analysis]")) + "[multiplicity]\nmethod = \"holm\"\n";
    let of = |z: f64, look: Option<usize>, n: usize, earlier: &[usize]| {
        let other: Vec<String> = data(n, z).lines().map(|line| line.rsplit(',').next().unwrap().to_owned()).collect();
        let lines = data(n, 5.0);
        let joined: Vec<String> = lines.lines().zip(&other).map(|(line, other)| format!("{line},{other}")).collect();
        let csv = joined.join("\n").replacen("value,value", "value,other", 1) + "\n";
        let mut inputs = pipeline::read_from(&plan, "plan.toml", |_| Ok(csv.clone().into_bytes())).unwrap();
        inputs.plan = inputs.plan.at_look(look, earlier).unwrap();
        pipeline::analyse(inputs).unwrap().outcomes
    };
    // Case gsd_interim: O'Brien–Fleming spending at 15, 30 and 45 pairs; the bound of the second look.
    let outcomes = of(2.4, Some(2), 30, &[15]);
    let bound = find(&outcomes, "value.single.interim").result.number("bound").unwrap();
    assert!(bound > 2.4, "{bound}");
    let p = |outcomes: &Outcomes| find(outcomes, "multiplicity.other").result.p_value.unwrap();
    let claim = |outcomes: &Outcomes| find(outcomes, "other.single.secondary.paired-t").verdict.unwrap();
    // p = 0.016 alone, and not below the bound of this look: not claimed.
    assert!(find(&outcomes, "other.single.secondary.paired-t").result.p_value.unwrap() < 0.02);
    assert!(p(&outcomes) > 0.05, "{}", p(&outcomes));
    assert_eq!((claim(&outcomes).claim, claim(&outcomes).withheld), (Claim::None, Some(Withheld::Family)));
    // At the bound the repeated p-value is the level of the plan.
    let at_bound = of(bound, Some(2), 30, &[15]);
    near("at the bound", Some(p(&at_bound)), 0.05, 1e-6);
    assert_eq!(claim(&of(bound + 0.01, Some(2), 30, &[15])).claim, Claim::Superior);
    // The second bound of the same spending at a level of 0.1 (R 4.2.2: uniroot over integrate of dnorm(x) P(Z2 > b | x) between
    // the first bounds, with spending 2 (1 - pnorm(qnorm(1 - alpha/4) / sqrt(t))) in either direction): p is then 0.1.
    near("at the bound of 0.1", Some(p(&of(2.14081524055, Some(2), 30, &[15]))), 0.1, 1e-6);
    // The final analysis spends what is left: its bound is near 2, not 1.96.
    let last = of(1.98, None, 45, &[15, 30]);
    assert_eq!(claim(&last).claim, Claim::None);
    assert!(p(&last) > 0.05 && p(&last) < 0.053, "{}", p(&last));
}

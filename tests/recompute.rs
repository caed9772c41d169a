//! `verify/`: R recomputes every dataset of the project and plans with every structure, model, method for the degrees of
//! freedom, alternative and multiplicity procedure. Where Rscript is not installed, what needs it is skipped.

use crate::project::{self, DEMO, dataset};
use crate::skip::{Needs, skip};
use splitknee::pipeline::{self, Run};
use splitknee::report::exhibits::Material;
use splitknee::report::options::Options;
use splitknee::report::verify;
use splitknee::report::words::{Language, Words};
use std::collections::BTreeMap;
use std::process::Command;

fn run(plan: &str, read: impl Fn(&str) -> std::io::Result<Vec<u8>>) -> Run {
    let inputs = pipeline::read_from(plan, "plan.toml", read).unwrap_or_else(|found| panic!("{found:?}\n{plan}"));
    pipeline::analyse(inputs).unwrap_or_else(|found| panic!("{found:?}\n{plan}"))
}

/// The files of `verify/` of a run.
pub fn programs(run: &Run) -> BTreeMap<String, String> {
    let (words, options) = (Words::new(Language::English), Options::default());
    let material =
        Material { plan: &run.plan, trial: &run.trial, outcomes: &run.outcomes, words: &words, options: &options };
    verify::files(&material).into_iter().collect()
}

pub fn r_is_here() -> bool {
    let here = Command::new("Rscript").args(["-e", "1"]).output().is_ok_and(|output| output.status.success());
    if !here {
        skip(Needs::R, "Rscript is not installed");
    }
    here
}

/// What `verify.R` prints about these files, and whether it ends well.
fn recomputed(files: &BTreeMap<String, String>) -> (String, bool) {
    let home = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(home.path().join(name), text).unwrap();
    }
    let output = Command::new("Rscript").arg("verify.R").current_dir(home.path()).output().unwrap();
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    (format!("{printed}{}", String::from_utf8_lossy(&output.stderr)), output.status.success())
}

/// Reasons for which a line may be skipped; anything else is a gap.
const REASONS: [&str; 10] = [
    "a count of visits, reasons or further arms, which patients.csv does not hold",
    "a shift of a further arm",
    "no number to compare",
    "a patient-level characteristic; its column is not exported",
    "the second opinion differs from the deciding record",
    "beyond the reach of base R's distributions",
    "a Laplace approximation; verify.R integrates exactly",
    "is not installed",
    "another program failed",
    "too many sign patterns to count in base R",
];

/// All lines pass, at least `least` of them, and each of `methods` is among them.
pub fn passes(what: &str, run: &Run, least: usize, methods: &[&str]) {
    let (printed, succeeded) = recomputed(&programs(run));
    let failed: Vec<&str> = printed.lines().filter(|line| line.starts_with("FAIL")).take(20).collect();
    assert!(failed.is_empty(), "{what}: {}", failed.join("\n"));
    assert!(succeeded, "{what}: {printed}");
    let passed: Vec<&str> = printed.lines().filter(|line| line.starts_with("PASS")).collect();
    assert!(passed.len() >= least, "{what}: {} lines pass\n{printed}", passed.len());
    for method in methods {
        assert!(passed.iter().any(|line| line.contains(method)), "{what}: nothing about {method}");
    }
    for line in printed.lines().filter(|line| line.starts_with("SKIP")) {
        assert!(REASONS.iter().any(|reason| line.contains(reason)), "{what}: {line}");
    }
}

#[test]
fn r_recomputes_every_dataset() {
    if !r_is_here() {
        return;
    }
    for (name, least) in [("ev-knee-synthetic", 2500), ("shoes", 25)] {
        passes(name, &project::run(name, &project::plan_of(name)), least, &["mixed-model"]);
    }
}

/// The knees of the synthetic trial with a column of their own: whether stiffness is 4 or more of 8. Unlike the yes/no
/// column of the trial it changes after baseline, so that models of it have a maximum.
fn with_stiff_knees(knees: &str) -> String {
    let place = knees.lines().next().unwrap().split(',').position(|name| name == "womac_stiffness").unwrap();
    let line = |(number, line): (usize, &str)| match (number, line.split(',').nth(place).unwrap()) {
        (0, _) => format!("{line},stiff\n"),
        (_, "") => format!("{line},\n"),
        (_, score) => format!("{line},{}\n", u8::from(score.parse::<f64>().unwrap() >= 4.0)),
    };
    knees.lines().enumerate().map(line).collect()
}

/// The patients of the synthetic trial with the knee injected first, left and right in no order.
fn with_first_knee(patients: &str) -> String {
    let line = |(number, line): (usize, &str)| match number {
        0 => format!("{line},first_knee\n"),
        _ => format!("{line},{}\n", if number * number % 7 < 3 { "LEFT" } else { "RIGHT" }),
    };
    patients.lines().enumerate().map(line).collect()
}

/// The synthetic trial with scores, a grade and yes/no endpoints, and these sections.
fn variant(analysis: &str, rest: &str) -> Run {
    tested(analysis, rest, ["", "", ""])
}

/// As [`variant`], with more keys of the primary score, the grade and the yes/no endpoint that changes.
pub fn tested(analysis: &str, rest: &str, keys: [&str; 3]) -> Run {
    analysed(&plan_of(analysis, rest, keys))
}

fn plan_of(analysis: &str, rest: &str, [score, grade, answer]: [&str; 3]) -> String {
    let plan = project::plan_of(DEMO);
    let head = plan.split_once("# The primary endpoint").unwrap().0;
    let endpoint = |name: &str, column: &str, more: &str| {
        format!("[[endpoint]]\nname = \"{name}\"\ncolumn = \"{column}\"\nbetter = \"lower\"\ndecimals = 0\n{more}\n")
    };
    let endpoints = [
        endpoint(
            "VAS pain",
            "vas",
            &format!(
                "range = [0, 100]\nmcid = 19.9\nmcid_relative = 0.3\nrole = \"primary\"\ndomain = \"pain\"\n{score}"
            ),
        ),
        endpoint("WOMAC function", "womac_function", "range = [0, 68]\nmargin = 6\ndomain = \"function\""),
        endpoint(
            "Effusion",
            "effusion",
            &format!("kind = \"ordinal\"\nrange = [0, 3]\nvisits = [\"Baseline\", \"Month 6\"]\n{grade}"),
        ),
        endpoint("ACL", "acl", "kind = \"binary\"\nrange = [0, 1]\nvisits = [\"Baseline\", \"Month 6\"]"),
        endpoint("Stiff", "stiff", &format!("kind = \"binary\"\nrange = [0, 1]\n{answer}")),
    ];
    let sets = "[[analysis_set]]\nname = \"FAS\"\nwhere = 'fas == \"Y\"'\n[[analysis_set]]\nname = \"PP\"\nwhere = 'pp == \"Y\"'\n";
    let rest = if rest.contains("[multiplicity]") {
        rest.to_owned()
    } else {
        format!("{rest}\n[multiplicity]\nmethod = \"holm\"\n")
    };
    format!("{head}{}{sets}[analysis]\n{analysis}\n{rest}\n", endpoints.concat())
}

/// The run of a plan about the synthetic trial with its two columns more.
fn analysed(plan: &str) -> Run {
    run(plan, |file| {
        let path = dataset(DEMO).join(file);
        Ok(match file {
            "knees.csv" => with_stiff_knees(&std::fs::read_to_string(path)?).into_bytes(),
            "patients.csv" => with_first_knee(&std::fs::read_to_string(path)?).into_bytes(),
            _ => std::fs::read(path)?,
        })
    })
}

const MODELS: &str = "sensitivity = [\"mmrm\", \"mmrm_difference\", \"clda\", \"ancova\", \"paired_t\"]\nsets = []";

#[test]
fn r_recomputes_every_structure_and_model() {
    if !r_is_here() {
        return;
    }
    for structure in ["pair", "random", "kron-us-us", "kron-us-ar1", "kron-us-cs", "us"] {
        let run = variant(&format!("structure = \"{structure}\"\n{MODELS}"), "");
        let fitted = run.outcomes.fits.iter().find(|fit| fit.decides).unwrap();
        assert_eq!(fitted.structure, structure);
        passes(
            structure,
            &run,
            250,
            &["mixed-model", ".mmrm ", "mmrm-difference", "clda", "ancova", "ls-mean", "log_lik"],
        );
    }
    let run = variant("random = \"(1|patient/knee)\"\nsensitivity = []\nsets = []", "");
    assert_eq!(run.outcomes.fits.iter().find(|fit| fit.decides).unwrap().structure, "declared");
    passes("declared intercepts", &run, 20, &["mixed-model", "ls-mean", "log_lik"]);
    for primary in ["mmrm", "mmrm_difference", "clda", "ancova"] {
        let name = primary.replace('_', "-");
        passes(
            primary,
            &variant(&format!("primary = \"{primary}\"\nsets = []"), ""),
            150,
            &[&format!("primary.{name}")],
        );
    }
}

#[test]
fn r_recomputes_every_method_for_the_degrees_of_freedom() {
    if !r_is_here() {
        return;
    }
    let methods =
        ["kenward-roger", "kenward-roger-linear", "satterthwaite", "between-within", "residual", "asymptotic"];
    for ddf in methods {
        for information in ["observed", "expected"] {
            if information == "expected" && !ddf.starts_with('k') && ddf != "satterthwaite" {
                continue;
            }
            for structure in ["random", "kron-us-ar1"] {
                let analysis = format!(
                    "structure = \"{structure}\"\nddf = \"{ddf}\"\ninformation = \"{information}\"\n\
                     sensitivity = [\"mmrm_difference\"]\nsets = []"
                );
                passes(&format!("{ddf} {information} {structure}"), &variant(&analysis, ""), 150, &["mixed-model"]);
            }
        }
    }
}

const ALL_TESTS: &str = "sensitivity = [\"paired_t\", \"wilcoxon\", \"sign\", \"permutation\", \"trimmed_t\", \
                         \"bootstrap\", \"ancova\", \"ordinal_mixed\", \"logistic_mixed\", \"gee\"]";
const SUBGROUPS: &str = "[[subgroup]]\ncolumn = \"sex\"\n[[subgroup]]\ncolumn = \"age\"\ncuts = [55, 65]\n";

#[test]
fn r_recomputes_one_sided_results_levels_measures_sets_and_terms() {
    if !r_is_here() {
        return;
    }
    let methods = ["gee", "ordinal-mixed", "logistic-mixed", "permutation", "bootstrap", "responder", "omeract-oarsi"];
    let one_sided = format!("alternative = \"towards-benefit\"\nalpha = 0.025\nsets = []\n{ALL_TESTS}");
    passes("towards benefit", &variant(&one_sided, SUBGROUPS), 250, &methods);
    passes(
        "alpha 0.01",
        &variant(&format!("alpha = 0.01\n{ALL_TESTS}"), SUBGROUPS),
        300,
        &["subgroup", "safety", ".pp."],
    );
    let change = "measure = \"change\"\nsensitivity = [\"mmrm\", \"mmrm_difference\", \"ancova\", \"wilcoxon\"]";
    passes("change", &variant(change, ""), 250, &["mixed-model", "mmrm-difference"]);
    let terms = "baseline = \"pair\"\nside = true\ncovariates = [\"age\", \"dominance\"]\nsensitivity = [\"mmrm\", \"clda\", \"gee\"]\nsets = []";
    passes("pair, side, covariates", &variant(terms, ""), 250, &["mixed-model", "clda", "gee", "ls-mean"]);
}

#[test]
fn r_recomputes_every_test_that_an_endpoint_can_ask_for() {
    if !r_is_here() {
        return;
    }
    let score = "margin = 6\nnon_inferiority_margin = 8\ntests = [\"paired-t\", \"tost\", \"non-inferiority\", \
                 \"concordance\", \"icc\", \"correlation\", \"pitman-morgan\", \"friedman\", \"rm-anova\"]";
    let grade = "tests = [\"wilcoxon\", \"stuart-maxwell\", \"bhapkar\", \"bowker\", \"win-odds\", \"kappa\", \
                 \"marginal-mean-scores\", \"marginal-mean-ranks\", \"proportional-odds\"]";
    let answer = "tests = [\"mcnemar\", \"cochran-q\", \"kappa\"]";
    let size = "[sample_size]\ndelta = 10\nsd = 20\ncorrelation = 0.5\npairs = 30\n";
    let asked = [
        "non-inferiority estimate",
        "concordance conf_high",
        "friedman statistic",
        "friedman.ev kendall_w",
        "rm-anova treatment:visit.p_gg",
        "bhapkar p_value",
        "effusion.m6.descriptive.kappa std_error",
        "marginal-mean-scores p_value",
        "marginal-mean-ranks conf_low",
        "proportional-odds std_error",
        "cochran-q.ev p_value",
        "sample-size pairs_needed_planned",
        "sample-size power_observed_sd_diff",
        "complete-pairs estimate",
        "stiff.m6.secondary.mcnemar p_value",
    ];
    for (analysis, asked) in [
        ("", asked.as_slice()),
        ("measure = \"change\"", asked.as_slice()),
        ("alternative = \"towards-benefit\"\nalpha = 0.025", &asked[..4]),
    ] {
        let run = tested(&format!("{analysis}\nsets = []"), size, [score, grade, answer]);
        passes(analysis, &run, 300, asked);
    }
    // Without a baseline visit three visits are compared: sphericity can fail.
    let mut plan = plan_of("baseline = \"none\"\nsets = []", "", ["tests = [\"friedman\", \"rm-anova\"]", "", ""]);
    let baseline = [
        "baseline = \"Baseline\"\n",
        "mcid = 19.9\nmcid_relative = 0.3\n",
        "domain = \"pain\"",
        "domain = \"function\"",
    ];
    for key in baseline {
        assert!(plan.contains(key), "{key}");
        plan = plan.replacen(key, "", 1);
    }
    let asked = [
        "rm-anova treatment:visit.p_gg",
        "rm-anova visit.p_hf",
        "friedman kendall_w",
        "vas.baseline.complete-pairs df",
    ];
    passes("no baseline", &analysed(&plan), 300, &asked);
}

#[test]
fn r_recomputes_the_order_of_injection_and_the_structures_of_differences() {
    if !r_is_here() {
        return;
    }
    for (structure, in_sas) in [("ar1", "ar(1)"), ("ar1h", "arh(1)"), ("cs", "cs"), ("csh", "csh")] {
        let analysis = format!(
            "injected_first = \"first_knee\"\nside = true\ncovariates = [\"age\", \"dominance\"]\n\
             difference_structure = [\"{structure}\"]\nsensitivity = [\"mmrm_difference\", \"gee\"]\nsets = []"
        );
        let run = variant(&analysis, "");
        let terms = programs(&run)["expected.csv"].clone();
        assert!(
            terms.contains("+ side + injection + age + dominance") && terms.contains("+ injection_difference"),
            "{terms}"
        );
        assert!(terms.contains(&format!("{structure}(visit|patient)")), "{terms}");
        let sas = programs(&run)["verify.sas"].clone();
        let repeated = format!("repeated visit_number / subject=patient type={in_sas};");
        for expected in [
            &repeated,
            "side_difference injection_difference",
            "class patient cell treatment visit_number side injection",
        ] {
            assert!(sas.contains(expected), "{expected}\n{sas}");
        }
        passes(structure, &run, 250, &["mixed-model", "mmrm-difference", "complete-pairs", "gee"]);
    }
}

#[test]
fn r_recomputes_every_multiplicity_procedure() {
    if !r_is_here() {
        return;
    }
    let family = "family = [\"vas\", \"womac_function\", \"effusion\", \"acl\"]";
    for method in ["holm", "hochberg", "hommel", "bonferroni", "bh", "by", "fixed-sequence", "graphical"] {
        let graph = if method == "graphical" {
            "shares = [0.5, 0.3, 0.2, 0]\n\
             transitions = [[0, 0.5, 0.5, 0], [0.3, 0, 0.3, 0.4], [0.5, 0.5, 0, 0], [1, 0, 0, 0]]"
        } else {
            "visits = \"all\""
        };
        let rest = format!("[multiplicity]\nmethod = \"{method}\"\n{family}\n{graph}\n");
        let run = variant("primary = \"paired_t\"\nsensitivity = []\nsets = []", &rest);
        passes(method, &run, 100, &["multiplicity.vas", "p_adjusted", "rejected"]);
    }
    // Several primary endpoints are a family of their own, beside that of the secondary ones.
    for primary in ["co-primary", "holm", "hochberg", "hommel", "bonferroni", "fixed-sequence"] {
        let rest = format!("[multiplicity]\nmethod = \"holm\"\nprimary = \"{primary}\"\n");
        let plan = plan_of("primary = \"paired_t\"\nsensitivity = []\nsets = []", &rest, ["", "", ""]);
        let run = analysed(&plan.replace("range = [0, 68]\n", "range = [0, 68]\nrole = \"primary\"\n"));
        let asked =
            ["multiplicity.vas p_adjusted", "multiplicity.womac_function rejected", "multiplicity.effusion p_adjusted"];
        passes(primary, &run, 100, &asked);
    }
}

/// Pairs of one endpoint at one visit.
fn of_pairs(kind: &str, analysis: &str, pairs: &[(f64, f64)]) -> Run {
    let plan = format!(
        "[trial]\nid = \"P\"\ntitle = \"Pairs\"\n[data]\npath = \"p.csv\"\ncolumns = {{ patient = \"id\", knee = \"side\", arm = \
         \"arm\" }}\n[arms]\nactive = \"EV\"\nplacebo = \"P\"\n[[endpoint]]\nname = \"Value\"\ncolumn = \"v\"\nbetter = \
         \"lower\"\n{kind}[analysis]\n{analysis}\n"
    );
    let rows = pairs.iter().enumerate().map(|(n, (active, placebo))| format!("{n},L,EV,{active}\n{n},R,P,{placebo}\n"));
    let file = format!("id,side,arm,v\n{}", rows.collect::<String>());
    run(&plan, |_| Ok(file.clone().into_bytes()))
}

#[test]
fn r_skips_what_is_refused_and_knows_the_limits_of_few_pairs_and_perfect_correlation() {
    if !r_is_here() {
        return;
    }
    // Refused as the deciding method with so few pairs; among others it is recomputed.
    let few = [(31.0, 40.0), (42.0, 46.5), (28.0, 33.0)];
    let (printed, succeeded) =
        recomputed(&programs(&of_pairs("", "primary = \"bootstrap\"\nsensitivity = [\"paired_t\"]", &few)));
    assert!(succeeded && printed.contains("refused: too few pairs"), "{printed}");
    for pairs in [&few[..], &[(31.0, 40.0), (42.0, 46.0), (28.0, 33.0), (50.0, 44.0)]] {
        passes(
            "few pairs",
            &of_pairs("", "primary = \"paired_t\"\nsensitivity = [\"bootstrap\"]", pairs),
            20,
            &["bootstrap conf_high"],
        );
    }
    // No discordant pair: the correlation is 1, and there is no test of it.
    let alike: Vec<(f64, f64)> = (0..10).map(|n| f64::from(u8::from(n < 4))).map(|value| (value, value)).collect();
    let run = of_pairs("kind = \"binary\"\n", "primary = \"mcnemar\"", &alike);
    passes("no discordant pair", &run, 20, &["correlation estimate"]);
    for record in run.outcomes.records.iter().filter(|record| record.result.method.contains("correlation")) {
        assert_ne!(record.result.p_value, Some(0.0), "{}", record.id);
    }
}

/// A side at its floor, one-decimal changes with ties and zeros, and grades without a range that are not all seen at every
/// visit: sound trials pass.
#[test]
fn r_recomputes_floors_decimals_and_grades_without_a_range() {
    if !r_is_here() {
        return;
    }
    let mut csv = "id,side,arm,visit,floor,score,grade\n".to_owned();
    for patient in 0..12_usize {
        for (arm, side) in [("EV", "L"), ("SAL", "R")] {
            for (visit, label) in ["B", "M1", "M2"].into_iter().enumerate() {
                let noise = (patient * 7 + visit * 5 + usize::from(arm == "EV") * 3) % 11;
                let floor = if arm == "SAL" { 10 } else { 10 + noise };
                let tenths = 50 + noise + patient % 3 - visit;
                let grade = if visit == 2 { noise % 3 } else { noise % 4 };
                csv.push_str(&format!(
                    "P{patient:02},{side},{arm},{label},{floor},{}.{},{grade}\n",
                    tenths / 10,
                    tenths % 10
                ));
            }
        }
    }
    let plan = "[trial]\nid = \"X\"\ntitle = \"t\"\nsynthetic = true\n[data]\npath = \"k.csv\"\n\
         columns = { patient = \"id\", knee = \"side\", arm = \"arm\", visit = \"visit\" }\n\
         [arms]\nactive = \"EV\"\nplacebo = \"SAL\"\n[visits]\norder = [\"B\", \"M1\", \"M2\"]\nbaseline = \"B\"\n\
         [[endpoint]]\nname = \"Score\"\ncolumn = \"score\"\nrole = \"primary\"\nbetter = \"lower\"\n\
         tests = [\"wilcoxon\", \"friedman\", \"sign\", \"win-odds\"]\n\
         [[endpoint]]\nname = \"Floor\"\ncolumn = \"floor\"\nbetter = \"lower\"\n\
         [[endpoint]]\nname = \"Grade\"\ncolumn = \"grade\"\nkind = \"ordinal\"\nbetter = \"lower\"\n\
         [analysis]\nprimary = \"wilcoxon\"\nmeasure = \"change\"\nsensitivity = []\nweights = \"observed\"\n";
    let run = run(plan, |_| Ok(csv.clone().into_bytes()));
    passes(
        "floors",
        &run,
        60,
        &["floor.m2.meta-analysis", "grade.m2.sensitivity.bowker", "score.sensitivity.friedman"],
    );
}

#[test]
fn a_wrong_number_fails() {
    if !r_is_here() {
        return;
    }
    let mut files = programs(&project::run("shoes", &project::plan_of("shoes")));
    let expected = files["expected.csv"].clone();
    let wrong = expected.replace(",-0.41", ",-0.42").replace(",-0.409", ",-0.419");
    assert_ne!(wrong, expected, "{expected}");
    files.insert("expected.csv".to_owned(), wrong);
    let (printed, succeeded) = recomputed(&files);
    assert!(!succeeded && printed.contains("FAIL"), "{printed}");
}

/// A trial whose every label is `text`.
fn labelled(text: &str) -> Run {
    let toml = |text: &str| serde_json::to_string(text).unwrap();
    let cell = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let plan = format!(
        "[trial]\nid = \"T\"\ntitle = {t}\n[data]\npath = \"knees.csv\"\n\
         columns = {{ patient = \"id\", knee = \"side\", arm = \"arm\", visit = \"visit\" }}\n\
         [arms]\nactive = {a}\nplacebo = {p}\n[visits]\norder = [{v0}, {v1}, {v2}]\nbaseline = {v0}\n\
         [[endpoint]]\nname = {t}\ncolumn = \"score\"\nbetter = \"lower\"\n\
         [analysis]\nsensitivity = [\"paired_t\", \"wilcoxon\", \"mmrm\", \"clda\", \"gee\"]\n",
        t = toml(text),
        a = toml(&format!("{text} A")),
        p = toml(&format!("{text} B")),
        v0 = toml(&format!("{text} 0")),
        v1 = toml(&format!("{text} 1")),
        v2 = toml(&format!("{text} 2")),
    );
    let mut data = String::from("id,side,arm,visit,score\n");
    for patient in 0..14_u32 {
        for (knee, (side, arm)) in [("LEFT", "A"), ("RIGHT", "B")].into_iter().enumerate() {
            for visit in 0..3_u32 {
                let score = 40 + (patient * 7 + visit * 5 + knee as u32 * (3 + patient % 5) + patient * visit * 3) % 23;
                let cells = [cell(&format!("{text} {patient}")), side.to_owned(), cell(&format!("{text} {arm}"))];
                data.push_str(&format!("{},{},{score}\n", cells.join(","), cell(&format!("{text} {visit}"))));
            }
        }
    }
    run(&plan, |_| Ok(data.clone().into_bytes()))
}

#[test]
fn hostile_labels_stay_text_in_both_programs() {
    for text in ["it's; %include 'x'; &amp", "\"quoted\", */ run;", "NA", "膝の痛み", "a\\b"] {
        let run = labelled(text);
        let files = programs(&run);
        let sas = &files["verify.sas"];
        // Outside of literals nothing of the text remains.
        let outside: String = sas.split('\'').step_by(2).collect();
        for word in ["%include", "&amp", "quoted", "膝"] {
            assert!(!outside.contains(word), "{text}: {word}");
        }
        assert_eq!(sas.matches('\'').count() % 2, 0, "{text}");
        if r_is_here() {
            passes(text, &run, 60, &["mixed-model", "clda"]);
        }
    }
}

#[test]
fn the_sas_program_has_a_step_for_every_model_and_short_lines() {
    let run = variant(&format!("structure = \"kron-us-ar1\"\nddf = \"kenward-roger-linear\"\n{MODELS}"), "");
    let sas = programs(&run)["verify.sas"].clone();
    for expected in [
        "type=un@ar(1)",
        "ddfm=kr(firstorder)",
        "repeated visit_number / subject=patient type=un;",
        "lsmeans treatment*visit_number / diff cl alpha=0.05;",
        "proc ttest data=pairs alpha=0.05 sides=2",
        "proc reg data=ancova",
        "estimate 'v2' arm1_visit2 1 / cl alpha=0.05;",
        "input patient $ active_side",
    ] {
        assert!(sas.contains(expected), "{expected}\n{sas}");
    }
    let expanded = expanded(&sas);
    let models = expanded.matches("proc mixed data=m").count();
    assert_eq!(models, run.outcomes.fits.len(), "one step per fitted model");
    assert!(sas.matches("proc mixed data=m").count() < models, "models of one shape share a macro");
    assert!(!expanded.contains('&') && !expanded.contains("%m"), "every parameter and macro is resolved");
    well_formed(&expanded);
    let long: Vec<&str> = sas.lines().filter(|line| line.len() > 120 && !line.contains("/* Model")).collect();
    assert!(long.is_empty(), "{long:#?}");
    // Every comment is closed.
    assert_eq!(sas.matches("/*").count(), sas.matches("*/").count());
}

/// The program with its macros put in the place of their calls, as the macro processor does it.
fn expanded(sas: &str) -> String {
    let mut macros: BTreeMap<String, String> = BTreeMap::new();
    let (mut out, mut lines) = (String::new(), sas.lines());
    while let Some(line) = lines.next() {
        if let Some(head) = line.strip_prefix("%macro ") {
            let (name, parameters) = head.split_once('(').expect("parameters");
            assert_eq!(parameters, "n=, endpoint=, set=, visits=);");
            let end = format!("%mend {name};");
            let body: Vec<&str> = lines.by_ref().take_while(|line| *line != end).collect();
            assert!(macros.insert(name.to_owned(), body.join("\n")).is_none(), "{name} is defined once");
            continue;
        }
        let Some((name, given)) = line.strip_prefix('%').and_then(|call| call.split_once('(')) else {
            out.push_str(line);
            out.push('\n');
            continue;
        };
        let mut body = macros.get(name).unwrap_or_else(|| panic!("%{name} is called before it is defined")).clone();
        // A comma inside a literal separates nothing.
        let (mut quoted, mut values) = (false, vec![String::new()]);
        for c in given.strip_suffix(')').expect("the call is closed on its line").chars() {
            quoted ^= c == '\'';
            match c {
                ',' if !quoted => values.push(String::new()),
                c => values.last_mut().unwrap().push(c),
            }
        }
        for value in values {
            let (parameter, value) = value.trim().split_once('=').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
            body = body.replace(&format!("&{parameter}."), &value);
        }
        out.push_str(&body);
        out.push('\n');
    }
    out
}

/// What can be checked of a SAS program without SAS: every step ends, parentheses close in their statement, and every data
/// set that is read was made before.
fn well_formed(sas: &str) {
    let mut plain = String::new();
    let mut rest = sas;
    while let Some(at) = rest.find("/*") {
        plain.push_str(&rest[..at]);
        rest = &rest[at..][rest[at..].find("*/").expect("the comment is closed") + 2..];
    }
    plain.push_str(rest);
    // Literals hold nothing that the language looks at.
    let plain: String = plain.split('\'').enumerate().map(|(at, part)| if at % 2 == 0 { part } else { "''" }).collect();
    let mut made: std::collections::BTreeSet<String> = std::collections::BTreeSet::new();
    let mut open: Option<String> = None;
    for statement in plain.split(';').map(str::trim).filter(|statement| !statement.is_empty()) {
        let (opened, closed) = (statement.matches('(').count(), statement.matches(')').count());
        assert_eq!(opened, closed, "parentheses of `{statement}`");
        let flat: String = statement.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
        let words: Vec<&str> = flat.split([' ', '(', ')', ',']).filter(|word| !word.is_empty()).collect();
        let step = matches!(words[0], "data" | "proc") && flat != "data";
        if step {
            assert!(open.is_none(), "`{flat}` begins before `{}` ended", open.unwrap_or_default());
            open = Some(flat.clone());
        }
        let mut read: Vec<&str> = flat.split(' ').filter_map(|word| word.strip_prefix("data=")).collect();
        if open.as_deref().is_some_and(|step| step.starts_with("data ")) && matches!(words[0], "set" | "merge") {
            // Options of a data set stand in parentheses.
            let mut depth = 0;
            let names = flat.split_at(words[0].len()).1;
            let outside: String = names
                .chars()
                .filter(|c| {
                    depth += i32::from(*c == '(') - i32::from(*c == ')');
                    depth == 0 && *c != ')'
                })
                .collect();
            let used: Vec<String> = outside.split_whitespace().map(str::to_owned).collect();
            assert!(used.iter().all(|name| made.contains(name)), "`{flat}` reads what no step made: {made:?}");
        }
        read.retain(|name| !made.contains(*name));
        assert!(read.is_empty(), "`{flat}` reads {read:?}, which no step made");
        if words[0] == "data" {
            made.extend(words[1..].iter().map(|name| (*name).to_owned()));
        }
        if flat.starts_with("ods output") || flat.starts_with("proc stdize") {
            made.extend(flat.split(' ').filter_map(|word| word.split_once('=')).map(|(_, name)| name.to_owned()));
        }
        if flat.starts_with("create table") {
            made.insert(words[2].to_owned());
        }
        if matches!(flat.as_str(), "run" | "quit") {
            open = None;
        }
    }
    assert!(open.is_none(), "{open:?} does not end");
}

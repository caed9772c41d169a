//! Three and more arms within a person: the contrasts of a plan, their adjustment, verdicts, report and refusals.
//!
//! The synthetic data (two of three arms per volunteer, two sites missing) are those of the reference case
//! `weekly_arms_two_of_three`; its figures are of R 4.2.2 with lmerTest 3.1.3, emmeans 1.8.4-1 and, for the multivariate t,
//! its own angular quadrature with each contrast's own degrees of freedom.

use crate::skip::{Needs, skip};
use splitknee::analysis::{Claim, Interval, Record, Withheld};
use splitknee::pipeline::{self, Run};
use splitknee::plan;
use std::path::Path;

/// Arms and values of the volunteers, in order: the first site, then the second; `NA` was not measured.
const VALUES: &str = "\
    A:39.6 B:30.7;B:51.5 A:44.6;A:47.4;A:36.4 B:37.7;A:39.8 B:45.6;B:35.6 A:39.9;B:15.5 A:17;\
    A:53.4 B:48.4;A:63.4 B:68.4;A:58.9 B:69.1;C:32.1 A:10.1;A:27 C:26.9;A:35.6 C:60.3;C:82.9 A:65.1;\
    C:58.9 A:57.6;C:51.6 A:45.7;A:34.4 C:54.9;A:44.1 C:42.3;C:56.6 A:43.3;C:58 B:41.2;C:31.3 B:44.8;\
    C:56.8 B:61.3;C:64.2 B:51.9;B:37.1 C:63.4;B:38.9 C:44.3;C:53.7 B:41.9;C:55.2 B:46.2;B:47.1 C:43.8;\
    C:49.2 B:46.9;B:52.3";

const PLAN: &str = "[trial]\nid = \"TWO\"\ntitle = \"Two of three gels\"\nsynthetic = true\nsite = \"wound\"\n\
    [data]\npath = \"data.csv\"\ncolumns = { patient = \"id\", arm = \"arm\" }\n\
    [arms]\nactive = \"B\"\nplacebo = \"A\"\nother = [\"C\"]\n\
    contrasts = [\"B - A\", \"C - A\", \"C - B\"]\nadjust = \"mvt\"\n\
    [[endpoint]]\nname = \"Pain\"\ncolumn = \"value\"\nbetter = \"lower\"\nrole = \"primary\"\ndecimals = 1\n\
    [analysis]\nddf = \"satterthwaite\"\n";

fn data() -> String {
    let mut csv = "id,arm,value\n".to_owned();
    for (number, volunteer) in VALUES.split(';').enumerate() {
        for site in volunteer.split(' ') {
            let (arm, value) = site.split_once(':').unwrap();
            csv.push_str(&format!("{},{arm},{value}\n", number + 1));
        }
    }
    csv
}

fn run_on(plan: &str, data: &[u8]) -> Run {
    let inputs = pipeline::read_from(plan, "plan.toml", |_| Ok(data.to_vec()));
    let inputs = inputs.unwrap_or_else(|findings| panic!("{findings:?}\n{plan}"));
    pipeline::analyse(inputs).unwrap_or_else(|findings| panic!("{findings:?}\n{plan}"))
}

fn run(replaced: &[(&str, &str)]) -> Run {
    run_on(&with(replaced), data().as_bytes())
}

fn with(replaced: &[(&str, &str)]) -> String {
    replaced.iter().fold(PLAN.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replace(from, to)
    })
}

fn record<'a>(run: &'a Run, id: &str) -> &'a Record {
    run.outcomes.records.iter().find(|record| record.id == id).unwrap_or_else(|| panic!("no record {id}"))
}

fn near(what: &str, ours: Option<f64>, expected: f64, tolerance: f64) {
    let ours = ours.unwrap_or_else(|| panic!("{what}: no number"));
    assert!((ours - expected).abs() <= tolerance * expected.abs().max(1.0), "{what}: {ours} against {expected}");
}

/// Estimate, SE, df and p, then adjusted p and limits.
type Expected = ([f64; 4], [f64; 3]);

fn check(run: &Run, id: &str, ([estimate, error, df, p], [adjusted, low, high]): Expected) {
    let record = record(run, id);
    let result = &record.result;
    near(id, result.estimate, estimate, 1e-7);
    near(id, result.std_error, error, 1e-4);
    near(id, result.df, df, 1e-4);
    near(id, result.p_value, p, 1e-3);
    near(id, record.p_adjusted, adjusted, 1e-3);
    near(id, result.number("conf_low_adjusted"), low, 1e-3);
    near(id, result.number("conf_high_adjusted"), high, 1e-3);
}

#[test]
fn the_contrasts_are_those_of_lmertest_and_the_multivariate_t() {
    // (1|id) of lme4 is the pair model with a correlation that is positive; Satterthwaite of lmerTest.
    let plan = [("ddf = \"satterthwaite\"", "ddf = \"satterthwaite\"\nrandom = \"(1|patient)\"")];
    let found = run(&plan);
    // emmeans `pairs(reverse = TRUE)`; case `contrasts.satterthwaite.mvt`.
    let expected: [(&str, Expected); 3] = [
        (
            "value.single.contrast.b.a",
            (
                [2.6837820973963367, 2.507510976301435, 30.283209034479793, 0.2929422990635408],
                [0.5393841733603892, -3.494766023716624, 8.862330218509298],
            ),
        ),
        (
            "value.single.contrast.c.a",
            (
                [9.947280805102205, 2.5186031132016233, 29.859859546221262, 0.0004412966778607718],
                [0.0012477540639371787, 3.736919696497643, 16.157641913706765],
            ),
        ),
        (
            "value.single.contrast.c.b",
            (
                [7.2634987077058675, 2.4591561535006705, 29.521418698213676, 0.006109118596751943],
                [0.016333373643037996, 1.1961292172995703, 13.330868198112164],
            ),
        ),
    ];
    for (id, values) in expected {
        check(&found, id, values);
    }
    // Persons and wounds by hand from the data: 9, 9 and 10 had both arms, 19, 20 and 19 had A, B and C.
    let counts = |id: &str| {
        let record = record(&found, id);
        let number = |name: &str| record.result.number(name).unwrap() as usize;
        (record.result.n_pairs, number("n_first"), number("n_second"), number("n_patients"), number("n_sites"))
    };
    assert_eq!(counts("value.single.contrast.b.a"), (9, 20, 19, 30, 39));
    assert_eq!(counts("value.single.contrast.c.a"), (9, 19, 19, 29, 38));
    assert_eq!(counts("value.single.contrast.c.b"), (10, 19, 20, 29, 39));
    // The same bits as the model's own contrast of active and placebo.
    let primary = record(&found, "value.single.primary.mixed-model");
    let first = record(&found, "value.single.contrast.b.a");
    assert_eq!(primary.result.estimate, first.result.estimate);
    assert_eq!(primary.p_adjusted, first.p_adjusted);
}

#[test]
fn tukey_dunnett_holm_and_none() {
    let random = ("ddf = \"satterthwaite\"", "ddf = \"satterthwaite\"\nrandom = \"(1|patient)\"");
    let mvt = "adjust = \"mvt\"";
    // emmeans adjust = "tukey"; p.adjust(p, "holm").
    let tukey = run(&[random, (mvt, "adjust = \"tukey\"")]);
    near("tukey", record(&tukey, "value.single.contrast.c.b").p_adjusted, 0.016336070474833986, 1e-4);
    let holm = run(&[random, (mvt, "adjust = \"holm\"")]);
    let second = record(&holm, "value.single.contrast.c.b");
    near("holm", second.p_adjusted, 0.012218237193503886, 1e-4);
    assert_eq!(second.result.number("conf_low_adjusted"), None);
    // Case `contrasts.satterthwaite.dunnett`.
    let dunnett = run(&[random, (mvt, "adjust = \"dunnett\""), (", \"C - B\"]", "]")]);
    near("dunnett", record(&dunnett, "value.single.contrast.c.a").p_adjusted, 0.0008542129434652157, 1e-4);
    near("dunnett", record(&dunnett, "value.single.contrast.b.a").p_adjusted, 0.4630377055333339, 1e-4);
    let none = run(&[(mvt, "adjust = \"none\"")]);
    let described = record(&none, "value.single.contrast.c.a");
    assert_eq!(described.p_adjusted, None);
    let verdict = described.verdict.unwrap();
    assert_eq!((verdict.claim, verdict.withheld), (Claim::None, Some(Withheld::Exploratory)));
    assert_eq!(record(&none, "value.single.primary.mixed-model").p_adjusted, None);
}

#[test]
fn claims_follow_the_adjusted_p_value_and_gate_what_waits() {
    let found = run(&[]);
    let verdict = |id: &str| record(&found, id).verdict.unwrap();
    let worse = verdict("value.single.contrast.c.a");
    assert_eq!((worse.claim, worse.family), (Claim::Inferior, Some("contrasts")));
    assert_eq!(verdict("value.single.contrast.b.a").interval, Interval::IncludesNull);
    // C − A as the primary comparison: p = 0.0004, adjusted 0.001; B − C of p = 0.006 is held against 0.017.
    let swapped = [
        ("active = \"B\"\nplacebo = \"A\"\nother = [\"C\"]", "active = \"A\"\nplacebo = \"C\"\nother = [\"B\"]"),
        ("[\"B - A\", \"C - A\", \"C - B\"]", "[\"A - C\", \"B - C\", \"A - B\"]"),
    ];
    let secondary = "[[endpoint]]\nname = \"Again\"\nid = \"again\"\ncolumn = \"value\"\nbetter = \"lower\"\n\
                     role = \"secondary\"\ndecimals = 1\n[multiplicity]\nmethod = \"holm\"\n[analysis]";
    let mut plan = with(&swapped).replace("[analysis]", secondary);
    let three = run_on(&plan, data().as_bytes());
    assert_eq!(record(&three, "value.single.primary.mixed-model").verdict.unwrap().claim, Claim::Superior);
    // A − B is not rejected, so that the secondary endpoint stays closed although the first contrast is claimed.
    let waiting = record(&three, "again.single.secondary.mixed-model").verdict.unwrap();
    assert_eq!((waiting.claim, waiting.withheld), (Claim::None, Some(Withheld::Gate)));
    // On the terminal, too, every mark has its reason.
    let said = splitknee::cli::run_summary::summary(&three, Path::new("out"), 120);
    let marked = said.lines().filter(|line| line.trim_end().ends_with('*')).count();
    let reasons = said.lines().filter(|line| line.starts_with("* not claimed"));
    let counts = reasons.filter_map(|line| line.rsplit_once('(')?.1.trim_end_matches(')').parse::<usize>().ok());
    assert_eq!(marked, counts.sum::<usize>(), "{said}");
    assert!(marked > 1, "{said}");
    // What is not claimed says what it waits for: the primary comparison itself is claimed.
    assert!(said.contains("it waits for all contrasts of the arms") && !said.contains("primary objective"), "{said}");
    plan = plan.replace(", \"A - B\"]", "]");
    let two = run_on(&plan, data().as_bytes());
    assert_eq!(record(&two, "again.single.secondary.mixed-model").verdict.unwrap().claim, Claim::Superior);
}

#[test]
fn the_order_of_rows_and_the_names_of_arms_change_nothing() {
    let plain = run(&[]);
    let text = data();
    let (head, rows) = text.split_once('\n').unwrap();
    let mut rows: Vec<&str> = rows.lines().collect();
    rows.reverse();
    let turned = run_on(PLAN, format!("{head}\n{}\n", rows.join("\n")).as_bytes());
    let with_minus = with(&[
        ("active = \"B\"", "active = \"B - 2\""),
        ("contrasts = [\"B - A\", \"C - A\", \"C - B\"]", "contrasts = [\"B - 2 - A\", \"C - A\", \"C - B - 2\"]"),
    ]);
    let renamed = run_on(&with_minus, text.replace(",B,", ",B - 2,").as_bytes());
    let estimate = |run: &Run, id: &str| record(run, id).result.estimate;
    let id = "value.single.contrast.c.a";
    near("order", estimate(&turned, id), estimate(&plain, id).unwrap(), 1e-9);
    near("names", estimate(&renamed, "value.single.contrast.b-2.a"), 2.6837820973963367, 1e-7);
}

#[test]
fn refusals_say_what_to_write() {
    let contrasts = "contrasts = [\"B - A\", \"C - A\", \"C - B\"]";
    let adjust = "adjust = \"mvt\"";
    for (replaced, rule, said) in [
        ((contrasts, "contrasts = [\"B - A\", \"D - A\"]"), "SK008", "`D`"),
        ((contrasts, "contrasts = [\"B - A\", \"C\"]"), "SK008", "no contrast"),
        ((contrasts, "contrasts = [\"B - A\", \"C - C\"]"), "SK008", "with itself"),
        ((contrasts, "contrasts = [\"B - A\", \"A - B\"]"), "SK009", "twice"),
        ((contrasts, "contrasts = [\"C - A\", \"B - A\"]"), "SK012", "primary comparison"),
        ((contrasts, ""), "SK012", "none is declared"),
        ((adjust, "adjust = \"dunnett\""), "SK017", "several"),
        ((", \"C - B\"]\nadjust = \"mvt\"", "]\nadjust = \"tukey\""), "SK017", "3 arms have 3, and 2 are declared"),
        (("[analysis]\n", "[analysis]\nprimary = \"paired_t\"\n"), "SK012", "compares two"),
        (("[analysis]\n", "[analysis]\nalternative = \"towards-benefit\"\n"), "SK017", "two-sided"),
        (("[analysis]\n", "[multiplicity]\nmethod = \"holm\"\nfamily = [\"value\"]\n[analysis]\n"), "SK017", "too"),
        (("role = \"primary\"", "role = \"primary\"\nkind = \"ordinal\"\nrange = [0, 4]"), "SK017", "no score"),
    ] {
        let findings = plan::parse(&with(&[replaced]), "plan.toml").unwrap_err();
        let found = findings.iter().find(|finding| finding.rule == rule && finding.message.contains(said));
        assert!(found.is_some_and(|finding| !finding.remedy.is_empty()), "{replaced:?}: {findings:?}");
    }
    let findings = plan::parse(&with(&[(adjust, "adjust = \"scheffe\"")]), "plan.toml").unwrap_err();
    assert!(findings.iter().any(|finding| finding.message.contains("scheffe")), "{findings:?}");
}

#[test]
fn the_real_wound_trial() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/real/vasscores.csv");
    let Ok(bytes) = std::fs::read(&path) else {
        skip(Needs::Data, "the real trial with wounds (vasscores.csv)");
        return;
    };
    let plan = "[trial]\nid = \"ZINC\"\ntitle = \"Zinc gel\"\nsite = \"wound\"\n\
        [data]\npath = \"vasscores.csv\"\ncolumns = { patient = \"id\", arm = \"treatment\" }\n\
        [arms]\nactive = \"A\"\nplacebo = \"C\"\nother = [\"B\"]\ncontrasts = [\"A - C\", \"B - C\"]\nadjust = \"dunnett\"\n\
        [[endpoint]]\nname = \"VAS\"\ncolumn = \"vas\"\nbetter = \"lower\"\nrole = \"primary\"\ndecimals = 1\n\
        [analysis]\nddf = \"kenward-roger\"\ninformation = \"expected\"\nrandom = \"(1|patient)\"\n";
    let found = run_on(plan, &bytes);
    // Case weekly_arms_vasscores, `dunnett_vs_C.kenward_roger`: pbkrtest's Kenward–Roger, own quadrature.
    check(
        &found,
        "vas.single.contrast.a.c",
        (
            [16.56623200579375, 7.419773729583918, 30.103498933390252, 0.03315345925752353],
            [0.06040543445347013, -0.6503324695988297, 33.78279648118633],
        ),
    );
    check(
        &found,
        "vas.single.contrast.b.c",
        (
            [24.98960234410551, 7.419773729583918, 30.103498933390252, 0.002086486663764128],
            [0.004002148284131479, 7.77303786871293, 42.206166819498094],
        ),
    );
    // A − C excludes 0 by itself, and is not confirmed after adjustment.
    let primary = record(&found, "vas.single.primary.mixed-model").verdict.unwrap();
    assert_eq!((primary.claim, primary.withheld), (Claim::None, Some(Withheld::Family)));
    assert_eq!(record(&found, "vas.single.contrast.b.c").verdict.unwrap().claim, Claim::Inferior);
    let said = splitknee::cli::run_summary::summary(&found, Path::new("out"), 120);
    assert!(said.contains("VAS, B − C") && said.contains("24.99 (9.84 to 40.14)"), "{said}");
}

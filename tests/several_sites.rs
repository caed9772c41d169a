//! More than two sites per person, each on a treatment of its own: the model with all of them, true counts of persons and
//! sites, a report, dummy treatments, and what is refused.
//!
//! The data are those of the reference case `weekly_arms_four_sites` (R 4.2.2, lmerTest 3.1.3, pbkrtest 0.5.2; the multivariate
//! t by its own angular quadrature).

use serde_json::Value;
use splitknee::analysis::Record;
use splitknee::pipeline::{self, Run};
use splitknee::report::compose;
use splitknee::trial::Finding;
use std::path::{Path, PathBuf};

fn case(file: &str) -> String {
    let folder: PathBuf =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/splitknee-stats/tests/reference/weekly_arms_four_sites");
    std::fs::read_to_string(folder.join(file)).unwrap()
}

fn expected(id: &str) -> Value {
    let all: Value = serde_json::from_str(&case("expected.json")).unwrap();
    all["results"].as_array().unwrap().iter().find(|found| found["id"] == id).unwrap()["values"].clone()
}

const ALL: &str = "contrasts = [\"B - A\", \"C - A\", \"C - B\", \"D - A\", \"D - B\", \"D - C\"]\nadjust = \"mvt\"\n";

fn plan(analysis: &str) -> String {
    format!(
        "[trial]\nid = \"FOUR\"\ntitle = \"Four dressings\"\nsynthetic = true\nsite = \"wound\"\n\
         [data]\npath = \"data.csv\"\ncolumns = {{ patient = \"id\", knee = \"site\", arm = \"arm\" }}\n\
         [arms]\nactive = \"B\"\nplacebo = \"A\"\nother = [\"C\", \"D\"]\n{ALL}\
         [[endpoint]]\nname = \"Pain\"\ncolumn = \"value\"\nbetter = \"lower\"\nrole = \"primary\"\ndecimals = 0\n\
         [analysis]\n{analysis}"
    )
}

fn read(plan: &str, data: &str) -> Result<Run, Vec<Finding>> {
    pipeline::analyse(pipeline::read_from(plan, "plan.toml", |_| Ok(data.as_bytes().to_vec()))?)
}

fn run(plan: &str, data: &str) -> Run {
    read(plan, data).unwrap_or_else(|findings| panic!("{findings:#?}\n{plan}"))
}

fn record<'r>(run: &'r Run, id: &str) -> &'r Record {
    let ids = || run.outcomes.records.iter().map(|record| record.id.as_str()).collect::<Vec<_>>();
    run.outcomes.records.iter().find(|record| record.id == id).unwrap_or_else(|| panic!("{id}: {:?}", ids()))
}

#[test]
fn four_sites_are_analysed_with_all_their_persons() {
    let random = "random = \"(1|patient)\"\nddf = \"kenward-roger\"\ninformation = \"expected\"\n";
    for (file, prefix, side, sites) in
        [("data_complete.csv", "complete", "", [12, 12, 12, 12]), ("data.csv", "incomplete", "side = true\n", [0; 4])]
    {
        let run = run(&plan(&format!("{random}{side}")), &case(file));
        let theirs = expected(&format!("{prefix}.contrasts.kenward_roger.mvt"));
        for (i, name) in theirs["contrast"].as_array().unwrap().iter().enumerate() {
            let arms = name.as_str().unwrap().to_lowercase().replace(" - ", ".");
            let found = record(&run, &format!("value.single.contrast.{arms}"));
            let near = |ours: Option<f64>, field: &str| {
                let theirs = theirs[field][i].as_f64().unwrap();
                assert!(
                    (ours.unwrap() - theirs).abs() <= 3e-6 * (1.0 + theirs.abs()),
                    "{name} {field}: {ours:?} {theirs}"
                );
            };
            near(found.p_adjusted, "p_value");
            near(found.result.number("conf_low_adjusted"), "conf_low");
            near(found.result.number("conf_high_adjusted"), "conf_high");
            if sites[0] > 0 {
                assert_eq!(found.result.number("n_patients"), Some(12.0));
                assert_eq!(found.result.number("n_sites"), Some(24.0));
            }
        }
    }
}

#[test]
fn persons_and_sites_are_counted_as_they_are() {
    let run = run(&plan(""), &case("data.csv"));
    let rows = case("data.csv").lines().count() - 1;
    assert_eq!((run.trial.patients.len(), run.trial.knees(), rows), (12, 45, 45), "three sites of 48 are missing");
    // No structure is named: the model of one visit takes any number of sites.
    let deciding = record(&run, "value.single.primary.mixed-model");
    assert!(deciding.result.p_value.is_some(), "{:?}", deciding.result.notes);
    assert_eq!((deciding.rows.used, deciding.result.number("n_patients")), (45, Some(12.0)));
    let of = |id: &str| record(&run, id).result.number("patients");
    let with = |n: usize| run.trial.patients.iter().filter(|patient| patient.knees().len() == n).count() as f64;
    assert_eq!(of("counts.exposure.sites-treated.4"), Some(with(4)));
    assert_eq!(of("counts.exposure.sites-treated.3"), Some(with(3)));
    let words = compose::words(&run.plan);
    let document = compose::document(&run, &words, &compose::style(&run.plan)).unwrap();
    let page = splitknee::report::html::render(&document, &words).unwrap();
    assert!(page.contains("each with up to 4 wounds") && !page.contains("each with two wounds"));
    let exposure = document.tables().find(|table| table.id.ends_with("exposure")).unwrap();
    let csv = splitknee::table::csv::render(exposure);
    assert!(csv.contains("4 wounds treated") && !csv.contains("Both"), "{csv}");
}

#[test]
fn several_visits_are_analysed_one_by_one() {
    let mut data = "id,site,arm,visit,value\n".to_owned();
    for line in case("data_complete.csv").lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let value: f64 = cells[3].parse().unwrap();
        for (visit, add) in [("Week 1", 0.0), ("Week 2", 3.0)] {
            data += &format!("{},{},{},{visit},{}\n", cells[0], cells[1], cells[2], value + add);
        }
    }
    let plan = plan("").replace("arm = \"arm\" }", "arm = \"arm\", visit = \"visit\" }");
    let plan = plan.replace("[[endpoint]]", "[visits]\norder = [\"Week 1\", \"Week 2\"]\n[[endpoint]]");
    let run = run(&plan, &data);
    for (visit, role) in [("w1", "secondary"), ("w2", "primary")] {
        let found = record(&run, &format!("value.{visit}.{role}.mixed-model"));
        assert!(found.result.p_value.is_some(), "{:?}", found.result.notes);
        assert_eq!(
            found.result.field("rule").map(|rule| format!("{rule:?}")),
            Some("Text(\"pair-each-visit\")".into())
        );
    }
}

#[test]
fn a_blinded_run_gives_every_site_a_dummy_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("plan.toml"), plan("")).unwrap();
    std::fs::write(folder.path().join("data.csv"), case("data_complete.csv")).unwrap();
    let reading = pipeline::Reading { blinded: true, ..pipeline::Reading::default() };
    let inputs = pipeline::read_as(&folder.path().join("plan.toml"), reading);
    let run = pipeline::analyse(inputs.unwrap_or_else(|findings| panic!("{findings:#?}")));
    let run = run.unwrap_or_else(|findings| panic!("{findings:#?}"));
    assert_eq!((run.trial.patients.len(), run.trial.knees()), (12, 48));
}

#[test]
fn two_sites_on_one_treatment_are_refused_with_the_way_out() {
    // The third site of person 1 has the treatment of the first.
    let twice = case("data_complete.csv").replace("\n1,3,C,", "\n1,3,A,");
    let findings = read(&plan(""), &twice).map(|_| ()).expect_err("two sites on one treatment");
    let found = findings.iter().find(|finding| finding.rule == "SK103").unwrap_or_else(|| panic!("{findings:?}"));
    assert!(found.message.contains("two sites on A (1, row 2; 3, row 4)"), "{}", found.message);
    assert!(found.remedy.contains("replicates") && found.remedy.contains("splitknee model"), "{}", found.remedy);
    // A fifth site.
    let five = format!("{}1,5,B,50\n", case("data_complete.csv"));
    let findings = read(&plan(""), &five).map(|_| ()).expect_err("five sites and four treatments");
    let found = findings.iter().find(|finding| finding.rule == "SK105").unwrap_or_else(|| panic!("{findings:?}"));
    assert!(found.message.contains("5 sites and the plan 4 treatments"), "{}", found.message);
    // The way out that the refusal names: the sites of a person on a treatment count as their mean.
    let averaged =
        plan("").replace("knee = \"site\", ", "").replace("decimals = 0", "decimals = 0\nreplicates = \"mean\"");
    let run = run(&averaged, &twice);
    assert_eq!(run.trial.patients[0].knees().len(), 3);
    let first = run.trial.patients[0].knee(0).unwrap().values[0][0];
    assert_eq!(first, Some((55.0 + 45.0) / 2.0), "rows 2 and 4");
}

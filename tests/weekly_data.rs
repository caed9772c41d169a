//! Exposures of counts in every shape of data, and what the export has of counts and of logarithms.

use splitknee::analysis::Run;
use splitknee::data::{Format, WriteOptions, to_bytes};
use splitknee::pipeline::{self, Inputs};
use splitknee::trial::analysis_data::{self, Adam};
use splitknee::trial::build;
use std::collections::BTreeMap;

const COUNTS: &str = include_str!("../crates/splitknee-stats/tests/reference/weekly_counts/data.csv");
const LOGS: &str = include_str!("../crates/splitknee-stats/tests/reference/weekly_log/data.csv");

fn plan(data: &str, column: &str, exposure: &str) -> String {
    format!(
        "[trial]\nid = \"DAYS\"\ntitle = \"Painful days\"\nsynthetic = true\n[data]\npath = \"data.csv\"\n{data}\n\
         [arms]\nactive = \"EV\"\nplacebo = \"PLACEBO\"\n[visits]\norder = [\"M1\", \"M3\", \"M6\"]\n\
         [[endpoint]]\nname = \"Painful days\"\nid = \"painful\"\ncolumn = \"{column}\"\nexposure = \"{exposure}\"\n\
         kind = \"count\"\nbetter = \"lower\"\n"
    )
}

const LONG: &str = "columns = { patient = \"usubjid\", knee = \"knee\", arm = \"treatment\", visit = \"visit\" }";

fn inputs(plan: &str, data: &[u8]) -> Inputs {
    pipeline::read_from(plan, "plan.toml", |_| Ok(data.to_vec())).unwrap_or_else(|found| panic!("{found:#?}\n{plan}"))
}

fn run(plan: &str, data: &[u8]) -> Run {
    pipeline::analyse(inputs(plan, data)).unwrap_or_else(|found| panic!("{found:#?}\n{plan}"))
}

/// Identifier, estimate, limits and p-value of every record.
fn numbers(run: &Run) -> BTreeMap<String, [Option<f64>; 4]> {
    let of = |record: &splitknee::analysis::Record| {
        let result = &record.result;
        (record.id.clone(), [result.estimate, result.conf_low, result.conf_high, result.p_value])
    };
    run.outcomes.records.iter().map(of).collect()
}

/// The rows of the reference as cells: patient, knee, arm, visit, days, painful.
fn rows() -> Vec<Vec<&'static str>> {
    COUNTS.lines().skip(1).map(|line| line.split(',').collect()).collect()
}

#[test]
fn an_exposure_is_read_in_every_shape_of_data() {
    let long = run(&plan(LONG, "painful", "days"), COUNTS.as_bytes());
    assert!(long.outcomes.records.iter().any(|record| record.id == "painful.m6.primary.rate-ratio"));

    let mut wide: BTreeMap<&str, BTreeMap<String, String>> = BTreeMap::new();
    let mut bds = "USUBJID,LAT,TRTA,AVISIT,PARAMCD,AVAL\n".to_owned();
    let mut sided = "USUBJID,TRTA,AVISIT,PARAMCD,AVAL\n".to_owned();
    for row in rows() {
        let [patient, knee, arm, visit, days, painful] = row[..] else { panic!("{row:?}") };
        let own = wide.entry(patient).or_default();
        for (code, value) in [("painful", painful), ("days", days)] {
            own.insert(format!("{code}_{arm}_{visit}"), value.to_owned());
            if !value.is_empty() {
                bds += &format!("{patient},{knee},{arm},{visit},{},{value}\n", code.to_uppercase());
                sided += &format!("{patient},{arm},{visit},{}{},{value}\n", code.to_uppercase(), &knee[..1]);
            }
        }
    }
    let columns: Vec<String> = ["painful", "days"]
        .iter()
        .flat_map(|code| ["EV", "PLACEBO"].map(|arm| format!("{code}_{arm}")))
        .flat_map(|name| ["M1", "M3", "M6"].map(|visit| format!("{name}_{visit}")))
        .collect();
    let mut table = format!("usubjid,{}\n", columns.join(","));
    for (patient, cells) in &wide {
        let cells: Vec<&str> = columns.iter().map(|name| cells.get(name).map_or("", String::as_str)).collect();
        table += &format!("{patient},{}\n", cells.join(","));
    }
    let by_arm = "shape = \"wide\"\npattern = \"{endpoint}_{arm}_{visit}\"\ncolumns = { patient = \"usubjid\" }";
    let of_bds =
        "shape = \"bds\"\ncolumns = { patient = \"USUBJID\", knee = \"LAT\", arm = \"TRTA\", visit = \"AVISIT\" }";
    let of_sides = "shape = \"bds\"\npattern = \"{endpoint}{knee}\"\ncolumns = { patient = \"USUBJID\", arm = \"TRTA\", visit = \
                    \"AVISIT\" }";
    for (data, column, exposure, file) in
        [(by_arm, "painful", "days", &table), (of_bds, "PAINFUL", "DAYS", &bds), (of_sides, "PAINFUL", "DAYS", &sided)]
    {
        let other = run(&plan(data, column, exposure), file.as_bytes());
        let (a, b) = (numbers(&long), numbers(&other));
        let compared = |id: &&String| id.starts_with("painful.m");
        assert_eq!(a.keys().filter(compared).count(), b.keys().filter(compared).count(), "{data}");
        for (id, values) in a.iter().filter(|(id, _)| compared(id)) {
            for (one, two) in values.iter().zip(b[id]) {
                let same = match (one, two) {
                    (Some(x), Some(y)) => x == &y || (x - y).abs() <= 1e-9 * x.abs(),
                    (x, y) => x.is_none() && y.is_none(),
                };
                assert!(same, "{id}: {values:?} {:?}\n{data}", b[id]);
            }
        }
    }
    // An exposure that is nowhere is named as such.
    let wrong = plan(of_bds, "PAINFUL", "DAYZ");
    let findings = pipeline::read_from(&wrong, "plan.toml", |_| Ok(bds.clone().into_bytes()));
    let findings = findings.and_then(pipeline::analyse).map(|_| ()).expect_err("no such parameter");
    assert!(findings.iter().any(|f| f.rule == "SK025" && f.message.contains("`DAYZ` of the exposure")), "{findings:?}");
}

#[test]
fn counts_and_exposures_may_stand_in_two_files() {
    let (mut counts, mut days) = ("usubjid,knee,treatment,visit,painful\n".to_owned(), "ID,SIDE,V,days\n".to_owned());
    for row in rows() {
        counts += &format!("{},{},{},{},{}\n", row[0], row[1], row[2], row[3], row[5]);
        days += &format!("{},{},{},{}\n", row[0], row[1], row[3], row[4]);
    }
    let plan = plan(LONG, "painful", "days").replace("[data]", "[[data]]").replace(
        "[arms]",
        "[[data]]\npath = \"days.csv\"\ncolumns = { patient = \"ID\", knee = \"SIDE\", visit = \"V\" }\n[arms]",
    );
    let files = |name: &str| Ok(if name == "days.csv" { days.clone() } else { counts.clone() }.into_bytes());
    let read = pipeline::read_from(&plan, "plan.toml", files).and_then(pipeline::analyse);
    let findings = read.map(|_| ()).expect_err("a file of exposures alone has no endpoint");
    assert!(findings.iter().any(|f| f.rule == "SK025" && f.message.contains("holds no endpoint")), "{findings:?}");
}

#[test]
fn the_table_of_an_arm_has_the_means_that_the_ratio_divides() {
    let run = run(&plan(LONG, "painful", "days"), COUNTS.as_bytes());
    let find = |id: &str| run.outcomes.records.iter().find(|record| record.id == id).unwrap_or_else(|| panic!("{id}"));
    let number = |id: &str, field: &str| find(id).result.number(field).unwrap_or_else(|| panic!("{id} {field}"));
    // By hand: the mean over the knees of the arm of painful / days.
    for (arm, label) in [("ev", "EV"), ("placebo", "PLACEBO")] {
        let rates: Vec<f64> = rows()
            .iter()
            .filter(|row| row[2] == label && row[3] == "M6" && !row[5].is_empty())
            .map(|row| row[5].parse::<f64>().unwrap() / row[4].parse::<f64>().unwrap())
            .collect();
        let mean = rates.iter().sum::<f64>() / rates.len() as f64;
        assert!((number(&format!("painful.m6.descriptive.{arm}"), "mean_rate") - mean).abs() < 1e-12);
    }
    let ratio = "painful.m6.primary.rate-ratio";
    let quotient = number(ratio, "rate_treated") / number(ratio, "rate_control");
    assert!((quotient - number(ratio, "rate_ratio")).abs() < 1e-12);
    let words = splitknee::report::compose::words(&run.plan);
    let style = splitknee::report::compose::style(&run.plan);
    let document = splitknee::report::compose::document(&run, &words, &style).unwrap();
    let by_visit = document.tables().find(|table| table.id.ends_with("by-visit")).unwrap();
    let csv = splitknee::table::csv::render(by_visit);
    assert!(csv.contains("Mean of the knees’ rates") && csv.contains("pooled"), "{csv}");
}

#[test]
fn the_export_has_exposures_and_logarithms_and_comes_back() {
    let counted = plan(LONG, "painful", "days");
    let read = inputs(&counted, COUNTS.as_bytes());
    let (trial, _) = build::build(&read.plan.design(), &read.sources).unwrap();
    let made = analysis_data::table(&trial, &Adam { study: "DAYS".to_owned(), ..Adam::default() }).unwrap();
    assert_eq!(made.codes, ["PAINFUL", "DAYS"]);
    let (codes, names) = (made.table.text("PARAMCD").unwrap(), made.table.text("PARAM").unwrap());
    let exposed = codes.iter().filter(|code| code.as_deref() == Some("DAYS")).count();
    assert_eq!(exposed, codes.len() / 2, "one exposure per count");
    assert!(names.contains(&Some("Exposure (days)".to_owned())));
    let of_bds =
        "shape = \"bds\"\ncolumns = { patient = \"USUBJID\", knee = \"LAT\", arm = \"TRTA\", visit = \"AVISIT\" }";
    for (name, format) in [("data.xpt", Format::Xpt), ("data.json", Format::DatasetJson), ("data.csv", Format::Csv)] {
        let bytes = to_bytes(&made.table, name, format, &WriteOptions::default()).unwrap();
        // The plan keeps the names of its own columns: the codes are those that the export gives them.
        let back = plan(of_bds, "painful", "days").replace("data.csv", name);
        let again = inputs(&back, &bytes);
        let (again, _) = build::build(&again.plan.design(), &again.sources).unwrap_or_else(|found| panic!("{found:?}"));
        let cells = |trial: &splitknee::trial::Trial| {
            let knee = |knee: &splitknee::trial::Knee| (knee.side.clone(), knee.values.clone(), knee.exposures.clone());
            let patient = |p: &splitknee::trial::Patient| {
                let mut knees: Vec<_> = p.knees().iter().map(knee).collect();
                knees.sort_by(|a, b| a.0.cmp(&b.0));
                (p.id.clone(), knees)
            };
            let mut patients: Vec<_> = trial.patients.iter().map(patient).collect();
            patients.sort_by(|a, b| a.0.cmp(&b.0));
            patients
        };
        assert!(cells(&again) == cells(&trial), "{name}");
    }

    let logs = "[trial]\nid = \"LOG\"\ntitle = \"Ratios\"\nsynthetic = true\n[data]\npath = \"data.csv\"\n\
        columns = { patient = \"usubjid\", knee = \"knee\", arm = \"treatment\", visit = \"visit\" }\n\
        [arms]\nactive = \"EV\"\nplacebo = \"PLACEBO\"\n[visits]\norder = [\"SCR\", \"BASELINE\", \"M1\", \"M3\", \"M6\"]\n\
        baseline = \"BASELINE\"\nprimary = \"M6\"\n[[endpoint]]\nname = \"VAS\"\ncolumn = \"vas\"\nunit = \"mm\"\n\
        better = \"lower\"\ntransform = \"log\"\n";
    let read = inputs(logs, LOGS.as_bytes());
    let (trial, _) = build::build(&read.plan.design(), &read.sources).unwrap();
    let table = analysis_data::table(&trial, &Adam::default()).unwrap().table;
    let (text, number) = (|name: &str| table.text(name).unwrap(), |name: &str| table.numbers(name).unwrap());
    let (codes, kinds, names) = (text("PARAMCD"), text("PARAMTYP"), text("PARAM"));
    let (values, bases, changes) = (number("AVAL"), number("BASE"), number("CHG"));
    let (ids, sides, visits) = (text("USUBJID"), text("LAT"), text("AVISIT"));
    let is = |cell: &Option<String>, wanted: &str| cell.as_deref() == Some(wanted);
    let row = |code: &str, visit: &str| {
        let fits = |row: &usize| {
            is(&ids[*row], "001") && is(&sides[*row], "LEFT") && is(&codes[*row], code) && is(&visits[*row], visit)
        };
        (0..table.height()).find(fits).unwrap_or_else(|| panic!("{code} {visit}"))
    };
    let (plain, log) = (row("VAS", "M6"), row("LVAS", "M6"));
    assert_eq!((kinds[plain].as_deref(), kinds[log].as_deref()), (None, Some("DERIVED")));
    assert_eq!(names[log].as_deref(), Some("Log of VAS (mm)"));
    let close = |a: Option<f64>, b: f64| assert!((a.unwrap() - b).abs() < 1e-12, "{a:?} {b}");
    close(values[log], values[plain].unwrap().ln());
    // The baseline of the first knee: row 3 of the file.
    close(bases[log], 103.3_f64.ln());
    close(changes[log], (values[plain].unwrap() / 103.3).ln());
}

#[test]
fn ars_json_knows_what_rates_ratios_and_times_are() {
    let times = "[trial]\nid = \"T\"\ntitle = \"t\"\nsynthetic = true\n[data]\npath = \"k.csv\"\n\
        columns = { patient = \"id\", arm = \"active\" }\n[arms]\nactive = { code = \"1\", label = \"HA\" }\n\
        placebo = { code = \"0\", label = \"Saline\" }\n[[endpoint]]\nname = \"Time to re-injection\"\nid = \"reinj\"\n\
        kind = \"survival\"\ntime = \"time\"\nstatus = \"status\"\ntau = 10\nat = [6]\nunit = \"months\"\nbetter = \"later\"\n";
    let data = include_str!("../crates/splitknee-stats/tests/reference/weekly_survival_sim/data.csv");
    for (run, wanted) in [
        (run(times, data.as_bytes()), &["first-event", "rmst", "kaplan-meier", "survival-difference"][..]),
        (run(&plan(LONG, "painful", "days"), COUNTS.as_bytes()), &["rate-ratio", "descriptive"]),
    ] {
        let bundle = splitknee::report::files(&run).unwrap();
        let event: serde_json::Value = serde_json::from_slice(bundle.get("ars.json").unwrap()).unwrap();
        crate::ars::valid(&event);
        let methods: Vec<&str> =
            event["methods"].as_array().unwrap().iter().filter_map(|method| method["id"].as_str()).collect();
        for method in wanted {
            assert!(methods.contains(method), "{method}: {methods:?}");
            let analyses = event["analyses"].as_array().unwrap().iter().filter(|one| one["methodId"] == *method);
            let results: usize = analyses.map(|one| one["results"].as_array().map_or(0, Vec::len)).sum();
            assert!(results > 0, "{method} has no result");
        }
    }
}

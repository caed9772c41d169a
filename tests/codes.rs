//! Codes of the data and the labels of the plan: whatever codes the files have, the results are those of the labels, and no
//! code is printed.

use super::small_trial::{SmallTrial, finding};
use splitknee::analysis::analyse;
use splitknee::plan;
use splitknee::trial::Finding;

/// The records of a trial as JSON, without the numbers of the rows in the file.
fn records(small: &SmallTrial) -> Vec<serde_json::Value> {
    let (plan, _) = small.read().unwrap_or_else(|findings| panic!("{findings:#?}"));
    let (trial, _) = small.build().unwrap_or_else(|findings| panic!("{findings:#?}"));
    analyse(&plan, &trial).records.iter().map(|record| serde_json::to_value(record).unwrap()).collect()
}

fn recode(small: &mut SmallTrial, file: &'static str, column: &str, codes: &'static [(&'static str, &'static str)]) {
    small.set_column(file, column, |cell, _| {
        codes.iter().find(|(label, _)| *label == cell).map_or(cell, |(_, code)| code).to_owned()
    });
}

const ARMS: &[(&str, &str)] = &[("EV", "1"), ("SALINE", "0")];
const SIDES: &[(&str, &str)] = &[("LEFT", "1"), ("RIGHT", "2")];
const VISITS: &[(&str, &str)] = &[("Baseline", "0"), ("Month 2", "2.0"), ("Month 6", "6")];
const GRADES: &[(&str, &str)] = &[("0", "NORMAL"), ("1", "MILD"), ("2", "MODERATE"), ("3", "SEVERE")];
const FLAGS: &[(&str, &str)] = &[("Y", "1"), ("N", "2")];
const SEVERITIES: &[(&str, &str)] = &[("MILD", "g1"), ("MODERATE", "g2"), ("SEVERE", "g3")];

/// The small trial with every label as a code, as an export of REDCap or SPSS has it.
fn coded() -> SmallTrial {
    let mut small = SmallTrial::new();
    for file in ["knees.csv", "allocation.csv"] {
        recode(&mut small, file, "arm", ARMS);
        recode(&mut small, file, "side", SIDES);
    }
    recode(&mut small, "knees.csv", "visit", VISITS);
    recode(&mut small, "knees.csv", "effusion", GRADES);
    recode(&mut small, "events.csv", "knee", SIDES);
    recode(&mut small, "events.csv", "severity", SEVERITIES);
    recode(&mut small, "events.csv", "serious", FLAGS);
    recode(&mut small, "events.csv", "related", FLAGS);
    recode(&mut small, "disposition.csv", "last_visit", VISITS);
    small.edit_plan("disposition =", "yes = \"1\"\nno = \"2\"\ndisposition =");
    small.edit_plan(
        "active = \"EV\"\nplacebo = \"SALINE\"",
        "active = { code = 1, label = \"EV\" }\nplacebo = { code = \"0\", label = \"SALINE\" }\n[sides]\n\
         left = { code = \"1\", label = \"LEFT\" }\nright = { code = \"2\", label = \"RIGHT\" }",
    );
    small.edit_plan(
        "order = [\"Baseline\", \"Month 2\", \"Month 6\"]",
        "order = [{ code = 0, label = \"Baseline\" }, { code = \"2\", label = \"Month 2\" }, { code = [6, \"M6\"], label = \"Month 6\" }]",
    );
    small.plan.push_str(
        "[safety]\nseverities = [{ code = \"g1\", label = \"MILD\" }, { code = \"g2\", label = \"MODERATE\" }, { code = \"g3\", label = \"SEVERE\" }]\n",
    );
    small
}

#[test]
fn a_coded_trial_gives_the_results_of_its_labels() {
    let mut small = coded();
    let levels = |labels: [&str; 4]| {
        let level = |((_, code), label): (&(&str, &str), &str)| format!("{{ code = \"{code}\", label = \"{label}\" }}");
        let levels: Vec<String> = GRADES.iter().zip(labels).map(level).collect();
        format!("kind = \"ordinal\"\nlevels = [{}]", levels.join(", "))
    };
    small.edit_plan("kind = \"ordinal\"", &levels(["none", "mild", "moderate", "severe"]));
    let (expected, found) = (records(&SmallTrial::new()), records(&small));
    assert!(expected.len() > 100);
    assert_eq!(expected.len(), found.len());
    for (expected, found) in expected.iter().zip(&found) {
        assert_eq!(expected, found);
    }
    // Words alone, the lowest first, are counted from the lowest value of the range.
    let mut words = coded();
    words.edit_plan(
        "kind = \"ordinal\"",
        "kind = \"ordinal\"\nlevels = [\"NORMAL\", \"MILD\", \"MODERATE\", \"SEVERE\"]",
    );
    assert_eq!(records(&words), expected);
}

#[test]
fn no_code_is_printed_and_labels_may_be_japanese() {
    let mut small = coded();
    small.edit_plan("unit = \"mm\"", "unit = \"mm\"\nreplicates = \"median\"");
    small.edit_plan("label = \"SALINE\"", "label = \"生理食塩水\"");
    small.edit_plan("label = \"LEFT\"", "label = \"左膝\"");
    small.edit_plan("label = \"RIGHT\"", "label = \"右膝\"");
    small.edit_plan(
        "kind = \"ordinal\"",
        "kind = \"ordinal\"\nlevels = [{ code = \"NORMAL\", label = \"なし\" }, { code = \"MILD\", label = \"軽度\" }, \
         { code = \"MODERATE\", label = \"中等度\" }, { code = \"SEVERE\", label = \"高度\" }]",
    );
    small.plan.push_str(
        "[[covariate]]\nname = \"sex\"\nkind = \"factor\"\nlevels = [{ code = \"F\", label = \"女性\" }, { code = \"M\", label = \"男性\" }]\n\
         [report]\nformats = [\"markdown\"]\n",
    );
    let inputs = splitknee::pipeline::read_from(&small.plan, "plan.toml", |name| {
        small
            .files
            .contains_key(name)
            .then(|| small.csv(name))
            .ok_or(std::io::Error::from(std::io::ErrorKind::NotFound))
    })
    .unwrap_or_else(|findings| panic!("{findings:#?}"));
    let run = splitknee::pipeline::analyse(inputs).unwrap();
    let bundle = splitknee::pipeline::write_up(&run).unwrap();
    let report = String::from_utf8(bundle.get("report.md").unwrap().to_vec()).unwrap();
    for label in ["生理食塩水", "左膝", "軽度", "女性"] {
        assert!(report.contains(label), "{label}");
    }
    for code in ["NORMAL", "1 knees", "0 knees", "g1"] {
        assert!(
            !report.contains(code),
            "{code}: {}",
            report.lines().find(|line| line.contains(code)).unwrap_or_default()
        );
    }
    assert!(report.contains("Several readings of VAS pain on one knee at one visit count as their median."));
    assert!(report.contains("Effusion is graded, from the lowest: なし, 軽度, 中等度, 高度."));
    // The methods name the levels that are used.
    assert!(report.contains("is a factor with the levels: 女性, 男性"), "{report}");
}

fn only(small: &SmallTrial, rule: &str) -> Finding {
    let findings = small.findings();
    let found = findings.iter().filter(|finding| finding.rule == rule).count();
    assert_eq!(found, 1, "{rule}: {findings:#?}");
    finding(&findings, rule).clone()
}

#[test]
fn what_is_not_declared_is_offered() {
    // Arms and visits as codes.
    let mut small = SmallTrial::new();
    recode(&mut small, "knees.csv", "visit", VISITS);
    let offered = finding(&small.findings(), "SK602").clone();
    assert!(offered.remedy.contains("code = \"0\"") && offered.remedy.contains("[visits] order"), "{offered}");
    let mut small = SmallTrial::new();
    recode(&mut small, "knees.csv", "arm", ARMS);
    assert!(finding(&small.findings(), "SK601").remedy.contains("[arms] active = { code"));
    // Grades as words: one finding, with the levels in their usual order.
    let mut small = SmallTrial::new();
    recode(&mut small, "knees.csv", "effusion", &[("0", "Normal"), ("1", "Mild"), ("2", "Moderate"), ("3", "Severe")]);
    assert!(only(&small, "SK201").remedy.contains("levels = [\"Normal\", \"Mild\""));
    // Yes and no as words of another kind, and as 1 and 2; the usual words are read.
    let binary = |yes: &'static str, no: &'static str| {
        let mut small = SmallTrial::new();
        small.edit_plan("range = [0, 3]\n", "");
        small.edit_plan("kind = \"ordinal\"", "kind = \"binary\"");
        small.set_column("knees.csv", "effusion", move |cell, _| {
            match cell {
                "" => "",
                "0" => no,
                _ => yes,
            }
            .to_owned()
        });
        small
    };
    assert!(only(&binary("ABNORMAL", "NORMAL"), "SK201").remedy.contains("levels = [\"NORMAL\", \"ABNORMAL\"]"));
    assert!(only(&binary("1", "2"), "SK203").message.contains("which of them means yes"));
    let expected = records(&binary("1", "0"));
    for (yes, no) in [("Y", "N"), ("yes", "no"), ("TRUE", "FALSE"), ("あり", "なし")] {
        assert_eq!(records(&binary(yes, no)), expected, "{yes}");
    }
    let mut declared = binary("1", "2");
    declared.edit_plan(
        "kind = \"binary\"",
        "kind = \"binary\"\nlevels = [{ code = 2, label = \"No\" }, { code = 1, label = \"Yes\" }]",
    );
    assert_eq!(records(&declared), expected);
    let mut global = binary("1", "2");
    global.edit_plan("[arms]", "yes = \"1\"\nno = \"2\"\n[arms]");
    recode(&mut global, "events.csv", "serious", FLAGS);
    recode(&mut global, "events.csv", "related", FLAGS);
    assert_eq!(records(&global), expected);
    // Sides as codes in the allocation list.
    let mut small = SmallTrial::new();
    small.set_column("allocation.csv", "side", |cell, _| if cell == "LEFT" { "1" } else { "2" }.to_owned());
    small.edit_plan("allocation_columns = { ", "allocation_columns = { active_knee = \"side\", ");
    small.remove("allocation.csv", "arm", |arm| arm == "SALINE");
    let offered = finding(&small.findings(), "SK604").clone();
    assert!(offered.remedy.contains("[sides] left"), "{offered}");
}

#[test]
fn arms_called_by_their_codes_are_a_finding_in_the_plan() {
    let mut small = SmallTrial::new();
    recode(&mut small, "knees.csv", "arm", ARMS);
    recode(&mut small, "allocation.csv", "arm", ARMS);
    small.edit_plan("active = \"EV\"\nplacebo = \"SALINE\"", "active = \"1\"\nplacebo = \"0\"");
    let found = only(&small, "SK042");
    assert!(found.location.file == "plan.toml" && found.remedy.contains("label"), "{found}");
}

#[test]
fn codes_that_do_not_fit_together_are_refused() {
    for (from, to, rule) in [
        ("code = \"0\", label = \"SALINE\"", "code = \"1\", label = \"SALINE\"", "SK009"),
        ("code = \"0\", label = \"SALINE\"", "code = \"NA\", label = \"SALINE\"", "SK009"),
        ("code = \"0\", label = \"SALINE\"", "code = \"\", label = \"SALINE\"", "SK012"),
        ("code = \"0\", label = \"SALINE\"", "code = \"0\", lable = \"SALINE\"", "SK003"),
        ("{ code = \"0\", label = \"SALINE\" }", "0", "SK005"),
        ("label = \"RIGHT\"", "label = \"left\"", "SK009"),
        ("kind = \"ordinal\"", "kind = \"ordinal\"\nlevels = [\"2\", \"1\", \"0\"]", "SK010"),
        ("kind = \"ordinal\"", "kind = \"binary\"\nlevels = [\"no\", \"mild\", \"severe\"]", "SK010"),
        ("unit = \"mm\"", "unit = \"mm\"\nlevels = [\"a\", \"b\"]", "SK010"),
        ("yes = \"1\"", "yes = [\"1\", \"2\"]", "SK009"),
    ] {
        let mut small = coded();
        small.edit_plan(from, to);
        let findings = small.read_plan().expect_err(to);
        assert!(findings.iter().any(|finding| finding.rule == rule), "{to}: {findings:#?}");
    }
    // The schema knows the table, the list of codes and the text.
    let schema = plan::schema().to_string();
    assert!(schema.contains("CodeAndLabel") && schema.contains("\"Named\""));
}

#[test]
fn columns_of_wide_data_may_be_named_by_codes() {
    let wide = |pattern: &str, header: &str, named: &str| {
        let plan = format!(
            "[trial]\nid = \"W\"\ntitle = \"W\"\n[data]\npath = \"w.csv\"\nshape = \"wide\"\npattern = \"{pattern}\"\n\
             columns = {{ patient = \"id\" }}\n{named}[[endpoint]]\nname = \"VAS\"\ncolumn = \"vas\"\nbetter = \"lower\"\n"
        );
        let plan = plan::parse(&plan, "plan.toml").unwrap_or_else(|findings| panic!("{findings:#?}"));
        let file = format!("{header}\n1,50,55,40,52\n2,61,60,44,58\n3,48,52,41,50\n");
        let sources = plan::sources::read_with(&plan, |_| Ok(file.clone().into_bytes())).unwrap();
        let (trial, _) =
            splitknee::trial::build::build(&plan.design(), &sources).unwrap_or_else(|findings| panic!("{findings:#?}"));
        let first = &trial.patients[0];
        [1, 0].map(|arm| first.knee(arm).unwrap().values[0].to_vec())
    };
    let expected = [vec![Some(50.0), Some(40.0)], vec![Some(55.0), Some(52.0)]];
    let visits = "[visits]\norder = [{ code = 0, label = \"Baseline\" }, { code = 3, label = \"Month 3\" }]\nbaseline = \"Baseline\"\n";
    let arms = "[arms]\nactive = { code = 1, label = \"EV\" }\nplacebo = { code = 2, label = \"SALINE\" }\n";
    assert_eq!(
        wide("{endpoint}_{arm}_{visit}", "id,vas_1_0,vas_2_0,vas_1_3,vas_2_3", &format!("{arms}{visits}")),
        expected
    );
}

#[test]
fn a_condition_on_rows_comes_before_every_other_check() {
    let clean = records(&SmallTrial::new());
    // A row whose value, date, arm and side cannot be read, and which the condition leaves out.
    let mut small = SmallTrial::new();
    let row = small.repeat("knees.csv", 2);
    for (column, cell) in
        [("vas", "repeat"), ("date", "soon"), ("arm", "?"), ("side", "middle"), ("month", "x"), ("visit", "?")]
    {
        small.set("knees.csv", row, column, cell);
    }
    small.edit_plan("patients = ", "where = 'not (vas == \"repeat\")'\npatients = ");
    assert_eq!(records(&small), clean);
    // A value of a parameter that no endpoint names is not looked at, with or without a condition.
    let bds = |rows: &str| {
        let plan = "[trial]\nid = \"B\"\ntitle = \"B\"\n[data]\npath = \"b.csv\"\nshape = \"bds\"\n\
                    columns = { patient = \"USUBJID\", knee = \"LAT\", arm = \"TRTP\", visit = \"AVISIT\" }\n[arms]\nactive = \"EV\"\n\
                    placebo = \"P\"\n[visits]\norder = [\"Base\", \"End\"]\nbaseline = \"Base\"\n[[endpoint]]\nname = \"VAS\"\n\
                    column = \"VAS\"\nbetter = \"lower\"\n";
        let plan = plan::parse(plan, "plan.toml").unwrap();
        let file = format!("STUDYID,USUBJID,LAT,TRTP,AVISIT,PARAMCD,AVAL,BASE,CHG,ABLFL\n{rows}");
        let sources = plan::sources::read_with(&plan, |_| Ok(file.clone().into_bytes())).unwrap();
        splitknee::trial::build::build(&plan.design(), &sources)
    };
    let rows = "S,1,L,EV,Base,VAS,50,50,,Y\nS,1,R,P,Base,VAS,60,60,,Y\nS,1,L,EV,End,VAS,40,50,-10,\nS,1,R,P,End,VAS,55,60,-5,\n\
                S,2,L,EV,Base,VAS,52,52,,Y\nS,2,R,P,Base,VAS,61,61,,Y\nS,2,L,EV,End,VAS,41,52,-11,\nS,2,R,P,End,VAS,56,61,-5,\n";
    let (trial, findings) =
        bds(&format!("{rows}S,1,L,EV,End,SYN,MILD,,,\n")).unwrap_or_else(|findings| panic!("{findings:#?}"));
    assert!(!findings.iter().any(|finding| finding.rule.starts_with("SK23")), "{findings:#?}");
    // Identifiers and parameters of CDISC are no characteristics of the patient.
    assert!(trial.patients[0].attributes.is_empty(), "{:?}", trial.patients[0].attributes);
    // BASE, CHG and ABLFL that the values contradict.
    let (_, findings) = bds(&rows.replace("End,VAS,40,50,-10,", "End,VAS,40,70,-30,")).unwrap();
    assert!(finding(&findings, "SK230").message.contains("BASE of patient 1 L is 70"), "{findings:#?}");
    let (_, findings) = bds(&rows.replace("41,52,-11,", "41,52,11,")).unwrap();
    assert!(finding(&findings, "SK230").message.contains("is -11"), "{findings:#?}");
    let (_, findings) = bds(&rows.replace("41,52,-11,", "41,52,-11,Y")).unwrap();
    assert!(finding(&findings, "SK231").message.contains("ABLFL of patient 2 L is Y at `End`"), "{findings:#?}");
}

#[test]
fn a_blinded_run_knows_codes_of_arms_and_sides() {
    // The side of the active knee stands coded in the file of patients, and the arm's code is a word in another column.
    let mut small = coded();
    small.edit_plan(
        "kind = \"ordinal\"",
        "kind = \"ordinal\"\nlevels = [\"NORMAL\", \"MILD\", \"MODERATE\", \"SEVERE\"]",
    );
    small.edit_plan("{ code = 1, label = \"EV\" }", "{ code = [1, \"PLACEX\"], label = \"EV\" }");
    let rows = small.files["knees.csv"].clone();
    let column = |name: &str| rows[0].iter().position(|cell| cell == name).unwrap();
    let (id, side, arm) = (column("id"), column("side"), column("arm"));
    let patients = small.files.get_mut("patients.csv").unwrap();
    patients[0].extend(["first_side".to_owned(), "note".to_owned()]);
    for patient in patients.iter_mut().skip(1) {
        let active = rows.iter().find(|row| row[id] == patient[0] && row[arm] == "1").unwrap();
        let code = if active[side] == "1" { "a" } else { "b" };
        patient.extend([code.to_owned(), "given PLACEX".to_owned()]);
    }
    let (plan, sources) = small.read().unwrap_or_else(|findings| panic!("{findings:#?}"));
    let (_, blinded) = splitknee::trial::blinding::blind(&plan.design(), &sources, 1).unwrap();
    assert!(blinded.emptied.contains("first_side") && blinded.emptied.contains("note"), "{:?}", blinded.emptied);
}

#[test]
fn a_status_may_be_a_code() {
    let mut small = SmallTrial::new();
    let status = |cell: &str| if cell == "COMPLETED" { "1" } else { "2" }.to_owned();
    small.set_column("disposition.csv", "status", |cell, _| status(cell));
    small.plan.push_str(
        "[[covariate]]\nname = \"status\"\nkind = \"factor\"\nlevels = [{ code = 1, label = \"COMPLETED\" }, { code = 2, label = \"WITHDRAWN\" }]\n",
    );
    let findings = small.findings();
    assert!(!findings.iter().any(|finding| finding.rule.starts_with("SK7")), "{findings:#?}");
    // What a code means decides: a patient who is said to have left has no reason.
    small.edit_plan("label = \"COMPLETED\"", "label = \"DISCONTINUED\"");
    assert!(small.findings().iter().any(|finding| finding.rule == "SK717"));
}

#[test]
fn findings_about_the_plan_point_into_it() {
    let mut small = SmallTrial::new();
    small.edit_plan("pp == \"Y\"", "ppp == \"Y\"");
    small.plan.push_str("[analysis]\ncovariates = [\"weight\"]\n");
    let plan = small.read_plan().unwrap();
    let findings = plan::pointing::into_plan(&plan, small.findings());
    let of =
        |name: &str| findings.iter().find(|finding| finding.rule == "SK609" && finding.message.contains(name)).unwrap();
    let line = |text: &str| small.plan.lines().position(|line| line.contains(text)).map(|line| line + 1);
    for (name, text) in [("`ppp`", "ppp =="), ("`weight`", "covariates =")] {
        let found = of(name);
        assert!(found.location.file == "plan.toml" && found.location.row == line(text), "{found}");
    }
    // A column that the file does not have stands in the file's header; the plan's line is named too.
    let mut small = SmallTrial::new();
    small.edit_plan("column = \"vas\"", "column = \"vsa\"");
    let plan = small.read_plan().unwrap();
    let findings = plan::pointing::into_plan(&plan, small.findings());
    assert!(finding(&findings, "SK025").remedy.contains("plan.toml:26 names it"), "{findings:#?}");
}

#[test]
fn calculators_read_answers_and_ask_for_the_order_of_visits() {
    use crate::cli_model::run;
    let copy = tempfile::tempdir().unwrap();
    let path = |name: &str, text: &str| {
        let path = copy.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let answers = |yes: &str, no: &str| {
        let rows: Vec<String> = ["11", "10", "10", "10", "01", "00", "11"]
            .iter()
            .map(|pair| pair.chars().map(|c| if c == '1' { yes } else { no }).collect::<Vec<_>>().join(","))
            .collect();
        format!("ev,pb\n{}\n", rows.join("\n"))
    };
    let mcnemar = |file: &str| {
        run(&["test", "mcnemar", "--data", file, "--treated", "ev", "--control", "pb", "--format", "json"])
    };
    let (code, numbers, err) = mcnemar(&path("n.csv", &answers("1", "0")));
    assert_eq!(code, 0, "{err}");
    assert_eq!(mcnemar(&path("w.csv", &answers("yes", "No"))).1, numbers);
    let (code, _, err) = mcnemar(&path("o.csv", &answers("ABNORMAL", "NORMAL")));
    assert!(code == 1 && err.contains("NORMAL") && err.contains("levels"), "{err}");
    let mut rows = String::from("id,arm,visit,code,y\n");
    for id in 0..8 {
        for (place, visit) in ["Baseline", "Week 4", "Week 12"].iter().enumerate() {
            let (arm, code) = if id % 2 == 0 { ("A", 0) } else { ("B", 1) };
            rows.push_str(&format!("{id},{arm},{visit},{code},{}\n", 40 + (id * 7 + place * 5) % 11));
        }
    }
    let data = path("m.csv", &rows);
    let model = |further: &[&str]| {
        let mut args = vec!["model", "--data", &data];
        args.extend(further);
        run(&args)
    };
    let formula = ["--formula", "y ~ arm*visit + ar1(visit|id)"];
    let (code, _, err) = model(&formula);
    assert!(code == 1 && err.contains("--factor 'visit=Baseline,Week 4,Week 12'"), "{err}");
    let (code, out, err) = model(&[formula[0], formula[1], "--factor", "visit=Baseline,Week 4,Week 12"]);
    assert!(code == 0 && out.contains("Correlations of one independent unit"), "{out}{err}");
    let (code, _, err) = model(&["--formula", "y ~ code*visit + (1|id)", "--emmeans", "code|visit"]);
    assert!(code != 0 && err.contains("--factor 'code=0,1'"), "{err}");
}

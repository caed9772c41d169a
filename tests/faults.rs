//! The faults that were found by trying earlier versions on everyday files: each folder of `tests/faults` is one, with its
//! smallest input, and stands beside the right outcome here. Those whose file somebody's program wrote are in
//! `tests/everyday`; corners of safety counts, export and seal are in `nothing_silent`, `adam` and `plan_life`.

use crate::cli_model::run;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

fn faults(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/faults").join(name)
}

/// The files of a case in a folder of their own, over those of the trial that most cases share.
fn case(name: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for from in [faults("base"), faults(name)] {
        for entry in fs::read_dir(from).unwrap() {
            let path = entry.unwrap().path();
            fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
        }
    }
    folder
}

/// Runs the program on the files of a folder: arguments that are files there are given with their path.
fn in_folder(folder: &TempDir, args: &[&str]) -> (i32, String) {
    let path = |arg: &str| folder.path().join(arg).to_str().unwrap().to_owned();
    let is_file = |arg: &&&str| folder.path().join(arg).is_file() || **arg == "out";
    let args: Vec<String> = args.iter().map(|arg| if is_file(&arg) { path(arg) } else { (*arg).to_owned() }).collect();
    let (code, out, err) = run(&args.iter().map(String::as_str).collect::<Vec<_>>());
    (code, format!("{out}{err}"))
}

/// The records of a run of the case.
fn results(folder: &TempDir, plan: &str) -> (i32, Value) {
    let (code, said) = in_folder(folder, &["run", plan, "--out", "out"]);
    let text = fs::read_to_string(folder.path().join("out/results.json")).unwrap_or_else(|_| panic!("{said}"));
    (code, serde_json::from_str(&text).unwrap())
}

/// The first record whose identifier begins and ends so.
fn record<'r>(results: &'r Value, begins: &str, ends: &str) -> &'r Value {
    let records = results["results"].as_array().or(results["records"].as_array()).expect("a list of records");
    let fits = |record: &&Value| record["id"].as_str().is_some_and(|id| id.starts_with(begins) && id.ends_with(ends));
    records.iter().find(fits).unwrap_or_else(|| panic!("no record {begins}…{ends}"))
}

#[test]
fn conditions_and_codes_do_what_they_say() {
    for (name, plan, code, said) in [
        // `ANL01FL != ""` keeps the flagged rows, in CSV and in XPT.
        ("H01", "plan.toml", 0, "`where` keeps 47 of 48 rows"),
        ("H02", "plan.toml", 0, "`where` keeps 96 of 136 rows"),
        // A cell in a row that is left out stops nothing, nor does a parameter that no endpoint names.
        ("H03", "plan.toml", 0, "`where` keeps 48 of 49 rows"),
        ("H04", "plan.toml", 0, "`where` keeps 48 of 49 rows"),
        ("H05", "plan.toml", 0, "give the code a label: `active = { code = \"1\""),
        ("H07", "plan.toml", 0, "Pain-free (primary): 48 values of 12 patients"),
        ("H32", "plan.toml", 0, "BASE of patient T1-P05 LEFT is 65 here, and VAS pain at `Baseline` is 45"),
        ("R01", "plan.toml", 0, "Screening (before baseline: described only)"),
        ("R02", "plan.toml", 1, "patients.csv:6:age: `x55` in `age`, which else holds numbers"),
        (
            "R03",
            "plan.toml",
            1,
            "`centre` has the values 1, 2, 3, 4: numbers (the model has a slope) or codes of groups?",
        ),
        ("R04", "plan.toml", 1, "the plural of `carpus` is not certain"),
        ("R05", "plan.toml", 0, "Swelling (primary): 60 values of 15 patients; decided by win-odds"),
        ("R08", "plan.toml", 1, "patients `001` and `1` differ in leading zeros only"),
        ("R09", "plan.toml", 1, "`Month 6` (month 6) stands before `Month 3` (month 3) in the plan"),
        ("R11", "plan.toml", 1, "`greater` is the direction of harm on vas, paindays, crp"),
    ] {
        let (found, text) = in_folder(&case(name), &["check", plan]);
        assert!(found == code && text.contains(said), "{name}: {found} {text}");
    }
}

/// Small values keep their digits: no limit that excludes 0 is printed as 0.
#[test]
fn decimals_are_taken_from_the_data() {
    let folder = case("H06");
    let (code, said) = in_folder(&folder, &["run", "plan.toml", "--out", "out"]);
    assert!(code == 0 && said.contains("−0.0071 (−0.0130 to −0.0012)"), "{said}");
}

/// R: a screening visit as a further outcome gave −11.53 (SE 2.26); without it, as here, the comparison is the same whether or
/// not its rows are in the file.
#[test]
fn a_screening_visit_changes_no_comparison() {
    let with = case("R01");
    let without = case("R01");
    let rows = fs::read_to_string(without.path().join("base.csv")).unwrap();
    let kept: Vec<&str> = rows.lines().filter(|row| !row.contains("Screening")).collect();
    fs::write(without.path().join("base.csv"), kept.join("\n")).unwrap();
    let plan = fs::read_to_string(without.path().join("plan.toml")).unwrap().replace("\"Screening\", ", "");
    fs::write(without.path().join("plan.toml"), plan).unwrap();
    let ((_, with), (_, without)) = (results(&with, "plan.toml"), results(&without, "plan.toml"));
    let of = |results: &Value| {
        let deciding = record(results, "vas.m6.primary", "");
        (deciding["estimate"].clone(), deciding["std_error"].clone(), deciding["p_value"].clone())
    };
    assert_eq!(of(&with), of(&without));
}

/// `primary = "mcnemar"` decides yes/no endpoints; the others have the method of their kind and are assessed.
#[test]
fn every_endpoint_is_assessed_beside_mcnemar() {
    let folder = case("R07");
    let (code, said) = in_folder(&folder, &["check", "plan.toml"]);
    assert!(
        code == 0 && said.contains("Responder 30 % (primary): 96 values of 24 patients; decided by mcnemar"),
        "{said}"
    );
    let (code, said) = in_folder(&folder, &["run", "plan.toml", "--out", "out"]);
    assert!(code == 0 && !said.contains("not assessed:"), "{code} {said}");
    for line in said.lines().filter(|line| line.contains("Month 6")) {
        assert!(!line.trim_end().ends_with("not assessed"), "{line}");
    }
}

/// A primary that fails claims nothing for the secondary endpoints.
#[test]
fn secondary_endpoints_wait_for_the_primary() {
    let (_, said) = in_folder(&case("R15"), &["run", "plan.toml", "--out", "out"]);
    let womac = said.lines().find(|line| line.starts_with("WOMAC pain")).unwrap_or_else(|| panic!("{said}"));
    assert!(!womac.contains("superior"), "{womac}");
}

/// A non-inferiority margin has its verdict.
#[test]
fn a_margin_has_its_verdict() {
    let (code, said) = in_folder(&case("R14"), &["run", "plan.toml", "--out", "out"]);
    assert!(code == 0 && said.contains("non-inferior"), "{said}");
}

#[test]
fn calculators_read_words_logarithms_and_ask_for_codes_and_order() {
    for (name, args, code, said) in [
        (
            "H08",
            &["test", "mcnemar", "--data", "yesno.csv", "--treated", "ev", "--control", "pb"][..],
            0,
            "n_yes_treated",
        ),
        (
            "H25",
            &["model", "--data", "num_arm.csv", "--formula", "vas ~ a01*visit+base+(1|subj)", "--emmeans", "a01|visit"],
            1,
            "--factor 'a01=0,1'",
        ),
        (
            "H27",
            &[
                "model",
                "--data",
                "postmiss.csv",
                "--factor",
                "arm=PBO,ACT",
                "--where",
                "visit=Week 12",
                "--formula",
                "vas ~ arm+base+us(arm|subj)",
            ],
            0,
            "Correlations of one independent unit",
        ),
        (
            "H38",
            &[
                "model",
                "--data",
                "full.csv",
                "--factor",
                "arm=PBO,ACT",
                "--formula",
                "vas ~ arm*visit+kron(us(arm),ar1(visit)|subj)",
            ],
            1,
            "--factor 'visit=Baseline,Week 4,Week 12'",
        ),
        (
            "H24",
            &[
                "model",
                "--data",
                "post.csv",
                "--factor",
                "arm=PBO,ACT",
                "--factor",
                "visit=Week 4,Week 12",
                "--formula",
                "log(vas) ~ arm*visit+(1|subj)",
                "--emmeans",
                "arm|visit",
                "--contrast",
                "arm",
            ],
            0,
            "carried back as geometric means and ratios",
        ),
    ] {
        let (found, text) = in_folder(&case(name), args);
        assert!(found == code && text.contains(said), "{name}: {found} {text}");
    }
    // No line of the table of a repeated measures analysis is wider than a page of text.
    let (code, text) = in_folder(
        &case("H26"),
        &["test", "rm-anova", "--data", "rm_ok.csv", "--id", "id", "--value", "y", "--within", "arm,vis"],
    );
    let longest = text.lines().map(|line| line.chars().count()).max().unwrap_or_default();
    assert!(code == 0 && longest <= 120, "{longest}: {text}");
}

/// Characters that the PDF's fonts have no form for are said, and stand as code points.
#[test]
#[cfg(feature = "pdf")]
fn characters_without_a_form_are_said() {
    let folder = case("H35");
    let plan = fs::read_to_string(folder.path().join("plan.toml")).unwrap();
    if !plan.contains("pdf") {
        fs::write(folder.path().join("plan.toml"), format!("{plan}\n[report]\nformats = [\"html\", \"pdf\"]\n"))
            .unwrap();
    }
    let (code, said) = in_folder(&folder, &["run", "plan.toml", "--out", "out"]);
    assert!(code == 0 && said.contains("have no form for 2 characters") && said.contains("--font FILE"), "{said}");
}

/// What an everyday mistake does to the plan, the rows (the header first) and the patients.
struct Trial {
    plan: String,
    rows: Vec<Vec<String>>,
    patients: String,
}

impl Trial {
    fn plan(&mut self, from: &str, to: &str) {
        assert!(self.plan.contains(from), "the plan has no `{from}`");
        self.plan = self.plan.replacen(from, to, 1);
    }

    fn column(&mut self, name: &str, value: impl Fn(&str, usize) -> String) {
        let at = self.rows[0].iter().position(|cell| cell == name).unwrap();
        for (number, row) in self.rows.iter_mut().enumerate().skip(1) {
            row[at] = value(&row[at], number - 1);
        }
    }

    fn at(&mut self, name: &str, rows: &[usize], value: &str) {
        self.column(name, |cell, row| if rows.contains(&row) { value } else { cell }.to_owned());
    }

    fn text(&self, delimiter: &str) -> String {
        self.rows.iter().map(|row| row.join(delimiter) + "\n").collect()
    }
}

/// Name, what is done, the exit code of `check`, and what it says (empty: nothing about it, and no warning).
type Mistake = (&'static str, fn(&mut Trial), i32, &'static str);

const MISTAKES: &[Mistake] = &[
    ("nothing", |_| {}, 0, "0 errors, 0 warnings, 0 notes"),
    ("a key", |t| t.plan("better = \"lower\"\nminimal", "beter = \"lower\"\nminimal"), 1, "did you mean `better`"),
    ("a table", |t| t.plan("[analysis]", "[analyses]"), 1, "did you mean `analysis`"),
    (
        "a plausible key",
        |t| t.plan("primary = \"Month 6\"", "primary_visit = \"Month 6\""),
        1,
        "did you mean `primary`?",
    ),
    ("case of a column", |t| t.plan("column = \"vas\"", "column = \"VAS\""), 1, "did you mean `vas`"),
    ("no such column", |t| t.plan("column = \"vas\"", "column = \"pain\""), 1, "plan.toml:21 names it"),
    ("case of an arm", |t| t.plan("active = \"PRP\"", "active = \"prp\""), 1, "it looks like a spelling of `prp`"),
    ("another arm", |t| t.plan("placebo = \"SAL\"", "placebo = \"Saline\""), 1, "did you mean `Saline`?"),
    (
        "one arm",
        |t| t.column("trt", |cell, row| if (36..42).contains(&row) { "PRP".into() } else { cell.into() }),
        1,
        "has both knees on PRP",
    ),
    (
        "a row twice",
        |t| {
            let row = t.rows[6].clone();
            t.rows.push(row);
        },
        1,
        "has a second row at `Month 6`",
    ),
    (
        "visits out of order",
        |t| t.plan("\"Month 3\", \"Month 6\"]", "\"Month 6\", \"Month 3\"]"),
        1,
        "stands before `Month 3`",
    ),
    (
        "rows shuffled",
        |t| t.rows[1..].sort_by(|a, b| b[3].cmp(&a[3]).then(b.cmp(a))),
        0,
        "0 errors, 0 warnings, 0 notes",
    ),
    (
        "dd.mm.yyyy",
        |t| t.column("date", |d, _| format!("{}.{}.{}", &d[8..], &d[5..7], &d[..4])),
        0,
        "0 errors, 0 warnings, 0 notes",
    ),
    (
        "ambiguous dates",
        |t| t.column("date", |d, _| format!("{}/{}/{}", &d[8..], &d[5..7], &d[..4])),
        1,
        "day/month or month/day",
    ),
    (
        "years of two digits",
        |t| t.column("date", |d, _| format!("{}/{}/{}", &d[5..7], &d[8..], &d[2..4])),
        1,
        "does not say its century",
    ),
    (
        "serial dates",
        |t| t.column("date", |d, _| (45_352 + 92 * ((d.as_bytes()[6] - b'3') / 3) as usize).to_string()),
        1,
        "serial number of a day in Excel",
    ),
    (
        "01-Mar-2024",
        |t| {
            t.column("date", |d, _| {
                format!(
                    "01-{}-2024",
                    match &d[5..7] {
                        "03" => "Mar",
                        "06" => "Jun",
                        _ => "Sep",
                    }
                )
            })
        },
        0,
        "0 errors, 0 warnings, 0 notes",
    ),
    ("times", |t| t.column("date", |d, _| format!("{d}T09:30")), 0, "0 errors, 0 warnings, 0 notes"),
    (
        "-99 outside the range",
        |t| t.at("vas", &[8, 20, 31], "-99"),
        1,
        "if `-99` means missing, declare it for this column: `missing_in = { vas = [\"-99\"] }`",
    ),
    (
        "999 without a range",
        |t| {
            t.plan("range = [0, 100]\n", "");
            t.at("vas", &[8, 20, 31], "999");
        },
        0,
        "VAS pain is 999 in 3 cells, apart from all other values",
    ),
    (
        "99 on a scale",
        |t| {
            t.plan("range = [0, 100]\n", "");
            t.at("vas", &[8, 20, 31], "99");
        },
        0,
        "VAS pain is 99 in 5 cells, and within",
    ),
    ("99 among counts", |t| t.at("paindays", &[8, 20, 31], "99"), 0, "Painful days is 99 in 3 cells, apart"),
    ("-9 in a column", |t| t.at("crp", &[8, 20, 31], "-9"), 0, "CRP is -9 in 3 cells, apart"),
    (
        "-98 and -99",
        |t| {
            t.at("crp", &[8, 20], "-98");
            t.at("crp", &[31], "-99");
        },
        0,
        "CRP is -99 in 1 cell, apart",
    ),
    ("ND", |t| t.at("vas", &[8, 20, 31], "ND"), 1, "list the code in `data.missing`"),
    ("below a limit", |t| t.at("crp", &[8, 20, 31], "<0.2"), 1, "limit of quantification"),
    (
        "centimetres",
        |t| t.column("vas", |v, _| format!("{:.1}", v.parse::<f64>().unwrap() / 10.0)),
        0,
        "is it another unit?",
    ),
    (
        "some in centimetres",
        |t| {
            t.column("vas", |v, row| {
                if [12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23].contains(&row) {
                    format!("{:.1}", v.parse::<f64>().unwrap() / 10.0)
                } else {
                    v.into()
                }
            })
        },
        0,
        "SK222",
    ),
    (
        "sides 1 and 2",
        |t| t.column("side", |s, _| if s == "L" { "1" } else { "2" }.into()),
        0,
        "`[sides] left = { code = \"1\", label = \"left\" }`",
    ),
    (
        "arms 1 and 0",
        |t| {
            t.plan("\"PRP\"", "\"1\"");
            t.plan("\"SAL\"", "\"0\"");
            t.column("trt", |a, _| if a == "PRP" { "1" } else { "0" }.into());
        },
        0,
        "SK042",
    ),
    (
        "arms without quotes",
        |t| {
            t.plan("\"PRP\"", "1");
            t.plan("\"SAL\"", "0");
        },
        1,
        "{ code = 1, label = \"…\" }",
    ),
    (
        "arms 1.0 and 0.0",
        |t| {
            t.plan("\"PRP\"", "\"1\"");
            t.plan("\"SAL\"", "\"0\"");
            t.column("trt", |a, _| if a == "PRP" { "1.0" } else { "0.0" }.into());
        },
        0,
        "SK042",
    ),
    ("per cent", |t| t.column("vas", |v, _| format!("{v}%")), 1, "a per cent sign stands in the cell"),
    (
        "shares",
        |t| t.column("vas", |v, _| format!("{:.2}", v.parse::<f64>().unwrap() / 100.0)),
        0,
        "is it another unit?",
    ),
    (
        "blanks behind arms",
        |t| t.column("trt", |a, row| if row % 7 == 0 { format!("{a} ") } else { a.into() }),
        0,
        "0 errors, 0 warnings, 0 notes",
    ),
    (
        "no-break spaces",
        |t| t.column("visit", |v, row| if row % 7 == 0 { v.replace(' ', "\u{a0}") } else { v.into() }),
        0,
        "a no-break space (U+00A0)",
    ),
    (
        "001 and 1",
        |t| t.column("pid", |id, row| if row % 3 == 2 { id.trim_start_matches('0').into() } else { id.into() }),
        1,
        "differ in leading zeros only",
    ),
    (
        "1 in the patients",
        |t| t.patients = t.patients.replace("\n00", "\n").replace("\n0", "\n"),
        1,
        "differ in leading zeros only",
    ),
    (
        "alpha = 5",
        |t| t.plan("[analysis]", "[analysis]\nalpha = 5"),
        1,
        "write the level of the test, for instance 0.05",
    ),
    ("alpha = 0.95", |t| t.plan("[analysis]", "[analysis]\nalpha = 0.95"), 1, "between 1e-9 and 0.5"),
    (
        "direction",
        |t| t.plan("better = \"lower\"", "better = \"higher\""),
        0,
        "lower values are usually the better ones",
    ),
    ("one = in a condition", |t| t.plan("pp == \"Y\"", "pp = \"Y\""), 1, "write `==` to compare"),
    ("YES for Y", |t| t.plan("pp == \"Y\"", "pp == \"YES\""), 1, "`pp` is `N`, `Y`"),
    ("side LR", |t| t.at("side", &[10], "LR"), 1, "has 3 knees: L, R, LR"),
    (
        "a title above",
        |t| {
            t.rows.insert(0, vec![]);
            t.rows.insert(0, vec!["Export of 2024-10-01".into()]);
        },
        1,
        "declare `header_row = 3`",
    ),
    (
        "a row of totals",
        |t| t.rows.push(",,,,,,58.2,,".split(',').map(str::to_owned).collect()),
        1,
        "the patient identifier is empty",
    ),
    (
        "empty rows",
        |t| t.rows.extend(vec![vec![String::new(); 9]; 2]),
        0,
        "2 rows of delimiters alone were passed over",
    ),
    ("baseline BL", |t| t.plan("baseline = \"Baseline\"", "baseline = \"BL\""), 1, "`BL` is not a visit of `order`"),
    (
        "no baseline",
        |t| t.plan("baseline = \"Baseline\"\n", ""),
        0,
        "no baseline is declared, though a visit is called `Baseline`",
    ),
    ("negative size", |t| t.plan("improvement = 19.9", "improvement = -19.9"), 1, "write it without a sign"),
    ("paired-t", |t| t.plan("\"paired_t\"", "\"paired-t\""), 1, "did you mean `paired_t`"),
    ("t-test", |t| t.plan("[analysis]", "[analysis]\nprimary = \"t-test\""), 1, "one of: mixed_model"),
    (
        "count as grade",
        |t| t.plan("kind = \"count\"", "kind = \"ordinal\""),
        0,
        "write `kind = \"count\"` or `kind = \"continuous\"`",
    ),
    (
        "unscheduled",
        |t| t.rows.push("001,L,PRP,Unscheduled,4.2,2024-07-10,55,20,3.1".split(',').map(str::to_owned).collect()),
        1,
        "unknown visit `Unscheduled`",
    ),
    ("555", |t| t.at("vas", &[8], "555"), 1, "is 555, outside its range 0 to 100"),
    ("an outlier", |t| t.at("crp", &[8], "310"), 0, "median difference"),
    (
        "two months of three",
        |t| t.plan("primary = \"Month 6\"", "primary = \"Month 6\"\nmonths = [0, 3]"),
        1,
        "2 months for 3 visits",
    ),
    ("an empty arm", |t| t.at("trt", &[44, 47], ""), 1, "the arm is empty"),
    ("half a count", |t| t.at("paindays", &[8], "12.5"), 1, "a count is a whole number from 0"),
    (
        "arms exchanged",
        |t| {
            t.column("trt", |a, row| {
                match (row % 3, a) {
                    (2, "PRP") => "SAL",
                    (2, _) => "PRP",
                    _ => a,
                }
                .into()
            })
        },
        1,
        "SK104",
    ),
    (
        "scores copied",
        |t| {
            for name in ["vas", "paindays", "crp"] {
                t.at(name, &[31, 32, 34, 35], "20");
            }
        },
        0,
        "all 3 scores at",
    ),
    ("yes for Y", |t| t.patients = t.patients.replace(",Y,Y", ",Y,yes").replace(",N,Y", ",N,yes"), 1, "`fas` is `yes`"),
    ("text in age", |t| t.patients = t.patients.replacen("\n005,", "\n005,x", 1), 1, "which else holds numbers"),
    ("no rows of a visit", |t| t.rows.retain(|row| row[3] != "Month 3"), 0, "no row has the visit `Month 3`"),
    ("a date column", |t| t.plan("date = \"date\"", "date = \"dat\""), 1, "did you mean `date`"),
    ("an absolute path", |t| t.plan("\"base.csv\"", "\"/absolute/base.csv\""), 1, "SK02"),
    ("a path of Windows", |t| t.plan("\"base.csv\"", "\"C:\\Users\\me\\base.csv\""), 1, "write paths with `/`"),
];

#[test]
fn everyday_mistakes_are_found_with_their_cause() {
    let folder = case("base");
    let read = |name: &str| fs::read_to_string(faults("base").join(name)).unwrap();
    let (plan, rows, patients) = (read("plan.toml"), read("base.csv"), read("patients.csv"));
    let rows: Vec<Vec<String>> = rows.lines().map(|line| line.split(',').map(str::to_owned).collect()).collect();
    let check = |trial: &Trial, text: &str| {
        for (name, text) in [("plan.toml", trial.plan.as_str()), ("base.csv", text), ("patients.csv", &trial.patients)]
        {
            fs::write(folder.path().join(name), text).unwrap();
        }
        in_folder(&folder, &["check", "plan.toml"])
    };
    let clean = || Trial { plan: plan.clone(), rows: rows.clone(), patients: patients.clone() };
    let mut wrong = Vec::new();
    for (name, mistake, code, said) in MISTAKES {
        let mut trial = clean();
        mistake(&mut trial);
        let (found, text) = check(&trial, &trial.text(","));
        if found != *code || !text.contains(said) {
            wrong.push(format!("{name}: {found} instead of {code}, without `{said}`:\n{text}"));
        }
    }
    // Decimal commas: in a file with semicolons, between quotes, and mixed with points.
    let comma = |t: &mut Trial, every: usize| {
        t.column("crp", |v, row| if row % every == 0 { v.replace('.', ",") } else { v.into() })
    };
    for (every, code, said) in
        [(1, 0, "0 errors, 0 warnings"), (2, 1, "has a decimal comma, and 72 other cells of the column a point")]
    {
        let mut trial = clean();
        comma(&mut trial, every);
        let (found, text) = check(&trial, &trial.text(";"));
        if found != code || !text.contains(said) {
            wrong.push(format!("decimal comma in every {every} rows: {text}"));
        }
    }
    let (found, text) =
        check(&clean(), &format!("\u{feff}{}", clean().text(",").replace("visit,month", " visit ,month")));
    if found != 0 || !text.contains("0 errors, 0 warnings") {
        wrong.push(format!("a byte order mark and blanks in the header: {text}"));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The report of a case as Markdown, and what the run said.
fn report(folder: &TempDir) -> (String, String) {
    let (_, said) = in_folder(folder, &["run", "plan.toml", "--out", "out"]);
    (fs::read_to_string(folder.path().join("out/report.md")).unwrap_or_else(|_| panic!("{said}")), said)
}

/// Counts in tables by hand: what earlier versions counted wrongly (`deep-H02` to `deep-H28`).
#[test]
fn tables_count_as_by_hand() {
    for (name, rows) in [
        // The serious event of the patient whose `saf` is empty is listed; the box names it.
        ("deep-H02", &["1 serious adverse event beside those counted", "Anaphylaxis"][..]),
        // Last visits are the knee's: of the A knees 1 at M1 and 4 at M3, of the P knees 2 and 3.
        ("deep-H04", &["| Last visit with a value: M1 | 0 | 1 | 2 |", "| Last visit with a value: M3 | 5 | 4 | 3 |"]),
        // Of five patients race is known of two and sex of three.
        ("deep-H20", &["Not known (percentages are of the 2 known) | 3 |", "Not known, in no group | 2 |"]),
        // An effusion from day −30 to −20 and a pain from day −5 to −1 are no harms of treatment.
        ("deep-H26", &["| Any adverse event | 1 | 16.7 |", "Event in the A knee | 1 | 16.7 |"]),
        (
            "deep-H27",
            &["| Completed | 3 | 3 | 3 |", "| Discontinued | 2 | 2 | 2 |", "Reason not recorded | 1 | 1 | 1 |"],
        ),
        // `Pain`, `pain`, `PAIN` are one term, `mild`, `Mild`, `MILD` one severity.
        ("deep-H28", &["| Pain | 4 (66.7%) \\[4\\] | 0 | 0 |", "MILD | 3 (50.0%) \\[3\\] | 0 | 0 |"]),
    ] {
        let (page, said) = report(&case(name));
        for row in rows {
            assert!(page.contains(row), "{name}: no `{row}` in {said}\n{page}");
        }
        let serious = ["deep-H02", "deep-H26"].contains(&name);
        assert!(!(serious && page.contains("No serious adverse event was reported")), "{name}");
    }
    // An event without a grade and a grade that the plan does not list have their rows.
    let folder = case("deep-H28");
    let events = fs::read_to_string(folder.path().join("ae.csv")).unwrap();
    fs::write(folder.path().join("ae.csv"), format!("{events}5,L,Bleeding,,N,Y,1,2\n6,L,Sepsis,FATAL,Y,N,3,4\n"))
        .unwrap();
    let (page, _) = report(&folder);
    let grades = page.split("Adverse events by term and severity  ").nth(1).unwrap_or(&page);
    assert!(grades.contains("FATAL | 0 | 1 (16.7%)") && grades.contains("Severity not recorded | 1 (16.7%)"), "{page}");
}

/// Plans that earlier versions ran and that cannot be meant.
#[test]
fn plans_that_cannot_be_meant_are_refused() {
    for (name, plan, rule) in [
        ("deep-H11", "plan.toml", "SK013"),
        ("deep-H12", "plan.toml", "SK010"),
        ("deep-H12", "minus.toml", "SK010"),
        ("deep-H22", "plan.toml", "SK009"),
    ] {
        let (code, said) = in_folder(&case(name), &["check", plan]);
        assert!(code == 1 && said.contains(rule), "{name}: {said}");
    }
    let items = |args: &[&str]| {
        in_folder(&case("deep-H19"), &[&["score", "womac-lk", "--scale", "pain", "--data", "items.csv"], args].concat())
    };
    let (code, said) = items(&["--items", "q1,q1,q1,q1,q1"]);
    assert!(code != 0 && said.contains("names `q1` twice"), "{said}");
    let (code, said) = items(&["--items", "q1,q2,q3,q4,q5"]);
    assert!(code != 0 && said.contains("there is a column `pain` already"), "{said}");
}

/// Two cuts of one column do not double an identifier.
#[test]
fn identifiers_of_results_are_distinct() {
    let (_, results) = results(&case("deep-H14"), "plan.toml");
    let mut ids: Vec<&str> = results["results"].as_array().unwrap().iter().filter_map(|of| of["id"].as_str()).collect();
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all);
}

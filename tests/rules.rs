//! Every rule of the catalogue is triggered by spoiling one thing in a clean trial, at the place where it was spoiled.

use super::small_trial::SmallTrial;
use splitknee::plan::lock::LockState;
use splitknee::trial::rules::{GROUPS, Rule, find, markdown};
use std::collections::BTreeSet;
use std::path::Path;

/// A rule, where its finding stands (file, row, column; 0 and "" where no one place is meant), and what spoils the trial.
type Case = (&'static str, &'static str, usize, &'static str, fn(&mut SmallTrial));

fn all() -> impl Iterator<Item = &'static Rule> {
    GROUPS.iter().flat_map(|group| group.rules)
}

#[test]
fn a_clean_trial_has_no_finding() {
    let findings = SmallTrial::new().findings();
    assert!(findings.is_empty(), "{}", findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
}

/// In knees.csv the rows of patient P01 are 2 to 7 (Baseline left and right, Month 2, Month 6), of P02 8 to 13, ….
const CASES: &[Case] = &[
    ("SK040", "plan.toml", 20, "10", |t| t.edit_plan("baseline = \"Baseline\"\n", "")),
    ("SK041", "plan.toml", 28, "10", |t| {
        t.edit_plan("better = \"lower\"\nrole", "better = \"higher\"\nrole");
    }),
    ("SK042", "plan.toml", 16, "10", |t| {
        t.edit_plan("active = \"EV\"", "active = \"1\"");
        for file in ["knees.csv", "allocation.csv"] {
            t.set_column(file, "arm", |arm, _| if arm == "EV" { "1" } else { arm }.to_owned());
        }
    }),
    ("SK230", "knees.csv", 2, "vas_base", |t| {
        t.edit_plan(", month = \"month\"", "");
        t.set_column("knees.csv", "month", |_, row| if row == 2 { "99" } else { "" }.to_owned());
        t.set("knees.csv", 1, "month", "vas_base");
    }),
    ("SK036", "knees.csv", 9, "", |t| {
        let header = t.files["knees.csv"][0].clone();
        t.files.get_mut("knees.csv").unwrap().insert(8, header);
    }),
    ("SK047", "plan.toml", 31, "8", |t| t.edit_plan("unit = \"mm\"", "unit = \"mm\"\nmcid = 10")),
    ("SK217", "knees.csv", 4, "stiffness", |t| {
        t.edit_plan("range = [0, 8]\n", "");
        t.set("knees.csv", 4, "stiffness", "9");
        t.set("knees.csv", 9, "stiffness", "9");
    }),
    // 99 as a code within a scale of 0 to 100 whose top is reached.
    ("SK217", "knees.csv", 4, "vas", |t| {
        t.set("knees.csv", 3, "vas", "95");
        for row in [4, 7, 10, 12] {
            t.set("knees.csv", row, "vas", "99");
        }
    }),
    ("SK222", "knees.csv", 2, "vas", |t| {
        for (row, value) in [(2, "4.1"), (3, "5.5"), (4, "3.1"), (5, "6.2"), (6, "3.3"), (7, "4.4")] {
            t.set("knees.csv", row, "vas", value);
        }
    }),
    ("SK232", "knees.csv", 3, "vas", |t| {
        t.edit_plan("unit = \"mm\"", "transform = \"log\"");
        t.set("knees.csv", 3, "vas", "0");
    }),
    ("SK223", "knees.csv", 0, "vas", |t| t.edit_plan("unit = \"mm\"", "important_difference = 50")),
    ("SK224", "knees.csv", 0, "effusion", |t| {
        t.edit_plan("range = [0, 3]", "range = [0, 30]");
        t.set_column(
            "knees.csv",
            "effusion",
            |old, row| {
                if old.is_empty() { String::new() } else { (row % 17).to_string() }
            },
        );
    }),
    ("SK310", "knees.csv", 0, "month", |t| {
        t.edit_plan("[\"Baseline\", \"Month 2\", \"Month 6\"]", "[\"Baseline\", \"Month 6\", \"Month 2\"]");
    }),
    ("SK613", "patients.csv", 4, "age", |t| {
        declare(t, "name = \"age\"\nkind = \"number\"");
        t.set("patients.csv", 4, "age", "ca. 60");
    }),
    ("SK613", "patients.csv", 4, "age", |t| {
        t.edit_plan("[[analysis_set]]", "[analysis]\ncovariates = [\"age\"]\n[[analysis_set]]");
        t.set("patients.csv", 4, "age", "60 years");
    }),
    ("SK614", "patients.csv", 5, "sex", |t| {
        declare(t, "name = \"sex\"\nkind = \"factor\"\nlevels = [\"F\", \"M\"]");
        t.set("patients.csv", 5, "sex", "Female");
    }),
    ("SK615", "patients.csv", 0, "sex", |t| {
        t.edit_plan("[[analysis_set]]", "[analysis]\ncovariates = [\"sex\"]\n[[analysis_set]]");
        t.set_column("patients.csv", "sex", |_, row| (row % 3 + 1).to_string());
    }),
    ("SK610", "patients.csv", 0, "sex", |t| t.set("patients.csv", 5, "sex", "Female")),
    ("SK616", "patients.csv", 0, "age", |t| t.set("patients.csv", 5, "age", "999")),
    ("SK114", "patients.csv", 2, "id", |t| t.set("patients.csv", 2, "id", "p1")),
    ("SK714", "events.csv", 2, "id", |t| t.set("patients.csv", 2, "fas", "N")),
    ("SK715", "events.csv", 2, "start_day", |t| t.set("events.csv", 2, "start_day", "-5")),
    ("SK716", "events.csv", 3, "term", |t| t.set("events.csv", 3, "term", "LOCAL  PAIN")),
    ("SK719", "deviations.csv", 2, "id", |t| deviation(t, "P99", "LEFT", "Visit missed", "N")),
    ("SK720", "deviations.csv", 2, "deviation", |t| deviation(t, "P01", "LEFT", "", "N")),
    ("SK721", "deviations.csv", 2, "knee", |t| deviation(t, "P01", "LFET", "Visit missed", "N")),
    ("SK721", "deviations.csv", 2, "important", |t| deviation(t, "P01", "", "Visit missed", "maybe")),
    ("SK718", "events.csv", 3, "related", |t| {
        // Any column can hold the class; this one tells the two rows of a term apart.
        t.edit_plan(
            "adverse_events = \"events.csv\"\n",
            "adverse_events = \"events.csv\"\nevent_columns = { organ_class = \"related\" }\n",
        );
        t.set("events.csv", 3, "term", "Local pain");
    }),
    ("SK722", "disposition.csv", 2, "status", |t| t.set("disposition.csv", 2, "status", "Y")),
    ("SK048", "plan.toml", 8, "13", |t| {
        t.edit_plan("path = \"knees.csv\"", "path = \"knees.csv\"\nfill_down = [\"vas\"]")
    }),
    ("SK617", "patients.csv", 0, "age", |t| {
        t.edit_plan("[[analysis_set]]", "[analysis]\ncovariates = [\"age\"]\n[[analysis_set]]");
        t.set("patients.csv", 4, "age", "");
    }),
    ("SK039", "knees.csv", 2, "", |t| {
        t.set("knees.csv", 2, "volume", "99999");
        t.edit_plan("[arms]", "missing = [\"\", \"99999\"]\n[arms]");
    }),
    ("SK037", "knees.csv", 3, "vas", |t| {
        t.set("knees.csv", 2, "volume", "99");
        t.set("knees.csv", 3, "vas", "99");
        t.edit_plan("[arms]", "missing = [\"\", \"99\"]\n[arms]");
    }),
    ("SK038", "knees.csv", 4, "arm", |t| {
        t.set("knees.csv", 4, "arm", "ev");
        t.edit_plan("[arms]", "where = 'arm in [\"EV\", \"SALINE\"]'\n[arms]");
    }),
    ("SK118", "patients.csv", 14, "id", |t| {
        let row = t.repeat("patients.csv", 2);
        t.set("patients.csv", row, "id", "Mean");
    }),
    ("SK226", "knees.csv", 8, "", |t| {
        let rows = t.files.get_mut("knees.csv").unwrap();
        for row in 1..7 {
            let copied = rows[row][6..].to_vec();
            rows[row + 6].splice(6.., copied);
        }
    }),
    ("SK619", "patients.csv", 0, "fas", |t| t.set("patients.csv", 4, "fas", "")),
    ("SK723", "events.csv", 3, "began", |t| dated(t, ["2024-01-11", "14.01.2024"])),
    ("SK724", "events.csv", 5, "began", |t| {
        for (patient, day) in [("P03", "2"), ("P04", "2")] {
            let row = t.repeat("events.csv", 3);
            t.set("events.csv", row, "id", patient);
            t.set("events.csv", row, "start_day", day);
            t.set("events.csv", row, "end_day", day);
        }
        // Baseline is on 10, 17, 24 and 31 January.
        dated(t, ["2024-01-11", "2024-01-21", "2024-01-26", "2024-02-22"]);
    }),
    ("SK717", "disposition.csv", 2, "reason", |t| t.set("disposition.csv", 2, "status", "DISCONTINUED")),
    ("SK020", "patients.csv", 0, "", |t| {
        t.files.remove("patients.csv");
    }),
    ("SK612", "patients.csv", 0, "first", |t| {
        let rows = t.files.get_mut("patients.csv").unwrap();
        for (number, row) in rows.iter_mut().enumerate() {
            row.push(match number {
                0 => "first".to_owned(),
                3 => "UPPER".to_owned(),
                _ => ["left", "SALINE", ""][number % 3].to_owned(),
            });
        }
        t.edit_plan(
            "[[analysis_set]]\nname = \"PP\"",
            "[analysis]\ninjected_first = \"first\"\n[[analysis_set]]\nname = \"PP\"",
        );
    }),
    ("SK022", "patients.csv", 1, "", |t| t.remove("patients.csv", "id", |_| true)),
    ("SK022", "knees.csv", 0, "", |t| t.edit_plan("[arms]", "where = 'arm == \"X\"'\n[arms]")),
    ("SK024", "knees.csv", 9, "", |t| t.files.get_mut("knees.csv").unwrap()[8].push("1".to_owned())),
    ("SK027", "knees.csv", 4, "visit", |t| t.set("knees.csv", 4, "visit", "Month\u{a0}2")),
    ("SK028", "knees.csv", 9, "", |t| {
        t.files.get_mut("knees.csv").unwrap()[8].pop();
    }),
    ("SK029", "knees.csv", 4, "vas", |t| {
        t.edit_plan("unit = \"mm\"", "unit = \"mm\"\nreplicates = \"mean\"");
        let row = t.repeat("knees.csv", 4);
        for column in ["pain", "stiffness", "total", "effusion", "volume"] {
            t.set("knees.csv", row, column, "");
        }
    }),
    ("SK033", "plan.toml", 78, "15", |t| t.plan.push_str("\n[analysis]\nalternative = \"greater\"\n")),
    ("SK024", "knees.csv", 1, "side", |t| t.set("knees.csv", 1, "vas", "side")),
    ("SK025", "knees.csv", 1, "vas", |t| t.set("knees.csv", 1, "vas", "vsa")),
    ("SK025", "allocation.csv", 1, "arm", |t| t.set("allocation.csv", 1, "arm", "treatment")),
    ("SK025", "events.csv", 1, "serious", |t| t.set("events.csv", 1, "serious", "ser")),
    ("SK026", "plan.toml", 7, "1", |t| t.edit_plan("path = \"knees.csv\"", "path = \"../knees.csv\"")),
    ("SK026", "plan.toml", 7, "1", |t| t.edit_plan("path = \"knees.csv\"", "path = \"plan.toml\"")),
    ("SK101", "knees.csv", 74, "", |t| {
        t.repeat("knees.csv", 9);
    }),
    ("SK102", "knees.csv", 12, "id", |t| t.set("knees.csv", 12, "id", " ")),
    ("SK103", "knees.csv", 3, "arm", |t| {
        for row in [3, 5, 7] {
            t.set("knees.csv", row, "arm", "EV");
        }
    }),
    ("SK104", "knees.csv", 4, "arm", |t| t.set("knees.csv", 4, "arm", "SALINE")),
    ("SK105", "knees.csv", 6, "side", |t| t.set("knees.csv", 6, "side", "LFET")),
    ("SK106", "knees.csv", 2, "", |t| {
        let rows = t.files.get_mut("knees.csv").unwrap();
        for row in [7, 5, 3] {
            rows.remove(row - 1);
        }
        t.remove("allocation.csv", "id", |id| id == "P01");
        t.edit_plan(
            "allocation = \"allocation.csv\"\nallocation_columns = { order = \"number\", date = \"randomised\" }\n",
            "",
        );
    }),
    ("SK107", "knees.csv", 2, "id", |t| t.remove("allocation.csv", "id", |id| id == "P01")),
    ("SK108", "allocation.csv", 24, "id", |t| t.remove("knees.csv", "id", |id| id == "P12")),
    ("SK109", "knees.csv", 2, "arm", |t| {
        t.set("allocation.csv", 2, "arm", "SALINE");
        t.set("allocation.csv", 3, "arm", "EV");
    }),
    ("SK110", "allocation.csv", 3, "id", |t| t.set("allocation.csv", 3, "arm", "EV")),
    ("SK111", "patients.csv", 0, "id", |t| t.remove("patients.csv", "id", |id| id == "P03")),
    ("SK112", "patients.csv", 14, "id", |t| {
        t.repeat("patients.csv", 4);
    }),
    ("SK113", "patients.csv", 14, "id", |t| {
        let row = t.repeat("patients.csv", 4);
        t.set("patients.csv", row, "id", "P77");
    }),
    ("SK114", "knees.csv", 8, "id", |t| {
        for file in ["knees.csv", "patients.csv", "allocation.csv", "disposition.csv", "events.csv"] {
            t.set_column(file, "id", |id, _| if id == "P02" { "p-1".to_owned() } else { id.to_owned() });
        }
    }),
    ("SK115", "more.csv", 2, "vas", |t| second_file(t, "P01,LEFT,Baseline,999\n")),
    ("SK116", "more.csv", 2, "vas", |t| {
        let vas = t.files["knees.csv"][1][6].clone();
        second_file(t, &format!("P01,LEFT,Baseline,{vas}\n"));
    }),
    ("SK117", "mri.csv", 0, "", |t| {
        second_file(t, "P01,LEFT,Baseline,1\n");
        let rows = t.files.remove("more.csv").unwrap();
        t.files.insert("mri.csv", rows);
        t.set("mri.csv", 1, "vas", "mri");
        t.edit_plan("more.csv", "mri.csv");
        t.edit_plan(
            "[[analysis_set]]",
            "[[endpoint]]\nname = \"MRI\"\ncolumn = \"mri\"\nbetter = \"lower\"\n[[analysis_set]]",
        );
    }),
    ("SK201", "knees.csv", 5, "vas", |t| t.set("knees.csv", 5, "vas", "n/a")),
    ("SK202", "knees.csv", 5, "vas", |t| t.set("knees.csv", 5, "vas", "105")),
    ("SK203", "knees.csv", 6, "effusion", |t| t.set("knees.csv", 6, "effusion", "1.5")),
    ("SK225", "knees.csv", 6, "pain", |t| {
        t.edit_plan("unit = \"mm\"", "kind = \"count\"\nexposure = \"pain\"");
        t.set("knees.csv", 6, "pain", "0");
    }),
    ("SK204", "knees.csv", 6, "vas", |t| {
        t.edit_plan("unit = \"mm\"", "step = 0.5");
        t.set("knees.csv", 6, "vas", "41.3");
    }),
    ("SK205", "knees.csv", 0, "vas", |t| t.set_column("knees.csv", "vas", |_, row| (row % 10).to_string())),
    ("SK206", "knees.csv", 6, "total", |t| t.set("knees.csv", 6, "total", "1")),
    ("SK207", "knees.csv", 6, "vas", |t| t.set("knees.csv", 6, "vas", "41.5")),
    ("SK208", "knees.csv", 0, "vas", |t| t.set_column("knees.csv", "vas", |_, row| (row % 7 * 5 + 30).to_string())),
    ("SK209", "knees.csv", 4, "", |t| {
        for column in ["vas", "pain", "stiffness", "total", "volume"] {
            let i = t.files["knees.csv"][0].iter().position(|name| name == column).unwrap();
            let before = t.files["knees.csv"][1][i].clone();
            t.set("knees.csv", 4, column, &before);
        }
    }),
    ("SK210", "knees.csv", 3, "", |t| {
        for column in ["vas", "pain", "stiffness", "total", "volume"] {
            let i = t.files["knees.csv"][0].iter().position(|name| name == column).unwrap();
            let other = t.files["knees.csv"][1][i].clone();
            t.set("knees.csv", 3, column, &other);
        }
    }),
    ("SK211", "knees.csv", 0, "volume", |t| t.set_column("knees.csv", "volume", |_, _| String::new())),
    ("SK212", "knees.csv", 0, "volume", |t| t.set_column("knees.csv", "volume", |_, _| "2000".to_owned())),
    ("SK213", "knees.csv", 2, "volume", |t| t.set("knees.csv", 2, "volume", "9500")),
    ("SK214", "knees.csv", 0, "vas", |t| {
        for row in [6, 7, 12, 13] {
            t.set("knees.csv", row, "vas", "0");
        }
    }),
    ("SK215", "knees.csv", 4, "vas", |t| {
        t.set("knees.csv", 2, "vas", "97");
        t.set("knees.csv", 4, "vas", "3");
    }),
    ("SK216", "knees.csv", 4, "effusion", |t| t.set("knees.csv", 4, "effusion", "2")),
    ("SK217", "knees.csv", 4, "volume", |t| t.set("knees.csv", 4, "volume", "-99")),
    ("SK025", "knees.csv", 1, "s3", |t| score_stiffness(t, "s3")),
    ("SK218", "knees.csv", 4, "stiffness", |t| {
        score_stiffness(t, "s2");
        t.set("knees.csv", 4, "stiffness", "8");
        t.set("knees.csv", 4, "s2", "0");
    }),
    ("SK219", "knees.csv", 4, "s2", |t| {
        score_stiffness(t, "s2");
        t.set("knees.csv", 4, "s2", "5");
    }),
    ("SK220", "knees.csv", 0, "stiffness", |t| {
        score_stiffness(t, "s2");
        t.set("knees.csv", 4, "s2", "");
    }),
    ("SK221", "items.csv", 3, "", |t| {
        t.edit_plan("name = \"Stiffness\"", "name = \"Stiffness\"\nscore = { instrument = \"womac-lk\", scale = \"stiffness\", items = [\"s1\", \"s2\"], file = \"items.csv\" }");
        let rows = ["id,side,visit,s1,s2", "P01,L,Baseline,1,2", "P01,LEFT,Month 9,1,2"];
        t.files.insert("items.csv", rows.iter().map(|row| row.split(',').map(str::to_owned).collect()).collect());
    }),
    ("SK301", "knees.csv", 4, "date", |t| t.set("knees.csv", 4, "date", "someday")),
    ("SK302", "knees.csv", 4, "date", |t| {
        t.set("knees.csv", 4, "date", "2023-12-30");
        t.set("knees.csv", 5, "date", "2023-12-30");
    }),
    ("SK303", "knees.csv", 6, "date", |t| {
        t.edit_plan(
            "[[endpoint]]",
            "[[visits.window]]\nvisit = \"Month 6\"\nfrom_day = 150\nto_day = 210\n\n[[endpoint]]",
        );
        t.set("knees.csv", 6, "date", "2024-10-30");
        t.set("knees.csv", 7, "date", "2024-10-30");
    }),
    ("SK304", "knees.csv", 4, "date", |t| {
        t.set("allocation.csv", 2, "randomised", "2024-04-01");
        t.set("allocation.csv", 3, "randomised", "2024-04-01");
    }),
    ("SK305", "knees.csv", 6, "date", |t| {
        t.set("knees.csv", 6, "date", "2024-11-30");
        t.set("knees.csv", 7, "date", "2024-11-30");
    }),
    ("SK306", "knees.csv", 10, "month", |t| t.set("knees.csv", 10, "month", "3")),
    ("SK307", "knees.csv", 5, "date", |t| t.set("knees.csv", 5, "date", "2024-03-20")),
    ("SK308", "knees.csv", 2, "date", |t| t.set("knees.csv", 2, "date", "1024-01-10")),
    ("SK308", "knees.csv", 7, "date", |t| t.set("knees.csv", 7, "date", "2042-07-11")),
    ("SK302", "knees.csv", 4, "date", |t| t.set("knees.csv", 2, "date", "2024-10-01")),
    ("SK305", "knees.csv", 7, "date", |t| t.set("knees.csv", 7, "date", "2024-11-30")),
    ("SK119", "knees.csv", 72, "id", |t| {
        for row in [72, 73] {
            t.set("knees.csv", row, "id", "P21");
        }
        for file in ["patients.csv", "disposition.csv"] {
            t.repeat(file, 13);
            t.set(file, 14, "id", "P21");
        }
        for row in [24, 25] {
            let last = t.repeat("allocation.csv", row);
            t.set("allocation.csv", last, "id", "P21");
            t.set("allocation.csv", last, "number", "13");
        }
    }),
    ("SK119", "knees.csv", 4, "id", |t| {
        for file in ["patients.csv", "allocation.csv", "disposition.csv"] {
            t.plan = t.plan.replace(&format!("{} = \"{file}\"\n", file.trim_end_matches(".csv")), "");
        }
        t.plan = t.plan.replace("allocation_columns = { order = \"number\", date = \"randomised\" }\n", "");
        t.plan = t.plan.replace("where = 'fas == \"Y\"'", "").replace("where = 'pp == \"Y\"'", "");
        for row in [4, 5] {
            t.set("knees.csv", row, "id", "PO1");
        }
    }),
    ("SK231", "knees.csv", 16, "ABLFL", |t| {
        for (at, row) in t.files.get_mut("knees.csv").unwrap().iter_mut().enumerate() {
            let flagged = if at == 15 { true } else { row[2] == "Baseline" && at != 13 };
            row.push(
                if at == 0 {
                    "ABLFL"
                } else if flagged {
                    "Y"
                } else {
                    ""
                }
                .to_owned(),
            );
        }
    }),
    // A visit, one knee, one cell in centimetres; units that the data name.
    ("SK222", "knees.csv", 6, "vas", |t| in_centimetres(t, |row| row[2] == "Month 6")),
    ("SK222", "knees.csv", 2, "vas", |t| in_centimetres(t, |row| row[1] == "LEFT" && row[0].as_str() < "P07")),
    ("SK222", "knees.csv", 9, "vas", |t| t.set("knees.csv", 9, "vas", "5.2")),
    ("SK222", "knees.csv", 9, "volume", |t| t.set("knees.csv", 9, "volume", "2.345")),
    ("SK222", "knees.csv", 9, "vas_unit", |t| {
        for (at, row) in t.files.get_mut("knees.csv").unwrap().iter_mut().enumerate() {
            row.push(
                if at == 0 {
                    "vas_unit"
                } else if at == 8 {
                    "cm"
                } else {
                    "mm"
                }
                .to_owned(),
            );
        }
    }),
    ("SK217", "knees.csv", 6, "vas", |t| {
        t.set("knees.csv", 6, "vas", "0");
        t.set("knees.csv", 19, "vas", "0");
    }),
    ("SK210", "knees.csv", 3, "vas", |t| {
        for row in [2, 4, 6] {
            let value = t.files["knees.csv"][row - 1][6].clone();
            t.set("knees.csv", row + 1, "vas", &value);
        }
    }),
    ("SK209", "knees.csv", 2, "vas", |t| [2, 4, 6].iter().for_each(|row| t.set("knees.csv", *row, "vas", "44"))),
    ("SK616", "patients.csv", 0, "age", |t| {
        t.set_column("patients.csv", "age", |_, row| format!("19{}-03-0{}", 60 + row % 20, 1 + row % 9));
    }),
    ("SK610", "patients.csv", 0, "sex", |t| t.set("patients.csv", 4, "sex", "女")),
    ("SK715", "events.csv", 2, "start_day", |t| {
        t.set("events.csv", 2, "start_day", "");
        t.set("events.csv", 2, "end_day", "");
    }),
    ("SK620", "knees.csv", 6, "age", |t| {
        age_in_the_observations(t);
        t.set("knees.csv", 6, "age", "51");
        t.files.get_mut("patients.csv").unwrap().iter_mut().for_each(|row| drop(row.remove(1)));
    }),
    ("SK620", "knees.csv", 2, "age", |t| {
        age_in_the_observations(t);
        t.set("patients.csv", 2, "age", "44");
    }),
    ("SK609", "patients.csv", 1, "age", |t| {
        age_in_the_observations(t);
        t.set("knees.csv", 6, "age", "51");
        t.files.get_mut("patients.csv").unwrap().iter_mut().for_each(|row| drop(row.remove(1)));
        t.plan.push_str("[analysis]\ncovariates = [\"age\"]\n");
    }),
    ("SK222", "knees.csv", 9, "days", |t| {
        for (at, row) in t.files.get_mut("knees.csv").unwrap().iter_mut().enumerate() {
            row.push(if at == 0 { "falls".to_owned() } else { (at % 4).to_string() });
            row.push(
                if at == 0 {
                    "days"
                } else if at == 8 {
                    "1"
                } else {
                    "30"
                }
                .to_owned(),
            );
        }
        t.plan.push_str(
            "\n[[endpoint]]\nname = \"Falls\"\ncolumn = \"falls\"\nkind = \"count\"\nexposure = \"days\"\nbetter = \"lower\"\n",
        );
    }),
    ("SK050", "more.csv", 1, "VAS", |t| {
        second_file(t, "P01,LEFT,Month 2,\nP01,RIGHT,Month 2,");
        t.set("more.csv", 1, "vas", "VAS");
        for (at, row) in t.files.get_mut("more.csv").unwrap().iter_mut().enumerate() {
            row.push(if at == 0 { "mri".to_owned() } else { at.to_string() });
        }
        t.plan.push_str("\n[[endpoint]]\nname = \"MRI\"\ncolumn = \"mri\"\nbetter = \"lower\"\n");
    }),
    ("SK723", "events.csv", 2, "start_day", |t| {
        t.set("events.csv", 2, "start_day", "45300");
        t.set("events.csv", 2, "end_day", "45303");
    }),
    ("SK716", "events.csv", 4, "term", |t| {
        t.repeat("events.csv", 2);
        t.set("events.csv", 4, "id", "P05");
        t.set("events.csv", 4, "term", "Local pian");
    }),
    ("SK717", "disposition.csv", 2, "reason", |t| t.set("disposition.csv", 2, "reason", "Lost to follow-up")),
    ("SK621", "patients.csv", 0, "age", |t| {
        t.set_column("patients.csv", "age", |_, _| "55".to_owned());
        t.plan.push_str("[analysis]\ncovariates = [\"age\"]\n");
    }),
    ("SK613", "patients.csv", 0, "age", |t| {
        t.set_column("patients.csv", "age", |age, _| format!("{age}%"));
        t.plan.push_str("[analysis]\ncovariates = [\"age\"]\n");
    }),
    ("SK615", "patients.csv", 0, "sex", |t| {
        t.set_column("patients.csv", "sex", |_, row| format!("name {}", char::from(b'a' + u8::try_from(row).unwrap())));
        t.plan.push_str("[analysis]\ncovariates = [\"sex\"]\n");
    }),
    ("SK616", "patients.csv", 0, "bmi", |t| {
        for row in t.files.get_mut("patients.csv").unwrap() {
            let bmi = if row[0] == "id" { "bmi".to_owned() } else { format!("24.{}", &row[1][1..]) };
            row.push(bmi);
        }
        t.set("patients.csv", 5, "bmi", "245");
    }),
    ("SK009", "plan.toml", 81, "11", |t| {
        t.plan.push_str(
            "\n[[covariate]]\nname = \"sex\"\nkind = \"factor\"\nlevels = [\"F\", \"M\"]\nlabels = [\"M\", \"F\"]\n",
        );
    }),
    ("SK309", "knees.csv", 6, "month", |t| {
        t.set_column("knees.csv", "month", |month, _| if month == "6" { "24".to_owned() } else { month.to_owned() })
    }),
    ("SK401", "knees.csv", 0, "side", |t| swap_sides(t, &[2, 3, 6, 8, 9])),
    ("SK402", "knees.csv", 0, "side", |t| swap_sides(t, &[2, 3, 6, 8, 9, 11])),
    ("SK403", "allocation.csv", 6, "number", |t| {
        t.set("allocation.csv", 6, "number", "2");
        t.set("allocation.csv", 7, "number", "2");
    }),
    ("SK403", "allocation.csv", 0, "number", |t| {
        t.set("allocation.csv", 24, "number", "14");
        t.set("allocation.csv", 25, "number", "14");
    }),
    ("SK404", "allocation.csv", 0, "", |t| swap_sides(t, &[3, 4, 9, 10, 11, 12])),
    ("SK407", "allocation.csv", 3, "randomised", |t| t.set("allocation.csv", 3, "randomised", "2024-01-11")),
    ("SK405", "allocation.csv", 6, "number", |t| {
        t.set("allocation.csv", 6, "randomised", "2024-01-01");
        t.set("allocation.csv", 7, "randomised", "2024-01-01");
    }),
    ("SK501", "knees.csv", 0, "vas", |t| t.set("knees.csv", 6, "vas", "")),
    ("SK502", "knees.csv", 0, "vas", |t| {
        for patient in 0..8 {
            let left = 6 * patient + 6;
            let row = if t.files["knees.csv"][left - 1][5] == "EV" { left } else { left + 1 };
            t.set("knees.csv", row, "vas", "");
        }
    }),
    ("SK503", "knees.csv", 6, "vas", |t| t.set("knees.csv", 4, "vas", "")),
    ("SK504", "knees.csv", 5, "vas", |t| t.set("knees.csv", 4, "vas", "")),
    ("SK505", "knees.csv", 4, "pain", |t| t.set("knees.csv", 2, "pain", "")),
    ("SK506", "knees.csv", 0, "volume", |t| {
        for patient in 0..12 {
            t.set("knees.csv", 6 * patient + 4, "volume", "");
        }
    }),
    ("SK507", "knees.csv", 0, "vas", |t| {
        for patient in 0..12 {
            t.set("knees.csv", 6 * patient + 6, "vas", "");
        }
    }),
    ("SK601", "knees.csv", 5, "arm", |t| t.set("knees.csv", 5, "arm", "Saline")),
    ("SK602", "knees.csv", 5, "visit", |t| t.set("knees.csv", 5, "visit", "Month2")),
    ("SK603", "knees.csv", 5, "side", |t| t.set("knees.csv", 5, "side", "右")),
    ("SK604", "knees.csv", 5, "visit", |t| t.set("knees.csv", 5, "visit", "")),
    ("SK604", "knees.csv", 5, "side", |t| t.set("knees.csv", 5, "side", "")),
    ("SK606", "knees.csv", 0, "visit", |t| t.edit_plan("\"Month 6\"]", "\"Month 6\", \"Month 12\"]")),
    ("SK607", "knees.csv", 0, "arm", |t| {
        t.edit_plan("placebo = \"SALINE\"", "placebo = \"SHAM\"\nother = [\"SALINE\"]");
    }),
    ("SK608", "patients.csv", 0, "", |t| t.set_column("patients.csv", "pp", |_, _| "N".to_owned())),
    ("SK609", "patients.csv", 1, "ppp", |t| t.edit_plan("pp == ", "ppp == ")),
    ("SK609", "patients.csv", 1, "weight", |t| t.plan.push_str("[analysis]\ncovariates = [\"weight\"]\n")),
    ("SK610", "patients.csv", 0, "sex", |t| t.set("patients.csv", 4, "sex", "f")),
    ("SK611", "knees.csv", 0, "side", |t| {
        for file in ["knees.csv", "allocation.csv"] {
            t.set_column(file, "side", |side, _| if side == "LEFT" { "1".to_owned() } else { "2".to_owned() });
        }
        t.set("events.csv", 2, "knee", "1");
    }),
    ("SK701", "events.csv", 2, "id", |t| t.set("events.csv", 2, "id", "P99")),
    ("SK702", "events.csv", 2, "knee", |t| t.set("events.csv", 2, "knee", "LFET")),
    ("SK703", "events.csv", 2, "term", |t| t.set("events.csv", 2, "term", "")),
    ("SK704", "events.csv", 2, "severity", |t| t.set("events.csv", 2, "severity", "MODRATE")),
    ("SK705", "events.csv", 2, "serious", |t| t.set("events.csv", 2, "serious", "?")),
    ("SK706", "events.csv", 2, "end_day", |t| t.set("events.csv", 2, "end_day", "0")),
    ("SK707", "events.csv", 4, "term", |t| {
        t.repeat("events.csv", 2);
    }),
    ("SK708", "events.csv", 2, "severity", |t| t.set("events.csv", 2, "serious", "Y")),
    ("SK709", "disposition.csv", 2, "status", |t| {
        let rows = t.files.get_mut("knees.csv").unwrap();
        rows.remove(6);
        rows.remove(5);
    }),
    ("SK710", "disposition.csv", 2, "last_visit", |t| {
        t.set("disposition.csv", 2, "status", "WITHDRAWN");
        t.set("disposition.csv", 2, "last_visit", "Month 2");
    }),
    ("SK711", "disposition.csv", 2, "last_visit", |t| t.set("disposition.csv", 2, "last_visit", "Month 3")),
    ("SK712", "disposition.csv", 0, "id", |t| t.remove("disposition.csv", "id", |id| id == "P05")),
    ("SK713", "knees.csv", 2, "", |t| {
        let rows = t.files.get_mut("knees.csv").unwrap();
        for row in [7, 6, 5, 4] {
            rows.remove(row - 1);
        }
        t.set("disposition.csv", 2, "status", "WITHDRAWN");
        t.set("disposition.csv", 2, "last_visit", "Baseline");
    }),
    ("SK002", "plan.toml", 3, "10", |t| t.edit_plan("id = \"T-1\"", "id = \"T-1")),
    ("SK003", "plan.toml", 28, "1", |t| t.edit_plan("better", "beter")),
    ("SK004", "plan.toml", 24, "1", |t| t.edit_plan("better = \"lower\"\n", "")),
    ("SK005", "plan.toml", 27, "13", |t| t.edit_plan("[0, 100]", "[0, \"100\"]")),
    ("SK006", "plan.toml", 28, "10", |t| t.edit_plan("\"lower\"", "\"lover\"")),
    ("SK008", "plan.toml", 22, "11", |t| t.edit_plan("primary = \"Month 6\"", "primary = \"Month 7\"")),
    ("SK009", "plan.toml", 33, "1", |t| t.edit_plan("column = \"pain\"", "column = \"vas\"")),
    ("SK010", "plan.toml", 27, "9", |t| t.edit_plan("[0, 100]", "[100, 0]")),
    ("SK011", "plan.toml", 71, "14", |t| t.edit_plan("fas == ", "fas = ")),
    ("SK012", "plan.toml", 4, "9", |t| t.edit_plan("\"A small trial\"", "\"\"")),
    ("SK013", "plan.toml", 22, "11", |t| t.edit_plan("primary = \"Month 6\"", "primary = \"Baseline\"")),
    ("SK014", "plan.toml", 8, "11", |t| t.edit_plan("visit = \"visit\", ", "")),
    ("SK015", "plan.toml", 24, "1", |t| t.edit_plan("role = \"primary\"", "role = \"secondary\"")),
    ("SK016", "plan.toml", 77, "11", |t| {
        t.edit_plan("baseline = \"Baseline\"\n", "");
        t.plan.push_str("\n[analysis]\nmeasure = \"change\"\n");
    }),
    ("SK017", "plan.toml", 79, "10", |t| {
        t.plan.push_str(
            "\n[multiplicity]\nmethod = \"graphical\"\nshares = [0.7, 0.7]\ntransitions = [[0, 1], [1, 0]]\n",
        );
    }),
    ("SK801", "ice.csv", 2, "id", |t| with_events(t, "P99,LEFT,Month 6,REINJECTION")),
    ("SK802", "ice.csv", 2, "event", |t| with_events(t, "P01,LEFT,Month 6,RE-INJECTION")),
    ("SK803", "ice.csv", 2, "knee", |t| with_events(t, "P01,,Month 6,REINJECTION")),
    ("SK803", "ice.csv", 2, "knee", |t| with_events(t, "P01,MIDDLE,Month 6,REINJECTION")),
    ("SK804", "ice.csv", 2, "knee", |t| with_events(t, "P01,LEFT,Month 6,RESCUE")),
    ("SK805", "ice.csv", 2, "visit", |t| with_events(t, "P01,,Month 3,RESCUE")),
    ("SK805", "ice.csv", 2, "visit", |t| with_events(t, "P01,,,RESCUE")),
    ("SK806", "ice.csv", 2, "day", |t| {
        with_events(t, "P01,,2026-01-01,RESCUE");
        t.files.get_mut("ice.csv").unwrap()[0][2] = "day".to_owned();
        t.edit_plan("file = \"ice.csv\"", "file = \"ice.csv\"\ndate = \"day\"");
    }),
    ("SK807", "ice.csv", 2, "visit", |t| with_events(t, "P01,,Baseline,RESCUE")),
    ("SK808", "ice.csv", 3, "event", |t| {
        with_events(t, "P01,LEFT,Month 2,ARTHROPLASTY\nP01,LEFT,Month 6,ARTHROPLASTY");
    }),
    ("SK809", "ice.csv", 2, "event", |t| with_events(t, "P01,LEFT,Month 6,ARTHROPLASTY")),
    ("SK018", "plan.toml", 78, "8", |t| t.plan.push_str("\n[[waive]]\nrule = \"SK103\"\nreason = \"No\"\n")),
];

/// Adds the ages of the patients to the observations.
fn age_in_the_observations(t: &mut SmallTrial) {
    let ages: Vec<(String, String)> =
        t.files["patients.csv"][1..].iter().map(|row| (row[0].clone(), row[1].clone())).collect();
    for row in t.files.get_mut("knees.csv").unwrap() {
        let age = ages.iter().find(|(id, _)| *id == row[0]).map_or("age", |(_, age)| age);
        row.push(age.to_owned());
    }
}

/// Writes the pain of some rows in centimetres.
fn in_centimetres(t: &mut SmallTrial, of: impl Fn(&[String]) -> bool) {
    for row in t.files.get_mut("knees.csv").unwrap().iter_mut().skip(1).filter(|row| of(row)) {
        row[6] = (row[6].parse::<f64>().unwrap() / 10.0).to_string();
    }
}

/// Names a file of intercurrent events with these rows, and an estimand that handles three of them.
fn with_events(t: &mut SmallTrial, rows: &str) {
    let rows = format!("id,knee,visit,event\n{rows}");
    t.files.insert("ice.csv", rows.lines().map(|row| row.split(',').map(str::to_owned).collect()).collect());
    let event = |name: &str, level: &str| {
        format!(
            "[[estimand.intercurrent_event]]\nevent = \"{name}\"\nlevel = \"{level}\"\nstrategy = \"treatment-policy\"\n"
        )
    };
    let events = [("REINJECTION", "knee"), ("RESCUE", "patient"), ("ARTHROPLASTY", "knee")].map(|(n, l)| event(n, l));
    t.plan.push_str(&format!(
        "\n[events]\nfile = \"ice.csv\"\n[[estimand]]\ntreatment = \"t\"\npopulation = \"p\"\nvariable = \"v\"\n\
         summary_measure = \"s\"\n{}",
        events.concat()
    ));
}

/// Adds a second file of observations with one endpoint, `vas`.
fn second_file(t: &mut SmallTrial, rows: &str) {
    let rows = format!("id,side,visit,vas\n{rows}");
    t.files.insert("more.csv", rows.lines().map(|row| row.split(',').map(str::to_owned).collect()).collect());
    t.edit_plan("[data]", "[[data]]");
    let columns = "columns = { patient = \"id\", knee = \"side\", visit = \"visit\" }";
    t.edit_plan("[arms]", &format!("[[data]]\npath = \"more.csv\"\n{columns}\n[arms]"));
}

/// Scores stiffness from two item columns that add up to it.
fn score_stiffness(t: &mut SmallTrial, second: &str) {
    t.edit_plan(
        "name = \"Stiffness\"",
        &format!("name = \"Stiffness\"\nscore = {{ instrument = \"womac-lk\", scale = \"stiffness\", items = [\"s1\", \"{second}\"] }}"),
    );
    let rows = t.files.get_mut("knees.csv").unwrap();
    let at = rows[0].iter().position(|name| name == "stiffness").unwrap();
    rows[0].extend(["s1".to_owned(), "s2".to_owned()]);
    for row in rows.iter_mut().skip(1) {
        let score: u32 = row[at].parse().unwrap();
        row.extend([score.div_ceil(2).to_string(), (score / 2).to_string()]);
    }
}

/// Exchanges the arms of the knees of patients, by number, in data, allocation and events.
fn swap_sides(t: &mut SmallTrial, patients: &[usize]) {
    let ids: Vec<String> = patients.iter().map(|number| format!("P{number:02}")).collect();
    for file in ["knees.csv", "allocation.csv"] {
        let rows = t.files.get_mut(file).unwrap();
        let (id, arm) = (
            rows[0].iter().position(|name| name == "id").unwrap(),
            rows[0].iter().position(|name| name == "arm").unwrap(),
        );
        for row in rows.iter_mut().skip(1).filter(|row| ids.contains(&row[id])) {
            row[arm] = if row[arm] == "EV" { "SALINE".to_owned() } else { "EV".to_owned() };
        }
    }
}

/// Adds a file of protocol deviations with one row.
fn deviation(t: &mut SmallTrial, id: &str, knee: &str, what: &str, important: &str) {
    let row = |cells: [&str; 4]| cells.map(str::to_owned).to_vec();
    t.files.insert(
        "deviations.csv",
        vec![row(["id", "knee", "deviation", "important"]), row([id, knee, what, important])],
    );
    t.edit_plan(
        "adverse_events = \"events.csv\"\n",
        "adverse_events = \"events.csv\"\ndeviations = \"deviations.csv\"\n\
         deviation_columns = { knee = \"knee\", important = \"important\" }\n",
    );
}

/// Declares a patient-level column.
fn declare(t: &mut SmallTrial, column: &str) {
    t.edit_plan("[[analysis_set]]", &format!("[[covariate]]\n{column}\n[[analysis_set]]"));
}

/// Gives the events dates of onset in a column of their own.
fn dated<const N: usize>(t: &mut SmallTrial, dates: [&str; N]) {
    for (row, cells) in t.files.get_mut("events.csv").unwrap().iter_mut().enumerate() {
        cells.push(row.checked_sub(1).map_or("began", |row| dates[row]).to_owned());
    }
    t.edit_plan("adverse_events =", "event_columns = { start_date = \"began\" }\nadverse_events =");
}

#[test]
fn every_case_is_found_where_it_is() {
    let mut wrong = Vec::new();
    for (rule, file, row, column, spoil) in CASES {
        let mut trial = SmallTrial::new();
        spoil(&mut trial);
        let findings = trial.findings();
        let Some(found) = findings.iter().find(|finding| finding.rule == *rule) else {
            let all: Vec<String> = findings.iter().map(ToString::to_string).collect();
            wrong.push(format!("{rule} is not found, but: {all:#?}"));
            continue;
        };
        let at = &found.location;
        let place = (at.file.as_str(), at.row.unwrap_or(0), at.column.as_deref().unwrap_or(""));
        if place != (*file, *row, *column) || found.severity != find(rule).unwrap().severity {
            wrong.push(format!("expected at {file}:{row}:{column}: {found}"));
        }
        assert!(!found.message.is_empty() && !found.remedy.is_empty(), "{found}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Rules that need more than a spoiled cell or line: a file on disk, bytes that are no text, a seal, a blinded run.
fn found_elsewhere() -> BTreeSet<&'static str> {
    let mut found: Vec<splitknee::trial::Finding> = Vec::new();
    let small = SmallTrial::new();
    let plan = small.read_plan().unwrap();
    found.extend(splitknee::plan::load(Path::new("no/such/plan.toml")).unwrap_err());
    found.extend(LockState::NeverSealed.refusal(&plan));
    found.extend(splitknee::plan::lock::seal(&plan, "soon").unwrap_err());
    // A seal over a data file that is another one now, and a folder where the secret should be.
    let home = tempfile::tempdir().unwrap();
    let sealed = home.path().join("plan.toml");
    let hashes = [("knees.csv".to_owned(), "0".repeat(64))].into();
    std::fs::write(
        splitknee::plan::lock::path_of(&sealed),
        splitknee::plan::lock::seal_with(&plan, "2026-01-01", hashes).unwrap(),
    )
    .unwrap();
    std::fs::write(home.path().join("knees.csv"), "id\n1\n").unwrap();
    found.extend(splitknee::plan::lock::data_changes(&sealed));
    found.extend(splitknee::plan::redaction::secret_beside(Path::new("no/such/folder/plan.toml")).unwrap_err());
    let bytes = |replaced: &'static [u8]| {
        let read = splitknee::plan::sources::read_with(&plan, |name| match name {
            "patients.csv" => Ok(replaced.to_vec()),
            _ => Ok(small.csv(name)),
        });
        read.unwrap_err()
    };
    found.extend(bytes(b""));
    let declared = small.plan.replacen("[arms]", "encoding = \"utf-8\"\n[arms]", 1);
    let plan_of_utf8 = splitknee::plan::parse(&declared, "plan.toml").unwrap();
    let latin = splitknee::plan::sources::read_with(&plan_of_utf8, |name| match name {
        "patients.csv" => Ok(b"id,age\nP\xe901,3\n".to_vec()),
        _ => Ok(small.csv(name)),
    });
    found.extend(latin.unwrap_err());
    let mut wide = SmallTrial::new();
    let rows = ["id,vas_EV,vas_SALINE,vas_OLD", "P01,40,50,1"].map(|row| row.split(',').map(str::to_owned).collect());
    wide.files.insert("knees.csv", rows.to_vec());
    wide.plan = "trial = { id = \"W\", title = \"Wide\" }\n\
        data = { path = \"knees.csv\", columns = { patient = \"id\" }, shape = \"wide\", pattern = \"{endpoint}_{arm}\" }\n\
        arms = { active = \"EV\", placebo = \"SALINE\" }\n\
        [[endpoint]]\nname = \"VAS\"\ncolumn = \"vas\"\nbetter = \"lower\"\n"
        .to_owned();
    let (plan, sources) = wide.read().unwrap();
    found.extend(splitknee::trial::blinding::blind(&plan.design(), &sources, 1).unwrap_err());
    let (Ok((_, findings)) | Err(findings)) = splitknee::trial::build::build(&plan.design(), &sources);
    found.extend(findings);
    // A baseline flag at another visit: parameter rows alone have one.
    let bds = "[trial]\nid = \"B\"\ntitle = \"B\"\n[data]\npath = \"b.csv\"\nshape = \"bds\"\n\
               columns = { patient = \"ID\", knee = \"LAT\", arm = \"TRTP\", visit = \"AVISIT\" }\n[arms]\nactive = \"EV\"\nplacebo = \"P\"\n\
               [visits]\norder = [\"Base\", \"End\"]\nbaseline = \"Base\"\n[[endpoint]]\nname = \"VAS\"\ncolumn = \"VAS\"\nbetter = \"lower\"\n";
    let rows = "ID,LAT,TRTP,AVISIT,PARAMCD,AVAL,ABLFL,DTYPE\n1,L,EV,Base,VAS,5,Y,\n1,R,P,Base,VAS,6,Y,\n1,L,EV,End,VAS,4,Y,LOCF\n1,R,P,End,VAS,5,,\n";
    let plan = splitknee::plan::parse(bds, "plan.toml").unwrap();
    let sources = splitknee::plan::sources::read_with(&plan, |_| Ok(rows.as_bytes().to_vec())).unwrap();
    found.extend(splitknee::trial::build::build(&plan.design(), &sources).unwrap().1);
    found.extend(crate::survival_plan::of_every_rule());
    found.into_iter().map(|finding| finding.rule).collect()
}

#[test]
fn every_rule_is_found_by_some_case() {
    let elsewhere = found_elsewhere();
    let missing: Vec<&str> = all()
        .map(|rule| rule.id)
        .filter(|id| !elsewhere.contains(id) && !CASES.iter().any(|case| case.0 == *id))
        .collect();
    assert!(missing.is_empty(), "rules without a case: {missing:?}");
    assert!(all().count() >= 40);
}

#[test]
fn identifiers_are_distinct_and_every_one_in_the_source_is_in_the_catalogue() {
    let ids: BTreeSet<&str> = all().map(|rule| rule.id).collect();
    assert_eq!(ids.len(), all().count());
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut unknown = Vec::new();
    for folder in ["trial", "plan", "trial/rules"] {
        let Ok(entries) = std::fs::read_dir(root.join(folder)) else { continue };
        for entry in entries.flatten().filter(|entry| entry.path().is_file()) {
            let text = std::fs::read_to_string(entry.path()).unwrap();
            for rest in text.split("\"SK").skip(1) {
                let id = format!("SK{}", rest.chars().take_while(char::is_ascii_digit).collect::<String>());
                if !ids.contains(id.as_str()) {
                    unknown.push(id);
                }
            }
        }
    }
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[test]
fn the_documentation_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/rules.md");
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    if std::env::var_os("SPLITKNEE_UPDATE").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, markdown()).unwrap();
        return;
    }
    assert!(
        written == markdown(),
        "docs/rules.md is stale: SPLITKNEE_UPDATE=1 cargo test the_documentation_is_current"
    );
}

//! A small clean trial in memory, of which tests spoil one thing at a time.

use splitknee::plan::{self, Plan};
use splitknee::trial::build::build;
use splitknee::trial::sources::Sources;
use splitknee::trial::{Finding, Trial};
use std::collections::BTreeMap;

/// A plan and its files.
#[derive(Clone)]
pub struct SmallTrial {
    /// The plan.
    pub plan: String,
    /// By name: rows of cells, the header first.
    pub files: BTreeMap<&'static str, Vec<Vec<String>>>,
}

const PLAN: &str = r#"
[trial]
id = "T-1"
title = "A small trial"

[data]
path = "knees.csv"
columns = { patient = "id", knee = "side", arm = "arm", visit = "visit", month = "month", date = "date" }
patients = "patients.csv"
allocation = "allocation.csv"
allocation_columns = { order = "number", date = "randomised" }
adverse_events = "events.csv"
disposition = "disposition.csv"

[arms]
active = "EV"
placebo = "SALINE"

[visits]
order = ["Baseline", "Month 2", "Month 6"]
baseline = "Baseline"
primary = "Month 6"

[[endpoint]]
name = "VAS pain"
column = "vas"
range = [0, 100]
better = "lower"
role = "primary"
unit = "mm"
decimals = 0

[[endpoint]]
name = "Pain"
column = "pain"
range = [0, 20]
better = "lower"
decimals = 0

[[endpoint]]
name = "Stiffness"
column = "stiffness"
range = [0, 8]
better = "lower"
decimals = 0

[[endpoint]]
name = "Total"
column = "total"
range = [0, 28]
better = "lower"
sum_of = ["pain", "stiffness"]
decimals = 0

[[endpoint]]
name = "Effusion"
column = "effusion"
kind = "ordinal"
range = [0, 3]
better = "lower"
visits = ["Baseline", "Month 6"]

[[endpoint]]
name = "Volume"
column = "volume"
better = "higher"
decimals = 0

[[analysis_set]]
name = "FAS"
where = 'fas == "Y"'

[[analysis_set]]
name = "PP"
where = 'pp == "Y"'
"#;

/// The side of the active knee of the twelve patients.
const ACTIVE: [&str; 12] =
    ["LEFT", "RIGHT", "RIGHT", "LEFT", "LEFT", "RIGHT", "LEFT", "RIGHT", "RIGHT", "LEFT", "RIGHT", "LEFT"];

fn texts(cells: &[&str]) -> Vec<String> {
    cells.iter().map(|cell| (*cell).to_owned()).collect()
}

/// A date 2024-01-10 plus some days.
fn date(days: usize) -> String {
    let months = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut day = 10 + days;
    for (month, length) in months.iter().enumerate() {
        if day <= *length {
            return format!("2024-{:02}-{day:02}", month + 1);
        }
        day -= length;
    }
    format!("2025-01-{day:02}")
}

impl SmallTrial {
    /// The clean trial: twelve patients, three visits, no finding.
    pub fn new() -> Self {
        let header =
            ["id", "side", "visit", "month", "date", "arm", "vas", "pain", "stiffness", "total", "effusion", "volume"];
        let mut knees = vec![texts(&header)];
        let mut patients = vec![texts(&["id", "age", "sex", "fas", "pp"])];
        let mut allocation = vec![texts(&["number", "id", "side", "arm", "randomised"])];
        let mut disposition = vec![texts(&["id", "status", "reason", "last_visit"])];
        let mut state: u64 = 7;
        // A linear congruential generator (Knuth's MMIX constants), upper bits.
        let mut draw = |low: u64, high: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            low + (state >> 33) % (high - low + 1)
        };
        for (number, active) in ACTIVE.iter().enumerate() {
            let id = format!("P{:02}", number + 1);
            let start = 7 * number;
            for (visit, (label, month, day)) in
                [("Baseline", 0, 0), ("Month 2", 2, 61), ("Month 6", 6, 183)].iter().enumerate()
            {
                for side in ["LEFT", "RIGHT"] {
                    let arm = if side == *active { "EV" } else { "SALINE" };
                    let (pain, stiffness) = (draw(4, 16), draw(1, 7));
                    let effusion = if visit == 1 { String::new() } else { draw(0, 3).to_string() };
                    let cells = [
                        id.clone(),
                        side.to_owned(),
                        (*label).to_owned(),
                        month.to_string(),
                        date(start + day),
                        arm.to_owned(),
                        draw(31, 69).to_string(),
                        pain.to_string(),
                        stiffness.to_string(),
                        (pain + stiffness).to_string(),
                        effusion,
                        draw(2000, 2400).to_string(),
                    ];
                    knees.push(cells.to_vec());
                }
            }
            patients.push(texts(&[&id, &(50 + number).to_string(), if number % 5 == 0 { "M" } else { "F" }, "Y", "Y"]));
            for side in ["LEFT", "RIGHT"] {
                let arm = if side == *active { "EV" } else { "SALINE" };
                allocation.push(texts(&[&(number + 1).to_string(), &id, side, arm, &date(start)]));
            }
            disposition.push(texts(&[&id, "COMPLETED", "", "Month 6"]));
        }
        let events = vec![
            texts(&["id", "knee", "term", "severity", "serious", "related", "start_day", "end_day"]),
            texts(&["P01", "LEFT", "Local pain", "MILD", "N", "Y", "1", "3"]),
            texts(&["P02", "", "Headache", "MODERATE", "N", "N", "4", "4"]),
        ];
        let files = BTreeMap::from([
            ("knees.csv", knees),
            ("patients.csv", patients),
            ("allocation.csv", allocation),
            ("events.csv", events),
            ("disposition.csv", disposition),
        ]);
        Self { plan: PLAN.to_owned(), files }
    }

    fn column(&self, file: &str, name: &str) -> usize {
        self.files[file][0].iter().position(|cell| cell == name).expect("a column of the small trial")
    }

    /// Writes a cell; rows count as a spreadsheet's, the header is row 1.
    pub fn set(&mut self, file: &'static str, row: usize, column: &str, value: &str) {
        let column = self.column(file, column);
        self.files.get_mut(file).expect("a file")[row - 1][column] = value.to_owned();
    }

    /// Writes a whole column; `value` gets the old cell and the row.
    pub fn set_column(&mut self, file: &'static str, column: &str, value: impl Fn(&str, usize) -> String) {
        let column = self.column(file, column);
        for (index, row) in self.files.get_mut(file).expect("a file").iter_mut().enumerate().skip(1) {
            row[column] = value(&row[column], index + 1);
        }
    }

    /// Takes rows out for which `gone` holds of the cell of a column.
    pub fn remove(&mut self, file: &'static str, column: &str, gone: impl Fn(&str) -> bool) {
        let column = self.column(file, column);
        let mut row = 0;
        self.files.get_mut(file).expect("a file").retain(|cells| {
            row += 1;
            row == 1 || !gone(&cells[column])
        });
    }

    /// Repeats a row at the end of the file and gives its number.
    pub fn repeat(&mut self, file: &'static str, row: usize) -> usize {
        let rows = self.files.get_mut(file).expect("a file");
        let copy = rows[row - 1].clone();
        rows.push(copy);
        rows.len()
    }

    /// Replaces a text of the plan.
    pub fn edit_plan(&mut self, from: &str, to: &str) {
        assert!(self.plan.contains(from), "the plan has no `{from}`");
        self.plan = self.plan.replacen(from, to, 1);
    }

    /// The bytes of a file as CSV.
    pub fn csv(&self, file: &str) -> Vec<u8> {
        let lines: Vec<String> = self.files[file].iter().map(|row| row.join(",")).collect();
        (lines.join("\n") + "\n").into_bytes()
    }

    /// The plan.
    pub fn read_plan(&self) -> Result<Plan, Vec<Finding>> {
        plan::parse(&self.plan, "plan.toml")
    }

    /// The plan and the files it names.
    pub fn read(&self) -> Result<(Plan, Sources), Vec<Finding>> {
        let plan = self.read_plan()?;
        let sources = plan::sources::read_with(&plan, |name| match self.files.contains_key(name) {
            true => Ok(self.csv(name)),
            false => Err(std::io::Error::from(std::io::ErrorKind::NotFound)),
        })?;
        Ok((plan, sources))
    }

    /// The trial.
    pub fn build(&self) -> Result<(Trial, Vec<Finding>), Vec<Finding>> {
        let (plan, sources) = self.read()?;
        build(&plan.design(), &sources)
    }

    /// All findings, whether or not they stop the trial.
    pub fn findings(&self) -> Vec<Finding> {
        let of_plan = self.read_plan().map(|plan| plan.remarks).unwrap_or_default();
        match self.build() {
            Ok((_, findings)) | Err(findings) => findings.into_iter().chain(of_plan).collect(),
        }
    }
}

/// The finding of `rule`, or a failure that shows what was found instead.
pub fn finding<'f>(findings: &'f [Finding], rule: &str) -> &'f Finding {
    let all: Vec<String> = findings.iter().map(ToString::to_string).collect();
    findings.iter().find(|finding| finding.rule == rule).unwrap_or_else(|| panic!("no {rule} among: {all:#?}"))
}

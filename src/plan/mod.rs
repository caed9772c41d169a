//! The analysis plan: what was decided before the data were seen.
//!
//! [`load`] reads `plan.toml` and either gives a [`Plan`] in which everything is decided (defaults included, see
//! [`Plan::defaults_used`]) or every mistake at once, each with line, column and the nearest valid name.
//!
//! Read in this order: [`mod@file`] and [`options`] (the file format; [`estimand`]: estimands
//! and intercurrent events), [`mod@schema`] (its JSON Schema and the check against it),
//! [`cross`] (what must fit together), [`design`] (identifiers and defaults that depend on each other), [`sources`] (the
//! data files the plan names), [`waivers`] (findings it accepts), [`lock`] (its seal), [`init`] (a plan to start from).

pub mod bayes;
pub mod blinded;
mod bounds;
mod code_checks;
mod conditions;
pub mod conduct;
pub mod contrasts;
pub mod cross;
pub mod data_file;
pub mod data_tables;
pub mod design;
pub mod endpoint;
pub mod estimand;
pub mod file;
pub mod init;
pub mod interim;
pub mod lock;
mod logarithm;
mod missing_in;
pub mod named;
pub mod options;
pub mod outputs;
pub mod pointing;
pub mod position;
pub mod randomisation;
mod rates;
pub mod redaction;
mod remarks;
pub mod schema;
pub mod sources;
pub mod survival;
mod syntax;
pub mod waivers;

pub use bayes::{BayesPlan, LikelihoodPlan};
pub use conduct::Conduct;
pub use contrasts::ContrastAdjust;
pub use estimand::{Estimand, EventsPlan};
pub use file::{AnalysisSetPlan, ArmsPlan, DataPlan, EndpointPlan, PlanFile, SidesPlan, TrialInfo, VisitsPlan};
pub use interim::{FutilityPlan, InterimPlan, Spending, Under};
pub use options::{
    AlternativePlan, AnalysisPlan, BaselinePlan, CovariateKind, CovariatePlan, Ddf, FamilyVisits, Gate, Information,
    Multiplicity, MultiplicityMethod, Objective, Overdispersed, PrimaryFamily, PrimaryMethod, ReportFormat, ReportPlan,
    SafetyPlan, SampleSizePlan, Structure, Subgroup, TimeStructure, Waiver, Weights,
};
pub use randomisation::{RandomisationPlan, RandomisationTest};
pub use schema::{DefaultUsed, schema};

use crate::disk;
use crate::trial::{Design, Finding, Location};
use position::Positions;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::Path;
use toml::de::DeTable;

/// Largest plan read, in bytes; a plan is a page or two of text.
const LARGEST: u64 = 4 * 1024 * 1024;

/// An analysis plan in which everything is decided.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Plan {
    /// What the trial is called and who runs it.
    pub trial: TrialInfo,
    /// Where the data are.
    pub data: DataPlan,
    /// The treatments.
    pub arms: ArmsPlan,
    /// Sides, where the data have codes for them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sides: Option<SidesPlan>,
    /// Scheduled visits, where there are several.
    pub visits: Option<VisitsPlan>,
    /// The outcomes as written; [`Plan::design`] has them with all defaults filled in.
    #[serde(rename = "endpoint")]
    pub endpoints: Vec<EndpointPlan>,
    /// Analysis sets, the primary one first; never empty.
    #[serde(rename = "analysis_set")]
    pub analysis_sets: Vec<AnalysisSetPlan>,
    /// Methods.
    pub analysis: AnalysisPlan,
    /// Adjustment for several hypotheses.
    pub multiplicity: Multiplicity,
    /// Assumptions of the sample size, where given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sample_size: Option<SampleSizePlan>,
    /// How the trial was run.
    pub conduct: Conduct,
    /// The looks of a group-sequential trial, where given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interim: Option<InterimPlan>,
    /// The scheme of the allocation list, where given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub randomisation: Option<RandomisationPlan>,
    /// The prior of a Bayesian summary, where given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bayes: Option<BayesPlan>,
    /// Intercurrent events.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub events: Option<EventsPlan>,
    /// Estimands, the first primary.
    #[serde(rename = "estimand", skip_serializing_if = "Vec::is_empty")]
    pub estimands: Vec<Estimand>,
    /// What patient-level columns are.
    #[serde(rename = "covariate")]
    pub covariates: Vec<CovariatePlan>,
    /// Subgroup factors.
    #[serde(rename = "subgroup")]
    pub subgroups: Vec<Subgroup>,
    /// Safety analyses.
    pub safety: SafetyPlan,
    /// What is written.
    pub report: ReportPlan,
    /// Accepted findings.
    #[serde(rename = "waive")]
    pub waivers: Vec<Waiver>,
    /// The plan's file name, for messages.
    #[serde(skip)]
    pub file_name: String,
    /// The plan as read.
    #[serde(skip)]
    pub text: String,
    /// SHA-256 of the plan's bytes, in hexadecimal.
    #[serde(skip)]
    pub sha256: String,
    /// Settings in force that are decided by other settings and the program's defaults by kind of endpoint: the method
    /// that decides an endpoint and its tests, as the analyses give them. They belong to the seal.
    #[serde(skip)]
    pub in_force: BTreeMap<String, String>,
    /// What is said of the plan alone and does not stop it.
    #[serde(skip)]
    pub remarks: Vec<Finding>,
    #[serde(skip)]
    defaults: Vec<DefaultUsed>,
    #[serde(skip)]
    design: Design,
}

impl Plan {
    /// Arms, visits and endpoints with identifiers and defaults filled in.
    pub fn design(&self) -> Design {
        self.design.clone()
    }

    /// The plan for a run at a look of `[interim]` (`None`: the final analysis), after `earlier` patients at the looks before.
    ///
    /// # Errors
    /// `SK012` where the plan has no looks; `SK010` where it does not have this one, or the earlier numbers do not fit it.
    pub fn at_look(&self, look: Option<usize>, earlier: &[usize]) -> Result<Self, Vec<Finding>> {
        let refuse = |rule: &'static str, message: String, remedy: &str| {
            let location = Location { file: self.file_name.clone(), row: None, column: None };
            Err(vec![Positions::error(rule, location, message, remedy.to_owned())])
        };
        let Some(interim) = &self.interim else {
            let message = "the plan has no interim looks".to_owned();
            return refuse(
                "SK012",
                message,
                "write `[interim]` with `pairs` into the plan, and seal it before the look",
            );
        };
        let looks = interim.pairs.len();
        let this = look.unwrap_or(looks);
        if this == 0 || this > looks {
            return refuse("SK010", format!("look {this}: the plan has {looks} looks"), "count the looks from 1");
        }
        let rising = earlier.windows(2).all(|pair| matches!(pair, [a, b] if a < b));
        if !earlier.is_empty() && (earlier.len() + 1 != this || !rising || earlier.contains(&0)) {
            let message = format!("{} earlier looks are given before look {this}", earlier.len());
            return refuse(
                "SK010",
                message,
                "give the patients with both knees at every earlier look, rising: --earlier 14,29",
            );
        }
        let interim = InterimPlan { look, earlier: earlier.to_vec(), ..interim.clone() };
        Ok(Self { interim: Some(interim), ..self.clone() })
    }

    /// The settings the plan leaves at their defaults, for the report's methods section.
    pub fn defaults_used(&self) -> &[DefaultUsed] {
        &self.defaults
    }
}

/// Reads and checks the plan at `path`.
///
/// # Errors
/// Every mistake found in the plan, each with line and column; `SK001` where the file cannot be read.
pub fn load(path: &Path) -> Result<Plan, Vec<Finding>> {
    let name = path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned());
    let unreadable = |message: String, remedy: &str| {
        let location = Location { file: path.display().to_string(), row: None, column: None };
        vec![Positions::error("SK001", location, message, remedy.to_owned())]
    };
    match std::fs::metadata(path) {
        Err(error) => {
            let remedy = match error.kind() {
                std::io::ErrorKind::NotFound => {
                    "give the path of a plan file; `splitknee init DIR` writes one to start from"
                }
                _ => disk::remedy::of(&error),
            };
            return Err(unreadable(format!("the plan cannot be read: {error}"), remedy));
        }
        Ok(about) if about.is_dir() => {
            return Err(unreadable("this is a folder, not a plan".to_owned(), "name the plan.toml inside it"));
        }
        Ok(about) if about.len() > LARGEST => {
            return Err(unreadable(
                format!("{} bytes is too large for a plan", about.len()),
                "a plan is a short text; was a data file named by mistake?",
            ));
        }
        Ok(_) => {}
    }
    let bytes = disk::read::bytes(path, LARGEST)
        .map_err(|error| unreadable(format!("the plan cannot be read: {error}"), disk::remedy::of(&error)))?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        unreadable(format!("the plan is not UTF-8 text (first bad byte at offset {at})"), "save the plan as UTF-8")
    })?;
    parse(&text, &name)
}

/// Every file that `plan`, which lies in `folder`, names and that is there: any text of the plan that is the path of a file.
pub fn files(plan: &Plan, folder: &Path) -> Vec<std::path::PathBuf> {
    fn walk(value: &serde_json::Value, folder: &Path, found: &mut Vec<std::path::PathBuf>) {
        match value {
            serde_json::Value::String(text) if !text.is_empty() => {
                let path = folder.join(text);
                found.extend(path.is_file().then_some(path));
            }
            serde_json::Value::Array(items) => items.iter().for_each(|item| walk(item, folder, found)),
            serde_json::Value::Object(members) => members.values().for_each(|item| walk(item, folder, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    walk(&serde_json::to_value(plan).unwrap_or_default(), folder, &mut found);
    found
}

/// The files beside the plan at `path` that its text names between quotes, whether or not it is a valid plan: what a command
/// must not write over before it could read the plan. Empty where there is no such text.
pub fn quoted_files(path: &Path) -> Vec<std::path::PathBuf> {
    let Ok(bytes) = disk::read::bytes(path, LARGEST) else { return Vec::new() };
    let folder = path.parent().unwrap_or(Path::new("."));
    let text = String::from_utf8_lossy(&bytes);
    let quoted = text.lines().flat_map(|line| line.split(['"', '\'']).skip(1).step_by(2).collect::<Vec<_>>());
    quoted.filter(|name| !name.is_empty()).map(|name| folder.join(name)).filter(|path| path.is_file()).collect()
}

/// Checks the plan in `text`; `file_name` is used in messages.
///
/// # Errors
/// Every mistake found, each with line and column.
pub fn parse(text: &str, file_name: &str) -> Result<Plan, Vec<Finding>> {
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (document, syntax) = DeTable::parse_recoverable(body);
    if !syntax.is_empty() {
        return Err(syntax::findings(file_name, body, &syntax));
    }
    let table = document.get_ref();
    let positions = Positions::new(file_name, body, table);
    let findings = schema::check(table, &positions);
    if !findings.is_empty() {
        return Err(findings);
    }
    // What the walk along the schema cannot see (a number too large for its type) is left to serde.
    let mut written: PlanFile = toml::from_str(body).map_err(|error| vec![syntax::finding(file_name, body, &error)])?;
    survival::columns(&mut written);
    let findings = cross::check(&written, &positions);
    if !findings.is_empty() {
        return Err(findings);
    }
    let (design, derived) = design::resolve(&written);
    let mut defaults = schema::defaults(table);
    defaults.extend(derived);
    let sha256 = Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    let remarks = remarks::of(&written, &positions);
    Ok(Plan { remarks, ..decided(written, design, defaults, file_name, text, sha256) })
}

/// The plan with the defaults that depend on other parts of it.
fn decided(
    written: PlanFile,
    design: Design,
    mut defaults: Vec<DefaultUsed>,
    file_name: &str,
    text: &str,
    sha256: String,
) -> Plan {
    let mut analysis = written.analysis;
    if design.baseline.is_none() {
        analysis.baseline = BaselinePlan::None;
        if let Some(default) = defaults.iter_mut().find(|default| default.key == "analysis.baseline") {
            default.value = "\"none\"".to_owned();
        }
    }
    let mut analysis_sets = written.analysis_sets;
    if analysis_sets.is_empty() {
        let label = Some(written.report.language.all_patients().to_owned());
        analysis_sets.push(AnalysisSetPlan { name: "ALL".to_owned(), label, condition: None });
    }
    Plan {
        trial: written.trial,
        data: written.data,
        arms: written.arms,
        sides: written.sides,
        visits: written.visits,
        endpoints: written.endpoints,
        analysis_sets,
        analysis,
        multiplicity: written.multiplicity,
        sample_size: written.sample_size,
        conduct: written.conduct,
        interim: written.interim,
        randomisation: written.randomisation,
        bayes: written.bayes,
        events: written.events,
        estimands: written.estimands,
        covariates: written.covariates,
        subgroups: written.subgroups,
        safety: written.safety,
        report: written.report,
        waivers: written.waivers,
        file_name: file_name.to_owned(),
        text: text.to_owned(),
        sha256,
        in_force: BTreeMap::new(),
        remarks: Vec::new(),
        defaults,
        design,
    }
}

//! Findings whose cause is written in the plan point into it: an analysis set of a column that is not there, a visit that no
//! row has, a condition that no row meets.

use super::Plan;
use super::estimand::Estimand;
use super::position::Positions;
use crate::trial::{Finding, Location};
use toml::de::DeTable;

/// The findings, those about the plan at their place in it.
pub fn into_plan(plan: &Plan, mut findings: Vec<Finding>) -> Vec<Finding> {
    let body = plan.text.strip_prefix('\u{feff}').unwrap_or(&plan.text);
    let (document, _) = DeTable::parse_recoverable(body);
    let positions = Positions::new(&plan.file_name, body, document.get_ref());
    let usual = &plan.data.missing;
    let listed: Vec<String> = usual.iter().map(|code| format!("\"{code}\"")).collect();
    for finding in &mut findings {
        if finding.remedy.contains("in `data.missing`") && finding.remedy.contains("list") {
            // The list takes the place of the usual codes, which would become errors.
            finding.remedy.push_str(&format!("; keep those that hold now: `missing = [{}, …]`", listed.join(", ")));
        }
        if finding.rule == "SK025" {
            named_in(&positions, finding);
        } else if let Some(path) = path(plan, finding)
            && positions.has(&path)
        {
            let at = positions.value(&path);
            finding.location = Location { file: at.file, ..at };
        }
    }
    findings
}

/// Adds to a column that the file does not have the line of the plan that names it.
fn named_in(positions: &Positions<'_>, finding: &mut Finding) {
    let Some(at) = finding.location.column.as_deref().and_then(|column| positions.of_text(column)) else { return };
    finding.remedy.push_str(&format!("; {}:{} names it", at.file, at.row.unwrap_or_default()));
}

/// Where in the plan the cause of a finding stands.
fn path(plan: &Plan, finding: &Finding) -> Option<String> {
    let said = |name: &str| finding.message.contains(&format!("`{name}`"));
    let column = finding.location.column.as_deref();
    let visit = || {
        let order = &plan.visits.as_ref()?.order;
        let place = order.iter().rposition(|visit| said(visit))?;
        Some(format!("visits.order.{place}"))
    };
    let set = || {
        let begins = |name: &str| {
            finding.message.contains(&format!("analysis set {name} "))
                || finding.message.ends_with(&format!("analysis set {name}"))
        };
        let place = plan.analysis_sets.iter().position(|set| begins(&set.name))?;
        Some(format!("analysis_set.{place}.where"))
    };
    match finding.rule {
        "SK022" if finding.message.contains("data.where") => Some("data.where".to_owned()),
        "SK310" | "SK606" => visit(),
        "SK607" => {
            let arms = [("arms.active", &plan.arms.active), ("arms.placebo", &plan.arms.placebo)];
            arms.into_iter().find(|(_, arm)| said(arm)).map(|(path, _)| path.to_owned())
        }
        "SK011" if finding.message.contains("data.where") => Some("data.where".to_owned()),
        "SK011" | "SK608" => set(),
        "SK609" => set().or_else(|| used(plan, column?)),
        "SK223" | "SK224" => {
            let place = plan.endpoints.iter().position(|endpoint| Some(endpoint.column.as_str()) == column)?;
            let key = match finding.message.to_lowercase() {
                _ if finding.rule == "SK224" => "kind",
                message if message.contains("mcid") => "mcid",
                message if message.contains("non-inferiority") => "non_inferiority_margin",
                _ => "margin",
            };
            Some(format!("endpoint.{place}.{key}"))
        }
        _ => None,
    }
}

/// Where the plan uses a patient-level column.
fn used(plan: &Plan, column: &str) -> Option<String> {
    let place = |names: &[&str]| names.iter().position(|name| *name == column);
    let covariates: Vec<&str> = plan.analysis.covariates.iter().map(String::as_str).collect();
    let subgroups: Vec<&str> = plan.subgroups.iter().map(|subgroup| subgroup.column.as_str()).collect();
    let declared: Vec<&str> = plan.covariates.iter().map(|column| column.name.as_str()).collect();
    let table: Vec<&str> = plan.report.demographics.iter().flatten().map(String::as_str).collect();
    let is = |name: &Option<String>| name.as_deref() == Some(column);
    place(&covariates)
        .map(|i| format!("analysis.covariates.{i}"))
        .or_else(|| {
            let own = |estimand: &Estimand| {
                let columns = estimand.missing.as_ref()?.covariates.as_ref()?;
                columns.iter().position(|name| name == column)
            };
            let mut estimands = plan.estimands.iter().enumerate();
            estimands.find_map(|(i, estimand)| Some(format!("estimand.{i}.missing.covariates.{}", own(estimand)?)))
        })
        .or_else(|| place(&subgroups).map(|i| format!("subgroup.{i}.column")))
        .or_else(|| place(&declared).map(|i| format!("covariate.{i}.name")))
        .or_else(|| place(&table).map(|i| format!("report.demographics.{i}")))
        .or_else(|| is(&plan.data.randomisation_date).then(|| "data.randomisation_date".to_owned()))
        .or_else(|| is(&plan.analysis.injected_first).then(|| "analysis.injected_first".to_owned()))
        .or_else(|| {
            let scheme = plan.randomisation.as_ref()?;
            let stratum = (scheme.stratum.as_deref() == Some(column)).then(|| "randomisation.stratum".to_owned());
            stratum.or_else(|| (scheme.block == column).then(|| "randomisation.block".to_owned()))
        })
}

//! The analysis data as the programs read them: `data.csv` (knees), `patients.csv`, `events.csv`, `plan.csv`.

use super::csv::{line, number};
use crate::analysis::{model_rows, pairing, safety};
use crate::report::exhibits::Material;
use crate::trial::design::{ACTIVE, PLACEBO};
use serde_json::json;

/// One row per knee, visit and endpoint at which a value was observed: who, which knee, which arm, which sets, the value
/// and the knee's baseline as collected; of endpoints on logarithms the programs take those; of a time to an event the time as
/// value, and its status.
pub fn knees(material: &Material) -> String {
    let trial = material.trial;
    let design = &trial.design;
    let arms = design.arms.labels();
    let mut header: Vec<String> =
        ["endpoint", "patient", "side", "arm", "active", "visit", "visit_number", "value", "base"]
            .map(str::to_owned)
            .to_vec();
    let order_known = material.plan.analysis.injected_first.is_some();
    if order_known {
        header.push("injection".to_owned());
    }
    let with_exposure = design.endpoints.iter().any(|about| about.exposure.is_some());
    if with_exposure {
        header.extend(["exposure", "base_exposure"].map(str::to_owned));
    }
    header.extend(sets(material));
    // Last, so that programs that know no times read the columns before it as ever.
    let timed = design.endpoints.iter().any(|about| about.survival.is_some());
    header.extend(timed.then(|| "status".to_owned()));
    let mut out = line(&header);
    for (endpoint, about) in design.endpoints.iter().enumerate() {
        for (index, patient) in trial.patients.iter().enumerate() {
            for knee in patient.knees() {
                for &visit in &about.visits {
                    // Of a time to an event: the time, and whether the event happened.
                    let time = knee.values.timed(endpoint);
                    let value = knee.values[endpoint][visit].or(time.map(|timed| timed.time));
                    let Some(value) = value else { continue };
                    let active = match knee.arm {
                        ACTIVE => "1",
                        PLACEBO => "0",
                        _ => "",
                    };
                    let mut row = vec![
                        about.id.clone(),
                        patient.id.clone(),
                        knee.side.clone(),
                        arms[knee.arm].to_owned(),
                        active.to_owned(),
                        design.visits[visit].label.clone(),
                        visit.to_string(),
                        value.to_string(),
                        number(trial.collected_baseline(knee, endpoint)),
                    ];
                    if order_known {
                        row.push(
                            model_rows::injection(&material.context(), index, knee.arm).unwrap_or_default().to_owned(),
                        );
                    }
                    if with_exposure {
                        row.push(number(knee.exposure(endpoint, visit)));
                        row.push(number(design.baseline.and_then(|baseline| knee.exposure(endpoint, baseline))));
                    }
                    row.extend(members(material, index));
                    row.extend(timed.then(|| time.map(|timed| u8::from(timed.event).to_string()).unwrap_or_default()));
                    out.push_str(&line(&row));
                }
            }
        }
    }
    out
}

/// The names of the columns that flag the analysis sets.
fn sets(material: &Material) -> impl Iterator<Item = String> {
    material.trial.sets.iter().map(|set| format!("set_{}", set.name))
}

/// Whether a patient belongs to each set.
fn members(material: &Material, patient: usize) -> impl Iterator<Item = String> {
    material.trial.sets.iter().map(move |set| u8::from(set.members[patient]).to_string())
}

/// One row per patient: sides of the two knees, sets, then the columns the analyses use: subgroup factors as `factor_1`,
/// `factor_2`, …, covariates under their name in formulas as `x_<name>`, and whether the active knee is the right and the
/// dominant one, 1 or 0, empty where that is not recorded.
pub fn patients(material: &Material) -> String {
    let trial = material.trial;
    let factors: Vec<&str> = material.plan.subgroups.iter().map(|factor| factor.column.as_str()).collect();
    let covariates = model_rows::covariates(&material.context());
    let mut header: Vec<String> =
        ["patient", "active_side", "placebo_side", "active_is_right", "active_is_dominant"].map(str::to_owned).to_vec();
    header.extend(sets(material));
    header.extend((1..=factors.len()).map(|number| format!("factor_{number}")));
    header.extend(covariates.iter().map(|covariate| format!("x_{}", covariate.term)));
    let mut out = line(&header);
    for (index, patient) in trial.patients.iter().enumerate() {
        let side = |arm: usize| patient.knee(arm).map(|knee| knee.side.clone()).unwrap_or_default();
        let mut row = vec![patient.id.clone(), side(ACTIVE), side(PLACEBO)];
        let known = [pairing::active_on_right(patient), pairing::active_on_dominant(patient)];
        row.extend(known.map(|known| known.map_or_else(String::new, |known| u8::from(known).to_string())));
        row.extend(members(material, index));
        let cell = |column: &str| patient.attributes.get(column).cloned().unwrap_or_default();
        row.extend(factors.iter().map(|column| cell(column)));
        row.extend(covariates.iter().map(|covariate| cell(covariate.column())));
        out.push_str(&line(&row));
    }
    out
}

/// One row per treatment-emergent event at one of the two knees or of the whole patient; `severity` as the standard grades.
pub fn events(material: &Material) -> String {
    let trial = material.trial;
    let mut out = line(&["patient", "site", "term", "severity", "serious", "related"].map(str::to_owned));
    for event in trial.events.iter().flatten().filter(|event| event.emergent) {
        let site = match event.arm {
            None => "patient",
            Some(ACTIVE) => "active",
            Some(PLACEBO) => "placebo",
            Some(_) => continue,
        };
        let grade = safety::severity(&material.context(), &event.severity);
        let grade = grade.and_then(|grade| json!(grade).as_str().map(str::to_owned)).unwrap_or_default();
        let flag = |value: bool| u8::from(value).to_string();
        let patient = trial.patients[event.patient].id.clone();
        out.push_str(&line(&[
            patient,
            site.to_owned(),
            event.term.clone(),
            grade,
            flag(event.serious),
            flag(event.related),
        ]));
    }
    out
}

/// What the plan says beyond single results, as names and values.
pub fn plan(material: &Material) -> String {
    let plan = material.plan;
    let design = &material.trial.design;
    let spaced = |values: &[f64]| values.iter().map(f64::to_string).collect::<Vec<_>>().join(" ");
    let rows = |values: &[Vec<f64>]| values.iter().map(|row| spaced(row)).collect::<Vec<_>>().join(" ; ");
    let named = |name: &Option<usize>| name.map(|visit| visit.to_string()).unwrap_or_default();
    let domain = |wanted: crate::plan::file::DomainPlan| {
        let at = plan.endpoints.iter().position(|written| written.domain == Some(wanted));
        at.map(|at| &design.endpoints[at])
    };
    let mut lines = [
        ("alpha", plan.analysis.alpha.to_string()),
        ("baseline_visit", named(&design.baseline)),
        ("active_arm", design.arms.active.clone()),
        ("placebo_arm", design.arms.placebo.clone()),
        ("primary_set", material.trial.sets.first().map(|set| set.name.clone()).unwrap_or_default()),
        ("safety_set", safety_set(material)),
        ("multiplicity", plan.multiplicity.method.name().to_owned()),
        ("factors", factors(material)),
        ("shares", spaced(&plan.multiplicity.shares)),
        ("transitions", rows(&plan.multiplicity.transitions)),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec();
    // Endpoints on logarithms, each with what is added first.
    for about in &design.endpoints {
        lines
            .extend(about.logarithm.map(|logarithm| (format!("logarithm_{}", about.id), logarithm.offset.to_string())));
    }
    use crate::plan::file::DomainPlan::{Function, Global, Pain};
    for (name, wanted) in [("pain", Pain), ("function", Function), ("global", Global)] {
        let Some(about) = domain(wanted) else { continue };
        let (low, high) = about.range.unwrap_or((f64::NAN, f64::NAN));
        let best_and_worst = if about.benefit_sign() < 0.0 { [low, high] } else { [high, low] };
        lines.push((format!("omeract_{name}"), about.id.clone()));
        lines.push((format!("omeract_{name}_range"), spaced(&best_and_worst)));
    }
    let mut out = line(&["name", "value"].map(str::to_owned));
    lines.into_iter().for_each(|(name, value)| out.push_str(&line(&[name, value])));
    out
}

/// The covariates that are factors, by their names in formulas.
fn factors(material: &Material) -> String {
    let found = model_rows::covariates(&material.context());
    let factors = found.iter().filter(|covariate| !covariate.is_numeric());
    factors.map(|covariate| covariate.term.as_str()).collect::<Vec<_>>().join(" ")
}

fn safety_set(material: &Material) -> String {
    let named = material.plan.safety.set.clone();
    let known = named.filter(|name| material.trial.sets.iter().any(|set| set.name == *name));
    known.or_else(|| material.trial.sets.first().map(|set| set.name.clone())).unwrap_or_default()
}

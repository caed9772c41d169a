//! The data steps that read `data.csv`, `patients.csv` and `expected.csv`.

use super::terms::covariates;
use super::{KEYS, literal};
use crate::report::exhibits::Material;
use crate::report::verify::expected;
use crate::trial::design::ACTIVE;

/// The data steps that read the three files, with lengths as long as the data need.
pub fn reading(material: &Material) -> String {
    let trial = material.trial;
    let design = &trial.design;
    let longest = |texts: &mut dyn Iterator<Item = usize>| texts.max().unwrap_or(0).max(8);
    let patient = longest(&mut trial.patients.iter().map(|patient| patient.id.len()));
    let side = longest(&mut trial.patients.iter().flat_map(|patient| patient.knees()).map(|knee| knee.side.len()));
    let arm = longest(&mut design.arms.labels().iter().map(|label| label.len()));
    let visit = longest(&mut design.visits.iter().map(|visit| visit.label.len()));
    let endpoint = longest(&mut design.endpoints.iter().map(|about| about.id.len()));
    let set = longest(&mut trial.sets.iter().map(|set| set.name.len()));
    let sets = trial.sets.len();
    let infile = |file: &str| {
        format!("  infile '{file}' dsd dlm=',' firstobs=2 truncover lrecl=32767 encoding='utf-8' termstr=lf;\n")
    };
    let mut out = String::from(
        "/* One row per knee and visit; in_set1, in_set2, ... are the analysis sets in the order of the plan. */\n",
    );
    out.push_str("data values;\n");
    out.push_str(&infile("data.csv"));
    let (order, first) = match material.plan.analysis.injected_first {
        Some(_) => (" injection $6", " injection $"),
        None => ("", ""),
    };
    let counted = design.endpoints.iter().any(|about| about.exposure.is_some());
    let exposure = if counted { " exposure base_exposure" } else { "" };
    out.push_str(&format!(
        "  length endpoint ${endpoint} patient ${patient} side ${side} arm ${arm} visit ${visit}{order};\n  \
         input endpoint $ patient $ side $ arm $ active visit $ visit_number value base{first}{exposure} in_set1-in_set{sets};\n  \
         treatment = active;\n"
    ));
    for (index, label) in design.arms.labels().iter().enumerate().filter(|(index, _)| *index > ACTIVE) {
        out.push_str(&format!("  if arm = {} then treatment = {index};\n", literal(label)));
    }
    for about in &design.endpoints {
        let Some(logarithm) = about.logarithm else { continue };
        out.push_str(&format!(
            "  /* The plan compares logarithms; those as collected are in data.csv. */\n  \
             if endpoint = {} then do; value = log(value + {added}); if base ne . then base = log(base + {added}); end;\n",
            literal(&about.id),
            added = logarithm.offset
        ));
    }
    out.push_str("run;\n\n");
    out.push_str("/* Sides, sets, subgroup factors, then the covariates of the models as x1, x2, ... */\n");
    let covariates = covariates(material);
    let factors = material.plan.subgroups.len();
    out.push_str("data patients;\n");
    out.push_str(&infile("patients.csv"));
    out.push_str(&format!(
        "  length patient ${patient} active_side placebo_side ${side} active_is_right active_is_dominant 8;\n  \
         length f1-f{} $200 x1-x{} $200;\n  \
         input patient $ active_side $ placebo_side $ active_is_right active_is_dominant in_set1-in_set{sets}{}{};\n  keep patient x:;\nrun;\n",
        factors.max(1),
        covariates.len().max(1),
        if factors > 0 { format!(" (f1-f{factors}) (:$200.)") } else { String::new() },
        if covariates.is_empty() { String::new() } else { format!(" (x1-x{}) (:$200.)", covariates.len()) },
    ));
    out.push_str(&format!(
        "proc sort data=patients; by patient; run;\n\n\
         /* One row per knee, visit, analysis set and measure (score, and change from the baseline of the knee). */\n\
         proc sort data=values; by patient; run;\n\
         data long;\n  merge values(in=here) patients; by patient; if here;\n  length measure $6 set_name ${set};\n  \
         measure = 'value'; y = value; link sets;\n  \
         if base ne . then do; measure = 'change'; y = value - base; link sets; end;\n  return;\n  sets:\n"
    ));
    for (index, set) in trial.sets.iter().enumerate() {
        let number = index + 1;
        out.push_str(&format!("  if in_set{number} = 1 then do; set_name = {}; output; end;\n", literal(&set.name)));
    }
    out.push_str("  return;\n  drop in_set:;\nrun;\n");
    out.push_str(&format!(
        "proc sort data=long; by {KEYS} patient; run;\n\n\
         /* Both knees of every patient who has both. */\n\
         data pairs;\n  \
         merge long(where=(treatment=1) rename=(y=a base=base_a) in=one)\n        \
         long(where=(treatment=0) rename=(y=p base=base_p) in=two\n          keep={KEYS} patient treatment y base);\n  \
         by {KEYS} patient;\n  if one and two;\n  difference = round(a - p, 1e-10);\n  \
         keep {KEYS} patient a p difference base_a base_p;\nrun;\n\n"
    ));
    out.push_str(&expected_step(endpoint, set, visit));
    out
}

/// Reads `expected.csv`; the columns stand in the order in which it is written.
fn expected_step(endpoint: usize, set: usize, visit: usize) -> String {
    let columns = expected::HEADER;
    let numeric = |name: &str| {
        matches!(
            name,
            "visit_number"
                | "conf_level"
                | "n_pairs"
                | "estimate"
                | "std_error"
                | "statistic"
                | "df"
                | "p_value"
                | "conf_low"
                | "conf_high"
                | "log_lik"
                | "p_adjusted"
        )
    };
    let mut out = String::from("/* Our values. */\ndata expected;\n");
    out.push_str("  infile 'expected.csv' dsd dlm=',' firstobs=2 truncover lrecl=32767 encoding='utf-8' termstr=lf;\n");
    out.push_str(&format!("  length id $200 endpoint ${endpoint} visit ${visit} set $ {set} measure $6 method $24;\n"));
    out.push_str("  input\n");
    for name in columns {
        let name = if name == "group" { "group_name" } else { name };
        out.push_str(&format!("    {name}{}\n", if numeric(name) { "" } else { " :$200." }));
    }
    out.push_str("  ;\n  set_name = set;\nrun;\n\n");
    out
}

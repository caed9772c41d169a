//! One line of R and one of SAS that recompute a record from `verify/data.csv`.
//!
//! In R the lines use the functions at the head of `verify/verify.R` (`source("verify.R")` defines them); in SAS the data
//! set `pairs` that `verify/verify.sas` makes, one row per patient, endpoint and visit.

use super::exhibits::Material;
use crate::analysis::Record;
use crate::plan::Structure;
use crate::trial::Measure;

/// The line of R, where the method has one.
pub fn r(material: &Material, record: &Record) -> Option<String> {
    let (endpoint, visit) = (record.endpoint?, record.visit?);
    let id = quoted(&material.endpoint(endpoint).id);
    let at = quoted(material.visit(visit));
    let set = quoted(&record.analysis_set);
    let measure = if record.measure == Measure::Change { ", measure = \"change\"" } else { "" };
    let pairs = |call: &str| Some(format!("with(pairs_at({id}, {at}, {set}{measure}), {call})"));
    match record.result.method {
        "paired-t" => pairs("t.test(active, placebo, paired = TRUE)"),
        "wilcoxon" => pairs("signed_rank(active - placebo)"),
        "sign" => pairs("sign_test(active - placebo)"),
        "trimmed-t" => pairs("yuen_paired(active, placebo)"),
        "mcnemar" => pairs("mcnemar_pairs(active, placebo)"),
        "stuart-maxwell" => pairs("stuart_maxwell(active, placebo)"),
        "bowker" => pairs("bowker(active, placebo)"),
        "win-odds" => pairs("win_odds(active, placebo)"),
        "correlation" => pairs("cor.test(active, placebo)"),
        "descriptive" => Some(match &record.arm {
            Some(arm) => format!("summary(values_at({id}, {at}, {set}, {}{measure}))", quoted(arm)),
            None => return pairs("t.test(active - placebo)"),
        }),
        "mixed-model" => {
            let structure = record.result.field("structure").and_then(|field| serde_json::to_value(field).ok());
            if structure.as_ref().and_then(|value| value.as_str()) != Some(Structure::Random.name()) {
                return None;
            }
            Some(format!("mixed_model({id}, {set}{measure})[[{at}]]"))
        }
        _ => None,
    }
}

/// The lines of SAS, where the method has them.
pub fn sas(material: &Material, record: &Record) -> Option<String> {
    let (endpoint, visit) = (record.endpoint?, record.visit?);
    let about = material.endpoint(endpoint);
    let place = format!("where endpoint={} and visit={}", quoted(&about.id), quoted(material.visit(visit)));
    Some(match record.result.method {
        "paired-t" => format!("proc ttest data=pairs; {place}; paired active*placebo; run;"),
        "wilcoxon" | "sign" => format!("proc univariate data=pairs; {place}; var difference; run;"),
        "mcnemar" | "bowker" => {
            format!("proc freq data=pairs; {place}; tables active*placebo / agree; exact mcnem; run;")
        }
        "stuart-maxwell" => format!(
            "proc catmod data=pairs; {place}; response marginals; model active*placebo=_response_; repeated knee 2; run;"
        ),
        "correlation" => format!("proc corr data=pairs fisher(biasadj=no); {place}; var active placebo; run;"),
        "descriptive" => match &record.arm {
            Some(arm) => format!(
                "proc means data=values n mean stddev median q1 q3 min max qntldef=5; {place} and arm={}; var value; run;",
                quoted(arm)
            ),
            None => format!("proc means data=pairs n mean stddev stderr clm; {place}; var difference; run;"),
        },
        "mixed-model" => format!(
            "proc mixed data=values method=reml; where endpoint={}; class patient arm visit; model value = arm|visit base / ddfm=kr; random patient arm(patient) visit(patient); lsmeans arm*visit / diff cl; run;",
            quoted(&about.id)
        ),
        _ => return None,
    })
}

/// A string literal of R (and of SAS, where it holds no quotation mark): control characters become spaces.
pub fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

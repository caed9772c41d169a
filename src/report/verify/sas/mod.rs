//! `verify.sas`, written for the plan's own analyses: one macro for every shape of model and a call for each model, texts as
//! quoted literals that the macro language does not look into.
//!
//! SAS cannot be run where this is built; the program was read against the SAS/STAT 15.3 documentation only. What SAS
//! computes differently (signed rank with ties, moment estimators of GENMOD) is printed as INFO, not judged.

mod comparison;
mod generalised;
mod mixed;
mod models;
mod paired;
mod reading;
mod terms;

use crate::report::exhibits::Material;

pub use models::{Model, model_in_sas, models};

/// The keys by which results are matched with `expected.csv`.
const KEYS: &str = "endpoint set_name measure visit_number";

/// The program.
pub fn program(material: &Material) -> String {
    let mut out = header();
    out.push_str(&reading::reading(material));
    out.push_str(&paired::paired(material));
    let models = models(material);
    out.push_str(&models::programs(material, &models));
    out.push_str(&comparison::comparison(models.len()));
    out
}

fn header() -> String {
    "/* Recomputes the results of a split-knee trial in SAS 9.4, and compares them with those of splitknee.\n\
     \n   \
     Run in the folder that holds data.csv, patients.csv and expected.csv. Nothing here calls splitknee.\n   \
     PROC TTEST, UNIVARIATE and FREQ do the paired tests, PROC MIXED the mixed models, PROC GLIMMIX and GENMOD\n   \
     the models of grades and yes/no answers. Every comparison is printed with PASS or FAIL; INFO marks what SAS\n   \
     computes in another way, and SKIP what this program does not compute. */\n\
     options nodate nonumber validvarname=v7;\n\
     options nosyntaxcheck nodsnferr;   /* a model that SAS cannot fit leaves its lines SKIP, not the rest undone */\n\
     ods graphics off;\n\n"
        .to_owned()
}

/// A literal of SAS that its macro language does not look into: single quotes, those inside doubled.
pub fn literal(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::literal;

    #[test]
    fn literals_hide_their_text_from_sas() {
        assert_eq!(literal("a'; %inc x; &y \"b\"\n"), "'a''; %inc x; &y \"b\" '");
    }
}

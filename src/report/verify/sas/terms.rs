//! The terms of a model in the names of the data steps.

use crate::analysis::{Context, model_rows};
use crate::report::exhibits::Material;

/// The covariates of the models: their names in formulas, and whether they are numbers.
pub fn covariates(material: &Material) -> Vec<(String, bool)> {
    let Some(set) = material.trial.sets.first() else { return Vec::new() };
    let context = Context { plan: material.plan, trial: material.trial, set };
    let found = model_rows::covariates(&context);
    found.iter().map(|covariate| (covariate.term.clone(), covariate.is_numeric())).collect()
}

/// `arm1_visit2` as arm and visit.
pub fn indicator(term: &str) -> Option<(usize, usize)> {
    let (arm, visit) = term.strip_prefix("arm")?.split_once("_visit")?;
    Some((arm.parse().ok()?, visit.parse().ok()?))
}

/// The terms of a mean in the names of the data steps.
pub struct Terms<'a> {
    /// The terms of the mean, as the formula writes them.
    pub mean: &'a [&'a str],
    /// The covariates of the plan: their names in formulas, and whether they are numbers.
    pub covariates: &'a [(String, bool)],
}

impl Terms<'_> {
    fn covariate(&self, term: &str) -> Option<(usize, bool)> {
        let at = self.covariates.iter().position(|(name, _)| name == term)?;
        Some((at + 1, self.covariates[at].1))
    }

    /// The right-hand side of the MODEL statement.
    pub fn model(&self) -> String {
        let word = |term: &&str| match *term {
            "treatment * visit" => "treatment|visit_number".to_owned(),
            "visit" => "visit_number".to_owned(),
            "baseline" => "base".to_owned(),
            "baseline:visit" => "base*visit_number".to_owned(),
            slopes if slopes.ends_with(":visit") => slopes.replace(":visit", "*visit_number"),
            "1" => String::new(),
            other => match self.covariate(other) {
                Some((at, true)) => format!("nx{at}"),
                Some((at, false)) => format!("x{at}"),
                None => other.to_owned(),
            },
        };
        self.mean.iter().map(word).collect::<Vec<_>>().join(" ")
    }

    /// The classification variables beside patient and cell.
    pub fn class(&self, treatment: bool, visit: bool) -> String {
        let mut names: Vec<String> = Vec::new();
        if treatment {
            names.push("treatment".to_owned());
        }
        if visit || self.mean.iter().any(|term| indicator(term).is_some()) {
            names.push("visit_number".to_owned());
        }
        names.extend(
            ["side", "injection"].iter().filter(|name| self.mean.contains(name)).map(|name| (*name).to_owned()),
        );
        let factors = self.mean.iter().filter_map(|term| self.covariate(term)).filter(|(_, numeric)| !numeric);
        names.extend(factors.map(|(at, _)| format!("x{at}")));
        names.join(" ")
    }
}

//! The scenario file: what is true in the simulated trials. Values written as lists make a grid.

use super::SimulationError;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// The file.
#[derive(Debug, Clone, PartialEq)]
pub struct ScenarioFile {
    /// Plan, relative to the folder of the file.
    pub plan: String,
    /// Seed.
    pub seed: u64,
    /// Replicates, where the command line says none.
    pub replicates: Option<u64>,
    /// Which analyses: `deciding` or `all`, or identifiers of records.
    pub analyses: Analyses,
    /// The scenarios, grids expanded.
    pub scenarios: Vec<Scenario>,
}

/// Which of the plan's analyses are run.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Analyses {
    /// Those that decide.
    #[default]
    #[serde(skip)]
    Deciding,
    /// A word: `deciding` or `all`.
    Word(String),
    /// Methods or identifiers of records.
    Named(Vec<String>),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    plan: String,
    seed: u64,
    replicates: Option<u64>,
    #[serde(default)]
    analyses: Option<Analyses>,
    scenario: Vec<toml::Value>,
}

/// One scenario.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Name; values of a grid are added to it.
    pub name: String,
    /// Patients, each with both knees.
    pub patients: usize,
    /// What is true of each endpoint, by its identifier in the plan.
    pub endpoint: BTreeMap<String, Endpoint>,
    /// What ties endpoints and knees together.
    #[serde(default)]
    pub between: Between,
    /// Missing-data mechanisms; several add up.
    #[serde(default)]
    pub missing: Vec<Missing>,
}

/// What is true of an endpoint.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Endpoint {
    /// Mean of the active knees by visit.
    pub active: Option<Vec<f64>>,
    /// Mean of the placebo knees by visit.
    pub placebo: Option<Vec<f64>>,
    /// No difference: active as placebo.
    pub null: bool,
    /// SD by visit.
    pub sd: Option<Vec<f64>>,
    /// Correlation between the two knees (of the latent normals).
    pub knee_correlation: Option<f64>,
    /// Correlation between visits within a knee.
    pub visit: Option<VisitCorrelation>,
    /// Law of a value about its mean.
    pub margin: Option<MarginKind>,
    /// Values are rounded to multiples of this; `true` is 1.
    #[serde(deserialize_with = "step")]
    pub round: Option<f64>,
    /// Values are cut off here.
    pub limits: Option<[f64; 2]>,
    /// Yes/no endpoints.
    pub responder: Option<Responder>,
    /// Grades: thresholds of a standard normal.
    pub thresholds: Option<Vec<f64>>,
    /// Grades: shift of the latent normal of the active knees.
    pub shift: Option<f64>,
    /// Grades: correlation between the knees' latent normals.
    pub latent_correlation: Option<f64>,
}

/// `round = true` or a step.
fn step<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Step {
        Whole(bool),
        Of(f64),
    }
    Ok(match Option::<Step>::deserialize(deserializer)? {
        Some(Step::Whole(true)) => Some(1.0),
        Some(Step::Of(step)) => Some(step),
        None | Some(Step::Whole(false)) => None,
    })
}

/// Responders by a latent normal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Responder {
    /// Share of yes, active.
    pub p_active: f64,
    /// Share of yes, placebo.
    pub p_placebo: f64,
    /// Correlation of the latent normals of the two knees.
    pub latent_correlation: f64,
}

/// Correlation between visits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum VisitCorrelation {
    /// `value` to the distance in visit numbers.
    Ar1 {
        /// Correlation of neighbouring visits.
        value: f64,
    },
    /// The same for all pairs of visits.
    Cs {
        /// The correlation.
        value: f64,
    },
    /// Any matrix.
    Us {
        /// Row by row.
        matrix: Vec<Vec<f64>>,
    },
}

/// Law of a value about its mean, the SD being 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum MarginKind {
    /// Normal.
    Normal,
    /// Lognormal, shifted to mean 0 and scaled to SD 1.
    Lognormal {
        /// SD on the log scale.
        tau: f64,
    },
    /// Student's t, scaled to SD 1.
    T {
        /// Degrees of freedom, above 2.
        df: f64,
    },
    /// Azzalini's skew normal, shifted to mean 0 and scaled to SD 1.
    SkewNormal {
        /// Its shape α.
        alpha: f64,
    },
}

/// What ties endpoints and knees together.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Between {
    /// Correlation between the endpoints of a knee (of the latent normals), at least 0.
    pub correlation: f64,
    /// Share of the active treatment's effect that shows in the other knee.
    pub carry_across: f64,
}

/// A missing-data mechanism.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Missing {
    /// `knee` or `patient`.
    pub level: Level,
    /// `MCAR`, `MAR` or `MNAR`.
    pub mechanism: Mechanism,
    /// MCAR: probability at each visit after baseline.
    pub probability: Option<f64>,
    /// Once missing, missing at all later visits.
    #[serde(default)]
    pub dropout: bool,
    /// Knee level: only this arm.
    pub arm: Option<ArmName>,
    /// MAR: logit of the probability of being missing.
    pub logit: Option<Logit>,
    /// MNAR: probit of the probability of being observed, `Φ(a + …)` with `a − b (y − mean)/sd`.
    pub probit: Option<Probit>,
    /// Endpoint whose values MAR and MNAR look at; the first where left out.
    pub endpoint: Option<String>,
}

/// What goes missing together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// One knee's values at a visit.
    Knee,
    /// Both knees.
    Patient,
}

/// What missingness depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Mechanism {
    /// Nothing.
    Mcar,
    /// Earlier values.
    Mar,
    /// The value itself.
    Mnar,
}

/// An arm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ArmName {
    /// Active.
    Active,
    /// Placebo.
    Placebo,
}

/// MAR: `intercept + active_previous · (y_A − mean)/sd + placebo_previous · (y_P − mean)/sd` at the visit before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Logit {
    /// Intercept.
    pub intercept: f64,
    /// Weight of the active knee's standardised value at the visit before.
    #[serde(default)]
    pub active_previous: f64,
    /// Weight of the placebo knee's.
    #[serde(default)]
    pub placebo_previous: f64,
}

/// MNAR: observed with probability `Φ(a − b (y − mean)/sd)`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Probit {
    /// Intercept.
    pub a: f64,
    /// Slope in the standardised value.
    pub b: f64,
}

/// Keys that hold one value: a list there makes a grid.
const SCALARS: [&str; 20] = [
    "patients",
    "null",
    "knee_correlation",
    "value",
    "tau",
    "df",
    "alpha",
    "round",
    "p_active",
    "p_placebo",
    "latent_correlation",
    "shift",
    "correlation",
    "carry_across",
    "probability",
    "intercept",
    "active_previous",
    "placebo_previous",
    "a",
    "b",
];
/// Most scenarios of one file.
const MOST: usize = 1000;

/// Reads the scenario file at `path`.
///
/// # Errors
/// It cannot be read, is no TOML, has an unknown key, or its grid is too large.
pub fn read(path: &Path) -> Result<ScenarioFile, SimulationError> {
    let text = crate::disk::read::text(path, crate::disk::read::MAX_TEXT)
        .map_err(|error| SimulationError::file(path, error))?;
    parse(&text, &path.display().to_string())
}

/// Reads the text of a scenario file; `name` is its path in messages.
///
/// # Errors
/// As [`read`].
pub fn parse(text: &str, name: &str) -> Result<ScenarioFile, SimulationError> {
    let wrong = |message: String| SimulationError::Scenario {
        file: name.to_owned(),
        message,
        help: "docs/planning.md shows a scenario with every key".to_owned(),
    };
    let written: Written = toml::from_str(text).map_err(|error| wrong(crate::disk::remedy::of_toml(text, &error)))?;
    let mut scenarios = Vec::new();
    for value in written.scenario {
        let mut grid = vec![(value, Vec::new())];
        if !expand(&mut grid) || scenarios.len() + grid.len() > MOST {
            return Err(wrong(format!("the grid has more than {MOST} scenarios")));
        }
        for (value, chosen) in grid {
            let mut scenario: Scenario = value.try_into().map_err(|error: toml::de::Error| wrong(error.to_string()))?;
            if !chosen.is_empty() {
                scenario.name = format!("{}, {}", scenario.name, chosen.join(", "));
            }
            if scenarios.iter().any(|known: &Scenario| known.name == scenario.name) {
                return Err(wrong(format!("two scenarios are called `{}`", scenario.name)));
            }
            scenarios.push(scenario);
        }
    }
    if scenarios.is_empty() {
        return Err(wrong("there is no [[scenario]]".to_owned()));
    }
    let analyses = match written.analyses {
        None => Analyses::Deciding,
        Some(Analyses::Word(word)) if word == "deciding" => Analyses::Deciding,
        Some(Analyses::Word(word)) if word != "all" => {
            return Err(wrong(format!("analyses = \"{word}\": deciding, all, or a list of methods")));
        }
        Some(other) => other,
    };
    Ok(ScenarioFile { plan: written.plan, seed: written.seed, replicates: written.replicates, analyses, scenarios })
}

/// Replaces the first list at a scalar key by each of its values, until there is none; `false` where that gives more than
/// [`MOST`].
fn expand(grid: &mut Vec<(toml::Value, Vec<String>)>) -> bool {
    loop {
        let Some(at) = grid.iter().position(|(value, _)| first_list(value).is_some()) else { return true };
        let (value, chosen) = grid.remove(at);
        let Some((path, choices)) = first_list(&value) else { return true };
        // Each choice is a copy of all the rest.
        if grid.len() + choices.len() > MOST {
            return false;
        }
        for (offset, choice) in choices.into_iter().enumerate() {
            let mut copy = value.clone();
            let mut place = Some(&mut copy);
            for step in &path {
                place = match (place, step) {
                    (Some(toml::Value::Table(table)), Step::Key(key)) => table.get_mut(key),
                    (Some(toml::Value::Array(items)), Step::Index(index)) => items.get_mut(*index),
                    _ => None,
                };
            }
            let mut chosen = chosen.clone();
            if let Some(Step::Key(key)) = path.last() {
                chosen.push(format!("{key} = {choice}"));
            }
            if let Some(place) = place {
                *place = choice;
            }
            grid.insert(at + offset, (copy, chosen));
        }
    }
}

enum Step {
    Key(String),
    Index(usize),
}

fn first_list(value: &toml::Value) -> Option<(Vec<Step>, Vec<toml::Value>)> {
    match value {
        toml::Value::Table(table) => table.iter().find_map(|(key, inner)| {
            if let (true, toml::Value::Array(choices)) = (SCALARS.contains(&key.as_str()), inner) {
                return Some((vec![Step::Key(key.clone())], choices.clone()));
            }
            let (mut path, choices) = first_list(inner)?;
            path.insert(0, Step::Key(key.clone()));
            Some((path, choices))
        }),
        toml::Value::Array(items) => items.iter().enumerate().find_map(|(index, inner)| {
            let (mut path, choices) = first_list(inner)?;
            path.insert(0, Step::Index(index));
            Some((path, choices))
        }),
        _ => None,
    }
}

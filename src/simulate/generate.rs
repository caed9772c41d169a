//! A whole trial in memory, through the same types as read data.

use super::margin::{Cell, Margin};
use super::scenario::{ArmName, Level, Mechanism, Missing, Scenario, VisitCorrelation};
use super::stream::{Purpose, Streams};
use crate::math::dist::normal;
use crate::plan::Plan;
use crate::trial::design::{ACTIVE, PLACEBO};
use crate::trial::{AnalysisSet, Design, Kind, Knee, KneeValues, Patient, Trial};

/// How one endpoint's values come about.
#[derive(Debug, Clone)]
pub struct Generator {
    /// Index of the endpoint in the design.
    pub endpoint: usize,
    /// Its visits.
    pub visits: Vec<usize>,
    /// What a standard normal becomes, `cells[arm][visit]`.
    pub cells: [Vec<Outcome>; 2],
    /// Correlation between the knees.
    pub knee: f64,
    /// Cholesky factor of the correlation between visits, row by row.
    factor: Vec<Vec<f64>>,
}

/// What a standard normal becomes.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// A measurement.
    Value(Cell),
    /// Yes below this quantile.
    Yes(f64),
    /// The number of thresholds below `z + shift`.
    Grade {
        /// Thresholds, rising.
        thresholds: Vec<f64>,
        /// Shift of the latent normal.
        shift: f64,
    },
}

impl Outcome {
    /// The value as written down.
    pub fn at(&self, z: f64) -> f64 {
        match self {
            Self::Value(cell) => cell.value(z),
            Self::Yes(quantile) => f64::from(u8::from(z < *quantile)),
            Self::Grade { thresholds, shift } => thresholds.iter().filter(|edge| z + shift > **edge).count() as f64,
        }
    }
}

/// Everything needed to draw trials of one scenario.
#[derive(Debug, Clone)]
pub struct World {
    /// The design of the plan.
    pub design: Design,
    /// Endpoints.
    pub generators: Vec<Generator>,
    /// The scenario.
    pub scenario: Scenario,
    sets: Vec<(String, String)>,
    streams: Streams,
}

impl World {
    /// Of a scenario under a plan.
    ///
    /// # Errors
    /// What in the scenario does not fit the plan.
    pub fn new(plan: &Plan, scenario: &Scenario, seed: u64) -> Result<Self, String> {
        let design = plan.design();
        if scenario.patients < 2 || scenario.patients > 1_000_000 {
            return Err(format!("`{}`: patients = {}: from 2 to a million", scenario.name, scenario.patients));
        }
        if !(0.0..=1.0).contains(&scenario.between.correlation) {
            return Err(format!("`{}`: between.correlation lies between 0 and 1", scenario.name));
        }
        for id in scenario.endpoint.keys() {
            if !design.endpoints.iter().any(|endpoint| endpoint.id == *id) {
                let known: Vec<&str> = design.endpoints.iter().map(|endpoint| endpoint.id.as_str()).collect();
                return Err(format!(
                    "`{}`: the plan has no endpoint `{id}`; it has {}",
                    scenario.name,
                    known.join(", ")
                ));
            }
        }
        let mut generators = Vec::new();
        for (index, endpoint) in design.endpoints.iter().enumerate() {
            if let Some(derived) = &endpoint.derived {
                return Err(format!(
                    "`{}`: the endpoint `{}` is derived ({}), which is not simulated; give the plan without it",
                    scenario.name,
                    endpoint.id,
                    derived.summary.name()
                ));
            }
            let unlike_scores = match (endpoint.survival.is_some(), endpoint.exposure.is_some()) {
                (true, _) => Some("the time to an event"),
                (false, true) => Some("a count with an exposure"),
                (false, false) => None,
            };
            if let Some(what) = unlike_scores {
                return Err(format!(
                    "`{}`: the endpoint `{}` is {what}, which is not simulated; give the plan without it",
                    scenario.name, endpoint.id
                ));
            }
            let Some(about) = scenario.endpoint.get(&endpoint.id) else {
                return Err(format!(
                    "`{}`: nothing is said about the plan's endpoint `{}`",
                    scenario.name, endpoint.id
                ));
            };
            let at = |problem: String| format!("`{}`, endpoint `{}`: {problem}", scenario.name, endpoint.id);
            generators.push(generator(&design, index, about, scenario.between.carry_across).map_err(at)?);
        }
        for missing in &scenario.missing {
            check_missing(missing, &design).map_err(|problem| format!("`{}`: {problem}", scenario.name))?;
        }
        let sets = plan.analysis_sets.iter().take(1).map(|set| (set.name.clone(), set.name.clone())).collect();
        let content = toml::to_string(scenario).map_err(|error| error.to_string())?;
        Ok(Self { design, generators, scenario: scenario.clone(), sets, streams: Streams::new(seed, &content) })
    }

    /// The seed of the plan's own resampling in `replicate`.
    pub fn analysis_seed(&self, replicate: u64) -> u64 {
        self.streams.analysis_seed(replicate)
    }

    /// Trial number `replicate`.
    pub fn trial(&self, replicate: u64) -> Trial {
        let n = self.scenario.patients;
        let (endpoints, visits) = (self.design.endpoints.len(), self.design.visits.len());
        let mut values = vec![[KneeValues::none(endpoints, visits), KneeValues::none(endpoints, visits)]; n];
        let shared = self.scenario.between.correlation;
        let mut common = (shared > 0.0).then(|| self.streams.of(replicate, Purpose::Values, endpoints));
        let most = self.generators.iter().map(|generator| generator.visits.len()).max().unwrap_or(0);
        let commons: Vec<f64> = match &mut common {
            Some(stream) => (0..n * 2 * most).map(|_| stream.normal()).collect(),
            None => Vec::new(),
        };
        for generator in &self.generators {
            let mut stream = self.streams.of(replicate, Purpose::Values, generator.endpoint);
            let size = generator.visits.len();
            let (rho, other) = (generator.knee, (1.0 - generator.knee * generator.knee).max(0.0).sqrt());
            let mut normals = vec![[0.0; 2]; size];
            for (patient, knees) in values.iter_mut().enumerate() {
                for (visit, pair) in normals.iter_mut().enumerate() {
                    for (knee, z) in pair.iter_mut().enumerate() {
                        *z = stream.normal();
                        if shared > 0.0 {
                            let tied = commons[(patient * most + visit) * 2 + knee];
                            *z = shared.sqrt() * tied + (1.0 - shared).sqrt() * *z;
                        }
                    }
                }
                for (position, &visit) in generator.visits.iter().enumerate() {
                    let row = &generator.factor[position];
                    let along = |knee: usize| row.iter().zip(&normals).map(|(weight, z)| weight * z[knee]).sum::<f64>();
                    let (first, second) = (along(0), along(1));
                    let latent = [rho * first + other * second, first];
                    for arm in [PLACEBO, ACTIVE] {
                        knees[arm][generator.endpoint][visit] = Some(generator.cells[arm][position].at(latent[arm]));
                    }
                }
            }
        }
        for (index, missing) in self.scenario.missing.iter().enumerate() {
            self.forget(missing, replicate, index, &mut values);
        }
        let mut sides = self.streams.of(replicate, Purpose::Allocation, 0);
        let labels = self.design.arms.labels();
        let patients: Vec<Patient> = values
            .into_iter()
            .enumerate()
            .filter_map(|(number, [placebo, active])| {
                let left_active = sides.bits() & 1 == 1;
                let side = |arm: usize| if (arm == ACTIVE) == left_active { "LEFT" } else { "RIGHT" };
                let knee = |arm: usize, values| {
                    debug_assert!(arm < labels.len());
                    Knee {
                        side: side(arm).to_owned(),
                        arm,
                        values,
                        exposures: KneeValues::default(),
                        rows: vec![None; visits],
                    }
                };
                Patient::new(format!("{:06}", number + 1), vec![knee(PLACEBO, placebo), knee(ACTIVE, active)]).ok()
            })
            .collect();
        let sets = self
            .sets
            .iter()
            .map(|(name, label)| AnalysisSet { name: name.clone(), label: label.clone(), members: vec![true; n] })
            .collect();
        Trial {
            design: self.design.clone(),
            patients,
            sets,
            events: None,
            intercurrent: None,
            deviations: None,
            columns: Vec::new(),
            randomised: n,
            dates: crate::trial::dates::Dates::default(),
        }
    }

    /// Applies one missing-data mechanism, on values as they would have been without it.
    fn forget(&self, missing: &Missing, replicate: u64, index: usize, values: &mut [[KneeValues; 2]]) {
        let mut stream = self.streams.of(replicate, Purpose::Missing, index);
        let looked_at = match &missing.endpoint {
            Some(id) => self.generators.iter().find(|g| self.design.endpoints[g.endpoint].id == *id),
            None => self.generators.first(),
        };
        let Some(looked_at) = looked_at else { return };
        let arms: Vec<usize> = match missing.arm {
            Some(ArmName::Active) => vec![ACTIVE],
            Some(ArmName::Placebo) => vec![PLACEBO],
            None => vec![PLACEBO, ACTIVE],
        };
        let standardised = |knees: &[KneeValues; 2], arm: usize, position: usize| {
            let visit = looked_at.visits[position];
            let (mean, sd) = match &looked_at.cells[arm][position] {
                Outcome::Value(cell) => (cell.mean, cell.sd),
                _ => (0.0, 1.0),
            };
            knees[arm][looked_at.endpoint][visit].map_or(0.0, |value| (value - mean) / sd)
        };
        for knees in values.iter_mut() {
            let before = knees.clone();
            let mut gone = [false; 2];
            for position in 0..looked_at.visits.len() {
                let visit = looked_at.visits[position];
                if Some(visit) == self.design.baseline {
                    continue;
                }
                let probability = |arm: usize| match missing.mechanism {
                    Mechanism::Mcar => missing.probability.unwrap_or(0.0),
                    Mechanism::Mar if position == 0 => 0.0,
                    Mechanism::Mar => missing.logit.as_ref().map_or(0.0, |logit| {
                        let at = logit.intercept
                            + logit.active_previous * standardised(&before, ACTIVE, position - 1)
                            + logit.placebo_previous * standardised(&before, PLACEBO, position - 1);
                        1.0 / (1.0 + (-at).exp())
                    }),
                    Mechanism::Mnar => missing
                        .probit
                        .as_ref()
                        .map_or(0.0, |probit| normal::sf(probit.a - probit.b * standardised(&before, arm, position))),
                };
                // The same numbers are drawn whatever happened before: a mechanism changes only what it says.
                let drawn = [stream.uniform(), stream.uniform()];
                match missing.level {
                    Level::Patient => {
                        let now = drawn[0] < probability(arms[0]);
                        for arm in [PLACEBO, ACTIVE] {
                            gone[arm] = now || (missing.dropout && gone[arm]);
                        }
                    }
                    Level::Knee => {
                        for &arm in &arms {
                            gone[arm] = drawn[arm] < probability(arm) || (missing.dropout && gone[arm]);
                        }
                    }
                }
                for arm in [PLACEBO, ACTIVE].into_iter().filter(|arm| gone[*arm]) {
                    let endpoints = self.design.endpoints.len();
                    (0..endpoints).for_each(|endpoint| knees[arm][endpoint][visit] = None);
                }
            }
        }
    }
}

fn check_missing(missing: &Missing, design: &Design) -> Result<(), String> {
    let given = [missing.probability.is_some(), missing.logit.is_some(), missing.probit.is_some()];
    let (place, needs) = match missing.mechanism {
        Mechanism::Mcar => (0, "MCAR needs `probability`"),
        Mechanism::Mar => (1, "MAR needs `logit`"),
        Mechanism::Mnar => (2, "MNAR needs `probit`"),
    };
    if !given[place] || given.iter().filter(|given| **given).count() != 1 {
        return Err(format!("{needs}, and nothing else of the three"));
    }
    if missing.probability.is_some_and(|p| !(0.0..=1.0).contains(&p)) {
        return Err("a probability lies between 0 and 1".to_owned());
    }
    if missing.level == Level::Patient && missing.arm.is_some() {
        return Err("`arm` belongs to mechanisms at the level of the knee".to_owned());
    }
    if missing.level == Level::Patient && missing.mechanism == Mechanism::Mnar {
        return Err("MNAR is at the level of the knee: its own value".to_owned());
    }
    match &missing.endpoint {
        Some(id) if !design.endpoints.iter().any(|endpoint| endpoint.id == *id) => {
            Err(format!("missing: the plan has no endpoint `{id}`"))
        }
        _ => Ok(()),
    }
}

fn generator(
    design: &Design,
    index: usize,
    about: &super::scenario::Endpoint,
    carry_across: f64,
) -> Result<Generator, String> {
    let endpoint = &design.endpoints[index];
    let visits = endpoint.visits.clone();
    let size = visits.len();
    let of_visits = |name: &str, list: &Option<Vec<f64>>| match list {
        Some(list) if list.len() == size && list.iter().all(|value| value.is_finite()) => Ok(list.clone()),
        Some(list) => Err(format!("`{name}` has {} numbers, the endpoint {size} visits", list.len())),
        None => Err(format!("`{name}` is missing: one number a visit ({size})")),
    };
    let knee = match (&about.responder, about.latent_correlation, about.knee_correlation) {
        (Some(responder), None, None) => responder.latent_correlation,
        (None, Some(rho), None) | (None, None, Some(rho)) => rho,
        _ => return Err("the correlation of the knees is to be given once".to_owned()),
    };
    if !(knee > -1.0 && knee < 1.0) {
        return Err(format!("the correlation of the knees lies between −1 and 1, not at {knee}"));
    }
    let cells = match (&about.responder, &about.thresholds) {
        (Some(_), Some(_)) => return Err("`responder` and `thresholds` exclude each other".to_owned()),
        (Some(responder), None) => {
            if endpoint.kind != Kind::Binary {
                return Err("`responder` is for yes/no endpoints".to_owned());
            }
            let active = if about.null { responder.p_placebo } else { responder.p_active };
            for p in [active, responder.p_placebo] {
                if !(p > 0.0 && p < 1.0) {
                    return Err(format!("a share of responders lies between 0 and 1, not at {p}"));
                }
            }
            // At baseline both knees are as the placebo ones.
            let of = |p: f64| -> Vec<Outcome> {
                let share = |visit: &usize| if Some(*visit) == design.baseline { responder.p_placebo } else { p };
                visits.iter().map(|visit| Outcome::Yes(normal::quantile(share(visit)))).collect()
            };
            [of(responder.p_placebo), of(active)]
        }
        (None, Some(thresholds)) => {
            if endpoint.kind != Kind::Ordinal {
                return Err("`thresholds` are for grades".to_owned());
            }
            if thresholds.is_empty() || !thresholds.windows(2).all(|pair| pair[0] < pair[1]) {
                return Err("`thresholds` rise".to_owned());
            }
            let shift = if about.null { 0.0 } else { about.shift.ok_or("`shift` is missing")? };
            let of = |shift: f64| -> Vec<Outcome> {
                let at = |visit: &usize| if Some(*visit) == design.baseline { 0.0 } else { shift };
                visits.iter().map(|visit| Outcome::Grade { thresholds: thresholds.clone(), shift: at(visit) }).collect()
            };
            [of(0.0), of(shift)]
        }
        (None, None) => {
            let placebo = of_visits("placebo", &about.placebo)?;
            let active = if about.null { placebo.clone() } else { of_visits("active", &about.active)? };
            let sd = of_visits("sd", &about.sd)?;
            if sd.iter().any(|sd| *sd <= 0.0) {
                return Err("an SD is positive".to_owned());
            }
            if about.round.is_some_and(|step| step <= 0.0 || !step.is_finite()) {
                return Err("`round` is a positive step".to_owned());
            }
            if about.limits.is_some_and(|[low, high]| low >= high) {
                return Err("the lower of `limits` comes first".to_owned());
            }
            let margin = about.margin.as_ref().map_or(Ok(Margin::Normal), Margin::new)?;
            // The effect that shows in the other knee brings the placebo knees nearer.
            let carried: Vec<f64> = placebo.iter().zip(&active).map(|(p, a)| p + carry_across * (a - p)).collect();
            let of = |means: &[f64]| -> Vec<Outcome> {
                means
                    .iter()
                    .zip(&sd)
                    .map(|(mean, sd)| {
                        let (mean, sd) = (*mean, *sd);
                        let (round, limits) = (about.round, about.limits);
                        Outcome::Value(Cell { mean, sd, margin: margin.clone(), round, limits })
                    })
                    .collect()
            };
            [of(&carried), of(&active)]
        }
    };
    Ok(Generator { endpoint: index, visits, cells, knee, factor: factor(about.visit.as_ref(), size)? })
}

/// The Cholesky factor of the correlation between visits.
fn factor(visit: Option<&VisitCorrelation>, size: usize) -> Result<Vec<Vec<f64>>, String> {
    let correlation = |row: usize, column: usize| -> Result<f64, String> {
        Ok(match visit {
            _ if row == column => 1.0,
            None if size == 1 => 0.0,
            None => return Err("`visit`, the correlation between visits, is missing".to_owned()),
            Some(VisitCorrelation::Ar1 { value }) => value.powi(row.abs_diff(column) as i32),
            Some(VisitCorrelation::Cs { value }) => *value,
            Some(VisitCorrelation::Us { matrix }) => {
                let cell = matrix.get(row).and_then(|cells| cells.get(column));
                *cell.filter(|_| matrix.len() == size).ok_or(format!("`visit.matrix` is {size} by {size}"))?
            }
        })
    };
    let mut factor = vec![vec![0.0; size]; size];
    for row in 0..size {
        for column in 0..=row {
            let known: f64 = (0..column).map(|k| factor[row][k] * factor[column][k]).sum();
            let rest = correlation(row, column)? - known;
            if row == column {
                if rest <= 0.0 {
                    return Err("the correlations between visits are not those of any law".to_owned());
                }
                factor[row][row] = rest.sqrt();
            } else {
                factor[row][column] = rest / factor[column][column];
            }
        }
    }
    Ok(factor)
}

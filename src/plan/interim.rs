//! `[interim]`: the looks of a group-sequential trial, and which of them a run is.

use super::cross::Checker;
use super::file::PlanFile;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Looks at the primary comparison before the planned end, with what each may spend of the level.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InterimPlan {
    /// Patients with both knees at each look as planned, rising; the last is the final analysis.
    pub pairs: Vec<usize>,
    /// How the level is spent.
    #[serde(default)]
    pub spending: Spending,
    /// γ of `hsd` or ρ of `kd`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameter: Option<f64>,
    /// Power under the planned difference, for conditional power; 0.8 where neither it nor `[sample_size]` says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub power: Option<f64>,
    /// Which look this run is, counted from 1; `None`: the final analysis. The command line says so, not the plan, so that
    /// the seal holds at every look.
    #[serde(skip)]
    #[schemars(skip)]
    pub look: Option<usize>,
    /// Patients with both knees at the earlier looks as they were; as planned where empty.
    #[serde(skip)]
    #[schemars(skip)]
    pub earlier: Vec<usize>,
}

/// A spending function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Spending {
    /// Lan–DeMets spending of O'Brien–Fleming type: little at early looks.
    #[default]
    ObrienFleming,
    /// Lan–DeMets spending of Pocock type.
    Pocock,
    /// Hwang–Shih–DeCani with `parameter` γ.
    Hsd,
    /// Kim–DeMets with `parameter` ρ.
    Kd,
}

impl Spending {
    /// The name in plans and results.
    pub fn name(self) -> &'static str {
        match self {
            Self::ObrienFleming => "obrien-fleming",
            Self::Pocock => "pocock",
            Self::Hsd => "hsd",
            Self::Kd => "kd",
        }
    }
}

impl InterimPlan {
    /// The look of this run, counted from 1.
    pub fn this_look(&self) -> usize {
        self.look.unwrap_or(self.pairs.len())
    }
}

/// The most looks of a design.
const MOST: usize = 10;

/// Checks `[interim]`.
pub(super) fn check(checker: &mut Checker<'_>, plan: &PlanFile) {
    let Some(interim) = &plan.interim else { return };
    let rising = interim.pairs.windows(2).all(|pair| matches!(pair, [a, b] if a < b));
    let enough = interim.pairs.first().is_some_and(|first| *first >= 3);
    if interim.pairs.len() < 2 || interim.pairs.len() > MOST || !rising || !enough {
        let message =
            "the looks need rising numbers of patients, two to ten looks, at least 3 patients at the first".to_owned();
        let remedy = "write for instance `pairs = [15, 30, 45]`, the last being the final analysis";
        checker.wrong("SK010", "interim.pairs", message, remedy);
    }
    match (interim.spending, interim.parameter) {
        (Spending::Hsd, Some(gamma)) if !(gamma.is_finite() && gamma.abs() <= 100.0) => {
            let message = format!("γ = {gamma} is outside −100 to 100");
            checker.wrong("SK010", "interim.parameter", message, "write for instance `parameter = -4`");
        }
        (Spending::Kd, Some(rho)) if !(rho > 0.0 && rho <= 100.0) => {
            let message = format!("ρ = {rho} is not a positive number up to 100");
            checker.wrong("SK010", "interim.parameter", message, "write for instance `parameter = 3`");
        }
        (Spending::Hsd | Spending::Kd, None) => {
            let message = format!("the spending function `{}` has a parameter", interim.spending.name());
            checker.wrong("SK012", "interim.spending", message, "write `parameter = `: γ of `hsd`, ρ of `kd`");
        }
        (Spending::ObrienFleming | Spending::Pocock, Some(_)) => {
            let message = format!("the spending function `{}` has no parameter", interim.spending.name());
            checker.wrong(
                "SK017",
                "interim.parameter",
                message,
                "delete it, or write `spending = \"hsd\"` or `\"kd\"`",
            );
        }
        _ => {}
    }
    if let Some(power) = interim.power
        && !(power > plan.analysis.alpha && power < 1.0)
    {
        let message = format!("a power of {power} does not lie between the level and 1");
        checker.wrong("SK010", "interim.power", message, "write for instance `power = 0.8`");
    }
    let primaries = super::design::primary_endpoints(plan);
    let scores = primaries.iter().all(|endpoint| endpoint.kind.is_score());
    if primaries.len() != 1 || !scores {
        let message = "the looks are at one primary endpoint that is a score".to_owned();
        checker.wrong("SK017", "interim.pairs", message, "keep one continuous primary endpoint, or delete [interim]");
    }
    if plan.arms.adjustment().is_some() {
        let message = "the looks and several contrasts of arms both adjust the primary comparison".to_owned();
        checker.wrong("SK017", "interim.pairs", message, "delete [interim], or write `[arms] adjust = \"none\"`");
    }
    let ids: Vec<String> = primaries.iter().map(|endpoint| super::design::endpoint_id(endpoint)).collect();
    if plan.multiplicity.family.iter().any(|id| ids.contains(id)) {
        let message = "the looks adjust the primary endpoint, which is in this family too".to_owned();
        checker.wrong(
            "SK017",
            "multiplicity.family",
            message,
            "leave the primary endpoint out of `multiplicity.family`",
        );
    }
}

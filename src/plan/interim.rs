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
    /// When an early look stops the trial because nothing will be shown. Left out: no futility bounds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub futility: Option<FutilityPlan>,
    /// Which look this run is, counted from 1; `None`: the final analysis. The command line says so, not the plan, so that
    /// the seal holds at every look.
    #[serde(skip)]
    #[schemars(skip)]
    pub look: Option<usize>,
    /// Patients with both knees at the earlier looks as they were; as planned where empty.
    #[serde(skip)]
    #[schemars(skip)]
    pub earlier: Vec<usize>,
    /// Whether conditional and predictive power are left out: a simulation reads neither, and they cost more than the test.
    #[serde(skip)]
    #[schemars(skip)]
    pub brief: bool,
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

/// Futility bounds: by spending of β (1 − the power), or where conditional power falls to a threshold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FutilityPlan {
    /// How β is spent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spending: Option<Spending>,
    /// γ of `hsd` or ρ of `kd`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameter: Option<f64>,
    /// The trial stops where conditional power is at or below this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conditional_power: Option<f64>,
    /// Conditional power under the planned difference or the current trend.
    #[serde(default)]
    pub under: Under,
    /// Whether the bounds of efficacy count on the trial stopping. Without: advice to the committee, which the type I error
    /// does not depend on.
    #[serde(default)]
    pub binding: bool,
}

/// The difference that conditional power is computed under.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Under {
    /// The difference planned for.
    #[default]
    Planned,
    /// The current estimate.
    Trend,
}

impl FutilityPlan {
    /// The rule's name in results.
    pub fn name(&self) -> &'static str {
        match (self.spending, self.under) {
            (Some(spending), _) => spending.name(),
            (None, Under::Planned) => "conditional-power",
            (None, Under::Trend) => "conditional-power-trend",
        }
    }
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
    check_spending(checker, "interim", interim.spending, interim.parameter);
    if let Some(power) = interim.power
        && !(power > plan.analysis.alpha && power < 1.0)
    {
        let message = format!("a power of {power} does not lie between the level and 1");
        checker.wrong("SK010", "interim.power", message, "write for instance `power = 0.8`");
    }
    if let Some(futility) = &interim.futility {
        check_futility(checker, plan, futility);
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

/// A spending function with its parameter, in the table `table`.
fn check_spending(checker: &mut Checker<'_>, table: &str, spending: Spending, parameter: Option<f64>) {
    let (at_parameter, at_spending) = (format!("{table}.parameter"), format!("{table}.spending"));
    match (spending, parameter) {
        (Spending::Hsd, Some(gamma)) if !(gamma.is_finite() && gamma.abs() <= 100.0) => {
            let message = format!("γ = {gamma} is outside −100 to 100");
            checker.wrong("SK010", &at_parameter, message, "write for instance `parameter = -4`");
        }
        (Spending::Kd, Some(rho)) if !(rho > 0.0 && rho <= 100.0) => {
            let message = format!("ρ = {rho} is not a positive number up to 100");
            checker.wrong("SK010", &at_parameter, message, "write for instance `parameter = 3`");
        }
        (Spending::Hsd | Spending::Kd, None) => {
            let message = format!("the spending function `{}` has a parameter", spending.name());
            checker.wrong("SK012", &at_spending, message, "write `parameter = `: γ of `hsd`, ρ of `kd`");
        }
        (Spending::ObrienFleming | Spending::Pocock, Some(_)) => {
            let message = format!("the spending function `{}` has no parameter", spending.name());
            checker.wrong("SK017", &at_parameter, message, "delete it, or write `spending = \"hsd\"` or `\"kd\"`");
        }
        _ => {}
    }
}

/// `[interim.futility]`.
fn check_futility(checker: &mut Checker<'_>, plan: &PlanFile, futility: &FutilityPlan) {
    let either = "write `spending = \"obrien-fleming\"`, or `conditional_power = 0.2`";
    match (futility.spending, futility.conditional_power) {
        (Some(_), Some(_)) => {
            let message = "the futility bounds come from spending or from conditional power, not from both".to_owned();
            checker.wrong("SK017", "interim.futility", message, either);
        }
        (None, None) => {
            let message = "nothing says where the futility bounds come from".to_owned();
            checker.wrong("SK012", "interim.futility", message, either);
        }
        (Some(spending), None) => {
            check_spending(checker, "interim.futility", spending, futility.parameter);
            if futility.under != Under::Planned {
                let message = "`under` says what conditional power is computed under, and there is none".to_owned();
                checker.wrong("SK017", "interim.futility.under", message, "delete it, or write `conditional_power`");
            }
        }
        (None, Some(threshold)) => {
            if !(threshold > 0.0 && threshold < 0.5) {
                let message = format!("a conditional power of {threshold} is not between 0 and 0.5");
                let remedy = "write for instance `conditional_power = 0.2`: above one half a trial would stop that is more \
                              likely than not to succeed";
                checker.wrong("SK010", "interim.futility.conditional_power", message, remedy);
            }
            if futility.parameter.is_some() {
                let message = "conditional power has no parameter of a spending function".to_owned();
                checker.wrong("SK017", "interim.futility.parameter", message, "delete it, or write `spending`");
            }
            if futility.binding {
                let message = "bounds by conditional power are advice, never binding".to_owned();
                checker.wrong("SK017", "interim.futility.binding", message, "delete it, or write `spending`");
            }
        }
    }
    if futility.binding && plan.analysis.alternative == super::AlternativePlan::TwoSided {
        let message = "binding futility bounds need a one-sided test".to_owned();
        let remedy = "delete `binding` (advice, which the type I error does not depend on), or write `[analysis] \
                      alternative = \"towards-benefit\"`";
        checker.wrong("SK017", "interim.futility.binding", message, remedy);
    }
}

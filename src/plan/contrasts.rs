//! `[arms] contrasts`: which arms of three and more are compared, and how the comparisons are adjusted for each other.

use super::cross::Checker;
use super::file::{ArmsPlan, EndpointPlan, PlanFile};
use super::options::{AlternativePlan, PrimaryMethod};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How several contrasts of arms are adjusted for each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ContrastAdjust {
    /// The multivariate t of the contrasts, with their correlations in the fit.
    #[default]
    Mvt,
    /// The same for contrasts that share their second arm.
    Dunnett,
    /// The studentised range, for all pairs of the arms that are compared.
    Tukey,
    /// Holm's step-down procedure; it has no simultaneous limits.
    Holm,
    /// Bonferroni.
    Bonferroni,
    /// Šidák.
    Sidak,
    /// None: only the first contrast can lead to a claim, the others are described.
    None,
}

impl ContrastAdjust {
    /// The name in plans and results.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mvt => "mvt",
            Self::Dunnett => "dunnett",
            Self::Tukey => "tukey",
            Self::Holm => "holm",
            Self::Bonferroni => "bonferroni",
            Self::Sidak => "sidak",
            Self::None => "none",
        }
    }
}

impl ArmsPlan {
    /// The labels of the arms, in the order of [`crate::trial::Arms::labels`]: placebo, active, the others.
    fn labels(&self) -> Vec<&str> {
        [&self.placebo, &self.active].into_iter().chain(&self.other).map(|arm| &**arm).collect()
    }

    /// The two arms of a contrast `B - A`, as positions among the labels of the arms; the reason where it names none.
    fn contrast(&self, text: &str) -> Result<(usize, usize), String> {
        let labels = self.labels();
        let arm = |name: &str| labels.iter().position(|label| label.trim() == name.trim());
        // A label may hold a minus sign itself: every place where the text can be divided is tried.
        let places = text.match_indices(" - ").chain(text.match_indices(" − "));
        let mut parts: Option<(&str, &str)> = None;
        for (at, sign) in places {
            let (first, second) = (&text[..at], &text[at + sign.len()..]);
            if let (Some(first), Some(second)) = (arm(first), arm(second)) {
                return if first == second {
                    Err(format!("the contrast `{text}` compares an arm with itself"))
                } else {
                    Ok((first, second))
                };
            }
            parts.get_or_insert((first, second));
        }
        let Some((first, second)) = parts else { return Err(format!("`{text}` is no contrast of two arms")) };
        let unknown = if arm(first).is_none() { first } else { second };
        Err(format!("the contrast `{text}` names the arm `{}`, which the plan does not have", unknown.trim()))
    }

    /// The contrasts of a plan that passed its check, as positions among [`crate::trial::Arms::labels`]; none where the
    /// plan declares none.
    pub fn compared(&self) -> Vec<(usize, usize)> {
        self.contrasts.iter().filter_map(|text| self.contrast(text).ok()).collect()
    }

    /// How the contrasts are adjusted; `None` where there are not several to adjust.
    pub fn adjustment(&self) -> Option<ContrastAdjust> {
        let adjust = self.adjust.unwrap_or_default();
        (self.contrasts.len() > 1 && adjust != ContrastAdjust::None).then_some(adjust)
    }

    /// The contrasts with the labels that the arms now have, where `before` held the arms they were written with.
    pub(super) fn rename_contrasts(&mut self, before: &ArmsPlan) {
        let compared = before.compared();
        let labels: Vec<String> = self.labels().into_iter().map(str::to_owned).collect();
        let name = |(first, second): (usize, usize)| Some(format!("{} - {}", labels.get(first)?, labels.get(second)?));
        self.contrasts = compared.into_iter().filter_map(name).collect();
    }
}

/// Checks `[arms] contrasts` and `adjust`.
pub(super) fn check(checker: &mut Checker<'_>, plan: &PlanFile) {
    let arms = &plan.arms;
    if arms.contrasts.is_empty() {
        if arms.adjust.is_some() {
            let message = "`adjust` adjusts several contrasts, and none is declared".to_owned();
            let remedy = "write `contrasts = [\"B - A\", \"C - A\"]` with the labels of the arms, or delete `adjust`";
            checker.wrong("SK012", "arms.adjust", message, remedy);
        }
        return;
    }
    let labels = arms.labels().join("`, `");
    let mut found: Vec<(usize, usize)> = Vec::new();
    for (i, text) in arms.contrasts.iter().enumerate() {
        let path = format!("arms.contrasts.{i}");
        match arms.contrast(text) {
            Err(message) => {
                let remedy = format!("write two of `{labels}` with ` - ` between them");
                checker.wrong("SK008", &path, message, remedy);
            }
            Ok((first, second)) if found.contains(&(first, second)) || found.contains(&(second, first)) => {
                let message = format!("the contrast `{text}` is declared twice");
                checker.wrong("SK009", &path, message, "name each pair of arms once");
            }
            Ok(pair) => found.push(pair),
        }
    }
    if found.len() < arms.contrasts.len() {
        return;
    }
    if found.first() != Some(&(1, 0)) {
        let (active, placebo) = (&arms.active, &arms.placebo);
        let message = format!("the first contrast is the primary comparison, which is `{active} - {placebo}`");
        let remedy = format!(
            "write `{active} - {placebo}` first, or name the arms of the first contrast `active` and `placebo`"
        );
        checker.wrong("SK012", "arms.contrasts.0", message, remedy);
    }
    match arms.adjust {
        Some(ContrastAdjust::Dunnett)
            if found.iter().any(|(_, second)| Some(*second) != found.first().map(|f| f.1)) =>
        {
            let message =
                "Dunnett's adjustment compares every arm with one reference, and these contrasts have several";
            let remedy = "write the reference second in every contrast, or `adjust = \"mvt\"`";
            checker.wrong("SK017", "arms.adjust", message.to_owned(), remedy);
        }
        Some(ContrastAdjust::Tukey) => {
            let mut named: Vec<usize> = found.iter().flat_map(|(first, second)| [*first, *second]).collect();
            named.sort_unstable();
            named.dedup();
            let pairs = named.len() * (named.len() - 1) / 2;
            if found.len() != pairs {
                let message = format!(
                    "Tukey's adjustment is for all pairs: {} arms have {pairs}, and {} {} declared",
                    named.len(),
                    found.len(),
                    if found.len() == 1 { "is" } else { "are" }
                );
                let remedy = "declare every pair, or write `adjust = \"mvt\"`, which takes any contrasts";
                checker.wrong("SK017", "arms.adjust", message, remedy);
            }
        }
        _ => {}
    }
    models(checker, plan);
    if arms.adjustment().is_some() {
        family(checker, plan);
    }
}

/// Contrasts come from one model over all arms.
fn models(checker: &mut Checker<'_>, plan: &PlanFile) {
    let over_arms = [PrimaryMethod::MixedModel, PrimaryMethod::Mmrm, PrimaryMethod::Clda];
    if !over_arms.contains(&plan.analysis.primary) {
        let message = format!(
            "contrasts of several arms come from one model over all arms, and `{}` compares two",
            plan.analysis.primary.name()
        );
        let remedy = "write `primary = \"mixed_model\"`, `\"mmrm\"` or `\"clda\"`, or delete `[arms] contrasts`";
        checker.wrong("SK012", "analysis.primary", message, remedy);
    }
}

/// The family of the contrasts is that of one primary endpoint, by two-sided tests.
fn family(checker: &mut Checker<'_>, plan: &PlanFile) {
    let primaries = super::design::primary_endpoints(plan);
    if primaries.len() > 1 {
        let message =
            "several contrasts of several primary endpoints are one family, which the plan cannot declare".to_owned();
        let remedy = "keep one primary endpoint, or write `adjust = \"none\"`: the first contrast then decides alone";
        checker.wrong("SK017", "arms.adjust", message, remedy);
    }
    let scores = |endpoint: &&EndpointPlan| !endpoint.kind.is_score();
    if let Some(endpoint) = primaries.iter().copied().find(scores) {
        let message = format!(
            "`{}` is the primary endpoint and no score: its contrasts come from no linear model",
            super::design::endpoint_id(endpoint)
        );
        let remedy =
            "write `[arms] adjust = \"none\"`: the first contrast then decides alone, by the endpoint's own method";
        checker.wrong("SK017", "arms.adjust", message, remedy);
    }
    let named = |endpoint: &&&EndpointPlan| {
        let id = super::design::endpoint_id(endpoint);
        plan.multiplicity.family.contains(&id)
    };
    if let Some(endpoint) = primaries.iter().find(named) {
        let id = super::design::endpoint_id(endpoint);
        let message = format!("`{id}` is adjusted for the contrasts of its arms and in this family too");
        let remedy = "leave the primary endpoint out of `multiplicity.family`, or write `[arms] adjust = \"none\"`";
        checker.wrong("SK017", "multiplicity.family", message, remedy);
    }
    if plan.analysis.alternative != AlternativePlan::TwoSided {
        let message = "the adjustment of several contrasts is for two-sided tests".to_owned();
        let remedy = "write `alternative = \"two-sided\"`, or `[arms] adjust = \"none\"`";
        checker.wrong("SK017", "arms.adjust", message, remedy);
    }
}

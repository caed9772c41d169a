//! `[randomisation]`: the scheme behind the allocation list, for the methods section and the permutation test that redraws it.

use super::cross::Checker;
use super::file::PlanFile;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The permuted blocks of the allocation list: a sentence of the methods section, and what `analysis.randomisation_test =
/// "design"` redraws.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RandomisationPlan {
    /// Column of the block, in the allocation file or in a file with one row per patient.
    pub block: String,
    /// Column of the stratum, where blocks are numbered within strata; leave out where there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stratum: Option<String>,
    /// Patients of a whole block; one that was cut short is redrawn whole.
    pub block_size: usize,
}

/// Which permutation test is run beside the primary analysis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RandomisationTest {
    /// Redraws the sides from the scheme of `[randomisation]`.
    Design,
}

/// The largest block whose law is computed.
const LARGEST: usize = 16;

/// Checks `[randomisation]` and `analysis.randomisation_test`.
pub(super) fn check(checker: &mut Checker<'_>, plan: &PlanFile) {
    let Some(scheme) = &plan.randomisation else {
        if plan.analysis.randomisation_test.is_some() {
            let message = "the test redraws the allocation, and the plan does not say how it was drawn".to_owned();
            let remedy = "write `[randomisation]` with `block`, the column of the block (and `stratum`), and `block_size`; \
                          without blocks in the data name `permutation` among `sensitivity`, which tosses for every patient";
            checker.wrong("SK012", "analysis.randomisation_test", message, remedy);
        }
        return;
    };
    let size = scheme.block_size;
    if size == 0 || size % 2 == 1 || size > LARGEST {
        let message = format!("a block of {size} patients cannot be redrawn with each side active equally often");
        let remedy = format!("write the even size of a whole block, up to {LARGEST}");
        checker.wrong("SK010", "randomisation.block_size", message, remedy);
    }
    if scheme.stratum.as_ref() == Some(&scheme.block) {
        let message = format!("`{}` is the column of the block and of the stratum", scheme.block);
        checker.wrong("SK009", "randomisation.stratum", message, "name another column, or leave `stratum` out");
    }
    if !plan.arms.other.is_empty() {
        let message = "the scheme that is redrawn has two arms, one per side".to_owned();
        checker.wrong("SK012", "analysis.randomisation_test", message, "leave it out where there are further arms");
    }
}

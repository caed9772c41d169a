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
    /// Patients of a whole block, or the sizes that each block was drawn from (`[4, 6]`); one that was cut short is redrawn
    /// whole.
    pub block_size: BlockSize,
}

/// The size of whole blocks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum BlockSize {
    /// One for all.
    One(usize),
    /// Each block's was drawn from these, equally likely.
    Several(Vec<usize>),
}

impl BlockSize {
    /// Every size, the smallest first.
    pub fn sizes(&self) -> Vec<usize> {
        let mut sizes = match self {
            Self::One(size) => vec![*size],
            Self::Several(sizes) => sizes.clone(),
        };
        sizes.sort_unstable();
        sizes.dedup();
        sizes
    }

    /// The sizes in a sentence.
    pub fn words(&self) -> String {
        self.sizes().iter().map(usize::to_string).collect::<Vec<_>>().join("/")
    }
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
    let sizes = scheme.block_size.sizes();
    let remedy = format!("write the even size of a whole block, up to {LARGEST}, or `[4, 6]` where sizes vary");
    if sizes.is_empty() {
        let message = "no size of a block is named".to_owned();
        checker.wrong("SK010", "randomisation.block_size", message, remedy);
    } else if let Some(size) = sizes.iter().find(|size| **size == 0 || **size % 2 == 1 || **size > LARGEST) {
        let message = format!("a block of {size} patients cannot be redrawn with each side active equally often");
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

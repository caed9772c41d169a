//! How the trial was run, as far as the data do not hold it: what CONSORT 2025, its within-person extension and ICH E3 ask
//! of a report.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How the trial was run, in the words of the report (`[conduct]`).
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Conduct {
    /// Who could take part: the patients, and each of their two sites (CONSORT within-person item 4a).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eligibility: Option<String>,
    /// Where patients were treated and followed (item 4b).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub setting: Option<String>,
    /// How it was decided at random which site gets which treatment (items 8a and 8b).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub randomisation: Option<String>,
    /// How the next assignment was concealed (item 9).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concealment: Option<String>,
    /// Who did not know which site had which treatment, and how (item 11a).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blinding: Option<String>,
    /// Who paid for the trial (item 25).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub funding: Option<String>,
    /// Patients assessed for eligibility (item 13a).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assessed: Option<u64>,
    /// Those of them who were not randomised, by reason.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_randomised: Vec<NotRandomised>,
}

/// Patients who were assessed and not randomised.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NotRandomised {
    /// Why.
    pub reason: String,
    /// How many patients.
    pub patients: u64,
}

impl Conduct {
    /// The texts, for those who replace identifiers in them.
    pub fn texts(&mut self) -> impl Iterator<Item = &mut String> {
        let own = [
            &mut self.eligibility,
            &mut self.setting,
            &mut self.randomisation,
            &mut self.concealment,
            &mut self.blinding,
            &mut self.funding,
        ];
        let reasons = self.not_randomised.iter_mut().map(|left| &mut left.reason);
        own.into_iter().flatten().chain(reasons)
    }
}

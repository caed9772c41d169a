//! What an event does to the knee it applies to: which of its values are used, and the law of what is missing after it.

use crate::note;
use crate::paired::Refusal;

/// Handling of an intercurrent event and of what is missing after it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Strategy {
    /// Values after the event are kept, fitted and conditioned on; missing at random.
    TreatmentPolicy,
    /// Values after the event are discarded everywhere; missing at random.
    Hypothetical,
    /// J2R: from the event on the active knee has the mean of the placebo arm.
    JumpToReference,
    /// CIR: from the event on the active knee's mean moves as the placebo arm's.
    CopyIncrements,
    /// CR: the active knee has the mean of the placebo arm at every visit.
    CopyReference,
    /// LMCF: the active knee's mean stays where it was before the event.
    LastMean,
    /// RTB: missing values of the active knee from the event on are its baseline, change 0.
    ReturnToBaseline,
    /// RTB in the mean: the active knee's mean change over the patients is 0 from the event on, spread and correlation kept.
    ReturnToBaselineMean,
    /// A share k of the effect before the event is kept (White, Joseph & Best): 0 is J2R, 1 is CIR.
    Causal(f64),
    /// The event is part of the outcome: from it on the knee, of either arm, has this value. It is neither fitted nor
    /// conditioned on, and no δ is added to it.
    Composite(f64),
}

impl Strategy {
    /// The name in results.
    pub fn name(self) -> String {
        match self {
            Self::TreatmentPolicy => "mar".into(),
            Self::Hypothetical => "hypothetical".into(),
            Self::JumpToReference => "j2r".into(),
            Self::CopyIncrements => "cir".into(),
            Self::CopyReference => "cr".into(),
            Self::LastMean => "lmcf".into(),
            Self::ReturnToBaseline => "rtb".into(),
            Self::ReturnToBaselineMean => "rtb-mean".into(),
            Self::Causal(k) => format!("causal:{k}"),
            Self::Composite(value) => format!("composite:{value}"),
        }
    }

    /// Reads `j2r`, `jump-to-reference`, `causal:0.5`, …
    ///
    /// # Errors
    /// A name that is none; a share that is not a finite number.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let text = text.trim().to_ascii_lowercase().replace(['_', ' '], "-");
        Ok(match text.as_str() {
            "mar" | "treatment-policy" => Self::TreatmentPolicy,
            "hypothetical" => Self::Hypothetical,
            "j2r" | "jump-to-reference" => Self::JumpToReference,
            "cir" | "copy-increments" | "copy-increments-in-reference" => Self::CopyIncrements,
            "cr" | "copy-reference" => Self::CopyReference,
            "lmcf" | "last-mean" | "last-mean-carried-forward" => Self::LastMean,
            "rtb" | "return-to-baseline" => Self::ReturnToBaseline,
            "rtb-mean" | "return-to-baseline-mean" => Self::ReturnToBaselineMean,
            other => {
                if let Some(value) = other.strip_prefix("composite:").and_then(|v| v.parse::<f64>().ok())
                    && value.is_finite()
                {
                    return Ok(Self::Composite(value));
                }
                let share = other.strip_prefix("causal").map(|rest| rest.trim_start_matches([':', '-', '=']));
                match share.and_then(|k| k.parse::<f64>().ok()).filter(|k| k.is_finite()) {
                    Some(k) => Self::Causal(k),
                    None => {
                        return Err(Refusal(note!(mi_no_strategy, name = other)));
                    }
                }
            }
        })
    }

    /// Whether the law after the event is not the patient's own: the mean is taken from a reference.
    pub fn is_reference_based(self) -> bool {
        !matches!(self, Self::TreatmentPolicy | Self::Hypothetical | Self::Composite(_))
    }

    /// Precedence of events at the same visit: composite over reference-based over hypothetical over treatment
    /// policy.
    pub fn precedence(self) -> u8 {
        match self {
            Self::TreatmentPolicy => 0,
            Self::Hypothetical => 1,
            Self::Composite(_) => 3,
            _ => 2,
        }
    }
}

/// The covariance of the law after an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Covariance {
    /// As fitted: only the mean moves.
    #[default]
    Shared,
    /// The active knee's block rebuilt from the placebo knee's (Carpenter, Roger & Kenward 2013, section 4.3), its
    /// innovations kept.
    Reference,
}

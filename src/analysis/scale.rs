//! On which scale a result compares the arms: the one place that knows what its numbers mean.
//!
//! A comparison is a difference in the unit of the endpoint (or of shares), the logarithm of a ratio, or a number already
//! in the direction of benefit. Sentences, tables, figures, the terminal and the verdict ask here whether to take the
//! exponential, whether there is a unit, and whether a margin can be held against the interval.

use super::contrasts;
use super::pairs;
use super::verdict::is_against_margin;
use crate::paired::method::Estimate;
use crate::paired::{Field, TestResult, catalogue};

/// On which scale an estimate compares the arms.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Scale {
    /// Active − placebo in the unit of the endpoint (or as a share).
    Difference,
    /// The logarithm of a ratio, active against placebo; what is printed is the ratio.
    Log(Ratio),
    /// Already in the direction of benefit, with this null value: 0 (net benefit) or 1 (win odds).
    Benefit {
        /// The value of no difference.
        null: f64,
    },
}

/// What is divided by what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ratio {
    /// The odds of a higher value.
    Odds,
    /// The geometric means.
    Means,
    /// The hazard of an event: a lower one is a later event, that is a higher time.
    Hazards,
    /// Events per unit of exposure; per knee where the counts have none.
    Rates,
}

/// The field of a result that names the scale.
const FIELD: &str = "scale";

impl Ratio {
    /// Every ratio.
    const ALL: [Self; 4] = [Self::Odds, Self::Means, Self::Rates, Self::Hazards];

    /// Whether tables print the ratio itself, rather than its logarithm as the field `estimate` has it.
    pub fn is_tabulated(self) -> bool {
        match self {
            Self::Odds | Self::Hazards => false,
            Self::Means | Self::Rates => true,
        }
    }

    /// The fields of a result that hold the ratio and its limits.
    pub fn fields(self) -> [&'static str; 3] {
        match self {
            Self::Odds => ["odds_ratio", "odds_ratio_low", "odds_ratio_high"],
            Self::Means => ["ratio", "ratio_low", "ratio_high"],
            Self::Hazards => ["hazard_ratio", "hazard_ratio_low", "hazard_ratio_high"],
            Self::Rates => ["rate_ratio", "rate_ratio_low", "rate_ratio_high"],
        }
    }

    /// The name of its logarithm in results.
    fn name(self) -> &'static str {
        match self {
            Self::Odds => "log-odds",
            Self::Means => "log-ratio",
            Self::Hazards => "log-hazard-ratio",
            Self::Rates => "log-rate-ratio",
        }
    }
}

impl Scale {
    /// The scale that `result` names, else that of its method; `None` where it compares nothing.
    pub fn of(result: &TestResult) -> Option<Self> {
        if let Some(Field::Text(name)) = result.field(FIELD) {
            return Self::named(name);
        }
        if let Some(Estimate::Benefit { null }) = catalogue::of_result(result.method).map(|test| test.estimate) {
            return Some(Self::Benefit { null });
        }
        match result.method {
            method if pairs::is_difference(method) || is_against_margin(method) => Some(Self::Difference),
            "subgroup" | "event-comparison" | contrasts::METHOD => Some(Self::Difference),
            _ => None,
        }
    }

    fn named(name: &str) -> Option<Self> {
        let ratio = Ratio::ALL.into_iter().find(|ratio| ratio.name() == name).map(Self::Log);
        ratio.or(match name {
            "difference" => Some(Self::Difference),
            "benefit" => Some(Self::Benefit { null: 0.0 }),
            _ => None,
        })
    }

    /// The field that names the scale in a result.
    pub fn field(self) -> (&'static str, Field) {
        let name = match self {
            Self::Difference => "difference",
            Self::Log(ratio) => ratio.name(),
            Self::Benefit { .. } => "benefit",
        };
        (FIELD, Field::Text(name.to_owned()))
    }

    /// The ratio whose logarithm the numbers are.
    pub fn ratio(self) -> Option<Ratio> {
        match self {
            Self::Log(ratio) => Some(ratio),
            Self::Difference | Self::Benefit { .. } => None,
        }
    }

    /// The number that is printed for `value`.
    pub fn shown(self, value: f64) -> f64 {
        match self {
            Self::Log(_) => value.exp(),
            Self::Difference | Self::Benefit { .. } => value,
        }
    }

    /// Whether what is printed is a ratio with 1 as no difference.
    pub fn is_ratio(self) -> bool {
        matches!(self, Self::Log(_)) || self == Self::Benefit { null: 1.0 }
    }

    /// Whether the margins and the important difference of an endpoint are on this scale.
    pub fn has_margins(self) -> bool {
        matches!(self, Self::Difference | Self::Log(Ratio::Means))
    }

    /// The sign of a number in favour of active, where `sign` is that of a benefit in the values of the endpoint.
    pub fn benefit_sign(self, sign: f64) -> f64 {
        match self {
            Self::Log(Ratio::Hazards) => -sign,
            Self::Difference | Self::Log(Ratio::Odds | Ratio::Means | Ratio::Rates) | Self::Benefit { .. } => sign,
        }
    }

    /// `(low, high)` seen in the direction of benefit and from no difference, the worse end first; `sign` is that of a
    /// benefit in the values of the endpoint.
    pub fn towards_benefit(self, (low, high): (f64, f64), sign: f64) -> (f64, f64) {
        match self {
            Self::Benefit { null } => (low - null, high - null),
            _ if self.benefit_sign(sign) > 0.0 => (low, high),
            _ => (-high, -low),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Ratio, Scale};
    use crate::paired::Field;

    #[test]
    fn a_lower_hazard_is_a_benefit_where_a_longer_time_is() {
        let hazards = Scale::Log(Ratio::Hazards);
        assert_eq!(hazards.towards_benefit((-2.0, -1.0), 1.0), (1.0, 2.0));
        assert_eq!(hazards.towards_benefit((-2.0, -1.0), -1.0), (-2.0, -1.0));
        assert_eq!(Scale::Difference.towards_benefit((-2.0, -1.0), 1.0), (-2.0, -1.0));
    }

    #[test]
    fn a_scale_is_read_as_it_was_written() {
        let logs = Ratio::ALL.map(Scale::Log);
        let all = [Scale::Difference, Scale::Benefit { null: 0.0 }].into_iter().chain(logs);
        for scale in all {
            let (_, Field::Text(name)) = scale.field() else { panic!("the scale is a text") };
            assert_eq!(Scale::named(&name), Some(scale));
        }
    }
}

//! What a verdict stands on: the interval and the p-value that decide, where they are not those of the test of no
//! difference by itself. Of several contrasts of the arms these are the simultaneous interval and the adjusted p-value, of
//! an endpoint with a margin as its objective the p-value against that margin.

use super::p_value;
use crate::analysis::{Claim, Interval, Record, objective};
use crate::plan::Objective;
use crate::report::exhibits::{Material, contrasts};
use crate::trial::Role;

/// The interval and the p-value of a comparison, as a sentence says them.
pub(super) struct Stand {
    /// The limits.
    pub limits: (f64, f64),
    /// The level of the interval in per cent, with the word that it is simultaneous.
    pub level: String,
    /// The p-value as a relation, with what it tests; empty where there is none.
    pub p: String,
}

impl Stand {
    /// That of `record`, which has the limits `own`.
    pub fn of(material: &Material, record: &Record, own: (f64, f64)) -> Self {
        let words = material.words;
        let level = words.say("conclusion.level", &[]);
        let context = material.context();
        let confirmatory = is_confirmatory(record);
        let goal = objective::of(&context, record.endpoint);
        if let Some((limits, p)) = simultaneous(material, record) {
            let p = words.say("conclusion.p_adjusted", &[("p", &words.p_relation(p))]);
            return Self { limits, level: words.say("conclusion.simultaneous", &[("level", &level)]), p };
        }
        let against = objective::p_of(&context, record).filter(|_| confirmatory && goal != Objective::Superiority);
        let p = match against {
            Some(p) => {
                let objective = words.name("objective", goal.name());
                words.say("conclusion.p_objective", &[("p", &words.p_relation(p)), ("objective", &objective)])
            }
            None => p_value(material, record),
        };
        Self { limits: own, level, p }
    }
}

fn is_confirmatory(record: &Record) -> bool {
    record.role == Role::Primary || record.verdict.is_some_and(|verdict| verdict.family.is_some())
}

/// The simultaneous interval of the contrast of active and placebo and its adjusted p-value, where the plan has several
/// contrasts and the claim rests on them. Where the two intervals do not say the same of no difference, nothing is claimed
/// and the sentence says that it is the adjustment that withholds it: there the interval of the comparison alone stays.
fn simultaneous(material: &Material, record: &Record) -> Option<((f64, f64), f64)> {
    let verdict = record.verdict?;
    let agree = match verdict.claim {
        Claim::Superior | Claim::Inferior => true,
        _ => verdict.interval == Interval::IncludesNull,
    };
    let contrast = contrasts::records(material, record.endpoint?, record.visit)
        .into_iter()
        .find(|contrast| contrast.result.number("position") == Some(1.0))?;
    let of = |name: &str| contrast.result.number(name);
    let limits = of("conf_low_adjusted").zip(of("conf_high_adjusted"))?;
    let several = of("family_size").is_some_and(|size| size > 1.0);
    (agree && several && is_confirmatory(record)).then_some(())?;
    Some((limits, contrast.p_adjusted?))
}

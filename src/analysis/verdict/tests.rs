//! What a verdict claims and withholds, case by case, and how often it claims falsely.

use super::*;
use crate::paired::{Options, TestResult};
use crate::trial::Better;

fn endpoint(better: Better, important_difference: Option<f64>, margin: Option<f64>) -> Endpoint {
    Endpoint {
        better,
        important_difference,
        margin,
        role: Role::Primary,
        kind: crate::trial::Kind::Continuous,
        ..harm()
    }
}

const ALONE: Goal = Goal { objective: Objective::Superiority, alone: true };
const SHARED: Goal = Goal { objective: Objective::Superiority, alone: false };

fn record(low: f64, high: f64, p: f64) -> Record {
    let mut result = TestResult::new("paired-t", 10, &Options::default());
    (result.conf_low, result.conf_high, result.p_value) = (Some(low), Some(high), Some(p));
    Record::comparing(result, Role::Primary)
}

fn claim(better: Better, low: f64, high: f64, p: f64) -> (Claim, Option<Withheld>, Option<Importance>) {
    let about = endpoint(better, Some(20.0), Some(10.0));
    let verdict = confirmatory(&evidence(&about, None, &record(low, high, p), 0.05, false), None, Gate::None, ALONE);
    (verdict.claim, verdict.withheld, verdict.importance)
}

#[test]
fn interval_and_test_decide_in_the_direction_of_benefit() {
    use Better::{Higher, Lower};
    assert_eq!(claim(Lower, -30.0, -21.0, 0.01), (Claim::Superior, None, Some(Importance::ClinicallyImportant)));
    assert_eq!(claim(Lower, -30.0, -5.0, 0.01), (Claim::Superior, None, Some(Importance::Uncertain)));
    assert_eq!(claim(Lower, -9.0, -5.0, 0.01), (Claim::Superior, None, Some(Importance::BelowMcid)));
    assert_eq!(claim(Lower, 1.0, 5.0, 0.01), (Claim::Inferior, None, Some(Importance::BelowMcid)));
    assert_eq!(claim(Lower, -5.0, 5.0, 0.8), (Claim::Equivalent, None, None));
    assert_eq!(claim(Lower, -10.0, 5.0, 0.4), (Claim::None, None, None), "a limit at the margin is not inside it");
    assert_eq!(claim(Higher, 1.0, 15.0, 0.01), (Claim::Superior, None, Some(Importance::BelowMcid)));
    assert_eq!(claim(Higher, -15.0, 0.0, 0.06), (Claim::None, None, None), "a limit at 0 includes it");
}

#[test]
fn a_test_that_does_not_reject_withholds_alike_in_both_directions() {
    // McNemar with 3 pairs: exact p 0.25, Newcombe excludes 0.
    assert_eq!(claim(Better::Lower, 0.206, 1.0, 0.25).0, Claim::None);
    assert_eq!(claim(Better::Lower, 0.206, 1.0, 0.25).1, Some(Withheld::Test));
    assert_eq!(claim(Better::Lower, -1.0, -0.206, 0.25).1, Some(Withheld::Test));
}

#[test]
fn family_and_gate_withhold_alike_in_both_directions() {
    let about = endpoint(Better::Lower, None, None);
    let rejected = Hypothesis { family: "secondary", p_adjusted: Some(0.01), rejected: true, failed: false };
    let kept = Hypothesis { rejected: false, ..rejected };
    let failed = Hypothesis { failed: true, ..kept };
    for (low, high, claimed) in [(-9.0, -1.0, Claim::Superior), (1.0, 9.0, Claim::Inferior)] {
        let evidence = evidence(&about, None, &record(low, high, 0.01), 0.05, false);
        let of = |hypothesis, gate| {
            let verdict = confirmatory(&evidence, Some(hypothesis), gate, SHARED);
            (verdict.claim, verdict.withheld)
        };
        assert_eq!(of(&rejected, Gate::Open), (claimed, None));
        assert_eq!(of(&rejected, Gate::Closed), (Claim::None, Some(Withheld::Gate)));
        assert_eq!(of(&kept, Gate::Open), (Claim::None, Some(Withheld::Family)));
        assert_eq!(of(&failed, Gate::Open), (Claim::None, Some(Withheld::Procedure)));
    }
}

#[test]
fn non_inferiority_is_held_against_its_margin() {
    let about = endpoint(Better::Lower, None, None);
    let of = |low, high, p| {
        confirmatory(&evidence(&about, Some(10.0), &record(low, high, p), 0.05, false), None, Gate::None, ALONE).claim
    };
    assert_eq!(of(-5.0, 9.0, 0.6), Claim::NonInferior);
    assert_eq!(of(-5.0, 10.0, 0.6), Claim::None);
    assert_eq!(of(-9.0, -1.0, 0.01), Claim::Superior);
    assert_eq!(of(1.0, 9.0, 0.01), Claim::Inferior, "worse, though not by the margin");
}

/// A margin is claimed by its own hypothesis where others share the level: neither beside a superiority that the
/// procedure tests, nor superiority beside a non-inferiority.
#[test]
fn beside_others_an_endpoint_claims_its_objective_only() {
    let about = endpoint(Better::Lower, None, Some(10.0));
    let rejected = Hypothesis { family: "secondary", p_adjusted: Some(0.01), rejected: true, failed: false };
    let kept = Hypothesis { rejected: false, ..rejected };
    let of = |low, high, hypothesis: &Hypothesis, gate, objective| {
        let evidence = evidence(&about, Some(10.0), &record(low, high, 0.01), 0.05, false);
        let verdict = confirmatory(&evidence, Some(hypothesis), gate, Goal { objective, alone: false });
        (verdict.claim, verdict.withheld)
    };
    use Objective::{Equivalence, NonInferiority, Superiority};
    let none = |reason| (Claim::None, Some(reason));
    assert_eq!(of(-12.0, 5.0, &rejected, Gate::Open, Superiority), none(Withheld::Objective));
    assert_eq!(of(-12.0, 5.0, &rejected, Gate::Open, NonInferiority), (Claim::NonInferior, None));
    assert_eq!(of(-12.0, -1.0, &rejected, Gate::Open, NonInferiority), (Claim::NonInferior, None));
    assert_eq!(of(-12.0, 5.0, &kept, Gate::Open, NonInferiority), none(Withheld::Family));
    assert_eq!(of(-12.0, 5.0, &rejected, Gate::Closed, NonInferiority), none(Withheld::Gate));
    assert_eq!(of(1.0, 12.0, &kept, Gate::Open, NonInferiority), none(Withheld::Objective));
    assert_eq!(of(-8.0, 5.0, &rejected, Gate::Open, Equivalence), (Claim::Equivalent, None));
    assert_eq!(of(-8.0, 5.0, &kept, Gate::Open, Equivalence), none(Withheld::Family));
    assert_eq!(of(-12.0, 5.0, &rejected, Gate::Open, Equivalence), (Claim::None, None));
    // One primary beside a family that waits for its superiority: non-inferior in the sequence, but not equivalent.
    let beside = |non_inferiority| {
        let evidence = evidence(&about, non_inferiority, &record(-5.0, 5.0, 0.6), 0.05, false);
        let verdict = confirmatory(&evidence, None, Gate::None, SHARED);
        (verdict.claim, verdict.withheld)
    };
    assert_eq!(beside(Some(10.0)), (Claim::NonInferior, None));
    assert_eq!(beside(None), none(Withheld::Objective));
    // The only hypothesis: one interval serves all of its claims.
    let only = |low, high| {
        let evidence = evidence(&about, Some(10.0), &record(low, high, 0.01), 0.05, false);
        let goal = Goal { objective: NonInferiority, alone: true };
        confirmatory(&evidence, None, Gate::None, goal).claim
    };
    assert_eq!(only(-12.0, -1.0), Claim::Superior);
    // Within the margin the objective is met, on whichever side of zero; beyond it, the direction is.
    assert_eq!(only(1.0, 9.0), Claim::NonInferior);
    assert_eq!(only(1.0, 12.0), Claim::Inferior);
    assert_eq!(only(-12.0, 5.0), Claim::NonInferior);
}

/// One primary endpoint with both margins and a secondary one behind the gate, 20 000 trials a setting: the chance of any
/// false claim is at most 5 %, whatever the objective and the truth (at the margins, nothing, in between).
#[test]
fn no_objective_spends_the_level_twice() {
    use crate::math::dist::normal;
    use crate::math::random::Stream;
    const TRIALS: u64 = 20_000;
    let (primary, secondary) = (endpoint(Better::Higher, None, Some(3.25)), endpoint(Better::Higher, None, None));
    let at = |estimate: f64| record(estimate - 1.96, estimate + 1.96, normal::two_sided(estimate));
    for objective in [Objective::Superiority, Objective::NonInferiority, Objective::Equivalence] {
        for truth in [-3.25, -1.5, 0.0, 1.5, 3.25] {
            let mut wrong = 0;
            for trial in 0..TRIALS {
                let mut stream = Stream::new(20_261_129, trial);
                let (first, second) = (truth + stream.normal(), stream.normal());
                let goal = Goal { objective, alone: false };
                let shown = evidence(&primary, Some(3.25), &at(first), 0.05, false);
                let verdict = confirmatory(&shown, None, Gate::None, goal);
                let gate = if meets(objective, &verdict) { Gate::Open } else { Gate::Closed };
                let p = normal::two_sided(second);
                let hypothesis =
                    Hypothesis { family: family::SECONDARY, p_adjusted: Some(p), rejected: p <= 0.05, failed: false };
                let other = evidence(&secondary, None, &at(second), 0.05, false);
                let other = confirmatory(&other, Some(&hypothesis), gate, SHARED);
                let false_claim = match verdict.claim {
                    Claim::Superior => truth <= 0.0,
                    Claim::Inferior => truth >= 0.0,
                    Claim::NonInferior => truth <= -3.25,
                    Claim::Equivalent => truth.abs() >= 3.25,
                    Claim::None => false,
                };
                wrong += u64::from(false_claim || other.claim != Claim::None);
            }
            let share = wrong as f64 / TRIALS as f64;
            // Two Monte Carlo standard errors.
            assert!(share <= 0.05 + 2.0 * 0.001_54, "{objective:?} at {truth}: {share}");
        }
    }
}

/// What an interval says about importance does not depend on which arm it favours.
#[test]
fn importance_is_said_for_benefit_and_for_harm_alike() {
    for (low, high, expected) in [
        (20.0, 30.0, Importance::ClinicallyImportant),
        (15.0, 30.0, Importance::Uncertain),
        (5.0, 12.0, Importance::BelowMcid),
    ] {
        let benefit = claim(Better::Higher, low, high, 0.001);
        let harm = claim(Better::Higher, -high, -low, 0.001);
        assert_eq!(benefit, (Claim::Superior, None, Some(expected)));
        assert_eq!(harm, (Claim::Inferior, None, Some(expected)));
        assert_eq!(claim(Better::Lower, -high, -low, 0.001), benefit);
        assert_eq!(claim(Better::Lower, low, high, 0.001), harm);
    }
}

/// −1.2/3 in doubles is no −0.4: a limit on the margin is not inside it, in cm as in mm.
#[test]
fn a_limit_that_binary_noise_moves_off_the_margin_lies_on_it() {
    let about = endpoint(Better::Higher, Some(2.4), Some(0.4));
    let limit = -1.2 / 3.0;
    assert!(limit > -0.4);
    let found = evidence(&about, Some(0.4), &record(limit, 0.3, 0.6), 0.05, false);
    assert!(!found.above_margin && !found.within_margin);
    let found = evidence(&about, None, &record(0.1 + 0.2 - 0.3, 0.3, 0.04), 0.05, false);
    assert_eq!(found.interval, Interval::IncludesNull);
    let found = evidence(&about, None, &record(2.4 - 1e-16, 3.0, 0.01), 0.05, false);
    assert_eq!(found.importance, Some(Importance::ClinicallyImportant));
}

#[test]
fn no_interval_claims_nothing_and_says_whether_there_was_a_comparison() {
    let about = endpoint(Better::Lower, None, None);
    let mut record = record(0.0, 0.0, 0.01);
    (record.result.conf_low, record.result.conf_high) = (None, None);
    let verdict = confirmatory(&evidence(&about, None, &record, 0.05, false), None, Gate::None, ALONE);
    assert_eq!((verdict.claim, verdict.conclusion()), (Claim::None, Conclusion::Inconclusive));
    record.result.p_value = None;
    let verdict = confirmatory(&evidence(&about, None, &record, 0.05, false), None, Gate::None, ALONE);
    assert_eq!(verdict.conclusion(), Conclusion::NotAssessed);
}

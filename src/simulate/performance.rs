//! Measures over the replicates, and the files that hold them.

use super::generate::World;
use super::replicate::Followed;
use super::scenario::ScenarioFile;
use super::shard::{Found, Records, decode};
use super::truth::{Truth, truth};
use crate::plan::Plan;
use crate::planning::performance::{Measured, Replicate, average, measures, relative_precision, share};
use serde::Serialize;

/// One measure of one analysis in one scenario.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Performance {
    /// Scenario.
    pub scenario: String,
    /// Endpoint.
    pub endpoint: String,
    /// Visit.
    pub visit: String,
    /// Method.
    pub analysis: String,
    /// Identifier of the record.
    pub id: String,
    /// Measure.
    pub measure: &'static str,
    /// Its value.
    pub value: Option<f64>,
    /// Its Monte Carlo standard error.
    pub mcse: Option<f64>,
    /// Replicates behind it.
    pub replicates: usize,
    /// Replicates in which the analysis gave no answer.
    pub failed: usize,
    /// The scenario's computed truth.
    pub truth: Option<Truth>,
}

/// The measures of every scenario, in their order.
pub fn tabulate(
    plan: &Plan,
    file: &ScenarioFile,
    worlds: &[(World, Vec<Followed>)],
    records: &Records,
) -> Vec<Performance> {
    let mut table = Vec::new();
    for (number, (scenario, (world, followed))) in file.scenarios.iter().zip(worlds).enumerate() {
        let number = number as u32;
        let of_scenario: Vec<Vec<Found>> =
            records.range((number, 0)..=(number, u64::MAX)).map(|(_, bits)| decode(bits)).collect();
        for (position, one) in followed.iter().enumerate() {
            let found: Vec<Found> = of_scenario.iter().filter_map(|list| list.get(position).copied()).collect();
            let truth = truth(world, one.endpoint, one.visit, one.measure);
            let mut rows = of_analysis(plan.analysis.alpha, &found, one, truth.as_ref());
            // Against the first analysis of the same difference, on the same replicates.
            let same = |other: &&Followed| {
                (other.endpoint, other.visit, other.measure) == (one.endpoint, one.visit, one.measure)
                    && other.is_difference
            };
            let first = followed.iter().position(|other| same(&other));
            if let Some(first) = first.filter(|first| one.is_difference && *first < position) {
                let both = of_scenario
                    .iter()
                    .filter_map(|list| Some((list.get(first)?.estimate, list.get(position)?.estimate)));
                let both: Vec<(f64, f64)> = both.filter(|(a, b)| a.is_finite() && b.is_finite()).collect();
                rows.push(("relative_precision_percent", relative_precision(&both), both.len()));
            }
            table.extend(rows.into_iter().map(|(measure, measured, replicates)| Performance {
                scenario: scenario.name.clone(),
                endpoint: world.design.endpoints[one.endpoint].id.clone(),
                visit: world.design.visits[one.visit].id.clone(),
                analysis: one.method.to_owned(),
                id: one.id.clone(),
                measure,
                value: measured.map(|measured| measured.value).filter(|value| value.is_finite()),
                mcse: measured.map(|measured| measured.mcse).filter(|value| value.is_finite()),
                replicates,
                failed: found.len() - answered(&found).count(),
                truth: truth.clone(),
            }));
        }
    }
    table
}

/// The confidence intervals of one analysis over the replicates of a scenario, nearest to the truth in standard errors first.
#[derive(Debug, Clone, PartialEq)]
pub struct Intervals {
    /// Scenario.
    pub scenario: String,
    /// Identifier of the record.
    pub id: String,
    /// The truth.
    pub truth: f64,
    /// The intervals.
    pub intervals: Vec<[f64; 2]>,
}

/// The intervals of the first analysis of every scenario that has a truth to be held against.
pub fn intervals(file: &ScenarioFile, worlds: &[(World, Vec<Followed>)], records: &Records) -> Vec<Intervals> {
    let mut out = Vec::new();
    for (number, (scenario, (world, followed))) in file.scenarios.iter().zip(worlds).enumerate() {
        let number = number as u32;
        let Some((position, one)) = followed.iter().enumerate().find(|(_, one)| one.is_difference) else { continue };
        let Some(truth) = truth(world, one.endpoint, one.visit, one.measure) else { continue };
        let found =
            records.range((number, 0)..=(number, u64::MAX)).filter_map(|(_, bits)| decode(bits).get(position).copied());
        let known =
            |found: &Found| [found.estimate, found.std_error, found.low, found.high].iter().all(|v| v.is_finite());
        let far = |found: &Found| (found.estimate - truth.difference).abs() / found.std_error;
        let mut found: Vec<Found> = found.filter(known).collect();
        found.sort_by(|a, b| far(a).total_cmp(&far(b)));
        out.push(Intervals {
            scenario: scenario.name.clone(),
            id: one.id.clone(),
            truth: truth.difference,
            intervals: found.iter().map(|found| [found.low, found.high]).collect(),
        });
    }
    out
}

/// The replicates in which the analysis gave an answer: an estimate, or where the method has none, a p-value.
fn answered(found: &[Found]) -> impl Iterator<Item = &Found> {
    found.iter().filter(|found| found.estimate.is_finite() || found.p_value.is_finite())
}

type Row = (&'static str, Option<Measured>, usize);

fn of_analysis(alpha: f64, found: &[Found], one: &Followed, truth: Option<&Truth>) -> Vec<Row> {
    let answers: Vec<&Found> = answered(found).collect();
    let known = |value: f64| value.is_finite().then_some(value);
    let replicates: Vec<Replicate> = answers
        .iter()
        .filter(|found| found.estimate.is_finite())
        .map(|found| Replicate {
            estimate: found.estimate,
            std_error: known(found.std_error),
            limits: known(found.low).zip(known(found.high)),
        })
        .collect();
    let value = truth.filter(|_| one.is_difference).map(|truth| truth.difference);
    let mut rows: Vec<Row> = measures(&replicates, value)
        .into_iter()
        .map(|(name, measured)| {
            let with = match name {
                "model_se" | "model_se_rms" => replicates.iter().filter(|found| found.std_error.is_some()).count(),
                "coverage" | "coverage_bias_eliminated" => {
                    replicates.iter().filter(|found| found.limits.is_some()).count()
                }
                _ => replicates.len(),
            };
            (name, Some(measured), with)
        })
        .collect();
    let tested: Vec<&&Found> = answers.iter().filter(|found| found.p_value.is_finite()).collect();
    let rejected = tested.iter().filter(|found| found.p_value <= alpha).count();
    let rejection = share(rejected, tested.len());
    rows.push(("rejection", rejection, tested.len()));
    let null = truth.is_some_and(|truth| truth.difference.abs() < 1e-12);
    if null {
        rows.push(("type_i_error", rejection, tested.len()));
    } else {
        rows.push(("power", rejection, tested.len()));
    }
    // A replicate without an answer makes no claim: claims are shares of all replicates.
    let claims = |sign: f64| found.iter().filter(|found| found.claim == sign).count();
    rows.push(("claim_for", share(claims(1.0), found.len()), found.len()));
    rows.push(("claim_against", share(claims(-1.0), found.len()), found.len()));
    let pairs: Vec<f64> = found.iter().map(|found| found.pairs).filter(|pairs| pairs.is_finite()).collect();
    rows.push(("mean_pairs", average(&pairs), pairs.len()));
    let failed = found.len() - answers.len();
    if failed * 100 > found.len() {
        // Bounds if every replicate without an answer had rejected, or none.
        let all = found.len();
        let bound = |count: usize| Measured { value: count as f64 / all as f64, mcse: 0.0 };
        rows.push(("rejection_at_least", Some(bound(rejected)), all));
        rows.push(("rejection_at_most", Some(bound(rejected + failed)), all));
    }
    rows
}

/// The ADEMP paragraph of the protocol.
pub fn methods(file: &ScenarioFile, plan: &Plan, replicates: u64, followed: &[Followed]) -> String {
    let error = 100.0 * (0.05 * 0.95 / replicates as f64).sqrt();
    let names: Vec<&str> = {
        let mut names: Vec<&str> = followed.iter().map(|one| one.method).collect();
        names.dedup();
        names
    };
    let patients: Vec<String> =
        file.scenarios.iter().map(|one| format!("{} ({} patients)", one.name, one.patients)).collect();
    let looks = plan.interim.as_ref().map_or(String::new(), |interim| {
        let at: Vec<String> = interim.pairs.iter().map(ToString::to_string).collect();
        let futility = match &interim.futility {
            Some(_) => ", futility bounds followed",
            None => "",
        };
        format!(
            " The looks are at {} pairs as planned ({} spending), and the trial ends at the first bound that is crossed{futility}; \
             estimates and intervals are those of the deciding method where it ended, not adjusted for the looks, and mean_pairs \
             is the expected size.",
            at.join(", "),
            interim.spending.name()
        )
    });
    format!(
        "Aims: the operating characteristics of the analysis plan {}. Data-generating mechanisms: {} scenario(s): {}. Estimands: \
         active − placebo at the deciding visit among all patients, computed by quadrature after rounding and limits. Methods: the \
         plan's own analyses ({}), with its fallbacks, multiplicity procedure and conclusions.{looks} Performance measures: bias, \
         empirical and model standard error, mean squared error, coverage, rejection at {}, and the share of trials in which the \
         report claims a difference for or against active, each with its Monte Carlo standard error (Morris, White and Crowther \
         2019). {replicates} replicates give a Monte Carlo standard error of {error:.2} percentage points on a rejection rate of 5 \
         %; seed {}.",
        plan.trial.id,
        file.scenarios.len(),
        patients.join("; "),
        names.join(", "),
        plan.analysis.alpha,
        file.seed
    )
}

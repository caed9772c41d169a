//! Marginal Cox regression of active against placebo on all knees, with the sandwich over patients.
//!
//! Maximises the partial likelihood with one covariate (1 active, 0 placebo), ties by Efron 1977 or Breslow 1974, as if
//! knees were independent, and mends the variance: the score residuals are added within the patient and squared
//! (Lin & Wei 1989; Lee, Wei & Amato 1992), I⁻¹ ΣᵢUᵢ² I⁻¹. The estimand is population-averaged, not the within-patient
//! ratio of the stratified model. Efron's residuals are those of Therneau & Grambsch 2000 (as R `survival`), so that the
//! order of rows does not enter. Without a small-sample factor the sandwich is too small with few patients: `small_sample`
//! multiplies it by √(n/(n − 1)) and refers to t with n − 1 degrees of freedom.

use super::Cohort;
use super::within_pairs::Ties;
use crate::math::dist::{normal, student_t};
use serde::Serialize;

/// The fit.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MarginalCox {
    /// Log hazard ratio, active to placebo; absent where it is infinite.
    pub estimate: Option<f64>,
    /// Hazard ratio.
    pub hazard_ratio: Option<f64>,
    /// Lower limit from the robust standard error.
    pub hazard_ratio_low: Option<f64>,
    /// Upper limit from the robust standard error.
    pub hazard_ratio_high: Option<f64>,
    /// Robust standard error of the log hazard ratio.
    pub std_error: Option<f64>,
    /// Standard error that treats knees as independent.
    pub std_error_model: Option<f64>,
    /// Degrees of freedom of the limits; absent where they are normal.
    pub df: Option<f64>,
    /// Robust Wald statistic.
    pub statistic: Option<f64>,
    /// Its p-value.
    pub p_value: Option<f64>,
    /// Log partial likelihood at the estimate.
    pub log_lik: Option<f64>,
    /// Log partial likelihood at a hazard ratio of 1.
    pub log_lik_null: f64,
    /// How ties were treated.
    pub ties: Ties,
}

/// Fits the model; `ties` other than Breslow are Efron's, because the exact likelihood has no score residuals.
pub fn marginal_cox(cohort: &Cohort, ties: Ties, small_sample: bool, level: f64) -> MarginalCox {
    let ties = if ties == Ties::Breslow { Ties::Breslow } else { Ties::Efron };
    let sets = risk_sets(cohort, ties);
    let null = evaluate(&sets, 0.0);
    let empty = MarginalCox {
        estimate: None,
        hazard_ratio: None,
        hazard_ratio_low: None,
        hazard_ratio_high: None,
        std_error: None,
        std_error_model: None,
        df: None,
        statistic: None,
        p_value: None,
        log_lik: None,
        log_lik_null: null.log_lik,
        ties,
    };
    let Some((beta, at)) = maximum(&sets) else { return empty };
    let scores = cohort.within_patients(&score_residuals(cohort, &sets, beta));
    let n = cohort.patients() as f64;
    let factor = if small_sample { (n / (n - 1.0)).sqrt() } else { 1.0 };
    let std_error = factor * scores.iter().map(|score| score * score).sum::<f64>().sqrt() / at.information;
    let df = small_sample.then_some(n - 1.0);
    let tail = 0.5 * (1.0 - level);
    let quantile = df.map_or_else(|| normal::upper_quantile(tail), |df| student_t::upper_quantile(tail, df));
    let statistic = beta / std_error;
    MarginalCox {
        estimate: Some(beta),
        hazard_ratio: Some(beta.exp()),
        hazard_ratio_low: Some((beta - quantile * std_error).exp()),
        hazard_ratio_high: Some((beta + quantile * std_error).exp()),
        std_error: Some(std_error),
        std_error_model: Some(1.0 / at.information.sqrt()),
        df,
        statistic: Some(statistic),
        p_value: Some(df.map_or_else(|| normal::two_sided(statistic), |df| student_t::two_sided(statistic, df))),
        log_lik: Some(at.log_lik),
        ..empty
    }
}

/// One event time: who is at risk and who has the event, by arm, and the shares of the events that Efron takes off.
struct RiskSet {
    time: f64,
    at_risk: [f64; 2],
    events: [f64; 2],
    taken_off: Vec<f64>,
}

fn risk_sets(cohort: &Cohort, ties: Ties) -> Vec<RiskSet> {
    let mut times: Vec<f64> = cohort.subjects().iter().filter(|s| s.event).map(|s| s.time).collect();
    times.sort_by(f64::total_cmp);
    times.dedup();
    let set = |time: f64| {
        let (mut at_risk, mut events) = ([0.0; 2], [0.0; 2]);
        for subject in cohort.subjects().iter().filter(|s| s.time >= time) {
            at_risk[usize::from(subject.active)] += 1.0;
            events[usize::from(subject.active)] += f64::from(u8::from(subject.event && subject.time == time));
        }
        let d = events[0] + events[1];
        let share = |k: usize| if ties == Ties::Efron { k as f64 / d } else { 0.0 };
        RiskSet { time, at_risk, events, taken_off: (0..d as usize).map(share).collect() }
    };
    times.into_iter().map(set).collect()
}

impl RiskSet {
    /// For each event of the set: the sum of risks that it is drawn from, and the mean of the covariate in it.
    fn draws(&self, ratio: f64) -> impl Iterator<Item = (f64, f64, f64)> + '_ {
        self.taken_off.iter().map(move |&share| {
            let placebo = self.at_risk[0] - share * self.events[0];
            let active = ratio * (self.at_risk[1] - share * self.events[1]);
            (placebo + active, active / (placebo + active), share)
        })
    }
}

struct At {
    log_lik: f64,
    score: f64,
    information: f64,
}

fn evaluate(sets: &[RiskSet], beta: f64) -> At {
    let mut at = At { log_lik: 0.0, score: 0.0, information: 0.0 };
    for set in sets {
        at.log_lik += beta * set.events[1];
        at.score += set.events[1];
        for (total, mean, _) in set.draws(beta.exp()) {
            at.log_lik -= total.ln();
            at.score -= mean;
            at.information += mean * (1.0 - mean);
        }
    }
    at
}

/// The maximum of the concave log-likelihood by Newton's method with halved steps; `None` where it rises for ever.
fn maximum(sets: &[RiskSet]) -> Option<(f64, At)> {
    /// A log hazard ratio beyond it, either way, is infinite.
    const INFINITE: f64 = 25.0;
    let mut beta = 0.0_f64;
    let mut at = evaluate(sets, beta);
    for _ in 0..200 {
        if at.information < 1e-12 || beta.abs() > INFINITE {
            return None;
        }
        let mut step = at.score / at.information;
        let mut next = evaluate(sets, beta + step);
        while next.log_lik < at.log_lik - 1e-12 * at.log_lik.abs() && step.abs() > 1e-14 {
            step *= 0.5;
            next = evaluate(sets, beta + step);
        }
        beta += step;
        at = next;
        if step.abs() <= 1e-13 * (1.0 + beta.abs()) {
            break;
        }
    }
    (beta.abs() <= INFINITE).then_some((beta, at))
}

/// The score residual of each knee: its events less what its risk contributed.
fn score_residuals(cohort: &Cohort, sets: &[RiskSet], beta: f64) -> Vec<f64> {
    let ratio = beta.exp();
    let residual = |subject: &super::Subject| {
        let x = f64::from(u8::from(subject.active));
        let risk = if subject.active { ratio } else { 1.0 };
        let mut sum = 0.0;
        for set in sets.iter().take_while(|set| set.time <= subject.time) {
            let has_event = subject.event && subject.time == set.time;
            let d = set.taken_off.len() as f64;
            for (total, mean, share) in set.draws(ratio) {
                let weight = if has_event { 1.0 - share } else { 1.0 };
                sum -= risk * weight * (x - mean) / total;
                sum += if has_event { (x - mean) / d } else { 0.0 };
            }
        }
        sum
    };
    cohort.subjects().iter().map(residual).collect()
}

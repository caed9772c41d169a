//! Logistic and cumulative-link mixed models: a random intercept per patient, or per patient and knee in patient.
//!
//! The likelihood is that of `random_intercepts.rs`, maximised by Newton's method on its analytic derivatives; standard
//! errors come from the observed information. References: `lme4::glmer`, `ordinal::clmm`.

use super::cumulative::{OrderedOutcome, fit_ordered, ordered_rows};
use super::error::ModelError;
use super::generalised::{Convergence, GeneralisedFit, RandomIntercept, check_rows, not_converged, observed_vcov};
use super::glm::{binary_rows, check_both_outcomes, fit_binary};
use super::interval_outcome::{Bound, IntervalRows};
use super::link::Link;
use super::maximise::{Limits, Maximum, inverse_information, maximise};
use super::random_intercepts::{Cluster, Objective};
use crate::math::quadrature::{MAX_HERMITE_POINTS, gauss_hermite};
use crate::note;

/// The random intercepts of a model, and how to integrate them out.
#[derive(Debug, Clone, PartialEq)]
pub struct RandomIntercepts {
    /// Name of the outer grouping, for instance `usubjid`.
    pub outer_name: String,
    /// Outer group of every row, numbered from 0 without gaps.
    pub outer: Vec<usize>,
    /// Inner grouping nested in the outer one, for instance knees: its name, and the group of every row from 0.
    pub inner: Option<(String, Vec<usize>)>,
    /// Gauss–Hermite points per random effect, 1 to 100; 1 is Laplace.
    pub points: usize,
}

/// Fits a 0/1 outcome with random intercepts; `design` as in [`fit_binary`].
///
/// # Errors
/// As [`fit_binary`], and: group vectors of the wrong length, inner groups that do not nest, points beyond 1..=100, no
/// convergence.
pub fn fit_binary_mixed(
    outcome: &[bool],
    design: &[f64],
    terms: &[String],
    link: Link,
    random: &RandomIntercepts,
) -> Result<GeneralisedFit, ModelError> {
    let rows = binary_rows(outcome, design, terms.len(), link);
    check_rows(&rows, terms)?;
    check_both_outcomes(outcome)?;
    let fixed = fit_binary(outcome, design, terms, link)?;
    fit_mixed(&rows, fixed, random)
}

/// Fits an ordered outcome with random intercepts; `design` as in [`fit_ordered`].
///
/// # Errors
/// As [`fit_ordered`] and [`fit_binary_mixed`].
pub fn fit_ordered_mixed(
    outcome: &OrderedOutcome,
    design: &[f64],
    terms: &[String],
    link: Link,
    random: &RandomIntercepts,
) -> Result<GeneralisedFit, ModelError> {
    let fixed = fit_ordered(outcome, design, terms, link)?;
    fit_mixed(&ordered_rows(outcome, design, terms.len(), link), fixed, random)
}
/// The clusters of `random`, after checking that the groupings fit the rows and nest.
fn clusters(n_rows: usize, random: &RandomIntercepts) -> Result<Vec<Cluster>, ModelError> {
    let check = |what: &str, found: usize| {
        (found == n_rows).then_some(()).ok_or(ModelError::WrongLength { what: what.into(), found, expected: n_rows })
    };
    check(&random.outer_name, random.outer.len())?;
    let n_outer = random.outer.iter().max().map_or(0, |most| most + 1);
    let mut built: Vec<Cluster> = (0..n_outer).map(|_| Cluster { cells: Vec::new() }).collect();
    match &random.inner {
        None => {
            for (row, &group) in random.outer.iter().enumerate() {
                let Some(cluster) = built.get_mut(group) else { continue };
                match cluster.cells.first_mut() {
                    Some(cell) => cell.push(row),
                    None => cluster.cells.push(vec![row]),
                }
            }
        }
        Some((name, inner)) => {
            check(name, inner.len())?;
            // Where each inner group was first seen: its outer group and its cell there.
            let mut place: Vec<Option<(usize, usize)>> = vec![None; inner.iter().max().map_or(0, |most| most + 1)];
            for (row, (&group, &own)) in random.outer.iter().zip(inner).enumerate() {
                let (Some(cluster), Some(slot)) = (built.get_mut(group), place.get_mut(own)) else { continue };
                let (first, cell) = *slot.get_or_insert_with(|| {
                    cluster.cells.push(Vec::new());
                    (group, cluster.cells.len() - 1)
                });
                if first != group {
                    return Err(ModelError::NotNested {
                        inner: name.clone(),
                        outer: random.outer_name.clone(),
                        level: own.to_string(),
                    });
                }
                if let Some(rows) = cluster.cells.get_mut(cell) {
                    rows.push(row);
                }
            }
        }
    }
    built.retain(|cluster| !cluster.cells.is_empty());
    Ok(built)
}

/// Maximises the approximated likelihood from the fit without random terms.
pub(super) fn fit_mixed(
    rows: &IntervalRows,
    fixed: GeneralisedFit,
    random: &RandomIntercepts,
) -> Result<GeneralisedFit, ModelError> {
    let nested = random.inner.is_some();
    if random.points == 0 || random.points > MAX_HERMITE_POINTS {
        return Err(ModelError::Unsupported {
            reason: note!(quadrature_points, n = random.points, most = MAX_HERMITE_POINTS),
        });
    }
    let clusters = clusters(rows.len(), random)?;
    let groups = |name: &str, count: usize| RandomIntercept {
        group: name.to_owned(),
        std_dev: 0.0,
        n_groups: count,
        modes: vec![0.0; count],
    };
    let n_outer = clusters.len();
    let n_inner: usize = clusters.iter().map(|cluster| cluster.cells.len()).sum();
    if n_outer < 2 || n_outer == rows.len() || (nested && (n_inner == rows.len() || n_inner == n_outer)) {
        let (term, reason) = match &random.inner {
            Some((name, _)) if n_outer >= 2 && n_outer < rows.len() => (name, note!(groups_single)),
            _ => (&random.outer_name, note!(groups_few)),
        };
        return Err(ModelError::NotEstimable { parameter: format!("(1 | {term})"), reason });
    }
    if let Some(term) = constant_within_groups(rows, &clusters, random) {
        return Err(without_limit(term));
    }
    if let Some(column) = separated_within_groups(rows, &clusters) {
        let term = fixed.terms.get(rows.n_thresholds + column).cloned().unwrap_or_default();
        let reason = note!(glmm_separated, group = &random.outer_name);
        return Err(ModelError::Separated { parameter: term, reason });
    }
    let coarse = if nested { random.points.min(COARSE_NESTED) } else { random.points };
    let objective = Objective { rows, clusters, nested, nodes: gauss_hermite(coarse) };
    let mut names = fixed.terms.clone();
    names.push(format!("sd({})", random.outer_name));
    names.extend(random.inner.iter().map(|(name, _)| format!("sd({name})")));

    let maximum = best_start(&objective, &fixed)?;
    let (objective, maximum) = if coarse < random.points {
        polished(objective, maximum, &fixed, random.points)?
    } else {
        (objective, maximum)
    };
    let n_fixed = rows.n_fixed();
    let mut fit = fixed;
    fit.n_patients = objective.clusters.len();
    fit.n_parameters = names.len();
    fit.integration = Some(match random.points {
        1 => "Laplace".to_owned(),
        points => format!("adaptive Gauss–Hermite, {points} points per random effect"),
    });
    fit.random = vec![groups(&random.outer_name, n_outer)];
    fit.random.extend(random.inner.iter().map(|(name, _)| groups(name, n_inner)));

    let (outer_sd, inner_sd) = objective.std_devs(&maximum.parameters);
    let widest = WIDEST * fit.link.latent_variance().sqrt();
    if outer_sd.abs() > widest || inner_sd.abs() > widest {
        let inner = random.inner.as_ref().filter(|_| inner_sd.abs() > widest).map(|(name, _)| name);
        return Err(without_limit(inner.unwrap_or(&random.outer_name)));
    }
    if let Some(reduced) = on_boundary(rows, &fit, random, &maximum)? {
        return Ok(reduced);
    }
    if !maximum.converged {
        return Err(not_converged(&maximum, &names));
    }
    let fine = Objective { nodes: gauss_hermite(if nested { FINE_NESTED } else { FINE }), ..objective };
    match beyond(&fine, &maximum.parameters, fit.link) {
        Beyond::Lower => {}
        Beyond::Higher if moves(&fine, &maximum, n_fixed) => {
            let reason = note!(glmm_points, n = random.points, fine = fine.nodes.len());
            return Err(ModelError::Separated { parameter: format!("(1 | {})", random.outer_name), reason });
        }
        Beyond::Higher => fit.notes.push(note!(glmm_coarse, n = fine.nodes.len())),
        Beyond::Rising => {
            let inner = random.inner.as_ref().filter(|_| inner_sd.abs() > outer_sd.abs()).map(|(name, _)| name);
            let group = inner.unwrap_or(&random.outer_name);
            let reason = note!(glmm_rising, group = group, n = random.points);
            return Err(ModelError::Separated { parameter: format!("(1 | {group})"), reason });
        }
    }
    fit.vcov = observed_vcov(&maximum, n_fixed, &names)?;
    fit.estimates = maximum.parameters.iter().take(n_fixed).copied().collect();
    fit.log_lik = maximum.jet.value;
    fit.convergence = Convergence::from(&maximum);
    fit.notes.push(note!(glmm_information));
    let predictors = fine.predictors(&maximum.parameters);
    let mut modes = (Vec::with_capacity(n_outer), vec![0.0; n_inner]);
    for cluster in &fine.clusters {
        let Some(mode) = fine.mode(cluster, &maximum.parameters, &predictors) else { continue };
        modes.0.push(outer_sd * mode.outer);
        if let Some((_, inner)) = &random.inner {
            for (cell, effect) in cluster.cells.iter().zip(&mode.inner) {
                let place = cell.first().and_then(|row| inner.get(*row)).and_then(|own| modes.1.get_mut(*own));
                if let Some(slot) = place {
                    *slot = inner_sd * effect;
                }
            }
        }
    }
    let results = [(outer_sd, modes.0), (inner_sd, modes.1)];
    for (term, (std_dev, modes)) in fit.random.iter_mut().zip(results) {
        term.std_dev = std_dev.abs();
        term.modes = modes;
    }
    Ok(fit)
}

/// A standard deviation beyond this many latent standard deviations is a likelihood that has run to infinity.
const WIDEST: f64 = 25.0;

/// Points of the rule that tells a maximum of the likelihood from one of a coarse rule, without and with inner groups.
const FINE: usize = MAX_HERMITE_POINTS;
const FINE_NESTED: usize = 30;

/// Limits of the search.
const LIMITS: Limits = Limits { iterations: 200, decrement: 1e-20, step: 5.0 };

/// Points per effect of the search with inner groups, whose maximum the rule asked for then starts from: a product of few
/// points costs a fraction of one of many.
const COARSE_NESTED: usize = 5;

/// The maximum of the rule with `points`, from that of a coarse one; from all starts where the coarse one leads nowhere.
fn polished<'r>(
    coarse: Objective<'r>,
    maximum: Maximum,
    fixed: &GeneralisedFit,
    points: usize,
) -> Result<(Objective<'r>, Maximum), ModelError> {
    let fine = Objective { nodes: gauss_hermite(points), ..coarse };
    let near = maximum.converged.then_some(maximum.parameters);
    let found = near.and_then(|start| maximise(start, LIMITS, |parameters| fine.log_likelihood(parameters)));
    let found = match found.filter(|found| found.converged) {
        Some(found) => found,
        None => best_start(&fine, fixed)?,
    };
    Ok((fine, found))
}

/// The finely integrated likelihood where all parameters are larger by a factor, beside that at the maximum found.
enum Beyond {
    /// Lower: the maximum is one.
    Lower,
    /// Higher at a factor, and falling beyond it: the maximum of the rule asked for is not that of the likelihood.
    Higher,
    /// Highest at the largest factor: the maximum found is of the coarse rule only.
    Rising,
}

/// What is beyond a maximum. Where outcomes are nearly separated, the likelihood rises with the variance for ever, effects
/// growing in proportion. Asked of standard deviations beyond two latent ones.
fn beyond(fine: &Objective<'_>, parameters: &[f64], link: Link) -> Beyond {
    let (outer, inner) = fine.std_devs(parameters);
    if outer.abs().max(inner.abs()) < 2.0 * link.latent_variance().sqrt() {
        return Beyond::Lower;
    }
    let value = |factor: f64| {
        let larger: Vec<f64> = parameters.iter().map(|parameter| factor * parameter).collect();
        fine.log_likelihood(&larger).map_or(f64::NEG_INFINITY, |jet| jet.value)
    };
    match [1.0, 1.5, 2.0, 4.0].map(value) {
        [here, _, twice, far] if far > here && far >= twice => Beyond::Rising,
        [here, near, twice, far] if near.max(twice).max(far) > here => Beyond::Higher,
        _ => Beyond::Lower,
    }
}

/// Whether the finely integrated likelihood has its maximum elsewhere: a fixed effect half a standard error away or more, or
/// none that the search reaches.
fn moves(fine: &Objective<'_>, maximum: &Maximum, n_fixed: usize) -> bool {
    let found = maximise(maximum.parameters.clone(), LIMITS, |parameters| fine.log_likelihood(parameters));
    let Some((found, inverse)) = found.filter(|found| found.converged).and_then(|found| {
        let inverse = inverse_information(&found.jet)?;
        Some((found, inverse))
    }) else {
        return true;
    };
    (0..n_fixed).any(|i| {
        let (here, there) = (maximum.parameters[i], found.parameters[i]);
        (here - there).abs() > 0.5 * inverse[(i, i)].max(0.0).sqrt()
    })
}

/// The column along which every pair of different outcomes within a group goes one way, if there is one. The likelihood then
/// rises without end as the coefficient and the standard deviation of the intercept grow together: in the limit the
/// outcomes that do not occur have probability 0, and there is no maximum.
fn separated_within_groups(rows: &IntervalRows, clusters: &[Cluster]) -> Option<usize> {
    if rows.counts.is_some() {
        return None;
    }
    let rank = |row: usize| match rows.bounds.get(row) {
        Some((Bound::Threshold(index), _)) => index + 1,
        Some((Bound::Zero, _)) => 1,
        _ => 0,
    };
    let at = |row: usize, column: usize| rows.design.get(row * rows.n_coefficients + column).copied().unwrap_or(0.0);
    (0..rows.n_coefficients).find(|&column| {
        let (mut up, mut down, mut still) = (false, false, false);
        for cluster in clusters {
            let own: Vec<usize> = cluster.cells.iter().flatten().copied().collect();
            for (place, &a) in own.iter().enumerate() {
                for &b in own.iter().skip(place + 1).filter(|b| rank(**b) != rank(a)) {
                    let step = at(b, column) - at(a, column);
                    let along = if rank(b) > rank(a) { step } else { -step };
                    up |= along > 0.0;
                    down |= along < 0.0;
                    still |= along == 0.0;
                }
            }
        }
        !still && up != down
    })
}

fn without_limit(group: &str) -> ModelError {
    ModelError::Separated { parameter: format!("(1 | {group})"), reason: note!(glmm_constant, group = group) }
}

/// The random term whose groups all have one outcome each, if there is one.
fn constant_within_groups<'a>(
    rows: &IntervalRows,
    clusters: &[Cluster],
    random: &'a RandomIntercepts,
) -> Option<&'a str> {
    if rows.counts.is_some() {
        return None;
    }
    let constant = |own: &mut dyn Iterator<Item = &usize>| {
        let mut outcomes = own.filter_map(|row| rows.bounds.get(*row));
        let first = outcomes.next();
        outcomes.all(|outcome| Some(outcome) == first)
    };
    let outer = clusters.iter().all(|cluster| constant(&mut cluster.cells.iter().flatten()));
    let inner = clusters.iter().flat_map(|cluster| &cluster.cells).all(|cell| constant(&mut cell.iter()));
    match &random.inner {
        _ if outer => Some(&random.outer_name),
        Some((name, _)) if inner => Some(name),
        _ => None,
    }
}

/// Newton's method from the most promising of a few standard deviations, the fixed part inflated as the random
/// intercept attenuates it.
fn best_start(objective: &Objective<'_>, fixed: &GeneralisedFit) -> Result<Maximum, ModelError> {
    let latent = fixed.link.latent_variance();
    let start = |sigma: f64| -> Vec<f64> {
        let total = sigma * sigma * if objective.nested { 2.0 } else { 1.0 };
        // A log link keeps its slopes.
        let inflation = if objective.rows.counts.is_some() { 1.0 } else { (1.0 + total / latent).sqrt() };
        let mut parameters: Vec<f64> = fixed.estimates.iter().map(|x| x * inflation).collect();
        parameters.extend(std::iter::repeat_n(sigma, 1 + usize::from(objective.nested)));
        parameters
    };
    let mut starts: Vec<(f64, Vec<f64>)> = [0.5, 1.0, 2.0, 4.0]
        .into_iter()
        .map(start)
        .filter_map(|parameters| objective.log_likelihood(&parameters).map(|jet| (jet.value, parameters)))
        .filter(|(value, _)| value.is_finite())
        .collect();
    starts.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut best: Option<Maximum> = None;
    for (_, parameters) in starts {
        let Some(found) = maximise(parameters, LIMITS, |p| objective.log_likelihood(p)) else { continue };
        let done = found.converged;
        if best.as_ref().is_none_or(|b| (found.converged, found.jet.value) > (b.converged, b.jet.value)) {
            best = Some(found);
        }
        if done {
            break;
        }
    }
    best.ok_or_else(|| ModelError::Unsupported { reason: note!(mixed_start) })
}

/// The fit with a random intercept removed, if its standard deviation went to 0 and removing it costs no likelihood.
fn on_boundary(
    rows: &IntervalRows,
    fit: &GeneralisedFit,
    random: &RandomIntercepts,
    maximum: &Maximum,
) -> Result<Option<GeneralisedFit>, ModelError> {
    let small = |offset: usize| maximum.parameters.get(rows.n_fixed() + offset).is_some_and(|sigma| sigma.abs() < 1e-2);
    let reduced = match &random.inner {
        None if small(0) => fit.clone(),
        Some((name, inner)) if small(0) || small(1) => {
            let (kept_name, kept) = if small(1) { (&random.outer_name, &random.outer) } else { (name, inner) };
            let single = RandomIntercepts {
                outer_name: kept_name.clone(),
                outer: kept.clone(),
                inner: None,
                points: random.points,
            };
            let plain = GeneralisedFit { random: Vec::new(), notes: fit.notes.clone(), ..fit.clone() };
            fit_mixed(rows, plain, &single)?
        }
        _ => return Ok(None),
    };
    if reduced.log_lik < maximum.jet.value - 1e-7 {
        return Ok(None);
    }
    let mut answer = fit.clone();
    let mut zeros = Vec::new();
    for term in &mut answer.random {
        match reduced.random.iter().find(|kept| kept.group == term.group && kept.std_dev > 0.0) {
            Some(kept) => *term = kept.clone(),
            None => zeros.push(term.group.clone()),
        }
    }
    answer.estimates = reduced.estimates;
    answer.vcov = reduced.vcov;
    answer.log_lik = reduced.log_lik;
    answer.convergence = reduced.convergence;
    answer.singular = true;
    answer.notes = reduced.notes;
    answer.notes.retain(|note| note.code() != crate::note::catalogue::glmm_boundary.code);
    answer.notes.push(note!(glmm_boundary, groups = zeros.join(" and of ")));
    Ok(Some(answer))
}

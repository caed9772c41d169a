//! The figure of an endpoint: means by visit as the deciding analysis has them above, the difference it reports below.

use super::figures::{by_arm, favours, heading, ids, mean_ci, unless_empty};
use super::{Material, models};
use crate::analysis::pairs;
use crate::figure::{Figure, FigureError, MeanCi, Style, profiles as profile};
use crate::trial::{Better, Measure};

/// The figure; `None` where the endpoint has one visit only or nothing was observed.
///
/// # Errors
/// The drawing fails.
pub fn figure(
    material: &Material,
    endpoint: usize,
    number: &str,
    style: &Style,
) -> Result<Option<Figure>, FigureError> {
    let words = material.words;
    let about = material.endpoint(endpoint);
    // Means of counts say nothing where exposures differ.
    if about.visits.len() < 2 || about.exposure.is_some() {
        return Ok(None);
    }
    let arms = &material.trial.design.arms;
    let follow_up = material.trial.design.follow_up(about);
    let mut shown = by_arm(material, endpoint, &about.visits);
    let mut modelled = false;
    let visits = about
        .visits
        .iter()
        .enumerate()
        .map(|(position, &visit)| {
            let observed = |arm: &str| material.outcomes.description(endpoint, visit, Measure::Value, Some(arm));
            let means = Some(visit).filter(|visit| follow_up.contains(visit));
            let means = means.and_then(|visit| models::means_at(material, endpoint, visit));
            let of = |place: usize, arm: &str| match means {
                // The mean is the model's; the knees are those observed.
                Some(means) => MeanCi { n: mean_ci(observed(arm)).n, ..mean_ci(Some(means[place])) },
                None => mean_ci(observed(arm)),
            };
            modelled |= means.is_some();
            shown.extend(means.into_iter().flatten());
            profile::Visit {
                label: material.visit(visit).to_owned(),
                time: material.trial.design.visits[visit].month.unwrap_or(position as f64),
                active: of(0, &arms.active),
                placebo: of(1, &arms.placebo),
            }
        })
        .collect();
    let deciding = |visit: &usize| {
        let record = material.outcomes.deciding(endpoint, *visit).filter(|_| follow_up.contains(visit))?;
        pairs::is_in_units(record.result.method).then_some(record)
    };
    shown.extend(about.visits.iter().filter_map(deciding));
    let differences: Vec<MeanCi> = about.visits.iter().map(|visit| mean_ci(deciding(visit))).collect();
    let adjusted = models::baseline_adjusted(material, endpoint);
    let unit = if about.unit.is_empty() { String::new() } else { format!(" ({})", about.unit) };
    let better = words.say("figure.better", &[("better", &material.better(endpoint))]);
    let (active, placebo) = (favours(material, &arms.active), favours(material, &arms.placebo));
    let below = differences.iter().any(|difference| difference.mean.is_some()).then(|| profile::Below {
        differences,
        matters: about.important_difference,
        decimals: about.decimals + 1,
        title: words.say(
            if adjusted { "figure.course_adjusted" } else { "figure.course_difference" },
            &[("contrast", &material.contrast()), ("unit", &unit)],
        ),
        hint: if about.important_difference.is_some() { words.get("figure.band") } else { String::new() },
        n: words.get("figure.patients_head"),
        sides: match about.better {
            Better::Lower => [placebo, active],
            Better::Higher => [active, placebo],
        },
    });
    let title = words.say("figure.course", &[("endpoint", about.name.as_str())]);
    let note = words.get(if modelled { "figure.course_note" } else { "figure.course_observed_note" });
    let value = if modelled { "figure.ls_mean_ci" } else { "figure.mean_ci" };
    let input = profile::Profiles {
        heading: heading(material, &material.key(endpoint), number, title, vec![note]).over(ids(shown)),
        visits,
        limits: None,
        below,
        labels: profile::Labels {
            value: words.say(value, &[("endpoint", &material.name_with_unit(endpoint))]),
            better,
            n: words.get("figure.knees"),
        },
    };
    unless_empty(profile::draw(&input, style))
}

//! The figure of an endpoint: means by visit as the deciding analysis has them above, the difference it reports below.

use super::figures::{band, by_arm, favours, heading, ids, mean_ci, unless_empty};
use super::{Material, models};
use crate::analysis::{Record, pairs};
use crate::figure::{Figure, FigureError, MeanCi, Style, profiles as profile};
use crate::trial::{Better, Measure};

/// The mean of an arm with its interval: the geometric one where the endpoint is on logarithms.
fn mean_of(record: Option<&Record>) -> MeanCi {
    let Some(record) = record else { return MeanCi::default() };
    if record.result.field("geometric_mean").is_none() {
        return mean_ci(Some(record));
    }
    let of = |name: &str| record.result.number(name);
    MeanCi {
        n: mean_ci(Some(record)).n,
        mean: of("geometric_mean"),
        low: of("geometric_mean_low"),
        high: of("geometric_mean_high"),
    }
}

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
    let measure = material.context().measure(endpoint);
    let follow_up = material.trial.design.follow_up(about);
    // One axis holds one quantity: a score before treatment is no change and no area.
    let whole = measure == Measure::Value && material.trial.design.baseline_alike(about).is_some();
    let drawn = if whole || material.trial.design.baseline.is_none() { &about.visits } else { &follow_up };
    if drawn.len() < 2 || about.exposure.is_some() {
        return Ok(None);
    }
    let arms = &material.trial.design.arms;
    let mut shown = by_arm(material, endpoint, drawn, measure);
    let mut modelled = false;
    let visits = drawn
        .iter()
        .enumerate()
        .map(|(position, &visit)| {
            let observed = |arm: &str| material.outcomes.description(endpoint, visit, measure, Some(arm));
            let means = Some(visit).filter(|visit| follow_up.contains(visit));
            let means = means.and_then(|visit| models::means_at(material, endpoint, visit));
            let of = |place: usize, arm: &str| match means {
                // The mean is the model's; the knees are those observed.
                Some(means) => MeanCi { n: mean_ci(observed(arm)).n, ..mean_of(Some(means[place])) },
                None => mean_of(observed(arm)),
            };
            modelled |= means.is_some();
            shown.extend(means.into_iter().flatten());
            profile::Visit {
                label: material.visit(visit).to_owned(),
                time: material.trial.design.visits[visit].month.unwrap_or(position as f64),
                active: of(0, &arms.active),
                placebo: of(1, &arms.placebo),
                apart: means.is_none(),
            }
        })
        .collect::<Vec<_>>();
    // Where no model has means, all are of one kind.
    let visits: Vec<profile::Visit> = match modelled {
        true => visits,
        false => visits.into_iter().map(|visit| profile::Visit { apart: false, ..visit }).collect(),
    };
    let deciding = |visit: &usize| {
        let record = material.outcomes.deciding(endpoint, *visit).filter(|_| follow_up.contains(visit))?;
        pairs::is_in_units(record.result.method).then_some(record)
    };
    shown.extend(drawn.iter().filter_map(deciding));
    let geometric = about.logarithm.is_some();
    let differences: Vec<MeanCi> = drawn.iter().map(|visit| mean_ci(deciding(visit))).collect();
    let adjusted = models::baseline_adjusted(material, endpoint);
    let unit = match about.unit_of_difference() {
        "" => String::new(),
        unit => format!(" ({unit})"),
    };
    let better = words.say("figure.better", &[("better", &material.better(endpoint))]);
    let (active, placebo) = (favours(material, &arms.active), favours(material, &arms.placebo));
    let below = differences.iter().any(|difference| difference.mean.is_some()).then(|| profile::Below {
        differences,
        matters: about.important(),
        decimals: about.decimals + 1,
        numbers: material.numbers(endpoint),
        title: words.say(
            if adjusted { "figure.course_adjusted" } else { "figure.course_difference" },
            &[("contrast", &material.contrast_of(endpoint)), ("unit", &unit)],
        ),
        hint: if about.important_difference.is_some() { band(material, endpoint) } else { String::new() },
        n: words.get("figure.patients_head"),
        sides: match about.better {
            Better::Lower => [placebo, active],
            Better::Higher => [active, placebo],
        },
    });
    let means = material.geometric_means(endpoint);
    let key = |name: &str| format!("figure.{name}{}", if geometric { "_ratio" } else { "" });
    let compared = material.compared(endpoint);
    let values = [("endpoint", compared.as_str()), ("means", &means)];
    let title = words.say(&key("course"), &values);
    let observed = drawn.iter().any(|visit| !follow_up.contains(visit));
    let note = words.say(
        &key(match (modelled, observed) {
            (true, true) => "course_note",
            (true, false) => "course_after_note",
            (false, _) => "course_observed_note",
        }),
        &values,
    );
    let value = key(if modelled { "ls_mean_ci" } else { "mean_ci" });
    let input = profile::Profiles {
        heading: heading(material, &material.key(endpoint), number, title, vec![note]).over(ids(shown)),
        visits,
        limits: None,
        below,
        labels: profile::Labels {
            value: words.say(&value, &[("endpoint", &material.outcome(endpoint)), ("means", &means)]),
            better,
            n: words.get("figure.knees"),
        },
    };
    unless_empty(profile::draw(&input, style))
}

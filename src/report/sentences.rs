//! Sentences about results, each bounded by its interval.

use super::document::Block;
use super::exhibits::shown::ratio_decimals;
use super::exhibits::{Material, survival, tables};
use super::words::capital;
use crate::analysis::family;
use crate::analysis::{Alternative, Claim, Importance, Interval, Ratio, Record, Scale, Verdict, Withheld};
use crate::plan::file::Timing;
use crate::table::rounding;
use crate::trial::{Better, Kind, Measure, Role};

/// The verdict on `record` in words: what may be claimed, else what the interval says and why nothing is claimed.
pub fn conclusion(material: &Material, record: &Record) -> String {
    let words = material.words;
    let (Some(endpoint), Some(visit)) = (record.endpoint, record.visit) else { return String::new() };
    let about = material.endpoint(endpoint);
    let result = &record.result;
    let method = tables::method_in_text(material, result.method);
    let n = tables::patients(record).to_string();
    let (Some(verdict), Some(estimate), Some(low), Some(high)) =
        (record.verdict, result.estimate, result.conf_low, result.conf_high)
    else {
        return without_interval(material, record, &method, &n);
    };
    let scale = Spoken::of(record);
    let decimals = tables::decimals(material, endpoint, result.method).0;
    let decimals = scale.decimals(low, high, decimals);
    let print = |value: f64| scale.print(value, decimals);
    let (d, l, u) = (print(estimate), print(low), print(high));
    let p = p_value(material, record);
    let arms = &material.trial.design.arms;
    let direction = words.get(scale.direction(about.kind, estimate));
    let tau = result.number("tau").map(survival::time).unwrap_or_default();
    let [margin, inverse] = [1.0, -1.0].map(|side| about.equivalence().map(|m| print(side * m)).unwrap_or_default());
    let (best, worst) = ends(material, endpoint, low, high, decimals);
    let subject = scale.subject(material, record, endpoint);
    // A ratio below 1 favours the arm for which lower values are better; a lower hazard is a later event.
    let below = if scale.0.benefit_sign(about.benefit_sign()) < 0.0 { &arms.active } else { &arms.placebo };
    let values = [
        ("visit", material.visit(visit)),
        ("endpoint", subject.as_str()),
        ("subject", subject.as_str()),
        ("active", arms.active.as_str()),
        ("placebo", arms.placebo.as_str()),
        ("direction", direction.as_str()),
        ("unit", scale.unit(about)),
        ("effect", &scale.effect(material, record)),
        ("method", method.as_str()),
        ("m", margin.as_str()),
        ("inverse", inverse.as_str()),
        ("best", best.as_str()),
        ("worst", worst.as_str()),
        ("below", below.as_str()),
        ("d", d.as_str()),
        ("l", l.as_str()),
        ("u", u.as_str()),
        ("p", p.as_str()),
        ("n", n.as_str()),
        ("tau", tau.as_str()),
    ];
    let say = |key: &str| tidy(&words.say(&format!("conclusion.{}{key}", scale.prefix(about.kind)), &values));
    let mut parts = match verdict.claim {
        Claim::Superior => vec![say("superior")],
        Claim::Inferior => vec![say("inferior")],
        Claim::Equivalent if scale.0 == Scale::Log(Ratio::Means) => vec![say("equivalent")],
        Claim::Equivalent => vec![tidy(&words.say("conclusion.equivalent", &values))],
        Claim::NonInferior => vec![say("observed")],
        Claim::None if verdict.interval == Interval::IncludesNull => vec![say("inconclusive")],
        Claim::None => vec![say("observed")],
    };
    if verdict.claim == Claim::Superior && scale.0.has_margins() {
        // An important ratio stands on the side of benefit; a difference is said without its sign.
        let side = if scale.0 == Scale::Difference { 1.0 } else { about.benefit_sign() };
        let mcid = about.important().map(|size| print(side * size)).unwrap_or_default();
        let key = match verdict.importance {
            Some(Importance::ClinicallyImportant) => "superior_important",
            // The unadjusted interval alone lies beyond it; the adjusted one does not.
            Some(Importance::Uncertain)
                if worst_end(about, low, high) >= about.important().unwrap_or(f64::INFINITY) =>
            {
                "superior_uncertain_adjusted"
            }
            Some(Importance::Uncertain) => "superior_uncertain",
            Some(Importance::BelowMcid) => "superior_below",
            None => "superior_no_mcid",
        };
        let prefix = if verdict.importance.is_some() { scale.prefix(about.kind) } else { "" };
        parts.push(tidy(&words.say(&format!("conclusion.{prefix}{key}"), &[("m", &mcid), ("unit", &about.unit)])));
    }
    parts.extend(withheld(material, record, &verdict));
    parts.extend(test_alone(material, record, &verdict));
    parts.extend(against_margins(material, record, &verdict, decimals));
    parts.extend(exploratory(material, &verdict).map(|key| words.get(key)));
    join(material, &parts)
}

/// The result of a comparison at a glance: estimate, interval, p; `None` where it has no interval.
pub fn headline(material: &Material, record: &Record) -> Option<Block> {
    let words = material.words;
    let (endpoint, visit) = (record.endpoint?, record.visit?);
    let about = material.endpoint(endpoint);
    let result = &record.result;
    let (estimate, low, high) = (result.estimate?, result.conf_low?, result.conf_high?);
    let scale = Spoken::of(record);
    let decimals = tables::decimals(material, endpoint, result.method).0;
    let decimals = scale.decimals(low, high, decimals);
    let print = |value: f64| scale.print(value, decimals);
    let adjusted = super::exhibits::models::baseline_adjusted(material, endpoint);
    let compared = material.compared(endpoint);
    let contrast = material.contrast_of(endpoint);
    let values = [("endpoint", compared.as_str()), ("visit", material.visit(visit)), ("contrast", &contrast)];
    let label = match (about.kind, adjusted) {
        (Kind::Survival, _) => "headline.time",
        (_, true) => "headline.primary_adjusted",
        (_, false) => "headline.primary",
    };
    let arms = &material.trial.design.arms;
    let values: Vec<(&str, &str)> =
        values.into_iter().chain([("active", arms.active.as_str()), ("placebo", &arms.placebo)]).collect();
    let label = words.say(label, &values);
    let effect = capital(&scale.effect(material, record));
    let estimate = [print(estimate), scale.unit(about).to_owned()];
    let estimate = estimate.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\u{a0}");
    let mut items = vec![(effect, estimate), (words.get("table.ci"), words.interval(&print(low), &print(high)))];
    items.extend(result.p_value.map(|_| ("p".to_owned(), p_value(material, record))));
    Some(Block::Headline(label, items))
}

/// The local events of the knees at a glance: risk difference, interval, p; `None` where none were compared.
pub fn headline_of_harms(material: &Material) -> Option<Block> {
    let words = material.words;
    let result = &material.record("safety.compare.any")?.result;
    let print = |value: Option<f64>| value.map(|value| rounding::print(100.0 * value, 1));
    let (d, l, u) = (print(result.estimate)?, print(result.conf_low)?, print(result.conf_high)?);
    let contrast = material.contrast();
    let label = words.say("headline.harms", &[("contrast", &contrast)]);
    let mut items = vec![
        (words.get("table.risk_difference"), words.say("headline.points", &[("d", &d)])),
        (words.get("table.ci"), words.interval(&l, &u)),
    ];
    items.extend(result.p_value.map(|p| ("p".to_owned(), words.p_relation(p))));
    Some(Block::Headline(label, items))
}

/// How a sentence speaks of the arms on a scale.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Spoken(Scale);

impl Spoken {
    fn of(record: &Record) -> Self {
        Self(Scale::of(&record.result).unwrap_or(Scale::Difference))
    }

    /// The scale on which scores of an endpoint are compared.
    fn on(about: &crate::trial::Endpoint) -> Self {
        Self(if about.logarithm.is_some() { Scale::Log(Ratio::Means) } else { Scale::Difference })
    }

    /// What the keys of its sentences start with.
    fn prefix(self, kind: Kind) -> &'static str {
        match self.0 {
            Scale::Difference if kind == Kind::Survival => "mean_time_",
            Scale::Difference => "",
            Scale::Log(Ratio::Odds) => "odds_",
            Scale::Log(Ratio::Means) => "ratio_",
            Scale::Log(Ratio::Hazards) => "hazard_",
            Scale::Log(Ratio::Rates) => "rates_",
            Scale::Benefit { .. } => "benefit_",
        }
    }

    /// On which side of no effect a margin is said: a ratio where harm lies, a difference without its sign.
    fn side_of_harm(self, about: &crate::trial::Endpoint) -> f64 {
        if self.0 == Scale::Difference { 1.0 } else { -about.benefit_sign() }
    }

    /// Which way `estimate` points.
    fn direction(self, kind: Kind, estimate: f64) -> &'static str {
        match (self.0, kind, estimate < 0.0) {
            (Scale::Log(Ratio::Hazards), _, true) => "conclusion.later",
            (Scale::Log(Ratio::Hazards), _, false) => "conclusion.earlier",
            (_, Kind::Survival, true) => "conclusion.shorter",
            (_, Kind::Survival, false) => "conclusion.longer",
            (_, _, true) => "conclusion.lower",
            (_, _, false) => "conclusion.higher",
        }
    }

    fn unit(self, about: &crate::trial::Endpoint) -> &str {
        if self.0 == Scale::Difference { &about.unit } else { "" }
    }

    /// The decimals of numbers with these limits, of which a difference has `decimals`.
    fn decimals(self, low: f64, high: f64, decimals: usize) -> usize {
        match self.0 {
            Scale::Log(Ratio::Means) => ratio_decimals(Some(self.0.shown(low)), Some(self.0.shown(high))),
            scale if scale.is_ratio() => 2,
            _ => rounding::interval_decimals(Some(low), Some(high), decimals),
        }
    }

    /// The number that is said for `value`.
    fn print(self, value: f64, decimals: usize) -> String {
        rounding::print(self.0.shown(value), decimals)
    }

    /// What the number is called.
    fn effect(self, material: &Material, record: &Record) -> String {
        let words = material.words;
        match self.0 {
            Scale::Difference => words.get("conclusion.difference"),
            Scale::Log(Ratio::Odds) => words.get("conclusion.odds_ratio"),
            Scale::Log(Ratio::Means) => {
                let means = record.endpoint.map(|endpoint| material.geometric_means(endpoint)).unwrap_or_default();
                let change = record.measure == Measure::Change;
                let key = if change { "conclusion.ratio_of_changes" } else { "conclusion.ratio_of_means" };
                words.say(key, &[("means", &means)])
            }
            Scale::Log(Ratio::Rates) => words.get("conclusion.rate_ratio"),
            // Only the hazard ratio within patients can decide.
            Scale::Log(Ratio::Hazards) => words.get("conclusion.hazard_ratio"),
            Scale::Benefit { null: 1.0 } => words.get("conclusion.win_odds"),
            Scale::Benefit { .. } => words.get("conclusion.net_benefit"),
        }
    }

    /// What is compared, as the subject of a sentence.
    fn subject(self, material: &Material, record: &Record, endpoint: usize) -> String {
        let about = material.endpoint(endpoint);
        let key = match (self.0, about.kind) {
            (Scale::Log(Ratio::Odds), Kind::Binary) => "conclusion.odds_binary",
            (Scale::Log(Ratio::Odds), _) => "conclusion.odds_graded",
            (Scale::Log(Ratio::Rates), _) => "conclusion.rate_of",
            _ => return subject(material, record, endpoint),
        };
        material.words.say(key, &[("endpoint", &about.name)])
    }
}

/// A printed number as a sentence says it that is otherwise about differences: a ratio is called one.
fn said(material: &Material, scale: Spoken, number: String) -> String {
    match scale.0 {
        Scale::Log(Ratio::Means) => material.words.say("conclusion.a_ratio", &[("d", &number)]),
        _ => number,
    }
}

/// A comparison without an interval: what there is, and why there is no more.
fn without_interval(material: &Material, record: &Record, method: &str, n: &str) -> String {
    let words = material.words;
    let (Some(endpoint), Some(visit)) = (record.endpoint, record.visit) else { return String::new() };
    let about = material.endpoint(endpoint);
    let result = &record.result;
    let reason = result.notes.reason().map(|note| words.note(note));
    let reason = reason.unwrap_or_else(|| words.get("conclusion.no_reason"));
    let p = p_value(material, record);
    let values = [
        ("endpoint", about.name.as_str()),
        ("visit", material.visit(visit)),
        ("reason", &reason),
        ("p", &p),
        ("method", method),
        ("n", n),
    ];
    let key = match (about.kind, result.p_value.is_some()) {
        (Kind::Survival, true) => "conclusion.time_no_interval",
        (Kind::Survival, false) => "conclusion.time_not_assessed",
        (_, true) => "conclusion.no_interval",
        (_, false) => "conclusion.not_assessed",
    };
    words.say(key, &values)
}

/// The two ends of what remains compatible with the data, in words: the one that favours active most, then the other.
fn ends(material: &Material, endpoint: usize, low: f64, high: f64, decimals: usize) -> (String, String) {
    let words = material.words;
    let about = material.endpoint(endpoint);
    let arms = &material.trial.design.arms;
    let end = |limit: f64| {
        let favours_active = (limit < 0.0) == (about.better == Better::Lower);
        let arm = if favours_active { &arms.active } else { &arms.placebo };
        if limit.is_infinite() {
            return words.say("conclusion.favour_unbounded", &[("arm", arm)]);
        }
        let shown = rounding::print(limit.abs(), decimals);
        let size = shown.trim_end_matches('0').trim_end_matches('.');
        if size.is_empty() || size == "0" {
            words.say("conclusion.nil", &[])
        } else {
            words.say("conclusion.favour", &[("a", &shown), ("unit", &about.unit), ("arm", arm)])
        }
    };
    if about.better == Better::Lower { (end(low), end(high)) } else { (end(high), end(low)) }
}

/// Why nothing is claimed although the interval would allow it; `None` where nothing is withheld.
pub fn withheld(material: &Material, record: &Record, verdict: &Verdict) -> Option<String> {
    let words = material.words;
    let arms = &material.trial.design.arms;
    let about = material.endpoint(record.endpoint?);
    let p = record.result.p_value.map(|p| beside(material, p)).unwrap_or_default();
    let adjusted = record.p_adjusted.map(|p| beside(material, p)).unwrap_or_default();
    let scale = Spoken::of(record);
    let decimals = match scale.0 {
        Scale::Difference => tables::decimals(material, record.endpoint?, record.result.method).0,
        _ => 2,
    };
    let written = material.plan.endpoints.get(record.endpoint?);
    let non_inferiority = written.and_then(|own| own.non_inferiority_margin);
    let (margin, side) =
        if verdict.within_margin { (about.margin, 1.0) } else { (non_inferiority, scale.side_of_harm(about)) };
    let margin = margin.map(|margin| scale.print(side * about.on_scale(margin), decimals)).unwrap_or_default();
    let inverse = about.equivalence().map(|margin| scale.print(-margin, 2)).unwrap_or_default();
    let objective = written.map(|own| words.name("objective", own.objective.name())).unwrap_or_default();
    let values = [
        ("active", arms.active.as_str()),
        ("m", margin.as_str()),
        ("inverse", &inverse),
        ("unit", &about.unit),
        ("p", p.as_str()),
        ("adjusted", adjusted.as_str()),
        ("objective", objective.as_str()),
    ];
    let place = match verdict.interval {
        Interval::FavoursActive => "conclusion.interval_for",
        Interval::FavoursPlacebo => "conclusion.interval_against",
        Interval::IncludesNull if verdict.within_margin && scale.0 == Scale::Log(Ratio::Means) => {
            "conclusion.ratio_interval_within"
        }
        Interval::IncludesNull if verdict.within_margin => "conclusion.interval_within",
        Interval::IncludesNull if verdict.above_margin && scale.0 == Scale::Log(Ratio::Means) => {
            "conclusion.ratio_interval_above"
        }
        Interval::IncludesNull if verdict.above_margin => "conclusion.interval_above",
        Interval::IncludesNull | Interval::Undefined => return None,
    };
    let why = match verdict.withheld? {
        Withheld::Test => "conclusion.withheld_test",
        Withheld::Family => "conclusion.withheld_family",
        Withheld::Procedure => "conclusion.withheld_procedure",
        Withheld::Gate => "conclusion.withheld_gate",
        Withheld::Exploratory => "conclusion.withheld_exploratory",
        Withheld::Objective => "conclusion.withheld_objective",
        Withheld::Overdispersed => "conclusion.withheld_overdispersed",
    };
    let (place, why) = (tidy(&words.say(place, &values)), words.say(why, &values));
    Some(words.say("conclusion.withheld", &[("place", &place), ("why", &why)]))
}

/// The end of an interval that favours active least, towards benefit.
fn worst_end(about: &crate::trial::Endpoint, low: f64, high: f64) -> f64 {
    if about.better == Better::Lower { -high } else { low }
}

/// Where the test alone lies below the level although the interval reaches zero; `None` where they agree.
fn test_alone(material: &Material, record: &Record, verdict: &Verdict) -> Option<String> {
    let alpha = material.plan.analysis.alpha;
    let alone = record.result.p_value.is_some_and(|p| p < alpha) && verdict.interval == Interval::IncludesNull;
    let ratio = Spoken::of(record).0 == Scale::Log(Ratio::Means);
    let key = if ratio { "conclusion.ratio_test_alone" } else { "conclusion.test_alone" };
    alone.then(|| material.words.say(key, &[("alpha", &alpha.to_string())]))
}

/// What a confirmatory interval says about the margins of the plan, beside its claim; empty where the plan has none, where
/// the comparison is described only, and where what is withheld says it.
fn against_margins(material: &Material, record: &Record, verdict: &Verdict, decimals: usize) -> Vec<String> {
    let Some(endpoint) = record.endpoint else { return Vec::new() };
    let scale = Spoken::of(record);
    let confirmatory = record.role == Role::Primary || verdict.family.is_some();
    if !confirmatory || !scale.0.has_margins() {
        return Vec::new();
    }
    let (about, arms) = (material.endpoint(endpoint), &material.trial.design.arms);
    let told = verdict.interval == Interval::IncludesNull && verdict.withheld.is_some();
    let equivalence = match (verdict.within_margin, verdict.claim) {
        (true, Claim::Equivalent) => None,
        (true, _) => (!told).then_some("equivalent_too"),
        (false, _) => Some("not_equivalent"),
    };
    let non_inferiority = match (verdict.above_margin, verdict.claim) {
        (true, Claim::NonInferior) => Some("non_inferior"),
        (true, _) => (!told || verdict.within_margin).then_some("non_inferior_too"),
        (false, _) => Some("not_non_inferior"),
    };
    let written = material.plan.endpoints.get(endpoint).and_then(|own| own.non_inferiority_margin);
    let say = |margin: Option<f64>, side: f64, key: Option<&str>| {
        let size = about.on_scale(margin?);
        let (margin, inverse) = (scale.print(side * size, decimals), scale.print(-size, decimals));
        let values = [("active", arms.active.as_str()), ("m", &margin), ("inverse", &inverse), ("unit", &about.unit)];
        Some(tidy(&material.words.say(&format!("conclusion.{}{}", scale.prefix(about.kind), key?), &values)))
    };
    [say(about.margin, 1.0, equivalence), say(written, scale.side_of_harm(about), non_inferiority)]
        .into_iter()
        .flatten()
        .collect()
}

/// Why a claim is exploratory: by the plan it waits for no primary objective, or its family's procedure controls the share
/// of false claims and not the chance of any. `None` where it is confirmatory, or there is no claim.
pub fn exploratory(material: &Material, verdict: &Verdict) -> Option<&'static str> {
    use crate::plan::{
        Gate,
        MultiplicityMethod::{Bh, By},
    };
    let multiplicity = &material.plan.multiplicity;
    let claims =
        |families: &[&str]| verdict.claim != Claim::None && verdict.family.is_some_and(|name| families.contains(&name));
    if multiplicity.gate == Gate::None && claims(&[family::SECONDARY]) {
        return Some("conclusion.ungated");
    }
    let discoveries = matches!(multiplicity.method, Bh | By) && claims(&[family::SECONDARY, family::ALL]);
    discoveries.then_some("conclusion.false_discovery")
}

/// What is compared, as the subject of a sentence: the endpoint, its change from baseline, or the share of knees with it
/// where it is yes or no.
fn subject(material: &Material, record: &Record, endpoint: usize) -> String {
    let about = material.endpoint(endpoint);
    let name = [("endpoint", about.name.as_str())];
    match (about.kind, record.measure) {
        (Kind::Binary, _) => material.words.say("conclusion.share", &name),
        (_, Measure::Change) if about.logarithm.is_some() => material.words.say("conclusion.fold_change", &name),
        (_, Measure::Change) => material.words.say("conclusion.change", &name),
        _ => about.name.clone(),
    }
}

/// A p-value beside the level of the plan, with as many decimals as it takes to show on which side of it it lies.
fn beside(material: &Material, p: f64) -> String {
    let alpha = material.plan.analysis.alpha;
    let printed = material.words.p_relation(p);
    let rounded = |decimals: i32| (p * 10f64.powi(decimals)).round() / 10f64.powi(decimals);
    if p == alpha || rounded(3) != alpha {
        return printed;
    }
    let decimals = (4..12).find(|decimals| rounded(*decimals) != alpha).unwrap_or(12);
    let relation = format!("= {}", rounding::print(p, decimals as usize));
    match material.words.language {
        super::words::Language::English => relation,
        super::words::Language::Japanese => relation.replace(' ', ""),
    }
}

/// The p-value of `record` as a relation, which says so where the alternative is one-sided.
fn p_value(material: &Material, record: &Record) -> String {
    let words = material.words;
    let Some(p) = record.result.p_value.map(|p| words.p_relation(p)) else { return String::new() };
    match record.result.alternative {
        Alternative::TwoSided => p,
        _ => words.say("conclusion.one_sided", &[("p", &p)]),
    }
}

/// Whether both knees were treated in one session; `None` where the plan does not say.
pub fn timing(material: &Material) -> Option<String> {
    let key = match material.plan.trial.interventions? {
        Timing::Concurrent => "abstract.concurrent",
        Timing::Sequential => "abstract.sequential",
    };
    Some(material.words.get(key))
}

/// Means and SDs of both arms at `visit`; `None` where an arm was not observed.
pub fn means(material: &Material, endpoint: usize, visit: usize) -> Option<String> {
    let about = material.endpoint(endpoint);
    let arms = &material.trial.design.arms;
    let of = |arm: &str| {
        let record = material.outcomes.description(endpoint, visit, Measure::Value, Some(arm))?;
        let mean = rounding::print(record.result.estimate?, about.decimals + 1);
        let sd = rounding::print(record.result.number("sd")?, about.decimals + 2);
        let geometric = record.result.number("geometric_mean").map(|mean| rounding::print(mean, about.decimals + 1));
        Some((mean, sd, record.result.n_pairs.to_string(), geometric.unwrap_or_default()))
    };
    if about.exposure.is_some() {
        return rates(material, endpoint, visit);
    }
    let means = capital(&material.geometric_means(endpoint));
    let (active, placebo) = (of(&arms.active)?, of(&arms.placebo)?);
    let values = [
        ("visit", material.visit(visit)),
        ("endpoint", about.name.as_str()),
        ("unit", &about.unit),
        ("active", &arms.active),
        ("placebo", &arms.placebo),
        ("mean_active", &active.0),
        ("sd_active", &active.1),
        ("n_active", &active.2),
        ("mean_placebo", &placebo.0),
        ("sd_placebo", &placebo.1),
        ("n_placebo", &placebo.2),
        ("means", &means),
        ("geometric_active", &active.3),
        ("geometric_placebo", &placebo.3),
    ];
    let say = |key: &str| tidy(&material.words.say(key, &values));
    let geometric = about.logarithm.map(|_| say("results.geometric_means"));
    Some(join(material, &std::iter::once(say("results.means")).chain(geometric).collect::<Vec<_>>()))
}

/// Events, exposure and rate of both arms at `visit`; `None` where an arm was not observed.
fn rates(material: &Material, endpoint: usize, visit: usize) -> Option<String> {
    let arms = &material.trial.design.arms;
    let of = |arm: &str| {
        let record = material.outcomes.description(endpoint, visit, Measure::Value, Some(arm))?;
        let whole = |name: &str| Some(rounding::print(record.result.number(name)?, 0));
        let rate = rounding::print(record.result.number("rate")?, 3);
        Some([whole("total_count")?, whole("total_exposure")?, rate, record.result.n_pairs.to_string()])
    };
    let (active, placebo) = (of(&arms.active)?, of(&arms.placebo)?);
    let values = [
        ("visit", material.visit(visit)),
        ("endpoint", material.endpoint(endpoint).name.as_str()),
        ("active", &arms.active),
        ("placebo", &arms.placebo),
        ("count_active", &active[0]),
        ("exposure_active", &active[1]),
        ("rate_active", &active[2]),
        ("n_active", &active[3]),
        ("count_placebo", &placebo[0]),
        ("exposure_placebo", &placebo[1]),
        ("rate_placebo", &placebo[2]),
        ("n_placebo", &placebo[3]),
    ];
    Some(material.words.say("results.rates", &values))
}

/// The LS means of both arms at `visit` as the deciding model has them, and what they are adjusted for; `None` where no
/// model decides.
pub fn ls_means(material: &Material, endpoint: usize, visit: usize) -> Option<String> {
    let about = material.endpoint(endpoint);
    let arms = &material.trial.design.arms;
    let [active, placebo] = super::exhibits::models::means_at(material, endpoint, visit)?;
    let decimals = about.decimals + 1;
    let logarithm = about.logarithm.is_some();
    let shown = |value: Option<f64>| value.map(|value| if logarithm { value.exp() } else { value });
    let mean = |record: &Record| Some(rounding::print(shown(record.result.estimate)?, decimals));
    let interval = |record: &Record| {
        let [low, high] = [shown(record.result.conf_low)?, shown(record.result.conf_high)?];
        let [low, high] = [low, high].map(|limit| rounding::print(limit, decimals));
        Some(material.words.interval(&low, &high))
    };
    let adjusted = super::exhibits::models::baseline_adjusted(material, endpoint);
    // A change of logarithms is a ratio and has no unit.
    let change = logarithm && active.measure == Measure::Change;
    let name = if logarithm { material.compared(endpoint) } else { about.name.clone() };
    let means = material.geometric_means(endpoint);
    let values = [
        ("visit", material.visit(visit)),
        ("endpoint", name.as_str()),
        ("means", &means),
        ("unit", if change { "" } else { &about.unit }),
        ("active", &arms.active),
        ("placebo", &arms.placebo),
        ("mean_active", &mean(active)?),
        ("interval_active", &interval(active)?),
        ("mean_placebo", &mean(placebo)?),
        ("interval_placebo", &interval(placebo)?),
    ];
    let key = match (logarithm, adjusted) {
        (true, true) => "results.ls_geometric_means_adjusted",
        (true, false) => "results.ls_geometric_means",
        (false, true) => "results.ls_means_adjusted",
        (false, false) => "results.ls_means",
    };
    Some(tidy(&material.words.say(key, &values)))
}

/// The results of an endpoint in a paragraph: means at baseline and at `visit`, the other analyses, the correlation of
/// the knees. `None` where nothing was observed.
pub fn results(material: &Material, endpoint: usize, visit: usize) -> Option<String> {
    let words = material.words;
    let about = material.endpoint(endpoint);
    if about.kind == Kind::Survival {
        return survival::described(material, endpoint);
    }
    let mut parts: Vec<String> = Vec::new();
    let graded = matches!(about.kind, crate::trial::Kind::Ordinal | crate::trial::Kind::Binary);
    if !graded {
        let baseline = material.trial.design.baseline.filter(|baseline| about.visits.contains(baseline));
        parts.extend(baseline.and_then(|baseline| means(material, endpoint, baseline)));
        parts.extend(means(material, endpoint, visit));
    }
    for record in tables::claims(material, endpoint, visit) {
        if record.role != Role::Sensitivity || !crate::analysis::pairs::is_difference(record.result.method) {
            continue;
        }
        let decimals = tables::decimals(material, endpoint, record.result.method).0;
        let result = &record.result;
        let (Some(d), Some(l), Some(u), Some(_)) = (result.estimate, result.conf_low, result.conf_high, result.p_value)
        else {
            continue;
        };
        let scale = Spoken::of(record);
        let decimals = if scale.0 == Scale::Difference { decimals } else { scale.decimals(l, u, decimals) };
        let [d, l, u] = [d, l, u].map(|value| scale.print(value, decimals));
        let d = said(material, scale, d);
        let (method, n) = (tables::analysis_name(material, record), tables::patients(record).to_string());
        let values = [
            ("method", &*method),
            ("d", &d),
            ("l", &l),
            ("u", &u),
            ("p", &p_value(material, record)),
            ("n", &n),
            ("unit", about.unit_of_difference()),
        ];
        parts.push(tidy(&words.say("results.other", &values)));
    }
    if let Some(record) = material.outcomes.comparison(endpoint, visit, "correlation")
        && let (Some(r), Some(l), Some(u)) = (record.result.estimate, record.result.conf_low, record.result.conf_high)
    {
        let [r, l, u] = [r, l, u].map(|value| rounding::print(value, 2));
        let values = [("r", &*r), ("l", &l), ("u", &u), ("n", &record.result.n_pairs.to_string())];
        parts.push(words.say("results.correlation", &values));
    }
    (!parts.is_empty()).then(|| join(material, &parts))
}

/// Harms by knee and of the whole patient, in one sentence; `None` without adverse-event data.
pub fn harms(material: &Material) -> Option<String> {
    let arms = &material.trial.design.arms;
    let count = |id: &str| {
        let record = material.record(id)?;
        record.result.number("patients_with_event").map(|count| (rounding::print(count, 0), record.result.n_pairs))
    };
    let knee = |arm: &str| count(&format!("safety.knee.{}", crate::analysis::slug(arm)));
    let (active, placebo) = (knee(&arms.active)?, knee(&arms.placebo)?);
    let systemic = count("safety.systemic")?;
    let values = [
        ("active", arms.active.as_str()),
        ("placebo", &arms.placebo),
        ("k_active", &active.0),
        ("k_placebo", &placebo.0),
        ("k_systemic", &systemic.0),
        ("n", &active.1.to_string()),
    ];
    Some(material.words.say("results.harms", &values))
}

/// The knees compared within patients as to local events of any kind; `None` where no comparison was made.
pub fn harms_compared(material: &Material) -> Option<String> {
    let record = material.record("safety.compare.any")?;
    let result = &record.result;
    let print = |value: Option<f64>| value.map(|value| rounding::print(value, 3));
    let (d, l, u) = (print(result.estimate)?, print(result.conf_low)?, print(result.conf_high)?);
    let arms = &material.trial.design.arms;
    let values = [
        ("active", arms.active.as_str()),
        ("placebo", &arms.placebo),
        ("d", &d),
        ("l", &l),
        ("u", &u),
        ("p", &material.words.p_relation(result.p_value?)),
        ("n", &result.n_pairs.to_string()),
    ];
    let compared = material.words.say("results.harms_compared", &values);
    Some(join(material, &std::iter::once(compared).chain(harms_place(material)).collect::<Vec<_>>()))
}

/// On which side of zero the interval of local events lies; `None` where it includes zero or none was compared.
pub fn harms_place(material: &Material) -> Option<String> {
    let place = match material.record("safety.compare.any")?.verdict?.interval {
        Interval::FavoursPlacebo => "results.harm_against",
        Interval::FavoursActive => "results.harm_for",
        Interval::IncludesNull | Interval::Undefined => return None,
    };
    Some(material.words.say(place, &[("active", &material.trial.design.arms.active)]))
}

/// How often an event was reported in a knee of each arm, in one sentence; `None` without adverse-event data.
pub fn local_harms(material: &Material) -> Option<String> {
    let arms = &material.trial.design.arms;
    let count = |arm: &str| {
        let record = material.record(&format!("safety.knee.{}", crate::analysis::slug(arm)))?;
        Some((rounding::print(record.result.number("patients_with_event")?, 0), record.result.n_pairs.to_string()))
    };
    let (active, placebo) = (count(&arms.active)?, count(&arms.placebo)?);
    let values = [
        ("active", arms.active.as_str()),
        ("placebo", &arms.placebo),
        ("k_active", &active.0),
        ("n_active", &active.1),
        ("k_placebo", &placebo.0),
        ("n_placebo", &placebo.1),
    ];
    Some(material.words.say("first.local", &values))
}

/// How the placebo knees changed from baseline to the primary visit: what outside knowledge about untreated knees can be
/// held against, where an effect carried across is suspected. `None` where no primary endpoint has a baseline.
pub fn placebo_change(material: &Material) -> Option<String> {
    let words = material.words;
    let arms = &material.trial.design.arms;
    let of = |endpoint: usize| {
        let visit = super::compose::primary_visit(material, endpoint);
        let about = material.endpoint(endpoint);
        let record = material.outcomes.description(endpoint, visit, Measure::Change, Some(&arms.placebo))?;
        let print = |value: Option<f64>| value.map(|value| rounding::print(value, about.decimals + 1));
        let result = &record.result;
        let (d, l, u) = (print(result.estimate)?, print(result.conf_low)?, print(result.conf_high)?);
        let values = [
            ("visit", material.visit(visit)),
            ("endpoint", about.name.as_str()),
            ("placebo", &arms.placebo),
            ("unit", &about.unit),
            ("d", &d),
            ("l", &l),
            ("u", &u),
            ("n", &result.n_pairs.to_string()),
        ];
        Some(tidy(&words.say("results.placebo_change", &values)))
    };
    let changes: Vec<String> = material.primary_endpoints().into_iter().filter_map(of).collect();
    let last = words.get("results.placebo_change_meaning");
    (!changes.is_empty()).then(|| join(material, &changes.into_iter().chain([last]).collect::<Vec<_>>()))
}

/// The deciding result by another route, and beside the paired t-test on the complete pairs; `None` where neither was run.
pub fn second_opinion(material: &Material, endpoint: usize, visit: usize) -> Option<String> {
    let record = material.outcomes.comparison(endpoint, visit, "second-opinion")?;
    let parts: Vec<String> =
        [other_route(material, record), beside_pairs(material, endpoint, record)].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| join(material, &parts))
}

/// The notes of `record` whose codes begin with `prefix`, as one clause.
fn clause(material: &Material, record: &Record, prefix: &str) -> String {
    let notes = record.result.notes.iter().filter(|note| note.code().starts_with(prefix));
    notes.map(|note| material.words.note(note)).collect::<Vec<String>>().join("; ")
}

fn other_route(material: &Material, record: &Record) -> Option<String> {
    let route = super::exhibits::json(record, "route");
    let route = route.as_str().filter(|route| *route != "paired-t")?;
    let agrees = super::exhibits::json(record, "agrees") == true;
    let key = if agrees { "results.route_agrees" } else { "results.route_differs" };
    let (route, why) = (material.words.name("route", route), clause(material, record, "route_"));
    Some(material.words.say(key, &[("route", &route), ("why", &why)]))
}

fn beside_pairs(material: &Material, endpoint: usize, record: &Record) -> Option<String> {
    let result = &record.result;
    let about = material.endpoint(endpoint);
    let paired = super::exhibits::json(record, "paired_t");
    let number = |name: &str| paired.get(name).and_then(serde_json::Value::as_f64);
    let scale = Spoken::of(record);
    let decimals = scale.decimals(number("conf_low")?, number("conf_high")?, about.decimals + 1);
    let print = |name: &str| number(name).map(|value| scale.print(value, decimals));
    let (d, l, u) = (said(material, scale, print("estimate")?), print("conf_low")?, print("conf_high")?);
    let apart = result.number("largest_disagreement").map(|value| format!("{value:.1e}").replace('-', "\u{2212}"))?;
    let is = |name: &str| super::exhibits::json(record, name) == true;
    let key = match (is("engine_agrees"), is("paired_agrees")) {
        (false, _) => "results.second_disagrees",
        (true, true) => "results.second_agrees",
        (true, false) => "results.second_differs",
    };
    let why = clause(material, record, "second_");
    let values = [
        ("d", d.as_str()),
        ("l", &l),
        ("u", &u),
        ("unit", about.unit_of_difference()),
        ("n", &result.n_pairs.to_string()),
        ("apart", &apart),
        ("why", &why),
    ];
    Some(tidy(&material.words.say(key, &values)))
}

/// How the endpoint's model was fitted: structure, optimum, boundary; `None` where no model was.
pub fn engine(material: &Material, endpoint: usize) -> Option<String> {
    let words = material.words;
    let fit = material.fits().find(|fit| fit.endpoint == endpoint)?;
    let reached = &fit.convergence;
    let structure = words.name("structure", fit.structure);
    let starts = match reached.starts {
        1 => String::new(),
        n => words.say("results.model_starts", &[("starts", &*n.to_string())]),
    };
    let values = [
        ("structure", structure.as_str()),
        ("estimation", fit.estimation),
        ("of", starts.as_str()),
        ("evaluations", &*reached.iterations.to_string()),
        ("gradient", &rounding::bound(reached.gradient_max)),
        ("curvature", &rounding::print(reached.smallest_eigenvalue, 2)),
        ("decrement", &rounding::bound(reached.newton_decrement)),
    ];
    let boundary = words.get(if fit.singular { "results.singular" } else { "results.not_singular" });
    Some(join(material, &[words.say("results.model", &values), boundary]))
}

/// How far the assumptions of the endpoint's model were met, in words; `None` where nothing is known of it.
pub fn residuals(material: &Material, endpoint: usize) -> Option<String> {
    let words = material.words;
    let fit = material.fits().find(|fit| fit.endpoint == endpoint)?;
    let mut parts = Vec::new();
    if let Some(found) = &fit.residuals
        && let (Some(skewness), Some(kurtosis)) = (found.skewness, found.excess_kurtosis)
    {
        let values = [
            ("skewness", &*rounding::print(skewness, 2)),
            ("kurtosis", &rounding::print(kurtosis, 2)),
            ("beyond", &found.n_beyond_3.to_string()),
            ("n", &found.n.to_string()),
            ("expected", &rounding::print(found.expected_beyond_3, 1)),
        ];
        parts.push(words.say("results.residuals", &values));
    }
    if let Some(found) = &fit.influence {
        let about = material.endpoint(endpoint);
        let back = |value: f64| if about.logarithm.is_some() { value.exp() } else { value };
        let decimals = if about.logarithm.is_some() { 2 } else { about.decimals + 1 };
        let [low, high] = [found.lowest.0, found.highest.0].map(|value| rounding::print(back(value), decimals));
        let low = said(material, Spoken::on(about), low);
        let values = [("low", low.as_str()), ("high", &high), ("unit", about.unit_of_difference())];
        parts.push(tidy(&words.say("results.influence", &values)));
        if found.sign_depends_on_one_patient {
            parts.push(words.get("results.influence_sign"));
        }
    }
    (!parts.is_empty()).then(|| join(material, &parts))
}

/// Sentences one after the other; Japanese sets no space between them.
pub fn join(material: &Material, sentences: &[String]) -> String {
    match material.words.language {
        super::words::Language::English => sentences.join(" "),
        super::words::Language::Japanese => sentences.concat(),
    }
}

/// Removes the doubled space and the space before punctuation that an endpoint without a unit leaves.
pub fn tidy(text: &str) -> String {
    text.replace("  ", " ").replace(" ;", ";").replace(" .", ".").replace(" )", ")").replace(" 、", "、")
}

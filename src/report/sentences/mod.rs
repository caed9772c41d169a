//! Sentences about results, each bounded by its interval: conclusions here, what is described, the harms, and how the
//! results were computed in files of their own.

mod computed;
mod described;
mod harms;
mod stand;

pub use computed::{engine, residuals, second_opinion};
pub use described::{ls_means, means, placebo_change, results, timing};
pub use harms::{harms, harms_compared, harms_place, headline_of_harms, local_harms};

use super::document::Block;
use super::exhibits::shown::ratio_decimals;
use super::exhibits::{Material, survival, tables};
use super::words::capital;
use crate::analysis::family;
use crate::analysis::verdict::waits_for_contrasts;
use crate::analysis::{Alternative, Claim, Importance, Interval, Ratio, Record, Scale, Verdict, Withheld};
use crate::plan::PrimaryFamily;
use crate::table::rounding;
use crate::trial::{Better, Kind, Measure, Role};
use stand::Stand;

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
    let Stand { limits: (low, high), level, p } = Stand::of(material, record, (low, high));
    let decimals = scale.told_apart(material, endpoint, [low, high], scale.decimals(low, high, decimals));
    let print = |value: f64| scale.print(value, decimals);
    let bound = |value: f64| scale.bound(value);
    let (d, l, u) = (print(estimate), print(low), print(high));
    let arms = &material.trial.design.arms;
    let direction = words.get(scale.direction(about.kind, estimate));
    let tau = result.number("tau").map(survival::time).unwrap_or_default();
    let [margin, inverse] = [1.0, -1.0].map(|side| about.equivalence().map(|m| bound(side * m)).unwrap_or_default());
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
        ("level", level.as_str()),
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
    if let Claim::Superior | Claim::Inferior = verdict.claim
        && scale.0.has_margins()
    {
        // An important ratio stands on the side of the claim; a difference is said without its sign.
        let side = match (scale.0, verdict.claim) {
            (Scale::Difference, _) => 1.0,
            (_, Claim::Inferior) => -about.benefit_sign(),
            _ => about.benefit_sign(),
        };
        let mcid = about.important().map(|size| bound(side * size)).unwrap_or_default();
        let key = match verdict.importance {
            Some(Importance::ClinicallyImportant) => "superior_important",
            // The unadjusted interval alone lies beyond it; the adjusted one does not.
            Some(Importance::Uncertain) if least_size(low, high) >= about.important().unwrap_or(f64::INFINITY) => {
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
    parts.extend(against_margins(material, record, &verdict));
    let side = match (verdict.claim, verdict.interval) {
        (Claim::Equivalent | Claim::NonInferior, Interval::FavoursActive) => Some("conclusion.whole_for"),
        (Claim::Equivalent | Claim::NonInferior, Interval::FavoursPlacebo) => Some("conclusion.whole_against"),
        _ => None,
    };
    parts.extend(side.map(|key| words.say(key, &values)));
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
    let Stand { limits: (low, high), level, p } = Stand::of(material, record, (low, high));
    let decimals = scale.told_apart(material, endpoint, [low, high], scale.decimals(low, high, decimals));
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
    let mut items = vec![
        (effect, estimate),
        (words.say("table.ci", &[("level", &level)]), words.interval(&print(low), &print(high))),
    ];
    items.extend((!p.is_empty()).then(|| ("p".to_owned(), p)));
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

    /// At least `decimals`, and as many more as it takes that no limit prints as a bound of the plan which it is not: a
    /// margin or the important difference.
    fn told_apart(self, material: &Material, endpoint: usize, limits: [f64; 2], decimals: usize) -> usize {
        if !self.0.has_margins() {
            return decimals;
        }
        let about = material.endpoint(endpoint);
        let non_inferiority = material.plan.endpoints.get(endpoint).and_then(|own| own.non_inferiority_margin);
        let sizes = [about.equivalence(), about.important(), non_inferiority.map(|margin| about.on_scale(margin))];
        let bounds: Vec<f64> = sizes.into_iter().flatten().flat_map(|size| [-size, size]).collect();
        let apart = |decimals: usize| {
            limits.into_iter().filter(|limit| limit.is_finite()).all(|limit| {
                let near = |bound: &&f64| (limit - **bound).abs() > 1e-9 * bound.abs();
                bounds.iter().filter(near).all(|bound| self.print(limit, decimals) != self.print(*bound, decimals))
            })
        };
        (decimals..decimals + 6).find(|decimals| apart(*decimals)).unwrap_or(decimals)
    }

    /// A bound that the plan sets, with the decimals that the plan writes; of a ratio, which may be the inverse of what is
    /// written, two or three.
    fn bound(self, value: f64) -> String {
        let shown = format!("{:.9}", self.0.shown(value));
        let written = shown.trim_end_matches('0').rsplit_once('.').map_or(0, |(_, behind)| behind.len());
        self.print(value, if self.0.is_ratio() { written.clamp(2, 3) } else { written })
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
    let written = material.plan.endpoints.get(record.endpoint?);
    let non_inferiority = written.and_then(|own| own.non_inferiority_margin);
    let (margin, side) =
        if verdict.within_margin { (about.margin, 1.0) } else { (non_inferiority, scale.side_of_harm(about)) };
    let margin = margin.map(|margin| scale.bound(side * about.on_scale(margin))).unwrap_or_default();
    let inverse = about.equivalence().map(|margin| scale.bound(-margin)).unwrap_or_default();
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
        Withheld::Family
            if verdict.family == Some(family::PRIMARY)
                && material.plan.multiplicity.of_primaries() == PrimaryFamily::CoPrimary =>
        {
            "conclusion.withheld_co_primary"
        }
        // A look has a bound and no adjusted p-value.
        Withheld::Family if verdict.family == Some(family::LOOKS) => "conclusion.withheld_look",
        Withheld::Family => "conclusion.withheld_family",
        Withheld::Procedure => "conclusion.withheld_procedure",
        Withheld::Gate if waits_for_contrasts(&material.outcomes.records) => "conclusion.withheld_gate_contrasts",
        Withheld::Gate => "conclusion.withheld_gate",
        Withheld::Exploratory => "conclusion.withheld_exploratory",
        Withheld::Objective => "conclusion.withheld_objective",
        Withheld::Overdispersed => "conclusion.withheld_overdispersed",
    };
    let (place, why) = (tidy(&words.say(place, &values)), words.say(why, &values));
    Some(words.say("conclusion.withheld", &[("place", &place), ("why", &why)]))
}

/// The smallest size of a difference in an interval that leaves zero out.
fn least_size(low: f64, high: f64) -> f64 {
    low.abs().min(high.abs())
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
fn against_margins(material: &Material, record: &Record, verdict: &Verdict) -> Vec<String> {
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
        let (margin, inverse) = (scale.bound(side * size), scale.bound(-size));
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
        crate::report::words::Language::English => relation,
        crate::report::words::Language::Japanese => relation.replace(' ', ""),
    }
}

/// The p-value of `record` as a relation, which says so where the alternative is one-sided.
fn p_value(material: &Material, record: &Record) -> String {
    let words = material.words;
    let Some(p) = record.result.p_value.map(|p| beside(material, p)) else { return String::new() };
    match record.result.alternative {
        Alternative::TwoSided => p,
        _ => words.say("conclusion.one_sided", &[("p", &p)]),
    }
}

/// Sentences one after the other; Japanese sets no space between them.
pub fn join(material: &Material, sentences: &[String]) -> String {
    match material.words.language {
        crate::report::words::Language::English => sentences.join(" "),
        // A sentence in Latin script, which comes from the plan, keeps its space.
        crate::report::words::Language::Japanese => sentences.iter().fold(String::new(), |mut text, sentence| {
            if text.ends_with(['.', '!', '?']) && !sentence.is_empty() {
                text.push(' ');
            }
            text + sentence
        }),
    }
}

/// A text of the plan as a sentence: with a full stop of its own script where it has no end of its own.
pub fn ended(material: &Material, text: &str) -> String {
    let text = text.trim();
    let ends = text.ends_with(['.', '!', '?', '。', '！', '？']);
    let latin = text.chars().last().is_some_and(|c| c.is_ascii());
    match (ends || text.is_empty(), latin) {
        (true, _) => text.to_owned(),
        (false, true) => format!("{text}."),
        (false, false) => format!("{text}{}", material.words.get("text.stop")),
    }
}

/// Removes the doubled space and the space before punctuation that an endpoint without a unit leaves.
pub fn tidy(text: &str) -> String {
    text.replace("  ", " ").replace(" ;", ";").replace(" .", ".").replace(" )", ")").replace(" 、", "、")
}

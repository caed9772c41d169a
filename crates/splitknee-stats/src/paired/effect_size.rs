//! Standardised effect sizes of a paired difference.
//!
//! - `dz` = mean(d)/sd(d), with the exact interval by the noncentral t distribution: the noncentralities that put the
//!   observed t at the outer tails, over √n (Steiger & Fouladi 1997; R `effectsize`).
//! - `hedges_g` = J·dz, with `J = Γ(ν/2) / (√(ν/2) Γ((ν − 1)/2))`, ν = n − 1 (Hedges 1981); its interval is J times that
//!   of dz.
//! - `dav` = mean(d) over the mean of the two SDs (Cumming 2012); `dav_rms` over their root mean square.
//! - `drm` = dz·√(2(1 − r)) (Morris & DeShon 2002).
//!
//! The intervals of dav and drm carry the limits of the noncentrality over with the ratio of the standardisers held at
//! its estimate (Algina & Keselman 2003): approximate, where that of dz is exact.

use super::correlation::pearson_r;
use super::method::{Method, Recipe, Topic};
use super::paired_t::Moments;
use super::pairs::{check_options, differences};
use super::{Alternative, Field, Options, Refusal, TestResult};
use crate::math::descriptive::sd;
use crate::math::dist::{ln_gamma, noncentral_t};
use crate::note;

/// What is known of the test beside its formula.
pub const METHOD: Method = Method {
    topic: Topic::Shape,
    r: Recipe::Program,
    citation: Some(
        "Cohen J. Statistical power analysis for the behavioral sciences. 2nd ed. Hillsdale: Erlbaum; 1988. Hedges LV. \
     Distribution theory for Glass's estimator of effect size. J Educ Stat 1981;6:107–128.",
    ),
    ..Method::of("effect-size", "Cohen 1988; Hedges 1981; noncentral-t interval (Steiger & Fouladi 1997)", |asked| {
        effect_size(asked.treated, asked.control, asked.options)
    })
};

/// The four effect sizes; `estimate` and the limits are those of dz, the p-value that of the paired t test of 0.
///
/// # Errors
/// As [`super::paired_t`].
pub fn effect_size(treated: &[f64], control: &[f64], options: &Options) -> Result<TestResult, Refusal> {
    check_options(options)?;
    let differences = differences(treated, control)?;
    let moments = Moments::of(&differences, note!(m_effect))?;
    let root_n = (differences.len() as f64).sqrt();
    let t = moments.mean / moments.std_error;
    let dz = t / root_n;
    let mut result = TestResult::new("effect-size", differences.len(), options);
    result.estimate = Some(dz);
    result.statistic = Some(t);
    result.df = Some(moments.df);
    result.p_value = Some(options.alternative.p_of_t(t, moments.df));
    let limits = dz_limits(t, moments.df, root_n, options);
    if limits.is_none() {
        result.notes.push(note!(effect_noncentral));
    }
    result.conf_low = limits.map(|(low, _)| low);
    result.conf_high = limits.map(|(_, high)| high);

    let mut add = |names: [&'static str; 3], factor: Option<f64>| {
        let scaled = |value: Option<f64>| Field::Number(factor.zip(value).map(|(factor, value)| factor * value));
        result.extra.push((names[0], scaled(Some(dz))));
        result.extra.push((names[1], scaled(limits.map(|(low, _)| low))));
        result.extra.push((names[2], scaled(limits.map(|(_, high)| high))));
    };
    let (sd_treated, sd_control) = (sd(treated).unwrap_or(0.0), sd(control).unwrap_or(0.0));
    let larger = sd_treated.max(sd_control);
    // Halved or divided first: neither the sum nor the squares may overflow.
    let mean_sd = 0.5 * sd_treated + 0.5 * sd_control;
    let (u, v) = (sd_treated / larger, sd_control / larger);
    let rms_sd = larger * ((u * u + v * v) / 2.0).sqrt();
    let over = |standardiser: f64| Some(moments.sd / standardiser).filter(|ratio| ratio.is_finite());
    let (x, y, _) = super::pairs::rescaled(treated, control);
    // Perfect correlation leaves drm without a standardiser.
    let r = pearson_r(&x, &y).filter(|r| *r < 1.0 - 1e-14);
    add(["dz", "dz_low", "dz_high"], Some(1.0));
    add(["dav", "dav_low", "dav_high"], over(mean_sd));
    add(["dav_rms", "dav_rms_low", "dav_rms_high"], over(rms_sd));
    add(["drm", "drm_low", "drm_high"], r.map(|r| (2.0 * (1.0 - r)).sqrt()));
    add(["hedges_g", "hedges_g_low", "hedges_g_high"], small_sample_factor(moments.df));
    if larger == 0.0 {
        result.notes.push(note!(effect_dav));
    }
    if r.is_none() {
        result.notes.push(note!(effect_drm));
    }
    if moments.df < 2.0 {
        result.notes.push(note!(effect_hedges));
    }
    Ok(result)
}

/// Hedges' factor J; `None` below 2 degrees of freedom.
fn small_sample_factor(df: f64) -> Option<f64> {
    (df > 1.0).then(|| (ln_gamma(0.5 * df) - 0.5 * (0.5 * df).ln() - ln_gamma(0.5 * (df - 1.0))).exp())
}

fn dz_limits(t: f64, df: f64, root_n: f64, options: &Options) -> Option<(f64, f64)> {
    let alpha = 1.0 - options.conf_level;
    let limit = |p: f64| noncentral_t::noncentrality(t, df, p).map(|ncp| ncp / root_n);
    match options.alternative {
        Alternative::TwoSided => Some((limit(1.0 - 0.5 * alpha)?, limit(0.5 * alpha)?)),
        Alternative::Less => Some((f64::NEG_INFINITY, limit(alpha)?)),
        Alternative::Greater => Some((limit(1.0 - alpha)?, f64::INFINITY)),
    }
}

//! Our answer to one question about paired differences beside another package's, figure by figure.

use super::case::Reference;
use super::coverage::Coverage;
use crate::paired::{Alternative, Options, Refusal, TestResult};
use crate::paired::{
    bland_altman, correlation, effect_size, icc, paired_t, permutation, pitman_morgan, sign, tost, wilcoxon,
};

/// Closed-form statistics and exact p-values.
pub(super) const CLOSED: f64 = 1e-10;
/// Asymptotic p-values and quantiles.
pub(super) const TAIL: f64 = 1e-8;

type Answer = Result<TestResult, Refusal>;

/// The options of a question in one direction.
pub(super) fn options(alternative: &str) -> Options {
    let alternative = match alternative {
        "greater" => Alternative::Greater,
        "less" => Alternative::Less,
        _ => Alternative::TwoSided,
    };
    Options { alternative, ..Options::default() }
}

/// One result of a package and the account it is entered in.
pub(super) struct Comparison<'a> {
    pub(super) coverage: &'a mut Coverage,
    pub(super) result: &'a Reference,
    pub(super) dataset: &'a str,
}

/// A figure by its path, where it stands in our result, and the tolerance.
pub(super) type Figure<'a> = (&'a str, &'a dyn Fn(&TestResult) -> Option<f64>, f64);

impl Comparison<'_> {
    /// Compares figures; where the package refused or returned NaN we must refuse or have no such figure.
    pub(super) fn figures(&mut self, ours: &Answer, figures: &[Figure<'_>]) {
        if self.result.error.is_some() {
            self.coverage.check(self.result, "the package refuses these data, we do not", ours.is_err());
            return;
        }
        for (path, figure, tolerance) in figures {
            let got = ours.as_ref().ok().and_then(figure);
            match self.result.number(path) {
                Some(expected) => self.coverage.within(self.result, path, expected, got, *tolerance, 1e-12),
                None => {
                    self.coverage.check(self.result, &format!("{path} does not exist, ours is {got:?}"), got.is_none())
                }
            }
        }
    }

    pub(super) fn summary(&mut self, d: &[f64], x: &[f64], y: &[f64]) {
        use crate::math::descriptive::{QuantileType, mean, median, quantile, sd};
        let n = d.len() as f64;
        let extreme = |f: fn(f64, f64) -> f64| d.iter().copied().reduce(f);
        let figures = [
            ("n_pairs", Some(n)),
            ("mean_treated", mean(x)),
            ("sd_treated", sd(x)),
            ("mean_control", mean(y)),
            ("sd_control", sd(y)),
            ("mean_diff", mean(d)),
            ("sd_diff", sd(d)),
            ("se_diff", sd(d).map(|sd| sd / n.sqrt())),
            ("median_diff", median(d)),
            ("median_treated", median(x)),
            ("median_control", median(y)),
            ("q1_diff_type7", quantile(d, 0.25, QuantileType::Seven)),
            ("q3_diff_type7", quantile(d, 0.75, QuantileType::Seven)),
            ("q1_diff_type2", quantile(d, 0.25, QuantileType::Two)),
            ("q3_diff_type2", quantile(d, 0.75, QuantileType::Two)),
            ("min_diff", extreme(f64::min)),
            ("max_diff", extreme(f64::max)),
        ];
        for (name, ours) in figures {
            match self.result.number(name) {
                Some(expected) => self.coverage.within(self.result, name, expected, ours, CLOSED, 1e-12),
                None => self.coverage.check(self.result, name, ours.is_none()),
            }
        }
    }

    pub(super) fn t_test(&mut self, method: &str, x: &[f64], y: &[f64], options: &Options) {
        let options = if method.ends_with("ci90") { Options { conf_level: 0.9, ..*options } } else { *options };
        let ours = paired_t::paired_t(x, y, &options);
        if method == "t.pingouin" {
            self.figures(&ours, &[("0.T", &|r| r.statistic, CLOSED), ("0.p_val", &|r| r.p_value, CLOSED)]);
            return;
        }
        self.figures(
            &ours,
            &[
                ("statistic", &|r| r.statistic, CLOSED),
                ("df", &|r| r.df, CLOSED),
                ("p_value", &|r| r.p_value, CLOSED),
                ("conf_low", &|r| r.conf_low, CLOSED),
                ("conf_high", &|r| r.conf_high, CLOSED),
            ],
        );
        if !method.contains("scipy") {
            self.figures(&ours, &[("estimate", &|r| r.estimate, CLOSED)]);
        }
    }

    pub(super) fn signed_rank(&mut self, method: &str, d: &[f64], options: &Options) {
        let mut settings = wilcoxon::Settings::default();
        if method.contains("pratt") {
            settings.zeros = wilcoxon::Zeros::Pratt;
        }
        let falls_back = self.result.values["method_string"].as_str().is_some_and(|name| name.contains("correction"));
        settings.continuity = method.contains(".cc") || falls_back;
        let asymptotic = method.contains("asymptotic") || falls_back;
        settings.p = if asymptotic { wilcoxon::PValue::Asymptotic } else { wilcoxon::PValue::Exact };
        let ours = wilcoxon::wilcoxon(d, settings, options);
        let tolerance = if asymptotic { TAIL } else { CLOSED };
        if method.contains("scipy.exact") && has_ties_or_zeros(d) {
            self.coverage.exclude(self.result, "SciPy's method='exact' uses the distribution without ties");
            return;
        }
        if method.contains("scipy") {
            if self.result.number("p_value").is_none() {
                self.coverage.check(self.result, "all differences 0: SciPy returns NaN, we refuse", ours.is_err());
                return;
            }
            self.figures(&ours, &[("p_value", &|r| r.p_value, tolerance)]);
            // SciPy's two-sided statistic is the smaller rank sum.
            let total = |r: &TestResult| r.number("expectation").map(|e| 2.0 * e);
            let smaller = |r: &TestResult| Some(r.statistic?.min(total(r)? - r.statistic?));
            if options.alternative == Alternative::TwoSided {
                self.figures(&ours, &[("statistic", &smaller, CLOSED)]);
            } else {
                self.figures(&ours, &[("statistic", &|r| r.statistic, CLOSED)]);
            }
            return;
        }
        if method.contains("coin") {
            self.figures(
                &ours,
                &[
                    ("statistic_z", &|r| r.number("z"), CLOSED),
                    ("statistic_linear", &|r| r.statistic, CLOSED),
                    ("expectation", &|r| r.number("expectation"), CLOSED),
                    ("variance", &|r| r.number("variance"), CLOSED),
                    ("p_value", &|r| r.p_value, tolerance),
                ],
            );
            return;
        }
        if self.result.error.is_none() && self.result.number("p_value").is_none() {
            self.coverage.check(self.result, "R returns NaN, we refuse", ours.is_err());
            return;
        }
        self.figures(&ours, &[("statistic", &|r| r.statistic, CLOSED), ("p_value", &|r| r.p_value, tolerance)]);
        if self.result.error.is_some() || method.contains("noconfint") {
            return;
        }
        if self.result.number("conf_level") != Some(0.95) || self.result.values.get("conf_low").is_none() {
            // exactRankTests gives no interval from 50 on; R lowers the level where 95 % cannot be reached.
            return;
        }
        let kept = |d: &&f64| **d != 0.0 || settings.zeros == wilcoxon::Zeros::Pratt;
        let tail = if options.alternative == Alternative::TwoSided { 0.025 } else { 0.05 };
        if !asymptotic && 0.5_f64.powi(d.iter().filter(kept).count() as i32) > tail {
            // The limits of R are not compared: its outermost Walsh averages cover 1 − 2¹⁻ⁿ, less than the 95 % it states.
            let absent = ours.as_ref().is_ok_and(|r| r.conf_low.is_none() && r.conf_high.is_none());
            self.coverage.check(self.result, "too few ranked differences for a 95 % interval: none given", absent);
            return;
        }
        let magnitudes: Vec<f64> = d.iter().filter(kept).map(|d| d.abs()).collect();
        if !asymptotic && has_ties_or_zeros(&magnitudes) {
            // With ties wilcox.exact inverts the distribution of the mid-ranks around 0 by another rule at its upper end than
            // at its lower one: exchanging the arms changes its interval. Limits with ties are held to R coin's exact p-values
            // between the Walsh averages (case wilcoxon_limits of the statistics crate).
            let alternative = match options.alternative {
                Alternative::Greater => Alternative::Less,
                Alternative::Less => Alternative::Greater,
                Alternative::TwoSided => Alternative::TwoSided,
            };
            let negative: Vec<f64> = d.iter().map(|d| -d).collect();
            let mirrored = wilcoxon::wilcoxon(&negative, settings, &Options { alternative, ..*options });
            let turned = ours.iter().zip(&mirrored).all(|(one, other)| {
                let negative = |limit: Option<f64>| limit.map(|limit| 0.0 - limit);
                (one.conf_low, one.conf_high) == (negative(other.conf_high), negative(other.conf_low))
            });
            self.coverage.check(self.result, "limits with ties: those of the mirrored differences, mirrored", turned);
        } else if !asymptotic {
            self.figures(&ours, &[("conf_low", &|r| r.conf_low, CLOSED), ("conf_high", &|r| r.conf_high, CLOSED)]);
        } else {
            // R's limits are uniroot's to 1e-4 on the scale of the data, and fewer where it starts outside.
            for (path, got) in [
                ("conf_low", ours.as_ref().ok().and_then(|r| r.conf_low)),
                ("conf_high", ours.as_ref().ok().and_then(|r| r.conf_high)),
            ] {
                if let (Some(expected), Some(got)) = (self.result.number(path), got)
                    && self.dataset != "tiny_scale"
                    && d.len() >= 6
                    && expected.is_finite()
                {
                    let near = (got - expected).abs() <= 2e-4;
                    self.coverage.check(self.result, &format!("{path}: R {expected}, ours {got}"), near);
                }
            }
        }
    }

    pub(super) fn hodges_lehmann(&mut self, method: &str, d: &[f64]) {
        // With zeros kept the estimate is the one reported with Pratt ranks.
        let zeros = if method.ends_with("dropped") { wilcoxon::Zeros::Wilcoxon } else { wilcoxon::Zeros::Pratt };
        let settings = wilcoxon::Settings { zeros, ..Default::default() };
        let ours = wilcoxon::wilcoxon(d, settings, &Options::default());
        if self.dataset == "all_zero" {
            self.coverage.check(self.result, "refused: all differences are 0", ours.is_err());
            return;
        }
        self.figures(&ours, &[("estimate", &|r| r.estimate, CLOSED)]);
    }

    pub(super) fn sign(&mut self, method: &str, d: &[f64], options: &Options) {
        let ours = sign::sign(d, options);
        if method == "sign.coin.asymptotic" {
            self.figures(&ours, &[("statistic_z", &|r| r.number("z"), CLOSED)]);
        } else if method == "sign.coin.exact" {
            self.figures(&ours, &[("statistic_linear", &|r| r.statistic, CLOSED), ("p_value", &|r| r.p_value, CLOSED)]);
        } else {
            // R's estimate and interval are those of the share of positive signs; ours those of the median.
            self.figures(&ours, &[("statistic", &|r| r.statistic, CLOSED), ("p_value", &|r| r.p_value, CLOSED)]);
        }
    }

    pub(super) fn sign_flip(&mut self, method: &str, d: &[f64], options: &Options) {
        let exact = permutation::Settings { method: permutation::Method::Exact, ..Default::default() };
        if method == "signflip.exact.own" {
            for (path, alternative) in [("p_two_sided", "two"), ("p_greater", "greater"), ("p_less", "less")] {
                let ours = permutation::permutation(d, exact, &self::options(alternative));
                self.figures(&ours, &[(path, &|r| r.p_value, CLOSED)]);
            }
            let ours = permutation::permutation(d, exact, options);
            self.figures(&ours, &[("statistic_mean_diff", &|r| r.statistic, CLOSED)]);
            return;
        }
        let ours = permutation::permutation(d, exact, options);
        if method.contains("coin") {
            self.figures(
                &ours,
                &[("statistic_z", &|r| r.number("z"), CLOSED), ("p_value", &|r| r.number("p_asymptotic"), TAIL)],
            );
        } else {
            self.figures(&ours, &[("p_value", &|r| r.p_value, CLOSED)]);
        }
    }

    pub(super) fn effect_size(&mut self, method: &str, x: &[f64], y: &[f64], options: &Options) {
        let ours = effect_size::effect_size(x, y, options);
        match method {
            // effectsize finds the limits by a simplex search that stops about 1e-5 short.
            "dz.effectsize" => self.figures(
                &ours,
                &[
                    ("estimate", &|r| r.number("dz"), CLOSED),
                    ("conf_low", &|r| r.number("dz_low"), 2e-3),
                    ("conf_high", &|r| r.number("dz_high"), 2e-3),
                ],
            ),
            "gz.effectsize" => self.figures(
                &ours,
                &[
                    ("estimate", &|r| r.number("hedges_g"), CLOSED),
                    ("conf_low", &|r| r.number("hedges_g_low"), 2e-3),
                    ("conf_high", &|r| r.number("hedges_g_high"), 2e-3),
                ],
            ),
            "d_av.pingouin.cohen" => self.figures(&ours, &[("estimate", &|r| r.number("dav_rms"), CLOSED)]),
            _ => self.figures(
                &ours,
                &[
                    ("d_av_mean_sd", &|r| r.number("dav"), CLOSED),
                    ("d_av_rms_sd", &|r| r.number("dav_rms"), CLOSED),
                    ("d_rm", &|r| r.number("drm"), CLOSED),
                ],
            ),
        }
    }

    pub(super) fn correlation(&mut self, method: &str, x: &[f64], y: &[f64], options: &Options) {
        use correlation::Kind;
        match method {
            "cor.pearson" => {
                let ours = correlation::correlation(x, y, Kind::Pearson, options);
                self.figures(
                    &ours,
                    &[
                        ("statistic", &|r| r.statistic, CLOSED),
                        ("p_value", &|r| r.p_value, TAIL),
                        ("estimate", &|r| r.estimate, CLOSED),
                    ],
                );
                if self.result.number("conf_low").is_some() {
                    self.figures(&ours, &[("conf_low", &|r| r.conf_low, TAIL), ("conf_high", &|r| r.conf_high, TAIL)]);
                }
            }
            "cor.kendall" => {
                let ours = correlation::correlation(x, y, Kind::Kendall, options);
                self.figures(
                    &ours,
                    &[
                        ("statistic", &|r| r.statistic, CLOSED),
                        ("p_value", &|r| r.p_value, TAIL),
                        ("estimate", &|r| r.estimate, CLOSED),
                    ],
                );
            }
            "cor.scipy.spearman" => {
                let ours = correlation::correlation(x, y, Kind::Spearman, options);
                let asymptotic = |r: &TestResult| r.number("p_asymptotic");
                self.figures(&ours, &[("rho", &|r| r.estimate, CLOSED), ("p_value", &asymptotic, TAIL)]);
            }
            _ => {
                let ours = correlation::correlation(x, y, Kind::Spearman, options);
                let like_r = |r: &TestResult| {
                    if method.ends_with("asymptotic") {
                        return r.number("p_asymptotic");
                    }
                    r.number("p_edgeworth").or(r.p_value)
                };
                self.figures(&ours, &[("estimate", &|r| r.estimate, CLOSED), ("p_value", &like_r, TAIL)]);
            }
        }
    }

    pub(super) fn pitman_morgan(&mut self, method: &str, x: &[f64], y: &[f64], options: &Options) {
        let ours = pitman_morgan::pitman_morgan(x, y, options);
        self.figures(&ours, &[("statistic", &|r| r.statistic, CLOSED), ("p_value", &|r| r.p_value, TAIL)]);
        if method.ends_with("cor") {
            self.figures(&ours, &[("estimate", &|r| r.number("correlation_sum_difference"), CLOSED)]);
        } else {
            self.figures(&ours, &[("conf_low", &|r| r.conf_low, TAIL), ("conf_high", &|r| r.conf_high, TAIL)]);
        }
    }

    pub(super) fn bland_altman(&mut self, method: &str, x: &[f64], y: &[f64], options: &Options) {
        let ours = bland_altman::bland_altman(x, y, bland_altman::Settings::default(), options);
        if method.ends_with("epiR") {
            self.figures(
                &ours,
                &[
                    ("est", &|r| r.number("bias"), CLOSED),
                    ("delta.sd", &|r| r.number("sd_diff"), CLOSED),
                    ("lower", &|r| r.number("loa_low"), TAIL),
                    ("upper", &|r| r.number("loa_high"), TAIL),
                ],
            );
            return;
        }
        self.figures(
            &ours,
            &[
                ("bias", &|r| r.number("bias"), CLOSED),
                ("biasLowerCI", &|r| r.number("bias_low"), CLOSED),
                ("biasUpperCI", &|r| r.number("bias_high"), CLOSED),
                ("biasStdDev", &|r| r.number("sd_diff"), CLOSED),
            ],
        );
        // blandr rounds the normal quantile to 1.96: the limits differ by 3.6e-5 SD.
        let sd = self.result.number("biasStdDev").unwrap_or(f64::NAN);
        for (path, name) in [
            ("lowerLOA", "loa_low"),
            ("upperLOA", "loa_high"),
            ("lowerLOA_lowerCI", "loa_low_low"),
            ("lowerLOA_upperCI", "loa_low_high"),
            ("upperLOA_lowerCI", "loa_high_low"),
            ("upperLOA_upperCI", "loa_high_high"),
        ] {
            let (expected, got) = (self.result.number(path), ours.as_ref().ok().and_then(|r| r.number(name)));
            let near = expected
                .zip(got)
                .is_some_and(|(a, b)| (a - b).abs() < if self.dataset == "n2" { 4e-4 } else { 1e-4 } * sd);
            self.coverage.check(self.result, &format!("{path}: {expected:?}, ours {got:?}"), near);
        }
    }

    pub(super) fn icc(&mut self, x: &[f64], y: &[f64], options: &Options) {
        for (kind, single, average) in [
            (icc::Kind::OneWay, "ICC1", "ICC1k"),
            (icc::Kind::Agreement, "ICC2", "ICC2k"),
            (icc::Kind::Consistency, "ICC3", "ICC3k"),
        ] {
            let ours = icc::icc(x, y, kind, options);
            let path = |name: &str, field: &str| format!("{name}.{field}");
            // psych and ours both subtract mean squares: absolute accuracy near 0.
            let near = |expected: Option<f64>, got: Option<f64>| {
                expected.zip(got).is_some_and(|(a, b)| (a - b).abs() <= 1e-9 * a.abs().max(1.0))
            };
            let ours = ours.as_ref().ok();
            for (name, got) in [
                (path(single, "ICC"), ours.and_then(|r| r.estimate)),
                (path(single, "F"), ours.and_then(|r| r.statistic)),
                (path(single, "p"), ours.and_then(|r| r.p_value)),
                (path(single, "lower"), ours.and_then(|r| r.conf_low)),
                (path(single, "upper"), ours.and_then(|r| r.conf_high)),
                (path(average, "ICC"), ours.and_then(|r| r.number("average"))),
                (path(average, "lower"), ours.and_then(|r| r.number("average_low"))),
                (path(average, "upper"), ours.and_then(|r| r.number("average_high"))),
            ] {
                let expected = self.result.number(&name);
                // A Spearman-Brown step from below -1 leaves [-1, 1]: no value here, where psych applies the formula.
                let meaningless = got.is_none() && expected.is_none_or(|expected| expected.abs() > 1.0);
                if meaningless {
                    self.coverage.check(self.result, "both absent", true);
                } else {
                    let agrees = near(expected, got);
                    self.coverage.check(self.result, &format!("{name}: {expected:?}, ours {got:?}"), agrees);
                }
            }
        }
    }

    pub(super) fn tost(&mut self, method: &str, x: &[f64], y: &[f64], options: &Options) {
        let pingouin = method.contains("pingouin");
        let bound = self
            .result
            .number(if pingouin { "0.bound" } else { "bound" })
            .or_else(|| method.rsplit_once("bound").and_then(|(_, bound)| bound.parse().ok()));
        let Some(bound) = bound else { return };
        let ours = tost::tost(x, y, -bound, bound, options);
        if pingouin {
            self.figures(&ours, &[("0.pval", &|r| r.p_value, TAIL)]);
            return;
        }
        self.figures(
            &ours,
            &[
                ("t_lower", &|r| r.number("t_lower"), CLOSED),
                ("p_lower", &|r| r.number("p_lower"), TAIL),
                ("t_upper", &|r| r.number("t_upper"), CLOSED),
                ("p_upper", &|r| r.number("p_upper"), TAIL),
                ("p_tost", &|r| r.p_value, TAIL),
            ],
        );
    }
}

fn has_ties_or_zeros(d: &[f64]) -> bool {
    let mut sizes: Vec<f64> = d.iter().map(|d| d.abs()).collect();
    sizes.sort_by(f64::total_cmp);
    sizes.first() == Some(&0.0) || sizes.windows(2).any(|pair| pair[0] == pair[1])
}

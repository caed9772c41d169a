//! What the analyses of a plan say about their results, in English; the statistics have a catalogue of their own
//! ([`splitknee_stats::note::catalogue`]). Other languages hold the same codes (`report/words/*-notes.toml`).

splitknee_stats::messages! {
    says {
        baseline_incomplete = "baseline of the pair incomplete";
        value_missing = "value missing";
        time_missing = "time to the event missing";
        visit_missing = "visit missing";
        baseline_missing = "baseline missing";
        covariate_missing = "covariate missing";
        partner_missing = "observed, but its partner {site} has no value";
        no_value_at_this = "no value at this visit";
        procedure_failed = "the multiplicity procedure could not be carried out: {failure}";
        repeated_p = "the p-value that enters the procedure is the repeated p-value of look {look} of {looks}: the smallest level at which the bound of this look would be crossed";
        no_p = "the deciding method gives no p-value: the hypothesis counts with p = 1";
        no_knee_intercept = "the model with a {site} intercept could not be fitted and has none: {error}";
        no_grade = "no grade at baseline or at the visit";
        shift_rows = "rows: grade at baseline; columns: grade at the visit";
        looks_not_rising = "the patients at the looks must rise up to the {n} of this one, with one number per earlier look";
        look_is_last = "{n} patients with both {sites} are as many as planned for the end ({planned}): this is the final analysis";
        side_not_recorded = "side not recorded";
        block_not_recorded = "the block of patient {patient} is not recorded: the allocation cannot be redrawn";
        blocks_not_whole = "blocks {first} and {second} of one stratum have another number of patients than {size}: the list was not drawn in blocks of that size, and cannot be redrawn";
        criteria_applied = "criteria applied to {domains}";
        undetermined = "pair with a {site} whose response is undetermined";
        further_arm = "{site} on a further arm";
        not_in_safety = "patient not in the safety analysis set";
        before_treatment = "event that began before treatment";
        days_since = "days since treatment; a duration counts its first and last day";
        no_serious = "no serious adverse event";
        second_differs = "the deciding result differs from the paired t-test on the complete pairs";
        second_logarithms = "in natural logarithms";
        second_estimate = "{other} against {own} (estimate)";
        second_error = "{other} against {own} (standard error)";
        second_df = "{other} against {own} (degrees of freedom)";
        second_other_method = "it is another method, {method}";
        second_visits = "it uses the other visits";
        second_single = "it uses {n} {sites} without a partner";
        second_baseline = "it adjusts for the baseline";
        second_boundary = "a variance of the model lies on its boundary, 0, as where the {sites} of a patient are not, or negatively, correlated: the model then takes them as independent";
        second_covariance = "its covariance is that which the model assumes, not the variance of the differences";
        route_differs = "recomputed by another route, the deciding result differs";
        route_logarithms = "in natural logarithms";
        route_estimate = "{other} against {own} (estimate)";
        route_error = "{other} against {own} (standard error)";
        route_df = "{other} against {own} (degrees of freedom)";
        route_statistic = "{other} against {own} (statistic)";
        route_p = "{other} against {own} (p-value)";
        route_boundary = "a variance of the model lies on its boundary, 0, where the other route lets it fall below (as where the {sites} of a patient are negatively correlated): the standard error of the model is not that of the data";
        route_unexplained = "no reason is known: do not use these results before it is found";
        disagree = "the two computations disagree beyond rounding: do not use these results";
        other_group = "patient in another group, or the group is not recorded";
        structure_failed = "structure {structure} could not be fitted: {error}";
        between = "{from} to < {to}";
        below = "< {to}";
        from = "≥ {from}";
        over_time_arm = "change over {visits} within one arm: no comparison of the arms";
        over_time_difference = "whether active − placebo differs between {visits}";
        over_time_both = "treatment by visit over {visits}; means of the two {sites} are compared";
        not_every_visit = "patient without a value at every visit";
        partner_further_arm = "observed, but the patient's other {site} is on a further arm";
        injection_unknown = "order of treatment unknown";
        value_imputed = "value imputed";
        value_set = "value set by the strategy for the event";
        estimand_other_arm = "{n} {n:patient|patients} with a {site} on a further arm left out";
        estimand_outside = "{n} of {of} patients of the trial are not in the analysis set {set}: the estimand speaks of the others";
    }
    explains {
        unpaired_model = "the variance between patients is estimated as 0: the model compares two independent groups, and rejects too often where the {sites} of a patient go against each other; an exact paired test (mcnemar, win_odds) keeps the pairing";
        arm_without_event = "no event in this arm";
        median_not_reached = "the curve does not fall to one half: the median time is not reached";
        no_horizon = "an arm has fewer than two {sites} with a time: the restricted mean has no horizon";
        small_refused = "{method} does not decide with {n} pairs: it needs {least} to hold its level; name {neighbours} in the plan";
        no_baseline = "this endpoint has no baseline to adjust for";
        two_needed = "no interval: {n} value(s) observed, two are needed";
        not_estimable = "the comparison is not estimable from these data";
        baseline_chance = "no test: a difference between randomised {sites} at baseline arose by chance";
        no_correlation_interval = "no correlation between the {sites} can be computed, hence no standardised mean difference";
        no_mcid_tipping = "no MCID is declared: no tipping point";
        kappa_unknown = "κ cannot be estimated from a trial in which every patient received both treatments";
        no_range = "{endpoint} has no range, which the criteria need";
        nobody_at_risk = "nobody is at risk in the safety analysis set";
        no_both_injected = "no patient has both {sites} treated: no comparison";
        no_paired_t = "no paired t-test: {reason}";
        no_pair_model = "no mixed model on the complete pairs: {reason}";
        two_groups = "an interaction needs two groups and more patients than groups";
        no_variation_within = "the differences do not vary within the groups: no test";
        clda_baseline = "constrained longitudinal data analysis needs a baseline, and this endpoint has none";
        no_structure = "no structure of the plan could be fitted: {remedy}";
    }
}

/// A note of the message `code` of this catalogue: `remark!(two_needed, n = observed)`.
macro_rules! remark {
    ($code:ident $(, $name:ident = $value:expr)* $(,)?) => {
        splitknee_stats::note::Note::new(
            &$crate::analysis::notes::$code,
            vec![$((stringify!($name), splitknee_stats::note::Value::from($value))),*],
        )
    };
}
pub(crate) use remark;

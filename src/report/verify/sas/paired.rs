//! The paired tests: PROC TTEST, UNIVARIATE and FREQ, PROC REG for the ANCOVA of the differences.

use super::{KEYS, literal};
use crate::plan::AlternativePlan;
use crate::report::exhibits::Material;
use crate::trial::Better;

/// The tests on `pairs`, all endpoints, sets, measures and visits at once.
pub fn paired(material: &Material) -> String {
    let analysis = &material.plan.analysis;
    // A one-sided alternative is towards the benefit of each endpoint: below 0 where lower is better.
    let two_sided = analysis.alternative == AlternativePlan::TwoSided;
    let endpoints = &material.trial.design.endpoints;
    let lower = endpoints.iter().filter(|endpoint| endpoint.better == Better::Lower);
    let lower: Vec<String> = lower.map(|endpoint| literal(&endpoint.id)).collect();
    let is_lower = if lower.is_empty() { "0".to_owned() } else { format!("endpoint in ({})", lower.join(", ")) };
    let side = format!("ifn({is_lower}, below, above)");
    let p = if two_sided { "min(1, 2 * min(below, above))" } else { &*side };
    let one_sided = if two_sided {
        String::new()
    } else {
        format!(
            "below = probt(statistic, df); above = 1 - below; p_value = {side};\n  \
             reach = tinv(1 - {alpha}, df) * std_error;\n  \
             conf_low = ifn({is_lower}, ., estimate - reach); conf_high = ifn({is_lower}, estimate + reach, .);\n  ",
            alpha = analysis.alpha
        )
    };
    // Mid-p: half of the probability of the observed table is taken off either tail.
    let mid = if two_sided { "min(1, 2 * min(below, above) - at)".to_owned() } else { format!("{side} - at / 2") };
    let commas = KEYS.replace(' ', ", ");
    let alpha = analysis.alpha;
    let mut out = format!(
        "ods exclude all;\n\
         /* Paired t-test. */\n\
         proc ttest data=pairs alpha={alpha} sides=2 plots=none;\n  by {KEYS};\n  paired a*p;\n  \
         ods output ttests=t_test conflimits=t_limits statistics=t_stat;\nrun;\n\
         data r_t;\n  length method $24;\n  \
         merge t_test(keep={KEYS} tvalue df probt)\n        \
         t_limits(keep={KEYS} mean lowerclmean upperclmean)\n        t_stat(keep={KEYS} stderr);\n  by {KEYS};\n  \
         method = 'paired-t'; estimate = mean; std_error = stderr; statistic = tvalue; p_value = probt;\n  \
         conf_low = lowerclmean; conf_high = upperclmean;\n  {one_sided}\
         keep {KEYS} method estimate std_error statistic df p_value conf_low conf_high;\nrun;\n\n\
         /* Sign test, exact; signed rank: S = V - n(n+1)/4. the p of SAS is exact up to 20 differences without ties only,\n   \
         so that the statistic is compared and the p-value printed as INFO. */\n\
         proc univariate data=pairs;\n  by {KEYS};\n  var difference;\n  ods output testsforlocation=location;\nrun;\n\
         proc sql;\n  create table signs as select {commas},\n    sum(difference ne 0) as n, sum(difference > 0) as positive\n    \
         from pairs group by {commas};\nquit;\n\
         proc sort data=signs; by {KEYS}; run;\n\
         data r_sign r_rank;\n  length method $24;\n  merge location signs; by {KEYS};\n  \
         if test = 'Sign' then do;\n    below = probbnml(0.5, n, positive); above = probbnml(0.5, n, n - positive);\n    \
         method = 'sign'; statistic = positive; p_value = {p};\n    output r_sign;\n  end;\n  \
         if test = 'Signed Rank' then do;\n    method = 'wilcoxon'; statistic = stat + n * (n + 1) / 4;\n    \
         info_p = pvalue; output r_rank;\n  end;\n  \
         keep {KEYS} method statistic p_value info_p;\nrun;\n\n\
         /* McNemar, mid-p: two-sided twice the smaller binomial tail less the probability of b. PROC FREQ prints mid-p too. */\n\
         proc sql;\n  create table discordant as select {commas},\n    sum(a = 1 and p = 0) as b, sum(a = 0 and p = 1) as c,\n    \
         min(a in (0, 1) and p in (0, 1)) as yes_no from pairs\n    group by {commas} having calculated yes_no = 1;\nquit;\n\
         data r_mcnemar;\n  length method $24;\n  set discordant;\n  method = 'mcnemar'; statistic = b; p_value = 1;\n  \
         if b + c > 0 then do;\n    below = probbnml(0.5, b + c, b); above = probbnml(0.5, b + c, c); at = pdf('binomial', b, 0.5, b + c);\n    \
         p_value = {mid};\n  end;\n  keep {KEYS} method statistic p_value;\nrun;\n\
         proc freq data=pairs;\n  by {KEYS};\n  where a in (0, 1) and p in (0, 1);\n  tables a*p / agree;\n  exact mcnem / midp;\nrun;\n\n\
         /* Bowker: pairs of cells that are both empty keep their degree of freedom, which PROC FREQ takes away. */\n\
         proc sql;\n  create table cells as select {commas},\n    min(a, p) as low, max(a, p) as high, sum(a > p) as above, sum(a < p) as below\n    \
         from pairs where a ne p group by {commas}, calculated low, calculated high;\n  \
         create table r_bowker as select {commas}, 'bowker' as method length=24,\n    \
         sum((above - below)**2 / (above + below)) as statistic\n    from cells group by {commas};\nquit;\n\n"
    );
    if material.outcomes.records.iter().any(|record| record.result.method == "ancova") {
        out.push_str(&format!(
            "\
         /* ANCOVA of the difference on the baseline mean (centred) and difference of the pair. */\n\
         data ancova;\n  set pairs;\n  where measure = 'value' and base_a ne . and base_p ne .;\n  m = (base_a + base_p) / 2; b = base_a - base_p;\nrun;\n\
         proc stdize data=ancova out=ancova method=mean; by {KEYS}; var m; run;\n\
         proc reg data=ancova alpha={alpha};\n  by {KEYS};\n  model difference = m b / clb;\n  ods output parameterestimates=ancova_est;\nrun; quit;\n\
         data r_ancova;\n  length method $24;\n  set ancova_est; where variable = 'Intercept';\n  \
         method = 'ancova'; std_error = stderr; statistic = tvalue;\n  keep {KEYS} method estimate std_error statistic;\nrun;\n\n"
        ));
    }
    out
}

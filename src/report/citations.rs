//! Full references of the methods, as a reader can look them up.

/// The reference of `method`; `None` for a method whose record carries its own.
pub fn full(method: &str) -> Option<&'static str> {
    Some(match method {
        "mixed-model" => {
            "Laird NM, Ware JH. Random-effects models for longitudinal data. Biometrics 1982;38:963–974. Kenward MG, Roger JH. \
             Small sample inference for fixed effects from restricted maximum likelihood. Biometrics 1997;53:983–997. \
             Satterthwaite FE. An approximate distribution of estimates of variance components. Biometrics Bulletin \
             1946;2:110–114."
        }
        "paired-t" => "Student. The probable error of a mean. Biometrika 1908;6:1–25.",
        "wilcoxon" => {
            "Wilcoxon F. Individual comparisons by ranking methods. Biometrics Bulletin 1945;1:80–83. Streitberg B, Röhmel J. \
             Exact distributions for permutation and rank tests. Statistical Software Newsletter 1986;12:10–17. Hodges JL, \
             Lehmann EL. Estimates of location based on rank tests. Ann Math Stat 1963;34:598–611."
        }
        "sign" => "Dixon WJ, Mood AM. The statistical sign test. J Am Stat Assoc 1946;41:557–566.",
        "permutation" => "Fisher RA. The design of experiments. Edinburgh: Oliver & Boyd; 1935.",
        "trimmed-t" => {
            "Yuen KK. The two-sample trimmed t for unequal population variances. Biometrika 1974;61:165–170."
        }
        "bootstrap" => "Efron B. Better bootstrap confidence intervals. J Am Stat Assoc 1987;82:171–185.",
        "mcnemar" => {
            "McNemar Q. Note on the sampling error of the difference between correlated proportions. Psychometrika \
             1947;12:153–157. Fagerland MW, Lydersen S, Laake P. BMC Med Res Methodol 2013;13:91. Newcombe RG. Improved \
             confidence intervals for the difference between binomial proportions based on paired data. Stat Med \
             1998;17:2635–2650. Tango T. Stat Med 1998;17:891–908."
        }
        "stuart-maxwell" => {
            "Stuart A. A test for homogeneity of the marginal distributions in a two-way classification. Biometrika \
             1955;42:412–416. Maxwell AE. Br J Psychiatry 1970;116:651–655."
        }
        "bowker" => "Bowker AH. A test for symmetry in contingency tables. J Am Stat Assoc 1948;43:572–574.",
        "win-odds" => {
            "Buyse M. Stat Med 2010;29:3245–3257. Dong G, et al. Stat Biopharm Res 2020;12:99–106. Brunner E, Vandemeulebroecke \
             M, Mütze T. Stat Med 2021;40:3367–3384."
        }
        "correlation" => {
            "Fisher RA. On the probable error of a coefficient of correlation deduced from a small sample. Metron 1921;1:3–32. \
             Elbourne DR, et al. Meta-analyses involving cross-over trials. Int J Epidemiol 2002;31:140–149."
        }
        "incidence" => {
            "Clopper CJ, Pearson ES. The use of confidence or fiducial limits illustrated in the case of the binomial. \
             Biometrika 1934;26:404–413."
        }
        _ => return None,
    })
}

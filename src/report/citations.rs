//! Full references of the methods, as a reader can look them up.

use crate::analysis::methods::registered;
/// The reference of an analysis on logarithms, whatever the method.
pub const LOGARITHMS: &str = "Keene ON. The log transformation is special. Stat Med 1995;14:811–819. Bland JM, Altman DG. The \
                              use of transformation when comparing two means. BMJ 1996;312:1153.";

/// The reference of `method`, empty where it needs none; `None` for a method whose record carries its own.
pub fn full(method: &str) -> Option<&'static str> {
    if let Some(test) = registered(method) {
        return test.citation;
    }
    Some(match method {
        "mixed-model" => {
            "Laird NM, Ware JH. Random-effects models for longitudinal data. Biometrics 1982;38:963–974. Kenward MG, Roger JH. \
             Small sample inference for fixed effects from restricted maximum likelihood. Biometrics 1997;53:983–997. \
             Satterthwaite FE. An approximate distribution of estimates of variance components. Biometrics Bulletin \
             1946;2:110–114."
        }
        "design-permutation" => {
            "Rosenberger WF, Lachin JM. Randomization in clinical trials. 2nd ed. Hoboken: Wiley; 2016."
        }
        "contrast" => {
            "Hothorn T, Bretz F, Westfall P. Simultaneous inference in general parametric models. Biom J 2008;50:346–363."
        }
        "interim" => {
            "Jennison C, Turnbull BW. Group sequential methods with applications to clinical trials. Boca Raton: Chapman & \
             Hall; 2000."
        }
        "posterior" => {
            "Schmidli H, et al. Robust meta-analytic-predictive priors in clinical trials with historical control \
             information. Biometrics 2014;70:1023–1032."
        }
        "incidence" => {
            "Clopper CJ, Pearson ES. The use of confidence or fiducial limits illustrated in the case of the binomial. \
             Biometrika 1934;26:404–413."
        }
        "counts" => "",
        "gee-negative-binomial" => {
            "Liang KY, Zeger SL. Longitudinal data analysis using generalized linear models. Biometrika 1986;73:13–22. Mancl LA, \
             DeRouen TA. A covariance estimator for GEE with improved small-sample properties. Biometrics 2001;57:126–134."
        }
        "poisson-mixed" => {
            "Pinheiro JC, Bates DM. Approximations to the log-likelihood function in the nonlinear mixed-effects model. J Comput \
             Graph Stat 1995;4:12–35."
        }
        "negative-binomial-mixed" => {
            "Booth JG, Casella G, Friedl H, Hobert JP. Negative binomial loglinear mixed models. Stat Model 2003;3:179–191."
        }
        "paired-counts" => {
            "Przyborowski J, Wilenski H. Homogeneity of results in testing samples from Poisson series. Biometrika \
             1940;31:313–323. Fay MP. Two-sided exact tests and matching confidence intervals for discrete data. R J \
             2010;2(1):53–58."
        }
        "kaplan-meier" => {
            "Kaplan EL, Meier P. Nonparametric estimation from incomplete observations. J Am Stat Assoc 1958;53:457–481. \
             Greenwood M. The natural duration of cancer. London: HMSO; 1926. Kalbfleisch JD, Prentice RL. The statistical \
             analysis of failure time data. New York: Wiley; 1980."
        }
        "first-event" => {
            "Holt JD, Prentice RL. Survival analyses in twin studies and matched pair experiments. Biometrika 1974;61:17–30. \
             Clopper CJ, Pearson ES. The use of confidence or fiducial limits illustrated in the case of the binomial. \
             Biometrika 1934;26:404–413."
        }
        "stratified-log-rank" => {
            "Mantel N. Evaluation of survival data and two new rank order statistics arising in its consideration. Cancer \
             Chemother Rep 1966;50:163–170. McNemar Q. Note on the sampling error of the difference between correlated \
             proportions. Psychometrika 1947;12:153–157."
        }
        "stratified-cox" => {
            "Cox DR. Regression models and life-tables. J R Stat Soc B 1972;34:187–220. Holt JD, Prentice RL. Survival analyses \
             in twin studies and matched pair experiments. Biometrika 1974;61:17–30."
        }
        "marginal-cox" => {
            "Lee EW, Wei LJ, Amato DA. Cox-type regression analysis for large numbers of small groups of correlated failure time \
             observations. In: Klein JP, Goel PK, eds. Survival analysis: state of the art. Dordrecht: Kluwer; 1992:237–247. \
             Lin DY, Wei LJ. The robust inference for the Cox proportional hazards model. J Am Stat Assoc 1989;84:1074–1078. \
             Efron B. The efficiency of Cox's likelihood function for censored data. J Am Stat Assoc 1977;72:557–565."
        }
        "rmst" => {
            "Andersen PK, Hansen MG, Klein JP. Regression analysis of restricted mean survival time based on \
             pseudo-observations. Lifetime Data Anal 2004;10:335–350. Murray S. Using weighted Kaplan–Meier statistics in \
             nonparametric comparisons of paired censored survival outcomes. Biometrics 2001;57:361–368."
        }
        "survival-difference" => {
            "Su PF, Chi Y, Lee CY, Shyr Y, Liao YD. Analyzing survival curves at a fixed point in time for paired and clustered \
             right-censored data. Comput Stat Data Anal 2011;55:1617–1628."
        }
        "prentice-wilcoxon" => {
            "O'Brien PC, Fleming TR. A paired Prentice–Wilcoxon test for censored paired data. Biometrics 1987;43:169–180."
        }
        "akritas" => "Akritas MG. Rank transform statistics with censored data. Stat Probab Lett 1992;13:209–221.",
        "descriptive" => {
            "Hyndman RJ, Fan Y. Sample quantiles in statistical packages. Am Stat 1996;50:361–365 (definition 2, as SAS \
             PCTLDEF=5)."
        }
        "mmrm" | "mmrm-difference" => {
            "Mallinckrodt CH, et al. Recommendations for the primary analysis of continuous endpoints in longitudinal clinical \
             trials. Drug Inf J 2008;42:303–319. Kenward MG, Roger JH. Small sample inference for fixed effects from \
             restricted maximum likelihood. Biometrics 1997;53:983–997."
        }
        "clda" => {
            "Liang KY, Zeger SL. Longitudinal data analysis of continuous and discrete responses for pre-post designs. \
             Sankhyā B 2000;62:134–148."
        }
        "ls-mean" => {
            "Searle SR, Speed FM, Milliken GA. Population marginal means in the linear model: an alternative to least squares \
             means. Am Stat 1980;34:216–221."
        }
        "variance-components" => {
            "Patterson HD, Thompson R. Recovery of inter-block information when block sizes are unequal. Biometrika \
             1971;58:545–554. Nakagawa S, Schielzeth H. A general and simple method for obtaining R² from generalized linear \
             mixed-effects models. Methods Ecol Evol 2013;4:133–142."
        }
        "complete-pairs" => {
            "Yelland LN, et al. Sample size calculations for randomised trials including both independent and paired data. Stat \
             Med 2017;36:1227–1239. Patterson HD, Thompson R. Biometrika 1971;58:545–554."
        }
        "subgroup" | "subgroup-interaction" => {
            "Altman DG, Bland JM. Interaction revisited: the difference between two estimates. BMJ 2003;326:219."
        }
        "ancova" => "Senn S. Change from baseline and analysis of covariance revisited. Stat Med 2006;25:4334–4344.",
        "responder" | "responder-curve" => {
            "Farrar JT, Dworkin RH, Max MB. Use of the cumulative proportion of responders analysis graph. J Pain Symptom \
             Manage 2006;31:369–377. Newcombe RG. Stat Med 1998;17:2635–2650."
        }
        "omeract-oarsi" => {
            "Pham T, et al. OMERACT-OARSI initiative: set of responder criteria for osteoarthritis clinical trials revisited. \
             Osteoarthritis Cartilage 2004;12:389–399."
        }
        "pairing" | "event-comparison" => {
            "Pandis N, et al. CONSORT 2010 statement: extension checklist for reporting within person randomised trials. BMJ \
             2017;357:j2835. McNemar Q. Psychometrika 1947;12:153–157."
        }
        "baseline-difference" => {
            "Moher D, et al. CONSORT 2010 explanation and elaboration. BMJ 2010;340:c869 (item 15)."
        }
        "side-effect" => {
            "Hills M, Armitage P. The two-period cross-over clinical trial. Br J Clin Pharmacol 1979;8:7–20."
        }
        "meta-analysis" => {
            "Elbourne DR, et al. Meta-analyses involving cross-over trials. Int J Epidemiol 2002;31:140–149. Cochrane Handbook \
             for Systematic Reviews of Interventions, chapter 23."
        }
        "second-opinion" => "Student. Biometrika 1908;6:1–25. Kenward MG, Roger JH. Biometrics 1997;53:983–997.",
        "conditional-mean" => {
            "Wolbers M, Noci A, Delmar P, Gower-Page C, Yiu S, Bartlett JW. Standard and reference-based conditional mean \
             imputation. Pharm Stat 2022;21:1246–1257. Carpenter JR, Roger JH, Kenward MG. Analysis of longitudinal trials with \
             protocol deviation: a framework for relevant, accessible assumptions, and inference via multiple imputation. J \
             Biopharm Stat 2013;23:1352–1371."
        }
        "bayes" | "approximate-bayes" => {
            "Carpenter JR, Roger JH, Kenward MG. Analysis of longitudinal trials with protocol deviation: a framework for \
             relevant, accessible assumptions, and inference via multiple imputation. J Biopharm Stat 2013;23:1352–1371. Barnard \
             J, Rubin DB. Small-sample degrees of freedom with multiple imputation. Biometrika 1999;86:948–955."
        }
        "two-means" => {
            "Torres C, Levin G, Rubin D, Koh W, et al. A tipping point method to evaluate sensitivity to potential violations in \
             missing data assumptions. Pharm Stat 2025, doi 10.1002/pst.70002."
        }
        "locf" | "bocf" | "worst-case" => {
            "National Research Council. The prevention and treatment of missing data in clinical trials. Washington, DC: \
             National Academies Press; 2010 (which advises against single values as the main analysis). ICH E9(R1), 2019."
        }
        "carry-across" => {
            "Hujoel PP, DeRouen TA. Validity issues in split-mouth trials. J Clin Periodontol 1992;19:625–627. Hujoel PP. \
             Design and analysis issues in split mouth clinical trials. Community Dent Oral Epidemiol 1998;26:85–86."
        }
        _ => return None,
    })
}

//! `verify.sas`, written for the plan's own analyses: no macro language, one step per analysis, texts as quoted literals.
//!
//! SAS cannot be run where this is built; the program was read against the SAS/STAT 15.3 documentation only. What SAS
//! computes differently (signed rank with ties, moment estimators of GENMOD) is printed as INFO, not judged.

use crate::analysis::Record;
use crate::plan::{AlternativePlan, Ddf, Information};
use crate::report::exhibits::{Material, json};
use crate::trial::design::ACTIVE;
use serde_json::Value;

/// The keys by which results are matched with `expected.csv`.
const KEYS: &str = "endpoint set_name measure visit_number";

/// The program.
pub fn program(material: &Material) -> String {
    let mut out = header();
    out.push_str(&reading(material));
    out.push_str(&paired(material));
    let models = models(material);
    models.iter().enumerate().for_each(|(number, model)| out.push_str(&model.steps(material, number + 1)));
    out.push_str(&comparison(models.len()));
    out
}

fn header() -> String {
    "/* Recomputes the results of a split-knee trial in SAS 9.4, and compares them with those of splitknee.\n\
     \n   \
     Run in the folder that holds data.csv, patients.csv and expected.csv. Nothing here calls splitknee.\n   \
     PROC TTEST, UNIVARIATE and FREQ do the paired tests, PROC MIXED the mixed models, PROC GLIMMIX and GENMOD\n   \
     the models of grades and yes/no answers. Every comparison is printed with PASS or FAIL; INFO marks what SAS\n   \
     computes in another way, and SKIP what this program does not compute. */\n\
     options nodate nonumber validvarname=v7;\n\
     options nosyntaxcheck nodsnferr;   /* a model that SAS cannot fit leaves its lines SKIP, not the rest undone */\n\
     ods graphics off;\n\n"
        .to_owned()
}

/// A literal of SAS that its macro language does not look into: single quotes, those inside doubled.
pub fn literal(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    format!("'{}'", text.replace('\'', "''"))
}

/// The data steps that read the three files, with lengths as long as the data need.
fn reading(material: &Material) -> String {
    let trial = material.trial;
    let design = &trial.design;
    let longest = |texts: &mut dyn Iterator<Item = usize>| texts.max().unwrap_or(0).max(8);
    let patient = longest(&mut trial.patients.iter().map(|patient| patient.id.len()));
    let side = longest(&mut trial.patients.iter().flat_map(|patient| patient.knees()).map(|knee| knee.side.len()));
    let arm = longest(&mut design.arms.labels().iter().map(|label| label.len()));
    let visit = longest(&mut design.visits.iter().map(|visit| visit.label.len()));
    let endpoint = longest(&mut design.endpoints.iter().map(|about| about.id.len()));
    let set = longest(&mut trial.sets.iter().map(|set| set.name.len()));
    let sets = trial.sets.len();
    let infile = |file: &str| {
        format!("  infile '{file}' dsd dlm=',' firstobs=2 truncover lrecl=32767 encoding='utf-8' termstr=lf;\n")
    };
    let mut out = String::from(
        "/* One row per knee and visit; in_set1, in_set2, ... are the analysis sets in the order of the plan. */\n",
    );
    out.push_str("data values;\n");
    out.push_str(&infile("data.csv"));
    let (order, first) = match material.plan.analysis.injected_first {
        Some(_) => (" injection $6", " injection $"),
        None => ("", ""),
    };
    out.push_str(&format!(
        "  length endpoint ${endpoint} patient ${patient} side ${side} arm ${arm} visit ${visit}{order};\n  \
         input endpoint $ patient $ side $ arm $ active visit $ visit_number value base{first} in_set1-in_set{sets};\n  \
         treatment = active;\n"
    ));
    for (index, label) in design.arms.labels().iter().enumerate().filter(|(index, _)| *index > ACTIVE) {
        out.push_str(&format!("  if arm = {} then treatment = {index};\n", literal(label)));
    }
    out.push_str("run;\n\n");
    out.push_str("/* Sides, sets, subgroup factors, then the covariates of the models as x1, x2, ... */\n");
    let covariates = covariates(material);
    let factors = material.plan.subgroups.len();
    out.push_str("data patients;\n");
    out.push_str(&infile("patients.csv"));
    out.push_str(&format!(
        "  length patient ${patient} active_side placebo_side dominance ${side};\n  \
         length f1-f{} $200 x1-x{} $200;\n  \
         input patient $ active_side $ placebo_side $ dominance $ in_set1-in_set{sets}{}{};\n  keep patient x:;\nrun;\n",
        factors.max(1),
        covariates.len().max(1),
        if factors > 0 { format!(" (f1-f{factors}) (:$200.)") } else { String::new() },
        if covariates.is_empty() { String::new() } else { format!(" (x1-x{}) (:$200.)", covariates.len()) },
    ));
    out.push_str(&format!(
        "proc sort data=patients; by patient; run;\n\n\
         /* One row per knee, visit, analysis set and measure (score, and change from the baseline of the knee). */\n\
         proc sort data=values; by patient; run;\n\
         data long;\n  merge values(in=here) patients; by patient; if here;\n  length measure $6 set_name ${set};\n  \
         measure = 'value'; y = value; link sets;\n  \
         if base ne . then do; measure = 'change'; y = value - base; link sets; end;\n  return;\n  sets:\n"
    ));
    for (index, set) in trial.sets.iter().enumerate() {
        let number = index + 1;
        out.push_str(&format!("  if in_set{number} = 1 then do; set_name = {}; output; end;\n", literal(&set.name)));
    }
    out.push_str("  return;\n  drop in_set:;\nrun;\n");
    out.push_str(&format!(
        "proc sort data=long; by {KEYS} patient; run;\n\n\
         /* Both knees of every patient who has both. */\n\
         data pairs;\n  \
         merge long(where=(treatment=1) rename=(y=a base=base_a) in=one)\n        \
         long(where=(treatment=0) rename=(y=p base=base_p) in=two\n          keep={KEYS} patient treatment y base);\n  \
         by {KEYS} patient;\n  if one and two;\n  difference = a - p;\n  \
         keep {KEYS} patient a p difference base_a base_p;\nrun;\n\n"
    ));
    out.push_str(&expected_step(endpoint, set, visit));
    out
}

/// Reads `expected.csv`; the columns stand in the order in which it is written.
fn expected_step(endpoint: usize, set: usize, visit: usize) -> String {
    let columns = super::expected::HEADER;
    let numeric = |name: &str| {
        matches!(
            name,
            "visit_number"
                | "conf_level"
                | "n_pairs"
                | "estimate"
                | "std_error"
                | "statistic"
                | "df"
                | "p_value"
                | "conf_low"
                | "conf_high"
                | "log_lik"
                | "p_adjusted"
        )
    };
    let mut out = String::from("/* Our values. */\ndata expected;\n");
    out.push_str("  infile 'expected.csv' dsd dlm=',' firstobs=2 truncover lrecl=32767 encoding='utf-8' termstr=lf;\n");
    out.push_str(&format!("  length id $200 endpoint ${endpoint} visit ${visit} set $ {set} measure $6 method $24;\n"));
    out.push_str("  input\n");
    for name in columns {
        let name = if name == "group" { "group_name" } else { name };
        out.push_str(&format!("    {name}{}\n", if numeric(name) { "" } else { " :$200." }));
    }
    out.push_str("  ;\n  set_name = set;\nrun;\n\n");
    out
}

/// The covariates of the models: their names in formulas, and whether they are numbers.
fn covariates(material: &Material) -> Vec<(String, bool)> {
    let Some(set) = material.trial.sets.first() else { return Vec::new() };
    let context = crate::analysis::Context { plan: material.plan, trial: material.trial, set };
    let found = crate::analysis::model_rows::covariates(&context);
    found.iter().map(|covariate| (covariate.term.clone(), covariate.is_numeric())).collect()
}

/// The tests on `pairs`, all endpoints, sets, measures and visits at once.
fn paired(material: &Material) -> String {
    let analysis = &material.plan.analysis;
    let (sides, p) = match analysis.alternative {
        AlternativePlan::TwoSided => ("2", "min(1, 2 * min(below, above))"),
        AlternativePlan::Less => ("l", "below"),
        AlternativePlan::Greater => ("u", "above"),
    };
    let commas = KEYS.replace(' ', ", ");
    let alpha = analysis.alpha;
    let mut out = format!(
        "ods exclude all;\n\
         /* Paired t-test. */\n\
         proc ttest data=pairs alpha={alpha} sides={sides} plots=none;\n  by {KEYS};\n  paired a*p;\n  \
         ods output ttests=t_test conflimits=t_limits statistics=t_stat;\nrun;\n\
         data r_t;\n  length method $24;\n  \
         merge t_test(keep={KEYS} tvalue df probt)\n        \
         t_limits(keep={KEYS} mean lowerclmean upperclmean)\n        t_stat(keep={KEYS} stderr);\n  by {KEYS};\n  \
         method = 'paired-t'; estimate = mean; std_error = stderr; statistic = tvalue; p_value = probt;\n  \
         conf_low = lowerclmean; conf_high = upperclmean;\n  \
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
         /* McNemar, exact: two-sided twice the smaller binomial tail. PROC FREQ prints the same. */\n\
         proc sql;\n  create table discordant as select {commas},\n    sum(a = 1 and p = 0) as b, sum(a = 0 and p = 1) as c,\n    \
         min(a in (0, 1) and p in (0, 1)) as yes_no from pairs\n    group by {commas} having calculated yes_no = 1;\nquit;\n\
         data r_mcnemar;\n  length method $24;\n  set discordant;\n  method = 'mcnemar'; statistic = b; p_value = 1;\n  \
         if b + c > 0 then do;\n    below = probbnml(0.5, b + c, b); above = probbnml(0.5, b + c, c);\n    \
         p_value = {p};\n  end;\n  keep {KEYS} method statistic p_value;\nrun;\n\
         proc freq data=pairs;\n  by {KEYS};\n  where a in (0, 1) and p in (0, 1);\n  tables a*p / agree;\n  exact mcnem;\nrun;\n\n\
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

/// One model of the plan: all visits of an endpoint in one set.
struct Model<'a> {
    first: &'a Record,
    visits: Vec<usize>,
}

fn text(record: &Record, name: &str) -> String {
    match json(record, name) {
        Value::String(text) => text,
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    }
}

/// The models among the records, each once.
fn models<'a>(material: &Material<'a>) -> Vec<Model<'a>> {
    const METHODS: [&str; 7] =
        ["mixed-model", "mmrm", "mmrm-difference", "clda", "ordinal-mixed", "logistic-mixed", "gee"];
    let mut models: Vec<Model<'a>> = Vec::new();
    for record in &material.outcomes.records {
        let Some(visit) = record.visit else { continue };
        if !METHODS.contains(&record.result.method) || text(record, "formula").is_empty() {
            continue;
        }
        let same = |model: &&mut Model| {
            let first = model.first;
            first.endpoint == record.endpoint
                && first.result.method == record.result.method
                && first.analysis_set == record.analysis_set
        };
        match models.iter_mut().find(same) {
            Some(model) => model.visits.push(visit),
            None => models.push(Model { first: record, visits: vec![visit] }),
        }
    }
    models
}

/// The procedure of the model that `record` comes from, on one line; `None` where it comes from none.
pub fn model_in_sas(material: &Material, record: &Record) -> Option<String> {
    let mut models = models(material).into_iter().enumerate();
    let (at, model) = models.find(|(_, model)| {
        let first = model.first;
        first.endpoint == record.endpoint
            && first.result.method == record.result.method
            && first.analysis_set == record.analysis_set
    })?;
    let steps = model.steps(material, at + 1);
    let starts = ["proc mixed", "proc glimmix", "proc genmod"].iter().find_map(|name| steps.find(name))?;
    let procedure = steps[starts..].split_once("run;")?.0;
    let lines = procedure.lines().map(str::trim).filter(|line| !line.starts_with("ods output"));
    Some(format!("{} run;", lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")))
}

impl Model<'_> {
    /// Data step, procedure and the results `r_m<number>`.
    fn steps(&self, material: &Material, number: usize) -> String {
        let record = self.first;
        let method = record.result.method;
        let design = &material.trial.design;
        let formula = text(record, "formula");
        let (_, right) = formula.split_once('~').unwrap_or(("", &formula));
        let terms: Vec<&str> = right.split(" + ").map(str::trim).collect();
        let (random, mean): (Vec<&str>, Vec<&str>) = terms.into_iter().partition(|term| term.contains('|'));
        let endpoint = record.endpoint.map(|endpoint| material.endpoint(endpoint).id.clone()).unwrap_or_default();
        let mut visits = self.visits.clone();
        if method == "clda" {
            visits.extend(design.baseline);
            visits.sort_unstable();
        }
        let listed: Vec<String> = visits.iter().map(usize::to_string).collect();
        let mut out = format!(
            "/* Model {number}: {}. */\ndata m{number};\n  set long;\n  where endpoint = {} and set_name = {}\n    \
             and measure = '{}' and visit_number in ({});\n",
            formula.replace("*/", "* /"),
            literal(&endpoint),
            literal(&record.analysis_set),
            record.measure.name(),
            listed.join(" "),
        );
        if mean.iter().any(|term| term.starts_with("baseline")) {
            out.push_str("  if base ne .;\n");
        }
        let covariates = covariates(material);
        for (index, (_, numeric)) in covariates.iter().enumerate() {
            let name = format!("x{}", index + 1);
            out.push_str(&format!("  if not missing({name});\n"));
            if *numeric {
                out.push_str(&format!("  n{name} = input({name}, best32.);\n"));
            }
        }
        for term in &mean {
            if let Some((arm, visit)) = indicator(term) {
                out.push_str(&format!("  {term} = (treatment = {arm} and visit_number = {visit});\n"));
            }
        }
        out.push_str(&format!("  cell = 1000 * treatment + visit_number;\nrun;\nproc sort data=m{number}; by patient treatment visit_number; run;\n"));
        if material.plan.analysis.injected_first.is_some() {
            out.push_str(&format!("data m{number}; set m{number}; if not missing(injection); run;\n"));
        }
        if mean.contains(&"baseline_mean") {
            out.push_str(&format!(
                "proc sql;\n  create table knees{number} as select distinct patient, treatment, base from long\n    \
                 where endpoint = {} and base ne .;\n  create table with{number} as select m.*, k.baseline_mean,\n    \
                 m.base - k.baseline_mean as baseline_deviation from m{number} as m left join\n    \
                 (select patient, mean(base) as baseline_mean from knees{number} group by patient) as k\n    \
                 on m.patient = k.patient order by patient, treatment, visit_number;\nquit;\n\
                 data m{number}; set with{number}; run;\n",
                literal(&endpoint)
            ));
        }
        if method == "mmrm-difference" {
            let mut further = String::new();
            if mean.contains(&"side_difference") {
                further.push_str("  side_difference = ifn(side > side_p, 1, -1);\n");
            }
            if mean.contains(&"injection_difference") {
                further.push_str("  injection_difference = ifn(injection = 'second', 1, -1);\n");
            }
            out.push_str(
                &format!(
                    "data m{number};\n  merge m{number}(where=(treatment=1) rename=(y=a base=base_a) in=one)\n        \
                 m{number}(where=(treatment=0) rename=(y=p base=base_p side=side_p) in=two\n        \
                 keep=patient treatment visit_number y base side);\n  by patient visit_number;\n  if one and two;\n  \
                 y = a - p; baseline_difference = base_a - base_p;\n{further}run;\n"
                )
                .replace(
                    &format!("data m{number};\n  merge"),
                    &format!("proc sort data=m{number}; by patient visit_number; run;\ndata m{number};\n  merge"),
                ),
            );
        }
        let several = mean.iter().any(|term| term.contains("visit") && indicator(term).is_none());
        let words = Words { mean: &mean, covariates: &covariates };
        out.push_str(&match method {
            "ordinal-mixed" | "logistic-mixed" => self.glimmix(number, &words, &random, several),
            "gee" => self.genmod(number, &words, several),
            _ => self.mixed(material, number, &words, &random, several),
        });
        out.push_str(&format!(
            "data r_m{number};\n  length endpoint $200 set_name $200 measure $6 method $24;\n  set r_m{number};\n  \
             endpoint = {}; set_name = {}; measure = '{}'; method = '{method}';\nrun;\n\n",
            literal(&endpoint),
            literal(&record.analysis_set),
            record.measure.name(),
        ));
        out
    }

    fn level(&self) -> f64 {
        let result = &self.first.result;
        // One limit of a one-sided interval is that of a two-sided one with twice the error.
        let error = 1.0 - result.conf_level;
        let error = if result.alternative.name() == "two-sided" { error } else { 2.0 * error };
        (error * 1e9).round() / 1e9
    }

    fn mixed(&self, material: &Material, number: usize, words: &Words, random: &[&str], several: bool) -> String {
        let analysis = &material.plan.analysis;
        let ddfm = match analysis.ddf {
            Ddf::KenwardRoger => "ddfm=kr",
            Ddf::KenwardRogerLinear => "ddfm=kr(firstorder)",
            Ddf::Satterthwaite => "ddfm=satterthwaite",
            Ddf::BetweenWithin => "ddfm=bw",
            Ddf::Residual | Ddf::Asymptotic => "ddfm=residual",
        };
        let df = if analysis.ddf == Ddf::Asymptotic { " df=1e10" } else { "" };
        let scoring = if analysis.information == Information::Expected { " scoring=200" } else { "" };
        let alpha = self.level();
        let covariance = covariance(random);
        let difference = self.first.result.method == "mmrm-difference";
        let class = words.class(!difference, several);
        let mut out = format!(
            "proc mixed data=m{number} method=reml convh=1e-12 maxiter=500{scoring};\n  class patient cell {class};\n  \
             model y = {} / {ddfm};\n{covariance}",
            words.model()
        );
        let (table, keep) = match self.first.result.method {
            "clda" => {
                for visit in &self.visits {
                    out.push_str(&format!(
                        "  estimate 'v{visit}' arm{ACTIVE}_visit{visit} 1 / cl alpha={alpha}{df};\n"
                    ));
                }
                ("estimates", "visit_number = input(substr(label, 2), best12.); sign = 1;")
            }
            "mmrm-difference" if several => {
                // Knees that are alike in what the model adjusts for.
                let alike: Vec<&str> =
                    words.mean.iter().copied().filter(|term| term.ends_with("_difference")).collect();
                let at = match alike.len() {
                    0 => String::new(),
                    n => format!(" at ({})=({})", alike.join(" "), vec!["0"; n].join(" ")),
                };
                out.push_str(&format!("  lsmeans visit_number /{at} cl alpha={alpha}{df};\n"));
                ("lsmeans", "sign = 1;")
            }
            "mmrm-difference" => {
                let visit = self.visits.first().copied().unwrap_or_default();
                out.push_str(&format!("  estimate 'v{visit}' intercept 1 / cl alpha={alpha}{df};\n"));
                ("estimates", "visit_number = input(substr(label, 2), best12.); sign = 1;")
            }
            _ => {
                out.push_str(&lsmeans(several, &format!(" cl alpha={alpha}{df}")));
                ("diffs", if several { PAIR_AT_A_VISIT } else { PAIR })
            }
        };
        out.push_str(&format!("  ods output {table}=found{number};\nrun;\n"));
        out.push_str(&self.collect(number, keep, several || table == "estimates"));
        out
    }

    fn glimmix(&self, number: usize, words: &Words, random: &[&str], several: bool) -> String {
        let record = self.first;
        let digits: String = text(record, "integration").chars().filter(char::is_ascii_digit).collect();
        let method = if digits.is_empty() { "laplace".to_owned() } else { format!("quad(qpoints={digits})") };
        let ordinal = record.result.method == "ordinal-mixed";
        let (response, dist) = if ordinal {
            ("y(descending)", "dist=multinomial link=clogit")
        } else {
            ("y(event='1')", "dist=binary link=logit")
        };
        let alpha = self.level();
        let mut out = format!(
            "/* Descending: log-odds of a higher grade, as splitknee states them. */\n\
             proc glimmix data=m{number} method={method};\n  class patient {};\n  \
             model {response} = {} / {dist} ddfm=none;\n  random intercept / subject=patient;\n",
            words.class(true, several),
            words.model()
        );
        if random.iter().any(|term| term.contains("patient:knee")) {
            out.push_str("  random intercept / subject=treatment(patient);\n");
        }
        for (place, visit) in self.visits.iter().enumerate() {
            let n = self.visits.len();
            let row = |value: i32| (0..n).map(|at| if at == place { value } else { 0 }.to_string()).collect::<Vec<_>>();
            let by_visit = if several {
                format!(" treatment*visit_number {}", [row(-1), row(1)].concat().join(" "))
            } else {
                String::new()
            };
            out.push_str(&format!("  estimate 'v{visit}' treatment -1 1{by_visit} / cl alpha={alpha};\n"));
        }
        out.push_str(&format!("  ods output estimates=found{number};\nrun;\n"));
        out.push_str(&self.collect(number, "visit_number = input(substr(label, 2), best12.); sign = 1; df = .;", true));
        out
    }

    fn genmod(&self, number: usize, words: &Words, several: bool) -> String {
        let binary = text(self.first, "family") == "binomial";
        let (response, dist) = if binary { ("y(event='1')", "dist=bin link=logit") } else { ("y", "dist=normal") };
        let mut out = format!(
            "/* GENMOD divides scale and correlation by n - p and has the classical sandwich: INFO. */\n\
             proc genmod data=m{number};\n  class patient {};\n  model {response} = {} / {dist};\n  \
             repeated subject=patient / type=exch;\n{}  ods output diffs=found{number};\nrun;\n",
            words.class(true, several),
            words.model(),
            lsmeans(several, ""),
        );
        let keep = if several { PAIR_AT_A_VISIT } else { PAIR };
        out.push_str(&format!(
            "data r_m{number};\n  set found{number};\n  {keep}\n{}  info_estimate = sign * estimate;\n  \
             keep visit_number info_estimate;\nrun;\n",
            self.only_visit(several)
        ));
        out
    }

    fn only_visit(&self, several: bool) -> String {
        match self.visits.first() {
            Some(visit) if !several => format!("  visit_number = {visit};\n"),
            _ => String::new(),
        }
    }

    /// Brings the answers of a procedure to one shape.
    fn collect(&self, number: usize, keep: &str, has_visit: bool) -> String {
        let p = match self.first.result.alternative.name() {
            "less" => "  p_value = ifn(statistic < 0, probt / 2, 1 - probt / 2); conf_low = .;\n",
            "greater" => "  p_value = ifn(statistic > 0, probt / 2, 1 - probt / 2); conf_high = .;\n",
            _ => "",
        };
        format!(
            "data r_m{number};\n  set found{number}(rename=(estimate=est));\n  {keep}\n{}  \
             estimate = sign * est; std_error = stderr; statistic = sign * tvalue; p_value = probt;\n  \
             conf_low = ifn(sign = 1, lower, -upper); conf_high = ifn(sign = 1, upper, -lower);\n{p}  \
             keep visit_number estimate std_error statistic df p_value conf_low conf_high;\nrun;\n",
            self.only_visit(has_visit),
        )
    }
}

/// Keeps active against placebo among all differences of LS means, and says which way it points.
const PAIR: &str = "if (treatment = 1 and _treatment = 0) or (treatment = 0 and _treatment = 1);\n  \
                    sign = ifn(treatment = 1, 1, -1);";
const PAIR_AT_A_VISIT: &str = "if visit_number = _visit_number;\n  \
                               if (treatment = 1 and _treatment = 0) or (treatment = 0 and _treatment = 1);\n  \
                               sign = ifn(treatment = 1, 1, -1);";

fn lsmeans(several: bool, options: &str) -> String {
    let effect = if several { "treatment*visit_number" } else { "treatment" };
    format!("  lsmeans {effect} / diff{options};\n")
}

/// `arm1_visit2` as arm and visit.
fn indicator(term: &str) -> Option<(usize, usize)> {
    let (arm, visit) = term.strip_prefix("arm")?.split_once("_visit")?;
    Some((arm.parse().ok()?, visit.parse().ok()?))
}

/// The RANDOM and REPEATED statements of the covariance of a patient's measurements.
fn covariance(random: &[&str]) -> String {
    let term = random.join(" + ").replace(' ', "");
    match term.as_str() {
        "(1|patient)+(1|patient:knee)+(1|patient:visit)" => {
            "  random intercept treatment visit_number / subject=patient;\n".to_owned()
        }
        "(1|patient)" => "  random intercept / subject=patient;\n".to_owned(),
        "us(knee|patient)" => "  repeated treatment / subject=patient type=un;\n".to_owned(),
        "us(cell|patient)" => "  repeated cell / subject=patient type=un;\n".to_owned(),
        "us(visit|patient)" => "  repeated visit_number / subject=patient type=un;\n".to_owned(),
        "csh(visit|patient)" => "  repeated visit_number / subject=patient type=csh;\n".to_owned(),
        "cs(visit|patient)" => "  repeated visit_number / subject=patient type=cs;\n".to_owned(),
        "ar1h(visit|patient)" => "  repeated visit_number / subject=patient type=arh(1);\n".to_owned(),
        "ar1(visit|patient)" => "  repeated visit_number / subject=patient type=ar(1);\n".to_owned(),
        "kron(us(knee),us(visit)|patient)" => kronecker("un"),
        "kron(us(knee),ar1(visit)|patient)" => kronecker("ar(1)"),
        "kron(us(knee),cs(visit)|patient)" => kronecker("cs"),
        _ => String::new(),
    }
}

fn kronecker(visits: &str) -> String {
    format!("  repeated treatment visit_number / subject=patient type=un@{visits};\n")
}

/// The terms of a mean in the names of the data steps.
struct Words<'a> {
    mean: &'a [&'a str],
    covariates: &'a [(String, bool)],
}

impl Words<'_> {
    fn covariate(&self, term: &str) -> Option<(usize, bool)> {
        let at = self.covariates.iter().position(|(name, _)| name == term)?;
        Some((at + 1, self.covariates[at].1))
    }

    fn model(&self) -> String {
        let word = |term: &&str| match *term {
            "treatment * visit" => "treatment|visit_number".to_owned(),
            "visit" => "visit_number".to_owned(),
            "baseline" => "base".to_owned(),
            "1" => String::new(),
            other => match self.covariate(other) {
                Some((at, true)) => format!("nx{at}"),
                Some((at, false)) => format!("x{at}"),
                None => other.to_owned(),
            },
        };
        self.mean.iter().map(word).collect::<Vec<_>>().join(" ")
    }

    /// The classification variables beside patient and cell.
    fn class(&self, treatment: bool, visit: bool) -> String {
        let mut names: Vec<String> = Vec::new();
        if treatment {
            names.push("treatment".to_owned());
        }
        if visit || self.mean.iter().any(|term| indicator(term).is_some()) {
            names.push("visit_number".to_owned());
        }
        names.extend(
            ["side", "injection"].iter().filter(|name| self.mean.contains(name)).map(|name| (*name).to_owned()),
        );
        let factors = self.mean.iter().filter_map(|term| self.covariate(term)).filter(|(_, numeric)| !numeric);
        names.extend(factors.map(|(at, _)| format!("x{at}")));
        names.join(" ")
    }
}

/// The last steps: both values side by side, a verdict for each, and the counts.
fn comparison(models: usize) -> String {
    let models: String = (1..=models).map(|number| format!("\n      r_m{number}")).collect();
    format!(
        "ods exclude none;\n\n/* Comparison. SAS stops about 1e-5 short of the REML optimum, hence the tolerance. */\n\
         data theirs;\n  length endpoint $200 set_name $200 measure $6 method $24 visit_number 8\n    \
         estimate std_error statistic df p_value conf_low conf_high info_p info_estimate 8;\n  \
         set r_t r_sign r_rank r_mcnemar r_bowker r_ancova{models};\nrun;\n\
         proc sql;\n  create table both as select e.id, e.estimate as e1, e.std_error as e2, e.statistic as e3, e.df as e4,\n    \
         e.p_value as e5, e.conf_low as e6, e.conf_high as e7, t.estimate as t1, t.std_error as t2,\n    \
         t.statistic as t3, t.df as t4, t.p_value as t5, t.conf_low as t6, t.conf_high as t7,\n    \
         t.info_p, t.info_estimate, missing(t.method) as absent\n  from expected as e left join theirs as t\n    \
         on e.endpoint = t.endpoint and e.set_name = t.set_name and e.measure = t.measure\n      \
         and e.visit_number = t.visit_number and e.method = t.method\n  order by e.id;\nquit;\n\
         data verdicts;\n  set both;\n  length field $10 verdict $4;\n  array ours{{7}} e1-e7;\n  array sas{{7}} t1-t7;\n  \
         array names{{7}} $10 _temporary_\n    \
         ('estimate' 'std_error' 'statistic' 'df' 'p_value' 'conf_low' 'conf_high');\n  \
         if absent then do; verdict = 'SKIP'; output; end;\n  else do i = 1 to 7;\n    \
         splitknee = ours{{i}}; theirs = sas{{i}}; field = names{{i}};\n    \
         if splitknee ne . and theirs ne . then do;\n      \
         if abs(splitknee - theirs) <= 1e-4 * max(1e-3, abs(splitknee), abs(theirs)) then verdict = 'PASS';\n      \
         else verdict = 'FAIL';\n      output;\n    end;\n  end;\n  \
         if info_p ne . then do; verdict = 'INFO'; field = 'p_value'; splitknee = e5; theirs = info_p; output; end;\n  \
         if info_estimate ne . then do;\n    \
         verdict = 'INFO'; field = 'estimate'; splitknee = e1; theirs = info_estimate; output;\n  end;\n  \
         keep id field splitknee theirs verdict;\nrun;\n\
         title 'splitknee and SAS';\n\
         proc print data=verdicts noobs; var verdict id field splitknee theirs; format splitknee theirs best16.; run;\n\
         proc freq data=verdicts; tables verdict / nocum nopercent; run;\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_hide_their_text_from_sas() {
        assert_eq!(literal("a'; %inc x; &y \"b\"\n"), "'a''; %inc x; &y \"b\" '");
    }

    #[test]
    fn structures_become_their_statements() {
        let of = |terms: &[&str]| covariance(terms);
        assert!(
            of(&["kron(us(knee), ar1(visit) | patient)"])
                .contains("repeated treatment visit_number / subject=patient type=un@ar(1);")
        );
        assert!(
            of(&["(1|patient)", "(1|patient:knee)", "(1|patient:visit)"])
                .contains("random intercept treatment visit_number")
        );
        assert!(of(&["us(cell|patient)"]).contains("repeated cell / subject=patient type=un;"));
        assert_eq!(indicator("arm1_visit12"), Some((1, 12)));
    }
}

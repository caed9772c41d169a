//! Contrasts adjusted for each other, logarithms, counts, decay over actual days: every figure of the reference cases under
//! `tests/reference/weekly_*` that a model gives, which name package, version and call (lmerTest, emmeans, mmrm, nlme,
//! geepack, MASS, glmmTMB, own code where no package has it). Figures marked "for information" there are not matched.

use serde_json::Value;
use splitknee_stats::model::adjust::Adjust;
use splitknee_stats::model::gee::{GeeCovariance, GeeFamily, GeeOptions, WorkingCorrelation};
use splitknee_stats::model::gee_report::{GeeComparisons, GeeReport, gee};
use splitknee_stats::model::generalised::Family;
use splitknee_stats::model::generalised_report::{GeneralisedOptions, GeneralisedReport, fit_generalised};
use splitknee_stats::model::offset::Offset;
use splitknee_stats::model::{
    Column, Columns, ContrastRecord, Ddf, FitOptions, Formula, Information, LsMeansSpec, ModelReport, ReportOptions,
    fit,
};

/// A data file as columns: numbers where every cell is one and the name is not an identifier.
fn table(case: &str, file: &str, keep: impl Fn(&[&str]) -> bool) -> Columns {
    let path = format!("{}/tests/reference/{case}/{file}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().unwrap().split(',').collect();
    let rows: Vec<Vec<&str>> =
        lines.map(|line| line.split(',').collect()).filter(|row: &Vec<&str>| keep(row)).collect();
    let mut columns = Columns::new();
    for (place, name) in header.iter().enumerate() {
        let cells: Vec<&str> = rows.iter().map(|row| row[place]).collect();
        let numbers: Option<Vec<f64>> = cells.iter().map(|cell| cell.parse().ok()).collect();
        let named = ["id", "usubjid", "knee", "animal", "site"].contains(name);
        match numbers.filter(|_| !named) {
            Some(numbers) => columns.add_numeric(name, numbers).unwrap(),
            None => columns.add_categorical(name, cells.into_iter().map(Some)).unwrap(),
        }
    }
    columns
}

/// The values of the result `id` of a case.
fn expected(case: &str, id: &str) -> Value {
    let path = format!("{}/tests/reference/{case}/expected.json", env!("CARGO_MANIFEST_DIR"));
    let all: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let found = all["results"].as_array().unwrap().iter().find(|r| r["id"] == id);
    found.unwrap_or_else(|| panic!("{case} has no {id}"))["values"].clone()
}

fn near(what: &str, ours: f64, theirs: f64, tolerance: f64) {
    assert!((ours - theirs).abs() <= tolerance * (1.0 + theirs.abs()), "{what}: {ours} against {theirs}");
}

fn number(value: &Value, what: &str) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{what} is no number: {value}"))
}

struct Asked<'a> {
    formula: &'a str,
    levels: &'a [(&'a str, &'a [&'a str])],
    emmeans: &'a str,
    contrast: LsMeansSpec,
    ddf: Ddf,
    adjust: Option<Adjust>,
    log: bool,
}

fn run(mut columns: Columns, asked: &Asked<'_>) -> ModelReport {
    for (name, levels) in asked.levels {
        columns.set_levels(name, levels).unwrap();
    }
    let formula = Formula::parse(asked.formula).unwrap();
    if asked.log {
        let Column::Numeric(values) = columns.column(&formula.response.name).unwrap().clone() else { panic!() };
        columns.add_numeric(&formula.response.name, values.iter().map(|y| y.ln()).collect()).unwrap();
    }
    let options = ReportOptions {
        ddf: asked.ddf,
        information: if asked.ddf == Ddf::KenwardRoger { Information::Expected } else { Information::Observed },
        emmeans: vec![LsMeansSpec::parse(asked.emmeans)],
        contrasts: vec![asked.contrast.clone()],
        adjust: asked.adjust,
        log_outcome: asked.log,
        ..ReportOptions::default()
    };
    fit(&columns, &formula, &FitOptions::default()).unwrap().report(&options).unwrap()
}

/// Adjusted p-values and limits, by the name of the contrast.
fn same_adjusted(ours: &[ContrastRecord], theirs: &Value, tolerance: f64) {
    for (i, name) in theirs["contrast"].as_array().unwrap().iter().enumerate() {
        let record = ours.iter().find(|record| record.contrast == *name).unwrap_or_else(|| panic!("no {name}"));
        let found = record.adjusted.unwrap();
        let pairs = [
            ("p_value", found.p_adjusted),
            ("critical", found.critical),
            ("conf_low", found.conf_low_adjusted),
            ("conf_high", found.conf_high_adjusted),
        ];
        for (field, own) in pairs {
            if let Some(value) = theirs[field].get(i) {
                near(&format!("{name} {field}"), own.unwrap(), number(value, field), tolerance);
            }
        }
    }
}

#[test]
fn arms_adjusted() {
    let all = ["A", "B", "C", "D"];
    let cases = [
        ("weekly_arms_two_of_three", "data.csv", "", "value ~ arm + (1|id)", 3),
        ("weekly_arms_four_sites", "data.csv", "incomplete.", "value ~ arm + site + (1|id)", 4),
        ("weekly_arms_four_sites", "data_complete.csv", "complete.", "value ~ arm + (1|id)", 4),
    ];
    for (case, file, prefix, formula, arms) in cases {
        for (name, ddf) in [("satterthwaite", Ddf::Satterthwaite), ("kenward_roger", Ddf::KenwardRoger)] {
            let ask = |adjust, against: Option<&str>| {
                let contrast = LsMeansSpec { against: against.map(str::to_owned), ..LsMeansSpec::parse("arm") };
                let levels = [("arm", &all[..arms])];
                let asked =
                    Asked { formula, levels: &levels, emmeans: "arm", contrast, ddf, adjust: Some(adjust), log: false };
                run(table(case, file, |_| true), &asked)
            };
            let id = |method: &str| format!("{prefix}contrasts.{name}.{method}");
            // Degrees of freedom of lmerTest carry about 1e-7 from numeric derivatives.
            let tukey = ask(Adjust::Tukey, None);
            same_adjusted(&tukey.contrasts, &expected(case, &id("tukey")), 2e-6);
            same_adjusted(&ask(Adjust::Sidak, None).contrasts, &expected(case, &id("sidak")), 2e-6);
            let mvt = ask(Adjust::MultivariateT, None);
            same_adjusted(&mvt.contrasts, &expected(case, &id("mvt")), 2e-6);
            same_adjusted(&ask(Adjust::Dunnett, Some("A")).contrasts, &expected(case, &id("dunnett")), 2e-6);
            let holm = ask(Adjust::Holm, None);
            let theirs = expected(case, &id("holm"));
            for (i, record) in holm.contrasts.iter().enumerate() {
                let found = record.adjusted.unwrap();
                near("holm", found.p_adjusted.unwrap(), number(&theirs["p_value"][i], "holm"), 2e-6);
                assert_eq!((found.conf_low_adjusted, found.critical), (None, None));
            }
            let bonferroni = ask(Adjust::Bonferroni, None);
            for (i, record) in bonferroni.contrasts.iter().enumerate() {
                let found = record.adjusted.unwrap();
                near("p", found.p_adjusted.unwrap(), number(&theirs["bonferroni_p_value"][i], "p"), 2e-6);
                near("low", found.conf_low_adjusted.unwrap(), number(&theirs["bonferroni_conf_low"][i], "low"), 2e-6);
            }
            let family = &mvt.adjust.unwrap().families[0];
            assert_eq!((family.family_size, family.rank), (arms * (arms - 1) / 2, Some(arms - 1)));
        }
    }
}

/// The reference may be any level; a level that is none is refused with the levels that are.
#[test]
fn dunnett_reference() {
    let levels: [(&str, &[&str]); 1] = [("arm", &["A", "B", "C"])];
    let mut columns = table("weekly_arms_two_of_three", "data.csv", |_| true);
    let contrast = LsMeansSpec { against: Some("C".into()), ..LsMeansSpec::parse("arm") };
    let asked = Asked {
        formula: "value ~ arm + (1|id)",
        levels: &levels,
        emmeans: "arm",
        contrast: contrast.clone(),
        ddf: Ddf::Satterthwaite,
        adjust: Some(Adjust::Dunnett),
        log: false,
    };
    let report = run(columns.clone(), &asked);
    let names: Vec<&str> = report.contrasts.iter().map(|record| record.contrast.as_str()).collect();
    assert_eq!(names, ["A - C", "B - C"]);
    columns.set_levels("arm", &["A", "B", "C"]).unwrap();
    let fitted = fit(&columns, &Formula::parse(asked.formula).unwrap(), &FitOptions::default()).unwrap();
    let wrong = LsMeansSpec { against: Some("D".into()), ..contrast };
    let options = ReportOptions { contrasts: vec![wrong], adjust: Some(Adjust::Dunnett), ..ReportOptions::default() };
    let message = fitted.report(&options).unwrap_err().to_string();
    assert!(message.contains("`D`") && message.contains("A, B, C"), "{message}");
}

#[test]
fn biodistribution() {
    let case = "weekly_biodistribution";
    let organs = ["lung", "liver", "spleen", "kidney", "heart", "brain"];
    for (prefix, structure) in [("us", "us(organ|animal)"), ("csh_by_route", "csh(organ|route/animal)")] {
        let formula = format!("signal ~ route*organ + {structure}");
        let levels: [(&str, &[&str]); 2] = [("route", &["IV", "IT", "IN"]), ("organ", &organs)];
        let report = run(
            table(case, "data.csv", |_| true),
            &Asked {
                formula: &formula,
                levels: &levels,
                emmeans: "route|organ",
                contrast: LsMeansSpec::parse("route|organ"),
                ddf: Ddf::Satterthwaite,
                adjust: Some(Adjust::MultivariateT),
                log: true,
            },
        );
        near(
            "log-likelihood",
            report.log_lik,
            number(&expected(case, &format!("{prefix}.fit"))["log_lik_reml"], ""),
            1e-9,
        );
        assert_eq!(report.scale, Some("log"));
        let theirs = expected(case, &format!("{prefix}.contrasts.satterthwaite"));
        let theirs = theirs["contrasts"].as_array().unwrap();
        assert_eq!(theirs.len(), 18);
        for row in theirs {
            let own = report.contrasts.iter().find(|r| {
                r.contrast == row["contrast"].as_str().unwrap() && r.levels.get("organ") == row["organ"].as_str()
            });
            let own = own.unwrap();
            let (ratio, adjusted) = (own.geometric.unwrap(), own.adjusted.unwrap());
            let fields = [
                ("estimate", own.estimate, 1e-6),
                ("std_error", own.std_error, 1e-5),
                ("df", own.df, 1e-3),
                ("ratio", ratio.ratio, 1e-6),
                ("ratio_low", ratio.ratio_low, 1e-4),
                ("ratio_high", ratio.ratio_high, 1e-4),
                ("p_mvt_within_organ", adjusted.p_adjusted, 1e-5),
                ("low_mvt_within_organ", adjusted.conf_low_adjusted, 1e-4),
                ("high_mvt_within_organ", adjusted.conf_high_adjusted, 1e-4),
            ];
            for (field, value, tolerance) in fields {
                near(&format!("{prefix} {field}"), value.unwrap(), number(&row[field], field), tolerance);
            }
        }
        let means = expected(case, &format!("{prefix}.emmeans.satterthwaite"));
        for (own, row) in report.emmeans.iter().zip(means["emmeans"].as_array().unwrap()) {
            assert_eq!(own.levels.get("route"), row["route"].as_str());
            let found = own.geometric.unwrap();
            near("mean", found.geometric_mean.unwrap(), number(&row["geometric_mean"], "mean"), 1e-6);
            near("low", found.geometric_mean_low.unwrap(), number(&row["low"], "low"), 1e-4);
        }
    }
}

#[test]
fn logarithm() {
    let case = "weekly_log";
    let levels: [(&str, &[&str]); 2] = [("treatment", &["PLACEBO", "EV"]), ("visit", &["M1", "M3", "M6"])];
    let asked = Asked {
        formula: "vas ~ treatment*visit + log_base + (1|usubjid/knee)",
        levels: &levels,
        emmeans: "treatment|visit",
        contrast: LsMeansSpec::parse("treatment|visit"),
        ddf: Ddf::Satterthwaite,
        adjust: None,
        log: true,
    };
    let report = run(table(case, "data.csv", |row| ["M1", "M3", "M6"].contains(&row[3])), &asked);
    let model = expected(case, "lmm.fit");
    near("log-likelihood", report.log_lik, number(&model["log_lik_reml"], ""), 1e-8);
    near("original", report.log_lik_original.unwrap(), number(&model["log_lik_original_scale"], ""), 1e-8);
    let log = expected(case, "contrasts.log.satterthwaite");
    for (own, row) in report.contrasts.iter().zip(log["contrasts"].as_array().unwrap()) {
        near("estimate", own.estimate.unwrap(), number(&row["estimate"], ""), 1e-6);
        near("SE", own.std_error.unwrap(), number(&row["std_error"], ""), 1e-6);
        let ratio = own.geometric.unwrap();
        near("ratio", ratio.ratio.unwrap(), number(&row["estimate"], "").exp(), 1e-6);
        near("low", ratio.ratio_low.unwrap(), number(&row["conf_low"], "").exp(), 1e-5);
    }
}

fn counts() -> Columns {
    let mut columns = table("weekly_counts", "data.csv", |_| true);
    columns.set_levels("treatment", &["PLACEBO", "EV"]).unwrap();
    columns
}

fn marginal(family: GeeFamily, correlation: WorkingCorrelation, covariance: GeeCovariance) -> GeeReport {
    let options = GeeOptions { correlation, covariance, ..GeeOptions::new(family) };
    let offset = Some(Offset::parse("log(days)").unwrap());
    let formula = Formula::parse("painful ~ treatment + visit").unwrap();
    gee(&counts(), &formula, "usubjid", &options, &GeeComparisons { offset, ..GeeComparisons::default() }).unwrap()
}

#[test]
fn counts_by_estimating_equations() {
    use GeeCovariance::{Classical, ManclDeRouen};
    use WorkingCorrelation::{Exchangeable, Independence};
    let cases = [
        ("gee.poisson.exchangeable", GeeFamily::Poisson, Exchangeable, Classical),
        ("gee.poisson.exchangeable.mancl_derouen", GeeFamily::Poisson, Exchangeable, ManclDeRouen),
        ("gee.poisson.independence", GeeFamily::Poisson, Independence, Classical),
        ("gee.poisson.independence.mancl_derouen", GeeFamily::Poisson, Independence, ManclDeRouen),
        ("gee.negative_binomial.exchangeable", GeeFamily::NegativeBinomial, Exchangeable, Classical),
    ];
    for (id, family, correlation, covariance) in cases {
        let ours = marginal(family, correlation, covariance);
        let theirs = expected("weekly_counts", id);
        for (own, row) in ours.coefficients.iter().zip(theirs["coefficients"].as_array().unwrap()) {
            assert_eq!(own.term, row["term"].as_str().unwrap());
            let rate = own.rate.unwrap();
            near(id, own.estimate, number(&row["estimate"], id), 1e-6);
            near(id, own.std_error, number(&row["std_error"], id), 1e-6);
            near(id, rate.rate_ratio, number(&row["rate_ratio"], id), 1e-6);
            near(id, rate.rate_ratio_low, number(&row["rate_ratio_low"], id), 1e-6);
            if let Some(p) = row["p_value_t"].as_f64() {
                near(id, own.p_value_t.unwrap(), p, 1e-6);
            }
        }
        for (field, own) in [("alpha", ours.alpha), ("scale", Some(ours.scale))] {
            if let Some(value) = theirs[field].as_f64() {
                near(&format!("{id} {field}"), own.unwrap(), value, 1e-6);
            }
        }
        if let Some(dispersion) = theirs["dispersion"].as_f64() {
            // There the factor of μ², here θ.
            near("dispersion", 1.0 / ours.dispersion.unwrap(), dispersion, 1e-6);
        }
    }
}

fn mixed(family: Family, random: &str, quadrature: usize) -> GeneralisedReport {
    let offset = Some(Offset::parse("log(days)").unwrap());
    let formula = Formula::parse(&format!("painful ~ treatment + visit{random}")).unwrap();
    let options = GeneralisedOptions { quadrature, offset, ..GeneralisedOptions::new(family) };
    fit_generalised(&counts(), &formula, &options).unwrap().report().unwrap()
}

#[test]
fn counts_by_mixed_models() {
    use Family::{NegativeBinomial, Poisson};
    let (patient, nested) = (" + (1|usubjid)", " + (1|usubjid/knee)");
    // Tolerances of coefficients, standard errors, log-likelihood.
    let exact = (1e-5, 1e-4, 1e-7);
    let laplace = (1e-4, 2e-3, 1e-6);
    let cases = [
        ("glm.nb", NegativeBinomial, "", 1, (1e-5, 1e-5, 1e-7)),
        ("glmer.poisson.patient.laplace", Poisson, patient, 1, laplace),
        ("own.poisson.patient.quadrature", Poisson, patient, 25, exact),
        ("glmmTMB.poisson.nested.laplace", Poisson, nested, 1, laplace),
        ("own.poisson.nested.quadrature", Poisson, nested, 15, exact),
        ("glmmTMB.nbinom2.patient.laplace", NegativeBinomial, patient, 1, laplace),
        ("own.nbinom2.patient.quadrature", NegativeBinomial, patient, 25, exact),
        ("glmmTMB.nbinom2.nested.laplace", NegativeBinomial, nested, 1, laplace),
    ];
    for (id, family, random, points, (coefficients, errors, likelihood)) in cases {
        let ours = mixed(family, random, points);
        let theirs = expected("weekly_counts", id);
        for (own, row) in ours.coefficients.iter().zip(theirs["coefficients"].as_array().unwrap()) {
            assert_eq!(own.term, row["term"].as_str().unwrap());
            near(id, own.estimate, number(&row["estimate"], id), coefficients);
            near(id, own.std_error, number(&row["std_error"], id), errors);
        }
        if let Some(value) = theirs["log_lik"].as_f64() {
            near(id, ours.log_lik, value, likelihood);
        }
        for field in ["theta", "dispersion_theta"] {
            if let Some(theta) = theirs[field].as_f64() {
                near(id, ours.dispersion.unwrap(), theta, 1e-3);
            }
        }
        if let Some(sd) = theirs["sd_patient"].as_f64() {
            near(id, ours.variance_components[0].std_dev, sd, 1e-5);
        }
    }
}

#[test]
fn counts_that_no_model_has() {
    let with = |values: Vec<f64>, family| {
        let mut columns = counts();
        columns.add_numeric("painful", values).unwrap();
        let formula = Formula::parse("painful ~ treatment").unwrap();
        fit_generalised(&columns, &formula, &GeneralisedOptions::new(family)).unwrap_err().to_string()
    };
    let n = counts().n_rows();
    assert!(with(vec![0.0; n], Family::Poisson).contains("all"), "zeros");
    let half: Vec<f64> = (0..n).map(|i| if i == 3 { 1.5 } else { 2.0 }).collect();
    assert!(with(half, Family::Poisson).contains("1.5"));
    let even: Vec<f64> = (0..n).map(|i| 3.0 + f64::from(u8::from(i % 2 == 0))).collect();
    assert!(with(even, Family::NegativeBinomial).contains("--family poisson"));
}

#[test]
fn actual_days() {
    let case = "weekly_days";
    let visits = ["D14", "D42", "D91", "D182"];
    let ask = |random: &str, emmeans: &str, ddf, adjust, against: Option<&str>| {
        let formula = format!("vas ~ treatment*visit + base + {random}");
        let levels: [(&str, &[&str]); 2] = [("treatment", &["PLACEBO", "EV"]), ("visit", &visits)];
        let contrast = LsMeansSpec { against: against.map(str::to_owned), ..LsMeansSpec::parse(emmeans) };
        let asked = Asked { formula: &formula, levels: &levels, emmeans, contrast, ddf, adjust, log: false };
        run(table(case, "data.csv", |_| true), &asked)
    };
    let cases = [
        ("car1", "car1(day|usubjid:knee)"),
        ("patient_car1", "(1|usubjid) + car1(day|usubjid:knee)"),
        ("patient_car1", "(1|usubjid) + sp_exp(day|usubjid:knee)"),
        ("patient_exp_nugget", "(1|usubjid) + sp_exp_nugget(day|usubjid:knee)"),
    ];
    for (prefix, random) in cases {
        for (name, ddf) in [("satterthwaite", Ddf::Satterthwaite), ("kr_expected", Ddf::KenwardRoger)] {
            let report = ask(random, "treatment|visit", ddf, None, None);
            let theirs = expected(case, &format!("{prefix}.fit"));
            near(prefix, report.log_lik, number(&theirs["log_lik_reml"], ""), 1e-9);
            let named = |name: &str| report.covariance_parameters.iter().find(|p| p.name == name).map(|p| p.estimate);
            for field in ["variance", "serial", "range", "nugget"] {
                if let Some(value) = theirs["parameters"][field].as_f64() {
                    near(&format!("{prefix} {field}"), named(field).unwrap(), value, 1e-5);
                }
            }
            near(prefix, named("phi").unwrap(), number(&theirs["phi_per_day"], "phi"), 1e-6);
            let theirs = expected(case, &format!("{prefix}.contrasts.{name}"));
            for (own, row) in report.contrasts.iter().zip(theirs["contrasts"].as_array().unwrap()) {
                let what = format!("{prefix} {name} {}", row["visit"]);
                near(&what, own.estimate.unwrap(), number(&row["estimate"], ""), 1e-6);
                near(&what, own.std_error.unwrap(), number(&row["std_error"], ""), 1e-6);
                near(&what, own.df.unwrap(), number(&row["df"], ""), 1e-4);
                near(&what, own.p_value.unwrap(), number(&row["p_value"], ""), 1e-5);
            }
        }
    }
    // Pairs of visits within each arm of the nested intercepts.
    let nested = "(1|usubjid/knee)";
    let within = |arm: &str, adjust, against| {
        let report = ask(nested, "visit|treatment", Ddf::Satterthwaite, Some(adjust), against);
        let own = |r: &ContrastRecord| r.levels.get("treatment") == Some(arm);
        report.contrasts.into_iter().filter(own).collect::<Vec<_>>()
    };
    for arm in ["PLACEBO", "EV"] {
        let mvt = within(arm, Adjust::MultivariateT, None);
        same_adjusted(&mvt, &expected(case, &format!("lsmeans_pairs.mvt.{arm}")), 1e-5);
        let dunnett = within(arm, Adjust::Dunnett, Some("D14"));
        same_adjusted(&dunnett, &expected(case, &format!("lsmeans_pairs.dunnett.{arm}")), 1e-5);
        let tukey = expected(case, "lsmeans_pairs.tukey");
        for row in tukey["contrasts"].as_array().unwrap().iter().filter(|row| row["treatment"] == arm) {
            let all = within(arm, Adjust::Tukey, None);
            let own = all.iter().find(|r| r.contrast == row["contrast"].as_str().unwrap()).unwrap();
            near("tukey", own.adjusted.unwrap().p_adjusted.unwrap(), number(&row["p_value"], ""), 1e-5);
        }
    }
}

/// The unit of time changes the range and nothing else.
#[test]
fn unit_of_time() {
    let days = table("weekly_days", "data.csv", |_| true);
    let Column::Numeric(values) = days.column("day").unwrap().clone() else { panic!() };
    let mut weeks = days.clone();
    weeks.add_numeric("day", values.iter().map(|day| day / 7.0).collect()).unwrap();
    let formula = Formula::parse("vas ~ treatment*visit + base + (1|usubjid) + car1(day|usubjid:knee)").unwrap();
    let likelihood = |columns: &Columns| fit(columns, &formula, &FitOptions::default()).unwrap().log_lik();
    near("weeks", likelihood(&weeks), likelihood(&days), 1e-10);
}

fn weighted(formula: &str, columns: &Columns, weights: Option<&str>, ddf: Ddf) -> ModelReport {
    let mut formula = Formula::parse(formula).unwrap();
    formula.prior_weights = weights.map(str::to_owned);
    let information = if ddf == Ddf::KenwardRoger { Information::Expected } else { Information::Observed };
    let options = ReportOptions { ddf, information, ..ReportOptions::default() };
    fit(columns, &formula, &FitOptions::default()).unwrap().report(&options).unwrap()
}

/// lme4 and nlme; the log-likelihood to 1e-9, both agree on it to 1e-12.
#[test]
fn prior_weights() {
    let path = format!("{}/tests/reference/weekly_prior_weights/expected.json", env!("CARGO_MANIFEST_DIR"));
    let theirs: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let mut columns = table("weekly_prior_weights", "data.csv", |_| true);
    columns.set_levels("arm", &["SALINE", "EV"]).unwrap();
    let model = "value ~ arm + visit + (1|patient/knee)";
    let ours = weighted(model, &columns, Some("readings"), Ddf::Satterthwaite);
    near("log-likelihood", ours.log_lik, number(&theirs["log_lik"], "log_lik"), 1e-9);
    for (own, row) in ours.coefficients.iter().zip(theirs["coefficients"].as_array().unwrap()) {
        assert_eq!(own.term, row["term"]);
        let test = own.test;
        let fields = [
            ("estimate", Some(test.estimate), 1e-7),
            ("std_error", Some(test.std_error), 1e-6),
            ("df", test.df, 1e-3),
            ("p_value", test.p_value, 1e-4),
        ];
        for (field, value, tolerance) in fields {
            near(&format!("{} {field}", own.term), value.unwrap(), number(&row[field], field), tolerance);
        }
    }
    let variance = |group: &str| ours.variance_components.iter().find(|part| part.group == group).unwrap().variance;
    for (group, name) in [("patient", "patient"), ("patient:knee", "knee"), ("Residual", "residual")] {
        near(group, variance(group), number(&theirs["variances"][name], name), 1e-5);
    }
}

/// Kenward & Roger with weights: the same model with rows multiplied by the root of their weight.
#[test]
fn weights_multiply_rows() {
    let mut columns = table("weekly_prior_weights", "data.csv", |_| true);
    columns.set_levels("arm", &["SALINE", "EV"]).unwrap();
    let numbers = |name: &str| match columns.column(name).unwrap() {
        Column::Numeric(values) => values.clone(),
        Column::Categorical { levels, codes } => {
            codes.iter().map(|code| f64::from(u8::from(levels[code.unwrap() as usize] == "EV"))).collect()
        }
    };
    let root: Vec<f64> = numbers("readings").iter().map(|weight| weight.sqrt()).collect();
    let times = |values: Vec<f64>| -> Vec<f64> { values.iter().zip(&root).map(|(value, root)| value * root).collect() };
    let (value, arm) = (times(numbers("value")), times(numbers("arm")));
    let plain = weighted("value ~ arm + (1|patient/knee)", &columns, Some("readings"), Ddf::KenwardRoger);
    for (name, values) in [("y", value), ("one", root.clone()), ("ev", arm)] {
        columns.add_numeric(name, values).unwrap();
    }
    let scaled = weighted("y ~ 0 + one + ev + (0 + one|patient/knee)", &columns, None, Ddf::KenwardRoger);
    for (a, b) in plain.coefficients.iter().zip(&scaled.coefficients) {
        let numbers = |test: splitknee_stats::model::TTest| {
            [test.estimate, test.std_error, test.df.unwrap(), test.p_value.unwrap()]
        };
        for (one, other) in numbers(a.test).into_iter().zip(numbers(b.test)) {
            near(&a.term, one, other, 1e-6);
        }
    }
    // log f(y) = log f(√w y) + ½ Σ log w.
    let logs: f64 = root.iter().map(|root| root.ln()).sum();
    near("log-likelihood", plain.log_lik, scaled.log_lik + logs, 1e-9);
    // One weight for all rows is a unit of the residual variance.
    let rows = root.len();
    columns.add_numeric("four", vec![4.0; rows]).unwrap();
    let four = weighted("value ~ arm + (1|patient/knee)", &columns, Some("four"), Ddf::KenwardRoger);
    let none = weighted("value ~ arm + (1|patient/knee)", &columns, None, Ddf::KenwardRoger);
    let p = |report: &ModelReport| report.coefficients[1].test.p_value.unwrap();
    near("p", p(&four), p(&none), 1e-7);
    near("log-likelihood", four.log_lik, none.log_lik, 1e-9);
}

#[test]
fn prior_weights_that_are_none() {
    let mut columns = table("weekly_prior_weights", "data.csv", |_| true);
    let mut formula = Formula::parse("value ~ arm + ar1(visit|patient:knee)").unwrap();
    formula.prior_weights = Some("readings".to_owned());
    let refused = |columns: &Columns, formula: &Formula| fit(columns, formula, &FitOptions::default()).unwrap_err();
    assert!(refused(&columns, &formula).to_string().contains("covariance structure"));
    let Column::Numeric(mut weights) = columns.column("readings").unwrap().clone() else { panic!() };
    weights[3] = 0.0;
    columns.add_numeric("readings", weights).unwrap();
    let mut formula = Formula::parse("value ~ arm + (1|patient)").unwrap();
    formula.prior_weights = Some("readings".to_owned());
    assert!(refused(&columns, &formula).to_string().contains("weights are positive"));
}

//! The mixed-model engine against lme4, lmerTest, pbkrtest, emmeans, mmrm, nlme and SAS: compared in
//! `splitknee::qualification::mixed`, but for data that may not be copied into the program.

use crate::reference_cases::{Case, Finish, Load, number, qualify};
use crate::skip::{Needs, skip};
use serde_json::Value;
use splitknee::model::{Ddf, Fit, FitOptions, Formula, Information, LsMeansSpec, TTest, fit};
use splitknee::qualification::mixed;

#[test]
fn lmm_sim_a() {
    qualify("lmm_simA");
}

#[test]
fn lmm_sim_b() {
    qualify("lmm_simB");
}

#[test]
fn lmm_singular() {
    qualify("lmm_singular_simS");
}

#[test]
fn lmm_sleepstudy() {
    qualify("lmm_sleepstudy");
}

#[test]
fn lmm_oxboys() {
    qualify("lmm_oxboys");
}

#[test]
fn mmrm_sim_a() {
    qualify("mmrm_simA");
}

#[test]
fn mmrm_sim_b() {
    qualify("mmrm_simB");
}

#[test]
fn clda_sim_a() {
    qualify("clda_simA");
}

#[test]
fn clda_sim_b() {
    qualify("clda_simB");
}

#[test]
fn kron_sim_a() {
    qualify("kron_simA");
}

#[test]
fn kron_sim_b() {
    qualify("kron_simB");
}

/// The categorical columns of the fev data.
const FEV: [&str; 5] = ["usubjid", "avisit", "armcd", "race", "sex"];

#[test]
fn mmrm_fev() {
    if let Some(case) = Case::beside("reference-external", "mmrm_fev") {
        mixed::as_it_stands(&case, &FEV).finish();
    }
}

fn coefficient<'a>(all: &'a [(String, TTest)], term: &str) -> &'a TTest {
    &all.iter().find(|(name, _)| name == term).unwrap_or_else(|| panic!("no coefficient {term}")).1
}

/// SAS PROC MIXED `ddfm=kr` and `ddfm=kr(firstorder)` for eight structures, and the optimum that SAS stops short of.
#[test]
fn sas_kenward_roger() {
    let folder: std::path::PathBuf =
        [env!("CARGO_MANIFEST_DIR"), "..", "shared", "reference-external", "mmrm_fev"].iter().collect();
    let (Ok(text), Some(case)) =
        (std::fs::read_to_string(folder.join("expected_sas.json")), Case::beside("reference-external", "mmrm_fev"))
    else {
        skip(Needs::Data, "figures of SAS");
        return;
    };
    let expected: Value = serde_json::from_str(&text).unwrap();
    let tables = mixed::plain(&case.data, &FEV).unwrap();
    let table = &tables["plain"];
    let close = |what: String, expected: &Value, ours: f64, tolerance: f64| {
        let e = number(expected).unwrap();
        assert!((ours - e).abs() <= tolerance * e.abs(), "{what}: SAS {e}, ours {ours}");
    };
    let treatment = |model: &Fit, ddf| {
        let inference = model.inference(ddf, Information::Observed, 0.95).unwrap();
        *coefficient(&inference.coefficients().unwrap(), "armcdTRT")
    };
    for row in expected["results"].as_array().unwrap() {
        let structure = row["structure"].as_str().unwrap();
        let formula = format!("fev1 ~ armcd + {structure}(avisit|usubjid)");
        let model = fit(table, &Formula::parse(&formula).unwrap(), &FitOptions::default()).unwrap();
        let (second, first) = (treatment(&model, Ddf::KenwardRoger), treatment(&model, Ddf::KenwardRogerLinear));
        close(format!("{structure} estimate"), &row["estimate"], second.estimate, 1e-4);
        close(format!("{structure} kr se"), &row["se_kr"], second.std_error, 2e-4);
        close(format!("{structure} kr(firstorder) se"), &row["se_kr_firstorder"], first.std_error, 2e-4);
        // SAS stops short of the optimum alike in both columns: their ratio, the second-order term, is sharper.
        let ratio = number(&row["se_kr"]).unwrap() / number(&row["se_kr_firstorder"]).unwrap();
        let ours = second.std_error / first.std_error;
        assert!((ours / ratio - 1.0).abs() < 2e-6, "{structure} second-order term: SAS {ratio}, ours {ours}");
        close(format!("{structure} df"), &row["df"], second.df.unwrap(), 5e-4);
    }
    let tight = &expected["tight_optimum_us"];
    let model =
        fit(table, &Formula::parse("fev1 ~ armcd + us(avisit|usubjid)").unwrap(), &FitOptions::default()).unwrap();
    let test = treatment(&model, Ddf::KenwardRoger);
    close("tight estimate".into(), &tight["estimate"], test.estimate, 2e-9);
    close("tight se".into(), &tight["se_kr"], test.std_error, 1e-8);
    close("tight df".into(), &tight["df"], test.df.unwrap(), 2e-8);
    close("tight -2RLL".into(), &tight["neg2_restricted_loglik"], -2.0 * model.log_lik(), 1e-13);
    let larger = &expected["larger_model"];
    let model = fit(
        table,
        &Formula::parse("fev1 ~ race + sex + armcd*avisit + us(avisit|usubjid)").unwrap(),
        &FitOptions::default(),
    )
    .unwrap();
    close("larger -2RLL".into(), &larger["neg2_restricted_loglik"]["tight_optimum"], -2.0 * model.log_lik(), 3e-12);
    let first_visit = coefficient(
        &model.inference(Ddf::Satterthwaite, Information::Observed, 0.95).unwrap().coefficients().unwrap(),
        "armcdTRT",
    )
    .estimate;
    close("larger first visit".into(), &larger["treatment_difference_first_visit_tight"], first_visit, 2e-9);
    let covariance = &model.marginal_covariance()[0];
    for (key, value) in larger["covariance_tight"].as_object().unwrap() {
        let digits: Vec<usize> = key.chars().filter_map(|c| c.to_digit(10)).map(|d| d as usize - 1).collect();
        close(format!("covariance {key}"), value, covariance.matrix[digits[0]][digits[1]], 1e-6);
    }
    assert!(model.certificate.gradient_max < 1e-9, "gradient {}", model.certificate.gradient_max);
}

/// `emmeans(m, ~treatment, weights = "proportional", lmer.df = "satterthwaite")` of model m1 of `lmm_simA`
/// (R 4.2.2, lme4 1.1-31, lmerTest 3.1-3, emmeans 1.8.4-1), as printed.
#[test]
fn ls_means_with_observed_weights() {
    let case = Case::load("r", "lmm_simA").unwrap();
    let tables = mixed::trial_tables(&case.data, "vas").unwrap();
    let formula = "change ~ treatment * visit + baseline + (1 | usubjid) + (1 | knee)";
    let model = fit(&tables["change"], &Formula::parse(formula).unwrap(), &FitOptions::default()).unwrap();
    let inference = model.inference(Ddf::Satterthwaite, Information::Observed, 0.95).unwrap();
    let spec = LsMeansSpec { weights: splitknee::model::Weights::Observed, ..LsMeansSpec::parse("treatment") };
    let means = inference.ls_means(&spec).unwrap();
    let expected = [
        ("PLACEBO", -6.492889, 1.3686814, 68.92, -9.223392, -3.762386),
        ("EV", -16.833575, 1.3625437, 68.53, -19.552105, -14.115046),
    ];
    for (mean, (level, estimate, se, df, low, high)) in means.iter().zip(expected) {
        let test = mean.test.unwrap();
        assert_eq!(mean.levels.get("treatment"), Some(level));
        assert!((test.estimate - estimate).abs() < 6e-7 && (test.std_error - se).abs() < 6e-8, "{test:?}");
        assert!((test.df.unwrap() - df).abs() < 6e-3, "{test:?}");
        assert!((test.conf_low.unwrap() - low).abs() < 2e-6 && (test.conf_high.unwrap() - high).abs() < 2e-6);
    }
}

//! What must hold whatever the data: the paired t-test inside the mixed model, balanced ANOVA, invariances, and clear
//! answers on hard data.

use splitknee::model::robust::{RobustKind, robust_covariance};
use splitknee::model::{
    AnovaType, Columns, Ddf, Fit, FitOptions, Formula, Information, LsMeansSpec, Method, ModelError, TTest, fit,
    likelihood_ratio,
};

/// SplitMix64 and Box–Muller: enough randomness for designs.
struct Draws(u64);

impl Draws {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        let (u, v) = (self.uniform().max(1e-300), self.uniform());
        (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
    }
}

fn model(table: &Columns, formula: &str) -> Fit {
    try_model(table, formula).unwrap_or_else(|e| panic!("{formula}: {e}"))
}

fn try_model(table: &Columns, formula: &str) -> Result<Fit, ModelError> {
    fit(table, &Formula::parse(formula).unwrap(), &FitOptions::default())
}

fn tests(model: &Fit, ddf: Ddf, information: Information) -> Vec<(String, TTest)> {
    model.inference(ddf, information, 0.95).unwrap().coefficients().unwrap()
}

fn near(a: f64, b: f64, tolerance: f64) -> bool {
    (a - b).abs() <= tolerance * b.abs().max(1e-300)
}

/// Patients with both knees at several visits: `y`, `arm`, `visit`, `id`, `knee`, `base`.
struct Trial {
    y: Vec<f64>,
    base: Vec<f64>,
    arm: Vec<String>,
    visit: Vec<String>,
    id: Vec<String>,
}

impl Trial {
    fn draw(seed: u64, patients: usize, visits: usize, missing: f64) -> Self {
        let mut d = Draws(seed);
        let mut out = Self { y: vec![], base: vec![], arm: vec![], visit: vec![], id: vec![] };
        for i in 0..patients {
            let patient = 2.0 * d.normal();
            let times: Vec<f64> = (0..visits).map(|_| d.normal()).collect();
            for arm in ["A", "B"] {
                let (knee, base) = (1.5 * d.normal(), 10.0 + 3.0 * d.normal());
                for (v, time) in times.iter().enumerate() {
                    let noise = d.normal();
                    if d.uniform() < missing {
                        continue;
                    }
                    out.y.push(5.0 + patient + knee + time + 0.3 * base + noise * (1.0 + 0.3 * v as f64) + v as f64);
                    out.base.push(base);
                    out.arm.push(arm.to_owned());
                    out.visit.push(format!("V{v}"));
                    out.id.push(format!("P{i:03}"));
                }
            }
        }
        out
    }

    fn table(&self) -> Columns {
        let mut t = Columns::new();
        t.add_numeric("y", self.y.clone()).unwrap();
        t.add_numeric("base", self.base.clone()).unwrap();
        t.add_categorical("arm", self.arm.iter().map(Some)).unwrap();
        t.add_categorical("visit", self.visit.iter().map(Some)).unwrap();
        t.add_categorical("id", self.id.iter().map(Some)).unwrap();
        let knee = self.id.iter().zip(&self.arm).map(|(i, a)| Some(format!("{i}:{a}")));
        t.add_categorical("knee", knee).unwrap();
        t
    }
}

#[test]
fn one_paired_comparison_is_the_paired_t_test() {
    let mut interior = 0;
    for seed in 0..60 {
        let n = 3 + seed as usize % 12;
        let trial = Trial::draw(seed, n, 1, 0.0);
        let difference: Vec<f64> = trial.y.chunks_exact(2).map(|p| p[1] - p[0]).collect();
        let mean = difference.iter().sum::<f64>() / n as f64;
        let variance = difference.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / (n - 1) as f64;
        let se = (variance / n as f64).sqrt();
        for formula in ["y ~ arm + (1|id)", "y ~ arm + us(arm|id)", "y ~ arm + cs(arm|id)"] {
            let model = model(&trial.table(), formula);
            if model.is_singular() {
                continue;
            }
            interior += 1;
            for information in [Information::Observed, Information::Expected] {
                for ddf in [Ddf::Satterthwaite, Ddf::KenwardRoger, Ddf::KenwardRogerLinear] {
                    let t = tests(&model, ddf, information)[1].1;
                    let what = format!("seed {seed} {formula} {} {}", ddf.name(), information.name());
                    assert!(near(t.estimate, mean, 1e-9), "{what}: {} {mean}", t.estimate);
                    assert!(near(t.std_error, se, 1e-8), "{what}: se {} {se}", t.std_error);
                    assert!(near(t.df.unwrap(), (n - 1) as f64, 1e-7), "{what}: df {:?} {}", t.df, n - 1);
                }
            }
        }
    }
    assert!(interior > 120);
}

/// `datasets::sleep`, 10 pairs: t = 4.0621277, df 9, p = 0.00283289 (Student 1908; R 4.2 `t.test(paired = TRUE)`), which
/// mmrm's default Kenward–Roger turns into 0.00117 (openpharma/mmrm issue 510).
#[test]
fn sleep_keeps_its_paired_t_test() {
    let extra =
        [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0, 1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4];
    let mut t = Columns::new();
    t.add_numeric("extra", extra.to_vec()).unwrap();
    t.add_categorical("group", (0..20).map(|i| Some(if i < 10 { "1" } else { "2" }))).unwrap();
    t.add_categorical("id", (0..20).map(|i| Some((i % 10).to_string()))).unwrap();
    let model = model(&t, "extra ~ group + us(group|id)");
    let test = tests(&model, Ddf::KenwardRoger, Information::Observed)[1].1;
    assert!(near(test.statistic.unwrap(), 4.062127683382037, 1e-9));
    assert!(near(test.p_value.unwrap(), 0.00283289019738427, 1e-7));
}

#[test]
fn balanced_random_intercepts_give_the_mean_squares() {
    for seed in 0..20 {
        let (n, m) = (8, 4);
        let trial = Trial::draw(100 + seed, n, m / 2, 0.0);
        let means: Vec<f64> = trial.y.chunks_exact(m).map(|p| p.iter().sum::<f64>() / m as f64).collect();
        let grand = means.iter().sum::<f64>() / n as f64;
        let between = means.iter().map(|x| m as f64 * (x - grand).powi(2)).sum::<f64>() / (n - 1) as f64;
        let within = trial.y.chunks_exact(m).zip(&means).flat_map(|(p, x)| p.iter().map(move |y| (y - x).powi(2)));
        let within = within.sum::<f64>() / (n * (m - 1)) as f64;
        let model = model(&trial.table(), "y ~ 1 + (1|id)");
        let v = model.variance_components();
        if between > within {
            assert!(near(v[0].variance, (between - within) / m as f64, 1e-8), "{} {}", v[0].variance, between);
            assert!(near(v[1].variance, within, 1e-8));
        } else {
            assert!(model.is_singular() && v[0].variance == 0.0);
        }
        let test = tests(&model, Ddf::KenwardRoger, Information::Expected)[0].1;
        assert!(near(test.estimate, grand, 1e-10));
        if between > within {
            assert!(near(test.std_error, (between / (n * m) as f64).sqrt(), 1e-8));
            assert!(near(test.df.unwrap(), (n - 1) as f64, 1e-7));
        }
    }
}

/// Residuals with sample covariance exactly A ⊗ B: there the unstructured estimate is the product.
#[test]
fn a_kronecker_product_is_found_and_never_exceeds_unstructured() {
    let (n, k) = (14, 6);
    let mut d = Draws(7);
    let mut z: Vec<Vec<f64>> = (0..k).map(|_| (0..n).map(|_| d.normal()).collect()).collect();
    for j in 0..k {
        let (done, rest) = z.split_at_mut(j);
        let column = &mut rest[0];
        let mean = column.iter().sum::<f64>() / n as f64;
        column.iter_mut().for_each(|x| *x -= mean);
        for _ in 0..2 {
            for other in done.iter() {
                let dot: f64 = other.iter().zip(column.iter()).map(|(a, b)| a * b).sum::<f64>() / (n - 1) as f64;
                column.iter_mut().zip(other).for_each(|(a, b)| *a -= dot * b);
            }
        }
        let length = (column.iter().map(|x| x * x).sum::<f64>() / (n - 1) as f64).sqrt();
        column.iter_mut().for_each(|x| *x /= length);
    }
    // Cholesky factors of A (knees) and B (visits); that of the product is their product.
    let a = [[1.3, 0.0], [0.5, 1.1]];
    let b = [[2.0, 0.0, 0.0], [0.9, 1.5, 0.0], [0.4, 0.8, 1.9]];
    let (mut y, mut arm, mut visit, mut id) = (vec![], vec![], vec![], vec![]);
    #[allow(clippy::needless_range_loop, reason = "i is the patient: it indexes the inner dimension of z")]
    for i in 0..n {
        for r in 0..2 {
            for s in 0..3 {
                let mut value = (r * 3 + s) as f64;
                for p in 0..2 {
                    for q in 0..3 {
                        value += a[r][p] * b[s][q] * z[p * 3 + q][i];
                    }
                }
                y.push(value);
                arm.push(["A", "B"][r]);
                visit.push(["1", "2", "3"][s]);
                id.push(i.to_string());
            }
        }
    }
    let mut t = Columns::new();
    t.add_numeric("y", y).unwrap();
    t.add_categorical("arm", arm.into_iter().map(Some)).unwrap();
    t.add_categorical("visit", visit.into_iter().map(Some)).unwrap();
    t.add_categorical("id", id.into_iter().map(Some)).unwrap();
    let us = model(&t, "y ~ arm*visit + us(arm:visit|id)");
    let kron = model(&t, "y ~ arm*visit + kron(us(arm), us(visit)|id)");
    assert!(near(kron.log_lik(), us.log_lik(), 1e-12), "{} {}", kron.log_lik(), us.log_lik());
    let sigma = &kron.marginal_covariance()[0].matrix;
    assert!(near(sigma[0][0], 1.3 * 1.3 * 4.0, 1e-8) && near(sigma[0][4], 0.65 * 1.8, 1e-7), "{sigma:?}");
    for seed in 0..10 {
        let table = Trial::draw(300 + seed, 24, 3, 0.1).table();
        let us = model(&table, "y ~ arm*visit + us(arm:visit|id)").log_lik();
        for smaller in ["us(arm), us(visit)", "us(arm), cs(visit)", "cs(arm), us(visit)", "us(arm), ar1(visit)"] {
            let product = model(&table, &format!("y ~ arm*visit + kron({smaller}|id)")).log_lik();
            assert!(product <= us + 1e-9, "seed {seed} {smaller}: {product} above {us}");
        }
    }
}

/// Active − placebo and active + placebo of exchangeable knees are independent. With a covariance of the visits within
/// knees, and one that the knees share, the differences have one of their own: on complete pairs the comparisons (estimate,
/// SE, df) are those of an MMRM of the differences, wherever the shared part is not on its boundary.
#[test]
fn exchangeable_knees_split_into_sum_and_difference() {
    let mut compared = 0;
    for seed in 0..8 {
        let trial = Trial::draw(11 + seed, 15, 3, 0.0);
        let whole = model(&trial.table(), "y ~ arm*visit + (0+visit|id) + us(visit|knee)");
        if whole.is_singular() {
            continue;
        }
        compared += 1;
        let (mut d, mut visit, mut id) = (vec![], vec![], vec![]);
        for i in (0..trial.y.len()).filter(|&i| trial.arm[i] == "A") {
            let same = |j: &usize| {
                trial.arm[*j] == "B" && (&trial.id[*j], &trial.visit[*j]) == (&trial.id[i], &trial.visit[i])
            };
            let other = (0..trial.y.len()).find(same).unwrap();
            d.push(trial.y[other] - trial.y[i]);
            visit.push(trial.visit[i].clone());
            id.push(trial.id[i].clone());
        }
        let mut table = Columns::new();
        table.add_numeric("d", d).unwrap();
        table.add_categorical("visit", visit.into_iter().map(Some)).unwrap();
        table.add_categorical("id", id.into_iter().map(Some)).unwrap();
        let differences = model(&table, "d ~ visit + us(visit|id)");
        for ddf in [Ddf::Satterthwaite, Ddf::KenwardRoger] {
            let one = whole.inference(ddf, Information::Observed, 0.95).unwrap();
            let other = differences.inference(ddf, Information::Observed, 0.95).unwrap();
            let means = other.ls_means(&LsMeansSpec::parse("visit")).unwrap();
            for (a, b) in one.ls_differences(&LsMeansSpec::parse("arm|visit")).unwrap().iter().zip(&means) {
                let (a, b) = (a.test.unwrap(), b.test.unwrap());
                let what = format!("seed {seed} {}: {a:?} {b:?}", ddf.name());
                assert!(near(a.estimate, b.estimate, 1e-7) && near(a.std_error, b.std_error, 1e-6), "{what}");
                assert!(near(a.df.unwrap(), b.df.unwrap(), 1e-5), "{what}");
            }
        }
    }
    assert!(compared >= 2, "{compared}");
}

const FORMULAS: [&str; 6] = [
    "y ~ arm*visit + base + (1|id) + (1|id:arm)",
    "y ~ arm*visit + base + us(visit|knee)",
    "y ~ arm*visit + base + ar1h(visit|knee) + (1|id)",
    "y ~ arm*visit + base + kron(us(arm), ar1(visit)|id)",
    "y ~ arm*visit + base + us(visit|arm/knee)",
    "y ~ arm + visit + base + adh(visit|knee)",
];

fn same(a: &Fit, b: &Fit, shift: f64, scale: f64, what: &str) {
    let (n, p) = (a.n_obs() as f64, a.design.n_columns() as f64);
    let expected = a.log_lik() - (n - p) * scale.ln() + shift;
    assert!((expected - b.log_lik()).abs() < 2e-9 * expected.abs(), "{what}: {expected} {}", b.log_lik());
    for ddf in [Ddf::KenwardRoger, Ddf::Satterthwaite] {
        for ((name, x), (other, y)) in
            tests(a, ddf, Information::Observed).iter().zip(&tests(b, ddf, Information::Observed)).skip(1)
        {
            assert_eq!(name, other);
            assert!(near(x.statistic.unwrap(), y.statistic.unwrap(), 2e-6), "{what} {name} {x:?} {y:?}");
            assert!(near(x.df.unwrap(), y.df.unwrap(), 2e-6), "{what} {name} {x:?} {y:?}");
        }
    }
}

#[test]
fn order_labels_location_and_scale_do_not_matter() {
    let trial = Trial::draw(5, 30, 3, 0.15);
    let n = trial.y.len();
    let mut d = Draws(99);
    let mut order: Vec<usize> = (0..n).collect();
    for i in (1..n).rev() {
        order.swap(i, (d.uniform() * (i + 1) as f64) as usize);
    }
    let permuted = trial.table().select_rows(&order);
    let mut relabelled = Trial::draw(5, 30, 3, 0.15);
    relabelled.id.iter_mut().for_each(|id| *id = format!("{}-{id}", id.chars().rev().collect::<String>()));
    let with_y = |map: &dyn Fn(f64) -> f64| {
        let mut t = trial.table();
        t.add_numeric("y", trial.y.iter().map(|y| map(*y)).collect()).unwrap();
        t
    };
    let mut covariate = trial.table();
    covariate.add_numeric("base", trial.base.iter().map(|b| 1e6 * b - 3e5).collect()).unwrap();
    for formula in FORMULAS {
        let original = model(&trial.table(), formula);
        assert!(original.certificate.gradient_max < 1e-8, "{formula}: {}", original.certificate.gradient_max);
        same(&original, &model(&permuted, formula), 0.0, 1.0, "permuted rows");
        same(&original, &model(&relabelled.table(), formula), 0.0, 1.0, "relabelled patients");
        same(&original, &model(&with_y(&|y| y + 1e5), formula), 0.0, 1.0, "shifted outcome");
        same(&original, &model(&with_y(&|y| 1e9 * y), formula), 0.0, 1e9, "outcome times 1e9");
        same(&original, &model(&with_y(&|y| 1e-9 * y), formula), 0.0, 1e-9, "outcome times 1e-9");
        same(&original, &model(&covariate, formula), -(1e6_f64.ln()), 1.0, "covariate rescaled");
    }
}

#[test]
fn reml_does_not_depend_on_the_parametrisation_of_the_fixed_effects() {
    let trial = Trial::draw(6, 25, 3, 0.1);
    let mut other = trial.table();
    other.set_levels("arm", &["B", "A"]).unwrap();
    for formula in FORMULAS {
        let (a, b) = (model(&trial.table(), formula), model(&other, formula));
        assert!(near(a.log_lik(), b.log_lik(), 1e-11), "{formula}");
        let mean = |m: &Fit| {
            let i = m.inference(Ddf::KenwardRoger, Information::Observed, 0.95).unwrap();
            i.ls_means(&LsMeansSpec::parse("arm|visit"))
                .unwrap()
                .into_iter()
                .find(|l| l.levels.get("arm") == Some("B") && l.levels.get("visit") == Some("V1"))
                .unwrap()
                .test
                .unwrap()
        };
        let (x, y) = (mean(&a), mean(&b));
        assert!(near(x.estimate, y.estimate, 1e-8) && near(x.std_error, y.std_error, 1e-6), "{formula} {x:?} {y:?}");
    }
    other.set_levels("visit", &["V2", "V0", "V1"]).unwrap();
    let one = model(&trial.table(), "y ~ arm*visit + (1|id)").log_lik();
    assert!(near(one, model(&other, "y ~ arm*visit + (1|id)").log_lik(), 1e-11));
    let cells = model(&trial.table(), "y ~ 0 + arm:visit + (1|id)").log_lik();
    assert!(near(one, cells, 1e-11));
}

// ---- hard data ----

#[test]
fn two_patients() {
    let table = Trial::draw(21, 2, 2, 0.0).table();
    let model = model(&table, "y ~ arm + (1|id)");
    assert_eq!(model.n_patients(), 2);
    let error = try_model(&table, "y ~ arm*visit + us(arm:visit|id)").unwrap_err();
    assert!(matches!(error.code(), "model-unbounded" | "model-not-converged" | "model-not-estimable"), "{error}");
}

#[test]
fn a_visit_seen_on_one_knee_only() {
    let mut trial = Trial::draw(22, 12, 2, 0.0);
    for i in 0..trial.y.len() {
        if trial.visit[i] == "V1" && trial.arm[i] == "B" {
            trial.y[i] = f64::NAN;
        }
    }
    let model = model(&trial.table(), "y ~ arm*visit + (1|id)");
    assert_eq!(model.design.aliased, ["armB:visitV1"]);
    assert!(model.notes.iter().any(|n| n.text().contains("armB:visitV1")));
    let inference = model.inference(Ddf::KenwardRoger, Information::Observed, 0.95).unwrap();
    let means = inference.ls_means(&LsMeansSpec::parse("arm|visit")).unwrap();
    let missing: Vec<bool> = means.iter().map(|m| m.test.is_none()).collect();
    assert_eq!(missing, [false, false, false, true]);
    assert_eq!((model.frame.n_dropped, model.n_patients_without_rows()), (12, 0));
    for i in 0..trial.y.len() {
        if trial.id[i] == "P003" {
            trial.y[i] = f64::NAN;
        }
    }
    let without = try_model(&trial.table(), "y ~ arm*visit + (1|id)").unwrap();
    assert_eq!((without.n_patients(), without.n_patients_without_rows()), (11, 1));
}

#[test]
fn a_constant_outcome_is_refused() {
    let mut table = Trial::draw(23, 6, 2, 0.0).table();
    table.add_numeric("y", vec![4.0; 24]).unwrap();
    let error = try_model(&table, "y ~ arm*visit + (1|id)").unwrap_err();
    assert_eq!(error.code(), "model-no-variation");
    let explained = trial_arm(&table);
    table.add_numeric("y", explained).unwrap();
    assert_eq!(try_model(&table, "y ~ arm + (1|id)").unwrap_err().code(), "model-no-variation");
}

/// An outcome that the arm explains exactly.
fn trial_arm(table: &Columns) -> Vec<f64> {
    match table.column("arm").unwrap() {
        splitknee::model::Column::Categorical { codes, .. } => {
            codes.iter().map(|c| 3.0 + f64::from(c.unwrap_or(0))).collect()
        }
        splitknee::model::Column::Numeric(values) => values.clone(),
    }
}

#[test]
fn collinear_covariates_are_dropped_and_named() {
    let trial = Trial::draw(24, 15, 2, 0.0);
    let mut table = trial.table();
    table.add_numeric("twice", trial.base.iter().map(|b| 2.0 * b + 1.0).collect()).unwrap();
    let model = model(&table, "y ~ arm + base + twice + (1|id)");
    assert_eq!(model.design.aliased, ["twice"]);
}

#[test]
fn a_singular_fit_is_named() {
    // Knees of a patient are negatively related: no patient variance.
    let mut trial = Trial::draw(25, 10, 1, 0.0);
    for pair in trial.y.chunks_exact_mut(2) {
        let d = pair[0];
        pair[1] = 20.0 - d + 0.01 * pair[1];
    }
    let model = model(&trial.table(), "y ~ arm + (1|id)");
    assert!(model.is_singular());
    assert_eq!(model.variance_components()[0].variance, 0.0);
    assert!(
        model.notes.iter().any(|n| n.text().contains("id: variance of (Intercept)") && n.text().contains("singular"))
    );
    for information in [Information::Observed, Information::Expected] {
        for ddf in Ddf::ALL {
            let inference = model.inference(ddf, information, 0.95).unwrap();
            let all = inference.coefficients().unwrap();
            assert!(all.iter().all(|(_, t)| t.std_error.is_finite()));
        }
    }
}

#[test]
fn one_patient_with_fifty_rows() {
    let mut trial = Trial::draw(26, 10, 2, 0.0);
    let mut d = Draws(1);
    for i in 0..46 {
        trial.y.push(4.0 + d.normal());
        trial.base.push(9.0 + d.normal());
        trial.arm.push(["A", "B"][i % 2].into());
        trial.visit.push(["V0", "V1"][i / 2 % 2].into());
        trial.id.push("P000".into());
    }
    let model = model(&trial.table(), "y ~ arm*visit + base + (1|id) + (1|id:arm)");
    assert!(model.certificate.converged && model.n_patients() == 10);
    let error = try_model(&trial.table(), "y ~ arm + us(visit|knee)").unwrap_err();
    assert_eq!(error.code(), "model-duplicate-cell");
}

#[test]
fn sixteen_cells_with_twenty_patients_are_too_many() {
    let trial = Trial::draw(27, 20, 8, 0.25);
    let error = try_model(&trial.table(), "y ~ arm*visit + base + us(arm:visit|id)").unwrap_err();
    assert!(
        matches!(error.code(), "model-unbounded" | "model-not-converged" | "model-not-estimable"),
        "{} {error}",
        error.code()
    );
    assert!(!error.remedy().text.is_empty());
}

#[test]
fn groupings_that_do_not_nest_are_refused() {
    let table = Trial::draw(28, 8, 2, 0.0).table();
    let error = try_model(&table, "y ~ arm + (1|id) + (1|visit)").unwrap_err();
    assert_eq!(error.code(), "model-not-nested");
    let error = try_model(&table, "y ~ arm + us(visit|arm/id)").unwrap_err();
    assert!(matches!(error.code(), "model-group-within-subject" | "model-duplicate-cell"), "{error}");
    let error = try_model(&table, "y ~ arm + (1|id:arm:visit)").unwrap_err();
    assert_eq!(error.code(), "model-confounded");
    let error = try_model(&table, "y ~ arm + (1|nobody)").unwrap_err();
    assert_eq!(error.code(), "model-unknown-column");
}

#[test]
fn kenward_roger_needs_reml() {
    let table = Trial::draw(29, 8, 2, 0.0).table();
    let formula = Formula::parse("y ~ arm + (1|id)").unwrap();
    let ml = fit(&table, &formula, &FitOptions { method: Method::Ml, ..FitOptions::default() }).unwrap();
    assert_eq!(ml.inference(Ddf::KenwardRoger, Information::Observed, 0.95).unwrap_err().code(), "model-unsupported");
    assert!(ml.inference(Ddf::Satterthwaite, Information::Observed, 0.95).is_ok());
}

#[test]
fn formula_errors_point_at_the_place() {
    let cases = [
        ("y ~ arm + (1|", 13..13),
        ("y ~ arm + sin(x)", 10..13),
        ("y arm", 2..5),
        ("y ~ arm ++ x", 9..10),
        ("y ~ us(visit)", 12..13),
        ("y ~ a + (1+x^2|id)", 12..13),
        ("y ~ a - (1|id)", 8..9),
        ("y ~ a # b", 6..7),
    ];
    for (text, place) in cases {
        match Formula::parse(text) {
            Err(ModelError::Formula { span, .. }) => assert_eq!(span, place, "{text}"),
            other => panic!("{text}: {other:?}"),
        }
    }
    assert!(Formula::parse(&format!("y ~ {}x{}", "(".repeat(100_000), ")".repeat(100_000))).is_err());
}

/// Random slopes on the boundary, against lme4 1.1-31 (BOBYQA to 1e-14) on the same numbers: correlations of −1, one of
/// them beside almost no intercept variance.
#[test]
fn random_slopes_on_the_boundary() {
    let wave = |x: f64| (x * 12.9898).sin() * 1.7;
    let (mut none, mut perfect, mut time, mut group) = (vec![], vec![], vec![], vec![]);
    for g in 1..=12_u32 {
        for t in 0..5_u32 {
            let (g, t) = (f64::from(g), f64::from(t));
            let noise = wave(g * 7.0 + t * 3.0);
            none.push(3.0 + 0.5 * t + wave(g + 40.0) * t + 1.5 * noise);
            perfect.push(3.0 + 0.5 * t + (t - 2.0) * wave(g + 40.0) + 0.5 * noise);
            time.push(t);
            group.push(g.to_string());
        }
    }
    let mut table = Columns::new();
    table.add_numeric("none", none).unwrap();
    table.add_numeric("perfect", perfect).unwrap();
    table.add_numeric("t", time).unwrap();
    table.add_categorical("g", group.into_iter().map(Some)).unwrap();
    let cases = [
        // lme4 from its own start stops at a saddle with no intercept variance (log-likelihood -139.16066); started at
        // theta = (0.1, -0.5, 0.1) it finds this.
        (
            "none ~ t + (1+t|g)",
            -139.1580252404216,
            [0.001181101148, 1.323117643877, -0.039531452895, 3.863386518922],
            [0.4396222822, 0.3774317042],
        ),
        (
            "perfect ~ t + (1+t|g)",
            -77.53953989616144,
            [5.5659680189, 1.3907769257, -2.7822688385, 0.3629047354],
            [0.6942448451, 0.3448511030],
        ),
    ];
    for (formula, log_lik, variances, errors) in cases {
        let model = model(&table, formula);
        assert!(model.is_singular(), "{formula}");
        assert!(near(model.log_lik(), log_lik, 1e-11), "{formula}: {} {log_lik}", model.log_lik());
        let g = model.random_covariance("g").unwrap().matrix;
        let residual = model.variance_components().last().unwrap().variance;
        for (ours, expected) in [g[0][0], g[1][1], g[0][1], residual].iter().zip(variances) {
            assert!((ours - expected).abs() <= 1e-4 * expected.abs().max(1e-4), "{formula}: {ours} {expected}");
        }
        for ((_, test), expected) in tests(&model, Ddf::Satterthwaite, Information::Observed).iter().zip(errors) {
            assert!(near(test.std_error, expected, 1e-5), "{formula}: {} {expected}", test.std_error);
            assert!(test.df.is_some_and(|d| d > 5.0), "{formula}: {:?}", test.df);
        }
        for information in [Information::Observed, Information::Expected] {
            assert!(model.inference(Ddf::KenwardRoger, information, 0.95).is_ok(), "{formula}");
        }
    }
}

/// Whatever is asked, the answer is a fit or an error, never a panic.
#[test]
fn nothing_panics() {
    let words = [
        "y",
        "arm",
        "visit",
        "id",
        "knee",
        "base",
        "~",
        "+",
        "-",
        "*",
        ":",
        "/",
        "^",
        "(",
        ")",
        "|",
        "||",
        "1",
        "0",
        "2",
        "us",
        "kron",
        "ar1",
        "I",
        "log",
        ",",
        "`",
        "é",
        "(1|id)",
        "us(visit|knee)",
        "(base|id)",
        "arm*visit",
    ];
    let mut d = Draws(2024);
    let mut pick = |n: usize| (d.uniform() * n as f64) as usize;
    for _ in 0..20_000 {
        let length = 1 + pick(9);
        let text: Vec<&str> = (0..length).map(|_| words[pick(words.len())]).collect();
        if let Err(error) = Formula::parse(&format!("y ~ {}", text.join(" "))) {
            assert!(!error.to_string().is_empty());
        }
    }
    let fixed = ["1", "arm", "arm*visit", "0 + arm:visit", "base + I(base^2)", "arm*base", "log(base)", "visit/arm"];
    let random = [
        "",
        "(1|id)",
        "(1|id/arm)",
        "(1+base|id)",
        "(base||id)",
        "(arm|id)",
        "us(visit|knee)",
        "csh(visit|knee)",
        "toeph(visit|arm/knee)",
        "kron(us(arm), us(visit)|id)",
        "ar1(visit|knee) + (1|id)",
        "us(arm:visit|id)",
        "adh(visit|knee) + (1|id)",
    ];
    let mut fitted = 0;
    for seed in 0..120 {
        let table = Trial::draw(9000 + seed, 1 + pick(9), 1 + pick(4), 0.1 * pick(6) as f64).table();
        let term = random[pick(random.len())];
        let plus = if term.is_empty() { "" } else { " + " };
        let formula = format!("y ~ {}{plus}{term}", fixed[pick(fixed.len())]);
        match try_model(&table, &formula) {
            Ok(model) => {
                fitted += 1;
                let options = splitknee::model::ReportOptions {
                    emmeans: vec![LsMeansSpec::parse("arm|visit"), LsMeansSpec::parse("arm")],
                    contrasts: vec![LsMeansSpec::parse("visit")],
                    anova: splitknee::model::AnovaType::from_name(["I", "II", "III"][pick(3)]),
                    ddf: Ddf::ALL[pick(6)],
                    ..Default::default()
                };
                if let Ok(report) = model.report(&options) {
                    let text = serde_json::to_string(&report).unwrap();
                    assert!(!text.contains("NaN"), "{formula}");
                }
            }
            Err(error) => assert!(!error.remedy().text.is_empty() && error.code().starts_with("model-")),
        }
    }
    assert!(fitted > 30, "{fitted}");
}

/// `y` with one factor and a patient per row.
fn one_factor(name: &str, y: &[f64], levels: &[&str], patients: &[&str]) -> Columns {
    let mut table = Columns::new();
    table.add_numeric("y", y.to_vec()).unwrap();
    table.add_categorical(name, levels.iter().map(Some)).unwrap();
    table.add_categorical("id", patients.iter().map(Some)).unwrap();
    table
}

/// lmerTest 3.1-3 with pbkrtest 0.5.2: `anova(lmer(y ~ arm + (1|id)), ddf = "Kenward-Roger")`: df 2, F 16, p 0.057190958,
/// the paired t-test; for two patients at three visits df 2, F 7/3, p 0.3; `KRmodcomp(...)$stats$F.scaling` is 1.
#[test]
fn kenward_roger_on_two_degrees_of_freedom() {
    let pairs = one_factor(
        "arm",
        &[3.0, 5.0, 4.0, 9.0, 1.0, 6.0],
        &["A", "B", "A", "B", "A", "B"],
        &["1", "1", "2", "2", "3", "3"],
    );
    let visits = one_factor(
        "visit",
        &[1.0, 4.0, 2.0, 6.0, 10.0, 12.0],
        &["1", "2", "3", "1", "2", "3"],
        &["1", "1", "1", "2", "2", "2"],
    );
    let expected = [(pairs, "y ~ arm + (1|id)", 16.0, 0.057190958418), (visits, "y ~ visit + (1|id)", 7.0 / 3.0, 0.3)];
    for (table, formula, statistic, p_value) in expected {
        let fit = model(&table, formula);
        for ddf in [Ddf::KenwardRoger, Ddf::KenwardRogerLinear] {
            for information in [Information::Observed, Information::Expected] {
                let inference = fit.inference(ddf, information, 0.95).unwrap();
                let test = inference.anova(AnovaType::III).unwrap()[0].test.unwrap();
                assert!(test.den_df.is_some_and(|df| near(df, 2.0, 1e-6)), "{formula}: {test:?}");
                assert!(near(test.scaling, 1.0, 1e-6), "{formula}: {test:?}");
                assert!(test.statistic.is_some_and(|f| near(f, statistic, 1e-7)), "{formula}: {test:?}");
                assert!(test.p_value.is_some_and(|p| near(p, p_value, 1e-7)), "{formula}: {test:?}");
            }
        }
    }
}

/// Eight patients, three visits twice each, random slopes, a seventh of the rows missing.
fn slopes() -> Columns {
    let wave = |t: f64| (t * 12.9898).sin() * 1.7;
    let mut table = Columns::new();
    let (mut y, mut v, mut x, mut id) = (vec![], vec![], vec![], vec![]);
    for i in 1..=8_u32 {
        for time in 0..6_u32 {
            if (i * 5 + time * 3) % 7 == 0 {
                continue;
            }
            let (visit, a, t) = (time % 3 + 1, f64::from(i), f64::from(time));
            let w = f64::from(visit);
            y.push(3.0 + 0.3 * w + 2.0 * wave(a) + 0.6 * t * wave(a + 40.0) + wave(a * 7.0 + t * 3.0 + w * 5.0));
            v.push(visit.to_string());
            x.push(t);
            id.push(i.to_string());
        }
    }
    table.add_numeric("y", y).unwrap();
    table.add_numeric("x", x).unwrap();
    table.add_categorical("v", v.iter().map(Some)).unwrap();
    table.add_categorical("id", id.iter().map(Some)).unwrap();
    table
}

/// lmerTest 3.1-3, `anova(lmer(y ~ v + (1+x|id)), type = 1:3)`: one term has one basis in all types, that of type I.
/// With a second term, `y ~ v + x + (1+x|id)`, types II and III leave it.
#[test]
fn satterthwaite_of_a_single_term() {
    let satterthwaite = |formula: &str, kind: AnovaType| {
        let fit = model(&slopes(), formula);
        let inference = fit.inference(Ddf::Satterthwaite, Information::Observed, 0.95).unwrap();
        inference.anova(kind).unwrap()[0].test.unwrap()
    };
    for kind in [AnovaType::I, AnovaType::II, AnovaType::III] {
        let test = satterthwaite("y ~ v + (1+x|id)", kind);
        assert!(test.den_df.is_some_and(|df| near(df, 27.830882, 1e-6)), "{kind:?}: {test:?}");
        assert!(test.p_value.is_some_and(|p| near(p, 0.48584923, 1e-6)), "{kind:?}: {test:?}");
        // Without an intercept all types ask whether every cell is zero.
        let test = satterthwaite("y ~ 0 + v + (1+x|id)", kind);
        assert_eq!(test.num_df, 3);
        assert!(test.den_df.is_some_and(|df| near(df, 17.141564, 1e-6)), "{kind:?}: {test:?}");
        assert!(test.statistic.is_some_and(|f| near(f, 54.449972, 1e-6)), "{kind:?}: {test:?}");
    }
    for (kind, df, p_value) in [
        (AnovaType::I, 23.517058, 0.51953652),
        (AnovaType::II, 25.390881, 0.49299034),
        (AnovaType::III, 25.390881, 0.49299034),
    ] {
        let test = satterthwaite("y ~ v + x + (1+x|id)", kind);
        assert!(test.den_df.is_some_and(|d| near(d, df, 1e-6)), "{kind:?}: {test:?}");
        assert!(test.p_value.is_some_and(|p| near(p, p_value, 1e-6)), "{kind:?}: {test:?}");
    }
}

/// The binomial weights need variances whose estimates are independent (Self & Liang 1987, case 7); those of a patient
/// and of the knees in the patient are not.
#[test]
fn two_nested_variances_have_no_known_mixture() {
    let table = Trial::draw(41, 14, 2, 0.0).table();
    let fits = ["y ~ arm", "y ~ arm + (1|id)", "y ~ arm + (1|id) + (1|id:arm)"].map(|f| model(&table, f));
    let compare = |i: usize, j: usize| likelihood_ratio(&fits[i], &fits[j]).unwrap();
    for one in [compare(0, 1), compare(1, 2)] {
        assert_eq!((one.df, one.mixture.as_deref()), (1, Some("0.5 χ²(0) + 0.5 χ²(1)")));
        assert!(near(one.p_value_mixture.unwrap(), 0.5 * one.p_value, 1e-12));
    }
    let both = compare(0, 2);
    assert_eq!((both.df, both.p_value_mixture, both.mixture), (2, None, None));
    // The residual structure changes too: as many other parameters, but not the same.
    let other = [model(&table, "y ~ arm + cs(visit|knee)"), model(&table, "y ~ arm + ar1(visit|knee) + (1|id)")];
    let crossed = likelihood_ratio(&other[0], &other[1]).unwrap();
    assert_eq!((crossed.df, crossed.p_value_mixture), (1, None));
    assert!(crossed.note.is_some(), "the patient's variance is zero in the smaller model");
}

/// Compound symmetry lies inside the unstructured covariance, not on its boundary: no warning about zero variances.
#[test]
fn structures_of_one_covariance_are_compared_without_a_warning_of_the_boundary() {
    let table = Trial::draw(43, 14, 3, 0.0).table();
    let fits = ["y ~ arm + cs(visit|knee)", "y ~ arm + us(visit|knee)"].map(|f| model(&table, f));
    let found = likelihood_ratio(&fits[0], &fits[1]).unwrap();
    assert_eq!((found.df, found.note, found.mixture), (4, None, None));
}

/// Squares of 1e300 are infinite: that is said, instead of an outcome without variation.
#[test]
fn values_whose_squares_overflow_are_named() {
    let values: Vec<f64> = [1.0, 2.5, 4.0, 4.5, 2.0, 3.0].iter().map(|v| v * 1e300).collect();
    let table = one_factor("group", &values, &["A", "B", "A", "B", "A", "B"], &["1", "1", "2", "2", "3", "3"]);
    for formula in ["y ~ group + (1|id)", "y ~ group + us(group|id)"] {
        let error = try_model(&table, formula).unwrap_err();
        assert_eq!(error.code(), "model-overflow", "{formula}");
        assert!(error.to_string().contains("4.5e300"), "{error}");
    }
}

#[test]
fn a_confidence_level_outside_the_unit_interval_is_refused() {
    let fit = model(&Trial::draw(42, 8, 2, 0.0).table(), "y ~ arm + (1|id)");
    for level in [0.0, 1.0, -0.5, 95.0, f64::NAN] {
        assert_eq!(fit.profile_intervals(Method::Reml, level).unwrap_err().code(), "model-unsupported");
        let robust = robust_covariance(&fit.patient_blocks().unwrap(), RobustKind::Cr2).unwrap();
        assert!(robust.contrast(&[0.0, 1.0], fit.coefficient_estimates(), level).is_none());
    }
}

/// Two patients in two groups leave nothing between patients to estimate their variance from: lme4 prints one at which its
/// search happened to end.
#[test]
fn a_patient_variance_without_degrees_of_freedom_is_refused() {
    let table = one_factor("group", &[1.0, 2.5, 4.0, 4.5], &["A", "A", "B", "B"], &["1", "1", "2", "2"]);
    let error = try_model(&table, "y ~ group + (1|id)").unwrap_err();
    assert_eq!(error.code(), "model-not-estimable");
    assert!(error.to_string().contains("id: variance of (Intercept)"), "{error}");
}

//! `pair(visit|id)`: exchangeable knees over visits, against closed forms, an equivalent model and a likelihood written out.

use splitknee_stats::model::{Columns, Ddf, Fit, FitOptions, Formula, Information, TTest, fit};
use splitknee_stats::paired::{Options, paired_t::paired_t};

/// SplitMix64 and Box–Muller.
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

#[derive(Clone)]
struct Row {
    id: usize,
    arm: usize,
    visit: usize,
    y: f64,
    base: f64,
}

/// Knees with a shared part (times `shared`, which may be negative: then the knees move against each other) and own parts
/// whose spread grows over the visits.
fn rows(seed: u64, patients: usize, visits: usize, shared: f64, missing: f64) -> Vec<Row> {
    let mut d = Draws(seed);
    let mut out = Vec::new();
    for id in 0..patients {
        let patient = 3.0 * d.normal();
        let times: Vec<f64> = (0..visits).map(|_| d.normal()).collect();
        for arm in 0..2 {
            let sign = if arm == 1 && shared < 0.0 { -1.0 } else { 1.0 };
            let (knee, base) = (2.0 * d.normal(), 50.0 + 8.0 * d.normal());
            for (visit, time) in times.iter().enumerate() {
                let grows = 1.0 + 0.6 * visit as f64;
                let own = grows * (knee + d.normal());
                let y = 40.0 + sign * shared.abs() * (patient + time) + own + 0.4 * base - 2.0 * visit as f64;
                if d.uniform() >= missing {
                    out.push(Row { id, arm, visit, y, base });
                }
            }
        }
    }
    out
}

fn table(rows: &[Row], visits: &[&str]) -> Columns {
    let mut t = Columns::new();
    t.add_numeric("y", rows.iter().map(|r| r.y).collect()).unwrap();
    t.add_numeric("base", rows.iter().map(|r| r.base).collect()).unwrap();
    t.add_categorical("trt", rows.iter().map(|r| Some(["P", "A"][r.arm]))).unwrap();
    t.set_levels("trt", &["P", "A"]).unwrap();
    t.add_categorical("side", rows.iter().map(|r| Some(["L", "R"][(r.arm + r.id) % 2]))).unwrap();
    t.add_categorical("visit", rows.iter().map(|r| Some(["M1", "M3", "M6"][r.visit]))).unwrap();
    t.set_levels("visit", visits).unwrap();
    t.add_categorical("id", rows.iter().map(|r| Some(format!("P{:03}", r.id)))).unwrap();
    t
}

fn model(t: &Columns, formula: &str) -> Fit {
    fit(t, &Formula::parse(formula).unwrap(), &FitOptions::default()).unwrap_or_else(|e| panic!("{formula}: {e}"))
}

/// Active − placebo at the visit named, whatever the order of the levels.
fn effect(model: &Fit, visit: &str) -> TTest {
    let inference = model.inference(Ddf::KenwardRoger, Information::Observed, 0.95).unwrap();
    let names = model.coefficient_names();
    let wanted = ["trtA".to_owned(), format!("trtA:visit{visit}")];
    let weights: Vec<f64> = names.iter().map(|n| f64::from(u8::from(wanted.contains(n)))).collect();
    inference.contrast(&weights).unwrap()
}

fn near(what: &str, a: f64, b: f64, tolerance: f64) {
    assert!((a - b).abs() <= tolerance * (1.0 + b.abs()), "{what}: {a} and {b}");
}

fn same(what: &str, a: &TTest, b: &TTest, tolerance: f64) {
    near(what, a.estimate, b.estimate, tolerance);
    near(what, a.std_error, b.std_error, tolerance);
    near(what, a.df.unwrap(), b.df.unwrap(), tolerance);
    near(what, a.p_value.unwrap(), b.p_value.unwrap(), tolerance);
}

const VISITS: [&str; 3] = ["M1", "M3", "M6"];
const PAIR: &str = "y ~ trt*visit + base + base:visit + pair(visit|id)";

#[test]
fn the_random_effects_form_where_the_knees_share_something() {
    for missing in [0.0, 0.15] {
        let t = table(&rows(3, 24, 3, 1.5, missing), &VISITS);
        let ours = model(&t, PAIR);
        let other = model(&t, "y ~ trt*visit + base + base:visit + (0+visit|id) + us(visit|id:trt)");
        assert!(!other.is_singular());
        near("log-likelihood", ours.log_lik(), other.log_lik(), 1e-10);
        for visit in VISITS {
            same(visit, &effect(&ours, visit), &effect(&other, visit), 2e-6);
        }
    }
}

#[test]
fn knees_that_move_against_each_other_have_an_indefinite_block_and_a_higher_likelihood() {
    let t = table(&rows(5, 20, 3, -1.0, 0.1), &VISITS);
    let ours = model(&t, PAIR);
    let bounded = model(&t, "y ~ trt*visit + base + base:visit + (0+visit|id) + us(visit|id:trt)");
    assert!(bounded.is_singular());
    assert!(ours.log_lik() > bounded.log_lik() + 1.0, "{} {}", ours.log_lik(), bounded.log_lik());
    let sigma = &ours.marginal_covariance()[0];
    assert_eq!(sigma.levels, ["P:M1", "P:M3", "P:M6", "A:M1", "A:M3", "A:M6"]);
    assert!((0..3).any(|v| sigma.matrix[v][v + 3] < 0.0));
    for a in 0..3 {
        for b in 0..3 {
            near("A", sigma.matrix[a][b], sigma.matrix[a + 3][b + 3], 1e-12);
            near("B", sigma.matrix[a][b + 3], sigma.matrix[b][a + 3], 1e-12);
        }
    }
}

#[test]
fn one_visit_is_compound_symmetry_and_the_paired_t_test() {
    for shared in [2.0, -2.0] {
        let data = rows(8, 10, 1, shared, 0.0);
        let t = table(&data, &["M1"]);
        let (active, placebo): (Vec<&Row>, Vec<&Row>) = data.iter().partition(|r| r.arm == 1);
        let values = |rows: &[&Row]| rows.iter().map(|r| r.y).collect::<Vec<f64>>();
        let expected = paired_t(&values(&active), &values(&placebo), &Options::default()).unwrap();
        for term in ["pair(1|id)", "pair(visit|id)", "pair(visit, side|id)", "cs(trt|id)"] {
            let ours = effect(&model(&t, &format!("y ~ trt + {term}")), "none");
            near(term, ours.estimate, expected.estimate.unwrap(), 1e-10);
            near(term, ours.std_error, expected.std_error.unwrap(), 1e-8);
            near(term, ours.df.unwrap(), expected.df.unwrap(), 1e-6);
            near(term, ours.p_value.unwrap(), expected.p_value.unwrap(), 1e-8);
        }
        let with_base = |term: &str| effect(&model(&t, &format!("y ~ trt + base + {term}")), "none");
        same("covariate", &with_base("pair(1|id)"), &with_base("cs(trt|id)"), 1e-7);
    }
}

/// On complete pairs the likelihood is that of the sums and that of the differences, an MMRM each.
#[test]
fn complete_pairs_are_two_unstructured_problems() {
    let data = rows(11, 15, 3, -0.8, 0.0);
    let t = table(&data, &VISITS);
    let ours = model(&t, "y ~ trt*visit + pair(visit|id)");
    let mut halves = Columns::new();
    let find = |id, arm, visit| data.iter().find(|r| (r.id, r.arm, r.visit) == (id, arm, visit)).unwrap().y;
    let cells: Vec<(usize, usize)> = (0..15).flat_map(|i| (0..3).map(move |v| (i, v))).collect();
    let root = std::f64::consts::SQRT_2;
    let half = |sign: f64| cells.iter().map(|&(i, v)| (find(i, 1, v) + sign * find(i, 0, v)) / root).collect();
    halves.add_numeric("sum", half(1.0)).unwrap();
    halves.add_numeric("difference", half(-1.0)).unwrap();
    halves.add_categorical("id", cells.iter().map(|c| Some(format!("{:03}", c.0)))).unwrap();
    halves.add_categorical("visit", cells.iter().map(|c| Some(VISITS[c.1]))).unwrap();
    let sums = model(&halves, "sum ~ visit + us(visit|id)");
    let differences = model(&halves, "difference ~ visit + us(visit|id)");
    // The change of basis is orthonormal in the cell means, and treatment contrasts are triangular in them: no constant.
    near("REML", ours.log_lik(), sums.log_lik() + differences.log_lik(), 1e-10);
    let sigma = &ours.marginal_covariance()[0].matrix;
    let (s, d) = (&sums.marginal_covariance()[0].matrix, &differences.marginal_covariance()[0].matrix);
    for a in 0..3 {
        for b in 0..3 {
            near("S", sigma[a][b] + sigma[a][b + 3], s[a][b], 1e-7);
            near("D", sigma[a][b] - sigma[a][b + 3], d[a][b], 1e-7);
        }
    }
    // The comparison at a visit is the paired t-test at that visit.
    for (v, visit) in VISITS.iter().enumerate() {
        let of = |arm: usize| (0..15).map(|i| find(i, arm, v)).collect::<Vec<f64>>();
        let expected = paired_t(&of(1), &of(0), &Options::default()).unwrap();
        let ours = effect(&ours, visit);
        near(visit, ours.estimate, expected.estimate.unwrap(), 1e-10);
        near(visit, ours.std_error, expected.std_error.unwrap(), 1e-7);
        near(visit, ours.df.unwrap(), 14.0, 1e-5);
    }
}

#[test]
fn nothing_depends_on_the_order_of_visits_or_rows_or_on_which_knee_is_first() {
    let data = rows(21, 18, 3, -0.6, 0.15);
    let plain = model(&table(&data, &VISITS), PAIR);
    let turned = model(&table(&data, &["M6", "M1", "M3"]), PAIR);
    let mut shuffled = data.clone();
    let mut d = Draws(5);
    for i in (1..shuffled.len()).rev() {
        shuffled.swap(i, (d.uniform() * (i + 1) as f64) as usize);
    }
    let shuffled = model(&table(&shuffled, &VISITS), PAIR);
    let named = model(&table(&data, &VISITS), "y ~ trt*visit + base + base:visit + pair(visit, trt|id)");
    let by_side = model(&table(&data, &VISITS), "y ~ trt*visit + base + base:visit + pair(visit, side|id)");
    for other in [&turned, &shuffled, &named, &by_side] {
        near("log-likelihood", other.log_lik(), plain.log_lik(), 1e-11);
    }
    for visit in VISITS {
        // The contrast by the other levels' names: M1 is the reference in the plain order only.
        let expected = effect(&plain, visit);
        for other in [&shuffled, &named, &by_side] {
            same(visit, &effect(other, visit), &expected, 1e-7);
        }
        same(visit, &effect(&turned, visit), &expected, 1e-6);
    }
}

#[test]
fn multiplying_the_outcome_multiplies_the_answer() {
    let data = rows(33, 16, 3, 0.7, 0.1);
    let plain = model(&table(&data, &VISITS), PAIR);
    for factor in [0.1, 10.0, 1e-6, 1e6] {
        let mut scaled = data.clone();
        scaled.iter_mut().for_each(|r| (r.y, r.base) = (r.y * factor, r.base * factor));
        let scaled = model(&table(&scaled, &VISITS), PAIR);
        for visit in VISITS {
            let (a, b) = (effect(&scaled, visit), effect(&plain, visit));
            near("estimate", a.estimate / factor, b.estimate, 1e-8);
            near("SE", a.std_error / factor, b.std_error, 1e-8);
            near("df", a.df.unwrap(), b.df.unwrap(), 1e-6);
        }
    }
}

/// −2ℓ_REML written out from V at the estimates, and at covariances around them: none is smaller.
#[test]
fn the_likelihood_written_out_has_its_maximum_at_the_estimate() {
    let data = rows(44, 14, 2, -0.9, 0.12);
    let t = table(&data, &["M1", "M3"]);
    let ours = model(&t, "y ~ trt*visit + base + pair(visit|id)");
    let sigma = &ours.marginal_covariance()[0].matrix;
    let theta: Vec<f64> =
        [(0, 0), (1, 0), (1, 1), (2, 0), (3, 0), (3, 1)].iter().map(|&(a, b): &(usize, usize)| sigma[a][b]).collect();
    let at = restricted(&data, &theta);
    near("log-likelihood", ours.log_lik(), at, 1e-9);
    for h in 0..6 {
        for step in [-1.0, 1.0] {
            let mut moved = theta.clone();
            moved[h] += step * 0.01 * theta[0];
            assert!(restricted(&data, &moved) < at, "{h} {step}");
        }
    }
}

/// The restricted log-likelihood of `y ~ trt*visit + base` at A = (t0, t1, t2), B = (t3, t4, t5), patient by patient.
fn restricted(data: &[Row], t: &[f64]) -> f64 {
    let p = 5;
    let (mut xx, mut xy, mut yy, mut log_det) = (vec![vec![0.0; p]; p], vec![0.0; p], 0.0, 0.0);
    let ids: std::collections::BTreeSet<usize> = data.iter().map(|r| r.id).collect();
    for id in ids {
        let own: Vec<&Row> = data.iter().filter(|r| r.id == id).collect();
        let entry = |a: &Row, b: &Row| {
            let place = if a.visit == b.visit { 2 * a.visit } else { 1 };
            t[place + if a.arm == b.arm { 0 } else { 3 }]
        };
        let v: Vec<Vec<f64>> = own.iter().map(|a| own.iter().map(|b| entry(a, b)).collect()).collect();
        let x: Vec<Vec<f64>> = own
            .iter()
            .map(|r| {
                let (a, m) = (r.arm as f64, r.visit as f64);
                vec![1.0, a, m, a * m, r.base]
            })
            .collect();
        let mut right: Vec<Vec<f64>> = x.clone();
        right.iter_mut().zip(&own).for_each(|(row, r)| row.push(r.y));
        let (solved, det) = solve(v, right);
        log_det += det.ln();
        for (i, r) in own.iter().enumerate() {
            for a in 0..p {
                for b in 0..p {
                    xx[a][b] += x[i][a] * solved[i][b];
                }
                xy[a] += x[i][a] * solved[i][p];
            }
            yy += r.y * solved[i][p];
        }
    }
    let (beta, det) = solve(xx, xy.iter().map(|v| vec![*v]).collect());
    let fitted: f64 = beta.iter().zip(&xy).map(|(b, x)| b[0] * x).sum();
    let free = (data.len() - p) as f64;
    -0.5 * (free * std::f64::consts::TAU.ln() + log_det + det.ln() + yy - fitted)
}

/// Gauss–Jordan with pivots: the solution and the determinant.
fn solve(mut a: Vec<Vec<f64>>, mut b: Vec<Vec<f64>>) -> (Vec<Vec<f64>>, f64) {
    let n = a.len();
    let mut det = 1.0;
    for c in 0..n {
        let pivot = (c..n).max_by(|&i, &j| a[i][c].abs().total_cmp(&a[j][c].abs())).unwrap();
        if pivot != c {
            a.swap(c, pivot);
            b.swap(c, pivot);
            det = -det;
        }
        det *= a[c][c];
        let (line, right) = (a[c].clone(), b[c].clone());
        for i in (0..n).filter(|&i| i != c) {
            let f = a[i][c] / line[c];
            a[i].iter_mut().zip(&line).for_each(|(x, l)| *x -= f * l);
            b[i].iter_mut().zip(&right).for_each(|(x, l)| *x -= f * l);
        }
    }
    for c in 0..n {
        let d = a[c][c];
        b[c].iter_mut().for_each(|x| *x /= d);
    }
    (b, det)
}

#[test]
fn units_that_cannot_be_told_apart_are_asked_for() {
    let t = table(&rows(3, 12, 3, 1.0, 0.0), &VISITS);
    let code = |formula: &str| {
        let error = Formula::parse(formula).and_then(|f| fit(&t, &f, &FitOptions::default()).map(|_| ())).unwrap_err();
        (error.code(), error.to_string())
    };
    let (kind, text) = code("y ~ visit + base + pair(visit|id)");
    assert_eq!(kind, "model-pair-units");
    assert!(text.contains("pair(visit|id)"), "{text}");
    assert_eq!(code("y ~ trt*visit + pair(visit|trt/id)").0, "model-pair-units");
    assert_eq!(code("y ~ trt*visit + pair(visit, id|id)").0, "model-duplicate-cell");
    assert_eq!(code("y ~ trt*visit + pair(base, visit|id)").0, "model-pair-units");
    assert_eq!(code("y ~ trt*visit + pair(visit|)").0, "model-formula");
    // Treatment and side name the same two knees.
    let both = model(&t, "y ~ trt*visit + side + pair(visit|id)");
    assert!(both.log_lik().is_finite());
    // A 0/1 arm is as good as a named one.
    let mut numeric = t.clone();
    numeric.add_numeric("arm01", rows(3, 12, 3, 1.0, 0.0).iter().map(|r| r.arm as f64).collect()).unwrap();
    let a = model(&numeric, "y ~ arm01*visit + pair(visit|id)");
    near("0/1", a.log_lik(), model(&t, "y ~ trt*visit + pair(visit|id)").log_lik(), 1e-10);
}

/// A product with an unstructured second factor: the second-order Kenward–Roger form depended on which visit came first.
#[test]
fn kenward_roger_of_a_product_does_not_depend_on_the_order_of_visits() {
    let data = rows(52, 12, 3, 0.8, 0.1);
    let formula = "y ~ trt*visit + base + kron(us(trt), us(visit)|id)";
    let orders = [["M1", "M3", "M6"], ["M3", "M1", "M6"], ["M6", "M3", "M1"]];
    let fits: Vec<Fit> = orders.iter().map(|o| model(&table(&data, o), formula)).collect();
    let inference = fits[0].inference(Ddf::KenwardRoger, Information::Observed, 0.95).unwrap();
    assert_eq!(inference.ddf(), Ddf::KenwardRogerLinear);
    for other in &fits[1..] {
        same("M6", &effect(other, "M6"), &effect(&fits[0], "M6"), 1e-6);
    }
}

/// A random slope on a covariate in another unit is the same model: its standard deviation is tiny there, not absent.
#[test]
fn the_unit_of_a_random_slopes_covariate_does_not_matter() {
    use splitknee_stats::model::Method;
    let mut d = Draws(91);
    let (mut y, mut x, mut id) = (vec![], vec![], vec![]);
    for patient in 0..20 {
        let (level, slope) = (2.0 * d.normal(), 0.05 * d.normal());
        for t in 0..5 {
            id.push(format!("P{patient:02}"));
            x.push(f64::from(t));
            y.push(10.0 + level + (0.3 + slope) * f64::from(t) + 0.5 * d.normal());
        }
    }
    let fitted = |x_unit: f64, y_unit: f64| {
        let mut t = Columns::new();
        t.add_numeric("y", y.iter().map(|v| v * y_unit).collect()).unwrap();
        t.add_numeric("x", x.iter().map(|v| v * x_unit).collect()).unwrap();
        t.add_categorical("id", id.iter().map(Some)).unwrap();
        let options = FitOptions { method: Method::Ml, ..FitOptions::default() };
        let model = fit(&t, &Formula::parse("y ~ x + (1+x|id)").unwrap(), &options).unwrap();
        (model.log_lik() + y_unit.ln() * y.len() as f64, model.is_singular())
    };
    let (plain, singular) = fitted(1.0, 1.0);
    for (x_unit, y_unit) in [(1e3, 1.0), (1e-2, 1.0), (1.0, 1e-6), (1e2, 1e-6)] {
        let (other, other_singular) = fitted(x_unit, y_unit);
        assert!((other - plain).abs() < 1e-8, "{x_unit} {y_unit}: {other} {plain}");
        assert_eq!(other_singular, singular);
    }
}

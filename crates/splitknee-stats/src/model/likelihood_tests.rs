//! Analytic derivatives against differences of the likelihood itself, for every structure.

use super::data::Columns;
use super::design::{Design, ModelFrame};
use super::fit::Standardised;
use super::formula::Formula;
use super::layout::Layout;
use super::likelihood::Problem;
use super::start::start_values;
use crate::math::linalg::multiply;

/// Two knees, three visits, some cells missing.
fn table() -> Columns {
    let mut t = Columns::new();
    let (mut y, mut base, mut arm, mut visit, mut id) = (vec![], vec![], vec![], vec![], vec![]);
    for i in 0..14_u32 {
        for a in 0..2_u32 {
            for v in 0..3_u32 {
                if (i * 7 + a * 3 + v * 5) % 11 == 0 {
                    continue;
                }
                let wave = |x: f64| (x * 12.9898).sin() * 1.7;
                let (i, a, v) = (f64::from(i), f64::from(a), f64::from(v));
                y.push(2.0 + wave(i) + wave(i + 31.0 * a + 5.0) + wave(i + 17.0 * a + 7.0 * v) + 0.4 * v);
                base.push(wave(i + 3.0 * a));
                arm.push(["A", "B"][a as usize]);
                visit.push(["1", "2", "3"][v as usize]);
                id.push(format!("{i}"));
            }
        }
    }
    t.add_numeric("y", y).unwrap();
    t.add_numeric("base", base).unwrap();
    let knee: Vec<String> = id.iter().zip(&arm).map(|(i, a)| format!("{i}{a}")).collect();
    t.add_categorical("arm", arm.into_iter().map(Some)).unwrap();
    t.add_categorical("visit", visit.into_iter().map(Some)).unwrap();
    t.add_categorical("id", id.iter().map(Some)).unwrap();
    t.add_categorical("knee", knee.iter().map(Some)).unwrap();
    t
}

fn problem(formula: &str, reml: bool) -> Problem {
    let frame = ModelFrame::build(&table(), &Formula::parse(formula).unwrap()).unwrap();
    let design = Design::build(&frame).unwrap();
    let basis = Standardised::build(&design, frame.numeric_response().unwrap()).unwrap();
    let layout = Layout::build(&frame).unwrap();
    let p = design.n_columns();
    let mut patterns = layout.patterns(&basis.rows, p + 1);
    for row in patterns.iter_mut().flat_map(|q| q.units.chunks_exact_mut(p + 1)) {
        let q = multiply(&row[..p], &basis.to_orthonormal, 1, p, p);
        row[..p].copy_from_slice(&q);
    }
    Problem::new(layout, patterns, p, reml)
}

const TERMS: [&str; 20] = [
    "(1|id) + (1|id:arm)",
    "(1|id) + (1|id:arm) + (1|id:visit)",
    "(1 + base|id)",
    "us(visit|knee)",
    "cs(visit|knee)",
    "csh(visit|knee)",
    "ar1(visit|knee)",
    "ar1h(visit|knee)",
    "toep(visit|knee)",
    "toeph(visit|knee)",
    "ad(visit|knee)",
    "adh(visit|knee)",
    "us(visit|arm/knee)",
    "kron(us(arm), us(visit)|id)",
    "kron(us(arm), ar1(visit)|id)",
    "kron(cs(arm), cs(visit)|id)",
    "(1|id) + ar1h(visit|knee)",
    "pair(visit|id)",
    "pair(visit, knee|id)",
    "(1|id) + pair(visit|id)",
];

/// Fourth-order central difference.
fn slope(x: f64, h: f64, f: impl Fn(f64) -> f64) -> f64 {
    (8.0 * (f(x + h) - f(x - h)) - (f(x + 2.0 * h) - f(x - 2.0 * h))) / (12.0 * h)
}

#[test]
fn gradient_and_hessian_in_sas_parameters() {
    for term in TERMS {
        for reml in [true, false] {
            let problem = problem(&format!("y ~ arm*visit + base + {term}"), reml);
            let theta = problem.natural(&start_values(&problem));
            let at = problem.evaluate(&theta).unwrap();
            let k = problem.k;
            for h in 0..k {
                let moved = |x: f64| {
                    let mut t = theta.clone();
                    t[h] = x;
                    t
                };
                let numeric = slope(theta[h], 2e-4, |x| problem.evaluate(&moved(x)).unwrap().deviance);
                let scale = 1.0 + at.gradient[h].abs();
                assert!((numeric - at.gradient[h]).abs() < 2e-7 * scale, "{term} {h}: {numeric} {}", at.gradient[h]);
                for j in 0..k {
                    let numeric = slope(theta[h], 2e-4, |x| problem.evaluate(&moved(x)).unwrap().gradient[j]);
                    let scale = 1.0 + at.hessian[h * k + h].abs() + at.hessian[j * k + j].abs();
                    let ours = at.hessian[h * k + j];
                    assert!((numeric - ours).abs() < 2e-7 * scale, "{term} {reml} {h} {j}: {numeric} {ours}");
                }
            }
        }
    }
}

#[test]
fn gradient_and_hessian_in_working_parameters() {
    for term in TERMS {
        let problem = problem(&format!("y ~ arm*visit + base + {term}"), true);
        let psi: Vec<f64> =
            start_values(&problem).iter().enumerate().map(|(i, x)| x + 0.01 * (i as f64).sin()).collect();
        let at = problem.objective(&psi).unwrap();
        let k = problem.k;
        for h in 0..k {
            let moved = |x: f64| {
                let mut t = psi.clone();
                t[h] = x;
                t
            };
            let numeric = slope(psi[h], 1e-3, |x| problem.objective(&moved(x)).unwrap().value);
            let scale = 1.0 + at.gradient[h].abs();
            assert!((numeric - at.gradient[h]).abs() < 2e-7 * scale, "{term} {h}: {numeric} {}", at.gradient[h]);
            for j in 0..k {
                let numeric = slope(psi[h], 1e-3, |x| problem.objective(&moved(x)).unwrap().gradient[j]);
                let scale = 1.0 + at.hessian[h * k + h].abs() + at.hessian[j * k + j].abs();
                assert!((numeric - at.hessian[h * k + j]).abs() < 2e-7 * scale, "{term} {h} {j}");
            }
        }
    }
}

/// V and its derivatives are consistent: the entries of ∂V and ∂²V are differences of V.
#[test]
fn derivatives_of_v() {
    for term in TERMS {
        let problem = problem(&format!("y ~ arm*visit + base + {term}"), true);
        let theta = problem.natural(&start_values(&problem));
        let k = problem.k;
        let first = problem.first(&theta);
        for (pattern, entries) in first.iter().enumerate() {
            let m = problem.patterns[pattern].size;
            for h in 0..k {
                let mut v = vec![0.0; m * m];
                for &(r, s, x) in entries.of(h) {
                    v[r as usize * m + s as usize] += x;
                    if r != s {
                        v[s as usize * m + r as usize] += x;
                    }
                }
                for (i, analytic) in v.iter().enumerate() {
                    let numeric = slope(theta[h], 1e-3, |x| {
                        let mut t = theta.clone();
                        t[h] = x;
                        problem.v_of(pattern, &t)[i]
                    });
                    assert!((numeric - analytic).abs() < 1e-9, "{term} {h} {i}: {numeric} {analytic}");
                }
            }
        }
    }
}

//! Roots of a function of one variable.

/// A root of `f` between `low` and `high`, where `f` has opposite signs (or a zero at an end), by Brent's method.
///
/// Stops when the bracket is narrower than `tolerance` (absolute) plus a few units in the last place. `None` if the
/// signs agree or `f` is NaN at an end. Source: Brent RP (1973), *Algorithms for Minimization without Derivatives*, ch. 4.
pub fn brent(f: impl Fn(f64) -> f64, low: f64, high: f64, tolerance: f64) -> Option<f64> {
    let (mut a, mut b) = (low, high);
    let (mut fa, mut fb) = (f(a), f(b));
    if fa == 0.0 {
        return Some(a);
    }
    if fb == 0.0 {
        return Some(b);
    }
    if fa.is_nan() || fb.is_nan() || (fa > 0.0) == (fb > 0.0) {
        return None;
    }
    let (mut c, mut fc) = (a, fa);
    let mut step = b - a;
    let mut step_before = step;
    for _ in 0..300 {
        if (fb > 0.0) == (fc > 0.0) {
            c = a;
            fc = fa;
            step = b - a;
            step_before = step;
        }
        if fc.abs() < fb.abs() {
            a = b;
            b = c;
            c = a;
            fa = fb;
            fb = fc;
            fc = fa;
        }
        let close = 2.0 * f64::EPSILON * b.abs() + 0.5 * tolerance;
        let half = 0.5 * (c - b);
        if half.abs() <= close || fb == 0.0 {
            return Some(b);
        }
        if step_before.abs() >= close && fa.abs() > fb.abs() {
            let s = fb / fa;
            let (mut p, mut q);
            if a == c {
                p = 2.0 * half * s;
                q = 1.0 - s;
            } else {
                let r = fb / fc;
                q = fa / fc;
                p = s * (2.0 * half * q * (q - r) - (b - a) * (r - 1.0));
                q = (q - 1.0) * (r - 1.0) * (s - 1.0);
            }
            if p > 0.0 {
                q = -q;
            } else {
                p = -p;
            }
            if 2.0 * p < (3.0 * half * q - (close * q).abs()).min((step_before * q).abs()) {
                step_before = step;
                step = p / q;
            } else {
                step = half;
                step_before = step;
            }
        } else {
            step = half;
            step_before = step;
        }
        a = b;
        fa = fb;
        b += if step.abs() > close { step } else { close.copysign(half) };
        fb = f(b);
    }
    Some(b)
}

#[cfg(test)]
mod tests {
    use super::brent;

    #[test]
    fn finds_known_roots() {
        // cos x = x: the Dottie number, OEIS A003957.
        let root = brent(|x: f64| x.cos() - x, 0.0, 1.0, 1e-15);
        assert!((root.unwrap_or(f64::NAN) - 0.739_085_133_215_160_6).abs() < 1e-15);
        let cubic = brent(|x: f64| x.powi(3), -1.0, 2.0, 1e-15);
        assert!(cubic.unwrap_or(f64::NAN).abs() < 1e-5);
    }

    #[test]
    fn refuses_equal_signs() {
        assert_eq!(brent(|x| x * x + 1.0, -1.0, 1.0, 1e-12), None);
    }
}

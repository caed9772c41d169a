//! Second-order Taylor arithmetic: numbers that carry their gradient and Hessian.
//!
//! A [`Jet`] is the value of a smooth function together with its exact first and second derivatives in a fixed number
//! of parameters. Sums, products and compositions of jets follow the chain rule, so that a likelihood written in jets
//! delivers its analytic gradient and Hessian without a derivative having to be worked out by hand.

/// A value with gradient and Hessian in `n` parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct Jet {
    /// The value.
    pub value: f64,
    /// First derivatives, length `n`.
    pub gradient: Vec<f64>,
    /// Second derivatives, the upper triangle row by row, length `n(n + 1)/2`.
    pub hessian: Vec<f64>,
}

impl Jet {
    /// A constant: all derivatives zero.
    pub fn constant(value: f64, n: usize) -> Self {
        Self { value, gradient: vec![0.0; n], hessian: vec![0.0; n * (n + 1) / 2] }
    }

    /// The parameter `index` itself, at `value`.
    pub fn parameter(value: f64, index: usize, n: usize) -> Self {
        let mut jet = Self::constant(value, n);
        if let Some(slot) = jet.gradient.get_mut(index) {
            *slot = 1.0;
        }
        jet
    }

    /// Number of parameters.
    pub fn len(&self) -> usize {
        self.gradient.len()
    }

    /// Whether there are no parameters at all.
    pub fn is_empty(&self) -> bool {
        self.gradient.is_empty()
    }

    /// `self + other`.
    pub fn plus(mut self, other: &Self) -> Self {
        self.accumulate(1.0, other);
        self
    }

    /// `factor · self`.
    pub fn scaled(mut self, factor: f64) -> Self {
        self.value *= factor;
        self.gradient.iter_mut().for_each(|x| *x *= factor);
        self.hessian.iter_mut().for_each(|x| *x *= factor);
        self
    }

    /// `self + shift` for a constant shift.
    pub fn shifted(mut self, shift: f64) -> Self {
        self.value += shift;
        self
    }

    /// Adds `factor · other` in place.
    pub fn accumulate(&mut self, factor: f64, other: &Self) {
        self.value += factor * other.value;
        for (mine, theirs) in self.gradient.iter_mut().zip(&other.gradient) {
            *mine += factor * theirs;
        }
        for (mine, theirs) in self.hessian.iter_mut().zip(&other.hessian) {
            *mine += factor * theirs;
        }
    }

    /// The product of two jets.
    pub fn times(&self, other: &Self) -> Self {
        let mut product = other.clone().scaled(self.value);
        product.value = self.value * other.value;
        for (slot, mine) in product.gradient.iter_mut().zip(&self.gradient) {
            *slot += other.value * mine;
        }
        for (slot, mine) in product.hessian.iter_mut().zip(&self.hessian) {
            *slot += other.value * mine;
        }
        product.add_outer(1.0, &self.gradient, &other.gradient);
        product
    }

    /// `f(self)` where `derivatives` are `[f, f′, f″]` at the value.
    pub fn compose(&self, [value, first, second]: [f64; 3]) -> Self {
        let mut composed = self.clone().scaled(first);
        composed.value = value;
        composed.add_outer(0.5 * second, &self.gradient, &self.gradient);
        composed
    }

    /// The natural logarithm; the value must be positive.
    pub fn ln(&self) -> Self {
        let inverse = 1.0 / self.value;
        self.compose([self.value.ln(), inverse, -inverse * inverse])
    }

    /// The exponential.
    pub fn exp(&self) -> Self {
        let value = self.value.exp();
        self.compose([value, value, value])
    }

    /// `self^power`; the value must be positive.
    pub fn powf(&self, power: f64) -> Self {
        let value = self.value.powf(power);
        let first = power * value / self.value;
        self.compose([value, first, (power - 1.0) * first / self.value])
    }

    /// Adds `factor · (a bᵀ + b aᵀ)` to the Hessian.
    pub fn add_outer(&mut self, factor: f64, a: &[f64], b: &[f64]) {
        if factor == 0.0 {
            return;
        }
        let mut rest = self.hessian.as_mut_slice();
        for (row, (a_row, b_row)) in a.iter().zip(b).enumerate() {
            let length = a.len() - row;
            let (line, tail) = rest.split_at_mut(length.min(rest.len()));
            let (fa, fb) = (factor * a_row, factor * b_row);
            for ((slot, a_col), b_col) in line.iter_mut().zip(a.iter().skip(row)).zip(b.iter().skip(row)) {
                *slot += fa * b_col + fb * a_col;
            }
            rest = tail;
        }
    }

    /// The Hessian as a full symmetric matrix, row by row.
    pub fn full_hessian(&self) -> Vec<f64> {
        let n = self.len();
        let mut full = vec![0.0; n * n];
        let mut packed = self.hessian.iter();
        for row in 0..n {
            for col in row..n {
                let value = packed.next().copied().unwrap_or(0.0);
                full[row * n + col] = value;
                full[col * n + row] = value;
            }
        }
        full
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// f(x, y) = exp(x y) / sqrt(x) with derivatives worked out by hand at (2, 0.3).
    #[test]
    fn chain_rule() {
        let (x, y) = (2.0_f64, 0.3_f64);
        let jx = Jet::parameter(x, 0, 2);
        let jy = Jet::parameter(y, 1, 2);
        let f = jx.times(&jy).exp().times(&jx.powf(-0.5));
        let e = (x * y).exp() / x.sqrt();
        let fx = e * (y - 0.5 / x);
        let fxx = e * ((y - 0.5 / x).powi(2) + 0.5 / (x * x));
        let fxy = e * (x * (y - 0.5 / x) + 1.0);
        let expected = [
            (f.value, e),
            (f.gradient[0], fx),
            (f.gradient[1], e * x),
            (f.hessian[0], fxx),
            (f.hessian[1], fxy),
            (f.hessian[2], e * x * x),
        ];
        for (got, want) in expected {
            assert!((got / want - 1.0).abs() < 1e-14, "{got} {want}");
        }
    }

    #[test]
    fn logarithm_undoes_exponential() {
        let jx = Jet::parameter(0.7, 0, 1);
        let same = jx.exp().ln();
        assert!(
            (same.value - 0.7).abs() < 1e-15 && (same.gradient[0] - 1.0).abs() < 1e-15 && same.hessian[0].abs() < 1e-14
        );
    }
}

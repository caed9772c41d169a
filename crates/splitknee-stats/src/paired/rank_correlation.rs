//! Null distributions and counts behind Spearman's ρ and Kendall's τ.

use crate::math::dist::normal;

/// `(P(S ≤ s), P(S ≥ s))` of the sum of squared rank differences, over all `n!` orders (`n ≤ 9`).
pub(super) fn spearman_exact(n: usize, squares: f64) -> (f64, f64) {
    let mut order: Vec<usize> = (0..n).collect();
    let (mut below, mut above, mut all) = (0_u64, 0_u64, 0_u64);
    let mut tally = |order: &[usize]| {
        let s: f64 = order.iter().enumerate().map(|(i, j)| (i as f64 - *j as f64).powi(2)).sum();
        all += 1;
        below += u64::from(s <= squares + 1e-7);
        above += u64::from(s >= squares - 1e-7);
    };
    // Heap's algorithm, without recursion.
    let mut counters = vec![0; n];
    tally(&order);
    let mut i = 0;
    while i < n {
        if counters[i] < i {
            order.swap(if i % 2 == 0 { 0 } else { counters[i] }, i);
            tally(&order);
            counters[i] += 1;
            i = 0;
        } else {
            counters[i] = 0;
            i += 1;
        }
    }
    (below as f64 / all as f64, above as f64 / all as f64)
}

/// The same two tails by the Edgeworth series of Best & Roberts (1975, Algorithm AS 89), as R for 9 < n ≤ 1290. The
/// series can leave (0, 1) in the far tail, where it is cut off.
pub(super) fn spearman_edgeworth(n: usize, squares: f64) -> (f64, f64) {
    (1.0 - edgeworth_upper(n, squares.round() + 2.0), edgeworth_upper(n, squares.round()))
}

/// `P(S ≥ s)` for even `s`.
fn edgeworth_upper(n: usize, s: f64) -> f64 {
    let n = n as f64;
    let largest = n * (n * n - 1.0) / 3.0;
    if s <= 0.0 {
        return 1.0;
    }
    if s > largest {
        return 0.0;
    }
    let b = 1.0 / n;
    let x = (6.0 * (s - 1.0) * b / (n * n - 1.0) - 1.0) * (1.0 / b - 1.0).sqrt();
    let y = x * x;
    let u = x
        * b
        * (0.2274
            + b * (0.2531 + 0.1745 * b)
            + y * (-0.0758 + b * (0.1033 + 0.3932 * b)
                - y * b * (0.0879 + 0.0151 * b - y * (0.0072 - 0.0831 * b + y * b * (0.0131 - 4.6e-4 * y)))));
    (u / (0.5 * y).exp() + normal::sf(x)).clamp(0.0, 1.0)
}

/// `(P(C ≤ c), P(C ≥ c))` of the number of concordant pairs of `n` untied pairs, all orders equally likely.
pub(super) fn kendall_tail(n: usize, concordant: u64) -> (f64, f64) {
    // The number of inversions is a sum of independent uniforms on 0..=i.
    let mut mass = vec![1.0];
    for i in 1..n {
        let mut next = vec![0.0; mass.len() + i];
        for (k, m) in mass.iter().enumerate() {
            for shift in 0..=i {
                next[k + shift] += m / (i + 1) as f64;
            }
        }
        mass = next;
    }
    let c = concordant as usize;
    (mass.iter().take(c + 1).sum::<f64>().min(1.0), mass.iter().skip(c).sum::<f64>().min(1.0))
}

/// Counts of concordant, discordant and tied pairs of observations.
pub(super) struct Concordance {
    n: f64,
    score: f64,
    ties_x: Vec<f64>,
    ties_y: Vec<f64>,
}

impl Concordance {
    /// In O(n log n) (Knight 1966): sort by x then y, count the exchanges a merge sort by y needs.
    pub(super) fn of(x: &[f64], y: &[f64]) -> Self {
        let mut order: Vec<usize> = (0..x.len()).collect();
        order.sort_by(|&a, &b| x[a].total_cmp(&x[b]).then(y[a].total_cmp(&y[b])));
        let pairs_in = |size: f64| size * (size - 1.0) / 2.0;
        let groups = |values: &mut Vec<f64>| -> Vec<f64> {
            values.sort_by(f64::total_cmp);
            values.chunk_by(|a, b| a == b).map(|group| group.len() as f64).collect()
        };
        let both: f64 =
            order.chunk_by(|&a, &b| x[a] == x[b] && y[a] == y[b]).map(|group| pairs_in(group.len() as f64)).sum();
        let ties_x = groups(&mut x.to_vec());
        let ties_y = groups(&mut y.to_vec());
        let mut sequence: Vec<f64> = order.iter().map(|&i| y[i]).collect();
        let discordant = exchanges(&mut sequence) as f64;
        let n = x.len() as f64;
        let tied_x: f64 = ties_x.iter().map(|size| pairs_in(*size)).sum();
        let tied_y: f64 = ties_y.iter().map(|size| pairs_in(*size)).sum();
        let concordant = pairs_in(n) - tied_x - tied_y + both - discordant;
        Self { n, score: concordant - discordant, ties_x, ties_y }
    }

    /// Concordant minus discordant pairs.
    pub(super) fn score(&self) -> f64 {
        self.score
    }

    /// Concordant pairs, where there are no ties.
    pub(super) fn concordant(&self) -> u64 {
        (0.5 * (self.n * (self.n - 1.0) / 2.0 + self.score)).round() as u64
    }

    pub(super) fn has_ties(&self) -> bool {
        self.ties_x.iter().chain(&self.ties_y).any(|size| *size > 1.0)
    }

    /// τ-b.
    pub(super) fn tau_b(&self) -> f64 {
        let all = self.n * (self.n - 1.0) / 2.0;
        let free = |ties: &[f64]| all - ties.iter().map(|size| size * (size - 1.0) / 2.0).sum::<f64>();
        (self.score / (free(&self.ties_x).sqrt() * free(&self.ties_y).sqrt())).clamp(-1.0, 1.0)
    }

    /// Variance of the score under independence, corrected for ties (Kendall 1970).
    pub(super) fn variance(&self) -> f64 {
        let n = self.n;
        let sum = |ties: &[f64], f: fn(f64) -> f64| ties.iter().map(|size| f(*size)).sum::<f64>();
        let cubic = |t: f64| t * (t - 1.0) * (2.0 * t + 5.0);
        let square = |t: f64| t * (t - 1.0);
        let triple = |t: f64| t * (t - 1.0) * (t - 2.0);
        let main = (n * (n - 1.0) * (2.0 * n + 5.0) - sum(&self.ties_x, cubic) - sum(&self.ties_y, cubic)) / 18.0;
        let pairs = sum(&self.ties_x, square) * sum(&self.ties_y, square) / (2.0 * n * (n - 1.0));
        let triples = if n > 2.0 {
            sum(&self.ties_x, triple) * sum(&self.ties_y, triple) / (9.0 * n * (n - 1.0) * (n - 2.0))
        } else {
            0.0
        };
        main + pairs + triples
    }
}

/// Number of strictly descending pairs; sorts the sequence.
fn exchanges(sequence: &mut [f64]) -> u64 {
    let n = sequence.len();
    let mut total = 0;
    let mut width = 1;
    let mut merged = Vec::with_capacity(n);
    while width < n {
        merged.clear();
        for block in sequence.chunks(2 * width) {
            let (left, right) = block.split_at(width.min(block.len()));
            let (mut i, mut j) = (0, 0);
            while i < left.len() && j < right.len() {
                if right[j] < left[i] {
                    total += (left.len() - i) as u64;
                    merged.push(right[j]);
                    j += 1;
                } else {
                    merged.push(left[i]);
                    i += 1;
                }
            }
            merged.extend_from_slice(&left[i..]);
            merged.extend_from_slice(&right[j..]);
        }
        sequence.copy_from_slice(&merged);
        width *= 2;
    }
    total
}

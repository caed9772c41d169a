//! Graphical multiple testing: weights on hypotheses, edges that say where the weight of a rejected one goes.
//!
//! Bretz F, Maurer W, Brannath W, Posch M (2009), *A graphical approach to sequentially rejective multiple test
//! procedures*, Statistics in Medicine 28:586–604; the same procedure as R's `gMCP` with Bonferroni tests. It controls
//! the family-wise error rate strongly under any dependence, and contains Bonferroni–Holm, fixed sequence, fallback and
//! gatekeeping. ε edges are taken to the limit (see [`super::epsilon`]).

use super::epsilon::Epsilon;
use super::{MultiplicityError, check_level, check_p_values};
use crate::note;
use serde::Serialize;

/// Two numbers that should be equal may differ by this much after weights were passed on.
const ROUNDING: f64 = 1e-12;

/// A testing strategy: hypotheses, their initial weights, and the edges along which weight is passed on.
#[derive(Debug, Clone, PartialEq)]
pub struct Graph {
    hypotheses: Vec<String>,
    weights: Vec<f64>,
    edges: Vec<Vec<Epsilon>>,
}

impl Graph {
    /// A graph from its parts: `edges[i][j]` is the share of hypothesis i's weight that goes to j once i is rejected.
    ///
    /// # Errors
    /// When there is no hypothesis, sizes do not match, a weight or an edge is negative, the weights or the edges that
    /// leave a hypothesis sum to more than 1, or a hypothesis has an edge to itself.
    pub fn new(
        hypotheses: Vec<String>,
        weights: Vec<f64>,
        edges: Vec<Vec<Epsilon>>,
    ) -> Result<Self, MultiplicityError> {
        let count = hypotheses.len();
        if count == 0 {
            return Err(MultiplicityError::Empty);
        }
        let sized = |what, found| {
            if found == count { Ok(()) } else { Err(MultiplicityError::Length { what, expected: count, found }) }
        };
        sized("weights", weights.len())?;
        sized("rows of edges", edges.len())?;
        for row in &edges {
            sized("edges of a hypothesis", row.len())?;
        }
        if let Some((name, weight)) = hypotheses.iter().zip(&weights).find(|(_, weight)| !(0.0..=1.0).contains(*weight))
        {
            return Err(MultiplicityError::Graph(note!(graph_weight, hypothesis = name, weight = weight)));
        }
        let total: f64 = weights.iter().sum();
        if total > 1.0 + ROUNDING {
            return Err(MultiplicityError::Graph(note!(graph_weights, total = total)));
        }
        for (from, row) in edges.iter().enumerate() {
            let name = &hypotheses[from];
            let mut sum = Epsilon::ZERO;
            for (to, edge) in row.iter().enumerate() {
                if edge.is_negative() {
                    return Err(MultiplicityError::Graph(note!(graph_negative, from = name, to = &hypotheses[to])));
                }
                if from == to && !edge.is_zero() {
                    return Err(MultiplicityError::Graph(note!(graph_loop, hypothesis = name)));
                }
                sum = sum + *edge;
            }
            if (Epsilon::from(1.0) - sum).is_negative() {
                return Err(MultiplicityError::Graph(note!(graph_edges, hypothesis = name, sum = sum.to_string())));
            }
        }
        Ok(Self { hypotheses, weights, edges })
    }

    /// Bonferroni–Holm: equal weights, passed on in equal parts.
    ///
    /// # Errors
    /// When there is no hypothesis.
    pub fn holm(hypotheses: Vec<String>) -> Result<Self, MultiplicityError> {
        let count = hypotheses.len();
        let share = 1.0 / (count.max(2) - 1) as f64;
        let edges = square(count, |from, to| if from == to { 0.0 } else { share });
        Self::new(hypotheses, vec![1.0 / count as f64; count], edges)
    }

    /// Fixed sequence: all weight on the first hypothesis, passed down the list.
    ///
    /// # Errors
    /// When there is no hypothesis.
    pub fn fixed_sequence(hypotheses: Vec<String>) -> Result<Self, MultiplicityError> {
        let count = hypotheses.len();
        let weights = (0..count).map(|i| if i == 0 { 1.0 } else { 0.0 }).collect();
        Self::fallback(hypotheses, weights)
    }

    /// Fallback (Wiens 2003): declared weights, each passed to the next hypothesis in the list.
    ///
    /// # Errors
    /// As [`Graph::new`].
    pub fn fallback(hypotheses: Vec<String>, weights: Vec<f64>) -> Result<Self, MultiplicityError> {
        let edges = square(hypotheses.len(), |from, to| if from + 1 == to { 1.0 } else { 0.0 });
        Self::new(hypotheses, weights, edges)
    }

    /// Names of the hypotheses.
    pub fn hypotheses(&self) -> &[String] {
        &self.hypotheses
    }

    /// Initial weights.
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// Edges, row by row.
    pub fn edges(&self) -> &[Vec<Epsilon>] {
        &self.edges
    }

    /// Tests the hypotheses with their p-values at family-wise level `alpha`.
    ///
    /// A hypothesis is rejected when its p-value is at most its current weight times α (up to rounding, 1e-12
    /// relative); with weight 0 never, not even at p = 0. The outcome does not depend on the order of rejection.
    ///
    /// # Errors
    /// When the number of p-values differs from that of the hypotheses, a value is not a probability, or `alpha` is not
    /// strictly between 0 and 1.
    ///
    /// ```
    /// use splitknee_stats::multiplicity::graphical::Graph;
    /// let graph = Graph::fixed_sequence(vec!["pain".into(), "function".into()]).unwrap();
    /// let outcome = graph.test(&[0.03, 0.01], 0.05).unwrap();
    /// assert!(outcome.decisions.iter().all(|decision| decision.rejected));
    /// ```
    pub fn test(&self, p_values: &[f64], alpha: f64) -> Result<GraphOutcome, MultiplicityError> {
        check_p_values(p_values)?;
        check_level(alpha)?;
        let count = self.hypotheses.len();
        if p_values.len() != count {
            return Err(MultiplicityError::Length { what: "p-values", expected: count, found: p_values.len() });
        }
        let mut state = State::of(self);
        let mut decisions: Vec<GraphDecision> = (0..count)
            .map(|i| GraphDecision {
                hypothesis: self.hypotheses[i].clone(),
                p_value: p_values[i],
                initial_weight: self.weights[i],
                weight: self.weights[i],
                local_alpha: self.weights[i] * alpha,
                p_adjusted: 1.0,
                rejected: false,
                step: None,
            })
            .collect();
        let mut steps = Vec::new();
        let mut largest = 0.0_f64;
        let mut stopped = false;
        // Rejects in the order of the smallest p over weight. Past the first one that is not rejected at `alpha`, the
        // same rule goes on only to find the level at which each further hypothesis would be rejected.
        while let Some((next, ratio)) = state.smallest_ratio(p_values) {
            largest = largest.max(ratio);
            stopped |= largest > alpha * (1.0 + ROUNDING);
            decisions[next].p_adjusted = largest.min(1.0);
            if !stopped {
                decisions[next].rejected = true;
                decisions[next].step = Some(steps.len() + 1);
            }
            state.reject(next);
            if !stopped {
                for (decision, weight) in decisions.iter_mut().zip(state.limits()) {
                    if let Some(weight) = weight {
                        decision.weight = weight;
                        decision.local_alpha = weight * alpha;
                    }
                }
                steps.push(GraphStep { rejected: self.hypotheses[next].clone(), weights: state.limits() });
            }
        }
        Ok(GraphOutcome { alpha, decisions, steps })
    }
}

/// A matrix of plain weights.
fn square(count: usize, weight: impl Fn(usize, usize) -> f64) -> Vec<Vec<Epsilon>> {
    (0..count).map(|from| (0..count).map(|to| Epsilon::from(weight(from, to))).collect()).collect()
}

/// What became of one hypothesis.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GraphDecision {
    /// Name of the hypothesis.
    pub hypothesis: String,
    /// Unadjusted p-value.
    pub p_value: f64,
    /// Weight before any rejection.
    pub initial_weight: f64,
    /// Weight when it was rejected, or when the procedure stopped.
    pub weight: f64,
    /// That weight times α: the level at which this hypothesis was tested.
    pub local_alpha: f64,
    /// Smallest family-wise level at which the procedure rejects this hypothesis (1 when it never receives weight).
    pub p_adjusted: f64,
    /// Whether it is rejected.
    pub rejected: bool,
    /// Which rejection this was, from 1.
    pub step: Option<usize>,
}

/// The graph after one rejection.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GraphStep {
    /// The hypothesis rejected.
    pub rejected: String,
    /// Weights afterwards; absent for rejected hypotheses.
    pub weights: Vec<Option<f64>>,
}

/// The decision table of a graphical procedure.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GraphOutcome {
    /// Family-wise level.
    pub alpha: f64,
    /// One decision per hypothesis, in the order of the graph.
    pub decisions: Vec<GraphDecision>,
    /// The rejections, in order.
    pub steps: Vec<GraphStep>,
}

/// Weights and edges among the hypotheses not yet rejected.
struct State {
    active: Vec<bool>,
    weights: Vec<Epsilon>,
    edges: Vec<Vec<Epsilon>>,
}

impl State {
    fn of(graph: &Graph) -> Self {
        Self {
            active: vec![true; graph.hypotheses.len()],
            weights: graph.weights.iter().map(|&weight| Epsilon::from(weight)).collect(),
            edges: graph.edges.clone(),
        }
    }

    /// Limits of the weights of the active hypotheses.
    fn limits(&self) -> Vec<Option<f64>> {
        self.active.iter().zip(&self.weights).map(|(active, weight)| active.then(|| weight.limit())).collect()
    }

    /// The active hypothesis with the smallest p-value over weight, among those with weight.
    fn smallest_ratio(&self, p_values: &[f64]) -> Option<(usize, f64)> {
        self.limits()
            .into_iter()
            .zip(p_values)
            .enumerate()
            .filter_map(|(i, (weight, p))| weight.filter(|weight| *weight > 0.0).map(|weight| (i, p / weight)))
            .min_by(|a, b| a.1.total_cmp(&b.1))
    }

    /// Removes `out`, passing its weight along its edges and joining the edges through it (Bretz et al., algorithm 1).
    fn reject(&mut self, out: usize) {
        self.active[out] = false;
        let remaining: Vec<usize> = (0..self.active.len()).filter(|&i| self.active[i]).collect();
        let before = self.edges.clone();
        for &l in &remaining {
            self.weights[l] = self.weights[l] + self.weights[out] * before[out][l];
            let kept = Epsilon::from(1.0) - before[l][out] * before[out][l];
            for &k in &remaining {
                let through = before[l][k] + before[l][out] * before[out][k];
                self.edges[l][k] =
                    if l == k { Epsilon::ZERO } else { through.divided_by(kept).unwrap_or(Epsilon::ZERO) };
            }
        }
        self.weights[out] = Epsilon::ZERO;
    }
}

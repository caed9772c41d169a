//! Adjusted p-values against R's `p.adjust`; graphical procedures against published examples and brute-force closed
//! testing; fixed sequence; input that is refused.

use crate::reference_cases::qualify;
use splitknee::multiplicity::MultiplicityError;
use splitknee::multiplicity::adjust::{Adjustment, adjust};
use splitknee::multiplicity::epsilon::Epsilon;
use splitknee::multiplicity::fixed_sequence::fixed_sequence;
use splitknee::multiplicity::graphical::Graph;

#[test]
fn adjusted_p_values() {
    qualify("multiplicity");
}

fn names(count: usize) -> Vec<String> {
    (1..=count).map(|i| format!("H{i}")).collect()
}

fn graph(weights: &[f64], edges: &[&[&str]]) -> Graph {
    let edges = edges.iter().map(|row| row.iter().map(|edge| edge.parse().expect("an edge")).collect()).collect();
    Graph::new(names(weights.len()), weights.to_vec(), edges).expect("a valid graph")
}

fn adjusted(graph: &Graph, p_values: &[f64]) -> Vec<f64> {
    let outcome = graph.test(p_values, 0.025).expect("p-values");
    outcome.decisions.iter().map(|decision| decision.p_adjusted).collect()
}

fn close(ours: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(ours.len(), expected.len());
    for (ours_i, expected_i) in ours.iter().zip(expected) {
        assert!((ours_i - expected_i).abs() <= tolerance * expected_i.abs(), "{ours:?} against {expected:?}");
    }
}

/// Two primary and two secondary hypotheses (Maurer, Glimm and Bretz 2011; the example of the shortcut vignette of
/// graphicalMCP 0.2.5, where H1, H2 and H4 are rejected at 0.025). Adjusted p-values by hand: H2 at 0.01/0.5; then H1 has
/// weight 3/4 and H4 1/4, both ratios 0.024; H3 last with weight 1.
#[test]
fn simple_successive_procedure() {
    let graph = graph(
        &[0.5, 0.5, 0.0, 0.0],
        &[&["0", "0.5", "0.5", "0"], &["0.5", "0", "0", "0.5"], &["0", "1", "0", "0"], &["1", "0", "0", "0"]],
    );
    let p_values = [0.018, 0.01, 0.105, 0.006];
    close(&adjusted(&graph, &p_values), &[0.024, 0.02, 0.105, 0.024], 1e-12);
    let outcome = graph.test(&p_values, 0.025).expect("p-values");
    let rejected: Vec<bool> = outcome.decisions.iter().map(|decision| decision.rejected).collect();
    assert_eq!(rejected, [true, true, false, true]);
    assert_eq!(outcome.steps[0].rejected, "H2");
    close(&outcome.steps[0].weights.iter().flatten().copied().collect::<Vec<_>>(), &[0.75, 0.0, 0.25], 1e-12);
    // At the end everything rests on H3, the level at which it was tested.
    assert_eq!(outcome.decisions[2].weight, 1.0);
    assert_eq!(outcome.decisions[2].local_alpha, 0.025);
}

/// Improved parallel gatekeeping (Bretz et al. 2009): secondary hypotheses return their weight to the primary ones only
/// when both are rejected, through ε edges. By hand: H1 0.02; H3 0.01/0.25; H4 with H3's weight 0.03, so 0.04; then
/// all of it reaches H2: 0.04. Without the ε edges H2 keeps weight ½: 0.08.
#[test]
fn improved_parallel_gatekeeping() {
    let p_values = [0.01, 0.04, 0.01, 0.015];
    let with = graph(
        &[0.5, 0.5, 0.0, 0.0],
        &[
            &["0", "0", "0.5", "0.5"],
            &["0", "0", "0.5", "0.5"],
            &["0.5eps", "0.5 eps", "0", "1-eps"],
            &["0.5eps", "0.5*epsilon", "1 - ε", "0"],
        ],
    );
    close(&adjusted(&with, &p_values), &[0.02, 0.04, 0.04, 0.04], 1e-12);
    let without = graph(
        &[0.5, 0.5, 0.0, 0.0],
        &[&["0", "0", "0.5", "0.5"], &["0", "0", "0.5", "0.5"], &["0", "0", "0", "1"], &["0", "0", "1", "0"]],
    );
    close(&adjusted(&without, &p_values), &[0.02, 0.08, 0.04, 0.04], 1e-12);
}

/// The vector of the gMCP 0.6-5 help page: `gMCP(createBonferroniHolmGraph(5), c(0.01, 0.02, 0.04, 0.04, 0.7))`.
#[test]
fn special_cases_are_holm_and_the_fixed_sequence() {
    let p_values = [0.01, 0.02, 0.04, 0.04, 0.7];
    let holm = Graph::holm(names(5)).expect("hypotheses");
    close(&adjusted(&holm, &p_values), &adjust(Adjustment::Holm, &p_values).expect("p-values"), 1e-12);
    let sequence = Graph::fixed_sequence(names(5)).expect("hypotheses");
    let direct = fixed_sequence(&p_values, 0.025).expect("p-values");
    close(
        &adjusted(&sequence, &p_values),
        &direct.iter().map(|decision| decision.p_adjusted).collect::<Vec<_>>(),
        1e-12,
    );
    let tested: Vec<(bool, bool)> = direct.iter().map(|decision| (decision.tested, decision.rejected)).collect();
    assert_eq!(tested, [(true, true), (true, true), (true, false), (false, false), (false, false)]);
    // Fallback (Wiens 2003), by hand: H1 rejected, H2 with ⅔, H3 with everything.
    let fallback = Graph::fallback(names(3), vec![1.0 / 3.0; 3]).expect("weights");
    close(&adjusted(&fallback, &[0.01, 0.03, 0.02]), &[0.03, 0.045, 0.045], 1e-12);
    close(&adjusted(&Graph::holm(names(1)).expect("one"), &[0.3]), &[0.3], 1e-12);
}

/// Adjusted p-values by the closed test itself: every intersection by weighted Bonferroni, its weights from a plain
/// numeric removal of the other hypotheses.
fn closed_test(weights: &[f64], edges: &[Vec<f64>], p_values: &[f64]) -> Vec<f64> {
    let count = weights.len();
    let mut adjusted = vec![0.0_f64; count];
    for subset in 1_u32..1 << count {
        let (mut w, mut g) = (weights.to_vec(), edges.to_vec());
        let mut present = vec![true; count];
        for out in (0..count).filter(|i| subset >> i & 1 == 0) {
            present[out] = false;
            let old = g.clone();
            for l in (0..count).filter(|l| present[*l]) {
                w[l] += w[out] * old[out][l];
                for k in (0..count).filter(|k| present[*k]) {
                    let loop_back = old[l][out] * old[out][l];
                    let through = old[l][k] + old[l][out] * old[out][k];
                    g[l][k] = if k == l || loop_back >= 1.0 { 0.0 } else { through / (1.0 - loop_back) };
                }
            }
        }
        let smallest = (0..count)
            .filter(|i| present[*i] && w[*i] > 0.0)
            .map(|i| p_values[i] / w[i])
            .fold(f64::INFINITY, f64::min)
            .min(1.0);
        for i in (0..count).filter(|i| present[*i]) {
            adjusted[i] = adjusted[i].max(smallest);
        }
    }
    adjusted
}

/// A plain linear congruential sequence in (0, 1), for graphs that nobody chose.
fn sequence(mut state: u64) -> impl FnMut() -> f64 {
    move || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        ((state >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }
}

#[test]
fn agrees_with_the_closed_test_on_random_graphs() {
    for seed in 0..400 {
        let mut next = sequence(seed);
        let count = 2 + (seed % 4) as usize;
        // Some edges and weights are 0; rows and weights sum to at most 1.
        let mut share = |own: Option<usize>| -> Vec<f64> {
            let raw: Vec<f64> = (0..count).map(|i| if Some(i) == own || next() < 0.3 { 0.0 } else { next() }).collect();
            let total: f64 = raw.iter().sum::<f64>().max(1e-9) * if next() < 0.5 { 1.0 } else { 1.2 };
            raw.iter().map(|value| value / total).collect()
        };
        let weights = share(None);
        let edges: Vec<Vec<f64>> = (0..count).map(|i| share(Some(i))).collect();
        let p_values: Vec<f64> = (0..count).map(|_| next().powi(3)).collect();
        let exact = edges.iter().map(|row| row.iter().map(|edge| Epsilon::from(*edge)).collect()).collect();
        let graph = Graph::new(names(count), weights.clone(), exact).expect("a valid graph");
        close(&adjusted(&graph, &p_values), &closed_test(&weights, &edges, &p_values), 1e-9);
    }
}

#[test]
fn infinitesimal_edges_are_the_limit_of_small_ones() {
    for seed in 0..100 {
        let mut next = sequence(1000 + seed);
        let count = 3 + (seed % 3) as usize;
        let small = 1e-9;
        let (mut exact, mut numeric) = (Vec::new(), Vec::new());
        for from in 0..count {
            // One strong edge of 1 − ε, ε spread over the others.
            let strong = (from + 1 + (next() * (count - 1) as f64) as usize) % count;
            let rest = 1.0 / (count - 2) as f64;
            let part = |to: usize| match to {
                _ if to == from => (0.0, 0.0),
                _ if to == strong => (1.0, -1.0),
                _ => (0.0, rest),
            };
            exact.push((0..count).map(|to| Epsilon::new(part(to).0, part(to).1)).collect::<Vec<_>>());
            numeric.push((0..count).map(|to| part(to).0 + part(to).1 * small).collect::<Vec<_>>());
        }
        let mut weights = vec![0.0; count];
        weights[0] = 0.5;
        weights[1] = 0.5;
        let p_values: Vec<f64> = (0..count).map(|_| next() * 0.05 + 1e-3).collect();
        let graph = Graph::new(names(count), weights.clone(), exact).expect("a valid graph");
        close(&adjusted(&graph, &p_values), &closed_test(&weights, &numeric, &p_values), 1e-5);
    }
}

#[test]
fn wrong_input_is_refused() {
    let pair = || names(2);
    let edges = |a: &str, b: &str| {
        vec![vec![Epsilon::ZERO, a.parse().expect("an edge")], vec![b.parse().expect("an edge"), Epsilon::ZERO]]
    };
    let graph_error =
        |weights: Vec<f64>, edges| matches!(Graph::new(pair(), weights, edges), Err(MultiplicityError::Graph(_)));
    assert!(graph_error(vec![0.6, 0.6], edges("1", "1")));
    assert!(graph_error(vec![-0.1, 0.6], edges("1", "1")));
    assert!(graph_error(vec![0.5, 0.5], edges("1+eps", "1")));
    assert!(graph_error(vec![0.5, 0.5], edges("-eps", "1")));
    assert!(graph_error(vec![f64::NAN, 0.5], edges("1", "1")));
    assert!(matches!(Graph::new(vec![], vec![], vec![]), Err(MultiplicityError::Empty)));
    assert!(Graph::new(pair(), vec![1.0], edges("1", "1")).is_err());
    let graph = Graph::new(pair(), vec![0.5, 0.5], edges("1-eps", "eps")).expect("a valid graph");
    assert!(graph.test(&[0.1], 0.05).is_err());
    assert!(graph.test(&[0.1, f64::NAN], 0.05).is_err());
    assert!(graph.test(&[0.1, 1.1], 0.05).is_err());
    assert!(graph.test(&[0.1, 0.2], 0.0).is_err());
    assert!(matches!(adjust(Adjustment::Holm, &[]), Err(MultiplicityError::Empty)));
    assert!(matches!(
        adjust(Adjustment::Holm, &[0.1, -0.1]),
        Err(MultiplicityError::NotAProbability { position: 2, .. })
    ));
    assert!(fixed_sequence(&[], 0.05).is_err());
    for text in ["", "eps eps x", "1-", "one", "+", "nan", "1e"] {
        assert!(text.parse::<Epsilon>().is_err(), "{text}");
    }
    for (text, printed) in
        [("1 - eps", "1-eps"), ("2epsilon", "2eps"), ("1e-3+0.5ε", "0.001+0.5eps"), ("0.25", "0.25"), ("-eps", "-eps")]
    {
        assert_eq!(text.parse::<Epsilon>().expect("an edge").to_string(), printed);
    }
}

#[test]
fn a_hypothesis_without_weight_is_never_rejected() {
    let graph = graph(&[1.0, 0.0], &[&["0", "0"], &["0", "0"]]);
    let outcome = graph.test(&[0.001, 0.0], 0.05).expect("p-values");
    assert!(outcome.decisions[0].rejected && !outcome.decisions[1].rejected);
    assert_eq!(outcome.decisions[1].p_adjusted, 1.0);
}

//! Randomisation test that redraws the allocation as it was drawn: permuted blocks, the side of the active treatment balanced
//! in each, blocks that were cut short included.
//!
//! With d_i = left − right of patient i, the sum of active − placebo is Σ s_i d_i, s_i = +1 where the left side is active. Of
//! a block of size b of which m patients are analysed, each allocation with k left sides among them has probability
//! C(b − m, b/2 − k)/C(b, b/2): the whole block is redrawn and its analysed places are used (the law is the same for every
//! choice of m places). Where sizes vary, a block that is as large as one of them has that size; one that was cut short has any
//! of the larger sizes, equally likely, and its law is their mean. Blocks are independent, so the law of the sum is their convolution, exact over the grid of the data;
//! where that has too many values, redrawn lists give (k + 1)/(m + 1).
//!
//! Sign flips (`permutation.rs`) toss for every patient alone; blocks make the sums spread less or more than that. Sources:
//! Rosenberger & Lachin 2016, *Randomization in Clinical Trials*, ch. 6; Phipson & Smyth 2010 (Monte Carlo p-values).

use super::pairs::check_finite;
use super::{Alternative, Field, Options, Refusal, TestResult};
use crate::math::random::Stream;
use crate::note;
use rayon::prelude::*;
use std::collections::BTreeMap;

/// One patient: both sides observed.
#[derive(Debug, Clone, PartialEq)]
pub struct AllocatedPair {
    /// Stratum and block, as one name.
    pub block: String,
    /// Patients of the block on the list, analysed or not.
    pub listed: usize,
    /// Whether the left side had the active treatment.
    pub left_active: bool,
    /// The left value.
    pub left: f64,
    /// The right value.
    pub right: f64,
}

/// How the law is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Size of the blocks, or the sizes that each was drawn from, equally likely.
    pub block_sizes: Vec<usize>,
    /// Redrawn lists where the exact law is too large.
    pub samples: usize,
    /// Their seed.
    pub seed: u64,
}

/// Values of the sum beyond which its law is not built.
const MOST_VALUES: usize = 400_000;
/// The largest block.
const LARGEST: usize = 16;

/// C(n, k) as a number; 0 outside 0..=n.
fn choose(n: usize, k: i64) -> f64 {
    if k < 0 || k > n as i64 {
        return 0.0;
    }
    (0..k as usize).map(|i| (n - i) as f64 / (i + 1) as f64).product()
}

/// Differences left − right on an integer grid; `None` without a grid of nine decimals.
fn on_grid(differences: &[f64]) -> Option<Vec<i64>> {
    (0..=9).map(|decimals| 10_f64.powi(decimals)).find_map(|scale| {
        let near = |d: &f64| {
            let value = d * scale;
            let whole = value.round();
            ((value - whole).abs() <= 1e-9 * whole.abs().max(1.0) && whole.abs() < 1e15).then_some(whole as i64)
        };
        differences.iter().map(near).collect()
    })
}

/// A block: its patients, and the sizes that it may have had.
struct Block {
    members: Vec<usize>,
    sizes: Vec<usize>,
}

/// The law of one block: values of Σ s d with their probabilities.
fn of_block(differences: &[i64], sizes: &[usize]) -> BTreeMap<i64, f64> {
    let m = differences.len();
    let mut law = BTreeMap::new();
    for mask in 0..1_u32 << m {
        let left = i64::from(mask.count_ones());
        let of_size = |size: &usize| choose(size - m, *size as i64 / 2 - left) / choose(*size, *size as i64 / 2);
        let share = sizes.iter().map(of_size).sum::<f64>() / sizes.len() as f64;
        if share > 0.0 {
            let sum = differences.iter().enumerate().map(|(i, d)| if mask >> i & 1 == 1 { *d } else { -d }).sum();
            *law.entry(sum).or_insert(0.0) += share;
        }
    }
    law
}

/// The randomisation test of mean(active − placebo) against `options.mu` over the blocks of the allocation.
///
/// # Errors
/// No pairs, values that are not finite, a block size that is odd or beyond 16, a block with more patients than its size or
/// with more of them on one side than half of it.
pub fn design_permutation(
    pairs: &[AllocatedPair],
    settings: &Settings,
    options: &Options,
) -> Result<TestResult, Refusal> {
    let mut sizes = settings.block_sizes.clone();
    sizes.sort_unstable();
    sizes.dedup();
    let wrong = sizes.iter().find(|size| **size == 0 || **size % 2 == 1 || **size > LARGEST).copied();
    if let Some(size) = wrong.or(sizes.is_empty().then_some(0)) {
        return Err(Refusal(note!(design_block_size, size = size, most = LARGEST)));
    }
    if pairs.is_empty() {
        return Err(Refusal(note!(design_none)));
    }
    let mut blocks: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    pairs.iter().enumerate().for_each(|(i, pair)| blocks.entry(pair.block.as_str()).or_default().push(i));
    let mut drawn: Vec<Block> = Vec::with_capacity(blocks.len());
    for (name, members) in blocks {
        let left = members.iter().filter(|i| pairs[**i].left_active).count();
        let on_list = members.iter().map(|i| pairs[*i].listed).max().unwrap_or_default().max(members.len());
        let most = left.max(members.len() - left);
        let own: Vec<usize> = match sizes.contains(&on_list) {
            true => vec![on_list],
            false => sizes.iter().copied().filter(|size| *size > on_list).collect(),
        };
        if !own.iter().any(|size| most <= size / 2) {
            let size = own.last().or(sizes.last()).copied().unwrap_or_default();
            return Err(Refusal(note!(design_block_full, block = name, n = on_list, left = left, size = size)));
        }
        drawn.push(Block { members, sizes: own });
    }
    // Under the hypothesis every active value is higher by mu.
    let sign = |pair: &AllocatedPair| if pair.left_active { 1.0 } else { -1.0 };
    let d: Vec<f64> = pairs.iter().map(|pair| pair.left - pair.right - sign(pair) * options.mu).collect();
    check_finite(&d)?;
    let active: Vec<f64> = pairs.iter().map(|pair| sign(pair) * (pair.left - pair.right)).collect();
    let mut answer = TestResult::new("design-permutation", pairs.len(), options);
    answer.estimate = crate::math::descriptive::mean(&active);
    answer.statistic = answer.estimate;
    let exact = on_grid(&d).and_then(|whole| {
        let mut law = BTreeMap::from([(0_i64, 1.0)]);
        for block in &drawn {
            let differences: Vec<i64> = block.members.iter().map(|i| whole[*i]).collect();
            let block = of_block(&differences, &block.sizes);
            let mut next = BTreeMap::new();
            for (sum, p) in &law {
                block.iter().for_each(|(more, q)| *next.entry(sum + more).or_insert(0.0) += p * q);
            }
            law = next;
            if law.len() > MOST_VALUES {
                return None;
            }
        }
        let observed: i64 = pairs.iter().zip(&whole).map(|(pair, d)| if pair.left_active { *d } else { -d }).sum();
        let tail = |inside: &dyn Fn(i64) -> bool| law.iter().filter(|(s, _)| inside(**s)).map(|(_, p)| p).sum::<f64>();
        Some(match options.alternative {
            Alternative::TwoSided => tail(&|sum| sum.abs() >= observed.abs()),
            Alternative::Less => tail(&|sum| sum <= observed),
            Alternative::Greater => tail(&|sum| sum >= observed),
        })
    });
    let mut samples = None;
    match exact {
        Some(p) => {
            answer.p_value = Some(p.min(1.0));
            answer.exact = Some(true);
            answer.notes.push(note!(design_exact, n = drawn.len()));
        }
        None => {
            if settings.samples == 0 {
                return Err(Refusal(note!(no_samples)));
            }
            answer.p_value = Some(redrawn(pairs, &d, &drawn, settings, options));
            answer.exact = Some(false);
            samples = Some(settings.samples as u64);
            answer.notes.push(note!(design_random, n = settings.samples, seed = settings.seed));
        }
    }
    answer.extra = vec![
        ("n_blocks", Field::Count(drawn.len() as u64)),
        match sizes.as_slice() {
            [size] => ("block_size", Field::Count(*size as u64)),
            several => ("block_sizes", Field::Numbers(several.iter().map(|size| Some(*size as f64)).collect())),
        },
        ("samples", samples.map_or(Field::Number(None), Field::Count)),
    ];
    Ok(answer)
}

/// (k + 1)/(m + 1) over redrawn lists.
fn redrawn(pairs: &[AllocatedPair], d: &[f64], blocks: &[Block], settings: &Settings, options: &Options) -> f64 {
    let observed: f64 = pairs.iter().zip(d).map(|(pair, d)| if pair.left_active { *d } else { -d }).sum();
    let slack = 1e-12 * d.iter().map(|d| d.abs()).sum::<f64>();
    let hits = (0..settings.samples as u64)
        .into_par_iter()
        .filter(|replicate| {
            let mut stream = Stream::new(settings.seed, *replicate);
            let mut sum = 0.0;
            for block in blocks {
                let size = match block.sizes.as_slice() {
                    [size] => *size,
                    several => several[stream.below(several.len())],
                };
                // The first places of a shuffled block.
                let mut sides: Vec<bool> = (0..size).map(|place| place % 2 == 0).collect();
                for place in (1..sides.len()).rev() {
                    sides.swap(place, stream.below(place + 1));
                }
                sum += block.members.iter().zip(sides).map(|(i, left)| if left { d[*i] } else { -d[*i] }).sum::<f64>();
            }
            match options.alternative {
                Alternative::TwoSided => sum.abs() >= observed.abs() - slack,
                Alternative::Less => sum <= observed + slack,
                Alternative::Greater => sum >= observed - slack,
            }
        })
        .count() as f64;
    (hits + 1.0) / (settings.samples as f64 + 1.0)
}

//! Methods whose level is not held in small trials, with the number of pairs below which they may describe but not decide.
//!
//! Type I error at a nominal 5 % and 6, 10, 15 and 30 pairs, by simulation (Monte Carlo standard error 1.0 to 1.6 points):
//! Bhapkar 27, 20, 14 and 11 %; marginal mean ranks 12, 8, 6.5 and 6.3 %; Wald's limits of marginal mean scores 13, 10, 8 and
//! 7 %; BCa bootstrap of the mean 17.6, 13.7, 11.3 and 8.9 % where the spread differs from pair to pair (normal differences:
//! 15.5, 13.8, 10.5 and 6.0 %; `studies/small-samples`). The numbers of pairs from which a method may decide are
//! extrapolated, the excess over 5 % taken to shrink like 1/n, to an excess of about half a point (Bhapkar: one).

use crate::note;
use crate::note::Note;

/// What is known of a method in small trials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SmallSample {
    /// Pairs from which the method may decide.
    pub least: usize,
    /// Type I error at 6, 10, 15 and 30 pairs, in words.
    pub errors: &'static str,
    /// Methods that answer the same question and hold their level.
    pub neighbours: &'static str,
}

/// The limit of the method `name`; `None` where it holds its level at any number of pairs.
pub fn limit(name: &str) -> Option<SmallSample> {
    let of = |least, errors, neighbours| Some(SmallSample { least, errors, neighbours });
    match name {
        "bhapkar" => of(200, "27 / 20 / 14 / 11 %", "stuart-maxwell / win-odds"),
        "bootstrap" => of(200, "17.6 / 13.7 / 11.3 / 8.9 %", "paired-t / permutation / wilcoxon"),
        "marginal-mean-ranks" => of(100, "12 / 8 / 6.5 / 6.3 %", "win-odds / proportional-odds"),
        "marginal-mean-scores" => of(100, "13 / 10 / 8 / 7 %", "win-odds / permutation"),
        _ => None,
    }
}

/// The limit of `name` where `pairs` lie below it.
pub fn below(name: &str, pairs: usize) -> Option<SmallSample> {
    limit(name).filter(|limit| pairs < limit.least)
}

impl SmallSample {
    /// What a result on so few pairs must say.
    pub fn note(&self) -> Note {
        note!(small_sample, errors = self.errors, least = self.least, neighbours = self.neighbours)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_that_hold_their_level_have_no_limit() {
        for name in ["paired-t", "wilcoxon", "win-odds", "mcnemar", "permutation", "stuart-maxwell"] {
            assert_eq!(limit(name), None, "{name}");
        }
        assert!(below("bootstrap", 3).is_some() && below("bootstrap", 200).is_none());
    }
}

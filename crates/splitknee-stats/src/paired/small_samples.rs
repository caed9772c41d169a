//! Methods whose level is not held in small trials, with the number of pairs below which they may describe but not decide.
//!
//! Type I error at a nominal 5 % and 6, 10, 15 and 30 pairs, by simulation (Monte Carlo standard error 1.0 to 1.6 points):
//! Bhapkar 27, 20, 14 and 11 %; marginal mean ranks 12, 8, 6.5 and 6.3 %; Wald's limits of marginal mean scores 13, 10, 8 and
//! 7 %; BCa bootstrap of the mean 17.6, 13.7, 11.3 and 8.9 % where the spread differs from pair to pair (normal differences:
//! 15.5, 13.8, 10.5 and 6.0 %; `studies/small-samples`). The numbers of pairs from which a method may decide are
//! extrapolated, the excess over 5 % taken to shrink like 1/n, to an excess of about half a point (Bhapkar: one).

use super::catalogue;
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

/// The limit of the method `name` where `pairs` lie below it.
pub fn below(name: &str, pairs: usize) -> Option<SmallSample> {
    catalogue::find(name)?.limit.filter(|limit| pairs < limit.least)
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
            assert_eq!(below(name, 3), None, "{name}");
        }
        assert!(below("bootstrap", 3).is_some() && below("bootstrap", 200).is_none());
    }
}

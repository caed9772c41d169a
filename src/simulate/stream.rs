//! Random numbers by purpose: the key is a hash of seed, scenario, replicate, purpose and index.
//!
//! No two purposes share a stream, and a scenario's numbers depend on its own content alone: adding, removing or reordering
//! scenarios, shards or threads changes nothing.

use crate::math::random::Stream;
use sha2::{Digest, Sha256};

/// What random numbers are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Values of an endpoint.
    Values,
    /// A missing-data mechanism.
    Missing,
    /// Which side gets the active treatment.
    Allocation,
    /// The seed of the plan's own resampling.
    Analysis,
}

/// The source of all streams of one scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Streams {
    digest: [u8; 32],
}

impl Streams {
    /// Of the seed of the file and the scenario's name and content.
    pub fn new(seed: u64, scenario: &str) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"splitknee simulate 1\0");
        hash.update(seed.to_le_bytes());
        hash.update(scenario.as_bytes());
        Self { digest: hash.finalize().into() }
    }

    fn key(&self, replicate: u64, purpose: Purpose, index: u64) -> (u64, u64) {
        let mut hash = Sha256::new();
        hash.update(self.digest);
        hash.update(replicate.to_le_bytes());
        hash.update([purpose as u8]);
        hash.update(index.to_le_bytes());
        let digest: [u8; 32] = hash.finalize().into();
        let part = |at: usize| digest[at..at + 8].iter().rev().fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte));
        (part(0), part(8))
    }

    /// The stream of `replicate` for a purpose; `index` tells endpoints and mechanisms apart.
    pub fn of(&self, replicate: u64, purpose: Purpose, index: usize) -> Stream {
        let (seed, stream) = self.key(replicate, purpose, index as u64);
        Stream::new(seed, stream)
    }

    /// The seed of the plan's own resampling in `replicate`.
    pub fn analysis_seed(&self, replicate: u64) -> u64 {
        self.key(replicate, Purpose::Analysis, 0).0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn purposes_replicates_and_scenarios_have_their_own_numbers() {
        let (one, other) = (Streams::new(1, "a"), Streams::new(1, "b"));
        let mut seen = std::collections::BTreeSet::new();
        for streams in [&one, &other] {
            for replicate in 1..20 {
                for purpose in [Purpose::Values, Purpose::Missing, Purpose::Allocation] {
                    for index in 0..3 {
                        assert!(seen.insert(streams.of(replicate, purpose, index).bits()));
                    }
                }
                assert!(seen.insert(streams.analysis_seed(replicate)));
            }
        }
    }
}

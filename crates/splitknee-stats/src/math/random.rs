//! Random numbers that do not depend on order or threads.
//!
//! ChaCha8 is counter-based: replicate `r` of seed `s` reads its own stream, so that replicate 17 is the same whether it
//! is drawn first, last or on another thread. Normals come by inversion: one uniform each, no rejection.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::dist::normal;

/// One stream of random numbers.
#[derive(Debug, Clone)]
pub struct Stream {
    generator: ChaCha8Rng,
}

impl Stream {
    /// The stream of `replicate` under `seed`.
    pub fn new(seed: u64, replicate: u64) -> Self {
        let mut generator = ChaCha8Rng::seed_from_u64(seed);
        generator.set_stream(replicate);
        Self { generator }
    }

    /// The stream of a whole key of 256 bits.
    pub fn keyed(key: [u8; 32]) -> Self {
        Self { generator: ChaCha8Rng::from_seed(key) }
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.generator.next_u64()
    }

    /// Uniform on the open interval (0, 1): the midpoint of one of 2⁵² equal cells.
    pub fn uniform(&mut self) -> f64 {
        ((self.bits() >> 12) as f64 + 0.5) * (1.0 / (1_u64 << 52) as f64)
    }

    /// Uniform on `0..n` without bias (Lemire 2019); 0 when `n` is 0.
    pub fn below(&mut self, n: usize) -> usize {
        let n = n as u64;
        if n <= 1 {
            return 0;
        }
        let threshold = n.wrapping_neg() % n;
        loop {
            let product = u128::from(self.bits()) * u128::from(n);
            if product as u64 >= threshold {
                return (product >> 64) as usize;
            }
        }
    }

    /// Standard normal, by inversion.
    pub fn normal(&mut self) -> f64 {
        normal::quantile(self.uniform())
    }
}

#[cfg(test)]
mod tests {
    use super::Stream;

    #[test]
    fn replicates_do_not_depend_on_order() {
        let forwards: Vec<u64> = (0..5).map(|r| Stream::new(42, r).bits()).collect();
        let mut backwards: Vec<u64> = (0..5).rev().map(|r| Stream::new(42, r).bits()).collect();
        backwards.reverse();
        assert_eq!(forwards, backwards);
        assert_ne!(forwards[0], forwards[1]);
    }

    #[test]
    fn draws_stay_in_range_and_centre() {
        let mut stream = Stream::new(1, 0);
        let (mut sum, mut squares, mut counts) = (0.0, 0.0, [0_u32; 3]);
        for _ in 0..30_000 {
            let u = stream.uniform();
            assert!(u > 0.0 && u < 1.0);
            counts[stream.below(3)] += 1;
            let z = stream.normal();
            sum += z;
            squares += z * z;
        }
        // Five standard errors.
        assert!((sum / 30_000.0).abs() < 5.0 / 30_000_f64.sqrt());
        assert!((squares / 30_000.0 - 1.0).abs() < 5.0 * (2.0_f64 / 30_000.0).sqrt());
        assert!(counts.iter().all(|&count| (f64::from(count) - 10_000.0).abs() < 5.0 * 82.0));
    }
}

//! Numerics without domain words: everything here is about numbers, nothing about knees.
//!
//! Imports nothing else of this crate, so that every other folder may build on it.

pub mod decimal;
pub mod descriptive;
pub mod dist;
pub mod jet;
pub mod legendre;
pub mod linalg;
pub mod multivariate_t;
pub mod quadrature;
pub mod random;
pub mod roots;
pub mod studentised_range;
pub mod trust_region;

//! Allocation lists for split-knee trials: which side gets the first arm, in permuted blocks of varying size, by stratum.
//!
//! A list is a function of a secret key of 256 bits, the design and the version of this format; a seed short enough to type is
//! found by trial (blocks of 2, 4, 6: sixteen allocations seen leave ten of 100 000 seeds, twenty leave one, and with it every
//! later allocation). Every block of a stratum draws from a stream of its own, keyed by SHA-256 of key, label, scheme,
//! stratum and number of the block: a stratum can be extended, or another stratum added, without changing a row.
//!
//! [`design`] reads the file, [`list`] draws, [`audit`] says how well the list balances and how well it can be guessed,
//! [`cards`] makes the pages for sealed envelopes. Sources: Matts & Lachin 1988 (Control Clin Trials 9:327), Blackwell & Hodges
//! 1957 (Ann Math Statist 28:449), Soares & Wu 1983 (Commun Statist Theory Methods 12:2017, big stick), Pandis et al. 2017
//! (CONSORT within-person, items 8a to 10).

pub mod audit;
pub mod cards;
pub mod design;
pub mod list;

pub use design::{Design, Scheme};
pub use list::{Key, List, Row};

/// The version of the format: another one gives another list.
pub const VERSION: u32 = 1;

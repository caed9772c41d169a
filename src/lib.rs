//! Analysis and reporting of split-knee randomised trials: each patient has one knee on the active treatment and the
//! other on placebo, and both are scored at every visit.
//!
//! The line is straight, and the modules stand along it:
//!
//! ```text
//! file ─data─► Table ─trial─► Trial ─plan─► analyses ─analysis─► Outcomes ─table, figure─► exhibits ─report─► html …
//! ```
//!
//! - [`data`] reads files into columns and knows where every cell stood; [`plan`] reads what was decided beforehand.
//! - [`trial`] turns columns into patients with two knees, or says everything that is wrong with them.
//! - [`paired`] and [`model`] are the statistics, one file per method, on plain vectors; [`math`] is what they compute
//!   with, [`multiplicity`] what keeps several of them honest, [`instrument`] how questionnaires are scored.
//! - [`analysis`] runs what the plan asks for; everything found is a [`analysis::Record`].
//! - [`table`], [`figure`] and [`report`] present records and compute nothing.
//! - [`pipeline`] is the line in three calls; [`cli`] only wires; [`qualification`] recomputes reference values.
//!
//! ```
//! use splitknee::pipeline;
//!
//! // Box, Hunter & Hunter's ten boys, two shoe materials: a real paired trial with one visit and no baseline.
//! let inputs = pipeline::read("datasets/shoes/plan.toml".as_ref()).expect("a valid plan and readable data");
//! let run = pipeline::analyse(inputs).expect("data that keep the design");
//! let wear = run.outcomes.comparison(0, 0, "paired-t").expect("a paired t-test");
//! assert_eq!(wear.result.n_pairs, 10);
//! assert!((wear.result.p_value.unwrap() - 0.008538780717598937).abs() < 1e-15); // R t.test(paired = TRUE)
//! ```

pub mod analysis;
pub mod cli;
pub mod data;
pub mod disk;
pub mod figure;
pub mod pipeline;
pub mod plan;
pub mod qualification;
pub mod randomise;
pub mod report;
pub mod simulate;
pub mod table;
pub mod terms;
pub mod trial;

pub use splitknee_stats::{instrument, math, missing, model, multiplicity, note, paired, planning, survival};

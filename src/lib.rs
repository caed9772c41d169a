#![doc = include_str!("../README.md")]

pub mod data;
pub mod figure;
pub mod math;
pub mod model;
pub mod multiplicity;
pub mod paired;
pub mod plan;
pub mod trial;

//! splitknee

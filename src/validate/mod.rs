//! Rules.
pub mod structure;
pub mod valid;

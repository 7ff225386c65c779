//! The pure core of Modelwright: custom resources and what was observed in, desired children and a plan out.
pub mod contract;
pub mod diagnostic;
pub mod json;
pub mod kinds;
pub mod names;
pub mod plan;
pub mod quantity;
pub mod crd;
pub mod validate;

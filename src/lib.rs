//! The pure core of Modelwright: custom resources and what was observed in, desired children and a plan out.
//!
//! Reads in the order of the data flow: [`observation`] → [`validate`] → [`references`] → [`gates`] → [`children`] → [`diff`] →
//! [`plan`] → [`status`]. No I/O, no clock, no randomness, no memory between calls: hosts observe, call, act in the order of the
//! plan, write status, and observe again.

pub mod contract;

pub mod json;
pub mod observation;
pub mod policy;

pub mod crd;
pub mod validate;

pub mod references;

pub mod gates;

pub mod children;
pub mod profile;

pub mod apply;
pub mod diff;
pub mod readiness;

pub mod plan;
pub mod request;

pub mod diagnostic;
pub mod kinds;
pub mod names;
pub mod quantity;

//! The pure core of Modelwright: custom resources and what was observed in, desired children and a plan out.
//!
//! Reads in the order of the data flow: [`observation`] → [`validate`] → [`references`] → [`gates`] → [`children`] → [`diff`] →
//! [`plan`] → [`status`]. No I/O, no clock, no randomness, no memory between calls: hosts observe, call, act in the order of the
//! plan, write status, and observe again.

// Nothing of an operating system is there to be used. In wasm the standard library is left out altogether: its panics write a message
// that nobody could read.
#![no_std]
// A trap is our bug: nothing in the core may panic. Tests may.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::unreachable,
        clippy::todo,
        clippy::indexing_slicing,
        clippy::string_slice,
        clippy::arithmetic_side_effects
    )
)]

#[macro_use]
extern crate alloc;
#[cfg(not(target_arch = "wasm32"))]
extern crate std;

#[cfg(target_arch = "wasm32")]
mod bare;

#[cfg(all(target_arch = "wasm32", feature = "component", feature = "js"))]
compile_error!("the features `component` and `js` never meet in one wasm build");

#[cfg(feature = "component")]
pub mod component;
pub mod contract;
#[cfg(feature = "js")]
pub mod js;

pub mod json;
pub mod observation;
pub mod policy;

pub mod crd;
pub mod validate;

pub mod files;

pub mod references;

pub mod gates;

pub mod children;
pub mod profile;

pub mod apply;
pub mod diff;

pub mod charge;
pub mod handover;
pub mod pair;
pub mod plan;
pub mod readiness;
pub mod request;
pub mod undone;

pub mod since;
pub mod status;

pub mod reconcile;
pub mod requirements;

pub mod admission;
pub mod metacontroller;

pub mod forecast;
pub mod simulate;

pub mod diagnostic;
pub mod kinds;

mod list;
pub mod names;
pub mod quantity;
mod search;
pub mod sort;
pub mod table;
pub mod written;

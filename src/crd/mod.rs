//! The three custom resources exactly as users write them. No behaviour: rules and defaults live in `validate`.
//!
//! The schemas in `deploy/crds/` and `schema.rs` are made from these types by the test `crds` (feature `schema`).

pub mod endpoint;
pub mod endpoint_config;
pub mod model;
#[rustfmt::skip]
pub mod schema;

/// The CustomResourceDefinitions as a JSON list, rendered when the types last changed.
pub const CRDS: &str = include_str!("crds.json");

#[cfg(feature = "schema")]
pub mod status;

//! `EndpointConfig`: which models share an endpoint.
#![cfg_attr(
    not(feature = "schema"),
    allow(dead_code, reason = "documents the kind; the core reads JSON by the schema made from it")
)]

use super::model::Quantity;
use alloc::string::String;
use alloc::vec::Vec;

/// What the user says of an EndpointConfig.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename_all = "camelCase", deny_unknown_fields))]
pub struct EndpointConfigSpec {
    /// Longest time for one request, in seconds. Default 60.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 3600)))]
    pub timeout_seconds: Option<u32>,
    /// The variants that share the traffic.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 16)))]
    pub models: Vec<Variant>,
}

/// A variant: a Model and its share.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename_all = "camelCase", deny_unknown_fields))]
pub struct Variant {
    /// A DNS label, unique in the config; callers pin a variant by it.
    #[cfg_attr(feature = "schema", schemars(extend("pattern" = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"), length(min = 1, max = 63)))]
    pub name: String,
    /// The Model's name in the same namespace, unique in the config.
    #[cfg_attr(feature = "schema", schemars(extend("pattern" = r"^[a-z]([-a-z0-9]*[a-z0-9])?$"), length(min = 1, max = 63)))]
    pub model: String,
    /// Share of the traffic: weight / sum of the weights.
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 2147483647)))]
    pub weight: u32,
    /// Replicas. Default: the Model's.
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 1000)))]
    pub instances: Option<u32>,
    /// Cores of the serving container. Default: the Model's.
    pub cpus: Option<Quantity>,
    /// Memory of the serving container. Default: the Model's.
    pub memory: Option<Quantity>,
}

//! The status of the three kinds, for their schemas.
#![allow(dead_code, reason = "only the schema is used; the core writes status as JSON")]

use alloc::string::String;
use alloc::vec::Vec;

/// Status of every kind.
#[derive(schemars::JsonSchema)]
#[schemars(rename_all = "camelCase")]
pub struct Status {
    /// Generation of the custom resource that this status is about.
    observed_generation: Option<i64>,
    /// creating, available, updating, deleting or failed.
    state: Option<String>,
    /// Accepted, Ready, Progressing, and what a kind needs.
    conditions: Option<Vec<Condition>>,
    /// Model: the profile that the Deployment was made with.
    profile: Option<String>,
    /// Model: wanted replicas.
    replicas: Option<i64>,
    /// Model: available replicas.
    available_replicas: Option<i64>,
    /// EndpointConfig: hosts of the observed VirtualService.
    hosts: Option<Vec<String>>,
    /// EndpointConfig: weights of the observed VirtualService.
    routes: Option<Vec<Route>>,
    /// EndpointConfig: the path on which its Models take requests.
    invocations_path: Option<String>,
    /// Endpoint: where requests go.
    url: Option<String>,
    /// Endpoint: metrics of one pod of one variant.
    monitoring_url: Option<String>,
    /// Endpoint: metrics by variant.
    variants: Option<Vec<VariantStatus>>,
}

/// A condition, as in Kubernetes.
#[derive(schemars::JsonSchema)]
#[schemars(rename_all = "camelCase")]
struct Condition {
    /// What it is about.
    r#type: String,
    /// True, False or Unknown.
    status: String,
    /// Why, in one CamelCase word.
    reason: String,
    /// Why, in one sentence.
    message: String,
    /// When the status last changed.
    last_transition_time: Option<String>,
    /// Generation of the custom resource that it is about.
    observed_generation: Option<i64>,
}

/// An observed route.
#[derive(schemars::JsonSchema)]
struct Route {
    /// The Model.
    model: String,
    /// Its weight.
    weight: i64,
}

/// Where a variant's metrics are.
#[derive(schemars::JsonSchema)]
#[schemars(rename_all = "camelCase")]
struct VariantStatus {
    /// The variant.
    name: String,
    /// Its metrics.
    monitoring_url: String,
}

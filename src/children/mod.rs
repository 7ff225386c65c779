//! The objects that custom resources need, as far as Modelwright means them: no defaults, no status, no owner references.
//! One file per kind of child. Decisions about *when* are in `gates`.

use crate::profile::Profile;
use crate::validate::{Endpoint, Figures, Meta, Model, Variant};
use serde_json::Value;
use std::collections::BTreeMap;

/// What a Model's children are made from.
#[derive(Clone, Copy, Debug)]
pub struct ModelParts<'a> {
    /// The valid Model.
    pub model: &'a Model,
    /// What it takes: its EndpointConfig's figures, or its own.
    pub figures: &'a Figures,
    /// Whether its volume may be mounted by pods of several nodes; decides `RollingUpdate` or `Recreate`.
    pub shared: bool,
    /// Sidecar images and template version.
    pub profile: &'a Profile,
    /// Image reference → its mirror or digest, from the host's policy; for every container.
    pub images: &'a BTreeMap<String, String>,
}

/// PersistentVolume, PersistentVolumeClaim, Deployment, Service: those that the Model's storage asks for, in this order.
pub fn of_model(_parts: &ModelParts) -> Vec<Value> {
    Vec::new()
}

/// The VirtualService of an EndpointConfig; `http` is made by [`routes`], or observed.
pub fn virtual_service(_config: &Meta, _hosts: &[String], _gateways: &[String], _http: Value) -> Value {
    Value::Null
}

/// `spec.http` of a VirtualService: monitoring rules, target-variant rules, one weighted catch-all rule last.
pub fn routes(_namespace: &str, _variants: &[Variant], _timeout_seconds: u32) -> Value {
    Value::Null
}

/// The Gateway of an Endpoint.
pub fn gateway(_endpoint: &Endpoint) -> Value {
    Value::Null
}

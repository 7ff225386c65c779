//! The objects that custom resources need, as far as Modelwright means them: no defaults, no status, no owner references.
//! One file per kind of child. Decisions about *when* are in `gates`.

mod container;
mod core;
mod deployment;
mod gateway;
mod istio;
mod model;
mod object;
mod persistent_volume;
mod persistent_volume_claim;
mod pod;
mod service;
mod sidecar;
mod tree;
mod virtual_service;

pub use gateway::gateway;
pub use virtual_service::{routes, virtual_service};

use crate::list::{AddAll, Listed};
use crate::names::{self, Labels};
use crate::profile::Profile;
use crate::validate::{Figures, Meta, Model};
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use object::Metadata;
use serde::Serialize;
use serde_json::{Map, Value};

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

impl ModelParts<'_> {
    /// What the host's policy makes of an image reference.
    fn image(&self, reference: &str) -> String {
        self.images.get(reference).map_or(reference, String::as_str).into()
    }
}

/// PersistentVolume, PersistentVolumeClaim, Deployment, Service: those that the Model's storage asks for, in this order.
pub fn of_model(parts: &ModelParts) -> Vec<Value> {
    let volume = persistent_volume::persistent_volume(parts.model);
    let claim = persistent_volume_claim::persistent_volume_claim(parts.model);
    let always = [deployment::deployment(parts), service::service(parts.model)];
    volume.into_iter().chain(claim).chain(always).listed()
}

/// Metadata of a namespaced child, which carries the name of its custom resource.
fn metadata(owner: &Meta, labels: Labels) -> Metadata {
    Metadata { name: Some(owner.name.clone()), namespace: Some(owner.namespace.clone()), labels, ..Default::default() }
}

/// What selects the pods of a Model. Selectors are immutable, so nothing that may change belongs here.
fn selector(model: &Model) -> Labels {
    labels([(names::MODEL, model.meta.name.clone())])
}

fn label_selector(model: &Model) -> LabelSelector {
    LabelSelector { match_labels: Some(selector(model)), match_expressions: None }
}

/// Inserted one by one: `from` and `collect` would bring a sort of their own into the component.
fn labels(entries: impl IntoIterator<Item = (&'static str, String)>) -> Labels {
    let mut labels = Labels::new();
    labels.extend(entries.into_iter().map(|(key, value)| (key.into(), value)));
    labels
}

/// The one place where children become JSON. Their types have nothing that JSON lacks, so it cannot fail.
fn json(object: &impl Serialize) -> Value {
    let Ok(value) = object.serialize(tree::Builder);
    value
}

/// Appends to a list of an object, which is made if it is absent.
fn append(object: &mut Map<String, Value>, list: &str, items: impl IntoIterator<Item = Value>) {
    let mut items = items.into_iter().peekable();
    if items.peek().is_some()
        && let Some(Value::Array(known)) = crate::json::member(object, list, Value::Array(Vec::new()))
    {
        known.add_all(items);
    }
}

//! What a host must read to reconcile a custom resource, as selectors. It depends on the custom resource alone, so one pass is
//! enough: what is two hops away is among it.

use crate::kinds::{Key, Kind};
use crate::list::Listed;
use crate::names;
use crate::observation::{items, text};
use crate::sort::sort_distinct;
use crate::written::written;
use alloc::string::String;
use alloc::vec::Vec;
use serde_json::Value;

/// Objects of one kind that a host must read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selector {
    /// For example `apps/v1`.
    pub api_version: String,
    /// For example `Deployment`.
    pub kind: &'static str,
    /// The plural name in URLs.
    pub resource: &'static str,
    /// Empty: cluster-scoped, or the whole cluster.
    pub namespace: String,
    /// Empty: all of the kind.
    pub names: Vec<String>,
    /// What it is read for.
    pub reason: &'static str,
}

/// Who carries out what is decided: for hosts that make their own calls. Metacontroller itself knows.
pub fn controllers() -> Selector {
    of_cluster(Kind::CompositeController, Vec::new(), "whether Metacontroller runs the kind")
}

/// The selectors of a custom resource, its own children among them.
pub fn requirements(key: &Key, parent: &Value) -> Vec<Selector> {
    match key.kind {
        Kind::Model => of_model(key, parent),
        Kind::EndpointConfig => of_config(key, parent),
        _ => of_endpoint(key, parent),
    }
}

fn of_model(key: &Key, parent: &Value) -> Vec<Selector> {
    let mut claims = vec![key.name.clone()];
    let existing = text(parent, &["spec", "storage", "existingClaim"]);
    if !existing.is_empty() && existing != key.name {
        claims.push(existing.into());
    }
    vec![
        in_namespace(key, Kind::EndpointConfig, Vec::new(), "which config names the Model, and its figures"),
        in_namespace(key, Kind::VirtualService, Vec::new(), "whether something routes to the Model"),
        in_namespace(key, Kind::Deployment, vec![key.name.clone()], "child"),
        in_namespace(key, Kind::Service, vec![key.name.clone()], "child"),
        in_namespace(key, Kind::PersistentVolumeClaim, claims, "child, or the claim that it mounts"),
        of_cluster(Kind::PersistentVolume, vec![names::volume(&key.namespace, &key.name)], "child"),
        of_cluster(Kind::Namespace, vec![key.namespace.clone()], "its Pod Security label"),
    ]
}

fn of_config(key: &Key, parent: &Value) -> Vec<Selector> {
    let entries = items(parent, &["spec", "models"]).iter();
    let mut models: Vec<String> =
        entries.map(|entry| text(entry, &["model"])).filter(|model| names::is_dns1035(model)).map(String::from).listed();
    sort_distinct(&mut models);
    let mut selectors = vec![
        in_namespace(key, Kind::EndpointConfig, Vec::new(), "which other config names the same Models"),
        in_namespace(key, Kind::Endpoint, Vec::new(), "who names the config, and who has left it"),
        in_namespace(key, Kind::VirtualService, Vec::new(), "child, and who has the same hosts"),
        in_namespace(key, Kind::Gateway, Vec::new(), "whether the Gateways that it is bound to are ours"),
    ];
    // Empty names would mean all of them.
    if !models.is_empty() {
        selectors.push(in_namespace(key, Kind::Model, models.clone(), "the Models that it names"));
        selectors.push(in_namespace(key, Kind::Deployment, models.clone(), "whether they are available"));
        selectors.push(in_namespace(key, Kind::Service, models, "whether they can be routed to"));
    }
    selectors
}

fn of_endpoint(key: &Key, parent: &Value) -> Vec<Selector> {
    let config = text(parent, &["spec", "config"]);
    let mut selectors = vec![
        in_namespace(key, Kind::Gateway, vec![key.name.clone()], "child"),
        of_cluster(Kind::Endpoint, Vec::new(), "who else has its host"),
        in_namespace(key, Kind::VirtualService, Vec::new(), "who answers for its host"),
    ];
    if names::is_dns1035(config) {
        selectors.push(in_namespace(key, Kind::EndpointConfig, vec![config.into()], "its config, and the path of its URL"));
    }
    selectors
}

fn in_namespace(key: &Key, kind: Kind, names: Vec<String>, reason: &'static str) -> Selector {
    selector(kind, &key.namespace, names, reason)
}

fn of_cluster(kind: Kind, names: Vec<String>, reason: &'static str) -> Selector {
    selector(kind, "", names, reason)
}

/// Objects of a kind in a namespace.
pub fn selector(kind: Kind, namespace: &str, names: Vec<String>, reason: &'static str) -> Selector {
    Selector { api_version: kind.api(), kind: kind.name(), resource: kind.plural(), namespace: namespace.into(), names, reason }
}

written!(Selector { "apiVersion": api_version, "kind": kind, "resource": resource, "namespace": namespace, "names": names, "reason": reason });

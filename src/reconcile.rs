//! The straight line for one custom resource: gates, children, status.

use crate::children::{self, ModelParts};
use crate::diagnostic::Diagnostic;
use crate::gates::{self, GatewayGate, ModelGate, Outcome, RoutesGate};
use crate::kinds::{Key, Kind};
use crate::list::{AddAll, Listed};
use crate::observation::{self, Host, Observation, number, set};
use crate::plan::Waiting;
use crate::references::References;
use crate::sort::sort_distinct;
use crate::status;
use crate::validate::{Checked, Meta, Model};
use alloc::vec::Vec;
use serde_json::Value;

/// What is decided for one custom resource.
#[derive(Debug)]
pub struct Decision {
    /// The custom resource.
    pub key: Key,
    /// Its metadata.
    pub meta: Meta,
    /// Whether it is valid by itself; other objects may still stand in its way.
    pub valid: bool,
    /// What happens to its dependants.
    pub outcome: Outcome,
    /// What should exist now: complete on `Apply`, empty otherwise.
    pub desired: Vec<Desired>,
    /// What keeps it from being deleted as the user asks; nothing: it is deleted now. `None`: nobody asks.
    pub deletion: Option<Vec<Waiting>>,
    /// What a gate holds back.
    pub waiting: Vec<Waiting>,
    /// All findings about it, sorted.
    pub diagnostics: Vec<Diagnostic>,
    /// Its status, from observed facts.
    pub status: Value,
}

/// An object that should exist.
#[derive(Clone, Debug)]
pub struct Desired {
    /// Which object.
    pub key: Key,
    /// As far as Modelwright means it.
    pub body: Value,
}

impl Desired {
    fn new(body: Value) -> Option<Self> {
        Some(Self { key: observation::key_of(&body)?, body })
    }
}

/// Decides for one custom resource; `None` where it was not observed.
pub fn decide(key: &Key, references: &References, seen: &Observation) -> Option<Decision> {
    match key.kind {
        Kind::Model => decide_model(key, references, seen),
        Kind::EndpointConfig => decide_config(key, references, seen),
        _ => decide_endpoint(key, references, seen),
    }
}

fn decide_model(key: &Key, references: &References, seen: &Observation) -> Option<Decision> {
    let checked = references.models.get(key)?;
    let mut gate = gates::model(key, checked, references, seen);
    let desired = match (&checked.value, gate.outcome) {
        (Some(model), Outcome::Apply) => {
            let mut children = model_children(model, &gate, seen);
            if gates::volume_to_come(key, model, seen).is_some() {
                children.retain(|child| child.key.kind != Kind::PersistentVolumeClaim);
            }
            children
        }
        _ => Vec::new(),
    };
    let diagnostics = findings(checked, key, core::mem::take(&mut gate.diagnostics));
    let status = status::of_model(key, checked, &gate, &diagnostics, references, seen);
    let ModelGate { outcome, waiting, .. } = gate;
    Some(Decision {
        key: key.clone(),
        meta: checked.meta.clone(),
        valid: checked.value.is_some(),
        outcome,
        desired,
        deletion: gates::requested_deletion(key, references, seen),
        waiting,
        diagnostics,
        status,
    })
}

fn model_children(model: &Model, gate: &ModelGate, seen: &Observation) -> Vec<Desired> {
    let Some(figures) = &gate.figures else { return Vec::new() };
    let parts = ModelParts { model, figures, shared: gate.shared, profile: &gate.profile, images: &seen.policy.images };
    let mut desired: Vec<Desired> = children::of_model(&parts).into_iter().filter_map(Desired::new).listed();
    for deployment in desired.iter_mut().filter(|desired| desired.key.kind == Kind::Deployment) {
        hand_over_replicas(deployment, seen);
    }
    desired
}

/// Replicas that an autoscaler owns are its business: left out where applies are exact, echoed where the host merges three ways.
fn hand_over_replicas(deployment: &mut Desired, seen: &Observation) {
    let Some(live) = seen.objects.get(&deployment.key) else { return };
    if !observation::replicas_are_anothers(live, &seen.manager) {
        return;
    }
    match seen.host {
        Host::Metacontroller => set(&mut deployment.body, &["spec", "replicas"], number(live, &["spec", "replicas"]).into()),
        Host::Direct => {
            if let Some(spec) = deployment.body.get_mut("spec").and_then(Value::as_object_mut) {
                spec.remove("replicas");
            }
        }
    }
}

fn decide_config(key: &Key, references: &References, seen: &Observation) -> Option<Decision> {
    let checked = references.configs.get(key)?;
    let gate = gates::config(key, checked, references, seen);
    let desired: Vec<Desired> = match gate.outcome {
        Outcome::Apply if !gate.hosts.is_empty() => {
            let new = || {
                let config = checked.value.as_ref()?;
                Some(children::routes(&key.namespace, &config.variants, config.timeout_seconds))
            };
            let http = gate.observed_http.clone().or_else(new).unwrap_or(Value::Null);
            let body = children::virtual_service(&checked.meta, &gate.hosts, &gate.gateways, http);
            Desired::new(body).into_iter().listed()
        }
        _ => Vec::new(),
    };
    let RoutesGate { outcome, waiting, diagnostics, unnamed, .. } = gate;
    let diagnostics = findings(checked, key, diagnostics);
    let facts = status::ConfigFacts { unnamed, outcome, diagnostics: &diagnostics, waiting: &waiting };
    let status = status::of_config(key, checked, &facts, references, seen);
    Some(Decision {
        key: key.clone(),
        meta: checked.meta.clone(),
        valid: checked.value.is_some(),
        outcome,
        desired,
        deletion: gates::requested_deletion(key, references, seen),
        waiting,
        diagnostics,
        status,
    })
}

fn decide_endpoint(key: &Key, references: &References, seen: &Observation) -> Option<Decision> {
    let checked = references.endpoints.get(key)?;
    let gate = gates::endpoint(key, checked, references, seen);
    let desired = match (&checked.value, gate.outcome) {
        (Some(endpoint), Outcome::Apply) => Desired::new(children::gateway(endpoint)).into_iter().listed(),
        _ => Vec::new(),
    };
    let GatewayGate { outcome, waiting, diagnostics } = gate;
    let diagnostics = findings(checked, key, diagnostics);
    let status = status::of_endpoint(key, checked, outcome, &diagnostics, &waiting, references, seen);
    Some(Decision {
        key: key.clone(),
        meta: checked.meta.clone(),
        valid: checked.value.is_some(),
        outcome,
        desired,
        deletion: gates::requested_deletion(key, references, seen),
        waiting,
        diagnostics,
        status,
    })
}

fn findings<T>(checked: &Checked<T>, key: &Key, of_gate: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let label = key.label();
    let mut all = checked.diagnostics.clone();
    all.add_all(of_gate.into_iter().map(|diagnostic| diagnostic.of(&label)));
    sort_distinct(&mut all);
    all
}

/// What a custom resource would have with every gate open: for previews, never for applying.
pub fn everything(key: &Key, references: &References, seen: &Observation) -> Vec<Desired> {
    match key.kind {
        Kind::Model => {
            let Some((checked, model)) = references.models.get(key).and_then(|checked| Some((checked, checked.value.as_ref()?)))
            else {
                return Vec::new();
            };
            let mut gate = gates::model(key, checked, references, seen);
            gate.figures = gate.figures.or_else(|| Some(model.figures.clone()));
            model_children(model, &gate, seen)
        }
        Kind::EndpointConfig => {
            let Some(config) = references.configs.get(key).and_then(|checked| checked.value.as_ref()) else {
                return Vec::new();
            };
            let (hosts, gateways) = gates::wanted(key, references);
            let http = children::routes(&key.namespace, &config.variants, config.timeout_seconds);
            let body = children::virtual_service(&config.meta, &hosts, &gateways, http);
            if hosts.is_empty() { Vec::new() } else { Desired::new(body).into_iter().listed() }
        }
        _ => {
            let endpoint = references.endpoints.get(key).and_then(|checked| checked.value.as_ref());
            endpoint.and_then(|endpoint| Desired::new(children::gateway(endpoint))).into_iter().listed()
        }
    }
}

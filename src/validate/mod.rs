//! Rules and defaults: a raw custom resource becomes a valid one, or all its violations at once. The last place where a rule can be
//! broken: what leaves here cannot be wrong.

mod endpoint;
mod endpoint_config;
pub mod grammar;
mod model;
pub mod structure;
pub mod valid;

pub use valid::{
    Artifact, Endpoint, EndpointConfig, Figures, Meta, Model, Pod, Security, Server, Source, Storage, Variant, Volume,
};

use crate::crd::schema;
use crate::diagnostic::{Diagnostic, shown};
use crate::kinds::Kind;
use crate::list::AddAll;
use crate::names;
use crate::observation::{at, is_deleting, number, text};
use crate::policy::Policy;
use crate::request::finalizers_of;
use crate::sort::sort_distinct;
use alloc::string::String;
use alloc::vec::Vec;
use serde_json::Value;

/// A custom resource after validation.
#[derive(Clone, Debug)]
pub struct Checked<T> {
    /// Its metadata, as far as there is any.
    pub meta: Meta,
    /// The valid resource; `None` when a diagnostic is an error.
    pub value: Option<T>,
    /// Errors and warnings, sorted by path.
    pub diagnostics: Vec<Diagnostic>,
}

/// Validates a Model.
pub fn model(object: &Value, policy: &Policy) -> Checked<Model> {
    check(object, Kind::Model, schema::MODEL, |meta, spec, found| {
        let model = model::read(meta, spec, found)?;
        for (path, message) in policy.forbids(&model) {
            found.push(Diagnostic::error("NotAllowed", path, message));
        }
        Some(model)
    })
}

/// Validates an EndpointConfig.
pub fn endpoint_config(object: &Value) -> Checked<EndpointConfig> {
    check(object, Kind::EndpointConfig, schema::ENDPOINT_CONFIG, endpoint_config::read)
}

/// Validates an Endpoint.
pub fn endpoint(object: &Value) -> Checked<Endpoint> {
    check(object, Kind::Endpoint, schema::ENDPOINT, endpoint::read)
}

/// All findings about one custom resource of any of the three kinds; with the object before an edit, also what may not change.
pub fn any(kind: Kind, object: &Value, old: Option<&Value>, policy: &Policy) -> Vec<Diagnostic> {
    let mut found = match kind {
        Kind::Model => model(object, policy).diagnostics,
        Kind::EndpointConfig => endpoint_config(object).diagnostics,
        _ => endpoint(object).diagnostics,
    };
    if kind == Kind::Model
        && let Some(old) = old
    {
        let label = label(kind, &meta(object));
        found.add_all(model::transition(old, object).into_iter().map(|diagnostic| diagnostic.of(&label)));
    }
    found
}

/// Whether a volume may be mounted on many nodes; `None` for an existing claim, which has to be looked at.
pub fn shared(storage: &Storage) -> Option<bool> {
    match storage {
        Storage::Claim { access_modes, .. } => Some(access_modes.iter().any(|mode| mode == "ReadWriteMany")),
        Storage::ExistingClaim { .. } => None,
        Storage::Ephemeral { .. } | Storage::None => Some(true),
    }
}

/// The metadata of any object, as far as there is any.
pub fn meta(object: &Value) -> Meta {
    Meta {
        namespace: text(object, &["metadata", "namespace"]).into(),
        name: text(object, &["metadata", "name"]).into(),
        uid: text(object, &["metadata", "uid"]).into(),
        generation: number(object, &["metadata", "generation"]),
        created: text(object, &["metadata", "creationTimestamp"]).into(),
        deleting: is_deleting(object),
        finalizers: finalizers_of(object),
    }
}

fn label(kind: Kind, meta: &Meta) -> String {
    format!("{}/{}/{}", kind.name(), meta.namespace, meta.name)
}

/// The structure first: rules read only what has the right shape.
fn check<T>(
    object: &Value,
    kind: Kind,
    schema: &'static str,
    rules: impl FnOnce(&Meta, &Value, &mut Vec<Diagnostic>) -> Option<T>,
) -> Checked<T> {
    let meta = meta(object);
    let mut found = Vec::new();
    check_envelope(object, &meta, &mut found);
    let spec = at(object, &["spec"]);
    if spec.is_null() {
        found.push(Diagnostic::error("MissingField", "", "spec is required"));
    } else {
        structure::walk(schema, spec, "/spec", &mut found);
    }
    let value = if spec.is_object() { rules(&meta, spec, &mut found) } else { None };
    let label = label(kind, &meta);
    for diagnostic in &mut found {
        diagnostic.object.clone_from(&label);
    }
    sort_distinct(&mut found);
    let valid = !found.iter().any(Diagnostic::is_error);
    Checked { meta, value: value.filter(|_| valid), diagnostics: found }
}

fn check_envelope(object: &Value, meta: &Meta, found: &mut Vec<Diagnostic>) {
    const MEMBERS: [&str; 5] = ["apiVersion", "kind", "metadata", "spec", "status"];
    for name in object.as_object().into_iter().flat_map(|object| object.keys()) {
        if !MEMBERS.contains(&name.as_str()) {
            let path = crate::json::pointer("", name);
            found.push(Diagnostic::error("UnknownField", &path, format!("unknown field {}", shown(name))));
        }
    }
    if !names::is_dns1035(&meta.name) {
        let given = match at(object, &["metadata", "name"]) {
            Value::Null | Value::String(_) => shown(&meta.name),
            other => crate::written::json(other),
        };
        let message = format!("name {given} must be a DNS-1035 label of at most 63 characters");
        found.push(
            Diagnostic::error("InvalidName", "/metadata/name", message)
                .help("lower-case letters, digits and '-', beginning with a letter: the objects made for it carry the name"),
        );
    }
    if !names::is_label(&meta.namespace) {
        let message = match meta.namespace.as_str() {
            "" => "metadata.namespace is required".into(),
            namespace => format!("namespace {} must be a DNS label", shown(namespace)),
        };
        found.push(Diagnostic::error("InvalidNamespace", "/metadata/namespace", message));
    }
}

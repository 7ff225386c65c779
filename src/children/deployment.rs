//! The Deployment of a Model. What is in its pods is in `pod`.

use super::object::{DeploymentSpec, Metadata, Object};
use super::{ModelParts, json, label_selector, labels, metadata, pod};
use crate::kinds::Kind;
use crate::names;
use alloc::string::ToString;
use k8s_openapi::api::apps::v1::{DeploymentStrategy, RollingUpdateDeployment};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use serde_json::Value;

/// Scheduling and download, above the time that the server may take to start.
const PROGRESS_ABOVE_STARTUP_SECONDS: u32 = 660;

/// The pods of a Model and how they are replaced.
pub fn deployment(parts: &ModelParts) -> Value {
    let startup = parts.model.server.startup_timeout_seconds;
    let spec = DeploymentSpec {
        replicas: parts.figures.instances,
        revision_history_limit: 3,
        progress_deadline_seconds: startup.saturating_add(PROGRESS_ABOVE_STARTUP_SECONDS),
        strategy: strategy(parts.shared),
        selector: label_selector(parts.model),
        template: pod::template(parts),
    };
    let mut object = json(&Object::new(Kind::Deployment, deployment_metadata(parts), spec));
    pod::pass_through(&mut object, parts.model);
    object
}

/// The annotations are not on the template: a new generation or profile name alone must not restart pods.
/// What does not exist yet will have generation 1.
fn deployment_metadata(parts: &ModelParts) -> Metadata {
    let meta = &parts.model.meta;
    let annotations =
        labels([(names::MODEL_GENERATION, meta.generation.max(1).to_string()), (names::PROFILE, parts.profile.name.into())]);
    Metadata { annotations, ..metadata(meta, names::labels("model", names::MODEL, &meta.name)) }
}

/// On a volume of one node the surge pod of a rolling update would wait for the old one for ever.
fn strategy(shared: bool) -> DeploymentStrategy {
    let rolling = RollingUpdateDeployment { max_unavailable: Some(IntOrString::Int(0)), max_surge: Some(IntOrString::Int(1)) };
    DeploymentStrategy {
        type_: Some(if shared { "RollingUpdate" } else { "Recreate" }.into()),
        rolling_update: shared.then_some(rolling),
    }
}

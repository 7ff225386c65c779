//! The Deployment of a Model. What is in its pods is in `pod`.

use super::{ModelParts, json, metadata, pod, selector};
use crate::names::{self, Labels};
use k8s_openapi::api::apps::v1::{Deployment, DeploymentSpec, DeploymentStrategy, RollingUpdateDeployment};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use serde_json::Value;

/// Scheduling and download, above the time that the server may take to start.
const PROGRESS_ABOVE_STARTUP_SECONDS: u32 = 660;

/// The pods of a Model and how they are replaced.
pub fn deployment(parts: &ModelParts) -> Value {
    let startup = parts.model.server.startup_timeout_seconds;
    let spec = DeploymentSpec {
        replicas: i32::try_from(parts.figures.instances).ok(),
        revision_history_limit: Some(3),
        progress_deadline_seconds: i32::try_from(startup.saturating_add(PROGRESS_ABOVE_STARTUP_SECONDS)).ok(),
        strategy: Some(strategy(parts.shared)),
        selector: LabelSelector { match_labels: Some(selector(parts.model)), match_expressions: None },
        template: pod::template(parts),
        ..Default::default()
    };
    let mut object = json(&Deployment { metadata: deployment_metadata(parts), spec: Some(spec), status: None });
    pod::pass_through(&mut object, parts.model);
    object
}

/// The annotations are not on the template: a new generation or profile name alone must not restart pods.
fn deployment_metadata(parts: &ModelParts) -> ObjectMeta {
    let meta = &parts.model.meta;
    let annotations = Labels::from([
        (names::MODEL_GENERATION.into(), meta.generation.to_string()),
        (names::PROFILE.into(), parts.profile.name.into()),
    ]);
    ObjectMeta { annotations: Some(annotations), ..metadata(meta, names::labels("model", names::MODEL, &meta.name)) }
}

/// On a volume of one node the surge pod of a rolling update would wait for the old one for ever.
fn strategy(shared: bool) -> DeploymentStrategy {
    let rolling = RollingUpdateDeployment { max_unavailable: Some(IntOrString::Int(0)), max_surge: Some(IntOrString::Int(1)) };
    DeploymentStrategy {
        type_: Some(if shared { "RollingUpdate" } else { "Recreate" }.into()),
        rolling_update: shared.then_some(rolling),
    }
}

//! The serving container, and where its artifact comes from.

use super::ModelParts;
use super::container::{add_storage, env, hardened, http_get, mount, mount_read_only, port, probe, resources, sleep_before_stop};
use super::core::{Container, EnvVar, Probe, ResourceRequirements, SecurityContext, TcpSocket, VolumeMount};
use crate::list::Listed;
use crate::validate::{Artifact, Model, Security, Source, Storage};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::Write;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Until every gateway has dropped the endpoint of a pod that ends.
pub const ENDPOINT_REMOVAL_SECONDS: u32 = 15;
/// What nginx waits above the longest request.
pub const DRAIN_ABOVE_TIMEOUT_SECONDS: u32 = 5;

/// The user's image behind the pod's nginx. What passes through as JSON is added by `pod`.
pub fn container(parts: &ModelParts) -> Container {
    let model = parts.model;
    Container {
        command: model.command.clone(),
        args: model.args.clone(),
        env: environment(model),
        ports: vec![port("model", model.server.port)],
        resources: compute(parts),
        security_context: relaxed(&model.pod.security),
        startup_probe: Some(ping(model, startup_failures(model))),
        readiness_probe: Some(ping(model, 3)),
        // A busy model is not a dead one: it need only accept a connection.
        liveness_probe: Some(Probe { tcp_socket: Some(tcp_socket()), ..probe(20, 3, 3) }),
        lifecycle: sleep_before_stop(drained_seconds(parts)),
        volume_mounts: vec![artifact_mount(model), mount("model-tmp", "/tmp")],
        ..hardened("model", parts.image(&model.image))
    }
}

/// When a pod that ends has no request left: the model and gor stop then, not before.
pub fn drained_seconds(parts: &ModelParts) -> u32 {
    parts.figures.timeout_seconds.saturating_add(ENDPOINT_REMOVAL_SECONDS).saturating_add(DRAIN_ABOVE_TIMEOUT_SECONDS)
}

/// The name of a published artifact: its digest or, without one, that of its URI. Equal keys mean equal content.
pub fn key(uri: &str, artifact: &Artifact) -> String {
    artifact.sha256.clone().unwrap_or_else(|| {
        Sha256::digest(uri).iter().fold(String::new(), |mut hex, byte| {
            // Writing to a String cannot fail.
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    })
}

/// Ours; a HOME or TMPDIR of the user wins.
fn environment(model: &Model) -> Vec<EnvVar> {
    let users = |name: &str| model.env.iter().any(|entry| entry.get("name").and_then(Value::as_str) == Some(name));
    let port = env("SAGEMAKER_BIND_TO_PORT", &model.server.port.to_string());
    let writable = ["HOME", "TMPDIR"].into_iter().filter(|name| !users(name)).map(|name| env(name, "/tmp"));
    core::iter::once(port).chain(writable).listed()
}

/// Requests equal limits for cpu and memory, so latency does not depend on neighbours.
fn compute(parts: &ModelParts) -> ResourceRequirements {
    let (cpus, memory) = (parts.figures.cpus.canonical(), parts.figures.memory.canonical());
    let mut resources = resources([&cpus, &memory, "256Mi"], [&cpus, &memory, "1Gi"]);
    if let Storage::Ephemeral { size, class: None } = &parts.model.storage {
        add_storage(&mut resources, size);
    }
    let extra = parts.model.pod.resources.iter().filter_map(|(name, amount)| Some((name, amount.as_str()?)));
    for (name, amount) in extra {
        for amounts in [&mut resources.requests, &mut resources.limits] {
            amounts.insert(name.clone(), amount.into());
        }
    }
    resources
}

fn relaxed(wish: &Security) -> SecurityContext {
    let hardened = super::container::security_context();
    SecurityContext {
        run_as_user: wish.run_as_user.unwrap_or(hardened.run_as_user),
        run_as_group: wish.run_as_group.unwrap_or(hardened.run_as_group),
        run_as_non_root: wish.run_as_non_root.unwrap_or(hardened.run_as_non_root),
        read_only_root_filesystem: wish.read_only_root_filesystem.unwrap_or(hardened.read_only_root_filesystem),
        ..hardened
    }
}

fn ping(model: &Model, failures: u32) -> Probe {
    Probe { http_get: http_get(&model.server.ping_path, "model"), ..probe(5, 2, failures) }
}

fn startup_failures(model: &Model) -> u32 {
    model.server.startup_timeout_seconds.div_ceil(5)
}

fn tcp_socket() -> TcpSocket {
    TcpSocket { port: "model" }
}

fn artifact_mount(model: &Model) -> VolumeMount {
    let sub_path = match &model.artifact.source {
        Source::Download(uri) => Some(format!("artifacts/{}", key(uri, &model.artifact))),
        Source::Claim { path, .. } => (!path.is_empty()).then(|| path.clone()),
        Source::Image(_) => None,
    };
    VolumeMount { sub_path, ..mount_read_only("store", &model.model_path) }
}

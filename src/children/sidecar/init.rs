//! `model-init` brings the artifact onto the volume before the other containers start.

use crate::children::container::{add_storage, env, env_of_field, hardened, mount, mount_read_only, resources};
use crate::children::core::{Container, EnvVar, ResourceRequirements, VolumeMount};
use crate::children::{ModelParts, model::key, pod::CONFIG};
use crate::list::Listed;
use crate::validate::{Artifact, Source, Storage};
use alloc::string::ToString;
use alloc::vec::Vec;

/// The download program.
pub const PROGRAM: &str = include_str!("fetch.py");

/// `None` where the artifact is mounted as it is.
pub fn container(parts: &ModelParts) -> Option<Container> {
    let Source::Download(uri) = &parts.model.artifact.source else { return None };
    Some(Container {
        command: vec!["python3".into(), format!("{CONFIG}/fetch.py")],
        env: environment(uri, &parts.model.artifact),
        resources: compute(&parts.model.storage),
        // The last line reaches the pod's status.
        termination_message_policy: Some("FallbackToLogsOnError"),
        volume_mounts: mounts(&parts.model.artifact),
        ..hardened("model-init", parts.image(parts.profile.init_image))
    })
}

fn environment(uri: &str, artifact: &Artifact) -> Vec<EnvVar> {
    vec![
        env("MODEL_URI", uri),
        env("MODEL_SHA256", artifact.sha256.as_deref().unwrap_or("")),
        env("MODEL_KEY", &key(uri, artifact)),
        env("MODEL_ROOT", "/store"),
        env("MODEL_MAX_BYTES", &artifact.max_bytes.to_string()),
        env("HOME", "/tmp"),
        env("HF_HOME", "/tmp/hf"),
        env_of_field("POD_UID", "metadata.uid"),
    ]
}

/// 2Gi of memory: 1Gi is too small for large downloads from a hub.
fn compute(storage: &Storage) -> ResourceRequirements {
    let mut resources = resources(["100m", "256Mi", "64Mi"], ["1", "2Gi", "2Gi"]);
    if let Storage::Ephemeral { size, class: None } = storage {
        add_storage(&mut resources, size);
    }
    resources
}

fn mounts(artifact: &Artifact) -> Vec<VolumeMount> {
    let credentials = artifact.secret.iter().map(|_| mount_read_only("credentials", "/etc/mlops-credentials"));
    let own = [mount("store", "/store"), mount_read_only("config", CONFIG), mount("init-tmp", "/tmp")];
    own.into_iter().chain(credentials).listed()
}

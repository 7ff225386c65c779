//! fluent-bit turns nginx's log lines and the model's /proc into metrics for Prometheus.

use super::filled;
use crate::children::ModelParts;
use crate::children::container::{env_of_field, hardened, http_get, mount, mount_read_only, port, probe, resources};
use crate::children::core::{Container, Probe};
use crate::children::pod::CONFIG;
use crate::validate::Meta;
use alloc::string::String;

/// CPU, memory and latency metrics.
pub fn container(parts: &ModelParts) -> Container {
    Container {
        args: vec!["-c".into(), format!("{CONFIG}/fluent-bit.yaml")],
        env: vec![env_of_field("POD_NAME", "metadata.name")],
        ports: vec![port("fluent-bit", 2020)],
        resources: resources(["50m", "64Mi", "32Mi"], ["200m", "128Mi", "128Mi"]),
        // After liveness: metrics that are late must not take a model out of service.
        readiness_probe: Some(Probe { http_get: http_get("/", "fluent-bit"), ..probe(30, 3, 10) }),
        liveness_probe: Some(Probe {
            http_get: http_get("/api/v1/health", "fluent-bit"),
            initial_delay_seconds: Some(10),
            ..probe(30, 3, 3)
        }),
        volume_mounts: vec![mount_read_only("config", CONFIG), mount("fluent-bit-tmp", "/tmp")],
        ..hardened("fluent-bit", parts.image(parts.profile.fluent_bit_image))
    }
}

/// fluent-bit.yaml. Its only variables are two names without any special character.
pub fn yaml(model: &Meta) -> String {
    filled(include_str!("fluent-bit.yaml"), &[("NAMESPACE", &model.namespace), ("MODEL", &model.name)])
}

//! nginx takes every request of the pod, measures it, and serves the monitoring pages.

use super::filled;
use crate::children::ModelParts;
use crate::children::container::{
    hardened, http_get, mount, mount_read_only, port as container_port, probe, resources, sleep_before_stop,
};
use crate::children::core::{Container, Probe};
use crate::children::model::{DRAIN_ABOVE_TIMEOUT_SECONDS, ENDPOINT_REMOVAL_SECONDS};
use crate::children::pod::CONFIG;
use crate::validate::Model;
use alloc::string::{String, ToString};

/// The only target of the Model's Service.
pub fn container(parts: &ModelParts) -> Container {
    let command = ["nginx", "-e", "stderr", "-c", &format!("{CONFIG}/nginx.conf"), "-g", "daemon off;"];
    let ping = &parts.model.server.ping_path;
    Container {
        // Past the image's entry point, which is a shell script.
        command: command.map(String::from).to_vec(),
        ports: vec![container_port("http", port(parts.model))],
        resources: resources(["100m", "64Mi", "64Mi"], ["500m", "256Mi", "1200Mi"]),
        // Ready means nginx and the model; alive means nginx alone.
        readiness_probe: Some(Probe { http_get: http_get(ping, "http"), ..probe(5, 2, 3) }),
        liveness_probe: Some(Probe { http_get: http_get("/monitoring/healthz", "http"), ..probe(20, 3, 3) }),
        lifecycle: sleep_before_stop(ENDPOINT_REMOVAL_SECONDS),
        volume_mounts: vec![mount_read_only("config", CONFIG), mount("nginx-tmp", "/tmp")],
        ..hardened("nginx", parts.image(parts.profile.nginx_image))
    }
}

/// The containers of a pod share one network, so nginx gives way to the model.
pub fn port(model: &Model) -> u16 {
    if model.server.port == 8080 { 8088 } else { 8080 }
}

/// nginx.conf. Validated paths have no character that means something to nginx.
pub fn conf(parts: &ModelParts) -> String {
    let server = &parts.model.server;
    let drain = parts.figures.timeout_seconds.saturating_add(DRAIN_ABOVE_TIMEOUT_SECONDS);
    filled(
        include_str!("nginx.conf"),
        &[
            ("DRAIN", &drain.to_string()),
            ("LISTEN", &port(parts.model).to_string()),
            ("MODEL", &server.port.to_string()),
            ("PING", &server.ping_path),
            ("INVOCATIONS", &server.invocations_path),
        ],
    )
}

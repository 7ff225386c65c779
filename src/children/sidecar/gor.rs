//! gor records requests and responses on the loopback interface to files, and only to files.

use crate::children::ModelParts;
use crate::children::container::{env, env_of_field, hardened, mount, resources, security_context, sleep_before_stop};
use crate::children::core::{Capabilities, Container, SecurityContext};
use crate::children::model::drained_seconds;
use crate::list::Listed;
use crate::search::replaced;
use alloc::string::String;
use alloc::vec::Vec;

/// `None` when capture is disabled.
pub fn container(parts: &ModelParts) -> Option<Container> {
    let percentage = parts.model.capture?;
    Some(Container {
        args: arguments(parts, percentage),
        env: vec![env_of_field("POD_NAME", "metadata.name"), env("GOMAXPROCS", "1")],
        resources: resources(["50m", "128Mi", "256Mi"], ["500m", "512Mi", "1200Mi"]),
        security_context: raw_sockets(),
        lifecycle: sleep_before_stop(drained_seconds(parts)),
        volume_mounts: vec![mount("capture", "/capture")],
        ..hardened("gor", parts.image(parts.profile.gor_image))
    })
}

/// Each flag and value is an argument of its own; the image's entry point stays.
fn arguments(parts: &ModelParts, percentage: u8) -> Vec<String> {
    let server = &parts.model.server;
    let input = format!("127.0.0.1:{}", server.port);
    let path = format!("^{}", replaced(&server.invocations_path, '.', "\\."));
    let share = format!("X-Request-Id:{percentage}%");
    let what = ["--input-raw", &input, "--input-raw-track-response", "--http-allow-url", &path];
    // A header limiter drops a request with its response; gor's other limiters draw for each message.
    let limiter = if percentage < 100 { vec!["--http-header-limiter", &share] } else { Vec::new() };
    let where_to = [
        ["--copy-buffer-size", "26mb"],
        ["--input-raw-buffer-size", "32mb"],
        ["--output-file", "/capture/$(POD_NAME)-%Y%m%d-%H.gor"],
        ["--output-file-size-limit", "32mb"],
        ["--output-file-queue-limit", "0"],
        ["--output-file-max-size-limit", "200mb"],
    ];
    what.into_iter().chain(limiter).chain(where_to.into_iter().flatten()).map(String::from).listed()
}

/// Raw sockets need root: added capabilities are of no effect for another user.
fn raw_sockets() -> SecurityContext {
    let hardened = security_context();
    let capabilities = Capabilities { add: &["NET_RAW"], ..hardened.capabilities };
    SecurityContext { run_as_non_root: false, run_as_user: 0, run_as_group: 0, capabilities, ..hardened }
}

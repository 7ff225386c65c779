//! `hook`: the server for Metacontroller.

use super::request::policy_of;
use crate::arguments::{Hook, Report};
use crate::console::Console;
use crate::stop::{FINE, Stop};
use modelwright_hook::{LogFormat, Settings, TlsFiles};

/// Runs `hook` until it is asked to end.
pub fn run(arguments: &Hook, console: &mut Console<'_>) -> Result<u8, Stop> {
    let policy = match &arguments.policy {
        Some(path) => policy_of(path, console)?,
        None => policy(arguments),
    };
    modelwright_hook::run(settings(arguments, policy)).map(|()| FINE).map_err(Stop::Host)
}

fn settings(arguments: &Hook, policy: String) -> Settings {
    Settings {
        listen: arguments.listen,
        health_listen: arguments.health_listen,
        metrics_listen: arguments.metrics_listen,
        tls: tls(arguments),
        policy,
        record: arguments.record.clone(),
        record_failures: arguments.record_failures.clone(),
        max_in_flight: arguments.max_in_flight.into(),
        max_body: arguments.max_body,
        log: match arguments.log_format {
            Report::Json => LogFormat::Json,
            Report::Text => LogFormat::Text,
        },
        drain: arguments.drain,
        grace: arguments.grace,
    }
}

/// The arguments allow both files or none.
fn tls(arguments: &Hook) -> Option<TlsFiles> {
    let (certificate, key) = arguments.tls_cert.clone().zip(arguments.tls_key.clone())?;
    Some(TlsFiles { certificate, key, client_ca: arguments.client_ca.clone() })
}

/// The flags as the component reads a policy.
fn policy(arguments: &Hook) -> String {
    serde_json::json!({
        "staticVolumes": "listed",
        "nfsServers": arguments.allow_nfs,
        "csiDrivers": arguments.allow_csi,
        "hostPathPrefixes": arguments.allow_host_path,
        "artifactHosts": arguments.artifact_hosts,
        "capture": arguments.allow_capture.unwrap_or(true),
    })
    .to_string()
}

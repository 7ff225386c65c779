//! What the containers of a pod have in common.

use super::core::{
    Capabilities, Container, ContainerPort, EnvVar, EnvVarSource, FieldRef, HttpGet, Lifecycle, PreStop, Probe,
    ResourceRequirements, SeccompProfile, SecurityContext, Sleep, VolumeMount,
};
use super::labels;
use crate::names::Labels;
use crate::quantity::Quantity as Bytes;
use crate::search::replaced;
use alloc::string::{String, ToString};

/// uid and gid of every container but gor.
pub const USER: i64 = 65532;

/// A hardened container of that image: its own additions go on top.
pub fn hardened(name: &'static str, image: String) -> Container {
    Container { name, image, image_pull_policy: "Always", security_context: security_context(), ..Default::default() }
}

/// No privileges at all: Pod Security level `restricted`.
pub fn security_context() -> SecurityContext {
    SecurityContext {
        allow_privilege_escalation: false,
        privileged: false,
        read_only_root_filesystem: true,
        run_as_non_root: true,
        run_as_user: USER,
        run_as_group: USER,
        capabilities: Capabilities { drop: &["ALL"], add: &[] },
        seccomp_profile: seccomp(),
    }
}

/// The container runtime's own filter.
pub fn seccomp() -> SeccompProfile {
    SeccompProfile { type_: "RuntimeDefault" }
}

/// Requests and limits as `[cpu, memory, ephemeral-storage]`.
pub fn resources(requests: [&str; 3], limits: [&str; 3]) -> ResourceRequirements {
    ResourceRequirements { requests: amounts(requests), limits: amounts(limits) }
}

fn amounts([cpu, memory, storage]: [&str; 3]) -> Labels {
    labels([("cpu", cpu.into()), ("memory", memory.into()), ("ephemeral-storage", storage.into())])
}

/// Adds the size of an emptyDir that counts against a container's own ephemeral storage.
pub fn add_storage(resources: &mut ResourceRequirements, size: &Bytes) {
    for amounts in [&mut resources.requests, &mut resources.limits] {
        if let Some(amount) = amounts.get_mut("ephemeral-storage") {
            let own = Bytes::parse(amount).map_or(0, |own| own.units_ceil());
            *amount = bytes(own.saturating_add(size.units_ceil()));
        }
    }
}

/// Canonical text of a number of bytes, binary where it can be.
fn bytes(amount: u64) -> String {
    let text = match (amount.checked_rem(1024), amount.checked_div(1024)) {
        (Some(0), Some(kibi)) => format!("{kibi}Ki"),
        _ => amount.to_string(),
    };
    Bytes::parse(&text).map_or(text, |amount| amount.canonical())
}

/// An environment variable with exactly this value: kubelet expands `$(NAME)` and reads `$$` as `$`.
pub fn env(name: &'static str, value: &str) -> EnvVar {
    EnvVar { name, value: (!value.is_empty()).then(|| replaced(value, '$', "$$")), value_from: None }
}

/// An environment variable with a field of the pod.
pub fn env_of_field(name: &'static str, field_path: &'static str) -> EnvVar {
    EnvVar { name, value: None, value_from: Some(EnvVarSource { field_ref: FieldRef { field_path } }) }
}

/// A TCP port.
pub fn port(name: &'static str, number: u16) -> ContainerPort {
    ContainerPort { name, container_port: number, protocol: "TCP" }
}

/// A writable mount.
pub fn mount(volume: &'static str, path: &str) -> VolumeMount {
    VolumeMount { name: volume, mount_path: path.into(), ..Default::default() }
}

/// A read-only mount.
pub fn mount_read_only(volume: &'static str, path: &str) -> VolumeMount {
    VolumeMount { read_only: true, ..mount(volume, path) }
}

/// A probe every `period` seconds that may take `timeout` seconds and fail `failures` times.
pub fn probe(period: u32, timeout: u32, failures: u32) -> Probe {
    Probe { period_seconds: period, timeout_seconds: timeout, failure_threshold: failures, ..Default::default() }
}

/// Asks a path of a named port.
pub fn http_get(path: &str, port: &'static str) -> Option<HttpGet> {
    Some(HttpGet { path: path.into(), port })
}

/// Sleeps before SIGTERM, while gateways still send.
pub fn sleep_before_stop(seconds: u32) -> Option<Lifecycle> {
    Some(Lifecycle { pre_stop: PreStop { sleep: Sleep { seconds } } })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_of_bytes_is_canonical() {
        for (size, request) in [("10Gi", "10304Mi"), ("10G", "9831161Ki"), ("1", "67108865"), ("0.5", "67108865")] {
            let mut own = resources(["1", "1", "64Mi"], ["1", "1", "64Mi"]);
            add_storage(&mut own, &Bytes::parse(size).expect("a quantity"));
            assert_eq!(own.requests, own.limits);
            assert_eq!(own.requests["ephemeral-storage"], request, "{size}");
        }
    }

    #[test]
    fn kubelet_reads_our_values_as_they_are() {
        for (value, written) in [("a", Some("a")), ("$(A)", Some("$$(A)")), ("$$(A)$", Some("$$$$(A)$$")), ("", None)] {
            assert_eq!(env("A", value).value.as_deref(), written);
        }
    }
}

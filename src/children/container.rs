//! What the containers of a pod have in common.

use crate::quantity::Quantity as Bytes;
use k8s_openapi::api::core::v1::{
    Capabilities, Container, ContainerPort, EnvVar, EnvVarSource, HTTPGetAction, Lifecycle, LifecycleHandler,
    ObjectFieldSelector, Probe, ResourceRequirements, SeccompProfile, SecurityContext, SleepAction, VolumeMount,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use std::collections::BTreeMap;

/// uid and gid of every container but gor.
pub const USER: i64 = 65532;

/// A hardened container of that image: its own additions go on top.
pub fn hardened(name: &str, image: String) -> Container {
    Container {
        name: name.into(),
        image: Some(image),
        image_pull_policy: Some("Always".into()),
        security_context: Some(security_context()),
        ..Default::default()
    }
}

/// No privileges at all: Pod Security level `restricted`.
pub fn security_context() -> SecurityContext {
    SecurityContext {
        allow_privilege_escalation: Some(false),
        privileged: Some(false),
        read_only_root_filesystem: Some(true),
        run_as_non_root: Some(true),
        run_as_user: Some(USER),
        run_as_group: Some(USER),
        capabilities: Some(Capabilities { drop: Some(vec!["ALL".into()]), add: None }),
        seccomp_profile: Some(seccomp()),
        ..Default::default()
    }
}

/// The container runtime's own filter.
pub fn seccomp() -> SeccompProfile {
    SeccompProfile { type_: "RuntimeDefault".into(), localhost_profile: None }
}

/// Requests and limits as `[cpu, memory, ephemeral-storage]`.
pub fn resources(requests: [&str; 3], limits: [&str; 3]) -> ResourceRequirements {
    ResourceRequirements { requests: Some(amounts(requests)), limits: Some(amounts(limits)), claims: None }
}

fn amounts([cpu, memory, storage]: [&str; 3]) -> BTreeMap<String, Quantity> {
    let mut amounts = BTreeMap::new();
    for (name, amount) in [("cpu", cpu), ("memory", memory), ("ephemeral-storage", storage)] {
        amounts.insert(name.into(), Quantity(amount.into()));
    }
    amounts
}

/// Adds the size of an emptyDir that counts against a container's own ephemeral storage.
pub fn add_storage(resources: &mut ResourceRequirements, size: &Bytes) {
    for amounts in [&mut resources.requests, &mut resources.limits] {
        if let Some(Quantity(amount)) = amounts.as_mut().and_then(|amounts| amounts.get_mut("ephemeral-storage")) {
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
pub fn env(name: &str, value: &str) -> EnvVar {
    EnvVar { name: name.into(), value: (!value.is_empty()).then(|| value.replace('$', "$$")), value_from: None }
}

/// An environment variable with a field of the pod.
pub fn env_of_field(name: &str, path: &str) -> EnvVar {
    let field = ObjectFieldSelector { field_path: path.into(), api_version: None };
    EnvVar { name: name.into(), value: None, value_from: Some(EnvVarSource { field_ref: Some(field), ..Default::default() }) }
}

/// A TCP port.
pub fn port(name: &str, number: u16) -> ContainerPort {
    ContainerPort { name: Some(name.into()), container_port: number.into(), protocol: Some("TCP".into()), ..Default::default() }
}

/// A writable mount.
pub fn mount(volume: &str, path: &str) -> VolumeMount {
    VolumeMount { name: volume.into(), mount_path: path.into(), ..Default::default() }
}

/// A read-only mount.
pub fn mount_read_only(volume: &str, path: &str) -> VolumeMount {
    VolumeMount { read_only: Some(true), ..mount(volume, path) }
}

/// A probe every `period` seconds that may take `timeout` seconds and fail `failures` times.
pub fn probe(period: i32, timeout: i32, failures: i32) -> Probe {
    Probe {
        period_seconds: Some(period),
        timeout_seconds: Some(timeout),
        failure_threshold: Some(failures),
        ..Default::default()
    }
}

/// Asks a path of a named port.
pub fn http_get(path: &str, port: &str) -> Option<HTTPGetAction> {
    Some(HTTPGetAction { path: Some(path.into()), port: IntOrString::String(port.into()), ..Default::default() })
}

/// Sleeps before SIGTERM, while gateways still send.
pub fn sleep_before_stop(seconds: u32) -> Option<Lifecycle> {
    let sleep = SleepAction { seconds: seconds.into() };
    let pre_stop = LifecycleHandler { sleep: Some(sleep), ..Default::default() };
    Some(Lifecycle { pre_stop: Some(pre_stop), ..Default::default() })
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
            assert_eq!(own.requests.expect("requests")["ephemeral-storage"].0, request, "{size}");
        }
    }

    #[test]
    fn kubelet_reads_our_values_as_they_are() {
        for (value, written) in [("a", Some("a")), ("$(A)", Some("$$(A)")), ("$$(A)$", Some("$$$$(A)$$")), ("", None)] {
            assert_eq!(env("A", value).value.as_deref(), written);
        }
    }
}

//! `Model`: a container image and a model artifact.
#![cfg_attr(
    not(feature = "schema"),
    allow(dead_code, reason = "documents the kind; the core reads JSON by the schema made from it")
)]

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
#[cfg(feature = "schema")]
use k8s_openapi::api::core::v1 as core;
use serde_json::Value;

/// What the user says of a Model.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename_all = "camelCase", deny_unknown_fields))]
pub struct ModelSpec {
    /// Image of the serving container, for example registry.example.com/titanic:1.4.2.
    #[cfg_attr(feature = "schema", schemars(extend("pattern" = r"^[A-Za-z0-9][A-Za-z0-9._/:@-]*$"), length(min = 1, max = 512)))]
    pub image: String,
    /// argv of the serving container; the image's when empty.
    #[cfg_attr(feature = "schema", schemars(length(max = 1024)))]
    pub command: Option<Vec<String>>,
    /// Arguments of the serving container; the image's when empty.
    #[cfg_attr(feature = "schema", schemars(length(max = 1024)))]
    pub args: Option<Vec<String>>,
    /// Environment of the serving container, as in a Pod.
    #[cfg_attr(feature = "schema", schemars(length(max = 256)))]
    pub env: Option<Vec<EnvVar>>,
    /// What is downloaded before the serving container starts.
    pub artifact: Artifact,
    /// Absolute path at which the serving container finds the artifact. Default /opt/ml/model.
    #[cfg_attr(feature = "schema", schemars(extend("pattern" = r"^/"), length(min = 1, max = 1024)))]
    pub model_path: Option<String>,
    /// How the serving container answers.
    pub server: Option<Server>,
    /// Where the artifact is kept: exactly one source, or none for a claim on the default class. It cannot change.
    pub storage: Option<Storage>,
    /// Whether requests are recorded by a gor sidecar, which needs root and NET_RAW. Default mode Gor at 100 %.
    pub capture: Option<Capture>,
    /// Replicas where no EndpointConfig says otherwise. Default 1.
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 1000)))]
    pub instances: Option<u32>,
    /// Cores of the serving container where no EndpointConfig says otherwise. Default "1".
    pub cpus: Option<Quantity>,
    /// Memory of the serving container where no EndpointConfig says otherwise. Default 1Gi.
    pub memory: Option<Quantity>,
    /// What passes through to the pod.
    pub pod: Option<Pod>,
    /// Versions of sidecars and template. Default: those that the Deployment was made with, or the newest.
    #[cfg_attr(feature = "schema", schemars(extend("pattern" = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"), length(min = 1, max = 63)))]
    pub profile: Option<String>,
}

/// A Kubernetes quantity: text, or a whole number.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(transparent))]
pub struct Quantity(#[cfg_attr(feature = "schema", schemars(extend("x-quantity" = true)))] pub String);

/// An environment variable, as in a Pod.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename_all = "camelCase", deny_unknown_fields))]
pub struct EnvVar {
    /// A C identifier; unique, and none of Modelwright's.
    #[cfg_attr(feature = "schema", schemars(extend("pattern" = r"^[A-Za-z_][A-Za-z0-9_]*$"), length(min = 1, max = 256)))]
    pub name: String,
    /// Its value.
    pub value: Option<String>,
    /// Where its value comes from.
    #[cfg_attr(feature = "schema", schemars(with = "Option<core::EnvVarSource>"))]
    pub value_from: Option<Value>,
}

/// What is downloaded.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename_all = "camelCase", deny_unknown_fields))]
pub struct Artifact {
    /// https, s3, gs, hf: downloaded to the volume. pvc://claim/path and oci://image: mounted as they are.
    #[cfg_attr(feature = "schema", schemars(extend("pattern" = r"^(https|s3|gs|hf|pvc|oci)://[^ ]+$"), length(min = 1, max = 2048)))]
    pub uri: String,
    /// 64 lower-case hex digits, checked before unpacking; https only. Recommended.
    #[cfg_attr(feature = "schema", schemars(extend("pattern" = r"^[0-9a-f]{64}$"), length(min = 64, max = 64)))]
    pub sha256: Option<String>,
    /// Bound of the download and of the unpacked size, in bytes. Default 10Gi.
    pub max_bytes: Option<Quantity>,
    /// A Secret in the namespace with credentials for the download.
    pub secret_ref: Option<SecretRef>,
}

/// Names a Secret.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename_all = "camelCase", deny_unknown_fields))]
pub struct SecretRef {
    /// The Secret's name.
    #[cfg_attr(feature = "schema", schemars(extend("pattern" = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"), length(min = 1, max = 253)))]
    pub name: String,
}

/// How the serving container answers.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename_all = "camelCase", deny_unknown_fields))]
pub struct Server {
    /// Its port, not one of a sidecar's. Default 8080.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 65535)))]
    pub port: Option<u16>,
    /// Path that answers 200 when ready. Default /ping.
    #[cfg_attr(feature = "schema", schemars(extend("pattern" = r"^(/[A-Za-z0-9._~-]+)+$"), length(min = 1, max = 256)))]
    pub ping_path: Option<String>,
    /// Path that takes requests. Default /invocations.
    #[cfg_attr(feature = "schema", schemars(extend("pattern" = r"^(/[A-Za-z0-9._~-]+)+$"), length(min = 1, max = 256)))]
    pub invocations_path: Option<String>,
    /// How long it may take to start, in seconds. Default 600.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 3600)))]
    pub startup_timeout_seconds: Option<u32>,
}

/// Where the artifact is kept.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename_all = "camelCase", deny_unknown_fields))]
pub struct Storage {
    /// Size of the volume. Default 10Gi. Grows for a storage class, never shrinks.
    pub size: Option<Quantity>,
    /// An NFS export, writable by uid 65532.
    pub nfs: Option<Nfs>,
    /// A CSI volume, as in a PersistentVolume.
    #[cfg_attr(feature = "schema", schemars(with = "Option<core::CSIPersistentVolumeSource>"))]
    pub csi: Option<Value>,
    /// A directory of the node, for one-node clusters.
    pub host_path: Option<HostPath>,
    /// A storage class that provisions the volume.
    #[cfg_attr(feature = "schema", schemars(extend("pattern" = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"), length(min = 1, max = 253)))]
    pub storage_class_name: Option<String>,
    /// A claim that somebody else made.
    #[cfg_attr(feature = "schema", schemars(extend("pattern" = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"), length(min = 1, max = 253)))]
    pub existing_claim: Option<String>,
    /// Every pod downloads its own copy to a volume of its own; any number of instances.
    pub ephemeral: Option<Ephemeral>,
    /// Default by source: ReadWriteMany for nfs, else ReadWriteOnce.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 4)))]
    pub access_modes: Option<Vec<AccessMode>>,
}

/// How a volume may be mounted.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum AccessMode {
    /// By one node.
    ReadWriteOnce,
    /// By many nodes.
    ReadWriteMany,
    /// By one pod.
    ReadWriteOncePod,
    /// Read by many nodes.
    ReadOnlyMany,
}

/// An NFS export.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename_all = "camelCase", deny_unknown_fields))]
pub struct Nfs {
    /// Host name or address.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 253)))]
    pub server: String,
    /// Absolute path.
    #[cfg_attr(feature = "schema", schemars(extend("pattern" = r"^/"), length(min = 1, max = 1024)))]
    pub path: String,
}

/// A directory of the node.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename_all = "camelCase", deny_unknown_fields))]
pub struct HostPath {
    /// Absolute path of a directory that exists.
    #[cfg_attr(feature = "schema", schemars(extend("pattern" = r"^/"), length(min = 1, max = 1024)))]
    pub path: String,
}

/// A volume for each pod.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename_all = "camelCase", deny_unknown_fields))]
pub struct Ephemeral {
    /// Storage class of a generic ephemeral volume. Default: an emptyDir.
    #[cfg_attr(feature = "schema", schemars(extend("pattern" = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"), length(min = 1, max = 253)))]
    pub storage_class_name: Option<String>,
}

/// Whether requests are recorded.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename_all = "camelCase", deny_unknown_fields))]
pub struct Capture {
    /// Gor or Disabled. Default Gor.
    pub mode: Option<CaptureMode>,
    /// Share of the requests in whole percent. Default 100.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 100)))]
    pub percentage: Option<u8>,
}

/// How requests are recorded.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum CaptureMode {
    /// By a gor sidecar.
    Gor,
    /// Not at all.
    Disabled,
}

/// What passes through to the pod, each as in a Pod.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename_all = "camelCase", deny_unknown_fields))]
pub struct Pod {
    /// Extra labels of the pods.
    pub labels: Option<BTreeMap<String, String>>,
    /// Extra annotations of the pods.
    pub annotations: Option<BTreeMap<String, String>>,
    /// Labels that a node must have.
    pub node_selector: Option<BTreeMap<String, String>>,
    /// Taints that are tolerated.
    #[cfg_attr(feature = "schema", schemars(with = "Option<Vec<core::Toleration>>"))]
    pub tolerations: Option<Vec<Value>>,
    /// Replaces the preference to spread over nodes.
    #[cfg_attr(feature = "schema", schemars(with = "Option<core::Affinity>"))]
    pub affinity: Option<Value>,
    /// Replaces the preference to spread over zones.
    #[cfg_attr(feature = "schema", schemars(with = "Option<Vec<core::TopologySpreadConstraint>>"))]
    pub topology_spread_constraints: Option<Vec<Value>>,
    /// The pods' ServiceAccount.
    #[cfg_attr(feature = "schema", schemars(extend("pattern" = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"), length(min = 1, max = 253)))]
    pub service_account_name: Option<String>,
    /// Secrets for the registry.
    #[cfg_attr(feature = "schema", schemars(with = "Option<Vec<core::LocalObjectReference>>"))]
    pub image_pull_secrets: Option<Vec<Value>>,
    /// The pods' priority.
    #[cfg_attr(feature = "schema", schemars(extend("pattern" = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"), length(min = 1, max = 253)))]
    pub priority_class_name: Option<String>,
    /// The pods' container runtime.
    #[cfg_attr(feature = "schema", schemars(extend("pattern" = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"), length(min = 1, max = 253)))]
    pub runtime_class_name: Option<String>,
    /// Resources of the serving container besides cpu and memory, for example nvidia.com/gpu; requests equal limits.
    pub resources: Option<BTreeMap<String, Quantity>>,
    /// Volumes of the serving container.
    #[cfg_attr(feature = "schema", schemars(length(max = 32)))]
    pub volumes: Option<Vec<Volume>>,
    /// What the serving container relaxes.
    pub security_context: Option<SecurityContext>,
}

/// A volume and its mount in the serving container: exactly one source.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename_all = "camelCase", deny_unknown_fields))]
pub struct Volume {
    /// A DNS label, unique, and none of Modelwright's.
    #[cfg_attr(feature = "schema", schemars(extend("pattern" = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"), length(min = 1, max = 63)))]
    pub name: String,
    /// Absolute path in the container.
    #[cfg_attr(feature = "schema", schemars(extend("pattern" = r"^/"), length(min = 1, max = 1024)))]
    pub mount_path: String,
    /// Mount it read-only. Default false.
    pub read_only: Option<bool>,
    /// Path in the volume.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 1024)))]
    pub sub_path: Option<String>,
    /// A ConfigMap.
    #[cfg_attr(feature = "schema", schemars(with = "Option<core::ConfigMapVolumeSource>"))]
    pub config_map: Option<Value>,
    /// A Secret.
    #[cfg_attr(feature = "schema", schemars(with = "Option<core::SecretVolumeSource>"))]
    pub secret: Option<Value>,
    /// Several sources in one directory.
    #[cfg_attr(feature = "schema", schemars(with = "Option<core::ProjectedVolumeSource>"))]
    pub projected: Option<Value>,
    /// Fields of the pod.
    #[cfg_attr(feature = "schema", schemars(with = "Option<core::DownwardAPIVolumeSource>", rename = "downwardAPI"))]
    pub downward_api: Option<Value>,
    /// An empty directory.
    #[cfg_attr(feature = "schema", schemars(with = "Option<core::EmptyDirVolumeSource>"))]
    pub empty_dir: Option<Value>,
    /// A claim.
    #[cfg_attr(feature = "schema", schemars(with = "Option<core::PersistentVolumeClaimVolumeSource>"))]
    pub persistent_volume_claim: Option<Value>,
    /// A volume that lives as long as the pod.
    #[cfg_attr(feature = "schema", schemars(with = "Option<core::EphemeralVolumeSource>"))]
    pub ephemeral: Option<Value>,
}

/// What the serving container relaxes. Each leaves the Pod Security level "restricted"; the planner says so.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename_all = "camelCase", deny_unknown_fields))]
pub struct SecurityContext {
    /// uid. Default 65532.
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 2147483647)))]
    pub run_as_user: Option<i64>,
    /// gid. Default 65532.
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 2147483647)))]
    pub run_as_group: Option<i64>,
    /// Refuse uid 0. Default true.
    pub run_as_non_root: Option<bool>,
    /// Root file system read-only. Default true.
    pub read_only_root_filesystem: Option<bool>,
}

//! What `validate` yields: the three kinds with every default filled in and fields that cannot be wrong.

use crate::names::Labels;
use crate::quantity::Quantity;
use alloc::string::String;
use alloc::vec::Vec;
use serde_json::{Map, Value};

/// What every custom resource has, valid or not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Meta {
    /// `metadata.namespace`.
    pub namespace: String,
    /// `metadata.name`.
    pub name: String,
    /// Empty before it exists.
    pub uid: String,
    /// 0 before it exists.
    pub generation: i64,
    /// `metadata.creationTimestamp` as written by the server; empty before it exists.
    pub created: String,
    /// Whether it has a deletionTimestamp.
    pub deleting: bool,
    /// `metadata.finalizers`.
    pub finalizers: Vec<String>,
}

/// A container image and a model artifact.
#[derive(Clone, Debug)]
pub struct Model {
    /// Its metadata.
    pub meta: Meta,
    /// Image of the serving container.
    pub image: String,
    /// Its argv; empty keeps the image's.
    pub command: Vec<String>,
    /// Arguments; empty keeps the image's.
    pub args: Vec<String>,
    /// Environment entries as in a Pod, in the user's order, names unique and none of ours.
    pub env: Vec<Value>,
    /// What is downloaded.
    pub artifact: Artifact,
    /// Where the serving container finds it.
    pub model_path: String,
    /// How the serving container answers.
    pub server: Server,
    /// Where the artifact is kept.
    pub storage: Storage,
    /// Percentage of requests that gor records; `None` when capture is disabled.
    pub capture: Option<u8>,
    /// What it takes when no EndpointConfig says otherwise.
    pub figures: Figures,
    /// What passes through to the pod.
    pub pod: Pod,
    /// The profile that the user asks for; `None` keeps the one it has.
    pub profile: Option<String>,
}

/// What an EndpointConfig can say about a Model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figures {
    /// Replicas, 0..1000.
    pub instances: u32,
    /// Cores of the serving container.
    pub cpus: Quantity,
    /// Memory of the serving container.
    pub memory: Quantity,
    /// Longest request, 1..3600 s.
    pub timeout_seconds: u32,
}

impl Figures {
    /// 15 s until every gateway has dropped the endpoint, 5 s of drain above the timeout, 30 s from SIGTERM to SIGKILL.
    pub const GRACE_ABOVE_TIMEOUT_SECONDS: u32 = 50;

    /// `terminationGracePeriodSeconds` of the pods; the timeout is read back from it.
    pub fn grace_period_seconds(&self) -> u32 {
        self.timeout_seconds.saturating_add(Self::GRACE_ABOVE_TIMEOUT_SECONDS)
    }
}

/// What is downloaded.
#[derive(Clone, Debug)]
pub struct Artifact {
    /// Where from.
    pub source: Source,
    /// 64 lower-case hex digits, https only; `None` is not checked.
    pub sha256: Option<String>,
    /// Bound of download and unpacked size, in bytes.
    pub max_bytes: u64,
    /// Secret with credentials for the download.
    pub secret: Option<String>,
}

/// The kinds of artifact sources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// `https`, `s3`, `gs` or `hf`: `model-init` downloads the URI.
    Download(String),
    /// `pvc://claim/path`: mounted read-only; the path has no leading slash and may be empty.
    Claim {
        /// The claim's name.
        claim: String,
        /// Path in it.
        path: String,
    },
    /// `oci://reference`: an image volume.
    Image(String),
}

/// How the serving container answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Its port.
    pub port: u16,
    /// Answers 200 when ready.
    pub ping_path: String,
    /// Takes requests.
    pub invocations_path: String,
    /// How long it may take to start, 1..3600 s.
    pub startup_timeout_seconds: u32,
}

/// Where the artifact is kept.
#[derive(Clone, Debug, PartialEq)]
pub enum Storage {
    /// A claim of its own, with a static PersistentVolume or by a class.
    Claim {
        /// Size of the claim.
        size: Quantity,
        /// `ReadWriteOnce`, `ReadWriteMany`, `ReadWriteOncePod`.
        access_modes: Vec<String>,
        /// What is behind it.
        volume: Volume,
    },
    /// A claim that somebody else made. Whether it is shared is read from the observed claim.
    ExistingClaim {
        /// Its name.
        name: String,
    },
    /// Every pod downloads its own copy.
    Ephemeral {
        /// Size of the copy's volume.
        size: Quantity,
        /// A generic ephemeral volume of this class; without one an emptyDir.
        class: Option<String>,
    },
    /// Artifacts `pvc` and `oci`: nothing is stored.
    None,
}

/// What is behind a claim.
#[derive(Clone, Debug, PartialEq)]
pub enum Volume {
    /// The default storage class.
    DefaultClass,
    /// A storage class.
    Class(String),
    /// A static volume on an NFS export.
    Nfs {
        /// Host name or address.
        server: String,
        /// Absolute path.
        path: String,
    },
    /// A static CSI volume: the `csi` source of a PersistentVolume, validated.
    Csi(Value),
    /// A directory of the node.
    HostPath {
        /// Absolute path.
        path: String,
    },
}

impl Volume {
    /// Whether Modelwright makes the PersistentVolume.
    pub fn is_static(&self) -> bool {
        matches!(self, Self::Nfs { .. } | Self::Csi(_) | Self::HostPath { .. })
    }
}

/// What passes through to the pod.
#[derive(Clone, Debug, Default)]
pub struct Pod {
    /// Extra labels of the pod template.
    pub labels: Labels,
    /// Extra annotations of the pod template.
    pub annotations: Labels,
    /// Fields of the pod spec, by name, as in a Pod: nodeSelector, tolerations, affinity, topologySpreadConstraints,
    /// serviceAccountName, imagePullSecrets, priorityClassName, runtimeClassName.
    pub spec: Map<String, Value>,
    /// Extra resources of the serving container besides cpu and memory (GPUs): requests and limits by name.
    pub resources: Map<String, Value>,
    /// Volumes for the serving container, as in a Pod.
    pub volumes: Vec<Value>,
    /// Their mounts, as in a container, in the order of `volumes`.
    pub mounts: Vec<Value>,
    /// What the serving container relaxes.
    pub security: Security,
}

/// What the serving container relaxes: `None` keeps the hardened value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Security {
    /// uid.
    pub run_as_user: Option<i64>,
    /// gid.
    pub run_as_group: Option<i64>,
    /// Refuse uid 0.
    pub run_as_non_root: Option<bool>,
    /// Root file system read-only.
    pub read_only_root_filesystem: Option<bool>,
}

/// Which models share an endpoint.
#[derive(Clone, Debug)]
pub struct EndpointConfig {
    /// Its metadata.
    pub meta: Meta,
    /// Longest request, 1..3600 s.
    pub timeout_seconds: u32,
    /// 1..16 variants in the user's order.
    pub variants: Vec<Variant>,
}

/// An entry of an EndpointConfig.
#[derive(Clone, Debug)]
pub struct Variant {
    /// Unique in its config.
    pub name: String,
    /// The Model's name, unique in its config.
    pub model: String,
    /// 0..2147483647, emitted as written.
    pub weight: u32,
    /// `None` takes the Model's.
    pub instances: Option<u32>,
    /// `None` takes the Model's.
    pub cpus: Option<Quantity>,
    /// `None` takes the Model's.
    pub memory: Option<Quantity>,
}

/// A host on an Istio gateway.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// Its metadata.
    pub meta: Meta,
    /// The EndpointConfig's name.
    pub config: String,
    /// Lower-case FQDN.
    pub host: String,
    /// Labels of the ingress gateway's pods; never empty.
    pub selector: Labels,
    /// Secret with the certificate; `None` is plain HTTP.
    pub credential: Option<String>,
}

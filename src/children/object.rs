//! Envelopes, pods and volumes of Kubernetes, as far as Modelwright writes them. What they hold is k8s-openapi's wherever that is
//! small: its `ObjectMeta` alone would bring a time library into the component, its `PodSpec` and `Volume` sixty types that no child
//! has. Tests read every child back into the real types.
//! <https://kubernetes.io/docs/reference/kubernetes-api/>

use super::core::Container;
use crate::kinds::Kind;
use crate::names::Labels;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use k8s_openapi::api::apps::v1::DeploymentStrategy;
use k8s_openapi::api::core::v1::{
    Affinity, DownwardAPIVolumeSource, EmptyDirVolumeSource, HostPathVolumeSource, ImageVolumeSource, NFSVolumeSource,
    ObjectReference, PersistentVolumeClaimSpec, PersistentVolumeClaimVolumeSource, PodSecurityContext, SecretVolumeSource,
    TopologySpreadConstraint,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use serde::Serialize;
use serde_json::Value;

/// Any object.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Object<S> {
    pub api_version: String,
    pub kind: &'static str,
    pub metadata: Metadata,
    pub spec: S,
}

impl<S> Object<S> {
    /// An object of that kind, in the version that Modelwright writes.
    pub fn new(kind: Kind, metadata: Metadata, spec: S) -> Self {
        Self { api_version: kind.api(), kind: kind.name(), metadata, spec }
    }
}

/// `metadata`; that of a pod template has no name.
#[derive(Default, Serialize)]
pub struct Metadata {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    pub labels: Labels,
    #[serde(skip_serializing_if = "Labels::is_empty")]
    pub annotations: Labels,
}

/// `spec` of a Deployment: how many pods, and how they are replaced.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeploymentSpec {
    pub replicas: u32,
    pub revision_history_limit: u32,
    pub progress_deadline_seconds: u32,
    pub strategy: DeploymentStrategy,
    pub selector: LabelSelector,
    pub template: PodTemplate,
}

/// What every pod of a Deployment is made from.
#[derive(Serialize)]
pub struct PodTemplate {
    pub metadata: Metadata,
    pub spec: PodSpec,
}

/// `spec` of a pod, without what passes through as JSON.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PodSpec {
    pub automount_service_account_token: bool,
    pub enable_service_links: bool,
    pub share_process_namespace: bool,
    pub termination_grace_period_seconds: u32,
    pub security_context: PodSecurityContext,
    pub affinity: Affinity,
    pub topology_spread_constraints: Vec<TopologySpreadConstraint>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub init_containers: Vec<Container>,
    pub containers: Vec<Container>,
    pub volumes: Vec<Volume>,
}

/// A volume of a pod.
#[derive(Serialize)]
pub struct Volume {
    pub name: &'static str,
    #[serde(flatten)]
    pub source: VolumeSource,
}

/// What is behind a volume of a pod.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub enum VolumeSource {
    #[serde(rename = "downwardAPI")]
    DownwardApi(DownwardAPIVolumeSource),
    EmptyDir(EmptyDirVolumeSource),
    Ephemeral(Box<EphemeralVolumeSource>),
    Image(ImageVolumeSource),
    PersistentVolumeClaim(PersistentVolumeClaimVolumeSource),
    Secret(SecretVolumeSource),
}

/// A claim that lives as long as its pod.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EphemeralVolumeSource {
    pub volume_claim_template: ClaimTemplate,
}

/// The claim of an ephemeral volume; it has no metadata of its own.
#[derive(Serialize)]
pub struct ClaimTemplate {
    pub spec: PersistentVolumeClaimSpec,
}

/// `spec` of a PersistentVolume.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PersistentVolumeSpec<'a> {
    pub capacity: Labels,
    pub access_modes: &'a [String],
    pub persistent_volume_reclaim_policy: &'static str,
    pub claim_ref: ObjectReference,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub mount_options: &'static [&'static str],
    #[serde(flatten)]
    pub source: PersistentVolumeSource<'a>,
}

/// What is behind a PersistentVolume.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub enum PersistentVolumeSource<'a> {
    Csi(&'a Value),
    HostPath(HostPathVolumeSource),
    Nfs(NFSVolumeSource),
}

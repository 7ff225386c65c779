//! The pods of a Model: the serving container, its sidecars, their files and volumes.

use super::container::USER;
use super::object::{ClaimTemplate, EphemeralVolumeSource, Metadata, PodSpec, PodTemplate, Volume, VolumeSource};
use super::persistent_volume_claim::claim_spec;
use super::sidecar::{fluent_bit, gor, init, nginx};
use super::{ModelParts, append, label_selector, labels, model};
use crate::list::Listed;
use crate::names::{self, Labels};
use crate::validate::{Model, Source, Storage};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use k8s_openapi::api::core::v1::{
    Affinity, DownwardAPIVolumeFile, DownwardAPIVolumeSource, EmptyDirVolumeSource, ImageVolumeSource, ObjectFieldSelector,
    PersistentVolumeClaimVolumeSource, PodAffinityTerm, PodAntiAffinity, PodSecurityContext, SeccompProfile, SecretVolumeSource,
    TopologySpreadConstraint, WeightedPodAffinityTerm,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use serde_json::Value;

/// Where the sidecars find their files.
pub const CONFIG: &str = "/etc/mlops";

/// The template, without what passes through as JSON.
pub fn template(parts: &ModelParts) -> PodTemplate {
    let labels = names::labels("model", names::MODEL, &parts.model.meta.name);
    let metadata = Metadata {
        labels: with(parts.model.pod.labels.clone(), labels),
        annotations: with(annotations(parts), parts.model.pod.annotations.clone()),
        ..Default::default()
    };
    PodTemplate { metadata, spec: spec(parts) }
}

/// What the user wrote as in a Pod, unchanged: the planner does not interpret it.
pub fn pass_through(deployment: &mut Value, model: &Model) {
    let spec = ["spec", "template", "spec"].iter().try_fold(deployment, |value, member| value.get_mut(*member));
    let Some(spec) = spec.and_then(Value::as_object_mut) else { return };
    spec.extend(model.pod.spec.clone());
    append(spec, "volumes", model.pod.volumes.iter().cloned());
    let serving = spec.get_mut("containers").and_then(|containers| containers.get_mut(0));
    if let Some(container) = serving.and_then(Value::as_object_mut) {
        append(container, "env", model.env.iter().map(variable));
        append(container, "volumeMounts", model.pod.mounts.iter().cloned());
    }
}

/// The API server drops an empty value, so it is never part of what we mean.
fn variable(entry: &Value) -> Value {
    let mut entry = entry.clone();
    if let Some(fields) = entry.as_object_mut()
        && fields.get("value").and_then(Value::as_str) == Some("")
    {
        fields.remove("value");
    }
    entry
}

fn with(mut labels: Labels, winning: Labels) -> Labels {
    labels.extend(winning);
    labels
}

/// The files travel here, so a roll-back restores them with the rest of the template.
fn annotations(parts: &ModelParts) -> Labels {
    let prometheus = [
        ("kubectl.kubernetes.io/default-container", "model".into()),
        ("prometheus.io/scrape", "true".into()),
        ("prometheus.io/port", nginx::port(parts.model).to_string()),
        ("prometheus.io/path", "/monitoring/metrics".into()),
    ];
    labels(prometheus.into_iter().chain(files(parts)))
}

fn files(parts: &ModelParts) -> Vec<(&'static str, String)> {
    let mut files = vec![(names::NGINX_CONF, nginx::conf(parts)), (names::FLUENT_BIT_YAML, fluent_bit::yaml(&parts.model.meta))];
    if downloads(parts.model) {
        files.push((names::FETCH_PY, init::PROGRAM.into()));
    }
    files
}

fn downloads(model: &Model) -> bool {
    matches!(model.artifact.source, Source::Download(_))
}

fn spec(parts: &ModelParts) -> PodSpec {
    let sidecars = [nginx::container(parts), fluent_bit::container(parts)];
    let containers = core::iter::once(model::container(parts)).chain(sidecars).chain(gor::container(parts));
    PodSpec {
        automount_service_account_token: false,
        enable_service_links: false,
        // fluent-bit reads the model's /proc.
        share_process_namespace: true,
        termination_grace_period_seconds: parts.figures.grace_period_seconds(),
        security_context: security_context(),
        affinity: apart(parts.model),
        topology_spread_constraints: vec![spread(parts.model)],
        init_containers: init::container(parts).into_iter().listed(),
        containers: containers.listed(),
        volumes: volumes(parts),
    }
}

fn security_context() -> PodSecurityContext {
    PodSecurityContext {
        run_as_non_root: Some(true),
        run_as_user: Some(USER),
        run_as_group: Some(USER),
        fs_group: Some(USER),
        fs_group_change_policy: Some("OnRootMismatch".into()),
        seccomp_profile: Some(SeccompProfile { type_: "RuntimeDefault".into(), localhost_profile: None }),
        ..Default::default()
    }
}

/// Replicas prefer nodes of their own.
fn apart(model: &Model) -> Affinity {
    let term = PodAffinityTerm {
        topology_key: "kubernetes.io/hostname".into(),
        label_selector: Some(label_selector(model)),
        ..Default::default()
    };
    let preferred = WeightedPodAffinityTerm { weight: 100, pod_affinity_term: term };
    let anti_affinity =
        PodAntiAffinity { preferred_during_scheduling_ignored_during_execution: Some(vec![preferred]), ..Default::default() };
    Affinity { pod_anti_affinity: Some(anti_affinity), ..Default::default() }
}

fn spread(model: &Model) -> TopologySpreadConstraint {
    TopologySpreadConstraint {
        max_skew: 1,
        topology_key: "topology.kubernetes.io/zone".into(),
        when_unsatisfiable: "ScheduleAnyway".into(),
        label_selector: Some(label_selector(model)),
        ..Default::default()
    }
}

fn volumes(parts: &ModelParts) -> Vec<Volume> {
    let model = parts.model;
    let init = downloads(model).then(|| empty_dir("init-tmp", "1Gi"));
    let own = [empty_dir("model-tmp", "512Mi"), empty_dir("nginx-tmp", "1Gi"), empty_dir("fluent-bit-tmp", "64Mi")];
    let capture = model.capture.map(|_| empty_dir("capture", "1Gi"));
    let credentials = model.artifact.secret.as_deref().filter(|_| downloads(model)).map(credentials);
    [store(parts), config(parts)].into_iter().chain(init).chain(own).chain(capture).chain(credentials).listed()
}

/// Where the artifact is.
fn store(parts: &ModelParts) -> Volume {
    let source = match (&parts.model.artifact.source, &parts.model.storage) {
        (Source::Image(reference), _) => image(parts.image(reference)),
        (Source::Claim { claim, .. }, _) => claimed(claim),
        (_, Storage::ExistingClaim { name: claim }) => claimed(claim),
        (_, Storage::Ephemeral { size, class: None }) => VolumeSource::EmptyDir(limited(size.canonical())),
        (_, Storage::Ephemeral { size, class: Some(class) }) => {
            let spec = claim_spec(size, &["ReadWriteOnce".into()], Some(class.clone()));
            let source = EphemeralVolumeSource { volume_claim_template: ClaimTemplate { spec } };
            VolumeSource::Ephemeral(source.into())
        }
        (_, Storage::Claim { .. } | Storage::None) => claimed(&parts.model.meta.name),
    };
    Volume { name: "store", source }
}

fn image(reference: String) -> VolumeSource {
    VolumeSource::Image(ImageVolumeSource { reference: Some(reference), pull_policy: Some("Always".into()) })
}

fn claimed(claim: &str) -> VolumeSource {
    VolumeSource::PersistentVolumeClaim(PersistentVolumeClaimVolumeSource { claim_name: claim.into(), read_only: None })
}

fn config(parts: &ModelParts) -> Volume {
    let items = files(parts).into_iter().map(|(annotation, _)| DownwardAPIVolumeFile {
        path: annotation.rsplit('/').next().unwrap_or(annotation).into(),
        field_ref: Some(ObjectFieldSelector { field_path: format!("metadata.annotations['{annotation}']"), api_version: None }),
        ..Default::default()
    });
    let source = DownwardAPIVolumeSource { items: Some(items.listed()), default_mode: None };
    Volume { name: "config", source: VolumeSource::DownwardApi(source) }
}

fn credentials(secret: &str) -> Volume {
    let source = SecretVolumeSource { secret_name: Some(secret.into()), ..Default::default() };
    Volume { name: "credentials", source: VolumeSource::Secret(source) }
}

fn empty_dir(name: &'static str, limit: &str) -> Volume {
    Volume { name, source: VolumeSource::EmptyDir(limited(limit.into())) }
}

fn limited(size: String) -> EmptyDirVolumeSource {
    EmptyDirVolumeSource { size_limit: Some(Quantity(size)), medium: None }
}

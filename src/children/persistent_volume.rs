//! The PersistentVolume of a Model with a static storage source.

use super::object::{Metadata, Object, PersistentVolumeSource, PersistentVolumeSpec};
use super::{json, labels, metadata};
use crate::kinds::Kind;
use crate::names;
use crate::validate::{Model, Storage, Volume};
use k8s_openapi::api::core::v1::{HostPathVolumeSource, NFSVolumeSource, ObjectReference};
use serde_json::Value;

/// Bound to the Model's claim from both sides; `None` where a class makes the volume, or nobody does. It says no `storageClassName`: an
/// empty one would not be stored, and who compares as Metacontroller does would write it for ever.
pub fn persistent_volume(model: &Model) -> Option<Value> {
    let Storage::Claim { size, access_modes, volume } = &model.storage else { return None };
    let spec = PersistentVolumeSpec {
        capacity: labels([("storage", size.canonical())]),
        access_modes,
        persistent_volume_reclaim_policy: "Retain",
        claim_ref: claim(model),
        mount_options: mount_options(volume),
        source: source(volume)?,
    };
    Some(json(&Object::new(Kind::PersistentVolume, cluster_metadata(model), spec)))
}

fn source(volume: &Volume) -> Option<PersistentVolumeSource<'_>> {
    match volume {
        Volume::Nfs { server, path } => {
            Some(PersistentVolumeSource::Nfs(NFSVolumeSource { server: server.clone(), path: path.clone(), read_only: None }))
        }
        // `DirectoryOrCreate` would make a directory that only root can write.
        Volume::HostPath { path } => {
            Some(PersistentVolumeSource::HostPath(HostPathVolumeSource { path: path.clone(), type_: Some("Directory".into()) }))
        }
        Volume::Csi(source) => Some(PersistentVolumeSource::Csi(source)),
        Volume::Class(_) | Volume::DefaultClass => None,
    }
}

fn mount_options(volume: &Volume) -> &'static [&'static str] {
    match volume {
        Volume::Nfs { .. } => &["nfsvers=4.1", "hard", "noatime"],
        _ => &[],
    }
}

fn claim(model: &Model) -> ObjectReference {
    ObjectReference {
        api_version: Some("v1".into()),
        kind: Some("PersistentVolumeClaim".into()),
        namespace: Some(model.meta.namespace.clone()),
        name: Some(model.meta.name.clone()),
        ..Default::default()
    }
}

fn cluster_metadata(model: &Model) -> Metadata {
    let mut labels = names::labels("storage", names::MODEL, &model.meta.name);
    labels.insert(names::NAMESPACE.into(), model.meta.namespace.clone());
    Metadata {
        name: Some(names::volume(&model.meta.namespace, &model.meta.name)),
        namespace: None,
        ..metadata(&model.meta, labels)
    }
}

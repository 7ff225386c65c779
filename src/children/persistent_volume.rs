//! The PersistentVolume of a Model with a static storage source.

use super::{json, metadata, object_mut};
use crate::names;
use crate::validate::{Model, Storage, Volume};
use k8s_openapi::api::core::v1::{
    HostPathVolumeSource, NFSVolumeSource, ObjectReference, PersistentVolume, PersistentVolumeSpec,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::Value;
use std::collections::BTreeMap;

/// Bound to the Model's claim from both sides; `None` where a class makes the volume, or nobody does.
pub fn persistent_volume(model: &Model) -> Option<Value> {
    let Storage::Claim { size, access_modes, volume } = &model.storage else { return None };
    let capacity = BTreeMap::from([("storage".into(), Quantity(size.canonical()))]);
    let spec = PersistentVolumeSpec {
        capacity: Some(capacity),
        access_modes: Some(access_modes.clone()),
        persistent_volume_reclaim_policy: Some("Retain".into()),
        storage_class_name: Some(String::new()),
        claim_ref: Some(claim(model)),
        ..source(volume)
    };
    let mut object = json(&PersistentVolume { metadata: cluster_metadata(model), spec: Some(spec), status: None });
    if let (Volume::Csi(source), Some(spec)) = (volume, object_mut(&mut object, "/spec")) {
        spec.insert("csi".into(), source.clone());
    }
    volume.is_static().then_some(object)
}

fn source(volume: &Volume) -> PersistentVolumeSpec {
    match volume {
        Volume::Nfs { server, path } => PersistentVolumeSpec {
            nfs: Some(NFSVolumeSource { server: server.clone(), path: path.clone(), read_only: None }),
            mount_options: Some(["nfsvers=4.1", "hard", "noatime"].map(String::from).to_vec()),
            ..Default::default()
        },
        // `DirectoryOrCreate` would make a directory that only root can write.
        Volume::HostPath { path } => PersistentVolumeSpec {
            host_path: Some(HostPathVolumeSource { path: path.clone(), type_: Some("Directory".into()) }),
            ..Default::default()
        },
        Volume::Csi(_) | Volume::Class(_) | Volume::DefaultClass => PersistentVolumeSpec::default(),
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

fn cluster_metadata(model: &Model) -> ObjectMeta {
    let mut labels = names::labels("storage", names::MODEL, &model.meta.name);
    labels.insert(names::NAMESPACE.into(), model.meta.namespace.clone());
    ObjectMeta {
        name: Some(names::volume(&model.meta.namespace, &model.meta.name)),
        namespace: None,
        ..metadata(&model.meta, labels)
    }
}

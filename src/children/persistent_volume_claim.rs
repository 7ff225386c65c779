//! The PersistentVolumeClaim of a Model that keeps its artifact on a claim of its own.

use super::object::Object;
use super::{json, metadata};
use crate::kinds::Kind;
use crate::names;
use crate::quantity::Quantity as Size;
use crate::validate::{Model, Storage, Volume};
use alloc::collections::BTreeMap;
use alloc::string::String;
use k8s_openapi::api::core::v1::{PersistentVolumeClaimSpec, VolumeResourceRequirements};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use serde_json::Value;

/// `None` where somebody else made the claim, or none is needed.
pub fn persistent_volume_claim(model: &Model) -> Option<Value> {
    let Storage::Claim { size, access_modes, volume } = &model.storage else { return None };
    let spec = PersistentVolumeClaimSpec {
        volume_name: volume.is_static().then(|| names::volume(&model.meta.namespace, &model.meta.name)),
        ..claim_spec(size, access_modes, class(volume))
    };
    let labels = names::labels("storage", names::MODEL, &model.meta.name);
    Some(json(&Object::new(Kind::PersistentVolumeClaim, metadata(&model.meta, labels), spec)))
}

/// What every claim says, also that of an ephemeral volume.
pub fn claim_spec(size: &Size, access_modes: &[String], class: Option<String>) -> PersistentVolumeClaimSpec {
    let mut requests = BTreeMap::new();
    requests.insert("storage".into(), Quantity(size.canonical()));
    PersistentVolumeClaimSpec {
        access_modes: Some(access_modes.to_vec()),
        storage_class_name: class,
        resources: Some(VolumeResourceRequirements { requests: Some(requests), limits: None }),
        ..Default::default()
    }
}

/// A static volume needs the empty class: an absent one is the default class.
fn class(volume: &Volume) -> Option<String> {
    match volume {
        Volume::DefaultClass => None,
        Volume::Class(class) => Some(class.clone()),
        Volume::Nfs { .. } | Volume::Csi(_) | Volume::HostPath { .. } => Some(String::new()),
    }
}

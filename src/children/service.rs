//! The Service of a Model: its stable address inside the cluster.

use super::object::Object;
use super::{json, metadata, selector};
use crate::kinds::Kind;
use crate::names;
use crate::validate::Model;
use k8s_openapi::api::core::v1::{ServicePort, ServiceSpec};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use serde_json::Value;

/// The port of every Model's Service.
pub const PORT: u16 = 80;

/// Targets nginx by the name of its port, which stays when the number moves.
pub fn service(model: &Model) -> Value {
    let port = ServicePort {
        name: Some("http".into()),
        port: PORT.into(),
        target_port: Some(IntOrString::String("http".into())),
        protocol: Some("TCP".into()),
        app_protocol: Some("http".into()),
        ..Default::default()
    };
    let spec = ServiceSpec {
        type_: Some("ClusterIP".into()),
        selector: Some(selector(model)),
        ports: Some(vec![port]),
        ..Default::default()
    };
    let labels = names::labels("model", names::MODEL, &model.meta.name);
    json(&Object::new(Kind::Service, metadata(&model.meta, labels), spec))
}

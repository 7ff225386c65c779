//! The Gateway of an Endpoint: its host on the ingress gateway's ports.

use super::istio::{GatewaySpec, Server, ServerPort, Tls};
use super::object::Object;
use super::{json, metadata};
use crate::kinds::Kind;
use crate::names;
use crate::validate::Endpoint;
use alloc::string::String;
use alloc::vec::Vec;
use serde_json::Value;

/// The Gateway of an Endpoint.
pub fn gateway(endpoint: &Endpoint) -> Value {
    let labels = names::labels("gateway", names::ENDPOINT, &endpoint.meta.name);
    let spec = GatewaySpec { selector: &endpoint.selector, servers: servers(endpoint) };
    json(&Object::new(Kind::Gateway, metadata(&endpoint.meta, labels), spec))
}

fn servers(endpoint: &Endpoint) -> Vec<Server> {
    match &endpoint.credential {
        None => vec![http(endpoint, None)],
        Some(credential) => {
            let redirect = Tls::Redirect { https_redirect: true };
            vec![http(endpoint, Some(redirect)), https(endpoint, credential)]
        }
    }
}

fn http(endpoint: &Endpoint, tls: Option<Tls>) -> Server {
    let port = ServerPort { number: 80, name: "http", protocol: "HTTP" };
    Server { port, hosts: [own_namespace(endpoint)], tls }
}

fn https(endpoint: &Endpoint, credential: &str) -> Server {
    let port = ServerPort { number: 443, name: "https", protocol: "HTTPS" };
    let tls = Tls::Simple { mode: "SIMPLE", credential_name: credential.into(), min_protocol_version: "TLSV1_2" };
    Server { port, hosts: [own_namespace(endpoint)], tls: Some(tls) }
}

/// No VirtualService of another namespace binds to it.
fn own_namespace(endpoint: &Endpoint) -> String {
    format!("./{}", endpoint.host)
}

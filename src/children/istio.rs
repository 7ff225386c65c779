//! Istio's VirtualService and Gateway (`networking.istio.io/v1`), as far as Modelwright writes them.
//! <https://istio.io/latest/docs/reference/config/networking/>

use crate::names::Labels;
use alloc::string::String;
use alloc::vec::Vec;
use serde::Serialize;
use serde_json::Value;

#[derive(Serialize)]
pub struct VirtualServiceSpec<'a> {
    pub hosts: &'a [String],
    pub gateways: &'a [String],
    pub http: Value,
}

/// Never named: Metacontroller would merge named rules by name and put a new one behind the catch-all.
#[derive(Default, Serialize)]
pub struct HttpRoute {
    #[serde(rename = "match", skip_serializing_if = "Option::is_none")]
    pub matches: Option<[HttpMatch; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rewrite: Option<Rewrite>,
    pub timeout: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retries: Option<Retries>,
    pub route: Vec<Destination>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub enum HttpMatch {
    Uri(StringMatch),
    Headers(TargetVariant),
}

/// A caller names a variant in this header.
#[derive(Serialize)]
pub struct TargetVariant {
    #[serde(rename = "x-amzn-sagemaker-target-variant")]
    pub name: StringMatch,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub enum StringMatch {
    Exact(String),
    Prefix(String),
}

#[derive(Serialize)]
pub struct Rewrite {
    pub uri: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Retries {
    pub attempts: u32,
    pub retry_on: &'static str,
}

#[derive(Serialize)]
pub struct Destination {
    pub destination: Address,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headers: Option<Headers>,
}

#[derive(Serialize)]
pub struct Address {
    pub host: String,
    pub port: PortSelector,
}

#[derive(Serialize)]
pub struct PortSelector {
    pub number: u16,
}

#[derive(Serialize)]
pub struct Headers {
    pub response: HeaderChange,
}

#[derive(Serialize)]
pub struct HeaderChange {
    pub set: Labels,
}

#[derive(Serialize)]
pub struct GatewaySpec<'a> {
    pub selector: &'a Labels,
    pub servers: Vec<Server>,
}

#[derive(Serialize)]
pub struct Server {
    pub port: ServerPort,
    pub hosts: [String; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<Tls>,
}

#[derive(Serialize)]
pub struct ServerPort {
    pub number: u16,
    pub name: &'static str,
    pub protocol: &'static str,
}

#[derive(Serialize)]
#[serde(untagged)]
pub enum Tls {
    #[serde(rename_all = "camelCase")]
    Redirect { https_redirect: bool },
    #[serde(rename_all = "camelCase")]
    Simple { mode: &'static str, credential_name: String, min_protocol_version: &'static str },
}

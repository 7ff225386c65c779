//! The VirtualService of an EndpointConfig: which share of the requests goes to which Model.

use super::istio::{
    Address, Destination, HeaderChange, Headers, HttpMatch, HttpRoute, PortSelector, Retries, Rewrite, StringMatch,
    TargetVariant, VirtualServiceSpec,
};
use super::object::Object;
use super::{json, labels, metadata, service};
use crate::kinds::Kind;
use crate::list::Listed;
use crate::names;
use crate::validate::{Meta, Variant};
use alloc::string::String;
use serde_json::Value;

/// The answer names the variant in it.
const INVOKED_VARIANT: &str = "x-amzn-invoked-production-variant";

/// The VirtualService of an EndpointConfig; `http` is made by [`routes`], or observed.
pub fn virtual_service(config: &Meta, hosts: &[String], gateways: &[String], http: Value) -> Value {
    let labels = names::labels("routing", names::ENDPOINT_CONFIG, &config.name);
    json(&Object::new(Kind::VirtualService, metadata(config, labels), VirtualServiceSpec { hosts, gateways, http }))
}

/// `spec.http` of a VirtualService: monitoring rules, target-variant rules, one weighted catch-all rule last.
pub fn routes(namespace: &str, variants: &[Variant], timeout_seconds: u32) -> Value {
    let pages = variants.iter().map(|variant| monitoring(namespace, variant));
    let pinned = variants.iter().map(|variant| target_variant(namespace, variant, timeout_seconds));
    let rules = pages.chain(pinned).chain([weighted(namespace, variants, timeout_seconds)]);
    json(&rules.listed())
}

fn monitoring(namespace: &str, variant: &Variant) -> HttpRoute {
    let prefix = format!("/monitoring/variants/{}/", variant.name);
    HttpRoute {
        matches: Some([HttpMatch::Uri(StringMatch::Prefix(prefix))]),
        rewrite: Some(Rewrite { uri: "/monitoring/" }),
        timeout: "10s".into(),
        retries: None,
        route: vec![Destination { destination: address(namespace, variant), weight: None, headers: None }],
    }
}

fn target_variant(namespace: &str, variant: &Variant, timeout_seconds: u32) -> HttpRoute {
    let header = TargetVariant { name: StringMatch::Exact(variant.name.clone()) };
    HttpRoute {
        matches: Some([HttpMatch::Headers(header)]),
        route: vec![Destination { weight: None, ..destination(namespace, variant) }],
        ..inference(timeout_seconds)
    }
}

/// The only rule without match, with every variant, also those of weight 0.
fn weighted(namespace: &str, variants: &[Variant], timeout_seconds: u32) -> HttpRoute {
    let route = variants.iter().map(|variant| destination(namespace, variant)).listed();
    HttpRoute { route, ..inference(timeout_seconds) }
}

/// Retries only where no model saw the request, so nothing runs twice.
fn inference(timeout_seconds: u32) -> HttpRoute {
    let retries = Retries { attempts: 2, retry_on: "connect-failure,refused-stream,reset-before-request" };
    HttpRoute { timeout: format!("{timeout_seconds}s"), retries: Some(retries), ..Default::default() }
}

fn destination(namespace: &str, variant: &Variant) -> Destination {
    let set = labels([(INVOKED_VARIANT, variant.name.clone())]);
    Destination {
        destination: address(namespace, variant),
        weight: Some(variant.weight),
        headers: Some(Headers { response: HeaderChange { set } }),
    }
}

fn address(namespace: &str, variant: &Variant) -> Address {
    Address { host: names::service_host(namespace, &variant.model), port: PortSelector { number: service::PORT } }
}

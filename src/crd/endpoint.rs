//! `Endpoint`: a host on an Istio gateway.
#![cfg_attr(
    not(feature = "schema"),
    allow(dead_code, reason = "documents the kind; the core reads JSON by the schema made from it")
)]

use alloc::collections::BTreeMap;
use alloc::string::String;

/// What the user says of an Endpoint.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename_all = "camelCase", deny_unknown_fields))]
pub struct EndpointSpec {
    /// The EndpointConfig's name in the same namespace.
    #[cfg_attr(feature = "schema", schemars(extend("pattern" = r"^[a-z]([-a-z0-9]*[a-z0-9])?$"), length(min = 1, max = 63)))]
    pub config: String,
    /// Fully qualified DNS name, for example titanic.example.com. The oldest Endpoint with a host keeps it.
    #[cfg_attr(feature = "schema", schemars(extend("pattern" = r"^[A-Za-z0-9]([-A-Za-z0-9]*[A-Za-z0-9])?(\.[A-Za-z0-9]([-A-Za-z0-9]*[A-Za-z0-9])?)+$"), length(min = 1, max = 253)))]
    pub host: String,
    /// Which Istio gateway takes the host.
    pub gateway: GatewayRef,
    /// Serve https and redirect http. Default: http only.
    pub tls: Option<Tls>,
}

/// Which Istio gateway takes the host.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename_all = "camelCase", deny_unknown_fields))]
pub struct GatewayRef {
    /// Labels of the ingress gateway's pods, for example {istio: ingressgateway}.
    #[cfg_attr(feature = "schema", schemars(extend("minProperties" = 1, "maxProperties" = 16)))]
    pub selector: BTreeMap<String, String>,
}

/// The certificate.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename_all = "camelCase", deny_unknown_fields))]
pub struct Tls {
    /// A Secret in the namespace of the ingress gateway's pods.
    #[cfg_attr(feature = "schema", schemars(extend("pattern" = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"), length(min = 1, max = 253)))]
    pub credential_name: String,
}

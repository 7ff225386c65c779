//! Rules of an Endpoint.

use super::grammar;
use super::valid::{Endpoint, Meta};
use crate::diagnostic::{Diagnostic, shown};
use crate::json::pointer;
use crate::names::{self, Labels};
use crate::observation::{at, text};
use alloc::borrow::ToOwned;
use alloc::vec::Vec;
use serde_json::Value;

/// Reads a spec whose structure was walked; rules that it breaks are added to `found`.
pub fn read(meta: &Meta, spec: &Value, found: &mut Vec<Diagnostic>) -> Option<Endpoint> {
    let host = text(spec, &["host"]).to_ascii_lowercase();
    check_host(&host, text(spec, &["host"]), found);
    let config = text(spec, &["config"]);
    if !config.is_empty() && !names::is_dns1035(config) {
        let message = format!("config {} must be a DNS-1035 label", shown(config));
        found.push(Diagnostic::error("InvalidName", "/spec/config", message));
    }
    let credential = text(spec, &["tls", "credentialName"]);
    if !credential.is_empty() && !names::is_subdomain(credential) {
        let message = format!("tls.credentialName {} is not a Secret name", shown(credential));
        found.push(Diagnostic::error("InvalidName", "/spec/tls/credentialName", message));
    }
    let selector = at(spec, &["gateway", "selector"]);
    check_labels(selector, "/spec/gateway/selector", found);
    Some(Endpoint {
        meta: meta.clone(),
        config: config.into(),
        host,
        selector: labels(selector),
        credential: (!credential.is_empty()).then(|| credential.into()),
    })
}

fn check_host(host: &str, written: &str, found: &mut Vec<Diagnostic>) {
    if host.is_empty() {
        return;
    }
    if grammar::is_cluster_name(host) {
        let message = format!("host {} is a name inside the cluster", shown(written));
        found.push(Diagnostic::error("InvalidHost", "/spec/host", message));
    } else if !grammar::is_fqdn(host) {
        let message = format!("host {} must be a fully qualified DNS name", shown(written));
        found.push(
            Diagnostic::error("InvalidHost", "/spec/host", message)
                .help("for example titanic.example.com: no scheme, port, path, wildcard or address"),
        );
    }
}

/// Label keys and values.
pub fn check_labels(labels: &Value, path: &str, found: &mut Vec<Diagnostic>) {
    for (key, value) in labels.as_object().into_iter().flatten() {
        let value_ok = value.as_str().is_none_or(grammar::is_label_value);
        if !grammar::is_qualified_name(key) || !value_ok {
            let message = format!("{} {} is not a valid label", super::structure::name(path), shown(key));
            found.push(Diagnostic::error("InvalidLabel", &pointer(path, key), message));
        }
    }
}

/// The texts of an object.
pub fn labels(object: &Value) -> Labels {
    let entries = object.as_object().into_iter().flatten();
    let mut labels = Labels::new();
    labels.extend(entries.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))));
    labels
}

//! Every name, label, annotation and fixed word that Modelwright writes into a cluster, and who may be called what.

use alloc::collections::BTreeMap;
use alloc::string::String;

/// Field manager of our server-side applies.
pub const MANAGER: &str = "modelwright";
/// Field manager of our status applies.
pub const STATUS_MANAGER: &str = "modelwright-status";
/// Keeps a Model or EndpointConfig until its dependants are gone.
pub const FINALIZER: &str = "mlops.internal/modelwright";
/// Field manager of Metacontroller's applies.
pub const METACONTROLLER: &str = "metacontroller";
/// What the finalizers of Metacontroller's CompositeControllers begin with.
const METACONTROLLER_FINALIZER: &str = "metacontroller.io/compositecontroller-";
/// On namespaced children: the uid of the custom resource.
pub const CONTROLLER_UID: &str = "controller-uid";
/// On a Deployment (metadata only): the Model's generation that it was made for.
pub const MODEL_GENERATION: &str = "mlops.internal/model-generation";
/// On a Deployment: the profile that its sidecars follow.
pub const PROFILE: &str = "mlops.internal/profile";
/// Pod annotations that carry the sidecars' files.
pub const NGINX_CONF: &str = "mlops.internal/nginx.conf";
/// See [`NGINX_CONF`].
pub const FLUENT_BIT_YAML: &str = "mlops.internal/fluent-bit.yaml";
/// See [`NGINX_CONF`].
pub const FETCH_PY: &str = "mlops.internal/fetch.py";
/// Selects the pods of a Model; the only label in a selector.
pub const MODEL: &str = "mlops.internal/model";
/// On a VirtualService: its EndpointConfig.
pub const ENDPOINT_CONFIG: &str = "mlops.internal/endpoint-config";
/// On a Gateway: its Endpoint.
pub const ENDPOINT: &str = "mlops.internal/endpoint";
/// On a PersistentVolume: the Model's namespace.
pub const NAMESPACE: &str = "mlops.internal/namespace";
/// `app.kubernetes.io/managed-by` and `part-of`.
pub const MODELWRIGHT: &str = "modelwright";
/// Prefixes that users may not use in `spec.pod.labels` and `spec.pod.annotations`.
pub const RESERVED_PREFIXES: [&str; 2] = ["mlops.internal/", "app.kubernetes.io/"];
/// Annotation by which Metacontroller's dynamic apply remembers what it sent.
pub const METACONTROLLER_LAST_APPLIED: &str = "metacontroller.k8s.io/last-applied-configuration";
/// Annotation by which a DecoratorController marks its attachments.
pub const DECORATOR: &str = "metacontroller.k8s.io/decorator-controller";
/// Namespace label that says which Pod Security level is enforced.
pub const POD_SECURITY_ENFORCE: &str = "pod-security.kubernetes.io/enforce";

/// Whether a finalizer is the one by which a host that makes its own calls holds a custom resource.
pub fn is_our_finalizer(finalizer: &str) -> bool {
    finalizer == FINALIZER
}

/// Whether a finalizer is that of a CompositeController.
pub fn is_metacontrollers_finalizer(finalizer: &str) -> bool {
    finalizer.starts_with(METACONTROLLER_FINALIZER)
}

/// Labels by key.
pub type Labels = BTreeMap<String, String>;

/// The labels of a child: `component` is `model`, `storage`, `routing` or `gateway`; `owner_label` names the custom resource.
pub fn labels(component: &str, owner_label: &str, name: &str) -> Labels {
    let mut labels = Labels::new();
    let entries = [
        ("app.kubernetes.io/name", name),
        ("app.kubernetes.io/instance", name),
        ("app.kubernetes.io/component", component),
        ("app.kubernetes.io/part-of", MODELWRIGHT),
        ("app.kubernetes.io/managed-by", MODELWRIGHT),
        (owner_label, name),
    ];
    labels.extend(entries.map(|(key, value)| (key.into(), value.into())));
    labels
}

/// The PersistentVolume of a Model. Neither part has a dot, so two Models never share a name.
pub fn volume(namespace: &str, model: &str) -> String {
    format!("{namespace}.{model}")
}

/// The address of a Model's Service inside the cluster.
pub fn service_host(namespace: &str, model: &str) -> String {
    format!("{model}.{namespace}.svc.cluster.local")
}

/// The namespace and Model that the host of a destination means, in every spelling that Istio resolves: `m` (in the namespace of the
/// VirtualService), `m.ns`, `m.ns.svc`, `m.ns.svc.cluster.local`.
pub fn model_of_host<'a>(host: &'a str, namespace: &'a str) -> Option<(&'a str, &'a str)> {
    let bare = host.strip_suffix(".svc.cluster.local").or_else(|| host.strip_suffix(".svc")).unwrap_or(host);
    let (model, namespace) = bare.split_once('.').unwrap_or((bare, namespace));
    (is_label(model) && is_label(namespace)).then_some((namespace, model))
}

/// Whether `name` is a DNS-1035 label of at most 63 characters, as a Service's name must be.
/// <https://kubernetes.io/docs/concepts/overview/working-with-objects/names/>
pub fn is_dns1035(name: &str) -> bool {
    is_label(name) && name.starts_with(|first: char| first.is_ascii_lowercase())
}

/// Whether `name` is a DNS-1123 label of at most 63 characters.
pub fn is_label(name: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=63).contains(&name.len()) && name.bytes().all(inner) && !name.starts_with('-') && !name.ends_with('-')
}

/// Whether `name` is a DNS-1123 subdomain of at most 253 characters, as a Secret's name must be.
pub fn is_subdomain(name: &str) -> bool {
    (1..=253).contains(&name.len()) && name.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (name, dns1035, label, subdomain) in [
            ("titanic-v1", true, true, true),
            ("1a", false, true, true),
            ("a.b", false, false, true),
            ("-a", false, false, false),
            ("a-", false, false, false),
            ("", false, false, false),
            ("A", false, false, false),
            ("а", false, false, false),
            ("a\n", false, false, false),
        ] {
            assert_eq!((is_dns1035(name), is_label(name), is_subdomain(name)), (dns1035, label, subdomain), "{name:?}");
        }
        assert!(is_dns1035(&"a".repeat(63)));
        assert!(!is_dns1035(&"a".repeat(64)));
    }

    #[test]
    fn a_service_host_leads_back_to_its_model() {
        for host in [&service_host("ns", "m"), "m.ns.svc", "m.ns", "m"] {
            assert_eq!(model_of_host(host, "ns"), Some(("ns", "m")), "{host}");
        }
        for host in ["a.b.c.svc.cluster.local", "models.example.com", ""] {
            assert_eq!(model_of_host(host, "ns"), None, "{host}");
        }
    }
}

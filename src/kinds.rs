//! The kinds that Modelwright reads and writes: one row each. Everything that depends on a kind by name is a column here or a
//! table of `diff`.

use alloc::string::String;
use serde_json::Value;

/// The group of the custom resources.
pub const GROUP: &str = "mlops.internal";
/// The version of the custom resources.
pub const API: &str = "mlops.internal/v1alpha1";

/// A kind that Modelwright knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A container image and a model artifact.
    Model,
    /// Which models share an endpoint.
    EndpointConfig,
    /// A host on an Istio gateway.
    Endpoint,
    /// Read for its Pod Security label.
    Namespace,
    /// Cluster-scoped storage of a Model.
    PersistentVolume,
    /// Storage of a Model.
    PersistentVolumeClaim,
    /// The pods of a Model.
    Deployment,
    /// The address of a Model.
    Service,
    /// Istio: the host of an Endpoint.
    Gateway,
    /// Istio: the routes of an EndpointConfig.
    VirtualService,
    /// Metacontroller: which kind of custom resource it runs.
    CompositeController,
}

struct Row {
    kind: Kind,
    group: &'static str,
    version: &'static str,
    name: &'static str,
    plural: &'static str,
    namespaced: bool,
    role: &'static str,
}

const fn row(
    kind: Kind,
    group: &'static str,
    version: &'static str,
    name: &'static str,
    plural: &'static str,
    namespaced: bool,
    role: &'static str,
) -> Row {
    Row { kind, group, version, name, plural, namespaced, role }
}

/// In the order in which objects of different kinds are made when no edge says otherwise.
const ROWS: [Row; 11] = [
    row(Kind::Model, GROUP, "v1alpha1", "Model", "models", true, "model"),
    row(Kind::EndpointConfig, GROUP, "v1alpha1", "EndpointConfig", "endpointconfigs", true, "endpoint-config"),
    row(Kind::Endpoint, GROUP, "v1alpha1", "Endpoint", "endpoints", true, "endpoint"),
    row(Kind::Namespace, "", "v1", "Namespace", "namespaces", false, "namespace"),
    row(Kind::PersistentVolume, "", "v1", "PersistentVolume", "persistentvolumes", false, "model-volume"),
    row(Kind::PersistentVolumeClaim, "", "v1", "PersistentVolumeClaim", "persistentvolumeclaims", true, "model-claim"),
    row(Kind::Deployment, "apps", "v1", "Deployment", "deployments", true, "model-deployment"),
    row(Kind::Service, "", "v1", "Service", "services", true, "model-service"),
    row(Kind::Gateway, "networking.istio.io", "v1", "Gateway", "gateways", true, "endpoint-gateway"),
    row(Kind::VirtualService, "networking.istio.io", "v1", "VirtualService", "virtualservices", true, "endpoint-routes"),
    row(
        Kind::CompositeController,
        "metacontroller.k8s.io",
        "v1alpha1",
        "CompositeController",
        "compositecontrollers",
        false,
        "controller",
    ),
];

impl Kind {
    /// All kinds, in rank order.
    pub const ALL: [Kind; 11] = [
        Kind::Model,
        Kind::EndpointConfig,
        Kind::Endpoint,
        Kind::Namespace,
        Kind::PersistentVolume,
        Kind::PersistentVolumeClaim,
        Kind::Deployment,
        Kind::Service,
        Kind::Gateway,
        Kind::VirtualService,
        Kind::CompositeController,
    ];

    /// The three custom resources.
    pub const PARENTS: [Kind; 3] = [Kind::Model, Kind::EndpointConfig, Kind::Endpoint];

    fn row(self) -> &'static Row {
        let [first, ..] = &ROWS;
        ROWS.iter().find(|row| row.kind == self).unwrap_or(first)
    }

    /// The kind of `apiVersion` and `kind`; any version of Istio's group is the same object, any other group needs the exact version.
    pub fn of(api: &str, name: &str) -> Option<Self> {
        let (group, version) = api.split_once('/').unwrap_or(("", api));
        ROWS.iter()
            .find(|row| row.name == name && row.group == group && (row.version == version || group == "networking.istio.io"))
            .map(|row| row.kind)
    }

    /// The kind that an object says it is.
    pub fn of_object(object: &Value) -> Option<Self> {
        Self::of(object.get("apiVersion")?.as_str()?, object.get("kind")?.as_str()?)
    }

    /// The name of the kind, for example `Deployment`.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// The API group, empty for the core group.
    pub fn group(self) -> &'static str {
        self.row().group
    }

    /// The version that Modelwright writes.
    pub fn version(self) -> &'static str {
        self.row().version
    }

    /// `apiVersion`, for example `apps/v1`.
    pub fn api(self) -> String {
        match self.group() {
            "" => self.version().into(),
            group => format!("{group}/{}", self.version()),
        }
    }

    /// The resource's plural name in URLs.
    pub fn plural(self) -> &'static str {
        self.row().plural
    }

    /// Whether its objects live in a namespace.
    pub fn namespaced(self) -> bool {
        self.row().namespaced
    }

    /// What it is for in a plan.
    pub fn role(self) -> &'static str {
        self.row().role
    }

    /// Whether it is one of the three custom resources.
    pub fn is_parent(self) -> bool {
        Self::PARENTS.contains(&self)
    }
}

/// Which object: kind, namespace (empty when cluster-scoped), name. Sorts by kind rank, namespace, name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// Its kind.
    pub kind: Kind,
    /// Its namespace; empty when cluster-scoped.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

impl Key {
    /// The key of an object of `kind`; a namespace on a cluster-scoped kind is dropped.
    pub fn new(kind: Kind, namespace: &str, name: &str) -> Self {
        let namespace = if kind.namespaced() { namespace } else { "" };
        Self { kind, namespace: namespace.into(), name: name.into() }
    }

    /// The id of plans: `apps/v1|Deployment|namespace|name`.
    pub fn id(&self) -> String {
        format!("{}|{}|{}|{}", self.kind.api(), self.kind.name(), self.namespace, self.name)
    }

    /// For people and diagnostics: `Deployment/namespace/name`, or `PersistentVolume/name`.
    pub fn label(&self) -> String {
        match self.namespace.as_str() {
            "" => format!("{}/{}", self.kind.name(), self.name),
            namespace => format!("{}/{namespace}/{}", self.kind.name(), self.name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn every_kind_has_its_row() {
        for kind in Kind::ALL {
            assert_eq!(kind.row().kind, kind);
            assert_eq!(Kind::of(&kind.api(), kind.name()), Some(kind));
        }
    }

    #[test]
    fn rank_is_the_order_of_the_rows() {
        let kinds: Vec<Kind> = ROWS.iter().map(|row| row.kind).collect();
        assert_eq!(kinds, Kind::ALL);
        assert!(kinds.is_sorted());
    }

    #[test]
    fn an_older_istio_version_is_the_same_kind() {
        assert_eq!(Kind::of("networking.istio.io/v1beta1", "Gateway"), Some(Kind::Gateway));
        assert_eq!(Kind::of("apps/v1beta1", "Deployment"), None);
    }
}

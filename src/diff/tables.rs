//! What server-side apply and the API server know about the fields of our kinds: list keys, atomic values, quantities, defaults.
//!
//! A tree per kind, walked beside the object. A field that is not in it is *deduced*: objects are granular, lists are atomic.
//! Sources: the Kubernetes OpenAPI document and `pkg/apis/{core,apps}/v1/defaults.go`; the custom resources' schemas; Istio's CRDs have
//! neither list types nor defaults.

use crate::json;
use crate::kinds::Kind;
use crate::list::Listed;
use crate::observation::items;
use crate::search::has;
use alloc::string::String;
use alloc::vec::Vec;
use serde_json::{Map, Value};

/// How a value is merged and compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Objects member by member, lists as a whole, scalars by value.
    Deduced,
    /// Objects as a whole, too.
    Atomic,
    /// A list whose elements are found by these fields.
    Keyed(&'static [&'static str]),
    /// A list without order or repetition.
    Set,
    /// A number with a suffix.
    Quantity,
    /// The same in a list of resources: the API server rounds up to milli.
    Resource,
    /// Istio's text durations.
    Duration,
    /// Identity, guards, and what only the server writes: neither compared nor owned.
    Ignored,
}

/// Another author's entries in it are drift.
pub(crate) const EXCLUSIVE: u8 = 1;
/// Its presence means something even when it is empty.
pub(crate) const PRESENCE: u8 = 1 << 1;
/// The same for objects only.
pub(crate) const MESSAGE: u8 = 1 << 2;
/// Shown member by member when a whole object is new.
pub(crate) const WIDE: u8 = 1 << 3;
/// The order of its elements means something.
pub(crate) const ORDERED: u8 = 1 << 4;
/// The server makes it when it is absent, with the defaults of its members.
pub(crate) const DEFAULTED: u8 = 1 << 5;

/// What is known about a value.
pub(crate) struct Type {
    pub(crate) shape: Shape,
    fields: &'static [Field],
    /// Members of a map, elements of a list.
    items: Option<&'static Type>,
    flags: u8,
    /// What managedFields of one object show of a kind that is not in the tables: members by name, the elements of a list by `[]`.
    shown: Vec<(String, Type)>,
}

struct Field {
    name: &'static str,
    of: &'static Type,
    default: Default,
}

/// What the server writes where nothing is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Default {
    /// Nothing that is known.
    None,
    Text(&'static str),
    Number(i64),
    /// `Always` for the tag `latest` or none at all, else `IfNotPresent`.
    PullPolicy,
    /// The same as another member.
    Sibling(&'static str),
}

impl Type {
    /// The type and default of a member.
    pub(crate) fn member(&self, name: &str) -> (&Type, Default) {
        match self.fields.iter().find(|field| field.name == name) {
            Some(field) => (field.of, field.default),
            None => (self.shown(name).unwrap_or_else(|| self.element()), Default::None),
        }
    }

    /// The type of a list's elements or of a map's members.
    pub(crate) fn element(&self) -> &Type {
        self.items.or_else(|| self.shown(ELEMENT)).unwrap_or(&ANY)
    }

    fn shown(&self, name: &str) -> Option<&Type> {
        self.shown.iter().find(|(shown, _)| shown == name).map(|(_, of)| of)
    }

    /// Whether it is a map or a list rather than a struct.
    pub(crate) fn has_items(&self) -> bool {
        self.items.is_some()
    }

    /// Whether a member of this name is part of the schema rather than something a newer server has.
    pub(crate) fn knows(&self, name: &str) -> bool {
        self.items.is_some() || self.fields.iter().any(|field| field.name == name)
    }

    #[cfg(test)]
    pub(crate) fn names(&self) -> Vec<&'static str> {
        self.fields.iter().map(|field| field.name).collect()
    }

    /// Whether its members are named by their author.
    #[cfg(test)]
    pub(crate) fn is_map(&self) -> bool {
        [&TEXT, &QUANTITY, &RESOURCE, &ISTIO_ANY].into_iter().any(|of| core::ptr::eq(self.element(), of))
    }

    pub(crate) fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// Whether a value says no more than its absence.
    pub(crate) fn is_void(&self, value: &Value) -> bool {
        match value {
            Value::Null => true,
            Value::String(text) => text.is_empty() && !self.has(PRESENCE),
            Value::Array(items) => items.is_empty() && !self.has(PRESENCE),
            Value::Object(members) => members.is_empty() && !self.has(PRESENCE | MESSAGE),
            _ => false,
        }
    }
}

impl Default {
    /// The default beside these members.
    pub(crate) fn value(self, beside: &Map<String, Value>) -> Option<Value> {
        match self {
            Default::None => None,
            Default::Text(text) => Some(text.into()),
            Default::Number(number) => Some(number.into()),
            Default::PullPolicy => pull_policy(beside.get("image")?.as_str()?).map(Value::from),
            Default::Sibling(name) => beside.get(name).cloned(),
        }
    }

    /// Whether `value` is the default beside these members.
    pub(crate) fn is_of(self, value: &Value, beside: &Map<String, Value>) -> bool {
        match self {
            Default::None => false,
            Default::Text(text) => value.as_str() == Some(text),
            Default::Number(number) => value.as_i64() == Some(number),
            Default::PullPolicy | Default::Sibling(_) => self.value(beside).as_ref() == Some(value),
        }
    }
}

fn pull_policy(image: &str) -> Option<&'static str> {
    let name = image.rsplit('/').next()?;
    let fixed = has(name, '@') || name.rsplit_once(':').is_some_and(|(_, tag)| tag != "latest");
    Some(if fixed { "IfNotPresent" } else { "Always" })
}

/// The type of a whole object.
pub(crate) fn of(kind: Kind) -> &'static Type {
    match kind {
        Kind::Model => &MODEL,
        Kind::EndpointConfig => &ENDPOINT_CONFIG,
        Kind::Endpoint | Kind::Namespace | Kind::CompositeController => &PLAIN,
        Kind::PersistentVolume => &VOLUME,
        Kind::PersistentVolumeClaim => &CLAIM,
        Kind::Deployment => &DEPLOYMENT,
        Kind::Service => &SERVICE,
        Kind::Gateway | Kind::VirtualService => &ISTIO,
    }
}

/// The type of a whole object of a kind that we do not make.
pub(crate) fn of_name(group: &str, kind: &str) -> Option<&'static Type> {
    Some(match (group, kind) {
        ("apps", "StatefulSet") => &STATEFUL_SET,
        ("apps", "DaemonSet" | "ReplicaSet") => &WORKLOAD,
        ("batch", "Job") => &JOB,
        ("batch", "CronJob") => &CRON_JOB,
        ("", "Pod") => &BARE_POD,
        ("", "ConfigMap" | "Secret") => &DATA,
        ("", "Namespace" | "ServiceAccount") => &PLAIN,
        _ => return None,
    })
}

/// Key fields of lists that managedFields may show.
const KEYS: [&[&str]; 14] = [
    &["name"],
    &["type"],
    &["key"],
    &["id"],
    &["uid"],
    &["ip"],
    &["host"],
    &["port"],
    &["mountPath"],
    &["devicePath"],
    &["topologyKey"],
    &["port", "protocol"],
    &["containerPort", "protocol"],
    &["topologyKey", "whenUnsatisfiable"],
];
/// The name under which the elements of a list are shown. No field has it.
const ELEMENT: &str = "[]";

/// The type of an object of which only its managedFields tell something: a list is keyed where they name its elements by known keys.
pub(crate) fn shown_by(live: Option<&Value>) -> Type {
    let entries = live.map_or(&[][..], |live| items(live, &["metadata", "managedFields"]));
    let fields: Vec<&Map<String, Value>> = entries.iter().filter_map(|entry| entry.get("fieldsV1")?.as_object()).listed();
    let mut of = shown(&fields);
    of.fields = &WHOLE;
    of.flags = WIDE;
    of
}

fn shown(trees: &[&Map<String, Value>]) -> Type {
    let mut of = object(&[]);
    let mut below: Vec<(String, Vec<&Map<String, Value>>)> = Vec::new();
    for (raw, tree) in trees.iter().flat_map(|tree| tree.iter()) {
        let Some(tree) = tree.as_object() else { continue };
        let name = match raw.split_once(':') {
            Some(("f", name)) => name,
            Some(("k", key)) => {
                of.shape = keys_of(key).unwrap_or(of.shape);
                ELEMENT
            }
            Some(("v", _)) => {
                of.shape = Shape::Set;
                continue;
            }
            _ => continue,
        };
        match below.iter_mut().find(|(known, _)| known == name) {
            Some((_, trees)) => trees.push(tree),
            None => below.push((name.into(), vec![tree])),
        }
    }
    of.shown = below.into_iter().map(|(name, trees)| (name, shown(&trees))).listed();
    of
}

/// The shape of a list one of whose elements has this name in FieldsV1.
fn keys_of(raw: &str) -> Option<Shape> {
    let Value::Object(key) = json::inner(raw)? else { return None };
    let keys = KEYS.iter().find(|keys| keys.len() == key.len() && keys.iter().all(|name| key.contains_key(*name)))?;
    Some(Shape::Keyed(keys))
}

/// Whether a key that desired lacks inside an atomic value can only come from an author: the server fills in nothing.
pub(crate) fn is_strict(kind: Kind) -> bool {
    kind.is_parent() || matches!(kind, Kind::Gateway | Kind::VirtualService)
}

/// Paths whose values the server allocates when desired does not set them.
pub(crate) fn allocated(kind: Kind) -> &'static [&'static [&'static str]] {
    match kind {
        Kind::Service => &[&["spec", "clusterIP"]],
        Kind::PersistentVolumeClaim => &[&["spec", "storageClassName"], &["spec", "volumeName"]],
        _ => &[],
    }
}

const fn shaped(shape: Shape, fields: &'static [Field], items: Option<&'static Type>, flags: u8) -> Type {
    Type { shape, fields, items, flags, shown: Vec::new() }
}

const fn object(fields: &'static [Field]) -> Type {
    shaped(Shape::Deduced, fields, None, 0)
}

const fn wide(fields: &'static [Field]) -> Type {
    shaped(Shape::Deduced, fields, None, WIDE)
}

const fn atomic(fields: &'static [Field]) -> Type {
    shaped(Shape::Atomic, fields, None, 0)
}

const fn list(items: &'static Type) -> Type {
    shaped(Shape::Deduced, &[], Some(items), 0)
}

const fn keyed(keys: &'static [&'static str], items: &'static Type, flags: u8) -> Type {
    shaped(Shape::Keyed(keys), &[], Some(items), flags)
}

const fn field(name: &'static str, of: &'static Type) -> Field {
    Field { name, of, default: Default::None }
}

const fn plain(name: &'static str) -> Field {
    field(name, &ANY)
}

const fn text(name: &'static str, default: &'static str) -> Field {
    Field { name, of: &ANY, default: Default::Text(default) }
}

const fn number(name: &'static str, default: i64) -> Field {
    Field { name, of: &ANY, default: Default::Number(default) }
}

static ANY: Type = object(&[]);
static TEXT: Type = shaped(Shape::Deduced, &[], None, PRESENCE);
static PRESENT: Type = shaped(Shape::Deduced, &[], None, PRESENCE);
static IGNORED: Type = shaped(Shape::Ignored, &[], None, 0);
static QUANTITY: Type = shaped(Shape::Quantity, &[], None, 0);
static DURATION: Type = shaped(Shape::Duration, &[], None, 0);
static SET: Type = shaped(Shape::Set, &[], None, 0);
static MAP: Type = shaped(Shape::Deduced, &[], Some(&TEXT), WIDE);
static ATOMIC_MAP: Type = shaped(Shape::Atomic, &[], Some(&TEXT), 0);
static QUANTITIES: Type = shaped(Shape::Deduced, &[], Some(&QUANTITY), 0);
static RESOURCE: Type = shaped(Shape::Resource, &[], None, 0);
static RESOURCE_LIST: Type = shaped(Shape::Deduced, &[], Some(&RESOURCE), 0);

static ANNOTATIONS: Type = shaped(
    Shape::Deduced,
    &[
        field(super::KUBECTL_LAST_APPLIED, &IGNORED),
        field(crate::names::METACONTROLLER_LAST_APPLIED, &IGNORED),
        field("deployment.kubernetes.io/revision", &IGNORED),
    ],
    Some(&TEXT),
    WIDE,
);
static OWNER: Type =
    atomic(&[plain("apiVersion"), plain("kind"), plain("name"), plain("uid"), plain("controller"), plain("blockOwnerDeletion")]);
static OWNERS: Type = keyed(&["uid"], &OWNER, 0);
static METADATA: Type = wide(&[
    field("annotations", &ANNOTATIONS),
    field("labels", &MAP),
    field("finalizers", &SET),
    field("ownerReferences", &OWNERS),
    field("name", &IGNORED),
    field("namespace", &IGNORED),
    field("uid", &IGNORED),
    field("resourceVersion", &IGNORED),
    field("generation", &IGNORED),
    field("creationTimestamp", &IGNORED),
    field("deletionTimestamp", &IGNORED),
    field("deletionGracePeriodSeconds", &IGNORED),
    field("managedFields", &IGNORED),
    field("selfLink", &IGNORED),
]);
static TEMPLATE_METADATA: Type = wide(&[
    field("annotations", &MAP),
    field("labels", &MAP),
    field("finalizers", &SET),
    field("ownerReferences", &OWNERS),
    field("creationTimestamp", &IGNORED),
]);

const API: Field = field("apiVersion", &IGNORED);
const KIND: Field = field("kind", &IGNORED);
const META: Field = field("metadata", &METADATA);
const STATUS: Field = field("status", &IGNORED);

static PLAIN_SPEC: Type = wide(&[]);
static PLAIN: Type = wide(&[API, KIND, META, STATUS, field("spec", &PLAIN_SPEC)]);

// The custom resources: as their schemas say.

static MODEL_ENV: Type = keyed(&["name"], &ANY, ORDERED);
static ARTIFACT: Type = object(&[field("maxBytes", &QUANTITY)]);
static STORAGE: Type = object(&[field("size", &QUANTITY), field("ephemeral", &PRESENT)]);
static MODEL_VOLUME: Type = object(&[field("emptyDir", &EMPTY_DIR)]);
static MODEL_VOLUMES: Type = keyed(&["name"], &MODEL_VOLUME, 0);
static MODEL_POD: Type = object(&[
    field("labels", &MAP),
    field("annotations", &MAP),
    field("nodeSelector", &MAP),
    field("resources", &QUANTITIES),
    field("volumes", &MODEL_VOLUMES),
]);
static MODEL_SPEC: Type = wide(&[
    field("env", &MODEL_ENV),
    field("artifact", &ARTIFACT),
    field("storage", &STORAGE),
    field("cpus", &QUANTITY),
    field("memory", &QUANTITY),
    field("pod", &MODEL_POD),
]);
static MODEL: Type = wide(&[API, KIND, META, STATUS, field("spec", &MODEL_SPEC)]);
static VARIANT: Type = object(&[field("cpus", &QUANTITY), field("memory", &QUANTITY)]);
static VARIANTS: Type = keyed(&["name"], &VARIANT, 0);
static ENDPOINT_CONFIG_SPEC: Type = wide(&[field("models", &VARIANTS)]);
static ENDPOINT_CONFIG: Type = wide(&[API, KIND, META, STATUS, field("spec", &ENDPOINT_CONFIG_SPEC)]);

// Istio: every list atomic, every map granular, all of it ours.

const DURATIONS: &[Field] = &[
    field("timeout", &DURATION),
    field("perTryTimeout", &DURATION),
    field("perTryIdleTimeout", &DURATION),
    field("backoff", &DURATION),
    field("fixedDelay", &DURATION),
    field("maxAge", &DURATION),
    field("ttl", &DURATION),
];
static ISTIO_ANY: Type = shaped(Shape::Deduced, DURATIONS, Some(&ISTIO_ANY), EXCLUSIVE | MESSAGE);
static ISTIO_SPEC: Type = shaped(Shape::Deduced, &[], Some(&ISTIO_ANY), EXCLUSIVE | WIDE);
static ISTIO: Type = wide(&[API, KIND, META, STATUS, field("spec", &ISTIO_SPEC)]);

// Service.

static SERVICE_PORT: Type =
    object(&[plain("port"), text("protocol", "TCP"), Field { name: "targetPort", of: &ANY, default: Default::Sibling("port") }]);
static SERVICE_PORTS: Type = keyed(&["port", "protocol"], &SERVICE_PORT, EXCLUSIVE);
static SERVICE_SELECTOR: Type = shaped(Shape::Atomic, &[], Some(&TEXT), EXCLUSIVE);
static SERVICE_SPEC: Type = wide(&[
    text("type", "ClusterIP"),
    text("sessionAffinity", "None"),
    text("internalTrafficPolicy", "Cluster"),
    field("ports", &SERVICE_PORTS),
    field("selector", &SERVICE_SELECTOR),
]);
static SERVICE: Type = wide(&[API, KIND, META, STATUS, field("spec", &SERVICE_SPEC)]);

// Storage.

static EXPRESSION: Type = object(&[plain("key"), plain("operator"), plain("values")]);
static EXPRESSIONS: Type = list(&EXPRESSION);
static SELECTOR: Type = atomic(&[field("matchLabels", &ATOMIC_MAP), field("matchExpressions", &EXPRESSIONS)]);
static NODE_TERM: Type = atomic(&[field("matchExpressions", &EXPRESSIONS), field("matchFields", &EXPRESSIONS)]);
static NODE_TERMS: Type = list(&NODE_TERM);
static NODE_TERMS_OF: Type = atomic(&[field("nodeSelectorTerms", &NODE_TERMS)]);
static REFERENCE: Type = atomic(&[plain("apiGroup"), plain("kind"), plain("name"), plain("namespace")]);

static CLAIM_REFERENCE: Type = object(&[field("uid", &IGNORED), field("resourceVersion", &IGNORED)]);
static CSI: Type = object(&[
    field("controllerExpandSecretRef", &REFERENCE),
    field("controllerPublishSecretRef", &REFERENCE),
    field("nodeExpandSecretRef", &REFERENCE),
    field("nodePublishSecretRef", &REFERENCE),
    field("nodeStageSecretRef", &REFERENCE),
    field("volumeAttributes", &MAP),
]);
static HOST_PATH: Type = object(&[text("type", "")]);
static VOLUME_AFFINITY: Type = object(&[field("required", &NODE_TERMS_OF)]);
static VOLUME_SPEC: Type = wide(&[
    text("persistentVolumeReclaimPolicy", "Retain"),
    text("volumeMode", "Filesystem"),
    field("capacity", &RESOURCE_LIST),
    field("claimRef", &CLAIM_REFERENCE),
    field("csi", &CSI),
    field("hostPath", &HOST_PATH),
    field("nodeAffinity", &VOLUME_AFFINITY),
]);
static VOLUME: Type = wide(&[API, KIND, META, STATUS, field("spec", &VOLUME_SPEC)]);

static RESOURCES: Type = object(&[field("limits", &RESOURCE_LIST), field("requests", &RESOURCE_LIST)]);
static CLAIM_SPEC: Type = wide(&[
    text("volumeMode", "Filesystem"),
    field("storageClassName", &TEXT),
    field("dataSource", &REFERENCE),
    field("resources", &RESOURCES),
    field("selector", &SELECTOR),
]);
static CLAIM: Type = wide(&[API, KIND, META, STATUS, field("spec", &CLAIM_SPEC)]);

// Deployment.

static STRATEGY_FIGURES: Type = object(&[text("maxUnavailable", "25%"), text("maxSurge", "25%")]);
static STRATEGY: Type =
    shaped(Shape::Deduced, &[text("type", "RollingUpdate"), field("rollingUpdate", &STRATEGY_FIGURES)], None, DEFAULTED);
static DEPLOYMENT_SPEC: Type = wide(&[
    number("replicas", 1),
    number("revisionHistoryLimit", 10),
    number("progressDeadlineSeconds", 600),
    field("strategy", &STRATEGY),
    field("selector", &SELECTOR),
    field("template", &TEMPLATE),
]);
static DEPLOYMENT: Type = wide(&[API, KIND, META, STATUS, field("spec", &DEPLOYMENT_SPEC)]);
// Kinds that we do not make.

static WHOLE: [Field; 4] = [API, KIND, META, STATUS];
static DATA: Type = wide(&[API, KIND, META, field("data", &MAP), field("binaryData", &MAP), field("stringData", &MAP)]);
static BARE_POD: Type = wide(&[API, KIND, META, STATUS, field("spec", &POD)]);
static WORKLOAD_SPEC: Type = wide(&[
    number("replicas", 1),
    number("revisionHistoryLimit", 10),
    field("selector", &SELECTOR),
    field("template", &TEMPLATE),
]);
static WORKLOAD: Type = wide(&[API, KIND, META, STATUS, field("spec", &WORKLOAD_SPEC)]);
static OWN_CLAIM: Type = object(&[API, KIND, STATUS, field("metadata", &TEMPLATE_METADATA), field("spec", &CLAIM_SPEC)]);
static OWN_CLAIMS: Type = list(&OWN_CLAIM);
static STATEFUL_SET_SPEC: Type = wide(&[
    number("replicas", 1),
    number("revisionHistoryLimit", 10),
    text("podManagementPolicy", "OrderedReady"),
    field("selector", &SELECTOR),
    field("template", &TEMPLATE),
    field("volumeClaimTemplates", &OWN_CLAIMS),
]);
static STATEFUL_SET: Type = wide(&[API, KIND, META, STATUS, field("spec", &STATEFUL_SET_SPEC)]);
static JOB_SPEC: Type = wide(&[
    number("completions", 1),
    number("parallelism", 1),
    number("backoffLimit", 6),
    field("selector", &SELECTOR),
    field("template", &TEMPLATE),
]);
static JOB: Type = wide(&[API, KIND, META, STATUS, field("spec", &JOB_SPEC)]);
static JOB_TEMPLATE: Type = object(&[field("metadata", &TEMPLATE_METADATA), field("spec", &JOB_SPEC)]);
static CRON_JOB_SPEC: Type = wide(&[
    text("concurrencyPolicy", "Allow"),
    number("successfulJobsHistoryLimit", 3),
    number("failedJobsHistoryLimit", 1),
    field("jobTemplate", &JOB_TEMPLATE),
]);
static CRON_JOB: Type = wide(&[API, KIND, META, STATUS, field("spec", &CRON_JOB_SPEC)]);

static TEMPLATE: Type = wide(&[field("metadata", &TEMPLATE_METADATA), field("spec", &POD)]);

static POD: Type = wide(&[
    text("dnsPolicy", "ClusterFirst"),
    text("restartPolicy", "Always"),
    text("schedulerName", "default-scheduler"),
    number("terminationGracePeriodSeconds", 30),
    field("containers", &CONTAINERS),
    field("initContainers", &INIT_CONTAINERS),
    field("volumes", &VOLUMES),
    field("nodeSelector", &ATOMIC_MAP),
    field("overhead", &RESOURCE_LIST),
    field("imagePullSecrets", &NAMED),
    field("hostAliases", &HOST_ALIASES),
    field("resourceClaims", &NAMED_GRANULAR),
    field("schedulingGates", &NAMED_GRANULAR),
    field("tolerations", &TOLERATIONS),
    field("topologySpreadConstraints", &SPREADS),
    field("affinity", &AFFINITY),
    field("dnsConfig", &DNS),
    field("readinessGates", &READINESS_GATES),
    field("securityContext", &POD_SECURITY),
]);
static NAME_ONLY: Type = atomic(&[plain("name")]);
static NAMED: Type = keyed(&["name"], &NAME_ONLY, 0);
static NAMED_GRANULAR: Type = keyed(&["name"], &ANY, 0);
static HOST_ALIASES: Type = keyed(&["ip"], &ANY, 0);
static TOLERATION: Type = object(&[plain("key"), plain("operator"), plain("value"), plain("effect"), plain("tolerationSeconds")]);
static TOLERATIONS: Type = list(&TOLERATION);
static SPREAD: Type = object(&[field("labelSelector", &SELECTOR)]);
static SPREADS: Type = keyed(&["topologyKey", "whenUnsatisfiable"], &SPREAD, 0);
static NAME_VALUE: Type = object(&[plain("name"), plain("value")]);
static NAME_VALUES: Type = list(&NAME_VALUE);
static DNS: Type = object(&[field("options", &NAME_VALUES)]);
static READINESS_GATE: Type = object(&[plain("conditionType")]);
static READINESS_GATES: Type = list(&READINESS_GATE);
static POD_SECURITY: Type = object(&[field("sysctls", &NAME_VALUES)]);

static AFFINITY: Type = object(&[
    field("nodeAffinity", &NODE_AFFINITY),
    field("podAffinity", &POD_AFFINITY),
    field("podAntiAffinity", &POD_AFFINITY),
]);
static PREFERRED_NODE: Type = object(&[plain("weight"), field("preference", &NODE_TERM)]);
static PREFERRED_NODES: Type = list(&PREFERRED_NODE);
const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";
static NODE_AFFINITY: Type = object(&[field(REQUIRED, &NODE_TERMS_OF), field(PREFERRED, &PREFERRED_NODES)]);
static POD_TERM: Type = object(&[
    field("labelSelector", &SELECTOR),
    field("namespaceSelector", &SELECTOR),
    plain("namespaces"),
    plain("topologyKey"),
    plain("matchLabelKeys"),
    plain("mismatchLabelKeys"),
]);
static POD_TERMS: Type = list(&POD_TERM);
static PREFERRED_POD: Type = object(&[plain("weight"), field("podAffinityTerm", &POD_TERM)]);
static PREFERRED_PODS: Type = list(&PREFERRED_POD);
static POD_AFFINITY: Type = object(&[field(REQUIRED, &POD_TERMS), field(PREFERRED, &PREFERRED_PODS)]);

static CONTAINERS: Type = keyed(&["name"], &CONTAINER, 0);
static INIT_CONTAINERS: Type = keyed(&["name"], &CONTAINER, ORDERED);
static CONTAINER: Type = object(&[
    Field { name: "imagePullPolicy", of: &ANY, default: Default::PullPolicy },
    text("terminationMessagePath", "/dev/termination-log"),
    text("terminationMessagePolicy", "File"),
    field("env", &ENV),
    field("envFrom", &ENV_FROM),
    field("ports", &CONTAINER_PORTS),
    field("volumeMounts", &MOUNTS),
    field("volumeDevices", &DEVICES),
    field("resources", &CONTAINER_RESOURCES),
    field("resizePolicy", &RESIZE_POLICIES),
    field("livenessProbe", &PROBE),
    field("readinessProbe", &PROBE),
    field("startupProbe", &PROBE),
    field("lifecycle", &LIFECYCLE),
]);
static CONTAINER_RESOURCES: Type =
    object(&[field("limits", &RESOURCE_LIST), field("requests", &RESOURCE_LIST), field("claims", &NAMED_GRANULAR)]);
static RESIZE_POLICY: Type = object(&[plain("resourceName"), plain("restartPolicy")]);
static RESIZE_POLICIES: Type = list(&RESIZE_POLICY);
static CONTAINER_PORT: Type = object(&[plain("containerPort"), text("protocol", "TCP")]);
static CONTAINER_PORTS: Type = keyed(&["containerPort", "protocol"], &CONTAINER_PORT, 0);
static MOUNTS: Type = keyed(&["mountPath"], &ANY, 0);
static DEVICES: Type = keyed(&["devicePath"], &ANY, 0);

static ENV: Type = keyed(&["name"], &ENV_VAR, ORDERED);
static ENV_VAR: Type = object(&[field("valueFrom", &ENV_SOURCE)]);
static ENV_SOURCE: Type = object(&[
    field("configMapKeyRef", &KEY_REFERENCE),
    field("secretKeyRef", &KEY_REFERENCE),
    field("fieldRef", &FIELD_REFERENCE),
    field("resourceFieldRef", &RESOURCE_REFERENCE),
]);
static KEY_REFERENCE: Type = atomic(&[plain("name"), plain("key"), plain("optional")]);
static FIELD_REFERENCE: Type = atomic(&[plain("fieldPath"), text("apiVersion", "v1")]);
static RESOURCE_REFERENCE: Type =
    atomic(&[plain("containerName"), plain("resource"), Field { name: "divisor", of: &QUANTITY, default: Default::Text("0") }]);
static ENV_FROM_SOURCE: Type = object(&[plain("prefix"), field("configMapRef", &OPTIONAL), field("secretRef", &OPTIONAL)]);
static OPTIONAL: Type = object(&[plain("name"), plain("optional")]);
static ENV_FROM: Type = list(&ENV_FROM_SOURCE);

static PROBE: Type = object(&[
    number("timeoutSeconds", 1),
    number("periodSeconds", 10),
    number("successThreshold", 1),
    number("failureThreshold", 3),
    field("httpGet", &HTTP_GET),
]);
static HTTP_GET: Type = object(&[text("path", "/"), text("scheme", "HTTP"), field("httpHeaders", &NAME_VALUES)]);
static HANDLER: Type = object(&[field("httpGet", &HTTP_GET)]);
static LIFECYCLE: Type = object(&[field("postStart", &HANDLER), field("preStop", &HANDLER)]);

static VOLUMES: Type = keyed(&["name"], &POD_VOLUME, 0);
static POD_VOLUME: Type = object(&[
    field("emptyDir", &EMPTY_DIR),
    field("configMap", &CONFIG_MAP_VOLUME),
    field("secret", &CONFIG_MAP_VOLUME),
    field("downwardAPI", &DOWNWARD_VOLUME),
    field("projected", &PROJECTED),
    field("hostPath", &HOST_PATH),
    field("ephemeral", &EPHEMERAL),
]);
static EMPTY_DIR: Type = shaped(Shape::Deduced, &[field("sizeLimit", &QUANTITY)], None, PRESENCE);
static KEY_TO_PATH: Type = object(&[plain("key"), plain("path"), plain("mode")]);
static KEYS_TO_PATHS: Type = list(&KEY_TO_PATH);
static CONFIG_MAP_VOLUME: Type = object(&[number("defaultMode", 420), field("items", &KEYS_TO_PATHS)]);
static DOWNWARD_FILE: Type =
    object(&[plain("path"), plain("mode"), field("fieldRef", &FIELD_REFERENCE), field("resourceFieldRef", &RESOURCE_REFERENCE)]);
static DOWNWARD_FILES: Type = list(&DOWNWARD_FILE);
static DOWNWARD_VOLUME: Type = object(&[number("defaultMode", 420), field("items", &DOWNWARD_FILES)]);
static PROJECTED: Type = object(&[number("defaultMode", 420), field("sources", &PROJECTED_SOURCES)]);
static PROJECTED_SOURCES: Type = list(&PROJECTED_SOURCE);
static PROJECTED_SOURCE: Type = object(&[
    field("secret", &PROJECTED_MAP),
    field("configMap", &PROJECTED_MAP),
    field("downwardAPI", &PROJECTED_DOWNWARD),
    field("serviceAccountToken", &PROJECTED_TOKEN),
    plain("clusterTrustBundle"),
]);
static PROJECTED_MAP: Type = object(&[plain("name"), plain("optional"), field("items", &KEYS_TO_PATHS)]);
static PROJECTED_DOWNWARD: Type = object(&[field("items", &DOWNWARD_FILES)]);
static PROJECTED_TOKEN: Type = object(&[plain("audience"), plain("path"), number("expirationSeconds", 3600)]);
static EPHEMERAL: Type = object(&[field("volumeClaimTemplate", &CLAIM_TEMPLATE)]);
static CLAIM_TEMPLATE: Type = object(&[field("metadata", &TEMPLATE_METADATA), field("spec", &CLAIM_SPEC)]);

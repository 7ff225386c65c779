//! What a host saw, as one `Observation`: custom resources as they are meant to be, objects as they are, and what could not be read.
//!
//! Here live the few accessors into observed objects. No rules, no defaults: those are in `validate` and `gates`.

use crate::diagnostic::{Diagnostic, Failure, shown};
use crate::json::{self, Limits};
use crate::kinds::{API, Key, Kind};
use crate::list::{AddAll, Listed};
use crate::names;
use crate::policy::Policy;
use crate::request;
use crate::sort::sort_distinct;
use crate::table::Table;
use crate::undone;
use alloc::string::String;
use alloc::vec::Vec;
use serde_json::{Map, Value};

/// Who makes the API calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Host {
    /// A host that makes its own calls: owner references, `controller-uid` and our finalizer are ours to write.
    Direct,
    /// Metacontroller: it writes its own, and owns PersistentVolumes by a decorator.
    Metacontroller,
}

/// Everything an answer may depend on.
#[derive(Clone, Debug)]
pub struct Observation {
    /// Observed objects of the kinds we know; a custom resource that a file changes appears as it will be.
    pub objects: Table<Value>,
    /// Custom resources that were handed in as files: what is applied, by key.
    pub resources: Table<Value>,
    /// Observed custom resources that a file changes, as they are.
    pub before: Table<Value>,
    /// Files that are not sent, and why.
    pub rejected: Table<Vec<Diagnostic>>,
    /// The custom resources that the user asks to delete; sorted, without repeats.
    pub deletes: Vec<Key>,
    /// The custom resources that are to be reconciled.
    pub subjects: Vec<Key>,
    /// The namespaces that were read as a whole; of others only what is related was, so nothing is decided there. Empty: all.
    pub namespaces: Vec<String>,
    /// What the host could not read.
    pub unreadable: Vec<Unreadable>,
    /// RFC 3339 time, or empty.
    pub now: String,
    /// What Models may use.
    pub policy: Policy,
    /// Who makes the calls.
    pub host: Host,
    /// Field manager.
    pub manager: String,
    /// Objects of an earlier plan that the host updated, as that plan lists them.
    pub performed: Vec<Value>,
    /// Whether a plan that somebody approved is carried out: then every update and delete is for exactly what was observed.
    pub saved: bool,
    /// Whether a replace may lose data.
    pub allow_data_loss: bool,
    /// Whether a rendering ignores gates.
    pub all: bool,
    /// Whether what Metacontroller will do is planned, too: in a forecast.
    pub foresees: bool,
    /// What is odd about the input.
    pub diagnostics: Vec<Diagnostic>,
}

/// A kind that the host could not read, in one namespace or everywhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// The kind.
    pub kind: Kind,
    /// Empty: everywhere.
    pub namespace: String,
}

impl Observation {
    /// Reads `{resources, delete, observed, unreadable, namespaces, now, policy, manager, allow, all, previous, saved}`; gives the resources of
    /// files, too.
    pub fn of_set(text: &str, limits: &Limits) -> Result<(Self, Vec<Value>), Failure> {
        let allowed = [
            "resources",
            "delete",
            "observed",
            "unreadable",
            "namespaces",
            "now",
            "policy",
            "manager",
            "allow",
            "all",
            "previous",
            "saved",
        ];
        let mut envelope = envelope(text, limits, &allowed)?;
        let mut seen = Self::read(&envelope)?;
        seen.namespaces = items_of(&envelope, "namespaces")?.iter().filter_map(Value::as_str).map(String::from).listed();
        seen.saved = envelope.get("saved") == Some(&Value::Bool(true));
        seen.take_previous(envelope.get("previous").unwrap_or(&Value::Null));
        for entry in items_of(&envelope, "delete")? {
            seen.deletes.push(deleted(entry)?);
        }
        sort_distinct(&mut seen.deletes);
        seen.take_objects(list(&mut envelope, "observed")?)?;
        Ok((seen, list(&mut envelope, "resources")?))
    }

    /// Reads `{parent, children, related, unreadable, now, policy, manager, finalizing}`; gives the parent's key, too.
    pub fn of_one(text: &str, limits: &Limits) -> Result<(Self, Key), Failure> {
        let allowed = ["parent", "children", "related", "unreadable", "now", "policy", "manager", "allow", "finalizing"];
        let mut envelope = envelope(text, limits, &allowed)?;
        if let Some(member) = ["children", "related"].iter().find(|member| !envelope.contains_key(**member)) {
            return Err(Failure::new(
                "Malformed",
                format!("the observation has no {member}; an empty list says that nothing is there"),
            ));
        }
        let mut seen = Self::read(&envelope)?;
        seen.take_objects(list(&mut envelope, "children")?)?;
        seen.take_objects(list(&mut envelope, "related")?)?;
        let finalizing = envelope.get("finalizing").and_then(Value::as_bool).unwrap_or(false);
        let key = seen.take_parent(envelope.get("parent").unwrap_or(&Value::Null), finalizing)?;
        Ok((seen, key))
    }

    /// An observation of nothing.
    pub fn empty(host: Host, policy: Policy, now: &str) -> Self {
        Self {
            objects: Table::default(),
            resources: Table::default(),
            before: Table::default(),
            rejected: Table::default(),
            deletes: Vec::new(),
            subjects: Vec::new(),
            namespaces: Vec::new(),
            unreadable: Vec::new(),
            now: now.into(),
            policy,
            host,
            manager: names::MANAGER.into(),
            performed: Vec::new(),
            saved: false,
            allow_data_loss: false,
            all: false,
            foresees: false,
            diagnostics: Vec::new(),
        }
    }

    fn read(envelope: &Map<String, Value>) -> Result<Self, Failure> {
        let policy = match envelope.get("policy") {
            None | Some(Value::Null) => Policy::default(),
            Some(policy) => Policy::parse(policy)?,
        };
        let mut seen = Self::empty(Host::Direct, policy, string(envelope, "now")?);
        match string(envelope, "manager")? {
            "" => {}
            manager => seen.manager = manager.into(),
        }
        seen.allow_data_loss = envelope.get("allow").is_some_and(|allow| at(allow, &["dataLoss"]) == &Value::Bool(true));
        seen.all = envelope.get("all") == Some(&Value::Bool(true));
        for entry in items_of(envelope, "unreadable")? {
            seen.unreadable.add_all(unreadable(entry)?);
        }
        Ok(seen)
    }

    /// Takes what an earlier plan did. It is a memory of the host: where it cannot be read, less is known, and nothing fails.
    fn take_previous(&mut self, previous: &Value) {
        if previous.is_null() {
            return;
        }
        match undone::performed(previous) {
            Some(performed) => self.performed = performed,
            None => {
                let message = "previous cannot be read as a plan, so what was undone is not seen";
                self.diagnostics.push(Diagnostic::info("PreviousNotRead", "", message));
            }
        }
    }

    /// Adds the parent of a call for one custom resource and makes it the only subject.
    pub fn take_parent(&mut self, parent: &Value, finalizing: bool) -> Result<Key, Failure> {
        let Some(key) = key_of(parent).filter(|key| key.kind.is_parent()) else {
            return Err(Failure::new("Unsupported", "the parent is not a Model, EndpointConfig or Endpoint with a name"));
        };
        if text(parent, &["metadata", "uid"]).is_empty() {
            self.resources.insert(key.clone(), request::intent(&key, parent, self.host));
        }
        self.objects.insert(key.clone(), parent.clone());
        if finalizing {
            self.finalize(&key);
        }
        self.subjects = vec![key.clone()];
        Ok(key)
    }

    /// Treats a custom resource as being deleted.
    pub fn finalize(&mut self, key: &Key) {
        if let Some(parent) = self.objects.get_mut(key).filter(|parent| !is_deleting(parent)) {
            set(parent, &["metadata", "deletionTimestamp"], Value::from("finalizing"));
        }
    }

    /// Adds observed objects. Unknown kinds are left out; of two objects with one key one is kept, the same whatever their order.
    pub fn take_objects(&mut self, objects: Vec<Value>) -> Result<(), Failure> {
        for object in objects {
            if text(&object, &["apiVersion"]).is_empty() || text(&object, &["kind"]).is_empty() {
                // What cannot be told could be what a gate looks for.
                return Err(Failure::new("Malformed", "an observed object has no apiVersion or no kind"));
            }
            if text(&object, &["kind"]).ends_with("List") && !at(&object, &["items"]).is_null() {
                return Err(Failure::new("Malformed", format!("{} was observed: hand in its items", describe(&object))));
            }
            let Some(key) = key_of(&object) else {
                self.diagnostics.push(not_read(&object));
                continue;
            };
            match self.objects.get(&key) {
                None => {
                    self.objects.insert(key, object);
                }
                Some(known) if *known == object => {}
                Some(known) => {
                    self.note_duplicate(&key, known.clone(), &object);
                }
            }
        }
        Ok(())
    }

    fn note_duplicate(&mut self, key: &Key, known: Value, object: &Value) {
        if text(&known, &["metadata", "uid"]) != text(object, &["metadata", "uid"]) {
            let message = format!("{} was observed twice with different uids", key.label());
            self.diagnostics.push(Diagnostic::warning("DuplicateObject", "", message).of(&key.label()));
        }
        if rank(object) > rank(&known) {
            self.objects.insert(key.clone(), object.clone());
        }
    }

    /// The observed object, if there is one.
    pub fn get(&self, kind: Kind, namespace: &str, name: &str) -> Option<&Value> {
        self.objects.get(&Key::new(kind, namespace, name))
    }

    /// The observed objects of a kind, in order of namespace and name.
    pub fn of_kind(&self, kind: Kind) -> impl Iterator<Item = (&Key, &Value)> {
        self.objects.since(&Key::new(kind, "", "")).take_while(move |(key, _)| key.kind == kind)
    }

    /// Whether anything may be decided about a custom resource: not where only what others need of it was read.
    pub fn decides(&self, key: &Key) -> bool {
        self.namespaces.is_empty() || self.namespaces.contains(&key.namespace)
    }

    /// Whether the host could not read a kind in a namespace.
    pub fn is_unreadable(&self, kind: Kind, namespace: &str) -> bool {
        self.unreadable.iter().any(|entry| entry.kind == kind && (entry.namespace.is_empty() || entry.namespace == namespace))
    }
}

/// Metadata that only a server writes: in a file it is left over from an export.
pub const SERVER_FIELDS: [&str; 8] = [
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "managedFields",
    "selfLink",
];

fn envelope(text: &str, limits: &Limits, allowed: &[&str]) -> Result<Map<String, Value>, Failure> {
    let Value::Object(envelope) = json::parse(text, limits)? else {
        return Err(Failure::new("Malformed", "the observation is not a JSON object"));
    };
    match envelope.keys().find(|key| !allowed.contains(&key.as_str())) {
        Some(key) => Err(Failure::new("Malformed", format!("the observation has an unknown member {}", shown(key)))),
        None => Ok(envelope),
    }
}

/// Takes a list out of the envelope: what was observed can be large, so it is moved, not copied.
fn list(envelope: &mut Map<String, Value>, member: &str) -> Result<Vec<Value>, Failure> {
    items_of(envelope, member)?;
    match envelope.remove(member) {
        Some(Value::Array(items)) => Ok(items),
        _ => Ok(Vec::new()),
    }
}

fn items_of<'a>(envelope: &'a Map<String, Value>, member: &str) -> Result<&'a [Value], Failure> {
    match envelope.get(member) {
        None | Some(Value::Null) => Ok(&[]),
        Some(Value::Array(items)) => Ok(items),
        Some(_) => Err(Failure::new("Malformed", format!("{member} is not a list"))),
    }
}

fn string<'a>(envelope: &'a Map<String, Value>, member: &str) -> Result<&'a str, Failure> {
    match envelope.get(member) {
        None | Some(Value::Null) => Ok(""),
        Some(Value::String(value)) => Ok(value),
        Some(_) => Err(Failure::new("Malformed", format!("{member} is not a string"))),
    }
}

/// A kind that Modelwright does not read may be unreadable without consequence.
fn unreadable(entry: &Value) -> Result<Option<Unreadable>, Failure> {
    let (api, kind) = (text(entry, &["apiVersion"]), text(entry, &["kind"]));
    if api.is_empty() || kind.is_empty() {
        return Err(Failure::new("Malformed", "an entry of unreadable needs apiVersion and kind"));
    }
    let namespace = text(entry, &["namespace"]).into();
    let known = Kind::of(api, kind);
    let group = api.split_once('/').map_or("", |(group, _)| group);
    if known.is_none() && Kind::ALL.iter().any(|kind| kind.group() == group && !group.is_empty()) {
        return Err(Failure::new(
            "Malformed",
            format!("unreadable names {} of {api}, which is no kind that is read", shown(kind)),
        ));
    }
    Ok(known.map(|kind| Unreadable { kind, namespace }))
}

/// A custom resource that the user asks to delete. An entry that names nothing could be a slip that names everything: it is refused.
fn deleted(entry: &Value) -> Result<Key, Failure> {
    let (namespace, name) = (text(entry, &["namespace"]), text(entry, &["name"]));
    let api = at(entry, &["apiVersion"]);
    if namespace.is_empty() || name.is_empty() || !(api.is_null() || api == API) {
        let message = format!("an entry of delete needs kind, namespace and name, and no apiVersion but {API}");
        return Err(Failure::new("Malformed", message));
    }
    let kind = Kind::of(API, text(entry, &["kind"])).ok_or_else(|| {
        Failure::new("Unsupported", "an entry of delete names something else than a Model, EndpointConfig or Endpoint")
    })?;
    Ok(Key::new(kind, namespace, name))
}

/// The key of an object of a known kind with a name.
pub fn key_of(object: &Value) -> Option<Key> {
    let kind = Kind::of_object(object)?;
    let name = text(object, &["metadata", "name"]);
    (!name.is_empty()).then(|| Key::new(kind, text(object, &["metadata", "namespace"]), name))
}

fn not_read(object: &Value) -> Diagnostic {
    let message = match Kind::of_object(object) {
        Some(kind) => format!("a {} without name was observed", kind.name()),
        None => format!("{} is not of a kind that is read", describe(object)),
    };
    Diagnostic::info("NotRead", "", message)
}

/// Names an object of any shape in at most one line.
pub fn describe(object: &Value) -> String {
    let clip = |value: &str| value.chars().filter(|c| !c.is_control()).take(80).collect::<String>();
    let kind = clip(text(object, &["kind"]));
    let name = clip(text(object, &["metadata", "name"]));
    if kind.is_empty() { "an object without kind".into() } else { format!("{kind}/{name}") }
}

/// Which of two objects with one key is kept: the newer apiVersion by text, then the longer resourceVersion, then the greater text.
fn rank(object: &Value) -> (core::cmp::Reverse<&str>, usize, &str, String) {
    let version = text(object, &["metadata", "resourceVersion"]);
    (core::cmp::Reverse(text(object, &["apiVersion"])), version.len(), version, crate::written::json(object))
}

/// The value at a path of members; `null` where there is none.
pub fn at<'a>(value: &'a Value, path: &[&str]) -> &'a Value {
    static NULL: Value = Value::Null;
    path.iter().fold(value, |value, member| value.get(member).unwrap_or(&NULL))
}

/// The string at a path; empty where there is none.
pub fn text<'a>(value: &'a Value, path: &[&str]) -> &'a str {
    at(value, path).as_str().unwrap_or("")
}

/// The integer at a path; 0 where there is none.
pub fn number(value: &Value, path: &[&str]) -> i64 {
    at(value, path).as_i64().unwrap_or(0)
}

/// The list at a path; empty where there is none.
pub fn items<'a>(value: &'a Value, path: &[&str]) -> &'a [Value] {
    at(value, path).as_array().map_or(&[], Vec::as_slice)
}

/// Writes a value at a path, making the objects on the way.
pub fn set(value: &mut Value, path: &[&str], new: Value) {
    let mut place = value;
    for member in path {
        if !place.is_object() {
            *place = Value::Object(Map::new());
        }
        let Some(object) = place.as_object_mut() else { return };
        let Some(inside) = json::member(object, member, Value::Null) else { return };
        place = inside;
    }
    *place = new;
}

/// Whether an object has a deletionTimestamp.
pub fn is_deleting(object: &Value) -> bool {
    !at(object, &["metadata", "deletionTimestamp"]).is_null()
}

/// Whether an object's ownerReferences name `uid` as controller.
pub fn is_controlled_by(object: &Value, uid: &str) -> bool {
    !uid.is_empty()
        && items(object, &["metadata", "ownerReferences"])
            .iter()
            .any(|owner| text(owner, &["uid"]) == uid && at(owner, &["controller"]) == &Value::Bool(true))
}

/// Whether a PersistentVolume says that it belongs to a Model.
pub fn is_volume_of(volume: &Value, model: &Key) -> bool {
    let label = |name: &str| text(volume, &["metadata", "labels", name]);
    label("app.kubernetes.io/managed-by") == names::MODELWRIGHT
        && label(names::NAMESPACE) == model.namespace
        && label(names::MODEL) == model.name
}

/// Whether a DecoratorController made an object for its Namespace.
pub fn is_decorated(object: &Value) -> bool {
    !text(object, &["metadata", "annotations", names::DECORATOR]).is_empty()
        && items(object, &["metadata", "ownerReferences"])
            .iter()
            .any(|owner| text(owner, &["kind"]) == "Namespace" && at(owner, &["controller"]) == &Value::Bool(true))
}

/// Whether an observed object is a child of the custom resource `parent` with `uid`, as `host` keeps its children.
pub fn is_ours(object: &Value, child: Kind, parent: &Key, uid: &str, host: Host) -> bool {
    match (child, host) {
        (Kind::PersistentVolume, Host::Direct) => is_volume_of(object, parent) && !is_decorated(object) && !uid.is_empty(),
        (Kind::PersistentVolume, Host::Metacontroller) => is_volume_of(object, parent) && is_decorated(object),
        _ => is_controlled_by(object, uid),
    }
}

/// Whether Metacontroller holds a custom resource.
pub fn is_kept_by_metacontroller(parent: &Value) -> bool {
    let finalizers = items(parent, &["metadata", "finalizers"]).iter().filter_map(Value::as_str);
    finalizers.into_iter().any(names::is_metacontrollers_finalizer)
}

/// Whether an entry of managedFields is about the object itself, and a manager's.
pub fn is_entry_of(entry: &Value, manager: &str) -> bool {
    text(entry, &["manager"]) == manager && text(entry, &["subresource"]).is_empty()
}

/// Whether an entry of managedFields is what a manager applies to the object itself.
pub fn is_applied_by(entry: &Value, manager: &str) -> bool {
    is_entry_of(entry, manager) && text(entry, &["operation"]) == "Apply"
}

/// Whether Metacontroller applies an object.
pub fn is_metacontrollers(object: &Value) -> bool {
    !text(object, &["metadata", "annotations", names::METACONTROLLER_LAST_APPLIED]).is_empty()
        || items(object, &["metadata", "managedFields"]).iter().any(|entry| is_applied_by(entry, names::METACONTROLLER))
}

/// Whether a manager other than `ours` owns `spec.replicas`, as an autoscaler does.
pub fn replicas_are_anothers(deployment: &Value, ours: &str) -> bool {
    items(deployment, &["metadata", "managedFields"]).iter().any(|entry| {
        let manager = text(entry, &["manager"]);
        let hook = manager == names::METACONTROLLER;
        manager != ours && !hook && !at(entry, &["fieldsV1", "f:spec", "f:replicas"]).is_null()
    })
}

/// The serving container of a Deployment.
pub fn serving_container(deployment: &Value) -> Option<&Value> {
    items(deployment, &["spec", "template", "spec", "containers"]).iter().find(|container| text(container, &["name"]) == "model")
}

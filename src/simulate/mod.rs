//! A cluster in memory: what the API server and the built-in controllers would make of our requests, as far as the planner can see.
//!
//! For forecasts and properties. It knows no admission, no quota, no nodes; things outside our kinds are taken to be there.

mod controllers;
mod defaults;

use crate::apply;
use crate::kinds::{Key, Kind};
use crate::observation::{at, is_deleting, items, number, set, text};
use crate::plan::Request;
use crate::since::NO_YEAR;
use crate::table::Table;
use alloc::borrow::ToOwned;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use serde_json::Value;

/// The objects of a simulated cluster.
#[derive(Clone, Debug, Default)]
pub struct Cluster {
    objects: Table<Value>,
    /// Counts writes: the next resourceVersion, and the age of new objects.
    serial: u64,
}

/// What a simulated API server answers: an HTTP status code.
pub type Code = u16;

impl Cluster {
    /// A cluster that holds `objects` as they were observed.
    pub fn new(objects: Table<Value>) -> Self {
        Self { objects, serial: 1_000_000 }
    }

    /// Its objects.
    pub fn objects(&self) -> &Table<Value> {
        &self.objects
    }

    /// Gives its objects up, to observe them without a copy; [`Cluster::restore`] takes them back.
    pub fn take(&mut self) -> Table<Value> {
        core::mem::take(&mut self.objects)
    }

    /// Takes its objects back.
    pub fn restore(&mut self, objects: Table<Value>) {
        self.objects = objects;
    }

    /// Answers one request.
    pub fn perform(&mut self, request: &Request) -> Code {
        let Some((key, subresource)) = target(&request.path) else { return 404 };
        match (request.method.as_str(), request.content_type.as_str(), subresource) {
            ("PATCH", "application/apply-patch+yaml", "status") => self.apply_status(&key, &request.body),
            ("PATCH", "application/apply-patch+yaml", _) => self.apply(key, request),
            ("PATCH", "application/merge-patch+json", _) => self.merge_patch(key, &request.body),
            ("DELETE", _, _) => self.delete(key, &request.body),
            _ => 405,
        }
    }

    /// Lets the controllers act until they rest. Says what they did, in sentences.
    pub fn settle(&mut self) -> Vec<String> {
        let mut events = Vec::new();
        // Every pass ends a stage (pods, claims, volumes, owners); more passes than stages change nothing.
        for _ in 0..8 {
            let before = events.len();
            controllers::act(self, &mut events);
            if events.len() == before {
                break;
            }
        }
        events
    }

    fn apply(&mut self, key: Key, request: &Request) -> Code {
        let live = self.objects.get(&key);
        if let Some(code) = refused(live, &request.body) {
            return code;
        }
        let manager = request.query.get("fieldManager").map_or("", String::as_str);
        let mut intent = request.body.clone();
        for guard in ["uid", "resourceVersion"] {
            remove(&mut intent, &["metadata"], guard);
        }
        let created = live.is_none();
        let mut merged = apply::merge(key.kind, live, &intent, manager);
        defaults::fill(key.kind, &mut merged);
        if live == Some(&merged) {
            return 200;
        }
        let generation = live.map_or(0, |live| number(live, &["metadata", "generation"]));
        if has_generation(key.kind) && !live.is_some_and(|live| is_same_generation(key.kind, live, &merged)) {
            set(&mut merged, &["metadata", "generation"], generation.saturating_add(1).into());
        }
        if created {
            self.stamp(&key, &mut merged);
        }
        self.write(key, merged);
        if created { 201 } else { 200 }
    }

    /// uid, name, age: made from names and the count of writes, younger than everything observed.
    fn stamp(&self, key: &Key, object: &mut Value) {
        let uid = format!("{}-{}-{}-{}", key.kind.plural(), key.namespace, key.name, self.serial);
        set(object, &["metadata", "uid"], uid.into());
        let seconds = self.serial.saturating_sub(1_000_000);
        let part = |unit: u64, most: u64| seconds.checked_div(unit).and_then(|n| n.checked_rem(most)).unwrap_or(0);
        let created = format!(
            "{NO_YEAR}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
            part(2_678_400, 12).saturating_add(1),
            part(86_400, 28).saturating_add(1),
            part(3600, 24),
            part(60, 60),
            part(1, 60)
        );
        set(object, &["metadata", "creationTimestamp"], created.into());
    }

    fn apply_status(&mut self, key: &Key, body: &Value) -> Code {
        let Some(live) = self.objects.get(key) else { return 404 };
        let mut merged = live.clone();
        set(&mut merged, &["status"], at(body, &["status"]).clone());
        if live != &merged {
            self.write(key.clone(), merged);
        }
        200
    }

    fn merge_patch(&mut self, key: Key, patch: &Value) -> Code {
        let Some(live) = self.objects.get(&key) else { return 404 };
        if let Some(code) = refused(Some(live), patch) {
            return code;
        }
        let mut patch = patch.clone();
        remove(&mut patch, &["metadata"], "resourceVersion");
        let merged = apply::merge_patch(live, &patch);
        self.write(key.clone(), merged);
        self.let_go(&key);
        200
    }

    fn delete(&mut self, key: Key, body: &Value) -> Code {
        let Some(live) = self.objects.get(&key) else { return 404 };
        let conditions = at(body, &["preconditions"]);
        let wanted = |field: &str| {
            text(
                conditions,
                &[match field {
                    "uid" => "uid",
                    _ => "resourceVersion",
                }],
            )
            .to_owned()
        };
        for field in ["uid", "resourceVersion"] {
            let wanted = wanted(field);
            if !wanted.is_empty() && wanted != text(live, &["metadata", field]) {
                return 409;
            }
        }
        let mut terminating = live.clone();
        if !is_deleting(&terminating) {
            set(&mut terminating, &["metadata", "deletionTimestamp"], format!("{NO_YEAR}-12-31T00:00:00Z").into());
            // kubernetes/apiserver `pkg/registry/rest/delete.go`: to be deleted is a new generation.
            let generation = number(&terminating, &["metadata", "generation"]);
            if generation > 0 {
                set(&mut terminating, &["metadata", "generation"], generation.saturating_add(1).into());
            }
            self.write(key.clone(), terminating);
        }
        if !controllers::is_protected(key.kind) {
            self.let_go(&key);
        }
        200
    }

    /// Removes a terminating object without finalizers.
    fn let_go(&mut self, key: &Key) {
        let gone = |object: &Value| is_deleting(object) && items(object, &["metadata", "finalizers"]).is_empty();
        if self.objects.get(key).is_some_and(gone) {
            self.objects.remove(key);
        }
    }

    fn write(&mut self, key: Key, mut object: Value) {
        self.serial = self.serial.saturating_add(1);
        set(&mut object, &["metadata", "resourceVersion"], self.serial.to_string().into());
        self.objects.insert(key, object);
    }
}

/// The kinds of the core group that we write have none.
fn has_generation(kind: Kind) -> bool {
    !kind.group().is_empty()
}

/// A Deployment's generation counts its annotations, too: kubernetes/kubernetes `pkg/registry/apps/deployment/strategy.go`.
fn is_same_generation(kind: Kind, live: &Value, merged: &Value) -> bool {
    let same = |path: &[&str]| at(live, path) == at(merged, path);
    same(&["spec"]) && (kind != Kind::Deployment || same(&["metadata", "annotations"]))
}

/// The guards of a body against the live object.
fn refused(live: Option<&Value>, body: &Value) -> Option<Code> {
    let (uid, version) = (text(body, &["metadata", "uid"]), text(body, &["metadata", "resourceVersion"]));
    match live {
        None => (!uid.is_empty()).then_some(409),
        Some(_) if version == "1" => Some(409),
        Some(live) if !version.is_empty() && version != text(live, &["metadata", "resourceVersion"]) => Some(409),
        Some(live) => (!uid.is_empty() && uid != text(live, &["metadata", "uid"])).then_some(422),
    }
}

fn remove(object: &mut Value, path: &[&str], member: &str) {
    let place = path.iter().try_fold(object, |place, step| place.get_mut(*step));
    if let Some(place) = place.and_then(Value::as_object_mut) {
        place.remove(member);
    }
}

/// The object and subresource of a URL path.
fn target(path: &str) -> Option<(Key, &str)> {
    let mut steps = path.trim_start_matches('/').split('/');
    let (group, version) = match steps.next()? {
        "api" => ("", steps.next()?),
        "apis" => (steps.next()?, steps.next()?),
        _ => return None,
    };
    let mut plural = steps.next()?;
    let mut namespace = "";
    if plural == "namespaces"
        && let (Some(of), Some(next)) = (steps.next(), steps.next())
    {
        namespace = of;
        plural = next;
    }
    let name = steps.next()?;
    let kind =
        Kind::ALL.into_iter().find(|kind| kind.group() == group && kind.version() == version && kind.plural() == plural)?;
    Some((Key::new(kind, namespace, name), steps.next().unwrap_or("")))
}

//! What files make of the observed custom resources: each as it will be once it is applied. A file that is not sent decides nothing.

use crate::apply;
use crate::charge;
use crate::diagnostic::{Diagnostic, Failure};
use crate::diff;
use crate::json::Limits;
use crate::kinds::{Key, Kind};
use crate::names;
use crate::observation::{
    Host, Observation, SERVER_FIELDS, at, describe, is_deleting, is_kept_by_metacontroller, key_of, number, set,
};
use crate::request;
use crate::table::Table;
use crate::undone;
use crate::validate;
use alloc::vec::Vec;
use serde_json::Value;

/// Reads the input of a call for a whole set: what was observed, and what files make of it.
pub fn observe(text: &str, limits: &Limits) -> Result<Observation, Failure> {
    let (mut seen, files) = Observation::of_set(text, limits)?;
    take(&mut seen, &files)?;
    Ok(seen)
}

fn take(seen: &mut Observation, files: &[Value]) -> Result<(), Failure> {
    let mut twice: Vec<Key> = Vec::new();
    for file in files {
        let Some(key) = key_of(file).filter(|key| key.kind.is_parent()) else {
            let message = format!("{} is not a Model, EndpointConfig or Endpoint with a name", describe(file));
            return Err(Failure::new("Unsupported", message));
        };
        if seen.resources.insert(key.clone(), file.clone()).is_some() {
            twice.push(key);
        }
    }
    for key in twice {
        let message = format!("{} is given twice", key.label());
        seen.rejected.insert(key.clone(), vec![Diagnostic::error("DuplicateResource", "", message).of(&key.label())]);
        seen.resources.remove(&key);
    }
    refuse_contradictions(seen);
    apply_all(seen);
    Ok(())
}

/// What is given as a file and asked to be deleted is neither: nobody can tell which of the two was meant.
fn refuse_contradictions(seen: &mut Observation) {
    for key in core::mem::take(&mut seen.deletes) {
        if seen.resources.remove(&key).is_some() {
            let message = format!("{} is given as a file and asked to be deleted", key.label());
            let found = Diagnostic::error("GivenAndDeleted", "", message).of(&key.label());
            seen.rejected.insert(key, vec![found.help("leave one of the two out")]);
        } else if !seen.rejected.contains_key(&key) {
            seen.deletes.push(key);
        }
    }
}

/// Gives back the objects as they were observed, without what files make of them.
pub fn give_back(seen: &mut Observation) -> Table<Value> {
    let mut objects = core::mem::take(&mut seen.objects);
    for key in seen.resources.keys() {
        objects.remove(key);
    }
    objects.add_all(core::mem::take(&mut seen.before));
    objects
}

/// Takes a new observation of the same cluster: the same files, the same host.
pub fn observe_again(seen: &mut Observation, objects: Table<Value>) {
    seen.objects = objects;
    seen.before = Table::default();
    seen.diagnostics = Vec::new();
    apply_all(seen);
}

fn apply_all(seen: &mut Observation) {
    let everything = seen.resources.is_empty() && seen.rejected.is_empty() && seen.deletes.is_empty();
    for (key, file) in core::mem::take(&mut seen.resources) {
        apply_file(seen, key, file);
    }
    seen.subjects = subjects(seen, everything);
}

fn apply_file(seen: &mut Observation, key: Key, file: Value) {
    let live = seen.objects.get(&key);
    let found = validate::any(key.kind, &file, live, &seen.policy);
    if found.iter().any(Diagnostic::is_error) {
        seen.rejected.insert(key, found);
        return;
    }
    let host = if keeps_our_finalizer(seen, &key, live) { seen.host } else { Host::Metacontroller };
    let intent = request::intent(&key, &file, host);
    let effective = match live {
        None => without_server_fields(&file),
        Some(live) if !is_sent(seen, &key, live, &intent) => live.clone(),
        Some(live) => applied(key.kind, live, &intent, &seen.manager),
    };
    if let Some(live) = seen.objects.insert(key.clone(), effective) {
        seen.before.insert(key.clone(), live);
    }
    seen.resources.insert(key, intent);
}

/// Whether our finalizer belongs into a file: not where another host holds the custom resource. Where it does not yet, a finalizer that is
/// there stays, so that somebody always does.
fn keeps_our_finalizer(seen: &Observation, key: &Key, live: Option<&Value>) -> bool {
    let held = |live: &Value| request::finalizers_of(live).iter().any(|finalizer| names::is_our_finalizer(finalizer));
    !charge::is_another_hosts(key, seen) || live.is_some_and(|live| held(live) && !is_kept_by_metacontroller(live))
}

/// The custom resources of the files and those that are to be deleted, or all that were observed where there are none; always those
/// that are being deleted.
fn subjects(seen: &Observation, everything: bool) -> Vec<Key> {
    let mut subjects = Vec::new();
    for (key, object) in seen.objects.iter().filter(|(key, _)| key.kind.is_parent() && seen.decides(key)) {
        let given = seen.resources.contains_key(key) || seen.rejected.contains_key(key) || seen.deletes.contains(key);
        if everything || given || is_deleting(object) {
            subjects.push(key.clone());
        }
    }
    subjects
}

/// Whether a file changes anything: one that says the same as what is there, in its own way, is not sent. Custom resources are applied
/// without force: where another manager owns a field that the file changes, the server refuses. What somebody undid is not sent again.
fn is_sent(seen: &Observation, key: &Key, live: &Value, intent: &Value) -> bool {
    let found = diff::difference(key.kind, intent, Some(live), &seen.manager);
    let changes = !found.changes.is_empty() || found.takes_ownership;
    changes && found.conflicts.is_empty() && undone::undone(&seen.performed, key, live, &found).is_empty()
}

/// The live custom resource merged as the API server would, its generation one higher when that changes the spec.
fn applied(kind: Kind, live: &Value, intent: &Value, manager: &str) -> Value {
    let mut merged = apply::merge(kind, Some(live), intent, manager);
    if at(&merged, &["spec"]) != at(live, &["spec"]) {
        let generation = number(live, &["metadata", "generation"]);
        set(&mut merged, &["metadata", "generation"], Value::from(generation.saturating_add(1)));
    }
    merged
}

fn without_server_fields(file: &Value) -> Value {
    let mut object = file.clone();
    if let Some(object) = object.as_object_mut() {
        object.remove("status");
        if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
            for field in SERVER_FIELDS {
                metadata.remove(field);
            }
        }
    }
    object
}

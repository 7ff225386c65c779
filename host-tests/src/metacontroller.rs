//! Metacontroller, as far as hooks can see it: request bodies of the shape v2, and what it does with an answer.
//!
//! Deletes what is missing from the children of an answer, then applies the rest, then writes status; PersistentVolumes belong to
//! Namespaces by a decorator. Source: metacontroller/metacontroller `pkg/controller/{composite,decorator}/controller.go`.

use crate::library::label;
use crate::scenario::{ApplyMode, Hooks};
use crate::world::{NOW, World, path, server_side_apply};
use modelwright::contract::{self, HostInput, Reply};
use modelwright::kinds::{Key, Kind};
use modelwright::observation::key_of;
use modelwright::plan::Request;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

const LAST_APPLIED: &str = "metacontroller.k8s.io/last-applied-configuration";
const DECORATOR: &str = "metacontroller.k8s.io/decorator-controller";
/// Its field manager.
const MANAGER: &str = "metacontroller";
const ROUND_LIMIT: usize = 40;

/// The kinds that its controllers own, by kind of parent.
fn child_kinds(parent: Kind) -> &'static [Kind] {
    match parent {
        Kind::Model => &[Kind::Deployment, Kind::Service, Kind::PersistentVolumeClaim],
        Kind::EndpointConfig => &[Kind::VirtualService],
        Kind::Endpoint => &[Kind::Gateway],
        Kind::Namespace => &[Kind::PersistentVolume],
        _ => &[],
    }
}

/// Syncs everything, round after round.
pub fn roll_out(world: &mut World, hooks: &Hooks) -> Result<(), String> {
    Kind::PARENTS.iter().try_for_each(|kind| world.put(composite_controller(*kind)))?;
    for _ in 0..hooks.rounds.unwrap_or(ROUND_LIMIT) {
        let before = world.objects();
        for kind in [Kind::Namespace, Kind::Model, Kind::EndpointConfig, Kind::Endpoint] {
            let parents: Vec<Key> = world.cluster.objects().keys().filter(|key| key.kind == kind).cloned().collect();
            for parent in parents {
                sync(world, &parent, hooks.mode)?;
            }
        }
        let events = world.cluster.settle();
        if events.is_empty() && world.objects() == before {
            return Ok(());
        }
    }
    match hooks.rounds {
        Some(_) => Ok(()),
        None => Err(format!("after {ROUND_LIMIT} rounds of hooks something still changes")),
    }
}

/// One sync of one parent. Any answer but 200 changes nothing.
fn sync(world: &mut World, parent: &Key, mode: ApplyMode) -> Result<(), String> {
    hold_by_finalizer(world, parent)?;
    let object = world.object(&parent.label())?;
    let finalizing = object.pointer("/metadata/deletionTimestamp").is_some();
    let body = body(world, &object, finalizing)?.to_string();
    let host = HostInput { now: NOW.into(), policy: json!({"staticVolumes": "any"}).to_string() };
    let reply = match parent.kind {
        Kind::Namespace => contract::decorate(&host, &body),
        _ if finalizing => contract::finalize(&host, &body),
        _ => contract::sync(&host, &body),
    };
    if reply.code != 200 {
        return Ok(());
    }
    let answer = json_of(&reply)?;
    if answer["finalized"] == true {
        return release(world, parent);
    }
    let children = answer.get("children").or_else(|| answer.get("attachments")).and_then(Value::as_array);
    manage(world, &object, children.map_or(&[], Vec::as_slice), mode)?;
    match answer.get("status") {
        Some(status) => world.send(&parent.label(), &status_write(&object, status)?),
        None => Ok(()),
    }
}

fn json_of(reply: &Reply) -> Result<Value, String> {
    serde_json::from_str(&reply.body).map_err(|error| format!("the reply is not JSON: {error}"))
}

fn finalizer(parent: &Key) -> String {
    format!("metacontroller.io/compositecontroller-{}.mlops.internal", parent.kind.plural())
}

/// What says that it runs a kind.
pub fn composite_controller(kind: Kind) -> Value {
    let name = format!("{}.mlops.internal", kind.plural());
    json!({"apiVersion": Kind::CompositeController.api(), "kind": Kind::CompositeController.name(),
        "metadata": {"name": name, "uid": format!("controller-{name}")},
        "spec": {"parentResource": {"apiVersion": kind.api(), "resource": kind.plural()}, "generateSelector": true}})
}

/// Composite controllers with a finalize hook hold a parent that is not being deleted yet.
fn hold_by_finalizer(world: &mut World, parent: &Key) -> Result<(), String> {
    let mut object = world.object(&parent.label())?;
    if parent.kind == Kind::Namespace || object.pointer("/metadata/deletionTimestamp").is_some() {
        return Ok(());
    }
    let held: Vec<Value> = object["metadata"]["finalizers"].as_array().cloned().unwrap_or_default();
    if held.iter().any(|one| *one == finalizer(parent)) {
        return Ok(());
    }
    object["metadata"]["finalizers"] = held.into_iter().chain([finalizer(parent).into()]).collect();
    world.put(object)
}

fn release(world: &mut World, parent: &Key) -> Result<(), String> {
    let mut object = world.object(&parent.label())?;
    let held = object["metadata"]["finalizers"].as_array().cloned().unwrap_or_default();
    let left: Vec<Value> = held.into_iter().filter(|one| *one != finalizer(parent)).collect();
    if left.is_empty() {
        world.edit(|objects| objects.remove(parent));
    } else {
        object["metadata"]["finalizers"] = left.into();
        world.put(object)?;
    }
    world.cluster.settle();
    Ok(())
}

fn manage(world: &mut World, parent: &Value, wanted: &[Value], mode: ApplyMode) -> Result<(), String> {
    let kept: Vec<Option<Key>> = wanted.iter().map(key_of).collect();
    for child in owned(world, parent) {
        if !kept.contains(&key_of(&child)) {
            world.delete(&label(&child))?;
        }
    }
    wanted.iter().try_for_each(|child| apply(world, parent, child, mode))
}

/// Children that exist and belong to somebody else are left alone: a create is answered with a conflict, which is swallowed.
fn apply(world: &mut World, parent: &Value, child: &Value, mode: ApplyMode) -> Result<(), String> {
    let key = key_of(child).ok_or("a child without name")?;
    if world.cluster.objects().get(&key).is_some_and(|live| !is_owned_by(live, parent)) {
        return Ok(());
    }
    let mut body = child.clone();
    body["metadata"]["ownerReferences"] = json!([owner_reference(parent)]);
    if key.kind == Kind::PersistentVolume {
        body["metadata"]["annotations"][DECORATOR] = "volumes.mlops.internal".into();
    } else {
        body["metadata"]["labels"]["controller-uid"] = parent["metadata"]["uid"].clone();
    }
    if mode == ApplyMode::ServerSideApply {
        return world.send(&key.label(), &server_side_apply(&body, MANAGER)?);
    }
    let before = world.cluster.objects().get(&key).cloned();
    world.send(&key.label(), &server_side_apply(&body, MANAGER)?)?;
    finish_put(world, &key, child, before);
    Ok(())
}

/// A PUT leaves an annotation and no entry of operation `Apply`; one that would change nothing is not sent.
fn finish_put(world: &mut World, key: &Key, child: &Value, before: Option<Value>) {
    world.edit(|objects| {
        let Some(object) = objects.get_mut(key) else { return };
        without(object, "managedFields");
        object["metadata"]["annotations"][LAST_APPLIED] = child.to_string().into();
        let same = before.filter(|before| {
            let (mut old, mut new) = (before.clone(), object.clone());
            without(&mut old, "resourceVersion");
            without(&mut new, "resourceVersion");
            old == new
        });
        *object = same.unwrap_or_else(|| object.clone());
    });
}

fn without(object: &mut Value, member: &str) {
    if let Some(metadata) = object["metadata"].as_object_mut() {
        metadata.remove(member);
    }
}

fn owner_reference(parent: &Value) -> Value {
    json!({
        "apiVersion": parent["apiVersion"], "kind": parent["kind"], "name": parent["metadata"]["name"],
        "uid": parent["metadata"]["uid"], "controller": true, "blockOwnerDeletion": true,
    })
}

fn is_owned_by(object: &Value, parent: &Value) -> bool {
    let owners = object.pointer("/metadata/ownerReferences").and_then(Value::as_array);
    owners.into_iter().flatten().any(|owner| owner["uid"] == parent["metadata"]["uid"] && owner["controller"] == true)
}

fn owned(world: &World, parent: &Value) -> Vec<Value> {
    let kinds = key_of(parent).map_or(&[][..], |key| child_kinds(key.kind));
    let objects = world.cluster.objects().iter().filter(|(key, _)| kinds.contains(&key.kind));
    objects.filter(|(_, object)| is_owned_by(object, parent)).map(|(_, object)| object.clone()).collect()
}

fn status_write(parent: &Value, status: &Value) -> Result<Request, String> {
    Ok(Request {
        method: "PATCH".into(),
        path: format!("{}/status", path(parent)?),
        query: BTreeMap::new(),
        content_type: "application/apply-patch+yaml".into(),
        body: json!({"status": status}),
    })
}

/// The body of sync, finalize or decorate for an object of the world.
pub fn body(world: &World, parent: &Value, finalizing: bool) -> Result<Value, String> {
    let kind = key_of(parent).ok_or("the parent has no key")?.kind;
    let (object, children) = if kind == Kind::Namespace { ("object", "attachments") } else { ("parent", "children") };
    let mut groups: Map<String, Value> = child_kinds(kind).iter().map(|kind| (group(*kind), json!({}))).collect();
    for child in owned(world, parent) {
        insert(&mut groups, child);
    }
    Ok(json!({
        "controller": controller(), object: parent, children: groups,
        "related": related(world, parent)?, "finalizing": finalizing,
    }))
}

/// The body of customize.
pub fn customize_body(parent: &Value) -> Value {
    json!({"controller": controller(), "parent": parent})
}

fn controller() -> Value {
    let hooks: Map<String, Value> =
        ["customize", "sync", "finalize"].iter().map(|hook| ((*hook).into(), json!({"version": "v2"}))).collect();
    json!({"spec": {"hooks": hooks}})
}

fn related(world: &World, parent: &Value) -> Result<Map<String, Value>, String> {
    let answer = json_of(&contract::customize(&HostInput::default(), &customize_body(parent).to_string()))?;
    let mut groups = Map::new();
    for rule in answer["relatedResources"].as_array().into_iter().flatten() {
        let kind = Kind::ALL.into_iter().find(|kind| rule["apiVersion"] == kind.api() && rule["resource"] == kind.plural());
        let kind = kind.ok_or_else(|| format!("{rule} is of an unknown kind"))?;
        groups.entry(group(kind)).or_insert_with(|| json!({}));
        let of_kind = world.cluster.objects().iter().filter(|(key, _)| key.kind == kind);
        for (_, object) in of_kind.filter(|(key, _)| selects(rule, key)) {
            insert(&mut groups, object.clone());
        }
    }
    Ok(groups)
}

fn selects(rule: &Value, key: &Key) -> bool {
    let named = |names: &Vec<Value>| names.iter().any(|name| *name == key.name);
    rule.get("namespace").is_none_or(|namespace| *namespace == key.namespace)
        && rule.get("names").and_then(Value::as_array).is_none_or(named)
}

fn group(kind: Kind) -> String {
    format!("{}.{}", kind.name(), kind.api())
}

fn insert(groups: &mut Map<String, Value>, object: Value) {
    let Some(key) = key_of(&object) else { return };
    let name = match key.namespace.as_str() {
        "" => key.name.clone(),
        namespace => format!("{namespace}/{}", key.name),
    };
    groups.entry(group(key.kind)).or_insert_with(|| json!({}))[name] = object;
}

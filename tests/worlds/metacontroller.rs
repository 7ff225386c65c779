//! What Metacontroller does with the answers of our hooks: children that an answer lacks are deleted first, the others applied.
//!
//! <https://metacontroller.github.io/metacontroller/api/compositecontroller.html> and `…/decoratorcontroller.html`.

use super::oracle::{Moment, Objects, Verdict, deleting, uid};
use super::run::{NOW, Run};
use modelwright::contract::{self, HostInput, Reply};
use modelwright::kinds::{Key, Kind};
use modelwright::names;
use modelwright::observation::key_of;
use modelwright::plan::{Action, Request, Verb, child_kinds};
use modelwright::request;
use serde_json::{Map, Value, json};

pub const FINALIZER: &str = "metacontroller.io/compositecontroller-modelwright";
const MANAGER: &str = "metacontroller";

type Judge<'a> = &'a dyn Fn(&Moment) -> Verdict;

pub fn host() -> HostInput {
    HostInput { now: NOW.into(), policy: json!({"staticVolumes": "any"}).to_string() }
}

/// One sync of every parent and every Namespace, in the order that `turn` makes; whether anything changed.
pub fn round(run: &mut Run, turn: usize, judge: Judge) -> Result<bool, String> {
    let before = run.cluster.objects().clone();
    let mut parents: Vec<Key> =
        before.keys().filter(|key| key.kind.is_parent() || key.kind == Kind::Namespace).cloned().collect();
    let length = parents.len().max(1);
    parents.rotate_left(turn % length);
    if turn.is_multiple_of(2) {
        parents.reverse();
    }
    for key in parents {
        match key.kind {
            Kind::Namespace => decorate(run, &key, judge)?,
            _ => sync(run, &key, judge)?,
        }
    }
    run.cluster.settle();
    Ok(run.cluster.objects() != &before)
}

/// Rounds until nothing changes.
pub fn converge(run: &mut Run, turn: usize, judge: Judge) -> Verdict {
    for count in 0..40 {
        if !round(run, turn + count, judge)? {
            return Ok(());
        }
    }
    Err(run.failed("after 40 rounds of Metacontroller something still changes"))
}

fn sync(run: &mut Run, key: &Key, judge: Judge) -> Verdict {
    if !run.cluster.objects().get(key).is_some_and(deleting) {
        hold(run, key);
    }
    let seen = run.cluster.objects().clone();
    let Some(parent) = seen.get(key) else { return Ok(()) };
    let reply = ask(&seen, key, parent);
    if reply.code != 200 {
        return Ok(());
    }
    let answer: Value = serde_json::from_str(&reply.body).unwrap();
    let owner = json!([{"apiVersion": key.kind.api(), "kind": key.kind.name(), "name": key.name, "uid": uid(parent),
        "controller": true, "blockOwnerDeletion": true}]);
    let owned: Vec<Key> = children(&seen, key, parent).into_iter().map(|(key, _)| key.clone()).collect();
    replace(
        run,
        &seen,
        &owned,
        answer["children"].as_array().unwrap(),
        &|body| body["metadata"]["ownerReferences"] = owner.clone(),
        judge,
    )?;
    let uid = run.cluster.objects()[key]["metadata"]["uid"].as_str().unwrap_or_default().to_owned();
    run.cluster.perform(&request::status(key, &answer["status"], &uid));
    if answer["finalized"] == true {
        run.edit(key, |object| object["metadata"]["finalizers"].as_array_mut().unwrap().retain(|name| name != FINALIZER));
        let gone = |object: &Value| deleting(object) && object["metadata"]["finalizers"].as_array().is_none_or(Vec::is_empty);
        run.change(|objects| *objects = std::mem::take(objects).into_iter().filter(|(_, object)| !gone(object)).collect());
    }
    Ok(())
}

/// The answer of `sync`, or of `finalize` for a parent that is being deleted.
pub fn ask(seen: &Objects, key: &Key, parent: &Value) -> Reply {
    let finalizing = deleting(parent);
    let request = sync_request(seen, key, parent).to_string();
    if finalizing { contract::finalize(&host(), &request) } else { contract::sync(&host(), &request) }
}

/// The body of a sync.
pub fn sync_request(seen: &Objects, key: &Key, parent: &Value) -> Value {
    let kinds: Vec<Kind> = child_kinds(key.kind).iter().copied().filter(|kind| kind.namespaced()).collect();
    let observed = grouped(&kinds, children(seen, key, parent));
    json!({"parent": parent, "children": observed, "related": related(seen, parent), "finalizing": deleting(parent)})
}

/// The objects of the kinds of children that the parent controls.
pub fn children<'a>(seen: &'a Objects, key: &Key, parent: &Value) -> Vec<(&'a Key, &'a Value)> {
    let kinds = child_kinds(key.kind);
    let is_child = |(child, object): &(&Key, &Value)| {
        child.kind.namespaced() && kinds.contains(&child.kind) && super::oracle::owner(object) == Some(uid(parent))
    };
    seen.iter().filter(is_child).collect()
}

fn related(seen: &Objects, parent: &Value) -> Value {
    let reply = contract::customize(&host(), &json!({"parent": parent}).to_string());
    let answer: Value = serde_json::from_str(&reply.body).unwrap_or_default();
    let mut groups = Map::new();
    for rule in answer["relatedResources"].as_array().into_iter().flatten() {
        let text = |value: &Value| value.as_str().unwrap_or("").to_owned();
        let kind = Kind::ALL
            .into_iter()
            .find(|kind| kind.api() == text(&rule["apiVersion"]) && kind.plural() == text(&rule["resource"]));
        let Some(kind) = kind else { continue };
        let names = rule["names"].as_array();
        let is_meant = |(key, _): &(&Key, &Value)| {
            key.kind == kind
                && (rule["namespace"].is_null() || rule["namespace"] == key.namespace)
                && names.is_none_or(|names| names.iter().any(|name| *name == key.name))
        };
        let found = grouped(&[kind], seen.iter().filter(is_meant).collect());
        for (name, group) in found.as_object().unwrap() {
            let place = groups.entry(name.clone()).or_insert_with(|| json!({}));
            place.as_object_mut().unwrap().extend(group.as_object().unwrap().clone());
        }
    }
    Value::Object(groups)
}

/// By `Kind.apiVersion`, then by namespace and name.
fn grouped(kinds: &[Kind], objects: Vec<(&Key, &Value)>) -> Value {
    let mut groups: Map<String, Value> =
        kinds.iter().map(|kind| (format!("{}.{}", kind.name(), kind.api()), json!({}))).collect();
    for (key, object) in objects {
        let name = if key.kind.namespaced() { format!("{}/{}", key.namespace, key.name) } else { key.name.clone() };
        groups[&format!("{}.{}", key.kind.name(), key.kind.api())][name] = object.clone();
    }
    Value::Object(groups)
}

fn hold(run: &mut Run, key: &Key) {
    let held = run.cluster.objects().get(key).is_some_and(|object| {
        object["metadata"]["finalizers"].as_array().is_some_and(|finalizers| finalizers.contains(&json!(FINALIZER)))
    });
    if !held {
        run.edit(key, |object| {
            let mut finalizers = object["metadata"]["finalizers"].as_array().cloned().unwrap_or_default();
            finalizers.push(json!(FINALIZER));
            object["metadata"]["finalizers"] = finalizers.into();
        });
    }
}

fn decorate(run: &mut Run, key: &Key, judge: Judge) -> Verdict {
    let seen = run.cluster.objects().clone();
    let namespace = &seen[key];
    let is_attached = |(child, object): &(&Key, &Value)| {
        child.kind == Kind::PersistentVolume && super::oracle::owner(object) == Some(uid(namespace))
    };
    let attached: Vec<(&Key, &Value)> = seen.iter().filter(is_attached).collect();
    let owned: Vec<Key> = attached.iter().map(|(key, _)| (*key).clone()).collect();
    let attachments = grouped(&[Kind::PersistentVolume], attached);
    let request = json!({"object": namespace, "attachments": attachments, "related": related(&seen, namespace)});
    let reply = contract::decorate(&host(), &request.to_string());
    if reply.code != 200 {
        return Ok(());
    }
    let answer: Value = serde_json::from_str(&reply.body).unwrap();
    let owner = json!([{"apiVersion": "v1", "kind": "Namespace", "name": key.name, "uid": uid(namespace), "controller": true}]);
    let mark = |body: &mut Value| {
        body["metadata"]["ownerReferences"] = owner.clone();
        body["metadata"]["annotations"][names::DECORATOR] = json!("modelwright");
    };
    replace(run, &seen, &owned, answer["attachments"].as_array().unwrap(), &mark, judge)
}

/// Deletes what an answer lacks, then applies the rest; objects of others stay.
fn replace(run: &mut Run, seen: &Objects, owned: &[Key], wanted: &[Value], mark: &dyn Fn(&mut Value), judge: Judge) -> Verdict {
    let names: Vec<Key> = wanted.iter().filter_map(key_of).collect();
    for key in owned.iter().filter(|key| !names.contains(key)) {
        if let Some(live) = run.cluster.objects().get(key).filter(|live| !deleting(live)) {
            let request = request::delete(key, &request::guard(live), false);
            perform(run, seen, key, Verb::Delete, request, judge)?;
        }
    }
    for (key, body) in names.iter().zip(wanted) {
        let live = run.cluster.objects().get(key);
        if live.is_some_and(|live| deleting(live) || !owned.contains(key)) {
            continue;
        }
        let verb = if live.is_some() { Verb::Update } else { Verb::Create };
        let mut body = body.clone();
        mark(&mut body);
        perform(run, seen, key, verb, request::apply(key, body, MANAGER, true), judge)?;
    }
    Ok(())
}

fn perform(run: &mut Run, seen: &Objects, key: &Key, verb: Verb, request: Request, judge: Judge) -> Verdict {
    let before = run.cluster.objects().clone();
    let code = run.cluster.perform(&request);
    let action = Action {
        id: format!("{} {}", modelwright::plan::word(verb), key.id()),
        object: key.id(),
        verb,
        reason: String::new(),
        after: Vec::new(),
        disruptive: false,
        destructive: verb == Verb::Delete,
        data_loss: false,
        request,
        expect: request::expect_write(),
        by: "metacontroller",
        text: String::new(),
    };
    run.note(format!("  {}: {code}", action.id));
    let moment = Moment { seen, before: &before, after: run.cluster.objects(), action: &action, key };
    judge(&moment).map_err(|sentence| run.failed(&format!("{}: {sentence}", action.id)))
}

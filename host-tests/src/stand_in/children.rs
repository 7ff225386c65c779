//! Children: which are a parent's own, and what becomes of them. Deletes come first, then everything that is desired is applied, in the
//! order of groups, versions and kinds and of nothing else.

use super::apply;
use super::controller::{Controller, Type};
use super::discovery::Resource;
use super::object;
use super::selector::Selector;
use super::webhook::Trouble;
use serde_json::Value;
use std::collections::BTreeMap;
use std::rc::Rc;

/// The annotation of what a DecoratorController has made.
pub const DECORATOR: &str = "metacontroller.k8s.io/decorator-controller";
/// The label of children where selectors are generated.
const CONTROLLER_UID: &str = "controller-uid";

/// Objects by `Kind.group/version` and by `namespace/name`, as requests have them.
pub type Groups = BTreeMap<String, BTreeMap<String, Rc<Value>>>;

/// Adds an object to its group.
pub fn insert(groups: &mut Groups, object: Rc<Value>) {
    groups.entry(object::group_key(&object)).or_default().insert(object::qualified_name(&object), object);
}

/// Groups as JSON.
pub fn json(groups: &Groups) -> Value {
    let group = |objects: &BTreeMap<String, Rc<Value>>| -> Value {
        objects.iter().map(|(name, object)| (name.clone(), (**object).clone())).collect()
    };
    groups.iter().map(|(key, objects)| (key.clone(), group(objects))).collect()
}

/// What the children of a CompositeController's parent have for labels.
pub fn selector(controller: &Controller, parent: &Value) -> Result<Selector, String> {
    if controller.object["spec"]["generateSelector"] == true {
        return Ok(Selector::equal(CONTROLLER_UID, object::uid(parent)));
    }
    let selector = Selector::of(&parent["spec"]["selector"])?;
    if selector == Selector::default() {
        return Err(".spec.selector must have either matchLabels, matchExpressions, or both".into());
    }
    Ok(selector)
}

/// The children of a parent. A CompositeController adopts orphans that the selector takes, and lets go what it takes no more.
pub async fn claim(controller: &Controller, parent: &Value) -> Result<Groups, Trouble> {
    let mut groups = Groups::new();
    for children in &controller.children {
        let informer = &children.informer;
        groups.entry(informer.resource.group_key()).or_default();
        for child in informer.list(object::text(parent, "namespace")) {
            let is_own = match controller.r#type {
                Type::Decorator => is_owned(&child, parent) && child["metadata"]["annotations"][DECORATOR] == controller.name(),
                Type::Composite => claim_one(controller, parent, &child, &informer.resource).await?,
            };
            if is_own {
                insert(&mut groups, child);
            }
        }
    }
    Ok(groups)
}

fn is_owned(child: &Value, parent: &Value) -> bool {
    object::controller(child).is_some_and(|owner| owner["uid"] == object::uid(parent))
}

async fn claim_one(controller: &Controller, parent: &Value, child: &Value, resource: &Resource) -> Result<bool, Trouble> {
    let is_orphan = object::controller(child).is_none();
    if !is_orphan && !is_owned(child, parent) {
        return Ok(false);
    }
    let is_selected = selector(controller, parent)?.matches(&child["metadata"]["labels"]);
    match (is_orphan, is_selected) {
        (false, true) => Ok(true),
        (true, false) => Ok(false),
        _ if object::is_terminating(parent) => Ok(false),
        (false, false) => release(controller, parent, child, resource).await.map(|()| false),
        (true, true) if object::is_terminating(child) => Ok(false),
        (true, true) => adopt(controller, parent, child, resource).await,
    }
}

async fn release(controller: &Controller, parent: &Value, child: &Value, resource: &Resource) -> Result<(), Trouble> {
    let without = |object: &mut Value| {
        object::remove_owner(object, object::uid(parent));
        true
    };
    match controller.shared.api.change(resource, child, "", without).await {
        Err(refusal) if !refusal.is_not_found() => Err(refusal.into()),
        _ => Ok(()),
    }
}

async fn adopt(controller: &Controller, parent: &Value, child: &Value, resource: &Resource) -> Result<bool, Trouble> {
    let parents = controller.parents.first().map(|parents| &parents.informer.resource);
    let Some(parents) = parents else { return Ok(false) };
    // Not from the cache: a parent that is being deleted adopts nothing.
    let fresh = controller.shared.api.get(parents, object::text(parent, "namespace"), object::text(parent, "name")).await?;
    if object::uid(&fresh) != object::uid(parent) || object::is_terminating(&fresh) {
        return Err(format!("can't adopt {}: its owner is leaving", object::label(child)).into());
    }
    let with = |object: &mut Value| {
        object::add_owner(object, object::reference(parent));
        true
    };
    match controller.shared.api.change(resource, child, "", with).await {
        Err(refusal) if refusal.is_not_found() => Ok(false),
        Err(refusal) => Err(refusal.into()),
        Ok(_) => Ok(true),
    }
}

/// The desired children by group: in the parent's namespace where they say none, with the label of a generated selector.
pub fn desired(controller: &Controller, parent: &Value, children: Vec<Value>) -> Result<Groups, String> {
    let mut groups = Groups::new();
    for mut child in children {
        if object::text(&child, "namespace").is_empty() && !object::text(parent, "namespace").is_empty() {
            child["metadata"]["namespace"] = object::text(parent, "namespace").into();
        }
        match controller.r#type {
            Type::Decorator => {
                drop(object::metadata(&mut child, "annotations").insert(DECORATOR.into(), controller.name().into()))
            }
            Type::Composite => select(controller, parent, &mut child)?,
        }
        insert(&mut groups, Rc::new(child));
    }
    Ok(groups)
}

fn select(controller: &Controller, parent: &Value, child: &mut Value) -> Result<(), String> {
    if controller.object["spec"]["generateSelector"] == true {
        object::metadata(child, "labels").entry(CONTROLLER_UID).or_insert_with(|| object::uid(parent).into());
    }
    match selector(controller, parent)?.matches(&child["metadata"]["labels"]) {
        true => Ok(()),
        false => Err(format!("labels on desired child {} don't match parent selector", object::label(child))),
    }
}

/// Deletes what is not desired, then applies what is. One failure does not keep the rest from being done.
pub async fn manage(controller: &Controller, parent: &Value, observed: &Groups, desired: &Groups) -> Result<(), String> {
    let mut failures = Vec::new();
    for (group, objects) in observed {
        for (name, object) in objects {
            let is_desired = desired.get(group).is_some_and(|objects| objects.contains_key(name));
            if !is_desired && !object::is_terminating(object) {
                failures.extend(delete(controller, object).await.err());
            }
        }
    }
    for group in sorted(desired) {
        for (name, object) in &desired[group] {
            let observed = observed.get(group).and_then(|objects| objects.get(name)).map(|object| &**object);
            failures.extend(apply::apply(controller, parent, observed, object).await.err());
        }
    }
    if failures.is_empty() { Ok(()) } else { Err(failures.join(", ")) }
}

/// By group, version and kind.
fn sorted(groups: &Groups) -> Vec<&String> {
    let mut keys: Vec<&String> = groups.keys().collect();
    keys.sort_by_key(|key| {
        let (kind, api_version) = key.split_once('.').unwrap_or((key, ""));
        (object::group(api_version), api_version, kind)
    });
    keys
}

async fn delete(controller: &Controller, object: &Value) -> Result<(), String> {
    let shared = &controller.shared;
    let kind = |member: &str| object[member].as_str().unwrap_or_default();
    let resource = shared.informers.discovery.of_kind(kind("apiVersion"), kind("kind"))?;
    match shared.api.delete(&resource, object).await {
        Err(refusal) if !refusal.is_not_found() => {
            Err(format!("can't delete {}: {}", object::label(object), String::from(refusal)))
        }
        Err(_) => Ok(()),
        Ok(_) => {
            shared.applied.forget(&resource, object);
            Ok(())
        }
    }
}

//! One sync of a parent of a DecoratorController.

use super::children;
use super::controller::Controller;
use super::hook::{Decorator, ask};
use super::object;
use super::queue::Key;
use super::turn::{Turn, is_managed, sync_after, turn};
use super::webhook::Trouble;
use serde_json::{Map, Value, json};
use std::rc::Rc;

/// From the finalizer to the attachments.
pub async fn sync(controller: &Rc<Controller>, parent: &Value) -> Result<(), Trouble> {
    let Some(Turn { parent, observed, related, asks }) = turn(controller, parent).await? else { return Ok(()) };
    let body = json!({"controller": controller.object, "object": parent, "attachments": children::json(&observed),
        "related": children::json(&related), "finalizing": asks.finalizing});
    let mut answer: Decorator = ask(asks.webhook, &Key::of(&parent), &body).await?;

    let desired = children::desired(controller, &parent, std::mem::take(&mut answer.attachments))?;
    sync_after(controller, &parent, answer.resync_after_seconds);
    if !decorate(controller, &parent, &answer).await? {
        return Ok(());
    }
    match is_managed(controller, &parent) {
        true => children::manage(controller, &parent, &observed, &desired).await.map_err(Trouble::Failed),
        false => Ok(()),
    }
}

/// Changes the parent itself where the answer says so; `false` where somebody was faster.
async fn decorate(controller: &Controller, parent: &Value, answer: &Decorator) -> Result<bool, Trouble> {
    let mut changed = parent.clone();
    set_all(&mut changed, "labels", answer.labels.as_ref());
    set_all(&mut changed, "annotations", answer.annotations.as_ref());
    if answer.finalized {
        object::set_finalizer(&mut changed, &controller.finalizer(), false);
    }
    let mut status = Value::Null;
    if let Some(wanted) = &answer.status {
        status = wanted.clone().into();
        changed["status"] = status.clone();
    }
    if changed == *parent {
        return Ok(true);
    }
    let group = object::group(parent["apiVersion"].as_str().unwrap_or_default());
    let parents = controller.parents_of(group, parent["kind"].as_str().unwrap_or_default());
    let Some(resource) = parents.map(|parents| &parents.informer.resource) else { return Ok(true) };
    if !status.is_null() && status != parent["status"] && resource.has_status {
        match controller.shared.api.put(resource, &changed, "/status").await {
            Err(refusal) if refusal.is_not_found() || refusal.is_conflict() => return Ok(false),
            Err(refusal) => return Err(refusal.into()),
            Ok(written) => changed["metadata"]["resourceVersion"] = written["metadata"]["resourceVersion"].clone(),
        }
    }
    match controller.shared.api.put(resource, &changed, "").await {
        Err(refusal) if refusal.is_not_found() || refusal.is_conflict() => Ok(false),
        Err(refusal) => Err(refusal.into()),
        Ok(_) => Ok(true),
    }
}

/// Sets members of a map of the metadata; null removes one.
fn set_all(object: &mut Value, map: &str, members: Option<&Map<String, Value>>) {
    for (name, value) in members.into_iter().flatten() {
        match value {
            Value::Null => drop(object::metadata(object, map).remove(name)),
            value => drop(object::metadata(object, map).insert(name.clone(), value.clone())),
        }
    }
}

//! One sync of a parent of a CompositeController.

use super::children;
use super::controller::Controller;
use super::customize;
use super::hook::{Composite, ask};
use super::object;
use super::queue::Key;
use super::webhook::Trouble;
use serde_json::{Map, Value, json};
use std::rc::Rc;
use std::time::Duration;

/// From the finalizer to the status.
pub async fn sync(controller: &Rc<Controller>, parent: &Value) -> Result<(), Trouble> {
    let mut parent = hold(controller, parent).await?;
    if !controller.cares_for(&parent) {
        return Ok(());
    }
    let observed = children::claim(controller, &parent).await?;
    let related = customize::related(controller, &parent).await?;

    let is_leaving = object::is_terminating(&parent) || !controller.selects(&parent);
    let (webhook, finalizing) = match &controller.hooks.finalize {
        Some(finalize) if is_leaving => (Some(finalize), true),
        _ => (controller.hooks.sync.as_ref(), false),
    };
    let webhook = webhook.ok_or_else(|| "no enabled hooks found".to_owned())?;
    let body = json!({"controller": controller.object, "parent": parent, "children": children::json(&observed),
        "related": children::json(&related), "finalizing": finalizing});
    let answer: Composite = ask(webhook, &Key::of(&parent), &body).await?;

    let desired = children::desired(controller, &parent, answer.children)?;
    if answer.resync_after_seconds > 0.0 {
        controller.queue.add_after(Key::of(&parent), Duration::from_secs_f64(answer.resync_after_seconds));
    }
    if answer.finalized {
        parent = set_finalizer(controller, &parent, false).await?;
    }
    let managed = match is_managed(controller, &parent) {
        true => children::manage(controller, &parent, &observed, &desired).await,
        false => Ok(()),
    };
    // The status is written also where something could not be done.
    write_status(controller, &parent, answer.status.unwrap_or_default()).await?;
    managed.map_err(|why| format!("can't reconcile children for {}: {why}", object::label(&parent)).into())
}

/// Puts the finalizer on where there is a finalize hook, and takes it off where there is none. What is being deleted gets none.
pub async fn hold(controller: &Controller, parent: &Value) -> Result<Value, Trouble> {
    let wanted = controller.hooks.finalize.is_some();
    let is_held = object::has_finalizer(parent, &controller.finalizer());
    if is_held == wanted || (wanted && object::is_terminating(parent)) {
        return Ok(parent.clone());
    }
    set_finalizer(controller, parent, wanted).await
}

async fn set_finalizer(controller: &Controller, parent: &Value, wanted: bool) -> Result<Value, Trouble> {
    let member = |name: &str| parent[name].as_str().unwrap_or_default();
    let resource = controller.shared.informers.discovery.of_kind(member("apiVersion"), member("kind"))?;
    let finalizer = controller.finalizer();
    let change = |object: &mut Value| object::set_finalizer(object, &finalizer, wanted);
    let outcome = controller.shared.api.change(&resource, parent, "", change).await;
    outcome.map_err(|refusal| format!("can't sync finalizer for {}: {}", object::label(parent), String::from(refusal)).into())
}

/// A parent that is being deleted keeps its children in order only by its finalizer, and never against the garbage collector.
pub fn is_managed(controller: &Controller, parent: &Value) -> bool {
    let is_held = controller.hooks.finalize.is_some() && object::has_finalizer(parent, &controller.finalizer());
    !object::is_terminating(parent) || (is_held && !object::is_collected(parent))
}

/// Replaces the status of the parent as it is now, unless it is equal.
async fn write_status(controller: &Controller, parent: &Value, mut status: Map<String, Value>) -> Result<(), Trouble> {
    status.insert("observedGeneration".into(), object::generation(parent).into());
    let status = Value::Object(status);
    let Some(parents) = controller.parents.first() else { return Ok(()) };
    let change = |object: &mut Value| {
        let differs = object["status"] != status;
        object["status"] = status.clone();
        differs
    };
    match controller.shared.api.change(&parents.informer.resource, parent, "/status", change).await {
        Err(refusal) if !refusal.is_not_found() && !refusal.is_conflict() => {
            Err(format!("can't update status for {}: {}", object::label(parent), String::from(refusal)).into())
        }
        _ => Ok(()),
    }
}

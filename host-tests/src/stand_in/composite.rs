//! One sync of a parent of a CompositeController.

use super::children;
use super::controller::Controller;
use super::hook::{Composite, ask};
use super::object;
use super::queue::Key;
use super::turn::{Turn, is_managed, set_finalizer, sync_after, turn};
use super::webhook::Trouble;
use serde_json::{Map, Value, json};
use std::rc::Rc;

/// From the finalizer to the status.
pub async fn sync(controller: &Rc<Controller>, parent: &Value) -> Result<(), Trouble> {
    let Some(Turn { mut parent, observed, related, asks }) = turn(controller, parent).await? else { return Ok(()) };
    let body = json!({"controller": controller.object, "parent": parent, "children": children::json(&observed),
        "related": children::json(&related), "finalizing": asks.finalizing});
    let answer: Composite = ask(asks.webhook, &Key::of(&parent), &body).await?;

    let desired = children::desired(controller, &parent, answer.children)?;
    sync_after(controller, &parent, answer.resync_after_seconds);
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

//! What the sync of any parent begins and ends with, whichever type its controller is of.

use super::children::{self, Groups};
use super::controller::Controller;
use super::customize;
use super::object;
use super::queue::Key;
use super::webhook::{Trouble, Webhook};
use serde_json::Value;
use std::rc::Rc;
use std::time::Duration;

/// A parent whose turn it is, and what its hook is told.
pub struct Turn<'a> {
    /// As it is with the finalizer.
    pub parent: Value,
    /// Its children.
    pub observed: Groups,
    /// What customize asked for.
    pub related: Groups,
    /// Who is asked.
    pub asks: Asks<'a>,
}

/// The hook of a sync.
pub struct Asks<'a> {
    /// Where it is.
    pub webhook: &'a Webhook,
    /// Whether it is finalize.
    pub finalizing: bool,
}

/// From the finalizer to the hook; `None` where the controller does not care for the parent.
pub async fn turn<'a>(controller: &'a Rc<Controller>, parent: &Value) -> Result<Option<Turn<'a>>, Trouble> {
    let parent = hold(controller, parent).await?;
    if !controller.cares_for(&parent) {
        return Ok(None);
    }
    let observed = children::claim(controller, &parent).await?;
    let related = customize::related(controller, &parent).await?;
    let is_leaving = object::is_terminating(&parent) || !controller.selects(&parent);
    let (webhook, finalizing) = match &controller.hooks.finalize {
        Some(finalize) if is_leaving => (Some(finalize), true),
        _ => (controller.hooks.sync.as_ref(), false),
    };
    let webhook = webhook.ok_or_else(|| "no enabled hooks found".to_owned())?;
    Ok(Some(Turn { parent, observed, related, asks: Asks { webhook, finalizing } }))
}

/// Syncs the parent again after so many seconds; 0 is never.
pub fn sync_after(controller: &Controller, parent: &Value, seconds: f64) {
    if seconds > 0.0 {
        controller.queue.add_after(Key::of(parent), Duration::from_secs_f64(seconds));
    }
}

/// Puts the finalizer on where there is a finalize hook, and takes it off where there is none. What is being deleted gets none.
async fn hold(controller: &Controller, parent: &Value) -> Result<Value, Trouble> {
    let wanted = controller.hooks.finalize.is_some();
    let is_held = object::has_finalizer(parent, &controller.finalizer());
    if is_held == wanted || (wanted && object::is_terminating(parent)) {
        return Ok(parent.clone());
    }
    set_finalizer(controller, parent, wanted).await
}

/// Puts the finalizer on or takes it off.
pub async fn set_finalizer(controller: &Controller, parent: &Value, wanted: bool) -> Result<Value, Trouble> {
    let member = |name: &str| parent[name].as_str().unwrap_or_default();
    let resource = controller.shared.informers.discovery.of_kind(member("apiVersion"), member("kind"))?;
    let finalizer = controller.finalizer();
    let change = |object: &mut Value| object::set_finalizer(object, &finalizer, wanted);
    let outcome = controller.shared.api.change(&resource, parent, "", change).await;
    outcome.map_err(|refusal| format!("can't sync finalizer for {}: {}", object::label(parent), String::from(refusal)).into())
}

/// Whether children are created, updated and deleted. A parent that is being deleted keeps its children in order only by its finalizer, and never against the garbage collector.
pub fn is_managed(controller: &Controller, parent: &Value) -> bool {
    let is_held = controller.hooks.finalize.is_some() && object::has_finalizer(parent, &controller.finalizer());
    !object::is_terminating(parent) || (is_held && !object::is_collected(parent))
}

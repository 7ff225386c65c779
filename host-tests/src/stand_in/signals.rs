//! From what happens to objects to the parents that are to be synced.

use super::controller::{Controller, Type};
use super::informer::Event;
use super::object;
use super::queue::Key;
use serde_json::Value;
use std::rc::Rc;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// What the object of an event is to a controller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A parent.
    Parent,
    /// A child, maybe.
    Child,
    /// Somebody may have asked for it.
    Related,
}

/// Something happened.
pub type Signal = (Role, Event);

/// Listens to parents and children from now on.
pub fn listen(controller: &Controller) -> (UnboundedSender<Signal>, UnboundedReceiver<Signal>) {
    let (sender, receiver) = unbounded_channel::<Signal>();
    let parents = controller.parents.iter().map(|parents| (Role::Parent, &parents.informer));
    let children = controller.children.iter().map(|children| (Role::Child, &children.informer));
    for (role, informer) in parents.chain(children) {
        let sender = sender.clone();
        informer.listen(move |event| sender.send((role, event)).is_ok());
    }
    (sender, receiver)
}

/// Takes one after the other.
pub async fn follow(controller: Rc<Controller>, mut signals: UnboundedReceiver<Signal>) {
    while let Some((role, event)) = signals.recv().await {
        match role {
            Role::Parent => on_parent(&controller, &event),
            Role::Child => on_child(&controller, &event),
            Role::Related => on_related(&controller, &event).await,
        }
    }
}

fn on_parent(controller: &Controller, event: &Event) {
    let Some(parent) = event.object() else { return };
    let ignores_status = parents_of(controller, parent).is_some_and(|parents| parents.ignores_status);
    if !(ignores_status && is_status_alone(event)) {
        add(controller, parent);
    }
}

/// A change that is none of generation, labels, annotations and a deletion.
fn is_status_alone(event: &Event) -> bool {
    let (Some(old), Some(new)) = (&event.old, &event.new) else { return false };
    let is_equal = |member: &str| old["metadata"][member] == new["metadata"][member];
    !event.is_resync() && ["generation", "labels", "annotations"].into_iter().all(is_equal) && !object::is_terminating(new)
}

/// The parent of a child, or the parents that may adopt it.
fn on_child(controller: &Controller, event: &Event) {
    let Some(child) = event.object().filter(|_| event.is_news()) else { return };
    let is_leaving = event.new.is_none() || object::is_terminating(child);
    match object::controller(child) {
        Some(reference) => {
            if let Some(parent) = owner(controller, child, reference) {
                add(controller, &parent);
            }
        }
        // Decorators never adopt, and nobody adopts what is leaving.
        None if is_leaving || controller.r#type == Type::Decorator => {}
        None => {
            for parents in &controller.parents {
                let namespace = if parents.informer.resource.namespaced { object::text(child, "namespace") } else { "" };
                let may_adopt = |parent: &Rc<Value>| {
                    super::children::selector(controller, parent)
                        .is_ok_and(|selector| selector.matches(&child["metadata"]["labels"]))
                };
                parents
                    .informer
                    .list(namespace)
                    .iter()
                    .filter(|parent| may_adopt(parent))
                    .for_each(|parent| add(controller, parent));
            }
        }
    }
}

fn owner(controller: &Controller, child: &Value, reference: &Value) -> Option<Rc<Value>> {
    let text = |member: &str| reference[member].as_str().unwrap_or_default();
    let parents = controller.parents_of(object::group(text("apiVersion")), text("kind"))?;
    let namespace = if parents.informer.resource.namespaced { object::text(child, "namespace") } else { "" };
    let parent = parents.informer.get(namespace, text("name"))?;
    (object::uid(&parent) == text("uid")).then_some(parent)
}

/// The parents whose rules take the object as it was or as it is.
async fn on_related(controller: &Rc<Controller>, event: &Event) {
    if !event.is_news() {
        return;
    }
    for parent in controller.parents.iter().flat_map(|parents| parents.informer.list("")) {
        if controller.cares_for(&parent) && super::customize::concerns(controller, &parent, event).await {
            add(controller, &parent);
        }
    }
}

fn parents_of<'a>(controller: &'a Controller, parent: &Value) -> Option<&'a super::controller::Parents> {
    let group = object::group(parent["apiVersion"].as_str().unwrap_or_default());
    controller.parents_of(group, parent["kind"].as_str().unwrap_or_default())
}

fn add(controller: &Controller, parent: &Value) {
    if controller.cares_for(parent) {
        controller.queue.add(Key::of(parent));
    }
}

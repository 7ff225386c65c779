//! One desired child against the observed one, in the mode of the process.

use super::api::{APPLY, JSON_PATCH};
use super::controller::{Controller, Method};
use super::discovery::Resource;
use super::flags::Strategy;
use super::merge::{self, LAST_APPLIED};
use super::object;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// What server-side apply did last to each object: nothing is sent while neither the desired object nor its generation has changed. An
/// object without generations is known by its resourceVersion.
#[derive(Default)]
pub struct Applied(RefCell<BTreeMap<String, Last>>);

#[derive(Clone, Debug, PartialEq)]
struct Last {
    desired: String,
    uid: String,
    generation: i64,
    version: String,
}

impl Applied {
    /// The object is gone.
    pub fn forget(&self, resource: &Resource, object: &Value) {
        self.0.borrow_mut().remove(&key(resource, object));
    }

    fn remember(&self, resource: &Resource, object: &Value, desired: &str) {
        self.0.borrow_mut().insert(key(resource, object), Last::of(object, desired));
    }

    fn is_current(&self, resource: &Resource, observed: &Value, desired: &str) -> bool {
        let now = Last::of(observed, desired);
        let last = self.0.borrow().get(&key(resource, observed)).cloned();
        last.is_some_and(|last| match now.generation {
            0 => last == now,
            _ => last == Last { version: last.version.clone(), ..now },
        })
    }
}

impl Last {
    fn of(object: &Value, desired: &str) -> Self {
        Self {
            desired: desired.into(),
            uid: object::uid(object).into(),
            generation: object::generation(object),
            version: object::text(object, "resourceVersion").into(),
        }
    }
}

fn key(resource: &Resource, object: &Value) -> String {
    format!("{}/{}/{}", resource.group(), resource.kind, object::qualified_name(object))
}

/// Makes a child what is desired. Somebody who was faster is no failure: the next sync sees what he did.
pub async fn apply(controller: &Controller, parent: &Value, observed: Option<&Value>, desired: &Value) -> Result<(), String> {
    let member = |name: &str| desired[name].as_str().unwrap_or_default();
    let resource = controller.shared.informers.discovery.of_kind(member("apiVersion"), member("kind"))?;
    let child = Child { controller, parent, resource: &resource, observed, desired };
    match controller.shared.flags.strategy {
        Strategy::Dynamic => child.dynamic().await,
        Strategy::ServerSide => child.server_side().await,
    }
}

struct Child<'a> {
    controller: &'a Controller,
    parent: &'a Value,
    resource: &'a Resource,
    observed: Option<&'a Value>,
    desired: &'a Value,
}

impl Child<'_> {
    fn method(&self) -> Method {
        self.controller.method(self.resource.group(), &self.resource.kind)
    }

    fn failed(&self, what: &str, refusal: super::api::Refusal) -> String {
        format!("can't {what} {}: {}", object::label(self.desired), String::from(refusal))
    }

    async fn dynamic(&self) -> Result<(), String> {
        let Some(observed) = self.observed else { return self.create().await };
        let updated = merge::updated(observed, self.desired)?;
        if updated == *observed || object::is_terminating(observed) {
            return Ok(());
        }
        match self.method() {
            Method::OnDelete => Ok(()),
            Method::Recreate => self.delete(observed).await,
            Method::InPlace => match self.controller.shared.api.put(self.resource, &updated, "").await {
                Err(refusal) if !refusal.is_conflict() && !refusal.is_not_found() => Err(self.failed("update", refusal)),
                _ => Ok(()),
            },
        }
    }

    /// An object that is there already, whoever made it, is left alone.
    async fn create(&self) -> Result<(), String> {
        let mut object = self.desired.clone();
        merge::remember_last_applied(&mut object, self.desired);
        object::add_owner(&mut object, object::reference(self.parent));
        match self.controller.shared.api.create(self.resource, &object).await {
            Err(refusal) if !refusal.is_conflict() => Err(self.failed("create", refusal)),
            _ => Ok(()),
        }
    }

    async fn delete(&self, observed: &Value) -> Result<(), String> {
        match self.controller.shared.api.delete(self.resource, observed).await {
            Err(refusal) if !refusal.is_not_found() => Err(self.failed("delete", refusal)),
            _ => Ok(()),
        }
    }

    async fn server_side(&self) -> Result<(), String> {
        let desired = self.intent();
        let text = desired.to_string();
        let applied = &self.controller.shared.applied;
        if let Some(observed) = self.observed {
            if object::is_terminating(observed) || applied.is_current(self.resource, observed, &text) {
                return Ok(());
            }
            match self.method() {
                Method::OnDelete => {
                    applied.remember(self.resource, observed, &text);
                    return Ok(());
                }
                Method::Recreate => return self.recreate(observed, &desired, &text).await,
                Method::InPlace if !observed["metadata"]["annotations"][LAST_APPLIED].is_null() => {
                    self.remove_annotation().await?;
                }
                Method::InPlace => {}
            }
        }
        match self.send(&desired, "").await {
            Err(refusal) if refusal.is_conflict() => Ok(()),
            Err(refusal) => Err(self.failed("apply", refusal)),
            Ok(object) => {
                applied.remember(self.resource, &object, &text);
                Ok(())
            }
        }
    }

    /// What is sent: without what the server writes, with the owner.
    fn intent(&self) -> Value {
        let mut desired = self.desired.clone();
        object::add_owner(&mut desired, object::reference(self.parent));
        merge::forget_last_applied(&mut desired);
        if let Some(members) = desired.as_object_mut() {
            members.remove("status");
        }
        if let Some(metadata) = desired["metadata"].as_object_mut() {
            object::SYSTEM_METADATA.iter().for_each(|member| drop(metadata.remove(*member)));
        }
        desired
    }

    async fn send(&self, desired: &Value, more: &str) -> Result<Value, super::api::Refusal> {
        let shared = &self.controller.shared;
        let path = self.resource.path(object::text(desired, "namespace"), object::text(desired, "name"));
        let path = format!("{path}?fieldManager={}&force=true{more}", shared.flags.manager);
        shared.api.send("PATCH", &path, APPLY, Some(desired)).await
    }

    /// Deletes it only where an apply would change it.
    async fn recreate(&self, observed: &Value, desired: &Value, text: &str) -> Result<(), String> {
        let would_be = self.send(desired, "&dryRun=All").await.map_err(|refusal| self.failed("try", refusal))?;
        if without_system(&would_be) == without_system(observed) {
            self.controller.shared.applied.remember(self.resource, observed, text);
            return Ok(());
        }
        self.delete(observed).await?;
        self.controller.shared.applied.forget(self.resource, observed);
        Ok(())
    }

    /// What dynamic apply left would say what is no longer so.
    async fn remove_annotation(&self) -> Result<(), String> {
        let path = self.resource.path(object::text(self.desired, "namespace"), object::text(self.desired, "name"));
        let name = LAST_APPLIED.replace('~', "~0").replace('/', "~1");
        let patch = json!([{"op": "remove", "path": format!("/metadata/annotations/{name}")}]);
        match self.controller.shared.api.send("PATCH", &path, JSON_PATCH, Some(&patch)).await {
            Err(refusal) if !refusal.is_not_found() => Err(self.failed("apply", refusal)),
            _ => Ok(()),
        }
    }
}

fn without_system(object: &Value) -> Value {
    let mut object = object.clone();
    merge::forget_last_applied(&mut object);
    object["status"].take();
    if let Some(metadata) = object["metadata"].as_object_mut() {
        object::SYSTEM_METADATA.iter().for_each(|member| drop(metadata.remove(*member)));
    }
    object
}

//! A CompositeController or DecoratorController that runs: what its object says, its caches, its queue and its workers.

use super::api::Api;
use super::customize::Related;
use super::events::Events;
use super::flags::Flags;
use super::hook::Hooks;
use super::informer::{Informer, Informers};
use super::object;
use super::queue::{Key, Queue};
use super::selector::Selector;
use super::webhook::Trouble;
use super::{composite, decorator, signals};
use serde_json::Value;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;
use tokio::task::{JoinHandle, spawn_local};

/// The two types of controllers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// Children of custom resources.
    Composite,
    /// Attachments of any objects.
    Decorator,
}

/// A resource whose objects are parents.
pub struct Parents {
    /// Their cache.
    pub informer: Rc<Informer>,
    /// Which of them.
    pub labels: Selector,
    /// The same by annotations.
    pub annotations: Selector,
    /// Whether a change of status alone is no reason to sync.
    pub ignores_status: bool,
}

/// A resource whose objects are children.
pub struct Children {
    /// Their cache.
    pub informer: Rc<Informer>,
    /// What to do with one that differs.
    pub method: Method,
}

/// What to do with a child that differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Nothing.
    OnDelete,
    /// Update it.
    InPlace,
    /// Delete it; the next sync makes it again.
    Recreate,
}

/// What all controllers of a process share.
pub struct Shared {
    /// The API server.
    pub api: Rc<Api>,
    /// The caches.
    pub informers: Informers,
    /// The command line.
    pub flags: Rc<Flags>,
    /// What is told to users.
    pub events: Events,
    /// What server-side apply did last.
    pub applied: super::apply::Applied,
}

/// A controller.
pub struct Controller {
    /// Which type.
    pub r#type: Type,
    /// The object that describes it.
    pub object: Value,
    /// What all share.
    pub shared: Rc<Shared>,
    /// The parents.
    pub parents: Vec<Parents>,
    /// The children.
    pub children: Vec<Children>,
    /// The hooks.
    pub hooks: Hooks,
    /// What else is sent.
    pub related: Related,
    /// Who is to be synced.
    pub queue: Rc<Queue>,
    workers: RefCell<Vec<JoinHandle<()>>>,
    others: RefCell<Vec<JoinHandle<()>>>,
}

impl Controller {
    /// Reads the object that describes it; starts nothing but caches.
    pub async fn new(shared: &Rc<Shared>, r#type: Type, object: &Value) -> Result<Rc<Self>, String> {
        let spec = &object["spec"];
        let (parents, children) = match r#type {
            Type::Composite => (std::slice::from_ref(&spec["parentResource"]), &spec["childResources"]),
            Type::Decorator => (spec["resources"].as_array().map_or(&[][..], Vec::as_slice), &spec["attachments"]),
        };
        let parents: Vec<Parents> = parents.iter().map(|rule| parents_of(shared, rule)).collect::<Result<_, _>>()?;
        if let Some(other) = parents.iter().find(|one| r#type == Type::Composite && !one.informer.resource.has_status) {
            return Err(format!("ignored: {} has no subresource status", other.informer.resource.plural));
        }
        let children = children.as_array().into_iter().flatten().map(|rule| children_of(shared, rule));
        Ok(Rc::new(Self {
            r#type,
            object: object.clone(),
            shared: Rc::clone(shared),
            parents,
            children: children.collect::<Result<_, _>>()?,
            hooks: Hooks::open(&shared.api, spec).await?,
            related: Related::default(),
            queue: Rc::default(),
            workers: RefCell::default(),
            others: RefCell::default(),
        }))
    }

    /// Its name.
    pub fn name(&self) -> &str {
        object::text(&self.object, "name")
    }

    /// The finalizer of its parents.
    pub fn finalizer(&self) -> String {
        let r#type = if self.r#type == Type::Composite { "compositecontroller" } else { "decoratorcontroller" };
        format!("metacontroller.io/{type}-{}", self.name())
    }

    /// Where a kind of parents is.
    pub fn parents_of(&self, group: &str, kind: &str) -> Option<&Parents> {
        let is_meant = |one: &&Parents| one.informer.resource.group() == group && one.informer.resource.kind == kind;
        self.parents.iter().find(is_meant)
    }

    /// Whether its selectors select a parent.
    pub fn selects(&self, parent: &Value) -> bool {
        let group = object::group(parent["apiVersion"].as_str().unwrap_or_default());
        self.parents_of(group, parent["kind"].as_str().unwrap_or_default()).is_some_and(|parents| {
            let metadata = &parent["metadata"];
            parents.labels.matches(&metadata["labels"]) && parents.annotations.matches(&metadata["annotations"])
        })
    }

    /// Whether it has anything to do with a parent.
    pub fn cares_for(&self, parent: &Value) -> bool {
        self.selects(parent) || object::has_finalizer(parent, &self.finalizer())
    }

    /// What to do with a child of a kind that differs.
    pub fn method(&self, group: &str, kind: &str) -> Method {
        let is_meant = |one: &&Children| one.informer.resource.group() == group && one.informer.resource.kind == kind;
        self.children.iter().find(is_meant).map_or(Method::OnDelete, |children| children.method)
    }

    /// Listens and works until it is stopped.
    pub fn start(self: &Rc<Self>) {
        let (sender, signals) = signals::listen(self);
        self.related.tell(sender);
        self.others.borrow_mut().push(spawn_local(signals::follow(Rc::clone(self), signals)));
        if let Some(seconds) = self.object["spec"]["resyncPeriodSeconds"].as_u64() {
            self.resync_every(Duration::from_secs(seconds.max(1)));
        }
        self.resync_every(self.shared.flags.flush_interval);
        for _ in 0..self.shared.flags.workers {
            self.workers.borrow_mut().push(spawn_local(Rc::clone(self).work()));
        }
    }

    fn resync_every(self: &Rc<Self>, time: Duration) {
        let controller = Rc::clone(self);
        self.others.borrow_mut().push(spawn_local(async move {
            loop {
                tokio::time::sleep(time).await;
                let parents = controller.parents.iter().flat_map(|parents| parents.informer.list(""));
                parents.filter(|parent| controller.cares_for(parent)).for_each(|parent| controller.queue.add(Key::of(&parent)));
            }
        }));
    }

    /// Ends when what is being synced is done.
    pub async fn stop(&self) {
        self.queue.close();
        for worker in self.workers.take() {
            let _ = worker.await;
        }
        self.others.take().iter().for_each(JoinHandle::abort);
    }

    async fn work(self: Rc<Self>) {
        while !self.caches().all(|informer| informer.is_synced()) {
            tokio::time::sleep(Duration::from_millis(20)).await;
            if self.queue.is_closed() {
                return;
            }
        }
        while let Some(key) = self.queue.take().await {
            let outcome = self.sync(&key).await;
            self.queue.give_back(&key);
            self.judge(key, outcome);
        }
    }

    fn caches(&self) -> impl Iterator<Item = &Rc<Informer>> {
        self.parents.iter().map(|parents| &parents.informer).chain(self.children.iter().map(|children| &children.informer))
    }

    async fn sync(self: &Rc<Self>, key: &Key) -> Result<(), Trouble> {
        let parents = self.parents_of(object::group(&key.api_version), &key.kind);
        let Some(parent) = parents.and_then(|parents| parents.informer.get(&key.namespace, &key.name)) else { return Ok(()) };
        if !self.cares_for(&parent) {
            return Ok(());
        }
        let outcome = match self.r#type {
            Type::Composite => composite::sync(self, &parent).await,
            Type::Decorator => decorator::sync(self, &parent).await,
        };
        if let Err(Trouble::Failed(why)) = &outcome {
            eprintln!("{}: {}: {why}", self.name(), object::label(&parent));
            self.shared.events.warn(&self.shared.api, &parent, &format!("Sync error: {why}")).await;
        }
        outcome
    }

    fn judge(&self, key: Key, outcome: Result<(), Trouble>) {
        match outcome {
            Ok(()) => self.queue.forget_failures(&key),
            Err(Trouble::Later(time)) => self.queue.add_after(key, time),
            Err(Trouble::NotSynced | Trouble::Failed(_)) => self.queue.add_after_failure(key),
        }
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn parents_of(shared: &Shared, rule: &Value) -> Result<Parents, String> {
    let annotations = &rule["annotationSelector"];
    Ok(Parents {
        informer: shared.informers.of(text(&rule["apiVersion"]), text(&rule["resource"]))?,
        labels: Selector::of(&rule["labelSelector"])?,
        annotations: Selector::of_members(&annotations["matchAnnotations"], &annotations["matchExpressions"])?,
        ignores_status: rule["ignoreStatusChanges"] == true,
    })
}

fn children_of(shared: &Shared, rule: &Value) -> Result<Children, String> {
    let method = match text(&rule["updateStrategy"]["method"]) {
        "" | "OnDelete" => Method::OnDelete,
        "InPlace" => Method::InPlace,
        "Recreate" => Method::Recreate,
        other => return Err(format!("the stand-in knows no update strategy {other}")),
    };
    Ok(Children { informer: shared.informers.of(text(&rule["apiVersion"]), text(&rule["resource"]))?, method })
}

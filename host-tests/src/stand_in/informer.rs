//! A cache of one resource, kept by list and watch. It may lag on purpose: then it, and everybody who is told of changes, knows later.

use super::api::{Api, JSON};
use super::discovery::{Discovery, Resource};
use super::flags::Flags;
use super::object;
use futures::{Stream, StreamExt};
use kube::core::WatchEvent;
use serde_json::Value;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::spawn_local;

/// After a list or a watch that failed.
const PAUSE: Duration = Duration::from_secs(1);

/// What happened to an object; in a resync it was and is the same.
#[derive(Clone, Debug)]
pub struct Event {
    /// Before.
    pub old: Option<Rc<Value>>,
    /// After.
    pub new: Option<Rc<Value>>,
}

impl Event {
    fn resync(object: &Rc<Value>) -> Self {
        Self { old: Some(Rc::clone(object)), new: Some(Rc::clone(object)) }
    }

    /// Whether nothing happened.
    pub fn is_resync(&self) -> bool {
        matches!((&self.old, &self.new), (Some(old), Some(new)) if Rc::ptr_eq(old, new))
    }

    /// Whether the object is another version of what it was.
    pub fn is_news(&self) -> bool {
        let version =
            |object: &Option<Rc<Value>>| object.as_ref().map(|object| object::text(object, "resourceVersion").to_owned());
        version(&self.old) != version(&self.new)
    }

    /// The object, as it was last.
    pub fn object(&self) -> Option<&Rc<Value>> {
        self.new.as_ref().or(self.old.as_ref())
    }
}

type Listener = Box<dyn Fn(Event) -> bool>;
type Key = (String, String);

/// What the API server said.
enum Change {
    /// This is everything.
    All(Vec<Value>),
    Put(Value),
    Gone(Value),
}

/// The cache.
pub struct Informer {
    /// Of what.
    pub resource: Rc<Resource>,
    objects: RefCell<BTreeMap<Key, Rc<Value>>>,
    listeners: RefCell<Vec<Listener>>,
    is_synced: Cell<bool>,
    lag: Duration,
}

impl Informer {
    /// Whether everything was listed once.
    pub fn is_synced(&self) -> bool {
        self.is_synced.get()
    }

    /// One object.
    pub fn get(&self, namespace: &str, name: &str) -> Option<Rc<Value>> {
        self.objects.borrow().get(&(namespace.to_owned(), name.to_owned())).cloned()
    }

    /// The objects of a namespace, or all.
    pub fn list(&self, namespace: &str) -> Vec<Rc<Value>> {
        let objects = self.objects.borrow();
        match namespace {
            "" => objects.values().cloned().collect(),
            _ => {
                let from = objects.range((namespace.to_owned(), String::new())..);
                from.take_while(|((of, _), _)| of == namespace).map(|(_, object)| Rc::clone(object)).collect()
            }
        }
    }

    /// Tells of every change from now on, until the listener says `false`, and of what is there already as a resync.
    pub fn listen(&self, listener: impl Fn(Event) -> bool + 'static) {
        for object in self.list("") {
            listener(Event::resync(&object));
        }
        self.listeners.borrow_mut().push(Box::new(listener));
    }

    fn tell(&self, event: &Event) {
        self.listeners.borrow_mut().retain(|listener| listener(event.clone()));
    }

    fn apply(&self, change: Change) {
        match change {
            Change::All(objects) => {
                let keys: BTreeSet<Key> = objects.iter().map(key).collect();
                let gone = self.list("").into_iter().filter(|object| !keys.contains(&key(object)));
                gone.for_each(|object| self.remove(&object));
                objects.into_iter().for_each(|object| self.put(object));
                self.is_synced.set(true);
            }
            Change::Put(object) => self.put(object),
            Change::Gone(object) => self.remove(&object),
        }
    }

    fn put(&self, object: Value) {
        let new = Rc::new(object);
        let old = self.objects.borrow_mut().insert(key(&new), Rc::clone(&new));
        self.tell(&Event { old, new: Some(new) });
    }

    fn remove(&self, object: &Value) {
        let old = self.objects.borrow_mut().remove(&key(object));
        self.tell(&Event { old, new: None });
    }

    /// Keeps what comes back until it may be known.
    async fn lag_behind(self: Rc<Self>, mut changes: UnboundedReceiver<(Instant, Change)>) {
        while let Some((since, change)) = changes.recv().await {
            if !self.lag.is_zero() {
                tokio::time::sleep_until((since + self.lag).into()).await;
            }
            self.apply(change);
        }
    }

    async fn follow(self: Rc<Self>, api: Rc<Api>, changes: UnboundedSender<(Instant, Change)>) {
        loop {
            if let Err(why) = self.list_and_watch(&api, &changes).await {
                eprintln!("{}: {why}", self.resource.plural);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Ends when the versions that the watch knows are too old for the server.
    async fn list_and_watch(&self, api: &Api, changes: &UnboundedSender<(Instant, Change)>) -> Result<(), String> {
        let list = api.send("GET", &self.resource.collection(""), JSON, None).await?;
        let mut version = object::text(&list, "resourceVersion").to_owned();
        let items = list["items"].as_array().cloned().unwrap_or_default();
        let _ = changes.send((Instant::now(), Change::All(items.into_iter().map(|item| self.typed(item)).collect())));
        loop {
            let events = api.watch(&self.resource, &version).await?;
            if !self.take(events, &mut version, changes).await {
                return Ok(());
            }
        }
    }

    /// Takes events until they end; whether the watch can go on from the version.
    async fn take(
        &self,
        events: impl Stream<Item = Result<WatchEvent<Value>, String>>,
        version: &mut String,
        changes: &UnboundedSender<(Instant, Change)>,
    ) -> bool {
        let mut events = std::pin::pin!(events);
        while let Some(event) = events.next().await {
            let change = match event {
                Ok(WatchEvent::Added(object) | WatchEvent::Modified(object)) => Change::Put(object),
                Ok(WatchEvent::Deleted(object)) => Change::Gone(object),
                Ok(WatchEvent::Bookmark(bookmark)) => {
                    *version = bookmark.metadata.resource_version;
                    continue;
                }
                Ok(WatchEvent::Error(_)) | Err(_) => return false,
            };
            let (Change::Put(object) | Change::Gone(object)) = &change else { continue };
            *version = object::text(object, "resourceVersion").into();
            let _ = changes.send((Instant::now(), change));
        }
        true
    }

    /// Items of a list do not say what they are.
    fn typed(&self, mut object: Value) -> Value {
        object["apiVersion"] = self.resource.api_version.as_str().into();
        object["kind"] = self.resource.kind.as_str().into();
        object
    }
}

fn key(object: &Value) -> Key {
    (object::text(object, "namespace").into(), object::text(object, "name").into())
}

/// One cache for each resource that somebody has asked for.
pub struct Informers {
    api: Rc<Api>,
    /// What is served.
    pub discovery: Rc<Discovery>,
    flags: Rc<Flags>,
    informers: RefCell<BTreeMap<(String, String), Rc<Informer>>>,
}

impl Informers {
    /// None yet.
    pub fn new(api: Rc<Api>, discovery: Rc<Discovery>, flags: Rc<Flags>) -> Self {
        Self { api, discovery, flags, informers: RefCell::default() }
    }

    /// The cache of a resource, started where it was not.
    pub fn of(&self, api_version: &str, plural: &str) -> Result<Rc<Informer>, String> {
        let key = (api_version.to_owned(), plural.to_owned());
        if let Some(informer) = self.informers.borrow().get(&key) {
            return Ok(Rc::clone(informer));
        }
        let informer = Rc::new(Informer {
            resource: self.discovery.resource(api_version, plural)?,
            objects: RefCell::default(),
            listeners: RefCell::default(),
            is_synced: Cell::new(false),
            lag: self.flags.lag_of(plural),
        });
        let (sender, receiver) = unbounded_channel();
        spawn_local(Rc::clone(&informer).lag_behind(receiver));
        spawn_local(Rc::clone(&informer).follow(Rc::clone(&self.api), sender));
        self.informers.borrow_mut().insert(key, Rc::clone(&informer));
        Ok(informer)
    }
}

//! A queue of parents to sync: each is in it once, and in the hands of one worker at a time.

use serde_json::Value;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::spawn_local;

/// After the first failure; each one after it doubles the time.
const FIRST: Duration = Duration::from_millis(5);
/// No pause is longer.
const LONGEST: Duration = Duration::from_secs(1000);

/// Which parent.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// `mlops.internal/v1alpha1`.
    pub api_version: String,
    /// `Model`.
    pub kind: String,
    /// Empty outside of all.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

impl Key {
    /// Of an object.
    pub fn of(object: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        Self {
            api_version: text(&object["apiVersion"]),
            kind: text(&object["kind"]),
            namespace: text(&object["metadata"]["namespace"]),
            name: text(&object["metadata"]["name"]),
        }
    }
}

/// The queue.
#[derive(Default)]
pub struct Queue {
    ready: RefCell<VecDeque<Key>>,
    /// To be synced, also those that are in somebody's hands and came again.
    dirty: RefCell<BTreeSet<Key>>,
    taken: RefCell<BTreeSet<Key>>,
    failures: RefCell<BTreeMap<Key, u32>>,
    wake: Notify,
    is_closed: Cell<bool>,
}

impl Queue {
    /// Adds a parent unless it waits already.
    pub fn add(&self, key: Key) {
        if self.is_closed.get() || !self.dirty.borrow_mut().insert(key.clone()) || self.taken.borrow().contains(&key) {
            return;
        }
        self.ready.borrow_mut().push_back(key);
        self.wake.notify_one();
    }

    /// Adds it after some time.
    pub fn add_after(self: &Rc<Self>, key: Key, time: Duration) {
        let queue = Rc::downgrade(self);
        spawn_local(async move {
            tokio::time::sleep(time).await;
            if let Some(queue) = queue.upgrade() {
                queue.add(key);
            }
        });
    }

    /// Adds it after a time that grows with its failures.
    pub fn add_after_failure(self: &Rc<Self>, key: Key) {
        let failures = self.failures.borrow().get(&key).copied().unwrap_or_default();
        self.failures.borrow_mut().insert(key.clone(), failures.saturating_add(1));
        self.add_after(key, FIRST.saturating_mul(1 << failures.min(30)).min(LONGEST));
    }

    /// It has not failed.
    pub fn forget_failures(&self, key: &Key) {
        self.failures.borrow_mut().remove(key);
    }

    /// The next one; `None` when the queue is closed.
    pub async fn take(&self) -> Option<Key> {
        loop {
            if self.is_closed.get() {
                self.wake.notify_one();
                return None;
            }
            let next = self.ready.borrow_mut().pop_front();
            if let Some(key) = next {
                self.dirty.borrow_mut().remove(&key);
                self.taken.borrow_mut().insert(key.clone());
                return Some(key);
            }
            self.wake.notified().await;
        }
    }

    /// It is in nobody's hands any more.
    pub fn give_back(&self, key: &Key) {
        self.taken.borrow_mut().remove(key);
        if self.dirty.borrow().contains(key) {
            self.ready.borrow_mut().push_back(key.clone());
            self.wake.notify_one();
        }
    }

    /// Whether nobody gets anything any more.
    pub fn is_closed(&self) -> bool {
        self.is_closed.get()
    }

    /// Nobody gets anything any more.
    pub fn close(&self) {
        self.is_closed.set(true);
        self.wake.notify_one();
    }
}

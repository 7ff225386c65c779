//! Related objects: what the customize hook asks for, remembered for each generation of a parent, and taken from caches.

use super::children::{Groups, insert};
use super::controller::Controller;
use super::hook::{Customize, Rule, ask};
use super::informer::{Event, Informer};
use super::object;
use super::queue::Key;
use super::selector::Selector;
use super::signals::{Role, Signal};
use super::webhook::Trouble;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::UnboundedSender;

/// How long an answer is good.
const GOOD_FOR: Duration = Duration::from_secs(20 * 60);

/// An answer, and since when.
type Remembered = (Instant, Rc<Customize>);

/// Answers by uid and generation of the parent, and the resources that were listened to because of them.
#[derive(Default)]
pub struct Related {
    answers: RefCell<BTreeMap<(String, i64), Remembered>>,
    listened: RefCell<BTreeSet<(String, String)>>,
    sender: RefCell<Option<UnboundedSender<Signal>>>,
}

impl Related {
    /// Where changes are told.
    pub fn tell(&self, sender: UnboundedSender<Signal>) {
        self.sender.replace(Some(sender));
    }

    fn listen(&self, informer: &Informer) {
        let key = (informer.resource.api_version.clone(), informer.resource.plural.clone());
        let Some(sender) = self.sender.borrow().clone() else { return };
        if self.listened.borrow_mut().insert(key) {
            informer.listen(move |event| sender.send((Role::Related, event)).is_ok());
        }
    }
}

/// The rules for a parent; none without a customize hook.
async fn rules(controller: &Controller, parent: &Value) -> Result<Rc<Customize>, Trouble> {
    let Some(webhook) = &controller.hooks.customize else { return Ok(Rc::default()) };
    let key = (object::uid(parent).to_owned(), object::generation(parent));
    if let Some((since, answer)) = controller.related.answers.borrow().get(&key)
        && since.elapsed() < GOOD_FOR
    {
        return Ok(Rc::clone(answer));
    }
    let body = json!({"controller": controller.object, "parent": parent});
    let answer: Rc<Customize> = Rc::new(ask(webhook, &Key::of(parent), &body).await?);
    controller.related.answers.borrow_mut().insert(key, (Instant::now(), Rc::clone(&answer)));
    Ok(answer)
}

/// Everything that a parent's rules take, each rule with its group even when it takes nothing.
pub async fn related(controller: &Controller, parent: &Value) -> Result<Groups, Trouble> {
    let mut groups = Groups::new();
    for rule in &rules(controller, parent).await?.related_resources {
        let informer = controller.shared.informers.of(&rule.api_version, &rule.resource)?;
        controller.related.listen(&informer);
        if !informer.is_synced() {
            return Err(Trouble::NotSynced);
        }
        groups.entry(informer.resource.group_key()).or_default();
        let taker = Taker::new(controller, rule)?;
        let namespace = if informer.resource.namespaced { rule.namespace.as_str() } else { "" };
        informer.list(namespace).into_iter().filter(|object| taker.takes(object)).for_each(|object| insert(&mut groups, object));
    }
    Ok(groups)
}

/// Whether a parent's rules take the object of an event, as it was or as it is. Without an answer it is left for the next resync.
pub async fn concerns(controller: &Controller, parent: &Value, event: &Event) -> bool {
    let Ok(rules) = rules(controller, parent).await else { return false };
    let objects: Vec<&Rc<Value>> = event.old.iter().chain(&event.new).collect();
    rules.related_resources.iter().any(|rule| {
        let Ok(resource) = controller.shared.informers.discovery.resource(&rule.api_version, &rule.resource) else {
            return false;
        };
        let is_of_kind = |object: &Value| object["apiVersion"] == *resource.api_version && object["kind"] == *resource.kind;
        let Ok(taker) = Taker::new(controller, rule) else { return false };
        objects.iter().any(|object| is_of_kind(object) && (!resource.namespaced || taker.is_in(object)) && taker.takes(object))
    })
}

/// A rule that makes sense.
struct Taker<'a> {
    rule: &'a Rule,
    labels: Selector,
    namespaces: Option<(Selector, Rc<Informer>)>,
}

impl<'a> Taker<'a> {
    fn new(controller: &Controller, rule: &'a Rule) -> Result<Self, Trouble> {
        let by_namespace = !rule.namespace_selector.is_null();
        if !rule.names.is_empty() && (by_namespace || !rule.label_selector.is_null()) {
            return Err("a related rule has both names and a selector".to_owned().into());
        }
        if by_namespace && !rule.namespace.is_empty() {
            return Err("a related rule has both a namespace and a namespaceSelector".to_owned().into());
        }
        let namespaces = match by_namespace {
            true => Some((Selector::of(&rule.namespace_selector)?, controller.shared.informers.of("v1", "namespaces")?)),
            false => None,
        };
        Ok(Self { rule, labels: Selector::of(&rule.label_selector)?, namespaces })
    }

    fn is_in(&self, object: &Value) -> bool {
        self.rule.namespace.is_empty() || object::text(object, "namespace") == self.rule.namespace
    }

    fn takes(&self, object: &Value) -> bool {
        let is_named = self.rule.names.is_empty() || self.rule.names.iter().any(|name| name == object::text(object, "name"));
        let is_in_selected = self.namespaces.as_ref().is_none_or(|(selector, informer)| {
            let namespace = informer.get("", object::text(object, "namespace"));
            namespace.is_some_and(|namespace| selector.matches(&namespace["metadata"]["labels"]))
        });
        is_named && is_in_selected && self.labels.matches(&object["metadata"]["labels"])
    }
}

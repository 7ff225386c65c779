//! One run of a world: the host that makes its own calls, users, strangers and the built-in controllers on a simulated cluster.

use super::oracle::{Moment, Objects, Verdict, deleting, owner, uid};
use super::{Event, SLOTS, World, file, mutants, slot_key};
use modelwright::forecast::plan_of;
use modelwright::kinds::{Key, Kind};
use modelwright::names;
use modelwright::observation::{Host, Observation, Unreadable, key_of};
use modelwright::plan::{Action, Plan, child_kinds};
use modelwright::policy::Policy;
use modelwright::request;
use modelwright::simulate::Cluster;
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub const NOW: &str = "2030-01-01T00:00:00Z";
pub const FOREIGN_FINALIZER: &str = "example.com/keep";

/// A cluster, and what a host can see of it.
#[derive(Clone)]
pub struct Run<'w> {
    pub world: &'w World,
    pub cluster: Cluster,
    unreadable: Vec<Unreadable>,
    /// What the host is asked to delete.
    pub asked: Vec<Key>,
    serial: u64,
    /// What happened, for reading.
    log: Vec<String>,
}

impl<'w> Run<'w> {
    /// An empty cluster, but for what is there before us.
    pub fn new(world: &'w World) -> Self {
        let mut objects = Objects::default();
        for name in super::NAMESPACES {
            let namespace =
                json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "uid": format!("ns-{name}")}});
            let claim = json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim",
                "metadata": {"name": "mine", "namespace": name, "uid": format!("mine-{name}")},
                "spec": {"accessModes": ["ReadWriteOnce"]}, "status": {"phase": "Bound"}});
            for object in [namespace, claim] {
                objects.insert(key_of(&object).expect("a known kind"), object);
            }
        }
        Self { world, cluster: Cluster::new(objects), unreadable: Vec::new(), asked: Vec::new(), serial: 0, log: Vec::new() }
    }

    /// A cluster in which the files of the world were applied.
    pub fn written(world: &'w World) -> Self {
        let mut run = Self::new(world);
        for slot in 0..SLOTS {
            if let Some(spec) = &world.specs[slot] {
                run.write(slot, spec);
            }
        }
        run
    }

    /// What the host sees.
    pub fn observation(&self) -> Observation {
        let mut seen = Observation::empty(Host::Direct, policy(), NOW);
        seen.unreadable = self.unreadable.clone();
        modelwright::files::observe_again(&mut seen, self.seen());
        // Beside what it is asked, the host reconciles everything.
        seen.deletes = self.asked.clone();
        seen
    }

    fn seen(&self) -> Objects {
        let readable = |kind: Kind| !self.unreadable.iter().any(|entry| entry.kind == kind);
        let objects = self.cluster.objects().iter().filter(|(key, _)| readable(key.kind));
        objects.map(|(key, object)| (key.clone(), object.clone())).collect()
    }

    /// What one hands to `modelwright plan` to see the same.
    pub fn paste(&self) -> String {
        let observed: Vec<Value> = self.seen().into_rows();
        let unreadable: Vec<Value> = self
            .unreadable
            .iter()
            .map(|entry| json!({"apiVersion": entry.kind.api(), "kind": entry.kind.name(), "namespace": entry.namespace}))
            .collect();
        let delete = |key: &Key| json!({"kind": key.kind.name(), "namespace": key.namespace, "name": key.name});
        let asked: Vec<Value> = self.asked.iter().map(delete).collect();
        json!({"observed": observed, "delete": asked, "unreadable": unreadable, "now": NOW, "policy": {"staticVolumes": "any"}})
            .to_string()
    }

    /// A failure that can be read and pasted.
    pub fn failed(&self, sentence: &str) -> String {
        format!("{sentence}\nevents:\n  {}\nlast observation:\n{}", self.log.join("\n  "), self.paste())
    }

    /// Something to read in a failure.
    pub fn note(&mut self, line: String) {
        self.log.push(line);
    }

    /// Everything that happens, each action judged.
    pub fn play(&mut self, events: &[Event], judge: &dyn Fn(&Moment) -> Verdict) -> Verdict {
        events.iter().try_for_each(|event| self.happen(event, judge))
    }

    fn happen(&mut self, event: &Event, judge: &dyn Fn(&Moment) -> Verdict) -> Verdict {
        match event {
            Event::Round { percent, deletes_first, settles } => {
                self.round(*percent, *deletes_first, *settles, judge)?;
            }
            event => {
                self.log.push(format!("{event:?}"));
                self.suffer(event);
            }
        }
        Ok(())
    }

    /// One plan, carried out so far; whether anything happened.
    pub fn round(
        &mut self,
        percent: usize,
        deletes_first: bool,
        settles: bool,
        judge: &dyn Fn(&Moment) -> Verdict,
    ) -> Result<bool, String> {
        let seen = self.seen();
        let plan = plan_of(&self.observation());
        let mut actions: Vec<&Action> = plan.actions.iter().collect();
        if deletes_first {
            actions.sort_by_key(|action| !action.destructive);
        }
        let done = (actions.len() * percent).div_ceil(100);
        self.log.push(format!(
            "a plan, {done} of {} actions{}",
            actions.len(),
            if deletes_first { ", deletes first" } else { "" }
        ));
        let pasted = self.paste();
        for action in actions.iter().take(done) {
            let before = self.cluster.objects().clone();
            let code = self.cluster.perform(&action.request);
            self.log.push(format!("  {}: {code}", action.id));
            if code >= 300 {
                break;
            }
            let key = key_of_id(&action.object);
            let moment = Moment { seen: &seen, before: &before, after: self.cluster.objects(), action, key: &key };
            judge(&moment).map_err(|sentence| {
                format!("{}: {sentence}\nevents:\n  {}\nplanned for:\n{pasted}", action.id, self.log.join("\n  "))
            })?;
        }
        if percent == 100 {
            self.write_statuses(&plan);
        }
        let events = if settles { self.cluster.settle() } else { Vec::new() };
        self.log.extend(events.iter().map(|event| format!("  {event}")));
        Ok(!plan.actions.is_empty() || plan.statuses.iter().any(|status| status.changed) || !events.is_empty())
    }

    fn write_statuses(&mut self, plan: &Plan) {
        for request in plan.statuses.iter().filter_map(|status| status.request.as_ref()) {
            self.cluster.perform(request);
        }
    }

    /// Rounds without faults until nothing happens any more.
    pub fn converge(&mut self, judge: &dyn Fn(&Moment) -> Verdict) -> Verdict {
        self.unreadable.clear();
        for _ in 0..30 {
            if !self.round(100, false, true, judge)? {
                return Ok(());
            }
        }
        Err(self.failed("after 30 rounds something still changes"))
    }

    /// `kubectl apply`.
    pub fn write(&mut self, slot: usize, spec: &Value) {
        let file = file(self.world, slot, spec);
        let request = request::apply(&slot_key(self.world, slot), file, "kubectl", true);
        self.cluster.perform(&request);
    }

    /// `kubectl delete`.
    pub fn delete(&mut self, key: &Key) {
        if let Some(live) = self.cluster.objects().get(key) {
            let request = request::delete(key, &request::guard(live), false);
            self.cluster.perform(&request);
        }
    }

    fn suffer(&mut self, event: &Event) {
        match event {
            Event::Write(slot, spec) => self.write(*slot, spec),
            Event::Delete(slot) => self.delete(&slot_key(self.world, *slot)),
            Event::Ask(slot) => self.asked.push(slot_key(self.world, *slot)),
            Event::Recreate(slot) => self.recreate(*slot),
            Event::ForeignObject(slot, child) => self.foreign_object(*slot, *child),
            Event::ForeignPatch(which) => self.foreign_patch(*which),
            Event::ForeignDelete(which) => {
                if let Some(key) = self.child(*which) {
                    self.change(|objects| drop(objects.remove(&key)));
                }
            }
            Event::Pods(model, how) => self.pods(*model, *how),
            Event::Unreadable(kind) => {
                self.unreadable.push(Unreadable { kind: Kind::ALL[*kind], namespace: String::new() });
            }
            Event::Readable => self.unreadable.clear(),
            Event::Invalid(slot, place, what) => self.invalid(*slot, *place, *what),
            Event::Stripped(which) => self.stripped(*which),
            Event::StaleStatus(slot) => {
                let status = json!({"observedGeneration": 99, "state": "available",
                    "conditions": [{"type": "Ready", "status": "True"}]});
                self.edit(&slot_key(self.world, *slot), |object| object["status"] = status);
            }
            Event::ForeignFinalizer(slot) => self.edit(&slot_key(self.world, *slot), |object| {
                if !deleting(object) {
                    add_finalizer(object);
                }
            }),
            Event::Round { .. } => {}
        }
    }

    /// Changes the cluster past its API.
    pub fn change(&mut self, change: impl FnOnce(&mut Objects)) {
        let mut objects = self.cluster.take();
        change(&mut objects);
        self.cluster.restore(objects);
    }

    /// Changes one object past its API, as a write of somebody else.
    pub fn edit(&mut self, key: &Key, edit: impl FnOnce(&mut Value)) {
        self.serial += 1;
        let version = format!("9{:06}", self.serial);
        self.change(|objects| {
            let Some(object) = objects.get_mut(key) else { return };
            let spec = object["spec"].clone();
            edit(object);
            object["metadata"]["resourceVersion"] = version.into();
            if object["spec"] != spec {
                object["metadata"]["generation"] = json!(object["metadata"]["generation"].as_i64().unwrap_or(0) + 1);
            }
        });
    }

    fn recreate(&mut self, slot: usize) {
        let key = slot_key(self.world, slot);
        let Some(spec) = self.cluster.objects().get(&key).map(|object| object["spec"].clone()) else { return };
        self.change(|objects| drop(objects.remove(&key)));
        self.write(slot, &spec);
    }

    fn foreign_object(&mut self, slot: usize, child: usize) {
        let parent = slot_key(self.world, slot);
        let kinds = child_kinds(parent.kind);
        let key = child_key(kinds[child % kinds.len()], &parent);
        let mut object = json!({"apiVersion": key.kind.api(), "kind": key.kind.name(),
            "metadata": {"name": key.name, "uid": format!("foreign-{}", key.label()), "resourceVersion": "7"}, "spec": {}});
        if key.kind.namespaced() {
            object["metadata"]["namespace"] = key.namespace.clone().into();
        }
        self.change(|objects| {
            if !objects.contains_key(&key) {
                objects.insert(key, object);
            }
        });
    }

    fn child(&self, which: usize) -> Option<Key> {
        let is_child = |object: &Value| owner(object).is_some() || object["kind"] == "PersistentVolume";
        let children: Vec<&Key> =
            self.cluster.objects().iter().filter(|(_, object)| is_child(object)).map(|(key, _)| key).collect();
        children.get(which % children.len().max(1)).map(|key| (*key).clone())
    }

    fn foreign_patch(&mut self, which: usize) {
        let Some(key) = self.child(which) else { return };
        self.edit(&key, |object| match (key.kind, which % 3) {
            (Kind::Deployment, 0) => scaled_by_another(object),
            (Kind::Deployment, 1) => object["spec"]["template"]["spec"]["containers"][0]["image"] = json!("evil.example.com/x:1"),
            (Kind::VirtualService, 0) => object["spec"]["http"] = json!([]),
            (Kind::VirtualService, 1) => object["spec"]["hosts"] = json!(["x.example.com"]),
            (Kind::Service, _) => object["spec"]["ports"][0]["port"] = json!(81),
            _ => object["metadata"]["labels"]["app.kubernetes.io/part-of"] = json!("somebody"),
        });
    }

    fn pods(&mut self, model: usize, how: usize) {
        let parent = slot_key(self.world, model);
        self.edit(&child_key(Kind::Deployment, &parent), |object| {
            let wanted = object["spec"]["replicas"].as_i64().unwrap_or(1);
            object["status"]["availableReplicas"] = json!(if how == 1 { (wanted - 1).max(0) } else { 0 });
            if how == 2 {
                object["status"]["conditions"] = json!([{"type": "Progressing", "status": "False",
                    "reason": "ProgressDeadlineExceeded", "message": "too long"}]);
            }
        });
    }

    fn invalid(&mut self, slot: usize, place: usize, what: usize) {
        self.edit(&slot_key(self.world, slot), |object| {
            object["spec"] = mutants::mutated(&object["spec"], place, what);
        });
    }

    fn stripped(&mut self, which: usize) {
        let keys: Vec<Key> = self.cluster.objects().keys().cloned().collect();
        self.edit(&keys[which % keys.len()], |object| {
            object["metadata"].as_object_mut().map(|metadata| metadata.remove("managedFields"));
        });
    }
}

fn add_finalizer(object: &mut Value) {
    let mut finalizers = object["metadata"]["finalizers"].as_array().cloned().unwrap_or_default();
    if !finalizers.contains(&json!(FOREIGN_FINALIZER)) {
        finalizers.push(json!(FOREIGN_FINALIZER));
    }
    object["metadata"]["finalizers"] = finalizers.into();
}

/// As an autoscaler does: the field is its own afterwards.
fn scaled_by_another(object: &mut Value) {
    object["spec"]["replicas"] = json!(5);
    let mut entries = object["metadata"]["managedFields"].as_array().cloned().unwrap_or_default();
    for entry in &mut entries {
        if let Some(spec) = entry.pointer_mut("/fieldsV1/f:spec").and_then(Value::as_object_mut) {
            spec.remove("f:replicas");
        }
    }
    entries.push(json!({"manager": "autoscaler", "operation": "Update", "apiVersion": "apps/v1", "fieldsType": "FieldsV1",
        "fieldsV1": {"f:spec": {"f:replicas": {}}}}));
    object["metadata"]["managedFields"] = entries.into();
}

pub fn policy() -> Policy {
    Policy::parse(&json!({"staticVolumes": "any"})).unwrap()
}

/// The child of a kind.
pub fn child_key(kind: Kind, parent: &Key) -> Key {
    match kind {
        Kind::PersistentVolume => Key::new(kind, "", &names::volume(&parent.namespace, &parent.name)),
        _ => Key::new(kind, &parent.namespace, &parent.name),
    }
}

/// The key of a plan's id.
pub fn key_of_id(id: &str) -> Key {
    let parts: Vec<&str> = id.split('|').collect();
    Key::new(Kind::of(parts[0], parts[1]).unwrap(), parts[2], parts[3])
}

/// No judgement.
pub fn anything(_moment: &Moment) -> Verdict {
    Ok(())
}

/// The children of a cluster, without what differs between two ways to the same end: uids become the names of their objects.
pub fn comparable(objects: &Objects) -> BTreeMap<String, Value> {
    let uids: BTreeMap<&str, String> = objects.iter().map(|(key, object)| (uid(object), key.label())).collect();
    let children = objects.iter().filter(|(key, _)| !key.kind.is_parent());
    children.map(|(key, object)| (key.label(), without_history(object, &uids))).collect()
}

fn without_history(object: &Value, uids: &BTreeMap<&str, String>) -> Value {
    let mut object = named(object, uids);
    if let Some(metadata) = object["metadata"].as_object_mut() {
        for field in ["uid", "resourceVersion", "managedFields", "generation", "creationTimestamp", "ownerReferences"] {
            metadata.remove(field);
        }
    }
    for (place, member) in
        [("annotations", names::MODEL_GENERATION), ("annotations", names::DECORATOR), ("labels", names::CONTROLLER_UID)]
    {
        if let Some(members) = object["metadata"].get_mut(place).and_then(Value::as_object_mut) {
            members.remove(member);
            if members.is_empty() {
                object["metadata"].as_object_mut().map(|metadata| metadata.remove(place));
            }
        }
    }
    if let Some(members) = object.as_object_mut() {
        members.remove("status");
    }
    object
}

fn named(value: &Value, uids: &BTreeMap<&str, String>) -> Value {
    match value {
        Value::String(text) => match text.strip_prefix("pvc-").or(Some(text)).and_then(|uid| uids.get(uid)) {
            Some(label) if !text.is_empty() => format!("uid of {label}").into(),
            _ => value.clone(),
        },
        Value::Array(items) => items.iter().map(|item| named(item, uids)).collect(),
        Value::Object(members) => Value::Object(members.iter().map(|(name, value)| (name.clone(), named(value, uids))).collect()),
        _ => value.clone(),
    }
}

/// Members that differ, for reading.
pub fn differences(a: &Value, b: &Value, path: &str, found: &mut Vec<String>) {
    match (a, b) {
        (Value::Object(left), Value::Object(right)) => {
            let keys: std::collections::BTreeSet<_> = left.keys().chain(right.keys()).collect();
            for key in keys {
                differences(&a[key.as_str()], &b[key.as_str()], &format!("{path}/{key}"), found);
            }
        }
        (Value::Array(left), Value::Array(right)) if left.len() == right.len() => {
            for (at, (a, b)) in left.iter().zip(right).enumerate() {
                differences(a, b, &format!("{path}/{at}"), found);
            }
        }
        _ if a == b => {}
        _ => found.push(format!("{path}: {a} and {b}")),
    }
}

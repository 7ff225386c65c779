//! Random worlds: what users write, what happens to a cluster, and one run of it.
#![allow(dead_code, reason = "each property uses its part")]

pub mod metacontroller;
pub mod mutants;
pub mod oracle;
pub mod run;

use modelwright::kinds::{API, Key, Kind};
use proptest::prelude::*;
use proptest::sample::subsequence;
use proptest::test_runner::Config;
use serde_json::{Value, json};

/// As many cases as `PROPTEST_CASES` says, else `few`.
pub fn cases(few: u32) -> Config {
    let given = Config::default();
    let unset = given.cases == 256;
    Config {
        cases: if unset { few } else { given.cases },
        failure_persistence: None,
        max_shrink_iters: 400,
        max_shrink_time: 15_000,
        ..given
    }
}

pub const NAMESPACES: [&str; 2] = ["apples", "pears"];
pub const MODELS: [&str; 3] = ["m0", "m1", "m2"];
pub const CONFIGS: [&str; 2] = ["c0", "c1"];
pub const ENDPOINTS: [&str; 3] = ["e0", "e1", "e2"];

/// What a user wrote, by slot: three Models, two EndpointConfigs, three Endpoints.
#[derive(Clone, Debug)]
pub struct World {
    /// The namespace of every slot.
    pub places: Vec<usize>,
    /// The storage of every Model, which never changes.
    pub storage: Vec<Value>,
    /// The spec of every slot; `None`: it does not exist.
    pub specs: Vec<Option<Value>>,
}

/// How many slots there are, and where the kinds begin.
pub const SLOTS: usize = 8;
const FIRST_CONFIG: usize = 3;
const FIRST_ENDPOINT: usize = 5;

/// What happens.
#[derive(Clone, Debug)]
pub enum Event {
    /// A file is applied.
    Write(usize, Value),
    /// `kubectl delete`.
    Delete(usize),
    /// The host is asked to delete, from now on.
    Ask(usize),
    /// Finalizers are stripped by force, and the name is used again.
    Recreate(usize),
    /// Somebody's object takes the name of the child of a slot.
    ForeignObject(usize, usize),
    /// Somebody changes a child.
    ForeignPatch(usize),
    /// Somebody deletes a child.
    ForeignDelete(usize),
    /// Pods of a Model: none available, some, or given up.
    Pods(usize, usize),
    /// A kind cannot be read any more.
    Unreadable(usize),
    /// Everything can be read again.
    Readable,
    /// An edit that got past the rules.
    Invalid(usize, usize, usize),
    /// managedFields are gone.
    Stripped(usize),
    /// A status that says nothing true.
    StaleStatus(usize),
    /// A finalizer that is not ours.
    ForeignFinalizer(usize),
    /// One plan: how much of it is done, whether deletes go first, whether the controllers act after it.
    Round { percent: usize, deletes_first: bool, settles: bool },
}

/// The key of a slot.
pub fn slot_key(world: &World, slot: usize) -> Key {
    let (kind, name) = match slot {
        0..FIRST_CONFIG => (Kind::Model, MODELS[slot]),
        FIRST_CONFIG..FIRST_ENDPOINT => (Kind::EndpointConfig, CONFIGS[slot - FIRST_CONFIG]),
        _ => (Kind::Endpoint, ENDPOINTS[slot - FIRST_ENDPOINT]),
    };
    Key::new(kind, NAMESPACES[world.places[slot]], name)
}

/// The file of a slot.
pub fn file(world: &World, slot: usize, spec: &Value) -> Value {
    let key = slot_key(world, slot);
    let mut spec = spec.clone();
    if slot < FIRST_CONFIG && !world.storage[slot].is_null() {
        spec["storage"] = world.storage[slot].clone();
    }
    json!({"apiVersion": API, "kind": key.kind.name(), "metadata": {"name": key.name, "namespace": key.namespace}, "spec": spec})
}

/// The files of a world.
pub fn files(world: &World) -> Vec<Value> {
    (0..SLOTS).filter_map(|slot| Some(file(world, slot, world.specs[slot].as_ref()?))).collect()
}

/// Any world.
pub fn worlds() -> impl Strategy<Value = World> {
    let places = prop_oneof![3 => Just(vec![0; SLOTS]), 1 => proptest::collection::vec(0..2usize, SLOTS)];
    (places, proptest::collection::vec(storages(), 3)).prop_flat_map(|(places, storage)| {
        let specs: Vec<_> = (0..SLOTS).map(|slot| proptest::option::weighted(0.8, specs_of(slot, &storage))).collect();
        (Just(places), Just(storage), specs).prop_map(|(places, storage, specs)| World { places, storage, specs })
    })
}

/// A world in which everything serves: every reference leads somewhere, no host is given twice.
pub fn serving_worlds() -> impl Strategy<Value = World> {
    proptest::collection::vec(storages(), 3).prop_flat_map(|storage| {
        let specs: Vec<_> = (0..SLOTS).map(|slot| specs_of(slot, &storage).boxed()).collect();
        (Just(storage), specs).prop_map(|(storage, mut specs)| {
            for (index, spec) in specs.iter_mut().enumerate() {
                if index < FIRST_CONFIG {
                    spec["instances"] = json!(1);
                    spec.as_object_mut().unwrap().remove("server");
                }
                let entries = spec.get_mut("models").and_then(Value::as_array_mut);
                for entry in entries.into_iter().flatten().filter(|entry| entry["instances"] == 0) {
                    entry["instances"] = json!(1);
                }
                if index >= FIRST_ENDPOINT {
                    spec["config"] = json!(CONFIGS[index % 2]);
                    spec["host"] = json!(format!("h{index}.example.com"));
                }
            }
            World { places: vec![0; SLOTS], storage, specs: specs.into_iter().map(Some).collect() }
        })
    })
}

fn storages() -> impl Strategy<Value = Value> {
    prop_oneof![
        3 => Just(Value::Null),
        3 => Just(json!({"ephemeral": {}})),
        3 => Just(json!({"nfs": {"server": "nfs.example.internal", "path": "/exports/a"}})),
        1 => Just(json!({"size": "20Gi", "storageClassName": "fast", "accessModes": ["ReadWriteMany"]})),
        1 => Just(json!({"csi": {"driver": "d.example.com", "volumeHandle": "h"}, "accessModes": ["ReadWriteMany"]})),
        1 => Just(json!({"hostPath": {"path": "/data"}})),
        1 => Just(json!({"existingClaim": "mine"})),
    ]
}

/// Whether more than one instance is allowed.
fn many(storage: &Value) -> bool {
    ["ephemeral", "nfs"].iter().any(|source| storage.get(*source).is_some()) || storage["accessModes"][0] == "ReadWriteMany"
}

fn specs_of(slot: usize, storage: &[Value]) -> BoxedStrategy<Value> {
    match slot {
        0..FIRST_CONFIG => models(many(&storage[slot])).boxed(),
        FIRST_CONFIG..FIRST_ENDPOINT => configs(storage.iter().map(many).collect()).boxed(),
        _ => endpoints().boxed(),
    }
}

fn models(many: bool) -> impl Strategy<Value = Value> {
    let most = if many { 4 } else { 2 };
    let instances = prop_oneof![8 => 1..most, 1 => Just(0)];
    let pod = prop_oneof![
        4 => Just(Value::Null),
        1 => Just(json!({"labels": {"team": "a"}, "nodeSelector": {"gpu": "yes"}})),
        1 => Just(json!({"resources": {"nvidia.com/gpu": 1}, "tolerations": [{"key": "gpu", "operator": "Exists"}]})),
        1 => Just(json!({"volumes": [{"name": "scratch", "mountPath": "/scratch", "emptyDir": {}}],
            "securityContext": {"runAsUser": 0, "runAsGroup": 0, "runAsNonRoot": false}})),
    ];
    let capture =
        prop_oneof![Just(Value::Null), Just(json!({"mode": "Disabled"})), Just(json!({"mode": "Gor", "percentage": 10}))];
    let cpus = prop_oneof![Just(json!("1")), Just(json!("500m")), Just(json!(2))];
    let env = prop_oneof![Just(json!([])), Just(json!([{"name": "B", "value": "1"}, {"name": "A", "value": "$(B)"}]))];
    let server = prop_oneof![9 => Just(Value::Null), 1 => Just(json!({"invocationsPath": "/v2/infer"}))];
    (1..4u8, instances, cpus, pod, capture, env, server).prop_map(|(image, instances, cpus, pod, capture, env, server)| {
        let mut spec = json!({
            "image": format!("registry.example.com/m:{image}"),
            "artifact": {"uri": format!("https://models.example.com/m/v{image}.tar.gz"), "maxBytes": "5Gi"},
            "instances": instances, "cpus": cpus, "env": env,
        });
        for (name, value) in [("pod", pod), ("capture", capture), ("server", server)] {
            if !value.is_null() {
                spec[name] = value;
            }
        }
        spec
    })
}

fn configs(many: Vec<bool>) -> impl Strategy<Value = Value> {
    let weights = prop_oneof![2 => Just(0u32), 3 => Just(1), 2 => Just(10), 3 => Just(90), 1 => Just(1_000_000_007)];
    let entry = (weights, proptest::option::of(prop_oneof![Just(0u32), Just(1), Just(2)]), proptest::option::of(Just("750m")));
    let order = subsequence(vec![0usize, 1, 2], 1..=3).prop_shuffle();
    (order, proptest::collection::vec(entry, 3), proptest::option::of(20..40u32)).prop_map(move |(order, entries, timeout)| {
        let mut models: Vec<Value> = order.iter().map(|index| variant(*index, &entries[*index], many[*index])).collect();
        if models.iter().all(|entry| entry["weight"] == 0) {
            models[0]["weight"] = json!(7);
            if models[0]["instances"] == 0 {
                models[0]["instances"] = json!(1);
            }
        }
        match timeout {
            Some(seconds) => json!({"models": models, "timeoutSeconds": seconds}),
            None => json!({"models": models}),
        }
    })
}

fn variant(index: usize, (weight, instances, cpus): &(u32, Option<u32>, Option<&str>), many: bool) -> Value {
    let mut entry = json!({"name": format!("v{index}"), "model": MODELS[index], "weight": weight});
    if let Some(instances) = instances {
        let least = u32::from(*weight > 0);
        entry["instances"] = json!((*instances).clamp(least, if many { 3 } else { 1 }));
    }
    if let Some(cpus) = cpus {
        entry["cpus"] = json!(cpus);
    }
    entry
}

fn endpoints() -> impl Strategy<Value = Value> {
    let config = prop_oneof![9 => proptest::sample::select(&CONFIGS[..]), 1 => Just("missing")];
    (config, 0..3u8, any::<bool>()).prop_map(|(config, host, tls)| {
        let host = ["a.example.com", "B.example.com", "c.example.com"][usize::from(host)];
        let mut spec = json!({"config": config, "host": host, "gateway": {"selector": {"istio": "ingressgateway"}}});
        if tls {
            spec["tls"] = json!({"credentialName": "cert"});
        }
        spec
    })
}

/// What users do and hosts suffer, between rounds.
pub fn events(world: &World, most: usize, foreign: bool) -> BoxedStrategy<Vec<Event>> {
    let storage = world.storage.clone();
    let slot = || 0..SLOTS;
    let write = slot().prop_flat_map(move |slot| (Just(slot), specs_of(slot, &storage)));
    let round = || {
        (prop_oneof![3 => Just(100), 1 => 0..100usize], any::<bool>(), prop::bool::weighted(0.7))
            .prop_map(|(percent, deletes_first, settles)| Event::Round { percent, deletes_first, settles })
    };
    let pods = || (0..3usize, 0..3usize).prop_map(|(model, how)| Event::Pods(model, how));
    let own = prop_oneof![
        6 => round(),
        4 => write.clone().prop_map(|(slot, spec)| Event::Write(slot, spec)),
        2 => slot().prop_map(Event::Delete),
        1 => pods(),
    ];
    let all = prop_oneof![
        8 => round(),
        5 => write.prop_map(|(slot, spec)| Event::Write(slot, spec)),
        3 => slot().prop_map(Event::Delete),
        2 => pods(),
        1 => slot().prop_map(Event::Ask),
        1 => slot().prop_map(Event::Recreate),
        1 => (slot(), 0..4usize).prop_map(|(slot, child)| Event::ForeignObject(slot, child)),
        2 => (0..64usize).prop_map(Event::ForeignPatch),
        1 => (0..64usize).prop_map(Event::ForeignDelete),
        1 => (0..10usize).prop_map(Event::Unreadable),
        1 => Just(Event::Readable),
        1 => (slot(), 0..64usize, 0..16usize).prop_map(|(slot, leaf, value)| Event::Invalid(slot, leaf, value)),
        1 => (0..64usize).prop_map(Event::Stripped),
        1 => slot().prop_map(Event::StaleStatus),
        1 => slot().prop_map(Event::ForeignFinalizer),
    ];
    let one = if foreign { all.boxed() } else { own.boxed() };
    proptest::collection::vec(one, 1..=most).boxed()
}

/// A world and what happens in it; where everything serves, it does so before the first event.
pub fn histories(most: usize, foreign: bool) -> impl Strategy<Value = (World, Vec<Event>)> {
    let fresh = worlds().prop_flat_map(move |world| (Just(world.clone()), events(&world, most, foreign)));
    let serving = serving_worlds().prop_flat_map(move |world| {
        let rounds = vec![Event::Round { percent: 100, deletes_first: false, settles: true }; 4];
        let then = move |events: Vec<Event>| rounds.iter().cloned().chain(events).collect();
        (Just(world.clone()), events(&world, most, foreign).prop_map(then))
    });
    prop_oneof![1 => fresh.boxed(), 2 => serving.boxed()]
}

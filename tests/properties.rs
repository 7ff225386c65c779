//! Properties over random worlds: each test's name is its sentence. `PROPTEST_CASES` says how many cases; a failing case prints the
//! events that led to it and the observation as JSON for `plan`.
#![allow(missing_docs, reason = "a test")]

mod worlds;

use modelwright::contract;
use modelwright::forecast::plan_of;
use modelwright::kinds::{Key, Kind};
use modelwright::observation::is_deleting;
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use serde_json::{Map, Value, json};
use worlds::metacontroller;
use worlds::oracle::{self, Objects, Verdict};
use worlds::run::{self, NOW, Run};
use worlds::{Event, SLOTS, World, cases, histories, mutants, serving_worlds, slot_key, worlds as any_worlds};

fn fail(sentence: String) -> TestCaseError {
    TestCaseError::fail(sentence)
}

/// Plays a history and judges every action.
fn judged(world: &World, events: &[Event], judge: &dyn Fn(&oracle::Moment) -> Verdict) -> Result<(), TestCaseError> {
    let mut run = Run::written(world);
    run.play(events, judge).and_then(|()| run.converge(judge)).map_err(fail)
}

/// A world in which everything that can serve does.
fn settled(world: &World) -> Result<Run<'_>, TestCaseError> {
    let mut run = Run::written(world);
    run.converge(&run::anything).map_err(fail)?;
    Ok(run)
}

/// Found by a property: the older config asks for no instances of a Model that the younger one routes to.
#[test]
fn a_model_with_traffic_keeps_its_instances() {
    let spec = json!({"image": "r.example.com/m:1", "artifact": {"uri": "https://models.example.com/m.tar.gz"}});
    let config = |entries: Value| json!({"models": entries});
    let none = json!({"name": "v0", "model": "m0", "weight": 0, "instances": 0});
    let endpoint = json!({"config": "c1", "host": "h.example.com", "gateway": {"selector": {"istio": "ingressgateway"}}});
    let world = World {
        places: vec![0; SLOTS],
        storage: vec![Value::Null; 3],
        specs: vec![
            Some(spec.clone()),
            Some(spec),
            None,
            Some(config(json!([{"name": "v1", "model": "m1", "weight": 1}]))),
            Some(config(json!([{"name": "v0", "model": "m0", "weight": 1}]))),
            Some(endpoint),
            None,
            None,
        ],
    };
    let mut run = Run::written(&world);
    run.converge(&run::anything).unwrap();
    run.write(3, &config(json!([{"name": "v1", "model": "m1", "weight": 1}, none])));
    run.converge(&oracle::what_serves_keeps_serving).unwrap();
    let deployment = oracle::get(run.cluster.objects(), Kind::Deployment, "apples", "m0").unwrap();
    assert_eq!(deployment["spec"]["replicas"], 1);
}

proptest! {
    #![proptest_config(cases(8))]

    #[test]
    fn an_unready_model_never_gets_new_traffic((world, events) in histories(14, true)) {
        judged(&world, &events, &oracle::unready_gets_no_traffic)?;
    }

    #[test]
    fn what_serves_keeps_its_traffic_its_pods_and_its_address((world, events) in histories(14, true)) {
        judged(&world, &events, &oracle::what_serves_keeps_serving)?;
    }

    #[test]
    fn every_routed_destination_has_a_service_and_a_deployment((world, events) in histories(14, true)) {
        judged(&world, &events, &oracle::routed_destinations_exist)?;
    }

    #[test]
    fn nothing_foreign_is_changed_and_every_write_is_guarded((world, events) in histories(14, true)) {
        judged(&world, &events, &oracle::only_ours_with_guards)?;
    }

    #[test]
    fn weights_are_emitted_as_written_and_never_on_zero_instances((world, events) in histories(14, true)) {
        judged(&world, &events, &oracle::weights_are_as_written)?;
    }

    #[test]
    fn plans_are_well_formed((world, events) in histories(10, true)) {
        let mut run = Run::written(&world);
        for event in &events {
            run.play(std::slice::from_ref(event), &run::anything).map_err(fail)?;
            oracle::plan_is_well_formed(&plan_of(&run.observation())).map_err(|sentence| fail(run.failed(&sentence)))?;
        }
    }

    #[test]
    fn any_crash_and_any_fault_heals_and_then_nothing_is_written((world, events) in histories(14, true)) {
        let mut run = Run::written(&world);
        run.play(&events, &run::anything).and_then(|()| run.converge(&run::anything)).map_err(fail)?;
        let mut later = run.observation();
        later.now = "2031-01-01T00:00:00Z".into();
        for seen in [run.observation(), later] {
            let plan = plan_of(&seen);
            prop_assert!(plan.actions.is_empty(), "{}", run.failed("a settled cluster is changed"));
            prop_assert!(plan.statuses.iter().all(|status| !status.changed), "{}", run.failed("a status is written again"));
        }
    }

    #[test]
    fn a_host_is_on_one_virtual_service_once_settled((world, events) in histories(14, false)) {
        let mut run = Run::written(&world);
        run.play(&events, &oracle::hosts_stay_routed).and_then(|()| run.converge(&oracle::hosts_stay_routed)).map_err(fail)?;
        let plan = plan_of(&run.observation());
        // An invalid config keeps what it has.
        if plan.waiting.is_empty() && !plan.diagnostics.iter().any(|diagnostic| diagnostic.is_error()) {
            oracle::hosts_are_exclusive(run.cluster.objects()).map_err(|sentence| fail(run.failed(&sentence)))?;
        }
    }

    #[test]
    fn an_edited_world_ends_as_if_it_had_been_written_at_once((world, events) in histories(14, false)) {
        let mut run = Run::written(&world);
        run.play(&events, &run::anything).and_then(|()| run.converge(&run::anything)).map_err(fail)?;
        let plan = plan_of(&run.observation());
        // What waits or is refused depends on what was there before.
        let held = |code: &str| plan.diagnostics.iter().any(|diagnostic| diagnostic.code == code);
        if plan.waiting.is_empty() && !plan.diagnostics.iter().any(|diagnostic| diagnostic.is_error()) && !held("InUse") {
            let fresh = settled_again(&run)?;
            same_children(&run, &fresh)?;
        }
    }

    #[test]
    fn deleting_everything_leaves_nothing_of_ours_and_what_is_foreign((world, events) in histories(10, true)) {
        let mut run = Run::written(&world);
        // Who strips our finalizer by force gives the volume up.
        let events: Vec<Event> = events.into_iter().filter(|event| !matches!(event, Event::Recreate(_))).collect();
        run.play(&events, &run::anything).map_err(fail)?;
        let kept = finalized_by_others(run.cluster.objects());
        for slot in 0..SLOTS {
            run.delete(&slot_key(&world, slot));
        }
        run.converge(&oracle::only_ours_with_guards).map_err(fail)?;
        prop_assert_eq!(finalized_by_others(run.cluster.objects()), kept, "{}", run.failed("a foreign finalizer is gone"));
        let parents: Vec<Key> = run.cluster.objects().keys().filter(|key| key.kind.is_parent()).cloned().collect();
        for key in parents {
            run.edit(&key, |object| object["metadata"]["finalizers"].as_array_mut().unwrap().retain(|f| f != run::FOREIGN_FINALIZER));
            run.change(|objects| *objects = std::mem::take(objects).into_iter().filter(|(_, object)| !is_free(object)).collect());
        }
        run.converge(&run::anything).map_err(fail)?;
        let left: Vec<String> = run.cluster.objects().iter().filter(|(_, object)| is_owned(object)).map(|(key, _)| key.label()).collect();
        prop_assert!(left.is_empty(), "{}", run.failed(&format!("{left:?} is left")));
    }

    #[test]
    fn an_invalid_resource_changes_nothing(
        world in serving_worlds(), slot in 0..SLOTS, places in proptest::collection::vec((0..64usize, 0..16usize), 12)
    ) {
        let run = settled(&world)?;
        everything_serves(&run)?;
        for (place, what) in places {
            let mut run = run.clone();
            run.play(&[Event::Invalid(slot, place, what)], &run::anything).map_err(fail)?;
            let key = slot_key(&world, slot);
            let object = run.cluster.objects()[&key].clone();
            if is_invalid(&object) {
                let plan = plan_of(&run.observation());
                let ids: Vec<&str> = plan.actions.iter().map(|action| action.id.as_str()).collect();
                prop_assert!(ids.is_empty(), "{}", run.failed(&format!("{ids:?} although {} is invalid: {}", key.label(), object["spec"])));
            }
        }
    }

    #[test]
    fn metacontroller_never_drops_a_child_of_an_invalid_resource(
        world in serving_worlds(), slot in 0..SLOTS, places in proptest::collection::vec((0..64usize, 0..16usize), 12)
    ) {
        let mut run = Run::written(&world);
        metacontroller::converge(&mut run, slot, &run::anything).map_err(fail)?;
        everything_serves(&run)?;
        for (place, what) in places {
            let mut run = run.clone();
            run.play(&[Event::Invalid(slot, place, what)], &run::anything).map_err(fail)?;
            let key = slot_key(&world, slot);
            if is_invalid(&run.cluster.objects()[&key]) {
                never_fewer(run.cluster.objects(), &key).map_err(|sentence| fail(run.failed(&sentence)))?;
                let before = run.cluster.objects().clone();
                metacontroller::round(&mut run, what, &run::anything).map_err(fail)?;
                unchanged_children(&before, &run)?;
            }
        }
    }

    #[test]
    fn metacontroller_ends_with_the_children_of_a_host_that_makes_its_own_calls(
        (world, events) in histories(10, false), turn in 0..99usize
    ) {
        let judge = |moment: &oracle::Moment| {
            oracle::unready_gets_no_traffic(moment)
                .and_then(|()| oracle::what_serves_keeps_serving(moment))
                .and_then(|()| oracle::weights_are_as_written(moment))
        };
        let mut run = Run::written(&world);
        for (at, event) in events.iter().enumerate() {
            match event {
                Event::Round { .. } => drop(metacontroller::round(&mut run, turn + at, &judge).map_err(fail)?),
                event => run.play(std::slice::from_ref(event), &judge).map_err(fail)?,
            }
        }
        metacontroller::converge(&mut run, turn, &judge).map_err(fail)?;
        let direct = settled_again(&run)?;
        let plan = plan_of(&direct.observation());
        // What is on hold, or being deleted and in use, stays as it was, so it depends on what was before.
        let deleting = run.cluster.objects().iter().any(|(key, object)| key.kind.is_parent() && is_deleting(object));
        let held = deleting || plan.diagnostics.iter().any(|diagnostic| diagnostic.is_error() || diagnostic.code == "InUse");
        if plan.waiting.is_empty() && !held && every_route_is_ready(&run) {
            same_children(&run, &direct)?;
        }
    }

    #[test]
    fn metacontroller_leaves_nothing_once_everything_is_deleted((world, events) in histories(6, false), turn in 0..99usize) {
        let mut run = Run::written(&world);
        for (at, event) in events.iter().enumerate() {
            match event {
                Event::Round { .. } => drop(metacontroller::round(&mut run, turn + at, &run::anything).map_err(fail)?),
                event => run.play(std::slice::from_ref(event), &run::anything).map_err(fail)?,
            }
        }
        for slot in 0..SLOTS {
            run.delete(&slot_key(&world, slot));
        }
        metacontroller::converge(&mut run, turn, &run::anything).map_err(fail)?;
        let left: Vec<String> = run.cluster.objects().iter().filter(|(_, object)| is_owned(object)).map(|(key, _)| key.label()).collect();
        let parents = run.cluster.objects().keys().filter(|key| key.kind.is_parent()).count();
        prop_assert!(left.is_empty() && parents == 0, "{}", run.failed(&format!("{left:?} and {parents} parents are left")));
    }

    #[test]
    fn the_same_input_gives_the_same_bytes_in_any_order((world, events) in histories(8, true), seed in any::<u64>()) {
        let mut run = Run::written(&world);
        run.play(&events, &run::anything).map_err(fail)?;
        let input = run.paste();
        let plan = contract::call("plan", &input);
        prop_assert_eq!(&plan, &contract::call("plan", &input));
        let shuffled = shuffled(&serde_json::from_str(&input).unwrap(), seed);
        prop_assert_eq!(&plan, &contract::call("plan", &shuffled), "{}", run.failed("the order of the input matters"));
    }

    #[test]
    fn what_one_asks_to_delete_goes_or_says_why_not(world in serving_worlds(), asked in proptest::collection::vec(0..SLOTS, 1..SLOTS)) {
        let mut run = settled(&world)?;
        run.asked = asked.iter().map(|slot| slot_key(&world, *slot)).collect();
        let answer: Value = serde_json::from_str(&contract::call("forecast", &run.paste())).unwrap();
        let end = &answer["ok"]["end"];
        let rounds = answer["ok"]["rounds"].as_array().map_or(0, Vec::len);
        let done = end["reason"] == "Done" && rounds > 0;
        let held = end["reason"] == "Waiting" && end["waiting"].as_array().is_some_and(|waiting| waiting.iter().any(|held| held["gate"] == "in-use"));
        prop_assert!(done || held, "{}", run.failed(&end.to_string()));
        run.converge(&|moment: &oracle::Moment| {
            oracle::only_ours_with_guards(moment)
                .and_then(|()| oracle::what_serves_keeps_serving(moment))
                .and_then(|()| oracle::routed_destinations_exist(moment))
        })
        .map_err(fail)?;
        let left = run.asked.iter().filter(|key| run.cluster.objects().contains_key(key)).count();
        prop_assert_eq!(left == 0, done, "{}", run.failed("the forecast is wrong"));
    }

    #[test]
    fn a_forecast_ends_in_an_empty_plan(world in any_worlds()) {
        let input = json!({"resources": worlds::files(&world), "now": NOW, "policy": {"staticVolumes": "any"}}).to_string();
        let answer: Value = serde_json::from_str(&contract::call("forecast", &input)).unwrap();
        let end = &answer["ok"]["end"];
        prop_assert_ne!(&end["reason"], "RoundLimit", "{}\n{}", end, input);
        let rounds = answer["ok"]["rounds"].as_array().unwrap();
        let refused = |round: &Value| round["events"].as_array().unwrap().iter().any(|event| event.as_str().unwrap().contains("is answered"));
        prop_assert!(!rounds.iter().any(refused), "a request is refused: {answer}\n{input}");
    }
}

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn any_text_gets_an_answer(operation in 0..OPERATIONS.len(), text in ".{0,200}") {
        answers(OPERATIONS[operation], &text)?;
    }

    #[test]
    fn any_json_gets_an_answer(value in mutants::any_json()) {
        for operation in OPERATIONS {
            answers(operation, &value.to_string())?;
        }
    }
}

proptest! {
    #![proptest_config(cases(3))]

    #[test]
    fn a_mutated_request_gets_an_answer(
        world in serving_worlds(), slot in 0..SLOTS, places in proptest::collection::vec((any::<u32>(), 0..16usize), 12)
    ) {
        let mut run = Run::written(&world);
        metacontroller::converge(&mut run, slot, &run::anything).map_err(fail)?;
        for (operation, request) in requests(&run, slot) {
            let valid = answers(operation, &request.to_string())?;
            prop_assert!(valid["ok"].is_object() || valid["ok"].is_array(), "{operation}: {valid}");
            for (place, what) in &places {
                let mutant = mutants::mutated(&request, *place as usize, *what);
                let answer = answers(operation, &mutant.to_string())?;
                if operation == "sync" {
                    no_fewer_than_asked(&mutant, &answer)?;
                }
            }
        }
    }
}

/// A valid request for every operation that takes one.
fn requests(run: &Run, slot: usize) -> Vec<(&'static str, Value)> {
    let objects = run.cluster.objects();
    let key = slot_key(run.world, slot);
    let parent = &objects[&key];
    let set: Value = serde_json::from_str(&run.paste()).unwrap();
    let one = json!({"parent": parent, "children": set["observed"], "related": [], "now": NOW, "policy": set["policy"]});
    let host = json!({"now": NOW, "policy": set["policy"]});
    let child = objects.values().find(|object| object["kind"] == "Deployment").cloned().unwrap_or_default();
    let mut desired = child.clone();
    desired["metadata"]["managedFields"] = Value::Null;
    let hook = |request: Value| json!({"host": host, "request": request});
    let sync = hook(metacontroller::sync_request(objects, &key, parent));
    let edit = json!({"uid": "u", "operation": "UPDATE", "object": parent, "oldObject": before(parent)});
    let review = json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": edit});
    vec![
        ("plan", set.clone()),
        ("render", set),
        ("diff", json!({"desired": desired, "live": child})),
        ("reconcile", one.clone()),
        ("delete-handler", one),
        ("validate", json!({"object": parent, "old": parent})),
        ("update", json!({"object": parent, "observed": parent})),
        ("requirements", parent.clone()),
        ("sync", sync.clone()),
        ("finalize", sync),
        ("customize", hook(json!({"parent": parent}))),
        ("review", hook(review)),
    ]
}

/// A custom resource before an edit.
fn before(parent: &Value) -> Value {
    let mut before = parent.clone();
    for (place, value) in [("instances", json!(7)), ("timeoutSeconds", json!(7)), ("host", json!("before.example.com"))] {
        before["spec"][place] = value;
    }
    before
}

/// A hook that answers 200 with fewer children than the parent has was asked about a valid parent, or one that is being deleted.
fn no_fewer_than_asked(request: &Value, answer: &Value) -> Result<(), TestCaseError> {
    let parent = &request["request"]["parent"];
    let groups = request["request"]["children"].as_object().into_iter().flatten();
    let objects = groups.filter_map(|(_, group)| group.as_object()).flatten().map(|(_, object)| object);
    let observed = objects.count();
    let answered = answer["ok"]["body"]["children"].as_array().map_or(0, Vec::len);
    let fewer = answer["ok"]["code"] == 200 && answered < observed;
    prop_assert!(!fewer || oracle::deleting(parent) || !is_invalid(parent), "{answered} children of {observed}: {request}");
    Ok(())
}

const OPERATIONS: [&str; 21] = [
    "plan",
    "diff",
    "forecast",
    "render",
    "requirements",
    "schemas",
    "info",
    "create",
    "update",
    "delete",
    "validate",
    "reconcile",
    "create-handler",
    "update-handler",
    "delete-handler",
    "sync",
    "finalize",
    "customize",
    "decorate",
    "review",
    "nothing",
];

/// Exactly one of `ok` and `failure`.
fn answers(operation: &str, request: &str) -> Result<Value, TestCaseError> {
    let answer: Value = serde_json::from_str(&contract::call(operation, request)).map_err(|error| fail(error.to_string()))?;
    let members: Vec<&String> = answer.as_object().map(|members| members.keys().collect()).unwrap_or_default();
    prop_assert!(members == ["ok"] || members == ["failure"], "{operation} answers {answer} to {request}");
    Ok(answer)
}

fn is_invalid(object: &Value) -> bool {
    let found = contract::validate(&object.to_string(), "").unwrap();
    found.iter().any(|diagnostic| diagnostic.is_error())
}

fn is_free(object: &Value) -> bool {
    oracle::deleting(object) && object["metadata"]["finalizers"].as_array().is_none_or(Vec::is_empty)
}

/// Every EndpointConfig of a serving world routes.
fn everything_serves(run: &Run) -> Result<(), TestCaseError> {
    let routed = run.cluster.objects().keys().filter(|key| key.kind == Kind::VirtualService).count();
    prop_assert!(routed == 2 && every_route_is_ready(run), "{}", run.failed("something does not serve"));
    Ok(())
}

fn every_route_is_ready(run: &Run) -> bool {
    let is_ready = |object: &Value| {
        let conditions = object["status"]["conditions"].as_array();
        conditions.is_some_and(|conditions| conditions.iter().any(|c| c["type"] == "Ready" && c["status"] == "True"))
    };
    // A Model of weight 0 may have no instances, and is not ready then.
    let routed = |key: &Key| matches!(key.kind, Kind::EndpointConfig | Kind::Endpoint);
    run.cluster.objects().iter().filter(|(key, _)| routed(key)).all(|(_, object)| is_ready(object))
}

fn unchanged_children(before: &Objects, run: &Run) -> Result<(), TestCaseError> {
    for (key, object) in before.iter().filter(|(key, _)| !key.kind.is_parent()) {
        prop_assert!(run.cluster.objects().get(key) == Some(object), "{}", run.failed(&format!("{} is changed", key.label())));
    }
    Ok(())
}

/// By a custom resource; what was foreign from the beginning has no owner.
fn is_owned(object: &Value) -> bool {
    let labelled = object["metadata"]["labels"]["app.kubernetes.io/managed-by"] == "modelwright";
    object["kind"] == "PersistentVolume" && labelled || oracle::owner(object).is_some()
}

fn finalized_by_others(objects: &Objects) -> Vec<String> {
    let others = |object: &Value| {
        let finalizers = object["metadata"]["finalizers"].as_array();
        finalizers.is_some_and(|finalizers| finalizers.contains(&json!(run::FOREIGN_FINALIZER)))
    };
    objects.iter().filter(|(_, object)| others(object)).map(|(key, _)| key.label()).collect()
}

/// The custom resources of a run, written into an empty cluster, older first.
fn settled_again<'w>(run: &Run<'w>) -> Result<Run<'w>, TestCaseError> {
    let mut fresh = Run::new(run.world);
    let mut slots: Vec<(usize, &Value)> =
        (0..SLOTS).filter_map(|slot| Some((slot, run.cluster.objects().get(&slot_key(run.world, slot))?))).collect();
    slots.sort_by_key(|(_, object)| object["metadata"]["creationTimestamp"].as_str());
    for (slot, object) in slots {
        fresh.write(slot, &object["spec"]);
    }
    fresh.converge(&run::anything).map_err(fail)?;
    Ok(fresh)
}

fn same_children(a: &Run, b: &Run) -> Result<(), TestCaseError> {
    let value = |run: &Run| Value::Object(run::comparable(run.cluster.objects()).into_iter().collect::<Map<_, _>>());
    let mut found = Vec::new();
    run::differences(&value(a), &value(b), "", &mut found);
    prop_assert!(found.is_empty(), "{}", a.failed(&found.join("\n")));
    Ok(())
}

/// Metacontroller's `sync` answers with no fewer children than it observed, or not with 200.
fn never_fewer(objects: &Objects, key: &Key) -> Verdict {
    let parent = &objects[key];
    let reply = metacontroller::ask(objects, key, parent);
    let observed = metacontroller::children(objects, key, parent).len();
    let answer: Value = serde_json::from_str(&reply.body).unwrap_or_default();
    let answered = answer["children"].as_array().map_or(0, Vec::len);
    if reply.code == 200 && answered < observed {
        return Err(format!("sync answers {answered} children of {observed} for the invalid {}", key.label()));
    }
    Ok(())
}

/// The same JSON with objects, members and documents in another order.
fn shuffled(input: &Value, seed: u64) -> String {
    let mut input = input.clone();
    if let Some(list) = input["observed"].as_array_mut() {
        let length = list.len().max(1);
        list.rotate_left(usize::try_from(seed % length as u64).unwrap());
        if seed.is_multiple_of(2) {
            list.reverse();
        }
    }
    backwards(&input)
}

/// JSON text with the members of every object in reverse order.
fn backwards(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let parts: Vec<String> =
                members.iter().rev().map(|(name, value)| format!("{}:{}", json!(name), backwards(value))).collect();
            format!("{{{}}}", parts.join(","))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(backwards).collect::<Vec<_>>().join(",")),
        _ => value.to_string(),
    }
}

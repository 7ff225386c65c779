//! What is done only when somebody wants it: saved plans, interrupts, the time that is waited, the number of deletes, the question.
#![allow(missing_docs, reason = "a test")]

use modelwright::kinds::Kind;
use modelwright_host_tests::cluster::{Api, Cluster, READY_AFTER};
use modelwright_host_tests::example::{one, titanic};
use modelwright_host_tests::proxy::{Proxy, Way};
use modelwright_host_tests::stage::Stage;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex};

fn api() -> Api {
    let cluster = Cluster::running();
    cluster.install_crds().unwrap();
    cluster.api("admin", "modelwright-test").unwrap()
}

fn file(stage: &Stage<'_>) -> PathBuf {
    std::env::temp_dir().join(format!("modelwright-{}.plan.json", stage.namespace))
}

#[test]
fn a_saved_plan_is_done_as_it_is_or_not_at_all() {
    let api = api();
    let stage = Stage::new(&api, "consent-saved");
    let files = stage.take(&titanic());
    let saved = file(&stage);
    let name = saved.display().to_string();
    let proxy = Proxy::open(&api).unwrap();
    let save = ["plan", "--save", &name];
    stage.run(proxy.kubeconfig(), &save, &files).with(0);
    assert_eq!(proxy.writes(), []);
    let ended = stage.run(proxy.kubeconfig(), &["apply", &name], &[]).with(0);
    assert!(ended.says("Done: 4 actions, as planned"), "{}", ended.last_lines());
    assert_eq!(stage.of_kind(Kind::Model).len(), 2);
    assert_eq!(stage.of_kind(Kind::Deployment).len(), 0, "the rounds that follow need a plan of their own");
    stage.apply(proxy.kubeconfig(), &files).with(0);

    let mut changed = files.clone();
    one(&mut changed, "EndpointConfig", "titanic")["spec"]["models"][0]["weight"] = 50.into();
    stage.run(proxy.kubeconfig(), &save, &changed).with(0);
    let weights = |weight: u16| json!({"spec": {"models": [{"name": "stable", "model": "titanic-v1", "weight": weight}]}});
    stage.patch(Kind::EndpointConfig, "titanic", &weights(70), "modelwright");
    let late = Proxy::open(&api).unwrap();
    let ended = stage.run(late.kubeconfig(), &["apply", &name], &[]).with(4);
    assert!(ended.says("70") && ended.says("nothing was done"), "the new difference is shown: {}", ended.last_lines());
    assert_eq!(late.writes(), []);
    let _ = std::fs::remove_file(saved);
}

#[test]
fn an_interrupt_ends_after_what_is_under_way_and_the_next_run_goes_on() {
    let api = api();
    let stage = Stage::new(&api, "consent-interrupt");
    let files = stage.take(&titanic());
    let process = Arc::new(Mutex::new(None::<u32>));
    let shared = Arc::clone(&process);
    let proxy = Proxy::start(&api, move |asked| {
        // The first children are being made.
        let is_child = asked.is_change() && asked.object().contains("persistentvolumes/");
        if is_child && let Some(id) = shared.lock().unwrap().take() {
            Command::new("kill").args(["-INT", &id.to_string()]).status().unwrap();
            std::thread::sleep(std::time::Duration::from_millis(300));
        }
        Way::Through
    });
    let proxy = proxy.unwrap();
    let running = stage.start(proxy.kubeconfig(), &["apply", "--yes"], &files);
    *process.lock().unwrap() = Some(running.id());
    let ended = running.end().with(130);
    assert!(ended.says("Interrupted") && ended.says("not done: create Deployment"), "{}", ended.last_lines());
    assert_eq!(stage.of_kind(Kind::VirtualService).len(), 0);
    let leases = format!("/apis/coordination.k8s.io/v1/namespaces/{}/leases", stage.namespace);
    assert_eq!(api.get(&leases).unwrap()["items"], json!([]), "the next run need not wait");
    stage.apply(proxy.kubeconfig(), &files).with(0);
}

#[test]
fn what_does_not_come_is_said_when_the_time_is_up() {
    let api = api();
    let stage = Stage::new(&api, "consent-time");
    let mut files = stage.take(&titanic());
    one(&mut files, "Model", "titanic-v2")["spec"]["pod"] = json!({"annotations": {READY_AFTER: "24h"}});
    let proxy = Proxy::open(&api).unwrap();
    let ended = stage.run(proxy.kubeconfig(), &["apply", "--yes", "--timeout", "3s"], &files).with(5);
    assert!(ended.says("Not finished in 3 s") && ended.says("titanic-v2"), "{}", ended.last_lines());
    let ended = stage.run(proxy.kubeconfig(), &["apply", "--yes", "--wait=false"], &files).with(0);
    assert!(ended.says("Done for now"), "{}", ended.last_lines());
}

#[test]
fn nothing_is_deleted_beyond_what_is_allowed_and_nothing_is_done_without_a_yes() {
    let api = api();
    let stage = Stage::new(&api, "consent-deletes");
    let files = stage.take(&titanic());
    let proxy = Proxy::open(&api).unwrap();
    // The standard input of these runs is empty: nobody says yes.
    let ended = stage.run(proxy.kubeconfig(), &["apply"], &files).with(1);
    assert!(ended.says("Only `yes` goes on") && ended.says("nothing was done"), "{}", ended.last_lines());
    assert_eq!(proxy.writes(), []);
    stage.apply(proxy.kubeconfig(), &files).with(0);
    let counted = Proxy::open(&api).unwrap();
    let delete = ["delete", "--all", "--yes", "--namespace", &stage.namespace, "--allow-deletes", "3"];
    let ended = stage.run(counted.kubeconfig(), &delete, &[]).with(1);
    assert!(ended.says("objects would be deleted, and 3 may be"), "{}", ended.last_lines());
    assert_eq!(counted.writes(), []);
    let kept: Vec<Value> = stage.of_kind(Kind::Model).into_rows();
    assert!(kept.iter().all(|model| model["metadata"]["deletionTimestamp"].is_null()) && kept.len() == 2);
}

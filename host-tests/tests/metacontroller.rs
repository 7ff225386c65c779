//! Metacontroller runs it: our controllers and our hook, from the first custom resource to the last, in both modes of apply, on a real API
//! server. `METACONTROLLER` names the real program; without it the stand-in runs.
#![allow(missing_docs, reason = "a test")]

use modelwright::kinds::Kind;
use modelwright_host_tests::cluster::TemporaryFile;
use modelwright_host_tests::example::{one, titanic};
use modelwright_host_tests::hook_server::HookServer;
use modelwright_host_tests::installation::{Ground, Installation, Mode};
use modelwright_host_tests::stage::Stage;
use modelwright_host_tests::watcher::{Watcher, destinations};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::{Value, json};
use std::time::Duration;

const STAND_IN: &str = env!("CARGO_BIN_EXE_metacontroller-stand-in");

/// Tests that run in both modes of apply, side by side: they wait most of the time.
macro_rules! in_both_modes {
    ($($name:ident: $body:ident)*) => { $(#[test]
    fn $name() {
        std::thread::scope(|scope| {
            for mode in Mode::ALL {
                let thread = std::thread::Builder::new().name(format!("{} {mode:?}", stringify!($name)));
                thread.spawn_scoped(scope, move || $body(mode)).unwrap();
            }
        });
    })* };
}

in_both_modes! {
    edits_from_the_first_resource_to_the_last_are_done_without_an_unready_route: edits
    nothing_of_others_is_touched: foreign
    a_namespace_goes_with_everything: namespace
    nothing_is_lost_when_metacontroller_or_the_hook_is_away: away
    another_digest_syncs_everything_and_restarts_nothing: digest
    at_rest_nothing_is_written: rest
    caches_that_lag_heal: lag
}

/// The example with one Model.
fn one_model(installation: &Installation) -> Vec<Value> {
    let mut files = installation.take(&titanic());
    files.retain(|file| file["metadata"]["name"] != "titanic-v2");
    let models = one(&mut files, "EndpointConfig", "titanic")["spec"]["models"].as_array_mut().unwrap();
    models.truncate(1);
    files
}

fn is_available(stage: &Stage) -> bool {
    let generations = |object: &Value| object["status"]["observedGeneration"] == object["metadata"]["generation"];
    let resources = Kind::PARENTS.into_iter().flat_map(|kind| stage.of_kind(kind).into_rows().into_iter());
    resources.into_iter().all(|object| object["status"]["state"] == "available" && generations(&object))
}

/// Waits until everything is as the user wants it. The answers of a hook come one after the other, so it has to stay so for a moment.
#[track_caller]
fn settled(stage: &Stage, what: &str) {
    settled_for(Duration::from_millis(500), stage, what);
}

#[track_caller]
fn settled_for(moment: Duration, stage: &Stage, what: &str) {
    let resources = || Kind::PARENTS.map(|kind| stage.of_kind(kind));
    stage.wait(what, |stage| {
        let before = resources();
        is_available(stage) && {
            std::thread::sleep(moment);
            is_available(stage) && resources() == before
        }
    });
}

fn names(stage: &Stage) -> Vec<String> {
    let objects = stage.objects();
    let ours = objects.keys().filter(|key| key.kind != Kind::Namespace);
    let mut names: Vec<String> =
        ours.map(|key| format!("{} {}", key.kind.name(), key.name.split('.').next_back().unwrap_or_default())).collect();
    names.sort();
    names
}

fn of_model(name: &str) -> Vec<String> {
    ["Deployment", "Model", "PersistentVolume", "PersistentVolumeClaim", "Service"].map(|kind| format!("{kind} {name}")).into()
}

fn expected(models: &[&str], others: &[&str]) -> Vec<String> {
    let mut names: Vec<String> = models.iter().flat_map(|name| of_model(name)).collect();
    names.extend(others.iter().map(|name| (*name).to_owned()));
    names.sort();
    names
}

const REST: [&str; 4] = ["Endpoint titanic", "EndpointConfig titanic", "Gateway titanic", "VirtualService titanic"];

fn weights(stage: &Stage, name: &str) -> Vec<i64> {
    let routes = stage.get(Kind::VirtualService, name).unwrap_or_default();
    let http = routes["spec"]["http"].as_array().and_then(|http| http.last().cloned()).unwrap_or_default();
    http["route"].as_array().into_iter().flatten().filter_map(|route| route["weight"].as_i64()).collect()
}

#[track_caller]
fn deployment(stage: &Stage, name: &str) -> Value {
    stage.get(Kind::Deployment, name).expect("a Deployment")
}

fn roll_out_of(deployment: &Value) -> &Value {
    &deployment["metadata"]["annotations"]["deployment.kubernetes.io/revision"]
}

/// What Metacontroller tells of syncs that failed, without those of a parent that was gone before its cache knew.
fn failures(installation: &Installation) -> Vec<String> {
    installation.events().into_iter().filter(|message| !message.contains("not found")).collect()
}

fn edits(mode: Mode) {
    let ground = Ground::prepare(STAND_IN);
    let installation = Installation::start(&ground, mode, "mc-edits");
    let stage = &installation.stage;
    let watcher = Watcher::start(&ground.api, &stage.namespace).unwrap();
    let mut files = one_model(&installation);
    installation.apply(&files);
    settled(stage, "the example");
    assert_eq!(names(stage), expected(&["titanic-v1"], &REST));
    for (key, object) in stage.objects().iter().filter(|(key, _)| !key.kind.is_parent() && key.kind != Kind::Namespace) {
        let owner = &object["metadata"]["ownerReferences"][0];
        let of_kind = if key.kind == Kind::PersistentVolume { "Namespace" } else { owner["kind"].as_str().unwrap_or_default() };
        assert_eq!((owner["controller"].as_bool(), owner["kind"].as_str()), (Some(true), Some(of_kind)), "{}", key.label());
        let applied = object["metadata"]["annotations"]["metacontroller.k8s.io/last-applied-configuration"].is_string();
        assert_eq!(applied, mode == Mode::Dynamic, "{}", key.label());
    }

    // A canary is a second Model.
    let canary = installation.take(&titanic());
    let canary: Vec<Value> = canary.into_iter().filter(|file| file["kind"] != "Endpoint").collect();
    let first = deployment(stage, "titanic-v1");
    files = installation.take(&titanic());
    installation.apply(&canary);
    settled(stage, "the canary");
    assert_eq!(weights(stage, "titanic"), [90, 10]);
    assert_eq!(deployment(stage, "titanic-v1")["spec"], first["spec"]);

    // Weights are the VirtualService's alone.
    let before = stage.of_kind(Kind::Deployment);
    one(&mut files, "EndpointConfig", "titanic")["spec"]["models"][0]["weight"] = 50.into();
    installation.apply(&files);
    stage.wait("other weights", |stage| weights(stage, "titanic") == [50, 10]);
    settled(stage, "other weights");
    assert_eq!(stage.of_kind(Kind::Deployment), before);

    // Instances are one field.
    one(&mut files, "EndpointConfig", "titanic")["spec"]["models"][0]["instances"] = 3.into();
    installation.apply(&files);
    stage.wait("a third instance", |stage| deployment(stage, "titanic-v1")["status"]["availableReplicas"] == 3);
    settled(stage, "a third instance");
    assert_eq!(roll_out_of(&deployment(stage, "titanic-v1")), "1");

    // An image rolls one Deployment.
    let untouched = deployment(stage, "titanic-v1");
    one(&mut files, "Model", "titanic-v2")["spec"]["image"] = "registry.example.com/titanic:1.5.1".into();
    installation.apply(&files);
    stage.wait("another image", |stage| roll_out_of(&deployment(stage, "titanic-v2")) == "2");
    settled(stage, "another image");
    assert_eq!(deployment(stage, "titanic-v1"), untouched);

    // The Endpoint moves to another config.
    let mut next = one(&mut files, "EndpointConfig", "titanic").clone();
    next["metadata"]["name"] = "next".into();
    next["spec"]["models"] = json!([{"name": "only", "model": "titanic-v3", "weight": 1}]);
    let mut model = one(&mut files, "Model", "titanic-v2").clone();
    model["metadata"]["name"] = "titanic-v3".into();
    one(&mut files, "Endpoint", "titanic")["spec"]["config"] = "next".into();
    files.extend([next, model]);
    installation.apply(&files);
    stage.wait("the move", |stage| stage.get(Kind::VirtualService, "titanic").is_none());
    stage.wait("the other routes", |stage| stage.get(Kind::VirtualService, "next").is_some());
    let routes = stage.get(Kind::VirtualService, "next").unwrap();
    assert_eq!(destinations(&routes).into_iter().collect::<Vec<_>>(), ["titanic-v3"]);

    // What is in use stays until it is not.
    stage.delete(Kind::Model, "titanic-v3");
    stage.wait("a Model that is being deleted", |stage| {
        stage.get(Kind::Model, "titanic-v3").is_some_and(|model| model["status"]["state"] == "deleting")
    });
    std::thread::sleep(Duration::from_secs(2));
    assert!(stage.get(Kind::Deployment, "titanic-v3").is_some() && stage.get(Kind::Service, "titanic-v3").is_some());
    assert_eq!(watcher.wrong(), Vec::<String>::new());
    one(&mut files, "EndpointConfig", "next")["spec"]["models"] = json!([{"name": "only", "model": "titanic-v1", "weight": 1}]);
    installation.apply(&[one(&mut files, "EndpointConfig", "next").clone()]);
    stage.wait("the end of what is not in use any more", |stage| !names(stage).iter().any(|name| name.ends_with("titanic-v3")));

    // What is not in use goes at once, with its volume.
    stage.delete(Kind::EndpointConfig, "titanic");
    stage.delete(Kind::Model, "titanic-v2");
    let rest = ["Endpoint titanic", "EndpointConfig next", "Gateway titanic", "VirtualService next"];
    stage.wait("the end of what is not in use", |stage| names(stage) == expected(&["titanic-v1"], &rest));
    settled(stage, "what is left");
    assert_eq!(watcher.wrong(), Vec::<String>::new());

    stage.delete(Kind::Endpoint, "titanic");
    stage.wait("the end of the routes", |stage| stage.get(Kind::VirtualService, "next").is_none());
    stage.delete(Kind::EndpointConfig, "next");
    stage.delete(Kind::Model, "titanic-v1");
    stage.wait("the end", |stage| names(stage).is_empty());
    assert_eq!(failures(&installation), Vec::<String>::new());
}

fn foreign(mode: Mode) {
    let ground = Ground::prepare(STAND_IN);
    let installation = Installation::start(&ground, mode, "mc-foreign");
    let stage = &installation.stage;
    let service = json!({"metadata": {"name": "titanic-v1", "labels": {"app": "somebody"}}, "spec": {"ports": [{"port": 7}]}});
    let volume = json!({"apiVersion": "v1", "kind": "PersistentVolume",
        "metadata": {"name": format!("{}.titanic-v2", stage.namespace)},
        "spec": {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "hostPath": {"path": "/somebody"}}});
    let gateway = json!({"apiVersion": "networking.istio.io/v1", "kind": "Gateway", "metadata": {"name": "titanic"},
        "spec": {"selector": {"app": "somebody"}, "servers": [{"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": ["x.example.com"]}]}});
    stage.create(Kind::Service, &service);
    stage.create(Kind::PersistentVolume, &volume);
    stage.create(Kind::Gateway, &gateway);
    let foreign = || {
        let volume = stage
            .of_kind(Kind::PersistentVolume)
            .into_rows()
            .into_iter()
            .find(|volume| volume["spec"]["hostPath"]["path"] == "/somebody");
        let mut volume = volume.expect("the volume of somebody");
        // Its own controllers tell whether it is bound.
        volume["status"].take();
        volume["metadata"]["resourceVersion"].take();
        volume["metadata"]["managedFields"].take();
        (stage.get(Kind::Service, "titanic-v1"), stage.get(Kind::Gateway, "titanic"), volume)
    };
    let before = foreign();
    let files = installation.take(&titanic());
    installation.apply(&files);
    stage.wait("conflicts that are told", |stage| {
        let told = |kind: Kind, name: &str| {
            stage.get(kind, name).is_some_and(|object| object["status"].to_string().contains("NameTaken"))
        };
        told(Kind::Model, "titanic-v1") && told(Kind::Model, "titanic-v2") && told(Kind::Endpoint, "titanic")
    });
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(foreign(), before);

    // When somebody has gone, it goes on; what others write on our objects stays.
    stage.delete(Kind::Service, "titanic-v1");
    stage.delete(Kind::Gateway, "titanic");
    stage.delete(Kind::PersistentVolume, &format!("{}.titanic-v2", stage.namespace));
    settled(stage, "the example");
    let note = json!({"metadata": {"labels": {"somebody": "1"}, "annotations": {"somebody": "1"}}});
    for kind in [Kind::Deployment, Kind::Service, Kind::PersistentVolumeClaim] {
        stage.patch(kind, "titanic-v1", &note, "somebody");
    }
    for kind in [Kind::VirtualService, Kind::Gateway] {
        stage.patch(kind, "titanic", &note, "somebody");
    }
    let mut files = files;
    one(&mut files, "EndpointConfig", "titanic")["spec"]["models"][0]["weight"] = 70.into();
    one(&mut files, "EndpointConfig", "titanic")["spec"]["models"][0]["instances"] = 3.into();
    one(&mut files, "Endpoint", "titanic")["spec"].as_object_mut().unwrap().remove("tls");
    installation.apply(&files);
    stage.wait("the edit", |stage| {
        weights(stage, "titanic") == [70, 10] && deployment(stage, "titanic-v1")["spec"]["replicas"] == 3
    });
    settled(stage, "the edit");
    for (key, object) in stage.objects() {
        let is_marked = [Kind::VirtualService, Kind::Gateway].contains(&key.kind)
            || (key.name == "titanic-v1" && !key.kind.is_parent() && key.kind != Kind::PersistentVolume);
        if is_marked {
            assert_eq!(object["metadata"]["labels"]["somebody"], "1", "{}", key.label());
            assert_eq!(object["metadata"]["annotations"]["somebody"], "1", "{}", key.label());
        }
    }
}

fn namespace(mode: Mode) {
    let ground = Ground::prepare(STAND_IN);
    let installation = Installation::start(&ground, mode, "mc-namespace");
    let stage = &installation.stage;
    installation.apply(&installation.take(&titanic()));
    settled(stage, "the example");
    assert_eq!(stage.of_kind(Kind::PersistentVolume).len(), 2);
    stage.delete(Kind::Namespace, &stage.namespace);
    stage.wait("the end of the namespace", |stage| stage.get(Kind::Namespace, &stage.namespace).is_none());
    stage.wait("the end of the volumes", |stage| stage.of_kind(Kind::PersistentVolume).is_empty());
}

fn away(mode: Mode) {
    let ground = Ground::prepare(STAND_IN);
    let mut installation = Installation::start(&ground, mode, "mc-away");
    let watcher = Watcher::start(&ground.api, &installation.stage.namespace).unwrap();
    let mut files = installation.take(&titanic());
    installation.apply(&files);
    installation.stage.wait("the first Deployment", |stage| !stage.of_kind(Kind::Deployment).is_empty());
    installation.stop_metacontroller();
    installation.start_metacontroller();
    settled(&installation.stage, "the example, after Metacontroller was restarted");

    one(&mut files, "Model", "titanic-v1")["spec"]["image"] = "registry.example.com/titanic:1.4.3".into();
    installation.apply(&files);
    installation.stage.wait("a roll-out", |stage| roll_out_of(&deployment(stage, "titanic-v1")) == "2");
    installation.stop_hook();
    installation.start_hook();
    settled(&installation.stage, "the roll-out, after the hook was restarted");

    installation.stop_hook();
    let before = installation.stage.objects();
    one(&mut files, "EndpointConfig", "titanic")["spec"]["models"][0]["weight"] = 50.into();
    one(&mut files, "Model", "titanic-v2")["spec"]["image"] = "registry.example.com/titanic:1.5.1".into();
    installation.apply(&files);
    std::thread::sleep(Duration::from_secs(3));
    for (key, object) in installation.stage.objects() {
        assert_eq!(object["metadata"]["uid"], before[&key]["metadata"]["uid"]);
        assert!(key.kind.is_parent() || object["spec"] == before[&key]["spec"], "{} changed without a hook", key.label());
    }
    installation.start_hook();
    settled(&installation.stage, "the edits, after the hook was away");
    assert_eq!(weights(&installation.stage, "titanic"), [50, 10]);
    assert_eq!(watcher.wrong(), Vec::<String>::new());
}

fn digest(mode: Mode) {
    let ground = Ground::prepare(STAND_IN);
    let mut installation = Installation::start(&ground, mode, "mc-digest");
    installation.apply(&installation.take(&titanic()));
    settled(&installation.stage, "the example");
    let path = format!("/api/v1/namespaces/{}/pods", installation.stage.namespace);
    let pods = || {
        let list = ground.api.get(&path).unwrap();
        let pods = list["items"].as_array().cloned().unwrap_or_default();
        pods.iter().map(|pod| pod["metadata"]["uid"].to_string()).collect::<Vec<_>>()
    };
    let (before, pods_before) = (installation.stage.objects(), pods());
    assert_eq!(pods_before.len(), 3);
    let (own, next) = (installation.digest().to_owned(), "feedfeedfeedfeed");
    let first_of_next = installation.relay.calls().len();

    // The new manifests are there and the new server is not yet: everybody waits.
    installation.upgrade_to(next);
    let of_next = |installation: &Installation| {
        let calls = installation.relay.calls().split_off(first_of_next);
        calls.into_iter().filter(|call| call.digest == next).collect::<Vec<_>>()
    };
    installation.stage.wait("a call of the other digest", |_| !of_next(&installation).is_empty());
    std::thread::sleep(Duration::from_secs(2));
    assert!(of_next(&installation).iter().all(|call| call.code == 429), "{:?}", of_next(&installation));
    assert!(of_next(&installation).len() < 40, "nobody may ask without a pause: {}", of_next(&installation).len());
    assert_eq!(failures(&installation), Vec::<String>::new());

    installation.relay.answer_for(next, &own);
    installation.stage.wait("everything to be synced again", |_| {
        let done = of_next(&installation).into_iter().filter(|call| call.code == 200).map(|call| call.hook);
        let done: Vec<String> = done.collect();
        let of = |hook: &str| done.iter().filter(|one| *one == hook).count();
        of("sync/models") >= 2 && of("sync/endpointconfigs") >= 1 && of("sync/endpoints") >= 1 && of("decorate/namespaces") >= 1
    });
    settled(&installation.stage, "the example by the other digest");
    assert_eq!(installation.stage.objects(), before);
    assert_eq!(pods(), pods_before);
}

/// A certificate for loopback and its key, as PEM.
fn pair(authority: &CertifiedIssuer<'static, KeyPair>) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
    (params.signed_by(&key, authority).unwrap().pem(), key.serialize_pem())
}

#[test]
fn hooks_are_called_over_tls_with_certificates_from_secrets() {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let (server, client) = (pair(&authority), pair(&authority));
    let file = |text: &str| TemporaryFile::with(text).unwrap();
    let (ca, certificate, key) = (file(&authority.pem()), file(&server.0), file(&server.1));
    let path = |file: &TemporaryFile| file.path().display().to_string();
    let (ca_path, certificate_path, key_path) = (path(&ca), path(&certificate), path(&key));
    let flags =
        ["--tls-cert", &certificate_path, "--tls-key", &key_path, "--client-ca", &ca_path, "--allow-nfs", "nfs.example.internal"];
    let hook = HookServer::start(&flags);

    let ground = Ground::prepare(STAND_IN);
    let mut installation = Installation::start(&ground, Mode::Dynamic, "mc-tls");
    let namespace = installation.stage.namespace.clone();
    let secret = |name: &str, data: Value| {
        let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": data});
        let path = format!("/api/v1/namespaces/{namespace}/secrets");
        ground.api.send("POST", &path, "application/json", Some(&secret)).unwrap().ok().unwrap();
    };
    secret("authority", json!({"ca.crt": authority.pem()}));
    secret("caller", json!({"tls.crt": client.0, "tls.key": client.1}));
    let connection = json!({
        "caBundle": {"secretRef": {"name": "authority", "namespace": namespace, "key": "ca.crt"}},
        "clientTLS": {"secretRef": {"name": "caller", "namespace": namespace}},
    });
    installation.stop_hook();
    installation.relay.lead_to(None);
    installation.call_over_tls(hook, &connection);
    installation.apply(&installation.take(&titanic()));
    settled(&installation.stage, "the example");
}

/// How long nothing may happen.
fn minute() -> Duration {
    let seconds = std::env::var("MODELWRIGHT_REST_SECONDS").ok().and_then(|text| text.parse().ok());
    Duration::from_secs(seconds.unwrap_or(60))
}

fn rest(mode: Mode) {
    let ground = Ground::prepare(STAND_IN);
    let installation = Installation::start(&ground, mode, "mc-rest");
    let stage = &installation.stage;
    installation.apply(&installation.take(&titanic()));
    settled(stage, "the example");
    let synced = |hook: &str| installation.relay.calls().iter().filter(|call| call.hook == hook).count();
    installation.resync_every(5);
    std::thread::sleep(Duration::from_secs(5));
    let (before, writes, syncs) = (stage.objects(), installation.writes().len(), synced("sync/models"));
    std::thread::sleep(minute());
    assert_eq!(installation.writes().split_off(writes), []);
    assert_eq!(stage.objects(), before);
    let resyncs = synced("sync/models") - syncs;
    assert!(resyncs >= 2 * (minute().as_secs() as usize / 5 - 2), "there were only {resyncs} syncs of Models");
    assert_eq!(failures(&installation), Vec::<String>::new());
}

/// Only the stand-in can lag on purpose.
fn lag(mode: Mode) {
    let ground = Ground::prepare_stand_in(STAND_IN);
    let lag = "--lag=deployments=800,virtualservices=500,models=300,endpointconfigs=600,services=200,persistentvolumes=400";
    let installation = Installation::start_with(&ground, mode, "mc-lag", &[lag]);
    let stage = &installation.stage;
    let watcher = Watcher::start(&ground.api, &stage.namespace).unwrap();
    // What two syncs have written within a lag comes back in the caches; it must not be written again for that.
    let settled = |stage: &Stage, what: &str| settled_for(Duration::from_secs(3), stage, what);
    let mut files = installation.take(&titanic());
    installation.apply(&files);
    settled(stage, "the example");
    one(&mut files, "EndpointConfig", "titanic")["spec"]["models"][0]["weight"] = 50.into();
    one(&mut files, "Model", "titanic-v1")["spec"]["image"] = "registry.example.com/titanic:1.4.3".into();
    installation.apply(&files);
    stage.wait("the edit", |stage| weights(stage, "titanic") == [50, 10] && roll_out_of(&deployment(stage, "titanic-v1")) == "2");
    settled(stage, "the edit");

    // As documented: out of the config, until it is available; then it is deleted.
    one(&mut files, "EndpointConfig", "titanic")["spec"]["models"].as_array_mut().unwrap().truncate(1);
    installation.apply(&[one(&mut files, "EndpointConfig", "titanic").clone()]);
    stage.wait("routes without it", |stage| weights(stage, "titanic").len() == 1);
    settled(stage, "the config without it");
    std::thread::sleep(Duration::from_secs(2));
    stage.delete(Kind::Model, "titanic-v2");
    stage.wait("its end", |stage| names(stage) == expected(&["titanic-v1"], &REST));
    settled(stage, "what is left");
    assert_eq!(watcher.wrong(), Vec::<String>::new());
}

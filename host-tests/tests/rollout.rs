//! The program `modelwright` from the first apply to the last delete, on a real API server.
#![allow(missing_docs, reason = "a test")]

use modelwright_host_tests::cluster::Cluster;
use modelwright_host_tests::example::titanic;
use modelwright_host_tests::proxy::Proxy;
use modelwright_host_tests::stage::Stage;

#[test]
fn try_it() {
    let cluster = Cluster::running();
    let api = cluster.api("admin", "modelwright-test").unwrap();
    let stage = Stage::new(&api, "faults-rollout");
    let mut files = stage.take(&titanic());
    let proxy = Proxy::open(&api).unwrap();
    stage.apply(proxy.kubeconfig(), &files).with(0);
    files[2]["spec"]["models"][0]["weight"] = 50.into();
    files[0]["spec"]["image"] = "x.example.com/y:2".into();
    files[0]["spec"]["env"] = serde_json::json!([{"name":"A","value":"b"}]);
    files[0]["spec"]["pod"] = serde_json::json!({"nodeSelector": {"gpu": "yes"}});
    println!("{}", stage.run(proxy.kubeconfig(), &["plan", "-o", "json"], &files).said);
}

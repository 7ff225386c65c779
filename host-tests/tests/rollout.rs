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
    let files = stage.take(&titanic());
    let proxy = Proxy::open(&api).unwrap();
    let start = std::time::Instant::now();
    let ended = stage.apply(proxy.kubeconfig(), &files).with(0);
    println!("{} {:?}", ended.said, start.elapsed());
    for asked in proxy.asked() {
        println!("{} {} {} {}", asked.number, asked.method, asked.path, asked.code);
    }
    let again = Proxy::open(&api).unwrap();
    let ended = stage.apply(again.kubeconfig(), &files).with(0);
    println!("{}", ended.said);
    assert_eq!(again.writes(), []);
}

//! The rights that `modelwright rbac` prints, on a real API server: they are enough, and none of them is too much.

use modelwright_host_tests::cluster::Cluster;
use modelwright_host_tests::rbac::Trial;

/// No volume of the cluster, so no right on PersistentVolumes.
const EPHEMERAL: &str = "
apiVersion: mlops.internal/v1alpha1
kind: Model
metadata: {name: plain, namespace: NAMESPACE}
spec:
  image: registry.example.com/plain:1
  artifact: {uri: 'https://models.example.com/plain.tar.gz', maxBytes: 1Gi}
  capture: {mode: Disabled}
  storage: {ephemeral: {}}
";

fn example() -> String {
    let read = |name: &str| {
        let path = format!("{}/../examples/titanic/{name}", env!("CARGO_MANIFEST_DIR"));
        std::fs::read_to_string(path).expect("the example is there")
    };
    let text = read("models.yaml") + "---\n" + &read("endpoint.yaml");
    text.replace("namespace: titanic", "namespace: NAMESPACE").replace("host: titanic.", "host: NAMESPACE.")
}

#[test]
fn the_printed_rights_are_enough_and_the_least() {
    let cluster = Cluster::running();
    cluster.install_crds().expect("CRDs");
    // Rights on the cluster are a user's in all namespaces, so each user tries one thing at a time.
    let trials = ["alice", "bob"].map(|user| Trial::of(&cluster, user).expect("the program is built"));
    let (_, mut wrong) = trials[0].with_all(EPHEMERAL).expect("a trial");
    let (rights, failed) = trials[1].with_all(&example()).expect("a trial");
    wrong.extend(failed);
    let lane = |lane: usize| -> Vec<String> {
        let rights = rights.iter().enumerate().filter(|(place, _)| place % trials.len() == lane);
        rights.flat_map(|(place, right)| trials[lane].without(right, place, &example()).expect("a trial")).collect()
    };
    std::thread::scope(|scope| {
        let other = scope.spawn(|| lane(1));
        wrong.extend(lane(0));
        wrong.extend(other.join().expect("the other lane"));
    });
    println!("{} rights, each left out once", rights.len());
    assert!(rights.len() > 20 && wrong.is_empty(), "{}", wrong.join("\n\n"));
}

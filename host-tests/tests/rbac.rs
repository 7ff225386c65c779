//! The rights that `modelwright rbac` prints, on a real API server: they are enough, and none of them is too much.

use modelwright_host_tests::rbac;

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
    let Some(trial) = rbac::of_environment() else { return };
    let mut wrong = Vec::new();
    for (name, resources) in [("ephemeral", EPHEMERAL.to_owned()), ("example", example())] {
        let trial = rbac::Trial { prefix: format!("{}-{name}", trial.prefix), ..trial.clone() };
        wrong.extend(trial.run(&resources).unwrap_or_else(|sentence| panic!("{sentence}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/** As many Models as text, a config for every five and an Endpoint for each config: the namespace of the other benches. */
export function models(count) {
  const name = (index) => `model-${String(index).padStart(4, "0")}`;
  const documents = [];
  for (let index = 0; index < count; index += 1) {
    documents.push(
      `apiVersion: mlops.internal/v1alpha1\nkind: Model\nmetadata:\n  name: ${name(index)}\n  namespace: large\nspec:\n` +
        `  image: registry.example.com/model:1.${index}.0\n` +
        `  artifact:\n    uri: https://models.example.com/${name(index)}.tar.gz\n` +
        `    sha256: "${"0".repeat(60)}${String(index).padStart(4, "0")}"\n  storage:\n    size: 10Gi\n` +
        `    nfs: {server: nfs.example.internal, path: /exports/${name(index)}}\n`,
    );
  }
  for (let first = 0; first < count; first += 5) {
    const members = Array.from({ length: Math.min(5, count - first) }, (_, index) => first + index);
    const variants = members.map(
      (index) => `  - {name: v${index - first}, model: ${name(index)}, weight: ${100 / members.length}}\n`,
    );
    documents.push(
      `apiVersion: mlops.internal/v1alpha1\nkind: EndpointConfig\nmetadata: {name: config-${first}, namespace: large}\n` +
        `spec:\n  models:\n${variants.join("")}`,
      `apiVersion: mlops.internal/v1alpha1\nkind: Endpoint\nmetadata: {name: endpoint-${first}, namespace: large}\nspec:\n` +
        `  config: config-${first}\n  host: e${first}.example.com\n  gateway: {selector: {istio: ingressgateway}}\n`,
    );
  }
  return documents.join("---\n");
}

// What the types of the package know: checked by the compiler alone.
import { call, plan, remove, type Contract, type CustomResource, type Model, type Plan, type Result } from "modelwright";

export const model: Model = {
  apiVersion: "mlops.internal/v1alpha1",
  kind: "Model",
  metadata: { name: "titanic", namespace: "titanic" },
  spec: {
    image: "registry.example.com/titanic:1.4.2",
    artifact: { uri: "https://models.example.com/titanic/v1.tar.gz" },
    storage: { size: "10Gi", nfs: { server: "nfs.example.internal", path: "/exports/titanic" } },
    cpus: 2,
  },
};

// @ts-expect-error A slip in a field's name.
model.spec.imagee = "";
// @ts-expect-error A word that the field does not take.
model.spec.capture = { mode: "On" };

// The kind says which spec it is.
export const images = (resources: CustomResource[]): string[] =>
  resources.flatMap((resource) => (resource.kind === "Model" ? [resource.spec.image] : []));

// The type says what there is.
export function summary(result: Result<Plan>): string {
  // @ts-expect-error Before the type is known there is no value.
  result.value;
  return result.type === "success" ? result.value.summary.text : `${result.code}: ${result.diagnostics.length}`;
}

// Observed objects are of any kind; a custom resource is one of them.
const service = { apiVersion: "v1", kind: "Service", metadata: { name: "titanic" }, spec: { type: "ClusterIP" } };
export const answer: Result<Plan> = plan({ observed: [model, service] });
// @ts-expect-error A member that an observation does not have.
plan({ observe: [] });
// @ts-expect-error Not a custom resource.
remove({ kind: "Service" });

export const text: string = call("plan" satisfies keyof Contract, "{}");

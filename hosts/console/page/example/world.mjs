// A cluster in memory, as far as an example needs one: carries plans out until nothing is left to do, and answers what would be
// live then. Deployments become available at once, claims are bound at once.

const MANAGER = "modelwright";
const TIME = "2026-01-01T00:00:00Z";

/** `call` is the planner's `text.call`; `resources` are custom resources. Answers the live objects. */
export function world(call, resources) {
  const live = new Map();
  for (let round = 0; round < 20; round += 1) {
    const observed = [...live.values()];
    const request = { resources, observed, unreadable: [], policy: { staticVolumes: "any" }, manager: MANAGER, now: TIME };
    const said = JSON.parse(call("plan", JSON.stringify(request)));
    if (said.failure) throw new Error(JSON.stringify(said.failure));
    const requests = said.ok.actions.map((action) => [action.object, action.request]);
    for (const [id, one] of requests) write(live, id, one);
    for (const { object, status, changed } of said.ok.statuses) if (changed && live.has(object)) live.get(object).status = status;
    if (requests.length === 0) return observed;
  }
  throw new Error("the example does not come to rest");
}

function write(live, id, { method, contentType, body }) {
  if (method !== "PATCH" || contentType !== "application/apply-patch+yaml")
    throw new Error(`an example that needs ${method} ${contentType}`);
  const old = live.get(id);
  const object = structuredClone(body);
  const generation = (old?.metadata.generation ?? 0) + 1;
  object.metadata = {
    ...object.metadata,
    creationTimestamp: TIME,
    generation,
    managedFields: [
      {
        apiVersion: object.apiVersion,
        fieldsType: "FieldsV1",
        fieldsV1: owned(withoutGuards(body)),
        manager: MANAGER,
        operation: "Apply",
        time: TIME,
      },
    ],
    resourceVersion: String(1000 + live.size + generation),
    uid: old?.metadata.uid ?? `00000000-0000-4000-8000-${String(live.size).padStart(12, "0")}`,
  };
  live.set(id, finished(object));
}

function withoutGuards({ apiVersion: _, kind: __, metadata, ...rest }) {
  const { name: _name, namespace: _namespace, uid: _uid, resourceVersion: _version, ...own } = metadata;
  return { metadata: own, ...rest };
}

/** What controllers add. */
function finished(object) {
  const { kind, spec, metadata } = object;
  if (kind === "Deployment") {
    const replicas = spec.replicas ?? 1;
    const conditions = [
      { type: "Available", status: "True", reason: "MinimumReplicasAvailable" },
      { type: "Progressing", status: "True", reason: "NewReplicaSetAvailable" },
    ];
    const counts = { replicas, updatedReplicas: replicas, readyReplicas: replicas, availableReplicas: replicas };
    return { ...object, status: { observedGeneration: metadata.generation, ...counts, conditions } };
  }
  if (kind === "PersistentVolumeClaim" || kind === "PersistentVolume") return { ...object, status: { phase: "Bound" } };
  if (kind === "Service") return { ...object, spec: { ...spec, clusterIP: "10.96.0.10", clusterIPs: ["10.96.0.10"] } };
  return object;
}

/** Every member is owned; a list as a whole. */
function owned(value) {
  const members = Object.entries(value).map(([name, member]) => [
    `f:${name}`,
    member !== null && typeof member === "object" && !Array.isArray(member) ? owned(member) : {},
  ]);
  return Object.fromEntries(members);
}

/**
 * One writer for each namespace: a Lease named `modelwright`, taken before the first write, renewed while it is held, deleted after
 * the last write. One that its holder no longer renews is taken over. The command line takes the same one.
 *
 * Shape and meaning of the fields: https://kubernetes.io/docs/concepts/architecture/leases/
 */

import {
  type Answer,
  type Call,
  type Client,
  get,
  isFine,
  messageOf,
  type Patience,
  refused,
  sleep,
  Trouble,
  withJson,
} from "../cluster/call";

const NAME = "modelwright";
/** A holder that has not renewed for this long is gone. */
const SECONDS = 15;
/** How often a holder renews, in milliseconds. */
export const RENEWAL = 5_000;
/** What the API server says to a new object in a namespace that is being deleted. */
const TERMINATING = "because it is being terminated";
/** How often one that waits looks again. */
const LOOK = 500;

interface Found {
  metadata: { uid: string; resourceVersion: string };
  spec?: { holderIdentity?: string; leaseDurationSeconds?: number };
}

/** Who this page is, among all that may hold a Lease: as the command line says it, host, process and time. */
export function identity(): string {
  const [number] = crypto.getRandomValues(new Uint32Array(1));
  return `console@${location.host}/${number}/${Date.now()}000000`;
}

/** A Lease that is held. */
export class Lease {
  private readonly client: Client;
  private readonly namespace: string;
  private readonly holder: string;
  private found: Found;

  private constructor(client: Client, namespace: string, holder: string, answer: Answer) {
    this.client = client;
    this.namespace = namespace;
    this.holder = holder;
    this.found = JSON.parse(answer.body);
  }

  /**
   * Takes the Lease of a namespace, and waits while another holds it. `say` is told once who that is. A namespace that is being
   * deleted takes no new object, so nobody can have one there and nothing can be made there by anyone: `undefined`, as when the
   * wait was aborted.
   */
  static async take(
    client: Client,
    namespace: string,
    holder: string,
    say: (text: string) => void,
    patience: Patience,
  ): Promise<Lease | undefined> {
    let seen = "";
    let since = 0;
    while (patience.signal?.aborted !== true) {
      const created = await client.call(create(namespace, holder), patience);
      if (isFine(created)) return new Lease(client, namespace, holder, created);
      if (created.code === 403 && created.body.includes(TERMINATING)) return undefined;
      if (created.code === 404) throw new Trouble(404, `namespace ${namespace} does not exist: ${messageOf(created)}`);
      if (created.code !== 409) throw refused(create(namespace, holder), created);
      const answer = await client.call(get(one(namespace)), patience);
      if (answer.code === 404) continue;
      if (!isFine(answer)) throw refused(get(one(namespace)), answer);
      const found: Found = JSON.parse(answer.body);
      const other = found.spec?.holderIdentity ?? "";
      const now = JSON.stringify([found.metadata.uid, found.metadata.resourceVersion]);
      if (now !== seen) {
        if (seen === "" && other !== "" && other !== holder)
          say(`another run (${other}) is at work in namespace ${namespace}: waiting for it`);
        seen = now;
        since = performance.now();
      }
      // Nobody's clock but ours counts: a holder is gone when we saw no renewal for as long as it promised.
      const promised = (found.spec?.leaseDurationSeconds ?? SECONDS) * 1000;
      if (other === "" || other === holder || performance.now() - since > promised) {
        const call = replace(namespace, holder, found);
        const taken = await client.call(call, patience);
        if (taken.code === 200) return new Lease(client, namespace, holder, taken);
        if (taken.code !== 404 && taken.code !== 409) throw refused(call, taken);
        continue;
      }
      await sleep(LOOK, patience.signal);
    }
    return undefined;
  }

  /** Renews it. An error says that it is lost: then nothing may be written any more. */
  async renew(patience: Patience): Promise<void> {
    const call = replace(this.namespace, this.holder, this.found);
    const answer = await this.client.call(call, patience);
    if (answer.code === 200) {
      this.found = JSON.parse(answer.body);
    } else if (answer.code !== 404 && answer.code !== 409) {
      throw refused(call, answer);
      // A renewal whose answer was lost is ours all the same.
    } else if (!(await this.isStillOurs(patience))) {
      throw new Trouble(answer.code, `another run has taken over namespace ${this.namespace}: nothing more is written`);
    }
  }

  /** Gives it back. Nothing but the time of the next run depends on whether that succeeds: nobody renews it any more. */
  async release(): Promise<void> {
    const { uid, resourceVersion } = this.found.metadata;
    const call = withJson("DELETE", one(this.namespace), { preconditions: { uid, resourceVersion } });
    const answer = await this.client.call(call, { tries: 2 });
    // Gone, or somebody else's by now.
    if (!isFine(answer) && answer.code !== 404 && answer.code !== 409) throw refused(call, answer);
  }

  private async isStillOurs(patience: Patience): Promise<boolean> {
    const answer = await this.client.call(get(one(this.namespace)), patience);
    if (!isFine(answer)) return false;
    const found: Found = JSON.parse(answer.body);
    const ours = found.spec?.holderIdentity === this.holder;
    if (ours) this.found = found;
    return ours;
  }
}

/** Every request that is made for the Lease of a namespace. */
export function leaseCalls(namespace: string): Call[] {
  const found = { metadata: { uid: "", resourceVersion: "" } };
  return [create(namespace, ""), get(one(namespace)), replace(namespace, "", found), withJson("DELETE", one(namespace), {})];
}

function all(namespace: string): string {
  return `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`;
}

function one(namespace: string): string {
  return `${all(namespace)}/${NAME}`;
}

function create(namespace: string, holder: string): Call {
  return withJson("POST", all(namespace), body(holder, {}));
}

/** Guarded by the resourceVersion, so that of two that take over only one succeeds. */
function replace(namespace: string, holder: string, found: Found): Call {
  const { uid, resourceVersion } = found.metadata;
  return withJson("PUT", one(namespace), body(holder, { uid, resourceVersion }));
}

function body(holder: string, guard: object): unknown {
  const renewTime = new Date().toISOString().replace("Z", "000Z");
  return {
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata: { name: NAME, ...guard },
    spec: { holderIdentity: holder, leaseDurationSeconds: SECONDS, renewTime },
  };
}

// Lists that stay as the cluster is, against a server that does what API servers do.
import assert from "node:assert/strict";
import { test } from "node:test";
import { source } from "./source.mjs";

const { Client } = await source("cluster/call.ts");
const { readList, gathered, observe } = await source("cluster/observe.ts");
const { Watch } = await source("cluster/watch.ts");

const LIST = { api: "v1", kind: "Service", resource: "services", namespace: "shop", names: undefined };
const service = (name, version) => ({ metadata: { name, namespace: "shop", resourceVersion: version } });
const text = (body) => (typeof body === "string" ? body : JSON.stringify(body));
const json = (body, status = 200, headers = {}) => new Response(text(body), { status, headers });
const page = (items, version = "10") => json({ kind: "ServiceList", metadata: { resourceVersion: version }, items });
const events = (...lines) => json(lines.map((line) => `${JSON.stringify(line)}\n`).join(""));

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** A client of a server that answers by `answer(url, init)`, and what it was asked. */
function client(answer) {
  const asked = [];
  const send = async (target, init) => {
    asked.push(`${init.method} ${target}`);
    return answer(new URL(target, "http://server"), init, asked.length);
  };
  return { client: new Client("", send), asked };
}

/** Watches until `isEnough` of what was told. */
async function watched(answer, isEnough) {
  const { client: of, asked } = client(answer);
  const told = [];
  await new Promise(async (resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`only ${JSON.stringify(told)} after ${asked.length} requests`)), 15_000);
    const done = () => {
      const names = watch.reads()[0].items.map((item) => item.name);
      if (!isEnough(names, told)) return;
      clearTimeout(timer);
      watch.stop();
      resolve();
    };
    const watch = new Watch(of, { changed: done, health: (health) => (told.push(health.state), done()) });
    watch.replace([await readList(of, LIST, { tries: 1 })]);
    watch.start();
  });
  return { asked, told };
}

test("a list is read in pages, and begun again when its token has expired", async () => {
  let expired = false;
  const { client: of } = client((url) => {
    if (url.searchParams.get("continue") !== "more") return json({ metadata: { continue: "more" }, items: [service("a")] });
    if (expired) return page([service("b")]);
    expired = true;
    return json({ message: "too old" }, 410);
  });
  const read = await readList(of, LIST, { tries: 1 });
  assert.deepEqual(read.items.map((item) => item.name), ["a", "b"]);
  assert.equal(read.version, "10");
  assert.match(read.items[0].text, /^\{"apiVersion":"v1","kind":"Service",/, "items of a built-in kind do not say their kind");
});

test("what a server sends stays as it is: large numbers, and keys that look like numbers", async () => {
  const item = '{"metadata":{"name":"a","labels":{"b":"1","2":"x"}},"spec":{"n":9007199254740993,"f":1.0}}';
  const { client: of } = client(() => json(`{"metadata":{},"items":[ ${item} ]}`));
  const read = await readList(of, LIST, { tries: 1 });
  assert.equal(read.items[0].text, `{"apiVersion":"v1","kind":"Service",${item.slice(1)}`);
});

test("a kind that may not be read is unknown, not empty", async () => {
  const { client: of } = client(() => json({ message: 'services is forbidden: User "a" cannot list resource "services"' }, 403));
  const observed = gathered([await readList(of, LIST, { tries: 1 })], ["shop"]);
  assert.deepEqual(observed.unreadable, [{ apiVersion: "v1", kind: "Service", namespace: "shop" }]);
  assert.match(observed.refusals[0].message, /cannot list.*modelwright rbac/);
});

test("a kind that is not served stops: nobody guesses what it would hold; Metacontroller is simply not there", async () => {
  const selectors = (kind, resource) => async () =>
    JSON.stringify({ ok: [{ apiVersion: "x.y/v1", kind, resource, namespace: "", names: [] }] });
  const answer = (url) => {
    if (url.pathname === "/apis") return json({ groups: [{ versions: [{ groupVersion: "mlops.internal/v1alpha1" }] }] });
    return page([]);
  };
  const readOf = (...kind) => observe(client(answer).client, selectors(...kind), ["{}"], ["shop"], { tries: 1 });
  const all = await readOf("CompositeController", "compositecontrollers");
  assert.equal(all.find((read) => read.list.kind === "CompositeController").items.length, 0);
  await assert.rejects(readOf("Gateway", "gateways"), /the cluster has no gateways of x.y\/v1: install Istio/);
});

test("events are followed from the version of the list, bookmarks move it on", async () => {
  const versions = [];
  const answer = (url) => {
    if (!url.searchParams.has("watch")) return page([service("a", "5")]);
    versions.push(url.searchParams.get("resourceVersion"));
    const first = [{ type: "ADDED", object: service("b", "11") }, { type: "BOOKMARK", object: service("", "15") }];
    if (versions.length === 1) return events(...first);
    if (versions.length === 2) return events({ type: "DELETED", object: service("a", "16") });
    return events();
  };
  await watched(answer, (names) => names.join() === "b");
  assert.deepEqual(versions.slice(0, 2), ["10", "15"]);
});

for (const [name, expired] of [
  ["an answer", () => json({ message: "too old resource version" }, 410)],
  ["an event", () => events({ type: "ERROR", object: { code: 410, message: "too old resource version" } })],
]) {
  test(`a version that is too old, told by ${name}, is read again`, async () => {
    let lists = 0;
    const answer = (url) => {
      if (url.searchParams.has("watch")) return lists === 1 ? expired() : events();
      lists += 1;
      return page([service(lists === 1 ? "old" : "new", "9")], String(lists * 10));
    };
    await watched(answer, (names) => names.join() === "new");
    assert.equal(lists, 2);
  });
}

test("a server that is gone is said, asked with growing pauses, and heals without being read anew", async () => {
  let watches = 0;
  const answer = (url) => {
    if (!url.searchParams.has("watch")) return page([service("a", "5")]);
    watches += 1;
    if (watches <= 2) throw new TypeError("Failed to fetch");
    if (watches === 3) return json({ message: "no upstream" }, 502);
    return watches === 4 ? events({ type: "ADDED", object: service("b", "12") }) : events();
  };
  const { asked, told } = await watched(answer, (names, states) => names.includes("b") && states.at(-1) === "live");
  assert.equal(told[0], "lost");
  assert.equal(asked.filter((one) => !one.includes("watch")).length, 1);
});

test("a right that is taken away makes the kind unknown", async () => {
  let lists = 0;
  const answer = (url) => {
    const forbidden = json({ message: "services is forbidden: cannot watch" }, 403);
    if (url.searchParams.has("watch")) return forbidden;
    lists += 1;
    return lists === 1 ? page([service("a", "5")]) : forbidden;
  };
  const { client: of } = client(answer);
  const watch = new Watch(of, { changed: () => watch.stop(), health: () => {} });
  watch.replace([await readList(of, LIST, { tries: 1 })]);
  watch.start();
  for (let tries = 0; tries < 100 && watch.reads()[0].refusal === ""; tries += 1) await pause(50);
  watch.stop();
  assert.match(watch.reads()[0].refusal, /not permitted/);
});

test("what may be listed but not watched is read now and then, and told when it has changed", async () => {
  let lists = 0;
  const answer = (url) => {
    if (url.searchParams.has("watch")) return json({ message: "services is forbidden: cannot watch" }, 403);
    lists += 1;
    return page([service(lists < 3 ? "a" : "b", "5")]);
  };
  const start = Date.now();
  const { asked } = await watched(answer, (names) => names.includes("b"));
  assert.ok(Date.now() - start > 4_000, "not as often as possible");
  assert.equal(asked.filter((one) => one.includes("watch")).length, 1);
  assert.equal(lists, 3);
});

test("no more than three connections are held, however many lists there are", async () => {
  let [open, most] = [0, 0];
  const answer = async (url) => {
    if (!url.searchParams.has("watch")) return page([]);
    open += 1;
    most = Math.max(most, open);
    await new Promise((resolve) => setTimeout(resolve, 100));
    open -= 1;
    return events();
  };
  const { client: of, asked } = client(answer);
  const watch = new Watch(of, { changed: () => {}, health: () => {} });
  const lists = Array.from({ length: 12 }, (_, place) => ({ ...LIST, namespace: `n${place}` }));
  watch.replace(await Promise.all(lists.map((list) => readList(of, list, { tries: 1 }))));
  watch.start();
  const isWatched = (list) => asked.some((one) => one.includes(`/${list.namespace}/`) && one.includes("watch"));
  for (let tries = 0; tries < 100 && !lists.every(isWatched); tries += 1) await pause(50);
  watch.stop();
  assert.ok(lists.every(isWatched), "each has its turn");
  assert.equal(most, 3);
});

test("a request is sent again after 429, 5xx and lost connections, and each refusal is a clear sentence", async () => {
  let tries = 0;
  const { client: of } = client(() => {
    tries += 1;
    if (tries === 1) throw new TypeError("Failed to fetch");
    return tries === 2 ? json({}, 503) : tries === 3 ? json({}, 429, { "Retry-After": "0" }) : json({ kind: "Service" });
  });
  const call = { method: "GET", path: "/x", query: {}, contentType: "", body: "" };
  assert.equal((await of.call(call, { tries: 8 })).code, 200);
  assert.equal(tries, 4);
  const { refused } = await source("cluster/call.ts");
  const said = (code, body) => refused(call, { code, body: JSON.stringify(body), warnings: [] }).message;
  assert.match(said(401, { message: "Unauthorized" }), /nobody knows who asks \(401\)/);
  assert.match(said(403, { message: "a cannot list b" }), /not permitted: .*modelwright rbac/);
  assert.doesNotMatch(said(403, { message: "exceeded quota" }), /rbac/);
  assert.match(said(404, { message: "not found" }), /no such thing \(404\)/);
  assert.match(said(409, { message: "conflict" }), /somebody else changed it/);
  assert.match(said(410, { message: "gone" }), /too old/);
  assert.match(said(503, { message: "busy" }), /cannot be reached, or cannot answer now \(503\)/);
});

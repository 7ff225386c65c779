// The order and the limits of a round, and what is compared and hashed: the rules of the command line.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { source } from "./source.mjs";

const { doneNow, perform } = await source("act/round.ts");
const { Client } = await source("cluster/call.ts");
const { hashes, workOf } = await source("act/work.ts");
const { missing, unforeseen } = await source("act/compare.ts");

const action = (id, after = [], more = {}) => ({
  id, object: `apps/v1|Deployment|a|${id}`, verb: "update", after, disruptive: false, destructive: false, dataLoss: false, text: "",
  expect: { done: [200], observeAgain: [409], gone: [] },
  call: { method: "PATCH", path: `/${id}`, query: {}, contentType: "application/json", body: "{}" },
  ...more,
});
const ids = (actions) => actions.map((one) => one.id);

/** Performs actions against a server that answers by path; what was sent, and what became of each. */
async function performed(actions, answer) {
  const [sent, fates] = [[], {}];
  const client = new Client("", async (target, init) => {
    sent.push(`${init.method} ${target}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
    return answer(target, init);
  });
  const observed = { uid: "u", resourceVersion: "1" };
  const work = { objects: new Map(actions.map((one) => [one.object, { observed, changes: "[]" }])) };
  const watcher = { began: () => {}, ended: (one, fate) => (fates[one.id] = fate.kind), goesOn: async () => true };
  await perform(client, actions, work, watcher, { tries: 1 });
  return { sent, fates };
}

const reply = (body, status = 200) => new Response(JSON.stringify(body), { status });

test("what takes away, or moves a route, waits for what does not", () => {
  const grave = { destructive: true };
  const all = [action("a"), action("b", [], grave), action("c", ["b"])];
  assert.deepEqual(ids(doneNow(all)), ["a"]);
  assert.deepEqual(ids(doneNow(all.slice(1))), ["b", "c"]);
  const route = action("r", [], { object: "networking.istio.io/v1|VirtualService|a|r" });
  assert.deepEqual(ids(doneNow([route, action("a")])), ["a"]);
});

test("requests go in the order of the edges", async () => {
  const { sent } = await performed([action("c", ["b"]), action("b", ["a"]), action("a")], () => reply({}));
  assert.deepEqual(sent, ["PATCH /a", "PATCH /b", "PATCH /c"]);
});

test("the first surprise ends a round: what runs is waited for, nothing more is begun", async () => {
  const many = Array.from({ length: 12 }, (_, place) => action(`a${String(place).padStart(2, "0")}`));
  for (const [code, kind] of [[409, "stale"], [403, "failed"]]) {
    const { sent, fates } = await performed(many, (target) => reply({ message: "no" }, target === "/a00" ? code : 200));
    assert.equal(fates.a00, kind);
    assert.ok(sent.length <= 6, `${sent.length} were sent`);
    assert.equal(Object.keys(fates).length, sent.length);
  }
});

test("what needs one that was not done is left out", async () => {
  const { sent } = await performed([action("a"), action("b", ["elsewhere"])], () => reply({}));
  assert.deepEqual(sent, ["PATCH /a"]);
});

test("before a delete the object is read again, and left alone where it has changed", async () => {
  const grave = action("a", [], { destructive: true, verb: "delete" });
  const metadata = (version) => reply({ metadata: { uid: "u", resourceVersion: version } });
  const same = await performed([grave], (_, init) => (init.method === "GET" ? metadata("1") : reply({})));
  assert.deepEqual([same.sent, same.fates.a], [["GET /a", "PATCH /a"], "done"]);
  const changed = await performed([grave], () => metadata("2"));
  assert.deepEqual([changed.sent, changed.fates.a], [["GET /a"], "stale"]);
  const gone = { ...grave, expect: { done: [200], observeAgain: [], gone: [404] } };
  assert.equal((await performed([gone], () => reply({}, 404))).fates.a, "done");
});

test("a hash is of object, verb, uid and changes as they were written, and a body is sent as it was written", async () => {
  const changes = '[{"path":["spec","2","1"],"before":1.0,"after":9007199254740993}]';
  const body = '{"spec":{"b":1.0,"2":9007199254740993}}';
  const request = `{"method":"PATCH","path":"/o","query":{},"contentType":"application/json","body":${body}}`;
  const expect = '{"done":[200],"observeAgain":[],"gone":[]}';
  const one = `{"id":"update o","object":"o","verb":"update","after":[],"expect":${expect},"request":${request}}`;
  const planned = `{"id":"o","observed":{"uid":"u","resourceVersion":"1"},"changes":${changes}}`;
  const plan = `{"summary":{"text":"t"},"objects":[${planned}],"actions":[${one}]}`;
  const work = workOf(plan);
  assert.equal(work.actions[0].call.body, body);
  assert.deepEqual([...(await hashes(work))], [createHash("sha256").update(`update o\nu\n${changes}`).digest("hex")]);
});

test("what the server adds is not missing, what was foreseen is not unforeseen", () => {
  const paths = (found) => found.map((one) => one.path);
  const asked = { spec: { containers: [{ name: "a", image: "x" }], empty: {}, replicas: 2 } };
  const more = { containers: [{ name: "b" }, { name: "a", image: "x", tty: false }], replicas: 2 };
  assert.deepEqual(missing(asked, { spec: more }), []);
  const got = { spec: { containers: [{ name: "a", image: "y" }], replicas: 1 } };
  assert.deepEqual(paths(missing(asked, got)), ["spec.containers[name=a].image", "spec.replicas"]);
  const before = { metadata: { generation: 1, labels: { "a.b/c": "1" } }, spec: { list: [{ name: "a", x: 1 }], y: 1 } };
  const after = { metadata: { generation: 2 }, spec: { list: [{ name: "a", x: 2 }, { name: "b" }], y: 2, z: 3 } };
  const foreseen = [["spec", "list", { name: "a" }, "x"], ["spec", "z"]];
  assert.deepEqual(paths(unforeseen(before, after, foreseen)), ["metadata.labels", "spec.list[name=b]", "spec.y"]);
  assert.deepEqual(unforeseen(before, before, []), []);
});

// Checks the assembled package (first argument) as it is packed, and unpacks it for the examples into a folder (second argument).
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import { publint } from "publint";
import { formatMessage } from "publint/utils";

const [folder, work] = process.argv.slice(2).map((path) => resolve(path));
const tools = import.meta.dirname;
const repository = resolve(tools, "../..");
const program = (name) => join(tools, "node_modules/.bin", name);

/** Runs a program; what it prints is shown where it fails. */
function run(command, args) {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} fails\n${stdout}${stderr}`);
}

/** Bytes of everything that a browser loads beside the module. */
const GLUE = 10_000;

const CONTENT = [
  "LICENSE", "README.md", "package.json",
  "component/modelwright.component.wasm", "component/planner.wit",
  "node/index.d.ts", "node/index.js",
  "schemas/contract.schema.json", "schemas/endpointconfigs.mlops.internal.yaml", "schemas/endpoints.mlops.internal.yaml",
  "schemas/models.mlops.internal.yaml",
  "web/api.d.ts", "web/api.js", "web/contract.d.ts", "web/index.d.ts", "web/index.js", "web/load.js",
  "web/modelwright.d.ts", "web/modelwright.js", "web/modelwright_bg.wasm",
];

rmSync(work, { recursive: true, force: true });
mkdirSync(work, { recursive: true });
const failures = [...glue(), ...content(), ...(await lint())];
failures.forEach((failure) => console.error(failure));
if (failures.length) process.exit(1);
const [archive] = readdirSync(work).filter((name) => name.endsWith(".tgz"));
const plain = ["--format", "ascii", "--no-color"];
run(program("attw"), [join(work, archive), "--profile", "esm-only", ...plain, "--exclude-entrypoints", "./wasm", "./component"]);
unpack(join(work, archive));
for (const project of [work, join(work, "node")]) run(program("tsc"), ["--project", project]);
console.log(`${archive}: ${CONTENT.length} files, as they should be; publint, attw and tsc are content`);

function glue() {
  const scripts = readdirSync(join(folder, "web")).filter((name) => name.endsWith(".js"));
  const bytes = scripts.reduce((sum, name) => sum + statSync(join(folder, "web", name)).size, 0);
  console.log(`    glue: ${bytes} bytes`);
  return bytes > GLUE ? [`the scripts have ${bytes} bytes, more than ${GLUE}`] : [];
}

function content() {
  const pack = (...args) => JSON.parse(execFileSync("npm", ["pack", "--json", ...args], { cwd: folder, encoding: "utf8" }));
  const [dry] = pack("--dry-run");
  const found = new Set(dry.files.map(({ path }) => path));
  pack("--pack-destination", work);
  return [
    ...CONTENT.filter((path) => !found.has(path)).map((path) => `${path} is not packed`),
    ...[...found].filter((path) => !CONTENT.includes(path)).map((path) => `${path} is packed and should not be`),
  ];
}

async function lint() {
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const { messages } = await publint({ pkgDir: folder, strict: true });
  return messages.map((message) => `publint: ${formatMessage(message, manifest, { color: false })}`);
}

/** What a user has: the packed package and what the examples need beside it. */
function unpack(archive) {
  cpSync(resolve(tools, "../examples"), work, { recursive: true });
  cpSync(join(repository, "examples/titanic"), join(work, "titanic"), { recursive: true });
  const modules = join(work, "node_modules");
  mkdirSync(join(modules, "modelwright"), { recursive: true });
  run("tar", ["-xzf", archive, "--strip-components=1", "-C", join(modules, "modelwright")]);
  for (const name of ["vite", "yaml"]) symlinkSync(join(tools, "node_modules", name), join(modules, name));
  mkdirSync(join(modules, "@types"));
  symlinkSync(join(tools, "node_modules/@types/node"), join(modules, "@types/node"));
}

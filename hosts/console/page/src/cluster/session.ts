/** Who serves this page, and as whom it speaks to which API server. */

import { type Client, get, isFine, refused, Trouble, withJson } from "./call";

/** What is known of the connection. */
export interface Session {
  /** `modelwright console`, or a plain proxy such as `kubectl proxy`. */
  host: "modelwright console" | "proxy";
  /** The context of the kubeconfig; empty where it is not known. */
  context: string;
  /** Address of the API server; empty where it is not known. */
  server: string;
  /** The namespace of the context; empty where it is not known. */
  namespace: string;
  /** Who asks, as the API server knows them; empty where it does not say. */
  user: string;
  /** Whether the host passes writes on at all. A plain proxy does not say: then it is tried. */
  writes: boolean;
  /** Version of the API server. */
  version: string;
}

/** Takes the token out of `#token=…`, so that neither the history nor a shared address has it. The rest of the fragment stays. */
export function takeToken(location: Location, history: History): string {
  const parts = location.hash.replace(/^#/, "").split("&");
  const token = parts.find((part) => part.startsWith("token="));
  if (token === undefined) return "";
  const rest = parts.filter((part) => part !== token && part !== "").join("&");
  history.replaceState(history.state, "", `${location.pathname}${location.search}${rest === "" ? "" : `#${rest}`}`);
  return token.slice("token=".length);
}

/** Asks who is there. Throws `Trouble` where there is no API server behind this page. */
export async function discover(client: Client): Promise<Session> {
  const told = client.hasToken ? await toldByOurs(client) : undefined;
  const call = get("/version");
  const answer = await client.call(call, { tries: 1 });
  if (answer.code === 401 && !client.hasToken) throw noToken();
  if (!isFine(answer)) throw refused(call, answer);
  const version = parsed<{ gitVersion?: string }>(answer.body)?.gitVersion;
  // A server of files answers every path with a page, or none at all.
  if (version === undefined) throw new Trouble(404, "no API server answers at the address of this page");
  return {
    host: told === undefined ? "proxy" : "modelwright console",
    context: told?.context ?? "",
    server: told?.server ?? "",
    namespace: told?.namespace ?? "",
    user: told?.user || (await user(client)),
    writes: told?.writes ?? true,
    version,
  };
}

/** What `modelwright console` says of itself. Only it gives tokens, so that nobody else is asked. */
async function toldByOurs(client: Client): Promise<Partial<Session> | undefined> {
  const answer = await client.call(get("/modelwright/session"), { tries: 1 });
  if (answer.code === 401) throw noToken();
  return isFine(answer) ? parsed<Partial<Session>>(answer.body) : undefined;
}

function noToken(): Trouble {
  return new Trouble(401, "this page has no valid token (401): open the address that `modelwright console` printed");
}

/** Who asks. A host that passes no writes on passes this on neither: then it is not known. */
async function user(client: Client): Promise<string> {
  const review = { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" };
  const answer = await client.call(withJson("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", review), { tries: 1 });
  const body = isFine(answer) ? parsed<{ status?: { userInfo?: { username?: string } } }>(answer.body) : undefined;
  return body?.status?.userInfo?.username ?? "";
}

/** The namespaces that one can choose from. `undefined`: they may not be listed, so one has to be typed. */
export async function namespaces(client: Client): Promise<string[] | undefined> {
  const answer = await client.call(get("/api/v1/namespaces", { limit: "1000" }), { tries: 2 });
  if (!isFine(answer)) return undefined;
  const items = parsed<{ items?: { metadata?: { name?: string } }[] }>(answer.body)?.items ?? [];
  return items.map((item) => item.metadata?.name ?? "").filter((name) => name !== "");
}

function parsed<T>(text: string): T | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

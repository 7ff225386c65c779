/** One request to the API server of this origin: sent, repeated while that can help, and answered by a status code and a body. */

/** A request. */
export interface Call {
  /** HTTP method. */
  method: string;
  /** Path without query. */
  path: string;
  /** Query parameters. */
  query: Record<string, string>;
  /** Of the body; empty without one. */
  contentType: string;
  /** The body as text; empty without one. */
  body: string;
}

/** What an API server answered. */
export interface Answer {
  /** The status code. */
  code: number;
  /** The body. */
  body: string;
  /** What the server warns of, in its `Warning` headers. */
  warnings: string[];
}

/** Why there is no answer, or none that helps. */
export class Trouble extends Error {
  /** The status code; 0 where none came. */
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** How patiently a request is sent. */
export interface Patience {
  /** How often it is sent at most. */
  tries: number;
  /** Gives up between two tries. */
  signal?: AbortSignal;
  /** Is told before each further try why, and how long the pause is. */
  again?: (why: string, milliseconds: number) => void;
}

/** With the pauses below about half a minute, as long as the command line tries. */
export const PATIENT = 8;
/** How often when it is answered 500, which may well be our own mistake: server-side apply says so to a field it does not know. */
const TRIES_OF_500 = 4;
const PAUSE = 200;
const LONGEST = 10_000;
/** An answer that has not come in this time does not come: longer than a busy API server stalls. */
const READ = 30_000;

/** A request without a body. */
export function get(path: string, query: Record<string, string> = {}): Call {
  return { method: "GET", path, query, contentType: "", body: "" };
}

/** A request with a body of JSON. */
export function withJson(method: string, path: string, body: unknown): Call {
  return { method, path, query: {}, contentType: "application/json", body: JSON.stringify(body) };
}

/** The same request, of which nothing stays: the server does everything but store it. */
export function dry(call: Call): Call {
  const query = { ...call.query, dryRun: "All" };
  if (call.method !== "DELETE" || call.body === "") return { ...call, query };
  // A server that finds options in a body does not look for them in the query, so they have to be in both.
  return { ...call, query, body: JSON.stringify({ ...JSON.parse(call.body), dryRun: ["All"] }) };
}

/** Path and query. */
export function target(call: Call): string {
  const query = Object.entries(call.query).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  return query.length === 0 ? call.path : `${call.path}?${query.join("&")}`;
}

/** Where the paths of a version of an API group begin. */
export function root(api: string): string {
  return api.includes("/") ? `/apis/${api}` : `/api/${api}`;
}

/** Whether the server did it. */
export function isFine(answer: Answer): boolean {
  return answer.code >= 200 && answer.code < 300;
}

/** What the server says; its body where that is no `metav1.Status`. */
export function messageOf(answer: Answer): string {
  const status = statusOf(answer.body);
  return status.message || status.reason || answer.body.slice(0, 300).trim();
}

function statusOf(body: string): { message?: string; reason?: string } {
  try {
    const status: unknown = JSON.parse(body);
    return typeof status === "object" && status !== null ? status : {};
  } catch {
    return {};
  }
}

/** What a refusal means, in one sentence. */
export function refused(call: Call, answer: Answer): Trouble {
  const why = messageOf(answer);
  const asked = `${call.method} ${call.path}`;
  return new Trouble(answer.code, sentence(answer.code, asked, why));
}

function sentence(code: number, asked: string, why: string): string {
  switch (code) {
    case 401:
      return `nobody knows who asks (401): ${why || "the token is missing or wrong"}`;
    case 403:
      // Quotas and admission answer the same code; no right helps against those.
      return why.includes(" cannot ")
        ? `not permitted: ${why}; \`modelwright rbac\` prints what is needed`
        : `not permitted: ${why}`;
    case 404:
      return `${asked}: there is no such thing (404): ${why}`;
    case 409:
      return `${asked}: somebody else changed it, or owns a field of it (409): ${why}`;
    case 410:
      return `${asked}: what was read is too old to go on from (410): ${why}`;
    case 502:
    case 503:
    case 504:
      return `the API server cannot be reached, or cannot answer now (${code}): ${why}`;
    default:
      return `${asked} is answered ${code}: ${why}`;
  }
}

/** The API server of this origin. */
export class Client {
  /** The `Authorization` header; empty: none, as `kubectl proxy` adds its own. */
  private readonly token: string;
  private readonly send: typeof fetch;

  /** `send` is `fetch`, or what takes its place in a test. */
  constructor(token: string, send: typeof fetch = (input, init) => fetch(input, init)) {
    this.token = token;
    this.send = send;
  }

  /** Whether requests carry a token. */
  get hasToken(): boolean {
    return this.token !== "";
  }

  /**
   * Sends a request, again after 429, 5xx and lost connections, with growing pauses or as long as the server asks: every request of
   * ours may be repeated, because each is guarded or has the same effect twice. What the server answers in the end is the answer,
   * whatever it is; no answer at all throws `Trouble`.
   */
  async call(call: Call, patience: Patience): Promise<Answer> {
    let pause = PAUSE;
    for (let attempt = 1; ; attempt += 1) {
      const [outcome, asked] = await this.attempt(call);
      if (attempt >= triesAfter(outcome, patience.tries) || patience.signal?.aborted) {
        if (outcome instanceof Trouble) throw outcome;
        return outcome;
      }
      const milliseconds = Math.min(asked ?? pause, LONGEST);
      patience.again?.(outcome instanceof Trouble ? outcome.message : refused(call, outcome).message, milliseconds);
      await sleep(milliseconds, patience.signal);
      pause *= 2;
    }
  }

  /** Opens a stream, for a watch. It is not sent again. */
  async open(call: Call, signal: AbortSignal): Promise<Response> {
    return this.send(target(call), this.init(call, signal));
  }

  private init(call: Call, signal: AbortSignal): RequestInit {
    const headers: Record<string, string> = { Accept: "application/json" };
    if (call.contentType !== "") headers["Content-Type"] = call.contentType;
    if (this.token !== "") headers["Authorization"] = `Bearer ${this.token}`;
    const init: RequestInit = { method: call.method, headers, signal, cache: "no-store", credentials: "omit", redirect: "error" };
    return call.body === "" ? init : { ...init, body: call.body };
  }

  /** One try, and how long the server asks to wait before the next. */
  private async attempt(call: Call): Promise<[Answer | Trouble, number | undefined]> {
    try {
      const response = await this.open(call, AbortSignal.timeout(READ));
      const body = await response.text();
      const seconds = Number(response.headers.get("Retry-After") ?? "");
      const asked = seconds > 0 ? seconds * 1000 : undefined;
      return [{ code: response.status, body, warnings: warnings(response.headers.get("Warning") ?? "") }, asked];
    } catch (error) {
      return [lost(call, error), undefined];
    }
  }
}

/** A connection that was not made, or that ended before the answer was whole. */
export function lost(call: Call, error: unknown): Trouble {
  const why = error instanceof Error ? error.message : String(error);
  return new Trouble(0, `no answer to ${call.method} ${call.path} (${why}): does the proxy that serves this page still run?`);
}

function triesAfter(outcome: Answer | Trouble, tries: number): number {
  if (outcome.code === 500) return Math.min(TRIES_OF_500, tries);
  return outcome.code === 0 || outcome.code === 429 || outcome.code > 500 ? tries : 1;
}

/** The texts of headers like `299 - "would violate PodSecurity"`. */
function warnings(header: string): string[] {
  return [...header.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map((match) => (match[1] ?? "").replaceAll('\\"', '"'));
}

/** Ends after the time, or at once when it is not waited for any more. */
export function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal?.addEventListener("abort", done);
  });
}

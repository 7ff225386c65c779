import type {
  Answer, CompositeReply, CompositeRequest, CustomizeReply, CustomizeRequest, CustomResource, CustomResourceDefinition, DecoratorReply,
  DecoratorRequest, Diagnostic, Difference, DiffRequest, EditToValidate, Failure, Forecast, Info, KubernetesObject, Observation, Plan,
  RenderRequest, Requests, ReviewReply, ReviewRequest, Selector, SetObservation, Update,
} from "./contract.js";

export type * from "./contract.js";

/** What every function answers: look at `type` first. */
export type Result<T> = Success<T> | Mistake;

/** The input was understood. Mistakes in a custom resource are in `diagnostics` of the value: they are a plan's business, not a failure. */
export interface Success<T> {
  type: "success";
  /** The answer. */
  value: T;
}

/** The input was not understood: nothing was decided. */
export interface Mistake extends Failure {
  type: "failure";
}

/**
 * Every operation over JSON text, as the interface `text` of the contract has it: numbers stay exact, and nothing is parsed here.
 *
 * @param operation A key of {@link Contract}.
 * @param request JSON; empty for `schemas` and `info`.
 * @returns `{"ok": …}` or `{"failure": {"code", "diagnostics"}}`.
 */
export function call(operation: string, request: string): string;

/** A whole set of custom resources and what was observed → one plan. Nothing is done. */
export function plan(observation: SetObservation): Result<Plan>;
/** The same input on a simulated cluster until nothing changes or a gate cannot open: the rounds of a roll-out before it starts. */
export function forecast(observation: SetObservation): Result<Forecast>;
/** The desired children of a whole set; with `all` those that a gate holds back, too. */
export function render(observation: RenderRequest): Result<KubernetesObject[]>;
/** Every violation of one custom resource at once; empty when there is none. With `old` it is judged as an edit. */
export function validate(input: CustomResource | EditToValidate): Result<Diagnostic[]>;
/** What a host must read to plan a custom resource. */
export function requirements(parent: CustomResource): Result<Selector[]>;
/** What differs between an object of any kind and the live one, by path and owner. Data of Secrets is masked. */
export function diff(request: DiffRequest): Result<Difference>;

/** One custom resource and what was observed → what it needs and the plan for it. */
export function reconcile(observation: Observation): Result<Answer>;
/** What must happen to the dependants of a custom resource that is new. */
export function createHandler(observation: Observation): Result<Answer>;
/** What must happen to the dependants of a custom resource that changed. */
export function updateHandler(observation: Observation): Result<Answer>;
/** What must happen to the dependants of a custom resource that is being deleted. */
export function deleteHandler(observation: Observation): Result<Answer>;

/** The API requests that create a custom resource. */
export function create(object: CustomResource): Result<Requests>;
/** The API requests that update a custom resource. */
export function update(change: Update): Result<Requests>;
/** The API requests that delete an observed custom resource: `delete` of the contract, which is a reserved word. */
export function remove(observed: CustomResource): Result<Requests>;

/** The CustomResourceDefinitions. */
export function schemas(): Result<CustomResourceDefinition[]>;
/** Version, contract version, limits and the digest of the rules. */
export function info(): Result<Info>;

/** Metacontroller's sync hook of the three kinds. */
export function sync(request: CompositeRequest): Result<CompositeReply>;
/** Metacontroller's finalize hook of the three kinds. */
export function finalize(request: CompositeRequest): Result<CompositeReply>;
/** Metacontroller's customize hook of the three kinds and of the decorator. */
export function customize(request: CustomizeRequest): Result<CustomizeReply>;
/** Metacontroller's sync hook of the decorator that owns the PersistentVolumes. */
export function decorate(request: DecoratorRequest): Result<DecoratorReply>;
/** The verdict on an AdmissionReview of the three kinds. */
export function review(request: ReviewRequest): Result<ReviewReply>;

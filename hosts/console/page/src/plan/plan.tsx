import { answer } from "../state";

/** The plan, as Terraform shows one. */
export function Plan() {
  return <p>{answer.value?.plan?.summary.text ?? "…"}</p>;
}

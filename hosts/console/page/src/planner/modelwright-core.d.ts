/** The wasm-bindgen build of the core, as Vite's alias finds it. */
declare module "modelwright-core/modelwright.js" {
  export default function init(from: { module_or_path: URL }): Promise<unknown>;
  export function call(operation: string, request: string): string;
}

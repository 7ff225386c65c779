/** Examples that Vite's configuration makes with the planner. */
declare module "virtual:example/*" {
  const texts: { resources: string; observed: string };
  export default texts;
}

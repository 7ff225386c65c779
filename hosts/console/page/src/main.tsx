import { render } from "preact";
import { restore } from "./share/link";
import { Console } from "./shell/console";
import { start } from "./state";

await restore();
start();
const root = document.getElementById("console");
if (root) render(<Console />, root);

import { render } from "preact";
import { connectAtOnce } from "./cluster/state";
import { restore } from "./share/link";
import { Console } from "./shell/console";
import { start } from "./state";

await restore();
start();
connectAtOnce();
const root = document.getElementById("console");
if (root) render(<Console />, root);

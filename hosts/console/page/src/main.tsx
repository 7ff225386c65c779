import { render } from "preact";
import { Console } from "./shell/console";
import { restore } from "./share/restore";
import { start } from "./state";

restore();
start();
const root = document.getElementById("console");
if (root) render(<Console />, root);

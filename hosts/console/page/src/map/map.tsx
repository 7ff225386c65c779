/** The view of what hangs together. */

import { useEffect, useState } from "preact/hooks";
import { pods } from "../cluster/state";
import { ask } from "../planner/client";
import { revision, show } from "../state";
import { RelationshipMap } from "./drawing";
import type { Node } from "./graph";

/** The map of the last answer; any object opens its YAML. */
export function Map() {
  const [trees, setTrees] = useState<Node[] | null>(null);
  const [now, seen] = [revision.value, pods.value];
  useEffect(() => {
    let isWanted = true;
    void ask("map", seen).then((found) => isWanted && setTrees(found));
    return () => {
      isWanted = false;
    };
  }, [now, seen]);
  return trees === null ? null : <RelationshipMap trees={trees} open={show} />;
}

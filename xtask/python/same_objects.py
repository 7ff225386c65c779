"""Two YAML streams with the same objects: what the chart makes (the first) and what kustomize makes (the second)."""

import re
import sys

import yaml


def objects(path):
    """Every object by what names it."""
    with open(path, encoding="utf-8") as stream:
        # kustomize adds a hash of the content to the name; the chart has it in an annotation of the Pods.
        text = re.sub("modelwright-policy-[a-z0-9]{10}", "modelwright-policy", stream.read())
    found = [document for document in yaml.safe_load_all(text) if document]
    for document in found:
        annotations = document["metadata"].get("annotations", {})
        # Helm's alone: an uninstalled release leaves these.
        annotations.pop("helm.sh/resource-policy", None)
        if not annotations:
            document["metadata"].pop("annotations", None)
    return {(found["kind"], found["metadata"].get("namespace", ""), found["metadata"]["name"]): found for found in found}


def main(first, second):
    ours, theirs = objects(first), objects(second)
    different = [" ".join(key) for key in sorted(ours.keys() | theirs.keys()) if ours.get(key) != theirs.get(key)]
    if different or not ours:
        sys.exit(f"chart and kustomization differ: {', '.join(different) or 'both are empty'}")
    print(f"    {len(ours)} objects are the same")


main(sys.argv[1], sys.argv[2])

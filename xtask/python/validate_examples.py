"""The examples against the schemas of the shipped CustomResourceDefinitions: every sample is one that the API server takes.

Unknown fields are errors, as under strict field validation. CEL rules are not evaluated here; the planner repeats them.
"""

import pathlib
import sys

import jsonschema
import yaml


def strict(schema):
    """An OpenAPI v3 schema of a CRD as a JSON Schema that refuses unknown fields."""
    if schema.get("x-kubernetes-int-or-string"):
        return {"anyOf": [{"type": "integer"}, {"type": "string", "pattern": schema.get("pattern", "")}]}
    result = {key: value for key, value in schema.items() if not key.startswith("x-kubernetes-")}
    if "properties" in schema:
        result["properties"] = {name: strict(value) for name, value in schema["properties"].items()}
        result["additionalProperties"] = False
    elif isinstance(schema.get("additionalProperties"), dict):
        result["additionalProperties"] = strict(schema["additionalProperties"])
    if "items" in schema:
        result["items"] = strict(schema["items"])
    return result


def schemas(folder):
    """The schema of each kind."""
    found = {}
    for path in sorted(folder.glob("*.mlops.internal.yaml")):
        crd = yaml.safe_load(path.read_text())
        version = crd["spec"]["versions"][0]
        schema = strict(version["schema"]["openAPIV3Schema"])
        schema["properties"]["metadata"] = {"type": "object"}
        found[crd["spec"]["group"] + "/" + version["name"], crd["spec"]["names"]["kind"]] = schema
    return found


def main(root):
    by_kind = schemas(root / "deploy" / "crds")
    checked = 0
    for path in sorted((root / "examples").rglob("*.yaml")):
        for document in yaml.safe_load_all(path.read_text()):
            schema = by_kind[document["apiVersion"], document["kind"]]
            jsonschema.Draft202012Validator(schema).validate(document)
            checked += 1
    if not checked:
        sys.exit("there are no examples")
    print(f"    {checked} custom resources of the examples are valid")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))

"""Schemas for kubeconform, which would look for them on the internet: Kubernetes' own, as kubernetes-validate has them, and those of CRDs.

The first argument is the folder to write, the others are files with definitions. Unknown fields are errors.
"""

import json
import pathlib
import sys

import kubernetes_validate
import yaml
from validate_examples import strict

KUBERNETES = pathlib.Path(kubernetes_validate.__file__).parent / "kubernetes-json-schema" / "v1.37.0-local-strict"
DRAFT = "https://json-schema.org/draft/2020-12/schema"


def of_kubernetes(text):
    """References lead to the file beside, not to a place of a web site."""
    schema = json.loads(text.replace('"/api/_definitions.json#', '"_definitions.json#'))
    schema.pop("$id", None)
    return schema


def of_definition(crd):
    """File name and schema of each version of a kind."""
    kind, group = crd["spec"]["names"]["kind"].lower(), crd["spec"]["group"].split(".")[0]
    for version in crd["spec"]["versions"]:
        schema = strict(version["schema"]["openAPIV3Schema"])
        schema["properties"]["metadata"] = {"type": "object"}
        yield f"{kind}-{group}-{version['name']}.json", {"$schema": DRAFT, **schema}


def main(folder, files):
    folder.mkdir(parents=True, exist_ok=True)
    for path in KUBERNETES.glob("*.json"):
        (folder / path.name).write_text(json.dumps(of_kubernetes(path.read_text())))
    for file in files:
        for crd in yaml.safe_load_all(file.read_text()):
            for name, schema in of_definition(crd):
                (folder / name).write_text(json.dumps(schema))


main(pathlib.Path(sys.argv[1]), [pathlib.Path(path) for path in sys.argv[2:]])

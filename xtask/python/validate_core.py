"""Checks every core object of a YAML stream (the first argument) against the schemas of Kubernetes 1.37; unknown fields are errors."""

import sys

import kubernetes_validate
import yaml

OTHER_CHECKERS = ("networking.istio.io/", "mlops.internal/")


def main() -> int:
    with open(sys.argv[1], encoding="utf-8") as stream:
        objects = [found for found in yaml.safe_load_all(stream) if found]
    core = [found for found in objects if not found["apiVersion"].startswith(OTHER_CHECKERS)]
    failures = [] if core else ["the stream has no core object"]
    for found in core:
        name = "{kind} {metadata[name]}".format(**found)
        try:
            kubernetes_validate.validate(found, "1.37", strict=True)
            print(f"{name}: valid")
        except (kubernetes_validate.ValidationError, kubernetes_validate.SchemaNotFoundError) as error:
            failures.append(f"{name}: {getattr(error, 'path', '')} {getattr(error, 'message', error)}")
    print("\n".join(failures), file=sys.stderr)
    return 1 if failures else 0


sys.exit(main())

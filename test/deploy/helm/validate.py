"""Validates resources strictly: Kubernetes' own by kubernetes-validate, others by the schemas of their definitions.

Reads {"versions": [...], "resources": [...], "definitions": [...]} and prints one line for each fault.
"""
import functools
import json
import sys

import jsonschema
from kubernetes_validate import utils

# Its schemas are large, and the same for every resource.
utils.schema_contents = functools.cache(utils.schema_contents)

task = json.load(sys.stdin)
definitions = {(one["apiVersion"], one["kind"]): one["schema"] for one in task["definitions"]}


def faults(resource):
    key = (resource["apiVersion"], resource["kind"])
    if key in definitions:
        for error in jsonschema.Draft202012Validator(definitions[key]).iter_errors(resource):
            yield f"{error.json_path}: {error.message}"
        return
    for version in task["versions"]:
        try:
            utils.validate(resource, version, strict=True)
        except jsonschema.ValidationError as error:
            yield f"Kubernetes {version}: {error.json_path}: {error.message}"
        except (utils.SchemaNotFoundError, utils.VersionNotSupportedError) as error:
            yield error.message


print(json.dumps({"newest": utils.major_minor(utils.latest_version())}))
for resource in task["resources"]:
    for fault in faults(resource):
        print(json.dumps({"fault": f"{resource['kind']} {resource['metadata']['name']}: {fault}"}))

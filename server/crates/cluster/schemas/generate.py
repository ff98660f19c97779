#!/usr/bin/env python3
"""Writes this folder's schemas: one a kind, without descriptions, unknown fields refused.

    npm install --ignore-scripts ts-json-schema-generator@2 typescript @kubernetes-models/flux-cd@3.0.1
    python3 generate.py NODE_FOLDER KUBERNETES_VALIDATE_FOLDER

Core kinds come from PyPI kubernetes-validate (the folder kubernetes-json-schema/vX.Y.0-local-strict).
Flux' come from the types of npm @kubernetes-models/flux-cd, which are made from the CRDs of Flux 2.8;
NEWER names what Flux 2.4 did not have yet: take lines away there when the version lock moves.
Written by hand, from their CRDs: Crossplane's Provider, the two ProviderConfigs, and of DeploymentRuntimeConfig
the part that is used; kustomize's own Kustomization with nothing but resources.
"""
import json, pathlib, subprocess, sys

HERE = pathlib.Path(__file__).parent
FLUX = {
    "HelmRelease": ("helm.toolkit.fluxcd.io", "v2"),
    "Kustomization": ("kustomize.toolkit.fluxcd.io", "v1"),
    "HelmChart": ("source.toolkit.fluxcd.io", "v1"),
    "HelmRepository": ("source.toolkit.fluxcd.io", "v1"),
    "GitRepository": ("source.toolkit.fluxcd.io", "v1"),
}
CORE = {
    "Namespace": "namespace-v1", "ConfigMap": "configmap-v1", "ServiceAccount": "serviceaccount-v1",
    "Role": "role-rbac-v1", "RoleBinding": "rolebinding-rbac-v1",
    "ClusterRole": "clusterrole-rbac-v1", "ClusterRoleBinding": "clusterrolebinding-rbac-v1",
}
NEWER = {
    "HelmRelease": {"disableTakeOwnership", "healthCheckExprs", "readyExpr", "strategy@install",
                    "strategy@upgrade", "waitStrategy", "serverSideApply", "commonMetadata", "literal"},
    "Kustomization": {"healthCheckExprs", "readyExpr", "ignoreMissingComponents", "deletionPolicy",
                      "serviceAccountName@decryption", "oci"},
    "GitRepository": {"sparseCheckout", "serviceAccountName"},
    "HelmChart": set(), "HelmRepository": set(),
}


def clean(node, newer, parent=""):
    """Without words for people, and without what is newer."""
    if isinstance(node, list):
        return [clean(each, newer, parent) for each in node]
    if not isinstance(node, dict):
        return node
    out = {}
    for key, value in node.items():
        if key in ("properties", "definitions", "patternProperties"):
            out[key] = {
                name: clean(each, newer, name)
                for name, each in sorted(value.items())
                if name not in newer and f"{name}@{parent}" not in newer
            }
        elif key == "required":
            out[key] = sorted(name for name in value if name not in newer)
        elif key != "description" and key != "$schema" and key != "$id" and not key.startswith("x-"):
            out[key] = clean(value, newer, parent)
    return out


def closed(schema, definitions):
    """The schema with the definitions that it reaches."""
    reached, left = {}, [schema]
    while left:
        text = json.dumps(left.pop())
        for part in text.split("#/$defs/")[1:]:
            name = part.split('"')[0]
            if name not in reached:
                reached[name] = definitions[name]
                left.append(definitions[name])
    whole = dict(schema, definitions=reached) if reached else schema
    text = json.dumps(whole).replace("/api/_definitions.json#", "#")
    return json.loads(text.replace("#/$defs/", "#/definitions/"))


def write(name, schema):
    path = HERE / f"{name}.json"
    path.write_text(json.dumps(schema, separators=(",", ":"), sort_keys=True) + "\n")


def main(node, kubernetes):
    definitions = json.loads((kubernetes / "_definitions.json").read_text())["$defs"]
    for kind, file in CORE.items():
        schema = json.loads((kubernetes / f"{file}.json").read_text())
        write(kind, clean(closed(schema, definitions), set()))

    meta = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
    for kind, (group, version) in FLUX.items():
        source = f'import type {{ I{kind} }} from "@kubernetes-models/flux-cd/{group}/{version}/{kind}";\n'
        source += f'export interface Root {{ spec: I{kind}["spec"] }}\n'
        (node / "root.ts").write_text(source)
        options = {"strict": True, "moduleResolution": "bundler", "module": "esnext", "target": "es2022", "skipLibCheck": True}
        (node / "tsconfig.json").write_text(json.dumps({"compilerOptions": options}))
        command = ["npx", "ts-json-schema-generator", "-f", "tsconfig.json", "-p", "root.ts", "-t", "Root", "--no-type-check"]
        made = json.loads(subprocess.run(command, cwd=node, check=True, capture_output=True).stdout)["definitions"]
        spec = clean(made.pop("Root")["properties"]["spec"], NEWER[kind])
        root = {
            "type": "object", "additionalProperties": False, "required": ["apiVersion", "kind", "metadata", "spec"],
            "properties": {
                "apiVersion": {"const": f"{group}/{version}"}, "kind": {"const": kind},
                "metadata": {"$ref": f"/api/_definitions.json#/$defs/{meta}"}, "spec": spec,
            },
        }
        whole = closed(root, definitions)
        whole["definitions"].update(clean(made, NEWER[kind]))
        write("Flux" + kind if kind == "Kustomization" else kind, clean(whole, set()))


main(*(pathlib.Path(each) for each in sys.argv[1:3]))

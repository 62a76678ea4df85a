"""How a cluster signs in to the registries that it fetches images from, and helm to those of
charts."""

import base64
import json
from collections.abc import Sequence
from typing import Any

from environments.core.ports import Manifest, RegistryCredentials

_NAME = "releaseclone-registries"


def with_sign_ins(
    manifests: Sequence[Manifest], credentials: Sequence[RegistryCredentials]
) -> tuple[Manifest, ...]:
    """The manifests of a workload, which may use these sign-ins; they are no part of what decides
    how it runs."""
    if not credentials:
        return tuple(manifests)
    namespace = manifests[0]["metadata"].get("namespace", "")
    secret: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": _NAME, "namespace": namespace},
        "type": "kubernetes.io/dockerconfigjson",
        "stringData": {".dockerconfigjson": json.dumps({"auths": _written(credentials)})},
    }
    return (secret, *(_with_name(one) for one in manifests))


def _written(credentials: Sequence[RegistryCredentials]) -> dict[str, Any]:
    return {
        one.registry: {
            "username": one.username,
            "password": one.password,
            "auth": base64.b64encode(f"{one.username}:{one.password}".encode()).decode(),
        }
        for one in credentials
    }


def _with_name(manifest: Manifest) -> Manifest:
    """Wherever it makes pods; a cron job does it through the jobs that it makes."""
    spec = manifest.get("spec", {})
    if "jobTemplate" in spec:
        return {**manifest, "spec": {**spec, "jobTemplate": _with_name(spec["jobTemplate"])}}
    if "template" not in spec:
        return manifest
    template = spec["template"]
    pod = {**template["spec"], "imagePullSecrets": [{"name": _NAME}]}
    return {**manifest, "spec": {**spec, "template": {**template, "spec": pod}}}

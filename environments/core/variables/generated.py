"""The variables that the product makes for every container."""

import re
from collections.abc import Mapping

from environments.core.names import variable_prefix
from environments.core.variables.model import Generated

_RESERVED = re.compile(r"RELEASE_[A-Z0-9_]*")


def is_reserved(name: str) -> bool:
    """Whether the name is the product's own wherever it stands (``RELEASE_*``)."""
    return _RESERVED.fullmatch(name) is not None


def reason_of(name: str, ingress: Mapping[str, Generated]) -> str:
    """Why the name is reserved, with the line that it is made for."""
    made = ingress.get(name)
    if made is None or not made.origin:
        return "The product sets it."
    return f"It is made for {made.origin}."


def ingress_variables(
    service: str, *, url: str, host: str, origin: str = ""
) -> tuple[Generated, ...]:
    """``<SERVICE>_INGRESS_URL`` and ``<SERVICE>_INGRESS_HOST`` of an exposed service."""
    prefix = variable_prefix(service)
    return (
        Generated(f"{prefix}_INGRESS_URL", url, "ingress", origin),
        Generated(f"{prefix}_INGRESS_HOST", host, "ingress", origin),
    )


def service_variables(service: str, *, host: str, port: str) -> tuple[Generated, ...]:
    """``<SERVICE>_SERVICE_HOST`` and ``<SERVICE>_SERVICE_PORT``, as Kubernetes names them."""
    prefix = variable_prefix(service)
    return (
        Generated(f"{prefix}_SERVICE_HOST", host, "service"),
        Generated(f"{prefix}_SERVICE_PORT", port, "service"),
    )


def release_variables(
    *,
    env_id: str,
    environment: str,
    application: str,
    branch: str,
    commit: str,
    account_id: str,
    context: str,
    domain: str,
    build_id: str,
) -> tuple[Generated, ...]:
    """Who and where the container is."""
    values = {
        "RELEASE_ENV_ID": env_id,
        "RELEASE_ENV": environment,
        "RELEASE_APP_NAME": application,
        "RELEASE_BRANCH_NAME": branch,
        "RELEASE_COMMIT_SHA": commit,
        "RELEASE_COMMIT_SHORT": commit[:7],
        "RELEASE_ACCOUNT_ID": account_id,
        "RELEASE_CONTEXT": context,
        "RELEASE_DOMAIN": domain,
        "RELEASE_BUILD_ID": build_id,
        "RELEASE_RANDOMNESS": env_id,
    }
    return tuple(Generated(name, text, "release") for name, text in values.items())

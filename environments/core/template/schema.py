"""The shape of a template as one JSON Schema (draft 2020-12), also served to the editor.

Beside the standard words, ``x-expected`` says in a few words what must stand in a place. What a
schema cannot say (names that must exist, order in a teardown, …) is in the rules beside it.
"""

from typing import Any

Schema = dict[str, Any]

_QUANTITY = r"^[0-9]+(\.[0-9]+)?(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?$"

ANY: Schema = {}
ITEMS: Schema = {"type": ["array", "object"], "x-expected": "a list"}
"""What is inside is not looked at."""
TEXT: Schema = {"type": ["string", "number", "boolean"], "x-expected": "text"}
FLAG: Schema = {"type": "boolean", "x-expected": "true or false"}
NAME: Schema = {
    "type": ["string", "number", "boolean"],
    "minLength": 1,
    "maxLength": 253,
    "pattern": r"^\S+$",
    "x-expected": "a name without blanks",
}
QUANTITY: Schema = {
    "type": ["string", "number"],
    "minimum": 0,
    "pattern": _QUANTITY,
    "x-expected": "a quantity such as 500m, 1Gi or 2",
}
VARIABLE: Schema = {
    **TEXT,
    "pattern": r"^[^\s=]+$",
    "x-expected": "the name of a variable, without blanks and =",
}


def whole(minimum: int, maximum: int = 1_000_000) -> Schema:
    """A whole number, also in quotes. ``minimum``: 0 or 1."""
    return {
        "type": ["integer", "string"],
        "minimum": minimum,
        "maximum": maximum,
        "pattern": _digits_of(minimum, maximum),
        "x-expected": f"a whole number from {minimum} to {maximum}",
    }


def _digits_of(minimum: int, maximum: int) -> str:
    """A pattern for the digits of these numbers: a limit of JSON Schema holds for numbers only."""
    digits = str(maximum)
    shorter = f"[1-9][0-9]{{0,{len(digits) - 2}}}"
    smaller = (
        f"{digits[:at]}[{0 if at else 1}-{int(digit) - 1}][0-9]{{{len(digits) - at - 1}}}"
        for at, digit in enumerate(digits)
        if int(digit) > (0 if at else 1)
    )
    numbers = "|".join([shorter, *smaller, digits])
    return f"^0*({numbers})$" if minimum else f"^0*({numbers}|0)$"


PORT: Schema = {**whole(1, 65535), "x-expected": "a port from 1 to 65535"}


def one_of(*words: str) -> Schema:
    """One of these words."""
    return {"enum": list(words), "x-expected": "one of " + ", ".join(words)}


def list_of(items: Schema) -> Schema:
    """A list of such items."""
    return {"type": "array", "items": items, "x-expected": "a list"}


def mapping(required: str = "", /, **properties: Schema) -> Schema:
    """A mapping of these keys and no others. ``required``: keys, separated by blanks.

    A key that is not required may stand without a value, which is as if it were absent.
    """
    needed = required.split()
    return {
        "type": "object",
        "required": needed,
        "properties": {
            key: schema if key in needed else or_nothing(schema)
            for key, schema in properties.items()
        },
        "additionalProperties": False,
        "x-expected": "a mapping",
    }


def or_nothing(schema: Schema) -> Schema:
    """The same, and a key without a value."""
    if "enum" in schema:
        return {**schema, "enum": [*schema["enum"], None]}
    if "type" not in schema:
        return schema
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return {**schema, "type": [*types, "null"]}


def _open(schema: Schema, pattern: str, values: Schema) -> Schema:
    return {**schema, "patternProperties": {pattern: or_nothing(values)}}


_PAIR = mapping("key", key=TEXT, value=TEXT)
_ENV = mapping("key", key=VARIABLE, value=TEXT)
_LIMITS = mapping(limits=QUANTITY, requests=QUANTITY)
_STORAGE = mapping(size=QUANTITY, type=TEXT)
_BUILD = mapping(context=TEXT, dockerfile=TEXT, target=TEXT, args=list_of(TEXT))
_PROBE = mapping(
    exec=mapping("command", command=list_of(TEXT)),
    http_get=mapping("port", path=TEXT, port=PORT),
    tcp_socket=mapping("port", port=PORT),
    initial_delay_seconds=whole(0),
    period_seconds=whole(1),
    timeout_seconds=whole(1),
    failure_threshold=whole(1),
)
_VOLUME = mapping(
    "mount_path",
    name=NAME,
    type=one_of("persistent", "shmem", "s3"),
    mount_path=TEXT,
    size=QUANTITY,
    storage=_STORAGE,
    claim=NAME,
    bucket=TEXT,
)
_PORT_ENTRY: Schema = {
    **mapping(
        "type",
        type=one_of("node_port", "container_port"),
        target_port=PORT,
        port=PORT,
        loadbalancer=FLAG,
    ),
    "anyOf": [{"required": ["port"]}, {"required": ["target_port"]}],
}

_WORKLOAD: dict[str, Schema] = {
    "name": NAME,
    "image": TEXT,
    "has_repo": FLAG,
    "build": _BUILD,
    "command": list_of(TEXT),
    "args": list_of(TEXT),
    "envs": list_of(_ENV),
    "cpu": _LIMITS,
    "memory": _LIMITS,
    "volumes": list_of(_VOLUME),
    "node_selector": list_of(_PAIR),
    "service_account_name": TEXT,
    "workspaces": ITEMS,
    "secrets_from": ITEMS,
}
_SERVICE_KEYS: dict[str, Schema] = {
    **_WORKLOAD,
    "registry": ANY,
    "ports": list_of(_PORT_ENTRY),
    "depends_on": list_of(NAME),
    "replicas": whole(0, 1000),
    "autoscale": mapping(min_replicas=whole(0), max_replicas=whole(1), metrics=ITEMS),
    "storage": _STORAGE,
    "configmap": list_of(
        mapping("repo_path mount_path", name=TEXT, repo_path=TEXT, mount_path=TEXT)
    ),
    "readiness_probe": _PROBE,
    "liveness_probe": _PROBE,
    "static": FLAG,
}
_SERVICE = _open(mapping("name", **_SERVICE_KEYS), "^build_", TEXT)
_CHANGED_SERVICE = _open(mapping("name", **_SERVICE_KEYS, add=FLAG, remove=FLAG), "^build_", TEXT)
_JOB_KEYS: dict[str, Schema] = {
    **_WORKLOAD,
    "from_services": NAME,
    "completed_timeout": whole(1),
    "halt_on_error": FLAG,
}
_IMPORT = mapping(
    "name",
    name=NAME,
    branch=TEXT,
    exclude_services=list_of(mapping("name", name=NAME)),
    ignore_deployment_refs=list_of(TEXT),
    pull_request_labels=list_of(TEXT),
)
_HOSTNAME: Schema = {
    "type": "object",
    "minProperties": 1,
    "maxProperties": 1,
    "additionalProperties": TEXT,
    "x-expected": "one service with its host name, as in - web: web-${env_id}.${domain}",
}
_RULE = mapping(
    "service hostnames",
    service=NAME,
    hostnames=list_of(TEXT),
    path={**TEXT, "pattern": "^(/.*)?$", "x-expected": "a path that begins with /"},
    visibility=one_of("public", "private", "public-direct"),
)
_STEP = mapping("tasks", step=TEXT, tasks=list_of(TEXT), halt_on_error=FLAG, wait_for_finish=FLAG)
_WORKFLOW = mapping(
    "name",
    name=one_of("setup", "patch", "teardown"),
    order_from=list_of(TEXT),
    parallelize=list_of(_STEP),
)
_PARAMETER = mapping(
    "name",
    name=NAME,
    type=one_of("string", "text", "boolean", "integer", "git-repo", "git-ref", "file"),
    description=TEXT,
    default=TEXT,
    optional=FLAG,
    advanced=FLAG,
)
_CHART = mapping(
    "name",
    name=NAME,
    directory=TEXT,
    values=ANY,
    add=ANY,
    repo_url=TEXT,
    install=ANY,
    version=TEXT,
    include_crds=FLAG,
    name_template=TEXT,
)
_INFRASTRUCTURE = mapping("name", name=NAME, type=TEXT, directory=TEXT, values=ANY)
_RESOURCES = mapping(cpu=_LIMITS, memory=_LIMITS, replicas=whole(0, 1000))

_OWN_KEYS: dict[str, Schema] = {"app": NAME, "repo_name": TEXT}
_KEYS: dict[str, Schema] = {
    "auto_deploy": {**FLAG, "default": True},
    "context": TEXT,
    "domain": TEXT,
    "execution_type": one_of("server", "runnable"),
    "git_fetch_depth": whole(0),
    "mode": TEXT,
    "tracking_branch": TEXT,
    "tracking_tag": TEXT,
    "parallelize_app_imports": {**FLAG, "default": False},
    "app_imports": list_of(_IMPORT),
    "builds": list_of(
        mapping("name", name=NAME, context=TEXT, dockerfile=TEXT, target=TEXT, args=list_of(TEXT))
    ),
    "charts": list_of(_CHART),
    "cron_jobs": list_of(mapping("name schedule", **_JOB_KEYS, schedule=TEXT)),
    "custom_links": ITEMS,
    "development_environment": {"type": "object", "x-expected": "a mapping"},
    "hostnames": list_of(_HOSTNAME),
    "rules": list_of(_RULE),
    "infrastructure": list_of(_INFRASTRUCTURE),
    "ingress": _open(mapping(), "^proxy_", TEXT),
    "jobs": list_of(mapping("name", **_JOB_KEYS)),
    "node_selector": list_of(_PAIR),
    "parameters": list_of(_PARAMETER),
    "resources": _RESOURCES,
    "secrets": ITEMS,
    "s3_volumes": ITEMS,
    "service_accounts": list_of(mapping("name", name=NAME, cloud_role=TEXT)),
    "services": list_of(_SERVICE),
    "shared_volumes": list_of(mapping("name", name=NAME, size=QUANTITY, type=TEXT)),
    "workflows": list_of(_WORKFLOW),
    "workspaces": ITEMS,
}
_ENVIRONMENT_TYPE = mapping(
    "name",
    **{**_KEYS, "services": list_of(_CHANGED_SERVICE)},
    name=one_of("ephemeral", "permanent"),
    datasets=list_of(mapping("name", name=NAME)),
)

ENVIRONMENT_SCHEMA: Schema = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Environment Template",
    **mapping(**_OWN_KEYS, **_KEYS),
}
APPLICATION_SCHEMA: Schema = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Application Template",
    **mapping(**_OWN_KEYS, **_KEYS, environment_templates=list_of(_ENVIRONMENT_TYPE)),
}

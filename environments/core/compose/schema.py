"""The shapes of a Compose file (the Compose Specification), as far as they are looked at.

Keys that this schema does not name are allowed: each is said by name where it is met.
"""

from environments.core.template.schema import TEXT, Schema, list_of, or_nothing

_ANY: Schema = {}
_LIST_OR_MAPPING: Schema = {"type": ["array", "object"], "x-expected": "a list or a mapping"}
_WORDS: Schema = {
    "type": ["string", "array"],
    "items": or_nothing(TEXT),
    "x-expected": "text or a list",
}


def _mapping_of(**properties: Schema) -> Schema:
    return {
        "type": "object",
        "properties": {key: or_nothing(schema) for key, schema in properties.items()},
        "x-expected": "a mapping",
    }


def _words_or_mapping_of(**properties: Schema) -> Schema:
    """One word, or the same in the long form."""
    long = _mapping_of(**properties)
    types = ["string", "number", "boolean", "object"]
    return {**long, "type": types, "x-expected": "text or a mapping"}


_AMOUNTS = _mapping_of(cpus=TEXT, memory=TEXT)
_BUILD = _words_or_mapping_of(context=TEXT, dockerfile=TEXT, target=TEXT, args=_LIST_OR_MAPPING)
_PORT = _words_or_mapping_of(target=TEXT, published=TEXT, protocol=TEXT, mode=TEXT)
_MOUNT = _words_or_mapping_of(
    type=TEXT, source=TEXT, target=TEXT, tmpfs=_mapping_of(size=TEXT), volume=_mapping_of()
)
_FILE = _words_or_mapping_of(source=TEXT, target=TEXT)
_SERVICE = _mapping_of(
    image=TEXT,
    build=_BUILD,
    command=_WORDS,
    entrypoint=_WORDS,
    environment=_LIST_OR_MAPPING,
    env_file={
        "type": ["string", "array"],
        "items": _words_or_mapping_of(path=TEXT, required=TEXT),
        "x-expected": "a path or a list of them",
    },
    ports=list_of(_PORT),
    expose=list_of(TEXT),
    depends_on=_LIST_OR_MAPPING,
    volumes=list_of(_MOUNT),
    tmpfs=_WORDS,
    configs=list_of(_FILE),
    secrets=list_of(_FILE),
    healthcheck=_mapping_of(test=_WORDS, interval=TEXT, timeout=TEXT, retries=TEXT, disable=TEXT),
    deploy=_mapping_of(
        replicas=TEXT, resources=_mapping_of(limits=_AMOUNTS, reservations=_AMOUNTS)
    ),
    scale=TEXT,
    cpus=TEXT,
    mem_limit=TEXT,
    mem_reservation=TEXT,
    shm_size=TEXT,
    profiles=list_of(TEXT),
)
_DECLARED: Schema = {
    "type": "object",
    "additionalProperties": or_nothing(_mapping_of(file=TEXT, external=_ANY)),
    "x-expected": "a mapping",
}

COMPOSE_SCHEMA: Schema = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Compose file",
    **_mapping_of(
        name=TEXT,
        services={
            "type": "object",
            "additionalProperties": _SERVICE,
            "x-expected": "a mapping of services",
        },
        volumes=_DECLARED,
        configs=_DECLARED,
        secrets=_DECLARED,
    ),
}

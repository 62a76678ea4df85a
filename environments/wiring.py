"""Gives the hands their configuration: the one place where an adapter is loaded by name."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any, Protocol, cast

from django.conf import settings
from django.utils.module_loading import import_string

from environments import vault
from environments.core.ports import (
    Builder,
    Engine,
    EngineError,
    GitHost,
    Ingress,
)


@cache
def git_host(kind: str) -> GitHost:
    """The git host of this kind (a key of the setting ``GIT_HOSTS``)."""
    path, arguments = settings.GIT_HOSTS[kind]
    return cast(GitHost, import_string(path)(**arguments))


class Context(Protocol):
    """What a context says of its engine."""

    engine: Any
    configuration: Any


def engine_of(context: Context) -> Engine:
    """The engine of this context: one for each configuration."""
    return engine(context.engine, written(context.configuration))


def written(configuration: Mapping[str, Any]) -> str:
    """A configuration as text: the same for the same."""
    return json.dumps(configuration, sort_keys=True)


@cache
def engine(kind: str, configuration: str) -> Engine:
    """The engine of this kind (a key of the setting ``ENGINES``) with a context's configuration.

    ``EngineError`` for one that this installation does not have, or has switched off.
    """
    if kind not in settings.ENGINES:
        known = ", ".join(settings.ENGINES) or "none"
        raise EngineError(
            f"The engine {kind} is not available here. Engines of this installation: {known}."
        )
    path, arguments = settings.ENGINES[kind]
    return cast(Engine, import_string(path)(**arguments, **json.loads(configuration)))


def clusters() -> list[str]:
    """The names of the clusters that contexts may choose from."""
    _, arguments = settings.ENGINES.get("kubernetes", ("", {}))
    if not arguments:
        return []
    reads = import_string("environments.engines.kubernetes.connection.contexts_of")
    return cast(list[str], reads(arguments["kubeconfig"]))


def builder_of(context: Context) -> Builder | None:
    """What provides images for this context; None where its engine takes them as named."""
    return _builder(context.engine, written(context.configuration))


@cache
def _builder(kind: str, configuration: str) -> Builder | None:
    if kind not in settings.BUILDERS:
        return None
    path, arguments, told = settings.BUILDERS[kind]
    given = json.loads(configuration)
    return cast(Builder, import_string(path)(**arguments, **{name: given[name] for name in told}))


@cache
def ingress() -> Ingress | None:
    """What leads host names to services on this machine; None where none run here."""
    if settings.INGRESS is None:
        return None
    path, arguments = settings.INGRESS
    return cast(Ingress, import_string(path)(**arguments))


def seal(text: str, *, belongs_to: str) -> bytes:
    """The text, encrypted for the database. ``belongs_to``: what alone can open it again."""
    return vault.encrypt(settings.RELEASECLONE.vault_keys, text, belongs_to=belongs_to)


def unseal(sealed: bytes | memoryview, *, belongs_to: str) -> str:
    """What ``seal`` encrypted for the same thing."""
    keys = settings.RELEASECLONE.vault_keys
    return vault.decrypt(keys, bytes(sealed), belongs_to=belongs_to)


def fingerprint(text: str) -> str:
    """Tells two secrets apart without telling what they are."""
    return vault.fingerprint(settings.RELEASECLONE.vault_keys[0], text)

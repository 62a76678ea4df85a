"""Gives the hands their configuration: the one place where an adapter is loaded by name."""

import json
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any, Protocol, cast

from django.conf import settings
from django.utils.module_loading import import_string

from environments import vault
from environments.core.ports import (
    Builder,
    Engine,
    EngineError,
    Forge,
    GitHost,
    Ingress,
    MadeApp,
)

_APPS = "environments.githosts.github.apps"


@cache
def git_host(kind: str) -> GitHost:
    """The git host of this kind (a key of the setting ``GIT_HOSTS``)."""
    path, arguments = settings.GIT_HOSTS[kind]
    return cast(GitHost, import_string(path)(**arguments))


class Connection(Protocol):
    """What a connection says of its host and of who asks there."""

    pk: Any
    web: Any
    credentials: Any

    @property
    def seal_name(self) -> str: ...


class Source(Protocol):
    """What an application says of its repository."""

    git_host: Any
    connection: Any


def repositories_of(application: Source) -> GitHost:
    """What reads the repository of this application."""
    if application.connection is None:
        return git_host(application.git_host)
    return forge(application.connection)


def forge(connection: Connection) -> Forge:
    """The host of this connection, asked with its credentials."""
    return _forge(
        connection.pk, connection.web, bytes(connection.credentials), connection.seal_name
    )


@lru_cache(maxsize=200)
def _forge(pk: int, web: str, credentials: bytes, seal_name: str) -> Forge:
    def transfers(variables: Mapping[str, str]) -> GitHost:
        path, arguments = settings.GIT_HOSTS["git"]
        # A cache of its own: what one connection may read, another may not.
        own = {**arguments, "cache": arguments["cache"] / f"connection-{pk}"}
        return cast(GitHost, import_string(path)(**own, variables=variables))

    return cast(
        Forge,
        import_string(settings.FORGE)(
            web,
            credentials=json.loads(unseal(credentials, belongs_to=seal_name)),
            transfers=transfers,
            here_allowed=settings.GIT_HOSTS["git"][1].get("local_allowed", False),
        ),
    )


def made_app(web: str, code: str) -> MadeApp:
    """The App that the host made of a manifest, by the code that it sent back."""
    here = settings.GIT_HOSTS["git"][1].get("local_allowed", False)
    return cast(MadeApp, import_string(f"{_APPS}.app_of")(web, code, here_allowed=here))


def manifest(**given: str) -> dict[str, Any]:
    """What the host makes an App of."""
    return cast(dict[str, Any], import_string(f"{_APPS}.manifest")(**given))


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

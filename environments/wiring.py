"""Gives the hands their configuration: the one place where an adapter is loaded by name."""

from functools import cache
from typing import cast

from django.conf import settings
from django.utils.module_loading import import_string

from environments import vault
from environments.core.ports import Engine, EngineError, GitHost, Ingress


@cache
def git_host(kind: str) -> GitHost:
    """The git host of this kind (a key of the setting ``GIT_HOSTS``)."""
    path, arguments = settings.GIT_HOSTS[kind]
    return cast(GitHost, import_string(path)(**arguments))


@cache
def engine(kind: str) -> Engine:
    """The engine of this kind (a key of the setting ``ENGINES``).

    ``EngineError`` for one that this installation does not have, or has switched off.
    """
    if kind not in settings.ENGINES:
        known = ", ".join(settings.ENGINES) or "none"
        raise EngineError(
            f"The engine {kind} is not available here. Engines of this installation: {known}."
        )
    path, arguments = settings.ENGINES[kind]
    return cast(Engine, import_string(path)(**arguments))


@cache
def ingress() -> Ingress:
    """What leads host names to services on this machine."""
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

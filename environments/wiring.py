"""Gives the hands their configuration: the one place where an adapter is loaded by name."""

from functools import cache
from typing import cast

from django.conf import settings
from django.utils.module_loading import import_string

from environments import vault
from environments.core.ports import Engine, GitHost, Ingress


@cache
def git_host(kind: str) -> GitHost:
    """The git host of this kind (a key of the setting ``GIT_HOSTS``)."""
    path, arguments = settings.GIT_HOSTS[kind]
    return cast(GitHost, import_string(path)(**arguments))


@cache
def engine(kind: str) -> Engine:
    """The engine of this kind (a key of the setting ``ENGINES``)."""
    path, arguments = settings.ENGINES[kind]
    return cast(Engine, import_string(path)(**arguments))


def engine_kinds() -> tuple[str, ...]:
    """The engines that this installation allows."""
    return tuple(settings.ENGINES)


@cache
def ingress() -> Ingress:
    """What leads host names to services on this machine."""
    path, arguments = settings.INGRESS
    return cast(Ingress, import_string(path)(**arguments))


def seal(text: str) -> bytes:
    """The text, encrypted for the database."""
    return vault.encrypt(settings.RELEASECLONE.vault_keys, text)


def unseal(sealed: bytes | memoryview) -> str:
    """What ``seal`` encrypted."""
    return vault.decrypt(settings.RELEASECLONE.vault_keys, bytes(sealed))


def fingerprint(text: str) -> str:
    """Tells two secrets apart without telling what they are."""
    return vault.fingerprint(settings.RELEASECLONE.vault_keys[0], text)

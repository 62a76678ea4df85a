"""What an operator gives in the environment of the process: each value checked as it is read.

Where a value cannot be used, ``ConfigurationError`` names the setting, the reason and the next
step. Values that may hold a password are not repeated.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parseaddr
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import unquote, urlsplit

import dj_database_url

Environ = Mapping[str, str]

_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"{_LABEL}(\.{_LABEL})*")
_VAULT_KEY = re.compile(r"[0-9a-fA-F]{64}")
_LONGEST_DOMAIN = 180
"""Leaves room for the label that each environment puts before it: a host name may have 253."""
_SHORTEST_SECRET = 32
_DATABASES = ("postgres", "postgresql", "sqlite")
_MAIL_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
_BROKERS = ("redis", "rediss", "redis+socket")
_SOCKETS_OF_A_USER = ("docker.sock", "podman/podman.sock")
_USUAL_SOCKETS = ("/var/run/docker.sock", "/run/podman/podman.sock")


class ConfigurationError(Exception):
    """A setting has a value that cannot be used; the text names it."""


def switch(environ: Environ, name: str, default: str) -> bool:
    """On or off, written 1 or 0."""
    value = environ.get(name) or default
    if value not in ("0", "1"):
        raise ConfigurationError(f"{name} is {value!r}; it must be 0 or 1.")
    return value == "1"


def number(environ: Environ, name: str, default: int) -> int:
    """A port, or a count of that size."""
    value = environ.get(name) or str(default)
    if not (value.isascii() and value.isdecimal()) or not 0 < int(value) < 65536:
        raise ConfigurationError(f"{name} is {value!r}; it must be a number from 1 to 65535.")
    return int(value)


def scheme(environ: Environ, name: str) -> str:
    """http or https."""
    value = environ.get(name) or "http"
    if value not in ("http", "https"):
        raise ConfigurationError(f"{name} is {value!r}; it must be http or https.")
    return value


def address(environ: Environ, name: str) -> str:
    """An IP address to listen on, or ``localhost``."""
    value = environ.get(name) or "127.0.0.1"
    try:
        return value if value == "localhost" else str(ip_address(value))
    except ValueError:
        raise ConfigurationError(
            f"{name} is {value!r}; it must be an IP address of this machine, such as 127.0.0.1, "
            "or 0.0.0.0 for all of them."
        ) from None


def domain(environ: Environ, name: str) -> str:
    """A host name in lower case."""
    value = (environ.get(name) or "localhost").lower()
    if not _HOST.fullmatch(value) or len(value) > _LONGEST_DOMAIN:
        raise ConfigurationError(
            f"{name} is {value!r}; it must be a host name such as env.example.org, without scheme, "
            f"port or *, of at most {_LONGEST_DOMAIN} characters."
        )
    return value


def label(name: str, value: str) -> str:
    """A value of a label in a cluster and of a container engine, in lower case."""
    if not re.fullmatch(_LABEL, value):
        raise ConfigurationError(
            f"{name} is {value!r}; it must be lower-case letters, digits and hyphens, at most 63, "
            "with a letter or digit at both ends."
        )
    return value


def url(environ: Environ, name: str, default: str) -> str:
    """Scheme and host, with a port where it is not the scheme's own; no slash at the end."""
    value = environ.get(name) or default
    try:
        parts = urlsplit(value)
        is_whole = parts.scheme in ("http", "https") and parts.port != 0
        host = parts.hostname or ""
    except ValueError:
        is_whole, host = False, ""
    if (
        not is_whole
        or not _is_host(host)
        or value.rstrip("/") != f"{parts.scheme}://{parts.netloc}"
    ):
        raise ConfigurationError(
            f"{name} is not the address of a site. Write scheme, host and port alone, such as "
            "https://releaseclone.example.org: the pages lie at its root."
        )
    if "@" in parts.netloc:
        raise ConfigurationError(f"{name} has a user name in it. Leave out what stands before @.")
    return value.rstrip("/")


def hosts(environ: Environ, name: str, default: tuple[str, ...]) -> tuple[str, ...]:
    """Host names and addresses, a leading dot for all below one, or * for any."""
    values = tuple((environ.get(name) or " ".join(default)).split())
    for value in values:
        bare = value[1:-1] if value.startswith("[") and value.endswith("]") else value
        if value != "*" and not _is_host(bare.removeprefix(".").lower()):
            raise ConfigurationError(
                f"{name} has {value!r}, which is no host. Write names and addresses with spaces "
                "between them, without scheme and port."
            )
    return values


def database(environ: Environ, name: str, default: str) -> str:
    """The URL of a PostgreSQL or SQLite database."""
    value = environ.get(name) or default
    try:
        dj_database_url.parse(value)
        is_known = value.partition("://")[0] in _DATABASES
    except ValueError:
        is_known = False
    if not is_known:
        raise ConfigurationError(
            f"{name} is no URL of a database that this product knows. Write "
            "postgresql://USER:PASSWORD@HOST:5432/NAME, special characters of the password as %XX."
        )
    return value


def broker(environ: Environ, name: str, default: str) -> str:
    """The URL of a Valkey or Redis."""
    value = environ.get(name) or default
    if value.partition("://")[0] not in _BROKERS:
        raise ConfigurationError(
            f"{name} is no URL of a Valkey or Redis. Write redis://HOST:6379/0, or leave it out: "
            "the product then runs its own."
        )
    return value


@dataclass(frozen=True, slots=True)
class MailServer:
    """Who sends mail for the product. ``tls``: from the first byte; ``starttls``: asked for."""

    host: str
    port: int
    user: str
    password: str
    tls: bool
    starttls: bool


def mail(environ: Environ, name: str) -> MailServer | None:
    """The server that takes mail; None where there is none."""
    value = environ.get(name, "").strip()
    if not value:
        return None
    try:
        parts = urlsplit(value)
        port, host = parts.port, parts.hostname or ""
    except ValueError:
        port, host, parts = None, "", urlsplit("")
    if parts.scheme not in _MAIL_PORTS or not _is_host(host) or parts.path not in ("", "/"):
        raise ConfigurationError(
            f"{name} is no server that takes mail. Write smtp+starttls://USER:PASSWORD@HOST:587, "
            "smtps://… or smtp://…, special characters of the password as %XX."
        )
    return MailServer(
        host,
        port or _MAIL_PORTS[parts.scheme],
        unquote(parts.username or ""),
        unquote(parts.password or ""),
        tls=parts.scheme == "smtps",
        starttls=parts.scheme == "smtp+starttls",
    )


def sender(environ: Environ, name: str, default: str) -> str:
    """Whom mail comes from."""
    value = environ.get(name, "").strip() or default
    if not value.isprintable() or "@" not in parseaddr(value)[1]:
        raise ConfigurationError(
            f"{name} is {value!r}; it must be an address such as releaseclone@example.org."
        )
    return value


def secret(name: str, value: str) -> str:
    """A secret of some length."""
    if len(value) < _SHORTEST_SECRET:
        raise ConfigurationError(
            f"{name} has less than {_SHORTEST_SECRET} characters. Make one with: "
            "openssl rand -hex 50."
        )
    return value


def vault_keys(name: str, value: str) -> tuple[str, ...]:
    """One or more keys, the first of which seals."""
    keys = tuple(value.split())
    if not keys or not all(_VAULT_KEY.fullmatch(key) for key in keys):
        raise ConfigurationError(
            f"{name} must be keys of 64 hexadecimal digits, with spaces between several. Make one "
            "with: openssl rand -hex 32."
        )
    return keys


def _is_host(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return _HOST.fullmatch(text) is not None
    return True


def container_sockets(environ: Environ) -> tuple[str, ...]:
    """The address that the user names; without one, where Docker and Podman listen as they come."""
    if named := environ.get("DOCKER_HOST", ""):
        return (named,)
    own = environ.get("XDG_RUNTIME_DIR", "")
    places = [*(f"{own}/{name}" for name in _SOCKETS_OF_A_USER if own), *_USUAL_SOCKETS]
    return tuple(f"unix://{place}" for place in places)


def kubeconfig(environ: Environ, name: str) -> str:
    """A path that does not depend on where the product is started; ``in-cluster`` as it is."""
    text = environ.get(name, "").strip()
    return text if text in ("", "in-cluster") else str(Path(text).expanduser().resolve())

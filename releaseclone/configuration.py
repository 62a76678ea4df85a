"""Reads the settings that an operator may give; ``docs/operations.md`` explains each."""

import hashlib
import json
import os
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

CHECKOUT = Path(__file__).resolve().parent.parent
PORTS_FILE = "ports.json"
SECRET_FILE = "secret-key"  # noqa: S105 - a file name
VAULT_FILE = "vault-keys"
_SOCKET_FOLDER_LIMIT = 80
"""A unix socket's path may have 107 bytes."""


class ConfigurationError(Exception):
    """A setting has a value that cannot be used; the text names it."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """What the environment of the process says, checked."""

    data: Path
    debug: bool
    bind: str
    port: int
    domain: str
    ingress_port: int
    ingress_scheme: str
    public_url: str
    secret_key: str
    vault_keys: tuple[str, ...]
    database_url: str
    broker_url: str
    local_repositories: bool
    process_engine: bool
    process_limit: int
    allowed_hosts: tuple[str, ...]

    path: str
    """What programs of the engine process get as PATH."""

    @property
    def sockets(self) -> Path:
        """Where the unix sockets of the parts are."""
        return sockets_of(self.data)

    @property
    def own_broker(self) -> bool:
        """Whether the product runs its own broker."""
        return self.broker_url == own_broker_url(self.data)


def read(environ: Mapping[str, str] = os.environ) -> Configuration:
    """The configuration; raises ``ConfigurationError`` with a sentence."""
    data = Path(environ.get("RELEASECLONE_DATA") or CHECKOUT / "var").resolve()
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    (data / "static").mkdir(exist_ok=True)
    ports = _kept_ports(data)
    bind = environ.get("RELEASECLONE_BIND") or "127.0.0.1"
    port = _number(environ, "RELEASECLONE_PORT", ports.get("web", 8000))
    scheme = environ.get("RELEASECLONE_INGRESS_SCHEME") or "http"
    if scheme not in ("http", "https"):
        raise ConfigurationError(
            f"RELEASECLONE_INGRESS_SCHEME is {scheme!r}; it must be http or https."
        )
    return Configuration(
        data=data,
        debug=_switch(environ, "RELEASECLONE_DEBUG", "0"),
        bind=bind,
        port=port,
        domain=environ.get("RELEASECLONE_DOMAIN") or "localhost",
        ingress_port=_number(environ, "RELEASECLONE_INGRESS_PORT", ports.get("ingress", 8080)),
        ingress_scheme=scheme,
        public_url=environ.get("RELEASECLONE_URL") or f"http://localhost:{port}",
        secret_key=environ.get("RELEASECLONE_SECRET_KEY") or _kept_secret(data / SECRET_FILE, 50),
        vault_keys=tuple(
            (environ.get("RELEASECLONE_VAULT_KEYS") or _kept_secret(data / VAULT_FILE, 32)).split()
        ),
        database_url=environ.get("DATABASE_URL")
        or f"sqlite:///{quote(str(data / 'database.sqlite3'))}",
        broker_url=environ.get("REDIS_URL") or own_broker_url(data),
        local_repositories=_switch(environ, "RELEASECLONE_LOCAL_REPOSITORIES", "0"),
        process_engine=_switch(environ, "RELEASECLONE_PROCESS_ENGINE", "1"),
        process_limit=_number(environ, "RELEASECLONE_PROCESS_LIMIT", 100),
        path=environ.get("PATH") or os.defpath,
        allowed_hosts=tuple(
            (
                environ.get("RELEASECLONE_ALLOWED_HOSTS") or f"localhost 127.0.0.1 [::1] {bind}"
            ).split()
        ),
    )


def sockets_of(data: Path) -> Path:
    """The folder of the unix sockets; elsewhere where the data folder's path is too long."""
    folder = data / "run"
    if len(os.fsencode(folder)) <= _SOCKET_FOLDER_LIMIT:
        return folder
    name = hashlib.sha256(os.fsencode(data)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"releaseclone-{name}"


def own_broker_url(data: Path) -> str:
    """Where the broker listens that the runner starts."""
    return f"redis+socket://{quote(str(sockets_of(data) / 'broker.sock'))}"


def _switch(environ: Mapping[str, str], name: str, default: str) -> bool:
    value = environ.get(name) or default
    if value not in ("0", "1"):
        raise ConfigurationError(f"{name} is {value!r}; it must be 0 or 1.")
    return value == "1"


def _number(environ: Mapping[str, str], name: str, default: int) -> int:
    value = environ.get(name) or str(default)
    if not value.isdecimal() or not 0 < int(value) < 65536:
        raise ConfigurationError(f"{name} is {value!r}; it must be a number from 1 to 65535.")
    return int(value)


def _kept_ports(data: Path) -> dict[str, Any]:
    """The ports that the runner chose at its first start."""
    path = data / PORTS_FILE
    if not path.exists():
        return {}
    kept = json.loads(path.read_text())
    return kept if isinstance(kept, dict) else {}


def _kept_secret(path: Path, size: int) -> str:
    """The secret in the file, made at the first start, readable by the owner alone."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_hex(size))
    return path.read_text().strip()

"""Reads the settings that an operator may give; ``docs/operations.md`` explains each."""

import hashlib
import json
import os
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import quote, urlsplit

from releaseclone import given, kept
from releaseclone.given import ConfigurationError

CHECKOUT = Path(__file__).resolve().parent.parent
PORTS_FILE = "ports.json"
SECRET_FILE = "secret-key"  # noqa: S105 - a file name
VAULT_FILE = "vault-keys"
INSTALLATION_FILE = "installation"
"""Tells what this installation makes on a machine from what others make there."""
_SOCKET_FOLDER_LIMIT = 80
"""A unix socket's path may have 107 bytes."""


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
    docker_engine: bool
    builds_at_once: int
    images_kept: int
    container_sockets: tuple[str, ...]
    """Where a container engine may listen, the likeliest first."""
    kubeconfig: str
    """Of the clusters that contexts may name: a path, ``in-cluster``, or "" for none."""
    installation: str
    allowed_hosts: tuple[str, ...]
    terminals: int
    terminal_minutes: int
    mail: given.MailServer | None
    mail_from: str
    path: str
    """What programs of the engine process get as PATH."""

    @property
    def sockets(self) -> Path:
        """Where the unix sockets of the parts are."""
        return sockets_of(self.data)

    @property
    def builder_socket(self) -> str:
        """Of the container engine that builds images for clusters: the first that is there."""
        there = (
            address
            for address in self.container_sockets
            if not address.startswith("unix://")
            or Path(address.removeprefix("unix://")).is_socket()
        )
        return next(there, self.container_sockets[0])

    @property
    def own_ingress(self) -> bool:
        """Whether environments may run on this machine, and host names have to lead to them."""
        return self.process_engine or self.docker_engine

    @property
    def own_broker(self) -> bool:
        """Whether the product runs its own broker."""
        return self.broker_url == own_broker_url(self.data)


def read(environ: Mapping[str, str] = os.environ) -> Configuration:
    """The configuration; raises ``ConfigurationError`` with a sentence."""
    data = Path(environ.get("RELEASECLONE_DATA") or CHECKOUT / "var").resolve()
    try:
        return _read(environ, data)
    except OSError as error:
        raise ConfigurationError(
            f"the data folder {data} cannot be used ({error.strerror}: {error.filename}). "
            "Correct its rights or free some space, or give another one by RELEASECLONE_DATA."
        ) from error


def _read(environ: Mapping[str, str], data: Path) -> Configuration:
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    (data / "static").mkdir(exist_ok=True)
    ports = kept_ports(data)
    bind = given.address(environ, "RELEASECLONE_BIND")
    port = given.number(environ, "RELEASECLONE_PORT", ports.get("web", 8000))
    ingress_port = given.number(environ, "RELEASECLONE_INGRESS_PORT", ports.get("ingress", 8080))
    if port == ingress_port:
        raise ConfigurationError(
            f"pages and environments cannot share port {port}. Give them two, by RELEASECLONE_PORT "
            "and RELEASECLONE_INGRESS_PORT."
        )
    public_url = given.url(environ, "RELEASECLONE_URL", f"http://localhost:{port}")
    return Configuration(
        data=data,
        debug=given.switch(environ, "RELEASECLONE_DEBUG", "0"),
        bind=bind,
        port=port,
        domain=given.domain(environ, "RELEASECLONE_DOMAIN"),
        ingress_port=ingress_port,
        ingress_scheme=given.scheme(environ, "RELEASECLONE_INGRESS_SCHEME"),
        public_url=public_url,
        secret_key=given.secret(
            "RELEASECLONE_SECRET_KEY",
            environ.get("RELEASECLONE_SECRET_KEY") or _kept_secret(data / SECRET_FILE, 50),
        ),
        vault_keys=given.vault_keys(
            "RELEASECLONE_VAULT_KEYS",
            environ.get("RELEASECLONE_VAULT_KEYS") or _kept_secret(data / VAULT_FILE, 32),
        ),
        database_url=given.database(
            environ, "DATABASE_URL", f"sqlite:///{quote(str(data / 'database.sqlite3'))}"
        ),
        broker_url=given.broker(environ, "REDIS_URL", own_broker_url(data)),
        local_repositories=given.switch(environ, "RELEASECLONE_LOCAL_REPOSITORIES", "0"),
        process_engine=given.switch(environ, "RELEASECLONE_PROCESS_ENGINE", "1"),
        process_limit=given.number(environ, "RELEASECLONE_PROCESS_LIMIT", 100),
        docker_engine=given.switch(environ, "RELEASECLONE_DOCKER_ENGINE", "1"),
        builds_at_once=given.number(environ, "RELEASECLONE_BUILDS_AT_ONCE", 2),
        images_kept=given.number(environ, "RELEASECLONE_IMAGES_KEPT", 10),
        container_sockets=given.container_sockets(environ),
        kubeconfig=given.kubeconfig(environ, "RELEASECLONE_KUBECONFIG"),
        installation=given.label(
            "RELEASECLONE_INSTALLATION",
            environ.get("RELEASECLONE_INSTALLATION") or _kept_secret(data / INSTALLATION_FILE, 4),
        ),
        terminals=given.number(environ, "RELEASECLONE_TERMINALS", 5),
        terminal_minutes=given.number(environ, "RELEASECLONE_TERMINAL_MINUTES", 60),
        mail=given.mail(environ, "RELEASECLONE_MAIL"),
        mail_from=given.sender(
            environ,
            "RELEASECLONE_MAIL_FROM",
            f"releaseclone@{urlsplit(public_url).hostname}",
        ),
        path=environ.get("PATH") or os.defpath,
        allowed_hosts=given.hosts(
            environ, "RELEASECLONE_ALLOWED_HOSTS", _own_hosts(bind, public_url)
        ),
    )


def _own_hosts(bind: str, public_url: str) -> tuple[str, ...]:
    """By what names the pages may be asked for, where nothing is said."""
    hosts = ("localhost", "127.0.0.1", "::1", bind, urlsplit(public_url).hostname or "localhost")
    return tuple(dict.fromkeys(f"[{host}]" if ":" in host else host for host in hosts))


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


def kept_ports(data: Path) -> dict[str, int]:
    """The ports that the runner chose at its first start, by door."""
    path = data / PORTS_FILE
    if not path.exists():
        return {}
    try:
        ports = json.loads(path.read_text())
    except ValueError:
        ports = None
    if not isinstance(ports, dict) or not all(type(port) is int for port in ports.values()):
        raise ConfigurationError(
            f"the file {path} does not hold the ports of this installation any more. Remove it: "
            "they are chosen anew."
        )
    return ports


def _kept_secret(path: Path, size: int) -> str:
    return kept.read_or_make(path, partial(secrets.token_hex, size))

"""The ports of a Compose service, and those that it does not name."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from environments.core.compose.model import ComposeFile, ComposeService, Form, each
from environments.core.yamlfile import Plain

Calls = Mapping[str, Collection[int]]
"""Ports by the name of the service that is called there."""

_CALLED = re.compile(r"(?<![\w.-])([\w.-]+):(\d{1,5})(?!\d)")
_RANGE_LIMIT = 100
_RANGE = re.compile(r"(\d{1,5})(?:-(\d{1,5}))?")
_NOT_HTTP = frozenset(
    {21, 22, 25, 53, 110, 143, 389, 465, 587, 636, 993, 995, 1025, 1433, 1521, 1883, 2181, 3306}
    | {4222, 5432, 5433, 5672, 6379, 7687, 9042, 9092, 11211, 26257, 27017, 27018, 33060}
)
"""Ports of databases, queues and mail: what listens there speaks something else than HTTP."""
_STANDARD = {
    5432: "postgres postgresql postgis pgvector timescaledb timescaledb-ha",
    3306: "mysql mariadb percona",
    6379: "redis valkey keydb redis-stack redis-stack-server",
    27017: "mongo mongodb",
    5672: "rabbitmq",
    11211: "memcached",
    9200: "elasticsearch opensearch",
    4222: "nats",
    9042: "cassandra",
    2181: "zookeeper",
    9092: "kafka",
    9000: "minio",
    1025: "mailhog mailpit",
    8086: "influxdb",
    2379: "etcd",
    5984: "couchdb",
    80: "nginx httpd caddy traefik",
}
_STANDARD_BY_IMAGE = {name: port for port, names in _STANDARD.items() for name in names.split()}


@dataclass(frozen=True, slots=True)
class _Mapped:
    """Ports of the container; ``is_published``: whether the machine has them too."""

    first: int
    last: int
    is_published: bool


def ports_of(service: ComposeService, file: ComposeFile, calls: Calls) -> list[Plain]:
    """The entries of ``ports``, each number once, those that are reached from outside first."""
    outside: dict[int, Form] = {}
    within: dict[int, Form] = {}
    for mapped in (*_published(service), *_exposed(service)):
        for port in range(mapped.first, mapped.last + 1):
            if mapped.is_published and port in _NOT_HTTP and port not in within:
                service.warn("compose.port-inside", "ports", port=port)
            if mapped.is_published and port not in _NOT_HTTP:
                outside[port] = _entry("node_port", port)
            else:
                within[port] = _entry("container_port", port)
    if not outside and not within:
        within = {port: _entry("container_port", port) for port in _guessed(service, file, calls)}
    return [*outside.values(), *(form for port, form in within.items() if port not in outside)]


def _entry(kind: str, port: int) -> Form:
    return {"type": kind, "target_port": port}


def _published(service: ComposeService) -> Iterator[_Mapped]:
    for _, one in each(service.entry, "ports"):
        text = one if isinstance(one, str) else one.text("target")
        target, _, protocol = text.partition("/")
        protocol = protocol if isinstance(one, str) else one.text("protocol")
        if protocol.lower() not in ("", "tcp"):
            service.leave_out(f"port {text}", "Services are reached over TCP.")
            continue
        mapped = _mapped(target.rpartition(":")[2], is_published=True)
        if mapped is None:
            service.unreadable("ports", text, "port")
        else:
            yield mapped


def _exposed(service: ComposeService) -> Iterator[_Mapped]:
    for _, text in each(service.entry, "expose"):
        mapped = _mapped(str(text).removesuffix("/tcp"), is_published=False)
        if mapped is None:
            service.unreadable("expose", str(text), "port")
        else:
            yield mapped


def _mapped(text: str, *, is_published: bool) -> _Mapped | None:
    found = _RANGE.fullmatch(text)
    if found is None:
        return None
    first, last = int(found[1]), int(found[2] or found[1])
    fits = 1 <= first <= last <= 65535 and last - first < _RANGE_LIMIT
    return _Mapped(first, last, is_published) if fits else None


def _guessed(service: ComposeService, file: ComposeFile, calls: Calls) -> list[int]:
    """Ports that the file does not name: those that others call, else the image's standard one.

    In a Compose network every port of a service can be called; on a cluster only those that are
    named.
    """
    called = sorted(calls.get(service.name, ()))
    if called:
        for port in called:
            service.warn("compose.port-taken", port=port, why="which others call it at")
        return called
    image = service.entry.text("image").partition("@")[0].rpartition("/")[2].partition(":")[0]
    if image in _STANDARD_BY_IMAGE:
        standard = _STANDARD_BY_IMAGE[image]
        service.warn("compose.port-taken", port=standard, why=f"the standard one of {image}")
        return [standard]
    if service.name in file.needed_by:
        service.warn("compose.port-none", needing=file.needed_by[service.name])
    return []


def called_ports(file: ComposeFile) -> Calls:
    """The ports at which the variables of others name each service, as in ``db:5432``."""
    found: dict[str, set[int]] = {}
    for service in file.services:
        for value in service.variables.values():
            for name, port in _CALLED.findall(value):
                if name != service.name and 0 < int(port) < 65536:
                    found.setdefault(name, set()).add(int(port))
    return found

"""Where things of this engine lie on disk, and how they are written."""

import hashlib
import json
import os
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

RECORDS = ("started", "ended", "starts", "tree", "output", "left")
"""That a job was started; how the last run ended; when each began; the processes seen below the
launcher; of a job, the first lines that it printed, and how many went beyond them."""
_SOCKET_LIMIT = 90
"""A unix socket's path may have 107 bytes, and the daemon adds some for its temporary one."""


@dataclass(frozen=True, slots=True)
class Program:
    """One instance: what the launcher runs and what the engine knows of it."""

    name: str
    namespace: str
    workload: str
    kind: str
    application: str
    environment: str
    revision: str
    argv: list[str]
    folder: str
    variables: dict[str, str]
    ports: dict[str, int] = field(default_factory=dict)
    """Loopback port by declared target port."""
    readiness: dict[str, Any] | None = None
    liveness: dict[str, Any] | None = None
    timeout: int = 0
    """Seconds that a job may take; 0 for services."""

    @property
    def is_job(self) -> bool:
        """Whether it ends by itself."""
        return self.kind == "Job"

    @property
    def group(self) -> str:
        """Its name in the daemon."""
        return f"{self.namespace}.{self.name}"


class Places:
    """The engine's folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def socket(self) -> Path:
        """The daemon's socket; in the temporary folder where the engine's path is too long."""
        socket = self.folder / "supervisor.sock"
        if len(os.fsencode(socket)) <= _SOCKET_LIMIT:
            return socket
        name = hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"releaseclone-{name}" / "supervisor.sock"

    def configuration(self, program: Program) -> Path:
        """The daemon's file for one instance."""
        return self.folder / "conf.d" / f"{program.group}.conf"

    def program(self, namespace: str, name: str) -> Path:
        """What the launcher reads."""
        return self.folder / "programs" / namespace / f"{name}.json"

    def record(self, namespace: str, name: str, what: str) -> Path:
        """What the launcher writes: one of ``RECORDS``."""
        return self.folder / "records" / namespace / f"{name}.{what}"

    def log(self, namespace: str, name: str) -> Path:
        """The instance's output; older parts end in ``.1``."""
        return self.folder / "logs" / namespace / f"{name}.log"

    def home(self, namespace: str, environment: str) -> Path:
        """What the engine keeps for a member."""
        return self.folder / "homes" / namespace / environment

    def temporary(self, namespace: str, environment: str) -> Path:
        """TMPDIR of a member."""
        return self.home(namespace, environment) / "tmp"

    def programs(self, namespace: str) -> Iterator[Program]:
        """All instances of the namespace, by name."""
        for path in sorted((self.folder / "programs" / namespace).glob("*.json")):
            if (program := read_program(path)) is not None:
                yield program


def read_program(path: Path) -> Program | None:
    """The program in the file; None where it is gone."""
    try:
        return Program(**json.loads(path.read_text()))
    except FileNotFoundError:
        return None


def write_program(path: Path, program: Program) -> None:
    """Keep the program, readable by the owner alone."""
    write_private(path, json.dumps(asdict(program)))


def write_private(path: Path, text: str) -> None:
    """The whole text or nothing of it, readable by the owner alone."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        beside.rename(path)
    except OSError:
        beside.unlink(missing_ok=True)
        raise

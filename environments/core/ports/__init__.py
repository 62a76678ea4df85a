"""The protocols that hands fulfil, and the plain values that pass between them and the house."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from environments.core.ports.builders import (
    BuildContext as BuildContext,
)
from environments.core.ports.builders import (
    Builder as Builder,
)
from environments.core.ports.builders import (
    BuildError as BuildError,
)
from environments.core.ports.builders import (
    BuildOrder as BuildOrder,
)
from environments.core.ports.builders import (
    RegistryCredentials as RegistryCredentials,
)
from environments.core.ports.builders import (
    Stopped as Stopped,
)
from environments.core.ports.builders import (
    StoredImage as StoredImage,
)
from environments.core.ports.builders import (
    Telling as Telling,
)
from environments.core.ports.builders import (
    Unwanted as Unwanted,
)
from environments.core.ports.forges import (
    Announced as Announced,
)
from environments.core.ports.forges import (
    CommitStatus as CommitStatus,
)
from environments.core.ports.forges import (
    Forge as Forge,
)
from environments.core.ports.forges import (
    MadeApp as MadeApp,
)
from environments.core.ports.forges import (
    PullRequestState as PullRequestState,
)
from environments.core.ports.forges import (
    Quota as Quota,
)
from environments.core.ports.forges import (
    RepositoryName as RepositoryName,
)
from environments.core.ports.githosts import (
    LARGEST_FILE as LARGEST_FILE,
)
from environments.core.ports.githosts import (
    Commit as Commit,
)
from environments.core.ports.githosts import (
    GitHost as GitHost,
)
from environments.core.ports.githosts import (
    GitHostError as GitHostError,
)
from environments.core.ports.githosts import (
    GitHostLimited as GitHostLimited,
)
from environments.core.ports.githosts import (
    GitHostRefused as GitHostRefused,
)
from environments.core.ports.githosts import (
    GitHostUnreachable as GitHostUnreachable,
)
from environments.core.ports.githosts import (
    Refs as Refs,
)
from environments.core.ports.githosts import (
    checked_path as checked_path,
)
from environments.core.ports.manifests import (
    Manifest as Manifest,
)
from environments.core.ports.manifests import (
    WorkloadKind as WorkloadKind,
)
from environments.core.ports.manifests import (
    expanded as expanded,
)
from environments.core.ports.manifests import (
    variables_of as variables_of,
)
from environments.core.ports.manifests import (
    workloads as workloads,
)
from environments.core.ports.terminals import Terminal as Terminal

# What render writes on every object, and engines read back.
LABEL_APPLICATION = "releaseclone/application"
LABEL_ENVIRONMENT = "releaseclone/environment"
LABEL_ACCOUNT = "releaseclone/account"
LABEL_DEPLOYMENT = "releaseclone/deployment"
LABEL_WORKLOAD = "releaseclone/workload"
LABEL_KIND = "releaseclone/kind"
"""A job may bear the name of a service: a ``WorkloadKind`` tells them apart."""
LABEL_MANAGED = "app.kubernetes.io/managed-by"
MANAGED_BY = "releaseclone"
ANNOTATION_COMMIT = "releaseclone/commit"
ANNOTATION_FOLDER = "releaseclone/folder"
ANNOTATION_REVISION = "releaseclone/revision"
ANNOTATION_TIMEOUT = "releaseclone/completed-timeout"


class EngineError(Exception):
    """An engine could not do what was asked; the text may be read by a person."""


class EngineRefused(EngineError):
    """Asked again it would say the same: what was asked for cannot be done."""


class IngressError(Exception):
    """The ingress could not be written; the text may be read by a person."""


class Phase(StrEnum):
    """Where an instance is in its life."""

    STARTING = "starting"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Instance:
    """One running copy of a workload, as the engine sees it now."""

    name: str
    """Unique in the namespace; what ``read_log`` takes."""
    workload: str
    """``metadata.name`` of the manifest."""
    kind: WorkloadKind
    application: str
    environment: str
    """The member's env_id (label ``releaseclone/environment``)."""
    phase: Phase
    ready: bool
    """The readiness probe answered; without a probe: has been running for two seconds.
    A job is ready when it has ended with status 0."""
    restarts: int = 0
    revision: str = ""
    """Annotation ``releaseclone/revision`` of the manifest that it runs."""
    folder: Path | None = None
    """Where its code lies, on engines that run it from a checkout."""
    image: str = ""
    """What it runs, on engines that run images: a digest, or the id where it was never pushed."""
    started_at: float | None = None
    """Seconds since 1970."""
    exit_status: int | None = None
    memory_bytes: int | None = None
    cpu_percent: float | None = None
    unmeasured: str = ""
    """Why memory and CPU of what runs are not known, for a person; "" for what has none."""
    message: str = ""
    """Why it is not ready, for a person: "process ended with status 3", "GET /health: 500"."""


@dataclass(frozen=True, slots=True)
class ObjectName:
    """One object of a namespace: kind and ``metadata.name``."""

    kind: str
    name: str


@dataclass(frozen=True, slots=True, order=True)
class AppliedObject:
    """Something that was applied for a member (``environment``: its env_id) and is there."""

    kind: str
    name: str
    environment: str

    @property
    def object_name(self) -> ObjectName:
        """What ``remove`` takes."""
        return ObjectName(self.kind, self.name)


@dataclass(frozen=True, slots=True)
class LocalPort:
    """A loopback port given to one declared port of one replica of a service."""

    workload: str
    replica: int
    target_port: int
    number: int


@dataclass(frozen=True, slots=True)
class Step:
    """What one task applies: the manifests of one workload, and where its code lies.

    ``folder`` is the member's checkout (None on engines that run images); ``ports`` the
    loopback ports of the workload in the order of its declared ports, replica by replica;
    ``hosts`` all hosted names of the namespace, which its containers shall be able to call;
    ``ground`` what the namespace itself shall be, the same in every step of a deployment.
    """

    namespace: str
    manifests: tuple[Manifest, ...]
    folder: Path | None = None
    ports: tuple[LocalPort, ...] = ()
    hosts: tuple[str, ...] = ()
    ground: tuple[Manifest, ...] = ()


class LocalPorts(StrEnum):
    """Which declared ports of each replica are given a loopback port of this machine."""

    NONE = "none"
    EXPOSED = "exposed"
    """Those that a hosted URL leads to."""
    EVERY = "every"


@dataclass(frozen=True, slots=True)
class EngineTraits:
    """What an engine can do; the plan's errors and warnings follow from it."""

    name: str
    runs_images: bool
    """False: only code of the repository with ``command`` or ``args``."""
    local_ports: LocalPorts
    enforces_limits: bool
    has_volumes: bool
    maps_ports: bool = False
    """A service answers at its ``port`` although its container listens on ``target_port``."""
    has_terminal: bool = False
    is_tended: bool = False
    """``tend`` has something to do."""
    converges: bool = False
    """``apply`` does one step of a change, as one replica after another, and is called again."""
    applies_at_once: int = 1
    """How many workloads of a namespace may be applied side by side."""
    cpus: float | None = None
    """How many there are on the one machine where everything runs; limits above are capped."""
    follows: frozenset[str] = frozenset()
    """The keys of a template that only tune (``node_selector``), and that it follows."""
    runs_charts: bool = False
    """It installs charts: what the program ``helm`` does, where it is found."""
    ending_seconds: float = 0.0
    """How long what was destroyed may take to be gone; it is looked at again meanwhile."""
    has_ingress: bool = False
    """What leads hosts to its services is its own: ``lead`` tells it of public ones."""
    keeps_schedules: bool = False
    """It runs cron jobs by itself: what it is given is the ``CronJob``, not each of its runs."""
    pulls_images: bool = False
    """It fetches images itself, from registries: what is built has to be pushed to one."""


@dataclass(frozen=True, slots=True)
class Output:
    """What was printed since an earlier look: whole lines only, each of them once."""

    lines: tuple[str, ...]
    left_out: int
    """How many more there were."""
    position: str
    """Where the next look goes on; "" is the beginning."""


class Engine(Protocol):
    """Runs manifests. ``apply``, ``remove`` and ``destroy`` are idempotent.

    Every method raises only ``EngineError``.
    """

    def traits(self) -> EngineTraits: ...

    def apply(self, step: Step) -> None:
        """Start or change one workload. A workload that runs this revision already stays
        untouched; a job that was started or has ended under this name is not run again."""

    def observe(self, namespace: str) -> tuple[Instance, ...]:
        """All instances of the namespace, ended jobs included."""

    def read_log(self, namespace: str, instance: str, *, lines: int) -> list[str]:
        """The last lines of an instance's output, oldest first, without line ends."""

    def read_previous_log(self, namespace: str, instance: str, *, lines: int) -> list[str]:
        """The last lines that it printed before its last start; none where none were kept."""

    def follow_log(self, namespace: str, instance: str, *, position: str, lines: int) -> Output:
        """What it printed from this position on, whole lines only, at most the last ``lines`` of
        them; from "" on, or from where it does not know, the last ones that there are."""

    def open_terminal(
        self, namespace: str, instance: str, *, command: Sequence[str], rows: int, columns: int
    ) -> Terminal:
        """This command in a running instance, as its program sees the world, on a screen of this
        size. Where the trait ``has_terminal`` is missing, ``EngineError``."""

    def read_output(self, namespace: str, job: str, *, position: str) -> Output:
        """What an instance of a job has printed from this position on. It is all there as soon
        as ``observe`` shows that the job has ended; where there is no more, no lines."""

    def remove(self, namespace: str, names: Sequence[ObjectName]) -> None:
        """End and forget these workloads, and these volumes with their data
        (``PersistentVolumeClaim``); others stay."""

    def applied(self, namespace: str) -> tuple[AppliedObject, ...]:
        """What the namespace has of its members, in order of kinds and names, whether or not
        anything of it runs: workloads, what several of a member share, and volumes, which stay
        when the workloads go that mount them."""

    def destroy(self, namespace: str) -> None:
        """Remove all that was made in the namespace. Where the trait ``ending_seconds`` says so,
        some of it may remain for so long."""

    def remains(self, namespace: str) -> tuple[str, ...]:
        """What is still there of the namespace, found by looking, each for a person to read."""

    def check(self) -> str:
        """What answers, in a few words for a person: "Docker Engine 27.1, 8 CPUs". The error
        tells what is missing: no socket, no permission, too old."""

    def wait(self, namespace: str, *, seconds: float) -> None:
        """Come back as soon as something of the namespace may have changed, at the latest then."""

    def tend(self, notes: Mapping[str, Any]) -> dict[str, Any]:
        """Do what has to be done from time to time while nothing is deployed: liveness probes,
        time limits of jobs. Called every few seconds, by one worker at a time; gets what it gave
        back the last time (plain JSON)."""

    def lead(self, hosts: Sequence["PublicHost"]) -> None:
        """Let exactly these public hosts lead into namespaces, each like the host that it names.
        Nothing to do where the trait ``has_ingress`` is missing: then the product's leads them."""

    def doors(self) -> tuple[str, ...]:
        """Addresses of this machine at which what it runs calls hosted names; none where those
        resolve to the ingress anyway."""


@dataclass(frozen=True, slots=True)
class PublicHost:
    """A host that leads into one namespace now, and into another one later."""

    host: str
    namespace: str
    like: str
    """A host of the namespace, to all of whose paths it leads."""


@dataclass(frozen=True, slots=True)
class Route:
    """One host and path that leads to a service's instances."""

    namespace: str
    host: str
    path: str
    upstreams: tuple[str, ...]
    """``127.0.0.1:31001``, …"""
    paused: str = ""
    """Where it can be resumed, while nothing of it runs."""


class Ingress(Protocol):
    """Leads host names and paths to addresses. Raises only ``IngressError``."""

    def publish(self, routes: Sequence[Route], *, doors: Sequence[str] = ()) -> None:
        """Make exactly these routes the truth, in one write; nothing is written if they are.

        ``doors``: addresses where it answers beside its own, as far as this machine has them now.
        """

"""Fulfils ``core.ports.Engine`` with containers of one machine."""

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from docker.errors import APIError, ImageNotFound
from docker.types import EndpointConfig, NetworkingConfig

from environments.core.ports import (
    LABEL_ENVIRONMENT,
    LABEL_WORKLOAD,
    AppliedObject,
    EngineError,
    EngineRefused,
    EngineTraits,
    Instance,
    LocalPorts,
    Manifest,
    ObjectName,
    PublicHost,
    Step,
    WorkloadKind,
    workloads,
)
from environments.engines.docker import marks
from environments.engines.docker.connection import Connection, is_conflict, is_missing
from environments.engines.docker.containers import (
    Place,
    Wanted,
    claims_of,
    packed,
    require_image,
    wanted,
)
from environments.engines.docker.ground import Ground, gateway_of
from environments.engines.docker.inside import Inside
from environments.engines.docker.looking import NEVER_STARTED, Look, Seen
from environments.engines.docker.marks import Marks, bears
from environments.engines.docker.tending import Tending
from environments.engines.docker.watching import Watch

_STOP_SECONDS = 10
_AT_ONCE = 4
_STANDS_STILL = (*NEVER_STARTED, "exited")
_REMOVALS, _REMOVAL_SECONDS = 20, 0.2


class DockerEngine(Inside):
    """Services and jobs as containers, a network for each namespace.

    ``socket``: of Docker Engine or Podman's service. ``installation``: what tells everything of
    this installation from all else on the machine; nothing without it is ever touched.
    """

    def __init__(self, socket: str, *, installation: str) -> None:
        super().__init__(Connection(socket), Marks(installation))
        self._look = Look(self._connection, self._marks)
        self._watch = Watch(self._connection, self._marks)
        self._tending = Tending(self._connection, self._marks, self._look)
        self._ground = Ground(self._connection, self._marks)
        self._cpus: float | None = None

    def traits(self) -> EngineTraits:
        """Any image; only exposed services have a port of this machine."""
        return EngineTraits(
            name="docker",
            runs_images=True,
            local_ports=LocalPorts.EXPOSED,
            enforces_limits=True,
            has_volumes=True,
            has_terminal=True,
            converges=True,
            applies_at_once=_AT_ONCE,
            is_tended=True,
            cpus=self._machine_cpus(),
        )

    def _machine_cpus(self) -> float:
        if self._cpus is None:
            with self._connection.telling():
                self._cpus = float(self._connection.api.info().get("NCPU") or 1)
        return self._cpus

    def check(self) -> str:
        """Who answers, and how large the machine is."""
        return self._connection.check()

    def apply(self, step: Step) -> None:
        """Make what is missing; of a service that changes, exchange the next replica once those
        before it are ready."""
        gateway = self._ground.network(step.namespace)
        for claim in claims_of(step.manifests):
            self._ground.volume(step.namespace, claim)
        place = Place(gateway, self._machine_cpus())
        for manifest in workloads(step.manifests):
            needed = wanted(step, manifest, marked=self._marks, place=place)
            if manifest["kind"] == WorkloadKind.JOB:
                self._have_job(step.namespace, needed[0])
            else:
                self._have_service(step.namespace, manifest, needed)

    def _have_job(self, namespace: str, one: Wanted) -> None:
        """Run it once: a container of this name that has been started stays what it is."""
        there = self._containers_of(namespace, one.alias, WorkloadKind.JOB)
        if not there:
            self._create(namespace, one)
            self._start(one)
        elif there[0].state["Status"] in NEVER_STARTED:
            self._start(one)

    def _have_service(self, namespace: str, manifest: Manifest, needed: Sequence[Wanted]) -> None:
        workload = manifest["metadata"]["name"]
        there = {
            seen.labels[marks.INSTANCE]: seen
            for seen in self._containers_of(namespace, workload, WorkloadKind.SERVICE)
        }
        names = {one.instance for one in needed}
        for instance, seen in there.items():
            if instance not in names:
                self._remove(seen)
        old = [one for one in needed if _differs(there.get(one.instance), one)]
        for one in needed:
            if one.instance not in there:
                self._create(namespace, one)
                self._start(one)
            elif one not in old and there[one.instance].state["Status"] in _STANDS_STILL:
                self._start(one)
        if old and self._others_ready(namespace, workload, needed, old):
            self._remove(there[old[0].instance])
            self._create(namespace, old[0])
            self._start(old[0])

    def _others_ready(
        self,
        namespace: str,
        workload: str,
        needed: Sequence[Wanted],
        old: Sequence[Wanted],
    ) -> bool:
        """Whether every replica that is new already is ready."""
        if len(old) == len(needed):
            return True
        waited_for = {one.instance for one in needed} - {one.instance for one in old}
        ready = {
            one.name
            for one in self._look.instances(
                self._containers_of(namespace, workload, WorkloadKind.SERVICE)
            )
            if one.ready
        }
        return waited_for <= ready

    def _containers_of(self, namespace: str, workload: str, kind: WorkloadKind) -> list[Seen]:
        return self._look.containers(self._marks.of_workload(namespace, workload, str(kind)))

    def _create(self, namespace: str, one: Wanted) -> None:
        require_image(one)
        with self._connection.telling():
            api = self._connection.api
            network = self._marks.network(namespace)
            host = api.create_host_config(**one.host, network_mode=network)
            joined = NetworkingConfig({network: EndpointConfig(api._version, aliases=[one.alias])})
            try:
                api.create_container(
                    one.image,
                    name=one.name,
                    host_config=host,
                    networking_config=joined,
                    **one.settings,
                )
            except ImageNotFound as missing:
                raise EngineRefused(
                    f"{one.instance} cannot start: the container engine has no image {one.image}. "
                    "Deploy Setup fetches or builds it again."
                ) from missing
            except APIError as wrong:
                if not is_conflict(wrong):
                    raise
                self._require_ours(namespace, one.name)  # another worker was faster

    def _require_ours(self, namespace: str, name: str) -> None:
        labels = self._connection.api.inspect_container(name)["Config"]["Labels"]
        if not bears(labels, self._marks.of_namespace(namespace)):
            raise EngineRefused(
                f"Somebody else's container is called {name}. Rename or remove it, and deploy "
                "again."
            )

    def _start(self, one: Wanted) -> None:
        """With its files: whoever made it may have died before it had them."""
        try:
            with self._connection.telling():
                api = self._connection.api
                if one.files:
                    about = api.inspect_container(one.name)
                    folder = str(about["Config"].get("WorkingDir") or "/")
                    api.put_archive(one.name, "/", packed(one.files, folder=folder))
                api.start(one.name)
        except EngineError as wrong:
            raise _cannot_start(one, wrong) from wrong

    def _remove(self, seen: Seen) -> None:
        """Stop it in its own time, then forget it."""
        with self._connection.telling():
            api = self._connection.api
            for attempt in range(_REMOVALS):
                try:
                    if attempt == 0 and seen.state.get("Running"):
                        api.stop(seen.about["Id"], timeout=_STOP_SECONDS)
                    api.remove_container(seen.about["Id"], force=True, v=True)
                except APIError as wrong:
                    if is_missing(wrong):
                        return
                    if attempt == _REMOVALS - 1:
                        raise
                    # Just being started again, or removed by somebody else.
                    time.sleep(_REMOVAL_SECONDS)
                else:
                    return

    def _remove_all(self, there: Sequence[Seen]) -> None:
        """Each in its own time, several at once: one that will not end keeps nobody waiting."""
        if there:
            with ThreadPoolExecutor(min(_AT_ONCE, len(there))) as pool:
                list(pool.map(self._remove, there))

    def observe(self, namespace: str) -> tuple[Instance, ...]:
        """Every container of the namespace, as the engine and its probe tell."""
        self._watch.look_begins(namespace)
        seen = self._look.containers(self._marks.of_namespace(namespace))
        if self._tending.end_overdue(seen):
            seen = self._look.containers(self._marks.of_namespace(namespace))
        return self._look.instances(seen)

    def wait(self, namespace: str, *, seconds: float) -> None:
        """Until the engine tells of something new there, at most so long."""
        self._watch.wait(namespace, seconds)

    def tend(self, notes: Mapping[str, Any]) -> dict[str, Any]:
        """Liveness probes, time limits of jobs, services that fell."""
        return self._tending.all(notes)

    def lead(self, hosts: Sequence[PublicHost]) -> None:
        """Nothing: the product's ingress does."""

    def doors(self) -> tuple[str, ...]:
        """What this machine is called inside the network of each namespace."""
        networks = self._made(self._marks.of_installation()).networks
        return tuple(sorted(filter(None, map(gateway_of, networks))))

    def remove(self, namespace: str, names: Sequence[ObjectName]) -> None:
        """End and forget these workloads, then these volumes."""
        gone = {(name.kind, name.name) for name in names}
        there = self._look.containers(self._marks.of_namespace(namespace))
        self._remove_all(
            [one for one in there if (one.labels[marks.KIND], one.labels[LABEL_WORKLOAD]) in gone]
        )
        for kind, name in gone:
            if kind == "PersistentVolumeClaim":
                self._ground.forget_volume(self._marks.volume(namespace, name))

    def applied(self, namespace: str) -> tuple[AppliedObject, ...]:
        """What its containers and volumes are labelled with."""
        made = self._made(self._marks.of_namespace(namespace))
        begin = len(self._marks.volume(namespace, ""))
        volumes = [("PersistentVolumeClaim", one["Name"][begin:], one) for one in made.volumes]
        workloads = [
            (one["Labels"][marks.KIND], one["Labels"][LABEL_WORKLOAD], one)
            for one in made.containers
        ]
        found = {
            AppliedObject(kind, name, one["Labels"].get(LABEL_ENVIRONMENT, ""))
            for kind, name, one in (*workloads, *volumes)
        }
        return tuple(sorted(found))

    def destroy(self, namespace: str) -> None:
        """Take containers, volumes and the network of the namespace."""
        self._remove_all(self._look.containers(self._marks.of_namespace(namespace)))
        made = self._made(self._marks.of_namespace(namespace))
        for volume in made.volumes:
            self._ground.forget_volume(volume["Name"])
        with self._connection.telling():
            for network in made.networks:
                with suppress(APIError):  # what remains is seen by looking
                    self._connection.api.remove_network(network["Id"])

    def destroy_all(self) -> None:
        """Take everything of this installation."""
        made = self._made(self._marks.of_installation())
        for namespace in {one["Labels"][marks.NAMESPACE] for one in made.all}:
            self.destroy(namespace)

    def remains(self, namespace: str) -> tuple[str, ...]:
        """What the engine still has of it."""
        made = self._made(self._marks.of_namespace(namespace))
        return (
            *(f"container {one['Names'][0].lstrip('/')}" for one in made.containers),
            *(f"volume {one['Name']}" for one in made.volumes),
            *(f"network {one['Name']}" for one in made.networks),
        )

    def _made(self, filters: Mapping[str, list[str]]) -> "_Made":
        with self._connection.telling():
            api = self._connection.api
            found = (
                api.containers(all=True, filters=dict(filters)),
                api.volumes(filters=dict(filters)).get("Volumes") or [],
                api.networks(filters=dict(filters)),
            )
        return _Made(*([one for one in rows if bears(one["Labels"], filters)] for rows in found))


@dataclass(frozen=True, slots=True)
class _Made:
    """What the engine has of a namespace or of everything, as it writes it."""

    containers: list[dict[str, Any]]
    volumes: list[dict[str, Any]]
    networks: list[dict[str, Any]]

    @property
    def all(self) -> list[dict[str, Any]]:
        """All of it."""
        return [*self.containers, *self.volumes, *self.networks]


def _differs(seen: Seen | None, one: Wanted) -> bool:
    """Whether what is there is another revision, or is reached at another port."""
    if seen is None:
        return False
    labels: Mapping[str, Any] = seen.labels
    return (labels[marks.REVISION], labels[marks.PUBLISHED]) != (
        one.revision,
        one.settings["labels"][marks.PUBLISHED],
    )


def _cannot_start(one: Wanted, wrong: EngineError) -> EngineError:
    text = str(wrong)
    if "no such file or directory" in text or "executable file not found" in text:
        return EngineRefused(
            f"{one.instance} cannot start: its image has not the command that it names ({text})"
        )
    return type(wrong)(f"{one.instance} cannot start: {text}")

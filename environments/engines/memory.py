"""Remembers what it was asked and runs nothing: for tests and benchmarks."""

import queue
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from environments.core.ports import (
    ANNOTATION_REVISION,
    LABEL_APPLICATION,
    LABEL_ENVIRONMENT,
    AppliedObject,
    EngineError,
    EngineTraits,
    Instance,
    LocalPorts,
    Manifest,
    ObjectName,
    Output,
    Phase,
    PublicHost,
    Step,
    WorkloadKind,
    workloads,
)

TRAITS = EngineTraits(
    name="memory",
    runs_images=True,
    local_ports=LocalPorts.NONE,
    enforces_limits=True,
    has_volumes=True,
    maps_ports=True,
    has_terminal=True,
)


@dataclass(frozen=True, slots=True)
class Outlook:
    """What becomes of a workload that is applied from now on."""

    phase: Phase
    ready: bool
    message: str = ""
    lines: tuple[str, ...] = ()


_LONGEST_NUMBER = 10
READY = Outlook(Phase.RUNNING, True)
DONE = Outlook(Phase.SUCCEEDED, True)


class MemoryTerminal:
    """Prints what is typed. A line ``exit 3`` ends it; a new size is printed."""

    def __init__(self) -> None:
        self._printed: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._line = b""
        self._code: int | None = None
        self.is_closed = False

    def read(self) -> bytes:
        """What was typed."""
        return self._printed.get()

    def write(self, typed: bytes) -> None:
        """Print it; at the end of a line, look whether that was the last one."""
        self._printed.put(typed)
        *lines, self._line = (self._line + typed).split(b"\r")
        for line in lines:
            word, _, code = line.partition(b" ")
            if word == b"exit":
                self._code = int(code)
                self._printed.put(b"")

    def resize(self, *, rows: int, columns: int) -> None:
        """Print it."""
        self._printed.put(f"[{rows}x{columns}]".encode())

    def exit_code(self) -> int | None:
        """What stood behind ``exit``."""
        return self._code

    def close(self) -> None:
        """Let whoever reads go."""
        self.is_closed = True
        self._printed.put(b"")


class MemoryEngine:
    """Fulfils ``core.ports.Engine``. ``expect`` says what becomes of a workload."""

    def __init__(self, traits: EngineTraits = TRAITS) -> None:
        self._traits = traits
        self._lock = threading.Lock()
        self._instances: dict[str, dict[str, Instance]] = {}
        self._lasting: dict[str, dict[tuple[str, str], AppliedObject]] = {}
        self._logs: dict[tuple[str, str], list[str]] = {}
        self._outlooks: dict[str, Outlook] = {}
        self.steps: list[Step] = []
        self.led: list[PublicHost] = []
        self.terminals: list[MemoryTerminal] = []

    def traits(self) -> EngineTraits:
        """Those that it was made with."""
        return self._traits

    def expect(self, workload: str, outlook: Outlook) -> None:
        """From now on this workload (a job by the start of its name) turns out so."""
        with self._lock:
            self._outlooks[workload] = outlook
            for namespace, instances in self._instances.items():
                for name, instance in instances.items():
                    if _concerns(workload, instance.workload):
                        instances[name] = _turned(instance, outlook)
                        self._logs[namespace, name] = list(outlook.lines)

    def apply(self, step: Step) -> None:
        """Remember the step; a revision or a job that is there already stays untouched."""
        with self._lock:
            self.steps.append(step)
            instances = self._instances.setdefault(step.namespace, {})
            lasting = self._lasting.setdefault(step.namespace, {})
            lasting.update({(one.kind, one.name): one for one in _lasting(step.manifests)})
            for manifest in workloads(step.manifests):
                if manifest["kind"] == WorkloadKind.CRON_JOB:
                    continue
                wanted = {one.name: one for one in _new_instances(manifest, step.folder)}
                for name, one in list(instances.items()):
                    if _replaces(manifest, wanted, one):
                        del instances[name]
                for name in (name for name in wanted if name not in instances):
                    outlook = self._outlook(wanted[name].workload, wanted[name].kind)
                    self._logs[step.namespace, name] = list(outlook.lines)
                    instances[name] = _turned(wanted[name], outlook)

    def _outlook(self, workload: str, kind: WorkloadKind) -> Outlook:
        for name, outlook in self._outlooks.items():
            if _concerns(name, workload):
                return outlook
        return DONE if kind is WorkloadKind.JOB else READY

    def observe(self, namespace: str) -> tuple[Instance, ...]:
        """What was applied and not removed."""
        with self._lock:
            return tuple(self._instances.get(namespace, {}).values())

    def read_log(self, namespace: str, instance: str, *, lines: int) -> list[str]:
        """The lines of its outlook."""
        with self._lock:
            return self._logs.get((namespace, instance), [])[-lines:] if lines else []

    def read_previous_log(self, namespace: str, instance: str, *, lines: int) -> list[str]:
        """Nothing has run before."""
        return []

    def follow_log(self, namespace: str, instance: str, *, position: str, lines: int) -> Output:
        """The lines of its outlook, from this one on."""
        begin = int(position) if position.isdecimal() and len(position) < _LONGEST_NUMBER else 0
        with self._lock:
            new = self._logs.get((namespace, instance), [])[begin:]
        return Output(tuple(new[-lines:]), max(len(new) - lines, 0), str(begin + len(new)))

    def open_terminal(
        self, namespace: str, instance: str, *, command: Sequence[str], rows: int, columns: int
    ) -> MemoryTerminal:
        """One that prints what is typed, in an instance that it knows."""
        with self._lock:
            if instance not in self._instances.get(namespace, {}):
                raise EngineError(f"{instance} does not run now.")
            terminal = MemoryTerminal()
            self.terminals.append(terminal)
        terminal.resize(rows=rows, columns=columns)
        return terminal

    def read_output(self, namespace: str, job: str, *, position: str) -> Output:
        """The lines of its outlook, from this one on."""
        begin = int(position or 0)
        with self._lock:
            lines = tuple(self._logs.get((namespace, job), [])[begin:])
        return Output(lines, 0, str(begin + len(lines)))

    def remove(self, namespace: str, names: Sequence[ObjectName]) -> None:
        """Forget these."""
        gone = {(name.kind, name.name) for name in names}
        with self._lock:
            instances = self._instances.get(namespace, {})
            for one in list(instances.values()):
                if (str(one.kind), one.workload) in gone:
                    del instances[one.name]
                    self._logs.pop((namespace, one.name), None)
            lasting = self._lasting.get(namespace, {})
            for key in gone & lasting.keys():
                del lasting[key]

    def applied(self, namespace: str) -> tuple[AppliedObject, ...]:
        """What was applied and not removed."""
        with self._lock:
            running = {
                AppliedObject(str(one.kind), one.workload, one.environment)
                for one in self._instances.get(namespace, {}).values()
            }
            return tuple(sorted({*running, *self._lasting.get(namespace, {}).values()}))

    def destroy(self, namespace: str) -> None:
        """Forget all of the namespace."""
        with self._lock:
            self._lasting.pop(namespace, None)
            for name in self._instances.pop(namespace, {}):
                self._logs.pop((namespace, name), None)

    def remains(self, namespace: str) -> tuple[str, ...]:
        """The names of what was not removed."""
        with self._lock:
            lasting = [name for _, name in self._lasting.get(namespace, {})]
        return (*(one.name for one in self.observe(namespace)), *lasting)

    def check(self) -> str:
        """It always answers."""
        return "memory"

    def wait(self, namespace: str, *, seconds: float) -> None:
        """Nothing changes by itself."""
        time.sleep(seconds)

    def tend(self, notes: Mapping[str, Any]) -> dict[str, Any]:
        """Nothing to do."""
        return {}

    def lead(self, hosts: Sequence[PublicHost]) -> None:
        """Remember them."""
        self.led = list(hosts)

    def doors(self) -> tuple[str, ...]:
        """Nothing runs that could call."""
        return ()


def _lasting(manifests: Sequence[Manifest]) -> Iterator[AppliedObject]:
    """What has no instance that would tell of it."""
    for manifest in manifests:
        kind, metadata = manifest["kind"], manifest["metadata"]
        if kind in ("PersistentVolumeClaim", "ServiceAccount", WorkloadKind.CRON_JOB):
            yield AppliedObject(kind, metadata["name"], metadata["labels"][LABEL_ENVIRONMENT])


def _concerns(expected: str, workload: str) -> bool:
    return workload == expected or workload.startswith(f"{expected}-")


def _new_instances(manifest: Manifest, folder: Path | None) -> Iterator[Instance]:
    """A job's one instance, or the replicas of a service, before anything became of them."""
    metadata, kind = manifest["metadata"], WorkloadKind(manifest["kind"])
    replicas = range(manifest["spec"].get("replicas", 1))
    service = (f"{metadata['name']}-{replica}" for replica in replicas)
    for name in (metadata["name"],) if kind is WorkloadKind.JOB else service:
        yield Instance(
            name=name,
            workload=metadata["name"],
            kind=kind,
            application=metadata["labels"][LABEL_APPLICATION],
            environment=metadata["labels"][LABEL_ENVIRONMENT],
            phase=Phase.STARTING,
            ready=False,
            revision=metadata["annotations"].get(ANNOTATION_REVISION, ""),
            folder=folder,
        )


def _replaces(manifest: Manifest, wanted: Mapping[str, Instance], there: Instance) -> bool:
    """Whether these take the place of a service's instance: it has another revision, or is one
    too many."""
    if (manifest["kind"], manifest["metadata"]["name"]) != (there.kind, there.workload):
        return False
    if there.kind is WorkloadKind.JOB:
        return False
    new = wanted.get(there.name)
    return new is None or there.revision != new.revision


def _turned(instance: Instance, outlook: Outlook) -> Instance:
    statuses = {Phase.SUCCEEDED: 0, Phase.FAILED: 1}
    return replace(
        instance,
        phase=outlook.phase,
        ready=outlook.ready,
        message=outlook.message,
        exit_status=statuses.get(outlook.phase),
    )

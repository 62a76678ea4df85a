"""Fulfils ``core.ports.Engine`` with processes on this machine."""

import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from environments.core.ports import (
    ANNOTATION_FOLDER,
    ANNOTATION_REVISION,
    ANNOTATION_TIMEOUT,
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
    PublicHost,
    Step,
    Terminal,
    WorkloadKind,
    expanded,
    variables_of,
    workloads,
)
from environments.engines.process import leftovers, linux, printed
from environments.engines.process.daemon import section
from environments.engines.process.looking import Look
from environments.engines.process.places import (
    RECORDS,
    Places,
    Program,
    read_program,
    write_private,
    write_program,
)
from environments.engines.process.supervision import Daemon
from environments.engines.process.terminal import ShellTerminal

_LEFT_SECONDS = 1.0


@contextmanager
def _on_disk() -> Iterator[None]:
    """What the disk refuses is told as an engine tells things."""
    try:
        yield
    except OSError as wrong:
        raise EngineError(
            f"The engine process cannot use its folder: {wrong.strerror} ({wrong.filename}). Free "
            "some space, or look who may write there."
        ) from wrong


class ProcessEngine:
    """Services and jobs of the repositories' code, as the user who runs the product.

    ``folder``: of this engine alone, shared with its daemon. ``path``: what programs get as
    PATH. ``LANG`` is C.UTF-8.
    """

    def __init__(self, folder: Path, *, path: str) -> None:
        self._places = Places(folder)
        self._path = path
        self._daemon = Daemon(self._places.socket)
        self._look = Look(self._places, self._daemon)

    def traits(self) -> EngineTraits:
        """Code of the repository only, each port given by the product."""
        return EngineTraits(
            name="process",
            runs_images=False,
            local_ports=LocalPorts.EVERY,
            enforces_limits=False,
            has_volumes=False,
            has_terminal=True,
        )

    @_on_disk()
    def apply(self, step: Step) -> None:
        """Start what is not there yet or has another revision."""
        for manifest in workloads(step.manifests):
            wanted = list(self._programs(step, manifest))
            if manifest["kind"] == WorkloadKind.SERVICE:
                self._end_surplus(step.namespace, manifest, wanted)
            for program in wanted:
                self._write_files(step, program)
                self._ensure(program)

    def _programs(self, step: Step, manifest: Manifest) -> Iterator[Program]:
        """One program for each replica, everything that it needs filled in."""
        if step.folder is None:
            raise EngineError("The engine process needs the code of the repository.")
        metadata, spec = manifest["metadata"], manifest["spec"]
        (container,) = spec["template"]["spec"]["containers"]
        folder = _inside(step.folder, metadata["annotations"].get(ANNOTATION_FOLDER) or ".")
        is_job = manifest["kind"] == WorkloadKind.JOB
        for replica in range(1 if is_job else spec.get("replicas", 1)):
            given = [port for port in step.ports if port.replica == replica]
            ports = {str(port.target_port): port.number for port in given}
            variables = self._variables(step, manifest, container, ports)
            argv = [*container.get("command", ()), *container.get("args", ())]
            if not argv:
                raise EngineError(f"{metadata['name']} has neither command nor args.")
            yield Program(
                name=metadata["name"] if is_job else f"{metadata['name']}-{replica}",
                namespace=step.namespace,
                workload=metadata["name"],
                kind=str(manifest["kind"]),
                application=metadata["labels"][LABEL_APPLICATION],
                environment=metadata["labels"][LABEL_ENVIRONMENT],
                revision=metadata["annotations"].get(ANNOTATION_REVISION, ""),
                argv=[expanded(word, variables) for word in argv],
                folder=str(folder),
                variables=variables,
                ports=ports,
                readiness=container.get("readinessProbe"),
                liveness=container.get("livenessProbe"),
                timeout=int(metadata["annotations"].get(ANNOTATION_TIMEOUT) or 0),
            )

    def _variables(
        self,
        step: Step,
        manifest: Manifest,
        container: Mapping[str, Any],
        ports: Mapping[str, int],
    ) -> dict[str, str]:
        """A clean environment: nothing of the product's own is in it."""
        environment = manifest["metadata"]["labels"][LABEL_ENVIRONMENT]
        given = {f"PORT_{target}": str(number) for target, number in ports.items()}
        if ports:
            given["PORT"] = str(next(iter(ports.values())))
        return {
            "PATH": self._path,
            "HOME": str(step.folder),
            "LANG": "C.UTF-8",
            "TMPDIR": str(self._places.temporary(step.namespace, environment)),
            **variables_of(container, step.manifests),
            **given,
        }

    def _write_files(self, step: Step, program: Program) -> None:
        """Put the files of ConfigMaps where the service mounts them, inside its folder."""
        temporary = self._places.temporary(program.namespace, program.environment)
        temporary.mkdir(mode=0o700, parents=True, exist_ok=True)
        maps = {
            manifest["metadata"]["name"]: manifest["data"]
            for manifest in step.manifests
            if manifest["kind"] == "ConfigMap"
        }
        for manifest in workloads(step.manifests):
            pod = manifest["spec"]["template"]["spec"]
            for mount in pod["containers"][0].get("volumeMounts", ()):
                for volume in pod.get("volumes", ()):
                    files = maps.get(volume.get("configMap", {}).get("name"), {})
                    if volume["name"] == mount["name"] and mount["subPath"] in files:
                        place = _inside(Path(program.folder), mount["mountPath"])
                        place.parent.mkdir(parents=True, exist_ok=True)
                        place.write_text(files[mount["subPath"]])

    def _end_surplus(self, namespace: str, manifest: Manifest, wanted: Sequence[Program]) -> None:
        names = {program.name for program in wanted}
        for program in self._places.programs(namespace):
            if program.workload == manifest["metadata"]["name"] and program.name not in names:
                self._end(program)

    def _ensure(self, program: Program) -> None:
        """Have this program run, once; what is the same already is left alone."""
        path = self._places.program(program.namespace, program.name)
        before = read_program(path)
        known = program.group in self._daemon.programs()
        if program.is_job:
            self._ensure_job(program, before, known)
            return
        same = before is not None and (before.revision, before.ports) == (
            program.revision,
            program.ports,
        )
        if known and same:
            return
        if before is not None:
            self._end(before)
        self._write(program)
        self._daemon.add(program.group)

    def _ensure_job(self, program: Program, before: Program | None, known: bool) -> None:
        started = self._places.record(program.namespace, program.name, "started")
        if started.exists():
            return
        if before is None:
            self._write(program)
        if not known:
            self._daemon.add(program.group)
        self._daemon.start(program.group)

    def _write(self, program: Program) -> None:
        places = self._places
        for what in RECORDS:
            places.record(program.namespace, program.name, what).unlink(missing_ok=True)
        places.log(program.namespace, program.name).parent.mkdir(
            mode=0o700, parents=True, exist_ok=True
        )
        write_program(places.program(program.namespace, program.name), program)
        write_private(places.configuration(program), section(places, program))

    @_on_disk()
    def observe(self, namespace: str) -> tuple[Instance, ...]:
        """Every instance as its daemon, its records and its probe tell."""
        return self._look.at(namespace)

    @_on_disk()
    def read_log(self, namespace: str, instance: str, *, lines: int) -> list[str]:
        """The last lines, from the current file and the one before it."""
        return printed.tail(self._places.log(namespace, instance), lines)

    @_on_disk()
    def read_previous_log(self, namespace: str, instance: str, *, lines: int) -> list[str]:
        """What was printed before its launcher began the last time."""
        return printed.tail_before(self._places.log(namespace, instance), lines)

    @_on_disk()
    def follow_log(self, namespace: str, instance: str, *, position: str, lines: int) -> Output:
        """A position is a file and a byte of it; it holds over one rotation."""
        log = self._places.log(namespace, instance)
        found, left_out, at = printed.after(log, position, lines)
        return Output(tuple(found), left_out, at)

    @_on_disk()
    def open_terminal(
        self, namespace: str, instance: str, *, command: Sequence[str], rows: int, columns: int
    ) -> Terminal:
        """A command in the program's folder, with its variables and no others."""
        program = read_program(self._places.program(namespace, instance))
        seen = self._daemon.programs().get(program.group) if program else None
        if program is None or seen is None or not seen.pid:
            raise EngineError(
                f"{instance} does not run now: a terminal is in a running instance. Look at its "
                "log for the reason."
            )
        return ShellTerminal(self._places, program, command, rows=rows, columns=columns)

    @_on_disk()
    def read_output(self, namespace: str, job: str, *, position: str) -> Output:
        """The next lines that the job's launcher has kept, and how many it has not."""
        at, _, told = position.partition("/")
        kept = self._places.record(namespace, job, "output")
        lines, after = printed.piece(kept, int(at or 0))
        left = 0 if lines else _number(self._places.record(namespace, job, "left"))
        more = max(left - int(told or 0), 0)
        return Output(tuple(lines), more, f"{after}/{int(told or 0) + more}")

    @_on_disk()
    def remove(self, namespace: str, names: Sequence[ObjectName]) -> None:
        """End and forget these workloads."""
        gone = {(name.kind, name.name) for name in names}
        ending = [
            program
            for program in self._places.programs(namespace)
            if (program.kind, program.workload) in gone
        ]
        self._daemon.stop_together([program.group for program in ending])
        for program in ending:
            self._end(program)
            log = self._places.log(namespace, program.name)
            for part in (log, printed.older_part(log)):
                part.unlink(missing_ok=True)
        staying = {program.environment for program in self._places.programs(namespace)}
        for environment in {program.environment for program in ending} - staying:
            shutil.rmtree(self._places.home(namespace, environment), ignore_errors=True)

    def _end(self, program: Program) -> None:
        """Stop it, prove that nothing of it is left, and only then forget it."""
        own = leftovers.of_program(self._places, program.namespace, program.name)
        own += leftovers.terminals_of(self._places, program.namespace, program.name)
        self._daemon.stop(program.group)
        orphans = leftovers.orphans_of(self._daemon.pid())
        left = linux.end((*own, *orphans), grace=_LEFT_SECONDS)
        if left:
            numbers = ", ".join(str(one.pid) for one in left)
            raise EngineError(f"{program.name} does not end: processes {numbers} are left.")
        self._daemon.forget(program.group)
        self._places.configuration(program).unlink(missing_ok=True)
        for what in RECORDS:
            self._places.record(program.namespace, program.name, what).unlink(missing_ok=True)
        self._places.program(program.namespace, program.name).unlink(missing_ok=True)

    @_on_disk()
    def destroy(self, namespace: str) -> None:
        """End everything of the namespace and forget its logs."""
        programs = list(self._places.programs(namespace))
        self._daemon.stop_together([program.group for program in programs])
        for program in programs:
            self._end(program)
        for folder in ("programs", "records", "logs", "homes"):
            shutil.rmtree(self._places.folder / folder / namespace, ignore_errors=True)

    @_on_disk()
    def remains(self, namespace: str) -> tuple[str, ...]:
        """Programs that the daemon has, launchers, and processes that were seen below them."""
        programs = [name for name in self._daemon.programs() if name.startswith(f"{namespace}.")]
        processes = leftovers.of_namespace(self._places, namespace)
        return (
            *(f"program {name}" for name in programs),
            *(f"process {one.pid}" for one in processes),
        )

    @_on_disk()
    def applied(self, namespace: str) -> tuple[AppliedObject, ...]:
        """What its records tell."""
        programs = self._places.programs(namespace)
        found = {AppliedObject(one.kind, one.workload, one.environment) for one in programs}
        return tuple(sorted(found))

    def check(self) -> str:
        """How many programs its daemon has."""
        return f"supervisor, {len(self._daemon.programs())} programs"

    def wait(self, namespace: str, *, seconds: float) -> None:
        """Its daemon tells nobody of changes: it is asked again after this time."""
        time.sleep(seconds)

    def tend(self, notes: Mapping[str, Any]) -> dict[str, Any]:
        """Nothing: its daemon and launchers look after what runs."""
        return {}

    def lead(self, hosts: Sequence[PublicHost]) -> None:
        """Nothing: the product's ingress does."""

    def doors(self) -> tuple[str, ...]:
        """None: processes call the ingress where it is."""
        return ()


def _number(path: Path) -> int:
    try:
        return int(path.read_text())
    except FileNotFoundError:
        return 0


def _inside(folder: Path, path: str) -> Path:
    """The path below the folder; ``EngineError`` where it leads out."""
    place = (folder / path).resolve()
    if not place.is_relative_to(folder.resolve()):
        raise EngineError(f"{path} leads out of the repository.")
    return place

"""Fulfils ``core.ports.Engine`` with a Kubernetes cluster."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from environments import printing
from environments.core.ports import (
    LABEL_ENVIRONMENT,
    LABEL_KIND,
    AppliedObject,
    EngineError,
    EngineRefused,
    EngineTraits,
    Instance,
    LocalPorts,
    ObjectName,
    Output,
    PublicHost,
    Step,
    Terminal,
    WorkloadKind,
)
from environments.core.template.support import ON_KUBERNETES
from environments.core.template.workloads import amount
from environments.engines.kubernetes import logs, looking, objects
from environments.engines.kubernetes.charts import Charts
from environments.engines.kubernetes.cluster import Cluster
from environments.engines.kubernetes.connection import Connection
from environments.engines.kubernetes.ground import Ground
from environments.engines.kubernetes.looking import WATCHED, Seen, is_run
from environments.engines.kubernetes.marks import Marks
from environments.engines.kubernetes.metrics import Measured, Metrics
from environments.engines.kubernetes.objects import Place, Wanted
from environments.engines.kubernetes.public import PublicIngresses
from environments.engines.kubernetes.terminal import in_pod
from environments.engines.kubernetes.watching import Watch
from environments.guarded import GuardedTerminal

_APPLIED = ("Deployment", "Job", "CronJob", "ServiceAccount", "PersistentVolumeClaim")
_AT_ONCE = 8
_ENDING_SECONDS = 90.0
_GOING_SECONDS = 40.0
_WARNINGS_SECONDS = 1.0
_LOOK_SECONDS = 0.2


class KubernetesEngine:
    """Services as Deployments, jobs as Jobs, a namespace for each namespace.

    ``kubeconfig``: a path, or ``in-cluster``. ``installation``: what tells everything of this
    installation from all else in the cluster; nothing without it is ever touched. ``cluster``: the
    kubeconfig's context. ``ingress_class`` goes into every Ingress, and with ``tls`` the names that
    want a certificate: that of ``tls_secret``, or the ingress controller's own.
    """

    def __init__(
        self,
        kubeconfig: str,
        *,
        installation: str,
        cluster: str = "",
        ingress_class: str = "",
        tls: bool = False,
        tls_secret: str = "",
    ) -> None:
        self._connection = Connection(kubeconfig, cluster)
        self._marks = Marks(installation)
        self._place = Place(ingress_class, tls, tls_secret)
        self._cluster = Cluster(self._connection)
        self._ground = Ground(self._cluster, self._marks)
        self._charts = Charts(kubeconfig, cluster, self._cluster, self._marks)
        self._watch = Watch(self._cluster, self._marks.finding)
        self._public = PublicIngresses(self._cluster, self._marks, self._place)
        self._metrics = Metrics(self._connection)
        self._warnings: dict[str, tuple[float, Mapping[str, Sequence[str]]]] = {}

    def traits(self) -> EngineTraits:
        """Any image, from the cluster's registries; it is the cluster that tends to all of it."""
        return EngineTraits(
            name="kubernetes",
            runs_images=True,
            local_ports=LocalPorts.NONE,
            enforces_limits=True,
            has_volumes=True,
            maps_ports=True,
            has_terminal=True,
            follows=frozenset(ON_KUBERNETES),
            pulls_images=True,
            keeps_schedules=True,
            has_ingress=True,
            ending_seconds=_ENDING_SECONDS,
            runs_charts=self._charts.can,
            applies_at_once=_AT_ONCE,
        )

    def check(self) -> str:
        """Who answers."""
        return self._connection.check()

    def apply(self, step: Step) -> None:
        """Have the workload and what stands beside it; what stood beside it and is wanted no more
        goes."""
        self._ground.have(step.namespace, step.ground)
        if any(one["kind"] == WorkloadKind.CHART for one in step.manifests):
            self._charts.apply(step)
            return
        wanted = objects.wanted(step, self._marks, self._place)
        kind, name = wanted.workload["kind"], wanted.workload["metadata"]["name"]
        there = self._settled(kind, name, step.namespace)
        if there is not None and not self._marks.are_on(there["metadata"]):
            raise EngineRefused(
                f"The namespace has a {kind} {name} that was not made by this installation. It is "
                "left as it is."
            )
        if there is not None and kind == WorkloadKind.JOB:
            return
        if there is not None:
            objects.keep_scale(wanted, there)
        self._have(wanted, step.namespace)
        if there is not None:
            self._prune(there, wanted, step.namespace)

    def _settled(self, kind: str, name: str, namespace: str) -> Mapping[str, Any] | None:
        """What is there under this name, once what is just being deleted is gone."""
        give_up = time.monotonic() + _GOING_SECONDS
        while (found := self._cluster.get(kind, name, namespace)) is not None:
            if not found["metadata"].get("deletionTimestamp"):
                return found
            if time.monotonic() > give_up:
                raise EngineError(f"{kind} {name} is being deleted and does not go.")
            time.sleep(_LOOK_SECONDS)
        return None

    def _have(self, wanted: Wanted, namespace: str) -> None:
        for one in (*wanted.before, wanted.workload, *wanted.after):
            if one["kind"] == "PersistentVolumeClaim":
                self._have_claim(one, namespace)
            else:
                self._cluster.apply(one)

    def _have_claim(self, claim: Mapping[str, Any], namespace: str) -> None:
        """One that is there keeps its data; it may grow, where its storage class lets it."""
        name = claim["metadata"]["name"]
        there = self._settled(claim["kind"], name, namespace)
        if there is None:
            self._cluster.apply(claim)
            return
        has, wants = (one["spec"]["resources"]["requests"]["storage"] for one in (there, claim))
        if amount(wants) <= amount(has):
            return
        try:
            self._cluster.apply(claim)
        except EngineRefused as wrong:
            raise EngineRefused(
                f"The volume {name} has {has} and does not grow to {wants}: {wrong} Let its "
                f"storage class allow volume expansion, or give it {has} in the template again."
            ) from wrong

    def _prune(self, there: Mapping[str, Any], wanted: Wanted, namespace: str) -> None:
        """Take what the workload before this one had beside it, and this one has not."""
        kept = {(one["kind"], one["metadata"]["name"]) for one in wanted.beside}
        for kind, name in objects.read(there["metadata"].get("annotations")):
            if (kind, name) not in kept:
                self._cluster.delete(kind, name, namespace)

    def observe(self, namespace: str) -> tuple[Instance, ...]:
        """Its pods, as the cluster tells."""
        found = self._watch.objects(namespace) or self._asked(namespace)
        use = self._metrics.of(namespace) if found.get("Pod") else Measured()
        seen = looking.instances(Seen(found, use=use))
        if not looking.not_ready(seen) and not _lacks_pods(found):
            return seen
        return looking.instances(Seen(found, self._warned(namespace), use))

    def _warned(self, namespace: str) -> Mapping[str, Sequence[str]]:
        """What events warn of there: a look may come ten times a second, this does not."""
        now = time.monotonic()
        at, known = self._warnings.get(namespace, (0.0, {}))
        if at and now - at < _WARNINGS_SECONDS:
            return known
        events = self._cluster.all("Event", namespace, fields={"type": "Warning"})
        self._warnings = {
            name: kept for name, kept in self._warnings.items() if now - kept[0] < _WARNINGS_SECONDS
        }
        self._warnings[namespace] = (now, looking.warnings(events))
        return self._warnings[namespace][1]

    def _asked(self, namespace: str) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        return {
            kind: self._cluster.all(kind, namespace, labels=self._marks.finding) for kind in WATCHED
        }

    def wait(self, namespace: str, *, seconds: float) -> None:
        """Until the cluster tells of something new there, at most so long."""
        self._watch.wait(namespace, seconds)

    def read_log(self, namespace: str, instance: str, *, lines: int) -> list[str]:
        """The last lines of what it printed."""
        if self._pod(namespace, instance) is None:
            return []
        return printing.last(logs.of(self._connection, namespace, instance), lines)

    def _pod(self, namespace: str, name: str) -> Mapping[str, Any] | None:
        """The pod, unless it is just being deleted."""
        found = self._cluster.get("Pod", name, namespace)
        return None if found is None or found["metadata"].get("deletionTimestamp") else found

    def read_previous_log(self, namespace: str, instance: str, *, lines: int) -> list[str]:
        """What it printed before its last start."""
        return printing.last(logs.of_run_before(self._connection, namespace, instance), lines)

    def follow_log(self, namespace: str, instance: str, *, position: str, lines: int) -> Output:
        """The lines after those that are known."""
        pod = self._pod(namespace, instance)
        if pod is None:
            return Output((), 0, position)
        source = logs.of(self._connection, namespace, instance, restarted=_restarts(pod) > 0)
        return printing.after(source, position, lines)

    def read_output(self, namespace: str, job: str, *, position: str) -> Output:
        """The next lines of a job's pod."""
        pod = self._pod(namespace, job)
        if pod is None:
            return Output((), 0, position)
        ended = (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed")
        source = logs.of(self._connection, namespace, job)
        return printing.piece(source, position, ended=ended)

    def open_terminal(
        self, namespace: str, instance: str, *, command: Sequence[str], rows: int, columns: int
    ) -> Terminal:
        """A command in its container."""
        pod = self._pod(namespace, instance)
        if pod is None or (pod.get("status") or {}).get("phase") != "Running":
            raise EngineError(
                f"{instance} does not run now: a terminal is in a running instance. Look at its "
                "log for the reason."
            )
        run = in_pod(self._connection, namespace, instance)
        return GuardedTerminal(run, command, rows=rows, columns=columns)

    def remove(self, namespace: str, names: Sequence[ObjectName]) -> None:
        """Delete these workloads with what stands beside them, then these volumes."""
        if not self._ground.is_ours(namespace):
            return
        for name in sorted(names, key=lambda one: one.kind == "PersistentVolumeClaim"):
            if name.kind == WorkloadKind.CHART:
                self._charts.remove(namespace, name.name)
                continue
            there = self._cluster.get(name.kind, name.name, namespace)
            if there is None or not self._marks.are_on(there["metadata"]):
                continue
            self._cluster.delete(name.kind, name.name, namespace)
            if name.kind in tuple(WorkloadKind):  # at once, not when the cluster gets to it
                is_cron_job = name.kind == WorkloadKind.CRON_JOB  # its runs are jobs
                runs = str(WorkloadKind.JOB) if is_cron_job else name.kind
                own = {**self._marks.of_workload(name.name), LABEL_KIND: runs}
                self._cluster.delete_all("Pod", namespace, own)
            for kind, beside in objects.read(there["metadata"].get("annotations")):
                if kind != "PersistentVolumeClaim":
                    self._cluster.delete(kind, beside, namespace)

    def applied(self, namespace: str) -> tuple[AppliedObject, ...]:
        """What this installation's labels find, and the charts that helm keeps for it."""
        found = [
            (kind, one["metadata"]["name"], one["metadata"])
            for kind in _APPLIED
            for one in self._cluster.all(kind, namespace, labels=self._marks.labels)
            if not one["metadata"].get("deletionTimestamp") and not is_run(one)
        ]
        found += [(str(WorkloadKind.CHART), *one) for one in self._charts.installed(namespace)]
        objects = {
            AppliedObject(kind, name, metadata["labels"][LABEL_ENVIRONMENT])
            for kind, name, metadata in found
            if LABEL_ENVIRONMENT in metadata["labels"]
        }
        return tuple(sorted(objects))

    def destroy(self, namespace: str) -> None:
        """Delete the namespace, and with it all that is in it; it may outlast this call."""
        self._ground.end(namespace)

    def remains(self, namespace: str) -> tuple[str, ...]:
        """The namespace, and what keeps it."""
        left = self._ground.left(namespace)
        return (left,) if left else ()

    def tend(self, notes: Mapping[str, Any]) -> dict[str, Any]:
        """Nothing: the cluster does."""
        return {}

    def lead(self, hosts: Sequence[PublicHost]) -> None:
        """By Ingresses beside those whose rules they have."""
        self._public.lead(hosts)

    def doors(self) -> tuple[str, ...]:
        """None: what runs there calls the cluster's own ingress."""
        return ()


def _restarts(pod: Mapping[str, Any]) -> int:
    statuses = (pod.get("status") or {}).get("containerStatuses") or ()
    return max((int(one.get("restartCount") or 0) for one in statuses), default=0)


def _lacks_pods(found: Mapping[str, Sequence[Mapping[str, Any]]]) -> bool:
    """Whether a job has no pod: only an event says why."""
    return bool(found.get("Job")) and len(found.get("Pod", ())) < len(found["Job"])

"""A parsed template as plain values. ``line`` is where the thing begins in its file, from 1."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from environments.core.problems import Place

JOB_TIMEOUT = 1200
"""Seconds that a job may run where its template says nothing."""


class Reach(StrEnum):
    """From where a port is reached."""

    OUTSIDE = "node_port"
    INSIDE = "container_port"


@dataclass(frozen=True, slots=True)
class Port:
    """``target_port`` is where the process listens, ``port`` what others call."""

    target_port: int
    port: int
    reach: Reach
    line: int = 0


@dataclass(frozen=True, slots=True)
class EnvironmentVariable:
    """One ``envs`` entry of a service or job; scalars are text as written."""

    key: str
    value: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class Build:
    """How an image is built; ``args`` are ``K=V``."""

    context: str = "."
    dockerfile: str = "Dockerfile"
    target: str = ""
    args: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NamedBuild:
    """One entry of ``builds``: an image that services refer to by its name."""

    name: str
    build: Build
    line: int = 0


@dataclass(frozen=True, slots=True)
class StaticSite:
    """How a static service is made: ``base`` is the folder of the repository where the commands
    run, ``output`` the folder below it that is served, ``image`` where they run, if named."""

    base: str
    install: str
    command: str
    output: str
    image: str = ""


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """A file of the repository that is put into the container."""

    name: str
    repo_path: str
    mount_path: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """Whom what runs is to its cluster and, by ``cloud_role``, to the cloud around it."""

    name: str
    cloud_role: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Volume:
    """A volume of one workload; ``type``: ``persistent``, ``shmem`` or ``s3``.

    ``claim`` names an entry of ``shared_volumes``, ``bucket`` a bucket of type ``s3``.
    """

    name: str
    type: str
    mount_path: str
    size: str = ""
    line: int = 0
    claim: str = ""
    bucket: str = ""


@dataclass(frozen=True, slots=True)
class Resources:
    """Quantities as Kubernetes writes them."""

    cpu_limits: str = "1000m"
    cpu_requests: str = "100m"
    memory_limits: str = "1Gi"
    memory_requests: str = "100Mi"


class ProbeKind(StrEnum):
    """How a probe asks."""

    EXEC = "exec"
    HTTP_GET = "http_get"
    TCP_SOCKET = "tcp_socket"


@dataclass(frozen=True, slots=True)
class Probe:
    """Times in seconds."""

    kind: ProbeKind
    command: tuple[str, ...] = ()
    path: str = "/"
    port: int = 0
    initial_delay_seconds: int = 0
    period_seconds: int = 10
    timeout_seconds: int = 1
    failure_threshold: int = 3


@dataclass(frozen=True, slots=True)
class Autoscale:
    """How many copies there may be, and what decides it; without metrics, the CPU that is used."""

    min_replicas: int
    max_replicas: int
    metrics: tuple[Mapping[str, Any], ...] = ()
    """As the API group ``autoscaling/v2`` has them, keys in camel case."""


@dataclass(frozen=True, slots=True)
class Workload:
    """What services and jobs have in common."""

    name: str
    line: int = 0
    image: str = ""
    has_repo: bool = False
    build: Build | None = None
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    envs: tuple[EnvironmentVariable, ...] = ()
    resources: Resources = field(default_factory=Resources)
    volumes: tuple[Volume, ...] = ()
    node_selector: Mapping[str, str] = field(default_factory=dict)
    service_account_name: str = ""


@dataclass(frozen=True, slots=True)
class Service(Workload):
    """One entry of ``services``."""

    ports: tuple[Port, ...] = ()
    depends_on: tuple[str, ...] = ()
    replicas: int = 1
    autoscale: Autoscale | None = None
    configmap: tuple[ConfigFile, ...] = ()
    readiness_probe: Probe | None = None
    liveness_probe: Probe | None = None
    static: bool = False
    site: StaticSite | None = None
    """Of a static service."""


@dataclass(frozen=True, slots=True)
class Job(Workload):
    """One entry of ``jobs``; ``completed_timeout`` in seconds."""

    from_services: str = ""
    completed_timeout: int = JOB_TIMEOUT
    halt_on_error: bool = False


@dataclass(frozen=True, slots=True)
class CronJob(Job):
    """One entry of ``cron_jobs``; ``schedule`` in UTC, as ``core.schedules`` reads it."""

    schedule: str = ""


@dataclass(frozen=True, slots=True)
class ImportEntry:
    """One entry of ``app_imports``."""

    name: str
    line: int = 0
    branch: str = ""
    exclude_services: tuple[str, ...] = ()
    ignore_deployment_refs: tuple[str, ...] = ()
    pull_request_labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HostRule:
    """Host patterns (with ``${env_id}`` and the like) and a path that lead to a service."""

    service: str
    hostnames: tuple[str, ...]
    path: str = "/"
    visibility: str = "public"
    line: int = 0


@dataclass(frozen=True, slots=True)
class WorkflowStep:
    """One step: its tasks (``services.api``, ``jobs.all``, …) run side by side."""

    name: str
    tasks: tuple[str, ...]
    halt_on_error: bool
    wait_for_finish: bool = True
    line: int = 0


@dataclass(frozen=True, slots=True)
class Workflow:
    """``name``: ``setup``, ``patch`` or ``teardown``. ``order_from`` gives one step per task."""

    name: str
    steps: tuple[WorkflowStep, ...]
    line: int = 0


@dataclass(frozen=True, slots=True)
class Chart(Workload):
    """One entry of ``charts``; ``has_repo``: it lies in the repository, at ``directory``."""

    directory: str = ""
    repo_url: str = ""
    reference: str = ""
    """What is installed: a folder of the repository, a name within ``repo_url``, or an address."""
    version: str = ""
    values_files: tuple[str, ...] = ()
    """Paths in the repository; later ones win."""
    inline_values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A value that a person is asked for. ``type`` as in the template."""

    name: str
    type: str = "string"
    description: str = ""
    default: str | None = None
    optional: bool = False
    advanced: bool = False
    line: int = 0


@dataclass(frozen=True, slots=True)
class Unsupported:
    """A key that is understood and not carried out yet: ``key`` is its path (``secrets``)."""

    key: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class AppTemplate:
    """A template that has been read without an error.

    ``host_rules`` is None where the template has neither ``hostnames`` nor ``rules``: then
    each service with a ``node_port`` is exposed under the standard name.
    """

    file: str
    app: str = ""
    context: str = ""
    domain: str = ""
    tracking_branch: str = ""
    tracking_tag: str = ""
    auto_deploy: bool = True
    parallelize_app_imports: bool = False
    app_imports: tuple[ImportEntry, ...] = ()
    services: tuple[Service, ...] = ()
    jobs: tuple[Job, ...] = ()
    cron_jobs: tuple[CronJob, ...] = ()
    builds: tuple[NamedBuild, ...] = ()
    charts: tuple[Chart, ...] = ()
    infrastructure: tuple[str, ...] = ()
    shared_volumes: tuple[Volume, ...] = ()
    service_accounts: tuple[ServiceAccount, ...] = ()
    ingress: Mapping[str, str] = field(default_factory=dict)
    """How the ingress treats requests, as it is written: ``proxy_body_size: 30m``."""
    host_rules: tuple[HostRule, ...] | None = None
    workflows: tuple[Workflow, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    tunes: tuple[Unsupported, ...] = ()
    """Keys that only tune (``ingress``, ``node_selector``, ``autoscale``, …)."""
    unsupported: tuple[Unsupported, ...] = ()
    lines: Mapping[str, int] = field(default_factory=dict)
    """Where each key of the top level stands."""

    def place_of(self, key: str) -> Place | None:
        """Where this key of the top level stands."""
        line = self.lines.get(key)
        return Place(self.file, line) if line else None

    def service(self, name: str) -> Service | None:
        """The service of this name."""
        return next((service for service in self.services if service.name == name), None)

    def job(self, name: str) -> Job | None:
        """The job of this name."""
        return next((job for job in self.jobs if job.name == name), None)

    def chart(self, name: str) -> Chart | None:
        """The chart of this name."""
        return next((chart for chart in self.charts if chart.name == name), None)

    def workload(self, kind: str, name: str) -> Workload | None:
        """The ``service``, ``job``, ``cron_job`` or ``chart`` of this name."""
        among: Mapping[str, Sequence[Workload]] = {
            "service": self.services,
            "job": self.jobs,
            "cron_job": self.cron_jobs,
            "chart": self.charts,
        }
        return next((one for one in among[kind] if one.name == name), None)

    @property
    def workloads(self) -> tuple[Workload, ...]:
        """Everything that it can run."""
        return (*self.services, *self.jobs, *self.cron_jobs)

    def workflow(self, name: str) -> Workflow | None:
        """The workflow of this name."""
        return next((flow for flow in self.workflows if flow.name == name), None)

"""Deployments: a form with empty boxes that the worker fills, one after another, each once."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from environments.models.environment import Environment, EnvironmentVersion, Namespace


class DeploymentKind(models.TextChoices):
    """``setup`` applies everything, ``patch`` new code only, ``teardown`` removes; ``pause`` ends
    the services and keeps all else, ``resume`` starts the same ones again."""

    SETUP = "setup", "setup"
    PATCH = "patch", "patch"
    TEARDOWN = "teardown", "teardown"
    PAUSE = "pause", "pause"
    RESUME = "resume", "resume"


CHANGING = (DeploymentKind.SETUP, DeploymentKind.PATCH)
"""They change what runs."""
SCALING = (DeploymentKind.PAUSE, DeploymentKind.RESUME)
"""They change how many instances run, and nothing of what those are."""


class DeploymentStatus(models.TextChoices):
    """The last six are endings; each that is no success has a reason."""

    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    DEPLOYED = "deployed", "Deployed"
    REMOVED = "removed", "Removed"
    PAUSED = "paused", "Paused"
    FAILED = "failed", "Failed"
    ABORTED = "aborted", "Aborted"
    SUPERSEDED = "superseded", "Superseded"


LIVE = (DeploymentStatus.QUEUED, DeploymentStatus.RUNNING)


class Deployment(models.Model):
    """One run over an environment, or (``part_of``) one member's share of its importer's run."""

    environment = models.ForeignKey(Environment, models.CASCADE, related_name="deployments")
    namespace = models.ForeignKey(Namespace, models.PROTECT, related_name="deployments")
    part_of = models.ForeignKey(
        "self", models.CASCADE, null=True, blank=True, related_name="member_deployments"
    )
    position = models.PositiveIntegerField(default=0)
    """Order of the members inside one run."""
    kind = models.CharField(max_length=10, choices=DeploymentKind.choices)
    status = models.CharField(
        max_length=10, choices=DeploymentStatus.choices, default=DeploymentStatus.QUEUED
    )
    reason = models.TextField(blank=True)
    ignored_by = models.CharField(max_length=300, blank=True)
    shown_digest = models.CharField(max_length=64, blank=True)
    """Of the plan that the person saw, if any."""
    shown = models.JSONField(default=dict)
    """``{application: [branch, commit]}`` of that plan."""

    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    asked_by_name = models.CharField(max_length=150)
    asked_at = models.DateTimeField(auto_now_add=True)
    abort_asked_at = models.DateTimeField(null=True)
    abort_asked_by = models.CharField(max_length=150, blank=True)
    abort_reason = models.CharField(max_length=300, blank=True)

    fence = models.PositiveIntegerField(default=0)
    """Rises with each claim; every write of the holder names it."""
    lease_until = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    """When it was last put into the queue."""

    deploys_commit = models.CharField(max_length=40, blank=True)
    """Of a patch: the commit of a finished build, in place of the branch's newest."""
    version = models.ForeignKey(EnvironmentVersion, models.SET_NULL, null=True, related_name="+")
    application_number = models.PositiveIntegerField(null=True)
    branch = models.CharField(max_length=255, blank=True)
    commit = models.CharField(max_length=40, blank=True)
    commit_subject = models.CharField(max_length=300, blank=True)
    rule = models.CharField(max_length=10, blank=True)

    pins = models.JSONField(null=True)
    """Box ``resolved``: every member with the branch, the commit and why."""
    plan = models.JSONField(null=True)
    """Box ``plan``: the plan as shown, secrets as fingerprints."""
    hosts = models.JSONField(default=list)
    """``[{host, path, workload, target_port}]`` of this share: what the ingress leads to it."""
    processes = models.PositiveIntegerField(default=0)
    """How many copies of services this share runs."""
    images = models.JSONField(null=True)
    """Box ``images``: ``{env_id: {"services.api": image to run}}``; empty on engines without."""
    manifests = models.BinaryField(null=True)
    """Box ``manifests``: sealed, since Secrets are among them."""
    resolved_at = models.DateTimeField(null=True)
    written_at = models.DateTimeField(null=True)
    provided_at = models.DateTimeField(null=True)
    """When the box ``images`` was filled."""
    ending_since = models.DateTimeField(null=True, blank=True)
    """Of a removal: since when it waits for what was destroyed to be gone."""
    rendered_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    failure = models.JSONField(null=True)
    """First cause: ``{application, task, instance, message, lines[]}``."""
    lines_left_out = models.PositiveIntegerField(default=0)

    class Meta:
        ordering: ClassVar = ["-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["namespace"],
                condition=Q(status="running", part_of__isnull=True),
                name="one_active_deployment",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["queued", "running", "deployed", "removed", "paused"])
                | ~Q(reason=""),
                name="an_ending_has_a_reason",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["namespace", "status"]),
            models.Index(fields=["environment", "-id"]),
            models.Index(fields=["status", "lease_until"]),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @property
    def seal_name(self) -> str:
        """What its sealed manifests belong to."""
        return f"deployment {self.pk}"

    @property
    def is_over(self) -> bool:
        """Whether it has ended, in whatever way."""
        return self.status not in LIVE

    @property
    def version_shown(self) -> str:
        """``v2.4`` once the version is known."""
        return f"v{self.application_number}.{self.version.number}" if self.version else ""


class TaskState(models.TextChoices):
    """A task is applied at most once, then observed until it is ready, failed or skipped."""

    WAITING = "waiting", "Waiting"
    APPLIED = "applied", "Applied"
    READY = "ready", "Ready"
    FAILED = "failed", "Failed"
    SKIPPED = "skipped", "Skipped"


OPEN = (TaskState.WAITING, TaskState.APPLIED)


class Task(models.Model):
    """One box of a deployment: a service, job or cron job of one step of its workflow."""

    deployment = models.ForeignKey(Deployment, models.CASCADE, related_name="tasks")
    number = models.PositiveIntegerField()
    step = models.PositiveIntegerField()
    step_name = models.TextField(blank=True)
    name = models.TextField()
    """As in the workflow: ``services.api``."""
    kind = models.CharField(max_length=10)
    """``service``, ``job``, ``cron_job`` or ``removal``."""
    workload = models.CharField(max_length=63, blank=True)
    """The object's name in the engine; a job's carries deployment and task."""
    halts = models.BooleanField(default=True)
    """A failure here lets nothing start after its step."""
    waits = models.BooleanField(default=True)
    """The next step starts only when this has finished."""
    state = models.CharField(max_length=10, choices=TaskState.choices, default=TaskState.WAITING)
    reason = models.TextField(blank=True)
    output_position = models.CharField(max_length=100, blank=True)
    """How far a job's output has been said, in the words of its engine."""
    applied_at = models.DateTimeField(null=True)
    watched = models.FloatField(default=0.0)
    """Seconds that workers have watched it since then: a count that no clock's jump changes."""
    ended_at = models.DateTimeField(null=True)
    schedule = models.CharField(max_length=200, blank=True)
    """Of a cron job: when it runs."""
    next_run_at = models.DateTimeField(null=True)
    """Of a cron job that is ready: when it runs next."""

    class Meta:
        ordering: ClassVar = ["deployment", "number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["deployment", "number"], name="task_number")
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["next_run_at"],
                condition=Q(next_run_at__isnull=False),
                name="task_next_run",
            )
        ]

    def __str__(self) -> str:
        return self.name


class LogLine(models.Model):
    """One line that the deployment itself said, masked; ``number`` counts from 1."""

    deployment = models.ForeignKey(Deployment, models.CASCADE, related_name="lines")
    number = models.PositiveIntegerField()
    task = models.ForeignKey(Task, models.SET_NULL, null=True, related_name="lines")
    at = models.DateTimeField()
    text = models.TextField()

    class Meta:
        ordering: ClassVar = ["deployment", "number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["deployment", "number"], name="line_number")
        ]

    def __str__(self) -> str:
        return self.text

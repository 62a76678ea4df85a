"""Environments, their versions, and the namespaces they share with what they import."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from environments.models.account import Context
from environments.models.application import Application


class EnvironmentType(models.TextChoices):
    """Ephemeral environments expire; permanent ones stay."""

    EPHEMERAL = "ephemeral", "ephemeral"
    PERMANENT = "permanent", "permanent"


class EnvironmentStatus(models.TextChoices):
    """Derived from the deployments; order of badness is ``core.health``'s."""

    NEW = "new", "New"
    WAITING = "waiting", "Waiting"
    DEPLOYING = "deploying", "Deploying"
    DEPLOYED = "deployed", "Deployed"
    PAUSED = "paused", "Paused"
    FAILED = "failed", "Failed"
    ABORTED = "aborted", "Aborted"
    REMOVING = "removing", "Removing"
    REMOVED = "removed", "Removed"


class Hours(models.TextChoices):
    """Whose schedule pauses and resumes an environment."""

    ACCOUNT = "account", "of the account"
    OWN = "own", "its own"
    NONE = "none", "none"


class Namespace(models.Model):
    """Where all services of an environment and of its imports run together."""

    name = models.CharField(max_length=63)
    context = models.ForeignKey(Context, models.PROTECT, related_name="namespaces")
    domain = models.CharField(max_length=253)
    paused_at = models.DateTimeField(null=True, blank=True)
    """Since when no service of it runs, because somebody paused it."""
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["context", "name"],
                condition=Q(ended_at__isnull=True),
                name="namespace_name_in_context",
            )
        ]

    def __str__(self) -> str:
        return self.name


class Environment(models.Model):
    """An instance of an application on one branch. ``number`` is the second part of ``v2.4``."""

    application = models.ForeignKey(Application, models.CASCADE, related_name="environments")
    namespace = models.ForeignKey(Namespace, models.PROTECT, related_name="members")
    importer = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="imported"
    )
    position = models.PositiveIntegerField(default=0)
    """Place in the importer's list of imports."""
    name = models.CharField(max_length=63)
    env_id = models.CharField(max_length=10)
    type = models.CharField(max_length=10, choices=EnvironmentType.choices)
    is_production = models.BooleanField(default=False)
    branch = models.CharField(max_length=255)
    is_tag = models.BooleanField(default=False)
    rule = models.CharField(max_length=10)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    owner_name = models.CharField(max_length=150, blank=True)
    application_number = models.PositiveIntegerField()
    number = models.PositiveIntegerField(default=1)
    own_status = models.CharField(
        max_length=10, choices=EnvironmentStatus.choices, default=EnvironmentStatus.NEW
    )
    status = models.CharField(
        max_length=10, choices=EnvironmentStatus.choices, default=EnvironmentStatus.NEW
    )
    """Of an importer: the worst of its members."""
    running = models.ForeignKey(
        "Deployment", models.SET_NULL, null=True, blank=True, related_name="+"
    )
    """The last deployment that changed what runs here."""
    last_setup = models.ForeignKey(
        "Deployment", models.SET_NULL, null=True, blank=True, related_name="+"
    )
    """The last setup that succeeded: what a patch repeats with a new commit."""
    labels = models.JSONField(null=True, blank=True)
    """Of its pull request; None where it has none. They decide about some imports."""
    change_branch = models.CharField(max_length=255, blank=True)
    """Of an environment for pull requests: the branch of all of them."""
    approved_commit = models.CharField(max_length=40, blank=True)
    """Of code from outside: the only commit that is deployed, and it sees no secrets."""
    replaces = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="replaced_by"
    )
    """The environment that ends once this one is ready."""
    expires_at = models.DateTimeField(null=True, blank=True)
    """When it ends by itself; None: never, and of an imported one with its importer."""
    expiry_told_at = models.DateTimeField(null=True, blank=True)
    """When its owner was last told that it ends soon."""
    hours = models.CharField(max_length=10, choices=Hours.choices, default=Hours.ACCOUNT)
    pause_schedule = models.CharField(max_length=100, blank=True)
    resume_schedule = models.CharField(max_length=100, blank=True)
    """Both as cron jobs have them, in UTC; "": never by itself."""
    hours_seen_at = models.DateTimeField(null=True, blank=True)
    """Until when its schedule has been followed; None: from its creation on."""
    rebinds = models.JSONField(default=list, blank=True)
    """What a Setup would bind its imports to, where that is not what they are bound to."""
    followed_commit = models.CharField(max_length=40, blank=True)
    """The head of its branch that was last asked for because of a push."""
    created_at = models.DateTimeField(auto_now_add=True)
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-created_at", "-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["application", "name"],
                condition=Q(removed_at__isnull=True),
                name="environment_name_in_application",
            ),
            models.UniqueConstraint(
                fields=["application", "change_branch"],
                condition=Q(removed_at__isnull=True, importer__isnull=True) & ~Q(change_branch=""),
                name="one_environment_a_change",
            ),
            models.UniqueConstraint(
                fields=["env_id"], condition=Q(removed_at__isnull=True), name="living_env_id"
            ),
            models.UniqueConstraint(
                fields=["importer", "application"],
                condition=Q(removed_at__isnull=True),
                name="imported_once",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["application", "removed_at", "-created_at"]),
            models.Index(fields=["namespace"]),
            models.Index(
                fields=["expires_at"],
                condition=Q(removed_at__isnull=True),
                name="living_that_expire",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.env_id})"

    @property
    def version(self) -> str:
        """``v{application defaults}.{own}``."""
        return f"v{self.application_number}.{self.number}"

    @property
    def page(self) -> str:
        """Where its page is, for browsers anywhere."""
        return page_address(self.application.account.name, self.env_id)

    @property
    def running_plan(self) -> Mapping[str, Any]:
        """The plan that made what it runs; empty before the first."""
        running = self.running
        root = (running.part_of or running) if running else None
        return (root.plan or {}) if root else {}


def page_address(account: str, env_id: str) -> str:
    """Where the page of an environment is, for browsers anywhere."""
    return f"{settings.RELEASECLONE.public_url}/{account}/environments/{env_id}/"


class EnvironmentVersion(models.Model):
    """A saved Environment Template with variables and parameters. Rows never change."""

    environment = models.ForeignKey(Environment, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    template = models.TextField()
    variables = models.BinaryField()
    """The variables file, sealed: it may hold secrets."""
    parameters = models.JSONField(default=dict)
    """``{name: value}`` of the environment's own template."""
    import_parameters = models.JSONField(default=dict)
    """``{application: {name: value}}`` for imports that do not exist yet."""
    change = models.CharField(max_length=200)
    saved_at = models.DateTimeField(auto_now_add=True)
    saved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True)
    saved_by_name = models.CharField(max_length=150)

    class Meta:
        ordering: ClassVar = ["-number"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["environment", "number"], name="environment_version_number"
            )
        ]

    def __str__(self) -> str:
        return f"{self.environment} version {self.number}"

    @property
    def shown_number(self) -> str:
        """As pages write it: ``v2.4``."""
        return f"v{self.environment.application_number}.{self.number}"

    @property
    def seal_name(self) -> str:
        """What its sealed variables belong to."""
        return f"environment {self.environment_id}"

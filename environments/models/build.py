"""Builds: all images of one application at one commit, and the images that came of them."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from environments.models.account import Account, Context
from environments.models.application import Application
from environments.models.deployment import Deployment
from environments.models.environment import Environment


class BuildState(models.TextChoices):
    """``ready`` waits to be taken up; the last three are endings, bad ones with a reason."""

    READY = "ready", "Ready"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    ERRORED = "errored", "Errored"
    CANCELLED = "cancelled", "Cancelled"


LIVE_BUILDS = (BuildState.READY, BuildState.RUNNING)


class Build(models.Model):
    """One run of the builder over an application at a commit, in the store of one context.

    ``environment``: for which it was made (its template, variables and parameters decide); None:
    for the application itself. ``deployment``: the share whose first stage it is, if any.
    """

    application = models.ForeignKey(Application, models.CASCADE, related_name="builds")
    context = models.ForeignKey(Context, models.CASCADE, related_name="builds")
    environment = models.ForeignKey(
        Environment, models.CASCADE, null=True, blank=True, related_name="builds"
    )
    deployment = models.OneToOneField(
        Deployment, models.SET_NULL, null=True, blank=True, related_name="build"
    )
    branch = models.CharField(max_length=255)
    commit = models.CharField(max_length=40)
    commit_subject = models.CharField(max_length=300, blank=True)
    commit_author = models.CharField(max_length=200, blank=True)
    committed_at = models.DateTimeField(null=True)
    forced = models.BooleanField(default=False)
    """Rebuild: what was built from the same inputs before is not used."""
    state = models.CharField(max_length=10, choices=BuildState.choices, default=BuildState.READY)
    reason = models.TextField(blank=True)
    failure = models.JSONField(null=True)
    """First cause: ``{image, dockerfile, line, instruction, message, lines[]}``."""

    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    asked_by_name = models.CharField(max_length=150)
    asked_at = models.DateTimeField(auto_now_add=True)
    cancel_asked_at = models.DateTimeField(null=True)
    cancel_asked_by = models.CharField(max_length=150, blank=True)

    fence = models.PositiveIntegerField(default=0)
    """Rises with each claim; every write of the holder names it."""
    lease_until = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    """When it was last put into the queue."""
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    lines_left_out = models.PositiveIntegerField(default=0)

    class Meta:
        ordering: ClassVar = ["-pk"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(state__in=["ready", "running", "done"]) | ~models.Q(reason=""),
                name="a_build_that_ended_badly_has_a_reason",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["application", "-id"]),
            models.Index(fields=["state", "lease_until"]),
        ]

    def __str__(self) -> str:
        return f"build {self.pk}"

    @property
    def is_over(self) -> bool:
        """Whether it has ended, in whatever way."""
        return self.state not in LIVE_BUILDS


class Image(models.Model):
    """One image in the store of a context. ``key``: digest of all that it was built from.

    ``digest`` is what is deployed: the registry's where there is one, else the store's id.
    """

    context = models.ForeignKey(Context, models.CASCADE, related_name="images")
    application = models.ForeignKey(Application, models.CASCADE, related_name="images")
    key = models.CharField(max_length=64)
    digest = models.CharField(max_length=300)
    size = models.PositiveBigIntegerField(default=0)
    """Bytes."""
    made_at = models.DateTimeField(auto_now_add=True)
    used_at = models.DateTimeField()
    """When a build or a deployment last named it."""

    class Meta:
        ordering: ClassVar = ["-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["context", "key"], name="image_key_in_context")
        ]

    def __str__(self) -> str:
        return self.digest


class BuildStep(models.Model):
    """One image of a build: from a service's ``build``, from ``builds[]``, or a static site."""

    build = models.ForeignKey(Build, models.CASCADE, related_name="steps")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=10)
    """``service``, ``build`` or ``static``."""
    name = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=BuildState.choices, default=BuildState.READY)
    key = models.CharField(max_length=64, blank=True)
    image = models.ForeignKey(Image, models.SET_NULL, null=True, related_name="steps")
    reused = models.BooleanField(default=False)
    """Nothing was built: the same inputs had been."""
    reason = models.TextField(blank=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["build", "number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["build", "number"], name="build_step_number")
        ]

    def __str__(self) -> str:
        return self.name


class ImageClaim(models.Model):
    """An image that is being built in a context; whoever wants the same one waits for it.

    It only saves work: nothing is written in its name, and one that is not renewed ends by itself.
    """

    context = models.ForeignKey(Context, models.CASCADE, related_name="+")
    key = models.CharField(max_length=64)
    step = models.ForeignKey(BuildStep, models.CASCADE, related_name="claims")
    until = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["context", "key"], name="image_claim_in_context")
        ]

    def __str__(self) -> str:
        return self.key


class BuildLine(models.Model):
    """One line of a build's log, masked; ``number`` counts from 1."""

    build = models.ForeignKey(Build, models.CASCADE, related_name="lines")
    number = models.PositiveIntegerField()
    step = models.ForeignKey(BuildStep, models.SET_NULL, null=True, related_name="lines")
    at = models.DateTimeField()
    text = models.TextField()

    class Meta:
        ordering: ClassVar = ["build", "number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["build", "number"], name="build_line_number")
        ]

    def __str__(self) -> str:
        return self.text


class BuildArgument(models.Model):
    """A build argument of an account, or (``application``) of one application, which wins."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="build_arguments")
    application = models.ForeignKey(
        Application, models.CASCADE, null=True, blank=True, related_name="build_arguments"
    )
    name = models.CharField(max_length=200)
    value = models.BinaryField()
    """Sealed: it may be a secret."""
    secret = models.BooleanField(default=False)

    class Meta:
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account", "name"],
                condition=models.Q(application__isnull=True),
                name="build_argument_of_account",
            ),
            models.UniqueConstraint(
                fields=["application", "name"], name="build_argument_of_application"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def seal_name(self) -> str:
        """What its sealed value belongs to."""
        return f"build argument {self.name} of account {self.account_id}"

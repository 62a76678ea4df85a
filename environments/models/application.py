"""Applications and the versions of their template and default variables."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from environments.models.account import Account
from environments.models.connection import GitConnection


class PullRequestPolicy(models.TextChoices):
    """Which pull requests of an application get an environment."""

    NONE = "none", "none"
    LABELLED = "labelled", "those with the label"
    ALL = "all", "all"


class Application(models.Model):
    """One repository with its template. ``number`` is the first part of ``v2.4``."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="applications")
    name = models.CharField(max_length=63)
    repository_url = models.CharField(max_length=500)
    git_host = models.CharField(max_length=20, default="git")
    connection = models.ForeignKey(
        GitConnection, models.SET_NULL, null=True, blank=True, related_name="applications"
    )
    """Through which its repository is read; None: by git alone, as nobody."""
    pull_requests_get = models.CharField(
        max_length=10, choices=PullRequestPolicy.choices, default=PullRequestPolicy.NONE
    )
    pull_request_label = models.CharField(max_length=50, default="environment")
    """Of a pull request that gets one, where only those with a label do."""
    rebinds_itself = models.BooleanField(default=False)
    """Whether imports of its environments follow branches that come late, by a Setup."""
    public_environment = models.ForeignKey(
        "Environment", models.SET_NULL, null=True, blank=True, related_name="+"
    )
    """Where its public addresses lead; None: nowhere."""
    public_since = models.DateTimeField(null=True, blank=True)
    default_branch = models.CharField(max_length=255)
    number = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "name"], name="application_name_in_account")
        ]

    def __str__(self) -> str:
        return self.name


class ApplicationVersion(models.Model):
    """A saved Application Template with its default variables. Rows never change."""

    application = models.ForeignKey(Application, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    template = models.TextField()
    variables = models.BinaryField()
    """The variables file, sealed: it may hold secrets."""
    change = models.CharField(max_length=200)
    saved_at = models.DateTimeField(auto_now_add=True)
    saved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True)
    saved_by_name = models.CharField(max_length=150)

    class Meta:
        ordering: ClassVar = ["-number"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["application", "number"], name="application_version_number"
            )
        ]

    def __str__(self) -> str:
        return f"{self.application} v{self.number}"

    @property
    def shown_number(self) -> str:
        """As pages write it: ``v2``."""
        return f"v{self.number}"

    @property
    def seal_name(self) -> str:
        """What its sealed variables belong to."""
        return f"application {self.application_id}"

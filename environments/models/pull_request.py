"""Pull requests of the host, as it told them last, and the environments that they have."""

from typing import ClassVar

from django.db import models

from environments.models.application import Application
from environments.models.environment import Environment


class PullRequest(models.Model):
    """One pull request of one application. Several may share an environment."""

    application = models.ForeignKey(Application, models.CASCADE, related_name="pull_requests")
    number = models.PositiveIntegerField()
    title = models.CharField(max_length=300)
    address = models.CharField(max_length=500)
    author = models.CharField(max_length=100)
    branch = models.CharField(max_length=255)
    base = models.CharField(max_length=255)
    commit = models.CharField(max_length=40)
    is_open = models.BooleanField(default=True)
    is_merged = models.BooleanField(default=False)
    is_draft = models.BooleanField(default=False)
    is_fork = models.BooleanField(default=False)
    """Its branch is in a repository of somebody else."""
    approved_commit = models.CharField(max_length=40, blank=True)
    """Of code from outside: the commit that a member let run; "": none yet."""
    approved_by_name = models.CharField(max_length=150, blank=True)
    refused = models.CharField(max_length=500, blank=True)
    """Why the environment that it should have could not be set up."""
    labels = models.JSONField(default=list)
    environment = models.ForeignKey(
        Environment, models.SET_NULL, null=True, blank=True, related_name="pull_requests"
    )
    why_none = models.CharField(max_length=500, blank=True)
    """Why it has no environment."""
    ended_commit = models.CharField(max_length=40, blank=True)
    """At this commit its environment was removed, by a person or since its time was over."""
    comment_id = models.BigIntegerField(null=True, blank=True)
    """The comment of it that is ours."""
    announced_id = models.BigIntegerField(null=True, blank=True)
    announced_commit = models.CharField(max_length=40, blank=True)
    """The host's own deployment of it, and of which commit."""
    told = models.CharField(max_length=64, blank=True)
    """Digest of what the host was told last."""
    told_wrong = models.CharField(max_length=500, blank=True)
    """Why the host could not be told."""
    tell_at = models.DateTimeField(null=True, blank=True)
    """Not before, after it could not be told."""
    told_tries = models.PositiveIntegerField(default=0)
    seen_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering: ClassVar = ["-number"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["application", "number"], name="pull_request_of_application"
            )
        ]
        indexes: ClassVar = [models.Index(fields=["branch", "is_open"])]

    def __str__(self) -> str:
        return f"{self.application}#{self.number}"

    @property
    def waits_for_approval(self) -> bool:
        """Whether it has code from outside that nobody has let run."""
        return self.is_open and self.is_fork and self.approved_commit != self.commit

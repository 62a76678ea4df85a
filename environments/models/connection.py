"""Connections to hosts that tell of pushes, and the ledger of what they told."""

import secrets
from typing import ClassVar

from django.conf import settings
from django.db import models

from environments.models.account import Account


def _new_key() -> str:
    return secrets.token_hex(16)


class GitConnection(models.Model):
    """How an account reads repositories of one GitHub, and where that sends its webhooks."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="git_connections")
    web = models.CharField(max_length=253)
    """Where its pages are, such as ``https://github.com``."""
    credentials = models.BinaryField()
    """Sealed, as JSON: ``token``, or ``app_id``, ``private_key`` and ``installation_id``."""
    app_page = models.CharField(max_length=500, blank=True)
    """Of the App that was made for it, where the host shows it."""
    hook_key = models.CharField(max_length=32, unique=True, default=_new_key)
    """The part of the webhook's address that nobody guesses."""
    hook_secret = models.BinaryField()
    """Sealed; signs every delivery."""
    refused_at = models.DateTimeField(null=True, blank=True)
    refused_why = models.CharField(max_length=300, blank=True)
    """Of the last delivery that was not taken, since nobody knows whether it is the host's."""
    held = models.JSONField(default=list)
    """Keys of pull requests whose end waits for a person: too many ended at once."""
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["web"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "web"], name="one_connection_a_host")
        ]

    def __str__(self) -> str:
        return self.host

    @property
    def host(self) -> str:
        """Its name without the scheme."""
        return self.web.partition("://")[2]

    @property
    def seal_name(self) -> str:
        """What its sealed credentials belong to; the key is there before the row is."""
        return f"git connection {self.hook_key}"

    @property
    def hook_seal_name(self) -> str:
        """What its sealed secret belongs to."""
        return f"webhook of git connection {self.hook_key}"

    @property
    def hook_url(self) -> str:
        """The address for its webhook."""
        return f"{settings.RELEASECLONE.public_url}/webhooks/{self.hook_key}"


class Verdict(models.TextChoices):
    """What came of a delivery."""

    WAITING = "waiting", "waiting"
    DONE = "done", "done"
    NOTHING = "nothing", "nothing to do"
    FAILED = "failed", "failed"


class Delivery(models.Model):
    """One webhook that was taken. Of its content only the hint is kept: what to ask about."""

    connection = models.ForeignKey(GitConnection, models.CASCADE, related_name="deliveries")
    delivery_id = models.CharField(max_length=64)
    event = models.CharField(max_length=64)
    action = models.CharField(max_length=64, blank=True)
    repository = models.CharField(max_length=255, blank=True)
    ref = models.CharField(max_length=255, blank=True)
    """Of a push: the branch."""
    number = models.PositiveIntegerField(null=True, blank=True)
    """Of the pull request."""
    sender = models.CharField(max_length=100, blank=True)
    verdict = models.CharField(max_length=10, choices=Verdict.choices, default=Verdict.WAITING)
    said = models.TextField(blank=True)
    """What it did, or why it did nothing: a sentence a line."""
    received_at = models.DateTimeField(auto_now_add=True)
    due_at = models.DateTimeField(null=True, blank=True)
    """Of a waiting one: when it is looked at (again)."""
    attempts = models.PositiveIntegerField(default=0)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-received_at", "-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["connection", "delivery_id"], name="each_delivery_once")
        ]
        indexes: ClassVar = [
            models.Index(fields=["verdict", "due_at"]),
            models.Index(fields=["connection", "-received_at"]),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.delivery_id}"

    @property
    def subject(self) -> str:
        """What it is about, in a few words."""
        about = f"#{self.number}" if self.number else self.ref
        return " ".join(filter(None, (self.repository, about)))

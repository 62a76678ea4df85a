"""Accounts, their members, and the contexts where their environments run."""

from dataclasses import dataclass
from typing import ClassVar

from django.conf import settings
from django.db import models


class Account(models.Model):
    """An organisation: everything else belongs to one."""

    name = models.CharField(max_length=63, unique=True)
    ephemeral_days = models.PositiveIntegerField(default=7)
    """So long after its last deployment an ephemeral environment ends; 0: never."""
    pause_schedule = models.CharField(max_length=100, blank=True)
    resume_schedule = models.CharField(max_length=100, blank=True)
    """Of ephemeral environments without one of their own; as cron jobs have them, in UTC."""
    hours_saved_at = models.DateTimeField(null=True, blank=True)
    """What the schedule named before this moment is past."""
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    """What a member may do; see the table "who may" in the documentation."""

    OWNER = "owner", "owner"
    MEMBER = "member", "member"
    INSTANCE_ACCESSOR = "instance_accessor", "instance accessor"


class Membership(models.Model):
    """A person's role in an account."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=20, choices=Role.choices, default=Role.MEMBER)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "user"], name="one_membership_each")
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.account}"


class Context(models.Model):
    """Where things run: an engine, its configuration, and the domains it serves, first first."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="contexts")
    name = models.CharField(max_length=63)
    engine = models.CharField(max_length=20, default="process")
    configuration = models.JSONField(default=dict, blank=True)
    domains = models.JSONField(default=list)
    is_default = models.BooleanField(default=False)
    pushes_to = models.CharField(max_length=300, blank=True)
    """Registry and path for built images; "": they stay in the engine's own store."""

    public_scheme = models.CharField(max_length=5, blank=True)
    public_port = models.PositiveIntegerField(null=True, blank=True)
    """How hosted names are reached from outside; "" and None: at the ingress of this machine."""

    tended_at = models.DateTimeField(null=True)
    """When its engine was last tended to: claimed by a conditional write."""
    notes = models.JSONField(default=dict)
    """What its engine remembers from one time to the next."""

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "name"], name="context_name_in_account"),
            models.UniqueConstraint(
                fields=["account"], condition=models.Q(is_default=True), name="one_default_context"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def entrance(self) -> "Entrance":
        """How its hosted names are reached."""
        return entrance(self.public_scheme, self.public_port)


@dataclass(frozen=True, slots=True)
class Entrance:
    """How hosted names are reached from outside."""

    scheme: str
    port: int


def entrance(scheme: str, port: int | None) -> Entrance:
    """What a context says of it, else the ingress of this machine."""
    own = settings.RELEASECLONE
    return Entrance(scheme, port) if port else Entrance(own.ingress_scheme, own.ingress_port)


class RegistryLogin(models.Model):
    """How the engine of a context signs in to one registry."""

    context = models.ForeignKey(Context, models.CASCADE, related_name="registry_logins")
    registry = models.CharField(max_length=253)
    """Host, with a port where it has one."""
    username = models.CharField(max_length=200)
    password = models.BinaryField()
    """Sealed."""

    class Meta:
        ordering: ClassVar = ["registry"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["context", "registry"], name="one_login_a_registry")
        ]

    def __str__(self) -> str:
        return self.registry

    @property
    def seal_name(self) -> str:
        """What its sealed password belongs to."""
        return f"login to {self.registry} of context {self.context_id}"

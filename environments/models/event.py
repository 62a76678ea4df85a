"""Who did what, when."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from environments.models.account import Account
from environments.models.application import Application
from environments.models.deployment import Deployment
from environments.models.environment import Environment


class Event(models.Model):
    """One change that somebody made. ``what`` is a sentence without its subject."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="events")
    application = models.ForeignKey(Application, models.SET_NULL, null=True, related_name="events")
    environment = models.ForeignKey(Environment, models.SET_NULL, null=True, related_name="events")
    deployment = models.ForeignKey(Deployment, models.SET_NULL, null=True, related_name="events")
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    actor_name = models.CharField(max_length=150)
    what = models.CharField(max_length=300)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["-pk"]
        indexes: ClassVar = [models.Index(fields=["environment", "-id"])]

    def __str__(self) -> str:
        return f"{self.actor_name} {self.what}"

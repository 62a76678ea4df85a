"""Host names that stay while what they lead to is exchanged."""

from typing import ClassVar

from django.db import models

from environments.models.application import Application


class PublicAddress(models.Model):
    """A host name that leads to a service of the application's public environment.

    All of an application lead into one environment, and are led to another one at once.
    """

    application = models.ForeignKey(Application, models.CASCADE, related_name="public_addresses")
    host = models.CharField(max_length=253, unique=True)
    member = models.CharField(max_length=63)
    """Whose service it is: the application's own, or that of one that it imports."""
    service = models.CharField(max_length=63)

    class Meta:
        ordering: ClassVar = ["host"]
        verbose_name_plural = "public addresses"

    def __str__(self) -> str:
        return self.host

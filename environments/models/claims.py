"""What only one may hold: host names, and the loopback ports of one machine."""

from typing import ClassVar

from django.db import models

from environments.models.environment import Namespace


class HostClaim(models.Model):
    """A host name and the namespace that it leads to."""

    host = models.CharField(max_length=253, unique=True)
    namespace = models.ForeignKey(Namespace, models.CASCADE, related_name="hosts")

    def __str__(self) -> str:
        return self.host


class PortClaim(models.Model):
    """A loopback port given to one declared port of one replica, kept over restarts."""

    namespace = models.ForeignKey(Namespace, models.CASCADE, related_name="ports")
    workload = models.CharField(max_length=63)
    replica = models.PositiveIntegerField()
    target_port = models.PositiveIntegerField()
    number = models.PositiveIntegerField(unique=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["namespace", "workload", "replica", "target_port"], name="one_port_each"
            )
        ]

    def __str__(self) -> str:
        return f"{self.number} of {self.workload}"

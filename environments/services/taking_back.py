"""What was started while its namespace was being removed."""

from environments import wiring
from environments.models import Namespace


def take_back(namespace: Namespace) -> None:
    """End it again: whoever removed the namespace may have looked before it was there."""
    if Namespace.objects.filter(pk=namespace.pk, ended_at__isnull=False).exists():
        wiring.engine_of(namespace.context).destroy(namespace.name)

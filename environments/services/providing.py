"""Step three of a deployment, for engines that run images: each image is built or fetched."""

from environments import wiring
from environments.models import Deployment
from environments.services.lease import Lease
from environments.services.resolving import Pin

Images = dict[str, dict[str, str]]
"""The box: by env_id, then by task name (``services.api``), what is run instead of the name that
the template gives."""


def provide(deployment: Deployment, lease: Lease, pins: list[Pin]) -> Images:
    """The images of every member that is applied."""
    builder = wiring.builder_of(deployment.namespace.context)
    if builder is None:
        return {}
    return {}

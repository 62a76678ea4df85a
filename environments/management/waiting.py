"""Waiting for a deployment to end, saying what it says meanwhile."""

import time
from collections.abc import Callable

from environments.models import Deployment

_LOOK_SECONDS = 0.5


def wait_for(deployment: Deployment, *, say: Callable[[str], object]) -> Deployment:
    """The deployment once it has ended; its log lines go to ``say`` as they come."""
    said = 0
    while True:
        deployment.refresh_from_db()
        for line in deployment.lines.filter(number__gt=said):
            say(line.text)
            said = line.number
        if deployment.is_over:
            return deployment
        time.sleep(_LOOK_SECONDS)

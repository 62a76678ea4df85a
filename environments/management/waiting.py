"""Waiting for a deployment to end, saying what it says meanwhile."""

import time
from collections.abc import Callable

from environments.models import Deployment, DeploymentStatus

_LOOK_SECONDS = 0.5
_PATIENT_LOOKS = 20
_STILL_WAITING = (
    "No worker has begun it yet. It stays asked for: start the product, or its worker, and it "
    "runs; Ctrl-C ends the waiting alone."
)


def wait_for(deployment: Deployment, *, say: Callable[[str], object]) -> Deployment:
    """The deployment once it has ended; its log lines go to ``say`` as they come.

    Where nobody begins it for ten seconds, that is said once.
    """
    said = looks = 0
    while True:
        deployment.refresh_from_db()
        for line in deployment.lines.filter(number__gt=said):
            say(line.text)
            said = line.number
        if deployment.is_over:
            return deployment
        looks += 1
        if looks == _PATIENT_LOOKS and deployment.status == DeploymentStatus.QUEUED:
            say(_STILL_WAITING)
        time.sleep(_LOOK_SECONDS)

"""What no delivery told: heads of branches are compared with what runs, from time to time."""

import logging
from collections import defaultdict

from environments.automation.following import follow, tracking
from environments.models import Environment, GitConnection
from environments.services.refs import known_refs

logger = logging.getLogger(__name__)


def reconcile() -> None:
    """Bring every environment of a connected repository to its branch's head."""
    for connection in GitConnection.objects.all():
        applications = list(connection.applications.select_related("account", "connection"))
        told = known_refs(applications)
        for application in applications:
            answer = told[application.pk]
            if answer.refs is None or answer.error:
                continue  # no answer says nothing: what runs stays
            behind: dict[str, list[Environment]] = defaultdict(list)
            for environment in tracking(application):
                behind[environment.branch].append(environment)
            for environments in behind.values():
                for one in follow(environments, answer.refs):
                    logger.debug("%s", one.said)

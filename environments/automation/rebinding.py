"""Branches that come late, or go: what an environment's imports would be bound to now.

Nothing is bound otherwise without a Setup: it is offered on the environment's page, or asked for
here where the application says so.
"""

from collections.abc import Iterator
from typing import Any

from environments.actions.asking import operator
from environments.actions.pausing import is_resting
from environments.automation.outcome import Outcome
from environments.automation.setting_up import set_up_again
from environments.core.plan import Act
from environments.core.problems import has_errors
from environments.models import Deployment, DeploymentKind, Environment, GitConnection
from environments.models.deployment import LIVE
from environments.services.resolving import ask_lately, resolve

ACTOR = "a late branch"
Change = dict[str, Any]
"""``application``, the branch that it is bound to (``old``), and the one that a Setup would choose
(``new``)."""


def look(connection: GitConnection) -> Iterator[Outcome]:
    """Compare what the imports of each environment are bound to with what they would be."""
    rows = Environment.objects.filter(
        application__connection=connection,
        removed_at=None,
        importer=None,
        last_setup__isnull=False,
        imported__removed_at=None,
        imported__isnull=False,
    )
    for environment in rows.select_related("application__account", "namespace").distinct():
        changes = None if is_resting(environment) else changes_of(environment)
        if changes is None or changes == environment.rebinds:
            continue
        Environment.objects.filter(pk=environment.pk).update(rebinds=changes)
        if changes and environment.application.rebinds_itself:
            actor = operator(environment.application.account, name=ACTOR)
            yield set_up_again(actor, environment, "branches of its imports came or went")


def changes_of(environment: Environment) -> list[Change] | None:
    """What a Setup would bind otherwise; None where a host does not tell, or something runs."""
    if Deployment.objects.filter(namespace=environment.namespace, status__in=LIVE).exists():
        return None
    resolved = resolve(environment, DeploymentKind.SETUP, ask=ask_lately)
    if has_errors(resolved.problems):
        return None
    found = []
    for item in resolved.items:
        bound = item.source.environment
        if bound is None or bound.pk == environment.pk or item.leaves or item.act is not Act.APPLY:
            continue
        if (bound.branch, bound.is_tag) != (item.choice.ref, item.choice.is_tag):
            name = item.source.application.name
            found.append({"application": name, "old": bound.branch, "new": item.choice.ref})
    return found

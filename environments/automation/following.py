"""Environments follow their branch: a new commit is deployed, the newest alone."""

from collections.abc import Collection, Iterator

from django.db.models import QuerySet

from environments.actions.asking import Refused, operator
from environments.actions.deployments import deploy
from environments.actions.pausing import is_resting
from environments.automation.outcome import Outcome
from environments.core.ports import Refs
from environments.core.template.parsing import parse_environment_template
from environments.models import Application, DeploymentKind, Environment
from environments.services import refs as asking

ACTOR = "a push"


def tracking(application: Application) -> QuerySet[Environment]:
    """The environments that track a branch of it."""
    living = Environment.objects.filter(
        application=application, removed_at__isnull=True, is_tag=False, approved_commit=""
    )
    return living.select_related("application__account", "namespace", "running", "importer")


def follow_branch(application: Application, branch: str) -> Iterator[Outcome]:
    """Deploy the branch's head in all that track it; a sentence for each.

    ``GitHostError`` where the host does not tell the head.
    """
    environments = list(tracking(application).filter(branch=branch))
    if environments:
        yield from follow(environments, asking.fresh_refs(application))


def follow(environments: Collection[Environment], known: Refs) -> Iterator[Outcome]:
    """The same for these, of one application, by its refs."""
    for environment in environments:
        yield _follow(environment, known.branches.get(environment.branch))


def _follow(environment: Environment, head: str | None) -> Outcome:
    name, branch = environment.name, environment.branch
    if head is None:
        return Outcome(f"{name} stays as it is: its branch {branch} is gone.")
    if environment.running is not None and environment.running.commit == head:
        return Outcome(f"{name} runs {head[:7]} already.")
    if environment.followed_commit == head:
        return Outcome(f"{name} was given {head[:7]} before.")
    if environment.last_setup_id is None:
        return Outcome(f"{name} has not been set up yet; its first Setup takes the newest commit.")
    if not _is_automatic(environment):
        return Outcome(f"{name} does not follow pushes: its template says auto_deploy: false.")
    if is_resting(environment):
        return Outcome(f"{name} is paused: it gets {head[:7]} once it is resumed.")
    # Claimed first: of two who are told at once, one asks.
    same = Environment.objects.filter(pk=environment.pk).exclude(followed_commit=head)
    if not same.update(followed_commit=head):
        return Outcome(f"{name} was given {head[:7]} before.")
    actor = operator(environment.application.account, name=ACTOR)
    try:
        deployment = deploy(actor, environment, DeploymentKind.PATCH)
    except Refused as refused:
        return Outcome(f"{name} was not deployed: {refused}")
    return Outcome(f"{name} gets {branch} @ {head[:7]} (deployment {deployment.pk}).", acted=True)


def _is_automatic(environment: Environment) -> bool:
    version = environment.versions.get(number=environment.number)
    template = parse_environment_template(version.template).template
    return template is None or template.auto_deploy

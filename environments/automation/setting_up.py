"""A Setup that nobody asked for by hand."""

from environments.actions.asking import Actor, Refused
from environments.actions.deployments import deploy
from environments.automation.outcome import Outcome
from environments.models import DeploymentKind, Environment


def set_up_again(actor: Actor, environment: Environment, why: str) -> Outcome:
    """Queue it; ``why`` goes on after "since"."""
    name = environment.name
    try:
        deployment = deploy(actor, environment, DeploymentKind.SETUP)
    except Refused as refused:
        return Outcome(f"{name} was not set up again: {refused}")
    return Outcome(f"{name} is set up again, since {why} (deployment {deployment.pk}).", acted=True)

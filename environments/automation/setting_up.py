"""A Setup that nobody asked for by hand."""

from environments.actions.asking import Actor, Refused
from environments.actions.deployments import deploy, is_paused
from environments.actions.pausing import resume
from environments.automation.outcome import Outcome
from environments.models import DeploymentKind, Environment


def set_up_again(actor: Actor, environment: Environment, why: str) -> Outcome:
    """Queue it, after the end of a pause where it is paused; ``why`` goes on after "since"."""
    name = environment.name
    try:
        if is_paused(environment):
            resume(actor, environment)
        deployment = deploy(actor, environment, DeploymentKind.SETUP)
    except Refused as refused:
        return Outcome(f"{name} was not set up again: {refused}")
    return Outcome(f"{name} is set up again, since {why} (deployment {deployment.pk}).", acted=True)

"""Removes an environment and all that it made."""

from argparse import ArgumentParser
from typing import Any

from environments.actions.environments import delete_environment
from environments.management.operator import OperatorCommand, environment_called, one_line
from environments.management.waiting import wait_for
from environments.models import DeploymentStatus


class Command(OperatorCommand):
    """``destroy_environment ENV_ID [--wait]``."""

    help = "Delete an environment with its imports; what it did not make is not touched."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which one, and whether to wait."""
        super().add_arguments(parser)
        parser.add_argument("env_id", metavar="ENV_ID", help="its handle, such as ted4f2a")
        parser.add_argument("--wait", action="store_true", help="until it is removed")

    def act(self, **options: Any) -> int:
        """Ask for the teardown; with ``--wait``, the exit status says whether it succeeded."""
        actor = self.actor(**options)
        environment = environment_called(actor.account, options["env_id"])
        deployment = delete_environment(actor, environment)
        if not options["wait"]:
            self.stdout.write(f"asked for the removal of {environment.name}")
            return 0
        deployment = wait_for(deployment, say=self.stderr.write)
        if deployment.status != DeploymentStatus.REMOVED:
            self.stderr.write(one_line(f"{deployment.status}: {deployment.reason}"))
            return 1
        self.stdout.write(f"removed {environment.name}")
        return 0

"""Creates and deploys an environment."""

from argparse import ArgumentParser
from typing import Any

from environments.actions.environments import create_environment
from environments.management.drafting import add_draft_arguments, draft_from
from environments.management.operator import OperatorCommand, one_line
from environments.management.waiting import wait_for
from environments.models import DeploymentStatus
from environments.queries.environments import links_of


class Command(OperatorCommand):
    """``create_environment APP … [--name NAME] [--type TYPE] [--wait]``."""

    help = "Create an environment and deploy it; prints its links."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The draft, a name, and whether to wait."""
        super().add_arguments(parser)
        add_draft_arguments(parser)
        parser.add_argument("--name", default="", help="default: made from user and branch")
        parser.add_argument("--wait", action="store_true", help="until it is deployed or failed")

    def act(self, **options: Any) -> int:
        """Create it; with ``--wait``, the exit status says whether it was deployed."""
        actor = self.actor(**options)
        environment = create_environment(actor, draft_from(actor, **options))
        self.stdout.write(f"created {environment.name} ({environment.env_id})")
        if not options["wait"]:
            return 0
        deployment = wait_for(environment.deployments.latest("pk"), say=self.stderr.write)
        if deployment.status != DeploymentStatus.DEPLOYED:
            self.stderr.write(one_line(f"{deployment.status}: {deployment.reason}"))
            return 1
        for url in links_of(environment):
            self.stdout.write(url)
        return 0

"""Adds a context: where the environments of an account run."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings

from environments.actions.contexts import ContextDraft, save_context
from environments.management.operator import OperatorCommand, one_line
from environments.models import Context
from environments.queries.contexts import connection_of


class Command(OperatorCommand):
    """``add_context NAME --engine ENGINE``, with the fields of the page of the same name."""

    help = "Add a context, and ask its engine who it is; exit status 1 where nobody answers."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What a context is made of."""
        super().add_arguments(parser)
        parser.add_argument("name", metavar="NAME", help="a template chooses it by context: NAME")
        parser.add_argument("--engine", metavar="ENGINE", required=True, help="what runs there")
        parser.add_argument(
            "--domain",
            metavar="DOMAIN",
            action="append",
            dest="domains",
            help="below which hosts of environments stand; repeatable, the first is used (that of "
            "the installation)",
        )
        parser.add_argument(
            "--default", action="store_true", help="for templates that name no context"
        )
        parser.add_argument(
            "--registry",
            metavar="HOST[/PATH]",
            default="",
            help="where built images are pushed to",
        )
        docker = parser.add_argument_group("engine docker")
        docker.add_argument(
            "--socket", metavar="ADDRESS", default="", help="such as unix:///var/run/docker.sock"
        )
        cluster = parser.add_argument_group("engine kubernetes")
        cluster.add_argument(
            "--cluster", metavar="NAME", default="", help="in the kubeconfig (its current context)"
        )
        cluster.add_argument(
            "--ingress-class", metavar="NAME", default="", help="(the cluster's default)"
        )
        cluster.add_argument(
            "--https", action="store_true", help="environments are reached by https"
        )
        cluster.add_argument(
            "--port",
            type=int,
            metavar="N",
            help="of the cluster's ingress, seen from outside (80 or 443)",
        )
        cluster.add_argument(
            "--tls-secret", metavar="NAME", default="", help="(the ingress' own certificate)"
        )

    def act(self, **options: Any) -> int:
        """Keep it, then ask."""
        context = Context()
        draft = ContextDraft(
            name=options["name"],
            engine=options["engine"],
            domains=tuple(options["domains"] or [settings.RELEASECLONE.domain]),
            is_default=options["default"],
            socket=options["socket"],
            pushes_to=options["registry"].rstrip("/"),
            cluster=options["cluster"],
            ingress_class=options["ingress_class"],
            public_scheme="https" if options["https"] else "http",
            public_port=options["port"],
            tls_secret=options["tls_secret"],
        )
        save_context(self.actor(**options), context, draft)
        found = connection_of(context)
        if found.error:
            self.stderr.write(one_line(f"error: added {context.name}, but: {found.error}"))
            return 1
        self.stdout.write(one_line(f"added {context.name}: {found.answer}"))
        return 0

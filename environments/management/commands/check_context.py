"""Asks the engine of a context who it is."""

from argparse import ArgumentParser
from typing import Any

from environments.actions.asking import Refused
from environments.core.problems import error
from environments.management.operator import OperatorCommand, one_line
from environments.queries.contexts import connection_of


class Command(OperatorCommand):
    """``check_context NAME``: who answers, or why nobody does and what to do about it."""

    help = "Ask the engine of a context who it is; exit status 1 where nobody answers."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which one."""
        super().add_arguments(parser)
        parser.add_argument("name", metavar="NAME", help="the context's name, such as local")

    def act(self, **options: Any) -> int:
        """Ask now."""
        actor = self.actor(**options)
        name = options["name"]
        context = actor.account.contexts.filter(name=name).first()
        if context is None:
            known = ", ".join(
                actor.account.contexts.order_by("name").values_list("name", flat=True)
            )
            raise Refused(error("context.no-such", name=name, known=known))
        found = connection_of(context)
        if found.error:
            self.stderr.write(one_line(f"error: {name} ({context.engine}): {found.error}"))
            return 1
        self.stdout.write(one_line(f"{name} ({context.engine}) answers: {found.answer}"))
        return 0

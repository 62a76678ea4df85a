"""Registers an application from a repository."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from environments.actions.applications import register_application
from environments.actions.proposing import ComposeGiven, TemplateMissing
from environments.management.operator import OperatorCommand, text_of


class Command(OperatorCommand):
    """``register_application SOURCE [--name NAME] [--template FILE] [--variables FILE]``."""

    help = "Register the application of a repository; without files, those in the repository."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where it is, and what to use instead of its own files."""
        super().add_arguments(parser)
        parser.add_argument("source", metavar="SOURCE", help="URL or path of the repository")
        parser.add_argument("--name", default="", help="default: `app`, else the repository's")
        parser.add_argument("--template", metavar="FILE", help="instead of the repository's")
        parser.add_argument("--variables", metavar="FILE", help="instead of the repository's")

    def act(self, **options: Any) -> int:
        """Register it and print its name."""
        template, variables = options["template"], options["variables"]
        try:
            registered = register_application(
                self.actor(**options),
                source=_absolute(options["source"]),
                name=options["name"],
                template=text_of(template) if template else None,
                variables=text_of(variables) if variables else None,
            )
        except (TemplateMissing, ComposeGiven) as proposed:
            status = self.refuse(proposed.problems, **options)
            self.warn(proposed.notes)
            self.stderr.write("\n".join(filter(None, (proposed.text, proposed.variables))))
            return status
        self.warn(registered.problems)
        self.stdout.write(f"registered {registered.application.name}")
        return 0


def _absolute(source: str) -> str:
    """The source; a folder that is there, by its whole path."""
    return str(Path(source).absolute()) if source and Path(source).is_dir() else source

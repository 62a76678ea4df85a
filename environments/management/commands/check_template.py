"""Every problem of a template file, with its position; the template for a Compose file."""

from argparse import ArgumentParser
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from environments.actions.repositories import TEMPLATE_PATH, VARIABLES_PATH
from environments.core.compose import Files, is_compose, proposal
from environments.core.problems import Problem, has_errors
from environments.core.template import parse_application_template
from environments.management.operator import OperatorCommand, bytes_of, one_line


class Command(OperatorCommand):
    """``check_template FILE [--json]``."""

    help = (
        "Print every problem of an application template; status 0 when it has no error. For a "
        "Compose file: the template and variables that it becomes, and what has no counterpart."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The file. An account is asked for only where one is named."""
        super().add_arguments(parser)
        parser.add_argument("file", metavar="FILE", help="path of the template")
        parser.add_argument(
            "--json", action="store_true", dest="as_json", help="the same as a list in JSON"
        )

    def act(self, **options: Any) -> int:
        """Check one file."""
        path = options["file"]
        if options["account"] or options["as_user"]:
            self.actor(**options)
        content = bytes_of(path)
        if is_compose(content, file=path):
            return self._propose(path, content, as_json=options["as_json"])
        problems = parse_application_template(content, file=path).problems
        if options["as_json"]:
            self.tell([_row(path, problem) for problem in problems])
        else:
            self._list(path, problems)
        return int(has_errors(problems))

    def _propose(self, path: str, content: bytes, *, as_json: bool) -> int:
        """Tell what the Compose file becomes; nothing is written."""
        made = proposal(
            content, file=path, name=Path(path).resolve().parent.name, files=_beside(path)
        )
        if as_json:
            problems = [_row(path, problem) for problem in made.problems]
            texts = {"application_template": made.template, "environment_variables": made.variables}
            self.tell({"problems": problems, **texts})
        else:
            self._list(path, made.problems)
            for name, text in ((TEMPLATE_PATH, made.template), (VARIABLES_PATH, made.variables)):
                if text:
                    self.stdout.write(f"\n# {name}\n{text}", ending="")
        return int(has_errors(made.problems))

    def _list(self, path: str, problems: Iterable[Problem]) -> None:
        for problem in problems:
            line = "{file}:{line}:{column}: {level}: {message}".format(**_row(path, problem))
            self.stdout.write(one_line(line))

    def refuse(self, problems: Any, **options: Any) -> int:
        """A file that cannot be read is a problem of the same shape."""
        if not options["as_json"]:
            return super().refuse(problems, **options)
        self.tell([_row(options.get("file", ""), problem) for problem in problems])
        return 1


def _beside(path: str) -> Files:
    """The files in the folder of this one and below it."""
    folder = Path(path).resolve().parent

    def content(name: str) -> bytes | None:
        file = folder / name
        return file.read_bytes() if file.is_file() else None

    return content


def _row(path: str, problem: Problem) -> dict[str, Any]:
    place = problem.place
    return {
        "file": path,
        "line": place.line if place else 1,
        "column": place.column if place else 1,
        "level": str(problem.level),
        "id": problem.id,
        "message": problem.message,
    }

"""Every problem of a template file, with its position."""

from argparse import ArgumentParser
from typing import Any

from environments.core.problems import Problem, has_errors
from environments.core.template import parse_application_template
from environments.management.operator import OperatorCommand, bytes_of, one_line


class Command(OperatorCommand):
    """``check_template FILE [--json]``."""

    help = "Print every problem of an application template; status 0 when it has no error."

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
        problems = parse_application_template(bytes_of(path), file=path).problems
        rows = [_row(path, problem) for problem in problems]
        if options["as_json"]:
            self.tell(rows)
        for row in [] if options["as_json"] else rows:
            line = "{file}:{line}:{column}: {level}: {message}".format(**row)
            self.stdout.write(one_line(line))
        return int(has_errors(problems))

    def refuse(self, problems: Any, **options: Any) -> int:
        """A file that cannot be read is a problem of the same shape."""
        if not options["as_json"]:
            return super().refuse(problems, **options)
        self.tell([_row(options.get("file", ""), problem) for problem in problems])
        return 1


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

"""What Create would do, without doing it."""

from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Any

from environments.actions.drafts import think_through
from environments.core.plan import problem_form
from environments.core.problems import Problem, has_errors
from environments.management.drafting import add_draft_arguments, draft_from
from environments.management.operator import OperatorCommand, located, one_line
from environments.services.planning import form_of


class Command(OperatorCommand):
    """``plan_environment APP [--branch B] [--import NAME[:BRANCH]] … [--json]``."""

    help = "Print the plan of an environment that would be created."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The draft, and how to print its plan."""
        super().add_arguments(parser)
        add_draft_arguments(parser)
        parser.add_argument(
            "--json", action="store_true", dest="as_json", help="the same as JSON on stdout"
        )

    def act(self, **options: Any) -> int:
        """Plan, and print it."""
        actor = self.actor(**options)
        plan = think_through(actor, draft_from(actor, **options)).plan
        form = form_of(plan)
        if options["as_json"]:
            self.tell(_told(form))
        else:
            self._print(form)
            for problem in form["problems"]:
                self.warn_of(problem)
        return int(has_errors(plan.problems))

    def refuse(self, problems: Sequence[Problem], **options: Any) -> int:
        """No plan at all: the same shape, empty."""
        if options["as_json"]:
            forms = [problem_form(problem) for problem in problems]
            self.tell(_told({"digest": None, "members": [], "hosts": [], "problems": forms}))
            return 1
        return super().refuse(problems, **options)

    def _print(self, form: dict[str, Any]) -> None:
        for member in form["members"]:
            commit = (member["commit"] or "no commit")[:7]
            services = ", ".join(service["name"] for service in member["services"]) or "nothing"
            line = (
                f"{member['application']}: {member['branch']} @ {commit} ({member['rule']})"
                f"{_ignored(member)}: {services}"
            )
            self.stdout.write(one_line(line))
        for host in form["hosts"]:
            line = f"{host['url']} -> {host['service']} of {host['application']}"
            self.stdout.write(f"  {one_line(line)}")
        self.stdout.write(f"digest {form['digest']}")


def _ignored(member: dict[str, Any]) -> str:
    return f", ignored by {member['ignored_by']}" if member["ignored_by"] else ""


def _told(form: dict[str, Any]) -> dict[str, Any]:
    members = ("application", "branch", "commit", "rule", "ignored_by", "excluded")
    hosts = ("application", "service", "host", "path", "url")
    return {
        "digest": form["digest"],
        "members": [
            {
                **{key: member[key] for key in members},
                "services": [service["name"] for service in member["services"]],
            }
            for member in form["members"]
        ],
        "hosts": [{key: host[key] for key in hosts} for host in form["hosts"]],
        "problems": [
            {"id": problem["id"], "level": problem["level"], "message": located(problem)}
            for problem in form["problems"]
        ],
    }

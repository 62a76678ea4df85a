"""What the operator's commands share: who acts in which account, and how results are told."""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import Any, TextIO

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError, ProgrammingError

from environments.actions.accounts import DEFAULT_ACCOUNT, open_account
from environments.actions.asking import (
    Actor,
    NotAllowed,
    Refused,
    actor_for,
    operator,
)
from environments.core.masking import clean
from environments.core.plan import problem_form
from environments.core.problems import Problem, error
from environments.models import Account, Application, Environment


class OperatorCommand(BaseCommand):
    """A command that acts through the same actions as the pages.

    Subclasses write ``act``, which returns the exit status; ``Refused`` and ``NotAllowed`` are
    told here, with exit status 1, and so is a command line that cannot be read.
    """

    requires_system_checks = ()

    def create_parser(self, prog_name: str, subcommand: str, **more: Any) -> CommandParser:
        """The parser; what it refuses is raised, so that ``run_from_argv`` tells it."""
        parser = super().create_parser(prog_name, subcommand, **more)
        parser.called_from_command_line = False
        return parser

    def run_from_argv(self, argv: list[str]) -> None:
        """Run from the command line: exit status 0 or 1, whatever was typed."""
        for stream in (sys.stdout, sys.stderr):
            _write_what_can_be(stream)
        try:
            super().run_from_argv(argv)
        except CommandError as wrong:
            reason = str(wrong).removeprefix("Error: ")
            problem = error("command.usage", reason=reason, command=argv[1])
            sys.exit(self.refuse((problem,), as_json="--json" in argv))

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The options that every command of an account has."""
        parser.add_argument("--account", metavar="NAME", default="", help="act in this account")
        parser.add_argument(
            "--as", metavar="USER", default="", dest="as_user", help="act as this member"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the command and leave with its exit status."""
        try:
            status = self.act(**options)
        except Refused as refused:
            status = self.refuse(refused.problems, **options)
        except NotAllowed as forbidden:
            problem = error("account.person", reason=str(forbidden))
            status = self.refuse((problem,), **options)
        except (OperationalError, ProgrammingError) as away:
            reason = str(away).partition("\n")[0]
            status = self.refuse((error("command.database", reason=reason),), **options)
        except KeyboardInterrupt:
            self.stderr.write("Interrupted. What was asked for before goes on.")
            status = 1
        if status:
            sys.exit(status)

    def act(self, **options: Any) -> int:
        """What the command does; its exit status."""
        raise AssertionError("each command has its own")

    def refuse(self, problems: Sequence[Problem], **options: Any) -> int:
        """Tell why nothing was done: as JSON on stdout where asked for, else on stderr."""
        if options.get("as_json"):
            self.tell({"problems": [problem_form(problem) for problem in problems]})
        else:
            self.warn(problems)
        return 1

    def warn(self, problems: Sequence[Problem]) -> None:
        """One line for each problem, on stderr."""
        for problem in problems:
            self.warn_of(problem_form(problem))

    def warn_of(self, form: Mapping[str, Any]) -> None:
        """One line for a problem that is in its JSON form already."""
        self.stderr.write(one_line(f"{form['level']}: {located(form)}"))

    def tell(self, form: Any) -> None:
        """The JSON and nothing else."""
        self.stdout.write(json.dumps(form, indent=2, ensure_ascii=False))

    def actor(self, **options: Any) -> Actor:
        """Who acts, by ``--account`` and ``--as``; without any account one is made."""
        account = self._account(options["account"])
        if not options["as_user"]:
            return operator(account)
        person = User.objects.filter(username=options["as_user"], memberships__account=account)
        found = person.first()
        if found is None:
            known = account.memberships.values_list("user__username", flat=True)
            raise Refused(
                error(
                    "person.unknown",
                    name=options["as_user"],
                    account=account.name,
                    known=", ".join(known) or "none",
                )
            )
        return actor_for(found, account)

    def _account(self, name: str) -> Account:
        accounts = list(Account.objects.order_by("name")[:20])
        known = ", ".join(account.name for account in accounts)
        if name:
            found = Account.objects.filter(name=name).first()
            if found is None:
                raise Refused(error("account.unknown", name=name, known=known or "none"))
            return found
        if not accounts:
            made = open_account(DEFAULT_ACCOUNT)
            context = made.contexts.get()
            self.stderr.write(
                f"There was no account: made {made.name!r} with the context {context.name!r} "
                f"(engine {context.engine})."
            )
            return made
        if len(accounts) > 1:
            raise Refused(error("account.which", known=known))
        return accounts[0]


def located(form: Mapping[str, Any]) -> str:
    """The message of a problem in its JSON form, behind the file and line that it is about."""
    where = f"{form['file']}:{form['line']}: " if form["line"] else ""
    return f"{where}{form['message']}"


def one_line(text: str) -> str:
    """The text on one line of a terminal, without what could move its cursor."""
    return " ".join(clean(text).splitlines())


def _write_what_can_be(stream: TextIO) -> None:
    """Characters that the stream's encoding lacks are written as escapes."""
    if isinstance(stream, TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")


def application_named(account: Account, name: str) -> Application:
    """The account's application of this name; ``Refused`` with the ones that there are."""
    found = Application.objects.filter(account=account, name=name).first()
    if found is None:
        names = account.applications.values_list("name", flat=True)[:20]
        known = f"It has: {', '.join(names)}." if names else "Register one first."
        raise Refused(error("application.unknown", name=name, known=known))
    return found


def environment_called(account: Account, env_id: str) -> Environment:
    """The account's living environment with this handle."""
    living = Environment.objects.filter(application__account=account, removed_at__isnull=True)
    found = living.select_related("application", "namespace").filter(env_id=env_id).first()
    if found is None:
        handles = living.values_list("env_id", flat=True)[:20]
        known = f"Living ones: {', '.join(handles)}." if handles else "It has none."
        raise Refused(error("environment.unknown", env_id=env_id, known=known))
    return found


def bytes_of(path: str) -> bytes:
    """What is in the file; ``Refused`` where it cannot be read."""
    try:
        return Path(path).read_bytes()
    except OSError as wrong:
        raise Refused(error("command.reads", path=path, reason=wrong.strerror)) from wrong


def text_of(path: str) -> str:
    """The file's text; ``Refused`` where it cannot be read."""
    try:
        return bytes_of(path).decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        reason = "it is not UTF-8 text"
        raise Refused(error("command.reads", path=path, reason=reason)) from wrong

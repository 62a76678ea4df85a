"""The first visit's act, from the command line."""

import getpass
import sys
from argparse import ArgumentParser
from typing import Any

from environments.actions.accounts import open_installation
from environments.management.operator import OperatorCommand
from environments.queries.contexts import found_sockets


class Command(OperatorCommand):
    """``create_owner NAME``; the password from stdin or prompted for."""

    help = "Make the first owner, once; the password is read from stdin or prompted for."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Whom to make, and the account's name."""
        parser.add_argument("name", metavar="NAME", help="user name of the owner")
        parser.add_argument("--account", metavar="NAME", default="", help="name of the account")
        parser.add_argument(
            "--containers",
            action="store_true",
            help="run environments in containers of the engine that is found on this machine",
        )

    def act(self, **options: Any) -> int:
        """Make the owner."""
        owner = open_installation(
            username=options["name"],
            password=_password(),
            account_name=options["account"],
            containers=options["containers"],
        )
        self.stdout.write(f"made the owner {owner.get_username()}")
        for socket in found_sockets()[:1]:
            self.stdout.write(_told(socket, is_used=options["containers"]))
        return 0


def _told(socket: str, *, is_used: bool) -> str:
    if is_used:
        return f"environments run in containers of {socket} (context docker)"
    return (
        f"there is a container engine at {socket}: to run environments in containers, add a "
        "context for it (Members, Settings, Add a context)"
    )


def _password() -> str:
    if sys.stdin.isatty():
        return getpass.getpass("Password: ")
    return sys.stdin.readline().rstrip("\n")

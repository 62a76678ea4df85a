"""The first visit's act, from the command line."""

import getpass
import sys
from argparse import ArgumentParser
from typing import Any

from environments.actions.accounts import open_installation
from environments.management.operator import OperatorCommand


class Command(OperatorCommand):
    """``create_owner NAME [--account NAME]``; the password from stdin or prompted for."""

    help = "Make the first owner, once; the password is read from stdin or prompted for."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Whom to make, and the account's name."""
        parser.add_argument("name", metavar="NAME", help="user name of the owner")
        parser.add_argument("--account", metavar="NAME", default="", help="name of the account")

    def act(self, **options: Any) -> int:
        """Make the owner."""
        owner = open_installation(
            username=options["name"], password=_password(), account_name=options["account"]
        )
        self.stdout.write(f"made the owner {owner.get_username()}")
        return 0


def _password() -> str:
    if sys.stdin.isatty():
        return getpass.getpass("Password: ")
    return sys.stdin.readline().rstrip("\n")

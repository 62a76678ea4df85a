"""``python -m releaseclone.run [--parts NAME,…] [-- COMMAND …]``: see ``--help``."""

import argparse
import os
import sys
from collections.abc import Sequence

from releaseclone import configuration, setup_token
from releaseclone.configuration import Configuration
from releaseclone.given import ConfigurationError
from releaseclone.run import ports
from releaseclone.run.errors import CannotRun
from releaseclone.run.lock import hold
from releaseclone.run.output import Output
from releaseclone.run.parts import NAMES, Part, chosen_parts
from releaseclone.run.runner import Runner


def main(arguments: Sequence[str]) -> int:
    """Run the product until it is told to stop; the exit status."""
    chosen, command = _read(arguments)
    output = Output.on(sys.stdout)
    try:
        before = configuration.read()
        with hold(before.data, chosen):
            for sentence in ports.choose(before.data, before.bind):
                output.say("runner", sentence)
            settings = configuration.read()  # with the ports that were chosen
            ports.demand_free(settings, chosen)
            parts = chosen_parts(settings, chosen)
            runner = Runner(configuration.CHECKOUT, parts, output)
            return runner.run(command, greeting=_greeting(settings, parts))
    except (CannotRun, ConfigurationError) as wrong:
        print(f"releaseclone cannot run: {wrong}", file=sys.stderr)
        return 1
    except OSError as wrong:
        print(
            f"releaseclone cannot run: {wrong.filename or 'the data folder'} cannot be used "
            f"({wrong.strerror}). Look at the data folder, its rights and its disk.",
            file=sys.stderr,
        )
        return 1


def _read(arguments: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names of the parts to start, and the command after ``--``."""
    at = arguments.index("--") if "--" in arguments else len(arguments)
    own, command = arguments[:at], tuple(arguments[at + 1 :])
    parser = argparse.ArgumentParser(
        prog="python -m releaseclone.run",
        usage="%(prog)s [--parts NAME,…] [-- COMMAND …]",
        description="Start the parts of the product in this terminal, and end them with Ctrl-C. "
        "COMMAND is run once all are up; when it fails, all end with its status. Where no part "
        "stays, as with --parts migrate, it ends by itself.",
    )
    parser.add_argument(
        "--parts",
        metavar="NAME,…",
        type=_names,
        default=NAMES,
        help=f"only these, of {', '.join(NAMES)} (all)",
    )
    return parser.parse_args(own).parts, command


def _names(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    for name in names:
        if name not in NAMES:
            raise argparse.ArgumentTypeError(f"there is no part {name!r}")
    return names


def _greeting(settings: Configuration, parts: Sequence[Part]) -> list[str]:
    """What a person wants to know once all is up."""
    names = [part.name for part in parts if not part.once]
    if "web" not in names:
        return [f"up: {', '.join(names)}"] if names else []
    root = ["you are root: the code of every environment runs as root too"]
    token = setup_token.read_or_make(settings.data)
    port = [f"environments are reached on port {settings.ingress_port}"]
    return [
        f"the product is up: {settings.public_url}",
        *(port if settings.own_ingress else ()),
        f"set-up token, for a first visit from another machine: {token}",
        *(root if settings.process_engine and os.geteuid() == 0 else ()),
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

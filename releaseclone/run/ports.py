"""The ports of this installation: chosen at the first start, kept in the data folder."""

import json
import os
import socket
from collections.abc import Collection, Mapping
from pathlib import Path

from releaseclone.configuration import PORTS_FILE, Configuration, kept_ports
from releaseclone.run.errors import CannotRun

DEFAULTS = {"web": 8000, "ingress": 8080}
_GIVEN = {"web": "RELEASECLONE_PORT", "ingress": "RELEASECLONE_INGRESS_PORT"}
_TRIES = 200


def choose(data: Path, bind: str, *, environ: Mapping[str, str] = os.environ) -> list[str]:
    """Keep a port for each door that has none; a sentence for each default that was taken.

    What an operator gives in the environment of the process is left alone.
    """
    path = data / PORTS_FILE
    kept = kept_ports(data)
    before = dict(kept)
    said: list[str] = []
    for door, default in DEFAULTS.items():
        if door in kept or environ.get(_GIVEN[door]):
            continue
        _demand_own(bind)
        taken = set(kept.values())
        candidates = (n for n in range(default, default + _TRIES) if n not in taken)
        number = next((n for n in candidates if is_free(bind, n)), None)
        if number is None:
            raise CannotRun(
                f"no port from {default} to {default + _TRIES - 1} is free on {bind}. Give one by "
                f"{_GIVEN[door]}."
            )
        kept[door] = number
        if kept[door] != default:
            said.append(f"port {default} is taken: {door} uses {kept[door]} from now on")
    if kept != before:
        # The parts of another runner may read it at this moment: the whole of it, or as it was.
        beside = path.with_name(f".{path.name}.{os.getpid()}")
        beside.write_text(json.dumps(kept))
        beside.rename(path)
    return said


def demand_free(configuration: Configuration, parts: Collection[str]) -> None:
    """``CannotRun`` where a port that one of these parts listens on is held by something else."""
    doors = {
        "web": ("RELEASECLONE_PORT", configuration.port),
        "caddy": ("RELEASECLONE_INGRESS_PORT", configuration.ingress_port),
    }
    for part in parts:
        if part in doors:
            _demand_own(configuration.bind)
        if part in doors and not is_free(configuration.bind, doors[part][1]):
            setting, number = doors[part]
            raise CannotRun(
                f"port {number} on {configuration.bind}, where {part} is to listen, is taken or "
                f"not allowed. End what holds it, or give another port by {setting}."
            )


def _demand_own(address: str) -> None:
    if not is_free(address, 0):
        raise CannotRun(
            f"{address} is no address of this machine. Give one of its own by RELEASECLONE_BIND, "
            "or 0.0.0.0 for all of them."
        )


def is_free(address: str, number: int) -> bool:
    """Whether something could listen there now."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, number))
        except OSError:
            return False
    return True

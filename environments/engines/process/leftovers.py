"""What a daemon or a launcher that was killed left behind: found by looking, in three ways.

A launcher, and what attends a terminal, is known by its command. What a launcher saw below itself
is in its records. And whatever was missed there has become a child of the daemon, which adopts
every orphan below it.
"""

import json
from collections.abc import Iterable
from pathlib import Path

from environments.engines.process import linux
from environments.engines.process.linux import Running
from environments.engines.process.places import Places

LAUNCHER = "environments.engines.process.launcher"
ATTENDANT = "environments.engines.process.attendant"
DAEMON = "supervisor.supervisord"


def of_program(places: Places, namespace: str, name: str) -> list[Running]:
    """The launchers of one instance, what they saw below them, and everything below those."""
    seen = recorded(places.record(namespace, name, "tree"))
    launchers = linux.running_with(LAUNCHER, str(places.folder), namespace, name)
    return linux.with_descendants((*launchers, *seen))


def terminals_of(places: Places, namespace: str, name: str) -> list[Running]:
    """What attends the terminals of one instance, and what runs on them."""
    attendants = linux.running_with(ATTENDANT, str(places.folder), namespace, name)
    return linux.with_descendants(attendants)


def of_namespace(places: Places, namespace: str) -> list[Running]:
    """The same of every instance that the namespace has or had."""
    trees = (places.folder / "records" / namespace).glob("*.tree")
    launchers = _of_ours(str(places.folder), namespace)
    return linux.with_descendants((*launchers, *_seen(trees)))


def of_all(places: Places) -> list[Running]:
    """The same of every instance of this engine."""
    trees = (places.folder / "records").glob("*/*.tree")
    launchers = _of_ours(str(places.folder))
    return linux.with_descendants((*launchers, *_seen(trees)))


def _of_ours(*words: str) -> list[Running]:
    return [*linux.running_with(LAUNCHER, *words), *linux.running_with(ATTENDANT, *words)]


def orphans_of(daemon: int) -> list[Running]:
    """Children of the daemon that it did not start: their launchers were killed."""
    children = linux.Moment().children.get(daemon, [])
    # What it has just forked still bears its own command.
    return [child for child in children if not {LAUNCHER, DAEMON} & set(linux.words_of(child.pid))]


def recorded(path: Path) -> list[Running]:
    """The processes that a launcher has written down."""
    try:
        return [Running(*row) for row in json.loads(path.read_text())]
    except FileNotFoundError:
        return []


def _seen(trees: Iterable[Path]) -> list[Running]:
    return [one for path in trees for one in recorded(path)]

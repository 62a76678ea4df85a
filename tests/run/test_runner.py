"""The runner with small parts: their order, their end, and when it gives up."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from releaseclone.run.errors import CannotRun
from releaseclone.run.lock import SINGLE, hold
from releaseclone.run.ports import choose
from tests.run.product import CHECKOUT, free_port, is_alive, until

_RUN = """
import json, sys
from pathlib import Path
from releaseclone.run.errors import CannotRun
from releaseclone.run.output import Output
from releaseclone.run.parts import Part
from releaseclone.run.runner import Patience, Runner
given, command = json.loads(sys.argv[1]), sys.argv[2:]
parts = [Part(one["name"], ("sh", "-c", one["script"]), once=one["once"]) for one in given]
patience = Patience(stop=1, deaths=2, pause=0.01)
runner = Runner(Path.cwd(), parts, Output(sys.stdout), patience=patience)
try:
    sys.exit(runner.run(command, greeting=["all up"]))
except CannotRun as wrong:
    sys.exit(f"cannot run: {wrong}")
"""
_STAYS = "trap 'echo ends; exit 0' TERM; while :; do sleep 0.05; done"


def part(name: str, script: str, *, once: bool = False) -> dict[str, str | bool]:
    return {"name": name, "script": script, "once": once}


def run(*parts: dict[str, str | bool], command: tuple[str, ...] = ()) -> tuple[int, str]:
    """The runner's status and what it said."""
    done = subprocess.run(
        [sys.executable, "-c", _RUN, json.dumps(parts), *command],
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout


def last_words(said: str) -> list[str]:
    """The names of the parts that said they end, in that order."""
    return [line.split("|")[0].strip() for line in said.splitlines() if line.endswith("| ends")]


def test_it_ends_with_the_status_of_the_command_and_stops_in_reverse() -> None:
    names = ("first", "second", "third")
    status, said = run(*(part(name, _STAYS) for name in names), command=("sh", "-c", "exit 3"))
    assert status == 3
    assert last_words(said) == ["third", "second", "first"]


def test_a_part_that_was_started_again_keeps_its_place_in_the_order(tmp_path: Path) -> None:
    mark = tmp_path / "died"
    dies_once = f"test -e {mark} || {{ touch {mark}; sleep 0.3; exit 1; }}; {_STAYS}"
    wait = f"until test -e {mark}; do sleep 0.05; done; sleep 0.5; exit 3"
    status, said = run(part("first", dies_once), part("second", _STAYS), command=("sh", "-c", wait))
    assert "first ended with status 1: starting it again" in said
    assert (status, last_words(said)) == (3, ["second", "first"])


def test_a_part_that_dies_again_and_again_ends_all() -> None:
    status, said = run(part("first", _STAYS), part("weak", "sleep 0.1; exit 7"))
    assert status == 1
    assert "cannot run: weak ended with status 7, and so did 2 before it." in said
    assert last_words(said) == ["first"]


def test_a_part_that_runs_once_must_succeed_before_the_next_is_started() -> None:
    status, said = run(part("prepare", "echo no; exit 4", once=True), part("first", "echo begun"))
    assert status == 1
    assert "cannot run: prepare ended with status 4; its last lines say why." in said
    assert "begun" not in said


def test_it_ends_by_itself_when_nothing_stays() -> None:
    assert run(part("prepare", "echo done", once=True)) == (
        0,
        " prepare | done\n  runner | all up\n",
    )


def test_a_part_that_ignores_sigterm_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    numbers = tmp_path / "numbers"
    deaf = f"trap '' TERM; sh -c 'trap \"\" TERM; echo $$ >> {numbers}; sleep 60' & wait; sleep 60"
    wait = f"until test -s {numbers}; do sleep 0.05; done; exit 3"
    status, _ = run(part("deaf", deaf), command=("sh", "-c", wait))
    assert status == 3
    until(lambda: not is_alive(int(numbers.read_text())))


def test_each_single_part_of_a_folder_is_held_by_one_runner(tmp_path: Path) -> None:
    with hold(tmp_path, ("web", "beat")):
        with hold(tmp_path, ("web", "worker", "caddy")):
            pass
        with (
            pytest.raises(CannotRun, match=f"process {os.getpid()} runs the beat of this folder"),
            hold(tmp_path, SINGLE),
        ):
            pass
    with hold(tmp_path, SINGLE):
        pass


def test_ports_are_chosen_once_and_kept(tmp_path: Path) -> None:
    given = {"RELEASECLONE_INGRESS_PORT": str(free_port())}
    choose(tmp_path, "127.0.0.1", environ=given)
    file = tmp_path / "ports.json"
    kept = json.loads(file.read_text())
    assert set(kept) == {"web"}
    os.utime(file, (1, 1))
    assert choose(tmp_path, "127.0.0.1", environ=given) == []
    assert (json.loads(file.read_text()), file.stat().st_mtime) == (kept, 1)

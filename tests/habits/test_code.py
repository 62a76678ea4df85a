"""Habits of the code that no linter holds."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from releaseclone.celery import queue

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("environments", "releaseclone", "examples", "benchmarks", "manage.py")
LONGEST = 400
_UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|NotImplementedError)\b")
_NOWHERE = {"utils", "helpers", "common", "manager", "handler", "misc", "data", "info", "tmp"}
_DOCSTRING = re.compile(r'(#!.*\n)?(r?""")')
_HIDDEN_IMPORT = re.compile(r"^[ \t]+(import \S|from \S+ import )")


def files(*places: str, suffixes: tuple[str, ...] = (".py",)) -> Iterator[Path]:
    """The files of these places, migrations and vendored ones aside."""
    for place in places:
        start = ROOT / place
        found = sorted(start.rglob("*")) if start.is_dir() else [start]
        for path in found:
            parts = path.relative_to(ROOT).parts
            if path.suffix in suffixes and not {"migrations", "vendor"} & set(parts):
                yield path


def lines(path: Path) -> Iterator[tuple[str, str]]:
    """Each line with where it stands."""
    for number, line in enumerate(path.read_text().splitlines(), 1):
        yield f"{path.relative_to(ROOT)}:{number}", line


def test_no_file_is_longer_than_400_lines() -> None:
    counts = {
        str(path.relative_to(ROOT)): len(path.read_text().splitlines())
        for path in files(*PRODUCT, "tests", "static", suffixes=(".py", ".js", ".css"))
    }
    assert {name: count for name, count in counts.items() if count > LONGEST} == {}
    assert len(counts) > 200


def test_nothing_of_the_product_is_unfinished() -> None:
    everything = files(
        *PRODUCT, "templates", "static", suffixes=(".py", ".html", ".js", ".css", ".yaml")
    )
    found = [
        place for path in everything for place, line in lines(path) if _UNFINISHED.search(line)
    ]
    assert found == []


def test_no_import_hides_in_a_function() -> None:
    found = [
        place
        for path in files(*PRODUCT, "tests")
        for place, line in lines(path)
        if _HIDDEN_IMPORT.match(line)
    ]
    assert found == []


def test_every_module_says_what_it_is_for() -> None:
    texts = {path: path.read_text() for path in files(*PRODUCT, "tests")}
    bare = [
        str(path.relative_to(ROOT))
        for path, text in texts.items()
        if text.strip() and not _DOCSTRING.match(text)
    ]
    assert bare == []


def test_no_room_has_a_name_that_says_nothing() -> None:
    names = {str(path.relative_to(ROOT)): path.stem for path in files(*PRODUCT)}
    assert {place for place, stem in names.items() if stem in _NOWHERE} == set()


@pytest.mark.parametrize(
    ("habit", "line"),
    [
        (_UNFINISHED, "raise NotImplementedError"),
        (_UNFINISHED, "    # TODO: later"),
        (_HIDDEN_IMPORT, "    import os"),
        (_HIDDEN_IMPORT, "        from os import path"),
    ],
)
def test_the_habits_see_what_they_look_for(habit: re.Pattern[str], line: str) -> None:
    assert habit.search(line)


def test_what_is_done_from_time_to_time_is_a_task_of_the_queue() -> None:
    queue.loader.import_default_modules()
    asked = {str(one["task"]) for one in queue.conf.beat_schedule.values()}
    assert asked
    assert asked - set(queue.tasks) == set()

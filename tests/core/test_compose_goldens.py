"""Whole Compose files and what they become. ``python -m tests.core.test_compose_goldens write``
writes the golden files anew; the change is then read like any other.
"""

import sys
from pathlib import Path

import pytest

from environments.core.compose import COMPOSE_FILES, is_compose, proposal
from environments.core.problems import has_errors
from environments.core.template import parse_application_template
from environments.core.variables.file import parse_variables

FOLDER = Path(__file__).with_name("composed")
CASES = sorted(folder.name for folder in FOLDER.iterdir())


def made(case: str) -> dict[str, str]:
    """The texts that the case becomes, by the names of their golden files."""
    folder = FOLDER / case
    file = next(folder / name for name in COMPOSE_FILES if (folder / name).exists())

    def content(path: str) -> bytes | None:
        return (folder / path).read_bytes() if (folder / path).is_file() else None

    assert is_compose(file.read_bytes(), file=file.name)
    proposed = proposal(file.read_bytes(), file=file.name, files=content)
    lines = [
        f"{one.place.line}:{one.place.column} {one.message}\n"
        for one in proposed.problems
        if one.place is not None
    ]
    return {
        "application_template.yaml": proposed.template,
        "environment_variables.yaml": proposed.variables,
        "notes.txt": "".join(lines),
    }


@pytest.mark.parametrize("case", CASES)
def test_a_compose_file_becomes_what_is_kept(case: str) -> None:
    kept = {name: (FOLDER / case / name).read_text() for name in made(case)}
    assert made(case) == kept


@pytest.mark.parametrize("case", CASES)
def test_what_it_becomes_has_no_errors(case: str) -> None:
    texts = made(case)
    assert not has_errors(parse_application_template(texts["application_template.yaml"]).problems)
    assert not has_errors(parse_variables(texts["environment_variables.yaml"]).problems)


if __name__ == "__main__" and sys.argv[1:] == ["write"]:
    for each in CASES:
        for name, text in made(each).items():
            (FOLDER / each / name).write_text(text)

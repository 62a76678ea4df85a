"""Templates and variables files of real repositories are read without an error.

They lie in the folder that ``RELEASECLONE_TEMPLATES`` names, one folder per repository and
branch; without such a folder these tests are skipped.
"""

import os
from pathlib import Path

import pytest

from environments.core.problems import Level, Problem
from environments.core.template import (
    merged_template,
    merged_text,
    parse_application_template,
    parse_environment_template,
    with_imports,
    with_renamed_service,
)
from environments.core.template.model import ImportEntry
from environments.core.variables.file import parse_variables

STANDARD = Path(__file__).parents[2] / ".." / "shared" / "data" / "templates"
FOLDER = Path(os.environ.get("RELEASECLONE_TEMPLATES", STANDARD))
TEMPLATES = sorted(FOLDER.glob("**/application_template.yaml"))
VARIABLES = sorted(FOLDER.glob("**/environment_variables.yaml"))

pytestmark = pytest.mark.skipif(
    not TEMPLATES, reason="RELEASECLONE_TEMPLATES names no folder with real templates"
)


def name(path: Path) -> str:
    return "/".join(path.parts[-3:-1])


each_template = pytest.mark.parametrize("path", TEMPLATES, ids=name)


def errors(problems: tuple[Problem, ...]) -> list[Problem]:
    return [problem for problem in problems if problem.level is Level.ERROR]


@each_template
def test_it_reads_every_template(path: Path) -> None:
    parsed = parse_application_template(path.read_text())
    assert errors(parsed.problems) == []
    assert parsed.template is not None and parsed.template.services


@each_template
@pytest.mark.parametrize("environment_type", ["ephemeral", "permanent"])
def test_it_makes_an_environment_template_of_each(path: Path, environment_type: str) -> None:
    text = path.read_text()
    by_value = merged_template(text, environment_type=environment_type)
    by_text = parse_environment_template(merged_text(text, environment_type=environment_type))
    assert errors(by_text.problems) == []
    assert by_text.template is not None and by_value.template is not None
    names = [service.name for service in by_value.template.services]
    assert [service.name for service in by_text.template.services] == names


@each_template
def test_every_warning_stands_at_a_key_that_says_what_it_says(path: Path) -> None:
    lines = path.read_text().splitlines()
    for problem in parse_application_template(path.read_text()).problems:
        assert problem.id in (
            "template.not-followed",
            "template.one-engine",
            "template.deprecated",
        )
        assert problem.place is not None
        key = problem.message.split(" ")[0]
        found = lines[problem.place.line - 1][problem.place.column - 1 :]
        assert found.startswith(f"{key}:")
        assert not found.endswith(": false")


@each_template
def test_an_environment_template_is_the_text_without_one_key(path: Path) -> None:
    """None of them overrides anything: the lines from that key to the next one go, no other."""
    kept: list[str] = []
    inside = False
    for line in path.read_text().splitlines(keepends=True):
        if line[0] not in "- #\n":
            inside = line.startswith("environment_templates:")
        kept += [] if inside else [line]
    assert merged_text(path.read_text(), environment_type="permanent") == "".join(kept)


@each_template
def test_imports_are_written_into_each_and_taken_out_again(path: Path) -> None:
    text = with_imports(path.read_text(), [])
    entry = ImportEntry("some-backend", branch="main", exclude_services=("redis",))
    after = with_imports(text, [entry])
    assert [line for line in text.splitlines() if line not in after.splitlines()] == []
    assert with_imports(after, []) == text


@each_template
def test_a_service_of_each_can_be_renamed(path: Path) -> None:
    text = path.read_text()
    template = parse_application_template(text).template
    assert template is not None
    after = with_renamed_service(text, template.services[0].name, "renamed-by-a-test")
    parsed = parse_application_template(after)
    assert errors(parsed.problems) == []
    assert len(after.splitlines()) == len(text.splitlines())


@pytest.mark.parametrize("path", VARIABLES, ids=name)
def test_it_reads_every_variables_file(path: Path) -> None:
    parsed = parse_variables(path.read_text())
    assert parsed.problems == ()
    assert parsed.file is not None

"""What the documentation must say, and must not say any more."""

import hashlib
import re
from pathlib import Path
from typing import Any

import pytest
from django.core.management import get_commands, load_command_class

from environments.core.template.schema import APPLICATION_SCHEMA
from environments.core.variables.file import VARIABLES_SCHEMA
from tests.habits.problems_page import page

ROOT = Path(__file__).resolve().parents[2]
DOCS = (*sorted((ROOT / "docs").rglob("*.md")), ROOT / "README.md", ROOT / "CONTRIBUTING.md")
TEMPLATE_PAGE = (ROOT / "docs/template.md").read_text()
OPERATIONS_PAGE = (ROOT / "docs/operations.md").read_text()
_SETTING = re.compile(r"\b(?:RELEASECLONE_[A-Z_]+[A-Z]|DATABASE_URL|REDIS_URL)\b")
_LINK = re.compile(r"\]\(([^)#\s]+)?(#[^)\s]+)?\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_FENCED = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)


def keys_of(schema: dict[str, Any]) -> set[str]:
    """Every key that a schema names, at any depth."""
    found = set(schema.get("properties", ()))
    inner = [*schema.get("properties", {}).values()]
    inner += [schema[key] for key in ("items", "additionalProperties") if key in schema]
    return found.union(*(keys_of(one) for one in inner if isinstance(one, dict)))


@pytest.mark.parametrize(
    "schema", [APPLICATION_SCHEMA, VARIABLES_SCHEMA], ids=["template", "variables"]
)
def test_every_key_of_a_template_is_described(schema: dict[str, Any]) -> None:
    words = set(re.findall(r"[a-z0-9_]+", TEMPLATE_PAGE))
    keys = keys_of(schema)
    assert "services" in keys
    assert keys - words == set()


def test_no_table_of_the_template_page_describes_a_key_that_is_gone() -> None:
    sections = re.split(r"^## ", TEMPLATE_PAGE, flags=re.MULTILINE)
    tables = [one for one in sections if one.startswith(("Top level", "services", "jobs"))]
    cells = re.findall(r"^\| (`[^|]+) \|", "".join(tables), re.MULTILINE)
    described = {key for cell in cells for key in re.findall(r"`([a-z0-9_]+)`", cell)}
    assert "completed_timeout" in described
    assert described - keys_of(APPLICATION_SCHEMA) == set()


def test_every_setting_is_described_and_no_other() -> None:
    read = set(_SETTING.findall((ROOT / "releaseclone/configuration.py").read_text()))
    described = set(re.findall(r"^\| `([A-Z_]+)` \|", OPERATIONS_PAGE, re.MULTILINE))
    assert described == read
    everywhere = {name for path in DOCS for name in _SETTING.findall(path.read_text())}
    assert everywhere - read == set()


def test_nothing_but_the_configuration_reads_settings() -> None:
    for path in [*(ROOT / "environments").rglob("*.py"), *(ROOT / "releaseclone").rglob("*.py")]:
        if path.name != "configuration.py":
            assert not re.search(r"environ(\.get\(|\[)[\"']RELEASECLONE_", path.read_text()), path


def test_the_page_of_problems_is_the_catalogue() -> None:
    written = (ROOT / "docs/problems.md").read_text()
    assert written == page(), "python -m tests.habits.problems_page > docs/problems.md"


@pytest.mark.parametrize("path", DOCS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(path: Path) -> None:
    for target, anchor in _LINK.findall(_FENCED.sub("", path.read_text())):
        if target.startswith(("http:", "https:")):
            continue
        there = (path.parent / target).resolve() if target else path
        assert there.exists(), target
        if anchor and there.suffix == ".md":
            assert anchor in anchors(there), f"{target}{anchor}"


def anchors(path: Path) -> set[str]:
    """The anchors that the headings of a page get."""
    text = _FENCED.sub("", path.read_text())
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in _HEADING.findall(text))
    return {f"#{one.replace(' ', '-')}" for one in plain}


COMMANDS = sorted(name for name, app in get_commands().items() if app == "environments")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_described_and_helps(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert re.search(rf"^\| `{name}\b", OPERATIONS_PAGE, re.MULTILINE)
    command = load_command_class("environments", name)
    assert command.help
    with pytest.raises(SystemExit) as ended:
        command.run_from_argv(["manage.py", name, "--help"])
    assert ended.value.code == 0
    assert name in capsys.readouterr().out


def test_every_vendored_file_is_what_its_page_says() -> None:
    folder = ROOT / "static/vendor"
    text = (folder / "README.md").read_text()
    described = dict(re.findall(r"^\| `([^`]+)` \|.*\| `([0-9a-f]{64})` \|$", text, re.MULTILINE))
    there = {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "README.md"
    }
    assert there
    assert described == there


def test_every_decision_has_a_number_of_its_own_and_three_parts() -> None:
    pages = sorted((ROOT / "docs/decisions").glob("*.md"))
    numbers = [path.name[:4] for path in pages]
    assert numbers == [f"{number:04}" for number in range(1, len(pages) + 1)]
    for path in pages:
        text = path.read_text()
        assert all(f"## {part}" in text for part in ("Context", "Decision", "Consequence")), path


def test_every_target_of_the_makefile_is_described() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    described = "".join(path.read_text() for path in DOCS)
    assert {name for name in targets if f"make {name}" not in described} <= {"install"}

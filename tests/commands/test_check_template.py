"""``check_template FILE [--json]``."""

from pathlib import Path

import pytest

from environments.actions.accounts import open_account
from environments.models import Account
from tests.commands.conftest import Run

GOOD = "services:\n- name: web\n  image: example/image:1\n"
WRONG = "servces: []\nmode: development\nservices:\n- name: web\n  replicas: many\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "template.yaml"


def test_a_template_without_a_problem_prints_nothing_and_ends_with_0(run: Run, file: Path) -> None:
    file.write_text(GOOD)
    said = run("check_template", str(file))
    assert (said.status, said.out, said.err) == (0, "", "")
    assert run("check_template", str(file), "--json").form == []


def test_every_problem_is_a_line_with_its_position(run: Run, file: Path) -> None:
    file.write_text(WRONG)
    said = run("check_template", str(file))
    assert said.status == 1
    assert said.err == ""
    assert said.out.splitlines() == [
        f"{file}:1:1: error: servces is not a key. Did you mean services?",
        f"{file}:2:1: warning: mode is deprecated and has no effect. Take it out.",
        f"{file}:5:13: error: services.web.replicas must be a whole number from 0 to 1000, "
        "and is many. Correct it.",
    ]


def test_json_has_the_same_problems_with_their_ids(run: Run, file: Path) -> None:
    file.write_text(WRONG)
    said = run("check_template", str(file), "--json")
    assert said.status == 1
    assert said.err == ""
    assert [list(row) for row in said.form] == [
        ["file", "line", "column", "level", "id", "message"]
    ] * 3
    assert said.form[0] == {
        "file": str(file),
        "line": 1,
        "column": 1,
        "level": "error",
        "id": "template.unknown-key",
        "message": "servces is not a key. Did you mean services?",
    }


def test_warnings_alone_end_with_0(run: Run, file: Path) -> None:
    file.write_text(f"mode: development\n{GOOD}")
    said = run("check_template", str(file))
    assert said.status == 0
    assert ":1:1: warning: mode is deprecated" in said.out


@pytest.mark.parametrize("flag", [(), ("--json",)])
def test_a_file_that_is_not_there_is_said(run: Run, file: Path, flag: tuple[str, ...]) -> None:
    said = run("check_template", str(file), *flag)
    assert said.status == 1
    sentence = f"{file} cannot be read: No such file or directory. Give the path of a text file."
    if not flag:
        assert (said.out, said.err) == ("", f"error: {sentence}\n")
        return
    (row,) = said.form
    assert (row["file"], row["level"], row["id"]) == (str(file), "error", "command.reads")
    assert row["message"] == sentence


def test_a_folder_is_no_template(run: Run, tmp_path: Path) -> None:
    said = run("check_template", str(tmp_path))
    assert said.status == 1
    assert "Is a directory" in said.err


def test_a_file_that_is_not_text_is_a_problem_with_a_position(run: Run, file: Path) -> None:
    file.write_bytes(b"app: \xe4\n")
    said = run("check_template", str(file))
    assert said.status == 1
    assert said.out.startswith(f"{file}:1:6: error: The file is not UTF-8 text (byte ")


def test_a_problem_is_one_line_without_what_moves_a_cursor(run: Run, file: Path) -> None:
    file.write_text('"x\\n\\e[2Jfile:1:1: error: forged": 1\n')
    said = run("check_template", str(file))
    assert len(said.out.splitlines()) == 1
    assert said.out.startswith(f"{file}:1:1: error: x ")
    assert "\x1b" not in said.out


@pytest.mark.django_db
def test_no_account_is_needed_and_none_is_made(run: Run, file: Path) -> None:
    file.write_text(GOOD)
    assert run("check_template", str(file)).status == 0
    assert not Account.objects.exists()


@pytest.mark.django_db
def test_an_account_that_is_named_must_be_there(run: Run, file: Path) -> None:
    file.write_text(GOOD)
    open_account("acme")
    assert run("check_template", str(file), "--account", "acme").status == 0
    said = run("check_template", str(file), "--account", "acne", "--json")
    assert said.status == 1
    assert [row["id"] for row in said.form] == ["account.unknown"]


COMPOSE = """services:
  web:
    build: .
    tty: true
    env_file: web.env
"""
PROPOSED = """
# .release/application_template.yaml
app: shop
services:
- name: web
  has_repo: true
  build:
    context: "."

# .release/environment_variables.yaml
services:
  web:
  - key: A
    value: b
"""


@pytest.fixture
def compose(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "web.env").write_text("A=b\n")
    (folder / "docker-compose.yml").write_text(COMPOSE)
    return folder / "docker-compose.yml"


def test_for_a_compose_file_the_template_and_the_variables_are_printed(
    run: Run, compose: Path
) -> None:
    said = run("check_template", str(compose))
    left_out = "tty of web has no counterpart. Everything runs as if it were not there."
    assert (said.status, said.err) == (0, "")
    assert said.out == f"{compose}:4:5: warning: {left_out}\n{PROPOSED}"


def test_for_a_compose_file_json_has_the_same(run: Run, compose: Path) -> None:
    form = run("check_template", str(compose), "--json").form
    assert [one["id"] for one in form["problems"]] == ["compose.left-out"]
    assert form["application_template"].startswith("app: shop\n")
    assert form["environment_variables"].startswith("services:\n")


def test_a_compose_file_with_errors_becomes_nothing(run: Run, compose: Path) -> None:
    compose.write_text("services:\n  web: {}\n")
    said = run("check_template", str(compose))
    assert said.status == 1
    assert said.out == (
        f"{compose}:2:3: error: web has neither an image nor a build. Give it one of them.\n"
    )

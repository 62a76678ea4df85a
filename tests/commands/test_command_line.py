"""The commands as processes: on an empty folder, without a broker, and badly typed."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import ManagementUtility

from tests.world import TEMPLATE, Repository, services

CHECKOUT = Path(__file__).parents[2]
COMMANDS = (
    "check_template",
    "register_application",
    "plan_environment",
    "create_owner",
    "create_environment",
    "destroy_environment",
)
RUNNABLE = (
    "services:\n- name: web\n  has_repo: true\n  command: [./start]\n"
    "  ports: [{type: node_port, target_port: 8080}]\n"
)

Manage = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def manage(tmp_path: Path) -> Manage:
    """``manage.py`` with a data folder of its own that is empty, and no broker anywhere."""
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "LANG": "C.UTF-8",
        "RELEASECLONE_DATA": str(tmp_path / "data"),
        "RELEASECLONE_LOCAL_REPOSITORIES": "1",
    }

    def manage(*words: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, str(CHECKOUT / "manage.py"), *words],
            env=environ,
            cwd=tmp_path,
            input=typed,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert "Traceback" not in done.stderr
        assert done.returncode in (0, 1)
        return done

    return manage


def test_after_migrate_on_an_empty_folder_all_but_deploying_works(
    manage: Manage, tmp_path: Path
) -> None:
    unready = manage("plan_environment", "shop", "--json")
    assert unready.returncode == 1
    (problem,) = json.loads(unready.stdout)["problems"]
    assert problem["id"] == "command.database"
    assert "Run manage.py migrate, then try again." in problem["message"]

    assert manage("migrate", "--verbosity", "0").returncode == 0
    Repository(tmp_path / "shop").commit({TEMPLATE: RUNNABLE})
    registered = manage("register_application", "shop")
    assert registered.stdout == "registered shop\n"
    assert "There was no account: made 'default'" in registered.stderr

    planned = manage("plan_environment", "shop", "--json")
    form = json.loads(planned.stdout)
    assert [one["application"] for one in form["members"]] == ["shop"]
    assert form["hosts"][0]["host"] == "web-shop-ted????.localhost"
    assert planned.returncode == 0

    owner = manage("create_owner", "ana", typed="seven green kettles\n")
    assert (owner.returncode, owner.stdout) == (0, "made the owner ana\n")
    assert manage("create_owner", "bob", typed="seven green kettles\n").returncode == 1


def test_a_badly_typed_command_line_ends_with_1_and_a_sentence(manage: Manage) -> None:
    for words, reason in (
        (("plan_environment",), "the following arguments are required: APP"),
        (("plan_environment", "shop", "--tpye", "x"), "unrecognized arguments: --tpye x"),
        (("create_environment", "shop", "--type", "x"), "invalid choice: 'x'"),
    ):
        done = manage(*words)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith("error: ")
        assert reason in done.stderr
        assert done.stderr.endswith(f"See manage.py {words[0]} --help.\n")


def test_with_json_also_the_badly_typed_get_json(manage: Manage) -> None:
    planned = manage("plan_environment", "--json")
    assert (planned.returncode, planned.stderr) == (1, "")
    form = json.loads(planned.stdout)
    assert (form["digest"], form["members"], form["hosts"]) == (None, [], [])
    assert [problem["id"] for problem in form["problems"]] == ["command.usage"]
    checked = manage("check_template", "--json")
    assert (checked.returncode, checked.stderr) == (1, "")
    assert [row["id"] for row in json.loads(checked.stdout)] == ["command.usage"]


@pytest.mark.parametrize("command", COMMANDS)
def test_each_has_its_help(run_help: Callable[[str], str], command: str) -> None:
    text = run_help(command)
    assert text.startswith(f"usage: manage.py {command}")
    assert "--account NAME" in text
    assert ("--as USER" in text) is (command != "create_owner")


@pytest.fixture
def run_help(capsys: pytest.CaptureFixture[str]) -> Callable[[str], str]:
    """What ``--help`` prints; its exit status is 0."""

    def run_help(command: str) -> str:
        with pytest.raises(SystemExit) as ended:
            ManagementUtility(["manage.py", command, "--help"]).execute()
        assert not ended.value.code
        return capsys.readouterr().out

    return run_help


def test_a_template_may_have_a_name_that_is_no_text(manage: Manage, tmp_path: Path) -> None:
    name = os.fsdecode(b"\xff.yaml")
    (tmp_path / name).write_text(f"servces: []\n{services('web')}")
    done = manage("check_template", name)
    assert done.returncode == 1
    assert done.stdout.startswith("\\udcff.yaml:1:1: error: servces is not a key.")

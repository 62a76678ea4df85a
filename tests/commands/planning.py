"""Plans as the command tells them, and what tests look at in them."""

from typing import Any

from tests.commands.conftest import Run

EMPTY = {"digest": None, "members": [], "hosts": []}
PARAMETERS = "parameters:\n- name: size\n  type: integer\n- {name: a.b, type: string, default: x}\n"


def plan(run: Run, *words: str, status: int = 0) -> Any:
    """The JSON of a plan; anything on stderr fails."""
    said = run("plan_environment", *words, "--json")
    assert (said.status, said.err) == (status, "")
    return said.form


def branches(form: Any) -> dict[str, tuple[str, str]]:
    """Branch and rule of every member."""
    return {one["application"]: (one["branch"], one["rule"]) for one in form["members"]}


def ids(form: Any) -> list[str]:
    """The ids of its problems."""
    return [problem["id"] for problem in form["problems"]]


def message(form: Any, problem_id: str) -> str:
    """The message of the one problem with this id."""
    (found,) = [one["message"] for one in form["problems"] if one["id"] == problem_id]
    assert isinstance(found, str)
    return found


def entry(name: str, *lines: str) -> str:
    """An ``app_imports`` with this one entry."""
    return "app_imports:\n" + "\n  ".join([f"- name: {name}", *lines]) + "\n"

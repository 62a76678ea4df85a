"""Turns the examples into local git repositories whose branches exercise each branch rule.

    python3 examples/make_repositories.py FOLDER

makes FOLDER/frontend, FOLDER/backend, FOLDER/accounts and FOLDER/store, each with a work tree on
its default branch. A repository that is there already is kept as it is. The commits are the same
on every machine and at every time.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
_NOT_COPIED = shutil.ignore_patterns("__pycache__", "*.sqlite3*")
_AUTHOR = {
    "GIT_AUTHOR_NAME": "Example",
    "GIT_AUTHOR_EMAIL": "example@example.org",
    "GIT_AUTHOR_DATE": "1767225600 +0000",
    "GIT_COMMITTER_NAME": "Example",
    "GIT_COMMITTER_EMAIL": "example@example.org",
    "GIT_COMMITTER_DATE": "1767225600 +0000",
}


@dataclass(frozen=True, slots=True)
class Example:
    """One example: its default branch as in its folder, and what its other branches change.

    ``branches`` gives, for each, the values that it replaces in the JSON file ``changes``.
    """

    name: str
    default_branch: str
    changes: str
    branches: Mapping[str, Mapping[str, str]]


EXAMPLES = (
    Example(
        "frontend",
        "main",
        "look.json",
        {
            "feature-1": {"title": "Parcel desk, feature 1", "colour": "#8a3ffc"},
            "feature-2": {"title": "Parcel desk, feature 2", "colour": "#b3541e"},
            "releases/1": {"title": "Parcel desk, release 1", "colour": "#1f5fa8"},
        },
    ),
    Example(
        "backend",
        "develop",
        "parcels.json",
        {
            "feature-2": {"greeting": "Feature 2 brings it faster"},
            "releases/1": {"greeting": "Release 1 brings it surely"},
        },
    ),
    Example("store", "main", "notes.json", {}),
    Example(
        "accounts",
        "v5",
        "accounts.json",
        {
            "next": {"greeting": "We know everybody, next year too"},
            "feature-1": {"greeting": "Feature 1 knows everybody by name"},
            "bug-2": {"greeting": "Nobody is forgotten any more"},
        },
    ),
)


def make_repositories(folder: Path) -> dict[str, Path]:
    """The repository of each example below ``folder``, made where it is missing, by name.

    Raises ``OSError`` or ``subprocess.CalledProcessError`` where one cannot be made; then
    nothing half-made stands at its place.
    """
    folder.mkdir(parents=True, exist_ok=True)
    return {example.name: _repository(example, folder / example.name) for example in EXAMPLES}


def _repository(example: Example, place: Path) -> Path:
    if (place / ".git").exists():
        return place
    building = place.with_name(f".{place.name}.building")
    if building.exists():
        shutil.rmtree(building)
    shutil.copytree(HERE / example.name, building, ignore=_NOT_COPIED)
    _git(building, "init", "--quiet", f"--initial-branch={example.default_branch}")
    _commit(building, f"Begin {example.name}")
    for branch, values in example.branches.items():
        _git(building, "switch", "--quiet", "--create", branch, example.default_branch)
        file = building / example.changes
        changed = {**json.loads(file.read_text()), **values}
        file.write_text(json.dumps(changed, indent=2, ensure_ascii=False) + "\n")
        _commit(building, f"Change {', '.join(values)} for {branch}")
    _git(building, "switch", "--quiet", example.default_branch)
    building.rename(place)
    return place


def _commit(repository: Path, subject: str) -> None:
    _git(repository, "add", "--all")
    _git(repository, "commit", "--quiet", "--message", subject)


def _git(repository: Path, *arguments: str) -> None:
    """Run git without the settings of the person who happens to run this."""
    environment = {
        "PATH": os.pathsep.join(os.get_exec_path()),
        "HOME": str(repository),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        **_AUTHOR,
    }
    subprocess.run(["git", *arguments], cwd=repository, env=environment, check=True)


def main(arguments: list[str]) -> int:
    """Make them below the folder given, and print where they are."""
    if len(arguments) != 1 or arguments[0].startswith("-"):
        print("usage: make_repositories.py FOLDER", file=sys.stderr)
        return 2
    for name, place in make_repositories(Path(arguments[0]).resolve()).items():
        print(f"{name}: {place}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

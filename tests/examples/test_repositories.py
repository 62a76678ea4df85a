"""The examples as repositories: their branches, their templates, and what those lead to."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from environments.core.ports import Refs
from environments.core.resolve import choose_import_branch, ignoring_pattern
from environments.core.template.model import AppTemplate
from environments.core.template.parsing import merged_template, parse_application_template
from environments.core.variables.file import parse_variables
from environments.githosts.git import GitRepositories
from examples import make_repositories as script
from examples.make_repositories import EXAMPLES, make_repositories

Repositories = Mapping[str, Path]
HERE = Path(script.__file__).parent


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def template_text(name: str) -> str:
    return (HERE / name / ".release" / "application_template.yaml").read_text()


def template(name: str, environment_type: str = "ephemeral") -> AppTemplate:
    found = merged_template(template_text(name), environment_type=environment_type).template
    assert found is not None
    return found


@pytest.fixture
def refs(repositories: Repositories, tmp_path: Path) -> Mapping[str, Refs]:
    host = GitRepositories(tmp_path / "cache", local_allowed=True)
    return {name: host.refs(str(place)) for name, place in repositories.items()}


def test_each_has_the_branches_that_the_rules_need(refs: Mapping[str, Refs]) -> None:
    found = {name: (each.default_branch, set(each.branches)) for name, each in refs.items()}
    assert found == {
        "frontend": ("main", {"main", "feature-1", "feature-2", "releases/1"}),
        "backend": ("develop", {"develop", "feature-2", "releases/1"}),
        "accounts": ("v5", {"v5", "next", "feature-1", "bug-2"}),
        "store": ("main", {"main"}),
    }


def test_every_branch_shows_something_else(repositories: Repositories) -> None:
    for example in EXAMPLES:
        place = repositories[example.name]
        branches = [example.default_branch, *example.branches]
        shown = [git(place, "show", f"{branch}:{example.changes}") for branch in branches]
        assert len(set(shown)) == len(branches)
        assert all(json.loads(text) for text in shown)


def test_the_work_tree_is_clean_and_on_the_default_branch(repositories: Repositories) -> None:
    for example in EXAMPLES:
        place = repositories[example.name]
        assert git(place, "status", "--porcelain") == ""
        assert git(place, "branch", "--show-current") == example.default_branch


def test_the_commits_are_the_same_everywhere(repositories: Repositories, tmp_path: Path) -> None:
    again = make_repositories(tmp_path / "again")
    for name, place in repositories.items():
        heads = ("for-each-ref", "--format=%(refname) %(objectname)")
        assert git(again[name], *heads) == git(place, *heads)


def test_run_twice_it_keeps_what_is_there(tmp_path: Path) -> None:
    first = make_repositories(tmp_path)
    mine = first["frontend"] / "mine.txt"
    mine.write_text("kept")
    (tmp_path / ".backend.building").mkdir()
    (tmp_path / "backend").rename(tmp_path / "moved")
    assert make_repositories(tmp_path) == first
    assert mine.read_text() == "kept"
    assert git(tmp_path / "backend", "status", "--porcelain") == ""


def test_as_a_command_it_prints_where_they_are(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, script.__file__, str(tmp_path / "made")],
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout.splitlines() == [
        f"{example.name}: {tmp_path / 'made' / example.name}" for example in EXAMPLES
    ]


def test_without_a_folder_it_says_how_to_call_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert script.main([]) == 2
    assert capsys.readouterr().err.startswith("usage:")


@pytest.mark.parametrize("name", [example.name for example in EXAMPLES])
def test_its_template_and_variables_have_no_problem(name: str) -> None:
    assert parse_application_template(template_text(name), application=name).problems == ()
    variables = (HERE / name / ".release" / "environment_variables.yaml").read_text()
    assert parse_variables(variables).problems == ()


def test_no_two_share_the_name_of_a_service_or_job() -> None:
    names = [
        workload.name
        for example in EXAMPLES
        for workload in (*template(example.name).services, *template(example.name).jobs)
    ]
    assert sorted(names) == [
        *("accounts", "api", "migrate", "reports"),
        *("store", "web", "worker"),
    ]


def test_imports_go_in_both_directions() -> None:
    imports = {
        example.name: [entry.name for entry in template(example.name).app_imports]
        for example in EXAMPLES
    }
    assert imports == {
        "frontend": ["backend", "accounts"],
        "backend": ["accounts"],
        "accounts": ["backend"],
        "store": [],
    }


@pytest.mark.parametrize(
    ("branch", "kind", "backend", "accounts"),
    [
        ("main", "ephemeral", "develop default", "next tracking"),
        ("feature-1", "ephemeral", "develop default", "feature-1 same-name"),
        ("feature-2", "ephemeral", "feature-2 same-name", "next tracking"),
        ("releases/1", "ephemeral", "releases/1 same-name ignored", "next tracking"),
        ("main", "permanent", "develop fixed", "v5 fixed"),
    ],
)
def test_the_branches_exercise_each_rule(
    refs: Mapping[str, Refs], branch: str, kind: str, backend: str, accounts: str
) -> None:
    assert chosen("frontend", branch, kind, refs) == {"backend": backend, "accounts": accounts}


def test_a_fixed_branch_goes_before_one_of_the_same_name(refs: Mapping[str, Refs]) -> None:
    assert chosen("accounts", "feature-2", "ephemeral", refs) == {"backend": "develop fixed"}


def chosen(importer: str, branch: str, kind: str, refs: Mapping[str, Refs]) -> dict[str, str]:
    """For each import the branch, the rule, and whether it is ignored."""
    found = {}
    for entry in template(importer, kind).app_imports:
        choice = choose_import_branch(
            application=entry.name,
            entry=entry,
            importing_branch=branch,
            given="",
            template=template(entry.name, kind),
            refs=refs[entry.name],
        )
        ignored = ignoring_pattern(entry.ignore_deployment_refs, choice.ref)
        found[entry.name] = f"{choice.ref} {choice.rule}{' ignored' if ignored else ''}"
    return found

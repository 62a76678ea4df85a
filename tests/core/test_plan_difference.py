"""What changes between what runs and what would run."""

from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from environments.core.plan import Change, Member, difference, shown
from tests.core.plans import BACKEND, FRONTEND, MAPPED, imported, member, on_branch, plan

HOST = "https://api-backend-ted000b.example.org"


def form(*members: Member, **more: Any) -> dict[str, Any]:
    return shown(plan(*members, **more), fingerprint=lambda text: f"#{len(text)}")


def backend(template: str = BACKEND, variables: str = "", **more: Any) -> Member:
    return imported("backend", template, variables, env_id="ted000b", **more)


def frontend(variables: str = MAPPED) -> Member:
    return member("frontend", FRONTEND, variables, env_id="ted000f")


def short(changes: Sequence[Change]) -> set[tuple[str, str, str]]:
    return {(change.act, change.what, change.name) for change in changes}


def test_the_same_plan_has_no_difference() -> None:
    assert difference(form(backend(), frontend()), form(backend(), frontend())) == ()


def test_before_the_first_setup_everything_comes() -> None:
    changes = difference({}, form(backend(), frontend()))
    assert {change.act for change in changes} == {"comes"}
    assert {("comes", "member", "backend"), ("comes", "service", "db")} <= short(changes)
    assert ("comes", "host", HOST) in short(changes)


def test_a_new_commit_is_one_change_for_its_member() -> None:
    new = on_branch(backend(), "main", commit="f" * 40)
    (change,) = difference(form(backend(), frontend()), form(new, frontend()))
    assert change == Change(
        "changes", "commit", "backend", "backend", backend().choice.commit or "", "f" * 40
    )


def test_another_branch_shows_the_branch_and_what_follows_it() -> None:
    new = on_branch(backend(), "feature-1")
    changes = difference(form(backend(), frontend()), form(new, frontend()))
    assert changes[0] == Change("changes", "branch", "backend", "backend", "main", "feature-1")
    assert {change.what for change in changes} == {"branch", "variable"}
    assert {change.name for change in changes[1:]} == {
        f"{name} RELEASE_BRANCH_NAME" for name in ("api", "db", "worker")
    }


def test_the_number_of_the_run_says_nothing() -> None:
    old, new = (backend(deployment_id=number) for number in ("1", "2"))
    assert difference(form(old, frontend()), form(new, frontend())) == ()


def test_an_import_that_goes_takes_its_services_host_and_variables() -> None:
    text = "services: [{name: web, image: x}]"
    own = member("frontend", text)
    changes = difference(form(backend(), own), form(own))
    assert {
        ("goes", "member", "backend"),
        ("goes", "service", "api"),
        ("goes", "host", HOST),
        ("goes", "variable", "web API_INGRESS_URL"),
    } <= short(changes)
    assert {change.act for change in changes} == {"goes"}


def test_services_that_go_are_in_the_order_of_their_template() -> None:
    only = backend("services: [{name: api, image: x}]")
    names = [f"s{number}" for number in range(12)]
    many = "services:\n" + "".join(f"- {{name: {name}, image: x}}\n" for name in ("api", *names))
    changes = difference(form(backend(many)), form(only))
    assert [change.name for change in changes if change.what == "service"] == names


def test_each_setting_that_a_person_would_look_at_is_told_with_both_values() -> None:
    old = "services:\n- {name: api, image: 'x:1', command: [run, fast]}\n"
    new = (
        "services:\n- name: api\n  image: x:2\n  command: [run]\n  replicas: 3\n"
        "  ports: [{type: container_port, port: 9}]\n"
    )
    changes = difference(form(backend(old)), form(backend(new)))
    told = {
        change.what: (change.before, change.after) for change in changes if change.act == "changes"
    }
    assert told == {
        "image": ("x:1", "x:2"),
        "command": ("run fast", "run"),
        "replicas": ("1", "3"),
        "ports": ("", "9"),
    }


def test_a_changed_secret_is_told_without_its_value() -> None:
    text = "services: [{name: api, image: x}]"
    hidden = "defaults:\n- {key: TOKEN, secret: true, value: %s}\n"
    changes = difference(form(backend(text, hidden % "one")), form(backend(text, hidden % "three")))
    assert changes == (
        Change("changes", "variable", "backend", "api TOKEN", "secret #3", "secret #5"),
    )


def test_a_value_that_becomes_a_secret_is_a_change() -> None:
    text = "services: [{name: api, image: x}]"
    plain = "defaults:\n- {key: TOKEN, value: one}\n"
    secret = plain.replace("value", "secret: true, value")
    (change,) = difference(form(backend(text, plain)), form(backend(text, secret)))
    assert (change.before, change.after) == ("one", "secret #3")


NAMES = st.lists(st.sampled_from(["a", "b", "c", "d", "e"]), unique=True)


@given(NAMES, NAMES)
def test_services_that_come_and_go_agree_with_sets(old: list[str], new: list[str]) -> None:
    def of(names: list[str]) -> dict[str, Any]:
        lines = "".join(f"- {{name: {name}, image: x}}\n" for name in names)
        return form(backend(f"services:\n{lines}" if lines else "{}"))

    changes = difference(of(old), of(new))
    told = {(change.act, change.name) for change in changes if change.what == "service"}
    assert told == {("comes", name) for name in set(new) - set(old)} | {
        ("goes", name) for name in set(old) - set(new)
    }


KEPT = "services:\n- {name: db, image: x, volumes: [{name: data, mount_path: /data}]}\n"


def test_a_volume_that_leaves_or_moves_is_said() -> None:
    gone = KEPT.replace("{name: data, mount_path: /data}", "")
    other = KEPT.replace("name: data", "name: fresh")
    moved = KEPT.replace("/data", "/elsewhere")
    before = form(member("shop", KEPT))
    assert difference(before, form(member("shop", gone))) == (
        Change("goes", "volume", "shop", "db /data", "data", ""),
    )
    assert difference(before, form(member("shop", other))) == (
        Change("changes", "volume", "shop", "db /data", "data", "fresh"),
    )
    assert difference(before, form(member("shop", moved))) == (
        Change("goes", "volume", "shop", "db /data", "data", ""),
        Change("comes", "volume", "shop", "db /elsewhere", "", "data"),
    )


def test_a_plan_that_an_older_version_kept_says_nothing_of_volumes() -> None:
    before = form(member("shop", KEPT))
    for service in before["members"][0]["services"]:
        del service["volumes"]
    assert difference(before, form(member("shop", KEPT))) == ()

"""Members that leave while one that is applied takes a name of theirs: they go first."""

import pytest

from environments.core.plan import Plan, leaving_first, leaving_problems
from environments.core.problems import Level
from tests.core.plans import imported, kept, left_out, member, plan

ONE = "services:\n- {name: %s, image: x}\n"
JOB = (
    "jobs:\n- {name: migrate, image: x}\nworkflows:\n- {name: setup, order_from: [jobs.migrate]}\n"
)
VOLUME = "shared_volumes:\n- {name: files, size: 1Gi}\n"
PORT = "  ports: [{type: node_port, port: 80}]\n"
HOST = "services:\n- name: %s\n  image: x\n" + PORT + "hostnames:\n- %s: shop.example.org\n"


def leaving(template: str, **more: object) -> Plan:
    """The member ``backend`` on its way out."""
    return plan(imported("backend", template, env_id="ted000b", **more), kind="teardown")


def staying(template: str) -> Plan:
    return plan(member("frontend", template))


@pytest.mark.parametrize(
    ("old", "new", "name"),
    [
        (ONE % "api", ONE % "api", "service api"),
        (ONE % "a" + JOB, ONE % "b" + JOB, "job migrate"),
        (ONE % "a" + VOLUME, ONE % "b" + VOLUME, "volume files"),
        (HOST % ("a", "a"), HOST % ("b", "b"), "host shop.example.org"),
    ],
)
def test_one_whose_name_is_used_anew_goes_first_and_that_is_said(
    old: str, new: str, name: str
) -> None:
    assert leaving_first(leaving(old), staying(new)) == {"ted000b": (name,)}
    (said,) = leaving_problems(leaving(old), staying(new))
    assert (said.id, said.level) == ("member.leaves-first", Level.WARNING)
    assert name in said.message and "backend" in said.message


def test_one_that_meets_nothing_goes_last() -> None:
    assert leaving_first(leaving(ONE % "api"), staying(ONE % "web")) == {}
    assert leaving_problems(leaving(ONE % "api"), staying(ONE % "web")) == ()


def test_hosts_with_a_handle_never_meet() -> None:
    text = "services:\n- name: %s\n  image: x\n" + PORT
    assert leaving_first(leaving(text % "a"), staying(text % "b")) == {}


def test_one_host_with_another_path_does_not_meet() -> None:
    rule = (
        "services:\n- name: %s\n  image: x\n"
        + PORT
        + ("rules:\n- {service: %s, hostnames: [shop.example.org], path: %s}\n")
    )
    old, new = leaving(rule % ("a", "a", "/a")), staying(rule % ("b", "b", "/b"))
    assert leaving_first(old, new) == {}


def test_what_stays_untouched_takes_nothing() -> None:
    untouched = plan(kept(imported("third", ONE % "api")), member("frontend", ONE % "web"))
    assert leaving_first(leaving(ONE % "api"), untouched) == {}
    ignored = plan(left_out(imported("third", ONE % "api"), "*"), member("frontend", ONE % "web"))
    assert leaving_first(leaving(ONE % "api"), ignored) == {}


def test_an_excluded_service_of_the_one_that_leaves_does_not_count() -> None:
    both = ONE % "api" + "- {name: db, image: x}\n"
    old = leaving(both, exclude_services=("api",))
    assert leaving_first(old, staying(ONE % "api")) == {}


def test_each_name_is_told_once() -> None:
    twice = HOST % ("api", "api") + "- api: shop.example.org\n"
    assert leaving_first(leaving(twice), staying(HOST % ("api", "api"))) == {
        "ted000b": ("service api", "host shop.example.org")
    }

"""Names that meet in one namespace."""

import re
from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from environments.core.collisions import Owner, collisions
from environments.core.names import label
from environments.core.problems import Fix


def owner(application: str, *services: str, imported: bool = False, **more: object) -> Owner:
    named = tuple((name, line) for line, name in enumerate(services, 1))
    return Owner(application, f"{application}.yaml", imported, services=named, **more)  # type: ignore[arg-type]


def test_two_services_of_one_name_are_an_error_that_names_both_and_their_lines() -> None:
    (problem,) = collisions([owner("backend", "db", "api", imported=True), owner("web", "api")])
    assert problem.id == "collision.service"
    assert "api is in web (line 1)" in problem.message
    assert "backend (line 2)" in problem.message


def test_it_offers_to_exclude_to_drop_and_to_rename() -> None:
    (problem,) = collisions([owner("backend", "api", imported=True), owner("web", "api")])
    assert problem.fixes == (
        Fix("rename", "web", "api", "web-api"),
        Fix("exclude", "backend", "api"),
        Fix("drop", "backend"),
        Fix("rename", "backend", "api", "backend-api"),
    )


def test_a_job_may_bear_the_name_of_a_service_and_jobs_meet_jobs() -> None:
    job = (("migrate", 3),)
    assert not collisions([owner("a", "migrate"), owner("b", jobs=job)])
    (problem,) = collisions([owner("a", jobs=job), owner("b", jobs=job)])
    assert problem.id == "collision.job"


def test_normalised_variable_names_meet() -> None:
    a = owner("a", "my-api", addressed=(("my-api", 1),))
    b = owner("b", "my_api", addressed=(("my_api", 1),))
    problems = collisions([a, b])
    assert [problem.id for problem in problems] == ["collision.variable"]
    assert "MY_API_" in problems[0].message


def test_one_host_with_two_paths_is_shared_and_with_one_it_is_not() -> None:
    a = owner("a", hosts=(("x.localhost", "/", 1),))
    assert not collisions([a, owner("b", hosts=(("x.localhost", "/api", 1),))])
    (problem,) = collisions([a, owner("b", hosts=(("x.localhost", "/", 4),))])
    assert problem.id == "collision.host"


def test_volumes_meet() -> None:
    volume = (("data", 1),)
    (problem,) = collisions([owner("a", volumes=volume), owner("b", volumes=volume)])
    assert problem.id == "collision.volume"


def test_two_services_of_one_application_meet_too() -> None:
    one = owner("a", "my-api", "my_api", addressed=(("my-api", 1), ("my_api", 2)))
    (problem,) = collisions([one])
    assert problem.id == "collision.variable"
    assert "my_api of a (line 2) and my-api of a (line 1)" in problem.message


def test_every_later_one_is_told_with_the_first() -> None:
    problems = collisions([owner("a", "api"), owner("b", "api"), owner("c", "api")])
    assert [problem.application for problem in problems] == ["b", "c"]
    assert all("in a (line 1)" in problem.message for problem in problems)


NAMES = st.lists(
    st.sampled_from(["api", "Api", "web", "my-api", "my_api", "My-api", "db", "ä", "ö"]),
    max_size=4,
    unique=True,
)
HOSTS = st.lists(
    st.tuples(st.sampled_from(["x.localhost", "y.localhost"]), st.sampled_from(["/", "/a", "/a/"])),
    max_size=3,
)
BROUGHT = st.tuples(NAMES, NAMES, NAMES, HOSTS)


def meeting(names: list[Any]) -> int:
    """How many are there already when they come."""
    return sum(name in names[:number] for number, name in enumerate(names))


def with_lines(names: list[str]) -> tuple[tuple[str, int], ...]:
    return tuple((name, line) for line, name in enumerate(names, 1))


@given(st.lists(BROUGHT, max_size=3))
def test_what_meets_is_what_engine_ingress_and_containers_would_take_for_one(
    members: list[tuple[list[str], list[str], list[str], list[tuple[str, str]]]],
) -> None:
    owners = [
        owner(
            f"app{number}",
            *services,
            addressed=with_lines(services),
            jobs=with_lines(jobs),
            volumes=with_lines(volumes),
            hosts=tuple((*host, line) for line, host in enumerate(hosts, 1)),
        )
        for number, (services, jobs, volumes, hosts) in enumerate(members)
    ]
    counted = Counter(problem.id for problem in collisions(owners))
    for kind, brought in zip(
        ("service", "job", "volume"), zip(*(one[:3] for one in members), strict=True), strict=False
    ):
        labels = [label(name) for names in brought for name in names]
        assert counted[f"collision.{kind}"] == meeting(labels), kind
    addresses = [(host, path.strip("/")) for *_, hosts in members for host, path in hosts]
    assert counted["collision.host"] == meeting(addresses)
    # Services that meet themselves are told once, not once more for their variables.
    services = [name for names, *_ in members for name in names]
    first_of: dict[str, str] = {}
    for name in services:
        first_of.setdefault(re.sub("[^A-Z0-9]", "_", name.upper()), name)
    others = [
        name
        for name in services
        if label(first_of[re.sub("[^A-Z0-9]", "_", name.upper())]) != label(name)
    ]
    assert counted["collision.variable"] == len(others)

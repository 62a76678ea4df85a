"""Names that meet in one namespace."""

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
    a = owner("a", "my-api", exposed=(("my-api", 1),))
    b = owner("b", "my_api", exposed=(("my_api", 1),))
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


NAMES = st.lists(
    st.sampled_from(["api", "Api", "web", "my-api", "my_api", "db"]), max_size=4, unique=True
)


@given(st.lists(NAMES, max_size=3))
def test_services_meet_exactly_where_their_labels_do(members: list[list[str]]) -> None:
    owners = [owner(f"app{number}", *names) for number, names in enumerate(members)]
    labels = [label(name) for names in members for name in names]
    expected = len(labels) - len(set(labels))
    found = [problem for problem in collisions(owners) if problem.id == "collision.service"]
    assert len(found) == expected

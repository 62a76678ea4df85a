"""The digest: the same for the same plan, another for anything that a person would look at."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from environments.core.plan import Member, Plan, digest_of
from environments.core.problems import warning
from environments.core.resolve import Rule
from tests.core.plans import BACKEND, FRONTEND, imported, kept, left_out, member, on_branch, plan

Members = tuple[Member, Member]
BOTH: Members = (
    imported("backend", BACKEND, parameters={}),
    member("frontend", FRONTEND),
)


def of(members: Members = BOTH, **more: object) -> str:
    return plan(*members, **more).digest  # type: ignore[arg-type]


def changed(**more: object) -> Members:
    """The same two members, the import with other fields."""
    return replace(BOTH[0], **more), BOTH[1]  # type: ignore[arg-type]


def test_it_is_sixteen_digits_and_the_same_every_time() -> None:
    assert of() == of()
    assert len(of()) == 16
    int(of(), 16)


def test_a_plan_carries_its_own() -> None:
    made = plan(*BOTH)
    assert made.digest == digest_of(made)


RELEVANT: dict[str, Callable[[], str]] = {
    "branch": lambda: of((on_branch(BOTH[0], "other"), BOTH[1])),
    "commit": lambda: of((on_branch(BOTH[0], "main", commit="f" * 40), BOTH[1])),
    "a commit that is not known": lambda: of((on_branch(BOTH[0], "main", commit=None), BOTH[1])),
    "rule": lambda: of((on_branch(BOTH[0], "main", rule=Rule.SAME_NAME), BOTH[1])),
    "version": lambda: of(changed(version="v1.2")),
    "parameter": lambda: of(changed(parameters={"a": "1"})),
    "excluded": lambda: of(changed(excluded=("worker",))),
    "kept": lambda: of((kept(BOTH[0]), BOTH[1])),
    "ignored": lambda: of((left_out(BOTH[0], "main"), BOTH[1])),
    "pattern": lambda: of((left_out(BOTH[0], "*"), BOTH[1])),
    "order of members": lambda: plan(BOTH[1], BOTH[0]).digest,
    "one member less": lambda: plan(BOTH[1]).digest,
    "kind": lambda: of(kind="patch"),
    "problem": lambda: of(known_applications=frozenset()),
    "services": lambda: of(
        (imported("backend", BACKEND.replace("worker", "runner")), BOTH[1]),
    ),
    "host pattern": lambda: of(
        (imported("backend", BACKEND + "hostnames:\n- api: x.${domain}\n"), BOTH[1])
    ),
    "host path": lambda: of(
        (
            imported(
                "backend",
                BACKEND + "rules:\n- {service: api, hostnames: ['x.${domain}'], path: /a}\n",
            ),
            BOTH[1],
        )
    ),
}


@pytest.mark.parametrize("what", RELEVANT)
def test_it_changes_with(what: str) -> None:
    assert RELEVANT[what]() != of()


def test_no_two_of_these_changes_look_the_same() -> None:
    assert len({make() for make in RELEVANT.values()}) == len(RELEVANT)


IRRELEVANT: dict[str, Callable[[], str]] = {
    "handles": lambda: of((replace(BOTH[0], env_id="tedffff"), replace(BOTH[1], env_id="ted0000"))),
    "the number of the run": lambda: of(changed(deployment_id="99")),
    "what was tried": lambda: of((on_branch(BOTH[0], "main", trace=()), BOTH[1])),
    "the name of the namespace": lambda: of(namespace="ted????-x"),
    "ports of the machine": lambda: of(local_ports={("api", 4000): 31000}),
    "what runs elsewhere": lambda: of(processes_elsewhere=5),
}


@pytest.mark.parametrize("what", IRRELEVANT)
def test_it_does_not_change_with(what: str) -> None:
    assert IRRELEVANT[what]() == of()


def test_chosen_and_fixed_count_as_one() -> None:
    chosen = of((on_branch(BOTH[0], "main", rule=Rule.CHOSEN), BOTH[1]))
    fixed = of((on_branch(BOTH[0], "main", rule=Rule.FIXED), BOTH[1]))
    assert chosen == fixed != of()


@given(st.permutations(["a", "b", "c"]))
def test_the_order_of_parameters_and_exclusions_does_not_matter(order: list[str]) -> None:
    sorted_names = changed(parameters=dict.fromkeys("abc", "1"), excluded=("api", "db", "worker"))
    rank = {"a": "api", "b": "db", "c": "worker"}
    shuffled = changed(
        parameters=dict.fromkeys(order, "1"), excluded=tuple(rank[one] for one in order)
    )
    assert of(shuffled) == of(sorted_names)


@given(st.permutations(["api", "db", "web"]))
def test_the_order_of_problems_does_not_matter(order: list[str]) -> None:
    def with_problems(names: list[str]) -> Plan:
        told = (
            warning("engine.fixed-port", application=name, name=name, engine="e") for name in names
        )
        return replace(plan(*BOTH), problems=tuple(told))

    assert digest_of(with_problems(order)) == digest_of(with_problems(sorted(order)))

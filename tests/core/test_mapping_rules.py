"""Mappings against a plain reading of their rules, and the order in which they are made."""

from collections.abc import Mapping
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from environments.core.variables import (
    Generated,
    VariablesFile,
    container_variables,
    ingress_variables,
    service_variables,
)
from environments.core.variables.model import MappingEntry, VariableEntry
from environments.core.variables.ordering import in_order

NAMES = "ABCDEF"
SHARED = (
    *ingress_variables("api", url="http://api.x", host="api.x"),
    *service_variables("api", host="127.0.0.1", port="80"),
)
GIVEN = {made.name: made.text for made in SHARED}
REFERRED = st.sampled_from([*NAMES, *GIVEN, "NOWHERE"])
PART = st.one_of(
    st.sampled_from(["x ", "-", "$$"]),
    st.builds("${{{}}}".format, REFERRED),
    st.builds("${{{}:-d}}".format, REFERRED),
)
EXPRESSION = st.one_of(REFERRED, st.lists(PART, max_size=3).map("".join))
MAPPED = st.dictionaries(st.sampled_from([*NAMES, "API_SERVICE_HOST"]), EXPRESSION, max_size=6)
OWN = st.dictionaries(
    st.sampled_from([*NAMES, "API_SERVICE_PORT"]),
    st.tuples(st.sampled_from(["", "1", "${A}"]), st.booleans()),
)


def reached(name: str, needs: Mapping[str, set[str]]) -> set[str]:
    """All that a name needs, directly or by others."""
    found: set[str] = set()
    ahead = {*needs.get(name, ())}
    while ahead:
        found |= ahead
        ahead = {other for one in ahead for other in needs.get(one, ())} - found
    return found


class Reading:
    """The rules said once more: slow, and one name at a time."""

    def __init__(self, mapped: dict[str, str], own: dict[str, tuple[str, bool]]) -> None:
        self.mapped = mapped
        self.plain = {**{name: (text, False) for name, text in GIVEN.items()}, **own}
        needs = {
            name: {part[0] for part in self.parts(text) if isinstance(part, tuple)}
            for name, text in mapped.items()
        }
        self.needs = {name: needed & set(mapped) for name, needed in needs.items()}
        self.circular = {name for name in mapped if name in reached(name, self.needs)}

    def parts(self, expression: str) -> list[str | tuple[str, str | None]]:
        """Texts, and names with their defaults."""
        if expression in {*NAMES, *GIVEN, "NOWHERE"}:
            return [(expression, None)]
        found: list[str | tuple[str, str | None]] = []
        while expression:
            if expression.startswith("$$"):
                found.append("$")
                expression = expression[2:]
            elif expression.startswith("${"):
                inside, _, expression = expression[2:].partition("}")
                name, colon, default = inside.partition(":-")
                found.append((name, default if colon else None))
            else:
                found.append(expression[0])
                expression = expression[1:]
        return found

    def value(self, name: str) -> tuple[str, bool] | None:
        """Its text, and whether it is a secret; None where nothing gives it."""
        return (self.made(name) if name in self.mapped else None) or self.plain.get(name)

    def made(self, name: str) -> tuple[str, bool] | None:
        """What its mapping makes, if it can be made."""
        if name in self.circular:
            return None
        text, secret = "", False
        for part in self.parts(self.mapped[name]):
            if isinstance(part, str):
                text += part
                continue
            referred, default = part
            known = self.value(referred)
            secret = secret or (known is not None and known[1])
            if default is not None and (known is None or not known[0]):
                text += default
            elif known is None:
                return None
            else:
                text += known[0]
        return text, secret


@given(MAPPED, OWN)
def test_a_container_has_what_a_plain_reading_of_the_rules_gives_it(
    mapped: dict[str, str], own: dict[str, tuple[str, bool]]
) -> None:
    file = VariablesFile(
        mapping=tuple(MappingEntry(*item) for item in mapped.items()),
        defaults=tuple(VariableEntry(name, text, secret) for name, (text, secret) in own.items()),
    )
    shared: tuple[Generated, ...] = SHARED
    values, problems = container_variables(
        application="a",
        imported=False,
        variables=file,
        service="web",
        envs=(),
        template_file="t.yaml",
        shared=shared,
        release=(),
        absent=frozenset(),
    )
    reading = Reading(mapped, own)
    expected = {name: reading.value(name) for name in {*mapped, *own, *GIVEN}}
    assert {value.name: (value.text, value.secret) for value in values} == {
        name: value for name, value in expected.items() if value is not None
    }
    told = [problem.message.split()[2] for problem in problems if problem.id == "mapping.cycle"]
    assert told == sorted(reading.circular)
    left_out = {problem.message.split()[2] for problem in problems if problem.id != "mapping.cycle"}
    assert left_out == {
        name for name in mapped if name not in reading.circular and reading.made(name) is None
    }


@given(st.dictionaries(st.sampled_from(NAMES), st.sets(st.sampled_from(NAMES))))
def test_each_comes_after_what_it_needs_unless_it_needs_itself(needs: dict[str, set[str]]) -> None:
    whole = {name: needs.get(name, set()) for name in NAMES}
    order, circular = in_order(whole)
    assert circular == sorted(name for name in NAMES if name in reached(name, whole))
    assert sorted((*order, *circular)) == sorted(NAMES)
    for name in order:
        before = {*order[: order.index(name)], *circular}
        assert whole[name] <= before


def test_a_hundred_thousand_in_a_row_and_in_a_ring_are_no_matter() -> None:
    many = [f"M{number}" for number in range(100_000)]
    row = {name: [after] for name, after in pairwise(many)}
    order, circular = in_order({**row, many[-1]: []})
    assert (order, circular) == (many[::-1], [])
    order, circular = in_order({**row, many[-1]: [many[0]]})
    assert (order, circular) == ([], sorted(many))

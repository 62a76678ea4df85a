"""Mappings, and what one container gets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from environments.core.problems import Problem
from environments.core.template.model import AppTemplate, EnvironmentVariable, Job, Service
from environments.core.variables import (
    Generated,
    Value,
    container_variables,
    ingress_variables,
    release_variables,
    section_problems,
    service_variables,
)
from environments.core.variables.mapping import MappingError, evaluate, parse
from environments.core.variables.model import MappingEntry, VariableEntry, VariablesFile

RELEASE = release_variables(
    env_id="ted1234",
    environment="e",
    application="frontend",
    branch="main",
    commit="0123456789",
    account_id="1",
    context="local",
    domain="localhost",
    build_id="7",
)
SHARED = (
    *ingress_variables("api", url="http://api.localhost:8080", host="api.localhost"),
    *service_variables("my-db", host="127.0.0.1", port="5432"),
)


def container(
    variables: VariablesFile | None = None,
    *,
    envs: dict[str, str] | None = None,
    shared: tuple[Generated, ...] = SHARED,
    imported: bool = False,
    absent: frozenset[str] = frozenset(),
    elsewhere: frozenset[str] = frozenset(),
) -> tuple[dict[str, Value], tuple[Problem, ...]]:
    values, problems = container_variables(
        application="frontend",
        imported=imported,
        variables=variables or VariablesFile(),
        service="web",
        envs=[EnvironmentVariable(key, text, 3) for key, text in (envs or {}).items()],
        template_file="t.yaml",
        shared=shared,
        release=RELEASE,
        absent=absent,
        elsewhere=elsewhere,
    )
    return {value.name: value for value in values}, problems


def mapped(*entries: tuple[str, str]) -> VariablesFile:
    return VariablesFile(
        mapping=tuple(
            MappingEntry(name, text, line) for line, (name, text) in enumerate(entries, 1)
        )
    )


def text_of(expression: str, values: dict[str, str]) -> str | None:
    """What the expression makes of these values."""
    texts = evaluate(parse(expression), values.get)
    return None if texts is None else "".join(texts)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("A", "1"),
        ("$A", "1"),
        ("${A}", "1"),
        ("x-${A}-y", "x-1-y"),
        ("$$A", "$A"),
        ("$$", "$"),
        ("$A$A", "11"),
        ("${NONE:-d}", "d"),
        ("${EMPTY:-d}", "d"),
        ("${A:-d}", "1"),
        ("${NONE:-}", ""),
        ("${NONE:-$A}", "$A"),
        ("${NONE:-${A}}", "${A}"),
        ("${A:-${NONE}}", "1"),
        ("${A:-${NONE:-x}}-${A}", "1-1"),
        ("{${A}}", "{1}"),
        ("a b", "a b"),
        ("100$", "100$"),
        ("$(id)", "$(id)"),
        ("${NONE}", None),
        ("NONE", None),
    ],
)
def test_the_forms_of_an_expression(expression: str, expected: str | None) -> None:
    assert text_of(expression, {"A": "1", "EMPTY": ""}) == expected


@pytest.mark.parametrize("expression", ["${A", "x${", "${A:-${B}", "${}", "${1}", "${a b}"])
def test_it_refuses_what_is_not_an_expression(expression: str) -> None:
    with pytest.raises(MappingError):
        parse(expression)


@given(st.text())
def test_text_whose_dollars_are_doubled_stays_itself(text: str) -> None:
    assert text_of(f" {text.replace('$', '$$')}", {}) == f" {text}"


def test_later_sources_win_and_each_value_names_its_own() -> None:
    variables = VariablesFile(
        defaults=(VariableEntry("A", "1"), VariableEntry("B", "1"), VariableEntry("C", "1")),
        services={"web": (VariableEntry("B", "2"),), "other": (VariableEntry("A", "9"),)},
    )
    values, problems = container(variables, envs={"B": "3", "C": "3"})
    assert not problems
    assert [(values[key].text, values[key].source) for key in "ABC"] == [
        ("1", "defaults"),
        ("2", "variables of web"),
        ("3", "template"),
    ]


def test_a_mapping_gives_the_name_that_the_application_expects() -> None:
    values, problems = container(mapped(("REACT_APP_BACKEND_API", "API_INGRESS_URL")))
    assert values["REACT_APP_BACKEND_API"].text == "http://api.localhost:8080"
    assert not problems


def test_mappings_may_need_each_other_in_any_order() -> None:
    values, problems = container(mapped(("A", "${B}/x"), ("B", "${API_INGRESS_HOST}")))
    assert values["A"].text == "api.localhost/x"
    assert not problems


def test_a_chain_of_a_hundred_mappings_holds() -> None:
    entries = [(f"M{n}", f"M{n + 1}") for n in range(100)]
    values, problems = container(mapped(*entries, ("M100", "text of it")))
    assert values["M0"].text == "text of it"
    assert not problems


def test_mappings_that_double_a_value_again_and_again_end_in_an_error() -> None:
    entries = [(f"M{n + 1}", f"${{M{n}}}${{M{n}}}") for n in range(40)]
    values, problems = container(mapped(("M0", "some text"), *entries))
    assert problems[0].id == "mapping.too-long"
    assert sum(len(value.text) for value in values.values()) < 5_000_000


@pytest.mark.parametrize("entries", [[("A", "B"), ("B", "A")], [("A", "A")]])
def test_a_cycle_is_an_error_that_names_the_mapping(entries: list[tuple[str, str]]) -> None:
    _, problems = container(mapped(*entries))
    assert {problem.id for problem in problems} == {"mapping.cycle"}
    assert "A" in problems[0].message


def test_a_mapping_that_needs_a_circle_is_left_out_and_the_circle_alone_is_the_error() -> None:
    _, problems = container(mapped(("A", "B"), ("B", "A"), ("C", "${A}/x")))
    errors = {problem.message[:14] for problem in problems if problem.level == "error"}
    assert errors == {"The mapping A ", "The mapping B "}
    (warned,) = [problem for problem in problems if problem.level == "warning"]
    assert (warned.id, warned.message[:14]) == ("mapping.left-out", "The mapping C ")


def test_what_needs_a_mapping_that_is_left_out_is_left_out_too() -> None:
    entries = mapped(("A", "${B}/x"), ("B", "GONE_INGRESS_URL"))
    values, problems = container(entries, absent=frozenset({"GONE_INGRESS_URL"}))
    assert not {"A", "B"} & set(values)
    assert {(problem.id, problem.level) for problem in problems} == {
        ("mapping.left-out", "warning")
    }


def test_a_reserved_name_is_told_with_the_line_that_it_is_made_for() -> None:
    made = ingress_variables("api", url="http://api.x", host="api.x", origin="api.yaml, line 7")
    _, (problem,) = container(envs={"API_INGRESS_URL": "x"}, shared=made)
    assert "It is made for api.yaml, line 7." in problem.message
    assert problem.place is not None
    assert (problem.place.file, problem.place.line) == ("t.yaml", 3)


def test_values_are_not_looked_into() -> None:
    variables = VariablesFile(
        mapping=(MappingEntry("A", "X"),), defaults=(VariableEntry("X", "${API_INGRESS_URL}"),)
    )
    assert container(variables)[0]["A"].text == "${API_INGRESS_URL}"


def test_a_missing_name_is_an_error_in_the_own_application() -> None:
    _, (problem,) = container(mapped(("A", "NOPE_INGRESS_URL")))
    assert (problem.id, problem.level) == ("mapping.missing", "error")
    assert "NOPE_INGRESS_URL" in problem.message


@pytest.mark.parametrize(
    "circumstances",
    [{"imported": True}, {"absent": frozenset({"NOPE"})}, {"elsewhere": frozenset({"NOPE"})}],
)
def test_a_missing_name_is_left_out_with_a_warning_where_it_is_excused(
    circumstances: dict[str, bool | frozenset[str]],
) -> None:
    values, (problem,) = container(mapped(("A", "NOPE")), **circumstances)  # type: ignore[arg-type]
    assert "A" not in values
    assert (problem.id, problem.level) == ("mapping.left-out", "warning")


def test_what_a_mapping_derives_from_a_secret_is_a_secret() -> None:
    variables = VariablesFile(
        mapping=(MappingEntry("URL", "https://u:${TOKEN}@x"), MappingEntry("COPY", "URL")),
        defaults=(VariableEntry("TOKEN", "s3cret", secret=True),),
    )
    values, _ = container(variables)
    assert values["URL"].secret
    assert values["COPY"].secret


@pytest.mark.parametrize("name", ["RELEASE_ENV_ID", "RELEASE_ANYTHING", "API_INGRESS_URL"])
def test_reserved_names_may_be_neither_set_nor_mapped(name: str) -> None:
    for circumstances in (
        {"envs": {name: "x"}},
        {"variables": VariablesFile(defaults=(VariableEntry(name, "x", line=4),))},
        {"variables": mapped((name, "text of it"))},
    ):
        _, (problem,) = container(**circumstances)  # type: ignore[arg-type]
        assert (problem.id, problem.level) == ("variable.reserved", "error")
        assert problem.place is not None
        assert problem.place.line > 0


def test_a_service_variable_that_the_application_sets_stays() -> None:
    values, problems = container(envs={"MY_DB_SERVICE_HOST": "db.example"})
    assert values["MY_DB_SERVICE_HOST"].text == "db.example"
    assert values["MY_DB_SERVICE_PORT"].text == "5432"
    assert not problems


def test_a_reference_to_a_secret_store_is_passed_with_a_warning() -> None:
    values, (problem,) = container(envs={"TOKEN": "$secrets.token"})
    assert values["TOKEN"].text == "$secrets.token"
    assert problem.level == "warning"


def test_a_section_that_reaches_no_container_is_a_warning_with_the_nearest_name() -> None:
    templates = [
        AppTemplate("t.yaml", services=(Service("web"),)),
        AppTemplate("t.yaml", services=(Service("api"),), jobs=(Job("seed"),)),
    ]
    entries = {
        name: (VariableEntry("A", "1", line=line),)
        for line, name in enumerate(("web", "api", "seed", "wbe"), 4)
    }
    file = VariablesFile(services={**entries, "empty": ()})
    (problem,) = section_problems(file, templates, application="shop")
    assert (problem.id, problem.level) == ("variables.no-service", "warning")
    assert problem.place is not None and problem.place.line == 7
    assert "services.wbe" in problem.message and "Did you mean web?" in problem.message


SOURCES = st.dictionaries(st.sampled_from("ABC"), st.text("xy", max_size=3))


@given(SOURCES, SOURCES, SOURCES)
def test_sources_agree_with_a_plain_merge(
    defaults: dict[str, str], service: dict[str, str], envs: dict[str, str]
) -> None:
    variables = VariablesFile(
        defaults=tuple(VariableEntry(*item) for item in defaults.items()),
        services={"web": tuple(VariableEntry(*item) for item in service.items())},
    )
    values, _ = container(variables, envs=envs)
    expected = {**defaults, **envs, **service}
    assert {key: values[key].text for key in expected} == expected

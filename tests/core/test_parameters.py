"""``${parameters.NAME}``: where it is replaced, by what, and how often."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from environments.core.plan.parameters import filled_in, values_of
from environments.core.problems import Level
from environments.core.template import parse_application_template
from environments.core.template.model import AppTemplate
from tests.core.plans import ids, imported, member, of, plan, service, variables

TEMPLATE = """
parameters:
- {name: colour, default: blue}
- {name: size, type: integer}
- {name: note, optional: true}
services:
- name: web
  build:
    context: .
    args: ["COLOUR=${parameters.colour}"]
  command: [serve, "--size=${parameters.size}"]
  args: ["${parameters.colour}${parameters.colour}"]
  envs:
  - {key: NOTE, value: "[${parameters.note}]"}
"""


def parsed(text: str) -> AppTemplate:
    found = parse_application_template(text).template
    assert found is not None
    return found


def ids_of(text: str, **given: str) -> list[str]:
    _, problems = values_of(parsed(text), given, application="shop")
    return [problem.id for problem in problems]


def test_values_reach_commands_arguments_variables_and_build_arguments() -> None:
    made = plan(member("shop", TEMPLATE, parameters={"size": "4"}))
    web = service(made, "shop", "web")
    assert web.command == ("serve", "--size=4")
    assert web.args == ("blueblue",)
    assert variables(web)["NOTE"] == "[]"
    build = of(made, "shop").member.template.services[0].build
    assert build is not None and build.args == ("COLOUR=blue",)


def test_a_required_one_without_a_value_is_an_error_with_its_line() -> None:
    (problem,) = plan(member("shop", TEMPLATE)).problems
    assert (problem.id, problem.level) == ("parameter.missing", Level.ERROR)
    assert problem.place is not None
    assert (problem.place.file, problem.place.line) == ("shop.yaml", 4)
    assert "shop" in problem.message and "size" in problem.message


def test_a_blank_value_is_none() -> None:
    assert ids_of(TEMPLATE, size="") == ["parameter.missing"]
    values, _ = values_of(parsed(TEMPLATE), {"colour": "", "size": "1"}, application="shop")
    assert values["colour"] == "blue"


def test_a_default_may_be_blank() -> None:
    assert not ids_of("parameters: [{name: a, default: ''}]")


@pytest.mark.parametrize(
    ("kind", "value", "fits"),
    [
        ("integer", "-3", True),
        ("integer", "3.5", False),
        ("integer", "three", False),
        ("boolean", "true", True),
        ("boolean", "True", True),
        ("boolean", "yes", False),
        ("string", "anything at all", True),
        ("text", "two\nlines", True),
        ("git-ref", "feature/x", True),
    ],
)
def test_a_value_has_the_type_of_its_parameter(kind: str, value: str, fits: bool) -> None:
    text = f"parameters: [{{name: a, type: {kind}}}]"
    assert ids_of(text, a=value) == ([] if fits else ["parameter.type"])


def test_a_default_written_as_yaml_writes_it_is_fine() -> None:
    text = (
        "parameters:\n- {name: a, type: boolean, default: True}\n"
        "- {name: b, type: integer, default: 0}\n"
    )
    assert not ids_of(text)


def test_values_of_parameters_that_are_gone_are_left_aside() -> None:
    values, problems = values_of(parsed("{}"), {"gone": "x"}, application="shop")
    assert (dict(values), problems) == ({}, ())


def test_each_member_has_its_own() -> None:
    text = (
        "parameters: [{name: who}]\nservices:\n"
        "- {name: %s, image: x, envs: [{key: WHO, value: '${parameters.who}'}]}\n"
    )
    made = plan(
        imported("backend", text % "api", parameters={"who": "b"}),
        member("shop", text % "web", parameters={"who": "s"}),
    )
    assert variables(service(made, "backend", "api"))["WHO"] == "b"
    assert variables(service(made, "shop", "web"))["WHO"] == "s"


def test_keys_and_names_are_never_touched() -> None:
    text = """
parameters: [{name: a, default: X}]
services:
- {name: "${parameters.a}", image: "${parameters.a}", envs: [{key: "${parameters.a}", value: v}]}
"""
    template = filled_in(parsed(text), {"a": "X"})
    assert template.services[0].name == "${parameters.a}"
    assert template.services[0].image == "${parameters.a}"
    assert template.services[0].envs[0].key == "${parameters.a}"


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_what_a_value_holds_is_not_looked_at_again(value: str) -> None:
    template = filled_in(parsed(TEMPLATE), {"colour": value, "size": "${parameters.note}"})
    assert template.services[0].args == (value * 2,)
    assert template.services[0].command[1] == "--size=${parameters.note}"


@pytest.mark.parametrize("kind", ["setup", "patch"])
def test_problems_of_parameters_are_said_at_every_run(kind: str) -> None:
    more: dict[str, Any] = {"parameters": {"size": "big"}}
    assert ids(plan(member("shop", TEMPLATE, **more), kind=kind)) == ["parameter.type"]

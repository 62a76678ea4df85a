"""Variables files are read as written; secrets are kept out of what is shown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from environments.core.variables.file import (
    parse_variables,
    with_stored_secrets,
    without_secret_values,
)
from environments.core.variables.model import MappingEntry, VariableEntry, VariablesFile
from environments.core.yamlfile import UnreadableError
from environments.core.yamlfile.scalars import written, written_in_flow

FULL = """\
mapping: {REACT_APP_API: API_INGRESS_URL, OTHER: "${X:-y}"}
defaults:
- {key: LOG_LEVEL, value: info}
- {key: TOKEN, secret: true, value: "hunter2"}
services:
  api:
  - key: WORKERS
    value: 4
  web: []
  db:
"""


def variables(text: str) -> VariablesFile:
    parsed = parse_variables(text)
    assert parsed.file is not None, parsed.problems
    return parsed.file


def problems(text: str) -> list[tuple[str, int, int]]:
    found = parse_variables(text).problems
    return [(each.id, each.place.line, each.place.column) for each in found if each.place]


def test_a_full_file_is_read() -> None:
    assert variables(FULL) == VariablesFile(
        mapping=(
            MappingEntry("REACT_APP_API", "API_INGRESS_URL", 1),
            MappingEntry("OTHER", "${X:-y}", 1),
        ),
        defaults=(
            VariableEntry("LOG_LEVEL", "info", line=3),
            VariableEntry("TOKEN", "hunter2", secret=True, line=4),
        ),
        services={"api": (VariableEntry("WORKERS", "4", line=7),), "web": (), "db": ()},
    )


def test_defaults_may_be_called_envs() -> None:
    assert variables("envs: [{key: A, value: b}]").defaults == (VariableEntry("A", "b", line=1),)


@pytest.mark.parametrize("text", ["", "# nothing\n", "{}", "defaults:\nservices:\nmapping:\n"])
def test_an_empty_file_has_no_variables(text: str) -> None:
    assert variables(text) == VariablesFile()


@pytest.mark.parametrize(
    ("written_as", "text"),
    [
        ("true", "true"),
        ("True", "True"),
        ("yes", "yes"),
        ("010", "010"),
        ("0x1F", "0x1F"),
        ("1.50", "1.50"),
        ("1e3", "1e3"),
        ("null", ""),
        ("~", ""),
        ("", ""),
        ("'null'", "null"),
        ("2026-01-31", "2026-01-31"),
        ("22:22", "22:22"),
        ("'[\"apoc\"]'", '["apoc"]'),
        ("$secrets.aws./x", "$secrets.aws./x"),
        ("|\n    a\n    b", "a\nb\n"),
    ],
)
def test_a_scalar_becomes_text_as_written(written_as: str, text: str) -> None:
    assert variables(f"defaults:\n- key: A\n  value: {written_as}\n").defaults[0].value == text


def test_a_value_of_a_megabyte_less_its_frame_is_read() -> None:
    text = "x" * 1_000_000
    assert variables(f"defaults:\n- key: A\n  value: {text}\n").defaults[0].value == text


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("- 1\n", [("template.expected", 1, 1)]),
        ("defalts: []\n", [("template.unknown-key", 1, 1)]),
        ("defaults: [{key: A, valeu: b}]\n", [("template.unknown-key", 1, 21)]),
        ("defaults: [{value: b}]\n", [("template.required", 1, 12)]),
        ("defaults: [{key: A, value: [b]}]\n", [("template.expected", 1, 28)]),
        ("defaults: [{key: A, secret: yes}]\n", [("template.expected", 1, 29)]),
        ("defaults: [{key: 'A B'}]\n", [("template.expected", 1, 18)]),
        ("defaults: [{key: A=B}]\n", [("template.expected", 1, 18)]),
        ("defaults: [{key: ''}]\n", [("template.expected", 1, 18)]),
        ("services: {api: {A: b}}\n", [("template.expected", 1, 17)]),
        ("services: []\n", [("template.expected", 1, 11)]),
        ("mapping: [A]\n", [("template.expected", 1, 10)]),
        ("mapping: {A: [b]}\n", [("template.expected", 1, 14)]),
        ("mapping: {A B: c}\n", [("variables.name", 1, 11)]),
        ("mapping: {RELEASE_X: c}\n", [("variables.reserved", 1, 11)]),
        ("mapping: {A: b, A: c}\n", [("yaml.duplicate-key", 1, 17)]),
        ("defaults: [{key: RELEASE_X}]\n", [("variables.reserved", 1, 18)]),
        ("services: {a: [{key: RELEASE_X}]}\n", [("variables.reserved", 1, 22)]),
        ("defaults:\n- {key: A}\n- {key: B}\n- {key: A}\n", [("variables.twice", 4, 9)]),
        ("services:\n  a: [{key: A}, {key: A}]\n  b: [{key: A}]\n", [("variables.twice", 2, 23)]),
        ("defaults: []\nenvs: []\n", [("variables.both", 2, 1)]),
        ("defaults: [\n", [("yaml.syntax", 2, 1)]),
        ("defaults\n- key: A\n", [("yaml.colon", 1, 1)]),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, found: list[tuple[str, int, int]]) -> None:
    assert problems(text) == found
    assert parse_variables(text).file is None


def test_a_secret_without_a_value_is_a_warning() -> None:
    text = "defaults:\n- {key: A, secret: true}\n"
    assert problems(text) == [("variables.secret-empty", 2, 3)]
    assert variables(text).defaults == (VariableEntry("A", "", secret=True, line=2),)


def test_no_problem_repeats_a_value() -> None:
    text = (
        "defaults:\n- {key: A, secret: true, value: [hunter2]}\n- {key: A, value: {hunter2: 1}}\n"
    )
    assert all("hunter2" not in each.message for each in parse_variables(text).problems)


SECRETS = """\
# ours
defaults:
- {key: TOKEN, secret: true, value: "hunter2"}  # rotate
- value: hunter3
  key: SECOND
  secret: true
- key: OPEN
  value: plain
services:
  api:
  - key: TOKEN
    value: |
      -----BEGIN-----
      hunter4
    secret: true
"""


def test_secrets_lose_their_value_and_nothing_else_is_touched() -> None:
    shown = without_secret_values(SECRETS)
    assert "hunter" not in shown and "BEGIN" not in shown
    assert shown.splitlines() == [
        "# ours",
        "defaults:",
        "- {key: TOKEN, secret: true}  # rotate",
        "- key: SECOND",
        "  secret: true",
        "- key: OPEN",
        "  value: plain",
        "services:",
        "  api:",
        "  - key: TOKEN",
        "    secret: true",
    ]


def test_a_text_without_secrets_is_shown_as_it_is() -> None:
    assert without_secret_values("defaults: [{key: A, value: b}]") == (
        "defaults: [{key: A, value: b}]"
    )


def test_a_secret_behind_an_alias_does_not_show() -> None:
    text = (
        "defaults: &d\n- {key: A, secret: true, value: &v hunter2}\n"
        "- {key: B, secret: true, value: *v}\nservices: {api: *d}\n"
    )
    assert "hunter" not in without_secret_values(text)


def test_what_cannot_be_read_is_not_shown() -> None:
    with pytest.raises(UnreadableError):
        without_secret_values("defaults: [hunter2")


def test_a_secret_saved_without_value_keeps_its_stored_one() -> None:
    shown = without_secret_values(SECRETS)
    saved = variables(with_stored_secrets(shown, SECRETS))
    assert values(saved) == values(variables(SECRETS))


def values(file: VariablesFile) -> list[tuple[str, str, str, bool]]:
    lists = {"": file.defaults, **file.services}
    return [(name, each.key, each.value, each.secret) for name in lists for each in lists[name]]


@pytest.mark.parametrize(
    ("new", "stored", "saved"),
    [
        ("envs: [{key: A, secret: true}]", "defaults: [{key: A, value: x, secret: true}]", "x"),
        (
            "defaults: [{key: A, secret: true, value: y}]",
            "defaults: [{key: A, value: x, secret: true}]",
            "y",
        ),
        (
            "defaults: [{key: A, secret: true, value: }]",
            "defaults: [{key: A, value: x, secret: true}]",
            "x",
        ),
        (
            "defaults: [{key: A, secret: true, value: ''}]",
            "defaults: [{key: A, value: x, secret: true}]",
            "",
        ),
        (
            "defaults: [{key: A, secret: true}]",
            "defaults: [{key: A, value: 010, secret: true}]",
            "010",
        ),
        (
            "defaults: [{key: A, secret: true}]",
            "services: {a: [{key: A, value: x, secret: true}]}",
            "",
        ),
        ("defaults: [{key: B, secret: true}]", "defaults: [{key: A, value: x, secret: true}]", ""),
        ("defaults: [{key: A}]", "defaults: [{key: A, value: x, secret: true}]", ""),
        ("defaults: [{key: A, secret: true}]", "", ""),
    ],
)
def test_the_stored_value_is_that_of_the_same_key_in_the_same_list(
    new: str, stored: str, saved: str
) -> None:
    assert variables(with_stored_secrets(new, stored)).defaults[0].value == saved


@pytest.mark.parametrize("text", ["defaults: [", "a: 1\na: 2\n", "defaults\n- {key: A}\n"])
def test_a_text_that_cannot_be_read_is_left_for_the_reader_to_refuse(text: str) -> None:
    assert with_stored_secrets(text, SECRETS) == text
    assert parse_variables(text).file is None


SECRET_VALUES = st.text(min_size=1, max_size=30).filter(lambda text: "\0" not in text)


@given(st.lists(SECRET_VALUES, min_size=1, max_size=4), st.booleans())
def test_hiding_and_filling_gives_every_secret_back(secrets: list[str], in_flow: bool) -> None:
    lines = ["services:", "  api:"]
    for number, secret in enumerate(secrets):
        if in_flow:
            lines.append(f"  - {{value: {written_in_flow(secret)}, key: K{number}, secret: true}}")
        else:
            lines += [
                f"  - key: K{number}",
                f"    value: {written(secret)} # k",
                "    secret: true",
            ]
    text = "\n".join(lines)
    shown = without_secret_values(text)
    assert "value" not in shown
    assert values(variables(with_stored_secrets(shown, text))) == values(variables(text))


@pytest.mark.parametrize("key", ["80", "007", "+8"])
def test_a_key_of_digits_leads_to_its_place(key: str) -> None:
    (problem,) = parse_variables(f"services:\n  api: []\n  '{key}': 5\n").problems
    assert problem.message.startswith(f"services.{key} must be a list, and is 5.")
    assert problem.place is not None
    assert problem.place.line == 3


def test_an_empty_key_is_refused_where_it_stands() -> None:
    (problem,) = parse_variables("services:\n  '': [{key: A, wrong: 1}]\n").problems
    assert problem.message == "A key is empty. Give it a name, or take it out."
    assert problem.place is not None
    assert (problem.place.line, problem.place.column) == (2, 3)

"""Compose files: what is refused, and what holds for every one of them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from environments.core.compose import Proposal, is_compose, proposal
from environments.core.problems import Level, has_errors
from environments.core.template import parse_application_template
from environments.core.variables.file import parse_variables
from environments.core.yamlfile import Plain, written_out

HEAD = "services:\n  web:\n    image: x\n"


def made(text: str | bytes, **files: bytes) -> Proposal:
    """What it becomes in a repository that has these files."""
    return proposal(text, file="docker-compose.yml", name="shop", files=files.get)


def errors(text: str) -> list[str]:
    """The errors, each behind its line."""
    return [
        f"{one.place and one.place.line} {one.id}"
        for one in made(text).problems
        if one.level is Level.ERROR
    ]


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("", ["1 template.expected"]),
        ("services: {}\n", ["1 compose.no-services"]),
        ("services: [a]\n", ["1 template.expected"]),
        ("services:\n  web: text\n", ["2 template.expected"]),
        ("services:\n  web: {}\n", ["2 compose.no-source"]),
        ("services:\n  web:\n    build: ../web\n", ["3 compose.outside"]),
        ("services:\n  web:\n    build: https://git.test/x.git#main\n", ["3 compose.outside"]),
        ("services:\n  web:\n    build: {dockerfile: ../../x}\n", ["3 compose.outside"]),
        (
            f"{HEAD}    ports: 80\n    environment: A\n",
            ["4 template.expected", "5 template.expected"],
        ),
        (f"{HEAD}    command: ${{A\n", ["4 compose.dollar"]),
        (f"{HEAD}    command: $ 5\n", ["4 compose.dollar"]),
        (f"{HEAD}    command: ${{1}}\n", ["4 compose.dollar"]),
        (f"{HEAD}    command: ${{A/b}}\n", ["4 compose.dollar"]),
        (f"{HEAD}    command: {'${A:-' * 30}{'}' * 30}\n", ["4 compose.dollar"]),
        (f"{HEAD}    image: y\n", ["4 yaml.duplicate-key"]),
        (f"{HEAD}    <<: [1]\n", ["4 yaml.merge-value"]),
        (f"{HEAD}    volumes: !reset []\n", ["4 yaml.tag"]),
        (
            "services:\n  a: {image: x, depends_on: [b]}\n  b: {image: x, depends_on: [a]}\n",
            ["2 compose.circle"],
        ),
    ],
    ids=lambda each: repr(each)[:40],
)
def test_what_cannot_become_a_template_is_refused_with_its_line(
    text: str, wrong: list[str]
) -> None:
    proposed = made(text)
    assert errors(text) == wrong
    assert (proposed.template, proposed.variables) == ("", "")


@pytest.mark.parametrize(
    ("text", "file", "expected"),
    [
        (HEAD, "x.yaml", True),
        ("services:\n- name: web\n", "x.yaml", False),
        ("services:\n- name: web\n", "docker-compose.yml", False),
        # somebody forgot the dashes of a template
        (f"app: shop\n{HEAD}", "x.yaml", False),
        (f"{HEAD}secrets: {{a: {{file: b}}}}\n", "x.yaml", True),
        ("x: 1\n", "x.yaml", False),
        ("x: 1\n", "/srv/shop/compose.yaml", True),
        ("x: 1\n", "docker-compose.dev.yml", True),
        ("x: 1\n", "decompose.yaml", False),
        ("a: [", "compose.yaml", True),
        ("a: [", "x.yaml", False),
        ("", "x.yaml", False),
    ],
)
def test_a_compose_file_is_known_by_its_services_else_by_its_name(
    text: str, file: str, expected: bool
) -> None:
    assert is_compose(text, file=file) is expected


def test_a_key_that_a_merge_brings_twice_is_there_once() -> None:
    text = "x-a: &a {image: one}\nservices:\n  web:\n    <<: [*a, *a]\n    <<: *a\n"
    assert "image: one" in made(text).template


def test_what_one_place_says_of_several_services_is_said_once() -> None:
    services = "".join(f"  s{number}: *a\n" for number in range(6))
    (said,) = made(f"x-a: &a {{image: one, tty: true}}\nservices:\n{services}").problems
    assert said.message.startswith("tty of s0, s1, s2 and 3 more has no counterpart.")


def test_very_many_of_anything_take_no_time_that_grows_with_their_square() -> None:
    mounts = "".join(f"    - /a{'-' * (n % 50)}/{'_' * (n // 50)}\n" for n in range(5000))
    services = "".join(
        f"  s{n}: {{image: x, depends_on: {{s{n + 1}: {{condition: {_ENDED}}}}}}}\n"
        for n in range(5000)
    )
    text = f"services:\n  s5000:\n    image: x\n    volumes:\n{mounts}{services}"
    assert made(text).template.count("mount_path") == 5000


def test_of_very_many_files_some_are_looked_at() -> None:
    asked: list[str] = []
    paths = "".join(f"    - ./f{n}:/f{n}\n" for n in range(1000))
    proposal(f"{HEAD}    volumes:\n{paths}", file="compose.yaml", files=asked.append)
    assert len(asked) == 200


def test_a_reference_of_kubernetes_in_a_command_stays_text() -> None:
    assert "echo $$(HOSTNAME)" in made(f"{HEAD}    command: [echo $$(HOSTNAME)]\n").template


_WORDS = """
web db a_b all 80 007 8080:80 ./x . x:/y /y ${A} ${A:-b} 5s 512m 0.5 A=b A é RELEASE_X CMD
"""
_ENDED = "service_completed_successfully"
WORDS = st.sampled_from(("", " ", _ENDED, *_WORDS.split()))
SCALARS = WORDS | st.integers(-1, 70000) | st.booleans() | st.none() | st.text(max_size=4)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=6,
)
NAMES = WORDS.filter(bool)
LISTS = st.lists(WORDS, max_size=3)
AMOUNTS = st.fixed_dictionaries({}, optional={"cpus": SCALARS, "memory": SCALARS})
KEYS = {
    "build": st.just(".") | st.fixed_dictionaries({"context": st.just("x"), "args": LISTS}),
    "command": WORDS | LISTS,
    "entrypoint": WORDS | LISTS,
    "environment": LISTS | st.dictionaries(NAMES, SCALARS, max_size=3),
    "env_file": WORDS | LISTS,
    "ports": LISTS,
    "expose": LISTS,
    "volumes": st.lists(
        st.sampled_from(["./x:/y", "x:/y", "web:/z", "/y", "/y-", "x", "a b:/q", "é:/r"]),
        max_size=4,
    ),
    "tmpfs": WORDS | LISTS,
    "depends_on": st.dictionaries(
        NAMES,
        st.fixed_dictionaries({"condition": st.sampled_from(["", _ENDED])}),
        max_size=2,
    ),
    "healthcheck": st.fixed_dictionaries({"test": WORDS | LISTS, "interval": WORDS}),
    "deploy": st.fixed_dictionaries({"resources": st.fixed_dictionaries({"limits": AMOUNTS})}),
    "mem_limit": SCALARS,
    "scale": SCALARS,
    "secrets": LISTS,
    "profiles": LISTS,
    "user": SCALARS,
}
SERVICES = st.fixed_dictionaries({"image": WORDS | st.just("redis")}, optional=KEYS)
RIGHT = st.fixed_dictionaries(
    {"services": st.dictionaries(NAMES, SERVICES, min_size=1, max_size=4)},
    optional={"volumes": st.just({"x": None}), "secrets": st.just({"x": {"file": "x"}})},
)
WRONG = st.fixed_dictionaries(
    {"services": st.dictionaries(WORDS, st.dictionaries(st.sampled_from([*KEYS]), VALUES)) | VALUES}
)


@settings(max_examples=300, deadline=None)
@given(RIGHT | WRONG)
def test_whatever_it_says_there_is_an_error_or_a_template_without_one(value: Plain) -> None:
    proposed = made(written_out(value), x=b"A=1\n", **{".env": b"A=c\n"})
    if has_errors(proposed.problems):
        assert (proposed.template, proposed.variables) == ("", "")
        return
    template = parse_application_template(proposed.template)
    assert not has_errors(template.problems), proposed.template
    assert template.template is not None
    variables = parse_variables(proposed.variables)
    assert not has_errors(variables.problems), proposed.variables
    names = {service.name for service in template.template.services}
    assert variables.file is not None
    assert set(variables.file.services) <= names

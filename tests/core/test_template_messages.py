"""What the author of a template reads: the place, the reason and the next step of each slip."""

import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from environments.core.problems import has_errors
from environments.core.template import APPLICATION_SCHEMA, parse_application_template
from environments.core.yamlfile.scalars import written_in_flow


def said(text: str) -> list[str]:
    """Every problem as ``line:column message``."""
    found = parse_application_template(text).problems
    return [f"{one.place.line}:{one.place.column} {one.message}" for one in found if one.place]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "app_imports:\n- backend\n",
            "2:3 app_imports[0] must be a mapping, and is backend. Did you mean name: backend?",
        ),
        (
            "app_imports:\n- name:backend\n",
            "2:3 app_imports[0] must be a mapping, and is name:backend. "
            "Write name: backend, with a colon and a blank behind the key.",
        ),
        (
            "app_imports:\n- name: backend\n  branch:main\n",
            "3:3 branch and its value run together. Write a blank behind the colon: branch: main.",
        ),
        (
            "app_imports:\n- name: backend\n   branch: main\n",
            "3:4 branch stands further to the right than the keys that it could belong to. "
            "Line it up with them; text that goes on from the line above needs quotes.",
        ),
        (
            "app_imports:\n- name: backend\n  branch main\n",
            "3:3 The file cannot be read as YAML: a line that is neither a key with its colon nor "
            "an item with its dash. Correct this line.",
        ),
        (
            "services:\n  web:\n    image: x\n",
            "2:3 services must be a list, and is a mapping. "
            "Begin each item with a dash and a blank.",
        ),
        ("services:\n-name: web\n", "2:1 -name is not a key. Write a blank behind the dash."),
        (
            "services:\n- name: web\n  command: npm start\n",
            "3:12 services.web.command must be a list, and is npm start. "
            "Write each item on a line of its own, behind a dash and a blank.",
        ),
        (
            "services:\n- name: web\n  ports: [80]\n",
            "3:11 services.web.ports[0] must be a mapping, and is 80. "
            "Write its keys, each with a colon and a value: type.",
        ),
        (
            "services:\n- name: web\n  ports: [{type: nodeport, port: 80}]\n",
            "3:18 services.web.ports[0].type must be one of node_port, container_port, and is "
            "nodeport. Did you mean node_port?",
        ),
        (
            "services:\n- name: web\n  envs: [{key: A B, value: x}]\n",
            "3:16 services.web.envs[0].key must be the name of a variable, without blanks and =, "
            "and is A B. Correct it.",
        ),
        (
            'parallelize_app_imports: "true"\n',
            '1:26 parallelize_app_imports must be true or false, and is "true". '
            "Take the quotes away.",
        ),
        ("auto_deploy: no\n", "1:14 auto_deploy must be true or false, and is no. Write false."),
        (
            'services:\n- name: ""\n',
            '2:9 services[0].name must be a name without blanks, and is "". Correct it.',
        ),
        (
            'services:\n- name: web\n  replicas: "2000"\n',
            '3:13 services.web.replicas must be a whole number from 0 to 1000, and is "2000". '
            "Correct it.",
        ),
        (
            "",
            "1:1 the file must be a mapping, and is empty. "
            "Begin with a key and a colon, such as services:.",
        ),
        (
            "services:\n- name: web\nimage: nginx\n",
            "3:1 image is not a key. image belongs to a service: indent it below one.",
        ),
        (
            "services:\n- name: web\n  hostnames: []\n",
            "3:3 hostnames is not a key of services.web. "
            "hostnames belongs to the top of the file: take its indentation out.",
        ),
        (
            "ingress: {proxy-body-size: 1m}\n",
            "1:11 proxy-body-size is not a key of ingress. Did you mean proxy_body_size?",
        ),
        (
            "ingress: {affinity: cookie}\n",
            "1:11 affinity is not a key of ingress. Known keys: proxy_….",
        ),
        (
            "rules: [{service: w, hostnames: [x], path: api}]\nservices: [{name: w}]\n",
            "1:44 rules[0].path must be a path that begins with /, and is api. Correct it.",
        ),
        (
            "services: [{name: w, command: [${X}]}]\n",
            "1:32 The file cannot be read as YAML: ${ between { } or [ ]; put the text in quotes. "
            "Correct this line.",
        ),
        (
            "app: 'it's'\n",
            "1:10 The file cannot be read as YAML: text behind a closing quote; a single quote in "
            "single quotes is doubled. Correct this line.",
        ),
        (
            'app: x\nrepo_name: "y\nservices: []\n',
            "2:12 The file cannot be read as YAML: a quote that is never closed. "
            "Correct this line.",
        ),
        (
            "app_imports:\n- name: b\n  ignore_deployment_refs:\n  - *.x\n",
            "4:5 The file cannot be read as YAML: * begins an alias; text that begins with * needs "
            "quotes. Correct this line.",
        ),
        (
            "services: [{name: w}]]\n",
            "1:22 The file cannot be read as YAML: a ] that closes nothing. Correct this line.",
        ),
    ],
    ids=lambda each: repr(each)[:40],
)
def test_a_slip_is_explained_where_it_was_made(text: str, message: str) -> None:
    assert message in said(text)


def test_values_that_run_into_their_keys_do_not_hide_the_rest() -> None:
    text = "services:\n- name: web\n  image:nginx\n  replicas:2\n  foo: 1\n"
    assert [line.split(" ")[0] for line in said(text)] == ["3:3", "4:3", "5:3"]


@pytest.mark.parametrize("amount", ["0x10", "0o17", ".5", "1e3", "+1", "1.", "-0"])
def test_any_number_may_be_a_quantity(amount: str) -> None:
    text = f"services:\n- name: web\n  cpu: {{limits: {amount}, requests: {amount}}}\n"
    assert parse_application_template(text).template is not None


def test_a_number_in_quotes_may_have_any_zeros_in_front() -> None:
    port = '{type: node_port, port: "0000000080"}'
    template = parse_application_template(f"services: [{{name: w, ports: [{port}]}}]").template
    assert template is not None and template.services[0].ports[0].port == 80


def test_a_probe_may_write_its_path_without_a_slash() -> None:
    text = "services: [{name: w, readiness_probe: {http_get: {port: 80, path: health}}}]"
    template = parse_application_template(text).template
    assert template is not None
    probe = template.services[0].readiness_probe
    assert probe is not None and probe.path == "/health"


def keys_of(schema: object) -> set[str]:
    """Every key that the schema names anywhere."""
    if isinstance(schema, list):
        return {key for each in schema for key in keys_of(each)}
    if not isinstance(schema, dict):
        return set()
    named = schema.get("properties", {})
    return {*named, *(key for each in schema.values() for key in keys_of(each))}


KEYS = st.sampled_from(sorted(keys_of(APPLICATION_SCHEMA)))
SCALARS = st.sampled_from(
    [
        *(None, True, False, 0, -1, 80, 1.5, "", " ", "80", "1Gi", "all", "web", "/", "a.b"),
        *("${parameters.x}", "services.all", "release.remove_environment"),
        *("setup", "ephemeral", "node_port"),
    ]
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


def flow(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {flow(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(flow, value)) + "]"
    assert value is None or isinstance(value, str | int | float)
    return written_in_flow(value)


@given(st.dictionaries(KEYS, VALUES, max_size=5))
def test_known_keys_with_any_values_are_read_or_refused(value: dict[str, object]) -> None:
    parsed = parse_application_template(flow(value))
    assert (parsed.template is None) == has_errors(parsed.problems)
    assert all(problem.place is not None for problem in parsed.problems)


def test_the_work_for_a_file_grows_with_its_size_and_no_faster() -> None:
    """A file of the greatest size that is wrong in every line must not hold a worker for long."""

    def lines_run(count: int) -> int:
        text = "".join(f"k{number}: 1\n" for number in range(count))
        run = 0

        def note(*_: object) -> Any:
            nonlocal run
            run += 1
            return note

        before = sys.gettrace()
        sys.settrace(note)
        try:
            problems = parse_application_template(text).problems
        finally:
            sys.settrace(before)
        assert len(problems) == count
        return run

    assert lines_run(2_000) < 12 * lines_run(200)

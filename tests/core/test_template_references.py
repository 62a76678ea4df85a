"""What a template says about its own parts is held against them when it is saved."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from environments.core.problems import Level
from environments.core.template import parse_application_template
from environments.core.template.references import on_circle


def found(text: str, level: Level = Level.WARNING) -> list[tuple[str, int, int]]:
    problems = parse_application_template(text).problems
    return [
        (one.id, one.place.line, one.place.column)
        for one in problems
        if one.level is level and one.place
    ]


def errors(text: str) -> list[tuple[str, int, int]]:
    return found(text, Level.ERROR)


def test_a_circle_of_services_is_told_at_its_first_arrow() -> None:
    text = (
        "services:\n- name: first\n  depends_on: [a]\n- name: a\n  depends_on: [end, b]\n"
        "- name: b\n  depends_on: [a]\n- name: end\n"
    )
    assert found(text) == [("template.depends-circle", 5, 21)]
    assert "in a circle: a, b." in parse_application_template(text).problems[0].message


def test_a_service_that_needs_itself_is_a_circle() -> None:
    text = "services: [{name: a, depends_on: [a]}]\n"
    assert found(text) == [("template.depends-circle", 1, 35)]


ARROWS = st.dictionaries(
    st.sampled_from("abcdef"), st.sets(st.sampled_from("abcdefx"), max_size=3), max_size=6
)


@given(ARROWS)
def test_on_a_circle_is_who_lies_between_two_circles_or_on_one(waits: dict[str, set[str]]) -> None:
    def reached(start: str, arrows: dict[str, set[str]]) -> set[str]:
        seen: set[str] = set()
        ahead = set(arrows.get(start, ()))
        while ahead:
            one = ahead.pop()
            if one not in seen:
                seen.add(one)
                ahead |= arrows.get(one, set())
        return seen

    back = {name: {other for other in waits if name in waits[other]} for name in waits}
    circular = {name for name in waits if name in reached(name, waits)}
    assert on_circle(waits) == {
        name
        for name in waits
        if ({name} | reached(name, waits)) & circular and ({name} | reached(name, back)) & circular
    }


@pytest.mark.parametrize(
    ("service", "expected"),
    [
        ("{name: web}", [("template.host-port", 1, 15)]),
        ("{name: web, ports: []}", [("template.host-port", 1, 15)]),
        ("{name: web, ports: [{type: node_port, port: 80}]}", []),
        ("{name: web, static: true}", []),
    ],
)
def test_a_host_of_a_service_without_a_port_exposes_nothing(
    service: str, expected: list[tuple[str, int, int]]
) -> None:
    assert found(f"hostnames: [{{ web: x.y }}]\nservices: [{service}]\n") == expected
    assert [
        one[0]
        for one in found(f"rules: [{{service: web, hostnames: [x.y]}}]\nservices: [{service}]\n")
    ] == [one[0] for one in expected]


WEB = "services: [{name: web, ports: [{type: node_port, port: 80}]}]\n"


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("web-${env_id}.${domain}", []),
        ("${app_name}-${env_name}.${domain}", []),
        ("Web.Example.COM", []),
        ("web.${domian}", ["template.host-placeholder"]),
        ("http://web.${domain}", ["template.host-name"]),
        ("web.${domain}/path", ["template.host-name"]),
        ("web..${domain}", ["template.host-name"]),
        ("w_b.${domain}", ["template.host-name"]),
        ("*.${domain}", ["template.host-name"]),
        ("web.${domain}:8080", ["template.host-name"]),
    ],
)
def test_a_pattern_that_cannot_become_a_host_is_told_at_its_place(
    pattern: str, expected: list[str]
) -> None:
    assert found(f"hostnames:\n- web: '{pattern}'\n{WEB}") == [(id_, 2, 8) for id_ in expected]
    text = f"rules:\n- service: web\n  hostnames: [a.b, '{pattern}']\n{WEB}"
    assert found(text) == [(id_, 3, 20) for id_ in expected]


def test_a_placeholder_that_nothing_fills_is_answered_with_the_nearest() -> None:
    text = f"hostnames:\n- web: web.${{domian}}\n{WEB}"
    (problem,) = parse_application_template(text).problems
    assert problem.message == "Nothing fills ${domian} in a host name. Did you mean domain?"


@pytest.mark.parametrize(
    ("parameter", "wrong"),
    [
        ("type: integer, default: 3", False),
        ("type: integer, default: '-3'", False),
        ("type: integer, default: 1.5", True),
        ("type: integer, default: many", True),
        ("type: integer, default: ''", False),
        ("type: integer", False),
        ("type: boolean, default: yes", True),
        ("type: boolean, default: True", False),
        ("type: string, default: 3", False),
    ],
)
def test_a_default_is_of_the_type_of_its_parameter(parameter: str, wrong: bool) -> None:
    text = f"parameters:\n- {{name: p, {parameter}}}\n"
    assert [one[0] for one in errors(text)] == ["template.default-type"] * wrong


def test_a_volume_has_its_own_name_and_its_own_path() -> None:
    text = (
        "services:\n- name: w\n  volumes:\n  - {name: a, mount_path: /a}\n"
        "  - {name: a, mount_path: /b}\n  - {name: c, mount_path: /b}\n"
    )
    assert errors(text) == [("template.twice", 5, 12), ("template.mount-twice", 6, 27)]


def test_two_services_may_call_their_volumes_alike() -> None:
    volume = "volumes: [{name: a, mount_path: /a}]"
    assert errors(f"services:\n- {{name: w, {volume}}}\n- {{name: v, {volume}}}\n") == []


def test_a_claim_names_a_shared_volume() -> None:
    text = (
        "shared_volumes: [{name: models}]\nservices:\n- name: w\n  volumes:\n"
        "  - {claim: models, mount_path: /a}\n  - {claim: modles, mount_path: /b}\n"
    )
    assert found(text) == [("template.claim-unknown", 6, 13)]
    assert parse_application_template(text).problems[0].message.endswith("Did you mean models?")


@pytest.mark.parametrize("path", ["..", "../x", "a/../../x", "/", "/etc"])
def test_a_path_that_leads_out_of_the_repository_is_an_error(path: str) -> None:
    text = f"services:\n- name: w\n  build: {{context: {path}}}\n"
    assert errors(text) == [("template.outside", 3, 20)]
    text = f"services:\n- name: w\n  configmap: [{{repo_path: {path}, mount_path: x}}]\n"
    assert errors(text) == [("template.outside", 3, 27)]


@pytest.mark.parametrize("path", [".", "./", "a", "a/../b", "..a", "a/.."])
def test_a_path_below_the_root_is_none(path: str) -> None:
    assert errors(f"services:\n- name: w\n  build: {{context: {path}}}\n") == []


@pytest.mark.parametrize(
    ("amounts", "above"),
    [
        ("limits: 1Gi, requests: 2Gi", True),
        ("limits: 1, requests: 1001m", True),
        ("limits: 1000m, requests: 1", False),
        ("limits: 1Gi, requests: 1G", False),
        ("requests: 5", False),
    ],
)
def test_a_request_above_its_own_limit_is_told(amounts: str, above: bool) -> None:
    row = f"- {{name: w, cpu: {{{amounts}}}}}\n"
    place = (2, row.index("requests: ") + len("requests: ") + 1)
    expected = [("template.request-above-limit", *place)] * above
    assert found(f"services:\n{row}") == expected
    told = found(f"resources: {{cpu: {{{amounts}}}}}\n")
    assert [one[0] for one in told] == [one[0] for one in expected]


def test_an_entry_changes_each_service_once_and_in_one_way() -> None:
    text = (
        "services: [{name: api}]\nenvironment_templates:\n- name: ephemeral\n  services:\n"
        "  - {name: api, replicas: 2}\n  - {name: api, replicas: 3}\n"
        "  - {name: new, add: true, remove: true}\n"
    )
    assert errors(text) == [("template.twice", 6, 12), ("template.add-and-remove", 7, 28)]


def test_a_job_of_a_service_that_is_no_name_is_told_once() -> None:
    assert errors("jobs: [{name: j, from_services: [a]}]\n") == [("template.expected", 1, 33)]


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (
            "services: [{name: w, ports: [{type: node_port, port: 1, loadbalancer: true}]}]\n",
            "loadbalancer",
        ),
    ],
)
def test_what_nothing_carries_out_yet_is_told_when_saved_and_not_in_each_plan(
    text: str, key: str
) -> None:
    parsed = parse_application_template(text)
    assert [one.id for one in parsed.problems] == ["template.not-followed"]
    assert parsed.problems[0].message.startswith(f"{key} is read and not followed yet.")
    assert parsed.template is not None and parsed.template.tunes == ()
    assert parse_application_template(text.replace("true", "false")).problems == ()


@pytest.mark.parametrize(
    ("ports", "twice"),
    [
        ("{type: node_port, port: 80, target_port: 1}, {type: node_port, port: 80}", True),
        (
            "{type: node_port, target_port: 80}, {type: node_port, port: '80', target_port: 81}",
            True,
        ),
        ("{type: node_port, port: 80}, {type: container_port, target_port: '080'}", False),
        ("{type: node_port, port: 80, target_port: 1}, {type: node_port, port: 81}", False),
    ],
)
def test_a_port_leads_to_one_place(ports: str, twice: bool) -> None:
    text = f"services:\n- name: w\n  ports: [{ports}]\n"
    assert [one[0] for one in found(text)] == ["template.port-twice"] * twice


@pytest.mark.parametrize(
    "key", ["workspaces", "secrets", "s3_volumes", "custom_links", "development_environment"]
)
def test_what_is_not_described_is_a_list_or_a_mapping_all_the_same(key: str) -> None:
    assert errors(f"{key}: text\n") == [("template.expected", 1, len(key) + 3)]
    inside = "{a: [{b: 1}]}"
    assert errors(f"{key}: {inside if key == 'development_environment' else f'[{inside}]'}\n") == []

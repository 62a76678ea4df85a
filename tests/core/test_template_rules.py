"""What a schema cannot say: names that must exist, once, and not be reserved."""

import pytest

from environments.core.problems import Level
from environments.core.template import Parsed, merged_template, parse_application_template

TOP = "services:\n- {name: api, image: x}\n- {name: web, image: x}\n"


def found(text: str, level: Level, application: str = "") -> list[tuple[str, int, int]]:
    parsed = parse_application_template(text, application=application)
    return [
        (each.id, each.place.line, each.place.column)
        for each in parsed.problems
        if each.level is level and each.place
    ]


def errors(text: str, application: str = "") -> list[tuple[str, int, int]]:
    return found(text, Level.ERROR, application)


def warnings(text: str) -> list[tuple[str, int, int]]:
    return found(text, Level.WARNING)


def test_a_self_import_is_an_error_at_its_line() -> None:
    text = "app_imports:\n- name: b\n- name: shop\n"
    assert errors(text, "shop") == [("template.self-import", 3, 9)]
    assert errors(f"{text}app: shop\n") == [("template.self-import", 3, 9)]
    assert errors(f"{text}app: shop\n", "other") == []


def test_the_same_application_twice_is_an_error_at_its_line() -> None:
    text = "app_imports:\n- name: b\n- name: c\n- name: b\n"
    assert errors(text) == [("template.import-twice", 4, 9)]
    assert "line 2" in parse_application_template(text).problems[0].message


@pytest.mark.parametrize(
    "key",
    ["services", "jobs", "parameters", "charts", "infrastructure", "shared_volumes", "builds"],
)
def test_a_name_stands_once_in_its_list(key: str) -> None:
    image = ", image: x" if key in ("services", "jobs") else ""
    image = ", directory: x" if key == "charts" else image
    assert errors(f"{key}:\n- {{name: a{image}}}\n- {{name: a{image}}}\n") == [
        ("template.twice", 3, 10)
    ]


def test_what_an_alias_says_again_is_told_where_the_alias_stands() -> None:
    text = "services:\n- &w {name: web, image: x}\n- *w\n"
    assert errors(text) == [("template.twice", 3, 3)]
    assert "line 2" in parse_application_template(text).problems[0].message


def test_a_job_may_bear_the_name_of_a_service() -> None:
    assert errors(f"{TOP}jobs:\n- {{name: api, image: x}}\n") == []


def test_a_type_stands_once_in_environment_templates() -> None:
    text = "environment_templates:\n- name: ephemeral\n- name: ephemeral\n"
    assert errors(text) == [("template.twice", 3, 9)]


def test_depending_on_what_the_template_does_not_have_is_a_warning() -> None:
    text = "services:\n- name: api\n  depends_on: [web, wbe, cache]\n- name: web\n"
    assert errors(text) == []
    assert warnings(text) == [
        ("template.depends-unknown", 3, 21),
        ("template.depends-unknown", 3, 26),
    ]
    messages = [each.message for each in parse_application_template(text).problems]
    assert "Did you mean web?" in messages[0]
    assert "An import has to bring it." in messages[1]


def test_a_host_of_an_unknown_service_is_a_warning() -> None:
    text = f"{TOP}hostnames:\n- wev: x\nrules:\n- {{service: y, hostnames: [z]}}\n"
    assert warnings(text) == [
        ("template.host-unknown", 5, 3),
        ("template.host-unknown", 7, 13),
    ]


@pytest.mark.parametrize(
    ("job", "found"),
    [
        ("{name: j}", [("template.job-source", 5, 3)]),
        ("{name: j, command: [x]}", [("template.job-source", 5, 3)]),
        ("{name: j, has_repo: false}", [("template.job-source", 5, 3)]),
        ("{name: j, from_services: nope}", [("template.job-service", 5, 28)]),
        ("{name: j, from_services: api}", []),
        ("{name: j, image: x}", []),
        ("{name: j, has_repo: true}", []),
        ("{name: j, build: {context: .}}", []),
    ],
)
def test_a_job_needs_something_to_run(job: str, found: list[tuple[str, int, int]]) -> None:
    assert errors(f"{TOP}jobs:\n- {job}\n") == found


@pytest.mark.parametrize("key", ["services", "jobs"])
def test_reserved_variables_are_refused_in_envs(key: str) -> None:
    text = f"{key}:\n- name: a\n  image: x\n  envs:\n  - key: RELEASE_ENV_ID\n    value: x\n"
    assert errors(text) == [("variables.reserved", 5, 10)]


def test_a_variable_that_is_set_twice_is_a_warning() -> None:
    text = "services:\n- name: a\n  envs:\n  - {key: A}\n  - {key: A}\n"
    assert warnings(text) == [("template.variable-twice", 5, 11)]


def test_all_is_no_name() -> None:
    assert errors("services:\n- name: all\n") == [("template.name-all", 2, 9)]


@pytest.mark.parametrize(
    "probe", ["{period_seconds: 1}", "{exec: {command: [x]}, tcp_socket: {port: 1}}"]
)
def test_a_probe_asks_in_one_way(probe: str) -> None:
    text = f"services:\n- name: a\n  readiness_probe: {probe}\n"
    assert errors(text) == [("template.probe", 3, 20)]


def test_a_schedule_that_nothing_can_follow_is_an_error() -> None:
    text = "cron_jobs:\n- {name: report, image: x, schedule: hourly}\n"
    assert errors(text) == [("template.schedule", 2, 38)]


def test_a_deprecated_key_is_a_warning() -> None:
    assert warnings("services: []\nmode: development\n") == [("template.deprecated", 2, 1)]


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("infrastructure: [{name: x}]", "infrastructure"),
        ("workspaces: [{anything: [1]}]", "workspaces"),
        ("secrets: {a: b}", "secrets"),
        ("s3_volumes: [{a: b}]", "s3_volumes"),
        ("services: [{name: x, secrets_from: [a]}]", "secrets_from"),
        ("services: [{name: x, workspaces: [a]}]", "workspaces"),
    ],
)
def test_what_would_have_to_run_and_does_not_is_named(text: str, key: str) -> None:
    parsed = parse_application_template(text)
    assert parsed.template is not None
    assert [(each.key, each.line) for each in parsed.template.unsupported] == [(key, 1)]
    assert [each.message for each in parsed.problems if each.id == "template.not-deployed"] == [
        f"{key} {'is' if key == 'infrastructure' else 'are'} not deployed yet. "
        "What needs them does not run in an environment."
    ]


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("ingress: {proxy_body_size: 1m}", "ingress"),
        ("node_selector: [{key: a, value: b}]", "node_selector"),
        ("custom_links: [{name: a, url: b}]", "custom_links"),
        ("development_environment: {a: 1}", "development_environment"),
        ("service_accounts: [{name: a, cloud_role: b}]", "service_accounts"),
        ("git_fetch_depth: 3", "git_fetch_depth"),
        ("execution_type: runnable", "execution_type"),
        ("services: [{name: x, autoscale: {max_replicas: 3}}]", "autoscale"),
        ("services: [{name: x, registry: y}]", "registry"),
        (
            "services: [{name: x, static: true}]\n"
            "rules: [{service: x, hostnames: [y], visibility: private}]",
            "visibility",
        ),
    ],
)
def test_what_only_tunes_is_named(text: str, key: str) -> None:
    parsed = parse_application_template(text)
    assert parsed.template is not None
    assert parsed.template.unsupported == ()
    assert [each.key for each in parsed.template.tunes] == [key]
    on_one = key in ("autoscale", "ingress", "node_selector", "service_accounts")
    said = "template.one-engine" if on_one else "template.not-followed"
    assert [each.id for each in parsed.problems] == [said]


@pytest.mark.parametrize("key", ["charts", "secrets", "ingress", "workspaces"])
def test_an_empty_list_or_mapping_asks_for_nothing(key: str) -> None:
    empty = "{}" if key == "ingress" else "[]"
    assert parse_application_template(f"{key}: {empty}\n").problems == ()


def test_datasets_are_named() -> None:
    text = "environment_templates:\n- name: ephemeral\n  datasets: [{name: x}]\n"
    assert warnings(text) == [("template.not-deployed", 3, 3)]


def workflow_errors(text: str) -> list[tuple[str, int, int]]:
    jobs = "jobs:\n- {name: seed, image: x}\n"
    return errors(f"{TOP}{jobs}workflows:\n{text}")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("- {name: setup, order_from: [services.all, jobs.all, jobs.seed]}", []),
        ("- {name: setup, parallelize: [{step: a, tasks: [services.api, charts.all]}]}", []),
        ("- {name: setup, order_from: [services.apo]}", [("template.task-unknown", 7, 30)]),
        ("- {name: setup, order_from: [jobs.web]}", [("template.task-unknown", 7, 30)]),
        ("- {name: setup, order_from: [api]}", [("template.task-unknown", 7, 30)]),
        ("- {name: setup, order_from: [infrastructure.x]}", [("template.task-unknown", 7, 30)]),
        ("- {name: setup}", [("template.workflow-form", 7, 3)]),
        (
            "- {name: setup, order_from: [services.all], parallelize: []}",
            [("template.workflow-form", 7, 3)],
        ),
        ("- {name: begin, order_from: []}", [("template.expected", 7, 10)]),
        (
            "- {name: setup, order_from: [release.remove_environment]}",
            [("template.removal-outside", 7, 30)],
        ),
        ("- {name: teardown, order_from: [release.remove_environment]}", []),
        ("- {name: teardown, order_from: [jobs.seed]}", [("template.removal-missing", 7, 3)]),
        (
            "- {name: teardown, order_from: [release.remove_environment, jobs.seed]}",
            [("template.removal-last", 7, 33)],
        ),
        (
            "- {name: teardown, parallelize: [{tasks: [jobs.seed, release.remove_environment]}]}",
            [("template.removal-last", 7, 54)],
        ),
        (
            "- {name: setup, order_from: [services.all]}\n- {name: setup, order_from: []}",
            [("template.twice", 8, 10)],
        ),
    ],
)
def test_the_tasks_of_a_workflow_exist(text: str, found: list[tuple[str, int, int]]) -> None:
    assert workflow_errors(f"{text}\n") == found


def test_an_unknown_task_is_answered_with_the_nearest() -> None:
    problems = parse_application_template(
        f"{TOP}workflows:\n- {{name: setup, order_from: [services.apo]}}\n"
    ).problems
    assert problems[0].message.endswith("Did you mean services.api?")


@pytest.mark.parametrize(
    ("text", "suggestion"),
    [
        ("services: [{name: x, depends_on: [services.api]}, {name: api}]", "api"),
        ("services: [{name: api}]\njobs: [{name: j, from_services: services.api}]", "api"),
        ("services: [{name: Api}]\nworkflows: [{name: patch, order_from: [api]}]", "services.Api"),
    ],
)
def test_a_name_with_or_without_its_kind_is_understood(text: str, suggestion: str) -> None:
    (problem,) = parse_application_template(text).problems
    assert problem.message.endswith(f"Did you mean {suggestion}?")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("envs: [{key: A, value: '${parameters.size}'}]", []),
        (
            "envs: [{key: A, value: '${parameters.sise}'}]",
            [("template.placeholder-unknown", 4, 26)],
        ),
        ("envs: [{key: A, value: 'x${parameters.size'}]", [("template.placeholder-open", 4, 26)]),
        ("command: ['${parameters.no}']", [("template.placeholder-unknown", 4, 13)]),
        ("args: [a, '${parameters.no}']", [("template.placeholder-unknown", 4, 13)]),
        ("build: {args: ['A=${parameters.no}']}", [("template.placeholder-unknown", 4, 18)]),
        ("image: 'x${parameters.no}'", []),
        ("command: ['${HOME} $(X) $${y} ${parameter.x}']", []),
        ("command: ['${parameters.}']", [("template.placeholder-unknown", 4, 13)]),
    ],
)
def test_placeholders_name_parameters(text: str, found: list[tuple[str, int, int]]) -> None:
    assert errors(f"parameters: [{{name: size}}]\nservices:\n- name: a\n  {text}\n") == found


def test_placeholders_are_looked_for_in_jobs_too() -> None:
    text = "jobs:\n- name: a\n  image: x\n  args: ['${parameters.x}']\n"
    assert errors(text) == [("template.placeholder-unknown", 4, 10)]


TYPES = """\
services:
- {name: api, image: x}
- {name: db, image: x}
workflows:
- {name: setup, order_from: [services.db, services.all]}
environment_templates:
- name: ephemeral
  services:
  - {name: db, remove: true}
"""


def test_a_rule_that_only_one_type_breaks_is_said_with_the_type() -> None:
    problems = parse_application_template(TYPES).problems
    assert [each.id for each in problems] == ["template.task-unknown"]
    assert problems[0].message.startswith("In environments of type ephemeral: The workflow setup")


def test_a_service_that_both_types_add_may_be_named_by_the_template() -> None:
    both = "".join(
        f"- name: {name}\n  services: [{{name: db, add: true, image: x}}]\n"
        for name in ("ephemeral", "permanent")
    )
    text = (
        f"workflows:\n- {{name: setup, order_from: [services.db]}}\nenvironment_templates:\n{both}"
    )
    assert errors(text) == []


def test_changing_an_unknown_service_is_an_error() -> None:
    text = (
        "services:\n- {name: api}\nenvironment_templates:\n- name: permanent\n  services:\n"
        "  - {name: apu, replicas: 2}\n  - {name: x, remove: true}\n  - {name: new, add: true}\n"
    )
    assert errors(text) == [
        ("template.override-unknown", 6, 12),
        ("template.override-unknown", 7, 12),
    ]


def test_everything_is_said_in_the_order_of_the_file() -> None:
    text = f"{TOP}jobs: [{{name: j}}]\nfoo: 1\napp_imports: [{{name: a}}, {{name: a}}]\n"
    assert [each[1] for each in errors(text)] == [4, 5, 6]


def lines(parsed: Parsed) -> list[int]:
    assert parsed.template is not None
    return [each.line for each in parsed.template.services]


def test_lines_of_a_merged_template_are_those_of_the_application_template() -> None:
    text = (
        "environment_templates:\n- name: permanent\n  services:\n  - {name: new, add: true}\n"
        "  - name: api\n    replicas: 2\nservices:\n- name: api\n"
    )
    parsed = merged_template(text, environment_type="permanent")
    assert lines(parsed) == [8, 4]
    assert parsed.template is not None and parsed.template.services[0].replicas == 2

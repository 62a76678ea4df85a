"""A template becomes plain values, or everything that is wrong with it."""

import json
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator

from environments.core.problems import Level
from environments.core.template import (
    APPLICATION_SCHEMA,
    ENVIRONMENT_SCHEMA,
    parse_application_template,
    parse_environment_template,
)
from environments.core.template.model import (
    AppTemplate,
    Build,
    ConfigFile,
    EnvironmentVariable,
    HostRule,
    ImportEntry,
    Job,
    Parameter,
    Port,
    Probe,
    ProbeKind,
    Reach,
    Resources,
    Service,
    Volume,
    Workflow,
    WorkflowStep,
)


def template(text: str) -> AppTemplate:
    parsed = parse_application_template(text)
    assert parsed.template is not None, parsed.problems
    return parsed.template


def service(text: str, top: str = "") -> Service:
    return template(f"{top}\nservices:\n- name: api\n  {text}\n").services[0]


def errors(text: str) -> list[tuple[str, int, int]]:
    found = parse_application_template(text).problems
    return [
        (each.id, each.place.line, each.place.column)
        for each in found
        if each.level is Level.ERROR and each.place
    ]


FULL = """\
app: shop
auto_deploy: false
context: company
domain: example.org
tracking_branch: develop
tracking_tag: v1
parallelize_app_imports: true
app_imports:
- name: backend
  branch: 2024
  exclude_services:
  - name: redis
  ignore_deployment_refs: ["!main", releases/**]
  pull_request_labels: [full-stack]
hostnames:
- web: web-${env_id}.${domain}
rules:
- service: api
  hostnames: ["api-${env_id}.${domain}"]
  path: /v1
  visibility: private
parameters:
- name: size
  type: integer
  description: How many
  default: 3
  advanced: true
- {name: token, optional: true}
shared_volumes:
- {name: models, size: 40Gi, type: persistent}
services:
- name: web
  image: acme/web
  build: {context: web, dockerfile: Docker.web, target: prod, args: [A=1]}
  command: [serve]
  args: ["--port", 80, true]
  envs:
  - {key: SIZE, value: "${parameters.size}"}
  - {key: EMPTY, value: null}
  ports:
  - {type: node_port, target_port: "80", port: 8080}
  - {type: container_port, port: 9000}
  depends_on: [api]
  replicas: "2"
  configmap: [{name: c, repo_path: ./c, mount_path: etc/c}]
  readiness_probe:
    http_get: {path: /health, port: "80"}
    period_seconds: 5
  liveness_probe:
    exec: {command: [true]}
  volumes:
  - {claim: models, mount_path: /models}
  - {name: own, type: shmem, mount_path: /dev/shm, size: 16Gi}
- name: api
  has_repo: false
jobs:
- name: migrate
  from_services: web
  command: [migrate]
  completed_timeout: 60
  halt_on_error: true
workflows:
- name: setup
  order_from: [jobs.migrate, services.all]
- name: patch
  parallelize:
  - {step: one, tasks: [services.web], halt_on_error: true, wait_for_finish: false}
"""


def test_a_full_template_is_read() -> None:
    read = template(FULL)
    assert (read.app, read.auto_deploy, read.context, read.domain) == (
        "shop",
        False,
        "company",
        "example.org",
    )
    assert (read.tracking_branch, read.tracking_tag) == ("develop", "v1")
    assert read.parallelize_app_imports
    assert read.app_imports == (
        ImportEntry("backend", 9, "2024", ("redis",), ("!main", "releases/**"), ("full-stack",)),
    )
    assert read.host_rules == (
        HostRule("web", ("web-${env_id}.${domain}",), line=16),
        HostRule("api", ("api-${env_id}.${domain}",), "/v1", "private", 18),
    )
    assert read.parameters == (
        Parameter("size", "integer", "How many", "3", advanced=True, line=23),
        Parameter("token", optional=True, line=28),
    )
    assert read.shared_volumes == (Volume("models", "persistent", "", "40Gi", 30),)
    assert read.workflows == (
        Workflow(
            "setup",
            (
                WorkflowStep("jobs.migrate", ("jobs.migrate",), True, line=64),
                WorkflowStep("services.all", ("services.all",), True, line=64),
            ),
            63,
        ),
        Workflow("patch", (WorkflowStep("one", ("services.web",), True, False, 67),), 65),
    )


def test_a_full_service_is_read() -> None:
    web = template(FULL).services[0]
    assert web.build == Build("web", "Docker.web", "prod", ("A=1",))
    assert web.has_repo
    assert web.args == ("--port", "80", "true")
    assert web.envs == (
        EnvironmentVariable("SIZE", "${parameters.size}", 38),
        EnvironmentVariable("EMPTY", "", 39),
    )
    assert web.ports == (Port(80, 8080, Reach.OUTSIDE, 41), Port(9000, 9000, Reach.INSIDE, 42))
    assert (web.depends_on, web.replicas) == (("api",), 2)
    assert web.configmap == (ConfigFile("c", "./c", "etc/c", 45),)
    assert web.readiness_probe == Probe(
        ProbeKind.HTTP_GET, path="/health", port=80, period_seconds=5
    )
    assert web.liveness_probe == Probe(ProbeKind.EXEC, command=("true",))
    assert web.volumes == (
        Volume("models", "persistent", "/models", "", 52, claim="models"),
        Volume("own", "shmem", "/dev/shm", "16Gi", 53),
    )


def test_a_job_is_read() -> None:
    assert template(FULL).jobs == (
        Job(
            name="migrate",
            line=57,
            command=("migrate",),
            from_services="web",
            completed_timeout=60,
            halt_on_error=True,
        ),
    )


@pytest.mark.parametrize(
    ("text", "has_repo"),
    [
        ("image: x", False),
        ("build: {context: .}", True),
        ("image: x\n  build: {}", True),
        ("command: [x]", True),
        ("image: x\n  has_repo: true", True),
        ("has_repo: false", False),
    ],
)
def test_code_of_the_repository_is_meant_by_a_build_or_without_an_image(
    text: str, has_repo: bool
) -> None:
    assert service(text).has_repo is has_repo


@pytest.mark.parametrize(
    ("top", "text", "expected"),
    [
        ("", "has_repo: true", Resources()),
        ("", "cpu: {limits: 2}", Resources(cpu_limits="2")),
        ("", "memory: {limits: 20Mi}", Resources(memory_limits="20Mi", memory_requests="20Mi")),
        (
            "",
            "cpu: {requests: 2}",
            Resources(cpu_limits="2", cpu_requests="2"),
        ),
        (
            "resources: {cpu: {limits: 0.5}, memory: {requests: 1Mi}}",
            "memory: {limits: 2Mi}",
            Resources("0.5", "100m", "2Mi", "1Mi"),
        ),
    ],
)
def test_resources_come_from_the_service_the_template_and_the_standard(
    top: str, text: str, expected: Resources
) -> None:
    assert service(text, top).resources == expected


def test_replicas_come_from_the_service_or_the_template() -> None:
    assert service("replicas: 0", "resources: {replicas: 3}").replicas == 0
    assert service("image: x", "resources: {replicas: 3}").replicas == 3
    assert service("image: x").replicas == 1


def test_a_volume_takes_the_storage_of_its_service() -> None:
    text = "storage: {size: 10Gi}\n  volumes: [{name: v, type: persistent, mount_path: /v}]"
    assert service(text).volumes[0].size == "10Gi"


def test_without_hostnames_and_rules_there_are_no_host_rules() -> None:
    assert template("services: []").host_rules is None
    assert template("hostnames: []").host_rules == ()


@pytest.mark.parametrize("key", ["services", "app_imports", "hostnames", "branch", "parameters"])
def test_a_key_without_a_value_is_as_if_absent(key: str) -> None:
    text = f"{key}:\n" if key != "branch" else "app_imports: [{name: a, branch: }]"
    assert template(text).host_rules is None


def test_the_words_on_and_no_are_text_wherever_text_is_asked_for() -> None:
    read = template("app_imports:\n- {name: on, branch: no}\ntracking_branch: 1.10\n")
    assert read.app_imports[0].name == "on"
    assert read.app_imports[0].branch == "no"
    assert read.tracking_branch == "1.10"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", [("template.expected", 1, 1)]),
        ("- 1\n", [("template.expected", 1, 1)]),
        ("services: {}\n", [("template.expected", 1, 11)]),
        ("servces: []\n", [("template.unknown-key", 1, 1)]),
        ("services:\n- nmae: x\n", [("template.required", 2, 3), ("template.unknown-key", 2, 3)]),
        ("services:\n- name:\n", [("template.expected", 2, 8)]),
        ("services:\n- name: a b\n", [("template.expected", 2, 9)]),
        ("services:\n- name: x\n  has_repo: yes\n", [("template.expected", 3, 13)]),
        ("services:\n- name: x\n  replicas: many\n", [("template.expected", 3, 13)]),
        ("services:\n- name: x\n  replicas: 1.5\n", [("template.expected", 3, 13)]),
        ("services:\n- name: x\n  memory: {limits: 1GB}\n", [("template.expected", 3, 20)]),
        ("services:\n- name: x\n  memory: {limits: -1}\n", [("template.expected", 3, 20)]),
        ("services:\n- name: x\n  ports: [{type: node_port}]\n", [("template.required", 3, 11)]),
        (
            "services:\n- name: x\n  ports: [{type: x, port: 1}]\n",
            [("template.expected", 3, 18)],
        ),
        (
            "services:\n- name: x\n  volumes: [{name: v, hostPath: /}]\n",
            [("template.required", 3, 13), ("template.unknown-key", 3, 23)],
        ),
        ("services:\n- name: x\n  privileged: true\n", [("template.unknown-key", 3, 3)]),
        ("services:\n- name: x\n  hostNetwork: true\n", [("template.unknown-key", 3, 3)]),
        ("hostnames:\n- a: x\n  b: y\n", [("template.expected", 2, 3)]),
        ("execution_type: both\n", [("template.expected", 1, 17)]),
        ("environment_templates:\n- name: staging\n", [("template.expected", 2, 9)]),
        ("ingress: {proxy_body_size: 1m, tls: off}\n", [("template.unknown-key", 1, 32)]),
        ("cron_jobs: [{name: x, image: y}]\n", [("template.required", 1, 13)]),
        (
            "parameters: [{name: x, type: number}]\n",
            [("template.expected", 1, 30)],
        ),
        ("services: &s []\njobs: [*s]\n", [("template.expected", 2, 8)]),
    ],
)
def test_what_the_schema_refuses_is_said_with_line_and_column(
    text: str, found: list[tuple[str, int, int]]
) -> None:
    assert errors(text) == found


@pytest.mark.parametrize("port", [0, 65536, "0", '"65536"', '"http"', 1.5, -1])
def test_a_port_that_is_none_is_refused(port: object) -> None:
    text = f"services:\n- name: x\n  ports: [{{type: node_port, port: {port}}}]\n"
    assert [each[0] for each in errors(text)] == ["template.expected"]


@pytest.mark.parametrize("port", [1, 65535, '"65535"', '"080"'])
def test_a_port_may_be_a_number_or_digits_in_quotes(port: object) -> None:
    text = f"ports: [{{type: node_port, port: {port}}}]"
    assert service(text).ports[0].port == int(str(port).strip('"'))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("servces: []\n", "servces is not a key. Did you mean services?"),
        (
            "services:\n- name: api\n  depnds_on: []\n",
            "depnds_on is not a key of services.api. Did you mean depends_on?",
        ),
        (
            "app_imports:\n- name: b\n  exclude-services: []\n",
            "exclude-services is not a key of app_imports.b. Did you mean exclude_services?",
        ),
        (
            "shared_volumes:\n- {name: v, zzzz: 1}\n",
            "zzzz is not a key of shared_volumes.v. Known keys: name, size, type.",
        ),
        (
            "services:\n- name: api\n  replicas: many\n",
            "services.api.replicas must be a whole number from 0 to 1000, and is many. Correct it.",
        ),
        (
            "services: {}\n",
            "services must be a list, and is a mapping. Begin each item with a dash and a blank.",
        ),
        (
            "app_imports\n",
            "the file must be a mapping, and is app_imports. Write app_imports: with its colon.",
        ),
    ],
)
def test_a_message_names_the_object_the_reason_and_the_next_step(text: str, message: str) -> None:
    assert parse_application_template(text).problems[0].message == message


def test_a_missing_colon_and_everything_else_are_said_at_once() -> None:
    text = "app_imports\n- name: x\n  foo: 1\nservices:\n- name: a\n- name: a\n  replicas: x\n"
    assert errors(text) == [
        ("yaml.colon", 1, 1),
        ("template.unknown-key", 3, 3),
        ("template.twice", 6, 9),
        ("template.expected", 7, 13),
    ]


def test_problems_carry_the_name_of_the_file() -> None:
    problem = parse_application_template("x: 1", file="shop/template.yaml").problems[0]
    assert problem.place is not None and problem.place.file == "shop/template.yaml"


def test_an_environment_template_has_no_environment_templates() -> None:
    text = "environment_templates:\n- name: nonsense\nservices: []\nfoo: 1\n"
    parsed = parse_environment_template(text)
    assert parsed.template is None
    assert [each.id for each in parsed.problems] == [
        "template.types-in-environment",
        "template.unknown-key",
    ]


def test_an_environment_template_is_read_like_an_application_template() -> None:
    assert (
        parse_environment_template(FULL).template
        == parse_application_template(FULL, file="environment_template.yaml").template
    )


@pytest.mark.parametrize("schema", [APPLICATION_SCHEMA, ENVIRONMENT_SCHEMA])
def test_the_schema_can_be_given_to_an_editor(schema: dict[str, Any]) -> None:
    again = json.loads(json.dumps(schema))
    Draft202012Validator(again)
    assert again["properties"]["services"]["items"]["additionalProperties"] is False

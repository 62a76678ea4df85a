"""Charts: where they come from, which values they get, and what they may not ask for."""

from dataclasses import replace
from typing import Any

import pytest

from environments.core.plan import PlannedMember
from environments.core.policy import refusals
from environments.core.ports import EngineTraits
from environments.core.render import ground_manifests
from environments.core.template import parse_application_template
from tests.core.plans import CLUSTER, found, ids, imported, member, plan

WORKFLOW = "workflows:\n- {name: setup, order_from: [charts.all]}\n"
LOCAL = f"charts:\n- {{name: cache, directory: charts/cache, values: v.yaml}}\n{WORKFLOW}"
VARIABLES = "defaults:\n- {key: TOKEN, secret: true, value: hidden}\n- {key: EMPTY, value: ''}\n"


def errors(text: str) -> list[str]:
    parsed = parse_application_template(text)
    return [one.id for one in parsed.problems if one.level == "error"]


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("{name: a, directory: charts/a}", []),
        ("{name: a, install: 'oci://registry.test/charts/a'}", []),
        ("{name: a, repo_url: 'https://charts.example.org'}", []),
        ("{name: a}", ["template.chart-source"]),
        ("{name: a, directory: ../a}", ["template.outside"]),
        ("{name: a, directory: /a}", ["template.outside"]),
        ("{name: a, directory: b, values: [a.yaml, ../b.yaml]}", ["template.outside"]),
        ("{name: a, repo_url: 'file:///etc'}", ["template.chart-address"]),
        ("{name: a, repo_url: 'http://169.254.169.254/x'}", ["template.chart-host"]),
        ("{name: a, repo_url: 'https://localhost:8443'}", ["template.chart-host"]),
        ("{name: a, install: 'oci://[::1]/x'}", ["template.chart-host"]),
        ("{name: a, install: 'oci://[::ffff:127.0.0.1]/x'}", ["template.chart-host"]),
        ("{name: a, install: 'oci://[x'}", ["template.chart-no-address"]),
        ("{name: a, repo_url: 'http://[x'}", ["template.chart-no-address"]),
        ("{name: web, directory: a}", ["template.twice"]),
    ],
)
def test_a_chart_says_where_it_is(entry: str, expected: list[str]) -> None:
    assert errors(f"charts:\n- {entry}\nservices:\n- {{name: web, image: x}}\n") == expected


def test_definitions_of_the_whole_cluster_are_not_installed() -> None:
    text = "charts: [{name: a, directory: b, include_crds: true, name_template: x}]\n"
    said = [one.id for one in parse_application_template(text).problems]
    assert sorted(said) == [
        "template.chart-definitions",
        "template.charts",
        "template.not-followed",
    ]


@pytest.mark.parametrize(
    ("entry", "reference", "local"),
    [
        ("{name: a, directory: ./charts/a/}", "charts/a", True),
        ("{name: a, repo_url: 'https://x.test', install: b}", "b", False),
        ("{name: a, repo_url: 'https://x.test', add: u, install: u/b}", "b", False),
        ("{name: a, repo_url: 'https://x.test', directory: u/b}", "b", False),
        ("{name: a, repo_url: 'https://x.test'}", "a", False),
        ("{name: a, install: 'oci://x.test/b', version: 1.0}", "oci://x.test/b", False),
    ],
)
def test_what_is_installed(entry: str, reference: str, local: bool) -> None:
    parsed = parse_application_template(f"charts: [{entry}]\n")
    assert parsed.template is not None
    (chart,) = parsed.template.charts
    assert (chart.reference, chart.has_repo) == (reference, local)


def own(made: Any) -> PlannedMember:
    """The last member of a plan."""
    planned: PlannedMember = made.members[-1]
    return planned


@pytest.mark.parametrize(
    ("written", "becomes"),
    [
        ("${RELEASE_BRANCH_NAME}/x", "main/x"),
        ("${TOKEN}", "hidden"),
        ("${NOTHING:-else}", "else"),
        ("${EMPTY:-else}", "else"),
        ("${EMPTY}", ""),
        ("$${TOKEN}", "${TOKEN}"),
        ("$TOKEN $(TOKEN) {{ x }}", "$TOKEN $(TOKEN) {{ x }}"),
    ],
)
def test_variables_are_filled_into_the_texts_of_values(written: str, becomes: str) -> None:
    files = {"v.yaml": f"a: [{{b: '{written}'}}]\nn: 3\n"}
    made = plan(member("shop", LOCAL, VARIABLES, files=files), engine=CLUSTER)
    assert not [one for one in made.problems if one.level == "error"]
    (chart,) = own(made).charts
    assert chart.values == ({"a": [{"b": becomes}], "n": 3},)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: ${NOTHING}\n", "no variable is called NOTHING"),
        ("- a\n", "it is not a mapping"),
        ("a: [\n", "v.yaml"),
    ],
)
def test_values_that_cannot_be_used_are_told(text: str, reason: str) -> None:
    made = plan(member("shop", LOCAL, files={"v.yaml": text}), engine=CLUSTER)
    (wrong,) = found(made, "chart.values")
    assert reason in wrong.message


def test_a_chart_that_no_workflow_names_is_a_warning() -> None:
    text = LOCAL.replace(WORKFLOW, "services: [{name: web, image: x}]\n")
    made = plan(member("shop", text, files={"v.yaml": ""}), engine=CLUSTER)
    assert "workflow.unnamed-chart" in ids(made)
    assert own(made).charts == ()


@pytest.mark.parametrize(
    ("engine", "says"),
    [
        (CLUSTER, "Install the program helm where the workers run."),
        (replace(CLUSTER, name="docker"), "Use a context with the engine kubernetes"),
    ],
)
def test_an_engine_without_helm_refuses_charts(engine: EngineTraits, says: str) -> None:
    without = replace(engine, runs_charts=False)
    made = plan(member("shop", LOCAL, files={"v.yaml": ""}), engine=without)
    (wrong,) = found(made, "engine.charts")
    assert (wrong.level, says in wrong.message) == ("error", True)


def test_a_chart_and_a_service_of_one_name_meet() -> None:
    backend = imported("backend", "services: [{name: cache, image: x}]\n")
    made = plan(backend, member("shop", LOCAL, files={"v.yaml": ""}), engine=CLUSTER)
    assert "collision.service" in ids(made)


def test_where_charts_are_the_sum_of_the_services_is_not_the_room_that_is_needed() -> None:
    made = plan(member("shop", LOCAL, files={"v.yaml": ""}), engine=CLUSTER)
    assert [one["kind"] for one in ground_manifests(made, account="acme")] == ["Namespace"]


def workload(kind: str = "Deployment", **pod: Any) -> dict[str, Any]:
    spec = {"containers": [{"name": "c", "image": "x"}], **pod}
    template = {"template": {"spec": spec}}
    nested = {"jobTemplate": {"spec": template}} if kind == "CronJob" else template
    return {"kind": kind, "metadata": {"name": "a"}, "spec": nested}


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (workload(), []),
        (workload(hostNetwork=False), []),
        (workload(hostNetwork=True), ["Deployment a asks for hostNetwork"]),
        (workload("CronJob", hostPID=True), ["CronJob a asks for hostPID"]),
        (
            workload("DaemonSet", volumes=[{"name": "v", "hostPath": {"path": "/var"}}]),
            ["DaemonSet a mounts /var of the node (hostPath)"],
        ),
        (
            workload(initContainers=[{"name": "i", "securityContext": {"privileged": True}}]),
            ["Deployment a asks for a privileged container (i)"],
        ),
        (
            workload(containers=[{"name": "c", "ports": [{"hostPort": 80}]}]),
            ["Deployment a asks for a port of the node (c)"],
        ),
        (
            {"kind": "Pod", "metadata": {"name": "p"}, "spec": {"hostIPC": True}},
            ["Pod p asks for hostIPC"],
        ),
        (
            {"kind": "ClusterRole", "metadata": {"name": "all"}},
            ["ClusterRole all does not belong to a namespace alone"],
        ),
        (
            {"kind": "Secret", "metadata": {"name": "s", "namespace": "other"}},
            ["Secret s is for the namespace other"],
        ),
        ({"kind": "Secret", "metadata": {"name": "s", "namespace": "own"}}, []),
        (
            {
                "kind": "RoleBinding",
                "metadata": {"name": "b"},
                "roleRef": {"kind": "ClusterRole", "name": "cluster-admin"},
                "subjects": [{"kind": "ServiceAccount", "name": "x", "namespace": "other"}],
            },
            [
                "RoleBinding b gives rights to the namespace other",
                "RoleBinding b gives rights of the whole cluster",
            ],
        ),
    ],
)
def test_what_an_environment_may_not_ask_for(asked: dict[str, Any], said: list[str]) -> None:
    assert refusals([asked, asked], namespace="own") == said

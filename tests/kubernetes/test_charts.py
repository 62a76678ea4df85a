"""Charts in a cluster: installed by helm beside the services, and gone with their environment."""

from pathlib import Path

import pytest

from environments.engines.kubernetes import KubernetesEngine
from environments.models import DeploymentKind
from tests import cluster
from tests.deploying.acts import run, save, text_of
from tests.kubernetes.conftest import kubectl
from tests.world import World

pytestmark = [pytest.mark.kubernetes, pytest.mark.usefixtures("with_helm")]

TEMPLATE = f"""
charts:
- name: cache
  directory: charts/cache
  values: charts/ours.yaml
services:
- name: web
  image: {cluster.BUSYBOX}
  command: [sh, -c, 'exec sleep 1000']
workflows:
- name: setup
  order_from: [charts.all, services.all]
- name: patch
  order_from: [charts.cache, services.web]
"""
CHART = {
    "charts/cache/Chart.yaml": "apiVersion: v2\nname: cache\nversion: 0.1.0\n",
    "charts/cache/values.yaml": f"image: {cluster.BUSYBOX}\nreplicas: 1\nword: none\nmore: {{}}\n",
    "charts/ours.yaml": "replicas: 2\nword: '${RELEASE_BRANCH_NAME} says ${TOKEN}'\n",
    "charts/cache/templates/all.yaml": """
apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Release.Name }}-words}
data: {word: {{ .Values.word | quote }}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: {{ .Release.Name }}}
spec:
  replicas: {{ .Values.replicas }}
  serviceName: {{ .Release.Name }}
  selector: {matchLabels: {app: {{ .Release.Name }}}}
  template:
    metadata: {labels: {app: {{ .Release.Name }}}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - name: cache
        image: {{ .Values.image }}
        command: [sh, -c, "echo {{ .Values.word }}; exec sleep 1000"]
      {{- with .Values.more }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
""",
}
VARIABLES = "defaults:\n- {key: TOKEN, secret: true, value: hunter2222}\n"


def word(name: str) -> str:
    """What the chart was given."""
    return kubectl("-n", name, "get", "configmap", "cache-words", "-o", "jsonpath={.data.word}")


def releases(name: str) -> int:
    """How often helm has installed or changed it."""
    told = kubectl("-n", name, "get", "secret", "-l", "owner=helm,name=cache", "-o", "name")
    return len(told.split())


def test_a_chart_is_installed_before_the_services_and_goes_with_its_entry(
    yard: World, engine: KubernetesEngine
) -> None:
    application = yard.application("shop", TEMPLATE, variables=VARIABLES, files=CHART)
    environment = yard.deployed(application)
    assert yard.last(environment).reason == ""
    name = environment.namespace.name
    assert word(name) == "main says hunter2222"
    seen = [(one.workload, str(one.kind), one.ready) for one in engine.observe(name)]
    assert seen == [
        ("cache", "Chart", True),
        ("cache", "Chart", True),
        ("web", "Deployment", True),
    ]
    assert engine.read_log(name, "cache-0", lines=5) == ["main says hunter2222"]
    lines = list(yard.last(environment).lines.values_list("text", flat=True))
    assert lines.index(next(one for one in lines if one.startswith("charts.cache: ready"))) < (
        lines.index("services.web: started")
    )
    before, _, after = text_of(environment).partition("charts:\n")
    without = before + after[after.index("services:") :].replace("charts.all, ", "")
    save(yard, environment, without.replace("charts.cache, ", ""))
    assert run(yard, environment, DeploymentKind.SETUP).status == "deployed"
    assert [one.workload for one in engine.observe(name)] == ["web"]
    assert releases(name) == 0


def test_a_chart_that_runs_nothing_goes_with_its_entry_too(
    yard: World, engine: KubernetesEngine
) -> None:
    words = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: cache-words}\n"
    files = {**CHART, "charts/cache/templates/all.yaml": words}
    application = yard.application("shop", TEMPLATE, variables=VARIABLES, files=files)
    environment = yard.deployed(application)
    assert yard.last(environment).reason == ""
    name = environment.namespace.name
    applied = [(one.kind, one.name) for one in engine.applied(name)]
    assert applied == [("Chart", "cache"), ("Deployment", "web")]
    before, _, after = text_of(environment).partition("charts:\n")
    without = before + after[after.index("services:") :].replace("charts.all, ", "")
    save(yard, environment, without.replace("charts.cache, ", ""))
    assert run(yard, environment, DeploymentKind.SETUP).status == "deployed"
    assert releases(name) == 0
    assert "cache-words" not in kubectl("-n", name, "get", "configmaps", "-o", "name")


@pytest.mark.parametrize("installation", ["12345e67"])
def test_a_label_that_looks_like_a_number_stays_a_text(
    yard: World, engine: KubernetesEngine, installation: str
) -> None:
    application = yard.application("shop", TEMPLATE, variables=VARIABLES, files=CHART)
    assert yard.last(yard.deployed(application)).reason == ""


def test_the_same_again_changes_nothing_and_a_commit_upgrades_it(
    yard: World, engine: KubernetesEngine
) -> None:
    application = yard.application("shop", TEMPLATE, variables=VARIABLES, files=CHART)
    environment = yard.deployed(application)
    name = environment.namespace.name
    assert run(yard, environment, DeploymentKind.SETUP).status == "deployed"
    assert releases(name) == 1
    yard.repositories["shop"].commit({"charts/ours.yaml": "word: other\n"})
    assert run(yard, environment, DeploymentKind.PATCH).status == "deployed"
    assert (releases(name), word(name)) == (2, "other")
    assert [one.name for one in engine.observe(name) if one.kind == "Chart"] == ["cache-0"]


def test_whoever_follows_a_worker_that_died_over_helm_goes_on(
    yard: World, engine: KubernetesEngine
) -> None:
    application = yard.application("shop", TEMPLATE, variables=VARIABLES, files=CHART)
    environment = yard.deployed(application)
    assert yard.last(environment).reason == ""
    name = environment.namespace.name
    record = "sh.helm.release.v1.cache.v1"
    kubectl("-n", name, "label", "secret", record, "status=pending-install", "--overwrite")
    yard.repositories["shop"].commit({"charts/ours.yaml": "word: other\n"})
    assert run(yard, environment, DeploymentKind.PATCH).status == "deployed"
    assert word(name) == "other"


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ("more: {hostNetwork: true}\n", "StatefulSet cache asks for hostNetwork"),
        (
            "more: {volumes: [{name: n, hostPath: {path: /}}]}\n",
            "StatefulSet cache mounts / of the node (hostPath)",
        ),
    ],
)
def test_what_an_environment_may_not_have_is_refused_before_anything_is_made(
    yard: World, engine: KubernetesEngine, values: str, says: str
) -> None:
    application = yard.application(
        "shop", TEMPLATE, variables=VARIABLES, files={**CHART, "charts/ours.yaml": values}
    )
    environment = yard.deployed(application)
    assert says in yard.last(environment).reason
    assert releases(environment.namespace.name) == 0


def test_a_chart_sees_nothing_of_other_namespaces(yard: World, engine: KubernetesEngine) -> None:
    """What looks things up in the cluster does so by the rights of its own namespace."""
    looks = """
apiVersion: v1
kind: ConfigMap
metadata: {name: found}
data: {seen: {{ lookup "v1" "Secret" "kube-system" "" | toJson | quote }}}
"""
    files = {**CHART, "charts/cache/templates/looks.yaml": looks}
    application = yard.application("shop", TEMPLATE, variables=VARIABLES, files=files)
    reason = yard.last(yard.deployed(application)).reason
    assert "forbidden" in reason
    assert "kube-system" in reason


def test_a_link_that_leads_out_of_the_chart_is_refused(
    yard: World, engine: KubernetesEngine, tmp_path: Path
) -> None:
    application = yard.application("shop", TEMPLATE, variables=VARIABLES, files=CHART)
    repository = yard.repositories["shop"]
    (repository.folder / "charts/cache/secret").symlink_to("/etc/hostname")
    repository.commit({"charts/more": "x"})
    reason = yard.last(yard.deployed(application)).reason
    assert "secret of the chart charts/cache leads out of it" in reason


def test_what_a_template_names_is_never_taken_for_a_flag_of_helm(
    yard: World, engine: KubernetesEngine
) -> None:
    flag = "--kubeconfig=x"
    text = TEMPLATE.replace(
        "  directory: charts/cache\n", f"  repo_url: https://c.invalid\n  install: {flag}\n"
    )
    application = yard.application("shop", text, variables=VARIABLES, files=CHART)
    reason = yard.last(yard.deployed(application)).reason
    assert "helm says:" in reason
    assert "c.invalid" in reason


def test_what_helm_refuses_is_told(yard: World, engine: KubernetesEngine) -> None:
    broken = {**CHART, "charts/cache/templates/more.yaml": "{{ .Values.nothing.there }}\n"}
    application = yard.application("shop", TEMPLATE, variables=VARIABLES, files=broken)
    reason = yard.last(yard.deployed(application)).reason
    assert "helm says:" in reason
    assert "nil pointer evaluating interface {}.there" in reason

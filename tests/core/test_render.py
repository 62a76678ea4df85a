"""Plan to manifests: golden files, and what Kubernetes asks of any object."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from environments.core.plan import Member, Plan
from environments.core.ports import ANNOTATION_COMMIT, ANNOTATION_REVISION, LABEL_WORKLOAD, Manifest
from environments.core.render import job_manifests, render, run_of
from tests.core import goldens
from tests.core.plans import BACKEND, FRONTEND, imported, member, of, on_branch, plan

ROOT = Path(__file__).parents[2]
SUBDOMAIN = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")
LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
LABEL_VALUE = re.compile(r"([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?")
QUANTITY = re.compile(r"[0-9]+(\.[0-9]+)?(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?")
VARIABLE = re.compile(r"[-._a-zA-Z0-9]+")
SECRET = 'p√ss "word"\nof two lines'  # noqa: S105 - of a golden file


def rendered(made: Plan) -> Sequence[Manifest]:
    """All manifests, as those of the account acme."""
    return render(made, account="acme")


@pytest.mark.parametrize("case", goldens.cases())
def test_it_makes_the_golden_file(case: str) -> None:
    assert goldens.written(case) == goldens.kept(case).read_text()


def test_the_same_input_gives_the_same_bytes_whatever_the_hash_seed() -> None:
    texts = {
        subprocess.run(
            [sys.executable, "-m", "tests.core.goldens"],
            cwd=ROOT,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"},
            check=True,
            capture_output=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(texts) == 1
    assert next(iter(texts)).decode() == "".join(map(goldens.written, goldens.cases()))


def pods(manifests: tuple[Manifest, ...]) -> Iterator[tuple[Manifest, dict[str, Any]]]:
    """Each workload with the template of its pod."""
    for manifest in manifests:
        if manifest["kind"] in ("Deployment", "Job"):
            yield manifest, manifest["spec"]["template"]
        elif manifest["kind"] == "CronJob":
            yield manifest, manifest["spec"]["jobTemplate"]["spec"]["template"]


def check_valid(manifests: tuple[Manifest, ...]) -> None:
    """What an API server would refuse, and references that lead nowhere."""
    names = [(one["kind"], one["metadata"]["name"]) for one in manifests]
    assert len(set(names)) == len(names)
    for one in manifests:
        metadata = one["metadata"]
        assert SUBDOMAIN.fullmatch(metadata["name"]), metadata
        assert all(LABEL_VALUE.fullmatch(value) for value in metadata["labels"].values())
        assert all(isinstance(value, str) for value in metadata.get("annotations", {}).values())
        if one["kind"] != "Namespace":
            assert LABEL.fullmatch(metadata["namespace"])
    by_name = dict(zip(names, manifests, strict=True))
    for manifest, pod in pods(manifests):
        _check_pod(manifest, pod, by_name)
    for one in manifests:
        if one["kind"] == "Service":
            _check_service(one, by_name)
        elif one["kind"] == "Ingress":
            _check_ingress(one, by_name)


def _check_pod(
    manifest: Manifest, template: dict[str, Any], by_name: dict[tuple[str, str], Manifest]
) -> None:
    labels, pod = template["metadata"]["labels"], template["spec"]
    assert labels[LABEL_WORKLOAD] == manifest["metadata"]["labels"][LABEL_WORKLOAD]
    if manifest["kind"] == "Deployment":
        assert manifest["spec"]["selector"]["matchLabels"].items() <= labels.items()
    (container,) = pod["containers"]
    assert LABEL.fullmatch(container["name"])
    for kind in ("limits", "requests"):
        for amount in container["resources"][kind].values():
            assert QUANTITY.fullmatch(amount), amount
    numbers = [port["containerPort"] for port in container["ports"]]
    assert len(set(numbers)) == len(numbers)
    for source in container["envFrom"]:
        secret = by_name["Secret", source["secretRef"]["name"]]
        assert all(VARIABLE.fullmatch(key) for key in secret["stringData"])
    volumes = {volume["name"]: volume for volume in pod.get("volumes", ())}
    for mount in container.get("volumeMounts", ()):
        volume = volumes[mount["name"]]
        if claim := volume.get("persistentVolumeClaim"):
            assert ("PersistentVolumeClaim", claim["claimName"]) in by_name
        else:
            files = by_name["ConfigMap", volume["configMap"]["name"]]
            assert mount["subPath"] in files["data"]


def _check_service(service: Manifest, by_name: dict[tuple[str, str], Manifest]) -> None:
    deployment = by_name["Deployment", service["metadata"]["name"]]
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    targets = {port["containerPort"] for port in container["ports"]}
    ports = service["spec"]["ports"]
    assert {port["targetPort"] for port in ports} <= targets
    assert len({port["port"] for port in ports}) == len(ports)
    assert len({port["name"] for port in ports}) == len(ports)
    assert all(LABEL.fullmatch(port["name"]) and len(port["name"]) <= 15 for port in ports)


def _check_ingress(ingress: Manifest, by_name: dict[tuple[str, str], Manifest]) -> None:
    for rule in ingress["spec"]["rules"]:
        assert SUBDOMAIN.fullmatch(rule["host"])
        for path in rule["http"]["paths"]:
            target = path["backend"]["service"]
            service = by_name["Service", target["name"]]
            numbers = {port["port"] for port in service["spec"]["ports"]}
            assert target["port"]["number"] in numbers
            assert path["path"].startswith("/")


@pytest.mark.parametrize("case", goldens.cases())
def test_every_golden_object_is_valid(case: str) -> None:
    check_valid(tuple(goldens.manifests(case)))


NAMES = st.text("abzAZ019_.-é", min_size=1, max_size=90)


@given(
    st.lists(NAMES, min_size=1, max_size=4, unique_by=lambda name: re.sub(r"\W|_", "_", name)),
    st.integers(1, 65535),
    st.sampled_from(["1", "0.5", "250m", "1Gi", "3"]),
)
def test_whatever_services_are_called_their_objects_are_valid(
    names: list[str], port: int, amount: str
) -> None:
    services = "".join(
        f"- name: '{name}'\n  image: x\n  cpu: {{limits: {amount}}}\n"
        f"  ports: [{{type: node_port, port: {port}}}]\n"
        for name in names
    )
    made = plan(member("frontend", f"services:\n{services}"))
    check_valid(rendered(made))


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9)), min_size=1, max_size=6))
def test_whatever_ports_it_has_a_host_leads_to_one_of_the_service(
    ports: list[tuple[int, int]],
) -> None:
    lines = "".join(
        f"  - {{type: node_port, target_port: {target}, port: {port}}}\n" for target, port in ports
    )
    made = plan(member("frontend", f"services:\n- name: web\n  image: x\n  ports:\n{lines}"))
    check_valid(rendered(made))


def kinds(manifests: tuple[Manifest, ...]) -> list[str]:
    return [one["kind"] for one in manifests]


def test_what_others_refer_to_comes_first() -> None:
    manifests = tuple(goldens.manifests("jobs-and-files"))
    assert kinds(manifests) == [
        *("Namespace", "ResourceQuota"),
        *("Secret", "Job"),
        *("Secret", "Job"),
        *("Secret", "ConfigMap", "Service", "Deployment"),
    ]
    seen: set[tuple[str, str]] = set()
    for one in manifests:
        if one["kind"] in ("Deployment", "Job"):
            (container,) = one["spec"]["template"]["spec"]["containers"]
            for source in container["envFrom"]:
                assert ("Secret", source["secretRef"]["name"]) in seen
            for volume in one["spec"]["template"]["spec"].get("volumes", ()):
                assert ("ConfigMap", volume["configMap"]["name"]) in seen
        seen.add((one["kind"], one["metadata"]["name"]))


def test_all_of_a_member_comes_before_the_next_member() -> None:
    manifests = rendered(plan(imported("backend", BACKEND), member("frontend", FRONTEND)))
    owners = [one["metadata"]["labels"]["releaseclone/application"] for one in manifests[2:]]
    assert owners == sorted(owners)


@pytest.mark.parametrize("case", goldens.cases())
def test_values_are_in_secrets_and_nowhere_else(case: str) -> None:
    for one in goldens.manifests(case):
        if one["kind"] in ("Deployment", "Job"):
            (container,) = one["spec"]["template"]["spec"]["containers"]
            assert "env" not in container
        if one["kind"] != "Secret":
            assert json.dumps(SECRET)[1:-1] not in json.dumps(one)


def test_a_secret_is_whole_where_it_is() -> None:
    (secret,) = [
        one
        for one in goldens.manifests("imports-and-secrets")
        if one["metadata"]["name"] == "web-environment"
    ]
    assert secret["stringData"]["PASSWORD"] == SECRET
    assert secret["stringData"]["LOGIN"] == f"ana:{SECRET}"


def test_objects_bear_the_labels_of_their_own_workload_whatever_its_name_ends_in() -> None:
    text = "services:\n" + "".join(
        f"- {{name: {name}, image: x}}\n" for name in ("web", "web-files", "web-environment")
    )
    for one in rendered(plan(member("frontend", text))):
        if one["kind"] == "Deployment":
            assert one["metadata"]["labels"][LABEL_WORKLOAD] == one["metadata"]["name"]


def test_each_run_of_a_job_has_a_name_of_its_own() -> None:
    made = goldens.plan_of("jobs-and-files")
    planned = of(made, "frontend")
    manifests = job_manifests(made, planned, planned.jobs[0], name="41-7")
    assert kinds(manifests) == ["Secret", "Job"]
    assert [one["metadata"]["name"] for one in manifests] == ["job.41-7-environment", "41-7"]
    check_valid(manifests)


IMAGE = "services:\n- {name: db, image: 'postgres:16'}\n"
CODE = "services:\n- {name: db, build: {context: .}, command: [run]}\n"


def revision(one: Member, **more: Any) -> str:
    """What the workload ``db`` of this member is marked with."""
    (found,) = [
        manifest["metadata"]["annotations"][ANNOTATION_REVISION]
        for manifest in rendered(plan(one, **more))
        if manifest["metadata"]["name"] == "db" and manifest["kind"] == "Deployment"
    ]
    assert isinstance(found, str)
    return found


class TestTheRevision:
    """It tells an engine whether what runs is what is wanted: a service keeps running or not."""

    VARIABLES = "defaults:\n- {key: A, value: %s}\n- {key: B, secret: true, value: %s}\n"

    @pytest.mark.parametrize(
        ("template", "variables"),
        [
            (IMAGE.replace("16", "17"), VARIABLES % (1, 1)),
            (IMAGE.replace("}", ", command: [x]}"), VARIABLES % (1, 1)),
            (IMAGE.replace("}", ", memory: {limits: 2Gi}}"), VARIABLES % (1, 1)),
            (IMAGE, VARIABLES % (2, 1)),
            (IMAGE, VARIABLES % (1, 2)),
        ],
    )
    def test_it_changes_with_what_decides_how_the_service_runs(
        self, template: str, variables: str
    ) -> None:
        before = revision(member("frontend", IMAGE, self.VARIABLES % (1, 1)))
        assert revision(member("frontend", template, variables)) != before

    def test_it_changes_with_a_mounted_file(self) -> None:
        text = "services:\n- name: db\n  image: x\n  configmap: [{repo_path: a, mount_path: /a}]\n"
        one, other = (member("frontend", text, files={"a": content}) for content in ("1", "2"))
        assert revision(one) != revision(other)

    def test_the_number_of_the_run_does_not_change_it(self) -> None:
        one, other = (member("frontend", CODE, deployment_id=number) for number in ("1", "2"))
        assert revision(one) == revision(other)

    def test_a_new_commit_changes_what_comes_from_the_repository_and_nothing_else(self) -> None:
        for text, same in ((CODE, False), (IMAGE, True)):
            one = member("frontend", text)
            other = on_branch(one, "main", commit="f" * 40)
            assert (revision(one) == revision(other)) is same

    def test_another_branch_is_another_variable(self) -> None:
        one = member("frontend", IMAGE)
        assert revision(one) != revision(on_branch(one, "other"))

    def test_other_services_coming_and_going_without_ports_do_not_change_it(self) -> None:
        more = IMAGE + "- {name: worker, image: x}\n"
        assert revision(member("frontend", IMAGE)) == revision(member("frontend", more))


def test_only_what_comes_from_the_repository_names_its_commit() -> None:
    made = plan(member("frontend", CODE + "- {name: cache, image: redis}\n"))
    commits = {
        one["metadata"]["name"]: one["metadata"]["annotations"].get(ANNOTATION_COMMIT)
        for one in rendered(made)
        if one["kind"] == "Deployment"
    }
    assert commits == {"db": made.members[0].member.choice.commit, "cache": None}


def test_a_static_site_is_served_where_its_host_leads() -> None:
    made = plan(member("frontend", "services:\n- {name: site, static: true, image: x}\n"))
    manifests = rendered(made)
    own = ["Secret", "Service", "Deployment", "Ingress"]
    assert kinds(manifests) == ["Namespace", "ResourceQuota", *own]
    check_valid(manifests)


def test_a_plan_of_nothing_is_a_namespace() -> None:
    made = plan(replace(member("frontend", "{}"), env_id="ted0001"))
    (namespace,) = rendered(made)
    assert (namespace["kind"], namespace["metadata"]["name"]) == ("Namespace", made.namespace)


def test_a_run_of_a_cron_job_is_a_job_of_its_own_name() -> None:
    manifests = tuple(goldens.manifests("cron-jobs"))
    cron_job = next(one for one in manifests if one["kind"] == "CronJob")
    own = tuple(
        one
        for one in manifests
        if one["metadata"].get("labels", {}).get(LABEL_WORKLOAD) == "report"
    )
    *beside, run = run_of(own, name="report-29543760")
    assert beside == [one for one in own if one["kind"] != "CronJob"]
    assert run["kind"] == "Job"
    assert run["metadata"]["name"] == run["metadata"]["labels"][LABEL_WORKLOAD]
    assert run["metadata"]["annotations"] == cron_job["metadata"]["annotations"]
    assert run["spec"] == cron_job["spec"]["jobTemplate"]["spec"]
    assert cron_job["spec"]["schedule"] == "30 4 * * 1-5"


def test_a_workload_without_nodes_of_its_own_follows_the_template() -> None:
    text = (
        "node_selector: [{key: disk, value: fast}]\n"
        "services:\n- {name: a, image: a:1}\n"
        "- {name: b, image: b:1, node_selector: [{key: zone, value: x}]}\n"
    )
    made = rendered(plan(member("shop", text)))
    pods = [one["spec"]["template"]["spec"] for one in made if one["kind"] == "Deployment"]
    assert [pod["nodeSelector"] for pod in pods] == [{"disk": "fast"}, {"zone": "x"}]


def test_settings_of_the_ingress_are_those_of_ingress_nginx() -> None:
    text = (
        "hostnames: [{web: 'web-${env_id}.${domain}'}]\n"
        "ingress: {proxy_body_size: 30m, proxy_buffering: true, proxy_read_timeout: '180'}\n"
        "services:\n- name: web\n  image: a:1\n"
        "  ports: [{type: node_port, port: 80, target_port: 80}]\n"
    )
    made = rendered(plan(member("shop", text)))
    (ingress,) = (one for one in made if one["kind"] == "Ingress")
    assert ingress["metadata"]["annotations"] == {
        "nginx.ingress.kubernetes.io/proxy-body-size": "30m",
        "nginx.ingress.kubernetes.io/proxy-buffering": "on",
        "nginx.ingress.kubernetes.io/proxy-read-timeout": "180",
    }

"""Charts: installed, upgraded and taken out by the program ``helm``."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from environments.core.addresses import leads_to_this_machine
from environments.core.policy import refusals
from environments.core.ports import (
    ANNOTATION_REVISION,
    EngineError,
    EngineRefused,
    Manifest,
    Step,
    workloads,
)
from environments.core.sentences import one_line
from environments.engines.kubernetes import labelling
from environments.engines.kubernetes.cluster import Cluster
from environments.engines.kubernetes.connection import IN_CLUSTER
from environments.engines.kubernetes.marks import Marks

HELM = "helm"
_HOOK_SECONDS = 600
_KEPT_REVISIONS = 3
_UNREACHABLE = ("Kubernetes cluster unreachable", "connection refused", "i/o timeout", "EOF")
_SIGN_INS = "registries.json"
_REPOSITORIES = "repositories.json"
_FILE = "file://"
_NAMING_OTHERS = ("Chart.yaml", "Chart.lock", "requirements.yaml", "requirements.lock")
"""The files of a chart that name others, the last two of older ones: helm believes each."""
_NOT_FOUND = "release: not found"
_ACCOUNT = "releaseclone-charts"
"""Who helm is in a namespace: a template that looks other things up sees nothing of others."""
_ROLE = {
    "apiGroup": "rbac.authorization.k8s.io",
    "kind": "ClusterRole",
    "name": "releaseclone-charts",
}
"""What it may do there; bound in the namespace, it holds in no other."""


@dataclass(frozen=True, slots=True)
class _Call:
    """One use of the program: what it may read and write is below ``folder``."""

    folder: Path
    flags: tuple[str, ...]

    def run(self, *arguments: str) -> str:
        """What it prints; what it refuses is told as engines tell things."""
        program = shutil.which(HELM)
        if program is None:
            raise EngineRefused(f"There is no program {HELM} here: install it, and deploy again.")
        environment = {
            name: text for name, text in os.environ.items() if not name.startswith("RELEASECLONE_")
        }
        if not any(flag.startswith("--kubeconfig") for flag in self.flags):
            environment.pop("KUBECONFIG", None)
        for name in ("CACHE", "CONFIG", "DATA"):
            environment[f"HELM_{name}_HOME"] = str(self.folder / name.lower())
        environment["HELM_REGISTRY_CONFIG"] = str(self.folder / _SIGN_INS)
        environment["HELM_REPOSITORY_CONFIG"] = str(self.folder / _REPOSITORIES)
        try:
            done = subprocess.run(
                [program, *self.flags, *arguments],
                cwd=self.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=_HOOK_SECONDS + 60,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as wrong:
            raise EngineError(f"helm did not end by itself: {one_line(str(wrong))}") from wrong
        if done.returncode == 0:
            return done.stdout
        text = one_line(done.stderr)
        told = f"helm says: {text.removeprefix('Error: ')[-1000:]}"
        if "forbidden" in text:
            told += f" Let the cluster have the role {_ROLE['name']}, with what the chart brings."
        if any(words in text for words in _UNREACHABLE):
            raise EngineError(told)
        raise EngineRefused(told)


class Charts:
    """The charts of one cluster; ``context``: that of the kubeconfig, "" is its current one."""

    def __init__(self, kubeconfig: str, context: str, cluster: Cluster, marked: Marks) -> None:
        self._kubeconfig, self._context = kubeconfig, context
        self._cluster, self._marks = cluster, marked

    @property
    def can(self) -> bool:
        """Whether the program is there."""
        return shutil.which(HELM) is not None

    def apply(self, step: Step) -> None:
        """Have the chart installed with these values; nothing is done where it is already."""
        (chart,) = workloads(step.manifests)
        name, spec = chart["metadata"]["name"], chart["spec"]
        described = f"releaseclone {chart['metadata']['annotations'][ANNOTATION_REVISION]}"
        with self._calling(step.namespace) as call:
            there = self._status(call, name)
            if there.get("status") == "deployed" and there.get("description") == described:
                return
            if str(there.get("status", "")).startswith("pending"):
                self._forget_unfinished(step.namespace, name)
            _sign_in(call.folder, step.manifests)
            reference, *source = _source(spec, step.folder)
            if spec["local"] and step.folder is not None:
                _complete(call, Path(reference), step.folder)
            values = _values(call.folder, spec["values"])
            flags = (*source, *values, "--install", "--skip-crds")
            # What a template says stands where no flag is looked for.
            chosen = ("--", name, reference)
            rendered = call.run("upgrade", *flags, "--dry-run=server", "--output=json", *chosen)
            _look_into(rendered, step.namespace)
            call.run(
                "upgrade",
                *flags,
                f"--description={described}",
                f"--history-max={_KEPT_REVISIONS}",
                f"--timeout={_HOOK_SECONDS}s",
                f"--labels={_kept_labels(self._marks.of_chart(chart['metadata']['labels']))}",
                *self._labelled(chart["metadata"]["labels"]),
                *chosen,
            )

    def installed(self, namespace: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Name and labels of each release, as helm keeps them; of each as often as it has
        revisions."""
        kept = {"owner": HELM, **self._marks.finding}
        for one in self._cluster.all("Secret", namespace, labels=kept):
            yield one["metadata"]["labels"]["name"], one["metadata"]

    def remove(self, namespace: str, name: str) -> None:
        """Take the chart out, with all that it brought; nothing happens where it is not there."""
        with self._calling(namespace) as call:
            if self._status(call, name):
                call.run("uninstall", name, "--ignore-not-found", "--cascade=background")

    @contextmanager
    def _calling(self, namespace: str) -> Iterator[_Call]:
        for one in self._account(namespace):
            self._cluster.apply(one)
        known_as = f"system:serviceaccount:{namespace}:{_ACCOUNT}"
        flags = [f"--namespace={namespace}", f"--kube-as-user={known_as}"]
        if self._kubeconfig != IN_CLUSTER:
            flags.append(f"--kubeconfig={Path(self._kubeconfig).absolute()}")
            flags += [f"--kube-context={self._context}"] if self._context else []
        with tempfile.TemporaryDirectory(prefix="releaseclone-helm-") as folder:
            yield _Call(Path(folder), tuple(flags))

    def _account(self, namespace: str) -> Iterator[Mapping[str, Any]]:
        metadata = {"name": _ACCOUNT, "namespace": namespace, "labels": self._marks.labels}
        yield {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": metadata,
            "automountServiceAccountToken": False,
        }
        yield {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "metadata": metadata,
            "roleRef": _ROLE,
            "subjects": [{"kind": "ServiceAccount", "name": _ACCOUNT, "namespace": namespace}],
        }

    def _status(self, call: _Call, name: str) -> Mapping[str, Any]:
        try:
            told: dict[str, Any] = json.loads(call.run("status", name, "--output=json"))
        except EngineRefused as wrong:
            if _NOT_FOUND in str(wrong):
                return {}
            raise
        info: dict[str, Any] = told.get("info") or {}
        return info

    def _forget_unfinished(self, namespace: str, name: str) -> None:
        """What a worker began that died over it: helm goes on as from the revision before."""
        for one in self._cluster.all("Secret", namespace, labels={"owner": "helm", "name": name}):
            if str(one["metadata"]["labels"].get("status", "")).startswith("pending"):
                self._cluster.delete("Secret", one["metadata"]["name"], namespace)

    def _labelled(self, labels: Mapping[str, str]) -> tuple[str, ...]:
        """Everything that it brings is marked as ours, and found by that."""
        marks = json.dumps(self._marks.of_chart(labels))
        words = ("-I", labelling.__file__, marks)
        return (
            f"--post-renderer={sys.executable}",
            *(f"--post-renderer-args={word}" for word in words),
        )


def _kept_labels(labels: Mapping[str, str]) -> str:
    """On what helm keeps of the chart, which may bring nothing else that tells of it."""
    return ",".join(f"{name}={value}" for name, value in labels.items())


def _complete(call: _Call, chart: Path, checkout: Path) -> None:
    """Fetch the charts that it depends on, where the repository does not hold them."""
    sources = [source for name in _NAMING_OTHERS for source in _sources_in(chart / name)]
    for source in sources:
        if why := _wrong_source(chart, source, checkout):
            raise EngineRefused(
                f"The chart {chart.name} depends on {source}, which {why}. Put what it depends on "
                "into its folder charts."
            )
    if not sources or "missing" not in call.run("dependency", "list", str(chart)):
        return
    remote = [one for one in dict.fromkeys(sources) if one.startswith(("http://", "https://"))]
    known = [{"name": f"repository-{at}", "url": source} for at, source in enumerate(remote)]
    (call.folder / _REPOSITORIES).write_text(json.dumps({"repositories": known}))
    call.run("dependency", "build", str(chart))


def _sources_in(file: Path) -> Iterator[str]:
    """Where the charts lie that this file says are needed."""
    try:
        written = yaml.load(file.read_text(), Loader=yaml.CSafeLoader)
    except FileNotFoundError:
        return
    except (ValueError, yaml.YAMLError) as wrong:
        raise EngineRefused(
            f"{file.name} of the chart cannot be read: {one_line(str(wrong))}"
        ) from wrong
    wanted = written.get("dependencies") if isinstance(written, dict) else None
    for one in wanted if isinstance(wanted, list) else ():
        if isinstance(one, dict) and one.get("repository"):
            yield str(one["repository"])


def _wrong_source(chart: Path, source: str, checkout: Path) -> str:
    """What a chart of a repository may not depend on, as one given by a template may not be."""
    if source.startswith(_FILE):
        place = (chart / source.removeprefix(_FILE)).resolve()
        if not place.is_relative_to(checkout.resolve()):
            return "leads out of the repository"
        link = _leading_out(place)
        return f"has a link that leads out of it: {link.relative_to(place)}" if link else ""
    try:
        host = urlsplit(source).hostname or ""
    except ValueError:
        return "is no address"
    return "leads to this machine" if leads_to_this_machine(host) else ""


def _leading_out(place: Path) -> Path | None:
    """A link in the folder that leads out of it: helm would read what is there."""
    links = (one for one in place.rglob("*") if one.is_symlink())
    return next((one for one in links if not one.resolve().is_relative_to(place)), None)


def _sign_in(folder: Path, manifests: Sequence[Manifest]) -> None:
    """Leave what the context signs in to registries with where helm looks for it."""
    for one in manifests:
        if one["kind"] == "Secret":
            place = folder / _SIGN_INS
            place.touch(mode=0o600)
            place.write_text(one["stringData"][".dockerconfigjson"])


def _source(spec: Mapping[str, Any], folder: Path | None) -> tuple[str, ...]:
    """What is installed, and from where."""
    if spec["local"]:
        if folder is None:
            raise EngineRefused("The chart lies in a repository that is not checked out.")
        place = (folder / spec["reference"]).resolve()
        if not place.is_relative_to(folder.resolve()):
            raise EngineRefused(f"{spec['reference']} leads out of the repository.")
        if link := _leading_out(place):
            raise EngineRefused(
                f"{link.relative_to(place)} of the chart {spec['reference']} leads out of it. "
                "Put a file in place of the link."
            )
        if not (place / "Chart.yaml").is_file():
            raise EngineRefused(
                f"There is no chart in {spec['reference']}: it has no Chart.yaml. Correct "
                "directory in the template."
            )
        return (str(place),)
    repository = (f"--repo={spec['repository']}",) if spec["repository"] else ()
    version = (f"--version={spec['version']}",) if spec["version"] else ()
    return (spec["reference"], *repository, *version)


def _values(folder: Path, given: Sequence[Mapping[str, Any]]) -> list[str]:
    """Each in a file of its own, that nobody else may read: there may be secrets in it."""
    made = []
    for number, values in enumerate(given):
        path = folder / f"values-{number}.json"
        path.touch(mode=0o600)
        path.write_text(json.dumps(values))
        made.append(f"--values={path}")
    return made


def _look_into(told: str, namespace: str) -> None:
    """Refuse what an environment may not ask for, before anything of it is made."""
    rendered = json.loads(told)
    texts = [rendered.get("manifest") or ""]
    texts += [hook.get("manifest") or "" for hook in rendered.get("hooks") or ()]
    found = [one for text in texts for one in yaml.load_all(text, Loader=yaml.CSafeLoader) if one]
    refused = refusals(found, namespace=namespace)
    if refused:
        raise EngineRefused(
            f"The chart asks for what an environment may not have: {'; '.join(refused)}. Take it "
            "out of the chart's values."
        )

"""What a cluster is asked for, as golden files: ``python -m tests.engines.test_objects`` writes
them anew, and the change is then read like any other."""

import json
from pathlib import Path

import yaml

from environments.core.ports import Step
from environments.engines.kubernetes.marks import Marks
from environments.engines.kubernetes.objects import Place, wanted
from tests.core.goldens import FOLDER as RENDERED

GOLDEN = Path(__file__).with_name("golden")
PLACES = {
    "ingress-nginx": Place(ingress_class="nginx", tls=True, tls_secret="wildcard"),  # noqa: S106
    "ingress-of-the-cluster": Place(),
}


def ingresses(place: Place) -> str:
    """Those of the case ``ingress-settings``, in this place."""
    made = json.loads((RENDERED / "ingress-settings/manifests.json").read_text())
    found = []
    for workload in ("web", "api"):
        own = tuple(one for one in made if one["metadata"]["name"] == workload)
        objects = wanted(Step("ted0001-frontend", own), Marks("house"), place)
        found += [one for one in objects.beside if one["kind"] == "Ingress"]
    return yaml.safe_dump_all(found, sort_keys=True)


def test_ingresses_are_those_of_the_golden_files() -> None:
    for name, place in PLACES.items():
        assert ingresses(place) == (GOLDEN / f"{name}.yaml").read_text(), name


if __name__ == "__main__":
    for name, place in PLACES.items():
        (GOLDEN / f"{name}.yaml").write_text(ingresses(place))

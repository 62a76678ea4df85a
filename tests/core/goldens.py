"""The golden files of ``render``: a folder for each case, with what goes in and what comes out.

    python -m tests.core.goldens write

writes anew what comes out; the change is then read like any other.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from environments.core.plan import Plan
from environments.core.ports import Manifest
from environments.core.render import render
from tests.core.plans import imported, member, plan

FOLDER = Path(__file__).with_name("golden")
FILES = {
    "etc/settings.ini": "[api]\nworkers = 2\n",
    "etc/hosts.txt": "localhost\n",
    "etc/values.yaml": "word: ${RELEASE_BRANCH_NAME}\n",
}


def cases() -> list[str]:
    """The name of each folder."""
    return sorted(folder.name for folder in FOLDER.iterdir() if folder.is_dir())


def plan_of(case: str) -> Plan:
    """The plan of ``template.yaml``, with ``backend.yaml`` imported where it is there."""
    folder = FOLDER / case
    variables = folder / "variables.yaml"
    own = member(
        "frontend",
        (folder / "template.yaml").read_text(),
        variables.read_text() if variables.exists() else "",
        env_id="ted0001",
        deployment_id="41",
        files=FILES,
    )
    backend = folder / "backend.yaml"
    if not backend.exists():
        return plan(own)
    entry = own.template.app_imports[0]
    imports = imported(
        "backend",
        backend.read_text(),
        env_id="ted0002",
        deployment_id="41",
        exclude_services=entry.exclude_services,
    )
    return plan(imports, own)


def manifests(case: str) -> Sequence[Manifest]:
    """What this case is rendered to."""
    made = plan_of(case)
    assert not [one for one in made.problems if one.level == "error"], made.problems
    return render(made, account="acme")


def written(case: str) -> str:
    """The same as text, as it stands in the golden file."""
    return json.dumps(manifests(case), indent=1, ensure_ascii=False) + "\n"


def kept(case: str) -> Path:
    """The golden file."""
    return FOLDER / case / "manifests.json"


def main(arguments: Sequence[str]) -> None:
    """Print what all cases are rendered to, or write it to the golden files."""
    for case in cases():
        if arguments == ["write"]:
            kept(case).write_text(written(case))
        else:
            sys.stdout.write(written(case))


if __name__ == "__main__":
    main(sys.argv[1:])

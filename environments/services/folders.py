"""The working folders of a namespace: one for each commit that something of a member runs from."""

import shutil
from pathlib import Path

from environments import wiring
from environments.core.ports import EngineError, Phase
from environments.models import Deployment
from environments.services import rendering


def remove_all(deployment: Deployment) -> None:
    """Nothing of the namespace runs any more."""
    shutil.rmtree(rendering.folders_of(deployment.namespace), ignore_errors=True)


def tidy(deployment: Deployment) -> None:
    """Remove the working folders that nothing of the namespace runs from any more.

    Not every service of a member moves with a run: one that failed leaves those after it at the
    commit before, and a patch may name some only. So the engine is asked what each runs from.
    """
    root = rendering.folders_of(deployment.namespace)
    if not root.exists():
        return
    try:
        used = _used(deployment)
    except EngineError:
        return
    for member in root.iterdir():
        if not any(one.is_relative_to(member) for one in used):
            shutil.rmtree(member, ignore_errors=True)
            continue
        for folder in filter(Path.is_dir, list(member.iterdir())):
            if not any(one.is_relative_to(folder) for one in used):
                _remove(folder)


def _remove(folder: Path) -> None:
    """The folder, and only after it what the git host noted beside it."""
    shutil.rmtree(folder, ignore_errors=True)
    if not folder.exists():
        for note in folder.parent.glob(f".{folder.name}.*"):
            note.unlink(missing_ok=True)


def _used(deployment: Deployment) -> set[Path]:
    namespace = deployment.namespace
    runs = namespace.members.filter(removed_at__isnull=True).select_related("running", "namespace")
    latest = {
        rendering.folder_of(member, member.running.commit) for member in runs if member.running
    }
    seen = wiring.engine_of(namespace.context).observe(namespace.name)
    return latest | {one.folder for one in seen if one.folder and one.phase is not Phase.SUCCEEDED}

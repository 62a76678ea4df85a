"""Workflows of a proposal: who starts when, where a job runs between services."""

from collections.abc import Collection, Iterator, Sequence
from graphlib import CycleError, TopologicalSorter

from environments.core.compose.model import ComposeFile, ComposeService, Form
from environments.core.problems import Problem, error


def circle_problems(file: ComposeFile) -> Iterator[Problem]:
    """An error where services wait for each other."""
    try:
        _sorter(file).prepare()
    except CycleError as wrong:
        names: list[str] = wrong.args[1]
        place = file.by_name[names[0]].place
        yield error("compose.circle", place=place, names=", ".join(dict.fromkeys(names)))


def workflows(file: ComposeFile, from_repository: Collection[str]) -> list[Form]:
    """``setup``, and ``patch`` for what comes ``from_repository``; none where no job runs."""
    jobs = [file.by_name[name] for name in file.jobs if name in file.by_name]
    if not jobs or any(circle_problems(file)):
        return []
    layers = [*_layers(file)]
    made = [{"name": "setup", "parallelize": _steps(layers, file)}]
    if any(job.called in from_repository for job in jobs):
        of_code = [[one for one in layer if one.called in from_repository] for layer in layers]
        made.append({"name": "patch", "parallelize": _steps(of_code, file)})
    return made


def _steps(layers: Sequence[Sequence[ComposeService]], file: ComposeFile) -> list[Form]:
    return [
        {
            "step": f"layer-{number}",
            "tasks": [
                f"{'jobs' if one.name in file.jobs else 'services'}.{one.called}" for one in layer
            ],
            "halt_on_error": True,
        }
        for number, layer in enumerate(filter(None, layers), 1)
    ]


def _layers(file: ComposeFile) -> Iterator[list[ComposeService]]:
    """Each layer needs those before it only; in the order of the file."""
    sorter = _sorter(file)
    sorter.prepare()
    places = {one.name: number for number, one in enumerate(file.services)}
    while ready := sorter.get_ready():
        yield [file.by_name[name] for name in sorted(ready, key=places.__getitem__)]
        sorter.done(*ready)


def _sorter(file: ComposeFile) -> TopologicalSorter[str]:
    return TopologicalSorter(
        {one.name: [name for name in one.needs if name in file.by_name] for one in file.services}
    )

"""What may happen now in a run: its tasks as boxes of the members, in the order of the run."""

from collections.abc import Sequence

from environments.core import progress
from environments.core.progress import Box as TaskBox
from environments.core.progress import MemberBoxes, State
from environments.models import Deployment, Task


def decide(deployment: Deployment, tasks: Sequence[Task]) -> progress.Progress:
    """What may happen now, by the boxes of all members in the order of the run."""
    shares: dict[int, list[Task]] = {}
    for task in tasks:
        shares.setdefault(task.deployment_id, []).append(task)
    ordered = sorted(shares.values(), key=lambda own: own[0].deployment.position)
    members = [_boxes(own) for own in ordered]
    leaving = [
        boxes for boxes, own in zip(members, ordered, strict=True) if leaves(deployment, own)
    ]
    staying = [boxes for boxes in members if boxes not in leaving]
    if not (_is_parallel(deployment) and staying and staying[-1].key == deployment.pk):
        return progress.serial(members)
    # Those that leave because others take their names come before all that stay.
    ahead = members[: members.index(staying[0])]
    if not progress.serial(ahead).ended or any(map(progress.first_failure, ahead)):
        return progress.serial(members)
    together = progress.side_by_side(staying[:-1], staying[-1])
    return progress.serial(members) if together.ended and leaving else together


def _is_parallel(deployment: Deployment) -> bool:
    return bool((deployment.plan or {}).get("parallel"))


def leaves(deployment: Deployment, own: Sequence[Task]) -> bool:
    """Whether these are the tasks of a member that goes with this run."""
    share = own[0].deployment
    return share.part_of_id is not None and share.kind != deployment.kind


def _boxes(tasks: Sequence[Task]) -> MemberBoxes:
    share = tasks[0].deployment
    return MemberBoxes(
        share.pk,
        share.environment.application.name,
        tuple(
            TaskBox(
                task.pk,
                task.name,
                task.step,
                State(task.state),
                task.halts,
                task.waits,
                removal=task.kind == "removal",
            )
            for task in tasks
        ),
    )

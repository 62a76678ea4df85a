"""A chart as one manifest: which, with which values; the engine lets helm do the rest."""

from typing import Any

from environments.core.plan.model import Plan, PlannedChart, PlannedMember
from environments.core.ports import (
    ANNOTATION_COMMIT,
    ANNOTATION_REVISION,
    LABEL_KIND,
    Manifest,
    WorkloadKind,
)
from environments.core.render import marks


def chart_manifest(plan: Plan, member: PlannedMember, planned: PlannedChart) -> Manifest:
    """``spec``: ``reference`` (a folder of the checkout where ``local``, else what is fetched),
    ``repository``, ``version``, and ``values``, of which later ones win."""
    chart = planned.chart
    # A chart of the repository may change with every commit; one from elsewhere does not.
    code = {ANNOTATION_COMMIT: member.member.choice.commit or ""} if chart.has_repo else {}
    metadata = marks.metadata(plan, member, planned.workload, **code)
    metadata["labels"][LABEL_KIND] = str(WorkloadKind.CHART)
    made: dict[str, Any] = {
        "apiVersion": "releaseclone/v1",
        "kind": str(WorkloadKind.CHART),
        "metadata": metadata,
        "spec": {
            "reference": chart.reference,
            "local": chart.has_repo,
            "repository": chart.repo_url,
            "version": chart.version,
            "values": [dict(one) for one in planned.values],
        },
    }
    metadata["annotations"][ANNOTATION_REVISION] = marks.revision([made])
    return made

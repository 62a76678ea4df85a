"""The plan: what a deployment will do, as a value that can be shown before anything runs."""

from environments.core.plan.difference import Change, difference
from environments.core.plan.hosts import url_of
from environments.core.plan.leaving import leaving_first, leaving_problems
from environments.core.plan.make import make_plan, with_problems
from environments.core.plan.model import (
    Act,
    Member,
    Plan,
    PlannedChart,
    PlannedHost,
    PlannedMember,
    PlannedWorkload,
    Surroundings,
)
from environments.core.plan.shown import digest_of, problem_form, shown

__all__ = [
    "Act",
    "Change",
    "Member",
    "Plan",
    "PlannedChart",
    "PlannedHost",
    "PlannedMember",
    "PlannedWorkload",
    "Surroundings",
    "difference",
    "digest_of",
    "leaving_first",
    "leaving_problems",
    "make_plan",
    "problem_form",
    "shown",
    "url_of",
    "with_problems",
]

"""The plan of an environment that exists, before its deployment is asked for."""

from dataclasses import replace

from environments.core.plan import Plan, leaving_problems
from environments.core.ports import EngineError
from environments.core.problems import error
from environments.models import Environment
from environments.services.planning import member_of, plan_for, setting_of
from environments.services.resolving import Resolved, ask_lately, resolve


def plan(environment: Environment, kind: str, *, template: str | None = None) -> Plan:
    """What a deployment of this kind would do now, from answers at most 30 s old.

    ``template``: the text of an Environment Template in place of the latest, for a setup.
    """
    resolved = resolve(environment, kind, ask=ask_lately, template=template)
    return plan_of(environment, kind, resolved)


def plan_of(environment: Environment, kind: str, resolved: Resolved) -> Plan:
    """The plan of members that have their branches; those that leave are not part of it."""
    staying = [
        member_of(item.source, item.choice, act=item.act, ignored_by=item.ignored_by)
        for item in resolved.items
        if not item.leaves
    ]
    try:
        setting = setting_of(environment.namespace)
        made = plan_for(kind, staying, setting)
        going = [
            member_of(item.source, item.choice, act=item.act)
            for item in resolved.items
            if item.leaves
        ]
        if going:
            warned = leaving_problems(plan_for("teardown", going, setting), made)
            made = replace(made, problems=(*made.problems, *warned))
    except EngineError as wrong:
        made = Plan(
            kind=kind,
            namespace=environment.namespace.name,
            members=(),
            hosts=(),
            problems=(error("engine.off", reason=str(wrong)),),
            digest="",
        )
    return replace(made, problems=(*resolved.problems, *made.problems))

"""The plan of an environment that exists, before its deployment is asked for."""

from collections.abc import Mapping

from environments.core.plan import Plan, leaving_problems, with_problems
from environments.core.ports import EngineError
from environments.core.problems import Problem, error
from environments.models import DeploymentKind, Environment
from environments.services.planning import member_of, place_problems, plan_for, setting_of
from environments.services.public_hosts import plan_problems
from environments.services.resolving import Resolved, ask_lately, resolve


def plan(
    environment: Environment,
    kind: str,
    *,
    template: str | None = None,
    import_parameters: Mapping[str, Mapping[str, str]] | None = None,
) -> Plan:
    """What a deployment of this kind would do now, from answers at most 30 s old.

    ``template``, ``import_parameters``: in place of the latest ones, for a setup.
    """
    resolved = resolve(
        environment,
        kind,
        ask=ask_lately,
        template=template,
        import_parameters=import_parameters,
    )
    return plan_of(environment, kind, resolved)


def plan_of(environment: Environment, kind: str, resolved: Resolved) -> Plan:
    """The plan of members that have their branches; those that leave are not part of it."""
    staying = [
        member_of(item.source, item.choice, act=item.act, ignored_by=item.ignored_by)
        for item in resolved.items
        if not item.leaves
    ]
    around: list[Problem] = [*resolved.problems]
    try:
        setting = setting_of(environment.namespace)
        made = plan_for(kind, staying, setting)
        if kind == DeploymentKind.SETUP and environment.importer is None:
            own = (item.source for item in resolved.items if item.source.entry is None)
            around += (told for source in own for told in place_problems(source, setting))
        around += plan_problems(environment.namespace, made)
        going = [
            member_of(item.source, item.choice, act=item.act)
            for item in resolved.items
            if item.leaves
        ]
        if going:
            around += leaving_problems(plan_for("teardown", going, setting), made)
    except EngineError as wrong:
        return Plan(
            kind=kind,
            namespace=environment.namespace.name,
            members=(),
            hosts=(),
            problems=(*around, error("engine.off", reason=str(wrong))),
            digest="",
        )
    return with_problems(made, around)
